/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks share: an engine with a lead type, rows of the result table, the median. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include "base/clock.h"
#include "engine/engine.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lead: one row, two secondary indexes (created, name), no search. */
static const kith_field bench_lead_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_REQUIRED | KITH_FF_INDEXED},
    {.name = "contact", .kind = KITH_F_LINK, .options = "contact"},
    {.name = "source", .kind = KITH_F_CHOICE, .options = "web,referral,event"},
    {.name = "state", .kind = KITH_F_STATE, .options = "new>working,working>won|lost"},
    {.name = "score", .kind = KITH_F_INTEGER, .default_text = "0"},
};
static const kith_type bench_types[] = {
    {.name = "lead", .title = "name", .fields = KITH_ARRAY(bench_lead_fields)},
};
static const struct schema_source bench_source = {
    .module = "bench", .version = 1, .types = KITH_ARRAY(bench_types)};

static const struct principal bench_principal = {.name = "bench", .all = true};
static const struct write_opts bench_opts = {.principal = &bench_principal, .origin = ORIGIN_API};

static inline void die(const char *why) {
    fprintf(stderr, "bench: %s\n", why);
    exit(1);
}

static inline void must(kith_status st, const kith_error *e) {
    if (st != KITH_OK)
        die(e->message);
}

static inline struct engine *bench_open(const char *path) {
    struct engine *g;
    kith_error e = KITH_ERROR_INIT;
    struct engine_options o = {.path = path,
                               .base_currency = "EUR",
                               .sources = &bench_source,
                               .source_count = 1,
                               .queue_max = 20000,
                               .read_limit_ms = 600000,
                               .create = true};
    must(engine_open(&g, &o, &e), &e);
    return g;
}

static inline void must_start(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    must(engine_start(g, &e), &e);
}

/* One line of the table: what, figure, budget, met or missed. */
static inline void row(const char *what, const char *format, double figure, const char *budget,
                       bool met) {
    char text[64];
    snprintf(text, sizeof text, format, figure);
    printf("%-64s %14s  %-12s %s\n", what, text, budget ? budget : "",
           !budget ? ""
           : met   ? "met"
                   : "MISSED");
    fflush(stdout);
}

static inline int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static inline double median(double *items, size_t n) {
    qsort(items, n, sizeof *items, by_size);
    return items[n / 2];
}
#endif
