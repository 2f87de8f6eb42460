/* SPDX-License-Identifier: Apache-2.0 */
/* Gone: what the journal still tells of a record that was deleted, and which ones were erased. */
#ifndef JOURNAL_GONE_H
#define JOURNAL_GONE_H

#include "journal/journal.h"

/* Does a row about the record of that type still say what was in it? */
kith_status gone_told(struct conn *c, const struct rtype *t, kith_id record, bool *yes,
                      kith_error *e);
/* Of which type the record is, by the newest row that tells of it; 0: none does. */
kith_status gone_type(struct conn *c, kith_id record, uint32_t *type, kith_error *e);
/* The transaction in which the record went; *yes false: it did not, or that is not kept. */
kith_status gone_when(struct conn *c, kith_id record, struct arena *a, struct tx_head *out,
                      bool *yes, kith_error *e);
/* The transactions, or runs, that wrote the record and were no undo, the latest first. */
kith_status gone_writers(struct conn *c, kith_id record, struct arena *a, kith_id **out,
                         size_t *count, kith_error *e);
/* Did the transaction, or the run that it is of, write the record? Or is it not ended yet? */
kith_status gone_together(struct conn *c, kith_id tx, kith_id record, struct arena *a, bool *yes,
                          kith_error *e);

/* Takes out of the rows about those into which the record was merged, and taken out again, what
 * they had from it meanwhile: personal values that it had. Before its own rows are emptied.
 * [writer] */
kith_status gone_unmerged(struct conn *c, const struct schema *s, kith_id record, kith_error *e);

/* Who was erased, by the records in a database that no schema was read of; in order. */
typedef kith_status (*gone_erased)(void *arg, kith_str type, kith_str record, int64_t at,
                                   kith_error *e);
kith_status gone_erasures(struct conn *c, gone_erased fn, void *arg, kith_error *e);

#endif
