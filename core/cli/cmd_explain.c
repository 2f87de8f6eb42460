/* SPDX-License-Identifier: Apache-2.0 */
/* kith explain: what a setting, a record type, a field, an event or an action is. */
#include "cli/reference.h"
#include "cli/show.h"
#include "record/query.h"
#include "script/words.h"
#include <string.h>

static kith_str value_now(struct cmd *c, const struct setting *s) {
    struct buf b = {0};
    setting_value_text(&s->decl, &s->value, &b);
    kith_str text = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    return text;
}

static const char *where_set(struct cmd *c, const struct setting *s) {
    return s->file ? arena_printf(&c->arena, "%s:%d", s->file, s->line) : "default";
}

static void json_setting(struct cmd *c, const struct setting *s) {
    struct buf b = {0}, kind = {0};
    struct json_out j;
    setting_kind_text(&s->decl, &kind);
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "setting");
    json_strz(&j, s->path);
    json_key(&j, "kind");
    json_str(&j, buf_view(&kind));
    json_key(&j, "value");
    json_str(&j, value_now(c, s));
    json_key(&j, "default");
    if (s->decl.default_text)
        json_strz(&j, s->decl.default_text);
    else
        json_nil(&j);
    json_key(&j, "set_at");
    json_strz(&j, where_set(c, s));
    json_key(&j, "doc");
    json_strz(&j, s->decl.doc ? s->decl.doc : "");
    json_object_end(&j);
    json_print(c, &b);
    buf_free(&kind);
}

static bool starts_with(const char *path, const char *group) {
    size_t len = strlen(group);
    return strncmp(path, group, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

static void list_settings(struct cmd *c, const struct settings *s, const char *group) {
    struct table t;
    table_begin(&t, c, (const char *const[]){"setting", "value", "set at", "what it is", NULL});
    for (size_t i = 0; i < settings_total(s); i++) {
        const struct setting *one = settings_at(s, i);
        if (group && !starts_with(one->path, group))
            continue;
        if (c->json) {
            json_setting(c, one);
            continue;
        }
        table_cellz(&t, one->path);
        table_cell(&t, value_now(c, one));
        table_cellz(&t, where_set(c, one));
        table_cellz(&t, one->decl.doc);
    }
    if (!c->json)
        table_print(&t);
}

static kith_status explain_settings(struct cmd *c, const struct settings *s, kith_error *e) {
    struct buf b = {0};
    kith_status st = settings_explain(s, c->args[0], &b, e);
    if (st == KITH_OK && c->json)
        list_settings(c, s, c->args[0]);
    else if (st == KITH_OK)
        io_lines(c->io, buf_view(&b), 0);
    buf_free(&b);
    return st;
}

/* -- types, fields, events --------------------------------------------------------------------- */

static void json_part(struct cmd *c, const char *what, const char *name, const char *kind,
                      const char *module, const char *doc) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, what);
    json_strz(&j, name);
    json_key(&j, "kind");
    json_strz(&j, kind);
    json_key(&j, "module");
    json_strz(&j, module);
    json_key(&j, "doc");
    json_strz(&j, doc);
    json_object_end(&j);
    json_print(c, &b);
}

static const char *kind_of(struct cmd *c, const struct rfield *f) {
    struct buf b = {0};
    field_text(f, &b);
    kith_str text = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    return text.ptr ? text.ptr : "";
}

static const char *from(struct cmd *c, const char *module, const char *where) {
    return where ? arena_printf(&c->arena, "%s (%s)", module, where) : module;
}

/* What it measures, and what that allows. */
static void json_measure(struct json_out *j, const struct rfield *f, struct buf *operators) {
    query_operators(f, operators);
    json_key(j, "label");
    json_strz(j, f->label);
    json_key(j, "measure");
    json_strz(j, field_measure_name(f->measure));
    json_key(j, "operators");
    json_str(j, buf_view(operators));
    json_key(j, "totals");
    json_strz(j, field_totals(f));
    json_key(j, "charts");
    json_strz(j, measure_charts(f->measure));
    json_key(j, "min");
    f->min_text ? json_strz(j, f->min_text) : json_nil(j);
    json_key(j, "max");
    f->max_text ? json_strz(j, f->max_text) : json_nil(j);
    json_key(j, "declared_at");
    f->where ? json_strz(j, f->where) : json_nil(j);
}

static void json_field(struct cmd *c, const struct rfield *f) {
    struct buf b = {0}, operators = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "field");
    json_strz(&j, arena_printf(&c->arena, "%s.%s", f->type->name, f->name));
    json_key(&j, "kind");
    json_strz(&j, kind_of(c, f));
    json_key(&j, "module");
    json_strz(&j, f->module);
    json_key(&j, "doc");
    json_strz(&j, f->doc);
    json_measure(&j, f, &operators);
    json_object_end(&j);
    json_print(c, &b);
    buf_free(&operators);
}

static void explain_type(struct cmd *c, const struct rtype *t) {
    struct table table;
    if (!c->json)
        io_printf(c->io, "%s: %s%sFrom %s.\n\n", t->name, t->doc, t->doc[0] ? " " : "",
                  from(c, t->module, t->where));
    table_begin(&table, c, (const char *const[]){"field", "kind", "what it is", NULL});
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        if (c->json)
            json_field(c, f);
        table_cellz(&table, f->name);
        table_cellz(&table, kind_of(c, f));
        table_cellz(&table, f->doc);
    }
    if (!c->json)
        table_print(&table);
}

static void explain_field(struct cmd *c, const struct rfield *f) {
    struct buf operators = {0};
    if (c->json) {
        json_field(c, f);
        return;
    }
    query_operators(f, &operators);
    io_printf(c->io, "%s\n", c->args[0]);
    if (f->doc[0])
        io_printf(c->io, "  %s\n", f->doc);
    io_printf(c->io,
              "  label      %s\n  kind       %s\n  measure    %s\n  compared   %s\n"
              "  totals     %s\n  charts     %s\n  from       %s\n",
              f->label, kind_of(c, f), field_measure_name(f->measure),
              operators.len ? operators.ptr : "-", field_totals(f), measure_charts(f->measure),
              from(c, f->module, f->where));
    buf_free(&operators);
}

static const char *event_doc(const struct rtype *t, kith_str what) {
    if (str_eqz(what, "created"))
        return "A record of the type was made.";
    if (str_eqz(what, "updated"))
        return "A record of the type was changed.";
    if (str_eqz(what, "deleted"))
        return "A record of the type was deleted.";
    for (uint32_t i = 0; i < t->field_count; i++) {
        if (t->fields[i]->kind == KITH_F_STATE && field_option(t->fields[i], what) >= 0)
            return "A record of the type came into this state.";
    }
    return NULL;
}

static void explain_event(struct cmd *c, const struct rtype *t, const char *doc) {
    if (c->json)
        json_part(c, "event", c->args[0], "event", t->module, doc);
    else
        io_printf(c->io, "%s\n  %s Rules and modules can react to it.\n", c->args[0], doc);
}

/* What comes with it: event.data of a rule. */
static kith_status print_topic(struct cmd *c, const struct schema *s, const kith_topic *t,
                               const char *owner, kith_error *e) {
    struct rfield *const *fields;
    uint32_t count;
    TRY(schema_fields(s, &c->arena, owner, t->fields, &fields, &count, e));
    io_printf(c->io, "%s\n  %s Rules and modules can react to it.\n", t->name,
              t->doc ? t->doc : "");
    for (uint32_t i = 0; i < count; i++)
        io_printf(c->io, "  %-10s %s%s%s\n", fields[i]->name, kind_of(c, fields[i]),
                  fields[i]->doc[0] ? ": " : "", fields[i]->doc);
    return KITH_OK;
}

/* "segment.entered"; KITH_E_NOTFOUND, and no error set: nobody publishes that. */
static kith_status explain_topic(struct cmd *c, const struct company *company,
                                 const struct schema *s, bool behind, kith_error *e) {
    const kith_topic *t;
    const char *owner;
    for (size_t i = 0; (t = company_topic(company, i, &owner)); i++) {
        if (strcmp(t->name, c->args[0]) != 0)
            continue;
        if (behind && !c->json)
            io_puts(c->io, "\n");
        if (!c->json)
            return print_topic(c, s, t, owner, e);
        json_part(c, "event", t->name, "event", owner, t->doc ? t->doc : "");
        return KITH_OK;
    }
    return KITH_E_NOTFOUND;
}

/* "contact", "contact.city", "lead.qualified"; "contact.updated" is a field and an event. False:
 * none of these. */
static bool explain_declared(struct cmd *c, const struct schema *s) {
    kith_str rest = str_of(c->args[0]), name;
    str_split(&rest, '.', &name);
    const struct rtype *t = schema_type(s, name);
    const struct rfield *f = t ? type_field(s, t, rest) : NULL;
    const char *event = t ? event_doc(t, rest) : NULL;
    if (t && rest.len == 0)
        explain_type(c, t);
    if (f)
        explain_field(c, f);
    if (f && event && !c->json)
        io_puts(c->io, "\n");
    if (event)
        explain_event(c, t, event);
    return (t && rest.len == 0) || f || event;
}

/* -- actions ----------------------------------------------------------------------------------- */

struct declared_action {
    const char *module, *name; /* "http", "http.send" */
    kith_action decl;
};

/* The i-th action of the core and the enabled modules; false: behind the last, or no memory. */
static bool action_at(struct cmd *c, const struct company *company, size_t i,
                      struct declared_action *out) {
    const struct own_action *own;
    size_t n = 0;
    for (; (own = company_own_action(n)); n++)
        if (n == i)
            *out = (struct declared_action){"core",
                                            own->name,
                                            {.doc = own->doc,
                                             .params = own->params,
                                             .results = own->results,
                                             .columns = own->columns}};
    if (i < n)
        return true;
    i -= n;
    for (size_t k = 0; k < plugins_count(company->plugins); k++) {
        const kith_plugin_desc *d = plugins_declared(company->plugins, k);
        const kith_action *actions = d->actions.items;
        if (i < d->actions.count) {
            const char *name = arena_printf(&c->arena, "%s.%s", d->name, actions[i].name);
            *out = (struct declared_action){d->name, name, actions[i]};
            return name != NULL;
        }
        i -= d->actions.count;
    }
    return false;
}

static kith_status print_fields(struct cmd *c, const struct schema *s, const char *module,
                                const char *what, kith_array declared, kith_error *e) {
    struct rfield *const *fields;
    uint32_t count;
    TRY(schema_fields(s, &c->arena, module, declared, &fields, &count, e));
    for (uint32_t i = 0; i < count; i++)
        io_printf(c->io, "  %-10s %s, %s%s%s\n", i == 0 ? what : "", fields[i]->name,
                  kind_of(c, fields[i]), fields[i]->doc[0] ? ": " : "", fields[i]->doc);
    return KITH_OK;
}

static kith_status print_action(struct cmd *c, const struct schema *s,
                                const struct declared_action *a, kith_error *e) {
    io_printf(c->io, "%s\n  %s\n", a->name, a->decl.doc ? a->decl.doc : "");
    TRY(print_fields(c, s, a->module, "takes", a->decl.params, e));
    TRY(print_fields(c, s, a->module, "gives", a->decl.results, e));
    TRY(print_fields(c, s, a->module, "rows of", a->decl.columns, e));
    if (a->decl.flags & KITH_AF_WHOLE)
        io_printf(c->io,
                  "  %-10s or counts by all records, also those that whoever asks may not see\n",
                  "decides");
    io_printf(c->io,
              "  called     kith run %s%s, or action.%s {...} in files of rules and "
              "workflows\n",
              a->name, a->decl.params.count ? " PARAMETER=VALUE ..." : "", a->name);
    return KITH_OK;
}

/* KITH_E_NOTFOUND, and no error set: there is no such action. */
static kith_status explain_action(struct cmd *c, const struct company *company,
                                  const struct schema *s, kith_error *e) {
    struct declared_action a;
    for (size_t i = 0; action_at(c, company, i, &a); i++) {
        if (strcmp(a.name, c->args[0]) != 0)
            continue;
        if (!c->json)
            return print_action(c, s, &a, e);
        json_part(c, "action", a.name, "action", a.module, a.decl.doc ? a.decl.doc : "");
        return KITH_OK;
    }
    return KITH_E_NOTFOUND;
}

struct action_names {
    struct cmd *c;
    const struct company *company;
};

static const char *action_name_at(const void *arg, size_t i) {
    const struct action_names *n = arg;
    struct declared_action a;
    return action_at(n->c, n->company, i, &a) ? a.name : "";
}

static const char *one_of_two(const void *arg, size_t i) {
    return ((const char *const *)arg)[i];
}

/* The action that is nearer than the setting (or NULL) that may be meant; NULL: none is. */
static const char *near_action(struct cmd *c, const struct company *company, const char *setting) {
    struct action_names n = {c, company};
    struct declared_action a;
    size_t count = 0;
    kith_str wanted = str_of(c->args[0]);
    while (action_at(c, company, count, &a))
        count++;
    const char *action = str_nearest(wanted, action_name_at, &n, count);
    const char *both[] = {setting ? setting : "", action};
    return action && str_nearest(wanted, one_of_two, both, 2) == action ? action : NULL;
}

/* -- what is not there ------------------------------------------------------------------------- */

struct looking {
    const char *name;
    bool found;
};

static void is_module(void *arg, const char *name, const char *path) {
    struct looking *l = arg;
    (void)path;
    size_t len = strlen(name);
    l->found = l->found ||
               (strncmp(l->name, name, len) == 0 && (l->name[len] == '.' || l->name[len] == '\0'));
}

static void json_word(struct cmd *c, const struct word *w) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "word");
    json_strz(&j, w->name);
    json_key(&j, "parameters");
    json_strz(&j, w->params ? w->params : "");
    json_key(&j, "gives");
    json_strz(&j, w->result ? w->result : "");
    json_key(&j, "doc");
    json_strz(&j, w->doc);
    json_object_end(&j);
    json_print(c, &b);
    buf_free(&b);
}

/* What rules and workflows are written with. */
static bool explain_word(struct cmd *c) {
    const struct word *w = word_find(str_of(c->args[0]));
    if (!w || c->json) {
        if (w)
            json_word(c, w);
        return w != NULL;
    }
    io_printf(c->io, w->params ? "%s(%s)\n" : "%s\n", w->name, w->params);
    io_printf(c->io, "  %s\n", w->doc);
    if (w->result)
        io_printf(c->io, "  gives      %s\n", w->result);
    io_printf(c->io, "  written    in files of rules and workflows\n");
    return true;
}

static bool has_settings(const struct settings *s, kith_str module) {
    for (size_t i = 0; i < settings_total(s); i++) {
        if (str_eqz(module, settings_at(s, i)->module))
            return true;
    }
    return false;
}

static const char *type_name_at(const void *arg, size_t i) {
    const struct schema *s = arg;
    return s->types[i]->name;
}

/* Leaves the error of the settings, which names the nearest, unless more can be said. */
static kith_status unknown(struct cmd *c, const struct company *company,
                           const struct schema *schema, kith_error *e) {
    struct looking l = {.name = c->args[0]};
    kith_str rest = str_of(c->args[0]), name;
    str_split(&rest, '.', &name);
    const struct rtype *t = schema_type(schema, name);
    const struct rfield *ignored;
    if (t)
        return schema_find_field(schema, t, rest, &ignored, e);
    const char *near = str_nearest(str_of(c->args[0]), type_name_at, schema, schema->type_count);
    if (near)
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "there is no setting and no type %s; did you mean %s", c->args[0], near);
    static const char meant[] = "did you mean ";
    const char *setting = strstr(e->message, meant);
    const char *action = near_action(c, company, setting ? setting + strlen(meant) : NULL);
    if (action)
        return err_set(e, KITH_E_NOTFOUND, NULL,
                       "there is no setting and no action %s; did you mean %s", c->args[0], action);
    company_modules(company->settings, c->dir, c->program, is_module, &l);
    if (!l.found && !setting)
        return err_set(
            e, KITH_E_NOTFOUND, NULL,
            "there is no setting, type, field, event, action or word of rules %s; those of a "
            "module are there when it is enabled: 'kith module list' shows them all",
            c->args[0]);
    if (!l.found || has_settings(company->settings, name))
        return KITH_E_NOTFOUND;
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "the module %.*s is not enabled: 'kith module inspect %.*s' shows its settings",
                   (int)name.len, name.ptr, (int)name.len, name.ptr);
}

static kith_status explain(struct cmd *c, struct company *company, kith_error *e) {
    const struct schema *schema;
    if (c->arg_count == 0) {
        list_settings(c, company->settings, NULL);
        return KITH_OK;
    }
    kith_status st = explain_settings(c, company->settings, e);
    if (st != KITH_E_NOTFOUND)
        return st;
    if (company->engine)
        schema = cmd_schema(c);
    else
        TRY(company_schema(company, &schema, e));
    bool declared = explain_declared(c, schema);
    st = explain_topic(c, company, schema, declared, e);
    if (st != KITH_E_NOTFOUND)
        return st;
    if (declared || explain_word(c))
        return KITH_OK;
    st = explain_action(c, company, schema, e);
    return st != KITH_E_NOTFOUND ? st : unknown(c, company, schema, e);
}

/* In a server: of the company as it is open there. */
static kith_status explain_served(struct cmd *c, kith_error *e) {
    if (!c->principal.all)
        return err_set(e, KITH_E_DENIED, NULL, "settings are for administrators");
    return explain(c, c->company, e);
}

static kith_status run(struct cmd *c, kith_error *e) {
    if (c->company)
        return explain_served(c, e);
    struct settings_problems problems = {0};
    struct company *company = NULL;
    kith_status st = company_read(&company, c->program, c->dir, &problems, e);
    if (company && company->settings)
        st = explain(c, company, e);
    company_close(company);
    settings_problems_free(&problems);
    return st;
}

const struct command command_explain = {
    .name = "explain",
    .args = "[SETTING]",
    .help =
        "what a setting, a type, a field, an event, an action or a word of rules is; without one, "
        "list all settings",
    .more = "  kith explain company.zone\n  kith explain sales\n  kith explain contact.lifecycle\n"
            "  kith explain wait_for",
    .needs = NEEDS_FOLDER,
    .served = true,
    .open = true,
    .quiet = true,
    .args_max = 1,
    .run = run,
};
