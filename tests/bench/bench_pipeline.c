/* SPDX-License-Identifier: Apache-2.0 */
/* Measures the reports of the pipeline over many open opportunities and the figures of as many
 * closed ones, and what it costs to keep the totals that they ask: opportunities that are created
 * and moved with all that follows in sales. Usage: bench_pipeline DIR ROWS */
#include "base/date.h"
#include "bench.h"
#include "module.h"

#define RUNS   21
#define SOME   10000
#define OWNERS 200
#define MONTHS 24

static uint64_t seed = 42;
static uint32_t below(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static const char *const stages[] = {"prospecting", "qualification", "proposal",
                                     "closing",     "won",           "lost"};
static const int64_t chances[] = {10, 30, 50, 80, 100, 0};
#define OPEN   4 /* of the stages */
#define CLOSED 2

static void put(kith_value *v, const struct rtype *t, const char *field, kith_value value) {
    v[type_field(t->schema, t, str_of(field))->index] = value;
}

struct filling {
    struct conn *c;
    const struct rtype *deal, *total, *user;
    kith_value *v;
};

static void insert(struct filling *f, const struct rtype *t, kith_id id, kith_id owner) {
    struct arena a = {0};
    kith_error e = KITH_ERROR_INIT;
    f->v[FIELD_CREATED] = f->v[FIELD_UPDATED] = value_time(1700000000000);
    f->v[FIELD_OWNER] = value_link(owner, f->user->id);
    must(record_insert(f->c, t, id, &a, f->v, &e), &e);
    arena_free(&a);
}

static void fill_users(struct filling *f) {
    for (kith_id id = 1; id <= OWNERS; id++) {
        char login[16];
        memset(f->v, 0, sizeof *f->v * f->user->field_count);
        snprintf(login, sizeof login, "user%d", (int)id);
        put(f->v, f->user, "login", value_str(str_of(login)));
        put(f->v, f->user, "name", value_str(str_of(login)));
        insert(f, f->user, id, id);
    }
}

/* By its first day: months from October 2021 on. */
static kith_value month_of(uint32_t month) {
    char text[32];
    kith_value v = {.kind = KITH_DATE};
    snprintf(text, sizeof text, "%04u-%02u-01", 2021 + (month + 9) / 12, (month + 9) % 12 + 1);
    if (!date_parse(str_of(text), false, &v.as.i))
        die("no date");
    return v;
}

/* The id of a total says which one it is: of so many stages from one on. */
static void fill_totals(struct filling *f, uint32_t first, uint32_t n) {
    for (kith_id id = 1; id <= (kith_id)OWNERS * n * MONTHS; id++) {
        const uint32_t at = (uint32_t)id - 1, stage = first + at % n, month = at / n % MONTHS;
        char key[32];
        memset(f->v, 0, sizeof *f->v * f->total->field_count);
        snprintf(key, sizeof key, "%u", at);
        put(f->v, f->total, "key", value_str(str_of(key)));
        put(f->v, f->total, "stage", value_str(str_of(stages[stage])));
        put(f->v, f->total, "probability", value_int(chances[stage]));
        put(f->v, f->total, "month", month_of(month));
        put(f->v, f->total, "currency", value_str(STR("EUR")));
        put(f->v, f->total, "priced", value_int(1));
        insert(f, f->total, id, 1 + at / n / MONTHS);
    }
}

static void put_end(struct filling *f, int64_t day, uint32_t stage) {
    const int64_t at = day * 86400000 + 43200000;
    put(f->v, f->deal, "closed_at", value_time(at));
    put(f->v, f->deal, "cycle", (kith_value){.kind = KITH_DURATION, .as.i = below(1u << 31)});
    if (strcmp(stages[stage], "lost") == 0)
        put(f->v, f->deal, "loss_reason", value_str(STR("price")));
}

static void fill_deals(struct filling *f, uint32_t first, uint32_t n, int64_t rows) {
    for (int64_t i = 1; i <= rows; i++) {
        const uint32_t at = below(OWNERS * n * MONTHS), stage = first + at % n;
        kith_value close_on = month_of(at / n % MONTHS);
        close_on.as.i += below(28);
        memset(f->v, 0, sizeof *f->v * f->deal->field_count);
        put(f->v, f->deal, "name", value_str(STR("A deal")));
        put(f->v, f->deal, "stage", value_str(str_of(stages[stage])));
        put(f->v, f->deal, "signal", value_str(STR("red")));
        put(f->v, f->deal, "probability", value_int(chances[stage]));
        put(f->v, f->deal, "close_on", close_on);
        put(f->v, f->deal, "pipeline_total", value_link(1 + at, f->total->id));
        put(f->v, f->deal, "amount",
            (kith_value){.kind = KITH_MONEY,
                         .as.money = {.minor = below(10000000), .currency = "EUR"}});
        if (first == OPEN)
            put_end(f, close_on.as.i, stage);
        insert(f, f->deal, (kith_id)i, 1 + at / n / MONTHS);
    }
}

/* Rows as the engine would have written them, without hooks; roll-ups are computed afterwards. */
static void fill(const char *dir, const char *file, uint32_t first, uint32_t n, int64_t rows) {
    char path[512];
    struct company c = {0};
    struct filling f;
    struct schema *s;
    const struct schema_source *own;
    kith_error e = KITH_ERROR_INIT;
    load_module(&c, dir, "sales");
    const size_t count = plugins_sources(c.plugins, &own);
    struct schema_source sources[8] = {schema_core};
    for (size_t i = 0; i < count && i < 7; i++)
        sources[i + 1] = own[i];
    snprintf(path, sizeof path, "%s/%s.db", dir, file);
    must(conn_open(&f.c, path, CONN_WRITER, NULL, &e), &e);
    must(schema_build(&s, f.c, sources, count + 1, "EUR", &e), &e);
    f.deal = schema_type(s, STR("opportunity"));
    f.total = schema_type(s, STR("pipeline_total"));
    f.user = schema_type(s, STR("user"));
    f.v = calloc(f.deal->field_count + f.total->field_count + f.user->field_count, sizeof *f.v);
    if (!f.v)
        die("no memory");
    must(conn_exec(f.c, "BEGIN", &e), &e);
    fill_users(&f);
    fill_totals(&f, first, n);
    fill_deals(&f, first, n, rows);
    must(conn_exec(f.c, "COMMIT", &e), &e);
    free(f.v);
    schema_free(s);
    conn_close(f.c);
    plugins_free(c.plugins);
    settings_free(c.settings);
}

static double report_ms(struct engine *g, const char *name) {
    double took[RUNS];
    for (int i = 0; i < RUNS; i++) {
        struct arena a = {0};
        struct query *q;
        struct totals t;
        kith_error e = KITH_ERROR_INIT;
        const int64_t start = clock_ticks();
        must(query_parse(&q, engine_schema(g), &a, str_of(engine_report(g, str_of(name))->query),
                         &e),
             &e);
        must(engine_select(g, &bench_principal, q, NULL, &t, &a, &e), &e);
        took[i] = (double)(clock_ticks() - start) / 1e6;
        if (t.count == 0)
            die("no groups");
        arena_free(&a);
    }
    return median(took, RUNS);
}

/* The totals have all deals. */
static void check_totals(struct engine *g, int64_t rows) {
    struct arena a = {0};
    struct query *q;
    struct totals t;
    kith_error e = KITH_ERROR_INIT;
    must(query_parse(&q, engine_schema(g), &a, STR("pipeline_total : sum(deals)"), &e), &e);
    must(engine_select(g, &bench_principal, q, NULL, &t, &a, &e), &e);
    if (t.values[0].as.i != rows)
        die("the totals are others");
    arena_free(&a);
}

static void set_value(struct order *o, const char *field, kith_value v) {
    o->set[o->count].field = type_field(o->type->schema, o->type, str_of(field));
    o->set[o->count++].value = v;
}

/* Operations per second. */
static double created(struct engine *g, const char *type) {
    struct order *orders = new_orders(g, type, SOME);
    for (int64_t i = 0; i < SOME; i++) {
        set_value(&orders[i], "name", value_str(STR("A deal")));
        if (strcmp(type, "opportunity") == 0)
            set_value(&orders[i], "amount", value_str(STR("12.50 EUR")));
    }
    const double seconds = timed_post(g, orders, SOME);
    free(orders);
    return SOME / seconds;
}

static double moved(struct engine *g) {
    struct order *orders = new_orders(g, "opportunity", SOME);
    for (int64_t i = 0; i < SOME; i++) {
        orders[i].id = (kith_id)i + 1;
        set_value(&orders[i], "probability", value_int(90));
    }
    const double seconds = timed_post(g, orders, SOME);
    free(orders);
    return SOME / seconds;
}

static double action_ms(struct engine *g, const char *name, const char *arg, const char *value) {
    const struct action *action = engine_action(g, str_of(name));
    const struct write_opts o = {.principal = &bench_principal};
    double took[RUNS];
    for (int i = 0; i < RUNS; i++) {
        struct arena a = {0};
        kith_error e = KITH_ERROR_INIT;
        kith_value args[8] = {{0}}, results[8];
        for (uint32_t k = 0; arg && k < action->param_count; k++)
            if (strcmp(action->params[k]->name, arg) == 0)
                args[k] = value_str(str_of(value));
        const int64_t start = clock_ticks();
        must(engine_call(g, NULL, &o, action, args, &a, results, NULL, &e), &e);
        took[i] = (double)(clock_ticks() - start) / 1e6;
        if (action_rows(action, results).count == 0)
            die("no rows");
        arena_free(&a);
    }
    return median(took, RUNS);
}

static void measure_closed(const char *dir, int64_t rows) {
    static const struct {
        const char *action, *arg, *value;
    } asked[] = {{"sales.kpis", NULL, NULL},
                 {"sales.kpis", "by", "owner"},
                 {"sales.kpis", "since", "2022-03-17"},
                 {"sales.trend", "months", "240"}};
    struct company c = {0};
    kith_error e = KITH_ERROR_INIT;
    fill(dir, "closed", OPEN, CLOSED, rows);
    open_module(&c, dir, "closed", "sales");
    must(engine_compute_rollups(c.g, &bench_principal, &e), &e);
    check_totals(c.g, rows);
    printf("%lld closed opportunities in %d totals\n", (long long)rows, OWNERS * CLOSED * MONTHS);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        const double ms = action_ms(c.g, asked[i].action, asked[i].arg, asked[i].value);
        char what[64];
        snprintf(what, sizeof what, "  %s%s%s%s%s", asked[i].action, asked[i].arg ? " " : "",
                 asked[i].arg ? asked[i].arg : "", asked[i].arg ? "=" : "",
                 asked[i].arg ? asked[i].value : "");
        row(what, "%.1f ms", ms, "< 200 ms", ms < 200);
    }
    close_module(&c);
}

int main(int argc, char **argv) {
    static const char *const reports[] = {"sales.pipeline", "sales.pipeline_by_month",
                                          "sales.pipeline_by_owner"};
    struct company c = {0};
    kith_error e = KITH_ERROR_INIT;
    if (argc < 3)
        die("usage: bench_pipeline DIR ROWS");
    const int64_t rows = atoll(argv[2]);
    write_conf(argv[1], "sales: { grant = [ \"*\" ]; };\n");
    fill(argv[1], "deals", 0, OPEN, rows);
    open_module(&c, argv[1], "deals", "sales");
    must(engine_compute_rollups(c.g, &bench_principal, &e), &e);
    check_totals(c.g, rows);
    printf("pipeline of %lld open opportunities in %d totals\n", (long long)rows,
           OWNERS * OPEN * MONTHS);
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++) {
        const double ms = report_ms(c.g, reports[i]);
        char what[64];
        snprintf(what, sizeof what, "  %s", reports[i]);
        row(what, "%.1f ms", ms, "< 200 ms", ms < 200);
    }
    row("  sales.pipeline_by_territory, which has no totals", "%.0f ms",
        report_ms(c.g, "sales.pipeline_by_territory"), NULL, true);
    /* Journaled rows by the second: chances, which nothing follows from. */
    const double plain = created(c.g, "chance"), deals = created(c.g, "opportunity"),
                 moves = moved(c.g);
    row("chance create: one journaled row", "%.0f/s", plain, NULL, true);
    row("opportunity create: with its visit, and into a total", "%.0f/s", deals, NULL, true);
    row("  ratio to rows/s by its three rows", "%.2f", deals / (plain / 3), ">= 0.40",
        deals / (plain / 3) >= 0.4);
    row("opportunity with another probability: into another total", "%.0f/s", moves, NULL, true);
    row("  ratio to rows/s by its three rows, two of them totals", "%.2f", moves / (plain / 3),
        ">= 0.40", moves / (plain / 3) >= 0.4);
    close_module(&c);
    measure_closed(argv[1], rows);
    return 0;
}
