/* SPDX-License-Identifier: Apache-2.0 */
/* Cron: five fields become bit sets; the next firing is looked for day by day on the wall clock of
 * the zone, and the zone says which instant that is. */
#include "base/cron.h"

#include "base/err.h"
#include "base/number.h"
#include "base/str.h"
#include <string.h>

#define YEARS 5 /* how far ahead is looked */

struct field {
    const char *name;
    int32_t min, max;
    const char *words; /* three letters each, from min on; or NULL */
};

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };
static const struct field fields[FIELDS] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of month", 1, 31, NULL},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of week", 0, 7, "sunmontuewedthufrisat"}, /* 7 is Sunday, too */
};

static const struct {
    const char *name, *text;
} shortcuts[] = {{"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
                 {"@weekly", "0 0 * * 0"},  {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
                 {"@annually", "0 0 1 1 *"}};

/* -- parsing ----------------------------------------------------------------------------------- */

static bool number_or_word(const struct field *f, kith_str s, int32_t *out) {
    int64_t n;
    for (int32_t i = 0; f->words && f->words[i * 3]; i++) {
        char word[4] = {f->words[i * 3], f->words[i * 3 + 1], f->words[i * 3 + 2], '\0'};
        if (str_ieqz(s, word)) {
            *out = f->min + i;
            return true;
        }
    }
    if (!int_parse(s, &n) || n < f->min || n > f->max || !s.len || s.ptr[0] == '+')
        return false;
    *out = (int32_t)n;
    return true;
}

/* Cuts s at the first c; false when there is none. */
static bool cut_at(kith_str *s, char c, kith_str *rest) {
    const char *at = s->len ? memchr(s->ptr, c, (size_t)s->len) : NULL;
    if (!at)
        return false;
    uint64_t len = (uint64_t)(at - s->ptr);
    *rest = (kith_str){at + 1, s->len - len - 1};
    s->len = len;
    return true;
}

/* "*", "5", "1-5", each perhaps with "/2" behind; "5/2" is from 5 on. */
static bool parse_part(const struct field *f, kith_str part, uint64_t *bits) {
    kith_str step_text, end_text;
    int64_t step = 1;
    int32_t from = f->min, to = f == &fields[WEEKDAY] ? 6 : f->max;
    bool stepped = cut_at(&part, '/', &step_text);
    if (stepped && (!int_parse(step_text, &step) || step < 1 || step > f->max))
        return false;
    if (!str_eqz(part, "*")) {
        bool range = cut_at(&part, '-', &end_text);
        if (!number_or_word(f, part, &from) || (range && !number_or_word(f, end_text, &to)))
            return false;
        if (range && to == 0 && f == &fields[WEEKDAY]) /* "fri-sun" */
            to = 7;
        if (!range && !stepped)
            to = from;
    }
    if (from > to)
        return false;
    for (int32_t i = from; i <= to; i += (int32_t)step)
        *bits |= UINT64_C(1) << i;
    return true;
}

static bool parse_field(const struct field *f, kith_str text, uint64_t *bits) {
    kith_str part;
    *bits = 0;
    if (text.len && text.ptr[text.len - 1] == ',')
        return false;
    while (str_split(&text, ',', &part))
        if (!parse_part(f, part, bits))
            return false;
    return *bits != 0;
}

static bool next_word(kith_str *rest, kith_str *word) {
    *rest = str_trim(*rest);
    uint64_t len = 0;
    while (len < rest->len && !strchr(" \t", rest->ptr[len]))
        len++;
    *word = (kith_str){rest->ptr, len};
    *rest = (kith_str){rest->ptr + len, rest->len - len};
    return len > 0;
}

static kith_status parse_fields(kith_str text, struct cron *out, kith_error *e) {
    uint64_t bits[FIELDS];
    kith_str rest = text, words[FIELDS];
    size_t count = 0;
    while (count < FIELDS && next_word(&rest, &words[count]))
        count++;
    if (count < FIELDS || str_trim(rest).len)
        return err_set(
            e, KITH_E_INVAL, NULL,
            "'%.*s' does not have the five fields minute, hour, day of month, month, day of "
            "week, as in '30 6 * * mon-fri'",
            (int)text.len, text.ptr);
    for (size_t i = 0; i < FIELDS; i++)
        if (!parse_field(&fields[i], words[i], &bits[i]))
            return err_set(
                e, KITH_E_INVAL, NULL,
                "'%.*s' cannot be the %s: write *, a number from %d to %d%s, a range such as "
                "%d-%d, a step such as */2, or a list of them with commas",
                (int)words[i].len, words[i].ptr, fields[i].name, fields[i].min, fields[i].max,
                fields[i].words ? " or a name of three letters" : "", fields[i].min,
                fields[i].min + 2);
    if (bits[WEEKDAY] >> 7) /* both are Sunday */
        bits[WEEKDAY] |= 1;
    *out = (struct cron){.minutes = bits[MINUTE],
                         .hours = (uint32_t)bits[HOUR],
                         .days = (uint32_t)bits[DAY],
                         .months = (uint32_t)bits[MONTH],
                         .weekdays = (uint32_t)bits[WEEKDAY] & 0x7F,
                         .any_day = words[DAY].ptr[0] == '*',
                         .any_weekday = words[WEEKDAY].ptr[0] == '*'};
    return KITH_OK;
}

kith_status cron_parse(kith_str text, struct cron *out, kith_error *e) {
    text = str_trim(text);
    for (size_t i = 0; i < sizeof shortcuts / sizeof shortcuts[0]; i++)
        if (str_ieqz(text, shortcuts[i].name))
            return parse_fields(str_of(shortcuts[i].text), out, e);
    return parse_fields(text, out, e);
}

/* -- the next firing --------------------------------------------------------------------------- */

static bool has(uint64_t bits, int32_t i) {
    return bits >> i & 1;
}

static bool fires_on(const struct cron *c, int64_t day, const struct civil *date) {
    bool day_fits = has(c->days, date->day), weekday_fits = has(c->weekdays, date_weekday(day));
    bool either = !c->any_day && !c->any_weekday;
    return has(c->months, date->month) &&
           (either ? day_fits || weekday_fits : day_fits && weekday_fits);
}

/* The first firing on that day, from a minute of it on, that lies after `after`; INT64_MAX: none.
 */
static int64_t next_on(const struct cron *c, const struct zone *z, struct civil date,
                       int32_t minute, int64_t after) {
    for (; minute < 24 * 60; minute++) {
        date.hour = minute / 60;
        date.minute = minute % 60;
        if (!has(c->hours, date.hour)) {
            minute += 59 - date.minute;
            continue;
        }
        if (!has(c->minutes, date.minute))
            continue;
        int64_t at = zone_to_utc(z, &date);
        if (at > after) /* not so in the second half of an overlap, whose times have fired */
            return at;
    }
    return INT64_MAX;
}

int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after) {
    struct civil now = zone_local(z, after);
    int64_t today = date_days(now.year, now.month, now.day);
    int32_t minute = now.hour * 60 + now.minute;
    for (int64_t day = today; day <= today + YEARS * 366; day++, minute = 0) {
        struct civil date = date_civil(day * DAY_MS);
        if (date.year > now.year + YEARS)
            break;
        int64_t at = fires_on(c, day, &date) ? next_on(c, z, date, minute, after) : INT64_MAX;
        if (at != INT64_MAX)
            return at;
    }
    return INT64_MAX;
}
