/* SPDX-License-Identifier: Apache-2.0 */
/* What every answer says to browsers: that nothing in it is to be run, framed or guessed at; and
 * which pages of other origins may ask (CORS). */
#include "operation.h"

#include <strings.h>

#define CORS_METHODS "GET, POST, PATCH, PUT, DELETE"
#define CORS_HEADERS                                                                               \
    "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID"
#define CORS_SHOWN                                                                                 \
    "ETag, Location, Kith-Next, Kith-Transaction, Idempotency-Replayed, Retry-After, X-Request-ID"

static bool has(const struct request *r, const char *name) {
    for (size_t i = 0; i < r->header_count; i++)
        if (strcasecmp(r->headers[i].name, name) == 0)
            return true;
    return false;
}

static bool is_page(const struct request *r) {
    for (size_t i = 0; i < r->header_count; i++)
        if (strcasecmp(r->headers[i].name, "Content-Type") == 0)
            return strncmp(r->headers[i].value, "text/html", 9) == 0;
    return false;
}

/* NULL: it is of no other origin, or of one that is not allowed. */
static const char *allowed_origin(const struct request *r) {
    const struct operation *o = r->self->operation;
    const uint64_t n = o->origins.kind == KITH_LIST ? o->origins.as.list.count : 0;
    const char *origin = n ? request_header(r, "Origin") : NULL;
    for (uint64_t i = 0; origin && i < n; i++) {
        const kith_str allowed = o->origins.as.list.items[i].as.s;
        if (kith_str_is(allowed, "*"))
            return "*";
        if (allowed.len == strlen(origin) && memcmp(allowed.ptr, origin, (size_t)allowed.len) == 0)
            return origin;
    }
    return NULL;
}

static void add_cors(const struct request *r, add_header_fn add, void *to) {
    const struct operation *o = r->self->operation;
    if (o->origins.kind != KITH_LIST || !o->origins.as.list.count)
        return;
    const char *origin = allowed_origin(r);
    add(to, "Vary", "Origin");
    if (!origin)
        return;
    add(to, "Access-Control-Allow-Origin", origin);
    add(to, "Access-Control-Expose-Headers", CORS_SHOWN);
}

/* A page of the module's own says itself what it needs: answer_header(r, "Content-Security-Policy",
 * ...). */
void add_common_headers(const struct request *r, add_header_fn add, void *to) {
    const struct operation *o = r->self->operation;
    add(to, "X-Request-ID", r->origin.id);
    add(to, "X-Content-Type-Options", "nosniff");
    if (!has(r, "Cache-Control"))
        add(to, "Cache-Control", "no-store");
    if (!has(r, "Content-Security-Policy"))
        add(to, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    add(to, "Referrer-Policy", "no-referrer");
    if (!allowed_origin(r))
        add(to, "Cross-Origin-Resource-Policy", "same-origin");
    if (is_page(r)) {
        add(to, "Cross-Origin-Opener-Policy", "same-origin");
        add(to, "Permissions-Policy",
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()");
        add(to, "X-Frame-Options", "DENY");
    }
    if (r->origin.https && o->hsts[0])
        add(to, "Strict-Transport-Security", o->hsts);
    add_cors(r, add, to);
}

bool cors_preflight(struct request *r) {
    if (!r->options || !request_header(r, "Access-Control-Request-Method") || !allowed_origin(r))
        return false;
    r->status = 204;
    answer_header(r, "Access-Control-Allow-Methods", CORS_METHODS);
    answer_header(r, "Access-Control-Allow-Headers", CORS_HEADERS);
    answer_header(r, "Access-Control-Max-Age", "600");
    return true;
}
