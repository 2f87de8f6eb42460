/* SPDX-License-Identifier: Apache-2.0 */
/* Who buys: units, roles, approvals, and whom to talk with. */
#include "deals.h"

#define FIRM(c, ...)   CREATE(c, "account", __VA_ARGS__)
#define PERSON(c, ...) CREATE(c, "contact", __VA_ARGS__)
#define ROLE(c, ...)   CREATE(c, "buying_role", __VA_ARGS__)
#define UNITS          8

static const char *const units[UNITS] = {
    "VGSoM", "Electrical", "Electronics", "Law", "Research office", "Outreach", "Dean", "Director"};
struct iit {
    kith_id iit, units[UNITS], heads[UNITS], director;
};

/* SAL-X1: one account, eight units, each with somebody who decides; the director approves. */
static struct iit new_iit(struct company *c) {
    struct iit x = {.iit = FIRM(c, {"name", "IIT Kharagpur"}, {"procurement", "decentralised"})};
    for (int i = 0; i < UNITS; i++) {
        char name[40];
        snprintf(name, sizeof name, "Head of %s", units[i]);
        x.units[i] = FIRM(c, {"name", units[i]}, {"parent", ID(c, x.iit)});
        x.heads[i] = PERSON(c, {"name", name}, {"account", ID(c, x.units[i])});
        ROLE(c, {"account", ID(c, x.units[i])}, {"contact", ID(c, x.heads[i])},
             {"role", "decision_maker"}, {"influence", "high"});
    }
    x.director = PERSON(c, {"name", "The director"}, {"account", ID(c, x.iit)});
    ROLE(c, {"account", ID(c, x.iit)}, {"contact", ID(c, x.director)}, {"role", "approver"});
    return x;
}

static kith_id role_of(struct company *c, kith_id opportunity, const char *role) {
    char query[120];
    snprintf(query, sizeof query, "deal_role where opportunity = '%s' and role = '%s'",
             ID(c, opportunity), role);
    struct found f = find(c, query);
    EXPECT_INT(1, f.count);
    return f.ids[0];
}

TEST("eight units decide, each with its people, and a deal needs the approver") { /* SAL-X1 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct iit x = new_iit(&c);
    struct act plan = ACT(&c, "sales.contact_plan", {"account", ID(&c, x.iit)});
    EXPECT_ACT(plan);
    EXPECT_STR("decentralised", result_text(&c, &plan, "procurement"));
    EXPECT_STR("8", result_text(&c, &plan, "accounts"));
    EXPECT_INT(UNITS, row_count(&plan));
    EXPECT_STR("Dean|Head of Dean|decision_maker|high|decides for itself",
               row_text(&c, &plan, 0, "account_name name role influence why"));
    kith_id deal_id = DEAL(&c, {"account", ID(&c, x.units[3])}, {"amount", "100 EUR"});
    EXPECT_STR(ID(&c, x.heads[3]),
               field(&c, "deal_role", role_of(&c, deal_id, "decision_maker"), "contact"));
    kith_id approver = role_of(&c, deal_id, "approver");
    MOVE(&c, deal_id, {"stage", "proposal"});
    REFUSED(&c, "The director has not approved it", "opportunity", deal_id, {"stage", "won"});
    REFUSED(&c, "it has not come yet", "deal_role", approver, {"approved_at", "2030-01-01 10:00"});
    UPDATE(&c, "deal_role", approver, {"approved_at", "2023-11-14 12:00"});
    MOVE(&c, deal_id, {"stage", "won"});
    close_company(&c);
}

TEST(
    "an approver cannot be passed by: a deal of the account needs them whatever their role in it") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    struct iit x = new_iit(&c);
    kith_id deal_id = DEAL(&c, {"account", ID(&c, x.units[0])});
    MOVE(&c, deal_id, {"stage", "proposal"});
    UPDATE(&c, "deal_role", role_of(&c, deal_id, "approver"), {"role", "stakeholder"});
    REFUSED(&c, "The director has not approved it", "opportunity", deal_id, {"stage", "won"});
    REFUSED(&c, "only an approver approves", "deal_role", role_of(&c, deal_id, "stakeholder"),
            {"approved_at", "2023-11-14 12:00"});
    kith_id other = FIRM(&c, {"name", "Small one"});
    MOVE(&c, deal_id, {"account", ID(&c, other)});
    EXPECT_INT(0, find(&c, "deal_role").count);
    MOVE(&c, deal_id, {"stage", "won"});
    close_company(&c);
}

TEST("nobody has a role twice, and several people have several roles") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id ada = PERSON(&c, {"name", "Ada"}), ben = PERSON(&c, {"name", "Ben"});
    kith_id d = DEAL(&c, {"amount", "1 EUR"}), acme = FIRM(&c, {"name", "Acme"});
    CREATE(&c, "deal_role", {"opportunity", ID(&c, d)}, {"contact", ID(&c, ada)}, {"role", "buyer"},
           {"attitude", "for"});
    CREATE(&c, "deal_role", {"opportunity", ID(&c, d)}, {"contact", ID(&c, ada)},
           {"role", "gatekeeper"});
    CREATE(&c, "deal_role", {"opportunity", ID(&c, d)}, {"contact", ID(&c, ben)},
           {"role", "buyer"});
    REFUSED(&c, "with the same opportunity, contact and role already", "deal_role", 0,
            {"opportunity", ID(&c, d)}, {"contact", ID(&c, ben)}, {"role", "buyer"});
    ROLE(&c, {"account", ID(&c, acme)}, {"contact", ID(&c, ada)}, {"role", "buyer"});
    REFUSED(&c, "with the same account, contact and role already", "buying_role", 0,
            {"account", ID(&c, acme)}, {"contact", ID(&c, ada)}, {"role", "buyer"});
    CREATE(&c, "treatment", {"contact", ID(&c, ada)}, {"approach", "Numbers first"});
    REFUSED(&c, "there is a treatment of them", "treatment", 0, {"contact", ID(&c, ada)},
            {"approach", "Stories"});
    close_company(&c);
}

TEST("one central buyer is talked with, unless a unit buys for itself") { /* SAL-X2 */
    struct company c;
    OPEN(&c, CONF(""), "sales");
    static const char *const names[] = {"Tata Metaliks", "Hitachi"};
    for (int i = 0; i < 2; i++) {
        kith_id firm = FIRM(&c, {"name", names[i]}, {"procurement", "centralised"});
        kith_id works = FIRM(&c, {"name", "Works"}, {"parent", ID(&c, firm)});
        kith_id canteen = FIRM(&c, {"name", "Canteen"}, {"parent", ID(&c, firm)});
        kith_id buyer = PERSON(&c, {"name", "The buyer"}, {"account", ID(&c, firm)});
        ROLE(&c, {"account", ID(&c, firm)}, {"contact", ID(&c, buyer)}, {"role", "buyer"});
        struct act plan = ACT(&c, "sales.contact_plan", {"account", ID(&c, firm)});
        EXPECT_ACT(plan);
        EXPECT_STR("centralised", result_text(&c, &plan, "procurement"));
        EXPECT_INT(1, row_count(&plan));
        EXPECT_STR("The buyer|buyer|buys for all units", row_text(&c, &plan, 0, "name role why"));
        plan = ACT(&c, "sales.contact_plan", {"account", ID(&c, works)});
        EXPECT_INT(1, row_count(&plan));
        EXPECT_STR(names[i], row_text(&c, &plan, 0, "account_name"));
        kith_id d = DEAL(&c, {"account", ID(&c, works)});
        EXPECT_STR(ID(&c, buyer), field(&c, "deal_role", role_of(&c, d, "buyer"), "contact"));
        UPDATE(&c, "account", canteen, {"procurement", "decentralised"});
        plan = ACT(&c, "sales.contact_plan", {"account", ID(&c, firm)});
        EXPECT_INT(2, row_count(&plan));
        EXPECT_STR("Canteen||find out who decides",
                   row_text(&c, &plan, 1, "account_name name why"));
    }
    close_company(&c);
}
