/* SPDX-License-Identifier: Apache-2.0 */
/* Learning from leads that ended what marks those that are converted: values of attributes and
 * their weights, kept as records, of which only those that differ are written. */
#include "sales.h"
#include <math.h>
#include <stdlib.h>

#define UNITS 10000

struct learning {
    kith_instance *self;
    const kith_txn *whole; /* all leads, whoever asks */
    struct gathered gathered;
    struct terms terms; /* to be freed */
    uint32_t *samples;  /* for each lead a term of each attribute; then features */
    signed char *ends;
    uint64_t count, room, converted;
    struct fit fit;
    double *weights;
    int64_t base, written, removed, rescored;
};

/* -- leads that ended ---------------------------------------------------------------------------
 */

static kith_status take_lead(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct learning *l = arg;
    const kith_host *host = l->self->host;
    const uint32_t width = l->self->learned.attribute_count;
    uint64_t room = l->room; /* of both */
    struct sight sight;
    kith_value state;
    KITH_TRY(kith_grow(host, txn, (void *)&l->samples, l->count, &room, width * sizeof *l->samples,
                       err));
    KITH_TRY(kith_grow(host, txn, (void *)&l->ends, l->count, &l->room, sizeof *l->ends, err));
    KITH_TRY(l->self->records->read(txn, row, 1, &l->self->lead.state, &state, err));
    KITH_TRY(attributes_look(l->self, txn, row, 1, &l->gathered, &sight, err));
    const int32_t converted = kith_is(state, "converted");
    for (uint32_t i = 0; i < width; i++) {
        uint32_t *at = &l->samples[l->count * width + i];
        KITH_TRY(terms_add(&l->terms, i, sight.values[i], at, err));
        l->terms.items[*at].leads++;
        l->terms.items[*at].converted += converted;
    }
    l->ends[l->count++] = (signed char)converted;
    l->converted += (uint64_t)converted;
    return KITH_OK;
}

static kith_status too_few(const kith_instance *self, uint64_t converted, uint64_t not_converted,
                           kith_error *err) {
    return kith_fail(
        err, KITH_E_REFUSED, NULL,
        "%llu lead%s converted and %llu %s not, and chances are learned from %lld of either kind; "
        "look further back (since), or set sales.learn.min_endings",
        (unsigned long long)converted, converted == 1 ? " was" : "s were",
        (unsigned long long)not_converted, not_converted == 1 ? "was" : "were",
        (long long)self->learned.min_endings.as.i);
}

static int32_t is_enough(const kith_instance *self, uint64_t converted, uint64_t count) {
    const uint64_t least = (uint64_t)self->learned.min_endings.as.i;
    return converted >= least && count - converted >= least;
}

/* -- which values count --------------------------------------------------------------------------
 */

static int32_t is_value(const struct term *t, const char *which) {
    return kith_str_is((kith_str){t->text, t->len}, which);
}

static int by_leads(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x < y) - (x > y);
}

/* From how many leads on a value stands for itself: those that are set, or more where there are too
 * many values. */
static kith_status threshold(const struct learning *l, uint32_t attribute, int64_t *least,
                             kith_error *err) {
    int64_t *leads;
    uint64_t count = 0;
    KITH_TRY(KITH_MEMORY(l->self, l->whole, &leads, l->terms.count, err));
    for (uint64_t i = 0; i < l->terms.count; i++)
        if (l->terms.items[i].attribute == attribute)
            leads[count++] = l->terms.items[i].leads;
    if (count)
        qsort(leads, (size_t)count, sizeof *leads, by_leads);
    *least = l->self->learned.least.as.i;
    if (count > LEARN_VALUES_MAX && leads[LEARN_VALUES_MAX] >= *least)
        *least = leads[LEARN_VALUES_MAX] + 1;
    return KITH_OK;
}

/* So many leads may have it by luck alone: what few have has no feature, and weighs nothing. */
static int32_t is_too_few(const struct learning *l, int64_t leads) {
    return leads < l->self->learned.least.as.i;
}

/* How many leads have a value that does not stand for itself. */
static int64_t rare_leads(const struct learning *l, uint32_t attribute, int64_t least) {
    int64_t leads = 0;
    for (uint64_t i = 0; i < l->terms.count; i++) {
        const struct term *t = &l->terms.items[i];
        if (t->attribute == attribute && t->leads < least && !is_value(t, VALUE_UNKNOWN) &&
            !is_value(t, VALUE_NONE))
            leads += t->leads;
    }
    return leads;
}

/* Gives each value of an attribute its feature; what is rare has that of (other). */
static kith_status name_features(struct learning *l, uint32_t attribute, kith_error *err) {
    const uint64_t count = l->terms.count; /* (other) may come behind them */
    int64_t least = 0;
    uint32_t other = 0, feature = 0;
    KITH_TRY(threshold(l, attribute, &least, err));
    if (!is_too_few(l, rare_leads(l, attribute, least)))
        feature = ++l->fit.features;
    for (uint64_t i = 0; i < count; i++) {
        struct term *t = &l->terms.items[i];
        if (t->attribute != attribute || is_value(t, VALUE_UNKNOWN))
            continue;
        if (t->leads >= least || is_value(t, VALUE_NONE)) {
            t->feature = is_too_few(l, t->leads) ? 0 : ++l->fit.features;
            continue;
        }
        const int64_t leads = t->leads, converted = t->converted;
        KITH_TRY(terms_add(&l->terms, attribute, kith_str_of(VALUE_OTHER), &other, err));
        struct term *o = &l->terms.items[other];
        o->feature = feature;
        o->leads += leads;
        o->converted += converted;
        l->terms.items[i].feature = o->feature;
    }
    return KITH_OK;
}

/* The attribute of young leads is not known, whether or not such a lead has ended. */
static kith_status add_unknown(struct learning *l, uint32_t attribute, kith_error *err) {
    uint32_t at;
    return l->self->learned.attributes[attribute].how == BY_INTERACTIONS
               ? terms_add(&l->terms, attribute, kith_str_of(VALUE_UNKNOWN), &at, err)
               : KITH_OK;
}

static kith_status prepare(struct learning *l, kith_error *err) {
    const uint32_t width = l->self->learned.attribute_count;
    for (uint32_t a = 0; a < width; a++) {
        KITH_TRY(add_unknown(l, a, err));
        KITH_TRY(name_features(l, a, err));
    }
    for (uint64_t i = 0; i < l->count * width; i++)
        l->samples[i] = l->terms.items[l->samples[i]].feature;
    return KITH_MEMORY(l->self, l->whole, &l->weights, l->fit.features + 1, err);
}

/* -- weights ------------------------------------------------------------------------------------
 */

/* It stands for itself, and not within (other). */
static int32_t is_told(const struct learning *l, const struct term *t) {
    const struct term *other = terms_find(&l->terms, t->attribute, kith_str_of(VALUE_OTHER));
    return is_value(t, VALUE_UNKNOWN) || is_value(t, VALUE_NONE) || t == other || !other ||
           t->feature != other->feature;
}

static int32_t weighs(const struct term *t) {
    return t->feature || is_value(t, VALUE_UNKNOWN);
}

/* The mean of the weights of an attribute goes into the base, so that 0 is an average value, as
 * which counts what few have. What is unknown had no weight, and gets that of a lead of which
 * nothing was said. */
static void centre(struct learning *l, uint32_t attribute) {
    double sum = 0, leads = 0;
    for (uint64_t i = 0; i < l->terms.count; i++) {
        const struct term *t = &l->terms.items[i];
        if (t->attribute != attribute || !is_told(l, t) || !weighs(t))
            continue;
        sum += (t->feature ? l->weights[t->feature] : 0) * (double)t->leads;
        leads += (double)t->leads;
    }
    const double mean = leads > 0 ? sum / leads : 0;
    l->weights[0] += mean;
    for (uint64_t i = 0; i < l->terms.count; i++) {
        struct term *t = &l->terms.items[i];
        if (t->attribute == attribute && weighs(t))
            t->weight = llround(((t->feature ? l->weights[t->feature] : 0) - mean) * UNITS);
    }
}

static void weigh(struct learning *l) {
    for (uint32_t a = 0; a < l->self->learned.attribute_count; a++)
        centre(l, a);
    l->base = llround(l->weights[0] * UNITS);
    for (uint64_t i = 0; i < l->terms.count; i++) {
        struct term *t = &l->terms.items[i];
        t->points = llround((double)t->weight * (double)l->self->learned.points.as.i / UNITS);
    }
}

/* -- writing what differs -----------------------------------------------------------------------
 */

static struct score_weight wanted(const struct learning *l, const struct term *t) {
    return (struct score_weight){
        .attribute = kith_string(l->self->learned.attributes[t->attribute].name),
        .value = kith_string((kith_str){t->text, t->len}),
        .leads = kith_int(t->leads),
        .converted = kith_int(t->converted),
        .rate = share_of(t->converted, t->leads),
        .lift = share_of(t->converted * (int64_t)l->count, t->leads * (int64_t)l->converted),
        .weight = kith_decimal(t->weight, 4),
        .points = kith_int(t->points)};
}

static int32_t is_same(const struct score_weight *a, const struct score_weight *b) {
    return kith_equal(a->leads, b->leads) && kith_equal(a->converted, b->converted) &&
           kith_equal(a->points, b->points) && kith_equal(a->weight, b->weight) &&
           kith_equal(a->rate, b->rate) && kith_equal(a->lift, b->lift);
}

static kith_status put_weight(struct learning *l, kith_txn *txn, struct score_weight *w,
                              struct score_weight *now, uint64_t count, kith_error *err) {
    for (uint64_t i = 0; i < count; i++) {
        const struct score_weight was = now[i];
        if (!kith_has(was.id) || !kith_equal(was.attribute, w->attribute) ||
            !kith_equal(was.value, w->value))
            continue;
        now[i].id = kith_null(); /* it stays */
        l->written += !is_same(&was, w);
        return KITH_UPDATE(l->self, txn, learned.weight, &was, w, err);
    }
    l->written++;
    return KITH_CREATE(l->self, txn, learned.weight, w, err);
}

static kith_status put_weights(struct learning *l, kith_txn *txn, kith_error *err) {
    struct score_weight *now;
    uint64_t count = 0;
    KITH_TRY(KITH_FIND(l->self, txn, learned.weight, l->self->learned.query.weights, 0, NULL, &now,
                       &count, err));
    for (uint64_t i = 0; i < l->terms.count; i++) {
        struct score_weight w = wanted(l, &l->terms.items[i]);
        if (is_told(l, &l->terms.items[i]))
            KITH_TRY(put_weight(l, txn, &w, now, count, err));
    }
    for (uint64_t i = 0; i < count; i++)
        if (kith_has(now[i].id)) {
            l->removed++;
            KITH_TRY(l->self->records->remove(txn, l->self->learned.weight.type,
                                              now[i].id.as.link.id, err));
        }
    return KITH_OK;
}

static uint64_t mix(uint64_t h, const void *bytes, size_t count) {
    const unsigned char *p = bytes;
    for (size_t i = 0; i < count; i++)
        h = (h ^ p[i]) * UINT64_C(1099511628211);
    return h;
}

/* Changes with everything that chances and points are made of. */
static uint64_t stamp_of(const struct learning *l) {
    uint64_t h = mix(UINT64_C(14695981039346656037), &l->base, sizeof l->base);
    for (uint64_t i = 0; i < l->terms.count; i++) {
        const struct term *t = &l->terms.items[i];
        if (!is_told(l, t))
            continue;
        const kith_str name = l->self->learned.attributes[t->attribute].name;
        h = mix(mix(h, name.ptr, (size_t)name.len), t->text, t->len + 1);
        h = mix(mix(h, &t->weight, sizeof t->weight), &t->points, sizeof t->points);
    }
    return h;
}

/* What is looked at, as the settings have it; by it one sees that they were changed. */
static kith_status settings_text(const kith_instance *self, const kith_txn *txn, kith_value *out,
                                 kith_error *err) {
    uint64_t room = 64, at = 0;
    for (uint32_t i = 0; i < self->learned.attribute_count; i++)
        room += self->learned.attributes[i].name.len + 2;
    char *text;
    KITH_TRY(KITH_MEMORY(self, txn, &text, room, err));
    for (uint32_t i = 0; i < self->learned.attribute_count; i++) {
        const kith_str name = self->learned.attributes[i].name;
        memcpy(text + at, name.ptr, (size_t)name.len);
        memcpy(text + at + name.len, ", ", 2);
        at += name.len + 2;
    }
    (void)snprintf(text + at, (size_t)(room - at), "from %lld leads",
                   (long long)self->learned.least.as.i);
    *out = kith_text(text);
    return KITH_OK;
}

static kith_value decimal_of(double x) {
    return kith_decimal(llround(x * 10000), 4);
}

static kith_status put_model(struct learning *l, kith_txn *txn, kith_error *err) {
    kith_instance *self = l->self;
    struct score_model was, m = {.name = kith_text("Chances of leads")};
    char stamp[20];
    (void)snprintf(stamp, sizeof stamp, "%016llx", (unsigned long long)stamp_of(l));
    KITH_TRY(settings_text(self, txn, &m.attributes, err));
    KITH_TRY(
        KITH_FIRST(self, txn, learned.model_record, self->learned.query.model, 0, NULL, &was, err));
    m.stamp = kith_text(stamp);
    m.learned_at = KITH_NOW(self);
    m.leads = kith_int((int64_t)l->count);
    m.converted = kith_int((int64_t)l->converted);
    m.base = kith_decimal(l->base, 4);
    m.auc = decimal_of(l->fit.auc);
    m.brier = decimal_of(l->fit.brier);
    m.brier_of_rate = decimal_of(l->fit.brier_of_rate);
    if (!kith_has(was.id))
        return KITH_CREATE(self, txn, learned.model_record, &m, err);
    if (kith_equal(was.stamp, m.stamp) && kith_equal(was.leads, m.leads) &&
        kith_equal(was.converted, m.converted) && kith_equal(was.attributes, m.attributes))
        return KITH_OK;
    return KITH_UPDATE(self, txn, learned.model_record, &was, &m, err);
}

/* -- all of it ----------------------------------------------------------------------------------
 */

/* From all leads, whoever asks: what is learned is the company's. */
static kith_status learn(struct learning *l, const kith_txn *whole, kith_txn *txn, kith_value since,
                         kith_error *err) {
    kith_instance *self = l->self;
    l->whole = whole;
    KITH_TRY(gathered_read(self, whole, &l->gathered, err));
    KITH_TRY(
        self->records->find(whole, self->learned.query.ended, 1, &since, 0, take_lead, l, err));
    if (!is_enough(self, l->converted, l->count))
        KITH_TRY(too_few(self, l->converted, l->count - l->converted, err));
    KITH_TRY(prepare(l, err));
    l->fit.attributes = self->learned.attribute_count;
    l->fit.count = l->count;
    l->fit.samples = l->samples;
    l->fit.ends = l->ends;
    l->fit.weights = l->weights;
    KITH_TRY(fit_run(self->host, whole, &l->fit, err));
    weigh(l);
    KITH_TRY(put_weights(l, txn, err));
    return put_model(l, txn, err);
}

static kith_value usual_since(const kith_instance *self) {
    return kith_time(self->host->now(self->host) - self->learned.window.as.i);
}

static kith_value percent_of(double share) {
    return kith_decimal(llround(share * 1000), 1);
}

static kith_status tell_parts(struct learning *l, kith_call *call, kith_error *err) {
    for (int64_t i = 0; i < FIT_PARTS; i++) {
        const struct fit_part *p = &l->fit.parts[i];
        const struct {
            kith_value part, leads, low, high, expected, converted;
        } row = {kith_int(i + 1),         kith_int(p->leads),
                 percent_of(p->low),      percent_of(p->high),
                 percent_of(p->expected), percent_of((double)p->converted / (double)p->leads)};
        KITH_TRY(KITH_ROW(l->self, call, &row, err));
    }
    return KITH_OK;
}

static kith_status answer(struct learning *l, kith_call *call, kith_error *err) {
    const struct {
        kith_value leads, converted, rate, auc, brier, brier_of_rate, written, removed, rescored;
    } out = {kith_int((int64_t)l->count),
             kith_int((int64_t)l->converted),
             percent_of((double)l->converted / (double)l->count),
             decimal_of(l->fit.auc),
             decimal_of(l->fit.brier),
             decimal_of(l->fit.brier_of_rate),
             kith_int(l->written),
             kith_int(l->removed),
             kith_int(l->rescored)};
    KITH_TRY(tell_parts(l, call, err));
    return KITH_RESULTS(l->self, call, &out, err);
}

static kith_status learn_and_tell(struct learning *l, kith_call *call, kith_error *err) {
    kith_instance *self = l->self;
    struct {
        kith_value since, rescore;
    } args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (self->learned.attribute_count == 0)
        return kith_fail(err, KITH_E_REFUSED, NULL,
                         "sales.learn.attributes is empty: name what is to be looked at");
    if (!kith_has(args.since))
        args.since = usual_since(self);
    KITH_TRY(learn(l, self->calls->whole(call), self->calls->txn(call), args.since, err));
    if (args.rescore.as.i)
        KITH_TRY(score_again(self, call, &l->rescored, err));
    return answer(l, call, err);
}

static kith_status learn_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct learning l = {.self = self};
    const kith_status st = learn_and_tell(&l, call, err);
    terms_free(&l.terms);
    return st;
}

/* -- every night --------------------------------------------------------------------------------
 */

/* New weights change the chances of nearly all open leads, and with them their history: so it is
 * learned anew when a twentieth more have ended, or the settings were changed. */
static kith_status is_due(kith_instance *self, const kith_txn *txn, kith_value since, int32_t *due,
                          kith_error *err) {
    const struct { kith_value state, leads; } * ended;
    struct score_model now;
    kith_value attributes;
    uint64_t states, converted = 0, count = 0;
    *due = 0;
    KITH_TRY(
        KITH_GROUPS(self, txn, self->learned.query.ended_counts, 1, &since, &ended, &states, err));
    for (uint64_t i = 0; i < states; i++) {
        converted += kith_is(ended[i].state, "converted") ? (uint64_t)ended[i].leads.as.i : 0;
        count += (uint64_t)ended[i].leads.as.i;
    }
    if (!is_enough(self, converted, count))
        return KITH_OK;
    KITH_TRY(settings_text(self, txn, &attributes, err));
    KITH_TRY(
        KITH_FIRST(self, txn, learned.model_record, self->learned.query.model, 0, NULL, &now, err));
    const int64_t before = now.leads.as.i, more = (int64_t)count - before;
    *due = !kith_has(now.id) || !kith_equal(now.attributes, attributes) || more * 20 >= before ||
           more * 20 <= -before;
    return KITH_OK;
}

static kith_status nightly(kith_instance *self, kith_txn *txn, const kith_firing *firing,
                           kith_error *err) {
    struct learning l = {.self = self};
    const kith_value since = usual_since(self);
    int32_t due;
    (void)firing;
    if (!self->learned.nightly.as.i || self->learned.attribute_count == 0)
        return KITH_OK;
    KITH_TRY(is_due(self, txn, since, &due, err));
    const kith_status st = due ? learn(&l, txn, txn, since, err) : KITH_OK;
    terms_free(&l.terms);
    return st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

#define KEPT(name_, kind_, doc_) F(name_, kind_, .flags = KITH_FF_READONLY, .doc = doc_)
#define KEPT_DECIMAL(name_, doc_)                                                                  \
    F(name_, DECIMAL, .options = "4", .flags = KITH_FF_READONLY, .doc = doc_)
static const kith_field weight_fields[] = {
    F("attribute", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_READONLY | KITH_FF_INDEXED,
      .doc = "What of a lead is looked at, as sales.learn.attributes has it."),
    F("value", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_READONLY,
      .doc = "What it is. (other): what is rare; (none): nothing; (unknown): not known yet."),
    KEPT("leads", INTEGER, "How many of the leads that ended had it."),
    KEPT("converted", INTEGER, "How many of those were converted."),
    KEPT_DECIMAL("rate", "converted / leads."),
    KEPT_DECIMAL("lift", "The rate by that of all leads that ended."),
    KEPT_DECIMAL("weight", "What it adds to the logarithm of the odds, all else being equal; 0 is "
                           "an average value."),
    KEPT("points", INTEGER,
         "The weight times sales.learn.points; part of the score of a lead if "
         "sales.learn.in_score says so."),
};
static const kith_field model_fields[] = {
    F("name", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_READONLY, .doc = "What it is."),
    KEPT("learned_at", TIME, "When it came to be as it is."),
    KEPT("attributes", LONGTEXT, "What was looked at."),
    KEPT("leads", INTEGER, "Leads that ended, from which it was learned."),
    KEPT("converted", INTEGER, "How many of them were converted."),
    KEPT_DECIMAL("base", "The logarithm of the odds before anything is known."),
    KEPT_DECIMAL("auc", "How often a lead that was converted had the higher chance than one that "
                        "was not: 0.5 is luck, 1 is always."),
    KEPT_DECIMAL("brier", "The mean square of chance less outcome: 0 is best."),
    KEPT_DECIMAL("brier_of_rate", "The same if each lead had the chance of all."),
    KEPT("stamp", TEXT, "Changes with the weights."),
};
static const kith_field lead_fields[] = {
    F("ended_at", TIME,
      .doc = "When it was converted or given up; may be set, as of leads that are imported."),
    F("set_at_end", TEXT, .flags = KITH_FF_READONLY,
      .doc = "Which fields were filled in by its end, as by a conversion: nothing is learned from "
             "them. unknown: it was written down when it had ended."),
};
static const kith_type types[] = {
    {.name = "score_weight",
     .doc = "What of a lead goes with its conversion, and how much.",
     .title = "value",
     .fields = KITH_ARRAY(weight_fields)},
    {.name = "score_model",
     .doc = "What was learned from leads that ended, and how good it is; one record.",
     .title = "name",
     .fields = KITH_ARRAY(model_fields)},
    {.name = "lead", .fields = KITH_ARRAY(lead_fields), .extends = 1},
};
static const char *const state[] = {"state"};
static const kith_hook hooks[] = {
    {.name = "lead_ended",
     .type = "lead",
     .on = KITH_ON_CREATE | KITH_ON_UPDATE,
     .when = KITH_BEFORE,
     .priority = 200, /* after the hooks that still fill in fields */
     .fn = ending_hook,
     .fields = KITH_ARRAY(state),
     .doc = "Notes when a lead ended, and what was only then filled in."},
};
static const kith_timer timers[] = {
    {.name = "learn_scores",
     .cron = "50 2 * * *", /* before leads are scored again */
     .fn = nightly,
     .doc = "Learns chances anew when a twentieth more leads have ended, if sales.learn.nightly "
            "says so."},
};
static const kith_field learn_params[] = {
    F("since", TIME, .doc = "Leads that came from then on; those of sales.learn.window without."),
    F("rescore", BOOLEAN, .default_text = "true",
      .doc = "Gives open leads the chances by it at once, as sales.rescore does; else they keep "
             "those that they have until they change, or the night."),
};
static const kith_field learn_results[] = {
    F("leads", INTEGER, .doc = "Leads that ended, from which it was learned."),
    F("converted", INTEGER, .doc = "How many of them were converted."),
    F("rate", DECIMAL, .options = "1", .doc = "The same in percent."),
    F("auc", DECIMAL, .options = "4",
      .doc =
          "How often a converted lead had the higher chance than one that was not: 0.5 is luck."),
    F("brier", DECIMAL, .options = "4",
      .doc = "The mean square of chance less outcome, of leads that it had not seen."),
    F("brier_of_rate", DECIMAL, .options = "4", .doc = "The same if each had the chance of all."),
    F("written", INTEGER, .doc = "Weights that are new or others than before."),
    F("removed", INTEGER, .doc = "Those that are no more."),
    F("rescored", INTEGER, .doc = "Open leads that got another chance or score by it."),
};
static const kith_field learn_columns[] = {
    F("part", INTEGER, .doc = "A tenth of the leads, by their chances: 1 has the lowest."),
    F("leads", INTEGER, .doc = "How many these are."),
    F("low", DECIMAL, .options = "1", .doc = "The lowest chance among them, in percent,"),
    F("high", DECIMAL, .options = "1", .doc = "the highest,"),
    F("expected", DECIMAL, .options = "1", .doc = "and the mean: what was to be expected."),
    F("converted", DECIMAL, .options = "1", .doc = "How many percent were converted."),
};
static const kith_action actions[] = {
    {.name = "learn_scores",
     .doc = "Learns from leads that ended what marks those that are converted; the rows compare "
            "chances with what came, for leads that were left out.",
     .effect = KITH_EFFECT_WRITE,
     .flags = KITH_AF_WHOLE,
     .fn = learn_action,
     .params = KITH_ARRAY(learn_params),
     .results = KITH_ARRAY(learn_results),
     .columns = KITH_ARRAY(learn_columns)},
};
static const kith_report reports[] = {
    {.name = "score_weights",
     .doc = "What marks likely buyers: values of leads, those that promise most in front.",
     .query = "score_weight order by -weight limit 500",
     .fields = "attribute,value,leads,converted,rate,lift,weight,points"},
};
static const kith_setting settings[] = {
    {.key = "learn.attributes",
     .kind = KITH_LIST,
     .default_text = "[ \"source\", \"campaign\", \"referrer\", \"industry\", \"country\", "
                     "\"region\", \"city\", \"company\", \"email\", \"phone\", "
                     "\"account.industry\", \"account.size\", \"contact.title\", "
                     "\"interactions\" ]",
     .doc = "What of a lead is looked at: its fields, those of what it links to, and interactions "
            "in the first days. Of a mail address the domain; of a name, a number of a telephone, "
            "a link or a time whether there is one."},
    {.key = "learn.window",
     .kind = KITH_DURATION,
     .default_text = "\"1095d\"",
     .min = KITH_DAY_MS,
     .max = 36500 * KITH_DAY_MS,
     .doc = "Leads that came so long ago are learned from."},
    {.key = "learn.least",
     .kind = KITH_INT,
     .default_text = "20",
     .min = 2,
     .max = 1000000,
     .doc = "Values that fewer leads have are put together."},
    {.key = "learn.min_endings",
     .kind = KITH_INT,
     .default_text = "50",
     .min = 20,
     .max = 1000000,
     .doc = "Nothing is learned before so many leads were converted, and as many were not."},
    {.key = "learn.early",
     .kind = KITH_DURATION,
     .default_text = "\"7d\"",
     .min = KITH_DAY_MS / 24,
     .max = 365 * KITH_DAY_MS,
     .doc = "Interactions are counted so long after a lead came: for all alike."},
    {.key = "learn.points",
     .kind = KITH_INT,
     .default_text = "10",
     .min = 0,
     .max = 1000,
     .doc = "Points for a weight of 1, which multiplies the odds by 2.7."},
    {.key = "learn.in_score",
     .kind = KITH_BOOL,
     .default_text = "false",
     .doc = "The points that were learned are added to the score of a lead."},
    {.key = "learn.nightly",
     .kind = KITH_BOOL,
     .default_text = "true",
     .doc = "It is learned at night, when enough leads have ended since."},
};

#define ENDED "state in ('converted', 'unqualified')"
static const kith_want wants[] = {
    KITH_WANT_RECORD("score_weight", learned.weight, SCORE_WEIGHT),
    KITH_WANT_RECORD("score_model", learned.model_record, SCORE_MODEL),
    KITH_WANT_RECORD("score_model", learned.model_stamp, MODEL_STAMP),
    KITH_WANT_RECORD("interaction", learned.about, ABOUT_LEAD),
    KITH_WANT_RECORD("lead", learned.lead, PAST_LEAD),
    KITH_WANT(QUERY, "score_weight", learned.query.weights),
    KITH_WANT(QUERY, "score_model limit 1", learned.query.model),
    KITH_WANT(QUERY, "lead where " ENDED " and created >= :since", learned.query.ended),
    KITH_WANT(QUERY, "lead where " ENDED " and created >= :since group by state : count()",
              learned.query.ended_counts),
    KITH_WANT(QUERY, "interaction where about is not null and planned = false",
              learned.query.touches),
    KITH_WANT(QUERY,
              "interaction where about = :lead and planned = false and at < :until : count()",
              learned.query.touches_of),
    KITH_WANT(SETTING, "learn.attributes", learned.attribute_names),
    KITH_WANT(SETTING, "learn.window", learned.window),
    KITH_WANT(SETTING, "learn.least", learned.least),
    KITH_WANT(SETTING, "learn.min_endings", learned.min_endings),
    KITH_WANT(SETTING, "learn.early", learned.early),
    KITH_WANT(SETTING, "learn.points", learned.points),
    KITH_WANT(SETTING, "learn.in_score", learned.in_score),
    KITH_WANT(SETTING, "learn.nightly", learned.nightly),
};
const kith_part learn_part = {
    .struct_size = sizeof learn_part,
    .wants = KITH_ARRAY(wants),
    .begin = attributes_read,
    .types = KITH_ARRAY(types),
    .settings = KITH_ARRAY(settings),
    .hooks = KITH_ARRAY(hooks),
    .timers = KITH_ARRAY(timers),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
