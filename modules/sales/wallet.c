/* SPDX-License-Identifier: Apache-2.0 */
/* Share of wallet: of what a customer spends in a year on what we sell, how much is spent with us,
 * with whom the rest is, and how much could still be ours. */
#include "sales.h"
#include <stdlib.h>

#define CHAIN_MAX  64
#define OTHERS_MAX 300 /* bytes of the names of competitors */
#define YEAR_MS    (INT64_C(365) * 86400000)

struct purse {
    const struct wallet *account;
    kith_value need, ours, elsewhere; /* of one currency; KITH_NULL: nothing */
    kith_value value, since;          /* of all time, with its units */
    char *others;
    int32_t foreign; /* it bought for other currencies, too */
    int32_t guessed; /* nothing but what it buys of us is known */
    int32_t within;  /* and it is part of an account that is in the list */
};
struct spent {
    kith_value account, currency, money; /* what it brought in one currency */
};
struct purses {
    kith_instance *self;
    struct purse *items; /* by account */
    uint64_t count;
    struct spent *spent; /* by account */
    uint64_t spent_count;
};

static int by_id(const void *key, const void *item) {
    const kith_id x = *(const kith_id *)key,
                  y = ((const struct purse *)item)->account->id.as.link.id;
    return (x > y) - (x < y);
}

static struct purse *purse_of(const struct purses *p, kith_id account) {
    return p->count ? bsearch(&account, p->items, (size_t)p->count, sizeof *p->items, by_id) : NULL;
}

/* The first amount of a purse says its currency; those in others are not added to it. */
static kith_status add_to(struct purses *p, struct purse *purse, kith_value *sum,
                          const kith_value *amount, kith_error *err) {
    const kith_value *known = purse->need.kind        ? &purse->need
                              : purse->elsewhere.kind ? &purse->elsewhere
                                                      : &purse->ours;
    if (known->kind == KITH_MONEY &&
        strcmp(known->as.money.currency, amount->as.money.currency) != 0) {
        purse->foreign = 1;
        return KITH_OK;
    }
    return p->self->numbers->add(sum, 1, amount, sum, err);
}

/* Of whom else it buys: as many as there is room for. */
static kith_status note_other(struct purses *p, const kith_txn *txn, struct purse *purse,
                              const kith_value *name, kith_error *err) {
    if (!purse->others)
        KITH_TRY(KITH_MEMORY(p->self, txn, &purse->others, OTHERS_MAX, err));
    const size_t used = strlen(purse->others);
    char *end = purse->others + used;
    if (strstr(purse->others, "..."))
        return KITH_OK;
    if (used + (size_t)name->as.s.len + 6 > OTHERS_MAX)
        (void)snprintf(end, OTHERS_MAX - used, "...");
    else
        (void)snprintf(end, OTHERS_MAX - used, "%s%.*s", used ? ", " : "", KITH_CHARS(name->as.s));
    return KITH_OK;
}

static kith_status add_elsewhere(struct purses *p, const kith_txn *txn, kith_error *err) {
    const struct { kith_value account, competitor, currency, yearly; } * of;
    uint64_t n;
    KITH_TRY(KITH_GROUPS(p->self, txn, p->self->after.query.elsewhere, 0, NULL, &of, &n, err));
    for (; n--; of++) {
        struct purse *purse = kith_has(of->account) ? purse_of(p, of->account.as.link.id) : NULL;
        if (purse && kith_has(of->competitor))
            KITH_TRY(note_other(p, txn, purse, &of->competitor, err));
        if (purse && kith_has(of->yearly))
            KITH_TRY(add_to(p, purse, &purse->elsewhere, &of->yearly, err));
    }
    return KITH_OK;
}

static kith_status read_turnover(struct purses *p, const kith_txn *txn, kith_error *err) {
    kith_instance *self = p->self;
    const kith_value since = kith_time(KITH_NOW(self).as.i - YEAR_MS);
    uint64_t n;
    KITH_TRY(KITH_GROUPS(self, txn, self->after.query.turnover[counts_orders(self)], 1, &since,
                         &p->spent, &n, err));
    for (uint64_t i = 0; i < n; i++)
        if (kith_has(p->spent[i].account) && kith_has(p->spent[i].money))
            p->spent[p->spent_count++] = p->spent[i];
    return KITH_OK;
}

/* Units buy for all that they are part of. */
static kith_status add_spent(struct purses *p, const kith_txn *txn, const struct spent *spent,
                             kith_error *err) {
    struct branch at = {.parent = spent->account};
    for (int i = 0; i < CHAIN_MAX && kith_has(at.parent); i++) {
        struct purse *purse = purse_of(p, at.parent.as.link.id);
        if (purse)
            KITH_TRY(add_to(p, purse, &purse->ours, &spent->money, err));
        KITH_TRY(kith_or_none(KITH_FOLLOW(p->self, txn, after.branch, at.parent, &at, err)));
    }
    return KITH_OK;
}

/* What deals with a unit brought, and since when; the unit is part of all above it. */
struct unit {
    kith_value account, won, since;
};

static kith_status add_unit(struct purses *p, const kith_txn *txn, const struct unit *unit,
                            kith_error *err) {
    struct branch at = {.parent = unit->account};
    for (int i = 0; i < CHAIN_MAX && kith_has(at.parent); i++) {
        /* its own it has already */
        struct purse *purse = i ? purse_of(p, at.parent.as.link.id) : NULL;
        if (purse)
            KITH_TRY(p->self->numbers->add(&purse->value, 1, &unit->won, &purse->value, err));
        if (purse && kith_has(unit->since) &&
            (!kith_has(purse->since) || unit->since.as.i < purse->since.as.i))
            purse->since = unit->since;
        KITH_TRY(kith_or_none(KITH_FOLLOW(p->self, txn, after.branch, at.parent, &at, err)));
    }
    return KITH_OK;
}

static kith_status add_units(struct purses *p, const kith_txn *txn, kith_error *err) {
    const struct unit *units;
    uint64_t n;
    KITH_TRY(KITH_GROUPS(p->self, txn, p->self->after.query.units, 0, NULL, &units, &n, err));
    for (; n--; units++)
        KITH_TRY(add_unit(p, txn, units, err));
    return KITH_OK;
}

/* -- the answer ---------------------------------------------------------------------------------
 */

struct wallet_row {
    kith_value account, need, ours, elsewhere, share, potential, competitors, industry, size, since,
        value, foreign;
};

/* Without an estimate the wallet is what is known: what they buy of us and of the others. */
static kith_status complete(kith_instance *self, struct purse *p, kith_error *err) {
    if (kith_has(p->need))
        return KITH_OK;
    p->guessed = !kith_has(p->elsewhere);
    return self->numbers->add(&p->elsewhere, 1, &p->ours, &p->need, err);
}

static int64_t potential_of(const struct purse *p) {
    const int64_t left = minor_of(&p->need) - minor_of(&p->ours);
    return left > 0 ? left : 0;
}

static int by_potential(const void *a, const void *b) {
    const struct purse *x = a, *y = b;
    const int currency = strcmp(x->need.as.money.currency, y->need.as.money.currency);
    if (currency)
        return currency;
    if (x->guessed != y->guessed)
        return x->guessed - y->guessed;
    if (potential_of(x) != potential_of(y))
        return potential_of(x) < potential_of(y) ? 1 : -1;
    if (x->guessed && minor_of(&x->ours) != minor_of(&y->ours))
        return minor_of(&x->ours) < minor_of(&y->ours) ? 1 : -1;
    return (x->account->id.as.link.id > y->account->id.as.link.id) -
           (x->account->id.as.link.id < y->account->id.as.link.id);
}

static kith_status give_purse(kith_instance *self, kith_call *call, const struct purse *p,
                              kith_error *err) {
    struct wallet_row row = {.account = p->account->id,
                             .need = p->need,
                             .ours = p->ours,
                             .elsewhere = p->elsewhere,
                             .share = percent_share(minor_of(&p->ours), minor_of(&p->need)),
                             .competitors = p->others ? kith_text(p->others) : kith_null(),
                             .industry = p->account->industry,
                             .size = p->account->size,
                             .since = p->since,
                             .value = p->value,
                             .foreign = kith_bool(p->foreign)};
    row.potential = p->need;
    row.potential.as.money.minor = potential_of(p);
    if (p->guessed)
        row.need = row.share = row.potential = kith_null();
    if (!kith_has(row.ours)) {
        row.ours = p->need;
        row.ours.as.money.minor = 0;
    }
    return KITH_ROW(self, call, &row, err);
}

static int by_account(const void *a, const void *b) {
    const struct purse *x = a, *y = b;
    return (x->account->id.as.link.id > y->account->id.as.link.id) -
           (x->account->id.as.link.id < y->account->id.as.link.id);
}

static struct purse purse_for(const struct wallet *account) {
    return (struct purse){.account = account,
                          .need = account->yearly_need,
                          .value = account->won,
                          .since = account->won_since};
}

/* Those that buy, and are not in the list. */
static kith_status add_buyers(struct purses *p, const kith_txn *txn, kith_error *err) {
    kith_instance *self = p->self;
    struct wallet *wallets;
    uint64_t added = 0;
    KITH_TRY(KITH_MEMORY(self, txn, &wallets, p->spent_count, err));
    for (uint64_t i = 0; i < p->spent_count; i++) {
        const kith_value of = p->spent[i].account;
        if ((i && kith_equal(p->spent[i - 1].account, of)) || purse_of(p, of.as.link.id))
            continue;
        KITH_TRY(kith_or_none(KITH_FOLLOW(self, txn, after.wallet, of, &wallets[added], err)));
        if (!kith_has(wallets[added].id))
            continue; /* whoever asks may not see it */
        p->items[p->count + added] = purse_for(&wallets[added]);
        added++;
    }
    p->count += added;
    return KITH_OK;
}

/* Of which something is known, or that buy; or one of them. */
static kith_status find_purses(struct purses *p, const kith_txn *txn, const kith_value *account,
                               kith_error *err) {
    kith_instance *self = p->self;
    struct wallet *found;
    uint64_t count;
    const int one = kith_has(*account);
    KITH_TRY(KITH_FIND(self, txn, after.wallet,
                       one ? self->after.query.one_wallet : self->after.query.wallets,
                       (uint32_t)one, account, &found, &count, err));
    KITH_TRY(KITH_MEMORY(self, txn, &p->items, count + p->spent_count, err));
    for (; p->count < count; p->count++)
        p->items[p->count] = purse_for(&found[p->count]);
    if (!one)
        KITH_TRY(add_buyers(p, txn, err));
    if (p->count)
        qsort(p->items, (size_t)p->count, sizeof *p->items, by_account);
    return KITH_OK;
}

/* Who is part of an account in the list is told of there, unless something is known of it. */
static kith_status look_above(struct purses *p, const kith_txn *txn, struct purse *purse,
                              kith_error *err) {
    struct branch at = {.parent = purse->account->parent};
    for (int i = 0; purse->guessed && !purse->within && i < CHAIN_MAX && kith_has(at.parent); i++) {
        purse->within = purse_of(p, at.parent.as.link.id) != NULL;
        KITH_TRY(kith_or_none(KITH_FOLLOW(p->self, txn, after.branch, at.parent, &at, err)));
    }
    return KITH_OK;
}

int counts_orders(const kith_instance *self) {
    return kith_is(self->regions.dependence_of, "orders") &&
           self->host->enabled(self->host, "commerce");
}

static kith_status read_purses(struct purses *p, const kith_txn *txn, kith_value account,
                               kith_error *err) {
    KITH_TRY(read_turnover(p, txn, err));
    KITH_TRY(find_purses(p, txn, &account, err));
    if (p->count == 0)
        return KITH_OK;
    KITH_TRY(add_units(p, txn, err));
    KITH_TRY(add_elsewhere(p, txn, err));
    for (uint64_t i = 0; i < p->spent_count; i++)
        KITH_TRY(add_spent(p, txn, &p->spent[i], err));
    return KITH_OK;
}

static kith_status wallet_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value account, limit;
    } args;
    struct purses p = {.self = self};
    int64_t given = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(read_purses(&p, self->calls->view(call), args.account, err));
    for (uint64_t i = 0; i < p.count; i++)
        KITH_TRY(complete(self, &p.items[i], err));
    for (uint64_t i = 0; i < p.count; i++)
        KITH_TRY(look_above(&p, self->calls->view(call), &p.items[i], err));
    if (p.count)
        qsort(p.items, (size_t)p.count, sizeof *p.items, by_potential);
    for (uint64_t i = 0; i < p.count && given < args.limit.as.i; i++)
        if (p.items[i].need.kind == KITH_MONEY && !p.items[i].within) {
            given++;
            KITH_TRY(give_purse(self, call, &p.items[i], err));
        }
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field account_fields[] = {
    F("yearly_need", MONEY, .min = "0",
      .doc = "What it spends in a year on what we sell, with all suppliers: an estimate."),
    F("won_since", TIME, .rollup = "min(opportunity.closed_at via account where stage = 'won')",
      .doc = "When the first deal with it was won."),
};
static const kith_field offer_fields[] = {
    F("yearly", MONEY, .min = "0", .doc = "What the account buys of it there in a year."),
};
static const kith_type types[] = {
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
    {.name = "competitor_offer", .fields = KITH_ARRAY(offer_fields), .extends = 1},
};
static const kith_field params[] = {
    F("account", LINK, .options = "account",
      .doc = "Of this one alone; without it all of which something is known, or that buy."),
    F("limit", INTEGER, .default_text = "100", .min = "1", .max = "1000",
      .doc = "So many at most."),
};
static const kith_field columns[] = {
    F("account", LINK, .options = "account", .doc = "The customer, with all its units."),
    F("need", MONEY,
      .doc =
          "yearly_need; when that is not known, what it buys of us and of competitors; empty: only "
          "what it buys of us is known."),
    F("ours", MONEY, .doc = "What it bought of us in the last 365 days."),
    F("elsewhere", MONEY, .doc = "What it is known to buy of competitors in a year."),
    F("share", PERCENT, .doc = "The share of wallet: ours / need, in percent."),
    F("potential", MONEY, .doc = "need - ours: what could still be ours."),
    F("competitors", TEXT, .doc = "Of whom else it buys."),
    F("industry", TEXT, .doc = "Its line of business."),
    F("size", INTEGER, .doc = "Its number of employees."),
    F("since", TIME, .doc = "Since when it is a customer, or one of its units."),
    F("value", MONEY, .doc = "What all deals with it and its units have brought."),
    F("foreign", BOOLEAN, .doc = "It bought in other currencies, too, which is not counted here."),
};
static const kith_action actions[] = {
    {.name = "wallet",
     .doc = "What part of their spending customers spend with us, of whom else they buy, and what "
            "could still be ours, the most first.",
     .effect = KITH_EFFECT_READ,
     .fn = wallet_action,
     .params = KITH_ARRAY(params),
     .columns = KITH_ARRAY(columns)},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("account", after.wallet, WALLET),
    KITH_WANT_RECORD("account", after.branch, BRANCH),
    KITH_WANT(QUERY,
              "account where yearly_need is not null or"
              " exists(competitor_offer.account where yearly is not null) order by id limit 10000",
              after.query.wallets),
    KITH_WANT(QUERY, "account where id = :account", after.query.one_wallet),
    KITH_WANT(QUERY,
              "account where parent is not null and won_since is not null group by id :"
              " sum(won), min(won_since)",
              after.query.units),
    KITH_WANT(QUERY,
              "competitor_offer group by account, competitor.name, yearly.currency : sum(yearly)",
              after.query.elsewhere),
    KITH_WANT(QUERY,
              "opportunity where stage = 'won' and closed_at >= :since and account is not null"
              " group by account, amount.currency : sum(amount)",
              after.query.turnover[0]),
};
static const kith_want with_commerce[] = {
    KITH_WANT(QUERY,
              "order_line where order." PLACED
              " and order.placed_at >= :since and order.account is "
              "not null group by order.account, net.currency : sum(" REVENUE ")",
              after.query.turnover[1]),
};

const kith_part wallet_orders_part = {.struct_size = sizeof wallet_orders_part,
                                      .module = "commerce",
                                      .wants = KITH_ARRAY(with_commerce)};

const kith_part wallet_part = {
    .struct_size = sizeof wallet_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .actions = KITH_ARRAY(actions),
};
