/* SPDX-License-Identifier: Apache-2.0 */
/* The test disk: an SQLite VFS named "kith-fault" over "unix-excl" that loses power, fills up and
 * fails on demand. Knows SQLite and files, nothing of Kith.
 *
 * What is written goes to the real file at once (that is the page cache: every reader sees it) and
 * is remembered as unsynced until xSync. A power loss keeps, drops, tears (sectors of 512 bytes) or
 * reorders what is unsynced, with names that were created or deleted and whose directory was not
 * synced. Temporary files are not remembered; faults and space apply to them too.
 *
 * Any thread may call anything here. */
#ifndef TESTS_VFS_FAULT_VFS_H
#define TESTS_VFS_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

#define FAULT_VFS "kith-fault"

int fault_vfs_register(void);       /* an SQLite code; again is harmless */
void fault_vfs_seed(uint64_t seed); /* the outcome of power losses follows from it */
/* Heals, switches the power on and takes the files as they are on the disk. Files that are open
 * are dead from here on. */
void fault_vfs_reset(void);

/* -- power ------------------------------------------------------------------------------------- */

/* From now on every operation fails with SQLITE_IOERR and changes nothing; closing works. */
void fault_vfs_power_loss(void);
/* The same in the middle of the nth write, sync, truncation or deletion from now on; 0: never. */
void fault_vfs_power_loss_at(int64_t nth);
void fault_vfs_power_loss_at_sync(int64_t nth); /* of these only syncs count */
bool fault_vfs_power_is_off(void);
/* Puts what survived in place of the files. Files that are still open stay dead for ever: their
 * number is returned, 0 when the caller closed everything. */
int fault_vfs_power_on(void);

/* -- faults ------------------------------------------------------------------------------------ */

enum fault_op {
    FAULT_OPEN,
    FAULT_READ,
    FAULT_WRITE,
    FAULT_SYNC,
    FAULT_TRUNCATE,
    FAULT_DELETE,
    FAULT_OPS
};
/* The nth call of op from now on (1: the next) and the `times` - 1 after it return rc. A failed
 * write leaves a random part of it behind; what was unsynced when a sync failed is kept or lost for
 * good, piece by piece, and no later sync repairs it, as on Linux. types: SQLITE_OPEN_WAL,
 * SQLITE_OPEN_MAIN_DB, ... or-ed; 0: any file. Replaces an earlier fault of the same op. */
void fault_vfs_fail(enum fault_op op, unsigned types, int64_t nth, int64_t times, int rc);
/* Files may grow by this many bytes in all, then SQLITE_FULL; -1: no limit. Truncating and deleting
 * gives space back. */
void fault_vfs_space(int64_t bytes);
void fault_vfs_heal(void); /* no faults, no limit, no power loss to come */

/* -- counts ------------------------------------------------------------------------------------ */

struct fault_counts {
    int64_t calls[FAULT_OPS]; /* that were asked for, failed ones too */
    int64_t bytes;            /* written */
    int64_t failed;           /* calls that a fault, a full disk or a power cut made fail */
    int64_t losses;           /* power losses that were survived */
    int64_t unsynced, lost;   /* sectors that were at stake in them, and that did not survive */
};
struct fault_counts fault_vfs_counts(void); /* since the program began */

#endif
