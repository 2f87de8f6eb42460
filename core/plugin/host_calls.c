/* SPDX-License-Identifier: Apache-2.0 */
/* kith.calls/1: the arguments and results of an action. */
#include "plugin/internal.h"

#define RESULT_MAX                                                                                 \
    (UINT64_C(1) << 20) /* bytes of text: results cross sockets and reach scripts                  \
                         */

/* The frame of the call at hand, or NULL. */
static struct frame *call_frame(const kith_call *call, kith_error *e) {
    struct frame *f = frame_top();
    if (f && f->phase == PHASE_RUN && call == &f->call && f->call.call)
        return f;
    (void)err_set(e, KITH_E_THREAD, NULL, "a module used a call that is not the one at hand");
    return NULL;
}

static kith_txn *calls_txn(kith_call *call) {
    struct frame *f = call_frame(call, NULL);
    return f && f->txn && !f->reading ? &f->handle : NULL;
}

static const kith_txn *calls_view(const kith_call *call) {
    struct frame *f = call_frame(call, NULL);
    return f ? &f->handle : NULL;
}

static const kith_txn *calls_whole(const kith_call *call) {
    struct frame *f = call_frame(call, NULL);
    return f && f->call.call->action->whole ? &f->whole : NULL;
}

static kith_status calls_arg(const kith_call *call, uint32_t parameter, kith_value *value,
                             kith_error *e) {
    struct frame *f = call_frame(call, e);
    if (!f)
        return KITH_E_THREAD;
    const struct call *c = f->call.call;
    if (parameter >= c->action->param_count)
        return err_set(e, KITH_E_INVAL, NULL, "%s has %u parameters; there is none with number %u",
                       c->action->name, c->action->param_count, parameter);
    *value = c->args[parameter];
    return KITH_OK;
}

static kith_status calls_result(kith_call *call, uint32_t result, const kith_value *value,
                                kith_error *e) {
    struct frame *f = call_frame(call, e);
    if (!f)
        return KITH_E_THREAD;
    struct call *c = f->call.call;
    if (result >= c->action->result_count)
        return err_set(e, KITH_E_INVAL, NULL, "%s has %u results; there is none with number %u",
                       c->action->name, c->action->result_count, result);
    TRY(host_values(1, value, e));
    kith_value v = *value;
    if (value_bytes(&v) > RESULT_MAX)
        return err_set(e, KITH_E_LIMIT, c->action->results[result]->name,
                       "%s: a result has at most 1 MiB of text", c->action->results[result]->name);
    TRY(value_check(f->plugin->set->schema, c->action->results[result], false, &f->arena, &v, e));
    c->results[result] = value_copy(c->arena, &v);
    return KITH_OK;
}

static kith_status calls_row(kith_call *call, uint32_t count, const kith_value *values,
                             kith_error *e) {
    struct frame *f = call_frame(call, e);
    if (!f)
        return KITH_E_THREAD;
    TRY(host_values(count, values, e));
    return call_row(f->call.call, count, values, e);
}

static kith_status calls_file(kith_call *call, kith_str name, kith_str bytes, kith_error *e) {
    struct frame *f = call_frame(call, e);
    if (!f)
        return KITH_E_THREAD;
    const kith_value given[] = {value_str(name), value_str(bytes)};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].as.s.len && !given[i].as.s.ptr)
            return err_set(e, KITH_E_INVAL, NULL, "a text of a file is NULL");
    return call_file(f->call.call, name, bytes, e);
}

/* -- calling others ---------------------------------------------------------------------------- */

/* Declared by a module that is loaded already, or by Kith itself. */
static bool is_declared(const struct plugin *p, kith_str name) {
    kith_str rest = name, module;
    if (engine_action(p->set->engine, name))
        return true;
    str_split(&rest, '.', &module);
    for (size_t i = 0; i < p->set->count; i++) {
        const struct plugin *other = p->set->items[i];
        const kith_action *rows = ROWS(other->desc.actions, kith_action);
        for (uint32_t k = 0; str_eqz(module, other->name) && k < other->desc.actions.count; k++)
            if (str_eqz(rest, rows[k].name))
                return true;
    }
    return false;
}

static kith_status calls_action(const kith_host *host, kith_str name, uint32_t *action,
                                kith_error *e) {
    struct plugin *p = frame_main(host, PHASE_CREATE, e);
    if (!p)
        return KITH_E_THREAD;
    if (!is_declared(p, name))
        return engine_no_action(p->set->engine, name, e);
    const char *kept = arena_strndup(&p->arena, name.ptr, (size_t)name.len);
    if (!kept)
        return err_nomem(e);
    TRY(grant_call(p, kept, e));
    return handle_add(&p->callees, kept, action, e);
}

static kith_status check_call(const struct frame *f, const struct action *a, uint32_t arg_count,
                              uint32_t result_count, kith_error *e) {
    if (arg_count != a->param_count || result_count != action_answers(a))
        return err_set(e, KITH_E_INVAL, NULL,
                       "%s has %u parameters and %u results; %u and %u were given", a->name,
                       a->param_count, action_answers(a), arg_count, result_count);
    if (a->effect != EFFECT_READ && (f->reading || !f->txn || f->finding))
        return err_set(e, KITH_E_DENIED, NULL, "%s writes, and is called by what only reads",
                       a->name);
    return KITH_OK;
}

static kith_status calls_call(const kith_txn *txn, uint32_t number, uint32_t arg_count,
                              const kith_value *args, uint32_t result_count, kith_value *results,
                              kith_error *e) {
    struct frame *f = frame_of(txn, e);
    if (!f)
        return KITH_E_THREAD;
    const char *name = handle_get(&f->plugin->callees, number, "action", e);
    const struct action *a = name ? engine_action(f->engine, str_of(name)) : NULL;
    if (!name)
        return KITH_E_INVAL;
    if (!a)
        return engine_no_action(f->engine, str_of(name), e);
    TRY(check_call(f, a, arg_count, result_count, e));
    TRY(host_values(arg_count, args, e));
    struct write_opts opts = {.principal = f->principal};
    return engine_call(f->engine, f->txn, &opts, a, args, &f->arena, results, NULL, e);
}

const kith_calls_v1 host_calls = {
    .struct_size = sizeof host_calls,
    .txn = calls_txn,
    .view = calls_view,
    .arg = calls_arg,
    .result = calls_result,
    .row = calls_row,
    .action = calls_action,
    .call = calls_call,
    .file = calls_file,
    .whole = calls_whole,
};
