/* SPDX-License-Identifier: Apache-2.0 */
/* Does the test disk do what it says? With plain SQLite: what must survive survives, what may be
 * lost is lost now and then, and faults reach the caller. */
#include "test.h"
#include "vfs/fault_mem.h"
#include "vfs/fault_vfs.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

#define ROWS_MAX 12 /* of one transaction */

static char dir[64], path[96];
static uint64_t dice = 42;

static uint64_t roll(uint64_t below) {
    dice = dice * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (dice >> 33) % below;
}

static void remove_files(void) {
    static const char *const ends[] = {"", "-wal", "-journal", "-shm"};
    char name[128];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static void at_exit(void) {
    remove_files();
    rmdir(dir);
}

/* A fresh disk without a database. */
static void begin(uint64_t seed) {
    if (!*dir) {
        EXPECT_INT(SQLITE_OK, fault_mem_install());
        const char *tmp = getenv("TMPDIR");
        snprintf(dir, sizeof dir, "%s/kith-vfs-XXXXXX", tmp ? tmp : "/tmp");
        EXPECT(mkdtemp(dir));
        snprintf(path, sizeof path, "%s/t.db", dir);
        atexit(at_exit);
        EXPECT_INT(SQLITE_OK, fault_vfs_register());
    }
    fault_vfs_reset();
    remove_files();
    fault_vfs_seed(seed);
    dice = seed;
}

static sqlite3 *open_db(const char *pragmas) {
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, FAULT_VFS);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
    if (rc != SQLITE_OK) {
        sqlite3_close(db);
        return NULL;
    }
    return db;
}

static int exec(sqlite3 *db, const char *sql) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int64_t number(sqlite3 *db, const char *sql) {
    sqlite3_stmt *st = NULL;
    int64_t n = INT64_MIN;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

/* -- a workload whose transactions can be checked ---------------------------------------------- */

/* Transaction t adds size[t] rows and sets the one cell of `last` to t: all of it is there or
 * nothing. */

static const char schema[] = "CREATE TABLE IF NOT EXISTS row(t, i, data, PRIMARY KEY(t, i));"
                             "CREATE TABLE IF NOT EXISTS last(t);"
                             "INSERT INTO last SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM last)";
static int size_of[100000];         /* rows of transaction t */
static int64_t asked, acknowledged; /* the newest transaction that was begun, that was answered */

static int write_one(sqlite3 *db) {
    char sql[256];
    int n = 1 + (int)roll(ROWS_MAX), bytes = (int)roll(roll(8) ? 200 : 6000);
    int64_t t = asked + 1;
    int rc = exec(db, "BEGIN IMMEDIATE");
    for (int i = 0; i < n && rc == SQLITE_OK; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO row VALUES(%" PRId64 ", %d, randomblob(%d))", t, i,
                 bytes);
        rc = exec(db, sql);
    }
    snprintf(sql, sizeof sql, "UPDATE last SET t = %" PRId64, t);
    rc = rc == SQLITE_OK ? exec(db, sql) : rc;
    size_of[t] = n;
    asked = t;
    rc = rc == SQLITE_OK ? exec(db, "COMMIT") : rc;
    if (rc == SQLITE_OK)
        acknowledged = t;
    return rc;
}

struct loss {
    int64_t missing; /* acknowledged transactions that are gone */
    bool damaged;    /* not a database any more, or half a transaction */
};

/* What a power loss did; a transaction that was asked for and not answered may be there. */
static struct loss examine(sqlite3 *db) {
    struct loss found = {0};
    char sql[128];
    if (!db || number(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check") != 1) {
        found.damaged = true;
        return found;
    }
    int64_t top = number(db, "SELECT t FROM last");
    if (top == INT64_MIN)
        top = 0;
    found.missing = top < acknowledged ? acknowledged - top : 0;
    found.damaged = top > asked;
    if (!found.damaged && top > 0)
        for (int64_t t = 1; t <= asked; t++) {
            snprintf(sql, sizeof sql, "SELECT count(*) FROM row WHERE t = %" PRId64, t);
            found.damaged |= number(db, sql) != (t <= top ? size_of[t] : 0);
        }
    return found;
}

struct campaign {
    const char *pragmas;     /* of the writer */
    const char *checkpoints; /* of the second connection, or NULL: none */
    int losses;
};
struct outcome {
    int64_t answered;  /* transactions that were acknowledged */
    int lost, damaged; /* rounds */
};

static int checkpoint(sqlite3 *db) {
    static const char *const kinds[] = {"PASSIVE", "PASSIVE", "FULL", "RESTART", "TRUNCATE"};
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA wal_checkpoint(%s)", kinds[roll(5)]);
    return exec(db, sql);
}

/* Works until the power goes, then sees what is left. */
static void work(const struct campaign *c, struct outcome *out) {
    sqlite3 *db = open_db(c->pragmas), *second = NULL;
    EXPECT(db);
    int rc = exec(db, schema);
    if (rc == SQLITE_OK && c->checkpoints)
        second = open_db(c->checkpoints);
    fault_vfs_power_loss_at(1 + (int64_t)roll(roll(4) ? 60 : 600));
    int64_t before = acknowledged;
    while (rc == SQLITE_OK) {
        rc = write_one(db);
        if (rc == SQLITE_OK && second && roll(6) == 0)
            rc = checkpoint(second);
        if (rc == SQLITE_OK && roll(40) == 0) { /* closing checkpoints and deletes the WAL */
            sqlite3_close(second);
            sqlite3_close(db);
            second = NULL;
            db = open_db(c->pragmas);
            rc = db ? SQLITE_OK : SQLITE_IOERR;
        }
    }
    out->answered += acknowledged - before;
    EXPECT(fault_vfs_power_is_off());
    sqlite3_close(second);
    sqlite3_close(db);
    EXPECT_INT(0, fault_vfs_power_on());
}

static struct outcome lose_power(const struct campaign *c) {
    struct outcome out = {0};
    bool fresh = true;
    for (int i = 0; i < c->losses; i++) {
        if (fresh || i % 20 == 0) {
            begin((uint64_t)i + 1);
            asked = acknowledged = 0;
        }
        work(c, &out);
        sqlite3 *db = open_db(c->pragmas);
        struct loss found = examine(db);
        out.lost += found.missing > 0;
        out.damaged += found.damaged;
        fresh = found.damaged || found.missing;
        if (!fresh) /* what was not answered counts from here on as what it became */
            asked = acknowledged = number(db, "SELECT t FROM last") == asked ? asked : acknowledged;
        sqlite3_close(db);
    }
    return out;
}

TEST("with a full sync a WAL loses nothing that was acknowledged over 300 power losses") {
    struct outcome out = lose_power(&(struct campaign){
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0",
        "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0", 300});
    EXPECT_INT(0, out.lost);
    EXPECT_INT(0, out.damaged);
    EXPECT(out.answered > 300);
}

TEST("with a normal sync a WAL loses what was acknowledged and is never damaged") {
    struct outcome out = lose_power(&(struct campaign){
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=8", NULL,
        100});
    EXPECT(out.lost > 0);
    EXPECT_INT(0, out.damaged);
}

TEST("without a sync acknowledged transactions are lost and files are damaged") {
    struct outcome out = lose_power(&(struct campaign){
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=8", NULL, 100});
    EXPECT(out.lost > 0);
    EXPECT(out.damaged > 0);
}

TEST("a rollback journal with synced directories loses nothing, and without a sync it does") {
    struct outcome out = lose_power(
        &(struct campaign){"PRAGMA journal_mode=DELETE; PRAGMA synchronous=EXTRA", NULL, 100});
    EXPECT_INT(0, out.lost);
    EXPECT_INT(0, out.damaged);
    out = lose_power(
        &(struct campaign){"PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF", NULL, 50});
    EXPECT(out.lost + out.damaged > 0);
}

/* -- several threads --------------------------------------------------------------------------- */

static void *checkpoint_thread(void *arg) {
    atomic_bool *stop = arg;
    sqlite3 *db = open_db("PRAGMA wal_autocheckpoint=0; PRAGMA busy_timeout=1000");
    while (db && !*stop && exec(db, "PRAGMA wal_checkpoint(PASSIVE)") != SQLITE_IOERR)
        ;
    sqlite3_close(db);
    return NULL;
}

static void *read_thread(void *arg) {
    atomic_bool *stop = arg;
    sqlite3 *db = open_db("PRAGMA query_only=1; PRAGMA busy_timeout=1000");
    while (db && !*stop && number(db, "SELECT count(*) FROM row") != INT64_MIN)
        ;
    sqlite3_close(db);
    return NULL;
}

TEST("a writer, a checkpointing thread and a reading thread lose nothing over 60 power losses") {
    static const char pragmas[] = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
                                  "PRAGMA busy_timeout=1000";
    begin(7);
    asked = acknowledged = 0;
    for (int i = 0; i < 60; i++) {
        pthread_t threads[2];
        atomic_bool stop = false;
        sqlite3 *db = open_db(pragmas);
        EXPECT(db);
        EXPECT_INT(SQLITE_OK, exec(db, schema));
        EXPECT_INT(0, pthread_create(&threads[0], NULL, checkpoint_thread, &stop));
        EXPECT_INT(0, pthread_create(&threads[1], NULL, read_thread, &stop));
        fault_vfs_power_loss_at(1 + (int64_t)roll(300));
        while (write_one(db) == SQLITE_OK)
            ;
        stop = true;
        pthread_join(threads[0], NULL);
        pthread_join(threads[1], NULL);
        EXPECT(fault_vfs_power_is_off());
        sqlite3_close(db);
        EXPECT_INT(0, fault_vfs_power_on());
        db = open_db(pragmas);
        struct loss found = examine(db);
        EXPECT_INT(0, found.missing);
        EXPECT(!found.damaged);
        asked = acknowledged = number(db, "SELECT t FROM last");
        sqlite3_close(db);
    }
}

/* -- power ------------------------------------------------------------------------------------- */

TEST("after a power loss the old connection cannot touch the files that survived") {
    begin(1);
    sqlite3 *old = open_db("PRAGMA journal_mode=WAL; CREATE TABLE a(x); INSERT INTO a VALUES(1)");
    EXPECT(old);
    fault_vfs_power_loss();
    EXPECT(exec(old, "INSERT INTO a VALUES(2)") != SQLITE_OK);
    EXPECT_INT(2, fault_vfs_power_on()); /* the database and its WAL are open still */
    EXPECT(exec(old, "INSERT INTO a VALUES(3)") != SQLITE_OK);
    sqlite3 *db = open_db("INSERT INTO a VALUES(4)");
    EXPECT(db);
    sqlite3_close(old);
    EXPECT_INT(5, number(db, "SELECT sum(x) FROM a"));
    sqlite3_close(db);
}

TEST("the same seed gives the same outcome of a power loss") {
    int64_t lost[2];
    for (int i = 0; i < 2; i++) {
        begin(99);
        struct fault_counts before = fault_vfs_counts();
        sqlite3 *db = open_db("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE a(x)");
        for (int k = 0; k < 50; k++)
            exec(db, "INSERT INTO a VALUES(zeroblob(5000))");
        fault_vfs_power_loss();
        sqlite3_close(db);
        fault_vfs_power_on();
        lost[i] = fault_vfs_counts().lost - before.lost;
    }
    EXPECT_INT(lost[0], lost[1]);
}

/* -- faults ------------------------------------------------------------------------------------ */

static sqlite3 *filled(void) {
    begin(3);
    sqlite3 *db = open_db("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
                          "CREATE TABLE a(x); INSERT INTO a VALUES(1)");
    sqlite3_extended_result_codes(db, 1);
    return db;
}

static void expect_rows(sqlite3 *db, int64_t n) {
    EXPECT_INT(n, number(db, "SELECT count(*) FROM a"));
    EXPECT_INT(1, number(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"));
}

TEST("the nth write fails with the code that was asked for, and the next works") {
    sqlite3 *db = filled();
    fault_vfs_fail(FAULT_WRITE, SQLITE_OPEN_WAL, 2, 1, SQLITE_IOERR_WRITE);
    EXPECT_INT(SQLITE_IOERR_WRITE, exec(db, "INSERT INTO a VALUES(zeroblob(9000))"));
    EXPECT_INT(SQLITE_OK, exec(db, "INSERT INTO a VALUES(2)"));
    expect_rows(db, 2);
    sqlite3_close(db);
}

TEST("a failed sync fails the commit, and what follows is safe from a power loss") {
    for (uint64_t seed = 0; seed < 20; seed++) {
        sqlite3 *db = filled();
        fault_vfs_seed(seed);
        fault_vfs_fail(FAULT_SYNC, 0, 1, 1, SQLITE_IOERR_FSYNC);
        EXPECT_INT(SQLITE_IOERR_FSYNC, exec(db, "INSERT INTO a VALUES(zeroblob(9000))"));
        EXPECT_INT(SQLITE_OK, exec(db, "INSERT INTO a VALUES(2)"));
        fault_vfs_power_loss();
        sqlite3_close(db);
        fault_vfs_power_on();
        db = open_db("");
        EXPECT(db);
        expect_rows(db, 2);
        sqlite3_close(db);
    }
}

TEST("a failed checkpoint is repeated as a whole") {
    sqlite3 *db = filled();
    fault_vfs_fail(FAULT_SYNC, SQLITE_OPEN_MAIN_DB, 1, 1, SQLITE_IOERR_FSYNC);
    EXPECT_INT(SQLITE_IOERR_FSYNC, exec(db, "PRAGMA wal_checkpoint(TRUNCATE)"));
    EXPECT_INT(SQLITE_OK, exec(db, "PRAGMA wal_checkpoint(TRUNCATE)"));
    fault_vfs_power_loss();
    sqlite3_close(db);
    fault_vfs_power_on();
    db = open_db("");
    expect_rows(db, 1);
    sqlite3_close(db);
}

TEST("a read error reaches the caller") {
    sqlite3 *db = filled();
    sqlite3_close(db);
    db = open_db("");
    fault_vfs_fail(FAULT_READ, SQLITE_OPEN_MAIN_DB, 1, 1000, SQLITE_IOERR_READ);
    EXPECT_INT(INT64_MIN, number(db, "SELECT count(*) FROM a"));
    fault_vfs_heal();
    expect_rows(db, 1);
    sqlite3_close(db);
}

TEST("a full disk refuses, keeps what is there and takes more when there is space again") {
    sqlite3 *db = filled();
    fault_vfs_space(20000);
    int64_t rows = 1;
    while (exec(db, "INSERT INTO a VALUES(zeroblob(3000))") == SQLITE_OK)
        rows++;
    EXPECT_INT(SQLITE_FULL, sqlite3_errcode(db));
    EXPECT(rows > 1 && rows < 8);
    expect_rows(db, rows);
    fault_vfs_space(-1);
    EXPECT_INT(SQLITE_OK, exec(db, "INSERT INTO a VALUES(3)"));
    expect_rows(db, rows + 1);
    sqlite3_close(db);
}

TEST("a full disk reaches temporary files too") {
    sqlite3 *db = filled();
    exec(db, "PRAGMA temp_store=FILE; PRAGMA temp.cache_size=10");
    EXPECT_INT(SQLITE_OK, exec(db, "CREATE TEMP TABLE b(x)"));
    fault_vfs_space(100000);
    EXPECT_INT(SQLITE_FULL,
               exec(db, "WITH c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 1000)"
                        "INSERT INTO b SELECT randomblob(1000) FROM c"));
    sqlite3_close(db);
}

TEST("running out of memory at any allocation keeps all or nothing of a write") {
    sqlite3 *db = filled();
    int64_t rows = 1, refused = fault_mem_failed();
    for (int64_t n = 1; n < 60; n++) {
        fault_mem_fail(n, 1);
        rows += exec(db, "INSERT INTO a VALUES(zeroblob(9000))") == SQLITE_OK;
        fault_mem_fail(1, 0);
        expect_rows(db, rows);
    }
    EXPECT(fault_mem_failed() > refused);
    EXPECT(rows > 1 && rows < 60);
    sqlite3_close(db);
}

TEST("calls, bytes and syncs are counted") {
    sqlite3 *db = filled();
    struct fault_counts a = fault_vfs_counts();
    EXPECT_INT(SQLITE_OK, exec(db, "INSERT INTO a VALUES(2)"));
    struct fault_counts b = fault_vfs_counts();
    EXPECT_INT(1, b.calls[FAULT_SYNC] - a.calls[FAULT_SYNC]);
    EXPECT_INT(24 + 4096, b.bytes - a.bytes); /* one frame of a WAL: header and page */
    sqlite3_close(db);
}
