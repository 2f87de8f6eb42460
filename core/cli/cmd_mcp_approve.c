/* SPDX-License-Identifier: Apache-2.0 */
/* kith mcp approvals, approve, refuse: what an agent wants to write is decided by a person. It is
 * then done with the agent's rights as they are now, and only as it was shown. */
#include "base/id.h"
#include "base/number.h"
#include "cli/mcp.h"
#include "cli/rehearse.h"
#include "cli/show.h"
#include "engine/agent.h"
#include "record/record_json.h"

#include <stdlib.h>
#include <string.h>

/* -- which one, and who decides ---------------------------------------------------------------- */

struct deciding {
    struct cmd *c;
    struct approval a;
    struct agent_entry s;
};

static kith_status take_number(struct cmd *c, int64_t *number, kith_error *e) {
    if (int_parse(str_of(c->args[0]), number) && *number > 0)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL,
                   "'%s' is no number of an approval: 'kith mcp approvals'"
                   " lists them",
                   c->args[0]);
}

static kith_status read_one(struct deciding *d, kith_error *e) {
    struct cmd *c = d->c;
    int64_t number;
    TRY(take_number(c, &number, e));
    return engine_approval(c->company->engine, &c->principal, number, &c->arena, &d->a, &d->s, e);
}

/* The agent has a token of its user: with that nobody decides for the user. */
static kith_status may_decide(const struct deciding *d, kith_error *e) {
    const struct cmd *c = d->c;
    const char *surface = c->principal.surface;
    bool person = c->by ? surface && strcmp(surface, "web") == 0 /* signed in, by a cookie */
                        : c->io->secrets.kind != PROOF_TOKEN;
    bool own = person && c->principal.user == d->s.user;
    bool administrator = c->principal.all && (person || c->principal.user != d->s.user);
    TRY(access_only_reads(&c->principal, e));
    if (!c->principal.session && (own || administrator))
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, NULL,
                   "approval %lld is for a person to decide: an administrator, or %s with the"
                   " password; a token of the agent's own user does not do",
                   (long long)d->a.number, d->s.actor);
}

static kith_status check_waits(const struct deciding *d, kith_error *e) {
    if (d->a.state == APPROVAL_WAITS)
        return KITH_OK;
    return err_set(e, KITH_E_REFUSED, NULL, "approval %lld waits no more: it is %s",
                   (long long)d->a.number, approval_state_name(d->a.state));
}

/* -- is it still what was shown? --------------------------------------------------------------- */

static bool is_time(const json_t *v) {
    const char *s = json_string_value(v);
    return s && strlen(s) == 24 && s[10] == 'T' && s[23] == 'Z';
}

/* Ids that were given out in a rehearsal, and times that are now, are others each time. */
static json_t *even(const json_t *v, const json_t *made) {
    const char *key;
    json_t *item, *out;
    size_t i;
    if (json_is_string(v)) {
        const char *s = json_string_value(v), *slash = strrchr(s, '/');
        json_t *known = json_object_get(made, slash ? slash + 1 : s);
        return known ? json_copy(known) : json_copy((json_t *)(uintptr_t)v);
    }
    if (json_is_array(v)) {
        out = json_array();
        json_array_foreach((json_t *)(uintptr_t)v, i, item)
            json_array_append_new(out, even(item, made));
        return out;
    }
    if (!json_is_object(v))
        return json_copy((json_t *)(uintptr_t)v);
    out = json_object();
    json_object_foreach((json_t *)(uintptr_t)v, key, item) json_object_set_new(
        out, key,
        strcmp(key, "after") == 0 && is_time(item) ? json_string("time") : even(item, made));
    return out;
}

/* NULL: no memory, or no JSON. The caller frees it. */
static char *evened(kith_str shown) {
    json_t *root = json_loadb(shown.ptr ? shown.ptr : "", (size_t)shown.len, 0, NULL);
    json_t *made = json_object(), *effect;
    size_t i;
    json_array_foreach(json_object_get(root, "effects"), i, effect) {
        const char *kind = json_string_value(json_object_get(effect, "effect"));
        const char *id = json_string_value(json_object_get(effect, "id"));
        if (kind && id && strcmp(kind, "create") == 0)
            json_object_set_new(made, id, json_integer((json_int_t)i));
    }
    json_t *same = root ? even(root, made) : NULL;
    char *text = same ? json_dumps(same, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
    json_decref(same);
    json_decref(made);
    json_decref(root);
    return text;
}

static kith_status check_same(kith_str before, kith_str now, kith_error *e) {
    char *a = evened(before), *b = evened(now);
    bool known = a && b, same = known && strcmp(a, b) == 0;
    free(a);
    free(b);
    if (!known)
        return err_nomem(e);
    if (same)
        return KITH_OK;
    return err_set(e, KITH_E_REFUSED, NULL,
                   "what it would do now is not what was shown: something has changed since; the"
                   " agent may ask again");
}

/* Records that are there and would be changed, as they are now: nothing comes between this and the
 * write. */
static kith_status take_guards(struct deciding *d, struct mcp *m, kith_error *e) {
    struct cmd *c = m->c;
    json_t *root = json_loadb(d->a.shown.ptr, (size_t)d->a.shown.len, 0, NULL), *effect;
    const json_t *effects = json_object_get(root, "effects");
    struct agent_guard *guards =
        ARENA_ARRAY(&d->c->arena, struct agent_guard, json_array_size(effects) + 1);
    kith_status st = guards ? KITH_OK : err_nomem(e);
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)effects, i, effect) {
        const char *kind = json_string_value(json_object_get(effect, "effect"));
        const char *type = json_string_value(json_object_get(effect, "type"));
        const char *id = json_string_value(json_object_get(effect, "id"));
        struct agent_guard *g = &guards[m->of.guard_count];
        bool there =
            kind && type && id && (strcmp(kind, "update") == 0 || strcmp(kind, "delete") == 0);
        if (st != KITH_OK || !there || !id_parse(str_of(id), &g->id))
            continue;
        g->type = schema_find_type(cmd_schema(c), str_of(type), &g->type, NULL) == KITH_OK ? g->type
                                                                                           : NULL;
        if (g->type && engine_guard(c->company->engine, g, &d->c->arena, NULL) == KITH_OK)
            m->of.guard_count++;
    }
    m->of.guards = guards;
    json_decref(root);
    return st;
}

/* -- carrying it out --------------------------------------------------------------------------- */

static kith_status enter_agent(struct deciding *d, struct cmd *as, kith_error *e) {
    struct access_of of = {.user = d->s.user};
    json_t *limit;
    *as = (struct cmd){
        .program = d->c->program, .io = d->c->io, .company = d->c->company, .dir = d->c->dir};
    if (!d->s.user) {
        as->principal = (struct principal){.name = d->s.actor, .all = true};
        return KITH_OK;
    }
    TRY(json_read(d->a.limit, &limit, e));
    of.zone = (enum access_zone)json_integer_value(json_object_get(limit, "zone"));
    of.limit.read_only = json_is_true(json_object_get(limit, "read_only"));
    of.limit.types = json_string_value(json_object_get(limit, "types"));
    of.limit.actions = json_string_value(json_object_get(limit, "actions"));
    kith_status st = engine_enter(d->c->company->engine, &of, NULL, &as->principal, e);
    as->entered = st == KITH_OK;
    json_decref(limit);
    return st;
}

static kith_status do_it(struct deciding *d, struct mcp *m, struct buf *result, kith_error *e) {
    const char *tool = arena_strndup(&d->c->arena, d->a.tool.ptr, (size_t)d->a.tool.len);
    struct buf now = {0};
    json_t *args = NULL;
    if (!tool)
        return err_nomem(e);
    TRY(json_read(d->a.args, &args, e));
    kith_status st = take_guards(d, m, e);
    if (st == KITH_OK)
        st = mcp_call_plain(m, tool, args, true, &now, e);
    if (st == KITH_OK)
        st = check_same(d->a.shown, buf_view(&now), e);
    if (st == KITH_OK)
        st = mcp_call_plain(m, tool, args, false, result, e);
    buf_free(&now);
    json_decref(args);
    return st;
}

static void put_failure(struct buf *out, const kith_error *why) {
    struct json_out j;
    buf_reset(out);
    json_begin(&j, out, false);
    json_object_(&j);
    json_key(&j, "code");
    json_strz(&j, status_name(why->code));
    json_key(&j, "message");
    json_strz(&j, why->message);
    json_object_end(&j);
}

static kith_status as_agent(struct deciding *d, struct buf *result, kith_error *e) {
    struct cmd as;
    struct mcp m = {.c = &as, .session = d->s.id};
    TRY(enter_agent(d, &as, e));
    m.of.id = d->s.id;
    m.of.late = true;
    m.of.approval = d->a.number;
    m.of.note = arena_printf(&d->c->arena, "mcp session %s, client %s, allowed by %s",
                             show_id(d->c, d->s.id), d->s.client, d->c->principal.name);
    as.principal.session = &m.of;
    as.principal.asked = m.of.note;
    kith_status st = m.of.note ? do_it(d, &m, result, e) : err_nomem(e);
    d->c->wrote |= as.wrote;
    if (as.entered)
        engine_leave(&as.principal);
    arena_free(&as.arena);
    return st;
}

static void print_decided(struct cmd *c, const struct approval *a, const char *state,
                          kith_str result) {
    struct buf b = {0};
    struct json_out j;
    if (!c->json) {
        io_printf(c->io, "Approval %lld is %s.\n", (long long)a->number, state);
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "approval");
    json_int(&j, a->number);
    json_key(&j, "state");
    json_strz(&j, state);
    json_key(&j, "result");
    if (result.len)
        json_raw(&j, result);
    else
        json_nil(&j);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status decide(struct deciding *d, uint32_t from, uint32_t to, kith_str result,
                          kith_error *e) {
    return engine_approval_move(d->c->company->engine, &d->a, from, to, d->c->principal.name,
                                result, e);
}

static kith_status run_approve(struct cmd *c, kith_error *e) {
    struct deciding d = {.c = c};
    struct buf result = {0};
    kith_error why = KITH_ERROR_INIT;
    TRY(read_one(&d, e));
    TRY(may_decide(&d, e));
    TRY(check_waits(&d, e));
    TRY(decide(&d, APPROVAL_WAITS, APPROVAL_BEGUN, (kith_str){0}, e));
    kith_status did = as_agent(&d, &result, &why);
    if (did != KITH_OK)
        put_failure(&result, &why);
    kith_status st = decide(&d, APPROVAL_BEGUN, did == KITH_OK ? APPROVAL_DONE : APPROVAL_FAILED,
                            buf_view(&result), e);
    if (st == KITH_OK && did == KITH_OK)
        print_decided(c, &d.a, "done", buf_view(&result));
    else if (st == KITH_OK) {
        err_copy(e, &why);
        st = did;
    }
    buf_free(&result);
    return st;
}

static kith_status run_refuse(struct cmd *c, kith_error *e) {
    struct deciding d = {.c = c};
    TRY(read_one(&d, e));
    TRY(may_decide(&d, e));
    TRY(check_waits(&d, e));
    TRY(decide(&d, APPROVAL_WAITS, APPROVAL_REFUSED, (kith_str){0}, e));
    print_decided(c, &d.a, "refused", (kith_str){0});
    return KITH_OK;
}

/* -- what waits -------------------------------------------------------------------------------- */

void approval_json(struct json_out *j, const struct approval *a) {
    json_object_(j);
    json_key(j, "approval");
    json_int(j, a->number);
    json_key(j, "session");
    json_id(j, a->session);
    json_key(j, "state");
    json_strz(j, approval_state_name(a->state));
    json_key(j, "tool");
    json_str(j, a->tool);
    json_key(j, "asked");
    json_time(j, a->asked);
    json_key(j, "decided");
    if (a->decided)
        json_time(j, a->decided);
    else
        json_nil(j);
    json_key(j, "by");
    json_strz(j, a->who);
    json_key(j, "arguments");
    json_raw(j, a->args.len ? a->args : STR("null"));
    json_key(j, "rehearsal");
    json_raw(j, a->shown.len ? a->shown : STR("null"));
    json_key(j, "result");
    json_raw(j, a->result.len ? a->result : STR("null"));
    json_object_end(j);
}

static void print_one(struct cmd *c, const struct approval *a) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, !c->json);
    approval_json(&j, a);
    json_print(c, &b);
}

static kith_status run_approvals(struct cmd *c, kith_error *e) {
    struct deciding d = {.c = c};
    struct approval *items;
    struct table t;
    size_t count;
    if (c->arg_count) {
        TRY(read_one(&d, e));
        print_one(c, &d.a);
        return KITH_OK;
    }
    TRY(engine_approvals(c->company->engine, &c->principal, !cmd_option(c, "all"), &c->arena,
                         &items, &count, e));
    table_begin(&t, c,
                (const char *const[]){">number", "asked", "session", "tool", "arguments", "state",
                                      "by", NULL});
    for (size_t i = 0; i < count; i++) {
        const struct approval *a = &items[i];
        if (c->json) {
            print_one(c, a);
            continue;
        }
        table_cellz(&t, arena_printf(&c->arena, "%lld", (long long)a->number));
        table_cell(&t, show_time(c, a->asked));
        table_cellz(&t, show_id(c, a->session));
        table_cell(&t, a->tool);
        table_cell(&t, a->args);
        table_cellz(&t, approval_state_name(a->state));
        table_cellz(&t, a->who);
    }
    if (!c->json && count)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "No agent waits for an approval.\n");
    return KITH_OK;
}

const struct command command_mcp_approvals = {
    .name = "mcp approvals",
    .args = "[NUMBER]",
    .help = "what agents want to write and a person is to allow first; or all about one",
    .more = "What is shown of one is what a rehearsal found that it would do. mcp.approval says\n"
            "what needs an approval. What nobody decides within a week is expired.",
    .options = {{"all", NULL, "also those that were decided"}},
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_max = 1,
    .run = run_approvals,
};

const struct command command_mcp_approve = {
    .name = "mcp approve",
    .args = "NUMBER",
    .help = "allow what an agent wants to write: it is done at once",
    .more = "It is done with the rights that the agent has now, and refused when it would do\n"
            "something else than was shown, since what it is about has changed. An administrator\n"
            "decides, or the user for whom the agent works, with the password: the agent's token\n"
            "does not do.",
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_approve,
};

const struct command command_mcp_refuse = {
    .name = "mcp refuse",
    .args = "NUMBER",
    .help = "refuse what an agent wants to write; it is told so",
    .needs = NEEDS_COMPANY,
    .open = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_refuse,
};
