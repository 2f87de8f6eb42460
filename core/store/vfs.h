/* SPDX-License-Identifier: Apache-2.0 */
/* The layer between SQLite and the files: SQLite's own VFS, with two things mended that cost Kith a
 * false "disk is full" and much time. Any thread. */
#ifndef STORE_VFS_H
#define STORE_VFS_H

#include <sqlite3.h>

/* The name of the layer over the VFS `base` (NULL: "unix-excl"), made when it is first asked for
 * and kept for ever; NULL: there is no such VFS, or no memory. A connection through it must commit
 * with synchronous=FULL. After sqlite3_initialize. */
const char *vfs_over(const char *base);

#endif
