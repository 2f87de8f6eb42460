/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to runs of workflows as a whole: they begin, end, are cancelled and tried again. */
#include "base/json.h"
#include "engine/engine_internal.h"
#include "engine/flow.h"

#include <string.h>

/* -- telling ----------------------------------------------------------------------------------- */

static const kith_field started_fields[] = {
    {.name = "run", .kind = KITH_F_TEXT, .doc = "The run's id."},
    {.name = "workflow", .kind = KITH_F_TEXT, .doc = "The workflow's name."},
};
static const kith_field ended_fields[] = {
    {.name = "run", .kind = KITH_F_TEXT, .doc = "The run's id."},
    {.name = "workflow", .kind = KITH_F_TEXT, .doc = "The workflow's name."},
    {.name = "state", .kind = KITH_F_TEXT, .doc = "\"done\", \"failed\" or \"cancelled\"."},
    {.name = "result", .kind = KITH_F_TEXT, .doc = "What its function gave, as text."},
    {.name = "error", .kind = KITH_F_TEXT, .doc = "What went wrong."},
};
static const kith_field requested_fields[] = {
    {.name = "workflow", .kind = KITH_F_TEXT, .doc = "The workflow's name."},
};
enum { REQUESTED, STARTED, ENDED };
static const kith_topic topics[] = {
    [REQUESTED] = {.name = FLOW_REQUESTED,
                   .schema = 1,
                   .fields = KITH_ARRAY(requested_fields),
                   .doc = "Somebody had a workflow begin, by hand or by the action."},
    [STARTED] = {.name = "workflow.started",
                 .schema = 1,
                 .fields = KITH_ARRAY(started_fields),
                 .doc = "A run of a workflow began, and waits."},
    [ENDED] = {.name = "workflow.ended",
               .schema = 1,
               .fields = KITH_ARRAY(ended_fields),
               .doc = "A run of a workflow is over, or has failed."},
};

static void json_text(struct json_out *j, const char *key, const char *text) {
    if (!text)
        return;
    json_key(j, key);
    json_strz(j, text);
}

static kith_status tell(struct txn *t, const struct flow_run *r, int topic, kith_error *e) {
    struct buf json = {0};
    struct json_out j;
    char id[ID_TEXT + 1];
    id_format(r->id, id);
    json_begin(&j, &json, false);
    json_object_(&j);
    if (r->id)
        json_text(&j, "run", id);
    json_text(&j, "workflow", r->workflow);
    if (topic == ENDED) {
        json_text(&j, "state", flow_state_name(r->state));
        json_text(&j, "result", r->result);
        json_text(&j, "error", r->error);
    }
    json_object_end(&j);
    kith_status st = json.failed ? err_nomem(e)
                                 : txn_publish(t, topics[topic].name, r->about_type, r->about,
                                               buf_view(&json), e);
    buf_free(&json);
    return st;
}

kith_status flow_requested(struct txn *t, const char *workflow, const struct rtype *type,
                           kith_id id, uint64_t *row, kith_error *e) {
    const struct flow_run r = {.workflow = workflow, .about_type = type, .about = id};
    TRY(tell(t, &r, REQUESTED, e));
    *row = txn_last_seq(t);
    return KITH_OK;
}

kith_status flow_started(struct txn *t, const struct flow_run *r, kith_error *e) {
    return tell(t, r, STARTED, e);
}

kith_status flow_end(struct txn *t, struct flow_run *r, enum flow_state state, kith_error *e) {
    r->state = state;
    r->over = state == FLOW_FAILED ? 0 : t->head.at;
    r->due = 0;
    r->waits_for = NULL;
    if (state != FLOW_FAILED &&
        !r->fresh) /* one that failed can be tried again, and goes on from there */
        TRY(flow_wait_drop(t, r->id, FLOW_ALL, e));
    TRY(flow_save(t, r, e));
    return tell(t, r, ENDED, e);
}

/* -- undone ------------------------------------------------------------------------------------ */

/* By which one that was undone is told from one that was only cancelled: it is undone once. */
static const char undone[] = "it was undone";

static bool is_undone(const struct flow_run *r) {
    return r->state == FLOW_CANCELLED && r->result && strcmp(r->result, undone) == 0;
}

kith_status flow_cancel(struct txn *t, kith_id run, kith_error *e) {
    struct flow_run r;
    kith_status st = flow_read(t->g, t->g->writer, run, t->arena, &r, e);
    if (st == KITH_E_NOTFOUND || (st == KITH_OK && is_undone(&r)))
        return KITH_OK;
    TRY(st);
    r.result = undone;
    TRY(flow_end(t, &r, FLOW_CANCELLED, e));
    return flow_timer(t, r.id, FLOW_UNDO, t->head.at, e);
}

kith_status flow_cancel_caused(struct txn *t, uint64_t first, uint64_t last, kith_error *e) {
    kith_id *runs;
    size_t n;
    TRY(record_between(t->g->writer, t->g->schema->base.workflow_run.cause, (int64_t)first,
                       (int64_t)last, t->arena, &runs, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(flow_cancel(t, runs[i], e));
    return KITH_OK;
}

/* -- erased ------------------------------------------------------------------------------------ */

/* A write_fn: what a run has recorded goes, and without that it cannot go on. */
static kith_status forget_recorded(struct txn *t, void *run, kith_error *e) {
    struct flow_run r;
    TRY(flow_read(t->g, t->g->writer, *(kith_id *)run, t->arena, &r, e));
    r.result = NULL;
    r.error = "what it had recorded of somebody was erased";
    TRY(flow_is_over(r.state) ? flow_save(t, &r, e) : flow_end(t, &r, FLOW_CANCELLED, e));
    TRY(flow_wait_drop(t, r.id, FLOW_ALL, e));
    return flow_log_forget(t->g->writer, r.id, e);
}

kith_status flow_sweep(struct engine *g, const struct source *code, uint32_t number,
                       const struct traces *traces, uint64_t *after, int64_t max, bool *whole,
                       kith_error *e) {
    struct id_list runs = {0};
    arena_reset(&g->work);
    TRY(flow_log_naming(g->writer, traces, after, max, &g->work, &runs, whole, e));
    for (size_t i = 0; i < runs.count; i++) {
        struct txn t;
        txn_begin(&t, g, &by_kith, number);
        t.code = code;
        t.source = number;
        kith_status st = txn_run(&t, forget_recorded, &runs.items[i], e);
        if (st != KITH_OK && st != KITH_E_NOTFOUND)
            return st;
        if (st == KITH_E_NOTFOUND) /* its record is gone */
            TRY(flow_log_forget(g->writer, runs.items[i], e));
    }
    return KITH_OK;
}

/* -- actions ----------------------------------------------------------------------------------- */

static kith_status read_arg(struct call *call, struct flow_run *r, kith_error *e) {
    return flow_read(call->engine, txn_conn(call->txn), call->args[0].as.link.id, call->arena, r,
                     e);
}

static kith_status refuse_over(const struct flow_run *r, const char *what, kith_error *e) {
    return err_set(e, KITH_E_CONFLICT, NULL, "the run of '%s' is %s: it cannot be %s", r->workflow,
                   flow_state_name(r->state), what);
}

static kith_status cancel(void *self, struct call *call, kith_error *e) {
    struct flow_run r;
    (void)self;
    TRY(read_arg(call, &r, e));
    if (flow_is_over(r.state))
        return refuse_over(&r, "cancelled", e);
    return flow_end(call->txn, &r, FLOW_CANCELLED, e);
}

static kith_status retry(void *self, struct call *call, kith_error *e) {
    struct flow_run r;
    (void)self;
    TRY(read_arg(call, &r, e));
    if (r.state != FLOW_FAILED && r.state != FLOW_RETRYING)
        return refuse_over(&r, "tried again", e);
    r.state = FLOW_RETRYING;
    r.attempts = 0;
    r.due = txn_now(call->txn);
    TRY(flow_timer(call->txn, r.id, FLOW_ALL, r.due, e));
    return flow_save(call->txn, &r, e);
}

static const kith_field run_param[] = {
    {.name = "run",
     .kind = KITH_F_LINK,
     .options = "workflow_run",
     .flags = KITH_FF_REQUIRED,
     .doc = "The run."},
};
static const struct own_action actions[] = {
    {"workflow.cancel",
     "Ends a run of a workflow where it stands. What it did stays; 'kith undo RUN' takes that "
     "back.",
     KITH_ARRAY(run_param),
     {0},
     cancel,
     0,
     {0}},
    {"workflow.retry",
     "Tries the step again at which a run failed, with the values that it has recorded.",
     KITH_ARRAY(run_param),
     {0},
     retry,
     0,
     {0}},
    {.name = NULL},
};
const struct own_part flow_own = {.name = "workflow",
                                  .actions = actions,
                                  .topic_count = sizeof topics / sizeof *topics,
                                  .topics = topics};
