/* SPDX-License-Identifier: Apache-2.0 */
/* Pack: the headers of a tar archive of plain files (POSIX.1-1988 ustar, with GNU's binary sizes
 * for files of 8 GiB and more), so that a backup can be opened without Kith. */
#ifndef CLI_PACK_H
#define CLI_PACK_H

#include "base/err.h"
#include <stdbool.h>

#define PACK_BLOCK 512 /* bytes: of a header, and what content is filled up to */
#define PACK_NAME  256

struct pack_entry {
    char name[PACK_NAME + 1];
    uint64_t size;
};

/* KITH_E_LIMIT: the name is too long for a header. mtime: seconds since 1970. */
kith_status pack_header(char block[PACK_BLOCK], const struct pack_entry *entry, int64_t mtime,
                        kith_error *e);
/* *end: an empty block, which ends the archive. KITH_E_CORRUPT: no header of a plain file. */
kith_status pack_parse(const char block[PACK_BLOCK], struct pack_entry *entry, bool *end,
                       kith_error *e);
/* Bytes that fill the last block of a file. */
static inline size_t pack_padding(uint64_t size) {
    return (size_t)(-size & (PACK_BLOCK - 1));
}

#endif
