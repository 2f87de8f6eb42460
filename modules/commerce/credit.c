/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of trade: how long a customer may take to pay, how much may be open, what a first purchase
 * may cost us, and the bonus on a year. An order is placed when it is within them. */
#include "commerce.h"

struct terms {
    kith_value whom; /* account or contact */
    kith_value limit, expected, bonus, bonus_from;
    kith_value name; /* of an account above the one that buys */
};
/* Those of who buys, then those of the accounts above. */
struct all_terms {
    struct terms at[CHAIN_LEVELS];
    uint64_t count;
};

static kith_status load_terms(kith_instance *self, const kith_txn *txn, struct customer who,
                              struct all_terms *out, kith_error *err) {
    struct account_chain chain;
    struct contact c;
    KITH_TRY(units_above(self, txn, who.account, &chain, err));
    out->count = 0;
    for (uint64_t i = 0; i < chain.count; i++) {
        const struct account *a = &chain.at[i];
        out->at[out->count++] =
            (struct terms){a->id,    a->credit_limit, a->expected_value,
                           a->bonus, a->bonus_from,   i ? a->name : kith_null()};
    }
    if (kith_has(who.account))
        return KITH_OK;
    KITH_TRY(KITH_LOAD(self, txn, contact, who.contact.as.link.id, &c, err));
    out->at[out->count++] =
        (struct terms){c.id, c.credit_limit, c.expected_value, c.bonus, c.bonus_from, kith_null()};
    return KITH_OK;
}

/* What a query takes: the account with all its units, or the contact. */
static kith_status whom_of_terms(kith_instance *self, const kith_txn *txn, const struct terms *t,
                                 kith_value *whom, kith_error *err) {
    *whom = t->whom;
    return t->whom.as.link.type == self->account.type ? units_below(self, txn, t->whom, whom, err)
                                                      : KITH_OK;
}

/* -- how much is open ---------------------------------------------------------------------------
 */

/* In one currency. */
struct exposure {
    int64_t open, overdue, credits, on_account, ordered;
};

static kith_status sum_exposure(kith_instance *self, const kith_txn *txn, const struct terms *t,
                                kith_value currency, struct exposure *e, kith_error *err) {
    const int32_t account = t->whom.as.link.type == self->account.type;
    const struct billing *q = &self->bill;
    kith_value params[] = {t->whom, currency}, on_account, ordered;
    struct {
        kith_value kind, state, sum;
    } * open;
    uint64_t count = 0;
    *e = (struct exposure){0};
    KITH_TRY(whom_of_terms(self, txn, t, &params[0], err));
    KITH_TRY(KITH_GROUPS(self, txn, account ? q->open_of_account : q->open_of_contact, 2, params,
                         &open, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        int64_t *sum = kith_is(open[i].kind, "credit_note") ? &e->credits : &e->open;
        *sum = minor_sum(*sum, minor_of(&open[i].sum));
        if (kith_is(open[i].state, "overdue"))
            e->overdue = minor_sum(e->overdue, minor_of(&open[i].sum));
    }
    KITH_TRY(KITH_TOTAL(self, txn, account ? q->money_of_account : q->money_of_contact, 2, params,
                        &on_account, err));
    KITH_TRY(KITH_TOTAL(self, txn, account ? q->ordered_by_account : q->ordered_by_contact, 2,
                        params, &ordered, err));
    e->on_account = minor_of(&on_account);
    e->ordered = minor_of(&ordered);
    return KITH_OK;
}

/* -- the check ----------------------------------------------------------------------------------
 */

struct check {
    struct exposure e;
    kith_value limit, used; /* used: what is open with what is new */
    int32_t passes;
    char why[400];
};

static kith_status check_limit(kith_instance *self, const kith_txn *txn, const struct terms *t,
                               kith_value amount, struct check *out, kith_error *err) {
    const kith_value currency = kith_text(amount.as.money.currency);
    char open[KITH_NUMBER_TEXT], ordered[KITH_NUMBER_TEXT], more[KITH_NUMBER_TEXT],
        used[KITH_NUMBER_TEXT], limit[KITH_NUMBER_TEXT];
    *out = (struct check){.limit = t->limit, .passes = 1};
    KITH_TRY(sum_exposure(self, txn, t, currency, &out->e, err));
    const kith_value receivable = money_in(&currency, minor_sum(out->e.open, -out->e.credits)),
                     placed = money_in(&currency, minor_sum(out->e.ordered, -out->e.on_account));
    out->used = money_in(&currency, minor_sum(minor_sum(minor_of(&receivable), minor_of(&placed)),
                                              minor_of(&amount)));
    if (!kith_has(t->limit)) {
        (void)snprintf(out->why, sizeof out->why, "no limit was agreed");
        return KITH_OK;
    }
    self->numbers->text(&t->limit, limit);
    if (!is_in(&t->limit, &currency)) {
        out->passes = 0;
        (void)snprintf(out->why, sizeof out->why,
                       "the limit is %s, and this is in %s; agree on a limit in that currency, or "
                       "take it away",
                       limit, amount.as.money.currency);
        return KITH_OK;
    }
    self->numbers->text(&receivable, open);
    self->numbers->text(&placed, ordered);
    self->numbers->text(&amount, more);
    self->numbers->text(&out->used, used);
    out->passes = minor_of(&out->used) <= minor_of(&t->limit);
    (void)snprintf(out->why, sizeof out->why,
                   "%s open, %s ordered and neither invoiced nor paid, and %s now are %s: %s the "
                   "limit of %s",
                   open, ordered, more, used, out->passes ? "within" : "above", limit);
    if (kith_has(t->name))
        (void)snprintf(out->why + strlen(out->why), sizeof out->why - strlen(out->why),
                       ", which %.*s has with all its units", KITH_CUT(t->name.as.s, 60));
    return KITH_OK;
}

/* -- placing ------------------------------------------------------------------------------------
 */

/* The discount of a first purchase is at most what the customer is expected to bring. */
static kith_status check_first(kith_instance *self, const kith_txn *txn, const struct terms *t,
                               const struct order *o, kith_error *err) {
    const int32_t account = t->whom.as.link.type == self->account.type;
    struct line *lines;
    uint64_t n = 0;
    int32_t past;
    kith_value all, given = kith_null();
    char text[KITH_NUMBER_TEXT], most[KITH_NUMBER_TEXT];
    if (!kith_has(t->expected))
        return KITH_OK;
    kith_value whom;
    KITH_TRY(whom_of_terms(self, txn, t, &whom, err));
    KITH_TRY(kith_any(self->records, txn,
                      account ? self->bill.past_account : self->bill.past_contact, 1, &whom, &past,
                      err));
    if (past)
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, line, self->query.lines_of, 1, &o->id, &lines, &n, err));
    for (uint64_t i = 0; i < n; i++) {
        const struct line *l = &lines[i];
        const kith_value *amount = self->tax_included.as.i ? &l->total : &l->net;
        if (!kith_has(l->list_price))
            continue;
        KITH_TRY(self->numbers->multiply(&l->list_price, &l->quantity, 1, money_rounding(self),
                                         &all, err));
        KITH_TRY(self->numbers->add(&given, 1, &all, &given, err));
        KITH_TRY(self->numbers->add(&given, -1, amount, &given, err));
    }
    if (minor_of(&given) <= 0)
        return KITH_OK;
    self->numbers->text(&given, text);
    self->numbers->text(&t->expected, most);
    if (!is_in(&t->expected, &o->currency))
        return kith_fail(err, KITH_E_REFUSED, "expected_value",
                         "expected_value: the customer is expected to bring %s, and %s less on a "
                         "first purchase cannot be compared with it; set expected_value in that "
                         "currency, or give nothing",
                         most, text);
    if (minor_of(&given) <= minor_of(&t->expected))
        return KITH_OK;
    return kith_fail(err, KITH_E_REFUSED, "expected_value",
                     "expected_value: %s less on a first purchase is more than the customer is "
                     "expected to bring (%s); give less, or set expected_value",
                     text, most);
}

/* Each limit on the way up holds for its account with all below; the first that does not is told,
 * else the nearest. None is agreed: what is open of whom it is about. */
static kith_status check_limits(kith_instance *self, const kith_txn *txn, const struct all_terms *t,
                                kith_value amount, struct check *out, kith_error *err) {
    int32_t any = 0;
    for (uint64_t i = 0; i < t->count; i++) {
        struct check one;
        if (!kith_has(t->at[i].limit))
            continue;
        KITH_TRY(check_limit(self, txn, &t->at[i], amount, &one, err));
        if (!any || !one.passes)
            *out = one;
        any = 1;
        if (!one.passes)
            return KITH_OK;
    }
    return any ? KITH_OK : check_limit(self, txn, &t->at[0], amount, out, err);
}

static const struct terms *first_with(const struct all_terms *t, size_t term) {
    for (uint64_t i = 0; i < t->count; i++)
        if (kith_has(*(const kith_value *)((const char *)&t->at[i] + term)))
            return &t->at[i];
    return &t->at[0];
}
#define NEAREST(t, term) first_with(t, offsetof(struct terms, term))

static kith_status place_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct order o, before;
    struct all_terms t;
    struct check c;
    KITH_TRY(KITH_CHANGE(self, txn, change, order, &o, err));
    KITH_TRY(KITH_READ(self, txn, order, change->before, &before, err));
    if ((!kith_has(o.account) && !kith_has(o.contact)) || !is_before_order(before.state.as.s))
        return KITH_OK;
    KITH_TRY(load_terms(self, txn, customer_of(o.account, o.contact), &t, err));
    KITH_TRY(check_first(self, txn, NEAREST(&t, expected), &o, err));
    if (!kith_has(NEAREST(&t, limit)->limit) || minor_of(&o.total) <= 0)
        return KITH_OK;
    KITH_TRY(check_limits(self, txn, &t, o.total, &c, err));
    return c.passes ? KITH_OK
                    : kith_fail(err, KITH_E_REFUSED, "credit_limit", "credit_limit: %s", c.why);
}

/* -- actions ------------------------------------------------------------------------------------
 */

static kith_status whom_of(kith_instance *self, const kith_txn *txn, kith_value account,
                           kith_value contact, struct all_terms *t, kith_error *err) {
    if (kith_has(account) == kith_has(contact))
        return kith_fail(err, KITH_E_INVAL, "account",
                         "account: say whom it is about: an account or a contact");
    return load_terms(self, txn, customer_of(account, contact), t, err);
}

static kith_status check_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value account, contact, amount;
    } args;
    const kith_txn *txn = self->calls->whole(call);
    struct all_terms t;
    struct check c;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (minor_of(&args.amount) < 0)
        return kith_fail(err, KITH_E_INVAL, "amount", "amount: it is 0 or more");
    KITH_TRY(whom_of(self, txn, args.account, args.contact, &t, err));
    KITH_TRY(check_limits(self, txn, &t, args.amount, &c, err));
    const kith_value currency = kith_text(args.amount.as.money.currency);
    const struct {
        kith_value passes, limit, open, overdue, ordered, on_account, used, why;
    } out = {kith_bool(c.passes),
             c.limit,
             money_in(&currency, c.e.open),
             money_in(&currency, c.e.overdue),
             money_in(&currency, c.e.ordered),
             money_in(&currency, minor_sum(c.e.on_account, c.e.credits)),
             c.used,
             kith_text(c.why)};
    return KITH_RESULTS(self, call, &out, err);
}

/* Invoices less credit notes, without tax. */
static kith_status turnover(kith_instance *self, const kith_txn *txn, uint32_t query,
                            const kith_value *params, int64_t *minor, kith_error *err) {
    struct {
        kith_value kind, net;
    } * billed;
    uint64_t count = 0;
    *minor = 0;
    KITH_TRY(KITH_GROUPS(self, txn, query, 4, params, &billed, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const int64_t net = minor_of(&billed[i].net);
        *minor = minor_sum(*minor, kith_is(billed[i].kind, "credit_note") ? -net : net);
    }
    return KITH_OK;
}

static kith_status bonus_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value account, contact, from, until, currency;
    } args;
    const kith_txn *txn = self->calls->whole(call);
    struct all_terms all;
    int64_t minor = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(whom_of(self, txn, args.account, args.contact, &all, err));
    const struct terms t = *NEAREST(&all, bonus);
    if (kith_has(t.bonus_from) && !is_in(&t.bonus_from, &args.currency))
        return kith_fail(err, KITH_E_INVAL, "currency",
                         "currency: the bonus is agreed on in %s, by bonus_from; ask in that one",
                         t.bonus_from.as.money.currency);
    kith_value params[] = {t.whom, args.currency, args.from, args.until};
    KITH_TRY(whom_of_terms(self, txn, &t, &params[0], err));
    KITH_TRY(
        turnover(self, txn,
                 kith_has(args.account) ? self->bill.turnover_account : self->bill.turnover_contact,
                 params, &minor, err));
    struct {
        kith_value turnover, bonus, missing, of;
    } out = {money_in(&args.currency, minor), money_in(&args.currency, 0),
             money_in(&args.currency, minor_of(&t.bonus_from) - minor), t.whom};
    if (out.missing.as.money.minor <= 0) {
        out.missing.as.money.minor = 0;
        if (kith_has(t.bonus) && minor > 0)
            KITH_TRY(self->numbers->multiply(&out.turnover, &t.bonus, 100, money_rounding(self),
                                             &out.bonus, err));
    }
    return KITH_RESULTS(self, call, &out, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define TERMS(whom)                                                                                \
    F("payment_days", INTEGER, .min = "0", .max = "365",                                           \
      .doc = "How many days " whom " may take to pay."),                                           \
        F("credit_limit", MONEY, .min = "0",                                                       \
          .doc = "How much " whom " may have open and ordered at once; no limit when empty."),     \
        F("expected_value", MONEY, .min = "0",                                                     \
          .doc = "What " whom " are expected to bring: the most that a first purchase may be "     \
                 "discounted by."),                                                                \
        F("bonus", PERCENT, .min = "0", .max = "100",                                              \
          .doc = "Percent of a year's turnover that " whom " get back."),                          \
        F("bonus_from", MONEY, .min = "0", .doc = "From which turnover on there is a bonus."),     \
        F("terms", LONGTEXT, .doc = "What else was agreed on.")
static const kith_field account_fields[] = {TERMS("they and their units")};
static const kith_field contact_fields[] = {TERMS("they")};
static const kith_type types[] = {
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
    {.name = "contact", .fields = KITH_ARRAY(contact_fields), .extends = 1},
};

static const char *const state_only[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "credit",
     .type = "order",
     .on = KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .priority = 10,
     .fn = place_hook,
     .where = "state = 'ordered'",
     .fields = KITH_ARRAY(state_only),
     .doc = "Refuses to place an order above the limit of the customer."},
};

static const kith_field check_params[] = {
    F("account", LINK, .options = "account", .doc = "Of which organisation."),
    F("contact", LINK, .options = "contact", .doc = "Of which person."),
    F("amount", MONEY, .flags = KITH_FF_REQUIRED, .doc = "What is to be ordered."),
};
static const kith_field check_results[] = {
    F("passes", BOOLEAN, .doc = "It is within the limit, or there is none."),
    F("limit", MONEY, .doc = "The limit."),
    F("open", MONEY, .doc = "What is open on invoices."),
    F("overdue", MONEY, .doc = "What of it is overdue."),
    F("ordered", MONEY, .doc = "What is ordered and stands on no invoice."),
    F("on_account", MONEY, .doc = "What is theirs: payments and credit notes that are left."),
    F("used", MONEY, .doc = "All of it with the amount."),
    F("why", LONGTEXT, .doc = "In words."),
};
static const kith_field bonus_params[] = {
    F("account", LINK, .options = "account", .doc = "Of which organisation."),
    F("contact", LINK, .options = "contact", .doc = "Of which person."),
    F("from", DATE, .flags = KITH_FF_REQUIRED, .doc = "The first day of the turnover."),
    F("until", DATE, .flags = KITH_FF_REQUIRED, .doc = "The last day."),
    F("currency", TEXT, .flags = KITH_FF_REQUIRED, .doc = "Of the invoices that count: EUR."),
};
static const kith_field bonus_results[] = {
    F("turnover", MONEY, .doc = "What was invoiced less what was credited, without tax."),
    F("bonus", MONEY, .doc = "What they get of it."),
    F("missing", MONEY, .doc = "How much turnover is missing until there is a bonus."),
    F("of", LINK, .options = "*",
      .doc = "Whose turnover it is: of an account with all its units; the one above that has the "
             "bonus, when a unit has none of its own."),
};
static const kith_action actions[] = {
    {.name = "bonus",
     .doc = "Says which bonus on their turnover a customer has earned in some days.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = bonus_action,
     .params = KITH_ARRAY(bonus_params),
     .results = KITH_ARRAY(bonus_results)},
    {.name = "credit_check",
     .doc = "Says whether an order of that amount is within the limit of a customer.",
     .effect = KITH_EFFECT_READ,
     .flags = KITH_AF_WHOLE,
     .fn = check_action,
     .params = KITH_ARRAY(check_params),
     .results = KITH_ARRAY(check_results)},
};

/* A person owes what no account owes. */
#define ACCOUNT_IS "account in (:whom)"
#define CONTACT_IS "contact = :whom and account is null"
#define OPEN(whom)                                                                                 \
    "invoice where " whom " and state in ('open', 'overdue') and currency = :currency "            \
    "group by kind, state : sum(open)"
#define MONEY(whom) "payment where " whom " and on_account and currency = :currency : sum(open)"
#define ORDERED(whom)                                                                              \
    "order where " whom                                                                            \
    " and state in ('ordered', 'paid', 'shipped', 'delivered') and to_invoice > 0 and currency "   \
    "= :currency : sum(total - sent_back - invoiced)"
#define PAST(whom) "order where " whom " and placed_at is not null and state != 'cart' limit 1"
#define TURNOVER(whom)                                                                             \
    "invoice where " whom " and currency = :currency and issued_on >= :from and issued_on <= "     \
    ":until group by kind : sum(net)"
static const kith_want wants[] = {
    KITH_WANT(QUERY, TURNOVER(ACCOUNT_IS), bill.turnover_account),
    KITH_WANT(QUERY, TURNOVER(CONTACT_IS), bill.turnover_contact),
    KITH_WANT(QUERY, OPEN(ACCOUNT_IS), bill.open_of_account),
    KITH_WANT(QUERY, OPEN(CONTACT_IS), bill.open_of_contact),
    KITH_WANT(QUERY, MONEY(ACCOUNT_IS), bill.money_of_account),
    KITH_WANT(QUERY, MONEY(CONTACT_IS), bill.money_of_contact),
    KITH_WANT(QUERY, ORDERED(ACCOUNT_IS), bill.ordered_by_account),
    KITH_WANT(QUERY, ORDERED(CONTACT_IS), bill.ordered_by_contact),
    KITH_WANT(QUERY, PAST(ACCOUNT_IS), bill.past_account),
    KITH_WANT(QUERY, PAST(CONTACT_IS), bill.past_contact),
};
const kith_part credit_part = {
    .struct_size = sizeof credit_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .actions = KITH_ARRAY(actions),
};
