/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves the engine, taken back: by an undo, and by an erasure. */
#include "engine_outbox_fixture.h"

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

static kith_status tell_of_change(void *self, struct txn *t, struct change *c, kith_error *e) {
    struct wanted w = {.endpoint = "a", .payload = "changed", .type = c->type, .subject = c->id};
    (void)self;
    return want(t, &w, e);
}

TEST("an undo itself has nothing sent") {
    struct fixture x;
    struct undo_report r;
    outbox_open(&x);
    engine_close(x.g);
    fixture_reopen(&x);
    add_delivery(&x);
    const struct hook h = {.type = x.lead,
                           .on = ON_UPDATE,
                           .fn = tell_of_change,
                           .source = {SOURCE_MODULE, "test", "1", 0}};
    EXPECT_OK(engine_add_hook(x.g, &h, &x.e), x.e);
    fixture_start(&x);
    kith_id id = create(&x, x.lead, PAIRS("name=A")), tx = update(&x, x.lead, id, PAIRS("name=B"));
    EXPECT_OK(engine_send_start(x.g, &x.e), x.e);
    sent(&x);
    EXPECT_STR("changed", received(&x));
    EXPECT_OK(engine_undo(x.g, &tester, tx, false, &x.arena, &r, &x.e), x.e);
    sent(&x);
    EXPECT_STR("", received(&x));
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
    struct wanted dead = {.endpoint = "c", .payload = "Anna", .type = x.contact, .subject = anna};
    receiver.refusing = "c";
    EXPECT_OK(engine_write(x.g, &by_tester, want, &dead, NULL, &x.e), x.e);
    sent(&x);
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
    EXPECT_STR("cancelled", state_of(&x, dead.id));
    EXPECT_STR("", item_of(&x, other).payload.ptr);
    EXPECT_STR("test:send b", recipients_of(&x, request));
    held = false;
    EXPECT_OK(engine_write(x.g, &by_tester, hold_a, &held, NULL, &x.e), x.e);
    sent(&x);
    EXPECT_STR("Anna Berg Anna", received(&x));
    expect_sound(&x);
    fixture_close(&x);
}

/* An effect about somebody who is erased while it is under way; then the receiver fails, or not. */
static kith_id erase_under_way(struct fixture *x, const char *failing) {
    set_receiver(&receiver, NULL, "a");
    kith_id anna = create(x, x->contact, PAIRS("name=Anna Berg"));
    struct wanted w = {.endpoint = "a", .payload = "Anna", .type = x->contact, .subject = anna};
    EXPECT_OK(engine_write(x->g, &by_tester, want, &w, NULL, &x->e), x->e);
    pthread_mutex_lock(&receiver.lock);
    while (receiver.inside == 0)
        pthread_cond_wait(&receiver.cond, &receiver.lock);
    pthread_mutex_unlock(&receiver.lock);
    EXPECT_STR("sending", state_of(x, w.id));
    EXPECT_OK(engine_write(x->g, &by_tester, erase_contact, &anna, NULL, &x->e), x->e);
    set_receiver(&receiver, failing, NULL);
    sent(x);
    return w.id;
}

TEST("nothing of an answer is kept about somebody who was erased while it was under way") {
    struct fixture x;
    outbox_open_sending(&x);
    receiver.answers = "lead.answered";
    kith_id id = erase_under_way(&x, NULL);
    EXPECT_STR("sent", state_of(&x, id));
    EXPECT_STR("", item_of(&x, id).answer.ptr);
    EXPECT_STR("", item_of(&x, id).payload.ptr);
    fixture_close(&x);
}

TEST("what failed about somebody who was erased meanwhile is not sent again, by nobody") {
    struct fixture x;
    outbox_open_sending(&x);
    kith_id id = erase_under_way(&x, "a");
    EXPECT_STR("cancelled", state_of(&x, id));
    receiver.refusing = "a";
    id = erase_under_way(&x, NULL);
    EXPECT_STR("dead", state_of(&x, id));
    receiver.refusing = NULL;
    EXPECT_INT(KITH_E_NOTFOUND, engine_outbox_retry(x.g, &tester, id, &x.e));
    clock_advance(&x.clock, 86400000);
    sent(&x);
    EXPECT_STR("Anna Anna", received(&x));
    fixture_close(&x);
}

static kith_status drop_a(struct txn *t, void *arg, kith_error *e) {
    return txn_drop(t, "test:send", STR("a"), arg, e);
}

TEST("what waits or is dead for an endpoint that is given up is cancelled") {
    struct fixture x;
    uint64_t count = 0;
    outbox_open_sending(&x);
    receiver.refusing = "a";
    kith_id dead = send_to(&x, "a", "1"), waits;
    sent(&x);
    receiver.refusing = NULL;
    set_receiver(&receiver, "a", NULL);
    waits = send_to(&x, "a", "2");
    sent(&x);
    EXPECT_OK(engine_write(x.g, &by_tester, drop_a, &count, NULL, &x.e), x.e);
    EXPECT_INT(2, count);
    EXPECT_STR("cancelled", state_of(&x, dead));
    EXPECT_STR("cancelled", state_of(&x, waits));
    fixture_close(&x);
}
