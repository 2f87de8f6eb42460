/* SPDX-License-Identifier: Apache-2.0 */
/* For what watches over the server: does it live, can it do what it is asked for, and its metrics.
 * Whoever only asks whether is told no more than that. */
#include "operation.h"

#include <jansson.h>
#include <stdlib.h>

bool health_get(struct request *r) {
    text_puts(&r->answer, "{\"status\":\"ok\"}\n");
    answer_json(r, 200);
    return true;
}

/* -- how the company does ---------------------------------------------------------------------- */

struct asking {
    struct text out, err;
};

static kith_status take_text(void *arg, kith_str text, kith_error *err) {
    struct asking *a = arg;
    (void)err;
    text_add(&a->out, text.ptr, (size_t)text.len);
    return a->out.failed ? KITH_E_NOMEM : KITH_OK;
}

static kith_status take_output(void *arg, uint32_t stream, kith_str data) {
    struct asking *a = arg;
    struct text *t = stream == 1 ? &a->out : &a->err;
    text_add(t, data.ptr, (size_t)data.len);
    return t->failed ? KITH_E_NOMEM : KITH_OK;
}

/* By the rights of whoever asks: administrators may. */
static kith_status ask_as(struct request *r, struct asking *a, kith_error *err) {
    const kith_str words[] = {kith_str_of("status"), kith_str_of("--json")};
    const kith_stream stream = {.struct_size = sizeof stream, .arg = a, .write = take_output};
    int32_t code = 0;
    KITH_TRY(r->self->serving->run(r->caller, 2, words, &stream, &code, err));
    if (code != 0)
        return kith_fail(err, KITH_E_DENIED, NULL, "only administrators are told how it does");
    return KITH_OK;
}

static kith_status ask(struct request *r, struct asking *a, kith_error *err) {
    const struct operation *o = r->self->operation;
    return r->caller ? ask_as(r, a, err) : o->host->status(r->self->host, take_text, a, err);
}

static bool may_watch(const struct request *r) {
    return r->caller ||
           (!r->origin.hidden && nets_have(&r->self->operation->metrics, r->origin.address));
}

/* -- ready ------------------------------------------------------------------------------------- */

static void tell_troubles(struct request *r, const json_t *said) {
    char *troubles = json_dumps(json_object_get(said, "troubles"), JSON_COMPACT);
    if (troubles)
        text_printf(&r->answer, ",\"troubles\":%s", troubles);
    free(troubles);
}

bool ready_get(struct request *r) {
    struct asking a = {0};
    kith_error e = {.struct_size = sizeof e};
    const struct operation *o = r->self->operation;
    kith_status st = o->host->status(r->self->host, take_text, &a, &e);
    json_t *said = st == KITH_OK ? json_loadb(a.out.ptr, a.out.len, 0, NULL) : NULL;
    bool ready = json_is_true(json_object_get(said, "ready"));
    text_printf(&r->answer, "{\"status\":\"%s\"", ready ? "ready" : "not ready");
    if (said && !r->caller && may_watch(r))
        tell_troubles(r, said);
    text_puts(&r->answer, "}\n");
    answer_json(r, ready ? 200 : 503);
    json_decref(said);
    text_free(&a.out);
    return true;
}

/* -- metrics ----------------------------------------------------------------------------------- */

bool metrics_get(struct request *r) {
    struct asking a = {0};
    kith_error e = {.struct_size = sizeof e};
    if (!may_watch(r)) {
        answer_problem(r, 401, "denied", NULL,
                       r->origin.hidden
                           ? "by a proxy's address, or by a name that web.address does not say,"
                             " nobody can tell who asks: metrics are for"
                             " administrators then, Authorization: Bearer TOKEN"
                           : "metrics are for the addresses in web.metrics, and for administrators:"
                             " Authorization: Bearer TOKEN");
        return true;
    }
    kith_status st = ask(r, &a, &e);
    if (st == KITH_E_DENIED) {
        answer_error(r, st, &e);
    } else { /* what is counted here is told though the company says nothing */
        metrics_render(r->self, st == KITH_OK ? text_str(&a.out) : kith_str_of(""), &r->answer);
        r->status = 200;
        answer_header(r, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    }
    text_free(&a.out);
    text_free(&a.err);
    return true;
}
