/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine calls in place of a module's functions: each sets up a frame, calls, and hands
 * back a status with a sentence. */
#include "plugin/internal.h"

static kith_status out(const struct plugin *p, kith_error *e) {
    return err_set(e, KITH_E_UNSUPPORTED, NULL, "module '%s' is out: %s", p->name, p->reason);
}

kith_status thunk_hook(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct bound_hook *b = self;
    struct frame f;
    if (b->plugin->state != PLUGIN_RUNNING)
        return KITH_OK; /* a module that is out stops nobody's work */
    frame_call(&f, b->plugin, &b->callback, txn_engine(t), t, txn_principal(t), c->type->name, 0);
    f.change = (struct kith_change){c, {c->type, c->id, c->before}, {c->type, c->id, c->after}};
    kith_status st = b->decl->fn(b->plugin->instance, &f.handle, &f.change, &f.error);
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
    f.event = (struct kith_event){ev, {ev->type, ev->id, ev->values}, NULL};
    kith_status st = b->decl->fn(b->plugin->instance, &f.handle, &f.event, &f.error);
    return frame_leave(&f, st, e);
}

kith_status thunk_timer(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    struct bound_timer *b = self;
    struct frame f;
    if (b->plugin->state != PLUGIN_RUNNING)
        return out(b->plugin, e);
    frame_call(&f, b->plugin, &b->callback, txn_engine(t), t, txn_principal(t), "", 0);
    f.firing = (struct kith_firing){timer};
    kith_status st = b->decl->fn(b->plugin->instance, &f.handle, &f.firing, &f.error);
    return frame_leave(&f, st, e);
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
    f.sending = (struct kith_sending){call};
    kith_status st = b->decl->fn(b->plugin->instance, &f.handle, &f.sending, &f.error);
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
