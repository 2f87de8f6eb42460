/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: one look by the id of what is gone. There are no chains: a merge moves the redirects
 * to what it merges, as it moves all links. */
#include "record/redirect.h"
#include "base/id.h"

#include <string.h>

kith_status redirect_of(struct conn *c, const struct schema *s, const char *gone, struct arena *a,
                        kith_id *redirect, kith_error *e) {
    const struct base_redirect *r = &s->base.redirect;
    kith_value key = value_str(str_of(gone));
    *redirect = 0;
    return r->type ? record_unique_owner(c, r->gone, &key, a, redirect, e) : KITH_OK;
}

static kith_status find(struct conn *c, const struct rtype *t, const char *gone, struct arena *a,
                        kith_id *kept, kith_error *e) {
    const struct base_redirect *r = &t->schema->base.redirect;
    kith_id id;
    const kith_value *values;
    *kept = 0;
    TRY(redirect_of(c, t->schema, gone, a, &id, e));
    if (!id)
        return KITH_OK;
    TRY(record_get(c, r->type, id, a, &values, e));
    const kith_value *to = values ? &values[r->kept->index] : NULL;
    if (to && to->kind == KITH_LINK && to->as.link.type == t->id)
        *kept = to->as.link.id;
    return KITH_OK;
}

kith_status redirect_find(struct conn *c, const struct rtype *t, kith_id gone, struct arena *a,
                          kith_id *kept, kith_error *e) {
    char text[ID_TEXT + 1];
    id_format(gone, text);
    return find(c, t, text, a, kept, e);
}

const char *redirect_key(const struct rfield *f, const kith_value *v, struct arena *a) {
    bool known_by = (f->flags & KITH_FF_UNIQUE) || strcmp(f->name, "external_id") == 0;
    if (!known_by || (v->kind != KITH_TEXT && v->kind != KITH_INT) || f->kind == KITH_F_LONGTEXT)
        return NULL;
    kith_str text = value_text(f->type->schema, v, a);
    return arena_printf(a, "%s.%s=%.*s", f->type->name, f->name, (int)text.len, text.ptr);
}

kith_status redirect_find_key(struct conn *c, const struct rfield *f, const kith_value *v,
                              struct arena *a, kith_id *kept, kith_error *e) {
    const char *key = redirect_key(f, v, a);
    *kept = 0;
    return key ? find(c, f->type, key, a, kept, e) : KITH_OK;
}
