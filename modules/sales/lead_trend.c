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

/* year, month, leads */
static kith_status take_leads(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                              kith_error *err) {
    struct lead_trend *t = arg;
    (void)txn, (void)count, (void)err;
    if (v[0].kind != KITH_INT)
        return KITH_OK;
    const int64_t at = (v[0].as.i - 1970) * 12 + v[1].as.i - 1 - t->first;
    if (at >= 0 && at <= t->n)
        t->leads[at] += v[2].as.i;
    return KITH_OK;
}

/* year and month in which the lead came, in which the deal was won, currency, amount */
static kith_status take_won(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                            kith_error *err) {
    struct lead_trend *t = arg;
    (void)txn, (void)count, (void)err;
    if (v[0].kind != KITH_INT || v[2].kind != KITH_INT || v[5].kind != KITH_MONEY ||
        strcmp(v[5].as.money.currency, t->currency) != 0)
        return KITH_OK;
    const int64_t came = (v[0].as.i - 1970) * 12 + v[1].as.i - 1 - t->first;
    const int64_t won = (v[2].as.i - 1970) * 12 + v[3].as.i - 1 - t->first;
    if (won < 0 || won >= t->n)
        return KITH_OK;
    t->brought[won] += (double)v[5].as.money.minor;
    if (came >= 0 && won >= came && won - came < LAGS) {
        t->after[won - came] += (double)v[5].as.money.minor;
        t->known = 1;
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
    struct lead_trend *t = self->host->memory(view, sizeof *t);
    const kith_value range[] = {kith_date(month_from(first)), kith_date(month_from(now))};
    if (!t)
        return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for the trend of leads");
    memset(t, 0, sizeof *t);
    t->first = first;
    t->n = (int)(now - first);
    memcpy(t->currency, currency, sizeof t->currency);
    kith_status st = self->records->groups(view, self->deals.query.leads_by_month, 1, range, 0,
                                           take_leads, t, err);
    if (st == KITH_OK)
        st = self->records->groups(view, self->deals.query.won_of_leads, 2, range, 0, take_won, t,
                                   err);
    if (st == KITH_OK)
        learn_yields(t);
    *out = t;
    return st;
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
