/* SPDX-License-Identifier: Apache-2.0 */
/* What each customer has brought, and is worth over the time for which customers stay: average sale
 * * sales in a year * years, and the share of it that is left when the goods are paid for. Where
 * there is commerce. */
#include "sales.h"
#include <stdlib.h>

#define YEAR 365

/* In one currency. */
struct lifetime {
    kith_value who; /* an account, or a person who buys for none */
    int64_t sales;  /* orders */
    kith_value net, costed, cost, first, last;
    kith_value margin, brought, average, yearly, lifetime, worth;
};
struct lifetimes {
    kith_instance *self;
    struct lifetime *items;
    uint64_t count, room;
};

static kith_status read_buyers(struct lifetimes *all, const kith_txn *txn, uint32_t query,
                               kith_error *err) {
    const struct { kith_value who, currency, sales, net, costed, cost, first, last; } * of;
    uint64_t n;
    KITH_TRY(KITH_GROUPS(all->self, txn, query, 0, NULL, &of, &n, err));
    for (; n--; of++) {
        if (!kith_has(of->who) || !kith_has(of->net) || !kith_has(of->first))
            continue;
        KITH_TRY(KITH_GROW(all->self, txn, all, err));
        all->items[all->count++] = (struct lifetime){.who = of->who,
                                                     .sales = of->sales.as.i,
                                                     .net = of->net,
                                                     .costed = of->costed,
                                                     .cost = of->cost,
                                                     .first = of->first,
                                                     .last = of->last};
    }
    return KITH_OK;
}

static int by_buyer(const void *a, const void *b) {
    const struct lifetime *x = a, *y = b;
    const kith_value *one = &x->who, *two = &y->who;
    if (one->as.link.type != two->as.link.type)
        return one->as.link.type < two->as.link.type ? -1 : 1;
    if (one->as.link.id != two->as.link.id)
        return one->as.link.id < two->as.link.id ? -1 : 1;
    return strcmp(x->net.as.money.currency, y->net.as.money.currency);
}

static kith_status join(kith_instance *self, struct lifetime *to, const struct lifetime *from,
                        kith_error *err) {
    const kith_numbers_v1 *n = self->numbers;
    to->sales += from->sales;
    to->first = from->first.as.i < to->first.as.i ? from->first : to->first;
    to->last = from->last.as.i > to->last.as.i ? from->last : to->last;
    KITH_TRY(n->add(&to->net, 1, &from->net, &to->net, err));
    KITH_TRY(n->add(&to->costed, 1, &from->costed, &to->costed, err));
    return n->add(&to->cost, 1, &from->cost, &to->cost, err);
}

/* What is ordered for an account, and what its people order without saying so, is of one customer.
 */
static kith_status join_all(struct lifetimes *all, kith_error *err) {
    uint64_t kept = 0;
    if (all->count)
        qsort(all->items, (size_t)all->count, sizeof *all->items, by_buyer);
    for (uint64_t i = 0; i < all->count; i++)
        if (kept && by_buyer(&all->items[kept - 1], &all->items[i]) == 0)
            KITH_TRY(join(all->self, &all->items[kept - 1], &all->items[i], err));
        else
            all->items[kept++] = all->items[i];
    all->count = kept;
    return KITH_OK;
}

/* -- the formula --------------------------------------------------------------------------------
 */

/* Whoever bought for less than a year is taken to buy that in a year. */
static int64_t days_of(const kith_instance *self, const struct lifetime *l) {
    const int64_t days = KITH_TODAY(self).as.i - self->host->day(self->host, l->first.as.i) + 1;
    return days > YEAR ? days : YEAR;
}

/* Of what has a known cost, in ten-thousandths; KITH_NULL: nothing has. */
static kith_status put_margin(kith_instance *self, struct lifetime *l, kith_error *err) {
    kith_value profit;
    if (minor_of(&l->costed) <= 0)
        return KITH_OK;
    KITH_TRY(self->numbers->add(&l->costed, -1, &l->cost, &profit, err));
    l->margin = share_of(profit.as.money.minor, l->costed.as.money.minor);
    return KITH_OK;
}

static kith_status times(kith_instance *self, const kith_value *amount, const kith_value *by,
                         int64_t per, kith_value *out, kith_error *err) {
    return self->numbers->multiply(amount, by, per, KITH_ROUND_HALF_EVEN, out, err);
}

/* Worth is never less than what was brought already. */
static kith_status reckon(kith_instance *self, struct lifetime *l, int64_t years, kith_error *err) {
    const kith_value one = kith_int(1), year = kith_int(YEAR), stay = kith_int(YEAR * years);
    KITH_TRY(put_margin(self, l, err));
    const kith_value *margin = kith_has(l->margin) ? &l->margin : &one;
    KITH_TRY(times(self, &l->net, &one, l->sales, &l->average, err));
    KITH_TRY(times(self, &l->net, &year, days_of(self, l), &l->yearly, err));
    KITH_TRY(times(self, &l->net, &stay, days_of(self, l), &l->lifetime, err));
    KITH_TRY(times(self, &l->net, margin, 1, &l->brought, err));
    KITH_TRY(times(self, &l->lifetime, margin, 1, &l->worth, err));
    if (minor_of(&l->worth) < minor_of(&l->brought))
        l->worth = l->brought;
    return KITH_OK;
}

/* Each currency by itself. */
static int by_worth(const void *a, const void *b) {
    const struct lifetime *x = a, *y = b;
    const int currency = strcmp(x->net.as.money.currency, y->net.as.money.currency);
    if (currency)
        return currency;
    if (minor_of(&x->worth) != minor_of(&y->worth))
        return minor_of(&x->worth) < minor_of(&y->worth) ? 1 : -1;
    return (x->who.as.link.id > y->who.as.link.id) - (x->who.as.link.id < y->who.as.link.id);
}

/* -- the answer ---------------------------------------------------------------------------------
 */

struct lifetime_row {
    kith_value account, contact, worth, brought, to_come, lifetime, margin, sales, average, yearly,
        first, last;
};

static kith_status give_lifetime(kith_instance *self, kith_call *call, const struct lifetime *l,
                                 kith_error *err) {
    const int32_t person = l->who.as.link.type == self->contact.type;
    struct lifetime_row row = {.account = person ? kith_null() : l->who,
                               .contact = person ? l->who : kith_null(),
                               .worth = l->worth,
                               .brought = l->brought,
                               .lifetime = l->lifetime,
                               .sales = kith_int(l->sales),
                               .average = l->average,
                               .yearly = l->yearly,
                               .first = l->first,
                               .last = l->last};
    if (l->margin.kind == KITH_DECIMAL)
        row.margin = percent_share(l->margin.as.decimal.units, 10000);
    KITH_TRY(self->numbers->add(&l->worth, -1, &l->brought, &row.to_come, err));
    return KITH_ROW(self, call, &row, err);
}

/* So many of each currency at most, or the first one would hide the others. */
static kith_status give_all(kith_instance *self, kith_call *call, const struct lifetimes *all,
                            int64_t limit, kith_error *err) {
    int64_t given = 0;
    for (uint64_t i = 0; i < all->count; i++) {
        const struct lifetime *l = &all->items[i];
        if (i && strcmp(l[-1].net.as.money.currency, l->net.as.money.currency) != 0)
            given = 0;
        if (given++ < limit)
            KITH_TRY(give_lifetime(self, call, l, err));
    }
    return KITH_OK;
}

static kith_status lifetime_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *txn = self->calls->view(call);
    struct lifetimes all = {.self = self};
    struct {
        kith_value years, limit;
    } args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    const int64_t years = kith_has(args.years) ? args.years.as.i : self->after.years.as.i;
    for (int i = 0; i < BUYING; i++)
        KITH_TRY(read_buyers(&all, txn, self->after.query.buyers[i], err));
    KITH_TRY(join_all(&all, err));
    for (uint64_t i = 0; i < all.count; i++)
        KITH_TRY(reckon(self, &all.items[i], years, err));
    if (all.count)
        qsort(all.items, (size_t)all.count, sizeof *all.items, by_worth);
    return give_all(self, call, &all, args.limit.as.i, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_setting settings[] = {
    {.key = "lifetime.years",
     .kind = KITH_INT,
     .default_text = "5",
     .min = 1,
     .max = 50,
     .doc = "For how many years customers stay, where sales.lifetime_value reckons."},
};
static const kith_field params[] = {
    F("years", INTEGER, .min = "1", .max = "50",
      .doc = "For how many years customers stay; sales.lifetime.years when nothing is said."),
    F("limit", INTEGER, .default_text = "100", .min = "1", .max = "5000",
      .doc = "So many of each currency at most."),
};
static const kith_field columns[] = {
    F("account", LINK, .options = "account", .doc = "The organisation that buys."),
    F("contact", LINK, .options = "contact", .doc = "Or the person, who buys for none."),
    F("worth", MONEY,
      .doc = "lifetime * margin, or lifetime where no cost is known; never less than brought."),
    F("brought", MONEY,
      .doc = "What they ordered so far, without tax, * margin where one is known."),
    F("to_come", MONEY, .doc = "worth - brought."),
    F("lifetime", MONEY, .doc = "average * sales in a year * years: what they order in all."),
    F("margin", PERCENT,
      .doc = "What is left of that for which a cost is known, in percent; empty: none is known."),
    F("sales", INTEGER, .doc = "Orders so far."),
    F("average", MONEY, .doc = "What one of them comes to."),
    F("yearly", MONEY, .doc = "What they order in a year, since the first; at least one year."),
    F("first", TIME, .doc = "When they ordered first."),
    F("last", TIME, .doc = "When they ordered last."),
};
static const kith_action actions[] = {
    {.name = "lifetime_value",
     .doc =
         "Ranks customers by what they brought and are likely to bring; each currency by itself.",
     .effect = KITH_EFFECT_READ,
     .fn = lifetime_action,
     .params = KITH_ARRAY(params),
     .columns = KITH_ARRAY(columns)},
};

#define BUYERS_BY(which, whom)                                                                     \
    "order_line where order." PLACED " and " which " group by " whom                               \
    ", net.currency : count(distinct order), sum(" REVENUE "), sum(" COSTED "), sum(" EXPENSE      \
    "), min(order.placed_at), max(order.placed_at)"
static const kith_want wants[] = {
    KITH_WANT(QUERY, BUYERS_BY("order.account is not null", "order.account"),
              after.query.buyers[0]),
    KITH_WANT(QUERY,
              BUYERS_BY("order.account is null and order.contact.account is not null",
                        "order.contact.account"),
              after.query.buyers[1]),
    KITH_WANT(QUERY,
              BUYERS_BY("order.account is null and order.contact is not null and "
                        "order.contact.account is null",
                        "order.contact"),
              after.query.buyers[2]),
    KITH_WANT(SETTING, "lifetime.years", after.years),
};
const kith_part lifetime_part = {
    .struct_size = sizeof lifetime_part,
    .wants = KITH_ARRAY(wants),
    .module = "commerce",
    .settings = KITH_ARRAY(settings),
    .actions = KITH_ARRAY(actions),
};
