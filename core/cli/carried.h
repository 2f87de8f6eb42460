/* SPDX-License-Identifier: Apache-2.0 */
/* Carried: what people said since an older backup was made stands in the company that it replaces,
 * and is said again in the restored one: withdrawals of consent, objections, restrictions. */
#ifndef CLI_CARRIED_H
#define CLI_CARRIED_H

#include "cli/cli.h"
#include "record/objections.h"

struct carried {
    struct objection *items;
    size_t count;
    const char *secret;             /* by which suppressed addresses are hashed there; or NULL */
    uint64_t withdrawn, restricted; /* words that were said again, addresses too; and contacts */
    size_t left;                    /* that could not be, which is shown */
};
/* What was said since (ms UTC) in the database at path, in the command's arena. Nobody writes to
 * it. One that cannot be read is passed over: that was said when it was looked for erasures. */
kith_status carried_read(struct cmd *c, const char *path, int64_t since, struct carried *out,
                         kith_error *e);
/* Says it in the restored company, as the principal. Whoever is not in it is passed over. */
kith_status carried_say(struct cmd *c, struct engine *g, const struct principal *p,
                        struct carried *x, kith_error *e);

#endif
