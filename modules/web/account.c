/* SPDX-License-Identifier: Apache-2.0 */
/* One's own account: the first one, set up by a code, the password, the second factor. */
#include "people.h"

/* What somebody sends about the own account, and what came of it. */
struct asked {
    json_t *body;
    char from[FROM_TEXT];
    int64_t wait_ms; /* it may be tried again after so long */
    kith_error error;
};

/* false: it is answered. */
static bool begin(struct request *r, const char *const *names, struct asked *a) {
    *a = (struct asked){.error.struct_size = sizeof a->error};
    a->body = session_may_begin(r) ? body_object(r, names) : NULL;
    request_from(r, a->from);
    return a->body != NULL;
}

static bool finish(struct request *r, struct asked *a, kith_status st) {
    json_decref(a->body);
    if (st != KITH_OK && a->wait_ms)
        answer_wait(r, a->wait_ms, a->error.message);
    else if (st != KITH_OK)
        answer_error(r, st, &a->error);
    else if (!r->status)
        r->status = 204;
    return true;
}

bool set_up(struct request *r) {
    static const char *const names[] = {"code", "login", "name", "password", NULL};
    struct asked a;
    if (!begin(r, names, &a))
        return true;
    return finish(r, &a,
                  r->self->people->set_up(r->self->host, body_member(a.body, "code"),
                                          body_member(a.body, "login"), body_member(a.body, "name"),
                                          body_member(a.body, "password"), &a.error));
}

/* Who holds the cookie alone sets no other password: the one of now is asked for. */
bool password_put(struct request *r) {
    static const char *const names[] = {"old", "password", NULL};
    struct asked a;
    if (!begin(r, names, &a))
        return true;
    return finish(r, &a,
                  r->self->people->password(r->caller, body_member(a.body, "old"),
                                            body_member(a.body, "password"), kith_str_of(a.from),
                                            &a.wait_ms, &a.error));
}

/* -- the second factor ------------------------------------------------------------------------- */

static kith_status take_answer(void *arg, kith_str json, kith_error *e) {
    struct request *r = arg;
    (void)e;
    text_add(&r->answer, json.ptr, (size_t)json.len);
    text_puts(&r->answer, "\n");
    answer_json(r, 200);
    return KITH_OK;
}

bool factor_create(struct request *r) {
    static const char *const names[] = {"password", NULL};
    struct asked a;
    if (!begin(r, names, &a))
        return true;
    return finish(r, &a,
                  r->self->people->factor(r->caller, body_member(a.body, "password"),
                                          kith_str_of(a.from), &a.wait_ms, take_answer, r,
                                          &a.error));
}

bool factor_confirm(struct request *r) {
    static const char *const names[] = {"code", NULL};
    struct asked a;
    if (!begin(r, names, &a))
        return true;
    return finish(
        r, &a,
        r->self->people->confirm(r->caller, body_member(a.body, "code"), take_answer, r, &a.error));
}

bool factor_remove(struct request *r) {
    static const char *const names[] = {"password", "code", NULL};
    struct asked a;
    if (!begin(r, names, &a))
        return true;
    return finish(r, &a,
                  r->self->people->unfactor(r->caller, body_member(a.body, "password"),
                                            body_member(a.body, "code"), kith_str_of(a.from),
                                            &a.wait_ms, &a.error));
}

/* -- accounts of providers --------------------------------------------------------------------- */

bool account_untie(struct request *r) {
    static const char *const names[] = {"password", NULL};
    struct asked a;
    if (!begin(r, names, &a))
        return true;
    return finish(r, &a,
                  r->self->people->untie(r->caller, body_member(a.body, "password"),
                                         kith_str_of(a.from), &a.wait_ms, &a.error));
}
