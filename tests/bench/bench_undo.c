/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the undo of an import while somebody else writes. Usage: bench_undo DIR ROWS; $KITH
 * names the program. */
#include "child.h"

#include <pthread.h>

#define UNDO_SECONDS 30.0 /* of 100,000 rows */
#define WRITE_MS     50.0

/* -- the run ----------------------------------------------------------------------------------- */

static kith_status find_run(void *arg, const struct tx_head *tx, kith_error *e) {
    (void)e;
    if (tx->origin != ORIGIN_IMPORT)
        return KITH_OK;
    *(kith_id *)arg = tx->run ? tx->run : tx->id;
    return KITH_E_LIMIT;
}

static kith_id import_run(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    struct conn *c;
    kith_id run = 0;
    must(engine_reader(g, &c, &e), &e);
    (void)journal_txs(c, find_run, &run, &e);
    engine_reader_done(g, c);
    if (!run)
        die("there is no import to undo");
    return run;
}

/* -- somebody else ----------------------------------------------------------------------------- */

#define WRITES_MAX 1000000

struct other { /* writes one record after another, each as soon as the one before is on the disk */
    struct engine *g;
    double *ms;
    size_t count;
    _Atomic bool stop;
};

static void *write_on(void *arg) {
    struct other *o = arg;
    const struct schema *s = engine_schema(o->g);
    const struct rtype *lead = schema_type(s, STR("lead"));
    kith_error e = KITH_ERROR_INIT;
    while (!atomic_load(&o->stop) && o->count < WRITES_MAX) {
        struct order order = {.type = lead, .count = 1};
        order.set[0] = (struct assign){type_field(s, lead, STR("name")), value_str(STR("Other"))};
        int64_t start = clock_ticks();
        must(engine_write(o->g, &bench_opts, do_order, &order, NULL, &e), &e);
        o->ms[o->count++] = (double)(clock_ticks() - start) / 1e6;
    }
    return NULL;
}

static void undo_all(struct engine *g, kith_id run, double *seconds) {
    kith_error e = KITH_ERROR_INIT;
    struct arena a = {0};
    struct undo_report r;
    int64_t start = clock_ticks();
    must(engine_undo(g, &bench_principal, run, false, &a, &r, &e), &e);
    *seconds = (double)(clock_ticks() - start) / 1e9;
    if (r.kept + r.refused > 0)
        die("something of the import was not undone");
    arena_free(&a);
}

static void others_rows(struct other *o, const char *when, bool judged) {
    char what[80];
    qsort(o->ms, o->count, sizeof *o->ms, by_size);
    double middle = o->ms[o->count / 2], p99 = o->ms[o->count * 99 / 100];
    snprintf(what, sizeof what, "  another's write %s, median of %zu", when, o->count);
    row(what, "%.2f ms", middle, NULL, true);
    row("    99% of them take less than", "%.2f ms", p99, judged ? "< 50 ms" : NULL,
        p99 < WRITE_MS);
    row("    the slowest", "%.2f ms", o->ms[o->count - 1], NULL, true);
}

static void others_begin(struct other *o, struct engine *g, pthread_t *thread) {
    o->g = g;
    o->count = 0;
    atomic_store(&o->stop, false);
    if (pthread_create(thread, NULL, write_on, o) != 0)
        die("no thread");
}

static void others_end(struct other *o, pthread_t thread) {
    atomic_store(&o->stop, true);
    pthread_join(thread, NULL);
}

static double processor_seconds(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

/* What this process has had written, in MB; 0 where the system does not tell. */
static double written(void) {
    unsigned long long n = 0;
    char line[80];
    FILE *f = fopen("/proc/self/io", "r");
    while (f && fgets(line, sizeof line, f) && sscanf(line, "write_bytes: %llu", &n) != 1)
        ;
    if (f)
        fclose(f);
    return (double)n / 1e6;
}

int main(int argc, char **argv) {
    struct other o = {.ms = calloc(WRITES_MAX, sizeof *o.ms)};
    char dir[256], path[300], what[80], budget[32];
    int64_t n = argc > 2 ? atoll(argv[2]) : 100000;
    pthread_t thread;
    struct engine_stats s[2];
    double seconds, limit = UNDO_SECONDS * (double)n / 1e5;
    if (argc < 2 || n < 1000 || n > 1000003 || !o.ms)
        die("usage: bench_undo DIR [ROWS: 1,000 to 1,000,003]");
    snprintf(dir, sizeof dir, "%s/shop", argv[1]);
    snprintf(path, sizeof path, "%s/kith.db", dir);
    import_contacts(dir, n);
    struct engine *g = bench_open(path);
    must_start(g);
    kith_id run = import_run(g);
    others_begin(&o, g, &thread);
    sleep(2);
    others_end(&o, thread);
    others_rows(&o, "with nothing beside it", false);
    others_begin(&o, g, &thread);
    double before = processor_seconds(), megabytes = written();
    engine_stats(g, &s[0]);
    undo_all(g, run, &seconds);
    double processor = processor_seconds() - before;
    megabytes = written() - megabytes;
    engine_stats(g, &s[1]);
    others_end(&o, thread);
    snprintf(what, sizeof what, "undo of an import of %lld contacts", (long long)n);
    snprintf(budget, sizeof budget, "< %.0f s", limit);
    row(what, "%.1f s", seconds, budget, seconds < limit);
    row("  rows/s", "%.0f/s", (double)n / seconds, NULL, true);
    row("  groups that were committed", "%.0f", (double)(s[1].groups - s[0].groups), NULL, true);
    row("  written to the disk", "%.0f MB", megabytes, NULL, true);
    row("  processor time, the other's included", "%.1f s", processor, NULL, true);
    others_rows(&o, "meanwhile", true);
    engine_close(g);
    free(o.ms);
    return 0;
}
