/* SPDX-License-Identifier: Apache-2.0 */
/* Arena: alignment, marks, reuse. Leaks and overruns show under the address sanitizer. */
#include "base/arena.h"
#include "test.h"

TEST("memory of any size is aligned for any type and does not overlap") {
    struct arena a = {0};
    unsigned char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = arena_alloc(&a, i * 37);
        EXPECT_INT(0, (uintptr_t)blocks[i] % _Alignof(max_align_t));
        memset(blocks[i], (int)i, i * 37);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * 37; k++)
            EXPECT_INT((unsigned char)i, blocks[i][k]);
    arena_free(&a);
}

TEST("memory asked for as zeroed is zero even where it was used before") {
    struct arena a = {0};
    memset(arena_alloc(&a, 1000), 0xAA, 1000);
    arena_reset(&a);
    const char *p = arena_zalloc(&a, 1000);
    for (int i = 0; i < 1000; i++)
        EXPECT_INT(0, p[i]);
    arena_free(&a);
}

TEST("sizes that cannot be are refused") {
    struct arena a = {0};
    EXPECT(arena_alloc(&a, SIZE_MAX) == NULL);
    EXPECT(arena_alloc(&a, SIZE_MAX / 2 + 1) == NULL);
    EXPECT(arena_array(&a, SIZE_MAX / 4, 8) == NULL);
    EXPECT(arena_strndup(&a, "", SIZE_MAX) == NULL);
    EXPECT(arena_alloc(&a, 0) != NULL);
    arena_free(&a);
}

TEST("text is copied with a NUL behind it, NULs inside kept") {
    struct arena a = {0};
    kith_str s = arena_str(&a, (kith_str){"a\0b", 3});
    EXPECT_INT(3, s.len);
    EXPECT(memcmp(s.ptr, "a\0b", 4) == 0);
    EXPECT_STR("", arena_str(&a, (kith_str){NULL, 0}).ptr);
    EXPECT_STR("", arena_strndup(&a, NULL, 0));
    EXPECT_STR("abc", arena_strdup(&a, "abc"));
    EXPECT_STR("lead 7 of acme", arena_printf(&a, "%s %d of %s", "lead", 7, "acme"));
    char *wide = arena_printf(&a, "%0*d", 10000, 1);
    EXPECT_INT(10000, strlen(wide));
    arena_free(&a);
}

TEST("a release frees what came after the mark and keeps what came before") {
    struct arena a = {0};
    struct arena_mark empty = arena_mark(&a);
    char *kept = arena_strdup(&a, "kept");
    struct arena_mark mark = arena_mark(&a);
    char *next = arena_alloc(&a, 8);
    for (int i = 0; i < 100; i++)
        memset(arena_alloc(&a, 10000), i, 10000);
    arena_release(&a, mark);
    EXPECT_STR("kept", kept);
    EXPECT(arena_alloc(&a, 8) == next);
    arena_release(&a, empty);
    EXPECT(a.head == NULL);
}

TEST("after a reset work of the same size needs no new block") {
    struct arena a = {0};
    for (int i = 0; i < 1000; i++)
        (void)arena_alloc(&a, 100);
    arena_reset(&a);
    struct arena_block *kept = a.head;
    EXPECT(kept != NULL);
    for (int i = 0; i < 500; i++)
        (void)arena_alloc(&a, 100);
    EXPECT(a.head == kept);
    arena_free(&a);
}

TEST("a reset does not hold on to a giant block") {
    struct arena a = {0};
    (void)arena_alloc(&a, 100 << 20);
    arena_reset(&a);
    EXPECT(a.head == NULL);
    EXPECT(arena_alloc(&a, 10) != NULL);
    arena_free(&a);
}

TEST("an arena knows how much it has of the system") {
    struct arena a = {0};
    EXPECT_INT(0, arena_bytes(&a));
    (void)arena_alloc(&a, 3 << 20);
    (void)arena_alloc(&a, 10);
    struct arena_mark mark = arena_mark(&a);
    size_t before = arena_bytes(&a);
    EXPECT(before > 3 << 20 && before < 4 << 20);
    (void)arena_alloc(&a, 5 << 20);
    EXPECT_INT(before + (5 << 20), arena_bytes(&a));
    arena_release(&a, mark);
    EXPECT_INT(before, arena_bytes(&a));
    arena_reset(&a);
    EXPECT(arena_bytes(&a) < 1 << 20);
    arena_free(&a);
    EXPECT_INT(0, arena_bytes(&a));
}

TEST("a list grows with its items, and begins empty") {
    struct arena a = {0};
    int *items = NULL;
    size_t cap = 0;
    for (int i = 0; i < 1000; i++) {
        items = arena_grow(&a, items, (size_t)i, &cap, sizeof *items);
        EXPECT(items && cap > (size_t)i);
        items[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        EXPECT_INT(i, items[i]);
    arena_free(&a);
}
