/* SPDX-License-Identifier: Apache-2.0 */
/* Suppression: addresses for which somebody said no, whoever has them. They are kept by a hash with
 * the secret of the database, so that an address can be asked for and none be read from them. */
#ifndef RECORD_SUPPRESSION_H
#define RECORD_SUPPRESSION_H

#include "record/record.h"

/* Of an address as contact points have it in `normal`, in the arena. Equal hashes of "" say that
 * two databases have one secret. */
kith_status suppression_hash(struct conn *c, kith_str normal, struct arena *a, kith_str *out,
                             kith_error *e);

struct suppression {
    kith_id id;
    const kith_value *values;
};
struct suppressions {
    struct suppression *items;
    size_t count;
};
/* All of a hash, by age, lifted ones, too. */
kith_status suppressions_by(struct conn *c, const struct schema *s, kith_str hash, struct arena *a,
                            struct suppressions *out, kith_error *e);
kith_status suppressions_of(struct conn *c, const struct schema *s, kith_str normal,
                            struct arena *a, struct suppressions *out, kith_error *e);
bool suppression_holds(const struct schema *s, const struct suppression *x);

/* At most max contact points behind one, by age, whose address is more than ASCII. */
kith_status addresses_accented(struct conn *c, kith_id after, uint32_t max, kith_id *ids,
                               uint32_t *n, kith_error *e);

#endif
