/* SPDX-License-Identifier: Apache-2.0 */
/* A workflow of ten steps, and the power fails in the midst of the nth write or sync, for every n:
 * whatever it was, the run goes on after it, and each of its effects is there once, in order. What
 * a killed process loses is a part of what a power cut does.
 * workflow [EVERY]: every so many writes only. */
#include "crash/workload.h"
#include "script/script.h"
#include "vfs/fault_vfs.h"

#include "base/id.h"
#include "base/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW      INT64_C(1709287200000)
#define DAY      INT64_C(86400000)
#define STEPS    10
#define SLICE_MS 50   /* without power nothing is ever done */
#define PATIENCE 1200 /* slices, on a busy machine */

/* Steps by time and by events, in branches, with a rule that hears of them; each writes its number.
 */
static const char text[] =
    "workflow('ten', {on = 'contact.created'}, function(contact)\n"
    "  local function step(n) task {title = 'step ' .. n, about = contact} end\n"
    "  step(1)\n"
    "  sleep(days(1))\n"
    "  step(2)\n"
    "  for i = 3, 5 do sleep(days(1)); step(i) end\n"
    "  parallel(function() sleep(days(1)); step(6) end,\n"
    "    function() sleep(days(2)); step(7) end)\n"
    "  local t = task {title = 'ask', about = contact}\n"
    "  wait_for('task.done', {record = t}, days(30))\n"
    "  step(8)\n"
    "  local again = wait_any({late = {'task.created', {title = 'never'}}}, days(1))\n"
    "  step(again and 'wrong' or 9)\n"
    "  start('last', contact)\n"
    "end)\n"
    "workflow('last', {record = 'contact'}, function(contact)\n"
    "  task {title = 'step 10', about = contact}\n"
    "end)\n"
    "on('task.created', {name = 'answer', where = \"title = 'ask'\"}, function(t)\n"
    "  update(t, {state = 'done'})\n"
    "end)\n";

struct world {
    struct kclock clock;
    struct engine *g;
    struct scripts *s;
    char dir[96], path[80];
};

static const struct principal anna = {.name = "anna", .all = true};
static const struct write_opts by_anna = {.principal = &anna, .origin = ORIGIN_CLI};

static kith_status open_world(struct world *w, kith_error *e) {
    struct engine_options o = {.path = w->path,
                               .vfs = FAULT_VFS,
                               .clock = &w->clock,
                               .base_currency = "EUR",
                               .create = true};
    struct script_options so = {.limits = {.time_ms = 20000}};
    w->g = NULL;
    w->s = NULL;
    TRY(engine_open(&w->g, &o, e));
    TRY(scripts_open(&w->s, w->g, w->dir, &so, e));
    return engine_start(w->g, e);
}

static void close_world(struct world *w) {
    engine_close(w->g);
    scripts_close(w->s);
}

static kith_status count(struct world *w, const char *query, int64_t *n, kith_error *e) {
    struct arena a = {0};
    struct query *q;
    struct find_page page = {.limit = 1};
    kith_status st = query_parse(&q, engine_schema(w->g), &a, str_of(query), e);
    if (st == KITH_OK)
        st = engine_find(w->g, &anna, q, NULL, &page, &a, NULL, NULL, e);
    *n = page.count;
    arena_free(&a);
    return st;
}

static kith_status create_contact(struct txn *t, void *arg, kith_error *e) {
    const struct rtype *type = schema_type(engine_schema(txn_engine(t)), STR("contact"));
    struct assign set = {type_field(engine_schema(txn_engine(t)), type, STR("name")),
                         value_str(STR("Ada Lee"))};
    (void)arg;
    return txn_create(t, type, &set, 1, NULL, e);
}

/* One day of the company, or as much of it as the power lasts. */
static kith_status live(struct world *w, kith_error *e) {
    int64_t there;
    TRY(count(w, "contact : count()", &there, e));
    if (!there)
        TRY(engine_write(w->g, &by_anna, create_contact, NULL, NULL, e));
    kith_status st = KITH_E_LIMIT;
    for (int i = 0; st == KITH_E_LIMIT && i < PATIENCE && !fault_vfs_power_is_off(); i++)
        st = engine_drain(w->g, SLICE_MS, e);
    return st;
}

static void check(struct world *w, int64_t nth) {
    kith_error e = KITH_ERROR_INIT;
    char query[80];
    int64_t n, all;
    for (int i = 1; i <= STEPS; i++) {
        snprintf(query, sizeof query, "task where title = 'step %d' : count()", i);
        if (count(w, query, &n, &e) != KITH_OK || n != 1)
            crash_fail("power cut at %lld: step %d was done %lld times; %s", (long long)nth, i,
                       (long long)n, e.message);
    }
    if (count(w, "task : count()", &all, &e) != KITH_OK || all != STEPS + 1)
        crash_fail("power cut at %lld: %lld tasks", (long long)nth, (long long)all);
    if (count(w, "workflow_run where state = 'done' : count()", &n, &e) != KITH_OK || n != 2)
        crash_fail("power cut at %lld: %lld runs are done", (long long)nth, (long long)n);
}

static kith_status no_finding(void *arg, const char *what, const char *sentence, kith_error *e) {
    (void)e;
    if (sentence)
        crash_fail("power cut at %lld: %s: %s", *(long long *)arg, what, sentence);
    return KITH_OK;
}

/* True: the power held to the end. */
static bool life(struct world *w, int64_t nth) {
    kith_error e = KITH_ERROR_INIT;
    long long at = nth;
    size_t findings;
    bool cut = false;
    crash_remove();
    fault_vfs_reset();
    clock_set(&w->clock, NOW);
    for (int day = 0; day < 20;) {
        bool off = fault_vfs_power_is_off();
        if (day == 0 && !cut)
            fault_vfs_power_loss_at(nth);
        kith_status st = open_world(w, &e);
        if (st == KITH_OK)
            st = live(w, &e);
        while (st == KITH_OK && !fault_vfs_power_is_off() && ++day < 20) {
            clock_advance(&w->clock, DAY);
            st = live(w, &e);
        }
        off = fault_vfs_power_is_off();
        if (!off && st != KITH_OK)
            crash_fail("power cut at %lld: %s", at, e.message);
        if (!off) {
            fault_vfs_heal();
            check(w, nth);
            if (engine_doctor(w->g, no_finding, &at, &findings, &e) != KITH_OK)
                crash_fail("power cut at %lld: %s", at, e.message);
            day = 20;
        }
        close_world(w);
        if (off) {
            cut = true;
            fault_vfs_heal();
            if (fault_vfs_power_on() != 0)
                crash_fail("files are open after the engine was closed");
        }
    }
    return !cut;
}

int main(int argc, char **argv) {
    int64_t every = argc > 1 ? atoll(argv[1]) : 1, nth = 1;
    struct world w = {.g = NULL};
    char file[160];
    setvbuf(stdout, NULL, _IOLBF, 0);
    log_setup(LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    snprintf(w.path, sizeof w.path, "%s", crash_path());
    snprintf(w.dir, sizeof w.dir, "%s.rules", w.path);
    snprintf(file, sizeof file, "%s/workflows", w.dir);
    mkdir(w.dir, 0700);
    mkdir(file, 0700);
    snprintf(file, sizeof file, "%s/workflows/ten.lua", w.dir);
    FILE *f = fopen(file, "we");
    kith_error e = KITH_ERROR_INIT;
    if (!f || fputs(text, f) < 0 || fclose(f) != 0 || store_setup(&e) != KITH_OK ||
        fault_vfs_register() != 0)
        crash_fail("cannot begin");
    while (!life(&w, nth))
        nth += every;
    printf("the power was cut at %lld moments of a workflow of %d steps\n",
           (long long)((nth - 1) / every), STEPS);
    unlink(file);
    snprintf(file, sizeof file, "%s/workflows", w.dir);
    rmdir(file);
    rmdir(w.dir);
    crash_remove();
    printf("1 passed, 0 failed\n");
    return 0;
}
