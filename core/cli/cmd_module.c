/* SPDX-License-Identifier: Apache-2.0 */
/* kith module list, enable, disable, inspect. Which modules are enabled stands in one small file of
 * the company, conf.d/modules.conf, that these commands write. */
#include "cli/show.h"
#include "cli/wire.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULES_FILE "conf.d/modules.conf"

/* -- list -------------------------------------------------------------------------------------- */

static void json_module(struct cmd *c, const struct plugin_status *s) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "module");
    json_strz(&j, s->name);
    json_key(&j, "version");
    json_strz(&j, s->version);
    json_key(&j, "state");
    json_strz(&j, plugin_state_name(s->state));
    json_key(&j, "title");
    json_strz(&j, s->title);
    json_key(&j, "reason");
    json_strz(&j, s->reason);
    json_key(&j, "path");
    json_strz(&j, s->path);
    json_key(&j, "needs");
    json_array_(&j);
    for (size_t i = 0; i < s->need_count; i++)
        json_strz(&j, s->needs[i]);
    json_array_end(&j);
    json_key(&j, "calls");
    json_int(&j, (int64_t)s->calls);
    json_key(&j, "failures");
    json_int(&j, (int64_t)s->failures);
    json_object_end(&j);
    json_print(c, &b);
}

static void table_module(struct table *t, const char *name, const char *version, const char *state,
                         const char *about) {
    table_cellz(t, name);
    table_cellz(t, version);
    table_cellz(t, state);
    table_cellz(t, about);
}

static bool listed(const struct company *company, const char *name) {
    for (size_t i = 0; i < plugins_count(company->plugins); i++) {
        struct plugin_status s;
        plugins_status(company->plugins, i, &s);
        if (strcmp(s.name, name) == 0)
            return true;
    }
    return false;
}

/* A file NAME.so that is not among the enabled modules. */
static void show_available(struct cmd *c, struct table *t, const char *dir, const char *file) {
    size_t len = strlen(file);
    if (len < 4 || strcmp(file + len - 3, ".so") != 0)
        return;
    char *name = arena_strndup(&c->arena, file, len - 3);
    if (!name || listed(c->company, name))
        return;
    struct plugin_status s = {.name = name, .version = "", .title = "", .reason = ""};
    s.path = arena_printf(&c->arena, "%s/%s", dir, file);
    if (!c->json) {
        table_module(t, name, "", "available", s.path);
        return;
    }
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "module");
    json_strz(&j, name);
    json_key(&j, "state");
    json_strz(&j, "available");
    json_key(&j, "path");
    json_strz(&j, s.path);
    json_object_end(&j);
    json_print(c, &b);
}

static void scan_folder(struct cmd *c, struct table *t, const char *dir) {
    DIR *d = opendir(dir);
    const struct dirent *entry;
    while (d && (entry = readdir(d)))
        show_available(c, t, dir, entry->d_name);
    if (d)
        closedir(d);
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    (void)e;
    const struct company *company = c->company;
    struct table t;
    table_begin(&t, c, (const char *const[]){"module", "version", "state", "what it is", NULL});
    for (size_t i = 0; i < plugins_count(company->plugins); i++) {
        struct plugin_status s;
        plugins_status(company->plugins, i, &s);
        if (c->json)
            json_module(c, &s);
        else
            table_module(&t, s.name, s.version, plugin_state_name(s.state),
                         s.state == PLUGIN_FAILED ? s.reason : s.title);
    }
    size_t own = settings_count(company->settings, "", "modules.folders");
    for (size_t i = 0; i < own; i++)
        scan_folder(c, &t,
                    settings_item(company->settings, "", "modules.folders", i, NULL).as.s.ptr);
    for (size_t i = 0; c->program->module_dirs[i]; i++)
        scan_folder(c, &t, c->program->module_dirs[i]);
    if (t.count > 0)
        table_print(&t);
    else if (!c->json)
        io_puts(c->io, "There are no modules.\n");
    return KITH_OK;
}

/* -- enable, disable --------------------------------------------------------------------------- */

struct enabled {
    const char *names[256];
    size_t count;
};

/* What is enabled now. Refuses when that is written elsewhere than in our file. */
static kith_status read_enabled(struct cmd *c, struct company **company, struct enabled *now,
                                kith_error *e) {
    struct settings_problems problems = {0};
    kith_status st = company_read(company, c->program, c->dir, &problems, e);
    settings_problems_free(&problems);
    if (!*company || !(*company)->settings)
        return st;
    const struct setting *s = settings_find((*company)->settings, "", "modules.enabled");
    if (s && s->file && strcmp(s->file, MODULES_FILE) != 0)
        return err_set(e, KITH_E_CONFLICT, NULL, "modules.enabled is set at %s:%d: change it there",
                       s->file, s->line);
    size_t n = settings_count((*company)->settings, "", "modules.enabled");
    for (size_t i = 0; i < n && i < 255; i++)
        now->names[now->count++] =
            settings_item((*company)->settings, "", "modules.enabled", i, NULL).as.s.ptr;
    return KITH_OK;
}

static void put_quoted(struct buf *b, const char *text) {
    buf_putc(b, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_putc(b, '\\');
        buf_putc(b, *text);
    }
    buf_putc(b, '"');
}

static kith_status write_file(const char *path, kith_str text, kith_error *e) {
    char *part;
    if (asprintf(&part, "%s.part", path) < 0)
        return err_nomem(e);
    FILE *f = fopen(part, "w");
    bool ok = f && fwrite(text.ptr, 1, (size_t)text.len, f) == text.len && fflush(f) == 0 &&
              fsync(fileno(f)) == 0;
    if (f)
        ok = fclose(f) == 0 && ok;
    ok = ok && rename(part, path) == 0;
    kith_status st = ok ? KITH_OK : err_errno(e, "write", path);
    free(part);
    return st;
}

static kith_status write_enabled(struct cmd *c, const struct enabled *now, kith_error *e) {
    char *folder = company_path(c->dir, "conf.d"), *path = company_path(c->dir, MODULES_FILE);
    struct buf b = {0};
    buf_puts(&b, "# Written by 'kith module enable' and 'kith module disable'.\n"
                 "modules: { enabled = [");
    for (size_t i = 0; i < now->count; i++) {
        buf_puts(&b, i > 0 ? ", " : "");
        put_quoted(&b, now->names[i]);
    }
    buf_puts(&b, "]; };\n");
    kith_status st = !folder || !path || b.failed ? err_nomem(e) : KITH_OK;
    if (st == KITH_OK) {
        mkdir(folder, 0777); /* usually there; if it cannot be made, the file says so */
        st = write_file(path, buf_view(&b), e);
    }
    buf_free(&b);
    free(folder);
    free(path);
    return st;
}

/* A change takes effect when the company is opened the next time. */
static void say_when(struct cmd *c, const char *did, const char *name) {
    int fd = -1;
    if (c->json) {
        struct buf b = {0};
        struct json_out j;
        json_begin(&j, &b, false);
        json_object_(&j);
        json_key(&j, did);
        json_strz(&j, name);
        json_object_end(&j);
        json_print(c, &b);
        return;
    }
    io_printf(c->io, "The module %s is %s.\n", name, did);
    if (sock_connect(c->dir, &fd, NULL) == KITH_OK && fd >= 0) {
        close(fd);
        io_puts(c->io, "'kith serve' goes on as it is until it is started again.\n");
    }
}

/* Would the module load, beside those that are enabled? */
static kith_status try_load(struct cmd *c, const struct company *company, const struct enabled *now,
                            const char *name, kith_error *e) {
    const char *dirs[64];
    struct plugins *p;
    struct plugins_options o = {.names = now->names, .name_count = now->count, .dirs = dirs};
    size_t own = settings_count(company->settings, "", "modules.folders");
    for (size_t i = 0; i < own && i < 32; i++)
        dirs[o.dir_count++] =
            settings_item(company->settings, "", "modules.folders", i, NULL).as.s.ptr;
    for (size_t i = 0; c->program->module_dirs[i]; i++)
        dirs[o.dir_count++] = c->program->module_dirs[i];
    TRY(plugins_load(&p, &o, e));
    kith_status st = KITH_OK;
    struct plugin_status s;
    for (size_t i = 0; i < plugins_count(p) && st == KITH_OK; i++) {
        plugins_status(p, i, &s);
        bool same = strcmp(s.name, name) == 0 || strstr(s.path, name);
        if (same && s.state == PLUGIN_FAILED)
            st = err_set(e, KITH_E_REFUSED, NULL, "the module %s cannot be enabled: %s", name,
                         s.reason);
    }
    plugins_free(p);
    return st;
}

static kith_status enable(struct cmd *c, struct company *company, struct enabled *now,
                          kith_error *e) {
    const char *name = c->args[0];
    char *file = strchr(name, '/') ? realpath(name, NULL) : NULL;
    if (file)
        name = arena_strdup(&c->arena, file);
    free(file);
    for (size_t i = 0; i < now->count; i++) {
        if (strcmp(now->names[i], name) == 0)
            return err_set(e, KITH_E_CONFLICT, NULL, "the module %s is enabled already", name);
    }
    now->names[now->count++] = name;
    TRY(try_load(c, company, now, name, e));
    TRY(write_enabled(c, now, e));
    say_when(c, "enabled", name);
    return KITH_OK;
}

static const char *name_at(const void *arg, size_t i) {
    const struct enabled *now = arg;
    return now->names[i];
}

static kith_status disable(struct cmd *c, struct company *company, struct enabled *now,
                           kith_error *e) {
    const char *name = c->args[0];
    size_t at = 0;
    while (at < now->count && strcmp(now->names[at], name) != 0)
        at++;
    if (at == now->count) {
        const char *near = str_nearest(str_of(name), name_at, now, now->count);
        return err_set(e, KITH_E_NOTFOUND, NULL, "the module %s is not enabled%s%s%s", name,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    for (size_t i = 0; i < plugins_count(company->plugins); i++) {
        struct plugin_status s;
        plugins_status(company->plugins, i, &s);
        for (size_t k = 0; k < s.need_count; k++) {
            if (strcmp(s.needs[k], name) == 0)
                return err_set(e, KITH_E_CONFLICT, NULL, "the module %s needs %s: disable it first",
                               s.name, name);
        }
    }
    memmove(&now->names[at], &now->names[at + 1], (now->count - at - 1) * sizeof now->names[0]);
    now->count--;
    TRY(write_enabled(c, now, e));
    say_when(c, "disabled", name);
    return KITH_OK;
}

static kith_status change_enabled(struct cmd *c,
                                  kith_status (*fn)(struct cmd *c, struct company *company,
                                                    struct enabled *now, kith_error *e),
                                  kith_error *e) {
    struct company *company = NULL;
    struct enabled now = {.count = 0};
    kith_status st = read_enabled(c, &company, &now, e);
    if (st == KITH_OK)
        st = fn(c, company, &now, e);
    company_close(company);
    return st;
}

static kith_status run_enable(struct cmd *c, kith_error *e) {
    return change_enabled(c, enable, e);
}

static kith_status run_disable(struct cmd *c, kith_error *e) {
    return change_enabled(c, disable, e);
}

/* -- inspect ----------------------------------------------------------------------------------- */

static kith_status find_module_file(struct cmd *c, const char **path, kith_error *e) {
    const char *name = c->args[0];
    *path = name;
    if (strchr(name, '/') || access(name, F_OK) == 0)
        return KITH_OK;
    for (size_t i = 0; c->program->module_dirs[i]; i++) {
        *path = arena_printf(&c->arena, "%s/%s.so", c->program->module_dirs[i], name);
        if (*path && access(*path, F_OK) == 0)
            return KITH_OK;
    }
    return err_set(e, KITH_E_NOTFOUND, NULL, "there is no module '%s', and no such file", name);
}

static kith_status run_inspect(struct cmd *c, kith_error *e) {
    const char *path;
    struct buf b = {0};
    TRY(find_module_file(c, &path, e));
    kith_status st = plugin_inspect(path, c->json, &b, e);
    if (c->json)
        io_raw(c->io, buf_view(&b));
    else
        io_lines(c->io, buf_view(&b), 0);
    buf_free(&b);
    return st;
}

const struct command command_module_list = {
    .name = "module list",
    .args = "",
    .help = "the modules: which run, which are out and why, which could be enabled",
    .needs = NEEDS_COMPANY,
    .quiet = true,
    .run = run_list,
};

const struct command command_module_enable = {
    .name = "module enable",
    .args = "NAME",
    .help = "load a module whenever the company is opened; a path with a slash names a file",
    .needs = NEEDS_FOLDER,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_enable,
};

const struct command command_module_disable = {
    .name = "module disable",
    .args = "NAME",
    .help = "load it no more; its records stay in the database",
    .needs = NEEDS_FOLDER,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_disable,
};

const struct command command_module_inspect = {
    .name = "module inspect",
    .args = "NAME",
    .help = "everything that a module or a file declares, without running it",
    .needs = NEEDS_NOTHING,
    .args_min = 1,
    .args_max = 1,
    .run = run_inspect,
};
