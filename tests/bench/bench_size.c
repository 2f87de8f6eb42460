/* SPDX-License-Identifier: Apache-2.0 */
/* Measures what must not grow with the database: an import's memory, a page of a list wherever it
 * lies, a read, an update. Usage: bench_size DIR ROWS; $KITH names the program. */
#include "child.h"

#include "base/id.h"

#define SMALL   10000
#define PAGE    50
#define QUERIES 200
#define ROUNDS  5

/* -- import ------------------------------------------------------------------------------------ */

static void imports(char *small, char *middle, char *large, int64_t n) {
    char what[80], budget[32];
    double limit = 180.0 * (double)n / 1e6;
    import_contacts(small, SMALL);
    struct child tenth = import_contacts(middle, n / 10), whole = import_contacts(large, n);
    snprintf(what, sizeof what, "import of %lld contacts --key email", (long long)n);
    snprintf(budget, sizeof budget, "< %.0f s", limit);
    row(what, "%.1f s", whole.seconds, budget, whole.seconds < limit);
    row("  rows/s", "%.0f/s", (double)n / whole.seconds, NULL, true);
    row("  processor time", "%.1f s", whole.processor, NULL, true);
    row("  peak memory", "%.1f MB", whole.megabytes, NULL, true);
    if (n >= 1000000) /* fewer do not fill the caches, whose size is fixed */
        row("  peak memory, to that of a tenth of the rows", "%.2f",
            whole.megabytes / tenth.megabytes, "flat: < 1.25",
            whole.megabytes < 1.25 * tenth.megabytes);
}

/* -- one database ------------------------------------------------------------------------------ */

struct base {
    struct engine *g;
    int64_t rows;
    kith_id *ids;
    struct arena arena;
};

struct keep { /* where the ids of a page go; NULL: nowhere */
    kith_id *ids;
    int64_t count;
};

static kith_status keep_id(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct keep *k = arg;
    (void)values;
    (void)e;
    if (k->ids)
        k->ids[k->count++] = id;
    return KITH_OK;
}

/* Reads a page as a program asks for it: the text is parsed each time. */
static void page_of(struct base *b, const char *text, kith_str after, int64_t limit,
                    struct keep *keep, struct arena *a, kith_str *cursor) {
    kith_error e = KITH_ERROR_INIT;
    struct query *q;
    struct find_page page = {.after = after, .limit = limit};
    must(query_parse(&q, engine_schema(b->g), a, str_of(text), &e), &e);
    must(engine_find(b->g, &bench_principal, q, NULL, &page, a, keep_id, keep, &e), &e);
    if (page.count != limit)
        die("a page is not full");
    if (cursor)
        *cursor = page.cursor;
}

/* Reads that many rows page by page; the cursor after them. */
static kith_str walk(struct base *b, const char *text, int64_t rows, struct keep *keep) {
    const int64_t step = 1000;
    struct arena page = {0};
    kith_str after = {0}, kept = {0};
    for (int64_t i = 0; i < rows; i += step) {
        page_of(b, text, kept, step, keep, &page, &after);
        kept = arena_str(&b->arena, after);
        arena_reset(&page);
    }
    arena_free(&page);
    return kept;
}

static void base_open(struct base *b, const char *dir, int64_t rows) {
    char path[300];
    *b = (struct base){.rows = rows};
    snprintf(path, sizeof path, "%s/kith.db", dir);
    b->g = bench_open(path);
    must_start(b->g);
    b->ids = calloc((size_t)rows, sizeof *b->ids);
    if (!b->ids)
        die("no memory");
    struct keep keep = {b->ids, 0};
    walk(b, "contact order by id", rows, &keep);
}

static void base_close(struct base *b) {
    engine_close(b->g);
    arena_free(&b->arena);
    free(b->ids);
}

/* -- pages ------------------------------------------------------------------------------------- */

struct spread {
    double middle, most; /* microseconds */
};

static struct spread spread_of(double *us, size_t n) {
    double middle = median(us, n); /* sorts */
    return (struct spread){middle, us[n - 1]};
}

/* The first page and the one after the cursor, in turns. */
static void pages(struct base *b, const char *text, kith_str middle, struct spread out[2]) {
    double us[2][QUERIES];
    struct arena a = {0};
    struct keep none = {0};
    for (int i = 0; i < 2 * QUERIES; i++) {
        int64_t start = clock_ticks();
        page_of(b, text, i % 2 ? middle : (kith_str){0}, PAGE, &none, &a, NULL);
        us[i % 2][i / 2] = (double)(clock_ticks() - start) / 1e3;
        arena_reset(&a);
    }
    arena_free(&a);
    out[0] = spread_of(us[0], QUERIES);
    out[1] = spread_of(us[1], QUERIES);
}

static void page_row(const char *what, const struct base *b, struct spread s) {
    char text[100], figure[40];
    snprintf(text, sizeof text, "%s, of %lld", what, (long long)b->rows);
    snprintf(figure, sizeof figure, "%.2f (max %.1f) ms", s.middle / 1000, s.most / 1000);
    row_text(text, figure, "< 5 ms", s.middle < 5000);
}

static void page_rows(struct base *b) {
    static const struct {
        const char *what, *text;
    } lists[] = {
        {"page sorted by an index", "contact order by name"},
        {"page filtered, sorted by an index",
         "contact where lifecycle = 'prospect' order by -created"},
        {"page of a range, sorted by its index", "contact where email > 'p2' order by email"},
        {"page of the 1,000 of a city, sorted by name",
         "contact where city = 'City 3' order by name"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const char *text = lists[i].text;
        struct keep none = {0};
        struct spread both[2];
        bool deep = i < 2; /* all rows are in it */
        pages(b, text, deep ? walk(b, text, b->rows / 2, &none) : (kith_str){0}, both);
        page_row(lists[i].what, b, both[0]);
        if (!deep)
            continue;
        page_row("  the page in the middle", b, both[1]);
        double ratio = both[1].middle / both[0].middle;
        row("  its cost, to that of the first", "%.2f", ratio, "about 1: < 2", ratio < 2);
    }
}

static uint64_t random_of(uint64_t *state, uint64_t below) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % below;
}

static void get_row(struct base *b) {
    enum { GETS = 20000 };
    kith_error e = KITH_ERROR_INIT;
    const struct rtype *contact = schema_type(engine_schema(b->g), STR("contact"));
    double *us = calloc(GETS, sizeof *us);
    uint64_t state = 1;
    struct arena a = {0};
    kith_value *values;
    char what[80], figure[40];
    for (int i = 0; i < GETS; i++) {
        kith_id id = b->ids[random_of(&state, (uint64_t)b->rows)];
        int64_t start = clock_ticks();
        must(engine_get(b->g, &bench_principal, contact, id, &a, &values, &e), &e);
        us[i] = (double)(clock_ticks() - start) / 1e3;
        arena_reset(&a);
    }
    struct spread s = spread_of(us, GETS);
    snprintf(what, sizeof what, "get by id in process, any of %lld", (long long)b->rows);
    snprintf(figure, sizeof figure, "%.1f (max %.0f) us", s.middle, s.most);
    row_text(what, figure, NULL, true);
    arena_free(&a);
    free(us);
}

/* -- updates ----------------------------------------------------------------------------------- */

/* Seconds for n updates of an indexed field, each of another record at random. */
static double update_seconds(struct base *b, int64_t n, uint64_t *state) {
    struct order *orders = new_orders(b->g, "contact", n);
    for (int64_t i = 0; i < n; i++) {
        struct order *o = &orders[i];
        o->id = b->ids[random_of(state, (uint64_t)b->rows)];
        snprintf(o->text[0], sizeof o->text[0], "City %llu",
                 (unsigned long long)random_of(state, 1000000));
        set_text(o, "city", o->text[0]);
    }
    double seconds = timed_post(b->g, orders, n);
    free(orders);
    return seconds;
}

static void update_rows(struct base *small, struct base *large) {
    const int64_t n = 5000;
    double few[ROUNDS], many[ROUNDS], ratio[ROUNDS];
    uint64_t state = 1;
    char what[80];
    for (int i = 0; i < ROUNDS; i++) {
        few[i] = update_seconds(small, n, &state);
        many[i] = update_seconds(large, n, &state);
        ratio[i] = many[i] / few[i];
    }
    double times = median(ratio, ROUNDS);
    row("update of an indexed field among 10,000", "%.0f/s", (double)n / median(few, ROUNDS), NULL,
        true);
    snprintf(what, sizeof what, "  the same among %lld", (long long)large->rows);
    row(what, "%.0f/s", (double)n / median(many, ROUNDS), NULL, true);
    row("  its cost, to that among 10,000", "%.2f", times, "<= 2", times <= 2);
}

int main(int argc, char **argv) {
    char small[256], middle[256], large[256];
    struct base few, many;
    int64_t n = argc > 2 ? atoll(argv[2]) : 100000;
    if (argc < 2 || n < 10 * SMALL || n > 1000003)
        die("usage: bench_size DIR [ROWS: 100,000 to 1,000,003]");
    snprintf(small, sizeof small, "%s/small", argv[1]);
    snprintf(middle, sizeof middle, "%s/middle", argv[1]);
    snprintf(large, sizeof large, "%s/large", argv[1]);
    imports(small, middle, large, n);
    base_open(&few, small, SMALL);
    base_open(&many, large, n);
    page_rows(&few);
    page_rows(&many);
    get_row(&few);
    get_row(&many);
    update_rows(&few, &many);
    base_close(&few);
    base_close(&many);
    return 0;
}
