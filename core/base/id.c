/* SPDX-License-Identifier: Apache-2.0 */
/* Ids: the generator and the text form. */
#include "base/id.h"

#define SEQ_BITS  14
#define NODE_BITS 8
#define MS_SHIFT  (SEQ_BITS + NODE_BITS)
#define SEQ_MAX   ((UINT64_C(1) << SEQ_BITS) - 1)
#define MS_MAX    ((UINT64_C(1) << 41) - 1)

static kith_id make(uint64_t ms, uint32_t node, uint64_t seq) {
    return ms << MS_SHIFT | (uint64_t)node << SEQ_BITS | seq;
}

void idgen_init(struct idgen *g, uint32_t node, kith_id high_water) {
    node &= (1u << NODE_BITS) - 1;
    uint32_t last_node = (uint32_t)(high_water >> SEQ_BITS) & ((1u << NODE_BITS) - 1);
    uint64_t ms = high_water >> MS_SHIFT, seq = high_water & SEQ_MAX;
    /* Another node's mark: skip the rest of its millisecond, so that new ids are larger. */
    *g = (struct idgen){make(ms, node, last_node == node ? seq : SEQ_MAX), node};
}

kith_id idgen_next(struct idgen *g, int64_t now_ms) {
    uint64_t ms = g->last >> MS_SHIFT, seq = g->last & SEQ_MAX;
    uint64_t now = now_ms > ID_EPOCH_MS ? (uint64_t)(now_ms - ID_EPOCH_MS) : 1;
    if (now > ms) {
        ms = now;
        seq = 0;
    } else if (seq < SEQ_MAX) {
        seq++;
    } else { /* borrow from the next millisecond */
        ms++;
        seq = 0;
    }
    if (ms > MS_MAX)
        return 0;
    return g->last = make(ms, g->node, seq);
}

kith_status id_check_clock(int64_t now_ms, kith_error *e) {
    if (now_ms < ID_EPOCH_MS || (uint64_t)(now_ms - ID_EPOCH_MS) <= MS_MAX)
        return KITH_OK;
    return err_set(e, KITH_E_LIMIT, NULL,
                   "this computer's clock is beyond the year 2089, where ids end: set it right, "
                   "and nothing is lost");
}

kith_id id_at(int64_t ms) {
    return ms <= ID_EPOCH_MS ? 0 : (kith_id)(ms - ID_EPOCH_MS) << MS_SHIFT;
}

int64_t id_time(kith_id id) {
    return (int64_t)(id >> MS_SHIFT) + ID_EPOCH_MS;
}

void id_format(kith_id id, char text[ID_TEXT + 1]) {
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    text[ID_TEXT] = '\0';
    for (int i = ID_TEXT; i-- > 0; id >>= 5)
        text[i] = alphabet[id & 31];
}

/* The value of each letter from A on; U is none, and the look-alikes have the digit's. */
static int digit_of(char c) {
    static const int8_t letters[] = {10, 11, 12, 13, 14, 15, 16, 17, 1,  18, 19, 1,  20,
                                     21, 0,  22, 23, 24, 25, 26, -1, 27, 28, 29, 30, 31};
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return letters[c - 'a'];
    return c >= 'A' && c <= 'Z' ? letters[c - 'A'] : -1;
}

bool id_parse(kith_str text, kith_id *id) {
    if (text.len != ID_TEXT)
        return false;
    kith_id value = 0;
    for (int i = 0; i < ID_TEXT; i++) {
        int digit = digit_of(text.ptr[i]);
        if (digit < 0 || (i == 0 && digit > 7)) /* 63 bits */
            return false;
        value = value << 5 | (kith_id)digit;
    }
    if (value == 0)
        return false;
    *id = value;
    return true;
}

const char *id_unlike(kith_str text) {
    if (text.len != ID_TEXT)
        return "an id has 13 letters and digits";
    for (int i = 0; i < ID_TEXT; i++)
        if (digit_of(text.ptr[i]) < 0)
            return "an id has digits and the letters A to Z, without U, and nothing else";
    return digit_of(text.ptr[0]) > 7 ? "an id begins with a digit from 0 to 7"
                                     : "no record has a number of zeros alone";
}

kith_status id_list_add(struct id_list *l, struct arena *a, kith_id id, kith_error *e) {
    kith_id *items = arena_grow(a, l->items, l->count, &l->cap, sizeof *items);
    if (!items)
        return err_nomem(e);
    l->items = items;
    items[l->count++] = id;
    return KITH_OK;
}
