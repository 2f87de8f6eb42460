/* SPDX-License-Identifier: Apache-2.0 */
/* A receiver that behaves as it is told, and an engine that sends to it. */
#ifndef TESTS_UNIT_ENGINE_OUTBOX_FIXTURE_H
#define TESTS_UNIT_ENGINE_OUTBOX_FIXTURE_H
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
    const char *answers; /* the topic of its answers; NULL: it gives none */
    int inside;          /* of the stuck ones */
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
        call->topic = r->answers;
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

static kith_status hold_a(struct txn *t, void *arg, kith_error *e) {
    return txn_hold(t, "test:send", STR("a"), *(bool *)arg, e);
}

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

#endif
