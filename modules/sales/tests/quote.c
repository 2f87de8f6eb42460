/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes over orders: sent, approved, accepted, ended, revised. */
#include "company.h"

#define CONF                                                                                       \
    "commerce: { grant = [\"*\"]; }; sales: { grant = [\"*\"]; quote: { approvers = "              \
    "\"Managers\"; "                                                                               \
    "}; };\n"

struct desk {
    struct company c;
    kith_id order, line, deal, quote;
};

static void start(struct desk *d) {
    struct company *c = &d->c;
    OPEN(c, CONF, "sales", "commerce");
    kith_id pen = CREATE(c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "10 EUR"});
    kith_id ada = CREATE(c, "contact", {"name", "Ada"});
    d->order = CREATE(c, "order", {"contact", id_text(c, ada)});
    d->line = CREATE(c, "order_line", {"order", id_text(c, d->order)}, {"product", id_text(c, pen)},
                     {"quantity", "3"});
    d->deal = CREATE(c, "opportunity", {"name", "Pens"});
    UPDATE(c, "opportunity", d->deal, {"stage", "proposal"});
    d->quote = CREATE(c, "quote", {"order", id_text(c, d->order)},
                      {"opportunity", id_text(c, d->deal)}, {"terms", "Net 30"});
}

static const char *quote(struct desk *d, const char *name) {
    return field(&d->c, "quote", d->quote, name);
}
static void move(struct desk *d, const char *state) {
    UPDATE(&d->c, "quote", d->quote, {"state", state});
}
#define MOVE_REFUSED(d, words, state) REFUSED(&(d)->c, words, "quote", (d)->quote, {"state", state})

TEST("a quote is sent, which freezes its lines, and accepted, which places the order and wins") {
    struct desk d;
    start(&d);
    EXPECT_STR("Q-000001", quote(&d, "number"));
    EXPECT(*quote(&d, "contact"));
    move(&d, "sent");
    EXPECT_STR("30.00 EUR", quote(&d, "total"));
    EXPECT_STR("2023-12-14", quote(&d, "valid_until")); /* 30 days */
    EXPECT_STR("quoted", field(&d.c, "order", d.order, "state"));
    REFUSED(&d.c, "stay as they are once it is quoted", "order_line", d.line, {"quantity", "4"});
    REFUSED(&d.c, "terms: what was sent stays as it is; make a new version", "quote", d.quote,
            {"terms", "Net 60"});
    move(&d, "accepted");
    EXPECT_STR("ordered", field(&d.c, "order", d.order, "state"));
    EXPECT_STR("won", field(&d.c, "opportunity", d.deal, "stage"));
    EXPECT_STR("30.00 EUR", field(&d.c, "opportunity", d.deal, "amount"));
    EXPECT_STR("1", field(&d.c, "opportunity", d.deal, "quotes"));
    MOVE_REFUSED(&d, "accepted", "rejected");
    close_company(&d.c);
}

TEST("accepting is undone with the order and the deal") {
    struct desk d;
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    move(&d, "sent");
    struct put p = {&d.c, "quote", d.quote, PAIRS({"state", "accepted"})};
    EXPECT_OK(engine_write(d.c.engine, &by_anna, put_txn, &p, &tx, &e), e);
    undo(&d.c, tx);
    EXPECT_STR("sent", quote(&d, "state"));
    EXPECT_STR("quoted", field(&d.c, "order", d.order, "state"));
    EXPECT_STR("proposal", field(&d.c, "opportunity", d.deal, "stage"));
    close_company(&d.c);
}

TEST("a deal that has not come to a proposal is not won by a quote") {
    struct desk d;
    start(&d);
    UPDATE(&d.c, "opportunity", d.deal, {"stage", "qualification"});
    move(&d, "sent");
    move(&d, "accepted");
    EXPECT_STR("qualification", field(&d.c, "opportunity", d.deal, "stage"));
    close_company(&d.c);
}

TEST("a high discount is approved first, by somebody of the team") {
    struct desk d;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    kith_id team = CREATE(&d.c, "team", {"name", "Managers"});
    kith_id role =
        CREATE(&d.c, "role", {"name", "all"},
               {"rights", "{\"types\": {\"*\": {\"read\": \"all\", \"update\": \"all\"}}}"});
    kith_id max =
        CREATE(&d.c, "user", {"login", "max"}, {"name", "Max"}, {"roles", id_text(&d.c, role)});
    const struct pair *sent = PAIRS({"state", "sent"});
    UPDATE(&d.c, "order_line", d.line, {"discount", "20.5"});
    MOVE_REFUSED(&d, "a line has 20.50 % discount, and above 20 % (sales.quote.discount_limit)",
                 "sent");
    move(&d, "approval");
    EXPECT_INT(KITH_E_REFUSED, put_as(&d.c, "max", "quote", d.quote, sent, &e));
    EXPECT_HAS("approved by somebody of the team 'Managers'", e.message);
    UPDATE(&d.c, "user", max, {"teams", id_text(&d.c, team)});
    EXPECT_OK(put_as(&d.c, "max", "quote", d.quote, sent, &e), e);
    EXPECT_STR("20.50", quote(&d, "discount"));
    EXPECT_STR(id_text(&d.c, max), quote(&d, "approved_by"));
    close_company(&d.c);
}

TEST("what holds no more is not accepted, and ends by itself at night") {
    struct desk d;
    start(&d);
    UPDATE(&d.c, "quote", d.quote, {"valid_until", "2023-11-13"}); /* yesterday */
    MOVE_REFUSED(&d, "valid_until: it is over; give it a day to come", "sent");
    UPDATE(&d.c, "quote", d.quote, {"valid_until", "2023-11-14"});
    move(&d, "sent");
    clock_advance(&d.c.clock, 50 * 60000); /* 0:03 */
    MOVE_REFUSED(&d, "the quote held until 2023-11-14; make a new version", "accepted");
    clock_advance(&d.c.clock, 3 * 60000);
    drain(&d.c);
    EXPECT_STR("expired", quote(&d, "state"));
    EXPECT_STR("cancelled", field(&d.c, "order", d.order, "state"));
    close_company(&d.c);
}

TEST("what was sent is not changed by way of the cart") {
    struct desk d;
    start(&d);
    move(&d, "sent");
    REFUSED(&d.c, "'O-000001' is offered by Q-000001, which was sent", "order", d.order,
            {"state", "cart"});
    UPDATE(&d.c, "order", d.order, {"state", "ordered"}); /* they called, and want it */
    REFUSED(&d.c, "is offered by Q-000001", "order", d.order, {"state", "cart"});
    move(&d, "accepted");
    UPDATE(&d.c, "order", d.order, {"state", "cart"});
    close_company(&d.c);
}

TEST("a deal brings what was sold without its tax") {
    struct desk d;
    start(&d);
    UPDATE(&d.c, "order_line", d.line, {"tax_rate", "20"});
    move(&d, "sent");
    move(&d, "accepted");
    EXPECT_STR("36.00 EUR", quote(&d, "total"));
    EXPECT_STR("30.00 EUR", field(&d.c, "opportunity", d.deal, "amount"));
    close_company(&d.c);
}

TEST("a new version has the same lines at the same prices, and the old one is revised") {
    struct desk d;
    start(&d);
    UPDATE(&d.c, "order_line", d.line, {"unit_price", "9 EUR"}, {"discount", "5"});
    move(&d, "sent");
    struct act a = ACT(&d.c, "sales.revise", {"quote", id_text(&d.c, d.quote)});
    EXPECT_ACT(a);
    EXPECT_STR("revised", quote(&d, "state"));
    EXPECT_STR("cancelled", field(&d.c, "order", d.order, "state"));
    kith_id next = a.results[0].as.link.id, order = a.results[1].as.link.id;
    EXPECT_STR("2", field(&d.c, "quote", next, "version"));
    EXPECT_STR("Net 30", field(&d.c, "quote", next, "terms"));
    EXPECT_STR("cart", field(&d.c, "order", order, "state"));
    EXPECT_STR("25.65 EUR", field(&d.c, "order", order, "total"));
    EXPECT_STR(id_text(&d.c, d.quote), field(&d.c, "quote", next, "revises"));
    a = ACT(&d.c, "sales.revise", {"quote", id_text(&d.c, d.quote)});
    EXPECT_HAS("'Q-000001' is revised; there is nothing to revise", a.message);
    close_company(&d.c);
}

TEST("an order is quoted once, and only a cart with lines") {
    struct desk d;
    start(&d);
    REFUSED(&d.c, "is quoted in Q-000001 already", "quote", 0, {"order", id_text(&d.c, d.order)});
    kith_id empty = CREATE(&d.c, "order", {"note", "x"});
    kith_id q = CREATE(&d.c, "quote", {"order", id_text(&d.c, empty)});
    REFUSED(&d.c, "is empty; add lines to it before it is quoted", "quote", q, {"state", "sent"});
    move(&d, "sent");
    move(&d, "withdrawn");
    EXPECT_STR("cancelled", field(&d.c, "order", d.order, "state"));
    close_company(&d.c);
}

TEST("sales without commerce has no quotes, and runs") {
    struct company c;
    OPEN(&c, "sales: { grant = [\"*\"]; };\n", "sales");
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "sales").state);
    EXPECT(!schema_type(engine_schema(c.engine), STR("quote")));
    close_company(&c);
}
