/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and durations read from text: what standards say and what spreadsheets write. */
#include "base/str.h"
#include "base/zone.h"

struct scan {
    const char *p, *end;
};

static struct scan scan_of(kith_str s) {
    s = str_trim(s);
    return (struct scan){s.ptr, s.len ? s.ptr + s.len : s.ptr};
}

static char peek(const struct scan *s) {
    return s->p < s->end ? *s->p : '\0';
}

static bool accept(struct scan *s, char c) {
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

static int spaces(struct scan *s) {
    int count = 0;
    while (accept(s, ' '))
        count++;
    return count;
}

/* Reads at most `max` (9 or fewer) digits and says how many there were. */
static int digits(struct scan *s, int max, int32_t *out) {
    int count = 0;
    *out = 0;
    for (; count < max && peek(s) >= '0' && peek(s) <= '9'; count++)
        *out = *out * 10 + (*s->p++ - '0');
    return count;
}

static bool two_digits(struct scan *s, int32_t *out) {
    return digits(s, 2, out) == 2;
}

/* -- dates ------------------------------------------------------------------------------------- */

static bool set_date(struct civil *c, int32_t year, int32_t month, int32_t day) {
    c->year = year;
    c->month = month;
    c->day = day;
    return date_valid(year, month, day);
}

/* a, b, year as in 2/29/2024: the preferred order if that is a date, else the other one. */
static bool set_either(struct civil *c, int32_t a, int32_t b, int32_t year, bool day_first) {
    return day_first ? set_date(c, year, b, a) || set_date(c, year, a, b)
                     : set_date(c, year, a, b) || set_date(c, year, b, a);
}

static bool read_date(struct scan *s, bool day_first, struct civil *c) {
    int32_t a, b, last;
    int a_width = digits(s, 8, &a);
    if (a_width == 8)
        return set_date(c, a / 10000, a / 100 % 100, a % 100);
    char sep = peek(s);
    if (!(sep == '-' || sep == '/' || sep == '.') || !accept(s, sep) || !digits(s, 2, &b) ||
        !accept(s, sep))
        return false;
    int last_width = digits(s, 4, &last);
    if (a_width == 4)
        return (last_width == 1 || last_width == 2) && set_date(c, a, b, last);
    if (a_width != 1 && a_width != 2)
        return false;
    if (last_width == 2 && sep != '-') /* with '-' the year could as well be the first */
        last += last < 70 ? 2000 : 1900;
    else if (last_width != 4)
        return false;
    /* With points the day is first everywhere. */
    return sep == '.' ? set_date(c, last, b, a) : set_either(c, a, b, last, day_first);
}

bool date_parse(kith_str text, bool day_first, int64_t *days) {
    struct scan s = scan_of(text);
    struct civil c;
    if (!read_date(&s, day_first, &c) || s.p != s.end)
        return false;
    *days = date_days(c.year, c.month, c.day);
    return true;
}

/* -- times ------------------------------------------------------------------------------------- */

/* 8:26, 08:26:00, 0826, 082600; *seconds: whether seconds were written. */
static bool read_hms(struct scan *s, struct civil *c, bool *seconds) {
    int32_t n;
    int width = digits(s, 6, &n);
    *seconds = width == 6;
    if (width == 4 || width == 6) {
        c->second = width == 6 ? n % 100 : 0;
        n = width == 6 ? n / 100 : n;
        c->hour = n / 100;
        c->minute = n % 100;
        return true;
    }
    c->hour = n;
    c->second = 0;
    if ((width != 1 && width != 2) || !accept(s, ':') || !two_digits(s, &c->minute))
        return false;
    *seconds = accept(s, ':');
    return !*seconds || two_digits(s, &c->second);
}

/* Milliseconds; what is finer is dropped. */
static bool read_fraction(struct scan *s, int32_t *milli) {
    static const int32_t scale[] = {0, 100, 10, 1};
    int32_t more;
    int width = digits(s, 3, milli);
    *milli *= scale[width];
    while (digits(s, 9, &more)) {
    }
    return width > 0;
}

static bool read_half(struct scan *s, int32_t *hour) {
    struct scan ahead = *s;
    (void)spaces(&ahead);
    char half = (char)(peek(&ahead) | 0x20);
    if (half != 'a' && half != 'p')
        return true;
    ahead.p++;
    if ((peek(&ahead) | 0x20) != 'm' || *hour < 1 || *hour > 12)
        return false;
    ahead.p++;
    *s = ahead;
    *hour = *hour % 12 + (half == 'p' ? 12 : 0);
    return true;
}

static bool read_clock(struct scan *s, struct civil *c) {
    bool seconds;
    c->milli = 0;
    if (!read_hms(s, c, &seconds))
        return false;
    if (seconds && (accept(s, '.') || accept(s, ',')) && !read_fraction(s, &c->milli))
        return false;
    /* 60 is a leap second: the instant after it. */
    return read_half(s, &c->hour) && c->hour < 24 && c->minute < 60 && c->second <= 60;
}

/* Z, +02, +0200, +02:00, or nothing: UTC. */
static bool read_offset(struct scan *s, int64_t *ms) {
    int32_t hours, minutes = 0;
    *ms = 0;
    (void)spaces(s);
    if (s->p == s->end || accept(s, 'Z') || accept(s, 'z'))
        return true;
    bool west = peek(s) == '-';
    if (!accept(s, '+') && !accept(s, '-'))
        return false;
    int width = digits(s, 4, &hours);
    if (width == 4) {
        minutes = hours % 100;
        hours /= 100;
    } else if (width != 2 || (accept(s, ':') && !two_digits(s, &minutes))) {
        return false;
    }
    *ms = ((int64_t)hours * 60 + minutes) * (west ? -60000 : 60000);
    return hours < 24 && minutes < 60;
}

bool time_parse(kith_str text, bool day_first, const struct zone *zone, int64_t *ms) {
    struct scan s = scan_of(text);
    struct civil c = {0};
    int64_t offset = 0;
    bool given = false;
    if (!read_date(&s, day_first, &c))
        return false;
    if (s.p != s.end) {
        if (!accept(&s, 'T') && !accept(&s, 't') && !spaces(&s))
            return false;
        if (!read_clock(&s, &c))
            return false;
        given = s.p != s.end;
        if (!read_offset(&s, &offset) || s.p != s.end)
            return false;
    }
    int64_t at = given ? date_ms(&c) - offset : zone_to_utc(zone, &c);
    if (at < TIME_MIN || at > TIME_MAX)
        return false;
    *ms = at;
    return true;
}

/* -- durations --------------------------------------------------------------------------------- */

struct unit {
    const char *name;
    int64_t ms;
};
static const struct unit short_units[] = {{"w", 7 * (int64_t)DAY_MS},
                                          {"d", DAY_MS},
                                          {"h", 3600000},
                                          {"m", 60000},
                                          {"s", 1000},
                                          {"ms", 1}};
static const struct unit iso_days[] = {{"W", 7 * (int64_t)DAY_MS}, {"D", DAY_MS}};
static const struct unit iso_clock[] = {{"H", 3600000}, {"M", 60000}, {"S", 1000}};

/* One number with its unit, added to *total. Units go from large to small, each at most once: *next
 * is the first that may still come. */
static bool read_part(struct scan *s, const struct unit *units, size_t count, size_t *next,
                      int64_t sign, int64_t *total) {
    int64_t n = 0;
    for (; peek(s) >= '0' && peek(s) <= '9'; s->p++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *s->p - '0', &n))
            return false;
    const char *name = s->p;
    while ((peek(s) | 0x20) >= 'a' && (peek(s) | 0x20) <= 'z' && (s->p == name || peek(s) != 'T'))
        s->p++;
    kith_str unit = {name, (uint64_t)(s->p - name)};
    for (; *next < count; ++*next) {
        if (!str_eqz(unit, units[*next].name))
            continue;
        return !__builtin_mul_overflow(n, units[(*next)++].ms * sign, &n) &&
               !__builtin_add_overflow(*total, n, total);
    }
    return false;
}

/* At least one part. */
static bool read_parts(struct scan *s, const struct unit *units, size_t count, int64_t sign,
                       int64_t *total) {
    size_t next = 0;
    bool any = false;
    while (peek(s) >= '0' && peek(s) <= '9') {
        if (!read_part(s, units, count, &next, sign, total))
            return false;
        any = true;
        (void)spaces(s);
    }
    return any;
}
#define READ_PARTS(s, units, sign, total)                                                          \
    read_parts((s), (units), sizeof(units) / sizeof((units)[0]), (sign), (total))

static bool read_iso(struct scan *s, int64_t sign, int64_t *total) {
    if (peek(s) != 'T' && !READ_PARTS(s, iso_days, sign, total))
        return false;
    return !accept(s, 'T') || READ_PARTS(s, iso_clock, sign, total);
}

bool duration_parse(kith_str text, int64_t *ms) {
    struct scan s = scan_of(text);
    int64_t total = 0, sign = accept(&s, '-') ? -1 : 1;
    if (sign > 0)
        (void)accept(&s, '+');
    bool read =
        accept(&s, 'P') ? read_iso(&s, sign, &total) : READ_PARTS(&s, short_units, sign, &total);
    if (!read || s.p != s.end)
        return false;
    *ms = total;
    return true;
}
