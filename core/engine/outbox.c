/* SPDX-License-Identifier: Apache-2.0 */
/* Outbox, on the writer: what a transaction wants to be sent, what an undo and an erasure take
 * back, and what people see and change of it. */
#include "engine/outbox.h"
#include "engine/engine_internal.h"

#include <stdio.h>
#include <string.h>

kith_status engine_add_delivery(struct engine *g, const struct delivery_handler *h, kith_error *e) {
    struct outbox *o = &g->outbox;
    if (g->started)
        return err_set(e, KITH_E_THREAD, NULL, "deliveries are added before the engine starts");
    if (outbox_handler(g, h->name))
        return err_set(e, KITH_E_CONFLICT, NULL, "delivery %s is declared twice", h->name);
    struct delivery_entry *items =
        arena_grow(&g->arena, o->handlers, o->handler_count, &o->handler_cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    o->handlers = items;
    struct delivery_entry *entry = &items[o->handler_count];
    *entry = (struct delivery_entry){.handler = *h};
    entry->handler.name = arena_strdup(&g->arena, h->name);
    if (!entry->handler.name)
        return err_nomem(e);
    TRY(intern_source(g, &g->arena, &h->source, &entry->handler.source, &entry->source, e));
    o->handler_count++;
    return KITH_OK;
}

const struct delivery_entry *outbox_handler(const struct engine *g, const char *name) {
    for (size_t i = 0; i < g->outbox.handler_count; i++)
        if (strcmp(g->outbox.handlers[i].handler.name, name) == 0)
            return &g->outbox.handlers[i];
    return NULL;
}

/* -- wanting ----------------------------------------------------------------------------------- */

static kith_status check(const struct engine *g, const struct outgoing *o, kith_error *e) {
    if (!outbox_handler(g, o->delivery))
        return err_set(e, KITH_E_NOTFOUND, NULL, "no module that is enabled delivers '%s'",
                       o->delivery);
    if (o->payload.len > OUTGOING_MAX)
        return err_set(e, KITH_E_LIMIT, NULL,
                       "%llu bytes are to be sent, and at most %u may be: send less, or a link",
                       (unsigned long long)o->payload.len, OUTGOING_MAX);
    if (o->endpoint.len > 512 || o->key.len > 256)
        return err_set(e, KITH_E_LIMIT, NULL,
                       "the name of an endpoint has at most 512 bytes, and a key at most 256");
    return KITH_OK;
}

/* The row that led to it: the one whose hook runs, else the last one of the transaction, else what
 * the transaction itself follows from. An undo of that row finds it. */
static void find_cause(const struct txn *t, struct outbox_item *item) {
    uint64_t own = t->cause_row ? t->cause_row : t->head.last;
    item->cause = own ? own : t->head.cause;
    item->depth = own ? t->head.depth + 1 : t->head.depth;
}

kith_status txn_send(struct txn *t, const struct outgoing *o, kith_id *id, kith_error *e) {
    struct engine *g = t->g;
    char key[ID_TEXT + 1];
    *id = 0;
    TRY(check(g, o, e));
    TRY(txn_alive(g, e));
    if (t->undoing)
        return KITH_OK;
    struct outbox_item item = {
        .id = idgen_next(&g->ids, t->head.at),
        .key = o->key,
        .payload = o->payload,
        .type = o->type ? o->type->id : 0,
        .subject = o->subject,
        .at = t->head.at,
        .tx = txn_id(t),
        .run = t->head.run,
    };
    find_cause(t, &item);
    id_format(item.id, key);
    if (item.key.len == 0)
        item.key = str_of(key);
    TRY(outbox_queue_of(g->writer, o->delivery, o->endpoint, &item.queue, e));
    TRY(outbox_add(g->writer, &item, e));
    g->outbox.touched = true;
    *id = item.id;
    return KITH_OK;
}

kith_status txn_hold(struct txn *t, const char *delivery, kith_str endpoint, bool held,
                     kith_error *e) {
    uint64_t queue;
    const struct outgoing o = {.delivery = delivery, .endpoint = endpoint};
    TRY(check(t->g, &o, e));
    TRY(outbox_queue_of(t->g->writer, delivery, endpoint, &queue, e));
    t->g->outbox.touched = true;
    return outbox_hold(t->g->writer, queue, held, e);
}

kith_status txn_drop(struct txn *t, const char *delivery, kith_str endpoint, uint64_t *count,
                     kith_error *e) {
    uint64_t queue;
    const struct outgoing o = {.delivery = delivery, .endpoint = endpoint};
    TRY(check(t->g, &o, e));
    TRY(outbox_queue_of(t->g->writer, delivery, endpoint, &queue, e));
    t->g->outbox.touched = true;
    return outbox_drop(t->g->writer, queue, t->head.at, count, e);
}

/* -- taking back ------------------------------------------------------------------------------- */

kith_status outbox_take_back(struct txn *t, enum outbox_by by, uint64_t what, struct arena *a,
                             struct undo_report *r, size_t *cap, kith_error *e) {
    t->g->outbox.touched = true;
    return outbox_undo(t->g->writer, by, what, t->head.at, a, &r->cancelled, &r->sent,
                       &r->sent_count, cap, e);
}

kith_status outbox_erase(struct txn *t, kith_id subject, kith_id request, kith_error *e) {
    t->g->outbox.touched = true;
    return outbox_forget(t->g->writer, subject, request, t->head.at, e);
}

/* -- for people -------------------------------------------------------------------------------- */

kith_status engine_outbox(struct engine *g, uint32_t state, uint32_t max, struct arena *a,
                          struct outbox_item **out, size_t *count, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = outbox_list(c, state, max, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}

kith_status engine_outbox_to(struct engine *g, kith_str endpoint, uint32_t state, uint32_t max,
                             struct arena *a, struct outbox_item **out, size_t *count,
                             kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = outbox_to(c, endpoint, state, max, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}

static kith_status no_effect(kith_id id, const char *what, kith_error *e) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "there is no effect %s%s; 'kith outbox list' shows them", text, what);
}

kith_status engine_outbox_item(struct engine *g, kith_id id, struct arena *a,
                               struct outbox_item *out, kith_error *e) {
    struct conn *c;
    bool there = false;
    TRY(engine_reader(g, &c, e));
    kith_status st = outbox_read(c, id, a, out, &there, e);
    engine_reader_done(g, c);
    return st != KITH_OK || there ? st : no_effect(id, "", e);
}

kith_status engine_outbox_queues(struct engine *g, struct arena *a, struct outbox_queue **out,
                                 size_t *count, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = outbox_queues(c, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}

struct by_hand {
    kith_id id;
    bool retry;
};

static kith_status change_item(struct txn *t, void *arg, kith_error *e) {
    const struct by_hand *h = arg;
    bool yes;
    TRY(h->retry ? outbox_retry(t->g->writer, h->id, t->head.at, &yes, e)
                 : outbox_cancel(t->g->writer, h->id, "given up by hand", t->head.at, &yes, e));
    t->g->outbox.touched = true;
    return yes ? KITH_OK : no_effect(h->id, " that waits or is dead", e);
}

static kith_status by_hand(struct engine *g, const struct principal *p, kith_id id, bool retry,
                           kith_error *e) {
    const struct write_opts o = {.principal = p, .origin = ORIGIN_SYSTEM};
    struct by_hand h = {id, retry};
    return engine_write(g, &o, change_item, &h, NULL, e);
}

kith_status engine_outbox_retry(struct engine *g, const struct principal *p, kith_id id,
                                kith_error *e) {
    return by_hand(g, p, id, true, e);
}

kith_status engine_outbox_skip(struct engine *g, const struct principal *p, kith_id id,
                               kith_error *e) {
    return by_hand(g, p, id, false, e);
}

/* -- life, on the writer ----------------------------------------------------------------------- */

kith_status outbox_start(struct engine *g, kith_error *e) {
    TRY(outbox_begin(g->writer, e));
    for (size_t i = 0; i < g->outbox.handler_count; i++)
        TRY(outbox_load(g->writer, g->outbox.handlers[i].handler.name, e));
    g->outbox.touched = true;
    return KITH_OK;
}

void outbox_counts(struct conn *c, struct engine_stats *out) {
    out->outbox_waiting = outbox_count(c, OUTBOX_WAITING);
    out->outbox_dead = outbox_count(c, OUTBOX_DEAD);
}
