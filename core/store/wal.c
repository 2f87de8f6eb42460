/* SPDX-License-Identifier: Apache-2.0 */
/* Wal: looks at the write-ahead log before SQLite does, which takes the log to end at the first
 * frame that is not in order, and says nothing of what was committed behind it.
 *
 * The form of the file is that of https://www.sqlite.org/fileformat2.html, section 4. A header of
 * 32 bytes: magic number, version, size of a page, count of checkpoints, two salts, checksum. Then
 * frames, a header of 24 bytes and a page each: number of the page, size of the database after a
 * commit or 0, the salts, checksum. All are words of 32 bits, the highest byte first. A checksum
 * begins with that of the frame before. When the log begins anew its header gets other salts, so
 * that the frames of its earlier use, which stay behind the new ones, are none of it.
 *
 * SQLite begins a transaction only when the commit before is synced. So a frame that goes on from a
 * commit by its checksum proves that this commit was acknowledged. If both stand where the log does
 * not lead to any more, something was lost; a group that a power loss tore ends with its only
 * commit, and nothing goes on from that.
 *
 * One thing looks like a loss and is none: the log begins anew only when all of it is in the
 * database file, and a power loss may tear the header that says so in the middle. So when the
 * header is what is damaged, the pages behind it are compared with those of the database. */
#include "store/store.h"
#include "store/vfs.h"

#include <stdlib.h>
#include <string.h>

#define HEADER     32
#define FRAME      24   /* the header of a frame */
#define SECTOR     512  /* the least that a disk writes as a whole */
#define PAGE       4096 /* when the header does not tell */
#define PAGE_MAX   65536
#define MAGIC      0x377f0682u /* +1: checksums are over words with the highest byte first */
#define HIGH_FIRST (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) /* this machine */

struct sum {
    uint32_t a, b;
};

struct walk {
    sqlite3_file *file;
    int64_t at;     /* of the frame to look at */
    int64_t bad;    /* where the log ceases to be in order; -1: not yet */
    bool swapped;   /* checksums are over words of the other order than this machine's */
    bool committed; /* the frame before is a commit */
    bool lost;
    struct sum sum; /* as it stands in the frame before */
    size_t page;
    unsigned char salts[8];
    unsigned char frame[FRAME + PAGE_MAX];
    unsigned char there[PAGE_MAX]; /* the page of the database */
};

static uint32_t word(const unsigned char *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct sum sum_at(const unsigned char *p) {
    return (struct sum){word(p), word(p + 4)};
}

static bool sum_is(struct sum s, struct sum t) {
    return s.a == t.a && s.b == t.b;
}

static struct sum add(struct sum s, bool swapped, const unsigned char *p, size_t size) {
    for (const unsigned char *end = p + size; p < end; p += 8) {
        uint32_t pair[2];
        memcpy(pair, p, sizeof pair);
        if (swapped) {
            pair[0] = __builtin_bswap32(pair[0]);
            pair[1] = __builtin_bswap32(pair[1]);
        }
        s.a += pair[0] + s.b;
        s.b += pair[1] + s.a;
    }
    return s;
}

/* A header that is damaged still says whose frames are its own, unless its salts are what is. */
static void read_header(struct walk *w, const unsigned char header[HEADER]) {
    uint32_t magic = word(header), page = word(header + 8);
    bool sized = page >= 512 && page <= PAGE_MAX && (page & (page - 1)) == 0;
    bool known = (magic & ~1u) == MAGIC;
    w->swapped = known && (magic & 1) != HIGH_FIRST;
    w->page = sized ? page : PAGE;
    memcpy(w->salts, header + 16, sizeof w->salts);
    w->sum = sum_at(header + 24);
    bool whole = sum_is(w->sum, add((struct sum){0, 0}, w->swapped, header, 24));
    w->bad = known && sized && whole ? -1 : 0;
    w->at = HEADER;
}

static int read_at(struct walk *w, void *dst, size_t size, int64_t at) {
    return w->file->pMethods->xRead(w->file, dst, (int)size, at);
}

static void look_at_frame(struct walk *w) {
    const unsigned char *f = w->frame;
    struct sum sum = add(add(w->sum, w->swapped, f, 8), w->swapped, f + FRAME, w->page);
    bool follows = word(f) != 0 && sum_is(sum, sum_at(f + 16));
    if (!follows && w->bad < 0)
        w->bad = w->at;
    w->lost = follows && w->committed && w->bad >= 0;
    /* Of a header that lies in two sectors a power loss may have kept one: what says that it is a
     * commit may then be older than its checksum. */
    bool whole = follows || w->at % SECTOR <= SECTOR - FRAME;
    w->committed = whole && word(f + 4) != 0;
    w->sum = sum_at(f + 16);
}

static int next_frame(struct walk *w) {
    int rc = read_at(w, w->frame, FRAME, w->at);
    if (rc != SQLITE_OK)
        return rc;
    if (memcmp(w->frame + 8, w->salts, sizeof w->salts) == 0) {
        rc = read_at(w, w->frame + FRAME, w->page, w->at + FRAME);
        if (rc == SQLITE_OK)
            look_at_frame(w);
    } else { /* of an earlier use, most likely */
        w->bad = w->bad < 0 ? w->at : w->bad;
        w->committed = false;
    }
    w->at += (int64_t)(FRAME + w->page);
    return rc;
}

static int walk(struct walk *w) {
    unsigned char header[HEADER];
    int rc = read_at(w, header, HEADER, 0);
    if (rc == SQLITE_OK)
        read_header(w, header);
    while (rc == SQLITE_OK && !w->lost)
        rc = next_frame(w);
    return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc; /* the end */
}

static int open_file(sqlite3_vfs *files, const char *name, sqlite3_file **out) {
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_WAL;
    *out = calloc(1, (size_t)files->szOsFile);
    return *out ? files->xOpen(files, name, *out, flags, &flags) : SQLITE_NOMEM;
}

static void close_file(sqlite3_file *f) {
    if (f && f->pMethods)
        f->pMethods->xClose(f);
    free(f);
}

/* -- a header that was being replaced ---------------------------------------------------------- */

/* The end of the last transaction that the frames, one going on from the other, lead to; and the
 * highest page among them. */
static int find_end(struct walk *w, int64_t *end, uint32_t *highest) {
    unsigned char header[HEADER];
    int rc = read_at(w, header, HEADER, 0);
    *end = HEADER;
    *highest = 0;
    if (rc != SQLITE_OK)
        return rc;
    read_header(w, header);
    w->bad = -1; /* the header is known to be; where do the frames end? */
    while (w->bad < 0 && (rc = next_frame(w)) == SQLITE_OK && w->bad < 0) {
        *highest = word(w->frame) > *highest ? word(w->frame) : *highest;
        *end = w->committed ? w->at : *end;
    }
    return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc;
}

/* Does the frame at `at` hold what the database has at its page? The frames are looked at from the
 * last to the first: the newest one of a page counts. */
static int compare_frame(struct walk *w, int64_t at, sqlite3_file *db, unsigned char *seen,
                         bool *same) {
    int rc = read_at(w, w->frame, FRAME + w->page, at);
    uint32_t number = word(w->frame);
    if (rc != SQLITE_OK || (seen[number / 8] >> (number % 8) & 1))
        return rc;
    seen[number / 8] |= (unsigned char)(1u << (number % 8));
    rc = db->pMethods->xRead(db, w->there, (int)w->page, (int64_t)(number - 1) * (int64_t)w->page);
    *same = rc == SQLITE_OK && memcmp(w->there, w->frame + FRAME, w->page) == 0;
    return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc;
}

static int compare_pages(struct walk *w, sqlite3_file *db, bool *same) {
    const int64_t size = (int64_t)(FRAME + w->page);
    int64_t end;
    uint32_t highest;
    int rc = find_end(w, &end, &highest);
    unsigned char *seen = calloc(1, highest / 8 + 1u);
    if (!seen)
        rc = SQLITE_NOMEM;
    *same = rc == SQLITE_OK && end > HEADER;
    for (int64_t at = end - size; rc == SQLITE_OK && *same && at >= HEADER; at -= size)
        rc = compare_frame(w, at, db, seen, same);
    free(seen);
    return rc;
}

/* Nothing was lost when all that the log leads to is in the database. */
static int look_at_database(sqlite3_vfs *files, const char *name, struct walk *w) {
    sqlite3_file *db;
    bool same = false;
    int rc = open_file(files, name, &db);
    if (rc == SQLITE_OK)
        rc = compare_pages(w, db, &same);
    close_file(db);
    w->bad = 0;
    w->lost = !same;
    return rc;
}

static int open_and_walk(sqlite3_vfs *files, const struct buf *log, struct walk *w) {
    struct buf db = {0};
    int rc = open_file(files, log->ptr, &w->file);
    if (rc == SQLITE_OK)
        rc = walk(w);
    if (rc == SQLITE_OK && w->lost && w->bad == 0) {
        buf_printf(&db, "%.*s", (int)(log->len - strlen("-wal")), log->ptr);
        rc = db.failed ? SQLITE_NOMEM : look_at_database(files, db.ptr, w);
        buf_free(&db);
    }
    close_file(w->file);
    return rc;
}

/* -- by the name of the database --------------------------------------------------------------- */

/* SQLite keeps the log beside the file itself, not beside a symbolic link to it. */
static void name_log(sqlite3_vfs *files, const char *path, struct buf *log) {
    size_t max = (size_t)files->mxPathname + 1;
    char *full = malloc(max);
    int rc = full ? files->xFullPathname(files, path, (int)max, full) : SQLITE_NOMEM;
    bool known = rc == SQLITE_OK || rc == SQLITE_OK_SYMLINK;
    buf_printf(log, "%s-wal", known ? full : path);
    free(full);
}

static kith_status find_log(const char *path, const char *vfs, sqlite3_vfs **files, struct buf *log,
                            kith_error *e) {
    TRY(store_setup(e));
    *files = sqlite3_vfs_find(vfs_over(vfs));
    if (*files)
        name_log(*files, path, log);
    if (*files && !log->failed)
        return KITH_OK;
    buf_free(log);
    return err_nomem(e);
}

kith_status conn_has_log(const char *path, const char *vfs, bool *there, kith_error *e) {
    struct buf log = {0};
    sqlite3_vfs *files;
    int found = 0;
    TRY(find_log(path, vfs, &files, &log, e));
    /* Not SQLITE_ACCESS_EXISTS, for which an empty file is none: a checkpoint may have emptied it.
     */
    int rc = files->xAccess(files, log.ptr, SQLITE_ACCESS_READWRITE, &found);
    buf_free(&log);
    *there = rc != SQLITE_OK || found;
    return KITH_OK;
}

kith_status conn_log_damage(const char *path, const char *vfs, int64_t *at, kith_error *e) {
    struct buf log = {0};
    sqlite3_vfs *files;
    TRY(find_log(path, vfs, &files, &log, e));
    struct walk *w = calloc(1, sizeof *w);
    int rc = SQLITE_NOMEM;
    if (w)
        rc = open_and_walk(files, &log, w);
    struct conn read = {.path = log.ptr};
    kith_status st = rc == SQLITE_OK ? KITH_OK : conn_error(&read, rc, e);
    *at = rc == SQLITE_OK && w->lost ? w->bad : -1;
    free(w);
    buf_free(&log);
    return st;
}
