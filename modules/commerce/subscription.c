/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions: terms that follow each other, each charged by an order, and what an upgrade costs
 * for the rest of one. All of it stands in hooks, so that it holds whoever writes; what begins the
 * next term, and short ways to all this, are in renewal.c. */
#include "subscription.h"
#include <inttypes.h>

int64_t months_of(kith_value period) {
    return kith_is(period, "year") ? 12 : kith_is(period, "quarter") ? 3 : 1;
}

/* -- amounts ------------------------------------------------------------------------------------
 */

kith_status subscription_scaled(const struct subscription *s, int64_t *out, kith_error *err) {
    const int64_t rest =
        10000 - (s->discount.kind == KITH_DECIMAL ? s->discount.as.decimal.units : 0);
    if (__builtin_mul_overflow(s->price.as.money.minor, s->quantity.as.i, out) ||
        __builtin_mul_overflow(*out, rest, out))
        return kith_fail(err, KITH_E_LIMIT, "price",
                         "price: so many of it cost more than can be counted");
    return KITH_OK;
}

static int32_t same_currency(kith_value a, kith_value b) {
    return strcmp(a.as.money.currency, b.as.money.currency) == 0;
}

/* What the rest of the term costs more from `day` on. */
static kith_status difference(const kith_instance *self, const struct subscription *before,
                              const struct subscription *after, int64_t day, kith_value *out,
                              int64_t *left, kith_error *err) {
    const int64_t days = after->term_end.as.i - after->term_start.as.i;
    int64_t was = 0, now = 0;
    KITH_TRY(subscription_scaled(before, &was, err));
    KITH_TRY(subscription_scaled(after, &now, err));
    *left = after->term_end.as.i - (day > after->term_start.as.i ? day : after->term_start.as.i);
    kith_value more = after->price, by = kith_int(*left < 0 ? 0 : *left);
    more.as.money.minor = now - was;
    return self->numbers->multiply(&more, &by, 10000 * days, money_rounding(self), out, err);
}

/* -- before a subscription is written -----------------------------------------------------------
 */

struct writing {
    kith_instance *self;
    kith_txn *txn;
    kith_change *change;
    struct subscription s, asked, before; /* asked: as it was read */
    int32_t is_new, renewed;              /* renewed: the module begins another term */
    int64_t today;
};

static int32_t is_changed(const struct writing *w, uint32_t field) {
    return w->self->records->changed(w->txn, w->change, field) == 1;
}

static kith_status check_plan(const struct ware *plan, kith_error *err) {
    const kith_str code = plan->code.as.s;
    if (!kith_is(plan->kind, "subscription"))
        return kith_fail(err, KITH_E_REFUSED, "product",
                         "product: '%.*s' is a %.*s; only a product of the kind subscription is "
                         "subscribed to",
                         KITH_CHARS(code), KITH_CHARS(plan->kind.as.s));
    if (!kith_is(plan->state, "active"))
        return kith_fail(err, KITH_E_REFUSED, "product",
                         "product: '%.*s' is retired and sold no more; take its successor",
                         KITH_CHARS(code));
    return KITH_OK;
}

kith_status subscription_price(kith_instance *self, const kith_txn *txn, struct subscription *s,
                               kith_value currency, kith_error *err) {
    struct price_answer answer;
    const struct price_question ask = {.account = s->account,
                                       .contact = s->contact,
                                       .product = s->product,
                                       .quantity = quantity_of(s->quantity.as.i),
                                       .currency = currency,
                                       .day = KITH_TODAY(self)};
    KITH_TRY(price_find(self, txn, &ask, &answer, err));
    s->price = answer.unit_price;
    if (!kith_has(s->discount))
        s->discount = answer.discount;
    return KITH_OK;
}

static kith_status settle_price(struct writing *w, kith_error *err) {
    const struct subscription_numbers *n = &w->self->own.subscription;
    const int32_t other = is_changed(w, n->product);
    const kith_value was = w->before.price;
    struct ware plan;
    if (other) {
        KITH_TRY(KITH_LOAD(w->self, w->txn, own.ware, w->s.product.as.link.id, &plan, err));
        KITH_TRY(check_plan(&plan, err));
    }
    if (!kith_has(w->s.price) || (!w->is_new && other && !is_changed(w, n->price)))
        KITH_TRY(subscription_price(
            w->self, w->txn, &w->s,
            was.kind == KITH_MONEY ? kith_text(was.as.money.currency) : kith_null(), err));
    if (was.kind == KITH_MONEY && !same_currency(was, w->s.price))
        return kith_fail(err, KITH_E_REFUSED, "price",
                         "price: it is in %s, and what was charged so far in %s",
                         w->s.price.as.money.currency, was.as.money.currency);
    return KITH_OK;
}

/* What would only fail in the night in which the next term begins is refused now. */
static kith_status check_next(const struct writing *w, kith_error *err) {
    struct subscription next = w->s;
    struct ware plan;
    if (w->renewed || !kith_has(w->s.next_plan) ||
        !is_changed(w, w->self->own.subscription.next_plan))
        return KITH_OK;
    next.product = next.next_plan;
    kith_status st = KITH_LOAD(w->self, w->txn, own.ware, next.product.as.link.id, &plan, err);
    if (st == KITH_OK)
        st = check_plan(&plan, err);
    if (st == KITH_OK)
        st = subscription_price(w->self, w->txn, &next, kith_text(next.price.as.money.currency),
                                err);
    if (st != KITH_OK && err)
        (void)snprintf(err->field, sizeof err->field, "next_plan");
    return st;
}

static kith_status check_days(const struct writing *w, kith_error *err) {
    const struct subscription_numbers *n = &w->self->own.subscription;
    const struct subscription *s = &w->s;
    const kith_value begin = s->term_start.kind == KITH_DATE ? s->term_start : s->started;
    if (s->trial_until.kind == KITH_DATE && s->trial_until.as.i < s->started.as.i)
        return kith_fail(err, KITH_E_REFUSED, "trial_until", "trial_until: it lies before started");
    if (s->term_end.kind == KITH_DATE && is_changed(w, n->term_end) &&
        s->term_end.as.i <= begin.as.i)
        return kith_fail(err, KITH_E_REFUSED, "term_end",
                         "term_end: the term would end before it begins");
    if (s->cancel_at.kind == KITH_DATE && is_changed(w, n->cancel_at) &&
        s->cancel_at.as.i < (w->is_new ? s->started.as.i : w->today))
        return kith_fail(err, KITH_E_REFUSED, "cancel_at",
                         "cancel_at: that day is over; call commerce.cancel with now=true");
    if (!w->is_new && is_changed(w, n->period) && s->term_end.kind == KITH_DATE)
        return kith_fail(err, KITH_E_REFUSED, "period",
                         "period: it stays as it is once the first term has begun; cancel this "
                         "subscription at the end of its term, and begin another one");
    return KITH_OK;
}

/* Records begin in their first state: one without a trial is active right behind it. */
static void begin(struct writing *w) {
    const int64_t days = w->self->own.trial_days.as.i;
    struct subscription *s = &w->s;
    if (!kith_has(s->started))
        s->started = kith_date(w->today);
    if (kith_is(s->state, "trial") && !kith_has(s->trial_until) && days > 0 &&
        !kith_has(s->term_end))
        s->trial_until = kith_date(s->started.as.i + days);
}

/* The first term, and from where the ends of the others are counted. Somebody who says when the
 * term ends has charged it elsewhere: the next one is the first that is charged here. */
static void settle_term(struct writing *w) {
    const struct subscription_numbers *n = &w->self->own.subscription;
    struct subscription *s = &w->s;
    if (w->renewed)
        return;
    if (s->term_end.kind == KITH_DATE && is_changed(w, n->term_end)) {
        s->anchor = s->term_end;
        s->terms = kith_int(0);
        if (!kith_has(s->term_start))
            s->term_start = s->started;
    } else if (kith_is(s->state, "active") && !kith_has(s->term_end)) {
        const kith_value t = s->trial_until;
        s->anchor = !kith_has(t) ? s->started : t.as.i <= w->today ? t : kith_date(w->today);
        s->terms = kith_int(1);
        s->term_start = s->anchor;
        s->term_end = kith_date(kith_months_on(s->anchor.as.i, months_of(s->period)));
    }
}

/* Less than before waits for the end of the term, since it is paid. */
static kith_status check_downgrade(const struct writing *w, kith_error *err) {
    const struct subscription_numbers *n = &w->self->own.subscription;
    int64_t was, now;
    /* What an upgrade charged is undone before it, or keeps it. */
    if (w->change->origin == KITH_ORIGIN_UNDO || w->is_new || w->renewed ||
        !kith_is(w->before.state, "active") ||
        (!is_changed(w, n->product) && !is_changed(w, n->quantity)))
        return KITH_OK;
    KITH_TRY(subscription_scaled(&w->before, &was, err));
    KITH_TRY(subscription_scaled(&w->s, &now, err));
    if (now >= was)
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, is_changed(w, n->product) ? "product" : "quantity",
                     "%s: what costs less begins at the end of the term; set next_plan and "
                     "next_quantity, or call commerce.change_plan",
                     is_changed(w, n->product) ? "product" : "quantity");
}

/* When something is due, and when to tell of it before. */
static void settle_next(struct writing *w) {
    struct subscription *s = &w->s;
    s->next_charge = is_over(s)                   ? kith_null()
                     : kith_is(s->state, "trial") ? s->trial_until
                                                  : s->term_end;
    if (!is_over(s) && s->cancel_at.kind == KITH_DATE && s->cancel_at.as.i < s->next_charge.as.i)
        s->next_charge = s->cancel_at;
    if (is_over(s) && !kith_has(s->ended_on))
        s->ended_on = kith_date(w->today);
    if (!is_over(s))
        s->ended_on = kith_null();
    if (is_changed(w, w->self->own.subscription.reminder) && !w->is_new)
        return;
    if (is_over(s) || kith_is(s->state, "trial") || !kith_has(s->term_end))
        s->reminder = kith_null();
    else if (w->is_new || w->renewed || w->before.term_end.as.i != s->term_end.as.i)
        s->reminder = reminder_of(w->self, s->term_end, w->today, s->term_start.as.i + 1, 0);
}

/* Back before its renewal it would be charged for the term a second time. */
static kith_status check_renewal(const struct writing *w, uint32_t origin, kith_error *err) {
    kith_instance *self = w->self;
    const kith_value params[] = {w->s.id, w->before.term_start};
    struct charge order;
    if (origin != KITH_ORIGIN_UNDO || w->is_new || w->before.terms.kind != KITH_INT ||
        (w->s.terms.kind == KITH_INT && w->s.terms.as.i >= w->before.terms.as.i))
        return KITH_OK;
    KITH_TRY(KITH_FIRST(self, w->txn, own.charge, self->own.subscriptions.term_charges, 2, params,
                        &order, err));
    return kith_has(order.id)
               ? kith_fail(err, KITH_E_REFUSED, "terms",
                           "terms: this term of %.*s was charged by %.*s, which stays; credit and "
                           "cancel that order first, or end the subscription (commerce.cancel)",
                           KITH_CHARS(w->s.number.as.s), KITH_CHARS(order.number.as.s))
               : KITH_OK;
}

/* Back on trial it would be charged for its first term a second time, or never again. */
static kith_status check_undone(const struct writing *w, uint32_t origin, kith_error *err) {
    if (origin != KITH_ORIGIN_UNDO || w->is_new || !w->s.charges.as.i ||
        !kith_is(w->s.state, "trial") || kith_is(w->before.state, "trial"))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: %.*s was charged, by an order that stays; cancel it "
                     "(commerce.cancel)",
                     KITH_CHARS(w->s.number.as.s));
}

static kith_status subscription_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                     kith_error *err) {
    struct writing w = {.self = self, .txn = txn, .change = change, .today = KITH_TODAY(self).as.i};
    KITH_TRY(KITH_CHANGE(self, txn, change, own.subscription, &w.asked, err));
    w.s = w.asked;
    w.is_new = !change->before;
    if (change->before)
        KITH_TRY(KITH_READ(self, txn, own.subscription, change->before, &w.before, err));
    if (!kith_has(w.s.account) && !kith_has(w.s.contact))
        return kith_fail(err, KITH_E_REFUSED, "contact",
                         "contact: say who subscribes: a contact, or an account");
    KITH_TRY(check_undone(&w, change->origin, err));
    KITH_TRY(check_renewal(&w, change->origin, err));
    w.renewed = !w.is_new && is_changed(&w, self->own.subscription.terms);
    if (w.is_new)
        begin(&w);
    KITH_TRY(settle_price(&w, err));
    KITH_TRY(check_next(&w, err));
    KITH_TRY(check_days(&w, err));
    settle_term(&w);
    KITH_TRY(check_downgrade(&w, err));
    settle_next(&w);
    return KITH_SET_CHANGED(self, txn, change, own.subscription, &w.asked, &w.s, err);
}

/* -- charges ------------------------------------------------------------------------------------
 */

/* An order that is placed at once: invoices and payments follow from it as from any other. */
static kith_status charge(kith_instance *self, kith_txn *txn, const struct subscription *s,
                          const struct line *line, kith_error *err) {
    struct charge order = {.account = s->account,
                           .contact = s->contact,
                           .owner = s->owner,
                           .currency = kith_text(s->price.as.money.currency),
                           .subscription = s->id,
                           .term_start = s->term_start,
                           .reference = s->number,
                           .delivery = kith_text("download")};
    struct line l = *line;
    KITH_TRY(KITH_CREATE(self, txn, own.charge, &order, err));
    l.order = order.id;
    l.product = s->product;
    KITH_TRY(KITH_CREATE(self, txn, line, &l, err));
    KITH_TRY(
        KITH_SET(self, txn, own.charge, state, order.id.as.link.id, kith_text("ordered"), err));
    KITH_TRY(KITH_LOAD(self, txn, own.charge, order.id.as.link.id, &order, err));
    const kith_value payload[] = {order.id, order.total};
    return self->events->publish(txn, self->own.topics.charged, s->id.as.link.type,
                                 s->id.as.link.id, 2, payload, err);
}

static void day_text(const kith_instance *self, kith_value day, char out[KITH_NUMBER_TEXT]) {
    self->numbers->text(&day, out);
}

static kith_status charge_term(kith_instance *self, kith_txn *txn, const struct subscription *s,
                               kith_error *err) {
    char from[KITH_NUMBER_TEXT], until[KITH_NUMBER_TEXT], text[400];
    struct ware plan;
    if (s->price.as.money.minor == 0)
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, own.ware, s->product.as.link.id, &plan, err));
    day_text(self, s->term_start, from);
    day_text(self, kith_date(s->term_end.as.i - 1), until);
    (void)snprintf(text, sizeof text, "%.*s, %s to %s", KITH_CUT(plan.name.as.s, 300), from, until);
    const struct line line = {.quantity = quantity_of(s->quantity.as.i),
                              .unit_price = s->price,
                              .discount = kith_has(s->discount) ? s->discount : percent_of(0),
                              .description = kith_text(text)};
    return charge(self, txn, s, &line, err);
}

static kith_status charge_difference(kith_instance *self, kith_txn *txn,
                                     const struct subscription *before,
                                     const struct subscription *s, kith_error *err) {
    char text[200];
    kith_value amount;
    int64_t left = 0;
    KITH_TRY(difference(self, before, s, KITH_TODAY(self).as.i, &amount, &left, err));
    if (amount.as.money.minor <= 0)
        return KITH_OK;
    (void)snprintf(text, sizeof text, "Upgrade: %" PRId64 " of %" PRId64 " days of the term", left,
                   s->term_end.as.i - s->term_start.as.i);
    const struct line line = {.quantity = quantity_of(1),
                              .unit_price = amount,
                              .discount = percent_of(0),
                              .description = kith_text(text)};
    return charge(self, txn, s, &line, err);
}

static kith_status charge_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    const struct subscription_numbers *n = &self->own.subscription;
    const kith_records_v1 *rec = self->records;
    struct subscription s, before = {0};
    KITH_TRY(KITH_READ(self, txn, own.subscription, change->after, &s, err));
    if (change->before)
        KITH_TRY(KITH_READ(self, txn, own.subscription, change->before, &before, err));
    if (!change->before && kith_is(s.state, "trial") &&
        (!kith_has(s.trial_until) || s.trial_until.as.i <= KITH_TODAY(self).as.i))
        return KITH_SET(self, txn, own.subscription, state, change->id, kith_text("active"), err);
    if (!kith_is(s.state, "active"))
        return KITH_OK;
    if (s.terms.as.i > 0 &&
        (!change->before || !kith_has(before.terms) || before.terms.as.i < s.terms.as.i)) {
        const kith_value payload[] = {s.term_start, s.term_end};
        KITH_TRY(charge_term(self, txn, &s, err));
        if (!change->before || !kith_has(before.terms))
            return KITH_OK;
        return self->events->publish(txn, self->own.topics.renewed, change->type, change->id, 2,
                                     payload, err);
    }
    if (change->before && kith_is(before.state, "active") &&
        (rec->changed(txn, change, n->product) == 1 || rec->changed(txn, change, n->quantity) == 1))
        return charge_difference(self, txn, &before, &s, err);
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field fields[] = {
    F("number", SERIES, .options = "SUB-000000", .flags = KITH_FF_SEARCHED, .doc = "Its number."),
    F("state", STATE,
      .options = "trial>active|cancelled|expired,active>past_due|cancelled|expired,"
                 "past_due>active|cancelled|expired,cancelled,expired",
      .flags = KITH_FF_INDEXED,
      .doc = "On trial, active, not paid in time, or over. Without a trial it begins active."),
    F("account", LINK, .options = "account", .doc = "The organisation that subscribes."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT, .doc = "Who subscribes."),
    F("product", LINK, .options = "product", .flags = KITH_FF_REQUIRED,
      .doc = "The plan: a product of the kind subscription."),
    F("quantity", INTEGER, .default_text = "1", .min = "1", .max = "1000000",
      .doc = "For how many users, or whatever the plan counts."),
    F("price", MONEY, .min = "0",
      .doc = "What one costs a period; looked up for the customer when nothing is said."),
    F("discount", PERCENT, .min = "0", .max = "100", .doc = "Percent less, as for a whole year."),
    F("period", CHOICE, .options = "month,quarter,year", .default_text = "month",
      .flags = KITH_FF_REQUIRED, .doc = "How long a term is, and what the price is for."),
    F("started", DATE, .flags = KITH_FF_INDEXED, .doc = "When it began; today by default."),
    F("trial_until", DATE,
      .doc = "The day on which the trial is over, and the first term begins and is charged."),
    F("term_start", DATE, .flags = KITH_FF_READONLY, .doc = "The first day of this term."),
    F("term_end", DATE, .flags = KITH_FF_INDEXED,
      .doc = "The first day of the next term. Who writes it says that the term until then was "
             "charged elsewhere."),
    F("renews", BOOLEAN, .default_text = "true",
      .doc = "Another term follows by itself; else it expires."),
    F("cancel_at", DATE, .doc = "It is cancelled on this day."),
    F("next_plan", LINK, .options = "product", .doc = "The plan from the next term on."),
    F("next_quantity", INTEGER, .min = "1", .max = "1000000",
      .doc = "How many from the next term on."),
    F("next_charge", DATE, .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "On which day something is due: a charge, or the end."),
    F("anchor", DATE, .flags = KITH_FF_READONLY,
      .doc = "The day that the ends of terms are counted from, so that the 31st stays one."),
    F("terms", INTEGER, .flags = KITH_FF_READONLY, .doc = "How many terms were charged since."),
    F("reminder", DATE, .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "On which day the end of the term is told of next."),
    F("ended_on", DATE, .flags = KITH_FF_READONLY | KITH_FF_INDEXED, .doc = "When it ended."),
    F("ended_because", TEXT, .doc = "Why it ends."),
    F("charges", INTEGER, .rollup = "count(order via subscription where state != 'cancelled')",
      .doc = "How many orders charged it, without those that were given back."),
    F("note", LONGTEXT, .doc = "What else is to be known."),
    F("external_id", TEXT, .flags = KITH_FF_INDEXED,
      .doc = "Its id in the program that it came from; a key for imports."),
};
static const kith_type types[] = {
    {.name = "subscription",
     .doc = "Something that a customer pays for term by term.",
     .title = "number",
     .fields = KITH_ARRAY(fields)},
};

static const kith_hook hooks[] = {
    {.name = "subscription",
     .type = "subscription",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = subscription_hook,
     .doc = "Prices a subscription, keeps its terms, and lets less begin at the end of a term."},
    {.name = "charge",
     .type = "subscription",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = charge_hook,
     .doc = "Charges each term, and what an upgrade costs more, by an order."},
};

static const kith_field charged_fields[] = {
    F("order", LINK, .options = "order", .doc = "The order."),
    F("total", MONEY, .doc = "What is to be paid.")};
static const kith_field renewed_fields[] = {
    F("term_start", DATE, .doc = "The first day of the new term."),
    F("term_end", DATE, .doc = "The first day of the one after it.")};
static const kith_topic topics[] = {
    {.name = "subscription.charged",
     .schema = 1,
     .fields = KITH_ARRAY(charged_fields),
     .doc = "A term, or the rest of one after an upgrade, is charged by an order."},
    {.name = "subscription.renewed",
     .schema = 1,
     .fields = KITH_ARRAY(renewed_fields),
     .doc = "Another term has begun."},
};
static const kith_setting settings[] = {
    {.key = "subscription.trial_days",
     .kind = KITH_INT,
     .default_text = "0",
     .min = 0,
     .max = 365,
     .doc = "How long subscriptions are on trial that say nothing of it."},
};

static const kith_report reports[] = {
    {"subscriptions", "How many subscriptions and users each plan has, by state.",
     "subscription group by product.name as product, state : count() as subscriptions, "
     "sum(quantity) as users",
     NULL},
    {"terms_ending", "Which terms end in the next days.",
     "subscription where state in ('active', 'past_due') and term_end in next_days(:days) order by "
     "term_end",
     "id,number,account.name,contact.name,product.name,quantity,price,term_end,renews,state"},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("subscription", own.subscription, SUBSCRIPTION),
    KITH_WANT_RECORD("order", own.charge, CHARGE),
    KITH_WANT(TOPIC, "subscription.charged", own.topics.charged),
    KITH_WANT(TOPIC, "subscription.renewed", own.topics.renewed),
    KITH_WANT(SETTING, "subscription.trial_days", own.trial_days),
};
const kith_part subscription_part = {
    .struct_size = sizeof subscription_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .reports = KITH_ARRAY(reports),
};
