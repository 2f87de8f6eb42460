/* SPDX-License-Identifier: Apache-2.0 */
/* Records in Lua: a record, what changed in it, and an event. Each is a small userdata that lives
 * as long as the callback it was handed to; fields are found by interned name and read when they
 * are asked for. */
#include "script/script_internal.h"

#include <string.h>

static const char change_key = 0, event_key = 0; /* of the metatables in the registry */

/* -- record types ------------------------------------------------------------------------------ */

static int record_index(lua_State *L);
static int record_newindex(lua_State *L);
static int record_eq(lua_State *L);
static int record_text(lua_State *L);

/* The metatable is kept under the type's address, the table from a field's name to the field under
 * that of its name. Both are made when the type is first met. */
static void open_type(lua_State *L, const struct rtype *t) {
    static const luaL_Reg meta[] = {{"__newindex", record_newindex},
                                    {"__eq", record_eq},
                                    {"__tostring", record_text},
                                    {NULL, NULL}};
    luaL_newlib(L, meta);
    lua_pushstring(L, t->name);
    lua_setfield(L, -2, "__name");
    lua_createtable(L, 0, (int)t->field_count);
    for (uint32_t i = 0; i < t->field_count; i++) {
        lua_pushlightuserdata(L, t->fields[i]);
        lua_setfield(L, -2, t->fields[i]->name);
    }
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &t->name);
    lua_pushcclosure(L, record_index, 1);
    flow_wrap(L, t->name);
    trial_wrap(L);
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, t);
}

static const struct rfield *field_unknown(lua_State *L, const struct rtype *t, int at) {
    const struct schema *schema = engine_schema(script_of(L)->all->engine);
    const struct rfield *f;
    kith_error e = KITH_ERROR_INIT;
    if (lua_type(L, at) != LUA_TSTRING)
        raisef(L, "a field of %s is named by a text, not by a %s", t->name, held_name(L, at));
    if (schema_find_field(schema, t, str_of(lua_tostring(L, at)), &f, &e) != KITH_OK)
        raise_error(L, &e);
    return f;
}

const struct rfield *field_at(lua_State *L, const struct rtype *t, int at) {
    at = lua_absindex(L, at);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &t->name) == LUA_TNIL) {
        lua_pop(L, 1);
        open_type(L, t);
        lua_rawgetp(L, LUA_REGISTRYINDEX, &t->name);
    }
    lua_pushvalue(L, at);
    lua_rawget(L, -2);
    const struct rfield *f = lua_touserdata(L, -1);
    lua_pop(L, 2);
    return f ? f : field_unknown(L, t, at);
}

/* -- records ----------------------------------------------------------------------------------- */

struct held_record *record_push(lua_State *L, const struct rtype *t, kith_id id,
                                const kith_value *values) {
    struct held_record *r = lua_newuserdatauv(L, sizeof *r, 0);
    *r = (struct held_record){.held.kind = HELD_RECORD,
                              .serial = script_of(L)->frame->serial,
                              .type = t,
                              .id = id,
                              .values = script_of(L)->trial ? NULL : values};
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, t) == LUA_TNIL) {
        lua_pop(L, 1);
        open_type(L, t);
        lua_rawgetp(L, LUA_REGISTRYINDEX, t);
    }
    lua_setmetatable(L, -2);
    return r;
}

struct held_record *record_need(lua_State *L, int at) {
    struct held_record *r = held_test(L, at, HELD_RECORD);
    if (!r)
        raisef(L,
               lua_isnoneornil(L, at)
                   ? "expected a record, and there is none (nil): ask first whether it is there"
                   : "expected a record, not a %s",
               held_name(L, at));
    if (!frame_alive(script_of(L), r->serial))
        raisef(L,
               "this %s was handed to an earlier call, which has ended: read it again with get()",
               r->type->name);
    return r;
}

static const kith_value *record_values(lua_State *L, struct held_record *r) {
    kith_error e = KITH_ERROR_INIT;
    const kith_value *values;
    if (right_need(script_of(L), RIGHT_READ, r->type, &e) != KITH_OK)
        raise_error(L, &e);
    if (r->values)
        return r->values;
    charge(L, CALL_STEPS);
    if (txn_read(frame_need(L, "reading a record")->txn, r->type, &r->id, &values, &e) != KITH_OK)
        raise_error(L, &e);
    if (!script_of(L)->trial) /* a test reads it anew each time */
        r->values = values;
    return values;
}

static void push_id(lua_State *L, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    lua_pushlstring(L, text, ID_TEXT);
}

/* The first upvalue is the table from name to field. */
static int record_index(lua_State *L) {
    struct held_record *r = record_need(L, 1);
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    const struct rfield *f = lua_touserdata(L, -1);
    if (!f && lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "id") == 0) {
        push_id(L, r->id);
        return 1;
    }
    if (!f)
        f = field_unknown(L, r->type, 2);
    const kith_value *values = record_values(L, r);
    if (right_reads(script_of(L), f))
        value_push(L, &values[f->index], f);
    else
        lua_pushnil(L);
    return 1;
}

static int record_newindex(lua_State *L) {
    struct held_record *r = record_need(L, 1);
    const struct rfield *f = field_at(L, r->type, 2);
    struct frame *frame = frame_need(L, "changing a record");
    kith_error e = KITH_ERROR_INIT;
    if (!r->change || r->serial != frame->serial)
        return raisef(
            L,
            "write update(%s, {%s = ...}): only the record of a 'before' rule is changed by "
            "assigning",
            r->type->name, f->name);
    if (right_need(script_of(L), RIGHT_WRITE, r->type, &e) != KITH_OK)
        return raise_error(L, &e);
    kith_value v = value_take(L, 3, f);
    if ((frame->acting && txn_may_change(frame->txn, r->change, f, &v, &e) != KITH_OK) ||
        change_set(frame->txn, r->change, f, v, &e) != KITH_OK)
        return raise_error(L, &e);
    return 0;
}

static int record_eq(lua_State *L) {
    const struct held_record *a = held_test(L, 1, HELD_RECORD), *b = held_test(L, 2, HELD_RECORD);
    lua_pushboolean(L, a && b && a->type == b->type && a->id == b->id);
    return 1;
}

static int record_text(lua_State *L) {
    const struct held_record *r = held_test(L, 1, HELD_RECORD);
    lua_pushfstring(L, "%s ", r->type->name);
    push_id(L, r->id);
    lua_concat(L, 2);
    return 1;
}

/* -- changes and events ------------------------------------------------------------------------ */

struct held_change {
    struct held held;
    uint64_t serial;
    struct change *c;
};
struct held_event {
    struct held held;
    uint64_t serial;
    const struct event *ev;
};

static void push_held(lua_State *L, enum held_kind kind, const char *key, const void *what) {
    struct held_change *h = lua_newuserdatauv(L, sizeof *h, 0);
    h->held.kind = kind;
    h->serial = script_of(L)->frame->serial;
    memcpy(&h->c, &what, sizeof what);
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    lua_setmetatable(L, -2);
}

void change_push(lua_State *L, struct change *c) {
    push_held(L, HELD_CHANGE, &change_key, c);
}

void event_push(lua_State *L, const struct event *ev) {
    push_held(L, HELD_EVENT, &event_key, ev);
}

static void need_alive(lua_State *L, uint64_t serial, const char *what) {
    if (!frame_alive(script_of(L), serial))
        raisef(L, "this %s was handed to an earlier call, which has ended", what);
}

/* What a part of a change or event is made of: a row of these per name. */
struct part {
    const char *name;
    void (*push)(lua_State *L, const void *what);
};

static int push_part(lua_State *L, const struct part *parts, const void *what, const char *of) {
    const char *name = luaL_checkstring(L, 2);
    for (; parts->name; parts++) {
        if (strcmp(parts->name, name) == 0) {
            parts->push(L, what);
            return 1;
        }
    }
    return raisef(L, "%s has no part '%s'", of, name);
}

static void change_before(lua_State *L, const void *what) {
    const struct change *c = what;
    if (c->before)
        record_push(L, c->type, c->id, c->before);
    else
        lua_pushnil(L);
}

/* A set: change.changed.email is true or nil. */
static void change_changed(lua_State *L, const void *what) {
    const struct change *c = what;
    lua_createtable(L, 0, 8);
    for (uint32_t i = 0; i < c->type->field_count; i++) {
        if (!fieldset_has(&c->changed, i) || !right_reads(script_of(L), c->type->fields[i]))
            continue;
        lua_pushboolean(L, true);
        lua_setfield(L, -2, c->type->fields[i]->name);
    }
}

static void change_kind(lua_State *L, const void *what) {
    lua_pushstring(L, row_kind_name(((const struct change *)what)->kind));
}

static void change_origin(lua_State *L, const void *what) {
    lua_pushstring(L, origin_name(((const struct change *)what)->origin));
}

static int change_index(lua_State *L) {
    static const struct part parts[] = {{"before", change_before},
                                        {"changed", change_changed},
                                        {"kind", change_kind},
                                        {"origin", change_origin},
                                        {NULL, NULL}};
    const struct held_change *h = held_test(L, 1, HELD_CHANGE);
    need_alive(L, h->serial, "change");
    return push_part(L, parts, h->c, "a change");
}

/* The record as the event found or left it, where fields that it did not change are as they are
 * now. */
static void event_image(lua_State *L, const struct event *ev, bool before) {
    if (!ev->type || !ev->values || ev->kind == ROW_EVENT || (before && ev->kind == ROW_CREATE) ||
        (!before && ev->kind == ROW_DELETE)) {
        lua_pushnil(L);
        return;
    }
    struct arena *a = txn_arena(frame_need(L, "reading an event")->txn);
    kith_value *values = ARENA_ARRAY(a, kith_value, ev->type->field_count);
    if (!values)
        raisef(L, "no memory");
    memcpy(values, ev->values, sizeof *values * ev->type->field_count);
    for (size_t i = 0; i < ev->field_count; i++) {
        const struct image_field *f = &ev->fields[i];
        if (f->field && f->field->type == ev->type)
            values[f->field->index] = before ? f->before : f->after;
    }
    record_push(L, ev->type, ev->id, values);
}

static void event_before(lua_State *L, const void *what) {
    event_image(L, what, true);
}

static void event_after(lua_State *L, const void *what) {
    event_image(L, what, false);
}

static void event_changed(lua_State *L, const void *what) {
    const struct event *ev = what;
    lua_createtable(L, 0, (int)ev->field_count);
    for (size_t i = 0; i < ev->field_count; i++) {
        if (!ev->fields[i].field || !right_reads(script_of(L), ev->fields[i].field))
            continue;
        lua_pushboolean(L, true);
        lua_setfield(L, -2, ev->fields[i].field->name);
    }
}

static void event_topic(lua_State *L, const void *what) {
    lua_pushstring(L, ((const struct event *)what)->topic);
}

static void event_kind(lua_State *L, const void *what) {
    lua_pushstring(L, row_kind_name(((const struct event *)what)->kind));
}

static void event_origin(lua_State *L, const void *what) {
    lua_pushstring(L, origin_name(((const struct event *)what)->origin));
}

static void event_at(lua_State *L, const void *what) {
    kith_value v = value_time(((const struct event *)what)->at);
    value_push(L, &v, NULL);
}

static void event_attempt(lua_State *L, const void *what) {
    lua_pushinteger(L, ((const struct event *)what)->attempt);
}

static void event_data(lua_State *L, const void *what) {
    const struct event *ev = what;
    if (ev->payload.len)
        json_push(L, ev->payload);
    else
        lua_createtable(L, 0, 0);
}

static int event_index(lua_State *L) {
    static const struct part parts[] = {{"topic", event_topic},     {"data", event_data},
                                        {"before", event_before},   {"after", event_after},
                                        {"changed", event_changed}, {"at", event_at},
                                        {"kind", event_kind},       {"origin", event_origin},
                                        {"attempt", event_attempt}, {NULL, NULL}};
    const struct held_event *h = held_test(L, 1, HELD_EVENT);
    need_alive(L, h->serial, "event");
    return push_part(L, parts, h->ev, "an event");
}

static void open_held(lua_State *L, const char *key, const char *name, lua_CFunction index) {
    lua_createtable(L, 0, 2);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, index);
    lua_setfield(L, -2, "__index");
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

void record_open(lua_State *L) {
    open_held(L, &change_key, "change", change_index);
    open_held(L, &event_key, "event", event_index);
}
