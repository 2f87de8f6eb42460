/* SPDX-License-Identifier: Apache-2.0 */
/* What on_undo() was given. The functions are not kept: the run is gone through once more, as far
 * as its log reaches, which gives them to us with the values that they had. */
#include "script/flow_internal.h"

#include "base/log.h"

#include <string.h>

/* -- the log once more ------------------------------------------------------------------------- */

bool flow_behind_log(const struct flow *w) {
    return w->only_log && !w->no_more && !w->next && !w->script->frame->stopped;
}

/* Calls the function, which ends where the log does. A run that failed has failed behind it. */
static void go_through(lua_State *L, struct flow *w) {
    struct frame *f = w->script->frame;
    lua_newtable(L);
    w->undos = luaL_ref(L, LUA_REGISTRYINDEX);
    w->only_log = true;
    lua_pushcfunction(L, flow_enter);
    lua_pushlightuserdata(L, w);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK && f->stopped != STOP_WAIT && !flow_behind_log(w))
        lua_error(L);
    if (f->stopped)
        frame_go_on(w->script);
    w->only_log = false;
}

/* Protected. */
static int look_through(lua_State *L) {
    go_through(L, lua_touserdata(L, 1));
    return 0;
}

/* Protected. */
static int call_all(lua_State *L) {
    struct flow *w = lua_touserdata(L, 1);
    if (!w->next) /* what it had recorded was erased */
        return 0;
    go_through(L, w);
    w->undoing = true;
    w->branch = 0;
    w->next = NULL;
    w->script->frame->now = txn_now(w->txn);
    lua_rawgeti(L, LUA_REGISTRYINDEX, w->undos);
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i > 0; i--) {
        lua_rawgeti(L, -1, i);
        lua_call(L, 0, 0);
    }
    return 0;
}

static kith_status once_more(struct txn *t, struct flow *w, lua_CFunction what, kith_error *e) {
    struct frame f;
    w->txn = t;
    TRY(flow_read_log(w, e));
    w->next = w->logs[0].first;
    frame_begin(w->script, &f, t, w->rule);
    f.flow = w;
    kith_status st = sandbox_call(w->script, what, w, e);
    frame_end(w->script, &f);
    if (w->undos)
        luaL_unref(w->script->L, LUA_REGISTRYINDEX, w->undos);
    return st;
}

/* -- undone ------------------------------------------------------------------------------------ */

/* "there is no lead 0ABC": does the sentence name an id? */
static bool names_id(const char *message) {
    kith_str rest = str_of(message), word;
    kith_id id;
    while (str_split(&rest, ' ', &word))
        if (word.len == ID_TEXT && id_parse(word, &id))
            return true;
    return false;
}

/* A record that the undo took away is missed by whoever wrote the function, and not known why. */
static kith_status taken_away(kith_status st, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    if (st != KITH_E_NOTFOUND || !names_id(e->message))
        return st;
    err_copy(&why, e);
    return err_set(e, st, NULL,
                   "%s: the undo took it away; keep what on_undo() needs of it before, outside of"
                   " its function, as in local name = lead.name, and link to nothing that is gone",
                   why.message);
}

/* A write_fn. */
static kith_status call_undos(struct txn *t, void *arg, kith_error *e) {
    struct flow *w = arg;
    kith_status st = once_more(t, w, call_all, e);
    if (st != KITH_OK)
        return w->undoing ? taken_away(st, e) : st;
    TRY(flow_log_add(txn_conn(t), w->run->id, buf_view(&w->out), e));
    if (!w->run->attempts)
        return KITH_OK;
    w->run->attempts = 0;
    w->run->error = NULL;
    return flow_save(t, w->run, e);
}

/* The run is over whatever comes of it; it says what went wrong. */
static kith_status note_failure(struct txn *t, struct flow_run *r, const kith_error *why,
                                kith_error *e) {
    char place[ERR_PLACE];
    r->error = arena_printf(txn_arena(t), "on_undo: %s", why->message);
    log_write(engine_log_level(txn_engine(t), LOG_ERROR), "workflow",
              "%s: what is to be done when a run is undone failed (%s)", r->workflow,
              err_place(why, place));
    if (++r->attempts < FLOW_ATTEMPTS)
        TRY(flow_timer(t, r->id, FLOW_UNDO, txn_now(t) + engine_backoff(r->attempts), e));
    return flow_save(t, r, e);
}

kith_status flow_compensate(struct ruleset *set, struct txn *t, kith_id run, kith_error *e) {
    struct flow_run r;
    struct rule *rule;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = flow_read(txn_engine(t), txn_conn(t), run, txn_arena(t), &r, e);
    if (st == KITH_E_NOTFOUND)
        return KITH_OK;
    TRY(st);
    st = flow_rule(set, t, &r, &rule, &why);
    if (st == KITH_OK) {
        struct flow w = {.script = rule->script, .rule = rule, .run = &r};
        struct source source = rule_source(rule);
        st = flow_transaction(t, run, &source, r.cause, NOTE_ON_UNDO, call_undos, &w, &why);
        flow_free(&w);
    }
    if (st == KITH_OK)
        return KITH_OK;
    if (is_nobodys(st)) {
        err_copy(e, &why);
        return st;
    }
    return note_failure(t, &r, &why, e);
}

/* -- other code -------------------------------------------------------------------------------- */

kith_status flow_migrate(struct rule *rule, struct txn *t, struct flow_run *r, kith_error *e) {
    struct script *s = rule->script;
    struct flow w = {.script = s, .rule = rule, .run = r};
    kith_status st = once_more(t, &w, look_through, e);
    flow_free(&w);
    if (st != KITH_OK)
        return err_prefix(e, "the run stays with its code, since it would not go the same way: ");
    TRY(flow_source_keep(txn_conn(t), s->version, s->sources, e));
    r->file = s->file;
    r->version = s->version;
    return flow_pin(t, r, e);
}

/* -- the same code ----------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

kith_status flow_same_again(const struct flow *done, kith_error *e) {
    struct flow w = {.script = done->script, .rule = done->rule, .run = done->run, .no_more = true};
    kith_error why = KITH_ERROR_INIT;
    kith_status st = once_more(done->txn, &w, look_through, &why);
    bool over = !done->waits && !done->again;
    bool same =
        over ? !w.waits && !w.again && same_text(w.result, done->result)
             : w.waits == done->waits && w.again == done->again && str_eq(w.handed, done->handed);
    flow_free(&w);
    if (st == KITH_OK && !same)
        st = err_set(&why, KITH_E_INVAL, NULL, "%s:%u: the run went another way before: %s",
                     done->script->file, (unsigned)done->rule->info.line,
                     over ? "its function gave something else" : "it waited for something else");
    if (st == KITH_OK)
        return KITH_OK;
    return err_set(e, st, NULL,
                   "%s (in a test each step is gone through twice, as after a restart: what a"
                   " workflow does may depend on records, events, now() and math.random)",
                   why.message);
}
