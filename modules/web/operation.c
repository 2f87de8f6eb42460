/* SPDX-License-Identifier: Apache-2.0 */
/* Operation: its settings, and what is noted of each request. */
#include "operation.h"

#include <stdlib.h>
#include <time.h>

#define DAY_MS 86400000

enum access_log { ACCESS_OFF, ACCESS_ERRORS, ACCESS_ALL };

/* -- settings ---------------------------------------------------------------------------------- */

static kith_status text_setting(kith_instance *self, const char *key, kith_str *out,
                                kith_error *err) {
    kith_value v;
    kith_status st = self->settings->get(self->host, kith_str_of(key), &v, err);
    *out = st == KITH_OK && v.kind == KITH_TEXT ? v.as.s : kith_str_of("");
    return st;
}

static kith_status read_nets(kith_instance *self, kith_error *err) {
    struct operation *o = self->operation;
    const struct {
        const char *key;
        struct nets *nets;
    } rows[] = {
        {"metrics", &o->metrics},
        {"trusted_proxies", &o->trusted},
        {"intranet", &o->intranet},
        {"extranet", &o->extranet},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        KITH_TRY(nets_setting(self, rows[i].key, rows[i].nets, err));
    return KITH_OK;
}

/* "https://crm.example.org:8443" */
static void take_name(struct operation *o, kith_str address) {
    const char *at = address.len ? strstr(address.ptr, "://") : NULL;
    if (at)
        (void)snprintf(o->name, sizeof o->name, "%.*s", (int)strcspn(at + 3, ":/"), at + 3);
}

static kith_status read_texts(kith_instance *self, kith_error *err) {
    struct operation *o = self->operation;
    kith_str log, header, address;
    kith_value hsts, rate, under_way;
    KITH_TRY(text_setting(self, "access_log", &log, err));
    KITH_TRY(text_setting(self, "proxy_header", &header, err));
    KITH_TRY(text_setting(self, "address", &address, err));
    KITH_TRY(text_setting(self, "tls_certificate", &o->tls_cert, err));
    KITH_TRY(text_setting(self, "tls_key", &o->tls_key, err));
    KITH_TRY(self->settings->get(self->host, kith_str_of("hsts"), &hsts, err));
    KITH_TRY(self->settings->get(self->host, kith_str_of("allow_origins"), &o->origins, err));
    KITH_TRY(self->settings->get(self->host, kith_str_of("max_rate"), &rate, err));
    KITH_TRY(self->settings->get(self->host, kith_str_of("max_under_way"), &under_way, err));
    o->max_under_way = under_way.as.i;
    take_name(o, address);
    o->access_log = kith_str_is(log, "all")      ? ACCESS_ALL
                    : kith_str_is(log, "errors") ? ACCESS_ERRORS
                                                 : ACCESS_OFF;
    o->max_rate = rate.as.i;
    o->forwarded = kith_str_is(header, "Forwarded");
    if (hsts.as.i > 0)
        (void)snprintf(o->hsts, sizeof o->hsts, "max-age=%lld", (long long)(hsts.as.i / 1000));
    return KITH_OK;
}

kith_status operation_new(kith_instance *self, kith_error *err) {
    struct operation *o = self->operation = calloc(1, sizeof *o);
    if (!o || !(o->counters = counters_new()))
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    origin_seed(o);
    o->host = self->host->table(self->host, KITH_OPERATION_1);
    if (!o->host)
        return kith_fail(err, KITH_E_UNSUPPORTED, NULL, "this Kith has no " KITH_OPERATION_1);
    KITH_TRY(read_nets(self, err));
    return read_texts(self, err);
}

void operation_free(struct operation *o) {
    if (!o)
        return;
    struct nets *const nets[] = {&o->metrics, &o->trusted, &o->intranet, &o->extranet};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        free(nets[i]->items);
    counters_free(o->counters);
    free(o);
}

/* -- each request ------------------------------------------------------------------------------ */

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void operation_begun(struct request *r) {
    r->origin.begun = now_ns();
}

/* Patterns and not addresses, and nobody's name: what is in the log stays there when somebody is
 * erased. */
static void log_answer(const struct request *r, int64_t ns, size_t bytes) {
    char line[400], user[KITH_ID_CHARS + 1] = "-";
    const kith_instance *self = r->self;
    kith_id id = r->caller ? self->serving->user(r->caller) : 0;
    if (id)
        kith_id_text(id, user);
    (void)snprintf(line, sizeof line,
                   "request=%s method=%s route=%.120s status=%u ms=%lld.%03lld bytes=%zu user=%s",
                   r->origin.id,
                   r->head                    ? "HEAD"
                   : r->method < METHOD_OTHER ? method_names[r->method]
                                              : "other",
                   r->route ? r->route->pattern : "none", r->status, (long long)(ns / 1000000),
                   (long long)(ns / 1000 % 1000), bytes, user);
    self->host->log(self->host, r->status >= 500 ? KITH_LOG_WARN : KITH_LOG_INFO,
                    kith_str_of(line));
}

void operation_answered(const struct request *r, size_t bytes) {
    const struct operation *o = r->self->operation;
    const int64_t ns = now_ns() - r->origin.begun;
    count_answer(o->counters, r, ns, bytes);
    if (o->access_log == ACCESS_ALL || (o->access_log == ACCESS_ERRORS && r->status >= 400))
        log_answer(r, ns, bytes);
}
