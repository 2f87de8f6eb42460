/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: a thread with a connection of its own moves the write-ahead log into the database
 * file, so that the writer never does. */
#include "engine/engine_internal.h"

#include "base/log.h"

#define PASSIVE_PAGES 4096u         /* 16 MB */
#define RESTART_PAGES (64u * 1024u) /* 256 MB */

static void restart(struct engine *g) {
    /* A log that readers kept from being reused: let the present ones end, hold new ones for a
     * moment. */
    readers_hold(g, true);
    int rc =
        sqlite3_wal_checkpoint_v2(g->checkpoint->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    readers_hold(g, false);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY)
        log_warn("engine", "checkpoint: %s", sqlite3_errmsg(g->checkpoint->db));
}

static void *checkpoint_main(void *arg) {
    struct engine *g = arg;
    pthread_mutex_lock(&g->checkpoint_lock);
    for (;;) {
        while (!g->checkpoint_stop && atomic_load(&g->wal_pages) < PASSIVE_PAGES)
            pthread_cond_wait(&g->checkpoint_cond, &g->checkpoint_lock);
        if (g->checkpoint_stop)
            break;
        bool large = atomic_load(&g->wal_pages) > RESTART_PAGES;
        pthread_mutex_unlock(&g->checkpoint_lock);
        if (large)
            restart(g);
        int rc = sqlite3_wal_checkpoint_v2(g->checkpoint->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                           NULL);
        if (rc != SQLITE_OK && rc != SQLITE_BUSY)
            log_warn("engine", "checkpoint: %s", sqlite3_errmsg(g->checkpoint->db));
        pthread_mutex_lock(&g->checkpoint_lock);
        /* The next commit says anew how long the log is. */
        atomic_store(&g->wal_pages, 0);
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
    if ((uint64_t)pages >= PASSIVE_PAGES &&
        before / PASSIVE_PAGES != (uint64_t)pages / PASSIVE_PAGES) {
        pthread_mutex_lock(&g->checkpoint_lock);
        pthread_cond_signal(&g->checkpoint_cond);
        pthread_mutex_unlock(&g->checkpoint_lock);
    }
    return SQLITE_OK;
}

kith_status checkpoint_start(struct engine *g, kith_error *e) {
    TRY(conn_open(&g->checkpoint, g->path, CONN_CHECKPOINT, g->opts.vfs, e));
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
