/* SPDX-License-Identifier: Apache-2.0 */
/* Stock: movements, reservations, the critical level, bundles, items that are waited for. */
#include "shop.h"

static kith_id stock(struct company *c, kith_id product, const char *critical) {
    return CREATE(c, "stock", {"product", id_text(c, product)}, {"critical", critical});
}
#define MOVE(c, stock, of, n, ...)                                                                 \
    CREATE(c, "stock_movement", {"stock", id_text(c, stock)}, {"kind", of}, {"quantity", n},       \
           ##__VA_ARGS__)
#define MOVE_REFUSED(words, c, stock, of, n)                                                       \
    REFUSED(c, words, "stock_movement", 0, {"stock", id_text(c, stock)}, {"kind", of},             \
            {"quantity", n})
static kith_id cart(struct company *c) {
    kith_id ada = CREATE(c, "contact", {"name", "Ada"});
    return CREATE(c, "order", {"contact", id_text(c, ada)});
}
static kith_id line(struct company *c, kith_id order, kith_id product, const char *quantity) {
    return CREATE(c, "order_line", {"order", id_text(c, order)}, {"product", id_text(c, product)},
                  {"quantity", quantity});
}
/* on hand, reserved, available */
#define HAS(c, stock, a, b, d)                                                                     \
    do {                                                                                           \
        EXPECT_STR(a, field(c, "stock", stock, "on_hand"));                                        \
        EXPECT_STR(b, field(c, "stock", stock, "reserved"));                                       \
        EXPECT_STR(d, field(c, "stock", stock, "available"));                                      \
    } while (0)

TEST("movements add up to what is there, and a count sets it right") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), s = stock(&c, pen, NULL);
    EXPECT_STR("main", field(&c, "stock", s, "location"));
    kith_id m = MOVE(&c, s, "receipt", "10");
    EXPECT_STR("10.000", field(&c, "stock_movement", m, "available"));
    HAS(&c, s, "10.000", "0.000", "10.000");
    MOVE(&c, s, "reserve", "4");
    HAS(&c, s, "10.000", "4.000", "6.000");
    MOVE_REFUSED("7 of 'pen' are to go from 'main', and 6 are not reserved", &c, s, "ship", "7");
    MOVE_REFUSED("and 4 are reserved", &c, s, "release", "5");
    MOVE(&c, s, "release", "1");
    MOVE(&c, s, "ship", "2.5");
    HAS(&c, s, "7.500", "3.000", "4.500");
    m = MOVE(&c, s, "count", "7");
    EXPECT_STR("-0.500", field(&c, "stock_movement", m, "on_hand"));
    MOVE(&c, s, "count", "0");
    HAS(&c, s, "0.000", "3.000", "-3.000");
    MOVE(&c, s, "return", "5");
    HAS(&c, s, "5.000", "3.000", "2.000");
    EXPECT_STR("5.000", field(&c, "product", pen, "on_hand"));
    EXPECT_STR("2.000", field(&c, "product", pen, "available"));
    MOVE_REFUSED("it is more than 0, but for a count", &c, s, "receipt", "0");
    MOVE_REFUSED("quantity", &c, s, "receipt", "-1");
    close_company(&c);
}

TEST("movements stay as they were written, and a stock is of one product at one place") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ink = product(&c, "ink", "4 EUR");
    kith_id s = stock(&c, pen, NULL), m = MOVE(&c, s, "receipt", "10");
    REFUSED(&c, "stays as it was written; correct the stock by another one of kind count",
            "stock_movement", m, {"quantity", "11"});
    REFUSED(&c, "on_hand", "stock_movement", m, {"on_hand", "11"});
    REFUSED(&c, "on_hand", "stock", s, {"on_hand", "11"});
    REFUSED(&c, "with the same product and location already", "stock", 0,
            {"product", id_text(&c, pen)});
    REFUSED(&c, "a stock is of one product for ever", "stock", s, {"product", id_text(&c, ink)});
    EXPECT_HAS("stays as it was written", remove_refused(&c, "stock_movement", m));
    EXPECT_HAS("links to it", remove_refused(&c, "stock", s));
    HAS(&c, s, "10.000", "0.000", "10.000");
    close_company(&c);
}

TEST("a move takes from one place and brings to another one of the same product") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ink = product(&c, "ink", "4 EUR");
    kith_id a = stock(&c, pen, NULL), other = stock(&c, ink, NULL);
    kith_id b = CREATE(&c, "stock", {"product", id_text(&c, pen)}, {"location", "shop"});
    MOVE(&c, a, "receipt", "10");
    MOVE(&c, a, "move", "4", {"to", id_text(&c, b)});
    HAS(&c, a, "6.000", "0.000", "6.000");
    HAS(&c, b, "4.000", "0.000", "4.000");
    EXPECT_STR("10.000", field(&c, "product", pen, "on_hand"));
    MOVE_REFUSED("to: a move names the stock to which it goes: to=STOCK", &c, a, "move", "1");
    REFUSED(&c, "to: nothing but a move goes to another stock", "stock_movement", 0,
            {"stock", id_text(&c, a)}, {"kind", "receipt"}, {"quantity", "1"},
            {"to", id_text(&c, b)});
    REFUSED(&c, "another stock of the same product", "stock_movement", 0, {"stock", id_text(&c, a)},
            {"kind", "move"}, {"quantity", "1"}, {"to", id_text(&c, other)});
    close_company(&c);
}

TEST("a placed order reserves its lines, and releases them when it is cancelled or a cart again") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), talk = product(&c, "talk", "50 EUR");
    kith_id s = stock(&c, pen, NULL), o = cart(&c);
    MOVE(&c, s, "receipt", "10");
    kith_id l = line(&c, o, pen, "3");
    line(&c, o, talk, "1"); /* has no stock: nothing to reserve */
    HAS(&c, s, "10.000", "0.000", "10.000");
    UPDATE(&c, "order", o, {"state", "ordered"});
    HAS(&c, s, "10.000", "3.000", "7.000");
    UPDATE(&c, "order", o, {"state", "cart"});
    HAS(&c, s, "10.000", "0.000", "10.000");
    UPDATE(&c, "order_line", l, {"quantity", "12"}); /* may be in back order */
    UPDATE(&c, "order", o, {"state", "ordered"});
    HAS(&c, s, "10.000", "12.000", "-2.000");
    EXPECT_INT(1, find(&c, "stock where available < 0").count);
    EXPECT_ACT(ACT(&c, "commerce.pay", {"order", id_text(&c, o)}, {"amount", "86 EUR"}));
    EXPECT_STR("paid", field(&c, "order", o, "state"));
    UPDATE(&c, "order", o, {"state", "cancelled"});
    HAS(&c, s, "10.000", "0.000", "10.000");
    close_company(&c);
}

TEST("without back orders nobody orders more than is free, at all places together") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen =
        PRODUCT(&c, {"code", "pen"}, {"name", "Pen"}, {"price", "3 EUR"}, {"backorder", "false"});
    kith_id a = stock(&c, pen, NULL), o = cart(&c), other = cart(&c);
    kith_id b = CREATE(&c, "stock", {"product", id_text(&c, pen)}, {"location", "shop"});
    MOVE(&c, a, "receipt", "3");
    MOVE(&c, b, "receipt", "4");
    MOVE_REFUSED("4 of 'pen' are to go from 'main', and 3 are free", &c, a, "reserve", "4");
    kith_id l = line(&c, o, pen, "8");
    REFUSED(&c, "8 of 'pen' are wanted and 7 are free; order fewer", "order", o,
            {"state", "ordered"});
    EXPECT_STR("cart", field(&c, "order", o, "state"));
    HAS(&c, a, "3.000", "0.000", "3.000");
    UPDATE(&c, "order_line", l, {"quantity", "4"}); /* one place has them all */
    UPDATE(&c, "order", o, {"state", "ordered"});
    HAS(&c, a, "3.000", "0.000", "3.000");
    HAS(&c, b, "4.000", "4.000", "0.000");
    UPDATE(&c, "order", o, {"state", "cart"});
    UPDATE(&c, "order_line", l, {"quantity", "6"});
    UPDATE(&c, "order", o, {"state", "ordered"});
    HAS(&c, a, "3.000", "3.000", "0.000");
    HAS(&c, b, "4.000", "3.000", "1.000");
    line(&c, other, pen, "1");
    UPDATE(&c, "order", other, {"state", "ordered"});
    kith_id third = cart(&c);
    line(&c, third, pen, "1");
    REFUSED(&c, "1 of 'pen' are wanted and 0 are free", "order", third, {"state", "ordered"});
    close_company(&c);
}

TEST("a bundle in a bundle reserves what is inside of it, unless it lies there as such") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), kit = product(&c, "kit", "5 EUR"),
            box = product(&c, "box", "9 EUR"), s = stock(&c, pen, NULL);
    MOVE(&c, s, "receipt", "100");
    CREATE(&c, "product_relation", {"product", id_text(&c, kit)}, {"other", id_text(&c, pen)},
           {"kind", "bundle_part"}, {"quantity", "2"});
    CREATE(&c, "product_relation", {"product", id_text(&c, box)}, {"other", id_text(&c, kit)},
           {"kind", "bundle_part"}, {"quantity", "3"});
    kith_id o = cart(&c);
    line(&c, o, box, "4");
    UPDATE(&c, "order", o, {"state", "ordered"});
    HAS(&c, s, "100.000", "24.000", "76.000");
    UPDATE(&c, "order", o, {"state", "cart"});
    HAS(&c, s, "100.000", "0.000", "100.000");
    kith_id kits = stock(&c, kit, NULL);
    MOVE(&c, kits, "receipt", "20");
    UPDATE(&c, "order", o, {"state", "ordered"});
    HAS(&c, s, "100.000", "0.000", "100.000");
    HAS(&c, kits, "20.000", "12.000", "8.000");
    struct act a = ACT(&c, "commerce.ship", {"order", id_text(&c, o)}, {"lines", "box*1"});
    EXPECT_ACT(a);
    HAS(&c, kits, "17.000", "9.000", "8.000");
    close_company(&c);
}

TEST("a bundle that lies nowhere reserves its parts") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id set = product(&c, "set", "20 EUR"), pen = product(&c, "pen", "3 EUR");
    kith_id ink = product(&c, "ink", "4 EUR"), o = cart(&c);
    kith_id pens = stock(&c, pen, NULL), inks = stock(&c, ink, NULL);
    MOVE(&c, pens, "receipt", "10");
    MOVE(&c, inks, "receipt", "10");
    CREATE(&c, "product_relation", {"product", id_text(&c, set)}, {"other", id_text(&c, pen)},
           {"kind", "bundle_part"}, {"quantity", "2"});
    CREATE(&c, "product_relation", {"product", id_text(&c, set)}, {"other", id_text(&c, ink)},
           {"kind", "bundle_part"}, {"quantity", "0.5"});
    line(&c, o, set, "3");
    UPDATE(&c, "order", o, {"state", "ordered"});
    HAS(&c, pens, "10.000", "6.000", "4.000");
    HAS(&c, inks, "10.000", "1.500", "8.500");
    UPDATE(&c, "order", o, {"state", "cancelled"});
    HAS(&c, pens, "10.000", "0.000", "10.000");
    close_company(&c);
}

TEST("an order that was quoted reserves like any other, and an undo gives it back") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen =
        PRODUCT(&c, {"code", "pen"}, {"name", "Pen"}, {"price", "3 EUR"}, {"backorder", "false"});
    kith_id s = stock(&c, pen, NULL), o = cart(&c), other = cart(&c);
    MOVE(&c, s, "receipt", "10");
    line(&c, o, pen, "8");
    line(&c, other, pen, "8");
    UPDATE(&c, "order", o, {"state", "quoted"});
    UPDATE(&c, "order", other, {"state", "quoted"});
    HAS(&c, s, "10.000", "0.000", "10.000");
    kith_id tx = write_tx(&c, "order", o, PAIRS({"state", "ordered"}));
    HAS(&c, s, "10.000", "8.000", "2.000");
    REFUSED(&c, "8 of 'pen' are wanted and 2 are free", "order", other, {"state", "ordered"});
    undo(&c, tx);
    EXPECT_STR("quoted", field(&c, "order", o, "state"));
    HAS(&c, s, "10.000", "0.000", "10.000");
    UPDATE(&c, "order", o, {"state", "cart"});
    HAS(&c, s, "10.000", "0.000", "10.000");
    close_company(&c);
}

TEST("an undo of the placing takes the reservations back, and so do the rules of keeping") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), s = stock(&c, pen, NULL), o = cart(&c);
    MOVE(&c, s, "receipt", "10");
    line(&c, o, pen, "3");
    kith_id tx = write_tx(&c, "order", o, PAIRS({"state", "ordered"}));
    HAS(&c, s, "10.000", "3.000", "7.000");
    undo(&c, tx);
    EXPECT_STR("cart", field(&c, "order", o, "state"));
    HAS(&c, s, "10.000", "0.000", "10.000");
    EXPECT_INT(1, find(&c, "stock_movement").count);
    UPDATE(&c, "order", o, {"state", "ordered"});
    kith_error e = KITH_ERROR_INIT;
    EXPECT_HAS("is ordered, and is kept with its lines; take it back to cart first, or cancel it",
               remove_refused(&c, "order", o));
    EXPECT_OK(remove_as(&c, &by_rules, "order", o, &e), e);
    HAS(&c, s, "10.000", "0.000", "10.000");
    close_company(&c);
}

TEST("a receipt is undone as long as what it brought is there") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), s = stock(&c, pen, NULL);
    kith_id tx = write_tx(&c, "stock_movement", 0,
                          PAIRS({"stock", id_text(&c, s)}, {"kind", "receipt"}, {"quantity", "5"}));
    MOVE(&c, s, "ship", "1");
    struct undo_report report;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_undo(c.engine, &anna, tx, false, &c.arena, &report, &e), e);
    EXPECT_INT(1, report.refused);
    HAS(&c, s, "4.000", "0.000", "4.000");
    MOVE(&c, s, "receipt", "1");
    undo(&c, tx);
    HAS(&c, s, "0.000", "0.000", "0.000");
    close_company(&c);
}

TEST("a stock tells once that it fell to its critical level, and once that it rose again") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), s = stock(&c, pen, "5");
    EXPECT_INT(1, find(&c, "stock where available <= critical").count);
    MOVE(&c, s, "receipt", "10");
    EXPECT_INT(1, heard(&c, "stock.replenished"));
    EXPECT_INT(0, heard(&c, "stock.critical"));
    kith_id o = cart(&c);
    line(&c, o, pen, "4");
    UPDATE(&c, "order", o, {"state", "ordered"});
    EXPECT_INT(0, heard(&c, "stock.critical"));
    kith_id next = cart(&c);
    line(&c, next, pen, "1"); /* stock after the order: 5 <= 5 */
    UPDATE(&c, "order", next, {"state", "ordered"});
    EXPECT_INT(1, heard(&c, "stock.critical"));
    MOVE(&c, s, "ship", "1");
    EXPECT_INT(1, heard(&c, "stock.critical"));
    UPDATE(&c, "stock", s, {"critical", "3"});
    EXPECT_INT(2, heard(&c, "stock.replenished"));
    UPDATE(&c, "stock", s, {"critical", "4"});
    EXPECT_INT(2, heard(&c, "stock.critical"));
    MOVE(&c, s, "receipt", "100");
    EXPECT_INT(3, heard(&c, "stock.replenished"));
    EXPECT_INT(2, heard(&c, "stock.critical"));
    close_company(&c);
}

TEST("whoever waits for a product is told when so much of it is there") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), s = stock(&c, pen, NULL);
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    const char *who = id_text(&c, ada), *what = id_text(&c, pen);
    kith_id one = CREATE(&c, "wanted_item", {"contact", who}, {"product", what});
    kith_id ten =
        CREATE(&c, "wanted_item", {"contact", who}, {"product", what}, {"quantity", "10"});
    MOVE(&c, s, "receipt", "4");
    drain(&c);
    EXPECT_STR("notified", field(&c, "wanted_item", one, "state"));
    EXPECT(*field(&c, "wanted_item", one, "notified_at"));
    EXPECT_STR("waiting", field(&c, "wanted_item", ten, "state"));
    EXPECT_INT(1, heard(&c, "wanted_item.available"));
    MOVE(&c, s, "receipt", "6");
    drain(&c);
    EXPECT_STR("notified", field(&c, "wanted_item", ten, "state"));
    EXPECT_INT(2, heard(&c, "wanted_item.available"));
    close_company(&c);
}

TEST("very many who wait are told in parts") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), s = stock(&c, pen, NULL);
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    for (int i = 0; i < 201; i++)
        CREATE(&c, "wanted_item", {"contact", id_text(&c, ada)}, {"product", id_text(&c, pen)});
    MOVE(&c, s, "receipt", "1");
    drain(&c);
    EXPECT_INT(201, find(&c, "wanted_item where state = 'notified'").count);
    close_company(&c);
}
