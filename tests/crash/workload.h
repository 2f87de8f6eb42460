/* SPDX-License-Identifier: Apache-2.0 */
/* The work that the crash tests interrupt, and what must hold after it. Several clients write
 * through the engine; each remembers what it was answered. Every transaction changes items (with a
 * hook before and one after the row is written), publishes an event and sets a timer; reactions and
 * the timer's handler leave an echo each, so that whatever ran twice or not at all shows in the
 * tables.
 *
 * struct workload holds no pointers: it may lie in memory that two processes share. */
#ifndef TESTS_CRASH_WORKLOAD_H
#define TESTS_CRASH_WORKLOAD_H

#include "engine/engine.h"
#include <stdatomic.h>

#define CLIENTS 4
#define CELLS   6 /* items of one client; the first one counts its transactions */

struct cell {
    kith_id id; /* 0: no record */
    int64_t n;  /* everything else in the item follows from it */
};
/* What a client knows of its newest transaction. */
enum asked { NOTHING_ASKED, ASKED, ANSWERED };
struct client {
    _Atomic int asked;
    uint32_t index;
    uint64_t dice;
    int64_t answers;         /* transactions that were acknowledged */
    struct cell was[CELLS];  /* acknowledged */
    struct cell will[CELLS]; /* asked for; the truth once it is answered */
};
struct workload {
    struct client clients[CLIENTS];
};
void workload_begin(struct workload *w, uint64_t seed); /* for an empty database */

/* One open engine with its subscribers. Must not move while it is open. */
struct crew {
    struct engine *engine;
    const struct rtype *item, *shade, *echo;
};
extern bool crew_compacts; /* set before: what reactions have seen may go from the journal */
kith_status crew_open(struct crew *c, const char *path, const char *vfs, kith_error *e);
void crew_close(struct crew *c);

/* One transaction of a client: one thread per client. After a failure it is not known whether it
 * was kept, until client_refused or workload_check. */
kith_status client_step(struct crew *c, struct client *k, kith_error *e);
void client_refused(struct client *k); /* the engine says that nothing was kept: hold it to that */
/* Waits for reactions and timers, compares, asks the doctor. NULL: all of it holds, and what was
 * asked for and not answered counts from now on as what became of it. Else what is wrong, until the
 * next call. No client may be at work. */
const char *workload_check(struct crew *c, struct workload *w);
int64_t workload_answers(const struct workload *w);

/* A thread that checkpoints in random ways on a connection of its own until it is told to stop or
 * the disk fails: the engine's own thread does so only when the log has grown large. */
struct checkpointing {
    const char *vfs;
    uint64_t dice;
    _Atomic int stop;
};
void *checkpoint_run(void *checkpointing);

/* -- for the programs -------------------------------------------------------------------------- */

uint64_t dice_roll(uint64_t *dice, uint64_t below);
/* A folder of its own that goes when the program ends; path is a database in it. */
const char *crash_path(void);
void crash_remove(void); /* the database and its companions */
/* Ends the program as a failed test. */
_Noreturn void crash_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
