/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-up: a field that Kith keeps from the records that link to its record, as in
 *
 *   sum(order.total via customer where state = 'paid')
 *
 *   sum(order_line.total via order) in currency
 *
 * (plugins-api/include/kith/declare.h has the grammar). Its value is not journaled: it follows from
 * what is. The engine keeps it up in the transaction that changes a record (engine/rollup.c); here
 * are its formula, the SQL that computes it for all records at once, and the table beside the
 * records from which the next smallest or largest value is one seek away, however many there are:
 *
 *   kith_rollup(field, parent, value, child)   for min, max and count(distinct)
 */
#ifndef RECORD_ROLLUP_H
#define RECORD_ROLLUP_H

#include "record/query.h"

enum rollup_function { ROLLUP_COUNT, ROLLUP_DISTINCT, ROLLUP_SUM, ROLLUP_MIN, ROLLUP_MAX };

struct rollup {                 /* immutable; in the schema's arena */
    const struct rfield *field; /* that is kept */
    enum rollup_function function;
    const struct rtype *child;     /* whose records it is kept from */
    uint32_t child_at, child_end;  /* where the formula names it */
    const struct rfield *value;    /* of the child; NULL: its records are counted */
    const struct rfield *via;      /* the child's link, or links, to the field's record */
    const struct predicate *where; /* NULL: every record that links to it counts */
    kith_str condition;            /* its text */
    struct fieldset reads;         /* the fields of the child that it depends on */
    char currency[4];              /* of money: amounts in others do not count */
    const struct rfield *in;       /* of the field's record, which has another currency there; NULL:
                                      all have the one above */
};

/* What a record of the child's type is to a roll-up: a KITH_INT, or for count(distinct) a
 * KITH_TEXT, or a KITH_MONEY when it depends on the currency of the record whether it counts;
 * KITH_NULL: nothing. */
kith_status rollup_part(const struct rollup *r, const struct zone *zone, kith_id id,
                        const kith_value *values, kith_value *part, kith_error *e);
/* Does the child with these values link to the record? */
bool rollup_links(const struct rollup *r, const kith_value *values, kith_id parent);

/* Of money: the currency in which a record with these values keeps it. NULL: one that names none.
 */
const char *rollup_currency(const struct rollup *r, const kith_value *record);
/* Refuses a value of a field by which roll-ups know their currency (rtype.currencies). */
kith_status rollup_check_currency(const struct rfield *f, const kith_value *v, kith_error *e);

/* The value of the field: what a record with these values (or NULL, as above) has that nothing
 * links to, and from a number and back. */
kith_value rollup_empty(const struct rollup *r, const kith_value *record);
kith_value rollup_value(const struct rollup *r, const kith_value *record, int64_t number);
int64_t rollup_number(const kith_value *v);

/* Refuses a subscriber that would wait for this field to change: a roll-up does so without an event
 * or a hook. */
kith_status rollup_no_event(const struct rfield *f, kith_error *e);

/* -- the table beside the records -------------------------------------------------------------- */

kith_status rollup_put(struct conn *c, const struct rollup *r, kith_id parent,
                       const kith_value *part, kith_id child, kith_error *e);
kith_status rollup_take(struct conn *c, const struct rollup *r, kith_id parent,
                        const kith_value *part, kith_id child, kith_error *e);
/* Has another record than `child` the same part there? */
kith_status rollup_shared(struct conn *c, const struct rollup *r, kith_id parent,
                          const kith_value *part, kith_id child, bool *shared, kith_error *e);
/* The smallest or the largest number there; found false: there is none. */
kith_status rollup_extreme(struct conn *c, const struct rollup *r, kith_id parent, bool *found,
                           int64_t *number, kith_error *e);

/* Forgets what stands there for the record. */
kith_status rollup_clear(struct conn *c, const struct rollup *r, kith_id parent, kith_error *e);

/* -- all records at once ----------------------------------------------------------------------- */

/* What each child of one record is to it, when that keeps its money in `currency`: a KITH_INT. */
typedef kith_status rollup_child_fn(void *arg, kith_id child, const kith_value *part,
                                    kith_error *e);
kith_status rollup_children(struct conn *c, const struct rollup *r, const struct zone *zone,
                            kith_id parent, const char *currency, rollup_child_fn *fn, void *arg,
                            kith_error *e);
/* Computes what is new or has another formula than when the database was used last, and forgets
 * what is kept no more. In the transaction that opens the database, once s->zone is set. *changed:
 * some record has another value now. */
kith_status rollups_open(struct conn *c, const struct schema *s, bool *changed, kith_error *e);
/* Has rollups_open compute all of them. */
kith_status rollups_forget(struct conn *c, kith_error *e);
/* Statements whose rows are what is wrong: the id of a record whose value is not what the formula
 * gives, and the parents of the table's rows that are missing or too many. *beside is NULL for a
 * roll-up that needs no table. Texts in the arena. */
kith_status rollup_check_sql(const struct rollup *r, const struct zone *zone, struct arena *a,
                             struct query_sql *values, struct query_sql *beside, kith_error *e);

#endif
