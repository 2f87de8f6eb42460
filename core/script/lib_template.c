/* SPDX-License-Identifier: Apache-2.0 */
/* render(): texts out of templates (base/template.h), with values of Lua. What is held stands on
 * Lua's stack, the innermost on top. */
#include "script/script_internal.h"

#include "base/template.h"

#include <string.h>
#include <time.h>

#define FORM_MAX 200 /* bytes of a date in another form */

struct giving {
    lua_State *L;
    int base; /* the values that were given */
    char form[FORM_MAX];
};

/* -- names ------------------------------------------------------------------------------------- */

/* Puts `part` of the value on top in its place. */
static kith_status step_into(struct giving *g, kith_str part, kith_error *e) {
    lua_State *L = g->L;
    const struct held_record *r = held_test(L, -1, HELD_RECORD);
    const struct held_value *v = held_test(L, -1, HELD_VALUE);
    lua_pushlstring(L, part.ptr, part.len);
    if (lua_istable(L, -2)) {
        lua_rawget(L, -2);
    } else if (r || v) {
        const struct rfield *f;
        const struct schema *schema = engine_schema(script_of(L)->all->engine);
        if (r && !str_eqz(part, "id") && schema_find_field(schema, r->type, part, &f, e) != KITH_OK)
            return KITH_E_INVAL;
        lua_gettable(L, -2);
    } else {
        lua_pop(L, 1);
        return err_set(e, KITH_E_INVAL, NULL, "a %s has no part '%.*s'", held_name(L, -1),
                       (int)part.len, part.ptr);
    }
    lua_remove(L, -2);
    return KITH_OK;
}

static bool has_field(lua_State *L, int at, kith_str name) {
    const struct held_record *r = held_test(L, at, HELD_RECORD);
    return r && (type_field(r->type->schema, r->type, name) || str_eqz(name, "id"));
}

/* Pushes what the first name means, looked up from the innermost on; nil: nothing. */
static void push_first(struct giving *g, kith_str name) {
    lua_State *L = g->L;
    for (int at = lua_gettop(L); at >= g->base; at--) {
        lua_pushlstring(L, name.ptr, name.len);
        if (lua_istable(L, at)) {
            if (lua_rawget(L, at) != LUA_TNIL)
                return;
        } else if (has_field(L, at, name)) {
            lua_gettable(L, at);
            return;
        }
        lua_pop(L, 1);
    }
    lua_pushnil(L);
}

static kith_status push_named(struct giving *g, kith_str name, kith_error *e) {
    lua_State *L = g->L;
    kith_str rest = name, part;
    if (str_eqz(name, ".")) {
        lua_pushvalue(L, -1);
        return KITH_OK;
    }
    str_split(&rest, '.', &part);
    push_first(g, part);
    if (lua_isnil(L, -1) && rest.len)
        return err_set(
            e, KITH_E_INVAL, NULL,
            "there is no '%.*s': give it to render(), or write the text within {{#%.*s}}",
            (int)part.len, part.ptr, (int)part.len, part.ptr);
    while (!lua_isnil(L, -1) && str_split(&rest, '.', &part))
        TRY(step_into(g, part, e));
    return KITH_OK;
}

/* -- values ------------------------------------------------------------------------------------ */

static kith_status put_form(struct giving *g, const kith_value *v, kith_str format, kith_error *e) {
    char text[FORM_MAX];
    const struct zone *zone = engine_zone(script_of(g->L)->all->engine);
    bool date = v->kind == KITH_DATE;
    struct civil c = date ? date_civil(v->as.i * DAY_MS) : zone_local(zone, v->as.i);
    int64_t days = date_days(c.year, c.month, c.day);
    struct tm tm = {.tm_year = c.year - 1900,
                    .tm_mon = c.month - 1,
                    .tm_mday = c.day,
                    .tm_hour = c.hour,
                    .tm_min = c.minute,
                    .tm_sec = c.second,
                    .tm_wday = date_weekday(days),
                    .tm_yday = (int)(days - date_days(c.year, 1, 1)),
                    .tm_isdst = -1};
    if (!format.len)
        format = date ? STR("%Y-%m-%d") : STR("%Y-%m-%d %H:%M");
    if (format.len >= sizeof text)
        return err_set(e, KITH_E_INVAL, NULL, "'%.40s...' is too long a form", format.ptr);
    snprintf(text, sizeof text, "%.*s", (int)format.len, format.ptr);
    if (!strftime(g->form, sizeof g->form, text, &tm))
        return err_set(e, KITH_E_INVAL, NULL, "'%s' is no form of a date: write %%d.%%m.%%Y", text);
    return KITH_OK;
}

/* What the value on top is in a template. */
static kith_status describe(struct giving *g, kith_str format, struct template_value *out,
                            kith_error *e) {
    lua_State *L = g->L;
    const struct held_value *v = held_test(L, -1, HELD_VALUE);
    bool timed = v && (v->v.kind == KITH_DATE || v->v.kind == KITH_TIME);
    size_t len;
    *out = (struct template_value){.kind = TEMPLATE_TEXT};
    if (lua_isnil(L, -1) || lua_islightuserdata(L, -1) ||
        (lua_isboolean(L, -1) && !lua_toboolean(L, -1))) {
        out->kind = TEMPLATE_NOTHING;
        return KITH_OK;
    }
    if (format.len && !timed)
        return err_set(e, KITH_E_INVAL, NULL, "a %s is no date and has no other form",
                       held_name(L, -1));
    if (timed) {
        TRY(put_form(g, &v->v, format, e));
        out->text = str_of(g->form);
        return KITH_OK;
    }
    if (lua_istable(L, -1)) {
        out->count = lua_rawlen(L, -1);
        lua_pushnil(L);
        bool any = lua_next(L, -2) != 0;
        lua_pop(L, any ? 2 : 0);
        out->kind = out->count || !any ? TEMPLATE_LIST : TEMPLATE_THING;
        return KITH_OK;
    }
    if (held_test(L, -1, HELD_RECORD)) {
        out->kind = TEMPLATE_THING;
        return KITH_OK;
    }
    if (lua_type(L, -1) == LUA_TFUNCTION)
        return err_set(e, KITH_E_INVAL, NULL, "a function is no value: give a list, not find()");
    out->text.ptr = luaL_tolstring(L, -1, &len);
    out->text.len = len;
    lua_replace(L, -2); /* held until it is let go */
    out->kind = len ? TEMPLATE_TEXT : TEMPLATE_NOTHING;
    return KITH_OK;
}

static kith_status find_value(void *arg, kith_str name, kith_str format, struct template_value *out,
                              kith_error *e) {
    struct giving *g = arg;
    charge(g->L, 20);
    luaL_checkstack(g->L, 10, "parts in parts");
    TRY(push_named(g, name, e));
    return describe(g, format, out, e);
}

static kith_status hold_item(void *arg, uint64_t i, kith_error *e) {
    struct giving *g = arg;
    (void)e;
    charge(g->L, 20);
    luaL_checkstack(g->L, 10, "parts in parts");
    lua_rawgeti(g->L, -1, (lua_Integer)i + 1);
    return KITH_OK;
}

static void let_go(void *arg) {
    struct giving *g = arg;
    lua_pop(g->L, 1);
}

/* render(template, values [, "html"]): the text. */
static int rule_render(lua_State *L) {
    static const char *const kinds[] = {"text", "html", NULL};
    size_t len;
    struct script *s = script_of(L);
    kith_error e = KITH_ERROR_INIT;
    const char *text = luaL_checklstring(L, 1, &len);
    luaL_checktype(L, 2, LUA_TTABLE);
    bool html = luaL_checkoption(L, 3, "text", kinds) == 1;
    lua_settop(L, 2);
    struct giving g = {.L = L, .base = 2};
    const struct template_source source = {&g, find_value, hold_item, let_go};
    charge(L, CALL_STEPS + (lua_Integer)len / 8);
    buf_reset(&s->scratch);
    if (template_render((kith_str){text, len}, html, &source, &s->scratch, &e) != KITH_OK) {
        err_prefix(&e, "render: ");
        return raise_error(L, &e);
    }
    kith_str out = buf_view(&s->scratch);
    charge(L, (lua_Integer)out.len / 8);
    lua_pushlstring(L, out.ptr ? out.ptr : "", out.len);
    return 1;
}

void lib_template_open(lua_State *L, int globals) {
    lua_pushcfunction(L, rule_render);
    lua_setfield(L, globals, "render");
}
