/* SPDX-License-Identifier: Apache-2.0 */
/* Lua's syntax: whatever Lua compiles is read, into a tree whose lines are lines of the text, and
 * what is not read is told with a line and a sentence. */
#include "fuzz/fuzz.h"
#include "script/syntax.h"

#include <lauxlib.h>
#include <lua.h>

static uint32_t count_lines(kith_str text) {
    uint32_t lines = 1;
    for (uint64_t i = 0; i < text.len; i++) /* Lua counts either, and the two together once */
        lines += text.ptr[i] == '\n' || text.ptr[i] == '\r';
    return lines;
}

static void look(const struct node *n, uint32_t lines) {
    for (; n; n = n->next) {
        HOLDS(n->line >= 1 && n->line <= lines, "line %u of %u", n->line, lines);
        HOLDS(!n->a || n->a->depth < n->depth || n->depth == UINT16_MAX, "depth %u", n->depth);
        if (n->depth > SYNTAX_DEPTH_MAX)
            continue;
        look(n->a, lines);
        look(n->b, lines);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static lua_State *L;
    struct arena a = {0};
    struct syntax s;
    L = L ? L : luaL_newstate();
    char *text = arena_strndup(&a, size ? (const char *)data : "", size); /* ends where it ends */
    int compiled = luaL_loadbufferx(L, text, size, "=x", "t");
    bool read = syntax_parse(&s, &a, (kith_str){text, size});
    HOLDS(read || compiled != LUA_OK, "line %u: %s", s.error_line, s.error);
    HOLDS(read || (s.error && s.error_line >= 1), "nothing told");
    if (read)
        look(s.body, count_lines((kith_str){text, size}));
    lua_settop(L, 0);
    arena_free(&a);
    return 0;
}
