/* SPDX-License-Identifier: Apache-2.0 */
/* The way of an opportunity through its stages: each visit to a stage is a record, so that past
 * deals tell how many go on from it and how long it takes; and the totals of the pipeline, which
 * are kept as it changes, so that it is shown at once however many deals there are. */
#include "sales.h"

static int32_t is_open(const struct opportunity *deal) {
    return !kith_is(deal->stage, "won") && !kith_is(deal->stage, "lost");
}

/* -- before: what is refused, and what is kept --------------------------------------------------
 */

/* One that goes forward, by more than one stage where sales.stages.skip is false. */
static kith_status check_order(kith_instance *self, const struct opportunity *deal, kith_str from,
                               kith_error *err) {
    const int was = stage_place(self, from), is = stage_place(self, deal->stage.as.s),
              offered = stage_place(self, kith_str_of("proposal"));
    if (self->deals.skip_stages.as.i || was < 0 || is <= was + 1 ||
        (is == self->deals.won && offered >= 0 && was >= offered))
        return KITH_OK;
    const kith_str next = self->deals.stages[was + 1].name.as.s;
    return kith_fail(err, KITH_E_REFUSED, "stage",
                     "stage: behind %.*s comes %.*s, and sales.stages.skip forbids to leave it out",
                     KITH_CHARS(from), KITH_CHARS(next));
}

/* What the customer has accepted is not held up by what we had still to do. */
static kith_status check_way(kith_instance *self, const kith_txn *txn,
                             const struct opportunity *deal, kith_str from, kith_error *err) {
    int32_t accepted = 0;
    kith_status st = check_order(self, deal, from, err);
    if (st == KITH_OK)
        st = plays_check(self, txn, deal, from, err);
    if (st == KITH_E_REFUSED && quote_accepted(self, txn, deal->id, &accepted, NULL) == KITH_OK &&
        accepted)
        return KITH_OK;
    return st;
}

/* Whatever tells one total from another. */
static kith_status find_total(kith_instance *self, kith_txn *txn, const struct opportunity *deal,
                              kith_value *link, kith_error *err) {
    struct total found,
        total = {.owner = deal->owner, .stage = deal->stage, .probability = deal->probability};
    char owner[KITH_ID_CHARS + 1] = "-", key[128];
    kith_value day = deal->close_on;
    if (kith_has(deal->owner))
        kith_id_text(deal->owner.as.link.id, owner);
    if (kith_has(deal->amount)) {
        total.currency = kith_text(deal->amount.as.money.currency);
        total.priced = kith_int(1);
    }
    if (!is_open(deal)) {
        day = deal->closed_at;
        if (kith_has(day))
            day = kith_date(self->host->day(self->host, day.as.i));
        total.source = deal->source;
    }
    if (kith_has(day))
        total.month = kith_date(month_first(day.as.i));
    const kith_str source = kith_has(total.source) ? total.source.as.s : kith_str_of("");
    (void)snprintf(key, sizeof key, "%s %.*s %lld %lld %s%s%.*s", owner,
                   KITH_CHARS(deal->stage.as.s), (long long)deal->probability.as.i,
                   (long long)(kith_has(total.month) ? total.month.as.i : -1),
                   kith_has(total.currency) ? deal->amount.as.money.currency : "-",
                   kith_has(total.source) ? " " : "", KITH_CHARS(source));
    total.key = kith_text(key);
    KITH_TRY(KITH_FIRST(self, txn, deals.total, self->deals.query.total_by_key, 1, &total.key,
                        &found, err));
    if (!kith_has(found.id)) {
        KITH_TRY(KITH_CREATE(self, txn, deals.total, &total, err));
        found = total;
    }
    *link = found.id;
    return KITH_OK;
}

/* When nobody says: now, or when it was created; of one that was closed before, it is not known. */
static kith_value opened(const kith_instance *self, const kith_change *info,
                         const struct opportunity *deal) {
    const kith_value at = info->kind == KITH_ON_CREATE ? KITH_NOW(self) : deal->created;
    return kith_has(deal->closed_at) && deal->closed_at.as.i < at.as.i ? kith_null() : at;
}

static kith_value cycle_of(const struct opportunity *deal) {
    return kith_has(deal->closed_at) && kith_has(deal->opened_at) &&
                   deal->closed_at.as.i >= deal->opened_at.as.i
               ? kith_number(KITH_DURATION, deal->closed_at.as.i - deal->opened_at.as.i)
               : kith_null();
}

static kith_status keep(kith_instance *self, kith_txn *txn, kith_change *change,
                        const struct opportunity *asked, kith_error *err) {
    struct opportunity deal = *asked;
    if (!kith_has(deal.opened_at))
        deal.opened_at = opened(self, change, asked);
    deal.cycle = cycle_of(&deal);
    KITH_TRY(find_total(self, txn, asked, &deal.pipeline_total, err));
    return KITH_SET_CHANGED(self, txn, change, deals.deal, asked, &deal, err);
}

static kith_status before_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                               kith_error *err) {
    struct opportunity deal, was = {.stage = kith_null()};
    KITH_TRY(KITH_CHANGE(self, txn, change, deals.deal, &deal, err));
    if (change->before)
        KITH_TRY(KITH_READ(self, txn, deals.deal, change->before, &was, err));
    if (change->origin == KITH_ORIGIN_UNDO || !kith_has(deal.stage))
        return KITH_OK;
    if (kith_has(was.stage) && change->origin != KITH_ORIGIN_IMPORT)
        KITH_TRY(check_way(self, txn, &deal, was.stage.as.s, err));
    return keep(self, txn, change, &deal, err);
}

/* -- after: the visit that ends, and the one that begins ----------------------------------------
 */

/* When it came into the stage that it is in: one that is written down later ended when it says so,
 * and began when it says so, as one that is imported. */
static kith_value moved_at(const kith_instance *self, const struct opportunity *deal,
                           int32_t is_new) {
    const kith_value now = KITH_NOW(self);
    const kith_value said = !is_open(deal) ? deal->closed_at : is_new ? deal->opened_at : now;
    return kith_has(said) && said.as.i < now.as.i ? said : now;
}

static kith_status end_visit(kith_instance *self, kith_txn *txn, const struct opportunity *deal,
                             kith_value *at, kith_error *err) {
    struct visit *open;
    uint64_t count;
    KITH_TRY(KITH_FIND(self, txn, deals.visit, self->deals.query.visit_open, 1, &deal->id, &open,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        if (at->as.i < open[i].entered.as.i)
            *at = open[i].entered;
        struct visit ended = open[i];
        ended.left = *at;
        ended.duration = kith_number(KITH_DURATION, at->as.i - ended.entered.as.i);
        ended.moved_to = deal->stage;
        KITH_TRY(KITH_UPDATE(self, txn, deals.visit, &open[i], &ended, err));
    }
    return KITH_OK;
}

static kith_status begin_visit(kith_instance *self, kith_txn *txn, const struct opportunity *deal,
                               kith_value at, kith_error *err) {
    struct visit visit = {.opportunity = deal->id, .stage = deal->stage, .entered = at};
    kith_id user = 0;
    KITH_TRY(self->records->acting(txn, &user, err));
    if (user)
        visit.by = kith_link(self->user.type, user);
    return KITH_CREATE(self, txn, deals.visit, &visit, err);
}

/* One that only passes through a stage, as its quote was accepted, has nothing done there. */
static kith_status begin_plays(kith_instance *self, kith_txn *txn, const struct opportunity *deal,
                               kith_error *err) {
    int32_t accepted = 0;
    if (is_open(deal))
        KITH_TRY(quote_accepted(self, txn, deal->id, &accepted, err));
    return accepted ? KITH_OK : plays_begin(self, txn, deal, err);
}

static kith_status after_hook(kith_instance *self, kith_txn *txn, kith_change *change,
                              kith_error *err) {
    struct opportunity deal;
    KITH_TRY(KITH_CHANGE(self, txn, change, deals.deal, &deal, err));
    kith_value at = moved_at(self, &deal, change->kind == KITH_ON_CREATE);
    if (change->kind == KITH_ON_UPDATE)
        KITH_TRY(end_visit(self, txn, &deal, &at, err));
    KITH_TRY(begin_visit(self, txn, &deal, at, err));
    if (change->origin != KITH_ORIGIN_IMPORT)
        KITH_TRY(begin_plays(self, txn, &deal, err));
    return objections_end(self, txn, &deal, err);
}

/* -- totals of opportunities that were there before there were totals ---------------------------
 */

#define AT_ONCE 20000 /* in one night's transaction */

static kith_status settle_timer(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                                kith_error *err) {
    struct opportunity *deals;
    uint64_t count;
    (void)firing;
    const kith_value most = kith_int(AT_ONCE);
    KITH_TRY(KITH_FIND(self, txn, deals.deal, self->deals.query.without_total, 1, &most, &deals,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        kith_value total = kith_null();
        KITH_TRY(find_total(self, txn, &deals[i], &total, err));
        KITH_TRY(
            KITH_SET(self, txn, deals.deal, pipeline_total, deals[i].id.as.link.id, total, err));
    }
    return KITH_OK;
}

/* An undo leaves what others have changed since, and with it where the deal was added up by that:
 * it goes where it belongs by what it is now. Behind the undo, which makes no new total. */
static kith_status deal_undone(kith_instance *self, kith_txn *txn, const kith_event *event,
                               kith_error *err) {
    struct opportunity was, deal;
    if (event->origin != KITH_ORIGIN_UNDO || !event->record)
        return KITH_OK;
    KITH_TRY(KITH_READ(self, txn, deals.deal, event->record, &was, err));
    if (!kith_has(was.stage))
        return KITH_OK;
    deal = was;
    deal.cycle = cycle_of(&deal);
    KITH_TRY(find_total(self, txn, &was, &deal.pipeline_total, err));
    /* It may be gone meanwhile. */
    return kith_or_none(KITH_UPDATE(self, txn, deals.deal, &was, &deal, err));
}

/* Totals have no journal: where a user who was deleted is back, those of that user, as their keys
 * tell, are theirs again. */
static kith_status user_back(kith_instance *self, kith_txn *txn, const kith_event *event,
                             kith_error *err) {
    struct total *totals;
    uint64_t count;
    char owner[KITH_ID_CHARS + 1];
    if (event->origin != KITH_ORIGIN_UNDO)
        return KITH_OK;
    kith_id_text(event->id, owner);
    KITH_TRY(KITH_FIND(self, txn, deals.total, self->deals.query.ownerless, 0, NULL, &totals,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        if (totals[i].key.as.s.len > KITH_ID_CHARS &&
            memcmp(totals[i].key.as.s.ptr, owner, KITH_ID_CHARS) == 0)
            KITH_TRY(KITH_SET(self, txn, deals.total, owner, totals[i].id.as.link.id,
                              kith_link(self->user.type, event->id), err));
    return KITH_OK;
}

/* -- the funnel ---------------------------------------------------------------------------------
 */

struct stage_sum {
    int64_t entries, went_on, left, spent;
};

/* One that goes past a stage counts as if it had been there, else a stage that many leave out would
 * look as if nobody got to it. What begins in a stage, as one that is imported as won, was in none
 * before it. */
static kith_status add_visits(const kith_instance *self, const kith_txn *view,
                              const kith_value *range, struct stage_sum *sums, kith_error *err) {
    const struct { kith_value stage, moved_to, count, spent; } * visits;
    uint64_t count;
    KITH_TRY(KITH_GROUPS(self, view, self->deals.query.funnel, 2, range, &visits, &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const int64_t times = visits[i].count.as.i;
        const int place = kith_has(visits[i].stage) ? stage_place(self, visits[i].stage.as.s) : -1,
                  next = kith_has(visits[i].moved_to) ? stage_place(self, visits[i].moved_to.as.s)
                                                      : -1;
        if (place < 0)
            continue;
        sums[place].entries += times;
        sums[place].left += kith_has(visits[i].moved_to) ? times : 0;
        sums[place].spent += kith_has(visits[i].spent) ? visits[i].spent.as.i : 0;
        for (int k = place; k < next; k++) {
            sums[k].entries += k > place ? times : 0;
            sums[k].went_on += times;
        }
    }
    return KITH_OK;
}

/* In columns of sales.funnel. */
struct funnel_row {
    kith_value stage, entries, went_on, conversion, duration, problem;
};

static const char *problem_of(const kith_instance *self, const struct funnel_row *row) {
    const int weak =
        kith_has(row->conversion) && row->conversion.as.decimal.units < self->deals.weak.as.i * 100;
    const int slow = kith_has(row->duration) && row->duration.as.i > self->deals.slow.as.i;
    return weak && slow ? "few go on, and slowly" : weak ? "few go on" : slow ? "slow" : NULL;
}

static kith_status funnel_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct {
        kith_value since, until;
    } args;
    struct stage_sum sums[STAGES_MAX + 1] = {{0}};
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(add_visits(self, self->calls->view(call), &args.since, sums, err));
    for (int i = 0; i < self->deals.won; i++) {
        const struct stage_sum *s = &sums[i];
        struct funnel_row row = {
            .stage = self->deals.stages[i].name,
            .entries = kith_int(s->entries),
            .went_on = kith_int(s->went_on),
            .conversion = percent_share(s->went_on, s->entries),
            .duration = s->left ? kith_number(KITH_DURATION, s->spent / s->left) : kith_null()};
        const char *problem = problem_of(self, &row);
        row.problem = problem ? kith_text(problem) : kith_null();
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* -- deals that nobody cares for ----------------------------------------------------------------
 */

static kith_status neglected_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    const int64_t now = self->host->now(self->host);
    kith_value idle;
    struct opportunity *deals;
    uint64_t count;
    KITH_TRY(KITH_ARGS(self, call, &idle, err));
    if (!kith_has(idle))
        idle = self->deals.idle;
    const kith_value before = kith_time(now - idle.as.i);
    KITH_TRY(KITH_FIND(self, view, deals.deal, self->deals.query.neglected, 1, &before, &deals,
                       &count, err));
    for (uint64_t i = 0; i < count; i++) {
        const struct opportunity *d = &deals[i];
        const int64_t last = kith_has(d->last_activity) && d->last_activity.as.i > d->updated.as.i
                                 ? d->last_activity.as.i
                                 : d->updated.as.i;
        const kith_value row[] = {d->id,
                                  d->name,
                                  d->owner,
                                  d->stage,
                                  d->amount,
                                  kith_time(last),
                                  kith_int((now - last) / KITH_DAY_MS),
                                  d->next_step,
                                  d->next_step_on};
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define ALL_STAGES "=opportunity.stage"

static const kith_field visit_fields[] = {
    F("opportunity", LINK, .options = "opportunity",
      .flags = KITH_FF_REQUIRED | KITH_FF_PARTOF | KITH_FF_READONLY, .doc = "Which one."),
    F("stage", CHOICE, .options = ALL_STAGES, .flags = KITH_FF_READONLY | KITH_FF_REQUIRED,
      .doc = "The stage."),
    F("entered", TIME, .flags = KITH_FF_READONLY | KITH_FF_INDEXED, .doc = "When it came in."),
    F("left", TIME, .flags = KITH_FF_READONLY, .doc = "When it left; empty: it is there."),
    F("duration", DURATION, .flags = KITH_FF_READONLY, .doc = "How long it was there."),
    F("moved_to", CHOICE, .options = ALL_STAGES, .flags = KITH_FF_READONLY,
      .doc = "The stage that it went to."),
    F("by", LINK, .options = "user", .flags = KITH_FF_READONLY, .doc = "Who moved it in."),
};
#define KEPT KITH_FF_READONLY
static const kith_field total_fields[] = {
    F("key", TEXT, .flags = KEPT | KITH_FF_REQUIRED | KITH_FF_UNIQUE, .doc = "What it adds up."),
    F("stage", CHOICE, .options = ALL_STAGES, .flags = KEPT,
      .doc = "Of opportunities in this stage."),
    F("probability", INTEGER, .flags = KEPT, .doc = "With this probability, in percent."),
    F("month", DATE, .flags = KEPT,
      .doc = "That close in this month, or were closed in it, by its first day; empty: no day is "
             "known."),
    F("currency", TEXT, .flags = KEPT, .doc = "In this currency; empty: without an amount."),
    F("priced", INTEGER, .flags = KEPT,
      .doc = "1, or empty without an amount: amount * priced is no amount then, and not nothing in "
             "the company's currency."),
    F("source", TEXT, .flags = KEPT,
      .doc = "Of closed ones that came from there; empty: nothing is known, or they are open."),
    F("deals", INTEGER, .rollup = "count(opportunity via pipeline_total)",
      .doc = "How many there are."),
    F("amount", MONEY, .rollup = "sum(opportunity.amount via pipeline_total) in currency",
      .doc = "What they may bring."),
    F("cycle", DURATION, .rollup = "sum(opportunity.cycle via pipeline_total)",
      .doc = "How long those that are closed took together."),
    F("cycles", INTEGER, .rollup = "count(opportunity via pipeline_total where cycle is not null)",
      .doc = "Of how many that is."),
};

static const kith_type types[] = {
    {.name = "stage_visit",
     .doc = "That an opportunity is or was in a stage, and for how long.",
     .title = "stage",
     .fields = KITH_ARRAY(visit_fields)},
    {.name = "pipeline_total",
     .doc = "Opportunities of one owner in one stage, with one probability, that close in one "
            "month, added up; of closed ones with one source.",
     .title = "stage",
     .history = KITH_HISTORY_NONE,
     .fields = KITH_ARRAY(total_fields)},
};

static const char *const moves[] = {"stage"};
static const char *const counted[] = {"stage",    "owner",     "amount",    "probability",
                                      "close_on", "closed_at", "opened_at", "source"};
static const kith_hook hooks[] = {
    {.name = "stages",
     .type = "opportunity",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = 110, /* behind the one that settles the stage, and what follows it */
     .fn = before_hook,
     .fields = KITH_ARRAY(counted),
     .doc = "Holds the order of the stages and what must be done in them; keeps the totals."},
    {.name = "visits",
     .type = "opportunity",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_AFTER,
     .fn = after_hook,
     .fields = KITH_ARRAY(moves),
     .doc = "Writes down how long it was in which stage, and begins what is done in the next."},
};

static const kith_setting stage_items[] = {
    {.key = "stage",
     .kind = KITH_TEXT,
     .flags = KITH_SF_REQUIRED,
     .doc = "A stage of opportunity.stage, other than won and lost."},
    {.key = "probability",
     .kind = KITH_INT,
     .min = 10,
     .max = 90,
     .doc = "What an opportunity gets that comes to it: 10, 20, ... 90 percent. Without it "
            "sales.probability tells that of the stages that come with the module."},
};
static const kith_setting settings[] = {
    {.key = "stages.order",
     .kind = KITH_LIST,
     .max = STAGES_MAX,
     .default_text = "()",
     .items = KITH_ARRAY(stage_items),
     .doc = "All open stages from the first to the last, where a company has some of its own; "
            "without it prospecting, qualification, proposal, closing."},
    {.key = "stages.skip",
     .kind = KITH_BOOL,
     .default_text = "true",
     .doc = "An opportunity may leave a stage out on its way forward."},
    {.key = "stages.idle",
     .kind = KITH_DURATION,
     .default_text = "14d",
     .min = 60000,
     .max = INT64_C(315360000000),
     .doc = "After so long without a change or a contact an open opportunity is neglected."},
    {.key = "stages.weak",
     .kind = KITH_INT,
     .default_text = "25",
     .min = 0,
     .max = 100,
     .doc = "When fewer percent go on from a stage, sales.funnel names it a problem."},
    {.key = "stages.slow",
     .kind = KITH_DURATION,
     .default_text = "30d",
     .min = 60000,
     .max = INT64_C(315360000000),
     .doc = "When it takes longer on average, it names it one, too."},
};

static const kith_reaction reactions[] = {
    {.name = "deal_undone",
     .topic = "opportunity.updated",
     .flags = KITH_RF_UNDO,
     .fn = deal_undone,
     .fields = KITH_ARRAY(counted),
     .doc = "Adds a deal up where it belongs after an undo that left later changes of it."},
    {.name = "user_back",
     .topic = "user.created",
     .flags = KITH_RF_UNDO,
     .fn = user_back,
     .doc = "Gives a user whose deletion is undone the totals of their deals again."},
};

static const kith_timer timers[] = {
    {.name = "totals",
     .cron = "25 3 * * *",
     .fn = settle_timer,
     .doc = "Adds opportunities from before there were totals to those of the pipeline."},
};

static const kith_field funnel_params[] = {
    F("since", DATE, .default_text = "1970-01-01",
      .doc = "Stages that were entered from this day on."),
    F("until", DATE, .default_text = "9999-12-31", .doc = "And up to this one."),
};
static const kith_field funnel_columns[] = {
    F("stage", TEXT, .doc = "The stage."),
    F("entries", INTEGER, .doc = "How many times an opportunity came into it, or went past it."),
    F("went_on", INTEGER, .doc = "How many times it went on from there, to the next or past it."),
    F("conversion", PERCENT, .doc = "These in percent of those."),
    F("duration", DURATION, .doc = "How long one stays on average."),
    F("problem", TEXT, .doc = "What is wrong with it, by sales.stages.weak and sales.stages.slow."),
};
static const kith_field neglected_params[] = {
    F("idle", DURATION, .doc = "For how long; without it sales.stages.idle says."),
};
static const kith_field neglected_columns[] = {
    F("opportunity", LINK, .options = "opportunity", .doc = "The opportunity."),
    F("name", TEXT, .doc = "Its name."),
    F("owner", LINK, .options = "user", .doc = "Whose it is."),
    F("stage", TEXT, .doc = "Where it stands."),
    F("amount", MONEY, .doc = "What it may bring."),
    F("last", TIME, .doc = "When something last happened to it."),
    F("days", INTEGER, .doc = "How long ago that is."),
    F("next_step", TEXT, .doc = "What was to be done next."),
    F("next_step_on", DATE, .doc = "When."),
};
static const kith_action actions[] = {
    {.name = "funnel",
     .doc = "How many opportunities go on from each stage, how long it takes, and where it hurts.",
     .effect = KITH_EFFECT_READ,
     .fn = funnel_action,
     .params = KITH_ARRAY(funnel_params),
     .columns = KITH_ARRAY(funnel_columns)},
    {.name = "neglected",
     .doc = "Open opportunities to which nothing has happened for some time, the longest first.",
     .effect = KITH_EFFECT_READ,
     .fn = neglected_action,
     .params = KITH_ARRAY(neglected_params),
     .columns = KITH_ARRAY(neglected_columns)},
};

#define OPEN_ "stage not in ('won', 'lost')"
#define OPEN  "opportunity where " OPEN_
#define TOTALS                                                                                     \
    ", currency : sum(deals) as deals, sum(amount * priced) as amount,"                            \
    " sum(amount * priced * probability) / 100 as weighted"
#define WEIGHED_                                                                                   \
    ", amount.currency as currency : count() as deals, sum(amount) as amount, sum(amount * "       \
    "probability) / 100 as weighted"
static const kith_report reports[] = {
    {.name = "pipeline",
     .doc = "Open opportunities by stage, with what they may and what they are likely to bring in "
            "each currency.",
     .query = "pipeline_total where " OPEN_ " and deals > 0 group by stage" TOTALS},
    {.name = "pipeline_by_month",
     .doc = "The same by the month in which they are expected to close.",
     .query = "pipeline_total where " OPEN_ " and deals > 0 group by month" TOTALS},
    {.name = "pipeline_by_owner",
     .doc = "The same by the seller.",
     .query = "pipeline_total where " OPEN_ " and deals > 0 group by owner.name as owner" TOTALS},
    {.name = "pipeline_by_currency",
     .doc = "All of it in each currency; empty: those without an amount.",
     .query =
         "pipeline_total where " OPEN_ " and deals > 0 group by currency : sum(deals) as deals,"
         " sum(amount * priced) as amount, sum(amount * priced * probability) / 100 as"
         " weighted"},
    {.name = "pipeline_by_team",
     .doc = "The same by the team of the seller; those of a seller in two teams are in both.",
     .query =
         "pipeline_total where " OPEN_ " and deals > 0 group by owner.teams.name as team" TOTALS},
    {.name = "pipeline_by_territory",
     .doc = "The same by the territory of the account.",
     .query = OPEN " group by account.territory.name as territory" WEIGHED_},
    {.name = "likely",
     .doc = "Open opportunities that are likeliest to be won, the soonest first among equals.",
     .query = OPEN " order by -probability, close_on limit 50",
     .fields = "id,name,account.name,amount,probability,stage,close_on,owner.name"},
    {.name = "next_steps",
     .doc = "What is to be done next for open opportunities, by its day.",
     .query = OPEN " and next_step_on is not null order by next_step_on",
     .fields = "id,name,account.name,next_step_on,next_step,amount,stage,owner.name"},
    {.name = "without_step",
     .doc = "Open opportunities for which nobody has said what is done next, and when.",
     .query = OPEN " and (next_step is null or next_step_on is null) order by close_on",
     .fields = "id,name,account.name,stage,amount,close_on,owner.name"},
    {.name = "competitors",
     .doc = "How often we win against each competitor, in percent.",
     .query = "opportunity where stage in ('won', 'lost') and competitor is not null group by"
              " competitor.name as competitor order by -count() : count() as deals,"
              " sum(probability) / 100 as won, avg(probability) as win_rate"},
    {.name = "at_stake",
     .doc = "What was won and lost against each competitor, in each currency.",
     .query = "opportunity where stage in ('won', 'lost') and amount is not null and competitor is"
              " not null group by competitor.name as competitor, stage, amount.currency as currency"
              " : count() as deals, sum(amount) as amount"},
    {.name = "stage_durations",
     .doc = "How often each stage was left, and how long opportunities were in it.",
     .query = "stage_visit where left is not null group by stage, moved_to : count() as times,"
              " avg(duration) as average, max(duration) as longest"},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("opportunity", deals.deal, DEAL),
    KITH_WANT_RECORD("stage_visit", deals.visit, VISIT),
    KITH_WANT_RECORD("pipeline_total", deals.total, TOTAL),
    KITH_WANT(QUERY, "stage_visit where opportunity = :opportunity and left is null",
              deals.query.visit_open),
    KITH_WANT(QUERY, "pipeline_total where key = :key", deals.query.total_by_key),
    KITH_WANT(QUERY, "pipeline_total where owner is null", deals.query.ownerless),
    KITH_WANT(QUERY, "opportunity where pipeline_total is null limit :most",
              deals.query.without_total),
    KITH_WANT(QUERY,
              "stage_visit where entered >= :since and entered <= :until group by stage, moved_to :"
              " count(), sum(duration)",
              deals.query.funnel),
    KITH_WANT(QUERY,
              OPEN " and updated < :before and (last_activity is null or last_activity < :before)"
                   " order by updated limit 1000",
              deals.query.neglected),
    KITH_WANT(SETTING, "stages.skip", deals.skip_stages),
    KITH_WANT(SETTING, "stages.idle", deals.idle),
    KITH_WANT(SETTING, "stages.weak", deals.weak),
    KITH_WANT(SETTING, "stages.slow", deals.slow),
};
const kith_part stages_part = {
    .struct_size = sizeof stages_part,
    .wants = KITH_ARRAY(wants),
    .settings = KITH_ARRAY(settings),
    .types = KITH_ARRAY(types),
    .hooks = KITH_ARRAY(hooks),
    .reactions = KITH_ARRAY(reactions),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
