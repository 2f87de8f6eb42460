/* SPDX-License-Identifier: Apache-2.0 */
/* Restored: what is done to a database that came out of a backup before anybody sees it, besides
 * looking at it. No rule runs, no timer of a module fires, nothing leaves the computer. */
#ifndef CLI_RESTORED_H
#define CLI_RESTORED_H

#include "cli/carried.h"
#include "cli/cli.h"
#include "engine/erased.h"

struct restored {      /* what was done; texts in the command's arena */
    const char *at;    /* back to this moment, by the company's clocks; NULL: nothing was */
    int64_t moment;    /* the same, ms UTC */
    size_t taken_back; /* changes since then */
    size_t left;       /* of them, which could not be */
    size_t erased;     /* of them, whose data were erased since, and stay so */
    struct erased_again again;
    struct carried carried;
};

/* Opens the database in folder without starting anything. company was read from the folder. */
kith_status restored_open(struct company *company, const char *folder, kith_error *e);
struct settling {
    const char *backup; /* what it came out of, for who is told */
    const char *moment; /* back to it; NULL: as it is */
    bool partly;        /* though some of it cannot be taken back */
    const struct erased_list *erased;
    const char *replaced; /* the database whose place it takes; NULL: none */
    int64_t made;         /* when the backup was, ms UTC */
};
/* Makes what is in the folder ready: takes back what came after the moment, if one is given; says
 * again what people said since in the database that is replaced; and erases again whom the list
 * names, if anybody, waiting until the files are swept. Leaves the company closed. KITH_E_REFUSED:
 * some of it cannot be taken back, which is shown, and `partly` is not set. KITH_E_NOTFOUND: there
 * is no such transaction, or the journal does not reach back so far. */
kith_status restored_settle(struct cmd *c, const char *folder, const struct settling *how,
                            struct restored *out, kith_error *e);

#endif
