/* SPDX-License-Identifier: Apache-2.0 */
/* Base, table, math and utf8 for scripts: Lua's own functions where they are harmless, charged
 * where they work through more than one element. Left out: whatever loads code, reaches metatables
 * or files, or gives an answer that differs from run to run. */
#include "script/script_internal.h"

int call_wrapped(lua_State *L) {
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* -- what a call costs ------------------------------------------------------------------------- */

static void charge_span(lua_State *L, lua_Integer from, lua_Integer to) {
    lua_Integer n;
    if (to < from)
        return;
    if (__builtin_sub_overflow(to, from, &n))
        n = LUA_MAXINTEGER;
    charge(L, n);
}

static lua_Integer integer_or(lua_State *L, int at, lua_Integer otherwise) {
    return lua_isnoneornil(L, at) ? otherwise : lua_tointeger(L, at);
}

static lua_Integer length(lua_State *L, int at) {
    return (lua_Integer)lua_rawlen(L, at);
}

static int table_concat(lua_State *L) {
    charge_span(L, integer_or(L, 3, 1), integer_or(L, 4, length(L, 1)));
    return call_wrapped(L);
}

static int table_insert(lua_State *L) {
    if (lua_gettop(L) > 2)
        charge_span(L, lua_tointeger(L, 2), length(L, 1));
    return call_wrapped(L);
}

static int table_remove(lua_State *L) {
    charge_span(L, integer_or(L, 2, length(L, 1)), length(L, 1));
    return call_wrapped(L);
}

/* a < b, charged for what two long texts have in common: sort() calls no hook in between. */
static int sort_less(lua_State *L) {
    if (lua_type(L, 1) == LUA_TSTRING && lua_type(L, 2) == LUA_TSTRING) {
        size_t a_len, b_len, i = 0;
        const char *a = lua_tolstring(L, 1, &a_len), *b = lua_tolstring(L, 2, &b_len);
        while (i < a_len && i < b_len && a[i] == b[i])
            i++;
        if (i >= 64)
            charge(L, (lua_Integer)i / 8);
    }
    lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
    return 1;
}

static int table_sort(lua_State *L) {
    lua_Integer n = length(L, 1), depth = 1;
    while (n >> depth)
        depth++;
    charge(L, n * depth);
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_pushcfunction(L, sort_less);
    }
    return call_wrapped(L);
}

static int table_unpack(lua_State *L) {
    charge_span(L, integer_or(L, 2, 1), integer_or(L, 3, length(L, 1)));
    return call_wrapped(L);
}

static int table_move(lua_State *L) {
    charge_span(L, lua_tointeger(L, 2), lua_tointeger(L, 3));
    return call_wrapped(L);
}

static int text_work(lua_State *L) {
    charge(L, length(L, 1) / 8);
    return call_wrapped(L);
}

/* -- our own ----------------------------------------------------------------------------------- */

/* Without addresses: they would differ from run to run. */
static int base_tostring(lua_State *L) {
    int type = lua_type(L, 1);
    luaL_checkany(L, 1);
    if (type == LUA_TTABLE || type == LUA_TFUNCTION || type == LUA_TLIGHTUSERDATA)
        lua_pushstring(L, held_name(L, 1));
    else
        luaL_tolstring(L, 1, NULL);
    return 1;
}

static int base_type(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushstring(L, held_name(L, 1));
    return 1;
}

struct attempt {
    lua_State *L;
    int arguments, rc;
    bool ran;
};

static kith_status attempt_run(struct txn *t, void *arg, kith_error *e) {
    struct attempt *a = arg;
    (void)t;
    a->ran = true;
    a->rc = lua_pcall(a->L, a->arguments, LUA_MULTRET, 0);
    bool waits = script_of(a->L)->frame->stopped == STOP_WAIT; /* what it did so far stays */
    return a->rc == LUA_OK || waits ? KITH_OK : err_set(e, KITH_E_REFUSED, NULL, "caught by pcall");
}

/* What failed is not kept: the records are as they were before the call. The error is given as
 * text. One of the disk or the process is nobody's to catch: the whole is tried again. */
static int base_pcall(lua_State *L) {
    struct frame *f = script_of(L)->frame;
    struct attempt a = {.L = L, .arguments = lua_gettop(L) - 1};
    kith_error e = KITH_ERROR_INIT;
    size_t undos = undos_mark(L);
    luaL_checkany(L, 1);
    kith_status st = f->txn ? txn_try(f->txn, attempt_run, &a, &e) : attempt_run(NULL, &a, &e);
    if (f->stopped) {
        lua_pushliteral(L, "stopped");
        return lua_error(L);
    }
    if (!a.ran || (a.rc == LUA_OK && st != KITH_OK))
        return raise_error(L, &e);
    if (a.rc == LUA_OK) {
        lua_pushboolean(L, true);
        lua_insert(L, 1);
        return lua_gettop(L);
    }
    undos_back(L, undos);
    const struct held_error *h = held_test(L, -1, HELD_ERROR);
    if (h && is_nobodys(h->e.code))
        return lua_error(L);
    lua_pushboolean(L, false);
    if (h)
        lua_pushstring(L, h->e.message);
    else
        lua_pushvalue(L, -2);
    return 2;
}

/* -- opening ----------------------------------------------------------------------------------- */

struct entry {
    const char *name;
    lua_CFunction wrap; /* NULL: as it is */
};

/* Copies functions from the table on top, which is removed, to the table at `to`. */
static void take(lua_State *L, int to, const struct entry *entries) {
    for (; entries->name; entries++) {
        lua_getfield(L, -1, entries->name);
        if (entries->wrap)
            lua_pushcclosure(L, entries->wrap, 1);
        lua_setfield(L, to, entries->name);
    }
    lua_pop(L, 1);
}

static void take_library(lua_State *L, int globals, const char *name, lua_CFunction open,
                         const struct entry *entries) {
    lua_createtable(L, 0, 32);
    luaL_requiref(L, name, open, 0);
    take(L, lua_gettop(L) - 1, entries);
    if (open == luaopen_math)
        lib_random_open(L, lua_gettop(L));
    freeze(L);
    lua_setfield(L, globals, name);
}

void lib_base_open(lua_State *L, int globals) {
    static const struct entry base[] = {{"assert", NULL},        {"error", NULL}, {"ipairs", NULL},
                                        {"next", NULL},          {"pairs", NULL}, {"select", NULL},
                                        {"tonumber", text_work}, {NULL, NULL}};
    static const struct entry tables[] = {{"concat", table_concat}, {"insert", table_insert},
                                          {"move", table_move},     {"pack", NULL},
                                          {"remove", table_remove}, {"sort", table_sort},
                                          {"unpack", table_unpack}, {NULL, NULL}};
    static const struct entry math[] = {
        {"abs", NULL},        {"ceil", NULL}, {"floor", NULL}, {"fmod", NULL},
        {"huge", NULL},       {"max", NULL},  {"min", NULL},   {"maxinteger", NULL},
        {"mininteger", NULL}, {"modf", NULL}, {"pi", NULL},    {"sqrt", NULL},
        {"exp", NULL},        {"log", NULL},  {"ult", NULL},   {"tointeger", NULL},
        {"type", NULL},       {NULL, NULL}};
    static const struct entry utf8[] = {
        {"char", NULL},     {"charpattern", NULL}, {"codes", NULL}, {"codepoint", text_work},
        {"len", text_work}, {"offset", text_work}, {NULL, NULL}};
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0);
    take(L, globals, base);
    take_library(L, globals, LUA_TABLIBNAME, luaopen_table, tables);
    take_library(L, globals, LUA_MATHLIBNAME, luaopen_math, math);
    take_library(L, globals, LUA_UTF8LIBNAME, luaopen_utf8, utf8);
    static const luaL_Reg own[] = {
        {"pcall", base_pcall}, {"tostring", base_tostring}, {"type", base_type}, {NULL, NULL}};
    lua_pushvalue(L, globals);
    luaL_setfuncs(L, own, 0);
    lua_pop(L, 1);
}
