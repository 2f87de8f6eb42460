/* SPDX-License-Identifier: Apache-2.0 */
/* From an order that is placed to its delivery, and back: shipments, states, returns. */
#include "shop.h"

struct sale {
    struct company c;
    kith_id contact, pen, ink, pens, inks, order, first, second;
};

static kith_id stocked(struct company *c, kith_id product, const char *quantity) {
    kith_id s = CREATE(c, "stock", {"product", id_text(c, product)});
    CREATE(c, "stock_movement", {"stock", id_text(c, s)}, {"kind", "receipt"},
           {"quantity", quantity});
    return s;
}
static kith_id line(struct company *c, kith_id order, kith_id product, const char *quantity) {
    return CREATE(c, "order_line", {"order", id_text(c, order)}, {"product", id_text(c, product)},
                  {"quantity", quantity});
}
/* Three pens and two inks were ordered, of ten each. */
static void sale(struct sale *s) {
    struct company *c = &s->c;
    OPEN(c, SHOP(""), "commerce");
    s->contact = CREATE(c, "contact", {"name", "Ada"});
    s->pen = product(c, "pen", "3 EUR");
    s->ink = product(c, "ink", "4 EUR");
    s->pens = stocked(c, s->pen, "10");
    s->inks = stocked(c, s->ink, "10");
    s->order = CREATE(c, "order", {"contact", id_text(c, s->contact)});
    s->first = line(c, s->order, s->pen, "3");
    s->second = line(c, s->order, s->ink, "2");
    UPDATE(c, "order", s->order, {"state", "ordered"});
}
#define STATE(expected, s) EXPECT_STR(expected, field(&(s)->c, "order", (s)->order, "state"))
#define HAS(s, stock, a, b)                                                                        \
    do {                                                                                           \
        EXPECT_STR(a, field(&(s)->c, "stock", stock, "on_hand"));                                  \
        EXPECT_STR(b, field(&(s)->c, "stock", stock, "reserved"));                                 \
    } while (0)
static kith_id shipment(struct sale *s) {
    return CREATE(&s->c, "shipment", {"order", id_text(&s->c, s->order)});
}
static kith_id pack(struct sale *s, kith_id shipment, kith_id line, const char *quantity) {
    return CREATE(&s->c, "shipment_line", {"shipment", id_text(&s->c, shipment)},
                  {"order_line", id_text(&s->c, line)}, {"quantity", quantity});
}

TEST("an order goes through its states in this order only, and each product asks for feedback") {
    struct sale s;
    sale(&s);
    REFUSED(&s.c, "delivered", "order", s.order, {"state", "delivered"});
    REFUSED(&s.c, "returned", "order", s.order, {"state", "returned"});
    UPDATE(&s.c, "order", s.order, {"state", "shipped"});
    REFUSED(&s.c, "ordered", "order", s.order, {"state", "ordered"});
    REFUSED(&s.c, "cancelled", "order", s.order, {"state", "cancelled"});
    UPDATE(&s.c, "order", s.order, {"state", "delivered"});
    REFUSED(&s.c, "shipped", "order", s.order, {"state", "shipped"});
    drain(&s.c);
    EXPECT_INT(2, heard(&s.c, "order_line.feedback"));
    close_company(&s.c);
}

TEST("the state of an order, set by hand, ships and delivers what is left") {
    struct sale s;
    sale(&s);
    HAS(&s, s.pens, "10.000", "3.000");
    UPDATE(&s.c, "order", s.order, {"state", "shipped"});
    EXPECT_INT(1, find(&s.c, "shipment where state = 'shipped' and shipped_at is not null").count);
    EXPECT_STR("3.000", field(&s.c, "order_line", s.first, "shipped"));
    EXPECT_STR("0", field(&s.c, "order", s.order, "to_ship"));
    HAS(&s, s.pens, "7.000", "0.000");
    HAS(&s, s.inks, "8.000", "0.000");
    EXPECT_STR("7.000", field(&s.c, "stock", s.pens, "available"));
    UPDATE(&s.c, "order", s.order, {"state", "delivered"});
    EXPECT_INT(1,
               find(&s.c, "shipment where state = 'delivered' and delivered_at is not null").count);
    close_company(&s.c);
}

TEST("an order is shipped with its last shipment, and delivered when all have arrived") {
    struct sale s;
    sale(&s);
    kith_id a = shipment(&s), b = shipment(&s);
    EXPECT_STR("S-000001", field(&s.c, "shipment", a, "number"));
    REFUSED(&s.c, "the shipment is empty", "shipment", a, {"state", "shipped"});
    pack(&s, a, s.first, "2");
    UPDATE(&s.c, "shipment", a, {"state", "shipped"}, {"tracking", "1Z999"});
    STATE("ordered", &s);
    HAS(&s, s.pens, "8.000", "1.000");
    EXPECT_STR("2", field(&s.c, "order", s.order, "to_ship"));
    kith_id rest = pack(&s, b, s.first, NULL); /* what is left */
    EXPECT_STR("1.000", field(&s.c, "shipment_line", rest, "quantity"));
    pack(&s, b, s.second, "2");
    UPDATE(&s.c, "shipment", a, {"state", "delivered"});
    UPDATE(&s.c, "shipment", b, {"state", "shipped"});
    STATE("shipped", &s);
    HAS(&s, s.pens, "7.000", "0.000");
    UPDATE(&s.c, "shipment", b, {"state", "delivered"});
    STATE("delivered", &s);
    close_company(&s.c);
}

TEST("no more is shipped than was ordered, only what was ordered, and what has left stays") {
    struct sale s;
    sale(&s);
    kith_id a = shipment(&s), l = pack(&s, a, s.first, "2");
    const char *in = id_text(&s.c, a), *of = id_text(&s.c, s.first);
    REFUSED(&s.c, "2 are to be shipped; 3 were ordered, and 1 of them are in no shipment yet",
            "shipment_line", 0, {"shipment", in}, {"order_line", of}, {"quantity", "2"});
    REFUSED(&s.c, "quantity", "shipment_line", l, {"quantity", "4"});
    UPDATE(&s.c, "shipment_line", l, {"quantity", "3"});
    REFUSED(&s.c, "0 of them are in no shipment yet", "shipment_line", 0, {"shipment", in},
            {"order_line", of});
    kith_id other = CREATE(&s.c, "order", {"contact", id_text(&s.c, s.contact)});
    kith_id foreign = line(&s.c, other, s.pen, "1");
    REFUSED(&s.c, "it is of another order", "shipment_line", 0, {"shipment", in},
            {"order_line", id_text(&s.c, foreign)});
    REFUSED(&s.c, "nothing is shipped for an order that is cart", "shipment", 0,
            {"order", id_text(&s.c, other)});
    REFUSED(&s.c, "gone", "shipment_line", l, {"gone", "true"});
    REFUSED(&s.c, "the order has 1 shipment", "order", s.order, {"state", "cart"});
    UPDATE(&s.c, "shipment", a, {"state", "shipped"});
    REFUSED(&s.c, "'S-000001' has left", "shipment_line", l, {"quantity", "1"});
    EXPECT_HAS("has left", remove_refused(&s.c, "shipment_line", l));
    EXPECT_HAS("has left", remove_refused(&s.c, "shipment", a));
    REFUSED(&s.c, "the order has 1 shipment", "order", s.order, {"state", "cancelled"});
    close_company(&s.c);
}

TEST("what is not there is not shipped") {
    struct sale s;
    sale(&s);
    CREATE(&s.c, "stock_movement", {"stock", id_text(&s.c, s.pens)}, {"kind", "count"},
           {"quantity", "1"});
    REFUSED(&s.c, "3 of 'pen' are to go from 'main', and 1 are there", "order", s.order,
            {"state", "shipped"});
    STATE("ordered", &s);
    EXPECT_INT(0, find(&s.c, "shipment").count);
    close_company(&s.c);
}

TEST("the action ships a part by codes, and then the rest") {
    struct sale s;
    sale(&s);
    const char *order = id_text(&s.c, s.order);
    struct act a = ACT(&s.c, "commerce.ship", {"order", order}, {"lines", "pen*2; ink"},
                       {"carrier", "Post"}, {"tracking", "RR1"});
    EXPECT_ACT(a);
    EXPECT_STR("2", result_text(&s.c, &a, "lines"));
    EXPECT_STR("2", result_text(&s.c, &a, "to_ship"));
    EXPECT_STR("ordered", result_text(&s.c, &a, "state"));
    EXPECT_INT(1, find(&s.c, "shipment where carrier = 'Post' and tracking = 'RR1'").count);
    a = ACT(&s.c, "commerce.ship", {"order", order}, {"lines", "pen*2"});
    EXPECT_HAS("of 'pen' are left to be shipped of this order; ship no more", a.message);
    EXPECT_INT(1, find(&s.c, "shipment").count);
    a = ACT(&s.c, "commerce.ship", {"order", order});
    EXPECT_ACT(a);
    EXPECT_STR("shipped", result_text(&s.c, &a, "state"));
    STATE("shipped", &s);
    a = ACT(&s.c, "commerce.ship", {"order", order});
    EXPECT_HAS("all of it is in a shipment already", a.message);
    close_company(&s.c);
}

TEST("an undo of a shipment puts everything back") {
    struct sale s;
    sale(&s);
    struct act a = ACT(&s.c, "commerce.ship", {"order", id_text(&s.c, s.order)});
    EXPECT_ACT(a);
    HAS(&s, s.pens, "7.000", "0.000");
    undo(&s.c, a.tx);
    STATE("ordered", &s);
    HAS(&s, s.pens, "10.000", "3.000");
    EXPECT_STR("0.000", field(&s.c, "order_line", s.first, "shipped"));
    close_company(&s.c);
}

TEST("an undo of the placing leaves an order that has shipments since as it is") {
    struct sale s;
    sale(&s);
    kith_id other = CREATE(&s.c, "order", {"contact", id_text(&s.c, s.contact)});
    line(&s.c, other, s.pen, "2");
    kith_id tx = write_tx(&s.c, "order", other, PAIRS({"state", "ordered"}));
    HAS(&s, s.pens, "10.000", "5.000");
    struct act a = ACT(&s.c, "commerce.ship", {"order", id_text(&s.c, other)}, {"lines", "pen"});
    EXPECT_ACT(a);
    struct undo_report report;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_undo(s.c.engine, &anna, tx, false, &s.c.arena, &report, &e), e);
    EXPECT_INT(2, report.refused);
    EXPECT_STR("ordered", field(&s.c, "order", other, "state"));
    HAS(&s, s.pens, "9.000", "4.000");
    undo(&s.c, a.tx); /* the later one first */
    undo(&s.c, tx);
    EXPECT_STR("cart", field(&s.c, "order", other, "state"));
    HAS(&s, s.pens, "10.000", "3.000");
    close_company(&s.c);
}

/* -- returns ------------------------------------------------------------------------------------
 */

static kith_id bring_back(struct sale *s, kith_id line, const char *quantity, const char *restock) {
    return CREATE(&s->c, "return_request", {"order_line", id_text(&s->c, line)},
                  {"quantity", quantity}, {"reason", "defect"}, {"restock", restock});
}
static void receive(struct sale *s, kith_id request) {
    UPDATE(&s->c, "return_request", request, {"state", "approved"});
    UPDATE(&s->c, "return_request", request, {"state", "received"});
}

TEST(
    "what was bought comes back, into stock when it can, and the order is returned with the last") {
    struct sale s;
    sale(&s);
    REFUSED(&s.c, "1 are to come back; 0 have left", "return_request", 0,
            {"order_line", id_text(&s.c, s.first)});
    UPDATE(&s.c, "order", s.order, {"state", "shipped"});
    UPDATE(&s.c, "order", s.order, {"state", "delivered"});
    kith_id one = bring_back(&s, s.first, "2", "true");
    EXPECT_STR("R-000001", field(&s.c, "return_request", one, "number"));
    EXPECT_INT(1, find(&s.c, "return_request where contact.name = 'Ada' and order.state = "
                             "'delivered'")
                      .count);
    REFUSED(&s.c, "2 are to come back; 3 have left, and 2 of them", "return_request", 0,
            {"order_line", id_text(&s.c, s.first)}, {"quantity", "2"});
    REFUSED(&s.c, "received", "return_request", one, {"state", "received"}); /* not approved */
    receive(&s, one);
    EXPECT(*field(&s.c, "return_request", one, "received_at"));
    HAS(&s, s.pens, "9.000", "0.000");
    EXPECT_STR("2.000", field(&s.c, "order_line", s.first, "returned"));
    REFUSED(&s.c, "stays as it was received", "return_request", one, {"quantity", "1"});
    EXPECT_HAS("what has come back stays", remove_refused(&s.c, "return_request", one));
    REFUSED(&s.c, "2 lines have not come back as a whole", "order", s.order, {"state", "returned"});
    kith_id no = bring_back(&s, s.first, "1", "true");
    UPDATE(&s.c, "return_request", no, {"state", "rejected"});
    receive(&s, bring_back(&s, s.first, "1", "false")); /* broken */
    HAS(&s, s.pens, "9.000", "0.000");
    STATE("delivered", &s);
    receive(&s, bring_back(&s, s.second, "2", "true"));
    HAS(&s, s.inks, "10.000", "0.000");
    STATE("returned", &s);
    close_company(&s.c);
}

TEST("what comes back without its line is of the last one with as much left, and of nothing else") {
    struct sale s;
    sale(&s);
    const char *ada = id_text(&s.c, s.contact), *pen = id_text(&s.c, s.pen);
    REFUSED(&s.c, "say which line of an order comes back", "return_request", 0, {"contact", ada});
    REFUSED(&s.c, "no order of this contact has as much", "return_request", 0, {"contact", ada},
            {"product", pen}); /* not sent yet */
    UPDATE(&s.c, "order", s.order, {"state", "shipped"});
    clock_advance(&s.c.clock, INT64_C(86400000));
    kith_id later = CREATE(&s.c, "order", {"contact", ada});
    kith_id last = line(&s.c, later, s.pen, "2");
    UPDATE(&s.c, "order", later, {"state", "ordered"});
    UPDATE(&s.c, "order", later, {"state", "shipped"});
    kith_id one = CREATE(&s.c, "return_request", {"contact", ada}, {"product", pen});
    EXPECT_STR(id_text(&s.c, last), field(&s.c, "return_request", one, "order_line"));
    kith_id two = CREATE(&s.c, "return_request", {"contact", ada}, {"product", pen},
                         {"quantity", "2"}); /* the last has one left */
    EXPECT_STR(id_text(&s.c, s.first), field(&s.c, "return_request", two, "order_line"));
    REFUSED(&s.c, "no line of this order has as much", "return_request", 0,
            {"order", id_text(&s.c, s.order)}, {"product", pen}, {"quantity", "2"});
    REFUSED(&s.c, "is of another one", "return_request", 0, {"order_line", id_text(&s.c, s.second)},
            {"product", pen});
    REFUSED(&s.c, "write how much of it", "return_request", 0,
            {"order_line", id_text(&s.c, s.second)}, {"quantity", "-1"});
    close_company(&s.c);
}

TEST("an order that was written down as delivered elsewhere may come back, too") {
    static const struct write_opts by_import = {.principal = &anna, .origin = ORIGIN_IMPORT};
    struct sale s;
    kith_error e = KITH_ERROR_INIT;
    sale(&s);
    struct put order = {&s.c, "order", 0,
                        PAIRS({"contact", id_text(&s.c, s.contact)}, {"state", "delivered"},
                              {"channel", "import"})};
    EXPECT_OK(engine_write(s.c.engine, &by_import, put_txn, &order, NULL, &e), e);
    struct put old = {&s.c, "order_line", 0,
                      PAIRS({"order", id_text(&s.c, order.id)}, {"product", id_text(&s.c, s.pen)},
                            {"quantity", "2"})};
    EXPECT_OK(engine_write(s.c.engine, &by_import, put_txn, &old, NULL, &e), e);
    HAS(&s, s.pens, "10.000", "3.000"); /* it left from elsewhere */
    REFUSED(&s.c, "3 are to come back; 2 have left", "return_request", 0,
            {"order_line", id_text(&s.c, old.id)}, {"quantity", "3"});
    receive(&s, bring_back(&s, old.id, "2", "true"));
    HAS(&s, s.pens, "12.000", "3.000");
    EXPECT_STR("returned", field(&s.c, "order", order.id, "state"));
    close_company(&s.c);
}

TEST("a return is linked to the complaint, and may be approved, rejected, refunded in order only") {
    struct sale s;
    sale(&s);
    UPDATE(&s.c, "order", s.order, {"state", "shipped"});
    kith_id call = CREATE(&s.c, "interaction", {"contact", id_text(&s.c, s.contact)},
                          {"channel", "call"}, {"direction", "in"});
    char about[64];
    snprintf(about, sizeof about, "interaction/%s", id_text(&s.c, call));
    kith_id r = CREATE(&s.c, "return_request", {"order_line", id_text(&s.c, s.first)},
                       {"complaint", about});
    REFUSED(&s.c, "refunded", "return_request", r, {"state", "refunded"});
    receive(&s, r);
    UPDATE(&s.c, "return_request", r, {"state", "refunded"});
    REFUSED(&s.c, "rejected", "return_request", r, {"state", "rejected"});
    close_company(&s.c);
}

static kith_id ship_by_hand(struct sale *s, kith_id a, const char *state) {
    return write_tx(&s->c, "shipment", a, PAIRS({"state", state}));
}

TEST("a shipment that has arrived since is not undone, nor is what left with it") {
    struct sale s;
    sale(&s);
    struct act a = ACT(&s.c, "commerce.ship", {"order", id_text(&s.c, s.order)});
    EXPECT_ACT(a);
    kith_id parcel = find(&s.c, "shipment").ids[0];
    kith_id arrived = ship_by_hand(&s, parcel, "delivered");
    undo_stays(&s.c, a.tx);
    STATE("delivered", &s);
    HAS(&s, s.pens, "7.000", "0.000");
    EXPECT_STR("3.000", field(&s.c, "order_line", s.first, "shipped"));
    EXPECT(*field(&s.c, "shipment", parcel, "shipped_at"));
    undo(&s.c, arrived);
    STATE("shipped", &s);
    undo(&s.c, a.tx);
    STATE("ordered", &s);
    HAS(&s, s.pens, "10.000", "3.000");
    close_company(&s.c);
}

TEST("of several shipments the last is undone first") {
    struct sale s;
    sale(&s);
    kith_id a = shipment(&s), b = shipment(&s);
    pack(&s, a, s.first, "3");
    pack(&s, b, s.second, "2");
    kith_id second = ship_by_hand(&s, b, "shipped");
    clock_advance(&s.c.clock, 60000);
    kith_id first = ship_by_hand(&s, a, "shipped");
    STATE("shipped", &s);
    EXPECT_STR("state: the order is shipped with 'S-000001', which left later; undo that first",
               undo_stays(&s.c, second));
    STATE("shipped", &s);
    HAS(&s, s.inks, "8.000", "0.000");
    undo(&s.c, first);
    STATE("ordered", &s);
    undo(&s.c, second);
    HAS(&s, s.inks, "10.000", "2.000");
    kith_id by_order = write_tx(&s.c, "order", s.order, PAIRS({"state", "shipped"}));
    STATE("shipped", &s);
    kith_id arrived = write_tx(&s.c, "order", s.order, PAIRS({"state", "delivered"}));
    undo(&s.c, arrived); /* all that it moved goes with it */
    undo(&s.c, by_order);
    STATE("ordered", &s);
    EXPECT_INT(2, find(&s.c, "shipment where state = 'preparing'").count);
    HAS(&s, s.pens, "10.000", "3.000");
    close_company(&s.c);
}

TEST("what came back was shipped, and stays in stock when others have it by now") {
    struct sale s;
    sale(&s);
    kith_id tx = write_tx(&s.c, "order", s.order, PAIRS({"state", "shipped"}));
    kith_id r = bring_back(&s, s.first, "2", "true");
    UPDATE(&s.c, "return_request", r, {"state", "approved"});
    kith_id back = write_tx(&s.c, "return_request", r, PAIRS({"state", "received"}));
    HAS(&s, s.pens, "9.000", "0.000");
    EXPECT_STR("state: what was in 'S-000001' was returned since; undo the return first",
               undo_stays(&s.c, tx));
    STATE("shipped", &s);
    HAS(&s, s.pens, "9.000", "0.000");
    CREATE(&s.c, "stock_movement", {"stock", id_text(&s.c, s.pens)}, {"kind", "count"},
           {"quantity", "1"});
    EXPECT_HAS("has left since", undo_stays(&s.c, back));
    EXPECT_STR("received", field(&s.c, "return_request", r, "state"));
    EXPECT_STR("2.000", field(&s.c, "order_line", s.first, "returned"));
    HAS(&s, s.pens, "1.000", "0.000");
    CREATE(&s.c, "stock_movement", {"stock", id_text(&s.c, s.pens)}, {"kind", "count"},
           {"quantity", "9"});
    undo(&s.c, back);
    HAS(&s, s.pens, "7.000", "0.000");
    UPDATE(&s.c, "return_request", r, {"state", "rejected"});
    undo(&s.c, tx);
    STATE("ordered", &s);
    HAS(&s, s.pens, "10.000", "3.000");
    close_company(&s.c);
}

TEST("the parts of a bundle leave and come back in its ratio") {
    struct sale s;
    sale(&s);
    kith_id set = product(&s.c, "set", "20 EUR");
    CREATE(&s.c, "product_relation", {"product", id_text(&s.c, set)},
           {"other", id_text(&s.c, s.pen)}, {"kind", "bundle_part"}, {"quantity", "2"});
    kith_id o = CREATE(&s.c, "order", {"contact", id_text(&s.c, s.contact)});
    kith_id l = line(&s.c, o, set, "3");
    UPDATE(&s.c, "order", o, {"state", "ordered"});
    HAS(&s, s.pens, "10.000", "9.000");
    struct act a = ACT(&s.c, "commerce.ship", {"order", id_text(&s.c, o)}, {"lines", "set*1"});
    EXPECT_ACT(a);
    HAS(&s, s.pens, "8.000", "7.000");
    a = ACT(&s.c, "commerce.ship", {"order", id_text(&s.c, o)});
    EXPECT_ACT(a);
    HAS(&s, s.pens, "4.000", "3.000");
    receive(&s, bring_back(&s, l, "1", "true"));
    HAS(&s, s.pens, "6.000", "3.000");
    receive(&s, bring_back(&s, l, "2", "true"));
    HAS(&s, s.pens, "10.000", "3.000");
    close_company(&s.c);
}

TEST("what was ordered before there was stock leaves the stock that there is") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ada = CREATE(&c, "contact", {"name", "Ada"});
    kith_id o = CREATE(&c, "order", {"contact", id_text(&c, ada)});
    line(&c, o, pen, "2");
    UPDATE(&c, "order", o, {"state", "ordered"});
    kith_id s = stocked(&c, pen, "5");
    UPDATE(&c, "order", o, {"state", "shipped"});
    EXPECT_STR("3.000", field(&c, "stock", s, "on_hand"));
    EXPECT_STR("3.000", field(&c, "stock", s, "available"));
    close_company(&c);
}
