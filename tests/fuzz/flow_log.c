/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a run: whatever bytes it has, reading it ends with entries or a sentence; what is read
 * and written again is the same entry; values come out of it as Lua's or as an error, and what came
 * out and is written again reads as the same. */
#include "fuzz/lua_company.h"
#include "script/flow_internal.h"

struct trip {
    kith_str text;
    struct buf again;
};

static int decode_and_encode(lua_State *L) {
    struct trip *t = lua_touserdata(L, 1);
    lua_settop(L, 0);
    int n = values_decode(L, t->text);
    values_encode(L, 1, n, &t->again);
    return 0;
}

static kith_status travel(struct script *s, struct trip *t, kith_error *e) {
    struct frame f;
    frame_begin(s, &f, NULL, NULL);
    kith_status st = sandbox_call(s, decode_and_encode, t, e);
    frame_end(s, &f);
    lua_gc(s->L, LUA_GCCOLLECT);
    return st;
}

/* A table with a key twice, or a value of nothing, is another one from then on. */
static void check_values(struct script *s, kith_str text) {
    struct trip first = {.text = text}, second = {0}, third = {0};
    kith_error e = KITH_ERROR_INIT;
    if (travel(s, &first, &e) == KITH_OK) {
        second.text = buf_view(&first.again);
        kith_status st = travel(s, &second, &e);
        HOLDS(st == KITH_OK || st == KITH_E_LIMIT, "%s", e.message);
        third.text = buf_view(&second.again);
        if (st == KITH_OK && travel(s, &third, &e) == KITH_OK)
            HOLDS(str_eq(buf_view(&third.again), third.text), "values change");
    } else {
        HOLDS(*e.message && !strchr(e.message, '\n'), "no sentence");
    }
    buf_free(&first.again);
    buf_free(&second.again);
    buf_free(&third.again);
}

static void check_entry(struct script *s, const struct entry *en, struct arena *a) {
    struct buf again = {0};
    struct entry *same;
    kith_error e = KITH_ERROR_INIT;
    entry_write(&again, en);
    struct log_reader r = {buf_view(&again)};
    HOLDS_OK(entry_read(&r, a, &same, &e), e);
    HOLDS(r.left.len == 0 && same->kind == en->kind && same->branch == en->branch &&
              same->line == en->line && same->seq == en->seq && same->at == en->at &&
              same->seed == en->seed && strcmp(same->name, en->name) == 0 &&
              str_eq(same->args, en->args) && str_eq(same->results, en->results),
          "an entry changes");
    buf_free(&again);
    (void)values_text(engine_schema(engine), en->args, a);
    check_values(s, en->results);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct script s = {.file = "workflows/a.lua", .flows = true};
    struct input in = {data, data + size};
    struct arena a = {0};
    kith_error e = KITH_ERROR_INIT;
    company_begin();
    s.all = scripts;
    s.rules_tail = &s.rules;
    HOLDS_OK(sandbox_open(&s, &e), e);
    struct log_reader r = {input_rest(&in)};
    kith_status st = KITH_OK;
    while (st == KITH_OK && r.left.len > 0) {
        struct entry *en;
        st = entry_read(&r, &a, &en, &e);
        if (st == KITH_OK)
            check_entry(&s, en, &a);
    }
    HOLDS(st == KITH_OK || (*e.message && !strchr(e.message, '\n')), "no sentence");
    sandbox_close(&s);
    buf_free(&s.scratch);
    json_decref(s.json);
    arena_free(&s.arena);
    arena_free(&a);
    return 0;
}
