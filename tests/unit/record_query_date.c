/* SPDX-License-Identifier: Apache-2.0 */
/* Periods, parts of dates and times, and working days. Now is Saturday, 2024-06-01, 12:00 UTC. */
#include "base/workday.h"
#include "query_fixture.h"

#define FIRST_INSTANT 40
static const int64_t instants[] = {TIME_MIN,
                                   TIME_MIN + DAY_MS / 2,
                                   TIME_MIN + 365 * (int64_t)DAY_MS,
                                   -3976704000000,
                                   -3976704000000 + DAY_MS,
                                   1325239200000,
                                   1325239200000 - 1,
                                   1704063600000,
                                   1704063600000 - 1,
                                   1704067200000,
                                   1704067200000 - 1,
                                   1704031200000,
                                   1704110400000,
                                   1735689600000,
                                   TIME_MAX,
                                   TIME_MAX - DAY_MS / 2};

static void fill_instants(void) {
    for (unsigned i = 0; i < sizeof instants / sizeof *instants; i++) {
        char text[TIME_TEXT];
        time_format(instants[i], text);
        ADD("line", i + FIRST_INSTANT, "sold", text);
    }
}

static void fill(void) {
    fill_instants();
    static const char *const due[] = {"2024-06-01", "2024-06-02", "2024-06-03", "2024-05-27",
                                      "2024-05-26", "2024-04-01", "2024-03-31", "2023-12-31",
                                      "2025-01-01", "2024-07-01", "2024-05-25"};
    for (unsigned i = 0; i < sizeof due / sizeof *due; i++)
        ADD("order", i + 1, "due", due[i], "placed", arena_printf(&arena, "%sT22:30:00Z", due[i]));
    ADD("order", 20, "state", "open", "total", "10 EUR");
    ADD("order", 21, "total", "10 USD", "price", "5 EUR");
}

TEST("a field lies in a period or does not") {
    EXPECT_FOUND("1", "order", "due in this_day()");
    EXPECT_FOUND("1 2 4", "order", "due in this_week()");
    EXPECT_FOUND("3", "order", "due in next_week()");
    EXPECT_FOUND("5 11", "order", "due in last_week()");
    EXPECT_FOUND("1 2 3", "order", "due in this_month()");
    EXPECT_FOUND("4 5 11", "order", "due = last_month()");
    EXPECT_FOUND("10", "order", "due in next_month()");
    EXPECT_FOUND("1 2 3 4 5 6 11", "order", "due in this_quarter()");
    EXPECT_FOUND("7", "order", "due in last_quarter()");
    EXPECT_FOUND("10", "order", "due in next_quarter()");
    EXPECT_FOUND("8 9", "order", "due not in this_year()");
    EXPECT_FOUND("8 9", "order", "not due in this_year()");
    EXPECT_FOUND("8", "order", "due in last_year()");
    EXPECT_FOUND("9", "order", "due in next_year()");
    EXPECT_FOUND("1 4 5", "order", "due in last_days(7)");
    EXPECT_FOUND("1 2 3", "order", "due in next_days(3)");
    EXPECT_FOUND("8 9", "order", "due in (last_year(), '2025-01-01')");
    EXPECT_FOUND("6 10", "order", "due in ('2024-04-01', next_quarter())");
}

TEST("periods have a before and an after") {
    EXPECT_FOUND("7 8", "order", "due < this_quarter()");
    EXPECT_FOUND("1 2 3 4 5 6 7 8 11", "order", "due <= this_quarter()");
    EXPECT_FOUND("9 10", "order", "due > this_month()");
    EXPECT_FOUND("9 10", "order", "this_month() < due");
    EXPECT_FOUND("1 2 3 9 10", "order", "due >= this_month()");
}

TEST("parts of dates and times are numbers") {
    EXPECT_FOUND("8", "order", "year(due) = 2023");
    EXPECT_FOUND("9", "order", "year(due) > 2024");
    EXPECT_FOUND("4 5 11", "order", "month(due) = 5");
    EXPECT_FOUND("8", "order", "quarter(due) = 4");
    EXPECT_FOUND("6 9 10", "order", "day(due) = 1 and due != '2024-06-01'");
    EXPECT_FOUND("2 5 7 8", "order", "weekday(due) = 7");
    EXPECT_FOUND("1 2 4", "order", "week(due) = 22");
    EXPECT_FOUND("8", "order", "week(due) = 52");
    EXPECT_FOUND("9", "order", "week(due) in (1, 53)");
    EXPECT_FOUND("20 21", "order", "month(due) is null");
    EXPECT_FOUND("1 2 3 4 5 6 7 8 9 10 11", "order", "hour(placed) = 22");
    EXPECT_FOUND("9", "order",
                 "month(due) = 13 or year(due) = year(placed) and day(due) = 1 and "
                 "month(placed) = 1");
    EXPECT_STR("8 7 6 4 5 11 1 2 3 10 9",
               ask("order where due is not null order by year(due), month(due), id"));
    EXPECT_STR("8 7 6 4 5 11 1 2 3 10 9",
               ask_paged("order where due is not null order by year(due), month(due), id"));
    EXPECT_STR("9 10 3 2 1 4 5 11 6 7 8 21 20", ask_paged("order order by -year(due), -due, -id"));
    EXPECT_REFUSED("at 18: 'due' is a date field, and no time", "order where hour(due) = 3");
    EXPECT_REFUSED("at 18: 'state' is a state field, and no date or time",
                   "order where year(state) = 3");
    EXPECT_REFUSED("at 25: 'year(due)' cannot be compared with text; write a whole number",
                   "order where year(due) = 'x'");
}

TEST("the zone decides on which day and in which hour a time lies") {
    kith_error e = KITH_ERROR_INIT;
    struct zone *zone;
    setup();
    EXPECT_OK(zone_open(&zone, "Europe/Berlin", &e), e);
    env.zone = zone;
    EXPECT_FOUND("1 2 3 4 5 6 7 11", "order", "hour(placed) = 0 and month(placed) in (4, 5, 6)");
    EXPECT_FOUND("7 9", "order", "day(placed) = 1 and month(placed) in (1, 4)");
    EXPECT_FOUND("6 7", "order", "month(placed) = 4 and quarter(placed) = 2");
    EXPECT_FOUND("1 2 3", "order", "placed in this_month()");
    EXPECT_FOUND("7", "order", "placed in this_quarter() and due in last_quarter()");
    env.zone = NULL;
    zone_close(zone);
}

/* The records with an instant whose year in the zone is as it is asked for. */
static const char *of_years(const struct zone *zone, const char *sign, int64_t year) {
    const char *out = "";
    for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
        int64_t y = zone_local(zone, instants[i]).year;
        bool yes = sign[0] == '='   ? y == year
                   : sign[0] == '!' ? y != year
                   : sign[0] == '<' ? y < year || (sign[1] && y == year)
                                    : y > year || (sign[1] && y == year);
        if (yes)
            out = arena_printf(&arena, "%s%s%zu", out, *out ? " " : "", i + FIRST_INSTANT);
    }
    return out;
}

TEST("a year is told in every zone, also beside the ends of the calendar") {
    static const char *const zones[] = {"Europe/Berlin",    "Pacific/Apia", "Pacific/Kiritimati",
                                        "America/St_Johns", "Asia/Manila",  "UTC"};
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    static const int64_t years[] = {-5,   0,    1,    2,    1844,  1845,  2011,
                                    2023, 2024, 2025, 9999, 10000, 10001, 123456789012};
    kith_error e = KITH_ERROR_INIT;
    setup();
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        struct zone *zone;
        EXPECT_OK(zone_open(&zone, zones[z], &e), e);
        env.zone = zone;
        for (size_t i = 0; i < sizeof signs / sizeof *signs * (sizeof years / sizeof *years); i++) {
            const char *sign = signs[i % 6];
            int64_t year = years[i / 6];
            const char *text = arena_printf(&arena, "year(sold) %s %lld", sign, (long long)year);
            const char *want = of_years(zone, sign, year);
            EXPECT_STR(want, ask(arena_printf(&arena, "line where %s", text)));
            EXPECT_STR(want, matching("line", text));
        }
        env.zone = NULL;
        zone_close(zone);
    }
}

TEST("a list of years") {
    kith_value years[] = {value_int(2025), value_null()};
    kith_value list = {.kind = KITH_LIST, .as.list = {.items = years, .count = 2}};
    EXPECT_FOUND("8 9", "order", "year(due) in (2023, 2025)");
    EXPECT_FOUND("1 2 3 4 5 6 7 10 11", "order", "year(due) not in (2023, 2025)");
    EXPECT_STR("9", ask_with("order where year(due) in (:y)", list));
    EXPECT_STR("8", ask_with("order where year(due) = :y", value_int(2023)));
    EXPECT_STR("", ask_with("order where year(due) < :y", value_null()));
}

TEST("the currency of money is a text") {
    EXPECT_FOUND("20", "order", "total.currency = 'EUR'");
    EXPECT_FOUND("21", "order", "total.currency not in ('EUR')");
    EXPECT_FOUND("21", "order", "price.currency like 'e%'");
    EXPECT_STR("20 21", ask("order where total is not null order by total.currency"));
}

TEST("today moves by working days") {
    static struct workdays w;
    kith_error e = KITH_ERROR_INIT;
    setup();
    EXPECT_FOUND("3", "order", "due = today() + business_days(1)");
    EXPECT_FOUND("3", "order", "due = today() + business_days(0)");
    EXPECT_FOUND("4", "order", "due = today() - business_days(5)");
    EXPECT_FOUND("3", "order", "due = today() - 4d + business_days(4)");
    EXPECT_OK(workdays_weekend(&w, STR("friday"), &e), e);
    EXPECT_OK(workdays_holiday(&w, STR("06-02"), &e), e);
    env.workdays = &w;
    EXPECT_FOUND("3", "order", "due = today() + business_days(1)");
    EXPECT_FOUND("1", "order", "due = today() + business_days(0)");
    env.workdays = NULL;
    EXPECT_REFUSED(
        "at 30: business_days() is added to today(), business_hours() to now(), and once",
        "order where placed > now() + business_days(1)");
    EXPECT_REFUSED("at 43: at most 36600", "order where due > today() + business_days(40000)");
}

TEST("now moves by working time") {
    static struct workdays w = {.weekend = 1u << 0 | 1u << 6};
    const kith_value eight = value_int(8), span = value_str(STR("8h")), none = value_null();
    kith_error e = KITH_ERROR_INIT;
    setup();
    EXPECT_STR(ask("order where placed > '2024-05-31T09:00:00Z'"),
               ask("order where placed > now() - business_hours(8)"));
    EXPECT_STR(ask("order where placed > '2024-05-30T16:30:00Z'"),
               ask("order where placed > now() - business_hours(510m)"));
    EXPECT_STR(ask("order where placed > '2024-06-03T11:00:00Z'"),
               ask("order where placed > now() + 1d + business_hours(2)"));
    EXPECT_STR(ask("order where due <= '2024-06-03'"),
               ask("order where due <= now() + business_hours(2)"));
    EXPECT_OK(workdays_hours(&w, STR("mon-fri 12:00-23:00"), &e), e);
    env.workdays = &w;
    EXPECT_FOUND("4 5 11", "order",
                 "placed >= now() - business_hours(71h) and placed < now() - business_hours(44h)");
    env.workdays = NULL;
    EXPECT_STR(ask("order where placed > '2024-05-31T09:00:00Z'"),
               ask_with("order where placed > now() - business_hours(:n)", eight));
    EXPECT_STR(ask("order where placed > '2024-05-31T09:00:00Z'"),
               ask_with("order where placed > now() - business_hours(:n)", span));
    EXPECT_STR(":n: write a number of hours such as 4, or a duration such as 90m",
               ask_with("order where placed > now() - business_hours(:n)", none));
    EXPECT_REFUSED(
        "at 29: business_days() is added to today(), business_hours() to now(), and once",
        "order where due > today() + business_hours(1)");
    EXPECT_REFUSED("at 45: at most 36600 hours",
                   "order where placed > now() + business_hours(9999d)");
    EXPECT_REFUSED("at 45: at most 36600", "order where placed > now() + business_hours(40000)");
}

TEST("what now() and working time say is looked at again when they say something else") {
    static const struct {
        const char *where, *next;
    } cases[] = {
        /* placed on Saturday, 22:30: behind Monday's opening once four hours of Monday are over */
        {"placed < now() - business_hours(4)", "2024-06-03T13:00:00.000Z"},
        {"placed < now() + business_hours(8)", NULL},
        {"due < now() - business_hours(4)", "2024-06-03T13:00:00.000Z"},
        {"due = now() + business_hours(4)", NULL},
    };
    setup();
    const struct rtype *order = schema_type(schema, STR("order"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kith_error e = KITH_ERROR_INIT;
        const struct match_source source = {0};
        struct predicate *p;
        char found[TIME_TEXT] = "never";
        int64_t next = 0;
        EXPECT_OK(predicate_parse(&p, schema, order, &arena, str_of(cases[i].where), &e), e);
        EXPECT(predicate_timed(p));
        EXPECT_OK(predicate_next_flip(p, &env, 1, stored(order, 1), &source, &next, &e), e);
        if (next < INT64_MAX)
            time_format(next, found);
        EXPECT_STR(cases[i].next ? cases[i].next : "never", found);
    }
}

TEST("a parameter tells how far now() and today() move, and how many days") {
    const kith_value days = value_str(STR("4d")),
                     week = {.kind = KITH_DURATION, .as.i = 7 * DAY_MS}, three = value_int(3),
                     four = value_str(STR("4")), none = value_null();
    EXPECT_STR(ask("order where due = today() - 4d"),
               ask_with("order where due = today() - :d", days));
    EXPECT_STR(ask("order where due > today() + 1d - 1w"),
               ask_with("order where due > today() + 1d - :d", week));
    EXPECT_STR(ask("order where placed > now() - 4d"),
               ask_with("order where placed > now() - :d", days));
    EXPECT_STR("1 2 3", ask_with("order where due in next_days(:n)", three));
    EXPECT_STR(ask("order where due in last_days(4)"),
               ask_with("order where due in last_days(:n)", four));
    EXPECT_STR("3", ask_with("order where due = today() - 4d + business_days(:n)", four));
    EXPECT_STR(ask("order where due = today() - business_days(4)"),
               ask_with("order where due = today() - business_days(:n)", four));
    EXPECT_STR(ask("order order by due limit 3"), ask_with("order order by due limit :n", three));
    EXPECT_STR("3", ask_with("order limit :n : count()", three));
    EXPECT_STR("", ask_with("order limit :n", value_int(0)));
    EXPECT_STR(":d: write whole days such as 30d",
               ask_with("order where due > today() - :d", value_str(STR("90m"))));
    EXPECT_STR(":d: write a duration such as 30d or 2h",
               ask_with("order where placed > now() - :d", none));
    EXPECT_STR(":n: write a whole number from 1 to 36600",
               ask_with("order where due in last_days(:n)", value_int(0)));
    EXPECT_STR(":n: write a whole number from 0 to 36600",
               ask_with("order where due > today() + business_days(:n)", value_str(STR("x"))));
    EXPECT_HAS(":n: write a whole number from 0 to", ask_with("order limit :n", value_int(-1)));
    EXPECT_REFUSED("at 35: only one parameter can stand here, and none beside business_days() and "
                   "business_hours()",
                   "order where placed > now() - :a + :b");
    EXPECT_REFUSED("at 34: business_days() cannot stand beside a parameter",
                   "order where due > today() - :a + business_days(1)");
}

TEST("a condition knows whether it looks at the clock") {
    static const struct {
        const char *text;
        bool timed;
    } cases[] = {{"due = '2024-06-01' and month(due) = 6", false},
                 {"pieces > 3 or due in this_month()", true},
                 {"due <= today() + business_days(2)", true},
                 {"placed > now()", true}};
    setup();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kith_error e = KITH_ERROR_INIT;
        struct predicate *p;
        EXPECT_OK(predicate_parse(&p, schema, schema_type(schema, STR("order")), &arena,
                                  str_of(cases[i].text), &e),
                  e);
        EXPECT_INT(cases[i].timed, predicate_timed(p));
    }
}

TEST("what is no period is refused, and a period where it has no meaning") {
    EXPECT_REFUSED("at 20: 'in' needs a list in parentheses or a period as this_month()",
                   "order where due in today()");
    EXPECT_REFUSED("at 21: 'state' is neither a date nor a time",
                   "order where state = this_month()");
    EXPECT_REFUSED("at 30: at least one day", "order where due in last_days(0)");
    EXPECT_REFUSED("at 30: expected a whole number, found )", "order where due in last_days()");
    EXPECT_REFUSED("at 30: at most 36600", "order where due in last_days(99999999)");
    EXPECT_REFUSED("at 19: no function 'this_moth' can stand here; did you mean 'this_month()'?",
                   "order where due = this_moth()");
}
