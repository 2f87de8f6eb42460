/* SPDX-License-Identifier: Apache-2.0 */
/* What tests expect, and what is said when it is not so. */
#include "script/trial_internal.h"

#include <string.h>

#define LISTED_MAX 20

/* -- values in words --------------------------------------------------------------------------- */

static void put_shown(lua_State *L, struct buf *b, int at) {
    at = lua_absindex(L, at);
    if (lua_type(L, at) == LUA_TSTRING)
        buf_printf(b, "\"%s\"", lua_tostring(L, at));
    else if (lua_istable(L, at))
        buf_str(b, json_take(L, at, false));
    else if (lua_type(L, at) == LUA_TLIGHTUSERDATA)
        buf_puts(b, "null");
    else
        buf_puts(b, luaL_tolstring(L, at, NULL));
}

/* {title = "Call", due = ...} */
static void put_fields(lua_State *L, struct buf *b, int at) {
    lua_Integer n = sorted_keys(L, at);
    int keys = lua_gettop(L);
    buf_puts(b, "{");
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, keys, i);
        lua_pushvalue(L, -1);
        lua_rawget(L, at);
        buf_printf(b, "%s%s = ", i > 1 ? ", " : "", luaL_tolstring(L, -2, NULL));
        lua_pop(L, 1);
        put_shown(L, b, -1);
        lua_settop(L, keys);
    }
    buf_puts(b, "}");
    lua_settop(L, keys - 1);
}

/* -- what there was ---------------------------------------------------------------------------- */

struct line {
    struct buf *out;
    int parts;
};

static void put_part(void *arg, const char *name, kith_str value) {
    struct line *l = arg;
    buf_printf(l->out, "%s%s = %.*s", l->parts++ ? ", " : " {", name, (int)value.len, value.ptr);
}

static void put_effect(struct trial *t, const struct trial_effect *f) {
    struct line l = {&t->effects, 0};
    buf_puts(&t->effects, trial_text(f, &t->arena));
    trial_parts(t->bench, f, &t->arena, put_part, &l);
    if (l.parts)
        buf_putc(&t->effects, '}');
    if (f->source.kind)
        buf_printf(&t->effects, " by %s", f->source.name);
    buf_putc(&t->effects, '\n');
}

void trial_list(struct trial *t) {
    struct trial_effect *items;
    size_t n, listed = 0;
    buf_reset(&t->effects);
    if (!t->started || trial_effects(t->bench, &t->mark, &t->arena, &items, &n, NULL) != KITH_OK)
        return;
    for (size_t i = 0; i < n && listed < LISTED_MAX; i++) {
        if (items[i].own || items[i].inner)
            continue;
        put_effect(t, &items[i]);
        listed++;
    }
    trial_list_failures(t);
}

/* -- which effect is meant --------------------------------------------------------------------- */

struct wanted {
    enum trial_kind kind;
    const struct rtype *type;
    const struct action *action;
    const char *name; /* of a topic or a delivery */
    struct trial_effect *effects;
    size_t count;
    const struct trial_effect *found;
};

/* "create task", "publish lead.scored", "send http:webhook", "call sales.assign", or the action
 * alone. */
static void take_wanted(lua_State *L, struct engine *g, const char *what, struct wanted *w) {
    static const enum trial_kind kinds[] = {TRIAL_CREATE,  TRIAL_UPDATE, TRIAL_DELETE,
                                            TRIAL_PUBLISH, TRIAL_CALL,   TRIAL_SEND};
    kith_str rest = str_of(what), verb;
    kith_error e = KITH_ERROR_INIT;
    *w = (struct wanted){.kind = TRIAL_CALL, .name = what};
    str_split(&rest, ' ', &verb);
    if (rest.len) {
        size_t i = 0;
        while (i < 6 && !str_eqz(verb, trial_kind_name(kinds[i])))
            i++;
        if (i == 6)
            raisef(L,
                   "'%s': an effect is \"create TYPE\", \"update TYPE\", \"delete TYPE\","
                   " \"publish TOPIC\", \"call ACTION\" or \"send DELIVERY\"",
                   what);
        w->kind = kinds[i];
        w->name = str_trim(rest).ptr;
    }
    if (w->kind <= TRIAL_DELETE &&
        schema_find_type(engine_schema(g), str_of(w->name), &w->type, &e) != KITH_OK)
        raise_error(L, &e);
    if (w->kind == TRIAL_PUBLISH && !engine_topic_published(g, str_of(w->name)))
        raisef(L, "nobody publishes '%s'", w->name);
    if (w->kind != TRIAL_CALL)
        return;
    w->action = engine_action(g, str_of(w->name));
    if (!w->action && engine_no_action(g, str_of(w->name), &e) != KITH_OK)
        raise_error(L, &e);
}

/* -- does it fit? ------------------------------------------------------------------------------ */

/* The value at `at` as one of the field. */
static kith_value take_value(lua_State *L, int at, const struct rfield *f) {
    struct txn *t = frame_need(L, "t.expect_effect()")->txn;
    kith_value v = value_take(L, at, f);
    kith_error e = KITH_ERROR_INIT;
    if (value_check(engine_schema(txn_engine(t)), f, false, txn_arena(t), &v, &e) != KITH_OK)
        raise_error(L, &e);
    return v;
}

static bool same(lua_State *L, int at, const struct rfield *f, const kith_value *found) {
    kith_value v = take_value(L, at, f), other = *found;
    struct txn *t = script_of(L)->frame->txn;
    const struct schema *s = engine_schema(txn_engine(t));
    if (v.kind == KITH_NULL || other.kind == KITH_NULL)
        return v.kind == other.kind;
    v.flags &= ~VALUE_TYPED;
    other.flags &= ~VALUE_TYPED;
    return value_eq(&v, &other) ||
           str_eq(value_text(s, &v, txn_arena(t)), value_text(s, &other, txn_arena(t)));
}

static bool field_fits(lua_State *L, const struct trial_effect *f, const struct rfield *field) {
    static const kith_value nothing = {.kind = KITH_NULL};
    for (size_t i = 0; i < f->field_count; i++) {
        const struct image_field *x = &f->fields[i];
        if (x->field == field)
            return same(L, -1, field, f->kind == TRIAL_DELETE ? &x->before : &x->after);
    }
    return f->kind == TRIAL_CREATE && same(L, -1, field, &nothing);
}

static const char *param_name(const void *self, size_t i) {
    return ((const struct action *)self)->params[i]->name;
}

static bool argument_fits(lua_State *L, const struct trial_effect *f, const char *key) {
    const struct action *a = f->action;
    for (uint32_t i = 0; i < a->param_count; i++)
        if (strcmp(a->params[i]->name, key) == 0)
            return same(L, -1, a->params[i], &f->args[i]);
    for (uint32_t i = 0; i < a->result_count; i++)
        if (strcmp(a->results[i]->name, key) == 0)
            return same(L, -1, a->results[i], &f->results[i]);
    const char *near = str_nearest(str_of(key), param_name, a, a->param_count);
    raisef(L, "%s has no parameter '%s'%s%s%s", a->name, key, STR_MEANT(near));
    return false;
}

static bool json_fits(lua_State *L, kith_str json, const char *key) {
    json_t *found, *wanted;
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "v");
    bool ok = json_read(json_take(L, -1, true), &wanted, NULL) == KITH_OK;
    lua_pop(L, 1);
    if (!ok)
        return false;
    ok = json_read(json, &found, NULL) == KITH_OK;
    const json_t *a = ok ? json_object_get(found, key) : NULL, *b = json_object_get(wanted, "v");
    bool fits = a ? json_is_number(a) && json_is_number(b)
                        ? json_number_value(a) == json_number_value(b)
                        : json_equal((json_t *)(uintptr_t)a, (json_t *)(uintptr_t)b)
                  : json_is_null(b);
    if (ok)
        json_decref(found);
    json_decref(wanted);
    return fits;
}

static bool text_fits(lua_State *L, kith_str found) {
    return str_eq(found, str_of(luaL_checkstring(L, -1)));
}

/* The value is on top, its name below. */
static bool part_fits(lua_State *L, const struct trial_effect *f) {
    const char *key = luaL_checkstring(L, -2);
    const struct held_record *r = held_test(L, -1, HELD_RECORD);
    if (strcmp(key, "record") == 0 && f->kind != TRIAL_CALL)
        return r && r->type == f->type && r->id == f->id;
    if (f->kind <= TRIAL_DELETE)
        return field_fits(L, f, field_at(L, f->type, -2));
    if (f->kind == TRIAL_CALL)
        return argument_fits(L, f, key);
    if (f->kind == TRIAL_SEND && strcmp(key, "endpoint") == 0)
        return text_fits(L, f->endpoint);
    if (f->kind == TRIAL_SEND && strcmp(key, "key") == 0)
        return text_fits(L, f->key);
    return json_fits(L, f->json, key);
}

static bool kind_fits(const struct wanted *w, const struct trial_effect *f) {
    if (f->own || f->kind != w->kind)
        return false;
    return w->type ? f->type == w->type : strcmp(f->name, w->name) == 0;
}

/* In a transaction. Gives nothing; the one that fits is in the struct wanted, which is 1. */
static int look_for(lua_State *L) {
    struct wanted *w = lua_touserdata(L, 1);
    w->found = NULL;
    for (size_t i = w->count; i > 0 && !w->found; i--) {
        const struct trial_effect *f = &w->effects[i - 1];
        bool fits = kind_fits(w, f);
        if (fits && lua_istable(L, 2))
            for (lua_pushnil(L); fits && lua_next(L, 2); lua_settop(L, fits ? 3 : 2))
                fits = part_fits(L, f);
        if (fits)
            w->found = f;
        lua_settop(L, 2);
    }
    return 0;
}

static struct trial *look(lua_State *L, struct wanted *w) {
    struct trial *t = trial_need(L, false);
    kith_error e = KITH_ERROR_INIT;
    lua_settop(L, 2);
    take_wanted(L, t->bench->engine, luaL_checkstring(L, 1), w);
    if (w->action)
        w->name = w->action->name;
    if (!lua_isnil(L, 2))
        luaL_checktype(L, 2, LUA_TTABLE);
    if (trial_effects(t->bench, &t->mark, &t->arena, &w->effects, &w->count, &e) != KITH_OK)
        raise_error(L, &e);
    lua_pushcfunction(L, look_for);
    lua_pushlightuserdata(L, w);
    lua_pushvalue(L, 2);
    trial_call(L, 2);
    t->looked = true;
    return t;
}

/* -- the functions ----------------------------------------------------------------------------- */

static void say_wanted(lua_State *L, struct buf *b) {
    buf_printf(b, "\"%s\"", lua_tostring(L, 1));
    if (lua_istable(L, 2)) {
        buf_puts(b, " with ");
        put_fields(L, b, 2);
    }
}

static int fail(lua_State *L, struct buf *b) {
    lua_pushstring(L, b->ptr ? b->ptr : "");
    buf_free(b);
    return raisef(L, "%s", lua_tostring(L, -1));
}

/* What was found as Lua has it: the record itself, or a table of what there is to it. */
static void push_found(lua_State *L, const struct trial *t) {
    const struct trial_effect *f = &t->found;
    if (f->kind <= TRIAL_DELETE) {
        record_push(L, f->type, f->id, NULL);
        return;
    }
    if (f->kind == TRIAL_CALL) {
        lua_createtable(L, 0, 8);
        fields_push(L, f->action->params, f->action->param_count, f->args);
        answers_push(L, f->action, f->results);
        return;
    }
    json_push(L, f->json);
    if (f->type && f->id) {
        record_push(L, f->type, f->id, NULL);
        lua_setfield(L, -2, "record");
    }
    if (f->kind == TRIAL_SEND) {
        lua_pushlstring(L, f->endpoint.ptr, f->endpoint.len);
        lua_setfield(L, -2, "endpoint");
        lua_pushlstring(L, f->key.ptr, f->key.len);
        lua_setfield(L, -2, "key");
    }
}

int trial_expect(lua_State *L) {
    script_of(L)->trial->looked = true;
    if (lua_toboolean(L, 1))
        return 0;
    return raisef(L, "%s",
                  lua_isnoneornil(L, 2) ? "this was expected to be true"
                                        : luaL_tolstring(L, 2, NULL));
}

/* What is written differently may be the same: 5 and decimal("5"), a record and its id. */
static bool equal(lua_State *L, int a, int b) {
    if (lua_compare(L, a, b, LUA_OPEQ))
        return true;
    if (lua_istable(L, a) && lua_istable(L, b)) {
        lua_pushstring(L, json_take(L, a, false).ptr);
        bool same = str_eq(str_of(lua_tostring(L, -1)), json_take(L, b, false));
        lua_pop(L, 1);
        return same;
    }
    bool exact = held_test(L, a, HELD_VALUE) || held_test(L, b, HELD_VALUE);
    bool same = exact && strcmp(luaL_tolstring(L, a, NULL), luaL_tolstring(L, b, NULL)) == 0;
    lua_settop(L, 3);
    return same;
}

/* t.expect_equal(found, expected, message) */
int trial_expect_equal(lua_State *L) {
    struct buf b = {0};
    lua_settop(L, 3);
    script_of(L)->trial->looked = true;
    if (equal(L, 1, 2))
        return 0;
    if (!lua_isnil(L, 3))
        buf_printf(&b, "%s: ", luaL_tolstring(L, 3, NULL));
    buf_puts(&b, "expected ");
    put_shown(L, &b, 2);
    buf_puts(&b, ", found ");
    put_shown(L, &b, 1);
    return fail(L, &b);
}

int trial_expect_effect(lua_State *L) {
    struct wanted w;
    struct buf b = {0};
    struct trial *t = look(L, &w);
    if (w.found) {
        t->found = *w.found;
        t->has_found = true;
        push_found(L, t);
        return 1;
    }
    trial_list(t);
    buf_puts(&b, "expected the effect ");
    say_wanted(L, &b);
    buf_puts(&b, t->effects.len ? ", there was something else" : ", there was none at all");
    return fail(L, &b);
}

int trial_expect_no_effect(lua_State *L) {
    struct wanted w;
    struct buf b = {0};
    struct trial *t = look(L, &w);
    if (!w.found)
        return 0;
    trial_list(t);
    buf_puts(&b, "expected no effect ");
    say_wanted(L, &b);
    buf_puts(&b, ", and there was one");
    return fail(L, &b);
}

int trial_last_effect(lua_State *L) {
    const struct trial *t = script_of(L)->trial;
    if (!t->has_found)
        return raisef(L,
                      "t.last_effect() is what t.expect_effect() found last: none was looked for");
    push_found(L, t);
    return 1;
}
