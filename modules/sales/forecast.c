/* SPDX-License-Identifier: Apache-2.0 */
/* What the pipeline is likely to bring: amounts of open opportunities, each weighed with its
 * probability, together and by signal, in each currency. Amounts of several are not added up. */
#include "sales.h"

/* In one currency; KITH_NULL: nothing. */
struct outlook {
    kith_value amount, weighted, green, amber, red;
};
/* In columns of sales.forecast. */
struct forecast_row {
    kith_value currency, deals;
    struct outlook all;
};
/* What there is of one signal. */
struct forecast_group {
    kith_value currency, signal, deals, amount, weighted;
};

static kith_status add(const kith_instance *self, struct outlook *all,
                       const struct forecast_group *g, kith_error *err) {
    const kith_numbers_v1 *n = self->numbers;
    kith_value *sum = kith_is(g->signal, "green")   ? &all->green
                      : kith_is(g->signal, "amber") ? &all->amber
                                                    : &all->red;
    KITH_TRY(n->add(&all->amount, 1, &g->amount, &all->amount, err));
    KITH_TRY(n->add(&all->weighted, 1, &g->weighted, &all->weighted, err));
    return kith_has(g->signal) ? n->add(sum, 1, &g->weighted, sum, err) : KITH_OK;
}

kith_status forecast_pipeline(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    const struct forecast_group *groups;
    uint64_t count;
    int64_t deals = 0;
    int currencies = 0;
    kith_value until;
    struct {
        kith_value deals;
        struct outlook all;
        kith_value undated, note;
    } results = {.deals = kith_null()};
    KITH_TRY(KITH_ARGS(self, call, &until, err));
    KITH_TRY(KITH_GROUPS(self, view, self->query.forecast, 1, &until, &groups, &count, err));
    for (uint64_t i = 0, to; i < count; i = to) { /* those of a currency follow each other */
        struct forecast_row row = {.currency = groups[i].currency, .deals = kith_int(0)};
        for (to = i; to < count && kith_equal(groups[to].currency, row.currency); to++) {
            row.deals.as.i += groups[to].deals.as.i;
            KITH_TRY(add(self, &row.all, &groups[to], err));
        }
        deals += row.deals.as.i;
        if (kith_has(row.all.amount)) {
            currencies++;
            results.all = row.all;
        }
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    KITH_TRY(KITH_TOTAL(self, view, self->query.undated, 0, NULL, &results.undated, err));
    results.deals = kith_int(deals);
    if (currencies > 1) {
        results.all = (struct outlook){.amount = kith_null()};
        results.note = kith_text("the amounts are in several currencies, each of which has a row");
    }
    return KITH_RESULTS(self, call, &results, err);
}
