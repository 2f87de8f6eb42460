/* SPDX-License-Identifier: Apache-2.0 */
/* Series: what is numbered without a gap, as invoices. The counters stand in the database, one for
 * each field and year, and are counted in the transaction that creates the record: what is taken
 * back, or rehearsed, has used no number.
 *
 * Table: kith_series. */
#ifndef RECORD_SERIES_H
#define RECORD_SERIES_H

#include "record/schema.h"

#define SERIES_LENGTH 60 /* bytes of a pattern */
#define SERIES_DIGITS 15 /* of a counter */

struct series {
    const char *pattern; /* "INV-{year}-000000" */
    uint32_t digits;     /* of the counter, at least */
    uint32_t fixed;      /* bytes of a number besides those */
    bool yearly;         /* it begins anew each year */
};

kith_status series_parse(struct arena *a, const char *field, const char *pattern,
                         const struct series **out, kith_error *e);
kith_status series_setup(struct conn *c, kith_error *e);

/* The next number, of the day on which `now` lies in the company's zone. In the arena. */
kith_status series_take(struct conn *c, const struct rfield *f, int64_t now, struct arena *a,
                        kith_value *out, kith_error *e);
/* The one that was taken last is not used. */
kith_status series_return(struct conn *c, const struct rfield *f, int64_t now, kith_error *e);
/* A number that somebody gave: when it is one of the pattern, the counter goes on behind it. */
kith_status series_given(struct conn *c, const struct rfield *f, const kith_value *v,
                         struct arena *a, kith_error *e);
/* Does it have more digits than the pattern, and than the counter has come to? All numbers behind
 * it would have as many, for good. */
kith_status series_leaps(struct conn *c, const struct rfield *f, const kith_value *v,
                         struct arena *a, bool *leaps, kith_error *e);
/* Has the counter go on behind the numbers that are there, when the pattern is another one than the
 * last time. */
kith_status series_catch_up(struct conn *c, const struct rfield *f, struct arena *a, kith_error *e);

#endif
