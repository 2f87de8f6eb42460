/* SPDX-License-Identifier: Apache-2.0 */
/* Ids: 64-bit, time-ordered. 41 bits of milliseconds since 2020-01-01 UTC, 8 of node, 14 of
 * sequence. Never repeated: the generator uses max(clock, last + 1) and borrows from the next
 * millisecond when the sequence is used up or the clock steps back. */
#ifndef BASE_ID_H
#define BASE_ID_H

#include "base/arena.h"
#include "base/err.h"
#include <kith/types.h>
#include <stdbool.h>

#define ID_EPOCH_MS 1577836800000 /* 2020-01-01T00:00:00Z */
#define ID_TEXT     13            /* characters of an id's text */

struct idgen {
    kith_id last;
    uint32_t node; /* 0 .. 255 */
};
/* high_water: the largest id ever given out, or 0. */
void idgen_init(struct idgen *g, uint32_t node, kith_id high_water);
/* Larger than any before. One thread at a time. 0: the 41 bits are used up (the year 2089). */
kith_id idgen_next(struct idgen *g, int64_t now_ms);
/* KITH_E_LIMIT: at this time no id can be made, since it lies beyond the 41 bits. Most likely the
 * computer's clock is wrong: nothing must be written with it. */
kith_status id_check_clock(int64_t now_ms, kith_error *e);
int64_t id_time(kith_id id); /* milliseconds since 1970 */
kith_id id_at(int64_t ms);   /* no id of that time, or a later one, is smaller */

void id_format(kith_id id, char text[ID_TEXT + 1]); /* Crockford base32, NUL-ended */
/* Accepts lower case and Crockford's look-alikes (o for 0, i and l for 1); false: not an id, as are
 * 0 and what needs the 64th bit. */
bool id_parse(kith_str text, kith_id *id);
/* Ids that are gathered, one after the other, in an arena; zeroed is empty. */
struct id_list {
    kith_id *items;
    size_t count, cap;
};
kith_status id_list_add(struct id_list *l, struct arena *a, kith_id id, kith_error *e);
/* What ids are like and this text is not: "an id has 13 letters and digits". */
const char *id_unlike(kith_str text);

#endif
