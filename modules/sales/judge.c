/* SPDX-License-Identifier: Apache-2.0 */
/* The chance that an open lead is converted, by what was learned: the sum of a base and of the
 * weight of each of its values is the logarithm of its odds.
 *
 * What was learned stands in records. The writer keeps it in memory, too, and looks at each use
 * whether the stamp of the record is still the one it has read: so it is right in a rehearsal,
 * after an undo, and when a transaction is given up. Whoever only reads reads the records. */
#include "sales.h"
#include <math.h>
#include <stdlib.h>

#define UNITS 10000 /* of a weight of 1 */

/* -- the model ----------------------------------------------------------------------------------
 */

void model_free(struct chance_model *model) {
    terms_free(&model->weights);
    memset(model, 0, sizeof *model);
}

void learn_free(kith_instance *self) {
    model_free(&self->learned.model);
}

static int64_t attribute_at(const kith_instance *self, kith_str name) {
    for (uint32_t i = 0; i < self->learned.attribute_count; i++)
        if (kith_str_equal(self->learned.attributes[i].name, name))
            return i;
    return -1;
}

static kith_status take_weight(struct chance_model *model, int64_t attribute,
                               const struct score_weight *w, kith_error *err) {
    uint32_t at = 0;
    if (attribute < 0) /* it is not looked at any more */
        return KITH_OK;
    KITH_TRY(terms_add(&model->weights, (uint32_t)attribute, w->value.as.s, &at, err));
    model->weights.items[at].weight = w->weight.as.decimal.units;
    model->weights.items[at].points = w->points.as.i;
    return KITH_OK;
}

static kith_status read_model(kith_instance *self, const kith_txn *txn, struct chance_model *out,
                              kith_error *err) {
    struct score_model record;
    struct score_weight *weights;
    uint64_t count;
    KITH_TRY(KITH_FIRST(self, txn, learned.model_record, self->learned.query.model, 0, NULL,
                        &record, err));
    if (!kith_has(record.stamp))
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, learned.weight, self->learned.query.weights, 0, NULL, &weights,
                       &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(take_weight(out, attribute_at(self, weights[i].attribute.as.s), &weights[i], err));
    (void)snprintf(out->stamp, sizeof out->stamp, "%.*s", KITH_CHARS(record.stamp.as.s));
    out->base = record.base.as.decimal.units;
    out->known = 1;
    return KITH_OK;
}

kith_status model_load(kith_instance *self, const kith_txn *txn, struct chance_model *out,
                       kith_error *err) {
    memset(out, 0, sizeof *out);
    const kith_status st = read_model(self, txn, out, err);
    if (st != KITH_OK)
        model_free(out);
    return st;
}

/* The stamp alone is looked at, since each write of a lead asks for it. */
kith_status judge_begin(kith_instance *self, const kith_txn *txn, kith_error *err) {
    struct chance_model *model = &self->learned.model;
    struct model_stamp now;
    kith_id user = 0;
    KITH_TRY(
        KITH_FIRST(self, txn, learned.model_stamp, self->learned.query.model, 0, NULL, &now, err));
    if (!kith_has(now.stamp) && self->records->acting(txn, &user, NULL) == KITH_OK && user)
        return KITH_OK; /* an action of somebody who may not see it; hooks may, and will */
    if (kith_has(now.stamp) ? model->known && kith_is(now.stamp, model->stamp) : !model->known)
        return KITH_OK;
    model_free(model);
    return model_load(self, txn, model, err);
}

const struct term *model_weight(const struct chance_model *model, uint32_t attribute,
                                kith_str value) {
    const struct term *t = terms_find(&model->weights, attribute, value);
    return t ? t : terms_find(&model->weights, attribute, kith_str_of(VALUE_OTHER));
}

/* -- a lead -------------------------------------------------------------------------------------
 */

kith_value chance_of(int64_t log_odds) {
    return kith_decimal(llround(1000 / (1 + exp(-(double)log_odds / UNITS))), 1);
}

static int32_t is_open(kith_value state) {
    return kith_is(state, "new") || kith_is(state, "working") || kith_is(state, "qualified");
}

kith_status judge_lead(kith_instance *self, const kith_txn *txn, const kith_row *row,
                       struct gathered *gathered, struct judgement *out, kith_error *err) {
    const struct chance_model *model = &self->learned.model;
    struct sight sight;
    kith_value state;
    int64_t sum = model->base;
    *out = (struct judgement){kith_null(), 0};
    if (!model->known)
        return KITH_OK;
    KITH_TRY(self->records->read(txn, row, 1, &self->lead.state, &state, err));
    if (!is_open(state))
        return KITH_OK;
    KITH_TRY(attributes_look(self, txn, row, 0, gathered, &sight, err));
    for (uint32_t i = 0; i < self->learned.attribute_count; i++) {
        const struct term *t = model_weight(model, i, sight.values[i]);
        sum += t ? t->weight : 0;
        out->points += t && self->learned.in_score.as.i ? t->points : 0;
    }
    out->chance = chance_of(sum);
    return KITH_OK;
}

static kith_status points_by(kith_instance *self, const kith_txn *txn, const kith_row *row,
                             struct chance_model *model, int64_t *points, kith_error *err) {
    struct sight sight;
    KITH_TRY(model_load(self, txn, model, err));
    if (!model->known)
        return KITH_OK;
    KITH_TRY(attributes_look(self, txn, row, 0, NULL, &sight, err));
    for (uint32_t i = 0; i < self->learned.attribute_count; i++) {
        const struct term *t = model_weight(model, i, sight.values[i]);
        *points += t ? t->points : 0;
    }
    return KITH_OK;
}

/* For whoever only reads. */
kith_status judge_points(kith_instance *self, const kith_txn *txn, const kith_row *row,
                         int64_t *points, kith_error *err) {
    struct chance_model model = {0};
    kith_value state;
    *points = 0;
    KITH_TRY(self->records->read(txn, row, 1, &self->lead.state, &state, err));
    if (!is_open(state))
        return KITH_OK;
    const kith_status st = points_by(self, txn, row, &model, points, err);
    model_free(&model);
    return st;
}

/* -- the explanation ----------------------------------------------------------------------------
 */

/* A value of the lead, and what it does. */
struct cause {
    kith_value attribute, value;
    int64_t weight;
    uint32_t place;
};
static int by_strength(const void *a, const void *b) {
    const struct cause *x = a, *y = b;
    const int64_t left = x->weight < 0 ? -x->weight : x->weight;
    const int64_t right = y->weight < 0 ? -y->weight : y->weight;
    if (left != right)
        return left > right ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Each row from the chance before it to its own: so they add up to the last one. */
static kith_status tell_causes(kith_instance *self, kith_call *call, int64_t base,
                               const struct cause *causes, uint32_t count, kith_error *err) {
    int64_t sum = base;
    kith_value before = kith_decimal(0, 1), now = chance_of(base);
    for (uint32_t i = 0; i <= count; i++) {
        const struct cause *c = i ? &causes[i - 1] : NULL;
        sum += c ? c->weight : 0;
        now = chance_of(sum);
        const struct {
            kith_value attribute, value, weight, contribution, chance;
        } row = {c ? c->attribute : kith_text("(base)"), c ? c->value : kith_null(),
                 kith_decimal(c ? c->weight : base, 4),
                 kith_decimal(now.as.decimal.units - before.as.decimal.units, 1), now};
        KITH_TRY(KITH_ROW(self, call, &row, err));
        before = now;
    }
    return self->calls->result(call, 0, &now, err);
}

static kith_status explain(kith_instance *self, kith_call *call, struct chance_model *model,
                           const kith_row *row, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct sight sight;
    struct cause causes[LEARN_ATTRIBUTES_MAX];
    uint32_t count = 0;
    KITH_TRY(model_load(self, view, model, err));
    if (!model->known)
        return kith_fail(err, KITH_E_REFUSED, NULL,
                         "nothing was learned yet; sales.learn_scores does it");
    KITH_TRY(attributes_look(self, view, row, 0, NULL, &sight, err));
    for (uint32_t i = 0; i < self->learned.attribute_count; i++) {
        const struct term *t = model_weight(model, i, sight.values[i]);
        if (t)
            causes[count++] =
                (struct cause){kith_string(self->learned.attributes[i].name),
                               kith_string((kith_str){t->text, t->len}), t->weight, i};
    }
    if (count)
        qsort(causes, count, sizeof *causes, by_strength);
    return tell_causes(self, call, model->base, causes, count, err);
}

static kith_status explain_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct chance_model model = {0};
    const kith_row *row;
    kith_value lead, state;
    KITH_TRY(KITH_ARGS(self, call, &lead, err));
    KITH_TRY(self->records->get(view, self->lead.type, lead.as.link.id, &row, err));
    KITH_TRY(self->records->read(view, row, 1, &self->lead.state, &state, err));
    if (!is_open(state))
        return kith_fail(err, KITH_E_REFUSED, "lead",
                         "the lead is %.*s, and what is known of it is no longer what its chance "
                         "was made of; its history has that",
                         KITH_CHARS(state.as.s));
    const kith_status st = explain(self, call, &model, row, err);
    model_free(&model);
    return st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field lead_fields[] = {
    F("chance", DECIMAL, .options = "1", .flags = KITH_FF_READONLY,
      .doc = "Percent: how likely it is to be converted, by what was learned from those that "
             "ended; of one that ended what was said last."),
};
static const kith_type types[] = {
    {.name = "lead", .fields = KITH_ARRAY(lead_fields), .extends = 1},
};
static const kith_field explain_params[] = {
    F("lead", LINK, .options = "lead", .flags = KITH_FF_REQUIRED, .doc = "An open lead."),
};
static const kith_field explain_results[] = {
    F("chance", DECIMAL, .options = "1", .doc = "Percent, as things are now."),
};
static const kith_field explain_columns[] = {
    F("attribute", TEXT, .doc = "What was looked at; (base): a lead of which nothing is known."),
    F("value", TEXT, .doc = "What it is, or what stands for it: (other), (none), (unknown)."),
    F("weight", DECIMAL, .options = "4",
      .doc = "Added to the logarithm of the odds; 0 is an average value."),
    F("contribution", DECIMAL, .options = "1",
      .doc = "Percentage points, after the rows above; together they are the chance."),
    F("chance", DECIMAL, .options = "1", .doc = "Percent, with this row and those above."),
};
static const kith_action actions[] = {
    {.name = "explain_chance",
     .doc = "Why a lead has its chance: what each thing known of it contributes.",
     .effect = KITH_EFFECT_READ,
     .fn = explain_action,
     .params = KITH_ARRAY(explain_params),
     .results = KITH_ARRAY(explain_results),
     .columns = KITH_ARRAY(explain_columns)},
};
static const kith_report reports[] = {
    {.name = "likely_leads",
     .doc = "Open leads, the likeliest to be converted first.",
     .query = "lead where " OPEN_LEAD " and chance is not null order by -chance limit 200",
     .fields = "id,name,company,chance,score,state,phone,email,owner.name"},
};

const kith_part judge_part = {
    .struct_size = sizeof judge_part,
    .types = KITH_ARRAY(types),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
