/* SPDX-License-Identifier: Apache-2.0 */
/* Returns: what a customer wants to give back, whether it may, and what of it goes into stock
 * again. The money follows by the state received. */
#include "commerce.h"

/* -- what may come back -------------------------------------------------------------------------
 */

/* Of an order that has left as a whole, also one that is only written down here, all of it. */
static int64_t had(const struct ordered *o, const struct bought *line) {
    return kith_is(o->state, "shipped") || kith_is(o->state, "delivered") ||
                   kith_is(o->state, "returned")
               ? units_of(&line->quantity)
               : units_of(&line->shipped);
}

static kith_status check_quantity(kith_instance *self, int64_t wanted, int64_t got, int64_t coming,
                                  kith_error *err) {
    char want[KITH_NUMBER_TEXT], had_text[KITH_NUMBER_TEXT], back[KITH_NUMBER_TEXT];
    const kith_value w = quantity_units(wanted), g = quantity_units(got),
                     b = quantity_units(coming);
    if (wanted <= got - coming)
        return KITH_OK;
    self->numbers->text(&w, want);
    self->numbers->text(&g, had_text);
    self->numbers->text(&b, back);
    return kith_fail(err, KITH_E_REFUSED, "quantity",
                     "quantity: %s are to come back; %s have left, and %s of them are returned or "
                     "about to be",
                     want, had_text, back);
}

/* What was agreed on stays, from the time on when it has come. */
static kith_status check_kept(kith_instance *self, const kith_txn *txn, const kith_change *change,
                              const struct returned *was, kith_error *err) {
    const struct returned_numbers *n = &self->goods.returned;
    const uint32_t kept[] = {n->quantity, n->restock};
    int32_t changed = self->records->changed(txn, change, n->order_line) == 1 ||
                      self->records->changed(txn, change, n->order) == 1 ||
                      self->records->changed(txn, change, n->product) == 1;
    for (size_t i = 0; kith_is(was->state, "received") || kith_is(was->state, "refunded"); i++) {
        if (i == sizeof kept / sizeof *kept)
            break;
        changed |= self->records->changed(txn, change, kept[i]) == 1;
    }
    return changed ? kith_fail(err, KITH_E_REFUSED, "quantity",
                               "quantity: what has come back stays as it was received; record "
                               "another return")
                   : KITH_OK;
}

/* -- which line it is of ------------------------------------------------------------------------
 */

/* Who gives something back may not know by which order it came: the last one will do. */
static kith_status find_line(kith_instance *self, kith_txn *txn, struct returned *r,
                             kith_error *err) {
    const int by_order = r->order.kind == KITH_LINK;
    const kith_value params[] = {by_order ? r->order : r->contact, r->product,
                                 !kith_has(r->received_at) ? KITH_NOW(self) : r->received_at};
    struct bought *lines;
    uint64_t count = 0;
    if (r->product.kind != KITH_LINK || params[0].kind != KITH_LINK)
        return kith_fail(err, KITH_E_INVAL, "order_line",
                         "order_line: say which line of an order comes back, or the product with "
                         "its order or contact");
    KITH_TRY(KITH_FIND(self, txn, goods.bought,
                       by_order ? self->goods.left_by_order : self->goods.left_by_contact, 3,
                       params, &lines, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct ordered o;
        KITH_TRY(KITH_LOAD(self, txn, goods.ordered, lines[i].order.as.link.id, &o, err));
        if (had(&o, &lines[i]) - units_of(&lines[i].returning) >= units_of(&r->quantity)) {
            r->order_line = lines[i].id;
            return KITH_OK;
        }
    }
    return kith_fail(err, KITH_E_REFUSED, "product",
                     "product: no %s has as much of it that could come back",
                     by_order ? "line of this order" : "order of this contact");
}

static kith_status check_same(const char *field, const kith_value *said, const kith_value *is,
                              kith_error *err) {
    if (!kith_has(*said) || said->as.link.id == is->as.link.id)
        return KITH_OK;
    return kith_fail(err, KITH_E_INVAL, field,
                     "%s: the order_line that comes back is of another one; leave it out", field);
}

/* Files of orders write what came back below zero. */
static kith_status put_quantity(struct returned *r, uint32_t origin, kith_error *err) {
    const int64_t units = units_of(&r->quantity);
    if (units > 0)
        return KITH_OK;
    if (units == 0 || origin != KITH_ORIGIN_IMPORT)
        return kith_fail(err, KITH_E_INVAL, "quantity",
                         "quantity: something comes back; write how much of it, 0.001 or more");
    r->quantity = quantity_units(-units);
    return KITH_OK;
}

static int32_t is_back(const struct returned *r) {
    return kith_is(r->state, "received") || kith_is(r->state, "refunded");
}

/* What stands on no invoice when it comes back is never billed, and so not credited either: the
 * last pieces of the line. What of it goes into stock costs us nothing: at once where it is not
 * billed, else when it is refunded. */
static kith_status settle_back(kith_instance *self, struct returned *r, const struct returned *was,
                               const struct bought *line, kith_error *err) {
    const int64_t all = units_of(&line->quantity), back = units_of(&line->unbilled),
                  back_now = units_of(&r->quantity);
    const int64_t open = all - back - units_of(&line->invoiced);
    const int64_t part = open <= 0 ? 0 : open < back_now ? open : back_now;
    if (!is_back(r))
        return KITH_OK;
    if (!is_back(was)) {
        const int64_t at[3] = {all - back - part, all - back, all};
        r->unbilled = quantity_units(part);
        r->billable = part ? quantity_units(at[0]) : kith_null();
        KITH_TRY(money_share(self, &line->total, at, &r->sent_back, err));
    }
    r->restocked = !r->restock.as.i                ? quantity_units(0)
                   : kith_is(r->state, "refunded") ? r->quantity
                                                   : r->unbilled;
    return KITH_OK;
}

static kith_status put_order(kith_instance *self, kith_txn *txn, kith_change *change,
                             const struct returned *asked, struct returned *r,
                             const struct bought *line, const struct ordered *o, kith_error *err) {
    r->order_line = line->id;
    r->order = o->id;
    r->product = line->product;
    if (!kith_has(r->contact))
        r->contact = o->contact;
    if (kith_is(r->state, "received") && !kith_has(r->received_at))
        r->received_at = KITH_NOW(self);
    return KITH_SET_CHANGED(self, txn, change, goods.returned, asked, r, err);
}

/* Has what it brought into stock left since? Then its movement stays, and so does it. */
static kith_status check_left(kith_instance *self, const kith_txn *txn, const struct returned *r,
                              kith_error *err) {
    struct holdings there;
    struct bought line;
    int64_t units = 0;
    KITH_TRY(stock_holdings(self, txn, self->goods.back_by_line, &r->order_line, &there, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.bought, r->order_line.as.link.id, &line, err));
    for (uint64_t i = 0; i < there.count; i++) {
        struct stock s;
        KITH_TRY(KITH_LOAD(self, txn, goods.stock, there.items[i].stock.as.link.id, &s, err));
        if (s.product.as.link.id == line.product.as.link.id)
            units += units_of(&there.items[i].quantity);
    }
    return r->restock.as.i && units > units_of(&line.returned) - units_of(&r->quantity)
               ? kith_fail(err, KITH_E_REFUSED, "state",
                           "state: what '%.*s' brought into stock has left since; write a receipt "
                           "or a count first",
                           KITH_CHARS(r->number.as.s))
               : KITH_OK;
}

/* Another one may have come in its place, where it was rejected or gone. */
static kith_status check_room(kith_instance *self, const kith_txn *txn, const struct returned *r,
                              kith_error *err) {
    struct bought line;
    struct ordered o;
    KITH_TRY(KITH_LOAD(self, txn, goods.bought, r->order_line.as.link.id, &line, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.ordered, line.order.as.link.id, &o, err));
    return check_quantity(self, units_of(&r->quantity), had(&o, &line), units_of(&line.returning),
                          err);
}

/* Its credit note is never undone, and a second one is not to be made. */
static kith_status check_undone(kith_instance *self, const kith_txn *txn, const kith_change *info,
                                kith_error *err) {
    struct returned now, was = {.state = kith_text("rejected")};
    KITH_TRY(KITH_READ(self, txn, goods.returned, info->after, &now, err));
    if (info->before)
        KITH_TRY(KITH_READ(self, txn, goods.returned, info->before, &was, err));
    if (kith_is(was.state, "rejected") && !kith_is(now.state, "rejected"))
        KITH_TRY(check_room(self, txn, &now, err));
    if (info->before && is_back(&now) && !is_back(&was))
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: %.*s is %.*s by now, and an undo receives nothing; set it "
                         "received again",
                         KITH_CHARS(now.number.as.s), KITH_CHARS(was.state.as.s));
    if (kith_is(was.state, "received") && !is_back(&now))
        KITH_TRY(check_left(self, txn, &was, err));
    return kith_is(was.state, "refunded") && !kith_is(now.state, "refunded")
               ? kith_fail(err, KITH_E_REFUSED, "state",
                           "state: what was refunded stays, as its credit note does; invoice it "
                           "again, when the customer is to pay for it")
               : KITH_OK;
}

static kith_status return_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct returned asked, now, was = {.quantity = kith_null()};
    struct bought line;
    struct ordered o;
    int64_t coming = 0;
    if (change->origin == KITH_ORIGIN_UNDO)
        return check_undone(self, txn, change, err);
    KITH_TRY(KITH_READ(self, txn, goods.returned, change->after, &asked, err));
    now = asked;
    if (change->before)
        KITH_TRY(KITH_READ(self, txn, goods.returned, change->before, &was, err));
    if (change->before)
        KITH_TRY(check_kept(self, txn, change, &was, err));
    KITH_TRY(put_quantity(&now, change->origin, err));
    if (!kith_has(now.order_line))
        KITH_TRY(find_line(self, txn, &now, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.bought, now.order_line.as.link.id, &line, err));
    KITH_TRY(check_same("product", &now.product, &line.product, err));
    KITH_TRY(check_same("order", &now.order, &line.order, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.ordered, line.order.as.link.id, &o, err));
    if (change->before && !kith_is(was.state, "rejected"))
        coming = -units_of(&was.quantity);
    coming += units_of(&line.returning);
    if (!kith_is(now.state, "rejected"))
        KITH_TRY(check_quantity(self, units_of(&now.quantity), had(&o, &line), coming, err));
    KITH_TRY(settle_back(self, &now, &was, &line, err));
    return put_order(self, txn, change, &asked, &now, &line, &o, err);
}

static kith_status return_gone_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                    kith_error *err) {
    struct returned was;
    KITH_TRY(KITH_READ(self, txn, goods.returned, change->before, &was, err));
    if (is_back(&was))
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: what has come back stays; undo its receipt instead");
    return KITH_OK;
}

/* -- when it has come ---------------------------------------------------------------------------
 */

static kith_status restock(kith_instance *self, kith_txn *txn, const struct returned *r,
                           const struct bought *line, const struct ordered *o, kith_error *err) {
    const struct taking t = {.kind = "return",
                             .line = line->id,
                             .product = line->product,
                             .units = units_of(&r->quantity),
                             /* this one is counted among them already */
                             .of =
                                 had(o, line) - units_of(&line->returned) + units_of(&r->quantity)};
    return stock_take(self, txn, &t, err);
}

static kith_status received_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct returned r;
    struct bought line;
    struct ordered o;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.returned, &r, err));
    if (!kith_is(r.state, "received"))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, goods.bought, r.order_line.as.link.id, &line, err));
    KITH_TRY(KITH_LOAD(self, txn, goods.ordered, line.order.as.link.id, &o, err));
    if (r.restock.as.i)
        KITH_TRY(restock(self, txn, &r, &line, &o, err));
    if (o.to_return.as.i == 0 && (kith_is(o.state, "shipped") || kith_is(o.state, "delivered")))
        KITH_TRY(
            KITH_SET(self, txn, goods.ordered, state, o.id.as.link.id, kith_text("returned"), err));
    return KITH_OK;
}

static kith_status order_returned_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                       kith_error *err) {
    struct ordered o;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.ordered, &o, err));
    if (!kith_is(o.state, "returned") || o.to_return.as.i == 0)
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: %lld line%s not come back as a whole; record a return_request for "
                     "what has, and the order is returned with the last one",
                     (long long)o.to_return.as.i, o.to_return.as.i == 1 ? " has" : "s have");
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field order_fields[] = {
    F("to_return", INTEGER, .rollup = "count(order_line via order where returned < quantity)",
      .doc = "How many lines have not come back, or not all of them."),
    F("sent_back", MONEY, .rollup = "sum(return_request.sent_back via order) in currency",
      .doc = "What of it came back before it stood on an invoice: it is not billed."),
};
static const kith_field line_fields[] = {
    F("returning", QUANTITY,
      .rollup = "sum(return_request.quantity via order_line where state != 'rejected')",
      .doc = "How much of it has come back or is about to."),
    F("returned", QUANTITY,
      .rollup = "sum(return_request.quantity via order_line where state in ('received', "
                "'refunded'))",
      .doc = "How much of it has come back."),
    F("unbilled", QUANTITY, .rollup = "sum(return_request.unbilled via order_line)",
      .doc = "How much of it came back before it stood on an invoice: it is not billed."),
    F("billable", QUANTITY, .rollup = "min(return_request.billable via order_line)",
      .doc = "How much of it is billed in all, where some came back before."),
    F("restocked", QUANTITY, .rollup = "sum(return_request.restocked via order_line)",
      .doc = "How much of it is in stock again, and costs us nothing."),
};
static const kith_field return_fields[] = {
    F("number", SERIES, .options = "R-000000", .flags = KITH_FF_SEARCHED, .doc = "Its number."),
    F("order_line", LINK, .options = "order_line", .flags = KITH_FF_PARTOF,
      .doc =
          "Of which line of an order; else of the last one with the product, of the order or the "
          "contact, that has as much left."),
    F("order", LINK, .options = "order", .doc = "Of which order; that of the line."),
    F("product", LINK, .options = "product", .doc = "What comes back; that of the line."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT,
      .doc = "Who returns it; who ordered when nothing is said."),
    F("quantity", QUANTITY, .default_text = "1", .flags = KITH_FF_REQUIRED,
      .doc = "How much of it; an import takes -2 for 2."),
    F("reason", CHOICE,
      .options = "defect,damaged,wrong_item,not_as_described,too_late,changed_mind,other",
      .flags = KITH_FF_INDEXED, .doc = "Why."),
    F("state", STATE,
      .options = "requested>approved|rejected,approved>received|rejected,received>refunded",
      .flags = KITH_FF_INDEXED, .doc = "Where it stands."),
    F("restock", BOOLEAN, .default_text = "true",
      .doc = "When it comes it goes into stock again; no when it is broken."),
    F("complaint", LINK, .options = "*", .doc = "What was complained about: a case."),
    F("received_at", TIME, .doc = "When it came."),
    F("unbilled", QUANTITY, .flags = KITH_FF_READONLY,
      .doc = "How much of it stood on no invoice when it came: it is neither billed nor credited."),
    F("sent_back", MONEY, .flags = KITH_FF_READONLY, .doc = "What the order is less by that."),
    F("billable", QUANTITY, .flags = KITH_FF_READONLY,
      .doc = "How much of the line is billed in all since."),
    F("restocked", QUANTITY, .flags = KITH_FF_READONLY,
      .doc = "How much of it costs us nothing any more, since it is in stock again."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL | KITH_FF_SEARCHED, .doc = "What was said."),
};
static const kith_type types[] = {
    {.name = "order", .fields = KITH_ARRAY(order_fields), .extends = 1},
    {.name = "order_line", .fields = KITH_ARRAY(line_fields), .extends = 1},
    {.name = "return_request",
     .label = "Return request",
     .doc = "What a customer wants to give back.",
     .title = "number",
     .fields = KITH_ARRAY(return_fields)},
};

static const char *const state_only[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "return",
     .type = "return_request",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = return_hook,
     .doc = "Refuses the return of what was not bought, or has come back."},
    {.name = "return_gone",
     .type = "return_request",
     .on = KITH_ON_DELETE,
     .when = KITH_SETTLE,
     .fn = return_gone_hook,
     .except = KITH_FROM(UNDO) | KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .doc = "Keeps returns that have come."},
    {.name = "received",
     .type = "return_request",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = received_hook,
     .fields = KITH_ARRAY(state_only),
     .doc = "Takes what has come back into stock, and moves the order on."},
    {.name = "order_returned",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = order_returned_hook,
     .except = KITH_FROM(UNDO),
     .fields = KITH_ARRAY(state_only),
     .doc = "An order is returned when all of it has come back."},
};
static const kith_report reports[] = {
    {.name = "return_reasons",
     .doc = "Why what comes back.",
     .query = "return_request where state != 'rejected' group by order_line.product.name as "
              "product, reason order "
              "by -count() : count() as returns, sum(quantity) as quantity"},
};

#define LEFT(of)                                                                                   \
    "order_line where " of " = :of and product = :product and order.placed_at <= :at and "         \
    "order.state in ('ordered', 'paid', 'shipped', 'delivered', 'returned') "                      \
    "order by -order.placed_at, -id limit 200"
static const kith_want wants[] = {
    KITH_WANT_RECORD("return_request", goods.returned, RETURN),
    KITH_WANT(QUERY,
              "stock_movement where order_line = :line and kind = 'return' group by stock, "
              "order_line : sum(on_hand)",
              goods.back_by_line),
    KITH_WANT(QUERY, LEFT("order"), goods.left_by_order),
    KITH_WANT(QUERY, LEFT("order.contact"), goods.left_by_contact),
};
const kith_part return_part = {
    .struct_size = sizeof return_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .reports = KITH_ARRAY(reports),
};
