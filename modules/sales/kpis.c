/* SPDX-License-Identifier: Apache-2.0 */
/* How selling goes: win rate won / (won + lost), average deal won amounts / won, cycle from opening
 * to winning, conversion converted leads / leads, by what one likes; and a card for each seller. */
#include "sales.h"

#include <stdlib.h>

static const char *const by_names[KPI_BY] = {"all",    "owner",    "team",    "territory",
                                             "source", "campaign", "account", "product"};

/* Amounts of one currency, and how many they are. */
#define SUMS_MAX 8
struct sum {
    kith_value amount;
    int64_t count;
};
struct sums {
    struct sum items[SUMS_MAX];
    int count, more; /* more: in so many currencies that some have no place */
};

/* What is known of one of them. */
struct kpi {
    kith_value key;  /* text, or a link */
    kith_value name; /* of that link, where there is a column of it */
    struct sums won_for, spent;
    int64_t won, lost, cycle, cycles, leads, converted;        /* cycle: of so many, together */
    int64_t interactions, tasks, time, selling, rated, rating; /* rating: of so many, together */
};
struct kpis {
    kith_instance *self;
    struct kpi *items;
    uint64_t count, room;
    uint32_t keys; /* columns before the others: 0, 1, or 2 of a record and its name */
};

static kith_status add_sum(const kith_instance *self, struct sums *sums, const kith_value *amount,
                           int64_t count, kith_error *err) {
    int at = 0;
    if (!kith_has(*amount))
        return KITH_OK;
    while (at < sums->count &&
           strcmp(sums->items[at].amount.as.money.currency, amount->as.money.currency) != 0)
        at++;
    if (at == SUMS_MAX) {
        sums->more = 1;
        return KITH_OK;
    }
    sums->count += at == sums->count;
    struct sum *s = &sums->items[at];
    s->count += count;
    return self->numbers->add(&s->amount, 1, amount, &s->amount, err);
}

/* That of the most; an amount of nothing when there is none. */
static const struct sum *main_sum(const struct sums *sums) {
    static const struct sum none;
    const struct sum *best = sums->count ? &sums->items[0] : &none;
    for (int i = 1; i < sums->count; i++)
        if (sums->items[i].count > best->count)
            best = &sums->items[i];
    return best;
}

/* Those in the other currencies, in words; they live as long as the call. */
static kith_status others_of(const kith_instance *self, const kith_txn *view,
                             const struct sums *sums, kith_value *out, kith_error *err) {
    const size_t room = SUMS_MAX * (KITH_NUMBER_TEXT + 2) + sizeof ", ...";
    char *text;
    size_t used = 0;
    *out = kith_null();
    if (sums->count <= 1)
        return KITH_OK;
    KITH_TRY(KITH_MEMORY(self, view, &text, room, err));
    for (int i = 0; i < sums->count; i++) {
        char amount[KITH_NUMBER_TEXT];
        if (&sums->items[i] == main_sum(sums))
            continue;
        self->numbers->text(&sums->items[i].amount, amount);
        used += (size_t)snprintf(text + used, room - used, "%s%s", used ? ", " : "", amount);
    }
    if (sums->more)
        (void)snprintf(text + used, room - used, ", ...");
    *out = kith_text(text);
    return KITH_OK;
}

static kith_status kpi_of(struct kpis *k, const kith_txn *txn, const kith_value *values,
                          struct kpi **one, kith_error *err) {
    const kith_value key = k->keys ? values[0] : kith_null();
    for (uint64_t i = 0; i < k->count; i++) {
        *one = &k->items[i];
        if (kith_equal((*one)->key, key))
            return KITH_OK;
    }
    KITH_TRY(KITH_GROW(k->self, txn, k, err));
    *one = &k->items[k->count++];
    **one = (struct kpi){.key = key, .name = k->keys > 1 ? values[1] : kith_null()};
    return KITH_OK;
}

/* [key,] stage, currency, how many, how much, how long together, of how many. Several times for one
 * of them: in each currency, from the totals, and from the days that are no whole months. */
static kith_status take_closed(void *arg, const kith_txn *txn, uint32_t count,
                               const kith_value *values, kith_error *err) {
    struct kpis *k = arg;
    const kith_value *v = values + k->keys;
    struct kpi *one;
    (void)count;
    KITH_TRY(kpi_of(k, txn, values, &one, err));
    if (!kith_is(v[0], "won")) {
        one->lost += v[2].as.i;
        return KITH_OK;
    }
    one->won += v[2].as.i;
    one->cycle += kith_has(v[4]) ? v[4].as.i : 0;
    one->cycles += v[5].as.i;
    return kith_has(v[1]) ? add_sum(k->self, &one->won_for, &v[3], v[2].as.i, err)
                          : KITH_OK; /* without an amount */
}

/* [key,] state, how many */
static kith_status take_leads(void *arg, const kith_txn *txn, uint32_t count,
                              const kith_value *values, kith_error *err) {
    struct kpis *k = arg;
    const kith_value *v = values + k->keys;
    struct kpi *one;
    (void)count;
    KITH_TRY(kpi_of(k, txn, values, &one, err));
    one->leads += v[1].as.i;
    if (kith_is(v[0], "converted"))
        one->converted += v[1].as.i;
    return KITH_OK;
}

static kith_status average_of(const kith_instance *self, const struct kpi *k, kith_value *out,
                              kith_error *err) {
    const kith_value one = kith_int(1);
    const struct sum *sum = main_sum(&k->won_for);
    /* Those without an amount count where there are no others. */
    const int64_t won = k->won_for.count == 1 ? k->won : sum->count;
    *out = kith_null();
    if (!kith_has(sum->amount) || won == 0)
        return KITH_OK;
    return self->numbers->multiply(&sum->amount, &one, won, KITH_ROUND_HALF_EVEN, out, err);
}

static kith_value cycle_of(const struct kpi *k) {
    return k->cycles ? kith_number(KITH_DURATION, (k->cycle + k->cycles / 2) / k->cycles)
                     : kith_null();
}

static int32_t by_record(int by) {
    return by == KPI_OWNER || by == KPI_TERRITORY || by == KPI_ACCOUNT || by == KPI_PRODUCT;
}

/* In columns of sales.kpis. */
struct kpi_row {
    kith_value of, won, lost, win_rate, amount, average, cycle, leads, converted, conversion,
        others, record;
};

static kith_status give_kpi(kith_instance *self, kith_call *call, const struct kpi *k,
                            kith_error *err) {
    const int32_t is_record = k->key.kind == KITH_LINK;
    struct kpi_row row = {.of = is_record ? k->name : k->key,
                          .record = is_record ? k->key : kith_null(),
                          .won = kith_int(k->won),
                          .lost = kith_int(k->lost),
                          .win_rate = percent_share(k->won, k->won + k->lost),
                          .amount = main_sum(&k->won_for)->amount,
                          .cycle = cycle_of(k),
                          .leads = kith_int(k->leads),
                          .converted = kith_int(k->converted),
                          .conversion = percent_share(k->converted, k->leads)};
    KITH_TRY(average_of(self, k, &row.average, err));
    KITH_TRY(others_of(self, self->calls->view(call), &k->won_for, &row.others, err));
    return KITH_ROW(self, call, &row, err);
}

/* -- what was closed: by the totals of months, where they have it -------------------------------
 */

/* Days, both included. */
struct range {
    kith_value since, until;
};

static struct range days(int64_t since, int64_t until) {
    return (struct range){kith_date(since), kith_date(until)};
}

kith_status totals_hold(kith_instance *self, const kith_txn *txn, int64_t first, int64_t last,
                        int32_t *yes, kith_error *err) {
    const struct range months = days(first, last), all = days(first, kith_months_on(last, 1) - 1);
    kith_value in_totals, there;
    kith_error why = {.struct_size = sizeof why};
    const kith_status st =
        KITH_TOTAL(self, txn, self->deals.query.total_count, 2, &months.since, &in_totals, &why);
    *yes = 0;
    if (st != KITH_OK)
        return st == KITH_E_DENIED ? KITH_OK : kith_fail(err, st, why.field, "%s", why.message);
    KITH_TRY(KITH_TOTAL(self, txn, self->deals.query.closed_count, 2, &all.since, &there, err));
    *yes = there.as.i == (kith_has(in_totals) ? in_totals.as.i : 0);
    return KITH_OK;
}

static kith_status by_deals(struct kpis *k, const kith_txn *txn, uint32_t query, int64_t since,
                            int64_t until, kith_error *err) {
    const struct range in = days(since, until);
    return since > until
               ? KITH_OK
               : k->self->records->groups(txn, query, 2, &in.since, 0, take_closed, k, err);
}

static int by_key(const void *a, const void *b) {
    const struct kpi *one = a, *other = b;
    const kith_value *x = one->key.kind == KITH_LINK ? &one->name : &one->key,
                     *y = other->key.kind == KITH_LINK ? &other->name : &other->key;
    if (x->kind != KITH_TEXT || y->kind != KITH_TEXT)
        return (x->kind == KITH_TEXT) - (y->kind == KITH_TEXT);
    const uint64_t least = x->as.s.len < y->as.s.len ? x->as.s.len : y->as.s.len;
    const int order = memcmp(x->as.s.ptr, y->as.s.ptr, (size_t)least);
    if (order || x->as.s.len != y->as.s.len || one->key.kind != KITH_LINK)
        return order ? order : (x->as.s.len > y->as.s.len) - (x->as.s.len < y->as.s.len);
    const kith_id of = one->key.as.link.id, than = other->key.as.link.id;
    return (of > than) - (of < than);
}

/* The whole months among the days, and the days before and behind them. totals 0: there are none
 * by that. */
static kith_status add_closed(struct kpis *k, const kith_txn *txn, uint32_t query, uint32_t totals,
                              const struct range *in, kith_error *err) {
    const int64_t since = in->since.as.i, until = in->until.as.i, next = month_first(until + 1);
    const int64_t first =
        month_first(since) == since ? since : kith_months_on(month_first(since), 1);
    const struct range months = days(first, kith_months_on(next, -1));
    int32_t hold = 0;
    if (totals && first < next)
        KITH_TRY(totals_hold(k->self, txn, first, months.until.as.i, &hold, err));
    if (!hold)
        return by_deals(k, txn, query, since, until, err);
    KITH_TRY(by_deals(k, txn, query, since, first - 1, err));
    KITH_TRY(k->self->records->groups(txn, totals, 2, &months.since, 0, take_closed, k, err));
    KITH_TRY(by_deals(k, txn, query, next, until, err));
    if (k->count)
        qsort(k->items, (size_t)k->count, sizeof *k->items, by_key);
    return KITH_OK;
}

static kith_status kpis_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value by;
        struct range in;
    } args;
    const kith_txn *view = self->calls->view(call);
    struct kpis k = {.self = self};
    int by = KPI_ALL;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    while (!kith_is(args.by, by_names[by]))
        by++; /* it is one of them: a choice */
    if (!self->deals.query.closed[by])
        return kith_fail(err, KITH_E_INVAL, "by",
                         "by: there are products with the module commerce alone; enable it");
    k.keys = by == KPI_ALL ? 0 : by_record(by) ? 2 : 1;
    KITH_TRY(add_closed(&k, view, self->deals.query.closed[by], self->deals.query.totals[by],
                        &args.in, err));
    if (self->deals.query.leads[by])
        KITH_TRY(self->records->groups(view, self->deals.query.leads[by], 2, &args.in.since, 0,
                                       take_leads, &k, err));
    for (uint64_t i = 0; i < k.count; i++)
        KITH_TRY(give_kpi(self, call, &k.items[i], err));
    return KITH_OK;
}

/* -- a card for each seller ---------------------------------------------------------------------
 */

/* owner, was it selling, how many, how long, what it cost */
static kith_status take_activities(void *arg, const kith_txn *txn, uint32_t count,
                                   const kith_value *v, kith_error *err) {
    struct kpi *one;
    const int64_t time = kith_has(v[3]) ? v[3].as.i : 0;
    (void)count;
    KITH_TRY(kpi_of(arg, txn, v, &one, err));
    one->interactions += v[2].as.i;
    one->time += time;
    if (kith_equal(v[1], kith_bool(1)))
        one->selling += time;
    return KITH_OK;
}

/* owner, currency, how many, what they cost */
static kith_status take_cost(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                             kith_error *err) {
    struct kpi *one;
    (void)count;
    KITH_TRY(kpi_of(arg, txn, v, &one, err));
    return add_sum(((struct kpis *)arg)->self, &one->spent, &v[3], v[2].as.i, err);
}

/* who, how many */
static kith_status take_tasks(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                              kith_error *err) {
    struct kpi *one;
    (void)count;
    KITH_TRY(kpi_of(arg, txn, v, &one, err));
    one->tasks += v[1].as.i;
    return KITH_OK;
}

/* owner, how many accounts, their satisfaction together */
static kith_status take_ratings(void *arg, const kith_txn *txn, uint32_t count, const kith_value *v,
                                kith_error *err) {
    struct kpi *one;
    (void)count;
    KITH_TRY(kpi_of(arg, txn, v, &one, err));
    one->rated += v[1].as.i;
    one->rating += v[2].as.i;
    return KITH_OK;
}

/* In columns of sales.scorecard. */
struct card_row {
    kith_value seller, interactions, tasks, won, lost, win_rate, amount, average, cycle, cost, time,
        selling, selling_share, others, other_cost, satisfaction, rated;
};

static kith_status give_card(kith_instance *self, kith_call *call, const struct kpi *k,
                             kith_error *err) {
    struct card_row row = {.seller = k->key,
                           .interactions = kith_int(k->interactions),
                           .tasks = kith_int(k->tasks),
                           .won = kith_int(k->won),
                           .lost = kith_int(k->lost),
                           .win_rate = percent_share(k->won, k->won + k->lost),
                           .amount = main_sum(&k->won_for)->amount,
                           .cycle = cycle_of(k),
                           .cost = main_sum(&k->spent)->amount,
                           .time = kith_number(KITH_DURATION, k->time),
                           .selling = kith_number(KITH_DURATION, k->selling),
                           .selling_share = share_of(k->selling, k->time),
                           .rated = kith_int(k->rated)};
    if (k->rated) /* half up */
        row.satisfaction = kith_decimal((k->rating * 200 + k->rated) / (2 * k->rated), 2);
    const kith_txn *view = self->calls->view(call);
    KITH_TRY(average_of(self, k, &row.average, err));
    KITH_TRY(others_of(self, view, &k->won_for, &row.others, err));
    KITH_TRY(others_of(self, view, &k->spent, &row.other_cost, err));
    return KITH_ROW(self, call, &row, err);
}

static kith_status scorecard_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct range in;
    struct kpis k = {.self = self, .keys = 1};
    const struct {
        uint32_t query;
        kith_group_fn take;
    } parts[] = {{self->deals.query.activities, take_activities},
                 {self->deals.query.costs, take_cost},
                 {self->deals.query.tasks_done, take_tasks}};
    KITH_TRY(KITH_ARGS(self, call, &in, err));
    KITH_TRY(
        add_closed(&k, view, self->deals.query.sellers, self->deals.query.seller_totals, &in, err));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        KITH_TRY(
            self->records->groups(view, parts[i].query, 2, &in.since, 0, parts[i].take, &k, err));
    KITH_TRY(
        self->records->groups(view, self->deals.query.ratings, 0, NULL, 0, take_ratings, &k, err));
    for (uint64_t i = 0; i < k.count; i++)
        if (k.items[i].key.kind == KITH_LINK)
            KITH_TRY(give_card(self, call, &k.items[i], err));
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field interaction_fields[] = {
    F("selling", BOOLEAN, .doc = "Its duration was spent on selling, not on travel or paper."),
};
static const kith_type types[] = {
    {.name = "interaction", .fields = KITH_ARRAY(interaction_fields), .extends = 1},
};

#define SINCE                                                                                      \
    F("since", DATE, .default_text = "1970-01-01", .doc = "What took place from this day on."),    \
        F("until", DATE, .default_text = "9999-12-31", .doc = "And up to this one.")
static const kith_field kpis_params[] = {
    F("by", CHOICE, .options = "all,owner,team,territory,source,campaign,account,product",
      .default_text = "all", .doc = "For each of what; of no value is a row with an empty name."),
    SINCE,
};
static const kith_field kpis_columns[] = {
    F("of", TEXT, .doc = "The name of the seller, team, territory, ..."),
    F("won", INTEGER, .doc = "Deals that were won."),
    F("lost", INTEGER, .doc = "Deals that were lost."),
    F("win_rate", PERCENT, .doc = "won / (won + lost), in percent."),
    F("amount", MONEY, .doc = "What those that were won bring, in the currency of the most."),
    F("average", MONEY, .doc = "amount / won; of several currencies, of those in this one."),
    F("cycle", DURATION, .doc = "How long one that was won took on average."),
    F("leads", INTEGER, .doc = "Leads that came."),
    F("converted", INTEGER, .doc = "Those of them that were converted."),
    F("conversion", PERCENT, .doc = "converted / leads, in percent."),
    F("others", TEXT, .doc = "What was won in other currencies."),
    F("record", LINK, .options = "*",
      .doc = "The seller, territory, account or product: two of one name are two rows."),
};
static const kith_field card_params[] = {SINCE};
static const kith_field card_columns[] = {
    F("seller", LINK, .options = "user", .doc = "Who."),
    F("interactions", INTEGER, .doc = "Contacts with customers that took place."),
    F("tasks", INTEGER, .doc = "Tasks that were done."),
    F("won", INTEGER, .doc = "Deals that were won."),
    F("lost", INTEGER, .doc = "Deals that were lost."),
    F("win_rate", PERCENT, .doc = "won / (won + lost), in percent."),
    F("amount", MONEY, .doc = "What those that were won bring, in the currency of the most."),
    F("average", MONEY, .doc = "amount / won; of several currencies, of those in this one."),
    F("cycle", DURATION, .doc = "How long one that was won took on average."),
    F("cost", MONEY, .doc = "What the contacts cost."),
    F("time", DURATION, .doc = "How long the contacts took."),
    F("selling", DURATION, .doc = "How much of this was selling."),
    F("selling_share", DECIMAL, .options = "4", .doc = "selling / time."),
    F("others", TEXT, .doc = "What was won in other currencies."),
    F("other_cost", TEXT, .doc = "What contacts cost in other currencies."),
    F("satisfaction", DECIMAL, .options = "2",
      .doc = "How content their accounts are today on average, from 1 to 5."),
    F("rated", INTEGER, .doc = "Of how many accounts that is known."),
};
static const kith_action actions[] = {
    {.name = "kpis",
     .doc = "Win rate, average deal, cycle and conversion of leads, by seller, team and so on.",
     .effect = KITH_EFFECT_READ,
     .fn = kpis_action,
     .params = KITH_ARRAY(kpis_params),
     .columns = KITH_ARRAY(kpis_columns)},
    {.name = "scorecard",
     .doc = "What each seller did, what came of it, and how much of the time was selling.",
     .effect = KITH_EFFECT_READ,
     .fn = scorecard_action,
     .params = KITH_ARRAY(card_params),
     .columns = KITH_ARRAY(card_columns)},
};

static const kith_permission permissions[] = {
    {"read:territory", "Adds up by territory what is in the pipeline, and what was won."},
};

#define WON "opportunity where stage = 'won' group by "
#define SUMS                                                                                       \
    ", amount.currency as currency order by amount.currency, -sum(amount) : count() as deals,"     \
    " sum(amount) as amount"
static const kith_report reports[] = {
    {.name = "won_by_account",
     .doc = "What was won with each account, the best customers first.",
     .query = WON "account as account, account.name as name" SUMS},
    {.name = "won_by_territory",
     .doc = "What was won in each territory.",
     .query = WON "account.territory as territory, account.territory.name as name" SUMS},
    {.name = "won_by_month",
     .doc = "What was won in each month.",
     .query = WON "year(closed_at) as year, month(closed_at) as month, amount.currency as currency"
                  " : count() as deals, sum(amount) as amount"},
    {.name = "wins",
     .doc = "Why they bought.",
     .query = WON "win_reason, amount.currency as currency order by -count() : count() as deals, "
                  "sum(amount) as amount"},
};

#define CLOSED(keys)                                                                               \
    "opportunity where stage in ('won', 'lost') and closed_at >= :since and closed_at <= :until"   \
    " group by " keys "stage, amount.currency : count(), sum(amount), sum(cycle), count(cycle)"
/* Of months, which take the parameters by their first days. */
#define CLOSED_IN                                                                                  \
    "pipeline_total where stage in ('won', 'lost') and month >= :since and month <= :until"
#define TOTALS(keys)                                                                               \
    CLOSED_IN " and deals > 0 group by " keys                                                      \
              "stage, currency : sum(deals), sum(amount), sum(cycle), sum(cycles)"
#define LEADS(keys)                                                                                \
    "lead where created >= :since and created <= :until group by " keys "state : count()"
#define BY(at, deal, lead)                                                                         \
    KITH_WANT(QUERY, CLOSED(deal), deals.query.closed[at]),                                        \
        KITH_WANT(QUERY, LEADS(lead), deals.query.leads[at])
#define BOTH(at, key) BY(at, key, key)
#define TOOK_PLACE    "interaction where planned = false and at >= :since and at <= :until"
static const kith_want wants[] = {
    BOTH(KPI_ALL, ""),
    BOTH(KPI_OWNER, "owner, owner.name, "),
    BOTH(KPI_TEAM, "owner.teams.name, "),
    BY(KPI_TERRITORY, "account.territory, account.territory.name, ", "territory, territory.name, "),
    BOTH(KPI_SOURCE, "source, "),
    BOTH(KPI_CAMPAIGN, "campaign, "),
    BOTH(KPI_ACCOUNT, "account, account.name, "),
    KITH_WANT(QUERY, TOTALS(""), deals.query.totals[KPI_ALL]),
    KITH_WANT(QUERY, TOTALS("owner, owner.name, "), deals.query.totals[KPI_OWNER]),
    KITH_WANT(QUERY, TOTALS("owner.teams.name, "), deals.query.totals[KPI_TEAM]),
    KITH_WANT(QUERY, TOTALS("source, "), deals.query.totals[KPI_SOURCE]),
    KITH_WANT(QUERY, CLOSED("owner, "), deals.query.sellers),
    KITH_WANT(QUERY, TOTALS("owner, "), deals.query.seller_totals),
    KITH_WANT(QUERY, CLOSED_IN " : sum(deals)", deals.query.total_count),
    KITH_WANT(QUERY,
              "opportunity where stage in ('won', 'lost') and closed_at >= :since and"
              " closed_at <= :until : count()",
              deals.query.closed_count),
    KITH_WANT(QUERY,
              TOOK_PLACE " and cost is not null group by owner, cost.currency : count(), sum(cost)",
              deals.query.costs),
    KITH_WANT(QUERY,
              "task where state = 'done' and updated >= :since and updated <= :until"
              " group by assignee : count()",
              deals.query.tasks_done),
    KITH_WANT(QUERY,
              "account where satisfaction is not null group by owner : count(), sum(satisfaction)",
              deals.query.ratings),
#define ACTIVITIES " group by owner, selling : count(), sum(duration)"
    KITH_WANT(QUERY, TOOK_PLACE ACTIVITIES, deals.query.activities),
};
/* In place of the last one: an order that commerce notes as a purchase is no talk. */
static const kith_want activities_with_orders[] = {
    KITH_WANT(QUERY, TOOK_PLACE " and order is null" ACTIVITIES, deals.query.activities),
};

const kith_part kpis_orders_part = {.struct_size = sizeof kpis_orders_part,
                                    .module = "commerce",
                                    .wants = KITH_ARRAY(activities_with_orders)};

const kith_part kpis_part = {
    .struct_size = sizeof kpis_part,
    .wants = KITH_ARRAY(wants),
    .permissions = KITH_ARRAY(permissions),
    .types = KITH_ARRAY(types),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
