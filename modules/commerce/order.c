/* SPDX-License-Identifier: Apache-2.0 */
/* Orders, from the cart to the end. What follows from an order that is placed - stock, shipments,
 * invoices - is carried out elsewhere, by its states. */
#include "commerce.h"

const char *order_remedy(kith_str state) {
    return kith_str_is(state, "ordered") || kith_str_is(state, "quoted")
               ? "take it back to cart first, or make another order"
           : kith_str_is(state, "paid") ? "cancel it, and make another order"
                                        : "make another order";
}

int32_t order_is_open(const struct order *o) {
    return kith_is(o->state, "cart") || kith_is(o->state, "abandoned");
}

int32_t order_was_placed(const struct order *o) {
    return !kith_is(o->state, "cart") && !kith_is(o->state, "abandoned") &&
           (!kith_is(o->state, "cancelled") || kith_has(o->placed_at));
}

/* Numbers, stock and books go by it. */
static kith_status order_kept_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                   kith_error *err) {
    struct order o;
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &o, err));
    if (!order_was_placed(&o))
        return KITH_OK;
    const kith_str state = o.state.as.s;
    const char *remedy = kith_str_is(state, "ordered") || kith_str_is(state, "quoted")
                             ? "take it back to cart first, or cancel it"
                         : kith_str_is(state, "paid") ? "cancel it"
                                                      : "only a rule of retention takes it away";
    return kith_fail(err, KITH_E_REFUSED, NULL, "%.*s is %.*s, and is kept with its lines; %s",
                     KITH_CHARS(o.number.as.s), KITH_CHARS(state), remedy);
}

int32_t is_before_order(kith_str state) {
    return kith_str_is(state, "cart") || kith_str_is(state, "quoted") ||
           kith_str_is(state, "abandoned");
}

/* Its lines have amounts in the currency, and credit was given to who buys. */
static kith_status check_same(kith_instance *self, const kith_txn *txn, const kith_row *row,
                              const struct order *o, kith_error *err) {
    struct order was;
    KITH_TRY(KITH_READ(self, txn, order, row, &was, err));
    if (was.lines.as.i && kith_has(was.currency) && !kith_equal(was.currency, o->currency))
        return kith_fail(err, KITH_E_REFUSED, "currency",
                         "currency: its lines are in %.*s, and so is the order; %s",
                         KITH_CHARS(was.currency.as.s),
                         kith_is(was.state, "cart") || kith_is(was.state, "abandoned")
                             ? "delete them first"
                             : order_remedy(was.state.as.s));
    const struct customer before = customer_of(was.account, was.contact),
                          after = customer_of(o->account, o->contact);
    if (kith_is(was.state, "cart") || kith_is(was.state, "abandoned") ||
        (!kith_has(before.account) && !kith_has(before.contact)) ||
        (kith_equal(before.account, after.account) && kith_equal(before.contact, after.contact)))
        return KITH_OK;
    const char *who = kith_has(before.account) ? "account" : "contact";
    if (!kith_has(after.account) && !kith_has(after.contact))
        return kith_fail(err, KITH_E_REFUSED, who,
                         "%s: %.*s, which is %.*s, is kept with who bought; merge the %s with "
                         "another one, or leave it",
                         who, KITH_CHARS(was.number.as.s), KITH_CHARS(was.state.as.s), who);
    return kith_fail(err, KITH_E_REFUSED, who,
                     "%s: who buys stays as it is once the order is %.*s; %s", who,
                     KITH_CHARS(was.state.as.s), order_remedy(was.state.as.s));
}

static kith_status check_placed(kith_instance *self, const kith_txn *txn, const struct order *o,
                                kith_error *err) {
    if (!kith_has(o->account) && !kith_has(o->contact))
        return kith_fail(err, KITH_E_REFUSED, "contact",
                         "contact: say who orders: a contact, or an account");
    int32_t filled;
    KITH_TRY(kith_any(self->records, txn, self->query.lines_of, 1, &o->id, &filled, err));
    return filled ? KITH_OK
                  : kith_fail(err, KITH_E_REFUSED, "state",
                              "state: the order is empty; add a line to it first");
}

/* Only an import says so, when it makes the order; here it becomes an order of ours when it is
 * taken back to cart. */
static kith_status note_elsewhere(kith_instance *self, kith_txn *txn, kith_change *change,
                                  const struct order *o, kith_error *err) {
    const int32_t placed = !is_before_order(o->state.as.s);
    const int32_t yes = change->before ? is_true(&o->placed_elsewhere) && placed
                                       : change->origin == KITH_ORIGIN_IMPORT && placed &&
                                             kith_is(o->channel, "import");
    const kith_value value = kith_bool(yes);
    if (yes == is_true(&o->placed_elsewhere) || change->origin == KITH_ORIGIN_UNDO)
        return KITH_OK;
    return self->records->set(txn, change, 1, &self->order.placed_elsewhere, &value, err);
}

static int32_t has_left(const struct order *o) {
    return kith_is(o->state, "shipped") || kith_is(o->state, "delivered") ||
           kith_is(o->state, "returned");
}

/* What is a cart again may have other lines by now, at which nobody looked, with the limit of
 * credit and what is in stock. An undo takes back, and carries out nothing (decision 83), but that
 * what a subscription charged comes back with it. */
static kith_status check_undone(kith_instance *self, const kith_txn *txn, const kith_change *change,
                                const struct order *o, kith_error *err) {
    struct order was;
    KITH_TRY(KITH_READ(self, txn, order, change->before, &was, err));
    const int32_t places =
                      order_is_open(&was) && !order_is_open(o) && !kith_is(o->state, "cancelled"),
                  sends = has_left(o) && !has_left(&was);
    if ((!places && !sends) || is_true(&o->placed_elsewhere) || kith_has(o->subscription))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: %.*s is %.*s by now, and an undo neither places, offers nor sends it; "
                     "set it %.*s again",
                     KITH_CHARS(o->number.as.s), KITH_CHARS(was.state.as.s),
                     KITH_CHARS(o->state.as.s));
}

static kith_status order_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct order o;
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &o, err));
    if (change->before && change->origin == KITH_ORIGIN_UNDO)
        KITH_TRY(check_undone(self, txn, change, &o, err));
    /* An undo takes the first line with it, and a merge moves orders and invoices together. */
    if (change->before && change->origin != KITH_ORIGIN_UNDO &&
        change->origin != KITH_ORIGIN_MERGE && !is_by_rules(change->origin))
        KITH_TRY(check_same(self, txn, change->before, &o, err));
    KITH_TRY(note_elsewhere(self, txn, change, &o, err));
    if (!kith_is(o.state, "ordered") || !change->before ||
        self->records->changed(txn, change, self->order.state) != 1)
        return KITH_OK;
    KITH_TRY(check_placed(self, txn, &o, err));
    if (!kith_has(o.placed_at)) {
        const kith_value now = KITH_NOW(self);
        KITH_TRY(self->records->set(txn, change, 1, &self->order.placed_at, &now, err));
    }
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define STATES                                                                                     \
    "cart>ordered|quoted|abandoned|cancelled,quoted>cart|ordered|cancelled,"                       \
    "abandoned.>cart|ordered|cancelled,ordered>paid|shipped|cart|cancelled,"                       \
    "paid>ordered|shipped|cancelled,shipped>delivered|returned,delivered.>returned,returned,"      \
    "cancelled"
#define SUM(of) "sum(order_line." of " via order) in currency"

static const kith_field order_fields[] = {
    F("number", SERIES, .options = "O-000000", .flags = KITH_FF_SEARCHED, .doc = "Its number."),
    F("state", STATE, .options = STATES, .flags = KITH_FF_INDEXED, .doc = "Where it stands."),
    F("account", LINK, .options = "account", .doc = "The organisation that buys."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT, .doc = "Who buys."),
    F("channel", CHOICE, .options = "web,store,phone,email,mail,chat,social,seller,partner,import",
      .doc = "By which way it came."),
    F("reference", TEXT, .flags = KITH_FF_SEARCHED, .doc = "The number that the customer gave it."),
    F("currency", TEXT, .doc = "Of all its amounts; that of its first line."),
    F("price_book", LINK, .options = "price_book", .doc = "Its prices come from this one alone."),
    F("placed_at", TIME, .flags = KITH_FF_INDEXED,
      .doc = "When it was ordered; that stays once it is."),
    F("delivery", CHOICE, .options = "ship,pick_up,download,on_site", .default_text = "ship",
      .doc = "How it is handed over."),
    F("payment_method", CHOICE,
      .options = "card,transfer,direct_debit,cash,cash_on_delivery,wallet,invoice,other",
      .flags = KITH_FF_INDEXED, .doc = "How the customer wants to pay."),
    F("shipping_street", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "Street and number."),
    F("shipping_postal_code", TEXT, .flags = KITH_FF_PERSONAL, .doc = "Postal code."),
    F("shipping_city", TEXT, .flags = KITH_FF_PERSONAL, .doc = "Town."),
    F("shipping_region", TEXT, .flags = KITH_FF_PERSONAL, .doc = "State or region."),
    F("shipping_country", TEXT, .doc = "Country."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What else is to be known."),
    F("subscription", LINK, .options = "subscription", .doc = "It charges a term of this one."),
    F("term_start", DATE, .flags = KITH_FF_READONLY,
      .doc = "The first day of the term that it charges."),
    F("external_id", TEXT, .flags = KITH_FF_INDEXED,
      .doc = "Its id in the program that it came from; a key for imports."),
    F("lines", INTEGER, .rollup = "count(order_line via order)", .doc = "How many lines it has."),
    F("net", MONEY, .rollup = SUM("net"), .doc = "All lines without tax."),
    F("tax", MONEY, .rollup = SUM("tax"), .doc = "The tax of all lines."),
    F("total", MONEY, .flags = KITH_FF_INDEXED, .rollup = SUM("total"),
      .doc = "What is to be paid."),
    F("invoiced", MONEY, .rollup = "sum(invoice.billed via order) in currency",
      .doc = "How much of it stands on invoices."),
    F("to_invoice", INTEGER,
      .rollup = "count(order_line via order where invoiced < quantity and (billable is null or "
                "invoiced < billable))",
      .doc = "How many lines stand on no invoice, or not all of them that did not come back."),
    F("charged", MONEY, .rollup = "sum(invoice.total via order where kind = 'invoice') in currency",
      .doc = "What its invoices come to."),
    F("credited", MONEY,
      .rollup = "sum(invoice.total via order where kind = 'credit_note') in currency",
      .doc = "What its credit notes come to."),
    F("receivable", MONEY,
      .rollup = "sum(invoice.open via order where kind = 'invoice') in currency",
      .doc = "What of its invoices is not paid."),
    F("prepaid", MONEY, .rollup = "sum(payment.open via order) in currency",
      .doc = "What was paid for it and stands on no invoice yet."),
    F("settled_at", TIME, .flags = KITH_FF_READONLY, .doc = "When all of it was paid."),
    F("placed_elsewhere", BOOLEAN, .flags = KITH_FF_READONLY,
      .doc = "An import made it as one that was placed already (channel=import), and writes its "
             "lines."),
};
static const char *const order_indexes[] = {"state,-placed_at", "account,state,to_invoice",
                                            "contact,state,to_invoice"};

static const kith_type types[] = {
    {.name = "order",
     .doc = "What somebody buys, from the cart to the end.",
     .title = "number",
     .fields = KITH_ARRAY(order_fields),
     .indexes = KITH_ARRAY(order_indexes)},
};

static const kith_hook hooks[] = {
    {.name = "keep_order",
     .type = "order",
     .on = KITH_ON_DELETE,
     .when = KITH_BEFORE,
     .fn = order_kept_hook,
     .except = KITH_FROM(UNDO) | KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .doc = "Keeps orders that were placed."},
    {.name = "place",
     .type = "order",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = order_hook,
     .doc = "Refuses to place an order that is empty or nobody's."},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("order", order, ORDER),
};
const kith_part order_part = {
    .struct_size = sizeof order_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
};
