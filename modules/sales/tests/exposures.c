/* SPDX-License-Identifier: Apache-2.0 */
/* Exposures, how they are counted and bounded, and responses that become leads. What workflows make
 * of them over days: cadence.sh, and the tests that stand with the workflows. */
#include "deals.h"

#define LIMITED CONF("exposures: { limit = 2; period = \"10d\"; };")

static struct act expose(struct company *c, kith_id lead, const char *at) {
    struct act a = ACT(c, "sales.expose", {"lead", ID(c, lead)}, {"cadence", "first"},
                       {"step", "1"}, {"subject", "A story"}, {"at", at});
    EXPECT_ACT(a);
    return a;
}

TEST("no lead is shown more than the limit within its period, and is told when there is room") {
    struct company c;
    OPEN(&c, LIMITED, "sales");
    kith_id lead = CREATE(&c, "lead", {"name", "Ann"}), other = CREATE(&c, "lead", {"name", "Ben"});
    struct act a = expose(&c, lead, "2030-01-01T10:00:00Z");
    EXPECT_STR("", result_text(&c, &a, "next_at"));
    expose(&c, lead, "2030-01-03T10:00:00Z");
    a = expose(&c, lead, "2030-01-05T10:00:00Z");
    EXPECT_STR("", result_text(&c, &a, "exposure"));
    EXPECT_HAS("2030-01-11", result_text(&c, &a, "next_at"));
    EXPECT_INT(2, find(&c, "exposure").count);
    REFUSED(&c, "as sales.exposures.limit allows (2); there is room for another one 144 hours",
            "exposure", 0, {"lead", ID(&c, lead)}, {"channel", "call"},
            {"at", "2030-01-05T10:00:00Z"});
    a = expose(&c, other, "2030-01-05T10:00:00Z");
    EXPECT_STR("", result_text(&c, &a, "next_at"));
    a = expose(&c, lead, "2030-01-11T10:00:00Z");
    EXPECT_STR("", result_text(&c, &a, "next_at"));
    close_company(&c);
}

TEST("what was cancelled takes no room, and without a limit there is no end") {
    struct company c;
    OPEN(&c, LIMITED, "sales");
    kith_id lead = CREATE(&c, "lead", {"name", "Ann"});
    kith_id first = CREATE(&c, "exposure", {"lead", ID(&c, lead)}, {"channel", "email"});
    CREATE(&c, "exposure", {"lead", ID(&c, lead)}, {"channel", "email"});
    UPDATE(&c, "exposure", first, {"state", "cancelled"});
    CREATE(&c, "exposure", {"lead", ID(&c, lead)}, {"channel", "email"});
    REFUSED(&c, "exposures.limit", "exposure", 0, {"lead", ID(&c, lead)}, {"channel", "email"});
    close_company(&c);
    OPEN(&c, CONF("exposures: { limit = 0; };"), "sales");
    lead = CREATE(&c, "lead", {"name", "Ann"});
    for (int i = 0; i < 20; i++)
        CREATE(&c, "exposure", {"lead", ID(&c, lead)}, {"channel", "email"});
    close_company(&c);
}

TEST("what was looked at is logged once, and counted by cadence and step until the conversion") {
    struct company c;
    OPEN(&c, CONF("exposures: { limit = 0; };"), "sales");
    kith_id video = CREATE(&c, "material", {"name", "A video"}, {"kind", "video"});
    kith_id lead = CREATE(&c, "lead", {"name", "Ann"}), lost = CREATE(&c, "lead", {"name", "Ben"});
    kith_id seen = CREATE(&c, "exposure", {"lead", ID(&c, lead)}, {"cadence", "first"},
                          {"step", "1"}, {"channel", "email"}, {"material", ID(&c, video)});
    kith_id sent = CREATE(&c, "exposure", {"lead", ID(&c, lead)}, {"cadence", "first"},
                          {"step", "2"}, {"channel", "call"});
    kith_id other = CREATE(&c, "exposure", {"lead", ID(&c, lost)}, {"cadence", "first"},
                           {"step", "1"}, {"channel", "email"}, {"material", ID(&c, video)});
    CREATE(&c, "exposure", {"lead", ID(&c, lost)}, {"cadence", "first"}, {"channel", "sms"});
    UPDATE(&c, "exposure", seen, {"state", "viewed"});
    UPDATE(&c, "exposure", sent, {"state", "sent"});
    UPDATE(&c, "exposure", other, {"state", "sent"});
    REFUSED(&c, "state", "exposure", seen, {"state", "sent"});
    EXPECT(field(&c, "exposure", seen, "viewed_at")[0]);
    EXPECT_INT(1, find(&c, "interaction where direction = 'in' and channel = 'web' and subject = "
                           "'A video' and not planned")
                      .count);
    EXPECT_STR("2", field(&c, "lead", lead, "exposures"));
    EXPECT_STR("1", field(&c, "lead", lead, "viewed"));
    EXPECT_STR("2", field(&c, "material", video, "shown"));
    EXPECT_STR("1", field(&c, "material", video, "viewed"));
    UPDATE(&c, "lead", lead, {"state", "qualified"});
    UPDATE(&c, "lead", lead, {"state", "converted"});
#define SHOWN "exposure where state in ('sent', 'viewed') "
    EXPECT_STR("first|1|2|1|2\nfirst|2|1|0|1\n",
               totals_text(&c, SHOWN "group by cadence, step order by cadence, step : count(), "
                                     "count(viewed_at), count(distinct lead)"));
    EXPECT_STR("first|2|1|2.000000\n",
               totals_text(&c, SHOWN "and lead.state = 'converted' group by cadence : count(), "
                                     "count(distinct lead), count() / count(distinct lead)"));
    close_company(&c);
}

TEST("a response finds its lead, or the contact, or makes a lead, and is told of") {
    struct company c;
    OPEN(&c, CONF(""), "sales");
    kith_id owner = CREATE(&c, "user", {"login", "rosa"}, {"name", "Rosa"});
    kith_id ann = CREATE(&c, "contact", {"name", "Ann"}, {"email", "ann@example.org"},
                         {"owner", ID(&c, owner)});
    REFUSED(&c, "name: say who responded", "response", 0, {"campaign", "Fair"});
    kith_id first = CREATE(&c, "response", {"campaign", "Fair"}, {"name", "Ben"},
                           {"email", "ben@example.org"}, {"interest", "pumps"});
    drain(&c);
    EXPECT_STR("new", field(&c, "response", first, "known"));
    struct found leads = find(&c, "lead where campaign = 'Fair' and source = 'campaign'");
    EXPECT_INT(1, leads.count);
    EXPECT_STR("pumps", field(&c, "lead", leads.ids[0], "interest"));
    EXPECT_STR("new", field(&c, "lead", leads.ids[0], "state"));
    kith_id again = CREATE(&c, "response", {"campaign", "Web"}, {"email", "BEN@example.org"},
                           {"phone", "+49 30 123456"}, {"interest", "tanks"});
    drain(&c);
    EXPECT_STR("lead", field(&c, "response", again, "known"));
    EXPECT_STR("Fair", field(&c, "lead", leads.ids[0], "campaign"));
    EXPECT_STR("pumps", field(&c, "lead", leads.ids[0], "interest"));
    EXPECT_STR("+49 30 123456", field(&c, "lead", leads.ids[0], "phone"));
    kith_id known = CREATE(&c, "response", {"campaign", "Fair"}, {"email", "ann@example.org"});
    drain(&c);
    EXPECT_STR("contact", field(&c, "response", known, "known"));
    leads = find(&c, "lead where contact.name = 'Ann'");
    EXPECT_INT(1, leads.count);
    EXPECT_STR("Ann", field(&c, "lead", leads.ids[0], "name"));
    EXPECT_STR(ID(&c, owner), field(&c, "lead", leads.ids[0], "owner"));
    UPDATE(&c, "lead", leads.ids[0], {"state", "unqualified"});
    CREATE(&c, "response", {"campaign", "Web"}, {"contact", ID(&c, ann)});
    drain(&c);
    EXPECT_INT(2, find(&c, "lead where contact.name = 'Ann'").count);
    EXPECT_INT(4, find(&c, "interaction where direction = 'in' and about is not null").count);
    close_company(&c);
}
