/* SPDX-License-Identifier: Apache-2.0 */
/* Invoices and credit notes. Each is made in one go, from an order or from what it corrects, with
 * its lines and what is booked for it, and stays as it is from then on. */
#include "commerce.h"

/* What is to stand on it: these lines, or, none named, all; so much of it, or, null, the rest. */
struct draft {
    const kith_value *lines;
    uint64_t count;
    kith_value quantity;
};

static int32_t is_credit(const struct invoice *i) {
    return kith_is(i->kind, "credit_note");
}

/* As the customer owes it: what a credit note is of is theirs. */
static kith_value signed_of(const struct invoice *i, kith_value amount) {
    if (is_credit(i))
        amount.as.money.minor = -amount.as.money.minor;
    return amount;
}

static void put_open(const kith_instance *self, kith_edit *edit, const struct invoice *in) {
    kith_put(edit, self->invoice.open, in->open);
    kith_put(edit, self->invoice.owed, signed_of(in, in->open));
}

/* -- lines --------------------------------------------------------------------------------------
 */

struct making {
    kith_instance *self;
    kith_txn *txn;
    struct invoice invoice;
    struct invoice_line *lines;
    const struct draft *draft;
    uint64_t count, named; /* lines that it has; those of the draft that were found */
};

static int32_t is_wanted(struct making *m, kith_id id) {
    const struct draft *d = m->draft;
    if (!d || !d->count)
        return 1;
    for (uint64_t i = 0; i < d->count; i++)
        if (d->lines[i].as.link.id == id) {
            m->named++;
            return 1;
        }
    return 0;
}

/* How much of what is left; more than that is refused. */
static kith_status take_quantity(const struct making *m, int64_t left, const kith_value *name,
                                 int64_t *take, kith_error *err) {
    const struct draft *d = m->draft;
    char text[KITH_NUMBER_TEXT];
    const kith_value rest = quantity_units(left);
    *take = d && kith_has(d->quantity) ? units_of(&d->quantity) : left;
    if (*take <= left)
        return KITH_OK;
    m->self->numbers->text(&rest, text);
    return kith_fail(err, KITH_E_REFUSED, "quantity",
                     "quantity: of '%.*s' %s are left, and no more can stand on it",
                     KITH_CHARS(name->as.s), text);
}

static kith_status share_amounts(const kith_instance *self, const kith_value *net,
                                 const kith_value *tax, const int64_t at[3],
                                 struct invoice_line *out, kith_error *err) {
    KITH_TRY(money_share(self, net, at, &out->net, err));
    KITH_TRY(money_share(self, tax, at, &out->tax, err));
    return self->numbers->add(&out->net, 1, &out->tax, &out->total, err);
}

static kith_status add_order_line(struct making *m, const struct line *l, kith_error *err) {
    const int64_t done = units_of(&l->invoiced), all = units_of(&l->quantity);
    const int64_t left = all - done - units_of(&l->unbilled); /* what came back is not billed */
    struct invoice_line *out = &m->lines[m->count];
    int64_t take;
    if (left <= 0 || !is_wanted(m, l->id.as.link.id))
        return KITH_OK;
    KITH_TRY(take_quantity(m, left, &l->description, &take, err));
    const int64_t at[3] = {done, done + take, all};
    *out = (struct invoice_line){.invoice = m->invoice.id,
                                 .order_line = l->id,
                                 .product = l->product,
                                 .description = l->description,
                                 .quantity = quantity_units(take),
                                 .unit_price = l->unit_price,
                                 .discount = l->discount,
                                 .tax_rate = l->tax_rate,
                                 .counts = quantity_units(take)};
    KITH_TRY(share_amounts(m->self, &l->net, &l->tax, at, out, err));
    out->billed = out->total;
    m->count++;
    return KITH_OK;
}

static kith_status add_credit_line(struct making *m, const struct invoice_line *l,
                                   kith_error *err) {
    const int64_t done = units_of(&l->credited), all = units_of(&l->quantity);
    const int32_t again = m->invoice.rebill.kind == KITH_BOOL && m->invoice.rebill.as.i;
    struct invoice_line *out = &m->lines[m->count];
    int64_t take;
    if (done >= all || !is_wanted(m, l->id.as.link.id))
        return KITH_OK;
    KITH_TRY(take_quantity(m, all - done, &l->description, &take, err));
    const int64_t at[3] = {done, done + take, all};
    *out = *l;
    out->invoice = m->invoice.id;
    out->corrects = l->id;
    out->quantity = quantity_units(take);
    out->counts = quantity_units(again ? -take : 0);
    out->credited = kith_null();
    KITH_TRY(share_amounts(m->self, &l->net, &l->tax, at, out, err));
    KITH_TRY(money_share(m->self, &l->billed, at, &out->billed, err));
    out->billed.as.money.minor = again ? -out->billed.as.money.minor : 0;
    m->count++;
    return KITH_OK;
}

static kith_status gather(struct making *m, kith_error *err) {
    kith_instance *self = m->self;
    const int32_t credit = is_credit(&m->invoice);
    struct line *from = NULL;
    struct invoice_line *of = NULL;
    uint64_t n = 0;
    KITH_TRY(credit ? KITH_FIND(self, m->txn, invoice_line, self->bill.invoice_lines, 1,
                                &m->invoice.corrects, &of, &n, err)
                    : KITH_FIND(self, m->txn, line, self->query.lines_of, 1, &m->invoice.order,
                                &from, &n, err));
    KITH_TRY(KITH_MEMORY(self, m->txn, &m->lines, n, err));
    for (uint64_t i = 0; i < n; i++)
        KITH_TRY(credit ? add_credit_line(m, &of[i], err) : add_order_line(m, &from[i], err));
    if (m->draft && m->named < m->draft->count)
        return kith_fail(err, KITH_E_REFUSED, "lines",
                         "lines: %llu of them are none of its lines, or nothing is left of them",
                         (unsigned long long)(m->draft->count - m->named));
    return m->count ? KITH_OK
                    : kith_fail(err, KITH_E_REFUSED, credit ? "corrects" : "order",
                                credit ? "corrects: all of the invoice is credited already"
                                       : "order: all of it stands on invoices already, or came "
                                         "back before; or it has no lines");
}

/* -- tax by rate --------------------------------------------------------------------------------
 */

static int64_t rate_of(const struct invoice_line *l) {
    return units_of(&l->tax_rate);
}

/* The tax of all lines with the rate of the one at `first`, parted among them. */
static kith_status tax_rate_once(struct making *m, uint64_t first, int64_t *weights,
                                 kith_value *parts, kith_error *err) {
    const kith_numbers_v1 *num = m->self->numbers;
    const int32_t included = m->self->tax_included.as.i != 0;
    const int64_t rate = rate_of(&m->lines[first]);
    const kith_value by = kith_int(rate);
    kith_value sum = money_in(&m->invoice.currency, 0), tax;
    for (uint64_t i = 0; i < m->count; i++) {
        const struct invoice_line *l = &m->lines[i];
        weights[i] = rate_of(l) == rate ? minor_of(included ? &l->total : &l->net) : 0;
        sum.as.money.minor += weights[i];
    }
    if (!sum.as.money.minor)
        return KITH_OK;
    KITH_TRY(num->multiply(&sum, &by, included ? 10000 + rate : 10000, money_rounding(m->self),
                           &tax, err));
    KITH_TRY(num->split(&tax, (uint32_t)m->count, weights, parts, err));
    for (uint64_t i = first; i < m->count; i++) {
        struct invoice_line *l = &m->lines[i];
        if (rate_of(l) != rate)
            continue;
        l->tax = parts[i];
        KITH_TRY(included ? num->add(&l->total, -1, &l->tax, &l->net, err)
                          : num->add(&l->net, 1, &l->tax, &l->total, err));
    }
    return KITH_OK;
}

static kith_status tax_by_rate(struct making *m, kith_error *err) {
    int64_t *weights;
    kith_value *parts;
    KITH_TRY(KITH_MEMORY(m->self, m->txn, &weights, m->count, err));
    KITH_TRY(KITH_MEMORY(m->self, m->txn, &parts, m->count, err));
    for (uint64_t i = 0; i < m->count; i++) {
        int32_t done = 0;
        for (uint64_t k = 0; k < i && !done; k++)
            done = rate_of(&m->lines[k]) == rate_of(&m->lines[i]);
        if (!done)
            KITH_TRY(tax_rate_once(m, i, weights, parts, err));
    }
    return KITH_OK;
}

/* -- made ---------------------------------------------------------------------------------------
 */

static kith_status write_lines(struct making *m, kith_error *err) {
    kith_instance *self = m->self;
    struct invoice *in = &m->invoice;
    in->net = in->tax = in->total = in->billed = money_in(&in->currency, 0);
    for (uint64_t i = 0; i < m->count; i++) {
        struct invoice_line *l = &m->lines[i];
        KITH_TRY(KITH_CREATE(self, m->txn, invoice_line, l, err));
        KITH_TRY(self->numbers->add(&in->net, 1, &l->net, &in->net, err));
        KITH_TRY(self->numbers->add(&in->tax, 1, &l->tax, &in->tax, err));
        KITH_TRY(self->numbers->add(&in->total, 1, &l->total, &in->total, err));
        KITH_TRY(self->numbers->add(&in->billed, 1, &l->billed, &in->billed, err));
    }
    in->open = in->total;
    return KITH_OK;
}

static const char *state_for(const kith_instance *self, const struct invoice *in) {
    return !minor_of(&in->open)                                        ? "paid"
           : !is_credit(in) && in->due_on.as.i < KITH_TODAY(self).as.i ? "overdue"
                                                                       : "open";
}

static kith_status write_totals(const struct making *m, kith_error *err) {
    const kith_instance *self = m->self;
    const struct invoice *in = &m->invoice;
    kith_edit edit = {.count = 0};
    kith_put(&edit, self->invoice.net, in->net);
    kith_put(&edit, self->invoice.tax, in->tax);
    kith_put(&edit, self->invoice.total, in->total);
    kith_put(&edit, self->invoice.billed, in->billed);
    put_open(self, &edit, in);
    kith_put(&edit, self->invoice.charge, signed_of(in, in->total));
    kith_put(&edit, self->invoice.state, kith_text(state_for(self, in)));
    return kith_edit_update(self->records, m->txn, self->invoice.type, in->id.as.link.id, &edit,
                            err);
}

static kith_status book(const struct making *m, kith_error *err) {
    const struct invoice *in = &m->invoice;
    const struct customer who = customer_of(in->account, in->contact);
    const int32_t credit = is_credit(in);
    KITH_TRY(ledger_book(m->self, m->txn, credit ? "revenue" : "receivable",
                         credit ? "receivable" : "revenue", in->net, who, in->id, err));
    return ledger_book(m->self, m->txn, credit ? "tax" : "receivable",
                       credit ? "receivable" : "tax", in->tax, who, in->id, err);
}

/* Behind the creation: its lines, what is booked, and what was paid before. */
static kith_status made_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct making m = {.self = self, .txn = txn, .draft = self->bill.draft};
    self->bill.draft = NULL; /* it is of this one alone */
    KITH_TRY(KITH_CHANGE(self, txn, change, invoice, &m.invoice, err));
    KITH_TRY(gather(&m, err));
    if (!is_credit(&m.invoice) && kith_is(self->bill.tax_per, "rate"))
        KITH_TRY(tax_by_rate(&m, err));
    KITH_TRY(write_lines(&m, err));
    KITH_TRY(write_totals(&m, err));
    KITH_TRY(book(&m, err));
    KITH_TRY(is_credit(&m.invoice) ? payment_allocate(self, txn, m.invoice.id, m.invoice.open,
                                                      m.invoice.corrects, err)
                                   : payment_take_prepaid(self, txn, &m.invoice, err));
    /* What is to stand on another invoice is to be paid again, also when nothing was open here. */
    return order_settle(self, txn, m.invoice.order, err);
}

/* -- before it is made --------------------------------------------------------------------------
 */

static kith_status days_to_pay(kith_instance *self, const kith_txn *txn, const struct invoice *in,
                               int64_t *days, kith_error *err) {
    struct contact c;
    struct account_chain chain;
    uint64_t i = 0;
    KITH_TRY(units_above(self, txn, in->account, &chain, err));
    KITH_TRY(KITH_FOLLOW(self, txn, contact, in->contact, &c, err));
    while (i < chain.count && !kith_has(chain.at[i].payment_days))
        i++;
    *days = i < chain.count            ? chain.at[i].payment_days.as.i
            : kith_has(c.payment_days) ? c.payment_days.as.i
                                       : self->bill.payment_days.as.i;
    return KITH_OK;
}

static kith_status from_order(kith_instance *self, const kith_txn *txn, struct invoice *in,
                              kith_error *err) {
    struct order o;
    if (!kith_has(in->order))
        return kith_fail(err, KITH_E_REFUSED, "order", "order: say which order it is for");
    KITH_TRY(KITH_LOAD(self, txn, order, in->order.as.link.id, &o, err));
    const kith_str state = o.state.as.s;
    if (is_before_order(state) || kith_str_is(state, "cancelled"))
        return kith_fail(err, KITH_E_REFUSED, "order",
                         "order: %.*s is %.*s; an invoice is for an order that is placed",
                         KITH_CHARS(o.number.as.s), KITH_CHARS(state));
    in->kind = kith_text("invoice");
    in->account = o.account;
    in->contact = o.contact;
    in->currency = o.currency;
    return KITH_OK;
}

static kith_status from_invoice(kith_instance *self, const kith_txn *txn, struct invoice *in,
                                kith_error *err) {
    struct invoice of;
    KITH_TRY(KITH_LOAD(self, txn, invoice, in->corrects.as.link.id, &of, err));
    if (is_credit(&of))
        return kith_fail(err, KITH_E_REFUSED, "corrects",
                         "corrects: %.*s is a credit note itself; make an invoice instead",
                         KITH_CHARS(of.number.as.s));
    if (kith_is(of.state, "written_off"))
        return kith_fail(err, KITH_E_REFUSED, "corrects", "corrects: %.*s is written off already",
                         KITH_CHARS(of.number.as.s));
    if (kith_has(in->order) && !kith_equal(in->order, of.order))
        return kith_fail(err, KITH_E_REFUSED, "order",
                         "order: %.*s is for another one; leave it out",
                         KITH_CHARS(of.number.as.s));
    in->kind = kith_text("credit_note");
    in->order = of.order;
    in->account = of.account;
    in->contact = of.contact;
    in->currency = of.currency;
    return KITH_OK;
}

static kith_status settle_days(kith_instance *self, const kith_txn *txn, struct invoice *in,
                               kith_error *err) {
    const int64_t today = KITH_TODAY(self).as.i;
    int64_t days = 0;
    if (!kith_has(in->issued_on))
        in->issued_on = kith_date(today);
    if (in->issued_on.as.i > today)
        return kith_fail(err, KITH_E_REFUSED, "issued_on", "issued_on: that day is to come");
    if (!kith_has(in->due_on)) {
        KITH_TRY(is_credit(in) ? KITH_OK : days_to_pay(self, txn, in, &days, err));
        in->due_on = kith_date(in->issued_on.as.i + days);
    }
    return in->due_on.as.i >= in->issued_on.as.i
               ? KITH_OK
               : kith_fail(err, KITH_E_REFUSED, "due_on", "due_on: it lies before issued_on");
}

static kith_status make_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct invoice asked, in;
    KITH_TRY(KITH_CHANGE(self, txn, change, invoice, &asked, err));
    in = asked;
    if (!kith_is(in.state, "open"))
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: an invoice begins open, and is paid by payments");
    KITH_TRY(kith_has(in.corrects) ? from_invoice(self, txn, &in, err)
                                   : from_order(self, txn, &in, err));
    KITH_TRY(settle_days(self, txn, &in, err));
    return KITH_SET_CHANGED(self, txn, change, invoice, &asked, &in, err);
}

/* -- afterwards ---------------------------------------------------------------------------------
 */

/* Its states follow from what is open; all but writing it off, which somebody decides. */
static kith_status check_state(const kith_instance *self, const struct invoice *in,
                               kith_error *err) {
    const kith_str state = in->state.as.s;
    char open[KITH_NUMBER_TEXT];
    if (kith_str_is(state, "written_off") && !is_credit(in) && minor_of(&in->open) > 0)
        return KITH_OK;
    if (kith_str_is(state, state_for(self, in)))
        return KITH_OK;
    self->numbers->text(&in->open, open);
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: %s of %.*s are open, and it is due on its day; record a payment "
                     "(commerce.pay), or credit it (commerce.credit)",
                     open, KITH_CHARS(in->number.as.s));
}

static kith_status keep_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct invoice in;
    const struct invoice_numbers *f = &self->invoice;
    const uint32_t fixed[] = {f->order, f->corrects, f->issued_on, f->due_on, f->reason, f->rebill};
    if (change->origin == KITH_ORIGIN_ERASE)
        return KITH_OK;
    KITH_TRY(KITH_CHANGE(self, txn, change, invoice, &in, err));
    int32_t touched = change->kind == KITH_ON_DELETE && change->origin != KITH_ORIGIN_RETENTION;
    for (size_t i = 0; change->after && !touched && i < sizeof fixed / sizeof *fixed; i++)
        touched = self->records->changed(txn, change, fixed[i]) == 1;
    if (touched)
        return kith_fail(err, KITH_E_REFUSED, NULL,
                         "%.*s was issued and stays as it is; correct it by a credit note "
                         "(commerce.credit)",
                         KITH_CHARS(in.number.as.s));
    return change->after && self->records->changed(txn, change, f->state) == 1
               ? check_state(self, &in, err)
               : KITH_OK;
}

static kith_status line_kept_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                  kith_error *err) {
    (void)self, (void)txn, (void)change;
    return kith_fail(err, KITH_E_REFUSED, NULL,
                     "the line is of an invoice that was issued and stays as it is; credit it "
                     "(commerce.credit)");
}

static kith_status written_off_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                    kith_error *err) {
    struct invoice in;
    kith_edit edit = {.count = 0};
    KITH_TRY(KITH_CHANGE(self, txn, change, invoice, &in, err));
    KITH_TRY(ledger_book(self, txn, "write_off", "receivable", in.open,
                         customer_of(in.account, in.contact), in.id, err));
    in.open = money_in(&in.currency, 0);
    put_open(self, &edit, &in);
    return kith_edit_update(self->records, txn, self->invoice.type, in.id.as.link.id, &edit, err);
}

kith_status invoice_settle(kith_instance *self, kith_txn *txn, kith_id id, kith_error *err) {
    struct invoice in;
    kith_edit edit = {.count = 0};
    KITH_TRY(KITH_LOAD(self, txn, invoice, id, &in, err));
    if (kith_is(in.state, "written_off"))
        return KITH_OK;
    KITH_TRY(
        self->numbers->add(&in.total, -1, is_credit(&in) ? &in.used : &in.paid, &in.open, err));
    put_open(self, &edit, &in);
    kith_put(&edit, self->invoice.state, kith_text(state_for(self, &in)));
    return kith_edit_update(self->records, txn, self->invoice.type, id, &edit, err);
}

/* Some at a time; what is left waits for the next firing, right behind. */
#define OVERDUE_AT_ONCE 500
static kith_status overdue_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                                 kith_error *err) {
    const kith_value today = KITH_TODAY(self);
    struct invoice *late;
    uint64_t n = 0;
    (void)firing;
    KITH_TRY(KITH_FIND(self, txn, invoice, self->bill.overdue, 1, &today, &late, &n, err));
    for (uint64_t i = 0; i < n; i++)
        KITH_TRY(
            KITH_SET(self, txn, invoice, state, late[i].id.as.link.id, kith_text("overdue"), err));
    if (n == OVERDUE_AT_ONCE)
        KITH_TRY(self->timers->at(txn, self->bill.overdue_timer, KITH_NOW(self).as.i, 0, 0,
                                  kith_str_of(""), NULL, err));
    return KITH_OK;
}

/* -- returns ------------------------------------------------------------------------------------
 */

static kith_status create(kith_instance *self, kith_txn *txn, struct invoice *in,
                          const struct draft *draft, kith_error *err) {
    self->bill.draft = draft;
    const kith_status st = KITH_CREATE(self, txn, invoice, in, err);
    self->bill.draft = NULL;
    return st;
}

/* Credits what has come back and is refunded, as far as it stands on invoices. */
static kith_status returned_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                 kith_error *err) {
    struct returned r;
    struct invoice_line *lines;
    uint64_t n = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.returned, &r, err));
    KITH_TRY(KITH_FIND(self, txn, invoice_line, self->bill.billed_of, 1, &r.order_line, &lines, &n,
                       err));
    int64_t left = units_of(&r.quantity) - units_of(&r.unbilled);
    for (uint64_t i = 0; left > 0 && i < n; i++) {
        const int64_t rest = units_of(&lines[i].quantity) - units_of(&lines[i].credited);
        const int64_t take = rest < left ? rest : left;
        const struct draft draft = {&lines[i].id, 1, quantity_units(take)};
        struct invoice note = {.corrects = lines[i].invoice, .reason = kith_text("It came back.")};
        if (take <= 0)
            continue;
        KITH_TRY(create(self, txn, &note, &draft, err));
        left -= take;
    }
    return KITH_OK;
}

/* -- actions ------------------------------------------------------------------------------------
 */

static kith_status make(kith_instance *self, kith_call *call, struct invoice *in,
                        const struct draft *draft, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    if (kith_has(draft->quantity) && (draft->count != 1 || units_of(&draft->quantity) <= 0))
        return kith_fail(err, KITH_E_INVAL, "quantity",
                         "quantity: it is more than 0, and goes with one line in lines");
    KITH_TRY(create(self, txn, in, draft, err));
    KITH_TRY(KITH_LOAD(self, txn, invoice, in->id.as.link.id, in, err));
    const struct {
        kith_value invoice, number, total, due_on;
    } results = {in->id, in->number, in->total, in->due_on};
    return KITH_RESULTS(self, call, &results, err);
}

static struct draft draft_of(kith_value lines, kith_value quantity) {
    return (struct draft){kith_rows(&lines) ? lines.as.list.items : NULL, kith_rows(&lines),
                          quantity};
}

static kith_status invoice_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value order, lines, quantity, issued_on, due_on;
    } args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    struct invoice in = {.order = args.order, .issued_on = args.issued_on, .due_on = args.due_on};
    const struct draft draft = draft_of(args.lines, args.quantity);
    return make(self, call, &in, &draft, err);
}

static kith_status credit_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value invoice, lines, quantity, reason, rebill;
    } args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    struct invoice in = {.corrects = args.invoice, .reason = args.reason, .rebill = args.rebill};
    const struct draft draft = draft_of(args.lines, args.quantity);
    return make(self, call, &in, &draft, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define STATES                                                                                     \
    "open>paid|overdue|written_off,overdue>open|paid|written_off,paid.>open|overdue,written_off"

static const kith_field invoice_fields[] = {
    F("number", SERIES, .options = "INV-{year}-000000", .flags = KITH_FF_SEARCHED,
      .doc = "Its number, without gaps; credit notes are of the same series."),
    F("kind", CHOICE, .options = "invoice,credit_note", .default_text = "invoice",
      .flags = KITH_FF_READONLY, .doc = "A credit note says what an invoice is less."),
    F("state", STATE, .options = STATES, .flags = KITH_FF_INDEXED,
      .doc = "What became of it; only writing it off is set by hand. It is overdue from the day "
             "after due_on, one that is made later at once."),
    F("order", LINK, .options = "order", .flags = KITH_FF_REQUIRED, .doc = "The order."),
    F("corrects", LINK, .options = "invoice", .doc = "The invoice that a credit note corrects."),
    F("account", LINK, .options = "account", .flags = KITH_FF_READONLY,
      .doc = "The organisation that owes; that of the order."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_READONLY | KITH_FF_SUBJECT,
      .doc = "Who owes, or for the account whom it is sent to."),
    F("currency", TEXT, .flags = KITH_FF_READONLY, .doc = "Of all its amounts."),
    F("issued_on", DATE, .flags = KITH_FF_INDEXED, .doc = "Its day; today when nothing is said."),
    F("due_on", DATE,
      .doc = "Until when it is to be paid; by payment_days of the account or of one above it, the "
             "contact, or of the "
             "settings when nothing is said."),
    F("net", MONEY, .flags = KITH_FF_READONLY, .doc = "All lines without tax."),
    F("tax", MONEY, .flags = KITH_FF_READONLY, .doc = "The tax of all lines."),
    F("total", MONEY, .flags = KITH_FF_READONLY | KITH_FF_INDEXED, .doc = "What is to be paid."),
    F("billed", MONEY, .flags = KITH_FF_READONLY,
      .doc = "What of the total of the order stands on it."),
    F("paid", MONEY, .rollup = "sum(allocation.amount via invoice) in currency",
      .doc = "What payments and credit notes bring."),
    F("used", MONEY, .rollup = "sum(allocation.amount via credit_note) in currency",
      .doc = "What of a credit note went to invoices."),
    F("open", MONEY, .flags = KITH_FF_READONLY,
      .doc = "What is left of it: to be paid, or of a credit note, to be used."),
    F("charge", MONEY, .flags = KITH_FF_READONLY,
      .doc = "The total as the customer owes it: below 0 of a credit note."),
    F("owed", MONEY, .flags = KITH_FF_READONLY,
      .doc = "What is open as the customer owes it: below 0 of a credit note."),
    F("reason", LONGTEXT, .doc = "Why a credit note was made."),
    F("rebill", BOOLEAN, .default_text = "false",
      .doc = "What is credited is to stand on another invoice."),
};
static const char *const invoice_indexes[] = {"account,state", "contact,state", "state,due_on"};

static const kith_field line_fields[] = {
    F("invoice", LINK, .options = "invoice",
      .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF | KITH_FF_READONLY, .doc = "The invoice."),
    F("order_line", LINK, .options = "order_line", .flags = KITH_FF_REQUIRED | KITH_FF_READONLY,
      .doc = "The line of the order."),
    F("corrects", LINK, .options = "invoice_line", .flags = KITH_FF_READONLY,
      .doc = "The line of the invoice that it credits."),
    F("product", LINK, .options = "product", .flags = KITH_FF_READONLY, .doc = "What was sold."),
    F("description", TEXT, .flags = KITH_FF_READONLY, .doc = "As it stands on the paper."),
    F("quantity", QUANTITY, .flags = KITH_FF_READONLY, .doc = "How much of it."),
    F("unit_price", MONEY, .measure = KITH_M_ORDINAL, .flags = KITH_FF_READONLY,
      .doc = "What one costs."),
    F("discount", PERCENT, .flags = KITH_FF_READONLY, .doc = "Percent less."),
    F("tax_rate", PERCENT, .flags = KITH_FF_READONLY, .doc = "Tax in percent."),
    F("net", MONEY, .flags = KITH_FF_READONLY, .doc = "Without tax."),
    F("tax", MONEY, .flags = KITH_FF_READONLY, .doc = "The tax."),
    F("total", MONEY, .flags = KITH_FF_READONLY, .doc = "With tax."),
    F("billed", MONEY, .flags = KITH_FF_READONLY, .doc = "What of the order's total it is."),
    F("counts", QUANTITY, .flags = KITH_FF_READONLY,
      .doc = "How much it adds to what is invoiced of the line of the order."),
    F("credited", QUANTITY, .rollup = "sum(invoice_line.quantity via corrects)",
      .doc = "How much of it was credited."),
};

static const kith_type types[] = {
    {.name = "invoice",
     .doc = "What a customer owes for an order, or a credit note; as it is issued it stays.",
     .title = "number",
     .undo = KITH_UNDO_REFUSE,
     .fields = KITH_ARRAY(invoice_fields),
     .indexes = KITH_ARRAY(invoice_indexes)},
    {.name = "invoice_line",
     .label = "Invoice line",
     .doc = "One line of an invoice.",
     .title = "description",
     .undo = KITH_UNDO_REFUSE,
     .fields = KITH_ARRAY(line_fields)},
};

static const char *const state_only[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "make_invoice",
     .type = "invoice",
     .on = KITH_ON_CREATE,
     .when = KITH_BEFORE,
     .fn = make_hook,
     .doc = "Takes customer, currency and days from the order, or the invoice that is corrected."},
    {.name = "invoice_made",
     .type = "invoice",
     .on = KITH_ON_CREATE,
     .when = KITH_AFTER,
     .fn = made_hook,
     .doc = "Writes the lines of an invoice, and books it."},
    {.name = "keep_invoice",
     .type = "invoice",
     .on = KITH_ON_UPDATE | KITH_ON_DELETE,
     .when = KITH_BEFORE,
     .fn = keep_hook,
     .doc = "Keeps invoices as they were issued."},
    {.name = "keep_invoice_line",
     .type = "invoice_line",
     .on = KITH_ON_DELETE,
     .when = KITH_BEFORE,
     .fn = line_kept_hook,
     .except = KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .doc = "Keeps the lines of invoices."},
    {.name = "written_off",
     .type = "invoice",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = written_off_hook,
     .where = "state = 'written_off'",
     .fields = KITH_ARRAY(state_only),
     .doc = "Books what is written off."},
    {.name = "credit_return",
     .type = "return_request",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = returned_hook,
     .where = "state = 'refunded'",
     .fields = KITH_ARRAY(state_only),
     .doc = "Makes a credit note for what has come back and is refunded."},
};

static const kith_timer timers[] = {
    {.name = "overdue",
     .cron = "10 0 * * *",
     .fn = overdue_timer,
     .doc = "Sets invoices overdue whose day has passed."},
};

#define MADE                                                                                       \
    F("invoice", LINK, .options = "invoice", .doc = "What was made."),                             \
        F("number", TEXT, .doc = "Its number."), F("total", MONEY, .doc = "Its total."),           \
        F("due_on", DATE, .doc = "Until when it is to be paid.")
static const kith_field made_fields[] = {MADE};
static const kith_field invoice_params[] = {
    F("order", LINK, .options = "order", .flags = KITH_FF_REQUIRED, .doc = "For which order."),
    F("lines", LINKS, .options = "order_line", .doc = "Only these of its lines."),
    F("quantity", QUANTITY, .doc = "Only so much of the one line."),
    F("issued_on", DATE, .doc = "Its day; without it today."),
    F("due_on", DATE, .doc = "Until when it is to be paid."),
};
static const kith_field credit_params[] = {
    F("invoice", LINK, .options = "invoice", .flags = KITH_FF_REQUIRED, .doc = "Which one."),
    F("lines", LINKS, .options = "invoice_line", .doc = "Only these of its lines."),
    F("quantity", QUANTITY, .doc = "Only so much of the one line."),
    F("reason", LONGTEXT, .doc = "Why."),
    F("rebill", BOOLEAN, .default_text = "false",
      .doc = "What is credited is to stand on another invoice."),
};
static const kith_action actions[] = {
    {.name = "invoice",
     .doc = "Makes an invoice of what of an order stands on none yet.",
     .effect = KITH_EFFECT_WRITE,
     .fn = invoice_action,
     .params = KITH_ARRAY(invoice_params),
     .results = KITH_ARRAY(made_fields)},
    {.name = "credit",
     .doc = "Makes a credit note for an invoice, or for some of its lines.",
     .effect = KITH_EFFECT_WRITE,
     .fn = credit_action,
     .params = KITH_ARRAY(credit_params),
     .results = KITH_ARRAY(made_fields)},
};

static const kith_setting settings[] = {
    {.key = "payment_days",
     .kind = KITH_INT,
     .default_text = "14",
     .min = 0,
     .max = 365,
     .doc = "How many days an invoice may take to be paid, where nothing else was agreed."},
    {.key = "tax_per",
     .kind = KITH_TEXT,
     .default_text = "\"line\"",
     .choices = "line,rate",
     .doc = "How tax on invoices is rounded: for each line, or once for all lines of a rate."},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("invoice", invoice, INVOICE),
    KITH_WANT_RECORD("invoice_line", invoice_line, INVOICE_LINE),
    KITH_WANT(QUERY, "invoice_line where invoice = :invoice order by id", bill.invoice_lines),
    KITH_WANT(QUERY,
              "invoice_line where order_line = :line and corrects is null and invoice.state != "
              "'written_off' order by id",
              bill.billed_of),
    KITH_WANT(QUERY,
              "invoice where state = 'open' and kind = 'invoice' and due_on < :today order by "
              "due_on limit 500",
              bill.overdue),
    KITH_WANT(TIMER, "overdue", bill.overdue_timer),
    KITH_WANT(SETTING, "payment_days", bill.payment_days),
    KITH_WANT(SETTING, "tax_per", bill.tax_per),
};
const kith_part invoice_part = {
    .struct_size = sizeof invoice_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
};
