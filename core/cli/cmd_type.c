/* SPDX-License-Identifier: Apache-2.0 */
/* kith type list, add, rename, retire, restore, load: record types of the company's own. */
#include "base/file.h"
#include "cli/show.h"
#include "cli/type_change.h"
#include "record/rollup.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* -- list -------------------------------------------------------------------------------------- */

static void list_one(struct cmd *c, struct table *table, const char *name, const char *label,
                     const char *from, const char *doc, int64_t fields, int64_t records,
                     bool retired) {
    struct buf b = {0};
    struct json_out j;
    if (!c->json) {
        table_cellz(table, name);
        table_cellz(table, label);
        table_cellz(table, retired ? "retired" : from);
        table_cellz(table, retired ? "" : arena_printf(&c->arena, "%lld", (long long)fields));
        table_cellz(table, retired ? "" : arena_printf(&c->arena, "%lld", (long long)records));
        table_cellz(table, doc);
        return;
    }
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "type");
    json_strz(&j, name);
    json_key(&j, "label");
    json_strz(&j, label);
    json_key(&j, "module");
    json_strz(&j, from);
    json_key(&j, "fields");
    json_int(&j, fields);
    json_key(&j, "records");
    json_int(&j, records);
    json_key(&j, "retired");
    json_bool_(&j, retired);
    json_key(&j, "doc");
    json_strz(&j, doc);
    json_object_end(&j);
    json_print(c, &b);
}

static kith_status list_types(struct cmd *c, struct conn *conn, struct table *table,
                              kith_error *e) {
    const struct schema *s = cmd_schema(c);
    for (uint32_t i = 0; i < s->type_count; i++) {
        const struct rtype *t = s->types[i];
        uint64_t records;
        TRY(record_count(conn, t, &records, e));
        list_one(c, table, t->name, t->label, t->module, t->doc, t->field_count, (int64_t)records,
                 false);
    }
    for (size_t i = 0; i < type_files_count(c->company->types); i++) {
        const struct type_entry *x = type_files_at(c->company->types, i);
        if (!x->field && x->retired)
            list_one(c, table, x->type, x->type, SCHEMA_COMPANY, x->file, 0, 0, true);
    }
    return KITH_OK;
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    struct table table;
    struct conn *conn;
    table_begin(
        &table, c,
        (const char *const[]){"type", "label", "from", ">fields", ">records", "what it is", NULL});
    TRY(engine_reader(c->company->engine, &conn, e));
    kith_status st = list_types(c, conn, &table, e);
    engine_reader_done(c->company->engine, conn);
    if (st == KITH_OK && !c->json)
        table_print(&table);
    return st;
}

const struct command command_type_list = {
    .name = "type list",
    .args = "",
    .help = "list the record types: Kith's, those of modules, and your own",
    .needs = NEEDS_COMPANY,
    .run = run_list,
};

/* -- add --------------------------------------------------------------------------------------- */

static kith_status check_free(struct cmd *c, const char *type, kith_error *e) {
    const struct type_entry *entry = type_files_find(c->company->types, type, NULL);
    const struct rtype *t = schema_type(cmd_schema(c), str_of(type));
    if (entry && !entry->extends && entry->retired)
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "type %s is there and retired: 'kith type restore %s' brings it back", type,
                       type);
    return t ? err_set(e, KITH_E_CONFLICT, NULL, "there is a type %s already (from %s)", type,
                       t->module)
             : KITH_OK;
}

/* The title's field is a text that every record has, unless it is among the fields. */
static kith_status add_title(struct type_change *t, const char *file, const char *title,
                             kith_error *e) {
    struct cmd *c = t->c;
    struct buf group = {0};
    size_t len = strlen(title);
    for (size_t i = 1; i < c->arg_count; i++)
        if (strncmp(c->args[i], title, len) == 0 && c->args[i][len] == ':')
            return KITH_OK;
    buf_puts(&group, "{ name = ");
    conf_quote(str_of(title), &group);
    buf_puts(&group, "; kind = \"text\"; required = true; searched = true; }");
    kith_status st = group.failed ? err_nomem(e) : types_change_add(t, file, buf_view(&group), e);
    buf_free(&group);
    return st;
}

static kith_status add(struct type_change *t, kith_error *e) {
    static const char *const keys[] = {"label", "doc", "title"};
    struct cmd *c = t->c;
    const char *name = c->args[0], *file = arena_printf(&c->arena, TYPES_FOLDER "/%s.conf", name);
    struct changed_file *f;
    TRY(check_free(c, name, e));
    if (!schema_name_ok(name))
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s' is no type name: lower-case letters, digits and single _", name);
    TRY(file ? types_change_file(t, file, &f, e) : err_nomem(e));
    if (f->before.ptr)
        return err_set(e, KITH_E_CONFLICT, NULL, "%s is there already", file);
    TRY(types_change_quoted(t, file, -1, "name", name, e));
    for (size_t i = 0; i < 3; i++)
        if (cmd_option(c, keys[i]))
            TRY(types_change_quoted(t, file, -1, keys[i], cmd_option(c, keys[i]), e));
    if (cmd_option(c, "title"))
        TRY(add_title(t, file, cmd_option(c, "title"), e));
    for (size_t i = 1; i < c->arg_count; i++) {
        struct buf group = {0};
        kith_status st = field_group(c, c->args[i], false, &group, e);
        if (st == KITH_OK)
            st = types_change_add(t, file, buf_view(&group), e);
        buf_free(&group);
        TRY(st);
    }
    return types_change_apply(t, arena_printf(&c->arena, "The type %s is added.", name), e);
}

const struct command command_type_add = {
    .name = "type add",
    .args = "NAME [FIELD:KIND...]",
    .help = "add a record type of your own",
    .more = "  kith type add visit --title name 'contact:link[contact]' on:date\n\n"
            "The field of the title is a text that every visit has, unless another kind is given.\n"
            "'kith field add' adds more. The type is written to conf.d/types/visit.conf.",
    .options = {{"title", "FIELD", "the field that names a record to people"},
                {"label", "TEXT", "its name for people"},
                {"doc", "TEXT", "what it is, in one sentence"},
                REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 1,
    .args_max = 100,
    .run = run_type_change,
    .change = add,
};

/* -- rename ------------------------------------------------------------------------------------ */

/* What extends it, and links to it, in the company's files. */
static kith_status follow_rename(struct type_change *t, const char *from, const char *to,
                                 kith_error *e) {
    struct cmd *c = t->c;
    const struct type_files *files = c->company->types;
    const char *link = arena_printf(&c->arena, "link[%s]", from),
               *links = arena_printf(&c->arena, "links[%s]", from);
    if (!link || !links)
        return err_nomem(e);
    for (size_t i = 0; i < type_files_count(files); i++) {
        const struct type_entry *x = type_files_at(files, i);
        if (!x->field && x->extends && strcmp(x->type, from) == 0)
            TRY(types_change_quoted(t, x->file, -1, "extend", to, e));
        bool one = x->kind && strcmp(x->kind, link) == 0;
        if (one || (x->kind && strcmp(x->kind, links) == 0))
            TRY(types_change_quoted(t, x->file, x->item, "kind",
                                    arena_printf(&c->arena, one ? "link[%s]" : "links[%s]", to),
                                    e));
    }
    return KITH_OK;
}

/* The roll-ups that are kept from it, which only the company can have declared. */
static kith_status follow_in_rollups(struct type_change *t, const char *from, const char *to,
                                     kith_error *e) {
    struct cmd *c = t->c;
    const struct schema *s = cmd_schema(c);
    for (uint32_t i = 0; i < s->rollup_count; i++) {
        const struct rollup *r = s->rollups[i];
        const struct rfield *f = r->field;
        const struct type_entry *x = type_files_find(c->company->types, f->type->name, f->name);
        if (!x || strcmp(r->child->name, from) != 0)
            continue;
        const char *formula = arena_printf(&c->arena, "%.*s%s%s", (int)r->child_at, f->formula, to,
                                           f->formula + r->child_end);
        TRY(formula ? types_change_quoted(t, x->file, x->item, "rollup", formula, e)
                    : err_nomem(e));
    }
    return KITH_OK;
}

static kith_status rename_type(struct type_change *t, kith_error *e) {
    struct cmd *c = t->c;
    const struct type_entry *entry;
    const char *from = c->args[0], *to = c->args[1];
    TRY(own_type(c, from, &entry, e));
    TRY(check_free(c, to, e));
    TRY(check_unused(c, from, NULL, true, e));
    TRY(types_change_quoted(t, entry->file, -1, "name", to, e));
    TRY(types_change_append(t, entry->file, -1, "was", from, e));
    TRY(follow_rename(t, from, to, e));
    TRY(follow_in_rollups(t, from, to, e));
    return types_change_apply(t, arena_printf(&c->arena, "The type %s is named %s now.", from, to),
                              e);
}

const struct command command_type_rename = {
    .name = "type rename",
    .args = "TYPE NAME",
    .help = "give a type of your own another name; records and history follow",
    .options = {ANYWAY_OPTION, REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 2,
    .args_max = 2,
    .run = run_type_change,
    .change = rename_type,
};

/* -- retire, restore --------------------------------------------------------------------------- */

static kith_status check_not_linked(struct cmd *c, const char *type, kith_error *e) {
    const struct schema *s = cmd_schema(c);
    for (uint32_t i = 0; i < s->type_count; i++)
        for (uint32_t k = 0; k < s->types[i]->field_count; k++) {
            const struct rfield *f = s->types[i]->fields[k];
            if (f->target && strcmp(f->target->name, type) == 0 && f->type != f->target)
                return err_set(e, KITH_E_CONFLICT, NULL, "%s.%s links to %s: retire it first",
                               f->type->name, f->name, type);
        }
    return KITH_OK;
}

static kith_status retire(struct type_change *t, kith_error *e) {
    struct cmd *c = t->c;
    const struct type_entry *entry;
    TRY(own_type(c, c->args[0], &entry, e));
    if (entry->retired)
        return err_set(e, KITH_E_CONFLICT, NULL, "type %s is retired already", c->args[0]);
    TRY(check_not_linked(c, c->args[0], e));
    TRY(check_unused(c, c->args[0], NULL, false, e));
    TRY(types_change_set(t, entry->file, -1, "retired", "true", e));
    return types_change_apply(
        t,
        arena_printf(&c->arena, "The type %s is retired; its records and history are kept.",
                     c->args[0]),
        e);
}

static kith_status restore(struct type_change *t, kith_error *e) {
    struct cmd *c = t->c;
    const struct type_entry *entry;
    TRY(own_type(c, c->args[0], &entry, e));
    if (!entry->retired)
        return err_set(e, KITH_E_CONFLICT, NULL, "type %s is not retired", c->args[0]);
    TRY(types_change_set(t, entry->file, -1, "retired", NULL, e));
    return types_change_apply(
        t, arena_printf(&c->arena, "The type %s is back with its records.", c->args[0]), e);
}

const struct command command_type_retire = {
    .name = "type retire",
    .args = "TYPE",
    .help = "take a type of your own out of sight; nothing is deleted",
    .options = {ANYWAY_OPTION, REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_type_change,
    .change = retire,
};

const struct command command_type_restore = {
    .name = "type restore",
    .args = "TYPE",
    .help = "bring a retired type back",
    .options = {REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_type_change,
    .change = restore,
};

/* -- load -------------------------------------------------------------------------------------- */

#define PACKS         "config/packs"
#define PACK_FILE_MAX 4194304 /* bytes */

static kith_status add_pack_file(struct type_change *t, const char *folder, const char *name,
                                 kith_error *e) {
    struct cmd *c = t->c;
    const char *file = arena_printf(&c->arena, TYPES_FOLDER "/%s", name),
               *path = arena_printf(&c->arena, "%s/%s", folder, name);
    struct changed_file *f;
    TRY(file && path ? types_change_file(t, file, &f, e) : err_nomem(e));
    if (f->before.ptr)
        return err_set(e, KITH_E_CONFLICT, NULL, "%s is there already", file);
    return file_read(path, PACK_FILE_MAX, &f->text, e);
}

static kith_status no_such_pack(struct cmd *c, const char *name, kith_error *e) {
    struct buf all = {0};
    const char *folder;
    TRY(program_find(c->program->share_dirs, PACKS, "", &c->arena, &folder, e));
    DIR *d = folder ? opendir(folder) : NULL;
    for (const struct dirent *x; d && (x = readdir(d));)
        if (x->d_name[0] != '.')
            buf_printf(&all, "%s%s", all.len ? ", " : "", x->d_name);
    if (d)
        closedir(d);
    kith_status st = err_set(e, KITH_E_NOTFOUND, NULL, "there is no pack '%s'; there %s", name,
                             all.len ? "are: " : "is none");
    if (all.len)
        st = err_set(e, KITH_E_NOTFOUND, NULL, "there is no pack '%s'; there are: %s", name,
                     all.ptr);
    buf_free(&all);
    return st;
}

static kith_status load(struct type_change *t, kith_error *e) {
    struct cmd *c = t->c;
    const char *name = c->args[0], *folder = NULL,
               *pack = arena_printf(&c->arena, PACKS "/%s", name);
    if (!pack)
        return err_nomem(e);
    if (!strchr(name, '/') && name[0] != '.')
        TRY(program_find(c->program->share_dirs, pack, "", &c->arena, &folder, e));
    DIR *d = folder ? opendir(folder) : NULL;
    if (!d)
        return no_such_pack(c, name, e);
    kith_status st = KITH_OK;
    for (const struct dirent *x; st == KITH_OK && (x = readdir(d));)
        if (file_ends(x->d_name, ".conf"))
            st = add_pack_file(t, folder, x->d_name, e);
    closedir(d);
    TRY(st);
    return types_change_apply(
        t, arena_printf(&c->arena, "The types of the pack %s are there.", name), e);
}

const struct command command_type_load = {
    .name = "type load",
    .args = "PACK",
    .help = "add the types of a line of business: healthcare, finance, real_estate, nonprofit",
    .more = "Copies the pack's files to conf.d/types/, where they are yours to change.",
    .options = {REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_type_change,
    .change = load,
};
