/* SPDX-License-Identifier: Apache-2.0 */
/* When a customer buys again: the mean of the days between the days on which something was bought,
 * from the last of them on. */
#include "sales.h"
#include <stdlib.h>

/* The days on which somebody bought, each once. */
struct buying_days {
    int64_t *items;
    uint64_t count;
};
struct rhythm {
    int64_t days, mean_tenths, median_tenths, last, next;
};

static int by_number(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Half away from zero. */
static int64_t rounded(int64_t part, int64_t whole) {
    return (2 * part + whole) / (2 * whole);
}

/* 0: they bought on fewer than two days. The days are sorted and lost. */
static int rhythm_of(struct buying_days *d, struct rhythm *r) {
    *r = (struct rhythm){.days = (int64_t)d->count};
    if (d->count)
        qsort(d->items, (size_t)d->count, sizeof *d->items, by_number);
    if (d->count)
        r->last = d->items[d->count - 1];
    if (d->count < 2)
        return 0;
    const uint64_t gaps = d->count - 1;
    const int64_t span = r->last - d->items[0];
    r->mean_tenths = rounded(span * 10, (int64_t)gaps);
    r->next = r->last + rounded(span, (int64_t)gaps);
    for (uint64_t i = 0; i < gaps; i++)
        d->items[i] = d->items[i + 1] - d->items[i];
    qsort(d->items, (size_t)gaps, sizeof *d->items, by_number);
    r->median_tenths = (d->items[(gaps - 1) / 2] + d->items[gaps / 2]) * 5;
    return 1;
}

static kith_value tenths(int64_t n) {
    return kith_decimal(n, 1);
}

static kith_status rhythm_for(kith_instance *self, const kith_txn *txn, uint32_t of, kith_value who,
                              kith_value product, struct rhythm *r, int *known, kith_error *err) {
    const struct offers *o = &self->offers;
    const kith_value params[] = {who, product};
    const int one = kith_has(product);
    const struct {
        kith_value year, month, day, orders; /* the day is that in the company's zone */
    } * on;
    struct buying_days d = {.count = 0};
    uint64_t count;
    KITH_TRY(KITH_GROUPS(self, txn, one ? o->query.product_days[of] : o->query.days[of],
                         one ? 2 : 1, params, &on, &count, err));
    KITH_TRY(KITH_MEMORY(self, txn, &d.items, count, err));
    for (; count--; on++)
        if (kith_has(on->year))
            d.items[d.count++] =
                kith_days((int32_t)on->year.as.i, (int32_t)on->month.as.i, (int32_t)on->day.as.i);
    *known = rhythm_of(&d, r);
    return KITH_OK;
}

static kith_status repurchase(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value contact, account, product;
    } args;
    struct rhythm r = {0};
    uint32_t of = 0;
    kith_value who;
    int known = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(offers_buyer(args.contact, args.account, &of, &who, err));
    KITH_TRY(rhythm_for(self, self->calls->whole(call), of, who, args.product, &r, &known, err));
    struct {
        kith_value days, mean, median, last, next, overdue;
    } out = {.days = kith_int(r.days)};
    if (r.days)
        out.last = kith_date(r.last);
    if (known) {
        const int64_t late = KITH_TODAY(self).as.i - r.next;
        out.mean = tenths(r.mean_tenths);
        out.median = tenths(r.median_tenths);
        out.next = kith_date(r.next);
        out.overdue = kith_int(late > 0 ? late : 0);
    }
    return KITH_RESULTS(self, call, &out, err);
}

/* -- who should have bought ---------------------------------------------------------------------
 */

struct purchase {
    kith_id who;
    uint32_t of, reserved;
    int64_t at; /* ms */
};
struct candidate {
    kith_id who;
    uint32_t of, reserved;
    int64_t late; /* ms behind the likely time */
};
struct purchases {
    kith_instance *self;
    struct purchase *items;
    uint64_t count, room;
};

static kith_status take_purchase(void *arg, const kith_txn *txn, const kith_row *row,
                                 kith_error *err) {
    struct purchases *p = arg;
    struct bought b;
    KITH_TRY(KITH_READ(p->self, txn, offers.order, row, &b, err));
    const uint32_t of = b.account.kind == KITH_LINK ? BUYER_ACCOUNT : BUYER_CONTACT;
    const kith_value who = of == BUYER_ACCOUNT ? b.account : b.contact;
    if (who.kind != KITH_LINK)
        return KITH_OK;
    KITH_TRY(KITH_GROW(p->self, txn, p, err));
    p->items[p->count++] = (struct purchase){who.as.link.id, of, 0, b.placed_at.as.i};
    return KITH_OK;
}

static int by_buyer(const void *a, const void *b) {
    const struct purchase *x = a, *y = b;
    if (x->who != y->who)
        return x->who < y->who ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}
static int by_late(const void *a, const void *b) {
    const struct candidate *x = a, *y = b;
    if (x->late != y->late)
        return x->late < y->late ? 1 : -1;
    return (x->who > y->who) - (x->who < y->who);
}

/* One buyer's purchases, sorted: roughly, by the day; those that are shown are looked at again. */
static int is_late(const struct purchase *items, uint64_t count, int64_t least, int64_t now,
                   struct candidate *out) {
    int64_t days = 1;
    for (uint64_t i = 1; i < count; i++)
        days += items[i].at / KITH_DAY_MS != items[i - 1].at / KITH_DAY_MS;
    if (days < 2 || days < least)
        return 0;
    const int64_t last = items[count - 1].at;
    *out = (struct candidate){items[0].who, items[0].of, 0,
                              now - last - (last - items[0].at) / (days - 1)};
    return out->late > 0;
}

struct overdue_args {
    kith_value days, limit;
};

static kith_status give_late(kith_instance *self, kith_call *call, const struct candidate *c,
                             kith_error *err) {
    const int is_account = c->of == BUYER_ACCOUNT;
    const kith_value who = kith_link(is_account ? self->account.type : self->contact.type, c->who);
    const int64_t today = KITH_TODAY(self).as.i;
    struct rhythm r;
    int known;
    /* Who bought of somebody else meanwhile is not late. */
    KITH_TRY(rhythm_for(self, self->calls->whole(call), c->of, who, kith_null(), &r, &known, err));
    if (!known || r.next >= today)
        return KITH_OK;
    const struct {
        kith_value account, contact, days, mean, last, next, overdue;
    } row = {is_account ? who : kith_null(),
             is_account ? kith_null() : who,
             kith_int(r.days),
             tenths(r.mean_tenths),
             kith_date(r.last),
             kith_date(r.next),
             kith_int(today - r.next)};
    return KITH_ROW(self, call, &row, err);
}

static kith_status overdue_buyers(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *txn = self->calls->view(call);
    struct purchases p = {.self = self};
    struct overdue_args args;
    struct candidate *late;
    uint64_t count = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(
        self->records->find(txn, self->offers.query.purchases, 0, NULL, 0, take_purchase, &p, err));
    if (p.count)
        qsort(p.items, (size_t)p.count, sizeof *p.items, by_buyer);
    KITH_TRY(KITH_MEMORY(self, txn, &late, p.count, err));
    for (uint64_t from = 0, to; from < p.count; from = to) {
        for (to = from + 1; to < p.count && p.items[to].who == p.items[from].who;)
            to++;
        count += (uint64_t)is_late(&p.items[from], to - from, args.days.as.i, KITH_NOW(self).as.i,
                                   &late[count]);
    }
    if (count)
        qsort(late, (size_t)count, sizeof *late, by_late);
    for (uint64_t i = 0; i < count && (int64_t)i < args.limit.as.i; i++)
        KITH_TRY(give_late(self, call, &late[i], err));
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define MEAN F("mean", DECIMAL, .options = "1", .doc = "Days from one to the next, on average.")
#define LAST                                                                                       \
    F("last", DATE, .doc = "The last of them."),                                                   \
        F("next", DATE, .doc = "The likely next one: last and the mean."),                         \
        F("overdue", INTEGER, .doc = "By how many days that has passed.")
static const kith_field repurchase_params[] = {
    F("contact", LINK, .options = "contact", .doc = "Of this person."),
    F("account", LINK, .options = "account", .doc = "Or this organisation."),
    F("product", LINK, .options = "product", .doc = "Only when they bought this."),
};
static const kith_field repurchase_results[] = {
    F("days", INTEGER, .doc = "On how many days they bought."),
    MEAN,
    F("median", DECIMAL, .options = "1", .doc = "The one in the middle of these intervals."),
    LAST,
};
static const kith_field overdue_params[] = {
    F("days", INTEGER, .default_text = "3", .min = "2",
      .doc = "Who bought on so many days, or more."),
    F("limit", INTEGER, .default_text = "100", .min = "1", .max = "500",
      .doc = "So many, those that are late by most in front."),
};
static const kith_field overdue_columns[] = {
    F("account", LINK, .options = "account", .doc = "The organisation."),
    F("contact", LINK, .options = "contact", .doc = "Or the person, who bought for none."),
    F("days", INTEGER, .doc = "On how many days they bought."),
    MEAN,
    LAST,
};
static const kith_action actions[] = {
    {.name = "repurchase",
     .doc = "How often a customer buys, and when they are likely to buy again.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = repurchase,
     .params = KITH_ARRAY(repurchase_params),
     .results = KITH_ARRAY(repurchase_results)},
    {.name = "overdue_buyers",
     .doc = "Customers who have not bought though their likely day has passed: reach out to them.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = overdue_buyers,
     .params = KITH_ARRAY(overdue_params),
     .columns = KITH_ARRAY(overdue_columns)},
};

#define BY_DAY(at) " group by year(" at "), month(" at "), day(" at ") : count()"
#define DAYS(by)                                                                                   \
    "order where " by " = :who and " PLACED " and placed_at is not null" BY_DAY("placed_at")
#define PRODUCT_DAYS(by)                                                                           \
    "order_line where order." by " = :who and order." PLACED                                       \
    " and order.placed_at is not null and product = :product" BY_DAY("order.placed_at")
static const kith_want wants[] = {
    KITH_WANT_RECORD("order", offers.order, BOUGHT),
    KITH_WANT(QUERY, DAYS("contact"), offers.query.days[BUYER_CONTACT]),
    KITH_WANT(QUERY, DAYS("account"), offers.query.days[BUYER_ACCOUNT]),
    KITH_WANT(QUERY, PRODUCT_DAYS("contact"), offers.query.product_days[BUYER_CONTACT]),
    KITH_WANT(QUERY, PRODUCT_DAYS("account"), offers.query.product_days[BUYER_ACCOUNT]),
    KITH_WANT(QUERY, "order where " PLACED " and placed_at is not null", offers.query.purchases),
};
const kith_part repurchase_part = {
    .struct_size = sizeof repurchase_part,
    .wants = KITH_ARRAY(wants),
    .module = "commerce",
    .actions = KITH_ARRAY(actions),
};
