/* SPDX-License-Identifier: Apache-2.0 */
/* What a workflow waits by: sleep, sleep_until, wait_for, wait_any, wait_all, parallel, and how it
 * begins others or itself anew. */
#include "script/flow_internal.h"

#include "engine/topics.h"

#include "base/date.h"

#include <string.h>

#define WAITS_MAX    32   /* events in one wait_any() */
#define BRANCHES_MAX 1000 /* of one run */
#define WAKINGS_MAX  2000

/* -- one wait ---------------------------------------------------------------------------------- */

struct spec { /* of an event */
    const char *name, *topic;
    const char *field;
    kith_str value, rest;
};

/* A duration from now on, a time, or a date: its beginning. 0: nothing is given. */
static int64_t until_at(lua_State *L, int at, const char *what) {
    const struct held_value *h = held_test(L, at, HELD_VALUE);
    int64_t now = script_now(L), due = 0;
    bool beyond = false;
    if (lua_isnoneornil(L, at))
        return 0;
    uint32_t kind = h ? h->v.kind : KITH_NULL;
    if (kind == KITH_DURATION)
        beyond = __builtin_add_overflow(now, h->v.as.i, &due) && h->v.as.i > 0;
    else if (kind == KITH_TIME)
        due = h->v.as.i;
    else if (kind == KITH_DATE)
        due = zone_day(engine_zone(script_of(L)->all->engine), h->v.as.i);
    else
        raisef(L,
               "%s: how long is said by a duration such as days(3), a time or a date, not by a %s",
               what, held_name(L, at));
    if (beyond || due > TIME_MAX)
        raisef(L, "%s: that is beyond the year 9999", what);
    return due > now ? due : now;
}

static void note_wait(lua_State *L, struct flow *w, const struct spec *specs, int count,
                      int64_t due) {
    if (w->waits++ > 0)
        buf_puts(&w->waits_for, "; ");
    if (count == 0)
        buf_puts(&w->waits_for, "time");
    for (int i = 0; i < count; i++)
        buf_printf(&w->waits_for, "%s%s", i ? " or " : "", specs[i].topic);
    if (due && (!w->due || due < w->due))
        w->due = due;
    if (w->waits_for.failed)
        raisef(L, "no memory");
}

static void begin_wait(lua_State *L, struct flow *w, const struct spec *specs, int count,
                       int64_t due) {
    kith_error e = KITH_ERROR_INIT;
    kith_status st = KITH_OK;
    if (due)
        st = flow_timer(w->txn, w->run->id, w->branch, due, &e);
    for (int i = 0; st == KITH_OK && i < count; i++)
        st = flow_wait_add(w->txn,
                           &(struct flow_wait){.run = w->run->id,
                                               .branch = w->branch,
                                               .topic = specs[i].topic,
                                               .name = specs[i].name,
                                               .field = specs[i].field,
                                               .value = specs[i].value,
                                               .rest = specs[i].rest,
                                               .since = w->since},
                           &e);
    if (st != KITH_OK)
        raise_error(L, &e);
}

/* The wait whose arguments stand on the stack: what it gave, or the end of this call. */
static int wait(lua_State *L, const char *name, const struct spec *specs, int count, int64_t due) {
    struct flow *w = flow_need(L, name);
    uint32_t line = flow_line(L);
    buf_reset(&w->args);
    values_encode(L, 1, lua_gettop(L), &w->args);
    struct entry *old = flow_expect(L, w, ENTRY_WAIT, name, line, buf_view(&w->args));
    if (old && w->next) {
        const struct entry *end = w->next;
        if (end->kind != ENTRY_WOKEN)
            return raisef(L, "the log of the run is damaged behind a wait: 'kith doctor'");
        w->next = end->next;
        flow_woken(w, end);
        return values_decode(L, end->results);
    }
    if (!old && w->undoing)
        return raisef(L, "%s: what on_undo() was given does not wait", name);
    if (!old && w->wakings >= WAKINGS_MAX)
        return raisef(L,
                      "%s: a run that has gone on %d times does not wait any more, since it goes"
                      " through all of that each time; let continue_as_new() begin it anew",
                      name, WAKINGS_MAX);
    if (!old) {
        begin_wait(L, w, specs, count, due);
        flow_add(L, w,
                 &(struct entry){.kind = ENTRY_WAIT,
                                 .line = line,
                                 .at = due,
                                 .name = name,
                                 .args = buf_view(&w->args)});
    }
    note_wait(L, w, specs, count, old ? old->at : due);
    return frame_stop(L, STOP_WAIT);
}

/* -- events ------------------------------------------------------------------------------------ */

static kith_str text_of(lua_State *L, int at) {
    struct txn *t = frame_need(L, "wait_for()")->txn;
    kith_value v = value_take(L, at, NULL);
    if (v.kind == KITH_NULL || v.kind == KITH_LIST)
        raisef(L,
               "wait_for: an event is waited for by a text, a number, a record or another single"
               " value, not by a %s",
               held_name(L, at));
    v.flags &= ~VALUE_TYPED;
    return value_text(engine_schema(script_of(L)->all->engine), &v, txn_arena(t));
}

/* Of a record's topic the fields are known, and of a published one what it carries; the record that
 * it is about may be of any type, unless its name says of which. */
static void check_key(lua_State *L, const char *topic, int key) {
    struct engine *g = script_of(L)->all->engine;
    const char *dot = strchr(topic, '.');
    if (!dot || strcmp(lua_tostring(L, key), "record") == 0)
        return;
    const struct rtype *t =
        schema_type(engine_schema(g), (kith_str){topic, (uint64_t)(dot - topic)});
    bool published = engine_topic_published(g, str_of(topic));
    const struct rtype *carried = engine_payload(g, str_of(topic));
    kith_str name = str_of(lua_tostring(L, key));
    const struct rfield *f;
    kith_error e = KITH_ERROR_INIT;
    kith_status st = carried ? payload_field(carried, name, &f, &e) : KITH_E_NOTFOUND;
    if (!t || (published && st == KITH_OK))
        return;
    if (published && !type_field(engine_schema(g), t, name)) {
        if (carried)
            raise_error(L, &e);
        return; /* it may carry anything */
    }
    f = field_at(L, t, key);
    if (!right_reads(script_of(L), f))
        raisef(L, "you may not read %s.%s, so nothing can be waited for by it", t->name, f->name);
}

/* The table at `at`, sorted: the record or the first one is looked up, the others are compared. */
static void take_match(lua_State *L, int at, struct spec *s) {
    struct arena *a = txn_arena(frame_need(L, "wait_for()")->txn);
    struct buf rest = {0};
    *s = (struct spec){.name = s->name, .topic = s->topic, .field = ""};
    if (lua_isnoneornil(L, at))
        return;
    luaL_checktype(L, at, LUA_TTABLE);
    bool by_record = lua_getfield(L, at, "record") != LUA_TNIL;
    lua_Integer n = sorted_keys(L, at);
    int keys = lua_gettop(L);
    for (lua_Integer i = 1; i <= n; i++) {
        if (lua_rawgeti(L, keys, i) != LUA_TSTRING)
            raisef(L, "wait_for: {field = value}: a field is named by a text");
        check_key(L, s->topic, -1);
        const char *key = arena_strdup(a, lua_tostring(L, -1));
        lua_rawget(L, at);
        kith_str text = text_of(L, -1);
        lua_pop(L, 1);
        if (!key || (text.len && !text.ptr))
            raisef(L, "no memory");
        if (by_record ? strcmp(key, "record") == 0 : i == 1) {
            s->field = key;
            s->value = text;
            continue;
        }
        buf_add(&rest, key, strlen(key) + 1);
        buf_str(&rest, text);
        buf_putc(&rest, '\0');
    }
    lua_pop(L, 2);
    s->rest = arena_str(a, buf_view(&rest));
    bool ok = !rest.failed && (s->rest.ptr || !rest.len);
    buf_free(&rest);
    if (!ok)
        raisef(L, "no memory");
}

/* wait_for(topic, match, timeout): the event, or nil when the time is over. */
static int wait_for(lua_State *L) {
    flow_need(L, "wait_for()");
    lua_settop(L, 3);
    struct spec s = {.name = "", .topic = luaL_checkstring(L, 1)};
    take_match(L, 2, &s);
    return wait(L, "wait_for", &s, 1, until_at(L, 3, "wait_for"));
}

/* wait_any({name = {topic, match}, ...}, timeout): the name of the one that came first, and the
 * event; nil when the time is over. */
static int wait_any(lua_State *L) {
    struct spec specs[WAITS_MAX];
    struct arena *a = txn_arena(flow_need(L, "wait_any()")->txn);
    lua_settop(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    int64_t due = until_at(L, 2, "wait_any");
    lua_Integer n = sorted_keys(L, 1);
    if (n < 1 || n > WAITS_MAX)
        return raisef(L, "wait_any: from 1 to %d events, each as name = {topic, {field = value}}",
                      WAITS_MAX);
    for (lua_Integer i = 0; i < n; i++) {
        lua_rawgeti(L, 3, i + 1);
        specs[i] = (struct spec){.name = arena_strdup(a, luaL_tolstring(L, -1, NULL))};
        lua_pop(L, 1);
        if (lua_rawget(L, 1) != LUA_TTABLE || lua_rawgeti(L, -1, 1) != LUA_TSTRING)
            raisef(L, "wait_any: write %s = {\"some.topic\", {field = value}}", specs[i].name);
        specs[i].topic = arena_strdup(a, lua_tostring(L, -1));
        lua_rawgeti(L, -2, 2);
        if (!specs[i].name || !specs[i].topic)
            raisef(L, "no memory");
        take_match(L, lua_gettop(L), &specs[i]);
        lua_pop(L, 3);
    }
    lua_settop(L, 2);
    return wait(L, "wait_any", specs, (int)n, due);
}

static int flow_sleep(lua_State *L) {
    flow_need(L, "sleep()");
    lua_settop(L, 1);
    if (lua_isnil(L, 1))
        return raisef(L, "sleep: how long? sleep(days(3)), or sleep(business.hours(4))");
    return wait(L, "sleep", NULL, 0, until_at(L, 1, "sleep"));
}

/* -- branches ---------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t seed, uint32_t branch) {
    return (seed ^ branch) * UINT64_C(0x9e3779b97f4a7c15);
}

struct paused { /* the branch that forks */
    uint32_t branch;
    struct entry *next;
    int64_t now, latest;
    uint64_t seed;
    bool seeded, waiting;
};

static void enter_branch(struct flow *w, uint32_t branch, const struct paused *p) {
    struct frame *f = w->script->frame;
    w->branch = branch;
    w->next = branch < w->branches_known ? w->logs[branch].first : NULL;
    f->now = p->now;
    f->seed = mix(p->seed, branch);
    f->seeded = false;
}

/* Back to the one that forked: the time is that of the branch that went furthest. */
static void leave_branches(struct flow *w, const struct paused *p) {
    struct frame *f = w->script->frame;
    w->branch = p->branch;
    w->next = p->next;
    f->now = p->latest;
    f->seed = p->seed;
    f->seeded = p->seeded;
}

/* Calls the function at `at`; what it gives goes into the table on top. */
static void run_branch(lua_State *L, struct flow *w, int at, struct paused *p) {
    struct frame *f = w->script->frame;
    lua_pushvalue(L, at);
    int rc = lua_pcall(L, 0, 1, 0);
    bool waits = f->stopped == STOP_WAIT || (rc != LUA_OK && flow_behind_log(w));
    if (!waits)
        p->latest = f->now > p->latest ? f->now : p->latest;
    if (rc == LUA_OK) {
        lua_rawseti(L, -2, at);
        return;
    }
    if (!waits) {
        leave_branches(w, p); /* a pcall may go on there */
        lua_error(L);
    }
    if (f->stopped)
        frame_go_on(w->script);
    lua_pop(L, 1);
    p->waiting = true;
}

static uint32_t fork_at(lua_State *L, struct flow *w, const char *name, int n) {
    uint32_t line = flow_line(L);
    lua_pushinteger(L, n);
    buf_reset(&w->args);
    values_encode(L, lua_gettop(L), lua_gettop(L), &w->args);
    lua_pop(L, 1);
    const struct entry *old = flow_expect(L, w, ENTRY_FORK, name, line, buf_view(&w->args));
    if (old)
        return (uint32_t)old->at;
    if (w->branches + (uint32_t)n > BRANCHES_MAX)
        raisef(L, "%s: a run has at most %d branches: let it begin runs of its own by start()",
               name, BRANCHES_MAX);
    uint32_t first = w->branches;
    w->branches += (uint32_t)n;
    flow_add(L, w,
             &(struct entry){.kind = ENTRY_FORK,
                             .line = line,
                             .at = first,
                             .seed = (uint64_t)n,
                             .name = name,
                             .args = buf_view(&w->args)});
    return first;
}

/* Runs the n functions at 1 to n side by side; their results are left in a table. */
static void fork_all(lua_State *L, const char *name, int n) {
    struct flow *w = flow_need(L, name);
    struct frame *f = w->script->frame;
    uint32_t first = fork_at(L, w, name, n);
    struct paused p = {w->branch, w->next, f->now, f->now, f->seed, f->seeded, false};
    lua_createtable(L, n, 0);
    for (int i = 1; i <= n; i++) {
        enter_branch(w, first + (uint32_t)i - 1, &p);
        run_branch(L, w, i, &p);
    }
    leave_branches(w, &p);
    if (p.waiting)
        frame_stop(L, STOP_WAIT);
}

/* parallel(f, g, ...): what each of them gives, when all are done. */
static int parallel(lua_State *L) {
    int n = lua_gettop(L);
    flow_need(L, "parallel()");
    for (int i = 1; i <= n; i++)
        luaL_checktype(L, i, LUA_TFUNCTION);
    if (n == 0)
        return 0;
    luaL_checkstack(L, n + 8, "parallel: too many functions");
    fork_all(L, "parallel", n);
    for (int i = 1; i <= n; i++)
        lua_rawgeti(L, n + 1, i);
    return n;
}

/* Upvalues: the topic, the match, and how long. */
static int wait_one(lua_State *L) {
    for (int i = 1; i <= 3; i++)
        lua_pushvalue(L, lua_upvalueindex(i));
    return wait_for(L);
}

/* wait_all({name = {topic, match}, ...}, timeout): a table of the events that came, by name. */
static int wait_all(lua_State *L) {
    flow_need(L, "wait_all()");
    lua_settop(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer n = sorted_keys(L, 1);
    if (n < 1 || n > WAITS_MAX)
        return raisef(L, "wait_all: from 1 to %d events, each as name = {topic, {field = value}}",
                      WAITS_MAX);
    luaL_checkstack(L, (int)n + 8, "wait_all");
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 3, i);
        if (lua_rawget(L, 1) != LUA_TTABLE)
            raisef(L, "wait_all: write name = {\"some.topic\", {field = value}}");
        lua_rawgeti(L, -1, 1);
        lua_rawgeti(L, -2, 2);
        lua_pushvalue(L, 2);
        lua_pushcclosure(L, wait_one, 3);
        lua_replace(L, -2);
    }
    lua_pushvalue(L, 3);
    lua_replace(L, 1); /* the keys */
    lua_remove(L, 3);
    lua_remove(L, 2);
    lua_rotate(L, 1, -1); /* the functions from 1 to n, the keys behind them */
    fork_all(L, "wait_all", (int)n);
    lua_createtable(L, 0, (int)n);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, (int)n + 1, i);
        lua_rawgeti(L, (int)n + 2, i);
        lua_rawset(L, -3);
    }
    return 1;
}

/* -- runs that begin runs ---------------------------------------------------------------------- */

/* The data are on top of the stack. */
int flow_started_push(lua_State *L) {
    kith_value at = value_time(script_now(L));
    lua_createtable(L, 0, 3);
    lua_insert(L, -2);
    lua_setfield(L, -2, "data");
    lua_pushliteral(L, "workflow.started");
    lua_setfield(L, -2, "topic");
    value_push(L, &at, NULL);
    lua_setfield(L, -2, "at");
    return 1;
}

/* What start() and continue_as_new() hand over, as the event's data. */
int flow_given_push(lua_State *L, void *arg) {
    const kith_str *given = arg;
    if (!given->len)
        lua_createtable(L, 0, 0);
    else
        values_decode(L, *given);
    return flow_started_push(L);
}

static kith_str given_at(lua_State *L, int at, const char *what) {
    struct flow *w = flow_need(L, what);
    if (lua_isnoneornil(L, at))
        return (kith_str){NULL, 0};
    if (!lua_istable(L, at))
        raisef(L, "%s: what is handed over is a table, not a %s", what, held_name(L, at));
    buf_reset(&w->results);
    values_encode(L, at, at, &w->results);
    kith_str out = arena_str(txn_arena(w->txn), buf_view(&w->results));
    if (!out.ptr)
        raisef(L, "no memory");
    return out;
}

/* The other one links to it. */
static kith_status keep_early(struct flow *w, kith_error *e) {
    struct flow_run early = *w->run;
    bool kept = !w->start;
    if (!kept)
        TRY(flow_is_kept(w, &kept, e));
    early.fresh = !kept;
    return kept ? KITH_OK : flow_save(w->txn, &early, e);
}

/* start(name, record, data): begins another workflow; gives the id of its run, or nil when it may
 * not begin again. */
static int flow_start(lua_State *L) {
    struct flow *w = flow_need(L, "start()");
    kith_error e = KITH_ERROR_INIT;
    lua_settop(L, 3);
    const char *name = luaL_checkstring(L, 1);
    struct held_record *r = lua_isnil(L, 2) ? NULL : record_need(L, 2);
    kith_str given = given_at(L, 3, "start");
    struct flow_begin b = {.rule = flow_named(script_of(L)->set, name, &e),
                           .type = r ? r->type : NULL,
                           .id = r ? r->id : 0,
                           .parent = w->run->id,
                           .cause = w->run->cause,
                           .push = flow_given_push,
                           .arg = &given,
                           .later = true};
    kith_id run = 0;
    char text[ID_TEXT + 1];
    if (keep_early(w, &e) != KITH_OK)
        return raise_error(L, &e);
    if (!b.rule || flow_cascade(w->txn, w->run, &e) != KITH_OK ||
        flow_begin(w->txn, &b, &run, &e) != KITH_OK)
        return raise_error(L, &e);
    id_format(run, text);
    if (run)
        lua_pushstring(L, text);
    else
        lua_pushnil(L);
    return 1;
}

/* continue_as_new(data): this run is done, and the workflow begins anew with an empty log. */
static int continue_as_new(lua_State *L) {
    struct flow *w = flow_need(L, "continue_as_new()");
    if (w->undoing)
        return raisef(L, "continue_as_new: what on_undo() was given does not begin the run anew");
    if (w->branch != 0)
        return raisef(L, "continue_as_new() belongs into the function itself, not into a branch");
    lua_settop(L, 1);
    w->handed = given_at(L, 1, "continue_as_new");
    w->again = true;
    return frame_stop(L, STOP_WAIT);
}

/* on_undo(f): f is called when the run is undone, for what Kith cannot take back by itself. */
static int on_undo(lua_State *L) {
    struct flow *w = flow_need(L, "on_undo()");
    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (!w->undos)
        return 0; /* they are asked for when it is */
    lua_rawgeti(L, LUA_REGISTRYINDEX, w->undos);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    return 0;
}

static struct flow *undos_of(lua_State *L) {
    struct flow *w = script_of(L)->frame->flow;
    return w && w->undos ? w : NULL;
}

size_t undos_mark(lua_State *L) {
    const struct flow *w = undos_of(L);
    if (!w)
        return 0;
    lua_rawgeti(L, LUA_REGISTRYINDEX, w->undos);
    size_t n = lua_rawlen(L, -1);
    lua_pop(L, 1);
    return n;
}

void undos_back(lua_State *L, size_t mark) {
    const struct flow *w = undos_of(L);
    if (!w)
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, w->undos);
    for (size_t n = lua_rawlen(L, -1); n > mark; n--) {
        lua_pushnil(L);
        lua_rawseti(L, -2, (lua_Integer)n);
    }
    lua_pop(L, 1);
}

void lib_wait_open(lua_State *L, int globals) {
    static const luaL_Reg functions[] = {{"sleep", flow_sleep},
                                         {"sleep_until", flow_sleep},
                                         {"wait_for", wait_for},
                                         {"wait_any", wait_any},
                                         {"wait_all", wait_all},
                                         {"parallel", parallel},
                                         {"continue_as_new", continue_as_new},
                                         {"on_undo", on_undo},
                                         {NULL, NULL}};
    lua_pushvalue(L, globals);
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
    lua_pushcfunction(L, flow_start);
    flow_wrap(L, "start");
    lua_setfield(L, globals, "start");
}
