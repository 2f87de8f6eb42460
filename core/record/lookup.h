/* SPDX-License-Identifier: Apache-2.0 */
/* Lookup: records by the exact values of some of their fields, as imports compare them: by the
 * folded column where a field has one, so that case and accents do not count; of mail addresses
 * accents do. No access rule: for the writer. */
#ifndef RECORD_LOOKUP_H
#define RECORD_LOOKUP_H

#include "record/record.h"

#define LOOKUP_FIELDS 8

struct lookup { /* immutable once made */
    const struct rtype *type;
    const struct rfield *fields[LOOKUP_FIELDS];
    uint32_t count;
    const char *sql;
    const char *sql_index, *sql_drop; /* NULL: the type has an index that serves it */
};
/* KITH_E_INVAL: a field of a kind that cannot be compared so (links, tags, place, json). */
kith_status lookup_make(struct lookup *l, struct arena *a, const struct rtype *t,
                        const struct rfield *const *fields, uint32_t count, kith_error *e);
/* One value for each field, as value_check leaves them, none null. At most max ids, by age. */
kith_status lookup_find(struct conn *c, const struct lookup *l, const kith_value *values,
                        struct arena *a, kith_id *ids, uint32_t max, uint32_t *found,
                        kith_error *e);

/* Appends each column that the lookup compares: before it `between`, behind it `after`. */
void lookup_columns(struct buf *sql, const struct lookup *l, const char *between,
                    const char *after);

/* Makes an index for as long as many lookups are done, or takes it away again. Nothing is done
 * where the type has one that serves. In a transaction of the writer. */
kith_status lookup_index(struct conn *c, const struct lookup *l, bool make, kith_error *e);

#endif
