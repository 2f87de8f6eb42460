/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: when the passing of time alone may change what a test says of a value. More
 * instants than needed do no harm; one too few would. */
#include "record/query_internal.h"

#define FAR_DAYS INT64_C(4000000) /* more days than the calendar has */

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
    int64_t from, to;
    if (o->kind == OPERAND_PERIOD) {
        then.now = query_day_start(env, today);
        query_span(o, &then, &from, &to);
    } else {
        from = query_moved(o, env, today);
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

/* A time, or the day that begins and ends at `from` and `to`, against now() and working time, when
 * it is `now`. It never comes nearer again. */
static int moment_position(const struct operand *o, const struct query_env *env, int64_t now,
                           int64_t from, int64_t to) {
    int64_t moment = query_moved(o, env, now);
    return moment < from ? 0 : moment < to ? 1 : 2;
}

static int64_t moment_flip(const struct operand *o, const struct query_env *env, int64_t from,
                           int64_t to) {
    int64_t lo = env->now, hi = lo, step = 1;
    int now = moment_position(o, env, lo, from, to);
    while (now < 2 && moment_position(o, env, hi, from, to) == now) {
        if (hi - env->now > FAR_DAYS * DAY_MS)
            return INT64_MAX;
        lo = hi;
        hi += step;
        step *= 2;
    }
    if (now == 2)
        return INT64_MAX;
    while (hi - lo > 1) {
        int64_t middle = lo + (hi - lo) / 2;
        if (moment_position(o, env, middle, from, to) == now)
            lo = middle;
        else
            hi = middle;
    }
    return hi;
}

static int64_t now_flip(const struct operand *o, const kith_value *v, const struct query_env *env) {
    bool date = v->kind == KITH_DATE;
    int64_t offset = o->value.as.i;
    if (o->working && date)
        return moment_flip(o, env, query_day_start(env, v->as.i),
                           query_day_start(env, v->as.i + 1));
    if (o->working)
        return moment_flip(o, env, v->as.i, v->as.i + 1);
    return date ? day_ends(env, v->as.i, offset)
                : after(env->now, v->as.i - offset, v->as.i - offset + 1);
}

static int64_t operand_flip(const struct operand *o, const kith_value *v,
                            const struct query_env *env) {
    if (!moves(o))
        return INT64_MAX;
    if (o->kind == OPERAND_NOW)
        return now_flip(o, v, env);
    /* A time is compared with the day that it lies in. */
    return position_flip(o, env, v->kind == KITH_DATE ? v->as.i : query_local_day(env, v->as.i));
}

int64_t query_flip(const struct test *t, const kith_value *v, const struct query_env *env) {
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; v && i < t->count; i++) {
        int64_t flip = operand_flip(&t->operands[i], v, env);
        next = flip < next ? flip : next;
    }
    return next;
}
