/* SPDX-License-Identifier: Apache-2.0 */
/* Stale names: saved queries, segments and roles that name what is not there (any more). */
#ifndef CLI_STALE_NAMES_H
#define CLI_STALE_NAMES_H

#include "cli/cli.h"

/* Do the purposes that a query names exist? */
kith_status check_purposes(struct cmd *c, const struct query *q, kith_error *e);
/* Shows each; *wrong counts those that cannot be used. */
kith_status show_stale_names(struct cmd *c, size_t *wrong, kith_error *e);
/* The same, with modules that are out and rules that have mistakes; *rules: how many there are.
 * (cmd_check.c) */
kith_status show_unfit(struct cmd *c, size_t *rules, size_t *wrong, kith_error *e);

#endif
