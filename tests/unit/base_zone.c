/* SPDX-License-Identifier: Apache-2.0 */
/* Zones: offsets, gaps, overlaps, the rule after the last transition; compared with the C library.
 */
#include "base/zone.h"

#include "base/err.h"
#include "base/str.h"
#include "test.h"
#include "zone_file.h"
#include <time.h>
#include <unistd.h>

static kith_error err = KITH_ERROR_INIT;

static struct zone *open_zone(const char *name) {
    struct zone *z;
    EXPECT_OK(zone_open(&z, name, &err), err);
    return z;
}

static int64_t utc(const char *z) {
    int64_t ms = 0;
    if (!time_parse(str_of(z), false, NULL, &ms))
        TEST_FAIL("not a time: %s", z);
    return ms;
}

/* The instant at which the clocks of a zone show a time first. */
static const char *instant_of(const char *zone, const char *local) {
    static char text[TIME_TEXT];
    struct zone *z = open_zone(zone);
    struct civil c = date_civil(utc(local));
    time_format(zone_to_utc(z, &c), text);
    zone_close(z);
    return text;
}

static const char *clock_of(const char *zone, const char *instant) {
    static char text[TIME_TEXT];
    struct zone *z = open_zone(zone);
    struct civil c = zone_local(z, utc(instant));
    time_format(date_ms(&c), text);
    zone_close(z);
    return text;
}

TEST("the clock of a zone shows its offset, summer and winter, now and in 2100") {
    EXPECT_STR("2024-01-15T13:00:00.000Z", clock_of("Europe/Berlin", "2024-01-15T12:00:00Z"));
    EXPECT_STR("2024-07-15T14:00:00.000Z", clock_of("Europe/Berlin", "2024-07-15T12:00:00Z"));
    EXPECT_STR("2100-07-15T14:00:00.000Z", clock_of("Europe/Berlin", "2100-07-15T12:00:00Z"));
    EXPECT_STR("2100-01-15T23:00:00.000Z", clock_of("Australia/Sydney", "2100-01-15T12:00:00Z"));
    EXPECT_STR("2024-01-15T17:45:00.000Z", clock_of("Asia/Kathmandu", "2024-01-15T12:00:00Z"));
    EXPECT_STR("2024-07-15T13:00:00.000Z", clock_of("Europe/Dublin", "2024-07-15T12:00:00Z"));
    EXPECT_STR("2024-01-15T12:00:00.000Z", clock_of("UTC", "2024-01-15T12:00:00Z"));
    EXPECT_STR("2024-01-15T07:00:00.000Z", clock_of("Etc/GMT+5", "2024-01-15T12:00:00Z"));
}

TEST("a time before 1970 has its offset to the millisecond") {
    EXPECT_STR("1969-12-31T18:59:59.999Z",
               clock_of("America/New_York", "1969-12-31T23:59:59.999Z"));
}

TEST("a wall clock time becomes an instant") {
    EXPECT_STR("2024-01-15T11:00:00.000Z", instant_of("Europe/Berlin", "2024-01-15T12:00:00Z"));
    EXPECT_STR("2024-07-15T10:00:00.000Z", instant_of("Europe/Berlin", "2024-07-15T12:00:00Z"));
    EXPECT_STR("2024-03-31T01:00:00.000Z", instant_of("Europe/Berlin", "2024-03-31T03:00:00Z"));
    EXPECT_STR("2024-03-31T00:59:59.999Z", instant_of("Europe/Berlin", "2024-03-31T01:59:59.999Z"));
}

TEST("a time in a gap is the instant of its end") {
    EXPECT_STR("2024-03-31T01:00:00.000Z", instant_of("Europe/Berlin", "2024-03-31T02:00:00Z"));
    EXPECT_STR("2024-03-31T01:00:00.000Z", instant_of("Europe/Berlin", "2024-03-31T02:59:59Z"));
    EXPECT_STR("2100-03-28T01:00:00.000Z", instant_of("Europe/Berlin", "2100-03-28T02:30:00Z"));
    EXPECT_STR("2024-10-05T15:30:00.000Z",
               instant_of("Australia/Lord_Howe", "2024-10-06T02:10:00Z"));
}

TEST("a day that a zone left out is a gap of a day") {
    EXPECT_STR("2011-12-30T10:00:00.000Z", instant_of("Pacific/Apia", "2011-12-30T12:00:00Z"));
    EXPECT_STR("2011-12-30T10:00:00.000Z", instant_of("Pacific/Apia", "2011-12-31T00:00:00Z"));
}

TEST("a time that comes twice is the first of the two") {
    EXPECT_STR("2024-10-27T00:30:00.000Z", instant_of("Europe/Berlin", "2024-10-27T02:30:00Z"));
    EXPECT_STR("2024-10-27T02:00:00.000Z", instant_of("Europe/Berlin", "2024-10-27T03:00:00Z"));
    EXPECT_STR("2024-11-03T05:30:00.000Z", instant_of("America/New_York", "2024-11-03T01:30:00Z"));
}

static const char *const zones[] = {
    "Africa/Cairo",        "Africa/Casablanca",   "America/Argentina/Ushuaia",
    "America/New_York",    "America/Nuuk",        "America/Santiago",
    "America/Sao_Paulo",   "America/St_Johns",    "Antarctica/Troll",
    "Asia/Gaza",           "Asia/Jerusalem",      "Asia/Kolkata",
    "Asia/Tehran",         "Asia/Tokyo",          "Australia/Lord_Howe",
    "Europe/Berlin",       "Europe/Dublin",       "Europe/Istanbul",
    "Europe/London",       "Europe/Moscow",       "Pacific/Apia",
    "Pacific/Auckland",    "Pacific/Chatham",     "Pacific/Kiritimati",
    "America/Los_Angeles", "America/Mexico_City", "Asia/Pyongyang"};
#define ZONES (sizeof zones / sizeof zones[0])

/* Fixed steps of nine days and a bit, 1900 to 2200: some hit every month and hour. */
#define FIRST_S INT64_C(-2208988800)
#define LAST_S  INT64_C(7258118400)
#define STEP_S  (9 * 86400 + 3607)

TEST("offsets are those of the C library") {
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *z = open_zone(zones[i]);
        setenv("TZ", zones[i], 1);
        tzset();
        for (int64_t s = FIRST_S; s < LAST_S; s += STEP_S) {
            struct tm tm;
            time_t t = (time_t)s;
            EXPECT(localtime_r(&t, &tm) != NULL);
            if (tm.tm_gmtoff != zone_offset(z, s * 1000))
                TEST_FAIL("%s at %lld: expected %ld, found %d", zones[i], (long long)s,
                          tm.tm_gmtoff, zone_offset(z, s * 1000));
        }
        zone_close(z);
    }
    unsetenv("TZ");
}

TEST("what a clock shows at an instant is the instant, or an earlier one that shows the same") {
    for (size_t i = 0; i < ZONES; i++) {
        struct zone *z = open_zone(zones[i]);
        for (int64_t ms = FIRST_S * 1000; ms < LAST_S * 1000; ms += INT64_C(1000) * 5 * 3607) {
            struct civil shown = zone_local(z, ms);
            int64_t back = zone_to_utc(z, &shown);
            struct civil again = zone_local(z, back);
            if (back > ms || date_ms(&again) != date_ms(&shown))
                TEST_FAIL("%s at %lld: found %lld", zones[i], (long long)ms, (long long)back);
        }
        zone_close(z);
    }
}

TEST("a name that is none is refused with the remedy") {
    static const char *const names[] = {
        "Europe/Berlinn", "", "/etc/passwd", "../zoneinfo/UTC", "Europe", "Eu rope", "UTC\n"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct zone *z;
        EXPECT_INT(KITH_E_NOTFOUND, zone_open(&z, names[i], &err));
        EXPECT_HAS("Europe/Berlin", err.message);
        EXPECT(z == NULL);
    }
}

/* -- files of our own, in a folder named by TZDIR ---------------------------------------------- */

TEST("UTC needs no file") {
    zone_folder_make();
    struct zone *z = open_zone("UTC");
    EXPECT_STR("UTC", zone_name(z));
    EXPECT_INT(0, zone_offset(z, 0));
    zone_close(z);
    zone_folder_remove();
}

TEST("a file that is damaged or cut at any byte is refused") {
    char data[8192];
    struct zone *z;
    FILE *f = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
    if (!f)
        TEST_SKIP("no tzdata");
    size_t len = fread(data, 1, sizeof data, f);
    fclose(f);
    const char *footer = memrchr(data, '\n', len - 1);
    zone_folder_make();
    for (size_t cut = 1; cut < (size_t)(footer - data); cut += cut < 100 ? 1 : 17) {
        zone_file_put("Cut", data, cut);
        EXPECT_INT(KITH_E_CORRUPT, zone_open(&z, "Cut", &err));
    }
    zone_file_put("Text", "this is no zone file, but it is long enough to look like one", 60);
    EXPECT_INT(KITH_E_CORRUPT, zone_open(&z, "Text", &err));
    EXPECT_HAS("tzdata", err.message);
    zone_folder_remove();
}

static int32_t footer_offset(const char *footer, const char *instant) {
    struct zone *z = zone_with_rule("Rule", footer);
    int32_t offset = zone_offset(z, utc(instant));
    zone_close(z);
    return offset;
}

TEST("the rule in the footer is read in all its forms") {
    zone_folder_make();
    EXPECT_INT(-18000, footer_offset("EST5", "2024-07-01"));
    EXPECT_INT(12600, footer_offset("<+0330>-3:30", "2024-07-01"));
    EXPECT_INT(-14400, footer_offset("EST5EDT,M3.2.0,M11.1.0", "2024-07-01"));
    EXPECT_INT(-18000, footer_offset("EST5EDT,M3.2.0,M11.1.0", "2024-12-01"));
    EXPECT_INT(7200, footer_offset("X0Y-2,J60/0,J300/0", "2024-03-01T00:00:00Z"));
    EXPECT_INT(0, footer_offset("X0Y-2,J60/0,J300/0", "2024-02-29T23:59:59Z"));
    EXPECT_INT(7200, footer_offset("X0Y-2,59/0,300/0", "2024-02-29T00:00:00Z"));
    EXPECT_INT(-3600, footer_offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2024-03-31T01:00:00Z"));
    EXPECT_INT(-7200, footer_offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2024-03-31T00:59:59Z"));
    zone_folder_remove();
}

TEST("an hour beyond the last year of the calendar has an offset, too") {
    struct zone *z = open_zone("Europe/Berlin");
    EXPECT_INT(3600, zone_offset(z, TIME_MAX));
    EXPECT_INT(3600, zone_offset(z, TIME_MAX + DAY_MS));
    struct civil last = date_civil(TIME_MAX);
    EXPECT_INT(TIME_MAX - 3600000, zone_to_utc(z, &last));
    zone_close(z);
}

TEST("a zone has another print when its rules have changed, and the same otherwise") {
    static const char *const rules[] = {"AAA-1", "BBB-1", "AAA-2", "AAA-1BBB,M3.5.0,M10.5.0/3",
                                        "AAA-1BBB,M3.4.0,M10.5.0/3"};
    uint64_t prints[5];
    zone_folder_make();
    for (size_t i = 0; i < 5; i++) {
        struct zone *z = zone_with_rule("Own", rules[i]), *again = zone_with_rule("Own", rules[i]);
        prints[i] = zone_print(z);
        EXPECT(prints[i] == zone_print(again));
        for (size_t k = 0; k < i; k++)
            EXPECT(prints[i] != prints[k]);
        zone_close(z);
        zone_close(again);
    }
    zone_folder_remove();
}
