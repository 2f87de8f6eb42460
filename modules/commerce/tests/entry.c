/* SPDX-License-Identifier: Apache-2.0 */
/* Orders that are typed in one line, carts that are left, offers, what partners supply. */
#include "shop.h"

#define DAY INT64_C(86400000)

static kith_id stocked(struct company *c, kith_id product, const char *critical,
                       const char *quantity) {
    kith_id s = CREATE(c, "stock", {"product", id_text(c, product)}, {"critical", critical});
    CREATE(c, "stock_movement", {"stock", id_text(c, s)}, {"kind", "receipt"},
           {"quantity", quantity});
    return s;
}
static kith_id id_of(const struct act *a, const char *name) {
    for (uint32_t i = 0; i < a->action->result_count; i++)
        if (strcmp(a->action->results[i]->name, name) == 0)
            return a->results[i].as.link.id;
    return 0;
}

static const char *by_customer(struct company *c, const char *query, kith_id who) {
    const char *at = strstr(query, "%s");
    return arena_printf(&c->arena, "%.*s%s%s", (int)(at - query), query, id_text(c, who), at + 2);
}

TEST("a new customer buys a book: customer, order, line, stock, and the re-order, in one go") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id book = product(&c, "book", "20 EUR"), s = stocked(&c, book, "4", "5");
    struct act a =
        ACT(&c, "commerce.order", {"items", "book"}, {"name", "Ada"}, {"email", "ada@example.org"},
            {"street", "Main Street 1"}, {"city", "Wien"}, {"delivery", "ship"},
            {"payment_method", "card"}, {"channel", "web"}, {"place", "true"});
    EXPECT_ACT(a);
    EXPECT_STR("O-000001", result_text(&c, &a, "number"));
    EXPECT_STR("true", result_text(&c, &a, "created"));
    EXPECT_STR("ordered", result_text(&c, &a, "state"));
    EXPECT_STR("20.00 EUR", result_text(&c, &a, "total"));
    kith_id o = id_of(&a, "order"), ada = id_of(&a, "contact");
    EXPECT_STR("ada@example.org", field(&c, "contact", ada, "email"));
    EXPECT_STR("card", field(&c, "order", o, "payment_method"));
    EXPECT_STR("4.000", field(&c, "stock", s, "available"));
    EXPECT_INT(1, heard(&c, "stock.critical"));
    EXPECT_ACT(ACT(&c, "commerce.pay", {"order", id_text(&c, o)}, {"amount", "20 EUR"},
                   {"method", "card"}));
    EXPECT_STR("paid", field(&c, "order", o, "state"));
    static const char *const rows[] = {
        /* COM-X1: all of it is found by the one customer */
        "order where contact = '%s'",
        "order_line where order.contact = '%s' and product.code = 'book'",
        "stock_movement where order_line.order.contact = '%s' and available = -1",
        "payment where contact = '%s' and method = 'card' and amount = '20 EUR'"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        EXPECT_INT(1, find(&c, by_customer(&c, rows[i], ada)).count);
    close_company(&c);
}

TEST("a new customer who orders for an organisation belongs to it") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    product(&c, "book", "20 EUR");
    kith_id acme = CREATE(&c, "account", {"name", "Acme"});
    struct act a = ACT(&c, "commerce.order", {"items", "book"}, {"name", "Ada"},
                       {"account", id_text(&c, acme)}, {"email", "ada@example.org"});
    EXPECT_ACT(a);
    EXPECT_STR(id_text(&c, acme), field(&c, "order", id_of(&a, "order"), "account"));
    EXPECT_STR(id_text(&c, acme), field(&c, "contact", id_of(&a, "contact"), "account"));
    close_company(&c);
}

TEST("whoever is known by an address orders with it, to the stored address, paid as before") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    product(&c, "pen", "3 EUR");
    product(&c, "ink", "4 EUR");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"email", "ada@example.org"},
                         {"phone", "+43 1 5551234"}, {"street", "Main Street 1"}, {"city", "Wien"});
    struct act a =
        ACT(&c, "commerce.order", {"items", "PEN*2; ink*1.5"}, {"email", "Ada@Example.org"},
            {"payment_method", "wallet"}, {"place", "true"});
    EXPECT_ACT(a);
    EXPECT_STR("false", result_text(&c, &a, "created"));
    EXPECT_STR("12.00 EUR", result_text(&c, &a, "total"));
    kith_id o = id_of(&a, "order");
    EXPECT_INT((int64_t)ada, (int64_t)id_of(&a, "contact"));
    EXPECT_STR("Wien", field(&c, "order", o, "shipping_city"));
    EXPECT_INT(2, find(&c, "order_line where order.number = 'O-000001'").count);
    a = ACT(&c, "commerce.order", {"items", "pen"}, {"phone", "+43 1 5551234"}); /* one click */
    EXPECT_ACT(a);
    o = id_of(&a, "order");
    EXPECT_STR("cart", field(&c, "order", o, "state"));
    EXPECT_STR("wallet", field(&c, "order", o, "payment_method"));
    EXPECT_STR("Main Street 1", field(&c, "order", o, "shipping_street"));
    CREATE(&c, "contact", {"name", "Bob"}, {"email", "ada@example.org"});
    a = ACT(&c, "commerce.order", {"items", "pen"}, {"email", "ada@example.org"});
    EXPECT_HAS("email: several customers have it; say which one by contact", a.message);
    close_company(&c);
}

TEST("whoever belongs to an organisation orders for it, by its prices and within its limit") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    product(&c, "pen", "10 EUR");
    kith_id acme =
        CREATE(&c, "account", {"name", "Acme"}, {"discount", "20"}, {"credit_limit", "100 EUR"});
    kith_id other = CREATE(&c, "account", {"name", "Other"});
    CREATE(&c, "contact", {"name", "Ada"}, {"email", "ada@example.org"},
           {"account", id_text(&c, acme)});
    struct act a = ACT(&c, "commerce.order", {"items", "pen*2"}, {"email", "ada@example.org"});
    EXPECT_ACT(a);
    EXPECT_STR("16.00 EUR", result_text(&c, &a, "total"));
    EXPECT_STR(id_text(&c, acme), field(&c, "order", id_of(&a, "order"), "account"));
    a = ACT(&c, "commerce.order", {"items", "pen*20"}, {"email", "ada@example.org"},
            {"place", "true"});
    EXPECT_HAS("above the limit of 100.00 EUR", a.message);
    a = ACT(&c, "commerce.order", {"items", "pen"}, {"email", "ada@example.org"},
            {"account", id_text(&c, other)});
    EXPECT_STR(id_text(&c, other), field(&c, "order", id_of(&a, "order"), "account"));
    close_company(&c);
}

TEST("nobody becomes a second customer since whoever enters the order may not see the first") {
    struct company c;
    struct someone max;
    OPEN(&c, SHOP(""), "commerce");
    product(&c, "pen", "10 EUR");
    CREATE(&c, "contact", {"name", "Ada"}, {"email", "ada@example.org"},
           {"phone", "+43 1 5551234"});
    come_in(
        &c, &max, "max",
        "{\"types\": {\"contact\": {\"read\": \"own\", \"create\": \"all\"}, \"order\": {\"read\": "
        "\"own\", \"create\": \"all\", \"update\": \"own\"}, \"product\": {\"read\": \"all\"}, "
        "\"price_book\": {\"read\": \"all\"}, \"asset\": {\"read\": \"own\", \"create\": "
        "\"all\"}}, "
        "\"actions\": [\"commerce.*\"]}");
    const struct pair *by[] = {
        PAIRS({"items", "pen"}, {"name", "Ada"}, {"email", "ada@example.org"}),
        PAIRS({"items", "pen"}, {"name", "Ada"}, {"phone", "+43 1 5551234"})};
    struct act a;
    for (size_t i = 0; i < 2; i++) {
        a = act_as(&c, &max.by, "commerce.order", by[i]);
        EXPECT_INT(KITH_E_REFUSED, a.status);
        EXPECT_HAS("somebody whom you may not see has it already", a.message);
    }
    a = act_as(&c, &max.by, "commerce.register",
               PAIRS({"product", id_text(&c, find(&c, "product").ids[0])}, {"serial", "1"},
                     {"name", "Ada"}, {"email", "ada@example.org"}));
    EXPECT_HAS("email: somebody whom you may not see has it already", a.message);
    a = act_as(&c, &max.by, "commerce.order",
               PAIRS({"items", "pen"}, {"name", "Ben"}, {"email", "ben@example.org"}));
    EXPECT_ACT(a);
    EXPECT_INT(2, find(&c, "contact").count);
    leave(&max);
    close_company(&c);
}

TEST("nothing of an order is kept when a part of it is wrong") {
    static const struct {
        const char *items, *words;
    } rows[] = {
        {"pen; nope*2", "there is no product 'nope'"},
        {"pen*", "'pen*' is no item"},
        {"pen*0", "'pen*0' is no item"},
        {"pen*-1", "'pen*-1' is no item"},
        {"pen*1.", "'pen*1.' is no item"},
        {"pen*0.0001", "is no item"},
        {"pen*99999999999999999999", "is no item"},
        {"*3", "'*3' is no item"},
        {" ; ;\n", "there is none"},
        {"few*2", "2 of 'few' are wanted and 1 are free"},
    };
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    product(&c, "pen", "3 EUR");
    kith_id few =
        PRODUCT(&c, {"code", "few"}, {"name", "Few"}, {"price", "1 EUR"}, {"backorder", "false"});
    stocked(&c, few, NULL, "1");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct act a =
            ACT(&c, "commerce.order", {"items", rows[i].items}, {"name", "Ada"}, {"place", "true"});
        EXPECT(a.status != KITH_OK);
        EXPECT_HAS(rows[i].words, a.message);
    }
    struct act a = ACT(&c, "commerce.order", {"items", "pen"});
    EXPECT_HAS("say who orders", a.message);
    a = ACT(&c, "commerce.order", {"items", "pen"}, {"email", "new@example.org"});
    EXPECT_HAS("say the name of the new customer", a.message);
    EXPECT_INT(0, find(&c, "order").count + find(&c, "contact").count);
    close_company(&c);
}

TEST("of 1000 carts 250 are ordered: three in four are abandoned") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ada = CREATE(&c, "contact", {"name", "Ada"});
    for (int i = 0; i < 1000; i++) { /* COM-X6 */
        kith_id o = CREATE(&c, "order", {"contact", id_text(&c, ada)}, {"step", "payment"});
        CREATE(&c, "order_line", {"order", id_text(&c, o)}, {"product", id_text(&c, pen)});
        if (i % 4 == 0)
            UPDATE(&c, "order", o, {"state", "ordered"});
    }
    EXPECT_STR("1000|250|0.750000", totals(&c, "commerce.abandonment"));
    EXPECT_STR("payment|1000|250|0.750000", totals(&c, "commerce.abandonment_by_step"));
    close_company(&c);
}

TEST("a cart that nobody touches is abandoned after a time, and may be taken up again") {
    struct company c;
    OPEN(&c, SHOP("cart = { abandon_after = \"2h\"; };"), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ada = CREATE(&c, "contact", {"name", "Ada"});
    kith_id o = CREATE(&c, "order", {"contact", id_text(&c, ada)});
    kith_id other = CREATE(&c, "order", {"contact", id_text(&c, ada)});
    clock_advance(&c.clock, DAY / 16); /* 90 minutes */
    kith_id l = CREATE(&c, "order_line", {"order", id_text(&c, o)}, {"product", id_text(&c, pen)});
    clock_advance(&c.clock, DAY / 24);
    drain(&c);
    EXPECT_STR("cart", field(&c, "order", o, "state")); /* its line is young */
    EXPECT_STR("abandoned", field(&c, "order", other, "state"));
    clock_advance(&c.clock, DAY / 12);
    drain(&c);
    EXPECT_STR("abandoned", field(&c, "order", o, "state"));
    UPDATE(&c, "order_line", l, {"quantity", "2"});
    UPDATE(&c, "order", o, {"state", "ordered"});
    clock_advance(&c.clock, DAY);
    drain(&c);
    EXPECT_STR("ordered", field(&c, "order", o, "state"));
    close_company(&c);
}

TEST("no cart is abandoned when the setting says never") {
    struct company c;
    OPEN(&c, SHOP("cart = { abandon_after = \"0s\"; };"), "commerce");
    kith_id o = CREATE(&c, "order", {"note", "x"});
    clock_advance(&c.clock, 300 * DAY);
    drain(&c);
    EXPECT_STR("cart", field(&c, "order", o, "state"));
    close_company(&c);
}

TEST("what was offered and not bought is kept, and an order accepts its offer") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), ink = product(&c, "ink", "4 EUR");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    const char *who = id_text(&c, ada), *what = id_text(&c, pen);
    kith_id a = CREATE(&c, "product_offer", {"contact", who}, {"product", what});
    kith_id b = CREATE(&c, "product_offer", {"contact", who}, {"product", id_text(&c, ink)},
                       {"until", "2023-11-20"});
    kith_id no = CREATE(&c, "product_offer", {"contact", who}, {"product", what});
    UPDATE(&c, "product_offer", no, {"state", "refused"}, {"reason", "too dear"});
    kith_id wants = CREATE(&c, "wanted_item", {"contact", who}, {"product", what});
    REFUSED(&c, "say to whom it was offered", "product_offer", 0, {"product", what});
    struct act sold =
        ACT(&c, "commerce.order", {"items", "pen"}, {"contact", who}, {"place", "true"});
    EXPECT_ACT(sold);
    drain(&c);
    EXPECT_STR("accepted", field(&c, "product_offer", a, "state"));
    EXPECT_STR("bought", field(&c, "wanted_item", wants, "state"));
    EXPECT_STR("refused", field(&c, "product_offer", no, "state"));
    EXPECT_STR("offered", field(&c, "product_offer", b, "state"));
    clock_advance(&c.clock, 8 * DAY);
    drain(&c);
    EXPECT_STR("ignored", field(&c, "product_offer", b, "state"));
    EXPECT_INT(2, find(&c, "product_offer where state in ('refused', 'ignored')").count);
    close_company(&c);
}

TEST("what a partner makes is bought from the partner, under the same customer") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id partner = CREATE(&c, "account", {"name", "Partner"});
    kith_id other = CREATE(&c, "account", {"name", "Other"});
    kith_id box = PRODUCT(&c, {"code", "case"}, {"name", "Case"}, {"price", "30 EUR"},
                          {"supplier", id_text(&c, partner)});
    product(&c, "own", "1 EUR");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    struct act a = ACT(&c, "commerce.order", {"items", "case; own"}, {"contact", id_text(&c, ada)},
                       {"place", "true"});
    EXPECT_ACT(a);
    EXPECT_INT(1, find(&c, "order_line where supplied_by.name = 'Partner' and order.contact.name = "
                           "'Ada'")
                      .count);
    EXPECT_INT(1, find(&c, "order_line where supplied_by is null").count);
    kith_id o = CREATE(&c, "order", {"contact", id_text(&c, ada)});
    kith_id l = CREATE(&c, "order_line", {"order", id_text(&c, o)}, {"product", id_text(&c, box)},
                       {"supplied_by", id_text(&c, other)});
    EXPECT_STR(id_text(&c, other), field(&c, "order_line", l, "supplied_by"));
    close_company(&c);
}

TEST("every report of orders and stock answers") {
    static const struct {
        const char *name, *line;
    } rows[] = {
        {"commerce.orders", "cart|EUR|1|9.00 EUR"},
        {"commerce.orders", "ordered|EUR|1|11.00 EUR"},
        {"commerce.revenue", "pen|pen|EUR|1|1.000|3.00 EUR"},
        {"commerce.revenue", "ink|ink|EUR|1|2.000|8.00 EUR"},
        {"commerce.revenue_by_month", "2023|11|EUR|1|3.000|11.00 EUR"},
    };
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    product(&c, "pen", "3 EUR");
    product(&c, "ink", "4 EUR");
    struct act a =
        ACT(&c, "commerce.order", {"items", "pen; ink*2"}, {"name", "Ada"}, {"place", "true"});
    EXPECT_ACT(a);
    a = ACT(&c, "commerce.order", {"items", "pen*3"}, {"name", "Bob"});
    EXPECT_ACT(a);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        EXPECT_HAS(rows[i].line, totals(&c, rows[i].name));
    close_company(&c);
}

TEST("sales in two currencies are told each by itself, the best of each in front") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    product(&c, "pen", "3 EUR");
    product(&c, "ink", "4 EUR");
    product(&c, "cap", "9 USD");
    static const char *const items[] = {"pen", "cap", "ink"};
    for (int i = 0; i < 3; i++)
        EXPECT_ACT(ACT(&c, "commerce.order", {"items", items[i]}, {"name", "Ada"},
                       {"email", "ada@example.org"}, {"place", "true"}));
    EXPECT_STR("ink|ink|EUR|1|1.000|4.00 EUR\npen|pen|EUR|1|1.000|3.00 EUR\n"
               "cap|cap|USD|1|1.000|9.00 USD",
               totals(&c, "commerce.revenue"));
    const char *ada = id_text(&c, find(&c, "contact where name = 'Ada'").ids[0]);
    EXPECT_STR(arena_printf(&c.arena, "%s|Ada|EUR|2.000|7.00 EUR|||\n%s|Ada|USD|1.000|9.00 USD|||",
                            ada, ada),
               totals(&c, "commerce.profit_by_contact"));
    static const char *const reports[] = {
        "revenue_by_month", "profit_by_product", "profit_by_month",       "by_partner",
        "orders",           "open_items",        "open_items_of_contacts"};
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
        (void)totals(&c, arena_printf(&c.arena, "commerce.%s", reports[i]));
    close_company(&c);
}
