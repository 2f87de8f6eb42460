/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: one thread that owns the writing connection. Requests that wait are committed
 * together: each in its own savepoint, one sync for all, acknowledged only after it. */
#include "engine/bus.h"
#include "engine/engine_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* -- a group's transaction --------------------------------------------------------------------- */

static kith_status control(struct engine *g, const char *sql, kith_error *e) {
    sqlite3_stmt *st;
    TRY(conn_prepare(g->writer, sql, &st, e));
    return conn_run(g->writer, st, e);
}

/* The statements that end a transaction are prepared while there is memory for it. */
static kith_status prepare_control(struct engine *g, kith_error *e) {
    static const char *const sql[] = {"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"};
    sqlite3_stmt *st;
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++)
        TRY(conn_prepare(g->writer, sql[i], &st, e));
    return KITH_OK;
}

kith_status group_begin(struct engine *g, kith_error *e) {
    checkpoint_wait(g);
    /* An earlier rollback may itself have met the failing disk. */
    if (!sqlite3_get_autocommit(g->writer->db))
        TRY(control(g, "ROLLBACK", e));
    TRY(owner_check(g, e));
    TRY(derived_begin(g, e));
    TRY(prepare_control(g, e));
    TRY(control(g, "BEGIN IMMEDIATE", e));
    g->given_up = false;
    return KITH_OK;
}

/* For want of memory, or for a failing disk, SQLite may have taken the whole group back. */
bool group_lost(const struct engine *g) {
    return g->given_up || sqlite3_get_autocommit(g->writer->db);
}

void group_rollback(struct engine *g) {
    if (!sqlite3_get_autocommit(g->writer->db))
        control(g, "ROLLBACK", NULL);
    g->given_up = true;
    g->seq = atomic_load(&g->committed);
    chain_rolled_back(&g->chain);
    derived_rolled_back(g);
    map_free(&g->actors); /* some of them may have been numbered in this group */
    kith_error e = KITH_ERROR_INIT;
    if (bus_reload(g, &e) != KITH_OK)
        log_error("engine", "%s", e.message);
    g->refresh_due = true;
}

kith_status group_commit(struct engine *g, kith_error *e) {
    kith_status status = txn_alive(g, e);
    if (status == KITH_OK)
        status = derived_catch_up(g, e);
    if (status == KITH_OK)
        status = chain_seal(g->writer, &g->chain, e);
    int64_t begun = clock_ticks();
    if (status == KITH_OK)
        status = search_ended(g, control(g, "COMMIT", e), e);
    if (status != KITH_OK) {
        group_rollback(g);
        return status;
    }
    note_commit(g, clock_ticks() - begun);
    chain_committed(&g->chain);
    atomic_store(&g->committed, g->seq);
    atomic_store(&g->durable, g->seq); /* synchronous=FULL: the commit has synced the log */
    atomic_fetch_add(&g->groups, 1);
    derived_committed(g);
    outbox_committed(g);
    awaited_committed(g);
    return KITH_OK;
}

kith_status group_write(struct engine *g, const struct write_opts *o, const struct source *code,
                        uint32_t number, write_fn fn, void *arg, kith_error *e) {
    struct txn t;
    arena_reset(&g->work);
    TRY(group_begin(g, e));
    txn_begin(&t, g, o, number);
    t.code = code;
    t.source = number;
    kith_status st = txn_run(&t, fn, arg, e);
    if (st == KITH_OK)
        return group_commit(g, e);
    group_rollback(g);
    return st;
}

/* -- requests ---------------------------------------------------------------------------------- */

/* Returns whether it failed and asks to be run again, with a savepoint. */
static bool run_request(struct engine *g, struct request *r, bool alone) {
    struct txn t;
    uint32_t actor;
    arena_reset(&g->work);
    err_clear(&r->error);
    r->tx = 0;
    r->status = txn_actor(g, r->opts->principal, &actor, &r->error);
    if (r->status != KITH_OK)
        return false;
    txn_begin(&t, g, r->opts, actor);
    t.alone = alone;
    r->status = txn_run(&t, r->fn, r->arg, &r->error);
    r->tx = r->status == KITH_OK && t.head.first ? t.head.id : 0;
    return r->status != KITH_OK && t.again;
}

static void answer(struct engine *g, struct request *r) {
    if (r->done) {
        r->done(r->arg, r->status, r->tx, &r->error);
        free(r);
        return;
    }
    pthread_mutex_lock(&g->lock);
    r->finished = true;
    pthread_cond_signal(r->wake);
    pthread_mutex_unlock(&g->lock);
}

/* One request in a transaction of its own. A savepoint would have SQLite copy every page before it
 * is changed, which nothing needs when all that fails is rolled back with the transaction. */
static void run_alone(struct engine *g, struct request *r) {
    kith_error e = KITH_ERROR_INIT;
    kith_status st;
    for (bool alone = true, again = true; again; alone = false) {
        st = group_begin(g, &r->error);
        if (st != KITH_OK) {
            r->status = st;
            return;
        }
        again = run_request(g, r, alone) && alone;
        if (r->status != KITH_OK)
            group_rollback(g);
    }
    if (r->status != KITH_OK)
        return;
    st = group_commit(g, &e);
    if (st != KITH_OK) {
        r->status = st;
        r->tx = 0;
        r->error = e;
    }
}

/* A damaged index of search is made anew before the next group begins: then it is tried again. */
static void run_single(struct engine *g, struct request *r) {
    run_alone(g, r);
    if (r->status != KITH_OK && g->search.damaged)
        run_alone(g, r);
}

/* All of them in one transaction; false: it was lost as a whole and nothing is kept. */
static bool run_together(struct engine *g, struct request *first) {
    kith_error e = KITH_ERROR_INIT;
    if (group_begin(g, &e) != KITH_OK)
        return false;
    for (struct request *r = first; r; r = r->next) {
        run_request(g, r, false);
        if (group_lost(g)) {
            group_rollback(g);
            return false;
        }
    }
    return group_commit(g, &e) == KITH_OK;
}

static void run_group(struct engine *g, struct request *first) {
    if (!first->next)
        run_single(g, first);
    else if (!run_together(g, first))
        for (struct request *r = first; r; r = r->next)
            run_single(g, r);
    while (first) {
        struct request *next = first->next;
        if (first->status == KITH_OK && first->tx)
            atomic_fetch_add(&g->transactions, 1);
        answer(g, first);
        first = next;
    }
}

/* -- the queue --------------------------------------------------------------------------------- */

/* Takes what is committed together: up to group_max requests, or one that must be alone. */
static struct request *take_group(struct engine *g) {
    struct request *first = g->queue, *r = first;
    uint32_t n = 1;
    if (!first)
        return NULL;
    while (!first->alone && n < g->opts.group_max && r->next && !r->next->alone) {
        r = r->next;
        n++;
    }
    g->queue = r->next;
    if (!g->queue)
        g->queue_tail = &g->queue;
    r->next = NULL;
    g->queued -= n;
    return first;
}

bool requests_wait(struct engine *g) {
    pthread_mutex_lock(&g->lock);
    bool yes = g->queue != NULL;
    pthread_mutex_unlock(&g->lock);
    return yes;
}

static void refresh_due(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    int64_t letters = INT64_MAX, timers = INT64_MAX, derived = INT64_MAX;
    g->refresh_due = false;
    if (bus_next_due(g, &letters, &e) != KITH_OK || timers_next_due(g, &timers, &e) != KITH_OK ||
        derived_next_due(g, &derived, &e) != KITH_OK)
        log_error("engine", "%s", e.message);
    int64_t first = letters < timers ? letters : timers;
    atomic_store(&g->next_due, derived < first ? derived : first);
}

static kith_status set_back(struct engine *g, kith_error *e) {
    sweep_set_back(g);
    TRY(segments_set_back(g, e));
    TRY(timers_set_back(g, e));
    g->outbox.touched = true;
    TRY(outbox_set_back(g->writer, clock_now(g->clock), g->opts.delivery_backoff_max_ms, e));
    return bus_set_back(g, e);
}

/* What was reckoned from a time that has not come yet is reckoned anew. */
static void follow_clock(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    int64_t now = clock_now(g->clock);
    if (!clock_is_back(g)) {
        clock_saw(g, now);
        return;
    }
    clock_check(g, now, g->ids.last);
    arena_reset(&g->work);
    kith_status st = group_begin(g, &e);
    if (st == KITH_OK) {
        st = set_back(g, &e);
        if (st == KITH_OK)
            st = group_commit(g, &e);
        else
            group_rollback(g);
    }
    g->refresh_due = true;
    if (st == KITH_OK)
        atomic_store(&g->clock_seen, now);
    else
        bus_held_up(g, "what goes by the clock is held up", &e);
}

/* With the lock, or on the writer. */
static bool clock_calls(const struct engine *g) {
    return g->next_due <= clock_now(g->clock) || clock_is_back(g);
}

static bool due_now(struct engine *g) {
    if (g->refresh_due)
        refresh_due(g);
    return g->next_due <= clock_now(g->clock);
}

/* Cursors are moved only while the database knows who is paused. */
static bool pauses_known(struct engine *g) {
    kith_error e = KITH_ERROR_INIT;
    if (g->pausing && pauses_write(g, &e) != KITH_OK)
        bus_held_up(g, "a pause is held up", &e);
    return !g->pausing;
}

/* Sleeps until there is a request or something falls due. The clock may be set meanwhile: a wall
 * clock is looked at every minute, a virtual one every 5 ms. */
static void wait_for_work(struct engine *g) {
    int64_t ms = 5, now = clock_now(g->clock);
    if (g->clock == &g->real_clock)
        ms = g->next_due < now + 60000 ? g->next_due - now : 60000;
    if (ms < 1)
        ms = 1;
    clock_wait(&g->work_cond, &g->lock, clock_in(ms));
}

static void *writer_main(void *arg) {
    struct engine *g = arg;
    pthread_mutex_lock(&g->lock);
    for (;;) {
        struct request *first = take_group(g);
        bool stop = g->stop;
        g->idle = false;
        pthread_mutex_unlock(&g->lock);
        atomic_store(&g->turn_since, clock_ticks());
        if (first && first->alone) {
            arena_reset(&g->work);
            first->status = first->alone(g, first, &first->error);
            answer(g, first);
        } else if (first) {
            run_group(g, first);
        }
        /* Requests and reactions take turns, so that neither starves. On stopping reactions stay
         * where they are: their cursors are durable. */
        bool more = false;
        if (!stop) {
            follow_clock(g);
            if (pauses_known(g) && bus_waiting(g))
                bus_step(g);
            if (replay_waiting(g) && pauses_known(g))
                replay_step(g);
            if (derived_waiting(g) || due_now(g))
                derived_step(g);
            if (pauses_known(g) && due_now(g)) {
                bus_letters(g);
                timers_fire(g);
                g->refresh_due = true;
            }
            more = !pauses_known(g) || bus_waiting(g) || replay_waiting(g) || derived_waiting(g) ||
                   due_now(g) || clock_is_back(g);
        }
        pthread_mutex_lock(&g->lock);
        if (g->queue || more)
            continue;
        if (g->stop)
            break;
        g->idle = true;
        pthread_cond_broadcast(&g->idle_cond);
        pthread_mutex_unlock(&g->lock);
        bool built = derived_build(g);
        pthread_mutex_lock(&g->lock);
        if (built)
            continue;
        atomic_store(&g->turn_since, 0);
        while (!g->queue && !g->stop && !clock_calls(g))
            wait_for_work(g);
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

static kith_status enqueue(struct engine *g, struct request *r, kith_error *e) {
    kith_status st = KITH_OK;
    pthread_mutex_lock(&g->lock);
    if (!g->started || g->stop) {
        st = err_set(e, KITH_E_BUSY, NULL, "the company is closing; try again later");
    } else if (g->queued >= g->opts.queue_max) {
        st = err_set(e, KITH_E_BUSY, NULL, "%u writes are waiting already; try again in a moment",
                     g->queued);
    } else {
        r->next = NULL;
        *g->queue_tail = r;
        g->queue_tail = &r->next;
        g->queued++;
        pthread_cond_signal(&g->work_cond);
    }
    pthread_mutex_unlock(&g->lock);
    return st;
}

kith_status writer_submit(struct engine *g, struct request *r, kith_error *e) {
    pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
    if (on_writer(g))
        return err_set(e, KITH_E_THREAD, NULL,
                       "a blocking write was called from inside a transaction");
    r->wake = &wake;
    r->error = (kith_error)KITH_ERROR_INIT;
    kith_status st = enqueue(g, r, e);
    if (st == KITH_OK) {
        pthread_mutex_lock(&g->lock);
        while (!r->finished)
            pthread_cond_wait(&wake, &g->lock);
        pthread_mutex_unlock(&g->lock);
        st = r->status;
        if (st != KITH_OK)
            err_copy(e, &r->error);
    }
    pthread_cond_destroy(&wake);
    return st;
}

kith_status engine_write(struct engine *g, const struct write_opts *o, write_fn fn, void *arg,
                         kith_id *tx, kith_error *e) {
    struct request r = {.opts = o, .fn = fn, .arg = arg};
    kith_status st = writer_submit(g, &r, e);
    if (tx)
        *tx = st == KITH_OK ? r.tx : 0;
    return st;
}

kith_status engine_post(struct engine *g, const struct write_opts *o, write_fn fn, void *arg,
                        void (*done)(void *arg, kith_status st, kith_id tx, const kith_error *e),
                        kith_error *e) {
    struct request *r = calloc(1, sizeof *r);
    if (!r)
        return err_nomem(e);
    r->opts = o;
    r->fn = fn;
    r->arg = arg;
    r->done = done;
    r->error = (kith_error)KITH_ERROR_INIT;
    kith_status st = enqueue(g, r, e);
    if (st != KITH_OK)
        free(r);
    return st;
}

/* With the lock. */
static bool is_idle(const struct engine *g) {
    return g->idle && !g->queue && !clock_calls(g);
}

/* Since the last commit, and since somebody began to wait: what was before may have ended. */
static bool is_held(const struct engine *g, uint32_t begun) {
    uint32_t kept = atomic_load(&g->held_before), times = atomic_load(&g->held_times);
    return times - (kept > begun ? kept : begun) >= HELD_TIMES;
}

kith_status engine_held(struct engine *g, kith_error *e) {
    kith_status st = KITH_OK;
    pthread_mutex_lock(&g->lock);
    if (is_held(g, atomic_load(&g->held_before)) && (st = g->held.code) != KITH_OK)
        err_copy(e, &g->held);
    pthread_mutex_unlock(&g->lock);
    return st;
}

kith_status engine_drain(struct engine *g, int64_t timeout_ms, kith_error *e) {
    int64_t end = clock_in(timeout_ms);
    bool in_time = true;
    if (on_writer(g))
        return err_set(e, KITH_E_THREAD, NULL,
                       "waiting for reactions was called from inside a transaction");
    pthread_mutex_lock(&g->lock);
    uint32_t begun = atomic_load(&g->held_times);
    if (clock_calls(g)) /* a virtual clock was set; the writer would see it a moment later */
        pthread_cond_signal(&g->work_cond);
    while (in_time && !g->stop && !is_idle(g) && !is_held(g, begun))
        in_time = clock_wait(&g->idle_cond, &g->lock, end);
    bool idle = is_idle(g), held = !idle && is_held(g, begun);
    if (held)
        err_copy(e, &g->held);
    kith_status st = held ? g->held.code : KITH_OK;
    pthread_mutex_unlock(&g->lock);
    if (idle || held)
        return st;
    return err_set(e, KITH_E_LIMIT, NULL,
                   "reactions are still running; they go on when Kith runs again");
}

int64_t engine_next_due(struct engine *g) {
    pthread_mutex_lock(&g->lock);
    int64_t due = g->next_due;
    pthread_mutex_unlock(&g->lock);
    return due;
}

/* -- life -------------------------------------------------------------------------------------- */

kith_status writer_start(struct engine *g, kith_error *e) {
    refresh_due(g);
    pthread_mutex_lock(&g->lock);
    int rc = pthread_create(&g->thread, NULL, writer_main, g);
    g->started = rc == 0;
    pthread_mutex_unlock(&g->lock);
    return rc == 0 ? KITH_OK : err_set(e, KITH_E_NOMEM, NULL, "cannot start the writer thread");
}

void writer_stop(struct engine *g) {
    if (!g->started)
        return;
    pthread_mutex_lock(&g->lock);
    g->stop = true;
    pthread_cond_broadcast(&g->work_cond);
    pthread_cond_broadcast(&g->idle_cond);
    pthread_mutex_unlock(&g->lock);
    pthread_join(g->thread, NULL);
    g->started = false;
}
