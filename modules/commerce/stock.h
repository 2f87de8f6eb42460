/* SPDX-License-Identifier: Apache-2.0 */
/* What follows from an order that is placed: stock that is reserved and leaves, shipments, returns;
 * and what comes before one: carts that are left, items that are waited for, offers. */
#ifndef COMMERCE_STOCK_H
#define COMMERCE_STOCK_H

#include <kith/easy.h>

#define GOOD(X)  X(code) X(backorder) X(available)
#define STOCK(X) X(product) X(location) X(critical) X(reorder_quantity) X(on_hand) X(available)
#define MOVEMENT(X)                                                                                \
    X(stock) X(kind) X(quantity) X(to) X(order_line) X(note) X(on_hand) X(reserved) X(available)
#define WANTED(X) X(contact) X(product) X(quantity) X(state) X(notified_at)
#define PART(X)   X(other) X(quantity)
#define ORDER_NOW(X)                                                                               \
    X(state) X(contact) X(account) X(shipments) X(to_ship) X(undelivered) X(to_return)
#define BOUGHT(X)                                                                                  \
    X(order)                                                                                       \
    X(product)                                                                                     \
    X(quantity) X(packed) X(shipped) X(returning) X(returned) X(invoiced) X(unbilled) X(total)
#define SHIPMENT(X)      X(order) X(number) X(carrier) X(tracking) X(state) X(shipped_at) X(delivered_at)
#define SHIPMENT_LINE(X) X(shipment) X(order_line) X(quantity) X(gone)
#define RETURN(X)                                                                                  \
    X(number)                                                                                      \
    X(order_line)                                                                                  \
    X(order)                                                                                       \
    X(product)                                                                                     \
    X(contact)                                                                                     \
    X(quantity) X(state) X(restock) X(received_at) X(unbilled) X(sent_back) X(billable) X(restocked)

#define OFFER(X)   X(contact) X(account) X(product) X(state) X(order) X(answered_on)
#define ADDRESS(X) X(contact)
#define CLIENT(X)                                                                                  \
    X(name)                                                                                        \
    X(account) X(email) X(phone) X(source) X(street) X(postal_code) X(city) X(region) X(country)
#define INTAKE(X)                                                                                  \
    X(contact)                                                                                     \
    X(account)                                                                                     \
    X(channel)                                                                                     \
    X(reference)                                                                                   \
    X(price_book)                                                                                  \
    X(delivery)                                                                                    \
    X(payment_method)                                                                              \
    X(shipping_street)                                                                             \
    X(shipping_postal_code)                                                                        \
    X(shipping_city) X(shipping_region) X(shipping_country) X(note) X(number) X(state) X(total)

KITH_RECORD(good, GOOD);
KITH_RECORD(stock, STOCK);
KITH_RECORD(movement, MOVEMENT);
KITH_RECORD(wanted, WANTED);
KITH_RECORD(part, PART);
KITH_RECORD(ordered, ORDER_NOW);
KITH_RECORD(bought, BOUGHT);
KITH_RECORD(shipment, SHIPMENT);
KITH_RECORD(shipment_line, SHIPMENT_LINE);
KITH_RECORD(returned, RETURN);
KITH_RECORD(offer, OFFER);
KITH_RECORD(address, ADDRESS);
KITH_RECORD(client, CLIENT);
KITH_RECORD(intake, INTAKE);

/* In the instance. */
struct goods {
    struct good_numbers good;
    struct stock_numbers stock;
    struct movement_numbers movement;
    struct wanted_numbers wanted;
    struct part_numbers part;
    struct ordered_numbers ordered; /* the order and its lines, by what became of them */
    struct bought_numbers bought;
    struct shipment_numbers shipment;
    struct shipment_line_numbers shipment_line;
    struct returned_numbers returned;
    struct offer_numbers offer;
    struct address_numbers address;
    struct client_numbers client;
    struct intake_numbers intake;
    uint32_t left_by_order, left_by_contact, stocks_of, parts_of, held_by_order, held_by_line,
        sold_out_by_order, out_by_line, back_by_line, waiting;
    uint32_t lines_of, shipped_in, shipments_of, carts_left, offers_over, wanted_of, offers_to,
        offers_at, mail_of, phone_of, last_paid;
    uint32_t wanted_timer, left_timer;
    kith_value abandon_after;                                 /* setting */
    uint32_t critical, replenished, item_available, feedback; /* topics */
};

/* How much of what one line holds in one stock. */
struct holding {
    kith_value stock, line, quantity;
};
struct holdings {
    struct holding *items;
    uint64_t count;
};

/* Quantities as whole numbers of thousandths. [any] */
kith_value quantity_units(int64_t units);
int64_t units_of(const kith_value *quantity);

/* What somebody types: so much of a product. */
struct item {
    kith_str code;
    int64_t units; /* in thousandths */
};

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
/* Has what a line holds leave its stocks (kind "ship"), or what left them come back ("return"); the
 * parts of a bundle in the ratio of units to `of`. [writer] */
kith_status stock_take(kith_instance *self, kith_txn *txn, const struct taking *taking,
                       kith_error *err);
/* "CODE*QUANTITY; CODE*QUANTITY", in the memory of the callback. [reader] */
kith_status items_read(kith_instance *self, const kith_txn *txn, kith_str text, struct item **items,
                       uint64_t *count, kith_error *err);
/* Refuses to make a new customer of an address that the query finds: nobody whom whoever asks may
 * see has it. [reader] */
kith_status refuse_unseen(kith_instance *self, const kith_txn *whole, uint32_t query,
                          const kith_value *address, const char *field, kith_error *err);

#endif
