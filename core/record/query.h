/* SPDX-License-Identifier: Apache-2.0 */
/* Query: the small language in which people and programs say which records, and how many.
 *
 *   query     = type [ "where" condition ] [ "order" "by" key { "," key } ] [ "limit" number ]
 *               [ ":" aggregate { "," aggregate } ]
 *   condition = and, or, not, parentheses, comparisons (= != < <= > >=), "in" (a, b), "not in",
 *               "like" 'x%' (folded, % and _), "is null", "is not null", tagged('x')
 *   operand   = path (name { "." name } through links), 'text', number, 12.50 EUR as '12.50 EUR',
 *               true, false, null, :parameter, today(), now() with + and - durations (30d)
 *   key       = [ "-" ] path
 *   aggregate = count()
 *
 * Parsed by hand with positions, compiled to one parameterised SELECT with the caller's access rule
 * joined in for every type it touches, or to a matcher over one record in memory. */
#ifndef RECORD_QUERY_H
#define RECORD_QUERY_H

#include "record/record.h"

/* Who asks. Every query and every write carries one. */
struct principal {
    kith_id user;     /* 0: not a stored user */
    const char *name; /* "cli:anna", "rule:score.lua", "system" */
    bool all; /* the allow-all role, the only one there is so far; without it nothing is seen */
};

struct zone;
struct query_env {
    int64_t now;             /* ms UTC */
    const struct zone *zone; /* the company's; NULL: UTC */
    const struct principal *principal;
};

/* The access rule of a type for a principal, as a condition in this language. */
enum access { ACCESS_ALL, ACCESS_NONE };
enum access access_rule(const struct principal *p, const struct rtype *t);

struct query; /* parsed and resolved; lives in its arena; immutable */

/* Errors say the position ("at 23: ...") and suggest the nearest name. */
kith_status query_parse(struct query **out, const struct schema *s, struct arena *a, kith_str text,
                        kith_error *e);
const struct rtype *query_type(const struct query *q);
bool query_counts(const struct query *q);   /* ends in ": count()" */
int64_t query_limit(const struct query *q); /* -1: none written */
/* Names of the :parameters, in the order in which query_sql wants their values. */
uint32_t query_params(const struct query *q, const char *const **names);

/* One SELECT. Its rows are: id, the type's columns (record_decode from column 1), then one column
 * per sort key (and, for a key that may be null, nothing more). A count gives one integer. */
struct query_sql {
    const char *sql;
    const kith_value *values; /* bind in order from 1; scalars as they are stored */
    uint32_t value_count;
    int64_t limit; /* rows asked of SQLite: one more than the page, to know whether there is more */
};
/* params: as query_params says. after: a cursor from query_cursor, or empty for the first page.
 * page: rows wanted at most (the smaller of it and the written limit is used; the cursor carries
 * how many of a written limit were given out already). A cursor that belongs to another query is
 * KITH_E_INVAL. */
kith_status query_sql(const struct query *q, const struct query_env *env, const kith_value *params,
                      kith_str after, int64_t page, struct arena *a, struct query_sql *out,
                      kith_error *e);
/* The cursor that continues after the row on which `st` stands; `given` rows were handed out so far
 * in this page. Text that is safe in a URL and on a command line. */
kith_status query_cursor(const struct query *q, sqlite3_stmt *st, kith_str after, int64_t given,
                         struct arena *a, kith_str *cursor, kith_error *e);
/* Binds query_sql's values. */
void query_bind(sqlite3_stmt *st, const struct query_sql *sql);

/* -- one record in memory -------------------------------------------------------------------------
 */

/* Reads a linked record for the matcher: its values, or NULL when it does not exist. */
typedef const kith_value *(*match_lookup)(void *arg, const struct rtype *t, kith_id id);

struct predicate; /* compiled condition over one type; immutable, any thread; lives in its arena */
kith_status predicate_parse(struct predicate **out, const struct schema *s, const struct rtype *t,
                            struct arena *a, kith_str text, kith_error *e);
/* Three-valued as SQL: unknown does not match. lookup may be NULL when no path leaves the record.
 */
bool predicate_match(const struct predicate *p, const struct query_env *env, kith_id id,
                     const kith_value *values, match_lookup lookup, void *arg);
/* The fields of the record itself that the result depends on. */
const struct fieldset *predicate_fields(const struct predicate *p);
bool predicate_local(const struct predicate *p); /* no path leaves the record */

/* Every function of the language with its documentation, for `kith help query` and the reference.
 */
struct query_function {
    const char *name, *signature, *doc;
};
const struct query_function *query_functions(size_t *count);

#endif
