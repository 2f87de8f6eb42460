/* SPDX-License-Identifier: Apache-2.0 */
/* Reload: a new set of rules is compiled beside the old one, takes its place between two
 * transactions, and is dropped on any mistake. */
#include "script/trial_internal.h"

#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FAILURES_DEFAULT 10
#define WITHIN_DEFAULT   600000
#define TESTS_DEFAULT    30000 /* somebody waits for them */

/* -- has anything changed? --------------------------------------------------------------------- */

/* A number that changes with the files' names, sizes, times and places on the disk, in any order.
 */
static void print_folder(const char *dir, uint64_t *print) {
    struct dirent *entry;
    DIR *d = opendir(dir);
    while (d && (entry = readdir(d))) {
        struct stat st;
        if (!file_ends(entry->d_name, ".lua") || fstatat(dirfd(d), entry->d_name, &st, 0) != 0)
            continue;
        int64_t parts[] = {(int64_t)st.st_ino, st.st_size,        st.st_mtim.tv_sec,
                           st.st_mtim.tv_nsec, st.st_ctim.tv_sec, st.st_ctim.tv_nsec};
        unsigned char hash[crypto_generichash_BYTES_MIN];
        uint64_t number;
        crypto_generichash(hash, sizeof hash, (const unsigned char *)entry->d_name,
                           strlen(entry->d_name), (const unsigned char *)parts, sizeof parts);
        memcpy(&number, hash, sizeof number);
        *print += number;
    }
    if (d)
        closedir(d);
}

static void print_below(const struct scripts *s, const char *folder, uint64_t *print) {
    char *dir;
    if (asprintf(&dir, "%s/%s", s->dir, folder) < 0)
        return;
    print_folder(dir, print);
    free(dir);
}

static uint64_t print_files(const struct scripts *s) {
    static const char *const folders[] = {"rules", "rules/lib", WORKFLOWS};
    const char *more[MODULE_FOLDERS_MAX];
    struct arena a = {0};
    const size_t count = script_module_folders(s, &a, more);
    uint64_t print = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        print_below(s, folders[i], &print);
    for (size_t i = 0; i < count; i++)
        print_below(s, more[i], &print);
    arena_free(&a);
    return print;
}

/* -- open and close ---------------------------------------------------------------------------- */

static struct script_options options_or_default(const struct script_options *o) {
    struct script_options out = o ? *o : (struct script_options){0};
    out.limits = limits_or_default(&out.limits);
    out.failures = out.failures ? out.failures : FAILURES_DEFAULT;
    out.within_ms = out.within_ms ? out.within_ms : WITHIN_DEFAULT;
    out.tests_ms = out.tests_ms ? out.tests_ms : TESTS_DEFAULT;
    return out;
}

static void log_problem(void *arg, const struct script_problem *p) {
    struct arena a = {0};
    const struct scripts *s = arg;
    enum log_level level = p->warning || p->absent ? LOG_INFO : LOG_ERROR;
    log_write(engine_log_level(s->engine, level), "script", "%s: %s%s", script_place(&a, p),
              p->warning ? "warning: " : "", p->message);
    arena_free(&a);
}

static kith_status load_first(struct scripts *s, kith_error *e) {
    if (!s->dir || sodium_init() < 0)
        return err_nomem(e);
    TRY(enable_open(s, e));
    TRY(suspend_open(s->engine, e));
    TRY(flow_actions_add(s, e)); /* before the files, which may name it */
    s->loaded = s->seen = print_files(s);
    TRY(ruleset_load(&s->set, s, e));
    ruleset_report(s->set, log_problem, s);
    return ruleset_register(s->set, e);
}

kith_status scripts_open(struct scripts **out, struct engine *g, const char *dir,
                         const struct script_options *o, kith_error *e) {
    struct scripts *s = *out = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->changing, NULL);
    s->engine = g;
    s->options = options_or_default(o);
    s->dir = strdup(dir);
    kith_status st = load_first(s, e);
    if (st != KITH_OK) {
        scripts_close(s);
        *out = NULL;
    }
    return st;
}

void scripts_close(struct scripts *s) {
    if (!s)
        return;
    ruleset_free(s->set);
    notes_free(s);
    while (s->dropped) {
        struct ruleset *next = s->dropped->next;
        ruleset_free(s->dropped);
        s->dropped = next;
    }
    enable_close(s);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->changing);
    free(s->dir);
    free(s);
}

kith_status scripts_check(struct scripts *s, script_report report, void *arg, size_t *rules,
                          kith_error *e) {
    struct ruleset *set;
    TRY(ruleset_load(&set, s, e));
    size_t count = ruleset_report(set, report, arg),
           mistakes = set->mistakes + set->misplaced + set->faults;
    ruleset_free(set);
    if (rules)
        *rules = count;
    if (!mistakes)
        return KITH_OK;
    return err_set(e, KITH_E_INVAL, NULL, "%zu problem%s in the rules", mistakes,
                   mistakes == 1 ? "" : "s");
}

/* -- swapping ---------------------------------------------------------------------------------- */

static struct rule *rule_named(const struct ruleset *set, const char *file, const char *name) {
    const struct script *s = script_named(set, file);
    struct rule *r = s ? s->rules : NULL;
    while (r && strcmp(r->info.name, name) != 0)
        r = r->next;
    return r;
}

static void take_counts(struct rule *to, const struct rule *from) {
    cost_take(to, from);
    to->streak = from->streak;
    to->streak_since = from->streak_since;
}

/* [writer] between two transactions: nothing runs in the old states. */
static kith_status put_in(struct engine *g, void *arg, kith_error *e) {
    struct ruleset *next = arg;
    (void)g;
    TRY(ruleset_register(next, e));
    for (struct script *s = next->files; s; s = s->next) {
        const struct script *former = script_named(next->all->set, s->file);
        if (former)
            s->budget = former->budget;
        for (struct rule *r = s->rules; r; r = r->next) {
            const struct rule *old = rule_named(next->all->set, s->file, r->info.name);
            if (old)
                take_counts(r, old);
        }
    }
    return KITH_OK;
}

/* What ran and would be off now is a mistake, whatever the reason. */
static void expect_running(struct ruleset *next) {
    for (struct script *s = next->files; s; s = s->next) {
        const struct script *old = script_named(next->all->set, s->file);
        next->mistakes += s->problems && old && !old->problems;
    }
}

static kith_status swap(struct scripts *s, struct ruleset *next, kith_error *e) {
    struct ruleset *old = s->set;
    expect_running(next);
    if (next->mistakes || next->faults)
        return err_set(e, KITH_E_INVAL, NULL, "the rules stay as they were: mend the files first");
    kith_status st = engine_swap(s->engine, put_in, next, e);
    if (st != KITH_OK) { /* in the midst of it, perhaps: the disk */
        next->next = s->dropped;
        s->dropped = next;
        return st;
    }
    pthread_mutex_lock(&s->lock);
    s->set = next;
    pthread_mutex_unlock(&s->lock);
    ruleset_free(old);
    return KITH_OK;
}

void scripts_test_with(struct scripts *s, const struct test_host *host, bool on_reload) {
    s->host = host;
    s->tests_reloads = on_reload;
}

/* What compiles may still not do what it says. */
static kith_status try_out(struct scripts *s, const struct ruleset *next, script_report report,
                           void *arg, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    if (!s->tests_reloads || !next->tests || next->mistakes || next->faults)
        return KITH_OK;
    if (trial_all(s, report, arg, NULL, &why) == KITH_OK)
        return KITH_OK;
    return err_set(e, why.code == KITH_E_LIMIT ? KITH_E_INVAL : why.code, NULL,
                   "%s: the rules stay as they were", why.message);
}

static kith_status reload(struct scripts *s, script_report report, void *arg, size_t *rules,
                          kith_error *e) {
    struct ruleset *next;
    s->loaded = print_files(s);
    TRY(ruleset_load(&next, s, e));
    size_t count = ruleset_report(next, report, arg);
    if (rules)
        *rules = count;
    kith_status st = try_out(s, next, report, arg, e);
    if (st == KITH_OK)
        st = swap(s, next, e);
    if (st != KITH_OK && s->dropped != next)
        ruleset_free(next);
    if (st != KITH_OK && st != KITH_E_INVAL)
        s->loaded = 0; /* not the files' fault: the watch tries again */
    return st;
}

kith_status scripts_reload(struct scripts *s, script_report report, void *arg, size_t *rules,
                           kith_error *e) {
    pthread_mutex_lock(&s->changing);
    kith_status st = reload(s, report, arg, rules, e);
    pthread_mutex_unlock(&s->changing);
    return st;
}

void scripts_watch(struct scripts *s) {
    kith_error e = KITH_ERROR_INIT;
    size_t rules = 0;
    pthread_mutex_lock(&s->changing);
    uint64_t now = print_files(s);
    bool settled = now == s->seen;
    s->seen = now;
    if (settled && now != s->loaded) {
        if (reload(s, log_problem, s, &rules, &e) == KITH_OK)
            log_info("script", "the rules were reloaded: %zu rule%s", rules, rules == 1 ? "" : "s");
        else
            log_error("script", "%s", e.message);
    }
    pthread_mutex_unlock(&s->changing);
}
