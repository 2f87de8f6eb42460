/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what roll-ups cost: the same records created with none and with three over them, at
 * customers that have few of them and at one that has very many; in turns, so that the ratios hold
 * when the machine's speed drifts. Usage: bench_rollup DIR CHILDREN */
#include "bench.h"

#define ROUNDS 5
#define FEW    10 /* sales of a small customer */

static const kith_field customer_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "sales", .kind = KITH_F_INTEGER, .rollup = "count(sale where not returned)"},
    {.name = "turnover", .kind = KITH_F_MONEY, .rollup = "sum(sale.amount where not returned)"},
    {.name = "last_sale", .kind = KITH_F_TIME, .rollup = "max(sale.at where not returned)"},
};
#define SALE_FIELDS                                                                                \
    {.name = "customer", .kind = KITH_F_LINK, .options = "customer"},                              \
        {.name = "amount", .kind = KITH_F_MONEY}, {.name = "at", .kind = KITH_F_TIME},             \
        {.name = "returned", .kind = KITH_F_BOOLEAN, .default_text = "false"},
static const kith_field sale_fields[] = {SALE_FIELDS};
static const kith_field plain_fields[] = {SALE_FIELDS};
static const kith_type types[] = {
    {.name = "customer", .title = "name", .fields = KITH_ARRAY(customer_fields)},
    {.name = "sale", .fields = KITH_ARRAY(sale_fields)},
    {.name = "plain_sale", .fields = KITH_ARRAY(plain_fields)},
};
static const struct schema_source source = {
    .module = "bench", .version = 1, .types = KITH_ARRAY(types)};

static kith_status create_customer(struct txn *t, void *arg, kith_error *e) {
    return txn_create(t, schema_type(engine_schema(txn_engine(t)), STR("customer")), NULL, 0, arg,
                      e);
}

static void set_value(struct order *o, const char *field, kith_value v) {
    o->set[o->count].field = type_field(o->type->schema, o->type, str_of(field));
    o->set[o->count++].value = v;
}

/* n sales, `each` of them of one customer after the other; 0: all of `customer`. */
static struct order *sales(struct engine *g, const char *type, int64_t n, int64_t each,
                           kith_id customer) {
    struct order *orders = new_orders(g, type, n);
    const struct rtype *to = schema_type(engine_schema(g), STR("customer"));
    kith_error e = KITH_ERROR_INIT;
    for (int64_t i = 0; i < n; i++) {
        if (each && i % each == 0)
            must(engine_write(g, &bench_opts, create_customer, &customer, NULL, &e), &e);
        set_value(&orders[i], "customer", value_link(customer, to->id));
        set_value(&orders[i], "amount", value_str(STR("12.50 EUR")));
        set_value(&orders[i], "at", value_time(1700000000000 + i * 1000));
    }
    return orders;
}

static double of_kind(struct engine *g, const char *type, int64_t n, int64_t each, kith_id one) {
    struct order *orders = sales(g, type, n, each, one);
    double seconds = timed_post(g, orders, n);
    free(orders);
    return (double)n / seconds;
}

int main(int argc, char **argv) {
    char path[256];
    kith_error e = KITH_ERROR_INIT;
    int64_t many = argc > 2 ? atoll(argv[2]) : 100000, n = 10000;
    struct engine_options o = {.path = path,
                               .base_currency = "EUR",
                               .sources = &source,
                               .source_count = 1,
                               .queue_max = 20000,
                               .create = true};
    struct engine *g;
    kith_id big = 0;
    double none[ROUNDS], few[ROUNDS], lots[ROUNDS], cost[ROUNDS], ratio[ROUNDS];
    if (argc < 2)
        die("usage: bench_rollup DIR [CHILDREN]");
    snprintf(path, sizeof path, "%s/kith.db", argv[1]);
    must(engine_open(&g, &o, &e), &e);
    must_start(g);
    must(engine_write(g, &bench_opts, create_customer, &big, NULL, &e), &e);
    of_kind(g, "sale", many, 0, big);
    for (int i = 0; i < ROUNDS; i++) {
        none[i] = of_kind(g, "plain_sale", n, FEW, 0);
        few[i] = of_kind(g, "sale", n, FEW, 0);
        lots[i] = of_kind(g, "sale", n, 0, big);
        cost[i] = few[i] / none[i];
        ratio[i] = lots[i] / few[i];
    }
    int64_t start = clock_ticks();
    must(engine_compute_rollups(g, &bench_principal, &e), &e);
    double seconds = (double)(clock_ticks() - start) / 1e9;
    row("sale create, no roll-up", "%.0f/s", median(none, ROUNDS), NULL, true);
    row("sale create, 3 roll-ups, customers of 10", "%.0f/s", median(few, ROUNDS), NULL, true);
    row("  ratio to none, median of 5 pairs", "%.2f", median(cost, ROUNDS), NULL, true);
    row("sale create, 3 roll-ups, a customer of very many", "%.0f/s", median(lots, ROUNDS), NULL,
        true);
    row("  ratio to customers of 10, median of 5 pairs", "%.2f", median(ratio, ROUNDS), ">= 0.80",
        median(ratio, ROUNDS) >= 0.8);
    row("roll-ups computed anew: each million children", "%.2f s",
        seconds * 1e6 / (double)(many + 2 * ROUNDS * n), NULL, true);
    engine_close(g);
    return 0;
}
