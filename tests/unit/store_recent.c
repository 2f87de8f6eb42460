/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of people: the last ones are kept, and no more. */
#include "store/store.h"
#include "test.h"

#include <unistd.h>

struct opened {
    char dir[32], path[64];
    struct conn *conn;
};

static void begin(struct opened *o) {
    kith_error e = KITH_ERROR_INIT;
    *o = (struct opened){.dir = "/tmp/kith-recent-XXXXXX"};
    EXPECT(mkdtemp(o->dir) != NULL);
    snprintf(o->path, sizeof o->path, "%s/a.db", o->dir);
    EXPECT_OK(conn_open(&o->conn, o->path, CONN_WRITER, NULL, &e), e);
    conn_forget_statements(o->conn);
}

static void end(struct opened *o) {
    char command[64];
    conn_close(o->conn);
    snprintf(command, sizeof command, "rm -rf %s", o->dir);
    EXPECT_INT(0, system(command));
}

static sqlite3_stmt *prepared(struct opened *o, int number) {
    kith_error e = KITH_ERROR_INIT;
    sqlite3_stmt *st = NULL;
    char sql[48];
    snprintf(sql, sizeof sql, "SELECT ?1, %d", number);
    EXPECT_OK(conn_prepare_recent(o->conn, sql, &st, &e), e);
    return st;
}

static int statements(const struct opened *o) {
    int n = 0;
    for (sqlite3_stmt *st = NULL; (st = sqlite3_next_stmt(o->conn->db, st));)
        n++;
    return n;
}

TEST("what is asked again is not compiled again, and has none of the values of before") {
    struct opened o;
    kith_error e = KITH_ERROR_INIT;
    bool row = false;
    begin(&o);
    sqlite3_stmt *first = prepared(&o, 1);
    sqlite3_bind_int(first, 1, 7);
    EXPECT_OK(conn_step(o.conn, first, &row, &e), e);
    EXPECT_INT(7, sqlite3_column_int(first, 0));
    (void)prepared(&o, 2);
    EXPECT(prepared(&o, 1) == first);
    EXPECT_OK(conn_step(o.conn, first, &row, &e), e);
    EXPECT_INT(SQLITE_NULL, sqlite3_column_type(first, 0));
    end(&o);
}

TEST("of a thousand texts the last ones are kept, and one that is wrong takes no place") {
    struct opened o;
    kith_error e = KITH_ERROR_INIT;
    sqlite3_stmt *st;
    begin(&o);
    for (int i = 0; i < 1000; i++)
        (void)prepared(&o, i);
    EXPECT_INT(STORE_RECENT, statements(&o));
    EXPECT(conn_prepare_recent(o.conn, "SELECT nothing FROM nowhere", &st, &e) != KITH_OK);
    st = prepared(&o, 1000 - STORE_RECENT);
    EXPECT_INT(STORE_RECENT, statements(&o));
    EXPECT(prepared(&o, 1000 - STORE_RECENT) == st);
    conn_forget_statements(o.conn);
    EXPECT_INT(0, statements(&o));
    EXPECT(prepared(&o, 1) != NULL);
    end(&o);
}

TEST("a name in SQL has its quotes doubled, wherever they stand") {
    struct buf b = {0};
    sql_name(&b, "\"a\"\"bc\"d");
    sql_name(&b, "");
    buf_putc(&b, '\0');
    EXPECT_STR("\"\"\"a\"\"\"\"bc\"\"d\"\"\"", b.ptr);
    buf_free(&b);
}
