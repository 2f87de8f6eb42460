/* SPDX-License-Identifier: Apache-2.0 */
/* Company: finds and opens a company's folder. */
#include "cli/company.h"
#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "cli/backup_plan.h"
#include "cli/bench.h"
#include "cli/folder.h"
#include "cli/own_files.h"
#include "cli/seal.h"
#include "engine/flow.h"
#include "engine/retention.h"
#include <dirent.h>
#include <kith/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *company_path(const char *dir, const char *name) {
    char *path;
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

char *company_file(const char *dir, const char *name) {
    return name[0] == '/' ? strdup(name) : company_path(dir, name);
}

bool company_has(const char *dir, const char *name) {
    char *path = company_path(dir, name);
    bool yes = path && access(path, F_OK) == 0;
    free(path);
    return yes;
}

kith_status program_find(const char *const *dirs, const char *name, const char *ending,
                         struct arena *a, const char **path, kith_error *e) {
    for (; *dirs; dirs++) {
        *path = arena_printf(a, "%s/%s%s", *dirs, name, ending);
        if (!*path)
            return err_nomem(e);
        if (access(*path, F_OK) == 0)
            return KITH_OK;
    }
    *path = NULL;
    return KITH_OK;
}

/* -- finding ----------------------------------------------------------------------------------- */

static bool is_company(const char *dir) {
    return company_has(dir, "kith.conf");
}

static kith_status named_company(const char *name, char **dir, kith_error *e) {
    *dir = realpath(name, NULL);
    if (!*dir)
        return err_errno(e, "open the company", name);
    if (is_company(*dir))
        return KITH_OK;
    kith_status st = KITH_E_NOTFOUND;
    if (access(*dir, X_OK) != 0) /* somebody else's: nothing is known of what is in it */
        st = err_errno(e, "open the company", name);
    else
        err_set(e, st, NULL, "'%s' is no company: it has no kith.conf; 'kith init %s' makes it one",
                name, name);
    free(*dir);
    *dir = NULL;
    return st;
}

kith_status company_find(const char *given, char **dir, kith_error *e) {
    const char *named = given ? given : getenv("KITH_COMPANY");
    if (named && named[0])
        return named_company(named, dir, e);
    char *at = getcwd(NULL, 0);
    while (at && at[0] && !is_company(at)) {
        char *slash = strrchr(at, '/');
        *(slash == at && slash[1] ? slash + 1 : slash) = '\0';
    }
    if (at && at[0]) {
        *dir = at;
        return KITH_OK;
    }
    free(at);
    return err_set(
        e, KITH_E_NOTFOUND, NULL,
        "there is no company here or above: go to its folder, or name it with --company DIR"
        " or KITH_COMPANY, or make one with 'kith init DIR'");
}

/* -- settings and modules ---------------------------------------------------------------------- */

size_t company_text_list(const struct settings *s, const char *key, const char **out, size_t cap) {
    size_t n = settings_count(s, "", key), kept = 0;
    for (size_t i = 0; i < n && kept < cap; i++) {
        kith_value v = settings_item(s, "", key, i, NULL);
        if (v.kind == KITH_TEXT)
            out[kept++] = v.as.s.ptr;
    }
    return kept;
}

size_t company_module_dirs(const struct settings *s, const char *dir, const struct program *p,
                           struct arena *a, const char *dirs[MODULE_DIRS_MAX]) {
    size_t count = company_text_list(s, "modules.folders", dirs, MODULE_DIRS_MAX - PROGRAM_DIRS);
    for (size_t i = 0; i < count; i++) {
        const char *path = dirs[i][0] == '/' ? dirs[i] : arena_printf(a, "%s/%s", dir, dirs[i]);
        dirs[i] = path ? path : dirs[i];
    }
    for (size_t i = 0; p->module_dirs[i]; i++)
        dirs[count++] = p->module_dirs[i];
    return count;
}

/* Whether an earlier folder has it: that one would be loaded. */
static bool hidden_by(const char *const *earlier, size_t count, const char *file) {
    for (size_t i = 0; i < count; i++) {
        if (company_has(earlier[i], file))
            return true;
    }
    return false;
}

static void scan_folder(const char *const *dirs, size_t at,
                        void (*fn)(void *arg, const char *name, const char *path), void *arg) {
    DIR *d = opendir(dirs[at]);
    const struct dirent *entry;
    while (d && (entry = readdir(d))) {
        size_t len = strlen(entry->d_name);
        if (len < 4 || strcmp(entry->d_name + len - 3, ".so") != 0 ||
            hidden_by(dirs, at, entry->d_name))
            continue;
        char *path = company_path(dirs[at], entry->d_name), *name = strndup(entry->d_name, len - 3);
        if (path && name)
            fn(arg, name, path);
        free(path);
        free(name);
    }
    if (d)
        closedir(d);
}

void company_modules(const struct settings *s, const char *dir, const struct program *p,
                     void (*fn)(void *arg, const char *name, const char *path), void *arg) {
    struct arena a = {0};
    const char *dirs[MODULE_DIRS_MAX];
    size_t count = company_module_dirs(s, dir, p, &a, dirs);
    for (size_t i = 0; i < count; i++)
        scan_folder(dirs, i, fn, arg);
    arena_free(&a);
}

kith_status company_read_core(const char *dir, struct settings **out,
                              struct settings_problems *problems, kith_error *e) {
    return settings_load(out, dir, &core_settings, 1, SETTINGS_LENIENT, problems, e);
}

/* Just enough of the settings to know which modules there are. */
static kith_status load_first(const char *dir, struct settings **out, kith_error *e) {
    struct settings_problems passed_over = {0};
    kith_status st = company_read_core(dir, out, &passed_over, e);
    settings_problems_free(&passed_over);
    return st;
}

static kith_status load_modules(struct company *c, const struct program *p,
                                const struct company *original, const struct settings *first,
                                kith_error *e) {
    const char *names[MODULES_MAX], *dirs[MODULE_DIRS_MAX];
    struct plugins_options o = {
        .names = names, .dirs = dirs, .mapped = original ? original->plugins : NULL};
    o.name_count = company_text_list(first, "modules.enabled", names, MODULES_MAX);
    o.dir_count = company_module_dirs(first, c->dir, p, &c->arena, dirs);
    o.crashes = arena_printf(&c->arena, "%s/kith.crashes", c->dir);
    if (!o.crashes)
        return err_nomem(e);
    return plugins_load(&c->plugins, &o, e);
}

/* Everybody who may have settings in the files. */
struct owners {
    struct company *company;
    struct settings_owner items[2 * MODULES_MAX + 1];
    size_t count;
};

/* A module that is not enabled may have settings nevertheless; they are not looked at. */
static void add_disabled(void *arg, const char *name, const char *path) {
    (void)path;
    struct owners *o = arg;
    for (size_t i = 0; i < o->count; i++) {
        if (strcmp(o->items[i].module, name) == 0)
            return;
    }
    char *copy = arena_strdup(&o->company->arena, name);
    if (copy && o->count < sizeof o->items / sizeof o->items[0])
        o->items[o->count++] = (struct settings_owner){.module = copy, .disabled = true};
}

static kith_status load_owned(struct company *c, const struct owners *o,
                              struct settings_problems *problems, kith_error *e) {
    kith_status st = settings_load(&c->settings, c->dir, o->items, o->count, 0, problems, e);
    if (st == KITH_E_INVAL) { /* what can be read is kept, so that it can be explained */
        struct settings_problems again = {0};
        settings_load(&c->settings, c->dir, o->items, o->count, SETTINGS_LENIENT, &again, NULL);
        settings_problems_free(&again);
    }
    return st;
}

static kith_status load_settings(struct company *c, const struct program *p,
                                 const struct settings *first, struct settings_problems *problems,
                                 kith_error *e) {
    const struct settings_owner *loaded;
    size_t count = plugins_owners(c->plugins, &loaded);
    struct owners *o = ARENA_NEW(&c->arena, struct owners);
    if (!o)
        return err_nomem(e);
    o->company = c;
    o->items[o->count++] = core_settings;
    for (size_t i = 0; i < count && i < MODULES_MAX; i++)
        o->items[o->count++] = loaded[i];
    company_modules(first, c->dir, p, add_disabled, o);
    return load_owned(c, o, problems, e);
}

/* What the settings room cannot know: that a text names a zone, a currency or a level of the log.
 */
static kith_status at_setting(const struct settings *all, const char *key, kith_error *e) {
    const struct setting *s = settings_find(all, "", key);
    return s && s->file ? err_prefix(e, "%s:%d: ", s->file, s->line) : err_prefix(e, "%s: ", key);
}

static kith_status read_days(struct company *c, const char *key,
                             kith_status (*add)(struct workdays *, kith_str, kith_error *),
                             kith_error *e) {
    size_t count = settings_count(c->settings, "", key);
    for (size_t i = 0; i < count; i++)
        if (add(&c->workdays, settings_item(c->settings, "", key, i, NULL).as.s, e) != KITH_OK)
            return at_setting(c->settings, key, e);
    return KITH_OK;
}

static kith_status read_workdays(struct company *c, kith_error *e) {
    TRY(read_days(c, "company.weekend", workdays_weekend, e));
    TRY(read_days(c, "company.holidays", workdays_holiday, e));
    TRY(read_days(c, "company.hours", workdays_hours, e));
    if (workdays_check(&c->workdays, e) == KITH_OK)
        return KITH_OK;
    return at_setting(c->settings, "company.hours", e);
}

kith_status company_check_places(const char *dir, const struct settings *s, kith_error *e) {
    static const char *const keys[] = {"log.file", "backup.dir"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        kith_str text = settings_text(s, "", keys[i]);
        kith_error why = KITH_ERROR_INIT;
        char *path = company_file(dir, text.ptr);
        if (!path)
            return err_nomem(e);
        bool own = text.len > 0 && own_file_check(path, &why) != KITH_OK;
        free(path);
        if (!own)
            continue;
        err_set(e, KITH_E_INVAL, keys[i], "%s", why.message);
        return at_setting(s, keys[i], e);
    }
    return KITH_OK;
}

static kith_status check_meaning(struct company *c, kith_error *e) {
    kith_str currency = settings_text(c->settings, "", "company.currency");
    char code[4] = {0};
    if (currency.len == 3)
        memcpy(code, currency.ptr, 3);
    if (currency.len != 3 || currency_digits(code) < 0) {
        err_set(e, KITH_E_INVAL, "company.currency",
                "'%s' is not a currency of ISO 4217, as 'EUR' is", currency.ptr);
        return at_setting(c->settings, "company.currency", e);
    }
    TRY(read_workdays(c, e));
    TRY(company_check_places(c->dir, c->settings, e));
    if (zone_open(&c->zone, settings_text(c->settings, "", "company.zone").ptr, e) != KITH_OK)
        return at_setting(c->settings, "company.zone", e);
    struct backup_plan plan;
    if (backup_every(settings_text(c->settings, "", "backup.every"), &plan, e) != KITH_OK)
        return at_setting(c->settings, "backup.every", e);
    kith_str recipient = settings_text(c->settings, "", "backup.recipient");
    unsigned char public[crypto_box_PUBLICKEYBYTES];
    if (recipient.len > 0 && seal_public_parse(recipient, public, e) != KITH_OK)
        return at_setting(c->settings, "backup.recipient", e);
    const char *rooms[LOG_ROOMS];
    size_t count = company_text_list(c->settings, "log.rooms", rooms, LOG_ROOMS);
    for (size_t i = 0; i < count; i++) {
        if (log_room_check(rooms[i], e) != KITH_OK)
            return at_setting(c->settings, "log.rooms", e);
    }
    return company_events_read(c, e) == KITH_OK ? KITH_OK
                                                : at_setting(c->settings, "company.events", e);
}

/* The settings and the company's types: the problems of both are told. */
static kith_status load_types(struct company *c, kith_status so_far,
                              struct settings_problems *problems, kith_error *e) {
    if (so_far != KITH_OK && so_far != KITH_E_INVAL)
        return so_far;
    kith_status st =
        type_files_read(&c->types, c->dir, NULL, 0, problems, so_far == KITH_OK ? e : NULL);
    return so_far == KITH_OK ? st : so_far;
}

static kith_status read_beside(struct company **out, const struct program *p,
                               const struct company *original, const char *dir,
                               struct settings_problems *problems, kith_error *e) {
    struct company *c = *out = calloc(1, sizeof *c);
    struct settings *first;
    if (!c || !(c->dir = strdup(dir)))
        return err_nomem(e);
    TRY(load_first(dir, &first, e));
    kith_status st = load_modules(c, p, original, first, e);
    if (st == KITH_OK)
        st = load_types(c, load_settings(c, p, first, problems, e), problems, e);
    settings_free(first);
    return st == KITH_OK ? check_meaning(c, e) : st;
}

kith_status company_read(struct company **out, const struct program *p, const char *dir,
                         struct settings_problems *problems, kith_error *e) {
    return read_beside(out, p, NULL, dir, problems, e);
}

size_t company_sources(const struct company *c, const struct schema_source *own,
                       struct schema_source out[MODULES_MAX + 1]) {
    const struct schema_source *modules;
    size_t count = plugins_sources(c->plugins, &modules);
    for (size_t i = 0; i < count; i++)
        out[i] = modules[i];
    if (own)
        out[count++] = *own;
    return count;
}

kith_status company_build_types(const struct plugins *p, const struct schema_source *own,
                                const char *currency, struct arena *a, struct conn **scratch,
                                struct schema **out, kith_error *e) {
    const struct schema_source *modules;
    size_t count = plugins_sources(p, &modules);
    struct schema_source *all = ARENA_ARRAY(a, struct schema_source, count + 2);
    if (!all)
        return err_nomem(e);
    all[0] = schema_core;
    for (size_t i = 0; i < count; i++)
        all[i + 1] = modules[i];
    if (own)
        all[++count] = *own;
    TRY(conn_open(scratch, ":memory:", CONN_WRITER, NULL, e));
    return schema_build(out, *scratch, all, count + 1, currency, e);
}

static const struct schema_source *own_source(const struct company *c) {
    return c->types ? type_files_source(c->types) : NULL;
}

kith_status company_schema(struct company *c, const struct schema **out, kith_error *e) {
    const char *currency = settings_text(c->settings, "", "company.currency").ptr;
    TRY(company_build_types(c->plugins, own_source(c), currency, &c->arena, &c->scratch,
                            &c->declared, e));
    *out = c->declared;
    return KITH_OK;
}

#define CATCH_UP_MS 2000

/* -- opening ----------------------------------------------------------------------------------- */

static uint32_t setting_u32(const struct settings *s, const char *key) {
    return (uint32_t)settings_int(s, "", key);
}

static bool module_on(const void *arg, const char *name) {
    struct plugin_status s;
    return plugins_named(arg, name, &s) && s.state != PLUGIN_FAILED;
}

static struct script_options script_options(const struct company *c,
                                            const struct script_focus *focus) {
    const struct settings *s = c->settings;
    return (struct script_options){
        .module_on = module_on,
        .modules = c->plugins,
        .focus = focus ? *focus : (struct script_focus){0},
        .limits = {.steps = settings_int(s, "", "rules.steps"),
                   .time_ms = settings_int(s, "", "rules.time"),
                   .memory = settings_int(s, "", "rules.memory"),
                   .rows = settings_int(s, "", "rules.rows")},
        .failures = settings_int(s, "", "rules.failures"),
        .within_ms = settings_int(s, "", "rules.within"),
        .may = settings_find(s, "", "rules.may"),
        .scripts = settings_find(s, "", "rules.scripts"),
        .disabled = settings_find(s, "", "workflows.disabled"),
        .runs_keep_ms = settings_int(s, "", "workflows.keep"),
        .budgets = {[BUDGET_WRITES] = settings_int(s, "", "rules.hourly_writes"),
                    [BUDGET_EFFECTS] = settings_int(s, "", "rules.hourly_effects"),
                    [BUDGET_TIME] = settings_int(s, "", "rules.hourly_time")},
    };
}

static bool is_declared_badly(kith_status st) {
    return st == KITH_E_INVAL || st == KITH_E_CONFLICT || st == KITH_E_NOTFOUND ||
           st == KITH_E_UNSUPPORTED || st == KITH_E_LIMIT;
}

static void give_sources(struct company *c, struct engine_options *o) {
    o->source_count = company_sources(c, own_source(c), c->sources);
    o->sources = c->sources;
}

/* A module whose types the database cannot take is out, and the others run: they are added one by
 * one until the guilty ones are found. What the company declares comes last, and is not left out.
 */
static kith_status open_without(struct company *c, struct engine_options *o, kith_error *e) {
    for (size_t tried = 0;;) {
        const struct schema_source *modules;
        kith_error why = KITH_ERROR_INIT;
        give_sources(c, o);
        size_t all = o->source_count;
        bool own = tried > plugins_sources(c->plugins, &modules);
        o->source_count = own ? all : tried;
        kith_status st = engine_open(&c->engine, o, &why);
        if (st == KITH_OK && own)
            return KITH_OK;
        if (st == KITH_OK) {
            engine_close(c->engine);
            c->engine = NULL;
            tried++;
        } else if (!own && tried > 0 && is_declared_badly(st)) {
            plugins_refuse_source(c->plugins, --tried, &why);
        } else {
            err_copy(e, &why);
            return st;
        }
    }
}

/* How a company is opened. */
struct opening {
    const char *dir, *db;
    bool create, trial, still;
    const struct script_focus *focus;
    const struct company *original; /* of a copy, or of one to try something out; or NULL */
};

static kith_status open_engine(struct company *c, const struct opening *how, kith_error *e) {
    const struct settings *s = c->settings;
    struct engine_options o = {
        .path = how->db,
        .clock = how->trial ? &c->clock : NULL,
        .zone = c->zone,
        .workdays = &c->workdays,
        .node = setting_u32(s, "engine.node"),
        .group_max = setting_u32(s, "engine.group"),
        .queue_max = setting_u32(s, "engine.queue"),
        .readers = setting_u32(s, "engine.readers"),
        .cascade_max = setting_u32(s, "engine.cascade"),
        .attempts_max = setting_u32(s, "engine.attempts"),
        .read_limit_ms = settings_int(s, "", "engine.read_limit"),
        .log_all_reads = str_eqz(settings_text(s, "", "access.log"), "all"),
        .password_length = setting_u32(s, "access.password_length"),
        .second_factor = settings_text(s, "", "access.second_factor").ptr,
        .links_at =
            settings_find(s, "web", "address") ? settings_text(s, "web", "address").ptr : NULL,
        .session_idle_ms = settings_int(s, "", "access.session_idle"),
        .session_life_ms = settings_int(s, "", "access.session_life"),
        .journal_keep_ms = settings_int(s, "", "journal.keep"),
        .access_keep_ms = settings_int(s, "", "access.keep"),
        .delivery_workers = setting_u32(s, "outbox.workers"),
        .delivery_attempts = setting_u32(s, "outbox.attempts"),
        .delivery_backoff_ms = settings_int(s, "", "outbox.backoff"),
        .delivery_backoff_max_ms = settings_int(s, "", "outbox.backoff_max"),
        .breaker_failures = setting_u32(s, "outbox.breaker"),
        .breaker_ms = settings_int(s, "", "outbox.breaker_pause"),
        .outbox_keep_ms = settings_int(s, "", "outbox.keep"),
        .create = how->create,
        .still = how->still,
        .trial = how->trial,
    };
    memcpy(o.base_currency, settings_text(s, "", "company.currency").ptr, 3);
    give_sources(c, &o);
    kith_status st = engine_open(&c->engine, &o, e);
    return st != KITH_OK && is_declared_badly(st) ? open_without(c, &o, e) : st;
}

static kith_status add_retention(struct company *c, bool trial, kith_error *e) {
    const struct settings *s = c->settings;
    for (size_t i = 0; i < settings_count(s, "", "retention.rules"); i++) {
        const char *text[3];
        static const char *const keys[] = {"name", "find", "doc"};
        for (int k = 0; k < 3; k++) {
            kith_value v = settings_item(s, "", "retention.rules", i, keys[k]);
            text[k] = v.kind == KITH_TEXT ? v.as.s.ptr : "";
        }
        TRY(engine_add_retention(c->engine, text[0], text[1], text[2], e));
    }
    if (trial) /* which looks at its runs, however long it lasts */
        return KITH_OK;
    return flow_retention(c->engine, settings_int(s, "", "workflows.keep"), e);
}

static kith_status open_rest(struct company *c, const struct opening *how, kith_error *e) {
    struct script_options rules = script_options(c, how->focus);
    rules.no_users = how->trial && how->create;
    if (rules.no_users) /* what is disabled can be tested all the same */
        rules.disabled = NULL;
    TRY(open_engine(c, how, e));
    TRY(plugins_create(c->plugins, c->engine, c->settings, e));
    TRY(plugins_start(c->plugins, e));
    if (company_events_add(c, e) != KITH_OK)
        return at_setting(c->settings, "company.events", e);
    TRY(scripts_open(&c->scripts, c->engine, c->dir, &rules, e));
    TRY(add_retention(c, how->trial, e));
    if (how->trial)
        return KITH_OK;
    scripts_test_with(c->scripts, bench_host(c),
                      settings_bool(c->settings, "", "rules.test_on_reload"));
    return engine_start(c->engine, e);
}

/* SQLite would take an empty file for a new database, and nobody would notice that all is gone. */
static kith_status check_not_empty(const char *db, kith_error *e) {
    struct stat st;
    if (stat(db, &st) != 0 || st.st_size > 0)
        return KITH_OK;
    return err_set(e, KITH_E_CORRUPT, NULL,
                   "the database '%s' is empty: restore a backup with 'kith restore'", db);
}

static kith_status open_with(struct company **out, const struct program *p,
                             const struct opening *how, int64_t now,
                             struct settings_problems *problems, kith_error *e) {
    kith_status st = read_beside(out, p, how->original, how->dir, problems, e);
    if (st == KITH_OK && !how->create)
        st = check_not_empty(how->db, e);
    if (st == KITH_OK) {
        (*out)->program = p;
        clock_set(&(*out)->clock, now);
        st = open_rest(*out, how, e);
    }
    if (st != KITH_OK) {
        company_close(*out);
        *out = NULL;
    }
    return st;
}

kith_status company_open(struct company **out, const struct program *p, const char *dir,
                         struct settings_problems *problems, kith_error *e) {
    char *db = company_path(dir, "kith.db");
    const struct opening how = {.dir = dir, .db = db};
    kith_status st = db ? open_with(out, p, &how, 0, problems, e) : err_nomem(e);
    free(db);
    if (st == KITH_OK) /* nobody may have been here for days */
        engine_catch_up((*out)->engine, CATCH_UP_MS, NULL);
    return st;
}

/* -- making ------------------------------------------------------------------------------------ */

/* SQLite would take the log of another database for the new one's. */
static kith_status check_no_database(const char *dir, kith_error *e) {
    if (company_has(dir, "kith.db"))
        return err_set(e, KITH_E_CONFLICT, NULL, "'%s' is a company already", dir);
    if (company_has(dir, "kith.db-wal"))
        return err_set(e, KITH_E_CONFLICT, NULL,
                       "'%s/kith.db-wal' belongs to a database that is not there: put kith.db back,"
                       " or remove it to begin with a new one",
                       dir);
    return KITH_OK;
}

/* The note in the lock file may be of a database that was there before. */
static kith_status give_name(const char *dir, const char *fresh, const char *db, int lock,
                             kith_error *e) {
    if (company_has(dir, "kith.db.new-wal"))
        return err_set(e, KITH_E_IO, NULL,
                       "the database '%s' cannot be finished, as on a full disk: make room and try"
                       " again",
                       db);
    if (ftruncate(lock, 0) != 0 || !file_name_new(fresh, db))
        return err_errno(e, "make the database", db);
    return KITH_OK;
}

static kith_status create_locked(const struct program *p, const char *dir, const char *db, int lock,
                                 struct settings_problems *problems, kith_error *e) {
    struct company *c;
    struct arena a = {0};
    const char *fresh = arena_printf(&a, "%s.new", db),
               *fresh_lock = arena_printf(&a, "%s.new.lock", db);
    kith_status st = fresh && fresh_lock ? check_no_database(dir, e) : err_nomem(e);
    const struct opening how = {.dir = dir, .db = fresh, .create = true};
    if (st == KITH_OK)
        st = open_with(&c, p, &how, 0, problems, e);
    if (st == KITH_OK) {
        company_close(c);
        unlink(fresh_lock);
        st = give_name(dir, fresh, db, lock, e);
        folder_sync(dir);
    }
    arena_free(&a);
    return st;
}

static const kith_topic *module_topic(const struct company *c, size_t i, const char **owner) {
    for (size_t k = 0; k < plugins_count(c->plugins); k++) {
        const kith_plugin_desc *d = plugins_declared(c->plugins, k);
        const kith_topic *topics = d->topics.items;
        *owner = d->name;
        if (i < d->topics.count)
            return &topics[i];
        i -= d->topics.count;
    }
    return NULL;
}

const kith_topic *company_topic(const struct company *c, size_t i, const char **owner) {
    const kith_topic *own;
    size_t n = 0;
    *owner = "core";
    if (i-- == 0)
        return &scripts_topic;
    for (; (own = engine_own_topic(n)); n++)
        if (n == i)
            return own;
    i -= n;
    if (i < c->event_count) {
        *owner = SCHEMA_COMPANY;
        return &c->events[i];
    }
    return module_topic(c, i - c->event_count, owner);
}

const struct own_action *company_own_action(size_t i) {
    const struct own_action *own;
    for (size_t n = 0; (own = engine_own_action(n)); n++, i--)
        if (i == 0)
            return own;
    own = scripts_actions;
    while (own->name && i-- > 0)
        own++;
    return own->name ? own : NULL;
}

/* The lock of the name that it will have: nobody opens or makes it meanwhile. */
kith_status company_create(const struct program *p, const char *dir,
                           struct settings_problems *problems, kith_error *e) {
    char *db = company_path(dir, "kith.db");
    int lock = -1;
    kith_status st = db ? engine_lock(db, &lock, e) : err_nomem(e);
    if (st == KITH_OK)
        st = create_locked(p, dir, db, lock, problems, e);
    if (lock >= 0)
        close(lock);
    free(db);
    return st;
}

kith_status company_open_copy(struct company **out, const struct program *p,
                              const struct company *original, const char *db, kith_error *e) {
    struct settings_problems problems = {0};
    const struct opening how = {.dir = original->dir, .db = db, .original = original};
    kith_status st = open_with(out, p, &how, 0, &problems, e);
    if (st == KITH_OK)
        engine_copy_of((*out)->engine, original->engine);
    settings_problems_free(&problems);
    return st;
}

kith_status company_open_trial(struct company **out, const struct program *p,
                               const struct company_trial *t, kith_error *e) {
    struct settings_problems problems = {0};
    const struct opening how = {t->dir, t->db, t->create, true, t->still, t->focus, t->original};
    kith_status st = open_with(out, p, &how, t->now, &problems, e);
    settings_problems_free(&problems);
    return st;
}

void company_close(struct company *c) {
    if (!c)
        return;
    engine_close(c->engine);
    scripts_close(c->scripts);
    if (c->plugins)
        plugins_stop(c->plugins, 0);
    plugins_free(c->plugins);
    type_files_free(c->types);
    zone_close(c->zone);
    schema_free(c->declared);
    conn_close(c->scratch);
    settings_free(c->settings);
    arena_free(&c->arena);
    free(c->dir);
    free(c);
}
