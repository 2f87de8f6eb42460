/* SPDX-License-Identifier: Apache-2.0 */
/* Window: a stretch of the journal, as it is taken back and gone through again. */
#ifndef JOURNAL_WINDOW_H
#define JOURNAL_WINDOW_H

#include "journal/journal.h"

/* Since when there is something in it, ms UTC; 0: there is nothing. */
kith_status window_begins(struct conn *c, int64_t *at, kith_error *e);
/* The rows behind `after` and up to `to`, the newest first. */
kith_status window_back(struct conn *c, uint64_t after, uint64_t to, journal_visit fn, void *arg,
                        kith_error *e);
/* When the record was last written by a row up to `seq`, ms UTC; 0: by none that is kept. */
kith_status window_written(struct conn *c, kith_id record, uint64_t seq, int64_t *at,
                           kith_error *e);
/* The updates of a record, up to row `to`, by transactions that began between two times. */
kith_status window_updates(struct conn *c, kith_id record, int64_t from, int64_t until, uint64_t to,
                           journal_visit fn, void *arg, kith_error *e);
/* The records of a type that the rule of this name made because of a row, whatever version of it;
 * in their order, in the arena. */
kith_status window_made(struct conn *c, uint64_t cause, uint32_t type, const char *rule,
                        struct arena *a, kith_id **ids, size_t *count, kith_error *e);

#endif
