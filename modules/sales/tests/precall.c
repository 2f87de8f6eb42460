/* SPDX-License-Identifier: Apache-2.0 */
/* Before the call: what is open with a customer, and an alert to whoever plans to talk with them.
 */
#include "deals.h"

#define FIRM(c, ...)   CREATE(c, "account", __VA_ARGS__)
#define PERSON(c, ...) CREATE(c, "contact", __VA_ARGS__)
#define TALK(c, ...)   CREATE(c, "interaction", {"channel", "call"}, __VA_ARGS__)
/* Forms that customers sent and that nobody answered stand for complaints. */
#define COMPLAINTS                                                                                 \
    CONF("problems = ( { kind = \"service\"; type = \"interaction\"; when = \"channel = 'form' "   \
         "and outcome is null\"; }, { kind = \"delivery\"; type = \"no_such_type\"; "              \
         "when = \"late\"; } );")

static kith_id complaint(struct company *c, const char *of, kith_id whom) {
    return CREATE(c, "interaction", {"channel", "form"}, {of, ID(c, whom)}, {"subject", "Broken"});
}

TEST("a planned call with a customer who has problems gives the seller a task first") { /* SAL-X6 */
    struct company c;
    OPEN(&c, COMPLAINTS, "sales");
    kith_id ben = CREATE(&c, "user", {"login", "ben"}, {"name", "Ben"});
    kith_id acme = FIRM(&c, {"name", "Acme"}, {"owner", ID(&c, ben)});
    kith_id form = complaint(&c, "account", acme);
    kith_id call =
        TALK(&c, {"account", ID(&c, acme)}, {"planned", "true"}, {"at", "2023-11-20 10:00"});
    EXPECT_STR("1", field(&c, "interaction", call, "open_problems"));
    struct found tasks = find(&c, "task where state = 'open'");
    EXPECT_INT(1, tasks.count);
    EXPECT_STR("Solve 1 open problem with Acme before you talk",
               field(&c, "task", tasks.ids[0], "title"));
    EXPECT_STR(ID(&c, ben), field(&c, "task", tasks.ids[0], "assignee"));
    REFUSED(&c, "1 problem is open with this customer", "interaction", call, {"confirmed", "true"});
    REFUSED(&c, "problem is open", "interaction", 0, {"channel", "meeting"}, {"planned", "true"},
            {"account", ID(&c, acme)}, {"confirmed", "true"});
    UPDATE(&c, "task", tasks.ids[0], {"state", "done"});
    UPDATE(&c, "interaction", call, {"confirmed", "true"});
    UPDATE(&c, "interaction", form, {"outcome", "Solved"});
    kith_id next = TALK(&c, {"account", ID(&c, acme)}, {"planned", "true"}, {"confirmed", "true"});
    EXPECT_STR("0", field(&c, "interaction", next, "open_problems"));
    EXPECT_INT(0, find(&c, "task where state = 'open'").count);
    close_company(&c);
}

TEST("a talk with a person is with their account, where somebody plans it by the person alone") {
    struct company c;
    OPEN(&c, COMPLAINTS, "sales");
    kith_id acme = FIRM(&c, {"name", "Acme"}, {"billing_city", "Bonn"});
    kith_id ada = PERSON(&c, {"name", "Ada"}, {"account", ID(&c, acme)});
    complaint(&c, "account", acme);
    DEAL(&c, {"account", ID(&c, acme)}, {"amount", "70 EUR"});
    kith_id call = TALK(&c, {"contact", ID(&c, ada)}, {"planned", "true"}, {"visit", "true"},
                        {"at", "2023-11-20 10:00"});
    EXPECT_STR("1", field(&c, "interaction", call, "open_problems"));
    EXPECT_INT(1, find(&c, "task where title like 'Solve 1 open problem with Ada%'").count);
    struct act a = ACT(&c, "sales.visit_plan", {"since", "2023-11-20"}, {"days", "1"});
    EXPECT_ACT(a);
    EXPECT_INT(1, row_count(&a));
    EXPECT_STR(ID(&c, acme), row_text(&c, &a, 0, "account"));
    EXPECT_STR("Bonn|1|70.00 EUR", row_text(&c, &a, 0, "place problems pipeline"));
    close_company(&c);
}

TEST("the check before a call tells problems first, once each, then how to deal with whom") {
    struct company c; /* SAL-59, SAL-22 */
    OPEN(&c, COMPLAINTS, "sales");
    kith_id acme = FIRM(&c, {"name", "Acme"});
    kith_id ada = PERSON(&c, {"name", "Ada"}, {"account", ID(&c, acme)});
    CREATE(&c, "interaction", {"channel", "form"}, {"account", ID(&c, acme)},
           {"contact", ID(&c, ada)});
    CREATE(&c, "treatment", {"contact", ID(&c, ada)}, {"approach", "Numbers first"});
    DEAL(&c, {"account", ID(&c, acme)}, {"amount", "300 EUR"}, {"close_on", "2023-12-24"});
    TALK(&c, {"account", ID(&c, acme)}, {"subject", "Asked for a price"},
         {"at", "2023-11-01 10:00"});
    struct act a = ACT(&c, "sales.precall", {"contact", ID(&c, ada)});
    EXPECT_ACT(a);
    EXPECT_STR("1", result_text(&c, &a, "problems"));
    EXPECT_STR("300.00 EUR", result_text(&c, &a, "pipeline"));
    EXPECT_STR("problem|service|interaction", row_text(&c, &a, 0, "section kind what"));
    EXPECT_STR("treatment|always|Numbers first", row_text(&c, &a, 1, "section kind what"));
    EXPECT_STR("deal|prospecting|A boat|2023-12-24|300.00 EUR",
               row_text(&c, &a, 2, "section kind what due amount"));
    EXPECT_STR("interaction|form", row_text(&c, &a, 3, "section kind"));
    EXPECT_STR("interaction|call|Asked for a price", row_text(&c, &a, 4, "section kind what"));
    EXPECT_INT(5, row_count(&a));
    a = ACT(&c, "sales.precall", {NULL, NULL});
    EXPECT_HAS("say whom you call", a.message);
    close_company(&c);
}

TEST("what is wrong with an organisation is wrong with its units, and not with those beside") {
    struct company c;
    OPEN(&c, COMPLAINTS "commerce: { grant = [\"*\"]; };\n", "commerce", "sales");
    kith_id iit = FIRM(&c, {"name", "IIT"}),
            chem = FIRM(&c, {"name", "Chemistry"}, {"parent", ID(&c, iit)}),
            lab = FIRM(&c, {"name", "Lab"}, {"parent", ID(&c, chem)}),
            civil = FIRM(&c, {"name", "Civil"}, {"parent", ID(&c, iit)});
    kith_id ada = PERSON(&c, {"name", "Ada"}, {"account", ID(&c, lab)});
    complaint(&c, "account", chem);
    kith_id call = TALK(&c, {"account", ID(&c, lab)}, {"planned", "true"});
    EXPECT_STR("1", field(&c, "interaction", call, "open_problems"));
    call = TALK(&c, {"account", ID(&c, civil)}, {"planned", "true"});
    EXPECT_STR("0", field(&c, "interaction", call, "open_problems"));
    struct act a = ACT(&c, "sales.precall", {"contact", ID(&c, ada)});
    EXPECT_ACT(a);
    EXPECT_STR("1", result_text(&c, &a, "problems"));
    a = ACT(&c, "sales.suggest", {"account", ID(&c, lab)});
    EXPECT_ACT(a);
    EXPECT_HAS("service", result_text(&c, &a, "reason"));
    a = ACT(&c, "sales.suggest", {"account", ID(&c, civil)});
    EXPECT_HAS("nothing is known", result_text(&c, &a, "reason"));
    a = ACT(&c, "sales.summary", {"account", ID(&c, lab)});
    EXPECT_STR("1", result_text(&c, &a, "problems"));
    a = ACT(&c, "sales.summary", {"account", ID(&c, iit)});
    EXPECT_STR("1", result_text(&c, &a, "problems"));
    close_company(&c);
}

TEST("the summary of an account tells what it and its units owe") { /* SAL-24 */
    struct company c;
    OPEN(&c, CONF("") "commerce: { grant = [\"*\"]; };\n", "commerce", "sales");
    kith_id iit = FIRM(&c, {"name", "IIT"}),
            chem = FIRM(&c, {"name", "Chemistry"}, {"parent", ID(&c, iit)}),
            ada = PERSON(&c, {"name", "Ada"});
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "10 EUR"});
    static const char *const of[] = {"account", "account", "contact"};
    const kith_id whom[] = {iit, chem, ada};
    for (int i = 0; i < 3; i++) {
        kith_id o = CREATE(&c, "order", {of[i], ID(&c, whom[i])});
        CREATE(&c, "order_line", {"order", ID(&c, o)}, {"product", ID(&c, pen)});
        UPDATE(&c, "order", o, {"state", "ordered"});
        CREATE(&c, "invoice", {"order", ID(&c, o)});
    }
    struct act a = ACT(&c, "sales.summary", {"account", ID(&c, iit)});
    EXPECT_ACT(a);
    EXPECT_STR("20.00 EUR", result_text(&c, &a, "balance"));
    a = ACT(&c, "sales.precall", {"account", ID(&c, chem)});
    EXPECT_STR("10.00 EUR", result_text(&c, &a, "balance"));
    a = ACT(&c, "sales.precall", {"contact", ID(&c, ada)});
    EXPECT_STR("10.00 EUR", result_text(&c, &a, "balance"));
    close_company(&c);
}

TEST("the summary of an account has all of its units") { /* SAL-18, SAL-24 */
    struct company c;
    OPEN(&c, COMPLAINTS, "sales");
    kith_id iit = FIRM(&c, {"name", "IIT"});
    kith_id law = FIRM(&c, {"name", "Law"}, {"parent", ID(&c, iit)});
    PERSON(&c, {"name", "Ada"}, {"account", ID(&c, law)}, {"title", "Professor"});
    DEAL(&c, {"account", ID(&c, law)}, {"amount", "20 EUR"});
    DEAL(&c, {"account", ID(&c, iit)}, {"amount", "1 EUR"});
    complaint(&c, "account", law);
    struct act a = ACT(&c, "sales.summary", {"account", ID(&c, iit)});
    EXPECT_ACT(a);
    EXPECT_STR("1", result_text(&c, &a, "problems"));
    EXPECT_STR("2", result_text(&c, &a, "opportunities"));
    EXPECT_STR("21.00 EUR", result_text(&c, &a, "pipeline"));
    EXPECT_STR("deal|1.00 EUR", row_text(&c, &a, 0, "section amount"));
    EXPECT_STR("problem|service", row_text(&c, &a, 1, "section kind"));
    EXPECT_STR("contact|Professor|Ada", row_text(&c, &a, 3, "section kind what"));
    close_company(&c);
}

TEST("problems count for whoever asks, and those that they may not see have no row") {
    struct company c;
    struct someone max;
    OPEN(&c, COMPLAINTS, "sales");
    kith_id acme = FIRM(&c, {"name", "Acme"});
    kith_id ada = PERSON(&c, {"name", "Ada"}, {"account", ID(&c, acme)});
    complaint(&c, "account", acme);
    kith_id seen = complaint(&c, "account", acme);
    come_in(&c, &max, "max",
            "{\"types\": {\"account\": {\"read\": \"all\"}, \"contact\": {\"read\": \"all\"}, "
            "\"interaction\": {\"read\": \"own\"}, "
            "\"opportunity\": {\"read\": \"own\"}, \"task\": {\"read\": \"own\"}}, \"actions\": "
            "[\"sales.*\"]}");
    UPDATE(&c, "interaction", seen, {"owner", ID(&c, max.id)});
    struct act a = act_as(&c, &max.by, "sales.precall", PAIRS({"contact", ID(&c, ada)}));
    EXPECT_ACT(a);
    EXPECT_STR("2", result_text(&c, &a, "problems"));
    EXPECT_STR("1", result_text(&c, &a, "hidden"));
    EXPECT_STR("problem|interaction Broken", row_text(&c, &a, 0, "section what"));
    EXPECT_STR("interaction|form", row_text(&c, &a, 1, "section kind"));
    EXPECT_INT(2, row_count(&a));
    a = act_as(&c, &max.by, "sales.summary", PAIRS({"account", ID(&c, acme)}));
    EXPECT_STR("2", result_text(&c, &a, "problems"));
    leave(&max);
    close_company(&c);
}

/* As the shipped configuration has them. */
#define SHIPPED                                                                                    \
    CONF(                                                                                          \
        "problems = ( { kind = \"payment\"; type = \"invoice\"; when = \"state = 'overdue'\"; }, " \
        "{ kind = \"return\"; type = \"return_request\"; account = \"order.account\"; when = "     \
        "\"state in ('requested', 'approved', 'received')\"; } );")

TEST("a problem is told with its number, when it was due and how much it is about") {
    struct company c;
    struct someone max;
    OPEN(&c, SHIPPED "commerce: { grant = [\"*\"]; };\n", "commerce", "sales");
    kith_id acme = FIRM(&c, {"name", "Acme"});
    kith_id pen = CREATE(&c, "product", {"code", "pen"}, {"name", "Pen"}, {"price", "3 EUR"});
    kith_id order = CREATE(&c, "order", {"account", ID(&c, acme)});
    kith_id line = CREATE(&c, "order_line", {"order", ID(&c, order)}, {"product", ID(&c, pen)},
                          {"quantity", "2"});
    UPDATE(&c, "order", order, {"state", "ordered"});
    CREATE(&c, "invoice", {"order", ID(&c, order)}, {"issued_on", "2023-08-01"},
           {"due_on", "2023-09-01"});
    ACT(&c, "commerce.ship", {"order", ID(&c, order)});
    CREATE(&c, "return_request", {"order_line", ID(&c, line)}, {"quantity", "1"});
    struct act a = ACT(&c, "sales.precall", {"account", ID(&c, acme)});
    EXPECT_ACT(a);
    EXPECT_STR("payment|invoice INV-2023-000001|2023-09-01|6.00 EUR",
               row_text(&c, &a, 0, "kind what due amount"));
    EXPECT_STR("return|return_request R-000001", row_text(&c, &a, 1, "kind what"));
    EXPECT_STR("2", result_text(&c, &a, "problems"));
    come_in(&c, &max, "max", /* nothing of invoices */
            "{\"types\": {\"account\": {\"read\": \"all\"}, \"opportunity\": {\"read\": \"own\"}, "
            "\"interaction\": {\"read\": \"own\"}}, \"actions\": [\"sales.precall\"]}");
    a = act_as(&c, &max.by, "sales.precall", PAIRS({"account", ID(&c, acme)}));
    EXPECT_ACT(a);
    EXPECT_STR("2", result_text(&c, &a, "problems"));
    EXPECT_STR("2", result_text(&c, &a, "hidden"));
    EXPECT_INT(0, row_count(&a));
    leave(&max);
    close_company(&c);
}
