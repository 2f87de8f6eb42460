/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request, as the HTTP library has read it: what is asked of it, and what is refused
 * though the library lets it pass. */
#include "http_head.h"

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

struct look {
    unsigned lengths, encodings, hosts;
    bool odd_name, odd_encoding, odd_text;
};

static enum MHD_Result look_at_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                      const char *value) {
    struct look *l = cls;
    (void)kind;
    l->lengths += strcasecmp(name, "Content-Length") == 0;
    l->hosts += strcasecmp(name, "Host") == 0;
    if (strcasecmp(name, "Transfer-Encoding") == 0) {
        l->encodings++;
        l->odd_encoding |= !value || strcasecmp(value, "chunked") != 0;
    }
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

/* Where two programs may disagree about where a request ends, or for whom it is, it is refused. */
void head_check(struct request *r) {
    struct look l = {0};
    const char *wrong = NULL;
    MHD_get_connection_values(r->connection, MHD_HEADER_KIND, look_at_header, &l);
    MHD_get_connection_values(r->connection, MHD_GET_ARGUMENT_KIND, look_at_text, &l);
    r->has_body = l.lengths + l.encodings > 0;
    if (l.lengths + l.encodings > 1)
        wrong = "its length is told more than once";
    else if (l.hosts > 1)
        wrong = "its host is told more than once";
    else if (l.odd_name)
        wrong = "the name of a header holds a character that it cannot";
    else if (r->odd_address)
        wrong = "the address holds a character that must be written as %XX, or has more than 8000"
                " characters";
    else if (l.odd_text || !text_is_utf8(kith_str_of(r->path)))
        wrong = "what the address holds as %XX is no text in UTF-8";
    if (wrong)
        answer_problem(r, 400, "invalid", NULL, wrong);
    else if (l.odd_encoding)
        answer_problem(r, 501, "unsupported", NULL, "the body comes whole or chunked, not coded");
    if (r->status) /* what comes next may be its body */
        answer_header(r, "Connection", "close");
}
