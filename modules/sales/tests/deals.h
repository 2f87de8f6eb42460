/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of what is about opportunities: short words for deals, and for totals. */
#ifndef SALES_TESTS_DEALS_H
#define SALES_TESTS_DEALS_H

#include "company.h"

#define CONF(settings)   "sales: { grant = [\"*\"]; " settings " };\n"
#define DEAL(c, ...)     CREATE(c, "opportunity", {"name", "A boat"}, ##__VA_ARGS__)
#define MOVE(c, id, ...) UPDATE(c, "opportunity", id, __VA_ARGS__)
#define ID(c, id)        id_text(c, id)

static inline const char *deal(struct company *c, kith_id id, const char *name) {
    return field(c, "opportunity", id, name);
}

/* All rows of a query with totals: columns with | between them, rows with a line end behind. */
static inline const char *totals_text(struct company *c, const char *text) {
    struct query *q;
    struct totals t;
    kith_error e = KITH_ERROR_INIT;
    const char *out = "";
    EXPECT_OK(query_parse(&q, engine_schema(c->engine), &c->arena, str_of(text), &e), e);
    EXPECT_OK(engine_select(c->engine, &anna, q, NULL, &t, &c->arena, &e), e);
    for (size_t i = 0; i < t.count * t.columns; i++) {
        kith_str s = value_text(engine_schema(c->engine), &t.values[i], &c->arena);
        out = arena_printf(&c->arena, "%s%.*s%s", out, (int)s.len, s.ptr,
                           (i + 1) % t.columns ? "|" : "\n");
    }
    return out;
}

static inline const char *report_text(struct company *c, const char *name) {
    const struct report *r = engine_report(c->engine, str_of(name));
    if (!r)
        TEST_FAIL("there is no report %s", name);
    return totals_text(c, r->query);
}

#endif
