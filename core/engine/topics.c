/* SPDX-License-Identifier: Apache-2.0 */
/* Topics: what is declared of events that are published, and publishing them. */
#include "engine/topics.h"
#include "engine/bus.h"
#include "record/record_json.h"

#include "engine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

/* -- declaring --------------------------------------------------------------------------------- */

const struct topic_entry *topic_named(const struct engine *g, kith_str name) {
    for (size_t i = 0; i < g->topic_count; i++)
        if (str_eqz(name, g->topics[i]->name))
            return g->topics[i];
    return NULL;
}

const char *engine_topic_at(const struct engine *g, size_t i) {
    return i < g->topic_count ? g->topics[i]->name : NULL;
}

bool engine_topic_published(const struct engine *g, kith_str topic) {
    return topic_named(g, topic) != NULL;
}

static kith_status check_new(const struct engine *g, const char *name, kith_error *e) {
    const struct topic_entry *before = topic_named(g, str_of(name));
    if (g->started)
        return err_set(e, KITH_E_THREAD, NULL, "topics are added before the engine starts");
    if (before)
        return err_set(e, KITH_E_CONFLICT, NULL, "topic %s is declared by %s already", name,
                       before->owner);
    if (engine_topic_known(g, str_of(name)))
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "topic %s is one that records publish by themselves", name);
    return KITH_OK;
}

static kith_status take_payload(struct engine *g, const struct kith_topic *topic,
                                struct topic_entry *t, kith_error *e) {
    struct rtype *payload = &t->payload;
    TRY(action_fields(g, t->owner, topic->fields, &payload->fields, &payload->field_count, e));
    for (uint32_t i = 0; i < payload->field_count; i++)
        payload->fields[i]->type = payload;
    payload->name = t->name;
    payload->schema = g->schema;
    return KITH_OK;
}

kith_status engine_add_topic(struct engine *g, const char *owner, const struct kith_topic *topic,
                             kith_error *e) {
    TRY(check_new(g, topic->name, e));
    struct topic_entry *t = ARENA_NEW(&g->arena, struct topic_entry);
    void *items =
        arena_grow(&g->arena, g->topics, g->topic_count, &g->topic_cap, sizeof *g->topics);
    if (!t || !items)
        return err_nomem(e);
    g->topics = items;
    t->name = arena_strdup(&g->arena, topic->name);
    t->owner = arena_strdup(&g->arena, owner);
    t->schema = topic->schema;
    if (!t->name || !t->owner)
        return err_nomem(e);
    TRY(take_payload(g, topic, t, e));
    TRY(journal_intern_topic(g->writer, t->name, &t->number, e));
    g->topics[g->topic_count++] = t;
    return KITH_OK;
}

/* -- what they carry --------------------------------------------------------------------------- */

const struct rtype *engine_payload(const struct engine *g, kith_str topic) {
    const struct topic_entry *t = topic_named(g, topic);
    return t && t->payload.field_count ? &t->payload : NULL;
}

kith_status payload_field(const struct rtype *payload, kith_str name, const struct rfield **out,
                          kith_error *e) {
    *out = carried_field(payload, name);
    if (*out)
        return KITH_OK;
    const char *near = carried_near(payload, name);
    int len = (int)(name.len < 60 ? name.len : 60);
    if (near)
        return err_set(e, KITH_E_NOTFOUND, NULL, "%s carries no '%.*s'; did you mean '%s'?",
                       payload->name, len, name.ptr, near);
    return err_set(e, KITH_E_NOTFOUND, NULL, "%s carries no '%.*s'; 'kith explain %s' lists it",
                   payload->name, len, name.ptr, payload->name);
}

kith_status payload_value(const struct schema *s, const struct rfield *f, const json_t *object,
                          struct arena *a, kith_value *out, kith_error *e) {
    const json_t *given = json_object_get(object, f->name);
    *out = value_null();
    if (given)
        TRY(json_value(a, given, f->kind, out, e));
    return value_check(s, f, false, a, out, e);
}

kith_status payload_values(const struct schema *s, const struct rtype *payload, kith_str json,
                           struct arena *a, kith_value **out, kith_error *e) {
    json_t *object = NULL;
    *out = ARENA_ARRAY(a, kith_value, payload->field_count + 1);
    if (!*out)
        return err_nomem(e);
    if (json.len && json_read(json, &object, NULL) != KITH_OK)
        object = NULL;
    for (uint32_t i = 0; i < payload->field_count; i++)
        if (payload_value(s, payload->fields[i], object, a, &(*out)[i], NULL) != KITH_OK)
            (*out)[i] = value_null();
    json_decref(object);
    return KITH_OK;
}

/* -- publishing -------------------------------------------------------------------------------- */

static kith_status check_carried(struct txn *t, const struct rtype *payload, const json_t *object,
                                 kith_error *e) {
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) {
        const struct rfield *f;
        TRY(payload_field(payload, str_of(name), &f, e));
    }
    for (uint32_t i = 0; i < payload->field_count; i++) {
        const struct rfield *f = payload->fields[i];
        kith_value v;
        if (payload_value(t->g->schema, f, object, t->arena, &v, e) != KITH_OK)
            return err_prefix(e, "%s: ", payload->name);
        if (v.kind == KITH_NULL && (f->flags & KITH_FF_REQUIRED))
            return err_set(e, KITH_E_INVAL, f->name, "%s needs a value for %s", payload->name,
                           f->name);
    }
    return KITH_OK;
}

kith_status txn_publish_checked(struct txn *t, const char *topic, const struct rtype *type,
                                kith_id subject, kith_str json, kith_error *e) {
    const struct rtype *payload = engine_payload(t->g, str_of(topic));
    json_t *object;
    if (payload) {
        TRY(json_read(json, &object, e));
        kith_status st = check_carried(t, payload, object, e);
        json_decref(object);
        TRY(st);
    }
    return txn_publish(t, topic, type, subject, json, e);
}
