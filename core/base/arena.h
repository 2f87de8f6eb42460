/* SPDX-License-Identifier: Apache-2.0 */
/* Arena: memory that is freed all at once. One thread at a time. Pointers stay valid until
 * arena_reset or arena_free; everything handed out is aligned for any type. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <kith/types.h>

struct arena_block;
struct arena {
    struct arena_block *head; /* newest block; NULL: empty. A zeroed struct is a valid arena. */
    size_t used;              /* bytes taken from head */
};

/* NULL only when the system has no memory. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size); /* zeroed */
/* Zeroed; NULL also when size * count does not fit. */
void *arena_array(struct arena *a, size_t size, size_t count);
/* A list with room for one more item behind its `count`: items, or a copy of them that is twice as
 * large. *cap is 0 at first, as items is NULL. NULL: no memory; the old list is as it was. */
void *arena_grow(struct arena *a, void *items, size_t count, size_t *cap, size_t size);
/* Copies s and appends a NUL that is not counted. An empty s gives "". */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_strdup(struct arena *a, const char *s);
kith_str arena_str(struct arena *a, kith_str s); /* ptr NULL: no memory */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a);         /* keeps one block for reuse */
void arena_free(struct arena *a);          /* the arena may be used again */
size_t arena_bytes(const struct arena *a); /* that it has of the system */

/* A position to go back to: frees what was allocated since, in this arena. A reset voids it. */
struct arena_mark {
    struct arena_block *head;
    size_t used;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_release(struct arena *a, struct arena_mark mark);

#define ARENA_NEW(a, type)          ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_array((a), sizeof(type), (size_t)(count)))

#endif
