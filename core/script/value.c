/* SPDX-License-Identifier: Apache-2.0 */
/* Values: what a field's value is in Lua and back. Texts, whole numbers and truth values are Lua's
 * own; decimals, money, dates, times and durations are small exact values with their own
 * arithmetic, never a float; links are records, lists are tables. */
#include "script/script_internal.h"

#include "base/clock.h"
#include "base/number.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

__extension__ typedef __int128 wide;

static const char value_keys[KITH_LIST + 1]; /* of the metatables in the registry */

/* -- exact values ------------------------------------------------------------------------------ */

static int push_exact(lua_State *L, kith_value v) {
    struct held_value *h = lua_newuserdatauv(L, sizeof *h, 0);
    h->held.kind = HELD_VALUE;
    h->v = v;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &value_keys[v.kind]);
    lua_setmetatable(L, -2);
    return 1;
}

static int push_int_kind(lua_State *L, uint32_t kind, int64_t i) {
    return push_exact(L, (kith_value){.kind = kind, .as.i = i});
}

static const kith_value *exact_at(lua_State *L, int at) {
    struct held_value *h = held_test(L, at, HELD_VALUE);
    return h ? &h->v : NULL;
}

/* An operand: an exact value, or a whole number as KITH_INT. */
static kith_value operand(lua_State *L, int at) {
    const kith_value *v = exact_at(L, at);
    int whole;
    lua_Integer i = lua_tointegerx(L, at, &whole);
    if (v)
        return *v;
    if (lua_type(L, at) == LUA_TNUMBER && whole)
        return value_int(i);
    if (lua_type(L, at) == LUA_TNUMBER)
        raisef(L, "%g is no exact number: write decimal('%g')", lua_tonumber(L, at),
               lua_tonumber(L, at));
    return value_null();
}

static int overflow(lua_State *L) {
    return raisef(L, "the result is too large");
}

static int64_t fit(lua_State *L, wide x) {
    if (x > INT64_MAX || x < INT64_MIN)
        overflow(L);
    return (int64_t)x;
}

static wide power10(int32_t n) {
    wide out = 1;
    while (n-- > 0)
        out *= 10;
    return out;
}

/* Divides by a positive number, half away from zero. */
static wide divide_rounded(wide x, wide by) {
    return (x < 0 ? x - by / 2 : x + by / 2) / by;
}

static bool is_decimal(const kith_value *v) {
    return v->kind == KITH_DECIMAL || v->kind == KITH_INT;
}

static kith_value as_decimal(const kith_value *v) {
    if (v->kind == KITH_DECIMAL)
        return *v;
    return (kith_value){.kind = KITH_DECIMAL, .as.decimal = {.units = v->as.i}};
}

static bool is_moment(lua_State *L, int at) {
    const struct held_value *h = held_test(L, at, HELD_VALUE);
    return h && (h->v.kind == KITH_DATE || h->v.kind == KITH_TIME);
}

static int mismatch(lua_State *L, const char *what) {
    const char *a = held_name(L, 1), *b = held_name(L, 2);
    kith_error e = KITH_ERROR_INIT;
    struct buf words = {0};
    if (strcmp(what, "compare") != 0)
        return raisef(L, "cannot %s a %s and a %s%s", what, a, b,
                      is_moment(L, 1) && lua_isinteger(L, 2) ? ": write days(n) or hours(n)" : "");
    sentence_compared(&words, str_of(a), str_of(b));
    err_set(&e, KITH_E_INVAL, NULL, "%.*s", (int)words.len, words.ptr ? words.ptr : "");
    buf_free(&words);
    return raise_error(L, &e);
}

static void same_currency(lua_State *L, const kith_value *a, const kith_value *b) {
    if (memcmp(a->as.money.currency, b->as.money.currency, 4) != 0)
        raisef(L, "%s and %s are different currencies", a->as.money.currency, b->as.money.currency);
}

/* Both at the finer scale of the two. */
static void align(const kith_value *a, const kith_value *b, wide *x, wide *y, int32_t *scale) {
    kith_value da = as_decimal(a), db = as_decimal(b);
    int32_t sa = da.as.decimal.scale, sb = db.as.decimal.scale;
    *scale = sa > sb ? sa : sb;
    *x = da.as.decimal.units * power10(*scale - sa);
    *y = db.as.decimal.units * power10(*scale - sb);
}

/* A date moves by whole days. */
static int push_moved(lua_State *L, const kith_value *v, int64_t ms, int sign) {
    if (v->kind == KITH_DATE && ms % DAY_MS)
        return raisef(L,
                      "a date moves by whole days: use days(n), or at(date, '09:00') for a time");
    int64_t by = v->kind == KITH_DATE ? ms / DAY_MS : ms;
    return push_int_kind(L, v->kind, fit(L, (wide)v->as.i + (wide)sign * by));
}

/* a + sign * b */
static int add(lua_State *L, int sign) {
    kith_value a = operand(L, 1), b = operand(L, 2);
    if (is_decimal(&a) && is_decimal(&b)) {
        wide x, y;
        kith_value out = {.kind = KITH_DECIMAL};
        align(&a, &b, &x, &y, &out.as.decimal.scale);
        out.as.decimal.units = fit(L, x + sign * y);
        return push_exact(L, out);
    }
    if (a.kind == KITH_MONEY && b.kind == KITH_MONEY) {
        same_currency(L, &a, &b);
        a.as.money.minor = fit(L, (wide)a.as.money.minor + (wide)sign * b.as.money.minor);
        return push_exact(L, a);
    }
    if (b.kind == KITH_DURATION &&
        (a.kind == KITH_DATE || a.kind == KITH_TIME || a.kind == KITH_DURATION))
        return push_moved(L, &a, b.as.i, sign);
    if (sign > 0 && a.kind == KITH_DURATION && (b.kind == KITH_DATE || b.kind == KITH_TIME))
        return push_moved(L, &b, a.as.i, 1);
    if (sign < 0 && a.kind == b.kind && (a.kind == KITH_DATE || a.kind == KITH_TIME))
        return push_int_kind(L, KITH_DURATION,
                             fit(L, ((wide)a.as.i - b.as.i) * (a.kind == KITH_DATE ? DAY_MS : 1)));
    return mismatch(L, sign > 0 ? "add" : "subtract");
}

static int exact_add(lua_State *L) {
    return add(L, 1);
}

static int exact_sub(lua_State *L) {
    return add(L, -1);
}

/* Rounded to the digits that there are: of the currency, or nine. */
static int exact_mul(lua_State *L) {
    kith_value a = operand(L, 1), b = operand(L, 2);
    if (is_decimal(&a) && !is_decimal(&b)) {
        kith_value swap = a;
        a = b;
        b = swap;
    }
    if (!is_decimal(&b))
        return mismatch(L, "multiply");
    kith_value by = as_decimal(&b);
    wide units = by.as.decimal.units;
    int32_t scale = by.as.decimal.scale;
    if (a.kind == KITH_MONEY) {
        a.as.money.minor = fit(L, divide_rounded(a.as.money.minor * units, power10(scale)));
    } else if (a.kind == KITH_DURATION) {
        a.as.i = fit(L, divide_rounded(a.as.i * units, power10(scale)));
    } else if (is_decimal(&a)) {
        a = as_decimal(&a);
        scale += a.as.decimal.scale;
        int32_t cut = scale > 9 ? scale - 9 : 0;
        a.as.decimal.units = fit(L, divide_rounded(a.as.decimal.units * units, power10(cut)));
        a.as.decimal.scale = scale - cut;
    } else {
        return mismatch(L, "multiply");
    }
    return push_exact(L, a);
}

static int exact_unm(lua_State *L) {
    kith_value v = operand(L, 1);
    if (v.kind == KITH_MONEY)
        v.as.money.minor = fit(L, -(wide)v.as.money.minor);
    else if (v.kind == KITH_DECIMAL)
        v.as.decimal.units = fit(L, -(wide)v.as.decimal.units);
    else if (v.kind == KITH_DURATION)
        v.as.i = fit(L, -(wide)v.as.i);
    else
        return mismatch(L, "negate");
    return push_exact(L, v);
}

/* -1, 0, 1 */
static int compare(lua_State *L) {
    kith_value a = operand(L, 1), b = operand(L, 2);
    wide x, y;
    if (is_decimal(&a) && is_decimal(&b)) {
        int32_t scale;
        align(&a, &b, &x, &y, &scale);
    } else if (a.kind != b.kind || a.kind == KITH_NULL) {
        return mismatch(L, "compare");
    } else if (a.kind == KITH_MONEY) {
        same_currency(L, &a, &b);
        x = a.as.money.minor;
        y = b.as.money.minor;
    } else {
        x = a.as.i;
        y = b.as.i;
    }
    return x < y ? -1 : x > y;
}

/* Of different kinds or currencies are unequal, not an error. */
static int exact_eq(lua_State *L) {
    const kith_value *a = exact_at(L, 1), *b = exact_at(L, 2);
    bool same =
        a && b && a->kind == b->kind &&
        (a->kind != KITH_MONEY || memcmp(a->as.money.currency, b->as.money.currency, 4) == 0);
    lua_pushboolean(L, same && compare(L) == 0);
    return 1;
}

static int exact_lt(lua_State *L) {
    lua_pushboolean(L, compare(L) < 0);
    return 1;
}

static int exact_le(lua_State *L) {
    lua_pushboolean(L, compare(L) <= 0);
    return 1;
}

static int exact_text(lua_State *L) {
    const kith_value *v = exact_at(L, 1);
    char text[MONEY_TEXT];
    if (v->kind == KITH_DECIMAL)
        decimal_format(v->as.decimal.units, v->as.decimal.scale, text);
    else if (v->kind == KITH_MONEY)
        money_format(v->as.money.minor, v->as.money.currency, text);
    else if (v->kind == KITH_DATE)
        date_format(v->as.i, text);
    else if (v->kind == KITH_TIME)
        time_format(v->as.i, text);
    else
        duration_format(v->as.i, text);
    lua_pushstring(L, text);
    return 1;
}

/* -- parts ------------------------------------------------------------------------------------- */

static const struct zone *company_zone(lua_State *L) {
    return engine_zone(script_of(L)->all->engine);
}

static struct civil local_time(lua_State *L, int64_t ms) {
    const struct zone *z = company_zone(L);
    return z ? zone_local(z, ms) : date_civil(ms);
}

static int64_t utc_time(lua_State *L, const struct civil *c) {
    const struct zone *z = company_zone(L);
    return z ? zone_to_utc(z, c) : date_ms(c);
}

static int64_t days_of(const struct civil *c) {
    return date_days(c->year, c->month, c->day);
}

static int money_part(lua_State *L, const kith_value *v, const char *part) {
    char text[MONEY_TEXT];
    if (strcmp(part, "currency") == 0) {
        lua_pushstring(L, v->as.money.currency);
        return 1;
    }
    if (strcmp(part, "amount") != 0)
        return 0;
    int32_t digits = currency_digits(v->as.money.currency);
    decimal_format(v->as.money.minor, digits < 0 ? 0 : digits, text);
    lua_pushstring(L, text);
    return 1;
}

/* Of a date, and of a time in the company's zone. */
static int time_part(lua_State *L, const kith_value *v, const char *part) {
    bool date = v->kind == KITH_DATE;
    struct civil c = date ? date_civil(v->as.i * DAY_MS) : local_time(L, v->as.i);
    int64_t days = days_of(&c);
    const struct {
        const char *name;
        int64_t value;
        bool clock;
    } parts[] = {{"year", c.year, false},
                 {"month", c.month, false},
                 {"day", c.day, false},
                 {"weekday", (date_weekday(days) + 6) % 7 + 1, false}, /* 1 Monday .. 7 Sunday */
                 {"hour", c.hour, true},
                 {"minute", c.minute, true},
                 {"second", c.second, true}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(part, parts[i].name) == 0 && !(date && parts[i].clock)) {
            lua_pushinteger(L, parts[i].value);
            return 1;
        }
    }
    return strcmp(part, "date") == 0 ? push_int_kind(L, KITH_DATE, days) : 0;
}

/* The whole duration in that unit, the rest cut off. */
static int duration_part(lua_State *L, const kith_value *v, const char *part) {
    static const struct {
        const char *name;
        int64_t ms;
    } parts[] = {{"days", DAY_MS}, {"hours", 3600000}, {"minutes", 60000}, {"seconds", 1000}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(part, parts[i].name) == 0) {
            lua_pushinteger(L, v->as.i / parts[i].ms);
            return 1;
        }
    }
    return 0;
}

static int exact_index(lua_State *L) {
    const kith_value *v = exact_at(L, 1);
    const char *part = luaL_checkstring(L, 2);
    int n = 0;
    if (v->kind == KITH_MONEY)
        n = money_part(L, v, part);
    else if (v->kind == KITH_DURATION)
        n = duration_part(L, v, part);
    else if (v->kind == KITH_DATE || v->kind == KITH_TIME)
        n = time_part(L, v, part);
    return n ? n : raisef(L, "a %s has no part '%s'", held_name(L, 1), part);
}

/* -- constructors ------------------------------------------------------------------------------ */

static kith_str text_at(lua_State *L, int at) {
    size_t len;
    const char *s = luaL_checklstring(L, at, &len);
    return (kith_str){s, len};
}

static bool read_decimal(kith_str s, kith_value *v) {
    v->as.decimal.scale = 0;
    while (!decimal_parse(s, v->as.decimal.scale, &v->as.decimal.units))
        if (++v->as.decimal.scale > 9)
            return false;
    return true;
}

kith_status exact_read(const struct engine *g, uint32_t kind, kith_str s, kith_value *v,
                       kith_error *e) {
    const char *base = engine_opts(g)->base_currency;
    *v = (kith_value){.kind = kind};
    switch (kind) {
    case KITH_DECIMAL:
        if (read_decimal(s, v))
            return KITH_OK;
        return err_set(e, KITH_E_INVAL, NULL,
                       "decimal: '%s' is no number with at most 9 digits after the point", s.ptr);
    case KITH_MONEY:
        if (money_parse(s, base[0] ? base : NULL, &v->as.money.minor, v->as.money.currency))
            return KITH_OK;
        return err_set(e, KITH_E_INVAL, NULL, "money: '%s' is no amount: write it as '12.50 EUR'",
                       s.ptr);
    case KITH_DATE:
        if (date_parse(s, false, &v->as.i))
            return KITH_OK;
        return err_set(e, KITH_E_INVAL, NULL, "date: '%s' is no date: write it as '2024-02-29'",
                       s.ptr);
    default:
        if (time_parse(s, false, engine_zone(g), &v->as.i))
            return KITH_OK;
        return err_set(e, KITH_E_INVAL, NULL,
                       "time: '%s' is no time: write it as '2024-02-29T12:00:00Z'", s.ptr);
    }
}

static int make_exact(lua_State *L, uint32_t kind) {
    kith_error e = KITH_ERROR_INIT;
    kith_value v;
    if (exact_read(script_of(L)->all->engine, kind, text_at(L, 1), &v, &e) != KITH_OK)
        return raise_error(L, &e);
    return push_exact(L, v);
}

static int make_decimal(lua_State *L) {
    kith_value v = {.kind = KITH_DECIMAL};
    if (lua_type(L, 1) == LUA_TNUMBER || exact_at(L, 1)) {
        v = operand(L, 1);
        return is_decimal(&v) ? push_exact(L, as_decimal(&v))
                              : raisef(L, "decimal: a %s is no number", held_name(L, 1));
    }
    return make_exact(L, KITH_DECIMAL);
}

static int make_money(lua_State *L) {
    return make_exact(L, KITH_MONEY);
}

static int make_date(lua_State *L) {
    return make_exact(L, KITH_DATE);
}

static int make_time(lua_State *L) {
    return make_exact(L, KITH_TIME);
}

kith_status clock_read(const char *text, int32_t *hour, int32_t *minute, kith_error *e) {
    char end;
    if (sscanf(text, "%2" SCNd32 ":%2" SCNd32 "%c", hour, minute, &end) == 2 && *hour >= 0 &&
        *hour <= 23 && *minute >= 0 && *minute <= 59)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL, "at: '%s' is no time of day: write it as '09:00'", text);
}

/* at(date, "17:00"): that time of day in the company's zone. */
static int make_at(lua_State *L) {
    const kith_value *v = exact_at(L, 1);
    int32_t hour, minute;
    kith_error e = KITH_ERROR_INIT;
    if (!v || v->kind != KITH_DATE)
        return raisef(L, "at: the first argument must be a date, not a %s", held_name(L, 1));
    if (clock_read(luaL_checkstring(L, 2), &hour, &minute, &e) != KITH_OK)
        return raise_error(L, &e);
    struct civil c = date_civil(v->as.i * DAY_MS);
    c.hour = hour;
    c.minute = minute;
    return push_int_kind(L, KITH_TIME, utc_time(L, &c));
}

static int make_duration(lua_State *L, int64_t unit) {
    return push_int_kind(L, KITH_DURATION, fit(L, (wide)luaL_checkinteger(L, 1) * unit));
}

static int make_days(lua_State *L) {
    return make_duration(L, DAY_MS);
}

static int make_hours(lua_State *L) {
    return make_duration(L, 3600000);
}

static int make_minutes(lua_State *L) {
    return make_duration(L, 60000);
}

int64_t script_now(lua_State *L) {
    const struct script *s = script_of(L);
    return s->frame->txn ? s->frame->now : engine_now(s->all->engine);
}

static int make_now(lua_State *L) {
    return push_int_kind(L, KITH_TIME, script_now(L));
}

static int make_today(lua_State *L) {
    struct civil c = local_time(L, script_now(L));
    return push_int_kind(L, KITH_DATE, days_of(&c));
}

/* -- between fields and Lua -------------------------------------------------------------------- */

const char *held_name(lua_State *L, int at) {
    static const char *const exact[KITH_LIST + 1] = {[KITH_DECIMAL] = "decimal",
                                                     [KITH_MONEY] = "money",
                                                     [KITH_DATE] = "date",
                                                     [KITH_TIME] = "time",
                                                     [KITH_DURATION] = "duration"};
    static const char *const held[] = {[HELD_VALUE] = "value",
                                       [HELD_RECORD] = "record",
                                       [HELD_CHANGE] = "change",
                                       [HELD_EVENT] = "event",
                                       [HELD_ERROR] = "error"};
    if (lua_type(L, at) == LUA_TLIGHTUSERDATA)
        return "null";
    if (lua_type(L, at) != LUA_TUSERDATA)
        return luaL_typename(L, at);
    const struct held *h = lua_touserdata(L, at);
    const kith_value *v = exact_at(L, at);
    return v ? exact[v->kind] : held[h->kind];
}

static void push_list(lua_State *L, const kith_value *v, const struct rfield *f) {
    luaL_checkstack(L, 4, "lists in lists");
    lua_createtable(L, (int)v->as.list.count, 0);
    for (uint64_t i = 0; i < v->as.list.count; i++) {
        value_push(L, &v->as.list.items[i], f);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_link(lua_State *L, const kith_value *v, const struct rfield *f) {
    const struct schema *schema = engine_schema(script_of(L)->all->engine);
    const struct rtype *t = f && f->target ? f->target : schema_type_by_id(schema, v->as.link.type);
    if (t)
        record_push(L, t, v->as.link.id, NULL);
    else
        lua_pushnil(L); /* of a type whose module is not loaded */
}

static void push_place(lua_State *L, const kith_value *v) {
    lua_createtable(L, 0, 2);
    lua_pushnumber(L, v->as.place.lat);
    lua_setfield(L, -2, "lat");
    lua_pushnumber(L, v->as.place.lon);
    lua_setfield(L, -2, "lon");
}

void value_push(lua_State *L, const kith_value *v, const struct rfield *f) {
    switch (v->kind) {
    case KITH_BOOL:
        lua_pushboolean(L, v->as.i != 0);
        break;
    case KITH_INT:
        lua_pushinteger(L, v->as.i);
        break;
    case KITH_REAL:
        lua_pushnumber(L, v->as.r);
        break;
    case KITH_TEXT:
        if (f && f->kind == KITH_F_JSON)
            json_push(L, v->as.s);
        else
            lua_pushlstring(L, v->as.s.ptr, v->as.s.len);
        break;
    case KITH_LINK:
        push_link(L, v, f);
        break;
    case KITH_PLACE:
        push_place(L, v);
        break;
    case KITH_LIST:
        push_list(L, v, f);
        break;
    case KITH_NULL:
        lua_pushnil(L);
        break;
    default:
        push_exact(L, *v);
    }
}

void fields_push(lua_State *L, struct rfield *const *fields, uint32_t count,
                 const kith_value *values) {
    for (uint32_t i = 0; i < count; i++) {
        value_push(L, &values[i], fields[i]);
        lua_setfield(L, -2, fields[i]->name);
    }
}

/* A copy in the transaction's arena: a rule that runs in between could drop Lua's own. */
static kith_value take_text(lua_State *L, int at) {
    struct frame *frame = frame_need(L, "a text as a value");
    kith_str s = text_at(L, at);
    charge(L, (lua_Integer)s.len / 8);
    s = arena_str(txn_arena(frame->txn), s);
    if (!s.ptr)
        raisef(L, "no memory");
    return value_str(s);
}

/* A table of values, in the transaction's arena. */
static kith_value take_list(lua_State *L, int at, const struct rfield *f) {
    struct frame *frame = frame_need(L, "a list of values");
    lua_Unsigned n = lua_rawlen(L, at);
    charge(L, (lua_Integer)n);
    kith_value *items = ARENA_ARRAY(txn_arena(frame->txn), kith_value, n + 1);
    if (!items)
        raisef(L, "no memory");
    for (lua_Unsigned i = 0; i < n; i++) {
        lua_rawgeti(L, at, (lua_Integer)i + 1);
        if (lua_istable(L, -1))
            raisef(L, "%s: a list of lists is no value", f ? f->name : "list");
        items[i] = value_take(L, -1, NULL);
        lua_pop(L, 1);
    }
    return (kith_value){.kind = KITH_LIST, .as.list = {.items = items, .count = n}};
}

static kith_value take_place(lua_State *L, int at, const struct rfield *f) {
    kith_value v = {.kind = KITH_PLACE};
    int has_lat, has_lon;
    lua_getfield(L, at, "lat");
    lua_getfield(L, at, "lon");
    v.as.place.lat = lua_tonumberx(L, -2, &has_lat);
    v.as.place.lon = lua_tonumberx(L, -1, &has_lon);
    lua_pop(L, 2);
    if (!has_lat || !has_lon)
        raisef(L, "%s: write a place as {lat = 52.5, lon = 13.4}", f->name);
    return v;
}

static kith_value take_number(lua_State *L, int at, const struct rfield *f) {
    int whole;
    lua_Integer i = lua_tointegerx(L, at, &whole);
    if (whole)
        return value_int(i);
    double r = lua_tonumber(L, at);
    if (f && (f->kind == KITH_F_INTEGER || f->kind == KITH_F_DECIMAL || f->kind == KITH_F_MONEY))
        raisef(L, "%s: %.10g is no exact number: use // to divide, or decimal('...')", f->name, r);
    return (kith_value){.kind = KITH_REAL, .as.r = r};
}

static kith_value take_held(lua_State *L, int at, const struct rfield *f) {
    const struct held_record *r = held_test(L, at, HELD_RECORD);
    const kith_value *v = exact_at(L, at);
    if (r)
        return value_link(r->id, r->type->id);
    if (!v)
        raisef(L, "%s%sa %s is no value for a field", f ? f->name : "", f ? ": " : "",
               held_name(L, at));
    if (v->kind == KITH_DATE && f && f->kind == KITH_F_TIME) {
        struct civil c = date_civil(v->as.i * DAY_MS);
        return value_time(utc_time(L, &c)); /* the day's beginning for the company, not in UTC */
    }
    return *v;
}

kith_value value_take(lua_State *L, int at, const struct rfield *f) {
    at = lua_absindex(L, at);
    switch (lua_type(L, at)) {
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA: /* null */
        return value_null();
    case LUA_TBOOLEAN:
        return (kith_value){.kind = KITH_BOOL, .as.i = lua_toboolean(L, at)};
    case LUA_TNUMBER:
        return take_number(L, at, f);
    case LUA_TSTRING:
        return take_text(L, at);
    case LUA_TTABLE:
        if (f && f->kind == KITH_F_PLACE)
            return take_place(L, at, f);
        if (f && f->kind == KITH_F_JSON)
            return value_str(arena_str(txn_arena(frame_need(L, "a table as a value")->txn),
                                       json_take(L, at, false)));
        return take_list(L, at, f);
    case LUA_TUSERDATA:
        return take_held(L, at, f);
    default:
        raisef(L, "%s%sa %s is no value for a field", f ? f->name : "", f ? ": " : "",
               held_name(L, at));
        return value_null();
    }
}

void lib_value_open(lua_State *L, int globals) {
    static const luaL_Reg meta[] = {{"__add", exact_add},     {"__sub", exact_sub},
                                    {"__mul", exact_mul},     {"__unm", exact_unm},
                                    {"__eq", exact_eq},       {"__lt", exact_lt},
                                    {"__le", exact_le},       {"__tostring", exact_text},
                                    {"__index", exact_index}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"decimal", make_decimal},
                                         {"money", make_money},
                                         {"date", make_date},
                                         {"time", make_time},
                                         {"at", make_at},
                                         {"days", make_days},
                                         {"hours", make_hours},
                                         {"minutes", make_minutes},
                                         {"now", make_now},
                                         {"today", make_today},
                                         {NULL, NULL}};
    static const struct {
        uint32_t kind;
        const char *name;
    } kinds[] = {{KITH_DECIMAL, "decimal"},
                 {KITH_MONEY, "money"},
                 {KITH_DATE, "date"},
                 {KITH_TIME, "time"},
                 {KITH_DURATION, "duration"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        luaL_newlib(L, meta);
        lua_pushstring(L, kinds[i].name);
        lua_setfield(L, -2, "__name");
        lua_rawsetp(L, LUA_REGISTRYINDEX, &value_keys[kinds[i].kind]);
    }
    lua_pushvalue(L, globals);
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
    lua_pushlightuserdata(L, NULL); /* for update(lead, {owner = null}): a table cannot hold nil */
    lua_setfield(L, globals, "null");
}
