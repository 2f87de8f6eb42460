/* SPDX-License-Identifier: Apache-2.0 */
/* Working time: the days of a week and of a year on which a company does not work, and the hours of
 * the day in which it does. */
#ifndef BASE_WORKDAY_H
#define BASE_WORKDAY_H

#include "base/str.h"
#include "base/zone.h"
#include <kith/types.h>
#include <stdbool.h>
#include <stddef.h>

#define HOLIDAYS_MAX 1000
struct holiday {
    int32_t year; /* 0: every year */
    int32_t month, day;
};
#define WORK_SPANS_MAX 8 /* of a day */
struct work_span {
    int32_t from, to; /* minutes since midnight, 0 .. 1440 */
};
struct workdays {     /* NULL in the functions below: Monday to Friday, without holidays */
    uint32_t weekend; /* bit n: the weekday n is free, 0 Sunday .. 6 Saturday; never all seven */
    struct holiday holidays[HOLIDAYS_MAX];
    size_t count;
    struct work_span hours[7][WORK_SPANS_MAX]; /* in order, apart from each other */
    uint32_t hour_count[7];                    /* 0 for all of them: 9:00 to 17:00 */
};

const char *weekday_name(uint32_t day); /* 0 "sunday" */
/* "saturday", "Sun". KITH_E_INVAL with the sentence. */
kith_status weekday_parse(kith_str name, uint32_t *day, kith_error *e);
/* "saturday", "Sun": adds it to the weekend. KITH_E_INVAL with the sentence. */
kith_status workdays_weekend(struct workdays *w, kith_str name, kith_error *e);
/* "2026-04-03", or "12-25" for every year. */
kith_status workdays_holiday(struct workdays *w, kith_str day, kith_error *e);
/* Appends a text that is the same for the same days: "65 0-12-25 2026-4-3". */
void workdays_text(const struct workdays *w, struct buf *out);
bool workday_is(const struct workdays *w, int64_t day);
/* The n-th working day after `day` (before it, when n < 0); with 0 the day itself if it is one,
 * else the next. A year without a working day ends the search there. */
int64_t workday_add(const struct workdays *w, int64_t day, int32_t n);

/* "monday-friday 09:00-12:30 13:30-17:00", "sat 10:00-14:00": the hours of these days. A day may be
 * named once. KITH_E_INVAL with the sentence. */
kith_status workdays_hours(struct workdays *w, kith_str text, kith_error *e);
/* Once all is known: that working days have hours and others none. */
kith_status workdays_check(const struct workdays *w, kith_error *e);

#define WORK_MS_MAX (INT64_C(100000) * HOUR_MS)
/* The instant, ms UTC, at which `ms` of working time have passed since `from` (or must still pass
 * until it, when ms < 0; at most WORK_MS_MAX either way). With 0 `from` itself when the company
 * works then, else the next opening. Hours are those of the clock on the wall: a day on which it is
 * put forward may have one less. A year without working time ends the search there. */
int64_t worktime_add(const struct workdays *w, const struct zone *z, int64_t from, int64_t ms);
/* Working time from a to b, negative when b is the earlier one; of at most 400 years. */
int64_t worktime_between(const struct workdays *w, const struct zone *z, int64_t a, int64_t b);
/* The next span of working time that ends after `from`. false: there is none within a year. */
bool worktime_span(const struct workdays *w, const struct zone *z, int64_t from, int64_t *begin,
                   int64_t *end);
bool worktime_is(const struct workdays *w, const struct zone *z, int64_t at);

#endif
