/* SPDX-License-Identifier: Apache-2.0 */
/* Sweep: what an erasure leaves behind, done between groups, a piece at a time. First all is looked
 * through that no index leads to: rows about records that were deleted long ago, events about
 * others, notes, questions. Then the index of search is merged to its end, since FTS5 keeps the
 * words of a deleted row until then; and the write-ahead log is moved into the database file and
 * emptied. SQLite overwrites what is deleted in the file itself. An interrupted sweep begins anew
 * with the next start. */
#include "engine/engine_internal.h"

#include "base/log.h"

#define LOOK_ROWS   2000 /* looked through in one group */
#define MERGE_PAGES 64   /* of the index of search, written in one group */
#define RETRY_MS                                                                                   \
    1000                /* after the log could not be emptied, as somebody reads from it or a copy \
                         */
#define FAILED_MS 60000 /* after a failure, as of a full disk */
#define HOLD_MS   100   /* the longest that new reads are held up */

const struct source erase_source = {SOURCE_CORE, "erase", "", 0};

void sweep_close(struct engine *g) {
    sweep_row_free(&g->sweep.row);
    arena_free(&g->sweep.arena);
}

bool sweep_waiting(const struct engine *g) {
    return g->sweep.stage != SWEEP_NONE && g->sweep.stage != SWEEP_LATER;
}

kith_status sweep_next_due(struct engine *g, int64_t *due, kith_error *e) {
    (void)e;
    if (g->sweep.stage == SWEEP_LATER)
        *due = g->sweep.retry_at;
    return KITH_OK;
}

static void note_held(struct engine *g, const kith_error *why) {
    pthread_mutex_lock(&g->lock);
    g->sweep.held = (kith_error)KITH_ERROR_INIT;
    if (why)
        err_copy(&g->sweep.held, why);
    pthread_mutex_unlock(&g->lock);
}

void sweep_wanted(struct engine *g) {
    if (g->sweep.stage == SWEEP_NONE)
        g->sweep.stage = SWEEP_FIND;
    if (g->sweep.stage == SWEEP_LATER) /* whoever waits for it is to know how it goes now */
        g->sweep.stage = g->sweep.later;
    note_held(g, NULL);
    g->sweep.more = true;
}

kith_status sweep_open(struct engine *g, kith_error *e) {
    TRY(sweep_setup(g->writer, e));
    TRY(journal_intern_source(g->writer, &erase_source, &g->sweep.number, e));
    sweep_wanted(g);
    return KITH_OK;
}

static void sweep_later(struct engine *g, int64_t ms) {
    g->sweep.later = g->sweep.stage;
    g->sweep.stage = SWEEP_LATER;
    g->sweep.retry_at = clock_now(g->clock) + ms;
    g->refresh_due = true;
}

void sweep_set_back(struct engine *g) {
    if (g->sweep.stage == SWEEP_LATER)
        g->sweep.retry_at = clock_now(g->clock);
}

/* -- a step of each stage ---------------------------------------------------------------------- */

static kith_status find(struct engine *g, kith_error *e) {
    struct sweep_state *s = &g->sweep;
    sweep_row_free(&s->row);
    arena_reset(&s->arena);
    s->more = false;
    TRY(sweep_next(g->writer, &s->arena, &s->row, e));
    s->part = SWEEP_ROWS;
    s->after = 0;
    s->stage = SWEEP_LOOK;
    if (s->row.request_count)
        return erasures_list(g, e);
    TRY(sweep_requests(g->writer, &s->arena, &s->requests, &s->request_count, e));
    if (s->request_count)
        TRY(erasures_list(g, e));
    s->stage = s->request_count ? SWEEP_MERGE : SWEEP_NONE;
    s->merging = false;
    return KITH_OK;
}

static kith_status in_group(struct engine *g, kith_status (*fn)(struct engine *g, kith_error *e),
                            kith_error *e) {
    TRY(group_begin(g, e));
    kith_status st = fn(g, e);
    if (st == KITH_OK)
        return group_commit(g, e);
    group_rollback(g);
    return st;
}

static kith_status look_in_group(struct engine *g, kith_error *e) {
    struct sweep_state *s = &g->sweep;
    bool last = s->part + 1 == SWEEP_PARTS;
    TRY(s->part == SWEEP_FLOWS ? flow_sweep(g, &erase_source, s->number, &s->row.traces, &s->after,
                                            LOOK_ROWS, &s->whole, e)
                               : sweep_part(g->writer, g->schema, &s->row, s->part, &s->after,
                                            LOOK_ROWS, &s->whole, e));
    return s->whole && last ? sweep_looked(g->writer, &s->row, e) : KITH_OK;
}

static kith_status look(struct engine *g, kith_error *e) {
    struct sweep_state *s = &g->sweep;
    uint64_t after = s->after;
    kith_status st = in_group(g, look_in_group, e);
    if (st != KITH_OK) {
        s->after = after;
        return st;
    }
    if (!s->whole)
        return KITH_OK;
    s->after = 0;
    s->part++;
    if (s->part == SWEEP_PARTS)
        s->stage = SWEEP_FIND;
    return KITH_OK;
}

static kith_status merge_in_group(struct engine *g, kith_error *e) {
    return search_merge(g->writer, g->sweep.merging ? MERGE_PAGES : -MERGE_PAGES, &g->sweep.whole,
                        e);
}

static kith_status merge(struct engine *g, kith_error *e) {
    TRY(in_group(g, merge_in_group, e));
    g->sweep.merging = true;
    if (g->sweep.whole)
        g->sweep.stage = SWEEP_EMPTY;
    return KITH_OK;
}

/* Between two groups, when nobody reads, nor works with a copy of what was before. */
static kith_status empty_log(struct engine *g, kith_error *e) {
    int rc = SQLITE_BUSY;
    if (atomic_load(&g->copies)) {
        sweep_later(g, RETRY_MS);
        return KITH_OK;
    }
    conn_forget_statements(g->writer);            /* one that is under way would keep the log */
    sqlite3_busy_timeout(g->writer->db, HOLD_MS); /* a backup may read for minutes */
    if (readers_hold(g, HOLD_MS))
        rc = sqlite3_wal_checkpoint_v2(g->writer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    readers_release(g);
    sqlite3_busy_timeout(g->writer->db, STORE_BUSY_MS);
    if (rc == SQLITE_OK)
        g->sweep.stage = SWEEP_DONE;
    else if (rc != SQLITE_BUSY && rc != SQLITE_LOCKED)
        return conn_error(g->writer, rc, e);
    else
        sweep_later(g, RETRY_MS);
    return KITH_OK;
}

static kith_status note_swept(struct txn *t, void *arg, kith_error *e) {
    const struct base_erasure *b = &t->g->schema->base.erasure;
    struct sweep_state *s = arg;
    struct assign set = {b->swept, value_time(t->head.at)};
    for (size_t i = 0; i < s->request_count; i++) {
        bool there;
        TRY(sweep_done(t->g->writer, s->requests[i], e));
        TRY(record_exists(t->g->writer, b->type, s->requests[i], &there, e));
        if (there)
            TRY(txn_update(t, b->type, s->requests[i], &set, 1, e));
    }
    return KITH_OK;
}

kith_status engine_sweep_held(struct engine *g, kith_error *e) {
    pthread_mutex_lock(&g->lock);
    kith_status st = g->sweep.held.code;
    if (st != KITH_OK)
        err_copy(e, &g->sweep.held);
    pthread_mutex_unlock(&g->lock);
    return st;
}

static kith_status finish(struct engine *g, kith_error *e) {
    TRY(group_write(g, &by_kith, &erase_source, g->sweep.number, note_swept, &g->sweep, e));
    log_info("erase", "erasures swept: %zu", g->sweep.request_count);
    g->sweep.stage = g->sweep.more ? SWEEP_FIND : SWEEP_NONE;
    note_held(g, NULL);
    return KITH_OK;
}

void sweep_step(struct engine *g) {
    static kith_status (*const steps[])(struct engine * g, kith_error * e) = {
        [SWEEP_FIND] = find,       [SWEEP_LOOK] = look,   [SWEEP_MERGE] = merge,
        [SWEEP_EMPTY] = empty_log, [SWEEP_DONE] = finish,
    };
    kith_error e = KITH_ERROR_INIT;
    if (g->sweep.stage == SWEEP_LATER && g->sweep.retry_at <= clock_now(g->clock))
        g->sweep.stage = g->sweep.later;
    if (!sweep_waiting(g) || steps[g->sweep.stage](g, &e) == KITH_OK)
        return;
    log_error("erase", "the sweep is held up: %s", e.message);
    note_held(g, &e);
    sweep_later(g, FAILED_MS);
}
