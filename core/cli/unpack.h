/* SPDX-License-Identifier: Apache-2.0 */
/* Unpack: reads backups into a folder, or only looks at them, and trusts nothing in them. */
#ifndef CLI_UNPACK_H
#define CLI_UNPACK_H

#include "cli/backup.h"
#include "cli/cli.h"

/* A full backup and those that are based on it, each on the one before. */
struct series {
    const char **files;
    size_t count;
    bool alone; /* only to be looked at, whatever it is based on */
};

struct unpacked { /* of the last one; texts in the command's arena */
    const char *kith, *made, *anchor, *origin;
    int64_t at;
    uint64_t records, journal;
    uint64_t blocks; /* of the database, each of which was compared with its hash; 0: format 1 */
    bool opened;     /* false: some are sealed, of which only the digests were compared */
};

/* The backups that lead to one of those given: the newest, or with `at` (a day, a time by the
 * clocks of the company, or the id of a transaction; NULL: the newest) the first that was made then
 * or later. In the command's arena. KITH_E_NOTFOUND: one that it is based on is not among them, or
 * none is as young as that. */
kith_status series_find(struct cmd *c, struct io *io, const char *const *files, size_t count,
                        const char *at, struct series *out, kith_error *e);
/* Reads them in their order. What is written: only files that the manifest names, below the names
 * in backup_parts, and only when size and digest are right; of the settings those of the last one.
 * folder NULL: nothing is written. key NULL: what is sealed cannot be read, KITH_E_DENIED, or is
 * only compared with its digest when folder is NULL. KITH_E_CORRUPT: they are no whole backups. The
 * folder is left as it is when it fails. */
kith_status unpack(struct cmd *c, struct io *io, const struct series *series,
                   const struct seal_key *key, const char *folder, struct unpacked *out,
                   kith_error *e);
/* The key that --key names; *out NULL: none is given. Asks for the passphrase of a locked one. */
kith_status unpack_key(struct cmd *c, const struct seal_key **out, kith_error *e);

#endif
