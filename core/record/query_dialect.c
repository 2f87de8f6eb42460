/* SPDX-License-Identifier: Apache-2.0 */
#include "record/query_dialect.h"

const struct query_dialect query_sqlite = {
    .parameter = '?',
    .like = "LIKE ",
    .like_end = "",
    .tags = "json_each(",
    .tags_end = ") AS j",
    .ids = "json_each(",
    .ids_end = ") AS j",
    .ascending = "",
    .descending = " DESC",
    .apart = "+",
};

/* PostgreSQL 15. Text has the collation "C", in which ILIKE folds A to Z and nothing else; without
 * an escape character a backslash stands for itself. */
const struct query_dialect query_postgres = {
    .parameter = '$',
    .like = "ILIKE ",
    .like_end = " ESCAPE ''",
    .tags = "jsonb_array_elements_text((",
    .tags_end = ")::jsonb) AS j(value)",
    .ids = "(SELECT e::bigint FROM jsonb_array_elements_text((",
    .ids_end = ")::jsonb) AS e) AS j(value)",
    .ascending = " NULLS FIRST",
    .descending = " DESC NULLS LAST",
    .apart = "",
};
