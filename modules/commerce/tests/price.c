/* SPDX-License-Identifier: Apache-2.0 */
/* What something costs: books, breaks, days, terms, territories, roundings. */
#include "shop.h"

static kith_id book(struct company *c, const char *name, const char *currency) {
    return CREATE(c, "price_book", {"name", name}, {"currency", currency}, {"standard", "true"});
}

#define PRICE(c, book, product, ...)                                                               \
    CREATE(c, "price", {"price_book", id_text(c, book)}, {"product", id_text(c, product)},         \
           __VA_ARGS__)
/* The action, with what it must answer. */
#define SAYS(expected, result, c, product, ...)                                                    \
    do {                                                                                           \
        struct act a = ACT(c, "commerce.price", {"product", id_text(c, product)}, __VA_ARGS__);    \
        EXPECT_ACT(a);                                                                             \
        EXPECT_STR(expected, result_text(c, &a, result));                                          \
    } while (0)
#define COSTS(expected, c, product, ...) SAYS(expected, "unit_price", c, product, __VA_ARGS__)

TEST("a product costs its list price, until a book that holds has a row for it") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "2.50 EUR"), ink = product(&c, "ink", NULL);
    COSTS("2.50 EUR", &c, pen, {"quantity", "1"});
    kith_id std = book(&c, "Standard", "EUR");
    PRICE(&c, std, pen, {"amount", "2.00 EUR"}, {"min_quantity", "10"});
    PRICE(&c, std, pen, {"amount", "1.80 EUR"}, {"min_quantity", "100"});
    COSTS("2.50 EUR", &c, pen, {"quantity", "9.999"});
    COSTS("2.00 EUR", &c, pen, {"quantity", "10"});
    COSTS("1.80 EUR", &c, pen, {"quantity", "100"});
    SAYS("Standard: 1.80 EUR from 100", "why", &c, pen, {"quantity", "5000"});
    struct act none = ACT(&c, "commerce.price", {"product", id_text(&c, ink)});
    EXPECT_INT(KITH_E_REFUSED, none.status);
    EXPECT_HAS("'ink' has no price; give it a list price, or a row in a price book", none.message);
    PRICE(&c, std, ink, {"amount", "7 EUR"});
    COSTS("7.00 EUR", &c, ink, {"quantity", "1"});
    SAYS("", "list_price", &c, ink, {"quantity", "1"});
    none = ACT(&c, "commerce.price", {"product", id_text(&c, ink)}, {"currency", "USD"});
    EXPECT_HAS("'ink' has no price in USD", none.message);
    close_company(&c);
}

TEST("a row may take percent off the list price, and a variant has the prices of its product") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id shirt = product(&c, "shirt", "19.99 EUR");
    kith_id red = PRODUCT(&c, {"code", "red"}, {"name", "Red"}, {"variant_of", id_text(&c, shirt)});
    kith_id std = book(&c, "Standard", "EUR");
    COSTS("19.99 EUR", &c, red, {"quantity", "1"});
    PRICE(&c, std, shirt, {"discount", "12.5"});
    COSTS("17.49 EUR", &c, red, {"quantity", "1"}); /* 17.49125 */
    PRICE(&c, std, red, {"amount", "18 EUR"});
    COSTS("18.00 EUR", &c, red, {"quantity", "1"});
    COSTS("17.49 EUR", &c, shirt, {"quantity", "1"});
    REFUSED(&c, "'red' is itself a variant", "product", 0, {"code", "dark"}, {"name", "Dark"},
            {"variant_of", id_text(&c, red)});
    REFUSED(&c, "is itself this product", "product", shirt, {"variant_of", id_text(&c, shirt)});
    close_company(&c);
}

TEST("a price holds on its days, and two for one day are refused with the days of the other") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), std = book(&c, "Standard", "EUR");
    const char *in = id_text(&c, std), *of = id_text(&c, pen);
    PRICE(&c, std, pen, {"amount", "2 EUR"}, {"valid_from", "2023-01-01"},
          {"valid_until", "2023-11-14"}); /* today, included */
    PRICE(&c, std, pen, {"amount", "1 EUR"}, {"valid_from", "2023-11-15"});
    COSTS("2.00 EUR", &c, pen, {"quantity", "1"});
    COSTS("1.00 EUR", &c, pen, {"day", "2023-11-15"});
    COSTS("3.00 EUR", &c, pen, {"day", "2022-12-31"});
    REFUSED(&c, "a price of this product and quantity from 2023-11-15 until ever", "price", 0,
            {"price_book", in}, {"product", of}, {"amount", "1 EUR"}, {"valid_from", "2024-01-01"});
    REFUSED(&c, "from 2023-01-01 until 2023-11-14", "price", 0, {"price_book", in}, {"product", of},
            {"amount", "1 EUR"}, {"valid_until", "2023-01-01"});
    REFUSED(&c, "it lies before valid_from", "price", 0, {"price_book", in}, {"product", of},
            {"amount", "1 EUR"}, {"valid_from", "2022-02-02"}, {"valid_until", "2022-02-01"});
    PRICE(&c, std, pen, {"amount", "5 EUR"}, {"valid_until", "2022-12-31"});
    COSTS("5.00 EUR", &c, pen, {"day", "2022-12-31"});
    close_company(&c);
}

TEST("prices are in the currency of their book, and amount or discount, not both") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "3 EUR"), usd = book(&c, "America", "USD");
    const char *in = id_text(&c, usd), *of = id_text(&c, pen);
    REFUSED(&c, "it is in EUR, and the prices of 'America' are in USD", "price", 0,
            {"price_book", in}, {"product", of}, {"amount", "1 EUR"});
    REFUSED(&c, "an amount, or a discount on the list price, and not both", "price", 0,
            {"price_book", in}, {"product", of}, {"amount", "1 USD"}, {"discount", "3"});
    REFUSED(&c, "an amount, or a discount", "price", 0, {"price_book", in}, {"product", of});
    REFUSED(&c, "'XYZ' is none of ISO 4217", "price_book", 0, {"name", "X"}, {"currency", "XYZ"});
    PRICE(&c, usd, pen, {"amount", "4 USD"});
    REFUSED(&c, "has 1 price in the old one", "price_book", usd, {"currency", "EUR"});
    COSTS("4.00 USD", &c, pen, {"currency", "USD"});
    COSTS("3.00 EUR", &c, pen, {"currency", "EUR"});
    close_company(&c);
}

TEST("what was agreed with somebody comes first, then the territory, then what holds for all") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "10 EUR");
    kith_id all = book(&c, "All", "EUR");
    PRICE(&c, all, pen, {"amount", "9 EUR"});
    kith_id world = CREATE(&c, "territory", {"name", "World"});
    kith_id india = CREATE(&c, "territory", {"name", "India"}, {"parent", id_text(&c, world)});
    kith_id local = CREATE(&c, "price_book", {"name", "Local"}, {"currency", "EUR"},
                           {"territory", id_text(&c, world)});
    PRICE(&c, local, pen, {"amount", "8 EUR"});
    kith_id own = CREATE(&c, "price_book", {"name", "Own"}, {"currency", "EUR"}, {"final", "true"});
    PRICE(&c, own, pen, {"amount", "7 EUR"});
    kith_id iit = CREATE(&c, "account", {"name", "IIT"}, {"territory", id_text(&c, india)},
                         {"discount", "10"});
    kith_id unit = CREATE(&c, "account", {"name", "VGSoM"}, {"parent", id_text(&c, iit)});
    kith_id dean = CREATE(&c, "contact", {"name", "Dean"}, {"account", id_text(&c, unit)});
    COSTS("9.00 EUR", &c, pen, {"quantity", "1"});
    COSTS("8.00 EUR", &c, pen, {"account", id_text(&c, unit)});
    SAYS("Local: 8.00 EUR; terms of the customer: less 10 %", "why", &c, pen,
         {"contact", id_text(&c, dean)});
    SAYS("7.20 EUR", "net", &c, pen, {"contact", id_text(&c, dean)});
    UPDATE(&c, "account", unit, {"price_book", id_text(&c, own)});
    SAYS("7.00 EUR", "net", &c, pen, {"contact", id_text(&c, dean)}); /* final: no 10 % */
    COSTS("8.00 EUR", &c, pen, {"account", id_text(&c, iit)});
    /* Terms of a person are those of nobody else who pays for what they order. */
    kith_id acme = CREATE(&c, "account", {"name", "Acme"});
    kith_id rector = CREATE(&c, "contact", {"name", "Rector"}, {"account", id_text(&c, iit)},
                            {"price_book", id_text(&c, own)});
    COSTS("7.00 EUR", &c, pen, {"contact", id_text(&c, rector)});
    COSTS("7.00 EUR", &c, pen, {"contact", id_text(&c, rector)}, {"account", id_text(&c, iit)});
    COSTS("7.00 EUR", &c, pen, {"contact", id_text(&c, rector)}, {"account", id_text(&c, unit)});
    COSTS("9.00 EUR", &c, pen, {"contact", id_text(&c, rector)}, {"account", id_text(&c, acme)});
    UPDATE(&c, "contact", rector, {"price_book", ""}, {"discount", "50"});
    SAYS("9.00 EUR", "net", &c, pen, {"contact", id_text(&c, rector)},
         {"account", id_text(&c, acme)});
    kith_id promo = CREATE(&c, "price_book", {"name", "Promotion"}, {"currency", "EUR"},
                           {"standard", "true"}, {"priority", "5"}, {"valid_until", "2023-11-30"});
    PRICE(&c, promo, pen, {"amount", "6 EUR"});
    COSTS("6.00 EUR", &c, pen, {"quantity", "1"});
    COSTS("9.00 EUR", &c, pen, {"day", "2023-12-01"});
    close_company(&c);
}

TEST("amounts are rounded once, in the way that the settings name") {
    static const struct {
        const char *settings, *net, *tax, *total;
    } rows[] = {
        {"", "0.03 EUR", "0.01 EUR", "0.04 EUR"},
        {"rounding = \"half_even\";", "0.02 EUR", "0.00 EUR", "0.02 EUR"},
        {"rounding = \"down\";", "0.02 EUR", "0.00 EUR", "0.02 EUR"},
        {"rounding = \"up\";", "0.03 EUR", "0.01 EUR", "0.04 EUR"},
        {"tax_included = true;", "0.02 EUR", "0.01 EUR", "0.03 EUR"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct company c;
        char conf[200];
        snprintf(conf, sizeof conf, SHOP("%s"), rows[i].settings);
        OPEN(&c, conf, "commerce");
        kith_id nut = PRODUCT(&c, {"code", "nut"}, {"name", "Nut"}, {"price", "0.01 EUR"},
                              {"tax_rate", "20"});
        SAYS(rows[i].net, "net", &c, nut, {"quantity", "2.5"});
        SAYS(rows[i].tax, "tax", &c, nut, {"quantity", "2.5"});
        SAYS(rows[i].total, "total", &c, nut, {"quantity", "2.5"});
        close_company(&c);
    }
}

TEST("yen have no cents, and dinars have thousandths") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id tea =
        PRODUCT(&c, {"code", "tea"}, {"name", "Tea"}, {"price", "101 JPY"}, {"tax_rate", "8"});
    SAYS("109 JPY", "total", &c, tea, {"quantity", "1"}); /* 8.08 */
    kith_id oil = PRODUCT(&c, {"code", "oil"}, {"name", "Oil"}, {"price", "0.125 BHD"});
    SAYS("0.042 BHD", "total", &c, oil, {"quantity", "0.333"}); /* 0.041625 */
    close_company(&c);
}

TEST("a quantity of nothing, or less, is refused, and so is an amount beyond all bounds") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pen = product(&c, "pen", "90000000000000.00 EUR");
    struct act a = ACT(&c, "commerce.price", {"product", id_text(&c, pen)}, {"quantity", "-1"});
    EXPECT_HAS("quantity: it is more than 0", a.message);
    a = ACT(&c, "commerce.price", {"product", id_text(&c, pen)}, {"quantity", "1000000"});
    EXPECT_INT(KITH_E_LIMIT, a.status);
    close_company(&c);
}

TEST("products have relations of several kinds, each once, and none to themselves") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id laptop = product(&c, "laptop", "900 EUR"), disk = product(&c, "disk", "80 EUR");
    const char *of = id_text(&c, laptop), *other = id_text(&c, disk);
    kith_id r =
        CREATE(&c, "product_relation", {"product", of}, {"other", other}, {"kind", "complement"});
    CREATE(&c, "product_relation", {"product", of}, {"other", other}, {"kind", "bundle_part"});
    REFUSED(&c, "with the same product, other and kind already", "product_relation", 0,
            {"product", of}, {"other", other}, {"kind", "complement"});
    UPDATE(&c, "product_relation", r, {"note", "Backups"});
    REFUSED(&c, "no relation to itself", "product_relation", 0, {"product", of}, {"other", of},
            {"kind", "complement"});
    close_company(&c);
}
