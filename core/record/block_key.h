/* SPDX-License-Identifier: Apache-2.0 */
/* Block key: a secret of each database, made when it is opened for the first time. Backups hash the
 * blocks of the database with it, so that the hashes, which lie in the open, say nothing of what is
 * in the blocks, and are known to be of this database. */
#ifndef RECORD_BLOCK_KEY_H
#define RECORD_BLOCK_KEY_H

#include "store/store.h"

#define BLOCK_KEY 32 /* bytes */

kith_status block_key_setup(struct conn *c,
                            kith_error *e); /* in a transaction; makes it if absent */
/* KITH_E_NOTFOUND: the database was not opened since there are such keys. */
kith_status block_key_read(struct conn *c, unsigned char key[BLOCK_KEY], kith_error *e);

#endif
