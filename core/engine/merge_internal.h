/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of merge share. Nothing outside of them includes this. */
#ifndef ENGINE_MERGE_INTERNAL_H
#define ENGINE_MERGE_INTERNAL_H

#include "engine/engine_internal.h"
#include "engine/merge.h"

/* One merge as far as one transaction carries it. */
struct merging {
    struct txn *txn;
    struct arena *arena; /* of the report */
    struct merge_report *report;
    size_t room; /* records that may still be moved in it */
    bool more;   /* there was no room: another transaction goes on */
    bool filled; /* an earlier one has given the kept record its values */
    int depth;   /* of parts of parts */
};

/* Some records and the one that they become: those that were asked for, or parts of them. */
struct set {
    const struct rtype *type;
    kith_id keep;
    const kith_id *others;
    size_t count;
    const kith_value **values; /* of the others, as they were found */
    const struct merge_pick *picks;
    size_t pick_count;
    bool asked;                 /* by the caller: what its fields take is told */
    bool told;                  /* the caller may know of them */
    const struct rfield *whole; /* of parts: the link to what they are part of; else NULL */
};
bool set_has(const struct set *s, kith_id id);           /* one of the others? */
bool set_owns(const struct set *s, const kith_value *v); /* a link to one of them, or the kept? */
bool list_has(const kith_value *items, uint64_t n, const kith_value *v);

/* -- merge_fields.c ---------------------------------------------------------------------------- */

/* What is written to the kept record, in this order: its own links to the others go, and in a tree
 * it takes the place of the topmost one that it lies within; it takes what it has not from the
 * others; and unique values, once the others are gone. */
enum merge_step { MERGE_LINKS, MERGE_VALUES, MERGE_UNIQUE };
kith_status merge_write(struct merging *m, const struct set *s, enum merge_step step,
                        kith_error *e);

/* -- merge_dropped.c --------------------------------------------------------------------------- */

/* Tells the caller of a value that `from` had, if it is not in what the kept record has now. */
kith_status merge_drop(struct merging *m, const struct set *s, const struct rfield *f, kith_id from,
                       const kith_value *v, const kith_value *now, kith_error *e);
/* All values of the others, once the kept record has what it will. */
kith_status merge_drop_all(struct merging *m, const struct set *s, kith_error *e);

/* -- merge_links.c ----------------------------------------------------------------------------- */

/* Moves what links to the others by links of which it is part of them, or by other ones; as long as
 * there is room. */
kith_status merge_move(struct merging *m, const struct set *s, bool parts, kith_error *e);

/* A rented list that brought the kept record, and not all of the others, has it stay. */
kith_status merge_keep_own(struct merging *m, const struct set *s, kith_error *e);

/* -- merge.c ----------------------------------------------------------------------------------- */

kith_status merge_set(struct merging *m, struct set *s, kith_error *e);

#endif
