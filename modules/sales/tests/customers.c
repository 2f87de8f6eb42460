/* SPDX-License-Identifier: Apache-2.0 */
/* Customers that we have: what is known of them, in which segments they are, what part of their
 * spending is ours, what they leave to their sellers, and how each kind of them is sold to. */
#include "deals.h"

#define WITH_COMMERCE  CONF("") "commerce: { grant = [\"*\"]; };\n"
#define FIRM(c, ...)   CREATE(c, "account", __VA_ARGS__)
#define WALLET_COLUMNS "need ours elsewhere share potential competitors"

static void won(struct company *c, kith_id account, const char *amount) {
    kith_id id = DEAL(c, {"account", ID(c, account)}, {"amount", amount});
    MOVE(c, id, {"stage", "proposal"});
    MOVE(c, id, {"stage", "won"});
}

/* -- what is known, and segments ----------------------------------------------------------------
 */

TEST("an account has what sellers want to know of it, its credit too") { /* SAL-25 */
    struct company c;
    OPEN(&c, WITH_COMMERCE, "commerce", "sales");
    kith_id acme = FIRM(&c, {"name", "Acme"}, {"sic_code", "3312"},
                        {"buying_criteria", "Delivery within a week, then price"},
                        {"terms_of_trade", "60 days net"}, {"requirements", "Steel of 3 mm"},
                        {"proposal_responses", "Two of three were declined as too dear"},
                        {"credit_limit", "10000 EUR"});
    kith_id rival = FIRM(&c, {"name", "Rival"}, {"kind", "competitor"});
    CREATE(&c, "competitor_offer", {"account", ID(&c, acme)}, {"competitor", ID(&c, rival)},
           {"product", "Steel of 2 mm"}, {"price", "900 EUR"});
    EXPECT_STR("3312", field(&c, "account", acme, "sic_code"));
    EXPECT_STR("60 days net", field(&c, "account", acme, "terms_of_trade"));
    EXPECT_STR("10000.00 EUR", field(&c, "account", acme, "credit_limit"));
    EXPECT_INT(1, find(&c, "account where sic_code = '3312' and exists(competitor_offer.account"
                           " where competitor.name = 'Rival' and price < '1000 EUR')")
                      .count);
    close_company(&c);
}

static const char *members(struct company *c, const char *name, const char *query) {
    kith_id id = CREATE(c, "segment", {"name", name}, {"query", query});
    drain(c);
    EXPECT_STR("false", field(c, "segment", id, "settling"));
    return field(c, "segment", id, "members");
}

TEST("accounts are segmented by size, industry, revenue, type, place and stage of a deal") {
    struct company c; /* SAL-23 */
    OPEN(&c, CONF(""), "sales");
    kith_id steel = FIRM(&c, {"name", "Steel"}, {"size", "900"}, {"industry", "steel"},
                         {"revenue", "5000000 EUR"}, {"kind", "customer"},
                         {"billing_city", "Kharagpur"}, {"billing_country", "India"});
    kith_id bakery = FIRM(&c, {"name", "Bakery"}, {"size", "9"}, {"industry", "food"},
                          {"revenue", "90000 EUR"}, {"kind", "prospect"}, {"billing_city", "Bonn"});
    DEAL(&c, {"account", ID(&c, steel)});
    kith_id deal = DEAL(&c, {"account", ID(&c, bakery)});
    EXPECT_STR("1", members(&c, "large", "account where size >= 250"));
    EXPECT_STR("1", members(&c, "steel", "account where industry = 'steel'"));
    EXPECT_STR("1", members(&c, "rich", "account where revenue > '1000000 EUR'"));
    EXPECT_STR("1", members(&c, "customers", "account where kind = 'customer'"));
    EXPECT_STR("1", members(&c, "Kharagpur", "account where billing_city = 'Kharagpur'"));
    EXPECT_STR("0", members(&c, "offered",
                            "account where exists(opportunity.account where stage ="
                            " 'proposal')"));
    MOVE(&c, deal, {"stage", "proposal"});
    drain(&c);
    EXPECT_INT(bakery, (int64_t)find(&c, "account where in_segment('offered')").ids[0]);
    EXPECT_STR("1", members(&c, "both",
                            "account where in_segment('large') and in_segment('steel')"
                            " and not in_segment('offered')"));
    close_company(&c);
}

/* -- share of wallet ----------------------------------------------------------------------------
 */

TEST("of 1000 a year 250 are spent with us: a share of 25 percent, and 750 are left") { /* SAL-53 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id acme = FIRM(&c, {"name", "Acme"}, {"yearly_need", "1000 EUR"}, {"size", "40"});
    kith_id unit = FIRM(&c, {"name", "Unit"}, {"parent", ID(&c, acme)});
    kith_id rival = FIRM(&c, {"name", "Rival"}), other = FIRM(&c, {"name", "Other"});
    won(&c, acme, "100 EUR");
    won(&c, unit, "150 EUR");
    won(&c, unit, "70 USD");
    CREATE(&c, "competitor_offer", {"account", ID(&c, acme)}, {"competitor", ID(&c, rival)},
           {"product", "Nails"}, {"yearly", "600 EUR"});
    kith_id small = FIRM(&c, {"name", "Small"});
    won(&c, small, "100 EUR");
    CREATE(&c, "competitor_offer", {"account", ID(&c, small)}, {"competitor", ID(&c, rival)},
           {"product", "Nails"}, {"yearly", "200 EUR"});
    CREATE(&c, "competitor_offer", {"account", ID(&c, small)}, {"competitor", ID(&c, other)},
           {"product", "Screws"}, {"yearly", "100 EUR"});
    struct act a = ACT(&c, "sales.wallet", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("1000.00 EUR|250.00 EUR|600.00 EUR|25.00|750.00 EUR|Rival",
               row_text(&c, &a, 0, WALLET_COLUMNS));
    EXPECT_STR("40|true|250.00 EUR", row_text(&c, &a, 0, "size foreign value"));
    EXPECT_STR("400.00 EUR|100.00 EUR|300.00 EUR|25.00|300.00 EUR|Other, Rival",
               row_text(&c, &a, 1, WALLET_COLUMNS));
    EXPECT_STR("100.00 EUR|false", row_text(&c, &a, 1, "value foreign"));
    clock_advance(&c.clock, INT64_C(366) * DAY_MS);
    a = ACT(&c, "sales.wallet", {"account", ID(&c, acme)});
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR("1000.00 EUR|0.00 EUR|600.00 EUR|0.00|1000.00 EUR|Rival",
               row_text(&c, &a, 0, WALLET_COLUMNS));
    a = ACT(&c, "sales.wallet", {"account", ID(&c, rival)}, {"limit", ""});
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a));
    close_company(&c);
}

TEST(
    "who buys is in the list without an estimate, behind the others, and a unit with its account") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id known = FIRM(&c, {"name", "Known"}, {"yearly_need", "100 EUR"});
    kith_id unit = FIRM(&c, {"name", "Unit"}, {"parent", ID(&c, known)});
    kith_id little = FIRM(&c, {"name", "Little"}), much = FIRM(&c, {"name", "Much"});
    kith_id part = FIRM(&c, {"name", "Part"}, {"parent", ID(&c, FIRM(&c, {"name", "Idle"}))});
    won(&c, unit, "150 EUR");
    won(&c, little, "10 EUR");
    won(&c, much, "900 EUR");
    won(&c, part, "5 EUR");
    struct act a = ACT(&c, "sales.wallet", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(4, row_count(&a));
    EXPECT_STR(ID(&c, known), row_text(&c, &a, 0, "account"));
    EXPECT_STR(ID(&c, much), row_text(&c, &a, 1, "account"));
    EXPECT_STR("|900.00 EUR||", row_text(&c, &a, 1, "need ours share potential"));
    EXPECT_STR(ID(&c, little), row_text(&c, &a, 2, "account"));
    EXPECT_STR(ID(&c, part), row_text(&c, &a, 3, "account"));
    clock_advance(&c.clock, INT64_C(366) * DAY_MS);
    a = ACT(&c, "sales.wallet", {NULL, NULL});
    EXPECT_INT(1, row_count(&a));
    close_company(&c);
}

TEST("an account whose units buy has brought what they brought, since the first of them bought") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id whole = FIRM(&c, {"name", "Whole"}, {"yearly_need", "1000 EUR"});
    kith_id unit = FIRM(&c, {"name", "Unit"}, {"parent", ID(&c, whole)}),
            below = FIRM(&c, {"name", "Below"}, {"parent", ID(&c, unit)});
    won(&c, below, "30 EUR");
    clock_advance(&c.clock, DAY_MS);
    won(&c, unit, "20 EUR");
    struct act a = ACT(&c, "sales.wallet", {"account", ID(&c, whole)});
    EXPECT_ACT(a);
    EXPECT_STR("50.00 EUR|50.00 EUR", row_text(&c, &a, 0, "ours value"));
    EXPECT_STR(field(&c, "account", below, "won_since"), row_text(&c, &a, 0, "since"));
    a = ACT(&c, "sales.wallet", {"account", ID(&c, unit)});
    EXPECT_STR("50.00 EUR|50.00 EUR", row_text(&c, &a, 0, "ours value"));
    a = ACT(&c, "sales.wallet", {"account", ID(&c, below)});
    EXPECT_STR("30.00 EUR|30.00 EUR", row_text(&c, &a, 0, "ours value"));
    close_company(&c);
}

TEST("who buys more of us than was thought has no potential left, and no share below zero") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id acme = FIRM(&c, {"name", "Acme"}, {"yearly_need", "100 EUR"});
    won(&c, acme, "150 EUR");
    FIRM(&c, {"name", "New"}, {"yearly_need", "0 EUR"});
    struct act a = ACT(&c, "sales.wallet", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("150.00|0.00 EUR", row_text(&c, &a, 0, "share potential"));
    EXPECT_STR("|0.00 EUR", row_text(&c, &a, 1, "share potential"));
    a = ACT(&c, "sales.wallet", {"limit", "0"});
    EXPECT_HAS("limit", a.message);
    close_company(&c);
}

/* -- profit of a seller's customers -------------------------------------------------------------
 */

static void buys(struct company *c, const char *by, kith_id who, kith_id product,
                 const char *quantity) {
    kith_id o = CREATE(c, "order", {by, ID(c, who)});
    CREATE(c, "order_line", {"order", ID(c, o)}, {"product", ID(c, product)},
           {"quantity", quantity});
    UPDATE(c, "order", o, {"state", "ordered"});
}

TEST("what a seller's customers bring is less by the goods, and by the service they are given") {
    struct company c; /* SAL-69 */
    OPEN(&c, WITH_COMMERCE, "commerce", "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id cleo = CREATE(&c, "user", {"login", "cleo"}, {"name", "Cleo"});
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "10 EUR"},
                         {"cost", "6 EUR"});
    kith_id acme = FIRM(&c, {"name", "Acme"}, {"owner", ID(&c, ben)});
    kith_id firm = FIRM(&c, {"name", "Firm"}, {"owner", ID(&c, cleo)});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"owner", ID(&c, ben)});
    buys(&c, "account", acme, pen, "10");
    buys(&c, "account", acme, pen, "5");
    buys(&c, "contact", ada, pen, "5");
    buys(&c, "account", firm, pen, "20");
    for (int i = 0; i < 2; i++)
        CREATE(&c, "interaction", {"account", ID(&c, firm)}, {"channel", "meeting"},
               {"cost", "25 EUR"}, {"duration", "1h"});
    CREATE(&c, "interaction", {"contact", ID(&c, ada)}, {"channel", "call"}, {"cost", "2 EUR"});
    CREATE(&c, "interaction", {"account", ID(&c, firm)}, {"channel", "call"}, {"planned", "true"},
           {"cost", "99 EUR"});
    struct act a = ACT(&c, "sales.seller_profit", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR(ID(&c, ben), row_text(&c, &a, 0, "seller"));
    EXPECT_STR("2|200.00 EUR|120.00 EUR|1|2.00 EUR|78.00 EUR|39.00 EUR|39.00",
               row_text(&c, &a, 0,
                        "customers net cost contacts service profit per_customer"
                        " margin"));
    EXPECT_STR("1|200.00 EUR|120.00 EUR|2|50.00 EUR|30.00 EUR|30.00 EUR|15.00",
               row_text(&c, &a, 1,
                        "customers net cost contacts service profit per_customer"
                        " margin"));
    a = ACT(&c, "sales.seller_profit", {"since", "2100-01-01"});
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a));
    close_company(&c);
}

TEST("a cost that is not known is not nothing: profit and margin are of the rest") {
    struct company c;
    OPEN(&c, WITH_COMMERCE, "commerce", "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "10 EUR"},
                         {"cost", "6 EUR"});
    kith_id talk = CREATE(&c, "product", {"code", "talk"}, {"name", "Talk"}, {"price", "900 EUR"});
    kith_id acme = FIRM(&c, {"name", "Acme"}, {"owner", ID(&c, ben)});
    kith_id firm = FIRM(&c, {"name", "Firm"});
    buys(&c, "account", acme, pen, "10");
    buys(&c, "account", acme, talk, "1");
    buys(&c, "account", firm, talk, "1");
    struct act a = ACT(&c, "sales.seller_profit", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR("1000.00 EUR|100.00 EUR|60.00 EUR|40.00 EUR|40.00|40.00 EUR",
               row_text(&c, &a, 0, "net costed cost profit margin per_customer"));
    EXPECT_STR("900.00 EUR|||||",
               row_text(&c, &a, 1, "net costed cost profit margin per_customer"));
    close_company(&c);
}

TEST("a wallet of orders has what is left of them, of the account and of its units") {
    struct company c;
    OPEN(&c, CONF("dependence: { of = \"orders\"; };") "commerce: { grant = [\"*\"]; };\n",
         "commerce", "sales");
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "10 EUR"});
    kith_id whole = FIRM(&c, {"name", "Whole"}, {"yearly_need", "1000 EUR"});
    kith_id unit = FIRM(&c, {"name", "Unit"}, {"parent", ID(&c, whole)});
    buys(&c, "account", whole, pen, "10");
    buys(&c, "account", unit, pen, "5");
    struct found orders = find(&c, "order order by id");
    kith_id inv = CREATE(&c, "invoice", {"order", ID(&c, orders.ids[1])});
    EXPECT_ACT(ACT(&c, "commerce.credit", {"invoice", ID(&c, inv)},
                   {"lines", ID(&c, find(&c, "invoice_line").ids[0])}, {"quantity", "2"}));
    struct act a = ACT(&c, "sales.wallet", {"account", ID(&c, whole)});
    EXPECT_ACT(a);
    EXPECT_STR("130.00 EUR|13.00", row_text(&c, &a, 0, "ours share"));
    a = ACT(&c, "sales.dependence", {NULL, NULL});
    EXPECT_STR("130.00 EUR", result_text(&c, &a, "turnover"));
    close_company(&c);
}

/* -- strategies ---------------------------------------------------------------------------------
 */

TEST("premium customers are offered the dearest first, others what they will likely buy") {
    struct company c; /* SAL-71 */
    OPEN(&c, WITH_COMMERCE, "commerce", "sales");
    CREATE(&c, "sales_strategy", {"name", "Premium"}, {"tag", "premium"}, {"offers", "dearest"});
    CREATE(&c, "sales_strategy", {"name", "Medium"}, {"tag", "medium"});
    static const char *const names[][2] = {{"Pen", "3 EUR"}, {"Ink", "5 EUR"}, {"Desk", "900 EUR"}};
    kith_id wares[3];
    for (int i = 0; i < 3; i++)
        wares[i] = CREATE(&c, "product", {"code", names[i][0]}, {"name", names[i][0]},
                          {"price", names[i][1]});
    for (int i = 1; i < 3; i++)
        CREATE(&c, "product_relation", {"product", ID(&c, wares[0])}, {"kind", "complement"},
               {"other", ID(&c, wares[i])});
    static const char *const tags[] = {"premium", "medium"};
    for (int i = 0; i < 2; i++) {
        kith_id firm = FIRM(&c, {"name", tags[i]}, {"tags", tags[i]});
        kith_id person = CREATE(&c, "contact", {"name", "Ada"}, {"account", ID(&c, firm)});
        buys(&c, "account", firm, wares[0], "1");
        buys(&c, "contact", person, wares[0], "1");
        struct act of_firm = ACT(&c, "sales.suggest", {"account", ID(&c, firm)});
        struct act of_person = ACT(&c, "sales.suggest", {"contact", ID(&c, person)});
        EXPECT_ACT(of_firm);
        EXPECT_ACT(of_person);
        EXPECT_STR(ID(&c, wares[i ? 1 : 2]), row_text(&c, &of_firm, 0, "product"));
        EXPECT_STR(ID(&c, wares[i ? 1 : 2]), row_text(&c, &of_person, 0, "product"));
        EXPECT_INT(2, row_count(&of_firm));
    }
    close_company(&c);
}

TEST("a strategy says how many sellers its customers take, and how many are missing") {
    struct company c; /* SAL-71 */
    OPEN(&c, CONF(""), "sales");
    kith_id team = CREATE(&c, "team", {"name", "Key sellers"});
    CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"}, {"teams", ID(&c, team)});
    CREATE(&c, "sales_strategy", {"name", "Premium"}, {"tag", "premium"}, {"team", ID(&c, team)},
           {"customers_per_seller", "2"}, {"contacts_per_year", "12"}, {"position", "1"},
           {"plan", "A visit each month"});
    CREATE(&c, "sales_strategy", {"name", "Medium"}, {"tag", "medium"}, {"position", "2"});
    for (int i = 0; i < 5; i++)
        FIRM(&c, {"name", "A"}, {"tags", "premium"});
    struct act a = ACT(&c, "sales.strategies", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("premium|5|1|3|2|60|A visit each month",
               row_text(&c, &a, 0, "tag customers sellers needed short_of contacts plan"));
    EXPECT_STR("medium|0|0|||", row_text(&c, &a, 1,
                                         "tag customers sellers needed short_of"
                                         " contacts"));
    REFUSED(&c, "tag", "sales_strategy", 0, {"name", "Other"}, {"tag", "premium"});
    REFUSED(&c, "customers_per_seller", "sales_strategy", 0, {"name", "Other"}, {"tag", "x"},
            {"customers_per_seller", "0"});
    close_company(&c);
}
