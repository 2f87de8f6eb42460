/* SPDX-License-Identifier: Apache-2.0 */
/* Acting: code of the company that does what it does as one of its users, with that user's rights
 * as they are in the transaction. See decision 0039. */
#include "engine/engine_internal.h"

#include <string.h>

static kith_status gone(const char *login, const char *now, kith_error *e) {
    if (now)
        return err_set(e, KITH_E_DENIED, NULL,
                       "there is no user '%s'; the one that is meant is called '%s': write as = "
                       "\"%s\"",
                       login, now, now);
    return err_set(e, KITH_E_DENIED, NULL,
                   "there is no user '%s': name one that there is, or leave out as", login);
}

/* By the login as it is written: whose differs in case only may be somebody else tomorrow. */
static kith_status find_user(struct conn *c, const struct schema *s, struct acting *a,
                             struct arena *arena, kith_error *e) {
    kith_value login = value_str(str_of(a->login));
    const char *now = NULL;
    kith_id user = 0;
    if (*a->login)
        TRY(record_unique_owner(c, s->base.user.login, &login, arena, &user, e));
    user = user ? user : a->user;
    if (user)
        TRY(access_login(c, user, arena, &now, e));
    if (!now || strcmp(now, a->login) != 0)
        return gone(a->login, now, e);
    a->user = user;
    return KITH_OK;
}

kith_status acting_check(struct engine *g, struct acting *a, kith_error *e) {
    struct arena arena = {0};
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = find_user(c, g->schema, a, &arena, e);
    engine_reader_done(g, c);
    arena_free(&arena);
    return st;
}

void acting_free(struct acting *a) {
    arena_free(&a->arena);
    a->access = NULL;
}

static kith_status load(struct txn *t, struct acting *a, struct arena *arena, struct access **out,
                        kith_error *e) {
    struct engine *g = t->g;
    TRY(find_user(g->writer, g->schema, a, arena, e));
    return access_load(g->writer, g->schema, &(struct access_of){.user = a->user}, arena, out, e);
}

/* What is kept holds as long as nobody's rights were written; nothing is kept of what a transaction
 * that may be taken back has written. */
static kith_status rights_of(struct txn *t, struct acting *a, const struct access **out,
                             kith_error *e) {
    struct engine *g = t->g;
    uint64_t generation = atomic_load(&g->access_generation);
    struct access *x = a->access;
    if (g->access_touched)
        TRY(load(t, a, t->arena, &x, e));
    else if (!x || x->generation != generation) {
        acting_free(a);
        TRY(load(t, a, &a->arena, &x, e));
        x->generation = generation;
        a->access = x;
    }
    *out = x;
    return KITH_OK;
}

kith_status txn_act(struct txn *t, struct acting *a, struct acted *before, kith_error *e) {
    const struct access *x;
    TRY(rights_of(t, a, &x, e));
    struct principal p = {.user = a->user, .name = x->name, .all = x->rights.admin, .access = x};
    bool own = t->hook_depth == 0; /* else it is somebody's, in which this has a say */
    if (own)
        TRY(txn_actor(t->g, &p, &t->head.actor, e));
    *before = (struct acted){t->caller, t->as_system, t->system};
    t->caller = t->as_system = p;
    t->as_system.all = true;
    t->principal = &t->caller;
    t->system = 0;
    return KITH_OK;
}

void txn_act_end(struct txn *t, const struct acted *before) {
    t->caller = before->caller;
    t->as_system = before->as_system;
    t->system = before->system;
}

kith_status txn_sees(struct txn *t, const struct rtype *type, kith_id id, const kith_value *values,
                     bool *yes, kith_error *e) {
    *yes = true;
    return access_may(t->g->writer, txn_principal(t), RIGHT_READ, type, id, values, t->arena, yes,
                      NULL, e);
}

bool txn_reads(const struct txn *t, const struct rfield *f) {
    return access_reads(txn_principal(t), f);
}

kith_status condition_open(const struct engine *g, int64_t now, const struct principal *who,
                           const struct predicate *p, struct arena *a, kith_error *e) {
    struct query_env env = engine_env(g, now, who);
    struct query_sql unused;
    return query_ids_sql(predicate_query(p), &env, NULL, 0, 0, a, &unused, e);
}
