/* SPDX-License-Identifier: Apache-2.0 */
/* kith.events/1 and kith.timers/1: what a module publishes, what a reaction looks at, and timers.
 */
#include "engine/topics.h"
#include "plugin/internal.h"

/* -- publishing -------------------------------------------------------------------------------- */

static const struct bound_topic *find_topic(const struct plugins *set, kith_str name) {
    for (size_t i = 0; i < set->count; i++) {
        const struct plugin *p = set->items[i];
        for (uint32_t j = 0; p->bound_topics && j < p->desc.topics.count; j++)
            if (str_eqz(name, p->bound_topics[j].decl->name))
                return &p->bound_topics[j];
    }
    return NULL;
}

static kith_status events_topic(const kith_host *host, kith_str name, uint32_t *topic,
                                kith_error *e) {
    struct plugin *p = frame_main(host, PHASE_CREATE, e);
    if (!p)
        return KITH_E_THREAD;
    const struct bound_topic *t = find_topic(p->set, name);
    if (!t)
        return err_set(e, KITH_E_NOTFOUND, NULL, "no module declares the topic '%.*s'",
                       (int)(name.len < 100 ? name.len : 100), name.ptr ? name.ptr : "");
    TRY(grant_publish(p, t, e));
    return handle_add(&p->topics, t, topic, e);
}

/* The payload as one JSON object; what has no value is left out. */
kith_status host_payload(struct frame *f, const struct bound_topic *t, uint32_t count,
                         const kith_value *values, struct buf *out, kith_error *e) {
    const struct schema *schema = f->plugin->set->schema;
    struct json_out json;
    if (count > t->field_count)
        return err_set(e, KITH_E_INVAL, NULL, "%s has %u fields, and %u values were given",
                       t->decl->name, t->field_count, count);
    TRY(host_values(count, values, e));
    json_begin(&json, out, false);
    json_object_(&json);
    for (uint32_t i = 0; i < t->field_count; i++) {
        kith_value v = i < count ? values[i] : value_null();
        TRY(value_check(schema, t->fields[i], false, &f->arena, &v, e));
        if (v.kind == KITH_NULL && (t->fields[i]->flags & KITH_FF_REQUIRED))
            return err_set(e, KITH_E_INVAL, t->fields[i]->name, "%s needs a value for %s",
                           t->decl->name, t->fields[i]->name);
        if (v.kind == KITH_NULL)
            continue;
        json_key(&json, t->fields[i]->name);
        value_json(schema, &v, &json);
    }
    json_object_end(&json);
    return out->failed ? err_nomem(e) : KITH_OK;
}

static kith_status events_publish(kith_txn *txn, uint32_t topic, uint32_t type, kith_id id,
                                  uint32_t count, const kith_value *values, kith_error *e) {
    struct frame *f;
    const struct rtype *subject;
    struct buf json = {0};
    TRY(frame_writing(txn, &f, e));
    const struct bound_topic *t = handle_get(&f->plugin->topics, topic, "topic", e);
    if (!t)
        return KITH_E_INVAL;
    TRY(host_subject(f, type, id, &subject, e));
    kith_status st = host_payload(f, t, count, values, &json, e);
    if (st == KITH_OK)
        st = txn_publish(f->txn, t->decl->name, subject, id, buf_view(&json), e);
    buf_free(&json);
    return st;
}

/* -- the event a reaction looks at ------------------------------------------------------------- */

static kith_status event_frame(const kith_txn *txn, const kith_event *event, struct frame **out,
                               kith_error *e) {
    *out = frame_of(txn, e);
    if (!*out)
        return KITH_E_THREAD;
    if (event != &(*out)->event.shown || !(*out)->event.event)
        return err_set(e, KITH_E_INVAL, NULL, "module '%s': this is not the event at hand",
                       (*out)->plugin->name);
    return KITH_OK;
}

static kith_status events_change(const kith_txn *txn, const kith_event *event, uint32_t field,
                                 kith_value *before, kith_value *after, kith_error *e) {
    struct frame *f;
    TRY(event_frame(txn, event, &f, e));
    const struct event *ev = f->event.event;
    for (size_t i = 0; i < ev->field_count; i++) {
        if (ev->fields[i].field_id != field)
            continue;
        if (before)
            *before = ev->fields[i].before;
        if (after)
            *after = ev->fields[i].after;
        return KITH_OK;
    }
    return err_set(e, KITH_E_NOTFOUND, NULL, "the event did not touch the field with the number %u",
                   field);
}

static kith_status events_payload(const kith_txn *txn, const kith_event *event, kith_str name,
                                  kith_value *value, kith_error *e) {
    struct frame *f;
    TRY(event_frame(txn, event, &f, e));
    const struct event *ev = f->event.event;
    const struct bound_topic *t =
        ev->kind == ROW_EVENT ? find_topic(f->plugin->set, str_of(ev->topic)) : NULL;
    for (uint32_t i = 0; t && i < t->field_count; i++) {
        if (!str_eqz(name, t->fields[i]->name))
            continue;
        if (!f->event.payload)
            TRY(json_read(ev->payload, &f->event.payload, e));
        return payload_value(f->plugin->set->schema, t->fields[i], f->event.payload, &f->arena,
                             value, e);
    }
    return err_set(e, KITH_E_NOTFOUND, NULL, "the payload of %s declares no field '%.*s'",
                   ev->topic, (int)(name.len < 100 ? name.len : 100), name.ptr ? name.ptr : "");
}

const kith_events_v1 host_events = {
    .struct_size = sizeof host_events,
    .topic = events_topic,
    .publish = events_publish,
    .change = events_change,
    .payload = events_payload,
};

/* -- timers ------------------------------------------------------------------------------------ */

static kith_status timers_timer(const kith_host *host, kith_str name, uint32_t *timer,
                                kith_error *e) {
    struct plugin *p = frame_main(host, PHASE_CREATE, e);
    if (!p)
        return KITH_E_THREAD;
    const kith_timer *rows = ROWS(p->desc.timers, kith_timer);
    for (uint32_t i = 0; i < p->desc.timers.count; i++)
        if (str_eqz(name, rows[i].name)) {
            *timer = i + 1;
            return KITH_OK;
        }
    return err_set(e, KITH_E_NOTFOUND, NULL, "module '%s' declares no timer '%.*s'", p->name,
                   (int)(name.len < 100 ? name.len : 100), name.ptr ? name.ptr : "");
}

static kith_status timers_at(kith_txn *txn, uint32_t timer, int64_t due, uint32_t type, kith_id id,
                             kith_str payload, kith_id *out, kith_error *e) {
    struct frame *f;
    const struct rtype *subject;
    kith_id made;
    TRY(frame_writing(txn, &f, e));
    const struct plugin *p = f->plugin;
    if (!timer || timer > p->desc.timers.count)
        return err_set(e, KITH_E_INVAL, NULL, "there is no timer with the number %u", timer);
    TRY(host_subject(f, type, id, &subject, e));
    return txn_timer(f->txn, p->timers[timer - 1].handler.name, due, subject, id, payload,
                     out ? out : &made, e);
}

static kith_status timers_cancel(kith_txn *txn, kith_id timer, kith_error *e) {
    struct frame *f;
    TRY(frame_writing(txn, &f, e));
    return txn_timer_cancel(f->txn, timer, e);
}

const kith_timers_v1 host_timers = {
    .struct_size = sizeof host_timers,
    .timer = timers_timer,
    .at = timers_at,
    .cancel = timers_cancel,
};
