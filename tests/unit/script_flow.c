/* SPDX-License-Identifier: Apache-2.0 */
/* Workflows: a function that waits for days goes on where it stood, in the code that it began with,
 * and does everything once. */
#include "script_flow_fixture.h"

TEST("a workflow sleeps and goes on where it stood, also in another process") {
    struct company c;
    flow_company(&c, "workflow('care', {on = 'lead.created'}, function(lead, event)\n"
                     "  task {title = 'first ' .. lead.name .. ' ' .. event.topic}\n"
                     "  sleep(days(3))\n"
                     "  task {title = 'second ' .. lead.name}\n"
                     "  sleep(hours(1))\n"
                     "  return 'well'\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "Ann");
    EXPECT_STR("first Ann lead.created", tasks(&c));
    EXPECT_STR("waiting", run_field(&c, "state"));
    EXPECT_STR("2024-03-04T10:00:00.000Z", run_field(&c, "due"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("name", "Beth")), c.e);
    advance(&c, 3 * DAY - 1);
    EXPECT_STR("first Ann lead.created", tasks(&c));
    reopen(&c);
    advance(&c, 1);
    EXPECT_STR("first Ann lead.created, second Beth", tasks(&c));
    reopen(&c);
    advance(&c, HOUR);
    EXPECT_STR("first Ann lead.created, second Beth", tasks(&c));
    EXPECT_STR("done", run_field(&c, "state"));
    EXPECT_STR("well", run_field(&c, "result"));
    EXPECT_INT(0, find(&c, "workflow_run where state != 'done'", NULL));
    company_end(&c);
}

TEST("it waits for the event that fits, and hears of none that came before") {
    struct company c;
    flow_company(&c, "workflow('answer', {on = 'lead.created'}, function(lead)\n"
                     "  local t = task {title = 'ask ' .. lead.name}\n"
                     "  local done = wait_for('task.done', {record = t}, days(7))\n"
                     "  task {title = done and 'answered ' .. done.record.title or 'none'}\n"
                     "end)\n");
    new_lead(&c, "A");
    new_lead(&c, "B");
    kith_id other = create(&c, "task", SET("title", "other"));
    kith_id b;
    EXPECT_INT(1, find(&c, "task where title = 'ask B'", &b));
    EXPECT_OK(try_update(&c, "task", other, SET("state", "done")), c.e);
    drain(&c);
    EXPECT_STR("ask A, ask B, other", tasks(&c));
    reopen(&c);
    EXPECT_OK(try_update(&c, "task", b, SET("state", "done")), c.e);
    drain(&c);
    EXPECT_STR("ask A, ask B, other, answered ask B", tasks(&c));
    advance(&c, 7 * DAY);
    EXPECT_STR("ask A, ask B, other, answered ask B, none", tasks(&c));
    EXPECT_INT(2, find(&c, "workflow_run where state = 'done'", NULL));
    company_end(&c);
}

TEST("a wait compares all that it names, of published events and of records") {
    struct company c;
    flow_company(
        &c, "workflow('w', {on = 'lead.created', where = \"name = 'A'\"}, function(lead)\n"
            "  local e = wait_for('lead.scored', {record = lead, points = 7})\n"
            "  local l = wait_for('lead.updated', {record = lead, rating = 'hot', score = 3})\n"
            "  task {title = e.points .. ' ' .. e.data.points .. ' ' .. l.record.name}\n"
            "end)\n"
            "on('lead.updated', {name = 'p', where = 'score > 0'}, function(lead)\n"
            "  publish('lead.scored', lead, {points = lead.score})\n"
            "end)\n");
    kith_id a = new_lead(&c, "A"), b = new_lead(&c, "B");
    EXPECT_OK(try_update(&c, "lead", b, SET("score", "7")), c.e);
    EXPECT_OK(try_update(&c, "lead", a, SET("score", "6")), c.e);
    drain(&c);
    EXPECT_STR("lead.scored", run_field(&c, "waits_for"));
    EXPECT_OK(try_update(&c, "lead", a, SET("score", "7")), c.e);
    drain(&c);
    EXPECT_STR("lead.updated", run_field(&c, "waits_for"));
    EXPECT_OK(try_update(&c, "lead", a, SET("score", "3")), c.e);
    drain(&c);
    EXPECT_STR("", tasks(&c));
    EXPECT_OK(try_update(&c, "lead", a, SET("rating", "hot")), c.e);
    drain(&c);
    EXPECT_STR("7 7 A", tasks(&c));
    company_end(&c);
}

TEST("of several events the first is taken, and its name says which it was") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local which, e = wait_any({won = {'lead.working', {record = lead}},\n"
                     "    gone = {'lead.deleted', {record = lead}}}, days(2))\n"
                     "  task {title = tostring(which) .. ' ' .. tostring(e and e.topic)}\n"
                     "end)\n");
    kith_id a = new_lead(&c, "A");
    new_lead(&c, "B");
    EXPECT_OK(try_update(&c, "lead", a, SET("state", "working")), c.e);
    drain(&c);
    EXPECT_STR("won lead.working", tasks(&c));
    advance(&c, 2 * DAY);
    EXPECT_STR("won lead.working, nil nil", tasks(&c));
    company_end(&c);
}

TEST("all of several events are waited for, as long as there is time") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local got = wait_all({a = {'lead.working', {record = lead}},\n"
                     "    b = {'lead.scored', {record = lead}}}, days(2))\n"
                     "  task {title = tostring(got.a ~= nil) .. ' ' .. tostring(got.b ~= nil)}\n"
                     "end)\n"
                     "on('lead.updated', {name = 'p', where = 'score > 0'}, function(lead)\n"
                     "  publish('lead.scored', lead, {points = lead.score})\n"
                     "end)\n");
    kith_id a = new_lead(&c, "A"), b = new_lead(&c, "B");
    EXPECT_OK(try_update(&c, "lead", a, SET("score", "1")), c.e);
    EXPECT_OK(try_update(&c, "lead", b, SET("state", "working")), c.e);
    drain(&c);
    EXPECT_STR("", tasks(&c));
    EXPECT_OK(try_update(&c, "lead", a, SET("state", "working")), c.e);
    drain(&c);
    EXPECT_STR("true true", tasks(&c));
    advance(&c, 2 * DAY);
    EXPECT_STR("true true, true false", tasks(&c));
    company_end(&c);
}

TEST("branches run side by side, each from its own wait, and give their results together") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local a, b = parallel(function()\n"
                     "    sleep(days(2)); task {title = 'a1'}; sleep(days(2)); return 'a'\n"
                     "  end, function()\n"
                     "    task {title = 'b1'}; sleep(days(3)); task {title = 'b2'}; return 'b'\n"
                     "  end)\n"
                     "  task {title = a .. b .. ' ' .. tostring((now() - lead.created).days)}\n"
                     "end)\n");
    new_lead(&c, "A");
    EXPECT_STR("b1", tasks(&c));
    EXPECT_STR("2024-03-03T10:00:00.000Z", run_field(&c, "due"));
    advance(&c, 2 * DAY);
    EXPECT_STR("b1, a1", tasks(&c));
    EXPECT_STR("2024-03-04T10:00:00.000Z", run_field(&c, "due"));
    reopen(&c);
    advance(&c, DAY);
    EXPECT_STR("b1, a1, b2", tasks(&c));
    advance(&c, DAY);
    EXPECT_STR("b1, a1, b2, ab 4", tasks(&c));
    EXPECT_STR("done", run_field(&c, "state"));
    company_end(&c);
}

TEST("what was read, found and drawn before a wait is the same after it") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created', where = \"name = 'W'\"}, function(lead)\n"
                     "  local n, r, day = count('lead'), math.random(1000000), today()\n"
                     "  local sum = totals('lead : count() as n')[1].n\n"
                     "  for l in find(\"lead where name != 'W' order by name\") do\n"
                     "    sleep(hours(1))\n"
                     "    task {title = l.name .. ' ' .. n .. ' ' .. sum}\n"
                     "  end\n"
                     "  local r2 = math.random(1000000)\n"
                     "  task {title = tostring(r ~= r2) .. tostring(day == date('2024-03-01'))}\n"
                     "end)\n");
    create(&c, "lead", SET("name", "A"));
    kith_id b = create(&c, "lead", SET("name", "B"));
    create(&c, "lead", SET("name", "C"));
    new_lead(&c, "W");
    EXPECT_STR("waiting", run_field(&c, "state"));
    EXPECT_STR("", run_field(&c, "error"));
    EXPECT_OK(try_delete(&c, "lead", b), c.e);
    create(&c, "lead", SET("name", "D"));
    advance(&c, HOUR);
    reopen(&c);
    advance(&c, 20 * HOUR);
    advance(&c, 20 * HOUR);
    EXPECT_STR("A 4 4, C 4 4, truetrue", tasks(&c));
    company_end(&c);
}

TEST("what pcall caught before a wait is caught again, and nothing of it is done") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local ok, why = pcall(function()\n"
                     "    task {title = 'never'}\n"
                     "    create('lead', {rating = 'mild'})\n"
                     "  end)\n"
                     "  local kept = pcall(function()\n"
                     "    task {title = 'kept'}\n"
                     "    sleep(days(1))\n"
                     "    task {title = 'later'}\n"
                     "    error('oh')\n"
                     "  end)\n"
                     "  task {title = tostring(ok) .. tostring(kept) .. ' ' ..\n"
                     "    tostring(why:find('mild', 1, true) ~= nil)}\n"
                     "end)\n");
    new_lead(&c, "A");
    EXPECT_STR("kept", tasks(&c));
    advance(&c, DAY);
    EXPECT_STR("kept, falsefalse true", tasks(&c));
    company_end(&c);
}

TEST("a step that fails keeps nothing, is tried again, and stands still after the last try") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  sleep(days(1))\n"
                     "  task {title = 'try'}\n"
                     "  if not lead.email then error('no address') end\n"
                     "  task {title = 'mail'}\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    advance(&c, DAY);
    EXPECT_STR("", tasks(&c));
    EXPECT_STR("retrying", run_field(&c, "state"));
    EXPECT_STR("workflows/f.lua:4: no address", run_field(&c, "error"));
    EXPECT_STR("1", run_field(&c, "attempts"));
    for (int i = 0; i < 4; i++)
        advance(&c, HOUR);
    EXPECT_STR("failed", run_field(&c, "state"));
    EXPECT_STR("5", run_field(&c, "attempts"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("email", "a@x.org")), c.e);
    advance(&c, 10 * DAY);
    EXPECT_STR("", tasks(&c));
    company_end(&c);
}

#define WITH_LIB                                                                                   \
    "local word = require 'word'\n"                                                                \
    "workflow('w', {on = 'lead.created'}, function(lead)\n"                                        \
    "  sleep(days(1)); task {title = word .. ' ' .. lead.name}\n"                                  \
    "end)\n"

TEST("runs go on in the code that they began with, new ones begin with the new") {
    struct company c;
    company_make(&c);
    company_file(&c, "lib/word.lua", "return 'old'");
    company_file(&c, FLOW, WITH_LIB);
    company_start(&c, NULL);
    new_lead(&c, "A");
    company_file(&c, "lib/word.lua", "return 'new'");
    reload(&c);
    new_lead(&c, "B");
    company_file(&c, FLOW, "before('lead.create', function() end)");
    reload(&c);
    new_lead(&c, "C");
    advance(&c, DAY);
    EXPECT_STR("old A, new B", tasks(&c));
    new_lead(&c, "D");
    company_end(&c);
}

TEST("code that does not run any more fails its run with the reason, and it can be cancelled") {
    struct company c;
    company_make(&c);
    company_file(&c, "lib/word.lua", "return sales.word");
    company_file(&c, FLOW, WITH_LIB);
    company_start(&c, NULL);
    EXPECT(problem_at(&c, 0) != NULL);
    company_end(&c);
}

TEST("a run is not begun again for a record while one is under way, unless it says so") {
    struct company c;
    flow_company(&c, "local function body(lead) sleep(days(1)) end\n"
                     "workflow('default', {on = 'lead.updated'}, body)\n"
                     "workflow('once', {on = 'lead.updated', again = 'once'}, body)\n"
                     "workflow('always', {on = 'lead.updated', again = 'always'}, body)\n"
                     "workflow('cool', {on = 'lead.updated', again = days(3)}, body)\n");
    kith_id lead = new_lead(&c, "A");
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1")), c.e);
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "2")), c.e);
    drain(&c);
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'default'", NULL));
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'once'", NULL));
    EXPECT_INT(2, find(&c, "workflow_run where workflow = 'always'", NULL));
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'cool'", NULL));
    advance(&c, 2 * DAY);
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "3")), c.e);
    drain(&c);
    EXPECT_INT(2, find(&c, "workflow_run where workflow = 'default'", NULL));
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'once'", NULL));
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'cool'", NULL));
    advance(&c, 2 * DAY);
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "4")), c.e);
    drain(&c);
    EXPECT_INT(2, find(&c, "workflow_run where workflow = 'cool'", NULL));
    company_end(&c);
}

TEST("a workflow begins others, waits for their end, and begins itself anew") {
    struct company c;
    flow_company(&c, "workflow('outer', {on = 'lead.created'}, function(lead)\n"
                     "  local run = start('inner', lead, {rounds = 0})\n"
                     "  local e = wait_for('workflow.ended', {run = run, state = 'done'})\n"
                     "  task {title = 'inner ended'}\n"
                     "end)\n"
                     "workflow('inner', {record = 'lead'}, function(lead, event)\n"
                     "  sleep(days(1))\n"
                     "  task {title = lead.name .. event.data.rounds}\n"
                     "  if event.data.rounds < 2 then\n"
                     "    continue_as_new({rounds = event.data.rounds + 1})\n"
                     "  end\n"
                     "end)\n");
    new_lead(&c, "A");
    for (int i = 0; i < 3; i++)
        advance(&c, DAY);
    EXPECT_STR("A0, inner ended, A1, A2", tasks(&c));
    EXPECT_INT(3, find(&c, "workflow_run where workflow = 'inner' and state = 'done'", NULL));
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'outer' and state = 'done'", NULL));
    company_end(&c);
}

TEST("with its record a run goes, and everything that is kept of it") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  wait_for('lead.working', {record = lead}, days(1))\n"
                     "  task {title = 'never'}\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    EXPECT_INT(1, find(&c, "workflow_run", NULL));
    EXPECT_OK(try_delete(&c, "lead", lead), c.e);
    EXPECT_INT(0, find(&c, "workflow_run", NULL));
    struct engine_stats s;
    advance(&c, 2 * DAY);
    engine_stats(c.g, &s);
    EXPECT_INT(0, s.letters_waiting);
    EXPECT_STR("", tasks(&c));
    company_end(&c);
}

static void expect_problem(const char *text, const char *wanted) {
    struct company c;
    company_make(&c);
    company_file(&c, FLOW, text);
    company_start(&c, NULL);
    const struct script_problem *p = problem_at(&c, 0);
    EXPECT_STR(wanted, p ? arena_printf(&c.arena, "%u: %s", p->line, p->message) : "none");
    company_end(&c);
}

TEST("what is wrong with a workflow is said where it stands") {
    expect_problem("workflow('w', {on = 'lead.creatd'}, function() end)",
                   "1: there is no topic 'lead.creatd': did you mean 'lead.created'?");
    expect_problem("workflow('w', {on = 'lead.created', agian = 'once'}, function() end)",
                   "1: unknown option 'agian': did you mean 'again'?");
    expect_problem(
        "workflow('w', {on = 'lead.created', again = 'twice'}, function() end)",
        "1: again: there are \"one at a time\", \"once\", \"always\", and a duration such"
        " as days(30) since it began last");
    expect_problem("workflow('w', {on = 'lead.created', every = '0 8 * * *'}, function() end)",
                   "1: on and every: a workflow begins by one of them");
    expect_problem("workflow('w', {every = 'daily'}, function() end)",
                   "1: 'daily' does not have the five fields minute, hour, day of month, month, "
                   "day of week, as in '30 6 * * mon-fri'");
    expect_problem("workflow('w', {}, function() end)\nworkflow('w', {}, function() end)\n",
                   "2: the name 'w' is that of the workflow in workflows/f.lua:1 already");
    expect_problem("workflow('w', {on = 'lead.created'})",
                   "1: write workflow(\"name\", {on = \"lead.created\"}, function(lead) ... end)");
    expect_problem("sleep(days(1))", "1: sleep() works only inside the function of a workflow: "
                                     "write workflow(\"name\", {on = ...}, function(record) ... "
                                     "end) in a file of the folder 'workflows'");
}

static void expect_failure(const char *body, const char *wanted) {
    struct company c;
    char text[1000];
    snprintf(text, sizeof text, "workflow('w', {on = 'lead.created'}, function(lead)\n%s\nend)\n",
             body);
    flow_company(&c, text);
    new_lead(&c, "A");
    EXPECT_STR(wanted, run_field(&c, "error"));
    company_end(&c);
}

TEST("what is wrong in a step is said with its line") {
    expect_failure("wait_for('lead.workng', {record = lead})",
                   "workflows/f.lua:2: nobody publishes 'lead.workng'; a type publishes .created,"
                   " .updated, .deleted and its states");
    expect_failure("wait_for('lead.working', {scor = 1})",
                   "workflows/f.lua:2: no field 'scor' in lead; did you mean 'score'?");
    expect_failure("wait_for('lead.scored', {pionts = 1, name = 'A'})",
                   "workflows/f.lua:2: lead.scored carries no 'pionts'; did you mean 'points'?");
    expect_failure("sleep(3)", "workflows/f.lua:2: sleep: how long is said by a duration such as"
                               " days(3), a time or a date, not by a number");
    expect_failure("sleep()", "workflows/f.lua:2: sleep: how long? sleep(days(3)), or"
                              " sleep(business.hours(4))");
    expect_failure("start('x', lead)", "workflows/f.lua:2: there is no workflow 'x'");
    expect_failure("for k in pairs({[1.5] = 1}) do end",
                   "workflows/f.lua:2: the keys of this table must be texts or whole numbers, not a"
                   " number: in a workflow they are gone through in their order");
    expect_failure("local t = {}; t.t = t; log(t)",
                   "workflows/f.lua:2: a table is nested more than 32 deep");
}
