/* SPDX-License-Identifier: Apache-2.0 */
/* What every report of the module tells of records that are known: what is in it, and in which
 * order. Today is 2023-11-14. */
#include "reports.h"
#include "deals.h"

#define RULE(source, points) "{ when = \"source = '" source "'\"; points = " points "; }"
#define SETTINGS                                                                                   \
    CONF("score: { rules = ( " RULE("event", "10") ", " RULE("web", "20") ", " RULE(               \
        "ad",                                                                                      \
        "30") " ); }; qualify: { rules = ( { when = \"score >= 20\"; doc = \"Scored\"; } ); };"    \
              "learn: { attributes = [ \"source\" ]; min_endings = 20; };")                        \
    "commerce: { grant = [\"*\"]; };\n"
/* So many days pass, with what is due in them. */
static void days(struct company *c, int count) {
    clock_advance(&c->clock, count * INT64_C(86400000));
    drain(c);
}

static kith_id named(struct company *c, const char *type, const char *name) {
    return CREATE(c, type, {"name", name});
}
static const char *the(struct company *c, const char *type, const char *name) {
    return ID(c, find(c, arena_printf(&c->arena, "%s where name = '%s'", type, name)).ids[0]);
}
static kith_id seller(struct company *c, const char *name, const char *team) {
    return CREATE(c, "user", {"login", name}, {"name", name}, {"teams", team});
}

/* -- leads --------------------------------------------------------------------------------------
 */

static kith_id lead(struct company *c, const char *name, const char *source, const char *owner) {
    return CREATE(c, "lead", {"name", name}, {"source", source}, {"owner", owner});
}
static void leads(struct company *c) {
    const char *ben = ID(c, seller(c, "Ben", NULL));
    lead(c, "Old", "event", NULL);
    UPDATE(c, "lead", lead(c, "Left", "web", ben), {"state", "working"},
           {"last_contacted", "2023-11-02"});
    UPDATE(c, "lead", lead(c, "Lost", "ad", NULL), {"state", "unqualified"});
    days(c, 1);
    lead(c, "Later", "ad", NULL);
    UPDATE(c, "lead", lead(c, "Longer", "event", ben), {"state", "working"},
           {"last_contacted", "2023-11-01"});
    UPDATE(c, "lead", lead(c, "Ready", "ad", ben), {"state", "qualified"},
           {"last_contacted", "2023-11-01"});
    days(c, 5);
    lead(c, "Fresh", "ad", ben);
    UPDATE(c, "lead", lead(c, "Busy", "ad", ben), {"state", "working"},
           {"last_contacted", "2023-11-19"});
}
static const struct told_report of_leads[] = {
    TELLS("sales.to_qualify", NULL,
          "Busy,,Scored,30,warm,working,,,Ben\n"
          "Fresh,,Scored,30,warm,new,,,Ben\n"
          "Later,,Scored,30,warm,new,,,\n"
          "Left,,Scored,20,cold,working,,,Ben\n"),
    TELLS("sales.queue", NULL,
          "Busy,,30,warm,working,ad,,,Ben\n"
          "Fresh,,30,warm,new,ad,,,Ben\n"
          "Later,,30,warm,new,ad,,,\n"
          "Left,,20,cold,working,web,,,Ben\n"
          "Longer,,10,cold,working,event,,,Ben\n"
          "Old,,10,cold,new,event,,,\n"),
    TELLS("sales.untouched", NULL,
          "Old,,2023-11-14T22:13:20.000Z,event,10,,,\n"
          "Later,,2023-11-15T22:13:20.000Z,ad,30,,,\n"),
    TELLS("sales.unassigned", NULL,
          "Old,,2023-11-14T22:13:20.000Z,event,10,,\n"
          "Later,,2023-11-15T22:13:20.000Z,ad,30,,\n"),
    TELLS("sales.forgotten", NULL,
          "Longer,,2023-10-31T23:00:00.000Z,10,,,Ben\n"
          "Left,,2023-11-01T23:00:00.000Z,20,,,Ben\n"),
};

static void talked(struct company *c, const char *way, kith_id with, const char *direction,
                   const char *at) {
    const bool lead = strcmp(way, "lead") == 0;
    const char *who = ID(c, with);
    CREATE(c, "interaction", {"channel", "email"}, {"direction", direction}, {"at", at},
           {lead ? "about" : "contact", lead ? arena_printf(&c->arena, "lead/%s", who) : who});
}
static void letters(struct company *c) {
    static const struct {
        const char *name, *wrote, *answered;
    } rows[] = {{"Ann", "2023-11-08 10:00", NULL},
                {"Bob", "2023-11-07 10:00", "2023-11-06 10:00"},
                {"Cid", "2023-11-06 10:00", "2023-11-06 12:00"},
                {"Now", "2023-11-14 22:00", NULL},
                {"Long ago", "2023-06-01 10:00", NULL}};
    kith_id of[2];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < 2; k++) {
            const char *type = k ? "contact" : "lead";
            of[k] = named(c, type, rows[i].name);
            talked(c, type, of[k], "in", rows[i].wrote);
            if (rows[i].answered)
                talked(c, type, of[k], "out", rows[i].answered);
        }
    static const char *const names[] = {"Lost", "Answered as a contact"};
    for (int i = 0; i < 2; i++) {
        kith_id id = CREATE(c, "lead", {"name", names[i]}, {"contact", the(c, "contact", "Cid")});
        talked(c, "lead", id, "in", "2023-11-05 10:00");
        if (i == 0)
            UPDATE(c, "lead", id, {"state", "unqualified"}, {"contact", NULL});
    }
}
static const struct told_report of_letters[] = {
    TELLS("sales.unanswered", NULL,
          "Bob,,2023-11-07T09:00:00.000Z,2023-11-06T09:00:00.000Z,cold,,,\n"
          "Ann,,2023-11-08T09:00:00.000Z,,cold,,,\n"),
    TELLS("sales.unanswered_customers", NULL,
          "Bob,,2023-11-07T09:00:00.000Z,2023-11-06T09:00:00.000Z,,,\n"
          "Ann,,2023-11-08T09:00:00.000Z,,,,\n"),
};

static kith_id shown(struct company *c, const char *to, const char *cadence, const char *step,
                     const char *channel, const char *at, const char *state) {
    kith_id id = CREATE(c, "exposure", {"lead", the(c, "lead", to)}, {"cadence", cadence},
                        {"step", step}, {"channel", channel}, {"at", at}, {"subject", step});
    if (state)
        UPDATE(c, "exposure", id, {"state", state});
    return id;
}
static void exposures(struct company *c) {
    kith_id ann = named(c, "lead", "Ann");
    named(c, "lead", "Ben");
    shown(c, "Ann", "first", "1", "email", "2023-11-02 10:00", "viewed");
    shown(c, "Ann", "first", "2", "email", "2023-11-08 10:00", "sent");
    shown(c, "Ben", "first", "1", "email", "2023-11-02 10:00", "sent");
    shown(c, "Ben", "again", "1", "sms", "2023-10-01 10:00", "sent");
    shown(c, "Ben", "again", "1", "sms", "2023-11-09 10:00", "sent");
    shown(c, "Ben", "again", "2", "sms", "2023-11-13 10:00", NULL);
    shown(c, "Ann", "again", "2", "email", "2023-11-12 10:00", NULL);
    shown(c, "Ann", "again", "3", "call", "2023-11-12 12:00", NULL);
    shown(c, "Ann", "again", "4", "email", "2023-12-12 10:00", NULL);
    UPDATE(c, "lead", ann, {"state", "qualified"});
    UPDATE(c, "lead", ann, {"state", "converted"});
    named(c, "lead", "Cid");
}
static const struct told_report of_exposures[] = {
    TELLS("sales.to_send", NULL,
          "2023-11-12T09:00:00.000Z,Ann,email,2,,again,2,\n"
          "2023-11-13T09:00:00.000Z,Ben,sms,2,,again,2,\n"),
    TELLS("sales.cadence_steps", "2023-11-01",
          "again,1,1,0,0.000000,1\n"
          "first,1,2,1,50.000000,2\n"
          "first,2,1,0,0.000000,1\n"),
    TELLS("sales.exposures_until_conversion", "2023-11-01", "first,2,1,1,2.000000\n"),
    TELLS("sales.conversion_by_exposures", NULL,
          "2,converted,1\n"
          "3,new,1\n"),
};

static void responses(struct company *c) {
    CREATE(c, "contact", {"name", "Ann"}, {"email", "ann@example.org"});
    CREATE(c, "response", {"campaign", "Fair"}, {"name", "Early"}, {"email", "e@example.org"});
    drain(c);
    days(c, 7);
    CREATE(c, "response", {"campaign", "Fair"}, {"name", "Ben"}, {"email", "ben@example.org"});
    CREATE(c, "response", {"campaign", "Fair"}, {"name", "Cid"}, {"email", "cid@example.org"});
    CREATE(c, "response", {"campaign", "Web"}, {"email", "ann@example.org"});
    drain(c);
    CREATE(c, "response", {"campaign", "Web"}, {"email", "ben@example.org"});
    CREATE(c, "response", {"campaign", "Web"}, {"email", "ben@example.org"});
    drain(c);
    UPDATE(c, "lead", find(c, "lead where name = 'Cid'").ids[0], {"state", "unqualified"});
}
static const struct told_report of_responses[] = {
    TELLS("sales.responses", "2023-11-20",
          "Fair,new,new,1,1\n"
          "Fair,new,unqualified,1,1\n"
          "Web,contact,new,1,1\n"
          "Web,lead,new,2,1\n"),
};

static void ended(struct company *c, int count, const char *source, const char *state) {
    for (int i = 0; i < count; i++) {
        kith_id id = CREATE(c, "lead", {"name", "Past"}, {"source", source});
        UPDATE(c, "lead", id, {"state", "qualified"});
        UPDATE(c, "lead", id, {"state", state});
    }
}
static void learned(struct company *c) {
    static const char *const sources[] = {"ad", "web", "event"};
    for (int i = 0; i < 3; i++) {
        ended(c, 30, sources[i], "unqualified");
        ended(c, (i + 1) * 20, sources[i], "converted");
    }
    lead(c, "No chance yet", NULL, NULL);
    EXPECT_ACT(ACT(c, "sales.learn_scores", {"rescore", "false"}));
    for (int i = 0; i < 3; i++)
        lead(c, sources[i], sources[i], NULL);
    UPDATE(c, "lead", lead(c, "Lost", "event", NULL), {"state", "unqualified"});
}
static const struct told_report of_learned[] = {
    TELLS("sales.likely_leads", NULL,
          "event\n"
          "web\n"
          "ad\n",
          .fields = "name"),
    TELLS("sales.score_weights", NULL,
          "source,event,90,60\n"
          "source,web,70,40\n"
          "source,ad,50,20\n",
          .fields = "attribute,value,leads,converted"),
};

/* -- the pipeline -------------------------------------------------------------------------------
 */

static void moved(struct company *c, kith_id id, const char *stage) {
    static const char *const stages[] = {"qualification", "proposal", "closing"};
    for (int i = 0; i < 3; i++) {
        MOVE(c, id, {"stage", stages[i]});
        if (strcmp(stage, stages[i]) == 0)
            return;
    }
    if (strcmp(stage, "won") == 0)
        MOVE(c, id, {"stage", "won"}, {"win_reason", "Quality"});
    else
        MOVE(c, id, {"stage", "lost"}, {"loss_reason", stage});
}
static kith_id offered(struct company *c, const char *name, const char *account, const char *amount,
                       const char *close, const char *owner, const char *rival) {
    return CREATE(c, "opportunity", {"name", name}, {"account", the(c, "account", account)},
                  {"amount", amount}, {"close_on", close}, {"owner", the(c, "user", owner)},
                  {"competitor", rival ? the(c, "account", rival) : NULL});
}
static void firms(struct company *c) {
    const char *north = ID(c, named(c, "territory", "North"));
    const char *south = ID(c, named(c, "territory", "South"));
    CREATE(c, "account", {"name", "Acme"}, {"territory", north}, {"industry", "steel"},
           {"market", "b2b"}, {"priority", "2"});
    CREATE(c, "account", {"name", "Bolt"}, {"territory", south}, {"industry", "food"},
           {"market", "b2b"}, {"priority", "1"});
    named(c, "account", "Rival");
    named(c, "account", "Other");
    const char *sellers = ID(c, named(c, "team", "Sellers"));
    seller(c, "Rosa", sellers);
    seller(c, "Max", NULL);
}
static void deals(struct company *c) {
    firms(c);
    kith_id a = offered(c, "Valves", "Acme", "1000 EUR", "2023-12-10", "Rosa", NULL);
    MOVE(c, a, {"next_step", "Call"}, {"next_step_on", "2023-11-20"});
    kith_id b = offered(c, "Pumps", "Bolt", "400 EUR", "2024-01-10", "Max", NULL);
    MOVE(c, b, {"next_step", "Visit"}, {"next_step_on", "2023-11-18"});
    seller(c, "Eve", ID(c, named(c, "team", "Others"))); /* whose deal is given away */
    kith_id d = offered(c, "Tanks", "Bolt", "1 CHF", "2024-05-10", "Eve", NULL);
    MOVE(c, d, {"amount", "100 USD"}, {"close_on", "2023-12-20"},
         {"owner", the(c, "user", "Rosa")});
    static const char *const steps[] = {"Pay", NULL};
    for (int i = 0; i < 2; i++) { /* not open */
        kith_id e = offered(c, "Closed", "Acme", "50 EUR", "2023-12-05", "Rosa", NULL);
        MOVE(c, e, {"next_step", steps[i]}, {"next_step_on", i ? NULL : "2023-11-19"});
        moved(c, e, i ? "price" : "won");
    }
    kith_id g = offered(c, "Pipes", "Acme", NULL, "2023-12-01", "Max", NULL);
    MOVE(c, g, {"next_step", "Think"});
    days(c, 2);
    moved(c, a, "closing");
    moved(c, b, "proposal");
    moved(c, d, "closing");
    MOVE(c, b, {"probability", "80"});
    drain(c);
}
static const struct told_report of_deals[] = {
    TELLS("sales.pipeline", NULL,
          "closing,EUR,1,1000.00 EUR,800.00 EUR\n"
          "closing,USD,1,100.00 USD,80.00 USD\n"
          "proposal,EUR,1,400.00 EUR,320.00 EUR\n"
          "prospecting,,1,,\n"),
    TELLS("sales.pipeline_by_month", NULL,
          "2023-12-01,,1,,\n"
          "2023-12-01,EUR,1,1000.00 EUR,800.00 EUR\n"
          "2023-12-01,USD,1,100.00 USD,80.00 USD\n"
          "2024-01-01,EUR,1,400.00 EUR,320.00 EUR\n"),
    TELLS("sales.pipeline_by_owner", NULL,
          "Max,,1,,\n"
          "Max,EUR,1,400.00 EUR,320.00 EUR\n"
          "Rosa,EUR,1,1000.00 EUR,800.00 EUR\n"
          "Rosa,USD,1,100.00 USD,80.00 USD\n"),
    TELLS("sales.pipeline_by_currency", NULL,
          ",1,,\n"
          "EUR,2,1400.00 EUR,1120.00 EUR\n"
          "USD,1,100.00 USD,80.00 USD\n"),
    TELLS("sales.pipeline_by_team", NULL,
          ",,1,,\n"
          ",EUR,1,400.00 EUR,320.00 EUR\n"
          "Sellers,EUR,1,1000.00 EUR,800.00 EUR\n"
          "Sellers,USD,1,100.00 USD,80.00 USD\n"),
    TELLS("sales.pipeline_by_territory", NULL,
          "North,,1,,\n"
          "North,EUR,1,1000.00 EUR,800.00 EUR\n"
          "South,EUR,1,400.00 EUR,320.00 EUR\n"
          "South,USD,1,100.00 USD,80.00 USD\n"),
    TELLS("sales.likely", NULL,
          "Valves,Acme,1000.00 EUR,80,closing,2023-12-10,Rosa\n"
          "Tanks,Bolt,100.00 USD,80,closing,2023-12-20,Rosa\n"
          "Pumps,Bolt,400.00 EUR,80,proposal,2024-01-10,Max\n"
          "Pipes,Acme,,10,prospecting,2023-12-01,Max\n"),
    TELLS("sales.next_steps", NULL,
          "Pumps,Bolt,2023-11-18,Visit,400.00 EUR,proposal,Max\n"
          "Valves,Acme,2023-11-20,Call,1000.00 EUR,closing,Rosa\n"),
    TELLS("sales.without_step", NULL,
          "Pipes,Acme,prospecting,,2023-12-01,Max\n"
          "Tanks,Bolt,closing,100.00 USD,2023-12-20,Rosa\n"),
    TELLS("sales.stage_durations", NULL,
          "closing,lost,1,0s,0s\n"
          "closing,won,1,0s,0s\n"
          "proposal,closing,4,0s,0s\n"
          "prospecting,qualification,5,1d4h48m,2d\n"
          "qualification,proposal,5,0s,0s\n"),
};

/* Two sellers, two accounts, two currencies; won against one rival and lost to both. */
static void closed(struct company *c) {
    firms(c);
    moved(c, offered(c, "Old", "Acme", "70 EUR", NULL, "Max", NULL), "won");
    days(c, 20);
    moved(c, offered(c, "A", "Acme", "100 EUR", NULL, "Rosa", "Rival"), "won");
    moved(c, offered(c, "B", "Acme", "200 EUR", NULL, "Rosa", "Rival"), "won");
    moved(c, offered(c, "C", "Bolt", "800 EUR", NULL, "Max", NULL), "won");
    moved(c, offered(c, "D", "Bolt", "900 USD", NULL, "Max", NULL), "won");
    moved(c, offered(c, "E", "Bolt", "50 EUR", NULL, "Max", "Rival"), "price");
    moved(c, offered(c, "F", "Acme", "60 EUR", NULL, "Rosa", "Other"), "timing");
    moved(c, offered(c, "G", "Acme", "30 EUR", NULL, "Rosa", NULL), "timing");
    moved(c, offered(c, "H", "Acme", NULL, NULL, "Rosa", "Other"), "timing");
    moved(c, offered(c, "Open", "Acme", "5 EUR", NULL, "Rosa", "Other"), "closing");
    MOVE(c, find(c, "opportunity where name = 'D'").ids[0], {"win_reason", "Price"});
    drain(c);
}
static const struct told_report of_closed[] = {
    TELLS("sales.competitors", NULL,
          "Rival,3,2.000000,66.666667\n"
          "Other,2,0.000000,0.000000\n"),
    TELLS("sales.at_stake", NULL,
          "Other,lost,EUR,1,60.00 EUR\n"
          "Rival,lost,EUR,1,50.00 EUR\n"
          "Rival,won,EUR,2,300.00 EUR\n"),
    TELLS("sales.won_since", "2023-12-01",
          "Max,EUR,1,800.00 EUR\n"
          "Rosa,EUR,2,300.00 EUR\n"
          "Max,USD,1,900.00 USD\n"),
    TELLS("sales.losses", NULL,
          "timing,EUR,2,90.00 EUR\n"
          "price,EUR,1,50.00 EUR\n"
          "timing,,1,\n"),
    TELLS("sales.won_by_account", NULL,
          "Bolt,Bolt,EUR,1,800.00 EUR\n"
          "Acme,Acme,EUR,3,370.00 EUR\n"
          "Bolt,Bolt,USD,1,900.00 USD\n"),
    TELLS("sales.won_by_territory", NULL,
          "South,South,EUR,1,800.00 EUR\n"
          "North,North,EUR,3,370.00 EUR\n"
          "South,South,USD,1,900.00 USD\n"),
    TELLS("sales.won_by_month", NULL,
          "2023,11,EUR,1,70.00 EUR\n"
          "2023,12,EUR,3,1100.00 EUR\n"
          "2023,12,USD,1,900.00 USD\n"),
    TELLS("sales.wins", NULL,
          "Quality,EUR,4,1170.00 EUR\n"
          "Price,USD,1,900.00 USD\n"),
};

/* -- accounts, and what is said with them -------------------------------------------------------
 */

static void accounts(struct company *c) {
    firms(c);
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}, {"account", the(c, "account", "Other")});
    UPDATE(c, "account", find(c, "account where name = 'Other'").ids[0], {"sponsor", ID(c, ada)},
           {"market", "b2c"}, {"priority", "3"});
    CREATE(c, "account", {"name", "Cope"}, {"industry", "food"}, {"market", "b2b"});
    named(c, "account", "New");
    offered(c, "A", "Acme", "10 EUR", NULL, "Rosa", NULL);
    moved(c, offered(c, "B", "Bolt", "30 EUR", NULL, "Rosa", NULL), "won");
    offered(c, "C", "Bolt", "90 EUR", NULL, "Rosa", NULL);
    moved(c, offered(c, "D", "Cope", "40 EUR", NULL, "Rosa", NULL), "won");
    moved(c, offered(c, "E", "Other", "50 EUR", NULL, "Rosa", NULL), "won");
    moved(c, offered(c, "F", "Rival", "60 EUR", NULL, "Rosa", NULL), "won");
    CREATE(c, "chance", {"name", "Later"}, {"account", the(c, "account", "Acme")},
           {"expected_on", "2024-06-01"}, {"amount", "7 EUR"});
    CREATE(c, "chance", {"name", "Soon"}, {"account", the(c, "account", "Rival")},
           {"expected_on", "2024-02-01"}, {"amount", "8 EUR"});
    UPDATE(c, "chance",
           CREATE(c, "chance", {"name", "Gone"}, {"account", the(c, "account", "Cope")},
                  {"expected_on", "2024-01-01"}),
           {"state", "dropped"});
}
static const struct told_report of_accounts[] = {
    TELLS("sales.key_accounts", NULL,
          "Other,3,Ada,,,0.00 EUR,50.00 EUR\n"
          "Bolt,1,,,,90.00 EUR,30.00 EUR\n"
          "Acme,2,,,,10.00 EUR,0.00 EUR\n"),
    TELLS("sales.segments", NULL,
          "b2b,food,2,90.00 EUR,70.00 EUR\n"
          "b2b,steel,1,10.00 EUR,0.00 EUR\n"
          ",,2,0.00 EUR,60.00 EUR\n"
          "b2c,,1,0.00 EUR,50.00 EUR\n"),
    TELLS("sales.chances", NULL,
          "Soon,Rival,,8.00 EUR,2024-02-01,\n"
          "Later,Acme,,7.00 EUR,2024-06-01,\n"),
    TELLS("sales.uncovered", NULL,
          "Other,,50.00 EUR,,,\n"
          "Cope,food,40.00 EUR,,,\n"),
};

static void objected(struct company *c, const char *topic, const char *outcome) {
    kith_id id = CREATE(c, "objection", {"text", "Too much"}, {"topic", topic});
    if (outcome)
        UPDATE(c, "objection", id, {"outcome", outcome});
}
static kith_id met(struct company *c, const char *subject, const char *at, const char *planned,
                   const char *appointment, const char *visit) {
    return CREATE(c, "interaction", {"channel", "meeting"}, {"subject", subject}, {"at", at},
                  {"planned", planned}, {"appointment", appointment}, {"visit", visit},
                  {"owner", the(c, "user", "Rosa")});
}
static void talks(struct company *c) {
    seller(c, "Rosa", NULL);
    objected(c, "delivery", "resolved");
    for (int i = 0; i < 2; i++)
        objected(c, "price", "lost");
    objected(c, "price", NULL);
    met(c, "Second", "2023-11-22 10:00", "true", "true", NULL);
    met(c, "First", "2023-11-21 10:00", "true", "true", NULL);
    met(c, "No appointment", "2023-11-20 10:00", "true", NULL, NULL);
    met(c, "Too late", "2023-12-20 10:00", "true", "true", NULL);
    met(c, "Past", "2023-11-15 10:00", "true", "true", NULL);
    met(c, "Held before its time", "2023-11-24 10:00", "false", "true", NULL);
    met(c, "Was there", "2023-11-02 10:00", "false", "true", "true");
    kith_id none = met(c, "Nobody", "2023-11-03 10:00", "false", NULL, "true");
    UPDATE(c, "interaction", none, {"wasted", "nobody_there"}, {"cost", "30 EUR"});
    met(c, "To come", "2023-11-23 10:00", "true", NULL, "true");
    met(c, "Call", "2023-11-03 12:00", "false", NULL, NULL);
    days(c, 2);
}
static const struct told_report of_talks[] = {
    TELLS("sales.objections", NULL,
          "price,lost,2\n"
          "delivery,resolved,1\n"
          "price,open,1\n"),
    TELLS("sales.appointments", NULL,
          "2023-11-21T09:00:00.000Z,First,,,meeting,Rosa\n"
          "2023-11-22T09:00:00.000Z,Second,,,meeting,Rosa\n"),
    TELLS("sales.visits", NULL,
          "Rosa,,,1,\n"
          "Rosa,nobody_there,EUR,1,30.00 EUR\n"),
};

/* -- with the module commerce -------------------------------------------------------------------
 */

static void ware(struct company *c, const char *name, const char *price) {
    CREATE(c, "product", {"code", name}, {"name", name}, {"price", price});
}
static kith_id cart(struct company *c, const char *who, const char *name, const char *items) {
    kith_id o = CREATE(c, "order", {who, the(c, who, name)});
    char one[2] = "";
    for (; *items; items++) {
        one[0] = *items;
        CREATE(c, "order_line", {"order", ID(c, o)}, {"product", the(c, "product", one)});
    }
    return o;
}
static void bought(struct company *c, const char *who, const char *name, const char *items) {
    UPDATE(c, "order", cart(c, who, name, items), {"state", "ordered"});
}
static void orders(struct company *c) {
    firms(c);
    named(c, "contact", "Ada");
    ware(c, "P", "10 EUR");
    ware(c, "I", "5 EUR");
    ware(c, "D", "200 EUR");
    ware(c, "U", "9 USD");
    bought(c, "account", "Acme", "PI");
    bought(c, "account", "Acme", "PI");
    bought(c, "account", "Bolt", "PID");
    named(c, "contact", "Aaron");
    bought(c, "contact", "Aaron", "P");
    bought(c, "contact", "Ada", "PD");
    bought(c, "contact", "Ada", "U");
    bought(c, "account", "Acme", "U");
    ware(c, "N", "1 EUR");
    ware(c, "M", "2 EUR");
    for (int i = 0; i < 2; i++)
        bought(c, "account", "Bolt", "NM");
    cart(c, "account", "Acme", "D");
    cart(c, "contact", "Aaron", "D");
    EXPECT_ACT(ACT(c, "sales.learn_baskets", {"min_together", "2"}));
}
static const struct told_report of_orders[] = {
    TELLS("sales.revenue_by_customer", NULL,
          "Bolt,Bolt,EUR,3,221.00 EUR\n"
          "Acme,Acme,EUR,2,30.00 EUR\n"
          "Acme,Acme,USD,1,9.00 USD\n"),
    TELLS("sales.revenue_by_contact", NULL,
          "Ada,Ada,EUR,1,210.00 EUR\n"
          "Aaron,Aaron,EUR,1,10.00 EUR\n"
          "Ada,Ada,USD,1,9.00 USD\n"),
    TELLS("sales.revenue_by_product", NULL,
          "D,D,EUR,2.000,400.00 EUR\n"
          "P,P,EUR,5.000,50.00 EUR\n"
          "I,I,EUR,3.000,15.00 EUR\n"
          "M,M,EUR,2.000,4.00 EUR\n"
          "N,N,EUR,2.000,2.00 EUR\n"
          "U,U,USD,2.000,18.00 USD\n"),
    TELLS("sales.revenue_by_territory", NULL,
          "South,South,EUR,3,221.00 EUR\n"
          ",,EUR,2,220.00 EUR\n"
          "North,North,EUR,2,30.00 EUR\n"
          ",,USD,1,9.00 USD\n"
          "North,North,USD,1,9.00 USD\n"),
    TELLS("sales.affinities", NULL,
          "M,N,2,0.2222,1.0000,4.5000\n"
          "N,M,2,0.2222,1.0000,4.5000\n"
          "D,P,2,0.2222,1.0000,1.8000\n"
          "I,P,3,0.3333,1.0000,1.8000\n"
          "P,I,3,0.3333,0.6000,1.8000\n"
          "P,D,2,0.2222,0.4000,1.8000\n"),
};

static void about(struct company *c, kith_id deal, const char *product) {
    MOVE(c, deal, {"product", the(c, "product", product)});
}
static void product_deals(struct company *c) {
    firms(c);
    ware(c, "P", "10 EUR");
    ware(c, "I", "5 EUR");
    about(c, offered(c, "A", "Acme", "100 EUR", NULL, "Rosa", NULL), "P");
    about(c, offered(c, "B", "Acme", "300 EUR", NULL, "Rosa", NULL), "P");
    about(c, offered(c, "C", "Acme", "50 USD", NULL, "Rosa", NULL), "I");
    static const char *const amounts[] = {"7 EUR", "60 EUR", "90 USD"};
    for (int i = 0; i < 3; i++) {
        kith_id id = offered(c, "W", "Acme", amounts[i], NULL, "Rosa", NULL);
        about(c, id, i ? "I" : "P");
        moved(c, id, "won");
    }
    kith_id lost = offered(c, "L", "Acme", "999 EUR", NULL, "Rosa", NULL);
    about(c, lost, "P");
    moved(c, lost, "price");
}
static const struct told_report of_product_deals[] = {
    TELLS("sales.pipeline_by_product", NULL,
          "I,I,USD,1,50.00 USD,5.00 USD\n"
          "P,P,EUR,2,400.00 EUR,40.00 EUR\n"),
    TELLS("sales.won_by_product", NULL,
          "I,I,EUR,1,60.00 EUR\n"
          "P,P,EUR,1,7.00 EUR\n"
          "I,I,USD,1,90.00 USD\n"),
};

static kith_id quoted(struct company *c, const char *items, const char *until) {
    return CREATE(c, "quote", {"order", ID(c, cart(c, "account", "Acme", items))},
                  {"valid_until", until});
}
static void quotes(struct company *c) {
    firms(c);
    ware(c, "P", "10 EUR");
    UPDATE(c, "quote", quoted(c, "P", "2023-12-20"), {"state", "sent"});
    quoted(c, "PP", "2023-12-10");
    kith_id gone = quoted(c, "PPP", "2023-12-01");
    UPDATE(c, "quote", gone, {"state", "sent"});
    UPDATE(c, "quote", gone, {"state", "rejected"});
    UPDATE(c, "quote", quoted(c, "PPPP", "2023-12-15"), {"state", "sent"});
}
static const struct told_report of_quotes[] = {
    TELLS("sales.quotes_in_play", NULL,
          "Q-000002,1,,Acme,,20.00 EUR,draft,2023-12-10,\n"
          "Q-000004,1,,Acme,,40.00 EUR,sent,2023-12-15,\n"
          "Q-000001,1,,Acme,,10.00 EUR,sent,2023-12-20,\n"),
    TELLS("sales.quotes_by_state", NULL,
          "draft,EUR,1,20.00 EUR\n"
          "rejected,EUR,1,30.00 EUR\n"
          "sent,EUR,2,50.00 EUR\n"),
};

static void launch(struct company *c, const char *name, const char *on) {
    CREATE(c, "product", {"code", name}, {"name", name}, {"price", "3 EUR"}, {"launched", on});
}
static void launched(struct company *c) {
    launch(c, "next", "2023-11-21");
    launch(c, "past", "2023-11-10");
    launch(c, "over", "2023-11-07");
    launch(c, "soon", "2023-11-20");
    launch(c, "late", "2023-11-22");
    launch(c, "old", "2023-11-01");
    launch(c, "today", "2023-11-15");
    ware(c, "P", "10 EUR");
}
static const struct told_report of_launched[] = {
    TELLS("sales.launches", "7",
          "past,past,,2023-11-10,3.00 EUR\n"
          "today,today,,2023-11-15,3.00 EUR\n"
          "soon,soon,,2023-11-20,3.00 EUR\n"),
};

/* -- referrals ----------------------------------------------------------------------------------
 */

static kith_id referred(struct company *c, const char *name, kith_id by) {
    return CREATE(c, "lead", {"name", name}, {"referrer", ID(c, by)});
}
static kith_id sold(struct company *c, kith_id to, const char *amount) {
    kith_id id = DEAL(c, {"lead", ID(c, to)}, {"amount", amount});
    MOVE(c, id, {"stage", "proposal"});
    MOVE(c, id, {"stage", "won"});
    return id;
}
static void referrals(struct company *c) {
    kith_id ada = CREATE(c, "contact", {"name", "Ada"}, {"owner", ID(c, seller(c, "Ben", NULL))});
    kith_id eve = named(c, "contact", "Eve"), kim = named(c, "contact", "Kim"),
            gone = named(c, "contact", "Gone");
    kith_id nora = referred(c, "Nora", ada);
    sold(c, nora, "300 EUR");
    MOVE(c, sold(c, nora, "50 EUR"), {"stage", "closing"}); /* taken up again */
    DEAL(c, {"lead", ID(c, nora)}, {"amount", "900 EUR"});
    sold(c, referred(c, "Olaf", ada), "200 EUR");
    sold(c, referred(c, "Paul", eve), "600 EUR");
    referred(c, "Quin", kim);
    UPDATE(c, "lead", referred(c, "Ruth", gone), {"referrer", ID(c, kim)});
    sold(c, CREATE(c, "lead", {"name", "By nobody"}), "5000 EUR");
}
static const struct told_report of_referrals[] = {
    TELLS("sales.referrers", NULL,
          "Eve,,1,1,600.00 EUR,\n"
          "Ada,,2,2,500.00 EUR,Ben\n"
          "Kim,,2,0,0.00 EUR,\n"),
};

/* -- not converted ------------------------------------------------------------------------------
 */

static void given_up(struct company *c, const char *name, const char *contacted, const char *keep) {
    kith_id id = CREATE(c, "lead", {"name", name}, {"keep_in_touch", keep});
    UPDATE(c, "lead", id, {"state", "unqualified"}, {"last_contacted", contacted});
}
static void no_customers(struct company *c) {
    given_up(c, "Spring", "2023-04-01", NULL);
    given_up(c, "Winter", "2023-01-31", "true");
    given_up(c, "Spam", NULL, "false");
    given_up(c, "Lately", "2023-11-01", NULL);
    given_up(c, "Never", NULL, NULL);
    given_up(c, "Buys by now", "2023-02-01", NULL);
    kith_id bob = named(c, "contact", "Bob");
    UPDATE(c, "contact", bob, {"lifecycle", "customer"});
    UPDATE(c, "lead", find(c, "lead where name = 'Buys by now'").ids[0], {"contact", ID(c, bob)});
    UPDATE(c, "lead", named(c, "lead", "Still new"), {"last_contacted", "2023-01-01"});
}
static const struct told_report of_no_customers[] = {
    {.name = "sales.keep_in_touch",
     .value = "90",
     .rows = "Never\nWinter\nSpring\n",
     .fields = "name"},
};

static const struct scene scenes[] = {
    SCENE(leads, of_leads),
    SCENE(referrals, of_referrals),
    SCENE(no_customers, of_no_customers),
    SCENE(letters, of_letters),
    SCENE(exposures, of_exposures),
    SCENE(responses, of_responses),
    SCENE(learned, of_learned),
    SCENE(deals, of_deals),
    SCENE(closed, of_closed),
    SCENE(accounts, of_accounts),
    SCENE(talks, of_talks),
    SCENE(orders, of_orders),
    SCENE(product_deals, of_product_deals),
    SCENE(quotes, of_quotes),
    SCENE(launched, of_launched),
};
#define SCENES (sizeof scenes / sizeof *scenes)

TEST("every report tells what it says, in its order") {
    for (size_t i = 0; i < SCENES; i++) {
        struct company company, *c = &company;
        OPEN(c, SETTINGS, "sales", "commerce");
        expect_scene(c, &scenes[i]);
        close_company(c);
    }
}

TEST("no report is without a row that says what it tells") {
    struct company company, *c = &company;
    OPEN(c, SETTINGS, "sales", "commerce");
    expect_all_told(c, "sales", scenes, SCENES);
    close_company(c);
}
