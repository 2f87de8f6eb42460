/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: a thread with a connection of its own moves the write-ahead log into the database
 * file, so that the writer never does. */
#include "engine/engine_internal.h"

#include "base/log.h"

#define PASSIVE_PAGES 4096u         /* 16 MB */
#define RESTART_PAGES (64u * 1024u) /* 256 MB */

#define HOLD_MS 200 /* the longest that reads, or the writer, are held up */

static void checkpoint(struct engine *g, int mode) {
    int rc = sqlite3_wal_checkpoint_v2(g->checkpoint->db, NULL, mode, NULL, NULL);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        log_warn("engine", "checkpoint: %s", sqlite3_errmsg(g->checkpoint->db));
}

/* A log that readers kept from being reused: let the present ones end, hold new ones for a moment.
 * When one stays longer it is tried again with the next checkpoint. */
static void restart(struct engine *g) {
    if (readers_hold(g, HOLD_MS))
        checkpoint(g, SQLITE_CHECKPOINT_RESTART);
    readers_release(g);
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
        checkpoint(g, SQLITE_CHECKPOINT_PASSIVE);
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
    uint64_t before = atomic_exchange(&g->wal_pages, (uint64_t)pages);
    if (before / PASSIVE_PAGES != (uint64_t)pages / PASSIVE_PAGES) {
        pthread_mutex_lock(&g->checkpoint_lock);
        pthread_cond_signal(&g->checkpoint_cond);
        pthread_mutex_unlock(&g->checkpoint_lock);
    }
    return SQLITE_OK;
}

kith_status checkpoint_start(struct engine *g, kith_error *e) {
    TRY(conn_open(&g->checkpoint, g->path, CONN_CHECKPOINT, g->opts.vfs, e));
    sqlite3_busy_timeout(g->checkpoint->db, HOLD_MS);
    sqlite3_wal_hook(g->writer->db, after_commit, g);
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
