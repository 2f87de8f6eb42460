/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of what customers own and subscribe to: orders that are delivered, nights that
 * pass, and what was told. */
#ifndef COMMERCE_TESTS_OWNED_H
#define COMMERCE_TESTS_OWNED_H

#include "journal/journal.h"
#include "shop.h"

/* So many nights pass; what was due in them is done. */
static inline void nights(struct company *c, int count) {
    for (; count > 0; count--) {
        clock_advance(&c->clock, DAY_MS);
        drain(c);
    }
}

/* How often something was published on a topic. */
static inline int64_t told(struct company *c, const char *topic) {
    struct conn *conn;
    struct journal_row row;
    kith_error e = KITH_ERROR_INIT;
    int64_t count = 0;
    drain(c);
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

/* An order of one line, delivered. */
static inline kith_id delivered(struct company *c, kith_id contact, kith_id product,
                                const char *quantity) {
    kith_id o = CREATE(c, "order", {"contact", id_text(c, contact)});
    CREATE(c, "order_line", {"order", id_text(c, o)}, {"product", id_text(c, product)},
           {"quantity", quantity});
    UPDATE(c, "order", o, {"state", "ordered"});
    UPDATE(c, "order", o, {"state", "shipped"});
    UPDATE(c, "order", o, {"state", "delivered"});
    return o;
}

#endif
