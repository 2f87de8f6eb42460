/* SPDX-License-Identifier: Apache-2.0 */
/* Payments: what they are, what they pay, and what goes back. */
#include "commerce.h"

static int32_t came_into(const struct payment *before, const struct payment *after,
                         const char *state) {
    return kith_is(after->state, state) && !kith_is(before->state, state);
}

/* Both rows of a change; one that is not there is empty. */
static kith_status read_both(kith_instance *self, const kith_txn *txn, const kith_change *change,
                             struct payment *before, struct payment *after, kith_error *err) {
    *before = *after = (struct payment){0};
    if (change->before)
        KITH_TRY(KITH_READ(self, txn, payment, change->before, before, err));
    if (change->after)
        KITH_TRY(KITH_READ(self, txn, payment, change->after, after, err));
    return KITH_OK;
}

/* -- what a payment pays ------------------------------------------------------------------------
 */

/* Onto invoices, those that are due first before others. What is too much stays on account. */
static kith_status spread(kith_instance *self, kith_txn *txn, const struct payment *p,
                          kith_error *err) {
    const kith_value currency = kith_text(p->amount.as.money.currency);
    const int32_t by_account = kith_has(p->account), by_order = kith_has(p->order);
    const kith_value params[] = {by_order     ? p->order
                                 : by_account ? p->account
                                              : p->contact,
                                 currency};
    const uint32_t query = by_order     ? self->bill.due_of_order
                           : by_account ? self->bill.due_of_account
                                        : self->bill.due_of_contact;
    int64_t left = minor_of(&p->amount);
    struct invoice *due;
    uint64_t n = 0;
    if (kith_has(p->invoice))
        return payment_allocate(self, txn, p->id, p->amount, p->invoice, err);
    KITH_TRY(KITH_FIND(self, txn, invoice, query, 2, params, &due, &n, err));
    for (uint64_t i = 0; left > 0 && i < n; i++) {
        if (!by_order && !by_account && kith_has(due[i].account))
            continue; /* the account owes it, not the person who ordered */
        KITH_TRY(payment_allocate(self, txn, p->id, money_in(&currency, left), due[i].id, err));
        left -= minor_of(&due[i].open);
    }
    return KITH_OK;
}

static const char *till_of(const struct payment *p) {
    return kith_is(p->method, "cash") || kith_is(p->method, "cash_on_delivery") ? "cash" : "bank";
}

static kith_status take_back(kith_instance *self, kith_txn *txn, const struct allocation *a,
                             int64_t need, kith_error *err) {
    struct allocation again = *a;
    struct invoice *credits;
    uint64_t n = 0;
    KITH_TRY(self->records->remove(txn, self->allocation.type, a->id.as.link.id, err));
    again.amount.as.money.minor -= need;
    if (again.amount.as.money.minor > 0)
        KITH_TRY(KITH_CREATE(self, txn, allocation, &again, err));
    KITH_TRY(
        KITH_FIND(self, txn, invoice, self->bill.credits_of, 1, &a->invoice, &credits, &n, err));
    for (uint64_t i = 0; i < n; i++)
        KITH_TRY(payment_allocate(self, txn, credits[i].id, credits[i].open, a->invoice, err));
    return KITH_OK;
}

/* Takes one allocation back, as far as it is needed. What credit notes pay instead leaves the order
 * as paid as it was: it is settled behind all of that, and tells nothing in between. */
static kith_status exchange(kith_instance *self, kith_txn *txn, const struct allocation *a,
                            int64_t need, kith_error *err) {
    struct invoice in;
    self->bill.holding++;
    const kith_status st = take_back(self, txn, a, need, err);
    self->bill.holding--;
    KITH_TRY(st);
    KITH_TRY(KITH_LOAD(self, txn, invoice, a->invoice.as.link.id, &in, err));
    return order_settle(self, txn, in.order, err);
}

/* Takes it from invoices, those that it paid last first. */
static kith_status release(kith_instance *self, kith_txn *txn, const struct payment *p,
                           int64_t need, kith_error *err) {
    struct allocation *a;
    uint64_t n = 0;
    KITH_TRY(KITH_FIND(self, txn, allocation, self->bill.allocations_of, 1, &p->id, &a, &n, err));
    for (uint64_t i = 0; need > 0 && i < n; i++) {
        KITH_TRY(exchange(self, txn, &a[i], need, err));
        need -= minor_of(&a[i].amount);
    }
    return KITH_OK;
}

static kith_status refund(kith_instance *self, kith_txn *txn, const struct payment *before,
                          const struct payment *p, kith_error *err) {
    const int64_t diff = minor_of(&p->refunded) - minor_of(&before->refunded);
    kith_value amount = p->amount;
    if (diff <= 0)
        return KITH_OK;
    KITH_TRY(release(self, txn, p, diff - minor_of(&before->open), err));
    amount.as.money.minor = diff;
    KITH_TRY(ledger_book(self, txn, "receivable", till_of(p), amount,
                         customer_of(p->account, p->contact), p->id, err));
    return payment_settle(self, txn, p->id.as.link.id, err);
}

static kith_status payment_made_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                     kith_error *err) {
    struct payment before, p;
    KITH_TRY(read_both(self, txn, change, &before, &p, err));
    if (change->before && kith_has(before.refunded) != kith_has(p.refunded))
        return refund(self, txn, &before, &p, err);
    if (change->before && minor_of(&before.refunded) != minor_of(&p.refunded))
        return refund(self, txn, &before, &p, err);
    if (!came_into(&before, &p, "received"))
        return KITH_OK;
    KITH_TRY(ledger_book(self, txn, till_of(&p), "receivable", p.amount,
                         customer_of(p.account, p.contact), p.id, err));
    KITH_TRY(spread(self, txn, &p, err));
    return order_settle(self, txn, p.order, err);
}

/* -- what a payment is --------------------------------------------------------------------------
 */

static kith_status from_invoice(kith_instance *self, const kith_txn *txn, struct payment *p,
                                kith_error *err) {
    struct invoice in;
    KITH_TRY(KITH_LOAD(self, txn, invoice, p->invoice.as.link.id, &in, err));
    if (minor_of(&in.open) <= 0 || !kith_is(in.kind, "invoice"))
        return kith_fail(err, KITH_E_REFUSED, "invoice",
                         "invoice: nothing of %.*s is open; it is %.*s", KITH_CHARS(in.number.as.s),
                         KITH_CHARS(in.state.as.s));
    if (!kith_has(p->order))
        p->order = in.order;
    if (!kith_has(p->account) && !kith_has(p->contact)) {
        p->account = in.account;
        p->contact = in.contact;
    }
    return is_in(&p->amount, &in.currency)
               ? KITH_OK
               : kith_fail(err, KITH_E_REFUSED, "amount",
                           "amount: it is in %s, and %.*s is in %.*s", p->amount.as.money.currency,
                           KITH_CHARS(in.number.as.s), KITH_CHARS(in.currency.as.s));
}

static kith_status from_order(kith_instance *self, const kith_txn *txn, struct payment *p,
                              kith_error *err) {
    struct order o;
    KITH_TRY(KITH_LOAD(self, txn, order, p->order.as.link.id, &o, err));
    if (!kith_has(p->account) && !kith_has(p->contact)) {
        p->account = o.account;
        p->contact = o.contact;
    }
    if (!kith_has(p->method))
        p->method = o.payment_method;
    const struct customer owes = customer_of(o.account, o.contact),
                          pays = customer_of(p->account, p->contact);
    if (!kith_equal(owes.account, pays.account) || !kith_equal(owes.contact, pays.contact))
        return kith_fail(err, KITH_E_REFUSED, "order", "order: %.*s is of another customer",
                         KITH_CHARS(o.number.as.s));
    if (kith_has(o.currency) && !is_in(&p->amount, &o.currency))
        return kith_fail(err, KITH_E_REFUSED, "amount", "amount: it is in %s, and %.*s is in %.*s",
                         p->amount.as.money.currency, KITH_CHARS(o.number.as.s),
                         KITH_CHARS(o.currency.as.s));
    return KITH_OK;
}

/* Do these 13 to 19 digits satisfy the sum of card numbers? */
static int32_t is_card(kith_str s) {
    int32_t digits = 0, sum = 0;
    for (uint64_t i = s.len; i-- > 0;) {
        const char ch = s.ptr[i];
        if (ch == ' ' || ch == '-')
            continue;
        if (ch < '0' || ch > '9')
            return 0;
        const int32_t twice = (ch - '0') * (digits % 2 + 1);
        sum += twice > 9 ? twice - 9 : twice;
        digits++;
    }
    return digits >= 13 && digits <= 19 && sum % 10 == 0;
}

static kith_status check_reference(kith_instance *self, const kith_txn *txn,
                                   const struct payment *p, kith_error *err) {
    struct payment *others;
    uint64_t n = 0;
    if (!kith_has(p->reference) || kith_is(p->state, "failed"))
        return KITH_OK;
    if (is_card(p->reference.as.s))
        return kith_fail(err, KITH_E_REFUSED, "reference",
                         "reference: that looks like the number of a card, which is not kept here; "
                         "write the number of the transaction");
    const struct customer who = customer_of(p->account, p->contact);
    const int32_t account = kith_has(who.account);
    const kith_value params[] = {account ? who.account : who.contact, p->reference};
    KITH_TRY(KITH_FIND(self, txn, payment,
                       account ? self->bill.same_of_account : self->bill.same_of_contact, 2, params,
                       &others, &n, err));
    for (uint64_t i = 0; i < n; i++)
        if (others[i].id.as.link.id != p->id.as.link.id)
            return kith_fail(err, KITH_E_CONFLICT, "reference",
                             "reference: %.*s of this payer has it already; if it is another "
                             "payment, give it another reference",
                             KITH_CHARS(others[i].number.as.s));
    return KITH_OK;
}

static kith_status complete(kith_instance *self, const kith_txn *txn, struct payment *p,
                            kith_error *err) {
    if (minor_of(&p->amount) <= 0)
        return kith_fail(err, KITH_E_REFUSED, "amount",
                         "amount: it is more than 0; money goes back by commerce.refund");
    if (kith_has(p->invoice))
        KITH_TRY(from_invoice(self, txn, p, err));
    if (kith_has(p->order))
        KITH_TRY(from_order(self, txn, p, err));
    if (!kith_has(p->account) && !kith_has(p->contact))
        return kith_fail(err, KITH_E_REFUSED, "account",
                         "account: say who pays: an account, a contact, an order or an invoice");
    if (!kith_has(p->method))
        p->method = kith_text("other");
    return check_reference(self, txn, p, err);
}

/* Whole, or so much: never more than came, and never less than went back already. */
static kith_status check_refund(const kith_instance *self, const struct payment *before,
                                struct payment *p, kith_error *err) {
    char amount[KITH_NUMBER_TEXT];
    if (came_into(before, p, "refunded") && minor_of(&p->refunded) == minor_of(&before->refunded))
        p->refunded = p->amount;
    if (!kith_has(p->refunded) && !kith_has(before->refunded))
        return KITH_OK;
    if (kith_has(p->refunded) &&
        strcmp(p->refunded.as.money.currency, p->amount.as.money.currency) == 0 &&
        minor_of(&p->refunded) >= minor_of(&before->refunded) &&
        minor_of(&p->refunded) <= minor_of(&p->amount) &&
        (kith_is(before->state, "received") || kith_is(before->state, "refunded"))) {
        if (minor_of(&p->refunded) == minor_of(&p->amount))
            p->state = kith_text("refunded");
        else if (came_into(before, p, "refunded"))
            return kith_fail(err, KITH_E_REFUSED, "state",
                             "state: it is refunded when all of it went back; leave the state out");
        return KITH_OK;
    }
    self->numbers->text(&p->amount, amount);
    return kith_fail(err, KITH_E_REFUSED, "refunded",
                     "refunded: of a payment that was received at most %s go back, in its own "
                     "currency, and never less than before",
                     amount);
}

static kith_status check_kept(kith_instance *self, const kith_txn *txn, const kith_change *change,
                              const struct payment *before, kith_error *err) {
    const struct payment_numbers *f = &self->payment;
    /* A merge moves links; it moves those of invoices and entries with them. */
    const uint32_t fixed[] = {f->amount, f->method, f->order, f->invoice, f->account, f->contact};
    const size_t count =
        sizeof fixed / sizeof *fixed - (change->origin == KITH_ORIGIN_MERGE ? 2 : 0);
    if (kith_is(before->state, "pending") || change->origin == KITH_ORIGIN_ERASE)
        return KITH_OK;
    for (size_t i = 0; i < count; i++)
        if (self->records->changed(txn, change, fixed[i]) == 1)
            return kith_fail(err, KITH_E_REFUSED, NULL,
                             "%.*s is %.*s and stays as it is; refund it (commerce.refund) and "
                             "record another one",
                             KITH_CHARS(before->number.as.s), KITH_CHARS(before->state.as.s));
    return KITH_OK;
}

static kith_status payment_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    struct payment before, asked, p;
    KITH_TRY(read_both(self, txn, change, &before, &asked, err));
    p = asked;
    if (change->before)
        KITH_TRY(check_kept(self, txn, change, &before, err));
    if (!change->before || kith_is(before.state, "pending"))
        KITH_TRY(complete(self, txn, &p, err));
    KITH_TRY(check_refund(self, &before, &p, err));
    if (came_into(&before, &p, "received"))
        p.open = p.amount;
    if (!kith_has(p.at))
        p.at = KITH_NOW(self);
    p.currency = kith_text(p.amount.as.money.currency);
    p.on_account = kith_bool(minor_of(&p.open) > 0);
    return KITH_SET_CHANGED(self, txn, change, payment, &asked, &p, err);
}

static kith_status payment_gone_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                     kith_error *err) {
    struct payment p, none;
    KITH_TRY(read_both(self, txn, change, &p, &none, err));
    if (is_by_rules(change->origin))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, NULL,
                     "%.*s was received and is kept; refund it (commerce.refund)",
                     KITH_CHARS(p.number.as.s));
}

/* -- actions ------------------------------------------------------------------------------------
 */

static kith_status tell_payment(kith_instance *self, kith_call *call, kith_id id, kith_error *err) {
    struct payment p;
    KITH_TRY(KITH_LOAD(self, self->calls->view(call), payment, id, &p, err));
    const kith_value results[] = {p.id, p.number, p.state, p.allocated, p.open};
    for (uint32_t i = 0; i < sizeof results / sizeof *results; i++)
        KITH_TRY(self->calls->result(call, i, &results[i], err));
    return KITH_OK;
}

static kith_status pay_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value invoice, order, account, contact, amount, method, reference, at, pending;
    } args;
    kith_txn *txn = self->calls->txn(call);
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    struct payment p = {.invoice = args.invoice,
                        .order = args.order,
                        .account = args.account,
                        .contact = args.contact,
                        .amount = args.amount,
                        .method = args.method,
                        .reference = args.reference,
                        .at = args.at};
    KITH_TRY(KITH_CREATE(self, txn, payment, &p, err));
    if (!args.pending.as.i)
        KITH_TRY(KITH_SET(self, txn, payment, state, p.id.as.link.id, kith_text("received"), err));
    return tell_payment(self, call, p.id.as.link.id, err);
}

static kith_status refund_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value payment, amount;
    } args;
    struct payment p;
    kith_txn *txn = self->calls->txn(call);
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(KITH_LOAD(self, txn, payment, args.payment.as.link.id, &p, err));
    if (!kith_is(p.state, "received"))
        return kith_fail(err, KITH_E_REFUSED, "payment", "payment: %.*s is %.*s, not received",
                         KITH_CHARS(p.number.as.s), KITH_CHARS(p.state.as.s));
    if (kith_has(args.amount) && minor_of(&args.amount) <= 0)
        return kith_fail(err, KITH_E_INVAL, "amount", "amount: it is more than 0");
    kith_value all = p.amount;
    if (kith_has(args.amount))
        KITH_TRY(self->numbers->add(&args.amount, 1, &p.refunded, &all, err));
    KITH_TRY(KITH_SET(self, txn, payment, refunded, p.id.as.link.id, all, err));
    return tell_payment(self, call, p.id.as.link.id, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define METHODS "card,transfer,direct_debit,cash,cash_on_delivery,wallet,invoice,other"

static const kith_field payment_fields[] = {
    F("number", SERIES, .options = "P-000000", .flags = KITH_FF_SEARCHED, .doc = "Its number."),
    F("state", STATE, .options = "pending>received|failed,received.>refunded,failed,refunded",
      .flags = KITH_FF_INDEXED, .doc = "It counts when it is received."),
    F("account", LINK, .options = "account", .doc = "The organisation that pays."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT, .doc = "Who pays."),
    F("order", LINK, .options = "order", .doc = "For which order; without it for what is due."),
    F("invoice", LINK, .options = "invoice", .doc = "For which invoice."),
    F("amount", MONEY, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED, .doc = "How much came."),
    F("method", CHOICE, .options = METHODS, .flags = KITH_FF_INDEXED,
      .doc = "How it was paid; as the order says when nothing is said."),
    F("at", TIME, .flags = KITH_FF_INDEXED, .doc = "When it came."),
    F("reference", TEXT, .flags = KITH_FF_INDEXED | KITH_FF_SEARCHED,
      .doc = "The number of the transaction at the bank or provider, once for each payer; never "
             "the number of a card."),
    F("refunded", MONEY, .min = "0", .doc = "How much of it went back."),
    F("allocated", MONEY, .rollup = "sum(allocation.amount via payment) in currency",
      .doc = "What of it went to invoices."),
    F("currency", TEXT, .flags = KITH_FF_READONLY, .doc = "That of the amount."),
    F("open", MONEY, .flags = KITH_FF_READONLY, .doc = "What of it is on account."),
    F("on_account", BOOLEAN, .default_text = "false", .flags = KITH_FF_READONLY,
      .doc = "Some of it is on account."),
    F("note", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What else is to be known."),
};
static const char *const payment_indexes[] = {"account,-at",        "contact,-at",
                                              "account,on_account", "contact,on_account",
                                              "account,reference",  "contact,reference"};

static const kith_type types[] = {
    {.name = "payment",
     .doc = "Money that came from a customer.",
     .title = "number",
     .undo = KITH_UNDO_REFUSE,
     .fields = KITH_ARRAY(payment_fields),
     .indexes = KITH_ARRAY(payment_indexes)},
};

static const kith_hook hooks[] = {
    {.name = "payment",
     .type = "payment",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = payment_hook,
     .doc = "Completes a payment from its order or invoice, and keeps what was received."},
    {.name = "payment_made",
     .type = "payment",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = payment_made_hook,
     .doc = "Books a payment, and pays invoices with it; takes back what is refunded."},
    {.name = "keep_payment",
     .type = "payment",
     .on = KITH_ON_DELETE,
     .when = KITH_SETTLE,
     .fn = payment_gone_hook,
     .where = "state in ('received', 'refunded')",
     .doc = "Keeps payments that were received."},
};

static const kith_field paid_results[] = {
    F("payment", LINK, .options = "payment", .doc = "The payment."),
    F("number", TEXT, .doc = "Its number."),
    F("state", TEXT, .doc = "Its state."),
    F("allocated", MONEY, .doc = "What of it pays invoices."),
    F("open", MONEY, .doc = "What of it is on account."),
};
static const kith_field pay_params[] = {
    F("invoice", LINK, .options = "invoice", .doc = "Which invoice it pays."),
    F("order", LINK, .options = "order", .doc = "Or which order."),
    F("account", LINK, .options = "account", .doc = "Or who pays what is due: an organisation."),
    F("contact", LINK, .options = "contact", .doc = "Or a person."),
    F("amount", MONEY, .flags = KITH_FF_REQUIRED, .doc = "How much."),
    F("method", CHOICE, .options = METHODS, .doc = "How."),
    F("reference", TEXT, .doc = "The number of the transaction."),
    F("at", TIME, .doc = "When; without it now."),
    F("pending", BOOLEAN, .default_text = "false", .doc = "It is on the way, and counts later."),
};
static const kith_field refund_params[] = {
    F("payment", LINK, .options = "payment", .flags = KITH_FF_REQUIRED, .doc = "Which payment."),
    F("amount", MONEY, .doc = "How much of it; without it all."),
};
static const kith_action actions[] = {
    {.name = "pay",
     .doc = "Records a payment, and pays what is due with it, the oldest first.",
     .effect = KITH_EFFECT_WRITE,
     .fn = pay_action,
     .params = KITH_ARRAY(pay_params),
     .results = KITH_ARRAY(paid_results)},
    {.name = "refund",
     .doc = "Records that a payment, or a part of it, went back.",
     .effect = KITH_EFFECT_WRITE,
     .fn = refund_action,
     .params = KITH_ARRAY(refund_params),
     .results = KITH_ARRAY(paid_results)},
};

#define DUE(whom)                                                                                  \
    "invoice where " whom " = :" whom                                                              \
    " and state in ('open', 'overdue') and kind = 'invoice' and "                                  \
    "currency = :currency order by due_on, id limit 1000"
#define SAME(whom)                                                                                 \
    "payment where " whom " and reference = :reference and state != 'failed' order by id limit 2"
static const kith_want wants[] = {
    KITH_WANT_RECORD("payment", payment, PAYMENT),
    KITH_WANT(QUERY, DUE("order"), bill.due_of_order),
    KITH_WANT(QUERY, DUE("account"), bill.due_of_account),
    KITH_WANT(QUERY, DUE("contact"), bill.due_of_contact),
    KITH_WANT(QUERY, "allocation where payment = :payment order by -id", bill.allocations_of),
    KITH_WANT(QUERY,
              "invoice where corrects = :invoice and kind = 'credit_note' and state = 'open' "
              "order by id",
              bill.credits_of),
    KITH_WANT(QUERY, SAME("account = :whom"), bill.same_of_account),
    KITH_WANT(QUERY, SAME("contact = :whom and account is null"), bill.same_of_contact),
};
const kith_part payment_part = {
    .struct_size = sizeof payment_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
};
