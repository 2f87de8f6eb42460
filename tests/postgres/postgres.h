/* SPDX-License-Identifier: Apache-2.0 */
/* A PostgreSQL server for one test program, and a copy of a Kith database in it.
 *
 * The server is Debian's, on a Unix socket in a folder of its own under /tmp, and goes with the
 * program. The copy has the tables of the record types and of their links with the same columns, in
 * the types that a second driver would give them, and the functions that Kith's SELECTs call. */
#ifndef TESTS_POSTGRES_H
#define TESTS_POSTGRES_H

#include "record/query.h"

#include <stdbool.h>

/* Starts it, once. NULL, or why there is none. */
const char *postgres_start(void);
/* Takes the tables and rows of a database that Kith wrote; what was there before is gone. */
void postgres_copy(struct conn *from);
/* The first column of the rows that the SELECT gives, at most max of them, as numbers. */
uint32_t postgres_run(const struct query_sql *sql, int64_t *out, uint32_t max);
/* All its rows, at most max, as lines: the columns as text, a tab behind each; numbers as SQLite
 * reads them. In the arena. */
uint32_t postgres_lines(const struct query_sql *sql, struct arena *a, const char **out,
                        uint32_t max);

#endif
