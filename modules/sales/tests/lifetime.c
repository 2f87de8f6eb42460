/* SPDX-License-Identifier: Apache-2.0 */
/* What customers have brought and are worth over their time. */
#include "deals.h"

#define WITH_COMMERCE CONF("") "commerce: { grant = [\"*\"]; };\n"
#define COLUMNS       "sales average yearly lifetime margin brought worth to_come"

static kith_id buy(struct company *c, const char *by, kith_id who, kith_id product, const char *n) {
    kith_id o = CREATE(c, "order", {by, ID(c, who)});
    CREATE(c, "order_line", {"order", ID(c, o)}, {"product", ID(c, product)}, {"quantity", n});
    UPDATE(c, "order", o, {"state", "ordered"});
    return o;
}

TEST("a sale of 50, four in a year, for five years: 1000, and 200 with a margin of a fifth") {
    struct company c; /* the numbers of ANA-X2 */
    OPEN(&c, WITH_COMMERCE, "commerce", "sales");
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "50 EUR"},
                         {"cost", "40 EUR"}),
            talk = CREATE(&c, "product", {"code", "talk"}, {"name", "Talk"}, {"price", "30 EUR"});
    kith_id acme = CREATE(&c, "account", {"name", "Acme"}),
            ben = CREATE(&c, "contact", {"name", "Ben"}),
            ada = CREATE(&c, "contact", {"name", "Ada"}, {"account", ID(&c, acme)});
    for (int i = 0; i < 4; i++)
        buy(&c, i % 2 ? "account" : "contact", i % 2 ? acme : ada, pen, "1");
    buy(&c, "contact", ben, talk, "10"); /* what it costs nobody knows */
    CREATE(&c, "order_line",
           {"order", ID(&c, CREATE(&c, "order", {"contact", ID(&c, ada)}))}, /* a cart */
           {"product", ID(&c, pen)}, {"quantity", "100"});
    struct act a = ACT(&c, "sales.lifetime_value", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR(ID(&c, ben), row_text(&c, &a, 0, "contact"));
    EXPECT_STR("1|300.00 EUR|300.00 EUR|1500.00 EUR||300.00 EUR|1500.00 EUR|1200.00 EUR",
               row_text(&c, &a, 0, COLUMNS));
    EXPECT_STR(ID(&c, acme), row_text(&c, &a, 1, "account"));
    EXPECT_STR("4|50.00 EUR|200.00 EUR|1000.00 EUR|20.00|40.00 EUR|200.00 EUR|160.00 EUR",
               row_text(&c, &a, 1, COLUMNS));
    a = ACT(&c, "sales.lifetime_value", {"years", "2"}, {"limit", "1"});
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("600.00 EUR", row_text(&c, &a, 0, "worth"));
    close_company(&c);
}

TEST("who has bought for longer than customers stay is worth what they brought, and each currency "
     "is by itself") {
    struct company c;
    OPEN(&c, WITH_COMMERCE, "commerce", "sales");
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "50 EUR"}),
            cap = CREATE(&c, "product", {"code", "cap"}, {"name", "Cap"}, {"price", "9 USD"});
    kith_id old = CREATE(&c, "account", {"name", "Old"}),
            us = CREATE(&c, "account", {"name", "Us"});
    buy(&c, "account", old, pen, "10");
    clock_advance(&c.clock, INT64_C(729) * DAY_MS);
    buy(&c, "account", us, cap, "1000");
    struct act a = ACT(&c, "sales.lifetime_value", {"years", "1"});
    EXPECT_ACT(a);
    EXPECT_STR("500.00 EUR|250.00 EUR|250.00 EUR|500.00 EUR|0.00 EUR",
               row_text(&c, &a, 0, "brought yearly lifetime worth to_come"));
    EXPECT_STR("9000.00 USD", row_text(&c, &a, 1, "worth"));
    buy(&c, "account", us, pen, "1");
    a = ACT(&c, "sales.lifetime_value", {"years", "1"}, {"limit", "1"}); /* of each currency */
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("500.00 EUR", row_text(&c, &a, 0, "worth"));
    EXPECT_STR("9000.00 USD", row_text(&c, &a, 1, "worth"));
    close_company(&c);
}
