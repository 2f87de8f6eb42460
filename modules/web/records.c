/* SPDX-License-Identifier: Apache-2.0 */
/* One record: read at once, written without anybody's waiting for the disk. */
#include "web.h"

#define MARK 16 /* of a version: what was written */

/* -- reading ----------------------------------------------------------------------------------- */

static void put_etag(struct request *r, kith_str version) {
    if (version.len)
        answer_header(r, "ETag", "\"%.*s\"", (int)version.len, version.ptr);
}

/* Is the version among those of If-None-Match? Weak ones too. */
static bool has_it(const char *header, kith_str version) {
    for (const char *at = header; at && *at; at += strspn(at, ", \t")) {
        if (*at == '*')
            return true;
        at += strncmp(at, "W/", 2) == 0 ? 2 : 0;
        size_t len = strcspn(at, ",");
        if (len >= version.len + 2 && at[0] == '"' && at[version.len + 1] == '"' &&
            memcmp(at + 1, version.ptr, version.len) == 0)
            return true;
        at += len;
    }
    return false;
}

static kith_status show(void *arg, const kith_shown *shown, kith_error *e) {
    struct request *r = arg;
    (void)e;
    bool same = has_it(request_header(r, "If-None-Match"), shown->version);
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

static void tell_written(struct request *r, const kith_written *w) {
    char id[KITH_ID_CHARS + 1];
    const kith_shown *shown = w->count ? &w->shown[0] : NULL;
    if (w->transaction) {
        kith_id_text(w->transaction, id);
        answer_header(r, "Kith-Transaction", "%s", id);
    }
    if (!shown || !shown->json.len) {
        r->status = 204;
        return;
    }
    text_add(&r->answer, shown->json.ptr, shown->json.len);
    text_puts(&r->answer, "\n");
    answer_json(r, r->method == METHOD_POST && r->route->handle == record_create ? 201 : 200);
    put_etag(r, shown->version);
    if (r->status == 201) {
        kith_id_text(shown->id, id);
        answer_header(r, "Location", "/api/v1/%s/%s", request_part(r, "type"), id);
    }
}

static void tell_failure(struct request *r, kith_status st, const kith_error *e) {
    bool matched = request_header(r, "If-Match") != NULL;
    if (st == KITH_E_CONFLICT && matched && !e->field[0])
        answer_problem(r, 412, "conflict", NULL, e->message);
    else
        answer_error(r, st, e);
}

/* On the writer. */
static void written(void *arg, const kith_written *w) {
    struct request *r = arg;
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
    request_suspend(r);
    kith_status st = r->self->serving->write(r->caller, 1, &w, written, r, &e);
    if (st != KITH_OK) {
        tell_failure(r, st, &e);
        request_resume(r);
    }
    return false;
}

static bool write_body(struct request *r, uint32_t kind) {
    if (r->body.len)
        return write_one(r, kind, text_str(&r->body));
    answer_problem(r, 400, "invalid", NULL, "the body is empty: send one JSON object");
    return true;
}

bool record_create(struct request *r) {
    return write_body(r, KITH_ON_CREATE);
}

bool record_update(struct request *r) {
    return write_body(r, KITH_ON_UPDATE);
}

bool record_delete(struct request *r) {
    return write_one(r, KITH_ON_DELETE, (kith_str){"", 0});
}

bool record_transition(struct request *r) {
    return write_one(r, KITH_TO_STATE, kith_str_of(request_part(r, "state")));
}
