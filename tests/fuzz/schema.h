/* SPDX-License-Identifier: Apache-2.0 */
/* A schema for the targets that need one: the base types, and a type with a field of every kind. */
#ifndef TESTS_FUZZ_SCHEMA_H
#define TESTS_FUZZ_SCHEMA_H

#include "fuzz/fuzz.h"
#include "record/record.h"

static const kith_field thing_fields[] = {
    {.name = "text", .kind = KITH_F_TEXT, .flags = KITH_FF_INDEXED},
    {.name = "long", .kind = KITH_F_LONGTEXT},
    {.name = "integer", .kind = KITH_F_INTEGER},
    {.name = "decimal", .kind = KITH_F_DECIMAL, .options = "2"},
    {.name = "money", .kind = KITH_F_MONEY},
    {.name = "dollars", .kind = KITH_F_MONEY, .options = "USD"},
    {.name = "boolean", .kind = KITH_F_BOOLEAN},
    {.name = "date", .kind = KITH_F_DATE},
    {.name = "time", .kind = KITH_F_TIME},
    {.name = "duration", .kind = KITH_F_DURATION},
    {.name = "choice", .kind = KITH_F_CHOICE, .options = "small,medium,large"},
    {.name = "state", .kind = KITH_F_STATE, .options = "new>won|lost,won>new"},
    {.name = "link", .kind = KITH_F_LINK, .options = "thing"},
    {.name = "any", .kind = KITH_F_LINK, .options = "*"},
    {.name = "links", .kind = KITH_F_LINKS, .options = "thing"},
    {.name = "email", .kind = KITH_F_EMAIL},
    {.name = "phone", .kind = KITH_F_PHONE},
    {.name = "url", .kind = KITH_F_URL},
    {.name = "place", .kind = KITH_F_PLACE},
    {.name = "json", .kind = KITH_F_JSON},
    {.name = "tags", .kind = KITH_F_TAGS},
};
static const kith_type thing_types[] = {
    {.name = "thing", .title = "text", .fields = KITH_ARRAY(thing_fields)}};

static struct conn *conn;
static struct schema *schema;
static const struct rtype *thing;

/* Once; later calls do nothing. */
static inline void schema_begin(void) {
    const struct schema_source sources[] = {
        schema_core, {.module = "fuzz", .version = 1, .types = KITH_ARRAY(thing_types)}};
    kith_error e = KITH_ERROR_INIT;
    if (schema)
        return;
    HOLDS_OK(conn_open(&conn, ":memory:", CONN_WRITER, NULL, &e), e);
    HOLDS_OK(schema_build(&schema, conn, sources, 2, "EUR", &e), e);
    thing = schema_type(schema, STR("thing"));
}

#endif
