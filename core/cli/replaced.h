/* SPDX-License-Identifier: Apache-2.0 */
/* Replaced: what others know besides the backup that is restored: the company whose place it takes,
 * a list that is named, and newer backups at hand. */
#ifndef CLI_REPLACED_H
#define CLI_REPLACED_H

#include "cli/unpack.h"
#include "engine/erased.h"

struct replaced {
    struct erased_list erased;  /* by any of them */
    size_t sources;             /* that told who was erased */
    char origin[BACKUP_ORIGIN]; /* of the company in the folder; "": not known */
};

/* What the company in `folder` knows, if there is one, by its list and, when the caller has its
 * lock, its database. Of one that cannot be read that is said. */
kith_status replaced_company(struct cmd *c, const char *folder, bool locked, struct replaced *out,
                             kith_error *e);
/* Whom the list names. */
kith_status replaced_list(struct replaced *out, const char *path, kith_error *e);
/* Who was erased by the newest of the backups that are given, when another one is restored. It is
 * unpacked in `folder` for that. */
kith_status replaced_newest(struct cmd *c, const struct series *restored,
                            const struct seal_key *key, const char *folder, struct replaced *out,
                            kith_error *e);
/* Who was erased by the database in the folder itself, which came out of `backup`, and the list of
 * all, beside it. A database that cannot be read is passed over when damaged. */
kith_status replaced_leave_list(struct replaced *out, const char *backup, const char *folder,
                                bool damaged, kith_error *e);
void replaced_free(struct replaced *r);

#endif
