/* SPDX-License-Identifier: Apache-2.0 */
/* The playbook: what is to be done in each stage. Coming into a stage makes the tasks of its plays,
 * going forward needs the required ones done, and deals that ended tell which plays are worth it.
 * Those of the stage won are what follows the closure: delivery, onboarding, a check-in. */
#include "sales.h"

#define LISTED 300 /* bytes of a sentence for the titles of what is to be done */

kith_status plays_check(kith_instance *self, const kith_txn *txn, const struct opportunity *deal,
                        kith_str from, kith_error *err) {
    const int was = stage_place(self, from), is = stage_place(self, deal->stage.as.s);
    struct deal_task *tasks;
    uint64_t count;
    char titles[LISTED] = "";
    size_t used = 0;
    if (was < 0 || is <= was)
        return KITH_OK;
    const kith_value params[] = {deal->id, self->deals.stages[was].name};
    KITH_TRY(KITH_FIND(self, txn, deals.task, self->deals.query.plays_left, 2, params, &tasks,
                       &count, err));
    if (count == 0)
        return KITH_OK;
    for (uint64_t i = 0; i < count && used < sizeof titles - 100; i++) {
        const kith_str title = tasks[i].title.as.s;
        used += (size_t)snprintf(titles + used, sizeof titles - used, "%s'%.*s'", i ? ", " : "",
                                 KITH_CUT(title, 80));
    }
    return kith_fail(err, KITH_E_REFUSED, "stage",
                     "stage: it stays in %.*s until this is done or cancelled: %s",
                     KITH_CHARS(from), titles);
}

/* One that is open from an earlier visit is not made twice. */
static int32_t is_there(const struct deal_task *tasks, uint64_t count, const struct play *play) {
    for (uint64_t i = 0; i < count; i++)
        if (kith_equal(tasks[i].play, play->id))
            return 1;
    return 0;
}

static kith_status make_task(kith_instance *self, kith_txn *txn, const struct opportunity *deal,
                             const struct play *play, kith_error *err) {
    struct deal_task task = {.title = play->title,
                             .about = deal->id,
                             .assignee = deal->owner,
                             .body = play->body,
                             .play = play->id,
                             .opportunity = deal->id};
    if (play->within.kind == KITH_DURATION)
        task.due = kith_time(KITH_NOW(self).as.i + play->within.as.i);
    return KITH_CREATE(self, txn, deals.task, &task, err);
}

/* A play may be for some accounts alone: those with a tag, as premium. */
static kith_status is_for(kith_instance *self, const kith_txn *txn, const struct opportunity *deal,
                          const struct play *play, int32_t *out, kith_error *err) {
    struct tagged account;
    *out = !kith_has(play->tag);
    if (*out)
        return KITH_OK;
    KITH_TRY(KITH_FOLLOW(self, txn, after.tagged, deal->account, &account, err));
    for (uint64_t i = 0; i < kith_rows(&account.tags); i++)
        *out |= kith_equal(account.tags.as.list.items[i], play->tag);
    return KITH_OK;
}

kith_status plays_begin(kith_instance *self, kith_txn *txn, const struct opportunity *deal,
                        kith_error *err) {
    const kith_value params[] = {deal->id, deal->stage};
    struct play *plays;
    struct deal_task *tasks;
    uint64_t count, open;
    KITH_TRY(KITH_FIND(self, txn, deals.play, self->deals.query.plays, 1, &deal->stage, &plays,
                       &count, err));
    if (!count)
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, deals.task, self->deals.query.plays_open, 2, params, &tasks,
                       &open, err));
    for (uint64_t i = 0; i < count; i++) {
        int32_t wanted = 0;
        if (!is_there(tasks, open, &plays[i]))
            KITH_TRY(is_for(self, txn, deal, &plays[i], &wanted, err));
        if (wanted)
            KITH_TRY(make_task(self, txn, deal, &plays[i], err));
    }
    return KITH_OK;
}

/* -- what each play is worth --------------------------------------------------------------------
 */

/* A play in deals that were won, and in those that were lost: tasks that were made, and those of
 * them that were done. */
struct worth {
    int64_t made[2], done[2]; /* lost, won */
};
struct play_result {
    kith_value play, state, stage, tasks; /* of the task, of the deal; how many */
};

static struct worth worth_of(const struct play *play, const struct play_result *results,
                             uint64_t count) {
    struct worth w = {0};
    for (uint64_t i = 0; i < count; i++) {
        const int won = kith_is(results[i].stage, "won");
        if (!kith_equal(results[i].play, play->id))
            continue;
        w.made[won] += results[i].tasks.as.i;
        if (kith_is(results[i].state, "done"))
            w.done[won] += results[i].tasks.as.i;
    }
    return w;
}

/* In columns of sales.plays. */
struct play_row {
    kith_value play, stage, title, required, won, won_done, lost, lost_done, lift;
};

static kith_status plays_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct play *plays;
    const struct play_result *results;
    uint64_t count, result_count;
    KITH_TRY(KITH_FIND(self, view, deals.play, self->deals.query.all_plays, 0, NULL, &plays, &count,
                       err));
    KITH_TRY(KITH_GROUPS(self, view, self->deals.query.play_results, 0, NULL, &results,
                         &result_count, err));
    for (uint64_t i = 0; i < count; i++) {
        const struct worth w = worth_of(&plays[i], results, result_count);
        struct play_row row = {.play = plays[i].id,
                               .stage = plays[i].stage,
                               .title = plays[i].title,
                               .required = plays[i].required,
                               .won = kith_int(w.made[1]),
                               .won_done = percent_share(w.done[1], w.made[1]),
                               .lost = kith_int(w.made[0]),
                               .lost_done = percent_share(w.done[0], w.made[0])};
        if (w.made[0] && w.made[1]) {
            row.lift = row.won_done;
            row.lift.as.decimal.units -= row.lost_done.as.decimal.units;
        }
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field play_fields[] = {
    F("stage", CHOICE, .options = "=opportunity.stage", .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED,
      .doc = "In which stage it is played."),
    F("title", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED, .doc = "What is to be done."),
    F("body", LONGTEXT, .flags = KITH_FF_SEARCHED, .doc = "How."),
    F("within", DURATION, .min = "0s", .doc = "Until how long after the stage was entered."),
    F("required", BOOLEAN, .default_text = "false",
      .doc = "An opportunity does not go forward before it is done or cancelled."),
    F("position", INTEGER, .doc = "The order among those of a stage."),
    F("tag", TEXT, .doc = "Only for accounts with this tag, as premium; empty: for all."),
    F("active", BOOLEAN, .default_text = "true", .doc = "It is played; false: it was once."),
    F("played", INTEGER, .rollup = "count(task via play)", .doc = "How often it was begun."),
    F("done", INTEGER, .rollup = "count(task via play where state = 'done')",
      .doc = "How often it was done."),
};
static const kith_field task_fields[] = {
    F("play", LINK, .options = "play", .flags = KITH_FF_READONLY,
      .doc = "The play of the playbook that made it."),
    F("opportunity", LINK, .options = "opportunity", .flags = KITH_FF_READONLY,
      .doc = "The opportunity for which it was made."),
};
static const kith_type types[] = {
    {.name = "play",
     .doc = "What is to be done in a stage of an opportunity: together they are the playbook.",
     .title = "title",
     .fields = KITH_ARRAY(play_fields)},
    {.name = "task", .fields = KITH_ARRAY(task_fields), .extends = 1},
};

static const kith_field plays_columns[] = {
    F("play", LINK, .options = "play", .doc = "The play."),
    F("stage", TEXT, .doc = "Its stage."),
    F("title", TEXT, .doc = "What is done."),
    F("required", BOOLEAN, .doc = "Whether it must be."),
    F("won", INTEGER, .doc = "How often it was begun in deals that were won."),
    F("won_done", PERCENT, .doc = "In how many percent of them it was done."),
    F("lost", INTEGER, .doc = "How often it was begun in deals that were lost."),
    F("lost_done", PERCENT, .doc = "In how many percent of them it was done."),
    F("lift", PERCENT, .doc = "The difference: what is done more often where we win."),
};
static const kith_action actions[] = {
    {.name = "plays",
     .doc = "How often each play of the playbook was done in deals that were won and lost.",
     .effect = KITH_EFFECT_READ,
     .fn = plays_action,
     .columns = KITH_ARRAY(plays_columns)},
};
static const kith_permission permissions[] = {
    {"write:task", "Makes the tasks of a stage when an opportunity comes into it."},
};

#define TASKS "task where opportunity = :opportunity and state = 'open' and play.stage = :stage"
static const kith_want wants[] = {
    KITH_WANT_RECORD("play", deals.play, PLAY),
    KITH_WANT_RECORD("task", deals.task, DEAL_TASK),
    KITH_WANT(QUERY, "play where stage = :stage and active order by position limit 100",
              deals.query.plays),
    KITH_WANT(QUERY, "play order by stage, position limit 1000", deals.query.all_plays),
    KITH_WANT(QUERY, TASKS, deals.query.plays_open),
    KITH_WANT(QUERY, TASKS " and play.required order by play.position", deals.query.plays_left),
    KITH_WANT(QUERY,
              "task where play is not null and opportunity.stage in ('won', 'lost')"
              " group by play, state, opportunity.stage : count()",
              deals.query.play_results),
};
const kith_part plays_part = {
    .struct_size = sizeof plays_part,
    .wants = KITH_ARRAY(wants),
    .permissions = KITH_ARRAY(permissions),
    .types = KITH_ARRAY(types),
    .actions = KITH_ARRAY(actions),
};
