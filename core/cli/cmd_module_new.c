/* SPDX-License-Identifier: Apache-2.0 */
/* kith module new: a vendor's module to begin with, from the template in plugins-api/template. The
 * template is a module that works and calls itself visit; here it gets another name. */
#include "base/file.h"
#include "cli/folder.h"
#include "cli/show.h"
#include "record/schema.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPLATE   "plugins-api/template"
#define OLD_NAME   "visit"
#define OLD_TITLE  "Visit"
#define NAME_BYTES 48u
#define FILE_MAX   (1 << 20) /* bytes */

/* -- the name ---------------------------------------------------------------------------------- */

static bool well_formed(const char *name) {
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return islower((unsigned char)name[0]) && !name[n] && n <= NAME_BYTES;
}

/* The module's type has its name, its settings stand in a group of that name. */
static bool is_taken(const char *name) {
    static const char *const words[] = {"core",   "company", "modules", "rules",
                                        "engine", "log",     "true",    "false"};
    const kith_type *types = schema_core.types.items;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(name, words[i]) == 0)
            return true;
    for (uint32_t i = 0; i < schema_core.types.count; i++)
        if (strcmp(name, types[i].name) == 0)
            return true;
    return false;
}

static kith_status check_name(struct cmd *c, const char *name, kith_error *e) {
    if (!well_formed(name))
        return err_set(e, KITH_E_INVAL, NULL,
                       "'%s' is no name for a module: it takes a letter, then a-z, 0-9 and _, at "
                       "most %u",
                       name, NAME_BYTES);
    if (is_taken(name))
        return err_set(e, KITH_E_CONFLICT, NULL, "Kith itself has a '%s': choose another name",
                       name);
    const char *path;
    TRY(program_find(c->program->module_dirs, name, ".so", &c->arena, &path, e));
    return path ? err_set(e, KITH_E_CONFLICT, NULL,
                          "there is a module '%s' already (%s): choose another name", name, path)
                : KITH_OK;
}

/* "field_trip": "Field trip" */
static const char *human_name(struct cmd *c, const char *name) {
    char *title = arena_strdup(&c->arena, name);
    for (char *p = title; p && *p; p++)
        if (*p == '_')
            *p = ' ';
    if (title)
        title[0] = (char)toupper((unsigned char)title[0]);
    return title;
}

/* -- the files --------------------------------------------------------------------------------- */

struct renaming {
    struct cmd *c;
    const char *name, *title;
    const char *from, *to; /* folders */
};

/* The text with the new name in it. */
static void rename_in(const struct renaming *r, kith_str text, struct buf *out) {
    const char *end = text.ptr + text.len;
    for (const char *p = text.ptr; p < end;) {
        size_t left = (size_t)(end - p), old = sizeof OLD_NAME - 1;
        bool lower = left >= old && memcmp(p, OLD_NAME, old) == 0;
        bool upper = left >= old && memcmp(p, OLD_TITLE, old) == 0;
        if (lower || upper) {
            buf_puts(out, lower ? r->name : r->title);
            p += old;
        } else {
            buf_putc(out, *p++);
        }
    }
}

static kith_status write_file(const char *path, mode_t mode, const struct buf *text,
                              kith_error *e) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(e, "make", path);
    kith_status st = write_all(fd, buf_view(text)) ? KITH_OK : err_errno(e, "write", path);
    if (close(fd) != 0 && st == KITH_OK)
        st = err_errno(e, "write", path);
    return st;
}

static kith_status copy_file(const struct renaming *r, const char *file, kith_error *e) {
    struct buf text = {0}, out = {0}, name = {0};
    struct stat found;
    const char *source = arena_printf(&r->c->arena, "%s/%s", r->from, file);
    rename_in(r, str_of(file), &name);
    const char *target = arena_printf(&r->c->arena, "%s/%s", r->to, name.ptr ? name.ptr : file);
    kith_status st = source && target && !name.failed ? KITH_OK : err_nomem(e);
    if (st == KITH_OK && stat(source, &found) != 0)
        st = err_errno(e, "look at", source);
    if (st == KITH_OK && S_ISREG(found.st_mode)) {
        st = io_read_file(r->c->io, source, FILE_MAX, &text, e);
        rename_in(r, buf_view(&text), &out);
        if (st == KITH_OK && out.failed)
            st = err_nomem(e);
        if (st == KITH_OK) /* writable for its owner, though the template may not be */
            st = write_file(target, (found.st_mode & 0555) | 0222, &out, e);
    }
    buf_free(&text);
    buf_free(&out);
    buf_free(&name);
    return st;
}

static kith_status copy_files(const struct renaming *r, kith_error *e) {
    DIR *d = opendir(r->from);
    const struct dirent *entry;
    kith_status st = d ? KITH_OK : err_errno(e, "read", r->from);
    while (st == KITH_OK && (entry = readdir(d)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            st = copy_file(r, entry->d_name, e);
    if (d)
        closedir(d);
    return st;
}

/* -- the folder -------------------------------------------------------------------------------- */

static kith_status find_template(struct cmd *c, const char **out, kith_error *e) {
    TRY(program_find(c->program->share_dirs, TEMPLATE, "", &c->arena, out, e));
    if (*out)
        return KITH_OK;
    return err_set(e, KITH_E_NOTFOUND, NULL,
                   "there is no template: it is in the folder share/kith, which is installed with "
                   "the program and was not found; install Kith again ('make install')");
}

static kith_status already_there(const char *folder, kith_error *e) {
    return err_set(e, KITH_E_CONFLICT, NULL,
                   "'%s' is there already: choose another name, or another folder with --dir",
                   folder);
}

/* A folder gets its name when all is in it. */
static kith_status make_module(struct renaming *r, const char *folder, kith_error *e) {
    char *part = arena_printf(&r->c->arena, "%s.XXXXXX", folder);
    struct stat found;
    if (!part)
        return err_nomem(e);
    if (lstat(folder, &found) == 0)
        return already_there(folder, e);
    if (!mkdtemp(part))
        return err_errno(e, "make the folder", folder);
    r->to = part;
    kith_status st = copy_files(r, e);
    mode_t mask = umask(0);
    umask(mask);
    if (st == KITH_OK && chmod(part, 0777 & ~mask) != 0)
        st = err_errno(e, "make the folder", folder);
    if (st == KITH_OK && renameat2(AT_FDCWD, part, AT_FDCWD, folder, RENAME_NOREPLACE) != 0)
        st = errno == EEXIST ? already_there(folder, e) : err_errno(e, "make the folder", folder);
    if (st != KITH_OK)
        folder_remove(part);
    return st;
}

static void say_done(struct cmd *c, const char *name, const char *folder) {
    if (c->json) {
        struct buf b = {0};
        struct json_out j;
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "module");
        json_strz(&j, name);
        json_key(&j, "folder");
        json_strz(&j, folder);
        json_object_end(&j);
        json_print(c, &b);
        return;
    }
    io_puts(c->io, "The module is in '");
    io_text(c->io, str_of(folder));
    io_puts(c->io, "'; its README.md says how to go on.\nNext: cd ");
    io_text(c->io, str_of(folder));
    io_puts(c->io, " && cmake -B build && cmake --build build && ctest --test-dir build\n");
}

static kith_status run(struct cmd *c, kith_error *e) {
    const char *name = c->args[0], *dir = cmd_option(c, "dir");
    struct renaming r = {.c = c, .name = name, .title = human_name(c, name)};
    const char *folder = dir ? arena_printf(&c->arena, "%s/%s", dir, name) : name;
    if (!r.title || !folder)
        return err_nomem(e);
    TRY(check_name(c, name, e));
    TRY(find_template(c, &r.from, e));
    TRY(make_module(&r, folder, e));
    say_done(c, name, folder);
    return KITH_OK;
}

const struct command command_module_new = {
    .name = "module new",
    .args = "NAME",
    .help = "make a module of your own to begin with: a folder with source, build and test",
    .more = "It is a small module that works: a record type, a setting, a hook, a reaction and an\n"
            "action. Building it needs a C compiler and cmake, or make and pkg-config.",
    .options = {{"dir", "DIR", "the folder to make it in; else this one"}},
    .needs = NEEDS_NOTHING,
    .open = true,
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
