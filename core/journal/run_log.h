/* SPDX-License-Identifier: Apache-2.0 */
/* Run log: what is done in several transactions and is not done yet. It is noted in the first of
 * them, and struck out in the last: so it is known of what a crash ended half-way, and the same
 * command goes on with it, under the same id. An import has a log of its own (import_log.h).
 *
 * Table: kith_run. Writing is for the writer's connection. */
#ifndef JOURNAL_RUN_LOG_H
#define JOURNAL_RUN_LOG_H

#include "journal/journal.h"

struct open_run {
    kith_id run;
    uint32_t actor;  /* kith_source number: who asked for it */
    int64_t started; /* ms UTC */
    kith_str what;   /* the note of its transactions */
    kith_str asked;  /* all that was asked for, by ids: the same again is the same run */
    uint32_t stage;  /* how far it is; what that means is the run's own */
};

kith_status run_log_setup(struct conn *c, kith_error *e); /* creates what is absent */
/* The newest of those that were asked for so, by this actor (0: by anybody); run 0: there is none.
 * Texts live in the arena. */
kith_status run_log_find(struct conn *c, kith_str asked, uint32_t actor, struct arena *a,
                         struct open_run *out, kith_error *e);
/* All of them, oldest first; in the arena. */
kith_status run_log_all(struct conn *c, struct arena *a, struct open_run **out, size_t *count,
                        kith_error *e);
kith_status run_log_begin(struct conn *c, const struct open_run *r, kith_error *e);
/* KITH_E_CONFLICT: it is not there any more, since it was undone meanwhile. */
kith_status run_log_advance(struct conn *c, kith_id run, uint32_t stage, kith_error *e);
/* It is done, or undone. No such run: nothing. */
kith_status run_log_end(struct conn *c, kith_id run, kith_error *e);
/* All that were begun behind a row are undone, but this one. */
kith_status run_log_end_since(struct conn *c, uint64_t seq, kith_id but, kith_error *e);
/* The first row of runs that are not done; 0: there is none. */
kith_status run_log_first(struct conn *c, uint64_t *seq, kith_error *e);

#endif
