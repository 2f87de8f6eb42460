/* SPDX-License-Identifier: Apache-2.0 */
/* Workflows at the edges: what a pcall takes back, runs that failed and are undone, runs that
 * delete what they are about, waits without end. */
#include "script_flow_fixture.h"

/* All tries of steps that fail. */
static void give_up_all(struct company *c) {
    for (int i = 0; i < 5; i++)
        advance(c, HOUR);
}

static void give_up(struct company *c) {
    give_up_all(c);
    EXPECT_STR("failed", run_field(c, "state"));
}

TEST("a run that begins another one within a pcall that fails goes on, and the other never was") {
    struct company c;
    flow_company(&c,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  pcall(function() start('other', lead); error('x') end)\n"
                 "  sleep(days(1))\n"
                 "  task {title = 'after'}\n"
                 "end)\n"
                 "workflow('other', {record = 'lead'}, function() task {title = 'other'} end)\n");
    new_lead(&c, "A");
    EXPECT_STR("waiting", run_field(&c, "state"));
    advance(&c, DAY);
    EXPECT_STR("after", tasks(&c));
    EXPECT_STR("done", run_field(&c, "state"));
    company_end(&c);
}

TEST("a step that the disk has no room for is no failure of its run, and is done once there is") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  sleep(days(1))\n"
                     "  return action.sales.double {number = 2}.number\n"
                     "end)\n");
    new_lead(&c, "A");
    disk_full = true;
    clock_advance(&c.clock, DAY);
    for (int i = 0; i < 20; i++)
        engine_drain(c.g, 5, NULL);
    EXPECT_STR("waiting", run_field(&c, "state"));
    disk_full = false;
    for (int i = 0; i < 5; i++)
        advance(&c, HOUR);
    EXPECT_STR("4", run_field(&c, "result"));
    EXPECT_STR("0", run_field(&c, "attempts"));
    company_end(&c);
}

TEST("a run that failed by an error is undone with what it gave to on_undo before") {
    struct company c;
    kith_id run;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  parallel(function()\n"
                     "    on_undo(function() create('note', {about = lead, body = 'a'}) end)\n"
                     "    sleep(days(1))\n"
                     "    error('boom')\n"
                     "  end, function()\n"
                     "    sleep(hours(1))\n"
                     "    on_undo(function() create('note', {about = lead, body = 'b'}) end)\n"
                     "    sleep(days(2))\n"
                     "  end)\n"
                     "end)\n");
    new_lead(&c, "A");
    advance(&c, HOUR);
    advance(&c, DAY);
    give_up(&c);
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    undo(&c, run);
    EXPECT_STR("", run_field(&c, "error"));
    EXPECT_INT(1, find(&c, "note where body = 'a'", NULL));
    EXPECT_INT(1, find(&c, "note where body = 'b'", NULL));
    company_end(&c);
}

TEST("what a pcall takes back was not given to on_undo, and on_undo does not begin anew") {
    struct company c;
    kith_id run;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  pcall(function()\n"
                     "    task {title = 'gone'}\n"
                     "    on_undo(function() create('note', {about = lead, body = 'back'}) end)\n"
                     "    error('boom')\n"
                     "  end)\n"
                     "  on_undo(function() continue_as_new({}) end)\n"
                     "end)\n");
    new_lead(&c, "A");
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    undo(&c, run);
    EXPECT_INT(0, find(&c, "note", NULL));
    EXPECT_STR("on_undo: workflows/f.lua:7: continue_as_new: what on_undo() was given does not"
               " begin the run anew",
               run_field(&c, "error"));
    company_end(&c);
}

TEST("behind a branch that failed within a pcall the run itself goes on") {
    struct company c;
    flow_company(&c,
                 "workflow('w', {on = 'lead.created', again = 'always'}, function(lead, event)\n"
                 "  local n = event.data and event.data.n\n"
                 "  if n then return task {title = 'n ' .. n} end\n"
                 "  local ok = pcall(parallel, function() sleep(days(1)) error('x') end,\n"
                 "    function() sleep(days(5)) end)\n"
                 "  task {title = tostring(ok) .. ' ' .. (now() - lead.created).days}\n"
                 "  sleep(days(1))\n"
                 "  continue_as_new({n = 1})\n"
                 "end)\n");
    new_lead(&c, "A");
    advance(&c, DAY);
    EXPECT_STR("false 1", tasks(&c));
    reopen(&c);
    advance(&c, DAY);
    EXPECT_STR("false 1, n 1", tasks(&c));
    EXPECT_INT(2, find(&c, "workflow_run where state = 'done'", NULL));
    company_end(&c);
}

TEST("a workflow may delete what it is about: its run goes with that, and what it did stays") {
    struct company c;
    flow_company(&c,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  if lead.score then start('other', lead) else sleep(days(1)) end\n"
                 "  delete(lead)\n"
                 "  task {title = 'deleted'}\n"
                 "  sleep(days(1))\n"
                 "  task {title = 'never'}\n"
                 "end)\n"
                 "workflow('other', {record = 'lead'}, function() task {title = 'other'} end)\n");
    new_lead(&c, "A");
    create(&c, "lead", SET("name", "B", "score", "1"));
    drain(&c);
    EXPECT_STR("deleted", tasks(&c));
    EXPECT_INT(1, find(&c, "lead", NULL));
    EXPECT_INT(1, find(&c, "workflow_run where state = 'waiting'", NULL));
    advance(&c, DAY);
    advance(&c, DAY);
    EXPECT_STR("deleted, deleted", tasks(&c));
    EXPECT_INT(0, find(&c, "lead", NULL));
    EXPECT_INT(0, find(&c, "workflow_run", NULL));
    company_end(&c);
}

TEST("a wait that is never over is refused, with the line, and so is what ask_user cannot ask") {
    static const struct {
        const char *call, *error;
    } rows[] = {
        {"sleep(days(100000000))", "workflows/f.lua:1: sleep: that is beyond the year 9999"},
        {"sleep(hours(1) * 2562047788015)",
         "workflows/f.lua:1: sleep: that is beyond the year 9999"},
        {"ask_user {title = 'x', fields = {a = 'text'}, wait = 5}",
         "workflows/f.lua:1: wait_any: how long is said by a duration such as days(3), a time or a"
         " date, not by a number"},
        {"wait_all({a = {'nope.nope'}})",
         "workflows/f.lua:1: nobody publishes 'nope.nope'; a type publishes .created, .updated,"
         " .deleted and its states"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct company c;
        char text[300];
        snprintf(text, sizeof text, "workflow('w', {on = 'lead.created'}, function(lead) %s end)",
                 rows[i].call);
        company_make(&c);
        company_file(&c, FLOW, text);
        company_start(&c, NULL);
        new_lead(&c, "A");
        EXPECT_STR(rows[i].error, run_field(&c, "error"));
        company_end(&c);
    }
}

TEST("a rule in the folder of workflows has its errors told with the line, and keeps no log") {
    struct company c;
    flow_company(&c, "on('lead.created', function(lead)\n"
                     "  local ok, why = pcall(function()\n"
                     "    create('task', {titel = 'x'})\n"
                     "  end)\n"
                     "  task {title = why}\n"
                     "end)\n");
    new_lead(&c, "A");
    EXPECT_STR("workflows/f.lua:3: no field 'titel' in task; did you mean 'title'?", tasks(&c));
    EXPECT_INT(0, find(&c, "workflow_run", NULL));
    company_end(&c);
}

TEST("a run whose time comes while its file is suspended waits for the resume, too") {
    struct script_options o = {.limits = {.time_ms = 20000}, .failures = 3};
    struct company c;
    company_make(&c);
    company_file(&c, FLOW,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  if lead.company == 'bad' then error('a bad company') end\n"
                 "  sleep(hours(1))\n"
                 "  task {title = lead.name}\n"
                 "end)\n");
    company_start_with(&c, &o);
    create(&c, "lead", SET("name", "good"));
    for (int i = 0; i < 3; i++)
        create(&c, "lead", SET("name", "B", "company", "bad"));
    drain(&c);
    advance(&c, 2 * HOUR);
    EXPECT_STR("", tasks(&c));
    EXPECT_INT(4, find(&c, "workflow_run where state = 'retrying'", NULL));
    kith_id bad;
    while (find(&c, "lead where company = 'bad'", &bad) > 0)
        EXPECT_OK(try_update(&c, "lead", bad, SET("company", "mended")), c.e);
    EXPECT_OK(scripts_resume(c.s, FLOW, &c.e), c.e);
    advance(&c, 60 * SECOND);
    EXPECT_HAS("good", tasks(&c));
    company_end(&c);
}

TEST("in a workflow keys come in their order, numbers first, and not when they are gone") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local t, out = {b = 1, a = 2, [20] = 3, [3] = 4, c = 5}, {}\n"
                     "  for i = 9, 1, -1 do t['k' .. i] = i end\n"
                     "  for k in pairs(t) do out[#out + 1] = k; t.a = nil end\n"
                     "  local k = next(t)\n"
                     "  while k do out[#out + 1] = k; k = next(t, k) end\n"
                     "  return table.concat(out, ' ')\n"
                     "end)\n");
    new_lead(&c, "A");
    EXPECT_STR("3 20 b c k1 k2 k3 k4 k5 k6 k7 k8 k9 3 20 b c k1 k2 k3 k4 k5 k6 k7 k8 k9",
               run_field(&c, "result"));
    company_end(&c);
}

TEST("a run goes on although its file, as it is, is off by now") {
    struct company c;
    company_make(&c);
    company_file(&c, "workflows/z.lua",
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  sleep(days(1)); task {title = 'on'}\n"
                 "end)\n");
    company_start(&c, NULL);
    new_lead(&c, "A");
    company_file(&c, FLOW, "workflow('w', {}, function() end)\n");
    reopen(&c);
    EXPECT_HAS("the name 'w' is that of the workflow in workflows/f.lua:1",
               problem_at(&c, 0)->message);
    advance(&c, DAY);
    EXPECT_STR("on", tasks(&c));
    company_end(&c);
}

TEST("what is no value has no address in the result of a run") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function() return print_it end)\n"
                     "function print_it() end\n");
    new_lead(&c, "A");
    EXPECT_STR("function", run_field(&c, "result"));
    company_end(&c);
}

TEST("a run goes on by events though there is no workflow any more when the company is opened") {
    struct company c;
    char path[200];
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  sleep(hours(1))\n"
                     "  wait_for('lead.updated', {record = lead})\n"
                     "  task {title = 'heard'}\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    snprintf(path, sizeof path, "%s/" FLOW, c.dir);
    EXPECT_INT(0, unlink(path));
    reopen(&c);
    advance(&c, HOUR);
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1")), c.e);
    drain(&c);
    EXPECT_STR("heard", tasks(&c));
    company_end(&c);
}

TEST("a workflow about a deletion goes on behind its waits, and none begins for what is gone") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.deleted'}, function(lead, event)\n"
                     "  task {title = 'gone ' .. event.before.name}\n"
                     "  sleep(days(1))\n"
                     "  task {title = 'later'}\n"
                     "end)\n"
                     "workflow('v', {on = 'lead.updated'}, function(lead)\n"
                     "  task {title = 'updated ' .. lead.name}\n"
                     "end)\n");
    company_file(&c, "a.lua", "after('lead.update', function(lead) delete(lead) end)\n");
    reload(&c);
    kith_id lead = new_lead(&c, "A");
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1")), c.e);
    drain(&c);
    advance(&c, DAY);
    EXPECT_STR("gone A, later", tasks(&c));
    EXPECT_STR("done", run_field(&c, "state"));
    company_end(&c);
}

TEST("workflows that begin each other without a pause are stopped, also by later tries") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function() start('a') end)\n"
                     "workflow('a', {again = 'always'}, function() start('a') end)\n");
    new_lead(&c, "A");
    EXPECT_INT(17, find(&c, "workflow_run", NULL));
    give_up_all(&c);
    EXPECT_INT(17, find(&c, "workflow_run", NULL));
    EXPECT_INT(1, find(&c,
                       "workflow_run where state = 'failed' and error like '%:2: workflows begin"
                       " each other more than 16 deep without a pause, and ''a'' begins no more'",
                       NULL));
    company_end(&c);
}

TEST("workflows of which each begins two are stopped before they are very many") {
    struct company c;
    flow_company(&c, "workflow('a', {on = 'lead.created', again = 'always'}, function()\n"
                     "  start('b')\n"
                     "end)\n"
                     "workflow('b', {again = 'always'}, function() start('a') start('a') end)\n");
    new_lead(&c, "A");
    EXPECT_INT(511 + 255, find(&c, "workflow_run", NULL));
    give_up_all(&c);
    EXPECT_INT(511 + 255, find(&c, "workflow_run", NULL));
    company_end(&c);
}

TEST("workflows that begin each other by the action are stopped, too") {
    struct company c;
    flow_company(&c, "local function again() action.workflow.start {workflow = 'a'} end\n"
                     "workflow('w', {on = 'lead.created'}, again)\n"
                     "workflow('a', {again = 'always'}, again)\n");
    new_lead(&c, "A");
    give_up_all(&c);
    EXPECT_INT(
        1, find(&c, "workflow_run where state = 'failed' and error like '%deep, last: %'", NULL));
    EXPECT(find(&c, "workflow_run", NULL) < 25);
    company_end(&c);
}

TEST("a workflow that begins itself after a pause goes on for ever") {
    struct company c;
    flow_company(&c, "workflow('slow', {on = 'lead.created', again = 'always'}, function()\n"
                     "  sleep(days(1))\n"
                     "  start('slow')\n"
                     "end)\n");
    new_lead(&c, "A");
    for (int i = 0; i < 40; i++)
        advance(&c, DAY);
    EXPECT_INT(40, find(&c, "workflow_run where state = 'done'", NULL));
    EXPECT_INT(1, find(&c, "workflow_run where state = 'waiting'", NULL));
    company_end(&c);
}

TEST("workflows that set themselves off by what they write after a pause go on for ever") {
    struct company c;
    flow_company(&c, "workflow('slow', {on = 'lead.updated', again = 'always'}, function(lead)\n"
                     "  sleep(days(1))\n"
                     "  update(lead, {score = lead.score + 1})\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1")), c.e);
    drain(&c);
    for (int i = 0; i < 40; i++)
        advance(&c, DAY);
    EXPECT_STR("41", field(&c, "lead", lead, "score"));
    company_end(&c);
}

TEST("what goes round without a pause does so once a second, and does not wait without end") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  if lead.name == 'A' then continue_as_new() end\n"
                     "  while true do sleep(days(0)) end\n"
                     "end)\n");
    new_lead(&c, "A");
    EXPECT_INT(2, find(&c, "workflow_run", NULL));
    advance(&c, 500);
    EXPECT_INT(2, find(&c, "workflow_run", NULL));
    advance(&c, 500);
    EXPECT_INT(3, find(&c, "workflow_run", NULL));
    new_lead(&c, "B");
    EXPECT_INT(1, find(&c, "workflow_run where error like '%gone on 2000 times%'", NULL));
    company_end(&c);
}

/* Of the scores 1 to 40, in one transaction. */
static kith_status score_often(struct txn *t, void *arg, kith_error *e) {
    struct write_request *w = arg;
    char score[16];
    for (int i = 1; i <= 40; i++) {
        snprintf(score, sizeof score, "%d", i);
        w->set = SET("score", score);
        TRY(write_it(t, w, e));
    }
    return KITH_OK;
}

TEST("a workflow that begins anew after each event misses none, however fast they come") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local what = wait_for('lead.updated', {record = lead})\n"
                     "  task {title = 'was ' .. what.before.score}\n"
                     "  continue_as_new()\n"
                     "end)\n");
    kith_id lead = create(&c, "lead", SET("name", "A", "score", "0"));
    drain(&c);
    struct write_request w = {.c = &c, .type = "lead", .id = lead};
    EXPECT_OK(engine_write(c.g, &by_anna, score_often, &w, NULL, &c.e), c.e);
    drain(&c);
    for (int i = 0; i < 40; i++) {
        char query[64];
        snprintf(query, sizeof query, "task where title = 'was %d'", i);
        EXPECT_INT(1, find(&c, query, NULL));
    }
    EXPECT_INT(1, find(&c, "workflow_run where state = 'waiting'", NULL));
    EXPECT_INT(40, find(&c, "workflow_run where state = 'done'", NULL));
    company_end(&c);
}

TEST("what was published is waited for by the fields of its record, too") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local e = wait_for('lead.scored', {name = 'A', points = 2})\n"
                     "  task {title = 'woken by ' .. e.record.name .. ' ' .. e.points}\n"
                     "end)\n"
                     "on('lead.updated', function(lead)\n"
                     "  publish('lead.scored', lead, {points = lead.score})\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1")), c.e);
    drain(&c);
    EXPECT_STR("", tasks(&c));
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "2")), c.e);
    drain(&c);
    EXPECT_STR("woken by A 2", tasks(&c));
    company_end(&c);
}
