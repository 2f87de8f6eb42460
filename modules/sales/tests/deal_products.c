/* SPDX-License-Identifier: Apache-2.0 */
/* Opportunities beside commerce: by product, with quotas of products, and what was ordered. */
#include "deals.h"

#define WITH_COMMERCE CONF("") "commerce: { grant = [\"*\"]; };\n"

static kith_id pen_deal(struct company *c, kith_id pen, const char *amount) {
    return DEAL(c, {"amount", amount}, {"product", ID(c, pen)}, {"quantity", "10"});
}

TEST("the pipeline, figures and quotas are there by product") {
    struct company c;
    OPEN(&c, WITH_COMMERCE, "commerce", "sales");
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "3 EUR"});
    pen_deal(&c, pen, "100 EUR");
    DEAL(&c, {"amount", "7 EUR"});
    kith_id won = pen_deal(&c, pen, "40 EUR");
    MOVE(&c, won, {"stage", "proposal"});
    MOVE(&c, won, {"stage", "won"}, {"closed_at", "2023-11-14 23:30"});
    EXPECT_STR("||EUR|1|7.00 EUR|0.70 EUR\npen|Pen|EUR|1|100.00 EUR|10.00 EUR\n",
               report_text(&c, "sales.pipeline_by_product"));
    EXPECT_STR("pen|Pen|EUR|1|40.00 EUR\n", report_text(&c, "sales.won_by_product"));
    struct act a = ACT(&c, "sales.kpis", {"by", "product"});
    EXPECT_ACT(a);
    EXPECT_STR("Pen|1|0|100.00|40.00 EUR", row_text(&c, &a, 0, "of won lost win_rate amount"));
    CREATE(&c, "quota", {"name", "Pens"}, {"product", ID(&c, pen)}, {"amount", "80 EUR"},
           {"valid_from", "2023-11-01"}, {"valid_until", "2023-11-30"});
    a = ACT(&c, "sales.quotas", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("40.00 EUR|50.00", row_text(&c, &a, 0, "won attained"));
    REFUSED(&c, "overlaps", "quota", 0, {"name", "R"}, {"product", ID(&c, pen)},
            {"amount", "1 EUR"}, {"valid_from", "2023-11-30"}, {"valid_until", "2023-12-30"});
    close_company(&c);
}

TEST("what was made to the choice of a lead is found by the deal that it becomes") { /* COM-09 */
    struct company company, *c = &company;
    OPEN(c, WITH_COMMERCE, "commerce", "sales");
    kith_id car = CREATE(c, "product", {"code", "car"}, {"name", "Car"}, {"price", "100 EUR"});
    kith_id nora = CREATE(c, "lead", {"name", "Nora"}), olaf = CREATE(c, "lead", {"name", "Olaf"});
    kith_id made =
        CREATE(c, "configuration", {"product", ID(c, car)}, {"lead", ID(c, nora)}, {"note", "Red"});
    CREATE(c, "configuration", {"product", ID(c, car)}, {"lead", ID(c, olaf)});
    EXPECT_STR("1", field(c, "lead", nora, "configurations"));
    UPDATE(c, "lead", nora, {"state", "qualified"});
    struct act a = ACT(c, "sales.convert", {"lead", ID(c, nora)});
    EXPECT_ACT(a);
    kith_id became = find(c, "opportunity where lead.name = 'Nora'").ids[0];
    struct found f = find(
        c, arena_printf(&c->arena, "configuration where lead = '%s'", deal(c, became, "lead")));
    EXPECT_INT(1, (int64_t)f.count);
    EXPECT_INT((int64_t)made, (int64_t)f.ids[0]);
    UPDATE(c, "configuration", made, {"lead", ID(c, olaf)}, {"opportunity", ID(c, became)});
    EXPECT_STR("0", field(c, "lead", nora, "configurations"));
    EXPECT_STR("2", field(c, "lead", olaf, "configurations"));
    close_company(c);
}

TEST("what was ordered is told by customer, product and month, and carts are not sold") {
    struct company c;
    OPEN(&c, WITH_COMMERCE, "commerce", "sales");
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "3 EUR"},
                         {"cost", "1 EUR"});
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id acme = CREATE(&c, "account", {"name", "Acme"}, {"owner", ID(&c, ben)});
    for (int i = 0; i < 3; i++) {
        kith_id o = CREATE(&c, "order", {"account", ID(&c, acme)});
        CREATE(&c, "order_line", {"order", ID(&c, o)}, {"product", ID(&c, pen)}, {"quantity", "2"});
        if (i < 2)
            UPDATE(&c, "order", o, {"state", "ordered"});
    }
    EXPECT_HAS("|Acme|EUR|2|12.00 EUR\n", report_text(&c, "sales.revenue_by_customer"));
    EXPECT_STR("pen|Pen|EUR|4.000|12.00 EUR\n", report_text(&c, "sales.revenue_by_product"));
    /* One pen comes back before it is billed, and one is credited. */
    struct found orders = find(&c, "order where state = 'ordered' order by id");
    for (int i = 0; i < 2; i++) {
        const char *of = ID(&c, orders.ids[i]);
        kith_id line = find(&c, arena_printf(&c.arena, "order_line where order = '%s'", of)).ids[0];
        UPDATE(&c, "order", orders.ids[i], {"state", "shipped"});
        if (i)
            CREATE(&c, "invoice", {"order", of});
        kith_id back =
            CREATE(&c, "return_request", {"order_line", ID(&c, line)}, {"quantity", "1"});
        UPDATE(&c, "return_request", back, {"state", "approved"});
        UPDATE(&c, "return_request", back, {"state", "received"});
        UPDATE(&c, "return_request", back, {"state", "refunded"});
    }
    EXPECT_HAS("|Acme|EUR|2|6.00 EUR\n", report_text(&c, "sales.revenue_by_customer"));
    EXPECT_STR("pen|Pen|EUR|2.000|6.00 EUR\n", report_text(&c, "sales.revenue_by_product"));
    EXPECT_STR("||EUR|2|6.00 EUR\n", report_text(&c, "sales.revenue_by_territory"));
    struct act a = ACT(&c, "sales.seller_profit", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("1|6.00 EUR|2.00 EUR|4.00 EUR", row_text(&c, &a, 0, "customers net cost profit"));
    clock_advance(&c.clock, INT64_C(30) * DAY_MS);
    a = ACT(&c, "sales.trend", {"of", "orders"});
    EXPECT_ACT(a);
    EXPECT_STR("2023-11-01|6.00 EUR", row_text(&c, &a, 0, "month actual"));
    close_company(&c);
}

TEST("without commerce there are no products, and what asks for them says so") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct act a = ACT(&c, "sales.kpis", {"by", "product"});
    EXPECT_INT(KITH_E_INVAL, a.status);
    EXPECT_HAS("with the module commerce alone", a.message);
    a = ACT(&c, "sales.trend", {"of", "orders"});
    EXPECT_INT(KITH_E_INVAL, a.status);
    EXPECT(!engine_report(c.engine, str_of("sales.pipeline_by_product")));
    close_company(&c);
}
