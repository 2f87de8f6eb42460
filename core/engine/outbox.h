/* SPDX-License-Identifier: Apache-2.0 */
/* Outbox: effects that leave the engine, and the workers that send them. An effect is wanted inside
 * a transaction, is kept with it or not at all, and is sent once that is durable: at least once,
 * always with the same key, in order within each endpoint, and no endpoint waits for another. */
#ifndef ENGINE_OUTBOX_H
#define ENGINE_OUTBOX_H

#include "engine/engine.h"
#include "journal/outbox.h"

/* -- deliveries -------------------------------------------------------------------------------- */

/* One try to send one effect. */
struct delivery_call {
    struct engine *engine;
    const struct outbox_item *item;
    uint32_t attempt; /* 1 for the first */
    bool last;        /* no further one follows by itself */
    struct arena *arena;
    /* What it answers, besides its status. */
    int64_t later_ms;  /* not before so long; 0: as the settings say */
    const char *topic; /* what is published once it is known how it ended; NULL: nothing */
    kith_str data;     /* in JSON, in the arena */
};
struct delivery_handler {
    const char *name; /* unique for ever: "http:webhook" */
    /* On any of the workers, several at once; must not be on the writer, and holds no transaction.
     * KITH_OK: it was sent. KITH_E_RETRY: try again. Anything else: never. */
    kith_status (*fn)(void *self, struct delivery_call *call, kith_error *e);
    void *self;
    struct source source;
};
kith_status engine_add_delivery(struct engine *g, const struct delivery_handler *h, kith_error *e);

/* -- wanting [writer] -------------------------------------------------------------------------- */

struct outgoing {
    const char *delivery;     /* "http:webhook" */
    kith_str endpoint;        /* those of one endpoint go in order, one after the other */
    kith_str key;             /* by which a receiver knows that it had this; empty: the id */
    kith_str payload;         /* at most OUTGOING_MAX bytes */
    const struct rtype *type; /* what it is about: erased with that; NULL: of nothing */
    kith_id subject;
};
#define OUTGOING_MAX (1u << 20)
/* In an undo nothing is wanted, and *id is 0. */
kith_status txn_send(struct txn *t, const struct outgoing *o, kith_id *id, kith_error *e);
/* What is for this endpoint waits until it is held no more. */
kith_status txn_hold(struct txn *t, const char *delivery, kith_str endpoint, bool held,
                     kith_error *e);

/* What waits for this endpoint, or is dead, is cancelled. */
kith_status txn_drop(struct txn *t, const char *delivery, kith_str endpoint, uint64_t *count,
                     kith_error *e);

/* -- sending ----------------------------------------------------------------------------------- */

/* Nothing is sent before. Ends with engine_close, which waits for the tries that are under way:
 * they are to look at engine_stopping. Once more is nothing. [any] */
kith_status engine_send_start(struct engine *g, kith_error *e);
bool engine_sends(const struct engine *g);    /* it was started [any] */
bool engine_stopping(const struct engine *g); /* [any] */
/* Waits until nothing is due any more, reactions to answers included, or timeout_ms passed (then
 * KITH_E_LIMIT). [any] */
kith_status engine_send_wait(struct engine *g, int64_t timeout_ms, kith_error *e);

/* -- for people [any] -------------------------------------------------------------------------- */

kith_status engine_outbox(struct engine *g, uint32_t state, uint32_t max, struct arena *a,
                          struct outbox_item **out, size_t *count, kith_error *e);
/* Those for one endpoint. */
kith_status engine_outbox_to(struct engine *g, kith_str endpoint, uint32_t state, uint32_t max,
                             struct arena *a, struct outbox_item **out, size_t *count,
                             kith_error *e);
/* KITH_E_NOTFOUND: there is none. */
kith_status engine_outbox_item(struct engine *g, kith_id id, struct arena *a,
                               struct outbox_item *out, kith_error *e);
kith_status engine_outbox_queues(struct engine *g, struct arena *a, struct outbox_queue **out,
                                 size_t *count, kith_error *e);
kith_status engine_outbox_retry(struct engine *g, const struct principal *p, kith_id id,
                                kith_error *e);
kith_status engine_outbox_skip(struct engine *g, const struct principal *p, kith_id id,
                               kith_error *e);

#endif
