/* SPDX-License-Identifier: Apache-2.0 */
/* Stock: what lies where, kept as movements that are added up and never changed, and the notice
 * when it falls to its critical level. */
#include "commerce.h"

int32_t is_by_rules(uint32_t origin) {
    return origin == KITH_ORIGIN_RETENTION || origin == KITH_ORIGIN_ERASE;
}

kith_value quantity_units(int64_t units) {
    kith_value v = quantity_of(0);
    v.as.decimal.units = units;
    return v;
}
int64_t units_of(const kith_value *quantity) {
    return quantity->kind == KITH_DECIMAL ? quantity->as.decimal.units : 0;
}

/* -- holdings -----------------------------------------------------------------------------------
 */

kith_status stock_holdings(kith_instance *self, const kith_txn *txn, uint32_t query,
                           const kith_value *which, struct holdings *out, kith_error *err) {
    uint64_t found = 0;
    *out = (struct holdings){0};
    KITH_TRY(KITH_GROUPS(self, txn, query, 1, which, &out->items, &found, err));
    for (uint64_t i = 0; i < found; i++)
        if (units_of(&out->items[i].quantity))
            out->items[out->count++] = out->items[i];
    return KITH_OK;
}

/* -- stock --------------------------------------------------------------------------------------
 */

static kith_status stock_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct stock now, was;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.stock, &now, err));
    if (change->before) {
        KITH_TRY(KITH_READ(self, txn, goods.stock, change->before, &was, err));
        if (was.product.as.link.id != now.product.as.link.id)
            return kith_fail(err, KITH_E_REFUSED, "product",
                             "product: a stock is of one product for ever; create another stock");
    }
    return KITH_OK;
}

/* -- the critical level -------------------------------------------------------------------------
 */

static int32_t is_low(const kith_value *critical, int64_t available) {
    return critical->kind == KITH_DECIMAL && available <= units_of(critical);
}

/* Once for each time that it falls, and each time that it rises again. */
static kith_status tell_level(kith_instance *self, kith_txn *txn, const struct stock *s,
                              int32_t was_low, kith_error *err) {
    const int32_t low = is_low(&s->critical, units_of(&s->available));
    const kith_value values[] = {s->product, s->location, s->available, s->critical,
                                 s->reorder_quantity};
    if (low == was_low)
        return KITH_OK;
    return self->events->publish(txn, low ? self->goods.critical : self->goods.replenished,
                                 self->goods.stock.type, s->id.as.link.id,
                                 sizeof values / sizeof *values, values, err);
}

static kith_status level_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct stock now, was;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.stock, &now, err));
    KITH_TRY(KITH_READ(self, txn, goods.stock, change->before, &was, err));
    return tell_level(self, txn, &now, is_low(&was.critical, units_of(&now.available)), err);
}

/* -- movements ----------------------------------------------------------------------------------
 */

/* What one of each kind does, by the signs of its quantity. */
static const struct effect {
    const char *kind;
    int8_t on_hand, reserved;
    int8_t free; /* no more than what nobody has reserved */
} effects[] = {
    {"receipt", 1, 0, 0},  {"return", 1, 0, 0}, {"reserve", 0, 1, 0},
    {"release", 0, -1, 0}, {"ship", -1, 0, 1},  {"move", -1, 0, 1},
};

struct moving {
    kith_instance *self;
    kith_txn *txn;
    struct movement m;
    struct stock stock;
    struct good good;
    int64_t on_hand, reserved;
};

static kith_status too_little(const struct moving *w, const char *what, int64_t there,
                              kith_error *err) {
    char wanted[KITH_NUMBER_TEXT], text[KITH_NUMBER_TEXT];
    const kith_value has = quantity_units(there);
    w->self->numbers->text(&w->m.quantity, wanted);
    w->self->numbers->text(&has, text);
    return kith_fail(
        err, KITH_E_REFUSED, "quantity",
        "quantity: %s of '%.*s' are to go from '%.*s', and %s %s; take fewer, or write "
        "a receipt or a count first",
        wanted, KITH_CHARS(w->good.code.as.s), KITH_CHARS(w->stock.location.as.s), text, what);
}

static kith_status check_movement(const struct moving *w, const struct effect *e, kith_error *err) {
    const int64_t on_hand = units_of(&w->stock.on_hand);
    const int64_t available = units_of(&w->stock.available);
    const int64_t taken = available - on_hand; /* what is reserved, negative */
    const int32_t by_hand = !kith_has(w->m.order_line);
    if (w->on_hand < 0 && on_hand + w->on_hand < 0)
        return too_little(w, "are there", on_hand, err);
    if (e && e->free && by_hand && available + w->on_hand < 0)
        return too_little(w, "are not reserved", available, err);
    if (w->reserved < 0 && by_hand && w->reserved < taken)
        return too_little(w, "are reserved", -taken, err);
    if (w->reserved > 0 && by_hand && available < w->reserved && !w->good.backorder.as.i)
        return too_little(w, "are free", available, err);
    return KITH_OK;
}

static kith_status check_target(const struct moving *w, kith_error *err) {
    struct stock to;
    const int32_t moves = kith_is(w->m.kind, "move") && w->on_hand < 0;
    if (!moves && !kith_has(w->m.to))
        return KITH_OK;
    if (!moves || !kith_has(w->m.to))
        return kith_fail(err, KITH_E_REFUSED, "to",
                         moves
                             ? "to: a move names the stock to which it goes: to=STOCK, of the same "
                               "product"
                             : "to: nothing but a move goes to another stock; leave it empty, or "
                               "write kind=move");
    KITH_TRY(KITH_LOAD(w->self, w->txn, goods.stock, w->m.to.as.link.id, &to, err));
    if (to.product.as.link.id != w->stock.product.as.link.id ||
        to.id.as.link.id == w->stock.id.as.link.id)
        return kith_fail(err, KITH_E_REFUSED, "to", "to: name another stock of the same product");
    return KITH_OK;
}

/* The changes that follow from the kind; what the module itself has set stays. */
static kith_status work_out(struct moving *w, kith_error *err) {
    const int64_t quantity = units_of(&w->m.quantity);
    const struct effect *effect = NULL;
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
        if (kith_is(w->m.kind, effects[i].kind))
            effect = &effects[i];
    if (effect && quantity == 0)
        return kith_fail(err, KITH_E_REFUSED, "quantity",
                         "quantity: it is more than 0, but for a count");
    w->on_hand = kith_has(w->m.on_hand) ? units_of(&w->m.on_hand)
                 : effect               ? effect->on_hand * quantity
                                        : quantity - units_of(&w->stock.on_hand);
    w->reserved = kith_has(w->m.reserved) ? units_of(&w->m.reserved)
                  : effect                ? effect->reserved * quantity
                                          : 0;
    KITH_TRY(check_target(w, err));
    return check_movement(w, effect, err);
}

/* What an order reserved or sent, and what came back, is not so again because an undo is undone:
 * the order, its shipment or its return carries it out, and looks at what is there. */
static kith_status check_brought_back(const struct movement *m, kith_error *err) {
    const kith_str kind = m->kind.as.s;
    if (!kith_has(m->order_line) ||
        !(kith_str_is(kind, "reserve") || kith_str_is(kind, "ship") || kith_str_is(kind, "return")))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "order_line",
                     "order_line: an undo moves nothing for an order; place it, ship it or receive "
                     "the return again");
}

static kith_status movement_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct moving w = {.self = self, .txn = txn};
    KITH_TRY(KITH_READ(self, txn, goods.movement, change->after, &w.m, err));
    if (change->origin == KITH_ORIGIN_UNDO)
        return check_brought_back(&w.m, err);
    KITH_TRY(KITH_LOAD(self, txn, goods.stock, w.m.stock.as.link.id, &w.stock, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.good, w.stock.product.as.link.id, &w.good, err));
    KITH_TRY(work_out(&w, err));
    struct movement now = w.m;
    now.on_hand = quantity_units(w.on_hand);
    now.reserved = quantity_units(w.reserved);
    now.available = quantity_units(w.on_hand - w.reserved);
    return KITH_SET_CHANGED(self, txn, change, goods.movement, &w.m, &now, err);
}

/* An undo takes a movement back unless others have built upon it since. */
static kith_status check_undone(kith_instance *self, const kith_txn *txn, const kith_row *row,
                                kith_error *err) {
    struct movement m;
    struct stock s;
    struct holdings held = {0};
    KITH_TRY(KITH_READ(self, txn, goods.movement, row, &m, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.stock, m.stock.as.link.id, &s, err));
    if (kith_has(m.order_line))
        KITH_TRY(stock_holdings(self, txn, self->goods.held_by_line, &m.order_line, &held, err));
    int64_t left = !kith_has(m.order_line) ? units_of(&s.on_hand) - units_of(&s.available) : 0;
    for (uint64_t i = 0; i < held.count; i++)
        if (kith_equal(held.items[i].stock, s.id))
            left += units_of(&held.items[i].quantity);
    const int32_t spent = units_of(&m.reserved) > 0 && left < units_of(&m.reserved);
    const int32_t gone = units_of(&m.on_hand) > 0 && units_of(&s.on_hand) < units_of(&m.on_hand);
    return spent || gone ? kith_fail(err, KITH_E_REFUSED, "stock",
                                     "stock: what it brought or reserved has left since; correct "
                                     "the stock by a movement of kind count or release")
                         : KITH_OK;
}

static kith_status movement_kept_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                      kith_error *err) {
    if (change->origin == KITH_ORIGIN_UNDO)
        return change->kind == KITH_ON_DELETE ? check_undone(self, txn, change->before, err)
                                              : KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "stock",
                     "stock: a movement stays as it was written; correct the stock by another one "
                     "of kind count");
}

static kith_status arrive(kith_instance *self, kith_txn *txn, const struct movement *m,
                          kith_error *err) {
    struct movement other = {
        .stock = m->to, .kind = m->kind, .quantity = m->quantity, .note = m->note};
    other.on_hand = m->quantity;
    return KITH_CREATE(self, txn, goods.movement, &other, err);
}

static kith_status moved_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct movement m;
    struct stock s;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.movement, &m, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.stock, m.stock.as.link.id, &s, err));
    const int64_t before = units_of(&s.available) - units_of(&m.available);
    KITH_TRY(tell_level(self, txn, &s, is_low(&s.critical, before), err));
    if (units_of(&m.available) > 0)
        KITH_TRY(wanted_arrived(self, txn, &s, err));
    return kith_has(m.to) ? arrive(self, txn, &m, err) : KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define KEPT(name, where, of, doc_text)                                                            \
    F(name, QUANTITY, .rollup = "sum(" of " via " where ")", .doc = doc_text)

static const kith_field product_fields[] = {
    F("backorder", BOOLEAN, .default_text = "true",
      .doc = "It may be ordered beyond what is in stock; else such an order is refused."),
    KEPT("on_hand", "product", "stock.on_hand", "How much lies in all its stocks."),
    KEPT("available", "product", "stock.available",
         "How much of that nobody has reserved; below 0 so much is in back order."),
};
static const kith_field stock_fields[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "Of what."),
    F("location", TEXT, .default_text = "main", .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED,
      .doc = "Where it lies: a warehouse, a shop."),
    F("critical", QUANTITY, .min = "0",
      .doc = "At this level or under it is to be ordered again; without it nothing is said."),
    F("reorder_quantity", QUANTITY, .min = "0.001", .doc = "How much is then ordered."),
    KEPT("on_hand", "stock", "stock_movement.on_hand", "How much is there."),
    KEPT("reserved", "stock", "stock_movement.reserved", "How much of it is promised to orders."),
    KEPT("available", "stock", "stock_movement.available",
         "How much is free; below 0 more was ordered than is there."),
};
static const kith_field movement_fields[] = {
    F("stock", LINK, .options = "stock", .flags = KITH_FF_REQUIRED, .doc = "Which stock."),
    F("kind", CHOICE, .options = "receipt,reserve,release,ship,return,count,move",
      .flags = KITH_FF_REQUIRED,
      .doc = "receipt and return bring in, ship and move take away, reserve and release promise "
             "and take the promise back; count says how much is really there."),
    F("quantity", QUANTITY, .min = "0", .flags = KITH_FF_REQUIRED, .doc = "How much."),
    F("to", LINK, .options = "stock", .doc = "Of a move: which other stock of the product."),
    F("order_line", LINK, .options = "order_line", .flags = KITH_FF_READONLY,
      .doc = "For which line of an order."),
    F("note", TEXT, .flags = KITH_FF_SEARCHED, .doc = "Why, or by which paper."),
    F("on_hand", QUANTITY, .flags = KITH_FF_READONLY, .doc = "What it changes of what is there."),
    F("reserved", QUANTITY, .flags = KITH_FF_READONLY, .doc = "What it changes of the promises."),
    F("available", QUANTITY, .flags = KITH_FF_READONLY, .doc = "What it changes of what is free."),
};
static const char *const stock_indexes[] = {"unique product,location"};
static const char *const movement_indexes[] = {"stock,-created"};

static const kith_type types[] = {
    {.name = "product", .fields = KITH_ARRAY(product_fields), .extends = 1},
    {.name = "stock",
     .doc = "What lies of a product at a place.",
     .title = "location",
     .fields = KITH_ARRAY(stock_fields),
     .indexes = KITH_ARRAY(stock_indexes)},
    {.name = "stock_movement",
     .label = "Stock movement",
     .doc = "One change of a stock; it stays as it was written.",
     .title = "kind",
     .fields = KITH_ARRAY(movement_fields),
     .indexes = KITH_ARRAY(movement_indexes)},
};

static const char *const level_fields[] = {"critical"};
static const char *const place_fields[] = {"product", "location"};
static const char *const kept_fields[] = {"stock", "kind", "quantity", "to", "note"};
static const kith_hook hooks[] = {
    {.name = "stock",
     .type = "stock",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = stock_hook,
     .fields = KITH_ARRAY(place_fields),
     .doc = "Keeps one stock for each product and place."},
    {.name = "level",
     .type = "stock",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = level_hook,
     .fields = KITH_ARRAY(level_fields),
     .doc = "Tells when another critical level makes a stock low, or not low any more."},
    {.name = "movement",
     .type = "stock_movement",
     .on = KITH_ON_CREATE,
     .when = KITH_SETTLE,
     .fn = movement_hook,
     .doc = "Works out what a movement changes, and refuses to take what is not there."},
    {.name = "movement_kept",
     .type = "stock_movement",
     .on = KITH_ON_UPDATE | KITH_ON_DELETE,
     .when = KITH_SETTLE,
     .fn = movement_kept_hook,
     .except = KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .fields = KITH_ARRAY(kept_fields),
     .doc = "Keeps movements as they were written."},
    {.name = "moved",
     .type = "stock_movement",
     .on = KITH_ON_CREATE,
     .when = KITH_AFTER,
     .fn = moved_hook,
     .doc = "Tells when a stock becomes low or is filled again, and has a move arrive."},
};

static const kith_field level_payload[] = {
    F("product", LINK, .options = "product", .doc = "Of what."),
    F("location", TEXT, .doc = "Where."),
    F("available", QUANTITY, .doc = "How much is free now."),
    F("critical", QUANTITY, .doc = "The level."),
    F("reorder_quantity", QUANTITY, .doc = "How much is to be ordered."),
};
static const kith_topic topics[] = {
    {.name = "stock.critical",
     .schema = 1,
     .fields = KITH_ARRAY(level_payload),
     .doc = "A stock fell to its critical level or under: order again."},
    {.name = "stock.replenished",
     .schema = 1,
     .fields = KITH_ARRAY(level_payload),
     .doc = "A stock rose above its critical level again."},
};

static const kith_report reports[] = {
    {.name = "critical_stock",
     .doc = "What is to be ordered again, the emptiest first.",
     .query = "stock where available <= critical order by available",
     .fields = "id,product.name,location,available,on_hand,reserved,critical,reorder_quantity"},
    {.name = "back_orders",
     .doc = "Of what more was ordered than is there.",
     .query = "stock where available < 0 order by available",
     .fields = "id,product.name,location,available,on_hand,reserved"},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("product", goods.good, GOOD),
    KITH_WANT_RECORD("stock", goods.stock, STOCK),
    KITH_WANT_RECORD("stock_movement", goods.movement, MOVEMENT),
    KITH_WANT(TOPIC, "stock.critical", goods.critical),
    KITH_WANT(TOPIC, "stock.replenished", goods.replenished),
};
const kith_part stock_part = {
    .struct_size = sizeof stock_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .reports = KITH_ARRAY(reports),
};
