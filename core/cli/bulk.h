/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk: kith update and kith delete of all records that a condition finds. */
#ifndef CLI_BULK_H
#define CLI_BULK_H

#include "cli/cli.h"

#define WHERE_OPTION                                                                               \
    { "where", "CONDITION", "all that it finds, instead of one by its id" }

/* Changes, or with set NULL deletes, what --where finds, or rehearses it, and tells of it. */
kith_status cmd_bulk(struct cmd *c, const struct rtype *type, struct assign *set, size_t count,
                     kith_error *e);

#endif
