/* SPDX-License-Identifier: Apache-2.0 */
/* Totals at work: what the adding up (query_total.c), having (query_having.c) and the giving out
 * (query_result.c) share. */
#ifndef RECORD_QUERY_TOTAL_H
#define RECORD_QUERY_TOTAL_H

#include "record/query_group.h"

/* A number, or an amount in its own currency (own, cur) and in the company's (base). */
struct value {
    bool null, no_base, mixed;
    wide own, base;
    char cur[4]; /* empty: no money, or none yet */
};
struct cell { /* one leaf of one row */
    bool null, no_base;
    int64_t i, base; /* base: amount in the company's currency, or the type of a link's record */
    kith_str text;
    char cur[4];
};
struct tally {
    int64_t count, no_base; /* values, and those without an amount in the company's currency */
    struct value sum;       /* or the lowest, or the highest */
};
struct bucket {
    uint64_t hash;
    struct cell *keys;
    struct tally *tallies;
};
struct distinct_slot {
    uint64_t group, high, low; /* the digest of a value; group is one more, 0: free */
};
struct distinct {
    struct distinct_slot *slots;
    size_t cap, count;
};
struct run {
    const struct query *q;
    const struct group *g;
    const struct query_env *env;
    const kith_value *params;
    struct arena *a;
    struct cell cells[QUERY_LEAVES_MAX];
    struct bucket *buckets;
    size_t count, cap;
    uint32_t *slots; /* index of the bucket and one more; 0: free */
    size_t slot_count;
    size_t bytes;
    struct distinct distinct[QUERY_TOTALS_MAX];
    size_t distinct_count; /* in all of them */
    char last_cur[4];      /* see money_units */
    int64_t last_factor;
    kith_error *e;
};

extern const int64_t wide_tens[TERM_SCALE + 1];
bool wide_scale_up(wide *n, uint32_t digits);  /* false: it does not fit */
wide wide_scale_down(wide n, uint32_t digits); /* rounded half to even */
kith_status total_too_large(struct run *x, kith_str what);
/* The remedy, when amounts of a term stand in several currencies. */
const char *total_one_currency(struct run *x, const struct term *t);
wide total_money(struct run *x, int64_t minor, const char *cur); /* at MONEY_SCALE */
/* A term over one record (b NULL) or over a group. */
kith_status total_evaluate(struct run *x, const struct bucket *b, const struct term *t,
                           struct value *out);
/* Makes two amounts comparable: in their own currency if it is the same, else in the company's.
 * False: they have no order. (query_having.c) */
bool total_comparable(struct value *l, struct value *r);
kith_status total_keep(struct run *x); /* the groups that having finds */
/* A key as its field gives it. (query_result.c) */
kith_value total_key(const struct term *t, const struct cell *c);
/* having, order by, limit, and the rows. */
kith_status total_rows(struct run *x, struct totals *out);

#endif
