/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts about the next offer share: baskets and what customers bought. */
#ifndef SALES_OFFERS_H
#define SALES_OFFERS_H

#include <kith/easy.h>

/* What counts as bought: an order that was placed, and not returned or cancelled. */
#define PLACED "state in ('ordered', 'paid', 'shipped', 'delivered')"
/* What is left of order lines, of their net and of their cost, when what was credited or came back
 * before it was billed is taken off, as in the reports of commerce. */
#define STAYS   "(quantity - unbilled - credited)"
#define REVENUE "net * " STAYS " / quantity"
#define EXPENSE "cost * (quantity - restocked) / quantity"
#define COSTED  "(net + cost * 0) * " STAYS " / quantity" /* of lines whose cost is known */

/* clang-format off */
#define AFFINITY(X)   X(product) X(other) X(together) X(support) X(confidence) X(lift)
#define BASKET_LINE(X) X(order) X(product)
#define OFFER_TIE(X)  X(product) X(kind) X(other)
#define OFFER_WARE(X) X(name) X(state) X(price)
#define BOUGHT(X)     X(account) X(contact) X(placed_at)
/* clang-format on */
KITH_RECORD(affinity, AFFINITY);
KITH_RECORD(basket_line, BASKET_LINE);
KITH_RECORD(offer_tie, OFFER_TIE);
KITH_RECORD(offer_ware, OFFER_WARE);
KITH_RECORD(bought, BOUGHT);

/* A customer is a person or an organisation. */
enum { BUYER_CONTACT, BUYER_ACCOUNT, BUYERS };
#define GUARDS_MAX 50 /* rows of the setting sales.guard.rules */

struct offers {
    struct affinity_numbers affinity;
    struct basket_line_numbers line;
    struct offer_tie_numbers tie;
    struct offer_ware_numbers ware;
    struct bought_numbers order;
    struct {
        uint32_t orders, lines, affinities;                     /* basket.c */
        uint32_t owned[BUYERS], ordered[BUYERS], ties, pairs;   /* offers.c */
        uint32_t overdue[BUYERS], returns[BUYERS];              /* offers.c */
        uint32_t days[BUYERS], product_days[BUYERS], purchases; /* repurchase.c */
    } query;
    struct {
        uint32_t predicate, of; /* BUYER_* */
        kith_str reason;
    } guards[GUARDS_MAX];
    uint64_t guard_count;
    kith_value guard_rules, window, min_together, max_products, nightly; /* settings */
};

/* A contact or an account, and which of them. KITH_E_INVAL: neither is given, or both. [any] */
kith_status offers_buyer(kith_value contact, kith_value account, uint32_t *of, kith_value *who,
                         kith_error *err);
kith_status basket_wants(kith_instance *self, kith_error *err);
kith_status offers_wants(kith_instance *self, kith_error *err);
kith_status repurchase_wants(kith_instance *self, kith_error *err);
extern const kith_part basket_part, offers_part, repurchase_part;

#endif
