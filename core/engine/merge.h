/* SPDX-License-Identifier: Apache-2.0 */
/* Merge: two or more records of a type become one. What linked to the others links to the kept one,
 * parts that are the same in both become one in the same way, the others are deleted, and each
 * leaves a redirect. All of it is written as any change is: the undo of a merge takes it apart
 * again. See docs/decisions/0026-merge-and-redirects.md. */
#ifndef ENGINE_MERGE_H
#define ENGINE_MERGE_H

#include "engine/engine.h"

#define MERGE_OTHERS 100 /* records that one merge takes into the kept one */

struct merge_pick { /* the field takes the value of this record, one of those that are merged */
    const struct rfield *field;
    kith_id from;
};
struct merge {
    const struct rtype *type;
    kith_id keep;
    const kith_id *others;
    size_t count;
    const struct merge_pick *picks;
    size_t pick_count;
};

/* What it did, or would do; of records that the caller may not see nothing is counted. */
struct merge_links {
    const struct rfield *field; /* that leads to the merged records */
    uint64_t moved, joined;     /* records: lead to the kept one now; were the same as one there */
};
struct merge_dropped { /* a value that one of the records, or of their parts, had; it is not kept */
    const struct rfield *field;
    kith_id from;
    kith_value value;
};
struct merge_report {
    kith_id keep;             /* it may have been given by the id of one that was merged into it */
    struct merge_pick *taken; /* the kept record's fields that have another's value */
    size_t taken_count, taken_cap;
    struct merge_links *links;
    size_t link_count, link_cap;
    struct merge_dropped *dropped;
    size_t dropped_count, dropped_cap;
    uint64_t moved, joined;
    int64_t since; /* it went on with one that was begun then (ms UTC) and not finished, and tells
                      of its own part alone; 0: of the whole */
};

/* Reads what people write: ids, and field=id as the pairs of a JSON object; in the arena. An error
 * names the parameter. */
kith_status merge_read(const struct schema *s, kith_str type, kith_str keep, kith_str others,
                       kith_str fields, struct arena *a, struct merge *out, kith_error *e);
/* A list of {"type", "id", "field", "value"}. */
struct json_out;
void merge_dropped_json(const struct schema *s, const struct merge_report *r, struct json_out *j);
/* Merges in this transaction. KITH_E_LIMIT: more than 10,000 records would have to be moved. The
 * report lives in the arena. [writer] */
kith_status txn_merge(struct txn *t, const struct merge *m, struct arena *a,
                      struct merge_report *out, kith_error *e);
/* Merges, in groups of some hundred moved records between which others write. *tx: the transaction,
 * or the run, that an undo takes back. When it fails, what was moved is put back. [any] */
kith_status engine_merge(struct engine *g, const struct principal *p, const struct merge *m,
                         struct arena *a, struct merge_report *out, kith_id *tx, kith_error *e);
/* Tries it, with the reactions that follow. KITH_E_LIMIT: it is too large to be tried in place; do
 * it on a copy. [any] */
kith_status engine_merge_rehearse(struct engine *g, const struct principal *p,
                                  const struct merge *m, struct arena *a, struct merge_report *out,
                                  struct rehearsal *effects, kith_error *e);
/* A merge of this record, but this one (or 0), that was begun and is not finished; 0: there is
 * none.
 */
kith_status merge_half_done(struct conn *c, kith_id id, kith_id but, struct arena *a, kith_id *run,
                            kith_error *e);
/* Refuses, if there is one: what half a merge has moved is with the kept record already, and would
 * stay there for ever if one of them went, or became another. [writer] */
kith_status merge_check_done(struct txn *t, const struct rtype *type, kith_id id, kith_error *e);

#endif
