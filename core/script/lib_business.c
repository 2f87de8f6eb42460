/* SPDX-License-Identifier: Apache-2.0 */
/* business: days and hours on which the company works. */
#include "script/script_internal.h"

#include "base/workday.h"

#define DAYS_MOST  36600
#define HOURS_MOST (WORK_MS_MAX / HOUR_MS)

struct calendar {
    const struct workdays *days;
    const struct zone *zone;
};

static struct calendar calendar_of(lua_State *L) {
    const struct engine *g = script_of(L)->all->engine;
    return (struct calendar){engine_opts(g)->workdays, engine_zone(g)};
}

/* The time or date at `at`; now where it is left out. */
static kith_value moment_at(lua_State *L, int at, const char *what) {
    const struct held_value *h = held_test(L, at, HELD_VALUE);
    if (lua_isnoneornil(L, at))
        return value_time(script_now(L));
    if (!h || (h->v.kind != KITH_TIME && h->v.kind != KITH_DATE))
        raisef(L, "%s: expected a time or a date, not a %s", what, held_name(L, at));
    return h->v;
}

/* A day as the instant at which it begins. */
static int64_t instant_at(lua_State *L, int at, const struct calendar *c, const char *what) {
    kith_value v = moment_at(L, at, what);
    return v.kind == KITH_DATE ? zone_day(c->zone, v.as.i) : v.as.i;
}

static int64_t whole_at(lua_State *L, int at, int64_t most, const char *what) {
    lua_Integer n = luaL_checkinteger(L, at);
    if (n < -most || n > most)
        raisef(L, "%s: at most %d", what, (int)most);
    return n;
}

/* business.days(n [, from]): the n-th working day after it, at its time of day. */
static int business_days(lua_State *L) {
    struct calendar c = calendar_of(L);
    int32_t n = (int32_t)whole_at(L, 1, DAYS_MOST, "business.days");
    kith_value from = moment_at(L, 2, "business.days");
    charge(L, CALL_STEPS);
    if (from.kind == KITH_DATE) {
        from.as.i = workday_add(c.days, from.as.i, n);
    } else {
        struct civil local = zone_local(c.zone, from.as.i);
        int64_t day = date_days(local.year, local.month, local.day);
        int64_t clock = date_ms(&local) - day * DAY_MS;
        local = date_civil(workday_add(c.days, day, n) * DAY_MS + clock);
        from.as.i = zone_to_utc(c.zone, &local);
    }
    value_push(L, &from, NULL);
    return 1;
}

/* business.hours(n [, from]): when so many hours, or such a duration, of working time are over. */
static int business_hours(lua_State *L) {
    struct calendar c = calendar_of(L);
    const struct held_value *h = held_test(L, 1, HELD_VALUE);
    bool duration = h && h->v.kind == KITH_DURATION;
    int64_t ms = duration ? h->v.as.i : whole_at(L, 1, HOURS_MOST, "business.hours") * HOUR_MS;
    if (ms > WORK_MS_MAX || ms < -WORK_MS_MAX)
        return raisef(L, "business.hours: at most %d", (int)HOURS_MOST);
    kith_value out = value_time(instant_at(L, 2, &c, "business.hours"));
    charge(L, CALL_STEPS);
    out.as.i = worktime_add(c.days, c.zone, out.as.i, ms);
    value_push(L, &out, NULL);
    return 1;
}

/* business.between(a, b): the working time from a to b, as a duration. */
static int business_between(lua_State *L) {
    struct calendar c = calendar_of(L);
    int64_t a = instant_at(L, 1, &c, "business.between"),
            b = instant_at(L, 2, &c, "business.between");
    kith_value out = {.kind = KITH_DURATION};
    charge(L, CALL_STEPS);
    out.as.i = worktime_between(c.days, c.zone, a, b);
    value_push(L, &out, NULL);
    return 1;
}

/* business.open([moment]): does the company work then, or on that day? */
static int business_open(lua_State *L) {
    struct calendar c = calendar_of(L);
    kith_value v = moment_at(L, 1, "business.open");
    charge(L, CALL_STEPS);
    lua_pushboolean(L, v.kind == KITH_DATE ? workday_is(c.days, v.as.i)
                                           : worktime_is(c.days, c.zone, v.as.i));
    return 1;
}

void lib_business_open(lua_State *L, int globals) {
    static const luaL_Reg functions[] = {{"days", business_days},
                                         {"hours", business_hours},
                                         {"between", business_between},
                                         {"open", business_open},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
    freeze(L);
    lua_setfield(L, globals, "business");
}
