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
#define OFFER_WARE(X) X(name) X(state) X(price) X(category) X(kind) X(variant_of)
#define BOUGHT(X)     X(account) X(contact) X(placed_at)
#define MADE_OFFER(X) X(contact) X(account) X(product) X(state) X(channel) X(price) X(until) \
                      X(reason) X(quote) X(owner)
/* clang-format on */
KITH_RECORD(affinity, AFFINITY);
KITH_RECORD(basket_line, BASKET_LINE);
KITH_RECORD(offer_tie, OFFER_TIE);
KITH_RECORD(offer_ware, OFFER_WARE);
KITH_RECORD(bought, BOUGHT);
KITH_RECORD(made_offer, MADE_OFFER);

/* A customer is a person or an organisation. */
enum { BUYER_CONTACT, BUYER_ACCOUNT, BUYERS };
#define HAVING          3  /* who bought, owns, was offered it */
#define OFFER_RULES_MAX 50 /* rows of sales.guard.rules and the like: a bit for each */
#define REASON_MAX      1000
/* A row of sales.guard.rules, sales.upsell.best (the first two) or sales.offer.fits (all). */
struct offer_rule {
    kith_value of, when, reason, products;
};

struct offers {
    struct affinity_numbers affinity;
    struct basket_line_numbers line;
    struct offer_tie_numbers tie;
    struct offer_ware_numbers ware;
    struct bought_numbers order;
    struct made_offer_numbers made;
    struct {
        uint32_t orders, lines, affinities;                                /* basket.c */
        uint32_t owned[BUYERS], ordered[BUYERS], ties, pairs;              /* offers.c */
        uint32_t leads_to, of_category, having[HAVING], targets;           /* launch.c */
        uint32_t wares, dearer;                                            /* the same */
        uint32_t offered[BUYERS], of_firm, open[BUYERS], quoted, of_quote; /* offered.c */
        uint32_t days[BUYERS], product_days[BUYERS], purchases;            /* repurchase.c */
        uint32_t fitting[OFFER_RULES_MAX]; /* guard.c: in seasons of the month :month */
    } query;
    kith_value guards, best, fits, step, again_after;       /* settings */
    kith_value window, min_together, max_products, nightly; /* settings */
};

/* A contact or an account, and which of them. KITH_E_INVAL: neither is given, or both. [any] */
kith_status offers_buyer(kith_value contact, kith_value account, uint32_t *of, kith_value *who,
                         kith_error *err);
/* guard.c: the person or organisation, and that of the person. [reader] */
struct customer;
kith_status offers_customer(kith_instance *self, const kith_txn *txn, uint32_t of, kith_value who,
                            struct customer *customer, kith_error *err);
/* Why nothing dearer is to be offered, in REASON_MAX bytes; empty: nothing is wrong. [reader] */
kith_status offers_guard(kith_instance *self, const kith_txn *whole, const struct customer *who,
                         char *why, kith_error *err);
void offers_say(char *why, kith_str reason); /* appends one, as long as there is room */
/* Whether they are among the best customers. [reader] */
kith_status offers_best(kith_instance *self, const kith_txn *whole, const struct customer *who,
                        int32_t *best, kith_error *err);

/* A bit for each row of sales.offer.fits that is true of them. [reader] */
kith_status offers_fits(kith_instance *self, const kith_txn *whole, const struct customer *who,
                        uint64_t *rows, kith_error *err);

/* What is retired, or not on the market yet, is not sold; a season may go over the new year. */
#define SOLD_NOW(product)                                                                          \
    product "state = 'active' and (" product "launched is null or " product                        \
            "launched <= today()) "                                                                \
            "and (" product "season_from is null or (" product "season_from <= " product           \
            "season_until and " product "season_from <= :month and " product "season_until >= "    \
            ":month) or (" product "season_from > " product "season_until and (" product           \
            "season_from <= :month or " product "season_until >= :month)))"

/* offered.c: calls fn with each product that was offered to them lately, or that they declined.
 * [reader] */
kith_status offers_made(kith_instance *self, const kith_txn *whole, const struct customer *who,
                        kith_group_fn fn, void *arg, kith_error *err);

extern const kith_part launch_part, basket_part, offers_part, guard_part, offered_part,
    repurchase_part;

#endif
