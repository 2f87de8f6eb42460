/* SPDX-License-Identifier: Apache-2.0 */
/* Saved queries: one is a record whose text must be a query of this company, so that who uses it by
 * its name meets no error of its author's. */
#include "engine/engine_internal.h"

static kith_status check_query(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct rfield *f = self;
    const kith_value *text = &c->after[f->index];
    struct query *q;
    if (text->kind != KITH_TEXT)
        return KITH_OK; /* it is required: said elsewhere */
    if (query_parse(&q, t->g->schema, t->arena, text->as.s, e) != KITH_OK ||
        query_purposes(q, t->principal, NULL, t->g->writer, e) != KITH_OK)
        return err_prefix(e, "%s: ", f->name);
    return KITH_OK;
}

kith_status saved_query_hooks_add(struct engine *g, kith_error *e) {
    const struct rfield *f = g->schema->base.saved_query.query;
    return engine_add_hook(g,
                           &(struct hook){.type = f->type,
                                          .on = ON_CREATE | ON_UPDATE,
                                          .priority = -100,
                                          .fn = check_query,
                                          .self = (void *)(uintptr_t)f,
                                          .source = {SOURCE_CORE, "saved queries", "", 0}},
                           e);
}
