/* SPDX-License-Identifier: Apache-2.0 */
/* Module grants: what a module asks for, and what of it stands in the company's own settings. */
#ifndef CLI_MODULE_GRANTS_H
#define CLI_MODULE_GRANTS_H

#include "cli/modules_conf.h"
#include "cli/show.h"

/* The permissions that the module in this file declares. */
struct asked_for {
    const char *names[GRANTS_MAX], *docs[GRANTS_MAX];
    size_t count;
};
kith_status module_asks_for(struct cmd *c, const char *path, struct asked_for *out, kith_error *e);
void module_may(struct cmd *c, const char *name, const char *doc); /* "It may read:note: ..." */

/* Where its permissions are set in another file than conf.d/modules.conf, *elsewhere: says where,
 * and what is missing. With add, what is missing is added there; all else in the file stays. */
kith_status module_grants_elsewhere(struct cmd *c, const char *module,
                                    const struct asked_for *asked, bool add, bool *elsewhere,
                                    kith_error *e);

#endif
