/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's unix-excl VFS, with one thing mended: it writes at most 131,071 bytes at a time. That is
 * enough for pages, but a statement journal that outgrows its memory is written to a file in pieces
 * of STMTJRNL_SPILL bytes; unix-excl then writes the odd bytes of a piece and reports a full disk.
 * Here such a write goes down in parts. */
#include "store/spill.h"

#include <stdint.h>
#include <string.h>

#define PART (64 * 1024) /* bytes */

/* Behind the file's own structure: its methods, with another xWrite, and what they were. */
struct mended {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real;
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs spill_vfs;

static struct mended *mended_of(sqlite3_file *f) {
    return (struct mended *)(void *)((char *)f + spill_vfs.szOsFile - sizeof(struct mended));
}

static int write_in_parts(sqlite3_file *f, const void *data, int size, sqlite3_int64 at) {
    const struct mended *m = mended_of(f);
    int rc = SQLITE_OK;
    for (int done = 0; rc == SQLITE_OK && done < size; done += PART) {
        int part = size - done < PART ? size - done : PART;
        rc = m->real->xWrite(f, (const char *)data + done, part, at + done);
    }
    return rc;
}

/* Statement journals alone: no other file is written in such pieces. */
static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
    (void)vfs; /* the real one knows itself by its address and name */
    int rc = real_vfs->xOpen(real_vfs, name, f, flags, out);
    if (rc != SQLITE_OK || !(flags & SQLITE_OPEN_SUBJOURNAL))
        return rc;
    struct mended *m = mended_of(f);
    m->real = f->pMethods;
    m->methods = *f->pMethods;
    m->methods.xWrite = write_in_parts;
    f->pMethods = &m->methods;
    return SQLITE_OK;
}

int spill_register(void) {
    real_vfs = sqlite3_vfs_find("unix-excl");
    if (!real_vfs)
        return SQLITE_ERROR;
    spill_vfs = *real_vfs;
    spill_vfs.zName = SPILL_VFS;
    spill_vfs.xOpen = open_file;
    spill_vfs.szOsFile = (real_vfs->szOsFile + 15) / 16 * 16 + (int)sizeof(struct mended);
    return sqlite3_vfs_register(&spill_vfs, 0);
}
