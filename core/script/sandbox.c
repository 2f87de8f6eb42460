/* SPDX-License-Identifier: Apache-2.0 */
/* Sandbox: a Lua state with bounds. Instructions, work inside library functions, memory asked for
 * and wall time are one budget per callback; once it is spent every further instruction raises an
 * error, so that no pcall can go on. Knows nothing of records. */
#include "script/script_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_DEFAULT  10000000
#define TIME_DEFAULT   200 /* ms */
#define MEMORY_DEFAULT (INT64_C(64) << 20)
#define ROWS_DEFAULT   1000
#define BLOCK_SHARE    16          /* one value takes at most this part of the memory */
#define LONG_TEXT      (256 << 10) /* bytes */
#define REFUSAL_SHARE  8           /* a refused allocation costs this part of the steps */

static void on_count(lua_State *L, lua_Debug *ar);

struct script_limits limits_or_default(const struct script_limits *l) {
    struct script_limits out = l ? *l : (struct script_limits){0};
    out.steps = out.steps ? out.steps : STEPS_DEFAULT;
    out.time_ms = out.time_ms ? out.time_ms : TIME_DEFAULT;
    out.memory = out.memory ? out.memory : MEMORY_DEFAULT;
    out.rows = out.rows ? out.rows : ROWS_DEFAULT;
    return out;
}

/* -- the budget -------------------------------------------------------------------------------- */

static void stop(struct script *s, enum stop why) {
    if (s->frame->stopped)
        return;
    s->frame->stopped = why;
    lua_sethook(s->L, on_count, LUA_MASKCOUNT, 1);
}

static void spend(struct script *s, int64_t steps) {
    struct frame *f = s->frame;
    f->left -= steps;
    if (f->left < 0)
        stop(s, STOP_STEPS);
    else if (steps >= s->period && clock_ticks() > f->deadline)
        stop(s, STOP_TIME);
}

static int raise_stopped(lua_State *L, lua_Debug *ar) {
    struct frame *f = script_of(L)->frame;
    if (!f->stopped_at[0] && lua_getinfo(L, "Sl", ar) && ar->currentline > 0)
        snprintf(f->stopped_at, sizeof f->stopped_at, "%s:%d", ar->short_src, ar->currentline);
    lua_pushliteral(L, "stopped");
    return lua_error(L);
}

static void on_count(lua_State *L, lua_Debug *ar) {
    struct script *s = script_of(L);
    if (!s->frame->stopped)
        spend(s, s->period);
    if (s->frame->stopped)
        raise_stopped(L, ar);
}

int frame_stop(lua_State *L, enum stop why) {
    stop(script_of(L), why);
    lua_pushliteral(L, "stopped");
    return lua_error(L);
}

void frame_go_on(struct script *s) {
    s->frame->stopped = STOP_NOT;
    s->frame->stopped_at[0] = '\0';
    lua_sethook(s->L, on_count, LUA_MASKCOUNT, s->period);
}

void charge(lua_State *L, int64_t steps) {
    struct script *s = script_of(L);
    lua_Debug caller;
    spend(s, steps);
    if (s->frame->stopped && lua_getstack(L, 1, &caller))
        raise_stopped(L, &caller);
}

/* What is refused is counted, since a script may go on after "not enough memory". Lua asks twice:
 * the second time after it collected its garbage. */
static void *refuse_block(struct script *s) {
    s->refused = true;
    if (s->frame)
        spend(s, s->all->options.limits.steps / REFUSAL_SHARE);
    if (s->frame && s->frame->stopped == STOP_STEPS)
        s->frame->stopped = STOP_MEMORY;
    return NULL;
}

/* To compare two texts of megabytes is one instruction. */
static void look_often(struct script *s) {
    if (s->period == SHORT_PERIOD || !s->L || (s->frame && s->frame->stopped))
        return;
    s->period = SHORT_PERIOD;
    lua_sethook(s->L, on_count, LUA_MASKCOUNT, s->period);
}

static void *allocate(void *self, void *block, size_t old_size, size_t size) {
    struct script *s = self;
    int64_t old = block ? (int64_t)old_size : 0, wanted = (int64_t)size;
    if (!size) {
        free(block);
        s->memory -= old;
        return NULL;
    }
    if (wanted > old) {
        int64_t max = s->all->options.limits.memory;
        if (wanted > max / BLOCK_SHARE || s->memory - old + wanted > max)
            return refuse_block(s);
        if (s->frame && !s->frame->stopped)
            spend(s, (wanted - old) / BYTES_PER_STEP);
    }
    void *out = realloc(block, size);
    if (!out)
        return wanted <= old ? block : NULL;
    s->memory += wanted - old;
    if (!block && old_size == LUA_TSTRING && wanted > LONG_TEXT)
        look_often(s);
    return out;
}

/* -- frames ------------------------------------------------------------------------------------ */

void frame_begin(struct script *s, struct frame *f, struct txn *t, const struct rule *rule) {
    const struct script_limits *l = &s->all->options.limits;
    *f = (struct frame){.outer = s->frame,
                        .rule = rule,
                        .txn = t,
                        .serial = ++s->serials,
                        .left = l->steps,
                        .begin = clock_ticks(),
                        .writes = t ? txn_writes(t) : 0};
    f->deadline = f->begin + l->time_ms * 1000000;
    if (f->outer && f->outer->left < f->left)
        f->left = f->outer->left;
    if (f->outer && f->outer->deadline < f->deadline)
        f->deadline = f->outer->deadline;
    f->given = f->left;
    f->now = t ? txn_now(t) : 0;
    if (t)
        f->before = txn_deadline(t, f->deadline);
    s->frame = f;
}

void frame_end(struct script *s, struct frame *f) {
    if (f->stopped)
        lua_sethook(s->L, on_count, LUA_MASKCOUNT, s->period);
    if (f->txn)
        txn_deadline(f->txn, f->before);
    s->frame = f->outer;
    if (s->frame)
        s->frame->left -= f->given - f->left;
    /* What the callback left in its part of the stack would fill the memory of the next one. */
    if (!s->frame && s->refused)
        lua_gc(s->L, LUA_GCCOLLECT);
    if (!s->frame)
        s->refused = false;
}

struct frame *frame_need(lua_State *L, const char *what) {
    struct frame *f = script_of(L)->frame;
    if (!f->txn && script_of(L)->trial)
        raisef(L, "%s: in a test this is done by what is handed to it, as in t.create(...)", what);
    if (!f->txn)
        raisef(L, "%s works only inside a rule's function, not while the file is loaded", what);
    return f;
}

bool frame_alive(const struct script *s, uint64_t serial) {
    const struct frame *f = s->frame;
    while (f && f->serial != serial)
        f = f->outer;
    return f != NULL;
}

/* -- errors ------------------------------------------------------------------------------------ */

void *held_test(lua_State *L, int at, enum held_kind kind) {
    struct held *h = lua_type(L, at) == LUA_TUSERDATA ? lua_touserdata(L, at) : NULL;
    return h && h->kind == kind ? h : NULL;
}

static const char error_key = 0; /* of the metatable in the registry */

static int error_text(lua_State *L) {
    struct held_error *h = held_test(L, 1, HELD_ERROR);
    lua_pushstring(L, h ? h->e.message : "");
    return 1;
}

static void error_open(lua_State *L) {
    static const luaL_Reg meta[] = {{"__tostring", error_text}, {NULL, NULL}};
    luaL_newlib(L, meta);
    lua_pushliteral(L, "error");
    lua_setfield(L, -2, "__name");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &error_key);
}

/* Pushes "file:line: " of the script's own function that runs: between it and us may be others of
 * ours, as ask_user(). */
static void push_where(lua_State *L) {
    lua_Debug ar;
    for (int level = 1; lua_getstack(L, level, &ar); level++)
        if (lua_getinfo(L, "Sl", &ar) && ar.currentline > 0) {
            lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
            return;
        }
    lua_pushliteral(L, "");
}

/* A rule that fails because of a write that another rule spoils is named before that one; a rule
 * that calls itself is named once. */
int raise_error(lua_State *L, kith_error *e) {
    bool logged = strncmp(e->message, "rules/", 6) == 0 ||
                  strncmp(e->message, WORKFLOWS "/", sizeof WORKFLOWS) == 0;
    push_where(L);
    const char *where = lua_tostring(L, -1);
    if (e->code != KITH_E_REFUSED && strncmp(e->message, where, strlen(where)) != 0)
        err_prefix(e, "%s", where);
    struct held_error *h = lua_newuserdatauv(L, sizeof *h, 0);
    h->held.kind = HELD_ERROR;
    h->e = *e;
    h->logged = logged;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &error_key);
    lua_setmetatable(L, -2);
    return lua_error(L);
}

int raisef(lua_State *L, const char *fmt, ...) {
    kith_error e = KITH_ERROR_INIT;
    char text[sizeof e.message];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err_set(&e, KITH_E_INVAL, NULL, "%s", text);
    return raise_error(L, &e);
}

uint32_t line_of_caller(lua_State *L) {
    lua_Debug caller;
    if (!lua_getstack(L, 1, &caller) || !lua_getinfo(L, "l", &caller) || caller.currentline < 0)
        return 0;
    return (uint32_t)caller.currentline;
}

/* What was raised by a function of ours, error() among them, may quote what is in a record; what
 * Lua itself finds wrong names variables. */
static const char *text_for_log(lua_State *L) {
    lua_Debug by;
    bool own = lua_getstack(L, 1, &by) && lua_getinfo(L, "S", &by) && strcmp(by.what, "C") != 0;
    const char *text = own ? lua_tostring(L, 1) : NULL;
    return text ? text : "an error was raised";
}

/* The message handler: the traceback goes to the log, the error on to whoever caught it. */
static int on_error(lua_State *L) {
    struct script *s = script_of(L);
    struct held_error *h = held_test(L, 1, HELD_ERROR);
    if (s->console || !s->frame->txn || s->frame->stopped ||
        (h && (h->logged || h->e.code == KITH_E_REFUSED)))
        return 1;
    struct buf words = {0};
    luaL_traceback(L, L, sentence(&words, text_for_log(L)), 1);
    buf_free(&words);
    log_write(engine_log_level(s->all->engine, LOG_ERROR), "script", "%s", lua_tostring(L, -1));
    lua_settop(L, 1);
    return 1;
}

static kith_status stopped_status(const struct script *s, kith_error *e) {
    const struct script_limits *l = &s->all->options.limits;
    const struct frame *f = s->frame;
    const char *at = f->stopped_at[0] ? f->stopped_at : s->file;
    if (s->trial && f->stopped != STOP_MEMORY)
        return err_set(e, KITH_E_LIMIT, NULL, "%s: stopped, a test takes at most %d s", at,
                       TRIAL_MS / 1000);
    if (f->stopped == STOP_STEPS)
        return err_set(e, KITH_E_LIMIT, NULL, "%s: stopped, it takes more than %lld steps", at,
                       (long long)l->steps);
    if (f->stopped == STOP_TIME)
        return err_set(e, KITH_E_LIMIT, NULL, "%s: stopped, it takes longer than %lld ms", at,
                       (long long)l->time_ms);
    return err_set(e, KITH_E_LIMIT, NULL, "%s: stopped, it needs more than %lld MiB of memory", at,
                   (long long)(l->memory >> 20));
}

static kith_status error_status(struct script *s, int rc, kith_error *e) {
    lua_State *L = s->L;
    struct held_error *h = held_test(L, -1, HELD_ERROR);
    if (rc == LUA_ERRMEM)
        return err_set(e, KITH_E_LIMIT, NULL,
                       "%s: it needs more than %lld MiB of memory, or a %dth of that at once",
                       s->file, (long long)(s->all->options.limits.memory >> 20), BLOCK_SHARE);
    if (h) {
        err_copy(e, &h->e);
        return h->e.code;
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        struct buf words = {0};
        err_set(e, KITH_E_INVAL, NULL, "%s", sentence(&words, lua_tostring(L, -1)));
        buf_free(&words);
        return KITH_E_INVAL;
    }
    return err_set(e, KITH_E_INVAL, NULL, "%s: error() was given a %s instead of a text", s->file,
                   luaL_typename(L, -1));
}

/* Where a run is only told of what happened, whatever is closed to the user stays closed; its next
 * step says what is wrong. In a test that made no such user it is the company that acts. */
static kith_status act(struct script *s, struct frame *f, struct acted *before, kith_error *e) {
    bool nobody = s->all->options.no_users || (s->flows && !f->flow);
    kith_error why = KITH_ERROR_INIT;
    kith_status st = txn_act(f->txn, s->acting, before, &why);
    f->acting = st == KITH_OK;
    if (f->acting || (nobody && st == KITH_E_DENIED))
        return KITH_OK;
    err_set(e, st, NULL, "%s: rules.scripts: as: %s", s->file, why.message);
    if (st == KITH_E_DENIED)
        suspend_now(f->rule, f->txn, "has nobody to act for", e);
    return st;
}

static kith_status protected_call(struct script *s, lua_CFunction fn, void *arg, kith_error *e);

kith_status sandbox_call(struct script *s, lua_CFunction fn, void *arg, kith_error *e) {
    struct frame *f = s->frame;
    struct acted before;
    if (f->txn && s->acting)
        TRY(act(s, f, &before, e));
    kith_status st = protected_call(s, fn, arg, e);
    if (f->acting)
        txn_act_end(f->txn, &before);
    return st;
}

static kith_status protected_call(struct script *s, lua_CFunction fn, void *arg, kith_error *e) {
    lua_State *L = s->L;
    int top = lua_gettop(L);
    if (!lua_checkstack(L, LUA_MINSTACK))
        return err_set(e, KITH_E_LIMIT, NULL, "%s: rules are nested too deeply", s->file);
    lua_pushcfunction(L, on_error);
    lua_pushcfunction(L, fn);
    lua_pushlightuserdata(L, arg);
    int rc = lua_pcall(L, 1, 0, top + 1);
    kith_status st = KITH_OK;
    if (s->frame->stopped && s->frame->stopped != STOP_WAIT)
        st = stopped_status(s, e);
    else if (s->frame->stopped)
        st = KITH_OK;
    else if (rc != LUA_OK)
        st = error_status(s, rc, e);
    lua_settop(L, top);
    return st;
}

/* -- the state --------------------------------------------------------------------------------- */

static int refuse_write(lua_State *L) {
    return raisef(L, "'%s' cannot be set: this table can only be read", luaL_tolstring(L, 2, NULL));
}

void freeze(lua_State *L) {
    lua_createtable(L, 0, 0);
    lua_createtable(L, 0, 3);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

/* Globals may be set while the file is loaded, and only read from then on: what a callback left
 * behind would outlive a transaction that is rolled back. */
static int set_global(lua_State *L) {
    if (script_of(L)->frame->txn)
        return raisef(L,
                      "'%s' cannot be set inside a rule: write 'local %s', and keep what must last "
                      "in records",
                      luaL_tolstring(L, 2, NULL), luaL_tolstring(L, 2, NULL));
    lua_settop(L, 3);
    lua_rawset(L, lua_upvalueindex(1));
    return 0;
}

/* What find() gives is a function: a list it is not. */
static int index_function(lua_State *L) {
    return raisef(L,
                  "a function has no '%s': what find() gives is gone through by 'for record in"
                  " find(...) do', and its first record is find(...)()",
                  luaL_tolstring(L, 2, NULL));
}

static void open_functions(lua_State *L) {
    lua_pushcfunction(L, index_function);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, index_function);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

static const char environment_key = 0;

static int open_state(lua_State *L) {
    lua_settop(L, 0);
    lua_createtable(L, 0, 64);
    error_open(L);
    open_functions(L);
    lib_base_open(L, 1);
    lib_string_open(L, 1);
    lib_value_open(L, 1);
    lib_business_open(L, 1);
    lib_template_open(L, 1);
    lib_record_open(L, 1);
    lib_action_open(L, 1);
    lib_rule_open(L, 1);
    lib_require_open(L, 1);
    lib_flow_open(L, 1);
    lib_wait_open(L, 1);
    lib_ask_open(L, 1);
    lib_test_open(L, 1);
    order_open(L, 1, script_of(L)->flows);
    flow_wrap_open(L, 1);
    /* The environment of the scripts is an empty table before the globals. */
    lua_createtable(L, 0, 0);
    lua_createtable(L, 0, 2);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, set_global, 1);
    lua_setfield(L, -2, "__newindex");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &environment_key);
    return 0;
}

void environment_push(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &environment_key);
}

kith_status sandbox_open(struct script *s, kith_error *e) {
    struct frame f;
    s->period = HOOK_PERIOD;
    s->L = lua_newstate(allocate, s);
    if (!s->L)
        return err_nomem(e);
    *(struct script **)lua_getextraspace(s->L) = s;
    lua_sethook(s->L, on_count, LUA_MASKCOUNT, s->period);
    frame_begin(s, &f, NULL, NULL);
    kith_status st = sandbox_call(s, open_state, NULL, e);
    frame_end(s, &f);
    return st;
}

void sandbox_close(struct script *s) {
    if (s->L)
        lua_close(s->L);
    s->L = NULL;
}
