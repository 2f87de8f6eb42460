/* SPDX-License-Identifier: Apache-2.0 */
/* What runs wait for: whatever happens is held against it, by an index, and what fits ends the
 * wait. */
#include "script/flow_internal.h"

#include "base/clock.h"
#include "engine/topics.h"
#include "record/redirect.h"

#include <string.h>

#define WAKING_NS INT64_C(20000000) /* so long those who write wait for runs that are woken */

/* -- an event as a table ----------------------------------------------------------------------- */

static void set_images(lua_State *L, const struct event *ev) {
    lua_createtable(L, 0, (int)ev->field_count); /* changed */
    lua_createtable(L, 0, (int)ev->field_count); /* before */
    for (size_t i = 0; i < ev->field_count; i++) {
        const struct rfield *f = ev->fields[i].field;
        if (!f || f->type != ev->type || !right_reads(script_of(L), f))
            continue;
        lua_pushboolean(L, true);
        lua_setfield(L, -3, f->name);
        value_push(L, &ev->fields[i].before, f);
        lua_setfield(L, -2, f->name);
    }
    lua_setfield(L, -3, "before");
    lua_setfield(L, -2, "changed");
}

/* The data of a published event stand in the table itself, and as `data`. */
static void set_data(lua_State *L, const struct event *ev) {
    int event = lua_gettop(L);
    if (!ev->payload.len)
        return;
    json_push(L, ev->payload);
    if (lua_istable(L, -1))
        for (lua_pushnil(L); lua_next(L, -2);) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, event);
        }
    lua_setfield(L, event, "data");
}

int flow_event_push(lua_State *L, const struct event *ev) {
    kith_value at = value_time(ev->at);
    lua_createtable(L, 0, 8);
    set_data(L, ev);
    lua_pushstring(L, ev->topic);
    lua_setfield(L, -2, "topic");
    lua_pushstring(L, origin_name(ev->origin));
    lua_setfield(L, -2, "origin");
    value_push(L, &at, NULL);
    lua_setfield(L, -2, "at");
    if (ev->type && ev->id) {
        record_push(L, ev->type, ev->id, NULL);
        lua_setfield(L, -2, "record");
    }
    if (ev->kind != ROW_EVENT)
        set_images(L, ev);
    return 1;
}

/* -- does it fit? ------------------------------------------------------------------------------ */

struct waking {
    struct ruleset *set;
    struct txn *txn;
    const struct event *ev;
    json_t *data; /* of a published event, once it is asked for */
    const char *topic;
    int woken;      /* runs */
    int64_t enough; /* clock_ticks: others want to write, too */
};

static kith_str id_text(struct arena *a, kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return arena_str(a, (kith_str){text, ID_TEXT});
}

/* As text_of() in lib_wait.c has it; empty: it has no such value. */
static kith_str json_value(struct arena *a, const json_t *v) {
    if (json_is_string(v))
        return arena_str(a, (kith_str){json_string_value(v), json_string_length(v)});
    if (json_is_integer(v))
        return str_of(arena_printf(a, "%lld", (long long)json_integer_value(v)));
    if (json_is_boolean(v))
        return json_is_true(v) ? STR("true") : STR("false");
    return (kith_str){NULL, 0};
}

/* The field of its record by which an event is waited for. What was published may be about a record
 * of any type: its fields count when the topic's name says of which (check_key in lib_wait.c). */
static const struct rfield *field_of(const struct waking *w, const char *field) {
    const struct event *ev = w->ev;
    const struct schema *schema = engine_schema(txn_engine(w->txn));
    size_t len = ev->type ? strlen(ev->type->name) : 0;
    bool named = len && strncmp(w->topic, ev->type->name, len) == 0 && w->topic[len] == '.';
    return named ? type_field(schema, ev->type, str_of(field)) : NULL;
}

static kith_str value_of(struct waking *w, const char *field) {
    struct arena *a = txn_arena(w->txn);
    const struct event *ev = w->ev;
    const struct schema *schema = engine_schema(txn_engine(w->txn));
    kith_error e = KITH_ERROR_INIT;
    if (strcmp(field, "record") == 0)
        return ev->id ? id_text(a, ev->id) : (kith_str){NULL, 0};
    if (ev->kind == ROW_EVENT) {
        if (!w->data && ev->payload.len && json_read(ev->payload, &w->data, &e) != KITH_OK)
            return (kith_str){NULL, 0};
        const struct rtype *payload = engine_payload(txn_engine(w->txn), str_of(w->topic));
        const struct rfield *own;
        kith_str carried = json_value(a, json_object_get(w->data, field));
        if (carried.ptr ||
            (payload && payload_field(payload, str_of(field), &own, NULL) == KITH_OK))
            return carried;
    }
    const struct rfield *f = field_of(w, field);
    if (!f || !ev->values)
        return (kith_str){NULL, 0};
    kith_value v = ev->values[f->index];
    v.flags &= ~VALUE_TYPED;
    return value_text(schema, &v, a);
}

/* The other values that it waits for: names and values, each ended by NUL. */
static bool fits(struct waking *w, kith_str rest) {
    while (rest.len > 0) {
        size_t name = strnlen(rest.ptr, rest.len);
        if (name == rest.len)
            return false;
        const char *value = rest.ptr + name + 1;
        size_t len = strnlen(value, rest.len - name - 1);
        if (!str_eq(value_of(w, rest.ptr), (kith_str){value, len}))
            return false;
        size_t used = name + 1 + len + 1;
        if (used > rest.len)
            return false;
        rest.ptr += used;
        rest.len -= used;
    }
    return true;
}

/* -- waking ------------------------------------------------------------------------------------ */

struct woken {
    const struct event *ev;
    const char *topic, *name; /* of the wait; "": it is the only one of its branch */
};

static int push_woken(lua_State *L, void *arg) {
    const struct woken *w = arg;
    struct event ev = *w->ev;
    ev.topic = w->topic;
    if (*w->name)
        lua_pushstring(L, w->name);
    flow_event_push(L, &ev);
    return *w->name ? 2 : 1;
}

/* What is out of the sight of the user as whom its file acts ends no wait of a run. */
static kith_status is_seen(struct waking *w, kith_id run, bool *yes, kith_error *e) {
    const struct event *ev = w->ev;
    struct flow_run r;
    struct rule *rule;
    kith_error gone = KITH_ERROR_INIT;
    *yes = true;
    if (!rights_any_acts(w->set->all))
        return KITH_OK;
    TRY(flow_read(w->set->all->engine, txn_conn(w->txn), run, txn_arena(w->txn), &r, e));
    if (flow_rule(w->set, w->txn, &r, &rule, &gone) != KITH_OK)
        return KITH_OK; /* it is told when the run is to go on */
    return right_sees(rule->script, NULL, w->txn, ev->type, ev->id, ev->values, yes, e);
}

/* An earlier one may have ended it, with its run. */
static kith_status ends_wait(struct waking *w, const struct flow_wait *wait, bool *yes,
                             kith_error *e) {
    *yes = fits(w, wait->rest);
    if (*yes)
        TRY(flow_wait_there(txn_conn(w->txn), wait->id, yes, e));
    return *yes ? is_seen(w, wait->run, yes, e) : KITH_OK;
}

/* An event for which very many wait is dealt with in parts: those that were woken wait no more. */
static bool had_enough(const struct waking *w) {
    return w->woken > 0 && clock_ticks() > w->enough;
}

static kith_status wake_by(struct waking *w, const char *field, kith_str value, kith_error *e) {
    struct flow_wait *waits;
    size_t n;
    TRY(flow_wait_find(txn_conn(w->txn), w->topic, field, value, w->ev->seq, txn_arena(w->txn),
                       &waits, &n, e));
    for (size_t i = 0; i < n; i++) {
        if (had_enough(w)) {
            txn_more(w->txn);
            return KITH_OK;
        }
        bool wakes;
        TRY(ends_wait(w, &waits[i], &wakes, e));
        if (!wakes)
            continue;
        w->woken++;
        TRY(flow_go_on(w->set, w->txn, waits[i].run, waits[i].branch, push_woken,
                       &(struct woken){w->ev, w->topic, waits[i].name}, w->ev->seq, w->ev->seq, e));
    }
    return KITH_OK;
}

/* Who waits for a record waits for what was merged into it, too. */
static kith_status wake_former(struct waking *w, const char *field, kith_error *e) {
    const struct event *ev = w->ev;
    const struct rtype *type = ev->type;
    kith_id id = ev->id, *former;
    size_t n;
    const struct rfield *f = type && strcmp(field, "record") != 0 && ev->kind != ROW_EVENT
                                 ? type_field(type->schema, type, str_of(field))
                                 : NULL;
    if (f && ev->values && ev->values[f->index].kind == KITH_LINK) {
        type = schema_type_by_id(type->schema, ev->values[f->index].as.link.type);
        id = ev->values[f->index].as.link.id;
    } else if (strcmp(field, "record") != 0) {
        return KITH_OK;
    }
    if (!type || !id)
        return KITH_OK;
    TRY(redirect_former(txn_conn(w->txn), type, id, txn_arena(w->txn), &former, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(wake_by(w, field, id_text(txn_arena(w->txn), former[i]), e));
    return KITH_OK;
}

static kith_status wake_all(struct waking *w, const char *field, kith_error *e) {
    kith_str value = *field ? value_of(w, field) : STR("");
    if (*field && !value.ptr)
        return KITH_OK;
    TRY(wake_by(w, field, value, e));
    return *field ? wake_former(w, field, e) : KITH_OK;
}

static kith_status wake_topic(void *arg, const char *topic, kith_error *e) {
    struct waking *w = arg;
    const char **fields;
    size_t n;
    w->topic = topic;
    TRY(flow_wait_fields(txn_conn(w->txn), topic, txn_arena(w->txn), &fields, &n, e));
    for (size_t i = 0; i < n; i++)
        TRY(wake_all(w, fields[i], e));
    return KITH_OK;
}

kith_status flow_on_any(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct waking w = {.set = self, .txn = t, .ev = ev, .enough = clock_ticks() + WAKING_NS};
    kith_status st = engine_event_topics(ev, txn_arena(t), wake_topic, &w, e);
    json_decref(w.data);
    return st;
}
