/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept from records is made anew where it is wrong; nothing else is touched. */
#include "engine_fixture.h"

static const char *found(struct fixture *x, struct findings *f) {
    examine(x, f);
    return f->text;
}

static const char *repair(struct fixture *x, struct findings *t) {
    t->text[0] = '\0';
    EXPECT_OK(engine_repair(x->g, &tester, note_finding, t, &x->e), x->e);
    return t->text;
}

/* -- what is in the database ------------------------------------------------------------------- */

static int add_row(void *arg, int n, char **values, char **names) {
    uint64_t *sum = arg;
    (void)names;
    for (int i = 0; i < n; i++)
        for (const char *at = values[i] ? values[i] : "\x01"; *at; at++)
            *sum = (*sum ^ (unsigned char)*at) * UINT64_C(1099511628211);
    *sum += 1;
    return 0;
}

/* Tells every byte of the rows of a query apart. */
static uint64_t digest(sqlite3 *db, const char *sql) {
    uint64_t sum = UINT64_C(14695981039346656037);
    EXPECT_INT(SQLITE_OK, sqlite3_exec(db, sql, add_row, &sum, NULL));
    return sum;
}

static int add_table(void *arg, int n, char **values, char **names) {
    struct buf *sql = arg;
    (void)n;
    (void)names;
    buf_printf(sql, "SELECT '%s', * FROM \"%s\";", values[0], values[0]);
    return 0;
}

/* Of all tables that `which` finds. */
static uint64_t contents(struct fixture *x, const char *which) {
    struct buf sql = {0};
    char list[300];
    sqlite3 *db;
    EXPECT_INT(SQLITE_OK, sqlite3_open(x->path, &db));
    snprintf(list, sizeof list,
             "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%%VIRTUAL%%'"
             " AND %s ORDER BY name",
             which);
    EXPECT_INT(SQLITE_OK, sqlite3_exec(db, list, add_table, &sql, NULL));
    EXPECT(!sql.failed && sql.len > 0);
    uint64_t sum = digest(db, sql.ptr);
    buf_free(&sql);
    sqlite3_close(db);
    return sum;
}

static uint64_t history(struct fixture *x) {
    sqlite3 *db;
    EXPECT_INT(SQLITE_OK, sqlite3_open(x->path, &db));
    uint64_t sum = digest(db, "SELECT seq, tx, type, record, kind, hex(image) FROM kith_journal"
                              " WHERE kind <> 4");
    sqlite3_close(db);
    return sum;
}

static void fill(struct fixture *x) {
    const struct schema *s = engine_schema(x->g);
    const struct rtype *interaction = schema_type(s, STR("interaction")),
                       *segment = schema_type(s, STR("segment")),
                       *member = schema_type(s, STR("list_member"));
    char link[64], list[64];
    kith_id ada = create(x, x->contact, PAIRS("name=Ada", "email=a@b.example"));
    create(x, x->contact, PAIRS("name=Bea"));
    snprintf(link, sizeof link, "contact=%s", id_text(x, ada));
    create(x, interaction, PAIRS(link, "channel=store", "amount=12.50 EUR", "at=2023-01-02"));
    create(x, x->lead, PAIRS("name=Low", "score=10", "amount=5 EUR"));
    create(x, x->lead, PAIRS("name=High", "score=90", "amount=7 EUR"));
    create(x, x->task, PAIRS("title=Call", "due=2023-11-16T12:00Z"));
    create(x, segment, PAIRS("name=hot", "query=lead where score >= 50"));
    create(x, segment, PAIRS("name=late", "query=task where due < now()"));
    create(x, segment, PAIRS("name=buyers", "query=contact where purchases > 0"));
    snprintf(list, sizeof list, "segment=%s",
             id_text(x, create(x, segment, PAIRS("name=guests", "kind=list", "query=contact"))));
    snprintf(link, sizeof link, "record=contact/%s", id_text(x, ada));
    create(x, member, PAIRS(list, link));
    settle(x);
}

/* -- tests ------------------------------------------------------------------------------------- */

#define SEGMENT(name) "(SELECT id FROM segment WHERE name = '" name "')"

TEST("what is kept from records is found wrong and made anew, and history stays what it was") {
    static const struct {
        const char *sql, *found, *made;
    } cases[] = {
        {"UPDATE lead SET name__fold = 'other'", "folds: lead", "folds: folded columns"},
        {"UPDATE lead SET name__fold = NULL", "folds: lead", "folds: folded columns"},
        {"UPDATE lead SET amount__base = 1", "columns: lead", "columns: amounts"},
        {"UPDATE contact SET purchases = 7", "roll-ups: contact", "roll-ups: every"},
        {"UPDATE contact SET spent = NULL, spent__cur = NULL, spent__base = NULL",
         "roll-ups: contact", "roll-ups: every"},
        {"DELETE FROM kith_rollup", "what is kept for", "roll-ups: every"},
        {"INSERT INTO kith_rollup SELECT field, parent, value, 77 FROM kith_rollup",
         "what is kept for", "roll-ups: every"},
        {"DELETE FROM kith_member WHERE segment = " SEGMENT("hot"), "lead", "segments: every"},
        {"INSERT OR IGNORE INTO kith_member SELECT " SEGMENT("hot") ", id, 0, 0 FROM lead",
         "is in it, though its query does not find it", "segments: every"},
        {"INSERT INTO kith_member VALUES(" SEGMENT("hot") ", 77, 0, 0)",
         "is in it, though its query does not find it", "segments: every"},
        {"INSERT INTO kith_member VALUES(" SEGMENT("buyers") ", 77, 0, 0)",
         "is in it, though its query does not find it", "segments: every"},
        {"UPDATE kith_member SET record = 77 WHERE segment = " SEGMENT("guests"),
         "is not in it, though it was put in", "segments: every"},
        {"UPDATE segment SET members = 9", "says that it has 9 members", "segments: every"},
        {"DELETE FROM kith_flip", "is not looked at again", "segments: every"},
        {"INSERT INTO kith_member VALUES(77, 77, 0, 0)", "members are left of segment",
         "segments: every"},
        {"DELETE FROM kith_search WHERE rowid = (SELECT min(id) FROM contact)",
         "is not in the search index", "search: the search index"},
        {"UPDATE kith_search SET s0 = 'other'", "has other words", "search: the search index"},
        {"INSERT INTO kith_search(rowid, kind, s0) SELECT 5, '\xC2\xA6' || id, 'x' FROM kith_type"
         " WHERE name = 'contact'",
         "there is no such one", "search: the search index"},
        {"UPDATE kith_search_content SET c1 = 'other'", "does not fit together",
         "search: the search index"},
        {"UPDATE kith_search_data SET block = x'0102030405' WHERE id > 10",
         "search: ", "search: the search index"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        struct findings t;
        fixture_open(&x);
        fixture_start(&x);
        fill(&x);
        expect_sound(&x);
        uint64_t before = history(&x);
        engine_close(x.g);
        sqlite3 *db;
        EXPECT_INT(SQLITE_OK, sqlite3_open(x.path, &db));
        EXPECT_INT(SQLITE_OK, sqlite3_exec(db, cases[i].sql, NULL, NULL, NULL));
        sqlite3_close(db);
        fixture_reopen(&x);
        fixture_start(&x);
        EXPECT_HAS(cases[i].found, found(&x, &t));
        EXPECT_HAS(cases[i].made, repair(&x, &t));
        EXPECT_STR("", found(&x, &t));
        EXPECT(history(&x) == before);
        EXPECT_STR("", repair(&x, &t));
        fixture_close(&x);
    }
}

TEST("what is not kept from records is found, and left byte for byte") {
    static const struct {
        const char *sql, *found;
    } cases[] = {
        {"UPDATE lead SET score = 11 WHERE score = 10", "values: lead"},
        {"UPDATE lead SET state = 'limbo'", "options: lead"},
        {"UPDATE lead SET contact = 99", "links: lead"},
        {"UPDATE kith_journal SET image = x'0105' WHERE seq = 1", "images: journal row 1"},
        {"UPDATE kith_tx SET at = at + 1 WHERE first = 1", "chain: "},
        {"UPDATE kith_journal SET record = 77 WHERE kind = 1", "ids: "},
        {"INSERT INTO kith_cursor VALUES('r', 99999, 0)", "cursors: a reaction"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        struct findings t, after;
        fixture_open(&x);
        fixture_start(&x);
        fill(&x);
        run_sql(&x, cases[i].sql);
        EXPECT_HAS(cases[i].found, found(&x, &t));
        uint64_t before = contents(&x, "true");
        EXPECT_STR("", repair(&x, &after));
        EXPECT(contents(&x, "true") == before);
        EXPECT_STR(t.text, found(&x, &after));
        fixture_close(&x);
    }
}

TEST("of two damages the one that can be is repaired, and the other stays as it is") {
    struct fixture x;
    struct findings t;
    fixture_open(&x);
    fixture_start(&x);
    fill(&x);
    run_sql(&x, "UPDATE lead SET state = 'limbo'");
    run_sql(&x, "UPDATE contact SET purchases = 7");
    uint64_t before = contents(&x, "name IN ('lead', 'kith_journal', 'kith_tx', 'kith_chain')");
    EXPECT_HAS("roll-ups: every roll-up was computed anew from its records\n", repair(&x, &t));
    found(&x, &t);
    EXPECT(strncmp(t.text, "options: lead", 13) == 0);
    EXPECT(!strstr(t.text, "roll-ups") && !strstr(t.text, "segments"));
    EXPECT(before == contents(&x, "name IN ('lead', 'kith_journal', 'kith_tx', 'kith_chain')"));
    fixture_close(&x);
}

TEST("nothing is repaired in a file that is not sound") {
    struct fixture x;
    struct findings t;
    sqlite3 *db;
    fixture_open(&x);
    fixture_start(&x);
    fill(&x);
    engine_close(x.g);
    EXPECT_INT(SQLITE_OK, sqlite3_open(x.path, &db));
    EXPECT_INT(SQLITE_OK, sqlite3_exec(db,
                                       "UPDATE contact SET purchases = 7; PRAGMA writable_schema ="
                                       " 1; UPDATE sqlite_schema SET sql = replace(sql, ') STRICT',"
                                       " ', CHECK(id < 0)) STRICT') WHERE name = 'task'",
                                       NULL, NULL, NULL));
    sqlite3_close(db);
    fixture_reopen(&x);
    fixture_start(&x);
    EXPECT_HAS("file: SQLite says: CHECK constraint failed in task", found(&x, &t));
    EXPECT_HAS("roll-ups: contact", t.text);
    uint64_t before = contents(&x, "true");
    EXPECT_STR("", repair(&x, &t));
    EXPECT(contents(&x, "true") == before);
    fixture_close(&x);
}

TEST("a record that cannot be read keeps the index as it is, and nothing else from being made") {
    struct fixture x;
    struct findings t;
    struct search_answer answer = {.limit = 5};
    fixture_open(&x);
    fixture_start(&x);
    fill(&x);
    run_sql(&x, "UPDATE contact SET tags = 'oops' WHERE name = 'Bea'");
    run_sql(&x, "UPDATE kith_search SET s0 = 'other' WHERE rowid = (SELECT min(id) FROM contact)");
    run_sql(&x, "UPDATE contact SET purchases = 7");
    run_sql(&x, "DELETE FROM kith_member WHERE segment = " SEGMENT("hot"));
    EXPECT_STR("roll-ups: every roll-up was computed anew from its records\n"
               "segments: every segment was worked out anew, and its members counted\n",
               repair(&x, &t));
    found(&x, &t);
    EXPECT(!strstr(t.text, "roll-ups: ") && !strstr(t.text, "segments: "));
    EXPECT_HAS("form: contact cannot be read", t.text);
    EXPECT_OK(engine_search(x.g, &tester, STR("call"), &answer, &x.arena, &x.e), x.e);
    EXPECT_INT(1, answer.count);
    fixture_close(&x);
}
