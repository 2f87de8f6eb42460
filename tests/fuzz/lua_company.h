/* SPDX-License-Identifier: Apache-2.0 */
/* A company without records, for the targets that need the sandbox of rules. */
#ifndef TESTS_FUZZ_LUA_COMPANY_H
#define TESTS_FUZZ_LUA_COMPANY_H

#include "base/clock.h"
#include "base/log.h"
#include "fuzz/fuzz.h"
#include "script/script_internal.h"

#include <sys/stat.h>
#include <unistd.h>

static struct engine *engine;
static struct scripts *scripts;
static struct kclock fixed;
static char folder[32];

static inline void company_tidy(void) {
    char command[64];
    engine_close(engine);
    scripts_close(scripts);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        abort();
}

/* Once; later calls do nothing. */
static inline void company_begin(void) {
    static const struct script_options limits = {
        .limits = {.steps = 20000, .time_ms = 1000, .memory = 4 << 20, .rows = 10}};
    kith_error e = KITH_ERROR_INIT;
    char path[64];
    if (engine)
        return;
    bool shm = access("/dev/shm", W_OK) == 0; /* spares the disk */
    snprintf(folder, sizeof folder, "%s/kith-lua-XXXXXX", shm ? "/dev/shm" : "/tmp");
    HOLDS(mkdtemp(folder), "cannot make %s", folder);
    snprintf(path, sizeof path, "%s/rules", folder);
    HOLDS(mkdir(path, 0700) == 0, "cannot make %s", path);
    snprintf(path, sizeof path, "%s/kith.db", folder);
    clock_set(&fixed, INT64_C(1717243200000));
    struct engine_options o = {
        .path = path, .clock = &fixed, .base_currency = "EUR", .create = true};
    HOLDS_OK(engine_open(&engine, &o, &e), e);
    HOLDS_OK(scripts_open(&scripts, engine, folder, &limits, &e), e);
    log_mute(); /* what rules say with log() */
    atexit(company_tidy);
}

#endif
