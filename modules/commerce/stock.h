/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from an order that is placed: stock that is reserved and leaves, shipments, returns;
 * and what comes before one: carts that are left, items that are waited for, offers. */
#ifndef COMMERCE_STOCK_H
#define COMMERCE_STOCK_H

#include <kith/easy.h>

#define GOOD(X)  X(code) X(backorder)
#define STOCK(X) X(product) X(location) X(critical) X(reorder_quantity) X(on_hand) X(available)
#define MOVEMENT(X)                                                                                \
    X(stock) X(kind) X(quantity) X(to) X(order_line) X(note) X(on_hand) X(reserved) X(available)
#define WANTED(X) X(contact) X(product) X(quantity) X(state) X(notified_at)
#define PART(X)   X(other) X(quantity)

KITH_RECORD(good, GOOD);
KITH_RECORD(stock, STOCK);
KITH_RECORD(movement, MOVEMENT);
KITH_RECORD(wanted, WANTED);
KITH_RECORD(part, PART);

/* In the instance. */
struct goods {
    struct good_numbers good;
    struct stock_numbers stock;
    struct movement_numbers movement;
    struct wanted_numbers wanted;
    struct part_numbers part;
    uint32_t same_place, stocks_of, parts_of, held_by_order, held_by_line, waiting; /* queries */
    uint32_t wanted_timer;
    uint32_t critical, replenished, item_available; /* topics */
};

/* How much of what one line holds in one stock. */
struct holding {
    kith_value stock, line;
    int64_t units; /* in thousandths */
};
struct holdings {
    struct holding *items;
    uint64_t count;
};

/* Quantities as whole numbers of thousandths. [any] */
kith_value quantity_units(int64_t units);
int64_t units_of(const kith_value *quantity);

/* Of an order line so much leaves or comes back, of what was there to leave or come back. */
struct taking {
    const char *kind;
    kith_value line, product;
    int64_t units, of; /* in thousandths */
};

/* What a query finds that is grouped by stock and order line, with one sum. [reader] */
kith_status stock_holdings(kith_instance *self, const kith_txn *txn, uint32_t query,
                           const kith_value *which, struct holdings *out, kith_error *err);
/* Kith itself takes records away, by what the company has said of how long it keeps what, or since
 * somebody is erased. */
int32_t is_by_rules(uint32_t origin);
/* Something is free again: whoever waits for that much is told soon. [writer] */
kith_status wanted_arrived(kith_instance *self, kith_txn *txn, const struct stock *stock,
                           kith_error *err);
/* Takes what an order line holds, in the part that `units` are of `of`, line by line out of its
 * stocks. kind: "release", "ship" or "return", which is what becomes of it. [writer] */
kith_status stock_take(kith_instance *self, kith_txn *txn, const struct taking *taking,
                       kith_error *err);

#endif
