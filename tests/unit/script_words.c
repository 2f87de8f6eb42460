/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the table of words: it names what the sandbox has, no more and no less. */
#include "script_fixture.h"

#include "script/script_internal.h"
#include "script/words.h"

static struct company c;

/* The table behind one that can only be read, or behind the environment of the scripts. */
static void push_behind(lua_State *L) {
    EXPECT(lua_getmetatable(L, -1));
    lua_getfield(L, -1, "__index");
    lua_remove(L, -2);
    lua_remove(L, -2);
}

static void expect_word(const char *name, bool function) {
    const struct word *w = word_find(str_of(name));
    if (!w)
        TEST_FAIL("rules find '%s', and words.c has no row for it", name);
    if (function != (w->params != NULL) && strcmp(name, "action") != 0)
        TEST_FAIL("'%s' is %s function", name, function ? "a" : "no");
    EXPECT(w->doc && *w->doc);
}

static int look_through(lua_State *L, const char *library) {
    int count = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        char name[64];
        snprintf(name, sizeof name, "%s%s%s", library, *library ? "." : "", lua_tostring(L, -2));
        if (lua_istable(L, -1) && strcmp(name, "action") != 0) {
            push_behind(L);
            count += look_through(L, name);
            continue;
        }
        expect_word(name, lua_isfunction(L, -1));
        count++;
    }
    return count;
}

TEST("every word of the sandbox has a row with a sentence, and every row is a word") {
    int rows = 0;
    company_with(&c, "a.lua", "on('lead.created', function() end)\n");
    lua_State *L = c.s->set->files->L;
    environment_push(L);
    push_behind(L);
    while (word_at((size_t)rows))
        rows++;
    EXPECT_INT(rows, look_through(L, ""));
    lua_settop(L, 0);
    company_end(&c);
}

TEST("a signature is read part by part") {
    const char *rest = "type: string|record, id?: string, ...: any";
    struct word_param p;
    EXPECT(word_param(&rest, &p) && str_eqz(p.name, "type") && str_eqz(p.type, "string|record"));
    EXPECT(!p.optional);
    EXPECT(word_param(&rest, &p) && str_eqz(p.name, "id") && p.optional);
    EXPECT(word_param(&rest, &p) && str_eqz(p.name, "...") && p.optional);
    EXPECT(!word_param(&rest, &p));
    rest = "";
    EXPECT(!word_param(&rest, &p));
}
