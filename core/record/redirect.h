/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: where a record went that was merged into another. They are records like others, of the
 * type redirect, and are asked for once a record is found to be gone; no access rule. */
#ifndef RECORD_REDIRECT_H
#define RECORD_REDIRECT_H

#include "record/record.h"

/* The record of that type in which the one that is gone goes on; 0: there is none. */
kith_status redirect_find(struct conn *c, const struct rtype *t, kith_id gone, struct arena *a,
                          kith_id *kept, kith_error *e);

/* The records that were merged into that one, by the ids that they had; in the arena. */
kith_status redirect_former(struct conn *c, const struct rtype *t, kith_id kept, struct arena *a,
                            kith_id **ids, size_t *count, kith_error *e);
/* Do other programs know a record by it: an external_id, or a value that no two records have? */
bool redirect_knows(const struct rfield *f);
/* What a merged record was known by. A
 * redirect stands for each that the kept record has not taken: "contact.external_id=4711". NULL:
 * the field is none, or empty; or there is no memory. */
const char *redirect_key(const struct rfield *f, const kith_value *v, struct arena *a);
/* The record in which the one that had the key goes on; 0: there is none. */
kith_status redirect_find_key(struct conn *c, const struct rfield *f, const kith_value *v,
                              struct arena *a, kith_id *kept, kith_error *e);
/* The redirect itself, by an id or a key as text; 0: there is none. */
kith_status redirect_of(struct conn *c, const struct schema *s, const char *gone, struct arena *a,
                        kith_id *redirect, kith_error *e);
/* Tells of each redirect that leads astray, and why: one of a record that is there, or to one that
 * is not. What fn answers but KITH_OK ends it. */
typedef kith_status (*redirect_visit)(void *arg, kith_id redirect, const char *why, kith_error *e);
kith_status redirect_astray(struct conn *c, const struct schema *s, redirect_visit fn, void *arg,
                            kith_error *e);

#endif
