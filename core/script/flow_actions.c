/* SPDX-License-Identifier: Apache-2.0 */
/* workflow.start: begins a workflow for a record, from whichever surface. */
#include "script/flow_internal.h"

#include <string.h>

static int push_data(lua_State *L, void *arg) {
    const kith_str *json = arg;
    if (json->len)
        json_push(L, *json);
    else
        lua_createtable(L, 0, 0);
    return flow_started_push(L);
}

/* Which record it is about is said by a type where the workflow names one. */
static kith_status check_record(const struct rule *r, const struct schema *schema,
                                const kith_value *record, kith_error *e) {
    if (!r->type)
        return KITH_OK;
    if (record->kind != KITH_LINK)
        return err_set(e, KITH_E_INVAL, "record", "record: '%s' runs for a %s: say which",
                       r->info.name, r->type->name);
    if (record->as.link.type == r->type->id)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, "record", "record: '%s' runs for a %s, not for a %s",
                   r->info.name, r->type->name, schema_type_name(schema, record->as.link.type));
}

static kith_status start(void *self, struct call *call, kith_error *e) {
    struct scripts *all = self;
    const struct schema *schema = engine_schema(call->engine);
    const kith_value *record = &call->args[1];
    kith_str data = call->args[2].kind == KITH_TEXT ? call->args[2].as.s : (kith_str){NULL, 0};
    char name[256];
    kith_id run;
    snprintf(name, sizeof name, "%.*s", (int)call->args[0].as.s.len, call->args[0].as.s.ptr);
    struct flow_begin b = {
        .rule = flow_named(all->running, name, e), .push = push_data, .arg = &data, .later = true};
    if (!b.rule)
        return KITH_E_NOTFOUND;
    if (atomic_load(&b.rule->disabled))
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "the workflow '%s' is disabled: 'kith workflow enable' has it begin again",
                       name);
    TRY(check_record(b.rule, schema, record, e));
    if (record->kind == KITH_LINK) {
        b.type = schema_type_by_id(schema, record->as.link.type);
        b.id = record->as.link.id;
    }
    TRY(flow_begin(call->txn, &b, &run, e));
    if (!run)
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "'%s' does not begin again for this record: again = \"%s\" in %s:%u", name,
                       b.rule->cool_down ? "a while since it began last" : b.rule->again,
                       b.rule->info.file, (unsigned)b.rule->info.line);
    call->results[0] = value_link(run, schema->base.workflow_run.type->id);
    return KITH_OK;
}

static kith_status migrate(void *self, struct call *call, kith_error *e) {
    struct scripts *all = self;
    struct flow_run r;
    TRY(flow_read(call->engine, txn_conn(call->txn), call->args[0].as.link.id, call->arena, &r, e));
    struct rule *rule = flow_named(all->running, r.workflow, e);
    if (!rule)
        return KITH_E_NOTFOUND;
    if (flow_is_over(r.state))
        return err_set(e, KITH_E_CONFLICT, NULL, "the run of '%s' is %s: it goes on by no code",
                       r.workflow, flow_state_name(r.state));
    bool same = strcmp(r.version, rule->info.version) == 0;
    if (!same)
        TRY(flow_migrate(rule, call->txn, &r, e));
    call->results[0] = value_str(str_of(r.version));
    return KITH_OK;
}

static const kith_field run_param[] = {
    {.name = "run",
     .kind = KITH_F_LINK,
     .options = "workflow_run",
     .flags = KITH_FF_REQUIRED,
     .doc = "The run."},
};
static const kith_field migrate_results[] = {
    {.name = "version", .kind = KITH_F_TEXT, .doc = "The version by which it goes on."},
};

static const kith_field params[] = {
    {.name = "workflow", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED, .doc = "Its name."},
    {.name = "record", .kind = KITH_F_LINK, .options = "*", .doc = "For which record it runs."},
    {.name = "data",
     .kind = KITH_F_JSON,
     .doc = "What its function gets as event.data: an object."},
};
static const kith_field results[] = {
    {.name = "run", .kind = KITH_F_LINK, .options = "workflow_run", .doc = "The run."},
};

static kith_status add(struct engine *g, struct action *a, kith_array takes, kith_array gives,
                       kith_error *e) {
    a->module = "core";
    a->effect = EFFECT_WRITE;
    a->source = (struct source){SOURCE_CORE, "workflow", "", 0};
    TRY(action_fields(g, "core", takes, &a->params, &a->param_count, e));
    TRY(action_fields(g, "core", gives, &a->results, &a->result_count, e));
    return engine_add_action(g, a, e);
}

kith_status flow_actions_add(struct scripts *s, kith_error *e) {
    struct engine *g = s->engine;
    struct action begin = {.name = "workflow.start",
                           .doc = "Begins a workflow, for a record or by itself.",
                           .fn = start,
                           .self = s};
    struct action other = {.name = "workflow.migrate",
                           .doc = "Has a run go on by the workflow as it is in its file now, if"
                                  " that goes the same way as the run went so far.",
                           .fn = migrate,
                           .self = s};
    if (engine_action(g, str_of(begin.name)))
        return KITH_OK;
    TRY(add(g, &begin, (kith_array)KITH_ARRAY(params), (kith_array)KITH_ARRAY(results), e));
    return add(g, &other, (kith_array)KITH_ARRAY(run_param),
               (kith_array)KITH_ARRAY(migrate_results), e);
}
