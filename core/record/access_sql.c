/* SPDX-License-Identifier: Apache-2.0 */
/* Access: the rule of reading as SQL. Each way to a record is a test of its own on an indexed
 * column, joined with OR: owner, assignee, shares, territory. When they lead to few records, SQLite
 * goes these ways and sorts what it finds; when to many, a page is filled soonest in its own order,
 * with each record looked at. SQLite cannot tell which is which, so it is told. The whole of a part
 * is looked at by its primary key, since a list of all that may be read would be as long as the
 * table.
 */
#include "base/str.h"
#include "record/access_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTS_DEEP 8

static void put_value(struct access_sql *o, kith_value v) {
    buf_printf(o->b, "%c%u", o->dialect->parameter, o->value(o->arg, v));
}

static void put_id(struct access_sql *o, kith_id id) {
    put_value(o, value_int((int64_t)id));
}

/* A table of one value, however many there are: SQLite's time to read a statement grows with the
 * square of the number of its values, and no deadline ends it. */
static void put_ids(struct access_sql *o, const struct id_set *set) {
    buf_puts(o->b, o->dialect->ids);
    put_value(o, value_str(str_of(set->json)));
    buf_puts(o->b, o->dialect->ids_end);
}

static void put_set(struct access_sql *o, const struct id_set *set) {
    buf_puts(o->b, " IN (SELECT value FROM ");
    put_ids(o, set);
    buf_putc(o->b, ')');
}

static void put_column(struct access_sql *o, const char *alias, const char *name,
                       const char *suffix) {
    char column[80];
    snprintf(column, sizeof column, "%s%s", name, suffix);
    buf_printf(o->b, "%s.", alias);
    sql_name(o->b, column);
}

/* A name that nothing else in the statement has. */
static void new_name(struct access_sql *o, char name[16]) {
    snprintf(name, 16, "a%u", ++o->names);
}

/* A column that an index may lead to; with a "+" SQLite only compares. */
static void put_way(struct access_sql *o, const char *alias, const char *name, bool few) {
    buf_puts(o->b, few ? "" : "+");
    put_column(o, alias, name, "");
}

static void put_is(struct access_sql *o, const char *alias, const char *name, kith_id id,
                   bool few) {
    put_way(o, alias, name, few);
    buf_puts(o->b, " = ");
    put_id(o, id);
}

static void put_own(struct access_sql *o, const struct access *x, const struct rtype *t,
                    const char *alias, bool few) {
    put_is(o, alias, "owner", x->of.user, few);
    if (t->assignee) {
        buf_puts(o->b, " OR ");
        put_is(o, alias, t->assignee->name, x->of.user, few);
    }
    if (type_is_user(t)) {
        buf_puts(o->b, " OR ");
        put_is(o, alias, "id", x->of.user, few);
    }
}

/* A link to somebody who works in one of the teams. */
static void put_in_team(struct access_sql *o, const struct access *x, const char *alias,
                        const char *name, bool few) {
    buf_puts(o->b, " OR ");
    put_way(o, alias, name, few);
    buf_puts(o->b, " IN (SELECT record FROM \"user.teams\" JOIN ");
    put_ids(o, &x->teams);
    buf_puts(o->b, " ON target = value)");
}

static void put_team(struct access_sql *o, const struct access *x, const struct rtype *t,
                     const char *alias, bool few) {
    if (x->circles.count == 0)
        return;
    put_in_team(o, x, alias, "owner", few);
    if (t->assignee)
        put_in_team(o, x, alias, t->assignee->name, few);
    buf_puts(o->b, " OR ");
    put_way(o, alias, "id", few);
    buf_puts(o->b, " IN (SELECT record FROM share WHERE record__type = ");
    put_id(o, t->id);
    buf_puts(o->b, " AND team");
    put_set(o, &x->circles);
    buf_puts(o->b, ")");
}

/* The accounts of a territory may be many: unless what is looked for is little, each record's own
 * is looked at. */
static void put_account(struct access_sql *o, const struct access *x, const struct rfield *account,
                        const char *alias, bool few) {
    char name[16];
    if (few) {
        put_column(o, alias, account->name, "");
        buf_puts(o->b, " IN (SELECT id FROM account WHERE territory");
    } else {
        new_name(o, name);
        buf_printf(o->b, "EXISTS (SELECT 1 FROM account AS %s WHERE %s.id = ", name, name);
        put_column(o, alias, account->name, "");
        buf_printf(o->b, " AND +%s.territory", name);
    }
    put_set(o, &x->territories);
    buf_puts(o->b, ")");
}

static void put_territory(struct access_sql *o, const struct access *x, const struct rtype *t,
                          const char *alias, bool few) {
    struct territory_way w = access_territory(t);
    if (x->territories.count == 0 || (!w.self && !w.own && !w.account))
        return;
    buf_puts(o->b, " OR ");
    if (w.account) {
        put_account(o, x, w.account, alias, few);
        return;
    }
    put_way(o, alias, w.self ? "id" : w.own->name, few);
    put_set(o, &x->territories);
}

static bool put_rule(struct access_sql *o, const struct access *x, const struct rtype *t,
                     const char *alias, bool few, int depth);

/* The whole is a record of type t that may be read. What it is part of itself is joined to it and
 * not asked for inside: SQLite's parser goes only so deep. */
static void put_whole(struct access_sql *o, const struct access *x, const struct rfield *whole,
                      const struct rtype *t, const char *alias, int depth) {
    char name[16], part[16];
    new_name(o, name);
    buf_puts(o->b, "EXISTS (SELECT 1 FROM ");
    sql_name(o->b, t->name);
    buf_printf(o->b, " AS %s", name);
    const struct rfield *up;
    memcpy(part, name, sizeof part);
    for (; (up = type_whole(t)) && up->target && depth > 1; depth--) {
        t = up->target;
        buf_puts(o->b, " JOIN ");
        sql_name(o->b, t->name);
        buf_printf(o->b, " AS a%u ON a%u.id = ", o->names + 1, o->names + 1);
        put_column(o, part, up->name, "");
        new_name(o, part);
    }
    buf_printf(o->b, " WHERE %s.id = ", name);
    put_column(o, alias, whole->name, "");
    buf_puts(o->b, " AND ");
    if (!put_rule(o, x, t, part, false, depth - 1))
        buf_puts(o->b, "TRUE");
    buf_puts(o->b, ")");
}

/* May records of this type be read, some or all, as the whole of something attached? */
static uint8_t reach_as_whole(const struct access *x, const struct rtype *t) {
    for (int i = 0; i < PARTS_DEEP && type_whole(t) && type_whole(t)->target; i++)
        t = type_whole(t)->target;
    return access_anywhere(t) ? 0 : x->rights.types[t->id].reach[RIGHT_READ];
}

static void put_any_whole(struct access_sql *o, const struct access *x, const struct rfield *whole,
                          const char *alias, int depth) {
    const struct schema *s = x->rights.schema;
    bool first = true;
    for (uint32_t i = 0; i < s->type_count; i++) {
        if (!reach_as_whole(x, s->types[i]))
            continue;
        buf_puts(o->b, first ? "" : " OR ");
        put_column(o, alias, whole->name, "__type");
        buf_puts(o->b, " = ");
        put_id(o, s->types[i]->id);
        buf_puts(o->b, " AND ");
        put_whole(o, x, whole, s->types[i], alias, depth);
        first = false;
    }
    if (first)
        buf_puts(o->b, "FALSE");
}

/* It tells about nobody whose data are restricted. Ids are unique over all types. */
static void put_no_subject(struct access_sql *o, const struct rfield *f, const char *alias) {
    const struct base_contact *c = &f->type->schema->base.contact;
    char name[16];
    new_name(o, name);
    buf_puts(o->b, "NOT EXISTS (SELECT 1 FROM ");
    sql_name(o->b, c->type->name);
    buf_printf(o->b, " AS %s WHERE %s.id = ", name, name);
    put_column(o, alias, f->name, "");
    buf_puts(o->b, " AND ");
    put_column(o, name, c->restricted->name, "");
    buf_puts(o->b, " IS NOT NULL)");
}

/* Data that are restricted are there for administrators alone. False: nothing was written. */
static bool put_unrestricted(struct access_sql *o, const struct rtype *t, const char *alias) {
    const struct rfield *f = type_restricted(t);
    bool any = f != NULL;
    if (f) {
        put_column(o, alias, f->name, "");
        buf_puts(o->b, " IS NULL");
    }
    for (uint32_t i = FIELD_FIRST; i < t->field_count; i++) {
        if (!field_shows_person(t->fields[i]))
            continue;
        buf_puts(o->b, any ? " AND " : "");
        put_no_subject(o, t->fields[i], alias);
        any = true;
    }
    return any;
}

/* False: it holds for every record, and nothing was written. */
static bool put_rule(struct access_sql *o, const struct access *x, const struct rtype *t,
                     const char *alias, bool few, int depth) {
    const struct rfield *whole = type_whole(t);
    uint8_t reach = x->rights.types[t->id].reach[RIGHT_READ];
    if (!whole && reach == REACH_ALL)
        return put_unrestricted(o, t, alias);
    if (put_unrestricted(o, t, alias))
        buf_puts(o->b, " AND ");
    buf_puts(o->b, "(");
    if (whole && depth == 0)
        buf_puts(o->b, "FALSE");
    else if (whole && whole->any_target)
        put_any_whole(o, x, whole, alias, depth);
    else if (whole)
        put_whole(o, x, whole, whole->target, alias, depth);
    else if (!reach)
        buf_puts(o->b, "FALSE");
    else
        put_own(o, x, t, alias, few);
    if (!whole && (reach & REACH_TEAM) == REACH_TEAM)
        put_team(o, x, t, alias, few);
    if (!whole && (reach & REACH_TERRITORY) == REACH_TERRITORY)
        put_territory(o, x, t, alias, few);
    buf_puts(o->b, ")");
    return true;
}

bool access_put(struct access_sql *out, const struct principal *p, const struct rtype *t,
                const char *alias, bool few) {
    if (p && p->all)
        return false;
    if (p && p->access)
        return put_rule(out, p->access, t, alias, few, PARTS_DEEP);
    buf_puts(out->b, "FALSE");
    return true;
}

uint32_t access_depth(const struct rtype *t) {
    const struct rfield *whole = type_whole(t);
    uint32_t n = whole && whole->target ? 10 : 0; /* for all that put_whole joins */
    for (int i = 0; whole && whole->target && i < PARTS_DEEP; i++)
        whole = type_whole(whole->target);
    return whole && !whole->target ? n + 15 : n;
}

/* -- few or many ------------------------------------------------------------------------------- */

#define FEW        4000u /* records: sorting them takes as long as looking through the others */
#define LOOK_EVERY 64u   /* times that it is asked */

bool access_few(const struct principal *p, const struct rtype *t) {
    if (!p || p->all || !p->access)
        return false;
    const struct spread *s = &p->access->spread[t->id];
    return atomic_load(&s->asked) && !atomic_load(&s->many);
}

struct looking {
    kith_value values[32]; /* a rule has few, however many teams there are */
    uint32_t count;
};

static uint32_t look_value(void *arg, kith_value v) {
    struct looking *l = arg;
    if (l->count < sizeof l->values / sizeof *l->values)
        l->values[l->count++] = v;
    return l->count;
}

static kith_status count_some(struct conn *c, const struct principal *p, const struct rtype *t,
                              struct looking *l, struct buf *sql, bool *many, kith_error *e) {
    struct access_sql out = {sql, look_value, l, 0, &query_sqlite};
    sqlite3_stmt *st;
    bool row;
    buf_puts(sql, "SELECT count(*) FROM (SELECT 1 FROM ");
    sql_name(sql, t->name);
    buf_puts(sql, " AS t0 WHERE ");
    access_put(&out, p, t, "t0", true);
    buf_printf(sql, " LIMIT %u)", FEW + 1);
    if (sql->failed)
        return err_nomem(e);
    TRY(conn_prepare_once(c, sql->ptr, &st, e));
    query_bind_values(st, 1, l->values, l->count);
    kith_status status = conn_step(c, st, &row, e);
    *many = status != KITH_OK || !row || sqlite3_column_int64(st, 0) > FEW;
    sqlite3_finalize(st);
    return status;
}

kith_status access_look(struct conn *c, const struct principal *p, const struct rtype *t,
                        kith_error *e) {
    uint8_t reach = p && p->access && !p->all && !type_whole(t)
                        ? p->access->rights.types[t->id].reach[RIGHT_READ]
                        : REACH_ALL;
    struct buf sql = {0};
    bool many = true;
    if (reach == REACH_ALL || reach == REACH_NONE)
        return KITH_OK;
    struct spread *s = &p->access->spread[t->id];
    if (atomic_load(&s->asked) && atomic_fetch_add(&s->asked, 1) % LOOK_EVERY != 0)
        return KITH_OK;
    struct looking l = {.count = 0};
    kith_status st = count_some(c, p, t, &l, &sql, &many, e);
    buf_free(&sql);
    if (st != KITH_OK)
        return st;
    atomic_store(&s->many, many);
    if (!atomic_load(&s->asked))
        atomic_store(&s->asked, 1);
    return KITH_OK;
}
