/* SPDX-License-Identifier: Apache-2.0 */
/* The log of a run as bytes: entries, and the values in them. It is read with suspicion, as a
 * database may be damaged. */
#include "script/flow_internal.h"

#include <string.h>

#define DEPTH_MAX 32 /* of tables in tables */

/* -- numbers and texts ------------------------------------------------------------------------- */

static void put_number(struct buf *b, uint64_t n) {
    for (; n >= 0x80; n >>= 7)
        buf_putc(b, (char)(n | 0x80));
    buf_putc(b, (char)n);
}

static uint64_t zigzag(int64_t n) {
    return ((uint64_t)n << 1) ^ (uint64_t)(n >> 63);
}

static int64_t unzigzag(uint64_t n) {
    return (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
}

/* Between NULs, so that whoever looks for a name in the bytes finds where it begins and ends. */
static void put_text(struct buf *b, kith_str s) {
    put_number(b, s.len);
    buf_putc(b, '\0');
    buf_add(b, s.ptr, s.len);
    buf_putc(b, '\0');
}

static bool take_number(kith_str *s, uint64_t *out) {
    *out = 0;
    for (unsigned shift = 0; shift < 64 && s->len > 0; shift += 7) {
        uint64_t byte = (unsigned char)*s->ptr++;
        s->len--;
        *out |= (byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool take_text(kith_str *s, kith_str *out) {
    uint64_t len;
    if (!take_number(s, &len) || s->len < 2 || len > s->len - 2 || s->ptr[0] || s->ptr[len + 1])
        return false;
    *out = (kith_str){s->ptr + 1, len};
    s->ptr += len + 2;
    s->len -= len + 2;
    return true;
}

static bool take_byte(kith_str *s, char *out) {
    if (!s->len)
        return false;
    *out = *s->ptr++;
    s->len--;
    return true;
}

/* -- entries ----------------------------------------------------------------------------------- */

void entry_write(struct buf *log, const struct entry *en) {
    buf_putc(log, (char)en->kind);
    put_number(log, en->branch);
    put_number(log, en->line);
    put_number(log, en->seq);
    put_number(log, zigzag(en->at));
    put_number(log, en->seed);
    put_text(log, str_of(en->name));
    put_text(log, en->args);
    put_text(log, en->results);
}

kith_status entry_read(struct log_reader *r, struct arena *a, struct entry **out, kith_error *e) {
    struct entry *en = *out = ARENA_NEW(a, struct entry);
    kith_str *s = &r->left, name;
    char kind;
    uint64_t branch, line, at;
    if (!en)
        return err_nomem(e);
    bool ok = take_byte(s, &kind) && take_number(s, &branch) && take_number(s, &line) &&
              take_number(s, &en->seq) && take_number(s, &at) && take_number(s, &en->seed) &&
              take_text(s, &name) && take_text(s, &en->args) && take_text(s, &en->results) &&
              kind >= ENTRY_START && kind <= ENTRY_FORK && branch < UINT32_MAX &&
              line <= UINT32_MAX && !memchr(name.ptr, '\0', name.len);
    if (!ok)
        return err_set(e, KITH_E_CORRUPT, NULL, "the log of the run is damaged: 'kith doctor'");
    en->kind = (enum entry_kind)kind;
    en->branch = (uint32_t)branch;
    en->line = (uint32_t)line;
    en->at = unzigzag(at);
    en->name = name.len ? arena_str(a, name).ptr : "";
    return en->name ? KITH_OK : err_nomem(e);
}

/* -- values: a letter, and what it needs ------------------------------------------------------- */

static void encode(lua_State *L, int at, struct buf *out, int depth);

static void encode_exact(const kith_value *v, struct buf *out) {
    buf_putc(out, 'v');
    put_number(out, v->kind);
    if (v->kind == KITH_MONEY) {
        put_number(out, zigzag(v->as.money.minor));
        buf_add(out, v->as.money.currency, sizeof v->as.money.currency);
    } else if (v->kind == KITH_DECIMAL) {
        put_number(out, zigzag(v->as.decimal.units));
        put_number(out, (uint64_t)v->as.decimal.scale);
    } else {
        put_number(out, zigzag(v->as.i));
    }
}

void record_encode(struct buf *out, const struct rtype *type, kith_id id) {
    buf_putc(out, 'r');
    put_number(out, type->id);
    put_number(out, id);
}

static void encode_held(lua_State *L, int at, struct buf *out) {
    const struct held_value *v = held_test(L, at, HELD_VALUE);
    const struct held_record *r = held_test(L, at, HELD_RECORD);
    if (v) {
        encode_exact(&v->v, out);
    } else if (r) {
        record_encode(out, r->type, r->id);
    } else { /* an error that pcall caught, for example */
        size_t len;
        const char *s = luaL_tolstring(L, at, &len);
        buf_putc(out, 's');
        put_text(out, (kith_str){s, len});
        lua_pop(L, 1);
    }
}

static void encode_table(lua_State *L, int at, struct buf *out, int depth) {
    luaL_checkstack(L, 8, "a table is nested too deeply");
    if (depth == DEPTH_MAX)
        raisef(L, "a table is nested more than %d deep", DEPTH_MAX);
    lua_Integer n = sorted_keys(L, at); /* their list is on top */
    int keys = lua_gettop(L);
    buf_putc(out, 't');
    put_number(out, (uint64_t)n);
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, keys, i);
        encode(L, -1, out, depth + 1);
        lua_rawget(L, at);
        encode(L, -1, out, depth + 1);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

static void encode_number(lua_State *L, int at, struct buf *out) {
    if (lua_isinteger(L, at)) {
        buf_putc(out, 'i');
        put_number(out, zigzag(lua_tointeger(L, at)));
        return;
    }
    lua_Number x = lua_tonumber(L, at);
    buf_putc(out, 'd');
    buf_add(out, (const char *)&x, sizeof x);
}

static void encode(lua_State *L, int at, struct buf *out, int depth) {
    size_t len;
    const char *s;
    at = lua_absindex(L, at);
    switch (lua_type(L, at)) {
    case LUA_TNIL:
        buf_putc(out, 'n');
        break;
    case LUA_TLIGHTUSERDATA:
        buf_putc(out, '0'); /* null */
        break;
    case LUA_TBOOLEAN:
        buf_putc(out, lua_toboolean(L, at) ? 'y' : 'f');
        break;
    case LUA_TNUMBER:
        encode_number(L, at, out);
        break;
    case LUA_TSTRING:
        s = lua_tolstring(L, at, &len);
        buf_putc(out, 's');
        put_text(out, (kith_str){s, len});
        break;
    case LUA_TTABLE:
        encode_table(L, at, out, depth);
        break;
    case LUA_TUSERDATA:
        encode_held(L, at, out);
        break;
    default:
        raisef(L, "a %s cannot be kept while a workflow waits", held_name(L, at));
    }
}

void values_encode(lua_State *L, int first, int last, struct buf *out) {
    for (int i = first; i <= last; i++)
        encode(L, i, out, 0);
    charge(L, (int64_t)out->len / 16);
    if (out->failed)
        raisef(L, "no memory");
}

/* What encode_exact() wrote. */
static bool take_exact(kith_str *s, kith_value *v) {
    uint64_t kind, n, scale;
    if (!take_number(s, &kind) || !take_number(s, &n))
        return false;
    *v = (kith_value){.kind = (uint32_t)kind};
    switch (kind) {
    case KITH_MONEY:
        if (s->len < sizeof v->as.money.currency || s->ptr[sizeof v->as.money.currency - 1])
            return false;
        v->as.money.minor = unzigzag(n);
        memcpy(v->as.money.currency, s->ptr, sizeof v->as.money.currency);
        s->ptr += sizeof v->as.money.currency;
        s->len -= sizeof v->as.money.currency;
        return true;
    case KITH_DECIMAL:
        v->as.decimal.units = unzigzag(n);
        if (!take_number(s, &scale) || scale > 9)
            return false;
        v->as.decimal.scale = (int32_t)scale;
        return true;
    case KITH_DATE:
    case KITH_TIME:
    case KITH_DURATION:
        v->as.i = unzigzag(n);
        return true;
    default:
        return false;
    }
}

/* -- and back ---------------------------------------------------------------------------------- */

static void damaged(lua_State *L) {
    raisef(L, "a value in the log of the run is damaged: 'kith doctor'");
}

static uint64_t need_number(lua_State *L, kith_str *s) {
    uint64_t n;
    if (!take_number(s, &n))
        damaged(L);
    return n;
}

static void decode_exact(lua_State *L, kith_str *s) {
    kith_value v;
    if (!take_exact(s, &v))
        damaged(L);
    value_push(L, &v, NULL);
}

static void decode_record(lua_State *L, kith_str *s) {
    const struct schema *schema = engine_schema(script_of(L)->all->engine);
    uint64_t number = need_number(L, s), id = need_number(L, s);
    const struct rtype *t = schema_type_by_id(schema, (uint32_t)number);
    if (!t)
        raisef(L, "a type of which the run has records is not there any more: bring it back, or"
                  " cancel the run");
    record_push(L, t, id, NULL);
}

static void decode(lua_State *L, kith_str *s, int depth);

static void decode_table(lua_State *L, kith_str *s, int depth) {
    uint64_t n = need_number(L, s);
    luaL_checkstack(L, 8, "a table is nested too deeply");
    if (depth == DEPTH_MAX || n > s->len)
        damaged(L);
    lua_createtable(L, 0, n < 64 ? (int)n : 64);
    for (uint64_t i = 0; i < n; i++) {
        decode(L, s, depth + 1);
        decode(L, s, depth + 1);
        if (lua_isnil(L, -2) || (lua_type(L, -2) == LUA_TNUMBER && !lua_isinteger(L, -2)))
            damaged(L);
        lua_rawset(L, -3);
    }
}

static void decode_number(lua_State *L, kith_str *s) {
    lua_Number x;
    if (s->len < sizeof x)
        damaged(L);
    memcpy(&x, s->ptr, sizeof x);
    s->ptr += sizeof x;
    s->len -= sizeof x;
    lua_pushnumber(L, x);
}

static void decode(lua_State *L, kith_str *s, int depth) {
    kith_str text;
    char letter = 0;
    if (!take_byte(s, &letter))
        damaged(L);
    switch (letter) {
    case 'n':
        lua_pushnil(L);
        break;
    case '0':
        lua_pushlightuserdata(L, NULL);
        break;
    case 'y':
    case 'f':
        lua_pushboolean(L, letter == 'y');
        break;
    case 'i':
        lua_pushinteger(L, unzigzag(need_number(L, s)));
        break;
    case 'd':
        decode_number(L, s);
        break;
    case 's':
        if (!take_text(s, &text))
            damaged(L);
        lua_pushlstring(L, text.ptr, text.len);
        break;
    case 't':
        decode_table(L, s, depth);
        break;
    case 'v':
        decode_exact(L, s);
        break;
    case 'r':
        decode_record(L, s);
        break;
    default:
        damaged(L);
    }
}

int values_decode(lua_State *L, kith_str text) {
    int n = 0;
    charge(L, (int64_t)text.len / 16);
    for (; text.len > 0; n++) {
        luaL_checkstack(L, 4, "too many values");
        decode(L, &text, 0);
    }
    return n;
}

/* -- for people -------------------------------------------------------------------------------- */

static bool show(const struct schema *schema, kith_str *s, struct arena *a, struct buf *out,
                 int depth);

static bool show_exact(kith_str *s, struct arena *a, struct buf *out) {
    kith_value v;
    if (!take_exact(s, &v))
        return false;
    buf_str(out, value_text(NULL, &v, a));
    return true;
}

static bool show_record(const struct schema *schema, kith_str *s, struct buf *out) {
    uint64_t type, id;
    char text[ID_TEXT + 1];
    if (!take_number(s, &type) || !take_number(s, &id))
        return false;
    const struct rtype *t = schema_type_by_id(schema, (uint32_t)type);
    id_format(id, text);
    buf_printf(out, "%s/%s", t ? t->name : "record", text);
    return true;
}

/* Keys that count on from 1 are not shown. */
static bool show_table(const struct schema *schema, kith_str *s, struct arena *a, struct buf *out,
                       int depth) {
    uint64_t n;
    if (depth == DEPTH_MAX || !take_number(s, &n) || n > s->len)
        return false;
    buf_putc(out, '{');
    for (uint64_t i = 1; i <= n; i++) {
        kith_str key = *s, text;
        uint64_t number;
        char letter;
        bool listed = take_byte(&key, &letter) && letter == 'i' && take_number(&key, &number) &&
                      unzigzag(number) == (int64_t)i;
        bool named = s->len && *s->ptr == 's';
        buf_puts(out, i > 1 ? ", " : "");
        if (listed) {
            *s = key;
        } else if (named) {
            take_byte(s, &letter);
            if (!take_text(s, &text))
                return false;
            buf_str(out, text);
            buf_puts(out, " = ");
        } else {
            buf_putc(out, '[');
            if (!show(schema, s, a, out, depth + 1))
                return false;
            buf_puts(out, "] = ");
        }
        if (!show(schema, s, a, out, depth + 1))
            return false;
    }
    buf_putc(out, '}');
    return true;
}

static bool show_number(kith_str *s, struct buf *out) {
    lua_Number x;
    if (s->len < sizeof x)
        return false;
    memcpy(&x, s->ptr, sizeof x);
    s->ptr += sizeof x;
    s->len -= sizeof x;
    buf_printf(out, "%.14g", x);
    return true;
}

static bool show(const struct schema *schema, kith_str *s, struct arena *a, struct buf *out,
                 int depth) {
    static const struct {
        char letter;
        const char *text;
    } words[] = {{'n', "nil"}, {'0', "null"}, {'y', "true"}, {'f', "false"}};
    kith_str text;
    uint64_t n;
    char letter = 0;
    if (!take_byte(s, &letter))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (letter == words[i].letter) {
            buf_puts(out, words[i].text);
            return true;
        }
    switch (letter) {
    case 'i':
        if (!take_number(s, &n))
            return false;
        buf_printf(out, "%lld", (long long)unzigzag(n));
        return true;
    case 's':
        if (!take_text(s, &text))
            return false;
        buf_printf(out, "\"%.*s\"", (int)text.len, text.ptr);
        return true;
    case 'd':
        return show_number(s, out);
    case 't':
        return show_table(schema, s, a, out, depth);
    case 'v':
        return show_exact(s, a, out);
    case 'r':
        return show_record(schema, s, out);
    default:
        return false;
    }
}

kith_str values_text(const struct schema *schema, kith_str text, struct arena *a) {
    struct buf out = {0};
    while (text.len > 0) {
        buf_puts(&out, out.len ? ", " : "");
        if (!show(schema, &text, a, &out, 0)) {
            buf_puts(&out, "(damaged)");
            break;
        }
    }
    kith_str copy = arena_str(a, buf_view(&out));
    buf_free(&out);
    return copy;
}
