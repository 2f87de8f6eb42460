/* SPDX-License-Identifier: Apache-2.0 */
/* People: signing in and out, the cookie that stands for a session, and what keeps pages of others
 * from using it (docs/decisions/0047). */
#include "operation.h"
#include "people.h"

#include <stdlib.h>
#include <strings.h>

/* -- the cookie -------------------------------------------------------------------------------- */

static const char *cookie_name(const struct request *r) {
    return request_is_secure(r) ? COOKIE_SECURE : COOKIE_PLAIN;
}

static const char *cookie_of(const struct request *r) {
    const char *text = request_cookie(r, cookie_name(r));
    return text && *text ? text : NULL;
}

/* It goes with the browser; how long it is good for is the session's matter. "": it is taken back.
 */
static void put_cookie(struct request *r, const char *text) {
    answer_header(r, "Set-Cookie", "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_name(r),
                  text, request_is_secure(r) ? "; Secure" : "", *text ? "" : "; Max-Age=0");
}

bool session_is_asked(const struct request *r) {
    return cookie_of(r) != NULL;
}

/* -- whose page it comes from ------------------------------------------------------------------ */

/* "https://crm.example.org:8443" is of the host "crm.example.org:8443". Which of http and https it
 * was a proxy knows. */
static bool is_of_host(const char *origin, const char *host) {
    const char *at = strstr(origin, "://");
    return at && host && strcasecmp(at + 3, host) == 0;
}

static bool same_origin(const struct request *r) {
    const char *site = request_header(r, "Sec-Fetch-Site"), *origin = request_header(r, "Origin");
    if (site)
        return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
    return !origin || is_of_host(origin, request_host(r));
}

static bool equal(const char *a, const char *b) {
    size_t n = strlen(a), differ = n ^ strlen(b);
    for (size_t i = 0; i < n && b[i]; i++)
        differ |= (unsigned char)a[i] ^ (unsigned char)b[i];
    return differ == 0;
}

/* What changes something must come from a page of ours: it knows what others do not. */
static void check_csrf(struct request *r) {
    const char *given = request_header(r, CSRF);
    if (r->method == METHOD_GET || (given && equal(r->session.csrf, given)))
        return;
    answer_problem(r, 403, "denied", NULL,
                   "with a session, what changes something needs the header " CSRF
                   ": GET /api/v1/session tells it");
}

/* The rights are taken away already; this says why. */
static void check_needs(struct request *r) {
    static const char *const open[] = {"session", "account", "sessions"};
    if (r->status || !(r->session.needs & KITH_NEEDS_FACTOR))
        return;
    for (size_t i = 0; r->part_count > 2 && i < sizeof open / sizeof *open; i++)
        if (strcmp(r->parts[2], open[i]) == 0)
            return;
    answer_problem(r, 403, "denied", NULL,
                   "your role needs a second factor: set one up first, at /account");
}

void session_come_in(struct request *r, const char *asked) {
    kith_error e = {.struct_size = sizeof e};
    r->session.struct_size = sizeof r->session;
    if (!same_origin(r)) {
        answer_problem(r, 403, "denied", NULL, "a session is not used from pages of others");
        return;
    }
    kith_status st =
        r->self->people->enter(r->self->host, kith_str_of(cookie_of(r)), request_zone(r),
                               kith_str_of("web"), kith_str_of(asked), &r->session, &r->caller, &e);
    if (st == KITH_OK) {
        check_csrf(r);
        check_needs(r);
        return;
    }
    if (st != KITH_E_DENIED) {
        answer_error(r, st, &e);
        return;
    }
    answer_problem(r, 401, "denied", NULL, e.message);
    put_cookie(r, "");
}

/* -- who am I ---------------------------------------------------------------------------------- */

static kith_status take_description(void *arg, kith_str json, kith_error *e) {
    struct request *r = arg;
    (void)e;
    text_puts(&r->answer, "{\"csrf\":");
    if (r->session.number)
        text_json(&r->answer, kith_str_of(r->session.csrf));
    else
        text_puts(&r->answer, "null");
    text_puts(&r->answer, ",");
    text_add(&r->answer, json.ptr + 1, (size_t)json.len - 1);
    text_puts(&r->answer, "\n");
    return KITH_OK;
}

static bool describe(struct request *r, unsigned status) {
    kith_error e = {.struct_size = sizeof e};
    kith_status st = r->self->people->describe(r->caller, take_description, r, &e);
    if (st == KITH_OK)
        answer_json(r, status);
    else
        answer_error(r, st, &e);
    return st == KITH_OK;
}

bool session_show(struct request *r) {
    (void)describe(r, 200);
    return true;
}

/* -- signing in -------------------------------------------------------------------------------- */

static bool body_is_json(struct request *r) {
    if (request_sends(r, "application/json"))
        return true;
    answer_problem(r, 415, "unsupported", "Content-Type",
                   "this takes JSON, and says so: Content-Type: application/json");
    return false;
}

/* "there is no such member here; it takes login, password" */
static void no_member(struct request *r, const char *const *names, const char *name) {
    struct text t = {0};
    text_puts(&t, "there is no such member here");
    for (size_t i = 0; names[i]; i++)
        text_printf(&t, "%s%s", i ? ", " : "; it takes ", names[i]);
    answer_problem(r, 422, "invalid", name, t.ptr ? t.ptr : "");
    text_free(&t);
}

json_t *body_object(struct request *r, const char *const *names) {
    json_error_t why;
    const char *name;
    json_t *value, *body = NULL;
    if (!body_is_json(r))
        return NULL;
    body = json_loadb(r->body.ptr ? r->body.ptr : "", r->body.len, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(body)) {
        answer_problem(r, 400, "invalid", NULL, "the body is no JSON object");
        json_decref(body);
        return NULL;
    }
    json_object_foreach(body, name, value) {
        size_t i = 0;
        while (names[i] && strcmp(names[i], name) != 0)
            i++;
        if (names[i] && json_is_string(value))
            continue;
        if (names[i])
            answer_problem(r, 422, "invalid", name, "this is a text");
        else
            no_member(r, names, name);
        json_decref(body);
        return NULL;
    }
    return body;
}

kith_str body_member(const json_t *body, const char *name) {
    const json_t *v = json_object_get(body, name);
    return (kith_str){json_is_string(v) ? json_string_value(v) : "", json_string_length(v)};
}

void answer_wait(struct request *r, int64_t wait_ms, const char *sentence) {
    answer_problem(r, 429, "busy", NULL, sentence);
    answer_header(r, "Retry-After", "%lld", (long long)((wait_ms + 999) / 1000));
}

/* Over the network in the clear a password is everybody's. What a proxy that is not trusted hands
 * on came over one. */
bool session_is_private(const struct request *r) {
    return request_is_secure(r) || (!r->origin.hidden && net_is_loopback(r->origin.address));
}

bool session_may_begin(struct request *r) {
    if (!same_origin(r))
        answer_problem(r, 403, "denied", NULL, "nobody signs in from pages of others");
    else if (!session_is_private(r))
        answer_problem(r, 403, "denied", NULL,
                       "passwords are taken over TLS alone: reach Kith through a proxy that speaks"
                       " it and that web.trusted_proxies names, or from this computer, where it is"
                       " called localhost or as web.address says, and no proxy is in between");
    return r->status == 0;
}

/* The session that the browser had until now. */
static void end_former(struct request *r) {
    kith_error e = {.struct_size = sizeof e};
    kith_session former = {.struct_size = sizeof former};
    kith_caller *caller = NULL;
    const char *text = cookie_of(r);
    if (!text || r->self->people->enter(r->self->host, kith_str_of(text), request_zone(r),
                                        kith_str_of("web"), kith_str_of(""), &former, &caller,
                                        &e) != KITH_OK)
        return;
    (void)r->self->people->end(caller, 0, &e);
    r->self->serving->leave(caller);
}

void session_keep(struct request *r) {
    end_former(r);
    put_cookie(r, r->session.text);
    memset(r->session.text, 0, sizeof r->session.text);
}

/* Its text is told to nobody but the browser, in the cookie. */
static void begun(struct request *r) {
    kith_error e = {.struct_size = sizeof e};
    char text[sizeof r->session.text];
    memcpy(text, r->session.text, sizeof text);
    end_former(r);
    kith_status st = r->self->people->enter(r->self->host, kith_str_of(text), request_zone(r),
                                            kith_str_of("web"), kith_str_of("POST /api/v1/session"),
                                            &r->session, &r->caller, &e);
    if (st != KITH_OK)
        answer_error(r, st, &e);
    else if (describe(r, 201))
        put_cookie(r, text);
}

static void prove(struct request *r, const json_t *body) {
    kith_error e = {.struct_size = sizeof e};
    char from[FROM_TEXT];
    request_from(r, from);
    const kith_proof proof = {
        .struct_size = sizeof proof,
        .zone = request_zone(r),
        .login = body_member(body, "login"),
        .password = body_member(body, "password"),
        .code = body_member(body, "code"),
        .from = kith_str_of(from),
    };
    r->session.struct_size = sizeof r->session;
    kith_status st = r->self->people->sign_in(r->self->host, &proof, &r->session, &e);
    if (st == KITH_OK)
        begun(r);
    else if (st == KITH_E_BUSY && r->session.wait_ms)
        answer_wait(r, r->session.wait_ms, e.message);
    else if (st == KITH_E_DENIED)
        answer_problem(r, 401, "denied", r->session.needs & KITH_NEEDS_CODE ? "code" : NULL,
                       e.message);
    else
        answer_error(r, st, &e);
}

bool session_create(struct request *r) {
    static const char *const names[] = {"login", "password", "code", NULL};
    json_t *body = session_may_begin(r) ? body_object(r, names) : NULL;
    if (body)
        prove(r, body);
    json_decref(body);
    return true;
}

/* -- signing out ------------------------------------------------------------------------------- */

bool session_delete(struct request *r) {
    kith_error e = {.struct_size = sizeof e};
    kith_status st = r->self->people->end(r->caller, 0, &e);
    if (st != KITH_OK) {
        answer_error(r, st, &e);
        return true;
    }
    r->status = 204;
    put_cookie(r, "");
    return true;
}
