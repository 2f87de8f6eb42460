/* SPDX-License-Identifier: Apache-2.0 */
/* Words that go with conversion: what stands in notes and talks about leads, and in what they are
 * interested in, up to their end. Each lead counts once for a word. Whether a word tells anything
 * is asked by the test of likelihood ratios, as if nothing but luck were at work,
 *
 *   G = 2 * sum of observed * ln(observed / expected)    over word or not, converted or not
 *
 * and since some among thousands of words always seem to, its chance is multiplied by how many
 * there are (Bonferroni). */
#include "sales.h"
#include <math.h>
#include <stdlib.h>

#define WORD_MIN 3 /* bytes */

struct told_lead {
    kith_id id;
    int64_t created, ended;
    int64_t converted;
};
struct mention {
    uint32_t lead, term;
};
struct mining {
    kith_instance *self;
    const kith_txn *txn;
    struct {
        struct told_lead *items;
        uint64_t count, room;
    } leads;
    struct {
        struct mention *items;
        uint64_t count, room;
    } mentions;
    struct terms terms;
    uint64_t converted;
    uint32_t texts;
};

/* -- reading ------------------------------------------------------------------------------------
 */

/* In small letters, as far as these are ASCII. */
static kith_status add_word(struct mining *m, kith_str word, uint32_t *term, kith_error *err) {
    char small[TERM_SIZE];
    uint64_t len = word.len < TERM_SIZE ? word.len : TERM_SIZE;
    for (uint64_t i = 0; i < len; i++)
        small[i] =
            (char)(word.ptr[i] >= 'A' && word.ptr[i] <= 'Z' ? word.ptr[i] + 32 : word.ptr[i]);
    return terms_add(&m->terms, 0, (kith_str){small, len}, term, err);
}

static kith_status take_words(struct mining *m, uint32_t lead, kith_value text, kith_error *err) {
    uint64_t at = 0;
    uint32_t term = 0;
    if (text.kind != KITH_TEXT)
        return KITH_OK;
    m->texts++;
    for (kith_str w = next_word(text.as.s, &at); w.len; w = next_word(text.as.s, &at)) {
        if (w.len < WORD_MIN)
            continue;
        KITH_TRY(add_word(m, w, &term, err));
        if (m->terms.items[term].last == m->texts)
            continue;
        m->terms.items[term].last = m->texts;
        KITH_TRY(KITH_GROW(m->self, m->txn, &m->mentions, err));
        m->mentions.items[m->mentions.count++] = (struct mention){lead, term};
    }
    return KITH_OK;
}

static kith_status take_lead(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct mining *m = arg;
    struct past_lead lead;
    KITH_TRY(KITH_READ(m->self, txn, learned.lead, row, &lead, err));
    KITH_TRY(KITH_GROW(m->self, txn, &m->leads, err));
    const int64_t converted = kith_is(lead.state, "converted");
    m->leads.items[m->leads.count] = (struct told_lead){
        lead.id.as.link.id, lead.created.as.i,
        lead.ended_at.kind == KITH_TIME ? lead.ended_at.as.i : INT64_MAX, converted};
    m->converted += (uint64_t)converted;
    return take_words(m, (uint32_t)m->leads.count++, lead.interest, err);
}

static int by_id(const void *a, const void *b) {
    const struct told_lead *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* Of a lead that ended, and written down before it did. */
static kith_status take_text(struct mining *m, kith_value about, int64_t at, kith_value title,
                             kith_value body, kith_error *err) {
    const struct told_lead key = {.id = about.as.link.id};
    if (about.kind != KITH_LINK || about.as.link.type != m->self->lead.type || m->leads.count == 0)
        return KITH_OK;
    const struct told_lead *lead =
        bsearch(&key, m->leads.items, (size_t)m->leads.count, sizeof *lead, by_id);
    if (!lead || at > lead->ended)
        return KITH_OK;
    const uint32_t at_lead = (uint32_t)(lead - m->leads.items);
    KITH_TRY(take_words(m, at_lead, title, err));
    return take_words(m, at_lead, body, err);
}

static kith_status take_note(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct mining *m = arg;
    struct note_text note;
    KITH_TRY(KITH_READ(m->self, txn, learned.note, row, &note, err));
    return take_text(m, note.about, note.created.as.i, note.title, note.body, err);
}

static kith_status take_talk(void *arg, const kith_txn *txn, const kith_row *row, kith_error *err) {
    struct mining *m = arg;
    struct talk_text talk;
    KITH_TRY(KITH_READ(m->self, txn, learned.talk, row, &talk, err));
    return take_text(m, talk.about, talk.at.as.i, talk.subject, talk.body, err);
}

/* The leads come in the order of their ids, so that each is found again. */
static kith_status read_all(struct mining *m, kith_value since, kith_error *err) {
    const struct learned *l = &m->self->learned;
    const kith_records_v1 *rec = m->self->records;
    KITH_TRY(rec->find(m->txn, l->query.told, 1, &since, 0, take_lead, m, err));
    KITH_TRY(rec->find(m->txn, l->query.notes, 1, &since, 0, take_note, m, err));
    return rec->find(m->txn, l->query.talks, 1, &since, 0, take_talk, m, err);
}

/* -- counting -----------------------------------------------------------------------------------
 */

static int by_lead_and_term(const void *a, const void *b) {
    const struct mention *x = a, *y = b;
    if (x->lead != y->lead)
        return x->lead < y->lead ? -1 : 1;
    return (x->term > y->term) - (x->term < y->term);
}

static void count_leads(struct mining *m) {
    if (m->mentions.count)
        qsort(m->mentions.items, (size_t)m->mentions.count, sizeof *m->mentions.items,
              by_lead_and_term);
    for (uint64_t i = 0; i < m->mentions.count; i++) {
        const struct mention *one = &m->mentions.items[i];
        if (i && by_lead_and_term(one, one - 1) == 0)
            continue;
        const struct told_lead *lead = &m->leads.items[one->lead];
        struct term *t = &m->terms.items[one->term];
        t->leads++;
        t->converted += lead->converted;
        if (lead->converted || !t->example)
            t->example = lead->id;
    }
}

static double piece(double observed, double expected) {
    return observed > 0 ? 2 * observed * log(observed / expected) : 0;
}

static double ratio(const struct mining *m, const struct term *t) {
    const double n = (double)m->leads.count, won = (double)m->converted;
    const double with = (double)t->leads, both = (double)t->converted;
    if (with >= n || won <= 0 || won >= n)
        return 0;
    return piece(both, with * won / n) + piece(with - both, with * (n - won) / n) +
           piece(won - both, (n - with) * won / n) +
           piece(n - with - won + both, (n - with) * (n - won) / n);
}

static int32_t is_for(const struct mining *m, const struct term *t) {
    return t->converted * (int64_t)m->leads.count > t->leads * (int64_t)m->converted;
}

/* -- telling ------------------------------------------------------------------------------------
 */

struct telling {
    const struct term *term;
    double ratio;
};
static int by_ratio(const void *a, const void *b) {
    const struct telling *x = a, *y = b;
    if (x->ratio > y->ratio || x->ratio < y->ratio)
        return x->ratio > y->ratio ? -1 : 1;
    return strcmp(x->term->text, y->term->text);
}

struct words_args {
    kith_value since, of, least, all, limit;
};

static kith_value by_luck(double ratio, uint64_t words) {
    const double chance = erfc(sqrt((ratio > 0 ? ratio : 0) / 2)) * (double)words;
    return kith_decimal(llround((chance < 1 ? chance : 1) * 10000), 4);
}

static kith_status tell(struct mining *m, kith_call *call, const struct words_args *args,
                        struct telling *tellings, uint64_t count, kith_error *err) {
    const int32_t converted = kith_is(args->of, "converted");
    int64_t left = args->limit.as.i;
    if (count)
        qsort(tellings, (size_t)count, sizeof *tellings, by_ratio);
    for (uint64_t i = 0; i < count && left > 0; i++) {
        const struct term *t = tellings[i].term;
        const kith_value luck = by_luck(tellings[i].ratio, count);
        if (is_for(m, t) != converted || (!args->all.as.i && luck.as.decimal.units > 500))
            continue;
        const struct {
            kith_value word, leads, converted, rate, lift, luck, example;
        } row = {kith_text(t->text),
                 kith_int(t->leads),
                 kith_int(t->converted),
                 share_of(t->converted, t->leads),
                 share_of(t->converted * (int64_t)m->leads.count, t->leads * (int64_t)m->converted),
                 luck,
                 kith_link(m->self->lead.type, t->example)};
        KITH_TRY(KITH_ROW(m->self, call, &row, err));
        left--;
    }
    return KITH_OK;
}

static kith_status weigh(struct mining *m, kith_call *call, const struct words_args *args,
                         kith_error *err) {
    struct telling *tellings;
    uint64_t count = 0;
    count_leads(m);
    KITH_TRY(KITH_MEMORY(m->self, m->txn, &tellings, m->terms.count, err));
    for (uint64_t i = 0; i < m->terms.count; i++)
        if (m->terms.items[i].leads >= args->least.as.i)
            tellings[count++] = (struct telling){&m->terms.items[i], ratio(m, &m->terms.items[i])};
    KITH_TRY(tell(m, call, args, tellings, count, err));
    const struct {
        kith_value leads, converted, words;
    } out = {kith_int((int64_t)m->leads.count), kith_int((int64_t)m->converted),
             kith_int((int64_t)count)};
    return KITH_RESULTS(m->self, call, &out, err);
}

static kith_status words_action(kith_instance *self, kith_call *call, kith_error *err) {
    struct mining m = {.self = self, .txn = self->calls->view(call)};
    struct words_args args;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    if (!kith_has(args.since))
        args.since = kith_time(KITH_NOW(self).as.i - self->learned.window.as.i);
    kith_status st = read_all(&m, args.since, err);
    if (st == KITH_OK)
        st = weigh(&m, call, &args, err);
    terms_free(&m.terms);
    return st;
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field params[] = {
    F("since", TIME, .doc = "Leads that came from then on; those of sales.learn.window without."),
    F("of", CHOICE, .options = "converted,lost", .default_text = "converted",
      .doc = "Words that go with conversion, or with leads that were given up."),
    F("least", INTEGER, .default_text = "5", .min = "2",
      .doc = "Words that stand with fewer leads are left out."),
    F("all", BOOLEAN, .default_text = "false", .doc = "Also words of which it may well be luck."),
    F("limit", INTEGER, .default_text = "50", .min = "1", .max = "1000", .doc = "At most so many."),
};
static const kith_field results[] = {
    F("leads", INTEGER, .doc = "Leads that ended."),
    F("converted", INTEGER, .doc = "How many of them were converted."),
    F("words", INTEGER, .doc = "Different words that were compared."),
};
static const kith_field columns[] = {
    F("word", TEXT, .doc = "The word."),
    F("leads", INTEGER, .doc = "With how many leads it stands."),
    F("converted", INTEGER, .doc = "How many of those were converted."),
    F("rate", DECIMAL, .options = "4", .doc = "converted / leads."),
    F("lift", DECIMAL, .options = "4", .doc = "The rate by that of all leads that ended."),
    F("luck", DECIMAL, .options = "4",
      .doc = "How likely any of so many words would differ as much by luck alone."),
    F("example", LINK, .options = "lead", .doc = "A lead with it, one that was converted if any."),
};
static const kith_action actions[] = {
    {.name = "note_words",
     .doc = "Words in notes about leads that go with their conversion: reasons to buy, for "
            "campaigns.",
     .effect = KITH_EFFECT_READ,
     .fn = words_action,
     .params = KITH_ARRAY(params),
     .results = KITH_ARRAY(results),
     .columns = KITH_ARRAY(columns)},
};
#define ENDED "state in ('converted', 'unqualified')"
static const kith_want wants[] = {
    KITH_WANT_RECORD("note", learned.note, NOTE_TEXT),
    KITH_WANT_RECORD("interaction", learned.talk, TALK_TEXT),
    KITH_WANT(QUERY, "lead where " ENDED " and created >= :since order by id", learned.query.told),
    KITH_WANT(QUERY, "note where created >= :since", learned.query.notes),
    KITH_WANT(QUERY, "interaction where at >= :since and about is not null and planned = false",
              learned.query.talks),
};
const kith_part note_words_part = {
    .struct_size = sizeof note_words_part,
    .wants = KITH_ARRAY(wants),
    .actions = KITH_ARRAY(actions),
};
