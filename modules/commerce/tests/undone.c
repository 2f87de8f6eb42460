/* SPDX-License-Identifier: Apache-2.0 */
/* An undo takes back, and carries nothing out: also one that takes back another undo. */
#include "billing.h"

static kith_id undo_tx(struct company *c, kith_id tx) {
    struct undo_report report;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_undo(c->engine, &anna, tx, false, &c->arena, &report, &e), e);
    EXPECT_INT(0, report.kept + report.refused);
    return report.tx;
}
static const char *stays(struct company *c, kith_id tx) {
    const char *why = undo_stays(c, tx);
    drain(c);
    return why;
}
static kith_id moved(struct company *c, const char *type, kith_id id, const char *state) {
    return write_tx(c, type, id, PAIRS({"state", state}));
}
#define HAS(stock, a, b)                                                                           \
    do {                                                                                           \
        EXPECT_STR(a, field(c, "stock", stock, "on_hand"));                                        \
        EXPECT_STR(b, field(c, "stock", stock, "reserved"));                                       \
    } while (0)

struct shop {
    struct company c;
    kith_id ada, pen, stock, order, line;
};
/* Ten pens, and a cart with two of them. */
static void open_shop(struct shop *s) {
    struct company *c = &s->c;
    OPEN(c, SHOP(""), "commerce");
    s->ada = CREATE(c, "contact", {"name", "Ada"});
    s->pen = product(c, "pen", "10 EUR");
    s->stock = CREATE(c, "stock", {"product", ID(s->pen)});
    CREATE(c, "stock_movement", {"stock", ID(s->stock)}, {"kind", "receipt"}, {"quantity", "10"});
    s->order = CREATE(c, "order", {"contact", ID(s->ada)});
    add_line(c, s->order, s->pen, "2");
    s->line = find(c, "order_line").ids[0];
}

TEST("no undo places an order whose lines were changed in the cart since") {
    struct shop shop, *s = &shop;
    struct company *c = &s->c;
    open_shop(s);
    UPDATE(c, "contact", s->ada, {"credit_limit", "30 EUR"});
    UPDATE(c, "order", s->order, {"state", "ordered"});
    kith_id tx = moved(c, "order", s->order, "cart");
    UPDATE(c, "order_line", s->line, {"quantity", "7"});
    EXPECT_HAS("O-000001 is cart by now, and an undo neither places, offers nor sends it; set it "
               "ordered again",
               stays(c, tx));
    EXPECT_STR("cart", field(c, "order", s->order, "state"));
    EXPECT_STR("0", field(c, "contact", s->ada, "purchases"));
    HAS(s->stock, "10.000", "0.000");
    close_company(c);
}

TEST("an undo of an undo places nothing, reserves nothing, and counts no purchase") {
    struct shop shop, *s = &shop;
    struct company *c = &s->c;
    open_shop(s);
    kith_id back = undo_tx(c, moved(c, "order", s->order, "ordered"));
    HAS(s->stock, "10.000", "0.000");
    EXPECT_HAS("set it ordered again", stays(c, back));
    HAS(s->stock, "10.000", "0.000");
    EXPECT_STR("0|0.00 EUR",
               arena_printf(&c->arena, "%s|%s", field(c, "contact", s->ada, "purchases"),
                            field(c, "contact", s->ada, "spent")));
    UPDATE(c, "order", s->order, {"state", "ordered"});
    HAS(s->stock, "10.000", "2.000");
    EXPECT_STR("1", field(c, "contact", s->ada, "purchases"));
    (void)stays(c, back); /* nor does it count it twice */
    HAS(s->stock, "10.000", "2.000");
    EXPECT_STR("1", field(c, "contact", s->ada, "purchases"));
    close_company(c);
}

TEST("what an undo of an undo ordered and sent stays a purchase when that is undone") {
    struct shop shop, *s = &shop;
    struct company *c = &s->c;
    open_shop(s);
    UPDATE(c, "order", s->order, {"state", "ordered"});
    kith_id again = undo_tx(c, moved(c, "order", s->order, "cancelled"));
    EXPECT_STR("1", field(c, "contact", s->ada, "purchases"));
    UPDATE(c, "order", s->order, {"state", "shipped"});
    (void)stays(c, again);
    EXPECT_STR("shipped", field(c, "order", s->order, "state"));
    EXPECT_STR("1", field(c, "contact", s->ada, "purchases"));
    close_company(c);
}

TEST("the last piece is not sold twice by undoing a cancellation") {
    struct shop shop, *s = &shop;
    struct company *c = &s->c;
    open_shop(s);
    UPDATE(c, "product", s->pen, {"backorder", "false"});
    UPDATE(c, "order_line", s->line, {"quantity", "6"});
    UPDATE(c, "order", s->order, {"state", "ordered"});
    kith_id tx = moved(c, "order", s->order, "cancelled");
    undo(c, tx);
    HAS(s->stock, "10.000", "6.000");
    tx = moved(c, "order", s->order, "cancelled");
    kith_id other = CREATE(c, "order", {"contact", ID(s->ada)});
    add_line(c, other, s->pen, "5");
    UPDATE(c, "order", other, {"state", "ordered"});
    EXPECT_HAS("'pen' was sold to others since O-000001 was cancelled", stays(c, tx));
    EXPECT_STR("cancelled", field(c, "order", s->order, "state"));
    HAS(s->stock, "10.000", "5.000");
    close_company(c);
}

TEST("an undo of an undo sends nothing a second time") {
    struct shop shop, *s = &shop;
    struct company *c = &s->c;
    open_shop(s);
    UPDATE(c, "order", s->order, {"state", "ordered"});
    struct act a = ACT(c, "commerce.ship", {"order", ID(s->order)});
    EXPECT_ACT(a);
    kith_id back = undo_tx(c, a.tx);
    a = ACT(c, "commerce.ship", {"order", ID(s->order)});
    EXPECT_ACT(a);
    HAS(s->stock, "8.000", "0.000");
    EXPECT_STR("2.000", field(c, "order_line", s->line, "shipped"));
    (void)stays(c, back);
    HAS(s->stock, "8.000", "0.000");
    EXPECT_STR("2.000", field(c, "order_line", s->line, "shipped"));
    EXPECT_STR("2.000", field(c, "order_line", s->line, "packed"));
    EXPECT_STR("shipped", field(c, "order", s->order, "state"));
    undo(c, a.tx);
    HAS(s->stock, "10.000", "2.000");
    (void)stays(c, back); /* it may be prepared again, and is not sent */
    HAS(s->stock, "10.000", "2.000");
    EXPECT_STR("0.000", field(c, "order_line", s->line, "shipped"));
    EXPECT_STR("ordered", field(c, "order", s->order, "state"));
    close_company(c);
}

TEST("what is delivered again is owned once, whatever an undo brings back") {
    struct shop shop, *s = &shop;
    struct company *c = &s->c;
    open_shop(s);
    UPDATE(c, "order", s->order, {"state", "ordered"});
    UPDATE(c, "order", s->order, {"state", "shipped"});
    kith_id back = undo_tx(c, moved(c, "order", s->order, "delivered"));
    EXPECT_INT(0, find(c, "asset").count);
    kith_id again = undo_tx(c, back);
    EXPECT_INT(1, find(c, "asset where quantity = 2").count);
    undo(c, again);
    UPDATE(c, "order", s->order, {"state", "delivered"});
    EXPECT_HAS("all pieces of it have records already", stays(c, back));
    EXPECT_INT(1, find(c, "asset").count);
    close_company(c);
}

TEST("no undo brings a return back over another one, nor receives it again") {
    struct shop shop, *s = &shop;
    struct company *c = &s->c;
    open_shop(s);
    UPDATE(c, "order", s->order, {"state", "ordered"});
    UPDATE(c, "order", s->order, {"state", "shipped"});
    kith_id r = CREATE(c, "return_request", {"order_line", ID(s->line)}, {"quantity", "2"});
    kith_id tx = moved(c, "return_request", r, "rejected");
    undo(c, tx);
    tx = moved(c, "return_request", r, "rejected");
    kith_id other = CREATE(c, "return_request", {"order_line", ID(s->line)}, {"quantity", "2"});
    EXPECT_HAS("2 are to come back; 2 have left, and 2 of them are returned or about to be",
               stays(c, tx));
    EXPECT_STR("2.000", field(c, "order_line", s->line, "returning"));
    UPDATE(c, "return_request", other, {"state", "approved"});
    kith_id back = undo_tx(c, moved(c, "return_request", other, "received"));
    HAS(s->stock, "8.000", "0.000");
    EXPECT_HAS("an undo receives nothing; set it received again", stays(c, back));
    HAS(s->stock, "8.000", "0.000");
    UPDATE(c, "return_request", other, {"state", "received"});
    HAS(s->stock, "10.000", "0.000");
    close_company(c);
}
