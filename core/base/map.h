/* SPDX-License-Identifier: Apache-2.0 */
/* Map: a hash table from text (copied) or from a 64-bit number to a pointer. One thread at a time
 * for writing; any number for reading while nobody writes. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <kith/types.h>
#include <stdbool.h>

struct map_slot;
struct map { /* zeroed is empty */
    struct map_slot *slots;
    size_t cap, count;
};
void *map_get(const struct map *m, kith_str key); /* NULL: absent */
bool map_put(struct map *m, kith_str key,
             void *value); /* replaces; value not NULL; false: no memory */
void *map_get_u64(const struct map *m, uint64_t key);
bool map_put_u64(struct map *m, uint64_t key, void *value);
void *map_del(struct map *m, kith_str key); /* what was there, or NULL */
void *map_del_u64(struct map *m, uint64_t key);
/* Walks in no particular order: start with *pos 0; false at the end. key and value may be NULL. The
 * key's text is NUL-ended and lives as long as its entry; a number comes as ptr NULL and len.
 * Nothing may be put or deleted during the walk. */
bool map_next(const struct map *m, size_t *pos, kith_str *key, void **value);
void map_free(struct map *m); /* the values are the caller's */
#endif
