/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes: versions of an offer, each over an order that is not placed yet. What is offered, at
 * which price, stands in the lines of the order; here is who may send it, how long it holds, and
 * what the customer said. */
#include "sales.h"

/* A quote that is being written. */
struct offer {
    kith_instance *self;
    kith_txn *txn;
    kith_change *change;
    struct quote asked, quote; /* as it is to be, and as it will be */
    struct quoted order;
    int32_t moved; /* into its state, by this write; also where it begins in another than draft */
    int32_t past;  /* an import writes down what took place elsewhere */
    int64_t discount; /* the highest of its lines, in hundredths of a percent */
};

static int32_t comes_into(const struct offer *o, const char *state) {
    return o->moved && kith_is(o->quote.state, state);
}

static int32_t order_is(const struct offer *o, const char *state) {
    return kith_is(o->order.state, state);
}

/* Nobody has it before them, and it may become another offer. */
static int32_t is_unsent(const struct quote *q) {
    return kith_is(q->state, "draft") || kith_is(q->state, "approval");
}

static int32_t is_ended(const struct offer *o) {
    return comes_into(o, "rejected") || comes_into(o, "expired") || comes_into(o, "withdrawn") ||
           comes_into(o, "revised");
}

/* The order stands where the quote would take it. */
static int32_t order_is_there(const struct offer *o) {
    const int32_t open = order_is(o, "cart") || order_is(o, "quoted");
    const int32_t given_up = order_is(o, "cancelled") || order_is(o, "abandoned");
    return comes_into(o, "sent")       ? order_is(o, "quoted")
           : comes_into(o, "accepted") ? !open && !given_up
           : is_ended(o)               ? given_up
                                       : 0;
}

/* -- what it is over ----------------------------------------------------------------------------
 */

/* An order has one quote. */
static kith_status check_alone(const struct offer *o, kith_id own, kith_error *err) {
    kith_instance *self = o->self;
    struct quote *others;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, o->txn, quotes.quote, self->quotes.of_order, 1, &o->order.id, &others,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (others[i].id.as.link.id != own)
            return kith_fail(err, KITH_E_CONFLICT, "order",
                             "order: '%.*s' is quoted in %.*s already; make a new version with "
                             "sales.revise",
                             KITH_CHARS(o->order.number.as.s), KITH_CHARS(others[i].number.as.s));
    return KITH_OK;
}

/* One that was placed is offered to nobody any more. */
static kith_status check_cart(const struct offer *o, kith_error *err) {
    if (o->past || order_is(o, "cart") || (o->change->before && order_is(o, "quoted")))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "order",
                     "order: '%.*s' is %.*s; a quote is over an order that is a cart",
                     KITH_CHARS(o->order.number.as.s), KITH_CHARS(o->order.state.as.s));
}

static kith_status check_new(struct offer *o, kith_error *err) {
    KITH_TRY(check_cart(o, err));
    o->quote.account = o->order.account;
    o->quote.contact = o->order.contact;
    o->quote.total = o->order.total;
    return check_alone(o, 0, err);
}

/* Of a line, in hundredths of a percent: commerce measures it. */
static int64_t discount_of(const struct quoted_line *l) {
    const kith_value *by = l->off_list.kind == KITH_DECIMAL ? &l->off_list : &l->discount;
    return by->kind == KITH_DECIMAL ? by->as.decimal.units : 0;
}

static kith_status look_at_lines(struct offer *o, kith_error *err) {
    kith_instance *self = o->self;
    struct quoted_line *lines;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(self, o->txn, quotes.line, self->quotes.lines_of, 1, &o->order.id, &lines,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (discount_of(&lines[i]) > o->discount)
            o->discount = discount_of(&lines[i]);
    if (!count)
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: the order '%.*s' is empty; add lines to it before it is quoted",
                         KITH_CHARS(o->order.number.as.s));
    return KITH_OK;
}

/* -- approval -----------------------------------------------------------------------------------
 */

static kith_status is_approver(kith_instance *self, const kith_txn *txn, kith_id user, int32_t *yes,
                               kith_error *err) {
    const kith_value params[] = {self->quotes.approvers, kith_link(self->user.type, user)};
    return kith_any(self->records, txn, self->quotes.is_approver, 2, params, yes, err);
}

static kith_status check_approver(struct offer *o, kith_error *err) {
    kith_instance *self = o->self;
    kith_id user = 0;
    int32_t may;
    KITH_TRY(self->records->acting(o->txn, &user, err));
    o->quote.approved_by = user ? kith_link(self->user.type, user) : kith_null();
    if (!user)
        return KITH_OK; /* an administrator on the machine, or Kith itself */
    if (!kith_has(self->quotes.approvers))
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: nobody may approve quotes; name a team in sales.quote.approvers");
    KITH_TRY(is_approver(self, o->txn, user, &may, err));
    return may ? KITH_OK
               : kith_fail(err, KITH_E_REFUSED, "state",
                           "state: a quote is approved by somebody of the team '%.*s'",
                           KITH_CHARS(self->quotes.approvers.as.s));
}

/* Who sends it had it approved, or need not. One that is written down as answered counts as sent.
 */
static kith_status settle_approval(struct offer *o, const struct quote *before, kith_error *err) {
    const kith_instance *self = o->self;
    const int32_t sent = comes_into(o, "sent") || (!before && comes_into(o, "accepted"));
    const int64_t limit = self->quotes.discount_limit.as.i * 100;
    if (sent && before && kith_is(before->state, "approval")) {
        o->quote.approved_at = KITH_NOW(self);
        return check_approver(o, err);
    }
    if (sent && o->discount > limit)
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: a line has %lld.%02lld %% discount on the list price, and above "
                         "%lld %% (sales.quote.discount_limit) it is approved first: "
                         "state=approval",
                         (long long)(o->discount / 100), (long long)(o->discount % 100),
                         (long long)self->quotes.discount_limit.as.i);
    return KITH_OK;
}

/* -- sent, and answered -------------------------------------------------------------------------
 */

static int32_t has_ended(const struct offer *o) {
    const kith_value *until = &o->quote.valid_until;
    return until->kind == KITH_DATE && until->as.i < KITH_TODAY(o->self).as.i;
}

static kith_status check_day(const struct offer *o, kith_error *err) {
    char until[KITH_NUMBER_TEXT];
    if (!has_ended(o) || o->past)
        return KITH_OK;
    if (comes_into(o, "sent"))
        return kith_fail(err, KITH_E_REFUSED, "valid_until",
                         "valid_until: it is over; give it a day to come");
    o->self->numbers->text(&o->quote.valid_until, until);
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: the quote held until %s; make a new version with sales.revise", until);
}

static void put_sent(struct offer *o) {
    const kith_instance *self = o->self;
    o->quote.sent_at = KITH_NOW(self);
    o->quote.sent_on = KITH_TODAY(self);
    o->quote.total = o->order.total;
    o->quote.discount = kith_decimal(o->discount, 2);
    if (!kith_has(o->quote.valid_until))
        o->quote.valid_until =
            kith_date(o->quote.sent_on.as.i + self->quotes.valid_for.as.i / KITH_DAY_MS);
}

static kith_status follow_state(struct offer *o, const struct quote *before, kith_error *err) {
    const int32_t accepted = comes_into(o, "accepted");
    if (comes_into(o, "sent") || accepted)
        KITH_TRY(check_day(o, err));
    if (comes_into(o, "sent") || (accepted && !before))
        put_sent(o);
    if (accepted || is_ended(o))
        o->quote.answered_at = KITH_NOW(o->self);
    return KITH_OK;
}

/* What was sent stays as it was sent. */
static kith_status keep_sent(const struct offer *o, const struct quote *before, kith_error *err) {
    const kith_instance *self = o->self;
    const uint32_t fields[] = {self->quotes.quote.order, self->quotes.quote.intro,
                               self->quotes.quote.terms, self->quotes.quote.valid_until};
    static const char *const names[] = {"order", "intro", "terms", "valid_until"};
    if (is_unsent(before))
        return KITH_OK;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (self->records->changed(o->txn, o->change, fields[i]) == 1)
            return kith_fail(err, KITH_E_REFUSED, names[i],
                             "%s: what was sent stays as it is; make a new version with "
                             "sales.revise",
                             names[i]);
    return KITH_OK;
}

static kith_status read_offer(struct offer *o, struct quote *before, kith_error *err) {
    kith_instance *self = o->self;
    KITH_TRY(KITH_CHANGE(self, o->txn, o->change, quotes.quote, &o->asked, err));
    o->quote = o->asked;
    KITH_TRY(KITH_LOAD(self, o->txn, quotes.order, o->quote.order.as.link.id, &o->order, err));
    if (o->change->before)
        KITH_TRY(KITH_READ(self, o->txn, quotes.quote, o->change->before, before, err));
    o->moved = o->change->before
                   ? self->records->changed(o->txn, o->change, self->quotes.quote.state) == 1
                   : !kith_is(o->quote.state, "draft");
    o->past = !o->change->before && o->change->origin == KITH_ORIGIN_IMPORT && order_is_there(o);
    return KITH_OK;
}

/* The version that took its place may be accepted, or be before the customer: one offer, one order.
 */
static kith_status check_replaced(const struct offer *o, kith_error *err) {
    kith_instance *self = o->self;
    struct quote next;
    KITH_TRY(KITH_FIRST(self, o->txn, quotes.quote, self->quotes.in_place_of, 1, &o->quote.id,
                        &next, err));
    return !kith_has(next.id)
               ? KITH_OK
               : kith_fail(err, KITH_E_REFUSED, "state",
                           "state: %.*s was revised, and %.*s is %.*s in its place; withdraw that "
                           "one first, or go on with it",
                           KITH_CHARS(o->quote.number.as.s), KITH_CHARS(next.number.as.s),
                           KITH_CHARS(next.state.as.s));
}

/* Its order went back before it did, unless it has moved on since. What is a draft again may have
 * other lines by now, which somebody has to look at. */
static kith_status check_undone(const struct offer *o, const struct quote *before,
                                kith_error *err) {
    if (is_unsent(before) && (comes_into(o, "sent") || comes_into(o, "accepted")))
        return kith_fail(err, KITH_E_REFUSED, "state",
                         "state: %.*s is %.*s by now, and an undo sends nothing; send it again "
                         "(sales.send_quote)",
                         KITH_CHARS(o->quote.number.as.s), KITH_CHARS(before->state.as.s));
    if (kith_is(before->state, "revised") && o->moved)
        return check_replaced(o, err);
    if (!kith_is(before->state, "accepted") || kith_is(o->quote.state, "accepted") ||
        order_is(o, "cart") || order_is(o, "quoted") || order_is(o, "abandoned"))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "state",
                     "state: %.*s was accepted, and its order %.*s is %.*s since; undo that first",
                     KITH_CHARS(o->quote.number.as.s), KITH_CHARS(o->order.number.as.s),
                     KITH_CHARS(o->order.state.as.s));
}

static kith_status quote_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct offer o = {.self = self, .txn = txn, .change = change};
    struct quote before;
    KITH_TRY(read_offer(&o, &before, err));
    if (change->origin == KITH_ORIGIN_UNDO)
        return change->before ? check_undone(&o, &before, err) : check_alone(&o, change->id, err);
    const struct quote *was = change->before ? &before : NULL;
    KITH_TRY(was ? keep_sent(&o, was, err) : check_new(&o, err));
    if (comes_into(&o, "sent"))
        KITH_TRY(check_cart(&o, err));
    if (comes_into(&o, "sent") || comes_into(&o, "approval") ||
        (!was && comes_into(&o, "accepted")))
        KITH_TRY(look_at_lines(&o, err));
    if (o.moved && !o.past)
        KITH_TRY(settle_approval(&o, was, err));
    if (o.moved)
        KITH_TRY(follow_state(&o, was, err));
    if (comes_into(&o, "approval"))
        o.quote.discount = kith_decimal(o.discount, 2);
    return KITH_SET_CHANGED(self, txn, change, quotes.quote, &o.asked, &o.quote, err);
}

/* Its customer has it before them, and its order would be offered by nothing. */
static kith_status quote_gone_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                   kith_error *err) {
    struct quote was;
    KITH_TRY(KITH_READ(self, txn, quotes.quote, change->before, &was, err));
    return kith_is(was.state, "sent")
               ? kith_fail(err, KITH_E_REFUSED, "state",
                           "state: '%.*s' was sent; withdraw it first, which ends its link and "
                           "gives its order up",
                           KITH_CHARS(was.number.as.s))
               : KITH_OK;
}

/* -- what follows from it -----------------------------------------------------------------------
 */

static kith_status move_deal(struct offer *o, const struct quoted_deal *deal, kith_value stage,
                             kith_error *err) {
    kith_instance *self = o->self;
    kith_edit edit = {0};
    kith_put(&edit, self->quotes.deal.stage, stage);
    if (kith_is(stage, "won"))
        kith_put(&edit, self->quotes.deal.amount, o->order.net); /* tax is not ours */
    return kith_edit_update(self->records, o->txn, self->quotes.deal.type, deal->id.as.link.id,
                            &edit, err);
}

/* To the last stage: at once, or where no arrow of the company's leads there, one after the other.
 */
static kith_status close_deal(struct offer *o, const struct quoted_deal *deal, kith_error *err) {
    const struct stage *stages = o->self->deals.stages;
    const int last = o->self->deals.won - 1, place = stage_place(o->self, deal->stage.as.s);
    kith_error why = {.struct_size = sizeof why};
    kith_status st = move_deal(o, deal, stages[last].name, &why);
    if (st != KITH_OK && place >= 0 && strcmp(why.field, "stage") == 0) {
        st = KITH_OK;
        for (int i = place + 1; st == KITH_OK && i <= last; i++)
            st = move_deal(o, deal, stages[i].name, &why);
    }
    return st == KITH_OK ? st : kith_fail(err, st, why.field, "%s", why.message);
}

/* By way of the last stage, wherever it stands: what was accepted was offered. */
static kith_status win_deal(struct offer *o, kith_error *err) {
    kith_instance *self = o->self;
    struct quoted_deal deal;
    if (!kith_has(o->quote.opportunity) || !self->quotes.wins.as.i)
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, o->txn, quotes.deal, o->quote.opportunity.as.link.id, &deal, err));
    const kith_str stage = deal.stage.as.s;
    if (kith_str_is(stage, "won"))
        return KITH_OK;
    kith_error why = {.struct_size = sizeof why};
    if (kith_str_is(stage, "proposal") && move_deal(o, &deal, kith_text("won"), &why) == KITH_OK)
        return KITH_OK; /* as the arrows of the module have it; a company may have others */
    if (stage_place(self, stage) != self->deals.won - 1)
        KITH_TRY(close_deal(o, &deal, err));
    return move_deal(o, &deal, kith_text("won"), err);
}

static kith_status quote_moved_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                    kith_error *err) {
    struct offer o = {.self = self, .txn = txn, .change = change};
    struct quote before;
    KITH_TRY(read_offer(&o, &before, err));
    const char *state = comes_into(&o, "sent")       ? "quoted"
                        : comes_into(&o, "accepted") ? "ordered"
                        : is_ended(&o)               ? "cancelled"
                                                     : NULL;
    const int32_t open = order_is(&o, "cart") || order_is(&o, "quoted");
    if (state && open && !order_is_there(&o))
        KITH_TRY(
            KITH_SET(self, txn, quotes.order, state, o.order.id.as.link.id, kith_text(state), err));
    return comes_into(&o, "accepted") ? win_deal(&o, err) : KITH_OK;
}

kith_status quote_accepted(kith_instance *self, const kith_txn *txn, kith_value deal, int32_t *yes,
                           kith_error *err) {
    *yes = 0; /* without commerce there are none */
    return self->quotes.accepted_of
               ? kith_any(self->records, txn, self->quotes.accepted_of, 1, &deal, yes, err)
               : KITH_OK;
}

/* Whoever may approve it has seen what they change themselves. */
static kith_status is_asked_anew(kith_instance *self, const kith_txn *txn, int32_t *yes,
                                 kith_error *err) {
    kith_id user = 0;
    int32_t may = 0;
    KITH_TRY(self->records->acting(txn, &user, err));
    if (user && kith_has(self->quotes.approvers))
        KITH_TRY(is_approver(self, txn, user, &may, err));
    *yes = !may;
    return KITH_OK;
}

/* What is not sent yet comes to what its order does, and goes to whom the order does. What waits
 * for an approval is a draft again: something else was asked for. */
static kith_status draft_follows(kith_instance *self, kith_txn *txn, const kith_value *of,
                                 kith_error *err) {
    const struct quote_numbers *n = &self->quotes.quote;
    struct quoted order;
    struct quote *quotes;
    uint64_t count;
    int32_t anew = 0;
    kith_edit edit = {0};
    KITH_TRY(
        KITH_FIND(self, txn, quotes.quote, self->quotes.of_order, 1, of, &quotes, &count, err));
    if (!count)
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, quotes.order, of->as.link.id, &order, err));
    if (kith_is(quotes[0].state, "approval"))
        KITH_TRY(is_asked_anew(self, txn, &anew, err));
    if (anew)
        kith_put(&edit, n->state, kith_text("draft"));
    kith_put(&edit, n->total, order.total);
    kith_put(&edit, n->account, order.account);
    kith_put(&edit, n->contact, order.contact);
    for (uint64_t i = 0; i < count; i++)
        if (is_unsent(&quotes[i]))
            KITH_TRY(
                kith_edit_update(self->records, txn, n->type, quotes[i].id.as.link.id, &edit, err));
    return KITH_OK;
}

static kith_status draft_total_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                    kith_error *err) {
    struct quoted_line line;
    KITH_TRY(KITH_CHANGE(self, txn, change, quotes.line, &line, err));
    return draft_follows(self, txn, &line.order, err);
}

static kith_status draft_customer_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                       kith_error *err) {
    struct quoted order;
    KITH_TRY(KITH_CHANGE(self, txn, change, quotes.order, &order, err));
    return draft_follows(self, txn, &order.id, err);
}

/* An undo takes the total back that a line made, not what others have made of it since. */
static kith_status draft_undone(kith_instance *self, kith_txn *txn, const kith_event *event,
                                kith_error *err) {
    struct quoted_line line;
    if (event->origin != KITH_ORIGIN_UNDO || !event->record)
        return KITH_OK;
    KITH_TRY(KITH_READ(self, txn, quotes.line, event->record, &line, err));
    return kith_has(line.order) ? kith_or_none(draft_follows(self, txn, &line.order, err))
                                : KITH_OK; /* it is gone meanwhile */
}

static int32_t is_placed(const struct quoted *order) {
    return !kith_is(order->state, "cart") && !kith_is(order->state, "cancelled") &&
           !kith_is(order->state, "abandoned");
}

/* The customer has it before them: nothing of it becomes another offer, and it is placed or given
 * up with its quote. What waits for an approval is not sold without it. */
static kith_status quoted_order_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                     kith_error *err) {
    struct quoted order;
    struct quote *quotes;
    uint64_t count = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, quotes.order, &order, err));
    KITH_TRY(KITH_FIND(self, txn, quotes.quote, self->quotes.of_order, 1, &order.id, &quotes,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        if (kith_is(quotes[i].state, "approval") && is_placed(&order))
            return kith_fail(err, KITH_E_REFUSED, "state",
                             "state: '%.*s' waits for an approval in %.*s: have that approved and "
                             "accepted, or withdraw it",
                             KITH_CHARS(order.number.as.s), KITH_CHARS(quotes[i].number.as.s));
        if (kith_is(quotes[i].state, "sent"))
            return kith_fail(err, KITH_E_REFUSED, "state",
                             "state: '%.*s' is offered by %.*s, which was sent: set that accepted "
                             "or withdrawn, and the order follows, or make a new version of it "
                             "with sales.revise",
                             KITH_CHARS(order.number.as.s), KITH_CHARS(quotes[i].number.as.s));
    }
    return KITH_OK;
}

/* -- a new version ------------------------------------------------------------------------------
 */

struct revise_args {
    kith_value quote;
};
struct revise_results {
    kith_value quote, order;
};

static kith_status copy_lines(kith_instance *self, kith_txn *txn, kith_value from, kith_value to,
                              kith_error *err) {
    struct quoted_line *lines;
    uint64_t count = 0;
    KITH_TRY(
        KITH_FIND(self, txn, quotes.line, self->quotes.lines_of, 1, &from, &lines, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        lines[i].order = to;
        lines[i].off_list = kith_null(); /* kept by commerce */
        KITH_TRY(KITH_CREATE(self, txn, quotes.line, &lines[i], err));
    }
    return KITH_OK;
}

static kith_status copy_order(kith_instance *self, kith_txn *txn, kith_id from, struct quoted *copy,
                              kith_error *err) {
    KITH_TRY(KITH_LOAD(self, txn, quotes.order, from, copy, err));
    const kith_value old = copy->id;
    copy->number = copy->state = copy->net = copy->total = copy->lines = kith_null();
    KITH_TRY(KITH_CREATE(self, txn, quotes.order, copy, err));
    return copy_lines(self, txn, old, copy->id, err);
}

static kith_status revise(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct revise_args args;
    struct quote old, next;
    struct quoted order;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(KITH_LOAD(self, txn, quotes.quote, args.quote.as.link.id, &old, err));
    if (kith_is(old.state, "accepted") || kith_is(old.state, "revised"))
        return kith_fail(err, KITH_E_REFUSED, "quote",
                         "quote: '%.*s' is %.*s; there is nothing to revise",
                         KITH_CHARS(old.number.as.s), KITH_CHARS(old.state.as.s));
    KITH_TRY(copy_order(self, txn, old.order.as.link.id, &order, err));
    KITH_TRY(
        KITH_SET(self, txn, quotes.quote, state, old.id.as.link.id, kith_text("revised"), err));
    next = (struct quote){.opportunity = old.opportunity,
                          .order = order.id,
                          .version = kith_int(old.version.as.i + 1),
                          .revises = old.id,
                          .intro = old.intro,
                          .terms = old.terms,
                          .owner = old.owner};
    KITH_TRY(KITH_CREATE(self, txn, quotes.quote, &next, err));
    const struct revise_results results = {next.id, order.id};
    return KITH_RESULTS(self, call, &results, err);
}

/* -- every night --------------------------------------------------------------------------------
 */

static kith_status expire(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                          kith_error *err) {
    struct quote *quotes;
    uint64_t count = 0;
    (void)firing;
    KITH_TRY(
        KITH_FIND(self, txn, quotes.quote, self->quotes.overdue, 0, NULL, &quotes, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(KITH_SET(self, txn, quotes.quote, state, quotes[i].id.as.link.id,
                          kith_text("expired"), err));
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define QUOTE_STATES                                                                               \
    "draft>approval|sent|withdrawn|revised,approval>draft|sent|withdrawn|revised,"                 \
    "sent>accepted|rejected|expired|withdrawn|revised,rejected.>revised,expired.>revised,"         \
    "withdrawn.>revised,accepted,revised"
static const kith_field quote_fields[] = {
    F("number", SERIES, .options = "Q-000000", .flags = KITH_FF_SEARCHED, .doc = "Its number."),
    F("opportunity", LINK, .options = "opportunity", .doc = "The deal that it is for."),
    F("order", LINK, .options = "order", .flags = KITH_FF_REQUIRED,
      .doc = "What is offered: an order that is not placed yet."),
    F("version", INTEGER, .default_text = "1", .min = "1", .doc = "The how manieth offer it is."),
    F("revises", LINK, .options = "quote", .doc = "The version before."),
    F("state", STATE, .options = QUOTE_STATES, .flags = KITH_FF_INDEXED,
      .doc = "Where it stands; what is approved goes from approval to sent."),
    F("account", LINK, .options = "account", .flags = KITH_FF_READONLY,
      .doc = "To which organisation."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_READONLY | KITH_FF_SUBJECT,
      .doc = "To whom."),
    F("valid_until", DATE, .flags = KITH_FF_INDEXED,
      .doc = "Until which day it holds; by sales.quote.valid_for when it is sent without."),
    F("intro", LONGTEXT, .flags = KITH_FF_SEARCHED, .doc = "The proposal, in words."),
    F("terms", LONGTEXT, .doc = "What holds for it: payment, delivery, warranty."),
    F("total", MONEY, .flags = KITH_FF_READONLY,
      .doc = "What it comes to: a draft as its order does, then as it was sent."),
    F("discount", DECIMAL, .options = "2", .flags = KITH_FF_READONLY,
      .doc = "The highest discount on a line, in percent, when it was sent or was to be approved."),
    F("approved_by", LINK, .options = "user", .flags = KITH_FF_READONLY, .doc = "Who approved it."),
    F("approved_at", TIME, .flags = KITH_FF_READONLY, .doc = "When that was."),
    F("sent_at", TIME, .flags = KITH_FF_READONLY | KITH_FF_INDEXED, .doc = "When it was sent."),
    F("sent_on", DATE, .flags = KITH_FF_READONLY, .doc = "The day of that, which it bears."),
    F("answered_at", TIME, .flags = KITH_FF_READONLY, .doc = "When it was accepted, or ended."),
    F("answer", LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "What the customer said."),
};
static const char *const quote_indexes[] = {"state,valid_until"};
static const kith_field deal_fields[] = {
    F("quotes", INTEGER, .rollup = "count(quote via opportunity)",
      .doc = "How many offers were made, all versions counted."),
};
static const kith_type types[] = {
    {.name = "quote",
     .doc = "An offer to a customer: one version of it.",
     .title = "number",
     .fields = KITH_ARRAY(quote_fields),
     .indexes = KITH_ARRAY(quote_indexes)},
    {.name = "opportunity", .fields = KITH_ARRAY(deal_fields), .extends = 1},
};

static const char *const state_only[] = {"state"};
static const char *const customer_fields[] = {"account", "contact"};
static const kith_hook hooks[] = {
    {.name = "quoted_order",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = quoted_order_hook,
     .except = KITH_FROM(UNDO),
     .fields = KITH_ARRAY(state_only),
     .where = "state != 'quoted'",
     .doc = "Keeps an order that is offered by a quote which was sent."},
    {.name = "draft_total",
     .type = "order_line",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE | KITH_ON_DELETE,
     .when = KITH_AFTER,
     .fn = draft_total_hook,
     .doc = "Keeps the total of a quote that is not sent yet up to its order."},
    {.name = "draft_customer",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = draft_customer_hook,
     .fields = KITH_ARRAY(customer_fields),
     .doc = "Keeps a quote that is not sent yet to the customer of its order."},
    {.name = "quote",
     .type = "quote",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = quote_hook,
     .doc = "Has discounts approved, and freezes what is sent."},
    {.name = "quote_gone",
     .type = "quote",
     .on = KITH_ON_DELETE,
     .when = KITH_BEFORE,
     .fn = quote_gone_hook,
     .except = KITH_FROM(UNDO) | KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .doc = "Keeps a quote that its customer may answer still."},
    {.name = "quote_moved",
     .type = "quote",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = quote_moved_hook,
     .fields = KITH_ARRAY(state_only),
     .doc = "Places the order of a quote that is accepted, and wins its opportunity."},
};
static const kith_reaction reactions[] = {
    {.name = "draft_line_gone",
     .topic = "order_line.deleted",
     .flags = KITH_RF_UNDO,
     .fn = draft_undone,
     .doc = "Brings the total of a draft up to its order, whose line was undone."},
    {.name = "draft_line_back",
     .topic = "order_line.updated",
     .flags = KITH_RF_UNDO,
     .fn = draft_undone,
     .doc = "The same, when a change of a line was undone."},
};
static const kith_timer timers[] = {
    {.name = "expire_quotes",
     .cron = "5 0 * * *",
     .fn = expire,
     .doc = "Ends the quotes that hold no more."},
};
static const kith_field revise_params[] = {
    F("quote", LINK, .options = "quote", .flags = KITH_FF_REQUIRED, .doc = "The version before."),
};
static const kith_field revise_results[] = {
    F("quote", LINK, .options = "quote", .doc = "The new version, a draft."),
    F("order", LINK, .options = "order",
      .doc = "Its order, with the same lines at the same prices."),
};
static const kith_action actions[] = {
    {.name = "revise",
     .doc = "Makes the next version of a quote, with the same lines, to be changed and sent.",
     .effect = KITH_EFFECT_WRITE,
     .fn = revise,
     .params = KITH_ARRAY(revise_params),
     .results = KITH_ARRAY(revise_results)},
};
static const kith_report reports[] = {
    {.name = "quotes_in_play",
     .doc = "Quotes that wait for an approval or an answer, those that end first in front.",
     .query = "quote where state in ('draft', 'approval', 'sent') order by valid_until",
     .fields = "id,number,version,opportunity.name,account.name,contact.name,total,state,"
               "valid_until,owner.name"},
    {.name = "quotes_by_state",
     .doc = "How many quotes there are in each state, and what they come to.",
     .query = "quote group by state, total.currency as currency : count() as quotes, sum(total) as"
              " total"},
};
static const kith_setting settings[] = {
    {.key = "quote.valid_for",
     .kind = KITH_DURATION,
     .default_text = "\"30d\"",
     .min = KITH_DAY_MS,
     .max = 3650 * KITH_DAY_MS,
     .doc = "How long a quote holds that is sent without a day."},
    {.key = "quote.discount_limit",
     .kind = KITH_INT,
     .default_text = "20",
     .min = 0,
     .max = 100,
     .doc = "A quote with a higher discount on a line, in percent of the list price, is approved "
            "before it is sent."},
    {.key = "quote.approvers",
     .kind = KITH_TEXT,
     .doc = "Name of the team whose members approve quotes."},
    {.key = "quote.wins",
     .kind = KITH_BOOL,
     .default_text = "true",
     .doc = "An opportunity is won when its quote is accepted, in whatever stage it is."},
};
static const kith_want wants[] = {
    KITH_WANT_RECORD("quote", quotes.quote, QUOTE),
    KITH_WANT_RECORD("order", quotes.order, QUOTED),
    KITH_WANT_RECORD("order_line", quotes.line, QUOTED_LINE),
    KITH_WANT_RECORD("opportunity", quotes.deal, QUOTED_DEAL),
    KITH_WANT(QUERY, "quote where order = :order", quotes.of_order),
    KITH_WANT(QUERY,
              "quote where revises = :quote and state not in ('rejected', 'expired', 'withdrawn') "
              "limit 1",
              quotes.in_place_of),
    KITH_WANT(QUERY, "quote where opportunity = :opportunity and state = 'accepted' limit 1",
              quotes.accepted_of),
    KITH_WANT(QUERY, "order_line where order = :order order by id", quotes.lines_of),
    KITH_WANT(QUERY, "quote where state = 'sent' and valid_until < today()", quotes.overdue),
    KITH_WANT(QUERY, "user where teams.name = :team and id = :user", quotes.is_approver),
    KITH_WANT(SETTING, "quote.valid_for", quotes.valid_for),
    KITH_WANT(SETTING, "quote.discount_limit", quotes.discount_limit),
    KITH_WANT(SETTING, "quote.approvers", quotes.approvers),
    KITH_WANT(SETTING, "quote.wins", quotes.wins),
};
const kith_part quote_part = {
    .struct_size = sizeof quote_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
    .module = "commerce",
};
