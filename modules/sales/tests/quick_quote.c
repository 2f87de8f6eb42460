/* SPDX-License-Identifier: Apache-2.0 */
/* A quote in one go, and what its proposal says. */
#include "deals.h"

#define WITH_COMMERCE CONF("quote: { terms = \"Net 14\"; };") "commerce: { grant = [\"*\"]; };\n"

static void wares(struct company *c, const char *conf) {
    OPEN(c, conf, "commerce", "sales");
    CREATE(c, "product", {"code", "PEN"}, {"name", "Pen"}, {"price", "10 EUR"},
           {"value_proposition", "It writes for ten years."});
    CREATE(c, "product", {"code", "INK"}, {"name", "Ink"}, {"price", "3 EUR"});
}

TEST("customer and products give the draft of a quote with lines, prices, terms and a proposal") {
    struct company c; /* SAL-46, SAL-47 */
    wares(&c, WITH_COMMERCE);
    kith_id acme = CREATE(&c, "account", {"name", "Acme"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"account", ID(&c, acme)});
    struct act a =
        ACT(&c, "sales.quick_quote", {"contact", ID(&c, ada)}, {"items", "PEN*2; INK*1"});
    EXPECT_ACT(a);
    EXPECT_STR("Q-000001", result_text(&c, &a, "number"));
    EXPECT_STR("23.00 EUR", result_text(&c, &a, "total"));
    EXPECT_STR("2023-12-14", result_text(&c, &a, "valid_until"));
    EXPECT_STR("Net 14", result_text(&c, &a, "terms"));
    EXPECT_STR("Dear Ada,\nWe are glad to offer you:\n- Pen: It writes for ten years.\n- Ink\n"
               "This offer holds until 2023-12-14.",
               result_text(&c, &a, "intro"));
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("2.000|10.00 EUR|20.00 EUR", row_text(&c, &a, 0, "quantity unit_price total"));
    kith_id quote = find(&c, "quote").ids[0];
    EXPECT_STR("draft", field(&c, "quote", quote, "state"));
    EXPECT_STR(ID(&c, acme), field(&c, "quote", quote, "account"));
    UPDATE(&c, "account", acme, {"terms_of_trade", "Net 60"});
    a = ACT(&c, "sales.quick_quote", {"account", ID(&c, acme)}, {"items", "INK"},
            {"intro", "As we said."}, {"valid_until", "2024-01-31"});
    EXPECT_ACT(a);
    EXPECT_STR("Net 60", result_text(&c, &a, "terms"));
    EXPECT_STR("As we said.", result_text(&c, &a, "intro"));
    EXPECT_STR("2024-01-31", result_text(&c, &a, "valid_until"));
    a = ACT(&c, "sales.quick_quote", {"account", ID(&c, acme)}, {"items", "NONE"});
    EXPECT_HAS("there is no product 'NONE'", a.message);
    EXPECT_INT(2, find(&c, "quote").count);
    EXPECT_INT(2, find(&c, "order").count);
    close_company(&c);
}

TEST("a deal says for whom a quick quote is, and what they were interested in") {
    struct company c;
    wares(&c, WITH_COMMERCE);
    kith_id lead = CREATE(&c, "lead", {"name", "Nora"}, {"interest", "writing"});
    kith_id nora = CREATE(&c, "contact", {"name", "Nora"});
    kith_id deal = DEAL(&c, {"contact", ID(&c, nora)}, {"lead", ID(&c, lead)});
    struct act a = ACT(&c, "sales.quick_quote", {"opportunity", ID(&c, deal)}, {"items", "INK*3"});
    EXPECT_ACT(a);
    EXPECT_HAS("thank you for your interest in writing.", result_text(&c, &a, "intro"));
    kith_id quote = find(&c, "quote").ids[0];
    EXPECT_STR(ID(&c, nora), field(&c, "quote", quote, "contact"));
    EXPECT_STR(ID(&c, deal), field(&c, "quote", quote, "opportunity"));
    a = ACT(&c, "sales.quick_quote", {"items", "INK"});
    EXPECT_HAS("say who orders", a.message);
    close_company(&c);
}
