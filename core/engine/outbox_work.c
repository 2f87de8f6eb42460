/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: each takes the endpoint that is due first, tries its effects one after the other without
 * holding anything of the database, and hands to the writer what came of it. One endpoint is never
 * with two of them, so that its effects keep their order. One that is slow gives way after a
 * second, and such ones have half of the workers at most: the others go on. */
#include "base/log.h"
#include "engine/engine_internal.h"
#include "engine/outbox.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define BATCH    32                  /* effects of one endpoint that are taken together */
#define REPORT   INT64_C(100000000)  /* ns: so long an outcome waits for others at most */
#define LATER_MS INT64_C(86400000)   /* the longest that a receiver may ask for */
#define HELD_MS  200                 /* after the writer could not be told */
#define SLICE    INT64_C(1000000000) /* ns: for so long one endpoint has a worker */
#define SLOW     INT64_C(1000000000) /* ns: a try that takes longer makes an endpoint slow */
#define LOOK_MS  60000               /* the wall clock may be set meanwhile */

static const struct principal delivering = {.name = "delivery", .all = true};
static const struct write_opts by_delivery = {.principal = &delivering, .origin = ORIGIN_DELIVERY};

/* -- pauses ------------------------------------------------------------------------------------ */

static int64_t doubled(int64_t first, int64_t most, uint32_t times) {
    while (times-- > 0 && first < most)
        first *= 2;
    return first < most ? first : most;
}

/* Anywhere up to the doubled pause, so that those who failed together do not come back together. */
int64_t outbox_pause(const struct engine_options *o, uint32_t tries, uint64_t random) {
    int64_t most = doubled(o->delivery_backoff_ms, o->delivery_backoff_max_ms, tries - 1);
    return (int64_t)(random % ((uint64_t)most + 1));
}

/* 0: it goes on as before. */
int64_t outbox_open_for(const struct engine_options *o, uint32_t failures) {
    if (failures < o->breaker_failures)
        return 0;
    return doubled(o->breaker_ms, o->delivery_backoff_max_ms, failures - o->breaker_failures);
}

/* -- a batch ----------------------------------------------------------------------------------- */

struct tried {
    const struct outbox_item *item;
    struct outbox_outcome outcome;
    const char *topic;
    kith_str data;
    bool unpublished; /* its answer was refused: that it was sent is kept nevertheless */
};

struct batch {
    struct engine *g;
    const struct delivery_entry *entry;
    struct arena arena;
    struct outbox_taken taken;
    bool fast_only; /* what is asked for */
    struct tried tried[BATCH];
    size_t tried_count, told; /* told: the writer knows of */
    struct outbox_rest rest;
    bool release; /* with the next telling */
};

static kith_status take(struct txn *t, void *arg, kith_error *e) {
    struct batch *b = arg;
    const struct engine_options *o = &t->g->opts;
    arena_reset(&b->arena);
    t->g->outbox.touched = true;
    return outbox_take(t->g->writer, t->head.at, BATCH, o->breaker_failures, b->fast_only,
                       &b->arena, &b->taken, e);
}

static kith_status publish(struct txn *t, const struct batch *b, const struct tried *x,
                           kith_error *e) {
    t->head.cause = x->item->cause;
    t->head.depth = x->item->depth;
    t->head.run = x->item->run;
    t->code = &b->entry->handler.source;
    t->source = b->entry->source;
    return txn_publish(t, x->topic, schema_type_by_id(t->g->schema, x->item->type),
                       x->item->subject, x->data, e);
}

static kith_status settle_one(struct txn *t, const struct batch *b, const struct tried *x,
                              kith_error *e) {
    bool known;
    TRY(outbox_settle(t->g->writer, x->item->id, &x->outcome, t->head.at, &known, e));
    bool final = x->outcome.state != OUTBOX_WAITING;
    return known && final && x->topic && !x->unpublished ? publish(t, b, x, e) : KITH_OK;
}

/* Several together, up to one whose answer is published: that has a cause of its own. */
static size_t next_part(const struct batch *b) {
    size_t i = b->told;
    while (i < b->tried_count && !b->tried[i].topic)
        i++;
    return i > b->told || i == b->tried_count ? i : i + 1;
}

static kith_status settle(struct txn *t, void *arg, kith_error *e) {
    const struct batch *b = arg;
    size_t to = next_part(b);
    t->g->outbox.touched = true;
    for (size_t i = b->told; i < to; i++)
        TRY(settle_one(t, b, &b->tried[i], e));
    return b->release && to == b->tried_count
               ? outbox_release(t->g->writer, b->taken.items[0].queue, &b->rest, t->head.at, e)
               : KITH_OK;
}

/* Until the writer knows: what is forgotten would be sent once more. Given up when the engine
 * closes and the disk still fails; then it is. */
static void tell(struct batch *b) {
    for (int failed = 0; b->told < b->tried_count || b->release;) {
        kith_error e = KITH_ERROR_INIT;
        size_t to = next_part(b);
        struct tried *x = b->told < b->tried_count ? &b->tried[b->told] : NULL;
        kith_status st = engine_write(b->g, &by_delivery, settle, b, NULL, &e);
        if (st == KITH_OK) {
            b->release = b->release && to < b->tried_count;
            b->told = to;
            continue;
        }
        log_error("delivery", "%s: what came of it cannot be kept: %s", b->entry->handler.name,
                  e.message);
        if (x && x->topic && st != KITH_E_BUSY && st != KITH_E_FULL && st != KITH_E_IO)
            x->unpublished = true;
        else if (engine_stopping(b->g) && ++failed == 5)
            return;
        else
            clock_sleep(HELD_MS);
    }
}

/* -- trying ------------------------------------------------------------------------------------ */

static uint64_t draw(void) {
    uint64_t n;
    randombytes_buf(&n, sizeof n);
    return n;
}

/* What a try means. Returns whether the next effect may follow. */
static bool judge(struct batch *b, struct tried *x, kith_status st,
                  const struct delivery_call *call, const kith_error *why) {
    const struct engine_options *o = &b->g->opts;
    char place[ERR_PLACE];
    int64_t now = clock_now(b->g->clock),
            later = call->later_ms < LATER_MS ? call->later_ms : LATER_MS;
    x->topic = call->topic;
    x->data = call->data;
    x->outcome.answer = call->data;
    if (st == KITH_OK) {
        x->outcome.state = OUTBOX_SENT;
        b->rest.failures = 0;
        return true;
    }
    x->outcome.error = arena_str(&b->arena, str_of(why->message));
    if (st != KITH_E_RETRY) { /* somebody was there, and said no */
        x->outcome.state = OUTBOX_DEAD;
        b->rest.failures = 0;
        return true;
    }
    int64_t pause = outbox_pause(o, call->attempt, draw());
    b->rest.failures++;
    int64_t open = outbox_open_for(o, b->rest.failures);
    b->rest.opened = open ? now + open : 0;
    x->outcome.state = call->last ? OUTBOX_DEAD : OUTBOX_WAITING;
    x->outcome.due = now + (pause > later ? pause : later);
    if (open && b->rest.failures == o->breaker_failures)
        log_warn("delivery", "%s: %u failures in a row (%s); one try at a time now",
                 b->entry->handler.name, b->rest.failures, err_place(why, place));
    return call->last && !open;
}

static bool try_next(struct batch *b) {
    const struct outbox_item *item = &b->taken.items[b->tried_count];
    struct tried *x = &b->tried[b->tried_count];
    kith_error why = KITH_ERROR_INIT;
    struct delivery_call call = {
        .engine = b->g,
        .item = item,
        .attempt = item->tries + 1,
        .last = item->tries + 1 >= b->g->opts.delivery_attempts,
        .arena = &b->arena,
    };
    int64_t since = clock_ticks();
    kith_status st = b->entry->handler.fn(b->entry->handler.self, &call, &why);
    b->rest.slow = clock_ticks() - since > SLOW;
    if (st == KITH_E_RETRY && engine_stopping(b->g))
        return false; /* cut off: not tried */
    *x = (struct tried){.item = item};
    b->tried_count++;
    bool on = judge(b, x, st, &call, &why);
    if (x->outcome.state == OUTBOX_DEAD)
        log_warn("delivery", "%s: an effect is set aside (%s); 'kith deadletter list' tells why",
                 b->entry->handler.name, st == KITH_E_RETRY ? "tried too often" : "refused");
    return on;
}

static void send_batch(struct batch *b) {
    int64_t began = clock_ticks(), since = began;
    b->entry = outbox_handler(b->g, b->taken.items[0].delivery);
    b->tried_count = b->told = 0;
    b->rest = (struct outbox_rest){.failures = b->taken.failures, .slow = b->taken.slow};
    while (b->tried_count < b->taken.count && !engine_stopping(b->g) && try_next(b)) {
        if (clock_ticks() - began > SLICE)
            break;
        if (b->tried[b->tried_count - 1].topic || clock_ticks() - since > REPORT) {
            tell(b);
            since = clock_ticks();
        }
    }
    b->release = true;
    tell(b);
}

/* -- threads ----------------------------------------------------------------------------------- */

bool engine_stopping(const struct engine *g) {
    return atomic_load(&g->outbox.stop);
}

bool engine_sends(const struct engine *g) {
    return atomic_load(&g->outbox.sends);
}

/* With the lock, as all below. */
static bool is_due(struct engine *g) {
    return g->outbox.next_due <= clock_now(g->clock);
}

/* Slow endpoints have as many workers as they may. */
static bool fast_only(const struct engine *g) {
    uint32_t most = g->opts.delivery_workers / 2;
    return g->outbox.slow >= (most ? most : 1);
}

static void wait_for_work(struct engine *g) {
    struct outbox *o = &g->outbox;
    int64_t ms = 5, left = o->next_due - clock_now(g->clock);
    if (g->clock == &g->real_clock)
        ms = o->claiming || left > LOOK_MS ? LOOK_MS : left < 1 ? 1 : left;
    clock_wait(&o->work, &o->lock, clock_in(ms));
}

/* One at a time asks the writer. */
static bool claim(struct engine *g, struct batch *b) {
    struct outbox *o = &g->outbox;
    kith_error e = KITH_ERROR_INIT;
    o->claiming = true;
    b->fast_only = fast_only(g);
    pthread_mutex_unlock(&o->lock);
    kith_status st = engine_write(g, &by_delivery, take, b, NULL, &e);
    if (st != KITH_OK && !engine_stopping(g)) {
        log_error("delivery", "nothing can be sent: %s", e.message);
        clock_sleep(HELD_MS);
    }
    pthread_mutex_lock(&o->lock);
    o->claiming = false;
    bool some = st == KITH_OK && b->taken.count > 0;
    o->busy += some;
    o->slow += some && b->taken.slow;
    pthread_cond_broadcast(&o->work);
    return some;
}

static void *work_main(void *arg) {
    struct engine *g = arg;
    struct outbox *o = &g->outbox;
    struct batch *b = calloc(1, sizeof *b);
    pthread_mutex_lock(&o->lock);
    while (b && !engine_stopping(g)) {
        b->g = g;
        if (o->claiming || !is_due(g)) {
            wait_for_work(g);
            continue;
        }
        if (!claim(g, b))
            continue;
        pthread_mutex_unlock(&o->lock);
        send_batch(b);
        pthread_mutex_lock(&o->lock);
        o->busy--;
        if (b->taken.slow) {
            o->slow--;
            o->next_due = 0; /* another slow one may have waited for this */
        }
    }
    pthread_mutex_unlock(&o->lock);
    if (b)
        arena_free(&b->arena);
    free(b);
    return NULL;
}

void outbox_committed(struct engine *g) {
    struct outbox *o = &g->outbox;
    kith_error e = KITH_ERROR_INIT;
    int64_t due;
    if (!o->touched)
        return;
    o->touched = false;
    pthread_mutex_lock(&o->lock);
    bool fast = fast_only(g);
    pthread_mutex_unlock(&o->lock);
    if (outbox_next_due(g->writer, fast, &due, &e) != KITH_OK) {
        log_error("delivery", "%s", e.message);
        due = clock_now(g->clock);
    }
    pthread_mutex_lock(&o->lock);
    o->next_due = due;
    pthread_cond_signal(&o->work);
    pthread_mutex_unlock(&o->lock);
}

kith_status engine_send_start(struct engine *g, kith_error *e) {
    struct outbox *o = &g->outbox;
    if (atomic_exchange(&o->starting, true))
        return KITH_OK;
    o->threads = calloc(g->opts.delivery_workers, sizeof *o->threads);
    if (!o->threads)
        return err_nomem(e);
    for (; o->thread_count < g->opts.delivery_workers; o->thread_count++)
        if (pthread_create(&o->threads[o->thread_count], NULL, work_main, g) != 0)
            return err_set(e, KITH_E_NOMEM, NULL, "cannot start a thread that delivers");
    atomic_store(&o->sends, true);
    return KITH_OK;
}

/* While the writer still runs: it is told how the last tries ended. */
void outbox_stop(struct engine *g) {
    struct outbox *o = &g->outbox;
    pthread_mutex_lock(&o->lock);
    atomic_store(&o->stop, true);
    pthread_cond_broadcast(&o->work);
    pthread_mutex_unlock(&o->lock);
    for (uint32_t i = 0; i < o->thread_count; i++)
        pthread_join(o->threads[i], NULL);
    free(o->threads);
    o->threads = NULL;
    o->thread_count = 0;
}

static bool is_quiet(struct engine *g) {
    struct outbox *o = &g->outbox;
    pthread_mutex_lock(&o->lock);
    bool quiet = o->busy == 0 && !o->claiming && !is_due(g);
    pthread_mutex_unlock(&o->lock);
    return quiet;
}

kith_status engine_send_wait(struct engine *g, int64_t timeout_ms, kith_error *e) {
    int64_t end = clock_in(timeout_ms);
    if (!engine_sends(g))
        return err_set(e, KITH_E_UNSUPPORTED, NULL, "nothing is sent here; 'kith serve' does");
    for (;;) {
        bool quiet = is_quiet(g);
        int64_t left = (end - clock_ticks()) / 1000000;
        if (left <= 0)
            return err_set(e, KITH_E_LIMIT, NULL,
                           "effects are still being sent; 'kith outbox list' shows which");
        TRY(engine_drain(g, left, e));
        if (quiet && is_quiet(g))
            return KITH_OK;
        clock_sleep(2);
    }
}
