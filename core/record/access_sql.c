/* SPDX-License-Identifier: Apache-2.0 */
/* Access: the rule of reading as SQL. Each way to a record is a test of its own on an indexed
 * column, joined with OR: owner, shares, territory. What leads over another record is EXISTS by
 * that one's primary key, since a list of all that may be read would be as long as the table. */
#include "base/str.h"
#include "record/access_internal.h"

#include <stdio.h>
#include <string.h>

#define PARTS_DEEP 8

static void put_id(struct access_sql *o, kith_id id) {
    buf_printf(o->b, "%c%u", o->parameter, o->value(o->arg, value_int((int64_t)id)));
}

static void put_set(struct access_sql *o, const struct id_set *set) {
    buf_puts(o->b, " IN (");
    for (size_t i = 0; i < set->count; i++) {
        buf_puts(o->b, i ? ", " : "");
        put_id(o, set->ids[i]);
    }
    buf_puts(o->b, ")");
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

static void put_own(struct access_sql *o, const struct access *x, const struct rtype *t,
                    const char *alias) {
    put_column(o, alias, "owner", "");
    buf_puts(o->b, " = ");
    put_id(o, x->of.user);
    if (!type_is_access(t) || strcmp(t->name, "user") != 0)
        return;
    buf_printf(o->b, " OR %s.id = ", alias);
    put_id(o, x->of.user);
}

static void put_team(struct access_sql *o, const struct access *x, const struct rtype *t,
                     const char *alias) {
    char name[16];
    if (x->circles.count == 0)
        return;
    buf_puts(o->b, " OR ");
    put_column(o, alias, "owner", "");
    buf_puts(o->b, " IN (SELECT record FROM \"user.teams\" WHERE target");
    put_set(o, &x->teams);
    new_name(o, name);
    buf_printf(o->b, ") OR EXISTS (SELECT 1 FROM share AS %s WHERE %s.record = %s.id AND ", name,
               name, alias);
    put_column(o, name, "record", "__type");
    buf_puts(o->b, " = ");
    put_id(o, t->id);
    buf_printf(o->b, " AND %s.team", name);
    put_set(o, &x->circles);
    buf_puts(o->b, ")");
}

static void put_territory(struct access_sql *o, const struct access *x, const struct rtype *t,
                          const char *alias) {
    struct territory_way w = access_territory(t);
    char name[16];
    if (x->territories.count == 0 || (!w.self && !w.own && !w.account))
        return;
    buf_puts(o->b, " OR ");
    if (w.account) {
        new_name(o, name);
        buf_printf(o->b, "EXISTS (SELECT 1 FROM account AS %s WHERE %s.id = ", name, name);
        put_column(o, alias, w.account->name, "");
        buf_printf(o->b, " AND %s.territory", name);
    } else {
        put_column(o, alias, w.self ? "id" : w.own->name, "");
    }
    put_set(o, &x->territories);
    buf_puts(o->b, w.account ? ")" : "");
}

static bool put_rule(struct access_sql *o, const struct access *x, const struct rtype *t,
                     const char *alias, int depth);

/* The whole is a record of type t that may be read. */
static void put_whole(struct access_sql *o, const struct access *x, const struct rfield *whole,
                      const struct rtype *t, const char *alias, int depth) {
    char name[16];
    new_name(o, name);
    buf_puts(o->b, "EXISTS (SELECT 1 FROM ");
    sql_name(o->b, t->name);
    buf_printf(o->b, " AS %s WHERE %s.id = ", name, name);
    put_column(o, alias, whole->name, "");
    buf_puts(o->b, " AND ");
    if (!put_rule(o, x, t, name, depth - 1))
        buf_puts(o->b, "TRUE");
    buf_puts(o->b, ")");
}

/* May records of this type be read, some or all, as the whole of something attached? */
static uint8_t reach_as_whole(const struct access *x, const struct rtype *t) {
    while (type_whole(t) && type_whole(t)->target)
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

/* False: it holds for every record, and nothing was written. */
static bool put_rule(struct access_sql *o, const struct access *x, const struct rtype *t,
                     const char *alias, int depth) {
    const struct rfield *whole = type_whole(t);
    uint8_t reach = x->rights.types[t->id].reach[RIGHT_READ];
    if (!whole && reach == REACH_ALL)
        return false;
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
        put_own(o, x, t, alias);
    if (!whole && (reach & REACH_TEAM) == REACH_TEAM)
        put_team(o, x, t, alias);
    if (!whole && (reach & REACH_TERRITORY) == REACH_TERRITORY)
        put_territory(o, x, t, alias);
    buf_puts(o->b, ")");
    return true;
}

bool access_put(struct access_sql *out, const struct principal *p, const struct rtype *t,
                const char *alias) {
    if (p && p->all)
        return false;
    if (p && p->access)
        return put_rule(out, p->access, t, alias, PARTS_DEEP);
    buf_puts(out->b, "FALSE");
    return true;
}
