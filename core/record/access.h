/* SPDX-License-Identifier: Apache-2.0 */
/* Access: which records a user may read and write: rights (rights.h) with what they speak of: the
 * user's teams and territories, and the owner, shares, territory and whole of a record.
 *
 *   own        the owner is the user, or, unless it is to be created or deleted, the assignee is;
 *              a user's own record is the user itself
 *   team       own; or one of these works in one of the user's teams or one below; or the record is
 *              shared with one of these, or with one that the user's teams are part of
 *   territory  own; or the record's territory, or that of its account, is one that the user manages
 *              or works in, or lies in one
 *
 * The sets of teams and territories are read once and kept with the rights; owners, shares and
 * territories of records are looked at when it is asked. One rule in two forms: SQL that goes into
 * every SELECT, and access_may for one record in memory. */
#ifndef RECORD_ACCESS_H
#define RECORD_ACCESS_H

#include "record/query.h"
#include "record/query_dialect.h"
#include "record/rights.h"

#include <stdatomic.h>

struct id_set { /* in order */
    kith_id *ids;
    size_t count;
    const char *json; /* the same as one value: "[1,2]" */
};

/* How far outside somebody stands; a role holds there when its zone reaches as far. */
enum access_zone { ZONE_INTRANET, ZONE_EXTRANET, ZONE_INTERNET };

/* Who it is about, and what is left of the user's rights: all that decides, besides the store. */
struct access_of {
    kith_id user;
    enum access_zone zone;
    struct rights_limit limit; /* zeroed: none */
};
struct spread {
    _Atomic uint32_t asked; /* how often; 0: nothing is known yet */
    atomic_bool many;
};
struct access {
    struct access_of of;      /* its texts live as long */
    const char *login, *name; /* "anna", "user:anna" */
    struct rights rights;
    struct id_set teams;       /* the user's, and those below them */
    struct id_set circles;     /* and those that these are part of: what is shared with them */
    struct id_set territories; /* managed or worked in, and those below */
    uint64_t generation;       /* the engine's, when it was read */
    struct spread *spread;     /* by type number: how many records it reaches */
    void *holder;              /* the engine's */
};

/* KITH_E_DENIED: there is no such user any more, or it is blocked. */
kith_status user_admitted(struct conn *c, kith_id user, kith_error *e);
/* What the user may now, in the arena. KITH_E_DENIED as user_admitted. */
kith_status access_load(struct conn *c, const struct schema *s, const struct access_of *of,
                        struct arena *a, struct access **out, kith_error *e);
/* The login of a user; NULL: there is no such user. */
kith_status access_login(struct conn *c, kith_id user, struct arena *a, const char **login,
                         kith_error *e);
/* The user with this login, or, when there is none, with the only one that differs from it by case
 * or accents; 0: none. */
kith_status access_user(struct conn *c, const struct schema *s, kith_str login, struct arena *a,
                        kith_id *user, kith_error *e);

/* May the principal do this to the record with these values, links fields filled in? *why (may be
 * NULL) tells it for people, in the arena. */
kith_status access_may(struct conn *c, const struct principal *p, enum right right,
                       const struct rtype *t, kith_id id, const kith_value *values, struct arena *a,
                       bool *yes, const char **why, kith_error *e);
/* Reads a record as the principal sees it, with empty values in fields that it may not read. *there
 * false: it is gone, or the principal may not read it. */
kith_status access_find(struct conn *c, const struct principal *p, const struct rtype *t,
                        kith_id id, struct arena *a, kith_value *values, bool *there,
                        kith_error *e);

/* Does a link lead to something that the principal may know of? */
kith_status access_link(struct conn *c, const struct principal *p, const struct schema *s,
                        const kith_value *link, struct arena *a, bool *yes, kith_error *e);

/* Fields. Every other one is empty in what is handed out. */
bool access_reads(const struct principal *p, const struct rfield *f);
bool access_writes(const struct principal *p, const struct rfield *f);
/* Are there records of the type that the principal may create or change? Of parts it is not known.
 */
bool access_writes_type(const struct principal *p, const struct rtype *t);
/* Has the type personal fields that the principal may read? */
bool access_personal(const struct principal *p, const struct rtype *t);
void access_mask(const struct principal *p, const struct rtype *t, kith_value *values);
/* The refusal of a field that is filtered or sorted by. */
kith_status access_no_field(const struct rfield *f, kith_error *e);
bool access_calls(const struct principal *p, const char *action);

/* The rule of reading as SQL about the record with this alias. value binds one more value and gives
 * its number. Nothing is written, and false answered, when it holds for every record. few: the
 * records that may be read are few, so the index on owner and the like lead to them; else they are
 * met on another way, and only told apart. */
struct access_sql {
    struct buf *b;
    uint32_t (*value)(void *arg, kith_value v);
    void *arg;
    uint32_t names; /* aliases given out */
    const struct query_dialect *dialect;
};
bool access_put(struct access_sql *out, const struct principal *p, const struct rtype *t,
                const char *alias, bool few);
/* How many symbols more than for a record that stands for itself SQLite's parser has to keep, since
 * it looks at what this one is part of. */
uint32_t access_depth(const struct rtype *t);

/* Are the records of a type that the principal may read few, as far as is known? */
bool access_few(const struct principal *p, const struct rtype *t);
/* Has a look now and then, up to a bound; access_few answers by it. */
kith_status access_look(struct conn *c, const struct principal *p, const struct rtype *t,
                        kith_error *e);

#endif
