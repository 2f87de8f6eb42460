/* SPDX-License-Identifier: Apache-2.0 */
/* The Model Context Protocol over HTTP: a message is a POST, and its answer is the answer. What it
 * says is the command's; here is only how it comes and goes. Nothing is kept in the connection. */
#include "web.h"

#include <jansson.h>

#define SESSION    "Mcp-Session-Id"
#define REVISION   "Mcp-Protocol-Version"
#define ANSWER_MAX (9u << 20)

struct exchange {
    struct request *r;
    size_t at; /* so much of the body was read */
    struct text out, err;
    int32_t code;
};

static kith_status take_output(void *arg, uint32_t stream, kith_str data) {
    struct exchange *x = arg;
    struct text *t = stream == 1 ? &x->out : &x->err;
    if (t->len + data.len > ANSWER_MAX)
        return KITH_E_LIMIT;
    text_add(t, data.ptr, data.len);
    return t->failed ? KITH_E_NOMEM : KITH_OK;
}

static kith_status give_input(void *arg, char *dst, uint64_t cap, uint64_t *got, kith_error *err) {
    struct exchange *x = arg;
    const struct text *body = &x->r->body;
    (void)err;
    *got = body->len - x->at < cap ? body->len - x->at : cap;
    if (*got)
        memcpy(dst, body->ptr + x->at, *got);
    x->at += *got;
    return KITH_OK;
}

static int32_t is_interrupted(void *arg) {
    const struct exchange *x = arg;
    return atomic_load(&x->r->self->hurry);
}

/* {"code":"not found","field":null,"message":"..."} */
static void tell_failure(struct exchange *x) {
    const char *at = x->err.ptr ? strstr(x->err.ptr, "{\"code\":") : NULL;
    json_t *said = at ? json_loads(at, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
    const char *code = json_string_value(json_object_get(said, "code"));
    const char *message = json_string_value(json_object_get(said, "message"));
    bool ends = atomic_load(&x->r->self->hurry);
    answer_failure(x->r,
                   ends   ? "busy"
                   : code ? code
                          : "internal error",
                   NULL,
                   ends      ? IT_ENDS
                   : message ? message
                             : "it failed, and did not say why");
    json_decref(said);
}

/* Runs `kith mcp-message`; true: it did. end: ends the session. */
static bool run(struct exchange *x, bool end) {
    struct request *r = x->r;
    const char *session = request_header(r, SESSION), *version = request_header(r, REVISION);
    struct text option = {0}, revision = {0};
    kith_error e = {.struct_size = sizeof e};
    kith_str words[6] = {kith_str_of("mcp-message"), kith_str_of("--json")};
    uint32_t count = 2;
    const kith_stream stream = {.struct_size = sizeof stream,
                                .arg = x,
                                .write = take_output,
                                .read = give_input,
                                .interrupted = is_interrupted};
    if (session) {
        text_printf(&option, "--session=%s", session);
        words[count++] = text_str(&option);
    }
    if (version) {
        text_printf(&revision, "--revision=%s", version);
        words[count++] = text_str(&revision);
    }
    if (end)
        words[count++] = kith_str_of("--end");
    words[count++] = kith_str_of("-");
    kith_status st = option.failed || revision.failed
                         ? kith_fail(&e, KITH_E_NOMEM, NULL, "there is no memory")
                         : r->self->serving->run(r->caller, count, words, &stream, &x->code, &e);
    text_free(&option);
    text_free(&revision);
    if (st != KITH_OK)
        answer_error(r, st, &e);
    else if (x->code != 0)
        tell_failure(x);
    return st == KITH_OK && x->code == 0;
}

/* {"result":{"_meta":{"kith/session":"0SA..."}}}: initialize tells it. */
static bool tell_session(struct exchange *x) {
    json_t *said = json_loadb(x->out.ptr, x->out.len, 0, NULL);
    const json_t *meta = json_object_get(json_object_get(said, "result"), "_meta");
    const char *id = json_string_value(json_object_get(meta, "kith/session"));
    bool good = json_object_get(said, "result") != NULL;
    if (id)
        answer_header(x->r, SESSION, "%s", id);
    json_decref(said);
    return good;
}

/* A page of elsewhere does not speak for the person who looks at it. */
static bool is_foreign(struct request *r) {
    const char *origin = request_header(r, "Origin"), *host = request_header(r, "Host");
    const char *at = origin ? strstr(origin, "://") : NULL;
    if (!origin || (at && host && strcmp(at + 3, host) == 0))
        return false;
    answer_problem(r, 403, "denied", NULL, "pages of other addresses do not speak here");
    return true;
}

bool mcp_post(struct request *r) {
    struct exchange x = {.r = r};
    if (is_foreign(r))
        return true;
    if (run(&x, false)) {
        bool good = x.out.len && (request_header(r, SESSION) || tell_session(&x));
        text_add(&r->answer, x.out.ptr, x.out.len);
        if (x.out.len)
            answer_json(r, good ? 200 : 400); /* without a session nothing else is answered */
        else
            r->status = 202;
    }
    text_free(&x.out);
    text_free(&x.err);
    return true;
}

bool mcp_delete(struct request *r) {
    struct exchange x = {.r = r};
    if (!request_header(r, SESSION))
        answer_problem(r, 400, "invalid", NULL, "the header " SESSION " says which session ends");
    else if (!is_foreign(r) && run(&x, true))
        r->status = 204;
    text_free(&x.out);
    text_free(&x.err);
    return true;
}
