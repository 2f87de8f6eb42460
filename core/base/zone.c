/* SPDX-License-Identifier: Apache-2.0 */
/* Zones: a reader of TZif files (RFC 8536) and of the rule in their footer, which holds after the
 * last transition. Seconds since 1970 UTC inside, milliseconds at the border. */
#include "base/zone.h"

#include "base/err.h"
#include "base/str.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 65536 /* the largest file of tzdata has 4 KiB */
#define DAY_S    86400
#define HOUR_S   3600

/* When in the year the clock changes: "M3.5.0/2", "J60", "59". */
struct change {
    char kind; /* 'M': month, week, weekday; 'J': day 1 to 365 without 29 February; 'D': day 0 to
                  365 */
    int32_t month, week, day;
    int32_t time; /* seconds after local midnight; may be negative or beyond a day */
};

struct rule {
    bool known, has_summer;
    int32_t standard, summer; /* seconds east of UTC */
    struct change begin, end; /* of summer time */
};

struct zone {
    char *name;
    int64_t *at;      /* transitions, ascending */
    int32_t *offsets; /* from that transition on */
    size_t count;
    int32_t first;    /* before the first transition */
    struct rule rule; /* after the last */
    uint64_t print;   /* FNV-1a of all that */
};

/* -- the footer: a POSIX TZ text such as "CET-1CEST,M3.5.0,M10.5.0/3" -------------------------- */

static bool eat(kith_str *s, char c) {
    if (!s->len || s->ptr[0] != c)
        return false;
    *s = (kith_str){s->ptr + 1, s->len - 1};
    return true;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool eat_number(kith_str *s, int32_t max, int32_t *out) {
    int32_t n = 0;
    if (!s->len || !is_digit(s->ptr[0]))
        return false;
    while (s->len && is_digit(s->ptr[0])) {
        n = n * 10 + (s->ptr[0] - '0');
        if (n > max)
            return false;
        *s = (kith_str){s->ptr + 1, s->len - 1};
    }
    *out = n;
    return true;
}

/* "CET" or "<+03>". */
static bool eat_abbreviation(kith_str *s) {
    bool quoted = eat(s, '<');
    uint64_t len = 0;
    while (len < s->len && (quoted ? s->ptr[len] != '>' : !strchr("+-,0123456789", s->ptr[len])))
        len++;
    *s = (kith_str){s->ptr + len, s->len - len};
    return len > 0 && (!quoted || eat(s, '>'));
}

/* "-1", "5:30", "167:00:00": seconds. */
static bool eat_time(kith_str *s, int32_t *out) {
    bool minus = eat(s, '-');
    int32_t hours, minutes = 0, seconds = 0;
    if (!minus)
        (void)eat(s, '+');
    if (!eat_number(s, 167, &hours))
        return false;
    if (eat(s, ':') && !eat_number(s, 59, &minutes))
        return false;
    if (eat(s, ':') && !eat_number(s, 59, &seconds))
        return false;
    int32_t sum = hours * HOUR_S + minutes * 60 + seconds;
    *out = minus ? -sum : sum;
    return true;
}

static bool eat_change(kith_str *s, struct change *c) {
    bool ok;
    c->kind = eat(s, 'M') ? 'M' : eat(s, 'J') ? 'J' : 'D';
    c->time = 2 * HOUR_S;
    if (c->kind == 'M')
        ok = eat_number(s, 12, &c->month) && c->month && eat(s, '.') &&
             eat_number(s, 5, &c->week) && c->week && eat(s, '.') && eat_number(s, 6, &c->day);
    else
        ok = eat_number(s, 365, &c->day) && (c->kind == 'D' || c->day);
    return ok && (!eat(s, '/') || eat_time(s, &c->time));
}

static bool parse_rule(kith_str s, struct rule *r) {
    if (!eat_abbreviation(&s) || !eat_time(&s, &r->standard))
        return false;
    r->standard = -r->standard; /* POSIX counts to the west */
    r->known = true;
    if (!s.len)
        return true;
    r->has_summer = true;
    r->summer = r->standard + HOUR_S;
    if (!eat_abbreviation(&s))
        return false;
    if (s.len && s.ptr[0] != ',') {
        if (!eat_time(&s, &r->summer))
            return false;
        r->summer = -r->summer;
    }
    return eat(&s, ',') && eat_change(&s, &r->begin) && eat(&s, ',') && eat_change(&s, &r->end) &&
           !s.len;
}

/* Local seconds since 1970 at which the clock changes in a year. */
static int64_t change_at(const struct change *c, int32_t year) {
    int64_t first = date_days(year, 1, 1), day;
    bool leap = date_valid(year, 2, 29);
    if (c->kind == 'M') {
        int64_t month = date_days(year, c->month, 1);
        day = month + (c->day - date_weekday(month) + 7) % 7 + (c->week - 1) * 7;
        while (c->week == 5 && !date_valid(year, c->month, (int32_t)(day - month) + 1))
            day -= 7;
    } else {
        day = first + c->day - (c->kind == 'J' ? 1 : 0) + (c->kind == 'J' && leap && c->day >= 60);
    }
    return day * DAY_S + c->time;
}

static int32_t rule_offset(const struct rule *r, int64_t s) {
    if (!r->has_summer)
        return r->standard;
    /* An hour beyond the calendar's ends, the last year in it knows the rule. */
    int32_t year = date_civil((s + r->standard) * 1000).year;
    year = year < 1 ? 1 : year > 9999 ? 9999 : year;
    int64_t begin = change_at(&r->begin, year) - r->standard;
    int64_t end = change_at(&r->end, year) - r->summer;
    bool summer = begin < end ? s >= begin && s < end : s >= begin || s < end;
    return summer ? r->summer : r->standard;
}

/* -- the file ---------------------------------------------------------------------------------- */

static int64_t big_endian(const unsigned char *p, size_t bytes) {
    uint64_t n = 0;
    for (size_t i = 0; i < bytes; i++)
        n = n << 8 | p[i];
    return bytes == 4 ? (int32_t)(uint32_t)n : (int64_t)n;
}

struct block {
    size_t isut, isstd, leap, time, type, abbr; /* counts */
    size_t width;                               /* bytes of a time: 4 or 8 */
};

#define HEADER 44

/* A header and the size of the data behind it. False: not a TZif file. */
static bool read_header(kith_str file, size_t at, size_t width, struct block *b, size_t *size) {
    const unsigned char *p = (const unsigned char *)file.ptr + at;
    if (file.len < at + HEADER || memcmp(p, "TZif", 4) != 0)
        return false;
    size_t counts[6];
    for (size_t i = 0; i < 6; i++) {
        counts[i] = (size_t)big_endian(p + 20 + i * 4, 4);
        if (counts[i] > FILE_MAX)
            return false;
    }
    *b = (struct block){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5], width};
    *size =
        b->time * (width + 1) + b->type * 6 + b->abbr + b->leap * (width + 4) + b->isstd + b->isut;
    return b->type > 0 && file.len - at - HEADER >= *size;
}

static bool read_block(struct zone *z, const unsigned char *p, const struct block *b) {
    const unsigned char *types = p + b->time * b->width, *infos = types + b->time;
    z->at = calloc(b->time + 1, sizeof *z->at);
    z->offsets = calloc(b->time + 1, sizeof *z->offsets);
    if (!z->at || !z->offsets)
        return false;
    z->count = b->time;
    z->first = (int32_t)big_endian(infos, 4);
    for (size_t i = 0; i < b->time; i++) {
        z->at[i] = big_endian(p + i * b->width, b->width);
        z->offsets[i] = types[i] < b->type ? (int32_t)big_endian(infos + types[i] * 6, 4) : 0;
    }
    return true;
}

static void print_add(struct zone *z, const void *bytes, size_t size) {
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i++)
        z->print = (z->print ^ p[i]) * UINT64_C(0x100000001b3);
}

static kith_status not_tzif(const char *path, kith_error *e) {
    return err_set(e, KITH_E_CORRUPT, NULL, "'%s' is not a time zone file; reinstall tzdata", path);
}

static kith_status read_tzif(struct zone *z, kith_str file, const char *path, kith_error *e) {
    struct block b;
    size_t size, at = 0;
    if (!read_header(file, 0, 4, &b, &size))
        return not_tzif(path, e);
    if (file.ptr[4] >= '2') { /* the same again, with times of 64 bits, and the footer */
        at = HEADER + size;
        if (!read_header(file, at, 8, &b, &size))
            return not_tzif(path, e);
    }
    if (!read_block(z, (const unsigned char *)file.ptr + at + HEADER, &b))
        return err_nomem(e);
    at += HEADER + size;
    kith_str footer = {file.ptr + at, file.len - at};
    if (b.width == 8 && eat(&footer, '\n')) {
        const char *end = memchr(footer.ptr, '\n', (size_t)footer.len);
        footer.len = end ? (uint64_t)(end - footer.ptr) : 0;
        if (footer.len && !parse_rule(footer, &z->rule))
            return not_tzif(path, e);
        print_add(z, footer.ptr, footer.len);
    }
    print_add(z, &z->first, sizeof z->first);
    if (z->count > 0) {
        print_add(z, z->at, z->count * sizeof *z->at);
        print_add(z, z->offsets, z->count * sizeof *z->offsets);
    }
    return KITH_OK;
}

/* -- opening ----------------------------------------------------------------------------------- */

static bool is_zone_name(const char *name) {
    for (const char *p = name; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (!letter && !is_digit(*p) && !strchr("_+-/", *p))
            return false;
    }
    return *name && *name != '/' && strlen(name) < 64;
}

static kith_status unknown_zone(const char *name, kith_error *e) {
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "there is no time zone '%s'; write it as in the list of the IANA, such as "
                   "Europe/Berlin, America/New_York or UTC%s",
                   name, is_zone_name(name) ? " (and see that tzdata is installed)" : "");
}

static kith_status read_file(const char *name, struct zone *z, kith_error *e) {
    const char *dir = getenv("TZDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/%s", dir && *dir ? dir : "/usr/share/zoneinfo", name);
    FILE *f = fopen(path, "rbe");
    if (!f)
        return errno == ENOENT || errno == ENOTDIR ? unknown_zone(name, e)
                                                   : err_errno(e, "open", path);
    char *data = malloc(FILE_MAX);
    kith_status st = data ? KITH_OK : err_nomem(e);
    if (data) {
        kith_str file = {data, fread(data, 1, FILE_MAX, f)}; /* a folder reads as empty */
        st = file.len ? read_tzif(z, file, path, e) : unknown_zone(name, e);
    }
    free(data);
    fclose(f);
    return st;
}

kith_status zone_open(struct zone **out, const char *name, kith_error *e) {
    *out = NULL;
    if (!is_zone_name(name))
        return unknown_zone(name, e);
    struct zone *z = calloc(1, sizeof *z);
    if (!z || !(z->name = strdup(name))) {
        free(z);
        return err_nomem(e);
    }
    kith_status st = read_file(name, z, e);
    if (st == KITH_E_NOTFOUND && strcmp(name, "UTC") == 0) /* holds without tzdata, too */
        st = KITH_OK;
    if (st == KITH_OK)
        *out = z;
    else
        zone_close(z);
    return st;
}

void zone_close(struct zone *z) {
    if (!z)
        return;
    free(z->name);
    free(z->at);
    free(z->offsets);
    free(z);
}

const char *zone_name(const struct zone *z) {
    return z ? z->name : "UTC";
}

uint64_t zone_print(const struct zone *z) {
    return z ? z->print : 0;
}

/* -- offsets ----------------------------------------------------------------------------------- */

static int64_t floor_seconds(int64_t ms) {
    return ms / 1000 - (ms % 1000 < 0);
}

int32_t zone_offset(const struct zone *z, int64_t ms) {
    if (!z)
        return 0;
    int64_t s = floor_seconds(ms);
    size_t low = 0, high = z->count; /* the first transition after s is in [low, high] */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (z->at[middle] <= s)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == z->count && z->rule.known)
        return rule_offset(&z->rule, s);
    return low ? z->offsets[low - 1] : z->first;
}

struct civil zone_local(const struct zone *z, int64_t ms) {
    return date_civil(ms + (int64_t)zone_offset(z, ms) * 1000);
}

int64_t zone_day_of(const struct zone *z, int64_t ms) {
    struct civil c = zone_local(z, ms);
    return date_days(c.year, c.month, c.day);
}

/* The first millisecond in (from, to] with another offset than at `from`. */
static int64_t change_between(const struct zone *z, int64_t from, int64_t to) {
    int32_t before = zone_offset(z, from);
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (zone_offset(z, middle) == before)
            from = middle;
        else
            to = middle;
    }
    return to;
}

int64_t zone_to_utc(const struct zone *z, const struct civil *local) {
    int64_t wall = date_ms(local);
    /* No zone is more than a day away from UTC: these offsets hold before and after any change that
     * can matter here. */
    int32_t before = zone_offset(z, wall - DAY_MS), after = zone_offset(z, wall + DAY_MS);
    int64_t early = wall - (int64_t)before * 1000, late = wall - (int64_t)after * 1000;
    if (zone_offset(z, early) == before) /* also in an overlap: the first of the two */
        return early;
    if (zone_offset(z, late) == after)
        return late;
    return change_between(z, wall - DAY_MS, wall + DAY_MS); /* in a gap */
}

int64_t zone_day(const struct zone *z, int64_t day) {
    struct civil midnight = date_civil(day * DAY_MS);
    return zone_to_utc(z, &midnight);
}
