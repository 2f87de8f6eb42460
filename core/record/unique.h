/* SPDX-License-Identifier: Apache-2.0 */
/* Several fields that no two records have the same of together: the index "unique
 * account,contact,role" of a type. A record in which one of them is empty is like no other. Texts
 * that are searched or indexed are the same whatever their case. */
#ifndef RECORD_UNIQUE_H
#define RECORD_UNIQUE_H

#include "record/lookup.h"

/* What stands behind "unique " in the text of an index; NULL: it is none. */
const char *unique_fields(const char *index);

/* From the fields, as "account,contact,role". KITH_E_INVAL: one of them is no field, or cannot be
 * compared. */
kith_status unique_make(struct lookup *l, const struct schema *s, struct arena *a,
                        const struct rtype *t, const char *fields, kith_error *e);

/* CREATE UNIQUE INDEX, for all records that have each of the fields. */
void unique_index(struct buf *sql, const struct lookup *l, const char *name);

/* KITH_E_CONFLICT, in whose sentence two records stand that have the same already. */
kith_status unique_refuse(struct conn *c, const struct lookup *l, kith_error *e);

/* The oldest record that has the same as these values, which are all of a record; 0: none has. */
kith_status unique_owner(struct conn *c, const struct lookup *l, const kith_value *values,
                         struct arena *a, kith_id *owner, kith_error *e);

/* KITH_E_CONFLICT: another record than `id` has the same of t->uniques. */
kith_status unique_check(struct conn *c, const struct rtype *t, struct arena *a,
                         const kith_value *values, kith_id id, kith_error *e);

/* Has no other record the same of it, by itself or together with others? */
bool unique_is(const struct rfield *f);

#endif
