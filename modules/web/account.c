/* SPDX-License-Identifier: Apache-2.0 */
/* One's own account: the first one, set up by a code, and the password. */
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
    if (st == KITH_OK)
        r->status = 204;
    else if (wait_ms)
        answer_wait(r, wait_ms, e.message);
    else
        answer_error(r, st, &e);
    return true;
}
