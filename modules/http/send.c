/* SPDX-License-Identifier: Apache-2.0 */
/* http.send: a request to another program, whose answer comes as an event. What is kept of it until
 * it is sent is JSON; a credential stands in it by its name alone. */
#include "http.h"
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <strings.h>

#define BODY_MAX (256u * 1024u)

static const struct credential *find_credential(const kith_instance *self, kith_str name) {
    for (uint64_t i = 0; i < self->credential_count; i++)
        if (self->credentials[i].name.len == name.len &&
            memcmp(self->credentials[i].name.ptr, name.ptr, (size_t)name.len) == 0)
            return &self->credentials[i];
    return NULL;
}

/* -- wanting ----------------------------------------------------------------------------------- */

enum { URL, METHOD, BODY_JSON, BODY_TEXT, HEADERS, CREDENTIAL, ABOUT, PARAMS };

static kith_status check_header(const char *name, const json_t *value, kith_error *err) {
    static const char *const secret[] = {"Authorization", "Cookie", "Proxy-Authorization"};
    static const char *const own[] = {"Host", "Content-Length", "Transfer-Encoding", "Connection"};
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        if (strcasecmp(name, secret[i]) == 0)
            return kith_fail(err, KITH_E_REFUSED, "headers",
                             "%s would be seen by whoever sees this: put it in http.credentials,"
                             " and name it with credential=",
                             name);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcasecmp(name, own[i]) == 0)
            return kith_fail(err, KITH_E_INVAL, "headers", "%s is set by itself", name);
    const char *text = json_string_value(value);
    if (!text || strlen(name) + strlen(text) > 4000 || strpbrk(name, "\r\n: ") || !*name ||
        strpbrk(text, "\r\n"))
        return kith_fail(err, KITH_E_INVAL, "headers",
                         "'%.60s' is no header with a text: {\"X-Shop\": \"7\"}", name);
    return KITH_OK;
}

static kith_status check_headers(kith_value v, json_t **out, kith_error *err) {
    const char *name;
    json_t *value;
    kith_status st = KITH_OK;
    *out = NULL;
    if (v.kind != KITH_TEXT)
        return KITH_OK;
    json_t *root = json_loadb(v.as.s.ptr, (size_t)v.as.s.len, 0, NULL);
    if (!json_is_object(root))
        st = kith_fail(err, KITH_E_INVAL, "headers", "they are an object: {\"X-Shop\": \"7\"}");
    else
        json_object_foreach(root, name, value) if (st == KITH_OK) st =
            check_header(name, value, err);
    if (st == KITH_OK)
        *out = root;
    else
        json_decref(root);
    return st;
}

static json_t *text_or_null(kith_value v) {
    return v.kind == KITH_TEXT ? json_stringn(v.as.s.ptr, (size_t)v.as.s.len) : json_null();
}

static kith_status check_credential(kith_instance *self, kith_value name, const char *origin,
                                    kith_error *err) {
    if (name.kind != KITH_TEXT)
        return KITH_OK;
    const struct credential *c = find_credential(self, name.as.s);
    if (!c)
        return kith_fail(err, KITH_E_NOTFOUND, "credential",
                         "http.credentials has none of the name '%.*s'", KITH_CHARS(name.as.s));
    const char *host = strstr(origin, "://") + 3;
    size_t len = (size_t)(strrchr(host, ':') - host);
    if (len != c->host.len || strncasecmp(host, c->host.ptr, len) != 0)
        return kith_fail(err, KITH_E_REFUSED, "credential",
                         "the credential '%.*s' is shown to %.*s alone", KITH_CHARS(name.as.s),
                         KITH_CHARS(c->host));
    return KITH_OK;
}

static kith_status check_bodies(const kith_value args[PARAMS], kith_error *err) {
    const kith_value *body =
        args[BODY_JSON].kind == KITH_TEXT ? &args[BODY_JSON] : &args[BODY_TEXT];
    if (args[BODY_JSON].kind == KITH_TEXT && args[BODY_TEXT].kind == KITH_TEXT)
        return kith_fail(err, KITH_E_INVAL, "text", "the body is json or text, and not both");
    if (body->kind == KITH_TEXT && body->as.s.len > BODY_MAX)
        return kith_fail(err, KITH_E_LIMIT, "text", "a body has at most %u bytes", BODY_MAX);
    return KITH_OK;
}

/* Behind the question mark there may be what nobody is to see. */
static kith_status announce(kith_instance *self, kith_txn *txn, kith_str request, kith_str method,
                            kith_str url, const kith_value *about, kith_error *err) {
    const char *end = memchr(url.ptr, '?', (size_t)url.len);
    kith_value values[3] = {kith_null(), kith_null(), kith_null()};
    const kith_str texts[3] = {
        request, method, {url.ptr, end ? (uint64_t)(end - url.ptr) : url.len}};
    for (int i = 0; i < 3; i++) {
        values[i].kind = KITH_TEXT;
        values[i].as.s = texts[i];
    }
    int32_t linked = about->kind == KITH_LINK;
    return self->events->publish(txn, self->requested, linked ? about->as.link.type : 0,
                                 linked ? about->as.link.id : 0, 3, values, err);
}

static kith_status hand_over(kith_instance *self, kith_txn *txn, const kith_value args[PARAMS],
                             const char *origin, json_t *headers, const char *request,
                             kith_error *err) {
    kith_value body = args[BODY_JSON].kind == KITH_TEXT ? args[BODY_JSON] : args[BODY_TEXT];
    json_t *root = json_pack("{s:o, s:o, s:o, s:b, s:o, s:o}", "method", text_or_null(args[METHOD]),
                             "url", text_or_null(args[URL]), "body", text_or_null(body), "json",
                             args[BODY_JSON].kind == KITH_TEXT, "headers",
                             headers ? json_incref(headers) : json_object(), "credential",
                             text_or_null(args[CREDENTIAL]));
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    kith_status st = text ? KITH_OK : kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    if (st == KITH_OK) {
        int32_t linked = args[ABOUT].kind == KITH_LINK;
        kith_effect effect = {.struct_size = sizeof effect,
                              .delivery = self->send,
                              .endpoint = kith_str_of(origin),
                              .key = kith_str_of(request),
                              .payload = kith_str_of(text),
                              .id = linked ? args[ABOUT].as.link.id : 0,
                              .type = linked ? args[ABOUT].as.link.type : 0};
        st = self->deliveries->send(txn, &effect, NULL, err);
    }
    free(text);
    json_decref(root);
    return st;
}

/* The event that announces it comes first: so it is what led to the answer. */
static kith_status send_all(kith_instance *self, kith_call *call, const kith_value args[PARAMS],
                            const char *origin, json_t *headers, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    unsigned char random[12];
    char hex[2 * sizeof random + 1], request[sizeof hex + 4];
    randombytes_buf(random, sizeof random);
    (void)snprintf(request, sizeof request, "req_%s",
                   sodium_bin2hex(hex, sizeof hex, random, sizeof random));
    KITH_TRY(announce(self, txn, kith_str_of(request), args[METHOD].as.s, args[URL].as.s,
                      &args[ABOUT], err));
    KITH_TRY(hand_over(self, txn, args, origin, headers, request, err));
    kith_value result = kith_text(request);
    return self->calls->result(call, 0, &result, err);
}

kith_status send_call(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value args[PARAMS];
    char url[2048], origin[512];
    json_t *headers = NULL;
    kith_status st = KITH_OK;
    for (uint32_t i = 0; st == KITH_OK && i < PARAMS; i++)
        st = self->calls->arg(call, i, &args[i], err);
    if (st == KITH_OK && args[URL].as.s.len >= sizeof url)
        st = kith_fail(err, KITH_E_INVAL, "url", "the address is longer than %d bytes",
                       (int)sizeof url - 1);
    if (st != KITH_OK)
        return st;
    (void)snprintf(url, sizeof url, "%.*s", KITH_CHARS(args[URL].as.s));
    st = url_origin(url, origin, sizeof origin, err);
    if (st == KITH_OK)
        st = check_bodies(args, err);
    if (st == KITH_OK)
        st = check_credential(self, args[CREDENTIAL], origin, err);
    if (st == KITH_OK)
        st = check_headers(args[HEADERS], &headers, err);
    if (st == KITH_OK)
        st = send_all(self, call, args, origin, headers, err);
    json_decref(headers);
    return st;
}

/* -- sending ----------------------------------------------------------------------------------- */

/* Text that an event may carry: UTF-8 without control characters but ends of lines and tabs. */
static int32_t is_text(const char *s, size_t len) {
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] < 0x20 && s[i] != '\n' && s[i] != '\r' && s[i] != '\t')
            return 0;
    json_t *j = json_stringn(s, len); /* NULL: not UTF-8 */
    json_decref(j);
    return j != NULL;
}

/* A text that was cut off may end in the middle of a character. */
static size_t whole_characters(const char *s, size_t len) {
    size_t back = 0;
    while (back < 3 && back < len && ((unsigned char)s[len - 1 - back] & 0xC0u) == 0x80u)
        back++;
    if (back >= len)
        return len;
    unsigned char first = (unsigned char)s[len - 1 - back];
    size_t wanted = first >= 0xF0u ? 4 : first >= 0xE0u ? 3 : first >= 0xC0u ? 2 : 1;
    return wanted > back + 1 ? len - 1 - back : len;
}

static kith_status answer(kith_instance *self, kith_sending *sending, const char *request,
                          const struct request *r, kith_error *err) {
    kith_value values[4] = {kith_text(request), kith_null(), kith_null(), kith_null()};
    size_t len = r->answer ? whole_characters(r->answer, r->answer_len) : 0;
    if (r->status)
        values[1] = kith_int(r->status);
    if (len && is_text(r->answer, len)) {
        values[2] = kith_text("");
        values[2].as.s = (kith_str){r->answer, len};
    }
    if (!r->status)
        values[3] = kith_text(r->error);
    return self->deliveries->answer(sending, self->answered, 4, values, err);
}

/* Any answer is one, but those that say: later. */
static kith_status judge(kith_instance *self, kith_sending *sending, const struct request *r,
                         kith_error *err) {
    int32_t later = r->status == 408 || r->status == 425 || r->status == 429 || r->status >= 500;
    if (r->status && !later)
        return KITH_OK;
    if (r->later_ms)
        (void)self->deliveries->later(sending, r->later_ms, NULL);
    if (r->status)
        return kith_fail(err, KITH_E_RETRY, NULL, "HTTP %ld", r->status);
    return kith_fail(err, r->forbidden ? KITH_E_REFUSED : KITH_E_RETRY, NULL, "%s", r->error);
}

static struct curl_slist *add_line(struct curl_slist *list, const char *name, size_t name_len,
                                   const char *value, size_t value_len) {
    char *line = malloc(name_len + value_len + 3);
    if (!line)
        return list;
    (void)sprintf(line, "%.*s: %.*s", (int)name_len, name, (int)value_len, value);
    list = curl_slist_append(list, line);
    free(line);
    return list;
}

static kith_status fill(kith_instance *self, const json_t *root, const char *key, struct request *r,
                        kith_error *err) {
    const char *name, *body = json_string_value(json_object_get(root, "body"));
    const char *credential = json_string_value(json_object_get(root, "credential"));
    json_t *value, *headers = json_object_get(root, "headers");
    r->method = json_string_value(json_object_get(root, "method"));
    r->url = json_string_value(json_object_get(root, "url"));
    r->body = kith_str_of(body);
    if (!r->method || !r->url)
        return kith_fail(err, KITH_E_REFUSED, NULL, "the request cannot be read");
    r->headers = add_line(r->headers, "Idempotency-Key", 15, key, strlen(key));
    if (json_is_true(json_object_get(root, "json")))
        r->headers = curl_slist_append(r->headers, "Content-Type: application/json");
    else if (body)
        r->headers = curl_slist_append(r->headers, "Content-Type: text/plain; charset=utf-8");
    json_object_foreach(headers, name, value) r->headers = add_line(
        r->headers, name, strlen(name), json_string_value(value), strlen(json_string_value(value)));
    if (!credential)
        return KITH_OK;
    char origin[512];
    kith_value asked = kith_text(credential);
    const struct credential *c = find_credential(self, asked.as.s);
    kith_status st = url_origin(r->url, origin, sizeof origin, err);
    r->guarded = 1;
    if (st == KITH_OK) /* the settings may be others by now */
        st = check_credential(self, asked, origin, err);
    if (st == KITH_OK)
        r->headers = add_line(r->headers, c->header.ptr, (size_t)c->header.len, c->value.ptr,
                              (size_t)c->value.len);
    return st == KITH_OK ? KITH_OK : KITH_E_REFUSED;
}

kith_status send_deliver(kith_instance *self, const kith_txn *view, kith_sending *sending,
                         kith_error *err) {
    struct request r = {.status = 0};
    char key[260];
    kith_status st = KITH_OK;
    (void)view;
    if (st != KITH_OK)
        return st;
    (void)snprintf(key, sizeof key, "%.*s", KITH_CHARS(sending->key));
    json_t *root = json_loadb(sending->payload.ptr, (size_t)sending->payload.len, 0, NULL);
    st = fill(self, root, key, &r, err);
    if (st == KITH_OK) {
        request_run(self, &r);
        st = answer(self, sending, key, &r, err);
        if (st == KITH_OK)
            st = judge(self, sending, &r, err);
    }
    curl_slist_free_all(r.headers);
    json_decref(root);
    free(r.answer);
    return st;
}
