/* SPDX-License-Identifier: Apache-2.0 */
/* Working time. */
#include "base/date.h"
#include "base/err.h"
#include "base/str.h"
#include "base/workday.h"
#include "test.h"

static struct zone *zone;

static int64_t at(const char *text) {
    int64_t ms = 0;
    EXPECT(time_parse(str_of(text), false, zone, &ms));
    return ms;
}

static void berlin(void) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(zone_open(&zone, "Europe/Berlin", &e), e);
}

static void done(void) {
    zone_close(zone);
    zone = NULL;
}

static void expect_add(const struct workdays *w, const char *wanted, const char *from, int64_t ms) {
    char found[TIME_TEXT], expected[TIME_TEXT];
    time_format(worktime_add(w, zone, at(from), ms), found);
    time_format(at(wanted), expected);
    EXPECT_STR(expected, found);
}

static struct workdays hours(const char *const *lines) {
    struct workdays w = {.weekend = 1u << 0 | 1u << 6};
    kith_error e = KITH_ERROR_INIT;
    for (; *lines; lines++)
        EXPECT_OK(workdays_hours(&w, str_of(*lines), &e), e);
    EXPECT_OK(workdays_check(&w, &e), e);
    return w;
}
#define HOURS(...) hours((const char *const[]){__VA_ARGS__, NULL})

static void expect_refused(struct workdays *w, const char *wanted, const char *text) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_INVAL, workdays_hours(w, str_of(text), &e));
    EXPECT_STR(wanted, e.message);
}

TEST("without hours a working day is from nine to five") {
    berlin();
    expect_add(NULL, "2026-06-03T13:00", "2026-06-03T09:00", 4 * HOUR_MS);
    expect_add(NULL, "2026-06-04T10:00", "2026-06-03T16:00", 2 * HOUR_MS);
    expect_add(NULL, "2026-06-08T10:00", "2026-06-05T16:00", 2 * HOUR_MS); /* over a weekend */
    expect_add(NULL, "2026-06-08T11:00", "2026-06-06T12:00", 2 * HOUR_MS); /* on a Saturday */
    expect_add(NULL, "2026-06-03T17:00", "2026-06-03T09:00", 8 * HOUR_MS); /* to the closing */
    expect_add(NULL, "2026-06-03T09:30", "2026-06-03T05:00", HOUR_MS / 2);
    done();
}

TEST("no time leads to the present, or to the next opening") {
    berlin();
    expect_add(NULL, "2026-06-03T12:34", "2026-06-03T12:34", 0);
    expect_add(NULL, "2026-06-04T09:00", "2026-06-03T17:00", 0);
    expect_add(NULL, "2026-06-03T09:00", "2026-06-03T03:00", 0);
    done();
}

TEST("working time is counted back, too") {
    berlin();
    expect_add(NULL, "2026-06-03T09:00", "2026-06-03T13:00", -4 * HOUR_MS);
    expect_add(NULL, "2026-06-05T16:00", "2026-06-08T10:00", -2 * HOUR_MS);
    expect_add(NULL, "2026-06-05T15:00", "2026-06-06T12:00", -2 * HOUR_MS);
    done();
}

TEST("a day may have several spans, and days their own") {
    berlin();
    struct workdays w = HOURS("monday-thursday 08:30-12:30 13:30-17:00", "fri 08:00-14:00");
    expect_add(&w, "2026-06-03T14:00", "2026-06-03T12:00", HOUR_MS); /* over lunch */
    expect_add(&w, "2026-06-05T09:00", "2026-06-04T16:00", 2 * HOUR_MS);
    expect_add(&w, "2026-06-08T09:00", "2026-06-05T13:30", HOUR_MS);
    EXPECT(worktime_is(&w, zone, at("2026-06-03T12:29")));
    EXPECT(!worktime_is(&w, zone, at("2026-06-03T12:30")));
    EXPECT(!worktime_is(&w, zone, at("2026-06-05T14:00")));
    EXPECT_INT(7 * HOUR_MS + HOUR_MS / 2,
               worktime_between(&w, zone, at("2026-06-03T00:00"), at("2026-06-04T00:00")));
    EXPECT_INT(-6 * HOUR_MS,
               worktime_between(&w, zone, at("2026-06-07T00:00"), at("2026-06-05T00:00")));
    done();
}

TEST("holidays have no hours") {
    berlin();
    struct workdays w = HOURS("mon-fri 09:00-17:00");
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(workdays_holiday(&w, STR("12-25"), &e), e);
    expect_add(&w, "2026-12-28T10:00", "2026-12-24T16:00", 2 * HOUR_MS);
    EXPECT(!worktime_is(&w, zone, at("2026-12-25T12:00")));
    done();
}

TEST("a day on which the clock changes is longer or shorter by what it lost or won") {
    berlin();
    struct workdays w = {.weekend = 1u << 1}; /* Mondays are free, nights are not */
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(workdays_hours(&w, STR("tue-sun 00:00-24:00"), &e), e);
    EXPECT_INT(23 * HOUR_MS,
               worktime_between(&w, zone, at("2026-03-29T00:00"), at("2026-03-30T00:00")));
    EXPECT_INT(25 * HOUR_MS,
               worktime_between(&w, zone, at("2026-10-25T00:00"), at("2026-10-26T00:00")));
    expect_add(&w, "2026-03-29T04:00", "2026-03-29T01:00", 2 * HOUR_MS);
    expect_add(&w, "2026-03-31T01:00", "2026-03-29T23:00",
               2 * HOUR_MS); /* over midnight and Monday */
    done();
}

TEST("what was added lies between") {
    berlin();
    struct workdays w =
        HOURS("mon-wed 08:30-12:30 13:30-17:00", "thu 22:00-24:00", "fri 00:00-06:15");
    int64_t from = at("2026-03-20T11:11");
    for (int64_t ms = 60000; ms < 400 * HOUR_MS; ms += 7 * HOUR_MS + 61000) {
        EXPECT_INT(ms, worktime_between(&w, zone, from, worktime_add(&w, zone, from, ms)));
        EXPECT_INT(-ms, worktime_between(&w, zone, from, worktime_add(&w, zone, from, -ms)));
    }
    done();
}

TEST("hours that are none are refused with what to write") {
    struct workdays w = {.weekend = 1u << 0 | 1u << 6};
    kith_error e = KITH_ERROR_INIT;
#define ILL(text) "'" text "' is no working hours; write \"monday-friday 09:00-12:30 13:30-17:00\""
    expect_refused(&w, ILL("monday"), "monday");
    expect_refused(&w, ILL("monday 9-17"), "monday 9-17");
    expect_refused(&w, ILL("monday 17:00-09:00"), "monday 17:00-09:00");
    expect_refused(&w, ILL("monday 09:00-24:01"), "monday 09:00-24:01");
    expect_refused(&w, ILL("monday 09:00-12:00 11:00-13:00"), "monday 09:00-12:00 11:00-13:00");
    expect_refused(&w, "'someday' is no day of the week; write \"saturday\"",
                   "someday 09:00-17:00");
    EXPECT_OK(workdays_hours(&w, STR("mon-wed 09:00-17:00"), &e), e);
    expect_refused(&w, "the hours of wednesday stand there twice", "wed 10:00-12:00");
    EXPECT_INT(KITH_E_INVAL, workdays_check(&w, &e));
    EXPECT_STR("thursday has no hours: give it some, or put it into company.weekend", e.message);
    EXPECT_OK(workdays_hours(&w, STR("thu-sat 09:00-17:00"), &e), e);
    EXPECT_INT(KITH_E_INVAL, workdays_check(&w, &e));
    EXPECT_STR(
        "saturday has hours, but it is one of company.weekend: take it out of one of the two",
        e.message);
}

TEST("the next span of working time is that which one is in, or the next opening") {
    berlin();
    const struct workdays w = hours((const char *const[]){"mon-fri 09:00-12:00 13:00-17:00", NULL});
    int64_t begin, end;
    EXPECT(worktime_span(&w, zone, at("2026-06-05T10:00"), &begin, &end)); /* a Friday */
    EXPECT_INT(at("2026-06-05T09:00"), begin);
    EXPECT_INT(at("2026-06-05T12:00"), end);
    EXPECT(worktime_span(&w, zone, end, &begin, &end));
    EXPECT_INT(at("2026-06-05T13:00"), begin);
    EXPECT(worktime_span(&w, zone, at("2026-06-05T17:00"), &begin, &end));
    EXPECT_INT(at("2026-06-08T09:00"), begin);
    EXPECT_INT(at("2026-06-08T12:00"), end);
    done();
}
