/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves the engine: kept with its transaction, sent in order, at least once, with one key. */
#include "engine_outbox_fixture.h"

static void again(struct fixture *x) {
    engine_close(x->g);
    fixture_reopen(x);
    add_delivery(x);
    fixture_start(x);
}

static struct outbox_queue only_queue(struct fixture *x) {
    struct outbox_queue *q;
    size_t n;
    EXPECT_OK(engine_outbox_queues(x->g, &x->arena, &q, &n, &x->e), x->e);
    EXPECT_INT(1, n);
    return q[0];
}

/* With other options of deliveries. */
static void outbox_open_as(struct fixture *x, void (*change)(struct engine_options *o)) {
    outbox_open(x);
    struct engine_options o = fixture_options(x);
    change(&o);
    engine_close(x->g);
    fixture_open_as(x, &o);
    add_delivery(x);
    fixture_start(x);
}

/* -- pauses ------------------------------------------------------------------------------------ */

TEST(
    "the longest pause doubles with each try up to the largest, and any shorter one may be drawn") {
    const struct engine_options o = {.delivery_backoff_ms = 1000, .delivery_backoff_max_ms = 60000};
    static const int64_t most[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (uint32_t tries = 1; tries <= 8; tries++) {
        EXPECT_INT(0, outbox_pause(&o, tries, 0));
        EXPECT_INT(most[tries - 1], outbox_pause(&o, tries, (uint64_t)most[tries - 1]));
        EXPECT_INT(0, outbox_pause(&o, tries, (uint64_t)most[tries - 1] + 1));
        EXPECT(outbox_pause(&o, tries, UINT64_MAX) <= most[tries - 1]);
    }
    EXPECT_INT(60000, outbox_pause(&o, UINT32_MAX, 60000));
}

TEST("a breaker opens at so many failures in a row, and for twice as long with each further one") {
    const struct engine_options o = {
        .breaker_failures = 3, .breaker_ms = 10000, .delivery_backoff_max_ms = 50000};
    static const int64_t ms[] = {0, 0, 0, 10000, 20000, 40000, 50000, 50000};
    for (uint32_t failures = 0; failures < 8; failures++)
        EXPECT_INT(ms[failures], outbox_open_for(&o, failures));
}

/* -- sending ----------------------------------------------------------------------------------- */

TEST("an effect is sent once it is durable, and in order within its endpoint") {
    struct fixture x;
    outbox_open(&x);
    static const char *const payloads[] = {"1", "2", "3", "4", "5"};
    for (int i = 0; i < 5; i++)
        send_to(&x, "a", payloads[i]);
    settle(&x);
    EXPECT_STR("", received(&x));
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_STR("1 2 3 4 5", received(&x));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("what is wanted in a transaction that fails is not sent") {
    struct fixture x;
    outbox_open_sending(&x);
    struct wanted w = {.endpoint = "a", .payload = "never", .fails = true};
    EXPECT_INT(KITH_E_REFUSED, engine_write(x.g, &by_tester, want, &w, NULL, &x.e));
    sent(&x);
    EXPECT_STR("", received(&x));
    fixture_close(&x);
}

static kith_status want_as(struct txn *t, void *arg, kith_error *e) {
    kith_id id;
    return txn_send(t, arg, &id, e);
}

static kith_status wants(struct fixture *x, const char *delivery, size_t endpoint, size_t key,
                         size_t payload) {
    static char text[OUTGOING_MAX + 1];
    memset(text, 'x', sizeof text);
    struct outgoing o = {delivery, {text, endpoint}, {text, key}, {text, payload}, NULL, 0};
    return engine_write(x->g, &by_tester, want_as, &o, NULL, &x->e);
}

TEST("what nobody delivers, or what is too large, is refused when it is wanted") {
    struct fixture x;
    outbox_open(&x);
    EXPECT_INT(KITH_E_NOTFOUND, wants(&x, "test:other", 1, 1, 1));
    EXPECT_HAS("no module that is enabled delivers 'test:other'", x.e.message);
    EXPECT_INT(KITH_E_LIMIT, wants(&x, "test:send", 1, 1, OUTGOING_MAX + 1));
    EXPECT_INT(KITH_E_LIMIT, wants(&x, "test:send", 513, 1, 1));
    EXPECT_INT(KITH_E_LIMIT, wants(&x, "test:send", 1, 257, 1));
    EXPECT_OK(wants(&x, "test:send", 512, 256, OUTGOING_MAX), x.e);
    engine_close(x.g);
    fixture_reopen(&x);
    add_delivery(&x);
    const struct delivery_handler twice = {.name = "test:send", .fn = receive};
    EXPECT_INT(KITH_E_CONFLICT, engine_add_delivery(x.g, &twice, &x.e));
    fixture_close(&x);
}

TEST("a rehearsal shows what would be sent, and sends nothing") {
    struct fixture x;
    struct rehearsal r;
    outbox_open_sending(&x);
    send_to(&x, "a", "real");
    sent(&x);
    struct wanted w = {.endpoint = "a", .payload = "tried"};
    EXPECT_OK(engine_rehearse(x.g, &by_tester, want, &w, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(1, r.outgoing_count);
    EXPECT_STR("tried", r.outgoing[0].payload.ptr);
    EXPECT_STR("test:send", r.outgoing[0].delivery);
    sent(&x);
    EXPECT_STR("real", received(&x));
    fixture_close(&x);
}

TEST("an effect that failed is tried again after its pause, and later ones wait behind it") {
    struct fixture x;
    outbox_open_sending(&x);
    set_receiver(&receiver, "a", NULL);
    kith_id first = send_to(&x, "a", "1");
    sent(&x);
    EXPECT_STR("1", received(&x));
    send_to(&x, "a", "2");
    send_to(&x, "b", "other");
    clock_set(&x.clock, item_of(&x, first).due - 1);
    sent(&x);
    EXPECT_STR("other", received(&x));
    set_receiver(&receiver, NULL, NULL);
    clock_advance(&x.clock, 1);
    sent(&x);
    EXPECT_STR("1 2", received(&x));
    EXPECT_STR("sent", state_of(&x, first));
    EXPECT_INT(2, item_of(&x, first).tries);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("an effect keeps its key through all tries") {
    struct fixture x;
    outbox_open_sending(&x);
    set_receiver(&receiver, "a", NULL);
    kith_id id = send_to(&x, "a", "1");
    for (int i = 0; i < 4; i++) {
        sent(&x);
        clock_advance(&x.clock, 3600000);
    }
    set_receiver(&receiver, NULL, NULL);
    sent(&x);
    EXPECT_INT(5, receiver.count);
    for (int i = 0; i < 5; i++) {
        EXPECT_STR(id_text(&x, id), receiver.log[i].key);
        EXPECT_INT(i + 1, receiver.log[i].attempt);
    }
    fixture_close(&x);
}

TEST("a receiver that asks for more time gets it") {
    struct fixture x;
    outbox_open_sending(&x);
    set_receiver(&receiver, "a", NULL);
    receiver.later_ms = 600000;
    kith_id id = send_to(&x, "a", "1");
    sent(&x);
    EXPECT_INT(START_MS + 600000, item_of(&x, id).due);
    fixture_close(&x);
}

TEST("a receiver that asks for years is asked again after a day") {
    struct fixture x;
    outbox_open_sending(&x);
    set_receiver(&receiver, "a", NULL);
    receiver.later_ms = INT64_C(1000) * 86400000;
    kith_id id = send_to(&x, "a", "1");
    sent(&x);
    EXPECT_INT(START_MS + 86400000, item_of(&x, id).due);
    fixture_close(&x);
}

TEST("an effect that is refused for good is set aside at once, and the next one goes on") {
    struct fixture x;
    outbox_open_sending(&x);
    receiver.refusing = "a";
    kith_id id = send_to(&x, "a", "1");
    sent(&x);
    receiver.refusing = NULL;
    send_to(&x, "a", "2");
    sent(&x);
    EXPECT_STR("1 2", received(&x));
    EXPECT_STR("dead", state_of(&x, id));
    EXPECT_STR("nobody of that name here", item_of(&x, id).error.ptr);
    EXPECT_OK(engine_outbox_retry(x.g, &tester, id, &x.e), x.e);
    sent(&x);
    EXPECT_STR("1", received(&x));
    EXPECT_STR("sent", state_of(&x, id));
    fixture_close(&x);
}

TEST("an effect is dead after its last try, and can be skipped") {
    struct fixture x;
    struct outbox_item *dead;
    size_t n;
    outbox_open_sending(&x);
    set_receiver(&receiver, "a", NULL);
    kith_id id = send_to(&x, "a", "1");
    for (int i = 0; i < 12; i++) {
        sent(&x);
        clock_advance(&x.clock, 2 * 3600000);
    }
    EXPECT_INT(12, receiver.count);
    EXPECT_OK(engine_outbox(x.g, OUTBOX_DEAD, 10, &x.arena, &dead, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    EXPECT(dead[0].id == id);
    EXPECT_OK(engine_outbox_skip(x.g, &tester, id, &x.e), x.e);
    EXPECT_STR("cancelled", state_of(&x, id));
    EXPECT_INT(KITH_E_NOTFOUND, engine_outbox_skip(x.g, &tester, id, &x.e));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("an endpoint that fails and fails is tried with one effect at a time, seldom, until it "
     "answers") {
    struct fixture x;
    struct outbox_queue *q;
    size_t n;
    outbox_open_sending(&x);
    set_receiver(&receiver, "a", NULL);
    static const char *const payloads[] = {"1", "2", "3"};
    for (int i = 0; i < 3; i++)
        send_to(&x, "a", payloads[i]);
    sent(&x);
    for (int i = 0; i < 4; i++) {
        clock_advance(&x.clock, 3600000);
        sent(&x);
    }
    EXPECT_STR("1 1 1 1 1", received(&x));
    EXPECT_OK(engine_outbox_queues(x.g, &x.arena, &q, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    EXPECT_INT(5, q[0].failures);
    EXPECT_INT(clock_now(&x.clock) + 30000, q[0].opened);
    EXPECT_INT(3, q[0].waiting);
    set_receiver(&receiver, NULL, NULL);
    clock_advance(&x.clock, 29999);
    sent(&x);
    EXPECT_STR("", received(&x));
    clock_advance(&x.clock, 3600000);
    sent(&x);
    EXPECT_STR("1 2 3", received(&x));
    EXPECT_OK(engine_outbox_queues(x.g, &x.arena, &q, &n, &x.e), x.e);
    EXPECT_INT(0, q[0].failures);
    EXPECT_INT(0, q[0].opened);
    fixture_close(&x);
}

TEST("an endpoint that says no is there: its failures are no longer in a row") {
    struct fixture x;
    outbox_open_sending(&x);
    set_receiver(&receiver, "a", NULL);
    send_to(&x, "a", "1");
    sent(&x);
    EXPECT_INT(1, only_queue(&x).failures);
    receiver.refusing = "a";
    clock_advance(&x.clock, 3600000);
    sent(&x);
    EXPECT_INT(0, only_queue(&x).failures);
    fixture_close(&x);
}

static void one_try_each(struct engine_options *o) {
    o->delivery_attempts = 1;
    o->breaker_failures = 2;
}

TEST("with the last try of one that opens the breaker the others wait") {
    struct fixture x;
    outbox_open_as(&x, one_try_each);
    set_receiver(&receiver, "a", NULL);
    for (int i = 0; i < 4; i++)
        send_to(&x, "a", "x");
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_STR("x x", received(&x));
    EXPECT_INT(2, only_queue(&x).dead);
    clock_advance(&x.clock, 3600000);
    sent(&x);
    EXPECT_STR("x", received(&x));
    fixture_close(&x);
}

/* Then its breaker is open. */
static kith_id fail_five_times(struct fixture *x) {
    set_receiver(&receiver, "a", NULL);
    kith_id id = send_to(x, "a", "1");
    for (int i = 0; i < 5; i++) {
        clock_advance(&x->clock, i ? 3600000 : 0);
        sent(x);
    }
    EXPECT_STR("1 1 1 1 1", received(x));
    EXPECT_INT(clock_now(&x->clock) + 30000, only_queue(x).opened);
    return id;
}

TEST("what is new for an endpoint that is left alone waits, too") {
    struct fixture x;
    outbox_open_sending(&x);
    kith_id id = fail_five_times(&x);
    EXPECT_OK(engine_outbox_skip(x.g, &tester, id, &x.e), x.e);
    send_to(&x, "a", "2");
    sent(&x);
    EXPECT_STR("", received(&x));
    clock_advance(&x.clock, 30000);
    sent(&x);
    EXPECT_STR("2", received(&x));
    fixture_close(&x);
}

TEST("what is tried again by hand is tried at once, and as often as a new one") {
    struct fixture x;
    outbox_open_sending(&x);
    kith_id id = fail_five_times(&x);
    EXPECT_OK(engine_outbox_retry(x.g, &tester, id, &x.e), x.e);
    sent(&x);
    EXPECT_STR("1", received(&x));
    EXPECT_INT(1, item_of(&x, id).tries);
    EXPECT_INT(1, only_queue(&x).failures);
    fixture_close(&x);
}

TEST("what comes behind one that is skipped goes at once, and what was sent cannot be skipped") {
    struct fixture x;
    outbox_open_sending(&x);
    set_receiver(&receiver, "a", NULL);
    receiver.later_ms = 600000;
    kith_id first = send_to(&x, "a", "1");
    sent(&x);
    kith_id second = send_to(&x, "a", "2");
    set_receiver(&receiver, NULL, NULL);
    EXPECT_OK(engine_outbox_skip(x.g, &tester, first, &x.e), x.e);
    sent(&x);
    EXPECT_STR("1 2", received(&x));
    EXPECT_INT(KITH_E_NOTFOUND, engine_outbox_skip(x.g, &tester, second, &x.e));
    EXPECT_STR("sent", state_of(&x, second));
    fixture_close(&x);
}

TEST("one that waits for its next try is not taken along with one that is tried again by hand") {
    struct fixture x;
    outbox_open_sending(&x);
    receiver.refusing = "a";
    kith_id first = send_to(&x, "a", "1");
    sent(&x);
    receiver.refusing = NULL;
    set_receiver(&receiver, "a", NULL);
    receiver.later_ms = 600000;
    send_to(&x, "a", "2");
    sent(&x);
    set_receiver(&receiver, NULL, NULL);
    EXPECT_OK(engine_outbox_retry(x.g, &tester, first, &x.e), x.e);
    sent(&x);
    EXPECT_STR("1 2 1", received(&x));
    clock_advance(&x.clock, 600000);
    sent(&x);
    EXPECT_STR("2", received(&x));
    fixture_close(&x);
}

TEST("an endpoint that hangs holds up no other one") {
    struct fixture x;
    outbox_open_sending(&x);
    set_receiver(&receiver, NULL, "slow");
    send_to(&x, "slow", "s1");
    send_to(&x, "slow", "s2");
    pthread_mutex_lock(&receiver.lock);
    while (receiver.inside == 0)
        pthread_cond_wait(&receiver.cond, &receiver.lock);
    pthread_mutex_unlock(&receiver.lock);
    for (int i = 0; i < 100; i++)
        send_to(&x, "b", "b");
    pthread_mutex_lock(&receiver.lock);
    while (receiver.count < 101)
        pthread_cond_wait(&receiver.cond, &receiver.lock);
    pthread_mutex_unlock(&receiver.lock);
    EXPECT_STR("s1", receiver.log[0].payload);
    set_receiver(&receiver, NULL, NULL);
    sent(&x);
    EXPECT_INT(102, receiver.count);
    EXPECT_STR("s2", receiver.log[101].payload);
    fixture_close(&x);
}

TEST("slow endpoints have half of the workers at most, and the others go on") {
    struct fixture x;
    char endpoint[16];
    outbox_open(&x);
    set_receiver(&receiver, NULL, "slow0 slow1 slow2 slow3 slow4 slow5");
    for (int i = 0; i < 6; i++) {
        snprintf(endpoint, sizeof endpoint, "slow%d", i);
        send_to(&x, endpoint, endpoint);
    }
    run_sql(&x, "UPDATE kith_outbox_queue SET slow = 1");
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    pthread_mutex_lock(&receiver.lock);
    while (receiver.inside < 2)
        pthread_cond_wait(&receiver.cond, &receiver.lock);
    pthread_mutex_unlock(&receiver.lock);
    for (int i = 0; i < 50; i++)
        send_to(&x, "b", "b");
    pthread_mutex_lock(&receiver.lock);
    while (receiver.count < 52)
        pthread_cond_wait(&receiver.cond, &receiver.lock);
    pthread_mutex_unlock(&receiver.lock);
    for (int i = 0; i < 2; i++)
        EXPECT(strncmp(receiver.log[i].endpoint, "slow", 4) == 0);
    for (int i = 2; i < 52; i++)
        EXPECT_STR("b", receiver.log[i].endpoint);
    set_receiver(&receiver, NULL, NULL);
    sent(&x);
    EXPECT_INT(56, receiver.count);
    expect_sound(&x);
    fixture_close(&x);
}

static void stay_inside(int64_t ms) {
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    pthread_mutex_lock(&receiver.lock);
    while (receiver.inside == 0)
        pthread_cond_wait(&receiver.cond, &receiver.lock);
    pthread_mutex_unlock(&receiver.lock);
    nanosleep(&pause, NULL);
}

static void one_worker(struct engine_options *o) {
    o->delivery_workers = 1;
}

TEST("an endpoint with many effects gives way to one that waits") {
    struct fixture x;
    outbox_open_as(&x, one_worker);
    for (int i = 0; i < 40; i++)
        send_to(&x, "a", "a");
    clock_advance(&x.clock, 1);
    send_to(&x, "b", "b");
    clock_advance(&x.clock, 1);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_INT(41, receiver.count);
    EXPECT_STR("b", receiver.log[32].payload);
    fixture_close(&x);
}

TEST("an endpoint whose try takes more than a second is slow, and gives way to one that waits") {
    struct fixture x;
    struct conn *c;
    int64_t slow;
    outbox_open_as(&x, one_worker);
    set_receiver(&receiver, NULL, "a");
    send_to(&x, "a", "a1");
    send_to(&x, "a", "a2");
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    stay_inside(1);
    send_to(&x, "b", "b");
    stay_inside(1050);
    clock_advance(&x.clock, 1);
    set_receiver(&receiver, NULL, NULL);
    sent(&x);
    EXPECT_STR("a1 b a2", received(&x));
    set_receiver(&receiver, NULL, "a");
    send_to(&x, "a", "a3");
    stay_inside(1050);
    set_receiver(&receiver, NULL, NULL);
    sent(&x);
    EXPECT_OK(engine_reader(x.g, &c, &x.e), x.e);
    EXPECT_OK(
        conn_int(c, "SELECT slow FROM kith_outbox_queue WHERE endpoint = 'a'", 0, &slow, &x.e),
        x.e);
    engine_reader_done(x.g, c);
    EXPECT_INT(1, slow);
    fixture_close(&x);
}

TEST("what is for an endpoint that is held waits, also over a restart") {
    struct fixture x;
    bool held = true;
    outbox_open_sending(&x);
    EXPECT_OK(engine_write(x.g, &by_tester, hold_a, &held, NULL, &x.e), x.e);
    send_to(&x, "a", "1");
    sent(&x);
    again(&x);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_STR("", received(&x));
    held = false;
    EXPECT_OK(engine_write(x.g, &by_tester, hold_a, &held, NULL, &x.e), x.e);
    sent(&x);
    EXPECT_STR("1", received(&x));
    fixture_close(&x);
}

TEST("an endpoint that is let go again is tried at once, though it had failed and failed") {
    struct fixture x;
    bool held[] = {true, false};
    outbox_open_sending(&x);
    EXPECT_OK(engine_outbox_skip(x.g, &tester, fail_five_times(&x), &x.e), x.e);
    send_to(&x, "a", "2");
    for (int i = 0; i < 2; i++)
        EXPECT_OK(engine_write(x.g, &by_tester, hold_a, &held[i], NULL, &x.e), x.e);
    sent(&x);
    EXPECT_STR("2", received(&x));
    fixture_close(&x);
}

TEST("what was being sent when the process ended is sent again with the same key") {
    struct fixture x;
    outbox_open(&x);
    kith_id id = send_to(&x, "a", "1");
    run_sql(&x, "UPDATE kith_outbox SET state = 2; UPDATE kith_outbox_queue SET taken = 1,"
                " due = NULL");
    again(&x);
    expect_sound(&x);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_INT(1, receiver.count);
    EXPECT_STR(id_text(&x, id), receiver.log[0].key);
    fixture_close(&x);
}

TEST("closing cuts off a try that hangs, and it counts for nothing") {
    struct fixture x;
    outbox_open_sending(&x);
    set_receiver(&receiver, NULL, "a");
    kith_id id = send_to(&x, "a", "1");
    pthread_mutex_lock(&receiver.lock);
    while (receiver.inside == 0)
        pthread_cond_wait(&receiver.cond, &receiver.lock);
    pthread_mutex_unlock(&receiver.lock);
    again(&x);
    EXPECT_STR("waiting", state_of(&x, id));
    EXPECT_INT(0, item_of(&x, id).tries);
    set_receiver(&receiver, NULL, NULL);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_STR("sent", state_of(&x, id));
    fixture_close(&x);
}

TEST("effects of a module that is not there wait for it") {
    struct fixture x;
    outbox_open(&x);
    kith_id id = send_to(&x, "a", "1");
    engine_close(x.g);
    fixture_reopen(&x);
    fixture_start(&x);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_STR("waiting", state_of(&x, id));
    expect_sound(&x);
    again(&x);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_STR("sent", state_of(&x, id));
    fixture_close(&x);
}

TEST("a clock that is set back has nothing wait until it is again where it was") {
    struct fixture x;
    outbox_open_sending(&x);
    set_receiver(&receiver, "a", NULL);
    clock_advance(&x.clock, 86400000);
    kith_id id = send_to(&x, "a", "1");
    sent(&x);
    EXPECT(item_of(&x, id).due > START_MS + 7200000);
    run_sql(&x, "UPDATE kith_outbox_queue SET opened = 1700100000000");
    clock_set(&x.clock, START_MS + 3600000);
    settle(&x);
    EXPECT(item_of(&x, id).due <= START_MS + 7200000);
    EXPECT(only_queue(&x).opened <= START_MS + 7200000);
    fixture_close(&x);
}

/* -- answers ----------------------------------------------------------------------------------- */

struct heard {
    int count;
    kith_id tx;
};

static kith_status answered_lead(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct heard *h = self;
    (void)t;
    (void)e;
    h->count++;
    h->tx = ev->tx;
    EXPECT(str_eqz(ev->payload, "{\"ok\":true}"));
    return KITH_OK;
}

static struct tx_head transaction(struct fixture *x, kith_id tx) {
    struct tx_head head;
    struct conn *c;
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_OK(journal_tx_read(c, tx, &x->arena, &head, &x->e), x->e);
    engine_reader_done(x->g, c);
    return head;
}

TEST("an answer is published once, about the record, and says what led to it") {
    struct fixture x;
    struct heard heard = {0};
    receiver = (struct receiver){.lock = PTHREAD_MUTEX_INITIALIZER,
                                 .cond = PTHREAD_COND_INITIALIZER,
                                 .answers = "lead.answered"};
    fixture_open(&x);
    add_delivery(&x);
    const struct reaction r = {.name = "test:answered",
                               .topic = "lead.answered",
                               .fn = answered_lead,
                               .self = &heard,
                               .source = {SOURCE_MODULE, "test", "1", 0}};
    EXPECT_OK(engine_add_reaction(x.g, &r, &x.e), x.e);
    fixture_start(&x);
    kith_id run = create(&x, x.lead, PAIRS("name=Names the run"));
    const struct write_opts o = {.principal = &tester, .origin = ORIGIN_CLI, .run = run};
    struct about a = {&x, "1", 0, 0};
    EXPECT_OK(engine_write(x.g, &o, create_and_tell, &a, NULL, &x.e), x.e);
    set_receiver(&receiver, "a", NULL);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_INT(0, heard.count);
    set_receiver(&receiver, NULL, NULL);
    clock_advance(&x.clock, 3600000);
    sent(&x);
    EXPECT_INT(1, heard.count);
    struct outbox_item item = item_of(&x, a.effect);
    struct tx_head tx = transaction(&x, heard.tx);
    EXPECT_STR("{\"ok\":true}", item.answer.ptr);
    EXPECT(tx.cause > 0 && tx.cause == item.cause);
    EXPECT_INT(1, tx.depth);
    EXPECT(tx.run == run);
    again(&x);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_INT(2, receiver.count);
    expect_sound(&x);
    fixture_close(&x);
}

TEST("what was sent is sent, though its answer cannot be published") {
    struct fixture x;
    outbox_open_sending(&x);
    receiver.answers = "lead.nothing";
    kith_id id = send_to(&x, "a", "1");
    sent(&x);
    EXPECT_STR("sent", state_of(&x, id));
    EXPECT_STR("1", received(&x));
    fixture_close(&x);
}

TEST("what came to its end goes when it is old enough, and what is dead stays") {
    struct fixture x;
    struct outbox_item *all;
    size_t n;
    outbox_open_sending(&x);
    send_to(&x, "a", "1");
    receiver.refusing = "b";
    send_to(&x, "b", "2");
    sent(&x);
    struct engine_options o = fixture_options(&x);
    o.outbox_keep_ms = 86400000;
    engine_close(x.g);
    clock_advance(&x.clock, 3 * 86400000LL);
    fixture_open_as(&x, &o);
    add_delivery(&x);
    fixture_start(&x);
    kith_id young = send_to(&x, "a", "3");
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    clock_advance(&x.clock, 86400000 - 1);
    settle(&x);
    EXPECT_STR("sent", state_of(&x, young));
    clock_advance(&x.clock, 86400000);
    settle(&x);
    EXPECT_OK(engine_outbox(x.g, 0, 10, &x.arena, &all, &n, &x.e), x.e);
    EXPECT_INT(1, n);
    EXPECT_INT(OUTBOX_DEAD, all[0].state);
    fixture_close(&x);
}

TEST("thousands of effects to many endpoints all arrive, each endpoint's in order") {
    struct fixture x;
    int last[16] = {0};
    outbox_open_sending(&x);
    for (int i = 1; i <= 3000; i++) {
        char endpoint[16], payload[16];
        snprintf(endpoint, sizeof endpoint, "e%d", i % 16);
        snprintf(payload, sizeof payload, "%d", i);
        send_to(&x, endpoint, payload);
    }
    sent(&x);
    EXPECT_INT(3000, receiver.count);
    for (int i = 0; i < 3000; i++) {
        int at = atoi(receiver.log[i].endpoint + 1), n = atoi(receiver.log[i].payload);
        EXPECT(n > last[at]);
        last[at] = n;
    }
    expect_sound(&x);
    fixture_close(&x);
}
