/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of digests over the journal: what was changed behind Kith's back is named, and what
 * Kith itself takes back, loses, erases or upgrades leaves it whole. */
#include "engine_fixture.h"

#include <stdatomic.h>
#include <time.h>

/* -- writes that share a group ----------------------------------------------------------------- */

static atomic_int gate; /* 0: closed, 1: somebody waits, 2: open */
static atomic_int done_count;

static kith_status wait_at_gate(struct txn *t, void *arg, kith_error *e) {
    (void)t;
    (void)arg;
    (void)e;
    struct timespec moment = {0, 1000000};
    for (atomic_store(&gate, 1); atomic_load(&gate) != 2;)
        nanosleep(&moment, NULL);
    return KITH_OK;
}

static void count_done(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    (void)arg;
    (void)st;
    (void)tx;
    (void)e;
    atomic_fetch_add(&done_count, 1);
}

/* All of them in one transaction of the database. */
static void write_together(struct fixture *x, write_fn const *fns, size_t n) {
    struct timespec moment = {0, 1000000};
    atomic_store(&gate, 0);
    atomic_store(&done_count, 0);
    EXPECT_OK(engine_post(x->g, &by_tester, wait_at_gate, NULL, count_done, &x->e), x->e);
    while (atomic_load(&gate) != 1)
        nanosleep(&moment, NULL);
    for (size_t i = 0; i < n; i++)
        EXPECT_OK(engine_post(x->g, &by_tester, fns[i], x, count_done, &x->e), x->e);
    atomic_store(&gate, 2);
    while (atomic_load(&done_count) != (int)n + 1)
        nanosleep(&moment, NULL);
}

static kith_status write_lead(struct txn *t, void *arg, kith_error *e) {
    struct fixture *x = arg;
    struct assign set = {type_field(x->lead->schema, x->lead, STR("name")), value_str(STR("L"))};
    return txn_create(t, x->lead, &set, 1, NULL, e);
}

static kith_status write_and_fail(struct txn *t, void *arg, kith_error *e) {
    TRY(write_lead(t, arg, e));
    TRY(write_lead(t, arg, e));
    return err_set(e, KITH_E_REFUSED, NULL, "no");
}

static kith_status write_partly(struct txn *t, void *arg, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_REFUSED, txn_try(t, write_and_fail, arg, &why));
    TRY(write_lead(t, arg, e));
    EXPECT_INT(KITH_E_REFUSED, txn_try(t, write_and_fail, arg, &why));
    return KITH_OK;
}

static const write_fn four[] = {write_lead, write_lead, write_lead, write_lead};

/* Rows 1 to 6 in groups of their own, the first with a note; 7 to 10 in one. */
static void fill(struct fixture *x) {
    static const kith_topic topic = {.name = "lead.scored", .doc = "d", .schema = 1};
    const struct write_opts noted = {
        .principal = &tester, .origin = ORIGIN_CLI, .note = "by telephone"};
    fixture_open(x);
    EXPECT_OK(engine_add_topic(x->g, "sales", &topic, &x->e), x->e);
    fixture_start(x);
    EXPECT_OK(engine_write(x->g, &noted, write_lead, x, NULL, &x->e), x->e);
    for (int i = 2; i <= 6; i++)
        EXPECT_OK(engine_write(x->g, &by_tester, write_lead, x, NULL, &x->e), x->e);
    write_together(x, four, 4);
}

static void damage(struct fixture *x, const char *sql) {
    sqlite3 *db;
    char *why = NULL;
    engine_close(x->g);
    x->g = NULL;
    EXPECT_INT(SQLITE_OK, sqlite3_open(x->path, &db));
    int rc = sqlite3_exec(db, sql, NULL, NULL, &why);
    if (rc != SQLITE_OK)
        printf("  %s: %s\n", sql, why);
    EXPECT_INT(SQLITE_OK, rc);
    sqlite3_close(db);
}

static void damage_and_open(struct fixture *x, const char *sql) {
    damage(x, sql);
    fixture_reopen(x);
    fixture_start(x);
}

/* -- tests ------------------------------------------------------------------------------------- */

TEST("a journal that nobody touched is what was written, by groups, too") {
    struct fixture x;
    fill(&x);
    struct chain_report r = expect_chain(&x, NULL);
    EXPECT_INT(10, r.rows);
    EXPECT_INT(10, r.heads);
    EXPECT_INT(0, r.begins);
    EXPECT_INT(CHAIN_NEW, r.start);
    EXPECT_INT(10, r.latest.seq);
    EXPECT_INT(START_MS, r.latest_at);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("each change behind Kith's back is named with its row") {
    static const struct {
        const char *sql, *says;
        uint64_t row;
    } changes[] = {
        {"UPDATE kith_journal SET image = CAST(image || x'00' AS BLOB) WHERE seq = 3",
         "row 3 is not what was written", 3},
        {"UPDATE kith_journal SET image = x'' WHERE seq = 3", "row 3 is not", 3},
        {"UPDATE kith_journal SET record = record + 1 WHERE seq = 4", "row 4 is not", 4},
        {"UPDATE kith_journal SET kind = 3 WHERE seq = 8", "row 8 is not", 8},
        {"UPDATE kith_journal SET source = 1 WHERE seq = 10", "row 10 is not", 10},
        {"UPDATE kith_journal SET type = 1 WHERE seq = 1", "row 1 is not", 1},
        {"UPDATE kith_journal SET cause = 5 WHERE seq = 6", "row 6 is not", 6},
        {"UPDATE kith_journal SET proof = randomblob(16) WHERE seq = 5", "row 5 is not", 5},
        {"UPDATE kith_journal SET proof = NULL WHERE seq = 5", "row 5 has no proof", 5},
        {"UPDATE kith_journal SET proof = randomblob(32), image = x'' WHERE seq = 5",
         "what was erased of it", 5},
        {"DELETE FROM kith_journal WHERE seq = 3", "row 3: gone", 3},
        {"DELETE FROM kith_journal WHERE seq BETWEEN 3 AND 5", "rows 3 to 5: gone", 3},
        {"DELETE FROM kith_journal WHERE seq = 3; DELETE FROM kith_tx WHERE first = 3",
         "row 3: gone", 3},
        {"DELETE FROM kith_journal WHERE seq = 1; DELETE FROM kith_tx WHERE first = 1",
         "row 1: gone", 1},
        {"DELETE FROM kith_journal WHERE seq = 10; DELETE FROM kith_tx WHERE first = 10",
         "rows 7 to 9 at the end: no seal", 7},
        {"UPDATE kith_journal SET seq = -1 WHERE seq = 4; UPDATE kith_journal SET seq = 4 WHERE"
         " seq = 5; UPDATE kith_journal SET seq = 5 WHERE seq = -1",
         "row 4 is not", 4},
        {"UPDATE kith_journal SET image = (SELECT image FROM kith_journal WHERE seq = 2), proof ="
         " (SELECT proof FROM kith_journal WHERE seq = 2) WHERE seq = 5",
         "row 5 is not", 5},
        {"INSERT INTO kith_journal SELECT 11, tx, kind, type, record, source, cause, image, proof"
         " FROM kith_journal WHERE seq = 10",
         "row 11 is not", 11},
        {"INSERT INTO kith_journal SELECT 11, tx + 1, kind, type, record, source, cause, image,"
         " zeroblob(32) FROM kith_journal WHERE seq = 10; INSERT INTO kith_tx(id, at, actor,"
         " origin, first, last) SELECT id + 1, at, actor, origin, 11, 11 FROM kith_tx WHERE first"
         " = 10",
         "row 11 at the end: no seal", 11},
        {"INSERT INTO kith_tx(id, at, actor, origin, first, last) VALUES(5, 6, 1, 1, 4, 4)",
         "0000000000005 has no rows: it was added", 4},
        {"DELETE FROM kith_tx WHERE first = 4", "of row 4 is gone", 4},
        {"UPDATE kith_tx SET actor = 2 WHERE first = 4", "(row 4) is not what was written", 4},
        {"UPDATE kith_tx SET at = at - 1 WHERE first = 4", "(row 4) is not", 4},
        {"UPDATE kith_tx SET origin = 2 WHERE first = 4", "(row 4) is not", 4},
        {"UPDATE kith_tx SET run = 7 WHERE first = 4", "(row 4) is not", 4},
        {"UPDATE kith_tx SET depth = 1 WHERE first = 4", "(row 4) is not", 4},
        {"UPDATE kith_tx SET cause = 1 WHERE first = 4", "(row 4) is not", 4},
        {"UPDATE kith_tx SET note = 'in person' WHERE first = 1", "(row 1) is not", 1},
        {"UPDATE kith_tx SET note = NULL, proof = NULL WHERE first = 1", "(row 1) is not", 1},
        {"UPDATE kith_tx SET note = 'in person' WHERE first = 2", "note without a proof", 2},
        {"UPDATE kith_tx SET at = at - 1 WHERE first = 8",
         "row 9 is not what was written, or the transaction before it", 9},
        {"UPDATE kith_tx SET digest = NULL WHERE first = 4", "row 5 is not what was written, or",
         5},
        {"UPDATE kith_tx SET digest = zeroblob(44) WHERE first = 4", "the seal behind row 4 is", 4},
        {"UPDATE kith_tx SET digest = CAST(zeroblob(32) || substr(digest, 33) AS BLOB) WHERE first "
         "= 4",
         "(row 4) is not", 4},
        {"UPDATE kith_tx SET digest = x'00' WHERE first = 4", "the seal behind row 4 is", 4},
        {"UPDATE kith_source SET name = 'somebody' WHERE name = 'tester'", "the name of author", 1},
        {"UPDATE kith_source SET line = 7 WHERE name = 'tester'", "the name of author", 1},
        {"UPDATE kith_source SET name = 'somebody', proof = zeroblob(32) WHERE name = 'tester'",
         "names of authors or topics", 1},
        {"UPDATE kith_source SET name = 'somebody', proof = NULL WHERE name = 'tester'",
         "the name of author", 1},
        {"UPDATE kith_topic SET name = 'lead.lost' WHERE name = 'lead.scored'", "the name of topic",
         1},
        {"DELETE FROM kith_topic WHERE name = 'lead.scored'", "names of authors or topics", 1},
        {"DELETE FROM kith_chain", "is gone", 0},
        {"DROP TABLE kith_chain", "is gone", 0},
        {"UPDATE kith_chain SET digest = zeroblob(32)", "row 1 is not", 1},
        {"UPDATE kith_chain SET seq = 3", "row 4 is not", 4},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct fixture x;
        struct findings f;
        fill(&x);
        damage_and_open(&x, changes[i].sql);
        struct chain_report r = verify(&x, NULL, &f);
        if (f.first != changes[i].row || !strstr(f.text, changes[i].says))
            printf("  %s\n", changes[i].sql);
        EXPECT(r.findings > 0);
        EXPECT_HAS(changes[i].says, f.text);
        EXPECT_INT(changes[i].row, f.first);
        fixture_close(&x);
    }
}

TEST("what is written behind a change is compared as before, and the change stays found") {
    struct fixture x;
    struct findings f;
    fill(&x);
    damage_and_open(&x, "UPDATE kith_journal SET image = x'010000' WHERE seq = 3");
    create(&x, x.lead, PAIRS("name=A"));
    struct chain_report r = verify(&x, NULL, &f);
    EXPECT_INT(1, r.findings);
    EXPECT_INT(3, f.first);
    damage_and_open(&x, "UPDATE kith_journal SET kind = 3 WHERE seq = 11");
    r = verify(&x, NULL, &f);
    EXPECT_INT(2, r.findings);
    EXPECT_HAS("row 11 is not", f.text);
    fixture_close(&x);
}

TEST("what is taken back, refused or lost with its group is not in the chain") {
    static const write_fn mixed[] = {write_lead, write_and_fail, write_partly, write_and_fail,
                                     write_lead};
    struct fixture x;
    kith_error why = KITH_ERROR_INIT;
    fill(&x);
    write_together(&x, mixed, 5);
    EXPECT_INT(KITH_E_REFUSED, engine_write(x.g, &by_tester, write_and_fail, &x, NULL, &why));
    EXPECT_OK(engine_write(x.g, &by_tester, write_partly, &x, NULL, &x.e), x.e);
    struct rehearsal rehearsal;
    EXPECT_OK(engine_rehearse(x.g, &by_tester, write_lead, &x, &x.arena, &rehearsal, &x.e), x.e);
    EXPECT_OK(engine_write(x.g, &by_tester, write_lead, &x, NULL, &x.e), x.e);
    EXPECT_INT(15, expect_chain(&x, NULL).rows);
    fixture_close(&x);
}

static int fail_once(void *arg) {
    int *left = arg;
    return (*left)-- == 1; /* COMMIT becomes ROLLBACK */
}

static kith_status arm(struct txn *t, void *arg, kith_error *e) {
    (void)e;
    sqlite3_commit_hook(txn_conn(t)->db, fail_once, arg);
    return KITH_OK;
}

TEST("a commit that failed leaves the chain where it was") {
    static const struct principal other = {.name = "other", .all = true};
    const struct write_opts by_other = {.principal = &other, .origin = ORIGIN_CLI};
    struct fixture x;
    kith_error why = KITH_ERROR_INIT;
    int alone = 2, together = 3; /* commits: the arming's, [the gate's,] and the one that fails */
    fill(&x);
    EXPECT_OK(engine_write(x.g, &by_tester, arm, &alone, NULL, &x.e), x.e);
    EXPECT(engine_write(x.g, &by_other, write_lead, &x, NULL, &why) != KITH_OK);
    EXPECT_OK(engine_write(x.g, &by_tester, write_lead, &x, NULL, &x.e), x.e);
    EXPECT_OK(engine_write(x.g, &by_other, write_lead, &x, NULL, &x.e), x.e);
    EXPECT_OK(engine_write(x.g, &by_tester, arm, &together, NULL, &x.e), x.e);
    write_together(&x, four, 4);
    EXPECT(together < 1);
    EXPECT_INT(16, expect_chain(&x, NULL).rows);
    fixture_close(&x);
}

TEST("after a restart the chain goes on where it stood") {
    struct fixture x;
    fill(&x);
    for (int i = 0; i < 3; i++) {
        engine_close(x.g);
        fixture_reopen(&x);
        EXPECT_INT(10 + i, expect_chain(&x, NULL).rows); /* also before the engine runs */
        fixture_start(&x);
        create(&x, x.lead, PAIRS("name=A"));
    }
    EXPECT_INT(13, expect_chain(&x, NULL).rows);
    fixture_close(&x);
}

TEST("a journal whose beginning goes begins behind a seal, and not within a group") {
    struct fixture x;
    struct journal_state s;
    fill(&x);
    engine_close(x.g);
    x.journal_keep_ms = 86400000;
    fixture_reopen(&x);
    clock_set(&x.clock, START_MS + 10 * INT64_C(86400000));
    fixture_start(&x);
    EXPECT_OK(engine_compact(x.g, &tester, &s, &x.arena, &x.e), x.e);
    struct chain_report r = expect_chain(&x, NULL);
    EXPECT_INT(6, r.begins);
    EXPECT_INT(4, r.rows);
    expect_sound(&x);
    fixture_close(&x);
}

/* -- anchors ----------------------------------------------------------------------------------- */

TEST("an anchor says whether the journal up to there is what it was") {
    struct fixture x;
    struct findings f;
    char text[CHAIN_ANCHOR_TEXT];
    struct chain_anchor anchor, start;
    fill(&x);
    anchor = expect_chain(&x, NULL).latest;
    chain_anchor_format(&anchor, text);
    EXPECT(chain_anchor_parse(str_of(text), &anchor));
    EXPECT_INT(ANCHOR_HOLDS, verify(&x, &anchor, &f).answer);
    create(&x, x.lead, PAIRS("name=A"));
    EXPECT_INT(ANCHOR_HOLDS, verify(&x, &anchor, &f).answer);
    start = (struct chain_anchor){.seq = 0};
    EXPECT_INT(ANCHOR_BROKEN, verify(&x, &start, &f).answer);
    damage_and_open(&x, "UPDATE kith_journal SET kind = 3 WHERE seq = 11"); /* behind it */
    EXPECT_INT(ANCHOR_HOLDS, verify(&x, &anchor, &f).answer);
    EXPECT_INT(11, f.first);
    damage_and_open(&x, "UPDATE kith_journal SET kind = 3 WHERE seq = 2");
    EXPECT_INT(ANCHOR_BROKEN, verify(&x, &anchor, &f).answer);
    fixture_close(&x);
}

TEST("an anchor finds what was cut off, and a journal that was made anew") {
    struct fixture x, y;
    struct findings f;
    fill(&x);
    struct chain_anchor anchor = expect_chain(&x, NULL).latest, other;
    damage_and_open(&x,
                    "DELETE FROM kith_journal WHERE seq > 6; DELETE FROM kith_tx WHERE last > 6");
    EXPECT_INT(0, expect_chain(&x, NULL).findings); /* without an anchor nobody knows */
    EXPECT_INT(ANCHOR_BROKEN, verify(&x, &anchor, &f).answer);
    EXPECT_HAS("ends with row 6, and the anchor is of row 10", f.text);
    other = expect_chain(&x, NULL).latest;
    fixture_close(&x);
    fill(&y);
    EXPECT_INT(ANCHOR_BROKEN, verify(&y, &anchor, &f).answer);
    EXPECT_HAS("was written anew", f.text);
    EXPECT_INT(10, f.first);
    EXPECT_INT(ANCHOR_BROKEN, verify(&y, &other, &f).answer);
    anchor.seq = 8; /* in the midst of a group */
    EXPECT_INT(ANCHOR_BROKEN, verify(&y, &anchor, &f).answer);
    EXPECT_HAS("no seal stands behind row 8", f.text);
    fixture_close(&y);
}

TEST("an anchor is a number, a colon and 64 hexadecimal digits, and nothing else") {
    static const char *const wrong[] = {"", "5", "5:", ":ab", "x:00", "-1:00", "5:zz"};
    struct chain_anchor a;
    char text[128];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        EXPECT(!chain_anchor_parse(str_of(wrong[i]), &a));
    snprintf(text, sizeof text, "5:%064d", 7);
    EXPECT(chain_anchor_parse(str_of(text), &a));
    EXPECT_INT(5, a.seq);
    EXPECT_INT(7, a.digest[31]);
    snprintf(text, sizeof text, "5:%063d", 7);
    EXPECT(!chain_anchor_parse(str_of(text), &a));
    snprintf(text, sizeof text, "5:%065d", 7);
    EXPECT(!chain_anchor_parse(str_of(text), &a));
    snprintf(text, sizeof text, "99999999999999999999:%064d", 7);
    EXPECT(!chain_anchor_parse(str_of(text), &a));
}

/* -- erasing ----------------------------------------------------------------------------------- */

static kith_status erase_some(struct txn *t, void *arg, kith_error *e) {
    struct conn *c = txn_conn(t);
    kith_error why = KITH_ERROR_INIT;
    (void)arg;
    TRY(journal_erase_image(c, 3, (kith_str){0}, e));
    TRY(journal_erase_image(c, 3, (kith_str){0}, e)); /* once more changes nothing */
    TRY(journal_erase_image(c, 8, (kith_str){"\1\0\0", 3}, e));
    TRY(journal_erase_image(c, 9, (kith_str){"\1\0\0", 3}, e));
    TRY(journal_erase_image(c, 9, (kith_str){0}, e));
    EXPECT_INT(KITH_E_NOTFOUND, journal_erase_image(c, 999, (kith_str){0}, &why));
    for (int64_t row = 1; row < 3; row++) { /* the second has none */
        int64_t tx;
        TRY(conn_int(c,
                     row == 1 ? "SELECT id FROM kith_tx WHERE first = 1"
                              : "SELECT id FROM kith_tx WHERE first = 2",
                     0, &tx, e));
        TRY(journal_erase_note(c, (kith_id)tx, e));
    }
    int64_t number;
    TRY(conn_int(c, "SELECT id FROM kith_source WHERE name = 'tester'", 0, &number, e));
    return journal_erase_source(c, (uint32_t)number, (kith_str){0}, e);
}

static int64_t number(struct fixture *x, const char *sql) {
    struct conn *c;
    int64_t n;
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_OK(conn_int(c, sql, -1, &n, &x->e), x->e);
    engine_reader_done(x->g, c);
    return n;
}

TEST("what is erased is gone with its salt, and the chain holds") {
    struct fixture x;
    struct findings f;
    fill(&x);
    struct chain_anchor anchor = expect_chain(&x, NULL).latest;
    EXPECT_OK(engine_write(x.g, &by_tester, erase_some, NULL, NULL, &x.e), x.e);
    struct chain_report r = verify(&x, &anchor, &f);
    EXPECT_STR("", f.text);
    EXPECT_INT(ANCHOR_HOLDS, r.answer);
    EXPECT_INT(2, r.erased);
    EXPECT_INT(1, r.reduced);
    EXPECT_INT(10, r.rows);
    EXPECT_INT(3, number(&x, "SELECT count(*) FROM kith_journal WHERE length(proof) = 32"));
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM kith_tx WHERE note IS NOT NULL"));
    EXPECT_INT(0, number(&x, "SELECT count(*) FROM kith_source WHERE name = 'tester'"));
    struct journal_row row;
    struct image_field *fields;
    size_t n;
    struct conn *c;
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_OK(journal_row_read(c, 3, &x.arena, &row, &x.e), x.e);
    EXPECT(row.erased && row.image.len == 0);
    EXPECT_OK(image_decode(engine_schema(x.g), &row, &x.arena, &fields, &n, &x.e), x.e);
    EXPECT_INT(0, n);
    EXPECT_OK(journal_row_read(c, 4, &x.arena, &row, &x.e), x.e);
    EXPECT(!row.erased);
    engine_reader_done(x.g, c);
    damage_and_open(&x, "UPDATE kith_journal SET kind = 2 WHERE seq = 3");
    verify(&x, NULL, &f);
    EXPECT_INT(3, f.first); /* what is not erased of it is covered still */
    fixture_close(&x);
}

/* -- databases of before ----------------------------------------------------------------------- */

static const char *const format_2 =
    "ALTER TABLE kith_journal DROP COLUMN proof; ALTER TABLE kith_tx DROP COLUMN proof;"
    "ALTER TABLE kith_tx DROP COLUMN digest; ALTER TABLE kith_source DROP COLUMN proof;"
    "ALTER TABLE kith_topic DROP COLUMN proof; DROP TABLE kith_chain; PRAGMA user_version = 2;";

static kith_status erase_old(struct txn *t, void *arg, kith_error *e) {
    (void)arg;
    return journal_erase_image(txn_conn(t), 3, (kith_str){0}, e);
}

TEST("the chain of an older database begins with its upgrade, and says so") {
    struct fixture x;
    struct findings f;
    fill(&x);
    struct chain_anchor before = expect_chain(&x, NULL).latest;
    before.seq = 4;
    damage_and_open(&x, format_2);
    struct chain_report r = expect_chain(&x, NULL);
    EXPECT_INT(0, r.rows);
    EXPECT_INT(10, r.begins);
    EXPECT_INT(CHAIN_UPGRADED, r.start);
    EXPECT_INT(START_MS, r.begun_at);
    create(&x, x.lead, PAIRS("name=A"));
    EXPECT_OK(engine_write(x.g, &by_tester, erase_old, NULL, NULL, &x.e), x.e);
    r = verify(&x, &before, &f);
    EXPECT_STR("", f.text);
    EXPECT_INT(1, r.rows);
    EXPECT_INT(11, r.latest.seq);
    EXPECT_INT(ANCHOR_BEFORE, r.answer);
    damage_and_open(&x, "UPDATE kith_source SET name = 'somebody' WHERE name = 'tester'");
    EXPECT(verify(&x, NULL, &f).findings > 0); /* of authors from before, too */
    damage_and_open(&x, "UPDATE kith_journal SET kind = 3 WHERE seq = 11");
    verify(&x, NULL, &f);
    EXPECT_INT(11, f.first);
    fixture_close(&x);
}

TEST("a database that this Kith has not opened yet has no chain to verify") {
    struct fixture x;
    struct chain_report r;
    struct conn *c;
    fill(&x);
    damage(&x, format_2);
    EXPECT_OK(conn_open(&c, x.path, CONN_READER, NULL, &x.e), x.e);
    EXPECT_INT(KITH_E_UNSUPPORTED, chain_verify(c, NULL, NULL, NULL, &r, &x.e));
    EXPECT_HAS("did not chain its journal", x.e.message);
    conn_close(c);
    fixture_close(&x);
}
