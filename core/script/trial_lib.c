/* SPDX-License-Identifier: Apache-2.0 */
/* The t of tests: what it does to records is done by the words of rules, called in a transaction on
 * the writer; then all that follows happens, under a clock that stands still. */
#include "script/trial_internal.h"

#include "base/clock.h"

#include <string.h>

/* -- test(name, function) ---------------------------------------------------------------------- */

static int declare_test(lua_State *L) {
    struct script *s = script_of(L);
    lua_settop(L, 2);
    if (s->frame->txn || (s->trial && s->trial->running))
        return raisef(L, "test() declares a test: call it at the top of the file");
    if (lua_type(L, 1) != LUA_TSTRING || !lua_isfunction(L, 2))
        return raisef(L, "write test(\"what happens\", function(t) ... end)");
    if (s->pinned)
        return 0;
    struct test *t = ARENA_NEW(&s->arena, struct test);
    if (!t || !(t->name = arena_strdup(&s->arena, lua_tostring(L, 1))))
        return raisef(L, "no memory");
    t->line = line_of_caller(L);
    t->function = s->trial ? luaL_ref(L, LUA_REGISTRYINDEX) : LUA_NOREF;
    *s->tests_tail = t;
    s->tests_tail = &t->next;
    s->set->tests += !s->trial;
    return 0;
}

void lib_test_open(lua_State *L, int globals) {
    lua_pushcfunction(L, declare_test);
    lua_setfield(L, globals, "test");
}

/* -- calling in a transaction ------------------------------------------------------------------ */

static const struct principal tester = {.name = "test", .all = true};
static const struct write_opts by_tester = {.principal = &tester, .origin = ORIGIN_CLI};

struct bridge {
    lua_State *L;
    int base, n; /* where the function stands, and how many arguments it has */
};

static kith_status error_of(lua_State *L, kith_error *e) {
    const struct held_error *h = held_test(L, -1, HELD_ERROR);
    if (!h) {
        struct buf words = {0};
        const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "it failed";
        err_set(e, KITH_E_INVAL, NULL, "%s", sentence(&words, text));
        buf_free(&words);
        return KITH_E_INVAL;
    }
    err_copy(e, &h->e);
    return h->e.code;
}

/* A write_fn, while the thread of the test waits. It may be called again, when its group was lost.
 */
static kith_status call_in(struct txn *txn, void *arg, kith_error *e) {
    const struct bridge *b = arg;
    lua_State *L = b->L;
    struct frame *f = script_of(L)->frame;
    int64_t before = txn_deadline(txn, f->deadline);
    lua_settop(L, b->base + b->n);
    for (int i = b->base; i <= b->base + b->n; i++)
        lua_pushvalue(L, i);
    f->txn = txn;
    f->now = txn_now(txn);
    int rc = lua_pcall(L, b->n, LUA_MULTRET, 0);
    f->txn = NULL;
    txn_deadline(txn, before);
    return rc == LUA_OK ? KITH_OK : error_of(L, e);
}

static kith_status begin(struct trial *t, kith_error *e) {
    if (t->started)
        return KITH_OK;
    TRY(engine_start(t->bench->engine, e));
    t->started = true;
    TRY(trial_settle(t->bench, t->end, e));
    return trial_mark(t->bench, &t->mark, e);
}

struct trial *trial_need(lua_State *L, bool acts) {
    struct trial *t = script_of(L)->trial;
    kith_error e = KITH_ERROR_INIT;
    if (!t->running)
        raisef(L, "this works only inside the function of a test");
    if (begin(t, &e) != KITH_OK)
        raise_error(L, &e);
    if (acts && t->looked && trial_mark(t->bench, &t->mark, &e) != KITH_OK)
        raise_error(L, &e);
    if (acts)
        t->looked = false;
    return t;
}

/* A refusal has no place of its own; in a test the line that met with it is what is looked for. */
static int raise_here(lua_State *L, kith_error *e) {
    luaL_where(L, 1);
    if (e->code == KITH_E_REFUSED)
        err_prefix(e, "%s", lua_tostring(L, -1));
    return raise_error(L, e);
}

void trial_call(lua_State *L, int n) {
    struct trial *t = script_of(L)->trial;
    struct bridge b = {L, lua_gettop(L) - n, n};
    kith_error e = KITH_ERROR_INIT;
    luaL_checkstack(L, n + 8, "too many arguments");
    size_t notes = notes_mark(t->bench->scripts);
    if (engine_write(t->bench->engine, &by_tester, call_in, &b, NULL, &e) != KITH_OK) {
        notes_back(t->bench->scripts, notes);
        raise_here(L, &e);
    }
    for (int i = 0; i <= n; i++)
        lua_remove(L, b.base);
}

/* Upvalues: the function, and whether it does something from which more may follow. */
static int bridged(lua_State *L) {
    struct script *s = script_of(L);
    bool acts = lua_toboolean(L, lua_upvalueindex(2));
    kith_error e = KITH_ERROR_INIT;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (s->frame->txn) { /* inside one already */
        lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
        return lua_gettop(L);
    }
    struct trial *t = trial_need(L, acts);
    trial_call(L, lua_gettop(L) - 1);
    if (acts && trial_settle(t->bench, t->end, &e) != KITH_OK)
        raise_error(L, &e);
    return lua_gettop(L);
}

static void bridge(lua_State *L, bool acts) {
    lua_pushboolean(L, acts);
    lua_pushcclosure(L, bridged, 2);
}

void trial_wrap(lua_State *L) {
    if (script_of(L)->trial)
        bridge(L, false);
}

/* -- what is more than a word of rules --------------------------------------------------------- */

/* The word of that name, below what is on the stack from `at` on. */
static void put_word(lua_State *L, const char *name, int at) {
    environment_push(L);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
    lua_insert(L, at);
}

/* t.create(type, fields): a record begins in its first state, and a test that wants another one is
 * told how it gets there. */
static int create(lua_State *L) {
    struct engine *g = script_of(L)->trial->bench->engine;
    bool named = lua_type(L, 1) == LUA_TSTRING; /* else the word says what is wrong */
    const struct rtype *t =
        named ? schema_type(engine_schema(g), str_of(lua_tostring(L, 1))) : NULL;
    const struct rfield *f = t && lua_istable(L, 2) ? type_state(t) : NULL;
    if (f && lua_getfield(L, 2, f->name) == LUA_TSTRING &&
        field_option(f, str_of(lua_tostring(L, -1))) > 0)
        return raisef(L,
                      "a new %s begins as '%s', and not as '%s': leave %s out, and write"
                      " t.transition(record, \"%s\") behind it",
                      t->name, f->options[0], lua_tostring(L, -1), f->name, lua_tostring(L, -1));
    lua_settop(L, 2);
    put_word(L, "create", 1);
    lua_call(L, 2, 1);
    return 1;
}

/* t.transition(record, state): the first of its fields that is a state. */
static int transition(lua_State *L) {
    const struct held_record *r = record_need(L, 1);
    luaL_checkstring(L, 2);
    const struct rfield *state = type_state(r->type);
    if (!state)
        return raisef(L, "%s has no state: write t.update(record, {field = value})", r->type->name);
    lua_settop(L, 2);
    lua_createtable(L, 0, 1);
    lua_insert(L, 2);
    lua_setfield(L, 2, state->name);
    put_word(L, "update", 1);
    lua_call(L, 2, 0);
    return 0;
}

/* t.publish(topic, record, data), or t.publish(topic, data). */
static int publish(lua_State *L) {
    lua_settop(L, 3);
    if (lua_istable(L, 2) && lua_isnil(L, 3))
        lua_insert(L, 2);
    put_word(L, "publish", 1);
    lua_call(L, 3, 0);
    return 0;
}

/* t.start(workflow, record, data), as 'kith workflow start' does. */
static int start(lua_State *L) {
    static const char *const names[] = {"workflow", "record", "data"};
    lua_settop(L, 3);
    lua_createtable(L, 0, 3);
    for (int i = 0; i < 3; i++) {
        lua_pushvalue(L, i + 1);
        lua_setfield(L, 4, names[i]);
    }
    put_word(L, "action", 1);
    lua_getfield(L, 1, "workflow");
    lua_getfield(L, -1, "start");
    lua_pushvalue(L, 5);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "run");
    return 1;
}

/* Upvalues: a list, and how far it was gone through. */
static int next_item(lua_State *L) {
    lua_Integer i = lua_tointeger(L, lua_upvalueindex(2)) + 1;
    lua_pushinteger(L, i);
    lua_replace(L, lua_upvalueindex(2));
    lua_rawgeti(L, lua_upvalueindex(1), i);
    return 1;
}

/* The iterator on top becomes a list. */
static void list_all(lua_State *L) {
    int at = lua_gettop(L);
    lua_newtable(L);
    for (lua_Integer i = 1;; i++) {
        lua_pushvalue(L, at);
        lua_call(L, 0, 1);
        if (lua_isnil(L, -1))
            break;
        lua_rawseti(L, at + 1, i);
    }
    lua_pop(L, 1);
    lua_remove(L, at);
}

static int find(lua_State *L) {
    put_word(L, "find", 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    list_all(L);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next_item, 2);
    return 1;
}

/* t.runs(name): the runs of a workflow, a list of records, the oldest first. */
static int runs(lua_State *L) {
    kith_error e = KITH_ERROR_INIT;
    if (!flow_named(script_of(L)->set, luaL_checkstring(L, 1), &e))
        return raise_error(L, &e);
    lua_settop(L, 1);
    lua_createtable(L, 0, 1);
    lua_insert(L, 1);
    lua_setfield(L, 1, "w");
    lua_pushliteral(L, "workflow_run where workflow = :w order by id");
    lua_insert(L, 1);
    put_word(L, "find", 1);
    lua_call(L, 2, 1);
    list_all(L);
    return 1;
}

/* t.result(name): what the newest run gave; nil when it is not over. */
static int result(lua_State *L) {
    lua_settop(L, 1);
    const char *name = luaL_checkstring(L, 1);
    lua_pushvalue(L, 1);
    lua_pushcfunction(L, runs);
    lua_insert(L, 2);
    lua_call(L, 1, 1);
    lua_Integer n = (lua_Integer)lua_rawlen(L, 2);
    if (n == 0)
        return raisef(L, "the workflow '%s' did not run", name);
    lua_rawgeti(L, 2, n);
    lua_getfield(L, 3, "error");
    if (!lua_isnil(L, -1))
        return raisef(L, "the run of the workflow '%s' failed: %s", name,
                      luaL_tolstring(L, -1, NULL));
    lua_getfield(L, 3, "result");
    return 1;
}

/* -- time -------------------------------------------------------------------------------------- */

static int64_t moment_at(lua_State *L, int at, struct trial *t) {
    const struct held_value *h = held_test(L, at, HELD_VALUE);
    kith_value v = h ? h->v : value_null();
    kith_error e = KITH_ERROR_INIT;
    if (lua_type(L, at) == LUA_TSTRING &&
        exact_read(t->bench->engine, KITH_TIME, str_of(lua_tostring(L, at)), &v, &e) != KITH_OK)
        raise_error(L, &e);
    if (v.kind == KITH_DATE)
        return zone_day(engine_zone(t->bench->engine), v.as.i);
    if (v.kind != KITH_TIME)
        raisef(L, "t.at: a time such as \"2025-03-11T09:00\", or a date, not a %s",
               held_name(L, at));
    return v.as.i;
}

static int set_clock(lua_State *L) {
    struct trial *t = script_of(L)->trial;
    int64_t at = moment_at(L, 1, t);
    if (t->started)
        return raisef(L, "t.at: the clock is set before anything else is done; later it goes on by "
                         "t.advance()");
    if (at < TRIAL_EPOCH)
        return raisef(L, "t.at: not before the year 2020");
    clock_set(t->bench->clock, at);
    return 0;
}

static int advance(lua_State *L) {
    const struct held_value *h = held_test(L, 1, HELD_VALUE);
    int64_t now = script_now(L);
    kith_error e = KITH_ERROR_INIT;
    int64_t to = h && h->v.kind == KITH_DURATION ? now + h->v.as.i
                 : h && h->v.kind == KITH_TIME   ? h->v.as.i
                                                 : INT64_MIN;
    if (to < now)
        return raisef(L, "t.advance: how far? t.advance(days(3)), or to a time that is still to"
                         " come, such as business.hours(4)");
    struct trial *t = trial_need(L, true);
    if (trial_advance(t->bench, to, t->end, &e) != KITH_OK)
        return raise_error(L, &e);
    return 0;
}

/* -- the table --------------------------------------------------------------------------------- */

enum how { READS, ACTS, ITSELF }; /* the first two in a transaction */
static const struct {
    const char *name;
    enum how how;
    lua_CFunction fn; /* NULL: the word of that name */
} parts[] = {{"create", ACTS, create},
             {"update", ACTS, NULL},
             {"delete", ACTS, NULL},
             {"get", READS, NULL},
             {"count", READS, NULL},
             {"totals", READS, NULL},
             {"transition", ACTS, transition},
             {"publish", ACTS, publish},
             {"start", ACTS, start},
             {"find", READS, find},
             {"runs", READS, runs},
             {"result", READS, result},
             {"at", ITSELF, set_clock},
             {"advance", ITSELF, advance},
             {"expect", ITSELF, trial_expect},
             {"expect_equal", ITSELF, trial_expect_equal},
             {"expect_effect", ITSELF, trial_expect_effect},
             {"expect_no_effect", ITSELF, trial_expect_no_effect},
             {"expect_failure", ITSELF, trial_expect_failure},
             {"last_effect", ITSELF, trial_last_effect}};
#define PARTS (sizeof parts / sizeof *parts)

static const char *part_name(const void *arg, size_t i) {
    (void)arg;
    return parts[i].name;
}

static int unknown(lua_State *L) {
    const char *name = luaL_tolstring(L, 2, NULL);
    const char *near = str_nearest(str_of(name), part_name, NULL, PARTS);
    return raisef(L, "t has no '%s'%s%s%s", name, STR_MEANT(near));
}

void trial_push(lua_State *L) {
    lua_createtable(L, 0, PARTS);
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].fn)
            lua_pushcfunction(L, parts[i].fn);
        else
            put_word(L, parts[i].name, lua_gettop(L) + 1);
        if (parts[i].how != ITSELF)
            bridge(L, parts[i].how == ACTS);
        lua_setfield(L, -2, parts[i].name);
    }
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, unknown);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
}
