/* SPDX-License-Identifier: Apache-2.0 */
/* Run_file: the answer of an action that is a file. */
#ifndef CLI_RUN_FILE_H
#define CLI_RUN_FILE_H

#include "cli/cli.h"

/* Before it is called: is there a place for its answer? */
kith_status run_file_check(struct cmd *c, const struct action *a, kith_error *e);
/* Hands it over to whoever runs the command, writes it to where --output says, or prints it. */
kith_status run_file_put(struct cmd *c, const kith_value *results, kith_error *e);

#endif
