/* SPDX-License-Identifier: Apache-2.0 */
/* What subscription.c and renewal.c share. */
#ifndef COMMERCE_SUBSCRIPTION_H
#define COMMERCE_SUBSCRIPTION_H

#include "commerce.h"

static inline int32_t is_over(const struct subscription *s) {
    return kith_is(s->state, "cancelled") || kith_is(s->state, "expired");
}
int64_t months_of(kith_value period);

/* Ten thousand times what a term costs: price * quantity * (100 - discount), not rounded. [any] */
kith_status subscription_scaled(const struct subscription *s, int64_t *out, kith_error *err);
/* What the customer pays for one and a period, and less by their terms. [reader] */
kith_status subscription_price(kith_instance *self, const kith_txn *txn, struct subscription *s,
                               kith_value currency, kith_error *err);

#endif
