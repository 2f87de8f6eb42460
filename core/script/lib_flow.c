/* SPDX-License-Identifier: Apache-2.0 */
/* workflow(name, options, function): declares one while a file is loaded. */
#include "script/flow_internal.h"

#include <string.h>

/* -- options ----------------------------------------------------------------------------------- */

/* May a workflow begin for a record for which it ran before? */
static const char *const policies[] = {"one at a time", "once", "always"};
#define POLICIES (sizeof policies / sizeof *policies)

static const char *policy_name(const void *arg, size_t i) {
    (void)arg;
    return policies[i];
}

static void take_again(lua_State *L, struct rule *r, int at) {
    const struct held_value *h = held_test(L, at, HELD_VALUE);
    if (lua_isnil(L, at))
        return;
    if (h && h->v.kind == KITH_DURATION && h->v.as.i > 0) {
        r->cool_down = h->v.as.i;
        return;
    }
    kith_str text = str_of(lua_type(L, at) == LUA_TSTRING ? lua_tostring(L, at) : "");
    for (size_t i = 0; i < POLICIES; i++)
        if (str_eqz(text, policies[i])) {
            r->again = policies[i];
            return;
        }
    const char *near = str_nearest(text, policy_name, NULL, POLICIES);
    script_problem(
        r->script, r->info.line,
        "again: there are \"one at a time\", \"once\", \"always\", and a duration such as"
        " days(30) since it began last%s%s%s",
        STR_MEANT(near));
}

/* Takes the text of the option out of the table at `at`, or "". */
static const char *take_event(lua_State *L, struct rule *r, int at, const char *name) {
    const char *out = "";
    if (lua_getfield(L, at, name) == LUA_TSTRING)
        out = arena_strdup(&r->script->arena, lua_tostring(L, -1));
    else if (!lua_isnil(L, -1))
        script_problem(r->script, r->info.line, "%s: expected a text, not a %s", name,
                       held_name(L, -1));
    lua_pop(L, 1);
    lua_pushnil(L);
    lua_setfield(L, at, name);
    if (!out)
        raisef(L, "no memory");
    return out;
}

/* A copy of the options, of which what only workflows have is taken. */
static void take_options(lua_State *L, struct rule *r) {
    kith_error e = KITH_ERROR_INIT;
    lua_newtable(L);
    for (lua_pushnil(L); lua_next(L, 2);) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 4);
    }
    const char *on = take_event(L, r, 4, "on"), *every = take_event(L, r, 4, "every");
    const char *record = take_event(L, r, 4, "record");
    lua_getfield(L, 4, "again");
    take_again(L, r, lua_gettop(L));
    lua_pop(L, 1);
    lua_pushnil(L);
    lua_setfield(L, 4, "again");
    r->cron = *every != '\0';
    r->info.event = r->cron ? every : on;
    if (*on && *every)
        script_problem(r->script, r->info.line, "on and every: a workflow begins by one of them");
    if (r->script->pinned) /* it is begun no more */
        return;
    kith_status st = *r->info.event ? rule_resolve(r, &e) : KITH_OK;
    if (st == KITH_OK && *record && !r->type)
        st = schema_find_type(engine_schema(r->script->all->engine), str_of(record), &r->type, &e);
    if (st != KITH_OK) {
        script_problem(r->script, r->info.line, "%s", e.message);
        r->script->absent = false;
        return;
    }
    rule_options(L, r, 4);
}

/* -- declaring --------------------------------------------------------------------------------- */

/* Runs know it by its name, whatever file it stands in. */
static void check_name(struct rule *r) {
    const struct script *s = r->script;
    for (const struct script *o = s->pinned ? NULL : s->set->files; o; o = o->next) {
        const struct rule *other = flow_in(o, r->info.name);
        if (other)
            script_problem(r->script, r->info.line,
                           "the name '%s' is that of the workflow in %s:%u already", r->info.name,
                           o->file, (unsigned)other->info.line);
    }
}

static int declare_workflow(lua_State *L) {
    struct script *s = script_of(L);
    lua_settop(L, 3);
    if (s->frame->txn)
        return raisef(L, "workflow() declares one: call it at the top of the file");
    if (lua_isfunction(L, 2) && lua_isnil(L, 3)) {
        lua_createtable(L, 0, 0);
        lua_insert(L, 2);
        lua_settop(L, 3);
    }
    if (lua_type(L, 1) != LUA_TSTRING || !lua_istable(L, 2) || !lua_isfunction(L, 3))
        return raisef(L,
                      "write workflow(\"name\", {on = \"lead.created\"}, function(lead) ... end)");
    if (s->trial)
        return 0;
    if (!s->flows)
        return raisef(L, "a workflow belongs into a file of the folder 'workflows'");
    struct rule *r = ARENA_NEW(&s->arena, struct rule);
    if (!r)
        return raisef(L, "no memory");
    r->script = s;
    r->again = policies[0];
    r->info = (struct rule_info){.kind = RULE_WORKFLOW,
                                 .file = s->file,
                                 .line = line_of_caller(L),
                                 .name = arena_strdup(&s->arena, lua_tostring(L, 1)),
                                 .version = s->version};
    if (!r->info.name)
        return raisef(L, "no memory");
    check_name(r);
    take_options(L, r);
    rule_declared(L, r, 3);
    return 0;
}

void lib_flow_open(lua_State *L, int globals) {
    lua_pushcfunction(L, declare_workflow);
    lua_setfield(L, globals, "workflow");
}

/* -- finding one ------------------------------------------------------------------------------- */

struct rule *flow_in(const struct script *s, const char *name) {
    struct rule *r = s->rules;
    while (r && (r->info.kind != RULE_WORKFLOW || strcmp(r->info.name, name) != 0))
        r = r->next;
    return r;
}

struct names {
    const char *items[256];
    size_t count;
};

static const char *name_at(const void *arg, size_t i) {
    return ((const struct names *)arg)->items[i];
}

struct rule *flow_named(const struct ruleset *set, const char *name, kith_error *e) {
    struct names names = {.count = 0};
    for (const struct script *s = set->files; s; s = s->next)
        for (struct rule *r = s->rules; r; r = r->next) {
            if (r->info.kind != RULE_WORKFLOW)
                continue;
            if (strcmp(r->info.name, name) == 0)
                return r;
            if (names.count < sizeof names.items / sizeof *names.items)
                names.items[names.count++] = r->info.name;
        }
    const char *near = str_nearest(str_of(name), name_at, &names, names.count);
    err_set(e, KITH_E_NOTFOUND, NULL, "there is no workflow '%s'%s%s%s", name, STR_MEANT(near));
    return NULL;
}
