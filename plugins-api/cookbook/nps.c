/* SPDX-License-Identifier: Apache-2.0 */
/* Net promoter score: how likely people are to recommend us, from 0 to 10. A type, a roll-up, a
 * topic, a report, and an action with rows. The score is the share of 9 and 10 less that of 0 to 6
 * (F. Reichheld, Harvard Business Review, December 2003). */
#include <kith/easy.h>
#include <kith/plugin.h>

#define ANSWER(X) X(points) X(promoter) X(detractor)
KITH_RECORD(answer, ANSWER);

struct kith_instance {
    KITH_TABLES;
    struct answer_numbers answer;
    uint32_t by_month;   /* query */
    uint32_t detraction; /* topic */
};

/* Works out what follows from the points, so that queries can add it up. */
static kith_status sort(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err) {
    struct answer was, a;
    KITH_TRY(KITH_CHANGE(self, txn, change, answer, &was, err));
    a = was;
    a.promoter = kith_int(a.points.as.i >= 9);
    a.detractor = kith_int(a.points.as.i <= 6);
    return KITH_SET_CHANGED(self, txn, change, answer, &was, &a, err);
}

/* Somebody is unhappy: whoever cares can listen. */
static kith_status tell(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err) {
    return self->events->publish(txn, self->detraction, change->type, change->id, 0, NULL, err);
}

struct month {
    kith_value year, month, answers, promoters, detractors;
};
struct row {
    kith_value month, answers, score;
};

static kith_status scores(kith_instance *self, kith_call *call, kith_error *err) {
    struct month *months;
    uint64_t count;
    kith_value since;
    KITH_TRY(self->calls->arg(call, 0, &since, err));
    KITH_TRY(KITH_GROUPS(self, self->calls->view(call), self->by_month, 1, &since, &months, &count,
                         err));
    for (uint64_t i = 0; i < count; i++) {
        char name[32];
        const struct month *m = &months[i];
        const int64_t lead = m->promoters.as.i - m->detractors.as.i;
        (void)snprintf(name, sizeof name, "%lld-%02lld", (long long)m->year.as.i,
                       (long long)m->month.as.i);
        const struct row row = {.month = kith_text(name),
                                .answers = m->answers,
                                .score = kith_int(100 * lead / m->answers.as.i)};
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

static const kith_field answer_fields[] = {
    {.name = "contact",
     .kind = KITH_F_LINK,
     .options = "contact",
     .flags = KITH_FF_REQUIRED | KITH_FF_SUBJECT,
     .doc = "Who answered."},
    {.name = "at",
     .kind = KITH_F_TIME,
     .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED,
     .doc = "When."},
    {.name = "points",
     .kind = KITH_F_INTEGER,
     .flags = KITH_FF_REQUIRED,
     .min = "0",
     .max = "10",
     .doc = "How likely they are to recommend us."},
    {.name = "reason", .kind = KITH_F_LONGTEXT, .flags = KITH_FF_PERSONAL, .doc = "Why."},
    {.name = "promoter",
     .kind = KITH_F_INTEGER,
     .flags = KITH_FF_READONLY,
     .default_text = "0",
     .doc = "1: 9 or 10 points."},
    {.name = "detractor",
     .kind = KITH_F_INTEGER,
     .flags = KITH_FF_READONLY,
     .default_text = "0",
     .doc = "1: 6 points or less."},
};
static const kith_field contact_fields[] = {
    {.name = "nps_answers",
     .kind = KITH_F_INTEGER,
     .rollup = "count(nps_answer)",
     .doc = "How often they have answered."},
};
static const kith_type types[] = {
    {.name = "nps_answer",
     .title = "points",
     .fields = KITH_ARRAY(answer_fields),
     .doc = "How likely somebody is to recommend us."},
    {.name = "contact", .fields = KITH_ARRAY(contact_fields), .extends = 1},
};
static const kith_topic topics[] = {
    {.name = "nps_answer.detraction", .schema = 1, .doc = "Somebody would not recommend us."}};
static const kith_hook hooks[] = {
    {.name = "sort",
     .type = "nps_answer",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_SETTLE,
     .except = KITH_FROM(UNDO),
     .fn = sort,
     .doc = "Says of an answer whether it is a promoter's or a detractor's."},
    {.name = "tell",
     .type = "nps_answer",
     .on = KITH_ON_CREATE,
     .when = KITH_AFTER,
     .fn = tell,
     .where = "detractor = 1",
     .doc = "Publishes that somebody would not recommend us."},
};
static const kith_field params[] = {
    {.name = "since", .kind = KITH_F_TIME, .flags = KITH_FF_REQUIRED, .doc = "From when on."}};
static const kith_field columns[] = {
    {.name = "month", .kind = KITH_F_TEXT, .doc = "The month, as 2026-05."},
    {.name = "answers", .kind = KITH_F_INTEGER, .doc = "How many answered."},
    {.name = "score", .kind = KITH_F_INTEGER, .doc = "From -100 to 100."},
};
static const kith_action actions[] = {{.name = "scores",
                                       .doc = "Tells the net promoter score of each month.",
                                       .effect = KITH_EFFECT_READ,
                                       .fn = scores,
                                       .params = KITH_ARRAY(params),
                                       .columns = KITH_ARRAY(columns)}};
static const kith_report reports[] = {{.name = "points",
                                       .doc = "How many gave how many points.",
                                       .query = "nps_answer group by points : count() as answers"}};
static const kith_want wants[] = {
    KITH_WANT_TABLES,
    KITH_WANT_RECORD("nps_answer", answer, ANSWER),
    KITH_WANT(QUERY,
              "nps_answer where at >= :since group by year(at), month(at)"
              " : count(), sum(promoter), sum(detractor)",
              by_month),
    KITH_WANT(TOPIC, "nps_answer.detraction", detraction),
};

static const kith_plugin_desc desc = {
    KITH_HEAD("nps", 1, "1.0"),     .title = "Net promoter score",
    .types = KITH_ARRAY(types),     .topics = KITH_ARRAY(topics),
    .hooks = KITH_ARRAY(hooks),     .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports), .instance_size = sizeof(struct kith_instance),
    .wants = KITH_ARRAY(wants),
};

const kith_plugin_desc *kith_plugin_entry_v1(void) {
    return &desc;
}
