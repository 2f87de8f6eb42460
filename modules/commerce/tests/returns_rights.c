/* SPDX-License-Identifier: Apache-2.0 */
/* Who may record what comes back: whose order it is decides, also where nobody says which. */
#include "shop.h"

#define ORDERS(reach)                                                                              \
    "{\"types\": {\"*\": {\"read\": \"all\"}, \"order\": {\"read\": \"" reach                      \
    "\", \"update\": \"" reach "\"}, \"account\": {\"create\": \"own\"}, "                         \
    "\"product\": {\"update\": \"all\"}}}"

struct desk {
    struct company c;
    kith_id sam, eve, pen, ada, order;
};

static kith_id user(struct company *c, const char *login, const char *rights) {
    kith_id role = CREATE(c, "role", {"name", login}, {"rights", rights});
    return CREATE(c, "user", {"login", login}, {"name", login}, {"roles", id_text(c, role)});
}

static void start(struct desk *d) {
    struct company *c = &d->c;
    OPEN(c, SHOP(""), "commerce");
    d->sam = user(c, "sam", ORDERS("own"));
    d->eve = user(c, "eve", ORDERS("own"));
    user(c, "joe", ORDERS("none"));
    d->pen = product(c, "pen", "3 EUR");
    d->ada = CREATE(c, "contact", {"name", "Ada"});
    d->order = CREATE(c, "order", {"contact", id_text(c, d->ada)}, {"owner", id_text(c, d->sam)});
    CREATE(c, "order_line", {"order", id_text(c, d->order)}, {"product", id_text(c, d->pen)},
           {"quantity", "3"});
    UPDATE(c, "order", d->order, {"state", "ordered"});
    UPDATE(c, "order", d->order, {"state", "shipped"});
}

static void denied(struct desk *d, const char *login, const char *words, const char *field,
                   kith_id of) {
    kith_error e = KITH_ERROR_INIT;
    const struct pair *pairs =
        PAIRS({"product", id_text(&d->c, d->pen)}, {field, id_text(&d->c, of)});
    EXPECT(put_as(&d->c, login, "return_request", 0, pairs, &e) != KITH_OK);
    EXPECT_HAS(words, e.message);
    EXPECT_INT(0, find(&d->c, "return_request").count);
}

TEST("a return by product and order, or contact, is for whoever may change the order") {
    struct desk d;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    denied(&d, "eve", "there is no order", "order", d.order);
    denied(&d, "eve",
           "user:eve may not create this return_request: that takes the right to update the order "
           "that it is part of",
           "contact", d.ada);
    denied(&d, "joe", "user:joe may not write return_request.product", "contact", d.ada);
    EXPECT_OK(put_as(&d.c, "sam", "return_request", 0,
                     PAIRS({"product", id_text(&d.c, d.pen)}, {"order", id_text(&d.c, d.order)}),
                     &e),
              e);
    EXPECT_OK(put_as(&d.c, "sam", "return_request", 0,
                     PAIRS({"product", id_text(&d.c, d.pen)}, {"contact", id_text(&d.c, d.ada)}),
                     &e),
              e);
    EXPECT_INT(2, find(&d.c, "return_request where order_line is not null").count);
    close_company(&d.c);
}

TEST("who may not create something is told which right is missing") {
    struct desk d;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    EXPECT_INT(KITH_E_DENIED, put_as(&d.c, "sam", "product", 0, PAIRS({"code", "x"}), &e));
    EXPECT_STR("user:sam may not create this product: no role of theirs gives the right to create "
               "one",
               e.message);
    EXPECT_INT(KITH_E_DENIED, put_as(&d.c, "sam", "account", 0,
                                     PAIRS({"name", "x"}, {"owner", id_text(&d.c, d.eve)}), &e));
    EXPECT_HAS("their right to create one reaches as far as 'own', and its owner and territory lie "
               "outside",
               e.message);
    kith_id order = CREATE(&d.c, "order", {"contact", id_text(&d.c, d.ada)});
    EXPECT_INT(KITH_E_NOTFOUND,
               put_as(&d.c, "sam", "order_line", 0,
                      PAIRS({"order", id_text(&d.c, order)}, {"product", id_text(&d.c, d.pen)}),
                      &e));
    EXPECT_INT(KITH_E_DENIED,
               put_as(&d.c, "sam", "order_line", 0, PAIRS({"product", id_text(&d.c, d.pen)}), &e));
    EXPECT_HAS("say in order what it is part of", e.message);
    close_company(&d.c);
}
