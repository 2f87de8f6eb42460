/* SPDX-License-Identifier: Apache-2.0 */
/* Flow: what is kept of runs of workflows, which wait for days. A run is a record of type
 * workflow_run, for people to find, and beside it: its log (what every call gave, by which it is
 * gone through again), what it waits for, and the source that it was begun with. How a run is gone
 * through is the business of whoever registers for its timer (script/flow.c).
 *
 * Tables: kith_flow_log, kith_flow_wait, kith_flow_source. Writing is for the writer; what is
 * handed out lives in the given arena, or in that of the transaction. */
#ifndef ENGINE_FLOW_H
#define ENGINE_FLOW_H

#include "engine/engine.h"
#include "journal/flow_log.h"

enum flow_state { FLOW_WAITING, FLOW_RETRYING, FLOW_FAILED, FLOW_DONE, FLOW_CANCELLED };
const char *flow_state_name(enum flow_state state); /* "waiting" */
static inline bool flow_is_over(enum flow_state s) {
    return s == FLOW_DONE || s == FLOW_CANCELLED;
}

/* The record of a run. Texts that are NULL are empty. */
struct flow_run {
    kith_id id;
    const char *workflow, *file, *version;
    const struct rtype *about_type; /* NULL: it is about nothing */
    kith_id about;
    kith_id parent; /* the run that began it; 0: none */
    uint64_t cause; /* the journal row that led to it; 0: none */
    enum flow_state state;
    kith_value remembered;      /* it tells whether the workflow may begin again; null: not known */
    bool fresh;                 /* its record is not written yet, and nothing waits for it */
    uint32_t attempts;          /* that failed in a row */
    int64_t started, due, over; /* ms UTC; 0: none. due: when it goes on by itself */
    const char *waits_for, *result, *error;
};
/* Gives a new run its id. */
void flow_new(struct txn *t, struct flow_run *r);
/* Writes it when it is fresh; later what changes: state, attempts, due, over, waits_for, result and
 * error. */
kith_status flow_save(struct txn *t, struct flow_run *r, kith_error *e);
kith_status flow_pin(struct txn *t, const struct flow_run *r, kith_error *e); /* file and version */
/* KITH_E_NOTFOUND: there is no such run. [writer] or with a reader */
kith_status flow_read(struct engine *g, struct conn *c, kith_id run, struct arena *a,
                      struct flow_run *out, kith_error *e);
/* The newest run of the workflow about the record; id 0: there is none. */
kith_status flow_newest(struct txn *t, const char *workflow, const struct rtype *about, kith_id id,
                        struct flow_run *out, kith_error *e);

/* KITH_E_LIMIT: the run, and those by which it was begun, began each other within an hour and too
 * deep for it to begin one more. */
kith_status flow_cascade(struct txn *t, const struct flow_run *run, kith_error *e);

/* Somebody has a workflow begin: an event, the row that leads to the run, so that it is known who.
 */
#define FLOW_REQUESTED "workflow.requested"
kith_status flow_requested(struct txn *t, const char *workflow, const struct rtype *type,
                           kith_id id, uint64_t *row, kith_error *e);
/* The run began: an event, the first row of the first of its transactions. */
kith_status flow_started(struct txn *t, const struct flow_run *r, kith_error *e);
/* It is over, or has failed for good: nothing wakes it, and that is an event. */
kith_status flow_end(struct txn *t, struct flow_run *r, enum flow_state state, kith_error *e);

/* A rule of retention for runs that were over so many ms ago, 0: none. Those that are remembered
 * stay. */
kith_status flow_retention(struct engine *g, int64_t keep_ms, kith_error *e);

/* -- waiting ----------------------------------------------------------------------------------- */

/* KITH_E_NOTFOUND: nobody publishes that topic. */
kith_status flow_wait_add(struct txn *t, const struct flow_wait *w, kith_error *e);
/* Whatever a branch waits for, its timer as well; of all branches with FLOW_ALL. */
kith_status flow_wait_drop(struct txn *t, kith_id run, uint32_t branch, kith_error *e);
/* May somebody wait for such a row? Never says no where one does. [writer] */
bool flow_may_wait(const struct engine *g, uint32_t kind, const struct rtype *type);
bool flow_any_began(const struct engine *g); /* some run may be under way [writer] */

/* The handler's name of runs' timers: its subject is the run, its payload the branch. */
#define FLOW_TIMER "core:workflow"
kith_status flow_timer(struct txn *t, kith_id run, uint32_t branch, int64_t due, kith_error *e);

/* -- transactions ------------------------------------------------------------------------------ */

/* Runs fn in a transaction of its own, within the one that runs, which may write nothing that the
 * journal keeps: it stands in the journal by itself, as of the run, and as written by `code`, and
 * is kept when the outer one is. cause: the row that led to it; note: NULL or NOTE_ON_UNDO. */
kith_status flow_transaction(struct txn *t, kith_id run, const struct source *code, uint64_t cause,
                             const char *note, write_fn fn, void *arg, kith_error *e);

#endif
