/* SPDX-License-Identifier: Apache-2.0 */
/* All or nothing: writes that fail half-way, transactions that the disk takes back, deletions with
 * everything that hangs on them, and reads inside of reads. */
#include "engine_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static const kith_field piece_fields[] = {
    {.name = "root", .kind = KITH_F_LINK, .options = "piece", .flags = KITH_FF_PARTOF},
    {.name = "above", .kind = KITH_F_LINK, .options = "piece", .flags = KITH_FF_PARTOF},
    {.name = "mates", .kind = KITH_F_LINKS, .options = "contact", .flags = KITH_FF_REQUIRED},
};
static const kith_field count_fields[] = {{.name = "n", .kind = KITH_F_INTEGER}};
static const kith_type whole_types[] = {
    {.name = "piece", .fields = KITH_ARRAY(piece_fields)},
    {.name = "tick", .fields = KITH_ARRAY(count_fields), .history = KITH_HISTORY_NONE},
};

static const struct rtype *open_whole(struct fixture *x) {
    static struct schema_source sources[2] = {
        [1] = {.module = "whole", .version = 1, .types = KITH_ARRAY(whole_types)}};
    sources[0] = lead_source;
    fixture_open_with(x, sources, 2);
    return schema_type(engine_schema(x->g), STR("piece"));
}

static const char *link_to(struct fixture *x, const char *field_name, kith_id id) {
    return arena_printf(&x->arena, "%s=%s", field_name, id_text(x, id));
}

/* -- too much ---------------------------------------------------------------------------------- */

struct crowd {
    const struct rtype *type;
    struct assign set[2];
    size_t count;
    int many;
};

static kith_status gather(struct txn *t, void *arg, kith_error *e) {
    const struct crowd *c = arg;
    for (int i = 0; i < c->many; i++)
        TRY(txn_create(t, c->type, c->set, c->count, NULL, e));
    return KITH_OK;
}

/* The command that the refusal names finds them all. */
static void expect_named(struct fixture *x, const struct rtype *type, kith_id id,
                         const struct crowd *c, const char *before, const char *which,
                         const char *behind) {
    const char *condition = arena_printf(&x->arena, which, id_text(x, id));
    EXPECT_OK(engine_write(x->g, &by_tester, gather, (void *)(uintptr_t)c, NULL, &x->e), x->e);
    EXPECT_INT(KITH_E_LIMIT, try_job(x, ROW_DELETE, type, &id, NULL, NULL));
    EXPECT_HAS(arena_printf(&x->arena, "%s\"%s\"%s", before, condition, behind), x->e.message);
    EXPECT_INT(
        c->many,
        count(x, arena_printf(&x->arena, "%s where %s: count()", c->type->name, condition), NULL));
}

TEST("what too many records link to is not deleted, and the refusal names the command for these") {
    struct fixture x;
    const struct rtype *piece = open_whole(&x);
    fixture_start(&x);
    kith_id contact = create(&x, x.contact, PAIRS("name=C"));
    kith_id other = create(&x, x.contact, PAIRS("name=O"));
    kith_id root = create(&x, piece, PAIRS(link_to(&x, "mates", other)));
    kith_value mate = value_link(other, x.contact->id);
    const struct assign mates = {type_field(engine_schema(x.g), piece, STR("mates")),
                                 {.kind = KITH_LIST, .as.list = {&mate, 1}}};
    struct crowd tasks = {
        x.task,
        {{type_field(engine_schema(x.g), x.task, STR("title")), value_str(STR("T"))},
         {type_field(engine_schema(x.g), x.task, STR("about")),
          value_link(contact, x.contact->id)}},
        2,
        10001};
    struct crowd parts = {
        piece,
        {mates, {type_field(engine_schema(x.g), piece, STR("root")), value_link(root, piece->id)}},
        2,
        10001};
    expect_named(&x, x.contact, contact, &tasks,
                 "by about; empty that first: kith update task --where ", "about = 'contact/%s'",
                 " about=");
    expect_named(&x, piece, root, &parts, "by root; delete them first: kith delete piece --where ",
                 "root = '%s'", "");
    EXPECT_INT(KITH_E_LIMIT, try_job(&x, ROW_DELETE, x.contact, &other, NULL, NULL));
    EXPECT_HAS(arena_printf(&x.arena,
                            "by mates; change them first: kith find \"piece where mates ="
                            " '%s'\"",
                            id_text(&x, other)),
               x.e.message);
    EXPECT_INT(
        10002,
        count(&x, arena_printf(&x.arena, "piece where mates = '%s': count()", id_text(&x, other)),
              NULL));
    fixture_close(&x);
}

/* -- half-way ---------------------------------------------------------------------------------- */

static kith_status refuse(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    (void)t;
    const kith_value *name = &c->after[type_field(c->type->schema, c->type, STR("name"))->index];
    return str_eqz(name->as.s, "bad") ? err_set(e, KITH_E_REFUSED, "name", "a bad name") : KITH_OK;
}

static void add_refusal(struct fixture *x) {
    struct hook h = {.type = x->lead,
                     .on = ON_CREATE,
                     .after = true,
                     .fn = refuse,
                     .source = {SOURCE_RULE, "refuse", "", 1}};
    EXPECT_OK(engine_add_hook(x->g, &h, &x->e), x->e);
}

static kith_status write_bad(struct txn *t, void *arg, kith_error *e) {
    struct fixture *x = arg;
    struct assign set = {type_field(x->lead->schema, x->lead, STR("name")), value_str(STR("bad"))};
    return txn_create(t, x->lead, &set, 1, NULL, e);
}

static kith_status write_good(struct txn *t, struct fixture *x, kith_error *e) {
    struct assign set = {type_field(x->lead->schema, x->lead, STR("name")), value_str(STR("good"))};
    return txn_create(t, x->lead, &set, 1, NULL, e);
}

static kith_status ignore_failure(struct txn *t, void *arg, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    (void)write_bad(t, arg, &why);
    return write_good(t, arg, e);
}

static kith_status take_back(struct txn *t, void *arg, kith_error *e) {
    kith_error why = KITH_ERROR_INIT;
    (void)txn_try(t, write_bad, arg, &why);
    return write_good(t, arg, e);
}

TEST("half a write whose refusal is passed over keeps the transaction from being kept") {
    struct fixture x;
    fixture_open(&x);
    add_refusal(&x);
    fixture_start(&x);
    EXPECT_INT(KITH_E_REFUSED, engine_write(x.g, &by_tester, ignore_failure, &x, NULL, &x.e));
    EXPECT_HAS("half-way", x.e.message);
    EXPECT_INT(0, count(&x, "lead", NULL));
    EXPECT_OK(engine_write(x.g, &by_tester, take_back, &x, NULL, &x.e), x.e);
    EXPECT_INT(1, count(&x, "lead where name = 'good'", NULL));
    EXPECT_INT(1, count(&x, "lead", NULL));
    fixture_close(&x);
}

/* -- lost groups ------------------------------------------------------------------------------- */

/* As SQLite does when the disk fills up: the whole transaction is gone. */
static kith_status lose_group(struct txn *t, void *arg, kith_error *e) {
    struct fixture *x = arg;
    kith_error why = KITH_ERROR_INIT;
    TRY(write_good(t, x, e));
    TRY(conn_exec(txn_conn(t), "ROLLBACK", e));
    EXPECT_INT(KITH_E_IO, write_good(t, x, &why));
    EXPECT_INT(KITH_E_IO, txn_try(t, write_bad, x, &why));
    kith_id timer;
    EXPECT(txn_timer(t, "none", 1, NULL, 0, (kith_str){0}, &timer, &why) != KITH_OK);
    return KITH_OK; /* it noticed nothing */
}

TEST("when the disk took a transaction back, nothing that follows in it is kept") {
    struct fixture x;
    kith_id tx;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_INT(KITH_E_IO, engine_write(x.g, &by_tester, lose_group, &x, &tx, &x.e));
    EXPECT_HAS("lost to the disk", x.e.message);
    EXPECT_INT(0, tx);
    EXPECT_INT(0, count(&x, "lead", NULL));
    create(&x, x.lead, PAIRS("name=A")); /* and the engine goes on */
    EXPECT_INT(1, count(&x, "lead", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

static const char *segment_query = "query=lead where score > 5";

TEST("a segment whose making the disk took back is none, and who comes later is in no such one") {
    struct fixture x;
    kith_id id = 0;
    int left = 1; /* commits: that of the segment fails */
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *segment = type_named(&x, "segment");
    lose_commit(&x, &left);
    EXPECT(try_job(&x, ROW_CREATE, segment, &id, PAIRS("name=hot", segment_query), NULL) !=
           KITH_OK);
    create(&x, x.lead, PAIRS("name=A", "score=7"));
    settle(&x);
    expect_sound(&x);
    kith_id made = create(&x, segment, PAIRS("name=hot", segment_query));
    settle(&x);
    EXPECT_STR("1", field(&x, segment, made, "members"));
    fixture_close(&x);
}

/* -- the end of a transaction ------------------------------------------------------------------ */

static int deny_rollback(void *arg, int what, const char *operation, const char *b, const char *c,
                         const char *d) {
    int *left = arg;
    (void)b, (void)c, (void)d;
    bool ends = what == SQLITE_TRANSACTION && strcmp(operation, "ROLLBACK") == 0;
    return ends && (*left)-- > 0 ? SQLITE_DENY : SQLITE_OK;
}

static kith_status fail_without_end(struct txn *t, void *arg, kith_error *e) {
    struct fixture *x = arg;
    static int left;
    left = 1;
    TRY(write_good(t, x, e));
    sqlite3_set_authorizer(txn_conn(t)->db, deny_rollback, &left);
    return err_set(e, KITH_E_REFUSED, NULL, "no");
}

TEST("a transaction that could not be taken back is, before the next one begins") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_INT(KITH_E_REFUSED, engine_write(x.g, &by_tester, fail_without_end, &x, NULL, &x.e));
    create(&x, x.lead, PAIRS("name=next"));
    EXPECT_INT(1, count(&x, "lead", NULL));
    EXPECT_INT(0, count(&x, "lead where name = 'good'", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

static atomic_int gate; /* 0: closed, 1: somebody waits, 2: open */
static kith_status wait_at_gate(struct txn *t, void *arg, kith_error *e) {
    (void)t;
    (void)arg;
    (void)e;
    struct timespec moment = {0, 1000000};
    for (atomic_store(&gate, 1); atomic_load(&gate) != 2;)
        nanosleep(&moment, NULL);
    return KITH_OK;
}

static void nothing_done(void *arg, kith_status st, kith_id tx, const kith_error *e) {
    (void)arg;
    (void)st;
    (void)tx;
    (void)e;
}

static kith_status write_one(struct txn *t, void *arg, kith_error *e) {
    return write_good(t, arg, e);
}

struct undo_job {
    struct fixture *x;
    kith_id tx;
    struct undo_report report;
    struct arena arena;
    kith_error e;
    kith_status st;
};

static void *undo_in_thread(void *arg) {
    struct undo_job *u = arg;
    u->st = engine_undo(u->x->g, &tester, u->tx, false, &u->arena, &u->report, &u->e);
    return NULL;
}

TEST("an undo whose group the disk took back is done again from where it stood") {
    struct fixture x;
    struct undo_job u = {.x = &x, .e = KITH_ERROR_INIT};
    struct engine_stats s;
    struct timespec moment = {0, 1000000};
    kith_id id = 0;
    pthread_t thread;
    int left = 2; /* commits: the gate's, then the group of undo and write fails */
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(try_job(&x, ROW_CREATE, x.contact, &id, PAIRS("name=A", "email=a@b.example"), &u.tx),
              x.e);
    lose_commit(&x, &left);
    atomic_store(&gate, 0);
    EXPECT_OK(engine_post(x.g, &by_tester, wait_at_gate, NULL, nothing_done, &x.e), x.e);
    while (atomic_load(&gate) != 1)
        nanosleep(&moment, NULL);
    EXPECT_OK(engine_post(x.g, &by_tester, write_one, &x, nothing_done, &x.e), x.e);
    EXPECT_INT(0, pthread_create(&thread, NULL, undo_in_thread, &u));
    do {
        nanosleep(&moment, NULL);
        engine_stats(x.g, &s);
    } while (s.queue != 2);
    atomic_store(&gate, 2);
    pthread_join(thread, NULL);
    EXPECT_OK(u.st, u.e);
    EXPECT(left < 1);
    EXPECT_INT(2, u.report.reversed);
    EXPECT_STR("(gone)", field(&x, x.contact, id, "name"));
    EXPECT_INT(0, count(&x, "contact_point", NULL));
    EXPECT_INT(1, count(&x, "lead", NULL)); /* the other write of the group: once */
    arena_free(&u.arena);
    fixture_close(&x);
}

/* -- deletions --------------------------------------------------------------------------------- */

TEST("a tree of parts goes as a whole, also where a part is reached on two ways") {
    struct fixture x;
    struct undo_report r;
    const struct rtype *piece = open_whole(&x);
    fixture_start(&x);
    const char *mate = link_to(&x, "mates", create(&x, x.contact, PAIRS("name=Ada")));
    kith_id root = create(&x, piece, PAIRS(mate));
    kith_id a = create(&x, piece, PAIRS(mate, link_to(&x, "root", root)));
    create(&x, piece, PAIRS(mate, link_to(&x, "root", root), link_to(&x, "above", a)));
    update(&x, piece, root, PAIRS(link_to(&x, "above", root))); /* part of itself */
    kith_id tx = delete_(&x, piece, root);
    EXPECT_INT(0, count(&x, "piece", NULL));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_INT(3, count(&x, "piece", NULL));
    EXPECT_STR(id_text(&x, root), field(&x, piece, root, "above"));
    fixture_close(&x);
}

TEST("a required list may lose one of two links, not the last") {
    struct fixture x;
    const struct rtype *piece = open_whole(&x);
    fixture_start(&x);
    kith_id a = create(&x, x.contact, PAIRS("name=A")), b = create(&x, x.contact, PAIRS("name=B"));
    const char *mates = arena_printf(&x.arena, "mates=%s,%s", id_text(&x, a), id_text(&x, b));
    kith_id id = create(&x, piece, PAIRS(mates));
    delete_(&x, x.contact, a);
    EXPECT_STR(id_text(&x, b), field(&x, piece, id, "mates"));
    EXPECT_INT(KITH_E_REFUSED, try_job(&x, ROW_DELETE, x.contact, &b, NULL, NULL));
    EXPECT_HAS("links to it (mates)", x.e.message);
    fixture_close(&x);
}

TEST("an undo does not take along parts that came later") {
    struct fixture x;
    struct undo_report r;
    kith_id id = 0, tx;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(try_job(&x, ROW_CREATE, x.contact, &id, PAIRS("name=Ada"), &tx), x.e);
    create(&x, x.point, PAIRS(link_to(&x, "contact", id), "kind=handle", "value=@ada"));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(1, r.refused);
    EXPECT_HAS("contact_point", r.items[0].reason);
    EXPECT_INT(1, count(&x, "contact_point", NULL));
    EXPECT_STR("Ada", field(&x, x.contact, id, "name"));
    fixture_close(&x);
}

/* A part's deletion is noted on what it was a part of. */
static kith_status note_loss(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    const struct schema *s = c->type->schema;
    const struct rtype *note = schema_type(s, STR("task"));
    kith_value about = c->before[type_field(s, c->type, STR("contact"))->index];
    about.flags = VALUE_TYPED;
    struct assign set[] = {{type_field(s, note, STR("title")), value_str(STR("lost"))},
                           {type_field(s, note, STR("about")), about}};
    return txn_create(t, note, set, 2, NULL, e);
}

TEST("what a hook links to a record while its parts go is let go, too") {
    struct fixture x;
    fixture_open(&x);
    struct hook h = {.type = x.point,
                     .on = ON_DELETE,
                     .after = true,
                     .fn = note_loss,
                     .source = {SOURCE_RULE, "note", "", 1}};
    EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
    fixture_start(&x);
    kith_id id = create(&x, x.contact, PAIRS("name=Ada", "email=a@b.example"));
    delete_(&x, x.contact, id);
    EXPECT_INT(1, count(&x, "task where about is null", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

/* -- contact points ---------------------------------------------------------------------------- */

TEST("a primary point that moves to another contact, or becomes of another kind, is followed") {
    struct fixture x;
    kith_id point;
    fixture_open(&x);
    fixture_start(&x);
    kith_id a = create(&x, x.contact, PAIRS("name=A", "email=a@b.example")),
            b = create(&x, x.contact, PAIRS("name=B", "email=b@b.example"));
    EXPECT_INT(1, count(&x, "contact_point where value = 'a@b.example'", &point));
    update(&x, x.point, point, PAIRS(link_to(&x, "contact", b)));
    EXPECT_STR("", field(&x, x.contact, a, "email"));
    EXPECT_STR("a@b.example", field(&x, x.contact, b, "email"));
    EXPECT_INT(1, count(&x, "contact_point where primary = true", NULL));
    update(&x, x.point, point, PAIRS("kind=phone", "value=+43 1234"));
    EXPECT_STR("", field(&x, x.contact, b, "email"));
    EXPECT_STR("+43 1234", field(&x, x.contact, b, "phone"));
    fixture_close(&x);
}

TEST("two points of one value, and points of kinds without a field, have one primary each") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.contact, PAIRS("name=A", "email=a@b.example"));
    const char *of = link_to(&x, "contact", id);
    create(&x, x.point, PAIRS(of, "kind=email", "value=a@b.example", "primary=true"));
    EXPECT_STR("a@b.example", field(&x, x.contact, id, "email"));
    EXPECT_INT(1, count(&x, "contact_point where primary = true", NULL));
    create(&x, x.point, PAIRS(of, "kind=handle", "value=@a", "primary=true"));
    create(&x, x.point, PAIRS(of, "kind=handle", "value=@b", "primary=true"));
    EXPECT_INT(1, count(&x, "contact_point where primary = true and kind = 'handle'", NULL));
    fixture_close(&x);
}

TEST("an undo that keeps what was edited since leaves a contact with one address") {
    struct fixture x;
    struct undo_report r;
    kith_id point, tx;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.contact, PAIRS("name=A", "email=a@b.example"));
    tx = update(&x, x.contact, id, PAIRS("email=b@b.example"));
    EXPECT_INT(1, count(&x, "contact_point where primary = true", &point));
    update(&x, x.point, point, PAIRS("value=c@b.example"));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT(r.kept > 0);
    EXPECT_STR("c@b.example", field(&x, x.contact, id, "email"));
    expect_sound(&x);
    fixture_close(&x);
}

/* -- types without history --------------------------------------------------------------------- */

TEST("a type without history has no events to react to, and its ids are not given out again") {
    struct fixture x;
    open_whole(&x);
    const struct rtype *tick = schema_type(engine_schema(x.g), STR("tick"));
    struct reaction r = {.name = "r", .topic = "tick.created"};
    EXPECT_INT(KITH_E_UNSUPPORTED, engine_add_reaction(x.g, &r, &x.e));
    EXPECT_HAS("keep no history", x.e.message);
    fixture_start(&x);
    clock_advance(&x.clock, 1000);
    kith_id tx = 1, a = 0;
    EXPECT_OK(try_job(&x, ROW_CREATE, tick, &a, PAIRS("n=1"), &tx), x.e);
    EXPECT_INT(0, tx); /* nothing to undo */
    engine_close(x.g);
    clock_set(&x.clock, START_MS); /* the clock is set back while it is down */
    fixture_reopen(&x);
    fixture_start(&x);
    tick = schema_type(engine_schema(x.g), STR("tick"));
    EXPECT(create(&x, tick, PAIRS("n=2")) > a);
    fixture_close(&x);
}

/* -- reading ----------------------------------------------------------------------------------- */

struct nested {
    struct fixture *x;
    int rows;
};

static kith_status read_again(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct nested *n = arg;
    kith_value *again;
    (void)values;
    n->rows++;
    return engine_get(n->x->g, &tester, n->x->lead, id, &n->x->arena, &again, e);
}

TEST("what shows a row may read, even with a single reader; who holds it all is told so") {
    struct fixture x;
    struct query *q;
    struct conn *c, *second;
    struct find_page page = {.limit = 10};
    fixture_open(&x);
    engine_close(x.g);
    struct engine_options o = fixture_options(&x);
    o.readers = 1;
    o.read_limit_ms = 1000; /* enough for a busy machine; the last one waits it out */
    EXPECT_OK(engine_open(&x.g, &o, &x.e), x.e);
    x.lead = schema_type(engine_schema(x.g), STR("lead"));
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    create(&x, x.lead, PAIRS("name=B"));
    struct nested n = {.x = &x};
    EXPECT_OK(query_parse(&q, engine_schema(x.g), &x.arena, STR("lead"), &x.e), x.e);
    EXPECT_OK(engine_find(x.g, &tester, q, NULL, &page, &x.arena, read_again, &n, &x.e), x.e);
    EXPECT_INT(2, n.rows);
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_INT(KITH_E_BUSY, engine_reader(x.g, &second, &x.e));
    engine_reader_done(x.g, c);
    fixture_close(&x);
}

TEST("a question is broken off in time, also where few records have long texts") {
    enum { LONG = 500000 };
    struct fixture x;
    struct query *q;
    struct find_page page = {.limit = 10};
    struct buf text = {0}, where = {0};
    fixture_open(&x);
    engine_close(x.g);
    struct engine_options o = fixture_options(&x);
    o.read_limit_ms = 1;
    EXPECT_OK(engine_open(&x.g, &o, &x.e), x.e);
    fixture_start(&x);
    const struct rtype *account = schema_type(engine_schema(x.g), STR("account"));
    buf_puts(&text, "shipping_street=");
    for (int i = 0; i < LONG; i++)
        buf_putc(&text, 'a');
    buf_putc(&text, '\0');
    for (int i = 0; i < 4; i++)
        create(&x, account, PAIRS("name=A", text.ptr));
    buf_puts(&where, "account where name = 'B'");
    for (int i = 0; i < 100; i++)
        buf_printf(&where, " or shipping_street like '%%a%d%%'", i);
    EXPECT_OK(query_parse(&q, engine_schema(x.g), &x.arena, (kith_str){where.ptr, where.len}, &x.e),
              x.e);
    EXPECT_INT(KITH_E_LIMIT,
               engine_find(x.g, &tester, q, NULL, &page, &x.arena, no_row, NULL, &x.e));
    buf_free(&text);
    buf_free(&where);
    fixture_close(&x);
}

/* -- places where nothing can be kept ---------------------------------------------------------- */

/* As a user without rights, since the tests may be run by root. 0: refused in a sentence with
 * `says`. */
static int open_as_nobody(struct fixture *x, const char *says) {
    struct engine_options o = fixture_options(x);
    struct engine *g;
    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 3;
    kith_status st = engine_open(&g, &o, &x->e);
    if (st == KITH_OK)
        return 2;
    if (strstr(x->e.message, says) && strstr(x->e.message, x->path))
        return 0;
    printf("  expected \"%s\", found \"%s\"\n", says, x->e.message);
    fflush(stdout);
    return 1;
}

static int as_nobody(struct fixture *x, const char *says) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(open_as_nobody(x, says));
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

TEST("a folder or a database that may not be written is refused in one sentence that names it") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    engine_close(x.g);
    x.g = NULL;
    EXPECT_INT(0, chmod(x.dir, 0755));
    EXPECT_INT(0, as_nobody(&x, "Permission denied")); /* the lock is another's */
    char lock[128];
    snprintf(lock, sizeof lock, "%s.lock", x.path);
    EXPECT_INT(0, chmod(lock, 0666));
    EXPECT_INT(0, as_nobody(&x, "cannot be opened")); /* the database is its owner's alone */
    EXPECT_INT(0, chmod(x.path, 0644));
    EXPECT_INT(0, as_nobody(&x, "may not be written"));
    fixture_close(&x);
}
