/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the module: a company with products, and short words for what they do. */
#ifndef COMMERCE_TESTS_SHOP_H
#define COMMERCE_TESTS_SHOP_H

#include "company.h"
#include "journal/journal.h"

#define SHOP(settings) "commerce: { grant = [\"*\"]; " settings " };\n"

static inline kith_id product(struct company *c, const char *code, const char *price) {
    return CREATE(c, "product", {"code", code}, {"name", code}, {"price", price});
}

#define PRODUCT(c, ...) CREATE(c, "product", __VA_ARGS__)
#define LINK(c, id)     id_text(c, id)

static inline kith_status remove_txn(struct txn *t, void *arg, kith_error *e) {
    const struct put *p = arg;
    return txn_delete(t, type_of(p->c, p->type), p->id, e);
}
static inline kith_status remove_as(struct company *c, const struct write_opts *who,
                                    const char *type, kith_id id, kith_error *e) {
    struct put p = {c, type, id, NULL};
    return engine_write(c->engine, who, remove_txn, &p, NULL, e);
}
/* As Kith itself, by what the company has said about how long it keeps what. */
__attribute__((unused)) static const struct write_opts by_rules = {.principal = &anna,
                                                                   .origin = ORIGIN_RETENTION};
static inline void remove_record(struct company *c, const char *type, kith_id id) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(remove_as(c, &by_anna, type, id, &e), e);
}
/* The words of the refusal. */
static inline const char *remove_refused(struct company *c, const char *type, kith_id id) {
    kith_error e = KITH_ERROR_INIT;
    EXPECT(remove_as(c, &by_anna, type, id, &e) != KITH_OK);
    return arena_strdup(&c->arena, e.message);
}
/* UPDATE, and the transaction, which undo() takes back. */
static inline kith_id write_tx(struct company *c, const char *type, kith_id id,
                               const struct pair *pairs) {
    struct put p = {c, type, id, pairs};
    kith_error e = KITH_ERROR_INIT;
    kith_id tx = 0;
    EXPECT_OK(engine_write(c->engine, &by_anna, put_txn, &p, &tx, &e), e);
    return tx;
}

/* How often something was published on a topic. */
static inline int64_t heard(struct company *c, const char *topic) {
    struct conn *conn;
    struct journal_row row;
    kith_error e = KITH_ERROR_INIT;
    int64_t count = 0;
    EXPECT_OK(engine_snapshot(c->engine, &conn, &e), e);
    for (uint64_t seq = 1; journal_row_read(conn, seq, &c->arena, &row, &e) == KITH_OK; seq++) {
        uint32_t number, version;
        const char *name;
        kith_str json;
        if (row.kind != ROW_EVENT)
            continue;
        EXPECT_OK(image_decode_event(&row, &number, &version, &json, &e), e);
        EXPECT_OK(journal_topic_name(conn, number, &c->arena, &name, &e), e);
        count += strcmp(name, topic) == 0;
    }
    engine_snapshot_done(conn);
    return count;
}

/* What a report of totals says: its values with | between, a line for each row. */
static inline const char *totals(struct company *c, const char *name) {
    const struct report *r = engine_report(c->engine, str_of(name));
    struct query *q;
    struct totals t;
    kith_error e = KITH_ERROR_INIT;
    const char *out = "";
    if (!r)
        TEST_FAIL("there is no report %s", name);
    EXPECT_OK(query_parse(&q, engine_schema(c->engine), &c->arena, str_of(r->query), &e), e);
    EXPECT_OK(engine_select(c->engine, &anna, q, NULL, &t, &c->arena, &e), e);
    for (size_t i = 0; i < t.count * t.columns; i++) {
        kith_str s = value_text(engine_schema(c->engine), &t.values[i], &c->arena);
        out = arena_printf(&c->arena, "%s%s%.*s", out,
                           i == 0               ? ""
                           : i % t.columns == 0 ? "\n"
                                                : "|",
                           (int)s.len, s.ptr);
    }
    return out;
}

#endif
