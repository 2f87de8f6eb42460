/* SPDX-License-Identifier: Apache-2.0 */
/* Console: one entry of a prompt, run as a rule's code is, in a state of its own that goes with it.
 * What earlier entries left in variables comes in as bytes, and goes out again: so a prompt holds
 * neither memory of the company's nor a place among its commands while nobody types. */
#include "script/flow_internal.h"
#include "script/words.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK "=console"

struct console {
    struct script *script;
    struct console_entry *entry;
    struct arena *arena; /* of what is handed out */
    size_t cap;
    struct buf kept, one; /* variables, and the one that is being kept */
    struct buf lost;
};

enum {
    VARIABLES = 1,
    SOURCES
}; /* places on the stack; sources: by function, the entry that made it */

/* -- names ------------------------------------------------------------------------------------- */

static const char *word_name(const void *arg, size_t i) {
    (void)arg;
    return word_at(i)->name;
}

static void keep_result(lua_State *L, struct console *k, int at);

/* What people try first. Rules have no standard output; here it stands beside what is given. */
static int console_print(lua_State *L) {
    struct console *k = lua_touserdata(L, lua_upvalueindex(1));
    int count = lua_gettop(L);
    for (int i = 1; i <= count; i++)
        keep_result(L, k, i);
    return 0;
}

/* A name that nobody gave a value is a slip of the fingers. Upvalues: what scripts see, print(). */
static int unknown_name(lua_State *L) {
    size_t words = 0;
    lua_pushvalue(L, 2);
    if (lua_gettable(L, lua_upvalueindex(1)) != LUA_TNIL)
        return 1;
    if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "print") == 0) {
        lua_pushvalue(L, lua_upvalueindex(2));
        return 1;
    }
    while (word_at(words))
        words++;
    const char *name = luaL_tolstring(L, 2, NULL);
    const char *other = word_instead(str_of(name));
    if (other)
        return raisef(L, "nothing here is called '%s': %s", name, other);
    const char *near = str_nearest(str_of(name), word_name, NULL, words);
    return raisef(L, "nothing here is called '%s'%s%s%s", name, STR_MEANT(near));
}

static void push_variables(lua_State *L, struct console *k) {
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    environment_push(L);
    lua_pushlightuserdata(L, k);
    lua_pushcclosure(L, console_print, 1);
    lua_pushcclosure(L, unknown_name, 2);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_newtable(L);
}

/* -- code -------------------------------------------------------------------------------------- */

static bool load_text(lua_State *L, kith_str text) {
    if (luaL_loadbufferx(L, text.ptr ? text.ptr : "", text.len, CHUNK, "t") != LUA_OK)
        return false;
    lua_pushvalue(L, VARIABLES);
    lua_setupvalue(L, -2, 1);
    return true;
}

/* What comes behind "local": so a variable lasts until the console ends. */
static kith_str without_local(kith_str text) {
    kith_str rest = str_trim(text);
    if (!str_starts(rest, "local ") || memchr(rest.ptr, '<', rest.len))
        return text;
    return str_trim((kith_str){rest.ptr + 6, rest.len - 6});
}

/* "return " in front of an expression has it shown; line numbers stay. */
static bool load_behind_return(lua_State *L, kith_str text) {
    lua_pushliteral(L, "return ");
    lua_pushlstring(L, text.ptr ? text.ptr : "", text.len);
    lua_concat(L, 2);
    size_t len;
    const char *whole = lua_tolstring(L, -1, &len);
    bool ok = load_text(L, (kith_str){whole, len});
    lua_remove(L, ok ? -2 : -1);
    if (!ok)
        lua_remove(L, -1);
    return ok;
}

static void load_entry(lua_State *L, kith_str text) {
    charge(L, (int64_t)text.len);
    if (text.len && memmem(text.ptr, text.len, "_ENV", 4)) /* Lua 5.4.4 can mistranslate it */
        raisef(L, "'_ENV' cannot be used here");
    if (!load_behind_return(L, text) && !load_text(L, text))
        raise_syntax(L, &CHUNK[1], text);
}

bool console_complete(kith_str text) {
    lua_State *L = luaL_newstate();
    bool complete = true;
    if (!L)
        return true;
    lua_newtable(L); /* VARIABLES */
    lua_newtable(L);
    if (!load_behind_return(L, text) && !load_text(L, text)) {
        kith_str why = str_of(lua_tostring(L, -1));
        complete = !(why.len >= 5 && memcmp(why.ptr + why.len - 5, "<eof>", 5) == 0);
    }
    lua_close(L);
    return complete;
}

/* The function that stands in an entry which is nothing but its definition: "function f(x) ... end"
 * or "f = function(x) ... end". Such an entry does nothing when it is run again. */
static bool defines_one(lua_State *L, kith_str text) {
    size_t name = 0;
    bool first = str_starts(text, "function ");
    if (first)
        text = str_trim((kith_str){text.ptr + 9, text.len - 9});
    while (name < text.len &&
           (text.ptr[name] == '_' || (text.ptr[name] >= '0' && text.ptr[name] <= '9') ||
            ((text.ptr[name] | 32) >= 'a' && (text.ptr[name] | 32) <= 'z')))
        name++;
    kith_str rest = str_trim((kith_str){text.ptr + name, text.len - name});
    if (!name || !rest.len || rest.ptr[0] != (first ? '(' : '='))
        return false;
    if (!first)
        rest = str_trim((kith_str){rest.ptr + 1, rest.len - 1});
    if (!first && !str_starts(rest, "function"))
        return false;
    lua_pushfstring(L, first ? "function" : "");
    lua_pushlstring(L, rest.ptr, rest.len);
    lua_concat(L, 2);
    size_t len;
    const char *whole = lua_tolstring(L, -1, &len);
    bool ok = load_behind_return(L, (kith_str){whole, len});
    lua_pop(L, ok ? 2 : 1);
    return ok;
}

/* -- variables --------------------------------------------------------------------------------- */

/* name, is it the text of a definition, and the value or that text; and so on. */
static void take_variables(lua_State *L, kith_str bytes) {
    int top = lua_gettop(L), n = values_decode(L, bytes);
    if (n % 3)
        raisef(L, "the variables of this console are damaged: begin a new one");
    for (int i = top + 1; i < top + n; i += 3) {
        size_t len = 0;
        bool code = lua_toboolean(L, i + 1);
        const char *text = code ? lua_tolstring(L, i + 2, &len) : NULL;
        if (text && load_text(L, (kith_str){text, len})) {
            lua_call(L, 0, 0);
            lua_pushvalue(L, i);
            lua_rawget(L, VARIABLES);
            lua_pushvalue(L, i + 2);
            lua_rawset(L, SOURCES);
        } else {
            lua_pushvalue(L, i);
            lua_pushvalue(L, i + 2);
            lua_rawset(L, VARIABLES);
        }
    }
    lua_settop(L, top);
}

/* Protected: all that is above the console. */
static int encode(lua_State *L) {
    struct console *k = lua_touserdata(L, 1);
    buf_reset(&k->one);
    values_encode(L, 2, lua_gettop(L), &k->one);
    return 0;
}

/* The name of the variable is on top. */
static void keep_variable(lua_State *L, struct console *k, bool defined) {
    int name = lua_gettop(L);
    lua_pushcfunction(L, encode);
    lua_pushlightuserdata(L, k);
    lua_pushvalue(L, name);
    lua_pushvalue(L, name);
    lua_rawget(L, VARIABLES);
    bool code = lua_isfunction(L, -1) && !lua_iscfunction(L, -1);
    if (code) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, SOURCES) == LUA_TNIL && defined) {
            lua_pop(L, 1);
            lua_pushlstring(L, k->entry->text.ptr, k->entry->text.len);
        }
        lua_replace(L, -2);
        code = lua_isstring(L, -1);
    }
    lua_pushboolean(L, code);
    lua_insert(L, -2);
    bool fits = !lua_isnil(L, -1) && lua_pcall(L, 4, 0, 0) == LUA_OK;
    if (fits)
        buf_str(&k->kept, buf_view(&k->one));
    else if (script_of(L)->frame->stopped)
        lua_error(L);
    else
        buf_printf(&k->lost, "%s%s", k->lost.len ? ", " : "", lua_tostring(L, name));
    lua_settop(L, name);
}

static void keep_variables(lua_State *L, struct console *k) {
    bool defined = defines_one(L, k->entry->text);
    lua_Integer n = sorted_keys(L, VARIABLES);
    int keys = lua_gettop(L);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, keys, i);
        keep_variable(L, k, defined);
        lua_pop(L, 1);
    }
    if (k->kept.len > CONSOLE_STATE_MAX)
        raisef(L, "the variables of this console take more than %d KiB: set some to nil",
               CONSOLE_STATE_MAX >> 10);
}

/* -- what it gave ------------------------------------------------------------------------------ */

static struct console_value *add_value(lua_State *L, struct console *k) {
    struct console_entry *x = k->entry;
    struct console_value *items = arena_grow(k->arena, x->values, x->count, &k->cap, sizeof *items);
    if (!items)
        raisef(L, "no memory");
    x->values = items;
    items[x->count] = (struct console_value){0};
    return &items[x->count++];
}

static void keep_records(lua_State *L, struct console *k, const struct rtype *type,
                         const kith_id *ids, size_t count, bool list) {
    struct console_value *v = add_value(L, k);
    size_t shown = count < CONSOLE_ROWS ? count : CONSOLE_ROWS;
    *v = (struct console_value){.type = type, .list = list, .found = count};
    v->ids = ARENA_ARRAY(k->arena, kith_id, shown + 1);
    v->values = ARENA_ARRAY(k->arena, kith_value *, shown + 1);
    for (size_t i = 0; v->ids && v->values && i < shown; i++) {
        const kith_value *now;
        kith_error e = KITH_ERROR_INIT;
        kith_status st = txn_get(script_of(L)->frame->txn, type, ids[i], &now, &e);
        if (st == KITH_E_NOTFOUND && list)
            continue;
        kith_value *copy = ARENA_ARRAY(k->arena, kith_value, type->field_count);
        if (st != KITH_OK)
            raise_error(L, &e);
        for (uint32_t f = 0; copy && f < type->field_count; f++)
            copy[f] = value_copy(k->arena, &now[f]);
        v->ids[v->count] = ids[i];
        v->values[v->count++] = copy;
    }
}

/* A table as it is written; what cannot be kept in one is named by its kind. */
static kith_str text_of(lua_State *L, struct console *k, int at) {
    size_t len;
    if (lua_istable(L, at)) {
        lua_pushcfunction(L, encode);
        lua_pushlightuserdata(L, k);
        lua_pushvalue(L, at);
        if (lua_pcall(L, 2, 0, 0) == LUA_OK)
            return values_text(engine_schema(k->script->all->engine), buf_view(&k->one), k->arena);
        if (script_of(L)->frame->stopped)
            lua_error(L);
    }
    if (lua_isfunction(L, at) || lua_istable(L, at))
        return str_of(held_name(L, at));
    const char *s = luaL_tolstring(L, at, &len);
    return arena_str(k->arena, (kith_str){s, len});
}

static void keep_result(lua_State *L, struct console *k, int at) {
    struct held_record *r = held_test(L, at, HELD_RECORD);
    const struct rtype *type;
    const kith_id *ids;
    size_t count;
    luaL_checkstack(L, LUA_MINSTACK, "too many values");
    if (r) {
        keep_records(L, k, r->type, &r->id, 1, false);
    } else if (find_is(L, at)) {
        find_ids(L, at, &type, &ids, &count);
        keep_records(L, k, type, ids, count, true);
    } else {
        kith_str text = text_of(L, k, at);
        add_value(L, k)->text = text;
    }
}

/* -- running ----------------------------------------------------------------------------------- */

static int enter(lua_State *L) {
    struct console *k = lua_touserdata(L, 1);
    lua_settop(L, 0);
    push_variables(L, k);
    take_variables(L, k->entry->state);
    load_entry(L, k->entry->text);
    lua_call(L, 0, LUA_MULTRET);
    int last = lua_gettop(L);
    for (int i = SOURCES + 1; i <= last; i++)
        keep_result(L, k, i);
    lua_settop(L, SOURCES);
    keep_variables(L, k);
    return 0;
}

static kith_status run_entry(struct console *k, struct txn *t, kith_error *e) {
    static const struct rule rule = {.cursor = "console", .source = "console"};
    struct frame f;
    TRY(rights_take(k->script, e));
    TRY(sandbox_open(k->script, e));
    frame_begin(k->script, &f, t, &rule);
    kith_status st = sandbox_call(k->script, enter, k, e);
    frame_end(k->script, &f);
    return st;
}

kith_status scripts_console(struct scripts *s, struct txn *t, struct console_entry *x,
                            struct arena *a, kith_error *e) {
    struct script own = {.all = s, .set = s->running, .file = "console", .console = true};
    struct console k = {.script = &own, .entry = x, .arena = a};
    own.rules_tail = &own.rules;
    x->text = without_local(x->text);
    x->values = NULL;
    x->count = 0;
    kith_status st = run_entry(&k, t, e);
    x->kept = arena_str(a, buf_view(&k.kept));
    x->lost = k.lost.len ? arena_str(a, buf_view(&k.lost)).ptr : NULL;
    bool whole = x->kept.ptr || !k.kept.len;
    buf_free(&k.kept);
    buf_free(&k.one);
    buf_free(&k.lost);
    script_unload(&own);
    return st == KITH_OK && !whole ? err_nomem(e) : st;
}
