/* SPDX-License-Identifier: Apache-2.0 */
/* The journal by age: what is old goes, and all that reads the journal says so, in a database that
 * is sound and whose chain holds. */
#include "engine_fixture.h"
#include "journal/access_log.h"
#include "journal/compact.h"
#include "random.h"

#include <stdatomic.h>
#include <time.h>

#define DAY INT64_C(86400000)

static int64_t number(struct fixture *x, const char *sql) {
    struct conn *c;
    int64_t n;
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_OK(conn_int(c, sql, -1, &n, &x->e), x->e);
    engine_reader_done(x->g, c);
    return n;
}
#define ROWS(x) number(x, "SELECT count(*) FROM kith_journal")

static void open_keeping(struct fixture *x, int64_t keep) {
    fixture_open(x);
    engine_close(x->g);
    x->journal_keep_ms = keep;
    fixture_reopen(x);
}

static void pass_days(struct fixture *x, int64_t days) {
    clock_set(&x->clock, engine_now(x->g) + days * DAY);
    settle(x);
}

static struct journal_state compact(struct fixture *x) {
    struct journal_state s;
    EXPECT_OK(engine_compact(x->g, &tester, &s, &x->arena, &x->e), x->e);
    return s;
}

/* -- by itself --------------------------------------------------------------------------------- */

TEST("what is older than the journal is kept goes, a day after it was announced") {
    struct fixture x;
    open_keeping(&x, 100 * DAY);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    for (int day = 0; day < 10; day++) {
        pass_days(&x, 10);
        update(&x, x.lead, id, PAIRS(day % 2 ? "score=1" : "score=2"));
    }
    struct chain_anchor anchor = expect_chain(&x, NULL).latest;
    EXPECT_INT(11, ROWS(&x));
    pass_days(&x, 15); /* rows 1 and 2 are old enough now */
    EXPECT_INT(11, ROWS(&x));
    pass_days(&x, 1);
    EXPECT_INT(9, ROWS(&x));
    EXPECT_INT(9, number(&x, "SELECT count(*) FROM kith_tx"));
    struct chain_report r = expect_chain(&x, &anchor);
    EXPECT_INT(CHAIN_COMPACTED, r.start);
    EXPECT_INT(2, r.begins);
    EXPECT_INT(ANCHOR_HOLDS, r.answer);
    anchor.seq = 1;
    EXPECT_INT(ANCHOR_BEFORE, expect_chain(&x, &anchor).answer);
    expect_sound(&x);
    for (int i = 0; i < 21; i++)
        pass_days(&x, 20);
    EXPECT_INT(1, ROWS(&x)); /* the last one stays: numbers go on behind it */
    expect_sound(&x);
    engine_close(x.g);
    fixture_reopen(&x);
    fixture_start(&x);
    update(&x, x.lead, id, PAIRS("score=7"));
    EXPECT_INT(12, number(&x, "SELECT max(seq) FROM kith_journal"));
    expect_chain(&x, NULL);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a shorter age takes nothing that was not announced by it the night before") {
    struct fixture x;
    open_keeping(&x, 100 * DAY);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    for (int day = 0; day < 10; day++) {
        pass_days(&x, 10);
        update(&x, x.lead, id, PAIRS(day % 2 ? "score=1" : "score=2"));
    }
    pass_days(&x, 15); /* rows 1 and 2 are announced */
    engine_close(x.g);
    x.journal_keep_ms = 50 * DAY;
    fixture_reopen(&x);
    fixture_start(&x);
    pass_days(&x, 1);
    EXPECT_INT(9, ROWS(&x));
    pass_days(&x, 1);
    EXPECT(ROWS(&x) < 9);
    expect_chain(&x, NULL);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a clock that leaps a year ahead again and again costs no row, though it has its nights") {
    struct fixture x;
    open_keeping(&x, 100 * DAY);
    fixture_start(&x);
    for (int i = 0; i < 3; i++)
        create(&x, x.lead, PAIRS("name=A"));
    for (int times = 0; times < 5; times++) {
        pass_days(&x, 365);
        for (int day = 0; day < 5; day++)
            pass_days(&x, 1);
        struct journal_state s;
        EXPECT_OK(engine_journal_state(x.g, &x.arena, &s, &x.e), x.e);
        EXPECT(s.waits_until > engine_now(x.g) && s.waits_until < engine_now(x.g) + 3 * DAY);
        pass_days(&x, -370);
        EXPECT_OK(engine_journal_state(x.g, &x.arena, &s, &x.e), x.e);
        EXPECT_INT(0, s.waits_until);
        pass_days(&x, 15);
        EXPECT_INT(3, ROWS(&x));
    }
    for (int i = 0; i < 4; i++)
        pass_days(&x, 10); /* now they are old */
    EXPECT_INT(1, ROWS(&x));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("what was announced when the clock leaps is not done before a week has passed") {
    struct fixture x;
    open_keeping(&x, 100 * DAY);
    fixture_start(&x);
    for (int i = 0; i < 3; i++) {
        create(&x, x.lead, PAIRS("name=A"));
        pass_days(&x, 20);
    }
    for (int i = 0; i < 4; i++)
        pass_days(&x, 10);
    pass_days(&x, 1); /* the first is old: announced */
    EXPECT_INT(3, ROWS(&x));
    pass_days(&x, 365);
    for (int day = 0; day < 6; day++)
        pass_days(&x, 1);
    EXPECT_INT(3, ROWS(&x));
    for (int day = 0; day < 3; day++)
        pass_days(&x, 1);
    EXPECT_INT(1, ROWS(&x));
    fixture_close(&x);
}

TEST("a clock that is ahead for less than a day costs nothing") {
    struct fixture x;
    open_keeping(&x, 100 * DAY);
    fixture_start(&x);
    for (int i = 0; i < 3; i++)
        create(&x, x.lead, PAIRS("name=A"));
    int64_t now = engine_now(x.g);
    pass_days(&x, 365); /* announced */
    clock_set(&x.clock, now + DAY / 2);
    settle(&x);
    EXPECT_INT(3, ROWS(&x));
    for (int day = 0; day < 5; day++)
        pass_days(&x, 1);
    EXPECT_INT(3, ROWS(&x));
    fixture_close(&x);
}

TEST("what was written with a clock that was set back is kept as long as what came before it") {
    struct fixture x;
    open_keeping(&x, 100 * DAY);
    clock_set(&x.clock, START_MS + 50 * DAY);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=ahead"));
    clock_set(&x.clock, START_MS);
    create(&x, x.lead, PAIRS("name=back"));
    clock_set(&x.clock, START_MS + 120 * DAY);
    create(&x, x.lead, PAIRS("name=late"));
    int64_t rows = ROWS(&x);
    compact(&x);
    EXPECT_INT(rows, ROWS(&x));
    clock_set(&x.clock, START_MS + 155 * DAY);
    compact(&x);
    EXPECT(ROWS(&x) < rows);
    expect_sound(&x);
    fixture_close(&x);
}

static kith_status begin_anew(struct txn *t, void *arg, kith_error *e) {
    static const char lone[] =
        "SELECT count(*) FROM kith_journal WHERE tx NOT IN (SELECT id FROM kith_tx)";
    struct conn *c = txn_conn(t);
    struct journal_start next;
    int64_t *steps = arg;
    TRY(journal_boundary(c, START_MS + 1000 * DAY, UINT64_MAX, &next, e));
    TRY(journal_begin_at(c, &next, e));
    for (bool more = true; more; (*steps)++) {
        int64_t rows;
        TRY(journal_sweep(c, 2, &more, e));
        TRY(conn_int(c, lone, -1, &rows, e));
        EXPECT_INT(0, rows);
    }
    return KITH_OK;
}

TEST(
    "a transaction is known as long as a row of it is, whenever the journal stops beginning anew") {
    struct fixture x;
    int64_t steps = 0;
    fixture_open(&x);
    fixture_start(&x);
    for (int i = 0; i < 3; i++)
        create(&x, x.contact, PAIRS("name=A", "email=a@b.example", "phone=+43 1", "city=Graz"));
    create(&x, x.lead, PAIRS("name=A"));
    EXPECT_OK(engine_write(x.g, &by_tester, begin_anew, &steps, NULL, &x.e), x.e);
    EXPECT(steps > 3);
    fixture_close(&x);
}

/* A clock that leaps while a write is under way, and two that wait then: they are of one group, so
 * that no timer fires between them. */
struct leap {
    struct fixture *x;
    atomic_bool reached;
};

static kith_status wait_for_two(struct txn *t, void *arg, kith_error *e) {
    struct leap *l = arg;
    struct engine_stats s = {0};
    struct timespec moment = {0, 1000000};
    (void)t, (void)e;
    for (atomic_store(&l->reached, true); s.queue < 2; nanosleep(&moment, NULL))
        engine_stats(l->x->g, &s);
    return KITH_OK;
}

static kith_status leap(struct txn *t, void *arg, kith_error *e) {
    struct leap *l = arg;
    (void)t, (void)e;
    clock_advance(&l->x->clock, 300 * DAY);
    return KITH_OK;
}

static void nothing_done(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    (void)arg, (void)st, (void)tx, (void)e;
}

TEST("that the journal waits for a week is told before its night has fired") {
    struct fixture x;
    struct journal_state s;
    struct leap l = {.x = &x};
    struct timespec moment = {0, 1000000};
    open_keeping(&x, 100 * DAY);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    EXPECT_OK(engine_post(x.g, &by_tester, wait_for_two, &l, nothing_done, &x.e), x.e);
    while (!atomic_load(&l.reached))
        nanosleep(&moment, NULL);
    EXPECT_OK(engine_post(x.g, &by_tester, leap, &l, nothing_done, &x.e), x.e);
    EXPECT_OK(engine_journal_state(x.g, &x.arena, &s, &x.e), x.e);
    EXPECT_INT(START_MS + 307 * DAY, s.waits_until);
    fixture_close(&x);
}

TEST("without a setting everything is kept") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    create(&x, x.lead, PAIRS("name=B"));
    pass_days(&x, 5000);
    pass_days(&x, 1);
    EXPECT_INT(0, compact(&x).next.seq);
    EXPECT_INT(2, ROWS(&x));
    fixture_close(&x);
}

TEST("rows from before there was a chain go as well") {
    struct fixture x;
    sqlite3 *db;
    fixture_open(&x);
    fixture_start(&x);
    for (int i = 0; i < 5; i++)
        create(&x, x.lead, PAIRS("name=A"));
    pass_days(&x, 100);
    for (int i = 0; i < 5; i++)
        create(&x, x.lead, PAIRS("name=B"));
    int64_t now = engine_now(x.g);
    engine_close(x.g);
    EXPECT_INT(SQLITE_OK, sqlite3_open(x.path, &db));
    EXPECT_INT(SQLITE_OK,
               sqlite3_exec(db,
                            "ALTER TABLE kith_journal DROP COLUMN proof; ALTER TABLE kith_tx DROP"
                            " COLUMN proof; ALTER TABLE kith_tx DROP COLUMN digest; ALTER TABLE"
                            " kith_source DROP COLUMN proof; ALTER TABLE kith_topic DROP COLUMN"
                            " proof; DROP TABLE kith_chain; PRAGMA user_version = 2",
                            NULL, NULL, NULL));
    sqlite3_close(db);
    x.journal_keep_ms = 50 * DAY;
    fixture_reopen(&x);
    fixture_start(&x);
    EXPECT(engine_now(x.g) == now);
    EXPECT_INT(5, compact(&x).next.seq);
    EXPECT_INT(5, ROWS(&x));
    struct chain_report r = expect_chain(&x, NULL);
    EXPECT_INT(CHAIN_UPGRADED, r.start);
    EXPECT_INT(10, r.begins);
    expect_sound(&x);
    pass_days(&x, 100);
    create(&x, x.lead, PAIRS("name=C"));
    pass_days(&x, 100);
    create(&x, x.lead, PAIRS("name=D"));
    EXPECT_INT(11, compact(&x).next.seq);
    EXPECT_INT(1, ROWS(&x));
    EXPECT_INT(CHAIN_COMPACTED, expect_chain(&x, NULL).start);
    expect_sound(&x);
    fixture_close(&x);
}

/* -- what holds it ----------------------------------------------------------------------------- */

static bool failing;
static kith_status react(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    (void)self;
    (void)t;
    (void)ev;
    return failing ? err_set(e, KITH_E_REFUSED, NULL, "not now") : KITH_OK;
}

static void add_reaction(struct fixture *x) {
    struct reaction r = {.name = "rule:r.lua:mark",
                         .topic = "lead.created",
                         .fn = react,
                         .source = {SOURCE_RULE, "mark", "", 1}};
    EXPECT_OK(engine_add_reaction(x->g, &r, &x->e), x->e);
}

TEST("an event that waits holds the journal, and nothing holds it once that is skipped") {
    struct fixture x;
    struct dead_letter *letters;
    size_t n;
    open_keeping(&x, 10 * DAY);
    add_reaction(&x);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    failing = true;
    create(&x, x.lead, PAIRS("name=B"));
    settle(&x);
    failing = false;
    engine_close(x.g); /* before it is tried again: it fails once more while nobody handles it */
    fixture_reopen(&x);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=C"));
    pass_days(&x, 30);
    create(&x, x.lead, PAIRS("name=D"));
    struct journal_state s = compact(&x);
    EXPECT_INT(1, s.next.seq);
    EXPECT_HAS("event 1, which waits", s.held_by);
    EXPECT_INT(3, ROWS(&x));
    expect_sound(&x);
    EXPECT_OK(engine_letters(x.g, false, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    EXPECT_OK(engine_letter_skip(x.g, &tester, letters[0].number, &x.e), x.e);
    s = compact(&x);
    EXPECT_INT(3, s.next.seq);
    EXPECT(s.held_by == NULL);
    EXPECT_INT(1, ROWS(&x));
    /* The reaction was away meanwhile: it goes on behind what is gone. */
    engine_close(x.g);
    fixture_reopen(&x);
    add_reaction(&x);
    fixture_start(&x);
    settle(&x);
    create(&x, x.lead, PAIRS("name=E"));
    settle(&x);
    EXPECT_INT(number(&x, "SELECT max(seq) FROM kith_journal"),
               number(&x, "SELECT seq FROM kith_cursor"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("an import that is under way holds the journal") {
    struct fixture x;
    kith_id tx = 0, id = 0;
    char sql[300];
    open_keeping(&x, 10 * DAY);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    EXPECT_OK(try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=B"), &tx), x.e);
    snprintf(
        sql, sizeof sql,
        "INSERT INTO kith_import VALUES(%llu, 'lead', 'f', 1, 1, x'', x'', 1, 1, 0, 0, 0, 0, 0,"
        " 0, NULL, NULL)",
        (unsigned long long)tx);
    run_sql(&x, sql);
    pass_days(&x, 30);
    create(&x, x.lead, PAIRS("name=C"));
    struct journal_state s = compact(&x);
    EXPECT_INT(1, s.next.seq);
    EXPECT_HAS("import", s.held_by);
    fixture_close(&x);
}

TEST("a run that is not finished holds the journal, so that it can be undone") {
    struct fixture x;
    kith_id tx = 0, id = 0;
    char sql[160];
    open_keeping(&x, 10 * DAY);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    EXPECT_OK(try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=B"), &tx), x.e);
    snprintf(sql, sizeof sql, "INSERT INTO kith_run VALUES(%llu, 1, 1, 'merge', 'merge', 0)",
             (unsigned long long)tx);
    run_sql(&x, sql);
    pass_days(&x, 30);
    create(&x, x.lead, PAIRS("name=C"));
    struct journal_state s = compact(&x);
    EXPECT_INT(1, s.next.seq);
    EXPECT_HAS("not finished", s.held_by);
    fixture_close(&x);
}

/* -- what reads it ----------------------------------------------------------------------------- */

static const char *then(struct fixture *x, kith_id id, const char *name, int64_t at) {
    struct moment when = {.at = at};
    struct past_record p;
    if (engine_as_of(x->g, &tester, x->lead, id, &when, &x->arena, &p, &x->e) != KITH_OK)
        return arena_strdup(&x->arena, x->e.message);
    const struct rfield *f = type_field(engine_schema(x->g), x->lead, str_of(name));
    kith_str t = value_text(engine_schema(x->g), &p.values[f->index], &x->arena);
    return arena_strndup(&x->arena, t.ptr ? t.ptr : "", t.len);
}

TEST("what a record was is known within the kept journal, and before it is said not to be") {
    struct fixture x;
    open_keeping(&x, 50 * DAY);
    fixture_start(&x);
    int64_t t0 = engine_now(x.g);
    kith_id a = create(&x, x.lead, PAIRS("name=A", "score=1", "source=web"));
    kith_id b = create(&x, x.lead, PAIRS("name=B", "source=web"));
    kith_id c = create(&x, x.lead, PAIRS("name=C", "source=event"));
    pass_days(&x, 100);
    int64_t t1 = engine_now(x.g);
    create(&x, x.lead, PAIRS("name=later"));
    pass_days(&x, 10);
    int64_t t2 = engine_now(x.g);
    update(&x, x.lead, a, PAIRS("score=2", "source="));
    pass_days(&x, 10);
    kith_id deleted = delete_(&x, x.lead, b);
    int64_t t3 = engine_now(x.g);
    pass_days(&x, 1);
    compact(&x);
    EXPECT_INT(3, number(&x, "SELECT max(seq) FROM kith_chain"));
    EXPECT_HAS("is not known any more: the journal is kept from", then(&x, a, "score", t0));
    EXPECT_STR("1", then(&x, a, "score", t1));
    EXPECT_STR("web", then(&x, a, "source", t1));
    EXPECT_STR("A", then(&x, a, "name", t1));
    EXPECT_STR("2", then(&x, a, "score", t2));
    EXPECT_STR("", then(&x, a, "source", t2));
    EXPECT_STR("A", then(&x, a, "name", t3));
    EXPECT_STR("web", then(&x, b, "source", t1));
    EXPECT_STR("B", then(&x, b, "name", t2));
    EXPECT_HAS("did not exist any more", then(&x, b, "name", t3));
    EXPECT_STR("event", then(&x, c, "source", t1)); /* has no row any more */
    EXPECT_STR("C", then(&x, c, "name", t3));
    EXPECT_HAS("there was none since", then(&x, (kith_id)5, "name", t3));

    struct undo_report r;
    EXPECT_OK(engine_undo(x.g, &tester, deleted, false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(1, r.reversed);
    EXPECT_STR("B", field(&x, x.lead, b, "name"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("what is older than the kept journal cannot be undone, and the refusal says so") {
    struct fixture x;
    struct undo_report r;
    struct conn *c;
    struct why_step *steps;
    size_t n;
    kith_id tx = 0, id = 0;
    open_keeping(&x, 50 * DAY);
    fixture_start(&x);
    EXPECT_OK(try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=A"), &tx), x.e);
    pass_days(&x, 100);
    kith_id later = update(&x, x.lead, id, PAIRS("score=9"));
    compact(&x);
    EXPECT_INT(KITH_E_NOTFOUND, engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e));
    EXPECT_HAS("is older than the journal that is kept", x.e.message);
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    const struct rfield *name = type_field(engine_schema(x.g), x.lead, STR("name"));
    EXPECT_OK(journal_why(c, engine_schema(x.g), id, name, &x.arena, &steps, &n, &x.e), x.e);
    EXPECT_INT(0, n);
    engine_reader_done(x.g, c);
    EXPECT_OK(engine_undo(x.g, &tester, later, false, &x.arena, &r, &x.e), x.e);
    EXPECT_STR("0", field(&x, x.lead, id, "score"));
    EXPECT_INT(KITH_E_NOTFOUND, engine_undo_since(x.g, &tester, 0, NULL, &x.arena, &r, &x.e));
    EXPECT_HAS("is not kept any more", x.e.message);
    expect_sound(&x);
    fixture_close(&x);
}

/* -- the doctor -------------------------------------------------------------------------------- */

TEST("the doctor finds damage in a journal whose beginning is gone") {
    static const struct {
        const char *sql, *says;
    } damage[] = {
        {"UPDATE lead SET score = 4 WHERE name = 'A'", "score is not what the journal says"},
        {"UPDATE kith_journal SET image = (SELECT image FROM kith_journal WHERE seq = 5) WHERE seq"
         " = 4",
         "is not what row 4 of the journal left"},
        {"DELETE FROM lead WHERE name = 'A'", "is missing, though the journal"},
        {"DELETE FROM kith_journal WHERE seq = 4", "the journal ends with row"},
    };
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        struct fixture x;
        struct findings told;
        open_keeping(&x, 50 * DAY);
        fixture_start(&x);
        kith_id a = create(&x, x.lead, PAIRS("name=A"));
        create(&x, x.lead, PAIRS("name=B"));
        update(&x, x.lead, a, PAIRS("score=1"));
        pass_days(&x, 100);
        update(&x, x.lead, a, PAIRS("score=2"));
        update(&x, x.lead, a, PAIRS("score=3"));
        compact(&x);
        expect_sound(&x);
        run_sql(&x, damage[i].sql);
        examine(&x, &told);
        EXPECT_HAS(damage[i].says, told.text);
        fixture_close(&x);
    }
}

/* -- the log of access ------------------------------------------------------------------------- */

static kith_status add_entries(struct txn *t, void *arg, kith_error *e) {
    const kith_id records[] = {5, 6, 7};
    for (int i = 0; i < 600; i++) {
        struct access_entry x = {.at = txn_now(t),
                                 .event = ACCESS_READ,
                                 .actor = "anna",
                                 .records = records,
                                 .record_count = 3};
        TRY(access_log_add(txn_conn(t), &x, NULL, e));
    }
    (void)arg;
    return KITH_OK;
}

TEST("entries of the log of access go by an age of their own") {
    struct fixture x;
    fixture_open(&x);
    engine_close(x.g);
    x.access_keep_ms = 30 * DAY;
    fixture_reopen(&x);
    fixture_start(&x);
    EXPECT_OK(engine_write(x.g, &by_tester, add_entries, NULL, NULL, &x.e), x.e);
    pass_days(&x, 20);
    EXPECT_OK(engine_write(x.g, &by_tester, add_entries, NULL, NULL, &x.e), x.e);
    pass_days(&x, 5);
    EXPECT_INT(1200, number(&x, "SELECT count(*) FROM kith_access"));
    pass_days(&x, 10);
    EXPECT_INT(600, number(&x, "SELECT count(*) FROM kith_access"));
    EXPECT_INT(1800, number(&x, "SELECT count(*) FROM kith_access_record"));
    pass_days(&x, 400); /* the clock leaps, and is set back */
    pass_days(&x, 5);
    EXPECT_INT(1800, number(&x, "SELECT count(*) FROM kith_access_record"));
    pass_days(&x, -385);
    pass_days(&x, 20);
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM kith_access_record"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("an entry of the log of access stays as long as one that was written before it") {
    struct fixture x;
    open_keeping(&x, 0);
    engine_close(x.g);
    x.access_keep_ms = 30 * DAY;
    fixture_reopen(&x);
    fixture_start(&x);
    run_sql(&x, arena_printf(&x.arena,
                             "INSERT INTO kith_access(at, event, user, actor, surface, asked, type)"
                             " VALUES(%lld, 1, 0, 'a', 'cli', 'young', 1), (1, 1, 0, 'a', 'cli',"
                             " 'by a clock that was set back', 1)",
                             (long long)START_MS));
    compact(&x);
    EXPECT_INT(2, number(&x, "SELECT count(*) FROM kith_access"));
    clock_set(&x.clock, START_MS + 31 * DAY);
    compact(&x);
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM kith_access"));
    fixture_close(&x);
}

/* -- anything ---------------------------------------------------------------------------------- */

#define RECORDS 30

static uint64_t below(uint64_t *r, uint64_t n) {
    return random_next(r) % n;
}

struct world {
    struct fixture x;
    kith_id ids[RECORDS];
    kith_id txs[4000];
    size_t tx_count;
};

static void random_write(struct world *w, uint64_t *r) {
    struct fixture *x = &w->x;
    kith_id *id = &w->ids[below(r, RECORDS)], tx = 0;
    char score[32], link[64];
    kith_status st = KITH_OK;
    snprintf(score, sizeof score, "score=%d", (int)below(r, 5));
    snprintf(link, sizeof link, "name=N%d", (int)below(r, 5));
    bool there = *id && strcmp(field(x, x->lead, *id, "name"), "(gone)") != 0;
    if (!there)
        st = try_job(x, ROW_CREATE, x->lead, id, PAIRS(link, score), &tx);
    else if (below(r, 5) == 0)
        st = try_job(x, ROW_DELETE, x->lead, id, NULL, &tx);
    else
        st = try_job(x, ROW_UPDATE, x->lead, id, PAIRS(score, link), &tx);
    EXPECT_OK(st, x->e);
    if (tx)
        w->txs[w->tx_count++] = tx;
}

static void undo_all(struct world *w) {
    struct undo_report r;
    size_t old = 0, undone = 0;
    for (size_t i = w->tx_count; i > 0; i--) {
        kith_status st =
            engine_undo(w->x.g, &tester, w->txs[i - 1], false, &w->x.arena, &r, &w->x.e);
        EXPECT(st == KITH_OK || st == KITH_E_NOTFOUND);
        EXPECT(st == KITH_OK ? old == 0 : true); /* the newest are kept, without a gap */
        old += st != KITH_OK;
        undone += st == KITH_OK;
        if (st == KITH_OK)
            EXPECT_INT(0, r.kept + r.refused);
    }
    EXPECT(undone > 0);
}

TEST("whatever is written, and whenever the journal begins anew: it is sound, and what is kept can "
     "be undone") {
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct world *w = calloc(1, sizeof *w);
        uint64_t r = RANDOM_SEED + seed;
        size_t kept_from = 0;
        open_keeping(&w->x, 20 * DAY);
        fixture_start(&w->x);
        for (int i = 0; i < 400; i++) {
            random_write(w, &r);
            if (below(&r, 4) == 0)
                clock_set(&w->x.clock, engine_now(w->x.g) + (int64_t)below(&r, 3) * DAY);
            if (below(&r, 40) == 0)
                compact(&w->x);
            if (below(&r, 60) == 0) {
                engine_close(w->x.g);
                fixture_reopen(&w->x);
                fixture_start(&w->x);
            }
            if (below(&r, 100) == 0) {
                expect_chain(&w->x, NULL);
                expect_sound(&w->x);
            }
        }
        /* From here on nothing goes any more: what follows can be undone as a whole. */
        compact(&w->x);
        char *before = dump_all(&w->x);
        kept_from = w->tx_count;
        for (int i = 0; i < 100; i++)
            random_write(w, &r);
        for (size_t i = w->tx_count; i > kept_from; i--) {
            struct undo_report report;
            EXPECT_OK(
                engine_undo(w->x.g, &tester, w->txs[i - 1], false, &w->x.arena, &report, &w->x.e),
                w->x.e);
            EXPECT_INT(0, report.kept + report.refused);
        }
        expect_dump(before, dump_all(&w->x));
        w->tx_count = kept_from;
        undo_all(w);
        expect_chain(&w->x, NULL);
        expect_sound(&w->x);
        fixture_close(&w->x);
        free(w);
    }
}
