/* SPDX-License-Identifier: Apache-2.0 */
/* Privacy: for what personal fields are used, and what the regulations that the company is under
 * require of its settings. */
#ifndef CLI_PRIVACY_H
#define CLI_PRIVACY_H

#include "cli/cli.h"

/* Shows what is missing: *wrong counts what a regulation requires. Without a regulation, and as
 * long as no purpose names fields, nothing is. */
kith_status privacy_check(struct cmd *c, size_t *wrong, kith_error *e);

#endif
