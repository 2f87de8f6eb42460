/* SPDX-License-Identifier: Apache-2.0 */
/* What customers own: from deliveries and registrations, with warranty, reminders and faults. Today
 * is 2023-11-14. */
#include "owned.h"

static kith_id laptop(struct company *c, const char *serialised) {
    return PRODUCT(c, {"code", "L1"}, {"name", "Laptop"}, {"price", "900 EUR"},
                   {"warranty_months", "24"}, {"lifetime_months", "60"},
                   {"serialised", serialised});
}
static kith_id ada(struct company *c) {
    return CREATE(c, "contact", {"name", "Ada"}, {"email", "ada@example.org"},
                  {"phone", "+49 30 1234567"});
}

TEST("a delivered order of goods gives the customer one record for each line, and only once") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id who = ada(&c);
    kith_id o = delivered(&c, who, laptop(&c, "false"), "3");
    struct found f = find(&c, "asset");
    EXPECT_INT(1, f.count);
    EXPECT_STR("Laptop", field(&c, "asset", f.ids[0], "name"));
    EXPECT_STR("3.000", field(&c, "asset", f.ids[0], "quantity"));
    EXPECT_STR("2023-11-14", field(&c, "asset", f.ids[0], "purchased_on"));
    EXPECT_STR("2025-11-14", field(&c, "asset", f.ids[0], "warranty_until"));
    EXPECT_STR("2028-11-14", field(&c, "asset", f.ids[0], "expected_end"));
    UPDATE(&c, "order", o, {"note", "again"});
    EXPECT_INT(1, find(&c, "asset").count);
    kith_id line = find(&c, "order_line").ids[0];
    kith_id back =
        CREATE(&c, "return_request", {"order_line", id_text(&c, line)}, {"quantity", "3"});
    UPDATE(&c, "return_request", back, {"state", "approved"});
    UPDATE(&c, "return_request", back, {"state", "received"});
    EXPECT_STR("returned", field(&c, "asset", f.ids[0], "state"));
    kith_id service =
        PRODUCT(&c, {"code", "S"}, {"name", "Help"}, {"kind", "service"}, {"price", "10 EUR"});
    delivered(&c, who, service, "1");
    EXPECT_INT(1, find(&c, "asset").count);
    close_company(&c);
}

TEST("of what has serial numbers each piece is a record, and undo takes them back with the order") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id phone = laptop(&c, "true"), o = CREATE(&c, "order", {"contact", id_text(&c, ada(&c))});
    CREATE(&c, "order_line", {"order", id_text(&c, o)}, {"product", id_text(&c, phone)},
           {"quantity", "3"});
    UPDATE(&c, "order", o, {"state", "ordered"});
    UPDATE(&c, "order", o, {"state", "shipped"});
    struct put p = {&c, "order", o, PAIRS({"state", "delivered"})};
    kith_error e = KITH_ERROR_INIT;
    kith_id tx;
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &p, &tx, &e), e);
    EXPECT_INT(3, find(&c, "asset where quantity = 1 and order_line is not null").count);
    undo(&c, tx);
    EXPECT_INT(0, find(&c, "asset").count);
    UPDATE(&c, "order", o, {"state", "delivered"});
    EXPECT_INT(3, find(&c, "asset").count);
    close_company(&c);
}

#define REGISTER(c, product, ...)                                                                  \
    ACT(c, "commerce.register", {"product", id_text(c, product)}, __VA_ARGS__)

static kith_id comes_back(struct company *c, kith_id order, const char *quantity) {
    kith_id line =
        find(c, arena_printf(&c->arena, "order_line where order = '%s'", id_text(c, order))).ids[0];
    kith_id back =
        CREATE(c, "return_request", {"order_line", id_text(c, line)}, {"quantity", quantity});
    UPDATE(c, "return_request", back, {"state", "approved"});
    UPDATE(c, "return_request", back, {"state", "received"});
    return back;
}

TEST("of what comes back in part the customer owns so many pieces less, unregistered ones first") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id who = ada(&c), o = delivered(&c, who, laptop(&c, "false"), "5");
    comes_back(&c, o, "2");
    struct found f = find(&c, "asset");
    EXPECT_INT(1, f.count);
    EXPECT_STR("3.000", field(&c, "asset", f.ids[0], "quantity"));
    EXPECT_STR("in_use", field(&c, "asset", f.ids[0], "state"));
    comes_back(&c, o, "3");
    EXPECT_STR("returned", field(&c, "asset", f.ids[0], "state"));
    kith_id phone =
        PRODUCT(&c, {"code", "PH"}, {"name", "Phone"}, {"price", "10 EUR"}, {"serialised", "true"});
    kith_id p = delivered(&c, who, phone, "4");
    struct found all = find(&c, "asset where product.code = 'PH' order by id");
    UPDATE(&c, "asset", all.ids[3], {"serial", "SN-4"}, {"registered_on", "2023-11-14"});
    UPDATE(&c, "asset", all.ids[2], {"state", "sold"});
    comes_back(&c, p, "2");
    EXPECT_INT(2, find(&c, "asset where product.code = 'PH' and state = 'returned'").count);
    EXPECT_STR("in_use", field(&c, "asset", all.ids[3], "state"));
    EXPECT_STR("sold", field(&c, "asset", all.ids[2], "state"));
    kith_id half = CREATE(&c, "order", {"contact", id_text(&c, who)});
    CREATE(&c, "order_line", {"order", id_text(&c, half)}, {"product", id_text(&c, phone)},
           {"quantity", "3"});
    UPDATE(&c, "order", half, {"state", "ordered"});
    UPDATE(&c, "order", half, {"state", "shipped"});
    comes_back(&c, half, "1"); /* before the others were handed over */
    UPDATE(&c, "order", half, {"state", "delivered"});
    EXPECT_INT(2, find(&c, arena_printf(&c.arena, "asset where order_line.order = '%s'",
                                        id_text(&c, half)))
                      .count);
    close_company(&c);
}

TEST("registering a product finds its owner by mail address, or creates one") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pc = laptop(&c, "false"), who = ada(&c);
    struct act a =
        REGISTER(&c, pc, {"serial", "SN-1"}, {"email", "ADA@example.org"}, {"name", "Somebody"});
    EXPECT_ACT(a);
    EXPECT(a.results[1].as.link.id == who);
    EXPECT_STR("false", result_text(&c, &a, "is_new"));
    EXPECT_STR("2023-11-14", field(&c, "asset", a.results[0].as.link.id, "registered_on"));
    a = REGISTER(&c, pc, {"serial", "SN-2"}, {"email", "bob@example.org"}, {"name", "Bob"},
                 {"purchased_on", "2023-10-31"});
    EXPECT_ACT(a);
    EXPECT_STR("true", result_text(&c, &a, "is_new"));
    EXPECT_STR("Bob", field(&c, "contact", a.results[1].as.link.id, "name"));
    EXPECT_STR("2025-10-31", field(&c, "asset", a.results[0].as.link.id, "warranty_until"));
    a = REGISTER(&c, pc, {"serial", "SN-3"}, {"email", "eve@example.org"});
    EXPECT_HAS("say who owns it", a.message);
    a = REGISTER(&c, pc, {"serial", "SN-3"}, {"name", "Eve"}, {"purchased_on", "2023-12-01"});
    EXPECT_HAS("purchased_on: it lies in the future", a.message);
    close_company(&c);
}

TEST("a serial number is registered once, and completes what was delivered without it") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pc = laptop(&c, "true"), who = ada(&c);
    const char *of = id_text(&c, who);
    delivered(&c, who, pc, "2");
    EXPECT_ACT(REGISTER(&c, pc, {"serial", "SN-1"}, {"contact", of}));
    EXPECT_INT(2, find(&c, "asset").count);
    EXPECT_INT(1, find(&c, "asset where serial = 'SN-1' and order_line is not null").count);
    struct act a = REGISTER(&c, pc, {"serial", "SN-1"}, {"contact", of});
    EXPECT_INT(KITH_E_CONFLICT, a.status);
    EXPECT_HAS("'SN-1' of this product is registered already", a.message);
    a = REGISTER(&c, pc, {"serial", "SN-1"}, {"name", "Bob"});
    EXPECT_HAS("belongs to somebody else", a.message);
    EXPECT_INT(0, find(&c, "contact where name = 'Bob'").count);
    EXPECT_ACT(REGISTER(&c, pc, {"serial", "SN-2"}, {"contact", of}));
    EXPECT_ACT(REGISTER(&c, pc, {"serial", "SN-3"}, {"contact", of}));
    EXPECT_INT(3, find(&c, "asset").count);
    REFUSED(&c, "a record of 'Laptop' with the number 'SN-3' already", "asset", 0,
            {"product", id_text(&c, pc)}, {"serial", "SN-3"}, {"contact", of});
    close_company(&c);
}

TEST("what a caller owns is found by telephone number, with renewal and past faults") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pc = laptop(&c, "false"), who = ada(&c);
    kith_id a =
        CREATE(&c, "asset", {"product", id_text(&c, pc)}, {"contact", id_text(&c, who)},
               {"serial", "X1"}, {"purchased_on", "2023-01-31"}, {"renewal_on", "2024-01-31"});
    const char *of = id_text(&c, a);
    CREATE(&c, "fault", {"asset", of}, {"description", "Screen"}, {"at", "2023-05-05 10:00"},
           {"fixed_at", "2023-05-06 10:00"}, {"cost", "80 EUR"});
    CREATE(&c, "fault", {"asset", of}, {"description", "Battery"}, {"severity", "critical"});
    drain(&c);
    struct act x = ACT(&c, "commerce.owns", {"customer", "0049301234567"});
    EXPECT_ACT(x);
    EXPECT_INT(1, row_count(&x));
    EXPECT_STR("Laptop", row_text(&c, &x, 0, "name"));
    EXPECT_STR("2023-01-31", row_text(&c, &x, 0, "purchased_on"));
    EXPECT_STR("2024-01-31", row_text(&c, &x, 0, "renewal_on"));
    EXPECT_STR("2", row_text(&c, &x, 0, "faults"));
    EXPECT_STR("1", row_text(&c, &x, 0, "open_faults"));
    EXPECT_HAS("2023-11-14", row_text(&c, &x, 0, "last_fault"));
    EXPECT_STR("80.00 EUR", field(&c, "asset", a, "fault_cost"));
    x = ACT(&c, "commerce.owns", {"serial", "X1"});
    EXPECT_INT(1, row_count(&x));
    x = ACT(&c, "commerce.owns", {"customer", "Nobody"});
    EXPECT_INT(0, row_count(&x));
    EXPECT_HAS("say whose", ACT(&c, "commerce.owns", {"contact", NULL}).message);
    REFUSED(&c, "fixed_at: it lies before the fault", "fault", 0, {"asset", of},
            {"description", "x"}, {"fixed_at", "2020-01-01 10:00"});
    close_company(&c);
}

TEST("an organisation owns what its people own, and months end where they end") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pc = PRODUCT(&c, {"code", "P"}, {"name", "P"}, {"warranty_months", "1"});
    kith_id acme = CREATE(&c, "account", {"name", "Acme"});
    kith_id who = CREATE(&c, "contact", {"name", "Ada"}, {"account", id_text(&c, acme)});
    kith_id a = CREATE(&c, "asset", {"product", id_text(&c, pc)}, {"contact", id_text(&c, who)},
                       {"purchased_on", "2024-01-31"});
    EXPECT_STR("2024-02-29", field(&c, "asset", a, "warranty_until"));
    struct act x = ACT(&c, "commerce.owns", {"account", id_text(&c, acme)});
    EXPECT_INT(1, row_count(&x));
    REFUSED(&c, "it lies before purchased_on", "asset", a, {"warranty_until", "2024-01-30"});
    REFUSED(&c, "say whose it is", "asset", 0, {"product", id_text(&c, pc)});
    REFUSED(&c, "quantity", "asset", a, {"quantity", "-1"});
    close_company(&c);
}

TEST("a warranty that ends and a renewal are told of 30 and 7 days before, each once") {
    struct company c;
    OPEN(&c, SHOP(""), "commerce");
    kith_id pc = laptop(&c, "false"), who = ada(&c);
    const char *of = id_text(&c, pc), *whose = id_text(&c, who);
    kith_id a = CREATE(&c, "asset", {"product", of}, {"contact", whose},
                       {"warranty_until", "2023-12-20"}, {"renewal_on", "2023-11-24"});
    EXPECT_STR("2023-11-20", field(&c, "asset", a, "warranty_reminder"));
    EXPECT_STR("2023-11-14", field(&c, "asset", a, "renewal_reminder")); /* 30 days is over */
    kith_id sold =
        CREATE(&c, "asset", {"product", of}, {"contact", whose}, {"warranty_until", "2023-12-20"});
    UPDATE(&c, "asset", sold, {"state", "sold"});
    nights(&c, 1);
    EXPECT_INT(1, told(&c, "asset.renewal_due"));
    EXPECT_STR("2023-11-17", field(&c, "asset", a, "renewal_reminder"));
    nights(&c, 4); /* the 19th */
    EXPECT_INT(2, told(&c, "asset.renewal_due"));
    EXPECT_STR("", field(&c, "asset", a, "renewal_reminder"));
    EXPECT_INT(0, told(&c, "asset.warranty_ending"));
    nights(&c, 1);
    EXPECT_INT(1, told(&c, "asset.warranty_ending"));
    EXPECT_STR("2023-12-13", field(&c, "asset", a, "warranty_reminder"));
    nights(&c, 40);
    EXPECT_INT(2, told(&c, "asset.warranty_ending"));
    EXPECT_INT(2, told(&c, "asset.renewal_due"));
    close_company(&c);
}

TEST("reminders are durations in days or weeks, and nothing else") {
    struct company c;
    OPEN(&c, SHOP("remind_before = [\"1w\", \"60d\"];"), "commerce");
    kith_id a = CREATE(&c, "asset", {"product", id_text(&c, laptop(&c, "false"))},
                       {"contact", id_text(&c, ada(&c))}, {"renewal_on", "2024-06-30"});
    EXPECT_STR("2024-05-01", field(&c, "asset", a, "renewal_reminder"));
    close_company(&c);
}
