/* SPDX-License-Identifier: Apache-2.0 */
/* The query language: group by, having and totals. query_group.c reads them into a tree of terms,
 * query_total.c works them out. Numbers are exact: 128 bits with at most TERM_SCALE digits after
 * the point, rounded half to even where there would be more. */
#ifndef RECORD_QUERY_GROUP_H
#define RECORD_QUERY_GROUP_H

#include "record/query_internal.h"

#define QUERY_LEAVES_MAX   32u /* fields that are read */
#define QUERY_TOTALS_MAX   32u
#define QUERY_OUTPUTS_MAX  32u
#define QUERY_TERMS_MAX    500u
#define QUERY_GROUPS_MAX   100000u
#define QUERY_TALLIES_MAX  400000u  /* groups times totals */
#define QUERY_DISTINCT_MAX 1000000u /* different values that are counted */
#define QUERY_KEYS_BYTES   (64u << 20)

#define TERM_SCALE     12u /* digits after the point that are carried */
#define DIVISION_SCALE 6u  /* digits that a division or an average shows */
#define MONEY_SCALE    4u  /* amounts are carried so, whatever their currency */

__extension__ typedef __int128 wide;

/* What a term is of. The first three can be calculated with. */
enum quantity {
    QUANTITY_NUMBER,
    QUANTITY_MONEY,
    QUANTITY_DURATION,
    QUANTITY_DATE,
    QUANTITY_TIME,
    QUANTITY_RANK,  /* min() and max() of options with an order: their places, from 0 */
    QUANTITY_OTHER, /* text, options, truth values, links */
    QUANTITY_TRUTH, /* of having */
    QUANTITY_ANY,   /* a value that is fitted to what it is compared with */
};

enum term_kind {
    TERM_NUMBER,  /* literal */
    TERM_LEAF,    /* a field of one record */
    TERM_KEY,     /* of the group */
    TERM_TOTAL,   /* of the group */
    TERM_OPERAND, /* a value to compare with */
    TERM_NEGATE,
    TERM_ADD,
    TERM_SUBTRACT,
    TERM_MULTIPLY,
    TERM_DIVIDE,
    TERM_COMPARE,
    TERM_IN,   /* left is one of the operands */
    TERM_LIKE, /* left, a key, has the pattern */
    TERM_IS_NULL,
    TERM_NOT,
    TERM_AND,
    TERM_OR,
};
struct term {
    enum term_kind kind;
    enum quantity quantity;
    uint32_t scale, shown; /* digits after the point, as carried and as given out */
    uint32_t index;        /* of the leaf, key or total; of TERM_COMPARE: the outcomes */
    int64_t number;        /* of TERM_NUMBER */
    struct operand operand;
    struct operand *operands; /* of TERM_IN and TERM_LIKE */
    uint32_t operand_count;
    const struct path *path; /* the field that the value is of; NULL: calculated from none */
    const struct term *left, *right;
    kith_str text; /* as written */
    uint32_t at;
};

enum total_kind { TOTAL_COUNT, TOTAL_DISTINCT, TOTAL_SUM, TOTAL_AVG, TOTAL_MIN, TOTAL_MAX };
struct total {
    enum total_kind kind;
    const struct term *of; /* NULL: count() of all records */
    kith_str text;
};
struct leaf {
    struct path path;
    uint32_t column; /* the first of its columns in the SELECT */
    bool money;
};
struct group {
    struct leaf leaves[QUERY_LEAVES_MAX];
    struct term *keys[QUERY_KEYS_MAX]; /* of kind TERM_LEAF */
    struct total totals[QUERY_TOTALS_MAX];
    struct term *outputs[QUERY_OUTPUTS_MAX];
    const char *names[QUERY_OUTPUTS_MAX]; /* of the outputs, NULL: as written */
    const char *key_names[QUERY_KEYS_MAX];
    struct query_column columns[QUERY_KEYS_MAX + QUERY_OUTPUTS_MAX];
    struct term *order[QUERY_KEYS_MAX];
    bool descending[QUERY_KEYS_MAX];
    uint32_t leaf_count, key_count, total_count, output_count, order_count, term_count;
    struct term *having; /* NULL: all groups */
    struct test fan;     /* the steps of keys that go to many */
};

/* Clauses at work: what the reading of terms (query_group.c) and of having (query_having.c) share.
 */
struct grouping {
    struct parser *p;
    struct group *g;
    bool inside; /* a total: fields are those of one record */
};
kith_status group_term(struct grouping *x, enum term_kind kind, enum quantity quantity, uint32_t at,
                       struct term **out);
void group_text(struct grouping *x, struct term *t); /* what it was read from: up to the token */
kith_status group_sum(struct grouping *x, struct term **out);
kith_status group_claim(struct grouping *x, struct term **out); /* or a sum in parentheses */
kith_status group_having(struct grouping *x);
kith_status group_deeper(struct grouping *x); /* one level; p->depth-- leaves it */
kith_status group_misfit(struct grouping *x, const struct term *l, const struct term *r,
                         const char *verb);

/* SQL of all leaves of all records, one row for each (and for each record that a key's path leads
 * to). (query_sql.c) */
kith_status query_leaves_sql(const struct query *q, const struct query_env *env,
                             const kith_value *params, struct arena *a, struct query_sql *out,
                             kith_error *e);

#endif
