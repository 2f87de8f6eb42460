/* SPDX-License-Identifier: Apache-2.0 */
/* What an order does to stock: placed, its lines are reserved; cancelled or back in the cart, they
 * are released; what is shipped leaves, and what is returned comes back. */
#include "commerce.h"

/* -- reserving ----------------------------------------------------------------------------------
 */

struct reserving {
    kith_instance *self;
    kith_txn *txn;
    kith_value line;
};

static kith_status move(const struct reserving *r, const char *kind, const kith_value *stock,
                        int64_t units, kith_error *err) {
    struct movement m = {.stock = *stock,
                         .kind = kith_text(kind),
                         .quantity = quantity_units(units),
                         .order_line = r->line};
    return KITH_CREATE(r->self, r->txn, goods.movement, &m, err);
}

static kith_status check_backorder(const struct reserving *r, const kith_value *product,
                                   int64_t wanted, int64_t available, kith_error *err) {
    struct good good;
    char text[KITH_NUMBER_TEXT], need[KITH_NUMBER_TEXT];
    const kith_value left = quantity_units(available > 0 ? available : 0);
    const kith_value all = quantity_units(wanted);
    KITH_TRY(KITH_LOAD(r->self, r->txn, goods.good, product->as.link.id, &good, err));
    if (good.backorder.as.i)
        return KITH_OK;
    r->self->numbers->text(&left, text);
    r->self->numbers->text(&all, need);
    return kith_fail(err, KITH_E_REFUSED, "quantity",
                     "quantity: %s of '%.*s' are wanted and %s are free; order fewer, wait until "
                     "some arrive, or allow its back orders (backorder)",
                     need, KITH_CHARS(good.code.as.s), text);
}

/* All from one place where that has enough; else from one after the other, and what nobody has is
 * in back order at the first. */
static kith_status reserve_from(const struct reserving *r, const struct stock *stocks,
                                uint64_t count, int64_t units, kith_error *err) {
    int64_t available = 0, left = units;
    for (uint64_t i = 0; i < count; i++) {
        if (units_of(&stocks[i].available) >= units)
            return move(r, "reserve", &stocks[i].id, units, err);
        if (units_of(&stocks[i].available) > 0)
            available += units_of(&stocks[i].available);
    }
    if (available < units)
        KITH_TRY(check_backorder(r, &stocks[0].product, units, available, err));
    const int64_t lacking = available < units ? units - available : 0;
    for (uint64_t i = 0; i < count && left > 0; i++) {
        const int64_t has = units_of(&stocks[i].available);
        int64_t part = (has > 0 ? has : 0) + (i == 0 ? lacking : 0);
        part = part < left ? part : left;
        left -= part;
        if (part > 0)
            KITH_TRY(move(r, "reserve", &stocks[i].id, part, err));
    }
    return KITH_OK;
}

/* *there: the product has stock at all. */
static kith_status reserve_product(const struct reserving *r, const kith_value *product,
                                   int64_t units, int32_t *there, kith_error *err) {
    struct stock *stocks;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(r->self, r->txn, goods.stock, r->self->goods.stocks_of, 1, product, &stocks,
                       &count, err));
    *there = count > 0;
    return count ? reserve_from(r, stocks, count, units, err) : KITH_OK;
}

/* Of a bundle that lies nowhere as such, its parts; and of those that are bundles, theirs. */
#define DEEP_MAX 8 /* bundles inside each other */
static kith_status reserve_parts(const struct reserving *r, const kith_value *product,
                                 int64_t units, int deep, kith_error *err) {
    struct part *parts;
    uint64_t count = 0;
    int32_t there;
    KITH_TRY(KITH_FIND(r->self, r->txn, goods.part, r->self->goods.parts_of, 1, product, &parts,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        kith_value all;
        KITH_TRY(r->self->numbers->multiply(&parts[i].quantity,
                                            &(kith_value){.kind = KITH_INT, .as.i = units}, 1000,
                                            KITH_ROUND_UP, &all, err));
        KITH_TRY(reserve_product(r, &parts[i].other, units_of(&all), &there, err));
        if (!there && deep < DEEP_MAX)
            KITH_TRY(reserve_parts(r, &parts[i].other, units_of(&all), deep + 1, err));
    }
    return KITH_OK;
}

/* What the options of a line stand for, as many of each as of the product. */
static kith_status reserve_options(const struct reserving *r, const struct line *line,
                                   kith_error *err) {
    kith_value *parts;
    uint64_t count;
    int32_t there;
    KITH_TRY(configure_parts(r->self, r->txn, line, &parts, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(reserve_product(r, &parts[i], units_of(&line->quantity), &there, err));
    return KITH_OK;
}

static kith_status reserve_order(kith_instance *self, kith_txn *txn, const kith_value *order,
                                 kith_error *err) {
    struct line *lines;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, txn, line, self->query.lines_of, 1, order, &lines, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const struct reserving r = {self, txn, lines[i].id};
        const int64_t units = units_of(&lines[i].quantity);
        int32_t there = 0;
        KITH_TRY(reserve_product(&r, &lines[i].product, units, &there, err));
        if (!there)
            KITH_TRY(reserve_parts(&r, &lines[i].product, units, 0, err));
        KITH_TRY(reserve_options(&r, &lines[i], err));
    }
    return KITH_OK;
}

static kith_status release_order(kith_instance *self, kith_txn *txn, const kith_value *order,
                                 kith_error *err) {
    struct holdings held;
    KITH_TRY(stock_holdings(self, txn, self->goods.held_by_order, order, &held, err));
    for (uint64_t i = 0; i < held.count; i++) {
        const struct reserving r = {self, txn, held.items[i].line};
        const int64_t units = units_of(&held.items[i].quantity);
        if (units > 0)
            KITH_TRY(move(&r, "release", &held.items[i].stock, units, err));
    }
    return KITH_OK;
}

/* -- leaving and coming back --------------------------------------------------------------------
 */

/* Stocks that a line has to do with, and how much of each; positive. */
static kith_status held_by(const struct reserving *r, const struct taking *t, struct holdings *out,
                           kith_error *err) {
    const int32_t ships = strcmp(t->kind, "ship") == 0;
    const uint32_t query = ships ? r->self->goods.held_by_line : r->self->goods.out_by_line;
    uint64_t kept = 0;
    KITH_TRY(stock_holdings(r->self, r->txn, query, &t->line, out, err));
    for (uint64_t i = 0; i < out->count; i++) {
        struct holding h = out->items[i];
        const int64_t units = units_of(&h.quantity);
        h.quantity = quantity_units(ships ? units : -units);
        if (units_of(&h.quantity) > 0)
            out->items[kept++] = h;
    }
    out->count = kept;
    return KITH_OK;
}

/* What left without a reservation, since there was no stock when it was ordered. */
static kith_status move_rest(const struct reserving *r, const struct taking *t, int64_t units,
                             kith_error *err) {
    struct stock *stocks;
    uint64_t count = 0, from = 0;
    KITH_TRY(KITH_FIND(r->self, r->txn, goods.stock, r->self->goods.stocks_of, 1, &t->product,
                       &stocks, &count, err));
    if (!count || units <= 0)
        return KITH_OK;
    while (from < count && units_of(&stocks[from].on_hand) < units)
        from++;
    struct movement m = {.stock = stocks[from < count ? from : 0].id,
                         .kind = kith_text(t->kind),
                         .quantity = quantity_units(units),
                         .order_line = t->line};
    return KITH_CREATE(r->self, r->txn, goods.movement, &m, err);
}

static kith_status move_held(const struct reserving *r, const struct taking *t,
                             const struct holding *h, int64_t units, kith_error *err) {
    struct movement m = {.stock = h->stock,
                         .kind = kith_text(t->kind),
                         .quantity = quantity_units(units),
                         .order_line = t->line};
    if (strcmp(t->kind, "ship") == 0)
        m.reserved = quantity_units(-units);
    return KITH_CREATE(r->self, r->txn, goods.movement, &m, err);
}

kith_status stock_take(kith_instance *self, kith_txn *txn, const struct taking *t,
                       kith_error *err) {
    const struct reserving r = {self, txn, t->line};
    struct holdings held;
    struct stock first;
    int64_t left = t->units;
    KITH_TRY(held_by(&r, t, &held, err));
    if (!held.count)
        return move_rest(&r, t, left, err);
    KITH_TRY(KITH_LOAD(self, txn, goods.stock, held.items[0].stock.as.link.id, &first, err));
    const int32_t parts = first.product.as.link.id != t->product.as.link.id;
    for (uint64_t i = 0; i < held.count; i++) {
        const kith_value all = held.items[i].quantity, by = kith_int(t->units);
        kith_value share = quantity_units(units_of(&all) < left ? units_of(&all) : left);
        if (parts)
            KITH_TRY(self->numbers->multiply(&all, &by, t->of, KITH_ROUND_HALF_UP, &share, err));
        left -= parts ? 0 : units_of(&share);
        if (units_of(&share) > 0)
            KITH_TRY(move_held(&r, t, &held.items[i], units_of(&share), err));
    }
    return parts ? KITH_OK : move_rest(&r, t, left, err);
}

/* -- orders -------------------------------------------------------------------------------------
 */

static kith_status placed_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct order was, now;
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &now, err));
    KITH_TRY(KITH_READ(self, txn, order, change->before, &was, err));
    if (is_before_order(was.state.as.s) && kith_is(now.state, "ordered"))
        return reserve_order(self, txn, &now.id, err);
    if (!is_before_order(was.state.as.s) &&
        (is_before_order(now.state.as.s) || kith_is(now.state, "cancelled")))
        return release_order(self, txn, &now.id, err);
    return KITH_OK;
}

static kith_status gone_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct order was;
    if (change->origin != KITH_ORIGIN_UNDO)
        KITH_TRY(KITH_READ(self, txn, order, change->before, &was, err));
    if (change->origin == KITH_ORIGIN_UNDO || is_before_order(was.state.as.s))
        return KITH_OK;
    return release_order(self, txn, &was.id, err);
}

/* Others may have bought the last pieces since it was cancelled. */
static kith_status again_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct order was, now;
    struct stock s;
    struct good good;
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &now, err));
    KITH_TRY(KITH_READ(self, txn, order, change->before, &was, err));
    if (change->origin != KITH_ORIGIN_UNDO || !kith_is(was.state, "cancelled") ||
        is_before_order(now.state.as.s))
        return KITH_OK;
    KITH_TRY(
        KITH_FIRST(self, txn, goods.stock, self->goods.sold_out_by_order, 1, &now.id, &s, err));
    if (!kith_has(s.id))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, goods.good, s.product.as.link.id, &good, err));
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: '%.*s' was sold to others since %.*s was cancelled, and has no back "
                     "orders; make another order when some are there",
                     KITH_CHARS(good.code.as.s), KITH_CHARS(now.number.as.s));
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const char *const state_only[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "reserve",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = placed_hook,
     .fields = KITH_ARRAY(state_only),
     .doc = "Reserves what is ordered, and releases it when the order is cancelled or a cart "
            "again."},
    {.name = "not_sold_twice",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = again_hook,
     .fields = KITH_ARRAY(state_only),
     .doc = "Keeps an order cancelled that is undone when its goods were sold to others."},
    {.name = "order_gone",
     .type = "order",
     .on = KITH_ON_DELETE,
     .when = KITH_BEFORE,
     .fn = gone_hook,
     .doc = "Releases what an order that is deleted has reserved."},
};

#define HOLDS(which) "stock_movement where " which " group by stock, order_line : sum(reserved)"
static const kith_want wants[] = {
    KITH_WANT_RECORD("product_relation", goods.part, PART),
    KITH_WANT(QUERY, "stock where product = :product order by id", goods.stocks_of),
    KITH_WANT(QUERY,
              "product_relation where product = :product and kind = 'bundle_part' order by id",
              goods.parts_of),
    KITH_WANT(QUERY, HOLDS("order_line.order = :order"), goods.held_by_order),
    KITH_WANT(QUERY,
              "stock where available < 0 and product.backorder = false and "
              "exists(stock_movement.stock where order_line.order = :order) limit 1",
              goods.sold_out_by_order),
    KITH_WANT(QUERY, HOLDS("order_line = :line"), goods.held_by_line),
    KITH_WANT(QUERY,
              "stock_movement where order_line = :line and kind in ('ship', 'return') group by "
              "stock, order_line : sum(on_hand)",
              goods.out_by_line),
};
const kith_part reserve_part = {
    .struct_size = sizeof reserve_part,
    .wants = KITH_ARRAY(wants),
    .hooks = KITH_ARRAY(hooks),
};
