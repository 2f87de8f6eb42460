/* SPDX-License-Identifier: Apache-2.0 */
/* Payments: what they pay, what stays on account, what goes back, and what is refused. */
#include "billing.h"
#include <pthread.h>

#define INV(id, name) field(c, "invoice", id, name)
#define PAY(id, name) field(c, "payment", id, name)

struct world {
    struct company company;
    kith_id acme, pen;
};
static struct company *begin(struct world *w, const char *conf) {
    struct company *c = &w->company;
    OPEN(c, conf, "commerce");
    w->acme = CREATE(c, "account", {"name", "Acme"});
    w->pen = product(c, "pen", "10 EUR");
    return c;
}
static kith_id billed(struct world *w, const char *quantity, const char *due) {
    struct company *c = &w->company;
    return CREATE(c, "invoice", {"order", ID(placed(c, w->acme, w->pen, quantity))},
                  {"due_on", due});
}

TEST("an undo leaves an order paid whose payment stays") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "3 EUR");
    kith_id o = placed(c, acme, pen, "2");
    kith_id p = CREATE(c, "payment", {"order", ID(o)}, {"amount", "6 EUR"});
    kith_id tx = write_tx(c, "payment", p, PAIRS({"state", "received"}));
    EXPECT(*field(c, "order", o, "settled_at"));
    kith_error e = KITH_ERROR_INIT;
    struct undo_report report;
    (void)engine_undo(c->engine, &anna, tx, false, &c->arena, &report, &e);
    EXPECT_STR("received", field(c, "payment", p, "state"));
    EXPECT(*field(c, "order", o, "settled_at"));
    EXPECT_STR("paid", field(c, "order", o, "state"));
    close_company(c);
}

TEST("an order whose invoice is paid and credited to be made anew is not paid any more") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "3 EUR");
    kith_id o = placed(c, acme, pen, "2"), inv = invoiced(c, o);
    paid(c, "account", acme, "6 EUR"); /* for no order: it does not come back to this one */
    EXPECT(*field(c, "order", o, "settled_at"));
    EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(inv)}, {"rebill", "true"}));
    EXPECT_STR("0.00 EUR", field(c, "order", o, "invoiced"));
    EXPECT_STR("", field(c, "order", o, "settled_at"));
    expect_balanced(c);
    close_company(c);
}

TEST("a payment pays what is due first, and what is too much stays on account") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id late = billed(&w, "4", "2023-12-24"), soon = billed(&w, "3", "2023-11-24");
    kith_id p = paid(c, "account", w.acme, "50 EUR");
    EXPECT_STR("P-000001", PAY(p, "number"));
    EXPECT_STR("paid", INV(soon, "state"));
    EXPECT_STR("20.00 EUR", INV(late, "open"));
    EXPECT_STR("20.00 EUR", field(c, "account", w.acme, "balance"));
    kith_id q = paid(c, "account", w.acme, "32 EUR");
    EXPECT_STR("paid", INV(late, "state"));
    EXPECT_STR("12.00 EUR", PAY(q, "open"));
    EXPECT_STR("-12.00 EUR", field(c, "account", w.acme, "balance"));
    expect_balanced(c);
    kith_id next = billed(&w, "1", "2023-12-24");
    kith_id a =
        CREATE(c, "allocation", {"payment", ID(q)}, {"invoice", ID(next)}, {"amount", "10 EUR"});
    EXPECT_STR("paid", INV(next, "state"));
    EXPECT_STR("2.00 EUR", PAY(q, "open"));
    REFUSED(c, "an allocation stays as it is", "allocation", a, {"amount", "1 EUR"});
    remove_record(c, "allocation", a);
    EXPECT_STR("open", INV(next, "state"));
    EXPECT_STR("12.00 EUR", PAY(q, "open"));
    expect_balanced(c);
    close_company(c);
}

TEST("what is on account pays what is due, credit notes first") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id old = billed(&w, "3", "2023-11-20"), p = paid(c, "invoice", old, "50 EUR");
    struct act a = ACT(c, "commerce.credit", {"invoice", ID(old)});
    EXPECT_ACT(a);
    kith_id note = result_id(&a, 0);
    kith_id later = billed(&w, "1", "2023-12-24"), soon = billed(&w, "4", "2023-11-24");
    a = ACT(c, "commerce.allocate", {"account", ID(w.acme)});
    EXPECT_ACT(a);
    EXPECT_STR("3", result_text(c, &a, "allocations"));
    EXPECT_STR("0.00 EUR", INV(note, "open"));
    EXPECT_STR("paid", INV(soon, "state"));
    EXPECT_STR("paid", INV(later, "state"));
    EXPECT_STR("0.00 EUR", PAY(p, "open"));
    EXPECT_STR("false", PAY(p, "on_account"));
    expect_balanced(c);
    close_company(c);
}

TEST("a payment that is imported as received pays and is booked as any other") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id inv = billed(&w, "3", "2023-11-20");
    const struct write_opts import = {.principal = &anna, .origin = ORIGIN_IMPORT};
    struct put p = {c, "payment", 0,
                    PAIRS({"account", ID(w.acme)}, {"amount", "30 EUR"}, {"state", "received"})};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c->engine, &import, put_txn, &p, NULL, &e), e);
    EXPECT_STR("paid", INV(inv, "state"));
    p = (struct put){c, "invoice", 0,
                     PAIRS({"order", ID(placed(c, w.acme, w.pen, "1"))}, {"state", "paid"})};
    EXPECT(engine_write(c->engine, &import, put_txn, &p, NULL, &e) != KITH_OK);
    EXPECT_HAS("an invoice begins open", e.message);
    expect_balanced(c);
    close_company(c);
}

TEST("an order is paid when its money is there, and not before") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id o = placed(c, w.acme, w.pen, "5");
    REFUSED(c, "50.00 EUR of O-000001 are not paid yet; record the payment", "order", o,
            {"state", "paid"});
    kith_id p = paid(c, "order", o, "20 EUR");
    EXPECT_STR("20.00 EUR", field(c, "order", o, "prepaid"));
    EXPECT_STR("card", PAY(p, "method"));
    REFUSED(c, "30.00 EUR of O-000001 are not paid", "order", o, {"state", "paid"});
    kith_id inv = invoiced(c, o);
    EXPECT_STR("30.00 EUR", INV(inv, "open"));
    EXPECT_STR("0.00 EUR", PAY(p, "open"));
    EXPECT_STR("ordered", field(c, "order", o, "state"));
    paid(c, "order", o, "30 EUR");
    EXPECT_STR("paid", INV(inv, "state"));
    EXPECT_STR("paid", field(c, "order", o, "state"));
    EXPECT(*field(c, "order", o, "settled_at"));
    expect_balanced(c);
    close_company(c);
}

TEST("an order with money is no cart again, and is cancelled when nothing of it is owed") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id o = placed(c, w.acme, w.pen, "5"), p = paid(c, "order", o, "20 EUR");
    REFUSED(c, "has invoices or payments", "order", o, {"state", "cart"});
    kith_id inv = invoiced(c, o);
    paid(c, "invoice", inv, "30 EUR");
    REFUSED(c, "O-000001 stands on INV-2023-000001; credit that first (commerce.credit)", "order",
            o, {"state", "cancelled"});
    EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(inv)}));
    UPDATE(c, "order", o, {"state", "cancelled"});
    EXPECT_STR("-50.00 EUR", field(c, "account", w.acme, "balance"));
    EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(p)}));
    EXPECT_STR("-30.00 EUR", field(c, "account", w.acme, "balance"));
    expect_balanced(c);
    close_company(c);
}

TEST("an order whose money was sent back before it left is ordered, and not paid") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id o = placed(c, w.acme, w.pen, "5"), inv = invoiced(c, o);
    kith_id p = paid(c, "invoice", inv, "50 EUR");
    EXPECT_STR("paid", field(c, "order", o, "state"));
    EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(p)}));
    EXPECT_STR("ordered", field(c, "order", o, "state"));
    EXPECT_STR("", field(c, "order", o, "settled_at"));
    paid(c, "invoice", inv, "50 EUR");
    EXPECT_STR("paid", field(c, "order", o, "state"));
    REFUSED(c, "refund the payment first (commerce.refund)", "order", o, {"state", "ordered"});
    expect_balanced(c);
    close_company(c);
}

TEST("an order that was credited and whose money went back is not paid, in either order") {
    for (int i = 0; i < 3; i++) {
        struct world w;
        struct company *c = begin(&w, SHOP(""));
        kith_id o = placed(c, w.acme, w.pen, "5"), inv = invoiced(c, o);
        kith_id p = paid(c, "invoice", inv, "50 EUR");
        if (i == 1)
            EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(p)}));
        EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(inv)}));
        if (i == 0)
            EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(p)}));
        EXPECT_STR("ordered", field(c, "order", o, "state"));
        EXPECT_STR("", field(c, "order", o, "settled_at"));
        REFUSED(c, "there is nothing to pay for of O-000001: all of it came back, or was credited",
                "order", o, {"state", "paid"});
        UPDATE(c, "order", o, {"state", "cancelled"});
        expect_balanced(c);
        close_company(c);
    }
}

TEST("an order of which a part was credited and went back is paid, and is not when more goes") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id o = placed(c, w.acme, w.pen, "5"), inv = invoiced(c, o);
    kith_id p = paid(c, "invoice", inv, "50 EUR");
    struct found lines = find(c, "invoice_line");
    EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(inv)}, {"lines", ID(lines.ids[0])},
                   {"quantity", "2"}));
    EXPECT_INT(1, heard(c, "order.settled"));
    EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(p)}, {"amount", "20 EUR"}));
    EXPECT_STR("paid", field(c, "order", o, "state"));
    EXPECT_INT(1, heard(c, "order.settled")); /* it was paid all the time */
    EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(p)}, {"amount", "10 EUR"}));
    EXPECT_STR("ordered", field(c, "order", o, "state"));
    expect_balanced(c);
    close_company(c);
}

TEST("an order that is shipped stays so when it is paid, and is settled") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id o = placed(c, w.acme, w.pen, "5"), inv = invoiced(c, o);
    UPDATE(c, "order", o, {"state", "shipped"});
    EXPECT_STR("", field(c, "order", o, "settled_at"));
    kith_id p = paid(c, "invoice", inv, "50 EUR");
    EXPECT_STR("shipped", field(c, "order", o, "state"));
    EXPECT_INT(1, heard(c, "order.settled"));
    EXPECT(*field(c, "order", o, "settled_at"));
    EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(p)}));
    EXPECT_STR("", field(c, "order", o, "settled_at"));
    EXPECT_STR("open", INV(inv, "state"));
    EXPECT_STR("refunded", PAY(p, "state"));
    EXPECT_STR("50.00 EUR", field(c, "account", w.acme, "balance"));
    expect_balanced(c);
    close_company(c);
}

TEST("what was credited of an invoice that is paid goes back by a refund of a part") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id inv = billed(&w, "10", "2023-12-01"), p = paid(c, "invoice", inv, "100 EUR");
    struct found lines = find(c, "invoice_line");
    struct act a = ACT(c, "commerce.credit", {"invoice", ID(inv)}, {"lines", ID(lines.ids[0])},
                       {"quantity", "3"});
    EXPECT_ACT(a);
    kith_id note = result_id(&a, 0);
    EXPECT_STR("30.00 EUR", INV(note, "open"));
    EXPECT_STR("-30.00 EUR", field(c, "account", w.acme, "balance"));
    EXPECT_ACT(ACT(c, "commerce.refund", {"payment", ID(p)}, {"amount", "30 EUR"}));
    EXPECT_STR("received", PAY(p, "state"));
    EXPECT_STR("30.00 EUR", PAY(p, "refunded"));
    EXPECT_STR("70.00 EUR", PAY(p, "allocated"));
    EXPECT_STR("paid", INV(note, "state"));
    EXPECT_STR("paid", INV(inv, "state"));
    EXPECT_STR("0.00 EUR", field(c, "account", w.acme, "balance"));
    ACT_REFUSED(c, "at most 100.00 EUR go back", "commerce.refund", {"payment", ID(p)},
                {"amount", "71 EUR"});
    ACT_REFUSED(c, "amount: it is more than 0", "commerce.refund", {"payment", ID(p)},
                {"amount", "-1 EUR"});
    REFUSED(c, "never less than before", "payment", p, {"refunded", "10 EUR"});
    UPDATE(c, "payment", p, {"state", "refunded"});
    EXPECT_STR("100.00 EUR", PAY(p, "refunded"));
    EXPECT_STR("70.00 EUR", INV(inv, "open"));
    expect_balanced(c);
    close_company(c);
}

TEST("money in another currency, less than none, too much, and of others is refused") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id inv = billed(&w, "2", "2023-12-01");
    kith_id other = CREATE(c, "account", {"name", "Other"}), p = paid(c, "account", other, "5 EUR");
    ACT_REFUSED(c, "amount: it is in USD, and INV-2023-000001 is in EUR", "commerce.pay",
                {"invoice", ID(inv)}, {"amount", "20 USD"});
    ACT_REFUSED(c, "amount: it is more than 0", "commerce.pay", {"invoice", ID(inv)},
                {"amount", "-20 EUR"});
    ACT_REFUSED(c, "say who pays", "commerce.pay", {"amount", "20 EUR"});
    ACT_REFUSED(c, "is of another customer", "commerce.pay", {"invoice", ID(inv)},
                {"account", ID(other)}, {"amount", "20 EUR"});
    REFUSED(c, "is of another customer than P-000001", "allocation", 0, {"payment", ID(p)},
            {"invoice", ID(inv)}, {"amount", "5 EUR"});
    kith_id q = CREATE(c, "payment", {"account", ID(w.acme)}, {"amount", "30 EUR"});
    REFUSED(c, "brings no money", "allocation", 0, {"payment", ID(q)}, {"invoice", ID(inv)},
            {"amount", "5 EUR"});
    UPDATE(c, "payment", q, {"state", "received"});
    EXPECT_STR("paid", INV(inv, "state"));
    kith_id more = billed(&w, "3", "2023-12-01");
    REFUSED(c, "11.00 EUR is too much; 10.00 EUR are left of P-000002, and 30.00 EUR are open",
            "allocation", 0, {"payment", ID(q)}, {"invoice", ID(more)}, {"amount", "11 EUR"});
    REFUSED(c, "one of them", "allocation", 0, {"invoice", ID(more)}, {"amount", "1 EUR"});
    REFUSED(c, "is received and stays as it is", "payment", q, {"amount", "31 EUR"});
    KEEPS(c, "payment", q, "was received and is kept");
    expect_balanced(c);
    close_company(c);
}

TEST("the same reference is one payment, and the number of a card is none") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    kith_id other = CREATE(c, "account", {"name", "Other"});
    CREATE(c, "payment", {"account", ID(w.acme)}, {"amount", "5 EUR"}, {"reference", "T-77"});
    REFUSED(c, "P-000001 of this payer has it already", "payment", 0, {"account", ID(w.acme)},
            {"amount", "5 EUR"}, {"reference", "T-77"});
    CREATE(c, "payment", {"account", ID(other)}, {"amount", "5 EUR"}, {"reference", "T-77"});
    REFUSED(c, "looks like the number of a card", "payment", 0, {"account", ID(w.acme)},
            {"amount", "5 EUR"}, {"reference", "4111 1111 1111 1111"});
    CREATE(c, "payment", {"account", ID(w.acme)}, {"amount", "5 EUR"},
           {"reference", "4111 1111 1111 1112"});
    close_company(c);
}

/* -- two at once --------------------------------------------------------------------------------
 */

struct payer {
    struct company *c;
    kith_id invoice;
    kith_status status;
    char message[448];
};
static void *pay_it(void *arg) {
    struct payer *p = arg;
    struct arena arena = {0};
    kith_value args[ACT_MAX] = {0}, results[ACT_MAX] = {0};
    kith_error e = KITH_ERROR_INIT;
    const struct action *a = engine_action(p->c->engine, str_of("commerce.pay"));
    args[0] =
        (kith_value){.kind = KITH_LINK, .as.link = {p->invoice, type_of(p->c, "invoice")->id, 0}};
    for (uint32_t i = 0; i < a->param_count; i++)
        if (strcmp(a->params[i]->name, "amount") == 0)
            args[i] = value_str(str_of("20 EUR"));
    p->status = engine_call(p->c->engine, NULL, &by_anna, a, args, &arena, results, NULL, &e);
    memcpy(p->message, e.message, sizeof e.message);
    arena_free(&arena);
    return NULL;
}

TEST("two who pay the same invoice at once: one pays, the other is told") {
    struct world w;
    struct company *c = begin(&w, SHOP(""));
    for (int i = 0; i < 20; i++) {
        kith_id inv = billed(&w, "2", "2023-12-01");
        struct payer p[2] = {{.c = c, .invoice = inv}, {.c = c, .invoice = inv}};
        pthread_t threads[2];
        for (int k = 0; k < 2; k++)
            EXPECT_INT(0, pthread_create(&threads[k], NULL, pay_it, &p[k]));
        for (int k = 0; k < 2; k++)
            pthread_join(threads[k], NULL);
        EXPECT_INT(1, (p[0].status == KITH_OK) + (p[1].status == KITH_OK));
        EXPECT_HAS("is open; it is paid", p[p[0].status == KITH_OK].message);
        EXPECT_STR("0.00 EUR", INV(inv, "open"));
    }
    EXPECT_STR("0.00 EUR", field(c, "account", w.acme, "balance"));
    expect_balanced(c);
    close_company(c);
}
