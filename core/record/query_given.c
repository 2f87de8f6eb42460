/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: what a parameter tells that is no value to compare with: how far now() and
 * today() move, how many days, how many records. It comes when the query is asked. */
#include "base/date.h"
#include "base/number.h"
#include "record/query_internal.h"
#include <stdio.h>

kith_status query_ill_given(const struct query *q, uint32_t param, const char *remedy,
                            kith_error *e) {
    return err_set(e, KITH_E_INVAL, q->params[param], ":%s: write %s", q->params[param], remedy);
}

/* from: one more than the parameter. */
static kith_status whole_given(const struct query *q, uint32_t from, const kith_value *params,
                               int64_t least, int64_t most, int64_t *n, kith_error *e) {
    const kith_value *v = &params[from - 1];
    bool known = v->kind == KITH_INT;
    *n = known ? v->as.i : 0;
    if (v->kind == KITH_TEXT)
        known = int_parse(v->as.s, n);
    if (known && *n >= least && *n <= most)
        return KITH_OK;
    char remedy[64];
    snprintf(remedy, sizeof remedy, "a whole number from %lld to %lld", (long long)least,
             (long long)most);
    return query_ill_given(q, from - 1, remedy, e);
}

static kith_status duration_given(const struct query *q, uint32_t from, const kith_value *params,
                                  int64_t unit, int64_t *n, kith_error *e) {
    const kith_value *v = &params[from - 1];
    bool known = v->kind == KITH_DURATION;
    *n = known ? v->as.i : 0;
    if (v->kind == KITH_TEXT)
        known = duration_parse(v->as.s, n);
    if (!known || *n < 0 || *n > QUERY_SPAN_MAX || *n % unit)
        return query_ill_given(
            q, from - 1, unit == DAY_MS ? "whole days such as 30d" : "a duration such as 30d or 2h",
            e);
    *n /= unit;
    return KITH_OK;
}

/* A number of hours, or a duration. */
static kith_status hours_given(const struct query *q, uint32_t from, const kith_value *params,
                               int64_t *ms, kith_error *e) {
    kith_error none = KITH_ERROR_INIT;
    if (whole_given(q, from, params, 0, PERIOD_MOST, ms, &none) == KITH_OK) {
        *ms *= HOUR_MS;
        return KITH_OK;
    }
    if (duration_given(q, from, params, 1, ms, &none) == KITH_OK && *ms <= PERIOD_MOST * HOUR_MS)
        return KITH_OK;
    return query_ill_given(q, from - 1, "a number of hours such as 4, or a duration such as 90m",
                           e);
}

kith_status query_given(const struct query *q, const struct operand *o, const kith_value *params,
                        struct operand *out, kith_error *e) {
    int64_t n;
    *out = *o;
    if (!o->given)
        return KITH_OK;
    if (o->kind == OPERAND_PERIOD) {
        TRY(whole_given(q, o->given, params, 1, PERIOD_MOST, &n, e));
        out->value.as.i *= n; /* 1 or -1 until now */
    } else if (o->working) {
        TRY(o->kind == OPERAND_NOW ? hours_given(q, o->given, params, &n, e)
                                   : whole_given(q, o->given, params, 0, PERIOD_MOST, &n, e));
        out->working_by = o->less ? -n : n;
    } else {
        int64_t unit = o->kind == OPERAND_TODAY ? DAY_MS : 1;
        TRY(duration_given(q, o->given, params, unit, &n, e));
        out->value.as.i += o->less ? -n : n;
    }
    return KITH_OK;
}

kith_status query_given_limit(const struct query *q, const kith_value *params, int64_t *limit,
                              kith_error *e) {
    *limit = q->limit;
    return q->limit_from ? whole_given(q, q->limit_from, params, 0, INT32_MAX, limit, e) : KITH_OK;
}
