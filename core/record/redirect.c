/* SPDX-License-Identifier: Apache-2.0 */
/* Redirects: one look by the id of what is gone. There are no chains: a merge moves the redirects
 * to what it merges, as it moves all links. */
#include "record/redirect.h"
#include "base/id.h"

#include <stdio.h>
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

kith_status redirect_former(struct conn *c, const struct rtype *t, kith_id kept, struct arena *a,
                            kith_id **ids, size_t *count, kith_error *e) {
    const struct base_redirect *b = &t->schema->base.redirect;
    kith_id *rows;
    size_t n;
    *count = 0;
    TRY(record_referrers(c, b->kept, kept, t->id, UINT32_MAX, a, &rows, &n, e));
    *ids = ARENA_ARRAY(a, kith_id, n + 1);
    if (!*ids)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        const kith_value *values;
        TRY(record_get(c, b->type, rows[i], a, &values, e));
        const kith_value *gone = values ? &values[b->gone->index] : NULL;
        if (gone && gone->kind == KITH_TEXT && id_parse(gone->as.s, &(*ids)[*count]))
            ++*count;
    }
    return KITH_OK;
}

bool redirect_knows(const struct rfield *f) {
    return (f->flags & KITH_FF_UNIQUE) || strcmp(f->name, "external_id") == 0;
}

const char *redirect_key(const struct rfield *f, const kith_value *v, struct arena *a) {
    if (!redirect_knows(f) || (v->kind != KITH_TEXT && v->kind != KITH_INT) ||
        f->kind == KITH_F_LONGTEXT)
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

/* -- those that lead astray -------------------------------------------------------------------- */

#define WHY_MAX 160

static kith_status why_not(struct conn *c, const struct rtype *t, kith_str text, kith_id kept,
                           char why[WHY_MAX], kith_error *e) {
    kith_id gone = 0;
    bool there = false;
    char to[ID_TEXT + 1];
    why[0] = '\0';
    if (!t) /* its module is not loaded: nothing is known of it */
        return KITH_OK;
    bool key = !id_parse(text, &gone); /* of another program */
    if (!key)
        TRY(record_exists(c, t, gone, &there, e));
    if (!key && there) {
        snprintf(why, WHY_MAX, "leads on from %s %.*s, which is there", t->name, (int)text.len,
                 text.ptr);
        return KITH_OK;
    }
    TRY(record_exists(c, t, kept, &there, e));
    id_format(kept, to);
    if (!there)
        snprintf(why, WHY_MAX, "leads from %s %.*s to %s, which is not there%s", t->name,
                 key ? 0 : (int)text.len, text.ptr, to, !key && gone == kept ? ": to itself" : "");
    return KITH_OK;
}

static kith_status look_at(struct conn *c, const struct schema *s, sqlite3_stmt *st,
                           redirect_visit fn, void *arg, kith_error *e) {
    char why[WHY_MAX];
    TRY(why_not(c, schema_type_by_id(s, (uint32_t)sqlite3_column_int64(st, 3)), column_str(st, 1),
                (kith_id)sqlite3_column_int64(st, 2), why, e));
    return why[0] ? fn(arg, (kith_id)sqlite3_column_int64(st, 0), why, e) : KITH_OK;
}

kith_status redirect_astray(struct conn *c, const struct schema *s, redirect_visit fn, void *arg,
                            kith_error *e) {
    sqlite3_stmt *st;
    bool row = true;
    TRY(conn_prepare_once(c, "SELECT id, gone, kept, kept__type FROM redirect", &st, e));
    kith_status status = KITH_OK;
    while (status == KITH_OK && (status = conn_step(c, st, &row, e)) == KITH_OK && row)
        status = look_at(c, s, st, fn, arg, e);
    sqlite3_finalize(st);
    return status;
}
