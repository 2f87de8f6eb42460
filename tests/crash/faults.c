/* SPDX-License-Identifier: Apache-2.0 */
/* Full disks, disks that fail and no memory: what was acknowledged stays, what was refused is not
 * kept, the refusal says what is wrong, and the engine goes on by itself when the trouble is over.
 */
#include "crash/workload.h"
#include "test.h"
#include "vfs/fault_mem.h"
#include "vfs/fault_vfs.h"
#include <pthread.h>
#include <unistd.h>

#define ROUNDS 8  /* of each kind of trouble; KITH_TEST_LONG: fifteen times as many */
#define RENEW  40 /* rounds: a database that grew for long takes long to compare */

static struct workload work;
static struct crew crew;
static uint64_t dice;

static int rounds(void) {
    alarm(600); /* an engine that hangs does not hang the test */
    return getenv("KITH_TEST_LONG") ? 15 * ROUNDS : ROUNDS;
}

static void begin(void) {
    static bool ready;
    kith_error e = KITH_ERROR_INIT;
    if (!ready) {
        EXPECT_INT(SQLITE_OK, fault_mem_install());
        EXPECT_OK(store_setup(&e), e);
        EXPECT_INT(SQLITE_OK, fault_vfs_register());
        crash_path();
        ready = true;
    }
    fault_vfs_reset();
    crash_remove();
    workload_begin(&work, dice_roll(&dice, 1000));
}

static void open_crew(void) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(crew_open(&crew, crash_path(), FAULT_VFS, &e), e);
}

static void renew(int round) {
    if (round == 0 || round % RENEW)
        return;
    crew_close(&crew);
    begin();
    open_crew();
}

static void expect_all_holds(void) {
    const char *bad = workload_check(&crew, &work);
    if (bad)
        TEST_FAIL("%s", bad);
}

/* -- clients that live with refusals ----------------------------------------------------------- */

struct refusals {
    kith_status code; /* the only one that is accepted; KITH_OK: none */
    const char *word; /* that the sentence must hold */
    _Atomic int count;
    char unexpected[512];
};
struct worker {
    struct client *client;
    struct refusals *refusals;
    int steps;
};

static void *worker_run(void *arg) {
    struct worker *w = arg;
    struct refusals *r = w->refusals;
    for (int i = 0; i < w->steps; i++) {
        kith_error e = KITH_ERROR_INIT;
        kith_status st = client_step(&crew, w->client, &e);
        if (st == KITH_OK)
            continue;
        client_refused(w->client);
        r->count++;
        if (st != r->code || !strstr(e.message, r->word))
            snprintf(r->unexpected, sizeof r->unexpected, "status %d: %s", st, e.message);
    }
    return NULL;
}

static void work_on(int steps, struct refusals *r) {
    struct worker workers[CLIENTS];
    pthread_t threads[CLIENTS];
    for (uint32_t i = 0; i < CLIENTS; i++) {
        workers[i] = (struct worker){&work.clients[i], r, steps};
        EXPECT_INT(0, pthread_create(&threads[i], NULL, worker_run, &workers[i]));
    }
    for (uint32_t i = 0; i < CLIENTS; i++)
        pthread_join(threads[i], NULL);
    EXPECT_STR("", r->unexpected);
}

/* The trouble is over: everything works again, without a restart. */
static void expect_recovered(void) {
    struct refusals none = {.code = KITH_OK, .word = "no refusal"};
    fault_vfs_heal();
    fault_mem_fail(1, 0);
    work_on(3, &none);
    expect_all_holds();
}

static void expect_the_same_after_reopening(void) {
    crew_close(&crew);
    open_crew();
    expect_all_holds();
    crew_close(&crew);
}

/* -- tests ------------------------------------------------------------------------------------- */

TEST("who waits for what follows a write is told when a disk that fails holds it up") {
    kith_error e = KITH_ERROR_INIT;
    begin();
    open_crew();
    EXPECT_OK(engine_drain(crew.engine, 60000, &e), e);
    fault_vfs_fail(FAULT_SYNC, 0, 2, 1000000, SQLITE_IOERR_FSYNC); /* the first is the write's */
    EXPECT_OK(client_step(&crew, &work.clients[0], &e), e);
    EXPECT_INT(KITH_E_IO, engine_drain(crew.engine, 30000, &e));
    EXPECT_HAS(" held up: ", e.message);
    EXPECT_HAS("the disk failed", e.message);
    expect_recovered();
    expect_the_same_after_reopening();
}

TEST("a full disk refuses writes with a sentence, and the engine goes on when there is space") {
    int refused = 0;
    begin();
    open_crew();
    for (int i = 0, n = rounds(); i < n; i++) {
        struct refusals full = {.code = KITH_E_FULL, .word = "disk is full"};
        renew(i);
        fault_vfs_space((int64_t)dice_roll(&dice, 100000));
        work_on(4, &full);
        refused += full.count;
        expect_recovered();
    }
    EXPECT(refused > 0);
    expect_the_same_after_reopening();
}

static void fail_calls(enum fault_op op, int rc, int64_t below) {
    int refused = 0;
    begin();
    open_crew();
    for (int i = 0, n = rounds(); i < n; i++) {
        struct refusals io = {.code = KITH_E_IO, .word = "disk failed"};
        renew(i);
        fault_vfs_fail(op, 0, 1 + (int64_t)dice_roll(&dice, (uint64_t)below),
                       1 + (int64_t)dice_roll(&dice, 5), rc);
        work_on(6, &io);
        refused += io.count;
        expect_recovered();
    }
    EXPECT(refused > 0);
    expect_the_same_after_reopening();
}

TEST("a write that fails loses nothing that was acknowledged and keeps nothing that was refused") {
    fail_calls(FAULT_WRITE, SQLITE_IOERR_WRITE, 60);
}

TEST("a sync that fails loses nothing that was acknowledged and keeps nothing that was refused") {
    fail_calls(FAULT_SYNC, SQLITE_IOERR_FSYNC, 6);
}

TEST("after a sync that failed a power loss takes nothing that was acknowledged") {
    begin();
    for (int i = 0, n = rounds(); i < n; i++) {
        struct refusals io = {.code = KITH_E_IO, .word = "disk failed"};
        open_crew();
        expect_all_holds();
        fault_vfs_fail(FAULT_SYNC, 0, 1 + (int64_t)dice_roll(&dice, 20), 1, SQLITE_IOERR_FSYNC);
        work_on(6, &io);
        fault_vfs_power_loss();
        crew_close(&crew);
        EXPECT_INT(0, fault_vfs_power_on());
    }
    open_crew();
    expect_all_holds();
    crew_close(&crew);
}

TEST("running out of memory anywhere in SQLite loses nothing and is told as such") {
    int refused = 0;
    begin();
    open_crew();
    for (int i = 0, n = rounds(); i < n; i++) {
        struct refusals memory = {.code = KITH_E_NOMEM, .word = "memory"};
        renew(i);
        fault_mem_fail(1 + (int64_t)dice_roll(&dice, 300), 1 + (int64_t)dice_roll(&dice, 20));
        work_on(6, &memory);
        refused += memory.count;
        expect_recovered();
    }
    EXPECT(refused > 0);
    expect_the_same_after_reopening();
}

/* Opens under trouble, then without. `trouble` prepares the nth try. */
static void open_under(void (*trouble)(int64_t n), int tries) {
    struct refusals none = {.code = KITH_OK, .word = "no refusal"};
    int refused = 0;
    for (int i = 1; i <= tries; i++) {
        kith_error e = KITH_ERROR_INIT;
        if (i % 2) /* every other time the tables are there already */
            begin();
        trouble(i / 2 + 1);
        if (crew_open(&crew, crash_path(), FAULT_VFS, &e) == KITH_OK) {
            crew_close(&crew);
        } else {
            EXPECT(*e.message);
            refused++;
        }
        fault_vfs_heal();
        fault_mem_fail(1, 0);
        fault_vfs_power_loss();
        EXPECT_INT(0, fault_vfs_power_on()); /* no file was left open */
        open_crew();
        work_on(1, &none);
        expect_all_holds();
        crew_close(&crew);
    }
    EXPECT(refused > 0);
}

static void fail_nth_write(int64_t n) {
    fault_vfs_fail(FAULT_WRITE, 0, n, 1, SQLITE_IOERR_WRITE);
}

static void fail_nth_sync(int64_t n) {
    fault_vfs_fail(FAULT_SYNC, 0, n, 1, SQLITE_IOERR_FSYNC);
}

static void fail_nth_read(int64_t n) {
    fault_vfs_fail(FAULT_READ, 0, n, 1, SQLITE_IOERR_READ);
}

static void fail_nth_open(int64_t n) {
    fault_vfs_fail(FAULT_OPEN, 0, n, 1, SQLITE_CANTOPEN);
}

static void fail_nth_allocation(int64_t n) {
    fault_mem_fail(n * n, 1);
}

TEST("an engine that cannot open for an I/O error says so, leaves nothing behind and opens later") {
    begin();
    open_under(fail_nth_write, rounds());
    open_under(fail_nth_sync, 8);
    open_under(fail_nth_read, 16);
    open_under(fail_nth_open, 8);
}

TEST("an engine that runs out of memory while it opens leaves nothing behind and opens later") {
    begin();
    open_under(fail_nth_allocation, rounds());
}
