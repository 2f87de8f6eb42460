/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times, durations, as text and as numbers. UTC; zones are in zone.h. */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include <kith/types.h>
#include <stdbool.h>

#define DAY_MS   86400000
#define HOUR_MS  INT64_C(3600000)
#define DATE_MIN (-719162)                                /* 0001-01-01, in days since 1970-01-01 */
#define DATE_MAX 2932896                                  /* 9999-12-31 */
#define TIME_MIN (DATE_MIN * INT64_C(86400000))           /* the first millisecond of year 1 */
#define TIME_MAX ((DATE_MAX + 1) * INT64_C(86400000) - 1) /* the last one of year 9999 */

struct civil {
    int32_t year;       /* 0001 .. 9999 */
    int32_t month, day; /* 1 .. 12, 1 .. 31 */
    int32_t hour, minute, second, milli;
};
int64_t date_days(int32_t year, int32_t month, int32_t day); /* days since 1970-01-01 */
struct civil date_civil(int64_t ms);                         /* from ms since 1970 UTC */
int64_t date_ms(const struct civil *c);
bool date_valid(int32_t year, int32_t month, int32_t day);
int32_t date_weekday(int64_t days); /* 0 Sunday .. 6 Saturday */

/* A part as a number. The week is that of ISO 8601, the weekday 1 Monday .. 7 Sunday. */
enum date_part {
    DATE_YEAR = 1,
    DATE_QUARTER,
    DATE_MONTH,
    DATE_WEEK,
    DATE_WEEKDAY,
    DATE_DAY,
    DATE_HOUR,
};
int64_t date_part(enum date_part part, const struct civil *c);

/* The three below ignore white space around the text; false: *out is as it was.
 *
 * ISO 8601 and what spreadsheets write: "2024-02-29", "20240229", "29.02.2024", "2024/02/29",
 * "2/29/2024" and "29/2/2024" when only one reading is possible or day_first says which. Two-digit
 * years are 1970-2069, except with '-'. */
bool date_parse(kith_str s, bool day_first, int64_t *days);
/* "2024-02-29T12:00:00.000Z", with offset, "2024-02-29 12:00", or a date alone (midnight);
 * without an offset it is the wall clock of `zone` (NULL: UTC). Any
 * date of date_parse, so also "12/1/10 8:26" and "12/1/10 8:26 PM" as spreadsheets write it.
 * Offsets are Z, +05:30, +0530 or +05; without one the zone holds. What is finer than a millisecond
 * is dropped. */
struct zone;
bool time_parse(kith_str s, bool day_first, const struct zone *zone, int64_t *ms);
/* "90s", "15m", "2h", "3d", "1w", "1h30m", "250ms"; ISO "PT1H30M", "P3D", "P1W"; a sign in
 * front. Units go from large to small, whole numbers only. */
bool duration_parse(kith_str s, int64_t *ms);

#define DATE_TEXT     11 /* "2024-02-29" and NUL */
#define TIME_TEXT     25 /* "2024-02-29T12:00:00.000Z" and NUL */
#define DURATION_TEXT 32
/* A date or time outside of the years 1 to 9999 is written as the nearest one inside. */
void date_format(int64_t days, char out[DATE_TEXT]);
void time_format(int64_t ms, char out[TIME_TEXT]);
void duration_format(int64_t ms, char out[DURATION_TEXT]); /* "1h30m", "3d", "0s" */

#endif
