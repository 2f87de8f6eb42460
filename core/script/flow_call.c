/* SPDX-License-Identifier: Apache-2.0 */
/* Calls in a workflow: whatever reads, writes, or depends on anything but its arguments is answered
 * from the run's log as far as that reaches, and written into it from there on. */
#include "script/flow_internal.h"

#include <string.h>

#define LOG_MAX (4 << 20) /* bytes that one call of the function may add */

struct flow *flow_need(lua_State *L, const char *what) {
    struct frame *f = script_of(L)->frame;
    if (!f->flow)
        raisef(L, FLOW_ONLY, what);
    return f->flow;
}

uint32_t flow_line(lua_State *L) {
    const char *file = script_of(L)->file;
    lua_Debug at;
    for (int level = 1; lua_getstack(L, level, &at); level++)
        if (lua_getinfo(L, "Sl", &at) && at.source[0] == '@' && strcmp(at.source + 1, file) == 0)
            return at.currentline > 0 ? (uint32_t)at.currentline : 0;
    return line_of_caller(L);
}

/* -- the log, as far as it reaches ------------------------------------------------------------- */

static int diverged(lua_State *L, const struct flow *w, const struct entry *en, const char *name,
                    uint32_t line) {
    const char *file = w->script->file;
    if (strcmp(en->name, name) != 0)
        return raisef(L,
                      "the run went another way before: it called %s in %s:%u then, and calls %s in"
                      " %s:%u now",
                      en->name, file, en->line, name, file, line);
    return raisef(L,
                  "the run went another way before: %s in %s:%u is called with other arguments than"
                  " in %s:%u then",
                  name, file, line, file, en->line);
}

struct entry *flow_expect(lua_State *L, struct flow *w, enum entry_kind kind, const char *name,
                          uint32_t line, kith_str args) {
    struct entry *en = w->next;
    if (!en && w->no_more)
        raisef(L, "the run went another way before: it did not call %s in %s:%u", name,
               w->script->file, line);
    if (!en && w->only_log)
        frame_stop(L, STOP_WAIT);
    if (!en)
        return NULL;
    bool same_kind = en->kind == kind || (kind == ENTRY_CALL && en->kind == ENTRY_ERROR);
    if (!same_kind || strcmp(en->name, name) != 0 || !str_eq(en->args, args))
        diverged(L, w, en, name, line);
    w->next = en->next;
    return en;
}

void flow_add(lua_State *L, struct flow *w, struct entry *en) {
    en->branch = w->branch;
    en->seq = txn_last_seq(w->txn);
    entry_write(&w->out, en);
    if (w->out.failed)
        raisef(L, "no memory");
    if (w->out.len > LOG_MAX)
        raisef(L,
               "this step reads and writes more than a run can keep: do it in parts, with a sleep()"
               " in between, or leave it to a rule");
}

void flow_woken(struct flow *w, const struct entry *en) {
    struct frame *f = w->script->frame;
    f->now = en->at;
    f->seed = en->seed;
    f->seeded = false;
}

/* -- recorded calls ---------------------------------------------------------------------------- */

/* The error on top is kept, and raised as it will be when the run is gone through again. One of the
 * disk or the process will not be. */
static int keep_error(lua_State *L, struct flow *w, struct entry *en) {
    const struct held_error *h = held_test(L, -1, HELD_ERROR);
    kith_error e = KITH_ERROR_INIT;
    int at = lua_gettop(L);
    if (script_of(L)->frame->stopped || (h && is_nobodys(h->e.code)))
        return lua_error(L);
    struct buf words = {0};
    const char *text = luaL_tolstring(L, at, NULL);
    text = lua_pushstring(L, h ? text : sentence(&words, text));
    lua_remove(L, -2);
    buf_free(&words);
    err_set(&e, h ? h->e.code : KITH_E_INVAL, h ? h->e.field : NULL, "%s", text);
    lua_pushinteger(L, e.code);
    lua_insert(L, -2);
    buf_reset(&w->results);
    values_encode(L, at + 1, at + 2, &w->results);
    en->kind = ENTRY_ERROR;
    en->results = buf_view(&w->results);
    flow_add(L, w, en);
    return raise_error(L, &e);
}

/* What a call gives is kept in its own way. */
struct keeping {
    void (*keep)(lua_State *L, struct flow *w);  /* results into w->results */
    int (*give)(lua_State *L, kith_str results); /* and back; the arguments are still there */
};

static void keep_values(lua_State *L, struct flow *w) {
    values_encode(L, 1, lua_gettop(L), &w->results);
}

static int give_values(lua_State *L, kith_str results) {
    return values_decode(L, results);
}

static void keep_found(lua_State *L, struct flow *w) {
    const struct rtype *type;
    const kith_id *ids;
    size_t count;
    find_ids(L, 1, &type, &ids, &count);
    for (size_t i = 0; i < count; i++)
        record_encode(&w->results, type, ids[i]);
}

static int give_found(lua_State *L, kith_str results) {
    int top = lua_gettop(L), n = values_decode(L, results);
    kith_id *ids = ARENA_ARRAY(txn_arena(script_of(L)->frame->txn), kith_id, (size_t)n + 1);
    if (!ids)
        raisef(L, "no memory");
    for (int i = 0; i < n; i++)
        ids[i] = record_need(L, top + 1 + i)->id;
    lua_settop(L, top);
    return find_push(L, ids, (size_t)n);
}

static const struct keeping keeping[] = {{keep_values, give_values}, {keep_found, give_found}};
enum { KEEP_VALUES, KEEP_FOUND };

static int replay(lua_State *L, const struct keeping *k, const struct entry *en) {
    int top = lua_gettop(L);
    if (en->kind == ENTRY_CALL)
        return k->give(L, en->results);
    kith_error e = KITH_ERROR_INIT;
    bool whole = values_decode(L, en->results) == 2 && lua_isinteger(L, top + 1) &&
                 lua_type(L, top + 2) == LUA_TSTRING;
    err_set(&e, whole ? (kith_status)lua_tointeger(L, top + 1) : KITH_E_CORRUPT, NULL, "%s",
            whole ? lua_tostring(L, top + 2) : "the log of the run is damaged: 'kith doctor'");
    return raise_error(L, &e);
}

static int live(lua_State *L, const struct keeping *k, struct flow *w, struct entry *en) {
    int n = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (lua_pcall(L, n, LUA_MULTRET, 0) != LUA_OK)
        return keep_error(L, w, en);
    buf_reset(&w->results);
    k->keep(L, w);
    en->results = buf_view(&w->results);
    flow_add(L, w, en);
    return lua_gettop(L);
}

/* The error on top is given the line of the caller, which it has not found through this function.
 */
static int raise_again(lua_State *L) {
    const struct held_error *h = held_test(L, -1, HELD_ERROR);
    kith_error e = KITH_ERROR_INIT;
    if (!h || script_of(L)->frame->stopped)
        return lua_error(L);
    err_copy(&e, &h->e);
    return raise_error(L, &e);
}

/* Upvalues: the function, what it is called, and how what it gives is kept. */
static int recorded(lua_State *L) {
    struct flow *w = script_of(L)->frame->flow;
    const char *name = lua_tostring(L, lua_upvalueindex(2));
    const struct keeping *k = &keeping[lua_tointeger(L, lua_upvalueindex(3))];
    if (!w) {
        lua_pushvalue(L, lua_upvalueindex(1));
        lua_insert(L, 1);
        if (lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0) != LUA_OK)
            return raise_again(L);
        return lua_gettop(L);
    }
    uint32_t line = flow_line(L);
    buf_reset(&w->args);
    values_encode(L, 1, lua_gettop(L), &w->args);
    struct entry *old = flow_expect(L, w, ENTRY_CALL, name, line, buf_view(&w->args));
    if (old)
        return replay(L, k, old);
    struct entry en = {.kind = ENTRY_CALL, .line = line, .name = name, .args = buf_view(&w->args)};
    return live(L, k, w, &en);
}

static void wrap(lua_State *L, const char *name, int keep) {
    if (!script_of(L)->flows || !lua_isfunction(L, -1))
        return;
    lua_pushstring(L, name);
    lua_pushinteger(L, keep);
    lua_pushcclosure(L, recorded, 3);
}

void flow_wrap(lua_State *L, const char *name) {
    wrap(L, name, KEEP_VALUES);
}

/* -- which ------------------------------------------------------------------------------------- */

static void wrap_in(lua_State *L, int table, const char *prefix, const char *const *names) {
    for (; *names; names++) {
        lua_getfield(L, table, *names);
        const char *name = lua_pushfstring(L, "%s%s", prefix, *names);
        lua_pushvalue(L, -2);
        wrap(L, name, strcmp(name, "find") == 0 ? KEEP_FOUND : KEEP_VALUES);
        lua_setfield(L, table, *names);
        lua_pop(L, 2);
    }
}

/* A table that can only be read is an empty one before another. */
static void push_inner(lua_State *L, int globals, const char *name) {
    lua_getfield(L, globals, name);
    lua_getmetatable(L, -1);
    lua_getfield(L, -1, "__index");
    lua_insert(L, -3);
    lua_pop(L, 2);
}

void flow_wrap_open(lua_State *L, int globals) {
    static const char *const plain[] = {"find",    "create", "update", "delete", "task",
                                        "publish", "get",    "count",  "totals", "log",
                                        "at",      "time",   "today",  NULL};
    static const char *const business[] = {"days", "hours", "between", "open", NULL};
    if (!script_of(L)->flows)
        return;
    wrap_in(L, globals, "", plain);
    push_inner(L, globals, "business");
    wrap_in(L, lua_gettop(L), "business.", business);
    lua_pop(L, 1);
}

/* -- the records that find() goes through ------------------------------------------------------ */

bool flow_found_next(lua_State *L, size_t *at) {
    struct flow *w = script_of(L)->frame->flow;
    struct entry *old = w ? flow_expect(L, w, ENTRY_CALL, "next", flow_line(L), STR("")) : NULL;
    if (old)
        *at = (size_t)old->at;
    return old != NULL;
}

void flow_keep_next(lua_State *L, size_t at) {
    struct flow *w = script_of(L)->frame->flow;
    if (w)
        flow_add(L, w,
                 &(struct entry){
                     .kind = ENTRY_CALL, .line = flow_line(L), .name = "next", .at = (int64_t)at});
}
