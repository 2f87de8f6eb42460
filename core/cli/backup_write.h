/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a backup of an open company, while it goes on working. */
#ifndef CLI_BACKUP_WRITE_H
#define CLI_BACKUP_WRITE_H

#include "cli/backup.h"
#include "cli/cli.h"
#include "journal/chain.h"

struct backup_order {
    struct io *files;               /* where it is written and its base is read */
    const char *target;             /* "-": the output */
    const char *base;               /* a file: only what has changed since; NULL: a full one */
    const unsigned char *recipient; /* public key that it is sealed to; NULL: it is not */
    bool damaged;                   /* the doctor does not look at it */
    bool local; /* the target is on a disk of this process: is there room for it? */
};
struct backup_made {
    int64_t at; /* ms UTC */
    uint64_t journal, records, bytes;
    uint64_t blocks, changed; /* of the database, and those of them that are in it */
};
/* Nothing is under the target's name unless it is whole. KITH_E_CONFLICT: there is a file of that
 * name, or the base is of another company. KITH_E_CORRUPT: the doctor found damage. KITH_E_FULL.
 * Not on the writer. */
kith_status backup_write(struct cmd *c, const struct backup_order *o, struct backup_made *out,
                         kith_error *e);
/* Where the chain of the journal's digests ends: "SEQ:HEX". */
kith_status backup_anchor(struct conn *conn, char out[CHAIN_ANCHOR_TEXT], kith_error *e);
/* The public key that the company's settings name; *out NULL: none. */
kith_status backup_recipient(struct cmd *c, const unsigned char **out, kith_error *e);

#endif
