/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts about customers that we have share: what they are worth, how they are sold to, and
 * what visits do. One member of the instance. */
#ifndef SALES_AFTER_H
#define SALES_AFTER_H

#include <kith/easy.h>
#include <kith/plugin.h>

/* clang-format off */
#define WALLET(X)   X(name) X(parent) X(industry) X(size) X(yearly_need) X(won_since) X(won)
#define BRANCH(X)   X(parent)
#define STRATEGY(X) X(name) X(tag) X(team) X(customers_per_seller) X(contacts_per_year) X(offers) \
                    X(plan)
#define TRIP(X)     X(contact) X(account) X(at) X(duration) X(visit_place) X(subject) \
                    X(open_problems) X(confirmed) X(owner)
#define SITE(X)     X(shipping_street) X(shipping_city) X(billing_street) X(billing_city) \
                    X(pipeline) X(last_interaction)
#define GROUPED(X)  X(visit_group)
#define TAGGED(X)   X(tags)
#define TAGGED_PERSON(X) X(tags) X(account)
#define HOME(X)     X(account) X(street) X(city) X(last_interaction)
/* clang-format on */
KITH_RECORD(wallet, WALLET);
KITH_RECORD(branch, BRANCH);
KITH_RECORD(strategy, STRATEGY);
KITH_RECORD(trip, TRIP);
KITH_RECORD(site, SITE);
KITH_RECORD(home, HOME);
KITH_RECORD(grouped, GROUPED);
KITH_RECORD(tagged, TAGGED);
KITH_RECORD(tagged_person, TAGGED_PERSON);

/* By what those whom sales.visit_effect compares are parted. */
enum { EFFECT_VISIT, EFFECT_CHANNEL, EFFECT_ASSIGNED, EFFECT_BY };
#define BUYING_STEPS 7
#define BUYING       3

struct after {
    struct wallet_numbers wallet;
    struct branch_numbers branch;
    struct strategy_numbers strategy;
    struct trip_numbers trip;
    struct site_numbers site;
    struct home_numbers home;
    struct tagged_numbers tagged;
    struct tagged_person_numbers tagged_person;
    struct grouped_numbers grouped;
    kith_value years; /* for which customers stay: a setting */
    struct {
        uint32_t wallets, one_wallet, units, elsewhere, turnover[2]; /* wallet.c: deals, orders */
        uint32_t strategies, strategy_tag, tagged, members;          /* strategy.c */
        uint32_t sold[2], served[2], spent[2]; /* worth.c: of organisations, of persons */
        uint32_t buyers[BUYING];         /* lifetime.c: for an account, by its people, by others */
        uint32_t trips[2], ungrouped[2]; /* visits.c, visit_effect.c: of all, of one */
        uint32_t effect[2][EFFECT_BY][2][2]; /* of deals, of orders; visited or not; all, lost */
        uint32_t steps[BUYING_STEPS];        /* buying_process.c */
    } query;
};

/* wallet.c: what customers bought is told by their orders, and not by deals that were won. [any] */
int counts_orders(const kith_instance *self);

/* strategy.c: whether who buys, a contact or an account, is to be offered the dearest first. */
kith_status strategy_dearest(kith_instance *self, const kith_txn *txn, kith_value who,
                             int32_t *dearest, kith_error *err);

extern const kith_part wallet_part, wallet_orders_part, strategy_part, worth_part, lifetime_part,
    visits_part, visit_effect_part, buying_process_part;

#endif
