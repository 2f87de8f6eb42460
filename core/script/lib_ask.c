/* SPDX-License-Identifier: Apache-2.0 */
/* ask_user(): a step that a person takes. It is a task with a form, and the wait for its end. */
#include "script/flow_internal.h"

#include <string.h>

/* Moves the keys of the table at 1 that are ours into the table at `to`, under other names. */
static void move_key(lua_State *L, const char *from, int to, const char *name) {
    lua_getfield(L, 1, from);
    lua_setfield(L, to, name);
    lua_pushnil(L);
    lua_setfield(L, 1, from);
}

static void push_wait(lua_State *L, int waits, const char *name, const char *topic, int task) {
    lua_createtable(L, 2, 0);
    lua_pushstring(L, topic);
    lua_rawseti(L, -2, 1);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, task);
    lua_setfield(L, -2, "record");
    lua_rawseti(L, -2, 2);
    lua_setfield(L, waits, name);
}

/* A function of the sandbox, as a script would call it: recorded. Upvalue 1: the globals. */
static void push_global(lua_State *L, const char *name) {
    lua_getfield(L, lua_upvalueindex(1), name);
}

/* ask_user{title, fields, assignee, about, due, ..., wait}: the answers, or nil when the task was
 * cancelled or deleted, or the time is over. */
static int ask_user(lua_State *L) {
    flow_need(L, "ask_user()");
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_createtable(L, 0, 4); /* 2: a copy of what is given */
    for (lua_pushnil(L); lua_next(L, 1);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 2);
    }
    lua_replace(L, 1);
    if (lua_getfield(L, 1, "fields") != LUA_TTABLE)
        return raisef(L, ASK_FIELDS);
    move_key(L, "fields", 1, "form");
    lua_getfield(L, 1, "wait"); /* 3: how long */
    lua_replace(L, 2);
    lua_settop(L, 2);
    lua_pushnil(L);
    lua_setfield(L, 1, "wait");
    push_global(L, "task");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1); /* 3: the task */
    lua_createtable(L, 0, 3);
    push_wait(L, 4, "done", "task.done", 3);
    push_wait(L, 4, "cancelled", "task.cancelled", 3);
    push_wait(L, 4, "deleted", "task.deleted", 3);
    push_global(L, "wait_any");
    lua_pushvalue(L, 4);
    lua_pushvalue(L, 2);
    lua_call(L, 2, 1);
    if (lua_type(L, -1) != LUA_TSTRING || strcmp(lua_tostring(L, -1), "done") != 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_getfield(L, 3, "answers");
    if (lua_isnil(L, -1))
        lua_createtable(L, 0, 0);
    return 1;
}

void lib_ask_open(lua_State *L, int globals) {
    lua_pushvalue(L, globals);
    lua_pushcclosure(L, ask_user, 1);
    lua_setfield(L, globals, "ask_user");
}
