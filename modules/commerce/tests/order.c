/* SPDX-License-Identifier: Apache-2.0 */
/* Orders: lines with their prices, totals, currency, placing. */
#include "engine/merge.h"
#include "shop.h"

static kith_id buyer(struct company *c) {
    return CREATE(c, "contact", {"name", "Ada"}, {"discount", "10"});
}
static kith_id cart(struct company *c, kith_id contact) {
    return CREATE(c, "order", {"contact", id_text(c, contact)});
}
#define LINE(c, order, product, ...)                                                               \
    CREATE(c, "order_line", {"order", id_text(c, order)}, {"product", id_text(c, product)},        \
           __VA_ARGS__)
#define LINE_REFUSED(words, c, order, product, ...)                                                \
    REFUSED(c, words, "order_line", 0, {"order", id_text(c, order)},                               \
            {"product", id_text(c, product)}, __VA_ARGS__)

TEST("a line is priced when it is written, and the order adds its lines up") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen =
        PRODUCT(&c, {"code", "pen"}, {"name", "Pen"}, {"price", "3 EUR"}, {"tax_rate", "20"});
    kith_id o = cart(&c, buyer(&c)), l = LINE(&c, o, pen, {"quantity", "5"});
    EXPECT_STR("O-000001", field(&c, "order", o, "number"));
    EXPECT_STR("Pen", field(&c, "order_line", l, "description"));
    EXPECT_STR("3.00 EUR", field(&c, "order_line", l, "unit_price"));
    EXPECT_STR("list", field(&c, "order_line", l, "priced_by"));
    EXPECT_STR("10.00", field(&c, "order_line", l, "discount"));
    EXPECT_STR("13.50 EUR", field(&c, "order_line", l, "net"));
    EXPECT_STR("2.70 EUR", field(&c, "order_line", l, "tax"));
    EXPECT_STR("16.20 EUR", field(&c, "order", o, "total"));
    UPDATE(&c, "order_line", l, {"quantity", "1"});
    EXPECT_STR("3.24 EUR", field(&c, "order", o, "total"));
    UPDATE(&c, "order_line", l, {"discount", "0"});
    EXPECT_STR("3.60 EUR", field(&c, "order", o, "total"));
    close_company(&c);
}

TEST("a price that is given stays, and one that was looked up follows the quantity") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), o = cart(&c, buyer(&c));
    kith_id std =
        CREATE(&c, "price_book", {"name", "S"}, {"currency", "EUR"}, {"standard", "true"});
    CREATE(&c, "price", {"price_book", id_text(&c, std)}, {"product", id_text(&c, pen)},
           {"amount", "2 EUR"}, {"min_quantity", "10"});
    kith_id by_hand = LINE(&c, o, pen, {"unit_price", "2.75 EUR"});
    kith_id looked_up = LINE(&c, o, pen, {"quantity", "9"});
    EXPECT_STR("hand", field(&c, "order_line", by_hand, "priced_by"));
    UPDATE(&c, "order_line", by_hand, {"quantity", "10"});
    UPDATE(&c, "order_line", looked_up, {"quantity", "10"});
    EXPECT_STR("2.75 EUR", field(&c, "order_line", by_hand, "unit_price"));
    EXPECT_STR("2.00 EUR", field(&c, "order_line", looked_up, "unit_price"));
    EXPECT_STR("book", field(&c, "order_line", looked_up, "priced_by"));
    UPDATE(&c, "order_line", by_hand, {"unit_price", NULL});
    EXPECT_STR("2.00 EUR", field(&c, "order_line", by_hand, "unit_price"));
    close_company(&c);
}

TEST("an undo that leaves a later change works the line out again") {
    struct company c;
    kith_id first;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, SHOP(""), "commerce");
    const kith_id pen = product(&c, "pen", "10 EUR");
    const kith_id order = CREATE(&c, "order", {"reference", "R"});
    const kith_id line = CREATE(&c, "order_line", {"order", LINK(&c, order)},
                                {"product", LINK(&c, pen)}, {"quantity", "2"});
    struct put five = {&c, "order_line", line, PAIRS({"quantity", "5"})};
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &five, &first, &e), e);
    UPDATE(&c, "order_line", line, {"discount", "10"});
    EXPECT_STR("45.00 EUR", field(&c, "order_line", line, "net"));
    UPDATE(&c, "product", pen, {"price", "12 EUR"}); /* its price was 10 then */
    undo(&c, first);
    EXPECT_STR("2.000", field(&c, "order_line", line, "quantity"));
    EXPECT_STR("10.00 EUR", field(&c, "order_line", line, "unit_price"));
    EXPECT_STR("10.00", field(&c, "order_line", line, "discount"));
    EXPECT_STR("18.00 EUR", field(&c, "order_line", line, "net"));
    EXPECT_STR("18.00 EUR", field(&c, "order", order, "total"));
    close_company(&c);
}

TEST("an undo that leaves a later change leaves its tax and what was typed, too") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    const kith_id pen = product(&c, "pen", "10 EUR"), cap = product(&c, "cap", "10 EUR");
    const kith_id line =
        CREATE(&c, "order_line", {"order", LINK(&c, CREATE(&c, "order", {"reference", "R"}))},
               {"product", LINK(&c, pen)}, {"quantity", "2"});
    kith_id first = write_tx(&c, "order_line", line, PAIRS({"product", LINK(&c, cap)}));
    UPDATE(&c, "order_line", line, {"tax_rate", "20"});
    UPDATE(&c, "order_line", line, {"quantity", "3"});
    undo_stays(&c, first);
    EXPECT_STR("20.00", field(&c, "order_line", line, "tax_rate"));
    EXPECT_STR("6.00 EUR", field(&c, "order_line", line, "tax"));
    first = write_tx(&c, "order_line", line, PAIRS({"unit_price", "4 EUR"}));
    UPDATE(&c, "order_line", line, {"product", LINK(&c, cap)}); /* at its own price */
    EXPECT_STR("list", field(&c, "order_line", line, "priced_by"));
    const kith_id last = write_tx(&c, "order_line", line, PAIRS({"unit_price", "5 EUR"}));
    undo_stays(&c, first);
    undo_stays(&c, last);
    EXPECT_STR("10.00 EUR", field(&c, "order_line", line, "unit_price"));
    EXPECT_STR("30.00 EUR", field(&c, "order_line", line, "net"));
    close_company(&c);
}

TEST("all lines are in the currency of the first, and the total too") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 USD"), ink = product(&c, "ink", "4 EUR");
    kith_id o = cart(&c, buyer(&c));
    LINE(&c, o, pen, {"quantity", "2"});
    EXPECT_STR("USD", field(&c, "order", o, "currency"));
    EXPECT_STR("5.40 USD", field(&c, "order", o, "total"));
    LINE_REFUSED("'ink' has no price in USD", &c, o, ink, {"quantity", "1"});
    LINE_REFUSED("it is in EUR, and the order is in USD", &c, o, ink, {"unit_price", "1 EUR"});
    close_company(&c);
}

TEST("neither the currency of the lines nor who bought changes under them") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ada = buyer(&c), o = cart(&c, ada);
    kith_id l = CREATE(&c, "order_line", {"order", LINK(&c, o)}, {"product", LINK(&c, pen)});
    REFUSED(&c, "currency: its lines are in EUR, and so is the order", "order", o,
            {"currency", "USD"});
    REFUSED(&c, "currency: its lines are in EUR", "order", o, {"currency", ""});
    kith_id bob = buyer(&c);
    UPDATE(&c, "order", o, {"contact", LINK(&c, bob)});
    UPDATE(&c, "order", o, {"state", "quoted"});
    REFUSED(&c, "who buys stays as it is once the order is quoted", "order", o,
            {"contact", LINK(&c, ada)});
    UPDATE(&c, "order", o, {"state", "ordered"});
    REFUSED(&c, "who buys stays as it is once the order is ordered", "order", o,
            {"contact", LINK(&c, ada)});
    UPDATE(&c, "order", o, {"state", "cart"});
    remove_record(&c, "order_line", l);
    UPDATE(&c, "order", o, {"currency", "USD"}, {"contact", LINK(&c, ada)});
    close_company(&c);
}

static kith_error write_from(struct company *c, uint32_t origin, const char *type, kith_id id,
                             const struct pair *pairs) {
    const struct write_opts by = {.principal = &anna, .origin = origin};
    struct put p = {c, type, id, pairs};
    kith_error e = KITH_ERROR_INIT;
    (void)engine_write(c->engine, &by, put_txn, &p, NULL, &e);
    return e;
}
static kith_error import(struct company *c, const char *type, kith_id id,
                         const struct pair *pairs) {
    return write_from(c, ORIGIN_IMPORT, type, id, pairs);
}

static kith_id imported(struct company *c, const char *type, const struct pair *pairs) {
    const struct write_opts by = {.principal = &anna, .origin = ORIGIN_IMPORT};
    struct put p = {c, type, 0, pairs};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c->engine, &by, put_txn, &p, NULL, &e), e);
    return p.id;
}

TEST("no action gives what was ordered and paid to another customer; a merge takes all of it "
     "along") {
    struct company c;
    struct merge_report report;
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ada = buyer(&c), bob = buyer(&c), o = cart(&c, ada);
    CREATE(&c, "order_line", {"order", LINK(&c, o)}, {"product", LINK(&c, pen)});
    UPDATE(&c, "order", o, {"state", "ordered"});
    kith_id paid =
        CREATE(&c, "payment", {"order", LINK(&c, o)}, {"amount", "3.57 EUR"}, {"method", "cash"});
    UPDATE(&c, "payment", paid, {"state", "received"});
    const struct pair to_bob[] = {{"contact", LINK(&c, bob)}, {NULL, NULL}};
    e = write_from(&c, ORIGIN_ACTION, "order", o, to_bob);
    EXPECT_HAS("who buys stays as it is", e.message);
    e = write_from(&c, ORIGIN_ACTION, "payment", paid, to_bob);
    EXPECT_HAS("stays as it is; refund it", e.message);
    e = (kith_error)KITH_ERROR_INIT;
    const struct merge m = {
        .type = type_of(&c, "contact"), .keep = bob, .others = &ada, .count = 1};
    EXPECT_OK(engine_merge(c.engine, &anna, &m, &c.arena, &report, &tx, &e), e);
    EXPECT_STR(LINK(&c, bob), field(&c, "order", o, "contact"));
    EXPECT_STR(LINK(&c, bob), field(&c, "payment", paid, "contact"));
    close_company(&c);
}

TEST("an import writes lines of what was ordered elsewhere, and changes none that were placed "
     "here") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ada = buyer(&c), o = cart(&c, ada);
    kith_id l = CREATE(&c, "order_line", {"order", LINK(&c, o)}, {"product", LINK(&c, pen)});
    UPDATE(&c, "order", o, {"state", "ordered"});
    EXPECT_HAS("O-000001 is ordered, and its lines stay",
               import(&c, "order_line", l, PAIRS({"unit_price", "1 EUR"})).message);
    EXPECT_HAS("(channel=import)", import(&c, "order_line", 0,
                                          PAIRS({"order", LINK(&c, o)}, {"product", LINK(&c, pen)}))
                                       .message);
    EXPECT_STR("2.70 EUR", field(&c, "order", o, "total"));
    UPDATE(&c, "order", o, {"channel", "import"}); /* so it is called, and did not come so */
    EXPECT_HAS("O-000001 is ordered, and its lines stay",
               import(&c, "order_line", l, PAIRS({"unit_price", "1 EUR"})).message);
    kith_id old =
        imported(&c, "order",
                 PAIRS({"contact", LINK(&c, ada)}, {"state", "ordered"}, {"channel", "import"}));
    kith_id m = imported(
        &c, "order_line",
        PAIRS({"order", LINK(&c, old)}, {"product", LINK(&c, pen)}, {"unit_price", "1 EUR"}));
    EXPECT_STR("hand", field(&c, "order_line", m, "priced_by"));
    EXPECT_STR("", import(&c, "order_line", m, PAIRS({"quantity", "2"})).message);
    EXPECT_STR("2.00 EUR", field(&c, "order", old, "total"));
    CREATE(&c, "invoice", {"order", LINK(&c, old)});
    EXPECT_HAS("not invoiced", import(&c, "order_line", m, PAIRS({"quantity", "1"})).message);
    close_company(&c);
}

TEST("an import writes no lines of what is offered, nor of what was placed here in the end") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ada = buyer(&c);
    kith_id o = imported(&c, "order", PAIRS({"contact", LINK(&c, ada)}, {"channel", "import"}));
    kith_id l =
        imported(&c, "order_line", PAIRS({"order", LINK(&c, o)}, {"product", LINK(&c, pen)}));
    UPDATE(&c, "order", o, {"state", "quoted"});
    EXPECT_HAS("O-000001 is quoted, and its lines stay",
               import(&c, "order_line", l, PAIRS({"unit_price", "1 EUR"})).message);
    kith_id old =
        imported(&c, "order",
                 PAIRS({"contact", LINK(&c, ada)}, {"state", "ordered"}, {"channel", "import"}));
    l = imported(&c, "order_line", PAIRS({"order", LINK(&c, old)}, {"product", LINK(&c, pen)}));
    EXPECT_STR("true", field(&c, "order", old, "placed_elsewhere"));
    UPDATE(&c, "order", old, {"state", "cart"});
    UPDATE(&c, "order", old, {"state", "ordered"});
    EXPECT_HAS("O-000002 is ordered, and its lines stay",
               import(&c, "order_line", l, PAIRS({"unit_price", "1 EUR"})).message);
    close_company(&c);
}

/* Ada has 10 % less, Bob pays by the list, and the partner by a book of its own. */
struct trade {
    struct company c;
    kith_id pen, ada, bob, partner, order;
};
static void trade(struct trade *t, const char *config) {
    struct company *c = &t->c;
    OPEN(c, config, "commerce");
    t->pen = product(c, "pen", "10 EUR");
    t->ada = buyer(c);
    t->bob = CREATE(c, "contact", {"name", "Bob"});
    kith_id book = CREATE(c, "price_book", {"name", "Partners"}, {"currency", "EUR"});
    CREATE(c, "price", {"price_book", LINK(c, book)}, {"product", LINK(c, t->pen)},
           {"amount", "6 EUR"});
    t->partner = CREATE(c, "account", {"name", "Partner"}, {"price_book", LINK(c, book)});
    t->order = CREATE(c, "order", {"account", LINK(c, t->partner)});
}
#define GIVE_TO_BOB(t)                                                                             \
    UPDATE(&(t)->c, "order", (t)->order, {"account", ""}, {"contact", LINK(&(t)->c, (t)->bob)})

TEST("a cart that is given to another customer is priced by the terms of that one") {
    struct trade t;
    trade(&t, SHOP(""));
    kith_id l = LINE(&t.c, t.order, t.pen, {"quantity", "2"});
    EXPECT_STR("12.00 EUR", field(&t.c, "order", t.order, "total"));
    GIVE_TO_BOB(&t);
    EXPECT_STR("20.00 EUR", field(&t.c, "order", t.order, "total"));
    EXPECT_STR("list", field(&t.c, "order_line", l, "priced_by"));
    UPDATE(&t.c, "order", t.order, {"contact", LINK(&t.c, t.ada)});
    EXPECT_STR("18.00 EUR", field(&t.c, "order", t.order, "total"));
    UPDATE(&t.c, "order", t.order, {"account", LINK(&t.c, t.partner)}, {"contact", ""});
    EXPECT_STR("12.00 EUR", field(&t.c, "order", t.order, "total"));
    EXPECT_STR("book", field(&t.c, "order_line", l, "priced_by"));
    kith_id tx = write_tx(&t.c, "order", t.order, PAIRS({"account", ""}));
    EXPECT_STR("20.00 EUR", field(&t.c, "order", t.order, "total")); /* nobody has no terms */
    undo(&t.c, tx);
    EXPECT_STR("12.00 EUR", field(&t.c, "order", t.order, "total"));
    close_company(&t.c);
}

TEST("a customer may be deleted whose cart cannot be priced for nobody") {
    struct trade t;
    trade(&t, SHOP(""));
    kith_id o = cart(&t.c, t.ada), l = LINE(&t.c, o, t.pen, {"quantity", "1"});
    UPDATE(&t.c, "product", t.pen, {"state", "retired"});
    remove_record(&t.c, "contact", t.ada);
    EXPECT_STR("10.00", field(&t.c, "order_line", l, "discount"));
    kith_id odd = CREATE(&t.c, "product", {"code", "odd"}, {"name", "Odd"});
    CREATE(&t.c, "price", {"price_book", field(&t.c, "account", t.partner, "price_book")},
           {"product", LINK(&t.c, odd)}, {"amount", "5 EUR"});
    l = LINE(&t.c, t.order, odd, {"quantity", "1"});
    remove_record(&t.c, "account", t.partner);
    EXPECT_STR("5.00 EUR", field(&t.c, "order_line", l, "unit_price"));
    REFUSED(&t.c, "'odd' has no price in EUR", "order", t.order, {"contact", LINK(&t.c, t.bob)});
    close_company(&t.c);
}

TEST("what somebody typed stays when a cart is given away, and is measured by the new terms") {
    struct trade t;
    trade(&t, SHOP(""));
    kith_id by_hand = LINE(&t.c, t.order, t.pen, {"unit_price", "5 EUR"});
    kith_id as_book = LINE(&t.c, t.order, t.pen, {"unit_price", "6 EUR"});
    kith_id less = LINE(&t.c, t.order, t.pen, {"discount", "4"});
    kith_id odd = CREATE(&t.c, "product", {"code", "odd"}, {"name", "Odd"}); /* in books alone */
    kith_id std =
        CREATE(&t.c, "price_book", {"name", "S"}, {"currency", "EUR"}, {"standard", "true"});
    CREATE(&t.c, "price", {"price_book", LINK(&t.c, std)}, {"product", LINK(&t.c, odd)},
           {"amount", "10 EUR"});
    CREATE(&t.c, "price", {"price_book", field(&t.c, "account", t.partner, "price_book")},
           {"product", LINK(&t.c, odd)}, {"amount", "5 EUR"});
    kith_id odd_line = LINE(&t.c, t.order, odd, {"unit_price", "4 EUR"});
    EXPECT_STR("20.00", field(&t.c, "order_line", odd_line, "off_list"));
    GIVE_TO_BOB(&t);
    EXPECT_STR("5.00 EUR", field(&t.c, "order_line", by_hand, "unit_price"));
    EXPECT_STR("10.00 EUR", field(&t.c, "order_line", as_book, "unit_price"));
    EXPECT_STR("10.00 EUR", field(&t.c, "order_line", less, "unit_price"));
    EXPECT_STR("4.00", field(&t.c, "order_line", less, "discount"));
    EXPECT_STR("60.00", field(&t.c, "order_line", odd_line, "off_list"));
    UPDATE(&t.c, "order", t.order, {"contact", LINK(&t.c, t.ada)});
    EXPECT_STR("10.00", field(&t.c, "order_line", as_book, "discount"));
    EXPECT_STR("4.00", field(&t.c, "order_line", less, "discount"));
    close_company(&t.c);
}

TEST("an order is not placed or offered with the prices of another customer") {
    struct trade t;
    trade(&t, SHOP(""));
    kith_id l = LINE(&t.c, t.order, t.pen, {"quantity", "1"});
    const char *bob = LINK(&t.c, t.bob);
    REFUSED(&t.c,
            "account: by the terms of this customer the line 'pen' costs something else; set "
            "who buys while the order is a cart",
            "order", t.order, {"account", ""}, {"contact", bob}, {"state", "ordered"});
    UPDATE(&t.c, "order", t.order, {"account", ""});
    EXPECT_STR("10.00 EUR", field(&t.c, "order_line", l, "unit_price"));
    UPDATE(&t.c, "order", t.order, {"state", "quoted"});
    REFUSED(&t.c, "contact: by the terms of this customer", "order", t.order,
            {"contact", LINK(&t.c, t.ada)});
    UPDATE(&t.c, "order", t.order, {"state", "cart"}, {"contact", LINK(&t.c, t.ada)});
    EXPECT_STR("10.00", field(&t.c, "order_line", l, "discount"));
    kith_id same = CREATE(&t.c, "order", {"note", "nobody's yet"});
    LINE(&t.c, same, t.pen, {"quantity", "1"});
    UPDATE(&t.c, "order", same, {"contact", bob}, {"state", "ordered"}); /* it costs the same */
    kith_id usd = product(&t.c, "ink", "4 USD"), other = CREATE(&t.c, "order", {"note", "x"});
    LINE(&t.c, other, usd, {"unit_price", "1 EUR"});
    UPDATE(&t.c, "order", other, {"contact", bob}); /* no list, no book: typed it stays */
    close_company(&t.c);
}

TEST("the limit of discounts holds for prices that are typed or chosen, by the list price") {
    struct trade t;
    trade(&t, SHOP("discount_limit = 15;"));
    GIVE_TO_BOB(&t);
    LINE_REFUSED("unit_price: with the discount it is 15.1 % below the list price, more than "
                 "commerce.discount_limit allows (15 %)",
                 &t.c, t.order, t.pen, {"unit_price", "8.49 EUR"});
    LINE_REFUSED("it is 19 % below the list price", &t.c, t.order, t.pen, {"unit_price", "9 EUR"},
                 {"discount", "10"});
    kith_id l = LINE(&t.c, t.order, t.pen, {"unit_price", "20 EUR"}, {"discount", "50"});
    EXPECT_STR("0.00", field(&t.c, "order_line", l, "off_list"));
    kith_id chosen = CREATE(&t.c, "order", {"contact", LINK(&t.c, t.bob)},
                            {"price_book", field(&t.c, "account", t.partner, "price_book")});
    LINE_REFUSED("it is 40 % below the list price", &t.c, chosen, t.pen, {"quantity", "1"});
    kith_id agreed = CREATE(&t.c, "order", {"account", LINK(&t.c, t.partner)});
    l = LINE(&t.c, agreed, t.pen, {"quantity", "1"});
    EXPECT_STR("0.00", field(&t.c, "order_line", l, "off_list"));
    LINE_REFUSED("unit_price: 'pen' has no price in USD that it could be measured by", &t.c,
                 CREATE(&t.c, "order", {"contact", LINK(&t.c, t.bob)}), t.pen,
                 {"unit_price", "1 USD"});
    close_company(&t.c);
}

TEST("a book that somebody chose is measured by what the customer has without it") {
    struct trade t;
    trade(&t, SHOP("discount_limit = 15;"));
    const char *partners = field(&t.c, "account", t.partner, "price_book");
    kith_id own =
        CREATE(&t.c, "order", {"account", LINK(&t.c, t.partner)}, {"price_book", partners});
    kith_id l = LINE(&t.c, own, t.pen, {"quantity", "1"}); /* theirs anyhow */
    EXPECT_STR("book", field(&t.c, "order_line", l, "priced_by"));
    EXPECT_STR("0.00", field(&t.c, "order_line", l, "off_list"));
    kith_id odd =
        CREATE(&t.c, "product", {"code", "odd"}, {"name", "Odd"}); /* without a list price */
    kith_id std =
        CREATE(&t.c, "price_book", {"name", "S"}, {"currency", "EUR"}, {"standard", "true"});
    CREATE(&t.c, "price", {"price_book", LINK(&t.c, std)}, {"product", LINK(&t.c, odd)},
           {"amount", "50 EUR"});
    CREATE(&t.c, "price", {"price_book", partners}, {"product", LINK(&t.c, odd)},
           {"amount", "5 EUR"});
    kith_id chosen =
        CREATE(&t.c, "order", {"contact", LINK(&t.c, t.bob)}, {"price_book", partners});
    LINE_REFUSED("it is 90 % below the list price", &t.c, chosen, odd, {"quantity", "1"});
    close_company(&t.c);
}

TEST("nothing, less than nothing, too much discount and retired products are not ordered") {
    struct company c;
    OPEN(&c, SHOP("discount_limit = 15;"), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), o = cart(&c, buyer(&c));
    LINE_REFUSED("quantity", &c, o, pen, {"quantity", "0"});
    LINE_REFUSED("quantity", &c, o, pen, {"quantity", "-3"});
    LINE_REFUSED("quantity: it is empty; write how much is bought", &c, o, pen, {"quantity", ""});
    LINE_REFUSED("unit_price", &c, o, pen, {"unit_price", "-3 EUR"});
    LINE_REFUSED("15.01 % is more than commerce.discount_limit allows (15 %)", &c, o, pen,
                 {"discount", "15.01"});
    LINE(&c, o, pen, {"discount", "15"});
    UPDATE(&c, "product", pen, {"state", "retired"});
    LINE_REFUSED("'pen' is retired and sold no more", &c, o, pen, {"quantity", "1"});
    close_company(&c);
}

TEST("what is ordered is kept whatever becomes of it, and the refusal names what can be done") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), o = cart(&c, buyer(&c)), never = cart(&c, buyer(&c));
    kith_id l = LINE(&c, o, pen, {"quantity", "2"}),
            unwanted = LINE(&c, never, pen, {"quantity", "1"});
    UPDATE(&c, "order", o, {"state", "ordered"});
    EXPECT_HAS("once it is ordered; take it back to cart first, or make another order",
               remove_refused(&c, "order_line", l));
    UPDATE(&c, "order", o, {"state", "cancelled"});
    EXPECT_HAS("order: its lines stay as they are once it is cancelled; make another order",
               remove_refused(&c, "order_line", l));
    EXPECT_HAS("O-000001 is cancelled, and is kept with its lines; only a rule of retention",
               remove_refused(&c, "order", o));
    REFUSED(&c, "its lines are in EUR, and so is the order; make another order", "order", o,
            {"currency", "USD"});
    REFUSED(&c, "once the order is cancelled; make another order", "order", o,
            {"contact", LINK(&c, buyer(&c))});
    kith_id firm = CREATE(&c, "account", {"name", "Firm"}), its = cart(&c, buyer(&c));
    UPDATE(&c, "order", its, {"account", LINK(&c, firm)}, {"contact", ""});
    LINE(&c, its, pen, {"quantity", "1"});
    UPDATE(&c, "order", its, {"state", "ordered"});
    UPDATE(&c, "order", its, {"state", "cancelled"});
    EXPECT_HAS("account: O-000003, which is cancelled, is kept with who bought; merge the account "
               "with another one, or leave it",
               remove_refused(&c, "account", firm));
    UPDATE(&c, "order", never, {"state", "cancelled"}); /* it was a cart, and never ordered */
    remove_record(&c, "order_line", unwanted);
    LINE_REFUSED("once it is cancelled; make another order", &c, never, pen, {"quantity", "1"});
    remove_record(&c, "order", never);
    close_company(&c);
}

TEST("an order is placed when it has lines and a buyer, and then its lines stay") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), nobody = CREATE(&c, "order", {"note", "x"});
    kith_id ada = buyer(&c), o = cart(&c, ada);
    REFUSED(&c, "the order is empty; add a line", "order", o, {"state", "ordered"});
    kith_id l = LINE(&c, o, pen, {"quantity", "2"});
    LINE(&c, nobody, pen, {"quantity", "2"});
    REFUSED(&c, "say who orders", "order", nobody, {"state", "ordered"});
    UPDATE(&c, "order", o, {"state", "ordered"});
    EXPECT(*field(&c, "order", o, "placed_at"));
    LINE_REFUSED("stay as they are once it is ordered; take it back to cart", &c, o, pen,
                 {"quantity", "1"});
    REFUSED(&c, "stay as they are", "order_line", l, {"quantity", "1"});
    UPDATE(&c, "order", o, {"state", "cart"});
    UPDATE(&c, "order_line", l, {"quantity", "1"});
    UPDATE(&c, "order", o, {"state", "ordered"});
    REFUSED(&c, "delivered", "order", o, {"state", "delivered"});
    close_company(&c);
}
