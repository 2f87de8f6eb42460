/* SPDX-License-Identifier: Apache-2.0 */
/* Cost: what the calls of a rule take, kept in numbers of a fixed size, and what a file may use up
 * within an hour. It is of this process and not kept. */
#include "script/script_internal.h"

#include "base/clock.h"

#include <string.h>

#define MINUTE_MS 60000

/* -- totals ------------------------------------------------------------------------------------ */

void cost_copy(const struct rule *r, struct rule_info *out) {
    struct timing_sums times;
    timing_read(&r->cost.times, &times);
    out->runs = times.count;
    out->total_ns = times.total_ns;
    out->p50_ns = times.p50_ns;
    out->p99_ns = times.p99_ns;
    out->failures = atomic_load_explicit(&r->cost.failures, memory_order_relaxed);
    out->writes = atomic_load_explicit(&r->cost.writes, memory_order_relaxed);
    out->queries = atomic_load_explicit(&r->cost.queries, memory_order_relaxed);
    out->steps = atomic_load_explicit(&r->cost.steps, memory_order_relaxed);
}

void cost_take(struct rule *to, const struct rule *from) {
    atomic_store(&to->cost.failures, atomic_load(&from->cost.failures));
    atomic_store(&to->cost.writes, atomic_load(&from->cost.writes));
    atomic_store(&to->cost.queries, atomic_load(&from->cost.queries));
    atomic_store(&to->cost.steps, atomic_load(&from->cost.steps));
    timing_take(&to->cost.times, &from->cost.times);
}

/* -- budgets ----------------------------------------------------------------------------------- */

/* The minutes that are more than an hour ago are forgotten. A clock that was set back goes on in
 * the minute that it had reached. */
static void go_to(struct used *u, int64_t minute) {
    if (minute - u->minute >= MINUTES) {
        memset(u->sum, 0, sizeof u->sum);
        memset(u->minutes, 0, sizeof u->minutes);
        u->minute = minute;
    }
    while (u->minute < minute) {
        int64_t *old = u->minutes[++u->minute % MINUTES];
        for (int i = 0; i < BUDGETS; i++) {
            u->sum[i] -= old[i];
            old[i] = 0;
        }
    }
}

/* The first one that is passed, or BUDGETS. */
static int spend(struct used *u, int64_t now, const int64_t *spent) {
    int passed = BUDGETS;
    go_to(u, now / MINUTE_MS);
    for (int i = BUDGETS - 1; i >= 0; i--) {
        int64_t max = i == BUDGET_TIME ? u->max[i] * 1000000 : u->max[i];
        u->minutes[u->minute % MINUTES][i] += spent[i];
        u->sum[i] += spent[i];
        if (max && u->sum[i] > max)
            passed = i;
    }
    return passed;
}

/* That of an earlier version is the file's. */
static struct used *budget_of(struct script *s) {
    struct script *file = s->pinned ? script_named(s->set, s->file) : NULL;
    return file ? &file->budget : &s->budget;
}

static kith_status check_budget(struct script *s, const struct frame *f, int64_t ns, kith_status st,
                                kith_error *e) {
    static const char *const words[] = {"rows written", "effects", "ms"};
    struct used *u = budget_of(s);
    kith_error why = KITH_ERROR_INIT;
    bool kept = st == KITH_OK;
    if (f->outer && kept) /* as its rows and its time, they are of the call within which it is */
        f->outer->effects += f->effects;
    if (!(u->max[BUDGET_WRITES] | u->max[BUDGET_EFFECTS] | u->max[BUDGET_TIME]) || f->outer ||
        txn_rehearsing(f->txn))
        return st;
    int64_t spent[] = {[BUDGET_WRITES] = kept ? (int64_t)(txn_writes(f->txn) - f->writes) : 0,
                       [BUDGET_EFFECTS] = kept ? f->effects : 0,
                       [BUDGET_TIME] = ns};
    int passed = spend(u, txn_now(f->txn), spent);
    if (passed == BUDGETS)
        return st;
    memset(u->sum, 0, sizeof u->sum); /* whoever resumes the file gives it another hour's worth */
    memset(u->minutes, 0, sizeof u->minutes);
    err_set(&why, KITH_E_LIMIT, NULL,
            "%s: its rule '%s' passed the budget of %lld %s within an hour (rules.scripts)",
            s->file, f->rule->info.name, (long long)u->max[passed], words[passed]);
    suspend_now(f->rule, f->txn, "passed a budget", &why);
    if (!kept)
        return st;
    err_copy(e, &why);
    return KITH_E_LIMIT;
}

/* -- counting ---------------------------------------------------------------------------------- */

static void add(_Atomic uint64_t *n, uint64_t more) {
    atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

kith_status cost_count(struct script *s, const struct frame *f, kith_status st, kith_error *e) {
    struct rule *r = (struct rule *)(uintptr_t)f->rule;
    int64_t ns = clock_ticks() - f->begin;
    st = check_budget(s, f, ns, st, e);
    timing_add(&r->cost.times, (uint64_t)ns);
    add(&r->cost.failures, st != KITH_OK && (st != KITH_E_REFUSED || s->flows));
    add(&r->cost.writes, txn_writes(f->txn) - f->writes);
    add(&r->cost.queries, (uint64_t)f->queries);
    /* What is left may be far below nothing: one call may ask for any number of steps. */
    add(&r->cost.steps, (uint64_t)f->given - (uint64_t)(f->left > 0 ? f->left : 0));
    return st;
}
