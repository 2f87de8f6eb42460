/* SPDX-License-Identifier: Apache-2.0 */
/* What is said when a field that a record needs is left out: of all types of commerce and sales. */
#include "shop.h"

static const struct {
    const char *type, *field, *value, *words;
} rows[] = {
    {"price", "amount", "10 EUR", "price needs a price_book"},
    {"price_book", "name", "Retail", "price_book needs a currency"},
    {"order_line", "quantity", "1", "order_line needs an order"},
    {"shipment_line", "quantity", "1", "shipment_line needs a shipment"},
    {"product_option", "code", "red", "product_option needs an option_group"},
    {"product_relation", "kind", "complement", "product_relation needs a product"},
    {"stock_movement", "quantity", "1", "stock_movement needs a stock"},
    {"asset", "serial", "X1", "asset needs a product"},
    {"quote", "version", "1", "quote needs an order"},
    {"exposure", "channel", "email", "exposure needs a lead"},
};

TEST("who leaves out what a record needs is told which field it is") {
    struct company company, *c = &company;
    OPEN(c, SHOP("") "sales: { grant = [\"*\"]; };\n", "commerce", "sales");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        REFUSED(c, rows[i].words, rows[i].type, 0, {rows[i].field, rows[i].value});
    kith_id boat = product(c, "boat", "9 EUR");
    kith_id mine = CREATE(c, "asset", {"product", id_text(c, boat)}, {"serial", "X1"},
                          {"contact", id_text(c, CREATE(c, "contact", {"name", "Ada"}))});
    REFUSED(c, "asset needs a product", "asset", mine, {"product", NULL});
    REFUSED(c, "product_relation needs an other", "product_relation", 0,
            {"product", id_text(c, boat)}, {"kind", "complement"});
    close_company(c);
}

TEST("no type says of what was left out that it is not there") {
    struct company company, *c = &company;
    OPEN(c, SHOP("") "sales: { grant = [\"*\"]; };\n", "commerce", "sales");
    const struct schema *s = engine_schema(c->engine);
    size_t looked = 0;
    for (uint32_t i = 0; i < s->type_count; i++) {
        struct put p = {c, s->types[i]->name, 0, PAIRS({NULL, NULL})};
        kith_error e = KITH_ERROR_INIT;
        if (engine_write(c->engine, &by_anna, put_txn, &p, NULL, &e) == KITH_OK)
            continue;
        looked++;
        if (strstr(e.message, "0000000000000") || !strstr(e.message, e.field))
            TEST_FAIL("%s: %s (%s)", p.type, e.message, e.field);
    }
    EXPECT(looked > 40);
    close_company(c);
}
