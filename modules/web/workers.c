/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: threads for what may take long, so that those of HTTP need not wait. */
#include "web.h"

#include <pthread.h>
#include <stdlib.h>

/* What one user has of them; two that fall into the same one share it. One thread is always left to
 * others, whatever a single user asks for, and half of the places to wait. */
struct share {
    size_t running, waiting;
};
#define SHARES_BITS 8

struct workers {
    pthread_t *threads;
    size_t count, most;   /* of one user at once */
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    struct request *first, **last;
    size_t waiting, waiting_max;
    struct share shares[1 << SHARES_BITS];
    bool ending;
};

static struct share *share_of(struct workers *w, const struct request *r) {
    kith_id user = r->caller ? r->self->serving->user(r->caller) : 0;
    return user ? &w->shares[(user * 0x9e3779b97f4a7c15u) >> (64 - SHARES_BITS)] : NULL;
}

/* Locked. Of those whose lane and share have room the first one of the users who have the fewest
 * threads. */
static struct request **next_one(struct workers *w) {
    struct request **best = NULL;
    size_t least = w->most;
    for (struct request **at = &w->first, *r; (r = *at); at = &r->next) {
        size_t running = r->share ? r->share->running : 0;
        if (running >= least || (r->lane && r->lane->running == LANE_RUNS))
            continue;
        best = at;
        if ((least = running) == 0)
            break;
    }
    return best;
}

/* Locked. */
static struct request *pick(struct workers *w) {
    struct request **at = next_one(w), *r = at ? *at : NULL;
    if (!r)
        return NULL;
    if (!(*at = r->next))
        w->last = at;
    w->waiting--;
    if (r->lane) {
        r->lane->waiting--;
        r->lane->running++;
    }
    if (r->share) {
        r->share->waiting--;
        r->share->running++;
    }
    return r;
}

static struct request *take(struct workers *w) {
    struct request *r;
    pthread_mutex_lock(&w->lock);
    while (!(r = pick(w)) && (w->first || !w->ending))
        pthread_cond_wait(&w->work, &w->lock);
    pthread_mutex_unlock(&w->lock);
    return r;
}

static void leave(struct workers *w, struct request *r) {
    if (!r->lane && !r->share)
        return;
    pthread_mutex_lock(&w->lock);
    if (r->lane)
        r->lane->running--;
    if (r->share)
        r->share->running--;
    if (r->lane || w->ending) /* else this thread takes what waits for that */
        pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->lock);
}

static void *work(void *arg) {
    struct workers *w = arg;
    struct request *r;
    while ((r = take(w))) {
        if (r->in)
            command_read(r);
        else if (!atomic_load(&r->self->hurry))
            r->route->handle(r);
        else
            answer_problem(r, 503, "busy", NULL, IT_ENDS);
        if (!r->in)
            answer_pack(r);
        request_leaves_stream(r);
        leave(w, r);
        atomic_store(&r->answered, true);
        door_leave(&r->self->door, r);
        request_resume(r);
        request_free(r);
    }
    return NULL;
}

kith_status workers_open(struct workers **out, size_t count, size_t waiting, kith_error *err) {
    struct workers *w = *out = calloc(1, sizeof *w);
    if (!w || !(w->threads = calloc(count, sizeof *w->threads)))
        return kith_fail(err, KITH_E_NOMEM, NULL, "no memory");
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    w->last = &w->first;
    w->waiting_max = waiting;
    w->most = count > 1 ? count - 1 : 1;
    for (; w->count < count; w->count++)
        if (pthread_create(&w->threads[w->count], NULL, work, w) != 0)
            return kith_fail(err, KITH_E_NOMEM, NULL, "a thread could not be started");
    return KITH_OK;
}

void workers_close(struct workers *w) {
    if (!w || !w->threads) {
        free(w);
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->ending = true;
    pthread_cond_broadcast(&w->work);
    pthread_mutex_unlock(&w->lock);
    for (size_t i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    free(w->threads);
    free(w);
}

size_t workers_waiting(struct workers *w) {
    pthread_mutex_lock(&w->lock);
    size_t n = w->waiting;
    pthread_mutex_unlock(&w->lock);
    return n;
}

bool workers_add(struct workers *w, struct request *r) {
    r->share = share_of(w, r);
    pthread_mutex_lock(&w->lock);
    bool room = w->waiting < w->waiting_max && (!r->lane || r->lane->waiting < LANE_WAITS) &&
                (!r->share || r->share->waiting < (w->waiting_max + 1) / 2);
    if (room) {
        request_hold(r);
        if (!r->in)
            request_suspend(r);
        r->next = NULL;
        *w->last = r;
        w->last = &r->next;
        w->waiting++;
        if (r->lane)
            r->lane->waiting++;
        if (r->share)
            r->share->waiting++;
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return room;
}
