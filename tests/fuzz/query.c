/* SPDX-License-Identifier: Apache-2.0 */
/* Queries: the first line is a query, the rest a cursor. What is parsed is SQL that SQLite
 * prepares and runs; pages of three follow each other as one long page; and the condition alone, as
 * a matcher, finds the same records. Totals have a value of a number's kind in every column of
 * numbers, and every query can be explained. */
#include "record/query.h"
#include "fuzz/schema.h"

#define ROWS 12
#define NOW  INT64_C(1717243200000) /* 2024-06-01T12:00:00Z */

static struct {
    kith_id id;
    kith_value *values;
} rows[ROWS];
static struct arena kept;
static const struct principal everyone = {.name = "fuzz", .all = true};
static const struct query_env env = {.now = NOW, .principal = &everyone};

/* By field of the type thing; a row takes each field's text at its own place, and some none. */
static const char *const texts[][4] = {
    {"a", "A b", "Straße", "50%_"},
    {"long\ntext", "é", "e\xCC\x81", "東京"},
    {"-2", "0", "7", "9007199254740991"},
    {"1.50", "-0.01", "0", "3"},
    {"12.50 EUR", "3 USD", "100 JPY", "0 EUR"},
    {"1", "2 USD", "-3", "0"},
    {"true", "false", "true", "false"},
    {"2024-05-31", "2024-06-01", "2024-06-02", "0001-01-01"},
    {"2024-06-01T12:00:00Z", "2024-05-31T23:59:59.999Z", "2024-06-02T00:00:00Z", "9999-12-31"},
    {"30d", "0s", "-1h", "250ms"},
    {"small", "medium", "large", "small"},
    {"new", "won", "lost", "new"},
    {"0000000000001", "0000000000002", "0000000000003", "0000000000009"},
    {"thing/0000000000001", "thing/0000000000004", "contact/0000000000001", "user/0000000000001"},
    {"0000000000001,0000000000002", "0000000000003", "0000000000005", "0000000000001"},
    {"a@example.com", "B@example.com", "c@example.org", "d@example.org"},
    {"+43 1 234", "0123", "+1 555 0100", "999"},
    {"https://example.com/", "https://example.org/x", "http://a.b", "https://example.com/"},
    {"48.2,16.37", "0,0", "-90,180", "1.5,2.5"},
    {"{\"a\":1}", "[]", "null", "\"x\""},
    {"vip,new", "x y", "été", "vip"},
};

static void begin(void) {
    kith_error e = KITH_ERROR_INIT;
    if (kept.head)
        return;
    schema_begin();
    for (uint32_t r = 0; r < ROWS; r++) {
        kith_value *v = rows[r].values = ARENA_ARRAY(&kept, kith_value, thing->field_count);
        rows[r].id = r + 1;
        v[FIELD_CREATED] = v[FIELD_UPDATED] = value_time(NOW - r * 3600000);
        for (uint32_t i = FIELD_FIRST; i < thing->field_count; i++) {
            if ((r + i) % 5 == 0)
                continue;
            v[i] = value_str(str_of(texts[i - FIELD_FIRST][(r * 7 + i) % 4]));
            HOLDS(value_check(schema, thing->fields[i], false, &kept, &v[i], &e) == KITH_OK,
                  "%s: %s", thing->fields[i]->name, e.message);
        }
        HOLDS_OK(record_insert(conn, thing, rows[r].id, &kept, v, &e), e);
    }
}

static kith_status look_up(void *arg, const struct rtype *t, kith_id id, const kith_value **values,
                           kith_error *e) {
    (void)arg;
    (void)e;
    *values = t == thing && id >= 1 && id <= ROWS ? rows[id - 1].values : NULL;
    return KITH_OK;
}

/* The ids of a page of the type thing into *found; the cursor behind it into *next. */
static int64_t run_page(const struct query *q, kith_str after, int64_t page, struct arena *a,
                        kith_id *found, kith_str *next) {
    kith_error e = KITH_ERROR_INIT;
    struct query_sql sql;
    sqlite3_stmt *st;
    bool row = true;
    const char *const *names;
    uint32_t params = query_params(q, &names);
    kith_value *values = ARENA_ARRAY(a, kith_value, params + 1);
    int64_t given = 0;
    for (uint32_t i = 0; i < params; i++)
        values[i] = value_str(STR("2024-06-01"));
    kith_status built = query_sql(q, &env, values, after, page, a, &sql, &e);
    *next = STR("");
    if (built != KITH_OK) {
        HOLDS(*e.message, "no sentence");
        return -1;
    }
    HOLDS(conn_prepare_once(conn, sql.sql, &st, &e) == KITH_OK, "%s\n  %s", e.message, sql.sql);
    query_bind(st, &sql);
    while (given < page) {
        HOLDS(conn_step(conn, st, &row, &e) == KITH_OK, "%s\n  %s", e.message, sql.sql);
        if (!row)
            break;
        HOLDS(given < ROWS, "more rows than there are");
        found[given++] = (kith_id)sqlite3_column_int64(st, 0);
        if (given == page && !query_counts(q))
            HOLDS_OK(query_cursor(q, st, after, given, a, next, &e), e);
    }
    sqlite3_finalize(st);
    return given;
}

static void pages_follow(const struct query *q, const kith_id *all, int64_t count,
                         struct arena *a) {
    kith_str after = STR(""), next;
    kith_id found[ROWS + 1];
    int64_t at = 0, n;
    do {
        n = run_page(q, after, 3, a, found, &next);
        HOLDS(n >= 0 && at + n <= count && memcmp(found, all + at, (size_t)n * sizeof *all) == 0,
              "a page of %" PRId64 " at %" PRId64 " of %" PRId64, n, at, count);
        at += n;
        after = next;
    } while (n == 3);
    HOLDS(at == count, "%" PRId64 " records in pages, %" PRId64 " in one", at, count);
}

static kith_status answer(void *arg, const struct match_question *q, int64_t *n, kith_error *e) {
    return match_answer(q, conn, arg, n, e);
}

/* The condition alone finds what the query finds; not when something follows it. */
static void matcher_agrees(kith_str text, const kith_id *all, int64_t count, struct arena *a) {
    kith_error e = KITH_ERROR_INIT;
    struct predicate *p;
    const struct match_source source = {look_up, answer, a};
    static const char where[] = "where ";
    const char *at = memmem(text.ptr, (size_t)text.len, where, sizeof where - 1);
    if (!at)
        return;
    at += sizeof where - 1;
    kith_str condition = {at, (uint64_t)(text.ptr + text.len - at)};
    if (predicate_parse(&p, schema, thing, a, condition, &e) != KITH_OK)
        return;
    for (kith_id id = 1; id <= ROWS; id++) {
        bool found = false;
        for (int64_t i = 0; i < count; i++)
            found |= all[i] == id;
        bool matched;
        kith_status st = predicate_match(p, &env, id, rows[id - 1].values, &source, &matched, &e);
        HOLDS(st == KITH_OK && matched == found, "record %d is %sfound by '%.*s'", (int)id,
              found ? "" : "not ", (int)condition.len, condition.ptr);
    }
}

static bool is_total(const kith_value *v) {
    return v->kind == KITH_NULL || v->kind == KITH_INT || v->kind == KITH_DECIMAL ||
           v->kind == KITH_MONEY || v->kind == KITH_DURATION;
}

static void totals_make_sense(const struct query *q, struct arena *a) {
    kith_error e = KITH_ERROR_INIT;
    const struct query_column *columns;
    const char *const *names;
    struct totals t;
    uint32_t params = query_params(q, &names), count = query_columns(q, &columns);
    kith_value *values = ARENA_ARRAY(a, kith_value, params + 1);
    for (uint32_t i = 0; i < params; i++)
        values[i] = value_str(STR("3"));
    kith_status st = query_select(q, &env, values, conn, a, &t, &e);
    HOLDS(st == KITH_OK || (st != KITH_E_INTERNAL && *e.message), "%s", e.message);
    HOLDS(st != KITH_OK || t.columns == count, "%zu columns, not %u", t.columns, count);
    for (size_t i = 0; st == KITH_OK && i < t.count * t.columns; i++)
        HOLDS(!columns[i % count].number || is_total(&t.values[i]), "kind %u in '%s'",
              t.values[i].kind, columns[i % count].name);
}

static void can_be_explained(const struct query *q, struct arena *a) {
    kith_error e = KITH_ERROR_INIT;
    const char *const *names;
    struct explanation x;
    if (query_params(q, &names) > 0)
        return;
    kith_status st = query_explain(q, &env, NULL, conn, a, &x, &e);
    HOLDS(st == KITH_OK || st == KITH_E_LIMIT || st == KITH_E_INVAL, "%s", e.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    kith_error e = KITH_ERROR_INIT;
    struct arena a = {0};
    struct query *q;
    struct input in = {data, data + size};
    kith_id found[ROWS + 1];
    kith_str next;
    begin();
    kith_str text = input_line(&in), cursor = input_rest(&in);
    if (query_parse(&q, schema, &a, text, &e) != KITH_OK) {
        HOLDS(*e.message && !strchr(e.message, '\n'), "no sentence");
    } else {
        bool things = query_type(q) == thing && !query_counts(q);
        if (query_totals(q))
            totals_make_sense(q, &a);
        can_be_explained(q, &a);
        int64_t count = run_page(q, STR(""), 1000, &a, found, &next);
        if (cursor.len)
            run_page(q, cursor, 2, &a, (kith_id[ROWS + 1]){0}, &next);
        if (count >= 0 && things) {
            pages_follow(q, found, count, &a);
            if (query_limit(q) < 0)
                matcher_agrees(text, found, count, &a);
        }
    }
    arena_free(&a);
    return 0;
}
