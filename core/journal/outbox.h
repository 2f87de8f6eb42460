/* SPDX-License-Identifier: Apache-2.0 */
/* Outbox: effects that leave the engine. Each is kept with the transaction that wants it, waits in
 * the queue of its endpoint behind those that came before, and is sent later by a delivery of a
 * module. What became of it stays for a while.
 *
 * Tables: kith_outbox, kith_outbox_queue. Writing is for the writer's connection. */
#ifndef JOURNAL_OUTBOX_H
#define JOURNAL_OUTBOX_H

#include "journal/journal.h"

enum outbox_state { /* stored: never renumber */
                    OUTBOX_WAITING = 1,
                    OUTBOX_SENDING = 2, /* or it was, when the process ended */
                    OUTBOX_SENT = 3,
                    OUTBOX_DEAD = 4, /* tried too often, or refused for good */
                    OUTBOX_CANCELLED = 5,
};
const char *outbox_state_name(uint32_t state); /* "waiting", ... */
uint32_t outbox_state_of(kith_str name);       /* 0: there is none of that name */

struct outbox_item {
    kith_id id;
    uint64_t queue;       /* its number */
    const char *delivery; /* "http:webhook" */
    kith_str endpoint;    /* the name of the queue */
    kith_str key, payload;
    uint32_t type; /* of what it is about; 0: of nothing */
    kith_id subject;
    int64_t at; /* when it was wanted */
    kith_id tx; /* by which transaction; it may have written no row */
    uint64_t cause;
    uint32_t depth; /* of the cascade, for what follows from its answer */
    kith_id run;
    uint32_t state, tries;
    int64_t due;  /* of one that waits: not before */
    int64_t done; /* when it was sent, given up or cancelled; 0: not yet */
    kith_str error, answer;
    bool erased; /* while it was being sent: what comes of it is not kept */
};

struct outbox_queue {
    uint64_t number;
    const char *delivery;
    kith_str endpoint;
    uint32_t failures; /* in a row */
    int64_t opened;    /* nothing is sent before; 0: it is not open */
    bool held, active; /* by its module; its delivery is loaded */
    uint64_t waiting, dead;
};

kith_status outbox_setup(struct conn *c, kith_error *e);
/* What was being sent is sent again, with the same key; queues of deliveries that are not loaded
 * wait. outbox_load names those that are. */
kith_status outbox_begin(struct conn *c, kith_error *e);
kith_status outbox_load(struct conn *c, const char *delivery, kith_error *e);
kith_status outbox_high_id(struct conn *c, kith_id *id, kith_error *e);

/* The number of a queue, which is made when there is none. */
kith_status outbox_queue_of(struct conn *c, const char *delivery, kith_str endpoint,
                            uint64_t *queue, kith_error *e);
/* queue, key, payload, what it is about, and where it comes from; it waits from item->at on. */
kith_status outbox_add(struct conn *c, const struct outbox_item *item, kith_error *e);
/* Cancels what waits in it, or is dead. */
kith_status outbox_drop(struct conn *c, uint64_t queue, int64_t now, uint64_t *count,
                        kith_error *e);
kith_status outbox_hold(struct conn *c, uint64_t queue, bool held, kith_error *e);

/* -- sending ----------------------------------------------------------------------------------- */

/* When the next queue is due; INT64_MAX: none is. fast_only: of those that are not slow. */
kith_status outbox_next_due(struct conn *c, bool fast_only, int64_t *due, kith_error *e);
struct outbox_taken {
    struct outbox_item *items; /* in their order; all of one queue */
    size_t count;              /* 0: nothing is due */
    uint32_t failures;         /* of the queue, in a row */
    bool slow;
};
/* Takes the queue that is due first: its first effects that may go now, at most max, or one when
 * it has failed `probe` times or more in a row. Nobody else takes it until outbox_release. In the
 * arena. */
kith_status outbox_take(struct conn *c, int64_t now, uint32_t max, uint32_t probe, bool fast_only,
                        struct arena *a, struct outbox_taken *out, kith_error *e);
/* What a try came to. state WAITING: it is tried again at `due`. */
struct outbox_outcome {
    uint32_t state;
    int64_t due;
    kith_str error, answer;
};
/* *known false: it was erased meanwhile, or is gone; nothing of the answer is kept. */
kith_status outbox_settle(struct conn *c, kith_id id, const struct outbox_outcome *o, int64_t now,
                          bool *known, kith_error *e);
/* How it is with a queue from now on. */
struct outbox_rest {
    uint32_t failures; /* in a row */
    int64_t opened;    /* nothing is sent before; 0: it is not open */
    bool slow;
};
/* Those that were taken and not tried wait again; the queue may be taken again, behind others. */
kith_status outbox_release(struct conn *c, uint64_t queue, const struct outbox_rest *r, int64_t now,
                           kith_error *e);
/* The clock was set back: nothing waits for longer than `longest`. */
kith_status outbox_set_back(struct conn *c, int64_t now, int64_t longest, kith_error *e);

/* -- for people -------------------------------------------------------------------------------- */

#define OUTBOX_FAILING 6u /* for lists: it waits, and was tried in vain */
/* Those in this state (0: in any), the newest first, in the arena. */
kith_status outbox_list(struct conn *c, uint32_t state, uint32_t max, struct arena *a,
                        struct outbox_item **out, size_t *count, kith_error *e);
/* The same of those for one endpoint, of whichever delivery. */
kith_status outbox_to(struct conn *c, kith_str endpoint, uint32_t state, uint32_t max,
                      struct arena *a, struct outbox_item **out, size_t *count, kith_error *e);
/* Behind this one, in their order. */
kith_status outbox_since(struct conn *c, kith_id after, struct arena *a, struct outbox_item **out,
                         size_t *count, kith_error *e);
/* About this record, behind that one, in their order, at most max. */
kith_status outbox_about(struct conn *c, kith_id subject, kith_id after, uint32_t max,
                         struct arena *a, struct outbox_item **out, size_t *count, kith_error *e);
kith_status outbox_read(struct conn *c, kith_id id, struct arena *a, struct outbox_item *out,
                        bool *there, kith_error *e);
kith_status outbox_queues(struct conn *c, struct arena *a, struct outbox_queue **out, size_t *count,
                          kith_error *e);
/* Tried again now, as if for the first time, and its queue, too. false: it is not dead and does not
 * wait. */
kith_status outbox_retry(struct conn *c, kith_id id, int64_t now, bool *yes, kith_error *e);
/* false: it is being sent, or at its end. */
kith_status outbox_cancel(struct conn *c, kith_id id, const char *why, int64_t now, bool *yes,
                          kith_error *e);
uint64_t outbox_count(struct conn *c, uint32_t state);

/* -- what else goes on ------------------------------------------------------------------------- */

/* Which: those of a transaction, of a run, because of a row, or because of any row behind one. */
enum outbox_by { OUTBOX_BY_TX, OUTBOX_BY_RUN, OUTBOX_BY_CAUSE, OUTBOX_BEHIND };
/* Cancels those that are not sent; lists those that are, or are just being, in the arena. */
kith_status outbox_undo(struct conn *c, enum outbox_by by, uint64_t what, int64_t now,
                        struct arena *a, uint64_t *cancelled, struct outbox_item **sent,
                        size_t *count, size_t *cap, kith_error *e);
/* What they say about a record is gone, and what was to be sent is not. */
kith_status outbox_forget(struct conn *c, kith_id subject, kith_id request, int64_t now,
                          kith_error *e);
/* To whom something was sent that this erasure emptied: "http:webhook 0SA...", in the arena. */
kith_status outbox_recipients(struct conn *c, kith_id request, struct arena *a, kith_value **out,
                              size_t *count, kith_error *e);
/* Deletes up to max of those that came to an end before; those that are dead stay. */
kith_status outbox_sweep(struct conn *c, int64_t before, int64_t max, bool *more, kith_error *e);

#endif
