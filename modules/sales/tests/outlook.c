/* SPDX-License-Identifier: Apache-2.0 */
/* Trends, forecasts that are kept, quotas, and the figures of selling. */
#include "deals.h"

static kith_id won_deal(struct company *c, const char *owner, const char *amount, const char *day) {
    kith_id id = DEAL(c, {"amount", amount}, {"owner", owner}, {"opened_at", "2015-01-01"});
    MOVE(c, id, {"stage", "proposal"});
    MOVE(c, id, {"stage", "won"}, {"closed_at", day});
    return id;
}

static void sold_in(struct company *c, int year, int month, int64_t euro) {
    won_deal(c, NULL, arena_printf(&c->arena, "%lld EUR", (long long)euro),
             arena_printf(&c->arena, "%04d-%02d-15", year, month));
}

/* The clock stands at 2023-11-14. */
TEST("a trend of few months goes on straight, and this month is not over") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    for (int i = 0; i < 8; i++)
        sold_in(&c, 2023, 3 + i, 1000 + 100 * i); /* March 1000 ... October 1700 */
    sold_in(&c, 2023, 11, 7);
    struct act a = ACT(&c, "sales.trend", {"ahead", "2"});
    EXPECT_ACT(a);
    EXPECT_STR("line", result_text(&c, &a, "method"));
    EXPECT_STR("8", result_text(&c, &a, "months"));
    EXPECT_INT(10, (int64_t)row_count(&a));
    const char *all = "month actual forecast low high";
    EXPECT_STR("2023-03-01|1000.00 EUR|||", row_text(&c, &a, 0, all));
    EXPECT_STR("2023-10-01|1700.00 EUR|||", row_text(&c, &a, 7, all));
    EXPECT_STR("2023-11-01||1800.00 EUR|1800.00 EUR|1800.00 EUR", row_text(&c, &a, 8, all));
    EXPECT_STR("2023-12-01||1900.00 EUR|1900.00 EUR|1900.00 EUR", row_text(&c, &a, 9, all));
    close_company(&c);
}

static kith_id two_leads(struct company *c) {
    CREATE(c, "lead", {"name", "Bob"});
    return CREATE(c, "lead", {"name", "Ann"});
}

static void brings_a_month_later(struct company *c, kith_id lead, int days, const char *day) {
    clock_advance(&c->clock, (int64_t)days * DAY_MS);
    kith_id id = DEAL(c, {"amount", "100 EUR"}, {"lead", ID(c, lead)});
    MOVE(c, id, {"stage", "proposal"});
    MOVE(c, id, {"stage", "won"}, {"closed_at", day});
}

/* Two leads came in November and two in December, and one of each two brought 100 a month later:
 * a lead brings 200 / 4 = 50 in the month after it came. So do the two of January and the three of
 * February. */
TEST("the trend tells what leads that are there will bring, by what those before brought") {
    struct company c; /* SAL-45 */
    OPEN(&c, CONF(""), "sales");
    kith_id ann = two_leads(&c);
    brings_a_month_later(&c, ann, 30, "2023-12-14");
    ann = two_leads(&c);
    brings_a_month_later(&c, ann, 31, "2024-01-14");
    ann = two_leads(&c);
    won_deal(&c, NULL, "7 EUR", "2024-01-14");              /* of no lead */
    won_deal(&c, NULL, "1 USD", "2024-01-14");              /* in another currency */
    clock_advance(&c.clock, INT64_C(31) * DAY_MS);          /* 14 February */
    DEAL(&c, {"amount", "900 EUR"}, {"lead", ID(&c, ann)}); /* not won */
    two_leads(&c);
    CREATE(&c, "lead", {"name", "Cid"});
    struct act a = ACT(&c, "sales.trend", {"leads", "true"}, {"ahead", "2"});
    EXPECT_ACT(a);
    const char *all = "month actual leads from_leads";
    EXPECT_STR("2023-12-01|100.00 EUR|2|100.00 EUR", row_text(&c, &a, 0, all));
    EXPECT_STR("2024-01-01|107.00 EUR|2|100.00 EUR", row_text(&c, &a, 1, all));
    EXPECT_STR("2024-02-01||3|100.00 EUR", row_text(&c, &a, 2, all));
    EXPECT_STR("2024-03-01|||150.00 EUR", row_text(&c, &a, 3, all));
    a = ACT(&c, "sales.trend", {"ahead", "2"});
    EXPECT_STR("2024-02-01|||", row_text(&c, &a, 2, all));
    close_company(&c);
}

static void ordered_in(struct company *c, kith_id product, int month, const char *pieces) {
    kith_id o = CREATE(c, "order", {"contact", ID(c, CREATE(c, "contact", {"name", "Ann"}))});
    CREATE(c, "order_line", {"order", ID(c, o)}, {"product", ID(c, product)}, {"quantity", pieces});
    UPDATE(c, "order", o, {"state", "ordered"},
           {"placed_at", arena_printf(&c->arena, "2023-%02d-15", month)});
}

TEST("the trend of a product is that of its sales and those of its variants") { /* SAL-45 */
    struct company c;
    OPEN(&c, CONF("") "commerce: { grant = [\"*\"]; };\n", "sales", "commerce");
    kith_id pen = CREATE(&c, "product", {"code", "PEN"}, {"name", "Pen"}, {"price", "10 EUR"});
    kith_id red = CREATE(&c, "product", {"code", "RED"}, {"name", "Red"}, {"price", "10 EUR"},
                         {"variant_of", ID(&c, pen)});
    kith_id ink = CREATE(&c, "product", {"code", "INK"}, {"name", "Ink"}, {"price", "90 EUR"});
    for (int month = 5; month <= 10; month++) { /* 20, 30 ... 70 EUR of pens */
        ordered_in(&c, pen, month, "1");
        ordered_in(&c, red, month, arena_printf(&c.arena, "%d", month - 4));
        ordered_in(&c, ink, month, "5");
    }
    struct act a = ACT(&c, "sales.trend", {"of", "orders"}, {"product", "PEN"}, {"ahead", "2"});
    EXPECT_ACT(a);
    EXPECT_STR("line", result_text(&c, &a, "method"));
    EXPECT_STR("2023-05-01|20.00 EUR|", row_text(&c, &a, 0, "month actual forecast"));
    EXPECT_STR("2023-11-01||80.00 EUR", row_text(&c, &a, 6, "month actual forecast"));
    EXPECT_STR("2023-12-01||90.00 EUR", row_text(&c, &a, 7, "month actual forecast"));
    a = ACT(&c, "sales.trend", {"of", "orders"}, {"product", "RED"}, {"ahead", "1"});
    EXPECT_STR("2023-11-01|70.00 EUR", row_text(&c, &a, 6, "month forecast"));
    MOVE(&c, won_deal(&c, NULL, "7 EUR", "2023-09-20"), {"product", ID(&c, red)});
    won_deal(&c, NULL, "900 EUR", "2023-08-20");
    a = ACT(&c, "sales.trend", {"product", "PEN"});
    EXPECT_STR("2023-09-01|7.00 EUR", row_text(&c, &a, 0, "month actual"));
    a = ACT(&c, "sales.trend", {"product", "PIN"});
    EXPECT_HAS("product: none has the code 'PIN'", a.message);
    a = ACT(&c, "sales.trend", {"product", "PEN"}, {"leads", "true"});
    EXPECT_HAS("leads: a lead is about no product", a.message);
    close_company(&c);
}

TEST("a trend of two years knows the seasons") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    for (int i = 0; i < 24; i++) { /* November 2021 ... October 2023, 10 more each month */
        const int year = 2021 + (10 + i) / 12, month = (10 + i) % 12 + 1;
        sold_in(&c, year, month, 1000 + 10 * i + (month == 12 ? 5000 : 0));
    }
    struct act a = ACT(&c, "sales.trend", {"ahead", "3"});
    EXPECT_ACT(a);
    EXPECT_STR("seasonal", result_text(&c, &a, "method"));
    EXPECT_STR("2023-11-01|1240.00 EUR", row_text(&c, &a, 24, "month forecast"));
    EXPECT_STR("2023-12-01|6250.00 EUR", row_text(&c, &a, 25, "month forecast"));
    EXPECT_STR("2024-01-01|1260.00 EUR", row_text(&c, &a, 26, "month forecast"));
    close_company(&c);
}

TEST("a trend of very few months is a weighted mean with an interval, and of none it is none") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct act a = ACT(&c, "sales.trend", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("none", result_text(&c, &a, "method"));
    EXPECT_INT(0, (int64_t)row_count(&a));
    EXPECT_HAS("of the 36 before this one there are 0; months= looks", result_text(&c, &a, "why"));
    sold_in(&c, 2023, 8, 100);
    sold_in(&c, 2023, 9, 200);
    sold_in(&c, 2023, 10, 100);
    a = ACT(&c, "sales.trend", {"ahead", "1"});
    EXPECT_STR("smoothing", result_text(&c, &a, "method"));
    EXPECT_STR("", result_text(&c, &a, "why"));
    /* 100; 0.3 * 200 + 0.7 * 100 = 130; 0.3 * 100 + 0.7 * 130 = 121. Errors 100 and -30. */
    EXPECT_STR("121.00 EUR|26.39 EUR|215.61 EUR", row_text(&c, &a, 3, "forecast low high"));
    won_deal(&c, NULL, "5 USD", "2023-09-20");
    won_deal(&c, NULL, NULL, "2023-09-20");
    a = ACT(&c, "sales.trend", {"ahead", "1"});
    EXPECT_ACT(a);
    EXPECT_STR("121.00 EUR|26.39 EUR|215.61 EUR", row_text(&c, &a, 3, "forecast low high"));
    EXPECT_STR("USD", result_text(&c, &a, "others"));
    a = ACT(&c, "sales.trend", {"currency", "USD"});
    EXPECT_STR("2023-09-01|5.00 USD", row_text(&c, &a, 0, "month actual"));
    EXPECT_STR("EUR", result_text(&c, &a, "others"));
    close_company(&c);
}

/* -- forecasts that are kept --------------------------------------------------------------------
 */

TEST("the forecast is kept once a month, and compared with what came of it") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id a = DEAL(&c, {"amount", "1000 EUR"}, {"close_on", "2023-11-30"}, {"probability", "50"},
                     {"owner", ID(&c, ben)});
    DEAL(&c, {"amount", "400 EUR"}, {"close_on", "2023-11-20"}, {"probability", "90"});
    DEAL(&c, {"amount", "70 EUR"}, {"close_on", "2024-06-20"}, {"probability", "90"});
    won_deal(&c, ID(&c, ben), "10 EUR", "2023-11-02");
    clock_advance(&c.clock, DAY_MS);
    drain(&c);
    clock_advance(&c.clock, DAY_MS);
    drain(&c);
    EXPECT_STR("2023-11-01|510.00 EUR|1010.00 EUR|10.00 EUR\n",
               totals_text(&c, "forecast_snapshot where owner.login = 'ben' group by month :"
                               " sum(weighted), sum(best_case), sum(committed)"));
    EXPECT_STR("2023-11-01|870.00 EUR|1410.00 EUR|410.00 EUR\n",
               totals_text(&c, "forecast_snapshot group by month :"
                               " sum(weighted), sum(best_case), sum(committed)"));
    EXPECT_INT(2, find(&c, "forecast_snapshot").count);
    MOVE(&c, a, {"stage", "proposal"});
    MOVE(&c, a, {"stage", "won"}, {"closed_at", "2023-11-20"});
    struct act x =
        ACT(&c, "sales.forecast_check", {"since", "2023-11-01"}, {"until", "2023-11-30"});
    EXPECT_ACT(x);
    EXPECT_STR("2023-11-01|0|870.00 EUR||",
               row_text(&c, &x, 0, "month ahead weighted outcome error"));
    clock_advance(&c.clock, INT64_C(30) * DAY_MS);
    x = ACT(&c, "sales.forecast_check", {"since", "2023-11-01"}, {"until", "2023-11-30"});
    EXPECT_STR("2023-11-01|0|870.00 EUR|1010.00 EUR|-13.86",
               row_text(&c, &x, 0, "month ahead weighted outcome error"));
    close_company(&c);
}

TEST("one deal in another currency stops no figure and no report, and none is added to another") {
    struct company c;
    OPEN(&c, CONF("") "commerce: { grant = [\"*\"]; };\n", "commerce", "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    const char *by = ID(&c, ben);
    won_deal(&c, by, "100 EUR", "2023-09-01");
    won_deal(&c, by, "50 EUR", "2023-09-02");
    won_deal(&c, by, "70 USD", "2023-09-03");
    won_deal(&c, by, "1 CHF", "2023-10-03");
    kith_id lost = DEAL(&c, {"amount", "5 USD"}, {"owner", by}, {"opened_at", "2015-01-01"});
    MOVE(&c, lost, {"stage", "lost"}, {"loss_reason", "price"}, {"closed_at", "2023-09-01"});
    DEAL(&c, {"amount", "5 USD"}, {"owner", by}, {"close_on", "2024-01-31"});
    DEAL(&c, {"amount", "6 EUR"}, {"owner", by}, {"close_on", "2024-01-31"});
    static const char *const costs[] = {"2 EUR", "3 EUR", "4 CHF"};
    for (int i = 0; i < 3; i++)
        CREATE(&c, "interaction", {"channel", "call"}, {"visit", "true"}, {"cost", costs[i]},
               {"owner", by});
    struct act a = ACT(&c, "sales.kpis", {"by", "owner"});
    EXPECT_ACT(a);
    EXPECT_STR("Ben|4|1|80.00|150.00 EUR|75.00 EUR|1.00 CHF, 70.00 USD",
               row_text(&c, &a, 0, "of won lost win_rate amount average others"));
    a = ACT(&c, "sales.kpis", {"since", "2023-09-02"}, {"until", "2023-10-31"});
    EXPECT_STR("3|50.00 EUR|50.00 EUR|70.00 USD, 1.00 CHF",
               row_text(&c, &a, 0, "won amount average others"));
    a = ACT(&c, "sales.scorecard", {NULL, NULL});
    EXPECT_STR("4|150.00 EUR|1.00 CHF, 70.00 USD|5.00 EUR|4.00 CHF",
               row_text(&c, &a, 0, "won amount others cost other_cost"));
    a = ACT(&c, "sales.dependence", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("150.00 EUR", result_text(&c, &a, "turnover"));
    EXPECT_STR("true", result_text(&c, &a, "foreign"));
    static const char *const reports[] = {"pipeline",
                                          "pipeline_by_month",
                                          "pipeline_by_owner",
                                          "pipeline_by_team",
                                          "pipeline_by_territory",
                                          "pipeline_by_product",
                                          "pipeline_by_currency",
                                          "won_by_account",
                                          "won_by_territory",
                                          "won_by_month",
                                          "won_by_product",
                                          "wins",
                                          "losses",
                                          "competitors",
                                          "at_stake",
                                          "revenue_by_customer",
                                          "revenue_by_contact",
                                          "revenue_by_product",
                                          "revenue_by_territory",
                                          "visits",
                                          "quotes_by_state"};
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
        (void)report_text(&c, arena_printf(&c.arena, "sales.%s", reports[i]));
    EXPECT_STR("Ben|EUR|1|6.00 EUR|0.60 EUR\nBen|USD|1|5.00 USD|0.50 USD\n",
               report_text(&c, "sales.pipeline_by_owner"));
    close_company(&c);
}

/* -- quotas -------------------------------------------------------------------------------------
 */

#define QUOTA(c, ...) CREATE(c, "quota", {"name", "Q"}, __VA_ARGS__)
#define YEAR                                                                                       \
    {"valid_from", "2023-01-01"}, {                                                                \
        "valid_until", "2023-12-31"                                                                \
    }

TEST("a quota has one holder and one period, and another of the holder does not overlap it") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id eva = CREATE(&c, "user", {"login", "eva"}, {"name", "Eva"});
    kith_id team = CREATE(&c, "team", {"name", "North"});
    kith_id q = QUOTA(&c, {"seller", ID(&c, ben)}, {"amount", "10 EUR"}, YEAR);
    REFUSED(&c, "the quota 'Q' is of the same holder and overlaps it", "quota", 0, {"name", "R"},
            {"seller", ID(&c, ben)}, {"amount", "1 EUR"}, {"valid_from", "2023-12-31"},
            {"valid_until", "2024-12-31"});
    QUOTA(&c, {"seller", ID(&c, eva)}, {"amount", "10 EUR"}, YEAR);
    QUOTA(&c, {"seller", ID(&c, ben)}, {"amount", "10 EUR"}, {"valid_from", "2024-01-01"},
          {"valid_until", "2024-12-31"});
    UPDATE(&c, "quota", q, {"amount", "11 EUR"});
    REFUSED(&c, "overlaps", "quota", q, {"valid_until", "2024-01-01"});
    REFUSED(&c, "one seller, team, territory or product", "quota", 0, {"name", "R"},
            {"amount", "1 EUR"}, YEAR);
    REFUSED(&c, "one seller, team, territory or product", "quota", 0, {"name", "R"},
            {"amount", "1 EUR"}, {"seller", ID(&c, ben)}, {"team", ID(&c, team)}, YEAR);
    REFUSED(&c, "say what is to be won", "quota", 0, {"name", "R"}, {"team", ID(&c, team)}, YEAR);
    REFUSED(&c, "it ends before it begins", "quota", 0, {"name", "R"}, {"team", ID(&c, team)},
            {"amount", "1 EUR"}, {"valid_from", "2023-02-01"}, {"valid_until", "2023-01-01"});
    close_company(&c);
}

TEST("quotas of sellers, teams and territories count what was won in their currency and time") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id north = CREATE(&c, "team", {"name", "North"});
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"}, {"teams", ID(&c, north)});
    kith_id asia = CREATE(&c, "territory", {"name", "Asia"});
    kith_id india = CREATE(&c, "territory", {"name", "India"}, {"parent", ID(&c, asia)});
    kith_id acme = CREATE(&c, "account", {"name", "Acme"}, {"territory", ID(&c, india)});
    kith_id id = won_deal(&c, ID(&c, ben), "60 EUR", "2023-06-01");
    MOVE(&c, id, {"account", ID(&c, acme)});
    won_deal(&c, ID(&c, ben), "15 EUR", "2023-12-31");
    won_deal(&c, ID(&c, ben), "9 USD", "2023-06-02");
    won_deal(&c, ID(&c, ben), "999 EUR", "2022-12-31");
    QUOTA(&c, {"seller", ID(&c, ben)}, {"amount", "100 EUR"}, {"deals", "4"}, YEAR);
    QUOTA(&c, {"team", ID(&c, north)}, {"amount", "150 EUR"}, YEAR);
    QUOTA(&c, {"territory", ID(&c, asia)}, {"amount", "80 EUR"}, YEAR);
    struct act a = ACT(&c, "sales.quotas", {"on", "2023-12-31"});
    EXPECT_ACT(a);
    const char *all = "amount won attained deals deals_won deals_attained elapsed others";
    EXPECT_STR("100.00 EUR|75.00 EUR|75.00|4|3|75.00|100.00|1", row_text(&c, &a, 0, all));
    EXPECT_STR("150.00 EUR|75.00 EUR|50.00||3||100.00|1", row_text(&c, &a, 1, all));
    EXPECT_STR("80.00 EUR|60.00 EUR|75.00||1||100.00|0", row_text(&c, &a, 2, all));
    a = ACT(&c, "sales.quotas", {"on", "2024-01-01"});
    EXPECT_INT(0, (int64_t)row_count(&a));
    close_company(&c);
}

/* -- figures ------------------------------------------------------------------------------------
 */

TEST("win rate, average deal, cycle and conversion, in all and by what one likes") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    won_deal(&c, ID(&c, ben), "100 EUR", "2015-01-11");
    won_deal(&c, ID(&c, ben), "50 EUR", "2015-01-21");
    won_deal(&c, NULL, "30 EUR", "2015-01-16");
    kith_id lost = DEAL(&c, {"owner", ID(&c, ben)}, {"amount", "7 EUR"});
    MOVE(&c, lost, {"stage", "lost"}, {"loss_reason", "price"}, {"closed_at", "2015-02-01"});
    DEAL(&c, {"owner", ID(&c, ben)}, {"amount", "9000 EUR"});
    kith_id lead = CREATE(&c, "lead", {"name", "Ann"}, {"owner", ID(&c, ben)});
    CREATE(&c, "lead", {"name", "Bob"}, {"owner", ID(&c, ben)});
    UPDATE(&c, "lead", lead, {"state", "qualified"});
    UPDATE(&c, "lead", lead, {"state", "converted"});
    const char *all = "of won lost win_rate amount average cycle leads converted conversion";
    struct act a = ACT(&c, "sales.kpis", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(1, (int64_t)row_count(&a));
    EXPECT_STR("|3|1|75.00|180.00 EUR|60.00 EUR|15d|2|1|50.00", row_text(&c, &a, 0, all));
    a = ACT(&c, "sales.kpis", {"by", "owner"});
    EXPECT_INT(2, (int64_t)row_count(&a));
    EXPECT_STR("|1|0|100.00|30.00 EUR|30.00 EUR|15d|0|0|", row_text(&c, &a, 0, all));
    EXPECT_STR("Ben|2|1|66.67|150.00 EUR|75.00 EUR|15d|2|1|50.00", row_text(&c, &a, 1, all));
    a = ACT(&c, "sales.kpis", {"since", "2015-01-12"}, {"until", "2015-01-21"});
    EXPECT_STR("|2|0|100.00|80.00 EUR|40.00 EUR|17d12h|0|0|", row_text(&c, &a, 0, all));
    static const char *const by[] = {"team", "territory", "source", "campaign", "account"};
    for (int i = 0; i < 5; i++) {
        a = ACT(&c, "sales.kpis", {"by", by[i]});
        EXPECT_ACT(a);
        EXPECT_STR("|3|1|75.00", row_text(&c, &a, 0, "of won lost win_rate"));
    }
    close_company(&c);
}

TEST("leads count for the territory in which they lie, whether or not they have an account") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id north = CREATE(&c, "territory", {"name", "North"});
    CREATE(&c, "lead", {"name", "Ann"}, {"territory", ID(&c, north)});
    CREATE(&c, "lead", {"name", "Bob"}, {"territory", ID(&c, north)});
    CREATE(&c, "lead", {"name", "Cleo"});
    struct act a = ACT(&c, "sales.kpis", {"by", "territory"});
    EXPECT_ACT(a);
    EXPECT_INT(2, (int64_t)row_count(&a));
    EXPECT_STR("|1", row_text(&c, &a, 0, "of leads"));
    EXPECT_STR("North|2", row_text(&c, &a, 1, "of leads"));
    close_company(&c);
}

TEST("the card of a seller tells how content their accounts are") { /* SAL-65 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    static const char *const rated[] = {"5", "4", "4", NULL};
    for (int i = 0; i < 4; i++)
        CREATE(&c, "account", {"name", "A"}, {"owner", ID(&c, ben)}, {"satisfaction", rated[i]});
    struct act a = ACT(&c, "sales.scorecard", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("4.33|3", row_text(&c, &a, 0, "satisfaction rated"));
    close_company(&c);
}

TEST("two accounts, or two sellers, of one name have figures of their own") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    static const char *const amounts[] = {"100 EUR", "50 EUR"};
    kith_id acme[2];
    for (int i = 0; i < 2; i++) {
        kith_id ben = CREATE(&c, "user", {"login", i ? "ben2" : "ben"}, {"name", "Ben"});
        acme[i] = CREATE(&c, "account", {"name", "Acme"});
        kith_id deal = DEAL(&c, {"owner", ID(&c, ben)}, {"account", ID(&c, acme[i])},
                            {"amount", amounts[i]}, {"opened_at", "2015-01-01"});
        MOVE(&c, deal, {"stage", "proposal"});
        MOVE(&c, deal, {"stage", "won"}, {"closed_at", "2015-01-11"});
    }
    static const char *const by[] = {"account", "owner"};
    for (int i = 0; i < 2; i++) {
        struct act a = ACT(&c, "sales.kpis", {"by", by[i]});
        EXPECT_ACT(a);
        EXPECT_INT(2, (int64_t)row_count(&a));
        EXPECT_STR(i ? "Ben|1|100.00 EUR" : "Acme|1|100.00 EUR",
                   row_text(&c, &a, 0, "of won amount"));
        EXPECT_STR(i ? "Ben|1|50.00 EUR" : "Acme|1|50.00 EUR",
                   row_text(&c, &a, 1, "of won amount"));
        if (!i)
            EXPECT_HAS(ID(&c, acme[1]), row_text(&c, &a, 1, "record"));
    }
    EXPECT_STR(arena_printf(&c.arena, "%s|Acme|EUR|1|100.00 EUR\n%s|Acme|EUR|1|50.00 EUR\n",
                            ID(&c, acme[0]), ID(&c, acme[1])),
               report_text(&c, "sales.won_by_account"));
    close_company(&c);
}

/* won|amount|cycle of the deals themselves, as sales.kpis sums them up. */
static const char *by_hand(struct company *c, const char *since, const char *until) {
    return totals_text(c, arena_printf(&c->arena,
                                       "opportunity where stage = 'won' and closed_at >= '%s' and"
                                       " closed_at <= '%s' : count(), sum(amount), avg(cycle)",
                                       since, until));
}

TEST("figures that come from totals of months are those of the deals, whatever the days") {
    static const char *const closed[] = {
        "2023-01-31 23:30", "2023-02-01 00:30", "2023-02-28", "2023-03-01", "2023-03-31 23:59",
        "2023-04-01 00:00", "2023-04-15",       "2023-06-30", "2023-07-01", "2022-12-31 23:59"};
    static const char *const days[] = {"2022-12-31", "2023-01-01", "2023-01-31", "2023-02-01",
                                       "2023-02-28", "2023-03-02", "2023-03-31", "2023-04-01",
                                       "2023-06-29", "2023-06-30", "2023-07-31", "2023-10-01"};
    const size_t count = sizeof days / sizeof *days;
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++)
        won_deal(&c, i % 2 ? ID(&c, ben) : NULL, i % 3 ? "10 EUR" : "7.50 EUR", closed[i]);
    EXPECT_STR("10\n", totals_text(&c, "pipeline_total where stage = 'won' : sum(deals)"));
    for (size_t i = 0; i < count; i++)
        for (size_t k = i; k < count; k++) {
            const char *wanted = by_hand(&c, days[i], days[k]);
            struct act a = ACT(&c, "sales.kpis", {"since", days[i]}, {"until", days[k]});
            EXPECT_ACT(a);
            if (!row_count(&a))
                EXPECT_STR("0||\n", wanted);
            else
                EXPECT_STR(wanted,
                           arena_printf(&c.arena, "%s\n", row_text(&c, &a, 0, "won amount cycle")));
        }
    close_company(&c);
}

TEST("a deal that is closed otherwise, or opened again, moves between totals") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id id = won_deal(&c, NULL, "10 EUR", "2023-03-10");
    won_deal(&c, NULL, "9 USD", "2023-04-10");
    const char *won = "pipeline_total where stage = 'won' and deals > 0 : sum(deals), sum(cycles)";
    EXPECT_STR("2|2\n", totals_text(&c, won));
    MOVE(&c, id, {"source", "referral"});
    struct act a = ACT(&c, "sales.kpis", {"by", "source"}, {"until", "2023-03-31"});
    EXPECT_STR("referral|1|10.00 EUR", row_text(&c, &a, 0, "of won amount"));
    MOVE(&c, id, {"closed_at", "2023-05-10"});
    a = ACT(&c, "sales.kpis", {"until", "2023-03-31"});
    EXPECT_INT(0, (int64_t)row_count(&a));
    a = ACT(&c, "sales.kpis", {"since", "2023-05-01"}, {"until", "2023-05-31"});
    EXPECT_STR("1|10.00 EUR", row_text(&c, &a, 0, "won amount"));
    close_company(&c);
}

TEST("of 100 hours of contacts 11 were selling: a share of 0.11 on the card of the seller") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    CREATE(&c, "interaction", {"owner", ID(&c, ben)}, {"channel", "meeting"}, {"duration", "11h"},
           {"selling", "true"}, {"cost", "20 EUR"});
    CREATE(&c, "interaction", {"owner", ID(&c, ben)}, {"channel", "call"}, {"duration", "89h"});
    CREATE(&c, "interaction", {"owner", ID(&c, ben)}, {"channel", "call"}, {"planned", "true"},
           {"duration", "40h"});
    won_deal(&c, ID(&c, ben), "100 EUR", "2023-01-11");
    kith_id task = CREATE(&c, "task", {"title", "x"}, {"assignee", ID(&c, ben)});
    UPDATE(&c, "task", task, {"state", "done"});
    struct act a = ACT(&c, "sales.scorecard", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(1, (int64_t)row_count(&a));
    EXPECT_STR("2|1|1|0|100.00|100.00 EUR|20.00 EUR|4d4h|11h|0.1100",
               row_text(&c, &a, 0,
                        "interactions tasks won lost win_rate amount cost time selling "
                        "selling_share"));
    close_company(&c);
}
