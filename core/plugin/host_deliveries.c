/* SPDX-License-Identifier: Apache-2.0 */
/* kith.deliveries/1 and kith.listening/1: what a module has sent, what a delivery is told and
 * answers, and what a reaction to any topic hears. */
#include "engine/listen.h"
#include "plugin/internal.h"

/* -- sending ----------------------------------------------------------------------------------- */

static kith_status deliveries_delivery(const kith_host *host, kith_str name, uint32_t *delivery,
                                       kith_error *e) {
    struct plugin *p = frame_main(host, PHASE_CREATE, e);
    if (!p)
        return KITH_E_THREAD;
    const kith_delivery *rows = ROWS(p->desc.deliveries, kith_delivery);
    for (uint32_t i = 0; i < p->desc.deliveries.count; i++)
        if (str_eqz(name, rows[i].name)) {
            *delivery = i + 1;
            return KITH_OK;
        }
    return err_set(e, KITH_E_NOTFOUND, NULL, "module '%s' declares no delivery '%.*s'", p->name,
                   (int)(name.len < 100 ? name.len : 100), name.ptr ? name.ptr : "");
}

static const char *delivery_name(const struct plugin *p, uint32_t number, kith_error *e) {
    if (number && number <= p->desc.deliveries.count)
        return p->deliveries[number - 1].handler.name;
    (void)err_set(e, KITH_E_INVAL, NULL, "there is no delivery with the number %u", number);
    return NULL;
}

static kith_status deliveries_send(kith_txn *txn, const kith_effect *effect, kith_id *out,
                                   kith_error *e) {
    struct frame *f;
    kith_effect x = {0};
    struct outgoing o = {0};
    kith_id made;
    TRY(frame_writing(txn, &f, e));
    TRY(host_take(&x, sizeof x, effect, offsetof(kith_effect, reserved), e));
    if (!(o.delivery = delivery_name(f->plugin, x.delivery, e)))
        return KITH_E_INVAL;
    TRY(host_subject(f, x.type, x.id, &o.type, e));
    o.subject = x.id;
    o.endpoint = x.endpoint;
    o.key = x.key;
    o.payload = x.payload;
    return txn_send(f->txn, &o, out ? out : &made, e);
}

static kith_status deliveries_hold(kith_txn *txn, uint32_t delivery, kith_str endpoint,
                                   uint32_t held, kith_error *e) {
    struct frame *f;
    TRY(frame_writing(txn, &f, e));
    const char *name = delivery_name(f->plugin, delivery, e);
    return name ? txn_hold(f->txn, name, endpoint, held != 0, e) : KITH_E_INVAL;
}

static kith_status deliveries_drop(kith_txn *txn, uint32_t delivery, kith_str endpoint,
                                   uint64_t *count, kith_error *e) {
    struct frame *f;
    uint64_t dropped;
    TRY(frame_writing(txn, &f, e));
    const char *name = delivery_name(f->plugin, delivery, e);
    return name ? txn_drop(f->txn, name, endpoint, count ? count : &dropped, e) : KITH_E_INVAL;
}

/* -- inside a delivery ------------------------------------------------------------------------- */

static struct frame *sending_frame(const kith_sending *sending, kith_error *e) {
    struct frame *f = frame_top();
    if (f && f->phase == PHASE_RUN && sending == &f->sending.shown && f->sending.call)
        return f;
    (void)err_set(e, KITH_E_THREAD, NULL, "a module used a delivery that is not the one at hand");
    return NULL;
}

static kith_status deliveries_later(kith_sending *sending, int64_t ms, kith_error *e) {
    struct frame *f = sending_frame(sending, e);
    if (!f)
        return KITH_E_THREAD;
    f->sending.call->later_ms = ms > 0 ? ms : 0;
    return KITH_OK;
}

static kith_status deliveries_answer(kith_sending *sending, uint32_t topic, uint32_t count,
                                     const kith_value *values, kith_error *e) {
    struct frame *f = sending_frame(sending, e);
    if (!f)
        return KITH_E_THREAD;
    const struct bound_topic *t = handle_get(&f->plugin->topics, topic, "topic", e);
    if (!t)
        return KITH_E_INVAL;
    struct buf json = {0};
    struct delivery_call *c = f->sending.call;
    kith_status st = host_payload(f, t, count, values, &json, e);
    if (st == KITH_OK) {
        c->data = arena_str(c->arena, buf_view(&json));
        c->topic = t->decl->name;
        st = c->data.ptr ? KITH_OK : err_nomem(e);
    }
    buf_free(&json);
    return st;
}

static int32_t deliveries_closing(const kith_host *host) {
    const struct plugin *p = ((const struct plugin_host *)(const void *)host)->plugin;
    return p->set->engine && engine_stopping(p->set->engine);
}

const kith_deliveries_v1 host_deliveries = {
    .struct_size = sizeof host_deliveries,
    .delivery = deliveries_delivery,
    .send = deliveries_send,
    .hold = deliveries_hold,
    .drop = deliveries_drop,
    .later = deliveries_later,
    .answer = deliveries_answer,
    .closing = deliveries_closing,
};

/* -- listening --------------------------------------------------------------------------------- */

static kith_status reaction_name(struct frame *f, kith_str name, const char **out, kith_error *e) {
    const struct plugin *p = f->plugin;
    const kith_reaction *rows = ROWS(p->desc.reactions, kith_reaction);
    for (uint32_t i = 0; i < p->desc.reactions.count; i++)
        if (str_eqz(name, rows[i].name) && strcmp(rows[i].topic, "*") == 0) {
            *out = p->reactions[i].reaction.name;
            return KITH_OK;
        }
    return err_set(e, KITH_E_NOTFOUND, NULL, "module '%s' declares no reaction '%.*s' to any topic",
                   p->name, (int)(name.len < 100 ? name.len : 100), name.ptr ? name.ptr : "");
}

static kith_status listening_check(const kith_txn *txn, uint32_t count, const kith_str *topics,
                                   kith_str where, kith_error *e) {
    struct frame *f = frame_of(txn, e);
    if (!f)
        return KITH_E_THREAD;
    return engine_check_topics(f->engine, topics, count, where, &f->arena, e);
}

static kith_status listening_listen(kith_txn *txn, kith_str reaction, uint64_t key, uint32_t count,
                                    const kith_str *topics, kith_error *e) {
    struct frame *f;
    const char *name;
    TRY(frame_writing(txn, &f, e));
    TRY(reaction_name(f, reaction, &name, e));
    TRY(engine_check_topics(f->engine, topics, count, (kith_str){0}, &f->arena, e));
    return txn_listen(f->txn, name, key, topics, count, e);
}

static kith_status listening_told(kith_txn *txn, const kith_event *event, kith_id user,
                                  kith_str where, kith_str *json, kith_error *e) {
    struct frame *f;
    TRY(frame_writing(txn, &f, e));
    if (event != &f->event.shown || !f->event.event)
        return err_set(e, KITH_E_INVAL, NULL, "module '%s': this is not the event at hand",
                       f->plugin->name);
    return event_told(f->txn, f->event.event, user, where, json, e);
}

static kith_status listening_replay(kith_txn *txn, kith_str reaction, uint64_t key, uint64_t seq,
                                    int64_t at, uint64_t *rows, kith_error *e) {
    struct frame *f;
    const char *name;
    uint64_t looked;
    TRY(frame_writing(txn, &f, e));
    TRY(reaction_name(f, reaction, &name, e));
    return txn_replay(f->txn, name, key, seq, at, rows ? rows : &looked, e);
}

const kith_listening_v1 host_listening = {
    .struct_size = sizeof host_listening,
    .check = listening_check,
    .listen = listening_listen,
    .told = listening_told,
    .replay = listening_replay,
};
