/* SPDX-License-Identifier: Apache-2.0 */
/* What lies over SQLite's VFS: large transactions, whose savepoints go from memory to a file and
 * back, and the writes to the log, which are gathered. */
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

/* -- the log, gathered ------------------------------------------------------------------------- */

static int64_t count_of(struct conn *c, const char *sql) {
    kith_error e = KITH_ERROR_INIT;
    int64_t n;
    EXPECT_OK(conn_int(c, sql, -1, &n, &e), e);
    return n;
}

TEST("a transaction that reads back what it could not keep in memory reads what it wrote") {
    kith_error e = KITH_ERROR_INIT;
    char path[] = "/tmp/kith-spill-XXXXXX";
    struct conn *c = open_large(path), *reader;
    EXPECT_OK(conn_open(&reader, path, CONN_READER, NULL, &e), e);
    EXPECT_OK(conn_exec(c, "PRAGMA cache_size=20; BEGIN", &e), e);
    for (int i = 1; i <= 40; i++) {
        char sql[160];
        snprintf(sql, sizeof sql,
                 "UPDATE t SET n = %d WHERE id %% 40 = %d;"
                 "INSERT INTO t(n) SELECT n FROM t WHERE id %% 1000 = %d AND id <= 6000",
                 i + 1, i % 40, i);
        EXPECT_OK(conn_exec(c, sql, &e), e);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM t WHERE n = %d AND id <= 6000", i + 1);
        EXPECT_INT(150, count_of(c, sql));
        EXPECT_INT(6000, count_of(reader, "SELECT sum(n) FROM t"));
    }
    EXPECT_OK(conn_exec(c, "COMMIT", &e), e);
    EXPECT_INT(150 * (40 * 41 / 2 + 40), count_of(reader, "SELECT sum(n) FROM t WHERE id <= 6000"));
    EXPECT_INT(6000 + 40 * 6, count_of(reader, "SELECT count(*) FROM t"));
    EXPECT_INT(0, count_of(reader, "SELECT count(*) FROM pragma_integrity_check WHERE"
                                   " integrity_check <> 'ok'"));
    conn_close(reader);
    done(c, path);
}

TEST("what was rolled back after it went to the log leaves nothing there") {
    kith_error e = KITH_ERROR_INIT;
    char path[] = "/tmp/kith-spill-XXXXXX";
    struct conn *c = open_large(path), *checkpoint;
    EXPECT_OK(conn_open(&checkpoint, path, CONN_CHECKPOINT, NULL, &e), e);
    EXPECT_OK(conn_exec(c, "PRAGMA cache_size=20", &e), e);
    for (int i = 0; i < 5; i++) {
        EXPECT_OK(conn_exec(c, "BEGIN; UPDATE t SET n = 7; ROLLBACK", &e), e);
        EXPECT_OK(conn_exec(c, "UPDATE t SET n = n + 1 WHERE id <= 10", &e), e);
        EXPECT_OK(conn_exec(checkpoint, "PRAGMA wal_checkpoint(RESTART)", &e), e);
    }
    EXPECT_INT(ROWS_ALL + 50, sum(c));
    conn_close(checkpoint);
    conn_close(c);
    EXPECT_OK(conn_open(&c, path, CONN_WRITER, NULL, &e), e);
    EXPECT_INT(ROWS_ALL + 50, sum(c));
    done(c, path);
}

/* -- the database ------------------------------------------------------------------------------ */

#define WORDS     40000
#define WORD_TEXT 16

static void word(char out[WORD_TEXT], int i) {
    snprintf(out, WORD_TEXT, "%08xq%05u", (unsigned)i * 2654435761u, (unsigned)i % 100000);
}

static void run_word(struct conn *c, const char *sql, int i) {
    kith_error e = KITH_ERROR_INIT;
    sqlite3_stmt *st;
    char text[WORD_TEXT];
    word(text, i);
    EXPECT_OK(conn_prepare(c, sql, &st, &e), e);
    bind_int(st, 1, i);
    bind_str(st, 2, str_of(text));
    EXPECT_OK(conn_run(c, st, &e), e);
}

/* An index in no order: its pages are divided again and again, and joined when rows go. */
TEST("what was deleted is nowhere in the file, not in the room between cells either") {
    kith_error e = KITH_ERROR_INIT;
    char path[] = "/tmp/kith-vfs-XXXXXX";
    struct conn *c;
    int fd = mkstemp(path);
    EXPECT(fd >= 0);
    close(fd);
    EXPECT_OK(conn_open(&c, path, CONN_WRITER, NULL, &e), e);
    EXPECT_OK(conn_exec(c,
                        "CREATE TABLE t(id INTEGER PRIMARY KEY, word TEXT);"
                        "CREATE INDEX i ON t(word, id); BEGIN",
                        &e),
              e);
    for (int i = 0; i < WORDS; i++)
        run_word(c, "INSERT INTO t VALUES(?1, ?2)", i);
    for (int i = 0; i < WORDS; i++)
        if (i % 3)
            run_word(c, "DELETE FROM t WHERE id = ?1 AND word = ?2", i);
    EXPECT_OK(conn_exec(c, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", &e), e);
    int64_t pages;
    EXPECT_OK(conn_int(c, "PRAGMA page_count", 0, &pages, &e), e);
    EXPECT_OK(conn_exec(c, "PRAGMA integrity_check", &e), e);
    conn_close(c);
    size_t size = (size_t)pages * 4096;
    char *bytes = malloc(size), text[WORD_TEXT];
    FILE *file = fopen(path, "rb");
    EXPECT(bytes && file);
    EXPECT_INT(pages, fread(bytes, 4096, (size_t)pages, file));
    fclose(file);
    for (size_t at = 0; at + WORD_TEXT <= size; at++) {
        int i;
        if (bytes[at + 8] != 'q' || sscanf(bytes + at + 9, "%5d", &i) != 1 || i >= WORDS ||
            i % 3 == 0)
            continue;
        word(text, i);
        if (memcmp(bytes + at, text, strlen(text)) == 0)
            TEST_FAIL("word %d is in page %zu at byte %zu", i, at / 4096 + 1, at % 4096);
    }
    free(bytes);
    unlink(path);
}
