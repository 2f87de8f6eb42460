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

static kith_str calls_caller(const kith_call *call) {
    struct frame *f = call_frame(call, NULL);
    return f ? str_of(f->principal->name) : (kith_str){"", 0};
}

static kith_status calls_row(kith_call *call, uint32_t count, const kith_value *values,
                             kith_error *e) {
    struct frame *f = call_frame(call, e);
    if (!f)
        return KITH_E_THREAD;
    TRY(host_values(count, values, e));
    return call_row(f->call.call, count, values, e);
}

const kith_calls_v1 host_calls = {
    .struct_size = sizeof host_calls,
    .txn = calls_txn,
    .view = calls_view,
    .arg = calls_arg,
    .result = calls_result,
    .caller = calls_caller,
    .row = calls_row,
};
