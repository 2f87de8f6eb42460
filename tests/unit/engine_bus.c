/* SPDX-License-Identifier: Apache-2.0 */
/* Reactions and timers: exactly once, in order, and nothing dropped in silence. */
#include "engine_fixture.h"

struct seen {
    int calls, fail_first; /* how many calls are to fail */
    kith_id only;          /* fail for this record alone; 0: any */
    char order[64];        /* what was handled, in order */
    const char *write;     /* a task of this title is written; NULL: none */
};

static kith_status react(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct seen *s = self;
    s->calls++;
    if (s->fail_first > 0 && (!s->only || s->only == ev->id)) {
        s->fail_first--;
        return err_set(e, KITH_E_INTERNAL, NULL, "the moon is not right");
    }
    const struct rtype *lead = ev->type;
    const kith_value *name = &ev->values[type_field(lead->schema, lead, STR("name"))->index];
    size_t n = strlen(s->order);
    snprintf(s->order + n, sizeof s->order - n, "%.*s ", (int)name->as.s.len, name->as.s.ptr);
    if (!s->write)
        return KITH_OK;
    const struct rtype *task = schema_type(lead->schema, STR("task"));
    struct assign set[] = {
        {type_field(lead->schema, task, STR("title")), value_str(str_of(s->write))}};
    return txn_create(t, task, set, 1, NULL, e);
}

static void listen(struct fixture *x, const char *name, const char *topic, struct seen *s) {
    struct reaction r = {.name = name,
                         .topic = topic,
                         .fn = react,
                         .self = s,
                         .source = {SOURCE_RULE, name, "v1", 7}};
    EXPECT_OK(engine_add_reaction(x->g, &r, &x->e), x->e);
}

TEST("a reaction runs once for each event, and what it writes names its cause") {
    struct fixture x;
    struct seen s = {.write = "call"};
    fixture_open(&x);
    listen(&x, "r1", "lead.created", &s);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    kith_id b = create(&x, x.lead, PAIRS("name=B"));
    update(&x, x.lead, b, PAIRS("score=3"));
    settle(&x);
    EXPECT_INT(2, s.calls);
    EXPECT_STR("A B ", s.order);
    kith_id task;
    EXPECT_INT(2, count(&x, "task", &task));
    struct conn *c;
    struct why_step *steps;
    size_t n;
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_OK(journal_why(c, engine_schema(x.g), task, x.task->title, &x.arena, &steps, &n, &x.e),
              x.e);
    engine_reader_done(x.g, c);
    EXPECT_INT(2, n);
    EXPECT_STR("r1", steps[0].source.name);
    EXPECT_INT(7, steps[0].source.line);
    EXPECT_INT(b, steps[1].row.record);
    EXPECT_STR("tester", steps[1].actor.name);
    fixture_close(&x);
}

TEST("a reaction goes on where it stood when the engine was closed") {
    struct fixture x;
    struct seen s = {0};
    fixture_open(&x);
    listen(&x, "r1", "lead.created", &s);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    engine_close(x.g);
    fixture_reopen(&x); /* the rule is off for a while */
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=B"));
    settle(&x);
    engine_close(x.g);
    fixture_reopen(&x);
    struct seen late = {0};
    listen(&x, "r1", "lead.created", &s);
    listen(&x, "r2", "lead.created", &late);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=C"));
    settle(&x);
    EXPECT_STR("A B C ", s.order);
    EXPECT_STR("C ", late.order);
    fixture_close(&x);
}

struct heard {
    char topics[400];
    int asked, rows; /* of how many rows it was asked, and how many it saw */
};

static kith_status hear_topic(void *arg, const char *topic, kith_error *e) {
    struct heard *h = arg;
    size_t n = strlen(h->topics);
    (void)e;
    snprintf(h->topics + n, sizeof h->topics - n, "%s ", topic);
    return KITH_OK;
}

static kith_status hear(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    ((struct heard *)self)->rows++;
    return engine_event_topics(ev, txn_arena(t), hear_topic, self, e);
}

static bool no_task(void *self, uint32_t kind, const struct rtype *type) {
    ((struct heard *)self)->asked++;
    return kind == ROW_EVENT || strcmp(type->name, "task") != 0;
}

static kith_status publish_tag(struct txn *t, void *arg, kith_error *e) {
    (void)arg;
    return txn_publish(t, "segment.entered", NULL, 0, STR("{}"), e);
}

TEST("a reaction to everything is told of each row once, with all topics that it stands for") {
    struct fixture x;
    struct heard h = {.topics = ""};
    fixture_open(&x);
    struct reaction all = {.name = "all",
                           .topic = "*",
                           .sees = no_task,
                           .fn = hear,
                           .self = &h,
                           .source = {SOURCE_CORE, "all", "", 0}};
    EXPECT_OK(engine_add_reaction(x.g, &all, &x.e), x.e);
    fixture_start(&x);
    kith_id lead = create(&x, x.lead, PAIRS("name=A"));
    create(&x, type_named(&x, "task"), PAIRS("title=T"));
    update(&x, x.lead, lead, PAIRS("state=working"));
    update(&x, x.lead, lead, PAIRS("score=3"));
    EXPECT_OK(engine_write(x.g, &by_tester, publish_tag, NULL, NULL, &x.e), x.e);
    delete_(&x, x.lead, lead);
    settle(&x);
    EXPECT_STR("lead.created lead.new lead.updated lead.working lead.updated segment.entered "
               "lead.deleted ",
               h.topics);
    EXPECT_INT(5, h.rows);
    EXPECT_INT(6, h.asked);
    fixture_close(&x);
}

TEST("a state's topic fires on entering it only") {
    struct fixture x;
    struct seen s = {0};
    fixture_open(&x);
    listen(&x, "r1", "lead.working", &s);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    update(&x, x.lead, id, PAIRS("state=working"));
    update(&x, x.lead, id, PAIRS("score=1"));
    update(&x, x.lead, id, PAIRS("state=lost"));
    settle(&x);
    EXPECT_INT(1, s.calls);
    fixture_close(&x);
}

TEST(
    "a failing event is retried, and its subject's later events wait behind it while others pass") {
    struct fixture x;
    struct seen s = {.fail_first = 2};
    fixture_open(&x);
    listen(&x, "r1", "lead.updated", &s);
    fixture_start(&x);
    kith_id a = create(&x, x.lead, PAIRS("name=A")), b = create(&x, x.lead, PAIRS("name=B"));
    s.only = a;
    update(&x, x.lead, a, PAIRS("score=1"));
    settle(&x);
    update(&x, x.lead, a, PAIRS("score=2"));
    update(&x, x.lead, b, PAIRS("score=1"));
    settle(&x);
    EXPECT_STR("B ", s.order);
    struct dead_letter *letters;
    size_t n;
    EXPECT_OK(engine_letters(x.g, false, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(2, n);
    EXPECT_HAS("moon", letters[0].error);
    clock_advance(&x.clock, 2000); /* second try fails, too */
    settle(&x);
    EXPECT_STR("B ", s.order);
    clock_advance(&x.clock, 20000);
    settle(&x);
    EXPECT_STR("B A A ", s.order);
    EXPECT_OK(engine_letters(x.g, false, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(0, n);
    fixture_close(&x);
}

TEST("an event that failed is tried again at once when the clock is set back") {
    struct fixture x;
    struct seen s = {.fail_first = 1};
    fixture_open(&x);
    listen(&x, "r1", "lead.created", &s);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    EXPECT_STR("", s.order);
    clock_advance(&x.clock, -INT64_C(24) * 3600 * 1000);
    settle(&x);
    EXPECT_STR("A ", s.order);
    fixture_close(&x);
}

/* One event is handled in a group that the disk takes back. */
static void handle_and_lose(struct fixture *x, struct seen *s) {
    int left = 2; /* commits: the lead, then what the reaction wrote fails */
    fixture_open(x);
    listen(x, "r1", "lead.created", s);
    fixture_start(x);
    lose_commit(x, &left);
    create(x, x->lead, PAIRS("name=A"));
    settle(x);
    EXPECT(left < 1);
}

TEST("an event whose handling the disk took back is handled again") {
    struct fixture x;
    struct seen s = {.write = "call"};
    handle_and_lose(&x, &s);
    EXPECT_STR("A A ", s.order);
    EXPECT_INT(1, count(&x, "task", NULL));
    fixture_close(&x);
}

TEST("an event whose failure the disk took back waits for nothing") {
    struct fixture x;
    struct seen s = {.write = "call", .fail_first = 1};
    struct dead_letter *letters;
    size_t n;
    handle_and_lose(&x, &s);
    EXPECT_STR("A ", s.order);
    EXPECT_OK(engine_letters(x.g, false, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(0, n);
    fixture_close(&x);
}

TEST("after its tries an event is a dead letter that can be retried or skipped") {
    struct fixture x;
    struct seen s = {.fail_first = 6};
    struct dead_letter *letters;
    size_t n;
    fixture_open(&x);
    listen(&x, "r1", "lead.created", &s);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    for (int i = 0; i < 6; i++) {
        clock_advance(&x.clock, 2 * 3600 * 1000);
        settle(&x);
    }
    EXPECT_INT(5, s.calls);
    EXPECT_OK(engine_letters(x.g, true, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    EXPECT_OK(engine_letter_retry(x.g, &tester, letters[0].number, &x.e), x.e);
    settle(&x); /* fails the sixth time */
    EXPECT_OK(engine_letter_retry(x.g, &tester, letters[0].number, &x.e), x.e);
    settle(&x);
    EXPECT_STR("A ", s.order);
    EXPECT_INT(KITH_E_NOTFOUND, engine_letter_skip(x.g, &tester, letters[0].number, &x.e));
    fixture_close(&x);
}

TEST("an event that is told to be tried again behind another one waits, and is not dead") {
    struct fixture x;
    struct seen s = {.fail_first = 2};
    struct dead_letter *letters;
    size_t n;
    fixture_open(&x);
    listen(&x, "r1", "lead.updated", &s);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    update(&x, x.lead, id, PAIRS("score=1"));
    settle(&x);
    update(&x, x.lead, id, PAIRS("score=2"));
    settle(&x);
    EXPECT_OK(engine_letters(x.g, false, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(2, n);
    EXPECT_OK(engine_letter_retry(x.g, &tester, letters[1].number, &x.e), x.e);
    settle(&x);
    EXPECT_OK(engine_letters(x.g, false, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(2, n);
    EXPECT_INT(clock_now(&x.clock), letters[1].next);
    fixture_close(&x);
}

TEST("the number of an event that could not be handled is never that of another one") {
    struct fixture x;
    struct seen s = {.fail_first = 2};
    struct dead_letter *letters;
    size_t n;
    fixture_open(&x);
    listen(&x, "r1", "lead.created", &s);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    EXPECT_OK(engine_letters(x.g, false, &x.arena, &letters, &n, &x.e), x.e);
    uint64_t first = letters[0].number;
    EXPECT_OK(engine_letter_skip(x.g, &tester, first, &x.e), x.e);
    create(&x, x.lead, PAIRS("name=B"));
    settle(&x);
    EXPECT_OK(engine_letters(x.g, false, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    EXPECT(letters[0].number > first);
    fixture_close(&x);
}

static kith_status touch_again(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    (void)self;
    const struct rfield *score = type_field(ev->type->schema, ev->type, STR("score"));
    struct assign set = {score, value_int(ev->values[score->index].as.i + 1)};
    return txn_update(t, ev->type, ev->id, &set, 1, e);
}

TEST("reactions that set each other off are stopped, with their path in the letter") {
    struct fixture x;
    fixture_open(&x);
    struct reaction r = {.name = "loop",
                         .topic = "lead.updated",
                         .fn = touch_again,
                         .source = {SOURCE_RULE, "rules/loop.lua", "v", 3}};
    EXPECT_OK(engine_add_reaction(x.g, &r, &x.e), x.e);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A"));
    update(&x, x.lead, id, PAIRS("score=1"));
    settle(&x);
    struct dead_letter *letters;
    size_t n;
    EXPECT_OK(engine_letters(x.g, true, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    EXPECT_HAS("update of lead by rules/loop.lua", letters[0].error);
    EXPECT_STR("17", field(&x, x.lead, id, "score"));
    fixture_close(&x);
}

/* -- timers ------------------------------------------------------------------------------------ */

struct alarm {
    int calls, fail_first;
    struct timer last;
};

static kith_status ring(void *self, struct txn *t, const struct timer *timer, kith_error *e) {
    struct alarm *a = self;
    (void)t;
    a->calls++;
    a->last = *timer;
    a->last.payload = (kith_str){0};
    return a->fail_first-- > 0 ? err_set(e, KITH_E_INTERNAL, NULL, "not now") : KITH_OK;
}

static kith_status set_alarm(struct txn *t, void *arg, kith_error *e) {
    kith_id id;
    return txn_timer(t, arg, txn_now(t) + 3 * DAY_MS, NULL, 0, STR("p"), &id, e);
}

static void add_timer(struct fixture *x, const char *name, const char *cron, struct alarm *a) {
    struct timer_handler h = {
        .name = name, .cron = cron, .fn = ring, .self = a, .source = {SOURCE_RULE, name, "", 1}};
    EXPECT_OK(engine_add_timer(x->g, &h, &x->e), x->e);
}

TEST("a timer survives a restart and fires once, when it is due") {
    struct fixture x;
    struct alarm a = {0};
    fixture_open(&x);
    add_timer(&x, "wake", NULL, &a);
    fixture_start(&x);
    EXPECT_OK(engine_write(x.g, &by_tester, set_alarm, "wake", NULL, &x.e), x.e);
    clock_advance(&x.clock, 2 * DAY_MS);
    settle(&x);
    EXPECT_INT(0, a.calls);
    engine_close(x.g);
    fixture_reopen(&x);
    add_timer(&x, "wake", NULL, &a);
    clock_advance(&x.clock, 2 * DAY_MS);
    fixture_start(&x);
    settle(&x);
    clock_advance(&x.clock, 2 * DAY_MS);
    settle(&x);
    EXPECT_INT(1, a.calls);
    fixture_close(&x);
}

TEST("a cron timer fires at its times, once for those it missed, and again after a failure") {
    struct fixture x;
    struct alarm a = {.fail_first = 1};
    fixture_open(&x); /* 22:13:20 */
    add_timer(&x, "hourly", "0 * * * *", &a);
    fixture_start(&x);
    settle(&x);
    EXPECT_INT(0, a.calls);
    clock_advance(&x.clock, 47 * 60 * 1000); /* 23:00:20: fails */
    settle(&x);
    EXPECT_INT(1, a.calls);
    clock_advance(&x.clock, 5000); /* the retry */
    settle(&x);
    EXPECT_INT(2, a.calls);
    clock_advance(&x.clock, 10 * 3600 * 1000);
    settle(&x);
    EXPECT_INT(3, a.calls);
    fixture_close(&x);
}

TEST("with one try allowed, the first failure is a dead letter") {
    struct fixture x;
    struct seen s = {.fail_first = 1};
    struct dead_letter *letters;
    size_t n;
    fixture_open(&x);
    engine_close(x.g);
    struct engine_options o = fixture_options(&x);
    o.attempts_max = 1;
    EXPECT_OK(engine_open(&x.g, &o, &x.e), x.e);
    x.lead = schema_type(engine_schema(x.g), STR("lead"));
    listen(&x, "r1", "lead.created", &s);
    fixture_start(&x);
    create(&x, x.lead, PAIRS("name=A"));
    settle(&x);
    EXPECT_OK(engine_letters(x.g, true, &x.arena, &letters, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    fixture_close(&x);
}
