/* SPDX-License-Identifier: Apache-2.0 */
/* Measures how long it takes to learn from order lines what is bought together, and to say what to
 * offer. Usage: bench_baskets DIR [ORDERS] */
#include "bench.h"
#include "module.h"

#define PRODUCTS 1000
#define EACH     5 /* lines of an order */
#define BUYERS   1000
#define BATCH    500
#define RUNS     21

struct making {
    kith_id products[PRODUCTS], buyers[BUYERS];
    int64_t made, orders;
    uint64_t seed;
};

static kith_status make_products(struct txn *t, void *arg, kith_error *e) {
    struct making *m = arg;
    for (int i = 0; i < BUYERS; i++) {
        const kith_value name = value_str(STR("Acme"));
        TRY(put_record(t, "account", 1, (const char *const[]){"name"}, &name, &m->buyers[i], e));
    }
    for (int i = 0; i < PRODUCTS; i++) {
        char code[16];
        snprintf(code, sizeof code, "p%d", i);
        const kith_value v[] = {value_str(str_of(code)), value_str(str_of(code)),
                                value_str(STR("3 EUR"))};
        TRY(put_record(t, "product", 3, (const char *const[]){"code", "name", "price"}, v,
                       &m->products[i], e));
    }
    return KITH_OK;
}

/* The square of a chance: few products are bought often. A product is often followed by its
 * neighbour. */
static kith_status make_orders(struct txn *t, void *arg, kith_error *e) {
    struct making *m = arg;
    const struct rtype *order = schema_type(engine_schema(txn_engine(t)), STR("order"));
    for (int i = 0; i < BATCH && m->made < m->orders; i++, m->made++) {
        const kith_value who = value_link(m->buyers[m->made % BUYERS], 0);
        kith_id id;
        uint64_t last = 0;
        TRY(put_record(t, "order", 1, (const char *const[]){"account"}, &who, &id, e));
        for (int k = 0; k < EACH; k++) {
            const uint64_t one = random_next(&m->seed) % PRODUCTS,
                           two = one * (random_next(&m->seed) % PRODUCTS) / PRODUCTS;
            last = k % 2 && random_next(&m->seed) % 3 == 0 ? (last + 1) % PRODUCTS : two;
            const kith_value v[] = {value_link(id, 0), value_link(m->products[last], 0)};
            TRY(put_record(t, "order_line", 2, (const char *const[]){"order", "product"}, v, NULL,
                           e));
        }
        const struct assign placed = {type_field(engine_schema(txn_engine(t)), order, STR("state")),
                                      value_str(STR("ordered"))};
        TRY(txn_update(t, order, id, &placed, 1, e));
    }
    return KITH_OK;
}

static double call(struct engine *g, const char *name, const kith_value *args, int64_t *first) {
    const struct action *a = engine_action(g, str_of(name));
    kith_value results[32] = {0};
    struct arena arena = {0};
    kith_error e = KITH_ERROR_INIT;
    const int64_t start = clock_ticks();
    must(engine_call(g, NULL, &bench_opts, a, args, &arena, results, NULL, &e), &e);
    const double ms = (double)(clock_ticks() - start) / 1e6;
    for (int i = 0; i < 5; i++)
        first[i] = results[i].as.i;
    arena_free(&arena);
    return ms;
}

int main(int argc, char **argv) {
    struct making m = {.orders = argc > 2 ? atoll(argv[2]) : 100000, .seed = RANDOM_SEED};
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    kith_value args[8] = {0};
    int64_t out[5];
    if (argc < 2)
        die("usage: bench_baskets DIR [ORDERS]");
    write_conf(argv[1], "commerce: { grant = [\"*\"]; };\nsales: { grant = [\"*\"]; };\n");
    open_modules(&c, argv[1], "baskets", (const char *const[]){"commerce", "sales", NULL});
    must(engine_write(c.g, &bench_opts, make_products, &m, NULL, &e), &e);
    while (m.made < m.orders)
        must(engine_write(c.g, &bench_opts, make_orders, &m, NULL, &e), &e);
    double ms = call(c.g, "sales.learn_baskets", args, out);
    row("what is bought together, learned from 500,000 order lines", "%.0f ms", ms, "5 s",
        ms < 5000);
    ms = call(c.g, "sales.learn_baskets", args, out);
    if (out[3] != 0)
        die("what has not changed was written again");
    row("the same once more, when nothing has changed", "%.0f ms", ms, NULL, true);
    args[1] = value_link(m.buyers[0], 0);
    args[2] = value_str(STR("both"));
    args[3] = value_int(20);
    double each[RUNS];
    for (int i = 0; i < RUNS; i++)
        each[i] = call(c.g, "sales.suggest", args, out);
    row("what to offer a customer of 100 orders", "%.1f ms", median(each, RUNS), NULL, true);
    close_module(&c);
    return 0;
}
