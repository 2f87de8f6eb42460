/* SPDX-License-Identifier: Apache-2.0 */
/* Access: reads what a user may from the store, and judges one record. */
#include "base/id.h"
#include "record/access_internal.h"
#include "record/lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- sets -------------------------------------------------------------------------------------- */

static bool id_set_has(const struct id_set *s, kith_id id) {
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t at = low + (high - low) / 2;
        if (s->ids[at] == id)
            return true;
        if (s->ids[at] < id)
            low = at + 1;
        else
            high = at;
    }
    return false;
}

static kith_status read_set(struct conn *c, const char *sql, kith_id user, struct arena *a,
                            struct id_set *out, kith_error *e) {
    sqlite3_stmt *st;
    struct buf json = {0};
    *out = (struct id_set){0};
    TRY(conn_prepare(c, sql, &st, e));
    bind_int(st, 1, (int64_t)user);
    TRY(conn_ids(c, st, a, &out->ids, &out->count, e));
    for (size_t i = 0; i < out->count; i++)
        buf_printf(&json, "%s%llu", i ? "," : "[", (unsigned long long)out->ids[i]);
    buf_puts(&json, out->count ? "]" : "[]");
    out->json = json.failed ? NULL : arena_strndup(a, json.ptr, json.len);
    buf_free(&json);
    return out->json ? KITH_OK : err_nomem(e);
}

/* UNION, so that a damaged tree ends, too. */
#define TEAMS                                                                                      \
    "WITH RECURSIVE below(id) AS (SELECT target FROM \"user.teams\" WHERE record = ?1 UNION"       \
    " SELECT t.id FROM team t JOIN below ON t.parent = below.id)"
static const char teams_sql[] = TEAMS " SELECT id FROM below ORDER BY id";
static const char circles_sql[] =
    TEAMS ", above(id) AS (SELECT target FROM \"user.teams\" WHERE record = ?1 UNION"
          " SELECT t.parent FROM team t JOIN above ON t.id = above.id WHERE t.parent IS NOT NULL)"
          " SELECT id FROM below UNION SELECT id FROM above ORDER BY 1";
static const char territories_sql[] =
    "WITH RECURSIVE below(id) AS (SELECT target FROM \"user.territories\" WHERE record = ?1 UNION"
    " SELECT id FROM territory WHERE manager = ?1 UNION"
    " SELECT t.id FROM territory t JOIN below ON t.parent = below.id)"
    " SELECT id FROM below ORDER BY id";

/* -- a user ------------------------------------------------------------------------------------ */

kith_status access_user(struct conn *c, const struct schema *s, kith_str login, struct arena *a,
                        kith_id *user, kith_error *e) {
    const struct rfield *f = s->base.user.login;
    kith_value v = value_str(login);
    *user = 0;
    if (login.len == 0)
        return KITH_OK;
    struct lookup l;
    kith_id ids[2];
    uint32_t n;
    TRY(record_unique_owner(c, f, &v, a, user, e));
    if (*user)
        return KITH_OK;
    TRY(lookup_make(&l, a, f->type, &f, 1, e));
    TRY(lookup_find(c, &l, &v, a, ids, 2, &n, e));
    *user = n == 1 ? ids[0] : 0;
    return KITH_OK;
}

static bool zone_reaches(kith_str zone, enum access_zone where) {
    static const char *const names[] = {"intranet", "extranet", "internet"};
    for (int i = ZONE_INTRANET; i <= ZONE_INTERNET; i++)
        if (str_eqz(zone, names[i]))
            return i >= (int)where;
    return where == ZONE_INTRANET;
}

static kith_status add_roles(struct conn *c, struct access *x, struct arena *a, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c,
                     "SELECT r.rights, r.zone FROM \"user.roles\" l JOIN role r ON r.id = l.target"
                     " WHERE l.record = ?1 ORDER BY r.id",
                     &st, e));
    bind_int(st, 1, (int64_t)x->of.user);
    for (;;) {
        TRY(conn_step(c, st, &row, e));
        if (!row)
            return KITH_OK;
        kith_status status = KITH_OK;
        if (zone_reaches(column_str(st, 1), x->of.zone))
            status = rights_add(&x->rights, column_str(st, 0), a, e);
        if (status != KITH_OK) {
            sqlite3_reset(st);
            return status;
        }
    }
}

kith_status access_login(struct conn *c, kith_id user, struct arena *a, const char **login,
                         kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    *login = NULL;
    TRY(conn_prepare(c, "SELECT login FROM user WHERE id = ?1", &st, e));
    bind_int(st, 1, (int64_t)user);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return KITH_OK;
    *login = arena_strndup(a, column_str(st, 0).ptr, column_str(st, 0).len);
    sqlite3_reset(st);
    return *login ? KITH_OK : err_nomem(e);
}

kith_status user_admitted(struct conn *c, kith_id user, kith_error *e) {
    sqlite3_stmt *st;
    bool row;
    TRY(conn_prepare(c, "SELECT blocked, login FROM user WHERE id = ?1", &st, e));
    bind_int(st, 1, (int64_t)user);
    TRY(conn_step(c, st, &row, e));
    if (!row)
        return err_set(e, KITH_E_DENIED, NULL, "the user is not there any more");
    bool blocked = sqlite3_column_int(st, 0) != 0;
    kith_str login = column_str(st, 1);
    if (blocked)
        (void)err_set(e, KITH_E_DENIED, NULL,
                      "the user '%.*s' is blocked: an administrator may let them in again",
                      (int)(login.len < 120 ? login.len : 120), login.ptr);
    sqlite3_reset(st);
    return blocked ? KITH_E_DENIED : KITH_OK;
}

static kith_status read_login(struct conn *c, struct access *x, struct arena *a, kith_error *e) {
    TRY(access_login(c, x->of.user, a, &x->login, e));
    x->name = x->login ? arena_printf(a, "user:%s", x->login) : NULL;
    return x->name ? KITH_OK : err_nomem(e);
}

static kith_status copy_of(struct access *x, const struct access_of *of, struct arena *a,
                           kith_error *e) {
    x->of = *of;
    if (of->limit.types && !(x->of.limit.types = arena_strdup(a, of->limit.types)))
        return err_nomem(e);
    if (of->limit.actions && !(x->of.limit.actions = arena_strdup(a, of->limit.actions)))
        return err_nomem(e);
    return KITH_OK;
}

kith_status access_load(struct conn *c, const struct schema *s, const struct access_of *of,
                        struct arena *a, struct access **out, kith_error *e) {
    struct access *x = ARENA_NEW(a, struct access);
    if (!x)
        return err_nomem(e);
    TRY(copy_of(x, of, a, e));
    TRY(user_admitted(c, of->user, e));
    TRY(read_login(c, x, a, e));
    TRY(rights_begin(&x->rights, s, a, e));
    TRY(add_roles(c, x, a, e));
    TRY(rights_narrow(&x->rights, &x->of.limit, a, e));
    rights_end(&x->rights);
    x->spread = ARENA_ARRAY(a, struct spread, x->rights.type_max + 1u);
    if (!x->spread)
        return err_nomem(e);
    TRY(read_set(c, teams_sql, of->user, a, &x->teams, e));
    TRY(read_set(c, circles_sql, of->user, a, &x->circles, e));
    TRY(read_set(c, territories_sql, of->user, a, &x->territories, e));
    *out = x;
    return KITH_OK;
}

/* -- fields and actions ------------------------------------------------------------------------ */

static const struct type_rights *rights_of(const struct principal *p, const struct rtype *t) {
    bool asked = p && !p->all && p->access && t->id <= p->access->rights.type_max;
    return asked ? &p->access->rights.types[t->id] : NULL;
}

bool access_reads(const struct principal *p, const struct rfield *f) {
    const struct type_rights *r = rights_of(p, f->type);
    return (p && p->all) || (r && (r->open || fieldset_has(&r->readable, f->index)));
}

bool access_personal(const struct principal *p, const struct rtype *t) {
    for (uint32_t i = 0; i < t->field_count; i++)
        if ((t->fields[i]->flags & KITH_FF_PERSONAL) && access_reads(p, t->fields[i]))
            return true;
    return false;
}

bool access_writes(const struct principal *p, const struct rfield *f) {
    const struct type_rights *r = rights_of(p, f->type);
    return (p && p->all) || (r && fieldset_has(&r->writable, f->index));
}

void access_mask(const struct principal *p, const struct rtype *t, kith_value *values) {
    const struct type_rights *r = rights_of(p, t);
    if ((p && p->all) || (r && r->open))
        return;
    for (uint32_t i = 0; i < t->field_count; i++)
        if (!r || !fieldset_has(&r->readable, i))
            values[i] = value_null();
}

kith_status access_no_field(const struct rfield *f, kith_error *e) {
    return err_set(e, KITH_E_DENIED, f->name,
                   "you may not read %s.%s, so nothing can be filtered, sorted or counted by it",
                   f->type->name, f->name);
}

bool access_calls(const struct principal *p, const char *action) {
    return p && (p->all || (p->access && rights_action(&p->access->rights, action)));
}

enum access_rule access_rule(const struct principal *p, const struct rtype *t) {
    if (!p || (!p->all && !p->access))
        return ACCESS_NONE;
    if (p->all)
        return ACCESS_ALL;
    if (type_whole(t))
        return ACCESS_SOME;
    uint8_t reach = rights_of(p, t) ? rights_of(p, t)->reach[RIGHT_READ] : REACH_NONE;
    return reach == REACH_ALL ? ACCESS_ALL : reach ? ACCESS_SOME : ACCESS_NONE;
}

bool access_writes_type(const struct principal *p, const struct rtype *t) {
    const struct type_rights *r = rights_of(p, t);
    return (p && p->all) || type_whole(t) ||
           (r && (r->reach[RIGHT_CREATE] || r->reach[RIGHT_UPDATE]));
}

/* -- one record -------------------------------------------------------------------------------- */

struct judged {
    struct conn *conn;
    const struct access *access;
    struct arena *arena;
    char *why; /* of the caller's arena; NULL: nobody asks */
    bool explain;
    kith_error *e;
};

static const char *title_in(struct judged *j, const char *type, kith_id id) {
    const struct rtype *t = schema_type(j->access->rights.schema, str_of(type));
    kith_value *values = t ? ARENA_ARRAY(j->arena, kith_value, t->field_count) : NULL;
    char text[ID_TEXT + 1];
    if (values && t->title && record_read(j->conn, t, id, j->arena, values, NULL) == KITH_OK &&
        values[t->title->index].kind == KITH_TEXT)
        return arena_strndup(j->arena, values[t->title->index].as.s.ptr,
                             values[t->title->index].as.s.len);
    id_format(id, text);
    return arena_strdup(j->arena, text);
}

/* One of the targets that a SELECT gives and the set has; 0: none. */
static kith_status first_in(struct judged *j, const char *sql, kith_id id, uint32_t type,
                            const struct id_set *set, kith_id *out) {
    sqlite3_stmt *st;
    bool row = true;
    *out = 0;
    TRY(conn_prepare(j->conn, sql, &st, j->e));
    bind_int(st, 1, (int64_t)id);
    if (type)
        bind_int(st, 2, type);
    while (row && !*out) {
        TRY(conn_step(j->conn, st, &row, j->e));
        if (row && id_set_has(set, (kith_id)sqlite3_column_int64(st, 0)))
            *out = (kith_id)sqlite3_column_int64(st, 0);
    }
    if (row)
        sqlite3_reset(st);
    return KITH_OK;
}

/* Whose it is: its owner, and, to read and change it, its assignee. */
struct holder {
    const char *role;
    kith_id user; /* 0: nobody */
};
#define HOLDERS 2
static void holders_of(enum right right, const struct rtype *t, const kith_value *values,
                       struct holder out[HOLDERS]) {
    const kith_value *owner = &values[FIELD_OWNER];
    bool assigned = t->assignee && (right == RIGHT_READ || right == RIGHT_UPDATE);
    const kith_value *assignee = assigned ? &values[t->assignee->index] : NULL;
    out[0] = (struct holder){"owner", owner->kind == KITH_LINK ? owner->as.link.id : 0};
    out[1] = (struct holder){"assignee",
                             assignee && assignee->kind == KITH_LINK ? assignee->as.link.id : 0};
}

static bool is_own(struct judged *j, const struct rtype *t, kith_id id,
                   const struct holder holders[HOLDERS]) {
    kith_id user = j->access->of.user;
    bool owns = holders[0].user == user || (type_is_user(t) && id == user),
         sees_to = holders[1].user == user;
    if ((owns || sees_to) && j->explain)
        j->why =
            arena_printf(j->arena, owns ? "%s owns it" : "%s is its assignee", j->access->login);
    return owns || sees_to;
}

static kith_status in_team(struct judged *j, const struct rtype *t, kith_id id,
                           const struct holder holders[HOLDERS], bool *yes) {
    kith_id team = 0;
    for (int i = 0; !team && i < HOLDERS; i++) {
        if (holders[i].user)
            TRY(first_in(j, "SELECT target FROM \"user.teams\" WHERE record = ?1", holders[i].user,
                         0, &j->access->teams, &team));
        if (team && j->explain)
            j->why = arena_printf(j->arena, "its %s %s is in team %s", holders[i].role,
                                  title_in(j, "user", holders[i].user), title_in(j, "team", team));
    }
    if (!team && id) {
        TRY(first_in(j, "SELECT team FROM share WHERE record = ?1 AND record__type = ?2", id, t->id,
                     &j->access->circles, &team));
        if (team && j->explain)
            j->why = arena_printf(j->arena, "it is shared with team %s", title_in(j, "team", team));
    }
    *yes = team != 0;
    return KITH_OK;
}

/* The first link of a type that leads to records of another. */
static const struct rfield *link_to(const struct rtype *t, const char *target) {
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++) {
        const struct rfield *f = t->fields[i];
        if (f->kind == KITH_F_LINK && f->target && strcmp(f->target->name, target) == 0)
            return f;
    }
    return NULL;
}

struct territory_way access_territory(const struct rtype *t) {
    struct territory_way w = {.self = strcmp(t->name, "territory") == 0};
    if (!w.self)
        w.own = link_to(t, "territory");
    if (!w.self && !w.own && strcmp(t->name, "account") != 0)
        w.account = link_to(t, "account");
    return w;
}

static kith_status in_territory(struct judged *j, const struct rtype *t, kith_id id,
                                const kith_value *values, bool *yes) {
    struct territory_way w = access_territory(t);
    kith_id found = 0;
    const struct rfield *f = w.own ? w.own : w.account;
    const kith_value *v = f ? &values[f->index] : NULL;
    if (w.self && id_set_has(&j->access->territories, id))
        found = id;
    else if (w.own && v->kind == KITH_LINK && id_set_has(&j->access->territories, v->as.link.id))
        found = v->as.link.id;
    else if (w.account && v->kind == KITH_LINK)
        TRY(first_in(j, "SELECT territory FROM account WHERE id = ?1", v->as.link.id, 0,
                     &j->access->territories, &found));
    *yes = found != 0;
    if (found && j->explain)
        j->why = arena_printf(j->arena, "%slies in territory %s",
                              w.account ? "its account " : "it ", title_in(j, "territory", found));
    return KITH_OK;
}

bool access_anywhere(const struct rtype *t) {
    const struct rfield *whole;
    for (int i = 0; i < 8 && (whole = type_whole(t)); i++) {
        if (whole->any_target)
            return true;
        t = whole->target;
    }
    return false;
}

static kith_status judge(struct judged *j, enum right right, const struct rtype *t, kith_id id,
                         const kith_value *values, int depth, bool *yes);

/* A part follows its whole; what is attached to an attachment belongs to nobody. */
static kith_status judge_part(struct judged *j, enum right right, const struct rfield *whole,
                              const kith_value *values, int depth, bool *yes) {
    const kith_value *v = &values[whole->index];
    const struct rtype *t =
        v->kind == KITH_LINK ? schema_type_by_id(j->access->rights.schema, v->as.link.type) : NULL;
    const kith_value *of;
    *yes = false;
    if (!t || depth == 0 || (whole->any_target && access_anywhere(t)))
        return KITH_OK;
    TRY(record_get(j->conn, t, v->as.link.id, j->arena, &of, j->e));
    if (!of)
        return KITH_OK;
    return judge(j, right == RIGHT_READ ? RIGHT_READ : RIGHT_UPDATE, t, v->as.link.id, of,
                 depth - 1, yes);
}

/* Are its data restricted, or those of somebody whom it tells about? */
static kith_status is_restricted(struct judged *j, const struct rtype *t, const kith_value *values,
                                 bool *yes) {
    const struct rfield *own = type_restricted(t);
    const struct rfield *person = t->schema->base.contact.restricted;
    *yes = own && values[own->index].kind != KITH_NULL;
    for (uint32_t i = FIELD_FIRST; !*yes && i < t->field_count; i++) {
        const kith_value *v = &values[i];
        if (v->kind == KITH_LINK && field_shows_person(t->fields[i]))
            TRY(record_filled(j->conn, person, v->as.link.id, yes, j->e));
    }
    return KITH_OK;
}

static kith_status judge(struct judged *j, enum right right, const struct rtype *t, kith_id id,
                         const kith_value *values, int depth, bool *yes) {
    const struct rfield *whole = type_whole(t);
    bool restricted;
    *yes = false;
    TRY(is_restricted(j, t, values, &restricted));
    if (restricted)
        return KITH_OK;
    if (whole)
        return judge_part(j, right, whole, values, depth, yes);
    uint8_t reach = j->access->rights.types[t->id].reach[right];
    *yes = reach == REACH_ALL;
    if (*yes && j->explain)
        j->why = arena_printf(j->arena, "%s may %s every %s", j->access->login, right_names[right],
                              t->name);
    if (*yes || !reach)
        return KITH_OK;
    struct holder holders[HOLDERS];
    holders_of(right, t, values, holders);
    *yes = is_own(j, t, id, holders);
    if (!*yes && (reach & REACH_TEAM) == REACH_TEAM)
        TRY(in_team(j, t, id, holders, yes));
    if (!*yes && (reach & REACH_TERRITORY) == REACH_TERRITORY)
        TRY(in_territory(j, t, id, values, yes));
    return KITH_OK;
}

kith_status access_may(struct conn *c, const struct principal *p, enum right right,
                       const struct rtype *t, kith_id id, const kith_value *values, struct arena *a,
                       bool *yes, const char **why, kith_error *e) {
    struct judged j = {.conn = c, .arena = a, .explain = why != NULL, .e = e};
    *yes = p && p->all;
    if (*yes || !p || !p->access)
        return KITH_OK;
    j.access = p->access;
    TRY(judge(&j, right, t, id, values, 8, yes));
    if (why)
        *why = j.why;
    return KITH_OK;
}

kith_status access_find(struct conn *c, const struct principal *p, const struct rtype *t,
                        kith_id id, struct arena *a, kith_value *values, bool *there,
                        kith_error *e) {
    TRY(record_find(c, t, id, a, values, there, e));
    if (!*there)
        return KITH_OK;
    TRY(access_may(c, p, RIGHT_READ, t, id, values, a, there, NULL, e));
    access_mask(p, t, values);
    return KITH_OK;
}

kith_status access_link(struct conn *c, const struct principal *p, const struct schema *s,
                        const kith_value *link, struct arena *a, bool *yes, kith_error *e) {
    const struct rtype *t = schema_type_by_id(s, link->as.link.type);
    *yes = (p && p->all) || (p && p->user == link->as.link.id);
    if (*yes || !t)
        return KITH_OK;
    kith_value *values = ARENA_ARRAY(a, kith_value, t->field_count);
    return values ? access_find(c, p, t, link->as.link.id, a, values, yes, e) : err_nomem(e);
}
