/* SPDX-License-Identifier: Apache-2.0 */
/* What subscription.c and renewal.c share. */
#ifndef COMMERCE_SUBSCRIPTION_H
#define COMMERCE_SUBSCRIPTION_H

#include "commerce.h"

/* Is it this state, or option? [any] */
static inline int32_t is(kith_value choice, const char *name) {
    return choice.kind == KITH_TEXT && kith_str_is(choice.as.s, name);
}
static inline kith_value date(int64_t day) {
    return kith_number(KITH_DATE, day);
}
static inline kith_value int_of(int64_t n) {
    return kith_number(KITH_INT, n);
}
static inline int32_t is_over(const struct subscription *s) {
    return is(s->state, "cancelled") || is(s->state, "expired");
}
int64_t months_of(kith_value period);

/* Ten thousand times what a term costs: price * quantity * (100 - discount), not rounded. [any] */
kith_status subscription_scaled(const struct subscription *s, int64_t *out, kith_error *err);
/* What the customer pays for one and a period, and less by their terms. [reader] */
kith_status subscription_price(kith_instance *self, const kith_txn *txn, struct subscription *s,
                               kith_value currency, kith_error *err);

#endif
