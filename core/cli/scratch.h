/* SPDX-License-Identifier: Apache-2.0 */
/* Scratch: a rehearsal that is too large for a savepoint runs on a copy of the company, with its
 * modules and rules, beside the company itself. */
#ifndef CLI_SCRATCH_H
#define CLI_SCRATCH_H

#include "cli/cli.h"

/* Has fn work on an open copy of the company, lets the reactions run, and shows what they and the
 * hooks did, by rule and module. */
typedef kith_status (*rehearse_fn)(struct cmd *c, struct company *scratch, void *arg,
                                   kith_error *e);
kith_status scratch_rehearse(struct cmd *c, rehearse_fn fn, void *arg, kith_error *e);
/* Tries it in place; what is too large for that (KITH_E_LIMIT) is done on a copy. */
typedef kith_status (*try_fn)(struct cmd *c, void *arg, kith_error *e);
kith_status scratch_try(struct cmd *c, try_fn here, rehearse_fn on_copy, void *arg, kith_error *e);

#endif
