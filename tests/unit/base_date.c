/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and durations: every shape that is read, and that what is written reads back. */
#include "base/date.h"
#include "base/str.h"
#include "random.h"
#include "test.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static uint64_t random_state = RANDOM_SEED;
static int64_t random_in(int64_t least, int64_t most) {
    return least + (int64_t)(random_next(&random_state) % (uint64_t)(most - least + 1));
}

/* What a text is read as, written in the standard form; "-" when it is refused. */
static const char *date_of(const char *text, bool day_first) {
    static char out[DATE_TEXT];
    int64_t days;
    if (!date_parse(str_of(text), day_first, &days))
        return "-";
    date_format(days, out);
    return out;
}
static const char *time_of(const char *text, bool day_first) {
    static char out[TIME_TEXT];
    int64_t ms;
    if (!time_parse(str_of(text), day_first, NULL, &ms))
        return "-";
    time_format(ms, out);
    return out;
}
static const char *duration_of(const char *text) {
    static char out[DURATION_TEXT];
    int64_t ms;
    if (!duration_parse(str_of(text), &ms))
        return "-";
    duration_format(ms, out);
    return out;
}

static void check(const char *text, const char *want, const char *got) {
    if (strcmp(want, got) != 0)
        TEST_FAIL("'%s': expected %s, found %s", text, want, got);
}

/* -- the calendar ------------------------------------------------------------------------------ */

TEST("every day of the years 1 to 9999 follows the one before") {
    int64_t days = DATE_MIN;
    int32_t weekday = 1; /* 0001-01-01 was a Monday */
    for (int32_t year = 1; year <= 9999; year++)
        for (int32_t month = 1; month <= 12; month++)
            for (int32_t day = 1; date_valid(year, month, day); day++, days++) {
                if (date_days(year, month, day) != days)
                    TEST_FAIL("%d-%d-%d is not day %" PRId64, year, month, day, days);
                struct civil c = date_civil(days * DAY_MS);
                if (c.year != year || c.month != month || c.day != day)
                    TEST_FAIL("day %" PRId64 " is not %d-%d-%d", days, year, month, day);
                EXPECT_INT(weekday, date_weekday(days));
                weekday = (weekday + 1) % 7;
            }
    EXPECT_INT(DATE_MAX + 1, days);
}

TEST("days that everyone knows") {
    EXPECT_INT(0, date_days(1970, 1, 1));
    EXPECT_INT(4, date_weekday(0));
    EXPECT_INT(11016, date_days(2000, 2, 29));
    EXPECT_INT(19782, date_days(2024, 2, 29));
    EXPECT_INT(-1, date_days(1969, 12, 31));
    EXPECT_INT(3, date_weekday(-1));
}

TEST("leap years are those of the Gregorian calendar") {
    EXPECT(date_valid(2024, 2, 29));
    EXPECT(date_valid(2000, 2, 29));
    EXPECT(!date_valid(1900, 2, 29));
    EXPECT(!date_valid(2023, 2, 29));
    EXPECT(!date_valid(2024, 2, 30));
    EXPECT(!date_valid(2024, 4, 31));
    EXPECT(!date_valid(2024, 0, 1));
    EXPECT(!date_valid(2024, 13, 1));
    EXPECT(!date_valid(2024, 1, 0));
    EXPECT(!date_valid(0, 1, 1));
    EXPECT(!date_valid(10000, 1, 1));
}

TEST("a time is taken apart and put together again, before 1970 too") {
    for (int i = 0; i < 200000; i++) {
        int64_t ms = random_in(TIME_MIN, TIME_MAX);
        struct civil c = date_civil(ms);
        EXPECT_INT(ms, date_ms(&c));
        EXPECT(c.hour >= 0 && c.hour < 24 && c.minute >= 0 && c.minute < 60);
        EXPECT(c.second >= 0 && c.second < 60 && c.milli >= 0 && c.milli < 1000);
    }
    struct civil c = date_civil(-1);
    EXPECT_INT(1969, c.year);
    EXPECT_INT(23, c.hour);
    EXPECT_INT(999, c.milli);
}

/* -- dates ------------------------------------------------------------------------------------- */

TEST("dates with one reading are read whatever the preference") {
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"2024-02-29", "2024-02-29"}, {"20240229", "2024-02-29"},
        {"19081209", "1908-12-09"},   {"29.02.2024", "2024-02-29"},
        {"2024/02/29", "2024-02-29"}, {"2024/2/9", "2024-02-09"},
        {"2/29/2024", "2024-02-29"},  {"29/2/2024", "2024-02-29"},
        {"29-02-2024", "2024-02-29"}, {"02-29-2024", "2024-02-29"},
        {"2024-2-9", "2024-02-09"},   {"2024.02.29", "2024-02-29"},
        {"3.4.2024", "2024-04-03"},   {"03.04.24", "2024-04-03"},
        {"12/31/99", "1999-12-31"},   {"31/12/69", "2069-12-31"},
        {"31/12/70", "1970-12-31"},   {"0001-01-01", "0001-01-01"},
        {"9999-12-31", "9999-12-31"}, {" 2024-02-29\r\n", "2024-02-29"},
        {"5/5/2024", "2024-05-05"},   {"2/28/1900", "1900-02-28"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        check(rows[i].text, rows[i].want, date_of(rows[i].text, false));
        check(rows[i].text, rows[i].want, date_of(rows[i].text, true));
    }
}

TEST("dates with two readings follow day_first") {
    static const struct {
        const char *text, *month_first, *day_first;
    } rows[] = {{"3/4/2024", "2024-03-04", "2024-04-03"},
                {"12/1/10", "2010-12-01", "2010-01-12"},
                {"01/12/2010", "2010-01-12", "2010-12-01"},
                {"03-04-2024", "2024-03-04", "2024-04-03"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        check(rows[i].text, rows[i].month_first, date_of(rows[i].text, false));
        check(rows[i].text, rows[i].day_first, date_of(rows[i].text, true));
    }
}

TEST("what is no date is refused with either preference") {
    static const char *const texts[] = {
        "",
        " ",
        "2024",
        "2024-02",
        "2024-02-30",
        "2023-02-29",
        "1900-02-29",
        "0000-01-01",
        "00000101",
        "2024-00-10",
        "2024-13-01",
        "2024-01-32",
        "2024-01-00",
        "20240230",
        "202402291",
        "2024022",
        "2/30/2024",
        "30/2/2024",
        "29/2/2023",
        "2/29/2023",
        "13/13/2024",
        "0/1/2024",
        "1/0/2024",
        "2024-02/29",
        "2/29-2024",
        "2024-02-29x",
        "x2024-02-29",
        "2024--02-29",
        "-2024-02-29",
        "+2024-02-29",
        "10-11-12",
        "1/2/3",
        "1/2/345",
        "1/2/12345",
        "123/1/2024",
        "02.29.2024",
        "24.13.2024",
        "2024-02-029",
        "2024-002-09",
        "2024 02 29",
        "10000-01-01",
        "29. 2. 2024",
        "today",
        "2024-02-",
        "2024-",
        "-",
        "//",
        "2024-02-29 10:00",
        "\xD9\xA2/1/2024",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        check(texts[i], "-", date_of(texts[i], false));
        check(texts[i], "-", date_of(texts[i], true));
    }
    int64_t days = 42;
    EXPECT(!date_parse((kith_str){NULL, 0}, false, &days));
    EXPECT(!date_parse(STR("2024-02-2\0"), false, &days));
    EXPECT_INT(42, days);
}

TEST("every date that is written reads back") {
    char text[DATE_TEXT];
    int64_t back;
    for (int64_t days = DATE_MIN; days <= DATE_MAX; days += 13) {
        date_format(days, text);
        EXPECT_INT(DATE_TEXT - 1, strlen(text));
        EXPECT(date_parse(str_of(text), false, &back));
        EXPECT_INT(days, back);
    }
}

TEST("a date out of range is written as the nearest one in it") {
    char text[DATE_TEXT], time[TIME_TEXT];
    date_format(INT64_MIN, text);
    EXPECT_STR("0001-01-01", text);
    date_format(INT64_MAX, text);
    EXPECT_STR("9999-12-31", text);
    time_format(INT64_MIN, time);
    EXPECT_STR("0001-01-01T00:00:00.000Z", time);
    time_format(INT64_MAX, time);
    EXPECT_STR("9999-12-31T23:59:59.999Z", time);
}

/* -- times ------------------------------------------------------------------------------------- */

TEST("times are read in every shape") {
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"2024-02-29T12:00:00.000Z", "2024-02-29T12:00:00.000Z"},
        {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"},
        {"2024-02-29t12:00:00z", "2024-02-29T12:00:00.000Z"},
        {"2024-02-29 12:00", "2024-02-29T12:00:00.000Z"},
        {"2024-02-29   12:00", "2024-02-29T12:00:00.000Z"},
        {"2024-02-29", "2024-02-29T00:00:00.000Z"},
        {" 2024-02-29T12:00\n", "2024-02-29T12:00:00.000Z"},
        /* fractions */
        {"2024-02-29T12:00:00.5Z", "2024-02-29T12:00:00.500Z"},
        {"2024-02-29T12:00:00.05Z", "2024-02-29T12:00:00.050Z"},
        {"2024-02-29T12:00:00,25Z", "2024-02-29T12:00:00.250Z"},
        {"2024-02-29T12:00:00.123456789Z", "2024-02-29T12:00:00.123Z"},
        {"2024-02-29T12:00:00.9999999999999999Z", "2024-02-29T12:00:00.999Z"},
        /* offsets */
        {"2024-02-29T12:00:00+05:30", "2024-02-29T06:30:00.000Z"},
        {"2024-02-29T12:00:00+0530", "2024-02-29T06:30:00.000Z"},
        {"2024-02-29T12:00:00-08", "2024-02-29T20:00:00.000Z"},
        {"2024-02-29T23:30:00-01:00", "2024-03-01T00:30:00.000Z"},
        {"2024-03-01T00:30:00.250+01:00", "2024-02-29T23:30:00.250Z"},
        {"2024-02-29T12:00+14:00", "2024-02-28T22:00:00.000Z"},
        {"2024-02-29T12:00:00-00:00", "2024-02-29T12:00:00.000Z"},
        {"2024-02-29 12:00:00 +0000", "2024-02-29T12:00:00.000Z"},
        {"2024-02-29 12:00:00 Z", "2024-02-29T12:00:00.000Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
        /* without separators */
        {"20240229T120000Z", "2024-02-29T12:00:00.000Z"},
        {"20240229T1200", "2024-02-29T12:00:00.000Z"},
        {"20240229T120000.5+0100", "2024-02-29T11:00:00.500Z"},
        /* spreadsheets */
        {"12/1/10 8:26", "2010-12-01T08:26:00.000Z"},
        {"12/31/1999 23:59:59", "1999-12-31T23:59:59.000Z"},
        {"31.12.1999 23:59", "1999-12-31T23:59:00.000Z"},
        {"12/1/10 8:26 PM", "2010-12-01T20:26:00.000Z"},
        {"12/1/10 8:26:30pm", "2010-12-01T20:26:30.000Z"},
        {"12/1/10 12:00 AM", "2010-12-01T00:00:00.000Z"},
        {"12/1/10 12:00 pm", "2010-12-01T12:00:00.000Z"},
        {"2024/2/29 8:26", "2024-02-29T08:26:00.000Z"},
        /* a leap second is the next instant */
        {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check(rows[i].text, rows[i].want, time_of(rows[i].text, false));
    check("12/1/10 8:26", "2010-01-12T08:26:00.000Z", time_of("12/1/10 8:26", true));
    check("13/1/10 8:26", "2010-01-13T08:26:00.000Z", time_of("13/1/10 8:26", false));
}

TEST("what is no time is refused") {
    static const char *const texts[] = {
        "",
        "12:00",
        "2024-02-30T12:00",
        "2024-02-29T",
        "2024-02-29T12",
        "2024-02-29Z",
        "2024-02-29T24:00:00Z",
        "2024-02-29T12:60:00Z",
        "2024-02-29T12:00:61Z",
        "2024-02-29T1:2:3",
        "2024-02-29T12:0",
        "2024-02-29T12:00:",
        "2024-02-29T12:00:00.",
        "2024-02-29T12:00:00.Z",
        "2024-02-29T12:00.5",
        "2024-02-29T12:00:00+",
        "2024-02-29T12:00:00+5",
        "2024-02-29T12:00:00+05:",
        "2024-02-29T12:00:00+05:3",
        "2024-02-29T12:00:00+05:60",
        "2024-02-29T12:00:00+24:00",
        "2024-02-29T12:00:00+053",
        "2024-02-29T12:00:00+05301",
        "2024-02-29T12:00:00ZZ",
        "2024-02-29T12:00:00Z+01:00",
        "2024-02-29T12:00:00 Europe/Berlin",
        "2024-02-29T12:00:00 CET",
        "2024-02-29x12:00",
        "2024-02-29T 12:00",
        "2024-02-2912:00",
        "2024-02-29T123",
        "2024-02-29T12345",
        "12/1/10 13:00 PM",
        "12/1/10 0:30 AM",
        "12/1/10 8:26 XM",
        "12/1/10 8:26 P",
        "-2024-02-29T12:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "9999-12-31T23:59:60Z",
        "1709208000",
        "1709208000000",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        check(texts[i], "-", time_of(texts[i], false));
        check(texts[i], "-", time_of(texts[i], true));
    }
}

TEST("every time that is written reads back") {
    char text[TIME_TEXT];
    int64_t back;
    for (int i = 0; i < 200000; i++) {
        int64_t ms = random_in(TIME_MIN, TIME_MAX);
        time_format(ms, text);
        EXPECT_INT(TIME_TEXT - 1, strlen(text));
        EXPECT(time_parse(str_of(text), i & 1, NULL, &back));
        EXPECT_INT(ms, back);
    }
}

/* -- durations --------------------------------------------------------------------------------- */

TEST("durations are read in every shape") {
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"90s", "1m30s"},      {"15m", "15m"},     {"2h", "2h"},       {"3d", "3d"},
        {"1w", "7d"},          {"1h30m", "1h30m"}, {"250ms", "250ms"}, {"1s500ms", "1s500ms"},
        {"0s", "0s"},          {"-0s", "0s"},      {"-2h", "-2h"},     {"+2h", "2h"},
        {" 1h 30m ", "1h30m"}, {"1w1d", "8d"},     {"36h", "1d12h"},   {"1500ms", "1s500ms"},
        {"PT1H30M", "1h30m"},  {"P3D", "3d"},      {"P1W", "7d"},      {"P1DT12H", "1d12h"},
        {"PT90S", "1m30s"},    {"-PT15M", "-15m"}, {"+P1D", "1d"},     {"PT0S", "0s"},
        {"000015m", "15m"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check(rows[i].text, rows[i].want, duration_of(rows[i].text));
    int64_t ms;
    EXPECT(duration_parse(STR("1w2d3h4m5s6ms"), &ms));
    EXPECT_INT(9 * INT64_C(86400000) + 3 * 3600000 + 4 * 60000 + 5006, ms);
}

TEST("what is no duration is refused") {
    static const char *const texts[] = {
        "",
        " ",
        "5",
        "h",
        "-",
        "--1h",
        "1x",
        "1H",
        "30m1h",
        "1h1h",
        "1h30",
        "1.5h",
        "P",
        "PT",
        "P1",
        "P1H",
        "PT1D",
        "P1DT",
        "p1d",
        "P1Y",
        "P1M",
        "PT1M1H",
        "1h,30m",
        "- 1h",
        "1 h",
        "1hour",
        "P1D1h",
        "1dT2h",
        "T1H",
        "-P",
        "1mss",
        "106751991168d",
        "9223372036854775808ms",
        "99999999999999999999s",
        "15250284453w",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        check(texts[i], "-", duration_of(texts[i]));
}

TEST("every duration that is written reads back, the longest too") {
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, 0,     -1,
                                    1,         999,           1000,      DAY_MS};
    char text[DURATION_TEXT];
    int64_t back;
    for (size_t i = 0; i < COUNT(edges) + 200000; i++) {
        int64_t ms =
            i < COUNT(edges) ? edges[i] : random_in(INT64_MIN / 4, INT64_MAX / 4) >> (i % 60);
        duration_format(ms, text);
        EXPECT(strlen(text) < DURATION_TEXT);
        EXPECT(duration_parse(str_of(text), &back));
        EXPECT_INT(ms, back);
    }
}

TEST("no text, however broken, is read past its end or into nonsense") {
    static const char letters[] = "0123456789012-/.:TZ+ PMAHDSWmshdw";
    char text[24];
    int64_t n;
    for (int i = 0; i < 300000; i++) {
        size_t len = (size_t)random_in(0, sizeof text);
        char *exact = malloc(len ? len : 1); /* the sanitizer guards its end */
        for (size_t k = 0; k < len; k++)
            exact[k] = letters[random_in(0, sizeof letters - 2)];
        kith_str s = {exact, len};
        if (date_parse(s, i & 1, &n))
            EXPECT(n >= DATE_MIN && n <= DATE_MAX);
        if (time_parse(s, i & 1, NULL, &n))
            EXPECT(n >= TIME_MIN && n <= TIME_MAX);
        (void)duration_parse(s, &n);
        free(exact);
    }
}
