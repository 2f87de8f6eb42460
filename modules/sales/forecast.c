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
struct forecast {
    kith_instance *self;
    kith_call *call;
    struct forecast_row row; /* that is under way: rows of a currency follow each other */
    struct outlook last;     /* of the last currency */
    int64_t deals, undated;
    int currencies, begun;
};

static kith_status add(const struct forecast *f, kith_value *sum, const kith_value *amount,
                       kith_error *err) {
    const kith_value so_far = *sum;
    return amount->kind == KITH_MONEY ? f->self->deals.numbers->add(amount, 1, &so_far, sum, err)
                                      : KITH_OK;
}

static kith_status give_row(struct forecast *f, kith_error *err) {
    if (!f->begun)
        return KITH_OK;
    f->deals += f->row.deals.as.i;
    if (f->row.all.amount.kind == KITH_MONEY) {
        f->currencies++;
        f->last = f->row.all;
    }
    return KITH_ROW(f->self, f->call, &f->row, err);
}

static int same_text(const kith_value *a, const kith_value *b) {
    return a->kind == b->kind &&
           (a->kind != KITH_TEXT || (a->as.s.len == b->as.s.len &&
                                     memcmp(a->as.s.ptr, b->as.s.ptr, (size_t)a->as.s.len) == 0));
}

/* currency, signal, deals, amount, weighted */
static kith_status take_signal(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                               kith_error *err) {
    struct forecast *f = arg;
    struct outlook *all = &f->row.all;
    kith_status st = KITH_OK;
    (void)txn, (void)count;
    if (!f->begun || !same_text(&f->row.currency, &v[0])) {
        st = give_row(f, err);
        f->row = (struct forecast_row){.currency = v[0], .deals = kith_int(0)};
        f->begun = 1;
    }
    f->row.deals.as.i += v[2].as.i;
    if (st == KITH_OK)
        st = add(f, &all->amount, &v[3], err);
    if (st == KITH_OK)
        st = add(f, &all->weighted, &v[4], err);
    if (st != KITH_OK || v[1].kind != KITH_TEXT)
        return st;
    return add(f,
               kith_is(v[1], "green")   ? &all->green
               : kith_is(v[1], "amber") ? &all->amber
                                        : &all->red,
               &v[4], err);
}

static kith_status take_undated(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                                kith_error *err) {
    (void)txn, (void)count, (void)err;
    ((struct forecast *)arg)->undated = v[0].as.i;
    return KITH_OK;
}

kith_status forecast_pipeline(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_records_v1 *rec = self->records;
    const kith_txn *view = self->calls->view(call);
    struct forecast f = {.self = self, .call = call};
    kith_value until;
    kith_status st = self->calls->arg(call, 0, &until, err);
    if (st == KITH_OK)
        st = rec->groups(view, self->query.forecast, 1, &until, 0, take_signal, &f, err);
    if (st == KITH_OK)
        st = give_row(&f, err);
    if (st == KITH_OK)
        st = rec->groups(view, self->query.undated, 0, NULL, 0, take_undated, &f, err);
    struct {
        kith_value deals;
        struct outlook all;
        kith_value undated, note;
    } results = {.deals = kith_int(f.deals), .undated = kith_int(f.undated)};
    if (f.currencies == 1)
        results.all = f.last;
    else if (f.currencies)
        results.note = kith_text("the amounts are in several currencies, each of which has a row");
    return st == KITH_OK ? KITH_RESULTS(self, call, &results, err) : st;
}
