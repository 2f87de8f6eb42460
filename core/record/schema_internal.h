/* SPDX-License-Identifier: Apache-2.0 */
/* What schema.c and ddl.c share while a schema is built. */
#ifndef RECORD_SCHEMA_INTERNAL_H
#define RECORD_SCHEMA_INTERNAL_H

#include "base/number.h"
#include "record/schema.h"

#define TYPES_MAX 1000

struct building { /* a type under construction */
    struct rtype *type;
    struct rfield **fields;
    const char **options; /* as declared, by field */
    uint32_t count;
    kith_array indexes;
    const char *title;
};
struct builder {
    struct schema *schema;
    struct building *types;
    uint32_t count;
    bool fresh; /* the database had no types before: nothing is told of what is new */
};
struct building *builder_type(struct builder *b, const char *name);
uint32_t field_columns(const struct rfield *f);
bool kind_folds(uint32_t kind); /* text whose folded form may be compared */

kith_status catalogue_setup(struct conn *c, kith_error *e);
/* Runs the source's migrations that are newer than what the database has seen. */
kith_status catalogue_migrate(struct conn *c, const struct schema_source *src, kith_error *e);
/* Gives the type and its fields their permanent numbers. */
kith_status catalogue_join(struct builder *b, struct conn *c, struct building *t, kith_error *e);
/* Notes the links that the catalogue knows and no source declares any more. */
kith_status catalogue_absent(struct schema *s, struct conn *c, kith_error *e);
/* Makes the table, columns and indexes that are absent, and the type's SQL texts. */
kith_status ddl_type(struct builder *b, struct conn *c, struct building *t, kith_error *e);
/* Reads and checks the formulas of roll-ups, once the types can be looked up. (rollup.c) */
kith_status rollups_build(struct schema *s, kith_error *e);
/* Keeps the columns of money in the base currency right when that currency was changed. */
kith_status ddl_base_currency(struct builder *b, struct conn *c, kith_error *e);

#endif
