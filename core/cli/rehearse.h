/* SPDX-License-Identifier: Apache-2.0 */
/* Rehearse: one write, done or only tried, for every command that has --rehearse. */
#ifndef CLI_REHEARSE_H
#define CLI_REHEARSE_H

#include "cli/cli.h"

#define REHEARSE_OPTION                                                                            \
    { "rehearse", NULL, "show what would happen, and keep nothing" }

/* Carries out fn as one transaction, or with --rehearse tries it and prints its effects. *tx is 0
 * when nothing was written, or nothing kept. */
kith_status write_or_rehearse(struct cmd *c, uint32_t origin, write_fn fn, void *arg, kith_id *tx,
                              kith_error *e);
bool rehearsing(const struct cmd *c);
struct json_out;
void json_effect(struct cmd *c, struct json_out *j, const struct effect *f);
void print_effect(struct cmd *c, const struct effect *f);
/* more (or NULL): members of the object, besides what would happen. */
void print_rehearsal(struct cmd *c, const struct rehearsal *r,
                     void (*more)(void *arg, struct json_out *j), void *arg);
/* The object that --json prints, for somebody for whom no command runs. */
kith_status rehearsal_json_for(struct company *company, const struct principal *who,
                               const struct rehearsal *r, struct buf *out, kith_error *e);

#endif
