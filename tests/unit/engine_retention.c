/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of retention: what they find goes every night, what others need stays and is told, and all
 * of it can be taken back. */
#include "engine/retention.h"
#include "engine_fixture.h"

#define DAY INT64_C(86400000)

static const kith_field visit_fields[] = {
    {.name = "of", .kind = KITH_F_LINK, .options = "lead", .flags = KITH_FF_REQUIRED},
};
static const kith_field shelf_fields[] = {
    {.name = "name", .kind = KITH_F_TEXT},
    {.name = "within", .kind = KITH_F_LINK, .options = "shelf", .flags = KITH_FF_PARTOF},
};
static const kith_type visit_types[] = {
    {.name = "shelf", .fields = KITH_ARRAY(shelf_fields)},
    {.name = "lead", .title = "name", .fields = KITH_ARRAY(lead_fields)},
    {.name = "visit", .fields = KITH_ARRAY(visit_fields)},
};
static const struct schema_source visit_source = {
    .module = "sales", .version = 1, .types = KITH_ARRAY(visit_types)};

#define WEB     "lead where source = 'web'"
#define OLD_WEB "lead where source = 'web' and updated < now() - 30d"

static void open_with(struct fixture *x, const char *find) {
    fixture_open_with(x, &visit_source, 1);
    EXPECT_OK(engine_add_retention(x->g, "old", find, "why", &x->e), x->e);
    fixture_start(x);
}

static void pass_days(struct fixture *x, int64_t days) {
    clock_set(&x->clock, engine_now(x->g) + days * DAY);
    settle(x);
}

static void open_again(struct fixture *x) {
    engine_close(x->g);
    fixture_reopen(x);
    EXPECT_OK(engine_add_retention(x->g, "old", OLD_WEB, "", &x->e), x->e);
    fixture_start(x);
}

static kith_id visit(struct fixture *x, kith_id lead) {
    char link[64];
    snprintf(link, sizeof link, "of=%s", id_text(x, lead));
    return create(x, schema_type(engine_schema(x->g), STR("visit")), PAIRS(link));
}

static const struct retention_rule *rule(struct fixture *x) {
    return engine_retention_rule(x->g, 0);
}

TEST("what a rule finds goes by night, and comes back as a whole when that is undone") {
    struct fixture x;
    struct conn *c;
    struct undo_report r;
    int64_t run;
    open_with(&x, OLD_WEB);
    for (int i = 0; i < 450; i++)
        create(&x, x.lead, PAIRS(i % 3 ? "source=web" : "source=event", "name=L"));
    pass_days(&x, 20);
    EXPECT_INT(450, count(&x, "lead", NULL));
    pass_days(&x, 20);
    EXPECT_INT(150, count(&x, "lead", NULL));
    EXPECT_INT(0, count(&x, "lead where source = 'web'", NULL));
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_OK(conn_int(c, "SELECT max(run) FROM kith_tx WHERE origin = 9", 0, &run, &x.e), x.e);
    engine_reader_done(x.g, c);
    expect_sound(&x);
    EXPECT_OK(engine_undo(x.g, &tester, (kith_id)run, false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(300, r.reversed);
    EXPECT_INT(450, count(&x, "lead", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a rule goes by night again once a clock that ran a year ahead is set back") {
    struct fixture x;
    open_with(&x, OLD_WEB);
    pass_days(&x, 365);
    kith_id event = create(&x, x.lead, PAIRS("source=event", "name=E"));
    pass_days(&x, -365);
    create(&x, x.lead, PAIRS("source=web", "name=L"));
    pass_days(&x, 29);
    EXPECT_INT(2, count(&x, "lead", NULL));
    pass_days(&x, 3);
    EXPECT_INT(0, count(&x, WEB, NULL));
    EXPECT_STR("E", field(&x, x.lead, event, "name"));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("when the clock leaps ahead nothing goes for a week, and what had its age goes then") {
    struct fixture x;
    open_with(&x, OLD_WEB);
    create(&x, x.lead, PAIRS("source=web", "name=L"));
    pass_days(&x, 365);
    for (int day = 0; day < 6; day++)
        pass_days(&x, 1);
    EXPECT_INT(1, count(&x, WEB, NULL));
    pass_days(&x, 1);
    EXPECT_INT(0, count(&x, WEB, NULL));
    fixture_close(&x);
}

TEST("a clock that leaps a year ahead again and again costs no record, restarted or not") {
    struct fixture x;
    open_with(&x, OLD_WEB);
    create(&x, x.lead, PAIRS("source=web", "name=L"));
    for (int times = 0; times < 8; times++) {
        pass_days(&x, 365 + times);
        pass_days(&x, 3);
        clock_advance(&x.clock, -(368 + times) * DAY);
        if (times % 2) /* it is set back while nobody looks */
            open_again(&x);
        settle(&x);
        pass_days(&x, 3);
        EXPECT_INT(1, count(&x, WEB, NULL));
    }
    pass_days(&x, 10); /* it is old now */
    EXPECT_INT(0, count(&x, WEB, NULL));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a rehearsal tells what would go and what would stay, and changes nothing") {
    struct fixture x;
    struct retention_report r;
    kith_id needed = 0;
    open_with(&x, WEB);
    for (int i = 0; i < 150; i++) {
        kith_id id = create(&x, x.lead, PAIRS("source=web", "name=L"));
        needed = i == 3 ? id : needed;
    }
    kith_id from = visit(&x, needed);
    EXPECT_OK(engine_retention_rehearse(x.g, &tester, rule(&x), &x.arena, &r, &x.e), x.e);
    EXPECT_INT(150, r.found);
    EXPECT_INT(RETENTION_TRIED, r.tried);
    EXPECT_INT(1, r.stay);
    EXPECT_INT(1, r.stay_count);
    EXPECT(r.stays[0].id == needed);
    EXPECT_HAS(id_text(&x, from), r.stays[0].reason);
    EXPECT_HAS("links to it", r.stays[0].reason);
    EXPECT_INT(5, r.id_count);
    EXPECT_INT(150, count(&x, "lead", NULL));
    fixture_close(&x);
}

TEST(
    "what is needed stays, however often the rule runs, and the rest goes at once when asked for") {
    struct fixture x;
    struct retention_report r;
    open_with(&x, WEB);
    for (int i = 0; i < 300; i++) {
        kith_id id = create(&x, x.lead, PAIRS("source=web", "name=L"));
        if (i % 3 == 0)
            visit(&x, id);
    }
    EXPECT_OK(engine_retention_apply(x.g, &tester, rule(&x), &x.arena, &r, &x.e), x.e);
    EXPECT_INT(300, r.found);
    EXPECT_INT(100, r.stay);
    EXPECT(r.run != 0);
    EXPECT_INT(100, count(&x, "lead", NULL));
    settle(&x);
    pass_days(&x, 1);
    pass_days(&x, 1);
    EXPECT_INT(100, count(&x, "lead", NULL));
    EXPECT_OK(engine_retention_apply(x.g, &tester, rule(&x), &x.arena, &r, &x.e), x.e);
    EXPECT_INT(100, r.stay);
    EXPECT_INT(0, r.run);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("what went with what it was part of is neither gone twice nor said to stay") {
    struct fixture x;
    struct retention_report r;
    open_with(&x, "shelf");
    const struct rtype *shelf = type_named(&x, "shelf");
    kith_id whole = create(&x, shelf, PAIRS("name=whole"));
    create(&x, shelf, PAIRS(arena_printf(&x.arena, "within=%s", id_text(&x, whole))));
    EXPECT_OK(engine_retention_apply(x.g, &tester, rule(&x), &x.arena, &r, &x.e), x.e);
    EXPECT_INT(0, r.stay);
    EXPECT_INT(0, count(&x, "shelf", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

static kith_status fail_as_told(void *self, struct txn *t, struct change *c, kith_error *e) {
    const kith_status *with = self;
    (void)t, (void)c;
    return err_set(e, *with, NULL, "it could not be done");
}

TEST("a rule that the disk or want of memory ends says so, instead of that records are needed") {
    static kith_status fails[] = {KITH_E_FULL, KITH_E_NOMEM, KITH_E_REFUSED};
    for (size_t i = 0; i < sizeof fails / sizeof *fails; i++) {
        struct fixture x;
        struct retention_report r = {0};
        fixture_open_with(&x, &visit_source, 1);
        EXPECT_OK(engine_add_retention(x.g, "old", WEB, "why", &x.e), x.e);
        struct hook h = {.type = x.lead,
                         .on = ON_DELETE,
                         .fn = fail_as_told,
                         .self = &fails[i],
                         .source = {SOURCE_RULE, "fail", "", 1}};
        EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
        fixture_start(&x);
        create(&x, x.lead, PAIRS("source=web", "name=L"));
        bool needed = fails[i] == KITH_E_REFUSED;
        EXPECT_INT(needed ? KITH_OK : fails[i],
                   engine_retention_apply(x.g, &tester, rule(&x), &x.arena, &r, &x.e));
        EXPECT_INT(needed, r.stay);
        EXPECT_INT(1, count(&x, "lead", NULL));
        fixture_close(&x);
    }
}

TEST("a rule whose query is wrong is off, and says why; two of one name are refused") {
    static const char *const wrong[][2] = {{"lead where nmae = 'x'", "name"},
                                           {"lead limit 5", "without limit"},
                                           {"lead : count()", "without limit, totals"},
                                           {"lead where name = :x", "parameters"},
                                           {"nothing", "nothing"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct fixture x;
        struct retention_report r;
        open_with(&x, wrong[i][0]);
        create(&x, x.lead, PAIRS("name=L"));
        EXPECT(rule(&x)->query == NULL);
        EXPECT_HAS(wrong[i][1], rule(&x)->wrong);
        pass_days(&x, 2);
        EXPECT_INT(1, count(&x, "lead", NULL));
        EXPECT_INT(KITH_E_INVAL,
                   engine_retention_apply(x.g, &tester, rule(&x), &x.arena, &r, &x.e));
        EXPECT_HAS("is off", x.e.message);
        fixture_close(&x);
    }
    struct fixture x;
    fixture_open(&x);
    EXPECT_OK(engine_add_retention(x.g, "a", "lead", "", &x.e), x.e);
    EXPECT_INT(KITH_E_CONFLICT, engine_add_retention(x.g, "a", "lead", "", &x.e));
    fixture_start(&x);
    fixture_close(&x);
}

TEST("a restart in the midst goes on where it stood") {
    struct fixture x;
    open_with(&x, OLD_WEB);
    for (int i = 0; i < 600; i++)
        create(&x, x.lead, PAIRS("source=web", "name=L"));
    pass_days(&x, 20);
    clock_set(&x.clock, START_MS + 40 * DAY);
    for (int i = 0; i < 5; i++) /* it stops between two batches, if there is time for one */
        open_again(&x);
    settle(&x);
    EXPECT_INT(0, count(&x, "lead", NULL));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("a rule that asks for a purpose that is not there deletes nobody, by night or when asked to") {
    struct fixture x;
    struct retention_report r;
    open_with(&x, "contact where not consent('newsletter')");
    const struct rtype *purpose = schema_type(engine_schema(x.g), STR("purpose"));
    create(&x, x.contact, PAIRS("name=Anna"));
    pass_days(&x, 2);
    EXPECT_INT(1, count(&x, "contact", NULL));
    EXPECT_INT(KITH_E_INVAL, engine_retention_apply(x.g, &tester, rule(&x), &x.arena, &r, &x.e));
    EXPECT_INT(1, count(&x, "contact", NULL));
    create(&x, purpose, PAIRS("name=newsletter"));
    pass_days(&x, 2);
    EXPECT_INT(0, count(&x, "contact", NULL));
    fixture_close(&x);
}
