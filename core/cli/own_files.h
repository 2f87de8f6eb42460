/* SPDX-License-Identifier: Apache-2.0 */
/* Own files: what a company is made of, which no command writes over for its user, and no setting
 * names as something else. */
#ifndef CLI_OWN_FILES_H
#define CLI_OWN_FILES_H

#include "base/err.h"

/* KITH_E_REFUSED: a file of that path is, or would be, part of a company: its settings, its rules,
 * its database or what stands beside that. */
kith_status own_file_check(const char *path, kith_error *e);
/* KITH_E_REFUSED: what stands there cannot be had again: a database, a backup or a key for
 * backups. */
kith_status own_file_check_content(const char *path, kith_error *e);

#endif
