/* SPDX-License-Identifier: Apache-2.0 */
/* Invoices and credit notes: what stands on them, in parts, their tax, and that they stay. */
#include "billing.h"

#define INV(id, name) field(c, "invoice", id, name)

static kith_id first(struct company *c, const char *query) {
    struct found f = find(c, query);
    EXPECT(f.count > 0);
    return f.ids[0];
}
static const char *of_invoice(struct company *c, const char *type, const char *by, kith_id id) {
    return arena_printf(&c->arena, "%s where %s = '%s' order by id", type, by, ID(id));
}

TEST("an invoice is a copy of what was ordered, numbered without gaps, and booked") {
    struct company company, *c = &company;
    OPEN(c, SHOP("payment_days = 30;"), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id pen = PRODUCT(c, {"code", "pen"}, {"name", "Pen"}, {"price", "3 EUR"},
                          {"cost", "1 EUR"}, {"tax_rate", "20"});
    kith_id o = placed(c, acme, pen, "5"), inv = invoiced(c, o);
    EXPECT_STR("INV-2023-000001", INV(inv, "number"));
    EXPECT_STR("open", INV(inv, "state"));
    EXPECT_STR("15.00 EUR", INV(inv, "net"));
    EXPECT_STR("3.00 EUR", INV(inv, "tax"));
    EXPECT_STR("18.00 EUR", INV(inv, "open"));
    EXPECT_STR("2023-11-14", INV(inv, "issued_on"));
    EXPECT_STR("2023-12-14", INV(inv, "due_on"));
    kith_id l = first(c, of_invoice(c, "invoice_line", "invoice", inv));
    EXPECT_STR("Pen", field(c, "invoice_line", l, "description"));
    EXPECT_STR("18.00 EUR", field(c, "invoice_line", l, "total"));
    UPDATE(c, "product", pen, {"name", "Ball pen"});
    EXPECT_STR("Pen", field(c, "invoice_line", l, "description"));
    EXPECT_STR("18.00 EUR", field(c, "account", acme, "balance"));
    EXPECT_INT(2, find(c, of_invoice(c, "ledger_entry", "account", acme)).count);
    EXPECT_STR("5.00 EUR", field(c, "order_line", first(c, "order_line"), "cost"));
    ACT_REFUSED(c, "all of it stands on invoices already", "commerce.invoice", {"order", ID(o)});
    EXPECT_STR("INV-2023-000002", INV(invoiced(c, placed(c, acme, pen, "1")), "number"));
    expect_balanced(c);
    close_company(c);
}

TEST("an invoice comes about by a record as by the action, and for no cart") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}, {"payment_days", "7"});
    kith_id pen = product(c, "pen", "3 EUR"), o = placed(c, acme, pen, "2");
    kith_id inv = CREATE(c, "invoice", {"order", ID(o)});
    EXPECT_STR("6.00 EUR", INV(inv, "total"));
    EXPECT_STR("2023-11-21", INV(inv, "due_on"));
    kith_id cart = CREATE(c, "order", {"account", ID(acme)});
    add_line(c, cart, pen, "1");
    REFUSED(c, "is cart; an invoice is for an order that is placed", "invoice", 0,
            {"order", ID(cart)});
    UPDATE(c, "order", cart, {"state", "quoted"});
    REFUSED(c, "is quoted; an invoice is for an order that is placed", "invoice", 0,
            {"order", ID(cart)});
    REFUSED(c, "order", "invoice", 0, {"issued_on", "2023-11-01"});
    REFUSED(c, "that day is to come", "invoice", 0, {"order", ID(placed(c, acme, pen, "2"))},
            {"issued_on", "2023-11-16"});
    REFUSED(c, "an invoice begins open", "invoice", 0, {"order", ID(o)}, {"state", "paid"});
    REFUSED(c, "it lies before issued_on", "invoice", 0, {"order", ID(placed(c, acme, pen, "2"))},
            {"due_on", "2023-11-01"});
    close_company(c);
}

TEST("an invoice that is late when it is made is overdue at once, and no other is by hand") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id pen = product(c, "pen", "3 EUR");
    kith_id late = CREATE(c, "invoice", {"order", ID(placed(c, acme, pen, "2"))},
                          {"issued_on", "2023-08-01"}, {"due_on", "2023-11-13"}); /* yesterday */
    EXPECT_STR("overdue", INV(late, "state"));
    kith_id today = CREATE(c, "invoice", {"order", ID(placed(c, acme, pen, "2"))},
                           {"issued_on", "2023-08-01"}, {"due_on", "2023-11-14"});
    EXPECT_STR("open", INV(today, "state"));
    REFUSED(c, "it is due on its day", "invoice", today, {"state", "overdue"});
    close_company(c);
}

TEST("parts of an order add up to the order, to the cent") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}, {"discount", "33.33"});
    kith_id pen =
        PRODUCT(c, {"code", "pen"}, {"name", "Pen"}, {"price", "0.33 EUR"}, {"tax_rate", "19"});
    kith_id o = placed(c, acme, pen, "7");
    const char *line = ID(first(c, of_invoice(c, "order_line", "order", o)));
    ACT_REFUSED(c, "of 'Pen' 7 are left", "commerce.invoice", {"order", ID(o)}, {"lines", line},
                {"quantity", "8"});
    ACT_REFUSED(c, "goes with one line", "commerce.invoice", {"order", ID(o)}, {"quantity", "1"});
    for (int i = 0; i < 3; i++)
        EXPECT_ACT(
            ACT(c, "commerce.invoice", {"order", ID(o)}, {"lines", line}, {"quantity", "2"}));
    EXPECT_STR("6.000", field(c, "order_line", first(c, "order_line"), "invoiced"));
    invoiced(c, o);
    EXPECT_STR(field(c, "order", o, "total"), field(c, "order", o, "invoiced"));
    EXPECT_STR(field(c, "order", o, "total"), field(c, "order", o, "receivable"));
    ACT_REFUSED(c, "1 of them are none of its lines", "commerce.invoice",
                {"order", ID(placed(c, acme, pen, "1"))}, {"lines", line});
    expect_balanced(c);
    close_company(c);
}

/* Three times 0.33 at 19 %: 0.0627 each, 0.06 for a line, 0.1881 together. */
TEST("tax is rounded for each line, or once for all lines of a rate") {
    static const char *const settings[] = {SHOP(""), SHOP("tax_per = \"rate\";")};
    static const char *const taxes[] = {"0.18 EUR", "0.19 EUR"};
    for (int i = 0; i < 2; i++) {
        struct company company, *c = &company;
        OPEN(c, settings[i], "commerce");
        kith_id acme = CREATE(c, "account", {"name", "Acme"});
        kith_id pen =
            PRODUCT(c, {"code", "pen"}, {"name", "Pen"}, {"price", "0.33 EUR"}, {"tax_rate", "19"});
        kith_id o = CREATE(c, "order", {"account", ID(acme)});
        for (int k = 0; k < 3; k++)
            add_line(c, o, pen, "1");
        UPDATE(c, "order", o, {"state", "ordered"});
        kith_id inv = invoiced(c, o);
        EXPECT_STR("0.99 EUR", INV(inv, "net"));
        EXPECT_STR(taxes[i], INV(inv, "tax"));
        EXPECT_STR(field(c, "order", o, "total"), field(c, "order", o, "invoiced"));
        paid(c, "invoice", inv, INV(inv, "total"));
        EXPECT_STR("paid", field(c, "order", o, "state"));
        EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(inv)}));
        expect_balanced(c);
        close_company(c);
    }
}

TEST("an invoice that was issued stays, and is corrected by credit notes") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id pen =
        PRODUCT(c, {"code", "pen"}, {"name", "Pen"}, {"price", "10 EUR"}, {"tax_rate", "20"});
    kith_id o = placed(c, acme, pen, "5"), inv = invoiced(c, o);
    kith_id l = first(c, of_invoice(c, "invoice_line", "invoice", inv));
    REFUSED(c, "was issued and stays as it is; correct it by a credit note", "invoice", inv,
            {"due_on", "2024-01-31"});
    REFUSED(c, "total", "invoice", inv, {"total", "1 EUR"});
    REFUSED(c, "quantity", "invoice_line", l, {"quantity", "1"});
    KEEPS(c, "invoice", inv, "stays as it is");
    KEEPS(c, "invoice_line", l, "stays as it is");
    KEEPS(c, "account", acme, "has invoices or payments");
    REFUSED(c, "60.00 EUR of INV-2023-000001 are open", "invoice", inv, {"state", "paid"});
    REFUSED(c, "stands on INV-2023-000001; credit that first", "order", o, {"state", "cart"});
    struct act a = ACT(c, "commerce.credit", {"invoice", ID(inv)}, {"lines", ID(l)},
                       {"quantity", "2"}, {"reason", "Two were broken"});
    EXPECT_ACT(a);
    kith_id note = result_id(&a, 0);
    EXPECT_STR("INV-2023-000002", INV(note, "number"));
    EXPECT_STR("credit_note", INV(note, "kind"));
    EXPECT_STR("24.00 EUR", INV(note, "total"));
    EXPECT_STR("paid", INV(note, "state"));
    EXPECT_STR("36.00 EUR", INV(inv, "open"));
    EXPECT_STR("36.00 EUR", field(c, "account", acme, "balance"));
    ACT_REFUSED(c, "of 'Pen' 3 are left", "commerce.credit", {"invoice", ID(inv)}, {"lines", ID(l)},
                {"quantity", "4"});
    ACT_REFUSED(c, "is a credit note itself", "commerce.credit", {"invoice", ID(note)});
    EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(inv)}, {"rebill", "true"}));
    EXPECT_STR("paid", INV(inv, "state"));
    EXPECT_STR("0.00 EUR", field(c, "account", acme, "balance"));
    ACT_REFUSED(c, "all of the invoice is credited already", "commerce.credit",
                {"invoice", ID(inv)});
    EXPECT_STR("36.00 EUR", INV(invoiced(c, o), "total"));
    expect_balanced(c);
    close_company(c);
}

TEST("what came back and is refunded is credited, on the invoices that it stands on") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "10 EUR");
    kith_id o = placed(c, acme, pen, "5"), l = first(c, of_invoice(c, "order_line", "order", o));
    struct act a =
        ACT(c, "commerce.invoice", {"order", ID(o)}, {"lines", ID(l)}, {"quantity", "2"});
    EXPECT_ACT(a);
    kith_id two = result_id(&a, 0), three = invoiced(c, o);
    paid(c, "invoice", two, "20 EUR");
    UPDATE(c, "order", o, {"state", "shipped"});
    kith_id back = CREATE(c, "return_request", {"order_line", ID(l)}, {"quantity", "3"});
    UPDATE(c, "return_request", back, {"state", "approved"});
    UPDATE(c, "return_request", back, {"state", "received"});
    EXPECT_INT(0, find(c, "invoice where kind = 'credit_note'").count);
    kith_id tx = write_tx(c, "return_request", back, PAIRS({"state", "refunded"}));
    kith_error e = KITH_ERROR_INIT;
    struct undo_report report;
    (void)engine_undo(c->engine, &anna, tx, false, &c->arena, &report, &e);
    EXPECT_STR("refunded", field(c, "return_request", back, "state"));
    EXPECT_INT(2, find(c, "invoice where kind = 'credit_note'").count);
    EXPECT_STR("20.00 EUR", INV(three, "open"));
    kith_id note = first(c, of_invoice(c, "invoice", "corrects", two));
    EXPECT_STR("20.00 EUR", INV(note, "open"));
    EXPECT_STR("0.00 EUR", field(c, "account", acme, "balance"));
    expect_balanced(c);
    close_company(c);
}

/* So much of a line comes back. */
static kith_id comes_back(struct company *c, kith_id line, const char *quantity) {
    kith_id back = CREATE(c, "return_request", {"order_line", ID(line)}, {"quantity", quantity});
    UPDATE(c, "return_request", back, {"state", "approved"});
    UPDATE(c, "return_request", back, {"state", "received"});
    return back;
}

TEST("what came back before it was billed is neither billed nor credited, and what is left is") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id pen =
        PRODUCT(c, {"code", "pen"}, {"name", "Pen"}, {"price", "3.33 EUR"}, {"tax_rate", "19"});
    kith_id o = placed(c, acme, pen, "5"), l = first(c, of_invoice(c, "order_line", "order", o));
    EXPECT_STR("19.81 EUR", field(c, "order", o, "total"));
    EXPECT_ACT(ACT(c, "commerce.invoice", {"order", ID(o)}, {"lines", ID(l)}, {"quantity", "2"}));
    UPDATE(c, "order", o, {"state", "shipped"});
    comes_back(c, l, "1");
    kith_id back = comes_back(c, l, "3"); /* two of them were not billed, and one was */
    EXPECT_STR("3.000", field(c, "order_line", l, "unbilled"));
    EXPECT_STR("2.000", field(c, "return_request", back, "unbilled"));
    EXPECT_STR("11.89 EUR", field(c, "order", o, "sent_back")); /* 19.81 less what is billed */
    EXPECT_STR("0", field(c, "order", o, "to_invoice"));
    ACT_REFUSED(c, "stands on invoices already, or came back before", "commerce.invoice",
                {"order", ID(o)});
    EXPECT_STR("7.92 EUR", field(c, "account", acme, "balance"));
    UPDATE(c, "return_request", back, {"state", "refunded"});
    kith_id note = first(c, "invoice where kind = 'credit_note'");
    EXPECT_STR("3.96 EUR", INV(note, "total")); /* the one */
    EXPECT_STR("3.96 EUR", field(c, "account", acme, "balance"));
    paid(c, "account", acme, "3.96 EUR");
    EXPECT(*field(c, "order", o, "settled_at"));
    expect_balanced(c);
    close_company(c);
}

TEST("of what is left to be billed the rest comes back, and the invoice is of the others") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}, {"credit_limit", "50 EUR"});
    kith_id pen = product(c, "pen", "10 EUR"), o = placed(c, acme, pen, "5");
    kith_id l = first(c, of_invoice(c, "order_line", "order", o));
    UPDATE(c, "order", o, {"state", "shipped"});
    kith_id back =
        CREATE(c, "return_request", {"order_line", ID(l)}, {"quantity", "2"}, {"restock", "false"});
    UPDATE(c, "return_request", back, {"state", "approved"});
    kith_id tx = write_tx(c, "return_request", back, PAIRS({"state", "received"}));
    EXPECT_STR("20.00 EUR", field(c, "order", o, "sent_back"));
    undo(c, tx);
    EXPECT_STR("0.00 EUR", field(c, "order", o, "sent_back"));
    UPDATE(c, "return_request", back, {"state", "received"});
    UPDATE(c, "return_request", back, {"note", "Two were broken"});
    EXPECT_STR("20.00 EUR", field(c, "order", o, "sent_back"));
    placed(c, acme, pen, "2"); /* 30 of the limit are used */
    ACT_REFUSED(c, "of 'pen' 3 are left", "commerce.invoice", {"order", ID(o)}, {"lines", ID(l)},
                {"quantity", "4"});
    kith_id inv = invoiced(c, o);
    EXPECT_STR("30.00 EUR", INV(inv, "total"));
    UPDATE(c, "return_request", back, {"state", "refunded"});
    EXPECT_INT(0, find(c, "invoice where kind = 'credit_note'").count);
    paid(c, "invoice", inv, "30 EUR");
    EXPECT(*field(c, "order", o, "settled_at"));
    back = comes_back(c, l, "1"); /* this one was billed */
    EXPECT_STR("0.000", field(c, "return_request", back, "unbilled"));
    UPDATE(c, "return_request", back, {"state", "refunded"});
    EXPECT_STR("10.00 EUR", INV(first(c, "invoice where kind = 'credit_note'"), "total"));
    expect_balanced(c);
    close_company(c);
}

TEST("a shop without invoices is paid for what did not come back") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "10 EUR");
    kith_id o = placed(c, acme, pen, "5"), l = first(c, of_invoice(c, "order_line", "order", o));
    UPDATE(c, "order", o, {"state", "shipped"});
    kith_id p = paid(c, "order", o, "20 EUR");
    EXPECT_STR("", field(c, "order", o, "settled_at"));
    kith_id back = CREATE(c, "return_request", {"order_line", ID(l)}, {"quantity", "3"});
    UPDATE(c, "return_request", back, {"state", "approved"});
    kith_id tx = write_tx(c, "return_request", back, PAIRS({"state", "received"}));
    EXPECT(*field(c, "order", o, "settled_at"));
    undo(c, tx);
    drain(c);
    EXPECT_STR("", field(c, "order", o, "settled_at"));
    tx = write_tx(c, "return_request", back, PAIRS({"state", "received"}));
    kith_id more = paid(c, "order", o, "1 EUR");
    undo(c, tx);
    drain(c);
    EXPECT_STR("approved", field(c, "return_request", back, "state"));
    EXPECT_STR("", field(c, "order", o, "settled_at"));
    EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(more)}));
    UPDATE(c, "return_request", back, {"state", "received"});
    EXPECT(*field(c, "order", o, "settled_at"));
    EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(p)}, {"amount", "5 EUR"}));
    EXPECT_STR("", field(c, "order", o, "settled_at"));
    expect_balanced(c);
    close_company(c);
}

/* What a list says: its columns with | between, a line for each row. */
static const char *listed(struct company *c, const char *report, kith_id whom) {
    const struct report *r = engine_report(c->engine, str_of(report));
    const char *at = strchr(r->query, ':'), *out = "";
    const size_t name = strlen(":account");
    struct found f = find(c, arena_printf(&c->arena, "%.*s'%s'%s", (int)(at - r->query), r->query,
                                          ID(whom), at + name));
    EXPECT_STR("id,number,kind,order.number,issued_on,due_on,charge,owed,state", r->fields);
    for (int64_t i = 0; i < f.count; i++)
        out = arena_printf(&c->arena, "%s%s|%s|%s|%s|%s\n", out, INV(f.ids[i], "number"),
                           INV(f.ids[i], "kind"), INV(f.ids[i], "charge"), INV(f.ids[i], "owed"),
                           INV(f.ids[i], "state"));
    return out;
}

TEST("the invoices of a customer are listed with what is open, and credit notes below zero") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "10 EUR");
    kith_id inv = invoiced(c, placed(c, acme, pen, "5"));
    paid(c, "invoice", inv, "50 EUR");
    EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(inv)},
                   {"lines", ID(first(c, "invoice_line"))}, {"quantity", "2"}));
    kith_id late = invoiced(c, placed(c, acme, pen, "3"));
    paid(c, "invoice", late, "5 EUR");
    EXPECT_STR("INV-2023-000003|invoice|30.00 EUR|25.00 EUR|open\n"
               "INV-2023-000002|credit_note|-20.00 EUR|-20.00 EUR|open\n"
               "INV-2023-000001|invoice|50.00 EUR|0.00 EUR|paid\n",
               listed(c, "commerce.invoices", acme));
    UPDATE(c, "invoice", late, {"state", "written_off"});
    EXPECT_STR("0.00 EUR", INV(late, "owed"));
    close_company(c);
}

TEST("profit is of what has a known cost alone, with the revenue of that beside it") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id pen =
        PRODUCT(c, {"code", "pen"}, {"name", "Pen"}, {"price", "10 EUR"}, {"cost", "4 EUR"});
    kith_id talk = PRODUCT(c, {"code", "talk"}, {"name", "Talk"}, {"price", "100 EUR"});
    (void)placed(c, acme, pen, "3");
    (void)placed(c, acme, talk, "1");
    EXPECT_STR("pen|Pen|EUR|3.000|30.00 EUR|30.00 EUR|12.00 EUR|18.00 EUR\n"
               "talk|Talk|EUR|1.000|100.00 EUR|||",
               totals(c, "commerce.profit_by_product"));
    const char *of_acme = totals(c, "commerce.profit_by_customer");
    EXPECT_HAS("|130.00 EUR|30.00 EUR|12.00 EUR|18.00 EUR", of_acme);
    close_company(c);
}

#define PEN_TELLS(quantity, revenue, cost, profit)                                                 \
    do {                                                                                           \
        EXPECT_STR("pen|Pen|EUR|" quantity "|" revenue "|" revenue "|" cost "|" profit,            \
                   totals(c, "commerce.profit_by_product"));                                       \
        EXPECT_STR("pen|Pen|EUR|1|" quantity "|" revenue, totals(c, "commerce.revenue"));          \
    } while (0)

TEST("what was credited, or came back before it was billed, is no revenue and no profit") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id pen = PRODUCT(c, {"code", "pen"}, {"name", "Pen"}, {"price", "10 EUR"},
                          {"cost", "4 EUR"}, {"tax_rate", "20"});
    kith_id o = placed(c, acme, pen, "10"), l = first(c, of_invoice(c, "order_line", "order", o));
    UPDATE(c, "order", o, {"state", "shipped"});
    PEN_TELLS("10.000", "100.00 EUR", "40.00 EUR", "60.00 EUR");
    comes_back(c, l, "1"); /* not billed: it is in stock again */
    PEN_TELLS("9.000", "90.00 EUR", "36.00 EUR", "54.00 EUR");
    kith_id inv = invoiced(c, o), back = comes_back(c, l, "2");
    PEN_TELLS("9.000", "90.00 EUR", "36.00 EUR", "54.00 EUR");
    UPDATE(c, "return_request", back, {"state", "refunded"});
    PEN_TELLS("7.000", "70.00 EUR", "28.00 EUR", "42.00 EUR");
    kith_id of = first(c, of_invoice(c, "invoice_line", "invoice", inv));
    EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(inv)}, {"lines", ID(of)},
                   {"quantity", "3"})); /* they keep it */
    PEN_TELLS("4.000", "40.00 EUR", "28.00 EUR", "12.00 EUR");
    EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(inv)}, {"rebill", "true"}));
    PEN_TELLS("4.000", "40.00 EUR", "28.00 EUR", "12.00 EUR"); /* it is billed again */
    EXPECT_STR(arena_printf(&c->arena, "%s|Acme|EUR|4.000|40.00 EUR|40.00 EUR|28.00 EUR|12.00 EUR",
                            ID(acme)),
               totals(c, "commerce.profit_by_customer"));
    expect_balanced(c);
    close_company(c);
}

TEST("what is not paid in time becomes overdue by itself, and may be written off") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "10 EUR");
    kith_id inv = invoiced(c, placed(c, acme, pen, "5")),
            good = invoiced(c, placed(c, acme, pen, "1"));
    paid(c, "invoice", good, "10 EUR");
    REFUSED(c, "are open, and it is due on its day", "invoice", inv, {"state", "overdue"});
    clock_advance(&c->clock, INT64_C(16) * 86400000);
    UPDATE(c, "account", acme, {"name", "Acme Ltd"}); /* timers look at the clock */
    for (int i = 0; i < 200 && strcmp("overdue", INV(inv, "state")) != 0; i++) {
        drain(c);
        usleep(10000);
    }
    EXPECT_STR("overdue", INV(inv, "state"));
    EXPECT_STR("paid", INV(good, "state"));
    paid(c, "invoice", inv, "20 EUR");
    EXPECT_STR("overdue", INV(inv, "state"));
    UPDATE(c, "invoice", inv, {"state", "written_off"});
    EXPECT_STR("0.00 EUR", INV(inv, "open"));
    EXPECT_STR("0.00 EUR", field(c, "account", acme, "balance"));
    ACT_REFUSED(c, "nothing of INV-2023-000001 is open; it is written_off", "commerce.pay",
                {"invoice", ID(inv)}, {"amount", "5 EUR"});
    ACT_REFUSED(c, "is written off already", "commerce.credit", {"invoice", ID(inv)});
    expect_balanced(c);
    close_company(c);
}

TEST("the placing is not undone under an invoice, from a quote as from a cart") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "3 EUR");
    kith_id pens = CREATE(c, "stock", {"product", ID(pen)});
    CREATE(c, "stock_movement", {"stock", ID(pens)}, {"kind", "receipt"}, {"quantity", "9"});
    for (int i = 0; i < 2; i++) {
        kith_id o = CREATE(c, "order", {"account", ID(acme)});
        add_line(c, o, pen, "2");
        if (i)
            UPDATE(c, "order", o, {"state", "quoted"});
        kith_id tx = write_tx(c, "order", o, PAIRS({"state", "ordered"}));
        kith_id inv = invoiced(c, o);
        EXPECT_STR(arena_printf(&c->arena,
                                "state: %s stands on %s; credit that first (commerce.credit)",
                                field(c, "order", o, "number"), INV(inv, "number")),
                   undo_stays(c, tx));
        EXPECT_STR("ordered", field(c, "order", o, "state"));
        EXPECT_STR(i ? "4.000" : "2.000", field(c, "stock", pens, "reserved"));
        paid(c, "invoice", inv, "6 EUR");
        EXPECT_STR("paid", field(c, "order", o, "state"));
        undo_stays(c, tx);
        EXPECT(*field(c, "order", o, "placed_at"));
        EXPECT_STR(i ? "4.000" : "2.000", field(c, "stock", pens, "reserved"));
    }
    expect_balanced(c);
    close_company(c);
}

TEST("the receipt of what was refunded since stays as a whole") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "3 EUR");
    kith_id pens = CREATE(c, "stock", {"product", ID(pen)});
    CREATE(c, "stock_movement", {"stock", ID(pens)}, {"kind", "receipt"}, {"quantity", "9"});
    kith_id o = placed(c, acme, pen, "2"), l = first(c, of_invoice(c, "order_line", "order", o));
    invoiced(c, o);
    UPDATE(c, "order", o, {"state", "shipped"});
    kith_id back = CREATE(c, "return_request", {"order_line", ID(l)}, {"quantity", "2"});
    UPDATE(c, "return_request", back, {"state", "approved"});
    kith_id tx = write_tx(c, "return_request", back, PAIRS({"state", "received"}));
    UPDATE(c, "return_request", back, {"state", "refunded"});
    undo_stays(c, tx);
    EXPECT_STR("9.000", field(c, "stock", pens, "on_hand"));
    EXPECT_STR("returned", field(c, "order", o, "state"));
    EXPECT(*field(c, "return_request", back, "received_at"));
    EXPECT_STR("0", field(c, "order", o, "to_return"));
    expect_balanced(c);
    close_company(c);
}

TEST("nothing that was booked is undone, and the refusal tells so") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "10 EUR");
    kith_id o = placed(c, acme, pen, "5");
    struct act a = ACT(c, "commerce.invoice", {"order", ID(o)});
    struct act pay = ACT(c, "commerce.pay", {"order", ID(o)}, {"amount", "50 EUR"});
    const kith_id txs[] = {pay.tx, a.tx};
    EXPECT_STR("paid", field(c, "order", o, "state"));
    for (int i = 0; i < 2; i++) {
        struct undo_report report;
        kith_error e = KITH_ERROR_INIT;
        EXPECT_OK(engine_undo(c->engine, &anna, txs[i], false, &c->arena, &report, &e), e);
        EXPECT(report.refused > 0);
        expect_balanced(c);
    }
    EXPECT_STR("paid", INV(result_id(&a, 0), "state"));
    EXPECT_STR("paid", field(c, "order", o, "state"));
    kith_id cart = CREATE(c, "order", {"account", ID(acme)});
    add_line(c, cart, pen, "1");
    kith_id tx = write_tx(c, "order", cart, PAIRS({"state", "ordered"}));
    invoiced(c, cart);
    struct undo_report report;
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_undo(c->engine, &anna, tx, false, &c->arena, &report, &e), e);
    EXPECT_INT(1, report.refused);
    EXPECT_STR("ordered", field(c, "order", cart, "state"));
    close_company(c);
}
