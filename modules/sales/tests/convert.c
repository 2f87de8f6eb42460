/* SPDX-License-Identifier: Apache-2.0 */
/* Leads that become customers: what is found, what is made, what is refused, and the way back. */
#include "company.h"

#define CONF "sales: { grant = [\"*\"]; };\n"

/* A qualified lead. */
#define QUALIFIED(c, ...) qualified(c, PAIRS(__VA_ARGS__))
static kith_id qualified(struct company *c, const struct pair *pairs) {
    kith_id id = put(c, "lead", 0, pairs);
    UPDATE(c, "lead", id, {"state", "qualified"});
    return id;
}

#define CONVERT(c, id, ...) ACT(c, "sales.convert", {"lead", id_text(c, id)}, ##__VA_ARGS__)

static kith_id linked(const struct act *a, int result) {
    return a->results[result].kind == KITH_LINK ? a->results[result].as.link.id : 0;
}
enum { ACCOUNT, ACCOUNT_HOW, CONTACT, CONTACT_HOW, OPPORTUNITY };

static const char *how(struct company *c, const struct act *a, int result) {
    kith_str s = a->results[result].as.s;
    return arena_strndup(&c->arena, s.ptr, (size_t)s.len);
}

#define ADA                                                                                        \
    {"name", "Ada Lovelace"}, {"company", "Steel Ltd"}, {"email", "ada@example.com"}, {            \
        "phone", "+49 89 123456"                                                                   \
    }

TEST("a qualified lead becomes an account, a contact and an opportunity that know each other") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id user = CREATE(&c, "user", {"login", "carl"}, {"name", "Carl"});
    kith_id lead = QUALIFIED(&c, ADA, {"source", "referral"}, {"campaign", "Spring"},
                             {"interest", "A boat for two"}, {"owner", id_text(&c, user)});
    struct act a = CONVERT(&c, lead, {"amount", "500 EUR"}, {"close_on", "2024-02-29"});
    EXPECT_ACT(a);
    kith_id account = linked(&a, ACCOUNT), contact = linked(&a, CONTACT);
    kith_id deal = linked(&a, OPPORTUNITY);
    EXPECT_STR("created", how(&c, &a, ACCOUNT_HOW));
    EXPECT_STR("created", how(&c, &a, CONTACT_HOW));
    EXPECT_STR("Steel Ltd", field(&c, "account", account, "name"));
    EXPECT_STR("prospect", field(&c, "account", account, "kind"));
    EXPECT_STR(id_text(&c, user), field(&c, "account", account, "owner"));
    EXPECT_STR("Ada Lovelace", field(&c, "contact", contact, "name"));
    EXPECT_STR("ada@example.com", field(&c, "contact", contact, "email"));
    EXPECT_STR("referral", field(&c, "contact", contact, "source"));
    EXPECT_STR(id_text(&c, account), field(&c, "contact", contact, "account"));
    EXPECT_STR(id_text(&c, user), field(&c, "contact", contact, "owner"));
    EXPECT_STR("Steel Ltd", field(&c, "opportunity", deal, "name"));
    EXPECT_STR(id_text(&c, account), field(&c, "opportunity", deal, "account"));
    EXPECT_STR(id_text(&c, contact), field(&c, "opportunity", deal, "contact"));
    EXPECT_STR(id_text(&c, lead), field(&c, "opportunity", deal, "lead"));
    EXPECT_STR(id_text(&c, user), field(&c, "opportunity", deal, "owner"));
    EXPECT_STR("prospecting", field(&c, "opportunity", deal, "stage"));
    EXPECT_STR("500.00 EUR", field(&c, "opportunity", deal, "amount"));
    EXPECT_STR("2024-02-29", field(&c, "opportunity", deal, "close_on"));
    EXPECT_STR("referral", field(&c, "opportunity", deal, "source"));
    EXPECT_STR("Spring", field(&c, "opportunity", deal, "campaign"));
    EXPECT_STR("A boat for two", field(&c, "opportunity", deal, "description"));
    EXPECT_STR("converted", field(&c, "lead", lead, "state"));
    EXPECT_STR(id_text(&c, account), field(&c, "lead", lead, "account"));
    EXPECT_STR(id_text(&c, contact), field(&c, "lead", lead, "contact"));
    close_company(&c);
}

TEST("what is made of a lead lies where the lead did, and in its line of business") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id north = CREATE(&c, "territory", {"name", "North"});
    kith_id lead = QUALIFIED(&c, ADA, {"city", "Kiel"}, {"region", "Holstein"},
                             {"country", "Germany"}, {"postal_code", "24103"},
                             {"industry", "steel"}, {"territory", id_text(&c, north)});
    struct act a = CONVERT(&c, lead, {"amount", "500 EUR"});
    EXPECT_ACT(a);
    const kith_id account = linked(&a, ACCOUNT), contact = linked(&a, CONTACT);
    EXPECT_STR("Kiel", field(&c, "account", account, "billing_city"));
    EXPECT_STR("Holstein", field(&c, "account", account, "billing_region"));
    EXPECT_STR("Germany", field(&c, "account", account, "billing_country"));
    EXPECT_STR("24103", field(&c, "account", account, "billing_postal_code"));
    EXPECT_STR("steel", field(&c, "account", account, "industry"));
    EXPECT_STR(id_text(&c, north), field(&c, "account", account, "territory"));
    EXPECT_STR("500.00 EUR", field(&c, "territory", north, "pipeline"));
    EXPECT_STR("", field(&c, "contact", contact, "city"));
    lead = QUALIFIED(&c, {"name", "Bea"}, {"city", "Bonn"}, {"industry", "law"});
    a = CONVERT(&c, lead);
    EXPECT_ACT(a);
    EXPECT_STR("Bonn", field(&c, "contact", linked(&a, CONTACT), "city"));
    EXPECT_STR("law", field(&c, "contact", linked(&a, CONTACT), "industry"));
    close_company(&c);
}

TEST("who is known is found, whatever the case and the accents") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id account = CREATE(&c, "account", {"name", "Ståhl AB"});
    kith_id contact = CREATE(&c, "contact", {"name", "Ada"}, {"email", "Ada@Example.com"});
    kith_id lead = QUALIFIED(&c, {"name", "A. Lovelace"}, {"company", "STAHL ab"},
                             {"email", "ada@example.com"});
    struct act a = CONVERT(&c, lead);
    EXPECT_ACT(a);
    EXPECT_STR("found", how(&c, &a, ACCOUNT_HOW));
    EXPECT_STR("found", how(&c, &a, CONTACT_HOW));
    EXPECT(account == linked(&a, ACCOUNT));
    EXPECT(contact == linked(&a, CONTACT));
    EXPECT_STR(id_text(&c, account), field(&c, "contact", contact, "account"));
    EXPECT_INT(1, find(&c, "account").count);
    EXPECT_INT(1, find(&c, "contact").count);
    close_company(&c);
}

TEST("a contact is found by any of its addresses, and keeps its account") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id acme = CREATE(&c, "account", {"name", "Acme"});
    kith_id contact = CREATE(&c, "contact", {"name", "Ada"}, {"email", "ada@home.example"},
                             {"account", id_text(&c, acme)});
    CREATE(&c, "contact_point", {"contact", id_text(&c, contact)}, {"kind", "email"},
           {"value", "ada@work.example"});
    kith_id lead =
        QUALIFIED(&c, {"name", "Ada"}, {"company", "Steel Ltd"}, {"email", "ADA@work.example"});
    struct act a = CONVERT(&c, lead);
    EXPECT_ACT(a);
    EXPECT(contact == linked(&a, CONTACT));
    EXPECT_STR("created", how(&c, &a, ACCOUNT_HOW));
    EXPECT_STR(id_text(&c, acme), field(&c, "contact", contact, "account"));
    close_company(&c);
}

TEST("what is in the company's name is no pattern") {
    struct company c;
    OPEN(&c, CONF, "sales");
    CREATE(&c, "account", {"name", "100 percent"});
    kith_id lead = QUALIFIED(&c, {"name", "Ada"}, {"company", "1%"});
    struct act a = CONVERT(&c, lead);
    EXPECT_ACT(a);
    EXPECT_STR("created", how(&c, &a, ACCOUNT_HOW));
    close_company(&c);
}

TEST("what the caller names comes first, then what the lead leads to") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id named = CREATE(&c, "account", {"name", "Named"});
    kith_id own = CREATE(&c, "account", {"name", "Own"});
    kith_id person = CREATE(&c, "contact", {"name", "Person"});
    kith_id lead = QUALIFIED(&c, ADA, {"account", id_text(&c, own)});
    struct act a = CONVERT(&c, lead, {"contact", id_text(&c, person)});
    EXPECT_ACT(a);
    EXPECT(own == linked(&a, ACCOUNT));
    EXPECT_STR("linked", how(&c, &a, ACCOUNT_HOW));
    EXPECT(person == linked(&a, CONTACT));
    EXPECT_STR("given", how(&c, &a, CONTACT_HOW));
    lead = QUALIFIED(&c, ADA, {"account", id_text(&c, own)}, {"contact", id_text(&c, person)});
    a = CONVERT(&c, lead, {"account", id_text(&c, named)});
    EXPECT_ACT(a);
    EXPECT(named == linked(&a, ACCOUNT));
    EXPECT_STR("given", how(&c, &a, ACCOUNT_HOW));
    EXPECT_STR("linked", how(&c, &a, CONTACT_HOW));
    close_company(&c);
}

TEST("a person without a company becomes a contact without an account, or with the contact's") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id lead = QUALIFIED(&c, {"name", "Ada"}, {"email", "ada@example.com"});
    struct act a = CONVERT(&c, lead);
    EXPECT_ACT(a);
    EXPECT_STR("none", how(&c, &a, ACCOUNT_HOW));
    EXPECT(linked(&a, ACCOUNT) == 0);
    EXPECT_STR("Ada", field(&c, "opportunity", linked(&a, OPPORTUNITY), "name"));
    kith_id account = CREATE(&c, "account", {"name", "Steel"});
    UPDATE(&c, "contact", linked(&a, CONTACT), {"account", id_text(&c, account)});
    lead = QUALIFIED(&c, {"name", "Ada"}, {"email", "ada@example.com"});
    a = CONVERT(&c, lead);
    EXPECT_ACT(a);
    EXPECT(account == linked(&a, ACCOUNT));
    EXPECT_STR("linked", how(&c, &a, ACCOUNT_HOW));
    close_company(&c);
}

TEST("several accounts of one name are for the caller to choose from, unless the contact has one") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id one = CREATE(&c, "account", {"name", "Steel Ltd"});
    CREATE(&c, "account", {"name", "Steel ltd"});
    kith_id lead = QUALIFIED(&c, ADA);
    struct act a = CONVERT(&c, lead);
    EXPECT_INT(KITH_E_CONFLICT, a.status);
    EXPECT_HAS("several accounts with the name 'Steel Ltd': say which one with account=ID",
               a.message);
    EXPECT_STR("qualified", field(&c, "lead", lead, "state"));
    EXPECT_INT(0, find(&c, "contact").count);
    CREATE(&c, "contact", {"name", "Ada"}, {"email", "ada@example.com"},
           {"account", id_text(&c, one)});
    a = CONVERT(&c, lead);
    EXPECT_ACT(a);
    EXPECT(one == linked(&a, ACCOUNT));
    close_company(&c);
}

TEST("several contacts with one address are for the caller to choose from") {
    struct company c;
    OPEN(&c, CONF, "sales");
    CREATE(&c, "contact", {"name", "Ada"}, {"email", "ada@example.com"});
    CREATE(&c, "contact", {"name", "Adam"}, {"email", "ada@example.com"});
    kith_id lead = QUALIFIED(&c, ADA);
    struct act a = CONVERT(&c, lead);
    EXPECT_INT(KITH_E_CONFLICT, a.status);
    EXPECT_HAS("several contacts with the address 'ada@example.com': say which one with contact=ID",
               a.message);
    close_company(&c);
}

TEST("only a qualified lead is converted, and only once") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id lead = CREATE(&c, "lead", ADA);
    EXPECT_HAS("the lead 'Ada Lovelace' is new: only a qualified one", CONVERT(&c, lead).message);
    UPDATE(&c, "lead", lead, {"state", "unqualified"});
    EXPECT_HAS("is unqualified: only a qualified one", CONVERT(&c, lead).message);
    UPDATE(&c, "lead", lead, {"state", "working"});
    UPDATE(&c, "lead", lead, {"state", "qualified"});
    EXPECT_ACT(CONVERT(&c, lead));
    struct act a = CONVERT(&c, lead);
    EXPECT_INT(KITH_E_REFUSED, a.status);
    EXPECT_HAS("the lead 'Ada Lovelace' is converted already", a.message);
    EXPECT_INT(1, find(&c, "opportunity").count);
    a = ACT(&c, "sales.convert", {"lead", "0000000000001"});
    EXPECT_INT(KITH_E_NOTFOUND, a.status);
    a = ACT(&c, "sales.convert", {NULL, NULL});
    EXPECT_HAS("sales.convert needs lead", a.message);
    close_company(&c);
}

TEST("without an opportunity there is none, and nothing to say about it") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id lead = QUALIFIED(&c, ADA);
    EXPECT_HAS("amount belongs to an opportunity",
               CONVERT(&c, lead, {"opportunity", "false"}, {"amount", "5 EUR"}).message);
    EXPECT_HAS("worth nothing or more", CONVERT(&c, lead, {"amount", "-5 EUR"}).message);
    struct act a = CONVERT(&c, lead, {"opportunity", "no"});
    EXPECT_ACT(a);
    EXPECT(linked(&a, OPPORTUNITY) == 0);
    EXPECT_INT(0, find(&c, "opportunity").count);
    EXPECT_STR("converted", field(&c, "lead", lead, "state"));
    close_company(&c);
}

TEST("a refusal half-way leaves nothing") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id lead = QUALIFIED(&c, ADA);
    struct act a = CONVERT(&c, lead, {"account", "0SA818M2M0000"});
    EXPECT_INT(KITH_E_NOTFOUND, a.status);
    EXPECT_HAS("there is no account 0SA818M2M0000", a.message);
    EXPECT_INT(0, find(&c, "contact").count + find(&c, "account").count);
    EXPECT_STR("qualified", field(&c, "lead", lead, "state"));
    close_company(&c);
}

TEST("an undo takes back all that a conversion made, and the lead can be converted again") {
    struct company c;
    OPEN(&c, CONF, "sales");
    kith_id contact = CREATE(&c, "contact", {"name", "Ada"}, {"email", "ada@example.com"});
    kith_id lead = QUALIFIED(&c, ADA);
    struct act a = CONVERT(&c, lead);
    EXPECT_ACT(a);
    undo(&c, a.tx);
    EXPECT_INT(0, find(&c, "account").count + find(&c, "opportunity").count);
    EXPECT_STR("", field(&c, "contact", contact, "account"));
    EXPECT_STR("qualified", field(&c, "lead", lead, "state"));
    EXPECT_STR("", field(&c, "lead", lead, "contact"));
    EXPECT_ACT(CONVERT(&c, lead));
    close_company(&c);
}

TEST("what was written about the lead stays with it, and the opportunity leads there") {
    struct company c;
    char about[40], query[80];
    OPEN(&c, CONF, "sales");
    kith_id lead = QUALIFIED(&c, ADA);
    snprintf(about, sizeof about, "lead/%s", id_text(&c, lead));
    CREATE(&c, "interaction", {"channel", "call"}, {"about", about});
    CREATE(&c, "task", {"title", "Call back"}, {"about", about});
    drain(&c);
    EXPECT_ACT(CONVERT(&c, lead));
    snprintf(query, sizeof query, "interaction where about = '%s'", about);
    EXPECT_INT(1, find(&c, query).count);
    snprintf(query, sizeof query, "task where about = '%s'", about);
    EXPECT_INT(1, find(&c, query).count);
    EXPECT_INT(1, find(&c, "opportunity where lead.state = 'converted'").count);
    close_company(&c);
}
