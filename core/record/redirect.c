/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: one look by the id of what is gone. There are no chains: a merge moves the redirects
 * to what it merges, as it moves all links. */
#include "record/redirect.h"
#include "base/id.h"

kith_status redirect_find(struct conn *c, const struct rtype *t, kith_id gone, struct arena *a,
                          kith_id *kept, kith_error *e) {
    const struct base_redirect *r = &t->schema->base.redirect;
    char text[ID_TEXT + 1];
    kith_id id = 0;
    const kith_value *values;
    *kept = 0;
    if (!r->type)
        return KITH_OK;
    id_format(gone, text);
    kith_value key = value_str(str_of(text));
    TRY(record_unique_owner(c, r->gone, &key, a, &id, e));
    if (!id)
        return KITH_OK;
    TRY(record_get(c, r->type, id, a, &values, e));
    const kith_value *to = values ? &values[r->kept->index] : NULL;
    if (to && to->kind == KITH_LINK && to->as.link.type == t->id)
        *kept = to->as.link.id;
    return KITH_OK;
}
