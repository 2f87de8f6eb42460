/* SPDX-License-Identifier: Apache-2.0 */
/* Workers: threads for what may take long, so that those of HTTP need not wait. */
#include "web.h"

#include <pthread.h>
#include <stdlib.h>

struct workers {
    pthread_t *threads;
    size_t count;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t work;
    struct request *first, **last;
    size_t waiting, waiting_max;
    bool ending;
};

/* Locked. The first one whose lane has room. */
static struct request *pick(struct workers *w) {
    struct request **at = &w->first, *r;
    while ((r = *at) && r->lane && r->lane->running == LANE_RUNS)
        at = &r->next;
    if (!r)
        return NULL;
    if (!(*at = r->next))
        w->last = at;
    w->waiting--;
    if (r->lane) {
        r->lane->waiting--;
        r->lane->running++;
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

static void leave_lane(struct workers *w, struct request *r) {
    if (!r->lane)
        return;
    pthread_mutex_lock(&w->lock);
    r->lane->running--;
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
        leave_lane(w, r);
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
    pthread_mutex_lock(&w->lock);
    bool room = w->waiting < w->waiting_max && (!r->lane || r->lane->waiting < LANE_WAITS);
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
        pthread_cond_signal(&w->work);
    }
    pthread_mutex_unlock(&w->lock);
    return room;
}
