/* SPDX-License-Identifier: Apache-2.0 */
/* What schema.c and ddl.c share while a schema is built. */
#ifndef RECORD_SCHEMA_INTERNAL_H
#define RECORD_SCHEMA_INTERNAL_H

#include "base/number.h"
#include "record/schema.h"

#include <string.h>

#define TYPES_MAX 1000

struct building { /* a type under construction */
    struct rtype *type;
    struct rfield **fields;
    const char **options; /* as declared, by field */
    uint32_t count;
    const char **indexes;
    const char **index_places; /* of each, where the company declares it; or NULL */
    size_t index_count, index_cap, place_cap;
    const char *title;
};
struct builder {
    struct schema *schema;
    struct building *types;
    uint32_t count;
};
struct building *builder_type(struct builder *b, const char *name);
/* Notes in schema->done; schema_log leaves out those of indexes. */
#define DONE_INDEX "index"
void builder_done(struct builder *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What the company declares beside its types: places, changes, and what it declares about types
 * that are not there. (company_types.c) */
static inline bool is_company(const struct schema_source *src) {
    return strcmp(src->module, SCHEMA_COMPANY) == 0;
}
kith_status company_apply(struct builder *b, const struct schema_source *src, kith_error *e);
kith_status pass_over(struct builder *b, const struct schema_source *src, const char *type,
                      const char *field, kith_error *e, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
const char *declared_at(const struct schema_source *src, const char *type, const char *field);
/* Where the i-th of its types stands: several files may extend one. */
const char *type_declared_at(const struct schema_source *src, uint32_t i);
/* Put in front of an error: the line of the company's file, or the module. Return its code. */
kith_status at_place(const struct schema_source *src, const char *type, kith_error *e);
kith_status at_field(const struct rfield *f, kith_error *e);
kith_status at_type(const struct rtype *t, const char *where, kith_error *e);

/* Measure and range, once options are known. (range.c) */
kith_status field_finish(const struct schema *s, struct arena *a, struct rfield *f, kith_error *e);
/* Applies earlier names. (rename.c) */
kith_status catalogue_rename(struct builder *b, struct conn *c, const struct schema_source *src,
                             kith_error *e);
kith_status rename_type(struct conn *c, const char *from, const char *to, kith_error *e);
kith_status rename_field(struct conn *c, const char *type, const char *from, const char *to,
                         kith_error *e);
kith_status exec_buf(struct conn *c, struct buf *sql, kith_error *e); /* frees sql */
kith_status drop_index(struct conn *c, const char *name, kith_error *e);
bool kind_folds(uint32_t kind); /* text whose folded form may be compared */

kith_status catalogue_setup(struct conn *c, kith_error *e);
/* Runs the source's migrations that are newer than what the database has seen. */
kith_status catalogue_migrate(struct conn *c, const struct schema_source *src, kith_error *e);
/* Gives the type and its fields their permanent numbers. */
kith_status catalogue_join(struct builder *b, struct conn *c, struct building *t, kith_error *e);
/* Notes the types and the links that the catalogue knows and no source declares any more. */
kith_status catalogue_absent(struct schema *s, struct conn *c, kith_error *e);
/* Notes the names of fields that the catalogue knows and no source declares any more. (rename.c) */
kith_status catalogue_former(struct schema *s, struct conn *c, kith_error *e);
/* Makes the table, columns and indexes that are absent, and the type's SQL texts. */
kith_status ddl_type(struct builder *b, struct conn *c, struct building *t, kith_error *e);
/* Reads and checks the formulas of roll-ups, once the types can be looked up. (rollup.c) */
kith_status rollups_build(struct schema *s, kith_error *e);
/* Keeps the columns of money in the base currency right when that currency was changed. */
kith_status ddl_base_currency(struct builder *b, struct conn *c, kith_error *e);

#endif
