/* SPDX-License-Identifier: Apache-2.0 */
/* Visits: the plan and what is missing, those for nothing, whether they keep customers; and the way
 * of a customer through the phases of buying. */
#include "deals.h"

#define FIRM(c, ...) CREATE(c, "account", __VA_ARGS__)
#define VISIT(c, ...)                                                                              \
    CREATE(c, "interaction", {"channel", "meeting"}, {"visit", "true"}, ##__VA_ARGS__)

TEST("the plan tells where, when and to whom, and what is missing for a visit") { /* SAL-61 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id acme =
        FIRM(&c, {"name", "Acme"}, {"billing_street", "Long Road 1"}, {"billing_city", "Bonn"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"account", ID(&c, acme)});
    DEAL(&c, {"account", ID(&c, acme)}, {"amount", "70 EUR"});
    CREATE(&c, "interaction", {"account", ID(&c, acme)}, {"channel", "call"});
    const char *today = arena_printf(&c.arena, "%.10s", field(&c, "account", acme, "created"));
    const char *nine = arena_printf(&c.arena, "%s 23:00", today),
               *ten = arena_printf(&c.arena, "%s 23:30", today);
    kith_id ready = VISIT(&c, {"planned", "true"}, {"at", nine}, {"account", ID(&c, acme)},
                          {"contact", ID(&c, ada)}, {"duration", "1h"}, {"subject", "The new boat"},
                          {"confirmed", "true"}, {"owner", ID(&c, ben)});
    VISIT(&c, {"planned", "true"}, {"at", ten}, {"visit_place", "At the fair"},
          {"account", ID(&c, acme)}, {"owner", ID(&c, ben)});
    CREATE(&c, "interaction", {"channel", "call"}, {"planned", "true"}, {"at", ten},
           {"account", ID(&c, acme)}); /* no visit */
    struct act a = ACT(&c, "sales.visit_plan", {"seller", ID(&c, ben)});
    EXPECT_ACT(a);
    EXPECT_INT(2, row_count(&a));
    EXPECT_STR(ID(&c, ready), row_text(&c, &a, 0, "visit"));
    EXPECT_STR("Long Road 1, Bonn|The new boat|70.00 EUR||false",
               row_text(&c, &a, 0, "place purpose pipeline missing clash"));
    EXPECT_STR("At the fair|whom, about what, how long, the customer's word|true",
               row_text(&c, &a, 1, "place missing clash"));
    EXPECT(*row_text(&c, &a, 0, "last"));
    a = ACT(&c, "sales.visit_plan", {"since", "2001-01-01"});
    EXPECT_ACT(a);
    EXPECT_INT(0, row_count(&a));
    a = ACT(&c, "sales.visit_plan", {"days", "0"});
    EXPECT_HAS("days", a.message);
    close_company(&c);
}

TEST("a visit about a deal is with the account of the deal, unless somebody says otherwise") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id acme = FIRM(&c, {"name", "Acme"}), other = FIRM(&c, {"name", "Other"});
    kith_id deal = DEAL(&c, {"account", ID(&c, acme)});
    const char *about = arena_printf(&c.arena, "opportunity/%s", ID(&c, deal));
    kith_id v = VISIT(&c, {"planned", "true"}, {"at", "2023-11-20 10:00"}, {"about", about});
    EXPECT_STR(ID(&c, acme), field(&c, "interaction", v, "account"));
    EXPECT_STR("0", field(&c, "interaction", v, "open_problems"));
    v = VISIT(&c, {"about", about}, {"account", ID(&c, other)});
    EXPECT_STR(ID(&c, other), field(&c, "interaction", v, "account"));
    v = VISIT(&c, {"about", arena_printf(&c.arena, "account/%s", ID(&c, acme))});
    EXPECT_STR("", field(&c, "interaction", v, "account"));
    close_company(&c);
}

TEST("visits for nothing are counted by seller and reason, with what they cost") { /* SAL-61 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id acme = FIRM(&c, {"name", "Acme"});
    for (int i = 0; i < 3; i++) {
        kith_id v =
            VISIT(&c, {"account", ID(&c, acme)}, {"owner", ID(&c, ben)}, {"cost", "40 EUR"});
        if (i)
            UPDATE(&c, "interaction", v, {"wasted", i == 1 ? "nobody_there" : "wrong_person"});
    }
    EXPECT_STR("Ben||EUR|1|40.00 EUR\nBen|nobody_there|EUR|1|40.00 "
               "EUR\nBen|wrong_person|EUR|1|40.00 EUR\n",
               report_text(&c, "sales.visits"));
    EXPECT_STR("3", field(&c, "account", acme, "visits"));
    REFUSED(&c, "only a visit that took place", "interaction", 0, {"channel", "call"},
            {"wasted", "wrong_time"});
    REFUSED(&c, "only a visit that took place", "interaction", 0, {"channel", "meeting"},
            {"visit", "true"}, {"planned", "true"}, {"wasted", "wrong_time"});
    close_company(&c);
}

/* -- do they keep customers ---------------------------------------------------------------------
 */

static void won(struct company *c, kith_id account, const char *day) {
    kith_id id = DEAL(c, {"account", ID(c, account)}, {"amount", "1 EUR"});
    MOVE(c, id, {"stage", "proposal"});
    MOVE(c, id, {"stage", "won"}, {"closed_at", day});
}

/* Customers who bought in 2022, of whom so many bought no more after January 2023. */
static void customers(struct company *c, int count, int lost, const char *visited,
                      const char *group) {
    for (int i = 0; i < count; i++) {
        kith_id firm = FIRM(c, {"name", "Firm"}, {"visit_group", group});
        won(c, firm, "2022-06-01");
        if (visited)
            CREATE(c, "interaction", {"account", ID(c, firm)}, {"channel", "meeting"},
                   {"visit", "true"}, {"at", visited});
        if (i >= lost)
            won(c, firm, "2023-03-01");
    }
}
#define JANUARY                                                                                    \
    {"since", "2023-01-01"}, {                                                                     \
        "until", "2023-01-31"                                                                      \
    }

TEST("churn of the visited against the others, with its interval and a warning") { /* SAL-62 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    customers(&c, 10, 1, "2023-01-15", "");
    customers(&c, 20, 8, NULL, "");
    customers(&c, 1, 1, "2023-02-01", ""); /* visited too late */
    FIRM(&c, {"name", "Never bought"});
    struct act a = ACT(&c, "sales.visit_effect", JANUARY);
    EXPECT_ACT(a);
    EXPECT_STR("yes|10|1|10.00", row_text(&c, &a, 0, "visited customers churned churn"));
    EXPECT_STR("no|21|9|42.86", row_text(&c, &a, 1, "visited customers churned churn"));
    UPDATE(&c, "opportunity", find(&c, "opportunity order by -id limit 1").ids[0],
           {"closed_at", "2021-01-01"}); /* not within the year before */
    a = ACT(&c, "sales.visit_effect", JANUARY, {"by", ""}, {"channel", ""});
    EXPECT_ACT(a);
    EXPECT_STR("no|20|8|40.00", row_text(&c, &a, 1, "visited customers churned churn"));
    EXPECT_STR("-30.00", result_text(&c, &a, "difference"));
    EXPECT_STR("-52.87", result_text(&c, &a, "low"));
    EXPECT_STR("5.40", result_text(&c, &a, "high"));
    EXPECT_STR("false", result_text(&c, &a, "sure"));
    EXPECT_STR("false", result_text(&c, &a, "random"));
    EXPECT_HAS("may be that of the choice", result_text(&c, &a, "warning"));
    EXPECT_HAS("fewer than 30", result_text(&c, &a, "warning"));
    a = ACT(&c, "sales.visit_effect", JANUARY, {"channel", "meeting"});
    EXPECT_STR("yes|10|1|10.00", row_text(&c, &a, 0, "visited customers churned churn"));
    a = ACT(&c, "sales.visit_effect", JANUARY, {"channel", "call"});
    EXPECT_STR("yes|0|0|", row_text(&c, &a, 0, "visited customers churned churn"));
    EXPECT_STR("", result_text(&c, &a, "difference"));
    close_company(&c);
}

TEST("where chance said who is visited there is no choice to warn of") { /* SAL-62 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    customers(&c, 8, 0, "2023-01-15", "visit");
    customers(&c, 7, 7, NULL, "control");
    customers(&c, 1, 1, "2023-01-15", "control"); /* visited all the same: still of its group */
    struct act a = ACT(&c, "sales.visit_effect", JANUARY, {"by", "assigned"});
    EXPECT_ACT(a);
    EXPECT_STR("yes|8|0|0.00", row_text(&c, &a, 0, "visited customers churned churn"));
    EXPECT_STR("no|8|8|100.00", row_text(&c, &a, 1, "visited customers churned churn"));
    EXPECT_STR("-100.00|true|true",
               arena_printf(&c.arena, "%s|%s|%s", result_text(&c, &a, "difference"),
                            result_text(&c, &a, "sure"), result_text(&c, &a, "random")));
    EXPECT_STR("There are fewer than 30 customers in a group.", result_text(&c, &a, "warning"));
    close_company(&c);
}

TEST("chance parts the accounts that have no group, once") { /* SAL-62 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    for (int i = 0; i < 60; i++)
        FIRM(&c, {"name", "Firm"}, {"tags", i < 40 ? "steel" : "food"});
    struct act a = ACT(&c, "sales.visit_groups", {"tag", "steel"}, {"share", ""});
    EXPECT_ACT(a);
    const int64_t visit = atoll(result_text(&c, &a, "visit"));
    EXPECT_INT(40, visit + atoll(result_text(&c, &a, "control")));
    EXPECT(visit > 5 && visit < 35);
    EXPECT_INT(visit, find(&c, "account where visit_group = 'visit' and tagged('steel')").count);
    a = ACT(&c, "sales.visit_groups", {NULL, NULL});
    EXPECT_INT(20, atoll(result_text(&c, &a, "visit")) + atoll(result_text(&c, &a, "control")));
    undo(&c, a.tx);
    EXPECT_INT(20, find(&c, "account where visit_group is null").count);
    close_company(&c);
}

TEST("an effect is asked of a time that is over, and by orders where these count") { /* SAL-62 */
    struct company c;
    OPEN(&c, CONF("dependence: { of = \"orders\"; };") "commerce: { grant = [\"*\"]; };\n",
         "commerce", "sales");
    customers(&c, 3, 0, "2023-01-15", "");
    struct act a = ACT(&c, "sales.visit_effect", JANUARY);
    EXPECT_ACT(a);
    EXPECT_STR("yes|0|0|", row_text(&c, &a, 0, "visited customers churned churn"));
    a = ACT(&c, "sales.visit_effect", {"since", "2023-02-01"}, {"until", "2023-01-01"});
    EXPECT_HAS("until: it lies before since", a.message);
    a = ACT(&c, "sales.visit_effect", {"since", "2023-02-01"}, {"until", "9999-12-31"});
    EXPECT_HAS("days: who buys no more", a.message);
    a = ACT(&c, "sales.visit_effect", {"since", "0001-01-01"}, {"until", "0001-01-01"});
    EXPECT(a.status == KITH_OK || *a.message);
    close_company(&c);
}

/* -- phases of buying ---------------------------------------------------------------------------
 */

TEST("each phase of buying has a module that cares for it, and so many who are there") {
    struct company c; /* SAL-42 */
    OPEN(&c, CONF(""), "sales");
    for (int i = 0; i < 3; i++) {
        kith_id lead = CREATE(&c, "lead", {"name", "Ann"});
        if (i)
            UPDATE(&c, "lead", lead, {"state", i == 1 ? "working" : "qualified"});
    }
    DEAL(&c, {NULL, NULL});
    MOVE(&c, DEAL(&c, {NULL, NULL}), {"stage", "proposal"});
    FIRM(&c, {"name", "Acme"}, {"kind", "customer"});
    kith_id buyer = FIRM(&c, {"name", "Bought once"}); /* whatever its kind */
    FIRM(&c, {"name", "Never bought"});
    kith_id deal = DEAL(&c, {"account", ID(&c, buyer)}, {"amount", "5 EUR"});
    const char *const stages[] = {"qualification", "proposal", "closing", "won"};
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
        MOVE(&c, deal, {"stage", stages[i]});
    struct act a = ACT(&c, "sales.buying_process", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("awareness|campaign|campaign|1", row_text(&c, &a, 0, "phase modules absent count"));
    EXPECT_STR("search|campaign, sales|campaign|1",
               row_text(&c, &a, 1, "phase modules absent count"));
    EXPECT_STR("evaluation|1", row_text(&c, &a, 2, "phase count"));
    EXPECT_STR("evaluation|1", row_text(&c, &a, 3, "phase count"));
    EXPECT_STR("purchase|sales||1", row_text(&c, &a, 4, "phase modules absent count"));
    EXPECT_STR("post_purchase|feedback|2", row_text(&c, &a, 5, "phase modules count"));
    EXPECT_INT(7, row_count(&a));
    close_company(&c);
}
