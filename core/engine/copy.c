/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of the database: made beside it in a folder of their own, worked with, and removed. */
#include "base/aside.h"
#include "engine/engine_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER ".copy-" /* PID-XXXXXX */

kith_status engine_copy(struct engine *g, const char *path, kith_error *e) {
    struct conn *c;
    if (!g->started)
        return conn_copy(g->writer, path, e);
    /* Off the writer: the copy sees one snapshot and holds nobody up. */
    TRY(conn_open(&c, g->path, CONN_READER, g->opts.vfs, e));
    kith_status st = conn_copy(c, path, e);
    conn_close(c);
    return st;
}

/* -- the folder -------------------------------------------------------------------------------- */

/* Calls fn with the path of each entry whose name begins with `prefix`. */
static void each_entry(const char *folder, const char *prefix,
                       void (*fn)(const char *path, const char *name)) {
    DIR *d = opendir(folder);
    const struct dirent *entry;
    while (d && (entry = readdir(d))) {
        struct buf path = {0};
        buf_printf(&path, "%s/%s", folder, entry->d_name);
        if (!path.failed && strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            fn(path.ptr, entry->d_name);
        buf_free(&path);
    }
    if (d)
        closedir(d);
}

static void remove_file(const char *path, const char *name) {
    (void)name;
    unlink(path);
}

static void remove_folder(const char *path) {
    each_entry(path, "kith.db", remove_file);
    rmdir(path);
}

static void remove_leftover(const char *path, const char *name) {
    (void)name;
    remove_folder(path);
}

static void put_place(const struct engine *g, struct buf *folder) {
    const char *slash = strrchr(g->path, '/');
    if (slash)
        buf_add(folder, g->path, (size_t)(slash - g->path));
    else
        buf_puts(folder, ".");
}

void copies_clean(const struct engine *g) {
    struct buf place = {0};
    put_place(g, &place);
    if (!place.failed)
        each_entry(place.ptr, FOLDER, remove_leftover);
    buf_free(&place);
}

static kith_status make_folder(const struct engine *g, struct buf *folder, kith_error *e) {
    put_place(g, folder);
    buf_printf(folder, "/" FOLDER "%ld-XXXXXX", (long)getpid());
    if (folder->failed)
        return err_nomem(e);
    return mkdtemp(folder->ptr) ? KITH_OK : err_errno(e, "make the folder", folder->ptr);
}

kith_status engine_with_copy(struct engine *g, copy_fn fn, void *arg, kith_error *e) {
    struct buf folder = {0}, path = {0};
    atomic_fetch_add(&g->copies, 1);
    kith_status st = make_folder(g, &folder, e);
    if (st == KITH_OK) {
        buf_printf(&path, "%s/kith.db", folder.ptr);
        st = path.failed ? err_nomem(e) : engine_copy(g, path.ptr, e);
        if (st == KITH_OK)
            st = fn(arg, path.ptr, e);
        remove_folder(folder.ptr);
    }
    atomic_fetch_sub(&g->copies, 1);
    buf_free(&path);
    buf_free(&folder);
    return st;
}

/* -- the doctor -------------------------------------------------------------------------------- */

static int rest(void *arg) {
    (void)arg;
    aside_rest();
    return 0;
}

kith_status engine_examine(struct engine *g, const char *path, doctor_tell tell, void *arg,
                           size_t *findings, kith_error *e) {
    struct conn *c;
    TRY(conn_open(&c, path, CONN_READER, NULL, e));
    sqlite3_progress_handler(c->db, 10000, rest, NULL);
    static const struct principal doctor = {.name = "doctor", .all = true};
    const struct query_env env = engine_env(g, engine_now(g), &doctor);
    kith_status st = doctor_run(c, g->schema, &env, tell, arg, findings, e);
    conn_close(c);
    return st;
}

struct examination {
    struct engine *engine;
    doctor_tell tell;
    void *arg;
    size_t *findings;
};

static kith_status examine(void *arg, const char *path, kith_error *e) {
    const struct examination *x = arg;
    return engine_examine(x->engine, path, x->tell, x->arg, x->findings, e);
}

kith_status engine_doctor(struct engine *g, doctor_tell tell, void *arg, size_t *findings,
                          kith_error *e) {
    struct examination x = {g, tell, arg, findings};
    return engine_with_copy(g, examine, &x, e);
}
