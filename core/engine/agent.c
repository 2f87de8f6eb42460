/* SPDX-License-Identifier: Apache-2.0 */
/* Session: see agent.h. */
#include "engine/agent.h"
#include "engine/engine_internal.h"
#include "record/record_json.h"

#include <string.h>

/* -- what is written in one -------------------------------------------------------------------- */

void agent_enter(struct txn *t) {
    const struct agent_session *s = t->session;
    if (!s)
        return;
    t->head.run = t->head.run ? t->head.run : s->id;
    t->head.note = t->head.note.len ? t->head.note : str_of(s->note);
    if (t->head.origin == ORIGIN_CLI)
        t->head.origin = ORIGIN_API;
}

bool agent_is_run(const struct txn *t) {
    return t->session && t->head.run == t->session->id;
}

/* With what it writes, so that after a crash it is known whether it did (agent_settle). */
static kith_status note_approved(struct txn *t, kith_error *e) {
    char id[ID_TEXT + 1];
    if (!t->session->approval)
        return KITH_OK;
    id_format(txn_id(t), id);
    const char *result = arena_printf(t->arena, "{\"transaction\":\"%s\"}", id);
    if (!result)
        return err_nomem(e);
    return approval_log_wrote(t->g->writer, t->session->approval, str_of(result), e);
}

kith_status agent_charge(struct txn *t, kith_error *e) {
    if (!t->session || !t->head.first)
        return KITH_OK;
    TRY(note_approved(t, e));
    return agent_log_charge(t->g->writer, t->session->id, t->head.run,
                            (int64_t)(t->head.last - t->head.first + 1), t->head.at,
                            t->session->late, e);
}

/* -- begin and end ----------------------------------------------------------------------------- */

static const struct principal itself = {.name = "system", .all = true};

static kith_status begin(struct txn *t, void *arg, kith_error *e) {
    struct agent_entry *s = arg;
    s->id = txn_id(t);
    s->started = t->head.at;
    return agent_log_begin(t->g->writer, s, e);
}

kith_status engine_agent_begin(struct engine *g, const struct principal *p, const char *client,
                               int64_t budget, kith_id *id, kith_error *e) {
    struct agent_entry s = {.user = p->user, .actor = p->name, .client = client, .budget = budget};
    struct write_opts o = {.principal = &itself, .origin = ORIGIN_SYSTEM};
    TRY(engine_write(g, &o, begin, &s, NULL, e));
    *id = s.id;
    return KITH_OK;
}

static kith_status end(struct txn *t, void *arg, kith_error *e) {
    const kith_id *id = arg;
    return agent_log_end(t->g->writer, *id, t->head.at, e);
}

kith_status engine_agent_end(struct engine *g, kith_id id, kith_error *e) {
    struct write_opts o = {.principal = &itself, .origin = ORIGIN_SYSTEM};
    return engine_write(g, &o, end, &id, NULL, e);
}

/* -- reading ----------------------------------------------------------------------------------- */

kith_status engine_agent(struct engine *g, const struct principal *p, kith_id id, struct arena *a,
                         struct agent_entry *out, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = agent_log_read(c, id, a, out, e);
    engine_reader_done(g, c);
    if (st == KITH_OK && !p->all && out->user != p->user)
        st = err_set(e, KITH_E_NOTFOUND, NULL, "there is no such session: begin another one");
    return st;
}

kith_status engine_agents(struct engine *g, const struct principal *p, int64_t most,
                          struct arena *a, struct agent_entry **out, size_t *count, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = agent_log_all(c, p->all ? 0 : p->user, most, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}

/* -- what was to be seen before it writes ------------------------------------------------------ */

_Static_assert(sizeof((struct agent_guard *)0)->mark == RECORD_MARK, "the first mark");
/* Of all fields, whoever asks: it is no news for anybody. */
static kith_status mark_of(struct conn *c, const struct schema *s, const struct agent_guard *at,
                           struct arena *a, char mark[RECORD_VERSION], kith_error *e) {
    kith_value *values = ARENA_ARRAY(a, kith_value, at->type->field_count);
    if (!values)
        return err_nomem(e);
    TRY(record_read(c, at->type, at->id, a, values, e));
    record_version(s, &itself, at->type, at->id, values, mark);
    return KITH_OK;
}

kith_status engine_guard(struct engine *g, struct agent_guard *guard, struct arena *a,
                         kith_error *e) {
    struct conn *c;
    char mark[RECORD_VERSION];
    TRY(engine_reader(g, &c, e));
    kith_status st = mark_of(c, g->schema, guard, a, mark, e);
    engine_reader_done(g, c);
    if (st == KITH_OK)
        memcpy(guard->mark, mark, sizeof guard->mark);
    return st;
}

kith_status agent_check(struct txn *t, kith_error *e) {
    for (size_t i = 0; t->session && i < t->session->guard_count; i++) {
        const struct agent_guard *g = &t->session->guards[i];
        char now[RECORD_VERSION];
        kith_status st = mark_of(t->g->writer, t->g->schema, g, t->arena, now, NULL);
        if (st != KITH_OK || memcmp(now, g->mark, sizeof g->mark) != 0)
            return err_set(e, KITH_E_CONFLICT, NULL,
                           "a %s that this is about was changed just now: nothing was written",
                           g->type->name);
    }
    return KITH_OK;
}

/* -- what a person is to allow ----------------------------------------------------------------- */

struct asking {
    struct approval *a;
    kith_id user;
    const char *title;
};

static kith_status add_task(struct txn *t, const struct asking *x, kith_id *id, kith_error *e) {
    const struct schema *s = t->g->schema;
    const struct rtype *type = s->base.task.type;
    const struct rfield *title = type_field(s, type, STR("title")),
                        *assignee = type_field(s, type, STR("assignee")),
                        *body = type_field(s, type, STR("body"));
    struct assign set[3] = {
        {title, value_str(str_of(x->title))},
        {body, value_str(STR("An agent asks. 'kith mcp approvals' shows what it would do,"
                             " 'kith mcp approve' and 'kith mcp refuse' decide."))},
        {assignee, value_link(x->user, s->base.user.type->id)}};
    return txn_create(t, type, set, x->user ? 3 : 2, id, e);
}

struct closing {
    kith_id task;
    const char *state;
};

/* The task is done with it, unless somebody has closed it already. */
static kith_status close_task(struct txn *t, void *arg, kith_error *e) {
    const struct closing *x = arg;
    const struct base_task *f = &t->g->schema->base.task;
    const kith_value *values;
    TRY(txn_get(t, f->type, x->task, &values, e));
    if (!str_eqz(values[f->state->index].as.s, "open"))
        return KITH_OK;
    struct assign set = {f->state, value_str(str_of(x->state))};
    return txn_update(t, f->type, x->task, &set, 1, e);
}

static kith_status close_late(struct txn *t, kith_error *e) {
    kith_id *tasks;
    size_t count;
    TRY(approval_log_late(t->g->writer, t->head.at, t->arena, &tasks, &count, e));
    for (size_t i = 0; i < count; i++)
        (void)txn_try(t, close_task, &(struct closing){tasks[i], "cancelled"}, NULL);
    return KITH_OK;
}

static kith_status ask_in(struct txn *t, void *arg, kith_error *e) {
    struct asking *x = arg;
    x->a->asked = t->head.at;
    TRY(close_late(t, e));
    TRY(add_task(t, x, &x->a->task, e));
    return approval_log_add(t->g->writer, x->a, e);
}

kith_status engine_approval_add(struct engine *g, struct approval *a, kith_id user,
                                const char *title, kith_error *e) {
    struct asking x = {a, user, title};
    struct write_opts o = {.principal = &itself, .origin = ORIGIN_SYSTEM};
    return engine_write(g, &o, ask_in, &x, NULL, e);
}

struct moving {
    const struct approval *a;
    uint32_t from, to;
    const char *who;
    kith_str result;
};

static kith_status move_in(struct txn *t, void *arg, kith_error *e) {
    struct moving *x = arg;
    TRY(approval_log_move(t->g->writer, x->a->number, x->from, x->to, t->head.at, x->who, x->result,
                          e));
    if (x->a->task && x->to != APPROVAL_BEGUN && x->to != APPROVAL_WAITS)
        (void)txn_try(t, close_task, /* it may be gone */
                      &(struct closing){x->a->task, x->to == APPROVAL_DONE ? "done" : "cancelled"},
                      NULL);
    return KITH_OK;
}

kith_status engine_approval_move(struct engine *g, const struct approval *a, uint32_t from,
                                 uint32_t to, const char *who, kith_str result, kith_error *e) {
    struct moving x = {a, from, to, who, result};
    struct write_opts o = {.principal = &itself, .origin = ORIGIN_SYSTEM};
    return engine_write(g, &o, move_in, &x, NULL, e);
}

/* One that did not write waits again, unless an erasure has taken what it was about. */
static kith_status settle_in(struct txn *t, void *arg, kith_error *e) {
    struct approval *items;
    size_t count;
    (void)arg;
    TRY(approval_log_begun(t->g->writer, t->arena, &items, &count, e));
    for (size_t i = 0; i < count; i++) {
        bool wrote = items[i].result.len > 0, known = items[i].args.len > 0;
        struct moving x = {&items[i], APPROVAL_BEGUN,
                           wrote   ? APPROVAL_DONE
                           : known ? APPROVAL_WAITS
                                   : APPROVAL_EXPIRED,
                           wrote ? items[i].who : "", items[i].result};
        TRY(move_in(t, &x, e));
    }
    return KITH_OK;
}

void agent_settle(struct engine *g) {
    struct write_opts o = {.principal = &itself, .origin = ORIGIN_SYSTEM};
    struct arena a = {0};
    struct approval *items;
    struct conn *c;
    size_t count = 0;
    kith_error e = KITH_ERROR_INIT;
    kith_status st = engine_reader(g, &c, &e);
    if (st == KITH_OK) {
        st = approval_log_begun(c, &a, &items, &count, &e);
        engine_reader_done(g, c);
    }
    if (st == KITH_OK && count) /* else nothing is written: the disk may be full */
        st = engine_write(g, &o, settle_in, NULL, NULL, &e);
    if (st != KITH_OK)
        log_warn("engine", "approvals that a crash left undecided stay so: %s", e.message);
    arena_free(&a);
}

kith_status engine_approval(struct engine *g, const struct principal *p, int64_t number,
                            struct arena *a, struct approval *out, struct agent_entry *session,
                            kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = approval_log_read(c, number, engine_now(g), a, out, e);
    if (st == KITH_OK)
        st = agent_log_read(c, out->session, a, session, e);
    engine_reader_done(g, c);
    if (st == KITH_OK && !p->all && session->user != p->user)
        st = err_set(e, KITH_E_NOTFOUND, NULL,
                     "there is no approval %lld: 'kith mcp approvals' lists them",
                     (long long)number);
    return st;
}

kith_status engine_approvals(struct engine *g, const struct principal *p, bool waiting,
                             struct arena *a, struct approval **out, size_t *count, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st =
        approval_log_all(c, p->all ? 0 : p->user, waiting, engine_now(g), a, out, count, e);
    engine_reader_done(g, c);
    return st;
}
