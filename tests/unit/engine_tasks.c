/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks and dates: sub-tasks, repetition, reminders, life events, and what the base types hold. */
#include "engine_fixture.h"
#include "zone_file.h"

#define DAY INT64_C(86400000)

static const struct rtype *type_of(struct fixture *x, const char *name) {
    return schema_type(engine_schema(x->g), str_of(name));
}

static const char *pair(struct fixture *x, const char *field_name, const char *type, kith_id id) {
    return arena_printf(&x->arena, "%s=%s%s", field_name, type, id_text(x, id));
}

static kith_id child_of(struct fixture *x, kith_id parent, const char *title) {
    return create(x, x->task,
                  PAIRS(arena_printf(&x->arena, "title=%s", title), pair(x, "parent", "", parent)));
}

static void set_state(struct fixture *x, kith_id id, const char *state) {
    update(x, x->task, id, PAIRS(arena_printf(&x->arena, "state=%s", state)));
}

/* -- sub-tasks --------------------------------------------------------------------------------- */

TEST("a task of three parts is open while two are done, and done with the third") {
    struct fixture x;
    kith_id parts[3];
    fixture_open(&x);
    fixture_start(&x);
    kith_id parent = create(&x, x.task, PAIRS("title=Paperwork"));
    for (int i = 0; i < 3; i++)
        parts[i] = child_of(&x, parent, "part");
    set_state(&x, parts[0], "done");
    set_state(&x, parts[1], "done");
    EXPECT_STR("open", field(&x, x.task, parent, "state"));
    set_state(&x, parts[2], "done");
    EXPECT_STR("done", field(&x, x.task, parent, "state"));
    set_state(&x, parts[1], "open");
    EXPECT_STR("open", field(&x, x.task, parent, "state"));
    set_state(&x, parts[1], "cancelled");
    EXPECT_STR("done", field(&x, x.task, parent, "state"));
    kith_id more = child_of(&x, parent, "one more");
    EXPECT_STR("open", field(&x, x.task, parent, "state"));
    delete_(&x, x.task, more);
    EXPECT_STR("done", field(&x, x.task, parent, "state"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("parts of parts carry on to the top, undone as a whole, and a cancelled parent stays so") {
    struct fixture x;
    struct undo_report r;
    fixture_open(&x);
    fixture_start(&x);
    kith_id top = create(&x, x.task, PAIRS("title=top"));
    kith_id middle = child_of(&x, top, "middle"), leaf = child_of(&x, middle, "leaf");
    kith_id tx = update(&x, x.task, leaf, PAIRS("state=done"));
    EXPECT_STR("done", field(&x, x.task, top, "state"));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT_STR("open", field(&x, x.task, leaf, "state"));
    EXPECT_STR("open", field(&x, x.task, top, "state"));
    set_state(&x, top, "cancelled");
    set_state(&x, leaf, "done");
    EXPECT_STR("done", field(&x, x.task, middle, "state"));
    EXPECT_STR("cancelled", field(&x, x.task, top, "state"));
    kith_id id = top;
    EXPECT_INT(KITH_E_REFUSED,
               try_job(&x, ROW_UPDATE, x.task, &id, PAIRS(pair(&x, "parent", "", leaf)), NULL));
    fixture_close(&x);
}

TEST("a part that moves to another task leaves the first one done") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id a = create(&x, x.task, PAIRS("title=a")), b = create(&x, x.task, PAIRS("title=b"));
    set_state(&x, child_of(&x, a, "done part"), "done");
    EXPECT_STR("done", field(&x, x.task, a, "state"));
    kith_id open = child_of(&x, a, "open part");
    EXPECT_STR("open", field(&x, x.task, a, "state"));
    set_state(&x, b, "done");
    update(&x, x.task, open, PAIRS(pair(&x, "parent", "", b)));
    EXPECT_STR("done", field(&x, x.task, a, "state"));
    EXPECT_STR("open", field(&x, x.task, b, "state"));
    fixture_close(&x);
}

#define WHOLES 4
#define PARTS  12

static uint32_t seed;
static uint32_t below(uint32_t n) {
    seed = seed * 1103515245u + 12345u;
    return (seed >> 8) % n;
}

/* What its parts say a task is: NULL when they say nothing. */
static const char *said_by_parts(struct fixture *x, kith_id whole) {
    const char *of = id_text(x, whole);
    int64_t open =
        count(x, arena_printf(&x->arena, "task where parent = '%s' and state = 'open'", of), NULL);
    int64_t done =
        count(x, arena_printf(&x->arena, "task where parent = '%s' and state = 'done'", of), NULL);
    return open ? "open" : done ? "done" : NULL;
}

TEST("whatever becomes of the parts, a whole is what they say") {
    static const char *const states[] = {"open", "done", "cancelled"};
    struct fixture x;
    kith_id wholes[WHOLES], parts[PARTS];
    const char *given = getenv("KITH_SEED");
    seed = given ? (uint32_t)strtoul(given, NULL, 10) : 1;
    printf("seed %u\n", seed);
    fixture_open(&x);
    fixture_start(&x);
    for (int i = 0; i < WHOLES; i++)
        wholes[i] = create(&x, x.task, PAIRS("title=whole"));
    for (int i = 0; i < PARTS; i++)
        parts[i] = child_of(&x, wholes[below(WHOLES)], "part");
    for (int step = 0; step < 400; step++) {
        kith_id *part = &parts[below(PARTS)];
        uint32_t what = below(8);
        if (what == 0) {
            delete_(&x, x.task, *part);
            *part = child_of(&x, wholes[below(WHOLES)], "part");
        } else if (what < 3) {
            update(&x, x.task, *part, PAIRS(pair(&x, "parent", "", wholes[below(WHOLES)])));
        } else {
            const char *to = arena_printf(&x.arena, "state=%s", states[below(3)]);
            try_job(&x, ROW_UPDATE, x.task, part, PAIRS(to), NULL); /* not every arrow is there */
        }
        for (int i = 0; i < WHOLES; i++) {
            const char *said = said_by_parts(&x, wholes[i]);
            if (said)
                EXPECT_STR(said, field(&x, x.task, wholes[i], "state"));
        }
    }
    expect_sound(&x);
    fixture_close(&x);
}

/* -- due days and repetition ------------------------------------------------------------------- */

TEST("a task due on a day at a time, without reminder, is listed on that day only") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    create(&x, x.task, PAIRS("title=Follow up", "due=2022-02-12 14:45"));
    EXPECT_INT(1, count(&x, "task where due = '2022-02-12'", NULL));
    EXPECT_INT(0, count(&x, "task where due = '2022-02-11'", NULL));
    EXPECT_INT(0, count(&x, "task where due = '2022-02-13'", NULL));
    kith_id tag = create(&x, type_of(&x, "tag"), PAIRS("name=Website lead"));
    EXPECT_STR("", field(&x, type_of(&x, "tag"), tag, "description"));
    create(&x, x.contact, PAIRS("name=Ada L", "tags=Website lead,never told of"));
    EXPECT_INT(1, count(&x, "contact where tagged('Website lead')", NULL));
    fixture_close(&x);
}

TEST("a task that repeats makes its next one when it is done, once, as long ahead as it was") {
    struct fixture x;
    kith_id next = 0;
    fixture_open(&x);
    fixture_start(&x);
    kith_id id = create(&x, x.task,
                        PAIRS("title=Water", "repeat=7d", "priority=high", "due=2023-11-15 09:00",
                              "reminder=2023-11-15 08:00"));
    set_state(&x, id, "done");
    EXPECT_INT(1, count(&x, "task where state = 'open'", &next));
    EXPECT_STR("2023-11-22T09:00:00.000Z", field(&x, x.task, next, "due"));
    EXPECT_STR("2023-11-22T08:00:00.000Z", field(&x, x.task, next, "reminder"));
    EXPECT_STR("high", field(&x, x.task, next, "priority"));
    set_state(&x, id, "open");
    set_state(&x, next, "cancelled");
    EXPECT_INT(2, count(&x, "task", NULL));
    fixture_close(&x);
}

TEST("the next one of a late task lies ahead, by duration or by the clock") {
    struct fixture x;
    kith_id next = 0;
    fixture_open(&x);
    fixture_start(&x); /* Tuesday, 14 November 2023, 22:13 */
    kith_id id = create(&x, x.task, PAIRS("title=A", "repeat=7d", "due=2023-10-02 09:00"));
    set_state(&x, id, "done");
    EXPECT_INT(1, count(&x, "task where state = 'open'", &next));
    EXPECT_STR("2023-11-20T09:00:00.000Z", field(&x, x.task, next, "due"));
    delete_(&x, x.task, next);
    id = create(&x, x.task, PAIRS("title=B", "repeat=30 8 * * fri"));
    set_state(&x, id, "done");
    EXPECT_INT(1, count(&x, "task where state = 'open'", &next));
    EXPECT_STR("2023-11-17T08:30:00.000Z", field(&x, x.task, next, "due"));
    static const char *const bad[] = {"repeat=often", "repeat=5s", "repeat=-7d",
                                      "repeat=61 * * * *"};
    for (size_t i = 0; i < 4; i++) {
        EXPECT_INT(KITH_E_INVAL, try_job(&x, ROW_UPDATE, x.task, &next, PAIRS(bad[i]), NULL));
        EXPECT_STR("repeat", x.e.field);
    }
    fixture_close(&x);
}

/* -- reminders --------------------------------------------------------------------------------- */

struct heard {
    int count;
    char last[64];
};

static kith_status hear(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct heard *h = self;
    (void)t;
    (void)e;
    h->count++;
    snprintf(h->last, sizeof h->last, "%.*s", (int)ev->payload.len, ev->payload.ptr);
    return KITH_OK;
}

static void listen(struct fixture *x, struct heard *h, const char *topic) {
    struct reaction r = {.name = "test:hear", .topic = topic, .fn = hear, .self = h};
    r.source = (struct source){SOURCE_RULE, "test", "", 0};
    EXPECT_OK(engine_add_reaction(x->g, &r, &x->e), x->e);
}

TEST("a reminder is told when its time has come, of an open task, at its last time only") {
    struct fixture x;
    struct heard h = {0};
    fixture_open(&x);
    listen(&x, &h, "task.reminder");
    fixture_start(&x);
    kith_id put_off = create(&x, x.task, PAIRS("title=A", "reminder=2023-11-15 09:00"));
    kith_id done = create(&x, x.task, PAIRS("title=B", "reminder=2023-11-15 09:00"));
    kith_id gone = create(&x, x.task, PAIRS("title=C", "reminder=2023-11-15 09:00"));
    create(&x, x.task, PAIRS("title=D", "reminder=2023-11-15 09:00"));
    create(&x, x.task, PAIRS("title=long ago", "reminder=2020-01-01"));
    update(&x, x.task, put_off, PAIRS("reminder=2023-11-16 09:00"));
    update(&x, x.task, put_off, PAIRS("reminder=2023-11-17 09:00"));
    update(&x, x.task, put_off, PAIRS("reminder=2023-11-16 09:00"));
    set_state(&x, done, "done");
    delete_(&x, x.task, gone);
    clock_advance(&x.clock, DAY);
    settle(&x);
    EXPECT_INT(1, h.count);
    EXPECT_STR("{\"reminder\":\"2023-11-15T09:00:00.000Z\"}", h.last);
    clock_advance(&x.clock, DAY);
    settle(&x);
    EXPECT_INT(2, h.count);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a yearly life event is told each year, and knows its next day") {
    struct fixture x;
    struct heard h = {0};
    fixture_open(&x);
    listen(&x, &h, "life_event.due");
    fixture_start(&x);
    const struct rtype *event = type_of(&x, "life_event");
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada L"));
    const char *about = pair(&x, "about", "contact/", ada);
    kith_id id = create(&x, event, PAIRS(about, "kind=birthday", "date=1996-02-29", "yearly=true"));
    EXPECT_STR("2024-02-29", field(&x, event, id, "next"));
    kith_id once = create(&x, event, PAIRS(about, "kind=move", "date=2023-12-01"));
    EXPECT_STR("2023-12-01", field(&x, event, once, "next"));
    kith_id past = create(&x, event, PAIRS(about, "kind=graduation", "date=2010-06-01"));
    EXPECT_STR("", field(&x, event, past, "next"));
    clock_advance(&x.clock, 18 * DAY);
    settle(&x);
    EXPECT_INT(1, h.count);
    EXPECT_STR("{\"next\":\"2023-12-01\"}", h.last);
    EXPECT_STR("", field(&x, event, once, "next"));
    clock_advance(&x.clock, 100 * DAY);
    settle(&x);
    EXPECT_INT(2, h.count);
    EXPECT_STR("2025-02-28", field(&x, event, id, "next"));
    clock_advance(&x.clock, 366 * DAY);
    settle(&x);
    EXPECT_INT(3, h.count);
    EXPECT_STR("2026-02-28", field(&x, event, id, "next"));
    delete_(&x, x.contact, ada);
    EXPECT_INT(0, count(&x, "life_event", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

TEST(
    "a life event is told of a day that has begun, and of a yearly one not before its first year") {
    struct fixture x;
    struct heard h = {0};
    fixture_open(&x);
    listen(&x, &h, "life_event.due");
    fixture_start(&x); /* Tuesday, 14 November 2023, 22:13 */
    const struct rtype *event = type_of(&x, "life_event");
    const char *about = pair(&x, "about", "contact/", create(&x, x.contact, PAIRS("name=Ada L")));
    kith_id today =
        create(&x, event, PAIRS(about, "kind=birthday", "date=1990-11-14", "yearly=true"));
    kith_id later =
        create(&x, event, PAIRS(about, "kind=birthday", "date=2030-01-05", "yearly=true"));
    EXPECT_STR("2030-01-05", field(&x, event, later, "next"));
    settle(&x);
    EXPECT_INT(1, h.count);
    EXPECT_STR("2024-11-14", field(&x, event, today, "next"));
    fixture_close(&x);
}

TEST("a birthday comes each year though nobody says so, and a purchase does not") {
    static const struct {
        const char *kind, *yearly, *is, *next;
    } rows[] = {{"kind=birthday", NULL, "true", "2024-03-13"},
                {"kind=anniversary", NULL, "true", "2024-03-13"},
                {"kind=wedding", NULL, "true", "2024-03-13"},
                {"kind=purchase", NULL, "false", ""},
                {"kind=birthday", "yearly=false", "false", ""}};
    struct fixture x;
    struct heard h = {0};
    fixture_open(&x);
    listen(&x, &h, "life_event.due");
    fixture_start(&x);
    const struct rtype *event = type_of(&x, "life_event");
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada L"));
    const char *about = pair(&x, "about", "contact/", ada);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kith_id id =
            create(&x, event, PAIRS(about, rows[i].kind, "date=1990-03-13", rows[i].yearly));
        EXPECT_STR(rows[i].is, field(&x, event, id, "yearly"));
        EXPECT_STR(rows[i].next, field(&x, event, id, "next"));
    }
    clock_advance(&x.clock, 366 * DAY);
    settle(&x);
    EXPECT_INT(3, h.count);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("an interaction that is written down without a time took place now") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *t = type_of(&x, "interaction");
    kith_id now = create(&x, t, PAIRS("channel=call"));
    EXPECT_STR("2023-11-14T22:13:20.000Z", field(&x, t, now, "at"));
    kith_id then = create(&x, t, PAIRS("channel=call", "at=2023-01-02T03:04:05Z"));
    EXPECT_STR("2023-01-02T03:04:05.000Z", field(&x, t, then, "at"));
    kith_id planned = create(&x, t, PAIRS("channel=call", "planned=true"));
    EXPECT_STR("", field(&x, t, planned, "at"));
    clock_advance(&x.clock, 1000);
    update(&x, t, planned, PAIRS("planned=false"));
    EXPECT_STR("2023-11-14T22:13:21.000Z", field(&x, t, planned, "at"));
    expect_sound(&x);
    fixture_close(&x);
}

static void open_in_zone(struct fixture *x, const struct zone *zone, struct heard *h) {
    struct engine_options o = fixture_options(x);
    engine_close(x->g);
    o.zone = zone;
    EXPECT_OK(engine_open(&x->g, &o, &x->e), x->e);
    listen(x, h, "life_event.due");
    fixture_start(x);
}

/* Told at the first full hour of that day, once. */
static void expect_told_on_its_day(const char *before, const char *after) {
    struct fixture x;
    struct heard h = {0};
    struct zone *old = zone_with_rule("Own", before), *new = zone_with_rule("Own", after);
    fixture_open(&x);
    open_in_zone(&x, old, &h);
    kith_id ada = create(&x, type_of(&x, "contact"), PAIRS("name=Ada L"));
    create(&x, type_of(&x, "life_event"),
           PAIRS(pair(&x, "about", "contact/", ada), "kind=birthday", "date=1990-11-20",
                 "yearly=true"));
    open_in_zone(&x, new, &h);
    for (int hour = 0; hour < 9 * 24; hour++) {
        int was = h.count;
        clock_advance(&x.clock, DAY / 24);
        settle(&x);
        struct civil now = zone_local(new, engine_now(x.g));
        if (h.count != was && (now.month != 11 || now.day != 20))
            TEST_FAIL("%s to %s: told at %d-%02d %02d:00", before, after, now.month, now.day,
                      now.hour);
    }
    EXPECT_INT(1, h.count);
    EXPECT_STR("{\"next\":\"2023-11-20\"}", h.last);
    fixture_close(&x);
    zone_close(old);
    zone_close(new);
}

TEST("a life event is told on its day by the rules of that day, once") {
    zone_folder_make();
    expect_told_on_its_day("AAA0", "AAA0");
    expect_told_on_its_day("AAA0", "AAA8");
    expect_told_on_its_day("AAA0", "AAA-9");
    expect_told_on_its_day("AAA-9", "AAA8");
    zone_folder_remove();
}

TEST("what the next day is goes by the day that it is where the company is") {
    static const struct {
        const char *zone, *next;
    } rows[] = {{"AAA0", "2023-11-14"}, {"AAA-9", ""}, {"AAA23", "2023-11-14"}};
    zone_folder_make();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fixture x;
        struct heard h = {0};
        struct zone *zone = zone_with_rule("Own", rows[i].zone);
        fixture_open(&x);
        open_in_zone(&x, zone, &h); /* by UTC it is 14 November, 22:13 */
        const struct rtype *event = type_of(&x, "life_event");
        const char *about =
            pair(&x, "about", "contact/", create(&x, type_of(&x, "contact"), PAIRS("name=Ada L")));
        kith_id move = create(&x, event, PAIRS(about, "kind=move", "date=2023-11-14"));
        EXPECT_STR(rows[i].next, field(&x, event, move, "next"));
        fixture_close(&x);
        zone_close(zone);
    }
    zone_folder_remove();
}

/* -- forms ------------------------------------------------------------------------------------- */

TEST("a task is done with answers that fit what it asks, and may be open with a part of them") {
    static const struct {
        const char *answers, *wanted; /* NULL: they fit */
    } rows[] = {
        {"{\"t\":\"x\",\"b\":false,\"d\":\"2024-02-29\",\"c\":\"no\"}", NULL},
        {"{\"t\":\"x\",\"b\":true,\"d\":\"2024-02-29\",\"c\":\"yes\",\"n\":1.5}", NULL},
        {"{\"t\":\"\",\"b\":true,\"d\":\"2024-02-29\",\"c\":\"yes\"}", "answers: 't' is a text"},
        {"{\"t\":1,\"b\":true,\"d\":\"2024-02-29\",\"c\":\"yes\"}", "answers: 't' is a text"},
        {"{\"t\":\"x\",\"b\":\"true\",\"d\":\"2024-02-29\",\"c\":\"yes\"}",
         "answers: 'b' is a boolean"},
        {"{\"t\":\"x\",\"b\":true,\"d\":\"2024-02-30\",\"c\":\"yes\"}", "answers: 'd' is a date"},
        {"{\"t\":\"x\",\"b\":true,\"d\":\"2024-02-29\",\"c\":\"maybe\"}",
         "answers: 'c' is one of yes, no"},
        {"{\"t\":\"x\",\"b\":true,\"d\":\"2024-02-29\",\"c\":\"yes\",\"n\":\"1\"}",
         "answers: 'n' is a number"},
        {"{\"t\":\"x\",\"b\":true,\"d\":\"2024-02-29\",\"c\":\"yes\",\"z\":1}",
         "answers: nobody asked for 'z'"},
    };
    static const char form[] = "form={\"t\":\"text\",\"b\":\"boolean\",\"d\":\"date\","
                               "\"c\":[\"yes\",\"no\"],\"n\":\"number?\"}";
    static const char *const ill[][2] = {
        {"form=[]", "form: write {\"decision\": [\"yes\", \"no\"], \"reason\": \"text?\"}"},
        {"form={\"a\":[1]}", "form: the choices of 'a' are texts"},
        {"form={\"a\":[]}", "form: 'a' asks for a text, number, boolean or date"},
        {"form={\"a\":1}", "form: 'a' asks for a text, number, boolean or date"},
    };
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kith_id id = create(&x, x.task, PAIRS("title=A", form, "answers={\"t\":\"x\"}"));
        const char *answers = arena_printf(&x.arena, "answers=%s", rows[i].answers);
        kith_status st = try_job(&x, ROW_UPDATE, x.task, &id, PAIRS(answers, "state=done"), NULL);
        EXPECT_STR(rows[i].wanted ? rows[i].wanted : "fits", st == KITH_OK ? "fits" : x.e.message);
    }
    for (size_t i = 0; i < sizeof ill / sizeof *ill; i++) {
        kith_id id = 0;
        EXPECT_INT(KITH_E_INVAL,
                   try_job(&x, ROW_CREATE, x.task, &id, PAIRS("title=A", ill[i][0]), NULL));
        EXPECT_HAS(ill[i][1], x.e.message);
    }
    fixture_close(&x);
}

/* -- who they are ------------------------------------------------------------------------------ */

TEST("a household's people are linked and stay records of their own, as are relations") {
    struct fixture x;
    fixture_open(&x);
    fixture_start(&x);
    kith_id home = create(&x, type_of(&x, "household"), PAIRS("name=Family L", "city=Wien"));
    const char *in = pair(&x, "household", "", home);
    kith_id ada = create(&x, x.contact, PAIRS("name=Ada L", in)),
            ben = create(&x, x.contact, PAIRS("name=Ben L", in));
    create(&x, type_of(&x, "relation"),
           PAIRS("kind=parent", pair(&x, "party", "contact/", ada),
                 pair(&x, "other", "contact/", ben)));
    EXPECT_INT(2, count(&x, "contact where household.city = 'Wien'", NULL));
    EXPECT_INT(1, count(&x, "contact where exists(relation.party where kind = 'parent')", NULL));
    delete_(&x, x.contact, ben);
    EXPECT_INT(0, count(&x, "relation", NULL));
    EXPECT_INT(1, count(&x, "contact where household.city = 'Wien'", NULL));
    fixture_close(&x);
}

TEST(
    "one customer is the same record for five business units, 47 warehouses and 3 service points") {
    struct fixture x;
    char name[32];
    fixture_open(&x);
    fixture_start(&x);
    const struct rtype *account = type_of(&x, "account");
    kith_id root = create(&x, account, PAIRS("name=Us", "kind=department", "kinds=customer"));
    kith_id customer = create(&x, x.contact, PAIRS("name=Ada L", "kinds=customer,supplier"));
    for (int i = 0; i < 55; i++) {
        snprintf(name, sizeof name, "name=Site %d", i);
        kith_id site = create(&x, account, PAIRS(name, pair(&x, "parent", "", root)));
        create(&x, type_of(&x, "interaction"),
               PAIRS("channel=store", pair(&x, "account", "", site),
                     pair(&x, "contact", "", customer)));
    }
    EXPECT_INT(1, count(&x, "contact", NULL));
    EXPECT_INT(55, count(&x,
                         arena_printf(&x.arena,
                                      "account where exists(interaction.account where contact ="
                                      " '%s')",
                                      id_text(&x, customer)),
                         NULL));
    EXPECT_INT(1, count(&x, "contact where tagged(kinds, 'supplier')", NULL));
    EXPECT_INT(1,
               count(&x, "account where kind = 'department' and tagged(kinds, 'customer')", NULL));
    fixture_close(&x);
}
