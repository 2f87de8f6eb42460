/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmarks share: an engine with a lead type, rows of the result table, the median. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include "base/clock.h"
#include "engine/engine.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

static inline struct engine *bench_open_as(const struct engine_options *more) {
    struct engine *g;
    kith_error e = KITH_ERROR_INIT;
    struct engine_options o = *more;
    memcpy(o.base_currency, "EUR", 4);
    o.sources = &bench_source;
    o.source_count = 1;
    o.queue_max = 20000;
    o.read_limit_ms = 600000;
    must(engine_open(&g, &o, &e), &e);
    return g;
}

/* journal_keep_ms 0: for ever. */
static inline struct engine *bench_open_keeping(const char *path, int64_t journal_keep_ms) {
    return bench_open_as(
        &(struct engine_options){.path = path, .journal_keep_ms = journal_keep_ms, .create = true});
}

static inline struct engine *bench_open(const char *path) {
    return bench_open_keeping(path, 0);
}

static inline void must_start(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    must(engine_start(g, &e), &e);
}

/* One line of the table: what, figure, budget, met or missed; no budget: the figure alone. */
static inline void row_text(const char *what, const char *figure, const char *budget, bool met) {
    printf("%-60s %20s  %-12s %s\n", what, figure, budget ? budget : "",
           !budget ? ""
           : met   ? "met"
                   : "MISSED");
    fflush(stdout);
}

__attribute__((format(printf, 2, 0))) static inline void row(const char *what, const char *format,
                                                             double figure, const char *budget,
                                                             bool met) {
    char text[64];
    snprintf(text, sizeof text, format, figure);
    row_text(what, text, budget, met);
}

static inline int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static inline double median(double *items, size_t n) {
    qsort(items, n, sizeof *items, by_size);
    return items[n / 2];
}

/* -- orders: writes that are posted as fast as the queue takes them -------------------------------
 */

struct order {
    const struct rtype *type;
    kith_id id; /* 0: create a record; else update this one */
    struct assign set[4];
    size_t count;
    char text[3][48];
};
static _Atomic int64_t orders_done;

static inline kith_status do_order(struct txn *t, void *arg, kith_error *e) {
    struct order *o = arg;
    return o->id ? txn_update(t, o->type, o->id, o->set, o->count, e)
                 : txn_create(t, o->type, o->set, o->count, NULL, e);
}

static inline void order_done(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    (void)arg;
    (void)tx;
    if (st != KITH_OK)
        die(e->message);
    atomic_fetch_add(&orders_done, 1);
}

static inline void post_all(struct engine *g, struct order *orders, int64_t n) {
    kith_error e = KITH_ERROR_INIT;
    atomic_store(&orders_done, 0);
    for (int64_t i = 0; i < n; i++)
        while (engine_post(g, &bench_opts, do_order, &orders[i], order_done, &e) != KITH_OK)
            usleep(200); /* the queue is full */
    while (atomic_load(&orders_done) < n)
        usleep(200);
}

/* Seconds for all of them. */
static inline double timed_post(struct engine *g, struct order *orders, int64_t n) {
    int64_t start = clock_ticks();
    post_all(g, orders, n);
    return (double)(clock_ticks() - start) / 1e9;
}

static inline void set_text(struct order *o, const char *field, const char *value) {
    o->set[o->count].field = type_field(o->type->schema, o->type, str_of(field));
    o->set[o->count++].value = value_str(str_of(value));
}

static inline struct order *new_orders(struct engine *g, const char *type, int64_t n) {
    struct order *orders = calloc((size_t)n, sizeof *orders);
    if (!orders)
        die("no memory");
    for (int64_t i = 0; i < n; i++)
        orders[i].type = schema_type(engine_schema(g), str_of(type));
    return orders;
}

static inline struct order *lead_orders(struct engine *g, int64_t n) {
    struct order *orders = new_orders(g, "lead", n);
    for (int64_t i = 0; i < n; i++) {
        struct order *o = &orders[i];
        snprintf(o->text[0], sizeof o->text[0], "Lead number %lld", (long long)i);
        set_text(o, "name", o->text[0]);
        set_text(o, "source", "web");
    }
    return orders;
}

static inline struct order *contact_orders(struct engine *g, int64_t n) {
    struct order *orders = new_orders(g, "contact", n);
    for (int64_t i = 0; i < n; i++) {
        struct order *o = &orders[i];
        long long k = i;
        snprintf(o->text[0], sizeof o->text[0], "Person%lld Number%lld", k, k * 7919 % 100003);
        snprintf(o->text[1], sizeof o->text[1], "p%lld@example.com", k);
        snprintf(o->text[2], sizeof o->text[2], "+43 1 %lld", 1000000 + k);
        set_text(o, "name", o->text[0]);
        set_text(o, "email", o->text[1]);
        set_text(o, "phone", o->text[2]);
    }
    return orders;
}
#endif
