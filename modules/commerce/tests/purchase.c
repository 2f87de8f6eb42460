/* SPDX-License-Identifier: Apache-2.0 */
/* What was ordered stands on the page of who bought. */
#include "billing.h"

static const char *purchases(struct company *c, const char *type, kith_id id) {
    return arena_printf(&c->arena, "%s|%s", field(c, type, id, "purchases"),
                        field(c, type, id, "spent"));
}
static kith_id imported(struct company *c, const char *type, const struct pair *pairs) {
    static const struct write_opts by = {.principal = &anna, .origin = ORIGIN_IMPORT};
    struct put p = {c, type, 0, pairs};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c->engine, &by, put_txn, &p, NULL, &e), e);
    return p.id;
}
#define IMPORT(c, type, ...)    imported(c, type, PAIRS(__VA_ARGS__))
#define PAGE(c, want, type, id) EXPECT_STR(want, purchases(c, type, id))

static kith_id only_line(struct company *c, kith_id order) {
    return find(c, arena_printf(&c->arena, "order_line where order = '%s'", ID(order))).ids[0];
}

static kith_id cart_of(struct company *c, kith_id account, kith_id contact, kith_id of) {
    kith_id o = account ? CREATE(c, "order", {"account", ID(account)}, {"contact", ID(contact)})
                        : CREATE(c, "order", {"contact", ID(contact)});
    add_line(c, o, of, "2");
    return o;
}

TEST("an order that is placed is a purchase of who buys, who becomes a customer") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}),
            ada = CREATE(c, "contact", {"name", "Ada"}, {"account", ID(acme)});
    kith_id pen = product(c, "pen", "10 EUR"), o = cart_of(c, acme, ada, pen);
    PAGE(c, "0|0.00 EUR", "contact", ada);
    EXPECT_STR("prospect", field(c, "contact", ada, "lifecycle"));
    UPDATE(c, "order", o, {"state", "ordered"});
    PAGE(c, "1|20.00 EUR", "contact", ada);
    PAGE(c, "1|20.00 EUR", "account", acme);
    EXPECT_STR("customer", field(c, "contact", ada, "lifecycle"));
    EXPECT_STR("customer", field(c, "account", acme, "kind"));
    EXPECT_STR(field(c, "order", o, "placed_at"), field(c, "contact", ada, "first_purchase"));
    EXPECT_INT(1, find(c, "contact where purchases >= 1 and last_purchase > now() - 1d").count);
    UPDATE(c, "order", o, {"state", "shipped"});
    UPDATE(c, "order", o, {"state", "delivered"});
    PAGE(c, "1|20.00 EUR", "contact", ada);
    UPDATE(c, "order", cart_of(c, acme, ada, pen), {"state", "ordered"});
    PAGE(c, "2|40.00 EUR", "contact", ada);
    EXPECT_INT(2, find(c, "interaction where order is not null and about = order").count);
    close_company(c);
}

TEST("when something was ordered stays, and is not to come") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}), pen = product(c, "pen", "10 EUR");
    kith_id o = cart_of(c, 0, ada, pen);
    REFUSED(c, "placed_at: it lies in the future", "order", o,
            {"placed_at", "2024-11-14T00:00:00Z"});
    UPDATE(c, "order", o, {"placed_at", "2023-11-13T09:00:00Z"}, {"state", "ordered"});
    EXPECT_STR("2023-11-13T09:00:00.000Z", field(c, "contact", ada, "last_purchase"));
    REFUSED(c, "O-000001 is ordered and stays with the time at which it was ordered", "order", o,
            {"placed_at", "2023-10-01T00:00:00Z"});
    REFUSED(c, "stays with the time", "order", o, {"placed_at", ""});
    UPDATE(c, "order", o, {"state", "cart"});
    UPDATE(c, "order", o, {"placed_at", ""});
    UPDATE(c, "order", o, {"state", "ordered"});
    EXPECT_INT(1, find(c, "order where placed_at > now() - 1h").count);
    kith_id old = IMPORT(c, "order", {"contact", ID(ada)}, {"channel", "import"},
                         {"state", "delivered"}, {"placed_at", "2024-05-01T10:00:00Z"});
    UPDATE(c, "order", old, {"placed_at", "2022-05-01T10:00:00Z"});
    close_company(c);
}

TEST("what is cancelled, or a cart again, was not bought") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}), pen = product(c, "pen", "10 EUR");
    kith_id o = cart_of(c, 0, ada, pen);
    UPDATE(c, "order", o, {"state", "ordered"});
    UPDATE(c, "order", o, {"state", "cart"});
    PAGE(c, "0|0.00 EUR", "contact", ada);
    UPDATE(c, "order", o, {"state", "ordered"});
    PAGE(c, "1|20.00 EUR", "contact", ada);
    UPDATE(c, "order", o, {"state", "cancelled"});
    PAGE(c, "0|0.00 EUR", "contact", ada);
    EXPECT_STR("customer", field(c, "contact", ada, "lifecycle"));
    close_company(c);
}

TEST("an order that is undone was not bought, and who bought is a prospect again") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}), pen = product(c, "pen", "10 EUR");
    kith_id o = cart_of(c, 0, ada, pen);
    const struct pair pairs[] = {{"state", "ordered"}, {NULL, NULL}};
    kith_id tx = write_tx(c, "order", o, pairs);
    PAGE(c, "1|20.00 EUR", "contact", ada);
    undo(c, tx);
    PAGE(c, "0|0.00 EUR", "contact", ada);
    EXPECT_STR("prospect", field(c, "contact", ada, "lifecycle"));
    close_company(c);
}

TEST("what was credited, or came back, was not spent; all of it sent back is no purchase") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}), pen = product(c, "pen", "10 EUR");
    kith_id o = cart_of(c, 0, ada, pen);
    UPDATE(c, "order", o, {"state", "ordered"});
    kith_id inv = invoiced(c, o);
    kith_id line = only_line(c, o);
    UPDATE(c, "order", o, {"state", "shipped"});
    UPDATE(c, "order", o, {"state", "delivered"});
    kith_id r = CREATE(c, "return_request", {"order_line", ID(line)}, {"quantity", "1"});
    UPDATE(c, "return_request", r, {"state", "approved"});
    UPDATE(c, "return_request", r, {"state", "received"});
    PAGE(c, "1|20.00 EUR", "contact", ada);
    UPDATE(c, "return_request", r, {"state", "refunded"});
    PAGE(c, "1|10.00 EUR", "contact", ada);
    EXPECT(inv != 0);
    kith_id second = cart_of(c, 0, ada, pen);
    UPDATE(c, "order", second, {"state", "ordered"});
    UPDATE(c, "order", second, {"state", "shipped"});
    UPDATE(c, "order", second, {"state", "delivered"});
    r = CREATE(c, "return_request", {"order_line", ID(only_line(c, second))}, {"quantity", "1"});
    UPDATE(c, "return_request", r, {"state", "approved"});
    UPDATE(c, "return_request", r, {"state", "received"});
    PAGE(c, "2|20.00 EUR", "contact", ada);
    r = CREATE(c, "return_request", {"order_line", ID(only_line(c, second))}, {"quantity", "1"});
    UPDATE(c, "return_request", r, {"state", "approved"});
    UPDATE(c, "return_request", r, {"state", "received"});
    EXPECT_STR("returned", field(c, "order", second, "state"));
    PAGE(c, "1|10.00 EUR", "contact", ada);
    close_company(c);
}

TEST("orders from elsewhere count with their lines, and leave who was lost as they are") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}),
            ben = CREATE(c, "contact", {"name", "Ben"});
    kith_id pen = product(c, "pen", "10 EUR");
    UPDATE(c, "contact", ben, {"lifecycle", "lost"});
    kith_id of[] = {ada, ben};
    for (int i = 0; i < 2; i++) {
        kith_id o = IMPORT(c, "order", {"contact", ID(of[i])}, {"channel", "import"},
                           {"state", "delivered"}, {"placed_at", "2024-05-01T10:00:00Z"});
        PAGE(c, "0|0.00 EUR", "contact", of[i]);
        IMPORT(c, "order_line", {"order", ID(o)}, {"product", ID(pen)}, {"quantity", "3"});
        PAGE(c, "1|30.00 EUR", "contact", of[i]);
        IMPORT(c, "order_line", {"order", ID(o)}, {"product", ID(pen)});
        PAGE(c, "1|40.00 EUR", "contact", of[i]);
        EXPECT_HAS("2024-05-01", field(c, "contact", of[i], "last_purchase"));
    }
    EXPECT_STR("customer", field(c, "contact", ada, "lifecycle"));
    EXPECT_STR("lost", field(c, "contact", ben, "lifecycle"));
    close_company(c);
}

TEST("orders from before this was counted are counted when that is asked for, each once") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}), pen = product(c, "pen", "10 EUR");
    for (int i = 0; i < 3; i++)
        UPDATE(c, "order", cart_of(c, 0, ada, pen), {"state", "ordered"});
    cart_of(c, 0, ada, pen);
    struct found noted = find(c, "interaction where order is not null");
    for (int i = 0; i < 2; i++)
        remove_record(c, "interaction", noted.ids[i]);
    PAGE(c, "1|20.00 EUR", "contact", ada);
    static const char *const counted[] = {"1", "1", "0"};
    for (int i = 0; i < 3; i++) {
        struct act a = ACT(c, "commerce.count_purchases", {"limit", "1"});
        EXPECT_ACT(a);
        EXPECT_STR(counted[i], result_text(c, &a, "counted"));
    }
    PAGE(c, "3|60.00 EUR", "contact", ada);
    close_company(c);
}

TEST("two customers of one name are two in the figures, and an account is one, whoever orders") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme[2], sam[2], pen = product(c, "pen", "10 EUR");
    for (int i = 0; i < 2; i++)
        sam[i] = CREATE(c, "contact", {"name", "Sam"});
    for (int i = 0; i < 2; i++) {
        acme[i] = CREATE(c, "account", {"name", "Acme"});
        kith_id one = cart_of(c, acme[i], sam[0], pen), other = cart_of(c, acme[i], sam[1], pen);
        UPDATE(c, "order", one, {"state", "ordered"});
        UPDATE(c, "order", other, {"state", "ordered"});
        invoiced(c, one);
        kith_id own = cart_of(c, 0, sam[i], pen);
        UPDATE(c, "order", own, {"state", "ordered"});
        invoiced(c, own);
    }
    for (int i = 0; i < 2; i++) {
        EXPECT_HAS(arena_printf(&c->arena, "%s|Acme|EUR|4.000|40.00 EUR", ID(acme[i])),
                   totals(c, "commerce.profit_by_customer"));
        EXPECT_HAS(arena_printf(&c->arena, "%s|Sam|EUR|2.000|20.00 EUR", ID(sam[i])),
                   totals(c, "commerce.profit_by_contact"));
        EXPECT_HAS(arena_printf(&c->arena, "%s|Acme|EUR|1|20.00 EUR", ID(acme[i])),
                   totals(c, "commerce.open_items"));
        EXPECT_HAS(arena_printf(&c->arena, "%s|Sam|EUR|1|20.00 EUR", ID(sam[i])),
                   totals(c, "commerce.open_items_of_contacts"));
    }
    close_company(c);
}

TEST("customers who ordered and paid are merged by the action as by the command") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}),
            bob = CREATE(c, "contact", {"name", "Bob"});
    kith_id o = cart_of(c, 0, ada, product(c, "pen", "10 EUR"));
    UPDATE(c, "order", o, {"state", "ordered"});
    kith_id inv = invoiced(c, o);
    EXPECT_ACT(ACT(c, "commerce.pay", {"invoice", ID(inv)}, {"amount", "5 EUR"}));
    EXPECT_ACT(
        ACT(c, "record.merge", {"record_type", "contact"}, {"keep", ID(bob)}, {"others", ID(ada)}));
    EXPECT_STR(ID(bob), field(c, "order", o, "contact"));
    EXPECT_STR(ID(bob), field(c, "invoice", inv, "contact"));
    EXPECT_STR("15.00 EUR", field(c, "contact", bob, "balance"));
    PAGE(c, "1|20.00 EUR", "contact", bob);
    expect_balanced(c);
    REFUSED(c, "who buys stays as it is", "order", o,
            {"contact", ID(CREATE(c, "contact", {"name", "Eve"}))});
    close_company(c);
}
