/* SPDX-License-Identifier: Apache-2.0 */
/* Tiers: prices of groups of customers, and how much discount each may have. */
#include "shop.h"

#define OF(whom, name, rest) "{ of = \"" whom "\"; name = \"" name "\"; " rest " }"
#define GOLD                 OF("account", "gold", "when = \"size >= 1000\"; discount_limit = 25;")
#define SILVER               OF("account", "silver", "when = \"size >= 100\"; discount_limit = 15;")
#define BRONZE               OF("contact", "bronze", "when = \"tagged('club')\"; discount_limit = 5;")
#define NORTH                OF("account", "north", "when = \"billing_country = 'NO'\";")
#define METALS               "discount_limit = 3; tiers = (" GOLD "," SILVER "," BRONZE "," NORTH ");"

struct shop {
    struct company c;
    kith_id pen, big, middle, unit, small, member;
};

static void open_shop(struct shop *s) {
    OPEN(&s->c, SHOP(METALS), "commerce");
    s->pen = product(&s->c, "pen", "10 EUR");
    s->big = CREATE(&s->c, "account", {"name", "Big"}, {"size", "1000"});
    s->middle = CREATE(&s->c, "account", {"name", "Middle"}, {"size", "999"});
    s->unit =
        CREATE(&s->c, "account", {"name", "Unit"}, {"size", "2"}, {"parent", LINK(&s->c, s->big)});
    s->small = CREATE(&s->c, "account", {"name", "Small"}, {"size", "9"});
    s->member = CREATE(&s->c, "contact", {"name", "Mia"}, {"tags", "club"});
}

static kith_id book_of(struct shop *s, const char *tier, const char *amount) {
    kith_id book = CREATE(&s->c, "price_book", {"name", tier}, {"currency", "EUR"}, {"tier", tier});
    CREATE(&s->c, "price", {"price_book", LINK(&s->c, book)}, {"product", LINK(&s->c, s->pen)},
           {"amount", amount});
    return book;
}

static const char *says(struct shop *s, const char *result, const char *whom, kith_id id) {
    struct act a = ACT(&s->c, "commerce.price", {"product", LINK(&s->c, s->pen)},
                       {whom, id ? LINK(&s->c, id) : NULL});
    EXPECT_ACT(a);
    return result_text(&s->c, &a, result);
}

TEST("the tier of a person is none of another account that pays for what they order") {
    struct shop s;
    open_shop(&s);
    book_of(&s, "bronze", "7 EUR");
    EXPECT_STR("7.00 EUR", says(&s, "unit_price", "contact", s.member));
    kith_id pairs[] = {s.small, s.unit};
    for (int i = 0; i < 2; i++) {
        struct act a = ACT(&s.c, "commerce.price", {"product", LINK(&s.c, s.pen)},
                           {"contact", LINK(&s.c, s.member)}, {"account", LINK(&s.c, pairs[i])});
        EXPECT_ACT(a);
        EXPECT_STR(i ? "7.00 EUR" : "10.00 EUR", result_text(&s.c, &a, "unit_price"));
        UPDATE(&s.c, "contact", s.member, {"account", LINK(&s.c, s.big)});
    }
    close_company(&s.c);
}

TEST("a tier has prices of its own, behind those agreed and before those of the territory") {
    struct shop s;
    open_shop(&s);
    struct company *c = &s.c;
    kith_id land = CREATE(c, "territory", {"name", "Land"});
    kith_id local = CREATE(c, "price_book", {"name", "Local"}, {"currency", "EUR"},
                           {"territory", LINK(c, land)});
    CREATE(c, "price", {"price_book", LINK(c, local)}, {"product", LINK(c, s.pen)},
           {"amount", "9.50 EUR"});
    UPDATE(c, "account", s.big, {"territory", LINK(c, land)});
    EXPECT_STR("Local: 9.50 EUR", says(&s, "why", "account", s.big));
    book_of(&s, "silver", "8 EUR");
    EXPECT_STR("silver: 8.00 EUR for tier silver", says(&s, "why", "account", s.big));
    book_of(&s, "gold", "7 EUR"); /* its row stands above that of silver */
    EXPECT_STR("7.00 EUR", says(&s, "unit_price", "account", s.big));
    EXPECT_STR("gold: 7.00 EUR for tier gold", says(&s, "why", "account", s.unit));
    EXPECT_STR("8.00 EUR", says(&s, "unit_price", "account", s.middle));
    EXPECT_STR("10.00 EUR", says(&s, "unit_price", "account", s.small));
    EXPECT_STR("10.00 EUR", says(&s, "unit_price", "contact", s.member));
    EXPECT_STR("10.00 EUR", says(&s, "unit_price", "account", 0));
    book_of(&s, "bronze", "9 EUR");
    EXPECT_STR("9.00 EUR", says(&s, "unit_price", "contact", s.member));
    UPDATE(c, "contact", s.member, {"account", LINK(c, s.middle)});
    EXPECT_STR("8.00 EUR", says(&s, "unit_price", "contact", s.member));
    kith_id own = CREATE(c, "price_book", {"name", "Own"}, {"currency", "EUR"});
    CREATE(c, "price", {"price_book", LINK(c, own)}, {"product", LINK(c, s.pen)},
           {"amount", "7.70 EUR"});
    UPDATE(c, "account", s.big, {"price_book", LINK(c, own)});
    EXPECT_STR("Own: 7.70 EUR", says(&s, "why", "account", s.unit));
    close_company(c);
}

TEST("a region is a tier, and a line costs what its customer's tier has") {
    struct shop s;
    open_shop(&s);
    struct company *c = &s.c;
    book_of(&s, "north", "12 EUR");
    kith_id fjord = CREATE(c, "account", {"name", "Fjord"}, {"billing_country", "NO"});
    kith_id cart = CREATE(c, "order", {"account", LINK(c, fjord)});
    kith_id line = CREATE(c, "order_line", {"order", LINK(c, cart)}, {"product", LINK(c, s.pen)},
                          {"quantity", "3"});
    EXPECT_STR("36.00 EUR", field(c, "order_line", line, "net"));
    EXPECT_STR("book", field(c, "order_line", line, "priced_by"));
    UPDATE(c, "order", cart, {"account", LINK(c, s.small)});
    EXPECT_STR("30.00 EUR", field(c, "order_line", line, "net"));
    close_company(c);
}

TEST("gold may have 25 percent off, silver 15, bronze 5, and all others 3") {
    struct shop s;
    open_shop(&s);
    struct company *c = &s.c;
    const struct {
        const char *whom;
        kith_id id;
        const char *most, *more, *words;
    } rows[] = {
        {"account", s.big, "25", "25.01",
         "25.01 % is more than tier 'gold' of commerce.tiers allows (25 %)"},
        {"account", s.unit, "25", "26", "26 % is more than tier 'gold'"},
        {"account", s.middle, "15", "15.01", "more than tier 'silver' of commerce.tiers"},
        {"contact", s.member, "5", "5.01", "tier 'bronze' of commerce.tiers allows (5 %)"},
        {"account", s.small, "3", "3.01", "more than commerce.discount_limit allows (3 %)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kith_id cart = CREATE(c, "order", {rows[i].whom, LINK(c, rows[i].id)});
        CREATE(c, "order_line", {"order", LINK(c, cart)}, {"product", LINK(c, s.pen)},
               {"discount", rows[i].most});
        REFUSED(c, rows[i].words, "order_line", 0, {"order", LINK(c, cart)},
                {"product", LINK(c, s.pen)}, {"discount", rows[i].more});
    }
    kith_id cart = CREATE(c, "order", {"account", LINK(c, s.middle)});
    REFUSED(c,
            "unit_price: with the discount it is 16 % below the list price, more than tier 'silver'"
            " of commerce.tiers allows (15 %)",
            "order_line", 0, {"order", LINK(c, cart)}, {"product", LINK(c, s.pen)},
            {"unit_price", "8.40 EUR"});
    close_company(c);
}

TEST("a cart with a discount goes to no customer whose tier does not allow it") {
    struct shop s;
    open_shop(&s);
    struct company *c = &s.c;
    kith_id cart = CREATE(c, "order", {"account", LINK(c, s.big)});
    kith_id line = CREATE(c, "order_line", {"order", LINK(c, cart)}, {"product", LINK(c, s.pen)},
                          {"discount", "20"});
    REFUSED(c, "20 % is more than tier 'silver' of commerce.tiers allows (15 %)", "order", cart,
            {"account", LINK(c, s.middle)});
    UPDATE(c, "order", cart, {"account", LINK(c, s.unit)}); /* gold as well */
    UPDATE(c, "order", cart, {"account", NULL});            /* waits for whoever comes next */
    REFUSED(c, "more than commerce.discount_limit allows (3 %)", "order", cart,
            {"account", LINK(c, s.small)});
    UPDATE(c, "order_line", line, {"discount", "3"});
    UPDATE(c, "order", cart, {"account", LINK(c, s.small)});
    UPDATE(c, "order_line", line, {"unit_price", "9.70 EUR"}, {"discount", "0"});
    UPDATE(c, "order", cart, {"account", LINK(c, s.big)});
    UPDATE(c, "order_line", line, {"unit_price", "8 EUR"});
    REFUSED(c, "20 % below the list price, more than tier 'silver'", "order", cart,
            {"account", LINK(c, s.middle)});
    close_company(c);
}

TEST("what was agreed with a customer is given as far as their tier allows") {
    struct shop s;
    open_shop(&s);
    struct company *c = &s.c;
    UPDATE(c, "account", s.big, {"discount", "20"});
    UPDATE(c, "account", s.middle, {"discount", "20"});
    EXPECT_STR("list price: 10.00 EUR; terms of the customer: less 20 %",
               says(&s, "why", "account", s.big));
    EXPECT_STR("list price: 10.00 EUR; terms of the customer: less 15 % of 20 %, which is what tier"
               " silver allows",
               says(&s, "why", "account", s.middle));
    EXPECT_STR("8.50 EUR", says(&s, "net", "account", s.middle));
    kith_id cart = CREATE(c, "order", {"account", LINK(c, s.middle)});
    kith_id line = CREATE(c, "order_line", {"order", LINK(c, cart)}, {"product", LINK(c, s.pen)});
    EXPECT_STR("15.00", field(c, "order_line", line, "discount"));
    close_company(c);
}

TEST("a book is of a tier that there is, and of that alone") {
    struct shop s;
    open_shop(&s);
    struct company *c = &s.c;
    REFUSED(c, "tier: 'glod' is none of commerce.tiers, which has gold, silver, bronze, north",
            "price_book", 0, {"name", "X"}, {"currency", "EUR"}, {"tier", "glod"});
    REFUSED(c, "a book is one of a tier, of a territory, or standard", "price_book", 0,
            {"name", "X"}, {"currency", "EUR"}, {"tier", "gold"}, {"standard", "true"});
    kith_id land = CREATE(c, "territory", {"name", "Land"});
    kith_id gold = book_of(&s, "gold", "7 EUR");
    REFUSED(c, "have a tier with the territory in its condition", "price_book", gold,
            {"territory", LINK(c, land)});
    close_company(c);
}
