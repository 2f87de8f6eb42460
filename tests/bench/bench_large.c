/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what must not grow from 10 thousand to 10 million records: a page of a list wherever it
 * lies, a read, an update, who is in a segment; and how a count grows. Usage: bench_large DIR ROWS
 */
#include "pages.h"

#include <sys/stat.h>

#define SMALL 10000
#define BATCH 1000 /* records of one transaction while the database is filled */

/* -- filling ----------------------------------------------------------------------------------- */

struct fill {
    struct base *base;
    int64_t done;
};

/* Names go up, so that their index fills in order; what is measured later goes anywhere. */
static kith_status create_batch(struct txn *t, void *arg, kith_error *e) {
    const struct fill *f = arg;
    const struct schema *s = engine_schema(f->base->g);
    const struct rtype *lead = schema_type(s, str_of(f->base->type));
    struct assign set[] = {{type_field(s, lead, STR("name")), value_null()},
                           {type_field(s, lead, STR("source")), value_str(STR("web"))},
                           {type_field(s, lead, STR("score")), value_null()}};
    char name[40];
    for (int64_t i = f->done; i < f->done + BATCH; i++) {
        snprintf(name, sizeof name, "Lead %010lld", (long long)i);
        set[0].value = value_str(str_of(name));
        set[2].value = value_int(i % 100);
        TRY(txn_create(t, lead, set, 3, &f->base->ids[i], e));
    }
    return KITH_OK;
}

static void leads_open(struct base *b, const char *dir, int64_t rows) {
    kith_error e = KITH_ERROR_INIT;
    base_open(b, dir, "lead", rows);
    for (struct fill f = {b, 0}; f.done < rows; f.done += BATCH)
        must(engine_write(b->g, &bench_opts, create_batch, &f, NULL, &e), &e);
}

static void fill_rows(struct base *b, const char *dir) {
    char what[100], path[300];
    struct stat file;
    int64_t start = clock_ticks();
    leads_open(b, dir, b->rows);
    double seconds = (double)(clock_ticks() - start) / 1e9;
    snprintf(path, sizeof path, "%s/kith.db", dir);
    snprintf(what, sizeof what, "%lld leads created, %d to a transaction", (long long)b->rows,
             BATCH);
    row(what, "%.0f/s", (double)b->rows / seconds, NULL, true);
    if (stat(path, &file) == 0)
        row("  the database", "%.0f MB", (double)file.st_size / 1e6, NULL, true);
}

/* -- pages and counts -------------------------------------------------------------------------- */

static void list_rows(struct base *few, struct base *many, const char *what, const char *text) {
    struct base *bases[] = {few, many};
    struct spread s[2][2];
    struct keep none = {0};
    for (int i = 0; i < 2; i++) {
        struct base *b = bases[i];
        pages(b, text, walk(b, text, b->rows / 2, &none), s[i]);
        page_row(what, b, s[i][0]);
        page_row("  in the middle", b, s[i][1]);
    }
    double first = s[1][0].middle / s[0][0].middle, middle = s[1][1].middle / s[0][1].middle;
    row("  cost of the first, to that of 10,000", "%.2f", first, "<= 2", first <= 2);
    row("  cost of one in the middle, to that of 10,000", "%.2f", middle, "<= 2", middle <= 2);
}

/* Microseconds of a count; the median of some. */
static double count_us(struct base *b, const char *text) {
    enum { TIMES = 5 };
    double us[TIMES];
    struct arena a = {0};
    kith_error e = KITH_ERROR_INIT;
    struct query *q;
    for (int i = 0; i < TIMES; i++) {
        struct find_page page = {.limit = 1};
        int64_t start = clock_ticks();
        must(query_parse(&q, engine_schema(b->g), &a, str_of(text), &e), &e);
        must(engine_find(b->g, &bench_principal, q, NULL, &page, &a, keep_id, NULL, &e), &e);
        us[i] = (double)(clock_ticks() - start) / 1e3;
        arena_reset(&a);
    }
    arena_free(&a);
    return median(us, TIMES);
}

static void count_rows(struct base *few, struct base *many, const char *what, const char *text) {
    char label[100];
    double small = count_us(few, text), large = count_us(many, text);
    double grown = large / (double)many->rows / (small / (double)few->rows);
    snprintf(label, sizeof label, "%s, of %lld", what, (long long)few->rows);
    row(label, "%.2f ms", small / 1e3, NULL, true);
    snprintf(label, sizeof label, "  of %lld", (long long)many->rows);
    row(label, "%.0f ms", large / 1e3, NULL, true);
    row("  its cost for each record, to that of 10,000", "%.2f", grown, NULL, true);
}

/* -- segments ---------------------------------------------------------------------------------- */

static kith_status create_segment(struct txn *t, void *arg, kith_error *e) {
    const struct schema *s = engine_schema(txn_engine(t));
    const struct rtype *segment = schema_type(s, STR("segment"));
    struct assign set[] = {
        {type_field(s, segment, STR("name")), value_str(STR("hot"))},
        {type_field(s, segment, STR("query")), value_str(STR("lead where score >= 50"))}};
    return txn_create(t, segment, set, 2, arg, e);
}

/* Until everybody is looked at. */
static void segment_row(struct base *b) {
    kith_error e = KITH_ERROR_INIT;
    kith_id id;
    char what[100];
    int64_t start = clock_ticks();
    must(engine_write(b->g, &bench_opts, create_segment, &id, NULL, &e), &e);
    must(engine_drain(b->g, INT64_C(3600) * 1000, &e), &e);
    double seconds = (double)(clock_ticks() - start) / 1e9;
    snprintf(what, sizeof what, "segment worked out over %lld", (long long)b->rows);
    row(what, "%.2f s", seconds, NULL, true);
}

static void both_update_rows(struct base *few, struct base *many, const char *what,
                             const char *field, const char *word, uint64_t values) {
    char alone[100], grouped[100];
    snprintf(alone, sizeof alone, "%s, one by one", what);
    snprintf(grouped, sizeof grouped, "%s, in groups", what);
    update_rows(&(struct update){alone, field, word, values, true}, few, many, true);
    update_rows(&(struct update){grouped, field, word, values, false}, few, many, false);
}

int main(int argc, char **argv) {
    char small[256], large[256];
    struct base few, many = {.rows = argc > 2 ? atoll(argv[2]) : 10000000};
    if (argc < 2 || many.rows < 10 * SMALL || many.rows % BATCH)
        die("usage: bench_large DIR [ROWS: thousands, from 100,000]");
    snprintf(small, sizeof small, "%s/small", argv[1]);
    snprintf(large, sizeof large, "%s/large", argv[1]);
    if (mkdir(small, 0700) != 0 || mkdir(large, 0700) != 0)
        die("the folders of the databases cannot be made");
    leads_open(&few, small, SMALL);
    fill_rows(&many, large);
    list_rows(&few, &many, "page sorted by an index", "lead order by name");
    list_rows(&few, &many, "page filtered, sorted by an index",
              "lead where source = 'web' order by -created");
    get_row(&few);
    get_row(&many);
    count_rows(&few, &many, "count of all", "lead : count()");
    count_rows(&few, &many, "count of those that no index finds",
               "lead where score >= 50 : count()");
    both_update_rows(&few, &many, "update", "name", "Other ", 10000000);
    segment_row(&few);
    segment_row(&many);
    both_update_rows(&few, &many, "update in or out of a segment", "score", "", 100);
    base_close(&few);
    base_close(&many);
    return 0;
}
