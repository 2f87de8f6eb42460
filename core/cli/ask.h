/* SPDX-License-Identifier: Apache-2.0 */
/* Ask: the query of a command line: its text or its name (@late, @sales.pipeline), the values of
 * its parameters (--param city=Bonn) and examples (--example city=Bonn). */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/cli.h"
#include "record/query.h"

/* A query is its words, or a type among the words and what --where says of its records: a
 * condition, or all that follows a type. An error has "query" or "where" as its field. */
struct asked {
    struct query *query;
    const kith_value *params; /* in the order of query_params; NULL: none */
    kith_str text;            /* what was asked in the end */
    uint32_t from;            /* of it: where --where begins, or 0 */
    bool named;               /* by its name, and not by its text */
    const char *fields;       /* the columns that a report has; NULL: none are said */
};
/* words: the arguments that the query consists of. In the command's arena. */
kith_status ask_read(struct cmd *c, const char *const *words, size_t count, struct asked *out,
                     kith_error *e);

/* Of an error that names no other argument: by what the query was given as. Its code. */
kith_status ask_blame(const struct asked *asked, kith_error *e);

/* What @NAME stands for: a report of a module, or a query that was saved. */
struct named_query {
    kith_str name, doc, query;
    bool saved;
};
#define NAMED_MAX 1000 /* saved ones that are told */
typedef kith_status (*ask_named_fn)(void *arg, const struct named_query *q, kith_error *e);
/* All that the caller may use. */
kith_status ask_each_named(struct cmd *c, ask_named_fn fn, void *arg, kith_error *e);

/* Carries out what its arguments ask; as 'kith find', whose options it takes. (cmd_find.c) */
kith_status cmd_find(struct cmd *c, kith_error *e);

/* Logs as an export that what it finds is handed out; and how many were, and returns how that went
 * (st, with e), or that it could not be logged. number 0: it is no export. */
kith_status ask_export(struct cmd *c, const struct asked *asked, int64_t *number, kith_error *e);
kith_status ask_exported(struct cmd *c, int64_t number, uint64_t rows, kith_status st,
                         kith_error *e);
/* Listing more records than that is an export. */
#define ASK_MANY 100

#define ASK_OPTIONS                                                                                \
    {"param", "NAME=VALUE", "what :NAME stands for; again for another, or for a list"}, {          \
        "example", "FIELD=VALUE",                                                                  \
            "records that are like this, of the TYPE alone: city=Berlin, name='A%', size='>10', "  \
            "email= for empty"                                                                     \
    }
#define ASK_GATHERED "param|example"

#endif
