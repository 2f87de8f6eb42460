/* SPDX-License-Identifier: Apache-2.0 */
/* Once: a write that is asked for again, since its answer was lost, is done once. Who asks names it
 * by a key of their own; what came of it is kept for a day, with it or not at all.
 *
 * Table: kith_once. Keys and requests as digests: they may tell of persons. */
#ifndef JOURNAL_ONCE_H
#define JOURNAL_ONCE_H

#include "store/store.h"

#define ONCE_DIGEST  32
#define ONCE_KEY_MAX 200 /* bytes of what somebody names it by */
#define ONCE_KEEP_MS INT64_C(86400000)

struct once {
    unsigned char key[ONCE_DIGEST], request[ONCE_DIGEST];
    kith_id tx;         /* of the transaction; 0: nothing was different */
    const kith_id *ids; /* of the records */
    size_t count;
};
/* Sets o->key: it is the user's own, others may use the same. KITH_E_INVAL: it is too long. */
kith_status once_name(struct once *o, kith_id user, kith_str key, kith_error *e);
kith_status once_setup(struct conn *c, kith_error *e);
/* o->key and o->request are given. *found: it was done before; the rest is filled in, in the arena.
 * KITH_E_CONFLICT: the key was used for another request. */
kith_status once_find(struct conn *c, struct once *o, int64_t now, struct arena *a, bool *found,
                      kith_error *e);
/* Notes it, and forgets what is older than a day. */
kith_status once_note(struct conn *c, const struct once *o, int64_t now, kith_error *e);

#endif
