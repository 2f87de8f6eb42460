/* SPDX-License-Identifier: Apache-2.0 */
/* Asks queries over the `types` that the test file declares before it includes this, and over the
 * records that its fill() adds. Every condition is asked of SQLite and of the matcher. */
#ifndef TESTS_UNIT_QUERY_ASK_H
#define TESTS_UNIT_QUERY_ASK_H

#include "base/date.h"
#include "base/id.h"
#include "base/zone.h"
#include "record/query.h"
#include "test.h"

#include <unistd.h>

#define NOW 1717243200000 /* 2024-06-01T12:00:00Z, a Saturday */

static struct arena arena;
static struct conn *conn;
static struct schema *schema;
static char dir[] = "/tmp/kith-query-XXXXXX";
static const struct principal everyone = {.name = "test", .all = true};
static struct query_env env = {.now = NOW, .principal = &everyone};

__attribute__((unused)) static const char *id_text(kith_id id) {
    char text[ID_TEXT + 1];
    id_format(id, text);
    return arena_strdup(&arena, text);
}

/* Writes a record from "field", "text", ..., NULL. */
static void add(const char *type, kith_id id, const char *const *set) {
    kith_error e = KITH_ERROR_INIT;
    const struct rtype *t = schema_type(schema, str_of(type));
    kith_value *v = ARENA_ARRAY(&arena, kith_value, t->field_count);
    v[FIELD_CREATED] = v[FIELD_UPDATED] = value_time(NOW - (int64_t)id * DAY_MS);
    for (; *set; set += 2) {
        const struct rfield *f = type_field(schema, t, str_of(set[0]));
        v[f->index] = value_str(str_of(set[1]));
        EXPECT_OK(value_check(schema, f, false, &arena, &v[f->index], &e), e);
    }
    EXPECT_OK(record_insert(conn, t, id, &arena, v, &e), e);
}
#define ADD(type, id, ...) add(type, id, (const char *const[]){__VA_ARGS__, NULL})

static void fill(void); /* the test file's own */

/* Once, for all tests. */
static void setup(void) {
    kith_error e = KITH_ERROR_INIT;
    const struct schema_source source = {
        .module = "test", .version = 1, .types = KITH_ARRAY(types)};
    if (conn)
        return;
    EXPECT(mkdtemp(dir) != NULL);
    EXPECT_OK(conn_open(&conn, arena_printf(&arena, "%s/db", dir), CONN_WRITER, NULL, &e), e);
    EXPECT_OK(schema_build(&schema, conn, &source, 1, "EUR", &e), e);
    fill();
}

__attribute__((destructor)) static void teardown(void) {
    char command[96];
    if (!conn)
        return;
    conn_close(conn);
    schema_free(schema);
    arena_free(&arena);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    if (system(command) != 0)
        perror(dir);
}

/* -- asking ------------------------------------------------------------------------------------ */

/* The ids that a page holds, "1 2 3", or the error's message. *cursor gets the next page's. */
static const char *page_of(const char *text, const kith_value *params, kith_str after, int64_t page,
                           kith_str *cursor) {
    kith_error e = KITH_ERROR_INIT;
    struct query *q;
    struct query_sql sql;
    sqlite3_stmt *st;
    const char *found = "";
    bool row;
    *cursor = (kith_str){0};
    if (query_parse(&q, schema, &arena, str_of(text), &e) != KITH_OK ||
        query_sql(q, &env, params, after, page, &arena, &sql, &e) != KITH_OK)
        return arena_strdup(&arena, e.message);
    EXPECT_OK(conn_prepare(conn, sql.sql, &st, &e), e);
    query_bind(st, &sql);
    for (int64_t given = 0;; given++) {
        EXPECT_OK(conn_step(conn, st, &row, &e), e);
        if (!row)
            break;
        if (given == page) {
            EXPECT(cursor->len > 0);
            sqlite3_reset(st);
            return found;
        }
        found = arena_printf(&arena, "%s%s%lld", found, *found ? " " : "",
                             (long long)sqlite3_column_int64(st, 0));
        if (given + 1 == page && !query_counts(q))
            EXPECT_OK(query_cursor(q, st, after, page, &arena, cursor, &e), e);
    }
    *cursor = (kith_str){0};
    return found;
}

__attribute__((unused)) static const char *ask(const char *text) {
    kith_str cursor;
    setup();
    return page_of(text, NULL, (kith_str){0}, 1000, &cursor);
}

__attribute__((unused)) static const char *ask_with(const char *text, kith_value param) {
    kith_str cursor;
    setup();
    return page_of(text, &param, (kith_str){0}, 1000, &cursor);
}

/* The same in pages of two. */
__attribute__((unused)) static const char *ask_paged(const char *text) {
    kith_str cursor = {0}, next;
    const char *all = "";
    setup();
    do {
        const char *page = page_of(text, NULL, cursor, 2, &next);
        all = arena_printf(&arena, "%s%s%s", all, *all ? " " : "", page);
        cursor = next;
    } while (cursor.len > 0);
    return all;
}

static kith_status lookup(void *arg, const struct rtype *t, kith_id id, const kith_value **values,
                          kith_error *e) {
    (void)arg;
    return record_get(conn, t, id, &arena, values, e);
}

static const kith_value *stored(const struct rtype *t, kith_id id) {
    kith_error e = KITH_ERROR_INIT;
    const kith_value *values;
    EXPECT_OK(lookup(NULL, t, id, &values, &e), e);
    return values;
}

static kith_status answer(void *arg, const struct match_question *q, int64_t *n, kith_error *e) {
    (void)arg;
    return match_answer(q, conn, &arena, n, e);
}

static bool matches(const struct predicate *p, kith_id id, const kith_value *values) {
    static const struct match_source source = {lookup, answer, NULL};
    kith_error e = KITH_ERROR_INIT;
    bool yes;
    EXPECT_OK(predicate_match(p, &env, id, values, &source, &yes, &e), e);
    return yes;
}

/* The ids of the type's records that match, or the error's message. */
__attribute__((unused)) static const char *matching(const char *type, const char *condition) {
    kith_error e = KITH_ERROR_INIT;
    struct predicate *p;
    const char *found = "";
    setup();
    const struct rtype *t = schema_type(schema, str_of(type));
    if (predicate_parse(&p, schema, t, &arena, str_of(condition), &e) != KITH_OK)
        return arena_strdup(&arena, e.message);
    for (kith_id id = 1; id <= 99; id++) {
        const kith_value *values = stored(t, id);
        if (values && matches(p, id, values))
            found = arena_printf(&arena, "%s%s%d", found, *found ? " " : "", (int)id);
    }
    return found;
}

#define EXPECT_REFUSED(want, text) EXPECT_STR(want, ask(text))

#endif
