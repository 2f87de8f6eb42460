/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts about opportunities share: their records, by the fields that are used, and what
 * they ask for. One member of the instance. */
#ifndef SALES_DEALS_H
#define SALES_DEALS_H

#include <kith/easy.h>
#include <kith/plugin.h>

#define F(field, of, ...)                                                                          \
    { .name = (field), .kind = KITH_F_##of, __VA_ARGS__ }
#define KITH_F_PERCENT KITH_F_DECIMAL, .options = "2"

/* clang-format off */
#define DEAL(X)     X(name) X(account) X(contact) X(stage) X(amount) X(probability) X(close_on) \
                    X(opened_at) X(closed_at) X(cycle) X(next_step) X(next_step_on) \
                    X(last_activity) X(created) X(updated) X(source) X(pipeline_total) \
                    X(owner)
#define ENDING(X)   X(stage) X(amount) X(probability) X(closed_at) X(win_reason) X(loss_reason) \
                    X(loss_note) X(signal)
#define SIGNALLED(X) X(probability) X(signal)
#define VISIT(X)    X(opportunity) X(stage) X(entered) X(left) X(duration) X(moved_to) X(by)
#define TOTAL(X)    X(key) X(stage) X(probability) X(month) X(currency) X(priced) X(source) \
                    X(owner)
#define PLAY(X)     X(stage) X(title) X(body) X(within) X(required) X(position) X(tag)
#define DEAL_TASK(X) X(title) X(about) X(assignee) X(due) X(state) X(body) X(play) \
                    X(opportunity)
#define OBJECTION(X) X(opportunity) X(text) X(topic) X(answer) X(outcome)
#define ANSWER(X)   X(title) X(body) X(topic) X(used) X(won)
#define CHANCE(X)   X(name) X(account) X(contact) X(amount) X(expected_on) X(state) X(opportunity) \
                    X(owner)
#define SNAPSHOT(X) X(day) X(month) X(deals) X(weighted) X(best_case) X(committed) X(owner)
#define QUOTA(X)    X(name) X(seller) X(team) X(territory) X(valid_from) X(valid_until) X(amount) \
                    X(deals)
/* clang-format on */

KITH_RECORD(opportunity, DEAL);
KITH_RECORD(ending, ENDING);
KITH_RECORD(signalled, SIGNALLED);
KITH_RECORD(visit, VISIT);
KITH_RECORD(total, TOTAL);
KITH_RECORD(play, PLAY);
KITH_RECORD(deal_task, DEAL_TASK);
KITH_RECORD(objection, OBJECTION);
KITH_RECORD(answer, ANSWER);
KITH_RECORD(chance, CHANCE);
KITH_RECORD(snapshot, SNAPSHOT);
KITH_RECORD(quota, QUOTA);

/* Holders of quotas, and what figures are by; those of products are there only with commerce. */
enum { QUOTA_SELLER, QUOTA_TEAM, QUOTA_TERRITORY, QUOTA_PRODUCT, QUOTA_HOLDERS };
enum {
    KPI_ALL,
    KPI_OWNER,
    KPI_TEAM,
    KPI_TERRITORY,
    KPI_SOURCE,
    KPI_CAMPAIGN,
    KPI_ACCOUNT,
    KPI_PRODUCT,
    KPI_BY
};
#define QUOTA_CLASH(holder)                                                                        \
    "quota where " holder " = :holder and valid_from <= :until and valid_until >= :since limit 2"
#define QUOTA_WON(condition)                                                                       \
    "opportunity where stage = 'won' and (" condition ") and closed_at >= :since and"              \
    " closed_at <= :until group by amount.currency : count(), sum(amount)"

#define STAGES_MAX 40 /* rows of sales.stages.order */

struct stage {
    kith_value name;
    int64_t probability; /* percent */
};

struct deals {
    struct stage stages[STAGES_MAX + 1]; /* open ones in their order, then won */
    int won;                             /* the place of won: how many are open */
    struct opportunity_numbers deal;
    struct ending_numbers ending; /* pipeline.c, and the next one */
    struct signalled_numbers signalled;
    struct visit_numbers visit;
    struct total_numbers total;
    struct play_numbers play;
    struct deal_task_numbers task;
    struct objection_numbers objection;
    struct answer_numbers answer;
    struct chance_numbers chance;
    struct snapshot_numbers snapshot;
    struct quota_numbers quota;
    uint32_t quota_product; /* 0: without commerce */
    struct {
        uint32_t visit_open, total_by_key, without_total, ownerless, funnel,
            neglected;                                                   /* deal_stages.c */
        uint32_t plays, all_plays, plays_left, plays_open, play_results; /* plays.c */
        uint32_t open_objections, answers, answers_of;                   /* objections.c */
        uint32_t won_months, sold_months, snapshots, snapshot_since, pipeline, committed,
            outcomes;                                                          /* outlook.c */
        uint32_t quotas, quota_clash[QUOTA_HOLDERS], quota_won[QUOTA_HOLDERS]; /* targets.c */
        uint32_t closed[KPI_BY], totals[KPI_BY], leads[KPI_BY], sellers, seller_totals,
            closed_count, total_count, activities, costs, tasks_done, ratings; /* kpis.c */
        uint32_t won_totals;                                                   /* outlook.c */
        uint32_t sold_of_product, won_of_product, product_by_code; /* the same; 0: no commerce */
        uint32_t leads_by_month, won_of_leads;                     /* lead_trend.c */
    } query;
    kith_value stage_rows, skip_stages, idle, slow, weak, committed, snapshot_day, horizon, steps;
};

/* The first day of the month of a day, both as days since 1970-01-01. */
int64_t month_first(int64_t day);
/* Months since 1970-01, and the other way. */
int64_t month_number(int64_t day);
int64_t month_of(kith_value year, kith_value month); /* as the keys of a query are */
int64_t month_from(int64_t number);

/* Do the totals of what was closed have all that the caller may see of these months, each by its
 * first day? Where an opportunity is in none yet, or a right reaches one of both alone, the
 * opportunities are asked themselves. (kpis.c) [reader] */
kith_status totals_hold(kith_instance *self, const kith_txn *txn, int64_t first, int64_t last,
                        int32_t *yes, kith_error *err);

/* The place of a stage in the funnel, from 0; behind the open ones stands won. -1: lost, or one
 * that sales.stages.order does not name. (pipeline.c) */
int stage_place(const kith_instance *self, kith_str stage);

/* Of an amount; 0 where there is none. */
int64_t minor_of(const kith_value *money);
/* A row of an answer, or a result, that is a share: part of whole with four digits. */
kith_value share_of(int64_t part, int64_t whole);
/* The same in percent, with two digits; KITH_NULL of nothing. */
kith_value percent_share(int64_t part, int64_t whole);

extern const kith_part stages_part, plays_part, objections_part, chances_part, outlook_part,
    targets_part, kpis_part, kpis_orders_part, lead_trend_part, deal_products_part;

/* lead_trend.c: leads, and what they bring, by the number of the month. [reader] */
struct lead_trend;
kith_status lead_trend_read(kith_instance *self, const kith_txn *view, int64_t first, int64_t now,
                            const char *currency, struct lead_trend **out, kith_error *err);
/* How many came in that month; KITH_NULL: it is still to come. */
kith_value lead_trend_leads(const struct lead_trend *t, int64_t month);
/* What they brought in it, or will; 0: nobody knows, since none has brought anything yet. */
int lead_trend_brings(const struct lead_trend *t, int64_t month, double *minor);

/* The next word of a text from *at on; empty: there is none. Beyond ASCII all is letters, which are
 * as large as they are. (objections.c) */
kith_str next_word(kith_str text, uint64_t *at);
int is_letter(char c);
char lower(char c);

/* What plays and objections do when an opportunity comes into a stage. before KITH_NULL: it is new.
 * (plays.c, objections.c) */
kith_status plays_check(kith_instance *self, const kith_txn *txn, const struct opportunity *deal,
                        kith_str from, kith_error *err);
kith_status plays_begin(kith_instance *self, kith_txn *txn, const struct opportunity *deal,
                        kith_error *err);
kith_status objections_end(kith_instance *self, kith_txn *txn, const struct opportunity *deal,
                           kith_error *err);

#endif
