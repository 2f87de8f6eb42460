/* SPDX-License-Identifier: Apache-2.0 */
/* Segments: who is in which, after every write. */
#include "base/workday.h"
#include "engine_segment_fixture.h"
#include "zone_file.h"

TEST("who is in a segment follows each write, and events tell of it") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.lead, PAIRS("name=Ada", "score=10"));
    kith_id bob = create(&x, x.lead, PAIRS("name=Bob", "score=90"));
    kith_id hot = make_segment(&x, "hot", "lead where score >= 50");
    EXPECT_STR("local", field(&x, type_named(&x, "segment"), hot, "class"));
    EXPECT_STR("false", field(&x, type_named(&x, "segment"), hot, "settling"));
    EXPECT_STR("Bob", found(&x, "lead where in_segment('hot')"));
    EXPECT_STR("Ada", found(&x, "lead where not in_segment('hot')"));
    EXPECT_INT(1, members_of(&x, hot));
    uint64_t at = seq_now(&x);
    update(&x, x.lead, ada, PAIRS("score=60"));
    update(&x, x.lead, ada, PAIRS("source=web"));
    update(&x, x.lead, bob, PAIRS("score=0"));
    EXPECT_STR("Ada", found(&x, "lead where in_segment('hot')"));
    EXPECT_STR("+hot -hot", told_since(&x, at));
    create(&x, x.lead, PAIRS("name=Cleo", "score=70"));
    EXPECT_STR("Ada Cleo", found(&x, "lead where in_segment('hot')"));
    EXPECT_INT(2, members_of(&x, hot));
    at = seq_now(&x);
    delete_(&x, x.lead, ada);
    EXPECT_STR("-hot", told_since(&x, at));
    EXPECT_STR("Cleo", found(&x, "lead where in_segment('hot')"));
    EXPECT_INT(1, members_of(&x, hot));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("an undo, a refused write and a rehearsal leave members as they were") {
    struct fixture x;
    struct undo_report report;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.lead, PAIRS("name=Ada", "score=90"));
    kith_id hot = make_segment(&x, "hot", "lead where score >= 50");
    kith_id tx = update(&x, x.lead, ada, PAIRS("score=1"));
    EXPECT_STR("", found(&x, "lead where in_segment('hot')"));
    uint64_t at = seq_now(&x);
    EXPECT_OK(engine_undo(x.g, &tester, tx, true, &x.arena, &report, &x.e), x.e);
    EXPECT_STR("", found(&x, "lead where in_segment('hot')"));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &report, &x.e), x.e);
    EXPECT_STR("+hot", told_since(&x, at));
    EXPECT_STR("Ada", found(&x, "lead where in_segment('hot')"));
    tx = delete_(&x, x.lead, ada);
    EXPECT_INT(0, members_of(&x, hot));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &report, &x.e), x.e);
    EXPECT_STR("Ada", found(&x, "lead where in_segment('hot')"));
    tx = delete_(&x, type_named(&x, "segment"), hot);
    settle(&x);
    expect_sound(&x);
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &report, &x.e), x.e);
    EXPECT_STR("Ada", found(&x, "lead where in_segment('hot')"));
    EXPECT_INT(1, members_of(&x, hot));
    settle(&x);
    EXPECT_STR("Ada", found(&x, "lead where in_segment('hot')"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a segment's new query is followed from then on; its undo brings the old one back") {
    struct fixture x;
    struct undo_report report;
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=Ada", "score=90", "source=web"));
    kith_id bob = create(&x, x.lead, PAIRS("name=Bob", "score=10", "source=web"));
    kith_id s = make_segment(&x, "s", "lead where score >= 50");
    uint64_t at = seq_now(&x);
    kith_id tx = update(&x, type_named(&x, "segment"), s, PAIRS("query=lead where score < 50"));
    EXPECT_STR("=s", told_since(&x, at));
    EXPECT_STR("Bob", found(&x, "lead where in_segment('s')"));
    update(&x, x.lead, bob, PAIRS("score=50"));
    EXPECT_STR("", found(&x, "lead where in_segment('s')"));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &report, &x.e), x.e);
    EXPECT_STR("Ada Bob", found(&x, "lead where in_segment('s')"));
    expect_sound(&x);
    fixture_close(&x);
}

struct refusal {
    const char *name, *query, *kind, *message;
};

TEST("what is no segment is refused with its place") {
    static const struct refusal cases[] = {
        {"a", "lead where scor > 1", "live",
         "query: at 12: no field 'scor' in lead; did you mean 'score'?"},
        {"a", "lead where score > :x", "live",
         "query: nobody gives :x a value; write the value itself"},
        {"a", "lead: count()", "live",
         "query: a segment is which records, not how many; leave out what stands behind the colon"},
        {"a", "segment", "live", "query: there are no segments of records of type segment"},
        {"a", "lead where score > 1", "list",
         "query: of a list write the type of its records alone, such as contact"},
        {"a", "lead where in_segment('hott')", "live",
         "query: at 23: there is no segment 'hott'; 'kith find segment' lists them"},
        {"a", "contact where in_segment('hot')", "live",
         "query: at 26: segment 'hot' holds records of type lead, not contact"},
        {"a", "lead where in_segment(name, 'hot')", "live",
         "query: at 23: 'name' is a text: only a record is in a segment"},
        {"a", "lead where in_segment(3)", "live",
         "query: at 23: the name of a segment stands in quotes"},
    };
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    make_segment(&x, "hot", "lead where score >= 50");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        kith_id id = 0;
        char a[80], b[400], c[80];
        snprintf(a, sizeof a, "name=%s", cases[i].name);
        snprintf(b, sizeof b, "query=%s", cases[i].query);
        snprintf(c, sizeof c, "kind=%s", cases[i].kind);
        EXPECT(try_job(&x, ROW_CREATE, type_named(&x, "segment"), &id, PAIRS(a, b, c), NULL) !=
               KITH_OK);
        EXPECT_STR(cases[i].message, x.e.message);
    }
    fixture_close(&x);
}

TEST("segments ask for each other, but never for themselves, and not for what is gone") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *type = type_named(&x, "segment");
    kith_id ada = create(&x, x.lead, PAIRS("name=Ada", "score=90", "source=web"));
    create(&x, x.lead, PAIRS("name=Bob", "score=80"));
    kith_id hot = make_segment(&x, "hot", "lead where score >= 50");
    kith_id web = make_segment(&x, "web", "lead where source = 'web'");
    kith_id both =
        make_segment(&x, "both", "lead where in_segment('hot') and not in_segment('web')");
    EXPECT_STR("Bob", found(&x, "lead where in_segment('both')"));
    uint64_t at = seq_now(&x);
    update(&x, x.lead, ada, PAIRS("source=event"));
    EXPECT_STR("Ada Bob", found(&x, "lead where in_segment('both')"));
    EXPECT_STR("-web +both", told_since(&x, at));
    update(&x, x.lead, ada, PAIRS("score=1"));
    EXPECT_STR("Bob", found(&x, "lead where in_segment('both')"));
    update(&x, type, hot, PAIRS("query=lead where score < 50"));
    EXPECT_STR("Ada", found(&x, "lead where in_segment('both')"));
    EXPECT(try_job(&x, ROW_UPDATE, type, &hot, PAIRS("query=lead where in_segment('both')"),
                   NULL) == KITH_E_INVAL);
    EXPECT_STR("query: the segment would ask for itself: hot > both > hot", x.e.message);
    EXPECT(try_job(&x, ROW_UPDATE, type, &web, PAIRS("name=net"), NULL) == KITH_E_REFUSED);
    EXPECT_STR(
        "it cannot be renamed: segment 'both' asks for it by its name; change that one first",
        x.e.message);
    EXPECT(try_job(&x, ROW_DELETE, type, &web, NULL, NULL) == KITH_E_REFUSED);
    delete_(&x, type, both);
    update(&x, type, web, PAIRS("name=net"));
    EXPECT_STR("", found(&x, "lead where in_segment('net')"));
    settle(&x);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("time moves who is in a segment at the instant, not before") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id task = create(&x, x.task, PAIRS("title=Call", "due=2023-11-16T12:00Z"));
    create(&x, x.contact, PAIRS("name=Eve", "birthday=1990-11-16"));
    kith_id late = make_segment(&x, "late", "task where state = 'open' and due < now()");
    make_segment(&x, "today", "task where due = today()");
    EXPECT_STR("timed", field(&x, type_named(&x, "segment"), late, "class"));
    EXPECT_INT(0, count(&x, "task where in_segment('late')", NULL));
    struct {
        int64_t ahead;
        int late, today;
    } steps[] = {
        {1700092799999, 0, 0}, /* the last millisecond of the 15th */
        {1700092800000, 0, 1}, {1700136000000, 0, 1}, {1700136000001, 1, 1},
        {1700179199999, 1, 1}, {1700179200000, 1, 0},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        clock_set(&x.clock, steps[i].ahead);
        settle(&x);
        EXPECT_INT(steps[i].late, count(&x, "task where in_segment('late')", NULL));
        EXPECT_INT(steps[i].today, count(&x, "task where in_segment('today')", NULL));
        expect_sound(&x);
    }
    update(&x, x.task, task, PAIRS("due=2023-11-20"));
    EXPECT_INT(0, count(&x, "task where in_segment('late')", NULL));
    clock_set(&x.clock, START_MS);
    settle(&x);
    EXPECT_INT(0, count(&x, "task where in_segment('late')", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a clock that is set back takes time's work back") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.task, PAIRS("title=Call", "due=2023-11-16T12:00Z"));
    make_segment(&x, "late", "task where due < now()");
    clock_set(&x.clock, START_MS + INT64_C(400) * 86400000);
    settle(&x);
    EXPECT_INT(1, count(&x, "task where in_segment('late')", NULL));
    clock_set(&x.clock, START_MS + 1000); /* nothing is written, and nothing falls due */
    settle(&x);
    EXPECT_INT(0, count(&x, "task where in_segment('late')", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a clock that ran a year ahead puts off no refresh of a segment with a limit") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    make_segment(&x, "top", "lead order by -score limit 1");
    clock_set(&x.clock, START_MS + INT64_C(365) * 86400000);
    settle(&x); /* the next refresh is a day later */
    clock_set(&x.clock, START_MS + 1000);
    settle(&x);
    kith_id lead = create(&x, x.lead, PAIRS("name=Ada", "score=10")), found = 0;
    clock_advance(&x.clock, 86400000);
    settle(&x);
    EXPECT_INT(1, count(&x, "lead where in_segment('top')", &found));
    EXPECT(found == lead);
    fixture_close(&x);
}

static void reopen_with(struct fixture *x, const struct engine_options *o) {
    engine_close(x->g);
    fixture_open_as(x, o);
    fixture_start(x);
}

TEST("a change of the company's zone or free days moves who is in a segment, and is told") {
    struct fixture x;
    struct zone *tokyo;
    struct workdays days = {.weekend = 1u << 6};
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_OK(zone_open(&tokyo, "Asia/Tokyo", &x.e), x.e);
    struct engine_options o = fixture_options(&x);
    create(&x, x.task, PAIRS("title=A", "due=2023-11-15T12:00Z")); /* it is the 14th, a Tuesday */
    create(&x, x.task, PAIRS("title=B", "due=2023-11-16T12:00Z"));
    kith_id today = make_segment(&x, "today", "task where due = today()");
    kith_id soon = make_segment(&x, "soon", "task where due <= today() + business_days(1)");
    kith_id late = make_segment(&x, "late", "task where created >= '2023-11-15'");
    settle(&x);
    EXPECT_INT(0, members_of(&x, today));
    EXPECT_INT(1, members_of(&x, soon));
    EXPECT_INT(0, members_of(&x, late));
    EXPECT_OK(workdays_holiday(&days, STR("11-15"), &x.e), x.e);
    o.workdays = &days;
    uint64_t at = seq_now(&x);
    reopen_with(&x, &o);
    settle(&x);
    EXPECT_STR("+soon", told_since(&x, at));
    EXPECT_INT(2, members_of(&x, soon));
    expect_sound(&x);
    at = seq_now(&x);
    o.zone = tokyo;
    reopen_with(&x, &o);
    settle(&x);
    EXPECT_STR("+today +late +late", told_since(&x, at));
    EXPECT_INT(1, members_of(&x, today));
    EXPECT_INT(2, members_of(&x, late));
    expect_sound(&x);
    at = seq_now(&x);
    reopen_with(&x, &o); /* nothing is done where nothing changed */
    EXPECT_STR("false", field(&x, type_named(&x, "segment"), today, "settling"));
    EXPECT_STR("", told_since(&x, at));
    fixture_close(&x);
    zone_close(tokyo);
}

TEST("rules of the company's zone that changed under its name move who is in a segment") {
    struct fixture x;
    zone_folder_make();
    struct zone *old = zone_with_rule("Own", "AAA0"), *new = zone_with_rule("Own", "AAA-9");
    fixture_open(&x);
    struct engine_options o = fixture_options(&x);
    o.zone = old;
    reopen_with(&x, &o);
    create(&x, x.task, PAIRS("title=A", "due=2023-11-15T12:00Z")); /* it is the 14th */
    kith_id today = make_segment(&x, "today", "task where due = today()");
    settle(&x);
    EXPECT_INT(0, members_of(&x, today));
    o.zone = new;
    reopen_with(&x, &o);
    settle(&x);
    EXPECT_INT(1, members_of(&x, today));
    expect_sound(&x);
    fixture_close(&x);
    zone_close(old);
    zone_close(new);
    zone_folder_remove();
}

TEST("a segment that looks at linked records follows them") {
    struct fixture x;
    char link[64];
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *account = type_named(&x, "account");
    kith_id acme = create(&x, account, PAIRS("name=Acme", "industry=steel"));
    kith_id zinc = create(&x, account, PAIRS("name=Zinc", "industry=zinc"));
    snprintf(link, sizeof link, "account=%s", id_text(&x, acme));
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada", link));
    create(&x, x.contact, PAIRS("name=Bob", link));
    kith_id s = make_segment(&x, "steel", "contact where account.industry = 'steel'");
    EXPECT_STR("linked", field(&x, type_named(&x, "segment"), s, "class"));
    EXPECT_STR("Ada Bob", found(&x, "contact where in_segment('steel')"));
    uint64_t at = seq_now(&x);
    update(&x, account, acme, PAIRS("industry=coal"));
    EXPECT_STR("-steel -steel", told_since(&x, at));
    EXPECT_INT(0, members_of(&x, s));
    update(&x, account, acme, PAIRS("industry=steel"));
    snprintf(link, sizeof link, "account=%s", id_text(&x, zinc));
    update(&x, x.contact, ada, PAIRS(link));
    EXPECT_STR("Bob", found(&x, "contact where in_segment('steel')"));
    kith_id metal = make_segment(&x, "metal", "account where industry in ('steel', 'zinc')");
    make_segment(&x, "people", "contact where in_segment(account, 'metal')");
    EXPECT_STR("Ada Bob", found(&x, "contact where in_segment('people')"));
    update(&x, account, zinc, PAIRS("industry=food"));
    EXPECT_STR("Bob", found(&x, "contact where in_segment('people')"));
    EXPECT_INT(1, members_of(&x, metal));
    delete_(&x, account, acme);
    EXPECT_STR("", found(&x, "contact where in_segment('people')"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a segment over more records than one batch looks at is worked out whole") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    struct many few = {x.lead, 0, 2, "score=10"}, m = {x.lead, 2, 11002, "score=90"};
    EXPECT_OK(engine_write(x.g, &by_tester, create_many, &few, NULL, &x.e), x.e);
    EXPECT_OK(engine_write(x.g, &by_tester, create_many, &m, NULL, &x.e), x.e);
    kith_id hot = make_segment(&x, "hot", "lead where score >= 50");
    settle(&x);
    EXPECT_STR("false", field(&x, type_named(&x, "segment"), hot, "settling"));
    EXPECT_INT(11000, members_of(&x, hot));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("what takes long is settled in batches, and exact again afterwards") {
    struct fixture x;
    char link[64];
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *account = type_named(&x, "account"), *segment = type_named(&x, "segment");
    kith_id acme = create(&x, account, PAIRS("name=Acme", "industry=steel"));
    snprintf(link, sizeof link, "account=%s", id_text(&x, acme));
    struct many m = {x.contact, 0, 1500, link};
    EXPECT_OK(engine_write(x.g, &by_tester, create_many, &m, NULL, &x.e), x.e);
    kith_id s = make_segment(&x, "steel", "contact where account.industry = 'steel'");
    kith_id top = make_segment(&x, "top", "contact where in_segment('steel') and name < 'n3'");
    settle(&x);
    EXPECT_INT(1500, members_of(&x, s));
    EXPECT_INT(count(&x, "contact where name < 'n3'", NULL), members_of(&x, top));
    uint64_t at = seq_now(&x);
    update(&x, account, acme, PAIRS("industry=coal"));
    settle(&x);
    EXPECT_INT(0, members_of(&x, s));
    EXPECT_INT(0, members_of(&x, top));
    EXPECT_STR("false", field(&x, segment, s, "settling"));
    EXPECT(strlen(told_since(&x, at)) > 3900); /* each of them */
    expect_sound(&x);
    /* Half-way it is closed, and goes on when it is opened again. */
    update(&x, account, acme, PAIRS("industry=steel"));
    engine_close(x.g);
    fixture_reopen(&x);
    fixture_start(&x);
    settle(&x);
    EXPECT_INT(1500, members_of(&x, s));
    delete_(&x, type_named(&x, "segment"), top);
    delete_(&x, type_named(&x, "segment"), s);
    settle(&x);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a segment with a limit is worked out anew when it is due") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id ada = create(&x, x.lead, PAIRS("name=Ada", "score=10"));
    create(&x, x.lead, PAIRS("name=Bob", "score=20"));
    create(&x, x.lead, PAIRS("name=Cleo", "score=30"));
    kith_id top = make_segment(&x, "top", "lead order by -score limit 2");
    EXPECT_STR("refreshed", field(&x, type_named(&x, "segment"), top, "class"));
    EXPECT_STR("Bob Cleo", found(&x, "lead where in_segment('top')"));
    uint64_t at = seq_now(&x);
    update(&x, x.lead, ada, PAIRS("score=40"));
    EXPECT_STR("Bob Cleo", found(&x, "lead where in_segment('top')"));
    clock_set(&x.clock, START_MS + 86400000 - 1);
    settle(&x);
    EXPECT_STR("Bob Cleo", found(&x, "lead where in_segment('top')"));
    clock_set(&x.clock, START_MS + 86400000);
    settle(&x);
    EXPECT_STR("Ada Cleo", found(&x, "lead where in_segment('top')"));
    EXPECT_STR("-top +top", told_since(&x, at));
    EXPECT_STR("2023-11-15T22:13:20.000Z", field(&x, type_named(&x, "segment"), top, "refreshed"));
    delete_(&x, x.lead, ada);
    EXPECT_INT(1, members_of(&x, top));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a segment is worked out anew once a minute at most, or that would never end") {
    struct fixture x;
    kith_id id = 0;
    fixture_open(&x);
    fixture_start(&x);
    EXPECT_INT(KITH_E_INVAL,
               try_job(&x, ROW_CREATE, type_named(&x, "segment"), &id,
                       PAIRS("name=top", "query=lead order by -score limit 2", "refresh=0s"),
                       NULL));
    EXPECT_STR("refresh: '0s' is out of its range: 1m or more", x.e.message);
    EXPECT_INT(KITH_E_INVAL,
               try_job(&x, ROW_CREATE, type_named(&x, "segment"), &id,
                       PAIRS("name=top", "query=lead order by -score limit 2", "refresh=-1d"),
                       NULL));
    EXPECT_STR("refresh: '-1d' is out of its range: 1m or more", x.e.message);
    fixture_close(&x);
}

TEST("a query that changes while who asks for it is being worked out counts for those, too") {
    static const char *const sources[] = {"source=web", "source=event"};
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    for (size_t i = 0; i < 2; i++) {
        struct many m = {x.lead, 0, 3000, sources[i]};
        EXPECT_OK(engine_write(x.g, &by_tester, create_many, &m, NULL, &x.e), x.e);
    }
    kith_id first = make_segment(&x, "first", "lead where source = 'web'");
    kith_id then = make_segment(&x, "then", "lead where in_segment('first') and score = 0");
    settle(&x);
    for (int i = 0; i < 10; i++) {
        const char *query = i % 2 ? "query=lead where source = 'web'"
                                  : "query=lead where source = 'event' or name = 'n1'";
        run(&x, "segment.refresh", "then", NULL);
        update(&x, type_named(&x, "segment"), first, PAIRS(query));
        settle(&x);
        EXPECT_INT(i % 2 ? 3000 : 3001, members_of(&x, then));
        expect_sound(&x);
    }
    fixture_close(&x);
}

static kith_status first_finding(void *arg, const char *check, const char *text, kith_error *e) {
    char *out = arg;
    (void)e;
    if (text && !*out)
        snprintf(out, 200, "%s: %s", check, text);
    return KITH_OK;
}

TEST("the doctor finds what is wrong in segments, and a refresh mends it") {
    static const struct {
        const char *sql, *segment, *finding;
    } cases[] = {
        {"DELETE FROM kith_member WHERE record = (SELECT id FROM lead WHERE name = 'Bob')", "hot",
         "segments: segment 'hot' says that it has 1 members, but has 0"},
        {"UPDATE kith_member SET record = (SELECT id FROM lead WHERE name = 'Ada') WHERE segment ="
         " (SELECT id FROM segment WHERE name = 'hot')",
         "hot", "segments: segment 'hot': lead %s is not in it, though its query finds it"},
        {"DELETE FROM kith_flip", "late",
         "segments: segment 'late': task %s is not looked at again when time may change whether it"
         " is in it"},
        {"INSERT INTO kith_member VALUES(77, 77, 0, 0)", NULL,
         "segments: members are left of segment 000000000002D, which does not exist"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture x;
        char seen[200] = "";
        size_t n = 0;
        fixture_open(&x);
        fixture_start(&x);
        create(&x, x.lead, PAIRS("name=Ada", "score=10"));
        kith_id bob = create(&x, x.lead, PAIRS("name=Bob", "score=90"));
        kith_id task = create(&x, x.task, PAIRS("title=Call", "due=2023-11-16T12:00Z"));
        make_segment(&x, "hot", "lead where score >= 50");
        make_segment(&x, "late", "task where due < now()");
        expect_sound(&x);
        run_sql(&x, cases[i].sql);
        EXPECT_OK(engine_doctor(x.g, first_finding, seen, &n, &x.e), x.e);
        char expected[200];
        snprintf(expected, sizeof expected, cases[i].finding, id_text(&x, i == 2 ? task : bob));
        EXPECT_STR(expected, seen);
        if (cases[i].segment) {
            run(&x, "segment.refresh", cases[i].segment, NULL);
            settle(&x);
            expect_sound(&x);
        }
        fixture_close(&x);
    }
}

TEST("a record that cannot be read when it is due holds up no other, and the segment says so") {
    struct fixture x;
    char said[80];
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *segment = type_named(&x, "segment");
    kith_id ada = create(&x, x.lead, PAIRS("name=Ada"));
    create(&x, x.lead, PAIRS("name=Bob"));
    kith_id old = make_segment(&x, "old", "lead where created < now() - 1d");
    run_sql(&x, "UPDATE lead SET labels = 'oops' WHERE name = 'Ada'");
    clock_set(&x.clock, START_MS + 86400001);
    settle(&x);
    EXPECT_INT(1, members_of(&x, old));
    EXPECT_STR("true", field(&x, segment, old, "settling"));
    snprintf(said, sizeof said, "lead %s: lead.labels: ", id_text(&x, ada));
    EXPECT_HAS(said, field(&x, segment, old, "problem"));
    /* Tried again in vain, and then with success. */
    clock_set(&x.clock, START_MS + 86400001 + 3600000);
    settle(&x);
    EXPECT_INT(1, members_of(&x, old));
    EXPECT_HAS(said, field(&x, segment, old, "problem"));
    run_sql(&x, "UPDATE lead SET labels = NULL WHERE name = 'Ada'");
    clock_set(&x.clock, START_MS + 86400001 + 2 * 3600000);
    settle(&x);
    EXPECT_STR("Ada Bob", found(&x, "lead where in_segment('old')"));
    EXPECT_STR("false", field(&x, segment, old, "settling"));
    EXPECT_STR("", field(&x, segment, old, "problem"));
    expect_sound(&x);
    fixture_close(&x);
}

static void reopen_with_limit(struct fixture *x, int64_t ms) {
    struct engine_options o = fixture_options(x);
    o.read_limit_ms = ms;
    reopen_with(x, &o);
}

TEST("a segment that takes too long when time moves it holds up no other, and says so") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.contact, PAIRS("name=Ada", "birthday=1990-11-16"));
    create(&x, x.contact, PAIRS("name=Eve", "birthday=1990-11-16"));
    kith_id slow = make_segment(&x, "slow",
                                "contact where created < now() - 1d and count(lead where score >= "
                                "0) > 0");
    make_segment(&x, "old", "contact where created < now() - 1d");
    run_sql(&x,
            "INSERT INTO lead(id, created, updated, name, contact, score) WITH RECURSIVE i(n) AS"
            " (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 200000) SELECT 1000000000 + n, 0,"
            " 0, 'n', (SELECT max(id) FROM contact), 1 FROM i");
    run_sql(&x, "UPDATE lead SET contact = (SELECT min(id) FROM contact) WHERE id % 2");
    reopen_with_limit(&x, 1);
    for (int hour = 0; hour < 3; hour++) {
        clock_set(&x.clock, START_MS + 86400001 + hour * 3600000);
        settle(&x);
        EXPECT_STR("Ada Eve", found(&x, "contact where in_segment('old')"));
        EXPECT_HAS("took longer than allowed",
                   field(&x, type_named(&x, "segment"), slow, "problem"));
        EXPECT_STR("true", field(&x, type_named(&x, "segment"), slow, "settling"));
    }
    reopen_with_limit(&x, 60000);
    settle(&x);
    EXPECT_STR("Ada Eve", found(&x, "contact where in_segment('slow')"));
    EXPECT_STR("", field(&x, type_named(&x, "segment"), slow, "problem"));
    EXPECT_STR("false", field(&x, type_named(&x, "segment"), slow, "settling"));
    fixture_close(&x);
}

TEST("a segment that asks whether others link to it follows those") {
    struct fixture x;
    char a[64], b[64];
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *account = type_named(&x, "account");
    kith_id acme = create(&x, account, PAIRS("name=Acme", "industry=steel"));
    snprintf(a, sizeof a, "account=%s", id_text(&x, acme));
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada", a));
    kith_id bob = create(&x, x.contact, PAIRS("name=Bob"));
    kith_id s = make_segment(&x, "won", "contact where exists(lead where state = 'won')");
    EXPECT_STR("linked", field(&x, type_named(&x, "segment"), s, "class"));
    make_segment(&x, "busy", "contact where count(lead where score > 5) >= 2");
    make_segment(&x, "deep",
                 "account where exists(contact where exists(lead where state = 'won'))");
    snprintf(b, sizeof b, "contact=%s", id_text(&x, ada));
    kith_id lead = create(&x, x.lead, PAIRS("name=L", b, "score=9"));
    EXPECT_STR("", found(&x, "contact where in_segment('won')"));
    update(&x, x.lead, lead, PAIRS("state=working"));
    update(&x, x.lead, lead, PAIRS("state=won"));
    EXPECT_STR("Ada", found(&x, "contact where in_segment('won')"));
    EXPECT_STR("Acme", found(&x, "account where in_segment('deep')"));
    kith_id other = create(&x, x.lead, PAIRS("name=M", b, "score=6"));
    EXPECT_STR("Ada", found(&x, "contact where in_segment('busy')"));
    snprintf(b, sizeof b, "contact=%s", id_text(&x, bob));
    update(&x, x.lead, lead, PAIRS(b));
    EXPECT_STR("Bob", found(&x, "contact where in_segment('won')"));
    EXPECT_STR("", found(&x, "contact where in_segment('busy')"));
    EXPECT_STR("", found(&x, "account where in_segment('deep')"));
    update(&x, x.contact, bob, PAIRS(a));
    EXPECT_STR("Acme", found(&x, "account where in_segment('deep')"));
    delete_(&x, x.lead, lead);
    delete_(&x, x.lead, other);
    EXPECT_STR("", found(&x, "contact where in_segment('won')"));
    EXPECT_STR("", found(&x, "account where in_segment('deep')"));
    kith_id late =
        make_segment(&x, "late", "contact where exists(lead where created < now() - 1d)");
    EXPECT_STR("refreshed", field(&x, type_named(&x, "segment"), late, "class"));
    late = make_segment(&x, "words", "contact where matches('ada')");
    EXPECT_STR("refreshed", field(&x, type_named(&x, "segment"), late, "class"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a segment over many records is worked out in ranges, and writes meanwhile count") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    struct many m = {x.lead, 0, 12000, "source=web"};
    EXPECT_OK(engine_write(x.g, &by_tester, create_many, &m, NULL, &x.e), x.e);
    kith_id last = 0;
    EXPECT_INT(1, count(&x, "lead where name = 'n11999'", &last));
    kith_id s = make_segment(&x, "web", "lead where source = 'web' and score = 0");
    update(&x, x.lead, last, PAIRS("score=3"));
    kith_id more = create(&x, x.lead, PAIRS("name=more", "source=web"));
    settle(&x);
    EXPECT_INT(12000, members_of(&x, s));
    EXPECT_INT(12000, count(&x, "lead where in_segment('web'): count()", NULL));
    update(&x, type_named(&x, "segment"), s, PAIRS("query=lead where score = 3 or name = 'more'"));
    settle(&x);
    EXPECT_STR("n11999 more", found(&x, "lead where in_segment('web')"));
    EXPECT_INT(2, members_of(&x, s));
    delete_(&x, x.lead, more);
    EXPECT_INT(1, members_of(&x, s));
    expect_sound(&x);
    fixture_close(&x);
}

/* Why what a query finds may not be exact; "": it is. */
static const char *inexact(struct fixture *x, const char *text) {
    struct query *q;
    const char *why;
    EXPECT_OK(query_parse(&q, engine_schema(x->g), &x->arena, str_of(text), &x->e), x->e);
    EXPECT_OK(engine_inexact(x->g, &tester, q, &x->arena, &why, &x->e), x->e);
    return why ? why : "";
}

TEST("a query says that it asks for what is still being worked out, however far away") {
    static const char *const askers[] = {
        "lead where in_segment('hot')", "lead where in_segment('inner')",
        "contact where exists(lead where score > 1 and not in_segment('inner'))",
        "lead where in_segment('inner') : count()", "lead where in_segment('hot') : sum(score)"};
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    make_segment(&x, "hot", "lead where score >= 50");
    make_segment(&x, "inner", "lead where in_segment('hot') and source = 'web'");
    make_segment(&x, "cold", "lead where score < 50");
    for (size_t i = 0; i < sizeof askers / sizeof *askers; i++)
        EXPECT_STR("", inexact(&x, askers[i]));
    run_sql(&x, "UPDATE segment SET settling = 1 WHERE name = 'hot'");
    for (size_t i = 0; i < sizeof askers / sizeof *askers; i++)
        EXPECT_HAS("is being worked out: the answer may have too few or too many",
                   inexact(&x, askers[i]));
    EXPECT_HAS("segment 'inner' is", inexact(&x, askers[1])); /* the one that is asked for */
    EXPECT_STR("", inexact(&x, "lead where in_segment('cold')"));
    EXPECT_STR("", inexact(&x, "lead where score >= 50"));
    run_sql(&x, "UPDATE segment SET settling = 0 WHERE name = 'hot'");
    EXPECT_STR("", inexact(&x, askers[0]));
    fixture_close(&x);
}

TEST("a query says that it asks for what is due and not done yet, as when the company was closed") {
    static const char due[] =
        "INSERT INTO kith_flip SELECT id, 0, 1 FROM segment WHERE name = 'hot';"
        "INSERT INTO kith_flip SELECT id, 0, 1 FROM segment WHERE name = 'hired'";
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    make_segment(&x, "hot", "lead where score >= 50");
    make_segment(&x, "cold", "lead where score < 50");
    create(&x, schema_type(engine_schema(x.g), STR("segment")),
           PAIRS("name=hired", "query=lead", "kind=rented", "uses_max=1"));
    settle(&x);
    EXPECT_STR("", inexact(&x, "lead where in_segment('hot')"));
    EXPECT_STR("", inexact(&x, "lead where in_segment('hired')"));
    run_sql(&x, due);
    EXPECT_HAS("segment 'hot' is being worked out", inexact(&x, "lead where in_segment('hot')"));
    EXPECT_STR("list 'hired' is spent: who is in it is about to go",
               inexact(&x, "lead where in_segment('hired')"));
    EXPECT_STR("", inexact(&x, "lead where in_segment('cold')"));
    run_sql(&x, "DELETE FROM kith_flip");
    fixture_close(&x);
}

TEST("words are asked for while they are indexed: queries say so, and segments are mended after "
     "it") {
    struct fixture x;
    char gap[200];
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.contact, PAIRS("name=Ada"));
    kith_id s = make_segment(&x, "adas", "contact where matches('ada')");
    make_segment(&x, "asks", "contact where in_segment('adas') and birthday is null");
    EXPECT_STR("", inexact(&x, "contact where matches('ada')"));
    snprintf(gap, sizeof gap,
             "DELETE FROM kith_search; UPDATE kith_search_type SET done = 0 WHERE type = %u;"
             "UPDATE segment SET settling = 1 WHERE name = 'adas'",
             (unsigned)x.contact->id);
    run_sql(&x, gap);
    EXPECT_HAS("the search index is being built", inexact(&x, "contact where matches('ada')"));
    EXPECT_STR("", inexact(&x, "task where matches('ada')"));
    run_sql(&x, "UPDATE segment SET settling = 0 WHERE name = 'adas'");
    EXPECT_HAS("segment 'asks' is", inexact(&x, "contact where in_segment('asks')"));
    run_sql(&x, "UPDATE segment SET settling = 1 WHERE name = 'adas'");
    engine_close(x.g);
    fixture_reopen(&x);
    fixture_start(&x);
    settle(&x); /* the segment is worked out before the index is complete */
    EXPECT_OK(engine_search_build(x.g, NULL, NULL, &x.e), x.e);
    settle(&x);
    EXPECT_STR("Ada", found(&x, "contact where matches('ada')"));
    EXPECT_INT(1, members_of(&x, s));
    EXPECT_STR("Ada", found(&x, "contact where in_segment('asks')"));
    EXPECT_STR("", inexact(&x, "contact where in_segment('asks')"));
    fixture_close(&x);
}
