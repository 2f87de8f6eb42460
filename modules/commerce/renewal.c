/* SPDX-License-Identifier: Apache-2.0 */
/* How subscriptions go on and end: the timer that begins terms and tells of them before, and the
 * actions subscribe, change_plan and cancel. */
#include "subscription.h"

#define DUE_MAX 500 /* found in one go of the timer */

/* -- what is due --------------------------------------------------------------------------------
 */

static kith_status end(kith_instance *self, kith_txn *txn, const struct subscription *s,
                       const char *state, const char *why, kith_error *err) {
    const struct subscription_numbers *n = &self->own.subscription;
    const uint32_t fields[] = {n->state, n->ended_because};
    const kith_value values[] = {kith_text(state), kith_text(why)};
    return self->records->update(txn, n->type, s->id.as.link.id, 2, fields, values, err);
}

static kith_status renew(kith_instance *self, kith_txn *txn, const struct subscription *s,
                         kith_error *err) {
    const struct subscription_numbers *n = &self->own.subscription;
    const int64_t terms = s->terms.as.i + 1;
    struct ware plan;
    kith_edit edit = {0};
    const kith_value next = kith_has(s->next_plan) ? s->next_plan : s->product;
    KITH_TRY(KITH_LOAD(self, txn, own.ware, next.as.link.id, &plan, err));
    if (!kith_is(plan.state, "active"))
        return end(self, txn, s, "expired",
                   "its plan is retired; next_plan would have named what follows", err);
    kith_put(&edit, n->terms, kith_int(terms));
    kith_put(&edit, n->term_start, s->term_end);
    kith_put(&edit, n->term_end,
             kith_date(kith_months_on(s->anchor.as.i, terms * months_of(s->period))));
    kith_put(&edit, n->next_plan, kith_null());
    kith_put(&edit, n->next_quantity, kith_null());
    kith_put(&edit, n->product, next);
    if (kith_has(s->next_quantity))
        kith_put(&edit, n->quantity, s->next_quantity);
    return kith_edit_update(self->records, txn, n->type, s->id.as.link.id, &edit, err);
}

static kith_status step(kith_instance *self, kith_txn *txn, const struct subscription *s,
                        kith_error *err) {
    const int64_t today = KITH_TODAY(self).as.i;
    if (s->cancel_at.kind == KITH_DATE && s->cancel_at.as.i <= today)
        return end(self, txn, s, "cancelled", "it was cancelled for this day", err);
    if (!s->renews.as.i)
        return end(self, txn, s, "expired", "it does not renew by itself", err);
    if (kith_is(s->state, "past_due"))
        return end(self, txn, s, "expired", "its last term was not paid", err);
    if (kith_is(s->state, "trial"))
        return KITH_SET(self, txn, own.subscription, state, s->id.as.link.id, kith_text("active"),
                        err);
    return renew(self, txn, s, err);
}

/* One subscription, in a transaction of its own: what hinders it hinders no other. Once more where
 * several terms are due, since Kith was not running. */
static kith_status charge_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                                kith_error *err) {
    const struct owned *own = &self->own;
    const int64_t today = KITH_TODAY(self).as.i;
    struct subscription s;
    const kith_status st = KITH_LOAD(self, txn, own.subscription, firing->id, &s, err);
    if (st == KITH_E_NOTFOUND)
        return KITH_OK;
    KITH_TRY(st);
    if (!kith_has(s.next_charge) || s.next_charge.as.i > today)
        return KITH_OK;
    KITH_TRY(step(self, txn, &s, err));
    KITH_TRY(KITH_LOAD(self, txn, own.subscription, firing->id, &s, err));
    if (!kith_has(s.next_charge) || s.next_charge.as.i > today)
        return KITH_OK;
    return own->timers->at(txn, own->timer.charge, KITH_NOW(self).as.i, firing->type, firing->id,
                           kith_str_of(""), NULL, err);
}

static kith_status remind(kith_instance *self, kith_txn *txn, const struct subscription *s,
                          kith_error *err) {
    const int64_t today = KITH_TODAY(self).as.i;
    const kith_value payload[] = {s->term_end, kith_int(s->term_end.as.i - today), s->renews};
    const kith_value next = reminder_of(self, s->term_end, today + 1, s->term_start.as.i + 1, 0);
    KITH_TRY(self->events->publish(txn, self->own.topics.term_ending, s->id.as.link.type,
                                   s->id.as.link.id, 3, payload, err));
    return KITH_SET(self, txn, own.subscription, reminder, s->id.as.link.id, next, err);
}

/* The subscriptions that are due: day by day, behind those that were found before. */
struct search {
    kith_value day, after;
    uint64_t left; /* so many in this go */
    int32_t done;
};

static kith_status find_due(kith_instance *self, kith_txn *txn, struct search *s, kith_error *err) {
    const struct owned *own = &self->own;
    const int64_t now = KITH_NOW(self).as.i;
    const kith_value days[] = {s->day, KITH_TODAY(self)};
    const kith_value none = kith_link(own->subscription.type, 1);
    struct subscription first, *due;
    uint64_t count = 0;
    KITH_TRY(
        KITH_FIRST(self, txn, own.subscription, own->subscriptions.first, 2, days, &first, err));
    s->done = !kith_has(first.id);
    if (s->done)
        return KITH_OK;
    if (!kith_equal(first.next_charge, s->day))
        s->after = none;
    s->day = first.next_charge;
    const kith_value params[] = {s->day, s->after};
    KITH_TRY(KITH_FIND(self, txn, own.subscription, own->subscriptions.due, 2, params, &due, &count,
                       err));
    for (uint64_t i = 0; i < count && s->left; i++, s->left--) {
        KITH_TRY(own->timers->at(txn, own->timer.charge, now, own->subscription.type,
                                 due[i].id.as.link.id, kith_str_of(""), NULL, err));
        s->after = due[i].id;
    }
    if (s->left) {
        s->day.as.i++;
        s->after = none;
    }
    return KITH_OK;
}

static kith_status remind_all(kith_instance *self, kith_txn *txn, uint64_t *count,
                              kith_error *err) {
    const kith_value today = KITH_TODAY(self);
    struct subscription *ending;
    KITH_TRY(KITH_FIND(self, txn, own.subscription, self->own.subscriptions.ending, 1, &today,
                       &ending, count, err));
    for (uint64_t i = 0; i < *count; i++)
        KITH_TRY(remind(self, txn, &ending[i], err));
    return KITH_OK;
}

/* Each night, and again at once as long as there are more. */
static kith_status due_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                             kith_error *err) {
    const struct owned *own = &self->own;
    uint64_t ending = 0;
    char payload[24];
    struct search s = {.day = kith_date(0),
                       .after = kith_link(own->subscription.type, firing->id ? firing->id : 1),
                       .left = DUE_MAX};
    for (uint64_t i = 0; i < firing->payload.len; i++)
        s.day.as.i = s.day.as.i * 10 + (firing->payload.ptr[i] - '0');
    KITH_TRY(remind_all(self, txn, &ending, err));
    while (!s.done && s.left)
        KITH_TRY(find_due(self, txn, &s, err));
    if (s.done && ending < DUE_MAX)
        return KITH_OK;
    (void)snprintf(payload, sizeof payload, "%lld", (long long)s.day.as.i);
    return own->timers->at(txn, own->timer.subscriptions, KITH_NOW(self).as.i,
                           own->subscription.type, s.after.as.link.id, kith_str_of(payload), NULL,
                           err);
}

/* -- what is not paid ---------------------------------------------------------------------------
 */

/* As long as an invoice of it is overdue, a subscription is past due. */
static kith_status invoice_reaction(kith_instance *self, kith_txn *txn, const kith_event *event,
                                    kith_error *err) {
    struct invoice invoice, *all;
    struct charge order;
    struct subscription s;
    uint64_t count = 0;
    int32_t late = 0;
    KITH_TRY(KITH_READ(self, txn, invoice, event->record, &invoice, err));
    KITH_TRY(KITH_LOAD(self, txn, own.charge, invoice.order.as.link.id, &order, err));
    KITH_TRY(KITH_LOAD(self, txn, own.subscription, order.subscription.as.link.id, &s, err));
    KITH_TRY(KITH_FIND(self, txn, invoice, self->own.subscriptions.invoices, 1, &s.id, &all, &count,
                       err));
    for (uint64_t i = 0; i < count; i++)
        late |= kith_is(all[i].state, "overdue");
    if (!kith_is(s.state, late ? "active" : "past_due"))
        return KITH_OK;
    return KITH_SET(self, txn, own.subscription, state, s.id.as.link.id,
                    kith_text(late ? "past_due" : "active"), err);
}

/* -- actions ------------------------------------------------------------------------------------
 */

/* The last order that charged it; KITH_NULL: none. */
static kith_status last_charge(kith_instance *self, const kith_txn *txn, kith_value subscription,
                               kith_value *order, kith_value *total, kith_error *err) {
    struct charge last;
    KITH_TRY(KITH_FIRST(self, txn, own.charge, self->own.subscriptions.last_charge, 1,
                        &subscription, &last, err));
    *order = last.id;
    *total = last.total;
    return KITH_OK;
}

struct subscribe_args {
    kith_value product, contact, account, quantity, period, price, discount, trial_days, renews;
};
struct subscribe_results {
    kith_value subscription, state, term_end, order, charged;
};

static kith_status subscribe_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct subscribe_args args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    struct subscription s = {.product = args.product,
                             .contact = args.contact,
                             .account = args.account,
                             .quantity = args.quantity,
                             .period = args.period,
                             .price = args.price,
                             .discount = args.discount,
                             .renews = args.renews};
    if (args.trial_days.kind == KITH_INT)
        s.trial_until = kith_date(KITH_TODAY(self).as.i + args.trial_days.as.i);
    KITH_TRY(KITH_CREATE(self, txn, own.subscription, &s, err));
    KITH_TRY(KITH_LOAD(self, txn, own.subscription, s.id.as.link.id, &s, err));
    struct subscribe_results results = {.subscription = s.id, .state = s.state};
    results.term_end = kith_is(s.state, "trial") ? s.trial_until : s.term_end;
    KITH_TRY(last_charge(self, txn, s.id, &results.order, &results.charged, err));
    return KITH_RESULTS(self, call, &results, err);
}

struct change_args {
    kith_value subscription, product, quantity;
};
struct change_results {
    kith_value how, effective, order, charged;
};

static kith_status wait_for_end(kith_instance *self, kith_txn *txn, const struct subscription *s,
                                kith_value plan, kith_value quantity, kith_error *err) {
    const struct subscription_numbers *n = &self->own.subscription;
    const uint32_t fields[] = {n->next_plan, n->next_quantity};
    const kith_value values[] = {plan, quantity};
    return self->records->update(txn, n->type, s->id.as.link.id, 2, fields, values, err);
}

static kith_status at_once(kith_instance *self, kith_txn *txn, const struct subscription *s,
                           const struct subscription *wanted, struct change_results *results,
                           kith_error *err) {
    const struct subscription_numbers *n = &self->own.subscription;
    const uint32_t fields[] = {n->product, n->quantity, n->next_plan, n->next_quantity};
    const kith_value values[] = {wanted->product, wanted->quantity, kith_null(), kith_null()};
    kith_value before, total, order;
    KITH_TRY(last_charge(self, txn, s->id, &before, &total, err));
    KITH_TRY(self->records->update(txn, n->type, s->id.as.link.id, 4, fields, values, err));
    KITH_TRY(last_charge(self, txn, s->id, &order, &total, err));
    if (kith_has(order) && !kith_equal(before, order)) {
        results->order = order;
        results->charged = total;
    }
    results->how = kith_text(kith_is(s->state, "trial") ? "trial" : "upgrade");
    results->effective = KITH_TODAY(self);
    return KITH_OK;
}

static kith_status change_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct change_results results = {0};
    struct change_args args;
    struct subscription s = {0}, wanted;
    int64_t was = 0, now = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(KITH_LOAD(self, txn, own.subscription, args.subscription.as.link.id, &s, err));
    if (!kith_is(s.state, "active") && !kith_is(s.state, "trial"))
        return kith_fail(err, KITH_E_REFUSED, "subscription",
                         "subscription: %.*s is %.*s; only one that is active or on trial changes",
                         KITH_CHARS(s.number.as.s), KITH_CHARS(s.state.as.s));
    wanted = s;
    if (kith_has(args.product))
        wanted.product = args.product;
    if (kith_has(args.quantity))
        wanted.quantity = args.quantity;
    if (wanted.product.as.link.id != s.product.as.link.id)
        KITH_TRY(subscription_price(self, txn, &wanted, kith_text(s.price.as.money.currency), err));
    KITH_TRY(subscription_scaled(&s, &was, err));
    KITH_TRY(subscription_scaled(&wanted, &now, err));
    if (now >= was || kith_is(s.state, "trial")) {
        KITH_TRY(at_once(self, txn, &s, &wanted, &results, err));
    } else {
        KITH_TRY(wait_for_end(self, txn, &s, wanted.product, wanted.quantity, err));
        results.how = kith_text("downgrade");
        results.effective = s.term_end;
    }
    return KITH_RESULTS(self, call, &results, err);
}

struct cancel_args {
    kith_value subscription, now, reason;
};
struct cancel_results {
    kith_value effective, refund, orders;
};

/* What stands on invoices of an order is taken back by credit notes. */
static kith_status credit_order(kith_instance *self, kith_txn *txn, const struct charge *order,
                                const struct subscription *s, kith_error *err) {
    struct invoice_line *lines;
    uint64_t count = 0;
    kith_id last = 0;
    char why[80];
    (void)snprintf(why, sizeof why, "%.*s was cancelled", KITH_CHARS(s->number.as.s));
    KITH_TRY(KITH_FIND(self, txn, invoice_line, self->own.subscriptions.invoiced, 1, &order->id,
                       &lines, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct invoice note = {.corrects = lines[i].invoice, .reason = kith_text(why)};
        if (lines[i].invoice.as.link.id == last ||
            units_of(&lines[i].credited) >= units_of(&lines[i].quantity))
            continue;
        last = lines[i].invoice.as.link.id;
        KITH_TRY(KITH_CREATE(self, txn, invoice, &note, err));
    }
    return KITH_OK;
}

/* All that was charged is given back: its invoices are credited, and the orders cancelled. */
static kith_status refund(kith_instance *self, kith_txn *txn, const struct subscription *s,
                          struct cancel_results *results, kith_error *err) {
    const int64_t first = s->trial_until.kind == KITH_DATE ? s->trial_until.as.i : s->started.as.i;
    struct charge *orders;
    uint64_t count = 0;
    if (KITH_TODAY(self).as.i - first > self->own.refund_days.as.i)
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, own.charge, self->own.subscriptions.charges, 1, &s->id, &orders,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const kith_value so_far = results->refund;
        KITH_TRY(self->numbers->add(&so_far, 1, &orders[i].total, &results->refund, err));
        KITH_TRY(credit_order(self, txn, &orders[i], s, err));
        KITH_TRY(KITH_SET(self, txn, own.charge, state, orders[i].id.as.link.id,
                          kith_text("cancelled"), err));
    }
    results->orders = kith_int((int64_t)count);
    return KITH_OK;
}

static kith_status cancel_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct cancel_results results = {.orders = kith_int(0)};
    struct cancel_args args;
    struct subscription s = {0};
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(KITH_LOAD(self, txn, own.subscription, args.subscription.as.link.id, &s, err));
    if (is_over(&s))
        return kith_fail(err, KITH_E_REFUSED, "subscription", "subscription: %.*s is %.*s already",
                         KITH_CHARS(s.number.as.s), KITH_CHARS(s.state.as.s));
    const struct subscription_numbers *n = &self->own.subscription;
    const int32_t now = args.now.kind == KITH_BOOL && args.now.as.i;
    results.effective = now                         ? KITH_TODAY(self)
                        : kith_is(s.state, "trial") ? s.trial_until
                                                    : s.term_end;
    const uint32_t fields[] = {n->cancel_at, n->ended_because, n->state};
    const kith_value values[] = {results.effective, args.reason, kith_text("cancelled")};
    KITH_TRY(
        self->records->update(txn, n->type, s.id.as.link.id, now ? 3 : 2, fields, values, err));
    if (now)
        KITH_TRY(refund(self, txn, &s, &results, err));
    return KITH_RESULTS(self, call, &results, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field ending_fields[] = {
    F("term_end", DATE, .doc = "The first day of the next term."),
    F("days", INTEGER, .doc = "Days until then."),
    F("renews", BOOLEAN, .doc = "Another term follows by itself.")};
static const kith_topic topics[] = {
    {.name = "subscription.term_ending",
     .schema = 1,
     .fields = KITH_ARRAY(ending_fields),
     .doc = "A term ends soon: so long before as commerce.remind_before says."},
};
static const kith_timer timers[] = {
    {.name = "subscriptions",
     .cron = "10 0 * * *",
     .fn = due_timer,
     .doc = "Finds the subscriptions whose term, trial or notice ends, and has each charged."},
    {.name = "subscriptions_more", .fn = due_timer, .doc = "Goes on with it, when there are many."},
    {.name = "charge", .fn = charge_timer, .doc = "Charges or ends one subscription."},
};
#define CHARGED "order.subscription is not null"
static const kith_reaction reactions[] = {
    {.name = "overdue",
     .topic = "invoice.overdue",
     .fn = invoice_reaction,
     .where = CHARGED,
     .doc = "Has a subscription be past due when an invoice of it is overdue."},
    {.name = "paid",
     .topic = "invoice.paid",
     .fn = invoice_reaction,
     .where = CHARGED,
     .doc = "Has it be active again when nothing of it is overdue any more."},
};
static const kith_setting settings[] = {
    {.key = "subscription.refund_days",
     .kind = KITH_INT,
     .default_text = "30",
     .min = 0,
     .max = 366,
     .doc = "Whoever cancels at once within so many days of the first charge gets it back."},
};

static const kith_field subscribe_params[] = {
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED, .doc = "The plan."),
    F("contact", LINK, .options = "contact", .doc = "Who subscribes."),
    F("account", LINK, .options = "account", .doc = "The organisation that subscribes."),
    F("quantity", INTEGER, .default_text = "1", .doc = "For how many users."),
    F("period", CHOICE, .options = "month,quarter,year", .default_text = "month",
      .doc = "How long a term is."),
    F("price", MONEY, .doc = "What one costs a period; without it the customer's price."),
    F("discount", PERCENT, .doc = "Percent less."),
    F("trial_days", INTEGER,
      .doc = "How long it is on trial; without it as commerce.subscription.trial_days says."),
    F("renews", BOOLEAN, .default_text = "true", .doc = "Another term follows by itself."),
};
static const kith_field subscribe_results[] = {
    F("subscription", LINK, .options = "subscription", .doc = "The new one."),
    F("state", TEXT, .doc = "trial, or active."),
    F("term_end", DATE, .doc = "When the trial or the first term is over."),
    F("order", LINK, .options = "order", .doc = "What charged the first term."),
    F("charged", MONEY, .doc = "How much that is."),
};
static const kith_field change_params[] = {
    F("subscription", LINK, .options = "subscription", .flags = KITH_FF_REQUIRED, .doc = "Which."),
    F("product", LINK, .options = "product", .doc = "The new plan."),
    F("quantity", INTEGER, .doc = "The new number of users."),
};
static const kith_field change_results[] = {
    F("how", TEXT, .doc = "upgrade, downgrade; trial: nothing was charged yet."),
    F("effective", DATE, .doc = "From which day on it holds."),
    F("order", LINK, .options = "order", .doc = "What charged the rest of the term."),
    F("charged", MONEY, .doc = "How much that is."),
};
static const kith_field cancel_params[] = {
    F("subscription", LINK, .options = "subscription", .flags = KITH_FF_REQUIRED, .doc = "Which."),
    F("now", BOOLEAN, .default_text = "false", .doc = "At once, and not at the end of the term."),
    F("reason", TEXT, .doc = "Why."),
};
static const kith_field cancel_results[] = {
    F("effective", DATE, .doc = "The day on which it is over."),
    F("refund", MONEY,
      .doc = "What the customer is credited; what was paid of it is sent back by "
             "commerce.refund."),
    F("orders", INTEGER, .doc = "How many orders were cancelled for it."),
};
static const kith_action actions[] = {
    {.name = "subscribe",
     .doc = "Begins a subscription, and charges its first term unless it begins with a trial.",
     .effect = KITH_EFFECT_WRITE,
     .fn = subscribe_action,
     .params = KITH_ARRAY(subscribe_params),
     .results = KITH_ARRAY(subscribe_results)},
    {.name = "change_plan",
     .doc = "Changes plan or number: what costs more at once and pro rata, what costs less at the "
            "end of the term.",
     .effect = KITH_EFFECT_WRITE,
     .fn = change_action,
     .params = KITH_ARRAY(change_params),
     .results = KITH_ARRAY(change_results)},
    {.name = "cancel",
     .doc = "Cancels a subscription at the end of its term, or at once.",
     .effect = KITH_EFFECT_WRITE,
     .fn = cancel_action,
     .params = KITH_ARRAY(cancel_params),
     .results = KITH_ARRAY(cancel_results)},
};

static const kith_want wants[] = {
    KITH_WANT(QUERY,
              "subscription where next_charge >= :day and next_charge <= :today order by "
              "next_charge limit 1",
              own.subscriptions.first),
    KITH_WANT(QUERY, "subscription where next_charge = :day and id > :after order by id limit 500",
              own.subscriptions.due),
    KITH_WANT(QUERY, "subscription where reminder <= :today order by reminder limit 500",
              own.subscriptions.ending),
    KITH_WANT(QUERY,
              "order where subscription = :subscription and state in ('ordered', 'paid') order by "
              "id limit 100",
              own.subscriptions.charges),
    KITH_WANT(QUERY, "order where subscription = :subscription order by -id limit 1",
              own.subscriptions.last_charge),
    KITH_WANT(QUERY,
              "order where subscription = :subscription and term_start = :term and state != "
              "'cancelled' limit 1",
              own.subscriptions.term_charges),
    KITH_WANT(QUERY,
              "invoice_line where invoice.order = :order and invoice.kind = 'invoice' and "
              "invoice.state != 'written_off' order by invoice",
              own.subscriptions.invoiced),
    KITH_WANT(QUERY, "invoice where order.subscription = :subscription",
              own.subscriptions.invoices),
    KITH_WANT(TOPIC, "subscription.term_ending", own.topics.term_ending),
    KITH_WANT(TIMER, "subscriptions_more", own.timer.subscriptions),
    KITH_WANT(TIMER, "charge", own.timer.charge),
    KITH_WANT(SETTING, "subscription.refund_days", own.refund_days),
};
const kith_part renewal_part = {
    .struct_size = sizeof renewal_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .topics = KITH_ARRAY(topics),
    .reactions = KITH_ARRAY(reactions),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
};
