/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of invoices, payments and the ledger: orders that were placed. */
#ifndef COMMERCE_TESTS_BILLING_H
#define COMMERCE_TESTS_BILLING_H

#include "shop.h"

#define ID(id) id_text(c, id)

static inline kith_id add_line(struct company *c, kith_id order, kith_id what,
                               const char *quantity) {
    return CREATE(c, "order_line", {"order", ID(order)}, {"product", ID(what)},
                  {"quantity", quantity});
}

/* An order of so many of a product, by an account, placed. */
static inline kith_id placed(struct company *c, kith_id account, kith_id what,
                             const char *quantity) {
    kith_id o = CREATE(c, "order", {"account", ID(account)}, {"payment_method", "card"});
    add_line(c, o, what, quantity);
    UPDATE(c, "order", o, {"state", "ordered"});
    return o;
}

static inline kith_id result_id(const struct act *a, uint32_t i) {
    return a->results[i].kind == KITH_LINK ? a->results[i].as.link.id : 0;
}

static inline kith_id invoiced(struct company *c, kith_id order) {
    struct act a = ACT(c, "commerce.invoice", {"order", ID(order)});
    EXPECT_ACT(a);
    return result_id(&a, 0);
}

static inline kith_id paid(struct company *c, const char *what, kith_id id, const char *amount) {
    struct act a = ACT(c, "commerce.pay", {what, ID(id)}, {"amount", amount});
    EXPECT_ACT(a);
    return result_id(&a, 0);
}

/* The ledger agrees with what is open. */
static inline void expect_balanced(struct company *c) {
    struct act a = ACT(c, "commerce.ledger_check", {"none", ""});
    EXPECT_ACT(a);
    if (!a.results[0].as.i)
        TEST_FAIL("%s", result_text(c, &a, "why"));
}

/* Refused, with these words, by an action. */
#define ACT_REFUSED(c, words, ...)                                                                 \
    do {                                                                                           \
        struct act refused_ = ACT(c, __VA_ARGS__);                                                 \
        EXPECT(refused_.status != KITH_OK);                                                        \
        EXPECT_HAS(words, refused_.message);                                                       \
    } while (0)

#define KEEPS(c, type, id, words) EXPECT_HAS(words, remove_refused(c, type, id))

#endif
