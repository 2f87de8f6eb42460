/* SPDX-License-Identifier: Apache-2.0 */
/* The look at the write-ahead log before SQLite has it: what is damage, and what is only an end. */
#include "store/store.h"
#include "test.h"

#include <unistd.h>

#define HEADER  32
#define FRAME   (24 + 4096)
#define COMMITS 12
#define PER     3 /* pages that each transaction writes */

struct logged {
    char dir[32], db[64], wal[80], copy[64], copy_wal[80];
    struct conn *conn;
    char *bytes; /* of the log */
    size_t size;
};

static void commit(struct logged *l, int pages) {
    kith_error e = KITH_ERROR_INIT;
    char sql[64];
    snprintf(sql, sizeof sql, "UPDATE t SET n = n + 1 WHERE id <= %d", pages);
    EXPECT_OK(conn_exec(l->conn, sql, &e), e);
}

static void read_log(struct logged *l) {
    FILE *f = fopen(l->wal, "rb");
    EXPECT(f && fseek(f, 0, SEEK_END) == 0);
    l->size = (size_t)ftell(f);
    rewind(f);
    free(l->bytes);
    l->bytes = malloc(l->size);
    EXPECT(l->bytes && fread(l->bytes, 1, l->size, f) == l->size);
    fclose(f);
}

/* A row of t fills a page, so that a transaction over k rows is k frames. */
static void begin(struct logged *l) {
    kith_error e = KITH_ERROR_INIT;
    *l = (struct logged){.dir = "/tmp/kith-wal-XXXXXX"};
    EXPECT(mkdtemp(l->dir) != NULL);
    snprintf(l->db, sizeof l->db, "%s/a.db", l->dir);
    snprintf(l->wal, sizeof l->wal, "%s-wal", l->db);
    snprintf(l->copy, sizeof l->copy, "%s/b.db", l->dir);
    snprintf(l->copy_wal, sizeof l->copy_wal, "%s-wal", l->copy);
    EXPECT_OK(conn_open(&l->conn, l->db, CONN_WRITER, NULL, &e), e);
    EXPECT_OK(
        conn_exec(l->conn, "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER, filler BLOB)", &e),
        e);
    EXPECT_OK(conn_exec(l->conn,
                        "WITH RECURSIVE i(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM i"
                        " WHERE x < 40) INSERT INTO t SELECT x, 1, zeroblob(4000) FROM i",
                        &e),
              e);
    EXPECT_OK(conn_exec(l->conn, "PRAGMA wal_checkpoint(TRUNCATE)", &e), e);
    for (int i = 0; i < COMMITS; i++)
        commit(l, PER);
    read_log(l);
    EXPECT_INT(HEADER + COMMITS * PER * FRAME, (int64_t)l->size);
    FILE *copy = fopen(l->copy, "wb"); /* a log stands beside a database */
    EXPECT(copy != NULL);
    fclose(copy);
}

static void end(struct logged *l) {
    conn_close(l->conn);
    free(l->bytes);
    unlink(l->copy_wal);
    unlink(l->copy);
    unlink(l->db);
    rmdir(l->dir);
}

/* Where the first `size` bytes of the log are found to be damaged, with a bit turned at `flip`. */
static int64_t damage(struct logged *l, size_t size, int64_t flip) {
    kith_error e = KITH_ERROR_INIT;
    int64_t at;
    FILE *f = fopen(l->copy_wal, "wb");
    EXPECT(f != NULL);
    if (flip >= 0)
        l->bytes[flip] ^= 4;
    EXPECT(fwrite(l->bytes, 1, size, f) == size);
    if (flip >= 0)
        l->bytes[flip] ^= 4;
    fclose(f);
    EXPECT_OK(conn_log_damage(l->copy, NULL, &at, &e), e);
    return at;
}

TEST("a bit that turned anywhere before the last commit is found in its frame") {
    struct logged l;
    begin(&l);
    static const int in_frame[] = {2, 5, 9, 14, 17, 22, 24, 2000, FRAME - 1};
    for (int frame = 0; frame < (COMMITS - 1) * PER; frame++)
        for (size_t i = 0; i < sizeof in_frame / sizeof *in_frame; i++) {
            int64_t at = HEADER + frame * FRAME;
            /* The commit before the last, when its checksum or its mark is what was hit, cannot be
             * told from a torn end: nothing goes on from it. */
            bool hidden = frame == (COMMITS - 1) * PER - 1 && in_frame[i] >= 8 && in_frame[i] < 24;
            EXPECT_INT(hidden ? -1 : at, damage(&l, l.size, at + in_frame[i]));
        }
    end(&l);
}

TEST("a header that is damaged is found when it still knows its frames") {
    struct logged l;
    begin(&l);
    for (int i = 0; i < HEADER; i++)
        EXPECT_INT(i >= 16 && i < 24 ? -1 : 0, damage(&l, l.size, i));
    end(&l);
}

TEST("a log that ends anywhere, or is torn in its last transaction, is not damaged") {
    struct logged l;
    begin(&l);
    EXPECT_INT(-1, damage(&l, l.size, -1));
    for (size_t size = 0; size < l.size; size += 1373)
        EXPECT_INT(-1, damage(&l, size, -1));
    for (int64_t at = HEADER + (COMMITS - 1) * PER * FRAME; at < (int64_t)l.size; at += 61)
        EXPECT_INT(-1, damage(&l, l.size, at));
    end(&l);
}

TEST("what an earlier use of the log left behind is no damage") {
    struct logged l;
    kith_error e = KITH_ERROR_INIT;
    begin(&l);
    size_t before = l.size;
    EXPECT_OK(conn_exec(l.conn, "PRAGMA wal_checkpoint(RESTART)", &e), e);
    for (int i = 1; i <= 4; i++) {
        commit(&l, 1);
        read_log(&l);
        EXPECT_INT((int64_t)before, (int64_t)l.size);
        EXPECT_INT(-1, damage(&l, l.size, -1));
    }
    EXPECT_INT(HEADER, damage(&l, l.size, HEADER + 100));
    end(&l);
}

static void copy_file(const char *from, const char *to) {
    char command[160];
    snprintf(command, sizeof command, "cp %s %s", from, to);
    EXPECT_INT(0, system(command));
}

TEST("a header that a power loss tore while the log began anew is no damage, if all is in the "
     "database") {
    struct logged l;
    kith_error e = KITH_ERROR_INIT;
    char header[HEADER];
    begin(&l);
    EXPECT_OK(conn_exec(l.conn, "PRAGMA wal_checkpoint(RESTART)", &e), e);
    char *old = malloc(l.size);
    size_t size = l.size;
    EXPECT(old != NULL);
    memcpy(old, l.bytes, size);
    copy_file(l.db, l.copy);
    commit(&l, 1); /* writes the new header */
    read_log(&l);
    memcpy(header, l.bytes, HEADER);
    bool differ = false;
    for (int cut = 0; cut <= HEADER; cut++) {
        memcpy(l.bytes, old, size);
        memcpy(l.bytes, header, (size_t)cut);
        differ |= memcmp(l.bytes, old, HEADER) != 0;
        EXPECT_INT(-1, damage(&l, size, -1));
    }
    EXPECT(differ);
    /* The same header over frames that are not in the database is damage. */
    FILE *empty = fopen(l.copy, "wb");
    EXPECT(empty != NULL);
    fclose(empty);
    memcpy(l.bytes, old, size);
    memcpy(l.bytes, header, 16);
    EXPECT_INT(0, damage(&l, size, -1));
    free(old);
    end(&l);
}

TEST("a header in two sectors, of which a power loss kept one, is taken for no commit") {
    struct logged l;
    begin(&l);
    commit(&l, PER);
    int first = (COMMITS + 1) * PER; /* of the last transaction, which was never acknowledged */
    commit(&l, 8);
    read_log(&l);
    int straddles = first;
    while ((HEADER + straddles * FRAME) % 512 != 504)
        straddles++;
    EXPECT(straddles > first && straddles < first + 7);
    l.bytes[HEADER + (straddles - 1) * FRAME + 2000] ^= 4;
    l.bytes[HEADER + straddles * FRAME + 7] = 40; /* as if the database had 40 pages then */
    EXPECT_INT(-1, damage(&l, l.size, -1));
    end(&l);
}
