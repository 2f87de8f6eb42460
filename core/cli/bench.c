/* SPDX-License-Identifier: Apache-2.0 */
/* Bench: makes an empty company in a folder of its own, in memory where there is such a place: what
 * is written there is for nobody to keep. */
#include "cli/bench.h"

#include "base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX "kith-test-" /* PID-XXXXXX */

static const char *place(void) {
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

static void remove_folder(const char *folder) {
    DIR *d = opendir(folder);
    const struct dirent *entry;
    while (d && (entry = readdir(d)))
        if (strncmp(entry->d_name, "kith.db", 7) == 0)
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
    rmdir(folder);
}

/* What a process left that was killed. */
static void remove_leftovers(void) {
    DIR *d = opendir(place());
    const struct dirent *entry;
    while (d && (entry = readdir(d))) {
        char path[300];
        if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0)
            continue;
        long pid = strtol(entry->d_name + sizeof PREFIX - 1, NULL, 10);
        bool gone = pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
        if (gone &&
            (size_t)snprintf(path, sizeof path, "%s/%s", place(), entry->d_name) < sizeof path)
            remove_folder(path);
    }
    if (d)
        closedir(d);
}

struct bench { /* of one test */
    struct company *company;
    char folder[64], db[80];
};

static kith_status make_folder(struct bench *b, kith_error *e) {
    snprintf(b->folder, sizeof b->folder, "%s/" PREFIX "%ld-XXXXXX", place(), (long)getpid());
    if (!mkdtemp(b->folder))
        return err_errno(e, "make the folder", b->folder);
    snprintf(b->db, sizeof b->db, "%s/kith.db", b->folder);
    return KITH_OK;
}

static void close_bench(void *arg, struct test_bench *out) {
    struct bench *b = out->self;
    (void)arg;
    company_close(b->company);
    remove_folder(b->folder);
    free(b);
    *out = (struct test_bench){0};
}

/* modules: whose are taken; NULL: as their files are now. */
static kith_status open_with(const struct company *c, const struct company *modules,
                             const struct script_focus *focus, const struct test_bench *like,
                             struct test_bench *out, kith_error *e) {
    struct bench *b = calloc(1, sizeof *b);
    if (!b)
        return err_nomem(e);
    remove_leftovers();
    kith_status st = make_folder(b, e);
    if (st != KITH_OK) {
        free(b);
        return st;
    }
    const struct company_trial how = {.dir = c->dir,
                                      .db = b->db,
                                      .create = true,
                                      .now = TRIAL_EPOCH,
                                      .focus = focus,
                                      .original = modules};
    *out = (struct test_bench){.self = b};
    if (like) /* tables are dearer to make than to copy */
        st = engine_copy(like->engine, b->db, e);
    if (st == KITH_OK)
        st = company_open_trial(&b->company, c->program, &how, e);
    if (st != KITH_OK) {
        close_bench(NULL, out);
        return st;
    }
    out->engine = b->company->engine;
    out->scripts = b->company->scripts;
    out->clock = &b->company->clock;
    return KITH_OK;
}

static kith_status open_bench(void *arg, const struct script_focus *focus,
                              const struct test_bench *like, struct test_bench *out,
                              kith_error *e) {
    return open_with(arg, arg, focus, like, out, e);
}

kith_status bench_each_module(struct company *c, bench_module_fn fn, void *arg, kith_error *e) {
    struct test_bench bench;
    kith_status st = open_with(c, NULL, NULL, NULL, &bench, e);
    if (st != KITH_OK)
        return st;
    const struct plugins *all = ((const struct bench *)bench.self)->company->plugins;
    for (size_t i = 0; st == KITH_OK && i < plugins_count(all); i++) {
        struct plugin_status now, next;
        plugins_status(all, i, &next);
        st = fn(arg, plugins_named(c->plugins, next.name, &now) ? &now : NULL, &next, e);
    }
    close_bench(c, &bench);
    return st;
}

static kith_status try_module(void *arg, const struct plugin_status *now,
                              const struct plugin_status *next, kith_error *e) {
    (void)arg;
    if (!now || now->state != PLUGIN_RUNNING || next->state != PLUGIN_FAILED)
        return KITH_OK;
    return err_set(e, KITH_E_REFUSED, NULL,
                   "the module %s would not run any more, so all stays as it is: %s", next->name,
                   next->reason);
}

kith_status bench_try_modules(struct company *c, kith_error *e) {
    return bench_each_module(c, try_module, NULL, e);
}

const struct test_host *bench_host(struct company *c) {
    c->host = (struct test_host){open_bench, close_bench, c};
    return &c->host;
}
