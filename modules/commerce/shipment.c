/* SPDX-License-Identifier: Apache-2.0 */
/* Shipments: what leaves for an order, all at once or in parts, and arrives. The order's own state
 * follows from them, and they from it. */
#include "commerce.h"

/* -- lines of shipments -------------------------------------------------------------------------
 */

static kith_status check_preparing(const struct shipment *s, kith_error *err) {
    if (kith_is(s->state, "preparing"))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "shipment",
                     "shipment: '%.*s' has left, and what is in it stays; make another shipment",
                     KITH_CHARS(s->number.as.s));
}

static kith_status check_rest(kith_instance *self, const struct bought *line, int64_t wanted,
                              int64_t rest, kith_error *err) {
    char text[KITH_NUMBER_TEXT], all[KITH_NUMBER_TEXT], want[KITH_NUMBER_TEXT];
    const kith_value left = quantity_units(rest), asked = quantity_units(wanted);
    if (wanted > 0 && wanted <= rest)
        return KITH_OK;
    self->numbers->text(&left, text);
    self->numbers->text(&line->quantity, all);
    self->numbers->text(&asked, want);
    return kith_fail(err, KITH_E_REFUSED, "quantity",
                     "quantity: %s are to be shipped; %s were ordered, and %s of them are in no "
                     "shipment yet",
                     want, all, text);
}

/* Nothing but what is sent again makes it gone. */
static kith_status gone_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct shipment_line now;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.shipment_line, &now, err));
    return change->origin == KITH_ORIGIN_UNDO && now.gone.as.i
               ? kith_fail(err, KITH_E_REFUSED, "gone",
                           "gone: an undo sends nothing; set the shipment shipped again")
               : KITH_OK;
}

static kith_status packed_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct shipment_line now, was = {.quantity = kith_null()};
    struct shipment shipment;
    struct bought line;
    KITH_TRY(KITH_READ(self, txn, goods.shipment_line, change->after, &now, err));
    if (change->before)
        KITH_TRY(KITH_READ(self, txn, goods.shipment_line, change->before, &was, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.shipment, now.shipment.as.link.id, &shipment, err));
    KITH_TRY(check_preparing(&shipment, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.bought, now.order_line.as.link.id, &line, err));
    if (line.order.as.link.id != shipment.order.as.link.id)
        return kith_fail(err, KITH_E_REFUSED, "order_line",
                         "order_line: it is of another order than the shipment");
    if (change->before && was.order_line.as.link.id != now.order_line.as.link.id)
        return kith_fail(err, KITH_E_REFUSED, "order_line",
                         "order_line: it stays; delete this line and add another one");
    const int64_t rest =
        units_of(&line.quantity) - units_of(&line.packed) + units_of(&was.quantity);
    const int32_t all = !kith_has(now.quantity);
    if (all)
        now.quantity = quantity_units(rest);
    KITH_TRY(check_rest(self, &line, units_of(&now.quantity), rest, err));
    return all ? self->records->set(txn, change, 1, &self->goods.shipment_line.quantity,
                                    &now.quantity, err)
               : KITH_OK;
}

static kith_status unpacked_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct shipment_line was;
    struct shipment shipment;
    KITH_TRY(KITH_READ(self, txn, goods.shipment_line, change->before, &was, err));
    const kith_status st =
        KITH_LOAD(self, txn, goods.shipment, was.shipment.as.link.id, &shipment, err);
    return st == KITH_E_NOTFOUND ? KITH_OK : st == KITH_OK ? check_preparing(&shipment, err) : st;
}

/* -- shipments ----------------------------------------------------------------------------------
 */

static kith_status check_order(kith_instance *self, const kith_txn *txn, const struct shipment *s,
                               kith_error *err) {
    struct ordered o;
    KITH_TRY(KITH_LOAD(self, txn, goods.ordered, s->order.as.link.id, &o, err));
    if (kith_is(o.state, "ordered") || kith_is(o.state, "paid") || kith_is(o.state, "shipped"))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "order",
                     "order: nothing is shipped for an order that is %.*s; it has to be ordered or "
                     "paid",
                     KITH_CHARS(o.state.as.s));
}

static kith_status check_filled(kith_instance *self, const kith_txn *txn, const struct shipment *s,
                                kith_error *err) {
    int32_t filled;
    KITH_TRY(kith_any(self->records, txn, self->goods.shipped_in, 1, &s->id, &filled, err));
    return filled ? KITH_OK
                  : kith_fail(err, KITH_E_REFUSED, "state",
                              "state: the shipment is empty; add a line to it first");
}

/* What was in it may be on its way back, or here again. */
static kith_status check_not_back(kith_instance *self, const kith_txn *txn,
                                  const struct shipment *s, kith_error *err) {
    struct shipment_line *lines;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, txn, goods.shipment_line, self->goods.shipped_in, 1, &s->id, &lines,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct bought line;
        KITH_TRY(KITH_LOAD(self, txn, goods.bought, lines[i].order_line.as.link.id, &line, err));
        if (units_of(&line.returning) > units_of(&line.shipped))
            return kith_fail(err, KITH_E_REFUSED, "state",
                             "state: what was in '%.*s' was returned since; undo the return first",
                             KITH_CHARS(s->number.as.s));
    }
    return KITH_OK;
}

static int32_t is_later(const struct shipment *a, const struct shipment *b, int32_t arrived) {
    const kith_value *x = arrived ? &a->delivered_at : &a->shipped_at,
                     *y = arrived ? &b->delivered_at : &b->shipped_at;
    return x->kind == KITH_TIME && y->kind == KITH_TIME &&
           (x->as.i > y->as.i || (x->as.i == y->as.i && a->id.as.link.id > b->id.as.link.id));
}

/* The order is where its last shipment brought it: that one goes back before the others do. */
static kith_status check_last(kith_instance *self, const kith_txn *txn, const struct shipment *s,
                              kith_error *err) {
    const int32_t arrived = kith_is(s->state, "delivered");
    struct shipment *all;
    uint64_t count = 0;
    struct ordered o;
    KITH_TRY(KITH_LOAD(self, txn, goods.ordered, s->order.as.link.id, &o, err));
    if (!kith_is(o.state, arrived ? "delivered" : "shipped") && !kith_is(o.state, "delivered") &&
        !kith_is(o.state, "returned"))
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, goods.shipment, self->goods.shipments_of, 1, &s->order, &all,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (is_later(&all[i], s, arrived))
            return kith_fail(err, KITH_E_REFUSED, "state",
                             "state: the order is %.*s with '%.*s', which %s later; undo that "
                             "first",
                             KITH_CHARS(o.state.as.s), KITH_CHARS(all[i].number.as.s),
                             arrived ? "arrived" : "left");
    return kith_is(o.state, "returned")
               ? kith_fail(err, KITH_E_REFUSED, "state",
                           "state: all of the order was returned since; undo the return first")
               : KITH_OK;
}

static kith_status check_undone(kith_instance *self, const kith_txn *txn, const kith_change *info,
                                kith_error *err) {
    struct shipment was, now;
    if (!info->before)
        return KITH_OK;
    KITH_TRY(KITH_READ(self, txn, goods.shipment, info->before, &was, err));
    KITH_TRY(KITH_READ(self, txn, goods.shipment, info->after, &now, err));
    if (kith_is(was.state, "preparing") && !kith_is(now.state, "preparing"))
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: '%.*s' is prepared again, and an undo sends nothing; set it "
                         "shipped, as far as the order has something left for it",
                         KITH_CHARS(was.number.as.s));
    const int32_t back = kith_is(now.state, "preparing")
                             ? kith_is(was.state, "shipped") || kith_is(was.state, "delivered")
                             : kith_is(now.state, "shipped") && kith_is(was.state, "delivered");
    if (!back)
        return KITH_OK;
    if (kith_is(now.state, "preparing"))
        KITH_TRY(check_not_back(self, txn, &was, err));
    return check_last(self, txn, &was, err);
}

static kith_status shipment_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct shipment s;
    const struct shipment_numbers *n = &self->goods.shipment;
    if (change->origin == KITH_ORIGIN_UNDO)
        return check_undone(self, txn, change, err);
    KITH_TRY(KITH_READ(self, txn, goods.shipment, change->after, &s, err));
    if (self->records->changed(txn, change, n->order) == 1)
        KITH_TRY(change->before
                     ? kith_fail(err, KITH_E_REFUSED, "order",
                                 "order: a shipment is of one order for ever; make another one")
                     : check_order(self, txn, &s, err));
    if (!change->before || self->records->changed(txn, change, n->state) != 1)
        return KITH_OK;
    const kith_value now = KITH_NOW(self);
    if (kith_is(s.state, "shipped")) {
        KITH_TRY(check_order(self, txn, &s, err));
        KITH_TRY(check_filled(self, txn, &s, err));
    }
    const int32_t left = kith_is(s.state, "shipped");
    const kith_value *at = left ? &s.shipped_at : &s.delivered_at;
    if (!kith_has(*at))
        KITH_TRY(self->records->set(txn, change, 1, left ? &n->shipped_at : &n->delivered_at, &now,
                                    err));
    return KITH_OK;
}

static kith_status shipment_gone_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                      kith_error *err) {
    struct shipment was;
    KITH_TRY(KITH_READ(self, txn, goods.shipment, change->before, &was, err));
    return check_preparing(&was, err);
}

/* -- what follows from them ---------------------------------------------------------------------
 */

static kith_status ship_line(kith_instance *self, kith_txn *txn, const struct shipment_line *s,
                             kith_error *err) {
    struct bought line;
    KITH_TRY(KITH_LOAD(self, txn, goods.bought, s->order_line.as.link.id, &line, err));
    const struct taking t = {.kind = "ship",
                             .line = line.id,
                             .product = line.product,
                             .units = units_of(&s->quantity),
                             .of = units_of(&line.quantity) - units_of(&line.shipped)};
    KITH_TRY(stock_take(self, txn, &t, err));
    return KITH_SET(self, txn, goods.shipment_line, gone, s->id.as.link.id, kith_bool(1), err);
}

/* The order is where its shipments are. */
static kith_status follow_shipment(kith_instance *self, kith_txn *txn, kith_id order,
                                   kith_error *err) {
    struct ordered o;
    const char *next = NULL;
    KITH_TRY(KITH_LOAD(self, txn, goods.ordered, order, &o, err));
    if (o.to_ship.as.i == 0 && (kith_is(o.state, "ordered") || kith_is(o.state, "paid")))
        next = "shipped";
    else if (o.to_ship.as.i == 0 && o.undelivered.as.i == 0 && kith_is(o.state, "shipped"))
        next = "delivered";
    return next ? KITH_SET(self, txn, goods.ordered, state, order, kith_text(next), err) : KITH_OK;
}

static kith_status moved_on_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct shipment s;
    struct shipment_line *lines = NULL;
    uint64_t count = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.shipment, &s, err));
    if (kith_is(s.state, "shipped"))
        KITH_TRY(KITH_FIND(self, txn, goods.shipment_line, self->goods.shipped_in, 1, &s.id, &lines,
                           &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(ship_line(self, txn, &lines[i], err));
    return follow_shipment(self, txn, s.order.as.link.id, err);
}

/* -- orders -------------------------------------------------------------------------------------
 */

/* What is left of a line, or so much of it. */
static kith_status pack(kith_instance *self, kith_txn *txn, const kith_value *shipment,
                        const struct bought *line, int64_t units, kith_error *err) {
    struct shipment_line s = {
        .shipment = *shipment, .order_line = line->id, .quantity = quantity_units(units)};
    return KITH_CREATE(self, txn, goods.shipment_line, &s, err);
}

static kith_status set_shipped(kith_instance *self, kith_txn *txn, const kith_value *shipment,
                               kith_error *err) {
    return KITH_SET(self, txn, goods.shipment, state, shipment->as.link.id, kith_text("shipped"),
                    err);
}

static kith_status lines_of(kith_instance *self, const kith_txn *txn, const kith_value *order,
                            struct bought **lines, uint64_t *count, kith_error *err) {
    return KITH_FIND(self, txn, goods.bought, self->goods.lines_of, 1, order, lines, count, err);
}

/* Whatever is in no shipment yet. */
static kith_status ship_rest(kith_instance *self, kith_txn *txn, struct shipment *shipment,
                             kith_error *err) {
    struct bought *lines;
    uint64_t count = 0;
    int32_t any = 0;
    KITH_TRY(lines_of(self, txn, &shipment->order, &lines, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const int64_t rest = units_of(&lines[i].quantity) - units_of(&lines[i].packed);
        if (rest > 0 && !any++)
            KITH_TRY(KITH_CREATE(self, txn, goods.shipment, shipment, err));
        if (rest > 0)
            KITH_TRY(pack(self, txn, &shipment->id, &lines[i], rest, err));
    }
    return any ? set_shipped(self, txn, &shipment->id, err) : KITH_OK;
}

/* Those of the order that are not in this state yet come into it. */
static kith_status move_shipments(kith_instance *self, kith_txn *txn, const kith_value *order,
                                  const char *from, const char *to, kith_error *err) {
    struct shipment *shipments;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, txn, goods.shipment, self->goods.shipments_of, 1, order, &shipments,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (kith_is(shipments[i].state, from))
            KITH_TRY(KITH_SET(self, txn, goods.shipment, state, shipments[i].id.as.link.id,
                              kith_text(to), err));
    return KITH_OK;
}

static kith_status order_follows_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                      kith_error *err) {
    struct ordered o;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.ordered, &o, err));
    if (kith_is(o.state, "delivered"))
        return o.undelivered.as.i ? move_shipments(self, txn, &o.id, "shipped", "delivered", err)
                                  : KITH_OK;
    if (!kith_is(o.state, "shipped") || o.to_ship.as.i == 0)
        return KITH_OK;
    if (o.shipments.as.i)
        KITH_TRY(move_shipments(self, txn, &o.id, "preparing", "shipped", err));
    struct shipment rest = {.order = o.id};
    return ship_rest(self, txn, &rest, err);
}

static kith_status order_back_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                   kith_error *err) {
    struct ordered o;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.ordered, &o, err));
    if (!o.shipments.as.i || !(is_before_order(o.state.as.s) || kith_is(o.state, "cancelled")))
        return KITH_OK; /* nor by an undo */
    return kith_fail(
        err, KITH_E_REFUSED, "state",
        "state: the order has %lld shipment%s; delete what is being prepared, and have "
        "returned what has left",
        (long long)o.shipments.as.i, o.shipments.as.i == 1 ? "" : "s");
}

static kith_status feedback_reaction(kith_instance *self, kith_txn *txn, const kith_event *event,
                                     kith_error *err) {
    struct ordered o;
    struct bought *lines;
    uint64_t count = 0;
    if (!event->record)
        return KITH_OK;
    KITH_TRY(KITH_READ(self, txn, goods.ordered, event->record, &o, err));
    KITH_TRY(lines_of(self, txn, &o.id, &lines, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const kith_value values[] = {o.id, lines[i].product, o.contact, o.account};
        KITH_TRY(self->events->publish(txn, self->goods.feedback, self->goods.bought.type,
                                       lines[i].id.as.link.id, 4, values, err));
    }
    return KITH_OK;
}

/* -- the action ---------------------------------------------------------------------------------
 */

/* So much of a product, out of the lines of the order that have it. */
static kith_status pack_item(kith_instance *self, kith_txn *txn, const kith_value *shipment,
                             struct bought *lines, uint64_t count, const struct item *item,
                             kith_error *err) {
    int64_t left = item->units;
    for (uint64_t i = 0; i < count && left > 0; i++) {
        struct good good;
        KITH_TRY(KITH_LOAD(self, txn, goods.good, lines[i].product.as.link.id, &good, err));
        if (!kith_equal(good.code, kith_string(item->code)))
            continue;
        const int64_t rest = units_of(&lines[i].quantity) - units_of(&lines[i].packed);
        const int64_t part = rest < left ? rest : left;
        left -= part;
        lines[i].packed = quantity_units(units_of(&lines[i].packed) + part);
        if (part > 0)
            KITH_TRY(pack(self, txn, shipment, &lines[i], part, err));
    }
    if (left == 0)
        return KITH_OK;
    const kith_value rest = quantity_units(item->units - left);
    char text[KITH_NUMBER_TEXT];
    self->numbers->text(&rest, text);
    return kith_fail(err, KITH_E_REFUSED, "lines",
                     "lines: %s of '%.*s' are left to be shipped of this order; ship no more", text,
                     KITH_CHARS(item->code));
}

static kith_status ship_some(kith_instance *self, kith_txn *txn, struct shipment *shipment,
                             kith_str text, kith_error *err) {
    struct item *items;
    struct bought *lines;
    uint64_t count = 0, n = 0;
    KITH_TRY(items_read(self, txn, text, &items, &n, err));
    KITH_TRY(lines_of(self, txn, &shipment->order, &lines, &count, err));
    KITH_TRY(KITH_CREATE(self, txn, goods.shipment, shipment, err));
    for (uint64_t i = 0; i < n; i++)
        KITH_TRY(pack_item(self, txn, &shipment->id, lines, count, &items[i], err));
    return set_shipped(self, txn, &shipment->id, err);
}

static kith_status ship_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct {
        kith_value order, lines, carrier, tracking;
    } a;
    struct ordered o;
    struct shipment s;
    struct shipment_line *lines;
    uint64_t count = 0;
    KITH_TRY(KITH_ARGS(self, call, &a, err));
    struct shipment made = {.order = a.order, .carrier = a.carrier, .tracking = a.tracking};
    KITH_TRY(!kith_has(a.lines) ? ship_rest(self, txn, &made, err)
                                : ship_some(self, txn, &made, a.lines.as.s, err));
    if (!kith_has(made.id))
        return kith_fail(err, KITH_E_REFUSED, "order",
                         "order: all of it is in a shipment already; set that one shipped");
    KITH_TRY(KITH_LOAD(self, txn, goods.shipment, made.id.as.link.id, &s, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.ordered, a.order.as.link.id, &o, err));
    KITH_TRY(KITH_FIND(self, txn, goods.shipment_line, self->goods.shipped_in, 1, &s.id, &lines,
                       &count, err));
    const struct {
        kith_value shipment, number, lines, to_ship, state;
    } out = {s.id, s.number, kith_int((int64_t)count), o.to_ship, o.state};
    return KITH_RESULTS(self, call, &out, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field order_fields[] = {
    F("shipments", INTEGER, .rollup = "count(shipment via order)", .doc = "In how many parts."),
    F("to_ship", INTEGER, .rollup = "count(order_line via order where shipped < quantity)",
      .doc = "How many lines have not left, or not all of them."),
    F("undelivered", INTEGER, .rollup = "count(shipment via order where state != 'delivered')",
      .doc = "How many shipments have not arrived."),
};
static const kith_field line_fields[] = {
    F("packed", QUANTITY, .rollup = "sum(shipment_line.quantity via order_line)",
      .doc = "How much of it is in shipments, also in those that are being prepared."),
    F("shipped", QUANTITY, .rollup = "sum(shipment_line.quantity via order_line where gone)",
      .doc = "How much of it has left."),
};
static const kith_field shipment_fields[] = {
    F("number", SERIES, .options = "S-000000", .flags = KITH_FF_SEARCHED, .doc = "Its number."),
    F("order", LINK, .options = "order", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "For which order."),
    F("state", STATE, .options = "preparing>shipped,shipped>delivered", .flags = KITH_FF_INDEXED,
      .doc = "Where it is."),
    F("carrier", TEXT, .doc = "Who brings it."),
    F("tracking", TEXT, .flags = KITH_FF_SEARCHED | KITH_FF_INDEXED,
      .doc = "The number by which the carrier knows it."),
    F("tracking_url", URL, .doc = "Where the customer sees the way that it goes."),
    F("expected", DATE, .doc = "When it should arrive."),
    F("shipped_at", TIME, .flags = KITH_FF_INDEXED, .doc = "When it left."),
    F("delivered_at", TIME, .doc = "When it arrived."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What else is to be known."),
    F("lines", INTEGER, .rollup = "count(shipment_line via shipment)", .doc = "How many lines."),
};
static const kith_field shipment_line_fields[] = {
    F("shipment", LINK, .options = "shipment", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "In which shipment."),
    F("order_line", LINK, .options = "order_line", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "Of which line of the order."),
    F("quantity", QUANTITY, .min = "0.001",
      .doc = "How much of it; all that is in no shipment yet when nothing is said."),
    F("gone", BOOLEAN, .default_text = "false", .flags = KITH_FF_READONLY, .doc = "It has left."),
};
static const char *const shipment_indexes[] = {"state,shipped_at"};
static const kith_type types[] = {
    {.name = "order", .fields = KITH_ARRAY(order_fields), .extends = 1},
    {.name = "order_line", .fields = KITH_ARRAY(line_fields), .extends = 1},
    {.name = "shipment",
     .doc = "What leaves for an order in one piece.",
     .title = "number",
     .fields = KITH_ARRAY(shipment_fields),
     .indexes = KITH_ARRAY(shipment_indexes)},
    {.name = "shipment_line",
     .label = "Shipment line",
     .doc = "How much of an order line is in a shipment.",
     .title = "order_line",
     .fields = KITH_ARRAY(shipment_line_fields)},
};

static const char *const state_only[] = {"state"};
static const char *const gone_only[] = {"gone"};
static const char *const packed_fields[] = {"shipment", "order_line", "quantity"};
static const kith_hook hooks[] = {
    {.name = "packed",
     .type = "shipment_line",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = packed_hook,
     .fields = KITH_ARRAY(packed_fields),
     .doc = "Refuses to ship more than was ordered, and to change what has left."},
    {.name = "not_sent_twice",
     .type = "shipment_line",
     .on = KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = gone_hook,
     .fields = KITH_ARRAY(gone_only),
     .doc = "Refuses to send anything by an undo of an undo."},
    {.name = "unpacked",
     .type = "shipment_line",
     .on = KITH_ON_DELETE,
     .when = KITH_BEFORE,
     .fn = unpacked_hook,
     .except = KITH_FROM(UNDO) | KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .doc = "Keeps the lines of what has left."},
    {.name = "shipment",
     .type = "shipment",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = shipment_hook,
     .doc = "Ships for orders that were placed, nothing empty, and notes when."},
    {.name = "shipment_gone",
     .type = "shipment",
     .on = KITH_ON_DELETE,
     .when = KITH_BEFORE,
     .fn = shipment_gone_hook,
     .except = KITH_FROM(UNDO) | KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .doc = "Keeps shipments that have left."},
    {.name = "moved_on",
     .type = "shipment",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = moved_on_hook,
     .fields = KITH_ARRAY(state_only),
     .doc = "Takes from stock what is shipped, and moves the order on."},
    {.name = "order_follows",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = order_follows_hook,
     .fields = KITH_ARRAY(state_only),
     .doc = "Ships or delivers the rest of an order whose state is set by hand."},
    {.name = "order_back",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = order_back_hook,
     .fields = KITH_ARRAY(state_only),
     .doc = "Keeps an order with shipments from becoming a cart again, or being cancelled."},
};
static const kith_field feedback_payload[] = {
    F("order", LINK, .options = "order", .doc = "Of which order."),
    F("product", LINK, .options = "product", .doc = "About what."),
    F("contact", LINK, .options = "contact", .doc = "Who is to be asked."),
    F("account", LINK, .options = "account", .doc = "Of which organisation."),
};
static const kith_topic topics[] = {
    {.name = "order_line.feedback",
     .schema = 1,
     .fields = KITH_ARRAY(feedback_payload),
     .doc = "A product was delivered: ask the customer about it."},
};
static const kith_reaction reactions[] = {
    {.name = "feedback",
     .topic = "order.delivered",
     .fn = feedback_reaction,
     .doc = "Asks for feedback on each product of an order that was delivered."},
};

static const kith_field ship_params[] = {
    F("order", LINK, .options = "order", .flags = KITH_FF_REQUIRED, .doc = "Which order."),
    F("lines", LONGTEXT, .doc = "Only so much: CODE*QUANTITY; CODE*QUANTITY. Without it the rest."),
    F("carrier", TEXT, .doc = "Who brings it."),
    F("tracking", TEXT, .doc = "The number by which the carrier knows it."),
};
static const kith_field ship_fields[] = {
    F("shipment", LINK, .options = "shipment", .doc = "The shipment."),
    F("number", TEXT, .doc = "Its number."),
    F("lines", INTEGER, .doc = "How many lines are in it."),
    F("to_ship", INTEGER, .doc = "How many lines of the order have not left, or not all of them."),
    F("state", TEXT, .doc = "Where the order stands now."),
};
static const kith_action actions[] = {
    {.name = "ship",
     .doc = "Ships what is left of an order, or a part of it.",
     .effect = KITH_EFFECT_WRITE,
     .fn = ship_action,
     .params = KITH_ARRAY(ship_params),
     .results = KITH_ARRAY(ship_fields)},
};
static const kith_report reports[] = {
    {.name = "to_ship",
     .doc = "Orders that wait to leave, the oldest first.",
     .query = "order where state in ('ordered', 'paid') order by placed_at",
     .fields = "id,number,account.name,contact.name,placed_at,total,to_ship,state,owner.name"},
    {.name = "in_transit",
     .doc = "What has left and not arrived, the oldest first.",
     .query = "shipment where state = 'shipped' order by shipped_at",
     .fields = "id,number,order.number,order.account.name,order.contact.name,carrier,tracking,"
               "shipped_at,expected"},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("order", goods.ordered, ORDER_NOW),
    KITH_WANT_RECORD("order_line", goods.bought, BOUGHT),
    KITH_WANT_RECORD("shipment", goods.shipment, SHIPMENT),
    KITH_WANT_RECORD("shipment_line", goods.shipment_line, SHIPMENT_LINE),
    KITH_WANT(QUERY, "order_line where order = :order order by id", goods.lines_of),
    KITH_WANT(QUERY, "shipment_line where shipment = :shipment order by id", goods.shipped_in),
    KITH_WANT(QUERY, "shipment where order = :order order by id", goods.shipments_of),
    KITH_WANT(TOPIC, "order_line.feedback", goods.feedback),
};
const kith_part shipment_part = {
    .struct_size = sizeof shipment_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
