/* SPDX-License-Identifier: Apache-2.0 */
/* Openid: see openid.h. */
#include "engine/openid.h"
#include "base/text.h"
#include "engine/sign_in_internal.h"
#include "record/lookup.h"
#include "record/openid.h"
#include "record/session.h"

#include <stdio.h>
#include <string.h>

#define SUBJECT_MAX 255 /* bytes, as OpenID Connect has it */
#define ISSUER_MAX  1000
#define ALIKE       8 /* users whose logins differ by case or accents that are looked at */

struct proving {
    const struct proven *proven;
    kith_id user; /* the outcome */
};

/* -- by a login or a mail address -------------------------------------------------------------- */

/* Only capital and small letters of ASCII are the same here: that "ädmin" is somebody says nothing
 * of "admin". */
static kith_status find_by(struct txn *t, const struct rfield *f, kith_str text, kith_id *ids,
                           size_t *count, kith_error *e) {
    const struct rtype *user = f->type;
    kith_value v = value_str(text), *values = ARENA_ARRAY(t->arena, kith_value, user->field_count);
    const char *wanted = arena_strndup(t->arena, text.ptr, (size_t)text.len);
    struct lookup l;
    kith_id alike[ALIKE];
    uint32_t n;
    if (!values || !wanted)
        return err_nomem(e);
    TRY(lookup_make(&l, t->arena, user, &f, 1, e));
    TRY(lookup_find(t->g->writer, &l, &v, t->arena, alike, ALIKE, &n, e));
    for (uint32_t i = 0; i < n; i++) {
        TRY(record_read(t->g->writer, user, alike[i], t->arena, values, e));
        if (!str_ieqz(values[f->index].as.s, wanted))
            continue;
        bool known = false;
        for (size_t k = 0; k < *count; k++)
            known |= ids[k] == alike[i];
        if (!known)
            ids[(*count)++] = alike[i];
    }
    return KITH_OK;
}

static kith_status find_user(struct txn *t, const struct proven *p, kith_id *user, kith_error *e) {
    const struct schema *s = t->g->schema;
    kith_id ids[2 * ALIKE];
    size_t n = 0;
    TRY(find_by(t, type_field(s, s->base.user.type, STR("email")), p->login, ids, &n, e));
    TRY(find_by(t, s->base.user.login, p->login, ids, &n, e));
    *user = n ? ids[0] : 0;
    if (n < 2)
        return KITH_OK;
    return err_set(e, KITH_E_DENIED, NULL,
                   "'%.*s' is the login or mail address of more than one user here",
                   (int)p->login.len, p->login.ptr);
}

/* -- creating ---------------------------------------------------------------------------------- */

static kith_status create_user(struct txn *t, const struct proven *p, kith_id *user,
                               kith_error *e) {
    const struct schema *s = t->g->schema;
    const struct base_user *base = &s->base.user;
    kith_value name = value_str(p->role), link;
    struct assign set[4] = {{base->login, value_str(p->login)},
                            {base->name, value_str(p->name.len ? p->name : p->login)}};
    size_t n = 2;
    kith_id role;
    TRY(record_unique_owner(t->g->writer, s->base.role.name, &name, t->arena, &role, e));
    if (!role)
        return err_set(e, KITH_E_DENIED, NULL, "there is no role '%.*s' for new users",
                       (int)p->role.len, p->role.ptr);
    link = value_link(role, s->base.role.type->id);
    set[n].field = base->roles;
    set[n++].value = (kith_value){.kind = KITH_LIST, .as.list = {&link, 1}};
    if (p->login.len && memchr(p->login.ptr, '@', (size_t)p->login.len)) {
        set[n].field = type_field(s, base->type, STR("email"));
        set[n++].value = value_str(p->login);
    }
    return txn_create(t, base->type, set, n, user, e);
}

/* -- tying ------------------------------------------------------------------------------------- */

static kith_status log_tie(struct txn *t, const struct proven *p, kith_id user, kith_error *e) {
    const char *name, *what = arena_printf(t->arena, "from now on as a subject of %.*s",
                                           (int)p->issuer.len, p->issuer.ptr);
    TRY(sign_in_name(t, user, &name, e));
    if (!what)
        return err_nomem(e);
    const struct principal by = {.name = name, .surface = "sign-in"};
    struct access_entry n = sign_in_entry(t->g, &by, ACCESS_SIGNED_IN, user, what);
    return access_log_add(t->g->writer, &n, NULL, e);
}

static kith_status tie(struct txn *t, const struct proven *p, kith_id user, kith_error *e) {
    bool tied;
    TRY(openid_is_tied(t->g->writer, p->issuer, user, &tied, e));
    if (tied)
        return err_set(e, KITH_E_DENIED, NULL,
                       "the user '%.*s' is another account of this provider: an administrator may"
                       " let go of that one by 'kith user untie'",
                       (int)p->login.len, p->login.ptr);
    TRY(openid_tie(t->g->writer, p->issuer, p->subject, user, t->head.at, e));
    return log_tie(t, p, user, e);
}

static kith_status sign_in_in(struct txn *t, void *arg, kith_error *e) {
    struct proving *x = arg;
    const struct proven *p = x->proven;
    kith_id user;
    TRY(openid_user(t->g->writer, p->issuer, p->subject, &user, e));
    if (!user) {
        if (!p->login.len)
            return err_set(e, KITH_E_DENIED, NULL, "the provider vouches for no login");
        TRY(find_user(t, p, &user, e));
        if (!user && !p->role.len)
            return err_set(e, KITH_E_DENIED, NULL, "there is no user '%.*s' here",
                           (int)p->login.len, p->login.ptr);
        if (!user)
            TRY(create_user(t, p, &user, e));
        TRY(tie(t, p, user, e));
    }
    x->user = user;
    return KITH_OK;
}

static bool is_text(kith_str s, size_t max) {
    return s.len <= max && text_invalid_at(s) < 0 && !(s.len && memchr(s.ptr, '\0', (size_t)s.len));
}

static kith_status look(struct engine *g, struct proving *x, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = openid_user(c, x->proven->issuer, x->proven->subject, &x->user, e);
    engine_reader_done(g, c);
    return st;
}

static void note_refusal(struct engine *g, const struct proven *p) {
    static const struct principal unknown = {.name = "somebody", .surface = "sign-in"};
    char what[300];
    kith_error e = KITH_ERROR_INIT;
    (void)snprintf(what, sizeof what, "%.*s of %.*s", p->login.len < 120 ? (int)p->login.len : 120,
                   p->login.ptr, p->issuer.len < 120 ? (int)p->issuer.len : 120, p->issuer.ptr);
    (void)access_note(g, &unknown, ACCESS_FAILED, 0, what, &e);
}

kith_status openid_sign_in(struct engine *g, const struct proven *p, kith_id *user, kith_error *e) {
    struct proving x = {.proven = p};
    *user = 0;
    if (!p->issuer.len || !p->subject.len || !is_text(p->issuer, ISSUER_MAX) ||
        !is_text(p->subject, SUBJECT_MAX) || !is_text(p->login, SUBJECT_MAX) ||
        !is_text(p->name, SUBJECT_MAX) || !is_text(p->role, SUBJECT_MAX))
        return err_set(e, KITH_E_DENIED, NULL,
                       "what the provider says of its subject is no text, or too long");
    TRY(look(g, &x, e));
    kith_status st = x.user ? KITH_OK : engine_write(g, &by_kith, sign_in_in, &x, NULL, e);
    if (st == KITH_E_DENIED)
        note_refusal(g, p);
    if (st == KITH_OK)
        *user = x.user;
    return st;
}

/* -- letting go -------------------------------------------------------------------------------- */

struct forgetting {
    kith_id user;
    int64_t count;
    struct access_entry note;
};

static kith_status forget_in(struct txn *t, void *arg, kith_error *e) {
    struct forgetting *x = arg;
    int64_t count, sessions;
    TRY(openid_untie(t->g->writer, x->user, &count, e));
    TRY(session_drop_all(t->g->writer, x->user, 0, &sessions, e));
    if (count)
        TRY(access_log_add(t->g->writer, &x->note, NULL, e));
    x->count = count;
    return KITH_OK;
}

kith_status openid_forget(struct engine *g, const struct principal *by, kith_id user,
                          int64_t *count, kith_error *e) {
    struct forgetting x = {.user = user,
                           .note = sign_in_entry(g, by, ACCESS_SESSION, user,
                                                 "untied from providers, and ended all sessions")};
    TRY(engine_write(g, &by_kith, forget_in, &x, NULL, e));
    *count = x.count;
    return KITH_OK;
}
