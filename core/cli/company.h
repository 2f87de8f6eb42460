/* SPDX-License-Identifier: Apache-2.0 */
/* Company: one customer's folder with all that belongs to it, opened as a whole:
 *
 *     kith.conf      its settings        conf.d/   more settings, by part
 *     conf.d/types/  its own types and fields
 *     rules/         its Lua rules       kith.db   the database (with -wal, .lock beside it)
 *     kith.sock      while it is served
 */
#ifndef CLI_COMPANY_H
#define CLI_COMPANY_H

#include "base/workday.h"
#include "engine/settings.h"
#include "engine/type_files.h"
#include "plugin/plugin.h"
#include "script/trial.h"

/* Where the program finds its parts; folders in the order of search, NULL-ended. */
#define PROGRAM_DIRS 4
struct program {
    const char *module_dirs[PROGRAM_DIRS + 1];
    const char *share_dirs[PROGRAM_DIRS + 1]; /* with lua/examples, plugins-api/template in them */
};

/* The first of these folders that has a file or folder of this name and ending; in the arena. *path
 * is NULL when none has. */
kith_status program_find(const char *const *dirs, const char *name, const char *ending,
                         struct arena *a, const char **path, kith_error *e);

#define MODULES_MAX     256 /* enabled */
#define MODULE_DIRS_MAX 36  /* in which modules are looked for */

struct company {
    struct arena arena; /* names of modules that could be enabled */
    char *dir;
    struct settings *settings;
    struct type_files *types;
    struct schema_source sources[MODULES_MAX + 1]; /* what the modules declare, then the company */
    struct plugins *plugins;
    struct zone *zone;
    struct workdays workdays;
    struct engine *engine;
    struct scripts *scripts;
    struct kith_topic *events; /* of the company's own */
    size_t event_count;
    struct conn *scratch; /* company_schema */
    struct schema *declared;
    struct kclock clock; /* of one that is there to try something out */
    const struct program *program;
    struct test_host host; /* of the tests of its rules (bench.c) */
};

/* The folder: the given one, else $KITH_COMPANY, else the working folder or the nearest one above
 * it with a kith.conf. The caller frees *dir. KITH_E_NOTFOUND says what to do. */
kith_status company_find(const char *given, char **dir, kith_error *e);
/* The caller frees: the folder's file. */
char *company_path(const char *dir, const char *name);
/* The same for a path from the settings, which may be a full one. */
char *company_file(const char *dir, const char *name);
bool company_has(const char *dir, const char *name); /* is the file there? */

/* Settings, modules, engine, rules; nothing runs before all is open. Problems of the settings are
 * appended to *problems, and make it fail; a module or a rule with a defect is out and logged.
 * KITH_E_BUSY: another process owns it. [main] */
kith_status company_open(struct company **out, const struct program *p, const char *dir,
                         struct settings_problems *problems, kith_error *e);
/* Makes the database of a company that has none, under its name only when it is whole. What an
 * earlier attempt left that was killed is taken over. [main] */
kith_status company_create(const struct program *p, const char *dir,
                           struct settings_problems *problems, kith_error *e);
/* The same company over a copy of its database, for a rehearsal; db is the copy's path. */
kith_status company_open_copy(struct company **out, const struct program *p,
                              const struct company *original, const char *db, kith_error *e);
/* The same company to try something out, under a clock that is set, which stands at `now`; db is
 * the path of its database: of a copy, or of one that is to be made and is empty. Its engine is not
 * started. focus may be NULL; it is borrowed. */
struct company_trial {
    const char *dir, *db;
    bool create;
    bool still; /* nothing runs by itself: for a backtest */
    int64_t now;
    const struct script_focus *focus;
    const struct company *original; /* whose modules it has */
};
kith_status company_open_trial(struct company **out, const struct program *p,
                               const struct company_trial *t, kith_error *e);
/* In reverse order; what was accepted is finished. NULL does nothing. [main] */
void company_close(struct company *c);
/* The parts of company_open, for `kith check` and `kith explain`: settings and modules only, with
 * all problems; company->engine is NULL. *out may be there though it failed. */
kith_status company_read(struct company **out, const struct program *p, const char *dir,
                         struct settings_problems *problems, kith_error *e);

/* The core's settings alone, as far as they can be read. The caller frees *out. */
kith_status company_read_core(const char *dir, struct settings **out,
                              struct settings_problems *problems, kith_error *e);
/* KITH_E_INVAL: a setting names as something to write to what the company is made of. */
kith_status company_check_places(const char *dir, const struct settings *s, kith_error *e);
/* The texts of a list, at most cap of them; they live as long as s does. Gives their number. */
size_t company_text_list(const struct settings *s, const char *key, const char **out, size_t cap);

/* The core's types, those that the modules declare, and those of own (may be NULL), in *scratch, a
 * database in memory, which takes what any would; the caller frees both, when it fails, too.
 * Modules are not started for it.
 */
kith_status company_build_types(const struct plugins *p, const struct schema_source *own,
                                const char *currency, struct arena *a, struct conn **scratch,
                                struct schema **out, kith_error *e);
/* What its modules declare and then `own`, at most MODULES_MAX + 1; gives their number. */
size_t company_sources(const struct company *c, const struct schema_source *own,
                       struct schema_source out[MODULES_MAX + 1]);
/* The types of a company that was read and not opened, built beside its database; the company owns
 * them. */
kith_status company_schema(struct company *c, const struct schema **out, kith_error *e);

/* The i-th event that the core or a running module publishes, and whose it is; NULL behind the
 * last. Those of every type and state are not among them. */
const struct kith_topic *company_topic(const struct company *c, size_t i, const char **owner);
/* The actions of the core itself; NULL past the end. */
const struct own_action *company_own_action(size_t i);

/* company.events of the settings: as rows, and then as topics of the engine (company_events.c) */
kith_status company_events_read(struct company *c, kith_error *e);
kith_status company_events_add(struct company *c, kith_error *e);

/* Where modules are looked for: the company's folders, then the program's. Gives their number; they
 * live as long as s, a and p do. */
size_t company_module_dirs(const struct settings *s, const char *dir, const struct program *p,
                           struct arena *a, const char *dirs[MODULE_DIRS_MAX]);
/* Calls fn for every file NAME.so there, enabled or not; of a name for the first one. */
void company_modules(const struct settings *s, const char *dir, const struct program *p,
                     void (*fn)(void *arg, const char *name, const char *path), void *arg);

/* The core's own settings. */
extern const struct settings_owner core_settings;

#endif
