/* SPDX-License-Identifier: Apache-2.0 */
/* Texts, each once: the values of attributes, and words. */
#include "learn.h"
#include <stdlib.h>

static unsigned char folded(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* As a field of one line takes it: up to the end of the line, without blanks behind. */
static kith_str cut(kith_str text) {
    uint64_t len = 0;
    while (len < text.len && (unsigned char)text.ptr[len] >= ' ')
        len++;
    if (len >= TERM_SIZE)
        for (len = TERM_SIZE - 1; len > 0 && ((unsigned char)text.ptr[len] & 0xC0u) == 0x80u;)
            len--;
    while (len > 0 && text.ptr[len - 1] == ' ')
        len--;
    return (kith_str){text.ptr, len};
}

static uint64_t hash_of(uint32_t attribute, kith_str text) {
    uint64_t h = UINT64_C(14695981039346656037) ^ attribute;
    for (uint64_t i = 0; i < text.len; i++)
        h = (h ^ folded(text.ptr[i])) * UINT64_C(1099511628211);
    return h ^ h >> 29;
}

static int is_same(const struct term *term, uint32_t attribute, kith_str text) {
    if (term->attribute != attribute || term->len != text.len)
        return 0;
    for (uint64_t i = 0; i < text.len; i++)
        if (folded(term->text[i]) != folded(text.ptr[i]))
            return 0;
    return 1;
}

/* Where it stands, or would; there is always a free slot. */
static uint32_t *slot_of(const struct terms *terms, uint32_t attribute, kith_str text) {
    uint64_t i = hash_of(attribute, text) & (terms->slot_room - 1);
    while (terms->slots[i] && !is_same(&terms->items[terms->slots[i] - 1], attribute, text))
        i = (i + 1) & (terms->slot_room - 1);
    return &terms->slots[i];
}

static kith_status no_memory(kith_error *err) {
    return kith_fail(err, KITH_E_NOMEM, NULL, "there is no memory for so many different values");
}

static kith_status grow_slots(struct terms *terms, kith_error *err) {
    const uint64_t room = terms->slot_room ? terms->slot_room * 2 : 256;
    uint32_t *slots = calloc((size_t)room, sizeof *slots);
    if (!slots)
        return no_memory(err);
    free(terms->slots);
    terms->slots = slots;
    terms->slot_room = room;
    for (uint64_t i = 0; i < terms->count; i++) {
        const struct term *t = &terms->items[i];
        *slot_of(terms, t->attribute, (kith_str){t->text, t->len}) = (uint32_t)i + 1;
    }
    return KITH_OK;
}

static kith_status grow_items(struct terms *terms, kith_error *err) {
    const uint64_t room = terms->room ? terms->room * 2 : 128;
    struct term *items =
        room < UINT32_MAX ? realloc(terms->items, (size_t)room * sizeof *items) : NULL;
    if (!items)
        return no_memory(err);
    terms->items = items;
    terms->room = room;
    return KITH_OK;
}

kith_status terms_add(struct terms *terms, uint32_t attribute, kith_str text, uint32_t *at,
                      kith_error *err) {
    KITH_TRY(terms->count * 2 >= terms->slot_room ? grow_slots(terms, err) : KITH_OK);
    if (terms->count == terms->room)
        KITH_TRY(grow_items(terms, err));
    text = cut(text);
    uint32_t *slot = slot_of(terms, attribute, text);
    if (!*slot) {
        struct term *t = &terms->items[terms->count];
        memset(t, 0, sizeof *t);
        t->attribute = attribute;
        t->len = (uint32_t)text.len;
        if (text.len)
            memcpy(t->text, text.ptr, (size_t)text.len);
        *slot = (uint32_t)++terms->count;
    }
    *at = *slot - 1;
    return KITH_OK;
}

const struct term *terms_find(const struct terms *terms, uint32_t attribute, kith_str text) {
    if (terms->count == 0)
        return NULL;
    const uint32_t slot = *slot_of(terms, attribute, cut(text));
    return slot ? &terms->items[slot - 1] : NULL;
}

void terms_free(struct terms *terms) {
    free(terms->items);
    free(terms->slots);
    memset(terms, 0, sizeof *terms);
}
