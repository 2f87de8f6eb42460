/* SPDX-License-Identifier: Apache-2.0 */
/* Query: the small language in which people and programs say which records, and how many.
 *
 *   query     = type [ "where" condition ]
 *               [ "order" "by" key { "," key } ] [ "limit" number ] [ ":" "count" "(" ")" ]
 *             | type [ "where" condition ] "group" "by" group { "," group } [ "having" claim ]
 *               [ "order" "by" [ "-" ] term { "," [ "-" ] term } ] [ "limit" number ]
 *               [ ":" total { "," total } ]
 *             | type [ "where" condition ] ":" total { "," total }
 *   condition = and, or, not, parentheses over
 *               operand = != < <= > >= operand     one side is a path
 *               path [ "not" ] "in" (value, ...)
 *               path [ "not" ] "like" 'x%'         % any characters, _ one; folded as below
 *               path "is" [ "not" ] "null"
 *               tagged('x'), tagged(path, 'x')
 *               near(path, 'lat,lon', 5km)
 *               path = period, path [ "not" ] "in" period
 *               exists(type [ "." link ] [ "of" path ] [ "where" condition ])
 *                                          records that link to this one, or where the path leads
 *               consent('x'), consent(path, 'x'), withdrawn('x'), withdrawn(path, 'x')
 *               path                       of a boolean: it is true
 *   operand   = path, 'text' ('' for a quote), number, 30d, true, false, :parameter,
 *               today() and now() with + and - durations, + and - business_days(3) (of today())
 *               or business_hours(4) (of now())
 *   period    = this_month() and the like, last_days(7): all days in it
 *   path      = year(path) and the like, amount.currency, distance(path, 'lat,lon'),
 *               name { "." name }          through links to a field or to id; "name" if a keyword
 *               count(type [ "." link ] [ "of" path ] [ "where" condition ])
 *   key       = [ "-" ] path
 *   group     = path [ "as" name ]
 *   total     = term [ "as" name ]
 *   term      = + - * / and parentheses over count(), count(path), count(distinct path), sum(x),
 *               avg(x), min(x), max(x), grouped paths, numbers, names of totals
 *   x         = + - * / and parentheses over paths and numbers
 *   claim     = and, or, not, parentheses over term = != < <= > >= term, value or period,
 *               term "is" [ "not" ] "null", term [ "not" ] "in" (value, ...) or period,
 *               grouped path [ "not" ] "like" 'x%', or alone when it is a boolean
 *
 * Null is neither equal nor unequal to anything: only "is null" finds it. A missing link reads as
 * null. Text is equal when its bytes are; < > and "like" look at its folded form, in which case and
 * accents do not count, where the field is searched, indexed or unique. Money is written '12.50
 * EUR' and ordered within one currency only. A time compared with a day ('2024-01-31', today()) is
 * compared with the whole day in the company's zone: created <= '2024-01-31' includes its evening.
 * A path that goes to many holds when some record satisfies it, not (...) when none does; != and
 * "not in" are refused for it, since they can be read either way.
 *
 * Parsed by hand with positions, compiled to one parameterised SELECT with the caller's access rule
 * joined in for every type it touches, or to a matcher over one record in memory. Limits: 64 KiB of
 * text, 64 levels, 200 conditions, 12 links followed, 16 exists() and
 * count(), 4,000 values, 8 sort keys. */
#ifndef RECORD_QUERY_H
#define RECORD_QUERY_H

#include "record/record.h"

/* Who asks. Every query and every write carries one. Without `all` and without `access` nothing is
 * seen. */
struct access;
struct principal {
    kith_id user;     /* 0: not a stored user */
    const char *name; /* "cli:anna", "user:anna", "rule:score.lua", "system" */
    bool all;         /* may everything: Kith itself, and administrators */
    const struct access
        *access;         /* what it may (access.h); NULL: nothing, or with `all` everything */
    const char *surface; /* by which it asks, "cli"; NULL: code, whose reading is not logged */
    const char *asked;   /* the command or request, for the log of who read what; may be NULL */
    const struct pass_came *pass;        /* the link that it comes by (engine/pass.h); NULL: none */
    const struct agent_session *session; /* of which all that it writes is a part; NULL: none */
};
/* See engine/agent.h. */
struct agent_guard { /* a record that is to be as it was */
    const struct rtype *type;
    kith_id id;
    char mark[16]; /* record_json.h */
};
struct agent_session {
    kith_id id;
    const char *note;                 /* of its transactions */
    bool late;                        /* it may have ended: a person has allowed this */
    int64_t approval;                 /* the number of what was allowed; 0: nothing was asked */
    const struct agent_guard *guards; /* else nothing is written */
    size_t guard_count;
    bool *sends; /* set by a rehearsal that finds that something would leave; or NULL */
};

struct zone;
struct workdays;
struct query_dialect; /* query_dialect.h */
struct query_env {
    int64_t now;             /* ms UTC */
    const struct zone *zone; /* the company's; NULL: UTC */
    const struct principal *principal;
    const struct workdays *workdays;     /* the company's; NULL: Monday to Friday */
    const struct query_dialect *dialect; /* of the SQL that is written; NULL: SQLite's */
    /* For somebody who searches: the id of a record that was merged into another, where a link is
     * compared with it, stands for that one. NULL: for itself, as in what is kept up to date. */
    struct conn *redirects;
};

/* May the principal read all records of a type, some, or none? Which ones: access.h. */
enum access_rule { ACCESS_ALL, ACCESS_SOME, ACCESS_NONE };
enum access_rule access_rule(const struct principal *p, const struct rtype *t);

struct query; /* parsed and resolved; lives in its arena; immutable */

/* Errors say the position ("at 23: ...") and suggest the nearest name. */
kith_status query_parse(struct query **out, const struct schema *s, struct arena *a, kith_str text,
                        kith_error *e);
/* The same for somebody (NULL: Kith itself): a segment that they may not read does not exist. */
kith_status query_parse_for(struct query **out, const struct schema *s, const struct principal *p,
                            struct arena *a, kith_str text, kith_error *e);
/* Of an error of these: what stands before byte `from` was not written by whoever reads it, and
 * does not count in its position. false: it is there that it is wrong. */
bool query_shift(kith_str text, uint32_t from, kith_error *e);
const struct rtype *query_type(const struct query *q);
bool query_counts(const struct query *q);   /* ends in ": count()" */
int64_t query_limit(const struct query *q); /* -1: none written */
/* Names of the :parameters, in the order in which query_sql wants their values. */
uint32_t query_params(const struct query *q, const char *const **names);

/* Do the purposes that consent() and withdrawn() name exist? KITH_E_INVAL says where one does not,
 * and which there are; whoever may not read purposes is told nothing, and answered no. Purposes are
 * records, which come and go behind the query: so it is asked when one is saved or run, not where
 * it is read. params NULL: those that parameters name are not looked at. */
kith_status query_purposes(const struct query *q, const struct principal *p,
                           const kith_value *params, struct conn *c, kith_error *e);

/* Does consent() or withdrawn() name this purpose, in the text itself? */
bool query_names_purpose(const struct query *q, kith_str name);

/* Calls fn for each type whose records it looks at, its own first, one perhaps more than once. Ends
 * with fn's failure. */
typedef kith_status (*query_type_fn)(void *arg, const struct rtype *t, kith_error *e);
kith_status query_types(const struct query *q, query_type_fn fn, void *arg, kith_error *e);

/* One SELECT. Its rows are: id, the type's columns (record_decode from column 1), then one column
 * per sort key. A count gives one integer. Rows come in the order of the keys, nulls lowest, ties
 * by id in the direction of the last key, so that one index serves both. */
struct query_sql {
    const char *sql;
    const kith_value *values; /* bind in order from 1; scalars as they are stored */
    uint32_t value_count;
    int64_t limit; /* rows asked of SQLite: page + 1, or what is left of the written limit if less.
                      A row beyond the page means that there is more; it is not handed out. */
};
/* params: as query_params says, of any kind that the field can be compared with (text is parsed); a
 * null one matches nothing, and in "in (:p)" a list stands for its values, unless the field is
 * money, a time or a link to any record. after: a cursor from query_cursor, or empty for the first
 * page. page: rows wanted at most, from 1. A cursor that belongs to another query is KITH_E_INVAL.
 * The result lives in the arena; params must live as long. */
kith_status query_sql(const struct query *q, const struct query_env *env, const kith_value *params,
                      kith_str after, int64_t page, struct arena *a, struct query_sql *out,
                      kith_error *e);
/* "SELECT id" of those records with lo < id <= hi that the condition finds; order and limit are not
 * looked at. */
kith_status query_ids_sql(const struct query *q, const struct query_env *env,
                          const kith_value *params, kith_id lo, kith_id hi, struct arena *a,
                          struct query_sql *out, kith_error *e);
/* The cursor that continues after the row on which `st` stands, which is the last one handed out;
 * `given` rows were handed out in this page, which began at `after`. It carries the rows given so
 * far and the row's sort keys, as text that is safe in a URL and on a command line. */
kith_status query_cursor(const struct query *q, sqlite3_stmt *st, kith_str after, int64_t given,
                         struct arena *a, kith_str *cursor, kith_error *e);
/* Binds query_sql's values. */
void query_bind(sqlite3_stmt *st, const struct query_sql *sql);
/* The same for values of another statement, from parameter `first` on. */
void query_bind_values(sqlite3_stmt *st, uint32_t first, const kith_value *values, size_t count);

/* -- totals ------------------------------------------------------------------------------------ */

/* A query that groups, or ends in other totals than ": count()" alone, gives rows of named columns
 * instead of records: the keys of each group, then its totals. */
bool query_totals(const struct query *q);
/* The type of a personal field of which totals tell; NULL: they tell of none. */
const struct rtype *query_personal(const struct query *q);
struct query_column {
    const char *name; /* as written, or behind "as" */
    bool number;
};
uint32_t query_columns(const struct query *q, const struct query_column **out);
struct totals {
    const kith_value *values; /* count * columns, row by row */
    size_t count, columns;
};
/* Runs it. All rows at once, at most 100,000 groups (KITH_E_LIMIT beyond), in the order of "order
 * by", then of the keys; in the arena. */
kith_status query_select(const struct query *q, const struct query_env *env,
                         const kith_value *params, struct conn *c, struct arena *a,
                         struct totals *out, kith_error *e);

/* -- explaining -------------------------------------------------------------------------------- */

struct explanation {
    const char *sql;    /* of the first page */
    const char **steps; /* how SQLite goes about it: "contact: found by the index on city" */
    size_t step_count;
    const char *advice; /* the index to add, in a sentence; NULL: none */
    const char *index;  /* the same as it is declared: "city,-created"; NULL: none */
};
kith_status query_explain(const struct query *q, const struct query_env *env,
                          const kith_value *params, struct conn *c, struct arena *a,
                          struct explanation *out, kith_error *e);

/* -- one record in memory ---------------------------------------------------------------------- */

/* Reads a linked record for the matcher, with its links fields filled in: its values, or NULL when
 * it does not exist. They must stay as they are until predicate_match returns, which fails with
 * what this fails with. */
typedef kith_status (*match_lookup)(void *arg, const struct rtype *t, kith_id id,
                                    const kith_value **values, kith_error *e);
/* Answers what has to be searched for, exists() and count(), with match_answer on a connection. */
struct match_question;
typedef kith_status (*match_ask)(void *arg, const struct match_question *q, int64_t *n,
                                 kith_error *e);
kith_status match_answer(const struct match_question *q, struct conn *c, struct arena *a,
                         int64_t *n, kith_error *e);
/* Where the matcher learns of records other than the one at hand. */
struct match_source {
    match_lookup lookup;
    match_ask ask;
    void *arg;
};

struct predicate; /* compiled condition over one type; immutable, any thread; lives in its arena */
/* text is a condition alone, without parameters. */
kith_status predicate_parse(struct predicate **out, const struct schema *s, const struct rtype *t,
                            struct arena *a, kith_str text, kith_error *e);
kith_status predicate_parse_for(struct predicate **out, const struct schema *s,
                                const struct principal *p, const struct rtype *t, struct arena *a,
                                kith_str text, kith_error *e); /* as query_parse_for */
/* A condition on an event: event.NAME is what it carries, a field of the type `carried`, which has
 * no records and the number 0 (NULL: it carries nothing). t NULL: it has no record. */
kith_status predicate_parse_event(struct predicate **out, const struct schema *s,
                                  const struct rtype *t, const struct rtype *carried,
                                  struct arena *a, kith_str text, kith_error *e);
const struct rtype *predicate_carried(const struct predicate *p); /* NULL: it asks for nothing */
/* Finds what the same condition finds in a query: unknown does not match. values as from
 * record_read, links fields filled in. source may be NULL when no path leaves the record; it sees
 * other records as they are written. Allocates nothing, but for folding text that is long or not
 * ASCII. Fails only when the source does. */
kith_status predicate_match(const struct predicate *p, const struct query_env *env, kith_id id,
                            const kith_value *values, const struct match_source *source, bool *yes,
                            kith_error *e);
/* The same of one on an event; event: what it carries, by index. */
kith_status predicate_match_event(const struct predicate *p, const struct query_env *env,
                                  kith_id id, const kith_value *values, const kith_value *event,
                                  const struct match_source *source, bool *yes, kith_error *e);
/* The condition of a query that has no parameters; q and what it points to must live as long. */
kith_status predicate_of(struct predicate **out, const struct query *q, struct arena *a,
                         kith_error *e);
/* *next: the next instant after env->now, ms UTC, at which the passing of time alone may change the
 * answer; INT64_MAX: never. It may turn out then that nothing has changed. The end of a consent is
 * not meant: it is written into the consent, too. Fails as the source. */
kith_status predicate_next_flip(const struct predicate *p, const struct query_env *env, kith_id id,
                                const kith_value *values, const struct match_source *source,
                                int64_t *next, kith_error *e);
/* The fields of the record itself that the result depends on. */
const struct fieldset *predicate_fields(const struct predicate *p);
bool predicate_local(const struct predicate *p); /* no path leaves the record */
bool predicate_timed(const struct predicate *p); /* it looks at the clock */
const struct query *predicate_query(const struct predicate *p);

/* -- what an answer depends on ----------------------------------------------------------------- */

/* A write that touches these fields of a record of this type, or (segment not 0) a change of its
 * membership, may change whether the query finds some records: those that satisfy `roots`; or, with
 * `via`, those that the record links to there, before and after the write. */
struct query_dependency {
    const struct rtype *type; /* NULL: links to records of any type lead there */
    struct fieldset fields;
    kith_id segment;
    const struct rfield *via; /* the record may come and go, too */
    const char *roots;        /* a condition with :id; NULL: the record itself */
    bool words;               /* matches() looks for it in the search index */
};
struct query_depends {
    struct query_dependency *items;
    size_t count;
    bool linked; /* some way leaves the record */
    bool timed;  /* now() or today() is asked for */
    bool whole;  /* it depends on what no write tells: a limit, or time in other records */
};
kith_status query_depends(const struct query *q, struct arena *a, struct query_depends *out,
                          kith_error *e);
/* What a field can be compared with: "=, !=, in, <, like, is null; order by". */
void query_operators(const struct rfield *f, struct buf *out);

/* Every function of the language with its documentation, for `kith help query` and the reference,
 * which follow from the table that the parser works with. NULL behind the last. */
struct query_function {
    const char *name, *signature, *doc;
};
const struct query_function *query_function_at(size_t i);
/* In the same form: every part of a query, every condition, and how each sort of value is written.
 * The name is that of the group. */
const struct query_function *query_forms(size_t *count);

#endif
