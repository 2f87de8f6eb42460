/* SPDX-License-Identifier: Apache-2.0 */
/* Events that are published: what is said of them before rules run, and conditions on what they
 * carry. */
#include "script_flow_fixture.h"

static char found[4096];

static void add_finding(void *arg, const struct script_problem *p) {
    size_t len = strlen(found);
    (void)arg;
    snprintf(found + len, sizeof found - len, "%u: %s%s\n", (unsigned)p->line,
             p->warning ? "warning: " : "", p->message);
}

/* What is found in a file with this text. */
static const char *check(struct company *c, const char *file, const char *text) {
    company_file(c, file, text);
    found[0] = '\0';
    (void)scripts_check(c->s, add_finding, NULL, NULL, &c->e);
    company_file(c, file, "");
    return found;
}

TEST("what an event carries is known by its topic, in rules and in workflows") {
    struct company c;
    company_make(&c);
    company_start(&c, NULL);
    EXPECT_STR("1: lead.scored carries no 'pionts'; did you mean 'points'?\n",
               check(&c, "a.lua",
                     "on('lead.created', function(lead)"
                     " publish('lead.scored', lead, {pionts = 1}) end)\n"));
    EXPECT_STR("1: points: 'many' is no whole number\n",
               check(&c, "a.lua",
                     "on('lead.created', function(lead)"
                     " publish('lead.scored', lead, {points = 'many'}) end)\n"));
    EXPECT_STR("1: warning: lead.scored carries no 'pionts'; did you mean 'points'?\n",
               check(&c, "a.lua",
                     "on('lead.scored', function(lead, event)"
                     " log(event.data.points, event.data.pionts) end)\n"));
    EXPECT_STR(
        "1: an event has no part 'points'\n",
        check(&c, "a.lua", "on('lead.scored', function(lead, event) log(event.points) end)\n"));
    EXPECT_STR("3: warning: lead.scored carries no 'pionts'; did you mean 'points'?\n"
               "7: warning: an event has no part 'recrod'; did you mean 'record'?\n",
               check(&c, FLOW,
                     "workflow('x', {on = 'lead.scored'}, function(lead, event)\n"
                     "  log(event.points, event.data.points, event.record, event.at)\n"
                     "  log(event.pionts)\n"
                     "end)\n"
                     "workflow('y', {on = 'lead.created'}, function(lead, event)\n"
                     "  log(event.record.name, event.before)\n"
                     "  log(event.recrod)\n"
                     "end)\n"
                     "workflow('z', {record = 'lead'}, function(lead, event)\n"
                     "  log(event.data.anything, event.at, event.else_)\n"
                     "end)\n"));
    company_end(&c);
}

#define HEARS(name, topic, where)                                                                  \
    "on('" topic "', {name = '" name "', where = \"" where "\"}, function(r, event)\n"             \
    "  task {title = '" name " ' .. tostring(event.data.points or event.data.reason)}\n"           \
    "end)\n"

TEST("where sees what an event carries, with the record and without one") {
    struct company c;
    company_with(&c, "hears.lua",
                 "after('lead.create', function(lead)\n"
                 "  publish('lead.scored', lead, {points = 7})\n"
                 "  publish('lead.scored', lead, {points = 3})\n"
                 "  publish('lead.scored', lead)\n"
                 "  publish('lead.scored', nil, {points = 9})\n"
                 "  publish('rule.suspended', nil, {rule = 'a', reason = 'A'})\n"
                 "  publish('rule.suspended', lead, {rule = 'b', reason = 'B'})\n"
                 "end)\n" HEARS("1", "lead.scored", "event.points > 5 and name = 'Ada'")
                     HEARS("2", "lead.scored", "event.data.points < 5 or event.points is null")
                         HEARS("3", "rule.suspended", "event.rule = 'b'")
                             HEARS("4", "lead.scored", "event.points > score"));
    create(&c, "lead", SET("name", "Ada", "score", "3"));
    drain(&c);
    static const char *const wanted[] = {"1 7", "2 3", "2 nil", "3 B", "4 7"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char query[64];
        snprintf(query, sizeof query, "task where title = '%s'", wanted[i]);
        if (find(&c, query, NULL) != 1)
            TEST_FAIL("%s: there are %s", wanted[i], tasks(&c));
    }
    EXPECT_INT(5, find(&c, "task", NULL));
    company_end(&c);
}

TEST("a name in where that the event does not carry is told with the nearest") {
    static const struct {
        const char *rule, *message;
    } rows[] = {
        {HEARS("x", "lead.scored", "event.pionts > 5"),
         "where: at 7: lead.scored carries no 'pionts'; did you mean 'points'?"},
        {HEARS("x", "lead.scored", "points > 5"),
         "where: at 1: 'points' is what the event carries: write event.points"},
        {HEARS("x", "lead.scored", "event.points = 'many'"),
         "where: at 16: points: 'many' is no whole number"},
        {HEARS("x", "lead.created", "event.points > 5"), "where: at 1: no field 'event' in lead"},
        {HEARS("x", "rule.suspended", "event.file is null and rule = 'x'"),
         "where: at 24: 'rule' is what the event carries: write event.rule"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct company c;
        company_make(&c);
        company_file(&c, "x.lua", rows[i].rule);
        company_start(&c, NULL);
        const struct script_problem *p = problem_at(&c, 0);
        EXPECT(p);
        EXPECT_HAS(rows[i].message, p->message);
        company_end(&c);
    }
}

TEST("a wait goes by truth values, of what was published and of records") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  wait_for('feedback.answered', {record = lead, again = true})\n"
                     "  wait_for('feedback.answered', {record = lead, again = false})\n"
                     "  wait_for('interaction.created', {about = lead, planned = true})\n"
                     "  wait_for('interaction.created', {about = lead, planned = false})\n"
                     "end)\n"
                     "on('lead.updated', {name = 'p', fields = {'score'}}, function(lead)\n"
                     "  publish('feedback.answered', lead, {again = lead.score == 1})\n"
                     "end)\n"
                     "on('lead.updated', {name = 'n', fields = {'phone'}}, function(lead)\n"
                     "  publish('feedback.answered', lead, {text = 'true'})\n"
                     "end)\n");
    static const struct {
        const char *field, *value, *waits;
    } steps[] = {{"phone", "+43 1 2", "feedback.answered"},
                 {"score", "0", "feedback.answered"},
                 {"score", "1", "feedback.answered"},
                 {"phone", "+43 1 3", "feedback.answered"},
                 {"score", "0", "interaction.created"},
                 {"planned", "false", "interaction.created"},
                 {"planned", "true", "interaction.created"},
                 {"planned", "true", "interaction.created"},
                 {"planned", "false", ""}};
    char about[ID_TEXT + 6] = "lead/";
    kith_id lead = new_lead(&c, "A");
    id_format(lead, about + 5);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (strcmp(steps[i].field, "planned") == 0)
            create(&c, "interaction",
                   SET("channel", "call", "about", about, "planned", steps[i].value));
        else
            EXPECT_OK(try_update(&c, "lead", lead, SET(steps[i].field, steps[i].value)), c.e);
        drain(&c);
        EXPECT_STR(steps[i].waits, run_field(&c, "waits_for"));
    }
    EXPECT_STR("done", run_field(&c, "state"));
    company_end(&c);
}
