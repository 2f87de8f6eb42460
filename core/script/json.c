/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: Lua tables to JSON text and back, for payloads of events and for json fields. Keys are
 * written in order, so that the same table always gives the same text. */
#include "script/script_internal.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

#define KEYS_MAX 1000 /* of one object */

static void write_value(lua_State *L, struct json_out *j, int at, bool object);

static void write_text(lua_State *L, struct json_out *j, int at, bool key) {
    size_t len;
    const char *s = lua_tolstring(L, at, &len);
    if (text_invalid_at((kith_str){s, len}) >= 0)
        raisef(L, "JSON: a text is not valid UTF-8");
    if (key && memchr(s, '\0', len))
        raisef(L, "JSON: a key with a NUL");
    if (key)
        json_key(j, s);
    else
        json_str(j, (kith_str){s, len});
}

/* Leaves on the stack the smallest key after the one on top, which it replaces (nil: the first);
 * false and nothing at the end. */
static bool next_key(lua_State *L, int table) {
    int last = lua_gettop(L), count = 0;
    lua_pushnil(L); /* the best so far, at last + 1 */
    lua_pushnil(L);
    while (lua_next(L, table)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            raisef(L, "JSON: a table is either a list or has texts as keys");
        if (++count > KEYS_MAX)
            raisef(L, "JSON: an object with more than %d keys", KEYS_MAX);
        if ((lua_isnil(L, last) || lua_compare(L, last, -1, LUA_OPLT)) &&
            (lua_isnil(L, last + 1) || lua_compare(L, -1, last + 1, LUA_OPLT)))
            lua_copy(L, -1, last + 1);
    }
    charge(L, count);
    lua_remove(L, last);
    if (!lua_isnil(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

static void write_object(lua_State *L, struct json_out *j, int at) {
    json_object_(j);
    lua_pushnil(L);
    while (next_key(L, at)) {
        write_text(L, j, -1, true);
        lua_pushvalue(L, -1);
        lua_rawget(L, at);
        write_value(L, j, lua_gettop(L), false);
        lua_pop(L, 1);
    }
    json_object_end(j);
}

static void write_list(lua_State *L, struct json_out *j, int at, lua_Unsigned n) {
    json_array_(j);
    for (lua_Unsigned i = 1; i <= n; i++) {
        lua_rawgeti(L, at, (lua_Integer)i);
        write_value(L, j, lua_gettop(L), false);
        lua_pop(L, 1);
    }
    json_array_end(j);
}

static void write_number(lua_State *L, struct json_out *j, int at) {
    if (lua_isinteger(L, at)) {
        json_int(j, lua_tointeger(L, at));
        return;
    }
    if (!isfinite(lua_tonumber(L, at)))
        raisef(L, "JSON: a number that is not finite");
    json_num(j, lua_tonumber(L, at));
}

static void write_value(lua_State *L, struct json_out *j, int at, bool object) {
    luaL_checkstack(L, 8, "JSON: too deep");
    if (j->depth + 1 >= JSON_DEPTH)
        raisef(L, "JSON: more than %d levels deep", JSON_DEPTH);
    const struct held_record *r = held_test(L, at, HELD_RECORD);
    char id[ID_TEXT + 1];
    switch (lua_type(L, at)) {
    case LUA_TNIL:
    case LUA_TLIGHTUSERDATA: /* null */
        json_nil(j);
        break;
    case LUA_TBOOLEAN:
        json_bool_(j, lua_toboolean(L, at));
        break;
    case LUA_TNUMBER:
        write_number(L, j, at);
        break;
    case LUA_TSTRING:
        write_text(L, j, at, false);
        break;
    case LUA_TTABLE:
        if (lua_rawlen(L, at) && !object)
            write_list(L, j, at, lua_rawlen(L, at));
        else
            write_object(L, j, at);
        break;
    case LUA_TUSERDATA:
        if (r) {
            id_format(r->id, id);
            json_strz(j, id);
            break;
        }
        luaL_tolstring(L, at, NULL); /* exact numbers and times are texts */
        write_text(L, j, -1, false);
        lua_pop(L, 1);
        break;
    default:
        raisef(L, "JSON: a %s cannot be written", held_name(L, at));
    }
}

kith_str json_take(lua_State *L, int at, bool object) {
    struct script *s = script_of(L);
    struct json_out j;
    buf_reset(&s->scratch);
    json_begin(&j, &s->scratch, false);
    write_value(L, &j, lua_absindex(L, at), object);
    charge(L, (lua_Integer)s->scratch.len / 8);
    if (s->scratch.failed)
        raisef(L, "no memory");
    return buf_view(&s->scratch);
}

static void push_value(lua_State *L, const json_t *v) {
    luaL_checkstack(L, 4, "JSON: too deep");
    const char *key;
    json_t *item;
    size_t i;
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        lua_createtable(L, 0, (int)json_object_size(v));
        json_object_foreach((json_t *)(uintptr_t)v, key, item) {
            push_value(L, item);
            lua_setfield(L, -2, key);
        }
        break;
    case JSON_ARRAY:
        lua_createtable(L, (int)json_array_size(v), 0);
        json_array_foreach(v, i, item) {
            push_value(L, item);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(v));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(v));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        lua_pushboolean(L, json_is_true(v));
        break;
    default:
        lua_pushnil(L);
    }
}

/* An error of memory leaves the tree to script.json, which the next call or the end frees. */
void json_push(lua_State *L, kith_str text) {
    struct script *s = script_of(L);
    kith_error e = KITH_ERROR_INIT;
    charge(L, (lua_Integer)text.len / 4);
    json_decref(s->json);
    s->json = NULL;
    if (json_read(text, &s->json, &e) != KITH_OK)
        raise_error(L, &e);
    push_value(L, s->json);
    json_decref(s->json);
    s->json = NULL;
}
