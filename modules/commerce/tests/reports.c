/* SPDX-License-Identifier: Apache-2.0 */
/* What every report of the module tells of records that are known: what is in it, and in which
 * order. Today is 2023-11-14. */
#include "reports.h"
#include "billing.h"

/* So many days pass, with what is due in them. */
static void days(struct company *c, int count) {
    clock_advance(&c->clock, count * INT64_C(86400000));
    drain(c);
}

static kith_id customer(struct company *c, const char *name) {
    return CREATE(c, "contact", {"name", name});
}
static kith_id organisation(struct company *c, const char *name) {
    return CREATE(c, "account", {"name", name});
}

/* -- what customers own -------------------------------------------------------------------------
 */

static kith_id owned(struct company *c, kith_id product, const char *serial, const char *warranty,
                     const char *renewal, const char *end) {
    return CREATE(c, "asset", {"product", ID(product)}, {"serial", serial},
                  {"contact", ID(find(c, "contact").ids[0])}, {"warranty_until", warranty},
                  {"renewal_on", renewal}, {"expected_end", end});
}
static void faulty(struct company *c, kith_id asset, const char *severity, const char *at,
                   const char *fixed) {
    CREATE(c, "fault", {"asset", ID(asset)}, {"description", "Leaks"}, {"severity", severity},
           {"at", at}, {"fixed_at", fixed});
}
static void assets(struct company *c) {
    customer(c, "Ada");
    kith_id boat = product(c, "boat", "900 EUR"), mast = product(c, "mast", "90 EUR");
    kith_id a = owned(c, boat, "A", "2023-12-01", "2023-11-20", "2023-11-10");
    kith_id b = owned(c, mast, "B", "2023-11-20", "2023-12-05", "2023-11-01");
    UPDATE(c, "asset", owned(c, boat, "sold", "2023-11-25", "2023-11-25", "2023-11-05"),
           {"state", "sold"});
    owned(c, boat, "later", "2024-03-01", "2024-03-01", "2024-03-01");
    owned(c, boat, "today", "2023-11-01", "2023-11-01", "2023-11-14");
    faulty(c, a, "minor", "2023-11-02 10:00", "2023-11-03 10:00");
    faulty(c, a, "minor", "2023-11-03 10:00", NULL);
    faulty(c, a, "minor", "2023-10-01 10:00", NULL);
    faulty(c, b, "critical", "2023-11-05 10:00", "2023-11-06 10:00");
    for (int i = 0; i < 2; i++)
        faulty(c, b, "critical", "2023-11-07 10:00", NULL);
}
static const struct told_report of_assets[] = {
    TELLS("commerce.warranties", "30",
          "mast,B,,Ada,2023-11-20,\n"
          "boat,A,,Ada,2023-12-01,\n"),
    TELLS("commerce.renewals", "30",
          "boat,A,,Ada,2023-11-20,\n"
          "mast,B,,Ada,2023-12-05,\n"),
    TELLS("commerce.worn", NULL,
          "mast,B,,Ada,2023-11-01,\n"
          "boat,A,,Ada,2023-11-10,\n"
          "boat,today,,Ada,2023-11-14,\n"),
    TELLS("commerce.faults", "2023-11-01",
          "mast,critical,3,2\n"
          "boat,minor,2,1\n"),
};

/* -- bookings -----------------------------------------------------------------------------------
 */

static kith_id booked(struct company *c, const char *resource, const char *from, const char *to,
                      const char *people) {
    const char *where = arena_printf(&c->arena, "resource where name = '%s'", resource);
    return CREATE(c, "booking", {"resource", ID(find(c, where).ids[0])}, {"from", from}, {"to", to},
                  {"contact", ID(find(c, "contact").ids[0])}, {"people", people});
}
static void bookings(struct company *c) {
    customer(c, "Ada");
    CREATE(c, "resource", {"name", "Hall"}, {"capacity", "10"});
    CREATE(c, "resource", {"name", "Room"}, {"capacity", "2"});
    UPDATE(c, "booking", booked(c, "Hall", "2023-11-20 10:00", "2023-11-20 12:00", "6"),
           {"state", "confirmed"});
    booked(c, "Room", "2023-11-17 10:00", "2023-11-18 10:00", "1");
    UPDATE(c, "booking", booked(c, "Room", "2023-11-18 10:00", "2023-11-19 10:00", "2"),
           {"state", "cancelled"});
    booked(c, "Hall", "2024-01-10 10:00", "2024-01-11 10:00", "3");
    booked(c, "Hall", "2024-01-12 10:00", "2024-01-13 10:00", "4");
    booked(c, "Room", "2023-11-15 10:00", "2023-11-15 12:00", "1");
    days(c, 2);
}
static const struct told_report of_bookings[] = {
    TELLS("commerce.arrivals", "30",
          "B-000002,Room,Ada,,2023-11-17T09:00:00.000Z,2023-11-18T09:00:00.000Z,1,held\n"
          "B-000001,Hall,Ada,,2023-11-20T09:00:00.000Z,2023-11-20T11:00:00.000Z,6,confirmed\n"),
    TELLS("commerce.occupancy", "2023-11-16",
          "Hall,confirmed,1,6\n"
          "Hall,held,2,7\n"
          "Room,cancelled,1,2\n"
          "Room,held,1,1\n"),
};

/* -- carts and offers ---------------------------------------------------------------------------
 */

static void offered(struct company *c, kith_id what, const char *state, const char *reason) {
    kith_id id = CREATE(c, "product_offer", {"contact", ID(find(c, "contact").ids[0])},
                        {"product", ID(what)});
    if (state)
        UPDATE(c, "product_offer", id, {"state", state}, {"reason", reason});
}
static void carts(struct company *c) {
    kith_id ada = customer(c, "Ada"), pen = product(c, "pen", "3 EUR"),
            ink = product(c, "ink", "4 EUR");
    static const char *const steps[] = {"cart", "payment", "payment", "payment"};
    for (int i = 0; i < 4; i++) {
        kith_id o = CREATE(c, "order", {"contact", ID(ada)}, {"step", steps[i]});
        add_line(c, o, pen, "1");
        if (i == 3)
            UPDATE(c, "order", o, {"state", "ordered"});
    }
    offered(c, ink, "ignored", NULL);
    for (int i = 0; i < 2; i++)
        offered(c, pen, "refused", "too dear");
    for (int i = 0; i < 3; i++)
        offered(c, pen, i ? NULL : "accepted", NULL);
}
static const struct told_report of_carts[] = {
    TELLS("commerce.abandonment", NULL, "4,1,0.750000\n"),
    TELLS("commerce.abandonment_by_step", NULL,
          "cart,1,0,1.000000\n"
          "payment,3,1,0.666667\n"),
    TELLS("commerce.declined", NULL,
          "pen,refused,too dear,2\n"
          "ink,ignored,,1\n"),
};

/* -- what was sold ------------------------------------------------------------------------------
 */

static kith_id begun(struct company *c, const char *who, kith_id id, const char *method) {
    return CREATE(c, "order", {who, ID(id)}, {"payment_method", method});
}
static void sold(struct company *c) {
    kith_id office = CREATE(c, "product_category", {"name", "Office"});
    kith_id partner = organisation(c, "Partner"), acme = organisation(c, "Acme");
    kith_id ada = customer(c, "Ada"), ink = product(c, "ink", "5 EUR");
    kith_id pen = PRODUCT(c, {"code", "pen"}, {"name", "pen"}, {"price", "10 EUR"},
                          {"cost", "4 EUR"}, {"category", ID(office)});
    kith_id box = PRODUCT(c, {"code", "case"}, {"name", "case"}, {"price", "30 EUR"},
                          {"cost", "20 EUR"}, {"supplier", ID(partner)});
    UPDATE(c, "product", ink, {"cost", "1 EUR"});
    kith_id o = begun(c, "contact", ada, "card");
    add_line(c, o, pen, "2");
    UPDATE(c, "order", o, {"state", "ordered"});
    days(c, 60);
    o = begun(c, "account", acme, "transfer");
    add_line(c, o, ink, "10");
    add_line(c, o, box, "1");
    UPDATE(c, "order", o, {"state", "ordered"});
    add_line(c, o = begun(c, "account", organisation(c, "Bolt"), "card"), pen, "4");
    UPDATE(c, "order", o, {"state", "ordered"});
    add_line(c, o = begun(c, "contact", customer(c, "Aaron"), "cash"), pen, "1");
    UPDATE(c, "order", o, {"state", "ordered"});
    add_line(c, begun(c, "contact", ada, "cash"), pen, "7");
    add_line(c, o = begun(c, "contact", ada, "cash"), pen, "5");
    add_line(c, o, box, "5");
    UPDATE(c, "order", o, {"state", "ordered"});
    UPDATE(c, "order", o, {"state", "cancelled"});
    add_line(c, o = begun(c, "contact", ada, "cash"), pen, "3");
    add_line(c, o, box, "3");
    UPDATE(c, "order", o, {"state", "quoted"});
    days(c, 30);
    add_line(c, o = begun(c, "contact", ada, "cash"), product(c, "abroad", "9 USD"), "1");
    UPDATE(c, "order", o, {"state", "ordered"});
}
static const struct told_report of_sold[] = {
    TELLS("commerce.revenue", NULL,
          "pen,pen,EUR,3,7.000,70.00 EUR\n"
          "ink,ink,EUR,1,10.000,50.00 EUR\n"
          "case,case,EUR,1,1.000,30.00 EUR\n"
          "abroad,abroad,USD,1,1.000,9.00 USD\n"),
    TELLS("commerce.revenue_since", "2023-12-01",
          "ink,ink,EUR,1,10.000,50.00 EUR\n"
          "pen,pen,EUR,2,5.000,50.00 EUR\n"
          "case,case,EUR,1,1.000,30.00 EUR\n"
          "abroad,abroad,USD,1,1.000,9.00 USD\n"),
    TELLS("commerce.revenue_by_month", NULL,
          "2023,11,EUR,1,2.000,20.00 EUR\n"
          "2024,1,EUR,3,16.000,130.00 EUR\n"
          "2024,2,USD,1,1.000,9.00 USD\n"),
    TELLS("commerce.by_partner", NULL, "Partner,Acme,,EUR,1,30.00 EUR\n"),
    TELLS("commerce.orders", NULL,
          "abandoned,EUR,1,70.00 EUR\n"
          "cancelled,EUR,1,200.00 EUR\n"
          "ordered,EUR,4,150.00 EUR\n"
          "ordered,USD,1,9.00 USD\n"
          "quoted,EUR,1,120.00 EUR\n"),
    TELLS("commerce.payment_methods", NULL,
          ",cash,1\n"
          ",transfer,1\n"
          "Office,card,2\n"
          "Office,cash,1\n"),
    TELLS("commerce.profit_by_product", NULL,
          "abroad,abroad,USD,1.000,9.00 USD,,,\n"
          "case,case,EUR,1.000,30.00 EUR,30.00 EUR,20.00 EUR,10.00 EUR\n"
          "ink,ink,EUR,10.000,50.00 EUR,50.00 EUR,10.00 EUR,40.00 EUR\n"
          "pen,pen,EUR,7.000,70.00 EUR,70.00 EUR,28.00 EUR,42.00 EUR\n"),
    TELLS("commerce.profit_by_customer", NULL,
          "Acme,Acme,EUR,11.000,80.00 EUR,80.00 EUR,30.00 EUR,50.00 EUR\n"
          "Bolt,Bolt,EUR,4.000,40.00 EUR,40.00 EUR,16.00 EUR,24.00 EUR\n"),
    TELLS("commerce.profit_by_contact", NULL,
          "Ada,Ada,EUR,2.000,20.00 EUR,20.00 EUR,8.00 EUR,12.00 EUR\n"
          "Aaron,Aaron,EUR,1.000,10.00 EUR,10.00 EUR,4.00 EUR,6.00 EUR\n"
          "Ada,Ada,USD,1.000,9.00 USD,,,\n"),
    TELLS("commerce.profit_by_month", NULL,
          "2023,11,EUR,2.000,20.00 EUR,20.00 EUR,8.00 EUR,12.00 EUR\n"
          "2024,1,EUR,16.000,130.00 EUR,130.00 EUR,50.00 EUR,80.00 EUR\n"
          "2024,2,USD,1.000,9.00 USD,,,\n"),
};

/* -- invoices and payments ----------------------------------------------------------------------
 */

static kith_id billed(struct company *c, const char *who, kith_id id, const char *quantity,
                      const char *issued, const char *due) {
    kith_id o = CREATE(c, "order", {who, ID(id)});
    add_line(c, o, find(c, "product").ids[0], quantity);
    UPDATE(c, "order", o, {"state", "ordered"});
    return CREATE(c, "invoice", {"order", ID(o)}, {"issued_on", issued}, {"due_on", due});
}
static void bills(struct company *c) {
    kith_id acme = organisation(c, "Acme"), ada = customer(c, "Ada");
    product(c, "pen", "1 EUR");
    kith_id first = billed(c, "account", acme, "10", "2023-11-01", "2023-12-10");
    kith_id second = billed(c, "account", acme, "20", "2023-11-10", "2023-12-20");
    kith_id settled = billed(c, "account", acme, "5", "2023-11-10", "2023-11-11");
    billed(c, "contact", ada, "7", "2023-11-02", "2023-11-20");
    kith_id hers = billed(c, "contact", ada, "3", "2023-11-02", "2023-11-20");
    billed(c, "contact", ada, "2", "2023-11-01", "2023-11-25");
    billed(c, "contact", customer(c, "Ben"), "4", "2023-11-02", "2023-11-18");
    billed(c, "account", organisation(c, "Bolt"), "8", "2023-11-02", "2023-12-01");
    paid(c, "invoice", settled, "5 EUR");
    paid(c, "invoice", hers, "1 EUR");
    days(c, 1);
    paid(c, "invoice", first, "4 EUR");
    paid(c, "invoice", hers, "2 EUR");
    kith_id line = find(c, "invoice_line where invoice.total = '20 EUR'").ids[0];
    EXPECT_ACT(
        ACT(c, "commerce.credit", {"invoice", ID(second)}, {"lines", ID(line)}, {"quantity", "2"}));
    line = find(c, "invoice_line where invoice.total = '5 EUR'").ids[0];
    EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(settled)}, {"lines", ID(line)},
                   {"quantity", "1"}));
}
static const struct told_report of_bills[] = {
    TELLS("commerce.open_items", NULL,
          "Bolt,Bolt,EUR,1,8.00 EUR,2023-12-01\n"
          "Acme,Acme,EUR,2,24.00 EUR,2023-12-10\n"),
    TELLS("commerce.open_items_of_contacts", NULL,
          "Ben,Ben,EUR,1,4.00 EUR,2023-11-18\n"
          "Ada,Ada,EUR,2,9.00 EUR,2023-11-20\n"),
    TELLS("commerce.invoices", "account where name = 'Acme'",
          "INV-2023-000010,credit_note,O-000003,2023-11-15,2023-11-15,-1.00 EUR,-1.00 EUR,open\n"
          "INV-2023-000009,credit_note,O-000002,2023-11-15,2023-11-15,-2.00 EUR,0.00 EUR,paid\n"
          "INV-2023-000003,invoice,O-000003,2023-11-10,2023-11-11,5.00 EUR,0.00 EUR,paid\n"
          "INV-2023-000002,invoice,O-000002,2023-11-10,2023-12-20,20.00 EUR,18.00 EUR,open\n"
          "INV-2023-000001,invoice,O-000001,2023-11-01,2023-12-10,10.00 EUR,6.00 EUR,open\n"),
    TELLS("commerce.invoices_of_contact", "contact where name = 'Ada'",
          "INV-2023-000005,invoice,O-000005,2023-11-02,2023-11-20,3.00 EUR,0.00 EUR,paid\n"
          "INV-2023-000004,invoice,O-000004,2023-11-02,2023-11-20,7.00 EUR,7.00 EUR,open\n"
          "INV-2023-000006,invoice,O-000006,2023-11-01,2023-11-25,2.00 EUR,2.00 EUR,open\n"),
    TELLS("commerce.payments", "account where name = 'Acme'",
          "P-000003,2023-11-15T22:13:20.000Z,4.00 EUR,other,,0.00 EUR,received\n"
          "P-000001,2023-11-14T22:13:20.000Z,5.00 EUR,other,,0.00 EUR,received\n"),
    TELLS("commerce.payments_of_contact", "contact where name = 'Ada'",
          "P-000004,2023-11-15T22:13:20.000Z,2.00 EUR,other,,0.00 EUR,received\n"
          "P-000002,2023-11-14T22:13:20.000Z,1.00 EUR,other,,0.00 EUR,received\n"),
    TELLS("commerce.trial_balance", NULL,
          "EUR,bank,receivable,4,12.00 EUR\n"
          "EUR,receivable,revenue,8,59.00 EUR\n"
          "EUR,revenue,receivable,2,3.00 EUR\n"),
};

/* -- partners, returns, deliveries, stocks ------------------------------------------------------
 */

static void referrals(struct company *c) {
    kith_id maker = organisation(c, "Maker"), ada = customer(c, "Ada");
    for (int i = 0; i < 3; i++) {
        kith_id id = CREATE(c, "partner_referral", {"contact", ID(ada)}, {"wanted", "A boat"},
                            {"partner", ID(maker)});
        if (i)
            UPDATE(c, "partner_referral", id, {"state", "bought"}, {"amount", "900 EUR"},
                   {"commission", "45 EUR"});
    }
}
static const struct told_report of_referrals[] = {
    TELLS("commerce.referrals_by_partner", NULL,
          "Maker,bought,EUR,2,90.00 EUR\n"
          "Maker,referred,,1,\n"),
};

static kith_id wanted_back(struct company *c, kith_id line, const char *quantity,
                           const char *reason) {
    return CREATE(c, "return_request", {"order_line", ID(line)}, {"quantity", quantity},
                  {"reason", reason});
}
static void returns(struct company *c) {
    kith_id ada = customer(c, "Ada"), o = CREATE(c, "order", {"contact", ID(ada)});
    kith_id ink = add_line(c, o, product(c, "ink", "4 EUR"), "9");
    kith_id pen = add_line(c, o, product(c, "pen", "3 EUR"), "9");
    UPDATE(c, "order", o, {"state", "ordered"});
    UPDATE(c, "order", o, {"state", "shipped"});
    wanted_back(c, ink, "4", "damaged");
    wanted_back(c, pen, "2", "defect");
    UPDATE(c, "return_request", wanted_back(c, pen, "1", "defect"), {"state", "approved"});
    for (int i = 0; i < 3; i++)
        UPDATE(c, "return_request", wanted_back(c, ink, "1", "other"), {"state", "rejected"});
}
static const struct told_report of_returns[] = {
    TELLS("commerce.return_reasons", NULL,
          "pen,defect,2,3.000\n"
          "ink,damaged,1,4.000\n"),
};

/* Orders of so many pens: the first waits, the second is paid for, the third has left, and so has
 * the fourth, on a later day; the fifth has arrived; the sixth is a cart. */
static void deliveries(struct company *c) {
    kith_id ada = customer(c, "Ada"), pen = product(c, "pen", "3 EUR"), o[6];
    static const char *const quantities[] = {"5", "1", "3", "4", "6", "2"};
    for (int i = 0; i < 6; i++) {
        o[i] = CREATE(c, "order", {"contact", ID(ada)});
        add_line(c, o[i], pen, quantities[i]);
    }
    for (int i = 4; i >= 0; i--, days(c, 1))
        UPDATE(c, "order", o[i], {"state", "ordered"});
    paid(c, "order", o[1], "3 EUR");
    static const char *const tracking[] = {"third", "fourth", "fifth"};
    for (int i = 4; i >= 2; i--, days(c, 1))
        EXPECT_ACT(ACT(c, "commerce.ship", {"order", ID(o[i])}, {"carrier", "Post"},
                       {"tracking", tracking[i - 2]}));
    UPDATE(c, "shipment", find(c, "shipment where tracking = 'fifth'").ids[0],
           {"state", "delivered"});
    CREATE(c, "shipment", {"order", ID(o[0])}, {"tracking", "not yet"});
}
static const struct told_report of_deliveries[] = {
    TELLS("commerce.to_ship", NULL,
          "O-000002,,Ada,2023-11-17T22:13:20.000Z,3.00 EUR,1,paid,\n"
          "O-000001,,Ada,2023-11-18T22:13:20.000Z,15.00 EUR,1,ordered,\n"),
    TELLS("commerce.in_transit", NULL,
          "S-000002,O-000004,,Ada,Post,fourth,2023-11-20T22:13:20.000Z,\n"
          "S-000003,O-000003,,Ada,Post,third,2023-11-21T22:13:20.000Z,\n"),
};

static void stocks(struct company *c) {
    static const struct {
        const char *code, *there, *ordered, *critical;
    } rows[] = {{"cap", "10", NULL, "5"},
                {"pen", "4", NULL, "4"},
                {"ink", "5", "3", "5"},
                {"nib", "1", "3", NULL},
                {"box", "1", "6", NULL}};
    kith_id ada = customer(c, "Ada");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kith_id what = product(c, rows[i].code, "1 EUR");
        kith_id s = CREATE(c, "stock", {"product", ID(what)}, {"critical", rows[i].critical});
        CREATE(c, "stock_movement", {"stock", ID(s)}, {"kind", "receipt"},
               {"quantity", rows[i].there});
        if (!rows[i].ordered)
            continue;
        kith_id o = CREATE(c, "order", {"contact", ID(ada)});
        add_line(c, o, what, rows[i].ordered);
        UPDATE(c, "order", o, {"state", "ordered"});
    }
}
static const struct told_report of_stocks[] = {
    TELLS("commerce.critical_stock", NULL,
          "ink,main,2.000,5.000,3.000,5.000,\n"
          "pen,main,4.000,4.000,0.000,4.000,\n"),
    TELLS("commerce.back_orders", NULL,
          "box,main,-5.000,1.000,6.000\n"
          "nib,main,-2.000,1.000,3.000\n"),
};

/* -- subscriptions ------------------------------------------------------------------------------
 */

static kith_id subscribed(struct company *c, const char *users, const char *period,
                          const char *started) {
    return CREATE(c, "subscription", {"contact", ID(find(c, "contact").ids[0])},
                  {"product", ID(find(c, "product").ids[0])}, {"quantity", users},
                  {"period", period}, {"started", started});
}
static void subscriptions(struct company *c) {
    customer(c, "Ada");
    PRODUCT(c, {"code", "S"}, {"name", "Small"}, {"kind", "subscription"}, {"price", "30 EUR"});
    subscribed(c, "2", "month", "2023-11-13");
    subscribed(c, "3", "month", "2023-11-01");
    subscribed(c, "4", "year", "2023-11-01");
    UPDATE(c, "subscription", subscribed(c, "7", "month", "2023-11-05"), {"state", "cancelled"});
}
static const struct told_report of_subscriptions[] = {
    TELLS("commerce.subscriptions", NULL,
          "Small,active,3,9\n"
          "Small,cancelled,1,7\n"),
    TELLS("commerce.terms_ending", "40",
          "SUB-000002,,Ada,Small,3,30.00 EUR,2023-12-01,true,active\n"
          "SUB-000001,,Ada,Small,2,30.00 EUR,2023-12-13,true,active\n"),
};

static const struct scene scenes[] = {
    SCENE(assets, of_assets),   SCENE(bookings, of_bookings),
    SCENE(carts, of_carts),     SCENE(sold, of_sold),
    SCENE(bills, of_bills),     SCENE(referrals, of_referrals),
    SCENE(returns, of_returns), SCENE(deliveries, of_deliveries),
    SCENE(stocks, of_stocks),   SCENE(subscriptions, of_subscriptions),
};
#define SCENES (sizeof scenes / sizeof *scenes)

TEST("every report tells what it says, in its order") {
    for (size_t i = 0; i < SCENES; i++) {
        struct company company, *c = &company;
        OPEN(c, SHOP(""), "commerce");
        expect_scene(c, &scenes[i]);
        close_company(c);
    }
}

TEST("no report is without a row that says what it tells") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    expect_all_told(c, "commerce", scenes, SCENES);
    close_company(c);
}
