/* SPDX-License-Identifier: Apache-2.0 */
/* Actions of modules as functions: action.sales.rescore{lead = lead} runs in the transaction of the
 * callback and gives a table of its results. */
#include "script/script_internal.h"

#include <string.h>

static const char *param_name(const void *self, size_t i) {
    return ((const struct action *)self)->params[i]->name;
}

/* The table of arguments at 1, by parameter. */
static kith_value *take_arguments(lua_State *L, const struct action *a, struct txn *t) {
    kith_value *args = ARENA_ARRAY(txn_arena(t), kith_value, a->param_count + 1);
    if (!args)
        raisef(L, "no memory");
    if (lua_isnoneornil(L, 1))
        return args;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, 1)) {
        uint32_t i = 0;
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
        while (i < a->param_count && strcmp(a->params[i]->name, key) != 0)
            i++;
        if (i == a->param_count) {
            const char *near = str_nearest(str_of(key), param_name, a, a->param_count);
            raisef(L, "%s has no parameter '%s'%s%s%s", a->name, key,
                   near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
        args[i] = value_take(L, -1, a->params[i]);
        lua_pop(L, 1);
    }
    return args;
}

/* Into the table on top. */
void answers_push(lua_State *L, const struct action *a, const kith_value *results) {
    const struct action_rows rows = action_rows(a, results);
    fields_push(L, a->results, a->result_count, results);
    if (!a->column_count)
        return;
    luaL_checkstack(L, 4, "the rows of an action");
    charge(L, (int64_t)(rows.count * a->column_count));
    lua_createtable(L, (int)rows.count, 0);
    for (size_t i = 0; i < rows.count; i++) {
        lua_createtable(L, 0, (int)a->column_count);
        fields_push(L, a->columns, a->column_count, rows.items[i].as.list.items);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "rows");
}

static int action_call(lua_State *L) {
    const struct action *a = lua_touserdata(L, lua_upvalueindex(1));
    struct frame *f = frame_need(L, a->name);
    struct arena *arena = txn_arena(f->txn);
    kith_error e = KITH_ERROR_INIT;
    lua_settop(L, 1);
    if (right_need_name(script_of(L), "call", a->name, &e) != KITH_OK)
        return raise_error(L, &e);
    charge(L, CALL_STEPS);
    f->effects++;
    kith_value *args = take_arguments(L, a, f->txn);
    kith_value *results = ARENA_ARRAY(arena, kith_value, action_answers(a) + 1);
    struct write_opts opts = {.principal = txn_principal(f->txn), .origin = ORIGIN_ACTION};
    uint64_t row = txn_next_seq(f->txn);
    if (!results)
        return raisef(L, "no memory");
    if (engine_call(script_of(L)->all->engine, f->txn, &opts, a, args, arena, results, NULL, &e) !=
        KITH_OK)
        return raise_error(L, &e);
    notes_add(L, a, args, results, row);
    lua_createtable(L, 0, (int)action_answers(a));
    answers_push(L, a, results);
    return 1;
}

static int unknown(lua_State *L) {
    return raisef(L, "there is no action%s '%s': 'kith run' lists them",
                  lua_tostring(L, lua_upvalueindex(1)), luaL_tolstring(L, 2, NULL));
}

/* Reading what is not in the table on top is an error. module may be NULL. */
static void name_unknown(lua_State *L, const char *module) {
    lua_createtable(L, 0, 1);
    if (module)
        lua_pushfstring(L, " of module '%s'", module);
    else
        lua_pushliteral(L, "");
    lua_pushcclosure(L, unknown, 1);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}

static void add_action(lua_State *L, int modules, const struct action *a) {
    const char *dot = strchr(a->name, '.');
    if (!dot)
        return;
    lua_pushlstring(L, a->name, (size_t)(dot - a->name));
    lua_pushvalue(L, -1);
    if (lua_rawget(L, modules) != LUA_TTABLE) {
        lua_pop(L, 1);
        lua_createtable(L, 0, 8);
        name_unknown(L, lua_tostring(L, -2));
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_rawset(L, modules);
    }
    lua_pushlightuserdata(L, (void *)(uintptr_t)a);
    lua_pushcclosure(L, action_call, 1);
    flow_wrap(L, a->name);
    lua_setfield(L, -2, dot + 1);
    lua_pop(L, 2);
}

void lib_action_open(lua_State *L, int globals) {
    const struct engine *g = script_of(L)->all->engine;
    lua_createtable(L, 0, 8);
    int modules = lua_gettop(L);
    const struct action *a;
    for (size_t i = 0; (a = engine_action_at(g, i)); i++)
        add_action(L, modules, a);
    for (lua_pushnil(L); lua_next(L, modules);) { /* each is frozen in its place */
        freeze(L);
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, modules);
    }
    name_unknown(L, NULL);
    freeze(L);
    lua_setfield(L, globals, "action");
}
