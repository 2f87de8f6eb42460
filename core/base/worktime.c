/* SPDX-License-Identifier: Apache-2.0 */
/* Working time: the hours of the days, and how much of them lies between two instants. */
#include "base/date.h"
#include "base/err.h"
#include "base/number.h"
#include "base/workday.h"

#include <string.h>

#define DAY_MINUTES 1440
#define IDLE_MAX    366    /* days in a row without working time end a search */
#define DAYS_MAX    146097 /* 400 years */

/* -- hours as text ----------------------------------------------------------------------------- */

static kith_status ill_hours(kith_str text, kith_error *e) {
    return err_set(e, KITH_E_INVAL, NULL,
                   "'%.*s' is no working hours; write \"monday-friday 09:00-12:30 13:30-17:00\"",
                   text.len < 60 ? (int)text.len : 60, text.ptr);
}

/* "09:30" to "24:00" */
static bool minute_parse(kith_str s, int32_t *out) {
    int64_t hour, minute;
    if (s.len != 5 || s.ptr[2] != ':' || !int_parse((kith_str){s.ptr, 2}, &hour) ||
        !int_parse((kith_str){s.ptr + 3, 2}, &minute) || hour < 0 || minute < 0 || minute > 59 ||
        hour * 60 + minute > DAY_MINUTES)
        return false;
    *out = (int32_t)(hour * 60 + minute);
    return true;
}

static bool span_parse(kith_str s, struct work_span *out) {
    kith_str rest = s, from;
    return str_split(&rest, '-', &from) && minute_parse(from, &out->from) &&
           minute_parse(rest, &out->to) && out->from < out->to;
}

static kith_status put_hours(struct workdays *w, uint32_t day, const struct work_span *spans,
                             uint32_t count, kith_error *e) {
    if (w->hour_count[day])
        return err_set(e, KITH_E_INVAL, NULL, "the hours of %s stand there twice",
                       weekday_name(day));
    memcpy(w->hours[day], spans, count * sizeof *spans);
    w->hour_count[day] = count;
    return KITH_OK;
}

kith_status workdays_hours(struct workdays *w, kith_str text, kith_error *e) {
    struct work_span spans[WORK_SPANS_MAX];
    kith_str rest = str_trim(text), days, word, name;
    uint32_t count = 0, first, last;
    if (!str_split(&rest, ' ', &days))
        return ill_hours(text, e);
    while (str_split(&rest, ' ', &word)) {
        if (word.len == 0)
            continue;
        if (count == WORK_SPANS_MAX)
            return err_set(e, KITH_E_LIMIT, NULL, "more than %d spans of hours in a day",
                           WORK_SPANS_MAX);
        if (!span_parse(word, &spans[count]) || (count && spans[count].from <= spans[count - 1].to))
            return ill_hours(text, e);
        count++;
    }
    if (!count)
        return ill_hours(text, e);
    str_split(&days, '-', &name);
    TRY(weekday_parse(name, &first, e));
    last = first;
    if (days.len)
        TRY(weekday_parse(days, &last, e));
    for (uint32_t day = first;; day = (day + 1) % 7) {
        TRY(put_hours(w, day, spans, count, e));
        if (day == last)
            return KITH_OK;
    }
}

kith_status workdays_check(const struct workdays *w, kith_error *e) {
    bool any = false;
    for (uint32_t day = 0; day < 7; day++)
        any |= w->hour_count[day] > 0;
    for (uint32_t day = 0; any && day < 7; day++) {
        bool free = w->weekend >> day & 1u;
        if (free && w->hour_count[day])
            return err_set(e, KITH_E_INVAL, NULL,
                           "%s has hours, but it is one of company.weekend: take it out of one of"
                           " the two",
                           weekday_name(day));
        if (!free && !w->hour_count[day])
            return err_set(e, KITH_E_INVAL, NULL,
                           "%s has no hours: give it some, or put it into company.weekend",
                           weekday_name(day));
    }
    return KITH_OK;
}

/* -- the hours of a day ------------------------------------------------------------------------ */

struct instants {
    int64_t from, to; /* ms UTC */
};

static int64_t instant(const struct zone *z, int64_t day, int32_t minute) {
    struct civil c = date_civil(day * DAY_MS + (int64_t)minute * 60000);
    return zone_to_utc(z, &c);
}

static uint32_t spans_of(const struct workdays *w, const struct zone *z, int64_t day,
                         struct instants out[WORK_SPANS_MAX]) {
    static const struct work_span usual = {9 * 60, 17 * 60};
    int32_t weekday = date_weekday(day);
    uint32_t count = w ? w->hour_count[weekday] : 0;
    const struct work_span *spans = count ? w->hours[weekday] : &usual;
    if (!workday_is(w, day))
        return 0;
    count = count ? count : 1;
    for (uint32_t i = 0; i < count; i++)
        out[i] = (struct instants){instant(z, day, spans[i].from), instant(z, day, spans[i].to)};
    return count;
}

/* -- walking ----------------------------------------------------------------------------------- */

static int64_t add_forward(const struct workdays *w, const struct zone *z, int64_t from,
                           int64_t left) {
    struct instants spans[WORK_SPANS_MAX];
    int64_t day = zone_day_of(z, from);
    for (int idle = 0; idle < IDLE_MAX; day++) {
        uint32_t count = spans_of(w, z, day, spans);
        idle = count ? 0 : idle + 1;
        for (uint32_t i = 0; i < count; i++) {
            int64_t begin = spans[i].from > from ? spans[i].from : from;
            if (begin < spans[i].to && begin + left <= spans[i].to)
                return begin + left;
            left -= begin < spans[i].to ? spans[i].to - begin : 0;
        }
    }
    return zone_day(z, day);
}

static int64_t add_backward(const struct workdays *w, const struct zone *z, int64_t from,
                            int64_t left) {
    struct instants spans[WORK_SPANS_MAX];
    int64_t day = zone_day_of(z, from);
    for (int idle = 0; idle < IDLE_MAX; day--) {
        uint32_t count = spans_of(w, z, day, spans);
        idle = count ? 0 : idle + 1;
        while (count-- > 0) {
            int64_t end = spans[count].to < from ? spans[count].to : from;
            if (end > spans[count].from && end - left >= spans[count].from)
                return end - left;
            left -= end > spans[count].from ? end - spans[count].from : 0;
        }
    }
    return zone_day(z, day);
}

int64_t worktime_add(const struct workdays *w, const struct zone *z, int64_t from, int64_t ms) {
    ms = ms > WORK_MS_MAX ? WORK_MS_MAX : ms < -WORK_MS_MAX ? -WORK_MS_MAX : ms;
    return ms < 0 ? add_backward(w, z, from, -ms) : add_forward(w, z, from, ms);
}

int64_t worktime_between(const struct workdays *w, const struct zone *z, int64_t a, int64_t b) {
    struct instants spans[WORK_SPANS_MAX];
    int64_t sum = 0;
    if (b < a)
        return -worktime_between(w, z, b, a);
    int64_t day = zone_day_of(z, a), last = zone_day_of(z, b);
    for (last = last - day > DAYS_MAX ? day + DAYS_MAX : last; day <= last; day++) {
        uint32_t count = spans_of(w, z, day, spans);
        for (uint32_t i = 0; i < count; i++) {
            int64_t from = spans[i].from > a ? spans[i].from : a;
            int64_t to = spans[i].to < b ? spans[i].to : b;
            sum += to > from ? to - from : 0;
        }
    }
    return sum;
}

bool worktime_span(const struct workdays *w, const struct zone *z, int64_t from, int64_t *begin,
                   int64_t *end) {
    struct instants spans[WORK_SPANS_MAX];
    const int64_t first = zone_day_of(z, from);
    for (int64_t day = first; day < first + IDLE_MAX; day++) {
        uint32_t count = spans_of(w, z, day, spans);
        for (uint32_t i = 0; i < count; i++)
            if (spans[i].to > from && spans[i].to > spans[i].from) {
                *begin = spans[i].from;
                *end = spans[i].to;
                return true;
            }
    }
    return false;
}

bool worktime_is(const struct workdays *w, const struct zone *z, int64_t at) {
    struct instants spans[WORK_SPANS_MAX];
    uint32_t count = spans_of(w, z, zone_day_of(z, at), spans);
    for (uint32_t i = 0; i < count; i++)
        if (spans[i].from <= at && at < spans[i].to)
            return true;
    return false;
}
