/* SPDX-License-Identifier: Apache-2.0 */
/* The score of a lead: the points of all rules that are true of it, and from them its heat; and its
 * chance, by what was learned (judge.c). Computed when it changes, when it does something (acts.c),
 * every night, and when an admin asks for it. */
#include "sales.h"
#include <stdlib.h>

/* -- the rules --------------------------------------------------------------------------------- */

struct score_rule {
    kith_value when, points, doc; /* as declared */
};

static const struct score_rule *rule_at(const kith_instance *self, uint64_t i) {
    return kith_row_of(&self->score_rules, i);
}

kith_status score_begin(kith_instance *self, kith_error *err) {
    return self->warm <= self->hot
               ? KITH_OK
               : kith_fail(err, KITH_E_INVAL, "score.warm",
                           "sales.score.warm (%lld) is above sales.score.hot (%lld)",
                           (long long)self->warm, (long long)self->hot);
}

/* -- computing --------------------------------------------------------------------------------- */

static int64_t points_of(const kith_instance *self, const kith_txn *txn, const kith_row *row) {
    int64_t points = 0;
    for (uint64_t i = 0; i < kith_rows(&self->score_rules); i++)
        if (self->records->match(txn, rule_at(self, i)->when.flags, row) == 1)
            points += rule_at(self, i)->points.as.i;
    return points;
}

static const char *rating_of(const kith_instance *self, int64_t points) {
    return points >= self->hot ? "hot" : points >= self->warm ? "warm" : "cold";
}

/* The score hook runs when a rule may say something else than before. */
static int is_touched(const kith_instance *self, const kith_txn *txn, const kith_change *change) {
    if (change->kind == KITH_ON_CREATE)
        return 1;
    for (uint64_t i = 0; i < kith_rows(&self->score_rules); i++)
        if (self->records->affects(txn, change, rule_at(self, i)->when.flags) == 1)
            return 1;
    return 0;
}

kith_status score_hook(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err) {
    const kith_records_v1 *rec = self->records;
    struct judgement learned;
    if (self->learned.is_rescoring)
        return KITH_OK;
    KITH_TRY(judge_begin(self, txn, err));
    KITH_TRY(judge_lead(self, txn, change->after, NULL, &learned, err));
    if (kith_has(learned.chance))
        KITH_TRY(rec->set(txn, change, 1, &self->scored.chance, &learned.chance, err));
    if (!(learned.points || is_touched(self, txn, change)))
        return KITH_OK;
    int64_t points = points_of(self, txn, change->after) + learned.points;
    const kith_value values[] = {kith_int(points), kith_text(rating_of(self, points))};
    return rec->set(txn, change, 2, &self->scored.score, values, err);
}

/* -- the explanation ----------------------------------------------------------------------------
 */

struct score_row {
    kith_value rule, points, doc;
};

static kith_status tell_rules(kith_instance *self, kith_call *call, kith_id lead, int64_t *points,
                              kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    const kith_row *row;
    KITH_TRY(self->records->get(view, self->lead.type, lead, &row, err));
    for (uint64_t i = 0; i < kith_rows(&self->score_rules); i++) {
        const struct score_rule *rule = rule_at(self, i);
        struct score_row told = {rule->when, rule->points, rule->doc};
        if (self->records->match(view, rule->when.flags, row) != 1)
            continue;
        *points += rule->points.as.i;
        KITH_TRY(KITH_ROW(self, call, &told, err));
    }
    return KITH_OK;
}

kith_status score_explain(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *whole = self->calls->whole(call);
    const kith_row *row;
    kith_value lead;
    int64_t told_points = 0, learned = 0;
    KITH_TRY(self->calls->arg(call, 0, &lead, err));
    KITH_TRY(self->records->get(whole, self->lead.type, lead.as.link.id, &row, err));
    KITH_TRY(tell_rules(self, call, lead.as.link.id, &told_points, err));
    int64_t points = points_of(self, whole, row);
    const struct score_row hidden = {kith_text("(hidden)"), kith_int(points - told_points),
                                     kith_text("Rules about what you may not see.")};
    if (points != told_points)
        KITH_TRY(KITH_ROW(self, call, &hidden, err));
    if (self->learned.in_score.as.i)
        KITH_TRY(judge_points(self, whole, row, &learned, err));
    const struct score_row told = {
        kith_text("(learned)"), kith_int(learned),
        kith_text("What marks likely buyers; sales.explain_chance has it.")};
    if (learned)
        KITH_TRY(KITH_ROW(self, call, &told, err));
    points += learned;
    const struct {
        kith_value score, rating;
    } results = {kith_int(points), kith_text(rating_of(self, points))};
    return KITH_RESULTS(self, call, &results, err);
}

/* -- computing again --------------------------------------------------------------------------- */

/* A lead whose score or chance is to be another. */
struct rescored {
    kith_id id;
    int64_t points;
    kith_value chance, qualifies;
    int32_t undecided; /* only then it is asked by what it qualifies */
};
struct rescoring {
    kith_instance *self;
    const kith_txn *whole; /* by which they are judged, where that is more than what finds them */
    struct {
        struct rescored *items;
        uint64_t count, room;
    } changed;
    struct gathered *gathered; /* NULL: one lead alone */
    int64_t count[RESULTS_RESCORE];
};

/* Leads are gathered first and written afterwards: a search must not run over what it changes. */
static kith_status check_lead(void *arg, const kith_txn *txn, const kith_row *row,
                              kith_error *err) {
    struct rescoring *r = arg;
    kith_instance *self = r->self;
    struct scored now;
    struct judgement learned;
    if (r->whole) {
        KITH_TRY(self->records->get(r->whole, self->lead.type, self->records->row_id(txn, row),
                                    &row, err));
        txn = r->whole;
    }
    KITH_TRY(KITH_READ(self, txn, scored, row, &now, err));
    KITH_TRY(judge_lead(self, txn, row, r->gathered, &learned, err));
    int64_t points = points_of(self, txn, row) + learned.points;
    const char *rating = rating_of(self, points);
    r->count[RESULT_CHECKED]++;
    r->count[*rating == 'h' ? RESULT_HOT : *rating == 'w' ? RESULT_WARM : RESULT_COLD]++;
    struct rescored lead = {.id = now.id.as.link.id, .points = points};
    lead.undecided = kith_is(now.state, "new") || kith_is(now.state, "working");
    if (lead.undecided)
        lead.qualifies = qualify_by(self, txn, row);
    lead.chance = kith_has(learned.chance) ? learned.chance : now.chance;
    if (kith_equal(now.score, kith_int(points)) && kith_is(now.rating, rating) &&
        kith_equal(now.chance, lead.chance) &&
        (!lead.undecided || kith_equal(now.qualifies, lead.qualifies)))
        return KITH_OK;
    KITH_TRY(KITH_GROW(self, txn, &r->changed, err));
    r->changed.items[r->changed.count++] = lead;
    r->count[RESULT_CHANGED]++;
    return KITH_OK;
}

static kith_status correct(struct rescoring *r, kith_txn *txn, kith_error *err) {
    kith_instance *self = r->self;
    kith_status st = KITH_OK;
    self->learned.is_rescoring = 1;
    for (uint64_t i = 0; st == KITH_OK && i < r->changed.count; i++) {
        const struct rescored *lead = &r->changed.items[i];
        const kith_value values[] = {kith_int(lead->points),
                                     kith_text(rating_of(self, lead->points)), lead->chance,
                                     lead->qualifies};
        st = self->records->update(txn, self->lead.type, lead->id, lead->undecided ? 4 : 3,
                                   &self->scored.score, values, err);
    }
    self->learned.is_rescoring = 0;
    return st;
}

static kith_status rescore_one(struct rescoring *r, kith_txn *txn, kith_id lead, kith_error *err) {
    kith_instance *self = r->self;
    const kith_row *row;
    KITH_TRY(judge_begin(self, r->whole ? r->whole : txn, err));
    KITH_TRY(self->records->get(txn, self->lead.type, lead, &row, err));
    KITH_TRY(check_lead(r, txn, row, err));
    return correct(r, txn, err);
}

kith_status score_acted(kith_instance *self, kith_txn *txn, uint32_t query, const kith_value *who,
                        kith_error *err) {
    struct rescoring r = {.self = self};
    KITH_TRY(judge_begin(self, txn, err));
    KITH_TRY(self->records->find(txn, query, 1, who, 0, check_lead, &r, err));
    return correct(&r, txn, err);
}

static kith_status rescore_leads(struct rescoring *r, kith_txn *txn, kith_error *err) {
    kith_instance *self = r->self;
    struct gathered gathered;
    const kith_txn *by = r->whole ? r->whole : txn;
    KITH_TRY(judge_begin(self, by, err));
    if (self->learned.model.known) {
        KITH_TRY(gathered_read(self, by, &gathered, err));
        r->gathered = &gathered;
    }
    KITH_TRY(self->records->find(txn, self->query.open_leads, 0, NULL, 0, check_lead, r, err));
    return correct(r, txn, err);
}

static kith_status rescore_all(struct rescoring *r, kith_txn *txn, kith_error *err) {
    KITH_TRY(rescore_leads(r, txn, err));
    return pipeline_signal_again(r->self, txn, &r->count[RESULT_SIGNALS], err);
}

/* An action of somebody judges by all that there is, though they see a part of it. */
static kith_status begin_rescoring(struct rescoring *r, kith_call *call, kith_error *err) {
    kith_id user = 0;
    KITH_TRY(r->self->records->acting(r->self->calls->txn(call), &user, err));
    r->whole = user ? r->self->calls->whole(call) : NULL;
    return KITH_OK;
}

kith_status score_rescore(kith_instance *self, kith_call *call, kith_error *err) {
    struct rescoring r = {.self = self};
    kith_txn *txn = self->calls->txn(call);
    kith_value lead;
    KITH_TRY(self->calls->arg(call, 0, &lead, err));
    KITH_TRY(begin_rescoring(&r, call, err));
    KITH_TRY(lead.kind == KITH_LINK ? rescore_one(&r, txn, lead.as.link.id, err)
                                    : rescore_all(&r, txn, err));
    for (uint32_t i = 0; i < RESULTS_RESCORE; i++) {
        kith_value count = kith_int(r.count[i]);
        KITH_TRY(self->calls->result(call, i, &count, err));
    }
    return KITH_OK;
}

kith_status score_again(kith_instance *self, kith_call *call, int64_t *changed, kith_error *err) {
    struct rescoring r = {.self = self};
    KITH_TRY(begin_rescoring(&r, call, err));
    KITH_TRY(rescore_leads(&r, self->calls->txn(call), err));
    *changed = r.count[RESULT_CHANGED];
    return KITH_OK;
}

kith_status score_nightly(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                          kith_error *err) {
    struct rescoring r = {.self = self};
    (void)firing;
    return rescore_all(&r, txn, err);
}
