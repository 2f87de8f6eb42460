/* SPDX-License-Identifier: Apache-2.0 */
/* Get: what the pages of a record share, as it is and as it was. */
#ifndef CLI_GET_H
#define CLI_GET_H

#include "cli/show.h"

#define LONG_TEXT 10000 /* bytes; what is longer, as a part of a file, is cut, or null */

void page_head(struct cmd *c, const struct rtype *t, kith_id id, const kith_value *values);
/* One line, its text cut when it is long. */
void page_field(struct cmd *c, const char *name, kith_str text, size_t width);
size_t widest_name(const struct rtype *t);

/* kith get --as-of WHEN */
kith_status get_as_of(struct cmd *c, const struct rtype *t, kith_id id, const char *when,
                      kith_error *e);

#endif
