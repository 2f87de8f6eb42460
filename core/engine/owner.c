/* SPDX-License-Identifier: Apache-2.0 */
/* Owner: one process at a time has the database, by a lock on a file beside it. The file holds the
 * owner's process number, and "open" from its first write until the log is in the database file: a
 * database that is found so and has lost its log, or a piece in the middle of it, has lost
 * committed writes, too, and SQLite alone would open it without a word. */
#include "engine/engine_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define NOTE_MAX 32
#define OPEN     " open"

static void read_note(int fd, char note[NOTE_MAX]) {
    ssize_t n = pread(fd, note, NOTE_MAX - 1, 0);
    note[n > 0 ? n : 0] = '\0';
}

static kith_status refuse_second_owner(int fd, const char *path, kith_error *e) {
    char note[NOTE_MAX];
    read_note(fd, note);
    note[strcspn(note, " \n")] = '\0';
    return err_set(e, KITH_E_BUSY, NULL, "%s is in use by process %s; wait for it or talk to it",
                   path, note[0] ? note : "?");
}

/* A folder may have been put in the place of another between the opening and the locking. */
static bool is_still(int fd, const char *name) {
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(name, &named) == 0 && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

static kith_status lock_file(const char *path, const char *name, int *fd, kith_error *e) {
    *fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return err_errno(e, "open", name);
    if (flock(*fd, LOCK_EX | LOCK_NB) == 0 && is_still(*fd, name))
        return KITH_OK;
    return errno == EWOULDBLOCK || !is_still(*fd, name) ? refuse_second_owner(*fd, path, e)
                                                        : err_errno(e, "lock", name);
}

/* The lock is on a file of its own: SQLite's locks on the database are dropped when anybody in the
 * process closes another descriptor of it. */
kith_status engine_lock(const char *path, int *fd, kith_error *e) {
    struct buf name = {0};
    buf_printf(&name, "%s.lock", path);
    *fd = -1;
    kith_status st = name.failed ? err_nomem(e) : lock_file(path, name.ptr, fd, e);
    buf_free(&name);
    if (st != KITH_OK && *fd >= 0) {
        close(*fd);
        *fd = -1;
    }
    return st;
}

static bool write_note(struct engine *g) {
    char note[NOTE_MAX];
    int n = snprintf(note, sizeof note, "%ld%s\n", (long)getpid(), g->owner_marked ? OPEN : "");
    return pwrite(g->lock_fd, note, (size_t)n, 0) == n && ftruncate(g->lock_fd, n) == 0;
}

/* Each name of a file has a log of its own: the log that is left under one would be written over
 * what came under the other. */
static kith_status check_one_name(const char *path, kith_error *e) {
    struct stat now;
    if (stat(path, &now) != 0 || now.st_nlink <= 1)
        return KITH_OK;
    return err_set(e, KITH_E_CONFLICT, NULL,
                   "%s is one file with %lu names (hard links), and written under two of them it"
                   " would lose records: make it a file of its own, by 'cp -p kith.db own && mv own"
                   " kith.db'",
                   path, (unsigned long)now.st_nlink);
}

static kith_status check_log(struct engine *g, bool log, kith_error *e) {
    int64_t damage;
    if (!log)
        return err_set(e, KITH_E_CORRUPT, NULL,
                       "%s-wal is missing: Kith was ended before it was done, and what was written"
                       " last stood there. Put it back, or restore a backup; to go on without it,"
                       " remove %s.lock",
                       g->path, g->path);
    TRY(conn_log_damage(g->path, g->opts.vfs, &damage, e));
    if (damage < 0)
        return KITH_OK;
    return err_set(e, KITH_E_CORRUPT, NULL,
                   "%s-wal is damaged at byte %lld: Kith was ended before it was done, and what was"
                   " written last stands there and behind it. Keep a copy of the folder and restore"
                   " a backup; to go on without all from that place on, remove %s.lock",
                   g->path, (long long)damage, g->path);
}

kith_status owner_take(struct engine *g, kith_error *e) {
    char note[NOTE_MAX];
    bool log;
    TRY(engine_lock(g->path, &g->lock_fd, e));
    TRY(check_one_name(g->path, e));
    read_note(g->lock_fd, note);
    g->owner_marked = strstr(note, OPEN) != NULL;
    TRY(conn_has_log(g->path, g->opts.vfs, &log, e));
    if (g->owner_marked)
        TRY(check_log(g, log, e));
    g->owner_empties = log && !g->owner_marked;
    /* Only for the messages above: a full disk must not keep us from opening. */
    if (!write_note(g))
        log_debug("engine", "%s: cannot note the process number", g->path);
    return KITH_OK;
}

/* A log without the mark holds nothing that counts, or somebody removed the mark to go on without a
 * damaged piece. What stands behind that piece would be missed once more after the next crash. On a
 * full disk it stays. */
void owner_opened(struct engine *g) {
    if (g->owner_empties)
        sqlite3_wal_checkpoint_v2(g->writer->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

/* SQLite would write on into a file that has lost its name, and all of that would be gone with the
 * process. */
kith_status owner_check(struct engine *g, kith_error *e) {
    int moved = 0;
    sqlite3_file_control(g->writer->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (!moved)
        return KITH_OK;
    return err_set(
        e, KITH_E_IO, NULL,
        "'%s' was removed, renamed or replaced while Kith works with it: nothing is"
        " written any more. Put it back in its place; if it is lost, end Kith and restore"
        " a backup",
        g->path);
}

/* Nobody has been told of the commit yet. Without room for the mark its loss goes unnoticed, and
 * nothing else. */
void owner_mark(struct engine *g) {
    if (g->owner_marked)
        return;
    g->owner_marked = true;
    write_note(g);
}

/* The log is in the file before the mark goes, and the mark is gone before the log is: whatever
 * kills us in between. When it cannot be moved, as on a full disk, both stay. */
void owner_release(struct engine *g) {
    if (!g->owner_marked || !g->writer)
        return;
    sqlite3 *db = g->writer->db;
    conn_forget_statements(g->writer); /* one that is under way would keep the log */
    if (sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK) {
        g->owner_marked = false;
        if (write_note(g) && fsync(g->lock_fd) == 0)
            return;
    }
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}
