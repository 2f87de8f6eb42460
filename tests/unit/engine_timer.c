/* SPDX-License-Identifier: Apache-2.0 */
/* Timers, retries and published events, over restarts, changed rules and a clock that is set
 * back. */
#include "engine_fixture.h"
#include "zone_file.h"

struct fired {
    int count;
    int64_t due; /* of the last one */
};

static kith_status note(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    struct fired *f = self;
    (void)t;
    (void)e;
    f->count++;
    f->due = timer->due;
    return KITH_OK;
}

static void on_time(struct fixture *x, const char *name, const char *cron, struct fired *f) {
    struct timer_handler h = {
        .name = name, .cron = cron, .fn = note, .self = f, .source = {SOURCE_MODULE, name, "", 0}};
    EXPECT_OK(engine_add_timer(x->g, &h, &x->e), x->e);
}

struct wish {
    const char *handler;
    int64_t due;
};
static kith_status ask_for(struct txn *t, void *arg, kith_error *e) {
    struct wish *w = arg;
    kith_id id;
    return txn_timer(t, w->handler, w->due, NULL, 0, (kith_str){0}, &id, e);
}

static void ask(struct fixture *x, const char *handler, int64_t due) {
    struct wish w = {handler, due};
    EXPECT_OK(engine_write(x->g, &by_tester, ask_for, &w, NULL, &x->e), x->e);
}

static void wait_hours(struct fixture *x, int n) {
    for (; n > 0; n--) {
        clock_advance(&x->clock, HOUR_MS);
        settle(x);
    }
}

TEST("a timer that was asked for fires once, also when its handler has a cron text of its own") {
    struct fixture x;
    struct fired f = {0};
    fixture_open(&x);
    on_time(&x, "both", "0 12 * * *", &f); /* 22:13 now */
    fixture_start(&x);
    ask(&x, "both", START_MS + HOUR_MS);
    wait_hours(&x, 10);
    EXPECT_INT(1, f.count);
    wait_hours(&x, 24);
    EXPECT_INT(2, f.count); /* noon */
    fixture_close(&x);
}

static uint64_t waiting(struct fixture *x) {
    struct engine_stats stats;
    engine_stats(x->g, &stats);
    return stats.timers;
}

TEST("timers that are due together are synced to the disk together") {
    struct fixture x;
    struct fired f = {0};
    struct engine_stats before, after;
    fixture_open(&x);
    on_time(&x, "mine", NULL, &f);
    fixture_start(&x);
    uint64_t others = waiting(&x); /* the core's */
    for (int i = 0; i < 300; i++)
        ask(&x, "mine", START_MS + HOUR_MS + i);
    engine_stats(x.g, &before);
    wait_hours(&x, 2);
    engine_stats(x.g, &after);
    EXPECT_INT(300, f.count);
    EXPECT_INT(others, waiting(&x));
    EXPECT(after.groups - before.groups < 300);
    fixture_close(&x);
}

static kith_status no_room(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    (void)self;
    (void)t;
    (void)timer;
    return err_set(e, KITH_E_FULL, NULL, "no room");
}

TEST("a timer that the disk has no room for keeps none from firing that was due before it") {
    struct fixture x;
    struct fired f = {0};
    struct timer_handler bad = {
        .name = "bad", .fn = no_room, .source = {SOURCE_MODULE, "bad", "", 0}};
    fixture_open(&x);
    on_time(&x, "mine", NULL, &f);
    EXPECT_OK(engine_add_timer(x.g, &bad, &x.e), x.e);
    fixture_start(&x);
    uint64_t others = waiting(&x);
    for (int i = 0; i < 3; i++)
        ask(&x, "mine", START_MS + HOUR_MS);
    ask(&x, "bad", START_MS + HOUR_MS + 1);
    clock_advance(&x.clock, 2 * HOUR_MS);
    for (int i = 0; i < 1000 && waiting(&x) > others + 1; i++)
        engine_drain(x.g, 20, NULL);
    EXPECT_INT(others + 1, waiting(&x));
    EXPECT(f.count >= 3 && f.count <= 6); /* together, and then one by one */
    fixture_close(&x);
}

TEST("a timer whose handler is not loaded waits for it and keeps its time") {
    struct fixture x;
    struct fired f = {0}, other = {0};
    fixture_open(&x);
    on_time(&x, "mine", NULL, &f);
    fixture_start(&x);
    ask(&x, "mine", START_MS + HOUR_MS);
    engine_close(x.g);
    fixture_reopen(&x); /* its module is off */
    on_time(&x, "other", NULL, &other);
    fixture_start(&x);
    ask(&x, "other", START_MS + 2 * HOUR_MS);
    wait_hours(&x, 3);
    EXPECT_INT(1, other.count); /* it is not in the way of others */
    engine_close(x.g);
    fixture_reopen(&x);
    on_time(&x, "mine", NULL, &f);
    fixture_start(&x);
    settle(&x);
    EXPECT_INT(1, f.count);
    EXPECT_INT(START_MS + HOUR_MS, f.due);
    fixture_close(&x);
}

TEST("a handler that gave up its cron text fires no more at its times") {
    struct fixture x;
    struct fired f = {0};
    fixture_open(&x);
    on_time(&x, "mine", "@hourly", &f);
    fixture_start(&x);
    wait_hours(&x, 1);
    EXPECT_INT(1, f.count);
    engine_close(x.g);
    fixture_reopen(&x);
    on_time(&x, "mine", NULL, &f);
    fixture_start(&x);
    wait_hours(&x, 3);
    EXPECT_INT(1, f.count);
    fixture_close(&x);
}

TEST("a cron timer and a retry come in time when the clock ran ahead and was set back") {
    struct fixture x;
    struct fired f = {0};
    fixture_open(&x);
    engine_close(x.g);
    clock_set(&x.clock, START_MS + INT64_C(1000) * 24 * HOUR_MS);
    fixture_reopen(&x);
    on_time(&x, "mine", "@hourly", &f);
    fixture_start(&x);
    engine_close(x.g);
    clock_set(&x.clock, START_MS);
    fixture_reopen(&x);
    on_time(&x, "mine", "@hourly", &f);
    fixture_start(&x);
    wait_hours(&x, 1);
    EXPECT_INT(1, f.count);
    fixture_close(&x);
}

TEST("no timer is lost when the clock steps a day back, a year ahead, and to where it was") {
    struct fixture x;
    struct fired cron = {0}, once = {0};
    fixture_open(&x);
    on_time(&x, "hourly", "@hourly", &cron);
    on_time(&x, "once", NULL, &once);
    fixture_start(&x);
    ask(&x, "once", START_MS + 2 * HOUR_MS);
    clock_advance(&x.clock, -24 * HOUR_MS);
    settle(&x);
    wait_hours(&x, 1);
    EXPECT_INT(1, cron.count);
    EXPECT_INT(0, once.count);
    clock_set(&x.clock, START_MS + INT64_C(365) * 24 * HOUR_MS);
    settle(&x);
    EXPECT_INT(2, cron.count);
    EXPECT_INT(1, once.count);
    clock_set(&x.clock, START_MS);
    settle(&x);
    wait_hours(&x, 3);
    EXPECT_INT(5, cron.count);
    EXPECT_INT(1, once.count);
    expect_sound(&x);
    fixture_close(&x);
}

/* -- retries ----------------------------------------------------------------------------------- */

struct tries {
    int calls;
    bool fail;
};

static kith_status attempt(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct tries *s = self;
    (void)t;
    (void)ev;
    s->calls++;
    return s->fail ? err_set(e, KITH_E_RETRY, NULL, "not now") : KITH_OK;
}

static const struct predicate *condition(struct fixture *x, const char *text) {
    struct predicate *p;
    EXPECT_OK(predicate_parse(&p, engine_schema(x->g), x->lead, &x->arena, str_of(text), &x->e),
              x->e);
    return p;
}

static void react_to(struct fixture *x, struct tries *s, const struct predicate *where) {
    struct reaction r = {.name = "r",
                         .topic = "lead.created",
                         .where = where,
                         .fn = attempt,
                         .self = s,
                         .source = {SOURCE_RULE, "r", "", 1}};
    EXPECT_OK(engine_add_reaction(x->g, &r, &x->e), x->e);
}

TEST("a retry asks anew whether the record still meets the condition") {
    struct fixture x;
    struct tries s = {.fail = true};
    struct engine_stats stats;
    fixture_open(&x);
    react_to(&x, &s, condition(&x, "score > 5"));
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A", "score=9"));
    settle(&x);
    EXPECT_INT(1, s.calls);
    update(&x, x.lead, id, PAIRS("score=1"));
    s.fail = false;
    wait_hours(&x, 1);
    EXPECT_INT(1, s.calls);
    engine_stats(x.g, &stats);
    EXPECT_INT(0, stats.letters_waiting + stats.letters_dead);
    fixture_close(&x);
}

TEST("a retry is not put off by a clock that ran ahead when it was noted") {
    struct fixture x;
    struct tries s = {.fail = true};
    fixture_open(&x);
    engine_close(x.g);
    clock_set(&x.clock, START_MS + INT64_C(1000) * 24 * HOUR_MS);
    fixture_reopen(&x);
    react_to(&x, &s, NULL);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    engine_close(x.g);
    clock_set(&x.clock, START_MS);
    fixture_reopen(&x);
    react_to(&x, &s, NULL);
    s.fail = false;
    fixture_start(&x);
    settle(&x);
    EXPECT_INT(2, s.calls);
    fixture_close(&x);
}

TEST("a rehearsal in which a reaction fails names it") {
    struct fixture x;
    struct tries s = {.fail = true};
    struct rehearsal r;
    fixture_open(&x);
    react_to(&x, &s, NULL);
    fixture_start(&x);
    struct job j = {ROW_CREATE, x.lead, 0, PAIRS("name=A")};
    EXPECT(engine_rehearse(x.g, &by_tester, do_job, &j, &x.arena, &r, &x.e) != KITH_OK);
    EXPECT_HAS("reaction 'r' would fail: not now", x.e.message);
    EXPECT_INT(0, count(&x, "lead", NULL));
    fixture_close(&x);
}

TEST("what a reaction did not get done is not done any more when its cause is undone") {
    struct fixture x;
    struct tries s = {.fail = true};
    struct undo_report r;
    kith_id id = 0, tx;
    fixture_open(&x);
    react_to(&x, &s, NULL);
    fixture_start(&x);
    EXPECT_OK(try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=A"), &tx), x.e);
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(1, s.calls); /* it was waited for */
    wait_hours(&x, 2);
    EXPECT_INT(1, s.calls);
    create(&x, x.lead, PAIRS("name=B"));
    settle(&x);
    EXPECT_INT(2, s.calls);
    fixture_close(&x);
}

/* -- published events -------------------------------------------------------------------------- */

struct said {
    const char *topic;
    const struct rtype *type;
    kith_id subject;
};

static kith_status say(struct txn *t, void *arg, kith_error *e) {
    const struct said *s = arg;
    return txn_publish(t, s->topic, s->type, s->subject, STR("{}"), e);
}

TEST("a published event is heard whatever its subject is, and also when it has none") {
    static const struct kith_topic topics[] = {{.name = "lead.praised", .schema = 1},
                                               {.name = "shop.opened", .schema = 1}};
    struct fixture x;
    struct tries praise = {0}, opened = {0};
    fixture_open(&x);
    for (size_t i = 0; i < 2; i++) {
        struct reaction r = {.name = topics[i].name,
                             .topic = topics[i].name,
                             .fn = attempt,
                             .self = i ? &opened : &praise,
                             .source = {SOURCE_RULE, "r", "", 1}};
        EXPECT_OK(engine_add_topic(x.g, "test", &topics[i], &x.e), x.e);
        EXPECT_OK(engine_add_reaction(x.g, &r, &x.e), x.e);
    }
    fixture_start(&x);
    kith_id lead = create(&x, x.lead, PAIRS("name=A")),
            contact = create(&x, x.contact, PAIRS("name=B"));
    struct said said[] = {{"lead.praised", x.lead, lead},
                          {"lead.praised", x.contact, contact},
                          {"lead.praised", NULL, 0},
                          {"shop.opened", x.lead, lead},
                          {"shop.opened", NULL, 0}};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        EXPECT_OK(engine_write(x.g, &by_tester, say, &said[i], NULL, &x.e), x.e);
    settle(&x);
    EXPECT_INT(3, praise.calls);
    EXPECT_INT(2, opened.calls);
    struct said unknown = {"lead.unheard", NULL, 0};
    EXPECT_INT(KITH_E_NOTFOUND, engine_write(x.g, &by_tester, say, &unknown, NULL, &x.e));
    fixture_close(&x);
}

/* -- zones ------------------------------------------------------------------------------------- */

struct firings {
    int count;
    int64_t at[32];
};

static kith_status note_at(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    struct firings *f = self;
    (void)timer;
    (void)e;
    EXPECT(f->count < 32);
    f->at[f->count++] = txn_now(t);
    return KITH_OK;
}

static void open_in(struct fixture *x, const struct zone *zone, struct firings *f) {
    struct engine_options o = fixture_options(x);
    struct timer_handler h = {.name = "nine",
                              .cron = "0 9 * * *",
                              .fn = note_at,
                              .self = f,
                              .source = {SOURCE_MODULE, "nine", "", 0}};
    engine_close(x->g);
    o.zone = zone;
    EXPECT_OK(engine_open(&x->g, &o, &x->e), x->e);
    EXPECT_OK(engine_add_timer(x->g, &h, &x->e), x->e);
    fixture_start(x);
    settle(x);
}

/* Four days of a timer at nine, with other rules after so many hours; down: nobody was there for
 * so many hours before. */
static void change_rules(const char *before, const char *after, int hours, int down, int shift) {
    struct fixture x;
    struct firings f = {0};
    struct zone *old = zone_with_rule("Own", before), *new;
    fixture_open(&x);
    open_in(&x, old, &f);
    wait_hours(&x, hours);
    engine_close(x.g);
    x.g = NULL;
    clock_advance(&x.clock, down * HOUR_MS);
    new = zone_with_rule("Own", after); /* tzdata was updated */
    open_in(&x, new, &f);
    wait_hours(&x, 96 - hours - down);
    for (int i = 1; i < f.count; i++) {
        int64_t gap = f.at[i] - f.at[i - 1];
        if (gap < (23 - shift - down) * HOUR_MS || gap > (25 + shift + down) * HOUR_MS)
            TEST_FAIL("%s to %s after %d hours, %d down: %d hours between two firings", before,
                      after, hours, down, (int)(gap / HOUR_MS));
    }
    EXPECT(f.count >= 3 && f.count <= 5);
    struct civil last = zone_local(new, f.at[f.count - 1]);
    EXPECT_INT(9, last.hour);
    fixture_close(&x);
    zone_close(old);
    zone_close(new);
}

TEST("a cron timer fires once a day, whichever way the rules of its zone are changed, and when") {
    static const struct {
        const char *before, *after;
        int shift; /* hours */
    } changes[] = {
        {"AAA-1", "AAA-1", 0}, {"AAA-1", "AAA-2", 1}, {"AAA-2", "AAA-1", 1},   {"AAA5", "AAA-1", 6},
        {"AAA-1", "AAA5", 6},  {"AAA-9", "AAA-1", 8}, {"AAA0", "AAA-0:30", 1},
    };
    zone_folder_make();
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        for (int hours = 0; hours < 48; hours += 9)
            change_rules(changes[i].before, changes[i].after, hours, hours % 2 ? 5 : 0,
                         changes[i].shift);
    zone_folder_remove();
}
