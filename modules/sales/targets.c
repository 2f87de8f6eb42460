/* SPDX-License-Identifier: Apache-2.0 */
/* Quotas of a seller, a team, a territory or a product, and how far they have come. A holder has
 * one at a time. Only deals in the currency of the quota count; those in others are told beside it.
 */
#include "sales.h"

/* KITH_NULL: it has none, or several. */
static kith_status find_holder(kith_instance *self, const kith_txn *txn, const kith_row *row,
                               const struct quota *q, kith_value *out, int *which,
                               kith_error *err) {
    kith_value holders[QUOTA_HOLDERS] = {q->seller, q->team, q->territory};
    int count = 0;
    if (self->deals.quota_product)
        KITH_TRY(self->records->read(txn, row, 1, &self->deals.quota_product,
                                     &holders[QUOTA_PRODUCT], err));
    *out = kith_null();
    for (int i = 0; i < QUOTA_HOLDERS; i++)
        if (holders[i].kind == KITH_LINK) {
            *out = count++ ? kith_null() : holders[i];
            *which = i;
        }
    return KITH_OK;
}

static kith_status check_clash(kith_instance *self, const kith_txn *txn, const struct quota *q,
                               kith_value holder, int which, kith_error *err) {
    const kith_value params[] = {holder, q->valid_until, q->valid_from};
    struct quota *found;
    uint64_t count;
    KITH_TRY(KITH_FIND(self, txn, deals.quota, self->deals.query.quota_clash[which], 3, params,
                       &found, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        if (kith_equal(found[i].id, q->id))
            continue;
        return kith_fail(err, KITH_E_REFUSED, "valid_from",
                         "valid_from: the quota '%.*s' is of the same holder and overlaps it; let "
                         "one end before the other begins",
                         KITH_CUT(found[i].name.as.s, 80));
    }
    return KITH_OK;
}

static kith_status quota_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct quota q;
    int which = 0;
    KITH_TRY(KITH_CHANGE(self, txn, change, deals.quota, &q, err));
    if (q.valid_from.kind != KITH_DATE || q.valid_until.kind != KITH_DATE)
        return KITH_OK; /* without them it is refused anyhow */
    kith_value holder;
    KITH_TRY(find_holder(self, txn, change->after, &q, &holder, &which, err));
    q.id = kith_link(self->deals.quota.type, change->id);
    if (!kith_has(holder))
        return kith_fail(err, KITH_E_REFUSED, "seller",
                         "seller: a quota is that of one seller, team, territory or product");
    if (q.valid_until.as.i < q.valid_from.as.i)
        return kith_fail(err, KITH_E_REFUSED, "valid_until",
                         "valid_until: it ends before it begins");
    if (!kith_has(q.amount) && !kith_has(q.deals))
        return kith_fail(err, KITH_E_REFUSED, "amount",
                         "amount: say what is to be won, as an amount or as a number of deals");
    return check_clash(self, txn, &q, holder, which, err);
}

/* -- how far they have come ---------------------------------------------------------------------
 */

/* In columns of sales.quotas. */
struct quota_row {
    kith_value quota, name, holder, valid_from, valid_until, amount, won, attained, deals,
        deals_won, deals_attained, elapsed, others;
};

static kith_status give_quota(kith_instance *self, kith_call *call, const struct quota *q,
                              int64_t day, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    const struct { kith_value currency, deals, amount; } * won;
    uint64_t count;
    int which = 0;
    kith_value holder = kith_null();
    const kith_row *own;
    KITH_TRY(self->records->get(view, self->deals.quota.type, q->id.as.link.id, &own, err));
    KITH_TRY(find_holder(self, view, own, q, &holder, &which, err));
    if (!kith_has(holder))
        return KITH_OK; /* it was deleted */
    const kith_value params[] = {holder, q->valid_from, q->valid_until};
    KITH_TRY(
        KITH_GROUPS(self, view, self->deals.query.quota_won[which], 3, params, &won, &count, err));
    const int64_t length = q->valid_until.as.i - q->valid_from.as.i + 1;
    const int64_t past = day - q->valid_from.as.i + 1;
    struct quota_row row = {.quota = q->id,
                            .name = q->name,
                            .holder = holder,
                            .valid_from = q->valid_from,
                            .valid_until = q->valid_until,
                            .amount = q->amount,
                            .deals = q->deals,
                            .elapsed = percent_share(past, length)};
    int64_t deals = 0, others = 0;
    if (kith_has(q->amount))
        row.won = kith_money(0, q->amount.as.money.currency);
    for (; count--; won++) {
        deals += won->deals.as.i;
        if (!kith_has(won->amount) || !kith_has(q->amount))
            continue;
        if (strcmp(won->amount.as.money.currency, q->amount.as.money.currency) == 0)
            row.won = won->amount;
        else
            others += won->deals.as.i;
    }
    row.deals_won = kith_int(deals);
    row.others = kith_int(others);
    if (kith_has(q->amount))
        row.attained = percent_share(minor_of(&row.won), minor_of(&q->amount));
    if (kith_has(q->deals))
        row.deals_attained = percent_share(deals, q->deals.as.i);
    return KITH_ROW(self, call, &row, err);
}

static kith_status quotas_action(kith_instance *self, kith_call *call, kith_error *err) {
    kith_value on;
    struct quota *quotas;
    uint64_t count;
    KITH_TRY(self->calls->arg(call, 0, &on, err));
    if (!kith_has(on))
        on = KITH_TODAY(self);
    KITH_TRY(KITH_FIND(self, self->calls->view(call), deals.quota, self->deals.query.quotas, 1, &on,
                       &quotas, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(give_quota(self, call, &quotas[i], on.as.i, err));
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field quota_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED, .doc = "What people call it."),
    F("seller", LINK, .options = "user", .flags = KITH_FF_ASSIGNEE,
      .doc = "Whose it is: a seller's,"),
    F("team", LINK, .options = "team", .doc = "or that of all members of a team together,"),
    F("territory", LINK, .options = "territory",
      .doc = "or that of all accounts in a territory, down to four levels below it."),
    F("valid_from", DATE, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED, .doc = "The first day."),
    F("valid_until", DATE, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED, .doc = "The last day."),
    F("amount", MONEY, .min = "0", .doc = "What is to be won in these days."),
    F("deals", INTEGER, .min = "1", .doc = "How many deals are to be won."),
};
static const kith_type types[] = {
    {.name = "quota",
     .doc = "What a seller, a team, a territory or a product is to bring within some time.",
     .title = "name",
     .fields = KITH_ARRAY(quota_fields)},
};
static const kith_hook hooks[] = {
    {.name = "quota",
     .type = "quota",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .fn = quota_hook,
     .doc = "Holds that a quota has one holder, who has no other at the same time."},
};
static const kith_field quotas_params[] = {
    F("on", DATE, .doc = "Quotas that hold on this day; without it today."),
};
static const kith_field quotas_columns[] = {
    F("quota", LINK, .options = "quota", .doc = "The quota."),
    F("name", TEXT, .doc = "Its name."),
    F("holder", LINK, .options = "*", .doc = "The seller, team, territory or product."),
    F("valid_from", DATE, .doc = "The first day."),
    F("valid_until", DATE, .doc = "The last day."),
    F("amount", MONEY, .doc = "What is to be won."),
    F("won", MONEY, .doc = "What was, in the same currency."),
    F("attained", PERCENT, .doc = "This in percent of that."),
    F("deals", INTEGER, .doc = "How many deals are to be won."),
    F("deals_won", INTEGER, .doc = "How many were."),
    F("deals_attained", PERCENT, .doc = "This in percent of that."),
    F("elapsed", PERCENT, .doc = "How much of the time has passed: it should not be ahead."),
    F("others", INTEGER, .doc = "Deals that were won in other currencies, and are not in won."),
};
static const kith_action actions[] = {
    {.name = "quotas",
     .doc = "How far the quotas have come that hold on a day.",
     .effect = KITH_EFFECT_READ,
     .fn = quotas_action,
     .params = KITH_ARRAY(quotas_params),
     .columns = KITH_ARRAY(quotas_columns)},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("quota", deals.quota, QUOTA),
    KITH_WANT(QUERY,
              "quota where valid_from <= :on and valid_until >= :on order by name limit 1000",
              deals.query.quotas),
    KITH_WANT(QUERY, QUOTA_CLASH("seller"), deals.query.quota_clash[QUOTA_SELLER]),
    KITH_WANT(QUERY, QUOTA_CLASH("team"), deals.query.quota_clash[QUOTA_TEAM]),
    KITH_WANT(QUERY, QUOTA_CLASH("territory"), deals.query.quota_clash[QUOTA_TERRITORY]),
    KITH_WANT(QUERY, QUOTA_WON("owner = :holder"), deals.query.quota_won[QUOTA_SELLER]),
    KITH_WANT(QUERY, QUOTA_WON("owner.teams.id = :holder"), deals.query.quota_won[QUOTA_TEAM]),
    KITH_WANT(QUERY,
              QUOTA_WON("account.territory = :holder or account.territory.parent = :holder or"
                        " account.territory.parent.parent = :holder or"
                        " account.territory.parent.parent.parent = :holder or"
                        " account.territory.parent.parent.parent.parent = :holder"),
              deals.query.quota_won[QUOTA_TERRITORY]),
};
const kith_part targets_part = {
    .struct_size = sizeof targets_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
};
