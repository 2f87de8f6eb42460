/* SPDX-License-Identifier: Apache-2.0 */
/* Once they have bought: where the order is, why it fits, and who was sent to a partner. */
#include "shop.h"

#define DAY INT64_C(86400000)

/* One row of an answer, its columns from one to another, with | between them. */
static kith_id line(struct company *c, kith_id order, kith_id product) {
    return CREATE(c, "order_line", {"order", LINK(c, order)}, {"product", LINK(c, product)});
}
static kith_id ordered(struct company *c, const char *by, kith_id who, kith_id product) {
    kith_id o = CREATE(c, "order", {by, LINK(c, who)});
    line(c, o, product);
    UPDATE(c, "order", o, {"state", "ordered"});
    return o;
}

/* -- where is my order --------------------------------------------------------------------------
 */

TEST("where an order is: each step with its time, and what is left of it") { /* COM-19 */
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"email", "Ada@Example.org"});
    kith_id pen = product(&c, "pen", "3 EUR"), ink = product(&c, "ink", "4 EUR");
    kith_id o = CREATE(&c, "order", {"contact", LINK(&c, ada)});
    line(&c, o, pen);
    line(&c, o, ink);
    const char *number = field(&c, "order", o, "number");
    struct act a = ACT(&c, "commerce.track", {"number", number});
    EXPECT_ACT(a);
    EXPECT_STR("It is cart.", result_text(&c, &a, "status"));
    EXPECT_INT(0, row_count(&a));
    UPDATE(&c, "order", o, {"state", "ordered"});
    clock_advance(&c.clock, DAY);
    a = ACT(&c, "commerce.ship", {"order", LINK(&c, o)}, {"lines", "pen*1"}, {"carrier", "Post"},
            {"tracking", "RR1"});
    EXPECT_ACT(a);
    kith_id parcel = find(&c, "shipment").ids[0];
    UPDATE(&c, "shipment", parcel, {"expected", "2030-05-04"});
    clock_advance(&c.clock, DAY);
    CREATE(&c, "shipment_step", {"shipment", LINK(&c, parcel)}, {"what", "in the depot"},
           {"place", "Bonn"});
    a = ACT(&c, "commerce.track", {"number", number}, {"email", "ada@example.org"});
    EXPECT_ACT(a);
    EXPECT_STR("1 of 2 lines has left; 1 of 1 shipment has not arrived, which is expected by "
               "2030-05-04.",
               result_text(&c, &a, "status"));
    EXPECT_STR("2030-05-04", result_text(&c, &a, "expected"));
    EXPECT_INT(4, row_count(&a));
    EXPECT_STR("placed", row_text(&c, &a, 0, "step"));
    EXPECT_STR("packed|Post|RR1", row_text(&c, &a, 1, "step carrier tracking"));
    EXPECT_STR("shipped|2030-05-04", row_text(&c, &a, 2, "step expected"));
    EXPECT_STR("under_way|in the depot|Bonn|RR1", row_text(&c, &a, 3, "step what place tracking"));
    EXPECT_STR(field(&c, "order", o, "placed_at"), row_text(&c, &a, 0, "at"));
    EXPECT_STR(field(&c, "shipment", parcel, "shipped_at"), row_text(&c, &a, 2, "at"));
    UPDATE(&c, "order", o, {"state", "shipped"});
    UPDATE(&c, "order", o, {"state", "delivered"});
    a = ACT(&c, "commerce.track", {"number", "RR1"});
    EXPECT_ACT(a);
    EXPECT_STR("All of it has arrived.", result_text(&c, &a, "status"));
    EXPECT_STR("", result_text(&c, &a, "expected"));
    EXPECT_STR("delivered", row_text(&c, &a, row_count(&a) - 1, "step"));
    close_company(&c);
}

TEST("an order is told to who bought it, and to nobody by a wrong number or mail address") {
    struct company c; /* COM-19 */
    OPEN(&c, SHOP(""), "commerce");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"email", "ada@example.org"});
    kith_id firm = CREATE(&c, "account", {"name", "Firm"}, {"email", "shop@firm.example"});
    kith_id pen = product(&c, "pen", "3 EUR");
    const char *hers = field(&c, "order", ordered(&c, "contact", ada, pen), "number");
    const char *theirs = field(&c, "order", ordered(&c, "account", firm, pen), "number");
    struct act a = ACT(&c, "commerce.track", {"number", theirs}, {"email", "shop@firm.example"});
    EXPECT_ACT(a);
    a = ACT(&c, "commerce.track", {"number", hers}, {"email", "shop@firm.example"});
    EXPECT_HAS("of who has this mail address", a.message);
    a = ACT(&c, "commerce.track", {"number", "O-999999"});
    EXPECT_HAS("there is no order or shipment 'O-999999'", a.message);
    a = ACT(&c, "commerce.track", {"number", ""});
    EXPECT_HAS("number", a.message);
    a = ACT(&c, "commerce.track", {"number", hers}, {"email", ""});
    EXPECT_ACT(a);
    kith_id o = find(&c, "order where contact is not null").ids[0];
    UPDATE(&c, "order", o, {"state", "cancelled"});
    a = ACT(&c, "commerce.track", {"number", hers});
    EXPECT_STR("It is cancelled.", result_text(&c, &a, "status"));
    close_company(&c);
}

/* -- why it fits --------------------------------------------------------------------------------
 */

TEST("why what was bought fits is told by what they own, had before, chose and like") { /* COM-20 */
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"interests", "Writing"});
    kith_id pen = product(&c, "Pen", "3 EUR"), lamp = product(&c, "Lamp", "9 EUR");
    kith_id ink = CREATE(&c, "product", {"code", "Ink"}, {"name", "Ink"}, {"price", "4 EUR"},
                         {"tags", "writing"}, {"value_proposition", "It dries in a second."});
    CREATE(&c, "product_relation", {"product", LINK(&c, pen)}, {"kind", "complement"},
           {"other", LINK(&c, ink)});
    CREATE(&c, "asset", {"contact", LINK(&c, ada)}, {"product", LINK(&c, pen)});
    ordered(&c, "contact", ada, ink);
    kith_id o = CREATE(&c, "order", {"contact", LINK(&c, ada)});
    line(&c, o, ink);
    line(&c, o, lamp);
    UPDATE(&c, "order", o, {"state", "ordered"});
    struct act a = ACT(&c, "commerce.fits", {"number", field(&c, "order", o, "number")});
    EXPECT_ACT(a);
    EXPECT_STR("Ink|true|It goes with your Pen. You have ordered it before. You are interested in "
               "Writing. It dries in a second.",
               row_text(&c, &a, 0, "name personal why"));
    EXPECT_STR("Lamp|false|", row_text(&c, &a, 1, "name personal why"));
    EXPECT_STR("Ink: It goes with your Pen. You have ordered it before. You are interested in "
               "Writing. It dries in a second.",
               result_text(&c, &a, "note"));
    EXPECT_STR("ordered", result_text(&c, &a, "state"));
    close_company(&c);
}

TEST("an organisation is told why by what it ordered; of this order nothing counts as known") {
    struct company c; /* COM-20 */
    OPEN(&c, SHOP(""), "commerce");
    kith_id firm = CREATE(&c, "account", {"name", "Firm"});
    kith_id pen = product(&c, "Pen", "3 EUR"), ink = product(&c, "Ink", "4 EUR");
    CREATE(&c, "product_relation", {"product", LINK(&c, pen)}, {"kind", "successor"},
           {"other", LINK(&c, ink)});
    kith_id o = CREATE(&c, "order", {"account", LINK(&c, firm)});
    line(&c, o, pen);
    line(&c, o, ink);
    UPDATE(&c, "order", o, {"state", "ordered"});
    struct act a = ACT(&c, "commerce.fits", {"number", field(&c, "order", o, "number")});
    EXPECT_STR("Ink|false|", row_text(&c, &a, 1, "name personal why"));
    o = ordered(&c, "account", firm, ink);
    a = ACT(&c, "commerce.fits", {"number", field(&c, "order", o, "number")});
    EXPECT_STR("It is the successor of your Pen. You have ordered it before.",
               row_text(&c, &a, 0, "why"));
    a = ACT(&c, "commerce.fits", {"number", "none"});
    EXPECT_HAS("there is no order", a.message);
    close_company(&c);
}

/* -- partners -----------------------------------------------------------------------------------
 */

TEST("who wants what a partner makes is sent there, and stays our customer") { /* COM-28, COM-X9 */
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id maker = CREATE(&c, "account", {"name", "Maker"}, {"kind", "partner"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"});
    kith_id boat = PRODUCT(&c, {"code", "boat"}, {"name", "Boat"}, {"supplier", LINK(&c, maker)},
                           {"price", "900 EUR"});
    kith_id sent =
        CREATE(&c, "partner_referral", {"contact", LINK(&c, ada)}, {"product", LINK(&c, boat)});
    EXPECT_STR(LINK(&c, maker), field(&c, "partner_referral", sent, "partner"));
    EXPECT_STR("1", field(&c, "contact", ada, "referrals"));
    UPDATE(&c, "partner_referral", sent, {"state", "bought"}, {"amount", "900 EUR"},
           {"commission", "45 EUR"});
    CREATE(&c, "partner_referral", {"contact", LINK(&c, ada)}, {"wanted", "An anchor"},
           {"partner", LINK(&c, maker)});
    kith_id o = ordered(&c, "contact", ada, boat); /* or we buy it there for her */
    EXPECT_STR("2", field(&c, "contact", ada, "referrals"));
    EXPECT_STR("2", field(&c, "account", maker, "referrals_to"));
    EXPECT_STR("45.00 EUR", field(&c, "account", maker, "commissions"));
    EXPECT_INT(1, find(&c, "order_line where supplied_by.name = 'Maker' and order.contact.name = "
                           "'Ada'")
                      .count);
    EXPECT_STR("Maker|bought|EUR|1|45.00 EUR\nMaker|referred||1|",
               totals(&c, "commerce.referrals_by_partner"));
    (void)o;
    close_company(&c);
}

TEST("a referral is of somebody, for something, to somebody else") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id maker = CREATE(&c, "account", {"name", "Maker"});
    kith_id ada = CREATE(&c, "contact", {"name", "Ada"}), pen = product(&c, "Pen", "3 EUR");
    REFUSED(&c, "contact: say who", "partner_referral", 0, {"wanted", "A boat"},
            {"partner", LINK(&c, maker)});
    REFUSED(&c, "wanted: say what", "partner_referral", 0, {"contact", LINK(&c, ada)},
            {"partner", LINK(&c, maker)});
    REFUSED(&c, "the product has no supplier", "partner_referral", 0, {"contact", LINK(&c, ada)},
            {"product", LINK(&c, pen)});
    REFUSED(&c, "it is the customer", "partner_referral", 0, {"account", LINK(&c, maker)},
            {"wanted", "A boat"}, {"partner", LINK(&c, maker)});
    kith_id sent = CREATE(&c, "partner_referral", {"contact", LINK(&c, ada)}, {"wanted", "A boat"},
                          {"partner", LINK(&c, maker)});
    remove_record(&c, "account", maker);
    EXPECT_STR("", field(&c, "partner_referral", sent, "partner"));
    close_company(&c);
}
