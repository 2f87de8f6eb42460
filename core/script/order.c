/* SPDX-License-Identifier: Apache-2.0 */
/* Order: keys of a table in one that is the same in every process. Lua's own depends on where
 * things lie in memory; what a workflow does must not. */
#include "script/script_internal.h"

#include <string.h>

/* Whole numbers before texts. */
static bool key_less(lua_State *L, int a, int b) {
    bool a_number = lua_type(L, a) == LUA_TNUMBER, b_number = lua_type(L, b) == LUA_TNUMBER;
    if (a_number != b_number)
        return a_number;
    return lua_compare(L, a, b, LUA_OPLT);
}

static int sort_keys(lua_State *L) {
    lua_pushboolean(L, key_less(L, 1, 2));
    return 1;
}

static const char sort_key = 0;

lua_Integer sorted_keys(lua_State *L, int at) {
    lua_Integer n = 0;
    bool sorted = true;
    at = lua_absindex(L, at);
    luaL_checkstack(L, 8, "tables are nested too deeply");
    lua_newtable(L);
    int keys = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, at);) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING && !lua_isinteger(L, -1))
            raisef(L,
                   "the keys of this table must be texts or whole numbers, not a %s: in a"
                   " workflow they are gone through in their order",
                   held_name(L, -1));
        if (sorted && n > 0) {
            lua_rawgeti(L, keys, n);
            sorted = key_less(L, -1, -2);
            lua_pop(L, 1);
        }
        lua_pushvalue(L, -1);
        lua_rawseti(L, keys, ++n);
    }
    charge(L, n);
    if (sorted)
        return n;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &sort_key);
    lua_pushvalue(L, keys);
    lua_pushcfunction(L, sort_keys);
    lua_call(L, 2, 0);
    return n;
}

/* Upvalues: the keys, and how many were given. What was taken out meanwhile is passed over. */
static int next_pair(lua_State *L) {
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(2));
    luaL_checktype(L, 1, LUA_TTABLE);
    for (;;) {
        lua_rawgeti(L, lua_upvalueindex(1), ++i);
        if (lua_isnil(L, -1))
            return 1;
        lua_pushvalue(L, -1);
        if (lua_rawget(L, 1) != LUA_TNIL)
            break;
        lua_pop(L, 2);
    }
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(2));
    return 2;
}

static int ordered_pairs(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    sorted_keys(L, 1);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_pair, 2);
    lua_pushvalue(L, 1);
    return 2;
}

/* The pair behind the key, or the first one. */
static int ordered_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    lua_Integer n = sorted_keys(L, 1), i = 1;
    while (i <= n && !lua_isnil(L, 2)) {
        lua_rawgeti(L, 3, i++);
        bool found = lua_rawequal(L, -1, 2);
        lua_pop(L, 1);
        if (found)
            break;
    }
    if (lua_rawgeti(L, 3, i) == LUA_TNIL)
        return 1;
    lua_pushvalue(L, -1);
    lua_rawget(L, 1);
    return 2;
}

void order_open(lua_State *L, int globals, bool all) {
    luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 0);
    lua_getfield(L, -1, "sort");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &sort_key);
    lua_pop(L, 1);
    if (!all)
        return;
    lua_pushcfunction(L, ordered_pairs);
    lua_setfield(L, globals, "pairs");
    lua_pushcfunction(L, ordered_next);
    lua_setfield(L, globals, "next");
}
