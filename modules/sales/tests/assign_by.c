/* SPDX-License-Identifier: Apache-2.0 */
/* Leads go to whoever works in their territory, knows their line of business, or has the fewest. */
#include "deals.h"

#define BY(list)            CONF("assign: { by = [ " list " ]; };")
#define USER(c, login, ...) CREATE(c, "user", {"login", login}, {"name", login}, ##__VA_ARGS__)
#define LEAD(c, ...)        CREATE(c, "lead", {"name", "A lead"}, ##__VA_ARGS__)

static void expect_owner(struct company *c, kith_id user, kith_id lead) {
    struct act a = ACT(c, "sales.assign", {"lead", ID(c, lead)});
    EXPECT_ACT(a);
    EXPECT_STR(ID(c, user), field(c, "lead", lead, "owner"));
    EXPECT_STR(ID(c, user), result_text(c, &a, "owner"));
}

TEST("a lead goes to who works in its territory, else in the next larger one, else in turn") {
    struct company c; /* SAL-09 */
    OPEN(&c, BY("\"territory\""), "sales");
    kith_id east = CREATE(&c, "territory", {"name", "East"});
    kith_id town = CREATE(&c, "territory", {"name", "Town"}, {"parent", ID(&c, east)});
    kith_id ada = USER(&c, "ada", {"territories", ID(&c, town)});
    kith_id ben = USER(&c, "ben");
    UPDATE(&c, "territory", east, {"manager", ID(&c, ben)});
    kith_id early = LEAD(&c, {"city", "Puri"});
    CREATE(&c, "territory_place", {"territory", ID(&c, town)}, {"kind", "city"}, {"value", "Puri"});
    expect_owner(&c, ada, early);
    expect_owner(&c, ada, LEAD(&c, {"city", "puri"}));
    expect_owner(&c, ben, LEAD(&c, {"territory", ID(&c, east)}));
    UPDATE(&c, "user", ada, {"takes_leads", "false"});
    expect_owner(&c, ben, LEAD(&c, {"city", "Puri"}));
    UPDATE(&c, "user", ada, {"takes_leads", "true"});
    expect_owner(&c, ada, LEAD(&c, {"city", "Oslo"})); /* nobody's: ben had the last */
    close_company(&c);
}

TEST("a lead about something goes to the specialist, by whole words") {
    struct company c;
    OPEN(&c, BY("\"specialist\", \"least_busy\""), "sales");
    kith_id ada = USER(&c, "ada", {"specialities", "Steel,cold rolling"});
    kith_id ben = USER(&c, "ben", {"specialities", "paper"});
    kith_id cleo = USER(&c, "cleo");
    expect_owner(&c, ada, LEAD(&c, {"industry", "steel"}));
    expect_owner(&c, ada, LEAD(&c, {"interest", "We need COLD ROLLING, soon"}));
    expect_owner(&c, ben, LEAD(&c, {"interest", "paper."}));
    expect_owner(&c, cleo, LEAD(&c, {"interest", "newspapers"})); /* who has none */
    close_company(&c);
}

TEST("the least busy gets the next ones until all have as many") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id north = CREATE(&c, "team", {"name", "North"});
    kith_id ada = USER(&c, "ada", {"teams", ID(&c, north)});
    kith_id ben = USER(&c, "ben", {"teams", ID(&c, north)});
    for (int i = 0; i < 3; i++)
        LEAD(&c, {"owner", ID(&c, ada)});
    kith_id done = LEAD(&c, {"owner", ID(&c, ben)});
    UPDATE(&c, "lead", done, {"state", "unqualified"});
    for (int i = 0; i < 5; i++)
        LEAD(&c);
    struct act a = ACT(&c, "sales.assign", {"team", "North"}, {"by", "least_busy"});
    EXPECT_ACT(a);
    char query[120];
    snprintf(query, sizeof query, "lead where owner = '%s' and state = 'new'", ID(&c, ben));
    EXPECT_INT(4, find(&c, query).count);
    snprintf(query, sizeof query, "lead where owner = '%s' and state = 'new'", ID(&c, ada));
    EXPECT_INT(4, find(&c, query).count);
    close_company(&c);
}

TEST("who is least busy is so by all leads, whoever may see them") {
    struct company c;
    struct someone max;
    OPEN(&c, CONF(""), "sales");
    kith_id ada = USER(&c, "ada");
    kith_id ben = USER(&c, "ben");
    LEAD(&c, {"owner", ID(&c, ada)});
    come_in(&c, &max, "max",
            "{\"types\": {\"lead\": {\"read\": \"own\", \"update\": \"all\"}, \"user\": "
            "{\"read\": \"all\"}}, \"actions\": [\"sales.assign\"]}");
    kith_id theirs = LEAD(&c, {"owner", ID(&c, max.id)});
    struct act a = act_as(&c, &max.by, "sales.assign",
                          PAIRS({"lead", ID(&c, theirs)}, {"users", "ada,ben"},
                                {"by", "least_busy"}, {"again", "true"}));
    EXPECT_ACT(a);
    EXPECT_STR(ID(&c, ben), field(&c, "lead", theirs, "owner"));
    leave(&max);
    close_company(&c);
}
