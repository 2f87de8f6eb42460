/* SPDX-License-Identifier: Apache-2.0 */
/* Conf file: what the program needs to write a whole file of settings of its own. */
#ifndef CLI_CONF_FILE_H
#define CLI_CONF_FILE_H

#include "cli/company.h"

void conf_quoted(struct buf *b, bool first, const char *text); /* an item of a list */
/* name: "conf.d/modules.conf"; what stood there is replaced at once. */
kith_status conf_replace(const char *dir, const char *name, const struct buf *text, kith_error *e);
/* Of two commands that change such a file at the same time neither loses what the other wrote:
 * holds the folder until *fd is closed. Where folders cannot be locked nobody waits. */
kith_status conf_lock(const char *dir, int *fd, kith_error *e);

#endif
