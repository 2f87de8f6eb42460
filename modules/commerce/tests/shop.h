/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of the module: a company with products, and short words for what they do. */
#ifndef COMMERCE_TESTS_SHOP_H
#define COMMERCE_TESTS_SHOP_H

#include "company.h"

#define SHOP(settings) "commerce: { grant = [\"*\"]; " settings " };\n"

static inline kith_id product(struct company *c, const char *code, const char *price) {
    return CREATE(c, "product", {"code", code}, {"name", code}, {"price", price});
}

#define PRODUCT(c, ...) CREATE(c, "product", __VA_ARGS__)
#define LINK(c, id)     id_text(c, id)

struct removal {
    struct company *c;
    const char *type;
    kith_id id;
};
static inline kith_status removal_txn(struct txn *t, void *arg, kith_error *e) {
    const struct removal *r = arg;
    return txn_delete(t, type_of(r->c, r->type), r->id, e);
}
static inline void remove_record(struct company *c, const char *type, kith_id id) {
    struct removal r = {c, type, id};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c->engine, &by_anna, removal_txn, &r, NULL, &e), e);
}

#endif
