/* SPDX-License-Identifier: Apache-2.0 */
/* Quotes over orders: sent, approved, accepted, ended, revised. */
#include "company.h"

#define CONF                                                                                       \
    "commerce: { grant = [\"*\"]; }; sales: { grant = [\"*\"]; quote: { approvers = "              \
    "\"Managers\"; "                                                                               \
    "}; };\n"

struct desk {
    struct company c;
    kith_id pen, ada, order, line, deal, quote;
};

static void fill(struct desk *d) {
    struct company *c = &d->c;
    kith_id pen = CREATE(c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "10 EUR"});
    kith_id ada = CREATE(c, "contact", {"name", "Ada"});
    d->pen = pen, d->ada = ada;
    d->order = CREATE(c, "order", {"contact", id_text(c, ada)});
    d->line = CREATE(c, "order_line", {"order", id_text(c, d->order)}, {"product", id_text(c, pen)},
                     {"quantity", "3"});
    d->deal = CREATE(c, "opportunity", {"name", "Pens"});
    UPDATE(c, "opportunity", d->deal, {"stage", "qualification"});
    UPDATE(c, "opportunity", d->deal, {"stage", "proposal"});
    d->quote = CREATE(c, "quote", {"order", id_text(c, d->order)},
                      {"opportunity", id_text(c, d->deal)}, {"terms", "Net 30"});
}

static void start(struct desk *d) {
    OPEN(&d->c, CONF, "sales", "commerce");
    fill(d);
}

static const char *quote(struct desk *d, const char *name) {
    return field(&d->c, "quote", d->quote, name);
}
static void move(struct desk *d, const char *state) {
    UPDATE(&d->c, "quote", d->quote, {"state", state});
}
static kith_status delete_txn(struct txn *t, void *arg, kith_error *e) {
    const struct put *p = arg;
    return txn_delete(t, type_of(p->c, p->type), p->id, e);
}
#define MOVE_REFUSED(d, words, state) REFUSED(&(d)->c, words, "quote", (d)->quote, {"state", state})

static kith_status remove_it(struct txn *t, void *arg, kith_error *e) {
    const struct put *p = arg;
    return txn_delete(t, type_of(p->c, p->type), p->id, e);
}

TEST("a quote is sent, which freezes its lines, and accepted, which places the order and wins") {
    struct desk d;
    start(&d);
    EXPECT_STR("Q-000001", quote(&d, "number"));
    EXPECT(*quote(&d, "contact"));
    move(&d, "sent");
    EXPECT_STR("30.00 EUR", quote(&d, "total"));
    EXPECT_STR("2023-12-14", quote(&d, "valid_until")); /* 30 days */
    EXPECT_STR("quoted", field(&d.c, "order", d.order, "state"));
    REFUSED(&d.c, "stay as they are once it is quoted", "order_line", d.line, {"quantity", "4"});
    REFUSED(&d.c, "terms: what was sent stays as it is; make a new version", "quote", d.quote,
            {"terms", "Net 60"});
    move(&d, "accepted");
    EXPECT_STR("ordered", field(&d.c, "order", d.order, "state"));
    EXPECT_STR("won", field(&d.c, "opportunity", d.deal, "stage"));
    EXPECT_STR("30.00 EUR", field(&d.c, "opportunity", d.deal, "amount"));
    EXPECT_STR("1", field(&d.c, "opportunity", d.deal, "quotes"));
    MOVE_REFUSED(&d, "accepted", "rejected");
    close_company(&d.c);
}

TEST("a service that costs nothing stands on the quote, and changes no sum") { /* COM-06 */
    struct desk d;
    start(&d);
    kith_id advice = CREATE(&d.c, "product", {"code", "advice"}, {"name", "An hour of advice"},
                            {"kind", "content"}, {"price", "0 EUR"});
    kith_id line = CREATE(&d.c, "order_line", {"order", id_text(&d.c, d.order)},
                          {"product", id_text(&d.c, advice)});
    EXPECT_STR("0.00 EUR", field(&d.c, "order_line", line, "total"));
    move(&d, "sent");
    EXPECT_STR("30.00 EUR", quote(&d, "total"));
    move(&d, "accepted");
    EXPECT_INT(2, find(&d.c, "order_line where order.state = 'ordered'").count);
    close_company(&d.c);
}

TEST("a draft comes to what its order does, with each line that is written or goes") {
    struct desk d;
    start(&d);
    EXPECT_STR("30.00 EUR", quote(&d, "total"));
    UPDATE(&d.c, "order_line", d.line, {"quantity", "5"});
    EXPECT_STR("50.00 EUR", quote(&d, "total"));
    kith_id more = CREATE(&d.c, "order_line", {"order", id_text(&d.c, d.order)},
                          {"product", field(&d.c, "order_line", d.line, "product")});
    EXPECT_STR("60.00 EUR", quote(&d, "total"));
    struct put again = {&d.c, "order_line", d.line, PAIRS({"quantity", "6"})};
    kith_error e = KITH_ERROR_INIT;
    kith_id tx;
    EXPECT_OK(engine_write(d.c.engine, &by_anna, put_txn, &again, &tx, &e), e);
    UPDATE(&d.c, "order_line", more, {"quantity", "2"});
    EXPECT_STR("80.00 EUR", quote(&d, "total"));
    struct undo_report report; /* the total was written since, and is kept by the undo itself */
    EXPECT_OK(engine_undo(d.c.engine, &anna, tx, false, &d.c.arena, &report, &e), e);
    drain(&d.c);
    EXPECT_STR("70.00 EUR", quote(&d, "total"));
    UPDATE(&d.c, "order_line", more, {"quantity", "1"});
    move(&d, "approval");
    struct put p = {&d.c, "order_line", more, NULL};
    EXPECT_OK(engine_write(d.c.engine, &by_anna, remove_it, &p, NULL, &e), e);
    EXPECT_STR("50.00 EUR", quote(&d, "total"));
    close_company(&d.c);
}

TEST("what is a draft again is not sent by an undo, which looks at no discount") {
    struct desk d;
    struct undo_report report;
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    struct put p = {&d.c, "quote", d.quote, PAIRS({"state", "sent"})};
    EXPECT_OK(engine_write(d.c.engine, &by_anna, put_txn, &p, &tx, &e), e);
    EXPECT_OK(engine_undo(d.c.engine, &anna, tx, false, &d.c.arena, &report, &e), e);
    EXPECT_INT(0, report.kept + report.refused);
    EXPECT_STR("draft", quote(&d, "state"));
    UPDATE(&d.c, "order_line", d.line, {"discount", "90"});
    EXPECT_HAS("Q-000001 is draft by now, and an undo sends nothing; send it again",
               undo_stays(&d.c, report.tx));
    EXPECT_STR("draft", quote(&d, "state"));
    EXPECT_STR("cart", field(&d.c, "order", d.order, "state"));
    MOVE_REFUSED(&d, "approved first", "sent");
    close_company(&d.c);
}

TEST("a draft that was deleted does not come back beside another quote of its order") {
    struct desk d;
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    struct put p = {&d.c, "quote", d.quote, NULL};
    EXPECT_OK(engine_write(d.c.engine, &by_anna, remove_it, &p, &tx, &e), e);
    undo(&d.c, tx);
    EXPECT_OK(engine_write(d.c.engine, &by_anna, remove_it, &p, &tx, &e), e);
    CREATE(&d.c, "quote", {"order", id_text(&d.c, d.order)});
    EXPECT_HAS("is quoted in Q-000002 already", undo_stays(&d.c, tx));
    EXPECT_INT(1, find(&d.c, "quote").count);
    close_company(&d.c);
}

TEST("accepting is undone with the order and the deal") {
    struct desk d;
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    move(&d, "sent");
    struct put p = {&d.c, "quote", d.quote, PAIRS({"state", "accepted"})};
    EXPECT_OK(engine_write(d.c.engine, &by_anna, put_txn, &p, &tx, &e), e);
    undo(&d.c, tx);
    EXPECT_STR("sent", quote(&d, "state"));
    EXPECT_STR("quoted", field(&d.c, "order", d.order, "state"));
    EXPECT_STR("proposal", field(&d.c, "opportunity", d.deal, "stage"));
    close_company(&d.c);
}

TEST("accepting stays as a whole once its order was shipped or invoiced") {
    for (int i = 0; i < 2; i++) {
        struct desk d;
        kith_id tx;
        kith_error e = KITH_ERROR_INIT;
        start(&d);
        move(&d, "sent");
        struct put p = {&d.c, "quote", d.quote, PAIRS({"state", "accepted"})};
        EXPECT_OK(engine_write(d.c.engine, &by_anna, put_txn, &p, &tx, &e), e);
        if (i)
            EXPECT_ACT(ACT(&d.c, "commerce.invoice", {"order", id_text(&d.c, d.order)}));
        else
            UPDATE(&d.c, "order", d.order, {"state", "shipped"});
        EXPECT_HAS(i ? "stands on INV-2023-000001; credit that first"
                     : "Q-000001 was accepted, and its order O-000001 is shipped since",
                   undo_stays(&d.c, tx));
        EXPECT_STR("accepted", quote(&d, "state"));
        EXPECT_STR(i ? "ordered" : "shipped", field(&d.c, "order", d.order, "state"));
        EXPECT(*field(&d.c, "order", d.order, "placed_at"));
        EXPECT_STR("won", field(&d.c, "opportunity", d.deal, "stage"));
        close_company(&d.c);
    }
}

TEST("a quote that is accepted wins its deal in whatever stage, and whatever was still to do") {
    struct desk d;
    start(&d);
    CREATE(&d.c, "play", {"stage", "prospecting"}, {"title", "Call"}, {"required", "true"});
    CREATE(&d.c, "play", {"stage", "closing"}, {"title", "Visit"}, {"required", "true"});
    kith_id deal = CREATE(&d.c, "opportunity", {"name", "Early"});
    UPDATE(&d.c, "quote", d.quote, {"opportunity", id_text(&d.c, deal)});
    move(&d, "sent");
    REFUSED(&d.c, "it stays in prospecting until this is done", "opportunity", deal,
            {"stage", "closing"});
    move(&d, "accepted");
    EXPECT_STR("won", field(&d.c, "opportunity", deal, "stage"));
    EXPECT_STR("30.00 EUR", field(&d.c, "opportunity", deal, "amount"));
    EXPECT_INT(0, find(&d.c, "task where title = 'Visit'").count);
    EXPECT_STR("proposal", field(&d.c, "opportunity", d.deal, "stage"));
    close_company(&d.c);
}

TEST("a deal that was given up is won by its quote, and stages in order do not keep it from that") {
    struct desk d;
    OPEN(
        &d.c,
        "commerce: { grant = [\"*\"]; }; sales: { grant = [\"*\"]; stages: { skip = false; }; };\n",
        "sales", "commerce");
    fill(&d);
    kith_id early = CREATE(&d.c, "opportunity", {"name", "Early"});
    UPDATE(&d.c, "quote", d.quote, {"opportunity", id_text(&d.c, early)});
    move(&d, "sent");
    UPDATE(&d.c, "opportunity", early, {"stage", "lost"}, {"loss_reason", "price"});
    move(&d, "accepted");
    EXPECT_STR("won", field(&d.c, "opportunity", early, "stage"));
    kith_id order = CREATE(&d.c, "order", {"contact", id_text(&d.c, d.ada)});
    CREATE(&d.c, "order_line", {"order", id_text(&d.c, order)}, {"product", id_text(&d.c, d.pen)});
    early = CREATE(&d.c, "opportunity", {"name", "Early"});
    d.quote = CREATE(&d.c, "quote", {"order", id_text(&d.c, order)},
                     {"opportunity", id_text(&d.c, early)});
    move(&d, "sent");
    REFUSED(&d.c, "behind prospecting comes qualification", "opportunity", early,
            {"stage", "closing"});
    move(&d, "accepted");
    EXPECT_STR("won", field(&d.c, "opportunity", early, "stage"));
    close_company(&d.c);
}

TEST("a discount is what is asked less than the list price, however it is given") {
    struct desk d;
    start(&d);
    UPDATE(&d.c, "order_line", d.line, {"unit_price", "7.99 EUR"});
    EXPECT_STR("10.00 EUR", field(&d.c, "order_line", d.line, "list_price"));
    MOVE_REFUSED(&d, "a line has 20.10 % discount on the list price, and above 20 %", "sent");
    UPDATE(&d.c, "order_line", d.line, {"unit_price", "9 EUR"}, {"discount", "12"}); /* 7.92 */
    MOVE_REFUSED(&d, "a line has 20.80 % discount", "sent");
    UPDATE(&d.c, "order_line", d.line, {"unit_price", "12 EUR"}, {"discount", "25"}); /* 9.00 */
    move(&d, "sent");
    EXPECT_STR("10.00", quote(&d, "discount"));
    close_company(&d.c);
}

TEST("what a book has is no discount, unless the seller chose the book") {
    struct desk d;
    start(&d);
    kith_id book = CREATE(&d.c, "price_book", {"name", "Partners"}, {"currency", "EUR"});
    CREATE(&d.c, "price", {"price_book", id_text(&d.c, book)}, {"product", id_text(&d.c, d.pen)},
           {"amount", "6 EUR"});
    UPDATE(&d.c, "order", d.order, {"price_book", id_text(&d.c, book)});
    UPDATE(&d.c, "order_line", d.line, {"quantity", "4"});
    EXPECT_STR("6.00 EUR", field(&d.c, "order_line", d.line, "unit_price"));
    MOVE_REFUSED(&d, "a line has 40.00 % discount", "sent");
    UPDATE(&d.c, "order", d.order, {"price_book", NULL});
    MOVE_REFUSED(&d, "a line has 40.00 % discount", "sent"); /* the prices are of it still */
    UPDATE(&d.c, "contact", d.ada, {"price_book", id_text(&d.c, book)}); /* agreed with her */
    UPDATE(&d.c, "order_line", d.line, {"quantity", "5"});
    move(&d, "sent");
    EXPECT_STR("0.00", quote(&d, "discount"));
    struct act a = ACT(&d.c, "sales.revise", {"quote", id_text(&d.c, d.quote)});
    EXPECT_ACT(a); /* the same prices are of the book still */
    d.quote = a.results[0].as.link.id;
    move(&d, "sent");
    EXPECT_STR("30.00 EUR", quote(&d, "total"));
    close_company(&d.c);
}

TEST("a draft goes to the customer of its order, at their prices") {
    struct desk d;
    start(&d);
    kith_id bob = CREATE(&d.c, "contact", {"name", "Bob"}, {"discount", "50"});
    UPDATE(&d.c, "order", d.order, {"contact", id_text(&d.c, bob)});
    EXPECT_STR(id_text(&d.c, bob), quote(&d, "contact"));
    EXPECT_STR(field(&d.c, "order", d.order, "total"), quote(&d, "total"));
    EXPECT_STR("50.00", field(&d.c, "order_line", d.line, "discount"));
    MOVE_REFUSED(&d, "a line has 50.00 % discount", "sent");
    close_company(&d.c);
}

TEST("a high discount is approved first, by somebody of the team") {
    struct desk d;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    kith_id team = CREATE(&d.c, "team", {"name", "Managers"});
    kith_id role =
        CREATE(&d.c, "role", {"name", "all"},
               {"rights", "{\"types\": {\"*\": {\"read\": \"all\", \"update\": \"all\"}}}"});
    kith_id max =
        CREATE(&d.c, "user", {"login", "max"}, {"name", "Max"}, {"roles", id_text(&d.c, role)});
    const struct pair *sent = PAIRS({"state", "sent"});
    UPDATE(&d.c, "order_line", d.line, {"discount", "20.5"});
    MOVE_REFUSED(&d, "a line has 20.50 % discount on the list price, and above 20 %", "sent");
    move(&d, "approval");
    EXPECT_OK(put_as(&d.c, "max", "quote", d.quote, PAIRS({"state", "draft"}), &e), e);
    move(&d, "approval"); /* it was taken back for a moment, which needs nobody */
    EXPECT_INT(KITH_E_REFUSED, put_as(&d.c, "max", "quote", d.quote, sent, &e));
    EXPECT_HAS("approved by somebody of the team 'Managers'", e.message);
    UPDATE(&d.c, "user", max, {"teams", id_text(&d.c, team)});
    EXPECT_OK(put_as(&d.c, "max", "quote", d.quote, sent, &e), e);
    EXPECT_STR("20.50", quote(&d, "discount"));
    EXPECT_STR(id_text(&d.c, max), quote(&d, "approved_by"));
    close_company(&d.c);
}

/* Max of the team that approves, and Sam who does not. */
static kith_id approver(struct desk *d) {
    struct company *c = &d->c;
    kith_id team = CREATE(c, "team", {"name", "Managers"});
    kith_id role =
        CREATE(c, "role", {"name", "all"},
               {"rights", "{\"types\": {\"*\": {\"read\": \"all\", \"update\": \"all\"}}}"});
    CREATE(c, "user", {"login", "sam"}, {"name", "Sam"}, {"roles", id_text(c, role)});
    return CREATE(c, "user", {"login", "max"}, {"name", "Max"}, {"teams", id_text(c, team)},
                  {"roles", id_text(c, role)});
}

TEST("who may approve a quote has a task as long as it waits for that") {
    struct desk d;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    kith_id max = approver(&d);
    UPDATE(&d.c, "order_line", d.line, {"discount", "25"});
    move(&d, "approval");
    struct found asked = find(&d.c, "task where state = 'open'");
    EXPECT_INT(1, asked.count);
    EXPECT_STR("Approve Q-000001: 25 % off for Ada", field(&d.c, "task", asked.ids[0], "title"));
    EXPECT_STR(id_text(&d.c, max), field(&d.c, "task", asked.ids[0], "assignee"));
    move(&d, "draft");
    EXPECT_STR("cancelled", field(&d.c, "task", asked.ids[0], "state"));
    move(&d, "approval");
    asked = find(&d.c, "task where state = 'open'");
    EXPECT_INT(1, asked.count);
    EXPECT_OK(put_as(&d.c, "max", "quote", d.quote, PAIRS({"state", "sent"}), &e), e);
    EXPECT_STR("done", field(&d.c, "task", asked.ids[0], "state"));
    close_company(&d.c);
}

TEST("the seller learns that the customer declined, and why") {
    struct desk d;
    start(&d);
    kith_id sam = CREATE(&d.c, "user", {"login", "sam"}, {"name", "Sam"});
    UPDATE(&d.c, "quote", d.quote, {"owner", id_text(&d.c, sam)});
    move(&d, "sent");
    struct act a = ACT(&d.c, "sales.answer_quote", {"quote", id_text(&d.c, d.quote)},
                       {"answer", "decline"}, {"name", "Ada"}, {"remark", "Too dear"});
    EXPECT_ACT(a);
    struct found told = find(&d.c, "task where state = 'open'");
    EXPECT_INT(1, told.count);
    EXPECT_STR("Ada declined Q-000001", field(&d.c, "task", told.ids[0], "title"));
    EXPECT_STR("Too dear", field(&d.c, "task", told.ids[0], "body"));
    EXPECT_STR(id_text(&d.c, sam), field(&d.c, "task", told.ids[0], "assignee"));
    close_company(&d.c);
}

TEST("what is approved is what was asked for, and is not sold past it") {
    struct desk d;
    kith_error e = KITH_ERROR_INIT;
    start(&d);
    approver(&d);
    UPDATE(&d.c, "order_line", d.line, {"discount", "25"});
    move(&d, "approval");
    REFUSED(&d.c, "'O-000001' waits for an approval in Q-000001", "order", d.order,
            {"state", "ordered"});
    const struct pair *half = PAIRS({"discount", "50"}), *third = PAIRS({"discount", "33"});
    EXPECT_OK(put_as(&d.c, "max", "order_line", d.line, third, &e), e);
    EXPECT_STR("approval", quote(&d, "state")); /* who approves it has seen that */
    EXPECT_OK(put_as(&d.c, "sam", "order_line", d.line, half, &e), e);
    EXPECT_STR("draft", quote(&d, "state"));
    EXPECT_INT(0, find(&d.c, "task where state = 'open'").count);
    UPDATE(&d.c, "order_line", d.line, {"discount", "5"});
    UPDATE(&d.c, "order", d.order,
           {"state", "ordered"}); /* without its quote, which was no offer yet */
    MOVE_REFUSED(&d, "'O-000001' is ordered; a quote is over an order that is a cart", "sent");
    move(&d, "withdrawn");
    EXPECT_STR("ordered", field(&d.c, "order", d.order, "state"));
    close_company(&d.c);
}

TEST("what holds no more is not accepted, and ends by itself at night") {
    struct desk d;
    start(&d);
    UPDATE(&d.c, "quote", d.quote, {"valid_until", "2023-11-13"}); /* yesterday */
    MOVE_REFUSED(&d, "valid_until: it is over; give it a day to come", "sent");
    UPDATE(&d.c, "quote", d.quote, {"valid_until", "2023-11-14"});
    move(&d, "sent");
    clock_advance(&d.c.clock, 50 * 60000); /* 0:03 */
    MOVE_REFUSED(&d, "the quote held until 2023-11-14; make a new version", "accepted");
    clock_advance(&d.c.clock, 3 * 60000);
    drain(&d.c);
    EXPECT_STR("expired", quote(&d, "state"));
    EXPECT_STR("cancelled", field(&d.c, "order", d.order, "state"));
    close_company(&d.c);
}

TEST("the order of a quote that was sent goes with its quote, and in no way alone") {
    struct desk d;
    start(&d);
    UPDATE(&d.c, "order", d.order, {"state", "quoted"});
    UPDATE(&d.c, "order", d.order, {"state", "cart"}); /* it was not sent yet */
    move(&d, "sent");
    static const char *const states[] = {"cart", "cancelled", "ordered"};
    for (size_t i = 0; i < 3; i++)
        REFUSED(&d.c,
                "'O-000001' is offered by Q-000001, which was sent: set that accepted or withdrawn",
                "order", d.order, {"state", states[i]});
    UPDATE(&d.c, "order", d.order, {"note", "Ring twice"});
    struct put p = {&d.c, "quote", d.quote, NULL};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_INT(KITH_E_REFUSED, engine_write(d.c.engine, &by_anna, delete_txn, &p, NULL, &e));
    EXPECT_HAS("'Q-000001' was sent; withdraw it first", e.message);
    move(&d, "accepted");
    EXPECT_STR("ordered", field(&d.c, "order", d.order, "state"));
    UPDATE(&d.c, "order", d.order, {"state", "cart"});
    close_company(&d.c);
}

static const struct write_opts by_import = {.principal = &anna, .origin = ORIGIN_IMPORT};

/* A row of a file of quotes over this order; the id of the quote, or 0 and what was refused. */
static kith_id import_quote(struct desk *d, kith_id order, const char *state, kith_error *e) {
    kith_id tx;
    struct put p = {&d->c, "quote", 0,
                    PAIRS({"order", id_text(&d->c, order)},
                          {"opportunity", id_text(&d->c, d->deal)}, {"state", state})};
    *e = (kith_error)KITH_ERROR_INIT;
    return engine_write(d->c.engine, &by_import, put_txn, &p, &tx, e) == KITH_OK ? p.id : 0;
}

TEST("a quote that is imported as accepted places its order as any other, within the limit") {
    struct desk d;
    kith_error e;
    start(&d);
    UPDATE(&d.c, "quote", d.quote, {"state", "withdrawn"});
    kith_id order = CREATE(&d.c, "order", {"contact", id_text(&d.c, d.ada)});
    EXPECT(!import_quote(&d, order, "accepted", &e));
    EXPECT_HAS("is empty; add lines", e.message);
    kith_id line = CREATE(&d.c, "order_line", {"order", id_text(&d.c, order)},
                          {"product", id_text(&d.c, d.pen)}, {"unit_price", "5 EUR"});
    EXPECT(!import_quote(&d, order, "accepted", &e));
    EXPECT_HAS("a line has 50.00 % discount on the list price", e.message);
    UPDATE(&d.c, "order_line", line, {"unit_price", "9 EUR"});
    d.quote = import_quote(&d, order, "accepted", &e);
    EXPECT_OK(e.code, e);
    EXPECT_STR("ordered", field(&d.c, "order", order, "state"));
    EXPECT_STR("won", field(&d.c, "opportunity", d.deal, "stage"));
    EXPECT_STR("9.00 EUR", quote(&d, "total"));
    EXPECT(*quote(&d, "answered_at"));
    close_company(&d.c);
}

TEST("quotes of orders that were placed elsewhere are written down as they were") {
    struct desk d;
    kith_error e;
    start(&d);
    kith_id order = CREATE(&d.c, "order", {"contact", id_text(&d.c, d.ada)});
    CREATE(&d.c, "order_line", {"order", id_text(&d.c, order)}, {"product", id_text(&d.c, d.pen)},
           {"discount", "50"});
    UPDATE(&d.c, "order", order, {"state", "ordered"});
    EXPECT(!import_quote(&d, order, "sent", &e));
    EXPECT_HAS("is ordered; a quote is over an order that is a cart", e.message);
    d.quote = import_quote(&d, order, "accepted", &e);
    EXPECT_OK(e.code, e);
    EXPECT_STR("ordered", field(&d.c, "order", order, "state"));
    EXPECT_STR("50.00", quote(&d, "discount"));
    close_company(&d.c);
}

TEST("a deal brings what was sold without its tax") {
    struct desk d;
    start(&d);
    UPDATE(&d.c, "order_line", d.line, {"tax_rate", "20"});
    move(&d, "sent");
    move(&d, "accepted");
    EXPECT_STR("36.00 EUR", quote(&d, "total"));
    EXPECT_STR("30.00 EUR", field(&d.c, "opportunity", d.deal, "amount"));
    close_company(&d.c);
}

TEST("a new version has the same lines at the same prices, and the old one is revised") {
    struct desk d;
    start(&d);
    UPDATE(&d.c, "order_line", d.line, {"unit_price", "9 EUR"}, {"discount", "5"});
    move(&d, "sent");
    struct act a = ACT(&d.c, "sales.revise", {"quote", id_text(&d.c, d.quote)});
    EXPECT_ACT(a);
    EXPECT_STR("revised", quote(&d, "state"));
    EXPECT_STR("cancelled", field(&d.c, "order", d.order, "state"));
    kith_id next = a.results[0].as.link.id, order = a.results[1].as.link.id;
    EXPECT_STR("2", field(&d.c, "quote", next, "version"));
    EXPECT_STR("Net 30", field(&d.c, "quote", next, "terms"));
    EXPECT_STR("cart", field(&d.c, "order", order, "state"));
    EXPECT_STR("25.65 EUR", field(&d.c, "order", order, "total"));
    EXPECT_STR(id_text(&d.c, d.quote), field(&d.c, "quote", next, "revises"));
    a = ACT(&d.c, "sales.revise", {"quote", id_text(&d.c, d.quote)});
    EXPECT_HAS("'Q-000001' is revised; there is nothing to revise", a.message);
    close_company(&d.c);
}

TEST("what was revised does not come back beside the version in its place") {
    struct desk d;
    start(&d);
    move(&d, "sent");
    struct act a = ACT(&d.c, "sales.revise", {"quote", id_text(&d.c, d.quote)});
    EXPECT_ACT(a);
    undo(&d.c, a.tx); /* as long as it is a draft that nobody touched */
    EXPECT_STR("sent", quote(&d, "state"));
    EXPECT_STR("quoted", field(&d.c, "order", d.order, "state"));
    a = ACT(&d.c, "sales.revise", {"quote", id_text(&d.c, d.quote)});
    EXPECT_ACT(a);
    kith_id next = a.results[0].as.link.id;
    UPDATE(&d.c, "quote", next, {"state", "sent"});
    UPDATE(&d.c, "quote", next, {"state", "accepted"});
    EXPECT_HAS("Q-000001 was revised, and Q-000003 is accepted in its place",
               undo_stays(&d.c, a.tx));
    EXPECT_STR("revised", quote(&d, "state"));
    EXPECT_STR("cancelled", field(&d.c, "order", d.order, "state"));
    EXPECT_INT(1, find(&d.c, "order where state = 'ordered'").count);
    close_company(&d.c);
}

TEST("the customer is shown all lines and the whole sum, however many there are") {
    struct desk d;
    start(&d);
    const struct pair line[] = {
        {"order", id_text(&d.c, d.order)}, {"product", id_text(&d.c, d.pen)}, {NULL, NULL}};
    for (int i = 0; i < 1000; i++)
        put(&d.c, "order_line", 0, line);
    move(&d, "sent");
    EXPECT_STR("10030.00 EUR", quote(&d, "total"));
    struct act a = ACT(&d.c, "sales.offer", {"quote", id_text(&d.c, d.quote)});
    EXPECT_ACT(a);
    EXPECT_INT(1001, (int64_t)row_count(&a));
    EXPECT_STR("10030.00 EUR", result_text(&d.c, &a, "total"));
    close_company(&d.c);
}

TEST("an order is quoted once, and only a cart with lines") {
    struct desk d;
    start(&d);
    REFUSED(&d.c, "is quoted in Q-000001 already", "quote", 0, {"order", id_text(&d.c, d.order)});
    kith_id empty = CREATE(&d.c, "order", {"note", "x"});
    kith_id q = CREATE(&d.c, "quote", {"order", id_text(&d.c, empty)});
    REFUSED(&d.c, "is empty; add lines to it before it is quoted", "quote", q, {"state", "sent"});
    move(&d, "sent");
    move(&d, "withdrawn");
    EXPECT_STR("cancelled", field(&d.c, "order", d.order, "state"));
    close_company(&d.c);
}

TEST("sales without commerce has no quotes, and runs") {
    struct company c;
    OPEN(&c, "sales: { grant = [\"*\"]; };\n", "sales");
    EXPECT_INT(PLUGIN_RUNNING, status_of(c.plugins, "sales").state);
    EXPECT(!schema_type(engine_schema(c.engine), STR("quote")));
    close_company(&c);
}
