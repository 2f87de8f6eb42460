/* SPDX-License-Identifier: Apache-2.0 */
/* One record: read at once, written without anybody's waiting for the disk. */
#include "web.h"

#include <jansson.h>
#include <stdlib.h>
#include <strings.h>

#define MARK 16 /* of a version: what was written */

/* -- reading ----------------------------------------------------------------------------------- */

static void put_etag(struct request *r, kith_str version) {
    if (version.len)
        answer_header(r, "ETag", "\"%.*s\"", (int)version.len, version.ptr);
}

/* Is the version among those of If-None-Match? Weak ones too, and those of a packed answer. */
bool has_tag(const char *header, kith_str version) {
    for (const char *at = header; at && *at; at += strspn(at, ", \t")) {
        if (*at == '*')
            return true;
        at += strncmp(at, "W/", 2) == 0 ? 2 : 0;
        size_t len = strcspn(at, ",");
        const char *end = at + version.len + 1;
        if (len >= version.len + 2 && at[0] == '"' &&
            memcmp(at + 1, version.ptr, version.len) == 0 &&
            (*end == '"' || strncmp(end, "-gzip\"", 6) == 0))
            return true;
        at += len;
    }
    return false;
}

static kith_status show(void *arg, const kith_shown *shown, kith_error *e) {
    struct request *r = arg;
    (void)e;
    bool same = has_tag(request_header(r, "If-None-Match"), shown->version);
    if (!same) {
        text_add(&r->answer, shown->json.ptr, shown->json.len);
        text_puts(&r->answer, "\n");
        answer_json(r, 200);
    } else
        r->status = 304;
    put_etag(r, shown->version);
    return KITH_OK;
}

bool record_get(struct request *r) {
    kith_error e = {.struct_size = sizeof e};
    const char *fields = request_argument(r, "fields");
    kith_status st = r->self->serving->record(r->caller, kith_str_of(request_part(r, "type")),
                                              kith_str_of(request_part(r, "id")),
                                              kith_str_of(fields ? fields : ""), show, r, &e);
    if (st != KITH_OK)
        answer_error(r, st, &e);
    return true;
}

/* -- writing ----------------------------------------------------------------------------------- */

static void tell_transaction(struct request *r, const kith_written *w) {
    char id[KITH_ID_CHARS + 1];
    if (w->repeated)
        answer_header(r, "Idempotency-Replayed", "true");
    if (!w->transaction)
        return;
    kith_id_text(w->transaction, id);
    answer_header(r, "Kith-Transaction", "%s", id);
}

/* The record, or of one that may not be read what its writer knows of it anyway. */
static void put_shown(struct request *r, const kith_shown *shown) {
    char id[KITH_ID_CHARS + 1];
    kith_id_text(shown->id, id);
    if (shown->json.len)
        text_add(&r->answer, shown->json.ptr, shown->json.len);
    else
        text_printf(&r->answer, "{\"id\":\"%s\",\"type\":\"%s\"}", id, request_part(r, "type"));
    text_puts(&r->answer, "\n");
}

static void tell_written(struct request *r, const kith_written *w) {
    char id[KITH_ID_CHARS + 1];
    const kith_shown *shown = w->count ? &w->shown[0] : NULL;
    tell_transaction(r, w);
    if (!shown || r->method == METHOD_DELETE) {
        r->status = 204;
        return;
    }
    put_shown(r, shown);
    answer_json(r, r->method == METHOD_POST && r->route->handle == record_create ? 201 : 200);
    if (shown->version.len)
        put_etag(r, shown->version);
    if (r->status == 201) {
        kith_id_text(shown->id, id);
        answer_header(r, "Location", "/api/v1/%s/%s", request_part(r, "type"), id);
    }
}

static void tell_failure(struct request *r, kith_status st, const kith_error *e) {
    bool matched = request_header(r, "If-Match") != NULL;
    if (st == KITH_E_INVAL && r->route->handle == record_transition) /* no arrow leads there */
        answer_problem(r, 422, "invalid", e->field, e->message);
    else if (st == KITH_E_CONFLICT && matched && !e->field[0])
        answer_problem(r, 412, "conflict", NULL, e->message);
    else
        answer_error(r, st, e);
}

/* On the writer. */
static void written(void *arg, const kith_written *w) {
    struct request *r = arg;
    r->understood = w->status != KITH_E_NOTFOUND; /* that is the record of the address */
    if (w->status == KITH_OK)
        tell_written(r, w);
    else
        tell_failure(r, w->status, w->error);
    request_resume(r);
}

/* "mark-mark", of the first of If-Match; empty: it has to be there, whichever it is. */
static kith_str wanted_version(const struct request *r) {
    const char *given = request_header(r, "If-Match");
    if (!given || given[0] != '"' || strlen(given) < MARK + 2)
        return (kith_str){"", 0};
    return (kith_str){given + 1, MARK};
}

/* By which what is sent again is known. */
static kith_str key_of(const struct request *r) {
    return kith_str_of(request_header(r, IDEMPOTENCY_KEY));
}

/* -- what it would do -------------------------------------------------------------------------- */

bool record_is_rehearsed(const struct request *r) {
    const char *value = request_argument(r, "rehearse");
    return !r->route->worker && value && strcmp(value, "0") != 0 && strcmp(value, "false") != 0;
}

static kith_status show_rehearsal(void *arg, const kith_shown *shown, kith_error *e) {
    struct request *r = arg;
    (void)e;
    text_add(&r->answer, shown->json.ptr, shown->json.len);
    text_puts(&r->answer, "\n");
    r->status = 200;
    answer_header(r, "Content-Type", REHEARSAL);
    return KITH_OK;
}

/* Where it is one, on a thread of its own. true: it is a rehearsal, or not clear, and answered. */
static bool rehearsed(struct request *r, uint32_t count, const kith_write *writes) {
    kith_error e = {.struct_size = sizeof e};
    int wanted = request_switch(r, "rehearse");
    if (wanted <= 0)
        return wanted < 0;
    kith_status st = r->self->serving->rehearse(r->caller, count, writes, show_rehearsal, r, &e);
    if (st != KITH_OK)
        tell_failure(r, st, &e);
    return true;
}

static bool write_one(struct request *r, uint32_t kind, kith_str fields) {
    kith_error e = {.struct_size = sizeof e};
    const char *id = request_part(r, "id"), *match = request_header(r, "If-Match");
    const kith_write w = {
        .struct_size = sizeof w,
        .kind = kind,
        .type = kith_str_of(request_part(r, "type")),
        .id = kith_str_of(id),
        .fields = fields,
        .version = wanted_version(r),
    };
    if (match && strcmp(match, "*") != 0 && !w.version.len) {
        answer_problem(r, 412, "conflict", NULL,
                       "If-Match is not an ETag that was answered for this record");
        return true;
    }
    if (rehearsed(r, 1, &w))
        return true;
    request_suspend(r);
    kith_status st = r->self->serving->write(r->caller, key_of(r), 1, &w, written, r, &e);
    if (st != KITH_OK) {
        tell_failure(r, st, &e);
        request_resume(r);
    }
    return false;
}

/* Without a body, too: whether there is such a type is told first. */
static bool write_body(struct request *r, uint32_t kind) {
    return !body_may_be_json(r) || write_one(r, kind, text_str(&r->body));
}

bool record_update(struct request *r) {
    return write_body(r, KITH_ON_UPDATE);
}

/* -- several in one transaction ---------------------------------------------------------------- */

static bool is_lines(const struct request *r) {
    static const char *const names[] = {"application/x-ndjson", "application/jsonl",
                                        "application/x-jsonlines"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (request_sends(r, names[i]))
            return true;
    return false;
}

static kith_str next_line(kith_str *rest) {
    const char *end = rest->len ? memchr(rest->ptr, '\n', (size_t)rest->len) : NULL;
    kith_str line = {rest->ptr, end ? (uint64_t)(end - rest->ptr) : rest->len};
    uint64_t taken = line.len + (end != NULL);
    rest->ptr += taken;
    rest->len -= taken;
    return line;
}

static bool is_blank(kith_str line) {
    for (uint64_t i = 0; i < line.len; i++)
        if (!strchr(" \t\r", line.ptr[i]))
            return false;
    return true;
}

/* Of what is updated: the id that stands in the line, in a text of 16 bytes. false: there is none.
 * A line that is no JSON is told of by who reads all of it. */
static bool take_id(kith_str line, char *out) {
    json_t *object = json_loadb(line.ptr, (size_t)line.len, JSON_ALLOW_NUL, NULL);
    const char *id = json_string_value(json_object_get(object, "id"));
    bool found = id || !object;
    (void)snprintf(out, 16, "%s", id ? id : "");
    json_decref(object);
    return found;
}

/* Lines of JSON, as what was sent. */
static void tell_lines(struct request *r, const kith_written *w) {
    for (uint32_t i = 0; i < w->count; i++)
        put_shown(r, &w->shown[i]);
    r->status = r->method == METHOD_POST ? 201 : 200;
    answer_header(r, "Content-Type", "application/x-ndjson");
    tell_transaction(r, w);
}

static void lines_written(void *arg, const kith_written *w) {
    struct request *r = arg;
    char sentence[512];
    if (w->status == KITH_OK) {
        tell_lines(r, w);
    } else {
        kith_error e = *w->error;
        r->understood = true;
        if (w->status == KITH_E_NOTFOUND && !e.field[0])
            (void)snprintf(e.field, sizeof e.field, "id");
        (void)snprintf(sentence, sizeof sentence, "at %u: %s", w->failed + 1, e.message);
        (void)snprintf(e.message, sizeof e.message, "%.440s", sentence);
        answer_error(r, w->status, &e);
    }
    request_resume(r);
}

#define LINES_MAX 1000

/* One more than may be: it is refused then. */
struct batch {
    kith_write writes[LINES_MAX + 1];
    char ids[LINES_MAX + 1][16]; /* of those that are updated */
    uint32_t count;
};

static kith_status add_line(struct batch *b, struct request *r, uint32_t kind, kith_str line,
                            kith_error *e) {
    char *id = b->ids[b->count];
    if (kind == KITH_ON_UPDATE && !take_id(line, id))
        return kith_fail(e, KITH_E_INVAL, "id", "at %u: it does not say which record it is: \"id\"",
                         b->count + 1);
    b->writes[b->count++] = (kith_write){
        .struct_size = sizeof(kith_write),
        .kind = kind,
        .type = kith_str_of(request_part(r, "type")),
        .id = kith_str_of(id),
        .fields = line,
    };
    return KITH_OK;
}

static kith_status take_lines(struct batch *b, struct request *r, uint32_t kind, kith_error *e) {
    kith_str rest = text_str(&r->body);
    while (rest.len && b->count <= LINES_MAX) {
        kith_str line = next_line(&rest);
        if (!is_blank(line))
            KITH_TRY(add_line(b, r, kind, line, e));
    }
    return KITH_OK;
}

static bool no_body(struct request *r) {
    answer_problem(r, 400, "invalid", NULL, "the body is empty: send one JSON object");
    return true;
}

/* What they refer to lives in the request and the batch. false: it is answered later. */
static bool write_batch(struct request *r, const struct batch *b) {
    kith_error e = {.struct_size = sizeof e};
    if (b->count == 0)
        return no_body(r);
    if (rehearsed(r, b->count, b->writes))
        return true;
    request_suspend(r);
    kith_status st =
        r->self->serving->write(r->caller, key_of(r), b->count, b->writes, lines_written, r, &e);
    if (st != KITH_OK) {
        answer_error(r, st, &e);
        request_resume(r);
    }
    return false;
}

static bool write_lines(struct request *r, uint32_t kind) {
    kith_error e = {.struct_size = sizeof e};
    struct batch *b = calloc(1, sizeof *b);
    kith_status st = b ? take_lines(b, r, kind, &e)
                       : kith_fail(&e, KITH_E_NOMEM, NULL, "there is not enough memory");
    bool answered = true;
    if (st != KITH_OK)
        answer_error(r, st, &e);
    else
        answered = write_batch(r, b);
    free(b);
    return answered;
}

bool record_create(struct request *r) {
    return r->body.len && is_lines(r) ? write_lines(r, KITH_ON_CREATE)
                                      : write_body(r, KITH_ON_CREATE);
}

bool records_update(struct request *r) {
    if (is_lines(r))
        return r->body.len ? write_lines(r, KITH_ON_UPDATE) : no_body(r);
    answer_problem(r, 415, "unsupported", NULL,
                   "several records are changed by lines of JSON, each with the id of one:"
                   " Content-Type: application/x-ndjson");
    return true;
}

bool record_delete(struct request *r) {
    return write_one(r, KITH_ON_DELETE, (kith_str){"", 0});
}

bool record_transition(struct request *r) {
    return write_one(r, KITH_TO_STATE, kith_str_of(request_part(r, "state")));
}
