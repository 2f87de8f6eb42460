/* SPDX-License-Identifier: Apache-2.0 */
/* Objections: who withdrew consent, objected, or had data restricted, and suppressed addresses, by
 * a database that no schema was read of; for the day on which an older one takes its place. */
#ifndef RECORD_OBJECTIONS_H
#define RECORD_OBJECTIONS_H

#include "store/store.h"

struct objection {
    kith_id contact;     /* or one that was merged into it */
    const char *purpose; /* its name; NULL: the data are restricted */
    const char *address; /* that it is for; NULL: for the person */
    const char *text;    /* how it was withdrawn, or why it is restricted; NULL: not said */
    const char *hash;    /* of a suppressed address, of no contact; NULL: it is none */
    int64_t at;          /* of that: when somebody said so */
};
/* Those that stand and were written at a time or later (ms UTC), in the arena; restrictions behind
 * withdrawals, suppressed addresses last. */
kith_status objections_since(struct conn *c, int64_t since, struct arena *a, struct objection **out,
                             size_t *count, kith_error *e);

#endif
