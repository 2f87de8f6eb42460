/* SPDX-License-Identifier: Apache-2.0 */
/* kith field add, set, rename, retire, restore: fields of the company's own, and what may be
 * changed of others. */
#include "cli/show.h"
#include "cli/type_change.h"
#include <string.h>

/* -- as they stand in a file ------------------------------------------------------------------- */

static void put_key(struct buf *out, const char *key, const char *value, bool quoted) {
    buf_printf(out, " %s = ", key);
    if (quoted)
        conf_quote(str_of(value), out);
    else
        buf_puts(out, value);
    buf_putc(out, ';');
}

kith_status field_group(struct cmd *c, const char *spec, bool options, struct buf *out,
                        kith_error *e) {
    static const char *const texts[] = {"label", "doc",     "default", "min",
                                        "max",   "measure", "rollup"};
    static const char *const flags[][2] = {
        {"required", "required"}, {"indexed", "indexed"},   {"searched", "searched"},
        {"unique", "unique"},     {"personal", "personal"}, {"part-of", "part_of"},
        {"tree", "tree"},         {"subject", "subject"},   {"assignee", "assignee"}};
    kith_str kind = str_of(spec), name;
    str_split(&kind, ':', &name);
    if (kind.len == 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s' has no kind: write it as size:choice[small,large] or name:text", spec);
    const char *key = arena_strndup(&c->arena, name.ptr, (size_t)name.len);
    buf_puts(out, "{");
    put_key(out, "name", key ? key : "", true);
    put_key(out, "kind", kind.ptr, true);
    for (size_t i = 0; options && i < sizeof texts / sizeof *texts; i++)
        if (cmd_option(c, texts[i]))
            put_key(out, texts[i], cmd_option(c, texts[i]), true);
    for (size_t i = 0; options && i < sizeof flags / sizeof *flags; i++)
        if (cmd_option(c, flags[i][0]))
            put_key(out, flags[i][1], "true", false);
    buf_puts(out, " }");
    return key && !out->failed ? KITH_OK : err_nomem(e);
}

/* The name must be free, of fields that are out of sight, too. */
static kith_status check_free(struct cmd *c, const char *type, kith_str name, kith_error *e) {
    const char *field = arena_strndup(&c->arena, name.ptr, (size_t)name.len);
    if (!field)
        return err_nomem(e);
    const struct type_entry *entry = type_files_find(c->company->types, type, field);
    const struct rtype *t = schema_type(cmd_schema(c), str_of(type));
    const struct rfield *f = t ? type_field(cmd_schema(c), t, name) : NULL;
    if (entry && entry->kind && entry->retired)
        return err_set(e, KITH_E_CONFLICT, field,
                       "%s.%s is there and retired: 'kith field restore %s.%s' brings it back",
                       type, field, type, field);
    if (f)
        return err_set(e, KITH_E_CONFLICT, field, "%s has a field %s already (from %s)", type,
                       field, f->module);
    return KITH_OK;
}

/* -- add --------------------------------------------------------------------------------------- */

static kith_status add(struct type_change *t, kith_error *e) {
    struct cmd *c = t->c;
    const char *file, *type = c->args[0];
    kith_str rest = str_of(c->args[1]), name;
    struct buf group = {0};
    str_split(&rest, ':', &name);
    TRY(file_of_type(t, type, &file, e));
    TRY(check_free(c, type, name, e));
    kith_status st = field_group(c, c->args[1], true, &group, e);
    if (st == KITH_OK)
        st = types_change_add(t, file, buf_view(&group), e);
    buf_free(&group);
    TRY(st);
    return types_change_apply(
        t, arena_printf(&c->arena, "The field %s.%.*s is added.", type, (int)name.len, name.ptr),
        e);
}

#define FIELD_OPTIONS                                                                              \
    {"label", "TEXT", "its name for people"}, {"doc", "TEXT", "what it is, in one sentence"},      \
        {"default", "VALUE", "its value in a new record"}, {"min", "VALUE", "the smallest value"}, \
        {"max", "VALUE", "the largest value"},                                                     \
        {"measure", "nominal|ordinal|discrete|continuous|text",                                    \
         "what it measures; otherwise as its kind does"},                                          \
        {"rollup", "FORMULA", "what Kith keeps in it: \"count(visit)\""},                          \
        {"required", NULL, "new records must have a value"},                                       \
        {"indexed", NULL, "it is often looked for"}, {"searched", NULL, "it is found by text"},    \
        {"unique", NULL, "no two records have the same value"},                                    \
        {"personal", NULL, "it belongs to a person's data"},                                       \
        {"part-of", NULL, "the record is part of the one linked to"},                              \
        {"tree", NULL, "it links to a parent"},                                                    \
        {"subject", NULL, "the record tells about the person that it links to"}, {                 \
        "assignee", NULL, "the user that it links to sees to the record"                           \
    }

const struct command command_field_add = {
    .name = "field add",
    .args = "TYPE NAME:KIND",
    .help = "add a field to a type",
    .more =
        "  kith field add contact 'size:choice[small,medium,large]' --label Size\n"
        "  kith field add visit 'stars:integer' --min 1 --max 5\n\n"
        "Kinds: text, longtext, integer, decimal[2], money[EUR], boolean, date, time, duration,\n"
        "choice[a,b], state[a>b], link[TYPE], links[TYPE], email, phone, url, place, json, tags.\n"
        "It is written to conf.d/types/ and there at once, also while the company is served.",
    .options = {FIELD_OPTIONS, REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 2,
    .args_max = 2,
    .run = run_type_change,
    .change = add,
};

/* -- set --------------------------------------------------------------------------------------- */

static const struct set_key {
    const char *name;
    enum { SET_TEXT, SET_BOOL, SET_LIST } form;
    bool own; /* only of fields of the company */
} set_keys[] = {
    {"label", SET_TEXT, false},    {"doc", SET_TEXT, false},     {"default", SET_TEXT, false},
    {"min", SET_TEXT, false},      {"max", SET_TEXT, false},     {"measure", SET_TEXT, false},
    {"required", SET_BOOL, false}, {"indexed", SET_BOOL, false}, {"searched", SET_BOOL, false},
    {"more", SET_LIST, false},     {"states", SET_TEXT, false},  {"kind", SET_TEXT, true},
    {"unique", SET_BOOL, true},    {"personal", SET_BOOL, true}, {"part_of", SET_BOOL, true},
    {"tree", SET_BOOL, true},      {"subject", SET_BOOL, true},  {"rollup", SET_TEXT, true},
    {"assignee", SET_BOOL, true},
};
#define SET_KEYS (sizeof set_keys / sizeof *set_keys)

static const char *set_key_at(const void *arg, size_t i) {
    (void)arg;
    return set_keys[i].name;
}

static kith_status find_set_key(kith_str name, bool own, const struct set_key **out,
                                kith_error *e) {
    for (size_t i = 0; i < SET_KEYS; i++)
        if (str_eqz(name, set_keys[i].name)) {
            *out = &set_keys[i];
            if (!own && set_keys[i].own)
                return err_set(e, KITH_E_DENIED, NULL,
                               "%s can be set of fields of your own only; add one", (*out)->name);
            return KITH_OK;
        }
    const char *near = str_nearest(name, set_key_at, NULL, SET_KEYS);
    if (near)
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%.*s' is nothing that can be set; did you mean '%s'?", (int)name.len,
                       name.ptr, near);
    return err_set(e, KITH_E_INVAL, NULL,
                   "'%.*s' is nothing that can be set; 'kith help field set' lists what can be",
                   (int)name.len, name.ptr);
}

/* A value as it stands in a file; "" takes the key out. */
static kith_status set_value(struct cmd *c, const struct set_key *key, kith_str value,
                             const char **out, kith_error *e) {
    struct buf b = {0};
    kith_str item;
    *out = NULL;
    if (value.len == 0)
        return KITH_OK;
    if (key->form == SET_BOOL && !str_eqz(value, "true") && !str_eqz(value, "false"))
        return err_set(e, KITH_E_INVAL, NULL, "%s is true or false", key->name);
    if (key->form == SET_LIST) {
        buf_putc(&b, '[');
        for (bool first = true; str_split(&value, ',', &item); first = false) {
            buf_puts(&b, first ? "" : ", ");
            conf_quote(str_trim(item), &b);
        }
        buf_putc(&b, ']');
    } else if (key->form == SET_BOOL) {
        buf_str(&b, value);
    } else {
        conf_quote(value, &b);
    }
    *out = b.failed ? NULL : arena_strdup(&c->arena, b.ptr);
    buf_free(&b);
    return *out ? KITH_OK : err_nomem(e);
}

/* Where the field's group stands; one that changes another's field is made. */
static kith_status set_place(struct type_change *t, const char *type, const char *field,
                             const struct type_entry *entry, const char **file, int *item,
                             kith_error *e) {
    struct buf group = {0};
    if (entry) {
        *file = entry->file;
        *item = entry->item;
        return KITH_OK;
    }
    TRY(file_of_type(t, type, file, e));
    *item = 0;
    for (size_t i = 0; i < type_files_count(t->c->company->types); i++) {
        const struct type_entry *x = type_files_at(t->c->company->types, i);
        *item += x->field && strcmp(x->file, *file) == 0;
    }
    buf_puts(&group, "{");
    put_key(&group, "name", field, true);
    buf_puts(&group, " }");
    kith_status st = group.failed ? err_nomem(e) : types_change_add(t, *file, buf_view(&group), e);
    buf_free(&group);
    return st;
}

static kith_status set(struct type_change *t, kith_error *e) {
    struct cmd *c = t->c;
    kith_str field = str_of(c->args[0]), name;
    const struct rtype *type;
    const struct rfield *f;
    const char *file;
    int item;
    str_split(&field, '.', &name);
    TRY(schema_find_type(cmd_schema(c), name, &type, e));
    TRY(schema_find_field(cmd_schema(c), type, field, &f, e));
    const struct type_entry *entry = type_files_find(c->company->types, type->name, f->name);
    TRY(set_place(t, type->name, f->name, entry, &file, &item, e));
    for (size_t i = 1; i < c->arg_count; i++) {
        kith_str value = str_of(c->args[i]), key;
        const struct set_key *k = NULL;
        const char *text;
        if (!strchr(c->args[i], '='))
            return err_set(e, KITH_E_INVAL, NULL, "'%s' is not written as KEY=VALUE", c->args[i]);
        str_split(&value, '=', &key);
        TRY(find_set_key(key, entry && entry->kind, &k, e));
        TRY(set_value(c, k, value, &text, e));
        TRY(types_change_set(t, file, item, k->name, text, e));
    }
    return types_change_apply(t, arena_printf(&c->arena, "The field %s is changed.", c->args[0]),
                              e);
}

const struct command command_field_set = {
    .name = "field set",
    .args = "TYPE.FIELD KEY=VALUE...",
    .help = "change a field: its label, default, range, whether it is required",
    .more =
        "  kith field set contact.title label=Position required=true\n"
        "  kith field set account.kind more=club,museum\n"
        "  kith field set contact.lifecycle 'states=new>fan|lost,fan>lost,lost>new' default=new\n\n"
        "Keys: label, doc, default, min, max, measure, required, indexed, searched; more (further\n"
        "options of a choice) and states of fields that others declare; of your own also kind\n"
        "(other options, never another kind), unique, personal, part_of, subject, assignee, tree,\n"
        "rollup.\n"
        "KEY= takes it back.",
    .options = {REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 2,
    .args_max = 40,
    .run = run_type_change,
    .change = set,
};

/* -- rename, retire, restore ------------------------------------------------------------------- */

static kith_status rename_field(struct type_change *t, kith_error *e) {
    struct cmd *c = t->c;
    const struct type_entry *entry, *type;
    const char *to = c->args[1];
    TRY(own_field(c, c->args[0], &entry, e));
    TRY(check_free(c, entry->type, str_of(to), e));
    TRY(check_unused(c, entry->type, entry->field, true, e));
    TRY(types_change_quoted(t, entry->file, entry->item, "name", to, e));
    TRY(types_change_append(t, entry->file, entry->item, "was", entry->field, e));
    type = type_files_find(c->company->types, entry->type, NULL);
    const struct rtype *now = schema_type(cmd_schema(c), str_of(entry->type));
    if (type && !type->extends && now && now->title && strcmp(now->title->name, entry->field) == 0)
        TRY(types_change_quoted(t, type->file, -1, "title", to, e));
    return types_change_apply(
        t, arena_printf(&c->arena, "The field %s is named %s now.", c->args[0], to), e);
}

static kith_status retire(struct type_change *t, kith_error *e) {
    struct cmd *c = t->c;
    const struct type_entry *entry;
    TRY(own_field(c, c->args[0], &entry, e));
    if (entry->retired)
        return err_set(e, KITH_E_CONFLICT, NULL, "%s is retired already", c->args[0]);
    const struct rtype *now = schema_type(cmd_schema(c), str_of(entry->type));
    if (now && now->title && strcmp(now->title->name, entry->field) == 0)
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "%s names the records of its type: it is the title", c->args[0]);
    TRY(check_unused(c, entry->type, entry->field, false, e));
    TRY(types_change_set(t, entry->file, entry->item, "retired", "true", e));
    return types_change_apply(
        t,
        arena_printf(&c->arena, "The field %s is retired; its values and history are kept.",
                     c->args[0]),
        e);
}

static kith_status restore(struct type_change *t, kith_error *e) {
    struct cmd *c = t->c;
    const struct type_entry *entry;
    TRY(own_field(c, c->args[0], &entry, e));
    if (!entry->retired)
        return err_set(e, KITH_E_CONFLICT, NULL, "%s is not retired", c->args[0]);
    TRY(types_change_set(t, entry->file, entry->item, "retired", NULL, e));
    return types_change_apply(
        t, arena_printf(&c->arena, "The field %s is back with its values.", c->args[0]), e);
}

const struct command command_field_rename = {
    .name = "field rename",
    .args = "TYPE.FIELD NAME",
    .help = "give a field of your own another name; values and history follow",
    .more =
        "One that rules, settings or others use is refused, and said by whom: change those, and\n"
        "say --anyway. What goes by a word in a text may be another thing of that name.",
    .options = {ANYWAY_OPTION, REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 2,
    .args_max = 2,
    .run = run_type_change,
    .change = rename_field,
};

const struct command command_field_retire = {
    .name = "field retire",
    .args = "TYPE.FIELD",
    .help = "take a field of your own out of sight; nothing is deleted",
    .options = {ANYWAY_OPTION, REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_type_change,
    .change = retire,
};

const struct command command_field_restore = {
    .name = "field restore",
    .args = "TYPE.FIELD",
    .help = "bring a retired field back",
    .options = {REHEARSE_OPTION},
    .needs = NEEDS_COMPANY,
    .alone = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_type_change,
    .change = restore,
};
