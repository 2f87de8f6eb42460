/* SPDX-License-Identifier: Apache-2.0 */
/* Purposes: the fields that one names must be there, so that a slip of the pen leaves none without
 * one. */
#include "engine/engine_internal.h"
#include "record/purpose.h"

static kith_status check_fields(void *self, struct txn *t, struct change *c, kith_error *e) {
    const struct rfield *f = self;
    const kith_value *list = &c->after[f->index];
    if (list->kind != KITH_TEXT || purpose_fields_check(t->g->schema, list->as.s, e) == KITH_OK)
        return KITH_OK;
    kith_error why = *e;
    return err_set(e, KITH_E_INVAL, f->name, "%s: %s", f->name, why.message);
}

kith_status purpose_hooks_add(struct engine *g, kith_error *e) {
    const struct rfield *f = g->schema->base.purpose.fields;
    return engine_add_hook(g,
                           &(struct hook){.type = f->type,
                                          .on = ON_CREATE | ON_UPDATE,
                                          .priority = -100,
                                          .fn = check_fields,
                                          .self = (void *)(uintptr_t)f,
                                          .source = {SOURCE_CORE, "purposes", "", 0}},
                           e);
}
