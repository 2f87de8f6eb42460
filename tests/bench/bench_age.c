/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the chain and the age of the journal: how long it takes to verify what was written, and
 * what single writes wait while the journal loses its beginning, and while a rule of retention
 * deletes records. Usage: bench_age DIR ROWS */
#include "bench.h"
#include "engine/retention.h"

#include <pthread.h>

#define PART 20000 /* orders at a time */
#define MOST 200000

static struct engine *open_aging(const char *path) {
    struct engine *g = bench_open_keeping(path, 1);
    kith_error e = KITH_ERROR_INIT;
    must(engine_add_retention(g, "half", "lead where source = 'web'", "", &e), &e);
    must_start(g);
    return g;
}

/* -- single writes, one after the other -------------------------------------------------------- */

struct writing {
    struct engine *engine;
    struct order *order;
    _Atomic bool stop;
    double *ms;
    size_t count;
};

static void *write_on(void *arg) {
    struct writing *w = arg;
    while (!atomic_load(&w->stop) && w->count < MOST) {
        kith_error e = KITH_ERROR_INIT;
        int64_t start = clock_ticks();
        must(engine_write(w->engine, &bench_opts, do_order, w->order, NULL, &e), &e);
        w->ms[w->count++] = (double)(clock_ticks() - start) / 1e6;
        usleep(1000);
    }
    return NULL;
}

/* Milliseconds that 99 of 100 writes took at most while fn ran. */
static double p99_beside(struct engine *g, struct order *order, void (*fn)(struct engine *g)) {
    struct writing w = {.engine = g, .order = order, .ms = calloc(MOST, sizeof(double))};
    pthread_t thread = 0;
    if (!w.ms || pthread_create(&thread, NULL, write_on, &w) != 0)
        die("no thread");
    fn(g);
    atomic_store(&w.stop, true);
    pthread_join(thread, NULL);
    qsort(w.ms, w.count, sizeof *w.ms, by_size);
    double p99 = w.count ? w.ms[w.count * 99 / 100] : 0;
    free(w.ms);
    return p99;
}

static void rest(struct engine *g) {
    (void)g;
    sleep(3);
}

static void compact(struct engine *g) {
    struct arena a = {0};
    struct journal_state s;
    kith_error e = KITH_ERROR_INIT;
    must(engine_compact(g, &bench_principal, &s, &a, &e), &e);
    arena_free(&a);
}

static void retain(struct engine *g) {
    struct arena a = {0};
    struct retention_report r;
    kith_error e = KITH_ERROR_INIT;
    must(engine_retention_apply(g, &bench_principal, engine_retention_rule(g, 0), &a, &r, &e), &e);
    arena_free(&a);
}

/* -- all --------------------------------------------------------------------------------------- */

static double timed(struct engine *g, void (*fn)(struct engine *g)) {
    int64_t start = clock_ticks();
    fn(g);
    return (double)(clock_ticks() - start) / 1e9;
}

static void verify(struct engine *g) {
    struct chain_report r;
    kith_error e = KITH_ERROR_INIT;
    must(engine_verify_chain(g, NULL, NULL, NULL, &r, &e), &e);
    if (r.findings)
        die("the chain does not hold");
}

int main(int argc, char **argv) {
    char path[256], what[80];
    if (argc < 3)
        die("usage: bench_age DIR ROWS");
    int64_t n = atoll(argv[2]);
    snprintf(path, sizeof path, "%s/kith.db", argv[1]);
    struct engine *g = open_aging(path);
    struct order *orders = lead_orders(g, PART);
    for (int64_t i = 0; i < PART; i++)
        set_text(&orders[i], "source", i % 40 ? "event" : "web");
    for (int64_t i = 0; i < n; i += PART)
        post_all(g, orders, PART);
    snprintf(what, sizeof what, "verify the chain of %lld rows", (long long)n);
    row(what, "%.2f s", timed(g, verify), NULL, true);
    double alone = p99_beside(g, orders + 1, rest);
    row("single write, 99 of 100", "%.1f ms", alone, NULL, true);
    double beside = p99_beside(g, orders + 1, retain);
    row("  beside a rule of retention that deletes every 40th", "%.1f ms", beside, "<= 50 ms",
        beside <= 50);
    beside = p99_beside(g, orders + 1, compact);
    row("  beside the compaction of the journal", "%.1f ms", beside, "<= 50 ms", beside <= 50);
    engine_close(g);
    free(orders);
    return 0;
}
