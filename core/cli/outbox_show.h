/* SPDX-License-Identifier: Apache-2.0 */
/* Effects that leave the company, as people see them. */
#ifndef CLI_OUTBOX_SHOW_H
#define CLI_OUTBOX_SHOW_H

#include "cli/cli.h"
#include "engine/outbox.h"

void outbox_json(struct cmd *c, const struct outbox_item *i); /* one line */
void outbox_json_in(struct cmd *c, struct json_out *j, const struct outbox_item *i);
kith_str outbox_subject(struct cmd *c, const struct outbox_item *i);
/* "http:webhook to contact Anna ...", on a line of its own. */
void outbox_print(struct cmd *c, const struct outbox_item *i);

#endif
