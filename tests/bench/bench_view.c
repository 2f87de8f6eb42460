/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the page of a record (kith view) when few and when very many others link to it, that of
 * an account with its people, and a record as it was before it was changed often. Usage: bench_view
 * DIR LINKED */
#include "bench.h"

#include "engine/view.h"

#define RUNS    21
#define PEOPLE  20
#define CHANGES 1000

static kith_id made;
static kith_status make(struct txn *t, void *arg, kith_error *e) {
    const struct order *o = arg;
    return txn_create(t, o->type, o->set, o->count, &made, e);
}

static kith_id make_one(struct engine *g, const char *type, const char *name, kith_id account) {
    kith_error e = KITH_ERROR_INIT;
    struct order *o = new_orders(g, type, 1);
    set_text(o, "name", name);
    if (account) {
        o->set[1].field = type_field(o->type->schema, o->type, STR("account"));
        o->set[o->count++].value = value_link(account, o->set[1].field->target->id);
    }
    must(engine_write(g, &bench_opts, make, o, NULL, &e), &e);
    free(o);
    return made;
}

static void link_many(struct engine *g, kith_id contact, int64_t n) {
    struct order *orders = new_orders(g, "interaction", n);
    for (int64_t i = 0; i < n; i++) {
        struct order *o = &orders[i];
        const struct rtype *t = o->type;
        set_text(o, "channel", "call");
        set_text(o, "subject", "About this and that");
        o->set[2].field = type_field(t->schema, t, STR("contact"));
        o->set[2].value = value_link(contact, o->set[2].field->target->id);
        o->set[3].field = type_field(t->schema, t, STR("at"));
        o->set[3].value = value_time(INT64_C(1600000000000) + i * 997 % 100000000);
        o->count = 4;
    }
    post_all(g, orders, n);
    free(orders);
}

static double page(struct engine *g, const char *type, kith_id id) {
    double ms[RUNS];
    for (int i = 0; i < RUNS; i++) {
        kith_error e = KITH_ERROR_INIT;
        struct arena a = {0};
        struct view v;
        struct view_options o = {.limit = 20};
        int64_t start = clock_ticks();
        must(engine_view(g, &bench_principal, schema_type(engine_schema(g), str_of(type)), id, &o,
                         &a, &v, &e),
             &e);
        ms[i] = (double)(clock_ticks() - start) / 1e6;
        arena_free(&a);
    }
    return median(ms, RUNS);
}

static void change_often(struct engine *g, kith_id contact) {
    struct order *orders = new_orders(g, "contact", CHANGES);
    for (int64_t i = 0; i < CHANGES; i++) {
        orders[i].id = contact;
        snprintf(orders[i].text[0], sizeof orders[i].text[0], "Town %d", (int)i);
        set_text(&orders[i], "city", orders[i].text[0]);
    }
    post_all(g, orders, CHANGES);
    free(orders);
}

static double as_it_was(struct engine *g, kith_id id, int64_t at) {
    double ms[RUNS];
    for (int i = 0; i < RUNS; i++) {
        kith_error e = KITH_ERROR_INIT;
        struct arena a = {0};
        struct past_record p;
        struct moment when = {.at = at};
        const struct rtype *t = schema_type(engine_schema(g), STR("contact"));
        int64_t start = clock_ticks();
        must(engine_as_of(g, &bench_principal, t, id, &when, &a, &p, &e), &e);
        ms[i] = (double)(clock_ticks() - start) / 1e6;
        arena_free(&a);
    }
    return median(ms, RUNS);
}

int main(int argc, char **argv) {
    char path[256], what[80];
    int64_t n = argc > 2 ? atoll(argv[2]) : 100000;
    if (argc < 2)
        die("usage: bench_view DIR [LINKED]");
    snprintf(path, sizeof path, "%s/kith.db", argv[1]);
    struct engine *g = bench_open(path);
    must_start(g);
    kith_id account = make_one(g, "account", "Many People", 0);
    kith_id few = make_one(g, "contact", "Few Calls", 0), many = make_one(g, "contact", "Many", 0);
    link_many(g, few, 10);
    link_many(g, many, n);
    for (int i = 0; i < PEOPLE; i++)
        link_many(g, make_one(g, "contact", "One Of Many", account), 100);
    double small = page(g, "contact", few), large = page(g, "contact", many);
    row("page of a contact with 10 linked records", "%.2f ms", small, "<= 10", small <= 10);
    snprintf(what, sizeof what, "page of a contact with %lld linked records", (long long)n);
    row(what, "%.2f ms", large, "<= 20", large <= 20);
    double whole = page(g, "account", account);
    row("page of an account with 20 contacts of 100 records each", "%.2f ms", whole, "<= 50",
        whole <= 50);
    int64_t then = engine_now(g);
    change_often(g, few);
    double was = as_it_was(g, few, then), is = as_it_was(g, few, engine_now(g));
    row("a record as it was before 1,000 changes", "%.2f ms", was, "<= 20", was <= 20);
    row("  and as it is behind them, from the same rows", "%.2f ms", is, "<= 20", is <= 20);
    engine_close(g);
    return 0;
}
