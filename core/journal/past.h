/* SPDX-License-Identifier: Apache-2.0 */
/* Past: a record as it was at some moment, rebuilt from its rows in the journal. Derived values
 * are not journaled, and so are not known of the past. */
#ifndef JOURNAL_PAST_H
#define JOURNAL_PAST_H

#include "journal/compact.h"

/* What was true at an instant, its millisecond included, or right after a transaction. Where the
 * clock was set back, the newest row whose time is not later counts, and all before it. */
struct moment {
    int64_t at;   /* ms UTC */
    uint64_t seq; /* the last row that counts; 0: by the time */
};

struct past_field { /* of a field that is not declared any more, or whose module is not enabled */
    uint32_t field_id;
    const char *name;
    kith_value value;
};
enum past_state {
    PAST_THERE,
    PAST_NOT_YET,
    PAST_DELETED,
    PAST_NEVER,
    PAST_FORGOTTEN, /* the moment is older than the journal that is kept */
};
struct past_record {
    enum past_state state;
    kith_value *values; /* there: by field, as record_read gives them */
    struct past_field *lost;
    size_t lost_count;
    int64_t made;    /* there: when it was made; not yet: when it was, later; ms UTC */
    int64_t changed; /* there: when it was last changed before the moment, 0: before what is kept;
                        deleted: when it was */
    kith_id tx;      /* the transaction that did */
    struct journal_start start; /* of what is older nothing is known */
};
/* Costs the rows that the record has. In the arena. Types that keep no history: PAST_NEVER. */
kith_status past_read(struct conn *c, const struct schema *s, const struct rtype *t, kith_id id,
                      const struct moment *when, struct arena *a, struct past_record *out,
                      kith_error *e);

/* Rows of one record before `seq`, newest first, each with its transaction, whose note is not read.
 * fn as in journal_visit. */
typedef kith_status (*dated_visit)(void *arg, const struct journal_row *row,
                                   const struct tx_head *tx, kith_error *e);
kith_status journal_dated(struct conn *c, kith_id record, uint64_t seq, dated_visit fn, void *arg,
                          kith_error *e);
/* Since when the field has its present value; 0: it was never written, or too much came since. */
kith_status journal_since(struct conn *c, const struct schema *s, kith_id record,
                          const struct rfield *field, int64_t *at, kith_error *e);
/* Who made the record, and the code that did: kith_source numbers, 0: not known. *run: of the
 * workflow that did; 0: none. */
kith_status journal_maker(struct conn *c, kith_id record, uint32_t *actor, uint32_t *source,
                          kith_id *run, kith_error *e);

/* Rows of one record, newest first, folded into its values: each field's newest after-image. */
struct fold {
    const struct schema *schema;
    const struct rtype *type;
    struct arena *arena;
    kith_value *values;
    struct fieldset seen; /* fields that some row has told */
    struct past_field *lost;
    size_t lost_count, lost_cap;
};
kith_status fold_begin(struct fold *f, const struct schema *s, const struct rtype *t,
                       struct arena *a, kith_error *e);
/* *older false: what is older says no more about the record. */
kith_status fold_row(struct fold *f, const struct journal_row *row, bool *older, kith_error *e);

#endif
