/* SPDX-License-Identifier: Apache-2.0 */
/* Leads in a running engine: score and heat by the rules of the settings, contacts that are noted,
 * and what an admin reads when a rule is wrong. */
#include "company.h"

#define LEAD(c, ...)       CREATE(c, "lead", __VA_ARGS__)
#define CHANGE(c, id, ...) UPDATE(c, "lead", id, __VA_ARGS__)

static const char *lead(struct company *c, kith_id id, const char *name) {
    return field(c, "lead", id, name);
}

/* An interaction about a lead. */
static kith_id interaction(struct company *c, kith_id about, const char *channel,
                           const char *direction, const char *at, const char *planned) {
    char id[ID_TEXT + 1], link[40];
    id_format(about, id);
    snprintf(link, sizeof link, "lead/%s", id);
    return put(c, "interaction", 0,
               PAIRS({"about", link}, {"channel", channel}, {"direction", direction}, {"at", at},
                     {"planned", planned}));
}

#define CONF(rules)                                                                                \
    "sales: { grant = [\"*\"]; score: { hot = 50; warm = 20; rules = (" rules ");"                 \
    " }; };\n"
#define RULE(when, points) "{ when = \"" when "\"; points = " #points "; }"
#define RULES                                                                                      \
    CONF(RULE("source = 'referral'", 30) ", " RULE("email is not null",                            \
                                                   25) ", " RULE("source = 'giveaway'", -10))

TEST("a lead has the points of all rules that are true of it, and the heat that follows") {
    struct company c;
    OPEN(&c, RULES, "sales");
    kith_id hot = LEAD(&c, {"name", "Ann"}, {"source", "referral"}, {"email", "ann@example.com"});
    kith_id warm = LEAD(&c, {"name", "Bob"}, {"source", "referral"});
    kith_id cold = LEAD(&c, {"name", "Cid"}, {"source", "giveaway"});
    kith_id none = LEAD(&c, {"name", "Dan"});
    EXPECT_STR("55", lead(&c, hot, "score"));
    EXPECT_STR("hot", lead(&c, hot, "rating"));
    EXPECT_STR("30", lead(&c, warm, "score"));
    EXPECT_STR("warm", lead(&c, warm, "rating"));
    EXPECT_STR("-10", lead(&c, cold, "score"));
    EXPECT_STR("cold", lead(&c, cold, "rating"));
    EXPECT_STR("0", lead(&c, none, "score"));
    EXPECT_STR("cold", lead(&c, none, "rating"));
    close_company(&c);
}

TEST("the score follows the fields that a rule reads, and only those") {
    struct company c;
    OPEN(&c, RULES, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    CHANGE(&c, id, {"email", "ann@example.com"});
    EXPECT_STR("25", lead(&c, id, "score"));
    CHANGE(&c, id, {"email", NULL}, {"source", "referral"});
    EXPECT_STR("30", lead(&c, id, "score"));
    CHANGE(&c, id, {"interest", "Everything"});
    EXPECT_STR("30", lead(&c, id, "score"));
    close_company(&c);
}

TEST("a user cannot write the score") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, RULES, "sales");
    struct put p = {&c, "lead", 0, PAIRS({"name", "Ann"}, {"score", "99"})};
    EXPECT_INT(KITH_E_DENIED, engine_write(c.engine, &by_anna, put_txn, &p, NULL, &e));
    EXPECT_HAS("lead.score is kept by sales", e.message);
    close_company(&c);
}

TEST("a lead goes through its states by the arrows") {
    struct company c;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, RULES, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    EXPECT_STR("new", lead(&c, id, "state"));
    struct put p = {&c, "lead", id, PAIRS({"state", "converted"})};
    EXPECT(engine_write(c.engine, &by_anna, put_txn, &p, NULL, &e) != KITH_OK);
    CHANGE(&c, id, {"state", "unqualified"});
    CHANGE(&c, id, {"state", "working"});
    CHANGE(&c, id, {"state", "qualified"});
    CHANGE(&c, id, {"state", "converted"});
    p.pairs = PAIRS({"state", "working"});
    EXPECT(engine_write(c.engine, &by_anna, put_txn, &p, NULL, &e) != KITH_OK);
    close_company(&c);
}

TEST("the score is undone with the change that it followed") {
    struct company c;
    struct undo_report report;
    kith_id tx;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, RULES, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    struct put p = {&c, "lead", id, PAIRS({"source", "referral"})};
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &p, &tx, &e), e);
    EXPECT_STR("30", lead(&c, id, "score"));
    EXPECT_OK(engine_undo(c.engine, &anna, tx, false, &c.arena, &report, &e), e);
    EXPECT_STR("0", lead(&c, id, "score"));
    EXPECT_STR("cold", lead(&c, id, "rating"));
    close_company(&c);
}

TEST("the score follows an undo that leaves a later change") {
    struct company c;
    kith_id first;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, RULES, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    struct put p = {&c, "lead", id, PAIRS({"source", "referral"})};
    EXPECT_OK(engine_write(c.engine, &by_anna, put_txn, &p, &first, &e), e);
    UPDATE(&c, "lead", id, {"email", "ann@example.org"});
    const char *both = lead(&c, id, "score");
    EXPECT(atoi(both) > 30);
    undo(&c, first);
    EXPECT_INT(atoi(both) - 30, atoi(lead(&c, id, "score")));
    close_company(&c);
}

/* -- rules ------------------------------------------------------------------------------------- */

TEST("the score follows what a lead does at once, also what is corrected or taken back") {
    struct company c;
    OPEN(&c,
         CONF(RULE("exists(interaction.about where direction = 'in')", 30) ", " RULE(
             "viewed > 0", 25) ", " RULE("exists(interaction of contact where direction = 'in')",
                                         7)),
         "sales");
    kith_id bea = CREATE(&c, "contact", {"name", "Bea"});
    kith_id ann = LEAD(&c, {"name", "Ann"}, {"source", "web"});
    kith_id bob = LEAD(&c, {"name", "Bob"}, {"contact", id_text(&c, bea)});
    kith_id lost = LEAD(&c, {"name", "Cid"});
    CHANGE(&c, lost, {"state", "unqualified"});
    kith_id click = interaction(&c, ann, "web", "in", "2023-11-10 10:00", NULL);
    interaction(&c, lost, "web", "in", "2023-11-10 10:00", NULL);
    drain(&c);
    EXPECT_STR("30", lead(&c, ann, "score"));
    EXPECT_STR("warm", lead(&c, ann, "rating"));
    EXPECT_STR("0", lead(&c, lost, "score"));
    UPDATE(&c, "interaction", click,
           {"about", arena_printf(&c.arena, "lead/%s", id_text(&c, bob))});
    drain(&c);
    EXPECT_STR("0", lead(&c, ann, "score"));
    EXPECT_STR("30", lead(&c, bob, "score"));
    CREATE(&c, "interaction", {"channel", "email"}, {"direction", "in"},
           {"contact", id_text(&c, bea)});
    drain(&c);
    EXPECT_STR("37", lead(&c, bob, "score"));
    kith_id shown = CREATE(&c, "exposure", {"lead", id_text(&c, ann)}, {"channel", "email"});
    UPDATE(&c, "exposure", shown, {"state", "viewed"});
    drain(&c);
    EXPECT_STR("55", lead(&c, ann, "score")); /* what it looked at is an interaction, too */
    EXPECT_STR("hot", lead(&c, ann, "rating"));
    EXPECT_INT(1, find(&c, "lead where state = 'new' and rating = 'hot'").count);
    close_company(&c);
}

TEST("a rule that cannot be read names file, line, rule and position") {
    struct company c;
    OPEN(&c, CONF(RULE("source = 'referral'", 30) ", " RULE("sorce = 'web'", 10)), "sales");
    const char *reason = status_of(c.plugins, "sales").reason;
    EXPECT_HAS("kith.conf:1: sales.score.rules, row 2, when: 'sorce = 'web'': at 1", reason);
    EXPECT_HAS("source", reason); /* did you mean */
    close_company(&c);
}

TEST("warm above hot is refused") {
    struct company c;
    OPEN(&c, "sales: { grant = [\"*\"]; score: { hot = 10; warm = 20; }; };\n", "sales");
    EXPECT_HAS("sales.score.warm (20) is above sales.score.hot (10)",
               status_of(c.plugins, "sales").reason);
    close_company(&c);
}

TEST("without rules every lead is cold") {
    struct company c;
    OPEN(&c, "sales: { grant = [\"*\"]; };\n", "sales");
    kith_id id = LEAD(&c, {"name", "Ann"}, {"source", "referral"});
    EXPECT_STR("0", lead(&c, id, "score"));
    EXPECT_STR("cold", lead(&c, id, "rating"));
    close_company(&c);
}

TEST("a rule may follow a link") {
    struct company c;
    char id[ID_TEXT + 1];
    OPEN(&c, CONF(RULE("account.size >= 250", 40)), "sales");
    id_format(put(&c, "account", 0, PAIRS({"name", "Steel"}, {"size", "900"})), id);
    kith_id ann = LEAD(&c, {"name", "Ann"}, {"account", id});
    EXPECT_STR("40", lead(&c, ann, "score"));
    close_company(&c);
}

/* The accounts that many leads link to are remembered while all are scored, and only then. */
TEST("many leads are scored by the accounts that they link to, as these are each time") {
    enum { LEADS = 400, ACCOUNTS = 100 };
    struct company c;
    char texts[ACCOUNTS][ID_TEXT + 1];
    kith_id accounts[ACCOUNTS], leads[LEADS];
    OPEN(&c, CONF(RULE("account.size >= 250", 40) ", " RULE("account.name = 'Steel'", 5)), "sales");
    for (int i = 0; i < ACCOUNTS; i++)
        id_format(accounts[i] = CREATE(&c, "account", {"name", i % 3 ? "Steel" : "Wood"},
                                       {"size", i % 2 ? "900" : "9"}),
                  texts[i]);
    for (int i = 0; i < LEADS; i++)
        leads[i] = LEAD(&c, {"name", "Ann"}, {"account", texts[i * 7 % ACCOUNTS]});
    EXPECT_ACT(ACT(&c, "sales.rescore", {NULL, NULL}));
    for (int i = 0; i < LEADS; i++) {
        const int a = i * 7 % ACCOUNTS;
        EXPECT_INT((a % 2 ? 40 : 0) + (a % 3 ? 5 : 0), atoi(lead(&c, leads[i], "score")));
    }
    for (int i = 0; i < ACCOUNTS; i++)
        UPDATE(&c, "account", accounts[i], {"size", i % 2 ? "9" : "900"}, {"name", "Wood"});
    struct act a = ACT(&c, "sales.rescore", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_INT(LEADS, a.results[0].as.i);
    for (int i = 0; i < LEADS; i++)
        EXPECT_STR(i * 7 % ACCOUNTS % 2 ? "0" : "40", lead(&c, leads[i], "score"));
    close_company(&c);
}

#define AGE_RULE CONF(RULE("last_contacted < now() - 60d", -20) ", " RULE("source = 'web'", 25))

/* The tests begin on 2023-11-14 at 22:13:20 UTC; an hour later it is still before the nightly run.
 */
#define ALMOST_60_DAYS "2023-09-15T22:30:00Z"

TEST("rescore computes what time has changed, and counts it") {
    struct company c;
    kith_value *out;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, AGE_RULE, "sales");
    kith_id old = LEAD(&c, {"name", "Ann"}, {"source", "web"}, {"last_contacted", ALMOST_60_DAYS});
    kith_id fresh = LEAD(&c, {"name", "Bob"}, {"source", "web"}, {"last_contacted", "2023-11-14"});
    kith_id gone = LEAD(&c, {"name", "Cid"}, {"source", "web"}, {"last_contacted", ALMOST_60_DAYS});
    CHANGE(&c, gone, {"state", "unqualified"});
    EXPECT_STR("25", lead(&c, old, "score"));
    clock_advance(&c.clock, HOUR_MS);
    EXPECT_OK(call(&c, "sales.rescore", NULL, &out, &e), e);
    EXPECT_INT(2, out[0].as.i);
    EXPECT_INT(1, out[1].as.i);
    EXPECT_INT(0, out[2].as.i);
    EXPECT_INT(1, out[3].as.i);
    EXPECT_INT(1, out[4].as.i);
    EXPECT_STR("5", lead(&c, old, "score"));
    EXPECT_STR("cold", lead(&c, old, "rating"));
    EXPECT_STR("25", lead(&c, fresh, "score"));
    EXPECT_STR("25", lead(&c, gone, "score"));
    close_company(&c);
}

TEST("rescore of one lead leaves the others") {
    struct company c;
    kith_value args[4] = {0}, *out;
    kith_error e = KITH_ERROR_INIT;
    OPEN(&c, AGE_RULE, "sales");
    kith_id one = LEAD(&c, {"name", "Ann"}, {"last_contacted", ALMOST_60_DAYS});
    kith_id two = LEAD(&c, {"name", "Bob"}, {"last_contacted", ALMOST_60_DAYS});
    clock_advance(&c.clock, HOUR_MS);
    args[0] = value_link(one, type_of(&c, "lead")->id);
    EXPECT_OK(call(&c, "sales.rescore", args, &out, &e), e);
    EXPECT_INT(1, out[0].as.i);
    EXPECT_STR("-20", lead(&c, one, "score"));
    EXPECT_STR("0", lead(&c, two, "score"));
    close_company(&c);
}

TEST("every night scores are made true again") {
    struct company c;
    OPEN(&c, AGE_RULE, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"}, {"last_contacted", "2023-10-01"});
    clock_advance(&c.clock, INT64_C(30) * 86400000);
    drain(&c);
    EXPECT_STR("-20", lead(&c, id, "score"));
    close_company(&c);
}

/* -- contacts ---------------------------------------------------------------------------------- */

TEST("the first interaction puts a new lead to work and is noted") {
    struct company c;
    OPEN(&c, RULES, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    interaction(&c, id, "call", "out", "2023-11-10T10:00:00Z", "false");
    drain(&c);
    EXPECT_STR("working", lead(&c, id, "state"));
    EXPECT_STR("2023-11-10T10:00:00.000Z", lead(&c, id, "last_contacted"));
    close_company(&c);
}

TEST("without a time of its own an interaction counts when it is recorded") {
    struct company c;
    OPEN(&c, RULES, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    interaction(&c, id, "email", NULL, NULL, "false");
    drain(&c);
    EXPECT_STR("2023-11-14T22:13:20.000Z", lead(&c, id, "last_contacted"));
    close_company(&c);
}

TEST("an earlier interaction that is recorded later does not set the date back") {
    struct company c;
    OPEN(&c, RULES, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    interaction(&c, id, "call", "out", "2023-11-10T10:00:00Z", "false");
    interaction(&c, id, "call", "out", "2023-11-01T10:00:00Z", "false");
    drain(&c);
    EXPECT_STR("2023-11-10T10:00:00.000Z", lead(&c, id, "last_contacted"));
    close_company(&c);
}

TEST("a lead that is further on keeps its state") {
    struct company c;
    OPEN(&c, RULES, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    CHANGE(&c, id, {"state", "qualified"});
    interaction(&c, id, "call", "out", "2023-11-10T10:00:00Z", "false");
    drain(&c);
    EXPECT_STR("qualified", lead(&c, id, "state"));
    EXPECT_STR("2023-11-10T10:00:00.000Z", lead(&c, id, "last_contacted"));
    close_company(&c);
}

TEST("an unanswered form leaves the lead new, an answered call does not") {
    struct company c;
    OPEN(&c, RULES, "sales");
    kith_id form = LEAD(&c, {"name", "Ann"}), phone = LEAD(&c, {"name", "Bob"});
    interaction(&c, form, "form", "in", "2023-11-10T10:00:00Z", "false");
    interaction(&c, phone, "call", "in", "2023-11-10T10:00:00Z", "false");
    drain(&c);
    EXPECT_STR("new", lead(&c, form, "state"));
    EXPECT_STR("", lead(&c, form, "last_contacted"));
    EXPECT_STR("working", lead(&c, phone, "state"));
    close_company(&c);
}

TEST("a planned interaction counts once it has taken place") {
    struct company c;
    OPEN(&c, RULES, "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    kith_id visit = interaction(&c, id, "meeting", "out", "2023-11-14T10:00:00Z", "true");
    drain(&c);
    EXPECT_STR("new", lead(&c, id, "state"));
    put(&c, "interaction", visit, PAIRS({"planned", "false"}));
    drain(&c);
    EXPECT_STR("working", lead(&c, id, "state"));
    close_company(&c);
}

TEST("an interaction about something else is none of sales' business") {
    struct company c;
    struct engine_stats stats;
    char id[ID_TEXT + 1], link[40];
    OPEN(&c, RULES, "sales");
    id_format(put(&c, "account", 0, PAIRS({"name", "Steel"})), id);
    snprintf(link, sizeof link, "account/%s", id);
    put(&c, "interaction", 0, PAIRS({"about", link}, {"channel", "call"}));
    drain(&c);
    engine_stats(c.engine, &stats);
    EXPECT_INT(0, stats.letters_waiting + stats.letters_dead);
    EXPECT_INT(0, status_of(c.plugins, "sales").failures);
    close_company(&c);
}

TEST("without the grant sales is out, and the reason is the remedy") {
    struct company c;
    OPEN(&c, "", "sales");
    EXPECT_HAS("may not read contact_point: add \"read:contact_point\" to sales.grant",
               status_of(c.plugins, "sales").reason);
    close_company(&c);
}

TEST("leads and customers who wrote and were not answered are in a report, until somebody does") {
    struct company c;
    OPEN(&c, RULES, "sales");
    kith_id bea = CREATE(&c, "contact", {"name", "Bea"});
    kith_id ann = LEAD(&c, {"name", "Ann"});
    kith_id bob = LEAD(&c, {"name", "Bob"}, {"contact", id_text(&c, bea)});
    interaction(&c, ann, "email", "in", "2023-11-10 10:00", NULL);
    interaction(&c, bob, "form", "in", "2023-11-09 10:00", NULL);
    CREATE(&c, "interaction", {"channel", "email"}, {"direction", "in"},
           {"contact", id_text(&c, bea)}, {"at", "2023-11-09 10:00"});
    interaction(&c, LEAD(&c, {"name", "Cid"}), "web", "in", "2023-11-09 10:00", NULL);
    interaction(&c, LEAD(&c, {"name", "Dan"}), "email", "in", "2023-11-14 22:00", NULL); /* now */
    drain(&c);
    const struct report *leads = engine_report(c.engine, str_of("sales.unanswered"));
    const struct report *people = engine_report(c.engine, str_of("sales.unanswered_customers"));
    EXPECT(leads && people);
    EXPECT_INT(2, find(&c, leads->query).count);
    EXPECT(find(&c, leads->query).ids[0] == bob);
    EXPECT(find(&c, leads->query).ids[1] == ann);
    EXPECT_INT(1, find(&c, people->query).count);
    interaction(&c, ann, "call", "in", "2023-11-11 10:00", NULL);
    CREATE(&c, "interaction", {"channel", "email"}, {"direction", "out"},
           {"contact", id_text(&c, bea)}, {"at", "2023-11-12 10:00"});
    EXPECT_INT(0, find(&c, leads->query).count);
    EXPECT_INT(0, find(&c, people->query).count);
    interaction(&c, ann, "email", "in", "2023-11-12 10:00", NULL);
    interaction(&c, ann, "email", "out", "2023-11-13 10:00", "true"); /* planned is not done */
    EXPECT_INT(1, find(&c, leads->query).count);
    close_company(&c);
}

/* -- qualification ----------------------------------------------------------------------------- */

#define QUALIFY(auto)                                                                              \
    "sales: { grant = [\"*\"]; score: { hot = 50; warm = 20; rules = (" RULE(                      \
        "exists(interaction.about where direction = 'in')",                                        \
        30) ", " RULE("source = 'referral'",                                                       \
                      25) ", " RULE("state = 'qualified'",                                         \
                                    9) "); }; "                                                    \
                                       "qualify: { " auto " rules = ( { when = \"score >= 50\"; "  \
                                                          "doc = \"Hot\"; }, "                     \
                                                          "{ when = \"interest = 'pumps'\"; } ); " \
                                                          "}; };\n"

static int64_t proposals(struct company *c) {
    return (int64_t)find(c, "lead where state in ('new', 'working') and qualifies is not null")
        .count;
}

TEST("a lead that comes to the threshold is proposed, and a person decides") { /* SAL-04 */
    struct company c;
    OPEN(&c, QUALIFY(""), "sales");
    kith_id id = LEAD(&c, {"name", "Ann"}, {"source", "referral"});
    drain(&c);
    EXPECT_STR("", lead(&c, id, "qualifies"));
    interaction(&c, id, "web", "in", "2023-11-10 10:00", NULL);
    drain(&c);
    EXPECT_STR("55", lead(&c, id, "score"));
    EXPECT_STR("Hot", lead(&c, id, "qualifies"));
    EXPECT_STR("new", lead(&c, id, "state"));
    EXPECT_INT(1, proposals(&c));
    CHANGE(&c, id, {"source", "web"}); /* not any more */
    EXPECT_INT(0, proposals(&c));
    CHANGE(&c, id, {"interest", "pumps"});
    EXPECT_STR("interest = 'pumps'", lead(&c, id, "qualifies"));
    CHANGE(&c, id, {"state", "qualified"});
    EXPECT_INT(0, proposals(&c));
    EXPECT_STR("interest = 'pumps'", lead(&c, id, "qualifies"));
    close_company(&c);
}

TEST("with sales.qualify.auto it becomes qualified by itself, once") {
    struct company c;
    OPEN(&c, QUALIFY("auto = true;"), "sales");
    kith_id id = LEAD(&c, {"name", "Ann"}, {"source", "referral"});
    kith_id asked = LEAD(&c, {"name", "Bob"}, {"interest", "pumps"});
    kith_id none = LEAD(&c, {"name", "Cid"}, {"interest", "boats"});
    interaction(&c, id, "web", "in", "2023-11-10 10:00", NULL);
    drain(&c);
    EXPECT_STR("qualified", lead(&c, id, "state"));
    EXPECT_STR("64", lead(&c, id, "score"));
    EXPECT_STR("qualified", lead(&c, asked, "state"));
    EXPECT_STR("new", lead(&c, none, "state"));
    CHANGE(&c, id, {"state", "working"}); /* a person sees it otherwise */
    drain(&c);
    EXPECT_STR("working", lead(&c, id, "state"));
    close_company(&c);
}

TEST("what qualifies by other records or the time is seen when all is computed again") {
    struct company c;
    OPEN(
        &c,
        "sales: { grant = [\"*\"]; qualify: { rules = ( { when = \"exists(task.about where title = "
        "'Offer')\"; doc = \"We offered\"; } ); }; };\n",
        "sales");
    kith_id id = LEAD(&c, {"name", "Ann"});
    kith_id task = CREATE(&c, "task", {"title", "Offer"},
                          {"about", arena_printf(&c.arena, "lead/%s", id_text(&c, id))});
    EXPECT_STR("", lead(&c, id, "qualifies"));
    struct act a = ACT(&c, "sales.rescore", {NULL, NULL});
    EXPECT_ACT(a);
    EXPECT_STR("1", result_text(&c, &a, "changed"));
    EXPECT_STR("We offered", lead(&c, id, "qualifies"));
    UPDATE(&c, "task", task, {"title", "None"});
    a = ACT(&c, "sales.rescore", {NULL, NULL});
    EXPECT_STR("", lead(&c, id, "qualifies"));
    a = ACT(&c, "sales.rescore", {NULL, NULL});
    EXPECT_STR("0", result_text(&c, &a, "changed"));
    close_company(&c);
}

TEST("a rule of qualification that cannot be read names its place") {
    struct company c;
    OPEN(&c, "sales: { grant = [\"*\"]; qualify: { rules = ( { when = \"scor > 1\"; } ); }; };\n",
         "sales");
    EXPECT_HAS("kith.conf:1: sales.qualify.rules, row 1, when: 'scor > 1': at 1",
               status_of(c.plugins, "sales").reason);
    close_company(&c);
}

/* -- what is shipped --------------------------------------------------------------------------- */

static void open_shipped(struct company *c) {
    char path[4200], text[32768];
    const char *root = getenv("KITH_SOURCE");
    if (!root)
        TEST_SKIP("KITH_SOURCE is not set");
    snprintf(path, sizeof path, "%s/config/conf.d/sales.conf", root);
    FILE *f = fopen(path, "r");
    EXPECT(f != NULL);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    OPEN(c, text, "sales");
    EXPECT_STR("", status_of(c->plugins, "sales").reason);
}

TEST("what a lead looks at, answers and asks for counts by the rules that are shipped") {
    struct company c;
    open_shipped(&c);
    kith_id ann = CREATE(&c, "contact", {"name", "Ann"});
    kith_id id = LEAD(&c, {"name", "Ann"}, {"contact", id_text(&c, ann)});
    kith_id video = CREATE(&c, "material", {"name", "It runs"}, {"kind", "video"});
    kith_id shown = CREATE(&c, "exposure", {"lead", id_text(&c, id)}, {"channel", "email"},
                           {"material", id_text(&c, video)});
    drain(&c);
    EXPECT_STR("0", lead(&c, id, "score"));
    UPDATE(&c, "exposure", shown, {"state", "viewed"});
    drain(&c);
    EXPECT_STR("20", lead(&c, id, "score")); /* opened; the product itself */
    CREATE(&c, "interaction", {"contact", id_text(&c, ann)}, {"channel", "email"},
           {"direction", "in"}, {"at", "2023-11-14 12:00"});
    drain(&c);
    EXPECT_STR("35", lead(&c, id, "score"));
    EXPECT_STR("warm", lead(&c, id, "rating"));
    kith_id asks = interaction(&c, id, "email", "in", "2023-11-14 13:00", NULL);
    UPDATE(&c, "interaction", asks, {"asked_for", "price"});
    drain(&c);
    EXPECT_STR("55", lead(&c, id, "score"));
    close_company(&c);
}

TEST("the shipped configuration is good, and its best lead is hot") {
    struct company c;
    open_shipped(&c);
    kith_id id = LEAD(&c, {"name", "Ann"}, {"source", "referral"}, {"email", "ann@example.com"},
                      {"phone", "+49 89 123456"}, {"company", "Steel"});
    EXPECT_STR("hot", lead(&c, id, "rating"));
    close_company(&c);
}

TEST("a score is made of what is there, whoever has it computed, and what is hidden is told in "
     "sum") {
    struct company c;
    struct someone max;
    OPEN(&c,
         "sales: { grant = [\"*\"]; score: { rules = ( { when = \"exists(task.about where state = "
         "'open')\"; points = 7; }, { when = \"source = 'web'\"; points = 5; } ); }; };\n",
         "sales");
    come_in(&c, &max, "max",
            "{\"types\": {\"lead\": {\"read\": \"own\", \"update\": \"own\"}, \"task\": {\"read\": "
            "\"own\"}, \"opportunity\": {\"read\": \"own\"}}, \"actions\": [\"sales.*\"]}");
    kith_id id = LEAD(&c, {"name", "Ann"}, {"source", "web"}, {"owner", id_text(&c, max.id)});
    CREATE(&c, "task", {"title", "Call"},
           {"about", arena_printf(&c.arena, "lead/%s", id_text(&c, id))});
    struct act a = act_as(&c, &max.by, "sales.rescore", PAIRS({"lead", id_text(&c, id)}));
    EXPECT_ACT(a);
    EXPECT_STR("12", lead(&c, id, "score"));
    a = act_as(&c, &max.by, "sales.rescore", PAIRS({"none", ""}));
    EXPECT_ACT(a);
    EXPECT_STR("12", lead(&c, id, "score"));
    a = act_as(&c, &max.by, "sales.explain_score", PAIRS({"lead", id_text(&c, id)}));
    EXPECT_ACT(a);
    EXPECT_STR("12", result_text(&c, &a, "score"));
    EXPECT_STR("source = 'web'|5", row_text(&c, &a, 0, "rule points"));
    EXPECT_STR("(hidden)|7", row_text(&c, &a, 1, "rule points"));
    struct put p = {&c, "lead", id, PAIRS({"source", "form"})};
    kith_error e = KITH_ERROR_INIT;
    EXPECT_OK(engine_write(c.engine, &max.by, put_txn, &p, NULL, &e), e);
    EXPECT_STR("7", lead(&c, id, "score"));
    leave(&max);
    close_company(&c);
}
