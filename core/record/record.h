/* SPDX-License-Identifier: Apache-2.0 */
/* Record: one row as an array of values in the order of its type's fields; read, written and
 * converted here. Knows nothing of the journal or of hooks: the engine's write path calls it. */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "record/schema.h"

/* Reads one record. values has type->field_count entries, which point into the arena.
 * KITH_E_NOTFOUND when it does not exist. */
kith_status record_read(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                        kith_value *values, kith_error *e);
/* The same for one that may be gone: *there false, and no error. */
kith_status record_find(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                        kith_value *values, bool *there, kith_error *e);
/* The same, with the values in the arena; NULL: it is gone. */
kith_status record_get(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                       const kith_value **values, kith_error *e);
/* Decodes the columns of a row that a SELECT gave, from column `first` on, in the order of
 * t->columns. A links field is left KITH_NULL: record_links fills it. */
kith_status record_decode(const struct rtype *t, sqlite3_stmt *st, int first, struct arena *a,
                          kith_value *values, kith_error *e);
kith_status record_links(struct conn *c, const struct rfield *f, kith_id id, struct arena *a,
                         kith_value *value, kith_error *e);
kith_status record_exists(struct conn *c, const struct rtype *t, kith_id id, bool *there,
                          kith_error *e);

/* Is there a value in this field of one column? Not when the record is gone. */
kith_status record_filled(struct conn *c, const struct rfield *f, kith_id id, bool *yes,
                          kith_error *e);

/* Checks a value against a field and brings it to the form in which it is stored: NFC, trimmed
 * where the kind asks for it, choice known, number in range, text parsed when a kind other than
 * text is given as text (as from CSV or the command line). NULL is accepted here; required is
 * checked on the whole row. *value may be replaced; what it points to lives in the arena. day_first
 * reads 3/4/2024 as 3 April. */
kith_status value_check(const struct schema *s, const struct rfield *f, bool day_first,
                        struct arena *a, kith_value *value, kith_error *e);
/* Fails when it is kept by Kith or by a module, and says by whom: nobody else sets it. */
kith_status field_kept(const struct rfield *f, kith_error *e);
/* Within the field's range? For values that are written; those that are there already, and those
 * that are looked for, may be beyond it. */
kith_status value_range(const struct schema *s, const struct rfield *f, const kith_value *v,
                        kith_error *e);
/* The values of a new record, checked; one for each field, in the arena. */
kith_status type_defaults(const struct schema *s, const struct rtype *t, struct arena *a,
                          kith_value **out, kith_error *e);
/* How many records have no value in a field that is required, and one out of its range: those that
 * are older than what is asked of them. */
kith_status record_older(struct conn *c, const struct rfield *f, int64_t *empty, int64_t *outside,
                         kith_error *e);
void field_range_text(const struct rfield *f, struct buf *out); /* "1 to 5", "0 or more", or "" */
/* Are the required fields among `changed` (NULL: all) there? A record that is older than the
 * requirement can be changed in other fields. */
kith_status record_check(const struct rtype *t, const kith_value *values,
                         const struct fieldset *changed, kith_error *e);
/* May the state go from `from` to `to`? NULL from: a new record, only the first state. */
kith_status state_check(const struct rfield *f, const kith_value *from, const kith_value *to,
                        kith_error *e);

/* Writes. The values have passed value_check. changed: which to write. */
kith_status record_insert(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                          const kith_value *values, kith_error *e);
kith_status record_update(struct conn *c, const struct rtype *t, kith_id id, struct arena *a,
                          const kith_value *values, const struct fieldset *changed, kith_error *e);
kith_status record_delete(struct conn *c, const struct rtype *t, kith_id id, kith_error *e);
/* The records whose field f, a whole number, lies between two. */
kith_status record_between(struct conn *c, const struct rfield *f, int64_t low, int64_t high,
                           struct arena *a, kith_id **ids, size_t *count, kith_error *e);
/* The records whose field f (a link or links) points to `id`, at most `max` of them. */
kith_status record_referrers(struct conn *c, const struct rfield *f, kith_id id, uint32_t type,
                             int64_t max, struct arena *a, kith_id **ids, size_t *count,
                             kith_error *e);
/* The newest one whose link to a record of any type points to it and whose text field has this
 * value; 0: none. */
kith_status record_newest_referrer(struct conn *c, const struct rfield *link, kith_id id,
                                   uint32_t type, const struct rfield *text, kith_str value,
                                   kith_id *out, kith_error *e);
/* A SELECT that tells whether any of these fields points to a record, in the arena; NULL: no
 * memory. And its answer: one look is a tenth of looking for those of each field. */
const char *record_referred_sql(struct arena *a, const struct rfield *const *fields, size_t count);
kith_status record_referred(struct conn *c, const char *sql, kith_id id, uint32_t type, bool *yes,
                            kith_error *e);
/* The oldest records of a type, at most `max`. */
kith_status record_ids(struct conn *c, const struct rtype *t, int64_t max, struct arena *a,
                       kith_id **ids, size_t *count, kith_error *e);
/* The largest id of a type's records; 0: there are none. */
kith_status record_high_id(struct conn *c, const struct rtype *t, kith_id *id, kith_error *e);
kith_status record_count(struct conn *c, const struct rtype *t, uint64_t *n, kith_error *e);
/* Another record that holds this value in a unique field; 0: none. */
kith_status record_unique_owner(struct conn *c, const struct rfield *f, const kith_value *value,
                                struct arena *a, kith_id *out, kith_error *e);

/* In kith_value.flags of a link to any record: its text is "type/id". */
#define VALUE_TYPED 1u

/* Values. */
bool value_eq(const kith_value *a, const kith_value *b);
kith_value value_copy(struct arena *a, const kith_value *v); /* deep */
uint64_t value_bytes(const kith_value *v);                   /* of its text, all items' together */
/* As text for people, CSV and the command line; ids in Crockford base32. NULL gives "". A link to
 * any record is "type/id". ptr NULL: no memory. */
kith_str value_text(const struct schema *s, const kith_value *v, struct arena *a);
struct json_out;
void value_json(const struct schema *s, const kith_value *v,
                struct json_out *j); /* decimals, money, ids: strings */

static inline kith_value value_null(void) {
    return (kith_value){.kind = KITH_NULL};
}
static inline kith_value value_int(int64_t i) {
    return (kith_value){.kind = KITH_INT, .as.i = i};
}
static inline kith_value value_time(int64_t ms) {
    return (kith_value){.kind = KITH_TIME, .as.i = ms};
}
static inline kith_value value_str(kith_str s) {
    return (kith_value){.kind = KITH_TEXT, .as.s = s};
}
static inline kith_value value_link(kith_id id, uint32_t type) {
    return (kith_value){.kind = KITH_LINK, .as.link = {.id = id, .type = type}};
}

#endif
