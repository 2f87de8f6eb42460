/* SPDX-License-Identifier: Apache-2.0 */
/* The VFS that every connection uses: unix-excl, able to write large statement journals to a file.
 */
#ifndef STORE_SPILL_H
#define STORE_SPILL_H

#include <sqlite3.h>

#define SPILL_VFS "kith"

/* Once, after sqlite3_initialize. Returns SQLite's code. */
int spill_register(void);

#endif
