/* SPDX-License-Identifier: Apache-2.0 */
/* What an action reads that decides by all records: everything, and its caller no more than before.
 */
#include "../company.h"

#define CONF "trespasser: { grant = [\"read:contact\"]; };\n"
#define OWN  "{\"types\": {\"trespass\": {\"read\": \"own\"}}, \"actions\": [\"trespasser.*\"]}"

TEST("what decides reads all, beside what whoever asks may see, in and out of a transaction") {
    static const char *const ways[] = {"trespasser.sees", "trespasser.sees_writing"};
    struct company c;
    struct someone max;
    OPEN(&c, CONF, "trespasser");
    come_in(&c, &max, "max", OWN);
    for (int i = 0; i < 3; i++)
        CREATE(&c, "trespass", {"name", "x"}, {"owner", i ? NULL : id_text(&c, max.id)});
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct act a = act_as(&c, &max.by, ways[i], PAIRS({"none", ""}));
        EXPECT_ACT(a);
        EXPECT_STR("1 of 3, got 1, within 1 of 3, then 1 of 3", result_text(&c, &a, "message"));
    }
    leave(&max);
    close_company(&c);
}

TEST("nothing is written by it, and who did not declare it has none") {
    struct company c;
    OPEN(&c, CONF, "trespasser");
    struct act a = ACT(&c, "trespasser.by_whole", {"none", ""});
    EXPECT_HAS("may only read by what whole() gave it", result_text(&c, &a, "message"));
    a = ACT(&c, "trespasser.undeclared", {"none", ""});
    EXPECT_INT(KITH_E_DENIED, a.results[0].as.i);
    EXPECT_INT(0, find(&c, "trespass").count);
    close_company(&c);
}

static void conditions(const char *conf, const char *letters, const char *reason) {
    struct company c;
    char all[600];
    snprintf(all, sizeof all,
             "conditions: {\n grant = [\"read:contact\", \"read:account\"];\n %s };", conf);
    OPEN(&c, all, "conditions", "every_row");
    EXPECT_HAS(reason, status_of(c.plugins, "conditions").reason);
    if (letters) {
        kith_id ada = CREATE(&c, "contact", {"name", "Ada"}, {"city", "Bonn"});
        struct act a = ACT(&c, "conditions.which", {"contact", id_text(&c, ada)});
        EXPECT_ACT(a);
        EXPECT_STR(letters, result_text(&c, &a, "letters"));
    }
    close_company(&c);
}

TEST("a setting that is a condition is handed over compiled, and refused with its place") {
    conditions("", "+", ""); /* none is set: all */
    conditions("alone = \"city = 'Rome'\";", "", "");
    conditions("alone = \"city = 'Bonn'\";", "+", "");
    conditions("rows = ( { when = \"city = 'Bonn'\"; }, { of = \"account\"; when = \"name = 'A'\"; "
               "}, {} );",
               "+ac", "");
    conditions("alone = \"cty = 'Rome'\";", NULL,
               "kith.conf:3: conditions.alone: 'cty = 'Rome'': at 1: no field 'cty' in contact");
    conditions("rows = ( {},\n { of = \"account\"; when = \"cty = 'A'\"; } );", NULL,
               "kith.conf:4: conditions.rows, row 2, when: 'cty = 'A'': at 1: no field 'cty'");
    conditions("rows = ( { of = \"thing\"; when = \"size > 1\"; } );", NULL,
               "kith.conf:3: conditions.rows, row 1, when: ");
    conditions("rows = ( { of = \"nothing\"; when = \"size > 1\"; } );", NULL,
               "kith.conf:3: conditions.rows, row 1, when: there is no type 'nothing'");
}

TEST("what conditions follow links to is asked once for many rows, and anew after a write") {
    enum { CONTACTS = 900, ACCOUNTS = 300 };
    struct company c;
    kith_id accounts[ACCOUNTS];
    OPEN(&c, "many_links: { grant = [\"*\"]; };\n", "many_links");
    for (int i = 0; i < ACCOUNTS; i++)
        accounts[i] = CREATE(&c, "account", {"name", i % 3 ? "Acme" : "Wood"});
    for (int i = 0; i < CONTACTS; i++)
        CREATE(&c, "contact", {"name", "Ada"}, {"account", id_text(&c, accounts[i % ACCOUNTS])});
    CREATE(&c, "contact", {"name", "Bob"});
    struct act a = ACT(&c, "many_links.thrice", {"account", id_text(&c, accounts[ACCOUNTS - 1])});
    EXPECT_ACT(a);
    EXPECT_INT(600, a.results[0].as.i);
    EXPECT_INT(597, a.results[1].as.i);
    EXPECT_INT(600, a.results[2].as.i);
    close_company(&c);
}
