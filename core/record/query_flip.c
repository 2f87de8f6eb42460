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

/* What a value is compared with, and how they lie to each other at a day or an instant: before,
 * within, behind. As time goes by it goes that way only, and what is behind stays there. */
struct course {
    const struct operand *o;
    const struct query_env *env;
    int64_t from, to; /* the value: a day and the next; an instant, or a day's begin and end */
    int (*position)(const struct course *c, int64_t when);
};
enum { BEFORE, WITHIN, BEHIND };

/* The first day or instant after `now` at which the position is another. INT64_MAX: there is none
 * that is not farther away than `far`. */
static int64_t next_position(const struct course *c, int64_t now, int64_t far) {
    int64_t lo = now, hi = now, step = 1;
    int position = c->position(c, now);
    if (position == BEHIND)
        return INT64_MAX;
    while (c->position(c, hi) == position) {
        if (hi - now > far)
            return INT64_MAX;
        lo = hi;
        hi += step;
        step *= 2;
    }
    while (hi - lo > 1) {
        int64_t middle = lo + (hi - lo) / 2;
        if (c->position(c, middle) == position)
            lo = middle;
        else
            hi = middle;
    }
    return hi;
}

/* A day against the days that are asked for when it is `today`. */
static int day_position(const struct course *c, int64_t today) {
    struct query_env then = *c->env;
    int64_t from, to;
    if (c->o->kind == OPERAND_PERIOD) {
        then.now = query_day_start(c->env, today);
        query_span(c->o, &then, &from, &to);
    } else {
        from = query_moved(c->o, c->env, today);
        to = from + 1;
    }
    return c->from < from ? BEHIND : c->from < to ? WITHIN : BEFORE;
}

static int64_t day_flip(const struct operand *o, const struct query_env *env, int64_t day) {
    const struct course c = {o, env, day, day + 1, day_position};
    int64_t next = next_position(&c, query_local_day(env, env->now), FAR_DAYS);
    return next == INT64_MAX ? next : query_day_start(env, next);
}

/* An instant, or a whole day, against now() and working time when it is `now`. */
static int moment_position(const struct course *c, int64_t now) {
    int64_t moment = query_moved(c->o, c->env, now);
    return moment < c->from ? BEFORE : moment < c->to ? WITHIN : BEHIND;
}

static int64_t moment_flip(const struct operand *o, const struct query_env *env, int64_t from,
                           int64_t to) {
    const struct course c = {o, env, from, to, moment_position};
    return next_position(&c, env->now, FAR_DAYS * DAY_MS);
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
    return day_flip(o, env, v->kind == KITH_DATE ? v->as.i : query_local_day(env, v->as.i));
}

int64_t query_flip(const struct test *t, const kith_value *v, const struct query_env *env) {
    int64_t next = INT64_MAX;
    for (uint32_t i = 0; v && i < t->count; i++) {
        int64_t flip = operand_flip(&t->operands[i], v, env);
        next = flip < next ? flip : next;
    }
    return next;
}
