/* SPDX-License-Identifier: Apache-2.0 */
/* An account and its units: what was agreed with it holds for all that is below it. */
#include "commerce.h"

#define UNITS_MAX 2000

kith_status units_above(kith_instance *self, const kith_txn *txn, kith_value account,
                        struct account_chain *out, kith_error *err) {
    kith_value next = account;
    out->count = 0;
    while (next.kind == KITH_LINK && out->count < CHAIN_LEVELS) {
        struct account *a = &out->at[out->count];
        KITH_TRY(KITH_LOAD(self, txn, account, next.as.link.id, a, err));
        next = a->parent;
        out->count++;
    }
    return KITH_OK;
}

int32_t is_unit_of(const struct account_chain *chain, const kith_value *account) {
    for (uint64_t i = 0; account->kind == KITH_LINK && i < chain->count; i++)
        if (chain->at[i].id.as.link.id == account->as.link.id)
            return 1;
    return 0;
}

struct gathering {
    kith_instance *self;
    kith_value *items;
    uint64_t count;
};

static kith_status take_unit(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct gathering *g = arg;
    if (g->count == UNITS_MAX)
        return kith_fail(err, KITH_E_LIMIT, "account",
                         "account: it has more than %d units, which are looked at together; agree "
                         "on terms with the units instead",
                         UNITS_MAX);
    g->items[g->count++] = kith_link(g->self->account.type, g->self->records->row_id(txn, row));
    return KITH_OK;
}

/* Level by level: one query for each. */
kith_status units_below(kith_instance *self, const kith_txn *txn, kith_value account,
                        kith_value *list, kith_error *err) {
    struct gathering g = {.self = self};
    uint64_t from = 0;
    KITH_TRY(KITH_MEMORY(self, txn, &g.items, UNITS_MAX, err));
    g.items[g.count++] = account;
    for (int i = 0; i < CHAIN_LEVELS && from < g.count; i++) {
        const kith_value parents = kith_list(g.items + from, g.count - from);
        from = g.count;
        KITH_TRY(self->records->find(txn, self->bill.units, 1, &parents, 0, take_unit, &g, err));
    }
    *list = kith_list(g.items, g.count);
    return KITH_OK;
}

static const kith_want wants[] = {
    KITH_WANT(QUERY, "account where parent in (:parents)", bill.units),
};

const kith_part units_part = {.struct_size = sizeof units_part, .wants = KITH_ARRAY(wants)};
