/* SPDX-License-Identifier: Apache-2.0 */
/* What was not bought: carts that are left, items that are waited for, offers that were refused or
 * not answered. */
#include "commerce.h"

#define AT_ONCE 200 /* records that one firing of a timer writes */

/* -- items that are waited for ------------------------------------------------------------------
 */

static kith_status again(kith_instance *self, kith_txn *txn, const struct stock *stock,
                         kith_error *err) {
    return self->timers->at(txn, self->goods.wanted_timer, KITH_NOW(self).as.i,
                            self->goods.stock.type, stock->id.as.link.id, kith_str_of(""), NULL,
                            err);
}

kith_status wanted_arrived(kith_instance *self, kith_txn *txn, const struct stock *stock,
                           kith_error *err) {
    const kith_value params[] = {stock->product, stock->available};
    int32_t any;
    if (units_of(&stock->available) <= 0)
        return KITH_OK;
    KITH_TRY(kith_any(self->records, txn, self->goods.waiting, 2, params, &any, err));
    return any ? again(self, txn, stock, err) : KITH_OK;
}

static kith_status notify(kith_instance *self, kith_txn *txn, const struct wanted *item,
                          const struct stock *stock, kith_error *err) {
    const uint32_t fields[] = {self->goods.wanted.state, self->goods.wanted.notified_at};
    const kith_value values[] = {kith_text("notified"), KITH_NOW(self)};
    const kith_value payload[] = {item->contact, item->product, stock->location, stock->available};
    KITH_TRY(self->records->update(txn, self->goods.wanted.type, item->id.as.link.id, 2, fields,
                                   values, err));
    return self->events->publish(txn, self->goods.item_available, self->goods.wanted.type,
                                 item->id.as.link.id, 4, payload, err);
}

static kith_status wanted_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                                kith_error *err) {
    struct stock stock;
    struct wanted *items;
    uint64_t count = 0;
    kith_status st = KITH_LOAD(self, txn, goods.stock, firing->id, &stock, err);
    if (st != KITH_OK || units_of(&stock.available) <= 0)
        return st == KITH_E_NOTFOUND ? KITH_OK : st;
    const kith_value params[] = {stock.product, stock.available};
    KITH_TRY(
        KITH_FIND(self, txn, goods.wanted, self->goods.waiting, 2, params, &items, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(notify(self, txn, &items[i], &stock, err));
    return count == AT_ONCE ? again(self, txn, &stock, err) : KITH_OK;
}

/* -- carts that are left ------------------------------------------------------------------------
 */

static kith_status set_left(kith_instance *self, kith_txn *txn, uint64_t *count, kith_error *err) {
    const int64_t after = self->goods.abandon_after.as.i;
    const kith_value before = kith_time(KITH_NOW(self).as.i - after);
    struct ordered *carts;
    *count = 0;
    if (after == 0)
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, goods.ordered, self->goods.carts_left, 1, &before, &carts, count,
                       err));
    for (uint64_t i = 0; i < *count; i++)
        KITH_TRY(KITH_SET(self, txn, goods.ordered, state, carts[i].id.as.link.id,
                          kith_text("abandoned"), err));
    return KITH_OK;
}

static kith_status set_ignored(kith_instance *self, kith_txn *txn, uint64_t *count,
                               kith_error *err) {
    const kith_value today = KITH_TODAY(self);
    struct offer *offers;
    KITH_TRY(
        KITH_FIND(self, txn, goods.offer, self->goods.offers_over, 1, &today, &offers, count, err));
    for (uint64_t i = 0; i < *count; i++)
        KITH_TRY(KITH_SET(self, txn, goods.offer, state, offers[i].id.as.link.id,
                          kith_text("ignored"), err));
    return KITH_OK;
}

static kith_status left_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                              kith_error *err) {
    uint64_t carts = 0, offers = 0;
    (void)firing;
    KITH_TRY(set_left(self, txn, &carts, err));
    KITH_TRY(set_ignored(self, txn, &offers, err));
    if (carts < AT_ONCE && offers < AT_ONCE)
        return KITH_OK;
    return self->timers->at(txn, self->goods.left_timer, KITH_NOW(self).as.i, 0, 0, kith_str_of(""),
                            NULL, err);
}

/* -- what was bought after all ------------------------------------------------------------------
 */

struct buying {
    kith_instance *self;
    kith_txn *txn;
    kith_value order;
    const struct bought *lines;
    uint64_t count;
};

static int32_t has(const struct buying *b, const kith_value *product) {
    for (uint64_t i = 0; i < b->count; i++)
        if (b->lines[i].product.as.link.id == product->as.link.id)
            return 1;
    return 0;
}

static kith_status end_waiting(const struct buying *b, const kith_value *contact, kith_error *err) {
    struct wanted *items;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(b->self, b->txn, goods.wanted, b->self->goods.wanted_of, 1, contact, &items,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (has(b, &items[i].product))
            KITH_TRY(KITH_SET(b->self, b->txn, goods.wanted, state, items[i].id.as.link.id,
                              kith_text("bought"), err));
    return KITH_OK;
}

static kith_status accept_offers(const struct buying *b, uint32_t query, const kith_value *whose,
                                 kith_error *err) {
    struct offer *offers;
    uint64_t count = 0;
    const struct offer_numbers *n = &b->self->goods.offer;
    const uint32_t fields[] = {n->state, n->order};
    const kith_value values[] = {kith_text("accepted"), b->order};
    KITH_TRY(KITH_FIND(b->self, b->txn, goods.offer, query, 1, whose, &offers, &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (has(b, &offers[i].product))
            KITH_TRY(b->self->records->update(b->txn, n->type, offers[i].id.as.link.id, 2, fields,
                                              values, err));
    return KITH_OK;
}

static kith_status bought_reaction(kith_instance *self, kith_txn *txn, const kith_event *event,
                                   kith_error *err) {
    struct ordered o;
    struct bought *lines = NULL;
    struct buying b = {.self = self, .txn = txn};
    if (!event->record)
        return KITH_OK;
    KITH_TRY(KITH_READ(self, txn, goods.ordered, event->record, &o, err));
    KITH_TRY(
        KITH_FIND(self, txn, goods.bought, self->goods.lines_of, 1, &o.id, &lines, &b.count, err));
    b.order = o.id;
    b.lines = lines;
    if (kith_has(o.contact))
        KITH_TRY(end_waiting(&b, &o.contact, err));
    if (kith_has(o.contact))
        KITH_TRY(accept_offers(&b, self->goods.offers_to, &o.contact, err));
    if (kith_has(o.account))
        KITH_TRY(accept_offers(&b, self->goods.offers_at, &o.account, err));
    return KITH_OK;
}

/* The day of an answer is that on which it is written down, unless one is said. */
static kith_status offer_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    const struct offer_numbers *n = &self->goods.offer;
    const kith_value today = KITH_TODAY(self);
    struct offer o;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.offer, &o, err));
    if (change->origin == KITH_ORIGIN_UNDO)
        return KITH_OK;
    if (!kith_has(o.contact) && !kith_has(o.account))
        return kith_fail(err, KITH_E_REFUSED, "contact",
                         "contact: say to whom it was offered: a contact, or an account");
    const int32_t moved = !change->before || self->records->changed(txn, change, n->state) == 1;
    const int32_t said = change->before ? self->records->changed(txn, change, n->answered_on) == 1
                                        : kith_has(o.answered_on);
    return moved && !said && !kith_is(o.state, "offered")
               ? self->records->set(txn, change, 1, &n->answered_on, &today, err)
               : KITH_OK;
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
static const kith_field order_fields[] = {
    F("step", CHOICE, .options = "cart,address,delivery,payment,confirm", .default_text = "cart",
      .measure = KITH_M_ORDINAL, .doc = "How far whoever buys has come on the way to the till."),
};
static const char *const order_indexes[] = {"state,updated"};
static const kith_field offer_fields[] = {
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT, .doc = "To whom."),
    F("account", LINK, .options = "account", .doc = "To which organisation."),
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "What."),
    F("state", STATE,
      .options = "offered>accepted|refused|ignored|withdrawn,accepted,refused.>accepted,"
                 "ignored.>accepted|refused,withdrawn",
      .doc = "What became of it; ordered it is accepted, and past its day ignored, by itself. "
             "withdrawn: we took it back."),
    F("answered_on", DATE,
      .doc = "On which day that was; the day on which it is written down when nothing is said."),
    F("channel", CHOICE, .options = "web,store,phone,email,mail,chat,social,seller,partner",
      .doc = "By which way."),
    F("campaign", TEXT, .flags = KITH_FF_INDEXED, .doc = "In which campaign."),
    F("price", MONEY, .min = "0", .doc = "At which price."),
    F("until", DATE, .doc = "Until which day, that day included."),
    F("reason", TEXT, .flags = KITH_FF_SEARCHED, .doc = "Why it was refused."),
    F("order", LINK, .options = "order", .flags = KITH_FF_READONLY, .doc = "What came of it."),
};
static const char *const offer_indexes[] = {"contact,-created", "state,until"};

static const kith_type types[] = {
    {.name = "wanted_item",
     .label = "Wanted item",
     .doc = "A product that somebody waits for until it is in stock.",
     .title = "product",
     .fields = KITH_ARRAY(wanted_fields),
     .indexes = KITH_ARRAY(wanted_indexes)},
    {.name = "order",
     .fields = KITH_ARRAY(order_fields),
     .indexes = KITH_ARRAY(order_indexes),
     .extends = 1},
    {.name = "product_offer",
     .label = "Product offer",
     .doc = "A product that was offered to somebody, and what they said.",
     .title = "product",
     .fields = KITH_ARRAY(offer_fields),
     .indexes = KITH_ARRAY(offer_indexes)},
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
static const kith_hook hooks[] = {
    {.name = "offer",
     .type = "product_offer",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = offer_hook,
     .doc = "Refuses an offer to nobody, and notes the day of an answer."},
};
static const kith_reaction reactions[] = {
    {.name = "bought",
     .topic = "order.ordered",
     .fn = bought_reaction,
     .doc = "Whoever has ordered waits no more, and has accepted what was offered."},
};
static const kith_setting settings[] = {
    {.key = "cart.abandon_after",
     .kind = KITH_DURATION,
     .default_text = "\"24h\"",
     .min = 0,
     .max = INT64_C(366) * 86400000,
     .doc = "How long nobody touches a cart or its lines until it is abandoned; 0s: never."},
};
#define RATE                                                                                       \
    " : count() as carts, count(placed_at) as ordered, (count() - count(placed_at)) / count() as " \
    "abandonment"
static const kith_report reports[] = {
    {.name = "abandonment",
     .doc = "Carts that were not ordered, of all that were begun.",
     .query = "order" RATE},
    {.name = "abandonment_by_step",
     .doc = "How far buyers come, and how many of them give up there.",
     .query = "order group by step" RATE},
    {.name = "declined",
     .doc = "What was offered and not bought, and why.",
     .query = "product_offer where state in ('refused', 'ignored') group by product.name as "
              "product, state, reason "
              "order by -count() : count() as offers"},
};
static const kith_timer timers[] = {
    {.name = "left",
     .cron = "20 * * * *",
     .fn = left_timer,
     .doc = "Finds carts that are left, and offers that nobody answered."},
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
    KITH_WANT(TIMER, "left", goods.left_timer),
    KITH_WANT(SETTING, "cart.abandon_after", goods.abandon_after),
    KITH_WANT_RECORD("product_offer", goods.offer, OFFER),
    KITH_WANT(QUERY,
              "order where state = 'cart' and updated < :before and not exists(order_line.order "
              "where updated >= :before) order by updated limit 200",
              goods.carts_left),
    KITH_WANT(QUERY, "product_offer where state = 'offered' and until < :today limit 200",
              goods.offers_over),
    KITH_WANT(QUERY, "wanted_item where contact = :contact and state in ('waiting', 'notified')",
              goods.wanted_of),
    KITH_WANT(QUERY, "product_offer where contact = :contact and state = 'offered'",
              goods.offers_to),
    KITH_WANT(QUERY, "product_offer where account = :account and state = 'offered'",
              goods.offers_at),
};
const kith_part demand_part = {
    .struct_size = sizeof demand_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .settings = KITH_ARRAY(settings),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .timers = KITH_ARRAY(timers),
    .reports = KITH_ARRAY(reports),
};
