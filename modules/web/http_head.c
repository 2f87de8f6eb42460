/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request, as the HTTP library has read it: what is asked of it, and what is refused
 * though the library lets it pass. */
#include "http_head.h"
#include "people.h"

#include <microhttpd.h>
#include <string.h>
#include <strings.h>

const char *request_header(const struct request *r, const char *name) {
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

struct wanted {
    const char *name, *found;
    size_t left; /* of that name before it */
};

static enum MHD_Result look_for(void *cls, enum MHD_ValueKind kind, const char *name,
                                const char *value) {
    struct wanted *w = cls;
    (void)kind;
    if (strcasecmp(name, w->name) != 0 || w->left-- > 0)
        return MHD_YES;
    w->found = value ? value : "";
    return MHD_NO;
}

const char *request_header_at(const struct request *r, const char *name, size_t i) {
    struct wanted w = {.name = name, .left = i};
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, look_for, &w);
    return w.found;
}

const char *request_argument(const struct request *r, const char *name) {
    const char *value = NULL;
    size_t len;
    if (MHD_lookup_connection_value_n(r->connection, MHD_GET_ARGUMENT_KIND, name, strlen(name),
                                      &value, &len) != MHD_YES)
        return NULL;
    return value ? value : "";
}

const char *request_cookie(const struct request *r, const char *name) {
    return MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, name);
}

struct arguments {
    argument_fn fn;
    void *arg;
};

static enum MHD_Result look_at_argument(void *cls, enum MHD_ValueKind kind, const char *name,
                                        const char *value) {
    const struct arguments *a = cls;
    (void)kind;
    return a->fn(a->arg, name, value ? value : "") ? MHD_YES : MHD_NO;
}

void request_arguments(const struct request *r, argument_fn fn, void *arg) {
    struct arguments a = {fn, arg};
    MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, look_at_argument, &a);
}

/* -- what the library lets pass ---------------------------------------------------------------- */

enum method head_method(const char *name, bool *head) {
    *head = strcmp(name, "HEAD") == 0;
    for (size_t i = 0; i < METHOD_OTHER; i++)
        if (strcmp(method_names[i], name) == 0)
            return (enum method)i;
    return *head ? METHOD_GET : METHOD_OTHER;
}

/* Only what an address is written with: so it can be shown, and logged. */
bool head_is_plain(const char *uri) {
    for (; *uri; uri++)
        if (*uri <= ' ' || *uri > '~' || (uri[0] == '%' && uri[1] == '0' && uri[2] == '0'))
            return false;
    return true;
}

/* Of these the first one would count here, and for a program in between perhaps the last. */
static const char *const single[] = {
    "Host", "Authorization",  "Content-Type",  "Content-Encoding", "Origin",
    CSRF,   "Mcp-Session-Id", IDEMPOTENCY_KEY, "Last-Event-ID"};
#define SINGLE (sizeof single / sizeof *single)

struct look {
    unsigned lengths, encodings, seen; /* of single, a bit each */
    const char *twice;
    bool odd_name, odd_encoding, odd_host, odd_text, folded;
};

/* Where a header goes on in the next line the library takes that for the end of its name, and so
 * passes over what tells the length: "Content-Length: 1\r\n 5" is a "Content-Length5" to it. */
static bool is_folded(const char *name, const char *of) {
    return strncasecmp(name, of, strlen(of)) == 0 && name[strlen(of)];
}

static void look_at_single(struct look *l, const char *name) {
    for (unsigned i = 0; i < SINGLE; i++) {
        if (strcasecmp(name, single[i]) != 0)
            continue;
        if (l->seen >> i & 1)
            l->twice = single[i];
        l->seen |= 1u << i;
    }
}

static enum MHD_Result look_at_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                      const char *value) {
    struct look *l = cls;
    (void)kind;
    l->lengths += strcasecmp(name, "Content-Length") == 0;
    look_at_single(l, name);
    if (strcasecmp(name, "Host") == 0)
        l->odd_host |= value && value[strcspn(value, " \t/?#@\\\"<>^`{|}")];
    if (strcasecmp(name, "Transfer-Encoding") == 0) {
        l->encodings++;
        l->odd_encoding |= !value || strcasecmp(value, "chunked") != 0;
    }
    l->folded |= is_folded(name, "Content-Length") || is_folded(name, "Transfer-Encoding");
    l->odd_name |= name[strcspn(name, " \t\"(),/:;<=>?@[\\]{}")] != '\0' || !*name;
    return MHD_YES;
}

static enum MHD_Result look_at_text(void *cls, enum MHD_ValueKind kind, const char *name,
                                    const char *value) {
    struct look *l = cls;
    (void)kind;
    l->odd_text |= !text_is_utf8(kith_str_of(name)) || !text_is_utf8(kith_str_of(value));
    return MHD_YES;
}

/* Cut first and decoded then: a "/" that is written as %2F stands in a name. false: there can be
 * nothing at such an address. */
static bool cut(struct request *r) {
    char *at = r->path;
    if (strncmp(at, "http://", 7) == 0 || strncmp(at, "https://", 8) == 0) { /* as to a proxy */
        at = strchr(at, '/') + 2;
        at += strcspn(at, "/");
    }
    while (*at == '/') {
        if (r->part_count == PARTS_MAX)
            return false;
        *at++ = '\0';
        if (!*at || *at == '/')
            return false;
        r->parts[r->part_count++] = at;
        at += strcspn(at, "/");
    }
    return *at == '\0';
}

static bool read_path(struct request *r) {
    bool text = true;
    if (!cut(r))
        r->part_count = 0;
    for (size_t i = 0; i < r->part_count; i++) {
        MHD_http_unescape(r->parts[i]);
        text &= text_is_utf8(kith_str_of(r->parts[i]));
    }
    return text;
}

/* Where two programs may disagree about where a request ends, or for whom it is, it is refused. */
void head_check(struct request *r) {
    struct look l = {0};
    const char *wrong = NULL;
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, look_at_header, &l);
    MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, look_at_text, &l);
    l.odd_text |= !read_path(r);
    r->has_body = l.lengths + l.encodings > 0;
    if (l.lengths + l.encodings > 1)
        wrong = "its length is told more than once";
    else if (l.folded)
        wrong = "a header that tells its length goes on in the next line";
    else if (l.encodings && r->old)
        wrong = "HTTP/1.0 knows of no chunks";
    else if (l.odd_host)
        wrong = "the host holds a character that it cannot";
    else if (l.odd_name)
        wrong = "the name of a header holds a character that it cannot";
    else if (r->odd_address)
        wrong = "the address holds a character that must be written as %XX, or has more than 8000"
                " characters";
    else if (l.odd_text)
        wrong = "what the address holds as %XX is no text in UTF-8";
    if (l.twice)
        answer_problem(r, 400, "invalid", l.twice, "this header is told more than once");
    else if (wrong)
        answer_problem(r, 400, "invalid", NULL, wrong);
    else if (l.odd_encoding)
        answer_problem(r, 501, "unsupported", NULL, "the body comes whole or chunked, not coded");
    if (r->status) /* what comes next may be its body */
        answer_header(r, "Connection", "close");
}
