/* SPDX-License-Identifier: Apache-2.0 */
/* Telling: an event as JSON for somebody outside, bounded by what a user may know. The form is that
 * of Standard Webhooks: type, timestamp, data. */
#include "engine/tell.h"
#include "base/date.h"
#include "base/id.h"
#include "base/json.h"
#include "engine/listen.h"

#include <string.h>

static kith_status enter(struct txn *t, kith_id user, struct principal *out, bool *there,
                         kith_error *e) {
    static const struct principal everybody = {.name = "Kith", .all = true};
    const struct access_of of = {.user = user};
    *out = everybody;
    *there = true;
    if (!user)
        return KITH_OK;
    kith_status st = txn_enter(t, &of, out, e);
    if (st != KITH_E_DENIED)
        return st;
    err_clear(e); /* gone */
    *out = everybody;
    *there = false;
    return KITH_OK;
}

kith_status tell_may(const struct teller *x, const struct event *ev, bool *yes, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    *yes = x->who->all;
    if (!ev->type || !ev->values)
        return KITH_OK; /* of nothing, or of something that nobody knows any more */
    if (restriction_check(ev->type, ev->id, ev->values, &why) != KITH_OK) {
        *yes = false;
        return KITH_OK;
    }
    return *yes ? KITH_OK
                : access_may(x->conn, x->who, RIGHT_READ, ev->type, ev->id, ev->values, x->arena,
                             yes, NULL, e);
}

/* -- the condition ----------------------------------------------------------------------------- */

static kith_status look_up(void *arg, const struct rtype *t, kith_id id, const kith_value **values,
                           kith_error *e) {
    const struct teller *x = arg;
    kith_value *out = ARENA_ARRAY(x->arena, kith_value, t->field_count);
    bool there;
    if (!out)
        return err_nomem(e);
    TRY(access_find(x->conn, x->who, t, id, x->arena, out, &there, e));
    *values = there ? out : NULL;
    return KITH_OK;
}

static kith_status ask(void *arg, const struct match_question *q, int64_t *n, kith_error *e) {
    const struct teller *x = arg;
    return x->txn ? txn_ask(x->txn, q, n, e) : match_answer(q, x->conn, x->arena, n, e);
}

kith_status tell_meets(const struct teller *x, const struct event *ev, const struct predicate *p,
                       bool *yes, kith_error *e) {
    const struct match_source source = {look_up, ask, (void *)(uintptr_t)x};
    struct query_env env = engine_env(x->engine, x->now, x->who);
    return predicate_match(p, &env, ev->id, ev->values, &source, yes, e);
}

/* A condition on what the webhook's owner may not read is not met: it would tell of that. */
static kith_status meets(const struct teller *x, const struct event *ev, kith_str where, bool *yes,
                         kith_error *e) {
    kith_error closed = KITH_ERROR_INIT;
    struct predicate *p;
    *yes = where.len == 0;
    if (*yes || !ev->type || !ev->values)
        return KITH_OK;
    TRY(predicate_parse_for(&p, x->engine->schema, x->who, ev->type, x->arena, where, e));
    kith_status st = condition_open(x->engine, x->now, x->who, p, x->arena, &closed);
    if (st == KITH_E_DENIED)
        return KITH_OK;
    if (st != KITH_OK) {
        err_copy(e, &closed);
        return st;
    }
    return tell_meets(x, ev, p, yes, e);
}

/* -- the text ---------------------------------------------------------------------------------- */

static void put_time(struct json_out *j, int64_t ms) {
    char text[TIME_TEXT];
    time_format(ms, text);
    json_strz(j, text);
}

static void put_subject(struct json_out *j, const struct event *ev) {
    char id[ID_TEXT + 1];
    json_key(j, "subject");
    if (!ev->type || !ev->id) {
        json_nil(j);
        return;
    }
    id_format(ev->id, id);
    json_object_(j);
    json_key(j, "type");
    json_strz(j, ev->type->name);
    json_key(j, "id");
    json_strz(j, id);
    json_object_end(j);
}

static void put_changes(struct json_out *j, const struct teller *x, const struct event *ev) {
    const struct schema *s = x->engine->schema;
    json_object_(j);
    for (size_t i = 0; i < ev->field_count; i++) {
        const struct image_field *f = &ev->fields[i];
        if (!f->field || !access_reads(x->who, f->field))
            continue;
        json_key(j, f->field->name);
        json_object_(j);
        json_key(j, "before");
        value_json(s, &f->before, j);
        json_key(j, "after");
        value_json(s, &f->after, j);
        json_object_end(j);
    }
    json_object_end(j);
}

kith_status tell_json(const struct teller *x, const struct event *ev, struct buf *out,
                      kith_error *e) {
    struct json_out j;
    json_begin(&j, out, false);
    json_object_(&j);
    json_key(&j, "type");
    json_strz(&j, ev->topic);
    json_key(&j, "timestamp");
    put_time(&j, ev->at);
    json_key(&j, "schema");
    json_int(&j, ev->schema);
    json_key(&j, "seq");
    json_int(&j, (int64_t)ev->seq);
    put_subject(&j, ev);
    json_key(&j, "origin");
    json_strz(&j, origin_name(ev->origin));
    json_key(&j, "data");
    if (ev->kind != ROW_EVENT)
        put_changes(&j, x, ev);
    else if (x->who->all) /* no field of a payload says who may read it */
        json_raw(&j, ev->payload);
    else
        json_nil(&j);
    json_object_end(&j);
    return out->failed ? err_nomem(e) : KITH_OK;
}

static kith_status put(const struct teller *x, const struct event *ev, kith_str *json,
                       kith_error *e) {
    struct buf b = {0};
    kith_status st = tell_json(x, ev, &b, e);
    *json = arena_str(x->arena, buf_view(&b));
    if (st == KITH_OK && !json->ptr)
        st = err_nomem(e);
    buf_free(&b);
    return st;
}

kith_status event_told(struct txn *t, const struct event *ev, kith_id user, kith_str where,
                       kith_str *json, kith_error *e) {
    struct principal who;
    const struct teller x = {
        .engine = t->g,
        .conn = t->g->writer,
        .txn = t,
        .now = txn_now(t),
        .who = &who,
        .arena = t->arena,
    };
    bool yes;
    *json = (kith_str){0};
    TRY(enter(t, user, &who, &yes, e));
    kith_status st = yes ? tell_may(&x, ev, &yes, e) : KITH_OK;
    if (st == KITH_OK && yes)
        st = meets(&x, ev, where, &yes, e);
    if (st == KITH_OK && yes)
        st = put(&x, ev, json, e);
    engine_leave(&who);
    return st;
}
