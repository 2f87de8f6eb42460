/* SPDX-License-Identifier: Apache-2.0 */
/* Flow: the tables of runs of workflows, and their records. */
#include "engine/flow.h"
#include "base/date.h"
#include "engine/bus.h"
#include "engine/engine_internal.h"
#include "engine/retention.h"

#include <stdio.h>
#include <string.h>

/* -- records ----------------------------------------------------------------------------------- */

static const char *const state_names[] = {"waiting", "retrying", "failed", "done", "cancelled"};

const char *flow_state_name(enum flow_state state) {
    return state_names[state];
}

static kith_value text_or_null(const char *s) {
    return s ? value_str(str_of(s)) : value_null();
}

static kith_value time_or_null(int64_t at) {
    return at ? value_time(at) : value_null();
}

/* The fields that change while it runs. */
static size_t take_changing(const struct base_workflow_run *f, const struct flow_run *r,
                            struct assign *set) {
    const struct assign all[] = {
        {f->state, text_or_null(state_names[r->state])},
        {f->attempts, value_int(r->attempts)},
        {f->due, time_or_null(r->due)},
        {f->over, time_or_null(r->over)},
        {f->waits_for, text_or_null(r->waits_for)},
        {f->result, text_or_null(r->result)},
        {f->error, text_or_null(r->error)},
        {f->remembered, r->remembered},
    };
    memcpy(set, all, sizeof all);
    return sizeof all / sizeof *all;
}

/* The fields are nobody else's. */
static kith_status write_record(struct txn *t, const struct flow_run *r, const struct assign *set,
                                size_t count, kith_error *e) {
    static const struct source kith = {SOURCE_CORE, "workflow", "", 0};
    const struct rtype *type = t->g->schema->base.workflow_run.type;
    const struct source *code = t->code;
    t->code = &kith;
    t->system++;
    kith_status st = r->fresh ? txn_create_as(t, type, r->id, set, count, e)
                              : txn_update(t, type, r->id, set, count, e);
    t->system--;
    t->code = code;
    return st;
}

void flow_new(struct txn *t, struct flow_run *r) {
    r->id = idgen_next(&t->g->ids, t->head.at);
    r->started = t->head.at;
    r->fresh = true;
}

kith_status flow_save(struct txn *t, struct flow_run *r, kith_error *e) {
    const struct base_workflow_run *f = &t->g->schema->base.workflow_run;
    struct assign set[16];
    size_t n = take_changing(f, r, set);
    if (r->fresh) {
        set[n++] = (struct assign){f->workflow, text_or_null(r->workflow)};
        set[n++] = (struct assign){f->file, text_or_null(r->file)};
        set[n++] = (struct assign){f->version, text_or_null(r->version)};
    }
    if (r->fresh && r->about_type)
        set[n++] = (struct assign){f->about, value_link(r->about, r->about_type->id)};
    if (r->fresh && r->cause)
        set[n++] = (struct assign){f->cause, value_int((int64_t)r->cause)};
    if (r->fresh && r->parent)
        set[n++] = (struct assign){f->parent, value_link(r->parent, f->type->id)};
    TRY(write_record(t, r, set, n, e));
    r->fresh = false;
    return KITH_OK;
}

kith_status flow_pin(struct txn *t, const struct flow_run *r, kith_error *e) {
    const struct base_workflow_run *f = &t->g->schema->base.workflow_run;
    struct assign set[] = {{f->file, text_or_null(r->file)},
                           {f->version, text_or_null(r->version)}};
    return write_record(t, r, set, sizeof set / sizeof *set, e);
}

static enum flow_state state_of(const kith_value *v) {
    for (size_t i = 0; i < sizeof state_names / sizeof *state_names; i++)
        if (v->kind == KITH_TEXT && str_eqz(v->as.s, state_names[i]))
            return (enum flow_state)i;
    return FLOW_FAILED;
}

static void from_values(struct engine *g, const kith_value *v, struct flow_run *out) {
    const struct base_workflow_run *f = &g->schema->base.workflow_run;
#define TEXT(field) (v[f->field->index].kind == KITH_TEXT ? v[f->field->index].as.s.ptr : NULL)
#define TIME(field) (v[f->field->index].kind == KITH_TIME ? v[f->field->index].as.i : 0)
    const kith_value *about = &v[f->about->index], *parent = &v[f->parent->index];
    kith_id id = out->id;
    *out = (struct flow_run){.id = id,
                             .workflow = TEXT(workflow),
                             .file = TEXT(file),
                             .version = TEXT(version),
                             .state = state_of(&v[f->state->index]),
                             .attempts = (uint32_t)v[f->attempts->index].as.i,
                             .cause = (uint64_t)v[f->cause->index].as.i,
                             .started = v[FIELD_CREATED].as.i,
                             .due = TIME(due),
                             .over = TIME(over),
                             .waits_for = TEXT(waits_for),
                             .result = TEXT(result),
                             .error = TEXT(error),
                             .remembered = v[f->remembered->index]};
    if (about->kind == KITH_LINK) {
        out->about_type = schema_type_by_id(g->schema, about->as.link.type);
        out->about = about->as.link.id;
    }
    out->parent = parent->kind == KITH_LINK ? parent->as.link.id : 0;
#undef TEXT
#undef TIME
}

kith_status flow_read(struct engine *g, struct conn *c, kith_id run, struct arena *a,
                      struct flow_run *out, kith_error *e) {
    const struct rtype *type = g->schema->base.workflow_run.type;
    kith_value *values = ARENA_ARRAY(a, kith_value, type->field_count);
    bool there;
    char text[ID_TEXT + 1];
    if (!values)
        return err_nomem(e);
    TRY(record_find(c, type, run, a, values, &there, e));
    id_format(run, text);
    if (!there)
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "there is no run %s: 'kith workflow runs' shows them", text);
    *out = (struct flow_run){.id = run};
    from_values(g, values, out);
    return KITH_OK;
}

kith_status flow_newest(struct txn *t, const char *workflow, const struct rtype *about, kith_id id,
                        struct flow_run *out, kith_error *e) {
    const struct base_workflow_run *f = &t->g->schema->base.workflow_run;
    kith_id newest;
    *out = (struct flow_run){0};
    TRY(record_newest_referrer(t->g->writer, f->about, id, about->id, f->workflow, str_of(workflow),
                               &newest, e));
    return newest ? flow_read(t->g, t->g->writer, newest, t->arena, out, e) : KITH_OK;
}

kith_status flow_cascade(struct txn *t, const struct flow_run *run, kith_error *e) {
    struct flow_run r = *run;
    uint32_t max = t->g->opts.cascade_max;
    int64_t at = run->attempts ? run->started : t->head.at; /* waiting for a try is no pause */
    for (uint32_t n = 1; at - r.started < CASCADE_PAUSE_MS; n++) {
        if (n > max)
            return err_set(e, KITH_E_LIMIT, NULL,
                           "workflows begin each other more than %u deep without a pause, and '%s'"
                           " begins no more",
                           max, run->workflow);
        if (!r.parent || flow_read(t->g, t->g->writer, r.parent, t->arena, &r, NULL) != KITH_OK)
            return KITH_OK;
    }
    return KITH_OK;
}

/* -- waiting ----------------------------------------------------------------------------------- */

/* Notes of which rows somebody may wait for; that is never taken back. */
static kith_status expect_topic(struct engine *g, const char *topic, kith_error *e) {
    struct reaction_entry r;
    if (strcmp(topic, "*") == 0 || !bus_match(g, str_of(topic), &r))
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "nobody publishes '%s'; a type publishes .created, .updated, .deleted and"
                       " its states",
                       topic);
    if (r.type && r.type->history == KITH_HISTORY_NONE)
        return err_set(e, KITH_E_UNSUPPORTED, NULL,
                       "'%s' never happens: records of type %s keep no history, and so no events",
                       topic, r.type->name);
    g->flow_waited[r.type ? r.type->id : 0] = true;
    return KITH_OK;
}

bool flow_may_wait(const struct engine *g, uint32_t kind, const struct rtype *type) {
    return kind == ROW_EVENT ? g->flow_waited[0] : type && g->flow_waited[type->id];
}

bool flow_any_began(const struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    bool any = true;
    return flow_source_any(g->writer, &any, &e) != KITH_OK || any;
}

/* Of topics that nobody publishes now, their module may come back. */
static kith_status note_topic(void *g, const char *topic, kith_error *e) {
    (void)expect_topic(g, topic, NULL);
    (void)e;
    return KITH_OK;
}

kith_status flow_topics_read(struct engine *g, kith_error *e) {
    g->flow_waited = ARENA_ARRAY(&g->arena, bool, g->type_max + 1);
    if (!g->flow_waited)
        return err_nomem(e);
    return flow_log_topics(g->writer, note_topic, g, e);
}

kith_status flow_wait_add(struct txn *t, const struct flow_wait *w, kith_error *e) {
    TRY(expect_topic(t->g, w->topic, e));
    return flow_log_wait(t->g->writer, w, e);
}

kith_status flow_wait_drop(struct txn *t, kith_id run, uint32_t branch, kith_error *e) {
    char payload[16];
    snprintf(payload, sizeof payload, "%u", branch);
    TRY(flow_log_awake(t->g->writer, run, branch, e));
    return timers_drop(t->g, FLOW_TIMER, run, branch == FLOW_ALL ? NULL : payload, e);
}

kith_status flow_timer(struct txn *t, kith_id run, uint32_t branch, int64_t due, kith_error *e) {
    char payload[16];
    kith_id id;
    snprintf(payload, sizeof payload, "%u", branch);
    return txn_timer(t, FLOW_TIMER, due, t->g->schema->base.workflow_run.type, run, str_of(payload),
                     &id, e);
}

/* -- transactions ------------------------------------------------------------------------------ */

/* One step behind its cause; one that the journal does not have any more is none. */
static kith_status depth_behind(struct txn *t, uint64_t *cause, uint32_t *depth, kith_error *e) {
    struct journal_row row;
    struct tx_head head;
    kith_error gone = KITH_ERROR_INIT;
    *depth = 0;
    if (*cause && *cause == t->head.cause) {
        *depth = t->head.depth;
        return KITH_OK;
    }
    if (!*cause || journal_row_read(t->g->writer, *cause, t->arena, &row, &gone) != KITH_OK) {
        *cause = 0;
        return KITH_OK;
    }
    TRY(journal_tx_read(t->g->writer, row.tx, t->arena, &head, e));
    *depth = head.depth + 1;
    return KITH_OK;
}

kith_status flow_transaction(struct txn *t, kith_id run, const struct source *code, uint64_t cause,
                             const char *note, write_fn fn, void *arg, kith_error *e) {
    struct write_opts o = {
        .principal = t->principal, .origin = ORIGIN_WORKFLOW, .note = note, .run = run};
    struct txn own;
    uint32_t number, depth;
    bool own_code = code == t->code; /* known by its number already */
    TRY(depth_behind(t, &cause, &depth, e));
    number = t->source;
    if (!own_code)
        TRY(journal_intern_source(t->g->writer, code, &number, e));
    txn_begin(&own, t->g, &o, number);
    own.code = code;
    own.source = number;
    own.system = t->system;
    own.deadline = t->deadline;
    own.head.at = t->head.at;
    own.head.cause = cause;
    own.head.depth = depth;
    return txn_run(&own, fn, arg, e);
}

/* -- keeping ----------------------------------------------------------------------------------- */

kith_status flow_retention(struct engine *g, int64_t keep_ms, kith_error *e) {
    char find[128];
    bool days = keep_ms % DAY_MS == 0;
    snprintf(find, sizeof find, "workflow_run where over < now() - %lld%s and remembered = false",
             (long long)(days ? keep_ms / DAY_MS : keep_ms / 1000), days ? "d" : "s");
    return keep_ms
               ? engine_add_retention(g, "runs of workflows", find,
                                      "What ran long ago, by workflows.keep of the settings.", e)
               : KITH_OK;
}

/* -- deleting ---------------------------------------------------------------------------------- */

/* With the record goes all that is kept of the run. */
static kith_status forget_run(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    TRY(flow_wait_drop(t, c->id, FLOW_ALL, e));
    return flow_log_forget(t->g->writer, c->id, e);
}

kith_status flow_hooks_add(struct engine *g, kith_error *e) {
    return engine_add_hook(g,
                           &(struct hook){.type = g->schema->base.workflow_run.type,
                                          .on = ON_DELETE,
                                          .after = true,
                                          .priority = -100,
                                          .fn = forget_run,
                                          .source = {SOURCE_CORE, "workflow", "", 0}},
                           e);
}
