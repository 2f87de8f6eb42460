/* SPDX-License-Identifier: Apache-2.0 */
/* File: whole files, and what write(2) and rename(2) do not promise. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/err.h"
#include "base/str.h"

/* All of it, through signals and short writes; false: errno says why. */
bool write_all(int fd, kith_str bytes);
/* Gives a file another name on the same disk, but takes it from no file that is there: EEXIST. */
bool file_name_new(const char *from, const char *to);
/* Appends what is in a regular file, at most max bytes; never waits for whoever writes into a pipe.
 * KITH_E_NOTFOUND, KITH_E_DENIED, KITH_E_LIMIT; KITH_E_INVAL: it is no regular file. */
kith_status file_read(const char *path, size_t max, struct buf *out, kith_error *e);
/* Writes a file that is there only when it is whole and on the disk: beside its place first. mode:
 * of open(2), as 0666. */
kith_status file_replace(const char *path, kith_str text, uint32_t mode, kith_error *e);
bool file_ends(const char *name, const char *ending); /* a name, not a hidden one, ends so */

#endif
