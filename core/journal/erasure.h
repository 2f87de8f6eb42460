/* SPDX-License-Identifier: Apache-2.0 */
/* Erasure: what the journal, and the tables that are kept beside it, forget about somebody. Rows
 * stay, with their places, kinds and causes, so that what follows from them can be told and the
 * chain of digests holds (chain.h); what stood in them goes.
 *
 * Table kith_sweep: what is still to be looked for, row by row, in what is not found by an index;
 * see core/engine/sweep.c. */
#ifndef JOURNAL_ERASURE_H
#define JOURNAL_ERASURE_H

#include "base/map.h"
#include "journal/journal.h"

/* Texts by which somebody is recognised: a name, addresses, numbers; folded (base/text.h). */
struct traces {
    kith_str *items;
    size_t count, cap;
    size_t min; /* bytes; 0: TRACE_MIN */
};
/* Shorter ones would be found everywhere; in what was written about the person, not so soon. */
#define TRACE_MIN      4
#define TRACE_MIN_NEAR 3
/* Keeps a text, once; it is folded in the arena. */
kith_status traces_add(struct traces *t, kith_str text, struct arena *a, kith_error *e);
/* Does a text name one of them? scratch: for folding. KITH_E_NOMEM, or KITH_OK. */
kith_status traces_in(const struct traces *t, kith_str text, struct arena *scratch, bool *yes,
                      kith_error *e);
/* Does a value, or one in it? */
kith_status traces_in_value(const struct traces *t, const kith_value *v, struct arena *scratch,
                            bool *yes, kith_error *e);

/* -- in the transaction that erases [writer] --------------------------------------------------- */

/* Told of the fields of each row about a record, before they are forgotten. */
typedef kith_status (*erasure_see)(void *arg, const struct image_field *fields, size_t count,
                                   kith_error *e);
/* Everything that was ever in a record. */
kith_status erasure_see_record(struct conn *c, const struct schema *s, kith_id record,
                               erasure_see see, void *arg, kith_error *e);
/* Empties every row about the record, changes and events. */
kith_status erasure_record(struct conn *c, kith_id record, kith_error *e);
/* What stands in the place of a text that must have a value. */
#define ERASED_TEXT "erased"
/* Takes out of the rows about a record the values of the fields in `personal`, and other texts and
 * events that name a trace. */
kith_status erasure_fields(struct conn *c, const struct schema *s, kith_id record,
                           const struct rtype *type, const struct fieldset *personal,
                           const struct traces *traces, kith_error *e);
/* What people wrote when they changed or read the record, where it names a trace. */
kith_status erasure_words(struct conn *c, kith_id record, const struct traces *traces,
                          kith_error *e);

/* -- what is left to the sweep ----------------------------------------------------------------- */

struct sweep_row {
    kith_id *requests; /* records of type erasure; of sweep_add one */
    size_t request_count;
    kith_id *gone; /* the records that are erased, and those that stay and tell of them alone */
    size_t gone_count;
    struct traces logins; /* of users who are: "user:anna 0SCFGQSZW0000", as they are written */
    struct map actors;    /* of sweep_next: by the first of these words the id */
    struct map known;     /* of sweep_next: the same, and what is found on the way */
    struct traces traces;
    uint64_t head; /* rows behind it were written later */
};
kith_status sweep_setup(struct conn *c, kith_error *e);
kith_status sweep_add(struct conn *c, const struct sweep_row *row, kith_error *e);
/* All that are on the list, in the arena. */
kith_status sweep_requests(struct conn *c, struct arena *a, kith_id **ids, size_t *count,
                           kith_error *e);
/* The oldest requests that are not looked for, in the arena, at most so many together. */
#define SWEEP_TOGETHER 500
kith_status sweep_next(struct conn *c, struct arena *a, struct sweep_row *out, kith_error *e);
void sweep_row_free(struct sweep_row *row);
/* Forgets what was looked for; the request stays on the list until sweep_done. */
kith_status sweep_looked(struct conn *c, const struct sweep_row *row, kith_error *e);
kith_status sweep_done(struct conn *c, kith_id request, kith_error *e);

/* One part of what is looked through, in the order of its rows. */
enum sweep_part {
    SWEEP_ROWS,
    SWEEP_NOTES,
    SWEEP_READS,
    SWEEP_READERS,
    SWEEP_IMPORTS,
    SWEEP_REJECTS,
    SWEEP_LETTERS,
    SWEEP_TIMERS,
    SWEEP_TIMER_ERRORS,
    SWEEP_PAUSES,
    SWEEP_OUTBOX,
    SWEEP_FLOWS, /* for the engine: flow_log.h finds them */
    SWEEP_PARTS
};
/* Looks through up to `max` more rows behind *after and moves it; *whole: there are no more. */
kith_status sweep_part(struct conn *c, const struct schema *s, struct sweep_row *row,
                       enum sweep_part part, uint64_t *after, int64_t max, bool *whole,
                       kith_error *e);

#endif
