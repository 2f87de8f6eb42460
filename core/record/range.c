/* SPDX-License-Identifier: Apache-2.0 */
/* What a field measures, and the range of what may be written to it. */
#include "base/text.h"
#include "record/record.h"
#include "record/schema_internal.h"

#include <stdio.h>
#include <string.h>

/* -- measures ---------------------------------------------------------------------------------- */

static const char *const measure_names[] = {
    [KITH_M_NOMINAL] = "nominal",      [KITH_M_ORDINAL] = "ordinal",
    [KITH_M_DISCRETE] = "discrete",    [KITH_M_CONTINUOUS] = "continuous",
    [KITH_M_BINARY] = "binary",        [KITH_M_TIME] = "time",
    [KITH_M_SPATIAL] = "spatial",      [KITH_M_TEXT] = "text",
    [KITH_M_SEMI] = "semi-structured",
};
#define MEASURES (sizeof measure_names / sizeof *measure_names)

const char *field_measure_name(uint32_t measure) {
    return measure < MEASURES && measure_names[measure] ? measure_names[measure] : "unknown";
}

uint32_t field_measure_of(kith_str name) {
    for (uint32_t m = 1; m < MEASURES; m++)
        if (str_eqz(name, measure_names[m]))
            return m;
    return 0;
}

static const struct {
    const char *totals, *charts;
} measure_uses[MEASURES] = {
    [KITH_M_NOMINAL] = {"count", "bars, pie"},
    [KITH_M_ORDINAL] = {"count, min, max", "bars in order"},
    [KITH_M_DISCRETE] = {"count, sum, avg, min, max", "bars in order, histogram, line"},
    [KITH_M_CONTINUOUS] = {"count, sum, avg, min, max", "histogram, scatter plot, line"},
    [KITH_M_BINARY] = {"count", "bars, pie"},
    [KITH_M_TIME] = {"count, min, max", "line along time"},
    [KITH_M_SPATIAL] = {"count", "map"},
    [KITH_M_TEXT] = {"count", "none"},
    [KITH_M_SEMI] = {"count", "none"},
};

const char *field_totals(const struct rfield *f) {
    return f->measure < MEASURES && f->measure ? measure_uses[f->measure].totals : "";
}

const char *measure_charts(uint32_t measure) {
    return measure < MEASURES && measure ? measure_uses[measure].charts : "";
}

bool field_adds_up(const struct rfield *f) {
    return f->measure == KITH_M_DISCRETE || f->measure == KITH_M_CONTINUOUS;
}

#define M(name) (1u << KITH_M_##name)

/* By kind: what it measures by itself, and what else it may be declared to. */
static const struct {
    uint32_t own, also;
} measures[] = {
    [KITH_F_TEXT] = {KITH_M_NOMINAL, M(TEXT)},
    [KITH_F_LONGTEXT] = {KITH_M_TEXT, 0},
    [KITH_F_INTEGER] = {KITH_M_DISCRETE, M(NOMINAL) | M(ORDINAL) | M(CONTINUOUS)},
    [KITH_F_DECIMAL] = {KITH_M_CONTINUOUS, M(NOMINAL) | M(ORDINAL) | M(DISCRETE)},
    [KITH_F_MONEY] = {KITH_M_CONTINUOUS, M(ORDINAL)},
    [KITH_F_BOOLEAN] = {KITH_M_BINARY, 0},
    [KITH_F_DATE] = {KITH_M_TIME, 0},
    [KITH_F_TIME] = {KITH_M_TIME, 0},
    [KITH_F_DURATION] = {KITH_M_CONTINUOUS, 0},
    [KITH_F_CHOICE] = {KITH_M_NOMINAL, M(ORDINAL)},
    [KITH_F_STATE] = {KITH_M_NOMINAL, M(ORDINAL)},
    [KITH_F_LINK] = {KITH_M_NOMINAL, 0},
    [KITH_F_LINKS] = {KITH_M_NOMINAL, 0},
    [KITH_F_EMAIL] = {KITH_M_NOMINAL, 0},
    [KITH_F_PHONE] = {KITH_M_NOMINAL, 0},
    [KITH_F_URL] = {KITH_M_NOMINAL, 0},
    [KITH_F_PLACE] = {KITH_M_SPATIAL, 0},
    [KITH_F_JSON] = {KITH_M_SEMI, 0},
    [KITH_F_TAGS] = {KITH_M_SEMI, 0},
    [KITH_F_SERIES] = {KITH_M_NOMINAL, 0},
};

static kith_status set_measure(struct rfield *f, kith_error *e) {
    uint32_t own = measures[f->kind].own, may = measures[f->kind].also | 1u << own;
    if (f->measure == 0)
        f->measure = own;
    if (f->measure < MEASURES && (may >> f->measure & 1u))
        return KITH_OK;
    struct buf all = {0};
    for (uint32_t m = 1; m < MEASURES; m++)
        if (may >> m & 1u)
            buf_printf(&all, "%s%s", all.len ? ", " : "", measure_names[m]);
    kith_status st =
        err_set(e, KITH_E_INVAL, f->name, "a %s cannot measure what is %s, but: %s",
                field_kind_name(f->kind), field_measure_name(f->measure), all.ptr ? all.ptr : "");
    buf_free(&all);
    return st;
}

/* -- ranges ------------------------------------------------------------------------------------ */

static bool is_lengthy(const struct rfield *f) {
    return f->kind == KITH_F_TEXT || f->kind == KITH_F_LONGTEXT;
}

static bool has_range(const struct rfield *f) {
    return is_lengthy(f) || f->kind == KITH_F_INTEGER || f->kind == KITH_F_DECIMAL ||
           f->kind == KITH_F_MONEY || f->kind == KITH_F_DATE || f->kind == KITH_F_TIME ||
           f->kind == KITH_F_DURATION;
}

static int64_t characters(kith_str s) {
    int64_t n = 0;
    for (uint64_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
    return n;
}

/* In the units of its field. */
static int64_t measured(const struct rfield *f, const kith_value *v) {
    if (is_lengthy(f) && v->kind == KITH_TEXT)
        return characters(v->as.s);
    if (f->kind == KITH_F_DECIMAL)
        return v->as.decimal.units;
    return f->kind == KITH_F_MONEY ? v->as.money.minor : v->as.i;
}

static kith_status parse_bound(const struct schema *s, struct arena *a, struct rfield *f,
                               const char *which, const char *text, int64_t *out, kith_error *e) {
    struct rfield as = *f; /* a length is a whole number */
    kith_value v = value_str(str_of(text));
    kith_error why = KITH_ERROR_INIT;
    if (is_lengthy(f))
        as.kind = KITH_F_INTEGER;
    kith_status st = value_check(s, &as, false, a, &v, &why);
    if (st == KITH_OK && v.kind == KITH_NULL)
        st = err_set(&why, KITH_E_INVAL, f->name, "%s: it is empty", f->name);
    if (st != KITH_OK)
        return err_set(e, st, f->name, "its %s: %s", which, why.message);
    *out = measured(&as, &v);
    if (f->kind != KITH_F_MONEY || *out == 0)
        return KITH_OK;
    if (f->range_currency[0] && strcmp(f->range_currency, v.as.money.currency) != 0)
        return err_set(e, KITH_E_INVAL, f->name, "its min and max are in two currencies");
    memcpy(f->range_currency, v.as.money.currency, 3);
    return KITH_OK;
}

static kith_status set_range(const struct schema *s, struct arena *a, struct rfield *f,
                             kith_error *e) {
    if (!f->min_text && !f->max_text)
        return KITH_OK;
    if (!has_range(f))
        return err_set(e, KITH_E_INVAL, f->name, "a %s has no min and no max",
                       field_kind_name(f->kind));
    f->min = INT64_MIN;
    f->max = INT64_MAX;
    if (f->min_text)
        TRY(parse_bound(s, a, f, "min", f->min_text, &f->min, e));
    if (f->max_text)
        TRY(parse_bound(s, a, f, "max", f->max_text, &f->max, e));
    int64_t floor = INT64_MIN;
    if (f->floor)
        TRY(parse_bound(s, a, f, "min", f->floor, &floor, e));
    if (f->min < floor)
        return err_set(e, KITH_E_INVAL, f->name, "its min is %s, and Kith itself needs %s or more",
                       f->min_text, f->floor);
    return f->min <= f->max ? KITH_OK
                            : err_set(e, KITH_E_INVAL, f->name, "its max is below its min");
}

/* A long text that is searched is neither sorted nor compared: its words are in the index. */
static uint32_t folding_flags(uint32_t kind) {
    return KITH_FF_UNIQUE | KITH_FF_INDEXED | (kind == KITH_F_LONGTEXT ? 0 : KITH_FF_SEARCHED);
}

kith_status field_finish(const struct schema *s, struct arena *a, struct rfield *f, kith_error *e) {
    if (f->series && ((f->flags & KITH_FF_REQUIRED) || f->default_text))
        return err_set(e, KITH_E_INVAL, f->name,
                       "a series gives each new record its number: it is neither required nor has"
                       " a default");
    f->folded = kind_folds(f->kind) && (f->flags & folding_flags(f->kind)) != 0;
    TRY(set_measure(f, e));
    return set_range(s, a, f, e);
}

void field_range_text(const struct rfield *f, struct buf *out) {
    const char *unit = is_lengthy(f) ? " characters" : "";
    if (f->min_text && f->max_text)
        buf_printf(out, "%s to %s%s", f->min_text, f->max_text, unit);
    else if (f->min_text)
        buf_printf(out, "%s%s or more", f->min_text, unit);
    else if (f->max_text)
        buf_printf(out, "%s%s at most", f->max_text, unit);
}

static bool in_range(const struct rfield *f, const kith_value *v) {
    if ((!f->min_text && !f->max_text) || v->kind == KITH_NULL)
        return true;
    if (f->range_currency[0] && memcmp(v->as.money.currency, f->range_currency, 3) != 0)
        return true; /* nobody knows what it is worth */
    int64_t n = measured(f, v);
    return n >= f->min && n <= f->max;
}

kith_status value_range(const struct schema *s, const struct rfield *f, const kith_value *v,
                        kith_error *e) {
    if (in_range(f, v))
        return KITH_OK;
    struct arena a = {0};
    struct buf range = {0};
    kith_str text = value_text(s, v, &a), shown = text_cut(text, 40);
    field_range_text(f, &range);
    kith_status st = err_set(e, KITH_E_INVAL, f->name, "%s: '%.*s%s' is out of its range: %s",
                             f->name, (int)shown.len, shown.ptr ? shown.ptr : "",
                             shown.len < text.len ? "..." : "", range.ptr ? range.ptr : "");
    buf_free(&range);
    arena_free(&a);
    return st;
}

/* -- what is older than its declaration -------------------------------------------------------- */

static kith_status count_empty(struct conn *c, const struct rfield *f, int64_t *n, kith_error *e) {
    char sql[320];
    if (f->kind == KITH_F_LINKS)
        snprintf(sql, sizeof sql,
                 "SELECT count(*) FROM \"%s\" WHERE id NOT IN (SELECT record FROM \"%s.%s\")",
                 f->type->name, f->type->name, f->name);
    else
        snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\" WHERE \"%s\" IS NULL", f->type->name,
                 f->type->columns[f->column]);
    return conn_int(c, sql, 0, n, e);
}

static kith_status count_outside(struct conn *c, const struct rfield *f, int64_t *n,
                                 kith_error *e) {
    char sql[512], only[96] = "";
    const char *open = is_lengthy(f) ? "length(" : "", *close = is_lengthy(f) ? ")" : "";
    if (f->range_currency[0])
        snprintf(only, sizeof only, " AND \"%s__cur\" = '%s'", f->name, f->range_currency);
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM \"%s\" WHERE %s\"%s\"%s NOT BETWEEN %lld AND %lld%s",
             f->type->name, open, f->name, close, (long long)f->min, (long long)f->max, only);
    return conn_int(c, sql, 0, n, e);
}

kith_status record_older(struct conn *c, const struct rfield *f, int64_t *empty, int64_t *outside,
                         kith_error *e) {
    *empty = *outside = 0;
    if (f->flags & KITH_FF_REQUIRED)
        TRY(count_empty(c, f, empty, e));
    if (f->min_text || f->max_text)
        TRY(count_outside(c, f, outside, e));
    return KITH_OK;
}
