/* SPDX-License-Identifier: Apache-2.0 */
/* Map: open addressing with linear probing, at most three quarters full. Deleting shifts the slots
 * behind back, so there are no tombstones and a lookup ends at the first empty slot. */
#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct map_slot {
    const char *text; /* the key: our copy, NUL-ended; NULL: the key is the number */
    uint64_t number;  /* the key, or the length of text */
    uint64_t hash;
    void *value; /* NULL: the slot is empty */
};

/* -- hashing: folded 128-bit products, as in wyhash -------------------------------------------- */

__extension__ typedef unsigned __int128 wide;

static const uint64_t K0 = 0x9E3779B97F4A7C15, K1 = 0xBF58476D1CE4E5B9, K2 = 0x94D049BB133111EB;

static uint64_t fold(uint64_t a, uint64_t b) {
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t load8(const char *p) {
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t load4(const char *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t hash_text(kith_str s) {
    const char *p = s.ptr;
    uint64_t left = s.len, h = s.len ^ K0, a = 0, b = 0;
    for (; left > 16; p += 16, left -= 16)
        h = fold(load8(p) ^ K1, load8(p + 8) ^ h);
    if (left >= 8) {
        a = load8(p);
        b = load8(p + left - 8);
    } else if (left >= 4) {
        a = load4(p);
        b = load4(p + left - 4);
    } else if (left) {
        a = (uint64_t)(unsigned char)p[0] << 16 | (uint64_t)(unsigned char)p[left / 2] << 8 |
            (unsigned char)p[left - 1];
    }
    return fold(fold(a ^ K1, b ^ h) ^ K2, K0);
}

static uint64_t hash_number(uint64_t n) {
    return fold(n ^ K1, K0);
}

/* -- slots ------------------------------------------------------------------------------------- */

/* A slot to search for; its text is the caller's. */
static struct map_slot key_of_text(kith_str key) {
    return (struct map_slot){
        .text = key.ptr ? key.ptr : "", .number = key.len, .hash = hash_text(key)};
}

static struct map_slot key_of_number(uint64_t key) {
    return (struct map_slot){.number = key, .hash = hash_number(key)};
}

static bool same_key(const struct map_slot *a, const struct map_slot *b) {
    return a->hash == b->hash && a->number == b->number && !a->text == !b->text &&
           (!a->text || memcmp(a->text, b->text, (size_t)a->number) == 0);
}

/* The slot of the key, or the empty one where it would go. The table has an empty slot. */
static struct map_slot *find(struct map_slot *slots, size_t cap, const struct map_slot *key) {
    size_t i = (size_t)key->hash & (cap - 1);
    while (slots[i].value && !same_key(&slots[i], key))
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static bool grow(struct map *m) {
    if (m->cap > SIZE_MAX / sizeof(struct map_slot) / 2)
        return false;
    size_t cap = m->cap ? m->cap * 2 : 16;
    struct map_slot *slots = calloc(cap, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].value)
            *find(slots, cap, &m->slots[i]) = m->slots[i];
    free(m->slots);
    m->slots = slots;
    m->cap = cap;
    return true;
}

static void *get(const struct map *m, struct map_slot key) {
    return m->count ? find(m->slots, m->cap, &key)->value : NULL;
}

static bool put(struct map *m, struct map_slot key, void *value) {
    struct map_slot *slot = m->count ? find(m->slots, m->cap, &key) : NULL;
    if (slot && slot->value) {
        slot->value = value;
        return true;
    }
    char *copy = NULL;
    if (key.text) {
        copy = key.number < SIZE_MAX ? malloc((size_t)key.number + 1) : NULL;
        if (!copy)
            return false;
        memcpy(copy, key.text, (size_t)key.number);
        copy[key.number] = '\0';
    }
    if (m->count + 1 > m->cap / 4 * 3 && !grow(m)) {
        free(copy);
        return false;
    }
    slot = find(m->slots, m->cap, &key);
    *slot = (struct map_slot){copy, key.number, key.hash, value};
    m->count++;
    return true;
}

static void *del(struct map *m, struct map_slot key) {
    struct map_slot *slot = m->count ? find(m->slots, m->cap, &key) : NULL;
    if (!slot || !slot->value)
        return NULL;
    void *value = slot->value;
    free((void *)slot->text);
    size_t mask = m->cap - 1, hole = (size_t)(slot - m->slots);
    for (size_t i = (hole + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
        size_t home = (size_t)m->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) { /* the hole lies on its way */
            m->slots[hole] = m->slots[i];
            hole = i;
        }
    }
    m->slots[hole] = (struct map_slot){0};
    m->count--;
    return value;
}

/* -- the calls --------------------------------------------------------------------------------- */

void *map_get(const struct map *m, kith_str key) {
    return get(m, key_of_text(key));
}

bool map_put(struct map *m, kith_str key, void *value) {
    return put(m, key_of_text(key), value);
}

void *map_del(struct map *m, kith_str key) {
    return del(m, key_of_text(key));
}

void *map_get_u64(const struct map *m, uint64_t key) {
    return get(m, key_of_number(key));
}

bool map_put_u64(struct map *m, uint64_t key, void *value) {
    return put(m, key_of_number(key), value);
}

void *map_del_u64(struct map *m, uint64_t key) {
    return del(m, key_of_number(key));
}

bool map_next(const struct map *m, size_t *pos, kith_str *key, void **value) {
    while (*pos < m->cap) {
        const struct map_slot *slot = &m->slots[(*pos)++];
        if (!slot->value)
            continue;
        if (key)
            *key = (kith_str){slot->text, slot->number};
        if (value)
            *value = slot->value;
        return true;
    }
    return false;
}

void map_free(struct map *m) {
    for (size_t i = 0; i < m->cap; i++)
        free((void *)m->slots[i].text);
    free(m->slots);
    *m = (struct map){0};
}
