/* SPDX-License-Identifier: Apache-2.0 */
/* For benchmarks of modules: a company with one of them, as the engine loads it. */
#ifndef TESTS_BENCH_MODULE_H
#define TESTS_BENCH_MODULE_H

#include "../random.h"
#include "bench.h"
#include "plugin/plugin.h"

#include <libgen.h>

struct company {
    struct plugins *plugins;
    struct settings *settings;
    struct engine *g;
};

static inline void write_conf(const char *dir, const char *conf) {
    char path[4200];
    snprintf(path, sizeof path, "%s/kith.conf", dir);
    FILE *f = fopen(path, "w");
    if (!f || fputs(conf, f) < 0 || fclose(f) != 0)
        die("cannot write the settings");
}

/* Names with a NULL behind the last. */
static inline void load_modules(struct company *c, const char *dir, const char *const *names) {
    char self[4096] = "", modules[4200], copies[4200];
    kith_error e = KITH_ERROR_INIT;
    struct settings_problems problems = {0};
    const struct settings_owner *owners;
    if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
        die("where is this program?");
    snprintf(modules, sizeof modules, "%s/../modules", dirname(self));
    snprintf(copies, sizeof copies, "%s/copies", dir);
    const char *dirs[] = {modules};
    struct plugins_options o = {.names = names, .dirs = dirs, .dir_count = 1, .copies = copies};
    while (names[o.name_count])
        o.name_count++;
    must(plugins_load(&c->plugins, &o, &e), &e);
    size_t count = plugins_owners(c->plugins, &owners);
    must(settings_load(&c->settings, dir, owners, count, 0, &problems, &e), &e);
    settings_problems_free(&problems);
}

static inline void load_module(struct company *c, const char *dir, const char *name) {
    load_modules(c, dir, (const char *const[]){name, NULL});
}

/* Creates a record with at most 8 fields, by their names. */
static inline kith_status put_record(struct txn *t, const char *type, size_t n,
                                     const char *const *fields, const kith_value *values,
                                     kith_id *id, kith_error *e) {
    const struct schema *s = engine_schema(txn_engine(t));
    const struct rtype *r = schema_type(s, str_of(type));
    struct assign set[8];
    for (size_t i = 0; i < n; i++)
        set[i] = (struct assign){type_field(s, r, str_of(fields[i])), values[i]};
    return txn_create(t, r, set, n, id, e);
}

/* `file`: of the database, without its ending; the settings are those of write_conf(). */
static inline void open_modules(struct company *c, const char *dir, const char *file,
                                const char *const *names) {
    char path[4200];
    kith_error e = KITH_ERROR_INIT;
    const struct schema_source *sources;
    snprintf(path, sizeof path, "%s/%s.db", dir, file);
    load_modules(c, dir, names);
    struct engine_options o = {
        .path = path, .base_currency = "EUR", .queue_max = 20000, .create = true};
    o.source_count = plugins_sources(c->plugins, &sources);
    o.sources = sources;
    must(engine_open(&c->g, &o, &e), &e);
    must(plugins_create(c->plugins, c->g, c->settings, &e), &e);
    must(plugins_start(c->plugins, &e), &e);
    must_start(c->g);
}

static inline void open_module(struct company *c, const char *dir, const char *file,
                               const char *name) {
    open_modules(c, dir, file, (const char *const[]){name, NULL});
}

static inline void close_module(struct company *c) {
    engine_close(c->g);
    plugins_free(c->plugins);
    settings_free(c->settings);
}

#endif
