/* SPDX-License-Identifier: Apache-2.0 */
/* Packages with a price of their own, and what they save. */
#include "shop.h"

#define PART(c, of, other_, quantity_)                                                             \
    CREATE(c, "product_relation", {"product", id_text(c, of)}, {"other", id_text(c, other_)},      \
           {"kind", "bundle_part"}, {"quantity", quantity_})
#define BUNDLE(c, of, ...)           ACT(c, "commerce.bundle", {"product", id_text(c, of)}, __VA_ARGS__)
#define SAYS(expected, c, a, result) EXPECT_STR(expected, result_text(c, a, result))

TEST("a bundle has a price of its own, and saves what its parts would cost more") { /* COM-08 */
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id set = product(&c, "set", "99 EUR"), laptop = product(&c, "laptop", "80 EUR");
    kith_id mouse = product(&c, "mouse", "12.35 EUR"), bag = product(&c, "bag", "20 EUR");
    PART(&c, set, laptop, "1");
    PART(&c, set, mouse, "2");
    CREATE(&c, "product_relation", {"product", id_text(&c, set)}, {"other", id_text(&c, bag)},
           {"kind", "complement"});
    struct act a = BUNDLE(&c, set, {"quantity", "3"});
    EXPECT_ACT(a);
    SAYS("297.00 EUR", &c, &a, "net");
    SAYS("314.10 EUR", &c, &a, "separately");
    SAYS("17.10 EUR", &c, &a, "saving");
    SAYS("5.44", &c, &a, "percent"); /* 5.4441 */
    SAYS("2", &c, &a, "parts");
    const struct action_rows rows = action_rows(a.action, a.results);
    EXPECT_INT(2, rows.count);
    EXPECT_INT(6000, rows.items[1].as.list.items[1].as.decimal.units);
    EXPECT_INT(7410, rows.items[1].as.list.items[4].as.money.minor);
    close_company(&c);
}

TEST("a bundle is compared by the prices of the customer, and may be the dearer way") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id set = product(&c, "set", "100 EUR"), pen = product(&c, "pen", "60 EUR");
    PART(&c, set, pen, "2");
    kith_id book =
        CREATE(&c, "price_book", {"name", "Final"}, {"currency", "EUR"}, {"final", "true"});
    CREATE(&c, "price", {"price_book", id_text(&c, book)}, {"product", id_text(&c, set)},
           {"amount", "120 EUR"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"discount", "10"},
                         {"price_book", id_text(&c, book)});
    struct act a = BUNDLE(&c, set, {"contact", id_text(&c, ada)});
    EXPECT_ACT(a);
    SAYS("120.00 EUR", &c, &a, "net");
    SAYS("108.00 EUR", &c, &a, "separately"); /* of 120, less 10 % */
    SAYS("-12.00 EUR", &c, &a, "saving");
    SAYS("-11.11", &c, &a, "percent");
    SAYS("Final: 120.00 EUR", &c, &a, "how"); /* of the bundle, not of its last part */
    close_company(&c);
}

TEST("what is no bundle, or has parts without a price in its currency, is told to be") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id set = product(&c, "set", "100 EUR"), pen = product(&c, "pen", "3 USD");
    EXPECT_HAS("it is no bundle", BUNDLE(&c, set, {"quantity", "1"}).message);
    PART(&c, set, pen, "2");
    EXPECT_HAS("'pen' has no price in EUR", BUNDLE(&c, set, {"quantity", "1"}).message);
    EXPECT_HAS("quantity: it is more than 0", BUNDLE(&c, set, {"quantity", "-1"}).message);
    close_company(&c);
}

TEST("a bundle does not contain itself by way of another one, and the refusal names the way") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id box = product(&c, "box", "9 EUR"), kit = product(&c, "kit", "5 EUR"),
            pen = product(&c, "pen", "1 EUR"), ink = product(&c, "ink", "1 EUR");
    PART(&c, box, kit, "1");
    PART(&c, kit, pen, "2");
    REFUSED(&c, "the bundle would contain itself (pen in kit in box in pen)", "product_relation", 0,
            {"product", id_text(&c, pen)}, {"other", id_text(&c, box)}, {"kind", "bundle_part"});
    kith_id way = PART(&c, box, pen, "1"); /* twice in it is no circle */
    REFUSED(&c, "(kit in box in kit)", "product_relation", 0, {"product", id_text(&c, kit)},
            {"other", id_text(&c, box)}, {"kind", "bundle_part"});
    kith_id goes = CREATE(&c, "product_relation", {"product", id_text(&c, pen)},
                          {"other", id_text(&c, box)}, {"kind", "complement"});
    REFUSED(&c, "contain itself", "product_relation", goes, {"kind", "bundle_part"});
    UPDATE(&c, "product_relation", way, {"quantity", "3"});
    UPDATE(&c, "product_relation", way, {"other", id_text(&c, ink)});
    close_company(&c);
}
