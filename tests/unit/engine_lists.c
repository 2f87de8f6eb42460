/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: what is put into them stays in them, and what a rented one brought goes with it. */
#include "engine_import_fixture.h"
#include "engine_segment_fixture.h"

#include "engine/engine_internal.h"

TEST("a list holds those that were put in, as long as they are there") {
    struct fixture x;
    struct undo_report report;
    char a[64], b[64];
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *segment = type_named(&x, "segment"),
                       *member = type_named(&x, "list_member");
    kith_id ada = create(&x, x.lead, PAIRS("name=Ada", "score=10"));
    kith_id bob = create(&x, x.lead, PAIRS("name=Bob", "score=20"));
    kith_id list = create(&x, segment, PAIRS("name=fair", "query=lead", "kind=list"));
    make_segment(&x, "rest", "lead where not in_segment('fair')");
    EXPECT_STR("list", field(&x, segment, list, "class"));
    snprintf(a, sizeof a, "segment=%s", id_text(&x, list));
    snprintf(b, sizeof b, "record=lead/%s", id_text(&x, ada));
    uint64_t at = seq_now(&x);
    kith_id row = create(&x, member, PAIRS(a, b));
    EXPECT_STR("+fair -rest", told_since(&x, at));
    EXPECT_STR("Ada", found(&x, "lead where in_segment('fair')"));
    EXPECT_STR("Bob", found(&x, "lead where in_segment('rest')"));
    EXPECT(try_job(&x, ROW_CREATE, member, &row, PAIRS(a, b), NULL) == KITH_E_CONFLICT);
    EXPECT_STR("1 2", run(&x, "segment.add", "fair", "lead"));
    EXPECT_STR("0 2", run(&x, "segment.add", "fair", "lead where score > 10"));
    EXPECT_STR("1 1", run(&x, "segment.remove", "fair", "lead where score = 10"));
    EXPECT_STR("Bob", found(&x, "lead where in_segment('fair')"));
    EXPECT_STR("query: say which records of type lead", run(&x, "segment.add", "fair", "contact"));
    EXPECT_STR("segment: 'rest' finds its records by its query; only a list takes others",
               run(&x, "segment.add", "rest", "lead where score = 20"));
    kith_id tx = delete_(&x, x.lead, bob);
    EXPECT_INT(0, members_of(&x, list));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &report, &x.e), x.e);
    EXPECT_STR("Bob", found(&x, "lead where in_segment('fair')"));
    expect_sound(&x);
    EXPECT(try_job(&x, ROW_DELETE, segment, &list, NULL, NULL) == KITH_E_REFUSED);
    EXPECT_STR(
        "it cannot be deleted: segment 'rest' asks for it by its name; change that one first",
        x.e.message);
    fixture_close(&x);
}

static void bring(struct fixture *x, kith_id list, kith_id record) {
    char a[64], b[64];
    snprintf(a, sizeof a, "segment=%s", id_text(x, list));
    snprintf(b, sizeof b, "record=contact/%s", id_text(x, record));
    create(x, type_named(x, "list_member"), PAIRS(a, b, "brought=true"));
}

/* "uses left members records", or the refusal. */
static const char *use(struct fixture *x, const char *segment, const char **records) {
    const struct action *a = engine_action(x->g, STR("segment.use"));
    kith_value args[1] = {value_str(str_of(segment))}, out[4];
    if (engine_call(x->g, NULL, &by_tester, a, args, &x->arena, out, NULL, &x->e) != KITH_OK)
        return x->e.message;
    if (records)
        *records = arena_strndup(&x->arena, out[3].as.s.ptr, out[3].as.s.len);
    return arena_printf(&x->arena, "%lld %lld %lld", (long long)out[0].as.i,
                        out[1].kind == KITH_NULL ? -1 : (long long)out[1].as.i,
                        (long long)out[2].as.i);
}

static kith_status refuse_end(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct rfield *expired =
        type_field(engine_schema(txn_engine(t)), c->type, STR("expired"));
    bool refuse = *(bool *)self && c->after[expired->index].kind != KITH_NULL;
    return refuse ? err_set(e, KITH_E_REFUSED, NULL, "not while it is being counted") : KITH_OK;
}

TEST("the end of a rented list that is refused comes again, and until then the list says why") {
    struct fixture x;
    bool refuse = true;
    fixture_open(&x);
    const struct rtype *segment = type_named(&x, "segment");
    EXPECT_OK(engine_add_hook(x.g,
                              &(struct hook){.type = segment,
                                             .on = ON_UPDATE,
                                             .fn = refuse_end,
                                             .self = &refuse,
                                             .source = {SOURCE_MODULE, "counting", "1", 0}},
                              &x.e),
              x.e);
    fixture_start(&x);
    kith_id list =
        create(&x, segment, PAIRS("name=rent", "query=contact", "kind=rented", "uses_max=1"));
    bring(&x, list, create(&x, x.contact, PAIRS("name=Ada")));
    EXPECT_STR("1 0 1", use(&x, "rent", NULL));
    settle(&x);
    EXPECT_STR("Ada", found(&x, "contact"));
    EXPECT_HAS("not while it is being counted", field(&x, segment, list, "problem"));
    EXPECT_STR("true", field(&x, segment, list, "settling"));
    refuse = false;
    clock_set(&x.clock, START_MS + 3600000);
    settle(&x);
    EXPECT_STR("", found(&x, "contact"));
    EXPECT_STR("", field(&x, segment, list, "problem"));
    EXPECT_STR("false", field(&x, segment, list, "settling"));
    expect_sound(&x);
    fixture_close(&x);
}

/* Ada became a customer; Bob did not; Eve was ours before and is only listed. */
struct rented {
    struct fixture x;
    kith_id list, ada, bob, eve;
};
static void rent(struct rented *r, const char *end) {
    char c[80];
    struct fixture *x = &r->x;
    fixture_open(x);
    fixture_start(x);
    r->list = create(x, type_named(x, "segment"),
                     PAIRS("name=rent", "query=contact", "kind=rented", "source=Broker", end));
    r->ada = create(x, x->contact, PAIRS("name=Ada", "email=ada@example.com"));
    r->bob = create(x, x->contact, PAIRS("name=Bob", "email=bob@example.com"));
    r->eve = create(x, x->contact, PAIRS("name=Eve"));
    bring(x, r->list, r->ada);
    bring(x, r->list, r->bob);
    snprintf(c, sizeof c, "contact where id = '%s'", id_text(x, r->eve));
    EXPECT_STR("1 3", run(x, "segment.add", "rent", c));
    update(x, x->contact, r->ada, PAIRS("lifecycle=customer"));
}

TEST("the third use of a rented list is handed out, then its records go and our own stay") {
    struct rented r;
    struct undo_report report;
    const char *records = "";
    struct fixture *x = &r.x;
    rent(&r, "uses_max=3");
    EXPECT_STR("1 2 3", use(x, "rent", NULL));
    EXPECT_STR("2 1 3", use(x, "rent", NULL));
    settle(x);
    EXPECT_STR("Ada Bob Eve", found(x, "contact"));
    uint64_t at = seq_now(x);
    EXPECT_STR("3 0 3", use(x, "rent", &records));
    EXPECT(strstr(records, "\"email\":\"bob@example.com\"") != NULL);
    settle(x);
    EXPECT_STR("Ada Eve", found(x, "contact"));
    EXPECT_INT(0, members_of(x, r.list));
    EXPECT_STR("-rent -rent -rent !rent", told_since(x, at));
    EXPECT_STR("2023-11-14T22:13:20.000Z", field(x, type_named(x, "segment"), r.list, "expired"));
    EXPECT_STR("segment: list 'rent' is spent: it was used as often as it may be",
               use(x, "rent", NULL));
    EXPECT_STR("segment: list 'rent' is spent and takes no more records",
               run(x, "segment.add", "rent", "contact"));
    expect_sound(x);
    /* Undone as a whole, and not gone again at once. */
    struct conn *c;
    int64_t tx;
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_OK(conn_int(c, "SELECT max(id) FROM kith_tx", 0, &tx, &x->e), x->e);
    engine_reader_done(x->g, c);
    EXPECT_OK(engine_undo(x->g, &tester, (kith_id)tx, false, &x->arena, &report, &x->e), x->e);
    EXPECT_INT(0, report.refused);
    settle(x);
    EXPECT_STR("Ada Bob Eve", found(x, "contact where in_segment('rent')"));
    clock_set(&x->clock, START_MS + 86400000);
    settle(x);
    EXPECT_STR("Ada Eve", found(x, "contact"));
    expect_sound(x);
    fixture_close(x);
}

TEST("a rented list ends with its term, to the millisecond; a longer one is heeded") {
    struct rented r;
    struct fixture *x = &r.x;
    rent(&r, "valid_until=2024-02-12T22:13:20Z"); /* 90 days */
    EXPECT_STR("1 -1 3", use(x, "rent", NULL));
    clock_set(&x->clock, START_MS + INT64_C(90) * 86400000 - 1);
    settle(x);
    EXPECT_STR("Ada Bob Eve", found(x, "contact"));
    update(x, type_named(x, "segment"), r.list, PAIRS("valid_until=2024-03-01T00:00Z"));
    clock_set(&x->clock, START_MS + INT64_C(90) * 86400000);
    settle(x);
    EXPECT_STR("Ada Bob Eve", found(x, "contact"));
    clock_set(&x->clock, START_MS + INT64_C(200) * 86400000);
    settle(x);
    EXPECT_STR("Ada Eve", found(x, "contact"));
    EXPECT_STR("segment: list 'rent' is spent: its term is over", use(x, "rent", NULL));
    expect_sound(x);
    fixture_close(x);
}

TEST("the last use has its grace; a record that another rented list holds stays for that one") {
    struct rented r;
    struct fixture *x = &r.x;
    char c[80];
    rent(&r, "uses_max=1");
    update(x, type_named(x, "segment"), r.list, PAIRS("grace=1d", "keep=name = 'Eve'"));
    create(x, type_named(x, "segment"),
           PAIRS("name=more", "query=contact", "kind=rented", "uses_max=1"));
    snprintf(c, sizeof c, "contact where id = '%s'", id_text(x, r.bob));
    EXPECT_STR("1 1", run(x, "segment.add", "more", c));
    EXPECT_STR("1 0 3", use(x, "rent", NULL));
    clock_set(&x->clock, START_MS + 86400000 - 1);
    settle(x);
    EXPECT_STR("Ada Bob Eve", found(x, "contact"));
    clock_set(&x->clock, START_MS + 86400000);
    settle(x);
    EXPECT_STR("Bob Eve", found(x, "contact"));
    EXPECT_STR("1 0 1", use(x, "more", NULL));
    settle(x);
    EXPECT_STR("Eve", found(x, "contact"));
    kith_id id = 0;
    EXPECT(try_job(x, ROW_CREATE, type_named(x, "segment"), &id,
                   PAIRS("name=z", "query=contact", "kind=rented"), NULL) == KITH_E_INVAL);
    EXPECT_STR("valid_until: a rented list has a term (valid_until) or a number of uses (uses_max)",
               x->e.message);
    fixture_close(x);
}

TEST("an import puts records into a list, and a large one goes as one run") {
    struct fixture x;
    struct undo_report report;
    struct buf text = {0};
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.contact, PAIRS("name=Own", "email=n7@example.com"));
    kith_id list = create(&x, type_named(&x, "segment"),
                          PAIRS("name=rent", "query=contact", "kind=rented", "uses_max=1"));
    buf_puts(&text, "name,email\n");
    for (int i = 0; i < 1500; i++)
        buf_printf(&text, "N%d,n%d@example.com\n", i, i);
    struct load l = load_of(x.contact, "email");
    l.o.list = "rnt";
    EXPECT_INT(KITH_E_NOTFOUND, load_str(&x, &l, buf_view(&text)));
    EXPECT_STR("there is no segment 'rnt'; 'kith find segment' lists them", x.e.message);
    l.o.list = "rent";
    EXPECT_OK(load_str(&x, &l, buf_view(&text)), x.e);
    EXPECT_INT(1499, l.report.created);
    EXPECT_INT(1500, members_of(&x, list));
    EXPECT_STR("1 0 1500", use(&x, "rent", NULL));
    settle(&x);
    EXPECT_STR("N7", found(&x, "contact"));
    EXPECT_INT(0, members_of(&x, list));
    expect_sound(&x);
    struct conn *c;
    int64_t run_id;
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_OK(conn_int(c, "SELECT max(run) FROM kith_tx", 0, &run_id, &x.e), x.e);
    engine_reader_done(x.g, c);
    EXPECT_OK(engine_undo(x.g, &tester, (kith_id)run_id, false, &x.arena, &report, &x.e), x.e);
    EXPECT_INT(0, report.refused + report.kept);
    EXPECT_INT(1500, members_of(&x, list));
    expect_sound(&x);
    buf_free(&text);
    fixture_close(&x);
}

/* Gives the transaction. *left: the members that go later. */
static kith_id delete_segment(struct fixture *x, const char *name, int64_t *left) {
    kith_value arg = value_str(str_of(name)), out;
    kith_id tx = 0;
    EXPECT_OK(engine_call(x->g, NULL, &by_tester, engine_action(x->g, STR("segment.delete")), &arg,
                          &x->arena, &out, &tx, &x->e),
              x->e);
    *left = out.as.i;
    return tx;
}

static void undo_all(struct fixture *x, kith_id tx) {
    struct undo_report report;
    EXPECT_OK(engine_undo(x->g, &tester, tx, false, &x->arena, &report, &x->e), x->e);
    EXPECT_INT(0, report.refused + report.kept);
}

TEST("a list is deleted however many members it has, and comes back with all of them") {
    struct fixture x;
    int64_t left;
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *segment = type_named(&x, "segment");
    struct many m = {x.lead, 0, 10001, "source=web"};
    EXPECT_OK(engine_write(x.g, &by_tester, create_many, &m, NULL, &x.e), x.e);
    kith_id list = create(&x, segment, PAIRS("name=big", "query=lead", "kind=list"));
    kith_id asks = make_segment(&x, "asks", "lead where in_segment('big')");
    settle(&x);
    EXPECT_STR("9999 9999", run(&x, "segment.add", "big", "lead where name != 'n0' limit 9999"));
    EXPECT_STR("2 10001", run(&x, "segment.add", "big", "lead where not in_segment('big')"));
    settle(&x);
    EXPECT_INT(KITH_E_REFUSED, try_job(&x, ROW_DELETE, segment, &list, NULL, NULL));
    EXPECT_HAS("segment 'asks' asks for it", run(&x, "segment.delete", "big", NULL));
    delete_(&x, segment, asks);
    EXPECT_INT(KITH_E_LIMIT, try_job(&x, ROW_DELETE, segment, &list, NULL, NULL));
    EXPECT_STR("the list has 10001 members, which is more than go at once: kith run segment.delete "
               "segment='big'",
               x.e.message);
    EXPECT_INT(10001, members_of(&x, list));
    kith_id tx = delete_segment(&x, "big", &left);
    EXPECT_INT(9001, left);
    settle(&x);
    EXPECT_INT(0, count(&x, "segment: count()", NULL));
    EXPECT_INT(0, count(&x, "list_member: count()", NULL));
    EXPECT_INT(10001, count(&x, "lead: count()", NULL));
    expect_sound(&x);
    undo_all(&x, tx);
    settle(&x);
    EXPECT_INT(10001, members_of(&x, list));
    EXPECT_STR("", field(&x, segment, list, "settling"));
    expect_sound(&x);
    fixture_close(&x);
}

/* Begins to delete the list, and takes back that its first member went. */
struct half {
    struct fixture *x;
    kith_id list;
};
static kith_status delete_half(struct txn *t, void *arg, kith_error *e) {
    struct half *h = arg;
    bool added;
    int64_t left;
    kith_id first = 0;
    EXPECT_INT(1, count(h->x, "lead where name = 'n0'", &first));
    TRY(segment_delete(t, h->list, &left, e));
    EXPECT_INT(500, left);
    t->undoing = true;
    TRY(segment_add_member(t, h->list, h->x->lead, first, false, &added, e));
    t->undoing = false;
    EXPECT(added);
    return KITH_OK;
}

TEST("who takes a deletion back while it goes on keeps the rest, too") {
    struct fixture x;
    int64_t left;
    fixture_open(&x);
    fixture_start(&x);
    struct many m = {x.lead, 0, 1500, "source=web"};
    EXPECT_OK(engine_write(x.g, &by_tester, create_many, &m, NULL, &x.e), x.e);
    const struct rtype *segment = type_named(&x, "segment");
    struct half h = {&x, create(&x, segment, PAIRS("name=big", "query=lead", "kind=list"))};
    EXPECT_STR("1500 1500", run(&x, "segment.add", "big", "lead"));
    EXPECT_OK(engine_write(x.g, &by_tester, delete_half, &h, NULL, &x.e), x.e);
    settle(&x);
    EXPECT_INT(501, members_of(&x, h.list));
    EXPECT_STR("false", field(&x, segment, h.list, "settling"));
    delete_segment(&x, "big", &left);
    EXPECT_INT(0, left);
    EXPECT_INT(0, count(&x, "segment: count()", NULL));
    make_segment(&x, "web", "lead where source = 'web'");
    delete_segment(&x, "web", &left);
    EXPECT_INT(0, left);
    EXPECT_INT(0, count(&x, "segment: count()", NULL));
    settle(&x);
    expect_sound(&x);
    fixture_close(&x);
}
