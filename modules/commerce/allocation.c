/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations: which money pays which invoice. With each of them what is open of payments, credit
 * notes and invoices, and whether an order is paid, is brought up to it. */
#include "commerce.h"

/* -- orders that are paid -----------------------------------------------------------------------
 */

/* What stands on no invoice, and did not come back before. */
static int64_t unbilled_of(const struct order *o) {
    return minor_sum(minor_of(&o->total) - minor_of(&o->invoiced), -minor_of(&o->sent_back));
}

/* What is still to come for an order, invoiced or not. */
static int64_t due_of(const struct order *o) {
    return minor_sum(minor_sum(unbilled_of(o), minor_of(&o->receivable)), -minor_of(&o->prepaid));
}

/* What there is to pay for at all: of what was credited or came back nothing is. */
static int64_t worth_of(const struct order *o) {
    return minor_sum(unbilled_of(o), minor_of(&o->charged) - minor_of(&o->credited));
}

static int32_t is_paid(const struct order *o) {
    return due_of(o) <= 0 && worth_of(o) > 0;
}

static kith_status tell_settled(kith_instance *self, kith_txn *txn, const struct order *o,
                                kith_error *err) {
    const kith_value values[] = {o->total};
    return self->events->publish(txn, self->bill.settled, self->order.type, o->id.as.link.id, 1,
                                 values, err);
}

/* It may have become paid, or not paid any more. */
kith_status order_settle(kith_instance *self, kith_txn *txn, kith_value order, kith_error *err) {
    struct order o;
    kith_edit edit = {.count = 0};
    if (!kith_has(order) || self->bill.holding)
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, order, order.as.link.id, &o, err));
    const int32_t paid = is_paid(&o);
    if (paid == kith_has(o.settled_at))
        return KITH_OK;
    kith_put(&edit, self->order.settled_at, paid ? KITH_NOW(self) : kith_null());
    if (paid && kith_is(o.state, "ordered"))
        kith_put(&edit, self->order.state, kith_text("paid"));
    if (!paid && kith_is(o.state, "paid")) /* it was sent back, or not received after all */
        kith_put(&edit, self->order.state, kith_text("ordered"));
    KITH_TRY(kith_edit_update(self->records, txn, self->order.type, o.id.as.link.id, &edit, err));
    return paid ? tell_settled(self, txn, &o, err) : KITH_OK;
}

static kith_status refuse_due(const kith_instance *self, const struct order *o, kith_error *err) {
    const kith_value due = money_in(&o->currency, due_of(o));
    char text[KITH_NUMBER_TEXT];
    self->numbers->text(&due, text);
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: %s of %.*s are not paid yet; record the payment (commerce.pay), and "
                     "the order is paid by itself",
                     text, KITH_CHARS(o->number.as.s));
}

/* What is cancelled stands on no invoice any more; what was paid for it stays on account. */
static kith_status check_credited(kith_instance *self, const kith_txn *txn, const struct order *o,
                                  kith_error *err) {
    struct invoice_line line;
    struct invoice in;
    KITH_TRY(KITH_FIRST(self, txn, invoice_line, self->bill.uncredited_of, 1, &o->id, &line, err));
    if (!kith_has(line.id))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, invoice, line.invoice.as.link.id, &in, err));
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: %.*s stands on %.*s; credit that first (commerce.credit)",
                     KITH_CHARS(o->number.as.s), KITH_CHARS(in.number.as.s));
}

/* What stands on an invoice, or was paid for, is no cart any more. */
static kith_status refuse_cart(kith_instance *self, const kith_txn *txn, const struct order *o,
                               kith_error *err) {
    KITH_TRY(minor_of(&o->invoiced) ? check_credited(self, txn, o, err) : KITH_OK);
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: %.*s has invoices or payments; credit these (commerce.credit) and "
                     "refund those (commerce.refund) first",
                     KITH_CHARS(o->number.as.s));
}

/* Paid is what money says, and what was invoiced or paid does not become a cart again. */
static kith_status order_state_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                    kith_error *err) {
    struct order o, before;
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &o, err));
    KITH_TRY(KITH_READ(self, txn, order, change->before, &before, err));
    if (kith_is(o.state, "paid") && due_of(&o) > 0)
        return refuse_due(self, &o, err);
    if (kith_is(o.state, "paid") && minor_of(&o.total) && !is_paid(&o))
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: there is nothing to pay for of %.*s: all of it came back, or was "
                         "credited",
                         KITH_CHARS(o.number.as.s));
    if (kith_is(before.state, "paid") && kith_is(o.state, "ordered") && is_paid(&o))
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: the order is paid; refund the payment first (commerce.refund)");
    if (is_before_order(o.state.as.s) && !is_before_order(before.state.as.s) &&
        (minor_of(&o.invoiced) || minor_of(&o.prepaid)))
        return refuse_cart(self, txn, &o, err);
    return kith_is(o.state, "cancelled") ? check_credited(self, txn, &o, err) : KITH_OK;
}

/* It follows from invoices and payments, and an undo leaves these as they are. */
static kith_status settled_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    struct order o;
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &o, err));
    if (change->origin != KITH_ORIGIN_UNDO || is_paid(&o) == kith_has(o.settled_at) ||
        minor_of(&o.sent_back)) /* a return may be undone with it: see undone */
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "settled_at",
                     "settled_at: it follows from what is paid of %.*s, and payments stay; refund "
                     "them (commerce.refund)",
                     KITH_CHARS(o.number.as.s));
}

/* What came back before it was billed is not to be paid. */
static kith_status back_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct returned r;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.returned, &r, err));
    return order_settle(self, txn, r.order, err);
}

/* Of a return that was undone more is to be paid; of an order whose payments stayed it is paid. */
static kith_status undone(kith_instance *self, kith_txn *txn, const kith_event *event,
                          kith_error *err) {
    struct returned r;
    kith_status st = KITH_OK;
    if (event->origin != KITH_ORIGIN_UNDO)
        return KITH_OK;
    r.order = kith_link(event->type, event->id);
    if (event->type != self->order.type)
        st = event->record ? KITH_READ(self, txn, goods.returned, event->record, &r, err)
                           : KITH_E_NOTFOUND;
    if (st == KITH_OK)
        st = order_settle(self, txn, r.order, err);
    return st == KITH_E_NOTFOUND ? KITH_OK : st; /* it is gone meanwhile */
}

/* -- allocations --------------------------------------------------------------------------------
 */

/* A payment or a credit note, as a source of money. */
struct from {
    kith_value open, number;
    struct customer who;
    int32_t ready;
};

static kith_status load_from(kith_instance *self, const kith_txn *txn, const struct allocation *a,
                             struct from *out, kith_error *err) {
    struct payment p;
    struct invoice c;
    if (kith_has(a->payment) == kith_has(a->credit_note))
        return kith_fail(err, KITH_E_REFUSED, "payment",
                         "payment: it comes from a payment or a credit note, one of them");
    if (kith_has(a->payment)) {
        KITH_TRY(KITH_LOAD(self, txn, payment, a->payment.as.link.id, &p, err));
        *out = (struct from){p.open, p.number, customer_of(p.account, p.contact),
                             kith_is(p.state, "received")};
        return KITH_OK;
    }
    KITH_TRY(KITH_LOAD(self, txn, invoice, a->credit_note.as.link.id, &c, err));
    *out = (struct from){c.open, c.number, customer_of(c.account, c.contact),
                         kith_is(c.kind, "credit_note")};
    return KITH_OK;
}

static kith_status check_amounts(const kith_instance *self, const struct allocation *a,
                                 const struct from *f, const struct invoice *in, kith_error *err) {
    char amount[KITH_NUMBER_TEXT], left[KITH_NUMBER_TEXT], open[KITH_NUMBER_TEXT];
    if (!is_in(&a->amount, &in->currency) || !is_in(&f->open, &in->currency))
        return kith_fail(err, KITH_E_REFUSED, "amount",
                         "amount: %.*s is in %.*s, and so is all that pays it",
                         KITH_CHARS(in->number.as.s), KITH_CHARS(in->currency.as.s));
    if (minor_of(&a->amount) <= 0)
        return kith_fail(err, KITH_E_REFUSED, "amount", "amount: it is more than 0");
    if (minor_of(&a->amount) <= minor_of(&f->open) && minor_of(&a->amount) <= minor_of(&in->open))
        return KITH_OK;
    self->numbers->text(&a->amount, amount);
    self->numbers->text(&f->open, left);
    self->numbers->text(&in->open, open);
    return kith_fail(err, KITH_E_REFUSED, "amount",
                     "amount: %s is too much; %s are left of %.*s, and %s are open of %.*s", amount,
                     left, KITH_CHARS(f->number.as.s), open, KITH_CHARS(in->number.as.s));
}

static kith_status allocation_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                   kith_error *err) {
    struct allocation a;
    struct invoice in;
    struct from f;
    if (change->before)
        return kith_fail(err, KITH_E_REFUSED, NULL,
                         "an allocation stays as it is; delete it and make another");
    KITH_TRY(KITH_READ(self, txn, allocation, change->after, &a, err));
    KITH_TRY(load_from(self, txn, &a, &f, err));
    KITH_TRY(KITH_LOAD(self, txn, invoice, a.invoice.as.link.id, &in, err));
    if (!f.ready)
        return kith_fail(err, KITH_E_REFUSED, "payment",
                         "payment: %.*s brings no money; it takes one that is received, or a "
                         "credit note",
                         KITH_CHARS(f.number.as.s));
    if (!kith_is(in.kind, "invoice"))
        return kith_fail(err, KITH_E_REFUSED, "invoice", "invoice: %.*s is a credit note",
                         KITH_CHARS(in.number.as.s));
    const struct customer owes = customer_of(in.account, in.contact);
    if (!kith_equal(owes.account, f.who.account) || !kith_equal(owes.contact, f.who.contact))
        return kith_fail(err, KITH_E_REFUSED, "invoice",
                         "invoice: %.*s is of another customer than %.*s",
                         KITH_CHARS(in.number.as.s), KITH_CHARS(f.number.as.s));
    return check_amounts(self, &a, &f, &in, err);
}

kith_status payment_settle(kith_instance *self, kith_txn *txn, kith_id id, kith_error *err) {
    struct payment p;
    KITH_TRY(KITH_LOAD(self, txn, payment, id, &p, err));
    KITH_TRY(self->numbers->add(&p.amount, -1, &p.refunded, &p.open, err));
    KITH_TRY(self->numbers->add(&p.open, -1, &p.allocated, &p.open, err));
    KITH_TRY(KITH_SET(self, txn, payment, open, id, p.open, err));
    return order_settle(self, txn, p.order, err);
}

/* Behind an allocation, and behind one that is taken away. */
static kith_status allocated_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                  kith_error *err) {
    struct allocation a;
    struct invoice in;
    KITH_TRY(KITH_CHANGE(self, txn, change, allocation, &a, err));
    KITH_TRY(KITH_LOAD(self, txn, invoice, a.invoice.as.link.id, &in, err));
    if (!change->after && kith_is(in.state, "written_off"))
        return kith_fail(err, KITH_E_REFUSED, "invoice",
                         "invoice: %.*s is written off, and what it got stays",
                         KITH_CHARS(in.number.as.s));
    KITH_TRY(invoice_settle(self, txn, a.invoice.as.link.id, err));
    KITH_TRY(kith_has(a.payment) ? payment_settle(self, txn, a.payment.as.link.id, err)
                                 : invoice_settle(self, txn, a.credit_note.as.link.id, err));
    return order_settle(self, txn, in.order, err);
}

kith_status payment_allocate(kith_instance *self, kith_txn *txn, kith_value from, kith_value open,
                             kith_value invoice, kith_error *err) {
    struct invoice in;
    struct allocation a = {.invoice = invoice, .amount = open};
    KITH_TRY(KITH_LOAD(self, txn, invoice, invoice.as.link.id, &in, err));
    if (minor_of(&in.open) <= 0 || minor_of(&open) <= 0)
        return KITH_OK;
    if (minor_of(&in.open) < minor_of(&open))
        a.amount = in.open;
    *(from.as.link.type == self->payment.type ? &a.payment : &a.credit_note) = from;
    return KITH_CREATE(self, txn, allocation, &a, err);
}

kith_status payment_take_prepaid(kith_instance *self, kith_txn *txn, const struct invoice *invoice,
                                 kith_error *err) {
    const kith_value params[] = {invoice->order, money_in(&invoice->currency, 0)};
    struct payment *p;
    uint64_t n = 0;
    KITH_TRY(KITH_FIND(self, txn, payment, self->bill.prepaid, 2, params, &p, &n, err));
    for (uint64_t i = 0; i < n; i++)
        KITH_TRY(payment_allocate(self, txn, p[i].id, p[i].open, invoice->id, err));
    return KITH_OK;
}

/* -- what is on account -------------------------------------------------------------------------
 */

/* Onto what is due in its currency, the oldest first. */
static kith_status spread_one(kith_instance *self, kith_txn *txn, kith_value whom, kith_value from,
                              kith_value open, int64_t *made, kith_error *err) {
    const int32_t account = whom.as.link.type == self->account.type;
    const kith_value currency = kith_text(open.as.money.currency), params[] = {whom, currency};
    struct invoice *due;
    uint64_t n = 0;
    int64_t left = minor_of(&open);
    KITH_TRY(KITH_FIND(self, txn, invoice,
                       account ? self->bill.due_of_account : self->bill.due_of_contact, 2, params,
                       &due, &n, err));
    for (uint64_t i = 0; left > 0 && i < n; i++) {
        if (!account && kith_has(due[i].account))
            continue;
        KITH_TRY(payment_allocate(self, txn, from, money_in(&currency, left), due[i].id, err));
        left -= minor_of(&due[i].open);
        ++*made;
    }
    return KITH_OK;
}

static kith_status allocate_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value account, contact;
    } args;
    kith_txn *txn = self->calls->txn(call);
    struct payment *p;
    struct invoice *c;
    uint64_t payments = 0, credits = 0;
    int64_t made = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (kith_has(args.account) == kith_has(args.contact))
        return kith_fail(err, KITH_E_INVAL, "account",
                         "account: say whom it is about: an account or a contact");
    const int32_t account = kith_has(args.account);
    const kith_value whom = account ? args.account : args.contact;
    KITH_TRY(KITH_FIND(self, txn, invoice,
                       account ? self->bill.credits_of_account : self->bill.credits_of_contact, 1,
                       &whom, &c, &credits, err));
    for (uint64_t i = 0; i < credits; i++)
        KITH_TRY(spread_one(self, txn, whom, c[i].id, c[i].open, &made, err));
    KITH_TRY(KITH_FIND(self, txn, payment,
                       account ? self->bill.money_left_account : self->bill.money_left_contact, 1,
                       &whom, &p, &payments, err));
    for (uint64_t i = 0; i < payments; i++)
        KITH_TRY(spread_one(self, txn, whom, p[i].id, p[i].open, &made, err));
    const kith_value count = kith_int(made);
    return self->calls->result(call, 0, &count, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field allocation_fields[] = {
    F("payment", LINK, .options = "payment", .doc = "The payment that pays."),
    F("credit_note", LINK, .options = "invoice", .doc = "Or the credit note."),
    F("invoice", LINK, .options = "invoice", .flags = KITH_FF_REQUIRED, .doc = "What is paid."),
    F("amount", MONEY, .flags = KITH_FF_REQUIRED, .doc = "How much of it."),
};

static const kith_type types[] = {
    {.name = "allocation",
     .doc = "What of a payment or a credit note pays an invoice; delete it to take it back.",
     .title = "amount",
     .undo = KITH_UNDO_REFUSE,
     .fields = KITH_ARRAY(allocation_fields)},
};

static const kith_field settled_fields[] = {F("total", MONEY, .doc = "Of the order.")};
static const kith_topic topics[] = {
    {.name = "order.settled",
     .schema = 1,
     .fields = KITH_ARRAY(settled_fields),
     .doc = "All of an order was paid, whatever its state is."},
};

static const char *const state_only[] = {"state"};
static const char *const settled_only[] = {"settled_at"};
static const kith_hook hooks[] = {
    {.name = "settled",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = settled_hook,
     .fields = KITH_ARRAY(settled_only),
     .doc = "Keeps an undo from saying that an order is not paid whose payments stay."},
    {.name = "allocation",
     .type = "allocation",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = allocation_hook,
     .doc = "Refuses more than there is, and another currency or customer."},
    {.name = "allocated",
     .type = "allocation",
     .on = KITH_ON_CREATE | KITH_ON_DELETE,
     .when = KITH_AFTER,
     .fn = allocated_hook,
     .doc = "Brings invoices, payments and orders up to what is paid."},
    {.name = "return_settles",
     .type = "return_request",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = back_hook,
     .where = "state in ('received', 'refunded')",
     .fields = KITH_ARRAY(state_only),
     .doc = "Has an order be paid when what is left of it is."},
    {.name = "order_paid",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = order_state_hook,
     .fields = KITH_ARRAY(state_only),
     .doc = "Lets an order be paid when the money is there, and keeps what was invoiced."},
};

static const kith_reaction reactions[] = {
    {.name = "return_undone",
     .topic = "return_request.updated",
     .flags = KITH_RF_UNDO,
     .fn = undone,
     .fields = KITH_ARRAY(state_only),
     .doc = "Has an order be paid or not, whose return was undone."},
    {.name = "settled_undone",
     .topic = "order.updated",
     .flags = KITH_RF_UNDO,
     .fn = undone,
     .fields = KITH_ARRAY(settled_only),
     .doc = "Has an order be paid again whose payments an undo left."},
};

static const kith_field allocate_params[] = {
    F("account", LINK, .options = "account", .doc = "Of which organisation."),
    F("contact", LINK, .options = "contact", .doc = "Of which person."),
};
static const kith_field allocate_results[] = {
    F("allocations", INTEGER, .doc = "How many invoices got something."),
};
static const kith_action actions[] = {
    {.name = "allocate",
     .doc = "Pays what is due of a customer with what is on account: credit notes and payments.",
     .effect = KITH_EFFECT_WRITE,
     .fn = allocate_action,
     .params = KITH_ARRAY(allocate_params),
     .results = KITH_ARRAY(allocate_results)},
};

/* A person owes what no account owes. */
#define CREDITS(whom)                                                                              \
    "invoice where " whom " and state = 'open' and kind = 'credit_note' order by issued_on, id "   \
    "limit 200"
#define LEFT(whom) "payment where " whom " and on_account order by at, id limit 200"
static const kith_want wants[] = {
    KITH_WANT(QUERY,
              "invoice_line where order_line.order = :order and corrects is null and credited < "
              "quantity and invoice.state != 'written_off' limit 1",
              bill.uncredited_of),
    KITH_WANT(QUERY, CREDITS("account = :whom"), bill.credits_of_account),
    KITH_WANT(QUERY, CREDITS("contact = :whom and account is null"), bill.credits_of_contact),
    KITH_WANT(QUERY, LEFT("account = :whom"), bill.money_left_account),
    KITH_WANT(QUERY, LEFT("contact = :whom and account is null"), bill.money_left_contact),
    KITH_WANT_RECORD("allocation", allocation, ALLOCATION),
    KITH_WANT(QUERY, "payment where order = :order and open > :none order by at, id", bill.prepaid),
    KITH_WANT(TOPIC, "order.settled", bill.settled),
};
const kith_part allocation_part = {
    .struct_size = sizeof allocation_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .actions = KITH_ARRAY(actions),
};
