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

static kith_str operation_folder(const kith_host *host) {
    struct plugin *p = plugin_of(host);
    if (serving_begin(p, NULL) != KITH_OK)
        return (kith_str){"", 0};
    kith_str folder = str_of(p->set->commands.folder ? p->set->commands.folder : "");
    (void)serving_end(p, KITH_OK);
    return folder;
}

/* -- sockets ----------------------------------------------------------------------------------- */

#define SYSTEMD "systemd:"

/* "web/127.0.0.1:8080": each module has names of its own. */
static bool name_of(const struct plugin *p, kith_str name, char *out, size_t cap) {
    bool handed = str_starts(name, SYSTEMD);
    int n = snprintf(out, cap, "%s%s%.*s", handed ? "" : p->name, handed ? "" : "/",
                     (int)(name.len < cap ? name.len : cap), name.ptr ? name.ptr : "");
    return n > 0 && (size_t)n < cap;
}

static int32_t operation_socket(const kith_host *host, kith_str name, uint32_t i) {
    struct plugin *p = plugin_of(host);
    const struct plugin_commands *by = &p->set->commands;
    char whole[200];
    int fd = -1;
    if (serving_begin(p, NULL) != KITH_OK)
        return -1;
    if (by->socket && name_of(p, name, whole, sizeof whole))
        fd = by->socket(by->arg, whole, i);
    (void)serving_end(p, KITH_OK);
    return fd;
}

static kith_status operation_keep(const kith_host *host, kith_str name, int32_t fd, kith_error *e) {
    struct plugin *p = plugin_of(host);
    const struct plugin_commands *by = &p->set->commands;
    char whole[200];
    TRY(serving_begin(p, e));
    kith_status st = by->keep && name_of(p, name, whole, sizeof whole) && !str_starts(name, SYSTEMD)
                         ? by->keep(by->arg, whole, fd, e)
                         : err_set(e, KITH_E_INVAL, NULL, "a socket cannot be kept by that name");
    return serving_end(p, st);
}

const kith_operation_v1 host_operation = {
    .struct_size = sizeof host_operation,
    .status = operation_status,
    .folder = operation_folder,
    .socket = operation_socket,
    .keep = operation_keep,
};
