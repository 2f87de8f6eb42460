/* SPDX-License-Identifier: Apache-2.0 */
/* One's own account: the first one, set up by a code, the password, the second factor. */
#include "people.h"

bool set_up(struct request *r) {
    static const char *const names[] = {"code", "login", "name", "password", NULL};
    kith_error e = {.struct_size = sizeof e};
    json_t *body = session_may_begin(r) ? body_object(r, names) : NULL;
    if (!body)
        return true;
    kith_status st = r->self->people->set_up(r->self->host, body_member(body, "code"),
                                             body_member(body, "login"), body_member(body, "name"),
                                             body_member(body, "password"), &e);
    json_decref(body);
    if (st == KITH_OK)
        r->status = 204;
    else
        answer_error(r, st, &e);
    return true;
}

static void finish(struct request *r, kith_status st, int64_t wait_ms, const kith_error *e) {
    if (st != KITH_OK && wait_ms)
        answer_wait(r, wait_ms, e->message);
    else if (st != KITH_OK)
        answer_error(r, st, e);
    else if (!r->status)
        r->status = 204;
}

/* Who holds the cookie alone sets no other password: the one of now is asked for. */
bool password_put(struct request *r) {
    static const char *const names[] = {"old", "password", NULL};
    kith_error e = {.struct_size = sizeof e};
    char from[FROM_TEXT];
    int64_t wait_ms = 0;
    json_t *body = session_may_begin(r) ? body_object(r, names) : NULL;
    if (!body)
        return true;
    request_from(r, from);
    kith_status st =
        r->self->people->password(r->caller, body_member(body, "old"),
                                  body_member(body, "password"), kith_str_of(from), &wait_ms, &e);
    json_decref(body);
    finish(r, st, wait_ms, &e);
    return true;
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
    kith_error e = {.struct_size = sizeof e};
    char from[FROM_TEXT];
    int64_t wait_ms = 0;
    json_t *body = session_may_begin(r) ? body_object(r, names) : NULL;
    if (!body)
        return true;
    request_from(r, from);
    kith_status st = r->self->people->factor(r->caller, body_member(body, "password"),
                                             kith_str_of(from), &wait_ms, take_answer, r, &e);
    json_decref(body);
    finish(r, st, wait_ms, &e);
    return true;
}

bool factor_confirm(struct request *r) {
    static const char *const names[] = {"code", NULL};
    kith_error e = {.struct_size = sizeof e};
    json_t *body = session_may_begin(r) ? body_object(r, names) : NULL;
    if (!body)
        return true;
    kith_status st =
        r->self->people->confirm(r->caller, body_member(body, "code"), take_answer, r, &e);
    json_decref(body);
    finish(r, st, 0, &e);
    return true;
}

bool factor_remove(struct request *r) {
    static const char *const names[] = {"password", "code", NULL};
    kith_error e = {.struct_size = sizeof e};
    char from[FROM_TEXT];
    int64_t wait_ms = 0;
    json_t *body = session_may_begin(r) ? body_object(r, names) : NULL;
    if (!body)
        return true;
    request_from(r, from);
    kith_status st =
        r->self->people->unfactor(r->caller, body_member(body, "password"),
                                  body_member(body, "code"), kith_str_of(from), &wait_ms, &e);
    json_decref(body);
    finish(r, st, wait_ms, &e);
    return true;
}
