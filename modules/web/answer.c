/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: problem documents (RFC 9457), and what of Kith's errors is which status of HTTP. */
#include "pack.h"
#include "web.h"

#include <stdlib.h>

#define JSON    "application/json"
#define PROBLEM "application/problem+json"

void answer_header(struct request *r, const char *name, const char *format, ...) {
    va_list args;
    if (r->header_count == HEADERS_MAX)
        return;
    struct header *h = &r->headers[r->header_count++];
    h->name = name;
    h->longer = NULL;
    va_start(args, format);
    int len = vsnprintf(h->value, sizeof h->value, format, args);
    va_end(args);
    if (len < (int)sizeof h->value)
        return;
    struct text t = {0};
    va_start(args, format);
    text_vprintf(&t, format, args);
    va_end(args);
    h->longer = t.ptr;
    r->answer.failed |= t.failed;
}

void answer_drop_headers(struct request *r) {
    while (r->header_count > 0)
        free(r->headers[--r->header_count].longer);
}

void answer_json(struct request *r, unsigned status) {
    r->status = status;
    answer_header(r, "Content-Type", JSON);
}

static const char *title_of(unsigned status) {
    static const struct {
        unsigned status;
        const char *title;
    } titles[] = {
        {400, "Bad request"},
        {401, "Sign in"},
        {403, "Not allowed"},
        {404, "Not found"},
        {405, "Method not allowed"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Changed meanwhile"},
        {413, "Too large"},
        {415, "Not of this kind"},
        {416, "Not so long"},
        {422, "Cannot be done"},
        {429, "Too often"},
        {500, "Defect"},
        {501, "Not here"},
        {503, "Busy"},
        {507, "Disk full"},
    };
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Problem";
}

/* As the command line names them. INVAL, NOTFOUND and LIMIT go by where the fault is: see
 * status_of.
 */
static const struct {
    const char *name;
    unsigned status;
} codes[] = {
    [-KITH_OK] = {"ok", 200},
    [-KITH_E_INVAL] = {"invalid", 400},
    [-KITH_E_NOMEM] = {"out of memory", 503},
    [-KITH_E_NOTFOUND] = {"not found", 404},
    [-KITH_E_CONFLICT] = {"conflict", 409},
    [-KITH_E_DENIED] = {"denied", 403},
    [-KITH_E_REFUSED] = {"refused", 422},
    [-KITH_E_RETRY] = {"retry", 503},
    [-KITH_E_UNSUPPORTED] = {"unsupported", 501},
    [-KITH_E_THREAD] = {"wrong thread", 500},
    [-KITH_E_IO] = {"input or output failed", 500},
    [-KITH_E_FULL] = {"disk full", 507},
    [-KITH_E_BUSY] = {"busy", 503},
    [-KITH_E_CORRUPT] = {"corrupt", 500},
    [-KITH_E_LIMIT] = {"limit reached", 422},
    [-KITH_E_INTERNAL] = {"internal error", 500},
};
#define CODES (sizeof codes / sizeof *codes)

static size_t place_of(const char *name) {
    size_t i = 0;
    while (i < CODES && strcmp(codes[i].name, name) != 0)
        i++;
    return i < CODES ? i : -KITH_E_INTERNAL;
}

static void member(struct text *t, const char *name, const char *value) {
    text_printf(t, ",\"%s\":", name);
    text_json(t, kith_str_of(value));
}

void answer_problem(struct request *r, unsigned status, const char *code, const char *field,
                    const char *sentence) {
    struct text detail = {0};
    r->answer.len = 0;
    answer_drop_headers(r);
    text_printf(&r->answer, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u",
                title_of(status), status);
    text_remedies(&detail, sentence);
    member(&r->answer, "detail", detail.ptr && !detail.failed ? detail.ptr : sentence);
    text_free(&detail);
    member(&r->answer, "code", code);
    if (field && field[0])
        member(&r->answer, "field", field);
    member(&r->answer, "request", r->origin.id);
    text_puts(&r->answer, "}\n");
    r->status = status;
    answer_header(r, "Content-Type", PROBLEM);
    if (status == 401)
        answer_header(r, "WWW-Authenticate", "Bearer realm=\"Kith\"");
    if (status == 503)
        answer_header(r, "Retry-After", "1");
}

void answer_member(struct request *r, const char *name, const char *format, ...) {
    char value[100];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(value, sizeof value, format, args);
    va_end(args);
    r->answer.len -= strlen("}\n");
    text_printf(&r->answer, ",\"%s\":%s}\n", name, value);
}

/* -- where the fault is ------------------------------------------------------------------------ */

/* Are members of the body words of its command? */
static bool takes_members(const struct request *r) {
    for (const char *const *w = r->route ? r->route->words : NULL; w && *w; w++)
        if (strcmp(*w, "@") == 0)
            return true;
    return false;
}

/* The argument that is at fault: by its name, or by that of the option that it is for a command. */
static const char *argument_of(const struct request *r, const char *field) {
    size_t len = strlen(field);
    if (!r->route || !len || (takes_members(r) && !request_argument(r, field)))
        return NULL;
    for (const char *const *w = r->route->words; w && *w; w++)
        if (strncmp(*w, "--", 2) == 0 && strncmp(*w + 2, field, len) == 0 &&
            ((*w)[len + 2] == '!' || strncmp(*w + len + 2, "=?", 2) == 0))
            return strpbrk(*w, "?!") + 1;
    if (strcmp(field, "query") == 0 && route_names(r->route, "q"))
        return "q";
    if (strcmp(field, IDEMPOTENCY_KEY) == 0)
        return field;
    return request_argument(r, field) || route_names(r->route, field) ? field : NULL;
}

/* Has it a body, or could it have one? */
static bool has_body(const struct request *r) {
    return r->body.len > 0 || r->in || takes_members(r);
}

/* Is it what the address names that is not there, and not what stands in the body? */
static bool is_of_address(const struct request *r, size_t code, const char *field) {
    bool id = strcmp(field, "id") == 0, found = code != -KITH_E_NOTFOUND;
    if (!r->route || !*field)
        return false;
    if (has_body(r))
        return !found && (id || strcmp(field, "action") == 0) && request_part(r, field);
    return id || (!found && request_part(r, field));
}

/* The table in README.md. The address is at fault: 404 when what it names is not there, 400 when an
 * argument is wrong. Else it is the body: 400 and 413 when it cannot be read, 422 when it can. */
static unsigned status_of(const struct request *r, size_t code, const char **field) {
    const char *argument = argument_of(r, *field);
    if (code != -KITH_E_NOTFOUND && code != -KITH_E_INVAL && code != -KITH_E_LIMIT)
        return codes[code].status;
    if (argument) {
        *field = argument;
        return 400;
    }
    if (code == -KITH_E_LIMIT)
        return r->in || (has_body(r) && !r->understood) ? 413 : 422;
    if (is_of_address(r, code, *field)) {
        *field = "";
        return 404;
    }
    bool wanted = r->understood && (code == -KITH_E_INVAL || !r->in);
    return has_body(r) && (**field || wanted) ? 422 : codes[code].status;
}

static void answer_code(struct request *r, size_t code, const char *field, const char *sentence) {
    unsigned status = status_of(r, code, &field);
    answer_problem(r, status, codes[code].name, field, sentence);
}

void answer_error(struct request *r, kith_status st, const kith_error *e) {
    answer_code(r, st < 0 && st >= KITH_E_INTERNAL ? (size_t)-st : -KITH_E_INTERNAL, e->field,
                e->message);
}

void answer_failure(struct request *r, const char *code, const char *field, const char *sentence) {
    answer_code(r, place_of(code), field ? field : "", sentence);
}

/* -- packed ------------------------------------------------------------------------------------ */

#define WORTH_IT 1024 /* bytes: a packet is sent as a whole */

static struct header *header_of(struct request *r, const char *name) {
    for (size_t i = 0; i < r->header_count; i++)
        if (strcmp(r->headers[i].name, name) == 0)
            return &r->headers[i];
    return NULL;
}

static bool is_text(const char *type) {
    static const char *const heads[] = {"application/json", "application/problem+json",
                                        "application/x-ndjson", REHEARSAL, "text/"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (strncmp(type, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

/* How long a packed text is tells what in it is like what a stranger chose (BREACH). Nothing here
 * is both secret and in the body: a caller proves itself by a header, which is not packed, and a
 * route whose answer is a secret is plain. */
bool answer_is_packed(struct request *r) {
    const struct header *type = header_of(r, "Content-Type");
    if (!r->self->compress || !type || !is_text(type->value) || (r->route && r->route->plain))
        return false;
    answer_header(r, "Vary", "Accept-Encoding");
    return pack_is_accepted(request_header(r, "Accept-Encoding"));
}

static bool keep(void *arg, const char *ptr, size_t len) {
    struct text *t = arg;
    text_add(t, ptr, len);
    return !t->failed;
}

/* Another text under another tag: "...-gzip". Its first mark, which If-Match looks at, is the same.
 */
static void mark_tag(struct header *tag) {
    size_t len = tag ? strlen(tag->value) : 0;
    if (len > 2 && len + sizeof "-gzip" < sizeof tag->value)
        strcpy(tag->value + len - 1, "-gzip\"");
}

void answer_pack(struct request *r) {
    struct text packed = {0};
    if (r->out || r->packed)
        return;
    r->packed = true;
    if (r->answer.failed || r->answer.len < WORTH_IT || !answer_is_packed(r))
        return;
    struct pack *p = pack_new();
    bool done = p && pack_put(p, r->answer.ptr, r->answer.len, true, keep, &packed);
    pack_free(p);
    if (!done || packed.len >= r->answer.len) {
        text_free(&packed);
        return;
    }
    text_free(&r->answer);
    r->answer = packed;
    answer_header(r, "Content-Encoding", "gzip");
    mark_tag(header_of(r, "ETag"));
}
