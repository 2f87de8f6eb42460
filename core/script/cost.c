/* SPDX-License-Identifier: Apache-2.0 */
/* Cost: what the calls of a rule take, kept in numbers of a fixed size, and what a file may use up
 * within an hour. Counted by the writer alone, so that a count is a store and no locked one; it is
 * of this process and not kept. */
#include "script/script_internal.h"

#include "base/clock.h"

#include <string.h>

#define MINUTE_MS    60000
#define UNIT_NS      64 /* the width of the first buckets; each octave behind them has four */
#define OCTAVE_PARTS 4

/* -- times ------------------------------------------------------------------------------------- */

static unsigned bucket_of(uint64_t ns) {
    uint64_t n = ns / UNIT_NS;
    if (n < OCTAVE_PARTS)
        return (unsigned)n;
    unsigned octave = 63u - (unsigned)__builtin_clzll(n);
    unsigned i = (octave - 1) * OCTAVE_PARTS + (unsigned)((n >> (octave - 2)) % OCTAVE_PARTS);
    return i < COST_BUCKETS ? i : COST_BUCKETS - 1;
}

static uint64_t middle_of(unsigned i) {
    if (i < OCTAVE_PARTS)
        return i * UNIT_NS + UNIT_NS / 2;
    unsigned shift = i / OCTAVE_PARTS - 1;
    uint64_t from = (uint64_t)(OCTAVE_PARTS + i % OCTAVE_PARTS) << shift;
    return from * UNIT_NS + ((UINT64_C(1) << shift) * UNIT_NS) / 2;
}

static uint64_t percentile(const struct cost *c, uint64_t percent) {
    uint64_t all = 0, passed = 0;
    for (unsigned i = 0; i < COST_BUCKETS; i++)
        all += atomic_load_explicit(&c->times[i], memory_order_relaxed);
    for (unsigned i = 0; i < COST_BUCKETS; i++) {
        passed += atomic_load_explicit(&c->times[i], memory_order_relaxed);
        if (passed && passed * 100 >= all * percent)
            return middle_of(i);
    }
    return 0;
}

void cost_copy(const struct rule *r, struct rule_info *out) {
    out->p50_ns = percentile(&r->cost, 50);
    out->p99_ns = percentile(&r->cost, 99);
    out->writes = atomic_load_explicit(&r->cost.writes, memory_order_relaxed);
    out->queries = atomic_load_explicit(&r->cost.queries, memory_order_relaxed);
    out->steps = atomic_load_explicit(&r->cost.steps, memory_order_relaxed);
}

void cost_take(struct rule *to, const struct rule *from) {
    atomic_store(&to->cost.writes, atomic_load(&from->cost.writes));
    atomic_store(&to->cost.queries, atomic_load(&from->cost.queries));
    atomic_store(&to->cost.steps, atomic_load(&from->cost.steps));
    for (unsigned i = 0; i < COST_BUCKETS; i++)
        atomic_store(&to->cost.times[i], atomic_load(&from->cost.times[i]));
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
    _Atomic uint32_t *times = &r->cost.times[bucket_of((uint64_t)ns)];
    atomic_store_explicit(times, atomic_load_explicit(times, memory_order_relaxed) + 1,
                          memory_order_relaxed);
    add(&r->runs, 1);
    add(&r->total_ns, (uint64_t)ns);
    add(&r->failures, st != KITH_OK && (st != KITH_E_REFUSED || s->flows));
    add(&r->cost.writes, txn_writes(f->txn) - f->writes);
    add(&r->cost.queries, (uint64_t)f->queries);
    /* What is left may be far below nothing: one call may ask for any number of steps. */
    add(&r->cost.steps, (uint64_t)f->given - (uint64_t)(f->left > 0 ? f->left : 0));
    return st;
}
