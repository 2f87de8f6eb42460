/* SPDX-License-Identifier: Apache-2.0 */
/* Objections of customers, the answers to them, and which answer has worked: of an answer that was
 * used n times and resolved w of them the rate is (w + 1) / (n + 2), so that one that worked once
 * does not stand above one that worked nine times of ten. */
#include "sales.h"

kith_status objections_end(kith_instance *self, kith_txn *txn, const struct opportunity *deal,
                           kith_error *err) {
    const int32_t won = kith_is(deal->stage, "won");
    struct objection *open = NULL;
    uint64_t count = 0;
    if (!won && !kith_is(deal->stage, "lost"))
        return KITH_OK;
    KITH_TRY(KITH_FIND(self, txn, deals.objection, self->deals.query.open_objections, 1, &deal->id,
                       &open, &count, err));
    for (uint64_t i = 0; i < count; i++)
        KITH_TRY(KITH_SET(self, txn, deals.objection, outcome, open[i].id.as.link.id,
                          kith_text(won ? "resolved" : "lost"), err));
    return KITH_OK;
}

/* -- words --------------------------------------------------------------------------------------
 */

#define WORDS_MAX 64
#define WORD_MIN  4 /* bytes: shorter ones, as "the", tell nothing */

struct words {
    kith_str items[WORDS_MAX];
    uint32_t count;
};

int is_letter(char c) {
    const unsigned char u = (unsigned char)c;
    return (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || (u >= '0' && u <= '9') || u >= 0x80;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

kith_str next_word(kith_str text, uint64_t *at) {
    uint64_t i = *at;
    while (i < text.len && !is_letter(text.ptr[i]))
        i++;
    const uint64_t begin = i;
    while (i < text.len && is_letter(text.ptr[i]))
        i++;
    *at = i;
    return (kith_str){text.ptr ? text.ptr + begin : NULL, i - begin};
}

static int same_word(kith_str a, kith_str b) {
    for (uint64_t i = 0; a.len == b.len && i < a.len; i++)
        if (lower(a.ptr[i]) != lower(b.ptr[i]))
            return 0;
    return a.len == b.len;
}

static int has_word(const struct words *words, kith_str word) {
    for (uint32_t i = 0; i < words->count; i++)
        if (same_word(words->items[i], word))
            return 1;
    return 0;
}

static void read_words(kith_value text, struct words *out) {
    uint64_t at = 0;
    if (text.kind != KITH_TEXT)
        return;
    for (kith_str w = next_word(text.as.s, &at); w.len && out->count < WORDS_MAX;
         w = next_word(text.as.s, &at))
        if (w.len >= WORD_MIN && !has_word(out, w))
            out->items[out->count++] = w;
}

/* How many of the words are in a text, each counted once by its bit in *seen. */
static void mark_words(const struct words *words, kith_value text, uint64_t *seen) {
    uint64_t at = 0;
    if (text.kind != KITH_TEXT)
        return;
    for (kith_str w = next_word(text.as.s, &at); w.len; w = next_word(text.as.s, &at))
        for (uint32_t i = 0; i < words->count; i++)
            if (same_word(words->items[i], w))
                *seen |= UINT64_C(1) << i;
}

static int64_t bits(uint64_t seen) {
    int64_t n = 0;
    for (; seen; seen &= seen - 1)
        n++;
    return n;
}

/* -- the answers that suit ----------------------------------------------------------------------
 */

struct suits {
    const struct answer *answer;
    uint64_t seen; /* words of what is asked, by bits */
    int64_t used, won;
};

/* (won + 1) / (used + 2): which is higher? */
static int is_better(const struct suits *a, const struct suits *b) {
    const int64_t left = (a->won + 1) * (b->used + 2), right = (b->won + 1) * (a->used + 2);
    return left != right ? left > right : bits(a->seen) > bits(b->seen);
}

static void sort(struct suits *s, uint64_t count) {
    for (uint64_t i = 1; i < count; i++) {
        const struct suits one = s[i];
        uint64_t k = i;
        for (; k > 0 && is_better(&one, &s[k - 1]); k--)
            s[k] = s[k - 1];
        s[k] = one;
    }
}

/* Objections like this one that an answer was given to tell as much as the answer's own words. */
static void mark_objections(const struct words *words, const struct objection *past, uint64_t count,
                            struct suits *s) {
    for (uint64_t i = 0; i < count; i++)
        if (past[i].answer.as.link.id == s->answer->id.as.link.id)
            mark_words(words, past[i].text, &s->seen);
}

static kith_status give_answers(kith_instance *self, kith_call *call, const struct suits *s,
                                uint64_t count, kith_error *err) {
    for (uint64_t i = 0; i < count; i++) {
        const struct answer *a = s[i].answer;
        const struct {
            kith_value answer, title, body, topic, used, won, rate, words;
        } row = {a->id,
                 a->title,
                 a->body,
                 a->topic,
                 a->used,
                 a->won,
                 share_of(s[i].won + 1, s[i].used + 2),
                 kith_int(bits(s[i].seen))};
        KITH_TRY(KITH_ROW(self, call, &row, err));
    }
    return KITH_OK;
}

static int32_t is_topic(kith_value topic, kith_value asked) {
    return !kith_has(asked) || (topic.kind == KITH_TEXT && same_word(topic.as.s, asked.as.s));
}

static kith_status answers_action(kith_instance *self, kith_call *call, kith_error *err) {
    const kith_txn *view = self->calls->view(call);
    struct {
        kith_value text, topic, limit;
    } args;
    struct words words = {.count = 0};
    struct answer *all;
    struct objection *past = NULL;
    uint64_t count = 0, past_count = 0, n = 0;
    struct suits *s;
    KITH_TRY(KITH_ARGS(self, call, &args, err));
    KITH_TRY(
        KITH_FIND(self, view, deals.answer, self->deals.query.answers, 0, NULL, &all, &count, err));
    if (kith_has(args.text))
        KITH_TRY(KITH_FIND(self, view, deals.objection, self->deals.query.answers_of, 0, NULL,
                           &past, &past_count, err));
    KITH_TRY(KITH_MEMORY(self, view, &s, count, err));
    read_words(args.text, &words);
    for (uint64_t i = 0; i < count; i++) {
        if (!is_topic(all[i].topic, args.topic))
            continue;
        s[n] = (struct suits){&all[i], 0, all[i].used.as.i, all[i].won.as.i};
        mark_words(&words, all[i].title, &s[n].seen);
        mark_words(&words, all[i].body, &s[n].seen);
        mark_words(&words, all[i].topic, &s[n].seen);
        mark_objections(&words, past, past_count, &s[n]);
        n += words.count == 0 || s[n].seen != 0;
    }
    sort(s, n);
    return give_answers(self, call, s,
                        n < (uint64_t)args.limit.as.i ? n : (uint64_t)args.limit.as.i, err);
}

/* -- declared -----------------------------------------------------------------------------------
 */

static const kith_field objection_fields[] = {
    F("text", LONGTEXT, .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED, .doc = "What was objected."),
    F("opportunity", LINK, .options = "opportunity", .doc = "In which deal."),
    F("account", LINK, .options = "account", .doc = "By which organisation."),
    F("contact", LINK, .options = "contact", .flags = KITH_FF_SUBJECT, .doc = "By whom."),
    F("source", CHOICE, .options = "meeting,call,quote,feedback,complaint,post_purchase,other",
      .flags = KITH_FF_INDEXED, .doc = "On which occasion."),
    F("topic", TEXT, .flags = KITH_FF_INDEXED, .doc = "What it is about, in a word: price."),
    F("answer", LINK, .options = "objection_answer", .doc = "The answer that was given."),
    F("outcome", STATE, .options = "open>resolved|lost,resolved.>open|lost,lost.>open|resolved",
      .flags = KITH_FF_INDEXED,
      .doc = "What came of it; the end of the deal decides those that are open."),
    F("at", TIME, .flags = KITH_FF_INDEXED, .doc = "When it was raised."),
};
static const kith_field answer_fields[] = {
    F("title", TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_SEARCHED, .doc = "The answer in a line."),
    F("body", LONGTEXT, .flags = KITH_FF_SEARCHED, .doc = "The answer."),
    F("topic", TEXT, .flags = KITH_FF_INDEXED, .doc = "What it is about, in a word: price."),
    F("used", INTEGER, .rollup = "count(objection via answer where outcome != 'open')",
      .doc = "How often it was given, where it is known what came of it."),
    F("won", INTEGER, .rollup = "count(objection via answer where outcome = 'resolved')",
      .doc = "How often the objection was resolved by it."),
};
static const kith_type types[] = {
    {.name = "objection_answer",
     .doc = "An answer to objections, to be given again.",
     .title = "title",
     .fields = KITH_ARRAY(answer_fields)},
    {.name = "objection",
     .doc = "What a customer has against a purchase, the answer, and what came of it.",
     .title = "text",
     .fields = KITH_ARRAY(objection_fields)},
};

static const kith_field answers_params[] = {
    F("text", LONGTEXT, .doc = "The objection, as the customer put it."),
    F("topic", TEXT, .doc = "Only answers about this."),
    F("limit", INTEGER, .default_text = "10", .min = "1", .max = "1000", .doc = "At most so many."),
};
static const kith_field answers_columns[] = {
    F("answer", LINK, .options = "objection_answer", .doc = "The answer."),
    F("title", TEXT, .doc = "In a line."),
    F("body", LONGTEXT, .doc = "In full."),
    F("topic", TEXT, .doc = "What it is about."),
    F("used", INTEGER, .doc = "How often it was given."),
    F("won", INTEGER, .doc = "How often it resolved the objection."),
    F("rate", DECIMAL, .options = "4", .doc = "(won + 1) / (used + 2)."),
    F("words", INTEGER,
      .doc = "How many words of the text are in it, or in objections that it answered."),
};
static const kith_action actions[] = {
    {.name = "answers",
     .doc = "Answers to an objection, those first that have worked best.",
     .effect = KITH_EFFECT_READ,
     .fn = answers_action,
     .params = KITH_ARRAY(answers_params),
     .columns = KITH_ARRAY(answers_columns)},
};
static const kith_report reports[] = {
    {.name = "objections",
     .doc = "What customers object, by topic and by what came of it.",
     .query = "objection group by topic, outcome order by -count() : count() as times"},
};

static const kith_want wants[] = {
    KITH_WANT_RECORD("objection", deals.objection, OBJECTION),
    KITH_WANT_RECORD("objection_answer", deals.answer, ANSWER),
    KITH_WANT(QUERY, "objection where opportunity = :opportunity and outcome = 'open'",
              deals.query.open_objections),
    KITH_WANT(QUERY, "objection_answer order by -used limit 2000", deals.query.answers),
    KITH_WANT(QUERY, "objection where answer is not null order by -id limit 2000",
              deals.query.answers_of),
};
const kith_part objections_part = {
    .struct_size = sizeof objections_part,
    .wants = KITH_ARRAY(wants),
    .types = KITH_ARRAY(types),
    .actions = KITH_ARRAY(actions),
    .reports = KITH_ARRAY(reports),
};
