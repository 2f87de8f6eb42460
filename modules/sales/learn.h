/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about learning from leads that ended share. */
#ifndef SALES_LEARN_H
#define SALES_LEARN_H

#include <kith/easy.h>
#include <kith/plugin.h>

#define LEARN_ATTRIBUTES_MAX 24
#define LEARN_VALUES_MAX     100 /* of one attribute; what is rarer is put together */
#define TERM_SIZE            96  /* bytes of a value or word with its end */

/* What is no value, but stands in the place of one. */
#define VALUE_NONE    "(none)"
#define VALUE_OTHER   "(other)"
#define VALUE_UNKNOWN "(unknown)"

/* clang-format off */
#define SCORE_WEIGHT(X) X(attribute) X(value) X(leads) X(converted) X(rate) X(lift) X(weight) X(points)
#define SCORE_MODEL(X)  X(name) X(learned_at) X(attributes) X(leads) X(converted) X(base) X(auc)      \
                        X(brier) X(brier_of_rate) X(stamp)
#define MODEL_STAMP(X)  X(stamp)
#define PAST_LEAD(X)    X(state) X(created) X(ended_at) X(set_at_end) X(interest)
#define ABOUT_LEAD(X)   X(about) X(at)
#define NOTE_TEXT(X)    X(about) X(created) X(title) X(body)
#define TALK_TEXT(X)    X(about) X(at) X(subject) X(body)
/* clang-format on */
KITH_RECORD(score_weight, SCORE_WEIGHT);
KITH_RECORD(score_model, SCORE_MODEL);
KITH_RECORD(model_stamp, MODEL_STAMP);
KITH_RECORD(past_lead, PAST_LEAD);
KITH_RECORD(about_lead, ABOUT_LEAD);
KITH_RECORD(note_text, NOTE_TEXT);
KITH_RECORD(talk_text, TALK_TEXT);

/* -- terms.c: texts, each once, whatever the case of its ASCII letters ---------------------------
 */

struct term {
    uint32_t attribute, len;
    char text[TERM_SIZE];
    int64_t leads, converted;
    int64_t weight; /* log odds, in ten thousandths */
    int64_t points;
    uint32_t feature; /* its place in what is fitted, from 1; 0: none */
    uint32_t last;    /* the text, counted from 1, in which it was met last */
    kith_id example;
};
struct terms {
    struct term *items;
    uint32_t *slots; /* places in items + 1; open addressing */
    uint64_t count, room, slot_room;
};
/* Longer texts are cut between characters. *at: the place, which stays. */
kith_status terms_add(struct terms *terms, uint32_t attribute, kith_str text, uint32_t *at,
                      kith_error *err);
const struct term *terms_find(const struct terms *terms, uint32_t attribute, kith_str text);
void terms_free(struct terms *terms);

/* -- attributes.c: what of a lead is looked at ---------------------------------------------------
 */

enum attribute_how { BY_VALUE, BY_DOMAIN, BY_PRESENCE, BY_INTERACTIONS };

struct attribute {
    kith_str name;             /* as in the setting */
    uint32_t head, type, tail; /* fields of the lead, and of what it links to; tail 0: none */
    enum attribute_how how;
    int32_t may_come_late; /* the end of a lead sets the head */
    uint32_t at;           /* of the head among the fields that are read; 0: it has none */
};
enum { LOOK_CREATED, LOOK_ENDED_AT, LOOK_SET_AT_END, LOOK_FIRST };

/* Interactions about leads, by lead and time. */
struct touch {
    kith_id lead;
    int64_t at;
};
/* What many leads that are looked at in a row share. */
#define LINKED_BITS 15
#define LINKED_ROOM (1u << LINKED_BITS)
struct linked { /* a value of what a lead links to */
    kith_id id;
    uint32_t attribute, len;
    char text[TERM_SIZE];
};
struct gathered {
    kith_instance *self;
    struct touch *items; /* sorted */
    uint64_t count, room;
    struct linked *linked; /* the last one with each remainder of the id */
};

/* The values of one lead, in the order of the attributes; those of numbers stand in room. */
struct sight {
    kith_str values[LEARN_ATTRIBUTES_MAX];
    char room[LEARN_ATTRIBUTES_MAX][48];
};

/* -- judge.c: what was learned ------------------------------------------------------------------
 */

struct chance_model {
    int32_t known; /* something was learned */
    char stamp[20];
    int64_t base;
    struct terms weights;
};
struct judgement {
    kith_value chance; /* percent; KITH_NULL: nothing was learned, or the lead has ended */
    int64_t points;    /* for the score; 0 unless the settings say so */
};

struct learned {
    struct score_weight_numbers weight;
    struct score_model_numbers model_record;
    struct model_stamp_numbers model_stamp;
    struct past_lead_numbers lead;
    struct about_lead_numbers about;
    struct note_text_numbers note;
    struct talk_text_numbers talk;
    struct {
        uint32_t weights, model, ended, ended_counts, touches, touches_of, told, notes, talks;
    } query;
    kith_value attribute_names, window, least, min_endings, early, points, in_score, nightly;
    struct attribute attributes[LEARN_ATTRIBUTES_MAX];
    uint32_t attribute_count;
    /* Fields of the lead that are read at once: LOOK_FIRST, and behind them the head of each
     * attribute that has one. */
    uint32_t looked_at[LOOK_FIRST + LEARN_ATTRIBUTES_MAX], looked_at_count;
    int32_t is_rescoring;      /* chances are being written: hooks need not tell them */
    struct chance_model model; /* of the writer alone */
};

kith_status attributes_read(kith_instance *self, kith_error *err);
int32_t attributes_have_interactions(const kith_instance *self);
/* For many leads: all interactions about leads are read at once, and what leads link to is
 * remembered. In the memory of the callback. */
kith_status gathered_read(kith_instance *self, const kith_txn *txn, struct gathered *out,
                          kith_error *err);
/* What is to be learned from a lead that ended, as it was before its end; of an open one what is
 * known now. gathered: NULL: this lead alone is looked at. */
kith_status attributes_look(kith_instance *self, const kith_txn *txn, const kith_row *row,
                            int32_t is_past, struct gathered *gathered, struct sight *out,
                            kith_error *err);

/* Notes when a lead ended, and what the end itself filled in. */
kith_status ending_hook(kith_instance *self, kith_txn *txn, kith_change *change, kith_error *err);

/* The writer's model is what the records say, also when they were written a moment ago. */
kith_status judge_begin(kith_instance *self, const kith_txn *txn, kith_error *err);
/* By that model. gathered as above. */
kith_status judge_lead(kith_instance *self, const kith_txn *txn, const kith_row *row,
                       struct gathered *gathered, struct judgement *out, kith_error *err);
/* What was learned adds so many points to the score. */
kith_status judge_points(kith_instance *self, const kith_txn *txn, const kith_row *row,
                         int64_t *points, kith_error *err);
kith_status model_load(kith_instance *self, const kith_txn *txn, struct chance_model *out,
                       kith_error *err);
void model_free(struct chance_model *model);
/* The weight of a value, or of what stands in its place; NULL: there is none. */
const struct term *model_weight(const struct chance_model *model, uint32_t attribute,
                                kith_str value);
/* Percent with one digit, of log odds in ten thousandths. */
kith_value chance_of(int64_t log_odds);

/* -- fit.c: logistic regression, and how far it can be trusted -----------------------------------
 */

#define FIT_PARTS 10 /* rows of the table of reliability */
struct fit_part {
    int64_t leads, converted;
    double low, high, expected; /* chances: the lowest, the highest, the mean */
};
struct fit {
    uint32_t attributes, features;
    uint64_t count;
    const uint32_t *samples; /* count rows of a feature for each attribute; 0: none */
    const signed char *ends; /* 1: converted, 0: not */
    double *weights;         /* out: features + 1 of them; that at 0 is the base */
    double auc, brier, brier_of_rate;
    struct fit_part parts[FIT_PARTS];
};
/* Out of 5 folds, by the order of the samples. */
kith_status fit_run(const kith_host *host, const kith_txn *txn, struct fit *fit, kith_error *err);

void learn_free(kith_instance *self);
extern const kith_part learn_part, judge_part, note_words_part;

#endif
