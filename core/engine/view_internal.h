/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the view share. */
#ifndef ENGINE_VIEW_INTERNAL_H
#define ENGINE_VIEW_INTERNAL_H

#include "engine/view.h"

struct build { /* a view while it is put together */
    struct engine *g;
    const struct principal *p;
    const struct schema *schema;
    struct arena *a;
    struct view *v;
    int64_t now;
};

/* Makes room for one more; NULL: no memory. */
void *view_add(struct build *b, struct view_list *l, size_t size);
/* Appends what the query finds, at most `limit`, to a list of struct view_record. via and of are
 * written into each. params as the query names them. *more: there are more. */
kith_status view_find(struct build *b, const struct query *q, const kith_value *params,
                      int64_t limit, const struct rfield *via, kith_value of,
                      struct view_list *records, bool *more, kith_error *e);
/* A query over the type of `via` whose link leads to :of; `rest` is what follows. */
kith_status view_query(struct build *b, const struct rfield *via, const char *rest,
                       struct query **out, kith_error *e);
/* A field of that name and kind, or NULL. */
const struct rfield *view_field(const struct rtype *t, const char *name, uint32_t kind);
enum view_when view_when_of(const struct rtype *t, const kith_value *values, int64_t now);
/* A link that leads to the type from records that people speak of: those whose type has a title. */
bool view_shows(const struct build *b, const struct rfield *f, const struct rtype *t);
bool view_is_point(const struct rfield *f); /* a contact's ways to be reached */

/* view_timeline.c */
kith_status view_timeline(struct build *b, const struct view_options *o, kith_error *e);

#endif
