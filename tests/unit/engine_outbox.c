/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves the engine: kept with its transaction, sent in order, at least once, with one key. */
#include "engine_fixture.h"

#include "engine/engine_internal.h"
#include "engine/outbox.h"
#include "journal/outbox.h"

#include <pthread.h>

/* -- a receiver -------------------------------------------------------------------------------- */

#define LOG_MAX 4096
struct got {
    char endpoint[16], key[40], payload[64];
    uint32_t attempt;
};
struct receiver {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct got log[LOG_MAX];
    int count;
    /* What the endpoints that begin so answer. */
    const char *failing, *refusing, *waiting, *stuck;
    int64_t later_ms;
    bool answers;
    int inside; /* of the stuck ones */
};

static bool is(const char *endpoint, const char *list) {
    return list && strstr(list, endpoint);
}

static kith_status receive(void *self, struct delivery_call *call, kith_error *e) {
    struct receiver *r = self;
    const struct outbox_item *i = call->item;
    char endpoint[16];
    snprintf(endpoint, sizeof endpoint, "%.*s", (int)i->endpoint.len, i->endpoint.ptr);
    pthread_mutex_lock(&r->lock);
    if (r->count < LOG_MAX) {
        struct got *g = &r->log[r->count++];
        snprintf(g->endpoint, sizeof g->endpoint, "%s", endpoint);
        snprintf(g->key, sizeof g->key, "%.*s", (int)i->key.len, i->key.ptr);
        snprintf(g->payload, sizeof g->payload, "%.*s", (int)i->payload.len, i->payload.ptr);
        g->attempt = call->attempt;
    }
    r->inside++;
    pthread_cond_broadcast(&r->cond);
    while (is(endpoint, r->stuck) && !engine_stopping(call->engine)) {
        struct timespec at;
        clock_gettime(CLOCK_REALTIME, &at);
        at.tv_nsec += 5000000;
        if (at.tv_nsec >= 1000000000) {
            at.tv_sec++;
            at.tv_nsec -= 1000000000;
        }
        pthread_cond_timedwait(&r->cond, &r->lock, &at);
    }
    r->inside--;
    bool stopped = is(endpoint, r->stuck), fails = is(endpoint, r->failing) || stopped;
    bool refuses = is(endpoint, r->refusing);
    call->later_ms = fails ? r->later_ms : 0;
    if (r->answers) {
        call->topic = "lead.answered";
        call->data = STR("{\"ok\":true}");
    }
    pthread_mutex_unlock(&r->lock);
    if (refuses)
        return err_set(e, KITH_E_REFUSED, NULL, "nobody of that name here");
    return fails ? err_set(e, KITH_E_RETRY, NULL, "no answer") : KITH_OK;
}

static void set_receiver(struct receiver *r, const char *failing, const char *stuck) {
    pthread_mutex_lock(&r->lock);
    r->failing = failing;
    r->stuck = stuck;
    pthread_cond_broadcast(&r->cond);
    pthread_mutex_unlock(&r->lock);
}

/* -- an engine that sends to it ---------------------------------------------------------------- */

static struct receiver receiver;
static const kith_field answered_fields[] = {{.name = "ok", .kind = KITH_F_BOOLEAN}};
static const kith_topic answered = {"lead.answered", 1, 0, KITH_ARRAY(answered_fields), "It was."};

static void add_delivery(struct fixture *x) {
    const struct delivery_handler h = {.name = "test:send",
                                       .fn = receive,
                                       .self = &receiver,
                                       .source = {SOURCE_MODULE, "test", "1", 0}};
    EXPECT_OK(engine_add_topic(x->g, "test", &answered, &x->e), x->e);
    EXPECT_OK(engine_add_delivery(x->g, &h, &x->e), x->e);
}

static void outbox_open(struct fixture *x) {
    receiver =
        (struct receiver){.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    fixture_open(x);
    add_delivery(x);
    fixture_start(x);
}

static void outbox_open_sending(struct fixture *x) {
    outbox_open(x);
    EXPECT_OK(engine_send_start(x->g, &x->e), x->e);
}

static void again(struct fixture *x) {
    engine_close(x->g);
    fixture_reopen(x);
    add_delivery(x);
    fixture_start(x);
}

static void sent(struct fixture *x) {
    EXPECT_OK(engine_send_wait(x->g, 20000, &x->e), x->e);
}

struct wanted {
    const char *endpoint, *payload;
    const struct rtype *type;
    kith_id subject, id;
    bool fails;
};

static kith_status want(struct txn *t, void *arg, kith_error *e) {
    struct wanted *w = arg;
    const struct outgoing o = {.delivery = "test:send",
                               .endpoint = str_of(w->endpoint),
                               .payload = str_of(w->payload),
                               .type = w->type,
                               .subject = w->subject};
    kith_id id;
    TRY(txn_send(t, &o, &id, e));
    w->id = id;
    return w->fails ? err_set(e, KITH_E_REFUSED, NULL, "no") : KITH_OK;
}

static kith_id send_to(struct fixture *x, const char *endpoint, const char *payload) {
    struct wanted w = {.endpoint = endpoint, .payload = payload};
    EXPECT_OK(engine_write(x->g, &by_tester, want, &w, NULL, &x->e), x->e);
    return w.id;
}

/* "a1 a2 b1": payloads in the order in which they came. */
static const char *received(struct fixture *x) {
    struct buf b = {0};
    pthread_mutex_lock(&receiver.lock);
    for (int i = 0; i < receiver.count; i++)
        buf_printf(&b, "%s%s", i ? " " : "", receiver.log[i].payload);
    receiver.count = 0;
    pthread_mutex_unlock(&receiver.lock);
    const char *text = arena_strdup(&x->arena, b.ptr ? b.ptr : "");
    buf_free(&b);
    return text;
}

static const char *state_of(struct fixture *x, kith_id id) {
    struct outbox_item i;
    EXPECT_OK(engine_outbox_item(x->g, id, &x->arena, &i, &x->e), x->e);
    return outbox_state_name(i.state);
}

static struct outbox_item item_of(struct fixture *x, kith_id id) {
    struct outbox_item i;
    EXPECT_OK(engine_outbox_item(x->g, id, &x->arena, &i, &x->e), x->e);
    return i;
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

static kith_status hold_a(struct txn *t, void *arg, kith_error *e) {
    return txn_hold(t, "test:send", STR("a"), *(bool *)arg, e);
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
    clock_set(&x.clock, START_MS + 3600000);
    settle(&x);
    EXPECT(item_of(&x, id).due <= START_MS + 7200000);
    fixture_close(&x);
}

/* -- answers ----------------------------------------------------------------------------------- */

static kith_status answered_lead(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    (void)t;
    (void)e;
    ++*(int *)self;
    EXPECT(str_eqz(ev->payload, "{\"ok\":true}"));
    return KITH_OK;
}

TEST("an answer is published once, about the record, and says what led to it") {
    struct fixture x;
    int heard = 0;
    receiver = (struct receiver){
        .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .answers = true};
    fixture_open(&x);
    add_delivery(&x);
    const struct reaction r = {.name = "test:answered",
                               .topic = "lead.answered",
                               .fn = answered_lead,
                               .self = &heard,
                               .source = {SOURCE_MODULE, "test", "1", 0}};
    EXPECT_OK(engine_add_reaction(x.g, &r, &x.e), x.e);
    fixture_start(&x);
    kith_id lead = create(&x, x.lead, PAIRS("name=Anna"));
    struct wanted w = {.endpoint = "a", .payload = "1", .type = x.lead, .subject = lead};
    EXPECT_OK(engine_write(x.g, &by_tester, want, &w, NULL, &x.e), x.e);
    set_receiver(&receiver, "a", NULL);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_INT(0, heard);
    set_receiver(&receiver, NULL, NULL);
    clock_advance(&x.clock, 3600000);
    sent(&x);
    EXPECT_INT(1, heard);
    EXPECT_STR("{\"ok\":true}", item_of(&x, w.id).answer.ptr);
    again(&x);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_INT(2, receiver.count);
    expect_sound(&x);
    fixture_close(&x);
}

/* -- taking back ------------------------------------------------------------------------------- */

struct about {
    struct fixture *x;
    const char *payload;
    kith_id lead, effect;
};

static kith_status create_and_tell(struct txn *t, void *arg, kith_error *e) {
    struct about *a = arg;
    const struct rfield *name = type_field(engine_schema(a->x->g), a->x->lead, STR("name"));
    struct assign set = {name, value_str(STR("Anna"))};
    struct wanted w = {.endpoint = "a", .payload = a->payload, .type = a->x->lead};
    TRY(txn_create(t, a->x->lead, &set, 1, &w.subject, e));
    TRY(want(t, &w, e));
    a->lead = w.subject;
    a->effect = w.id;
    return KITH_OK;
}

TEST("an undo cancels what is not sent yet, and lists what is") {
    struct fixture x;
    struct undo_report r;
    kith_id tx[2];
    outbox_open(&x);
    struct about a[2] = {{&x, "early", 0, 0}, {&x, "late", 0, 0}};
    EXPECT_OK(engine_write(x.g, &by_tester, create_and_tell, &a[0], &tx[0], &x.e), x.e);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    bool held = true;
    EXPECT_OK(engine_write(x.g, &by_tester, hold_a, &held, NULL, &x.e), x.e);
    EXPECT_OK(engine_write(x.g, &by_tester, create_and_tell, &a[1], &tx[1], &x.e), x.e);
    EXPECT_OK(engine_undo(x.g, &tester, tx[1], true, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(1, r.cancelled);
    EXPECT_STR("waiting", state_of(&x, a[1].effect));
    EXPECT_OK(engine_undo(x.g, &tester, tx[1], false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(1, r.cancelled);
    EXPECT_INT(0, r.sent_count);
    EXPECT_STR("cancelled", state_of(&x, a[1].effect));
    EXPECT_OK(engine_undo(x.g, &tester, tx[0], false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(0, r.cancelled);
    EXPECT_INT(1, r.sent_count);
    EXPECT(r.sent[0].id == a[0].effect);
    held = false;
    EXPECT_OK(engine_write(x.g, &by_tester, hold_a, &held, NULL, &x.e), x.e);
    sent(&x);
    EXPECT_STR("early", received(&x));
    fixture_close(&x);
}

TEST("an undo of a run cancels what a part of it wanted that wrote nothing") {
    struct fixture x;
    struct undo_report r;
    outbox_open(&x);
    kith_id run = create(&x, x.lead, PAIRS("name=Names the run"));
    const struct write_opts o = {.principal = &tester, .origin = ORIGIN_CLI, .run = run};
    struct about first = {&x, "first", 0, 0};
    struct wanted then = {.endpoint = "a", .payload = "then"}, other = then;
    EXPECT_OK(engine_write(x.g, &o, create_and_tell, &first, NULL, &x.e), x.e);
    EXPECT_OK(engine_write(x.g, &o, want, &then, NULL, &x.e), x.e);
    EXPECT_OK(engine_write(x.g, &by_tester, want, &other, NULL, &x.e), x.e);
    EXPECT_OK(engine_undo(x.g, &tester, run, false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(2, r.cancelled);
    EXPECT_STR("cancelled", state_of(&x, then.id));
    EXPECT_STR("waiting", state_of(&x, other.id));
    fixture_close(&x);
}

TEST("what goes back to a moment as a whole tells of nothing that came since") {
    struct fixture x;
    struct undo_report r;
    outbox_open(&x);
    struct about before = {&x, "before", 0, 0}, since = {&x, "since", 0, 0};
    EXPECT_OK(engine_write(x.g, &by_tester, create_and_tell, &before, NULL, &x.e), x.e);
    struct engine_stats s;
    engine_stats(x.g, &s);
    EXPECT_OK(engine_write(x.g, &by_tester, create_and_tell, &since, NULL, &x.e), x.e);
    EXPECT_OK(engine_undo_since(x.g, &tester, s.durable, NULL, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(1, r.cancelled);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_STR("before", received(&x));
    fixture_close(&x);
}

static kith_status tell_of_event(void *self, struct txn *t, const struct event *ev, kith_error *e) {
    struct wanted w = {.endpoint = "a", .payload = "told", .type = ev->type, .subject = ev->id};
    (void)self;
    return want(t, &w, e);
}

TEST(
    "an undo of a change cancels what a reaction to it wanted to send, though that wrote nothing") {
    struct fixture x;
    struct undo_report r;
    kith_id id = 0, tx;
    receiver =
        (struct receiver){.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    fixture_open(&x);
    add_delivery(&x);
    const struct reaction tells = {.name = "test:tell",
                                   .topic = "lead.created",
                                   .fn = tell_of_event,
                                   .source = {SOURCE_MODULE, "test", "1", 0}};
    EXPECT_OK(engine_add_reaction(x.g, &tells, &x.e), x.e);
    fixture_start(&x);
    EXPECT_OK(try_job(&x, ROW_CREATE, x.lead, &id, PAIRS("name=Anna"), &tx), x.e);
    settle(&x);
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    EXPECT_INT(1, r.cancelled);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_STR("", received(&x));
    fixture_close(&x);
}

static kith_id request; /* of the erasure */

static kith_status erase_contact(struct txn *t, void *arg, kith_error *e) {
    const struct schema *s = engine_schema(txn_engine(t));
    return txn_erase(t, schema_type(s, STR("contact")), *(kith_id *)arg, STR("asked"), &request,
                     NULL, e);
}

static const char *recipients_of(struct fixture *x, kith_id erasure) {
    struct conn *c;
    kith_value *list;
    size_t n;
    EXPECT_OK(engine_reader(x->g, &c, &x->e), x->e);
    EXPECT_OK(outbox_recipients(c, erasure, &x->arena, &list, &n, &x->e), x->e);
    engine_reader_done(x->g, c);
    EXPECT_INT(1, n);
    return arena_strndup(&x->arena, list[0].as.s.ptr, list[0].as.s.len);
}

TEST("what told of somebody who is erased says nothing any more, and is not sent") {
    struct fixture x;
    outbox_open(&x);
    kith_id anna = create(&x, x.contact, PAIRS("name=Anna Berg", "email=anna@berg.example"));
    struct wanted w = {.endpoint = "b", .payload = "Anna Berg", .type = x.contact, .subject = anna};
    EXPECT_OK(engine_write(x.g, &by_tester, want, &w, NULL, &x.e), x.e);
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    bool held = true;
    struct wanted late = {.endpoint = "a", .payload = "Berg", .type = x.contact, .subject = anna};
    EXPECT_OK(engine_write(x.g, &by_tester, hold_a, &held, NULL, &x.e), x.e);
    EXPECT_OK(engine_write(x.g, &by_tester, want, &late, NULL, &x.e), x.e);
    kith_id other = send_to(&x, "a", "by the way, anna@berg.example called");
    EXPECT_OK(engine_write(x.g, &by_tester, erase_contact, &anna, NULL, &x.e), x.e);
    settle(&x);
    EXPECT_STR("sent", state_of(&x, w.id));
    EXPECT_STR("", item_of(&x, w.id).payload.ptr);
    EXPECT_STR("cancelled", state_of(&x, late.id));
    EXPECT_STR("", item_of(&x, late.id).payload.ptr);
    EXPECT_STR("cancelled", state_of(&x, other));
    EXPECT_STR("", item_of(&x, other).payload.ptr);
    EXPECT_STR("test:send b", recipients_of(&x, request));
    held = false;
    EXPECT_OK(engine_write(x.g, &by_tester, hold_a, &held, NULL, &x.e), x.e);
    sent(&x);
    EXPECT_STR("Anna Berg", received(&x));
    expect_sound(&x);
    fixture_close(&x);
}

TEST("nothing of an answer is kept about somebody who was erased while it was under way") {
    struct fixture x;
    outbox_open_sending(&x);
    receiver.answers = true;
    set_receiver(&receiver, NULL, "a");
    kith_id anna = create(&x, x.contact, PAIRS("name=Anna Berg"));
    struct wanted w = {.endpoint = "a", .payload = "Anna", .type = x.contact, .subject = anna};
    EXPECT_OK(engine_write(x.g, &by_tester, want, &w, NULL, &x.e), x.e);
    pthread_mutex_lock(&receiver.lock);
    while (receiver.inside == 0)
        pthread_cond_wait(&receiver.cond, &receiver.lock);
    pthread_mutex_unlock(&receiver.lock);
    EXPECT_STR("sending", state_of(&x, w.id));
    EXPECT_OK(engine_write(x.g, &by_tester, erase_contact, &anna, NULL, &x.e), x.e);
    set_receiver(&receiver, NULL, NULL);
    sent(&x);
    EXPECT_STR("sent", state_of(&x, w.id));
    EXPECT_STR("", item_of(&x, w.id).answer.ptr);
    EXPECT_STR("", item_of(&x, w.id).payload.ptr);
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
    settle(&x);
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
