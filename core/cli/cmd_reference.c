/* SPDX-License-Identifier: Apache-2.0 */
/* kith reference: the reference pages in Markdown, made from the same tables that the program works
 * with, so that a company with modules of its own has a reference of its own. */
#include "cli/reference.h"
#include "record/query.h"
#include "record/rights.h"
#include <string.h>

struct reference {
    struct cmd *c;
    struct company *company;
    const struct schema *schema;
    struct buf *out;
    const char *module; /* only what is its own; NULL: everything */
};
struct page {
    const char *name, *help;
    kith_status (*print)(struct reference *r, kith_error *e);
};

/* -- small parts ------------------------------------------------------------------------------- */

/* For a cell of a table: one line, bars escaped. */
static void cell(struct buf *out, const char *text) {
    for (; text && *text; text++) {
        if (*text == '|')
            buf_putc(out, '\\');
        buf_putc(out, *text == '\n' ? ' ' : *text);
    }
}

static void row(struct buf *out, const char *code, const char *text) {
    buf_puts(out, "| `");
    cell(out, code);
    buf_puts(out, "` | ");
    cell(out, text);
    buf_puts(out, " |\n");
}

static bool wanted(const struct reference *r, const char *module) {
    return !r->module || strcmp(module, r->module) == 0;
}

/* -- commands ---------------------------------------------------------------------------------- */

static void option(struct buf *out, const struct option_row *o) {
    buf_printf(out, "| `--%s%s", o->name, o->value ? " " : "");
    cell(out, o->value);
    buf_puts(out, "` | ");
    cell(out, o->help);
    buf_puts(out, " |\n");
}

static void one_command(struct buf *out, const struct command *k) {
    buf_printf(out, "\n## kith %s\n\n```\nkith %s%s%s\n```\n\n%c%s.\n", k->name, k->name,
               k->args[0] ? " " : "", k->args, k->help[0] - ('a' <= k->help[0] ? 'a' - 'A' : 0),
               k->help + 1);
    if (k->more)
        buf_printf(out, "\n```\n%s\n```\n", k->more);
    for (size_t i = 0; k->options[i].name; i++) {
        buf_puts(out, i == 0 ? "\n| option | |\n|---|---|\n" : "");
        option(out, &k->options[i]);
    }
}

/* Headings are linked to in lower case, with hyphens for blanks. */
static void command_index(struct buf *out) {
    for (size_t i = 0; command_at(i); i++) {
        const struct command *k = command_at(i);
        if (!k->help)
            continue;
        buf_printf(out, "| [%s](#kith-", k->name);
        for (const char *z = k->name; *z; z++)
            buf_putc(out, *z == ' ' ? '-' : *z);
        buf_puts(out, ") | ");
        cell(out, k->help);
        buf_puts(out, " |\n");
    }
}

static kith_status page_commands(struct reference *r, kith_error *e) {
    (void)e;
    const struct option_row *o;
    buf_puts(r->out, "# Commands\n\n| command | |\n|---|---|\n");
    command_index(r->out);
    buf_puts(r->out, "\nEvery command also takes:\n\n| option | |\n|---|---|\n");
    for (size_t i = 0; (o = command_common_option(i)); i++)
        option(r->out, o);
    for (size_t i = 0; command_at(i); i++) {
        if (command_at(i)->help)
            one_command(r->out, command_at(i));
    }
    return KITH_OK;
}

/* -- settings ---------------------------------------------------------------------------------- */

static kith_status page_settings(struct reference *r, kith_error *e) {
    (void)e;
    buf_puts(
        r->out,
        "# Settings\n\nThey stand in `kith.conf` and `conf.d/` of a company. `kith"
        " explain SETTING` tells what one is at present, and where it is set. A change takes effect"
        " when the company is opened the next time, `kith serve` included; those that"
        " say *reload* also when `kith serve` gets SIGHUP.\n\n");
    settings_reference(r->company->settings, NULL, r->out);
    return KITH_OK;
}

/* -- queries ----------------------------------------------------------------------------------- */

static kith_status page_queries(struct reference *r, kith_error *e) {
    (void)e;
    size_t count;
    const struct query_function *f = query_forms(&count);
    buf_puts(r->out, "# Queries\n\n`TYPE [where CONDITION] [order by FIELD, ...] [limit N] [:"
                     " count()]`. What it means in detail is in [the query"
                     " language](../query.md).\n");
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || strcmp(f[i].name, f[i - 1].name) != 0)
            buf_printf(r->out, "\n## %c%s\n\n| | |\n|---|---|\n", f[i].name[0] - ('a' - 'A'),
                       f[i].name + 1);
        row(r->out, f[i].signature, f[i].doc);
    }
    buf_puts(r->out, "\n## Functions\n\n| | |\n|---|---|\n");
    for (size_t i = 0; (f = query_function_at(i)); i++)
        row(r->out, f->signature, f->doc);
    return KITH_OK;
}

/* -- types ------------------------------------------------------------------------------------- */

static void field_row(struct buf *out, const struct rfield *f) {
    struct buf kind = {0};
    field_text(f, &kind);
    buf_printf(out, "| `%s` | ", f->name);
    cell(out, kind.ptr);
    buf_puts(out, " | ");
    cell(out, f->doc);
    buf_puts(out, " |\n");
    out->failed |= kind.failed;
    buf_free(&kind);
}

/* The whole type, or the fields that the module adds to another's. */
static void one_type(struct reference *r, const struct rtype *t) {
    bool own = wanted(r, t->module), any = false;
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++) {
        if (!wanted(r, t->fields[i]->module) && !own)
            continue;
        if (!any)
            buf_printf(r->out, "\n### %s\n\n%s\n\n| field | kind | |\n|---|---|---|\n", t->name,
                       own ? t->doc : "Fields that the module adds.");
        any = true;
        field_row(r->out, t->fields[i]);
    }
}

static kith_status page_parts(struct reference *r, kith_error *e) {
    (void)e;
    buf_puts(r->out,
             "# Parts\n\nA part is read with the record that it belongs to, written by whoever may"
             " update that, and deleted with it. A role states fields of these types and nothing"
             " else.\n\n| part | of | by its field | module |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < r->schema->type_count; i++) {
        const struct rtype *t = r->schema->types[i];
        const struct rfield *f = type_whole(t);
        if (f)
            buf_printf(r->out, "| `%s` | %s | `%s` | %s |\n", t->name,
                       f->target ? f->target->name : "any record", f->name, t->module);
    }
    return KITH_OK;
}

static kith_status page_types(struct reference *r, kith_error *e) {
    (void)e;
    buf_puts(r->out,
             "# Record types\n\nBesides these fields every type has `id`, `created`, `updated` and"
             " `owner` (link to user). How values are written is in the [guide for"
             " integrators](../guide-integrator.md#values-in-json).\n\n*Part of it*: the record is"
             " deleted with the one it links to. *Read-only*: kept by Kith or by the module."
             " *Personal*: belongs to a person's data. A state lists from where one can go to"
             " where, and begins with the first.\n");
    for (uint32_t i = 0; i < r->schema->type_count; i++)
        one_type(r, r->schema->types[i]);
    return KITH_OK;
}

/* -- events and actions ------------------------------------------------------------------------ */

static kith_status declared_fields(struct reference *r, const char *module, kith_array declared,
                                   kith_error *e) {
    struct rfield *const *fields;
    uint32_t count;
    TRY(schema_fields(r->schema, &r->c->arena, module, declared, &fields, &count, e));
    buf_puts(r->out, count > 0 ? "\n| | | |\n|---|---|---|\n" : "");
    for (uint32_t i = 0; i < count; i++)
        field_row(r->out, fields[i]);
    return KITH_OK;
}

static kith_status one_topic(struct reference *r, const char *module, const kith_topic *t,
                             kith_error *e) {
    buf_printf(r->out, "\n### %s\n\n%s\n", t->name, t->doc ? t->doc : "");
    return declared_fields(r, module, t->fields, e);
}

static kith_status topics_of(struct reference *r, const kith_plugin_desc *d, kith_error *e) {
    const kith_topic *topics = d->topics.items;
    for (uint32_t i = 0; i < d->topics.count; i++)
        TRY(one_topic(r, d->name, &topics[i], e));
    return KITH_OK;
}

static void states_of(struct reference *r, const struct rtype *t) {
    for (uint32_t i = 0; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        for (uint32_t k = 0; f->kind == KITH_F_STATE && k < f->option_count; k++) {
            buf_printf(r->out, "| `%s.%s` | ", t->name, f->options[k]);
            buf_printf(r->out, "%s: its %s became %s |\n", t->name, f->name, f->options[k]);
        }
    }
}

static kith_status page_events(struct reference *r, kith_error *e) {
    buf_puts(r->out, "# Events\n\nWhat reactions of rules and modules can wait for. For every type"
                     " there are `TYPE.created`, `TYPE.updated` and `TYPE.deleted`, and for every"
                     " state of a record:\n\n| event | |\n|---|---|\n");
    for (uint32_t i = 0; i < r->schema->type_count; i++)
        states_of(r, r->schema->types[i]);
    const kith_topic *topic;
    const char *owner;
    for (size_t i = 0; (topic = company_topic(r->company, i, &owner)); i++)
        TRY(one_topic(r, owner, topic, e));
    return KITH_OK;
}

/* Of a module's action: its name behind the module's. */
static kith_status tell_action(struct reference *r, const char *module, const char *name,
                               const kith_action *a, kith_error *e) {
    buf_printf(r->out, "\n### %s\n\n%s (%s)\n", name, a->doc ? a->doc : "",
               a->effect == KITH_EFFECT_READ    ? "reads"
               : a->effect == KITH_EFFECT_WRITE ? "writes"
                                                : "writes, and sends something");
    if (a->flags & KITH_AF_WHOLE)
        buf_puts(r->out,
                 "\nIt decides or counts by all records, also those that whoever asks may not see, "
                 "and shows none of these.\n");
    if (a->params.count > 0)
        buf_puts(r->out, "\nParameters:\n");
    TRY(declared_fields(r, module, a->params, e));
    if (a->file)
        buf_printf(r->out, "\nIts answer is a file, `%s`.\n", a->file);
    else if (a->results.count > 0)
        buf_puts(r->out, "\nResults:\n");
    TRY(a->file ? KITH_OK : declared_fields(r, module, a->results, e));
    if (a->columns.count > 0)
        buf_puts(r->out, "\nRows:\n");
    return declared_fields(r, module, a->columns, e);
}

static kith_status actions_of(struct reference *r, const kith_plugin_desc *d, kith_error *e) {
    const kith_action *actions = d->actions.items;
    for (uint32_t i = 0; i < d->actions.count; i++) {
        const char *name = arena_printf(&r->c->arena, "%s.%s", d->name, actions[i].name);
        TRY(name ? tell_action(r, d->name, name, &actions[i], e) : err_nomem(e));
    }
    return KITH_OK;
}

static kith_status page_actions(struct reference *r, kith_error *e) {
    buf_puts(r->out, "# Actions\n\nWhat Kith and modules can do when they are asked: `kith run"
                     " ACTION PARAMETER=VALUE ...`, or from a rule.\n");
    const struct own_action *a;
    for (size_t i = 0; (a = company_own_action(i)); i++)
        TRY(tell_action(
            r, "core", a->name,
            &(kith_action){.doc = a->doc,
                           .effect = a->flags & OWN_READS ? KITH_EFFECT_READ : KITH_EFFECT_WRITE,
                           .params = a->params,
                           .results = a->results,
                           .columns = a->columns},
            e));
    for (size_t i = 0; i < plugins_count(r->company->plugins); i++)
        TRY(actions_of(r, plugins_declared(r->company->plugins, i), e));
    return KITH_OK;
}

static void reports_of(struct reference *r, const kith_plugin_desc *d) {
    const kith_report *reports = d->reports.items;
    for (uint32_t i = 0; i < d->reports.count; i++) {
        buf_puts(r->out, i == 0 ? "\n## Reports\n\n| `kith report` | |\n|---|---|\n" : "");
        buf_printf(r->out, "| `%s.%s` | %s `", d->name, reports[i].name,
                   reports[i].doc ? reports[i].doc : "");
        cell(r->out, reports[i].query);
        if (reports[i].fields)
            buf_printf(r->out, "`, with the columns `%s", reports[i].fields);
        buf_puts(r->out, "` |\n");
    }
}

/* -- exit codes -------------------------------------------------------------------------------- */

static kith_status page_exit_codes(struct reference *r, kith_error *e) {
    size_t count;
    const struct exit_code *codes = exit_codes(&count);
    (void)e;
    buf_puts(r->out, "# Exit codes\n\nWith `--json` an error is one object on standard error,"
                     " `{\"code\":\"not found\",\"field\":null,\"message\":\"...\"}`, whose code"
                     " is one of the words in the last column.\n\n| exit code | |"
                     " code in JSON |\n|---|---|---|\n");
    for (size_t i = 0; i < count; i++) {
        struct buf names = {0};
        exit_code_names(codes[i].code, &names);
        buf_printf(r->out, "| %d | %s | %s |\n", codes[i].code, codes[i].meaning,
                   names.ptr ? names.ptr : "");
        buf_free(&names);
    }
    return KITH_OK;
}

/* -- a module ---------------------------------------------------------------------------------- */

static bool adds_types(const struct reference *r) {
    for (uint32_t i = 0; i < r->schema->type_count; i++) {
        const struct rtype *t = r->schema->types[i];
        for (uint32_t k = FIELD_FIRST; k < t->field_count; k++) {
            if (strcmp(t->fields[k]->module, r->module) == 0)
                return true;
        }
    }
    return false;
}

static kith_status page_module(struct reference *r, const kith_plugin_desc *d, kith_error *e) {
    const kith_permission *permissions = d->permissions.items;
    buf_printf(r->out, "# The module %s\n\n%s\n", d->name, d->doc ? d->doc : "");
    for (uint32_t i = 0; i < d->permissions.count; i++) {
        buf_puts(r->out, i == 0 ? "\n## What it asks for\n\n| right | |\n|---|---|\n" : "");
        row(r->out, permissions[i].name, permissions[i].why);
    }
    buf_puts(r->out, "\n");
    r->module = d->name;
    settings_reference(r->company->settings, d->name, r->out);
    buf_puts(r->out, adds_types(r) ? "\n## Record types\n" : "");
    for (uint32_t i = 0; i < r->schema->type_count; i++)
        one_type(r, r->schema->types[i]);
    buf_puts(r->out, d->topics.count > 0 ? "\n## Events that it publishes\n" : "");
    TRY(topics_of(r, d, e));
    reports_of(r, d);
    buf_puts(r->out, d->actions.count > 0 ? "\n## Actions\n" : "");
    return actions_of(r, d, e);
}

/* -- the command ------------------------------------------------------------------------------- */

static const struct page pages[] = {
    {"commands", "every command with its options", page_commands},
    {"settings", "the settings of Kith and of the modules that are enabled", page_settings},
    {"queries", "the query language, in tables", page_queries},
    {"types", "the record types and their fields", page_types},
    {"parts", "which types are parts of which, whose rights they follow", page_parts},
    {"events", "what rules and modules can react to", page_events},
    {"actions", "the actions of the modules", page_actions},
    {"exit-codes", "exit codes, and errors in JSON", page_exit_codes},
};
#define PAGES (sizeof pages / sizeof pages[0])

bool reference_page(size_t i, const char **name, const char **help) {
    if (i >= PAGES)
        return false;
    *name = pages[i].name;
    *help = pages[i].help;
    return true;
}

static const char *page_at(const void *arg, size_t i) {
    (void)arg;
    return pages[i].name;
}

static kith_status print_page(struct reference *r, const char *name, kith_error *e) {
    size_t modules = plugins_count(r->company->plugins);
    for (size_t i = 0; i < PAGES; i++) {
        if (strcmp(pages[i].name, name) == 0)
            return pages[i].print(r, e);
    }
    for (size_t i = 0; i < modules; i++) {
        const kith_plugin_desc *d = plugins_declared(r->company->plugins, i);
        if (d->name && strcmp(d->name, name) == 0)
            return page_module(r, d, e);
    }
    const char *near = str_nearest(str_of(name), page_at, NULL, PAGES);
    return err_set(e, KITH_E_NOTFOUND, NULL, "there is no page and no enabled module '%s'%s%s%s",
                   name, near ? "; did you mean '" : "; 'kith reference' lists them",
                   near ? near : "", near ? "'?" : "");
}

static void list_pages(struct cmd *c, const struct company *company) {
    for (size_t i = 0; i < PAGES; i++)
        io_printf(c->io, "  %-12s %s\n", pages[i].name, pages[i].help);
    for (size_t i = 0; i < plugins_count(company->plugins); i++) {
        const kith_plugin_desc *d = plugins_declared(company->plugins, i);
        if (d->name)
            io_printf(c->io, "  %-12s all that the module declares\n", d->name);
    }
}

static kith_status print(struct cmd *c, struct company *company, kith_error *e) {
    struct buf b = {0};
    struct reference r = {.c = c, .company = company, .out = &b};
    if (c->arg_count == 0) {
        list_pages(c, company);
        return KITH_OK;
    }
    kith_status st = company_schema(company, &r.schema, e);
    if (st == KITH_OK)
        st = print_page(&r, c->args[0], e);
    if (st == KITH_OK && b.failed)
        st = err_nomem(e);
    if (st == KITH_OK)
        io_lines(c->io, buf_view(&b), 0);
    buf_free(&b);
    return st;
}

static kith_status run(struct cmd *c, kith_error *e) {
    struct settings_problems problems = {0};
    struct company *company = NULL;
    kith_status st = company_read(&company, c->program, c->dir, &problems, e);
    if (st == KITH_OK)
        st = print(c, company, e);
    company_close(company);
    settings_problems_free(&problems);
    return st;
}

const struct command command_reference = {
    .name = "reference",
    .args = "[PAGE]",
    .help = "print a page of the reference in Markdown, with what this company's modules add",
    .more = "  kith reference\n  kith reference settings\n  kith reference sales",
    .needs = NEEDS_FOLDER,
    .open = true,
    .quiet = true,
    .args_max = 1,
    .run = run,
};
