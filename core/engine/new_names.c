/* SPDX-License-Identifier: Apache-2.0 */
/* New names: when types and fields were renamed, roles and tokens go on meaning the same, in one
 * transaction of Kith's own before anybody else comes in. When that cannot be written it is tried
 * with the next start; until then what roles name is unknown, which opens nothing (rights.h). */
#include "base/log.h"
#include "engine/engine_internal.h"
#include "record/credential.h"
#include "record/renamed.h"

struct following {
    struct txn *txn;
    const struct rtype *role;
    const struct rfield *rights;
    const struct renamed *list;
    size_t count;
    struct role_text {
        kith_id id;
        kith_str text;
    } * roles; /* that say something else now */
    size_t role_count, role_cap;
};

static kith_status look_at(void *arg, kith_id id, const kith_value *values, kith_error *e) {
    struct following *f = arg;
    struct arena *a = txn_arena(f->txn);
    const kith_value *v = &values[f->rights->index];
    kith_str text;
    if (v->kind != KITH_TEXT)
        return KITH_OK;
    TRY(renamed_rights(v->as.s, f->list, f->count, a, &text, e));
    if (text.ptr == v->as.s.ptr)
        return KITH_OK;
    struct role_text *items =
        arena_grow(a, f->roles, f->role_count, &f->role_cap, sizeof *f->roles);
    if (!items)
        return err_nomem(e);
    f->roles = items;
    f->roles[f->role_count++] = (struct role_text){id, text};
    return KITH_OK;
}

static kith_status find_roles(struct following *f, kith_error *e) {
    struct query *q;
    const struct schema *s = txn_engine(f->txn)->schema;
    TRY(query_parse(&q, s, txn_arena(f->txn), STR("role"), e));
    f->rights = s->base.role.rights;
    return txn_find(f->txn, q, NULL, 0, look_at, f, e);
}

static kith_status write_roles(struct following *f, kith_error *e) {
    for (size_t i = 0; i < f->role_count; i++) {
        struct assign set = {f->rights, value_str(f->roles[i].text)};
        TRY(txn_update(f->txn, f->rights->type, f->roles[i].id, &set, 1, e));
    }
    return KITH_OK;
}

static kith_status follow(struct txn *t, void *arg, kith_error *e) {
    struct engine *g = t->g;
    struct following f = {.txn = t, .list = NULL};
    struct renamed *list;
    (void)arg;
    TRY(renamed_list(g->writer, t->arena, &list, &f.count, e));
    f.list = list;
    TRY(find_roles(&f, e));
    g->names_follow = true;
    kith_status st = write_roles(&f, e);
    g->names_follow = false;
    g->access_touched = true; /* tokens that name them */
    for (size_t i = 0; st == KITH_OK && i < f.count; i++)
        if (!list[i].field)
            st = credential_rename_type(g->writer, list[i].type, list[i].name, e);
    return st == KITH_OK ? renamed_forget(g->writer, e) : st;
}

static kith_status count_waiting(struct engine *g, int64_t *n, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = renamed_count(c, n, e);
    engine_reader_done(g, c);
    return st;
}

void names_followed(struct engine *g) {
    struct write_opts o = by_kith;
    kith_error e = KITH_ERROR_INIT;
    int64_t waiting = 0;
    o.note = "new names of types and fields, in roles";
    kith_status st = count_waiting(g, &waiting, &e);
    if (st == KITH_OK && waiting > 0)
        st = engine_write(g, &o, follow, NULL, NULL, &e);
    if (st != KITH_OK)
        log_error(
            "access",
            "roles do not follow the new names of types and fields yet, and open nothing that "
            "they do not name: %s",
            e.message);
}
