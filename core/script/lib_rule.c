/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: before, after, on and every. Declares them while a file is loaded, hands them to the
 * engine, and runs them when it calls. */
#include "script/script_internal.h"

#include "base/cron.h"
#include "engine/topics.h"
#include "record/rollup.h"

#include <string.h>

/* -- events ------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    uint32_t on;
} verbs[] = {{"create", ON_CREATE},
             {"update", ON_UPDATE},
             {"delete", ON_DELETE},
             {"save", ON_CREATE | ON_UPDATE}};
#define VERBS (sizeof verbs / sizeof *verbs)

static const char *verb_name(const void *arg, size_t i) {
    (void)arg;
    return verbs[i].name;
}

static const struct schema *schema_of(const struct rule *r) {
    return engine_schema(r->script->all->engine);
}

/* "lead.create": the part before the dot; *rest is the part after it. */
static kith_str event_type(const char *event, const char **rest) {
    const char *dot = strchr(event, '.');
    *rest = dot ? dot + 1 : "";
    return (kith_str){event, dot ? (uint64_t)(dot - event) : strlen(event)};
}

/* A type that is like no other one is that of a module which is not enabled. */
static kith_status find_type(struct rule *r, kith_str name, kith_error *e) {
    kith_status st = schema_find_type(schema_of(r), name, &r->type, e);
    r->script->absent = st == KITH_E_NOTFOUND && !strstr(e->message, "did you mean");
    if (r->script->absent)
        err_set(
            e, st, NULL,
            "there is no type '%.*s': the rules of this file are off until a module that has it "
            "is enabled; 'kith module list' shows them",
            (int)name.len, name.ptr);
    return st;
}

static kith_status resolve_hook(struct rule *r, kith_error *e) {
    const char *verb;
    TRY(find_type(r, event_type(r->info.event, &verb), e));
    for (size_t i = 0; i < VERBS; i++) {
        if (strcmp(verbs[i].name, verb) == 0)
            r->on = verbs[i].on;
    }
    if (r->on)
        return KITH_OK;
    const char *near = str_nearest(str_of(verb), verb_name, NULL, VERBS);
    return err_set(e, KITH_E_INVAL, NULL, "'%s': write %s.%s%s%s", r->info.event, r->type->name,
                   near ? near : "create", near ? "" : ", .update, .delete or .save",
                   near ? "" : " (create and update)");
}

/* Topics of a record type: created, updated, deleted, and its states. */
struct topic_names {
    const char *names[OPTIONS_MAX + 3];
    size_t count;
};

static void topic_names_of(const struct rtype *t, struct topic_names *out) {
    *out = (struct topic_names){.names = {"created", "updated", "deleted"}, .count = 3};
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        for (uint32_t j = 0; f->kind == KITH_F_STATE && j < f->option_count; j++) {
            if (out->count < OPTIONS_MAX + 3)
                out->names[out->count++] = f->options[j];
        }
    }
}

static const char *topic_name_at(const void *arg, size_t i) {
    return ((const struct topic_names *)arg)->names[i];
}

kith_status topic_check(struct engine *g, const struct rtype *type, const char *topic,
                        kith_error *e) {
    struct topic_names topics;
    const char *rest;
    event_type(topic, &rest);
    if (engine_topic_known(g, str_of(topic)))
        return KITH_OK;
    topic_names_of(type, &topics);
    const char *near = str_nearest(str_of(rest), topic_name_at, &topics, topics.count);
    if (near)
        return err_set(e, KITH_E_INVAL, NULL, "there is no topic '%s': did you mean '%s.%s'?",
                       topic, type->name, near);
    return err_set(e, KITH_E_INVAL, NULL,
                   "there is no topic '%s': there are %s.created, .updated, .deleted, its states, "
                   "and what modules publish",
                   topic, type->name);
}

static kith_status resolve_topic(struct rule *r, kith_error *e) {
    struct engine *g = r->script->all->engine;
    const char *rest;
    kith_str type = event_type(r->info.event, &rest);
    r->type = schema_type(schema_of(r), type);
    if (!r->type && !engine_topic_known(g, str_of(r->info.event)))
        return find_type(r, type, e);
    return r->type ? topic_check(g, r->type, r->info.event, e) : KITH_OK;
}

static kith_status resolve_event(struct rule *r, kith_error *e) {
    struct cron cron;
    switch (r->info.kind) {
    case RULE_BEFORE:
    case RULE_AFTER:
        return resolve_hook(r, e);
    case RULE_ON:
        return resolve_topic(r, e);
    case RULE_WORKFLOW:
        return r->cron ? cron_parse(str_of(r->info.event), &cron, e) : resolve_topic(r, e);
    default:
        return cron_parse(str_of(r->info.event), &cron, e);
    }
}

kith_status rule_resolve(struct rule *r, kith_error *e) {
    kith_status st = resolve_event(r, e);
    if (st == KITH_OK && r->type)
        st = right_need(r->script, RIGHT_READ, r->type, e);
    return st;
}

/* -- options ----------------------------------------------------------------------------------- */

/* Each option has a row; set() gets it on top of the stack and pops nothing. */
struct option {
    const char *name;
    int type; /* LUA_T* */
    kith_status (*set)(lua_State *L, struct rule *r, kith_error *e);
};

static char *keep_text(lua_State *L, struct rule *r) {
    return arena_strdup(&r->script->arena, lua_tostring(L, -1));
}

static kith_status set_doc(lua_State *L, struct rule *r, kith_error *e) {
    r->info.doc = keep_text(L, r);
    return r->info.doc ? KITH_OK : err_nomem(e);
}

static kith_status set_name(lua_State *L, struct rule *r, kith_error *e) {
    r->info.name = keep_text(L, r);
    return r->info.name ? KITH_OK : err_nomem(e);
}

static kith_status check_purposes(const struct rule *r, kith_error *e) {
    struct engine *g = r->script->all->engine;
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = query_purposes(predicate_query(r->where), NULL, NULL, c, e);
    engine_reader_done(g, c);
    return st;
}

static kith_status set_where(lua_State *L, struct rule *r, kith_error *e) {
    r->info.where = keep_text(L, r);
    if (!r->info.where)
        return err_nomem(e);
    const struct rtype *carried =
        r->info.kind >= RULE_ON ? engine_payload(r->script->all->engine, str_of(r->info.event))
                                : NULL;
    if (!r->type && !carried)
        return err_set(e, KITH_E_INVAL, NULL, "where: '%s' has no record to look at%s",
                       r->info.event,
                       engine_topic_published(r->script->all->engine, str_of(r->info.event))
                           ? ", and nobody declares what it carries"
                           : "");
    kith_status st = predicate_parse_event(&r->where, schema_of(r), r->type, carried,
                                           &r->script->arena, str_of(r->info.where), e);
    if (st == KITH_OK)
        st = right_need_query(r->script, predicate_query(r->where), e);
    if (st == KITH_OK)
        st = check_purposes(r, e);
    return st == KITH_OK ? st : err_prefix(e, "where: ");
}

static kith_status set_fields(lua_State *L, struct rule *r, kith_error *e) {
    const char *topic;
    event_type(r->info.event, &topic);
    bool update =
        r->info.kind >= RULE_ON ? strcmp(topic, "updated") == 0 : (r->on & ON_UPDATE) != 0;
    if (!r->type || !update)
        return err_set(e, KITH_E_INVAL, NULL, "fields: '%s' is no update", r->info.event);
    r->fields = ARENA_NEW(&r->script->arena, struct fieldset);
    if (!r->fields)
        return err_nomem(e);
    for (lua_Integer i = 1; i <= (lua_Integer)lua_rawlen(L, -1); i++) {
        const struct rfield *f;
        lua_rawgeti(L, -1, i);
        kith_str name = str_of(lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL);
        kith_status st = schema_find_field(schema_of(r), r->type, name, &f, e);
        if (st == KITH_OK)
            st = rollup_no_event(f, e);
        lua_pop(L, 1);
        if (st != KITH_OK)
            return err_prefix(e, "fields: ");
        fieldset_add(r->fields, f->index);
    }
    return KITH_OK;
}

/* The last ones are those of workflows alone, which lib_flow.c takes. */
static const struct option options[] = {{"doc", LUA_TSTRING, set_doc},
                                        {"where", LUA_TSTRING, set_where},
                                        {"fields", LUA_TTABLE, set_fields},
                                        {"name", LUA_TSTRING, set_name},
                                        {.name = "on"},
                                        {.name = "every"},
                                        {.name = "record"},
                                        {.name = "again"}};
#define RULE_OPTIONS 4
#define ALL_OPTIONS  (sizeof options / sizeof *options)

/* What others call them. */
static const char *const other_names[][2] = {
    {"event", "on"},    {"topic", "on"},        {"trigger", "on"},   {"when", "where"},
    {"if", "where"},    {"condition", "where"}, {"filter", "where"}, {"cron", "every"},
    {"at", "every"},    {"schedule", "every"},  {"time", "every"},   {"type", "record"},
    {"comment", "doc"}, {"description", "doc"}, {"repeat", "again"}};

static const char *option_meant(kith_str key, size_t count) {
    for (size_t i = 0; i < sizeof other_names / sizeof *other_names; i++)
        for (size_t k = 0; str_eqz(key, other_names[i][0]) && k < count; k++)
            if (strcmp(options[k].name, other_names[i][1]) == 0)
                return options[k].name;
    return NULL;
}

static const char *option_name(const void *arg, size_t i) {
    (void)arg;
    return options[i].name;
}

/* The option named by the key below its value on top. */
static kith_status take_option(lua_State *L, struct rule *r, kith_error *e) {
    bool flow = r->info.kind == RULE_WORKFLOW;
    kith_str key = str_of(lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "");
    for (size_t i = 0; i < RULE_OPTIONS; i++) {
        if (!str_eqz(key, options[i].name) || (flow && options[i].set == set_name))
            continue;
        if (lua_type(L, -1) != options[i].type)
            return err_set(e, KITH_E_INVAL, NULL, "%s: expected a %s, not a %s", options[i].name,
                           lua_typename(L, options[i].type), held_name(L, -1));
        return options[i].set(L, r, e);
    }
    size_t count = flow ? ALL_OPTIONS : RULE_OPTIONS;
    const char *near = option_meant(key, count);
    near = near ? near : str_nearest(key, option_name, NULL, count);
    return err_set(e, KITH_E_INVAL, NULL, "unknown option '%s'%s%s%s", key.ptr,
                   near   ? ": did you mean '"
                   : flow ? ": there are on, every, record, again, where, fields and doc"
                          : ": there are doc, name, where and fields",
                   near ? near : "", near ? "'?" : "");
}

/* Reports every wrong one. */
void rule_options(lua_State *L, struct rule *r, int at) {
    for (lua_pushnil(L); lua_next(L, at); lua_pop(L, 1)) {
        kith_error e = KITH_ERROR_INIT;
        if (take_option(L, r, &e) != KITH_OK)
            script_problem(r->script, r->info.line, "%s", e.message);
    }
}

/* -- declaring --------------------------------------------------------------------------------- */

/* "lead.create#2": the second one without a name for that event in the file. Where a place is kept
 * under the name there may be no second one: if their order changed, each would go on where the
 * other stood. */
static kith_status give_name(struct script *s, struct rule *r, kith_error *e) {
    int n = 1;
    for (const struct rule *o = s->rules; o; o = o->next) {
        if (!o->unnamed || strcmp(o->info.event, r->info.event) != 0)
            continue;
        if (r->info.kind >= RULE_ON && o->info.kind == r->info.kind)
            return err_set(e, KITH_E_INVAL, NULL,
                           "give this rule a name: the one in line %u goes with '%s' too, and Kith "
                           "remembers by the name what a rule has seen",
                           (unsigned)o->info.line, r->info.event);
        n++;
    }
    r->unnamed = true;
    r->info.name = arena_printf(&s->arena, "%s#%d", r->info.event, n);
    return r->info.name ? KITH_OK : err_nomem(e);
}

static kith_status name_rule(struct script *s, struct rule *r, kith_error *e) {
    if (!r->info.name)
        TRY(give_name(s, r, e));
    for (struct rule *o = s->rules; o; o = o->next) {
        if (strcmp(o->info.name, r->info.name) == 0)
            return err_set(e, KITH_E_CONFLICT, NULL,
                           "the name '%s' is that of the rule in line %u already", r->info.name,
                           (unsigned)o->info.line);
    }
    r->cursor = r->info.kind == RULE_WORKFLOW
                    ? arena_printf(&s->arena, "workflow:%s", r->info.name)
                    : arena_printf(&s->arena, "rule:%s:%s", s->file, r->info.name);
    r->source = arena_printf(&s->arena, "%s: %s", s->file, r->info.name);
    return r->cursor && r->source ? KITH_OK : err_nomem(e);
}

/* Where the function at `at` stands, and how many of its arguments it takes. */
static void look_at_function(lua_State *L, struct rule *r, int at) {
    lua_Debug d;
    lua_pushvalue(L, at);
    lua_getinfo(L, ">uS", &d);
    r->arguments = d.isvararg ? 2 : d.nparams;
    r->chunk = arena_strdup(&r->script->arena, d.source + (d.source[0] == '@'));
    r->first_line = d.linedefined > 0 ? (uint32_t)d.linedefined : 0;
    r->last_line = d.lastlinedefined > 0 ? (uint32_t)d.lastlinedefined : 0;
    if (!r->chunk)
        raisef(L, "no memory");
}

void rule_declared(lua_State *L, struct rule *r, int function) {
    struct script *s = r->script;
    kith_error e = KITH_ERROR_INIT;
    r->info.reads = r->info.creates = r->info.updates = r->info.deletes = "";
    r->info.publishes = r->info.calls = r->info.needs = "";
    if (name_rule(s, r, &e) != KITH_OK) {
        script_problem(s, r->info.line, "%s", e.message);
        return;
    }
    look_at_function(L, r, function);
    lua_pushvalue(L, function);
    r->function = luaL_ref(L, LUA_REGISTRYINDEX);
    *s->rules_tail = r;
    s->rules_tail = &r->next;
}

/* Everything is known: the event at 1, options at 2 (or nil), the function at 3. */
static void declare(lua_State *L, enum rule_kind kind, uint32_t line) {
    struct script *s = script_of(L);
    struct rule *r = ARENA_NEW(&s->arena, struct rule);
    kith_error e = KITH_ERROR_INIT;
    if (!r)
        raisef(L, "no memory");
    r->script = s;
    r->info = (struct rule_info){.kind = kind,
                                 .file = s->file,
                                 .line = line,
                                 .event = arena_strdup(&s->arena, lua_tostring(L, 1)),
                                 .version = s->version};
    if (!r->info.event)
        raisef(L, "no memory");
    if (rule_resolve(r, &e) != KITH_OK) {
        script_problem(s, line, "%s", e.message);
        s->absent = false;
        return;
    }
    if (lua_istable(L, 2))
        rule_options(L, r, 2);
    rule_declared(L, r, 3);
}

/* Whatever follows it is passed over, too. */
static int pass_over(lua_State *L) {
    lua_pushcfunction(L, pass_over);
    return 1;
}

/* before "lead.create" {...} (function ...): what is given so far, and the line, are upvalues. */
static int declare_step(lua_State *L) {
    struct script *s = script_of(L);
    enum rule_kind kind = (enum rule_kind)lua_tointeger(L, lua_upvalueindex(1));
    lua_Integer line = lua_tointeger(L, lua_upvalueindex(2));
    int given = lua_gettop(L), at = 1;
    if (s->pinned || s->trial) /* its rules are those of another version now, or run elsewhere */
        return pass_over(L);
    if (s->frame->txn)
        return raisef(L, "%s() declares a rule: call it at the top of the file, not inside a rule",
                      rule_kind_name(kind));
    lua_pushvalue(L, lua_upvalueindex(3)); /* given + 1: the event */
    lua_pushvalue(L, lua_upvalueindex(4)); /* given + 2: the options */
    if (lua_isnil(L, given + 1) && at <= given && lua_type(L, at) == LUA_TSTRING)
        lua_copy(L, at++, given + 1);
    if (!lua_isnil(L, given + 1) && at <= given && lua_istable(L, at))
        lua_copy(L, at++, given + 2);
    if (!line)
        line = line_of_caller(L);
    if (lua_isnil(L, given + 1))
        return raisef(L, "%s: the first argument is a text such as %s", rule_kind_name(kind),
                      kind == RULE_EVERY ? "'0 8 * * 1-5'" : "'lead.create'");
    if (at <= given && (!lua_isfunction(L, at) || at < given))
        return raisef(L, "%s '%s': expected a table of options or a function, not a %s",
                      rule_kind_name(kind), lua_tostring(L, given + 1),
                      held_name(L, lua_isfunction(L, at) ? at + 1 : at));
    bool curried = !lua_isnil(L, lua_upvalueindex(3));
    if (at <= given) {
        lua_pushvalue(L, at);
        lua_rotate(L, 1, 3);
        lua_settop(L, 3);
        declare(L, kind, (uint32_t)line);
        s->unfinished -= curried;
        return 0;
    }
    s->unfinished += !curried;
    s->unfinished_line = (uint32_t)line;
    lua_pushinteger(L, kind);
    lua_pushinteger(L, line);
    lua_pushvalue(L, given + 1);
    lua_pushvalue(L, given + 2);
    lua_pushcclosure(L, declare_step, 4);
    return 1;
}

void lib_rule_open(lua_State *L, int globals) {
    for (int kind = RULE_BEFORE; kind <= RULE_EVERY; kind++) {
        lua_pushinteger(L, kind);
        lua_pushinteger(L, 0);
        lua_pushnil(L);
        lua_pushnil(L);
        lua_pushcclosure(L, declare_step, 4);
        lua_setfield(L, globals, rule_kind_name((enum rule_kind)kind));
    }
}

/* -- running ----------------------------------------------------------------------------------- */

/* What a rule is called with; one of the three is set. */
struct occasion {
    struct rule *rule;
    struct change *change;
    const struct event *event;
    const struct timer *timer;
};

static int push_change_arguments(lua_State *L, const struct rule *r, struct change *c) {
    const kith_value *values = c->kind == ROW_DELETE ? c->before : c->after;
    struct held_record *record = record_push(L, c->type, c->id, values);
    if (r->info.kind == RULE_BEFORE && c->kind != ROW_DELETE)
        record->change = c;
    if (r->arguments < 2)
        return 1;
    change_push(L, c);
    return 2;
}

static int push_event_arguments(lua_State *L, const struct rule *r, const struct event *ev) {
    if (ev->type && ev->id)
        record_push(L, ev->type, ev->id, ev->values);
    else
        lua_pushnil(L);
    if (r->arguments < 2)
        return 1;
    event_push(L, ev);
    return 2;
}

/* For a file that acts as a user nothing happens to records that are not there for the user. */
static bool is_seen(lua_State *L, const struct occasion *o) {
    const struct change *c = o->change;
    const struct event *ev = o->event;
    struct txn *t = script_of(L)->frame->txn;
    kith_error e = KITH_ERROR_INIT;
    bool yes = true;
    kith_status st = KITH_OK;
    if (c)
        st = txn_sees(t, c->type, c->id, c->kind == ROW_DELETE ? c->before : c->after, &yes, &e);
    else if (ev && ev->type && ev->id && ev->values)
        st = txn_sees(t, ev->type, ev->id, ev->values, &yes, &e);
    if (st == KITH_OK && yes)
        st = right_conditions(o->rule, t, &e);
    if (st != KITH_OK)
        raise_error(L, &e);
    return yes;
}

/* Protected: making the arguments takes memory, too. */
static int enter(lua_State *L) {
    const struct occasion *o = lua_touserdata(L, 1);
    int n;
    if (script_of(L)->frame->acting && !is_seen(L, o))
        return 0;
    lua_rawgeti(L, LUA_REGISTRYINDEX, o->rule->function);
    if (o->change) {
        n = push_change_arguments(L, o->rule, o->change);
    } else if (o->event) {
        n = push_event_arguments(L, o->rule, o->event);
    } else {
        kith_value due = value_time(o->timer->due);
        value_push(L, &due, NULL);
        n = 1;
    }
    lua_call(L, n, 0);
    return 0;
}

static kith_status run(struct occasion *o, struct txn *t, kith_error *e) {
    struct rule *r = o->rule;
    struct frame f;
    uint64_t blamed = r->script->all->blamed;
    size_t notes = notes_mark(r->script->all);
    if (txn_paused(t, r->script->file))
        return suspended_refuse(r, e);
    frame_begin(r->script, &f, t, r);
    f.seed = o->event ? o->event->seq : txn_next_seq(t);
    kith_status st = sandbox_call(r->script, enter, o, e);
    st = cost_count(r->script, &f, st, e);
    frame_end(r->script, &f);
    if (st != KITH_OK)
        notes_back(r->script->all, notes);
    suspend_after(r, &f, blamed, st, e);
    return st;
}

static kith_status on_change(void *self, struct txn *t, struct change *c, kith_error *e) {
    return run(&(struct occasion){.rule = self, .change = c}, t, e);
}

static kith_status on_event(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    return run(&(struct occasion){.rule = self, .event = ev}, t, e);
}

static kith_status on_timer(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    return run(&(struct occasion){.rule = self, .timer = timer}, t, e);
}

struct source rule_source(const struct rule *r) {
    return (struct source){.kind = SOURCE_RULE,
                           .name = r->source,
                           .version = r->script->version,
                           .line = r->info.line};
}

kith_status rule_register(struct rule *r, kith_error *e) {
    struct engine *g = r->script->all->engine;
    struct source source = rule_source(r);
    bool flow = r->info.kind == RULE_WORKFLOW;
    if (r->info.kind == RULE_EVERY || (flow && r->cron))
        return engine_add_timer(g,
                                &(struct timer_handler){.name = r->cursor,
                                                        .cron = r->info.event,
                                                        .fn = flow ? flow_on_time : on_timer,
                                                        .self = r,
                                                        .source = source,
                                                        .group = r->script->file},
                                e);
    if (flow && !r->info.event[0]) /* it is begun by hand, or by others */
        return engine_add_group(g, r->script->file, r->script->version, e);
    if (r->info.kind == RULE_ON || flow)
        return engine_add_reaction(g,
                                   &(struct reaction){.name = r->cursor,
                                                      .topic = r->info.event,
                                                      .fields = r->fields,
                                                      .where = r->where,
                                                      .fn = flow ? flow_on_event : on_event,
                                                      .self = r,
                                                      .source = source,
                                                      .group = r->script->file},
                                   e);
    return engine_add_hook(g,
                           &(struct hook){.type = r->type,
                                          .on = r->on,
                                          .after = r->info.kind == RULE_AFTER,
                                          .fields = r->fields,
                                          .where = r->where,
                                          .fn = on_change,
                                          .self = r,
                                          .source = source,
                                          .group = r->script->file},
                           e);
}
