/* SPDX-License-Identifier: Apache-2.0 */
/* Schema: declarations checked and joined with the catalogue. The DDL that follows from it is in
 * ddl.c; lookups are at the end. */
#include "record/rights.h"
#include "record/schema_internal.h"
#include "record/search.h"
#include "record/series.h"

#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- kinds ------------------------------------------------------------------------------------- */

static const char *const kind_names[] = {
    [KITH_F_TEXT] = "text",       [KITH_F_LONGTEXT] = "longtext", [KITH_F_INTEGER] = "integer",
    [KITH_F_DECIMAL] = "decimal", [KITH_F_MONEY] = "money",       [KITH_F_BOOLEAN] = "boolean",
    [KITH_F_DATE] = "date",       [KITH_F_TIME] = "time",         [KITH_F_DURATION] = "duration",
    [KITH_F_CHOICE] = "choice",   [KITH_F_STATE] = "state",       [KITH_F_LINK] = "link",
    [KITH_F_LINKS] = "links",     [KITH_F_EMAIL] = "email",       [KITH_F_PHONE] = "phone",
    [KITH_F_URL] = "url",         [KITH_F_PLACE] = "place",       [KITH_F_JSON] = "json",
    [KITH_F_TAGS] = "tags",       [KITH_F_SERIES] = "series",
};

const char *field_kind_name(uint32_t kind) {
    return kind < sizeof kind_names / sizeof *kind_names && kind_names[kind] ? kind_names[kind]
                                                                             : "unknown";
}

static bool kind_known(uint32_t kind) {
    return kind < sizeof kind_names / sizeof *kind_names && kind_names[kind];
}

uint32_t field_kind_of(kith_str name) {
    for (uint32_t k = 1; k < sizeof kind_names / sizeof *kind_names; k++)
        if (str_eqz(name, kind_names[k]))
            return k;
    return 0;
}

bool kind_folds(uint32_t kind) {
    return kind == KITH_F_TEXT || kind == KITH_F_LONGTEXT || kind == KITH_F_EMAIL ||
           kind == KITH_F_PHONE || kind == KITH_F_URL || kind == KITH_F_SERIES;
}

/* -- names ------------------------------------------------------------------------------------- */

bool schema_name_ok(const char *name) {
    size_t n = name ? strlen(name) : 0;
    if (n == 0 || n > 48 || name[0] < 'a' || name[0] > 'z' || strstr(name, "__") ||
        strncmp(name, "kith_", 5) == 0 || strncmp(name, "sqlite_", 7) == 0)
        return false;
    for (; *name; name++)
        if (!((*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9') || *name == '_'))
            return false;
    return true;
}

static const char *label_of(struct arena *a, const char *label, const char *name) {
    char *l = arena_strdup(a, label ? label : name);
    if (!l || label)
        return l;
    for (char *p = l; *p; p++)
        if (*p == '_')
            *p = ' ';
    if (l[0] >= 'a' && l[0] <= 'z')
        l[0] = (char)(l[0] - 'a' + 'A');
    return l;
}

void builder_done(struct builder *b, const char *fmt, ...) {
    struct schema *s = b->schema;
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    char *kept = text.failed ? NULL : arena_strdup(&s->arena, text.ptr);
    const char **items = arena_grow(&s->arena, s->done, s->done_count, &s->done_cap, sizeof *items);
    if (kept && items) {
        s->done = items;
        s->done[s->done_count++] = kept;
    }
    buf_free(&text);
}

void schema_log(const struct schema *s) {
    for (size_t i = 0; i < s->done_count; i++)
        if (!str_starts(str_of(s->done[i]), DONE_INDEX))
            log_info("schema", "%s", s->done[i]);
}

/* Copies item i of a declared array, honouring its stride: older and newer structs are zero-filled
 * or cut. */
static void declared_item(const kith_array *array, uint32_t i, void *out, size_t size) {
    memset(out, 0, size);
    memcpy(out, (const char *)array->items + (size_t)i * array->stride,
           array->stride < size ? array->stride : size);
}

/* -- options ----------------------------------------------------------------------------------- */

/* Index of the option `name`, added when it is new; OPTIONS_MAX when there is no room. */
static uint32_t option_add(struct arena *a, const char **options, uint32_t *count, kith_str name) {
    for (uint32_t i = 0; i < *count; i++)
        if (str_eqz(name, options[i]))
            return i;
    if (*count == OPTIONS_MAX)
        return OPTIONS_MAX;
    options[*count] = arena_strndup(a, name.ptr, name.len);
    return (*count)++;
}

/* An end may be marked with a dot: "done.>open" can be left again nevertheless. */
static bool takes_dot(const struct rfield *f, kith_str *name) {
    bool end = f->kind == KITH_F_STATE && name->len > 1 && name->ptr[name->len - 1] == '.';
    name->len -= end;
    return end;
}

/* Where no arrow leads on is an end, too. */
static void close_ends(struct rfield *f) {
    for (uint32_t i = 0; f->kind == KITH_F_STATE && i < f->option_count; i++)
        if (!f->arrows[i])
            f->closed |= UINT64_C(1) << i;
}

static kith_status parse_options(struct arena *a, struct rfield *f, const char *text,
                                 kith_error *e) {
    const char **options = ARENA_ARRAY(a, const char *, OPTIONS_MAX);
    uint64_t *arrows = ARENA_ARRAY(a, uint64_t, OPTIONS_MAX);
    if (!options || !arrows)
        return err_nomem(e);
    kith_str rest = str_of(text), part;
    while (str_split(&rest, ',', &part)) {
        kith_str from, to;
        kith_str arrow = part;
        if (!str_split(&arrow, '>', &from) || from.len == 0)
            return err_set(e, KITH_E_INVAL, f->name, "an option is empty in \"%s\"", text);
        bool end = takes_dot(f, &from);
        uint32_t i = option_add(a, options, &f->option_count, from);
        f->closed |= end && i < OPTIONS_MAX ? UINT64_C(1) << i : 0;
        while (i < OPTIONS_MAX && str_split(&arrow, '|', &to)) {
            end = takes_dot(f, &to);
            uint32_t j = option_add(a, options, &f->option_count, to);
            f->closed |= end && j < OPTIONS_MAX ? UINT64_C(1) << j : 0;
            if (j < OPTIONS_MAX)
                arrows[i] |= UINT64_C(1) << j;
            else
                i = OPTIONS_MAX;
        }
        if (i == OPTIONS_MAX)
            return err_set(e, KITH_E_LIMIT, f->name, "more than %d options", OPTIONS_MAX);
    }
    if (f->option_count == 0)
        return err_set(e, KITH_E_INVAL, f->name, "a %s needs options", field_kind_name(f->kind));
    f->options = options;
    f->arrows = f->kind == KITH_F_STATE ? arrows : NULL;
    close_ends(f);
    return KITH_OK;
}

/* "=order.state,more": a choice has the options of that field, as the company has changed them. */
static kith_status borrow_options(struct builder *b, const struct rfield *f, const char **text,
                                  kith_error *e) {
    kith_str rest = str_of(*text), from;
    if (f->kind != KITH_F_CHOICE || rest.len == 0 || rest.ptr[0] != '=')
        return KITH_OK;
    str_split(&rest, ',', &from);
    from = (kith_str){from.ptr + 1, from.len - 1};
    const struct rfield *of = map_get(&b->schema->field_by_name, from);
    const struct building *t = of ? builder_type(b, of->type->name) : NULL;
    struct rfield listed = {.name = f->name, .kind = of ? of->kind : 0};
    if (!t || (of->kind != KITH_F_CHOICE && of->kind != KITH_F_STATE) ||
        t->options[of->index][0] == '=')
        return err_set(e, KITH_E_INVAL, f->name,
                       "its options are those of %.*s, which is no field with options of its own",
                       (int)from.len, from.ptr);
    TRY(parse_options(&b->schema->arena, &listed, t->options[of->index], e));
    const char *all = "";
    for (uint32_t i = 0; all && i < listed.option_count; i++)
        all = arena_printf(&b->schema->arena, "%s%s%s", all, i ? "," : "", listed.options[i]);
    if (all && rest.len)
        all = arena_printf(&b->schema->arena, "%s,%.*s", all, (int)rest.len, rest.ptr);
    *text = all;
    return all ? KITH_OK : err_nomem(e);
}

static kith_status parse_target(const struct schema *s, struct rfield *f, const char *text,
                                kith_error *e) {
    if (text && strcmp(text, "*") == 0 && f->kind == KITH_F_LINK) {
        f->any_target = true;
        return KITH_OK;
    }
    f->target = text ? schema_type(s, str_of(text)) : NULL;
    if (!f->target)
        return err_set(e, KITH_E_INVAL, f->name,
                       "links to \"%s\", which is no type; is its module enabled?",
                       text ? text : "");
    return KITH_OK;
}

static kith_status parse_currencies(struct arena *a, struct rfield *f, const char *text,
                                    kith_error *e) {
    if (!text)
        return KITH_OK;
    TRY(parse_options(a, f, text, e));
    for (uint32_t i = 0; i < f->option_count; i++)
        if (strlen(f->options[i]) != 3 || currency_digits(f->options[i]) < 0)
            return err_set(e, KITH_E_INVAL, f->name, "'%s' is no ISO 4217 currency", f->options[i]);
    return KITH_OK;
}

static kith_status parse_field_options(const struct schema *s, struct arena *a, struct rfield *f,
                                       const char *text, kith_error *e) {
    int64_t scale = 0;
    switch (f->kind) {
    case KITH_F_CHOICE:
    case KITH_F_STATE:
        return parse_options(a, f, text ? text : "", e);
    case KITH_F_LINK:
    case KITH_F_LINKS:
        return parse_target(s, f, text, e);
    case KITH_F_DECIMAL:
        if (!text || !int_parse(str_of(text), &scale) || scale < 0 || scale > 9)
            return err_set(e, KITH_E_INVAL, f->name, "a decimal needs its scale, 0 to 9");
        f->scale = (int32_t)scale;
        return KITH_OK;
    case KITH_F_MONEY:
        return parse_currencies(a, f, text, e);
    case KITH_F_SERIES:
        return series_parse(a, f->name, text, &f->series, e);
    default:
        return KITH_OK;
    }
}

/* -- fields ------------------------------------------------------------------------------------ */

static uint32_t field_columns(const struct rfield *f) {
    switch (f->kind) {
    case KITH_F_MONEY:
        return 3;
    case KITH_F_PLACE:
        return 2;
    case KITH_F_LINK:
        return f->any_target ? 2 : 1;
    case KITH_F_LINKS:
        return 0;
    default:
        return 1;
    }
}

#define ROLLUP_NEVER                                                                               \
    (KITH_FF_REQUIRED | KITH_FF_UNIQUE | KITH_FF_SEARCHED | KITH_FF_PARTOF | KITH_FF_TREE)

/* In the arena; NULL stays NULL. False: no memory. */
static bool copy_text(struct arena *a, const char *text, const char **out) {
    *out = text ? arena_strdup(a, text) : NULL;
    return !text == !*out;
}

/* A field as declared, without its place, options and number. */
static kith_status make_field(struct arena *a, const char *module, const kith_field *d,
                              struct rfield **out, kith_error *e) {
    if (d->name && strcmp(d->name, "id") == 0)
        return err_set(e, KITH_E_INVAL, d->name,
                       "\"id\" is no field name: every record has its id");
    if (d->name && strcmp(d->name, "type") == 0)
        return err_set(e, KITH_E_INVAL, d->name,
                       "\"type\" is no field name: every record shows its type under it");
    if (!schema_name_ok(d->name))
        return err_set(
            e, KITH_E_INVAL, d->name,
            "\"%s\" is no field name: lower-case letters, digits and single _, at most 48",
            d->name ? d->name : "");
    if (!kind_known(d->kind))
        return err_set(e, KITH_E_UNSUPPORTED, d->name, "field kind %u is not known to this version",
                       d->kind);
    if ((d->flags & KITH_FF_PARTOF) && d->kind != KITH_F_LINK)
        return err_set(e, KITH_E_INVAL, d->name, "only a link can make a record part of another");
    if ((d->flags & KITH_FF_SUBJECT) && d->kind != KITH_F_LINK)
        return err_set(e, KITH_E_INVAL, d->name, "only a link can say whom a record tells about");
    if ((d->flags & (KITH_FF_UNIQUE | KITH_FF_INDEXED)) && d->kind == KITH_F_LINKS)
        return err_set(e, KITH_E_INVAL, d->name, "links to many can be neither unique nor indexed");
    if (d->rollup && ((d->flags & ROLLUP_NEVER) || d->default_text))
        return err_set(
            e, KITH_E_INVAL, d->name,
            "a roll-up can be neither required, unique nor searched, and has no default");
    if (d->kind == KITH_F_SERIES && (d->rollup || (d->flags & KITH_FF_DERIVED)))
        return err_set(e, KITH_E_INVAL, d->name, "a series is kept from no other records");
    struct rfield *f = ARENA_NEW(a, struct rfield);
    if (!f)
        return err_nomem(e);
    f->name = arena_strdup(a, d->name);
    f->label = label_of(a, d->label, d->name);
    f->doc = arena_strdup(a, d->doc ? d->doc : "");
    f->measure = d->measure;
    f->module = module;
    f->kind = d->kind;
    f->flags = d->flags | (d->rollup ? KITH_FF_READONLY : 0) |
               (d->kind == KITH_F_SERIES ? KITH_FF_UNIQUE | KITH_FF_INDEXED : 0);
    *out = f;
    bool all = f->name && f->label && f->doc && copy_text(a, d->default_text, &f->default_text) &&
               copy_text(a, d->min, &f->min_text) && copy_text(a, d->max, &f->max_text) &&
               copy_text(a, d->rollup, &f->formula);
    return all ? KITH_OK : err_nomem(e);
}

static kith_status add_field(struct builder *b, struct building *t, const char *module,
                             const kith_field *d, kith_error *e) {
    struct schema *s = b->schema;
    struct rfield *f;
    if (t->count == FIELDS_MAX)
        return err_set(e, KITH_E_LIMIT, d->name, "more than %d fields", FIELDS_MAX);
    TRY(make_field(&s->arena, module, d, &f, e));
    const char *full = arena_printf(&s->arena, "%s.%s", t->type->name, d->name);
    if (!full)
        return err_nomem(e);
    if (map_get(&s->field_by_name, str_of(full)))
        return err_set(e, KITH_E_CONFLICT, d->name, "field %s is declared twice", full);
    f->type = t->type;
    f->index = t->count;
    if (f->flags & KITH_FF_DERIVED)
        fieldset_add(&t->type->derived, f->index);
    t->options[t->count] = d->options;
    t->fields[t->count++] = f;
    return map_put(&s->field_by_name, str_of(full), f) ? KITH_OK : err_nomem(e);
}

kith_status schema_fields(const struct schema *s, struct arena *a, const char *module,
                          kith_array declared, struct rfield *const **out, uint32_t *count,
                          kith_error *e) {
    struct rfield **fields = ARENA_ARRAY(a, struct rfield *, declared.count + 1);
    if (!fields)
        return err_nomem(e);
    for (uint32_t i = 0; i < declared.count; i++) {
        kith_field d;
        declared_item(&declared, i, &d, sizeof d);
        TRY(make_field(a, module, &d, &fields[i], e));
        if (d.rollup || d.kind == KITH_F_SERIES)
            return err_set(e, KITH_E_INVAL, d.name, "a %s is a field of a record type",
                           d.rollup ? "roll-up" : "series");
        fields[i]->index = i;
        TRY(parse_field_options(s, a, fields[i], d.options, e));
        TRY(field_finish(s, a, fields[i], e));
    }
    *out = fields;
    *count = declared.count;
    return KITH_OK;
}

static kith_status add_fields(struct builder *b, struct building *t, const char *module,
                              const kith_array *fields, kith_error *e) {
    for (uint32_t i = 0; i < fields->count; i++) {
        kith_field d;
        declared_item(fields, i, &d, sizeof d);
        kith_status st = add_field(b, t, module, &d, e);
        if (st != KITH_OK && strcmp(module, SCHEMA_COMPANY) != 0)
            err_prefix(e, "module %s, type %s: ", module, t->type->name);
        if (st != KITH_OK)
            return st;
    }
    return KITH_OK;
}

static const kith_field builtin_fields[] = {
    {.name = "created",
     .kind = KITH_F_TIME,
     .flags = KITH_FF_INDEXED | KITH_FF_READONLY,
     .doc = "When the record was made."},
    {.name = "updated",
     .kind = KITH_F_TIME,
     .flags = KITH_FF_READONLY,
     .doc = "When the record was last changed."},
    {.name = "owner",
     .kind = KITH_F_LINK,
     .options = "user",
     .doc = "The user who looks after it."},
};

/* -- types ------------------------------------------------------------------------------------- */

struct building *builder_type(struct builder *b, const char *name) {
    for (uint32_t i = 0; i < b->count; i++)
        if (strcmp(b->types[i].type->name, name) == 0)
            return &b->types[i];
    return NULL;
}

static kith_status add_indexes(struct builder *b, struct building *t, const kith_array *texts,
                               const char *where, kith_error *e) {
    struct arena *a = &b->schema->arena;
    for (uint32_t i = 0; i < texts->count; i++) {
        const char **items =
            arena_grow(a, t->indexes, t->index_count, &t->index_cap, sizeof *items);
        const char **places =
            arena_grow(a, t->index_places, t->index_count, &t->place_cap, sizeof *places);
        if (!items || !places)
            return err_nomem(e);
        t->indexes = items;
        t->index_places = places;
        places[t->index_count] = where;
        memcpy(&items[t->index_count++], (const char *)texts->items + (size_t)i * texts->stride,
               sizeof *items);
    }
    return KITH_OK;
}

static kith_status add_type(struct builder *b, const char *module, const kith_type *d,
                            const char *where, kith_error *e) {
    struct schema *s = b->schema;
    if (!schema_name_ok(d->name))
        return err_set(e, KITH_E_INVAL, NULL,
                       "module %s: \"%s\" is no type name: lower-case letters, digits and single _",
                       module, d->name ? d->name : "");
    if (builder_type(b, d->name))
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "module %s: type %s is declared twice (also by %s): extend it to add "
                       "fields",
                       module, d->name, builder_type(b, d->name)->type->module);
    if (b->count == TYPES_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "more than %d types", TYPES_MAX);
    struct building *t = &b->types[b->count];
    t->type = ARENA_NEW(&s->arena, struct rtype);
    t->fields = ARENA_ARRAY(&s->arena, struct rfield *, FIELDS_MAX);
    t->options = ARENA_ARRAY(&s->arena, const char *, FIELDS_MAX);
    if (!t->type || !t->fields || !t->options)
        return err_nomem(e);
    b->count++;
    t->type->schema = s;
    t->type->name = arena_strdup(&s->arena, d->name);
    t->type->label = label_of(&s->arena, d->label, d->name);
    t->type->doc = arena_strdup(&s->arena, d->doc ? d->doc : "");
    t->type->module = module;
    t->type->history = d->history;
    t->type->undo = d->undo;
    t->title = d->title;
    if (!t->type->name || !t->type->label || !t->type->doc)
        return err_nomem(e);
    if (!map_put(&s->by_name, str_of(t->type->name), t->type))
        return err_nomem(e);
    for (size_t i = 0; i < sizeof builtin_fields / sizeof *builtin_fields; i++)
        TRY(add_field(b, t, "core", &builtin_fields[i], e));
    TRY(add_fields(b, t, module, &d->fields, e));
    return add_indexes(b, t, &d->indexes, where, e);
}

static kith_status extend_type(struct builder *b, const struct schema_source *src,
                               const char *module, const kith_type *d, const char *where,
                               kith_error *e) {
    struct building *t = d->name ? builder_type(b, d->name) : NULL;
    if (t) {
        TRY(add_fields(b, t, module, &d->fields, e));
        return add_indexes(b, t, &d->indexes, where, e);
    }
    if (is_company(src))
        return pass_over(b, src, d->name, NULL, e, "there is no type %s; is its module enabled?",
                         d->name);
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "module %s adds fields to type %s, which no enabled module declares", module,
                   d->name ? d->name : "");
}

static kith_status add_source(struct builder *b, const struct schema_source *src, bool extensions,
                              kith_error *e) {
    const char *module = arena_strdup(&b->schema->arena, src->module);
    if (!module)
        return err_nomem(e);
    for (uint32_t i = 0; i < src->types.count; i++) {
        kith_type d;
        declared_item(&src->types, i, &d, sizeof d);
        if ((d.extends != 0) != extensions)
            continue;
        const char *where = is_company(src) ? type_declared_at(src, i) : NULL;
        kith_status st = extensions ? extend_type(b, src, module, &d, where, e)
                                    : add_type(b, module, &d, where, e);
        if (st != KITH_OK)
            return at_place(src, d.name, e);
    }
    return KITH_OK;
}

static kith_status finish_assignee(struct rtype *t, const struct rfield *f, kith_error *e) {
    if (!(f->flags & KITH_FF_ASSIGNEE))
        return KITH_OK;
    if (f->kind != KITH_F_LINK || !f->target || strcmp(f->target->name, "user") != 0)
        return err_set(e, KITH_E_INVAL, f->name,
                       "only a link to user can say who sees to a record");
    if (t->assignee)
        return err_set(e, KITH_E_INVAL, f->name,
                       "%s.%s says already who sees to it, and a record has one assignee", t->name,
                       t->assignee->name);
    t->assignee = f;
    return KITH_OK;
}

/* Columns, targets and SQL of a type, once all types are known. */
static kith_status finish_type(struct builder *b, struct building *t, kith_error *e) {
    struct schema *s = b->schema;
    const char **columns = ARENA_ARRAY(&s->arena, const char *, t->count * 3);
    if (!columns)
        return err_nomem(e);
    for (uint32_t i = 0; i < t->count; i++) {
        struct rfield *f = t->fields[i];
        const char *options = t->options[i];
        kith_status st = options ? borrow_options(b, f, &options, e) : KITH_OK;
        if (st == KITH_OK)
            st = parse_field_options(s, &s->arena, f, options, e);
        if (st == KITH_OK)
            st = field_finish(s, &s->arena, f, e);
        if (st != KITH_OK)
            return at_field(f, e);
        if ((f->flags & KITH_FF_TREE) && (f->kind != KITH_F_LINK || f->target != f->type)) {
            err_set(e, KITH_E_INVAL, f->name, "only a link to its own type makes a tree");
            return at_field(f, e);
        }
        if (finish_assignee(t->type, f, e) != KITH_OK)
            return at_field(f, e);
        static const char *const money[] = {"", "__cur", "__base"},
                                 *const place[] = {"__lat", "__lon"},
                                 *const link[] = {"", "__type"};
        const char *const *suffix = f->kind == KITH_F_MONEY   ? money
                                    : f->kind == KITH_F_PLACE ? place
                                                              : link;
        t->type->numbered |= f->series != NULL;
        f->column = t->type->column_count;
        f->column_count = field_columns(f);
        for (uint32_t k = 0; k < f->column_count; k++)
            columns[t->type->column_count++] = arena_printf(&s->arena, "%s%s", f->name, suffix[k]);
    }
    t->type->fields = t->fields;
    t->type->field_count = t->count;
    t->type->indexes = t->indexes;
    t->type->index_count = (uint32_t)t->index_count;
    t->type->columns = columns;
    if (t->title) {
        t->type->title = type_field(s, t->type, str_of(t->title));
        if (!t->type->title) {
            err_set(e, KITH_E_INVAL, NULL, "its title \"%s\" is no field", t->title);
            return at_type(t->type, t->type->where, e);
        }
    }
    return KITH_OK;
}

/* Which of its fields are searched, and their slots in the index. */
static kith_status search_fields(struct builder *b, struct building *bt, kith_error *e) {
    struct rtype *t = bt->type;
    const struct rfield **list = ARENA_ARRAY(&b->schema->arena, const struct rfield *, bt->count);
    if (!list)
        return err_nomem(e);
    for (int title = 1; title >= 0; title--)
        for (uint32_t i = 0; i < bt->count; i++) {
            struct rfield *f = bt->fields[i];
            if (!(f->flags & KITH_FF_SEARCHED) || !search_kind(f->kind) || (f == t->title) != title)
                continue;
            f->slot = t->searched_count < SEARCH_SLOTS ? t->searched_count : SEARCH_SLOTS - 1;
            list[t->searched_count++] = f;
        }
    t->searched = list;
    if (strcmp(t->name, "contact_point") == 0) {
        t->point_primary = type_field(b->schema, t, STR("primary"));
        t->point_kind = type_field(b->schema, t, STR("kind"));
    }
    return KITH_OK;
}

static kith_status build(struct builder *b, struct conn *c, const struct schema_source *sources,
                         size_t count, kith_error *e) {
    TRY(catalogue_setup(c, e));
    for (size_t i = 0; i < count; i++)
        TRY(catalogue_migrate(c, &sources[i], e));
    for (size_t i = 0; i < count; i++)
        TRY(add_source(b, &sources[i], false, e));
    for (size_t i = 0; i < count; i++)
        TRY(add_source(b, &sources[i], true, e));
    for (size_t i = 0; i < count; i++)
        TRY(company_apply(b, &sources[i], e));
    for (uint32_t i = 0; i < b->count; i++)
        TRY(finish_type(b, &b->types[i], e));
    for (size_t i = 0; i < count; i++)
        TRY(catalogue_rename(b, c, &sources[i], e));
    for (uint32_t i = 0; i < b->count; i++)
        TRY(catalogue_join(b, c, &b->types[i], e));
    for (uint32_t i = 0; i < b->count; i++)
        TRY(search_fields(b, &b->types[i], e));
    for (uint32_t i = 0; i < b->count; i++)
        TRY(ddl_type(b, c, &b->types[i], e));
    return ddl_base_currency(b, c, e);
}

static kith_status index_types(struct builder *b, kith_error *e) {
    struct schema *s = b->schema;
    s->types = ARENA_ARRAY(&s->arena, struct rtype *, b->count);
    if (!s->types)
        return err_nomem(e);
    for (uint32_t i = 0; i < b->count; i++) {
        struct rtype *t = b->types[i].type;
        s->types[s->type_count++] = t;
        if (!map_put_u64(&s->by_id, t->id, t))
            return err_nomem(e);
        rights_of_type(t);
        if (t->assignee && t->whole) {
            err_set(e, KITH_E_INVAL, t->assignee->name,
                    "a %s is part of what %s links to, and follows that one's assignee", t->name,
                    t->whole->name);
            return at_field(t->assignee, e);
        }
        for (uint32_t k = 0; k < t->field_count; k++)
            if (!map_put_u64(&s->field_by_id, t->fields[k]->id, t->fields[k]))
                return err_nomem(e);
    }
    return KITH_OK;
}

kith_status schema_build(struct schema **out, struct conn *c, const struct schema_source *sources,
                         size_t count, const char *base_currency, kith_error *e) {
    *out = NULL;
    struct builder b = {.schema = calloc(1, sizeof(struct schema))};
    if (!b.schema)
        return err_nomem(e);
    memcpy(b.schema->base_currency, base_currency, 3);
    b.types = ARENA_ARRAY(&b.schema->arena, struct building, TYPES_MAX);
    kith_status st = b.types ? conn_exec(c, "SAVEPOINT schema", e) : err_nomem(e);
    if (st == KITH_OK) {
        st = build(&b, c, sources, count, e);
        if (st == KITH_OK)
            st = index_types(&b, e);
        base_fields_find(&b.schema->base, b.schema);
        if (st == KITH_OK)
            st = rollups_build(b.schema, e);
        if (st == KITH_OK)
            st = catalogue_absent(b.schema, c, e);
        if (st == KITH_OK)
            st = catalogue_former(b.schema, c, e);
        if (st == KITH_OK)
            st = search_setup(c, b.schema, e);
        conn_forget_statements(c);
        kith_status end =
            conn_exec(c, st == KITH_OK ? "RELEASE schema" : "ROLLBACK TO schema; RELEASE schema",
                      st == KITH_OK ? e : NULL);
        st = st == KITH_OK ? end : st;
    }
    if (st == KITH_OK)
        *out = b.schema;
    else
        schema_free(b.schema);
    return st;
}

void schema_free(struct schema *s) {
    if (!s)
        return;
    map_free(&s->by_name);
    map_free(&s->by_id);
    map_free(&s->field_by_id);
    map_free(&s->field_by_name);
    map_free(&s->former);
    map_free(&s->gone);
    arena_free(&s->arena);
    free(s);
}

/* -- lookups ----------------------------------------------------------------------------------- */

const struct rtype *schema_type(const struct schema *s, kith_str name) {
    return map_get(&s->by_name, name);
}

const struct rtype *schema_type_by_id(const struct schema *s, uint32_t id) {
    return map_get_u64(&s->by_id, id);
}

const struct rfield *schema_field_by_id(const struct schema *s, uint32_t id) {
    return map_get_u64(&s->field_by_id, id);
}

const char *schema_former_field(const struct schema *s, uint32_t id) {
    return map_get_u64(&s->former, id);
}

const char *schema_type_name(const struct schema *s, uint32_t id) {
    const struct rtype *t = schema_type_by_id(s, id);
    for (size_t i = 0; !t && i < s->absent_type_count; i++)
        if (s->absent_types[i].id == id)
            return s->absent_types[i].name;
    return t ? t->name : NULL;
}

uint32_t schema_type_number(const struct schema *s, kith_str name) {
    const struct rtype *t = schema_type(s, name);
    for (size_t i = 0; !t && i < s->absent_type_count; i++)
        if (str_eqz(name, s->absent_types[i].name))
            return s->absent_types[i].id;
    return t ? t->id : 0;
}

bool schema_is_gone(const struct schema *s, const char *type, const char *field) {
    char path[128];
    if (!field)
        return !schema_type(s, str_of(type)) && schema_type_number(s, str_of(type));
    int len = snprintf(path, sizeof path, "%s.%s", type, field);
    return (size_t)len < sizeof path && map_get(&s->gone, str_of(path)) != NULL;
}

const struct rfield *type_field(const struct schema *s, const struct rtype *t, kith_str name) {
    char full[128];
    size_t n = strlen(t->name);
    if (name.len > 48 || n + 1 + name.len > sizeof full)
        return NULL;
    memcpy(full, t->name, n);
    full[n] = '.';
    memcpy(full + n + 1, name.ptr, name.len);
    return map_get(&s->field_by_name, (kith_str){full, n + 1 + name.len});
}

const struct rfield *carried_field(const struct rtype *t, kith_str name) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if (str_eqz(name, t->fields[i]->name))
            return t->fields[i];
    return NULL;
}

static const char *carried_at(const void *t, size_t i) {
    return ((const struct rtype *)t)->fields[i]->name;
}

const char *carried_near(const struct rtype *t, kith_str name) {
    return str_nearest(name, carried_at, t, t->field_count);
}

static const char *type_name_at(const void *arg, size_t i) {
    return ((const struct schema *)arg)->types[i]->name;
}

kith_status schema_find_type(const struct schema *s, kith_str name, const struct rtype **out,
                             kith_error *e) {
    *out = schema_type(s, name);
    if (*out)
        return KITH_OK;
    const char *near = str_nearest(name, type_name_at, s, s->type_count);
    return err_set(e, KITH_E_NOTFOUND, NULL, "there is no type '%.*s'%s%s%s", (int)name.len,
                   name.ptr, STR_MEANT(near));
}

static const char *field_name_at(const void *arg, size_t i) {
    const struct rtype *t = arg;
    return i < t->field_count ? t->fields[i]->name : "id";
}

kith_status schema_find_field(const struct schema *s, const struct rtype *t, kith_str name,
                              const struct rfield **out, kith_error *e) {
    *out = type_field(s, t, name);
    if (*out)
        return KITH_OK;
    if (str_eqz(name, "id"))
        return err_set(e, KITH_E_NOTFOUND, "id",
                       "the id of a record is no field: Kith gives it, and it never changes");
    const char *near = str_nearest(name, field_name_at, t, t->field_count + 1u);
    char field[56];
    snprintf(field, sizeof field, "%.*s", (int)(name.len < 55 ? name.len : 55), name.ptr);
    if (near)
        return err_set(e, KITH_E_NOTFOUND, field, "no field '%s' in %s; did you mean '%s'?", field,
                       t->name, near);
    return err_set(e, KITH_E_NOTFOUND, field, "no field '%s' in %s; 'kith explain %s' lists them",
                   field, t->name, t->name);
}

int field_option(const struct rfield *f, kith_str name) {
    for (uint32_t i = 0; i < f->option_count; i++)
        if (str_eqz(name, f->options[i]))
            return (int)i;
    return -1;
}
