/* SPDX-License-Identifier: Apache-2.0 */
/* What the pipeline is likely to bring: amounts of open opportunities, each weighed with its
 * probability, together and by signal. Amounts that nobody can add up, since they are in several
 * currencies and one has no amount in the company's, are refused by the host, with the remedy. */
#include "sales.h"

/* The columns of FORECAST; FORECAST_BY_SIGNAL has the signal before them. */
enum { COLUMN_DEALS, COLUMN_AMOUNT, COLUMN_WEIGHTED, COLUMNS };

struct forecast {
    kith_instance *self;
    kith_call *call;
};

static kith_status give(const struct forecast *f, uint32_t result, const kith_value *value,
                        kith_error *err) {
    return f->self->calls->result(f->call, result, value, err);
}

static kith_status give_all(void *arg, const kith_txn *txn, uint32_t count,
                            const kith_value *values, kith_error *err) {
    const struct forecast *f = arg;
    (void)txn, (void)count;
    kith_status st = give(f, FORECAST_DEALS, &values[COLUMN_DEALS], err);
    if (st == KITH_OK)
        st = give(f, FORECAST_AMOUNT, &values[COLUMN_AMOUNT], err);
    return st == KITH_OK ? give(f, FORECAST_WEIGHTED, &values[COLUMN_WEIGHTED], err) : st;
}

static kith_status give_signal(void *arg, const kith_txn *txn, uint32_t count,
                               const kith_value *values, kith_error *err) {
    static const struct {
        const char *signal;
        uint32_t result;
    } signals[] = {{"green", FORECAST_GREEN}, {"amber", FORECAST_AMBER}, {"red", FORECAST_RED}};
    const struct forecast *f = arg;
    (void)txn, (void)count;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (values[0].kind == KITH_TEXT && kith_str_is(values[0].as.s, signals[i].signal))
            return give(f, signals[i].result, &values[1 + COLUMN_WEIGHTED], err);
    return KITH_OK;
}

static kith_status give_undated(void *arg, const kith_txn *txn, uint32_t count,
                                const kith_value *values, kith_error *err) {
    (void)txn, (void)count;
    return give(arg, FORECAST_UNDATED, &values[0], err);
}

kith_status forecast_pipeline(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_records_v1 *rec = self->records;
    const kith_txn *view = self->calls->view(call);
    struct forecast f = {self, call};
    kith_value until;
    kith_status st = self->calls->arg(call, 0, &until, err);
    if (st == KITH_OK)
        st = rec->groups(view, self->query.forecast, 1, &until, 0, give_all, &f, err);
    if (st == KITH_OK)
        st = rec->groups(view, self->query.forecast_by_signal, 1, &until, 0, give_signal, &f, err);
    return st == KITH_OK ? rec->groups(view, self->query.undated, 0, NULL, 0, give_undated, &f, err)
                         : st;
}
