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

#endif
