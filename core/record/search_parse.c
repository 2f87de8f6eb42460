/* SPDX-License-Identifier: Apache-2.0 */
/* Search: what people type, read into a tree of phrases. The answer is never an error of syntax:
 * a quote or a parenthesis that is not closed ends with the text, and signs mean nothing. */
#include "record/search_internal.h"

#include "base/text.h"
#include <string.h>

#define NUMBER_TEXT_MAX 30u /* bytes of a telephone number as it is typed */
#define NATIONAL_MIN    7u  /* digits behind a country's number that say enough by themselves */

struct reader {
    const struct schema *schema;
    struct arena *arena;
    kith_error *e;
    struct search *q;
    kith_str text;
    uint64_t at;
    uint32_t words, depth;
    const struct rtype *types[64];
    struct search_node *last; /* the phrase that was read last, and where it ended */
    uint64_t last_end;
};

/* -- signs ------------------------------------------------------------------------------------- */

/* Bytes of the quotation mark that stands at i; 0: none. */
static uint64_t quote_at(kith_str s, uint64_t i) {
    static const char *const quotes[] = {"\"",           "\xE2\x80\x9C", "\xE2\x80\x9D",
                                         "\xE2\x80\x9E", "\xC2\xAB",     "\xC2\xBB"};
    for (size_t k = 0; k < sizeof quotes / sizeof *quotes; k++) {
        uint64_t n = strlen(quotes[k]);
        if (s.len - i >= n && memcmp(s.ptr + i, quotes[k], n) == 0)
            return n;
    }
    return 0;
}

static bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* "(030)" in a number is no group; the bytes up to behind it; 0: it is none. */
static uint64_t area_at(kith_str s, uint64_t i) {
    uint64_t k = i + 1;
    while (k < s.len && k - i <= 6 && s.ptr[k] >= '0' && s.ptr[k] <= '9')
        k++;
    return s.ptr[i] == '(' && k > i + 1 && k < s.len && s.ptr[k] == ')' ? k + 1 - i : 0;
}

static char here(const struct reader *r) {
    return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static void skip_blanks(struct reader *r) {
    while (r->at < r->text.len && is_blank(r->text.ptr[r->at]))
        r->at++;
}

/* Takes an operator in capitals that stands by itself. */
static bool take_operator(struct reader *r, const char *name) {
    uint64_t n = strlen(name), end = r->at + n;
    if (r->text.len < end || memcmp(r->text.ptr + r->at, name, n) != 0)
        return false;
    if (end < r->text.len && !is_blank(r->text.ptr[end]) && r->text.ptr[end] != '(' &&
        !quote_at(r->text, end))
        return false;
    r->at = end;
    skip_blanks(r);
    return true;
}

/* -- phrases ----------------------------------------------------------------------------------- */

static struct search_node *new_node(struct reader *r, enum search_node_kind kind) {
    struct search_node *n = ARENA_NEW(r->arena, struct search_node);
    if (n)
        n->kind = kind;
    return n;
}

struct collecting {
    struct reader *reader;
    struct buf words, joined, all; /* all: the words without blanks */
    bool single;                   /* the last word is */
};

static bool collect(void *arg, const struct word *w) {
    struct collecting *c = arg;
    struct buf *b = w->joined ? &c->joined : &c->words;
    if (b->len)
        buf_putc(b, ' ');
    buf_str(b, w->text);
    if (!w->joined)
        buf_str(&c->all, w->text);
    c->single = w->single;
    c->reader->words++;
    return c->reader->words <= SEARCH_WORDS_MAX;
}

static struct search_node *phrase(struct reader *r, kith_str words) {
    struct search_node *n = new_node(r, SEARCH_PHRASE);
    if (n)
        n->words = arena_str(r->arena, words);
    return n && n->words.ptr ? n : NULL;
}

static struct search_node *either(struct reader *r, struct search_node *a, struct search_node *b) {
    struct search_node *n = new_node(r, SEARCH_OR);
    if (!n || !a || !b)
        return NULL;
    n->first = a;
    a->next = b;
    return n;
}

/* A text that is typed as one: its words one after the other; o'brien is also obrien. *out NULL: it
 * has no words. */
static kith_status read_phrase(struct reader *r, kith_str text, bool prefix,
                               struct search_node **out) {
    struct collecting c = {.reader = r};
    *out = NULL;
    bool ok = words_each(text, collect, &c) && !c.words.failed && !c.joined.failed;
    bool joined = c.joined.len && str_eq(buf_view(&c.joined), buf_view(&c.all));
    if (ok && c.words.len) {
        struct search_node *n = phrase(r, buf_view(&c.words));
        *out = n && joined ? either(r, n, phrase(r, buf_view(&c.joined))) : n;
        ok = *out != NULL;
        if (n) {
            n->prefix = prefix && !c.single;
            r->last = c.single ? NULL : n;
            r->last_end = r->at;
        }
    }
    buf_free(&c.words);
    buf_free(&c.joined);
    buf_free(&c.all);
    if (!ok)
        return err_nomem(r->e);
    if (r->words > SEARCH_WORDS_MAX)
        return err_set(r->e, KITH_E_LIMIT, NULL, "more than %u words to search for",
                       SEARCH_WORDS_MAX);
    return KITH_OK;
}

static kith_status read_quoted(struct reader *r, uint64_t quote, struct search_node **out) {
    uint64_t from = r->at + quote, to = from, closing = 0;
    while (to < r->text.len && !(closing = quote_at(r->text, to)))
        to++;
    r->at = to + closing;
    bool star = here(r) == '*';
    r->at += star;
    TRY(read_phrase(r, (kith_str){r->text.ptr + from, to - from}, star, out));
    r->last = NULL; /* what is in quotes is whole */
    return KITH_OK;
}

/* A word as it is typed: up to a blank, a quotation mark or a parenthesis. */
static kith_str take_word(struct reader *r) {
    uint64_t from = r->at, area;
    while (r->at < r->text.len) {
        char c = r->text.ptr[r->at];
        area = area_at(r->text, r->at);
        if (is_blank(c) || c == '|' || ((c == '(' || c == ')') && !area) ||
            quote_at(r->text, r->at))
            break;
        r->at += area ? area : 1;
    }
    return (kith_str){r->text.ptr + from, r->at - from};
}

/* -- numbers ----------------------------------------------------------------------------------- */

static bool is_number_part(kith_str s) {
    bool digit = false;
    for (uint64_t i = 0; i < s.len; i++) {
        bool is = s.ptr[i] >= '0' && s.ptr[i] <= '9';
        if (!is && !memchr("+-/().", s.ptr[i], 6))
            return false;
        digit = digit || is;
    }
    return digit;
}

/* Words that together may be a telephone number: the first, and those that follow. */
static kith_str take_number(struct reader *r, kith_str first) {
    kith_str all = first, next = first;
    while (is_number_part(next)) {
        uint64_t before = r->at;
        skip_blanks(r);
        bool ends = here(r) == '-' || (here(r) == '(' && !area_at(r->text, r->at));
        next = ends ? (kith_str){0} : take_word(r);
        kith_str with = {all.ptr, (uint64_t)(r->text.ptr + r->at - all.ptr)};
        if (!is_number_part(next) || with.len > NUMBER_TEXT_MAX) {
            r->at = before;
            break;
        }
        all = with;
    }
    return all;
}

/* Its parts, each by itself. */
static kith_status read_parts(struct reader *r, kith_str text, struct search_node **out) {
    struct search_node *all = new_node(r, SEARCH_AND), **end = all ? &all->first : NULL;
    kith_str part;
    if (!all)
        return err_nomem(r->e);
    while (str_split(&text, ' ', &part)) {
        TRY(read_phrase(r, part, false, end));
        end = *end ? &(*end)->next : end;
    }
    *out = all->first && all->first->next ? all : all->first;
    return KITH_OK;
}

/* Its parts, or all of its digits in a row, which may go on. Where it begins with that of a
 * country, it may be written without it, too. */
static kith_status read_number(struct reader *r, kith_str text, struct search_node **out) {
    struct search_number n;
    struct search_node *any = new_node(r, SEARCH_OR), **end;
    if (!any)
        return err_nomem(r->e);
    TRY(read_parts(r, text, &any->first));
    end = any->first ? &any->first->next : &any->first;
    bool country = text.ptr[0] == '+' || str_starts(text, "00");
    search_number_read(text, &n);
    for (uint32_t i = 0; i < n.tail_count; i++) {
        uint32_t dropped = n.tails[i] - n.tails[0];
        bool national = country && dropped <= 3 && n.count - n.tails[i] >= NATIONAL_MIN;
        if (i > 0 && !national)
            continue;
        if (!(*end = phrase(r, str_of(n.digits + n.tails[i]))))
            return err_nomem(r->e);
        (*end)->prefix = i == 0;
        end = &(*end)->next;
    }
    *out = any;
    return KITH_OK;
}

/* -- the tree ---------------------------------------------------------------------------------- */

static kith_status read_either(struct reader *r, struct search_node **out);

static kith_status read_type(struct reader *r, kith_str name) {
    const struct rtype *t;
    TRY(schema_find_type(r->schema, name, &t, r->e));
    if (r->q->type_count == sizeof r->types / sizeof *r->types)
        return err_set(r->e, KITH_E_LIMIT, NULL, "more than %zu types to search in",
                       sizeof r->types / sizeof *r->types);
    r->types[r->q->type_count++] = t;
    return KITH_OK;
}

static kith_status read_group(struct reader *r, struct search_node **out) {
    if (r->depth == SEARCH_DEPTH_MAX)
        return err_set(r->e, KITH_E_LIMIT, NULL,
                       "more than %u parentheses inside each other in what is searched for",
                       SEARCH_DEPTH_MAX);
    r->depth++;
    r->at++;
    TRY(read_either(r, out));
    r->at += here(r) == ')';
    r->depth--;
    return KITH_OK;
}

/* *out NULL: nothing to look for. */
static kith_status read_part(struct reader *r, struct search_node **out) {
    uint64_t quote = quote_at(r->text, r->at);
    *out = NULL;
    if (quote)
        return read_quoted(r, quote, out);
    if (here(r) == '(' && !area_at(r->text, r->at))
        return read_group(r, out);
    kith_str word = take_word(r);
    if (str_starts(word, "type:") && word.len > 5)
        return read_type(r, (kith_str){word.ptr + 5, word.len - 5});
    kith_str number = take_number(r, word);
    if (search_is_number(number))
        return read_number(r, number, out);
    r->at = (uint64_t)(word.ptr + word.len - r->text.ptr);
    return read_phrase(r, word, word.len && word.ptr[word.len - 1] == '*', out);
}

static bool take_not(struct reader *r) {
    if (take_operator(r, "NOT"))
        return true;
    if (here(r) != '-' || r->at + 1 >= r->text.len || is_blank(r->text.ptr[r->at + 1]))
        return false;
    r->at++;
    return true;
}

/* Parts side by side; *out NULL: none. */
static kith_status read_all(struct reader *r, struct search_node **out) {
    struct search_node *all = new_node(r, SEARCH_AND), **end = all ? &all->first : NULL;
    bool wanted = false;
    *out = NULL;
    if (!all)
        return err_nomem(r->e);
    for (;;) {
        skip_blanks(r);
        uint64_t from = r->at;
        if (take_operator(r, "AND"))
            continue;
        if (r->at >= r->text.len || here(r) == ')' || here(r) == '|' || take_operator(r, "OR")) {
            r->at = from;
            break;
        }
        bool negated = take_not(r);
        TRY(read_part(r, end));
        if (!*end)
            continue;
        (*end)->negated = negated;
        if (negated)
            r->last = NULL;
        wanted = wanted || !negated;
        end = &(*end)->next;
    }
    if (all->first && !wanted)
        return err_set(r->e, KITH_E_INVAL, NULL,
                       "a search says what is to be found, not only what is not: name a word"
                       " without '-', too");
    *out = all->first ? all : NULL;
    return KITH_OK;
}

static kith_status read_either(struct reader *r, struct search_node **out) {
    struct search_node *any = new_node(r, SEARCH_OR), **end = any ? &any->first : NULL;
    *out = NULL;
    if (!any)
        return err_nomem(r->e);
    for (bool more = true; more;) {
        TRY(read_all(r, end));
        if (*end)
            end = &(*end)->next;
        skip_blanks(r);
        more = here(r) == '|' || take_operator(r, "OR");
        r->at += more && here(r) == '|';
    }
    *out = any->first && any->first->next ? any : any->first;
    return KITH_OK;
}

/* Lists the phrases that are wanted. */
static void list_phrases(struct search *q, struct search_node *n) {
    for (; n; n = n->next) {
        if (n->negated)
            continue;
        if (n->kind == SEARCH_PHRASE) {
            n->another = q->phrases;
            q->phrases = n;
        }
        list_phrases(q, n->first);
    }
}

static kith_status read_text(struct reader *r, bool last) {
    for (uint64_t i = 0; i < r->text.len; i++)
        if (r->text.ptr[i] == '\0')
            return err_set(r->e, KITH_E_INVAL, NULL, "what is searched for has a NUL in it");
    while (r->at < r->text.len) {
        struct search_node *more;
        TRY(read_either(r, &more));
        if (!r->q->root) {
            r->q->root = more;
        } else if (more) { /* behind a parenthesis that nothing opened */
            struct search_node *both = new_node(r, SEARCH_AND);
            if (!both)
                return err_nomem(r->e);
            both->first = r->q->root;
            both->first->next = more;
            r->q->root = both;
        }
        r->at += r->at < r->text.len; /* that one */
    }
    if (last && r->last && r->last_end == r->text.len && r->last->words.len >= 2)
        r->last->prefix = true;
    return KITH_OK;
}

kith_status search_parse(struct search **out, const struct schema *s, struct arena *a,
                         kith_str text, bool last, kith_error *e) {
    struct reader r = {.schema = s, .arena = a, .e = e, .q = ARENA_NEW(a, struct search)};
    *out = NULL;
    if (text.len > SEARCH_TEXT_MAX)
        return err_set(e, KITH_E_LIMIT, NULL,
                       "what is searched for has %llu bytes; at most %u are read",
                       (unsigned long long)text.len, SEARCH_TEXT_MAX);
    if (text_invalid_at(text) >= 0)
        return err_set(e, KITH_E_INVAL, NULL, "what is searched for is not well-formed UTF-8");
    r.text = text_nfc(a, text);
    if (!r.q || !r.text.ptr)
        return err_nomem(e);
    TRY(read_text(&r, last));
    if (!r.q->root)
        return err_set(e, KITH_E_INVAL, NULL,
                       "there is no word to search for: a word has letters or digits");
    const struct rtype **types = ARENA_ARRAY(a, const struct rtype *, r.q->type_count + 1);
    if (!types)
        return err_nomem(e);
    memcpy(types, r.types, r.q->type_count * sizeof *types);
    r.q->types = types;
    list_phrases(r.q, r.q->root);
    *out = r.q;
    return KITH_OK;
}
