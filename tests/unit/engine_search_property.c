/* SPDX-License-Identifier: Apache-2.0 */
/* Search against a naive evaluator: random records in many scripts, written, changed, undone and
 * deleted; random things to search for. The index, the matcher, and the evaluator below, which
 * looks at the words of the records one after the other, must find the same. KITH_SEED repeats a
 * run, KITH_CASES lengthens it. */
#include "base/words.h"
#include "engine_fixture.h"
#include "random.h"

#include <time.h>

#define RECORDS 40u
#define WORDS   24u /* of a text, at most */

static uint64_t seed;

static uint32_t below(uint32_t n) {
    return (uint32_t)(random_next(&seed) >> 33) % n;
}

/* In pairs: how it is written in one place, and in another. */
static const char *const vocabulary[][2] = {
    {"Anna", "ANNÄ"},
    {"Müller", "muller"},
    {"Straße", "STRASSE"},
    {"O'Brien", "obrien"},
    {"l’école", "l'ecole"},
    {"Москва", "МОСКВА"},
    {"Ёлка", "елка"},
    {"Αθήνα", "ΑΘΗΝΑ"},
    {"مُحَمَّد", "محمد"},
    {"علی", "علي"},
    {"שָׁלוֹם", "שלום"},
    {"नमस्ते", "नमस्ते"},
    {"東京都", "東京都"},
    {"京都", "京都"},
    {"タワー", "ﾀﾜｰ"},
    {"한국어", "한국어"},
    {"ไทย", "ไทย"},
    {"A4", "a4"},
    {"12", "１２"},
    {"a", "A"},
    {"ann", "Ann"},
    {"an", "AN"},
    {"e-mail", "E mail"},
    {"a.b@c.example", "a.b@c"},
    {"x", "X"},
    {"brien", "Brien"},
    {"OR", "or"},
    {"東", "東"},
};
#define VOCABULARY (sizeof vocabulary / sizeof *vocabulary)

static const char *random_word(void) {
    return vocabulary[below(VOCABULARY)][below(2)];
}

/* -- the naive evaluator ----------------------------------------------------------------------- */

struct words {
    char text[256][WORD_MAX + 1];
    bool joined[256];
    size_t count;
};

static bool note(void *arg, const struct word *w) {
    struct words *list = arg;
    EXPECT(list->count < 256);
    snprintf(list->text[list->count], WORD_MAX + 1, "%.*s", (int)w->text.len, w->text.ptr);
    list->joined[list->count++] = w->joined;
    return true;
}

struct thing { /* what is looked for */
    enum { THING_WORDS, THING_ALL, THING_ANY } kind;
    const char *text;
    bool prefix, negated;
    struct thing *parts[4];
    size_t count;
};

static bool begins(const char *word, const char *with) {
    return strncmp(word, with, strlen(with)) == 0;
}

static bool row_at(const struct words *have, size_t at, const struct words *want, bool prefix,
                   const char *last) {
    for (size_t i = 0; i < want->count; i++) {
        if (want->joined[i])
            continue;
        while (at < have->count && have->joined[at])
            at++;
        if (at == have->count)
            return false;
        if (prefix && want->text[i] == last ? !begins(have->text[at], last)
                                            : strcmp(have->text[at], want->text[i]) != 0)
            return false;
        at++;
    }
    return true;
}

/* The only word that apostrophes make of all of them; NULL: they do not. */
static const char *as_one(const struct words *w) {
    char all[4 * WORD_MAX + 1] = "";
    size_t n = w->count;
    if (n < 3 || !w->joined[n - 1])
        return NULL;
    for (size_t i = 0; i + 1 < n; i++) {
        if (w->joined[i] || strlen(all) > 3 * WORD_MAX)
            return NULL;
        strcat(all, w->text[i]);
    }
    return strcmp(all, w->text[n - 1]) == 0 ? w->text[n - 1] : NULL;
}

static bool text_has(kith_str text, const struct thing *t) {
    static struct words have, want;
    have.count = want.count = 0;
    EXPECT(words_each(text, note, &have) && words_each(str_of(t->text), note, &want));
    const char *last = "", *one = as_one(&want);
    for (size_t i = 0; i < want.count; i++)
        last = want.joined[i] ? last : want.text[i];
    bool single = (unsigned char)last[0] >= 0xE0 && !begins(last, "नम"); /* by this vocabulary */
    for (size_t i = 0; i < have.count; i++) {
        if (!have.joined[i] && row_at(&have, i, &want, t->prefix && !single, last))
            return true;
        if (one && strcmp(have.text[i], one) == 0)
            return true;
        if (have.joined[i] && want.count == 1 &&
            (t->prefix ? begins(have.text[i], last) : strcmp(have.text[i], last) == 0))
            return true;
    }
    return false;
}

static bool record_has(const struct rtype *t, const kith_value *values, const struct thing *w) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (t->fields[i]->flags & KITH_FF_SEARCHED && values[i].kind == KITH_TEXT &&
            text_has(values[i].as.s, w))
            return true;
    return false;
}

static bool holds(const struct rtype *t, const kith_value *values, const struct thing *w) {
    bool is = w->kind != THING_ANY;
    if (w->kind == THING_WORDS)
        is = record_has(t, values, w);
    for (size_t i = 0; i < w->count; i++) {
        bool part = holds(t, values, w->parts[i]) != w->parts[i]->negated;
        is = w->kind == THING_ALL ? is && part : is || part;
    }
    return is;
}

/* -- random things ----------------------------------------------------------------------------- */

static struct thing *random_thing(struct arena *a, struct buf *text, uint32_t depth);

static struct thing *random_words(struct arena *a, struct buf *text) {
    struct thing *t = ARENA_NEW(a, struct thing);
    struct buf words = {0};
    bool quoted = below(4) == 0;
    uint32_t n = quoted ? 1 + below(3) : 1;
    for (uint32_t i = 0; i < n; i++)
        buf_printf(&words, "%s%s", i ? " " : "", random_word());
    if (!quoted && (str_eqz(buf_view(&words), "OR") || strchr(words.ptr, ' ')))
        quoted = true;
    t->text = arena_strdup(a, words.ptr);
    t->prefix = below(4) == 0;
    buf_printf(text, "%s%s%s%s", quoted ? "\"" : "", words.ptr, quoted ? "\"" : "",
               t->prefix ? "*" : "");
    buf_free(&words);
    return t;
}

static struct thing *random_all(struct arena *a, struct buf *text, uint32_t depth) {
    struct thing *t = ARENA_NEW(a, struct thing);
    t->kind = THING_ALL;
    uint32_t n = 1 + below(3);
    for (uint32_t i = 0; i < n; i++) {
        bool negated = i > 0 && below(3) == 0;
        buf_printf(text, "%s%s", i ? " " : "", negated ? "-" : "");
        t->parts[t->count++] = random_thing(a, text, depth);
        t->parts[i]->negated = negated;
    }
    return t;
}

static struct thing *random_thing(struct arena *a, struct buf *text, uint32_t depth) {
    if (depth == 0 || below(3))
        return random_words(a, text);
    struct thing *t = ARENA_NEW(a, struct thing);
    t->kind = THING_ANY;
    uint32_t n = 1 + below(3);
    buf_puts(text, "(");
    for (uint32_t i = 0; i < n; i++) {
        buf_puts(text, i ? " OR " : "");
        t->parts[t->count++] = random_all(a, text, depth - 1);
    }
    buf_puts(text, ")");
    return t;
}

/* -- records ----------------------------------------------------------------------------------- */

static const char *random_text(struct arena *a, uint32_t most) {
    struct buf b = {0};
    uint32_t n = 1 + below(most);
    for (uint32_t i = 0; i < n; i++)
        buf_printf(&b, "%s%s", i ? " " : "", random_word());
    const char *text = arena_strdup(a, b.ptr);
    buf_free(&b);
    return text;
}

struct world {
    struct fixture x;
    const struct rtype *note;
    kith_id about, ids[RECORDS];
    kith_id last; /* transaction */
};

static kith_id write_one(struct world *w, uint32_t i) {
    struct arena *a = &w->x.arena;
    const struct rtype *t = i % 2 ? w->note : w->x.contact;
    const char *title = arena_printf(a, i % 2 ? "title=%s" : "name=%s", random_text(a, 3)),
               *body = arena_printf(a, i % 2 ? "body=%s" : "city=%s", random_text(a, WORDS)),
               *about =
                   i % 2 ? arena_printf(a, "about=contact/%s", id_text(&w->x, w->about)) : NULL;
    if (w->ids[i] && below(3) == 0) {
        w->last = delete_(&w->x, t, w->ids[i]);
        w->ids[i] = 0;
    } else if (w->ids[i]) {
        w->last = update(&w->x, t, w->ids[i], PAIRS(below(2) ? title : body));
    } else {
        w->ids[i] = create(&w->x, t, PAIRS(title, body, about));
    }
    return w->last;
}

static void undo_last(struct world *w) {
    struct undo_report report;
    if (!w->last)
        return;
    EXPECT_OK(engine_undo(w->x.g, &tester, w->last, below(2), &w->x.arena, &report, &w->x.e),
              w->x.e);
    w->last = 0;
}

/* What there is is asked of the database: an undo may have brought something back. */
struct naive {
    const struct thing *thing;
    const struct rtype *type;
    const struct search *search;
    const struct predicate *predicate; /* matches() of the same */
    const char *searched;
    struct search_text text;
    kith_id found[4 * RECORDS];
    size_t count;
};

static kith_status look_at(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct naive *n = arg;
    (void)e;
    bool has = holds(n->type, values, n->thing);
    EXPECT(search_text_of(n->type, values, &n->text));
    if (has != search_match(n->search, &n->text, SEARCH_ALL_SLOTS)) {
        for (uint32_t i = 0; i < SEARCH_SLOTS; i++)
            if (n->text.slots[i].len)
                printf("  slot %u: %s\n", i, n->text.slots[i].ptr);
        TEST_FAIL("'%s': %d by looking", n->searched, has);
    }
    struct query_env env = {.principal = &tester};
    bool yes;
    EXPECT_INT(KITH_OK, predicate_match(n->predicate, &env, id, values, NULL, &yes, e));
    EXPECT_INT(has, yes);
    if (has)
        n->found[n->count++] = id;
    return KITH_OK;
}

/* The condition in quotes. */
static const char *matches(struct arena *a, const char *text) {
    struct buf b = {0};
    buf_puts(&b, "matches('");
    for (; *text; text++)
        buf_puts(&b, *text == '\'' ? "''" : (char[]){*text, 0});
    buf_puts(&b, "')");
    const char *out = arena_strdup(a, b.ptr);
    buf_free(&b);
    return out;
}

static void look_through(struct world *w, struct naive *n, const struct rtype *t) {
    struct query *q;
    struct find_page page = {.limit = 1000};
    struct predicate *p;
    struct arena *a = &w->x.arena;
    const char *condition = matches(a, n->searched);
    size_t before = n->count;
    n->type = t;
    EXPECT_OK(predicate_parse(&p, t->schema, t, a, str_of(condition), &w->x.e), w->x.e);
    n->predicate = p;
    EXPECT_OK(query_parse(&q, t->schema, a, str_of(t->name), &w->x.e), w->x.e);
    EXPECT_OK(engine_find(w->x.g, &tester, q, NULL, &page, a, look_at, n, &w->x.e), w->x.e);
    EXPECT_INT(n->count - before,
               count(&w->x, arena_printf(a, "%s where %s", t->name, condition), NULL));
    EXPECT_INT(page.count - (int64_t)(n->count - before),
               count(&w->x, arena_printf(a, "%s where not %s", t->name, condition), NULL));
}

static void compare(struct world *w) {
    struct arena a = {0};
    struct buf text = {0};
    struct search *parsed;
    const struct thing *thing = random_all(&a, &text, 2);
    struct search_answer s = {.limit = 1000};
    kith_status st =
        search_parse(&parsed, engine_schema(w->x.g), &a, buf_view(&text), false, &w->x.e);
    if (st == KITH_E_LIMIT) { /* too many words */
        buf_free(&text);
        arena_free(&a);
        return;
    }
    if (st != KITH_OK)
        TEST_FAIL("seed %" PRIu64 ", '%s': %s", seed, text.ptr, w->x.e.message);
    struct naive n = {.thing = thing, .search = parsed, .searched = text.ptr};
    look_through(w, &n, w->x.contact);
    look_through(w, &n, w->note);
    EXPECT_OK(engine_search(w->x.g, &tester, buf_view(&text), &s, &a, &w->x.e), w->x.e);
    size_t same = 0;
    for (size_t i = 0; i < s.count; i++)
        for (size_t k = 0; k < n.count; k++)
            same += s.records[i].id == n.found[k];
    if (same != n.count || s.count != n.count)
        TEST_FAIL("'%s': %zu by the index, %zu by looking, %zu by both", text.ptr, s.count, n.count,
                  same);
    search_text_free(&n.text);
    buf_free(&text);
    arena_free(&a);
}

TEST("the index finds what looking at every record finds") {
    const char *given = getenv("KITH_SEED"), *cases = getenv("KITH_CASES");
    uint64_t start = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u + 1;
    int rounds = cases ? atoi(cases) : 3;
    for (int round = 0; round < rounds; round++) {
        struct world w = {0};
        seed = start + (uint64_t)round;
        printf("seed %" PRIu64 "\n", seed);
        fixture_open(&w.x);
        fixture_start(&w.x);
        w.note = schema_type(engine_schema(w.x.g), STR("note"));
        w.about = create(&w.x, w.x.contact, PAIRS("name=zz"));
        for (int i = 0; i < 150; i++) {
            write_one(&w, below(RECORDS));
            if (below(5) == 0)
                undo_last(&w);
            if (i % 3 == 0)
                compare(&w);
        }
        for (int i = 0; i < 200; i++)
            compare(&w);
        expect_sound(&w.x);
        fixture_close(&w.x);
    }
}
