/* SPDX-License-Identifier: Apache-2.0 */
/* JSON into Lua's tables and back: what is written is JSON that can be read again, and from the
 * second time on the same (-0.0 is written as -0, which reads as 0). */
#include "fuzz/lua_company.h"

struct trip {
    kith_str text;
    struct buf out;
    bool object;
};

static int there_and_back(lua_State *L) {
    struct trip *t = lua_touserdata(L, 1);
    json_push(L, t->text);
    kith_str text = json_take(L, -1, t->object && lua_istable(L, -1));
    buf_str(&t->out, text);
    return 0;
}

static kith_status travel(struct script *s, struct trip *t, kith_error *e) {
    struct frame f;
    frame_begin(s, &f, NULL, NULL);
    kith_status st = sandbox_call(s, there_and_back, t, e);
    frame_end(s, &f);
    lua_gc(s->L, LUA_GCCOLLECT);
    return st;
}

/* The text that the one of the first trip becomes; false when that takes too much. */
static bool again(struct script *s, const struct trip *first, struct trip *second) {
    kith_error e = KITH_ERROR_INIT;
    json_t *v = NULL;
    *second = (struct trip){.text = buf_view(&first->out), .object = first->object};
    HOLDS_OK(json_read(second->text, &v, &e), e);
    json_decref(v);
    kith_status st = travel(s, second, &e);
    HOLDS(st == KITH_OK || st == KITH_E_LIMIT, "%s: %s", first->out.ptr, e.message);
    return st == KITH_OK;
}

static void twice_more(struct script *s, const struct trip *first) {
    struct trip second, third = {0};
    if (again(s, first, &second) && again(s, &second, &third))
        HOLDS(str_eq(buf_view(&third.out), third.text), "%s becomes %s", second.out.ptr,
              third.out.ptr);
    buf_free(&second.out);
    buf_free(&third.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct script s = {.file = "rules/a.lua"};
    struct input in = {data, data + size};
    struct trip t = {.object = input_byte(&in) & 1};
    kith_error e = KITH_ERROR_INIT;
    company_begin();
    s.all = scripts;
    s.rules_tail = &s.rules;
    HOLDS_OK(sandbox_open(&s, &e), e);
    t.text = input_rest(&in);
    if (travel(&s, &t, &e) == KITH_OK)
        twice_more(&s, &t);
    else
        HOLDS(*e.message && !strchr(e.message, '\n'), "no sentence");
    buf_free(&t.out);
    sandbox_close(&s);
    buf_free(&s.scratch);
    json_decref(s.json);
    arena_free(&s.arena);
    return 0;
}
