/* SPDX-License-Identifier: Apache-2.0 */
/* kith access, kith role check: who may what, why, and who did. */
#include "base/id.h"
#include "cli/show.h"
#include "engine/sign_in.h"
#include <string.h>

#define DEFAULT_LIMIT 50
#define SHOWN         3 /* records named in one line */

/* -- kith access log --------------------------------------------------------------------------- */

static kith_str records_text(struct cmd *c, const struct access_entry *x) {
    const struct rtype *t = schema_type_by_id(cmd_schema(c), x->type);
    struct buf b = {0};
    int64_t count = x->rows >= 0 ? x->rows : (int64_t)x->record_count;
    if (x->event == ACCESS_EXPORT && x->rows < 0)
        buf_printf(&b, "%s, broken off", t ? t->name : "records");
    else if (x->event == ACCESS_EXPORT && x->record_count)
        buf_printf(&b, "%lld about %s", (long long)count, t ? t->name : "a record");
    else if (count > 0)
        buf_printf(&b, "%lld %s", (long long)count, t ? t->name : "record");
    for (size_t i = 0; i < x->record_count && i < SHOWN; i++)
        buf_printf(&b, "%s %s", i ? "" : ":", show_id(c, x->records[i]));
    buf_puts(&b, x->record_count > SHOWN ? " ..." : "");
    kith_str text = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

static void json_entry(struct cmd *c, const struct access_entry *x, size_t shown) {
    const struct rtype *t = schema_type_by_id(cmd_schema(c), x->type);
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "at");
    json_time(&j, x->at);
    json_key(&j, "event");
    json_strz(&j, access_event_name(x->event));
    json_key(&j, "actor");
    json_strz(&j, x->actor);
    json_key(&j, "user");
    json_id(&j, x->user);
    json_key(&j, "surface");
    json_strz(&j, x->surface);
    json_key(&j, "asked");
    json_strz(&j, x->asked);
    json_key(&j, "type");
    if (t)
        json_strz(&j, t->name);
    else
        json_nil(&j);
    json_key(&j, "count");
    if (x->rows >= 0 || x->event != ACCESS_EXPORT)
        json_int(&j, x->rows >= 0 ? x->rows : (int64_t)x->record_count);
    else
        json_nil(&j);
    json_key(&j, "records");
    json_array_(&j);
    for (size_t i = 0; i < x->record_count && i < shown; i++)
        json_id(&j, x->records[i]);
    json_array_end(&j);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status read_filter(struct cmd *c, struct access_filter *f, kith_error *e) {
    const char *record = cmd_option(c, "record"), *login = cmd_option(c, "user");
    const char *type = cmd_option(c, "type");
    const struct rtype *t = NULL;
    *f = (struct access_filter){.shown = c->json ? 100000 : SHOWN};
    f->event = (uint32_t)(cmd_option_choice(c, "event", -1) + 1);
    TRY(cmd_option_int(c, "over", 0, INT64_MAX, 0, &f->over, e));
    TRY(option_moment(c, "since", false, &f->since, e));
    TRY(option_moment(c, "until", true, &f->until, e));
    if (type)
        TRY(schema_find_type(cmd_schema(c), str_of(type), &t, e));
    f->type = t ? t->id : 0;
    if (record && !id_parse(str_of(record), &f->record))
        return err_set(e, KITH_E_INVAL, NULL, "'%s' is not an id: %s", record,
                       id_unlike(str_of(record)));
    kith_status st = login ? sign_in_user(c->company->engine, login, &f->user, e) : KITH_OK;
    return st != KITH_OK && id_parse(str_of(login), &f->user) ? KITH_OK : st; /* who is gone */
}

#define PAGE 500

static kith_status put_page(struct cmd *c, struct table *t, const struct access_entry *list,
                            size_t n, size_t shown, kith_error *e) {
    for (size_t i = 0; i < n; i++) {
        if (c->json) {
            json_entry(c, &list[i], shown);
            continue;
        }
        table_cell(t, show_time(c, list[i].at));
        table_cellz(t, list[i].actor);
        table_cellz(t, access_event_name(list[i].event));
        table_cellz(t, list[i].asked);
        table_cell(t, records_text(c, &list[i]));
    }
    return io_check(c->io, e);
}

static kith_status say_more(struct cmd *c, struct access_filter *f, int64_t limit, kith_error *e) {
    struct access_entry *list;
    size_t n;
    f->limit = 1;
    TRY(access_entries(c->company->engine, f, &c->arena, &list, &n, e));
    if (n > 0)
        io_say(c->io, "there are older ones: --limit %lld", (long long)limit * 10);
    return KITH_OK;
}

static kith_status run_log(struct cmd *c, kith_error *e) {
    struct access_filter f;
    struct table t;
    int64_t limit, given = 0;
    size_t n = 1;
    TRY(cmd_option_int(c, "limit", 1, 1000000000, c->json ? 1000000000 : DEFAULT_LIMIT, &limit, e));
    TRY(read_filter(c, &f, e));
    table_begin(&t, c, (const char *const[]){"time", "who", "event", "asked", "records", NULL});
    while (given < limit && n > 0) {
        struct access_entry *list;
        struct arena_mark mark = arena_mark(&c->arena);
        f.limit = limit - given < PAGE ? limit - given : PAGE;
        TRY(access_entries(c->company->engine, &f, &c->arena, &list, &n, e));
        TRY(put_page(c, &t, list, n, f.shown, e));
        f.before = n ? list[n - 1].number : f.before;
        given += (int64_t)n;
        if (c->json) /* a table is printed at the end */
            arena_release(&c->arena, mark);
    }
    if (!c->json && given > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "Nothing of this is logged.\n");
    return c->json || given < limit ? KITH_OK : say_more(c, &f, limit, e);
}

/* -- kith access explain ----------------------------------------------------------------------- */

static const char *roles_text(struct cmd *c, const struct principal *p) {
    const struct access *x = p->access;
    const struct rfield *f = cmd_schema(c)->base.user.roles;
    kith_value *values;
    if (engine_get(c->company->engine, &c->principal, f->type, x->of.user, &c->arena, &values,
                   NULL) != KITH_OK ||
        values[f->index].kind == KITH_NULL)
        return "none";
    kith_str text = show_value(c, &values[f->index]);
    const char *copy = arena_strndup(&c->arena, text.ptr, text.len);
    return copy ? copy : "";
}

static const char *reach_of(struct cmd *c, const struct principal *p, enum right right,
                            const struct rtype *t) {
    const struct rfield *whole = type_whole(t);
    if (whole)
        return arena_printf(&c->arena, "as far as the record that it is part of (%s)", whole->name);
    return arena_printf(&c->arena, "%s", reach_text(p->access->rights.types[t->id].reach[right]));
}

static kith_status explain_right(struct cmd *c, const struct principal *p, enum right right,
                                 const struct rtype *t, kith_id id, struct json_out *j,
                                 kith_error *e) {
    const char *why = NULL;
    bool yes;
    TRY(access_explain(c->company->engine, p, right, t, id, &c->arena, &yes, &why, e));
    if (p->all)
        why = "an administrator may do everything";
    else if (!yes)
        why = arena_printf(&c->arena, "the roles reach: %s", reach_of(c, p, right, t));
    if (j) {
        json_key(j, right_names[right]);
        json_object_(j);
        json_key(j, "may");
        json_bool_(j, yes);
        json_key(j, "why");
        json_strz(j, why ? why : "");
        json_object_end(j);
        return KITH_OK;
    }
    io_printf(c->io, "  %-6s  %s%s%s  ", right_names[right],
              io_style(c->io, yes ? STYLE_GOOD : STYLE_BAD), yes ? "yes" : "no ",
              io_style(c->io, STYLE_PLAIN));
    io_text(c->io, str_of(why));
    io_puts(c->io, "\n");
    return KITH_OK;
}

static const char *closed_fields(struct cmd *c, const struct principal *p, const struct rtype *t) {
    struct buf b = {0};
    for (uint32_t i = 0; i < t->field_count; i++)
        if (!access_reads(p, t->fields[i]))
            buf_printf(&b, "%s%s", b.len ? ", " : "", t->fields[i]->name);
    const char *text = arena_strndup(&c->arena, b.ptr ? b.ptr : "", b.len);
    buf_free(&b);
    return text ? text : "";
}

static kith_status explain(struct cmd *c, const struct principal *p, const struct rtype *t,
                           kith_id id, kith_error *e) {
    const enum right rights[] = {RIGHT_READ, RIGHT_UPDATE, RIGHT_DELETE};
    const char *closed = closed_fields(c, p, t);
    struct buf b = {0};
    struct json_out j;
    kith_status st = KITH_OK;
    json_begin(&j, &b, false);
    json_object_(&j);
    if (!c->json) {
        io_text(c->io, str_of(p->name));
        io_puts(c->io, " and ");
        io_text(c->io, show_record(c, t, id));
        io_puts(c->io, ", by the roles ");
        io_text(c->io, str_of(roles_text(c, p)));
        io_puts(c->io, ":\n");
    }
    for (size_t i = 0; st == KITH_OK && i < sizeof rights / sizeof *rights; i++)
        st = explain_right(c, p, rights[i], t, id, c->json ? &j : NULL, e);
    if (st == KITH_OK && c->json) {
        json_key(&j, "closed");
        json_strz(&j, closed);
        json_object_end(&j);
        json_print(c, &b);
        return KITH_OK;
    }
    buf_free(&b);
    if (st == KITH_OK && closed[0])
        io_printf(c->io, "Fields that stay closed: %s.\n", closed);
    return st;
}

static kith_status run_explain(struct cmd *c, kith_error *e) {
    const struct rtype *t;
    struct access_of of = {0};
    struct principal p;
    kith_id id;
    TRY(arg_record(c, 1, &t, &id, e));
    TRY(sign_in_user(c->company->engine, c->args[0], &of.user, e));
    TRY(engine_enter(c->company->engine, &of, NULL, &p, e));
    kith_status st = explain(c, &p, t, id, e);
    engine_leave(&p);
    return st;
}

/* -- kith role check --------------------------------------------------------------------------- */

struct checking {
    struct cmd *c;
    size_t checked, wrong;
    const struct rfield *name, *rights;
};

static kith_status check_role(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct checking *k = arg;
    struct cmd *c = k->c;
    const struct engine *g = c->company->engine;
    struct rights_names names = {engine_action_name, g, engine_action_count(g)};
    kith_error why = KITH_ERROR_INIT;
    const kith_value *v = &values[k->rights->index];
    (void)e;
    (void)id;
    k->checked++;
    kith_str json = v->kind == KITH_TEXT ? v->as.s : (kith_str){0};
    if (role_check(cmd_schema(c), &names, json, &why) == KITH_OK)
        return KITH_OK;
    k->wrong++;
    kith_str name = value_text(cmd_schema(c), &values[k->name->index], &c->arena);
    show_problem(c, arena_printf(&c->arena, "role %.*s", (int)name.len, name.ptr), 0, why.message);
    return KITH_OK;
}

static kith_status run_check(struct cmd *c, kith_error *e) {
    const struct base_role *role = &cmd_schema(c)->base.role;
    struct checking k = {.c = c, .name = role->name, .rights = role->rights};
    struct find_page page = {.limit = 10000};
    struct query *q;
    TRY(query_parse(&q, cmd_schema(c), &c->arena, STR("role order by name"), e));
    TRY(engine_find(c->company->engine, &c->principal, q, NULL, &page, &c->arena, check_role, &k,
                    e));
    if (k.wrong > 0) {
        c->said = true;
        return KITH_E_INVAL;
    }
    if (!c->json)
        io_printf(c->io, "%zu role%s: every name in %s is known.\n", k.checked,
                  k.checked == 1 ? "" : "s", k.checked == 1 ? "it" : "them");
    return KITH_OK;
}

const struct command command_role_check = {
    .name = "role check",
    .args = "",
    .help = "do the roles name only types, fields and actions that there are?",
    .more = "A role is checked when it is written, and follows when a type or field is renamed.\n"
            "Later a module may be disabled or a field retired: what a role says of it opens\n"
            "nothing, and is shown here. Where a role has a name that was never known, as after\n"
            "an undo, all that it does not name is closed.",
    .needs = NEEDS_COMPANY,
    .run = run_check,
};

const struct command command_access_log = {
    .name = "access log",
    .args = "",
    .help = "who read and exported personal data, signed in or failed to, or made a backup",
    .more =
        "  kith access log --record 0ABCDEFGH1234 --since 2026-03-01 --until 2026-03-31\n"
        "  kith access log --event export --over 1000\n"
        "  kith access log --event failed --since 2026-03-01\n\n"
        "Reading by users who signed in is logged; with access.log = \"all\" in kith.conf that\n"
        "of administrators on the command line, too. Exports, sign-ins, tokens, passwords and\n"
        "backups are logged whoever it is. How long it is kept: access.keep. With --json there\n"
        "is no limit. What was written, and by whom: 'kith log', 'kith history'.",
    .options =
        {{"record", "ID", "who read or exported this record"},
         {"user", "LOGIN", "what this user did; of one who is gone, the id"},
         {"event",
          "read|failed|view-as|password|token|export|sign-in|backup|session|invite|second-factor",
          "only this"},
         {"type", "TYPE", "only of records of this type"},
         {"since", "DATE", "since that day, or a time"},
         {"until", "DATE", "up to the end of that day, or a time"},
         {"over", "N", "with more than so many records"},
         {"limit", "N", "at most so many lines; else 50, or all with --json"}},
    .needs = NEEDS_COMPANY,
    .run = run_log,
};

const struct command command_access_explain = {
    .name = "access explain",
    .args = "LOGIN TYPE ID",
    .help = "may this user read and write this record, and why",
    .needs = NEEDS_COMPANY,
    .args_min = 3,
    .args_max = 3,
    .run = run_explain,
};
