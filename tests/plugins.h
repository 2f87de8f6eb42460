/* SPDX-License-Identifier: Apache-2.0 */
/* For tests that load plugins: where the shared objects of tests/hostile are, a folder of one's
 * own, and a quiet log. */
#ifndef TESTS_PLUGINS_H
#define TESTS_PLUGINS_H

#include "base/err.h"
#include "base/log.h"
#include "plugin/plugin.h"
#include "test.h"
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

static char plugins_dir[4096]; /* tests/plugins of the build folder */
static char modules_dir[4096]; /* modules of the build folder */
static char folder[4096];      /* of this run; removed by the runner */

__attribute__((constructor)) static void plugins_setup(void) {
    char self[2048] = "";
    const char *tmp = getenv("TMPDIR");
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        abort();
    const char *here = dirname(self);
    snprintf(plugins_dir, sizeof plugins_dir, "%s/plugins", here);
    snprintf(modules_dir, sizeof modules_dir, "%s/../modules", here);
    snprintf(folder, sizeof folder, "%s/kith-plugins-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder))
        abort();
    log_setup(LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
}

static inline const char *in_folder(const char *name) {
    static char paths[4][4200];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f) != 0)
        TEST_FAIL("cannot write %s", path);
}

/* Loads modules by name; the list ends with NULL. */
static inline struct plugins *load(const char *const *names) {
    const char *dirs[] = {plugins_dir, modules_dir};
    struct plugins_options o = {.names = names, .dirs = dirs, .dir_count = 2};
    char copies[4200];
    struct plugins *p = NULL;
    kith_error e = KITH_ERROR_INIT;
    snprintf(copies, sizeof copies, "%s/copies", folder);
    o.copies = copies;
    while (names[o.name_count])
        o.name_count++;
    EXPECT_OK(plugins_load(&p, &o, &e), e);
    return p;
}
#define LOAD(...) load((const char *const[]){__VA_ARGS__, NULL})

static inline struct plugin_status status_of(const struct plugins *p, const char *name) {
    struct plugin_status s;
    for (size_t i = 0; i < plugins_count(p); i++) {
        plugins_status(p, i, &s);
        if (strcmp(s.name, name) == 0)
            return s;
    }
    TEST_FAIL("there is no module %s", name);
}

/* A company with these modules. conf is what stands in kith.conf. */
struct company {
    struct kclock clock;
    struct zone *zone;
    struct plugins *plugins;
    struct settings *settings;
    struct engine *engine;
    struct arena arena;
};

__attribute__((unused)) static const struct principal anna = {.name = "cli:anna", .all = true};
__attribute__((unused)) static const struct write_opts by_anna = {.principal = &anna,
                                                                  .origin = ORIGIN_CLI};

/* Called with the modules of a company before any of them is created. */
__attribute__((unused)) static void (*before_create)(struct plugins *p);
static int64_t company_keeps; /* journal.keep of those that are opened next, ms; 0: for ever */

static inline void load_settings(struct company *c, const char *conf) {
    struct settings_problems problems = {0};
    const struct settings_owner *owners;
    kith_error e = KITH_ERROR_INIT;
    char path[4200];
    static int number;
    snprintf(path, sizeof path, "%s/company%d", folder, number++);
    mkdir(path, 0700);
    strcat(path, "/kith.conf");
    write_file(path, conf);
    *strrchr(path, '/') = '\0';
    size_t count = plugins_owners(c->plugins, &owners);
    EXPECT_OK(settings_load(&c->settings, path, owners, count, 0, &problems, &e), e);
    settings_problems_free(&problems);
}

static inline void open_company(struct company *c, const char *conf, const char *const *modules) {
    static int number;
    const struct schema_source *sources;
    kith_error e = KITH_ERROR_INIT;
    char path[4200];
    *c = (struct company){0};
    clock_set(&c->clock, 1700000000000);
    c->plugins = load(modules);
    load_settings(c, conf);
    snprintf(path, sizeof path, "%s/db%d", folder, number++);
    EXPECT_OK(zone_open(&c->zone, "Europe/Berlin", &e), e);
    struct engine_options o = {.path = path,
                               .clock = &c->clock,
                               .zone = c->zone,
                               .base_currency = "EUR",
                               .journal_keep_ms = company_keeps,
                               .create = true};
    o.source_count = plugins_sources(c->plugins, &sources);
    o.sources = sources;
    EXPECT_OK(engine_open(&c->engine, &o, &e), e);
    if (before_create)
        before_create(c->plugins);
    EXPECT_OK(plugins_create(c->plugins, c->engine, c->settings, &e), e);
    EXPECT_OK(plugins_start(c->plugins, &e), e);
    EXPECT_OK(engine_start(c->engine, &e), e);
}
#define OPEN(c, conf, ...) open_company(c, conf, (const char *const[]){__VA_ARGS__, NULL})

static inline void close_company(struct company *c) {
    engine_close(c->engine);
    plugins_free(c->plugins);
    settings_free(c->settings);
    zone_close(c->zone);
    arena_free(&c->arena);
}

/* Calls an action with at most four arguments and eight results; the results live in the company's
 * arena. */
static inline kith_status call(struct company *c, const char *name, const kith_value *args,
                               kith_value **results, kith_error *e) {
    const struct action *a = engine_action(c->engine, str_of(name));
    if (!a)
        TEST_FAIL("there is no action %s", name);
    static const kith_value none[4];
    *results = ARENA_ARRAY(&c->arena, kith_value, 8);
    return engine_call(c->engine, NULL, &by_anna, a, args ? args : none, &c->arena, *results, NULL,
                       e);
}

static inline const struct rtype *type_of(struct company *c, const char *name) {
    return schema_type(engine_schema(c->engine), str_of(name));
}

static inline void drain(struct company *c) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_drain(c->engine, 60000, &e), e);
}

#endif
