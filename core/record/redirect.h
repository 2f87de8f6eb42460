/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: where a record went that was merged into another. They are records like others, of the
 * type redirect, and are asked for once a record is found to be gone; no access rule. */
#ifndef RECORD_REDIRECT_H
#define RECORD_REDIRECT_H

#include "record/record.h"

/* The record of that type in which the one that is gone goes on; 0: there is none. */
kith_status redirect_find(struct conn *c, const struct rtype *t, kith_id gone, struct arena *a,
                          kith_id *kept, kith_error *e);

#endif
