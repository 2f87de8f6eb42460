/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: the emitter, which alone writes it as SQL. What a page (query_sql.c) and a
 * condition (query_emit.c, query_test_sql.c) share. */
#ifndef RECORD_QUERY_EMIT_H
#define RECORD_QUERY_EMIT_H

#include "base/str.h"
#include "record/query_dialect.h"
#include "record/query_internal.h"

/* A scope as it is being put. */
struct place {
    const struct scope *scope;
    uint32_t record; /* its record is t<record> */
    uint32_t base;   /* its step n is t<base + n> */
    kith_id id;      /* of its record, when that is not in the statement; else 0 */
    bool related;    /* of exists() or count() */
};
struct emit {
    struct buf b;
    const struct place *place;
    const struct step *fan; /* of a group's keys, joined to the query's own records */
    uint32_t names;         /* given out: t0 .. t<names - 1> */
    const struct query *q;
    const struct query_env *env;
    const struct query_dialect *dialect;
    const kith_value *params;
    struct arena *arena;
    kith_value *values;
    size_t cap;
    uint32_t count;
    uint32_t access_names; /* given out by access rules */
    kith_status status;    /* what failed while a path was put */
    kith_error *e;
};

struct emit emit_begin(const struct query *q, const struct query_env *env, struct arena *a,
                       kith_error *e);
/* Where the scope stands whose record is t<record>. */
struct place emit_place(struct emit *m, const struct scope *s, uint32_t record);
uint32_t emit_add(struct emit *m, kith_value v); /* a value that is bound; its number, from 1 */
void emit_parameter(struct emit *m, uint32_t number); /* such a value, where it is used */
void emit_value(struct emit *m, kith_value v);        /* both */
void emit_record(struct emit *m, const struct step *step);
/* One of the columns of a path's field: "", "__cur", "__fold". */
void emit_suffixed(struct emit *m, const struct path *path, const char *suffix);
void emit_column(struct emit *m,
                 const struct path *path); /* that holds the value, or its first part */
void emit_rank(struct emit *m, const struct path *path);    /* of an ordinal option */
void emit_ordered(struct emit *m, const struct path *path); /* by which text is ordered, matched */
kith_status emit_matches(struct emit *m, const struct test *t);     /* (query_search.c) */
void emit_nth(struct emit *m, const struct path *path, uint32_t n); /* its n-th column, from 0 */
/* How far a path's place is from its origin, and whether it lies near another (query_place.c). */
void emit_metres(struct emit *m, const struct path *path);
kith_status emit_near(struct emit *m, const struct test *t, const kith_value *centre);
/* A test, once its path is joined: what it says of one record. (query_test_sql.c) */
kith_status emit_test(struct emit *m, const struct test *t);
/* " AND " and the caller's access rule of a type, about its record t<n>. root: of the query. */
void emit_access(struct emit *m, const struct rtype *t, uint32_t n, bool root);
/* A subquery over the records that link to the one at hand, to the ")": select FROM ... */
void emit_related(struct emit *m, const struct related *r, const char *select);
/* FROM and WHERE of the scope at hand. */
kith_status emit_source(struct emit *m);
/* Hands over the text and the values, unless st or the putting of a path failed. */
kith_status emit_finish(struct emit *m, kith_status st, struct query_sql *out);

#endif
