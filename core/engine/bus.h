/* SPDX-License-Identifier: Apache-2.0 */
/* The bus: what follows from rows of the journal and from the clock. Rows go to reactions (bus.c,
 * listen.c), those that failed are letters (letters.c), what falls due is a timer (timers.c). */
#ifndef ENGINE_BUS_H
#define ENGINE_BUS_H

#include "engine/engine_internal.h"

/* bus.c */
kith_status bus_setup(struct engine *g, kith_error *e);  /* tables */
kith_status bus_start(struct engine *g, kith_error *e);  /* cursors, letters: in a transaction */
kith_status bus_reload(struct engine *g, kith_error *e); /* after a rolled-back group */
/* The clock was: no retry waits until it is again where it was. In a transaction of the writer's.
 */
kith_status bus_set_back(struct engine *g, kith_error *e);
/* Of which rows a topic speaks; false: nobody publishes it. */
bool bus_match(const struct engine *g, kith_str topic, struct reaction_entry *r);
/* Who may want a row. Published events have any subject, or none: their reactions stand in the list
 * of no type. */
static inline const struct reaction_list *bus_reactions(const struct engine *g,
                                                        const struct journal_row *row) {
    return &g->subs->types[row->kind == ROW_EVENT || row->type > g->type_max ? 0 : row->type]
                .reactions;
}
bool bus_waiting(struct engine *g); /* rows that reactions have not seen */
void bus_step(struct engine *g);    /* one group of reactions */
const struct topic_entry *topic_named(const struct engine *g, kith_str name); /* or NULL */
void bus_letters(struct engine *g); /* retries that are due */
kith_status bus_next_due(struct engine *g, int64_t *due, kith_error *e);
/* Runs the reactions to one row inside the current transaction, for a rehearsal. */
kith_status bus_rehearse_row(struct engine *g, const struct journal_row *row, size_t *ran,
                             kith_error *e);
/* The rows that reactions and letters still need, beyond what holds already: h->seq is the last one
 * that may go. `by` is in the arena. */
struct journal_hold {
    uint64_t seq;
    const char *by;
};
kith_status bus_hold(struct engine *g, struct arena *a, struct journal_hold *h, kith_error *e);
/* The journal begins behind that row: cursors of what is not loaded move there. */
kith_status bus_begin_at(struct engine *g, uint64_t seq, kith_error *e);
/* What has not been done yet because of a row that is reversed is not done any more. */
kith_status bus_cancel(struct engine *g, uint64_t seq, kith_error *e);
void bus_count(struct conn *c, struct engine_stats *out); /* letters */
kith_status bus_lags(struct conn *c, uint64_t durable, struct arena *a, struct subscriber_lag **out,
                     size_t *count, kith_error *e);
/* Logs it and pauses; who waits for what is held up waits no more after HELD_TIMES of them. */
#define HELD_TIMES 10
void bus_held_up(struct engine *g, const char *what, const kith_error *e);

struct delivery { /* one journal row on its way to the reactions */
    struct engine *g;
    const struct journal_row *row;
    struct event ev;
    struct tx_head tx;
    bool opened; /* image and head have been read */
    bool loaded; /* ev.values has been read */
    bool more;   /* the reaction asks for the event once more */
    kith_str json;
    uint32_t topic;
};
/* Reads the row's image, and its transaction's head, unless that is there already. */
kith_status delivery_open(struct delivery *d, struct conn *c, struct arena *a, kith_error *e);
/* The record as it is now; of one that is gone, what the event knew. */
kith_status delivery_load(struct delivery *d, struct conn *c, struct arena *a, kith_error *e);
/* That of a published event; of one that nobody declares now, since its module is not enabled, and
 * of a record's "*". */
const char *delivery_topic(const struct delivery *d);
/* Does the reaction want this row? Cheap questions first. */
kith_status delivery_wants(struct reaction_entry *r, struct delivery *d, struct txn *t, bool *yes,
                           kith_error *e);
/* Runs it in a savepoint of the current transaction. */
kith_status delivery_run(struct reaction_entry *r, struct delivery *d, struct arena *a,
                         kith_error *e);
#define CASCADE_PAUSE_MS INT64_C(3600000) /* what waited for so long is no cascade */
/* KITH_E_LIMIT: the row, of the transaction, is the end of a cascade that is too deep to go on.
 * What waited for an hour on its way is none. (cascade.c) */
kith_status cascade_check(struct engine *g, const struct tx_head *last,
                          const struct journal_row *led, struct arena *a, kith_error *e);
extern const struct principal bus_principal;
/* Failures that belong to the disk or the process and not to the event end the group. */
bool bus_own_failure(struct engine *g, kith_status st);

/* An event that failed: tried again at `next` (ms UTC; -1: never by itself). */
kith_status bus_letter(struct engine *g, const struct reaction_entry *r,
                       const struct journal_row *row, uint32_t attempts, int64_t next,
                       const char *why, kith_error *e);

/* listen.c */
kith_status listen_reload(struct engine *g, kith_error *e);
/* Of reactions to any topic: may the row have one that is listened for? Asks no image. */
bool listen_may_want(const struct reaction_entry *r, const struct journal_row *row);
kith_status listen_wants(const struct reaction_entry *r, struct delivery *d, struct arena *a,
                         bool *yes, kith_error *e);
bool topic_fits(const char *pattern, const char *topic); /* a star stands for any characters */
/* Calls it for each topic of the row that is listened for. */
kith_status listen_call(struct reaction_entry *r, struct delivery *d, struct txn *t, kith_error *e);
bool replay_waiting(const struct engine *g);
void replay_step(struct engine *g);

/* timers.c */
kith_status timers_setup(struct engine *g, kith_error *e);
kith_status timers_start(struct engine *g, kith_error *e);
kith_status timers_set_back(struct engine *g, kith_error *e); /* the clock was; as bus_set_back */
/* A handler that is not loaded, or paused: what is due for it waits. */
kith_status timers_load(struct engine *g, const char *handler, bool loaded, kith_error *e);
void timers_fire(struct engine *g);
/* The first that is due, in the group at hand. *fired NULL: none is. why: its failure, if any. */
kith_status timers_fire_one(struct engine *g, const struct timer_entry **fired, kith_error *why,
                            kith_error *e);
/* No one-time timer is left. */
kith_status timers_clear(struct engine *g, kith_error *e);
kith_status timers_next_due(struct engine *g, int64_t *due, kith_error *e);
/* Is a timer of that handler about that record due then? */
kith_status timers_await(struct txn *t, const char *handler, int64_t due, kith_id subject,
                         bool *yes, kith_error *e);
/* When the handler's one-time timer with that payload is due, or its nightly one (""); 0: there is
 * none. */
kith_status timers_with(struct engine *g, const char *handler, const char *payload, int64_t *due,
                        kith_error *e);
/* Has one of that handler not fired yet though it is due? [any] */
kith_status timers_overdue(struct conn *c, const char *handler, int64_t now, bool *yes,
                           kith_error *e);
/* Takes out what is about a record. */
kith_status timers_forget(struct engine *g, kith_id subject, kith_error *e);
/* Takes out the handler's one-time timers about a record with that payload; NULL: all. */
kith_status timers_drop(struct engine *g, const char *handler, kith_id subject, const char *payload,
                        kith_error *e);
kith_status letters_forget(struct engine *g, kith_id subject, kith_error *e);
kith_status timers_high_id(struct conn *c, kith_id *id, kith_error *e); /* 0: none */
void timers_count(struct conn *c, struct engine_stats *out);

#endif
