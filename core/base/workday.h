/* SPDX-License-Identifier: Apache-2.0 */
/* Working days: the days of a week and of a year on which a company does not work. */
#ifndef BASE_WORKDAY_H
#define BASE_WORKDAY_H

#include "base/str.h"
#include <kith/types.h>
#include <stdbool.h>
#include <stddef.h>

#define HOLIDAYS_MAX 1000
struct holiday {
    int32_t year; /* 0: every year */
    int32_t month, day;
};
struct workdays {     /* NULL in the functions below: Monday to Friday, without holidays */
    uint32_t weekend; /* bit n: the weekday n is free, 0 Sunday .. 6 Saturday; never all seven */
    struct holiday holidays[HOLIDAYS_MAX];
    size_t count;
};

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

#endif
