/* SPDX-License-Identifier: Apache-2.0 */
/* What the customers of each seller are worth: what they ordered, less what it cost us, less what
 * the care for them cost. Where there is commerce. */
#include "sales.h"
#include <stdlib.h>

/* Of one seller in one currency. */
struct portfolio {
    kith_value seller; /* KITH_NULL: customers of nobody */
    char currency[4];
    kith_value net, costed, cost, spent;
    int64_t customers, contacts, time;
};
struct portfolios {
    kith_instance *self;
    struct portfolio *items;
    uint64_t count, room;
};

static int32_t of_seller(const struct portfolio *p, const kith_value *seller) {
    return p->seller.kind == seller->kind &&
           (seller->kind == KITH_NULL || p->seller.as.link.id == seller->as.link.id);
}

static struct portfolio *portfolio_of(struct portfolios *all, const kith_txn *txn,
                                      const kith_value *seller, const char *currency,
                                      kith_error *err) {
    for (uint64_t i = 0; i < all->count; i++)
        if (of_seller(&all->items[i], seller) && strcmp(all->items[i].currency, currency) == 0)
            return &all->items[i];
    if (KITH_GROW(all->self, txn, all, err) != KITH_OK)
        return NULL;
    struct portfolio *p = &all->items[all->count++];
    *p = (struct portfolio){.seller = *seller};
    (void)snprintf(p->currency, sizeof p->currency, "%s", currency);
    return p;
}

static kith_status add(struct portfolios *all, kith_value *sum, const kith_value *amount,
                       kith_error *err) {
    const kith_value so_far = *sum;
    return amount->kind == KITH_MONEY ? all->self->deals.numbers->add(amount, 1, &so_far, sum, err)
                                      : KITH_OK;
}

/* seller, currency, customers, net, that of what has a known cost, and this cost */
static kith_status take_sold(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                             kith_error *err) {
    struct portfolios *all = arg;
    (void)count;
    if (v[3].kind != KITH_MONEY)
        return KITH_OK;
    struct portfolio *p = portfolio_of(all, txn, &v[0], v[3].as.money.currency, err);
    if (!p)
        return KITH_E_NOMEM;
    p->customers += v[2].as.i;
    KITH_TRY(add(all, &p->net, &v[3], err));
    KITH_TRY(add(all, &p->costed, &v[4], err));
    return add(all, &p->cost, &v[5], err);
}

/* seller, currency, what it cost */
static kith_status take_spent(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                              kith_error *err) {
    struct portfolios *all = arg;
    (void)count;
    if (v[2].kind != KITH_MONEY)
        return KITH_OK;
    struct portfolio *p = portfolio_of(all, txn, &v[0], v[2].as.money.currency, err);
    return p ? add(all, &p->spent, &v[2], err) : KITH_E_NOMEM;
}

/* seller, how many, how long: of those with anything sold or spent */
static kith_status take_served(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                               kith_error *err) {
    struct portfolios *all = arg;
    (void)txn, (void)count, (void)err;
    for (uint64_t i = 0; i < all->count; i++)
        if (of_seller(&all->items[i], &v[0])) {
            all->items[i].contacts += v[1].as.i;
            all->items[i].time += v[2].kind == KITH_DURATION ? v[2].as.i : 0;
        }
    return KITH_OK;
}

struct worth_row {
    kith_value seller, customers, net, costed, cost, contacts, time, service, profit, per_customer,
        margin;
};

static kith_status give_portfolio(kith_instance *self, kith_call *call, const struct portfolio *p,
                                  kith_error *err) {
    const kith_numbers_v1 *numbers = self->deals.numbers;
    const kith_value one = kith_number(KITH_INT, 1);
    kith_value gross;
    struct worth_row row = {.seller = p->seller,
                            .customers = kith_number(KITH_INT, p->customers),
                            .net = p->net,
                            .costed = p->costed,
                            .cost = p->cost,
                            .contacts = kith_number(KITH_INT, p->contacts),
                            .time = kith_number(KITH_DURATION, p->time),
                            .service = p->spent};
    kith_status st = numbers->add(&p->costed, -1, &p->cost, &gross, err);
    if (st == KITH_OK)
        st = numbers->add(&gross, -1, &p->spent, &row.profit, err);
    if (st == KITH_OK && p->customers && row.profit.kind == KITH_MONEY)
        st = numbers->multiply(&row.profit, &one, p->customers, KITH_ROUND_HALF_EVEN,
                               &row.per_customer, err);
    if (p->costed.kind == KITH_MONEY && p->costed.as.money.minor > 0)
        row.margin = percent_share(row.profit.as.money.minor, p->costed.as.money.minor);
    return st == KITH_OK ? KITH_ROW(self, call, &row, err) : st;
}

static int64_t minor_of(const kith_value *money) {
    return money->kind == KITH_MONEY ? money->as.money.minor : 0;
}
static int64_t profit_of(const struct portfolio *p) {
    return minor_of(&p->costed) - minor_of(&p->cost) - minor_of(&p->spent);
}
static int by_profit(const void *a, const void *b) {
    const struct portfolio *x = a, *y = b;
    const int currency = strcmp(x->currency, y->currency);
    return currency ? currency : (profit_of(x) < profit_of(y)) - (profit_of(x) > profit_of(y));
}

static kith_status worth_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value since, until;
    } in;
    const kith_txn *txn = self->calls->view(call);
    struct portfolios all = {.self = self};
    KITH_TRY(KITH_ARGS(self, call, &in, err));
    for (int i = 0; i < 2; i++) {
        KITH_TRY(self->records->groups(txn, self->after.query.sold[i], 2, &in.since, 0, take_sold,
                                       &all, err));
        KITH_TRY(self->records->groups(txn, self->after.query.spent[i], 2, &in.since, 0, take_spent,
                                       &all, err));
    }
    for (int i = 0; i < 2; i++)
        KITH_TRY(self->records->groups(txn, self->after.query.served[i], 2, &in.since, 0,
                                       take_served, &all, err));
    if (all.count)
        qsort(all.items, (size_t)all.count, sizeof *all.items, by_profit);
    for (uint64_t i = 0; i < all.count; i++)
        KITH_TRY(give_portfolio(self, call, &all.items[i], err));
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field params[] = {
    F("since", DATE, .default_text = "1970-01-01", .doc = "What took place from this day on."),
    F("until", DATE, .default_text = "9999-12-31", .doc = "And up to this one."),
};
static const kith_field columns[] = {
    F("seller", LINK, .options = "user", .doc = "The owner of the customers; empty: nobody is."),
    F("customers", INTEGER, .doc = "Customers who ordered."),
    F("net", MONEY,
      .doc = "What they ordered, without tax, less what was credited or came back unbilled; each "
             "currency has a row."),
    F("costed", MONEY, .doc = "That part of it whose cost is known."),
    F("cost", MONEY, .doc = "What that part cost us."),
    F("contacts", INTEGER, .doc = "How often somebody was in touch with the customers."),
    F("time", DURATION, .doc = "How long that took."),
    F("service", MONEY, .doc = "What it cost."),
    F("profit", MONEY, .doc = "costed - cost - service."),
    F("per_customer", MONEY, .doc = "profit / customers."),
    F("margin", PERCENT, .doc = "profit / costed, in percent."),
};
static const kith_action actions[] = {
    {.name = "seller_profit",
     .doc = "What the customers of each seller bring, less what the goods and the service for them "
            "cost.",
     .effect = KITH_EFFECT_READ,
     .fn = worth_action,
     .params = KITH_ARRAY(params),
     .columns = KITH_ARRAY(columns)},
};

/* Of organisations, and of persons who buy for none. */
#define SOLD(which, owner, whom)                                                                   \
    "order_line where order." PLACED " and order.placed_at >= :since and order.placed_at <= "      \
    ":until and " which " group by " owner ", net.currency : count(distinct " whom                 \
    "), sum(" REVENUE "), sum(" COSTED "), sum(" EXPENSE ")"
/* An order that commerce notes as a purchase is no talk. */
#define TOUCHED                                                                                    \
    "interaction where planned = false and order is null and at >= :since and at <= :until and "
#define SPENT(which, owner)                                                                        \
    TOUCHED which " and cost is not null group by " owner ", cost.currency : sum(cost)"
#define SERVED(which, owner) TOUCHED which " group by " owner " : count(), sum(duration)"
static const kith_want wants[] = {
    KITH_WANT(QUERY, SOLD("order.account is not null", "order.account.owner", "order.account"),
              after.query.sold[0]),
    KITH_WANT(QUERY, SOLD("order.account is null", "order.contact.owner", "order.contact"),
              after.query.sold[1]),
    KITH_WANT(QUERY, SPENT("account is not null", "account.owner"), after.query.spent[0]),
    KITH_WANT(QUERY, SPENT("account is null", "contact.owner"), after.query.spent[1]),
    KITH_WANT(QUERY, SERVED("account is not null", "account.owner"), after.query.served[0]),
    KITH_WANT(QUERY, SERVED("account is null", "contact.owner"), after.query.served[1]),
};
const kith_part worth_part = {
    .struct_size = sizeof worth_part,
    .wants = KITH_ARRAY(wants),
    .module = "commerce",
    .actions = KITH_ARRAY(actions),
};
