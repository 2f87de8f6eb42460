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
#define ROLES_MAX   65536
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

/* -- roles ------------------------------------------------------------------------------------- */

struct roles {
    kith_value *items;
    uint64_t count;
};

static bool has_role(const struct roles *l, kith_id role) {
    for (uint64_t i = 0; i < l->count; i++)
        if (l->items[i].as.link.id == role)
            return true;
    return false;
}

/* l has room for it. */
static kith_status add_role(struct txn *t, struct roles *l, kith_str name, kith_error *e) {
    const struct schema *s = t->g->schema;
    kith_value v = value_str(name);
    kith_id role;
    TRY(record_unique_owner(t->g->writer, s->base.role.name, &v, t->arena, &role, e));
    if (!role)
        return err_set(e, KITH_E_DENIED, NULL, "there is no role '%.*s', which the settings name",
                       (int)name.len, name.ptr);
    if (!has_role(l, role))
        l->items[l->count++] = value_link(role, s->base.role.type->id);
    return KITH_OK;
}

/* With room for `more` besides. */
static kith_status roles_of(struct txn *t, kith_str lines, uint64_t more, struct roles *l,
                            kith_error *e) {
    uint64_t most = more + 2;
    for (uint64_t i = 0; i < lines.len; i++)
        most += lines.ptr[i] == '\n';
    *l = (struct roles){ARENA_ARRAY(t->arena, kith_value, most), 0};
    if (!l->items)
        return err_nomem(e);
    while (lines.len) {
        const char *end = memchr(lines.ptr, '\n', (size_t)lines.len);
        uint64_t n = end ? (uint64_t)(end - lines.ptr) : lines.len;
        if (n)
            TRY(add_role(t, l, (kith_str){lines.ptr, n}, e));
        n += end != NULL;
        lines = (kith_str){lines.ptr + n, lines.len - n};
    }
    return KITH_OK;
}

static kith_value roles_value(const struct roles *l) {
    return (kith_value){.kind = KITH_LIST, .as.list = {l->items, l->count}};
}

/* The user has those roles that the issuer gives, and keeps those that it knows nothing of. */
static kith_status set_roles(struct txn *t, const struct proven *p, kith_id user, kith_error *e) {
    const struct base_user *base = &t->g->schema->base.user;
    const kith_value *values;
    struct roles now, managed;
    TRY(txn_get(t, base->type, user, &values, e));
    const kith_value had = values[base->roles->index];
    uint64_t had_count = had.kind == KITH_LIST ? had.as.list.count : 0, kept = 0;
    TRY(roles_of(t, p->roles, had_count, &now, e));
    TRY(roles_of(t, p->managed, 0, &managed, e));
    for (uint64_t i = 0; i < had_count; i++) {
        kith_id role = had.as.list.items[i].as.link.id;
        kept += has_role(&now, role);
        if (has_role(&now, role) || has_role(&managed, role))
            continue;
        now.items[now.count++] = had.as.list.items[i];
        kept++;
    }
    if (kept == had_count && kept == now.count)
        return KITH_OK;
    struct assign set = {base->roles, roles_value(&now)};
    return txn_update(t, base->type, user, &set, 1, e);
}

/* -- creating ---------------------------------------------------------------------------------- */

static kith_status create_user(struct txn *t, const struct proven *p, kith_id *user,
                               kith_error *e) {
    const struct schema *s = t->g->schema;
    const struct base_user *base = &s->base.user;
    struct roles roles;
    TRY(roles_of(t, p->roles, 1, &roles, e));
    if (p->role.len)
        TRY(add_role(t, &roles, p->role, e));
    struct assign set[4] = {{base->login, value_str(p->login)},
                            {base->name, value_str(p->name.len ? p->name : p->login)},
                            {base->roles, roles_value(&roles)}};
    size_t n = 3;
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
        if (!user && !p->role.len && !p->roles.len)
            return err_set(e, KITH_E_DENIED, NULL, "there is no user '%.*s' here",
                           (int)p->login.len, p->login.ptr);
        if (!user)
            TRY(create_user(t, p, &user, e));
        TRY(tie(t, p, user, e));
    }
    x->user = user;
    return p->managed.len ? set_roles(t, p, user, e) : KITH_OK;
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
        !is_text(p->name, SUBJECT_MAX) || !is_text(p->role, SUBJECT_MAX) ||
        !is_text(p->roles, ROLES_MAX) || !is_text(p->managed, ROLES_MAX))
        return err_set(e, KITH_E_DENIED, NULL,
                       "what the provider says of its subject is no text, or too long");
    TRY(look(g, &x, e));
    kith_status st =
        x.user && !p->managed.len ? KITH_OK : engine_write(g, &by_kith, sign_in_in, &x, NULL, e);
    if (st == KITH_E_DENIED)
        note_refusal(g, p);
    if (st == KITH_OK)
        *user = x.user;
    return st;
}

/* -- letting go -------------------------------------------------------------------------------- */

struct forgetting {
    kith_id user;
    int64_t but, count;
    struct access_entry note;
};

static kith_status forget_in(struct txn *t, void *arg, kith_error *e) {
    struct forgetting *x = arg;
    int64_t count, sessions;
    TRY(openid_untie(t->g->writer, x->user, &count, e));
    TRY(session_drop_all(t->g->writer, x->user, x->but, &sessions, e));
    if (count)
        TRY(access_log_add(t->g->writer, &x->note, NULL, e));
    x->count = count;
    return KITH_OK;
}

kith_status openid_tied(struct engine *g, kith_id user, struct arena *a, const char ***issuers,
                        size_t *count, kith_error *e) {
    struct conn *c;
    TRY(engine_reader(g, &c, e));
    kith_status st = openid_issuers(c, user, a, issuers, count, e);
    engine_reader_done(g, c);
    return st;
}

kith_status openid_forget(struct engine *g, const struct principal *by, kith_id user, int64_t but,
                          int64_t *count, kith_error *e) {
    struct forgetting x = {
        .user = user,
        .but = but,
        .note = sign_in_entry(g, by, ACCESS_SESSION, user,
                              but ? "untied from providers, and ended other sessions"
                                  : "untied from providers, and ended all sessions")};
    TRY(engine_write(g, &by_kith, forget_in, &x, NULL, e));
    *count = x.count;
    return KITH_OK;
}
