/* SPDX-License-Identifier: Apache-2.0 */
/* Type change: edits, tries, writes and takes effect. */
#include "cli/type_change.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/folder.h"
#include "cli/show.h"
#include "cli/stale_names.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- texts ------------------------------------------------------------------------------------- */

#define FILE_MAX 4194304 /* bytes: more is no file of settings */

static kith_status read_text(struct cmd *c, const char *name, kith_str *out, kith_error *e) {
    const char *path = arena_printf(&c->arena, "%s/%s", c->dir, name);
    struct buf b = {0};
    kith_error why = KITH_ERROR_INIT;
    *out = (kith_str){0};
    if (!path)
        return err_nomem(e);
    kith_status st = file_read(path, FILE_MAX, &b, &why);
    if (st == KITH_OK)
        *out = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    if (st == KITH_OK)
        return out->ptr ? KITH_OK : err_nomem(e);
    if (st != KITH_E_NOTFOUND)
        err_copy(e, &why);
    return st == KITH_E_NOTFOUND ? KITH_OK : st;
}

kith_status types_change_file(struct type_change *t, const char *name, struct changed_file **out,
                              kith_error *e) {
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->files[i].name, name) == 0) {
            *out = &t->files[i];
            return KITH_OK;
        }
    if (t->count == CHANGED_FILES_MAX)
        return err_set(e, KITH_E_LIMIT, NULL, "more than %d files would change", CHANGED_FILES_MAX);
    struct changed_file *f = *out = &t->files[t->count];
    *f = (struct changed_file){.name = arena_strdup(&t->c->arena, name)};
    TRY(f->name ? read_text(t->c, name, &f->before, e) : err_nomem(e));
    buf_puts(&f->text, "");
    buf_str(&f->text, f->before);
    t->count++;
    return f->text.failed ? err_nomem(e) : KITH_OK;
}

/* Takes the new text over. */
static kith_status replace(struct changed_file *f, struct buf *text, kith_status st,
                           kith_error *e) {
    if (st == KITH_OK && text->failed)
        st = err_nomem(e);
    if (st == KITH_OK) {
        buf_free(&f->text);
        f->text = *text;
    } else {
        buf_free(text);
    }
    return st;
}

kith_status types_change_set(struct type_change *t, const char *file, int item, const char *key,
                             const char *value, kith_error *e) {
    struct changed_file *f;
    struct buf text = {0};
    TRY(types_change_file(t, file, &f, e));
    return replace(f, &text,
                   conf_set(buf_view(&f->text), item < 0 ? NULL : "fields", item, key,
                            value ? str_of(value) : (kith_str){0}, &text, e),
                   e);
}

kith_status types_change_quoted(struct type_change *t, const char *file, int item, const char *key,
                                const char *value, kith_error *e) {
    struct buf quoted = {0};
    conf_quote(str_of(value), &quoted);
    kith_status st =
        quoted.failed ? err_nomem(e) : types_change_set(t, file, item, key, quoted.ptr, e);
    buf_free(&quoted);
    return st;
}

kith_status types_change_add(struct type_change *t, const char *file, kith_str group,
                             kith_error *e) {
    struct changed_file *f;
    struct buf text = {0};
    TRY(types_change_file(t, file, &f, e));
    return replace(f, &text, conf_add(buf_view(&f->text), "fields", group, &text, e), e);
}

kith_status types_change_append(struct type_change *t, const char *file, int item, const char *key,
                                const char *text, kith_error *e) {
    struct changed_file *f;
    struct buf list = {0};
    TRY(types_change_file(t, file, &f, e));
    kith_str now = conf_get(buf_view(&f->text), item < 0 ? NULL : "fields", item, key);
    uint64_t end = now.len;
    while (end > 0 && now.ptr[end - 1] != ']' && now.ptr[end - 1] != ')')
        end--;
    if (end > 1) {
        kith_str inside = str_trim((kith_str){now.ptr + 1, end - 2});
        buf_printf(&list, "[%.*s%s", (int)inside.len, inside.ptr, inside.len ? ", " : "");
    } else {
        buf_puts(&list, "[");
    }
    conf_quote(str_of(text), &list);
    buf_puts(&list, "]");
    kith_status st = list.failed ? err_nomem(e) : types_change_set(t, file, item, key, list.ptr, e);
    buf_free(&list);
    return st;
}

static void types_change_free(struct type_change *t) {
    for (size_t i = 0; i < t->count; i++)
        buf_free(&t->files[i].text);
}

kith_status run_type_change(struct cmd *c, kith_error *e) {
    struct type_change *t = ARENA_NEW(&c->arena, struct type_change);
    if (!t)
        return err_nomem(e);
    t->c = c;
    kith_status st = c->command->change(t, e);
    types_change_free(t);
    return st;
}

/* -- files ------------------------------------------------------------------------------------- */

static kith_status write_files(const struct type_change *t, bool back, kith_error *e) {
    const char *folder = arena_printf(&t->c->arena, "%s/" TYPES_FOLDER, t->c->dir);
    const char *above = arena_printf(&t->c->arena, "%s/conf.d", t->c->dir);
    if (!folder || !above)
        return err_nomem(e);
    mkdir(above, 0777);
    mkdir(folder, 0777); /* usually there; if it cannot be made, the file says so */
    kith_status st = KITH_OK;
    for (size_t i = 0; st == KITH_OK && i < t->count; i++) {
        const struct changed_file *f = &t->files[i];
        const char *path = arena_printf(&t->c->arena, "%s/%s", t->c->dir, f->name);
        if (!path)
            st = err_nomem(e);
        else if (back && !f->before.ptr)
            unlink(path);
        else
            st = file_replace(path, back ? f->before : buf_view(&f->text), 0666, e);
    }
    folder_sync(folder);
    return st;
}

/* -- trying ------------------------------------------------------------------------------------ */

static kith_status try_files(struct type_change *t, struct retyped *r, kith_error *e) {
    struct settings_problems problems = {0};
    struct type_text *texts = ARENA_ARRAY(&t->c->arena, struct type_text, t->count + 1);
    struct type_files *files;
    if (!texts)
        return err_nomem(e);
    for (size_t i = 0; i < t->count; i++)
        texts[i] = (struct type_text){t->files[i].name, buf_view(&t->files[i].text)};
    kith_status st = type_files_read(&files, t->c->dir, texts, t->count, &problems, e);
    cli_print_problems(t->c, &problems);
    TRY(st);
    st = engine_try_types(t->c->company->engine, &t->c->principal, type_files_source(files),
                          &t->c->arena, r, e);
    type_files_free(files);
    return st;
}

/* A new word about a type that is not there is a mistake, not a module that is away. */
static kith_status check_passed(const struct type_change *t, const struct retyped *r,
                                kith_error *e) {
    const struct schema *now = cmd_schema(t->c);
    for (size_t i = 0; i < r->passed_count; i++) {
        bool known = false;
        for (size_t k = 0; k < now->passed_count; k++)
            known |= strcmp(strstr(r->passed[i], ": ") ? strstr(r->passed[i], ": ") : "",
                            strstr(now->passed[k], ": ") ? strstr(now->passed[k], ": ") : "") == 0;
        if (!known)
            return err_set(e, KITH_E_NOTFOUND, NULL, "%s", r->passed[i]);
    }
    return KITH_OK;
}

/* Others are told by `kith check`. */
static bool is_of(const struct type_change *t, const struct older_field *o) {
    for (size_t i = 0; i < t->count; i++)
        if (str_starts(str_of(o->where), t->files[i].name))
            return true;
    return false;
}

static void say_older(const struct type_change *t, const struct retyped *r) {
    for (size_t i = 0; i < r->older_count; i++) {
        const struct older_field *o = &r->older[i];
        if (!is_of(t, o))
            continue;
        if (o->empty)
            io_printf(t->c->io, "  %lld record%s of %s %s no %s, which new ones need\n",
                      (long long)o->empty, o->empty == 1 ? "" : "s", o->type,
                      o->empty == 1 ? "has" : "have", o->field);
        if (o->outside)
            io_printf(t->c->io, "  %lld record%s of %s %s a %s out of its range\n",
                      (long long)o->outside, o->outside == 1 ? "" : "s", o->type,
                      o->outside == 1 ? "has" : "have", o->field);
    }
}

static void say_json(const struct type_change *t, const struct retyped *r, bool kept) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "kept");
    json_bool_(&j, kept);
    json_key(&j, "changes");
    json_array_(&j);
    for (size_t i = 0; i < r->done_count; i++)
        json_strz(&j, r->done[i]);
    json_array_end(&j);
    json_key(&j, "files");
    json_array_(&j);
    for (size_t i = 0; i < t->count; i++)
        json_strz(&j, t->files[i].name);
    json_array_end(&j);
    json_key(&j, "older");
    json_array_(&j);
    for (size_t i = 0; i < r->older_count; i++) {
        if (!is_of(t, &r->older[i]))
            continue;
        json_object_(&j);
        json_key(&j, "field");
        json_strz(&j, arena_printf(&t->c->arena, "%s.%s", r->older[i].type, r->older[i].field));
        json_key(&j, "without_value");
        json_int(&j, r->older[i].empty);
        json_key(&j, "out_of_range");
        json_int(&j, r->older[i].outside);
        json_object_end(&j);
    }
    json_array_end(&j);
    json_object_end(&j);
    json_print(t->c, &b);
}

static void say(const struct type_change *t, const struct retyped *r, const char *sentence,
                bool kept) {
    if (t->c->json) {
        say_json(t, r, kept);
        return;
    }
    io_printf(t->c->io, "%s%s\n", kept ? "" : "Would be done: ", sentence);
    for (size_t i = 0; i < r->done_count; i++)
        io_printf(t->c->io, "  %s\n", r->done[i]);
    say_older(t, r);
    for (size_t i = 0; i < t->count; i++)
        io_printf(t->c->io, "  %s is %s\n", t->files[i].name,
                  t->files[i].before.ptr ? "changed" : "new");
}

/* -- doing ------------------------------------------------------------------------------------- */

/* The files as they were, and the company with them. */
static void take_back(struct type_change *t) {
    kith_error e = KITH_ERROR_INIT;
    kith_status st = write_files(t, true, &e);
    if (st == KITH_OK)
        st = cmd_reopen(t->c, &e);
    if (st != KITH_OK)
        log_error("types", "the files in " TYPES_FOLDER " could not be put back: %s", e.message);
}

/* What was written before the types were these: a second link makes "exists(visit)" say too little.
 * Nobody can tell it from a name that is meant, before it is tried. */
static kith_status say_unfit(struct type_change *t, kith_error *e) {
    size_t rules = 0, wrong = 0;
    TRY(show_unfit(t->c, &rules, &wrong, e));
    if (wrong)
        io_say(t->c->io, "the change is kept, and what is listed above does not work with the types"
                         " as they are; 'kith check' lists it again");
    return KITH_OK;
}

kith_status types_change_apply(struct type_change *t, const char *sentence, kith_error *e) {
    struct retyped r;
    TRY(try_files(t, &r, e));
    TRY(check_passed(t, &r, e));
    if (rehearsing(t->c)) {
        say(t, &r, sentence, false);
        return KITH_OK;
    }
    kith_status st = write_files(t, false, e);
    if (st == KITH_OK)
        st = cmd_reopen(t->c, e);
    if (st != KITH_OK) {
        take_back(t);
        return st;
    }
    say(t, &r, sentence, true);
    return say_unfit(t, e);
}

/* -- what is whose ----------------------------------------------------------------------------- */

kith_status own_type(struct cmd *c, const char *type, const struct type_entry **out,
                     kith_error *e) {
    const struct rtype *t;
    *out = type_files_find(c->company->types, type, NULL);
    if (*out && !(*out)->extends)
        return KITH_OK;
    TRY(schema_find_type(cmd_schema(c), str_of(type), &t, e));
    return err_set(e, KITH_E_DENIED, NULL, "type %s is declared by %s and cannot be changed so",
                   type, t->module);
}

kith_status own_field(struct cmd *c, const char *path, const struct type_entry **out,
                      kith_error *e) {
    kith_str rest = str_of(path), name;
    const struct rtype *t;
    const struct rfield *f;
    str_split(&rest, '.', &name);
    const char *type = arena_strndup(&c->arena, name.ptr, (size_t)name.len);
    if (!type)
        return err_nomem(e);
    if (rest.len == 0)
        return err_set(e, KITH_E_INVAL, NULL, "name the field with its type: contact.size");
    *out = type_files_find(c->company->types, type, rest.ptr);
    if (*out && (*out)->kind)
        return KITH_OK;
    TRY(schema_find_type(cmd_schema(c), name, &t, e));
    TRY(schema_find_field(cmd_schema(c), t, rest, &f, e));
    return err_set(e, KITH_E_DENIED, f->name,
                   "field %s is declared by %s: 'kith field set' changes what may be changed of it",
                   path, f->index < FIELD_FIRST ? "Kith" : f->module);
}

kith_status file_of_type(struct type_change *t, const char *type, const char **file,
                         kith_error *e) {
    struct cmd *c = t->c;
    const struct type_entry *entry = type_files_find(c->company->types, type, NULL);
    const struct rtype *ignored;
    struct changed_file *f;
    if (entry) {
        *file = entry->file;
        return KITH_OK;
    }
    TRY(schema_find_type(cmd_schema(c), str_of(type), &ignored, e));
    *file = arena_printf(&c->arena, TYPES_FOLDER "/%s.conf", type);
    TRY(*file ? types_change_file(t, *file, &f, e) : err_nomem(e));
    if (f->before.ptr)
        return err_set(e, KITH_E_CONFLICT, NULL, "%s is there and declares another type", *file);
    return types_change_quoted(t, *file, -1, "extend", type, e);
}
