/* SPDX-License-Identifier: Apache-2.0 */
/* An import that is interrupted goes on where it stopped, and no row is imported twice. */
#include "engine_import_fixture.h"
#include "record/access.h"

#include <sys/wait.h>

static void begin(struct fixture *x) {
    fixture_open(x);
    fixture_start(x);
}

static void end(struct fixture *x, struct load *l, struct buf *file) {
    buf_free(&l->rejects);
    buf_free(file);
    fixture_close(x);
}

/* Rows without a key: a second import of a row would show. Every tenth has no valid address. */
static struct buf people(int rows) {
    struct buf b = {0};
    buf_puts(&b, "name,email\n");
    for (int i = 0; i < rows; i++)
        buf_printf(&b, "Person %d,p%d%s\n", i, i, i % 10 ? "@x.org" : "");
    return b;
}

static int64_t contacts(struct fixture *x) {
    return count(x, "contact: count()", NULL);
}

TEST("an interrupted import goes on after its last row, and tells all rejects again") {
    struct fixture x;
    struct buf file = people(95);
    begin(&x);
    struct load l = load_of(x.contact, NULL);
    l.o.batch = 10;
    l.stop_after = 40;
    EXPECT_INT(KITH_E_LIMIT, load_str(&x, &l, buf_view(&file)));
    EXPECT_STR("interrupted", x.e.message);
    uint64_t done = l.report.rows;
    kith_id run = l.report.run;
    EXPECT(done >= 40 && done < 95);
    EXPECT_INT(done * 9 / 10, contacts(&x));
    l.stop_after = 0;
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_INT(done, l.report.resumed);
    EXPECT(l.report.run == run);
    EXPECT_INT(95, l.report.rows);
    EXPECT_INT(85, l.report.created);
    EXPECT_INT(10, l.report.rejected);
    EXPECT_INT(85, contacts(&x));
    EXPECT_HAS("2: email: email: 'p0' is no e-mail", l.reasons);
    EXPECT_HAS("92: email: email: 'p90'", l.reasons);
    EXPECT_HAS("_row,_line,_reason,_field,name,email\n2,2,", l.rejects.ptr);
    end(&x, &l, &file);
}

static void enter_as(struct fixture *x, const char *login, struct principal *p) {
    const struct schema *s = engine_schema(x->g);
    const struct rtype *user = schema_type(s, STR("user")), *role = schema_type(s, STR("role"));
    kith_id id = create(x, role,
                        PAIRS(arena_printf(&x->arena, "name=%s", login),
                              "rights={\"types\": {\"contact\": {\"create\": \"own\", \"read\": "
                              "\"own\", \"update\": \"own\"}}}"));
    const char *roles = arena_printf(&x->arena, "roles=%s", id_text(x, id));
    struct access_of of = {
        .user =
            create(x, user, PAIRS(arena_printf(&x->arena, "login=%s", login), "name=N", roles))};
    EXPECT_OK(engine_enter(x->g, &of, NULL, p, &x->e), x->e);
}

TEST("nobody learns of others' imports of a file of that name, nor goes on with them") {
    struct fixture x;
    struct principal anna, ben;
    struct buf file = people(35), other = people(5);
    begin(&x);
    enter_as(&x, "anna", &anna);
    enter_as(&x, "ben", &ben);
    struct load l = load_of(x.contact, NULL);
    l.o.batch = 10;
    l.stop_after = 10;
    l.o.principal = &anna;
    EXPECT_INT(KITH_E_LIMIT, load_str(&x, &l, buf_view(&file)));
    uint64_t done = l.report.rows;
    l.stop_after = 0;
    l.o.principal = &ben;
    EXPECT_OK(load_str(&x, &l, buf_view(&other)), x.e);
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_INT(0, l.report.resumed);
    EXPECT_INT(35, l.report.rows);
    l.o.principal = &anna;
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e); /* ben's, of the same rows, is not hers */
    EXPECT_INT(done, l.report.resumed);
    engine_leave(&anna);
    engine_leave(&ben);
    buf_free(&other);
    end(&x, &l, &file);
}

TEST("without a key, what is done is not imported again unless asked for, or undone") {
    struct fixture x;
    struct undo_report report;
    struct buf file = people(35), other = people(36);
    begin(&x);
    struct load l = load_of(x.contact, NULL);
    l.o.batch = 10;
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    kith_id run = l.report.run;
    char id[ID_TEXT + 1];
    id_format(run, id);
    for (int i = 0; i < 2; i++) {
        EXPECT_INT(KITH_E_CONFLICT, load_str(&x, &l, buf_view(&file)));
        EXPECT_HAS("test.csv was imported already, at 20", x.e.message);
        EXPECT_HAS(id, x.e.message);
        EXPECT_INT(31, contacts(&x));
    }
    EXPECT_INT(KITH_E_CONFLICT, load_str(&x, &l, buf_view(&other))); /* it begins the same */
    l.o.again = true;
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_INT(0, l.report.resumed);
    EXPECT_INT(62, contacts(&x));
    l.o.again = false;
    EXPECT_OK(engine_undo(x.g, &tester, l.report.run, false, &x.arena, &report, &x.e), x.e);
    EXPECT_INT(KITH_E_CONFLICT, load_str(&x, &l, buf_view(&file))); /* the first is still there */
    EXPECT_OK(engine_undo(x.g, &tester, run, false, &x.arena, &report, &x.e), x.e);
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_INT(31, contacts(&x));
    buf_free(&other);
    end(&x, &l, &file);
}

TEST("other rows, a file that brought nothing, and a key are no import once more") {
    struct fixture x;
    struct buf file = people(9), more = people(12);
    begin(&x);
    struct load l = load_of(x.contact, NULL);
    for (int i = 0; i < 2; i++) {
        EXPECT_OK(load_text(&x, &l, "name,email\nNobody,p0\n"), x.e);
        EXPECT_COUNTS(&l, 0, 0, 0, 0, 1);
    }
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_OK(load_str(&x, &l, buf_view(&more)), x.e);
    EXPECT_INT(8 + 10, contacts(&x));
    buf_free(&l.rejects);
    l = load_of(x.contact, "name,email");
    for (int i = 0; i < 2; i++)
        EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    end(&x, &l, &file);
    buf_free(&more);
}

/* In a process of its own, killed in the middle. */
static void import_and_die(struct fixture *x, uint64_t after, kith_str text) {
    pid_t child = fork();
    int status;
    if (child == 0) {
        fixture_reopen(x);
        fixture_start(x);
        struct load l = load_of(x->contact, NULL);
        l.o.batch = 10;
        l.stop_after = after;
        l.die = true;
        load_str(x, &l, text);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST("an import that is killed again and again imports each row once") {
    struct fixture x;
    struct buf file = people(1000);
    fixture_open(&x);
    engine_close(x.g);
    for (uint64_t after = 100; after < 1000; after += 270)
        import_and_die(&x, after, buf_view(&file));
    fixture_reopen(&x);
    fixture_start(&x);
    struct load l = load_of(x.contact, NULL);
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT(l.report.resumed >= 910);
    EXPECT_INT(1000, l.report.rows);
    EXPECT_INT(900, l.report.created);
    EXPECT_INT(900, contacts(&x));
    for (int i = 1; i < 1000; i += 198) {
        char query[80];
        snprintf(query, sizeof query, "contact where name = 'Person %d'", i);
        EXPECT_INT(1, count(&x, query, NULL));
    }
    end(&x, &l, &file);
}

static kith_status count_two(void *arg, const struct tx_head *tx, kith_error *e) {
    int *seen = arg;
    (void)tx;
    (void)e;
    return ++*seen == 2 ? KITH_E_LIMIT : KITH_OK;
}

TEST("the log is read no further than asked, and an import's size is known without it") {
    struct fixture x;
    struct buf file = people(30);
    struct conn *c;
    uint64_t transactions = 0, rows = 0;
    int seen = 0;
    begin(&x);
    struct load l = load_of(x.contact, NULL);
    l.o.batch = 10;
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_INT(KITH_E_LIMIT, journal_txs(c, count_two, &seen, &x.e));
    EXPECT_INT(2, seen);
    EXPECT_OK(journal_run_size(c, l.report.run, &transactions, &rows, &x.e), x.e);
    EXPECT_INT(3, transactions);
    EXPECT_INT(54, rows); /* 27 contacts with a point each */
    engine_reader_done(x.g, c);
    end(&x, &l, &file);
}

/* A colleague's import of a file of that name, while ours is about to end. */
struct meanwhile {
    struct load load;
    struct fixture *x;
    struct buf *file;
    bool restart;
    kith_status status;
    char said[512];
};

static kith_status import_meanwhile(void *arg, kith_error *e) {
    struct meanwhile *m = (struct meanwhile *)arg;
    struct load other = load_of(m->x->contact, NULL);
    (void)e;
    other.o.restart = m->restart;
    m->status = load_str(m->x, &other, buf_view(m->file));
    snprintf(m->said, sizeof m->said, "%s", m->x->e.message);
    buf_free(&other.rejects);
    return KITH_OK;
}

TEST("an import that is under way is neither resumed nor taken back by another") {
    struct fixture x;
    struct buf file = people(30), others = people(20);
    begin(&x);
    for (int restart = 0; restart < 2; restart++) {
        struct meanwhile m = {
            .load = load_of(x.contact, NULL), .x = &x, .file = &others, .restart = restart};
        m.load.o.ending = import_meanwhile;
        m.load.o.again = true;
        EXPECT_OK(load_str(&x, &m.load, buf_view(&file)), x.e);
        EXPECT_INT(KITH_E_BUSY, m.status);
        EXPECT_HAS("is being imported by another command", m.said);
        EXPECT_INT(27 * (restart + 1), contacts(&x));
        buf_free(&m.load.rejects);
    }
    struct load after = load_of(x.contact, NULL);
    EXPECT_OK(load_str(&x, &after, buf_view(&others)), x.e);
    EXPECT_INT(0, after.report.resumed);
    buf_free(&others);
    end(&x, &after, &file);
}

TEST("a file that has changed is not resumed") {
    struct fixture x;
    struct buf file = people(60);
    begin(&x);
    struct load l = load_of(x.contact, NULL);
    l.o.batch = 10;
    l.stop_after = 20;
    EXPECT_INT(KITH_E_LIMIT, load_str(&x, &l, buf_view(&file)));
    int64_t before = contacts(&x);
    *strchr(file.ptr, '4') = '5';
    EXPECT_INT(KITH_E_CONFLICT, load_str(&x, &l, buf_view(&file)));
    EXPECT_HAS("test.csv has changed since its import stopped after", x.e.message);
    EXPECT_INT(KITH_E_CONFLICT, load_text(&x, &l, "name,email\nPerson 0,p0\n"));
    MAP(&l, "email=");
    EXPECT_INT(KITH_E_CONFLICT, load_str(&x, &l, buf_view(&file)));
    EXPECT_HAS("with other options or columns", x.e.message);
    EXPECT_INT(before, contacts(&x));
    end(&x, &l, &file);
}

TEST("restart takes back what was done and begins anew") {
    struct fixture x;
    struct buf file = people(60);
    begin(&x);
    struct load l = load_of(x.contact, NULL);
    l.o.batch = 10;
    l.stop_after = 20;
    EXPECT_INT(KITH_E_LIMIT, load_str(&x, &l, buf_view(&file)));
    kith_id first = l.report.run;
    l.stop_after = 0;
    l.o.restart = true;
    MAP(&l, "email=source");
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT(l.report.run != first);
    EXPECT_INT(0, l.report.resumed);
    EXPECT_INT(60, l.report.created);
    EXPECT_INT(60, contacts(&x));
    end(&x, &l, &file);
}

TEST("an interrupted import that was undone begins anew") {
    struct fixture x;
    struct undo_report undone;
    struct buf file = people(60);
    begin(&x);
    struct load l = load_of(x.contact, NULL);
    l.o.batch = 10;
    l.stop_after = 20;
    EXPECT_INT(KITH_E_LIMIT, load_str(&x, &l, buf_view(&file)));
    EXPECT_OK(engine_undo(x.g, &tester, l.report.run, false, &x.arena, &undone, &x.e), x.e);
    EXPECT_INT(0, contacts(&x));
    l.stop_after = 0;
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT_INT(0, l.report.resumed);
    EXPECT_INT(54, contacts(&x));
    end(&x, &l, &file);
}

struct undoer {
    struct load load; /* first: it is the callbacks' argument */
    struct fixture *x;
};
static kith_status undo_meanwhile(void *arg, const struct import_report *r, kith_error *e) {
    struct undoer *u = arg;
    struct undo_report undone;
    return r->rows == 20 ? engine_undo(u->x->g, &tester, r->run, false, &u->x->arena, &undone, e)
                         : KITH_OK;
}

TEST("an import that is undone while it runs writes nothing more") {
    struct fixture x;
    struct buf file = people(100);
    struct import *im;
    begin(&x);
    struct undoer u = {.load = load_of(x.contact, NULL), .x = &x};
    u.load.o.batch = 10;
    EXPECT_OK(load_open(&x, &u.load, buf_view(&file), &im), x.e);
    u.load.o.progress = undo_meanwhile;
    EXPECT_INT(KITH_E_CONFLICT, import_run(im, &u.load.report, &x.e));
    EXPECT_HAS("was undone", x.e.message);
    import_close(im);
    EXPECT(contacts(&x) <= 9); /* of the batch that was on its way when the undo looked */
    end(&x, &u.load, &file);
}

TEST("lines of JSON are resumed as well") {
    struct fixture x;
    struct buf file = {0};
    begin(&x);
    for (int i = 0; i < 50; i++)
        buf_printf(&file, "{\"name\": \"Person %d\"%s}\n", i,
                   i % 10 ? "" : ", \"birthday\": \"x\"");
    struct load l = load_of(x.contact, NULL);
    l.o.format = FORMAT_JSONL;
    l.o.batch = 10;
    l.bytes.piece = 7;
    l.stop_after = 20;
    EXPECT_INT(KITH_E_LIMIT, load_str(&x, &l, buf_view(&file)));
    l.stop_after = 0;
    EXPECT_OK(load_str(&x, &l, buf_view(&file)), x.e);
    EXPECT(l.report.resumed >= 20);
    EXPECT_INT(45, contacts(&x));
    EXPECT_HAS("{\"_row\":1,\"_line\":1,\"_reason\":\"birthday: 'x' is no date", l.rejects.ptr);
    end(&x, &l, &file);
}
