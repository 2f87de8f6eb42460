/* SPDX-License-Identifier: Apache-2.0 */
/* The query language against a naive evaluator: random types, rows, conditions and orders, and
 * queries that group and total. The answer of the compiled SELECT, of the matcher and of the
 * evaluator (query_naive.h), which works through the conditions in three-valued logic as they
 * were made up, must be the same; and pages of any size must follow each other as one long page.
 * KITH_SEED repeats a run, KITH_CASES lengthens it. */
#include "query_cover.h"
#include "query_group_naive.h"
#include "record/query_group.h"

#ifdef KITH_TEST_POSTGRES
#include "postgres/postgres.h"
#include "record/query_dialect.h"
#endif
#include <time.h>
#include <unistd.h>

#define ROUNDS 12u
#define CASES  2400u

/* -- random orders ----------------------------------------------------------------------------- */

static struct order {
    const struct table *table;
    struct way ways[3];
    bool down[3];
    uint32_t count;
} order;

static void random_order(const struct table *t) {
    order.table = t;
    order.count = below(4);
    for (uint32_t i = 0; i < order.count; i++) {
        do
            random_way(&order.ways[i], t->type, false);
        while (kind_at_end(&order.ways[i]) == KITH_F_TAGS ||
               kind_at_end(&order.ways[i]) == KITH_F_PLACE ||
               kind_at_end(&order.ways[i]) == KITH_F_LONGTEXT);
        order.down[i] = chance(50);
    }
}

static void put_order(struct text *t) {
    for (uint32_t i = 0; i < order.count; i++) {
        buf_puts(&t->b, i ? ", " : " order by ");
        buf_puts(&t->b, order.down[i] ? "-" : "");
        put_way(t, &order.ways[i]);
    }
}

/* Money of several currencies is sorted by its worth in the company's own. */
static kith_value sort_value(const struct rfield *f, kith_value v) {
    if (v.kind != KITH_MONEY)
        return v;
    if (f->option_count != 1)
        return naive_base(&v);
    return value_int(v.as.money.minor);
}

static int by_order(const void *pa, const void *pb) {
    int a = *(const int *)pa, b = *(const int *)pb;
    for (uint32_t i = 0; i < order.count; i++) {
        const struct way *w = &order.ways[i];
        const struct rfield *f = field_at_end(w);
        kith_value x = sort_value(f, naive_value(order.table, a, w, 0));
        kith_value y = sort_value(f, naive_value(order.table, b, w, 0));
        int o = x.kind == KITH_NULL || y.kind == KITH_NULL
                    ? (x.kind != KITH_NULL) - (y.kind != KITH_NULL)
                    : naive_order(f, f, false, &x, &y);
        if (o)
            return order.down[i] ? -o : o;
    }
    int o = order.table->ids[a] < order.table->ids[b] ? -1 : 1;
    return order.count && order.down[order.count - 1] ? -o : o;
}

static bool second; /* a PostgreSQL server runs, with the same records */

/* -- one case ---------------------------------------------------------------------------------- */

static const char *shown(const kith_id *ids, uint32_t count) {
    const char *s = "";
    for (uint32_t i = 0; i < count; i++)
        s = arena_printf(&arena, "%s %d", s, (int)ids[i]);
    return s;
}

#ifdef KITH_TEST_POSTGRES
/* A page as PostgreSQL gives it; with the row beyond, if there is one. */
static uint32_t page_there(const struct query *q, const kith_value *params, kith_str after,
                           uint32_t want, int64_t *out) {
    kith_error e = KITH_ERROR_INIT;
    struct query_sql sql;
    struct query_env there = env;
    there.dialect = &query_postgres;
    EXPECT_OK(query_sql(q, &there, params, after, want, &arena, &sql, &e), e);
    uint32_t n = postgres_run(&sql, out, ROWS);
    EXPECT(n <= ROWS);
    return n < want ? n : want;
}
#endif

/* All pages of a query, each of random size up to `page`. there: the same pages are asked of
 * PostgreSQL. */
static uint32_t run_query(const struct query *q, const kith_value *params, uint32_t page,
                          bool there, kith_id *out) {
    kith_error e = KITH_ERROR_INIT;
    struct query_sql sql;
    sqlite3_stmt *st;
    kith_str after = {0}, next = {0};
    uint32_t count = 0;
    bool row = true, more = true;
    while (more) {
        uint32_t want = 1 + below(page), given = 0;
        EXPECT_OK(query_sql(q, &env, params, after, want, &arena, &sql, &e), e);
        EXPECT_OK(conn_prepare(conn, sql.sql, &st, &e), e);
        query_bind(st, &sql);
        for (more = false; !more;) {
            EXPECT_OK(conn_step(conn, st, &row, &e), e);
            if (!row)
                break;
            if ((more = given == want))
                break;
            EXPECT(count < ROWS);
            out[count++] = (kith_id)sqlite3_column_int64(st, 0);
            if (++given == want)
                EXPECT_OK(query_cursor(q, st, after, given, &arena, &next, &e), e);
        }
        sqlite3_reset(st);
#ifdef KITH_TEST_POSTGRES
        int64_t other[ROWS];
        uint32_t n = there && second ? page_there(q, params, after, want, other) : given;
        EXPECT_INT(given, n);
        for (uint32_t i = 0; there && second && i < given; i++)
            EXPECT_INT(out[count - given + i], other[i]);
#else
        (void)there;
#endif
        after = next;
    }
    return count;
}

static kith_status look_up(void *arg, const struct rtype *type, kith_id id,
                           const kith_value **values, kith_error *e) {
    (void)arg;
    (void)e;
    const struct table *t = table_of(type);
    int row = row_of(t, id);
    *values = row < 0 ? NULL : t->values[row];
    return KITH_OK;
}

static kith_status answer(void *arg, const struct match_question *q, int64_t *n, kith_error *e) {
    (void)arg;
    return match_answer(q, conn, &arena, n, e);
}

#define EXPECT_SAME(what, want, want_count, got, got_count, text, number)                          \
    do {                                                                                           \
        if ((want_count) != (got_count) || memcmp(want, got, (want_count) * sizeof *(want)) != 0)  \
            TEST_FAIL("case %u, %s\n  %s\n  expected%s\n  found   %s", number, what, text,         \
                      shown(want, want_count), shown(got, got_count));                             \
    } while (0)

static void check_matcher(const struct cond *c, const struct table *t, uint32_t number) {
    kith_error e = KITH_ERROR_INIT;
    struct predicate *p;
    struct text text = {.bound = false};
    put_cond(&text, c);
    const char *copy = arena_strdup(&arena, text.b.ptr);
    buf_free(&text.b);
    if (predicate_parse(&p, schema, t->type, &arena, str_of(copy), &e) != KITH_OK)
        TEST_FAIL("case %u: %s\n  %s", number, copy, e.message);
    for (uint32_t i = 0; i < ROWS; i++) {
        bool want = naive_finds(c, t, (int)i);
        bool found;
        EXPECT_OK(predicate_match(p, &env, t->ids[i], t->values[i],
                                  &(struct match_source){.lookup = look_up, .ask = answer}, &found,
                                  &e),
                  e);
        if (found != want)
            TEST_FAIL("case %u: record %d %s\n  %s", number, (int)t->ids[i],
                      want ? "should match" : "should not match", copy);
    }
}

/* The rows that satisfy the condition, in order, as the evaluator says. */
static uint32_t naive_query(const struct cond *c, const struct table *t, kith_id *out) {
    int rows[ROWS];
    uint32_t count = 0;
    for (int i = 0; i < (int)ROWS; i++)
        if (seen(t, i) && naive_finds(c, t, i))
            rows[count++] = i;
    qsort(rows, count, sizeof *rows, by_order);
    for (uint32_t i = 0; i < count; i++)
        out[i] = t->ids[rows[i]];
    return count;
}

static void one_case(uint32_t number) {
    kith_error e = KITH_ERROR_INIT;
    const struct table *t = &tables[below(TYPES)];
    const struct cond *c;
    struct query *q;
    kith_id want[ROWS], got[ROWS];
    random_rights();
    check_rights(t);
    struct text text = {.bound = chance(40)};
    nulls = text.bound && chance(20);
    do
        c = chance(10) ? NULL : random_cond(t->type, 3);
    while (c && links_in(c) > 9);
    random_order(t);
    buf_printf(&text.b, "%s%s", t->type->name, c ? " where " : "");
    if (c)
        put_cond(&text, c);
    put_order(&text);
    const char *copy = arena_strdup(&arena, text.b.ptr);
    buf_free(&text.b);
    kith_status st = query_parse(&q, schema, &arena, str_of(copy), &e);
    if (st == KITH_E_LIMIT) /* more links than are allowed */
        return;
    if (st != KITH_OK)
        TEST_FAIL("case %u: %s\n  %s", number, copy, e.message);
    uint32_t count = naive_query(c, t, want);
    uint32_t found = run_query(q, text.params, 1, false, got);
    EXPECT_SAME("pages of one", want, count, got, found, copy, number);
    found = run_query(q, text.params, 7, true, got);
    EXPECT_SAME("pages of up to seven", want, count, got, found, copy, number);
    found = run_query(q, text.params, 1000000, true, got);
    EXPECT_SAME("one page", want, count, got, found, copy, number);
    if (c && env.principal->all && !nulls)
        check_matcher(c, t, number);
    cover(copy);
}

/* -- totals ------------------------------------------------------------------------------------ */

static const char *shown_values(const kith_value *v, uint32_t count) {
    const char *out = "";
    for (uint32_t i = 0; i < count; i++) {
        kith_str s = v[i].kind == KITH_NULL ? STR("-") : value_text(schema, &v[i], &arena);
        out = arena_printf(&arena, "%s%s%.*s", out, i ? "|" : "", (int)s.len, s.ptr);
    }
    return out;
}

#ifdef KITH_TEST_POSTGRES
#define LINES_MAX 4000u

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *line_here(sqlite3_stmt *st) {
    struct buf b = {0};
    for (int i = 0; i < sqlite3_column_count(st); i++)
        if (sqlite3_column_type(st, i) == SQLITE_FLOAT)
            buf_printf(&b, "%.17g\t", sqlite3_column_double(st, i));
        else
            buf_printf(&b, "%s\t",
                       sqlite3_column_type(st, i) == SQLITE_NULL
                           ? "null"
                           : (const char *)sqlite3_column_text(st, i));
    const char *s = arena_strdup(&arena, b.ptr ? b.ptr : "");
    buf_free(&b);
    return s;
}

/* The rows that are added up are the same on both. */
static void check_leaves(const struct query *q, const kith_value *params, const char *text) {
    static const char *here[LINES_MAX], *there[LINES_MAX];
    kith_error e = KITH_ERROR_INIT;
    struct query_sql sql;
    sqlite3_stmt *st;
    uint32_t count = 0;
    bool row;
    EXPECT_OK(query_leaves_sql(q, &env, params, &arena, &sql, &e), e);
    EXPECT_OK(conn_prepare(conn, sql.sql, &st, &e), e);
    query_bind(st, &sql);
    for (;;) {
        EXPECT_OK(conn_step(conn, st, &row, &e), e);
        if (!row || count == LINES_MAX)
            break;
        here[count++] = line_here(st);
    }
    sqlite3_reset(st);
    struct query_env other = env;
    other.dialect = &query_postgres;
    EXPECT_OK(query_leaves_sql(q, &other, params, &arena, &sql, &e), e);
    uint32_t n = postgres_lines(&sql, &arena, there, LINES_MAX);
    if (n != count && count < LINES_MAX)
        TEST_FAIL("%s\n  %u rows here, %u on PostgreSQL", text, count, n);
    qsort(here, count, sizeof *here, by_text);
    qsort(there, count, sizeof *there, by_text);
    for (uint32_t i = 0; i < count && count < LINES_MAX; i++)
        EXPECT_STR(here[i], there[i]);
}
#endif

/* The first row that differs. */
static void fail_at_row(const char *text, uint32_t number, const kith_value *want, uint32_t rows,
                        const struct totals *found, uint32_t columns) {
    uint32_t i = 0;
    for (; i < rows && i < found->count; i++) {
        bool same = true;
        for (uint32_t k = 0; k < columns; k++)
            same &= value_eq(&want[i * columns + k], &found->values[i * columns + k]);
        if (!same)
            break;
    }
    TEST_FAIL("case %u: %s\n  row %u of %u, found %u: expected %s, found %s", number, text, i, rows,
              (uint32_t)found->count, i < rows ? shown_values(&want[i * columns], columns) : "none",
              i < found->count ? shown_values(&found->values[i * columns], columns) : "none");
}

static void group_case(uint32_t number) {
    kith_error e = KITH_ERROR_INIT;
    const struct table *t = &tables[below(TYPES)];
    struct query *q;
    struct totals totals;
    kith_value *want;
    random_rights();
    struct text text = {.bound = chance(40)};
    nulls = false;
    const struct cond *c = chance(50) ? NULL : random_cond(t->type, 2);
    random_grouped(t, c && links_in(c) < 4 ? c : NULL);
    put_grouped(&text);
    const char *copy = arena_strdup(&arena, text.b.ptr);
    buf_free(&text.b);
    kith_status st = query_parse(&q, schema, &arena, str_of(copy), &e);
    if (st == KITH_E_LIMIT) /* more links than are allowed */
        return;
    if (st != KITH_OK)
        TEST_FAIL("case %u: %s\n  %s", number, copy, e.message);
    if (!query_totals(q))
        return;
    uint32_t rows = naive_grouped(&want), columns = grouped.key_count + grouped.term_count;
    st = query_select(q, &env, text.params, conn, &arena, &totals, &e);
    if (unsure)
        return;
    if (several || too_large) {
        if (st == KITH_OK)
            TEST_FAIL("case %u: %s\n  expected an error", number, copy);
    } else if (st != KITH_OK) {
        TEST_FAIL("case %u: %s\n  %s", number, copy, e.message);
    } else {
        bool same = totals.count == rows && totals.columns == columns;
        for (uint32_t i = 0; i < rows * columns && same; i++)
            same = value_eq(&totals.values[i], &want[i]);
        if (!same)
            fail_at_row(copy, number, want, rows, &totals, columns);
    }
#ifdef KITH_TEST_POSTGRES
    if (second)
        check_leaves(q, text.params, copy);
#endif
    cover(copy);
}

static void one_round(uint32_t first, uint32_t cases) {
    kith_error e = KITH_ERROR_INIT;
    char dir[] = "/tmp/kith-query-XXXXXX", path[64], command[96];
    EXPECT(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/db", dir);
    EXPECT_OK(conn_open(&conn, path, CONN_WRITER, NULL, &e), e);
    random_now();
    random_workdays();
    random_schema();
    random_rows();
    random_members();
#ifdef KITH_TEST_POSTGRES
    if (second)
        postgres_copy(conn);
#endif
    for (uint32_t i = 0; i < cases; i++) {
        struct arena_mark mark = arena_mark(&arena);
        one_case(first + i);
        group_case(first + i);
        arena_release(&arena, mark);
        if (i % 100 == 99)
            conn_forget_statements(conn);
    }
    conn_close(conn);
    zone_close(zone);
    schema_free(schema);
    arena_free(&arena);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    EXPECT_INT(0, system(command));
}

static const char *no_second(void) {
#ifdef KITH_TEST_POSTGRES
    return postgres_start();
#else
    return "libpq-dev was not there when this test was built";
#endif
}

TEST("the second database is PostgreSQL") {
    if (no_second())
        TEST_SKIP("%s", no_second());
}

TEST("SELECT on two databases, matcher and a naive evaluator find the same, on pages of any size") {
    const char *given = getenv("KITH_SEED"), *cases = getenv("KITH_CASES");
    uint32_t count = cases ? (uint32_t)strtoul(cases, NULL, 10) : CASES;
    seed =
        given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 2654435761u + (uint64_t)getpid();
    printf("KITH_SEED=%llu\n", (unsigned long long)seed);
    seed += seed == 0;
    second = no_second() == NULL;
    for (uint32_t round = 0; round < ROUNDS; round++)
        one_round(round * count / ROUNDS, count / ROUNDS);
    if (count >= CASES) /* fewer may miss one by chance */
        check_cover();
}
