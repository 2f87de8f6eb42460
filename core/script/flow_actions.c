/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with workflows from whichever surface: they begin for a record, and their runs go on
 * by other code. */
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
    TRY(txn_cascade(call->txn, e));
    TRY(flow_requested(call->txn, name, b.type, b.id, &b.cause, e));
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
static const kith_field start_params[] = {
    {.name = "workflow", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED, .doc = "Its name."},
    {.name = "record", .kind = KITH_F_LINK, .options = "*", .doc = "For which record it runs."},
    {.name = "data",
     .kind = KITH_F_JSON,
     .doc = "What its function gets as the data of its event: an object."},
};
static const kith_field start_results[] = {
    {.name = "run", .kind = KITH_F_LINK, .options = "workflow_run", .doc = "The run."},
};
const struct own_action scripts_actions[] = {
    {"workflow.start", "Begins a workflow, for a record or by itself.", KITH_ARRAY(start_params),
     KITH_ARRAY(start_results), start, 0, KITH_NO_ARRAY},
    {"workflow.migrate",
     "Has a run go on by the workflow as it is in its file now, if that goes the same way as the"
     " run went so far.",
     KITH_ARRAY(run_param), KITH_ARRAY(migrate_results), migrate, 0, KITH_NO_ARRAY},
    {.name = NULL},
};

kith_status flow_actions_add(struct scripts *s, kith_error *e) {
    return engine_action(s->engine, str_of(scripts_actions[0].name))
               ? KITH_OK
               : engine_add_own(s->engine, "workflow", scripts_actions, s, e);
}
