/* SPDX-License-Identifier: Apache-2.0 */
/* What is bought together: association rules over the orders that were placed. With n orders, of
 * which n(A) hold A and n(AB) both A and B:
 *
 *   support = n(AB) / n    confidence = n(AB) / n(A)    lift = confidence / (n(B) / n)
 *
 * All is counted in memory. The lines are read once, in the order in which they stand, and not
 * through their orders, by which they would be sorted. Only what differs is written. */
#include "sales.h"
#include <stdlib.h>

#define AFFINITIES_MAX 20000 /* records: of the pairs those that are bought most often */

/* A product in an order. */
struct in_basket {
    kith_id order, product;
};
struct pair_count {
    uint64_t pair; /* the places of two products, the lower one in front; never 0 */
    uint32_t count, reserved;
};
struct baskets {
    kith_instance *self;
    const kith_txn *txn; /* in whose callback it is learned */
    kith_value *placed;  /* the orders that count, sorted */
    uint64_t placed_count;
    struct in_basket *items; /* the lines, in the end those that count */
    uint64_t count, room;
    kith_id *products; /* sorted */
    int64_t *held;     /* by how many orders, for each */
    uint64_t product_count;
    struct pair_count *pairs; /* open addressing, then the pairs that count */
    uint64_t pair_count, pair_room;
    int64_t orders, skipped, written, removed;
};

static int compare(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}
static int by_order(const void *a, const void *b) {
    const struct in_basket *x = a, *y = b;
    const int order = compare(x->order, y->order);
    return order ? order : compare(x->product, y->product);
}
static int by_id(const void *a, const void *b) {
    return compare(*(const kith_id *)a, *(const kith_id *)b);
}

static kith_status take_line(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct baskets *b = arg;
    struct basket_line line;
    KITH_TRY(KITH_READ(b->self, txn, offers.line, row, &line, err));
    if (!bsearch(&line.order, b->placed, (size_t)b->placed_count, sizeof *b->placed, by_link))
        return KITH_OK;
    KITH_TRY(KITH_GROW(b->self, txn, b, err));
    b->items[b->count++] = (struct in_basket){line.order.as.link.id, line.product.as.link.id};
    return KITH_OK;
}

static int by_often(const void *a, const void *b) {
    const struct pair_count *x = a, *y = b;
    return x->count == y->count ? compare(x->pair, y->pair) : compare(y->count, x->count);
}

static uint64_t place_of(const struct baskets *b, kith_id product) {
    const kith_id *at = bsearch(&product, b->products, (size_t)b->product_count, sizeof *at, by_id);
    return (uint64_t)(at - b->products);
}

/* Each product once for each order, and the products by themselves. */
static kith_status sort_lines(struct baskets *b, kith_error *err) {
    uint64_t kept = 0;
    if (b->count)
        qsort(b->items, (size_t)b->count, sizeof *b->items, by_order);
    for (uint64_t i = 0; i < b->count; i++)
        if (kept == 0 || by_order(&b->items[kept - 1], &b->items[i]) != 0)
            b->items[kept++] = b->items[i];
    b->count = kept;
    KITH_TRY(KITH_MEMORY(b->self, b->txn, &b->products, kept, err));
    for (uint64_t i = 0; i < kept; i++)
        b->products[i] = b->items[i].product;
    qsort(b->products, (size_t)kept, sizeof *b->products, by_id);
    for (uint64_t i = 0; i < kept; i++)
        if (b->product_count == 0 || b->products[b->product_count - 1] != b->products[i])
            b->products[b->product_count++] = b->products[i];
    return KITH_MEMORY(b->self, b->txn, &b->held, b->product_count, err);
}

static struct pair_count *slot_of(struct pair_count *pairs, uint64_t room, uint64_t pair) {
    uint64_t at = (pair * UINT64_C(0x9E3779B97F4A7C15)) >> 20;
    while (pairs[at & (room - 1)].pair && pairs[at & (room - 1)].pair != pair)
        at++;
    return &pairs[at & (room - 1)];
}

static kith_status grow(struct baskets *b, kith_error *err) {
    const uint64_t room = b->pair_room ? b->pair_room * 2 : 4096;
    struct pair_count *more;
    KITH_TRY(KITH_MEMORY(b->self, b->txn, &more, room, err));
    for (uint64_t i = 0; i < b->pair_room; i++)
        if (b->pairs[i].pair)
            *slot_of(more, room, b->pairs[i].pair) = b->pairs[i];
    b->pairs = more;
    b->pair_room = room;
    return KITH_OK;
}

static kith_status count_pair(struct baskets *b, uint64_t low, uint64_t high, kith_error *err) {
    const uint64_t pair = low << 32 | high; /* high is never 0 */
    KITH_TRY(b->pair_count * 2 >= b->pair_room ? grow(b, err) : KITH_OK);
    struct pair_count *slot = slot_of(b->pairs, b->pair_room, pair);
    b->pair_count += slot->pair == 0;
    slot->pair = pair;
    slot->count++;
    return KITH_OK;
}

/* One order: the lines from one to another. */
static kith_status count_order(struct baskets *b, uint64_t from, uint64_t to, kith_error *err) {
    if ((int64_t)(to - from) > b->self->offers.max_products.as.i) {
        b->skipped++;
        return KITH_OK;
    }
    b->orders++;
    for (uint64_t i = from; i < to; i++) {
        const uint64_t low = place_of(b, b->items[i].product);
        b->held[low]++;
        for (uint64_t j = i + 1; j < to; j++)
            KITH_TRY(count_pair(b, low, place_of(b, b->items[j].product), err));
    }
    return KITH_OK;
}

static kith_status count_all(struct baskets *b, kith_error *err) {
    KITH_TRY(sort_lines(b, err));
    for (uint64_t from = 0, to; from < b->count; from = to) {
        for (to = from + 1; to < b->count && b->items[to].order == b->items[from].order;)
            to++;
        KITH_TRY(count_order(b, from, to, err));
    }
    return KITH_OK;
}

/* Of the pairs those that were bought often enough, the most frequent first. */
static void choose(struct baskets *b, int64_t min_together) {
    uint64_t kept = 0;
    for (uint64_t i = 0; i < b->pair_room; i++)
        if (b->pairs[i].pair && b->pairs[i].count >= min_together)
            b->pairs[kept++] = b->pairs[i];
    if (kept)
        qsort(b->pairs, (size_t)kept, sizeof *b->pairs, by_often);
    b->pair_count = kept < AFFINITIES_MAX / 2 ? kept : AFFINITIES_MAX / 2;
}

/* -- writing what differs -----------------------------------------------------------------------
 */

static int by_products(const void *a, const void *b) {
    const struct affinity *x = a, *y = b;
    const int product = compare(x->product.as.link.id, y->product.as.link.id);
    return product ? product : compare(x->other.as.link.id, y->other.as.link.id);
}

static struct affinity rule_of(const struct baskets *b, uint64_t one, uint64_t two, int64_t both) {
    const uint32_t type = b->self->offers.ware.type;
    return (struct affinity){.product = kith_link(type, b->products[one]),
                             .other = kith_link(type, b->products[two]),
                             .together = kith_int(both),
                             .support = share_of(both, b->orders),
                             .confidence = share_of(both, b->held[one]),
                             .lift = share_of(both * b->orders, b->held[one] * b->held[two])};
}

static kith_status put_rule(struct baskets *b, kith_txn *txn, struct affinity *rule,
                            const struct affinity *now, kith_error *err) {
    if (!now) {
        b->written++;
        return KITH_CREATE(b->self, txn, offers.affinity, rule, err);
    }
    b->written +=
        !kith_equal(now->together, rule->together) || !kith_equal(now->support, rule->support) ||
        !kith_equal(now->confidence, rule->confidence) || !kith_equal(now->lift, rule->lift);
    return KITH_UPDATE(b->self, txn, offers.affinity, now, rule, err);
}

/* Two sorted lists side by side: what is to be, and what there is. */
static kith_status merge(struct baskets *b, kith_txn *txn, struct affinity *rules, uint64_t count,
                         const struct affinity *now, uint64_t now_count, kith_error *err) {
    for (uint64_t i = 0, k = 0; i < count || k < now_count;) {
        const int side = i == count ? 1 : k == now_count ? -1 : by_products(&rules[i], &now[k]);
        if (side > 0) {
            b->removed++;
            KITH_TRY(b->self->records->remove(txn, b->self->offers.affinity.type,
                                              now[k++].id.as.link.id, err));
            continue;
        }
        KITH_TRY(put_rule(b, txn, &rules[i++], side == 0 ? &now[k] : NULL, err));
        k += side == 0;
    }
    return KITH_OK;
}

static kith_status write_rules(struct baskets *b, kith_txn *txn, kith_error *err) {
    const uint64_t count = b->pair_count * 2;
    struct affinity *rules, *now;
    uint64_t now_count;
    KITH_TRY(KITH_MEMORY(b->self, txn, &rules, count, err));
    for (uint64_t i = 0; i < b->pair_count; i++) {
        const uint64_t one = b->pairs[i].pair >> 32, two = b->pairs[i].pair & UINT32_MAX;
        rules[2 * i] = rule_of(b, one, two, b->pairs[i].count);
        rules[2 * i + 1] = rule_of(b, two, one, b->pairs[i].count);
    }
    if (count)
        qsort(rules, (size_t)count, sizeof *rules, by_products);
    KITH_TRY(KITH_FIND(b->self, txn, offers.affinity, b->self->offers.query.affinities, 0, NULL,
                       &now, &now_count, err));
    if (now_count)
        qsort(now, (size_t)now_count, sizeof *now, by_products);
    return merge(b, txn, rules, count, now, now_count, err);
}

/* From all orders, whoever asks: what is learned is the company's. */
static kith_status learn(struct baskets *b, const kith_txn *whole, kith_txn *txn, kith_value since,
                         int64_t min_together, kith_error *err) {
    const struct offers *o = &b->self->offers;
    b->txn = txn;
    KITH_TRY(KITH_FIND(b->self, whole, offers.order, o->query.orders, 1, &since, &b->placed,
                       &b->placed_count, err));
    if (b->placed_count) {
        qsort(b->placed, (size_t)b->placed_count, sizeof *b->placed, by_link);
        KITH_TRY(b->self->records->find(whole, o->query.lines, 0, NULL, 0, take_line, b, err));
    }
    KITH_TRY(count_all(b, err));
    choose(b, min_together);
    return write_rules(b, txn, err);
}

static kith_value usual_since(const kith_instance *self) {
    return kith_date(self->host->today(self->host) - self->offers.window.as.i / KITH_DAY_MS);
}

static kith_status learn_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value since, min_together;
    } args;
    struct baskets b = {.self = self};
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (!kith_has(args.since))
        args.since = usual_since(self);
    if (!kith_has(args.min_together))
        args.min_together = self->offers.min_together;
    KITH_TRY(learn(&b, self->calls->whole(call), self->calls->txn(call), args.since,
                   args.min_together.as.i, err));
    const struct {
        kith_value orders, skipped, rules, written, removed;
    } out = {kith_int(b.orders), kith_int(b.skipped), kith_int((int64_t)b.pair_count * 2),
             kith_int(b.written), kith_int(b.removed)};
    return KITH_RESULTS(self, call, &out, err);
}

static kith_status nightly(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                           kith_error *err) {
    struct baskets b = {.self = self};
    (void)firing;
    if (!self->offers.nightly.as.i)
        return KITH_OK;
    return learn(&b, txn, txn, usual_since(self), self->offers.min_together.as.i, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define KEPT_SHARE KITH_F_DECIMAL, .options = "4", .flags = KITH_FF_READONLY
static const kith_field affinity_fields[] = {
    F("product", LINK, .options = "product",
      .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF | KITH_FF_READONLY, .doc = "Who buys this,"),
    F("other", LINK, .options = "product",
      .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF | KITH_FF_READONLY, .doc = "buys this with it."),
    F("together", INTEGER, .flags = KITH_FF_READONLY, .doc = "In how many orders both are."),
    {.name = "support", .kind = KEPT_SHARE, .doc = "In which share of all orders both are."},
    {.name = "confidence",
     .kind = KEPT_SHARE,
     .doc = "In which share of the orders with the product the other one is too."},
    {.name = "lift",
     .kind = KEPT_SHARE,
     .doc = "How many times as often as in any order: the confidence by the other's share of all "
            "orders."},
};
static const kith_type types[] = {
    {.name = "affinity",
     .doc = "That two products are bought together, and how often.",
     .title = "other",
     .history = KITH_HISTORY_NONE,
     .fields = KITH_ARRAY(affinity_fields)},
};
static const kith_timer timers[] = {
    {.name = "learn_baskets",
     .cron = "40 2 * * *",
     .fn = nightly,
     .doc = "Counts again what is bought together, if sales.baskets.nightly says so."},
};
static const kith_field learn_params[] = {
    F("since", DATE, .doc = "Orders from this day on; those of sales.baskets.window without."),
    F("min_together", INTEGER, .min = "1",
      .doc = "Pairs of at least so many orders; sales.baskets.min_together without."),
};
static const kith_field learn_results[] = {
    F("orders", INTEGER, .doc = "Orders that were looked at."),
    F("skipped", INTEGER, .doc = "Orders of more than sales.baskets.max_products."),
    F("rules", INTEGER, .doc = "What is known now: two for each pair, one in each direction."),
    F("written", INTEGER, .doc = "Those of them that are new or others than before."),
    F("removed", INTEGER, .doc = "Those that hold no more."),
};
static const kith_action actions[] = {
    {.name = "learn_baskets",
     .doc = "Counts which products are bought together, for sales.suggest.",
     .effect = KITH_EFFECT_WRITE,
     .flags = KITH_AF_WHOLE,
     .fn = learn_action,
     .params = KITH_ARRAY(learn_params),
     .results = KITH_ARRAY(learn_results)},
};
static const kith_report reports[] = {
    {.name = "affinities",
     .doc = "What is bought together, what is least by chance in front.",
     .query = "affinity order by -lift, -confidence limit 200",
     .fields = "product.name,other.name,together,support,confidence,lift"},
};
static const kith_setting settings[] = {
    {.key = "baskets.nightly",
     .kind = KITH_BOOL,
     .default_text = "true",
     .doc = "What is bought together is counted again every night."},
    {.key = "baskets.window",
     .kind = KITH_DURATION,
     .default_text = "\"730d\"",
     .min = KITH_DAY_MS,
     .max = 36500LL * KITH_DAY_MS,
     .doc = "Orders of so long are looked at."},
    {.key = "baskets.min_together",
     .kind = KITH_INT,
     .default_text = "5",
     .min = 1,
     .max = 1000000,
     .doc = "Two products that are in fewer orders together are not told of."},
    {.key = "baskets.max_products",
     .kind = KITH_INT,
     .default_text = "50",
     .min = 2,
     .max = 500,
     .doc = "Orders of more products say little, and are left out."},
};
static const kith_want wants[] = {
    KITH_WANT_RECORD("affinity", offers.affinity, AFFINITY),
    KITH_WANT_RECORD("order_line", offers.line, BASKET_LINE),
    KITH_WANT_RECORD("product", offers.ware, OFFER_WARE),
    KITH_WANT(QUERY, "order where " PLACED " and placed_at >= :since", offers.query.orders),
    KITH_WANT(QUERY, "order_line", offers.query.lines),
    KITH_WANT(QUERY, "affinity", offers.query.affinities),
    KITH_WANT(SETTING, "baskets.nightly", offers.nightly),
    KITH_WANT(SETTING, "baskets.window", offers.window),
    KITH_WANT(SETTING, "baskets.min_together", offers.min_together),
    KITH_WANT(SETTING, "baskets.max_products", offers.max_products),
};
const kith_part basket_part = {
    .struct_size = sizeof basket_part,
    .wants = KITH_ARRAY(wants),
    .module = "commerce",
    .types = KITH_ARRAY(types),
    .settings = KITH_ARRAY(settings),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
