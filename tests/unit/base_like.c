/* SPDX-License-Identifier: Apache-2.0 */
/* Like: what a pattern matches, and that none takes long. */
#include "base/arena.h"
#include "base/like.h"
#include "random.h"
#include "test.h"

#include <string.h>

static struct arena arena;
static uint64_t seed = RANDOM_SEED;

static uint32_t random_below(uint32_t n) {
    return (uint32_t)(random_next(&seed) >> 32) % n;
}

static const char *repeated(const char *what, int times) {
    size_t len = strlen(what), all = len * (size_t)times;
    char *text = arena_alloc(&arena, all + 1);
    for (int i = 0; i < times; i++)
        memcpy(text + len * (size_t)i, what, len);
    text[all] = '\0';
    return text;
}
#define ALL(...) arena_printf(&arena, __VA_ARGS__)

static bool like(const char *pattern, const char *text) {
    return like_match(str_of(pattern), str_of(text));
}

TEST("a pattern that nearly matches everywhere in a long text is looked for in bounded time") {
    const char *a = repeated("a", 998), *text = repeated("a", 1 << 20);
    EXPECT(!like(ALL("%%%sb", a), text));
    EXPECT(like(ALL("%%%sB", a), ALL("%sb", text)));
    EXPECT(!like(ALL("%%%sb", repeated("a_", 499)), text));
    EXPECT(like(ALL("%%%sb%%", repeated("_a", 400)), ALL("%sbcd", text)));
    EXPECT(!like(ALL("%%%s", repeated("%a%_", 249)), repeated("b", 1 << 20)));
    EXPECT(like(ALL("%%%s\xC3\xA9_", repeated("a", 500)), ALL("%s\xC3\xA9\xE2\x82\xAC", text)));
    EXPECT(!like(ALL("%%%s\xC3\xA9__", repeated("a", 500)), ALL("%s\xC3\xA9\xE2\x82\xAC", text)));
}

/* By the table of all beginnings of both. */
static bool naive_like(const char *pattern, const char *text) {
    static bool table[120][500];
    size_t m = strlen(pattern), n = strlen(text);
    for (size_t p = 0; p <= m; p++)
        for (size_t i = 0; i <= n; i++) {
            size_t one = i; /* where the character before i begins */
            while (one > 0 && (--one, ((unsigned char)text[one] & 0xC0) == 0x80))
                ;
            bool inside = i < n && ((unsigned char)text[i] & 0xC0) == 0x80;
            char c = p ? pattern[p - 1] : '\0';
            table[p][i] = p == 0     ? i == 0
                          : c == '%' ? table[p - 1][i] || (i > 0 && table[p][i - 1])
                          : c == '_'
                              ? i > 0 && !inside && table[p - 1][one]
                              : i > 0 && (c | 32) == (text[i - 1] | 32) && table[p - 1][i - 1];
        }
    return table[m][n];
}

/* Mostly a's, so that much nearly matches. */
static const char *random_text(uint32_t n, const char *const *parts, uint32_t count) {
    const char *s = "";
    for (uint32_t i = 0; i < n; i++)
        s = ALL("%s%s", s, parts[random_below(30) ? 0 : random_below(count)]);
    return s;
}

TEST("a pattern matches as it does by the table of all beginnings") {
    static const char *const parts[] = {"a", "A", "b", "\xC3\xA9", "_", "%"};
    int yes = 0;
    for (int i = 0; i < 1000; i++) {
        struct arena_mark mark = arena_mark(&arena);
        const char *text = random_text(random_below(240), parts, 4);
        const char *pattern = ALL("%%%s", random_text(random_below(50), parts, 6));
        bool want = naive_like(pattern, text);
        if (like(pattern, text) != want)
            TEST_FAIL("'%s' like '%s': expected %d", text, pattern, want);
        yes += want;
        arena_release(&arena, mark);
    }
    EXPECT(yes > 100 && yes < 900);
}
