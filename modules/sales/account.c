/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: what a seller wants to know of them, who coordinates them, global accounts, and those
 * that we depend on since too much of our turnover comes from them. */
#include "sales.h"
#include <stdlib.h>

#define ROWS_MAX  100
#define CHAIN_MAX 64

/* -- who coordinates it -------------------------------------------------------------------------
 */

struct coordinator_rule {
    kith_value when, as, user; /* as declared */
};

static kith_status coordinate(kith_instance *self, const kith_txn *txn, const kith_row *row,
                              struct firm *firm, kith_error *err) {
    firm->coordination = kith_null();
    for (uint64_t i = 0; i < kith_rows(&self->regions.coordinator_rules); i++) {
        const struct coordinator_rule *rule = kith_row_of(&self->regions.coordinator_rules, i);
        struct user user;
        if (kith_holds(self->records, txn, &rule->when, row) != 1)
            continue;
        firm->coordination = rule->as;
        if (!kith_has(rule->user) || kith_has(firm->coordinator))
            return KITH_OK;
        KITH_TRY(KITH_FIRST(self, txn, user, self->query.login, 1, &rule->user, &user, err));
        firm->coordinator = user.id;
        return KITH_OK;
    }
    return KITH_OK;
}

/* One level: a global account has members, and is none. */
static kith_status check_global(kith_instance *self, const kith_txn *txn, const struct firm *firm,
                                kith_error *err) {
    struct firm whole;
    KITH_TRY(kith_or_none(KITH_FOLLOW(self, txn, regions.firm, firm->global_account, &whole, err)));
    if (!kith_has(whole.id))
        return KITH_OK;
    if (kith_equal(whole.id, firm->id))
        return kith_fail(err, KITH_E_REFUSED, "global_account",
                         "global_account: it is the account itself; leave it empty");
    if (whole.global_account.kind == KITH_LINK || firm->members.as.i > 0)
        return kith_fail(err, KITH_E_REFUSED, "global_account",
                         "global_account: a member of a global account has no members of its own; "
                         "let all of them lead to the same account");
    return KITH_OK;
}

static kith_status account_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                                kith_error *err) {
    struct firm asked, firm;
    KITH_TRY(KITH_CHANGE(self, txn, change, regions.firm, &asked, err));
    if (self->records->changed(txn, change, self->regions.firm.global_account) == 1)
        KITH_TRY(check_global(self, txn, &asked, err));
    if (change->origin == KITH_ORIGIN_UNDO)
        return KITH_OK;
    firm = asked;
    KITH_TRY(coordinate(self, txn, change->after, &firm, err));
    firm.sponsored = kith_bool(kith_has(firm.sponsor));
    return KITH_SET_CHANGED(self, txn, change, regions.firm, &asked, &firm, err);
}

/* -- dependence ---------------------------------------------------------------------------------
 */

struct share {
    kith_value account, turnover;
    int64_t share; /* hundredths of a percent */
};
struct turnover {
    kith_instance *self;
    struct share *shares; /* of those with the largest turnover */
    uint64_t count;
    kith_value total;
    int32_t foreign; /* something was sold in another currency, too */
};

/* The organisation as a whole: above all units, and the global account of that. */
static kith_status whole_of(kith_instance *self, const kith_txn *txn, kith_value *account,
                            kith_error *err) {
    struct firm firm = {.parent = *account};
    for (int i = 0; i < CHAIN_MAX && kith_has(firm.parent); i++) {
        *account = firm.parent;
        KITH_TRY(kith_or_none(KITH_FOLLOW(self, txn, regions.firm, *account, &firm, err)));
        if (!kith_has(firm.parent))
            firm.parent = firm.global_account;
    }
    return KITH_OK;
}

static int by_share(const void *a, const void *b) {
    const int64_t x = ((const struct share *)a)->share, y = ((const struct share *)b)->share;
    return x != y ? (x < y) - (x > y) : by_link(a, b);
}

static kith_status join(struct turnover *t, kith_error *err) {
    const kith_numbers_v1 *n = t->self->numbers;
    const kith_value whole = kith_int(10000);
    uint64_t kept = 0;
    qsort(t->shares, (size_t)t->count, sizeof *t->shares, by_link);
    for (uint64_t i = 0; i < t->count; i++) {
        struct share *last = kept ? &t->shares[kept - 1] : NULL;
        if (last && kith_equal(last->account, t->shares[i].account))
            KITH_TRY(n->add(&last->turnover, 1, &t->shares[i].turnover, &last->turnover, err));
        else
            t->shares[kept++] = t->shares[i];
    }
    t->count = kept;
    for (uint64_t i = 0; i < kept; i++) {
        const kith_value turnover = kith_int(t->shares[i].turnover.as.money.minor);
        kith_value part;
        KITH_TRY(n->multiply(&whole, &turnover, t->total.as.money.minor, KITH_ROUND_HALF_UP, &part,
                             err));
        t->shares[i].share = part.as.i;
    }
    qsort(t->shares, (size_t)kept, sizeof *t->shares, by_share);
    return KITH_OK;
}

/* In the currency in which there were the most sales. */
static kith_status find_total(struct turnover *t, const kith_txn *txn, uint32_t query,
                              const kith_value *since, kith_error *err) {
    const struct { kith_value currency, sum; } * totals;
    uint64_t count;
    KITH_TRY(KITH_GROUPS(t->self, txn, query, 1, since, &totals, &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (kith_has(totals[i].sum) && kith_has(t->total))
            t->foreign = 1;
        else if (kith_has(totals[i].sum))
            t->total = totals[i].sum;
    return KITH_OK;
}

static kith_status find_shares(struct turnover *t, const kith_txn *txn, uint32_t query,
                               const kith_value *since, kith_error *err) {
    const kith_value params[] = {*since, kith_text(t->total.as.money.currency)};
    const struct { kith_value account, sum; } * sums;
    uint64_t count;
    KITH_TRY(KITH_GROUPS(t->self, txn, query, 2, params, &sums, &count, err));
    KITH_TRY(KITH_MEMORY(t->self, txn, &t->shares, count, err));
    for (uint64_t i = 0; i < count; i++) {
        struct share s = {sums[i].account, sums[i].sum, 0};
        if (!kith_has(s.account) || !kith_has(s.turnover))
            continue;
        KITH_TRY(whole_of(t->self, txn, &s.account, err));
        t->shares[t->count++] = s;
    }
    return KITH_OK;
}

static kith_status work_out(kith_instance *self, const kith_txn *txn, struct turnover *t,
                            kith_error *err) {
    const int orders = kith_is(self->regions.dependence_of, "orders");
    const kith_value since =
        kith_time(self->host->now(self->host) - self->regions.dependence_days.as.i * KITH_DAY_MS);
    *t = (struct turnover){.self = self};
    if (orders && !self->host->enabled(self->host, "commerce"))
        return KITH_OK;
    KITH_TRY(find_total(t, txn, self->regions.query.turnover[orders], &since, err));
    if (!kith_has(t->total) || t->total.as.money.minor <= 0)
        return KITH_OK;
    KITH_TRY(find_shares(t, txn, self->regions.query.turnover_by[orders], &since, err));
    return join(t, err);
}

static int32_t is_over(const kith_instance *self, const struct share *s) {
    return s->share >= self->regions.dependence_limit.as.i * 100;
}

static kith_status dependence_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct turnover t;
    KITH_TRY(work_out(self, self->calls->view(call), &t, err));
    for (uint64_t i = 0; i < t.count && i < ROWS_MAX; i++) {
        const struct share *s = &t.shares[i];
        const struct {
            kith_value account, turnover, share, alert;
        } row = {s->account, s->turnover, kith_decimal(s->share, 2), kith_bool(is_over(self, s))};
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    const struct {
        kith_value turnover, limit, foreign;
    } results = {t.total, self->regions.dependence_limit, kith_bool(t.foreign)};
    return KITH_RESULTS(self, call, &results, err);
}

/* It is told once, when an account comes over the limit, and its share is kept as long as it is. */
static kith_status tell_dependence(kith_instance *self, kith_txn *txn, const struct share *s,
                                   kith_error *err) {
    struct firm firm;
    const kith_value share = kith_decimal(s->share, 2);
    const kith_value payload[] = {share, s->turnover, self->regions.dependence_limit};
    const kith_id id = s->account.as.link.id;
    KITH_TRY(KITH_LOAD(self, txn, regions.firm, id, &firm, err));
    KITH_TRY(KITH_SET(self, txn, regions.firm, turnover_share, id, share, err));
    return kith_has(firm.turnover_share)
               ? KITH_OK
               : self->events->publish(txn, self->regions.topic.dependence, self->regions.firm.type,
                                       id, 3, payload, err);
}

static kith_status dependence_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                                    kith_error *err) {
    struct turnover t;
    struct firm *before;
    uint64_t count;
    (void)firing;
    KITH_TRY(work_out(self, txn, &t, err));
    KITH_TRY(KITH_FIND(self, txn, regions.firm, self->regions.query.dependent, 0, NULL, &before,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        int32_t still = 0;
        for (uint64_t k = 0; k < t.count && is_over(self, &t.shares[k]); k++)
            still |= kith_equal(t.shares[k].account, before[i].id);
        if (!still)
            KITH_TRY(KITH_SET(self, txn, regions.firm, turnover_share, before[i].id.as.link.id,
                              kith_null(), err));
    }
    for (uint64_t k = 0; k < t.count && is_over(self, &t.shares[k]); k++)
        KITH_TRY(tell_dependence(self, txn, &t.shares[k], err));
    return KITH_OK;
}

/* -- with all its units -------------------------------------------------------------------------
 */

struct organisation_row {
    kith_value account, units, priority, sponsored, deals, pipeline, weighted, won;
};

static kith_status give_organisation(kith_instance *self, kith_call *call, const struct firm *firm,
                                     kith_error *err) {
    const kith_numbers_v1 *n = self->numbers;
    struct units units = {.count = 0};
    struct organisation_row row = {
        .account = firm->id, .priority = firm->priority, .sponsored = firm->sponsored};
    int64_t deals = 0;
    KITH_TRY(units_of(self, self->calls->view(call), firm->id.as.link.id, &units, err));
    for (uint64_t i = 0; i < units.count; i++) {
        const struct firm *f = &units.firms[i];
        deals += f->open_opportunities.as.i;
        KITH_TRY(n->add(&row.pipeline, 1, &f->pipeline, &row.pipeline, err));
        KITH_TRY(n->add(&row.weighted, 1, &f->weighted, &row.weighted, err));
        KITH_TRY(n->add(&row.won, 1, &f->won, &row.won, err));
    }
    row.units = kith_int((int64_t)units.count - 1);
    row.deals = kith_int(deals);
    return KITH_ROW(self, call, &row, err);
}

static kith_status organisations_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct {
        kith_value account, key;
    } args;
    struct firm *firms, one;
    uint64_t count = 0;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (args.account.kind == KITH_LINK) {
        KITH_TRY(KITH_LOAD(self, view, regions.firm, args.account.as.link.id, &one, err));
        return give_organisation(self, call, &one, err);
    }
    const uint32_t query = kith_equal(args.key, kith_bool(1)) ? self->regions.query.key_accounts
                                                              : self->regions.query.organisations;
    KITH_TRY(KITH_FIND(self, view, regions.firm, query, 0, NULL, &firms, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(give_organisation(self, call, &firms[i], err));
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define COORDINATION "account_manager,segment_manager,general_manager"
static const kith_field account_fields[] = {
    F("sic_code", TEXT, .flags = KITH_FF_INDEXED, .measure = KITH_M_NOMINAL,
      .doc = "Its line of business by the Standard Industrial Classification."),
    F("buying_criteria", LONGTEXT, .doc = "What it looks at when it buys."),
    F("requirements", LONGTEXT, .doc = "What it needs."),
    F("terms_of_trade", LONGTEXT, .doc = "On which terms it buys."),
    F("proposal_responses", LONGTEXT, .doc = "How it responded to proposals."),
    F("satisfaction", INTEGER, .min = "1", .max = "5",
      .doc = "How content it is, from 1 to 5, as a survey or a seller last heard."),
    F("priority", INTEGER, .flags = KITH_FF_INDEXED, .min = "1", .measure = KITH_M_ORDINAL,
      .doc = "Its rank among our accounts; 1 is the first."),
    F("sponsor", LINK, .options = "contact",
      .doc = "Who in the organisation could stand up for us."),
    F("sponsored", BOOLEAN, .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "There is such a one: it comes first."),
    F("coordination", CHOICE, .options = COORDINATION, .flags = KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "Who is to coordinate it, by sales.coordinator.rules."),
    F("coordinator", LINK, .options = "user", .doc = "Who does; by the same when nothing is said."),
    F("global_account", LINK, .options = "account",
      .doc = "The account that it is grouped under worldwide."),
    F("members", INTEGER, .rollup = "count(account via global_account)",
      .doc = "Accounts that are grouped under it."),
    F("members_pipeline", MONEY, .rollup = "sum(account.pipeline via global_account)",
      .doc = "What their open deals are expected to bring, in the company's currency."),
    F("members_won", MONEY, .rollup = "sum(account.won via global_account)",
      .doc = "What they have brought, in the company's currency."),
    F("turnover_share", PERCENT, .flags = KITH_FF_READONLY,
      .doc = "Its share of our turnover in percent, as long as it is over the limit of "
             "sales.dependence."),
};
static const kith_field contact_fields[] = {
    F("satisfaction", INTEGER, .min = "1", .max = "5",
      .doc = "How content they are, from 1 to 5, as a survey or a seller last heard."),
};
static const kith_field offer_fields[] = {
    F("account", LINK, .options = "account", .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF,
      .doc = "To whom it is offered."),
    F("competitor", LINK, .options = "account", .doc = "By whom."),
    F("product", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED, .doc = "What."),
    F("price", MONEY, .min = "0", .doc = "For how much."),
    F("seen_on", DATE, .doc = "When we came to know it."),
    F("note", LONGTEXT, .doc = "What else is to be known."),
};
static const kith_type types[] = {
    {.name = "account", .fields = KITH_ARRAY(account_fields), .extends = 1},
    {.name = "contact", .fields = KITH_ARRAY(contact_fields), .extends = 1},
    {.name = "competitor_offer",
     .label = "Competitor offer",
     .doc = "A product and a price with which a competitor is at an account.",
     .title = "product",
     .fields = KITH_ARRAY(offer_fields)},
};
static const kith_hook hooks[] = {
    {.name = "account",
     .type = "account",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = 120,
     .fn = account_hook,
     .doc = "Says who coordinates an account, and keeps global accounts on one level."},
};

static const kith_setting rule_items[] = {
    {.key = "when",
     .kind = KITH_TEXT,
     .condition = "account",
     .doc = "A condition on the account; without it the rule holds always."},
    {.key = "as",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .choices = COORDINATION,
     .doc = "What its coordinator is."},
    {.key = "user",
     .kind = KITH_TEXT,
     .doc = "The login of who becomes it, when the account has none."},
};
static const kith_setting settings[] = {
    {.key = "coordinator.rules",
     .kind = KITH_LIST,
     .default_text = "()",
     .doc = "Who coordinates an account; the first rule that is true of it counts.",
     .items = KITH_ARRAY(rule_items)},
    {.key = "dependence.limit",
     .kind = KITH_INT,
     .default_text = "30",
     .min = 1,
     .max = 100,
     .doc = "From this share of our turnover on, in percent, we depend on an account."},
    {.key = "dependence.days",
     .kind = KITH_INT,
     .default_text = "365",
     .min = 1,
     .max = 3650,
     .doc = "Of how many days the turnover is counted."},
    {.key = "dependence.of",
     .kind = KITH_TEXT,
     .default_text = "\"won\"",
     .choices = "won,orders",
     .doc = "What it is counted by: deals that were won, or orders (with the module commerce)."},
};
static const kith_field payload[] = {
    F("share", PERCENT, .doc = "Its share in percent."),
    F("turnover", MONEY, .doc = "What it brought."),
    F("limit", INTEGER, .doc = "The limit in percent."),
};
static const kith_topic topics[] = {
    {.name = "account.dependence",
     .schema = 1,
     .fields = KITH_ARRAY(payload),
     .doc = "More of our turnover comes from an account than sales.dependence.limit."},
};
static const kith_timer timers[] = {
    {.name = "dependence",
     .cron = "40 3 * * *",
     .fn = dependence_timer,
     .doc = "Tells of accounts that we depend on."},
};
static const kith_field results[] = {
    F("turnover", MONEY, .doc = "All of it, in the currency in which we sell most often."),
    F("limit", INTEGER, .doc = "The limit in percent."),
    F("foreign", BOOLEAN, .doc = "Something was sold in other currencies, which is not counted."),
};
static const kith_field columns[] = {
    F("account", LINK, .options = "account", .doc = "The organisation with all its units."),
    F("turnover", MONEY, .doc = "What it brought."),
    F("share", PERCENT, .doc = "Its share in percent."),
    F("alert", BOOLEAN, .doc = "It reaches the limit."),
};
static const kith_field organisations_params[] = {
    F("account", LINK, .options = "account", .doc = "Of this one alone."),
    F("key", BOOLEAN, .doc = "Of key accounts: those with a rank or a sponsor."),
};
static const kith_field organisations_columns[] = {
    F("account", LINK, .options = "account", .doc = "The account."),
    F("units", INTEGER, .doc = "How many units are below it."),
    F("priority", INTEGER, .doc = "Its rank."),
    F("sponsored", BOOLEAN, .doc = "Somebody there stands up for us."),
    F("open_opportunities", INTEGER, .doc = "Deals with it and its units that are open."),
    F("pipeline", MONEY, .doc = "What those are expected to bring, in the company's currency."),
    F("weighted", MONEY, .doc = "What they are likely to bring."),
    F("won", MONEY, .doc = "What the deals that were won bring."),
};
static const kith_action actions[] = {
    {.name = "organisations",
     .doc = "What accounts bring together with all their units: of those that have units, or of "
            "key accounts; 200 at most.",
     .effect = KITH_EFFECT_READ,
     .fn = organisations_action,
     .params = KITH_ARRAY(organisations_params),
     .columns = KITH_ARRAY(organisations_columns)},
    {.name = "dependence",
     .doc = "From which accounts our turnover comes, the largest first.",
     .effect = KITH_EFFECT_READ,
     .fn = dependence_action,
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};
static const kith_report reports[] = {
    {.name = "key_accounts",
     .doc = "Accounts by rank, those with a sponsor first, with the figures of each by itself; "
            "sales.organisations key=true has those of their units in it.",
     .query = "account where priority is not null or sponsored order by -sponsored, priority",
     .fields = "id,name,priority,sponsor.name,coordinator.name,owner.name,pipeline,won"},
    {.name = "segments",
     .doc = "Accounts by market and industry, with what they bring.",
     .query = "account group by market, industry order by -sum(pipeline) : count() as accounts, "
              "sum(pipeline) as pipeline, sum(won) as won"},
};

#define WON_SINCE  "opportunity where stage = 'won' and closed_at >= :since"
#define SOLD_SINCE "order_line where order." PLACED " and order.placed_at >= :since"
/* In each currency, that of the most first; then of the accounts, in that one. */
#define ALL(currency, sum) " group by " currency " order by -count() : " sum
#define BY_ACCOUNT(account, currency, sum)                                                         \
    " and " currency " = :currency group by " account " order by -" sum " limit 10000 : " sum
static const kith_want wants[] = {
    KITH_WANT(QUERY, WON_SINCE ALL("amount.currency", "sum(amount)"), regions.query.turnover[0]),
    KITH_WANT(QUERY, WON_SINCE BY_ACCOUNT("account", "amount.currency", "sum(amount)"),
              regions.query.turnover_by[0]),
    KITH_WANT(QUERY,
              "account where priority is not null or sponsored order by -sponsored, priority "
              "limit 200",
              regions.query.key_accounts),
    KITH_WANT(QUERY,
              "account where parent is null and exists(account.parent where id is not null) order "
              "by -pipeline limit 200",
              regions.query.organisations),
    KITH_WANT(QUERY, "account where turnover_share is not null", regions.query.dependent),
    KITH_WANT(TOPIC, "account.dependence", regions.topic.dependence),
    KITH_WANT(SETTING, "coordinator.rules", regions.coordinator_rules),
    KITH_WANT(SETTING, "dependence.limit", regions.dependence_limit),
    KITH_WANT(SETTING, "dependence.days", regions.dependence_days),
    KITH_WANT(SETTING, "dependence.of", regions.dependence_of),
};
static const kith_want with_commerce[] = {
    KITH_WANT(QUERY, SOLD_SINCE ALL("net.currency", "sum(" REVENUE ")"), regions.query.turnover[1]),
    KITH_WANT(QUERY, SOLD_SINCE BY_ACCOUNT("order.account", "net.currency", "sum(" REVENUE ")"),
              regions.query.turnover_by[1]),
};

const kith_part account_orders_part = {.struct_size = sizeof account_orders_part,
                                       .module = "commerce",
                                       .wants = KITH_ARRAY(with_commerce)};

const kith_part account_part = {
    .struct_size = sizeof account_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
