/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk: one change, or a deletion, of every record that a query finds; a run of short transactions,
 * between which others write, and which one undo takes back. */
#ifndef ENGINE_BULK_H
#define ENGINE_BULK_H

#include "engine/engine.h"

struct bulk {
    const struct query *query; /* of records, without parameters */
    const struct assign *set;
    size_t count;
    bool delete;
};
struct bulk_refusal {
    kith_id id;
    const char *field, *reason; /* field "": of the record as a whole */
};
#define BULK_REFUSALS 1000 /* that the report names */
struct bulk_report {
    uint64_t found;                       /* when it began; they add up to it: */
    uint64_t changed, unchanged, refused; /* written, or deleted; were so already; could not be */
    uint64_t passed; /* when it was their turn they were gone, or not what is looked for any more */
    struct bulk_refusal *refusals;
    size_t refusal_count;
    kith_id tx; /* what an undo takes back; 0: nothing was written */
};

/* Told after each transaction; what it answers but KITH_OK ends the run there. */
typedef kith_status (*bulk_tell)(void *arg, uint64_t done, uint64_t found, kith_error *e);
/* A record that cannot be written is told in the report, and the others are. The report lives in
 * the arena. When it fails half-way, out->tx says what to undo. [any] */
kith_status engine_bulk(struct engine *g, const struct principal *p, const struct bulk *b,
                        bulk_tell tell, void *arg, struct arena *a, struct bulk_report *out,
                        kith_error *e);
/* Tries it, with the reactions that follow. KITH_E_LIMIT: it is too large to be tried in place; do
 * it on a copy. [any] */
kith_status engine_bulk_rehearse(struct engine *g, const struct principal *p, const struct bulk *b,
                                 struct arena *a, struct bulk_report *out,
                                 struct rehearsal *effects, kith_error *e);

#endif
