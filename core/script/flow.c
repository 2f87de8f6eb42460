/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of workflows: begun by an event, gone through again from the log whenever something they
 * wait for has come, and kept in the transaction in which that happens. See decision 0037. */
#include "script/flow_internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_BRANCH FLOW_ALL /* of the timer of a run that failed */
#define ROUND_MS     1000     /* ms from one round of continue_as_new() to the next, at least */

/* -- the log of a run -------------------------------------------------------------------------- */

static kith_status grow_logs(struct flow *w, uint32_t branches, size_t *cap, kith_error *e) {
    struct arena *a = txn_arena(w->txn);
    while (w->branches_known < branches) {
        struct branch_log *logs = arena_grow(a, w->logs, w->branches_known, cap, sizeof *logs);
        if (!logs)
            return err_nomem(e);
        w->logs = logs;
        logs[w->branches_known++] = (struct branch_log){0};
    }
    return KITH_OK;
}

#define BRANCH_LIMIT 100000 /* more is a damaged log */

static kith_status take_entry(struct flow *w, struct entry *en, size_t *cap, kith_error *e) {
    uint64_t last = en->branch;
    if (en->kind == ENTRY_FORK && en->seed > 0) /* a branch may have done nothing yet */
        last = (uint64_t)en->at + en->seed - 1;
    if (last >= BRANCH_LIMIT || en->branch >= BRANCH_LIMIT)
        return err_set(e, KITH_E_CORRUPT, NULL, "the log of the run is damaged: 'kith doctor'");
    TRY(grow_logs(w, (uint32_t)last + 1, cap, e));
    struct branch_log *log = &w->logs[en->branch];
    if (!log->first)
        log->tail = &log->first;
    *log->tail = en;
    log->tail = &en->next;
    return KITH_OK;
}

static kith_status read_entries(struct flow *w, size_t *cap, kith_error *e) {
    struct log_reader r;
    TRY(flow_log_read(txn_conn(w->txn), w->run->id, txn_arena(w->txn), &r.left, e));
    while (r.left.len > 0) {
        struct entry *en;
        TRY(entry_read(&r, txn_arena(w->txn), &en, e));
        w->wakings += en->kind == ENTRY_WOKEN;
        TRY(take_entry(w, en, cap, e));
    }
    return KITH_OK;
}

kith_status flow_read_log(struct flow *w, kith_error *e) {
    size_t cap = 0;
    TRY(grow_logs(w, 1, &cap, e));
    TRY(w->start ? take_entry(w, (struct entry *)(uintptr_t)w->start, &cap, e)
                 : read_entries(w, &cap, e));
    w->branches = w->branches_known;
    return KITH_OK;
}

void flow_free(struct flow *w) {
    buf_free(&w->out);
    buf_free(&w->args);
    buf_free(&w->results);
    buf_free(&w->waits_for);
}

/* -- calling the function ---------------------------------------------------------------------- */

static const char *result_text(lua_State *L, struct txn *t) {
    size_t len;
    const char *s;
    if (lua_isnil(L, -1))
        return NULL;
    if (lua_istable(L, -1)) {
        kith_str json = json_take(L, -1, false);
        return arena_str(txn_arena(t), json).ptr;
    }
    if (lua_isfunction(L, -1)) /* its address is another one each time */
        return held_name(L, -1);
    s = luaL_tolstring(L, -1, &len);
    return arena_strdup(txn_arena(t), s);
}

/* Protected. */
int flow_enter(lua_State *L) {
    struct flow *w = lua_touserdata(L, 1);
    const struct entry *start = w->next;
    if (!start || start->kind != ENTRY_START)
        return raisef(L, "the log of the run does not say how it began: 'kith doctor'");
    w->next = start->next;
    flow_woken(w, start);
    lua_settop(L, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, w->rule->function);
    int n = values_decode(L, start->results);
    lua_call(L, n, 1);
    if (w->next)
        return raisef(L,
                      "the run went another way before: the function is over, and %s in %s:%u"
                      " was called then",
                      w->next->name, w->script->file, w->next->line);
    w->result = result_text(L, w->txn);
    return 0;
}

static kith_status call_function(struct flow *w, kith_error *e) {
    struct frame f;
    uint64_t blamed = w->script->all->blamed;
    frame_begin(w->script, &f, w->txn, w->rule);
    f.flow = w;
    kith_status st = sandbox_call(w->script, flow_enter, w, e);
    st = cost_count(w->script, &f, st, e);
    frame_end(w->script, &f);
    suspend_after((struct rule *)(uintptr_t)w->rule, &f, blamed, st, e);
    if (st == KITH_OK && f.stopped == STOP_NOT)
        w->waits = 0;
    return st;
}

/* -- one step ---------------------------------------------------------------------------------- */

static kith_value bool_value(bool yes) {
    return (kith_value){.kind = KITH_BOOL, .as.i = yes};
}

/* What goes round without a pause does so once a second, and leaves the writer to others. A round
 * that an event ended goes on at once (flow_go_on), so that it misses none. */
static kith_status begin_anew(struct flow *w, kith_error *e) {
    int64_t now = txn_now(w->txn);
    bool pauses = w->woke || now - w->run->started >= 2 * ROUND_MS; /* for its beginning, too */
    struct flow_begin b = {.rule = flow_named(w->script->set, w->run->workflow, e),
                           .type = w->run->about_type,
                           .id = w->run->about,
                           .parent = w->run->parent,
                           .push = flow_given_push,
                           .arg = &w->handed,
                           .cause = w->run->cause,
                           .later = true,
                           .always = true,
                           .at_once = w->woke != 0,
                           .due = pauses ? now : now + ROUND_MS};
    w->run->result = "it went on in a new run";
    w->run->remembered = bool_value(false); /* the new one may be */
    TRY(flow_end(w->txn, w->run, FLOW_DONE, e));
    return b.rule ? flow_begin(w->txn, &b, &w->anew, e) : e->code;
}

/* What begins a run is kept with its first step. */
static kith_status keep_log(struct flow *w, kith_error *e) {
    struct buf all = {0};
    if (!w->start)
        return flow_log_add(txn_conn(w->txn), w->run->id, buf_view(&w->out), e);
    buf_str(&all, w->opening);
    buf_str(&all, buf_view(&w->out));
    kith_status st =
        all.failed ? err_nomem(e) : flow_log_add(txn_conn(w->txn), w->run->id, buf_view(&all), e);
    buf_free(&all);
    return st;
}

kith_status flow_is_kept(struct flow *w, bool *kept, kith_error *e) {
    const struct schema *s = engine_schema(txn_engine(w->txn));
    return record_exists(txn_conn(w->txn), s->base.workflow_run.type, w->run->id, kept, e);
}

/* With the record that it is about a run goes, also when its own step deletes that. */
static kith_status find_itself(struct flow *w, kith_error *e) {
    struct flow_run *r = w->run;
    bool kept, about = r->about != 0;
    TRY(flow_is_kept(w, &kept, e));
    if (!kept && about)
        TRY(record_exists(txn_conn(w->txn), r->about_type, r->about, &about, e));
    r->fresh = !kept && w->start;
    w->gone = !kept && (!w->start || (r->about && !about));
    return KITH_OK;
}

static kith_status keep_step(struct flow *w, kith_error *e) {
    struct flow_run *r = w->run;
    TRY(find_itself(w, e));
    if (w->gone)
        return flow_wait_drop(w->txn, r->id, FLOW_ALL, e);
    bool first = r->fresh || w->first;
    TRY(keep_log(w, e));
    r->attempts = 0;
    r->error = NULL;
    if (w->again)
        return begin_anew(w, e);
    if (!w->waits) {
        r->result = w->result;
        return flow_end(w->txn, r, FLOW_DONE, e);
    }
    r->state = FLOW_WAITING;
    r->due = w->due;
    r->waits_for = w->waits_for.ptr;
    TRY(flow_save(w->txn, r, e));
    return first ? flow_started(w->txn, r, e) : KITH_OK;
}

/* A write_fn: the function is called in a transaction of its own. */
static kith_status step(struct txn *t, void *arg, kith_error *e) {
    struct flow *w = arg;
    w->txn = t;
    kith_status st = flow_read_log(w, e);
    if (st == KITH_OK) {
        w->next = w->logs[0].first;
        w->first = w->next && !w->next->next; /* it has done nothing yet */
        st = call_function(w, e);
    }
    if (st == KITH_OK)
        st = keep_step(w, e);
    return st == KITH_OK && !w->gone && w->script->all->twice ? flow_same_again(w, e) : st;
}

/* A write_fn. */
static kith_status end_failed(struct txn *t, void *run, kith_error *e) {
    return flow_end(t, run, FLOW_FAILED, e);
}

static kith_status note_failure(struct txn *t, struct flow_run *r, const struct source *source,
                                const kith_error *why, kith_error *e) {
    char place[ERR_PLACE];
    const struct engine *g = txn_engine(t);
    r->error = arena_strdup(txn_arena(t), why->message);
    r->waits_for = NULL;
    r->result = NULL;
    if (++r->attempts >= FLOW_ATTEMPTS) {
        log_write(engine_log_level(g, LOG_ERROR), "workflow",
                  "%s: a run failed for good (%s): 'kith workflow runs --state failed'",
                  r->workflow, err_place(why, place));
        return flow_transaction(t, r->id, source, r->cause, NULL, end_failed, r, e);
    }
    log_write(engine_log_level(g, LOG_WARN), "workflow",
              "%s: a run failed (%s), and is tried again", r->workflow, err_place(why, place));
    r->state = FLOW_RETRYING;
    r->due = txn_now(t) + engine_backoff(r->attempts);
    TRY(flow_timer(t, r->id, RETRY_BRANCH, r->due, e));
    return flow_save(t, r, e);
}

/* A paused file's runs wait, like its events. */
static kith_status wait_for_resume(struct txn *t, struct flow_run *r, kith_error *e) {
    r->state = FLOW_RETRYING;
    r->due = txn_now(t) + PAUSED_LOOK_MS;
    r->error = arena_printf(txn_arena(t), "%s is suspended: " SUSPENDED_REMEDY, r->file,
                            script_name(r->file));
    TRY(flow_timer(t, r->id, RETRY_BRANCH, r->due, e));
    return flow_save(t, r, e);
}

/* The number of the code in the journal is known then. */
static bool is_own(const struct txn *t, const struct source *source) {
    const struct source *code = txn_code(t);
    return code && code->kind == source->kind && code->line == source->line &&
           strcmp(code->name, source->name) == 0 && strcmp(code->version, source->version) == 0;
}

/* The failure of a step keeps nothing of it; the run stands where it stood, and says why. */
static kith_status run_step(struct txn *t, struct flow *w, uint64_t cause, kith_error *e) {
    const struct rule *rule = w->rule;
    struct flow_run *r = w->run, before = *r;
    struct source source = rule_source(rule);
    const struct source *code = is_own(t, &source) ? txn_code(t) : &source;
    kith_error why = KITH_ERROR_INIT;
    size_t notes = notes_mark(rule->script->all);
    kith_status st =
        flow_transaction(t, r->id, code, cause ? cause : r->cause, NULL, step, w, &why);
    flow_free(w);
    if (st == KITH_OK)
        return KITH_OK;
    *r = before;
    w->anew = 0;
    notes_back(rule->script->all, notes);
    if (is_nobodys(st)) {
        err_copy(e, &why);
        return st;
    }
    if (w->start)
        TRY(flow_log_add(txn_conn(t), r->id, w->opening, e));
    if (txn_paused(t, r->file)) /* by this failure: it waits, and nothing is given up */
        return wait_for_resume(t, r, e);
    return note_failure(t, r, &source, &why, e);
}

/* -- what is kept before a step ---------------------------------------------------------------- */

/* Encodes what begins a run, or ends a wait, in the script's state. */
struct opening {
    struct script *script;
    struct entry entry;
    const struct flow_begin *begin; /* NULL: a wait ends */
    int (*push)(lua_State *L, void *arg);
    void *arg;
    struct buf values;
};

static int encode_opening(lua_State *L) {
    struct opening *o = lua_touserdata(L, 1);
    lua_settop(L, 0);
    if (o->begin && o->begin->id)
        record_push(L, o->begin->type, o->begin->id, NULL);
    else if (o->begin)
        lua_pushnil(L);
    int n = lua_gettop(L);
    if (o->push)
        n += o->push(L, o->arg);
    else if (o->entry.kind == ENTRY_WOKEN)
        lua_pushnil(L), n++;
    values_encode(L, 1, n, &o->values);
    return 0;
}

/* Its bytes are in the transaction's arena. */
static kith_status make_opening(struct txn *t, kith_id run, const struct rule *rule,
                                struct opening *o, kith_str *bytes, kith_error *e) {
    struct frame f;
    struct buf out = {0};
    frame_begin(o->script, &f, t, rule);
    kith_status st = sandbox_call(o->script, encode_opening, o, e);
    frame_end(o->script, &f);
    o->entry.at = txn_now(t);
    o->entry.seed = txn_next_seq(t) ^ run;
    o->entry.results = arena_str(txn_arena(t), buf_view(&o->values));
    if (st == KITH_OK)
        entry_write(&out, &o->entry);
    *bytes = arena_str(txn_arena(t), buf_view(&out));
    if (st == KITH_OK && (out.failed || !bytes->ptr || (o->values.len && !o->entry.results.ptr)))
        st = err_nomem(e);
    buf_free(&o->values);
    buf_free(&out);
    return st;
}

/* -- beginning --------------------------------------------------------------------------------- */

static kith_status may_begin(struct txn *t, const struct flow_begin *b, bool *yes, kith_error *e) {
    const struct rule *r = b->rule;
    struct flow_run last;
    *yes = b->always || !atomic_load_explicit(&r->disabled, memory_order_relaxed);
    if (!*yes || !b->id || b->always ||
        (r->again && strcmp(r->again, "always") == 0 && !r->cool_down))
        return KITH_OK;
    TRY(flow_newest(t, r->info.name, b->type, b->id, &last, e));
    if (!last.id)
        return KITH_OK;
    if (r->cool_down)
        *yes = txn_now(t) - last.started >= r->cool_down;
    else
        *yes = strcmp(r->again, "once") != 0 && flow_is_over(last.state);
    return KITH_OK;
}

/* Whether it may begin again is asked of its runs, also after the time for which runs are kept. */
static bool is_remembered(const struct rule *r) {
    int64_t keep = r->script->all->options.runs_keep_ms;
    return (r->again && strcmp(r->again, "once") == 0) || (keep && r->cool_down > keep);
}

kith_status flow_begin(struct txn *t, const struct flow_begin *b, kith_id *run, kith_error *e) {
    const struct rule *rule = b->rule;
    struct script *s = rule->script;
    struct flow_run r = {.workflow = rule->info.name,
                         .file = s->file,
                         .version = s->version,
                         .about_type = b->id && !b->gone ? b->type : NULL,
                         .about = b->gone ? 0 : b->id,
                         .parent = b->parent,
                         .cause = b->cause,
                         .remembered = bool_value(is_remembered(rule)),
                         .state = b->later ? FLOW_WAITING : FLOW_RETRYING};
    struct opening o = {.script = s,
                        .entry = {.kind = ENTRY_START, .name = "start", .line = rule->info.line},
                        .begin = b,
                        .push = b->push,
                        .arg = b->arg};
    kith_str bytes;
    bool yes;
    *run = 0;
    TRY(may_begin(t, b, &yes, e));
    if (!yes)
        return KITH_OK;
    TRY(flow_source_keep(txn_conn(t), s->version, s->sources, e));
    flow_new(t, &r);
    *run = r.id;
    TRY(make_opening(t, r.id, rule, &o, &bytes, e));
    if (b->later) {
        r.due = b->due > txn_now(t) ? b->due : txn_now(t);
        r.waits_for = "its beginning";
        TRY(flow_save(t, &r, e));
        TRY(flow_log_add(txn_conn(t), r.id, bytes, e));
        return b->at_once ? KITH_OK : flow_timer(t, r.id, RETRY_BRANCH, r.due, e);
    }
    struct flow w = {.script = s,
                     .rule = rule,
                     .run = &r,
                     .start = &o.entry,
                     .opening = bytes,
                     .since = b->cause ? b->cause : txn_next_seq(t) - 1};
    return run_step(t, &w, b->cause, e);
}

/* -- going on ---------------------------------------------------------------------------------- */

static kith_status not_there(const struct flow_run *r, kith_error *e) {
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "the workflow '%s' in the version %s of %s is not to be had: 'kith workflow"
                   " cancel' ends the run",
                   r->workflow, r->version, r->file);
}

/* The function of the run, as it was when the run began. */
kith_status flow_rule(struct ruleset *set, struct txn *t, const struct flow_run *r,
                      struct rule **out, kith_error *e) {
    struct script *s = script_named(set, r->file);
    if (!s || s->problems || strcmp(s->version, r->version) != 0)
        TRY(script_pinned(set, txn_conn(t), r->file, r->version, &s, e));
    *out = flow_in(s, r->workflow);
    return *out ? KITH_OK : not_there(r, e);
}

kith_status flow_go_on(struct ruleset *set, struct txn *t, kith_id run, uint32_t branch,
                       int (*push)(lua_State *L, void *arg), void *arg, uint64_t since,
                       uint64_t cause, kith_error *e) {
    static const struct source kith = {SOURCE_CORE, "workflow", "", 0};
    struct flow_run r;
    struct rule *rule;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = flow_read(txn_engine(t), txn_conn(t), run, txn_arena(t), &r, e);
    if (st == KITH_E_NOTFOUND || (st == KITH_OK && flow_is_over(r.state)))
        return flow_wait_drop(t, run, FLOW_ALL, e);
    TRY(st);
    st = flow_rule(set, t, &r, &rule, &why);
    if (st == KITH_OK && branch != RETRY_BRANCH) {
        struct opening o = {.script = rule->script,
                            .entry = {.kind = ENTRY_WOKEN, .branch = branch, .name = "woken"},
                            .push = push,
                            .arg = arg};
        kith_str bytes;
        TRY(make_opening(t, run, rule, &o, &bytes, e));
        TRY(flow_log_add(txn_conn(t), run, bytes, e));
        TRY(flow_wait_drop(t, run, branch, e));
        if (r.state != FLOW_WAITING) /* it goes on with its next try */
            return KITH_OK;
    }
    if (st != KITH_OK)
        return is_nobodys(st) ? (err_copy(e, &why), st) : note_failure(t, &r, &kith, &why, e);
    if (txn_paused(t, r.file))
        return wait_for_resume(t, &r, e);
    struct flow w = {
        .script = rule->script, .rule = rule, .run = &r, .since = since, .woke = cause};
    TRY(run_step(t, &w, cause, e));
    return w.anew && cause ? flow_go_on(set, t, w.anew, RETRY_BRANCH, NULL, NULL, since, 0, e)
                           : KITH_OK;
}

/* -- what begins and wakes runs ---------------------------------------------------------------- */

static int push_event(lua_State *L, void *arg) {
    return flow_event_push(L, arg);
}

static kith_status is_gone(struct txn *t, const struct event *ev, bool *gone, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    const kith_value *values;
    kith_id id = ev->id; /* one that was merged is there, under another */
    kith_status st = ev->type ? txn_read(t, ev->type, &id, &values, &why) : KITH_OK;
    *gone = st == KITH_E_NOTFOUND;
    if (st != KITH_OK && !*gone)
        err_copy(e, &why);
    return *gone ? KITH_OK : st;
}

kith_status flow_on_event(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct flow_begin b = {.rule = self,
                           .type = ev->type,
                           .id = ev->id,
                           .push = push_event,
                           .arg = (void *)(uintptr_t)ev,
                           .cause = ev->seq};
    kith_id run;
    bool seen;
    TRY(right_sees(b.rule->script, b.rule, t, ev->type, ev->id, ev->values, &seen, e));
    if (seen && ev->id)
        TRY(is_gone(t, ev, &b.gone, e));
    if (b.gone && (ev->kind == ROW_CREATE || ev->kind == ROW_UPDATE))
        return KITH_OK; /* with its record the run would have gone, too */
    return seen ? flow_begin(t, &b, &run, e) : KITH_OK;
}

kith_status flow_on_time(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    kith_str nothing = {NULL, 0};
    struct flow_begin b = {.rule = self, .push = flow_given_push, .arg = &nothing};
    kith_id run;
    (void)timer;
    return flow_begin(t, &b, &run, e);
}

static kith_status on_timer(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    char text[16];
    snprintf(text, sizeof text, "%.*s", (int)timer->payload.len, timer->payload.ptr);
    uint32_t branch = (uint32_t)strtoul(text, NULL, 10);
    if (branch == FLOW_UNDO)
        return flow_compensate(self, t, timer->subject, e);
    return flow_go_on(self, t, timer->subject, branch, NULL, NULL, txn_next_seq(t) - 1, 0, e);
}

/* -- registering ------------------------------------------------------------------------------- */

static bool any_workflow(const struct ruleset *set) {
    for (const struct script *s = set->files; s; s = s->next)
        for (const struct rule *r = s->rules; r; r = r->next)
            if (r->info.kind == RULE_WORKFLOW)
                return true;
    return false;
}

static bool sees(void *self, uint32_t kind, const struct rtype *type) {
    const struct ruleset *set = self;
    return flow_may_wait(set->all->engine, kind, type);
}

kith_status flow_register(struct ruleset *set, kith_error *e) {
    struct engine *g = set->all->engine;
    const struct source source = {SOURCE_RULE, "workflow", "", 0};
    TRY(engine_add_timer(
        g,
        &(struct timer_handler){.name = FLOW_TIMER, .fn = on_timer, .self = set, .source = source},
        e));
    if (!any_workflow(set) && !flow_any_began(g))
        return KITH_OK; /* nobody has to hear of what happens */
    return engine_add_reaction(g,
                               &(struct reaction){.name = "core:workflow",
                                                  .topic = "*",
                                                  .sees = sees,
                                                  .fn = flow_on_any,
                                                  .self = set,
                                                  .source = source},
                               e);
}
