/* SPDX-License-Identifier: Apache-2.0 */
/* Search: what of a record is shown: its own text as it was written, with the words marked. */
#include "record/search_internal.h"

#include <string.h>

#define BEFORE_MAX 50u  /* bytes shown before the first mark */
#define TEXT_MAX   180u /* bytes shown */

struct seen { /* a word of the text */
    kith_str text;
    uint32_t from, to;
    bool joined;
};
struct marking {
    struct arena *arena;
    struct seen *words;
    size_t count, cap;
    bool nomem;
};

static bool see_word(void *arg, const struct word *w) {
    struct marking *m = arg;
    struct seen *words = arena_grow(m->arena, m->words, m->count, &m->cap, sizeof *words);
    kith_str text = arena_str(m->arena, w->text);
    m->nomem = !words || !text.ptr;
    if (m->nomem)
        return false;
    m->words = words;
    words[m->count++] = (struct seen){text, (uint32_t)w->from, (uint32_t)w->to, w->joined};
    return true;
}

/* How many words from i on are the phrase; 0: they are not. */
static size_t phrase_at(const struct marking *m, size_t i, const struct search_node *p) {
    kith_str rest = p->words, want;
    size_t k = i;
    while (str_split(&rest, ' ', &want)) {
        while (k < m->count && k > i && m->words[k].joined)
            k++;
        if (k == m->count)
            return 0;
        kith_str have = m->words[k].text;
        bool begins = p->prefix && rest.len == 0 && have.len > want.len &&
                      memcmp(have.ptr, want.ptr, want.len) == 0;
        if (!begins && !str_eq(have, want))
            return 0;
        k++;
    }
    return k - i;
}

static kith_status add_mark(struct search_snippet *s, size_t *cap, struct arena *a, uint32_t from,
                            uint32_t to, kith_error *e) {
    struct search_mark *last = s->count ? &s->marks[s->count - 1] : NULL;
    if (last && from <= last->to) {
        last->to = to > last->to ? to : last->to;
        return KITH_OK;
    }
    struct search_mark *marks = arena_grow(a, s->marks, s->count, cap, sizeof *marks);
    if (!marks)
        return err_nomem(e);
    s->marks = marks;
    marks[s->count++] = (struct search_mark){from, to};
    return KITH_OK;
}

/* A number that is found by its digits is marked as a whole. */
static bool number_matches(const struct search *q, kith_str text) {
    struct search_number n;
    if (!search_number_read(text, &n))
        return false;
    for (const struct search_node *p = q->phrases; p; p = p->another)
        for (uint32_t i = 0; i < n.tail_count; i++) {
            kith_str tail = str_of(n.digits + n.tails[i]);
            if (p->prefix
                    ? tail.len >= p->words.len && memcmp(tail.ptr, p->words.ptr, p->words.len) == 0
                    : str_eq(tail, p->words))
                return true;
        }
    return false;
}

kith_status search_mark_text(const struct search *q, kith_str text, struct arena *a,
                             struct search_snippet *out, kith_error *e) {
    struct marking m = {.arena = a};
    size_t cap = 0;
    *out = (struct search_snippet){.text = text};
    if (number_matches(q, text))
        return add_mark(out, &cap, a, 0, (uint32_t)text.len, e);
    if (!words_each(text, see_word, &m) || m.nomem)
        return err_nomem(e);
    for (size_t i = 0; i < m.count; i++) {
        size_t longest = 0;
        for (const struct search_node *p = q->phrases; p; p = p->another) {
            size_t n = phrase_at(&m, i, p);
            longest = n > longest ? n : longest;
        }
        if (longest)
            TRY(add_mark(out, &cap, a, m.words[i].from, m.words[i + longest - 1].to, e));
    }
    return KITH_OK;
}

/* -- cutting ----------------------------------------------------------------------------------- */

static bool inside_char(kith_str s, uint64_t i) {
    return i < s.len && ((unsigned char)s.ptr[i] & 0xC0) == 0x80;
}

/* Where a word begins, if one does so near by. */
static uint64_t cut_start(kith_str s, uint64_t mark) {
    uint64_t from = mark > BEFORE_MAX ? mark - BEFORE_MAX : 0, blank = from;
    while (from > 0 && blank < mark && s.ptr[blank] != ' ' && s.ptr[blank] != '\n')
        blank++;
    if (from > 0 && blank < mark)
        return blank + 1;
    while (from < mark && inside_char(s, from))
        from++;
    return from;
}

static uint64_t cut_end(kith_str s, uint64_t from, uint64_t mark_end) {
    uint64_t to = from + TEXT_MAX > mark_end ? from + TEXT_MAX : mark_end;
    if (to >= s.len)
        return s.len;
    for (uint64_t i = to; i > mark_end && i > to - 30; i--)
        if (s.ptr[i] == ' ' || s.ptr[i] == '\n')
            return i;
    while (inside_char(s, to))
        to++;
    return to;
}

/* The part around the first mark, on one line. */
static kith_status cut(struct search_snippet *s, struct arena *a, kith_error *e) {
    static const char dots[] = "\xE2\x80\xA6 ";
    uint64_t from = cut_start(s->text, s->marks[0].from),
             to = cut_end(s->text, from, s->marks[0].to);
    uint32_t front = from > 0 ? sizeof dots - 1 : 0;
    uint32_t back = to < s->text.len ? sizeof dots - 1 : 0;
    uint64_t len = to - from;
    size_t kept = 0;
    char *text = arena_alloc(a, front + len + back + 1);
    if (!text)
        return err_nomem(e);
    memcpy(text, dots, front);
    memcpy(text + front, s->text.ptr + from, len);
    memcpy(text + front + len, " \xE2\x80\xA6", back);
    text[front + len + back] = '\0';
    for (uint64_t i = front; i < front + len; i++) /* on one line; a NUL may be among them */
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F)
            text[i] = ' ';
    for (size_t i = 0; i < s->count && s->marks[i].to <= to; i++)
        s->marks[kept++] = (struct search_mark){s->marks[i].from - (uint32_t)from + front,
                                                s->marks[i].to - (uint32_t)from + front};
    s->count = kept;
    s->text = (kith_str){text, front + len + back};
    return KITH_OK;
}

static kith_status of_value(const struct search *q, const kith_value *v, struct arena *a,
                            struct search_snippet *out, kith_error *e) {
    if (v->kind == KITH_TEXT)
        return search_mark_text(q, v->as.s, a, out, e);
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count && !out->count; i++)
        TRY(of_value(q, &v->as.list.items[i], a, out, e));
    return KITH_OK;
}

kith_status search_snippet_of(const struct search *q, const struct rtype *t,
                              const kith_value *values, struct arena *a, struct search_snippet *out,
                              kith_error *e) {
    *out = (struct search_snippet){0};
    for (uint32_t i = 0; i < t->searched_count; i++) {
        const struct rfield *f = t->searched[i];
        struct search_snippet here = {0};
        if (f == t->title)
            continue;
        TRY(of_value(q, &values[f->index], a, &here, e));
        if (!here.count)
            continue;
        *out = here;
        out->field = f;
        return cut(out, a, e);
    }
    return KITH_OK;
}
