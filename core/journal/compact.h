/* SPDX-License-Identifier: Apache-2.0 */
/* Compaction: what is old enough goes from the journal, from its beginning on. First the place
 * where it begins moves to a seal of the chain (chain.h); from then on nothing before counts. Then
 * those rows and heads are deleted, a few at a time. */
#ifndef JOURNAL_COMPACT_H
#define JOURNAL_COMPACT_H

#include "journal/chain.h"

/* Behind which row the kept journal begins. All 0: everything is kept. */
struct journal_start {
    uint64_t seq;
    kith_id tx; /* the last transaction that is not kept */
    int64_t at; /* its time, ms UTC */
};
kith_status journal_start(struct conn *c, struct journal_start *out, kith_error *e);
/* "2026-05-01", in UTC, for a sentence. */
const char *journal_start_text(const struct journal_start *s, char out[32]);
/* KITH_E_NOTFOUND, when a transaction or run is older than what is kept. */
kith_status journal_kept(const struct journal_start *s, kith_id tx, kith_error *e);

/* The last seal before an instant and not behind row `bound`, at which the journal could begin; all
 * 0: none behind the present start. */
kith_status journal_boundary(struct conn *c, int64_t before, uint64_t bound,
                             struct journal_start *out, kith_error *e);
/* The first row of imports that are under way; 0: there is none. */
kith_status journal_imports_first(struct conn *c, uint64_t *seq, kith_error *e);

/* Only the engine, in its transaction: has the journal begin there. */
kith_status journal_begin_at(struct conn *c, const struct journal_start *at, kith_error *e);
/* Deletes up to `max` rows, and heads, of those that are not kept. *more: some are left. */
kith_status journal_sweep(struct conn *c, int max, bool *more, kith_error *e);

#endif
