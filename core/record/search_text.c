/* SPDX-License-Identifier: Apache-2.0 */
/* Search: the words of a record, slot by slot. */
#include "record/search_internal.h"

#include <string.h>

bool search_kind(uint32_t kind) {
    return kind == KITH_F_TEXT || kind == KITH_F_LONGTEXT || kind == KITH_F_EMAIL ||
           kind == KITH_F_PHONE || kind == KITH_F_URL || kind == KITH_F_TAGS ||
           kind == KITH_F_SERIES;
}

void search_text_free(struct search_text *w) {
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++)
        buf_free(&w->slots[i]);
    *w = (struct search_text){0};
}

/* -- numbers ----------------------------------------------------------------------------------- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool search_is_number(kith_str s) {
    uint64_t digits = 0;
    for (uint64_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]) && !memchr("+-/(). ", s.ptr[i], 7))
            return false;
        digits += is_digit(s.ptr[i]);
    }
    return digits >= SEARCH_DIGITS_MIN && digits <= SEARCH_DIGITS_MAX;
}

static void add_tail(struct search_number *n, uint32_t at) {
    while (at < n->count && n->digits[at] == '0')
        at++;
    if (n->count - at < SEARCH_DIGITS_MIN || n->tail_count == SEARCH_TAILS)
        return;
    for (uint32_t i = 0; i < n->tail_count; i++)
        if (n->tails[i] == at)
            return;
    n->tails[n->tail_count++] = at;
}

bool search_number_read(kith_str s, struct search_number *out) {
    uint32_t groups[SEARCH_DIGITS_MAX + 1], group_count = 0;
    *out = (struct search_number){0};
    if (!search_is_number(s))
        return false;
    for (uint64_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]))
            continue;
        if (i == 0 || !is_digit(s.ptr[i - 1]))
            groups[group_count++] = out->count;
        out->digits[out->count++] = s.ptr[i];
    }
    for (uint32_t i = 0; i < group_count; i++)
        add_tail(out, groups[i]);
    /* The numbers of countries have one to three digits. */
    bool country = s.ptr[0] == '+' || (out->digits[0] == '0' && out->digits[1] == '0');
    uint32_t first = out->tail_count ? out->tails[0] : 0;
    for (uint32_t k = 1; country && k <= 3 && first + k < out->count; k++)
        add_tail(out, first + k);
    return true;
}

/* -- words ------------------------------------------------------------------------------------- */

struct adding {
    struct buf *slot, *apart; /* the words in order, and those that stand beside them */
};

static void add_word(struct buf *b, kith_str word) {
    if (b->len)
        buf_putc(b, ' ');
    buf_str(b, word);
}

static bool take_word(void *arg, const struct word *w) {
    struct adding *a = arg;
    if (w->joined && a->apart->len)
        add_word(a->apart, STR(SEARCH_BAR)); /* they were not side by side */
    add_word(w->joined ? a->apart : a->slot, w->text);
    return true;
}

static void add_number(struct buf *apart, kith_str text) {
    struct search_number n;
    if (!search_number_read(text, &n))
        return;
    for (uint32_t i = 0; i < n.tail_count; i++)
        add_word(apart, str_of(n.digits + n.tails[i]));
}

static bool add_text(struct buf *slot, kith_str text) {
    struct buf apart = {0};
    struct adding a = {slot, &apart};
    if (slot->len)
        add_word(slot, STR(SEARCH_BAR));
    bool ok = words_each(text, take_word, &a);
    add_number(&apart, text);
    if (apart.len) {
        add_word(slot, STR(SEARCH_BAR));
        add_word(slot, buf_view(&apart));
    }
    ok = ok && !slot->failed && !apart.failed;
    buf_free(&apart);
    return ok;
}

static void mark_title(struct buf *slot) {
    struct buf copy = {0};
    kith_str rest = buf_view(slot), word;
    while (str_split(&rest, ' ', &word)) {
        if (str_eqz(word, SEARCH_BAR)) {
            add_word(&copy, word);
        } else {
            add_word(&copy, STR(SEARCH_TITLE));
            buf_str(&copy, word);
        }
    }
    if (copy.len) {
        add_word(slot, STR(SEARCH_BAR));
        add_word(slot, buf_view(&copy));
    }
    slot->failed = slot->failed || copy.failed;
    buf_free(&copy);
}

static bool add_value(struct buf *slot, const kith_value *v) {
    if (v->kind == KITH_TEXT)
        return add_text(slot, v->as.s);
    for (uint64_t i = 0; v->kind == KITH_LIST && i < v->as.list.count; i++)
        if (!add_value(slot, &v->as.list.items[i]))
            return false;
    return true;
}

/* The primary address or number of a contact stands in the contact, and is found there. */
static bool stands_elsewhere(const struct rtype *t, const kith_value *values) {
    const kith_value *primary = t->point_primary ? &values[t->point_primary->index] : NULL;
    if (!primary || primary->kind != KITH_BOOL || !primary->as.i)
        return false;
    const kith_value *kind = &values[t->point_kind->index];
    return kind->kind == KITH_TEXT &&
           (str_eqz(kind->as.s, "email") || str_eqz(kind->as.s, "phone"));
}

bool search_has_words(const struct rtype *t, const kith_value *values) {
    if (stands_elsewhere(t, values))
        return false;
    for (uint32_t i = 0; i < t->searched_count; i++)
        if (values[t->searched[i]->index].kind != KITH_NULL)
            return true;
    return false;
}

bool search_text_of(const struct rtype *t, const kith_value *values, struct search_text *out) {
    out->any = false;
    for (uint32_t i = 0; i < SEARCH_SLOTS; i++)
        buf_reset(&out->slots[i]);
    if (stands_elsewhere(t, values))
        return true;
    for (uint32_t i = 0; i < t->searched_count; i++) {
        const struct rfield *f = t->searched[i];
        if (!add_value(&out->slots[f->slot], &values[f->index]))
            return false;
        if (f == t->title)
            mark_title(&out->slots[f->slot]);
        if (out->slots[f->slot].failed)
            return false;
        out->any = out->any || out->slots[f->slot].len > 0;
    }
    return true;
}
