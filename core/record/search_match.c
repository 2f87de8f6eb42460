/* SPDX-License-Identifier: Apache-2.0 */
/* Search: what is searched for as a condition: in FTS5's language for the index, and looked for in
 * the words of one record. */
#include "record/access.h"
#include "record/search_internal.h"

#include <string.h>

/* -- one record -------------------------------------------------------------------------------- */

/* Does the phrase stand at p, where a word begins? */
static bool stands_at(const struct search_node *n, const char *p, const char *end, bool *whole) {
    uint64_t left = (uint64_t)(end - p);
    if (left < n->words.len || memcmp(p, n->words.ptr, n->words.len) != 0)
        return false;
    *whole = left == n->words.len || p[n->words.len] == ' ';
    return *whole || n->prefix;
}

uint32_t search_count(const struct search_node *phrase, kith_str slot, bool *exact) {
    const char *p = slot.ptr, *end = p + slot.len;
    uint32_t count = 0;
    *exact = false;
    while (p && p < end) {
        bool whole;
        if (stands_at(phrase, p, end, &whole)) {
            count++;
            *exact = *exact || whole;
        }
        p = memchr(p, ' ', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    return count;
}

static bool phrase_matches(const struct search_node *n, const kith_str *words, uint32_t slots) {
    bool exact;
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++)
        if (slots >> i & 1 && words[i].len && search_count(n, words[i], &exact))
            return true;
    return false;
}

static bool node_matches(const struct search_node *n, const kith_str *words, uint32_t slots) {
    if (n->kind == SEARCH_PHRASE)
        return phrase_matches(n, words, slots);
    bool all = n->kind == SEARCH_AND;
    for (const struct search_node *c = n->first; c; c = c->next)
        if ((node_matches(c, words, slots) != c->negated) != all)
            return !all;
    return all;
}

bool search_holds(const struct search *q, const kith_str *words, uint32_t slots) {
    return node_matches(q->root, words, slots);
}

bool search_match(const struct search *q, const struct search_text *w, uint32_t slots) {
    kith_str words[SEARCH_SLOTS];
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++)
        words[i] = buf_view(&w->slots[i]);
    return w->any && search_holds(q, words, slots);
}

bool search_wants(const struct search *q, const struct rtype *t) {
    for (size_t i = 0; i < q->type_count; i++)
        if (q->types[i] == t)
            return true;
    return q->type_count == 0;
}

uint32_t search_slots(const struct principal *p, const struct rtype *t) {
    uint32_t all = 0, hidden = 0;
    for (uint32_t i = 0; i < t->searched_count; i++) {
        uint32_t slot = 1u << t->searched[i]->slot;
        all |= slot;
        hidden |= access_reads(p, t->searched[i]) ? 0 : slot;
    }
    return all & ~hidden;
}

/* -- the index --------------------------------------------------------------------------------- */

static void write_node(struct buf *b, const struct search_node *n, enum search_form form);

/* The bytes of the first two characters. */
static uint64_t two_letters(kith_str word) {
    uint64_t n = 0;
    for (int k = 0; k < 2 && n < word.len; k++)
        do
            n++;
        while (n < word.len && ((unsigned char)word.ptr[n] & 0xC0) == 0x80);
    return n;
}

/* Letters, digits and blanks: nothing in it ends the quotation. */
static void write_phrase(struct buf *b, const struct search_node *n, enum search_form form) {
    bool first = true, prefix = n->prefix && form != SEARCH_TITLES;
    kith_str rest = n->words, word;
    buf_putc(b, '"');
    while (str_split(&rest, ' ', &word)) {
        buf_puts(b, first ? "" : " ");
        buf_puts(b, form == SEARCH_TITLES ? SEARCH_TITLE : "");
        bool cut = form == SEARCH_LOOSE && prefix && rest.len == 0;
        buf_add(b, word.ptr, cut ? two_letters(word) : word.len);
        first = false;
    }
    buf_puts(b, prefix ? "\" *" : "\"");
}

/* The parts that are, or are not, negated. What must not be there must not be there anywhere. */
static void write_parts(struct buf *b, const struct search_node *n, bool negated,
                        const char *between, enum search_form form) {
    bool first = true;
    buf_putc(b, '(');
    for (const struct search_node *c = n->first; c; c = c->next) {
        if (c->negated != negated)
            continue;
        buf_puts(b, first ? "" : between);
        write_node(b, c, negated ? SEARCH_EXACT : form);
        first = false;
    }
    buf_putc(b, ')');
}

static void write_node(struct buf *b, const struct search_node *n, enum search_form form) {
    bool negated = false;
    for (const struct search_node *c = n->first; c; c = c->next)
        negated = negated || c->negated;
    switch (n->kind) {
    case SEARCH_PHRASE:
        write_phrase(b, n, form);
        return;
    case SEARCH_OR:
        write_parts(b, n, false, " OR ", form);
        return;
    case SEARCH_AND:
        buf_puts(b, negated ? "(" : "");
        write_parts(b, n, false, " AND ", form);
        if (negated) {
            buf_puts(b, " NOT ");
            write_parts(b, n, true, " OR ", form);
            buf_putc(b, ')');
        }
    }
}

static void write_slots(struct buf *b, uint32_t slots) {
    buf_putc(b, '{');
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++)
        if (slots >> i & 1)
            buf_printf(b, " s%u", i);
    buf_puts(b, " } : ");
}

/* Types that are all to be looked at in the same way. */
static void write_part(struct buf *b, const struct search *q, const struct search_part *part) {
    for (size_t i = 0; part->types && i < part->count; i++)
        buf_printf(b, "%s\"" SEARCH_BAR "%u\"", i ? " OR " : "(", part->types[i]->id);
    buf_puts(b, part->types ? ") AND " : "");
    if (part->slots != SEARCH_ALL_SLOTS)
        write_slots(b, part->slots);
    buf_putc(b, '(');
    write_node(b, q->root, part->form);
    buf_putc(b, ')');
}

const char *search_fts(const struct search *q, const struct search_part *parts, size_t count,
                       struct arena *a) {
    struct buf b = {0};
    for (size_t i = 0; i < count; i++) {
        buf_puts(&b, i ? ") OR (" : "(");
        write_part(&b, q, &parts[i]);
    }
    buf_putc(&b, ')');
    const char *out = b.failed ? NULL : arena_strdup(a, b.ptr);
    buf_free(&b);
    return out;
}
