/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions: terms, charges, upgrades, downgrades, cancellation. Today is 2023-11-14. */
#include "owned.h"

struct world {
    struct company c;
    kith_id ada, small, large;
};

static void open_world(struct world *w, const char *settings) {
    OPEN(&w->c, settings, "commerce");
    w->ada = CREATE(&w->c, "contact", {"name", "Ada"});
    w->small = PRODUCT(&w->c, {"code", "S"}, {"name", "Small"}, {"kind", "subscription"},
                       {"price", "30 EUR"});
    w->large = PRODUCT(&w->c, {"code", "L"}, {"name", "Large"}, {"kind", "subscription"},
                       {"price", "60 EUR"});
}
#define SUBSCRIBE(w, ...)                                                                          \
    CREATE(&(w)->c, "subscription", {"contact", id_text(&(w)->c, (w)->ada)}, __VA_ARGS__)
#define PLAN(w, plan)                                                                              \
    { "product", id_text(&(w)->c, (w)->plan) }
#define SHOWS(w, expected, id, name) EXPECT_STR(expected, field(&(w)->c, "subscription", id, name))
#define CHANGE(w, id, ...)                                                                         \
    ACT(&(w)->c, "commerce.change_plan", {"subscription", id_text(&(w)->c, id)}, __VA_ARGS__)

/* The total of the n-th order, from 0. */
static const char *order_total(struct world *w, int n) {
    struct found f = find(&w->c, "order order by id");
    return n < f.count ? field(&w->c, "order", f.ids[n], "total") : "none";
}

TEST("a subscription is charged at once, and again with each term") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small), {"quantity", "2"}, {"discount", "10"});
    SHOWS(&w, "active", s, "state");
    SHOWS(&w, "2023-11-14", s, "term_start");
    SHOWS(&w, "2023-12-14", s, "term_end");
    SHOWS(&w, "30.00 EUR", s, "price");
    EXPECT_STR("54.00 EUR", order_total(&w, 0));
    EXPECT_INT(1, find(&w.c, "order where state = 'ordered' and subscription.number = 'SUB-000001' "
                             "and reference = 'SUB-000001'")
                      .count);
    EXPECT_INT(
        1, find(&w.c, "order_line where description = 'Small, 2023-11-14 to 2023-12-13'").count);
    nights(&w.c, 29);
    EXPECT_INT(1, find(&w.c, "order").count);
    nights(&w.c, 1);
    EXPECT_INT(2, find(&w.c, "order").count);
    SHOWS(&w, "2024-01-14", s, "term_end");
    nights(&w.c, 31);
    SHOWS(&w, "3", s, "terms");
    SHOWS(&w, "3", s, "charges");
    EXPECT_INT(3, told(&w.c, "subscription.charged"));
    EXPECT_INT(2, told(&w.c, "subscription.renewed"));
    close_company(&w.c);
}

TEST("a subscription is undone with its charge, and stays with one that is paid") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_error e = KITH_ERROR_INIT;
    struct undo_report report;
    for (int i = 0; i < 2; i++) {
        kith_id tx =
            write_tx(&w.c, "subscription", 0,
                     PAIRS({"contact", id_text(&w.c, w.ada)}, {"product", id_text(&w.c, w.small)}));
        struct found f = find(&w.c, "order order by id");
        EXPECT_INT(1, f.count);
        if (i)
            EXPECT_ACT(
                ACT(&w.c, "commerce.pay", {"order", id_text(&w.c, f.ids[0])}, {"amount", "5 EUR"}));
        (void)engine_undo(w.c.engine, &anna, tx, false, &w.c.arena, &report, &e);
        EXPECT_INT(i, find(&w.c, "order").count);
        EXPECT_INT(i, find(&w.c, "subscription where state = 'active'").count);
        EXPECT_INT(i, find(&w.c, "subscription").count);
    }
    close_company(&w.c);
}

TEST("what was undone is undone again with what it charged, and an upgrade with its difference") {
    struct world w;
    struct undo_report report;
    struct company *c = &w.c;
    kith_error e = KITH_ERROR_INIT;
    open_world(&w, SHOP(""));
    struct act a = ACT(c, "commerce.subscribe", {"contact", id_text(c, w.ada)}, PLAN(&w, small));
    EXPECT_ACT(a);
    kith_id s = a.results[0].as.link.id;
    EXPECT_OK(engine_undo(c->engine, &anna, a.tx, false, &c->arena, &report, &e), e);
    EXPECT_INT(0, find(c, "subscription").count);
    undo(c, report.tx);
    SHOWS(&w, "active", s, "state");
    EXPECT_INT(1, find(c, "order where state = 'ordered' and total = '30 EUR'").count);
    nights(c, 10);
    for (int paid = 0; paid < 2; paid++) {
        a = CHANGE(&w, s, PLAN(&w, large));
        EXPECT_ACT(a);
        EXPECT_INT(2, find(c, "order where state = 'ordered'").count);
        if (paid)
            EXPECT_ACT(ACT(c, "commerce.pay", {"order", id_text(c, a.results[2].as.link.id)},
                           {"amount", "5 EUR"}));
        EXPECT_OK(engine_undo(c->engine, &anna, a.tx, false, &c->arena, &report, &e), e);
        SHOWS(&w, id_text(c, paid ? w.large : w.small), s, "product");
        SHOWS(&w, paid ? "60.00 EUR" : "30.00 EUR", s, "price");
        EXPECT_INT(paid ? 2 : 1, find(c, "order where state = 'ordered'").count);
    }
    close_company(c);
}

/* The transaction in which a record came to be. */
static kith_id made_in(struct company *c, const char *type, kith_id id) {
    struct conn *conn;
    struct journal_row row;
    kith_error e = KITH_ERROR_INIT;
    kith_id tx = 0;
    EXPECT_OK(engine_snapshot(c->engine, &conn, &e), e);
    for (uint64_t seq = 1; journal_row_read(conn, seq, &c->arena, &row, &e) == KITH_OK; seq++)
        if (row.kind == ROW_CREATE && row.record == id && row.type == type_of(c, type)->id)
            tx = row.tx;
    engine_snapshot_done(conn);
    return tx;
}

TEST("a renewal is undone with its charge, and not under an order that stays") {
    for (int i = 0; i < 3; i++) {
        struct world w;
        struct company *c = &w.c;
        open_world(&w, SHOP(""));
        kith_id s = SUBSCRIBE(&w, PLAN(&w, small));
        nights(c, 30);
        SHOWS(&w, "2", s, "terms");
        kith_id o = find(c, "order order by -id").ids[0];
        EXPECT_STR("2023-12-14", field(c, "order", o, "term_start"));
        if (i == 1)
            EXPECT_ACT(ACT(c, "commerce.pay", {"order", id_text(c, o)}, {"amount", "30 EUR"}));
        if (i == 2)
            UPDATE(c, "order", o, {"state", "cancelled"}); /* it stays, and charges nothing */
        kith_error e = KITH_ERROR_INIT;
        struct undo_report report;
        EXPECT_OK(
            engine_undo(c->engine, &anna, made_in(c, "order", o), false, &c->arena, &report, &e),
            e);
        SHOWS(&w, i == 1 ? "2" : "1", s, "terms");
        SHOWS(&w, i == 1 ? "2024-01-14" : "2023-12-14", s, "term_end");
        EXPECT_INT(i ? 2 : 1, find(c, "order").count);
        if (i == 1) {
            EXPECT(report.refused > 0);
            nights(c, 1);
            EXPECT_INT(2, find(c, "order").count); /* it is charged once */
        }
        close_company(c);
    }
}

TEST("terms from the 31st end with short months and come back to the 31st") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small), {"started", "2024-01-31"});
    static const char *const ends[] = {"2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"};
    SHOWS(&w, ends[0], s, "term_end");
    static const int days[] = {107, 31, 30}; /* to 29 February, 31 March, 30 April */
    for (int i = 0; i < 3; i++) {
        nights(&w.c, days[i]);
        SHOWS(&w, ends[i + 1], s, "term_end");
    }
    kith_id q = SUBSCRIBE(&w, PLAN(&w, small), {"started", "2023-11-30"}, {"period", "quarter"});
    SHOWS(&w, "2024-02-29", q, "term_end");
    kith_id y = SUBSCRIBE(&w, PLAN(&w, small), {"started", "2024-02-29"}, {"period", "year"});
    SHOWS(&w, "2025-02-28", y, "term_end");
    close_company(&w.c);
}

TEST("COM-X10: an upgrade on day 10 holds at once, a downgrade on day 12 at the end of the term") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small), {"quantity", "3"});
    nights(&w.c, 10);
    struct act a = CHANGE(&w, s, PLAN(&w, large));
    EXPECT_ACT(a);
    EXPECT_STR("upgrade", result_text(&w.c, &a, "how"));
    EXPECT_STR("2023-11-24", result_text(&w.c, &a, "effective"));
    EXPECT_STR("60.00 EUR", result_text(&w.c, &a, "charged")); /* 3 * (60 - 30) * 20 / 30 */
    EXPECT_STR("60.00 EUR", field(&w.c, "order", a.results[2].as.link.id, "total"));
    SHOWS(&w, id_text(&w.c, w.large), s, "product");
    EXPECT_INT(
        1, find(&w.c, "order_line where description = 'Upgrade: 20 of 30 days of the term'").count);
    nights(&w.c, 2);
    a = CHANGE(&w, s, PLAN(&w, small), {"quantity", "1"});
    EXPECT_ACT(a);
    EXPECT_STR("downgrade", result_text(&w.c, &a, "how"));
    EXPECT_STR("2023-12-14", result_text(&w.c, &a, "effective"));
    EXPECT_STR("", result_text(&w.c, &a, "charged"));
    SHOWS(&w, id_text(&w.c, w.large), s, "product");
    EXPECT_INT(2, find(&w.c, "order").count);
    nights(&w.c, 18);
    SHOWS(&w, id_text(&w.c, w.small), s, "product");
    SHOWS(&w, "1", s, "quantity");
    SHOWS(&w, "", s, "next_plan");
    EXPECT_STR("30.00 EUR", order_total(&w, 2));
    close_company(&w.c);
}

TEST("more users are charged to the cent, also by whoever writes the record itself") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small), {"price", "9.99 EUR"}, {"discount", "7.5"});
    nights(&w.c, 17);
    UPDATE(&w.c, "subscription", s, {"quantity", "2"});
    EXPECT_STR("4.00 EUR", order_total(&w, 1)); /* 9.99 * 0.925 * 13 / 30 = 4.004325 */
    REFUSED(&w.c, "quantity: what costs less begins at the end of the term; set next_plan",
            "subscription", s, {"quantity", "1"});
    UPDATE(&w.c, "subscription", s, {"next_quantity", "1"});
    UPDATE(&w.c, "subscription", s, {"price", "5 EUR"}); /* holds from the next charge on */
    EXPECT_INT(2, find(&w.c, "order").count);
    nights(&w.c, 13);
    EXPECT_STR("4.63 EUR", order_total(&w, 2)); /* 5 * 0.925 = 4.625 */
    close_company(&w.c);
}

TEST("a trial is charged when it is over, and changes as long as it lasts without a charge") {
    struct world w;
    open_world(&w, SHOP("subscription: { trial_days = 14; };"));
    struct act a =
        ACT(&w.c, "commerce.subscribe", PLAN(&w, small), {"contact", id_text(&w.c, w.ada)});
    EXPECT_ACT(a);
    kith_id s = a.results[0].as.link.id;
    EXPECT_STR("trial", result_text(&w.c, &a, "state"));
    EXPECT_STR("2023-11-28", result_text(&w.c, &a, "term_end"));
    EXPECT_ACT(CHANGE(&w, s, PLAN(&w, large)));
    EXPECT_ACT(CHANGE(&w, s, {"quantity", "4"}));
    EXPECT_ACT(CHANGE(&w, s, {"quantity", "2"}));
    nights(&w.c, 13);
    EXPECT_INT(0, find(&w.c, "order").count);
    nights(&w.c, 1);
    SHOWS(&w, "active", s, "state");
    SHOWS(&w, "2023-12-28", s, "term_end");
    EXPECT_STR("120.00 EUR", order_total(&w, 0));
    a = ACT(&w.c, "commerce.subscribe", PLAN(&w, small), {"contact", id_text(&w.c, w.ada)},
            {"trial_days", "0"});
    EXPECT_STR("active", result_text(&w.c, &a, "state"));
    EXPECT_STR("30.00 EUR", result_text(&w.c, &a, "charged"));
    close_company(&w.c);
}

TEST("it is cancelled at the end of its term, or expires when it does not renew") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small));
    kith_id once = SUBSCRIBE(&w, PLAN(&w, small), {"renews", "false"});
    kith_id unpaid = SUBSCRIBE(&w, PLAN(&w, small));
    UPDATE(&w.c, "subscription", unpaid, {"state", "past_due"});
    struct act a =
        ACT(&w.c, "commerce.cancel", {"subscription", id_text(&w.c, s)}, {"reason", "too dear"});
    EXPECT_ACT(a);
    EXPECT_STR("2023-12-14", result_text(&w.c, &a, "effective"));
    EXPECT_STR("", result_text(&w.c, &a, "refund"));
    SHOWS(&w, "active", s, "state");
    nights(&w.c, 30);
    SHOWS(&w, "cancelled", s, "state");
    SHOWS(&w, "2023-12-14", s, "ended_on");
    SHOWS(&w, "expired", once, "state");
    SHOWS(&w, "expired", unpaid, "state");
    SHOWS(&w, "its last term was not paid", unpaid, "ended_because");
    EXPECT_INT(3, find(&w.c, "order").count);
    a = ACT(&w.c, "commerce.cancel", {"subscription", id_text(&w.c, s)});
    EXPECT_HAS("SUB-000001 is cancelled already", a.message);
    a = CHANGE(&w, s, PLAN(&w, large));
    EXPECT_HAS("only one that is active or on trial changes", a.message);
    close_company(&w.c);
}

TEST("whoever cancels at once gets the money back within the first month, and not later") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small)), late = SUBSCRIBE(&w, PLAN(&w, large));
    nights(&w.c, 10);
    EXPECT_ACT(CHANGE(&w, s, PLAN(&w, large)));
    struct act a =
        ACT(&w.c, "commerce.cancel", {"subscription", id_text(&w.c, s)}, {"now", "true"});
    EXPECT_ACT(a);
    EXPECT_STR("50.00 EUR", result_text(&w.c, &a, "refund"));
    EXPECT_STR("2", result_text(&w.c, &a, "orders"));
    SHOWS(&w, "cancelled", s, "state");
    SHOWS(&w, "0", s, "charges");
    nights(&w.c, 21);
    a = ACT(&w.c, "commerce.cancel", {"subscription", id_text(&w.c, late)}, {"now", "true"});
    EXPECT_ACT(a);
    EXPECT_STR("", result_text(&w.c, &a, "refund"));
    SHOWS(&w, "cancelled", late, "state");
    EXPECT_INT(2, find(&w.c, "order where state = 'ordered'").count);
    close_company(&w.c);
}

TEST("terms that were missed while Kith was down are charged one by one") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small)),
            old = SUBSCRIBE(&w, PLAN(&w, large), {"started", "2023-01-15"},
                            {"term_end", "2023-12-01"});
    EXPECT_INT(1, find(&w.c, "order").count);         /* the other was charged elsewhere */
    clock_advance(&w.c.clock, INT64_C(100) * DAY_MS); /* 22 February */
    drain(&w.c);
    SHOWS(&w, "2024-03-14", s, "term_end");
    SHOWS(&w, "4", s, "charges");
    SHOWS(&w, "2024-03-01", old, "term_end");
    SHOWS(&w, "3", old, "charges");
    close_company(&w.c);
}

TEST("a plan that is retired is not renewed, and the end of a term is told of before") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small)),
            year = SUBSCRIBE(&w, PLAN(&w, large), {"period", "year"});
    SHOWS(&w, "2023-12-07", s, "reminder");
    SHOWS(&w, "2024-10-15", year, "reminder");
    UPDATE(&w.c, "product", w.small, {"state", "retired"});
    nights(&w.c, 23);
    EXPECT_INT(1, told(&w.c, "subscription.term_ending"));
    nights(&w.c, 7);
    EXPECT_INT(1, told(&w.c, "subscription.term_ending"));
    SHOWS(&w, "expired", s, "state");
    EXPECT_HAS("its plan is retired", field(&w.c, "subscription", s, "ended_because"));
    close_company(&w.c);
}

TEST("subscriptions of nobody, to goods, of less than one, and terms that end first are refused") {
    struct world w;
    open_world(&w, SHOP(""));
    const char *ada = id_text(&w.c, w.ada), *small = id_text(&w.c, w.small);
    kith_id pen = product(&w.c, "pen", "1 EUR");
    REFUSED(&w.c, "say who subscribes", "subscription", 0, {"product", small});
    REFUSED(&w.c, "'pen' is a good", "subscription", 0, {"contact", ada},
            {"product", id_text(&w.c, pen)});
    REFUSED(&w.c, "quantity", "subscription", 0, {"contact", ada}, {"product", small},
            {"quantity", "-2"});
    REFUSED(&w.c, "the term would end before it begins", "subscription", 0, {"contact", ada},
            {"product", small}, {"term_end", "2023-11-14"});
    REFUSED(&w.c, "it lies before started", "subscription", 0, {"contact", ada}, {"product", small},
            {"trial_until", "2023-11-13"});
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small));
    REFUSED(&w.c, "it is in USD, and what was charged so far in EUR", "subscription", s,
            {"price", "5 USD"});
    REFUSED(&w.c, "that day is over", "subscription", s, {"cancel_at", "2023-11-01"});
    kith_id dollars =
        PRODUCT(&w.c, {"code", "D"}, {"name", "D"}, {"kind", "subscription"}, {"price", "9 USD"});
    REFUSED(&w.c, "'pen' is a good", "subscription", s, {"next_plan", id_text(&w.c, pen)});
    REFUSED(&w.c, "'D' has no price in EUR", "subscription", s,
            {"next_plan", id_text(&w.c, dollars)});
    REFUSED(&w.c, "period: it stays as it is", "subscription", s, {"period", "year"});
    EXPECT_INT(1, find(&w.c, "subscription").count);
    EXPECT_INT(1, find(&w.c, "order").count);
    close_company(&w.c);
}

TEST("however many are due, each is charged once, in the order of their days") {
    struct world w;
    open_world(&w, SHOP(""));
    for (int i = 0; i < 1100; i++)
        SUBSCRIBE(&w, PLAN(&w, small), {"started", "2023-01-01"},
                  {"term_end", i % 11 ? "2023-11-15" : "2023-11-16"});
    clock_advance(&w.c.clock, 2 * DAY_MS); /* both nights at once: the first goes are full */
    drain(&w.c);
    EXPECT_INT(1100, find(&w.c, "order").count);
    EXPECT_INT(1000, find(&w.c, "subscription where term_end = '2023-12-15' and terms = 1").count);
    EXPECT_INT(100, find(&w.c, "subscription where term_end = '2023-12-16' and charges = 1").count);
    close_company(&w.c);
}

TEST("while an invoice of it is overdue it is past due, and cancelled at once it is credited") {
    struct world w;
    open_world(&w, SHOP(""));
    kith_id s = SUBSCRIBE(&w, PLAN(&w, small));
    struct act bill =
        ACT(&w.c, "commerce.invoice", {"order", id_text(&w.c, find(&w.c, "order").ids[0])});
    EXPECT_ACT(bill);
    const char *invoice = id_text(&w.c, bill.results[0].as.link.id);
    nights(&w.c, 14);
    SHOWS(&w, "active", s, "state");
    nights(&w.c, 2);
    SHOWS(&w, "past_due", s, "state");
    EXPECT_ACT(ACT(&w.c, "commerce.pay", {"invoice", invoice}, {"amount", "10 EUR"}));
    drain(&w.c);
    SHOWS(&w, "past_due", s, "state");
    EXPECT_ACT(ACT(&w.c, "commerce.pay", {"invoice", invoice}, {"amount", "20 EUR"}));
    drain(&w.c);
    SHOWS(&w, "active", s, "state");
    SHOWS(&w, "2023-12-14", s, "next_charge");
    kith_id open = SUBSCRIBE(&w, PLAN(&w, large));
    kith_id order = find(&w.c, "order order by -id").ids[0];
    EXPECT_ACT(ACT(&w.c, "commerce.invoice", {"order", id_text(&w.c, order)}));
    EXPECT_ACT(ACT(&w.c, "commerce.cancel", {"subscription", id_text(&w.c, open)},
                   {"now", "true"})); /* nothing was paid, and nothing is owed */
    EXPECT_STR("0.00 EUR", field(&w.c, "contact", w.ada, "balance"));
    struct act a =
        ACT(&w.c, "commerce.cancel", {"subscription", id_text(&w.c, s)}, {"now", "true"});
    EXPECT_ACT(a);
    EXPECT_STR("30.00 EUR", result_text(&w.c, &a, "refund"));
    EXPECT_INT(2, find(&w.c, "invoice where kind = 'credit_note'").count);
    EXPECT_STR("-30.00 EUR", field(&w.c, "contact", w.ada, "balance"));
    EXPECT_INT(2, find(&w.c, "order where state = 'cancelled'").count);
    close_company(&w.c);
}
