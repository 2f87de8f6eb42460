/* SPDX-License-Identifier: Apache-2.0 */
/* What rules do with records: create, update, delete, get, find, count, totals, publish,
 * refuse and log.
 * All of it happens in the transaction of the callback, with the rights of whoever asked for it. */
#include "script/script_internal.h"

#include "base/log.h"
#include "engine/topics.h"

#include <string.h>

#define ASSIGNS_SMALL 32

static kith_str text_at(lua_State *L, int at) {
    size_t len;
    const char *s = luaL_checklstring(L, at, &len);
    return (kith_str){s, len};
}

static const struct rtype *type_at(lua_State *L, int at) {
    const struct schema *schema = engine_schema(script_of(L)->all->engine);
    const struct rtype *t;
    kith_error e = KITH_ERROR_INIT;
    if (schema_find_type(schema, text_at(L, at), &t, &e) != KITH_OK)
        raise_error(L, &e);
    return t;
}

static void need(lua_State *L, uint32_t right, const struct rtype *t) {
    kith_error e = KITH_ERROR_INIT;
    if (right_need(script_of(L), right, t, &e) != KITH_OK)
        raise_error(L, &e);
}

/* -- writing ----------------------------------------------------------------------------------- */

struct assigns {
    struct assign small[ASSIGNS_SMALL], *set;
    size_t count;
};

/* The table of fields at `at`. */
static void take_assigns(lua_State *L, int at, const struct rtype *t, struct txn *txn,
                         struct assigns *out) {
    luaL_checktype(L, at, LUA_TTABLE);
    charge(L, CALL_STEPS);
    out->count = 0;
    out->set = out->small;
    if (t->field_count > ASSIGNS_SMALL)
        out->set = ARENA_ARRAY(txn_arena(txn), struct assign, t->field_count);
    if (!out->set)
        raisef(L, "no memory");
    lua_pushnil(L);
    while (lua_next(L, at)) {
        const struct rfield *f = field_at(L, t, -2);
        out->set[out->count++] = (struct assign){f, value_take(L, -1, f)};
        lua_pop(L, 1);
    }
}

static int create(lua_State *L, const struct rtype *t, int fields) {
    struct frame *f = frame_need(L, "create()");
    struct assigns a;
    kith_error e = KITH_ERROR_INIT;
    kith_id id;
    need(L, RIGHT_WRITE, t);
    take_assigns(L, fields, t, f->txn, &a);
    if (txn_create(f->txn, t, a.set, a.count, &id, &e) != KITH_OK)
        return raise_error(L, &e);
    record_push(L, t, id, NULL);
    return 1;
}

static int rule_create(lua_State *L) {
    return create(L, type_at(L, 1), 2);
}

static int rule_task(lua_State *L) {
    const struct schema *schema = engine_schema(script_of(L)->all->engine);
    return create(L, schema->base.task.type, 1);
}

static int rule_update(lua_State *L) {
    struct frame *f = frame_need(L, "update()");
    struct held_record *r = record_need(L, 1);
    struct assigns a;
    kith_error e = KITH_ERROR_INIT;
    need(L, RIGHT_WRITE, r->type);
    take_assigns(L, 2, r->type, f->txn, &a);
    if (txn_update(f->txn, r->type, r->id, a.set, a.count, &e) != KITH_OK)
        return raise_error(L, &e);
    r->values = NULL;
    r->change = NULL;
    return 0;
}

static int rule_delete(lua_State *L) {
    struct frame *f = frame_need(L, "delete()");
    struct held_record *r = record_need(L, 1);
    kith_error e = KITH_ERROR_INIT;
    need(L, RIGHT_WRITE, r->type);
    charge(L, CALL_STEPS);
    if (txn_delete(f->txn, r->type, r->id, &e) != KITH_OK)
        return raise_error(L, &e);
    return 0;
}

static int rule_publish(lua_State *L) {
    struct frame *f = frame_need(L, "publish()");
    const char *topic = luaL_checkstring(L, 1);
    struct held_record *r = lua_isnoneornil(L, 2) ? NULL : record_need(L, 2);
    kith_str json = STR("{}");
    kith_error e = KITH_ERROR_INIT;
    if (right_need_name(script_of(L), "publish", topic, &e) != KITH_OK)
        return raise_error(L, &e);
    charge(L, CALL_STEPS);
    f->effects++;
    if (!lua_isnoneornil(L, 3)) {
        luaL_checktype(L, 3, LUA_TTABLE);
        json = json_take(L, 3, true);
    }
    if (txn_publish_checked(f->txn, topic, r ? r->type : NULL, r ? r->id : 0, json, &e) != KITH_OK)
        return raise_error(L, &e);
    return 0;
}

/* -- reading ----------------------------------------------------------------------------------- */

/* get(type, id) or get(record): the record as it is now, or nil when it does not exist. */
static int rule_get(lua_State *L) {
    struct frame *f = frame_need(L, "get()");
    const struct held_record *known = held_test(L, 1, HELD_RECORD);
    const struct rtype *t = known ? known->type : type_at(L, 1);
    kith_id id = known ? known->id : 0;
    const kith_value *values;
    kith_error e = KITH_ERROR_INIT;
    if (!known && !id_parse(text_at(L, 2), &id))
        return raisef(L, "get: '%s' is no id: an id has 13 characters", lua_tostring(L, 2));
    need(L, RIGHT_READ, t);
    charge(L, CALL_STEPS);
    kith_status st = txn_read(f->txn, t, &id, &values, &e);
    if (st == KITH_E_NOTFOUND) {
        lua_pushnil(L);
        return 1;
    }
    if (st != KITH_OK)
        return raise_error(L, &e);
    record_push(L, t, id, values);
    return 1;
}

static const char *param_name(const void *names, size_t i) {
    return ((const char *const *)names)[i];
}

/* The table of parameters at `at`, in the order in which the query wants them. */
static kith_value *take_params(lua_State *L, int at, const struct query *q, struct txn *t) {
    const char *const *names;
    uint32_t count = query_params(q, &names);
    kith_value *params = ARENA_ARRAY(txn_arena(t), kith_value, count + 1);
    if (!params)
        raisef(L, "no memory");
    if (lua_isnoneornil(L, at)) {
        if (count)
            raisef(L, "the query's :%s is not given: write {%s = ...} as the second argument",
                   names[0], names[0]);
        return params;
    }
    luaL_checktype(L, at, LUA_TTABLE);
    for (uint32_t i = 0; i < count; i++) {
        if (lua_getfield(L, at, names[i]) == LUA_TNIL)
            raisef(L, "the query's :%s is not given: write {%s = ...} as the second argument",
                   names[i], names[i]);
        params[i] = value_take(L, -1, NULL);
        lua_pop(L, 1);
    }
    for (lua_pushnil(L); lua_next(L, at); lua_pop(L, 1)) {
        kith_str key = lua_type(L, -2) == LUA_TSTRING ? text_at(L, -2) : STR("");
        const char *near = str_nearest(key, param_name, names, count);
        uint32_t i = 0;
        while (i < count && !str_eqz(key, names[i]))
            i++;
        if (i == count)
            raisef(L, "the query has no :%s%s%s%s", key.ptr, near ? ": did you mean :" : "",
                   near ? near : "", near ? "?" : "");
    }
    return params;
}

/* Parses a query once per text. */
static struct query *query_of(lua_State *L, struct txn *t, kith_str text) {
    struct script *s = script_of(L);
    struct query *q = map_get(&s->queries, text);
    kith_error e = KITH_ERROR_INIT;
    charge(L, CALL_STEPS);
    if (q)
        return q;
    bool keep = s->queries.count < QUERY_CACHE_MAX && !s->acting;
    struct arena *a = keep ? &s->arena : txn_arena(t);
    const struct principal *for_whom = s->acting ? txn_principal(t) : NULL;
    if (query_parse_for(&q, engine_schema(s->all->engine), for_whom, a, arena_str(a, text), &e) !=
        KITH_OK)
        raise_error(L, &e);
    if (right_need_query(s, q, &e) != KITH_OK)
        raise_error(L, &e);
    if (keep && !map_put(&s->queries, text, q))
        raisef(L, "no memory");
    return q;
}

struct found {
    struct arena *arena;
    struct id_list ids;
};

static kith_status found_row(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct found *f = arg;
    (void)values;
    return id_list_add(&f->ids, f->arena, id, e);
}

/* What a find() still has to give; a userdata without methods, in the iterator's upvalue. */
struct cursor {
    struct held held;
    uint64_t serial;
    const struct rtype *type;
    const kith_id *ids;
    size_t next, count;
};

/* Each record is read when it is its turn, so that what the loop changed is seen. */
static int find_next(lua_State *L) {
    struct cursor *c = lua_touserdata(L, lua_upvalueindex(1));
    if (!frame_alive(script_of(L), c->serial))
        return raisef(L, "this search belongs to an earlier call, which has ended");
    if (flow_found_next(L, &c->next)) {
        if (c->next == 0 || c->next > c->count)
            return 0;
        record_push(L, c->type, c->ids[c->next - 1], NULL);
        return 1;
    }
    while (c->next < c->count) {
        kith_id id = c->ids[c->next++];
        const kith_value *values;
        kith_error e = KITH_ERROR_INIT;
        charge(L, CALL_STEPS);
        kith_status st = txn_get(script_of(L)->frame->txn, c->type, id, &values, &e);
        if (st == KITH_E_NOTFOUND)
            continue;
        if (st != KITH_OK)
            return raise_error(L, &e);
        flow_keep_next(L, c->next);
        record_push(L, c->type, id, values);
        return 1;
    }
    flow_keep_next(L, 0);
    return 0;
}

static int push_cursor(lua_State *L, const struct rtype *type, const kith_id *ids, size_t count) {
    struct cursor *c = lua_newuserdatauv(L, sizeof *c, 0);
    *c = (struct cursor){
        .serial = script_of(L)->frame->serial, .type = type, .ids = ids, .count = count};
    lua_pushcclosure(L, find_next, 1);
    return 1;
}

bool find_is(lua_State *L, int at) {
    return lua_tocfunction(L, at) == find_next;
}

void find_ids(lua_State *L, int at, const struct rtype **type, const kith_id **ids, size_t *count) {
    lua_getupvalue(L, at, 1);
    const struct cursor *c = lua_touserdata(L, -1);
    *type = c->type;
    *ids = c->ids;
    *count = c->count;
    lua_pop(L, 1);
}

int find_push(lua_State *L, const kith_id *ids, size_t count) {
    const struct query *q = query_of(L, frame_need(L, "find()")->txn, text_at(L, 1));
    return push_cursor(L, query_type(q), ids, count);
}

static int rule_find(lua_State *L) {
    struct script *s = script_of(L);
    struct frame *f = frame_need(L, "find()");
    struct query *q = query_of(L, f->txn, text_at(L, 1));
    struct found found = {.arena = txn_arena(f->txn)};
    kith_error e = KITH_ERROR_INIT;
    int64_t max = s->all->options.limits.rows;
    if (query_counts(q))
        return raisef(L, "find: the query counts: use count()");
    if (query_totals(q))
        return raisef(L, "find: the query gives totals, not records: use totals()");
    kith_value *params = take_params(L, 2, q, f->txn);
    f->queries++;
    kith_status st = txn_find(f->txn, q, params, max + 1, found_row, &found, &e);
    charge(L, CALL_STEPS);
    if (st != KITH_OK)
        return raise_error(L, &e);
    if (found.ids.count > (size_t)max)
        return raisef(L,
                      "find: more than %lld records: add 'limit %lld' and an order, or narrow it",
                      (long long)max, (long long)max);
    return push_cursor(L, query_type(q), found.ids.items, found.ids.count);
}

static int rule_count(lua_State *L) {
    struct frame *f = frame_need(L, "count()");
    kith_error e = KITH_ERROR_INIT;
    int64_t n;
    lua_settop(L, 2);
    if (query_counts(query_of(L, f->txn, text_at(L, 1))))
        return raisef(L, "count: leave ': count()' out of the query");
    lua_pushvalue(L, 1);
    lua_pushliteral(L, ": count()");
    lua_concat(L, 2);
    lua_replace(L, 1);
    struct query *q = query_of(L, f->txn, text_at(L, 1));
    kith_value *params = take_params(L, 2, q, f->txn);
    f->queries++;
    kith_status st = txn_count(f->txn, q, params, &n, &e);
    charge(L, CALL_STEPS);
    if (st != KITH_OK)
        return raise_error(L, &e);
    lua_pushinteger(L, n);
    return 1;
}

/* A row of totals as a table, each value under the name of its column. */
static void push_row(lua_State *L, const struct query *q, const kith_value *values) {
    const struct query_column *columns;
    uint32_t n = query_columns(q, &columns);
    charge(L, n);
    lua_createtable(L, 0, (int)n);
    for (uint32_t i = 0; i < n; i++) {
        value_push(L, &values[i], NULL);
        lua_setfield(L, -2, columns[i].name);
    }
}

static int rule_totals(lua_State *L) {
    struct frame *f = frame_need(L, "totals()");
    struct query *q = query_of(L, f->txn, text_at(L, 1));
    kith_error e = KITH_ERROR_INIT;
    struct totals t;
    int64_t max = script_of(L)->all->options.limits.rows;
    if (query_counts(q))
        return raisef(L, "totals: the query only counts: use count()");
    if (!query_totals(q))
        return raisef(L, "totals: the query gives records, not totals: use find()");
    kith_value *params = take_params(L, 2, q, f->txn);
    f->queries++;
    kith_status st = txn_select(f->txn, q, params, max + 1, &t, &e);
    charge(L, CALL_STEPS);
    if (st != KITH_OK)
        return raise_error(L, &e);
    if (t.count > (size_t)max)
        return raisef(L,
                      "totals: more than %lld groups: add 'limit %lld' and an order, or group by "
                      "less",
                      (long long)max, (long long)max);
    lua_createtable(L, (int)t.count, 0);
    for (size_t i = 0; i < t.count; i++) {
        push_row(L, q, &t.values[i * t.columns]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* -- the rest ---------------------------------------------------------------------------------- */

static int rule_refuse(lua_State *L) {
    kith_error e = KITH_ERROR_INIT;
    err_set(&e, KITH_E_REFUSED, NULL, "%s", luaL_checkstring(L, 1));
    return raise_error(L, &e);
}

static int rule_log(lua_State *L) {
    int n = lua_gettop(L);
    charge(L, CALL_STEPS); /* a line in the log is no instruction like any other */
    luaL_where(L, 1);
    for (int i = 1; i <= n; i++) {
        if (i > 1)
            lua_pushliteral(L, " ");
        luaL_checkstack(L, 3, "too many arguments");
        if (lua_istable(L, i) || lua_isfunction(L, i))
            lua_pushstring(L, luaL_typename(L, i));
        else
            luaL_tolstring(L, i, NULL);
    }
    lua_concat(L, lua_gettop(L) - n);
    log_info("script", "%s", lua_tostring(L, -1));
    return 0;
}

void lib_record_open(lua_State *L, int globals) {
    static const luaL_Reg functions[] = {
        {"create", rule_create}, {"update", rule_update},   {"delete", rule_delete},
        {"task", rule_task},     {"publish", rule_publish}, {"get", rule_get},
        {"find", rule_find},     {"count", rule_count},     {"totals", rule_totals},
        {"refuse", rule_refuse}, {"log", rule_log},         {NULL, NULL}};
    record_open(L);
    lua_pushvalue(L, globals);
    luaL_setfuncs(L, functions, 0);
    lua_pop(L, 1);
}
