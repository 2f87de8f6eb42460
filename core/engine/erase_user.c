/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing a user: the record stays under its id, since others belong to it and the journal says who
 * wrote what, and says nothing of the person any more. Nobody signs in as the user again. */
#include "engine/engine_internal.h"
#include "journal/agent_log.h"
#include "record/credential.h"

bool user_field_goes(const struct rfield *f) {
    return f->index > FIELD_OWNER && !field_derived(f);
}

/* A login that nobody else has, and nobody is called by. */
static kith_status empty_value(struct txn *t, const struct rfield *f, kith_id id, kith_value *out,
                               kith_error *e) {
    char text[ID_TEXT + 1];
    const char *login;
    *out = value_null();
    if (f != t->g->schema->base.user.login) {
        if (f->flags & KITH_FF_REQUIRED && f->kind == KITH_F_TEXT && !(f->flags & KITH_FF_UNIQUE))
            *out = value_str(STR(ERASED_TEXT));
        return KITH_OK;
    }
    id_format(id, text);
    login = arena_printf(t->arena, "erased-%s", text);
    *out = value_str(str_of(login));
    return login ? KITH_OK : err_nomem(e);
}

kith_status user_empty(struct txn *t, kith_id id, kith_error *e) {
    const struct rtype *user = t->g->schema->base.user.type;
    struct assign *set = ARENA_ARRAY(t->arena, struct assign, user->field_count);
    size_t n = 0;
    if (!set)
        return err_nomem(e);
    for (uint32_t i = 0; i < user->field_count; i++) {
        if (!user_field_goes(user->fields[i]))
            continue;
        set[n].field = user->fields[i];
        TRY(empty_value(t, set[n].field, id, &set[n].value, e));
        n++;
    }
    TRY(txn_update(t, user, id, set, n, e));
    return credential_forget(t->g->writer, id, e);
}

/* One for each login that the user ever had, of which no two are called the same. */
kith_status user_forget(struct txn *t, kith_id id, kith_error *e) {
    struct user_sources all;
    char text[ID_TEXT + 1];
    id_format(id, text);
    const char *called = arena_printf(t->arena, "user:%s", text);
    if (!called)
        return err_nomem(e);
    TRY(agent_log_forget(t->g->writer, id, str_of(called), e));
    TRY(journal_user_sources(t->g->writer, id, t->arena, &all, e));
    for (size_t i = 0; i < all.count; i++) {
        const char *name = i == 0 ? arena_printf(t->arena, "user:%s", text)
                                  : arena_printf(t->arena, "user:%s (login %zu)", text, i + 1);
        if (!name)
            return err_nomem(e);
        TRY(journal_erase_source(t->g->writer, all.numbers[i], str_of(name), e));
    }
    return KITH_OK;
}
