/* SPDX-License-Identifier: Apache-2.0 */
/* What was offered is noted and not offered again for a time; what is one price step up; whom what
 * is better is shown first. */
#include "deals.h"

#define BEST                                                                                       \
    "upsell: { step = 50; best = ( { of = \"account\"; when = \"tagged('premium')\"; } ); };"
#define WITH_COMMERCE CONF(BEST) "commerce: { grant = [\"*\"]; };\n"

struct shop {
    kith_id pen, ink, lamp, acme, ben;
};

static kith_id ware(struct company *c, const char *name, const char *price) {
    return CREATE(c, "product", {"code", name}, {"name", name}, {"price", price});
}
static void relate(struct company *c, kith_id product, const char *kind, kith_id to) {
    CREATE(c, "product_relation", {"product", ID(c, product)}, {"kind", kind},
           {"other", ID(c, to)});
}
static kith_id buy(struct company *c, kith_id who, kith_id product) {
    kith_id o = CREATE(c, "order", {"contact", ID(c, who)});
    CREATE(c, "order_line", {"order", ID(c, o)}, {"product", ID(c, product)});
    UPDATE(c, "order", o, {"state", "ordered"});
    return o;
}

/* Ben of Acme has a pen; ink goes with it, and a lamp is better. */
static struct shop shop(struct company *c) {
    struct shop s;
    OPEN(c, WITH_COMMERCE, "commerce", "sales");
    s = (struct shop){ware(c, "Pen", "10 EUR"), ware(c, "Ink", "3 EUR"), ware(c, "Lamp", "90 EUR"),
                      CREATE(c, "account", {"name", "Acme"}), 0};
    s.ben = CREATE(c, "contact", {"name", "Ben"}, {"account", ID(c, s.acme)});
    relate(c, s.pen, "complement", s.ink);
    relate(c, s.pen, "upgrade", s.lamp);
    buy(c, s.ben, s.pen);
    return s;
}
static kith_id quote(struct company *c, kith_id who, kith_id product) {
    kith_id o = CREATE(c, "order", {"contact", ID(c, who)});
    CREATE(c, "order_line", {"order", ID(c, o)}, {"product", ID(c, product)});
    CREATE(c, "order_line", {"order", ID(c, o)}, {"product", ID(c, product)}, {"quantity", "2"});
    return CREATE(c, "quote", {"order", ID(c, o)});
}
static const char *offers(struct company *c) {
    return totals_text(c, "product_offer group by product.name, state, reason : count()");
}
static int suggested(struct company *c, const struct shop *s) {
    struct act a = ACT(c, "sales.suggest", {"contact", ID(c, s->ben)});
    EXPECT_ACT(a);
    return (int)row_count(&a);
}

TEST("a quote that is sent is noted as offered, once for each product, and its refusal with the "
     "day") {
    struct company c;
    struct shop s = shop(&c);
    kith_id q = quote(&c, s.ben, s.lamp);
    EXPECT_STR("", offers(&c));
    UPDATE(&c, "quote", q, {"state", "sent"});
    EXPECT_STR("Lamp|offered||1\n", offers(&c));
    kith_id made = find(&c, "product_offer").ids[0];
    EXPECT_STR(field(&c, "quote", q, "valid_until"), field(&c, "product_offer", made, "until"));
    EXPECT_STR("90.00 EUR", field(&c, "product_offer", made, "price"));
    EXPECT_STR(ID(&c, s.ben), field(&c, "product_offer", made, "contact"));
    UPDATE(&c, "quote", q, {"state", "rejected"});
    EXPECT_STR("Lamp|refused|the quote was declined|1\n", offers(&c));
    EXPECT_STR("2023-11-14", field(&c, "product_offer", made, "answered_on"));
    close_company(&c);
}

TEST("what was declined is suggested again after the time of the setting, and not before") {
    struct company c;
    struct shop s = shop(&c);
    kith_id q = quote(&c, s.ben, s.lamp);
    EXPECT_INT(2, suggested(&c, &s));
    UPDATE(&c, "quote", q, {"state", "sent"});
    UPDATE(&c, "quote", q, {"state", "rejected"});
    struct act a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_ACT(a);
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("1", result_text(&c, &a, "declined"));
    EXPECT_STR("cross|complement of Pen", row_text(&c, &a, 0, "kind why"));
    clock_advance(&c.clock, INT64_C(179) * DAY_MS);
    EXPECT_INT(1, suggested(&c, &s));
    clock_advance(&c.clock, 2 * DAY_MS);
    EXPECT_INT(2, suggested(&c, &s));
    close_company(&c);
}

TEST("a quote that is withdrawn or revised declines nothing, and one that is accepted is bought") {
    struct company c;
    struct shop s = shop(&c);
    kith_id q = quote(&c, s.ben, s.lamp);
    UPDATE(&c, "quote", q, {"state", "sent"});
    struct act a = ACT(&c, "sales.revise", {"quote", ID(&c, q)});
    EXPECT_ACT(a);
    EXPECT_STR("Lamp|withdrawn||1\n", offers(&c));
    EXPECT_INT(2, suggested(&c, &s));
    kith_id next = find(&c, "quote where state = 'draft'").ids[0];
    UPDATE(&c, "quote", next, {"state", "sent"});
    EXPECT_INT(1, suggested(&c, &s)); /* it is before them */
    UPDATE(&c, "quote", next, {"state", "accepted"});
    drain(&c);
    EXPECT_STR("Lamp|accepted||1\nLamp|withdrawn||1\n", offers(&c));
    close_company(&c);
}

TEST(
    "a suggestion that was made is noted, and what was said to it, for the person or all of them") {
    struct company c;
    struct shop s = shop(&c);
    struct act a = ACT(&c, "sales.note_offer", {"contact", ID(&c, s.ben)},
                       {"product", ID(&c, s.ink)}, {"channel", "phone"});
    EXPECT_ACT(a);
    EXPECT_STR("2024-05-13", result_text(&c, &a, "again_on")); /* in 181 days */
    EXPECT_INT(1, suggested(&c, &s));
    a = ACT(&c, "sales.note_offer", {"contact", ID(&c, s.ben)}, {"product", ID(&c, s.ink)},
            {"answer", "refused"}, {"reason", "has enough"});
    EXPECT_ACT(a);
    EXPECT_STR("Ink|refused|has enough|1\n", offers(&c));
    EXPECT_STR(ID(&c, s.acme),
               field(&c, "product_offer", find(&c, "product_offer").ids[0], "account"));
    a = ACT(&c, "sales.note_offer", {"account", ID(&c, s.acme)}, {"product", ID(&c, s.lamp)},
            {"answer", "refused"});
    EXPECT_ACT(a);
    EXPECT_INT(0, suggested(&c, &s));
    a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_HAS("was offered to them lately", result_text(&c, &a, "reason"));
    a = ACT(&c, "sales.note_offer", {"product", ID(&c, s.lamp)});
    EXPECT_HAS("a contact, or an account", a.message);
    close_company(&c);
}

TEST("whoever may send a quote has its products noted, and what others noted counts for them") {
    struct company c;
    struct someone max;
    struct shop s = shop(&c);
    come_in(
        &c, &max, "max",
        "{\"types\": {\"contact\": {\"read\": \"all\"}, \"account\": {\"read\": \"all\"}, "
        "\"product\": {\"read\": \"all\"}, \"order\": {\"read\": \"all\", \"update\": \"all\"}, "
        "\"asset\": {\"read\": \"own\"}, \"quote\": {\"read\": \"all\", \"update\": \"all\"}}, "
        "\"actions\": [\"sales.suggest\"]}");
    kith_id q = quote(&c, s.ben, s.lamp);
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(put_as(&c, "max", "quote", q, PAIRS({"state", "sent"}), &e), e);
    EXPECT_STR("Lamp|offered||1\n", offers(&c));
    struct act a = act_as(&c, &max.by, "sales.suggest", PAIRS({"contact", ID(&c, s.ben)}));
    EXPECT_ACT(a);
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("1", result_text(&c, &a, "declined"));
    leave(&max);
    close_company(&c);
}

TEST("the next dearer product of a category is suggested within a step, and no other form of it") {
    struct company c;
    struct shop s = shop(&c);
    kith_id pens = CREATE(&c, "product_category", {"name", "Pens"});
    const char *in = ID(&c, pens);
    UPDATE(&c, "product", s.pen, {"category", in});
    CREATE(&c, "product", {"code", "xl"}, {"name", "Pen XL"}, {"price", "11 EUR"}, {"category", in},
           {"variant_of", ID(&c, s.pen)});
    CREATE(&c, "product", {"code", "soon"}, {"name", "Soon"}, {"price", "11 EUR"}, {"category", in},
           {"launched", "2030-01-01"});
    EXPECT_INT(2, suggested(&c, &s));
    kith_id top = CREATE(&c, "product", {"code", "top"}, {"name", "Top"}, {"price", "15.01 EUR"},
                         {"category", in});
    EXPECT_INT(2, suggested(&c, &s));
    UPDATE(&c, "product", top, {"price", "15 EUR"});
    struct act a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)}, {"kind", "up"});
    EXPECT_STR("up|1.0000|upgrade of Pen", row_text(&c, &a, 0, "kind score why"));
    EXPECT_STR("up|0.5000|one price step up from Pen", row_text(&c, &a, 1, "kind score why"));
    CREATE(&c, "product", {"code", "fine"}, {"name", "Fine"}, {"price", "12 EUR"},
           {"category", in});
    a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)}, {"kind", "up"});
    EXPECT_INT(2, row_count(&a)); /* the nearest one alone */
    EXPECT_STR(ID(&c, find(&c, "product where name = 'Fine'").ids[0]),
               row_text(&c, &a, 1, "product"));
    close_company(&c);
}

TEST("the best customers are shown first what is better than what they have") {
    struct company c;
    struct shop s = shop(&c);
    struct act a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_STR("cross", row_text(&c, &a, 0, "kind"));
    UPDATE(&c, "account", s.acme, {"tags", "premium"});
    a = ACT(&c, "sales.suggest", {"contact", ID(&c, s.ben)});
    EXPECT_STR("up", row_text(&c, &a, 0, "kind"));
    close_company(&c);
}

TEST("who bought what leads to a new product is told of it, once, unless they have it or were "
     "asked") {
    struct company c; /* COM-07 */
    struct shop s = shop(&c);
    kith_id pens = CREATE(&c, "product_category", {"name", "Pens"});
    kith_id quill = CREATE(&c, "product", {"code", "quill"}, {"name", "Quill"},
                           {"category", ID(&c, pens)}, {"launched", "2023-11-20"});
    struct act a = ACT(&c, "sales.launch_targets", {"product", ID(&c, quill)});
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a));
    EXPECT_STR("0", result_text(&c, &a, "related"));
    kith_id owner = CREATE(&c, "contact", {"name", "Owner"}),
            asked = CREATE(&c, "contact", {"name", "Asked"}),
            cleo = CREATE(&c, "contact", {"name", "Cleo"});
    kith_id other = CREATE(&c, "product", {"code", "brush"}, {"name", "Brush"}, {"price", "5 EUR"},
                           {"category", ID(&c, pens)});
    relate(&c, s.pen, "complement", quill);
    buy(&c, s.ben, other);
    buy(&c, owner, s.pen);
    buy(&c, asked, s.pen);
    buy(&c, cleo, other);
    CREATE(&c, "asset", {"contact", ID(&c, owner)}, {"product", ID(&c, quill)});
    CREATE(&c, "product_offer", {"contact", ID(&c, asked)}, {"product", ID(&c, quill)});
    clock_advance(&c.clock, DAY_MS);
    buy(&c, s.ben, s.pen);
    a = ACT(&c, "sales.launch_targets", {"product", ID(&c, quill)});
    EXPECT_ACT(a);
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("2", result_text(&c, &a, "related"));
    EXPECT_STR(ID(&c, s.ben), row_text(&c, &a, 0, "contact"));
    EXPECT_STR("related|2", row_text(&c, &a, 0, "kind orders"));
    EXPECT_STR(ID(&c, cleo), row_text(&c, &a, 1, "contact"));
    EXPECT_STR("category|1", row_text(&c, &a, 1, "kind orders"));
    close_company(&c);
}
