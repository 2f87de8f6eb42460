/* SPDX-License-Identifier: Apache-2.0 */
/* Cron: what is accepted, and when it fires, also where the clocks change. */
#include "base/cron.h"

#include "base/err.h"
#include "base/str.h"
#include "test.h"

static kith_error err = KITH_ERROR_INIT;

/* The first n firings after a time, "MM-DD HH:MM" in the zone's local time, with commas between. */
static const char *fires_in(const char *zone, const char *text, const char *after, int n) {
    static char out[512];
    struct zone *z;
    struct cron c;
    int64_t at = 0;
    size_t len = 0;
    EXPECT_OK(zone_open(&z, zone, &err), err);
    EXPECT_OK(cron_parse(str_of(text), &c, &err), err);
    EXPECT(time_parse(str_of(after), false, NULL, &at));
    out[0] = '\0';
    for (int i = 0; i < n; i++) {
        at = cron_next(&c, z, at);
        struct civil t = zone_local(z, at);
        len += (size_t)snprintf(out + len, sizeof out - len, "%s%02d-%02d %02d:%02d", i ? ", " : "",
                                t.month, t.day, t.hour, t.minute);
    }
    zone_close(z);
    return out;
}

static const char *fires(const char *text, const char *after, int n) {
    return fires_in("UTC", text, after, n);
}

TEST("minutes, hours, lists, ranges and steps") {
    EXPECT_STR("01-01 00:01, 01-01 00:02", fires("* * * * *", "2024-01-01T00:00:00Z", 2));
    EXPECT_STR("01-01 00:00", fires("* * * * *", "2023-12-31T23:59:59.999Z", 1));
    EXPECT_STR("01-01 00:15, 01-01 00:30, 01-01 00:45, 01-01 01:00",
               fires("*/15 * * * *", "2024-01-01T00:00:00Z", 4));
    EXPECT_STR("01-01 09:05, 01-01 09:50, 01-01 17:05",
               fires("5,50 9,17 * * *", "2024-01-01T00:00:00Z", 3));
    EXPECT_STR("01-01 10:10, 01-01 10:12, 01-01 11:10",
               fires("10-13/2 10-11 * * *", "2024-01-01T00:00:00Z", 3));
    EXPECT_STR("01-01 00:50, 01-01 00:55, 01-01 01:50", fires("50/5 * * * *", "2024-01-01", 3));
}

TEST("names of months and weekdays, in any case") {
    EXPECT_STR("06-01 00:00", fires("0 0 1 JUN *", "2024-01-01", 1));
    EXPECT_STR("01-05 06:30, 01-08 06:30", fires("30 6 * * mon-fri", "2024-01-04T07:00:00Z", 2));
    EXPECT_STR("01-05 00:00, 01-06 00:00, 01-07 00:00, 01-12 00:00",
               fires("0 0 * * fri-sun", "2024-01-04", 4));
}

TEST("Sunday is 0 and 7") {
    EXPECT_STR("01-07 00:00", fires("0 0 * * 7", "2024-01-01", 1));
    EXPECT_STR("01-07 00:00", fires("0 0 * * 0", "2024-01-01", 1));
    EXPECT_STR("01-03 00:00, 01-05 00:00, 01-08 00:00", fires("0 0 * * 1/2", "2024-01-01", 3));
}

TEST("either day matches when both are restricted, else both must") {
    EXPECT_STR("01-05 00:00, 01-12 00:00, 01-13 00:00", fires("0 0 13 * fri", "2024-01-01", 3));
    EXPECT_STR("01-13 00:00, 02-13 00:00", fires("0 0 13 * *", "2024-01-01", 2));
    EXPECT_STR("01-15 00:00, 01-29 00:00", fires("0 0 */2 * mon", "2024-01-01", 2));
}

TEST("short names of the common ones") {
    EXPECT_STR("01-01 01:00", fires("@hourly", "2024-01-01", 1));
    EXPECT_STR("01-02 00:00", fires("@daily", "2024-01-01", 1));
    EXPECT_STR("01-07 00:00", fires("@weekly", "2024-01-01", 1));
    EXPECT_STR("02-01 00:00", fires(" @monthly ", "2024-01-01", 1));
    EXPECT_STR("01-01 00:00", fires("@yearly", "2024-01-01", 1));
}

TEST("29 February is found, and a day that never comes is not") {
    struct cron c;
    struct zone *z;
    EXPECT_STR("02-29 12:00", fires("0 12 29 2 *", "2024-03-01", 1));
    EXPECT_OK(zone_open(&z, "UTC", &err), err);
    EXPECT_OK(cron_parse(STR("0 0 30 2 *"), &c, &err), err);
    EXPECT(cron_next(&c, z, 0) == INT64_MAX);
    zone_close(z);
}

TEST("a time that falls into a gap fires once after it") {
    EXPECT_STR("03-30 02:30, 03-31 03:00, 04-01 02:30",
               fires_in("Europe/Berlin", "30 2 * * *", "2024-03-30", 3));
    EXPECT_STR("03-31 01:45, 03-31 03:00, 03-31 03:15",
               fires_in("Europe/Berlin", "*/15 * * * *", "2024-03-31T00:30:00Z", 3));
}

TEST("a time that comes twice fires once") {
    EXPECT_STR("10-26 02:30, 10-27 02:30, 10-28 02:30",
               fires_in("Europe/Berlin", "30 2 * * *", "2024-10-26T00:00:00Z", 3));
    EXPECT_STR("10-27 02:45, 10-27 03:00",
               fires_in("Europe/Berlin", "*/15 * * * *", "2024-10-27T00:30:00Z", 2));
    EXPECT_STR("10-27 03:00", /* asked in the second half */
               fires_in("Europe/Berlin", "*/15 * * * *", "2024-10-27T01:05:00Z", 1));
}

TEST("a midnight that does not exist fires when the day begins") {
    EXPECT_STR("09-08 01:00, 09-09 00:00",
               fires_in("America/Santiago", "@daily", "2024-09-07T12:00:00Z", 2));
    EXPECT_STR("12-29 12:00, 12-31 00:00, 12-31 12:00", /* the 30th was left out */
               fires_in("Pacific/Apia", "0 12 * * *", "2011-12-29T12:00:00Z", 3));
}

TEST("what is no cron text is refused with the field and the remedy") {
    static const char *const rows[][2] = {
        {"", "five fields"},
        {"* * * *", "five fields"},
        {"* * * * * *", "five fields"},
        {"60 * * * *", "'60' cannot be the minute"},
        {"* 24 * * *", "'24' cannot be the hour"},
        {"* * 0 * *", "'0' cannot be the day of month"},
        {"* * * 13 *", "'13' cannot be the month"},
        {"* * * * 8", "'8' cannot be the day of week"},
        {"* * * jam *", "a name of three letters"},
        {"5-1 * * * *", "'5-1' cannot be the minute"},
        {"*/0 * * * *", "'*/0' cannot be the minute"},
        {"1,,2 * * * *", "'1,,2' cannot be the minute"},
        {"1, * * * *", "'1,' cannot be the minute"},
        {"-1 * * * *", "'-1' cannot be the minute"},
        {"+1 * * * *", "'+1' cannot be the minute"},
        {"1-2-3 * * * *", "'1-2-3' cannot be the minute"},
        {"@reboot", "five fields"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cron c;
        EXPECT_INT(KITH_E_INVAL, cron_parse(str_of(rows[i][0]), &c, &err));
        EXPECT_HAS(rows[i][1], err.message);
    }
}
