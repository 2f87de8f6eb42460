/* SPDX-License-Identifier: Apache-2.0 */
/* Lua's patterns: the first line is the pattern, the rest the text. What our matcher finds is what
 * Lua's own finds. */
#include "script/pattern.h"
#include "fuzz/fuzz.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#define STEPS 10000 /* Lua's own has no bound: a pattern that spends these is not given to it */

/* 1: found, with place and captures in *out; 0: not found; -1: malformed; -2: takes too long. */
static int our_answer(kith_str pat, kith_str text, struct buf *out) {
    bool anchored = pat.len && pat.ptr[0] == '^';
    int64_t steps = STEPS;
    struct pattern m = {.text = text.ptr,
                        .text_end = text.ptr + text.len,
                        .pat = pat.ptr + anchored,
                        .pat_end = pat.ptr + pat.len,
                        .steps = &steps};
    const char *end = NULL, *at = text.ptr;
    for (; at <= m.text_end && !end && !m.error; at++) {
        end = pattern_match(&m, at);
        if (anchored || end)
            break;
    }
    HOLDS(steps > -100000, "%" PRId64 " steps left", steps);
    if (m.error)
        return strstr(m.error, "too long") || strstr(m.error, "too complex") ? -2 : -1;
    if (!end)
        return 0;
    HOLDS(end >= at && end <= m.text_end, "ends outside of the text");
    buf_printf(out, "%td|%td|", at - text.ptr + 1, end - text.ptr);
    for (int i = 0; i < m.captures; i++) {
        const struct capture *c = &m.capture[i];
        if (c->len == CAPTURE_POSITION)
            buf_printf(out, "%td", c->start - text.ptr + 1);
        else
            buf_add(out, c->start, (size_t)c->len);
        buf_putc(out, '|');
    }
    return 1;
}

static int lua_answer(lua_State *L, kith_str pat, kith_str text, struct buf *out) {
    lua_settop(L, 0);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "find");
    lua_remove(L, 1);
    lua_pushlstring(L, text.ptr, (size_t)text.len);
    lua_pushlstring(L, pat.ptr, (size_t)pat.len);
    if (lua_pcall(L, 2, LUA_MULTRET, 0) != LUA_OK)
        return strstr(lua_tostring(L, -1), "too complex") ? -2 : -1;
    if (lua_isnil(L, 1))
        return 0;
    for (int i = 1, n = lua_gettop(L); i <= n; i++) {
        size_t len;
        const char *s = luaL_tolstring(L, i, &len);
        buf_add(out, s, len);
        buf_putc(out, '|');
        lua_pop(L, 1);
    }
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static lua_State *L;
    if (!L) {
        L = luaL_newstate();
        HOLDS(L, "no memory");
        luaL_openlibs(L);
    }
    struct input in = {data, data + size};
    kith_str pat = input_line(&in), text = input_rest(&in);
    struct buf ours = {0}, theirs = {0};
    int found = our_answer(pat, text, &ours);
    if (found != -2 && !pattern_plain(pat.ptr, pat.len)) { /* find() has no matcher for these */
        int expected = lua_answer(L, pat, text, &theirs);
        HOLDS(expected == -2 || expected == found, "Lua says %d %s, we say %d %s", expected,
              theirs.ptr, found, ours.ptr);
        HOLDS(expected != 1 || str_eq(buf_view(&ours), buf_view(&theirs)), "Lua: %s, we: %s",
              theirs.ptr, ours.ptr);
    }
    buf_free(&ours);
    buf_free(&theirs);
    return 0;
}
