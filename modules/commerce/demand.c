/* SPDX-License-Identifier: Apache-2.0 */
/* What was not bought: carts that are left, items that are waited for, offers that were refused or
 * not answered. */
#include "commerce.h"

#define AT_ONCE 200 /* records that one firing of a timer writes */

/* -- items that are waited for ------------------------------------------------------------------
 */

static kith_status find_waiting(kith_instance *self, const kith_txn *txn, const struct stock *stock,
                                struct wanted **items, uint64_t *count, kith_error *err) {
    const kith_value params[] = {stock->product, stock->available};
    return KITH_FIND(self, txn, goods.wanted, self->goods.waiting, 2, params, items, count, err);
}

static kith_status again(kith_instance *self, kith_txn *txn, const struct stock *stock,
                         kith_error *err) {
    return self->timers->at(txn, self->goods.wanted_timer, self->host->now(self->host),
                            self->goods.stock.type, stock->id.as.link.id, kith_str_of(""), NULL,
                            err);
}

kith_status wanted_arrived(kith_instance *self, kith_txn *txn, const struct stock *stock,
                           kith_error *err) {
    struct wanted *items;
    uint64_t count = 0;
    if (units_of(&stock->available) <= 0)
        return KITH_OK;
    kith_status st = find_waiting(self, txn, stock, &items, &count, err);
    return st == KITH_OK && count ? again(self, txn, stock, err) : st;
}

static kith_status notify(kith_instance *self, kith_txn *txn, const struct wanted *item,
                          const struct stock *stock, kith_error *err) {
    const uint32_t fields[] = {self->goods.wanted.state, self->goods.wanted.notified_at};
    const kith_value values[] = {kith_text("notified"),
                                 kith_number(KITH_TIME, self->host->now(self->host))};
    const kith_value payload[] = {item->contact, item->product, stock->location, stock->available};
    kith_status st = self->records->update(txn, self->goods.wanted.type, item->id.as.link.id, 2,
                                           fields, values, err);
    return st == KITH_OK
               ? self->events->publish(txn, self->goods.item_available, self->goods.wanted.type,
                                       item->id.as.link.id, 4, payload, err)
               : st;
}

static kith_status wanted_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                                kith_error *err) {
    kith_firing_info info = {.struct_size = sizeof info};
    struct stock stock;
    struct wanted *items;
    uint64_t count = 0;
    kith_status st = self->timers->info(txn, firing, &info, err);
    if (st == KITH_OK)
        st = KITH_LOAD(self, txn, goods.stock, info.id, &stock, err);
    if (st != KITH_OK || units_of(&stock.available) <= 0)
        return st == KITH_E_NOTFOUND ? KITH_OK : st;
    st = find_waiting(self, txn, &stock, &items, &count, err);
    for (uint64_t i = 0; st == KITH_OK && i < count; i++)
        st = notify(self, txn, &items[i], &stock, err);
    return st == KITH_OK && count == AT_ONCE ? again(self, txn, &stock, err) : st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field wanted_fields[] = {
    F("contact", LINK, .options = "contact", .flags = KITH_FF_REQUIRED | KITH_FF_SUBJECT,
      .doc = "Who waits."),
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "For what."),
    F("quantity", QUANTITY, .default_text = "1", .min = "0.001",
      .doc = "For how much of it: only when so much is free they are told."),
    F("state", STATE,
      .options = "waiting>notified|bought|given_up,notified>bought|given_up|waiting,"
                 "bought,given_up.>waiting",
      .flags = KITH_FF_INDEXED, .doc = "notified: it is there, and they were told."),
    F("notified_at", TIME, .flags = KITH_FF_READONLY, .doc = "When it was there."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What else is to be known."),
};
static const char *const wanted_indexes[] = {"product,state"};

static const kith_type types[] = {
    {.name = "wanted_item",
     .label = "Wanted item",
     .doc = "A product that somebody waits for until it is in stock.",
     .title = "product",
     .fields = KITH_ARRAY(wanted_fields),
     .indexes = KITH_ARRAY(wanted_indexes)},
};

static const kith_field available_payload[] = {
    F("contact", LINK, .options = "contact", .doc = "Who waits."),
    F("product", LINK, .options = "product", .doc = "For what."),
    F("location", TEXT, .doc = "Where it is."),
    F("available", QUANTITY, .doc = "How much is free there."),
};
static const kith_topic topics[] = {
    {.name = "wanted_item.available",
     .schema = 1,
     .fields = KITH_ARRAY(available_payload),
     .doc = "What somebody waits for is in stock: tell them."},
};
static const kith_timer timers[] = {
    {.name = "wanted", .fn = wanted_timer, .doc = "Tells those who wait for what has arrived."},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("wanted_item", goods.wanted, WANTED),
    KITH_WANT(QUERY,
              "wanted_item where product = :product and state = 'waiting' and quantity <= :free "
              "order by id limit 200",
              goods.waiting),
    KITH_WANT(TOPIC, "wanted_item.available", goods.item_available),
    KITH_WANT(TIMER, "wanted", goods.wanted_timer),
};
kith_status demand_wants(kith_instance *self, kith_error *err) {
    return WANTS(self, wants, err);
}

const kith_part demand_part = {
    .struct_size = sizeof demand_part,
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .timers = KITH_ARRAY(timers),
};
