/* SPDX-License-Identifier: Apache-2.0 */
/* kith.operation/1: what modules that serve are told by their process, and have it keep. */
#include "base/text.h"
#include "plugin/internal.h"

static struct plugin *plugin_of(const kith_host *host) {
    return ((const struct plugin_host *)(const void *)host)->plugin;
}

/* -- how the company does ---------------------------------------------------------------------- */

struct told {
    struct buf out, err;
};

static kith_status take(void *arg, uint32_t stream, kith_str data) {
    struct told *t = arg;
    struct buf *b = stream == 1 ? &t->out : &t->err;
    buf_add(b, data.ptr, (size_t)data.len);
    return b->failed ? KITH_E_NOMEM : KITH_OK;
}

static kith_status ask(struct plugin *p, struct told *t, kith_error *e) {
    static char program[] = "kith", status[] = "status", json[] = "--json";
    char *const argv[] = {program, status, json, NULL};
    const struct principal who = {.name = "status", .surface = "metrics", .all = true};
    const kith_stream stream = {.struct_size = sizeof stream, .arg = t, .write = take};
    const struct plugin_commands *by = &p->set->commands;
    int code = 0;
    TRY(by->run(by->arg, &who, 3, argv, &stream, &code, e));
    if (code != 0)
        return err_set(e, KITH_E_BUSY, NULL, "the company does not say how it does: %.*s",
                       (int)(t->err.len < 300 ? t->err.len : 300), t->err.ptr ? t->err.ptr : "");
    return t->out.failed ? err_nomem(e) : KITH_OK;
}

static kith_status operation_status(const kith_host *host, kith_text_fn fn, void *arg,
                                    kith_error *e) {
    struct plugin *p = plugin_of(host);
    struct told t = {0};
    TRY(serving_begin(p, e));
    kith_status st = ask(p, &t, e);
    if (st == KITH_OK)
        st = fn(arg, buf_view(&t.out), e);
    buf_free(&t.out);
    buf_free(&t.err);
    return serving_end(p, st);
}

const kith_operation_v1 host_operation = {
    .struct_size = sizeof host_operation,
    .status = operation_status,
};
