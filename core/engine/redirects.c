/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: the id of a record that was merged into another leads to that one, wherever an id is
 * given: to be read, changed or linked to. Only ids that lead nowhere are looked up. */
#include "engine/engine_internal.h"
#include "record/redirect.h"

#include <string.h>

/* Whoever may not read the kept record is told of nothing. */
static kith_status follow(struct conn *c, const struct principal *p, const struct rtype *type,
                          kith_id *id, struct arena *a, kith_error *e) {
    kith_value link = value_link(0, type->id);
    bool there;
    TRY(record_exists(c, type, *id, &there, e));
    if (there)
        return KITH_OK;
    TRY(redirect_find(c, type, *id, a, &link.as.link.id, e));
    if (!link.as.link.id)
        return KITH_OK;
    TRY(access_link(c, p, type->schema, &link, a, &there, e));
    *id = there ? link.as.link.id : *id;
    return KITH_OK;
}

kith_status txn_follow(struct txn *t, const struct rtype *type, kith_id *id, kith_error *e) {
    return follow(t->g->writer, txn_principal(t), type, id, t->arena, e);
}

kith_status engine_follow(struct engine *g, const struct principal *p, const struct rtype *type,
                          kith_id *id, struct arena *a, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = follow(c, p, type, id, a, e);
    engine_reader_done(g, c);
    return st;
}

kith_status txn_read(struct txn *t, const struct rtype *type, kith_id *id,
                     const kith_value **values, kith_error *e) {
    kith_id now = *id;
    kith_status st = txn_get(t, type, now, values, e);
    if (st != KITH_E_NOTFOUND)
        return st;
    TRY(txn_follow(t, type, &now, e));
    if (now == *id)
        return st;
    *id = now;
    return txn_get(t, type, now, values, e);
}

kith_status engine_read(struct engine *g, const struct principal *p, const struct rtype *type,
                        kith_id *id, struct arena *a, kith_value **values, kith_error *e) {
    kith_id now = *id;
    kith_status st = engine_get(g, p, type, now, a, values, e);
    if (st != KITH_E_NOTFOUND)
        return st;
    TRY(engine_follow(g, p, type, &now, a, e));
    if (now == *id)
        return st;
    *id = now;
    return engine_get(g, p, type, now, a, values, e);
}

/* -- links in values --------------------------------------------------------------------------- */

static kith_status follow_one(struct txn *t, kith_value *v, kith_error *e) {
    const struct rtype *type = schema_type_by_id(t->g->schema, v->as.link.type);
    return v->kind == KITH_LINK && type ? txn_follow(t, type, &v->as.link.id, e) : KITH_OK;
}

kith_status txn_follow_links(struct txn *t, const struct rfield *f, kith_value *v, kith_error *e) {
    if (v->kind == KITH_LINK)
        return follow_one(t, v, e);
    if (f->kind != KITH_F_LINKS || v->kind != KITH_LIST)
        return KITH_OK;
    kith_value *items = ARENA_ARRAY(t->arena, kith_value, v->as.list.count + 1);
    bool other = false;
    if (!items)
        return err_nomem(e);
    for (uint64_t i = 0; i < v->as.list.count; i++) {
        items[i] = v->as.list.items[i];
        TRY(follow_one(t, &items[i], e));
        other |= items[i].as.link.id != v->as.list.items[i].as.link.id;
    }
    if (!other)
        return KITH_OK;
    v->as.list.items = items;
    return value_check(t->g->schema, f, false, t->arena, v, e); /* in order, and none twice */
}

/* -- refusals ---------------------------------------------------------------------------------- */

kith_status txn_merged_away(const struct rtype *type, kith_id id, kith_id kept, kith_error *e) {
    char from[ID_TEXT + 1], to[ID_TEXT + 1];
    id_format(id, from);
    id_format(kept, to);
    return err_set(e, KITH_E_REFUSED, NULL,
                   "%s %s was merged into %s %s: delete that, or undo the merge, which 'kith"
                   " history %s %s' names",
                   type->name, from, type->name, to, type->name, from);
}
