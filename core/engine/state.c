/* SPDX-License-Identifier: Apache-2.0 */
/* State: what an engine says of itself, for metrics, `kith status` and tests. */
#include "base/clock.h"
#include "engine/bus.h"
#include "engine/engine_internal.h"

const uint32_t commit_bounds_us[COMMIT_BOUNDS] = {100,   250,   500,    1000,   2500,   5000,
                                                  10000, 25000, 100000, 250000, 1000000};

void note_commit(struct engine *g, int64_t ns) {
    size_t i = 0;
    while (i < COMMIT_BOUNDS && ns > (int64_t)commit_bounds_us[i] * 1000)
        i++;
    atomic_fetch_add_explicit(&g->commit_times[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&g->commit_ns, (uint64_t)ns, memory_order_relaxed);
}

void engine_stats(struct engine *g, struct engine_stats *out) {
    uint64_t durable = atomic_load(&g->durable); /* first: whatever is durable is committed */
    int64_t since = atomic_load(&g->turn_since);
    *out = (struct engine_stats){
        .committed = atomic_load(&g->committed),
        .durable = durable,
        .groups = atomic_load(&g->groups),
        .transactions = atomic_load(&g->transactions),
        .reactions_run = atomic_load(&g->reactions_run),
        .wal_bytes = atomic_load(&g->wal_pages) * 4096u,
        .commit_ns = atomic_load(&g->commit_ns),
        .writer_ms = since ? (clock_ticks() - since) / 1000000 : 0,
    };
    for (size_t i = 0; i <= COMMIT_BOUNDS; i++)
        out->commit_times[i] = atomic_load(&g->commit_times[i]);
    pthread_mutex_lock(&g->lock);
    out->queue = g->queued;
    pthread_mutex_unlock(&g->lock);
    out->queue_max = g->opts.queue_max;
    out->rows = out->durable;
    struct conn *c;
    if (engine_reader(g, &c, NULL) != KITH_OK)
        return;
    bus_count(c, out);
    timers_count(c, out);
    outbox_counts(c, out);
    engine_reader_done(g, c);
}

kith_status engine_subscribers(struct engine *g, struct arena *a, struct subscriber_lag **out,
                               size_t *count, kith_error *e) {
    struct conn *c;
    uint64_t durable = atomic_load(&g->durable);
    TRY(engine_reader(g, &c, e));
    kith_status st = bus_lags(c, durable, a, out, count, e);
    engine_reader_done(g, c);
    return st;
}
