/* SPDX-License-Identifier: Apache-2.0 */
/* Working days. */
#include "base/workday.h"
#include "base/date.h"
#include "base/err.h"
#include "base/number.h"
#include "base/str.h"

#define SEARCH_MAX 366 /* days looked at for the next working day */

static const char *const names[] = {"sunday",   "monday", "tuesday", "wednesday",
                                    "thursday", "friday", "saturday"};

const char *weekday_name(uint32_t day) {
    return names[day % 7];
}

kith_status weekday_parse(kith_str name, uint32_t *day, kith_error *e) {
    for (*day = 0; *day < 7; ++*day) {
        const char brief[4] = {names[*day][0], names[*day][1], names[*day][2]};
        if (str_ieqz(name, names[*day]) || str_ieqz(name, brief))
            return KITH_OK;
    }
    return err_set(e, KITH_E_INVAL, NULL, "'%.*s' is no day of the week; write \"saturday\"",
                   name.len < 40 ? (int)name.len : 40, name.ptr);
}

kith_status workdays_weekend(struct workdays *w, kith_str name, kith_error *e) {
    uint32_t day;
    TRY(weekday_parse(name, &day, e));
    w->weekend |= 1u << day;
    return w->weekend != 0x7f ? KITH_OK
                              : err_set(e, KITH_E_INVAL, NULL, "a week has a working day");
}

/* "12-25", of every year. */
static bool yearly(kith_str s, struct holiday *out) {
    int64_t month, day;
    if (s.len != 5 || s.ptr[2] != '-' || !int_parse((kith_str){s.ptr, 2}, &month) ||
        !int_parse((kith_str){s.ptr + 3, 2}, &day) ||
        !date_valid(2024, (int32_t)month, (int32_t)day)) /* a leap year: 02-29 is a day */
        return false;
    *out = (struct holiday){0, (int32_t)month, (int32_t)day};
    return true;
}

kith_status workdays_holiday(struct workdays *w, kith_str day, kith_error *e) {
    int64_t days;
    struct holiday h;
    if (w->count == HOLIDAYS_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "more than %d holidays", HOLIDAYS_MAX);
    if (!yearly(day, &h)) {
        if (!date_parse(day, false, &days))
            return err_set(e, KITH_E_INVAL, NULL,
                           "'%.*s' is no day; write \"2026-04-03\", or \"12-25\" for every year",
                           day.len < 40 ? (int)day.len : 40, day.ptr);
        struct civil c = date_civil(days * DAY_MS);
        h = (struct holiday){c.year, c.month, c.day};
    }
    w->holidays[w->count++] = h;
    return KITH_OK;
}

static uint32_t weekend_of(const struct workdays *w) {
    return w ? w->weekend : 1u << 0 | 1u << 6;
}

void workdays_text(const struct workdays *w, struct buf *out) {
    buf_printf(out, "%u", weekend_of(w));
    for (size_t i = 0; w && i < w->count; i++)
        buf_printf(out, " %d-%d-%d", (int)w->holidays[i].year, (int)w->holidays[i].month,
                   (int)w->holidays[i].day);
    for (uint32_t d = 0; w && d < 7; d++)
        for (uint32_t k = 0; k < w->hour_count[d]; k++)
            buf_printf(out, " %u:%d-%d", (unsigned)d, (int)w->hours[d][k].from,
                       (int)w->hours[d][k].to);
}

bool workday_is(const struct workdays *w, int64_t day) {
    if (weekend_of(w) >> date_weekday(day) & 1u)
        return false;
    struct civil c = date_civil(day * DAY_MS);
    for (size_t i = 0; w && i < w->count; i++) {
        const struct holiday *h = &w->holidays[i];
        if (h->month == c.month && h->day == c.day && (h->year == 0 || h->year == c.year))
            return false;
    }
    return true;
}

int64_t workday_add(const struct workdays *w, int64_t day, int32_t n) {
    int32_t step = n < 0 ? -1 : 1, idle = 0;
    if (n == 0 && workday_is(w, day))
        return day;
    for (int32_t left = n == 0 ? 1 : n < 0 ? -n : n; left > 0 && idle < SEARCH_MAX;) {
        day += step;
        bool works = workday_is(w, day);
        left -= works;
        idle = works ? 0 : idle + 1;
    }
    return day;
}
