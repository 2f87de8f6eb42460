/* SPDX-License-Identifier: Apache-2.0 */
/* kith init: a new company's folder. */
#include "base/file.h"
#include "base/number.h"
#include "base/zone.h"
#include "cli/backup_plan.h"
#include "cli/show.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE_DIR "/usr/share/zoneinfo/"

static const char kith_conf[] =
    "# The company's settings. 'kith explain' lists all there are, with their meaning;\n"
    "# 'kith check' finds mistakes. Files in conf.d/ are read after this one and override it.\n"
    "\n"
    "company: {\n"
    "    name = \"%s\";\n"
    "    currency = \"%s\";       # amounts are added up in it\n"
    "    zone = \"%s\";\n"
    "};\n";

static const char readme[] = "A company of Kith: its settings (kith.conf, conf.d/), its rules "
                             "(rules/*.lua), its workflows (workflows/*.lua) and its database.\n"
                             "Begin with 'kith help'. Rules to copy and change are in "
                             "rules/examples/, workflows in workflows/examples/; there they do"
                             " nothing.\n"
                             "'kith backup FILE' backs it up as a whole, at any time.\n";

static const char modules_conf[] =
    "# Written by 'kith module enable' and 'kith module disable'.\nmodules: { enabled = []; };\n";

/* -- the folder -------------------------------------------------------------------------------- */

/* Hidden files are no hindrance: a folder may be under version control before it is a company. */
static bool is_empty(const char *dir) {
    DIR *d = opendir(dir);
    const struct dirent *entry;
    bool empty = true;
    while (d && (entry = readdir(d)))
        empty = empty && entry->d_name[0] == '.';
    if (d)
        closedir(d);
    return empty;
}

static kith_status had_database(const char *dir, const char *by, const char *anew, kith_error *e) {
    return err_set(e, KITH_E_CONFLICT, NULL,
                   "the company '%s' had a database before, by %s: restore a backup, with 'kith"
                   " restore BACKUP %s --replace'; to begin with an empty one, %s",
                   dir, by, dir, anew);
}

static kith_status check_no_backups(const char *dir, kith_error *e) {
    struct settings *s = NULL;
    struct settings_problems passed_over = {0};
    kith_status st = company_read_core(dir, &s, &passed_over, NULL);
    kith_str folder = st == KITH_OK ? settings_text(s, "", "backup.dir") : (kith_str){0};
    char *path = folder.len > 0 ? company_file(dir, folder.ptr) : NULL;
    DIR *d = path ? opendir(path) : NULL;
    const struct dirent *entry;
    bool found = false;
    while (d && !found && (entry = readdir(d)))
        found =
            str_starts(str_of(entry->d_name), BACKUP_PREFIX) && file_ends(entry->d_name, ".tar");
    st = found ? had_database(dir, "the backups in its backup.dir",
                              "take backup.dir out of its settings", e)
               : KITH_OK;
    if (d)
        closedir(d);
    free(path);
    settings_free(s);
    settings_problems_free(&passed_over);
    return st;
}

/* Settings and rules alone are a company to be, as from a version control; one whose database was
 * lost is no place for an empty one. Whoever opens a database notes it in the lock's file. */
static kith_status check_never_used(const char *dir, kith_error *e) {
    struct stat lock;
    char *path = company_path(dir, "kith.db.lock");
    if (!path)
        return err_nomem(e);
    bool opened = stat(path, &lock) == 0 && lock.st_size > 0;
    free(path);
    if (opened)
        return had_database(dir, "kith.db.lock", "remove that file", e);
    if (company_has(dir, "kith.db.erased"))
        return had_database(dir, "kith.db.erased", "remove that file", e);
    return check_no_backups(dir, e);
}

static kith_status check_folder(const char *dir, kith_error *e) {
    struct stat st;
    if (mkdir(dir, 0700) == 0) /* customers' data is nobody else's business */
        return KITH_OK;
    if (errno != EEXIST)
        return err_errno(e, "make the folder", dir);
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set(e, KITH_E_CONFLICT, NULL, "'%s' is a file, not a folder", dir);
    if (company_has(dir, "kith.conf") && company_has(dir, "kith.db"))
        return err_set(e, KITH_E_CONFLICT, NULL, "'%s' is a company already", dir);
    if (!company_has(dir, "kith.conf") && !is_empty(dir))
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "'%s' has other files in it: choose an empty or a new folder", dir);
    return check_never_used(dir, e);
}

static kith_status make_folder(const char *dir, const char *name, kith_error *e) {
    char *path = company_path(dir, name);
    if (!path)
        return err_nomem(e);
    kith_status st = KITH_OK;
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        st = err_errno(e, "make the folder", path);
    free(path);
    return st;
}

/* A file that is there stays: an earlier init may have been interrupted, or the files come from a
 * backup without a database. Half a file would be taken for the whole one: it gets its name when it
 * is written. */
static kith_status write_new(const char *part, const char *path, kith_str text, kith_error *e) {
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_errno(e, "write", path);
    kith_status st = KITH_OK;
    if (!write_all(fd, text) || (!file_name_new(part, path) && errno != EEXIST))
        st = err_errno(e, "write", path);
    unlink(part);
    close(fd);
    return st;
}

static kith_status make_file(const char *dir, const char *name, kith_str text, kith_error *e) {
    char part[32], *path = company_path(dir, name), *aside;
    snprintf(part, sizeof part, ".init-%ld", (long)getpid());
    aside = company_path(dir, part);
    kith_status st = path && aside ? write_new(aside, path, text, e) : err_nomem(e);
    free(path);
    free(aside);
    return st;
}

/* -- what is in it ----------------------------------------------------------------------------- */

static const char *system_zone(struct cmd *c) {
    char path[512];
    const char *tz = getenv("TZ"), *at;
    if (tz && tz[0] && tz[0] != ':' && tz[0] != '/')
        return tz;
    ssize_t n = readlink("/etc/localtime", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    at = strstr(path, ZONE_DIR);
    return at ? arena_strdup(&c->arena, at + sizeof ZONE_DIR - 1) : "UTC";
}

static const char *escaped(struct cmd *c, const char *text) {
    struct buf b = {0};
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(&b, '\\');
        buf_putc(&b, *text == '\n' ? ' ' : *text);
    }
    kith_str copy = arena_str(&c->arena, buf_view(&b));
    buf_free(&b);
    return copy.ptr ? copy.ptr : "";
}

/* Before anything is made: a kith.conf with a mistake in it would stay. */
static kith_status check_words(const char *currency, const char *name, kith_error *e) {
    struct zone *zone;
    if (strlen(currency) != 3 || currency_digits(currency) < 0)
        return err_set(e, KITH_E_INVAL, NULL,
                       "--currency: '%s' is not a currency of ISO 4217, as 'EUR' is", currency);
    if (zone_open(&zone, name, e) != KITH_OK)
        return err_prefix(e, "--zone: ");
    zone_close(zone);
    return KITH_OK;
}

static kith_status make_conf(struct cmd *c, const char *dir, kith_error *e) {
    const char *name = cmd_option(c, "name"), *currency = cmd_option(c, "currency"),
               *zone = cmd_option(c, "zone"), *slash = strrchr(dir, '/');
    if (!name)
        name = slash ? slash + 1 : dir;
    if (!currency)
        currency = "EUR";
    if (!zone)
        zone = system_zone(c);
    if (!company_has(dir, "kith.conf"))
        TRY(check_words(currency, zone, e));
    char *text = arena_printf(&c->arena, kith_conf, escaped(c, name), escaped(c, currency),
                              escaped(c, zone));
    return text ? make_file(dir, "kith.conf", str_of(text), e) : err_nomem(e);
}

kith_status company_add_file(struct io *io, const char *dir, const char *name, const char *source,
                             kith_error *e) {
    struct buf text = {0};
    kith_status st = io_read_file(io, source, 1 << 20, &text, e);
    if (st == KITH_OK)
        st = make_file(dir, name, buf_view(&text), e);
    buf_free(&text);
    return st;
}

static kith_status copy_example(struct io *io, const char *from, const char *name, const char *dir,
                                const char *to, kith_error *e) {
    char *source = company_path(from, name), *target = company_path(to, name);
    kith_status st = source && target ? company_add_file(io, dir, target, source, e) : err_nomem(e);
    free(source);
    free(target);
    return st;
}

kith_status company_add_folder(struct io *io, const char *dir, const char *to, const char *from,
                               kith_error *e) {
    TRY(make_folder(dir, to, e));
    DIR *d = opendir(from);
    const struct dirent *entry;
    kith_status st = d ? KITH_OK : err_errno(e, "read", from);
    while (st == KITH_OK && (entry = readdir(d))) {
        const char *name = entry->d_name;
        if (file_ends(name, ".lua") || file_ends(name, ".conf"))
            st = copy_example(io, from, name, dir, to, e);
    }
    if (d)
        closedir(d);
    return st;
}

static kith_status copy_examples(struct cmd *c, const char *dir, kith_error *e) {
    const char *rules;
    TRY(program_find(c->program->share_dirs, COMPANY_EXAMPLES, "", &c->arena, &rules, e));
    if (!rules)
        return company_no_share(c, "rules/examples/ and workflows/examples/ stay empty");
    const char *workflows = arena_printf(&c->arena, "%s/workflows", rules);
    TRY(company_add_folder(c->io, dir, "rules/examples", rules, e));
    return workflows ? company_add_folder(c->io, dir, "workflows/examples", workflows, e)
                     : err_nomem(e);
}

kith_status company_no_share(struct cmd *c, const char *so) {
    io_say(c->io, "%s: the folder share/kith, which is installed with the program, was not found",
           so);
    return KITH_OK;
}

static kith_status make_parts(struct cmd *c, const char *dir, kith_error *e) {
    TRY(check_folder(dir, e));
    TRY(make_conf(c, dir, e));
    TRY(make_folder(dir, "conf.d", e));
    TRY(make_file(dir, "conf.d/modules.conf", str_of(modules_conf), e));
    TRY(make_folder(dir, "rules", e));
    TRY(make_folder(dir, "rules/examples", e));
    TRY(make_folder(dir, "workflows", e));
    TRY(make_folder(dir, "workflows/examples", e));
    TRY(copy_examples(c, dir, e));
    return make_file(dir, "README", str_of(readme), e);
}

static kith_status make_database(struct cmd *c, const char *dir, kith_error *e) {
    struct settings_problems problems = {0};
    kith_status st = company_create(c->program, dir, &problems, e);
    settings_problems_free(&problems);
    return st;
}

static kith_status run(struct cmd *c, kith_error *e) {
    char *dir = arena_strdup(&c->arena, c->args[0]);
    if (!dir)
        return err_nomem(e);
    for (size_t len = strlen(dir); len > 1 && dir[len - 1] == '/'; len--)
        dir[len - 1] = '\0';
    TRY(make_parts(c, dir, e));
    TRY(make_database(c, dir, e));
    if (c->json) {
        struct buf b = {0};
        struct json_out j;
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, "company");
        json_strz(&j, dir);
        json_object_end(&j);
        json_print(c, &b);
        return KITH_OK;
    }
    io_puts(c->io, "The company is in '");
    io_text(c->io, str_of(dir));
    io_puts(c->io, "'. Its settings are in kith.conf there.\nNext: cd ");
    io_text(c->io, str_of(dir));
    io_puts(c->io, " && kith import contact FILE.csv --preview 5\n");
    return KITH_OK;
}

const struct command command_init = {
    .name = "init",
    .args = "DIR",
    .help = "make a new company in a new or empty folder",
    .more =
        "A folder with settings and rules alone, as from a version control, gets its database.\n"
        "One that had a database before does not: restore a backup.",
    .options = {{"name", "NAME", "the company's name; else the folder's"},
                {"currency", "EUR", "the currency in which amounts are added up; else EUR"},
                {"zone", "ZONE", "its time zone, as Europe/Berlin; else the system's"}},
    .needs = NEEDS_NOTHING,
    .open = true,
    .args_min = 1,
    .args_max = 1,
    .run = run,
};
