/* SPDX-License-Identifier: Apache-2.0 */
/* How much one user may take from others. How often they may ask: as many times in a second as
 * web.max_rate says, and ten seconds' worth at once. For each the time is kept at which all that
 * was asked for would be paid for (GCRA). */
#include "operation.h"

#include <time.h>

#define BURST_NS INT64_C(10000000000)
#define SECOND   INT64_C(1000000000)

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* Of two who fall into the same one, each begins anew when the other has asked: too many are let in
 * then, and never too few. */
static struct spent *spent_of(struct spent *all, uint64_t user) {
    struct spent *s = &all[(user * 0x9e3779b97f4a7c15u) >> (64 - SPENT_BITS)];
    if (atomic_exchange_explicit(&s->user, user, memory_order_relaxed) != user)
        atomic_store_explicit(&s->until, 0, memory_order_relaxed);
    return s;
}

/* 0: it is let in; else after so many ns. */
static int64_t spend(struct spent *s, int64_t cost) {
    const int64_t now = now_ns();
    int64_t until = atomic_load_explicit(&s->until, memory_order_relaxed), next;
    do {
        next = (until > now ? until : now) + cost;
        if (next - now > BURST_NS)
            return next - now - BURST_NS;
    } while (!atomic_compare_exchange_weak_explicit(&s->until, &until, next, memory_order_relaxed,
                                                    memory_order_relaxed));
    return 0;
}

void limit_rate(struct request *r) {
    struct operation *o = r->self->operation;
    const kith_id user = o->max_rate && r->caller ? r->self->serving->user(r->caller) : 0;
    if (!user)
        return;
    const int64_t wait = spend(spent_of(o->spent, user), SECOND / o->max_rate);
    if (wait)
        answer_wait(r, wait / 1000000 + 1,
                    "you ask more often than web.max_rate allows: try again in a moment");
}

/* -- strangers --------------------------------------------------------------------------------- */

#define GUEST_RATE  5  /* in a second, and ten times as many at once */
#define GUESS_COSTS 10 /* as many requests */
#define GUESS_MOST  60 /* seconds of them, so that its neighbours can come back */

static uint64_t address_of(const struct request *r) {
    uint64_t parts[2];
    memcpy(parts, r->origin.address, sizeof parts);
    return (net_is_v4(r->origin.address) ? parts[1] : parts[0]) | 1;
}

void limit_guest(struct request *r) {
    const int64_t wait =
        spend(spent_of(r->self->operation->guests, address_of(r)), SECOND / GUEST_RATE);
    if (wait)
        answer_wait(r, wait / 1000000 + 1,
                    "too much is asked for from your address: try again in a moment");
}

/* An address has 192 random bits: guessing is hopeless, and is slowed down nevertheless. */
void limit_guess(struct request *r) {
    struct spent *s = spent_of(r->self->operation->guests, address_of(r));
    const int64_t now = now_ns(), most = now + GUESS_MOST * SECOND;
    int64_t until = atomic_load_explicit(&s->until, memory_order_relaxed), next;
    do {
        next = (until > now ? until : now) + GUESS_COSTS * SECOND / GUEST_RATE;
        next = next > most ? most : next;
    } while (!atomic_compare_exchange_weak_explicit(&s->until, &until, next, memory_order_relaxed,
                                                    memory_order_relaxed));
}

/* -- addresses behind a proxy ------------------------------------------------------------------ */

/* Two addresses that fall into the same one share it: they are few among so many. Of IPv6 the
 * network counts: whoever has one of its addresses has all of them. Those of whom a proxy says
 * nothing that can be read are counted together, as the proxy's. */
void limit_address(struct request *r) {
    struct operation *o = r->self->operation;
    if (!o->max_under_way || !r->origin.proxied)
        return;
    uint64_t name = address_of(r);
    size_t at = (size_t)((name * 0x9e3779b97f4a7c15u) >> (64 - SPENT_BITS));
    r->counted = at + 1;
    if (atomic_fetch_add(&o->under_way[at], 1) >= (uint32_t)o->max_under_way)
        answer_wait(r, 1000,
                    "as many requests from your address are under way as web.max_under_way allows:"
                    " try again in a moment");
}

void limit_address_done(struct request *r) {
    if (r->counted)
        atomic_fetch_sub(&r->self->operation->under_way[r->counted - 1], 1);
}

/* -- streams ----------------------------------------------------------------------------------- */

/* A few that take hours must not take all that may, nor one user those of the others. */
bool limit_streams(struct request *r) {
    kith_instance *self = r->self;
    struct streamed *s = &self->streamed;
    const size_t count = (size_t)self->stream_count;
    const kith_id user = self->serving->user(r->caller);
    size_t same = 0, free = count;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < count; i++) {
        if (!s->users[i])
            free = i;
        same += s->users[i] == user;
    }
    bool own = same < (count + 1) / 2;
    if (own && free < count) {
        s->users[free] = user;
        r->streaming = free + 1;
    }
    pthread_mutex_unlock(&s->lock);
    if (!r->streaming)
        answer_problem(r, 503, "busy", NULL,
                       own ? "as many imports, exports and files as web.streams allows are under"
                             " way: try again in a moment"
                           : "half of the imports, exports and files that web.streams allows are"
                             " yours already: try again in a moment");
    return r->streaming > 0;
}

void request_leaves_stream(struct request *r) {
    struct streamed *s = &r->self->streamed;
    if (!r->streaming)
        return;
    pthread_mutex_lock(&s->lock);
    s->users[r->streaming - 1] = 0;
    pthread_mutex_unlock(&s->lock);
    r->streaming = 0;
}
