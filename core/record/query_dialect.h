/* SPDX-License-Identifier: Apache-2.0 */
/* Dialects: where the SELECTs of two databases differ. All else that is written is plain SQL that
 * both take, and the functions that it calls (kith_...) are brought by whoever opens the database:
 * store and record for SQLite, a second driver for PostgreSQL. The property test runs every
 * statement on both. */
#ifndef RECORD_QUERY_DIALECT_H
#define RECORD_QUERY_DIALECT_H

struct query_dialect {
    char parameter;                     /* before the number of a value */
    const char *like, *like_end;        /* around a pattern: % and _, case of A to Z ignored */
    const char *tags, *tags_end;        /* around a column of tags: a table j with a column value */
    const char *ids, *ids_end;          /* around a JSON list of ids: a table with a column value */
    const char *ascending, *descending; /* nulls are lowest */
    const char *apart; /* before a column: no index on it is used, or none would be chosen */
};
extern const struct query_dialect query_sqlite, query_postgres;

#endif
