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
