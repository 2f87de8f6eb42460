/* SPDX-License-Identifier: Apache-2.0 */
/* Arena: a chain of blocks, newest first; memory comes off the newest one. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN     _Alignof(max_align_t)
#define BLOCK_MIN ((size_t)4096)
#define BLOCK_MAX ((size_t)256 * 1024) /* of ordinary blocks; a larger request gets its own */

struct arena_block {
    struct arena_block *older;
    size_t cap;   /* bytes of data */
    size_t below; /* those of older ones */
    _Alignas(max_align_t) char data[];
};

static size_t round_up(size_t size) {
    return (size + ALIGN - 1) & ~(ALIGN - 1);
}

size_t arena_bytes(const struct arena *a) {
    return a->head ? a->head->below + a->head->cap : 0;
}

static struct arena_block *block_add(struct arena *a, size_t size) {
    size_t cap = a->head ? a->head->cap * 2 : BLOCK_MIN - sizeof(struct arena_block);
    if (cap > BLOCK_MAX)
        cap = BLOCK_MAX;
    if (cap < size)
        cap = size;
    struct arena_block *b = malloc(sizeof *b + cap);
    if (!b)
        return NULL;
    *b = (struct arena_block){.older = a->head, .cap = cap, .below = arena_bytes(a)};
    a->head = b;
    a->used = 0;
    return b;
}

void *arena_alloc(struct arena *a, size_t size) {
    if (size > SIZE_MAX / 2)
        return NULL;
    size = round_up(size ? size : 1);
    struct arena_block *b = a->head;
    if ((!b || size > b->cap - a->used) && !(b = block_add(a, size)))
        return NULL;
    void *p = b->data + a->used;
    a->used += size;
    return p;
}

void *arena_zalloc(struct arena *a, size_t size) {
    void *p = arena_alloc(a, size);
    return p ? memset(p, 0, size) : NULL;
}

void *arena_array(struct arena *a, size_t size, size_t count) {
    size_t total;
    return __builtin_mul_overflow(size, count, &total) ? NULL : arena_zalloc(a, total);
}

void *arena_grow(struct arena *a, void *items, size_t count, size_t *cap, size_t size) {
    if (count < *cap)
        return items;
    size_t more = *cap ? *cap * 2 : 8;
    void *out = arena_array(a, size, more);
    if (out && count)
        memcpy(out, items, count * size);
    if (out)
        *cap = more;
    return out;
}

char *arena_strndup(struct arena *a, const char *s, size_t len) {
    char *p = len < SIZE_MAX ? arena_alloc(a, len + 1) : NULL;
    if (!p)
        return NULL;
    if (len)
        memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *arena_strdup(struct arena *a, const char *s) {
    return arena_strndup(a, s, strlen(s));
}

kith_str arena_str(struct arena *a, kith_str s) {
    char *p = arena_strndup(a, s.ptr, (size_t)s.len);
    return (kith_str){p, p ? s.len : 0};
}

char *arena_printf(struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = len < 0 ? NULL : arena_alloc(a, (size_t)len + 1);
    if (!p)
        return NULL;
    va_start(ap, fmt);
    (void)vsnprintf(p, (size_t)len + 1, fmt, ap);
    va_end(ap);
    return p;
}

void arena_reset(struct arena *a) {
    struct arena_block *kept = NULL;
    for (struct arena_block *b = a->head, *older; b; b = older) {
        older = b->older;
        /* The newest ordinary block is the largest of its kind; a giant one would hold on to
         * memory. */
        if (!kept && b->cap <= BLOCK_MAX)
            kept = b;
        else
            free(b);
    }
    if (kept) {
        kept->older = NULL;
        kept->below = 0;
    }
    *a = (struct arena){.head = kept};
}

void arena_free(struct arena *a) {
    arena_release(a, (struct arena_mark){0});
}

struct arena_mark arena_mark(const struct arena *a) {
    return (struct arena_mark){a->head, a->used};
}

void arena_release(struct arena *a, struct arena_mark mark) {
    while (a->head && a->head != mark.head) {
        struct arena_block *b = a->head;
        a->head = b->older;
        free(b);
    }
    a->used = mark.used;
}
