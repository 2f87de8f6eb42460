/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's VFS with four things mended.
 *
 * Statement journals: SQLite writes at most 131,071 bytes at a time. That is enough for pages, but
 * a statement journal that outgrows its memory is written to a file in pieces of
 * STMTJRNL_SPILL bytes; unix-excl then writes the odd bytes of a piece and reports a full disk.
 * Here such a write goes down in parts.
 *
 * The write-ahead log: SQLite appends each page with two writes, one for its 24 bytes of header.
 * Here they are gathered, and go down together when something else is asked of the file. That is
 * sound because nobody reads a frame before its commit has synced the log (synchronous=FULL): the
 * index of the log, which leads readers to it, is written after the sync.
 *
 * The database: between the pointers of a b-tree's page and its cells is room that means nothing,
 * and where SQLite leaves bytes of cells that it moved to another page. Overwriting what is deleted
 * (secure_delete) does not reach them there. Here each page goes into the file with zeros in that
 * room, so that what was erased is nowhere in it. The form of a page: sqlite.org/fileformat2.html,
 * "B-tree Pages".
 *
 * A full disk: where SQLite cannot make a file it does not tell why. Here it is asked for again. */
#include "store/vfs.h"
#include "base/aside.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART         (64 * 1024) /* bytes written at once */
#define LAYERS       4
#define MENDED_FILES (SQLITE_OPEN_SUBJOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_DB)

struct layer {
    sqlite3_vfs vfs; /* what SQLite knows; first, so that it leads back here */
    sqlite3_vfs *base;
    char name[64];
};

/* Behind the base's own structure of a file: its methods, some of them ours. */
struct mended {
    sqlite3_io_methods methods; /* first: a file's pMethods leads back here */
    const sqlite3_io_methods *base;
    char *gathered; /* PART bytes of the log on their way; malloc'd */
    int length;     /* of what is gathered */
    sqlite3_int64 at;
};

static struct mended *mended_of(sqlite3_file *f) {
    return (struct mended *)(uintptr_t)f->pMethods;
}

static int write_in_parts(sqlite3_file *f, const void *data, int size, sqlite3_int64 at) {
    int rc = SQLITE_OK;
    for (int done = 0; rc == SQLITE_OK && done < size; done += PART) {
        int part = size - done < PART ? size - done : PART;
        rc = mended_of(f)->base->xWrite(f, (const char *)data + done, part, at + done);
    }
    return rc;
}

/* -- the log ----------------------------------------------------------------------------------- */

/* What could not be written is forgotten: the transaction it is of fails with this code. */
static int flush(sqlite3_file *f) {
    struct mended *m = mended_of(f);
    int length = m->length;
    m->length = 0;
    return length ? m->base->xWrite(f, m->gathered, length, m->at) : SQLITE_OK;
}

static int log_write(sqlite3_file *f, const void *data, int size, sqlite3_int64 at) {
    struct mended *m = mended_of(f);
    int rc = SQLITE_OK;
    if (m->length && (at != m->at + m->length || m->length + size > PART))
        rc = flush(f);
    if (rc != SQLITE_OK || size > PART)
        return rc != SQLITE_OK ? rc : m->base->xWrite(f, data, size, at);
    if (!m->length)
        m->at = at;
    memcpy(m->gathered + m->length, data, (size_t)size);
    m->length += size;
    return SQLITE_OK;
}

static int log_read(sqlite3_file *f, void *data, int size, sqlite3_int64 at) {
    struct mended *m = mended_of(f);
    int rc = m->length && at + size > m->at ? flush(f) : SQLITE_OK;
    return rc == SQLITE_OK ? m->base->xRead(f, data, size, at) : rc;
}

static int log_truncate(sqlite3_file *f, sqlite3_int64 size) {
    int rc = flush(f);
    return rc == SQLITE_OK ? mended_of(f)->base->xTruncate(f, size) : rc;
}

static int log_sync(sqlite3_file *f, int flags) {
    int rc = flush(f);
    return rc == SQLITE_OK ? mended_of(f)->base->xSync(f, flags) : rc;
}

static int log_size(sqlite3_file *f, sqlite3_int64 *size) {
    int rc = flush(f);
    return rc == SQLITE_OK ? mended_of(f)->base->xFileSize(f, size) : rc;
}

static int log_close(sqlite3_file *f) {
    struct mended *m = mended_of(f);
    flush(f); /* never acknowledged, since not synced */
    free(m->gathered);
    f->pMethods = m->base;
    return m->base->xClose(f);
}

/* -- the database ------------------------------------------------------------------------------ */

#define PAGE 4096 /* bytes of each page: SQLite's default, which no database of ours changes */
/* Up to here the first byte of an overflow or free page is that of a page number below 2^24: 0,
 * which is none of a b-tree's page. */
#define SURE_PAGES (1 << 24)

static size_t two_bytes(const unsigned char *p) {
    return (size_t)p[0] << 8 | p[1];
}

/* The room that means nothing: [*from, *to). False: it is no page of a b-tree, or has none. */
static bool unused_room(const unsigned char *page, sqlite3_int64 at, size_t *from, size_t *to) {
    const unsigned char *head = page + (at == 0 ? 100 : 0); /* the file's own header comes first */
    bool leaf = head[0] == 10 || head[0] == 13;
    if (!leaf && head[0] != 2 && head[0] != 5)
        return false;
    *from = (size_t)(head - page) + (leaf ? 8 : 12) + 2 * two_bytes(head + 3);
    *to = two_bytes(head + 5);
    return *from < *to && *to <= PAGE;
}

static bool has_bytes(const unsigned char *p, size_t n) {
    return n && (p[0] || memcmp(p, p + 1, n - 1) != 0);
}

static int page_write(sqlite3_file *f, const void *data, int size, sqlite3_int64 at) {
    const sqlite3_io_methods *base = mended_of(f)->base;
    unsigned char page[PAGE];
    size_t from, to;
    if (size != PAGE || at % PAGE != 0 || at / PAGE >= SURE_PAGES ||
        !unused_room(data, at, &from, &to) ||
        !has_bytes((const unsigned char *)data + from, to - from))
        return base->xWrite(f, data, size, at);
    memcpy(page, data, PAGE);
    memset(page + from, 0, to - from);
    return base->xWrite(f, page, PAGE, at);
}

/* A check of the trees is one instruction of SQLite's, in which nobody else is called. */
static int page_read(sqlite3_file *f, void *data, int size, sqlite3_int64 at) {
    aside_rest();
    return mended_of(f)->base->xRead(f, data, size, at);
}

/* -- opening ----------------------------------------------------------------------------------- */

static void mend_log(struct mended *m) {
    m->gathered = malloc(PART);
    if (!m->gathered) /* it works without, only slower */
        return;
    m->methods.xWrite = log_write;
    m->methods.xRead = log_read;
    m->methods.xTruncate = log_truncate;
    m->methods.xSync = log_sync;
    m->methods.xFileSize = log_size;
    m->methods.xClose = log_close;
}

/* Why no such file can be made: SQLite tries to read it next, and tells that it is not there.
 * SQLITE_OK: it can. */
static int try_to_make(const char *name) {
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL
               : errno == EIO                     ? SQLITE_IOERR
                                                  : SQLITE_CANTOPEN;
    close(fd);
    unlink(name);
    return SQLITE_OK;
}

static int open_base(struct layer *layer, const char *name, sqlite3_file *f, int flags, int *out) {
    int rc = layer->base->xOpen(layer->base, name, f, flags, out);
    if (rc != SQLITE_CANTOPEN || !name || !(flags & SQLITE_OPEN_CREATE))
        return rc;
    rc = try_to_make(name);
    return rc == SQLITE_OK ? layer->base->xOpen(layer->base, name, f, flags, out) : rc;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
    struct layer *layer = (struct layer *)(void *)vfs;
    int rc = open_base(layer, name, f, flags, out);
    if (rc != SQLITE_OK || !f->pMethods || !(flags & MENDED_FILES))
        return rc;
    struct mended *m =
        (struct mended *)(void *)((char *)f + vfs->szOsFile - (int)sizeof(struct mended));
    *m = (struct mended){.methods = *f->pMethods, .base = f->pMethods};
    if (flags & SQLITE_OPEN_WAL) {
        mend_log(m);
    } else if (flags & SQLITE_OPEN_MAIN_DB) {
        m->methods.xWrite = page_write;
        m->methods.xRead = page_read;
    } else {
        m->methods.xWrite = write_in_parts;
    }
    f->pMethods = &m->methods;
    return SQLITE_OK;
}

static bool make(struct layer *layer, const char *base) {
    layer->base = sqlite3_vfs_find(base);
    if (!layer->base)
        return false;
    layer->vfs = *layer->base;
    layer->vfs.pNext = NULL;
    layer->vfs.zName = layer->name;
    layer->vfs.xOpen = open_file;
    layer->vfs.szOsFile = (layer->base->szOsFile + 15) / 16 * 16 + (int)sizeof(struct mended);
    return sqlite3_vfs_register(&layer->vfs, 0) == SQLITE_OK;
}

const char *vfs_over(const char *base) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct layer layers[LAYERS];
    const char *name = NULL;
    char wanted[sizeof layers->name];
    if (!base)
        base = "unix-excl";
    sqlite3_snprintf((int)sizeof wanted, wanted, "kith over %s", base);
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < LAYERS && !name; i++) {
        struct layer *layer = &layers[i];
        if (layer->name[0] && strcmp(layer->name, wanted) != 0)
            continue;
        if (!layer->name[0]) {
            memcpy(layer->name, wanted, sizeof wanted);
            if (!make(layer, base)) {
                layer->name[0] = '\0';
                break;
            }
        }
        name = layer->name;
    }
    pthread_mutex_unlock(&lock);
    return name;
}
