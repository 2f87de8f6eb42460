/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of random values, and periods: made up, written, and worked out. Times of day in a zone
 * come from the C library, which reads the system's zones by code of its own. */
#ifndef TESTS_UNIT_QUERY_MOMENT_H
#define TESTS_UNIT_QUERY_MOMENT_H

#include "base/workday.h"
#include "base/zone.h"
#include "query_random.h"

#include <time.h>

static struct tm naive_civil(const kith_value *v) {
    struct tm tm = {0};
    time_t days = v->as.i * (DAY_MS / 1000);
    time_t seconds = v->as.i / 1000 - (v->as.i % 1000 < 0);
    EXPECT((v->kind == KITH_DATE ? gmtime_r(&days, &tm) : localtime_r(&seconds, &tm)) != NULL);
    return tm;
}

/* The day on which a date or time lies, from 1970-01-01. */
static int64_t naive_day(const kith_value *v) {
    struct tm tm = naive_civil(v);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    return timegm(&tm) / (DAY_MS / 1000);
}

static struct zone *zone;

/* Zones, and moments about which days and hours differ in them from those of UTC: clocks are
 * changed, at midnight even; a day is left out; a year begins. */
static void random_now(void) {
    static const struct {
        const char *zone, *now;
    } moments[] = {
        {NULL, "2024-06-01T12:00Z"},
        {NULL, "2024-02-29T23:00Z"},
        {"Europe/Berlin", "2024-03-31T00:30Z"},
        {"Europe/Berlin", "2024-10-27T00:30Z"},
        {"Europe/Berlin", "2024-12-31T23:30Z"},
        {"America/New_York", "2024-11-03T05:30Z"},
        {"America/Santiago", "2024-09-08T03:30Z"},
        {"Pacific/Apia", "2011-12-31T09:00Z"},
        {"Asia/Kathmandu", "2024-01-01T18:30Z"},
        {"Australia/Lord_Howe", "2024-04-06T15:00Z"},
    };
    kith_error e = KITH_ERROR_INIT;
    uint32_t i = below(sizeof moments / sizeof *moments);
    zone = NULL;
    if (moments[i].zone)
        EXPECT_OK(zone_open(&zone, moments[i].zone, &e), e);
    env.zone = zone;
    EXPECT(time_parse(str_of(moments[i].now), false, NULL, &env.now));
    EXPECT_INT(0, setenv("TZ", moments[i].zone ? moments[i].zone : "UTC", 1));
    tzset();
    const kith_value now = value_time(env.now);
    today = naive_day(&now);
}

/* A time as its wall clock in the zone; false: the same wall clock was there before. */
static bool wall_clock(int64_t ms, char out[40]) {
    const kith_value v = value_time(ms);
    char before[2][20];
    struct tm tm = naive_civil(&v);
    EXPECT(strftime(out, 40, "%F %T", &tm) == 19);
    for (int i = 0; i < 2; i++) { /* clocks are put back by one hour or by half of one */
        const kith_value earlier = value_time(ms - (i + 1) * 1800000);
        tm = naive_civil(&earlier);
        EXPECT(strftime(before[i], sizeof before[i], "%F %T", &tm) == 19);
    }
    bool again = strcmp(out, before[0]) == 0 || strcmp(out, before[1]) == 0;
    snprintf(out + 19, 21, ".%03d", (int)((ms % 1000 + 1000) % 1000));
    return !again;
}

/* -- working days ------------------------------------------------------------------------------ */

static struct workdays workdays;

static void random_workdays(void) {
    static const uint32_t weekends[] = {0, 1u << 0 | 1u << 6, 1u << 5 | 1u << 6, 0x55};
    workdays = (struct workdays){.weekend = ANY(weekends), .count = below(6)};
    for (size_t i = 0; i < workdays.count; i++) {
        struct civil c = date_civil((today + (int64_t)below(11) - 5) * DAY_MS);
        workdays.holidays[i] =
            (struct holiday){chance(50) ? 0 : c.year + (int32_t)below(2), c.month, c.day};
    }
    env.workdays = chance(75) ? &workdays : NULL;
}

static bool naive_works(int64_t day) {
    const kith_value v = {.kind = KITH_DATE, .as.i = day};
    struct tm tm = naive_civil(&v);
    bool works = env.workdays ? !(workdays.weekend & 1u << tm.tm_wday) : tm.tm_wday % 6 != 0;
    for (size_t i = 0; env.workdays && i < workdays.count; i++) {
        const struct holiday *h = &workdays.holidays[i];
        works &= h->day != tm.tm_mday || h->month != tm.tm_mon + 1 ||
                 (h->year && h->year != tm.tm_year + 1900);
    }
    return works;
}

/* The day on which n working days are over. */
static int64_t naive_business(int64_t day, int n) {
    if (n == 0)
        return naive_works(day) ? day : naive_business(day, 1);
    int step = n < 0 ? -1 : 1;
    do
        day += step;
    while (!naive_works(day));
    return n == step ? day : naive_business(day, n - step);
}

/* today() with working days, where some number of them lead to the day; false: none was found. */
static bool put_business(struct buf *b, int64_t day) {
    int64_t shift = (int64_t)below(5) - 2;
    int n = 0;
    while (n < 7 && naive_business(today + shift, n) != day &&
           naive_business(today + shift, -n) != day)
        n++;
    if (n == 7)
        return false;
    buf_puts(b, "today()");
    if (shift)
        buf_printf(b, " %c %dd", shift < 0 ? '-' : '+', abs((int)shift));
    buf_printf(b, " %c business_days(%d)", naive_business(today + shift, n) == day ? '+' : '-', n);
    return true;
}

static void put_moment(struct buf *b, const char *function, int64_t distance, const char *unit) {
    buf_printf(b, "%s()", function);
    if (distance)
        buf_printf(b, " %c %lld%s", distance < 0 ? '-' : '+', (long long)llabs(distance), unit);
}

/* now() with working time that ends at `ms`, begun on the same day; false: nobody works then. */
static bool put_business_time(struct buf *b, int64_t ms) {
    const kith_value v = value_time(ms);
    struct tm tm = naive_civil(&v);
    if (!naive_works(naive_day(&v)) || tm.tm_hour < 10 || tm.tm_hour >= 17)
        return false;
    int64_t worked = 1 + below((uint32_t)(tm.tm_hour - 9) * 3600000);
    put_moment(b, "now", ms - worked - env.now, "ms");
    buf_printf(b, " + business_hours(%lldms)", (long long)worked);
    return true;
}

/* -- parts ------------------------------------------------------------------------------------- */

enum taken { WHOLE, YEAR, QUARTER, MONTH, WEEK, WEEKDAY, DAY, HOUR, CURRENCY, DISTANCE };
static const char *const taken_names[] = {
    [YEAR] = "year",       [QUARTER] = "quarter", [MONTH] = "month", [WEEK] = "week",
    [WEEKDAY] = "weekday", [DAY] = "day",         [HOUR] = "hour",   [DISTANCE] = "distance"};

static enum taken random_taken(const struct rfield *f) {
    if (f->kind == KITH_F_DATE && chance(40))
        return YEAR + below(HOUR - YEAR);
    if (f->kind == KITH_F_TIME && chance(50))
        return YEAR + below(HOUR - YEAR + 1);
    if (f->kind == KITH_F_PLACE && chance(60))
        return DISTANCE;
    return f->kind == KITH_F_MONEY && chance(30) ? CURRENCY : WHOLE;
}

static int64_t naive_part(enum taken taken, const struct tm *tm) {
    char week[3];
    switch (taken) {
    case YEAR:
        return 1900 + tm->tm_year;
    case QUARTER:
        return 1 + tm->tm_mon / 3;
    case MONTH:
        return 1 + tm->tm_mon;
    case WEEK:
        EXPECT(strftime(week, sizeof week, "%V", tm) == 2);
        return atoi(week);
    case WEEKDAY:
        return tm->tm_wday ? tm->tm_wday : 7;
    case DAY:
        return tm->tm_mday;
    default:
        return tm->tm_hour;
    }
}

static kith_value take(enum taken taken, kith_value v) {
    if (taken == WHOLE || v.kind == KITH_NULL)
        return v;
    if (taken == CURRENCY)
        return value_str(arena_str(&arena, str_of(v.as.money.currency)));
    struct tm tm = naive_civil(&v);
    return value_int(naive_part(taken, &tm));
}

/* -- periods ----------------------------------------------------------------------------------- */

#define PERIOD 2000u /* kind of a value: as.i is the unit, and 8 bits of how many, from 128 on */
enum { BY_DAY, BY_WEEK, BY_MONTH, BY_QUARTER, BY_YEAR, BY_DAYS };

static kith_value random_period(void) {
    uint32_t unit = below(BY_DAYS + 1);
    uint32_t many = unit < BY_DAYS ? 127 + below(3) : chance(50) ? 129 + below(9) : 127 - below(9);
    return (kith_value){.kind = PERIOD, .as.i = unit << 8 | many};
}

static void put_period(struct buf *b, const kith_value *v) {
    static const char *const units[] = {"day", "week", "month", "quarter", "year"};
    static const char *const which[] = {"last", "this", "next"};
    int64_t many = (v->as.i & 255) - 128, unit = v->as.i >> 8;
    if (unit == BY_DAYS)
        buf_printf(b, "%s_days(%d)", many < 0 ? "last" : "next", abs((int)many));
    else
        buf_printf(b, "%s_%s()", which[many + 1], units[unit]);
}

/* Numbers that follow each other as the units do in the calendar. */
static int64_t unit_number(int64_t unit, const kith_value *v) {
    struct tm tm = naive_civil(v);
    switch (unit) {
    case BY_WEEK: /* 1970-01-01 was a Thursday */
        return (naive_day(v) + 3 + 7 * 100000) / 7;
    case BY_MONTH:
        return tm.tm_year * 12 + tm.tm_mon;
    case BY_QUARTER:
        return tm.tm_year * 4 + tm.tm_mon / 3;
    case BY_YEAR:
        return tm.tm_year;
    default:
        return naive_day(v);
    }
}

/* Does a date or time lie before, in, or behind a period? */
static int naive_period(const kith_value *v, const kith_value *period) {
    const kith_value now = value_time(env.now);
    int64_t many = (period->as.i & 255) - 128, unit = period->as.i >> 8;
    int64_t n = unit_number(unit, v) - unit_number(unit, &now);
    int64_t first = unit < BY_DAYS ? many : many < 0 ? many + 1 : 0;
    int64_t last = unit < BY_DAYS ? many : many < 0 ? 0 : many - 1;
    return n < first ? -1 : n > last;
}
#endif
