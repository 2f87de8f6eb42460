/* SPDX-License-Identifier: Apache-2.0 */
/* Large transactions: what a savepoint remembers goes from memory to a file, and back. */
#include "store/store.h"
#include "test.h"

#include <unistd.h>

#define ROWS_ALL 6000 /* of a page each: 24 MB, twice what a statement journal keeps in memory */

static struct conn *open_large(char *path) {
    kith_error e = KITH_ERROR_INIT;
    struct conn *c;
    int fd = mkstemp(path);
    EXPECT(fd >= 0);
    close(fd);
    EXPECT_OK(conn_open(&c, path, CONN_WRITER, NULL, &e), e);
    EXPECT_OK(conn_exec(c, "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, filler BLOB)", &e),
              e);
    EXPECT_OK(conn_exec(c,
                        "WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i"
                        " WHERE x < 6000) INSERT INTO t SELECT x, 1, zeroblob(3000) FROM i",
                        &e),
              e);
    return c;
}

static int64_t sum(struct conn *c) {
    kith_error e = KITH_ERROR_INIT;
    int64_t n;
    EXPECT_OK(conn_int(c, "SELECT sum(n) FROM t", -1, &n, &e), e);
    return n;
}

static void done(struct conn *c, const char *path) {
    char wal[128];
    conn_close(c);
    snprintf(wal, sizeof wal, "%s-wal", path);
    unlink(wal);
    unlink(path);
}

TEST("a savepoint over more pages than fit into memory is no full disk") {
    kith_error e = KITH_ERROR_INIT;
    char path[] = "/tmp/kith-spill-XXXXXX";
    struct conn *c = open_large(path);
    EXPECT_OK(conn_exec(c, "BEGIN; UPDATE t SET n = 2; SAVEPOINT a; UPDATE t SET n = 3", &e), e);
    EXPECT_OK(conn_exec(c, "RELEASE a; COMMIT", &e), e);
    EXPECT_INT(3 * ROWS_ALL, sum(c));
    done(c, path);
}

TEST("a large savepoint that is rolled back leaves every page as it was") {
    kith_error e = KITH_ERROR_INIT;
    char path[] = "/tmp/kith-spill-XXXXXX";
    struct conn *c = open_large(path);
    EXPECT_OK(conn_exec(c, "BEGIN; UPDATE t SET n = 2; SAVEPOINT a; UPDATE t SET n = 3", &e), e);
    EXPECT_INT(3 * ROWS_ALL, sum(c));
    EXPECT_OK(conn_exec(c, "ROLLBACK TO a; RELEASE a; COMMIT", &e), e);
    EXPECT_INT(2 * ROWS_ALL, sum(c));
    EXPECT_OK(conn_exec(c, "BEGIN; SAVEPOINT a; DELETE FROM t; ROLLBACK TO a; COMMIT", &e), e);
    EXPECT_INT(2 * ROWS_ALL, sum(c));
    done(c, path);
}
