/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the pattern matcher: against Lua's own, and against patterns that never end there. */
#include "test.h"

#include "script/pattern.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

/* Finds pat in text; the steps that were spent are in *spent (which may be NULL). */
static const char *find(struct pattern *m, const char *text, const char *pat, const char **end,
                        int64_t *steps) {
    bool anchored = *pat == '^';
    *m = (struct pattern){.text = text,
                          .text_end = text + strlen(text),
                          .pat = pat + anchored,
                          .pat_end = pat + strlen(pat),
                          .steps = steps};
    for (const char *at = text; at <= m->text_end; at++) {
        *end = pattern_match(m, at);
        if (*end || m->error)
            return *end ? at : NULL;
        if (anchored)
            break;
    }
    return NULL;
}

TEST("captures hold what Lua's hold") {
    struct pattern m;
    const char *end;
    int64_t steps = 1000;
    const char *at = find(&m, "due 2024-02-29!", "(%d+)%-(%d+)%-(%d+)()", &end, &steps);
    EXPECT(at);
    EXPECT_INT(4, m.captures);
    EXPECT_INT(4, at - m.text);
    EXPECT_INT(2, m.capture[1].len);
    EXPECT_INT(CAPTURE_POSITION, m.capture[3].len);
    EXPECT_INT(14, m.capture[3].start - m.text);
}

TEST("a pattern that explodes ends when its steps are spent") {
    char text[401];
    struct pattern m;
    const char *end;
    int64_t steps = 100000;
    memset(text, 'a', 400);
    text[400] = '\0';
    EXPECT(!find(&m, text, "a*a*a*a*b", &end, &steps));
    EXPECT_HAS("too long", m.error);
    EXPECT(steps > -1000);
}

TEST("a malformed pattern is an error with a reason") {
    static const struct {
        const char *pat, *why;
    } cases[] = {{"%", "ends with '%'"}, {"[a", "missing ']'"},
                 {"[a%", "missing ']'"}, {"(a", "unfinished capture"},
                 {"a)", "invalid"},      {"%1", "invalid capture"},
                 {"%bx", "%b"},          {"%f", "missing '['"},
                 {"[]", "missing ']'"},  {"[^]", "missing ']'"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pattern m;
        const char *end;
        int64_t steps = 1000;
        EXPECT(!find(&m, "aaa", cases[i].pat, &end, &steps));
        EXPECT_HAS(cases[i].why, m.error);
    }
}

TEST("a pattern of many single items is no deeper than one") {
    char text[1001], pat[2001];
    struct pattern m;
    const char *end;
    int64_t steps = 100000;
    memset(text, '7', 1000);
    text[1000] = '\0';
    for (int i = 0; i < 1000; i++)
        memcpy(pat + 2 * i, "%d", 2);
    pat[2000] = '\0';
    EXPECT(find(&m, text, pat, &end, &steps) == text);
    EXPECT(end == text + 1000);
}

static uint32_t seed;
static uint32_t roll(uint32_t n) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static void random_text(char *out, uint32_t max) {
    static const char letters[] = "aabbc1 .-(%";
    uint32_t n = roll(max);
    for (uint32_t i = 0; i < n; i++)
        out[i] = letters[roll(sizeof letters - 1)];
    out[n] = '\0';
}

static void random_pattern(char *out, uint32_t max) {
    static const char *const pieces[] = {
        "a",  "b", "c", ".",  "%a", "%d",   "%s",    "%A",      "*",     "+",
        "-",  "?", "(", ")",  "()", "[ab]", "[^a]",  "[a-c%d]", "%b()",  "%f[%a]",
        "%1", "^", "$", "%%", "%.", "%z",   "[%a-]", "[]]",     "[^%s]", "[a-]"};
    uint32_t n = roll(max);
    *out = '\0';
    for (uint32_t i = 0; i <= n; i++)
        strcat(out, pieces[roll(sizeof pieces / sizeof *pieces)]);
}

/* 1: found, with start and end and the captures as text in `out`; 0: not found; -1: malformed. */
static int lua_answer(lua_State *L, const char *text, const char *pat, char *out, size_t size) {
    lua_settop(L, 0);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "find");
    lua_remove(L, 1);
    lua_pushstring(L, text);
    lua_pushstring(L, pat);
    if (lua_pcall(L, 2, LUA_MULTRET, 0) != LUA_OK)
        return -1;
    if (lua_isnil(L, 1))
        return 0;
    size_t used = 0;
    for (int i = 1; i <= lua_gettop(L); i++)
        used += (size_t)snprintf(out + used, size - used, "%s|", luaL_tolstring(L, i, NULL)),
            lua_pop(L, 1);
    return 1;
}

static int our_answer(const char *text, const char *pat, char *out, size_t size) {
    struct pattern m;
    const char *end;
    int64_t steps = 10000000;
    const char *at = find(&m, text, pat, &end, &steps);
    if (m.error)
        return -1;
    if (!at)
        return 0;
    size_t used = (size_t)snprintf(out, size, "%td|%td|", at - text + 1, end - text);
    for (int i = 0; i < m.captures; i++) {
        const struct capture *c = &m.capture[i];
        if (c->len == CAPTURE_POSITION)
            used += (size_t)snprintf(out + used, size - used, "%td|", c->start - text + 1);
        else
            used += (size_t)snprintf(out + used, size - used, "%.*s|", (int)c->len, c->start);
    }
    return 1;
}

TEST("a hundred thousand random patterns find what Lua's own matcher finds") {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    for (seed = 1; seed % 100003 != 0;) {
        uint32_t start = seed;
        char text[64], pat[256], want[1024] = "", got[1024] = "";
        random_text(text, 24);
        random_pattern(pat, 7);
        seed = start + 1;
        if (pattern_plain(pat, strlen(pat))) /* find() looks for these without a matcher */
            continue;
        int expected = lua_answer(L, text, pat, want, sizeof want);
        int found = our_answer(text, pat, got, sizeof got);
        if (expected != found || strcmp(want, got) != 0) {
            lua_close(L);
            TEST_FAIL("('%s'):find('%s'): expected %d %s, found %d %s (seed %u)", text, pat,
                      expected, want, found, got, start);
        }
    }
    lua_close(L);
}
