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

static kith_status portfolio_of(struct portfolios *all, const kith_txn *txn, kith_value seller,
                                const kith_value *amount, struct portfolio **out, kith_error *err) {
    for (uint64_t i = 0; i < all->count; i++) {
        *out = &all->items[i];
        if (kith_equal((*out)->seller, seller) &&
            strcmp((*out)->currency, amount->as.money.currency) == 0)
            return KITH_OK;
    }
    KITH_TRY(KITH_GROW(all->self, txn, all, err));
    *out = &all->items[all->count++];
    **out = (struct portfolio){.seller = seller};
    memcpy((*out)->currency, amount->as.money.currency, sizeof(*out)->currency);
    return KITH_OK;
}

static kith_status add_sold(struct portfolios *all, const kith_txn *txn, uint32_t query,
                            const kith_value *range, kith_error *err) {
    const kith_numbers_v1 *numbers = all->self->numbers;
    const struct { kith_value seller, currency, customers, net, costed, cost; } * sold;
    struct portfolio *p;
    uint64_t n;
    KITH_TRY(KITH_GROUPS(all->self, txn, query, 2, range, &sold, &n, err));
    for (; n--; sold++) {
        if (!kith_has(sold->net))
            continue;
        KITH_TRY(portfolio_of(all, txn, sold->seller, &sold->net, &p, err));
        p->customers += sold->customers.as.i;
        KITH_TRY(numbers->add(&p->net, 1, &sold->net, &p->net, err));
        KITH_TRY(numbers->add(&p->costed, 1, &sold->costed, &p->costed, err));
        KITH_TRY(numbers->add(&p->cost, 1, &sold->cost, &p->cost, err));
    }
    return KITH_OK;
}

static kith_status add_spent(struct portfolios *all, const kith_txn *txn, uint32_t query,
                             const kith_value *range, kith_error *err) {
    const struct { kith_value seller, currency, cost; } * spent;
    struct portfolio *p;
    uint64_t n;
    KITH_TRY(KITH_GROUPS(all->self, txn, query, 2, range, &spent, &n, err));
    for (; n--; spent++) {
        if (!kith_has(spent->cost))
            continue;
        KITH_TRY(portfolio_of(all, txn, spent->seller, &spent->cost, &p, err));
        KITH_TRY(all->self->numbers->add(&p->spent, 1, &spent->cost, &p->spent, err));
    }
    return KITH_OK;
}

/* Of those with anything sold or spent. */
static kith_status add_served(struct portfolios *all, const kith_txn *txn, uint32_t query,
                              const kith_value *range, kith_error *err) {
    const struct { kith_value seller, contacts, time; } * served;
    uint64_t n;
    KITH_TRY(KITH_GROUPS(all->self, txn, query, 2, range, &served, &n, err));
    for (; n--; served++)
        for (struct portfolio *p = all->items; p < all->items + all->count; p++)
            if (kith_equal(p->seller, served->seller)) {
                p->contacts += served->contacts.as.i;
                p->time += kith_has(served->time) ? served->time.as.i : 0;
            }
    return KITH_OK;
}

struct worth_row {
    kith_value seller, customers, net, costed, cost, contacts, time, service, profit, per_customer,
        margin;
};

static kith_status give_portfolio(kith_instance *self, kith_call *call, const struct portfolio *p,
                                  kith_error *err) {
    const kith_numbers_v1 *numbers = self->numbers;
    const kith_value one = kith_int(1);
    kith_value gross;
    struct worth_row row = {.seller = p->seller,
                            .customers = kith_int(p->customers),
                            .net = p->net,
                            .costed = p->costed,
                            .cost = p->cost,
                            .contacts = kith_int(p->contacts),
                            .time = kith_number(KITH_DURATION, p->time),
                            .service = p->spent};
    KITH_TRY(numbers->add(&p->costed, -1, &p->cost, &gross, err));
    KITH_TRY(numbers->add(&gross, -1, &p->spent, &row.profit, err));
    if (p->customers && kith_has(row.profit))
        KITH_TRY(numbers->multiply(&row.profit, &one, p->customers, KITH_ROUND_HALF_EVEN,
                                   &row.per_customer, err));
    if (minor_of(&p->costed) > 0)
        row.margin = percent_share(minor_of(&row.profit), minor_of(&p->costed));
    return KITH_ROW(self, call, &row, err);
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
        KITH_TRY(add_sold(&all, txn, self->after.query.sold[i], &in.since, err));
        KITH_TRY(add_spent(&all, txn, self->after.query.spent[i], &in.since, err));
    }
    for (int i = 0; i < 2; i++)
        KITH_TRY(add_served(&all, txn, self->after.query.served[i], &in.since, err));
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
