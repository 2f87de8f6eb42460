/* SPDX-License-Identifier: Apache-2.0 */
/* kith module list, enable, disable, inspect. */
#include "cli/conf_file.h"
#include "cli/module_grants.h"
#include "cli/wire.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- list -------------------------------------------------------------------------------------- */

static void json_module(struct cmd *c, const struct plugin_status *s, const char *state) {
    struct buf b = {0};
    struct json_out j;
    json_begin(&j, &b, false);
    json_object_(&j);
    json_key(&j, "module");
    json_strz(&j, s->name);
    json_key(&j, "version");
    json_strz(&j, s->version);
    json_key(&j, "state");
    json_strz(&j, state);
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
    struct plugin_status s;
    return plugins_named(company->plugins, name, &s);
}

struct listing {
    struct cmd *c;
    struct table table;
};

/* One that is there and not among the enabled ones. */
static void show_available(void *arg, const char *name, const char *path) {
    struct listing *l = arg;
    struct cmd *c = l->c;
    const struct plugin_status unread = {
        .name = name, .path = path, .version = "", .title = "", .reason = ""};
    if (listed(c->company, name))
        return;
    if (c->json)
        json_module(c, &unread, "available");
    else
        table_module(&l->table, name, "", "available", path);
}

static kith_status run_list(struct cmd *c, kith_error *e) {
    (void)e;
    struct listing l = {.c = c};
    table_begin(&l.table, c,
                (const char *const[]){"module", "version", "state", "what it is", NULL});
    for (size_t i = 0; i < plugins_count(c->company->plugins); i++) {
        struct plugin_status s;
        plugins_status(c->company->plugins, i, &s);
        if (c->json)
            json_module(c, &s, plugin_state_name(s.state));
        else
            table_module(&l.table, s.name, s.version, plugin_state_name(s.state),
                         s.state == PLUGIN_FAILED ? s.reason : s.title);
    }
    company_modules(c->company->settings, c->company->dir, c->program, show_available, &l);
    if (l.table.count > 0)
        table_print(&l.table);
    else if (!c->json)
        io_puts(c->io, "There are no modules.\n");
    return KITH_OK;
}

/* -- enable, disable --------------------------------------------------------------------------- */

typedef kith_status (*conf_fn)(struct cmd *c, const struct company *company,
                               struct modules_conf *conf, kith_error *e);

/* A change takes effect when the company is opened the next time. */
static void say_done(struct cmd *c, const char *did, const char *name) {
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
        io_puts(c->io, "'kith serve' goes on as it is until 'kith reload'.\n");
    }
}

/* Can there be the types that all of them declare? */
static kith_status try_types(struct cmd *c, const struct plugins *p, kith_error *e) {
    struct conn *scratch = NULL;
    struct schema *schema = NULL;
    kith_status st = company_build_types(p, NULL, "EUR", &c->arena, &scratch, &schema, e);
    schema_free(schema);
    conn_close(scratch);
    return st;
}

/* Would it load, beside those that are enabled? Gives the file that was found. */
static kith_status try_load(struct cmd *c, const struct company *company,
                            const struct modules_conf *conf, struct module_entry *entry,
                            const char **path, kith_error *e) {
    const char *names[MODULES_MAX], *dirs[MODULE_DIRS_MAX];
    struct plugins *p;
    struct plugins_options o = {.names = names, .dirs = dirs};
    o.name_count = modules_conf_names(conf, names);
    o.dir_count = company_module_dirs(company->settings, c->dir, c->program, &c->arena, dirs);
    TRY(plugins_load(&p, &o, e));
    kith_status st = err_set(e, KITH_E_NOTFOUND, NULL, "there is no module '%s'", entry->name);
    for (size_t i = 0; i < plugins_count(p); i++) {
        struct plugin_status s;
        plugins_status(p, i, &s);
        if (strcmp(s.name, entry->name) != 0 && strcmp(s.path, entry->name) != 0)
            continue;
        *path = arena_strdup(&c->arena, s.path);
        entry->module = arena_strdup(&c->arena, s.name);
        if (!*path || !entry->module)
            st = err_nomem(e);
        else
            st = s.state != PLUGIN_FAILED
                     ? try_types(c, p, e)
                     : err_set(e, s.path[0] ? KITH_E_REFUSED : KITH_E_NOTFOUND, NULL,
                               "the module %s cannot be enabled: %s", entry->name, s.reason);
        break;
    }
    plugins_free(p);
    return st;
}

/* Whoever enables a module gives it what it asks for, unless the company's settings say already
 * what it may; it is said, and written where it can be taken away again. */
static void grant_all(struct cmd *c, const struct asked_for *asked, struct module_entry *entry) {
    entry->grant_count = 0;
    for (size_t i = 0; i < asked->count; i++) {
        entry->grants[entry->grant_count++] = asked->names[i];
        module_may(c, asked->names[i], asked->docs[i]);
    }
}

/* A file that comes with the module, for the company to change: conf.d/NAME.conf. *target NULL:
 * none comes with it. */
static kith_status copy_file(struct cmd *c, const char *folder, const char *module,
                             const char *ending, const char **target, kith_error *e) {
    const char *source, *shipped = arena_printf(&c->arena, "config/%s/%s", folder, module);
    *target = arena_printf(&c->arena, "%s/%s%s", folder, module, ending);
    if (!*target || !shipped)
        return err_nomem(e);
    TRY(program_find(c->program->share_dirs, shipped, ending, &c->arena, &source, e));
    if (!source) {
        *target = NULL;
        return KITH_OK;
    }
    const char *path = arena_printf(&c->arena, "%s/%s", c->dir, folder);
    if (!path)
        return err_nomem(e);
    mkdir(path, 0777); /* usually there; if it cannot be made, the file says so */
    return company_add_file(c->io, c->dir, *target, source, e);
}

static kith_status copy_settings(struct cmd *c, const char *module, kith_error *e) {
    const char *target, *share;
    TRY(copy_file(c, "conf.d", module, ".conf", &target, e));
    TRY(program_find(c->program->share_dirs, COMPANY_EXAMPLES, "", &c->arena, &share, e));
    if (!target)
        return share ? KITH_OK : company_no_share(c, "no file of settings was copied");
    if (!c->json)
        io_printf(c->io, "Its settings are in %s.\n", target);
    return KITH_OK;
}

/* Roles to begin with, which nobody has until they are imported. */
static kith_status copy_roles(struct cmd *c, const char *module, kith_error *e) {
    const char *target;
    TRY(copy_file(c, "roles", module, ".jsonl", &target, e));
    if (target && !c->json)
        io_printf(c->io, "Roles to begin with are in %s: 'kith import role %s --key name'.\n",
                  target, target);
    return KITH_OK;
}

/* Workflows that come with the module, for the company to change: they are in use while the module
 * is enabled. One that is there stays as it is. */
static kith_status copy_workflows(struct cmd *c, const char *module, kith_error *e) {
    const char *folder = arena_printf(&c->arena, "workflows/%s", module), *source;
    const char *shipped = arena_printf(&c->arena, COMPANY_EXAMPLES "/%s", folder ? folder : "");
    if (!folder || !shipped)
        return err_nomem(e);
    TRY(program_find(c->program->share_dirs, shipped, "", &c->arena, &source, e));
    if (!source)
        return KITH_OK;
    TRY(company_add_folder(c->io, c->dir, folder, source, e));
    if (!c->json)
        io_printf(c->io, "Its workflows are in %s/.\n", folder);
    return KITH_OK;
}

static kith_status check_runs(const struct company *company, const char *module, kith_error *e) {
    struct plugin_status s;
    return plugins_named(company->plugins, module, &s) && s.state == PLUGIN_FAILED
               ? err_set(e, KITH_E_REFUSED, NULL, "%s", s.reason)
               : KITH_OK;
}

/* Whether it starts, and whether all that it names is there, shows in the opened company alone. Of
 * one that another process has open nothing can be said. */
static kith_status try_start(struct cmd *c, const char *module, kith_error *e) {
    struct settings_problems problems = {0};
    struct company *company = NULL;
    kith_error why = KITH_ERROR_INIT;
    kith_status st = company_open(&company, c->program, c->dir, &problems, &why);
    settings_problems_free(&problems);
    if (st == KITH_OK)
        st = check_runs(company, module, &why);
    company_close(company);
    if (st == KITH_OK || st == KITH_E_BUSY)
        return KITH_OK;
    return err_set(e, KITH_E_REFUSED, NULL,
                   "the module %s does not run ('kith module disable %s' takes it out again): %s",
                   module, module, why.message);
}

/* Enabling a module again gives it what a new version asks for; where the company's own settings
 * say what it may, only when that is wanted. */
static kith_status give(struct cmd *c, const char *path, struct modules_conf *conf,
                        struct module_entry *entry, kith_error *e) {
    struct asked_for *asked = ARENA_NEW(&c->arena, struct asked_for);
    bool elsewhere;
    if (!asked)
        return err_nomem(e);
    TRY(module_asks_for(c, path, asked, e));
    TRY(module_grants_elsewhere(c, entry->module, asked, cmd_option(c, "grants") != NULL,
                                &elsewhere, e));
    if (elsewhere)
        return KITH_OK;
    grant_all(c, asked, entry);
    return modules_conf_write(conf, c->dir, e);
}

static kith_status enable(struct cmd *c, const struct company *company, struct modules_conf *conf,
                          kith_error *e) {
    char *file = strchr(c->args[0], '/') ? realpath(c->args[0], NULL) : NULL;
    const char *path, *name = arena_strdup(&c->arena, file ? file : c->args[0]);
    if (!file && strchr(c->args[0], '/'))
        return err_errno(e, "open", c->args[0]);
    free(file);
    struct module_entry *entry = name ? modules_conf_add(conf, name) : NULL;
    if (!entry)
        return err_set(e, KITH_E_LIMIT, NULL, "more than %d modules cannot be enabled",
                       MODULES_MAX);
    TRY(try_load(c, company, conf, entry, &path, e));
    TRY(copy_settings(c, entry->module, e));
    TRY(copy_workflows(c, entry->module, e));
    TRY(copy_roles(c, entry->module, e));
    TRY(modules_conf_write(conf, c->dir, e));
    TRY(give(c, path, conf, entry, e));
    say_done(c, "enabled", entry->module);
    return try_start(c, entry->module, e);
}

static const char *name_at(const void *arg, size_t i) {
    const struct modules_conf *conf = arg;
    return conf->items[i].module;
}

/* Settings of a module in Kith's own folders are passed over when it is not enabled; those of one
 * that only modules.conf knows would be words that nobody understands. */
static kith_status check_settings_gone(const struct company *company, const char *path,
                                       const char *module, kith_error *e) {
    const struct settings *s = company->settings;
    for (size_t i = 0; strchr(path, '/') && i < settings_total(s); i++) {
        const struct setting *own = settings_at(s, i);
        if (strcmp(own->module, module) == 0 && own->file && modules_conf_elsewhere(own))
            return err_set(e, KITH_E_CONFLICT, NULL,
                           "%s:%d sets %s, which nobody would know any more: remove its settings "
                           "first",
                           own->file, own->line, own->path);
    }
    return KITH_OK;
}

static kith_status disable(struct cmd *c, const struct company *company, struct modules_conf *conf,
                           kith_error *e) {
    const char *name = c->args[0];
    for (size_t i = 0; i < plugins_count(company->plugins); i++) {
        struct plugin_status s;
        plugins_status(company->plugins, i, &s);
        for (size_t k = 0; k < s.need_count; k++) {
            if (strcmp(s.needs[k], name) == 0)
                return err_set(e, KITH_E_CONFLICT, NULL, "the module %s needs %s: disable it first",
                               s.name, name);
        }
    }
    struct module_entry *entry = modules_conf_find(conf, name);
    if (!entry) {
        const char *near = str_nearest(str_of(name), name_at, conf, conf->count);
        return err_set(e, KITH_E_NOTFOUND, NULL, "the module %s is not enabled%s%s%s", name,
                       STR_MEANT(near));
    }
    TRY(check_settings_gone(company, entry->name, entry->module, e));
    modules_conf_remove(conf, entry);
    TRY(modules_conf_write(conf, c->dir, e));
    say_done(c, "disabled", name);
    return KITH_OK;
}

static kith_status change_locked(struct cmd *c, conf_fn fn, kith_error *e) {
    struct settings_problems problems = {0};
    struct company *company = NULL;
    struct modules_conf *conf = ARENA_NEW(&c->arena, struct modules_conf);
    kith_status st = company_read(&company, c->program, c->dir, &problems, e);
    settings_problems_free(&problems);
    if (!conf)
        st = err_nomem(e);
    else if (company && company->settings) /* with mistakes elsewhere it is good enough */
        st = modules_conf_read(conf, company, &c->arena, e);
    if (st == KITH_OK)
        st = fn(c, company, conf, e);
    company_close(company);
    return st;
}

static kith_status change_conf(struct cmd *c, conf_fn fn, kith_error *e) {
    int folder;
    kith_status st = conf_lock(c->dir, &folder, e);
    if (st == KITH_OK)
        st = change_locked(c, fn, e);
    if (folder >= 0)
        close(folder);
    return st;
}

static kith_status run_enable(struct cmd *c, kith_error *e) {
    return change_conf(c, enable, e);
}

static kith_status run_disable(struct cmd *c, kith_error *e) {
    return change_conf(c, disable, e);
}

/* -- resume ------------------------------------------------------------------------------------ */

static kith_status run_resume(struct cmd *c, kith_error *e) {
    const char *path = company_path(c->dir, "kith.crashes");
    if (!path)
        return err_nomem(e);
    TRY(plugins_resume(path, c->args[0], e));
    say_done(c, "resumed", c->args[0]);
    return KITH_OK;
}

/* -- inspect ----------------------------------------------------------------------------------- */

static kith_status find_module_file(struct cmd *c, const char **path, kith_error *e) {
    const char *name = c->args[0];
    *path = name;
    if (strchr(name, '/') || access(name, F_OK) == 0)
        return KITH_OK;
    TRY(program_find(c->program->module_dirs, name, ".so", &c->arena, path, e));
    return *path ? KITH_OK
                 : err_set(e, KITH_E_NOTFOUND, NULL, "there is no module '%s', and no such file",
                           name);
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
    .args = "MODULE",
    .help = "load a module whenever the company is opened; a path with a slash names a file",
    .more =
        "The module is given the permissions that it asks for. They are shown, and stand in\n"
        "conf.d/modules.conf, where they can be taken away. One that does not start is told with\n"
        "its reason, and exit code 1; a company that is served shows it at the next start.\n\n"
        "Where a file of yours says what it may, as conf.d/sales.conf, that holds. A new version\n"
        "may ask for more: what is missing is shown, and --grants adds it to the list there.",
    .options = {{"grants", NULL,
                 "add what it asks for and has not to the file that says what it may"}},
    .needs = NEEDS_FOLDER,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_enable,
};

const struct command command_module_disable = {
    .name = "module disable",
    .args = "MODULE",
    .help = "load it no more; its records stay in the database",
    .needs = NEEDS_FOLDER,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_disable,
};

const struct command command_module_resume = {
    .name = "module resume",
    .args = "MODULE",
    .help = "let a module run again that crashed twice within ten minutes",
    .more = "Such a module is kept out when the company is opened: the rest runs, and its own\n"
            "records are read but not written. 'kith module list' tells what it was doing.",
    .needs = NEEDS_FOLDER,
    .quiet = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_resume,
};

const struct command command_module_inspect = {
    .name = "module inspect",
    .args = "MODULE",
    .help = "everything that a module or a file declares, and how it does in the loader's checks",
    .more = "Its code runs in a child process for a moment, and no instance is made. A module\n"
            "that fails a check would not be loaded; each says what to do.",
    .needs = NEEDS_NOTHING,
    .open = true,
    .args_min = 1,
    .args_max = 1,
    .run = run_inspect,
};
