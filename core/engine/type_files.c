/* SPDX-License-Identifier: Apache-2.0 */
/* Type files: read by the wrapper that reads the settings, file by file, and turned into the rows
 * that a module would declare. Knows nothing of what is in the database. */
#include "engine/type_files.h"

#include "base/err.h"
#include "base/file.h"
#include "base/map.h"
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 2000

/* -- what may stand in a file ------------------------------------------------------------------ */

enum {
    F_NAME,
    F_KIND,
    F_LABEL,
    F_DOC,
    F_DEFAULT,
    F_MIN,
    F_MAX,
    F_MEASURE,
    F_ROLLUP,
    F_MORE,
    F_STATES,
    F_REQUIRED,
    F_INDEXED,
    F_SEARCHED,
    F_UNIQUE,
    F_PERSONAL,
    F_PART_OF,
    F_TREE,
    F_SUBJECT,
    F_ASSIGNEE,
    F_WAS,
    F_RETIRED,
    F_KEYS
};
#define ROW(k, kind_, flags_, doc_)                                                                \
    { .key = (k), .kind = (kind_), .flags = (flags_), .doc = (doc_) }
static const kith_setting field_rows[F_KEYS] = {
    [F_NAME] = ROW("name", KITH_TEXT, KITH_SF_REQUIRED, "Its name."),
    [F_KIND] = ROW("kind", KITH_TEXT, 0, "Its kind: \"text\", \"choice[small,large]\"."),
    [F_LABEL] = ROW("label", KITH_TEXT, 0, "Its name for people."),
    [F_DOC] = ROW("doc", KITH_TEXT, 0, "What it is, in one sentence."),
    [F_DEFAULT] = ROW("default", KITH_TEXT, SETTING_SCALAR, "Its value in a new record."),
    [F_MIN] = ROW("min", KITH_TEXT, SETTING_SCALAR, "The smallest value."),
    [F_MAX] = ROW("max", KITH_TEXT, SETTING_SCALAR, "The largest value."),
    [F_MEASURE] = ROW("measure", KITH_TEXT, 0, "What it measures: \"ordinal\"."),
    [F_ROLLUP] = ROW("rollup", KITH_TEXT, 0, "What Kith keeps in it: \"count(visit)\"."),
    [F_MORE] = ROW("more", KITH_LIST, 0, "Further options of a choice."),
    [F_STATES] = ROW("states", KITH_TEXT, 0, "Other states: \"new>open,open>done\"."),
    [F_REQUIRED] = ROW("required", KITH_BOOL, 0, "It must have a value."),
    [F_INDEXED] = ROW("indexed", KITH_BOOL, 0, "It is often looked for."),
    [F_SEARCHED] = ROW("searched", KITH_BOOL, 0, "It is found by text."),
    [F_UNIQUE] = ROW("unique", KITH_BOOL, 0, "No two records have the same value."),
    [F_PERSONAL] = ROW("personal", KITH_BOOL, 0, "It belongs to a person's data."),
    [F_PART_OF] = ROW("part_of", KITH_BOOL, 0, "The record is part of the one linked to."),
    [F_TREE] = ROW("tree", KITH_BOOL, 0, "It links to a parent."),
    [F_SUBJECT] = ROW("subject", KITH_BOOL, 0, "The record tells about the person linked to."),
    [F_ASSIGNEE] = ROW("assignee", KITH_BOOL, 0, "The user linked to sees to the record."),
    [F_WAS] = ROW("was", KITH_LIST, 0, "Its earlier names."),
    [F_RETIRED] = ROW("retired", KITH_BOOL, 0, "It is out of sight."),
};
static const struct {
    int key;
    uint32_t flag;
} flag_keys[] = {
    {F_REQUIRED, KITH_FF_REQUIRED}, {F_INDEXED, KITH_FF_INDEXED},   {F_SEARCHED, KITH_FF_SEARCHED},
    {F_UNIQUE, KITH_FF_UNIQUE},     {F_PERSONAL, KITH_FF_PERSONAL}, {F_PART_OF, KITH_FF_PARTOF},
    {F_TREE, KITH_FF_TREE},         {F_SUBJECT, KITH_FF_SUBJECT},   {F_ASSIGNEE, KITH_FF_ASSIGNEE},
};

static const kith_setting file_rows[] = {
    ROW("name", KITH_TEXT, 0, "The name of the type."),
    ROW("extend", KITH_TEXT, 0, "The type that gets fields."),
    ROW("label", KITH_TEXT, 0, "Its name for people."),
    ROW("doc", KITH_TEXT, 0, "What it is, in one sentence."),
    ROW("title", KITH_TEXT, 0, "The field that names a record."),
    {.key = "history", .kind = KITH_TEXT, .choices = "full,none", .doc = "What is recorded."},
    ROW("indexes", KITH_LIST, 0,
        "Indexes over several fields; \"unique account,role\": no two records have the same of "
        "these."),
    ROW("was", KITH_LIST, 0, "Its earlier names."),
    ROW("retired", KITH_BOOL, 0, "It is out of sight."),
    {.key = "fields", .kind = KITH_LIST, .doc = "Its fields.", .items = KITH_ARRAY(field_rows)},
};
static const struct settings_owner file_owner = {"", KITH_ARRAY(file_rows), false};

/* -- reading ----------------------------------------------------------------------------------- */

struct rows { /* a growing array in the arena */
    void *items;
    size_t count, cap;
};

struct type_files {
    struct arena arena;
    struct settings *settings[FILES_MAX]; /* hold the texts */
    size_t file_count;
    struct rows entries, types, changes, renames, places;
    struct schema_source source;
};

struct reading {
    struct type_files *t;
    struct settings_problems *problems;
    const struct settings *s; /* of the file at hand */
    const char *file, *type;
    bool extends, nomem;
    bool faulty;        /* the file has problems that are told already */
    struct rows fields; /* of the type at hand */
};

static void problem(struct reading *r, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void problem(struct reading *r, int line, const char *fmt, ...) {
    struct buf text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    if (text.failed || !settings_problem_add(r->problems, r->file, line, text.ptr))
        r->nomem = true;
    buf_free(&text);
}

static void *add_row(struct reading *r, struct rows *rows, size_t size) {
    void *items = arena_grow(&r->t->arena, rows->items, rows->count, &rows->cap, size);
    if (!items) {
        r->nomem = true;
        return NULL;
    }
    rows->items = items;
    void *row = (char *)items + rows->count++ * size;
    memset(row, 0, size);
    return row;
}

static const char *text_of(kith_value v) {
    return v.kind == KITH_TEXT ? v.as.s.ptr : NULL;
}

static bool is_true(kith_value v) {
    return v.kind == KITH_BOOL && v.as.i;
}

/* "a, b" -> "a,b": blanks beside a separator mean nothing. */
static const char *tidy(struct arena *a, kith_str text) {
    char *out = arena_strndup(a, text.ptr ? text.ptr : "", (size_t)text.len), *to = out;
    for (const char *p = out; p && *p; p++) {
        bool blank = *p == ' ' || *p == '\t' || *p == '\n';
        const char *next = p;
        while (*next == ' ' || *next == '\t' || *next == '\n')
            next++;
        if (blank && (to == out || strchr(",>|", to[-1]) || !*next || strchr(",>|", *next)))
            continue;
        *to++ = *p;
    }
    if (out)
        *to = '\0';
    return out;
}

static const char *kind_at(const void *arg, size_t i) {
    (void)arg;
    return field_kind_name((uint32_t)i + 1);
}

kith_status type_kind_parse(kith_str text, struct arena *a, uint32_t *kind, const char **options,
                            kith_error *e) {
    kith_str name = str_trim(text), inside = {0};
    const char *open = name.len ? memchr(name.ptr, '[', (size_t)name.len) : NULL;
    if (open) {
        inside = (kith_str){open + 1, name.len - (uint64_t)(open - name.ptr) - 1};
        if (inside.len == 0 || inside.ptr[inside.len - 1] != ']')
            return err_set(e, KITH_E_INVAL, NULL, "'%.*s' has no ] at its end", (int)name.len,
                           name.ptr);
        inside.len--;
        name.len = (uint64_t)(open - name.ptr);
    }
    *kind = field_kind_of(name);
    *options = open ? tidy(a, inside) : NULL;
    if (open && !*options)
        return err_nomem(e);
    if (*kind)
        return KITH_OK;
    const char *near = str_nearest(name, kind_at, NULL, KITH_F_SERIES);
    return err_set(e, KITH_E_INVAL, NULL, "'%.*s' is no kind of field%s%s%s",
                   (int)(name.len < 60 ? name.len : 60), name.ptr, STR_MEANT(near));
}

/* -- fields ------------------------------------------------------------------------------------ */

struct item { /* a group of `fields` */
    const kith_value *v;
    int line, place;
    const char *name;
};

static void add_entry(struct reading *r, const struct item *i, bool retired) {
    struct type_entry *entry = add_row(r, &r->t->entries, sizeof *entry);
    struct schema_place *p = add_row(r, &r->t->places, sizeof *p);
    if (!entry || !p)
        return;
    int line = i ? i->line : 0;
    const char *field = i ? i->name : NULL;
    *entry = (struct type_entry){.file = r->file,
                                 .line = line,
                                 .type = r->type,
                                 .field = field,
                                 .item = i ? i->place : -1,
                                 .kind = i ? text_of(i->v[F_KIND]) : NULL,
                                 .extends = r->extends,
                                 .retired = retired};
    *p = (struct schema_place){.type = r->type, .field = field};
    p->where = line ? arena_printf(&r->t->arena, "%s:%d", r->file, line) : r->file;
    r->nomem |= !p->where;
}

static void add_renames(struct reading *r, const char *field, kith_value was) {
    for (uint64_t i = 0; was.kind == KITH_LIST && i < was.as.list.count; i++) {
        struct schema_rename *rename = add_row(r, &r->t->renames, sizeof *rename);
        if (rename)
            *rename = (struct schema_rename){r->type, field, was.as.list.items[i].as.s.ptr};
    }
}

static uint32_t measure_of(struct reading *r, const struct item *i) {
    const char *text = text_of(i->v[F_MEASURE]);
    uint32_t m = text ? field_measure_of(str_of(text)) : 0;
    if (text && !m)
        problem(r, (int)i->v[F_MEASURE].flags,
                "field %s: the measure '%s' is not known: nominal, ordinal, discrete, continuous, "
                "binary, time, spatial, text, semi-structured",
                i->name, text);
    return m;
}

static void refuse_keys(struct reading *r, const struct item *i, const int *keys, size_t count,
                        const char *why) {
    for (size_t k = 0; k < count; k++)
        if (i->v[keys[k]].kind != KITH_NULL)
            problem(r, (int)i->v[keys[k]].flags, "field %s: %s %s", i->name,
                    field_rows[keys[k]].key, why);
}

static void add_field(struct reading *r, const struct item *i) {
    static const int not_own[] = {F_MORE, F_STATES};
    const kith_value *v = i->v;
    kith_error why = KITH_ERROR_INIT;
    uint32_t kind = 0, flags = 0;
    const char *options = NULL;
    refuse_keys(r, i, not_own, 2, "is for fields that others declare; here it stands in the kind");
    if (type_kind_parse(v[F_KIND].as.s, &r->t->arena, &kind, &options, &why) != KITH_OK)
        problem(r, (int)v[F_KIND].flags, "field %s: %s", i->name, why.message);
    for (size_t k = 0; k < sizeof flag_keys / sizeof *flag_keys; k++)
        flags |= is_true(v[flag_keys[k].key]) ? flag_keys[k].flag : 0;
    uint32_t measure = measure_of(r, i);
    add_renames(r, i->name, v[F_WAS]);
    if (is_true(v[F_RETIRED]))
        return;
    kith_field *f = add_row(r, &r->fields, sizeof *f);
    if (f)
        *f = (kith_field){.name = i->name,
                          .kind = kind,
                          .flags = flags,
                          .options = options,
                          .default_text = text_of(v[F_DEFAULT]),
                          .label = text_of(v[F_LABEL]),
                          .doc = text_of(v[F_DOC]),
                          .min = text_of(v[F_MIN]),
                          .max = text_of(v[F_MAX]),
                          .measure = measure,
                          .rollup = text_of(v[F_ROLLUP])};
}

static const char *joined(struct reading *r, kith_value list) {
    struct buf b = {0};
    if (list.kind != KITH_LIST || list.as.list.count == 0)
        return NULL;
    for (uint64_t i = 0; i < list.as.list.count; i++)
        buf_printf(&b, "%s%s", i ? "," : "", list.as.list.items[i].as.s.ptr);
    const char *text = b.failed ? NULL : arena_strdup(&r->t->arena, b.ptr);
    r->nomem |= !text;
    buf_free(&b);
    return text;
}

static void add_change(struct reading *r, const struct item *i) {
    static const int own[] = {F_UNIQUE,  F_PERSONAL, F_PART_OF, F_TREE,
                              F_SUBJECT, F_ROLLUP,   F_WAS,     F_RETIRED};
    const kith_value *v = i->v;
    refuse_keys(r, i, own, sizeof own / sizeof *own,
                "is for fields of your own, which have a kind");
    struct schema_change *c = add_row(r, &r->t->changes, sizeof *c);
    if (!c)
        return;
    *c = (struct schema_change){.type = r->type,
                                .field = i->name,
                                .label = text_of(v[F_LABEL]),
                                .doc = text_of(v[F_DOC]),
                                .default_text = text_of(v[F_DEFAULT]),
                                .min = text_of(v[F_MIN]),
                                .max = text_of(v[F_MAX]),
                                .more = joined(r, v[F_MORE]),
                                .measure = measure_of(r, i)};
    if (text_of(v[F_STATES]))
        c->states = tidy(&r->t->arena, v[F_STATES].as.s);
    for (size_t k = 0; k < 3; k++)
        if (v[flag_keys[k].key].kind == KITH_BOOL)
            *(is_true(v[flag_keys[k].key]) ? &c->set : &c->clear) |= flag_keys[k].flag;
}

static void take_field(struct reading *r, const struct item *i) {
    const struct type_entry *before = type_files_find(r->t, r->type, i->name);
    bool change = i->v[F_KIND].kind == KITH_NULL;
    if (before && (before->kind || !change))
        problem(r, i->line, "field %s.%s stands twice; the first is at %s:%d", r->type, i->name,
                before->file, before->line);
    else if (change && !r->extends)
        problem(r, i->line, "field %s has no kind", i->name);
    else
        change ? add_change(r, i) : add_field(r, i);
    add_entry(r, i, is_true(i->v[F_RETIRED]));
}

/* -- files ------------------------------------------------------------------------------------- */

static void take_type(struct reading *r) {
    const struct settings *s = r->s;
    const struct setting *indexes = settings_find(s, "", "indexes");
    kith_type *t = add_row(r, &r->t->types, sizeof *t);
    if (!t)
        return;
    *t = (kith_type){.name = r->type,
                     .extends = r->extends,
                     .label = text_of(settings_find(s, "", "label")->value),
                     .doc = text_of(settings_find(s, "", "doc")->value),
                     .title = text_of(settings_find(s, "", "title")->value),
                     .fields = {r->fields.items, sizeof(kith_field), (uint32_t)r->fields.count}};
    if (str_eqz(settings_text(s, "", "history"), "none"))
        t->history = KITH_HISTORY_NONE;
    size_t count = settings_count(s, "", "indexes");
    const char **texts = ARENA_ARRAY(&r->t->arena, const char *, count + 1);
    r->nomem |= !texts;
    for (size_t i = 0; texts && i < count; i++)
        texts[i] = tidy(&r->t->arena, indexes->value.as.list.items[i].as.s);
    t->indexes = (kith_array){texts, sizeof *texts, texts ? (uint32_t)count : 0};
}

/* An own type has a name, and what only it can have; the rest extends another. */
static bool take_head(struct reading *r) {
    static const char *const own[] = {"label", "doc", "title", "history", "was", "retired"};
    const char *name = text_of(settings_find(r->s, "", "name")->value),
               *extend = text_of(settings_find(r->s, "", "extend")->value);
    r->extends = extend != NULL;
    r->type = extend ? extend : name;
    if (!name == !extend) {
        if (name || !r->faulty)
            problem(r, 0, "a file has either a name, of its type, or it extends another");
        return false;
    }
    for (size_t i = 0; r->extends && i < sizeof own / sizeof *own; i++) {
        const struct setting *s = settings_find(r->s, "", own[i]);
        if (s->file)
            problem(r, s->line, "%s is for types of your own", own[i]);
    }
    const struct type_entry *before = name ? type_files_find(r->t, name, NULL) : NULL;
    if (before && !before->extends)
        problem(r, 0, "type %s stands twice; the first is in %s", name, before->file);
    return true;
}

static void take_file(struct reading *r) {
    if (!take_head(r))
        return;
    bool retired = settings_bool(r->s, "", "retired");
    kith_value fields = settings_find(r->s, "", "fields")->value;
    r->fields = (struct rows){0};
    add_entry(r, NULL, retired);
    add_renames(r, NULL, settings_find(r->s, "", "was")->value);
    for (uint64_t i = 0; fields.kind == KITH_LIST && i < fields.as.list.count; i++) {
        const kith_value *group = &fields.as.list.items[i];
        struct item item = {.v = group->as.list.items, .line = (int)group->flags, .place = (int)i};
        item.name = text_of(item.v[F_NAME]);
        if (item.name) /* without one it is told already */
            take_field(r, &item);
    }
    if (!retired)
        take_type(r);
}

static kith_status read_one(struct reading *r, const char *folder, const char *file, kith_str text,
                            kith_error *e) {
    struct settings *s;
    kith_status st = settings_load_file(&s, folder, file, text, &file_owner, r->problems, NULL);
    if (st == KITH_E_NOTFOUND) /* gone meanwhile */
        return KITH_OK;
    if (!s)
        return err_nomem(e);
    r->t->settings[r->t->file_count++] = s;
    r->s = s;
    r->file = file;
    r->faulty = st != KITH_OK;
    take_file(r);
    return r->nomem ? err_nomem(e) : KITH_OK;
}

static int is_conf(const struct dirent *d) {
    return file_ends(d->d_name, ".conf");
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
    const char *items[FILES_MAX];
    size_t count;
};

static bool add_name(struct names *n, const char *name) {
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->items[i], name) == 0)
            return true;
    if (!name || n->count == FILES_MAX)
        return false;
    n->items[n->count++] = name;
    return true;
}

static kith_status list_files(struct type_files *t, const char *folder, struct names *n,
                              kith_error *e) {
    char *path = arena_printf(&t->arena, "%s/" TYPES_FOLDER, folder);
    DIR *d = path ? opendir(path) : NULL;
    const struct dirent *entry;
    if (!path)
        return err_nomem(e);
    if (!d)
        return errno == ENOENT || errno == ENOTDIR ? KITH_OK : err_errno(e, "read", path);
    bool ok = true;
    while (ok && (entry = readdir(d)))
        if (is_conf(entry))
            ok = add_name(n, arena_printf(&t->arena, TYPES_FOLDER "/%s", entry->d_name));
    closedir(d);
    return ok ? KITH_OK
              : err_set(e, KITH_E_LIMIT, NULL, "there are more than %d files in %s", FILES_MAX,
                        path);
}

static kith_status read_all(struct reading *r, const char *folder, const struct type_text *instead,
                            size_t count, kith_error *e) {
    struct names *names = ARENA_NEW(&r->t->arena, struct names);
    if (!names)
        return err_nomem(e);
    TRY(list_files(r->t, folder, names, e));
    for (size_t i = 0; i < count; i++)
        if (!add_name(names, arena_strdup(&r->t->arena, instead[i].file)))
            return err_nomem(e);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, by_name);
    for (size_t i = 0; i < names->count; i++) {
        const struct type_text *other = NULL;
        for (size_t k = 0; k < count; k++)
            other = strcmp(instead[k].file, names->items[i]) == 0 ? &instead[k] : other;
        if (!other || other->text.ptr)
            TRY(read_one(r, folder, names->items[i], other ? other->text : (kith_str){0}, e));
    }
    return KITH_OK;
}

static void make_source(struct type_files *t) {
    t->source = (struct schema_source){
        .module = SCHEMA_COMPANY,
        .types = {t->types.items, sizeof(kith_type), (uint32_t)t->types.count},
        .changes = t->changes.items,
        .change_count = t->changes.count,
        .renames = t->renames.items,
        .rename_count = t->renames.count,
        .places = t->places.items,
        .place_count = t->places.count,
    };
}

kith_status type_files_read(struct type_files **out, const char *folder,
                            const struct type_text *instead, size_t count,
                            struct settings_problems *problems, kith_error *e) {
    struct reading r = {.t = calloc(1, sizeof *r.t), .problems = problems};
    size_t first = problems->count;
    *out = NULL;
    if (!r.t)
        return err_nomem(e);
    kith_status st = read_all(&r, folder, instead, count, e);
    if (st == KITH_OK && problems->count > first)
        st = settings_first_problem(problems, first, e);
    if (st == KITH_OK) {
        make_source(r.t);
        *out = r.t;
    } else {
        type_files_free(r.t);
    }
    return st;
}

void type_files_free(struct type_files *t) {
    if (!t)
        return;
    for (size_t i = 0; i < t->file_count; i++)
        settings_free(t->settings[i]);
    arena_free(&t->arena);
    free(t);
}

/* -- lookups ----------------------------------------------------------------------------------- */

const struct schema_source *type_files_source(const struct type_files *t) {
    return &t->source;
}

size_t type_files_count(const struct type_files *t) {
    return t->entries.count;
}

const struct type_entry *type_files_at(const struct type_files *t, size_t i) {
    return (const struct type_entry *)t->entries.items + i;
}

const struct type_entry *type_files_find(const struct type_files *t, const char *type,
                                         const char *field) {
    const struct type_entry *extension = NULL;
    for (size_t i = 0; i < t->entries.count; i++) {
        const struct type_entry *x = type_files_at(t, i);
        bool same = strcmp(x->type, type) == 0 && !x->field == !field;
        if (!same || (field && strcmp(x->field, field) != 0))
            continue;
        if (!x->extends || (field && x->kind))
            return x;
        extension = extension ? extension : x;
    }
    return extension;
}
