/* SPDX-License-Identifier: Apache-2.0 */
/* Terms of trade: limits, days to pay, first purchases; and the reports on what is open. */
#include "billing.h"

/* COM-X5: 9 400 are open, 800 more would be 10 200, above 10 000. */
TEST("an order above the limit is refused with the figures, and one within it is placed") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}, {"credit_limit", "10000 EUR"});
    kith_id unit = product(c, "unit", "100 EUR");
    kith_id first = placed(c, acme, unit, "94"), inv = invoiced(c, first);
    kith_id o = CREATE(c, "order", {"account", ID(acme)});
    kith_id l = add_line(c, o, unit, "8");
    REFUSED(c,
            "credit_limit: 9400.00 EUR open, 0.00 EUR ordered and neither invoiced nor paid, and "
            "800.00 EUR now are 10200.00 EUR: above the limit of 10000.00 EUR",
            "order", o, {"state", "ordered"});
    UPDATE(c, "order_line", l, {"quantity", "6"});
    UPDATE(c, "order", o, {"state", "ordered"});
    struct act a = ACT(c, "commerce.credit_check", {"account", ID(acme)}, {"amount", "0.01 EUR"});
    EXPECT_ACT(a);
    EXPECT_STR("false", result_text(c, &a, "passes"));
    EXPECT_STR("9400.00 EUR", result_text(c, &a, "open"));
    EXPECT_STR("600.00 EUR", result_text(c, &a, "ordered"));
    EXPECT_STR("10000.01 EUR", result_text(c, &a, "used"));
    paid(c, "invoice", inv, "400 EUR");
    paid(c, "order", o, "100 EUR");
    a = ACT(c, "commerce.credit_check", {"account", ID(acme)}, {"amount", "500 EUR"});
    EXPECT_STR("true", result_text(c, &a, "passes"));
    EXPECT_STR("10000.00 EUR", result_text(c, &a, "used"));
    a = ACT(c, "commerce.credit_check", {"account", ID(acme)}, {"amount", "500 USD"});
    EXPECT_STR("false", result_text(c, &a, "passes"));
    EXPECT_HAS("agree on a limit in that currency", result_text(c, &a, "why"));
    close_company(c);
}

TEST("a quote is accepted within the limit, too") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}, {"credit_limit", "100 EUR"});
    kith_id desk = product(c, "desk", "101 EUR"), o = CREATE(c, "order", {"account", ID(acme)});
    add_line(c, o, desk, "1");
    UPDATE(c, "order", o, {"state", "quoted"});
    REFUSED(c, "above the limit of 100.00 EUR", "order", o, {"state", "ordered"});
    close_company(c);
}

TEST("no amount is so large that it comes below the limit again") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id all = product(c, "all", "92233720368547758.07 EUR");
    placed(c, acme, all, "1");
    UPDATE(c, "account", acme, {"credit_limit", "100 EUR"});
    kith_id o = CREATE(c, "order", {"account", ID(acme)});
    add_line(c, o, all, "1");
    REFUSED(c, "above the limit of 100.00 EUR", "order", o, {"state", "ordered"});
    close_company(c);
}

TEST("a limit of a person counts what no account owes") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}, {"credit_limit", "50 EUR"});
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "10 EUR");
    kith_id theirs = CREATE(c, "order", {"account", ID(acme)}, {"contact", ID(ada)});
    add_line(c, theirs, pen, "9");
    UPDATE(c, "order", theirs, {"state", "ordered"});
    invoiced(c, theirs);
    EXPECT_STR("0.00 EUR", field(c, "contact", ada, "balance"));
    kith_id o = CREATE(c, "order", {"contact", ID(ada)});
    add_line(c, o, pen, "5");
    UPDATE(c, "order", o, {"state", "ordered"});
    kith_id inv = invoiced(c, o);
    EXPECT_STR("50.00 EUR", field(c, "contact", ada, "balance"));
    kith_id more = CREATE(c, "order", {"contact", ID(ada)});
    add_line(c, more, pen, "1");
    REFUSED(c, "are 60.00 EUR: above the limit of 50.00 EUR", "order", more, {"state", "ordered"});
    paid(c, "contact", ada, "50 EUR");
    EXPECT_STR("paid", field(c, "invoice", inv, "state"));
    UPDATE(c, "order", more, {"state", "ordered"});
    expect_balanced(c);
    close_company(c);
}

TEST("the discount of a first purchase is at most what the customer is expected to bring") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme =
        CREATE(c, "account", {"name", "Acme"}, {"expected_value", "30 EUR"}, {"discount", "50"});
    kith_id pen = product(c, "pen", "10 EUR"), o = CREATE(c, "order", {"account", ID(acme)});
    kith_id l = add_line(c, o, pen, "7");
    REFUSED(c,
            "35.00 EUR less on a first purchase is more than the customer is expected to bring "
            "(30.00 EUR)",
            "order", o, {"state", "ordered"});
    UPDATE(c, "order_line", l, {"quantity", "6"});
    UPDATE(c, "order", o, {"state", "ordered"});
    placed(c, acme, pen, "70");
    close_company(c);
}

TEST("a first purchase in another currency than what the customer is expected to bring is at full "
     "price") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}, {"expected_value", "30 EUR"});
    kith_id pen = product(c, "pen", "100 USD"), o = CREATE(c, "order", {"account", ID(acme)});
    kith_id l = add_line(c, o, pen, "1");
    UPDATE(c, "order_line", l, {"discount", "50"});
    REFUSED(
        c,
        "expected to bring 30.00 EUR, and 50.00 USD less on a first purchase cannot be compared "
        "with it",
        "order", o, {"state", "ordered"});
    UPDATE(c, "order_line", l, {"discount", "0"});
    UPDATE(c, "order", o, {"state", "ordered"});
    close_company(c);
}

/* IIT with two departments, one of them with a lab. */
struct iit {
    kith_id whole, chem, lab, civil, pen;
};
static struct iit iit(struct company *c, const char *field_name, const char *text) {
    struct iit x;
    x.whole = CREATE(c, "account", {"name", "IIT"}, {field_name, text});
    x.chem = CREATE(c, "account", {"name", "Chemistry"}, {"parent", ID(x.whole)});
    x.lab = CREATE(c, "account", {"name", "Lab"}, {"parent", ID(x.chem)});
    x.civil = CREATE(c, "account", {"name", "Civil"}, {"parent", ID(x.whole)});
    x.pen = product(c, "pen", "10 EUR");
    return x;
}

TEST("the limit of an account is that of all its units together, and a unit may have one below") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    struct iit x = iit(c, "credit_limit", "100 EUR");
    invoiced(c, placed(c, x.lab, x.pen, "5"));
    placed(c, x.civil, x.pen, "4");
    kith_id o = CREATE(c, "order", {"account", ID(x.lab)}), l = add_line(c, o, x.pen, "2");
    REFUSED(c,
            "credit_limit: 50.00 EUR open, 40.00 EUR ordered and neither invoiced nor paid, and "
            "20.00 EUR now are 110.00 EUR: above the limit of 100.00 EUR, which IIT has with all "
            "its units",
            "order", o, {"state", "ordered"});
    struct act a = ACT(c, "commerce.credit_check", {"account", ID(x.chem)}, {"amount", "20 EUR"});
    EXPECT_STR("false", result_text(c, &a, "passes"));
    EXPECT_STR("50.00 EUR", result_text(c, &a, "open"));
    a = ACT(c, "commerce.credit_check", {"account", ID(x.whole)}, {"amount", "10 EUR"});
    EXPECT_STR("true", result_text(c, &a, "passes"));
    EXPECT_STR("40.00 EUR", result_text(c, &a, "ordered"));
    UPDATE(c, "account", x.chem, {"credit_limit", "55 EUR"});
    UPDATE(c, "order_line", l, {"quantity", "1"});
    REFUSED(c, "above the limit of 55.00 EUR, which Chemistry has with all its units", "order", o,
            {"state", "ordered"});
    UPDATE(c, "account", x.chem, {"credit_limit", "1000 EUR"});
    UPDATE(c, "order", o, {"state", "ordered"});
    a = ACT(c, "commerce.open_by_age", {"currency", "EUR"}, {"account", ID(x.whole)});
    EXPECT_ACT(a);
    EXPECT_STR("50.00 EUR", result_text(c, &a, "total"));
    close_company(c);
}

TEST("units pay within the days of the account above, and count for its bonus") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    struct iit x = iit(c, "payment_days", "60");
    UPDATE(c, "account", x.whole, {"bonus", "10"}, {"bonus_from", "100 EUR"});
    kith_id inv = invoiced(c, placed(c, x.lab, x.pen, "5"));
    EXPECT_STR("2024-01-13", field(c, "invoice", inv, "due_on")); /* 2023-11-14 and 60 days */
    UPDATE(c, "account", x.chem, {"payment_days", "30"});
    inv = invoiced(c, placed(c, x.lab, x.pen, "1"));
    EXPECT_STR("2023-12-14", field(c, "invoice", inv, "due_on"));
    invoiced(c, placed(c, x.civil, x.pen, "6"));
    const kith_id asked[] = {x.whole, x.lab};
    for (int i = 0; i < 2; i++) {
        struct act a = ACT(c, "commerce.bonus", {"account", ID(asked[i])}, {"from", "2023-01-01"},
                           {"until", "2023-12-31"}, {"currency", "EUR"});
        EXPECT_ACT(a);
        EXPECT_STR("120.00 EUR", result_text(c, &a, "turnover"));
        EXPECT_STR("12.00 EUR", result_text(c, &a, "bonus"));
        EXPECT_HAS(ID(x.whole), result_text(c, &a, "of"));
    }
    close_company(c);
}

TEST("the first purchase of an account is that of all its units") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    struct iit x = iit(c, "expected_value", "30 EUR");
    kith_id o = CREATE(c, "order", {"account", ID(x.lab)}), l = add_line(c, o, x.pen, "10");
    UPDATE(c, "order_line", l, {"discount", "50"});
    REFUSED(c, "50.00 EUR less on a first purchase is more than", "order", o, {"state", "ordered"});
    placed(c, x.civil, x.pen, "1");
    UPDATE(c, "order", o, {"state", "ordered"});
    close_company(c);
}

TEST("what is open is told by its age") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    static const char *const due[] = {"2023-11-14", "2023-11-13", "2023-10-15",
                                      "2023-10-14", "2023-09-14", "2023-08-15"};
    kith_id acme = CREATE(c, "account", {"name", "Acme"}), pen = product(c, "pen", "1 EUR");
    for (int i = 0; i < 6; i++) {
        char quantity[12];
        snprintf(quantity, sizeof quantity, "%d", 1 << i);
        CREATE(c, "invoice", {"order", ID(placed(c, acme, pen, quantity))},
               {"issued_on", "2023-08-01"}, {"due_on", due[i]});
    }
    struct act a = ACT(c, "commerce.open_by_age", {"currency", "EUR"}, {"account", ID(acme)});
    EXPECT_ACT(a);
    EXPECT_STR("1.00 EUR", result_text(c, &a, "not_due"));
    EXPECT_STR("6.00 EUR", result_text(c, &a, "days_30"));
    EXPECT_STR("8.00 EUR", result_text(c, &a, "days_60"));
    EXPECT_STR("16.00 EUR", result_text(c, &a, "days_90"));
    EXPECT_STR("32.00 EUR", result_text(c, &a, "older"));
    EXPECT_STR("63.00 EUR", result_text(c, &a, "total"));
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}),
            o = CREATE(c, "order", {"contact", ID(ada)});
    add_line(c, o, pen, "100");
    UPDATE(c, "order", o, {"state", "ordered"});
    invoiced(c, o);
    a = ACT(c, "commerce.open_by_age", {"currency", "EUR"});
    EXPECT_STR("163.00 EUR", result_text(c, &a, "total"));
    struct action_rows rows = action_rows(a.action, a.results);
    EXPECT_INT(2, rows.count);
    const kith_value *most = rows.items[0].as.list.items, *next = rows.items[1].as.list.items;
    EXPECT_INT(ada, most[1].as.link.id);
    EXPECT_INT(10000, most[7].as.money.minor);
    EXPECT_INT(acme, next[0].as.link.id);
    EXPECT_INT(3200, next[6].as.money.minor);
    EXPECT_INT(6300, next[7].as.money.minor);
    a = ACT(c, "commerce.open_by_age", {"currency", "USD"});
    EXPECT_STR("0.00 USD", result_text(c, &a, "total"));
    close_company(c);
}

TEST("a bonus is earned by what was invoiced less what was credited, from a turnover on") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme =
        CREATE(c, "account", {"name", "Acme"}, {"bonus", "2.5"}, {"bonus_from", "1000 EUR"});
    kith_id pen = product(c, "pen", "10 EUR"), first = invoiced(c, placed(c, acme, pen, "60"));
    struct act a = ACT(c, "commerce.bonus", {"account", ID(acme)}, {"from", "2023-01-01"},
                       {"until", "2023-12-31"}, {"currency", "EUR"});
    EXPECT_ACT(a);
    EXPECT_STR("0.00 EUR", result_text(c, &a, "bonus"));
    EXPECT_STR("400.00 EUR", result_text(c, &a, "missing"));
    EXPECT_ACT(ACT(c, "commerce.credit", {"invoice", ID(first)}));
    invoiced(c, placed(c, acme, pen, "101"));
    a = ACT(c, "commerce.bonus", {"account", ID(acme)}, {"from", "2023-01-01"},
            {"until", "2023-12-31"}, {"currency", "EUR"});
    EXPECT_STR("1010.00 EUR", result_text(c, &a, "turnover"));
    EXPECT_STR("25.25 EUR", result_text(c, &a, "bonus"));
    a = ACT(c, "commerce.bonus", {"account", ID(acme)}, {"from", "2024-01-01"},
            {"until", "2024-12-31"}, {"currency", "EUR"});
    EXPECT_STR("0.00 EUR", result_text(c, &a, "turnover"));
    ACT_REFUSED(c, "agreed on in EUR", "commerce.bonus", {"account", ID(acme)},
                {"from", "2023-01-01"}, {"until", "2023-12-31"}, {"currency", "USD"});
    close_company(c);
}

/* COM-X4: 70 of 100 orders of electronics were paid by card; how they wished to pay does not
 * matter. */
TEST("the share of a means of payment in a category goes by what was paid") {
    struct company company, *c = &company;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id electronics = CREATE(c, "product_category", {"name", "Electronics"});
    kith_id books = CREATE(c, "product_category", {"name", "Books"});
    kith_id radio = PRODUCT(c, {"code", "radio"}, {"name", "Radio"}, {"price", "50 EUR"},
                            {"category", ID(electronics)});
    for (int i = 0; i < 101; i++) {
        kith_id o = CREATE(c, "order", {"account", ID(acme)},
                           {"payment_method", i < 70 ? "transfer" : "card"});
        add_line(c, o, radio, "1");
        add_line(c, o, radio, "2");
        if (i == 100) /* the last one stays a cart */
            break;
        UPDATE(c, "order", o, {"state", "ordered"});
        if (i < 40) /* in front of the invoice, or for it */
            EXPECT_ACT(ACT(c, "commerce.pay", {"order", ID(o)}, {"amount", "150 EUR"},
                           {"method", "card"}));
        else if (i < 90)
            EXPECT_ACT(ACT(c, "commerce.pay", {"invoice", ID(invoiced(c, o))},
                           {"amount", "150 EUR"}, {"method", i < 70 ? "card" : "cash"}));
        else if (i == 90) /* on its way is not there */
            EXPECT_ACT(ACT(c, "commerce.pay", {"order", ID(o)}, {"amount", "150 EUR"},
                           {"method", "card"}, {"pending", "true"}));
    }
    static const char *const told[][3] = {
        {"card", "0.7000", "70"}, {"cash", "0.2000", "20"}, {"transfer", "0.0000", "0"}};
    for (size_t i = 0; i < 3; i++) {
        struct act a =
            ACT(c, "commerce.payment_share", {"category", ID(electronics)}, {"method", told[i][0]});
        EXPECT_ACT(a);
        EXPECT_STR(told[i][1], result_text(c, &a, "share"));
        EXPECT_STR(told[i][2], result_text(c, &a, "orders"));
        EXPECT_STR("100", result_text(c, &a, "all"));
    }
    struct act a = ACT(c, "commerce.payment_share", {"category", ID(books)}, {"method", "card"});
    EXPECT_STR("", result_text(c, &a, "share"));
    close_company(c);
}

/* -- who asks -----------------------------------------------------------------------------------
 */

/* Sees all customers, and only what is theirs of what these owe. */
#define CLERK                                                                                      \
    "{\"types\": {\"account\": {\"read\": \"all\", \"fields\": {\"credit_limit\": \"none\"}}, "    \
    "\"invoice\": {\"read\": \"own\"}, \"order\": {\"read\": \"own\"}, \"ledger_entry\": "         \
    "{\"read\": \"own\"}, \"payment\": {\"read\": \"own\"}}, \"actions\": [\"commerce.*\"]}"

TEST("a check of credit counts what whoever asks may not see, and shows none of it") {
    struct company company, *c = &company;
    struct someone clerk;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"}, {"credit_limit", "1000 EUR"},
                          {"bonus", "10"}, {"bonus_from", "900 EUR"});
    kith_id unit = product(c, "unit", "100 EUR");
    (void)invoiced(c, placed(c, acme, unit, "9"));
    come_in(c, &clerk, "clerk", CLERK);
    struct act a = act_as(c, &clerk.by, "commerce.credit_check",
                          PAIRS({"account", ID(acme)}, {"amount", "200 EUR"}));
    EXPECT_ACT(a);
    EXPECT_STR("false", result_text(c, &a, "passes"));
    EXPECT_STR("900.00 EUR", result_text(c, &a, "open"));
    a = act_as(c, &clerk.by, "commerce.bonus",
               PAIRS({"account", ID(acme)}, {"from", "2023-01-01"}, {"until", "2023-12-31"},
                     {"currency", "EUR"}));
    EXPECT_ACT(a);
    EXPECT_STR("90.00 EUR", result_text(c, &a, "bonus"));
    leave(&clerk);
    close_company(c);
}

TEST("what is open by age is told as far as it may be seen, and whether that is all of it") {
    struct company company, *c = &company;
    struct someone clerk;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id unit = product(c, "unit", "100 EUR");
    kith_id theirs = invoiced(c, placed(c, acme, unit, "1"));
    (void)invoiced(c, placed(c, acme, unit, "2"));
    come_in(c, &clerk, "clerk", CLERK);
    UPDATE(c, "invoice", theirs, {"owner", ID(clerk.id)});
    struct act a = act_as(c, &clerk.by, "commerce.open_by_age", PAIRS({"currency", "EUR"}));
    EXPECT_ACT(a);
    EXPECT_STR("100.00 EUR", result_text(c, &a, "total"));
    EXPECT_STR("false", result_text(c, &a, "complete"));
    EXPECT_INT(1, (int64_t)row_count(&a));
    a = ACT(c, "commerce.open_by_age", {"currency", "EUR"});
    EXPECT_STR("300.00 EUR", result_text(c, &a, "total"));
    EXPECT_STR("true", result_text(c, &a, "complete"));
    leave(&clerk);
    close_company(c);
}

TEST("the ledger is checked as a whole, whoever asks") {
    struct company company, *c = &company;
    struct someone clerk;
    OPEN(c, SHOP(""), "commerce");
    kith_id acme = CREATE(c, "account", {"name", "Acme"});
    kith_id unit = product(c, "unit", "100 EUR");
    kith_id inv = invoiced(c, placed(c, acme, unit, "1"));
    come_in(c, &clerk, "clerk", CLERK);
    UPDATE(c, "invoice", inv, {"owner", ID(clerk.id)}); /* its entries they may not see */
    struct act a = act_as(c, &clerk.by, "commerce.ledger_check", PAIRS({"none", ""}));
    EXPECT_ACT(a);
    EXPECT_STR("true", result_text(c, &a, "balanced"));
    leave(&clerk);
    close_company(c);
}
