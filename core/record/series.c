/* SPDX-License-Identifier: Apache-2.0 */
/* Series: patterns, and the counters behind them. */
#include "record/series.h"
#include "base/text.h"
#include "base/zone.h"
#include "record/record.h"

#include <stdio.h>
#include <string.h>

#define YEAR  "{year}"
#define MONTH "{month}"

/* -- patterns ---------------------------------------------------------------------------------- */

/* What stands at p: a word in braces, the counter, or one character. */
enum part { PART_CHARACTER, PART_YEAR, PART_MONTH, PART_COUNTER };
static enum part part_at(const char *p, size_t *length) {
    static const struct {
        const char *word;
        enum part part;
    } words[] = {{YEAR, PART_YEAR}, {MONTH, PART_MONTH}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncmp(p, words[i].word, strlen(words[i].word)) == 0) {
            *length = strlen(words[i].word);
            return words[i].part;
        }
    size_t zeros = strspn(p, "0");
    *length = zeros ? zeros : 1;
    return zeros ? PART_COUNTER : PART_CHARACTER;
}

static kith_status refuse(const char *field, const char *pattern, const char *why, kith_error *e) {
    return err_set(e, KITH_E_INVAL, field,
                   "the series \"%s\" %s; it looks like INV-{year}-000000, where the zeros are the"
                   " counter",
                   pattern, why);
}

static const char *fault_of(const char *pattern) {
    size_t n = strlen(pattern);
    for (const char *p = pattern; *p; p++)
        if (*p < ' ' || *p > '~')
            return "has what is no letter, digit or sign of ASCII";
    if (n > SERIES_LENGTH)
        return "is longer than 60 characters";
    return n && (*pattern == ' ' || pattern[n - 1] == ' ') ? "begins or ends with a blank" : NULL;
}

kith_status series_parse(struct arena *a, const char *field, const char *pattern,
                         const struct series **out, kith_error *e) {
    struct series *s = ARENA_NEW(a, struct series);
    const char *fault = fault_of(pattern ? pattern : "");
    size_t length = 0;
    if (!s || !(s->pattern = arena_strdup(a, pattern ? pattern : "")))
        return err_nomem(e);
    for (const char *p = s->pattern; *p && !fault; p += length) {
        enum part part = part_at(p, &length);
        if (part == PART_COUNTER && s->digits)
            fault = "has two runs of zeros";
        else if (part == PART_COUNTER && length > SERIES_DIGITS)
            fault = "has more than 15 zeros";
        else if (part == PART_CHARACTER && (*p == '{' || *p == '}'))
            fault = "has a brace that belongs to neither {year} nor {month}";
        s->digits = part == PART_COUNTER ? (uint32_t)length : s->digits;
        s->yearly |= part == PART_YEAR;
        s->fixed += part == PART_YEAR ? 4 : part == PART_MONTH ? 2 : part == PART_CHARACTER;
    }
    if (!fault && !s->digits)
        fault = "has no zeros";
    *out = s;
    return fault ? refuse(field, s->pattern, fault, e) : KITH_OK;
}

static kith_str number_text(const struct series *s, const struct civil *day, int64_t n,
                            struct arena *a) {
    struct buf b = {0};
    size_t length;
    for (const char *p = s->pattern; *p; p += length)
        switch (part_at(p, &length)) {
        case PART_YEAR:
            buf_printf(&b, "%04d", (int)day->year);
            break;
        case PART_MONTH:
            buf_printf(&b, "%02d", (int)day->month);
            break;
        case PART_COUNTER:
            buf_printf(&b, "%0*lld", (int)s->digits, (long long)n);
            break;
        case PART_CHARACTER:
            buf_putc(&b, *p);
        }
    kith_str text = b.failed ? (kith_str){0} : arena_str(a, buf_view(&b));
    buf_free(&b);
    return text;
}

static bool read_digits(const char **p, uint32_t count, int64_t *out) {
    *out = 0;
    for (; count; count--, (*p)++) {
        if (**p < '0' || **p > '9')
            return false;
        *out = 10 * *out + (**p - '0');
    }
    return true;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Is a folded text a number that the counter comes to? A longer one has no zeros in front. */
static bool is_number(const struct series *s, kith_str text, int64_t *year, int64_t *n) {
    if (text.len < s->fixed + s->digits || text.len > s->fixed + SERIES_DIGITS)
        return false;
    uint32_t digits = (uint32_t)text.len - s->fixed;
    const char *at = text.ptr;
    int64_t month = 1;
    size_t length;
    *year = 0;
    for (const char *p = s->pattern; *p; p += length) {
        enum part part = part_at(p, &length);
        if (part == PART_COUNTER && digits > s->digits && *at == '0')
            return false;
        if (part == PART_CHARACTER ? *at++ != lower(*p)
                                   : !read_digits(&at,
                                                  part == PART_YEAR    ? 4
                                                  : part == PART_MONTH ? 2
                                                                       : digits,
                                                  part == PART_YEAR    ? year
                                                  : part == PART_MONTH ? &month
                                                                       : n))
            return false;
    }
    return true;
}

/* -- counters ---------------------------------------------------------------------------------- */

kith_status series_setup(struct conn *c, kith_error *e) {
    return conn_exec(c,
                     "CREATE TABLE IF NOT EXISTS kith_series(field INTEGER NOT NULL, year INTEGER"
                     " NOT NULL, last INTEGER NOT NULL, PRIMARY KEY(field, year)) STRICT,"
                     " WITHOUT ROWID",
                     e);
}

static kith_status prepare(struct conn *c, const char *sql, const struct rfield *f, int64_t year,
                           sqlite3_stmt **st, kith_error *e) {
    TRY(conn_prepare(c, sql, st, e));
    bind_int(*st, 1, f->id);
    bind_int(*st, 2, f->series->yearly ? year : 0);
    return KITH_OK;
}

kith_status series_take(struct conn *c, const struct rfield *f, int64_t now, struct arena *a,
                        kith_value *out, kith_error *e) {
    const struct civil day = zone_local(f->type->schema->zone, now);
    sqlite3_stmt *st;
    int64_t n;
    TRY(prepare(c,
                "INSERT INTO kith_series(field, year, last) VALUES(?1, ?2, 1) ON CONFLICT DO UPDATE"
                " SET last = last + 1 RETURNING last",
                f, day.year, &st, e));
    TRY(conn_first(c, st, 0, &n, e));
    *out = value_str(number_text(f->series, &day, n, a));
    return out->as.s.ptr ? KITH_OK : err_nomem(e);
}

kith_status series_return(struct conn *c, const struct rfield *f, int64_t now, kith_error *e) {
    const struct civil day = zone_local(f->type->schema->zone, now);
    sqlite3_stmt *st;
    TRY(prepare(c, "UPDATE kith_series SET last = last - 1 WHERE field = ?1 AND year = ?2", f,
                day.year, &st, e));
    return conn_run(c, st, e);
}

kith_status series_given(struct conn *c, const struct rfield *f, const kith_value *v,
                         struct arena *a, kith_error *e) {
    sqlite3_stmt *st;
    int64_t year, n;
    kith_str text = text_fold(a, v->as.s);
    if (!text.ptr)
        return err_nomem(e);
    if (!is_number(f->series, text, &year, &n))
        return KITH_OK;
    TRY(prepare(c,
                "INSERT INTO kith_series(field, year, last) VALUES(?1, ?2, ?3) ON CONFLICT DO"
                " UPDATE SET last = max(last, excluded.last)",
                f, year, &st, e));
    bind_int(st, 3, n);
    return conn_run(c, st, e);
}

kith_status series_leaps(struct conn *c, const struct rfield *f, const kith_value *v,
                         struct arena *a, bool *leaps, kith_error *e) {
    sqlite3_stmt *st;
    int64_t year, n, last = 0;
    kith_str text = text_fold(a, v->as.s);
    *leaps = false;
    if (!text.ptr)
        return err_nomem(e);
    if (text.len <= f->series->fixed + f->series->digits || !is_number(f->series, text, &year, &n))
        return KITH_OK;
    TRY(prepare(c, "SELECT coalesce(max(last), 0) FROM kith_series WHERE field = ?1 AND year = ?2",
                f, year, &st, e));
    TRY(conn_first(c, st, 0, &last, e));
    *leaps = n > last;
    return KITH_OK;
}

static kith_status pass_all(struct conn *c, const struct rfield *f, kith_error *e) {
    struct arena a = {0};
    sqlite3_stmt *st;
    bool row = true;
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT \"%s\" FROM \"%s\" WHERE \"%s\" IS NOT NULL", f->name,
             f->type->name, f->name);
    kith_status status = conn_prepare_once(c, sql, &st, e);
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row) {
        const kith_value v = value_str(column_str(st, 0));
        arena_reset(&a);
        status = series_given(c, f, &v, &a, e);
    }
    sqlite3_finalize(st);
    arena_free(&a);
    return status;
}

kith_status series_catch_up(struct conn *c, const struct rfield *f, struct arena *a,
                            kith_error *e) {
    char key[32];
    const char *before;
    snprintf(key, sizeof key, "series.%u", f->id);
    TRY(meta_read(c, key, a, &before, e));
    if (before && strcmp(before, f->series->pattern) == 0)
        return KITH_OK;
    TRY(pass_all(c, f, e));
    return meta_write(c, key, f->series->pattern, e);
}
