/* SPDX-License-Identifier: Apache-2.0 */
/* Files: bytes that belong to a record, kept as records of the types file and file_part, so that
 * they are journaled, undone and deleted as all else. In parts, so that a list of files reads none
 * of what stands in them. */
#ifndef ENGINE_FILES_H
#define ENGINE_FILES_H

#include "engine/engine.h"

#define RECORD_FILE_MAX ((size_t)10 << 20)  /* bytes of a file */
#define FILE_PART       ((size_t)192 << 10) /* bytes of a part; a multiple of 3, for base64 */

#define FILE_DIGEST 65 /* 64 hexadecimal digits and NUL */

struct file {
    kith_str name, media; /* media: "image/jpeg", or empty */
    const char *kind;     /* an option of file.kind */
    kith_str bytes;
};
/* Bytes of base64, padded or not, without blanks, in the arena. KITH_E_INVAL: it is no base64;
 * KITH_E_LIMIT: more than RECORD_FILE_MAX. [any] */
kith_status file_decode(struct arena *a, kith_str base64, kith_str *bytes, kith_error *e);
/* May the principal put a file to this record? Asked before its bytes are read. KITH_E_NOTFOUND:
 * there is no such record, as far as the principal is told; KITH_E_DENIED. [any] */
kith_status file_may_add(struct engine *g, const struct principal *p, const struct rtype *type,
                         kith_id about, kith_error *e);
/* Adds a file to a record, unless it has one of that kind with the same bytes. *id, which may be
 * NULL, is the one or the other. [writer] */
kith_status file_add(struct txn *t, const struct rtype *type, kith_id about, const struct file *f,
                     kith_id *id, kith_error *e);
/* The newest file of a kind that a record has; *base64 is all of it. KITH_E_NOTFOUND: none, or not
 * whole. Everything is in the arena. The caller's principal may read the type. [any] */
struct file_text {
    kith_str media, base64;
};
/* May the principal read what stands in files, of records that it may read? */
bool file_readable(const struct engine *g, const struct principal *p);
kith_status file_newest(struct engine *g, const struct rtype *type, kith_id about, const char *kind,
                        struct arena *a, struct file_text *out, kith_error *e);

/* The parts of a file in their order, and the bytes of one, whose place is counted from 0; in the
 * arena. The caller's principal may read the file, and what stands in files. KITH_E_NOTFOUND: it
 * is not whole. [any] */
kith_status file_parts(struct engine *g, kith_id file, struct arena *a, kith_id **ids, size_t *n,
                       kith_error *e);
kith_status file_part(struct engine *g, kith_id part, size_t place, struct arena *a,
                      kith_str *bytes, kith_error *e);

#endif
