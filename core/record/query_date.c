/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: moments, periods and parts of dates and times, in the company's zone. */
#include "base/number.h"
#include "base/workday.h"
#include "base/zone.h"
#include "record/query_internal.h"

/* -- now() and today() ------------------------------------------------------------------------- */

static kith_status too_far(struct parser *p, uint32_t at) {
    return QUERY_FAIL(p, at, "that is more than a thousand years away");
}

/* One amount of an operand may be a parameter. */
static kith_status parse_given(struct parser *p, struct operand *out) {
    uint32_t at = p->token.at, i;
    if (out->given || out->working)
        return QUERY_FAIL(p, at,
                          "only one parameter can stand here, and none beside "
                          "business_days() and business_hours()");
    TRY(query_param(p, &i));
    out->given = i + 1;
    return KITH_OK;
}

/* A whole number in parentheses, or a parameter. */
static kith_status parse_whole(struct parser *p, struct operand *out, int64_t *n) {
    *n = 1;
    if (p->token.kind == TOKEN_PARAM) {
        TRY(parse_given(p, out));
        return query_expect_sign(p, ")");
    }
    if (p->token.kind != TOKEN_NUMBER || !int_parse(p->token.text, n))
        return query_expected(p, "a whole number");
    if (*n > PERIOD_MOST)
        return QUERY_FAIL(p, p->token.at, "at most %d", PERIOD_MOST);
    TRY(query_advance(p));
    return query_expect_sign(p, ")");
}

/* 4 or 90m in parentheses, or a parameter: hours, or any duration. */
static kith_status parse_hours(struct parser *p, struct operand *out, int64_t *ms) {
    if (p->token.kind != TOKEN_DURATION) {
        TRY(parse_whole(p, out, ms));
        *ms *= HOUR_MS;
        return KITH_OK;
    }
    uint32_t at = p->token.at;
    TRY(query_duration(p, ms));
    if (*ms > PERIOD_MOST * HOUR_MS)
        return QUERY_FAIL(p, at, "at most %d hours", PERIOD_MOST);
    return query_expect_sign(p, ")");
}

static bool is_business(const struct parser *p) {
    return query_is_call(p) && (query_is_word(&p->token, "business_days") ||
                                query_is_word(&p->token, "business_hours"));
}

/* business_days(3) or business_hours(4), behind + or -. */
static kith_status parse_business(struct parser *p, bool minus, struct operand *out) {
    bool hours = query_is_word(&p->token, "business_hours");
    int64_t n;
    if (out->given)
        return QUERY_FAIL(p, p->token.at, "%s() cannot stand beside a parameter",
                          hours ? "business_hours" : "business_days");
    if (out->working || hours != (out->kind == OPERAND_NOW))
        return QUERY_FAIL(
            p, p->token.at,
            "business_days() is added to today(), business_hours() to now(), and once");
    TRY(query_begin_call(p));
    TRY(hours ? parse_hours(p, out, &n) : parse_whole(p, out, &n));
    out->working = true;
    out->less = minus;
    out->working_by = minus ? -n : n;
    return KITH_OK;
}

/* What is added to now() or today(). */
static kith_status parse_offset(struct parser *p, struct operand *out) {
    bool now = out->kind == OPERAND_NOW;
    int64_t sum = 0, ms;
    while (query_is_sign(&p->token, "+") || query_is_sign(&p->token, "-")) {
        bool minus = query_is_sign(&p->token, "-");
        uint32_t at = p->ahead.at;
        TRY(query_advance(p));
        if (is_business(p)) {
            TRY(parse_business(p, minus, out));
            continue;
        }
        if (p->token.kind == TOKEN_PARAM) {
            TRY(parse_given(p, out));
            out->less = minus;
            continue;
        }
        TRY(query_duration(p, &ms));
        if (ms > QUERY_SPAN_MAX || (sum += minus ? -ms : ms) > QUERY_SPAN_MAX ||
            sum < -QUERY_SPAN_MAX)
            return too_far(p, at);
        if (!now && ms % DAY_MS != 0)
            return QUERY_FAIL(p, at, "today() moves by whole days; now() moves by any duration");
    }
    out->value = value_int(now ? sum : sum / DAY_MS);
    return KITH_OK;
}

kith_status query_moment(struct parser *p, const struct function *f, struct operand *out) {
    out->kind = (enum operand_kind)f->arg;
    TRY(query_expect_sign(p, ")"));
    return parse_offset(p, out);
}

int64_t query_moved(const struct operand *o, const struct query_env *env, int64_t from) {
    from += o->value.as.i;
    if (!o->working)
        return from;
    return o->kind == OPERAND_NOW ? worktime_add(env->workdays, env->zone, from, o->working_by)
                                  : workday_add(env->workdays, from, (int32_t)o->working_by);
}

/* -- periods ----------------------------------------------------------------------------------- */

kith_status query_period(struct parser *p, const struct function *f, struct operand *out) {
    out->kind = OPERAND_PERIOD;
    out->unit = (enum unit)(f->arg / 4);
    out->value = value_int(f->arg % 4 - 1); /* -1 last, 0 this, 1 next */
    return query_expect_sign(p, ")");
}

kith_status query_days(struct parser *p, const struct function *f, struct operand *out) {
    int64_t n;
    uint32_t at = p->token.at;
    TRY(parse_whole(p, out, &n));
    if (n < 1)
        return QUERY_FAIL(p, at, "at least one day");
    out->kind = OPERAND_PERIOD;
    out->unit = UNIT_DAYS;
    out->value = value_int(f->arg * n); /* to the past when it is negative */
    return KITH_OK;
}

/* The first day of a month, which may lie outside of the year. */
static int64_t month_start(int32_t year, int64_t month) {
    int64_t from = (int64_t)year * 12 + month - 1;
    return date_days((int32_t)(from / 12), (int32_t)(from % 12) + 1, 1);
}

static int64_t period_start(enum unit unit, int64_t today, int64_t shift) {
    struct civil c = date_civil(today * DAY_MS);
    switch (unit) {
    case UNIT_WEEK:
        return today - (date_weekday(today) + 6) % 7 + 7 * shift;
    case UNIT_MONTH:
        return month_start(c.year, c.month + shift);
    case UNIT_QUARTER:
        return month_start(c.year, (c.month - 1) / 3 * 3 + 1 + 3 * shift);
    case UNIT_YEAR:
        return month_start(c.year, 1 + 12 * shift);
    default:
        return today + shift;
    }
}

void query_span(const struct operand *o, const struct query_env *env, int64_t *from, int64_t *to) {
    int64_t today = query_local_day(env, env->now), n = o->value.as.i;
    if (o->unit == UNIT_DAYS) {
        *from = n < 0 ? today + n + 1 : today;
        *to = n < 0 ? today + 1 : today + n;
        return;
    }
    *from = period_start(o->unit, today, n);
    *to = period_start(o->unit, today, n + 1);
}

/* -- parts ------------------------------------------------------------------------------------- */

kith_status query_part_of(struct parser *p, const struct function *f, uint32_t at,
                          struct name_list *out) {
    (void)at;
    TRY(query_names(p, out));
    out->part = (enum part)f->arg;
    return query_expect_sign(p, ")");
}

int64_t query_date_part(enum part part, int64_t day) {
    struct civil c = date_civil(day * DAY_MS);
    return date_part((enum date_part)part, &c);
}

int64_t query_time_part(enum part part, int64_t ms, const struct zone *zone) {
    struct civil c = zone_local(zone, ms);
    return date_part((enum date_part)part, &c);
}
