/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what segments cost: an update that moves a record in or out of one with few members and
 * of one with very many; writes that move nobody, beside many segments; one worked out for the
 * first time. In turns, so that the ratios hold when the machine's speed drifts. Usage:
 * bench_segment DIR MEMBERS */
#include "bench.h"

#define ROUNDS 5
#define FEW    10000
#define N      5000 /* updates of a round */
#define BESIDE 100  /* segments that no write of theirs moves */

static void make_segment(struct engine *g, const char *name, const char *query) {
    struct order o = {.type = schema_type(engine_schema(g), STR("segment"))};
    kith_error e = KITH_ERROR_INIT;
    set_text(&o, "name", name);
    set_text(&o, "query", query);
    must(engine_write(g, &bench_opts, do_order, &o, NULL, &e), &e);
}

static void create_leads(struct engine *g, const char *source, int64_t n) {
    for (int64_t done = 0; done < n; done += 10000) {
        int64_t now = n - done < 10000 ? n - done : 10000;
        struct order *orders = new_orders(g, "lead", now);
        for (int64_t i = 0; i < now; i++) {
            set_text(&orders[i], "name", "Lead");
            set_text(&orders[i], "source", source);
        }
        post_all(g, orders, now);
        free(orders);
    }
}

static kith_status note_id(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    kith_id **at = arg;
    (void)values;
    (void)e;
    *(*at)++ = id;
    return KITH_OK;
}

/* The first N leads of a source. */
static void leads_of(struct engine *g, const char *source, kith_id *ids) {
    struct arena a = {0};
    struct query *q;
    struct find_page page = {.limit = N};
    kith_error e = KITH_ERROR_INIT;
    const char *text = arena_printf(&a, "lead where source = '%s' and score = 0", source);
    must(query_parse(&q, engine_schema(g), &a, str_of(text), &e), &e);
    must(engine_find(g, &bench_principal, q, NULL, &page, &a, note_id, &ids, &e), &e);
    if (page.count != N)
        die("too few leads");
    arena_free(&a);
}

/* Updates each of them; its rate per second. */
static double update_all(struct engine *g, const kith_id *ids, const char *field,
                         const char *value) {
    struct order *orders = new_orders(g, "lead", N);
    for (int64_t i = 0; i < N; i++) {
        orders[i].id = ids[i];
        set_text(&orders[i], field, value);
    }
    double seconds = timed_post(g, orders, N);
    free(orders);
    return N / seconds;
}

/* Out, and in again. */
static double flip_all(struct engine *g, const kith_id *ids) {
    return (update_all(g, ids, "score", "-1") + update_all(g, ids, "score", "0")) / 2;
}

int main(int argc, char **argv) {
    char path[256], name[32], query[80];
    int64_t many = argc > 2 ? atoll(argv[2]) : 100000;
    double plain[ROUNDS], few[ROUNDS], lots[ROUNDS], ratio[ROUNDS], beside[ROUNDS], cost[ROUNDS];
    static kith_id rare[N], common[N], other[N];
    kith_error e = KITH_ERROR_INIT;
    if (argc < 2)
        die("usage: bench_segment DIR [MEMBERS]");
    snprintf(path, sizeof path, "%s/kith.db", argv[1]);
    struct engine *g = bench_open(path);
    must_start(g);
    create_leads(g, "web", many);
    create_leads(g, "event", FEW);
    create_leads(g, "referral", N);
    leads_of(g, "web", common);
    leads_of(g, "event", rare);
    leads_of(g, "referral", other);
    int64_t start = clock_ticks();
    make_segment(g, "many", "lead where source = 'web' and score >= 0");
    must(engine_drain(g, 600000, &e), &e);
    double built = (double)(clock_ticks() - start) / 1e9;
    make_segment(g, "few", "lead where source = 'event' and score >= 0");
    must(engine_drain(g, 600000, &e), &e);
    for (int i = 0; i < ROUNDS; i++) {
        plain[i] = flip_all(g, other);
        few[i] = flip_all(g, rare);
        lots[i] = flip_all(g, common);
        ratio[i] = lots[i] / few[i];
    }
    for (int i = 0; i < BESIDE; i++) {
        snprintf(name, sizeof name, "beside%d", i);
        snprintf(query, sizeof query, "lead where score > %d", 1000 + i);
        make_segment(g, name, query);
    }
    must(engine_drain(g, 600000, &e), &e);
    for (int i = 0; i < ROUNDS; i++) {
        beside[i] = flip_all(g, other);
        cost[i] = (1e9 / beside[i] - 1e9 / plain[i]) / BESIDE;
    }
    row("lead update that moves nobody, 2 segments", "%.0f/s", median(plain, ROUNDS), NULL, true);
    row("lead update in or out of a segment of 10,000", "%.0f/s", median(few, ROUNDS), NULL, true);
    row("lead update in or out of a segment of very many", "%.0f/s", median(lots, ROUNDS), NULL,
        true);
    row("  ratio to 10,000, median of 5 pairs", "%.2f", median(ratio, ROUNDS), ">= 0.80",
        median(ratio, ROUNDS) >= 0.8);
    row("what a segment adds to a write that it does not match", "%.0f ns", median(cost, ROUNDS),
        "<= 500", median(cost, ROUNDS) <= 500);
    row("segment worked out for the first time, each million records", "%.2f s",
        built * 1e6 / (double)(many + FEW + N), NULL, true);
    engine_close(g);
    return 0;
}
