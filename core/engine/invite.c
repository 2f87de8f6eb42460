/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations: see invite.h. */
#include "engine/invite.h"
#include "base/text.h"
#include "engine/sign_in_internal.h"
#include "record/session.h"

#include <string.h>

#define INVITE_BEGIN "kithi_"
#define ADMIN_ROLE   "administrator"
#define ADMIN_RIGHTS "{\"admin\": true}"

/* -- giving out -------------------------------------------------------------------------------- */

struct inviting {
    kith_id user;
    int64_t life_ms;
    char digest[SECRET_DIGEST];
    struct access_entry note;
};

static kith_status invite_in(struct txn *t, void *arg, kith_error *e) {
    const struct inviting *x = arg;
    struct conn *c = t->g->writer;
    TRY(credential_expire_codes(c, t->head.at, e));
    TRY(credential_drop_codes(c, CODE_INVITATION, x->user, e));
    TRY(credential_add_code(c, CODE_INVITATION, x->user, str_of(x->digest), t->head.at,
                            t->head.at + x->life_ms, e));
    return access_log_add(c, &x->note, NULL, e);
}

kith_status invite(struct engine *g, const struct principal *by, kith_id user, const char *login,
                   int64_t life_ms, char text[INVITE_TEXT], kith_error *e) {
    struct inviting x = {.user = user, .life_ms = life_ms};
    TRY(secret_ready(e));
    secret_make(INVITE_BEGIN, text, x.digest);
    x.note = sign_in_entry(g, by, ACCESS_INVITE, user, user ? login : "a first administrator");
    return engine_write(g, &by_kith, invite_in, &x, NULL, e);
}

kith_status invite_is_due(struct engine *g, bool *yes, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = credential_nobody(c, yes, e);
    engine_reader_done(g, c);
    return st;
}

/* -- taking ------------------------------------------------------------------------------------ */

struct taking {
    const struct invited *what;
    char digest[SECRET_DIGEST];
    const char *hash;
};

static kith_status no_code(kith_error *e) {
    return err_set(e, KITH_E_DENIED, "code",
                   "the code is unknown, was used, or has expired: 'kith user invite' gives another"
                   " one");
}

/* The role that is called so, or a new one. */
static kith_status admin_role(struct txn *t, kith_value *out, kith_error *e) {
    const struct base_role *role = &t->g->schema->base.role;
    kith_value name = value_str(STR(ADMIN_ROLE));
    kith_id id;
    TRY(record_unique_owner(t->g->writer, role->name, &name, t->arena, &id, e));
    if (!id) {
        const struct assign set[2] = {{role->name, name},
                                      {role->rights, value_str(STR(ADMIN_RIGHTS))}};
        TRY(txn_create(t, role->type, set, 2, &id, e));
    }
    *out = value_link(id, role->type->id);
    return KITH_OK;
}

static kith_status make_admin(struct txn *t, const struct invited *what, kith_id *user,
                              kith_error *e) {
    const struct base_user *u = &t->g->schema->base.user;
    kith_value role;
    bool due;
    TRY(credential_nobody(t->g->writer, &due, e));
    if (!due)
        return no_code(e); /* somebody was faster */
    TRY(admin_role(t, &role, e));
    const struct assign set[3] = {
        {u->login, value_str(str_of(what->login))},
        {u->name, value_str(str_of(*what->name ? what->name : what->login))},
        {u->roles, (kith_value){.kind = KITH_LIST, .as.list = {&role, 1}}}};
    return txn_create(t, u->type, set, 3, user, e);
}

/* The code is the user's whose login was told. */
static kith_status check_login(struct txn *t, const struct invited *what, kith_id user,
                               kith_error *e) {
    kith_id named;
    TRY(access_user(t->g->writer, t->g->schema, str_of(what->login), t->arena, &named, e));
    return named == user ? KITH_OK : no_code(e);
}

static kith_status take_in(struct txn *t, void *arg, kith_error *e) {
    const struct taking *x = arg;
    struct conn *c = t->g->writer;
    struct code code;
    kith_id user;
    int64_t ended;
    bool used;
    const char *name;
    TRY(credential_code(c, CODE_INVITATION, str_of(x->digest), &code, e));
    if (!code.found || code.expires <= t->head.at)
        return no_code(e);
    TRY(credential_use_code(c, CODE_INVITATION, code.user, str_of(x->digest), &used, e));
    user = code.user;
    TRY(user ? check_login(t, x->what, user, e) : make_admin(t, x->what, &user, e));
    TRY(credential_set_password(c, user, x->hash, t->head.at, e));
    TRY(session_drop_all(c, user, 0, &ended, e));
    TRY(sign_in_name(t, user, &name, e));
    const struct principal by = {.name = name, .surface = "sign-in"};
    struct access_entry n =
        sign_in_entry(t->g, &by, ACCESS_INVITE, user, "set the password by an invitation");
    return access_log_add(c, &n, NULL, e);
}

static kith_status expire_in(struct txn *t, void *arg, kith_error *e) {
    (void)arg;
    return credential_expire_codes(t->g->writer, t->head.at, e);
}

/* Before anything is hashed for it. One that has expired goes, so that it is not good again though
 * the clock is set back. */
static kith_status look(struct engine *g, const char *digest, kith_error *e) {
    struct conn *c;
    struct code code;
    TRY(engine_reader(g, &c, e));
    kith_status st = credential_code(c, CODE_INVITATION, str_of(digest), &code, e);
    engine_reader_done(g, c);
    TRY(st);
    if (code.found && code.expires > engine_now(g))
        return KITH_OK;
    if (code.found)
        TRY(engine_write(g, &by_kith, expire_in, NULL, NULL, e));
    return no_code(e);
}

kith_status invite_take(struct engine *g, const struct invited *what, kith_error *e) {
    struct taking x = {.what = what};
    char hash[PASSWORD_HASH];
    TRY(secret_ready(e));
    secret_digest(what->code, x.digest);
    TRY(look(g, x.digest, e));
    if (!*what->login || text_invalid_at(str_of(what->login)) >= 0)
        return err_set(e, KITH_E_REFUSED, "login", "say the login");
    TRY(password_check(g, what->login, what->password, e));
    TRY(password_hash(g, what->password, hash, e));
    x.hash = hash;
    return engine_write(g, &by_kith, take_in, &x, NULL, e);
}
