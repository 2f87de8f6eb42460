/* SPDX-License-Identifier: Apache-2.0 */
/* The string library of scripts: find, match, gmatch and gsub over our own matcher, letters by
 * Unicode, and Lua's functions for the rest. Everything that works through a text is charged for
 * it. */
#include "script/pattern.h"
#include "script/script_internal.h"

#include <string.h>
#include <utf8proc.h>

/* -- patterns ---------------------------------------------------------------------------------- */

/* A position from 1, or from the end when negative, as a place in 0 .. len. */
static size_t place(lua_Integer i, size_t len) {
    if (i > 0)
        return (lua_Unsigned)i - 1 < len ? (size_t)i - 1 : len;
    if (i == 0 || i < -(lua_Integer)len)
        return 0;
    return len - (size_t)-i;
}

/* The pattern's text at stack place `at`; an anchor is taken off its front. */
static bool set_pattern(lua_State *L, struct pattern *m, int text, int at) {
    size_t text_len, len;
    *m = (struct pattern){.steps = &script_of(L)->frame->left};
    m->text = luaL_checklstring(L, text, &text_len);
    m->text_end = m->text + text_len;
    m->pat = luaL_checklstring(L, at, &len);
    m->pat_end = m->pat + len;
    bool anchored = len && *m->pat == '^';
    m->pat += anchored;
    return anchored;
}

/* As pattern_match, but its errors are raised. */
static const char *match_at(lua_State *L, struct pattern *m, const char *at) {
    const char *end = pattern_match(m, at);
    if (!m->error)
        return end;
    charge(L, 0);
    raisef(L, "%s", m->error);
    return NULL;
}

static void push_capture(lua_State *L, const struct pattern *m, int i) {
    const struct capture *c = &m->capture[i];
    if (c->len == CAPTURE_POSITION)
        lua_pushinteger(L, c->start - m->text + 1);
    else
        lua_pushlstring(L, c->start, (size_t)c->len);
}

/* The captures, or the whole match when there are none. */
static int push_match(lua_State *L, const struct pattern *m, const char *at, const char *end) {
    if (!m->captures) {
        lua_pushlstring(L, at, (size_t)(end - at));
        return 1;
    }
    luaL_checkstack(L, m->captures, "too many captures");
    for (int i = 0; i < m->captures; i++)
        push_capture(L, m, i);
    return m->captures;
}

static int find_plain(lua_State *L, const struct pattern *m, const char *pat, const char *at) {
    charge(L, (m->text_end - at) / 8);
    size_t len = (size_t)(m->pat_end - pat);
    const char *found = memmem(at, (size_t)(m->text_end - at), pat, len);
    if (!found)
        return 0;
    lua_pushinteger(L, found - m->text + 1);
    lua_pushinteger(L, found - m->text + (lua_Integer)len);
    return 2;
}

/* Leaves what was found on the stack; 0: nothing. */
static int search(lua_State *L, bool positions) {
    struct pattern m;
    bool anchored = set_pattern(L, &m, 1, 2);
    lua_Integer init = luaL_optinteger(L, 3, 1);
    size_t len = (size_t)(m.text_end - m.text);
    if (init > 0 && (lua_Unsigned)init - 1 > len)
        return 0;
    const char *at = m.text + place(init, len), *pat = m.pat - anchored;
    if (positions && (lua_toboolean(L, 4) || pattern_plain(pat, (size_t)(m.pat_end - pat))))
        return find_plain(L, &m, pat, at);
    for (; at <= m.text_end; at++) {
        const char *end = match_at(L, &m, at);
        if (end && positions) {
            lua_pushinteger(L, at - m.text + 1);
            lua_pushinteger(L, end - m.text);
            return 2 + (m.captures ? push_match(L, &m, at, end) : 0);
        }
        if (end)
            return push_match(L, &m, at, end);
        if (anchored)
            break;
    }
    return 0;
}

static int string_find(lua_State *L) {
    int n = search(L, true);
    return n ? n : (lua_pushnil(L), 1);
}

static int string_match(lua_State *L) {
    int n = search(L, false);
    return n ? n : (lua_pushnil(L), 1);
}

/* Upvalues: text, pattern, where to go on, where the last match ended (-1: none yet). */
static int gmatch_next(lua_State *L) {
    struct pattern m;
    set_pattern(L, &m, lua_upvalueindex(1), lua_upvalueindex(2));
    const char *at = m.text + lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    m.pat = lua_tostring(L, lua_upvalueindex(2)); /* '^' means itself here */
    for (; at <= m.text_end; at++) {
        const char *end = match_at(L, &m, at);
        if (!end || end - m.text == last)
            continue;
        lua_pushinteger(L, end - m.text);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_match(L, &m, at, end);
    }
    return 0;
}

static int string_gmatch(lua_State *L) {
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_pushinteger(L, 0);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, gmatch_next, 4);
    return 1;
}

/* A replacement text: %0 is the match, %1 .. %9 the captures, %% a percent sign. */
static void add_text(lua_State *L, luaL_Buffer *b, const struct pattern *m, const char *at,
                     const char *end) {
    size_t len;
    const char *text = lua_tolstring(L, 3, &len);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '%') {
            luaL_addchar(b, text[i]);
            continue;
        }
        int digit = ++i < len ? text[i] - '0' : -1;
        if (i < len && text[i] == '%') {
            luaL_addchar(b, '%');
        } else if (digit == 0 || (digit == 1 && !m->captures)) {
            luaL_addlstring(b, at, (size_t)(end - at));
        } else if (digit > 0 && digit <= m->captures) {
            push_capture(L, m, digit - 1);
            luaL_addvalue(b);
        } else {
            raisef(L,
                   "gsub: '%%' in the replacement must be followed by '%%' or a capture's number");
        }
    }
}

/* What a table or a function says; false or nil keeps the match. */
static void add_answer(lua_State *L, luaL_Buffer *b, const struct pattern *m, const char *at,
                       const char *end) {
    if (lua_isfunction(L, 3)) {
        lua_pushvalue(L, 3);
        lua_call(L, push_match(L, m, at, end), 1);
    } else {
        if (m->captures)
            push_capture(L, m, 0);
        else
            lua_pushlstring(L, at, (size_t)(end - at));
        lua_gettable(L, 3);
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        lua_pushlstring(L, at, (size_t)(end - at));
    } else if (!lua_isstring(L, -1)) {
        raisef(L, "gsub: the replacement is a %s, not a text", held_name(L, -1));
    }
    luaL_addvalue(b);
}

static int string_gsub(lua_State *L) {
    struct pattern m;
    luaL_Buffer b;
    bool anchored = set_pattern(L, &m, 1, 2), by_text = lua_isstring(L, 3);
    lua_Integer count = 0, max = luaL_optinteger(L, 4, LUA_MAXINTEGER);
    if (!by_text && !lua_istable(L, 3) && !lua_isfunction(L, 3))
        return raisef(L, "gsub: the replacement must be a text, a table or a function, not a %s",
                      held_name(L, 3));
    if (by_text)
        lua_tostring(L, 3);
    const char *at = m.text, *last = NULL;
    luaL_buffinit(L, &b);
    while (count < max) {
        const char *end = match_at(L, &m, at);
        if (end && end != last) {
            (by_text ? add_text : add_answer)(L, &b, &m, at, end);
            count++;
            at = last = end;
        } else if (at < m.text_end) {
            luaL_addchar(&b, *at++);
        } else {
            break;
        }
        if (anchored)
            break;
    }
    luaL_addlstring(&b, at, (size_t)(m.text_end - at));
    luaL_pushresult(&b);
    lua_pushinteger(L, count);
    return 2;
}

/* -- letters ----------------------------------------------------------------------------------- */

static bool is_letter(utf8proc_int32_t c) {
    utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_ME;
}

enum letters { LOWER, UPPER, TITLE };

/* letters: how many there are so far in the word. "o'brien" is two words, "peter's" is one. */
static utf8proc_int32_t title_letter(int *letters, utf8proc_int32_t c) {
    bool quote = c == '\'' || c == 0x2019;
    if (is_letter(c))
        return (*letters)++ == 0 ? utf8proc_totitle(c) : utf8proc_tolower(c);
    if (!quote || *letters == 1)
        *letters = 0;
    return c;
}

static int map_letters(lua_State *L, enum letters how) {
    size_t len;
    const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)luaL_checklstring(L, 1, &len);
    int letters = 0;
    luaL_Buffer b;
    charge(L, (lua_Integer)len);
    luaL_buffinit(L, &b);
    for (size_t i = 0; i < len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate(s + i, (utf8proc_ssize_t)(len - i), &c);
        if (n <= 0) { /* not UTF-8: left as it is */
            luaL_addchar(&b, (char)s[i++]);
            continue;
        }
        c = how == LOWER   ? utf8proc_tolower(c)
            : how == UPPER ? utf8proc_toupper(c)
                           : title_letter(&letters, c);
        luaL_addsize(&b,
                     (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)luaL_prepbuffsize(&b, 4)));
        i += (size_t)n;
    }
    luaL_pushresult(&b);
    return 1;
}

static int string_lower(lua_State *L) {
    return map_letters(L, LOWER);
}

static int string_upper(lua_State *L) {
    return map_letters(L, UPPER);
}

static int string_title(lua_State *L) {
    return map_letters(L, TITLE);
}

/* -- the rest ---------------------------------------------------------------------------------- */

static int string_trim(lua_State *L) {
    size_t len;
    const char *s = luaL_checklstring(L, 1, &len);
    kith_str t = str_trim((kith_str){s, len});
    lua_pushlstring(L, t.ptr, t.len);
    return 1;
}

static int string_byte(lua_State *L) {
    size_t len = lua_rawlen(L, 1), from = place(luaL_optinteger(L, 2, 1), len);
    size_t to = lua_isnoneornil(L, 3) ? from : place(lua_tointeger(L, 3), len);
    if (to > from)
        charge(L, (lua_Integer)(to - from));
    return call_wrapped(L);
}

/* Lua's own takes as long as it is told to, even to repeat nothing. */
static int string_rep(lua_State *L) {
    size_t len, sep_len;
    const char *s = luaL_checklstring(L, 1, &len);
    lua_Integer n = luaL_checkinteger(L, 2);
    const char *sep = luaL_optlstring(L, 3, "", &sep_len);
    size_t max = (size_t)script_of(L)->all->options.limits.memory, each = len + sep_len;
    if (n <= 0 || !each) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (each > max / (size_t)n)
        return raisef(L, "rep: the result would be too long");
    luaL_Buffer b;
    size_t total = each * (size_t)n - sep_len;
    charge(L, n);
    char *out = luaL_buffinitsize(L, &b, total);
    for (lua_Integer i = 0; i < n; i++) {
        memcpy(out, s, len);
        out += len;
        if (i + 1 < n)
            memcpy(out, sep, sep_len);
        out += sep_len;
    }
    luaL_pushresultsize(&b, total);
    return 1;
}

/* Without addresses: %p is refused, and tables and functions are named, not numbered. */
static int string_format(lua_State *L) {
    size_t len;
    const char *f = luaL_checklstring(L, 1, &len);
    charge(L, (lua_Integer)len / 8);
    for (size_t i = 0; i + 1 < len; i++) {
        if (f[i] != '%')
            continue;
        i += 1 + strspn(f + i + 1, "-+ #0123456789.");
        if (f[i] == 'p')
            return raisef(L, "format: %%p is not available");
    }
    for (int i = 2; i <= lua_gettop(L); i++) {
        if (lua_istable(L, i) || lua_isfunction(L, i) || lua_islightuserdata(L, i)) {
            lua_pushstring(L, held_name(L, i));
            lua_replace(L, i);
        }
    }
    return call_wrapped(L);
}

static void wrap(lua_State *L, const char *name, lua_CFunction wrapper) {
    lua_getfield(L, -1, name);
    if (wrapper)
        lua_pushcclosure(L, wrapper, 1);
    lua_setfield(L, -3, name);
}

void lib_string_open(lua_State *L, int globals) {
    static const luaL_Reg own[] = {{"find", string_find},     {"match", string_match},
                                   {"gmatch", string_gmatch}, {"gsub", string_gsub},
                                   {"lower", string_lower},   {"upper", string_upper},
                                   {"title", string_title},   {"trim", string_trim},
                                   {"rep", string_rep},       {NULL, NULL}};
    luaL_newlib(L, own);
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 0);
    wrap(L, "char", NULL);
    wrap(L, "len", NULL);
    wrap(L, "reverse", NULL);
    wrap(L, "sub", NULL);
    wrap(L, "byte", string_byte);
    wrap(L, "format", string_format);
    lua_pop(L, 1);
    /* ("x"):rep(3) finds its method here; texts take no part in arithmetic. */
    lua_pushliteral(L, "");
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
    freeze(L);
    lua_setfield(L, globals, LUA_STRLIBNAME);
}
