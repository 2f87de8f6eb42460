/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to tell of a new product: who bought what it goes with, comes after or is better than, and
 * who bought others of its category. */
#include "sales.h"
#include <stdlib.h>

/* Products, or customers, by their numbers. */
struct known {
    kith_instance *self;
    kith_value *items;
    uint64_t count, room;
};

static kith_status know(struct known *k, const kith_txn *txn, kith_value link, kith_error *err) {
    if (link.kind != KITH_LINK)
        return KITH_OK;
    KITH_TRY(KITH_GROW(k->self, txn, k, err));
    k->items[k->count++] = link;
    return KITH_OK;
}

static void sort(struct known *k) {
    if (k->count)
        qsort(k->items, (size_t)k->count, sizeof *k->items, by_link);
}

static int32_t knows(const struct known *k, const kith_value *link) {
    return link->kind == KITH_LINK && k->count &&
           bsearch(link, k->items, (size_t)k->count, sizeof *k->items, by_link) != NULL;
}

/* account, contact: who has it already, or was offered it. One who buys for an account is known by
 * themselves. */
static kith_status take_had(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                            kith_error *err) {
    (void)count;
    return know(arg, txn, v[1].kind == KITH_LINK ? v[1] : v[0], err);
}

struct telling {
    kith_instance *self;
    kith_call *call;
    const struct known *had;
    struct known told, tied;
    int64_t left;
};
struct target_row {
    kith_value contact, account, because, kind, orders, last;
};

/* account, contact, product, orders, last: those of one customer behind each other, the latest
 * first. */
static kith_status take_target(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                               kith_error *err) {
    struct telling *t = arg;
    const kith_value who = v[1].kind == KITH_LINK ? v[1] : v[0];
    const struct known *told = &t->told;
    const int32_t again = told->count && told->items[told->count - 1].as.link.id == who.as.link.id;
    (void)count;
    if (who.kind != KITH_LINK || again || !t->left || knows(t->had, &who))
        return KITH_OK;
    const struct target_row row = {
        v[1], v[0], v[2], kith_text(knows(&t->tied, &v[2]) ? "related" : "category"), v[3], v[4]};
    t->left--;
    KITH_TRY(KITH_ROW(t->self, t->call, &row, err));
    return know(&t->told, txn, who, err);
}

/* What it goes with, comes after or is better than; and then the others of its category. */
static kith_status find_related(struct telling *t, const kith_txn *txn, kith_value product,
                                struct known *all, kith_error *err) {
    kith_instance *self = t->self;
    struct offer_tie *ties;
    struct offer_ware ware;
    kith_value *others;
    uint64_t count;
    KITH_TRY(KITH_LOAD(self, txn, offers.ware, product.as.link.id, &ware, err));
    KITH_TRY(KITH_FIND(self, txn, offers.tie, self->offers.query.leads_to, 1, &product, &ties,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        KITH_TRY(know(&t->tied, txn, ties[i].product, err));
        KITH_TRY(know(all, txn, ties[i].product, err));
    }
    sort(&t->tied);
    const kith_value params[] = {ware.category, product};
    if (!kith_has(ware.category))
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, offers.ware, self->offers.query.of_category, 2, params, &others,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(know(all, txn, others[i], err));
    return KITH_OK;
}

/* Who has it, owns it or was offered it is not told again, whoever may see that. */
static kith_status find_had(kith_instance *self, const kith_txn *whole, kith_value product,
                            struct known *had, kith_error *err) {
    for (int i = 0; i < HAVING; i++)
        KITH_TRY(self->records->groups(whole, self->offers.query.having[i], 1, &product, 0,
                                       take_had, had, err));
    sort(had);
    return KITH_OK;
}

static kith_status launch_targets(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *txn = self->calls->view(call);
    struct {
        kith_value product, limit;
    } args;
    struct known related = {.self = self}, had = related;
    struct telling t = {.self = self, .call = call, .had = &had, .told = related, .tied = related};
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(find_related(&t, txn, args.product, &related, err));
    KITH_TRY(find_had(self, self->calls->whole(call), args.product, &had, err));
    t.left = args.limit.as.i;
    const kith_value products = kith_list(related.items, related.count);
    if (related.count)
        KITH_TRY(self->records->groups(txn, self->offers.query.targets, 1, &products, 0,
                                       take_target, &t, err));
    const struct {
        kith_value related, told;
    } out = {kith_int((int64_t)related.count), kith_int((int64_t)t.told.count)};
    return KITH_RESULTS(self, call, &out, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field params[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "What is launched."),
    F("limit", INTEGER, .default_text = "500", .min = "1", .max = "5000",
      .doc = "So many at most."),
};
static const kith_field columns[] = {
    F("contact", LINK, .options = "contact", .doc = "Whom to tell."),
    F("account", LINK, .options = "account", .doc = "Of which organisation, or which one."),
    F("because", LINK, .options = "product", .doc = "What they bought, the last time."),
    F("kind", TEXT,
      .doc = "related: the new one is its complement, upgrade or successor; category: it is of the "
             "same category."),
    F("orders", INTEGER, .doc = "In how many orders."),
    F("last", TIME, .doc = "When it was the last time."),
};
static const kith_field results[] = {
    F("related", INTEGER, .doc = "Products that lead to it; 0: relate it, or give it a category."),
    F("customers", INTEGER, .doc = "How many rows there are."),
};
static const kith_action actions[] = {
    {.name = "launch_targets",
     .doc =
         "Whom to tell of a new product: who bought what leads to it, and neither has it nor was "
         "offered it.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = launch_targets,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};
static const kith_report reports[] = {
    {"launches", "What came on the market in the last days, and what comes in the next ones.",
     "product where state = 'active' and (launched in last_days(:days) or launched in "
     "next_days(:days)) order by launched",
     "id,code,name,category.name,launched,price"},
};

#define WHOSE " group by account, contact : count()"
static const kith_want wants[] = {
    KITH_WANT(QUERY,
              "product_relation where other = :product and kind in ('complement', 'upgrade', "
              "'successor') order by id limit 2000",
              offers.query.leads_to),
    KITH_WANT(QUERY, "product where category = :category and id != :product order by id limit 1500",
              offers.query.of_category),
    KITH_WANT(QUERY,
              "order_line where product = :product and order." PLACED
              " group by order.account, order.contact : count()",
              offers.query.having[0]),
    KITH_WANT(QUERY, "asset where product = :product and state = 'in_use'" WHOSE,
              offers.query.having[1]),
    KITH_WANT(QUERY, "product_offer where product = :product and state != 'withdrawn'" WHOSE,
              offers.query.having[2]),
    KITH_WANT(QUERY,
              "order_line where product in (:products) and order." PLACED
              " group by order.account, order.contact, product order by order.account, "
              "order.contact, -max(order.placed_at) : count(distinct order), max(order.placed_at)",
              offers.query.targets),
};
const kith_part launch_part = {
    .struct_size = sizeof launch_part,
    .wants = KITH_ARRAY(wants),
    .module = "commerce",
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
