/* SPDX-License-Identifier: Apache-2.0 */
/* Doctor: the register of suppressed addresses, and those who have one. */
#include "base/id.h"
#include "journal/doctor_internal.h"
#include "record/suppression.h"

static const char heard[] =
    "SELECT count(*) FROM consent c WHERE contact = ?1 AND purpose = ?2 AND address = ?3 AND"
    " replaced_by IS NULL AND (state = 'withdrawn' OR coalesce(withdrawn_at, at) > ?4 OR at > ?4)";

struct owner { /* of an address */
    kith_id point;
    int64_t contact;
    kith_str address;
};

static kith_status check_one(struct doctor *d, const struct owner *o, const struct suppression *x) {
    const struct base_suppression *b = &d->schema->base.suppression;
    sqlite3_stmt *st;
    int64_t knows;
    TRY(conn_prepare(d->conn, heard, &st, d->e));
    bind_int(st, 1, o->contact);
    bind_int(st, 2, (int64_t)x->values[b->purpose->index].as.link.id);
    bind_str(st, 3, o->address);
    bind_int(st, 4, x->values[b->at->index].as.i);
    TRY(conn_first(d->conn, st, 0, &knows, d->e));
    if (knows)
        return KITH_OK;
    char point[ID_TEXT + 1], id[ID_TEXT + 1];
    id_format(o->point, point);
    id_format(x->id, id);
    return doctor_find(d,
                       "contact_point %s has an address for which somebody said no (suppression"
                       " %s), and its contact has no such word",
                       point, id);
}

static kith_status check_owner(struct doctor *d, const struct owner *o, struct arena *a) {
    struct suppressions all;
    TRY(suppressions_of(d->conn, d->schema, o->address, a, &all, d->e));
    for (size_t i = 0; i < all.count; i++)
        if (suppression_holds(d->schema, &all.items[i]))
            TRY(check_one(d, o, &all.items[i]));
    return KITH_OK;
}

static kith_status check_owners(struct doctor *d, struct arena *a) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare_once(d->conn,
                          "SELECT id, contact, normal FROM contact_point WHERE normal IS NOT NULL"
                          " AND EXISTS (SELECT 1 FROM suppression)",
                          &st, d->e));
    kith_status ret = KITH_OK;
    while (ret == KITH_OK && (ret = conn_step(d->conn, st, &row, d->e)) == KITH_OK && row) {
        arena_reset(a);
        const struct owner o = {(kith_id)sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                                arena_str(a, column_str(st, 2))};
        ret = o.address.ptr ? check_owner(d, &o, a) : err_nomem(d->e);
    }
    sqlite3_finalize(st);
    return ret;
}

kith_status doctor_suppressions(struct doctor *d) {
    struct arena a = {0};
    kith_status st = check_owners(d, &a);
    arena_free(&a);
    return st;
}
