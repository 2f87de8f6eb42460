/* SPDX-License-Identifier: Apache-2.0 */
/* Measures orders: of three lines each, priced, placed and reserved in one transaction; shipped in
 * another. In turns with contacts, whose journaled rows are the yardstick. Usage: bench_commerce
 * DIR [ORDERS] */
#include "bench.h"
#include "module.h"

#define ROUNDS   5
#define LINES    3
#define PRODUCTS 100

struct shop {
    struct engine *g;
    kith_id contact, products[PRODUCTS], *orders;
    int64_t count; /* of orders placed */
};
struct doing {
    struct shop *shop;
    kith_id *order;
    int64_t number;
};

struct value {
    const char *field;
    kith_value value;
};

static kith_status write_one(struct txn *t, const char *type, kith_id *id, const struct value *v,
                             kith_error *e) {
    const struct schema *s = engine_schema(txn_engine(t));
    const struct rtype *r = schema_type(s, str_of(type));
    struct assign set[8];
    size_t n = 0;
    for (; v[n].field; n++)
        set[n] = (struct assign){type_field(s, r, str_of(v[n].field)), v[n].value};
    return *id ? txn_update(t, r, *id, set, n, e) : txn_create(t, r, set, n, id, e);
}
#define WRITE(t, type, id, e, ...)                                                                 \
    write_one(t, type, id, (const struct value[]){__VA_ARGS__, {NULL, {0}}}, e)
#define TEXT(z)  value_str(str_of(z))
#define LINK(id) value_link(id, 0)

static kith_status stock_up(struct txn *t, void *arg, kith_error *e) {
    struct shop *s = arg;
    char code[16];
    TRY(WRITE(t, "contact", &s->contact, e, {"name", TEXT("Ada")}));
    for (int i = 0; i < PRODUCTS; i++) {
        kith_id stock = 0, receipt = 0;
        snprintf(code, sizeof code, "P%d", i);
        TRY(WRITE(t, "product", &s->products[i], e, {"code", TEXT(code)}, {"name", TEXT(code)},
                  {"price", TEXT("12.50 EUR")}, {"tax_rate", TEXT("20")}));
        TRY(WRITE(t, "stock", &stock, e, {"product", LINK(s->products[i])},
                  {"critical", TEXT("10")}));
        TRY(WRITE(t, "stock_movement", &receipt, e, {"stock", LINK(stock)},
                  {"kind", TEXT("receipt")}, {"quantity", TEXT("1000000")}));
    }
    return KITH_OK;
}

static kith_status place(struct txn *t, void *arg, kith_error *e) {
    struct doing *d = arg;
    struct shop *s = d->shop;
    TRY(WRITE(t, "order", d->order, e, {"contact", LINK(s->contact)}));
    for (int i = 0; i < LINES; i++) {
        kith_id line = 0, product = s->products[(d->number * 7 + i * 31) % PRODUCTS];
        TRY(WRITE(t, "order_line", &line, e, {"order", LINK(*d->order)}, {"product", LINK(product)},
                  {"quantity", TEXT("2")}));
    }
    return WRITE(t, "order", d->order, e, {"state", TEXT("ordered")});
}

static kith_status ship(struct txn *t, void *arg, kith_error *e) {
    struct doing *d = arg;
    return WRITE(t, "order", d->order, e, {"state", TEXT("shipped")});
}

struct result {
    double per_second, rows;
};

static struct result timed(struct shop *s, int64_t from, int64_t n, write_fn fn) {
    struct doing *all = calloc((size_t)n, sizeof *all);
    struct engine_stats before, after;
    kith_error e = KITH_ERROR_INIT;
    if (!all)
        die("no memory");
    engine_stats(s->g, &before);
    atomic_store(&orders_done, 0);
    const int64_t start = clock_ticks();
    for (int64_t i = 0; i < n; i++) {
        all[i] = (struct doing){s, &s->orders[from + i], from + i};
        while (engine_post(s->g, &bench_opts, fn, &all[i], order_done, &e) != KITH_OK)
            usleep(200); /* the queue is full */
    }
    while (atomic_load(&orders_done) < n)
        usleep(200);
    const double seconds = (double)(clock_ticks() - start) / 1e9;
    engine_stats(s->g, &after);
    free(all);
    return (struct result){(double)n / seconds, (double)(after.rows - before.rows) / (double)n};
}

static void tell(const char *what, const struct result *r, const double *journaled) {
    double speed[ROUNDS], rows[ROUNDS], share[ROUNDS];
    char text[80];
    for (int i = 0; i < ROUNDS; i++) {
        speed[i] = r[i].per_second;
        rows[i] = r[i].rows;
        share[i] = r[i].per_second * r[i].rows / journaled[i];
    }
    snprintf(text, sizeof text, "%s, %.1f rows each", what, median(rows, ROUNDS));
    row(text, "%.0f/s", median(speed, ROUNDS), NULL, true);
    const double ratio = median(share, ROUNDS);
    row("  share of journaled rows/s", "%.2f", ratio, ">= 0.40", ratio >= 0.4);
}

int main(int argc, char **argv) {
    const int64_t n = (argc > 2 ? atoll(argv[2]) : 10000) / ROUNDS;
    struct company c;
    struct shop s = {0};
    struct result placed[ROUNDS], shipped[ROUNDS];
    double journaled[ROUNDS];
    kith_error e = KITH_ERROR_INIT;
    if (argc < 2 || n < 1)
        die("usage: bench_commerce DIR [ORDERS]");
    write_conf(argv[1], "commerce: { grant = [\"*\"]; };\n");
    open_module(&c, argv[1], "commerce", "commerce");
    s.g = c.g;
    s.orders = calloc((size_t)(n * ROUNDS), sizeof *s.orders);
    must(engine_write(c.g, &bench_opts, stock_up, &s, NULL, &e), &e);
    for (int i = 0; i < ROUNDS; i++) {
        struct order *contacts = contact_orders(c.g, n);
        journaled[i] = 3 * (double)n / timed_post(c.g, contacts, n);
        free(contacts);
        placed[i] = timed(&s, i * n, n, place);
        shipped[i] = timed(&s, i * n, n, ship);
    }
    tell("order of 3 lines placed and reserved", placed, journaled);
    tell("order of 3 lines shipped", shipped, journaled);
    free(s.orders);
    close_module(&c);
    return 0;
}
