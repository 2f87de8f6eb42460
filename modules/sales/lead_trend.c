/* SPDX-License-Identifier: Apache-2.0 */
/* What the leads that are there will bring. L(c) leads came in month c, and deals of theirs that
 * were won k months later brought W(c, k); so a lead brings after k months
 *   y(k) = sum of W(c, k) / sum of L(c), over all months c for which month c + k is over,
 * whether it became a customer or not. Month t is foreseen as the sum of L(t - k) y(k) over the
 * leads that are there; those that are still to come are in none of it, so that it is the part of
 * the trend that is known already. Estimates are floating point. */
#include "sales.h"

#define MONTHS_MAX 241 /* with the one that goes on */
#define LAGS       24

struct lead_trend {
    int64_t first;
    int n; /* months that are over */
    char currency[4];
    int64_t leads[MONTHS_MAX];
    double brought[MONTHS_MAX], after[LAGS], yield[LAGS];
    int known;
};

static kith_status count_leads(kith_instance *self, const kith_txn *view, const kith_value *since,
                               struct lead_trend *t, kith_error *err) {
    const struct { kith_value year, month, leads; } * came;
    uint64_t count;
    KITH_TRY(
        KITH_GROUPS(self, view, self->deals.query.leads_by_month, 1, since, &came, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const int64_t at = month_of(came[i].year, came[i].month) - t->first;
        if (kith_has(came[i].year) && at >= 0 && at <= t->n)
            t->leads[at] += came[i].leads.as.i;
    }
    return KITH_OK;
}

static kith_status add_won(kith_instance *self, const kith_txn *view, const kith_value *range,
                           struct lead_trend *t, kith_error *err) {
    const struct { kith_value lead_year, lead_month, year, month, currency, amount; } * deals;
    uint64_t count;
    KITH_TRY(
        KITH_GROUPS(self, view, self->deals.query.won_of_leads, 2, range, &deals, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const double minor = (double)deals[i].amount.as.money.minor;
        const int64_t came = month_of(deals[i].lead_year, deals[i].lead_month) - t->first,
                      won = month_of(deals[i].year, deals[i].month) - t->first;
        if (!kith_has(deals[i].lead_year) || !kith_has(deals[i].year) ||
            !kith_is(deals[i].currency, t->currency) || won < 0 || won >= t->n)
            continue;
        t->brought[won] += minor;
        if (came >= 0 && won >= came && won - came < LAGS) {
            t->after[won - came] += minor;
            t->known = 1;
        }
    }
    return KITH_OK;
}

static void learn_yields(struct lead_trend *t) {
    for (int k = 0; k < LAGS; k++) {
        int64_t leads = 0;
        for (int c = 0; c + k < t->n; c++)
            leads += t->leads[c];
        t->yield[k] = leads ? t->after[k] / (double)leads : 0;
    }
}

kith_status lead_trend_read(kith_instance *self, const kith_txn *view, int64_t first, int64_t now,
                            const char *currency, struct lead_trend **out, kith_error *err) {
    const kith_value range[] = {kith_date(month_from(first)), kith_date(month_from(now))};
    KITH_TRY(KITH_MEMORY(self, view, out, 1, err));
    struct lead_trend *t = *out;
    t->first = first;
    t->n = (int)(now - first);
    memcpy(t->currency, currency, sizeof t->currency);
    KITH_TRY(count_leads(self, view, range, t, err));
    KITH_TRY(add_won(self, view, range, t, err));
    learn_yields(t);
    return KITH_OK;
}

kith_value lead_trend_leads(const struct lead_trend *t, int64_t month) {
    const int64_t at = month - t->first;
    return at >= 0 && at <= t->n ? kith_int(t->leads[at]) : kith_null();
}

int lead_trend_brings(const struct lead_trend *t, int64_t month, double *minor) {
    const int64_t at = month - t->first;
    *minor = 0;
    if (at < t->n) {
        *minor = t->brought[at];
        return 1;
    }
    for (int k = 0; k < LAGS; k++)
        if (at - k >= 0 && at - k <= t->n)
            *minor += (double)t->leads[at - k] * t->yield[k];
    return t->known;
}

static const kith_want wants[] = {
    KITH_WANT(QUERY,
              "lead where created >= :since group by year(created), month(created) : count()",
              deals.query.leads_by_month),
    KITH_WANT(QUERY,
              "opportunity where stage = 'won' and closed_at >= :since and closed_at < :until and "
              "lead is not null group by year(lead.created), month(lead.created), "
              "year(closed_at), month(closed_at), amount.currency : sum(amount)",
              deals.query.won_of_leads),
};

const kith_part lead_trend_part = {.struct_size = sizeof lead_trend_part,
                                   .wants = KITH_ARRAY(wants)};
