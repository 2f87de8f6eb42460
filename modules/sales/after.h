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
/* clang-format on */
KITH_RECORD(wallet, WALLET);
KITH_RECORD(branch, BRANCH);
KITH_RECORD(strategy, STRATEGY);

struct after {
    struct wallet_numbers wallet;
    struct branch_numbers branch;
    struct strategy_numbers strategy;
    uint32_t contact_tags;
    struct {
        uint32_t wallets, one_wallet, elsewhere, turnover[2]; /* wallet.c: deals, orders */
        uint32_t strategies, strategy_tag, tagged, members;   /* strategy.c */
        uint32_t sold[2], served[2], spent[2]; /* worth.c: of organisations, of persons */
    } query;
};

/* strategy.c: whether who buys, a contact or an account, is to be offered the dearest first. */
kith_status strategy_dearest(kith_instance *self, const kith_txn *txn, kith_value who,
                             int32_t *dearest, kith_error *err);

kith_status wallet_wants(kith_instance *self, kith_error *err);
kith_status strategy_wants(kith_instance *self, kith_error *err);
kith_status worth_wants(kith_instance *self, kith_error *err);
extern const kith_part wallet_part, strategy_part, worth_part;

#endif
