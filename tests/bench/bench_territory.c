/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the move of a territory with many accounts, with the roll-ups of both held to a count
 * and somebody else's writes beside it, and leads that are shared out.
 * Usage: bench_territory DIR [ROWS] */
#include "bench.h"
#include "module.h"

#include <pthread.h>

#define BATCH  5000
#define USERS  50
#define OTHERS 1000000

static void set_value(struct order *o, const char *field, kith_value value) {
    o->set[o->count++] =
        (struct assign){type_field(o->type->schema, o->type, str_of(field)), value};
}

static kith_status do_create(struct txn *t, void *arg, kith_error *e) {
    struct order *o = arg;
    return txn_create(t, o->type, o->set, o->count, &o->id, e);
}

static kith_id create(struct engine *g, const char *type, const char *field, const char *text) {
    struct order o = {.type = schema_type(engine_schema(g), str_of(type))};
    kith_error e = KITH_ERROR_INIT;
    set_value(&o, "name", value_str(str_of(text)));
    if (field)
        set_value(&o, field, value_str(str_of(text)));
    must(engine_write(g, &bench_opts, do_create, &o, NULL, &e), &e);
    return o.id;
}

/* owner: 0: nobody. */
static void fill(struct engine *g, const char *type, int64_t rows, kith_id territory,
                 kith_id owner) {
    for (int64_t at = 0; at < rows; at += BATCH) {
        const int64_t n = rows - at < BATCH ? rows - at : BATCH;
        struct order *orders = new_orders(g, type, n);
        for (int64_t i = 0; i < n; i++) {
            set_value(&orders[i], "name", value_str(STR("One of many")));
            set_value(&orders[i], "territory", value_link(territory, 0));
            if (owner)
                set_value(&orders[i], "owner", value_link(owner, 0));
        }
        (void)timed_post(g, orders, n);
        free(orders);
    }
}

/* -- an action, until all that follows from it is done ------------------------------------------
 */

static double act(struct engine *g, const char *name, const kith_value *args) {
    const struct action *a = engine_action(g, str_of(name));
    kith_value given[16] = {0}, results[32] = {0};
    struct arena arena = {0};
    kith_error e = KITH_ERROR_INIT;
    memcpy(given, args, 4 * sizeof *args);
    const int64_t start = clock_ticks();
    must(engine_call(g, NULL, &bench_opts, a, given, &arena, results, NULL, &e), &e);
    must(engine_drain(g, 120000, &e), &e);
    arena_free(&arena);
    return (double)(clock_ticks() - start) / 1e9;
}

static int64_t count(struct engine *g, kith_id territory, const char *field) {
    const struct rtype *t = schema_type(engine_schema(g), STR("territory"));
    struct arena a = {0};
    kith_error e = KITH_ERROR_INIT;
    kith_value *v;
    must(engine_get(g, &bench_principal, t, territory, &a, &v, &e), &e);
    const int64_t n = v[type_field(engine_schema(g), t, str_of(field))->index].as.i;
    arena_free(&a);
    return n;
}

/* -- somebody else ------------------------------------------------------------------------------
 */

struct other {
    struct engine *g;
    double slowest;
    int64_t writes;
    _Atomic bool stop;
};
static void *write_on(void *arg) {
    struct other *o = arg;
    while (!atomic_load(&o->stop) && o->writes < OTHERS) {
        const int64_t start = clock_ticks();
        (void)create(o->g, "chance", NULL, "Another");
        const double ms = (double)(clock_ticks() - start) / 1e6;
        o->slowest = ms > o->slowest ? ms : o->slowest;
        o->writes++;
    }
    return NULL;
}

/* -- the rows -----------------------------------------------------------------------------------
 */

static void moves(struct engine *g, int64_t rows, kith_id from, kith_id to, kith_id owner) {
    struct other o = {.g = g};
    pthread_t thread;
    char what[80], budget[32];
    const kith_value args[4] = {value_link(from, 0),
                                {.kind = KITH_NULL},
                                value_link(to, 0),
                                owner ? value_link(owner, 0) : (kith_value){.kind = KITH_NULL}};
    if (pthread_create(&thread, NULL, write_on, &o) != 0)
        die("no thread");
    const double seconds = act(g, "sales.move", args), limit = 10.0 * (double)rows / 1e5;
    atomic_store(&o.stop, true);
    pthread_join(thread, NULL);
    if (count(g, from, "accounts") != 0 || count(g, to, "accounts") != rows)
        die("the territories do not count what lies in them");
    snprintf(what, sizeof what, "a territory of %lld accounts moved%s", (long long)rows,
             owner ? " to another seller" : "");
    snprintf(budget, sizeof budget, "< %.0f s", limit);
    row(what, "%.1f s", seconds, budget, seconds < limit);
    row("  another's slowest write meanwhile", "%.0f ms", o.slowest, "< 500 ms", o.slowest < 500);
}

static void assigns(struct engine *g, int64_t rows, kith_id territory, const char *by) {
    char what[80], budget[32];
    const kith_value args[4] = {
        {.kind = KITH_NULL}, value_str(STR("Sellers")), {.kind = KITH_NULL}, value_str(str_of(by))};
    fill(g, "lead", rows, territory, 0);
    const double seconds = act(g, "sales.assign", args), limit = 5.0 * (double)rows / 1e5;
    snprintf(what, sizeof what, "%lld leads shared out by %s", (long long)rows, by);
    snprintf(budget, sizeof budget, "< %.1f s", limit);
    row(what, "%.1f s", seconds, budget, seconds < limit);
}

static void sellers(struct engine *g, kith_id team, kith_id territory) {
    for (int i = 0; i < USERS; i++) {
        char login[16];
        kith_error e = KITH_ERROR_INIT;
        snprintf(login, sizeof login, "user%d", i);
        struct order o = {.type = schema_type(engine_schema(g), STR("user")),
                          .id = create(g, "user", "login", login)};
        const kith_value in = value_link(team, schema_type(engine_schema(g), STR("team"))->id),
                         at = value_link(territory,
                                         schema_type(engine_schema(g), STR("territory"))->id);
        set_value(&o, "teams", (kith_value){.kind = KITH_LIST, .as.list = {&in, 1}});
        set_value(&o, "territories", (kith_value){.kind = KITH_LIST, .as.list = {&at, 1}});
        set_value(&o, "specialities", value_str(str_of(login)));
        must(engine_write(g, &bench_opts, do_order, &o, NULL, &e), &e);
    }
}

int main(int argc, char **argv) {
    static const char *const ways[] = {"turn", "least_busy", "territory", "specialist"};
    struct company c = {0};
    if (argc < 2)
        die("usage: bench_territory DIR [ROWS]");
    const int64_t rows = argc > 2 ? atoll(argv[2]) : 100000;
    write_conf(argv[1], "sales: { grant = [ \"*\" ]; };\n");
    open_module(&c, argv[1], "land", "sales");
    const kith_id north = create(c.g, "territory", NULL, "North"),
                  south = create(c.g, "territory", NULL, "South");
    const kith_id ann = create(c.g, "user", "login", "ann"),
                  ben = create(c.g, "user", "login", "ben");
    fill(c.g, "account", rows, north, ann);
    moves(c.g, rows, north, south, 0);
    moves(c.g, rows, south, north, ben);
    sellers(c.g, create(c.g, "team", NULL, "Sellers"), south);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        assigns(c.g, rows, south, ways[i]);
    close_module(&c);
    return 0;
}
