/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured of one database: pages, reads, updates of records at random. */
#ifndef TESTS_BENCH_PAGES_H
#define TESTS_BENCH_PAGES_H

#include "bench.h"

#define PAGE    50
#define QUERIES 200

/* -- one database ------------------------------------------------------------------------------ */

struct base {
    struct engine *g;
    const char *type;
    int64_t rows;
    kith_id *ids;
    struct arena arena;
};

struct keep { /* where the ids of a page go; NULL: nowhere */
    kith_id *ids;
    int64_t count;
};

static inline kith_status keep_id(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct keep *k = arg;
    (void)values;
    (void)e;
    if (k->ids)
        k->ids[k->count++] = id;
    return KITH_OK;
}

/* Reads a page as a program asks for it: the text is parsed each time. */
static inline void page_of(struct base *b, const char *text, kith_str after, int64_t limit,
                           struct keep *keep, struct arena *a, kith_str *cursor) {
    kith_error e = KITH_ERROR_INIT;
    struct query *q;
    struct find_page page = {.after = after, .limit = limit};
    must(query_parse(&q, engine_schema(b->g), a, str_of(text), &e), &e);
    must(engine_find(b->g, &bench_principal, q, NULL, &page, a, keep_id, keep, &e), &e);
    if (page.count != limit)
        die("a page is not full");
    if (cursor)
        *cursor = page.cursor;
}

/* Reads that many rows page by page; the cursor after them. */
static inline kith_str walk(struct base *b, const char *text, int64_t rows, struct keep *keep) {
    const int64_t step = 1000;
    struct arena page = {0};
    kith_str after = {0}, kept = {0};
    for (int64_t i = 0; i < rows; i += step) {
        page_of(b, text, kept, step, keep, &page, &after);
        kept = arena_str(&b->arena, after);
        arena_reset(&page);
    }
    arena_free(&page);
    return kept;
}

/* The database in dir, with room for the ids of the type's records. */
static inline void base_open(struct base *b, const char *dir, const char *type, int64_t rows) {
    char path[300];
    *b = (struct base){.type = type, .rows = rows};
    snprintf(path, sizeof path, "%s/kith.db", dir);
    b->g = bench_open(path);
    must_start(b->g);
    b->ids = calloc((size_t)rows, sizeof *b->ids);
    if (!b->ids)
        die("no memory");
}

static inline void base_close(struct base *b) {
    engine_close(b->g);
    arena_free(&b->arena);
    free(b->ids);
}

/* -- pages ------------------------------------------------------------------------------------- */

struct spread {
    double middle, most; /* microseconds */
};

static inline struct spread spread_of(double *us, size_t n) {
    double middle = median(us, n); /* sorts */
    return (struct spread){middle, us[n - 1]};
}

/* The first page and the one after the cursor, in turns. */
static inline void pages(struct base *b, const char *text, kith_str middle, struct spread out[2]) {
    double us[2][QUERIES];
    struct arena a = {0};
    struct keep none = {0};
    for (int i = 0; i < 2 * QUERIES; i++) {
        int64_t start = clock_ticks();
        page_of(b, text, i % 2 ? middle : (kith_str){0}, PAGE, &none, &a, NULL);
        us[i % 2][i / 2] = (double)(clock_ticks() - start) / 1e3;
        arena_reset(&a);
    }
    arena_free(&a);
    out[0] = spread_of(us[0], QUERIES);
    out[1] = spread_of(us[1], QUERIES);
}

static inline void page_row(const char *what, const struct base *b, struct spread s) {
    char text[100], figure[40];
    snprintf(text, sizeof text, "%s, of %lld", what, (long long)b->rows);
    snprintf(figure, sizeof figure, "%.2f (max %.1f) ms", s.middle / 1000, s.most / 1000);
    row_text(text, figure, "< 5 ms", s.middle < 5000);
}

static inline uint64_t random_of(uint64_t *state, uint64_t below) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

static inline void get_row(struct base *b) {
    enum { GETS = 20000 };
    kith_error e = KITH_ERROR_INIT;
    const struct rtype *type = schema_type(engine_schema(b->g), str_of(b->type));
    double *us = calloc(GETS, sizeof *us);
    uint64_t state = 1;
    struct arena a = {0};
    kith_value *values;
    char what[80], figure[40];
    for (int i = 0; i < GETS; i++) {
        kith_id id = b->ids[random_of(&state, (uint64_t)b->rows)];
        int64_t start = clock_ticks();
        must(engine_get(b->g, &bench_principal, type, id, &a, &values, &e), &e);
        us[i] = (double)(clock_ticks() - start) / 1e3;
        arena_reset(&a);
    }
    struct spread s = spread_of(us, GETS);
    snprintf(what, sizeof what, "get by id in process, any of %lld", (long long)b->rows);
    snprintf(figure, sizeof figure, "%.1f (max %.0f) us", s.middle, s.most);
    row_text(what, figure, NULL, true);
    arena_free(&a);
    free(us);
}

/* -- updates ----------------------------------------------------------------------------------- */

/* Updates of a field, each of another record at random: to `word` and a number below `values`. */
struct update {
    const char *what, *field, *word;
    uint64_t values;
    bool alone; /* each waits until the one before it is on the disk; else in groups */
};

static inline struct order *update_orders(struct base *b, const struct update *u, int64_t n,
                                          uint64_t *state) {
    struct order *orders = new_orders(b->g, b->type, n);
    for (int64_t i = 0; i < n; i++) {
        struct order *o = &orders[i];
        o->id = b->ids[random_of(state, (uint64_t)b->rows)];
        snprintf(o->text[0], sizeof o->text[0], "%s%llu", u->word,
                 (unsigned long long)random_of(state, u->values));
        set_text(o, u->field, o->text[0]);
    }
    return orders;
}

/* Seconds for n of them. */
static inline double update_seconds(struct base *b, const struct update *u, int64_t n,
                                    uint64_t *state) {
    kith_error e = KITH_ERROR_INIT;
    struct order *orders = update_orders(b, u, n, state);
    int64_t start = clock_ticks();
    if (u->alone)
        for (int64_t i = 0; i < n; i++)
            must(engine_write(b->g, &bench_opts, do_order, &orders[i], NULL, &e), &e);
    else
        post_all(b->g, orders, n);
    double seconds = (double)(clock_ticks() - start) / 1e9;
    free(orders);
    return seconds;
}

/* The same in turns among few records and among many: the ratio holds when the machine's speed
 * drifts. Groups among few records have their pages in common, which among many no two share: that
 * ratio is no measure of what one update costs, and has no budget where they are very many
 * (docs/decisions/0031-groups-among-millions.md tells where it goes). */
static inline void update_rows(const struct update *u, struct base *few, struct base *many,
                               bool budget) {
    enum { ROUNDS = 5 };
    double small[ROUNDS], large[ROUNDS], ratio[ROUNDS];
    uint64_t state = 1;
    int64_t n = u->alone ? 500 : 5000;
    char text[100];
    for (int i = 0; i < ROUNDS; i++) {
        small[i] = update_seconds(few, u, n, &state);
        large[i] = update_seconds(many, u, n, &state);
        ratio[i] = large[i] / small[i];
    }
    double times = median(ratio, ROUNDS);
    snprintf(text, sizeof text, "%s, among %lld", u->what, (long long)few->rows);
    row(text, "%.0f/s", (double)n / median(small, ROUNDS), NULL, true);
    snprintf(text, sizeof text, "  the same among %lld", (long long)many->rows);
    row(text, "%.0f/s", (double)n / median(large, ROUNDS), NULL, true);
    snprintf(text, sizeof text, "  its cost, to that among %lld", (long long)few->rows);
    row(text, "%.2f", times, budget ? "<= 2" : NULL, times <= 2);
}
#endif
