/* SPDX-License-Identifier: Apache-2.0 */
/* No memory at the nth allocation of SQLite, for every n, while records and with them the search
 * index are written: what is written next finds an index that fits together, and leaves one. */
#include "store/store.h"
#include "unit/engine_fixture.h"
#include "vfs/fault_mem.h"
#include <semaphore.h>

static struct fixture x;
static struct conn *beside; /* sees what is committed, and nothing that the writer remembers */
static struct query *own;
static kith_id kept;
static int64_t places, refused;

/* -- a transaction ----------------------------------------------------------------------------- */

struct round {
    char name[40]; /* of the record that is kept */
    int64_t seen;
    kith_status status;
    kith_error why;
    sem_t answered;
};

static kith_status refused_part(struct txn *t, void *arg, kith_error *e) {
    struct job change = {ROW_CREATE, x.contact, 0, PAIRS("name=Nobody")};
    int64_t seen;
    (void)arg;
    TRY(do_job(t, &change, e));
    TRY(txn_count(t, own, NULL, &seen, e));
    return err_set(e, KITH_E_REFUSED, NULL, "no");
}

/* A record comes, one changes and one goes; a search sees the first; a part is taken back, and why
 * is passed over. */
static kith_status work(struct txn *t, void *arg, kith_error *e) {
    struct round *r = arg;
    kith_error why = KITH_ERROR_INIT;
    struct job comes = {ROW_CREATE, x.contact, 0, PAIRS("name=Bea Gone", "city=Wien")};
    struct job changes = {ROW_UPDATE, x.contact, kept, PAIRS(r->name)};
    TRY(do_job(t, &comes, e));
    TRY(txn_count(t, own, NULL, &r->seen, e));
    txn_try(t, refused_part, NULL, &why);
    TRY(do_job(t, &changes, e));
    struct job goes = {ROW_DELETE, x.contact, comes.id, NULL};
    return do_job(t, &goes, e);
}

/* [writer] There is memory again before it turns to something else. */
static void answer(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    struct round *r = arg;
    (void)tx;
    fault_mem_fail(1, 0);
    r->status = st;
    err_copy(&r->why, e);
    sem_post(&r->answered);
}

/* times 0: no allocation fails. */
static void work_on(struct round *r, int64_t n, int64_t times) {
    *r = (struct round){.why = KITH_ERROR_INIT};
    snprintf(r->name, sizeof r->name, "name=Anna Number%" PRId64, ++places);
    EXPECT_INT(0, sem_init(&r->answered, 0, 0));
    fault_mem_fail(n, times);
    EXPECT_OK(engine_post(x.g, &by_tester, work, r, answer, &x.e), x.e);
    while (sem_wait(&r->answered) != 0)
        ;
    sem_destroy(&r->answered);
}

/* -- every place ------------------------------------------------------------------------------- */

/* A record that is new asks the index for nothing: what is wrong only in memory goes into it. */
static void expect_fits(int64_t n, int64_t times) {
    static const char check[] = "INSERT INTO kith_search(kith_search) VALUES('integrity-check')";
    kith_id next = create(&x, x.contact, PAIRS("name=Carl Next"));
    if (conn_exec(beside, check, &x.e) != KITH_OK)
        TEST_FAIL("allocation %" PRId64 "%s: %s", n, times > 1 ? " and all later ones" : "",
                  x.e.message);
    delete_(&x, x.contact, next);
}

static void fail_at(int64_t n, int64_t times) {
    struct round r;
    work_on(&r, n, times);
    if (r.status == KITH_OK)
        EXPECT_INT(1, r.seen);
    else if (!strstr(r.why.message, "memory") && !strstr(r.why.message, "try again"))
        TEST_FAIL("allocation %" PRId64 ": %s", n, r.why.message);
    refused += r.status != KITH_OK;
    expect_fits(n, times);
}

static int64_t allocations(void) {
    struct round r;
    int64_t first = fault_mem_calls();
    work_on(&r, 1, 0);
    EXPECT_OK(r.status, r.why);
    EXPECT_INT(1, r.seen);
    return fault_mem_calls() - first;
}

static void begin(void) {
    static bool ready;
    if (!ready) {
        EXPECT_INT(SQLITE_OK, fault_mem_install());
        EXPECT_OK(store_setup(&x.e), x.e);
        ready = true;
    }
    alarm(600); /* an engine that hangs does not hang the test */
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(conn_open(&beside, x.path, CONN_CHECKPOINT, NULL, &x.e), x.e);
    EXPECT_OK(query_parse(&own, engine_schema(x.g), &x.arena,
                          STR("contact where matches('bea') : count()"), &x.e),
              x.e);
    kept = create(&x, x.contact, PAIRS("name=Anna"));
    refused = 0;
}

static void end(void) {
    EXPECT_INT(0, count(&x, "contact where name = 'Nobody'", NULL));
    conn_close(beside);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("after want of memory at any allocation, the search index fits together") {
    begin();
    allocations(); /* the first time there are more: statements are prepared */
    int64_t all = allocations();
    for (int64_t n = 1; n <= all; n++) {
        fail_at(n, 1);
        fail_at(n, INT64_C(1) << 40);
    }
    EXPECT(refused > all);
    end();
}

/* Clearing the index makes the writer forget its statements. */
static void forget_statements(void) {
    EXPECT_OK(engine_search_clear(x.g, &x.e), x.e);
    EXPECT_OK(engine_search_build(x.g, NULL, NULL, &x.e), x.e);
}

TEST("what a part wrote is not kept when there is no memory to take it back") {
    begin();
    forget_statements();
    int64_t all = allocations();
    for (int64_t n = 1; n <= all; n++) {
        forget_statements();
        fail_at(n, 1);
    }
    EXPECT(refused > 0);
    end();
}
