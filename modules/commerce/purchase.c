/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody ordered is a purchase on their page: an interaction with an amount, as the core
 * counts purchases (docs/decisions/0074). One for each order, kept in step with it. */
#include "commerce.h"

#define DAY_MS 86400000 /* clocks of others may be in another zone */

/* -- what of an order counts --------------------------------------------------------------------
 */

/* It was placed by somebody, and is neither cancelled nor sent back. */
static int32_t is_purchase(const struct order *o) {
    return (kith_has(o->account) || kith_has(o->contact)) && !is_before_order(o->state.as.s) &&
           !kith_is(o->state, "cancelled") && !kith_is(o->state, "returned") && o->lines.as.i > 0;
}

/* Its total, without what was credited, and not to be billed again, or came back unbilled. */
static kith_status worth_of(kith_instance *self, kith_txn *txn, const struct order *o,
                            kith_value *out, kith_error *err) {
    struct sold *lines;
    uint64_t count = 0;
    *out = o->total;
    if (!minor_of(&o->charged) && !minor_of(&o->sent_back))
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, care.sold, self->query.lines_of, 1, &o->id, &lines, &count, err));
    *out = money_in(&o->currency, 0);
    for (uint64_t i = 0; i < count; i++) {
        const int64_t all = units_of(&lines[i].quantity),
                      back = units_of(&lines[i].unbilled) + units_of(&lines[i].credited);
        const int64_t at[3] = {0, back < all ? all - back : 0, all};
        kith_value part;
        KITH_TRY(money_share(self, &lines[i].total, at, &part, err));
        KITH_TRY(self->numbers->add(out, 1, &part, out, err));
    }
    return KITH_OK;
}

/* -- its interaction ----------------------------------------------------------------------------
 */

static kith_value channel_of(const struct order *o) {
    static const char *const same[] = {"web", "store", "email", "mail", "chat", "social"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (kith_is(o->channel, same[i]))
            return kith_text(same[i]);
    return kith_text(kith_is(o->channel, "phone")    ? "call"
                     : kith_is(o->channel, "seller") ? "meeting"
                                                     : "other");
}

static kith_status create_purchase(kith_instance *self, kith_txn *txn, const struct order *o,
                                   kith_value amount, kith_error *err) {
    char subject[80];
    (void)snprintf(subject, sizeof subject, "Order %.*s", KITH_CHARS(o->number.as.s));
    struct purchase p = {.order = o->id,
                         .contact = o->contact,
                         .account = o->account,
                         .channel = channel_of(o),
                         .at = o->placed_at,
                         .subject = kith_text(subject),
                         .about = o->id,
                         .amount = amount,
                         .owner = o->owner};
    return KITH_CREATE(self, txn, care.purchase, &p, err);
}

static kith_status update_purchase(kith_instance *self, kith_txn *txn, const struct order *o,
                                   const struct purchase *p, kith_value amount, kith_error *err) {
    const struct purchase_numbers *n = &self->care.purchase;
    kith_edit edit = {0};
    if (!kith_equal(p->amount, amount))
        kith_put(&edit, n->amount, amount);
    if (!kith_equal(p->account, o->account))
        kith_put(&edit, n->account, o->account);
    if (!kith_equal(p->contact, o->contact))
        kith_put(&edit, n->contact, o->contact);
    if (kith_has(o->placed_at) && p->at.as.i != o->placed_at.as.i)
        kith_put(&edit, n->at, o->placed_at);
    return edit.count ? kith_edit_update(self->records, txn, n->type, p->id.as.link.id, &edit, err)
                      : KITH_OK;
}

/* -- who buys is a customer ---------------------------------------------------------------------
 */

/* A company may have other steps, or a rule that holds somebody back: the order goes on then. */
static kith_status pass_over(kith_status st) {
    return st == KITH_E_INVAL || st == KITH_E_REFUSED || st == KITH_E_NOTFOUND ? KITH_OK : st;
}

static kith_status make_customer(kith_instance *self, kith_txn *txn, const struct order *o,
                                 kith_error *err) {
    const int32_t old = o->placed_elsewhere.kind == KITH_BOOL && o->placed_elsewhere.as.i;
    kith_error none = {.struct_size = sizeof none};
    struct person person;
    struct firm firm;
    KITH_TRY(KITH_FOLLOW(self, txn, care.person, o->contact, &person, err));
    if (kith_is(person.lifecycle, "prospect") || (!old && kith_is(person.lifecycle, "lost")))
        KITH_TRY(pass_over(KITH_SET(self, txn, care.person, lifecycle, o->contact.as.link.id,
                                    kith_text("customer"), &none)));
    if (!kith_has(o->account))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, care.firm, o->account.as.link.id, &firm, err));
    if (!kith_has(firm.kind) || kith_is(firm.kind, "prospect"))
        KITH_TRY(pass_over(KITH_SET(self, txn, care.firm, kind, o->account.as.link.id,
                                    kith_text("customer"), &none)));
    return KITH_OK;
}

/* -- following the order ------------------------------------------------------------------------
 */

static kith_status follow(kith_instance *self, kith_txn *txn, kith_value order, kith_error *err) {
    struct order o;
    struct purchase *p;
    uint64_t count = 0;
    kith_value amount;
    KITH_TRY(kith_or_none(KITH_FOLLOW(self, txn, order, order, &o, err)));
    if (!kith_has(o.id))
        return KITH_OK;
    KITH_TRY(
        KITH_FIND(self, txn, care.purchase, self->care.query.purchase, 1, &order, &p, &count, err));
    /* An undo may have brought one back that another one stands for by now. */
    const uint64_t keep = is_purchase(&o) ? 1 : 0;
    for (; count > keep; count--)
        KITH_TRY(
            self->records->remove(txn, self->care.purchase.type, p[count - 1].id.as.link.id, err));
    if (!keep)
        return KITH_OK;
    KITH_TRY(worth_of(self, txn, &o, &amount, err));
    if (count)
        return update_purchase(self, txn, &o, &p[0], amount, err);
    KITH_TRY(create_purchase(self, txn, &o, amount, err));
    return make_customer(self, txn, &o, err);
}

static kith_status order_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct order o, was = {.state = kith_text("cart")};
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &o, err));
    if (change->before)
        KITH_TRY(KITH_READ(self, txn, order, change->before, &was, err));
    if (change->origin == KITH_ORIGIN_MERGE || is_by_rules(change->origin) ||
        (is_before_order(was.state.as.s) && is_before_order(o.state.as.s)))
        return KITH_OK;
    return follow(self, txn, o.id, err);
}

/* Turnover by month and the last purchase go by it. What was ordered elsewhere is corrected by who
 * brings it. */
static kith_status when_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct order o, was = {.state = kith_text("cart")};
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &o, err));
    if (change->before)
        KITH_TRY(KITH_READ(self, txn, order, change->before, &was, err));
    if (change->origin == KITH_ORIGIN_UNDO || change->origin == KITH_ORIGIN_IMPORT ||
        is_by_rules(change->origin))
        return KITH_OK;
    if (kith_has(was.placed_at) && !is_before_order(was.state.as.s) &&
        !(was.placed_elsewhere.kind == KITH_BOOL && was.placed_elsewhere.as.i))
        return kith_fail(err, KITH_E_REFUSED, "placed_at",
                         "placed_at: %.*s is %.*s and stays with the time at which it was ordered",
                         KITH_CHARS(o.number.as.s), KITH_CHARS(was.state.as.s));
    return kith_has(o.placed_at) && o.placed_at.as.i > KITH_NOW(self).as.i + DAY_MS
               ? kith_fail(err, KITH_E_REFUSED, "placed_at",
                           "placed_at: it lies in the future; leave it out, and it is now")
               : KITH_OK;
}

/* Lines of an order that an import made as placed already. */
static kith_status line_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                             kith_error *err) {
    struct line l;
    struct order o;
    KITH_TRY(KITH_CHANGE(self, txn, change, line, &l, err));
    if (is_by_rules(change->origin))
        return KITH_OK;
    KITH_TRY(kith_or_none(KITH_FOLLOW(self, txn, order, l.order, &o, err)));
    return !kith_has(o.id) || is_before_order(o.state.as.s) ? KITH_OK
                                                            : follow(self, txn, o.id, err);
}

static kith_status credit_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct invoice_line l;
    struct line line;
    KITH_TRY(KITH_CHANGE(self, txn, change, invoice_line, &l, err));
    if (l.order_line.kind != KITH_LINK)
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, line, l.order_line.as.link.id, &line, err));
    return follow(self, txn, line.order, err);
}

static kith_status return_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct returned r;
    KITH_TRY(KITH_CHANGE(self, txn, change, goods.returned, &r, err));
    if (r.order.kind != KITH_LINK)
        return KITH_OK;
    return follow(self, txn, r.order, err);
}

/* An undo puts rows back one by one: what is left of the order afterwards says what was bought. */
static kith_status undone(kith_instance *self, kith_txn *txn, const kith_event *event,
                          kith_error *err) {
    struct purchase p;
    if (event->origin != KITH_ORIGIN_UNDO || !event->record)
        return KITH_OK;
    KITH_TRY(KITH_READ(self, txn, care.purchase, event->record, &p, err));
    return kith_has(p.order) ? follow(self, txn, p.order, err) : KITH_OK;
}

/* -- orders from before ------------------------------------------------------------------------
 */

static kith_status count_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_txn *txn = self->calls->txn(call);
    struct {
        kith_value limit;
    } args;
    struct order *orders;
    uint64_t count = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(KITH_FIND(self, txn, order, self->care.query.uncounted, 1, &args.limit, &orders,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(follow(self, txn, orders[i].id, err));
    const struct { kith_value counted; } out = {kith_int((int64_t)count)};
    return KITH_RESULTS(self, call, &out, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field fields[] = {
    F("order", LINK, .options = "order", .flags = KITH_FF_READONLY,
      .doc = "The order that it is: Kith keeps its amount, and takes it away when the order is "
             "cancelled, sent back as a whole, or a cart again."),
};
static const kith_type types[] = {
    {.name = "interaction", .fields = KITH_ARRAY(fields), .extends = 1},
};

static const char *const order_fields[] = {"state", "account", "contact", "placed_at"};
static const char *const line_fields[] = {"total", "quantity", "order"};
static const char *const return_fields[] = {"state", "unbilled"};
static const char *const placed_at_only[] = {"placed_at"};
static const kith_hook hooks[] = {
    {.name = "placed_then",
     .type = "order",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .fn = when_hook,
     .fields = KITH_ARRAY(placed_at_only),
     .doc = "Keeps the time at which something was ordered."},
    {.name = "purchase",
     .type = "order",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .priority = 70,
     .fn = order_hook,
     .fields = KITH_ARRAY(order_fields),
     .doc = "Counts an order that is placed among the purchases of who buys."},
    {.name = "purchase_lines",
     .type = "order_line",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE | KITH_ON_DELETE,
     .when = KITH_AFTER,
     .fn = line_hook,
     .fields = KITH_ARRAY(line_fields),
     .doc = "The same of the lines of an order that was placed elsewhere."},
    {.name = "purchase_credited",
     .type = "invoice_line",
     .on = KITH_ON_CREATE,
     .when = KITH_AFTER,
     .fn = credit_hook,
     .except = KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .where = "corrects is not null and counts = 0",
     .doc = "Takes what is credited off the purchase."},
    {.name = "purchase_returned",
     .type = "return_request",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .priority = 50,
     .fn = return_hook,
     .except = KITH_FROM(RETENTION) | KITH_FROM(ERASE),
     .where = "unbilled > 0",
     .fields = KITH_ARRAY(return_fields),
     .doc = "Takes what came back before it was billed off the purchase."},
};
static const kith_reaction reactions[] = {
    {.name = "purchase_brought_back",
     .topic = "interaction.created",
     .flags = KITH_RF_UNDO,
     .fn = undone,
     .where = "order is not null",
     .doc = "Takes a purchase away whose order an undo left a cart."},
    {.name = "purchase_taken_back",
     .topic = "interaction.deleted",
     .flags = KITH_RF_UNDO,
     .fn = undone,
     .where = "order is not null",
     .doc = "Notes a purchase again whose order an undo left placed."},
};
static const kith_field count_params[] = {
    F("limit", INTEGER, .default_text = "1000", .min = "1", .max = "5000",
      .doc = "How many orders at once, the oldest first."),
};
static const kith_field count_results[] = {
    F("counted", INTEGER, .doc = "How many were; repeat it until that is 0."),
};
static const kith_action actions[] = {
    {.name = "count_purchases",
     .doc = "Counts orders that were placed before Kith noted purchases, and are none yet.",
     .effect = KITH_EFFECT_WRITE,
     .fn = count_action,
     .params = KITH_ARRAY(count_params),
     .results = KITH_ARRAY(count_results)},
};
static const kith_permission permissions[] = {
    {"read:interaction", "An order counts among the purchases of who buys."},
    {"write:interaction", "Notes an order as a purchase of who buys."},
    {"write:account", "Who buys becomes a customer."},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("interaction", care.purchase, PURCHASE),
    KITH_WANT_RECORD("contact", care.person, PERSON),
    KITH_WANT_RECORD("account", care.firm, FIRM),
    KITH_WANT_RECORD("order_line", care.sold, SOLD_LINE),
    KITH_WANT(QUERY, "interaction where order = :order order by id limit 10", care.query.purchase),
    KITH_WANT(QUERY,
              "order where state in ('ordered', 'paid', 'shipped', 'delivered') and lines > 0 and "
              "(account is not null or contact is not null) and not exists(interaction.order where "
              "id is not null) order by id limit :limit",
              care.query.uncounted),
};
const kith_part purchase_part = {
    .struct_size = sizeof purchase_part,
    .wants = KITH_ARRAY(wants),
    .permissions = KITH_ARRAY(permissions),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .actions = KITH_ARRAY(actions),
};
