/* SPDX-License-Identifier: Apache-2.0 */
/* Retention: rules that say which records have been kept long enough. Every night what a rule finds
 * is deleted, in small transactions of one run, so that it can be undone as a whole while the
 * journal keeps it. What other records need stays, and is told. */
#ifndef ENGINE_RETENTION_H
#define ENGINE_RETENTION_H

#include "engine/engine.h"

struct retention_rule {
    const char *name, *find, *doc;
    struct query *query; /* of the records that go; NULL: `find` is wrong, and nothing goes */
    const char *wrong;   /* why */
};
/* Before the start. A query that is wrong is kept as such: the company opens nevertheless. The
 * texts are copied. KITH_E_CONFLICT: there is one of that name. */
kith_status engine_add_retention(struct engine *g, const char *name, const char *find,
                                 const char *doc, kith_error *e);
/* NULL past the end. */
const struct retention_rule *engine_retention_rule(const struct engine *g, size_t i);

struct retention_stay {
    kith_id id;
    const char *reason; /* what refused its deletion, in a sentence */
};
#define RETENTION_TRIED 100
struct retention_report {
    int64_t found;       /* records that the rule finds */
    int64_t tried, stay; /* in a rehearsal of the first RETENTION_TRIED; else of all */
    kith_id *ids;        /* up to 5 that go */
    size_t id_count;
    struct retention_stay *stays; /* up to 5 that stay */
    size_t stay_count;
    kith_id run; /* what undoes it; 0: nothing was deleted, or nothing kept of it */
};
/* What the rule would do now: all are counted, and the first ones tried and taken back. In the
 * arena. [any] */
kith_status engine_retention_rehearse(struct engine *g, const struct principal *p,
                                      const struct retention_rule *rule, struct arena *a,
                                      struct retention_report *out, kith_error *e);
/* Does it now, while others write. [any] */
kith_status engine_retention_apply(struct engine *g, const struct principal *p,
                                   const struct retention_rule *rule, struct arena *a,
                                   struct retention_report *out, kith_error *e);

#endif
