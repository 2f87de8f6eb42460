/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: a thread with a connection of its own moves the write-ahead log into the database
 * file, so that the writer never does. */
#include "engine/engine_internal.h"

#include "base/log.h"

#define PASSIVE_PAGES 4096u         /* 16 MB */
#define RESTART_PAGES (64u * 1024u) /* 256 MB */

#define HOLD_MS 200 /* the longest that reads are held up */
/* The longest that is waited for the group under way to end, and then, while all who write wait,
 * for a read that lasts. Well below STORE_BUSY_MS: who is about to write waits no longer than that.
 */
#define GROUP_MS 1000

static void checkpoint(struct engine *g, int mode, int busy_ms) {
    sqlite3_busy_timeout(g->checkpoint->db, busy_ms);
    int rc = sqlite3_wal_checkpoint_v2(g->checkpoint->db, NULL, mode, NULL, NULL);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        log_warn("engine", "checkpoint: %s", sqlite3_errmsg(g->checkpoint->db));
}

static void hold_writer(struct engine *g, bool hold) {
    pthread_mutex_lock(&g->checkpoint_lock);
    g->writer_held = hold;
    pthread_cond_broadcast(&g->checkpoint_cond);
    pthread_mutex_unlock(&g->checkpoint_lock);
}

/* A busy writer takes its lock again too soon for anybody else to get it. */
void checkpoint_wait(struct engine *g) {
    pthread_mutex_lock(&g->checkpoint_lock);
    while (g->writer_held)
        pthread_cond_wait(&g->checkpoint_cond, &g->checkpoint_lock);
    pthread_mutex_unlock(&g->checkpoint_lock);
}

/* The log begins anew when all of it is moved and nobody reads it, which under a steady load never
 * happens by itself. A long log makes every read slow, so the writer waits for it between two
 * groups, and new reads for a moment. When a read stays longer it is tried again with the next
 * checkpoint. */
static void restart(struct engine *g) {
    hold_writer(g, true);
    checkpoint(g, SQLITE_CHECKPOINT_FULL, GROUP_MS);
    if (readers_hold(g, HOLD_MS))
        checkpoint(g, SQLITE_CHECKPOINT_RESTART, HOLD_MS);
    readers_release(g);
    hold_writer(g, false);
}

/* Is the log longer by a good piece than at the last checkpoint? A shorter one has begun anew. */
static bool is_due(const struct engine *g, uint64_t *last) {
    uint64_t pages = atomic_load(&g->wal_pages);
    if (pages < *last)
        *last = 0;
    return pages - *last >= PASSIVE_PAGES;
}

static void *checkpoint_main(void *arg) {
    struct engine *g = arg;
    uint64_t last = 0; /* pages of the log at the last checkpoint */
    pthread_mutex_lock(&g->checkpoint_lock);
    for (;;) {
        while (!g->checkpoint_stop && !is_due(g, &last))
            pthread_cond_wait(&g->checkpoint_cond, &g->checkpoint_lock);
        if (g->checkpoint_stop)
            break;
        last = atomic_load(&g->wal_pages);
        pthread_mutex_unlock(&g->checkpoint_lock);
        /* First as much as can be moved with nobody waiting: a restart holds up the writer. */
        checkpoint(g, SQLITE_CHECKPOINT_PASSIVE, 0);
        if (last > RESTART_PAGES)
            restart(g);
        pthread_mutex_lock(&g->checkpoint_lock);
    }
    pthread_mutex_unlock(&g->checkpoint_lock);
    return NULL;
}

/* Called by SQLite after each commit of the writer. */
static int after_commit(void *arg, sqlite3 *db, const char *name, int pages) {
    struct engine *g = arg;
    (void)db;
    (void)name;
    owner_mark(g);
    /* Not where a group ends: one that wrote nothing ends well, too. */
    atomic_store(&g->held_before, atomic_load(&g->held_times));
    uint64_t before = atomic_exchange(&g->wal_pages, (uint64_t)pages);
    if (before / PASSIVE_PAGES != (uint64_t)pages / PASSIVE_PAGES) {
        pthread_mutex_lock(&g->checkpoint_lock);
        pthread_cond_signal(&g->checkpoint_cond);
        pthread_mutex_unlock(&g->checkpoint_lock);
    }
    return SQLITE_OK;
}

void checkpoint_watch(struct engine *g) {
    sqlite3_wal_hook(g->writer->db, after_commit, g);
}

kith_status checkpoint_start(struct engine *g, kith_error *e) {
    TRY(conn_open(&g->checkpoint, g->path, CONN_CHECKPOINT, g->opts.vfs, e));
    int rc = pthread_create(&g->checkpointer, NULL, checkpoint_main, g);
    if (rc != 0) {
        conn_close(g->checkpoint);
        g->checkpoint = NULL;
        return err_set(e, KITH_E_NOMEM, NULL, "cannot start the checkpoint thread");
    }
    return KITH_OK;
}

void checkpoint_stop(struct engine *g) {
    if (!g->checkpoint)
        return;
    pthread_mutex_lock(&g->checkpoint_lock);
    g->checkpoint_stop = true;
    pthread_cond_signal(&g->checkpoint_cond);
    pthread_mutex_unlock(&g->checkpoint_lock);
    pthread_join(g->checkpointer, NULL);
    conn_close(g->checkpoint);
    g->checkpoint = NULL;
}
