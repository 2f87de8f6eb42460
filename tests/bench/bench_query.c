/* SPDX-License-Identifier: Apache-2.0 */
/* Measures totals over many records: group by. Usage: bench_query DIR ROWS. */
#include "bench.h"

#define ROUNDS 7

static const kith_field deal_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
    {.name = "contact", .kind = KITH_F_LINK, .options = "contact"},
    {.name = "state", .kind = KITH_F_STATE, .options = "open>won|lost,won,lost"},
    {.name = "amount", .kind = KITH_F_MONEY},
    {.name = "probability", .kind = KITH_F_INTEGER},
    {.name = "close_on", .kind = KITH_F_DATE},
    {.name = "note", .kind = KITH_F_LONGTEXT},
};
static const kith_type deal_types[] = {
    {.name = "deal", .title = "name", .fields = KITH_ARRAY(deal_fields)}};
static const struct schema_source deal_source = {
    .module = "bench", .version = 1, .types = KITH_ARRAY(deal_types)};

static uint64_t seed = 42;
static uint32_t below(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static void put(kith_value *v, const struct rtype *t, const char *field, kith_value value) {
    v[type_field(t->schema, t, str_of(field))->index] = value;
}

static void insert_deal(struct conn *c, const struct rtype *t, int64_t i, kith_value *v) {
    static const char *const states[] = {"open", "won", "lost"};
    struct arena a = {0};
    kith_error e = KITH_ERROR_INIT;
    char name[40];
    snprintf(name, sizeof name, "Deal %lld", (long long)i);
    memset(v, 0, sizeof *v * t->field_count);
    v[FIELD_CREATED] = v[FIELD_UPDATED] = value_time(1700000000000 + i * 1000);
    v[FIELD_OWNER] = value_link(1 + below(50), schema_type(t->schema, STR("user"))->id);
    put(v, t, "name", value_str(str_of(name)));
    put(v, t, "state", value_str(str_of(states[below(3)])));
    put(v, t, "probability", value_int(below(101)));
    put(v, t, "close_on", (kith_value){.kind = KITH_DATE, .as.i = 19000 + below(1000)});
    put(v, t, "amount",
        (kith_value){.kind = KITH_MONEY,
                     .as.money = {.minor = below(10000000), .currency = "EUR"}});
    put(v, t, "note", value_str(STR("Called twice; waits for the offer of the other side.")));
    must(record_insert(c, t, (kith_id)i, &a, v, &e), &e);
    arena_free(&a);
}

static void fill(const char *path, int64_t rows) {
    struct conn *c;
    struct schema *s;
    kith_error e = KITH_ERROR_INIT;
    const struct schema_source sources[] = {schema_core, deal_source};
    must(conn_open(&c, path, CONN_WRITER, NULL, &e), &e);
    must(schema_build(&s, c, sources, 2, "EUR", &e), &e);
    const struct rtype *t = schema_type(s, STR("deal"));
    kith_value *v = calloc(t->field_count, sizeof *v);
    must(conn_exec(c, "BEGIN", &e), &e);
    for (int64_t i = 1; v && i <= rows; i++)
        insert_deal(c, t, i, v);
    must(conn_exec(c, "COMMIT", &e), &e);
    free(v);
    schema_free(s);
    conn_close(c);
}

static struct engine *open_filled(const char *path) {
    struct engine *g;
    kith_error e = KITH_ERROR_INIT;
    struct engine_options o = {.path = path,
                               .base_currency = "EUR",
                               .sources = &deal_source,
                               .source_count = 1,
                               .read_limit_ms = 600000};
    must(engine_open(&g, &o, &e), &e);
    must_start(g);
    return g;
}

/* Milliseconds of the median run, with the parsing. */
static double run_ms(struct engine *g, const char *text) {
    double took[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct arena a = {0};
        struct query *q;
        struct totals t;
        kith_error e = KITH_ERROR_INIT;
        int64_t start = clock_ticks();
        must(query_parse(&q, engine_schema(g), &a, str_of(text), &e), &e);
        must(engine_select(g, &bench_principal, q, NULL, &t, &a, &e), &e);
        took[i] = (double)(clock_ticks() - start) / 1e6;
        if (t.count == 0)
            die("no groups");
        arena_free(&a);
    }
    return median(took, ROUNDS);
}

int main(int argc, char **argv) {
    static const struct {
        const char *what, *text;
        bool budget;
    } queries[] = {
        {"count by state", "deal group by state : count()", true},
        {"sum of money by owner", "deal group by owner : sum(amount)", true},
        {"count, sum and average by owner and state",
         "deal group by owner, state : count(), sum(amount), avg(amount)", false},
        {"weighted sum by owner", "deal group by owner : sum(amount * probability) / 100", false},
        {"count by month", "deal group by year(close_on), month(close_on) : count()", false},
        {"distinct owners by state", "deal group by state : count(distinct owner)", false},
    };
    if (argc < 3)
        die("usage: bench_query DIR ROWS");
    int64_t rows = atoll(argv[2]);
    char path[512];
    snprintf(path, sizeof path, "%s/kith.db", argv[1]);
    fill(path, rows);
    struct engine *g = open_filled(path);
    printf("totals of %lld deals\n", (long long)rows);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char what[80], budget[32];
        double limit = 300.0 * (double)rows / 1e6, ms = run_ms(g, queries[i].text);
        snprintf(what, sizeof what, "  %s", queries[i].what);
        snprintf(budget, sizeof budget, "< %.0f ms", limit);
        row(what, "%.0f ms", ms, queries[i].budget ? budget : NULL, ms < limit);
    }
    engine_close(g);
    return 0;
}
