/* SPDX-License-Identifier: Apache-2.0 */
/* Cron: five fields "minute hour day-of-month month day-of-week", with lists, ranges, steps, names
 * (jan, mon) and @hourly, @daily, @weekly, @monthly, @yearly. When both days are restricted either
 * may match, as in every cron. A time that falls into a gap of the zone fires once after it; in an
 * overlap once. */
#ifndef BASE_CRON_H
#define BASE_CRON_H

#include "base/zone.h"

struct cron {
    uint64_t minutes; /* bit per minute */
    uint32_t hours, days, months, weekdays;
    bool any_day, any_weekday;
};
kith_status cron_parse(kith_str text, struct cron *out, kith_error *e);
/* The first firing after `after` (ms UTC), or INT64_MAX when none comes within five years. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after);

#endif
