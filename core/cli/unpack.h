/* SPDX-License-Identifier: Apache-2.0 */
/* Unpack: reads a backup into a folder, and trusts nothing in it. */
#ifndef CLI_UNPACK_H
#define CLI_UNPACK_H

#include "cli/cli.h"

struct unpacked { /* from the manifest; texts in the command's arena */
    const char *kith, *made;
    uint64_t records, journal;
};
/* The backup is the command's first argument. Only files that the manifest names, below the names
 * in backup_parts, and only when size and digest are right. KITH_E_CORRUPT: it is no whole backup.
 * The folder is left as it is when it fails. */
kith_status unpack(struct cmd *c, const char *folder, struct unpacked *out, kith_error *e);

#endif
