/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: when the passing of time alone may change what a test says of a value. More
 * instants than needed do no harm; one too few would. */
#include "base/workday.h"
#include "record/query_internal.h"

#define FAR_DAYS 4000000 /* more days than the calendar has */

static bool moves(const struct operand *o) {
    return o->kind != OPERAND_VALUE && o->kind != OPERAND_PARAM;
}

bool query_is_timed(const struct test *t) {
    for (uint32_t i = 0; i < t->count && !t->kept; i++)
        if (moves(&t->operands[i]))
            return true;
    return false;
}

static int64_t after(int64_t now, int64_t a, int64_t b) {
    int64_t next = a > now ? a : INT64_MAX;
    return b > now && b < next ? b : next;
}

/* A date against the day that now() + offset lies in: its begin and its end, moved by the offset.
 */
static int64_t day_ends(const struct query_env *env, int64_t day, int64_t offset) {
    return after(env->now, query_day_start(env, day) - offset,
                 query_day_start(env, day + 1) - offset);
}

/* A day against the days that are asked for when it is `today`: before, within, behind them. As the
 * days go by it goes this way only. */
static int position(const struct operand *o, const struct query_env *env, int64_t today,
                    int64_t day) {
    struct query_env then = *env;
    int64_t from = today + o->value.as.i, to;
    if (o->kind == OPERAND_PERIOD) {
        then.now = query_day_start(env, today);
        query_span(o, &then, &from, &to);
    } else {
        from = o->working ? workday_add(env->workdays, from, o->working_days) : from;
        to = from + 1;
    }
    return day < from ? 2 : day < to ? 1 : 0;
}

/* The begin of the first day on which the position is another. */
static int64_t position_flip(const struct operand *o, const struct query_env *env, int64_t day) {
    int64_t today = query_local_day(env, env->now), lo = today, hi = today, step = 1;
    int now = position(o, env, today, day);
    while (now < 2 && position(o, env, hi, day) == now) {
        if (hi - today > FAR_DAYS)
            return INT64_MAX;
        lo = hi;
        hi += step;
        step *= 2;
    }
    if (now == 2) /* it lies behind them for ever */
        return INT64_MAX;
    while (hi - lo > 1) {
        int64_t middle = lo + (hi - lo) / 2;
        if (position(o, env, middle, day) == now)
            lo = middle;
        else
            hi = middle;
    }
    return query_day_start(env, hi);
}

static int64_t operand_flip(const struct operand *o, const kith_value *v,
                            const struct query_env *env) {
    bool date = v->kind == KITH_DATE;
    if (!moves(o))
        return INT64_MAX;
    if (o->kind == OPERAND_NOW && date)
        return day_ends(env, v->as.i, o->value.as.i);
    if (o->kind == OPERAND_NOW)
        return after(env->now, v->as.i - o->value.as.i, v->as.i - o->value.as.i + 1);
    /* A time is compared with the day that it lies in. */
    return position_flip(o, env, date ? v->as.i : query_local_day(env, v->as.i));
}

int64_t query_flip(const struct test *t, const kith_value *v, const struct query_env *env) {
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; v && i < t->count; i++) {
        int64_t flip = operand_flip(&t->operands[i], v, env);
        next = flip < next ? flip : next;
    }
    return next;
}
