/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine calls in place of a module's functions: each sets up a frame, calls, and hands
 * back a status with a sentence. */
#include "plugin/internal.h"

static kith_status out(const struct plugin *p, kith_error *e) {
    return err_set(e, KITH_E_UNSUPPORTED, NULL, "module '%s' is out: %s", p->name, p->reason);
}

/* What happened to a record, as modules know it; of an event that was published 0. */
static uint32_t kind_of(uint32_t row) {
    static const uint32_t kinds[] = {[ROW_CREATE] = KITH_ON_CREATE,
                                     [ROW_UPDATE] = KITH_ON_UPDATE,
                                     [ROW_DELETE] = KITH_ON_DELETE,
                                     [ROW_EVENT] = 0};
    return kinds[row];
}

static void show_change(struct own_change *o, struct change *c) {
    o->change = c;
    o->before = (struct kith_row){c->type, c->id, c->before};
    o->after = (struct kith_row){c->type, c->id, c->after};
    o->shown = (kith_change){
        .struct_size = sizeof o->shown,
        .kind = kind_of(c->kind),
        .type = c->type->id,
        .origin = c->origin,
        .id = c->id,
        .before = c->before ? &o->before : NULL,
        .after = c->after ? &o->after : NULL,
        .owned = c->owned,
    };
}

static void show_event(struct own_event *o, const struct event *ev) {
    o->event = ev;
    o->record = (struct kith_row){ev->type, ev->id, ev->values};
    o->shown = (kith_event){
        .struct_size = sizeof o->shown,
        .kind = kind_of(ev->kind),
        .seq = ev->seq,
        .at = ev->at,
        .topic = str_of(ev->topic),
        .id = ev->id,
        .type = ev->type ? ev->type->id : 0,
        .origin = ev->origin,
        .record = ev->values ? &o->record : NULL,
        .attempt = ev->attempt,
        .schema = ev->schema,
        .replay = ev->replay,
    };
}

kith_status thunk_hook(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct bound_hook *b = self;
    struct frame f;
    if (b->plugin->state != PLUGIN_RUNNING)
        return KITH_OK; /* a module that is out stops nobody's work */
    frame_call(&f, b->plugin, &b->callback, txn_engine(t), t, txn_principal(t), c->type->name, 0);
    show_change(&f.change, c);
    kith_status st = b->decl->fn(b->plugin->instance, &f.handle, &f.change.shown, &f.error);
    return frame_leave(&f, st, e);
}

kith_status thunk_refusal(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)t, (void)c;
    return out(self, e);
}

kith_status thunk_reaction(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct bound_reaction *b = self;
    struct frame f;
    if (b->plugin->state != PLUGIN_RUNNING)
        return out(b->plugin, e); /* the event is kept as a dead letter */
    frame_call(&f, b->plugin, &b->callback, txn_engine(t), t, txn_principal(t), ev->topic, ev->seq);
    show_event(&f.event, ev);
    kith_status st = b->decl->fn(b->plugin->instance, &f.handle, &f.event.shown, &f.error);
    return frame_leave(&f, st, e);
}

kith_status thunk_timer(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    struct bound_timer *b = self;
    struct frame f;
    if (b->plugin->state != PLUGIN_RUNNING)
        return out(b->plugin, e);
    frame_call(&f, b->plugin, &b->callback, txn_engine(t), t, txn_principal(t), "", 0);
    f.firing = (kith_firing){
        .struct_size = sizeof f.firing,
        .type = timer->type ? timer->type->id : 0,
        .timer = timer->id,
        .due = timer->due,
        .id = timer->subject,
        .payload = timer->payload,
    };
    kith_status st = b->decl->fn(b->plugin->instance, &f.handle, &f.firing, &f.error);
    return frame_leave(&f, st, e);
}

static void show_sending(struct own_sending *o, struct delivery_call *c) {
    o->call = c;
    o->shown = (kith_sending){
        .struct_size = sizeof o->shown,
        .attempt = c->attempt,
        .effect = c->item->id,
        .at = c->item->at,
        .endpoint = c->item->endpoint,
        .key = c->item->key,
        .payload = c->item->payload,
        .id = c->item->subject,
        .type = c->item->type,
        .last = c->last,
    };
}

/* What it is called with reads as the system does, with the module's grants. */
kith_status thunk_delivery(void *self, struct delivery_call *call, kith_error *e) {
    static const struct principal delivering = {.name = "delivery", .all = true};
    struct bound_delivery *b = self;
    struct frame f;
    if (b->plugin->state != PLUGIN_RUNNING)
        return err_set(e, KITH_E_RETRY, NULL, "module '%s' is out: %s", b->plugin->name,
                       b->plugin->reason);
    frame_call(&f, b->plugin, &b->callback, call->engine, NULL, &delivering, call->item->delivery,
               0);
    f.reading = true;
    f.waits = true;
    show_sending(&f.sending, call);
    kith_status st = b->decl->fn(b->plugin->instance, &f.handle, &f.sending.shown, &f.error);
    return frame_leave(&f, st, e);
}

kith_status thunk_action(void *self, struct call *call, kith_error *e) {
    struct bound_action *b = self;
    struct frame f;
    if (b->plugin->state != PLUGIN_RUNNING)
        return out(b->plugin, e);
    frame_call(&f, b->plugin, &b->callback, call->engine, call->txn, call->principal, "", 0);
    f.reading = call->action->effect == EFFECT_READ;
    f.call = (struct kith_call){call};
    kith_status st = b->decl->fn(b->plugin->instance, &f.call, &f.error);
    return frame_leave(&f, st, e);
}
