/* SPDX-License-Identifier: Apache-2.0 */
/* Undo and rehearsal: what comes back, what is kept, and that a rehearsal leaves nothing. */
#include "engine_fixture.h"

#define REHEARSED 1000 /* rows, in place, on the writer */

static void undo(struct fixture *x, kith_id target, struct undo_report *r) {
    EXPECT_OK(engine_undo(x->g, &tester, target, false, &x->arena, r, &x->e), x->e);
}

TEST("an undone creation is gone, and its undo brings it back as it was") {
    struct fixture x;
    struct undo_report r;
    kith_id id = 0, tx;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(
        try_job(&x, ROW_CREATE, x.contact, &id, PAIRS("name=Ada L", "email=a@b.example"), &tx),
        x.e);
    undo(&x, tx, &r);
    EXPECT_INT(2, r.reversed); /* the contact and its contact point */
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_STR("(gone)", field(&x, x.contact, id, "name"));
    undo(&x, r.tx, &r);
    EXPECT_STR("Ada L", field(&x, x.contact, id, "name"));
    EXPECT_STR("a@b.example", field(&x, x.contact, id, "email"));
    EXPECT_INT(1, count(&x, "contact_point where primary = true", NULL));
    fixture_close(&x);
}

TEST("an undone update puts back what nobody edited since and keeps the rest") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A", "score=1"));
    kith_id tx = update(&x, x.lead, id, PAIRS("name=B", "score=2", "state=working"));
    update(&x, x.lead, id, PAIRS("score=3"));
    undo(&x, tx, &r);
    EXPECT_STR("A", field(&x, x.lead, id, "name"));
    EXPECT_STR("new", field(&x, x.lead, id, "state"));
    EXPECT_STR("3", field(&x, x.lead, id, "score"));
    EXPECT_INT(1, r.reversed);
    EXPECT_INT(1, r.kept);
    EXPECT_STR("score", r.items[0].field);
    fixture_close(&x);
}

TEST("an address whose kind was edited since is not shown as what it was not") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada", "phone=+43 1234"));
    kith_id point = 0;
    EXPECT_INT(1, count(&x, "contact_point", &point));
    kith_id tx = update(&x, x.point, point, PAIRS("primary=false"));
    EXPECT_STR("", field(&x, x.contact, ada, "phone"));
    update(&x, x.point, point, PAIRS("kind=email"));
    undo(&x, tx, &r);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_STR("+43 1234", field(&x, x.contact, ada, "phone"));
    EXPECT_STR("", field(&x, x.contact, ada, "email"));
    EXPECT_INT(1, count(&x, "contact_point where primary and kind = 'phone'", NULL));
    EXPECT_INT(0, count(&x, "contact_point where primary and kind = 'email'", NULL));
    fixture_close(&x);
}

TEST("an address whose value goes back and whose kind does not is compared by both") {
    struct fixture x;
    struct undo_report r;
    kith_id point = 0;
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.contact, PAIRS("name=Ada", "phone=+43 (1) 23"));
    EXPECT_INT(1, count(&x, "contact_point", &point));
    update(&x, x.point, point, PAIRS("primary=false"));
    kith_id tx = update(&x, x.point, point, PAIRS("value=99 / 1"));
    update(&x, x.point, point, PAIRS("kind=other"));
    undo(&x, tx, &r);
    EXPECT_STR("+43 (1) 23", field(&x, x.point, point, "value"));
    EXPECT_STR("+43 (1) 23", field(&x, x.point, point, "normal")); /* of a number it is "+43123" */
    fixture_close(&x);
}

TEST("an undone deletion restores the record, its parts and the links to it") {
    struct fixture x;
    struct undo_report r;
    char link[64];
    fixture_open(&x);
    fixture_start(&x);
    kith_id person =
        create(&x, x.contact, PAIRS("name=Ada", "email=a@b.example", "birthday=1815-12-10"));
    snprintf(link, sizeof link, "contact=%s", id_text(&x, person));
    kith_id lead = create(&x, x.lead, PAIRS("name=L", link));
    kith_id tx = delete_(&x, x.contact, person);
    undo(&x, tx, &r);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_STR("1815-12-10", field(&x, x.contact, person, "birthday"));
    EXPECT_STR("a@b.example", field(&x, x.contact, person, "email"));
    EXPECT_STR(id_text(&x, person), field(&x, x.lead, lead, "contact"));
    EXPECT_INT(1, count(&x, "contact_point", NULL));
    fixture_close(&x);
}

TEST("an undo refuses to pull a record from under what links to it") {
    struct fixture x;
    struct undo_report r;
    char link[64];
    kith_id person = 0, tx;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(try_job(&x, ROW_CREATE, x.contact, &person, PAIRS("name=Ada"), &tx), x.e);
    snprintf(link, sizeof link, "contact=%s", id_text(&x, person));
    create(&x, x.lead, PAIRS("name=L", link));
    undo(&x, tx, &r);
    EXPECT_INT(1, r.refused);
    EXPECT_HAS("links to it", r.items[0].reason);
    EXPECT_STR("Ada", field(&x, x.contact, person, "name"));
    fixture_close(&x);
}

TEST("what was in the way of an undo goes with all of its own once nothing is") {
    struct fixture x;
    struct undo_report r;
    kith_id person = 0, tx;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(
        try_job(&x, ROW_CREATE, x.contact, &person, PAIRS("name=Ada", "email=a@b.example"), &tx),
        x.e);
    const char *about = arena_printf(&x.arena, "about=contact/%s", id_text(&x, person));
    kith_id task = create(&x, x.task, PAIRS("title=Call", about));
    undo(&x, tx, &r);
    EXPECT_INT(1, r.refused);
    EXPECT_INT(1, count(&x, "contact_point where primary", NULL)); /* what it shows is there */
    undo(&x, tx, &r); /* it still is in the way, and takes nothing along */
    EXPECT_INT(1, r.refused);
    EXPECT_INT(1, count(&x, "contact_point where primary", NULL));
    delete_(&x, x.task, task);
    undo(&x, tx, &r);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_STR("(gone)", field(&x, x.contact, person, "name"));
    EXPECT_INT(0, count(&x, "contact_point", NULL));
    fixture_close(&x);
}

TEST("the undo of a large undo leaves whole what belongs together, in however many parts") {
    struct fixture x;
    struct undo_report r;
    struct write_opts o = by_tester;
    fixture_open(&x);
    fixture_start(&x);
    o.run = 77;
    for (int i = 0; i < 600; i++) { /* three rows each: 500 are in the middle of one */
        struct job j = {ROW_CREATE, x.contact, 0,
                        PAIRS("name=A", "email=a@b.example", "phone=+43 1")};
        EXPECT_OK(engine_write(x.g, &o, do_job, &j, NULL, &x.e), x.e);
    }
    undo(&x, 77, &r);
    EXPECT_INT(1800, r.reversed);
    undo(&x, r.run, &r); /* there again */
    EXPECT_INT(1800, r.reversed);
    undo(&x, r.run, &r);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_INT(1800, r.reversed);
    EXPECT_INT(0, count(&x, "contact", NULL));
    EXPECT_INT(0, count(&x, "contact_point", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

static kith_status add_task(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    (void)self;
    const struct schema *s = ev->type->schema;
    const struct rtype *task = schema_type(s, STR("task"));
    struct assign set[] = {{task->title, value_str(STR("call"))},
                           {type_field(s, task, STR("about")), value_link(ev->id, ev->type->id)}};
    TRY(txn_create(t, task, set, 2, NULL, e));
    struct assign score = {type_field(s, ev->type, STR("score")), value_int(9)};
    return txn_update(t, ev->type, ev->id, &score, 1, e);
}

TEST("an undo takes back what reactions did because of it") {
    struct fixture x;
    struct undo_report r;
    kith_id id = 0, tx;
    fixture_open(&x);
    struct reaction rule = {
        .name = "r", .topic = "lead.created", .fn = add_task, .source = {SOURCE_RULE, "r", "", 1}};
    EXPECT_OK(engine_add_reaction(x.g, &rule, &x.e), x.e);
    fixture_start(&x);
    EXPECT_OK(try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=A"), &tx), x.e);
    settle(&x);
    EXPECT_INT(1, count(&x, "task", NULL));
    undo(&x, tx, &r);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_INT(0, count(&x, "task", NULL));
    EXPECT_INT(0, count(&x, "lead", NULL));
    settle(&x); /* the undo sets nothing off */
    EXPECT_INT(0, count(&x, "task", NULL));
    fixture_close(&x);
}

static kith_status count_up(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    const struct rfield *score = type_field(ev->type->schema, ev->type, STR("score"));
    const kith_value *now;
    (void)self;
    TRY(txn_get(t, ev->type, ev->id, &now, e));
    struct assign set = {score, value_int(now[score->index].as.i + 1)};
    return now[score->index].as.i < 5 ? txn_update(t, ev->type, ev->id, &set, 1, e) : KITH_OK;
}

/* The undo is asked for while the first reactions are still to follow one another. */
TEST("an undo lets reactions that are under way end, and takes them back, too") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    struct reaction rule = {
        .name = "r", .topic = "lead.updated", .fn = count_up, .source = {SOURCE_RULE, "r", "", 1}};
    EXPECT_OK(engine_add_reaction(x.g, &rule, &x.e), x.e);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    undo(&x, update(&x, x.lead, id, PAIRS("name=B")), &r);
    EXPECT_INT(6, r.reversed);
    EXPECT_INT(0, r.kept + r.refused);
    settle(&x);
    EXPECT_STR("A", field(&x, x.lead, id, "name"));
    EXPECT_STR("0", field(&x, x.lead, id, "score"));
    fixture_close(&x);
}

TEST("a rehearsal shows the write and its reactions, and keeps nothing") {
    struct fixture x;
    struct rehearsal r;
    struct engine_stats before, after;
    fixture_open(&x);
    struct reaction rule = {
        .name = "r", .topic = "lead.created", .fn = add_task, .source = {SOURCE_RULE, "r", "", 1}};
    EXPECT_OK(engine_add_reaction(x.g, &rule, &x.e), x.e);
    fixture_start(&x);
    engine_stats(x.g, &before);
    struct job j = {ROW_CREATE, x.lead, 0, PAIRS("name=A")};
    EXPECT_OK(engine_rehearse(x.g, &by_tester, do_job, &j, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(3, r.count);
    EXPECT_INT(1, r.reactions);
    EXPECT_INT(ROW_CREATE, r.effects[0].kind);
    EXPECT_STR("r", r.effects[1].source.name);
    EXPECT_INT(ROW_UPDATE, r.effects[2].kind);
    engine_stats(x.g, &after);
    EXPECT_INT(before.durable, after.durable);
    EXPECT_INT(0, count(&x, "lead", NULL));
    create(&x, x.lead, PAIRS("name=B"));
    settle(&x);
    EXPECT_INT(1, count(&x, "task", NULL));
    fixture_close(&x);
}

/* Leads of one run: of 700 500 are undone in one transaction. */
static void create_many(struct fixture *x, int n) {
    struct write_opts o = by_tester;
    o.run = 77;
    for (int i = 0; i < n; i++) {
        struct job j = {ROW_CREATE, x->lead, 0, PAIRS("name=A")};
        EXPECT_OK(engine_write(x->g, &o, do_job, &j, NULL, &x->e), x->e);
    }
}

TEST("a large undo runs in parts and can itself be undone") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    fixture_start(&x);
    create_many(&x, 700);
    EXPECT_OK(engine_undo(x.g, &tester, 77, true, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(700, r.reversed);
    EXPECT_INT(700, count(&x, "lead", NULL));
    undo(&x, 77, &r);
    EXPECT_INT(700, r.reversed);
    EXPECT_INT(0, count(&x, "lead", NULL));
    undo(&x, r.run, &r);
    EXPECT_INT(700, count(&x, "lead", NULL));
    fixture_close(&x);
}

TEST("an undo of more than is rehearsed in place asks for a copy, and changes nothing") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    fixture_start(&x);
    create_many(&x, REHEARSED + 1);
    EXPECT_INT(KITH_E_LIMIT, engine_undo(x.g, &tester, 77, true, &x.arena, &r, &x.e));
    EXPECT_STR("an undo of 1001 rows is too large to be rehearsed in place; do it on a copy",
               x.e.message);
    EXPECT_INT(REHEARSED + 1, count(&x, "lead", NULL));
    fixture_close(&x);
}

struct seen {
    size_t times, last, rows, stop_at; /* stop_at 0: never */
};
static kith_status see(void *arg, size_t done, size_t rows, kith_error *e) {
    struct seen *s = arg;
    s->times++;
    s->last = done;
    s->rows = rows;
    return s->stop_at && done >= s->stop_at ? err_set(e, KITH_E_LIMIT, NULL, "interrupted")
                                            : KITH_OK;
}

TEST("whoever undoes much is told how far it is, can end it, and has the same undo finish it") {
    struct fixture x;
    struct undo_report r;
    struct seen seen = {.stop_at = 1};
    const struct undo_watch watch = {see, &seen};
    fixture_open(&x);
    fixture_start(&x);
    create_many(&x, 700);
    EXPECT(engine_undo_watched(x.g, &tester, 77, false, &watch, &x.arena, &r, &x.e) ==
           KITH_E_LIMIT);
    EXPECT_STR("interrupted", x.e.message);
    EXPECT_INT(1, seen.times);
    EXPECT(seen.last > 0 && seen.last <= 500);
    EXPECT_INT(700, seen.rows);
    EXPECT_INT(700 - (int)seen.last, count(&x, "lead", NULL));
    size_t done = seen.last;
    seen = (struct seen){.stop_at = 0};
    EXPECT_OK(engine_undo_watched(x.g, &tester, 77, false, &watch, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(700, seen.last);
    EXPECT_INT(0, count(&x, "lead", NULL));
    EXPECT_INT(700 - (int)done, r.reversed);
    EXPECT_INT(done, r.earlier); /* and no edit of anybody's */
    EXPECT_INT(0, r.kept);
    fixture_close(&x);
}

static uint64_t head(struct fixture *x) {
    struct conn *c;
    uint64_t seq;
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_OK(journal_head(c, &seq, &x->e), x->e);
    engine_reader_done(x->g, c);
    return seq;
}

TEST("all that came behind a row is undone, whatever came of it, and that can be undone") {
    struct fixture x;
    struct undo_report r, again;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada L", "email=a@b.example"));
    kith_id lead = create(&x, x.lead, PAIRS("name=L", "score=1"));
    uint64_t then = head(&x);
    EXPECT_OK(engine_undo_since(x.g, &tester, then, NULL, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(0, r.reversed + r.kept + r.refused);
    for (int i = 0; i < 400; i++) { /* more than one transaction takes back */
        update(&x, x.lead, lead, PAIRS(i % 2 ? "score=2" : "score=3", "name=M"));
        update(&x, x.contact, ada, PAIRS(i % 2 ? "name=B C" : "name=D E"));
    }
    create(&x, x.contact, PAIRS("name=Later", "email=later@b.example"));
    delete_(&x, x.contact, ada);
    EXPECT_OK(engine_undo_since(x.g, &tester, then, NULL, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_STR("Ada L", field(&x, x.contact, ada, "name"));
    EXPECT_STR("a@b.example", field(&x, x.contact, ada, "email"));
    EXPECT_STR("L", field(&x, x.lead, lead, "name"));
    EXPECT_STR("1", field(&x, x.lead, lead, "score"));
    EXPECT_INT(1, count(&x, "contact", NULL));
    undo(&x, r.run ? r.run : r.tx, &again);
    EXPECT_INT(0, again.kept + again.refused);
    EXPECT_STR("(gone)", field(&x, x.contact, ada, "name"));
    EXPECT_STR("M", field(&x, x.lead, lead, "name"));
    EXPECT_INT(1, count(&x, "contact where name = 'Later'", NULL));
    fixture_close(&x);
}

/* -- the rules, one by one --------------------------------------------------------------------- */

TEST("an edit and its exact reversal do not block an undo") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A", "source=web"));
    kith_id tx = update(&x, x.lead, id, PAIRS("source=event"));
    update(&x, x.lead, id, PAIRS("source=referral"));
    update(&x, x.lead, id, PAIRS("source=event"));
    undo(&x, tx, &r);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_STR("web", field(&x, x.lead, id, "source"));
    fixture_close(&x);
}

TEST("a state moves against its arrows in an undo") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    update(&x, x.lead, id, PAIRS("state=working"));
    kith_id tx = update(&x, x.lead, id, PAIRS("state=won"));
    EXPECT_INT(KITH_E_INVAL, try_job(&x, ROW_UPDATE, x.lead, &id, PAIRS("state=working"), NULL));
    undo(&x, tx, &r);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_STR("working", field(&x, x.lead, id, "state"));
    fixture_close(&x);
}

TEST("a creation goes only while the record is as it was created, and its edit is named") {
    struct fixture x;
    struct undo_report r;
    kith_id id = 0, tx;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=A"), &tx), x.e);
    kith_id edit = update(&x, x.lead, id, PAIRS("score=5"));
    undo(&x, tx, &r);
    EXPECT_INT(0, r.reversed);
    EXPECT_INT(1, r.kept);
    EXPECT_STR("score", r.items[0].field);
    EXPECT_INT(edit, r.items[0].by);
    EXPECT_STR("A", field(&x, x.lead, id, "name"));
    undo(&x, edit, &r);
    undo(&x, tx, &r);
    EXPECT_INT(1, r.reversed);
    EXPECT_STR("(gone)", field(&x, x.lead, id, "name"));
    fixture_close(&x);
}

TEST("what an earlier undo has brought back is kept as it is") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    kith_id gone = delete_(&x, x.lead, id);
    undo(&x, gone, &r);
    update(&x, x.lead, id, PAIRS("name=B"));
    undo(&x, gone, &r);
    EXPECT_INT(0, r.reversed + r.refused);
    EXPECT_INT(1, r.kept);
    EXPECT_STR("it exists again", r.items[0].reason);
    EXPECT_STR("B", field(&x, x.lead, id, "name"));
    fixture_close(&x);
}

TEST("records of a type that is never undone are refused, and what was written with them is not") {
    static const kith_field entry_fields[] = {{.name = "points", .kind = KITH_F_INTEGER}};
    static const kith_type entry_types[] = {
        {.name = "entry", .fields = KITH_ARRAY(entry_fields), .undo = KITH_UNDO_REFUSE}};
    const struct schema_source sources[] = {
        lead_source, {.module = "points", .version = 1, .types = KITH_ARRAY(entry_types)}};
    struct fixture x;
    struct undo_report r;
    fixture_open_with(&x, sources, 2);
    fixture_start(&x);
    struct write_opts o = by_tester;
    o.run = 77;
    struct job lead = {ROW_CREATE, x.lead, 0, PAIRS("name=A")},
               entry = {ROW_CREATE, type_named(&x, "entry"), 0, PAIRS("points=5")};
    EXPECT_OK(engine_write(x.g, &o, do_job, &lead, NULL, &x.e), x.e);
    EXPECT_OK(engine_write(x.g, &o, do_job, &entry, NULL, &x.e), x.e);
    undo(&x, 77, &r);
    EXPECT_INT(1, r.reversed);
    EXPECT_INT(1, r.refused);
    EXPECT_STR("records of this type are never undone", r.items[0].reason);
    EXPECT_STR("5", field(&x, entry.type, entry.id, "points"));
    EXPECT_STR("(gone)", field(&x, x.lead, lead.id, "name"));
    fixture_close(&x);
}

TEST("a value comes back though it would be out of its range by now") {
    static const kith_field wide[] = {{.name = "points", .kind = KITH_F_INTEGER, .max = "100"}},
                            narrow[] = {{.name = "points", .kind = KITH_F_INTEGER, .max = "10"}};
    static const kith_type wide_type[] = {{.name = "entry", .fields = KITH_ARRAY(wide)}},
                           narrow_type[] = {{.name = "entry", .fields = KITH_ARRAY(narrow)}};
    struct schema_source sources[] = {
        lead_source, {.module = "points", .version = 1, .types = KITH_ARRAY(wide_type)}};
    struct fixture x;
    struct undo_report r;
    fixture_open_with(&x, sources, 2);
    fixture_start(&x);
    kith_id id = create(&x, type_named(&x, "entry"), PAIRS("points=50"));
    kith_id tx = update(&x, type_named(&x, "entry"), id, PAIRS("points=5"));
    engine_close(x.g);
    sources[1].types = (kith_array)KITH_ARRAY(narrow_type);
    fixture_reopen(&x);
    fixture_start(&x);
    EXPECT_INT(KITH_E_INVAL,
               try_job(&x, ROW_UPDATE, type_named(&x, "entry"), &id, PAIRS("points=50"), NULL));
    undo(&x, tx, &r);
    EXPECT_INT(1, r.reversed);
    EXPECT_STR("50", field(&x, type_named(&x, "entry"), id, "points"));
    fixture_close(&x);
}

struct hooked {
    struct fixture x;
    const char *refused; /* name of a lead that may not come back */
    int before, after, events;
};

static kith_status before_lead(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct hooked *h = self;
    const struct rfield *name = c->type->title,
                        *score = type_field(c->type->schema, c->type, STR("score"));
    h->before++;
    if (h->refused && str_eqz(c->after[name->index].as.s, h->refused))
        return err_set(e, KITH_E_REFUSED, "name", "not that name again");
    return change_set(t, c, score, value_int(h->before), e);
}

static kith_status after_lead(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)t;
    (void)c;
    (void)e;
    ((struct hooked *)self)->after++;
    return KITH_OK;
}

static void open_hooked(struct hooked *h) {
    memset(h, 0, sizeof *h);
    fixture_open(&h->x);
    struct hook hooks[] = {
        {.type = h->x.lead, .on = ON_UPDATE, .fn = before_lead, .self = h},
        {.type = h->x.lead, .on = ON_UPDATE, .after = true, .fn = after_lead, .self = h}};
    for (size_t i = 0; i < 2; i++) {
        hooks[i].source = (struct source){SOURCE_RULE, "watch", "", 1};
        EXPECT_OK(engine_add_hook(h->x.g, &hooks[i], &h->x.e), h->x.e);
    }
}

TEST("a before-hook may refuse an undo and change nothing in it, and after-hooks do not run") {
    struct hooked h;
    struct undo_report r;
    open_hooked(&h);
    struct fixture *x = &h.x;
    fixture_start(x);
    kith_id id = create(x, x->lead, PAIRS("name=A", "score=7"));
    kith_id tx = update(x, x->lead, id, PAIRS("name=B"));
    EXPECT_STR("1", field(x, x->lead, id, "score"));
    EXPECT_INT(1, h.after);
    h.refused = "A";
    undo(x, tx, &r);
    EXPECT_INT(1, r.refused);
    EXPECT_STR("not that name again", r.items[0].reason);
    EXPECT_STR("B", field(x, x->lead, id, "name"));
    h.refused = NULL;
    undo(x, tx, &r);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_STR("A", field(x, x->lead, id, "name"));
    EXPECT_STR("7", field(x, x->lead, id, "score"));
    EXPECT_INT(1, h.after);
    EXPECT(h.before > 2);
    fixture_close(x);
}

/* A task for each change of a lead, which another hook renames. */
static kith_status follow_lead(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct fixture *x = self;
    kith_id id;
    const struct assign task = {type_field(c->type->schema, x->task, STR("title")),
                                value_str(STR("Follow"))};
    return txn_create(t, x->task, &task, 1, &id, e);
}
static kith_status rename_task(void *self, struct txn *t, struct change *c, kith_error *e) {
    (void)self;
    const struct assign title = {type_field(c->type->schema, c->type, STR("title")),
                                 value_str(STR("Renamed"))};
    return txn_update(t, c->type, c->id, &title, 1, e);
}
static kith_status keep_task(void *self, struct txn *t, struct change *c, kith_error *e) {
    const bool *kept = self;
    const struct rfield *title = type_field(c->type->schema, c->type, STR("title"));
    (void)t;
    return *kept && str_eqz(c->after[title->index].as.s, "Follow")
               ? err_set(e, KITH_E_REFUSED, "title", "the task is kept")
               : KITH_OK;
}

TEST("what hooks wrote because of a write is undone with it, or stays with it") {
    struct fixture x;
    struct undo_report r;
    bool kept = true;
    fixture_open(&x);
    struct hook hooks[] = {
        {.type = x.lead, .on = ON_UPDATE, .after = true, .fn = follow_lead, .self = &x},
        {.type = x.task, .on = ON_CREATE, .after = true, .fn = rename_task, .self = &x},
        {.type = x.task, .on = ON_UPDATE, .fn = keep_task, .self = &kept}};
    for (size_t i = 0; i < 3; i++) {
        hooks[i].source = (struct source){SOURCE_RULE, "follow", "", 1};
        EXPECT_OK(engine_add_hook(x.g, &hooks[i], &x.e), x.e);
    }
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A", "score=1"));
    kith_id tx = update(&x, x.lead, id, PAIRS("state=working", "score=2"));
    undo(&x, tx, &r); /* what followed from what followed is refused */
    EXPECT_INT(0, r.reversed);
    EXPECT_STR("the task is kept", r.items[0].reason);
    EXPECT_STR("working", field(&x, x.lead, id, "state"));
    EXPECT_INT(1, count(&x, "task where title = 'Renamed'", NULL));
    kept = false;
    kith_id later = update(&x, x.lead, id, PAIRS("state=won"));
    EXPECT_INT(2, count(&x, "task", NULL));
    undo(&x, tx, &r); /* the state has moved on */
    EXPECT_INT(0, r.reversed);
    EXPECT_INT(2, r.kept);
    EXPECT_STR("2", field(&x, x.lead, id, "score"));
    EXPECT_INT(2, count(&x, "task", NULL));
    undo(&x, later, &r);
    undo(&x, tx, &r);
    EXPECT_INT(0, r.kept + r.refused);
    EXPECT_STR("new", field(&x, x.lead, id, "state"));
    EXPECT_INT(0, count(&x, "task", NULL));
    fixture_close(&x);
}

static kith_status count_event(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct hooked *h = self;
    (void)t;
    if (h->refused && ev->attempt == 1)
        return err_set(e, KITH_E_RETRY, NULL, "not now");
    h->events++;
    return KITH_OK;
}

TEST("reactions skip what an undo writes, unless they ask for it") {
    for (int asks = 0; asks < 2; asks++) {
        struct hooked h = {.events = 0};
        struct undo_report r;
        struct fixture *x = &h.x;
        fixture_open(x);
        struct reaction c = {.name = "count",
                             .topic = "lead.updated",
                             .on_undo = asks,
                             .fn = count_event,
                             .self = &h,
                             .source = {SOURCE_RULE, "count", "", 1}};
        EXPECT_OK(engine_add_reaction(x->g, &c, &x->e), x->e);
        fixture_start(x);
        kith_id id = create(x, x->lead, PAIRS("name=A"));
        kith_id tx = update(x, x->lead, id, PAIRS("score=3"));
        settle(x);
        EXPECT_INT(1, h.events);
        undo(x, tx, &r);
        settle(x);
        EXPECT_INT(1 + asks, h.events);
        fixture_close(x);
    }
}

TEST("what waits to be handled is not any more once its cause is undone") {
    struct hooked h = {.refused = "the first time"};
    struct undo_report r;
    struct engine_stats s;
    struct fixture *x = &h.x;
    fixture_open(x);
    struct reaction c = {.name = "count",
                         .topic = "lead.updated",
                         .fn = count_event,
                         .self = &h,
                         .source = {SOURCE_RULE, "count", "", 1}};
    EXPECT_OK(engine_add_reaction(x->g, &c, &x->e), x->e);
    fixture_start(x);
    kith_id id = create(x, x->lead, PAIRS("name=A"));
    kith_id tx = update(x, x->lead, id, PAIRS("score=3"));
    settle(x);
    engine_stats(x->g, &s);
    EXPECT_INT(1, s.letters_waiting);
    undo(x, tx, &r);
    clock_advance(&x->clock, 24 * 3600 * 1000);
    settle(x);
    EXPECT_INT(0, h.events);
    engine_stats(x->g, &s);
    EXPECT_INT(0, s.letters_waiting);
    fixture_close(x);
}
