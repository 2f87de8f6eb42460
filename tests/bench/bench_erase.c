/* SPDX-License-Identifier: Apache-2.0 */
/* Measures how long it takes to erase one person among many, and to sweep the files after it.
 * Usage: bench_erase DIR CONTACTS; $KITH names the program. */
#include "child.h"
#include "pages.h"

#define PERSONS  50
#define ERASE_MS 100.0

static double erase_ms(struct engine *g, const struct rtype *type, kith_id id) {
    kith_error e = KITH_ERROR_INIT;
    struct arena a = {0};
    const struct action *action = engine_action(g, STR("record.erase"));
    kith_value args[] = {value_link(id, type->id), value_str(STR("measured"))}, results[8] = {{0}};
    int64_t start = clock_ticks();
    must(engine_call(g, NULL, &bench_opts, action, args, &a, results, NULL, &e), &e);
    double ms = (double)(clock_ticks() - start) / 1e6;
    arena_free(&a);
    return ms;
}

/* Until all that are erased are swept. */
static double sweep_seconds(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    int64_t start = clock_ticks(), n = 1;
    while (n > 0) {
        struct conn *c;
        must(engine_reader(g, &c, &e), &e);
        must(conn_int(c, "SELECT count(*) FROM kith_sweep", 0, &n, &e), &e);
        engine_reader_done(g, c);
        usleep(10000);
    }
    return (double)(clock_ticks() - start) / 1e9;
}

int main(int argc, char **argv) {
    char dir[256], path[300], what[80];
    int64_t n = argc > 2 ? atoll(argv[2]) : 100000;
    double ms[PERSONS];
    if (argc < 2 || n < 1000 || n > 1000003)
        die("usage: bench_erase DIR [CONTACTS: 1,000 to 1,000,003]");
    snprintf(dir, sizeof dir, "%s/shop", argv[1]);
    snprintf(path, sizeof path, "%s/kith.db", dir);
    import_contacts(dir, n);
    struct engine *g = bench_open(path);
    must_start(g);
    struct base b = {.g = g, .type = "contact", .rows = n, .ids = calloc((size_t)n, sizeof *b.ids)};
    struct keep keep = {.ids = b.ids};
    if (!b.ids)
        die("no memory");
    walk(&b, "contact order by id", n / 1000 * 1000, &keep);
    const struct rtype *contact = schema_type(engine_schema(g), STR("contact"));
    for (int i = 0; i < PERSONS; i++)
        ms[i] = erase_ms(g, contact, b.ids[(keep.count / PERSONS) * i]);
    double swept = sweep_seconds(g);
    qsort(ms, PERSONS, sizeof *ms, by_size);
    snprintf(what, sizeof what, "erase one person among %lld, median of %d", (long long)n, PERSONS);
    row(what, "%.2f ms", ms[PERSONS / 2], NULL, true);
    row("  the slowest", "%.2f ms", ms[PERSONS - 1], "< 100 ms", ms[PERSONS - 1] < ERASE_MS);
    row("  the sweep of all of them", "%.1f s", swept, NULL, true);
    engine_close(g);
    free(b.ids);
    arena_free(&b.arena);
    return 0;
}
