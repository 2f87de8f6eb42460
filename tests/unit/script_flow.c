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

TEST("an event that fits twice wakes once, by its first name, and what it was is told") {
    struct company c;
    flow_company(
        &c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
            "  local which, e = wait_any({b = {'lead.updated', {record = lead, score = 1}},\n"
            "    a = {'lead.updated', {record = lead}}})\n"
            "  local more = wait_for('lead.scored', nil, days(1))\n"
            "  return table.concat({which, e.origin, tostring(e.at), tostring(e.before.name),\n"
            "    tostring(e.changed.name), tostring(e.changed.email), tostring(e.record),\n"
            "    tostring(more)}, ' ')\n"
            "end)\n"
            "workflow('p', {on = 'lead.updated', where = 'score = 2'}, function(lead, e)\n"
            "  publish('lead.scored', nil, {points = 1})\n"
            "  return tostring(e.changed.score) .. tostring(e.before.score)\n"
            "end)\n");
    kith_id lead = new_lead(&c, "A"), run;
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1", "name", "B")), c.e);
    drain(&c);
    EXPECT_STR("lead.scored", run_field(&c, "waits_for"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "2")), c.e);
    drain(&c);
    EXPECT_HAS("a cli 2024-03-01T10:00:00.000Z A true nil lead ",
               field(&c, "workflow_run", run, "result"));
    EXPECT_INT(1, find(&c, "workflow_run where result = 'true1'", NULL));
    company_end(&c);
}

TEST("after a restart waits of all topics, and by all fields, are heard") {
    struct company c;
    flow_company(&c, "workflow('a', {on = 'lead.created'}, function(lead)\n"
                     "  wait_for('task.done', {title = 'x'}); task {title = 'a'}\n"
                     "end)\n"
                     "workflow('b', {on = 'lead.created'}, function(lead)\n"
                     "  wait_for('lead.updated', {rating = 'hot', score = 3}); task {title = 'b'}\n"
                     "end)\n"
                     "workflow('c', {on = 'lead.created'}, function(lead)\n"
                     "  wait_for('lead.updated', {record = lead, rating = 'hot', score = 4})\n"
                     "  task {title = 'c'}\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    reopen(&c);
    kith_id task = create(&c, "task", SET("title", "x"));
    EXPECT_OK(try_update(&c, "task", task, SET("state", "done")), c.e);
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "2", "rating", "hot")), c.e);
    drain(&c);
    EXPECT_STR("x, a", tasks(&c));
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "3")), c.e);
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "4")), c.e);
    drain(&c);
    EXPECT_STR("x, a, b, c", tasks(&c));
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

TEST("a wait counts what came behind the row that woke the run, and nothing from before") {
    struct company c;
    flow_company(&c, "workflow('loop', {on = 'lead.working'}, function(lead)\n"
                     "  for i = 1, 3 do\n"
                     "    local e = wait_for('lead.updated', {record = lead})\n"
                     "    task {title = i .. ' ' .. tostring(e.before.score)}\n"
                     "  end\n"
                     "end)\n"
                     "workflow('own', {on = 'lead.updated', where = \"name = 'B'\"},\n"
                     "function(lead)\n"
                     "  wait_for('lead.updated', {record = lead})\n"
                     "  task {title = 'own'}\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A"), other = new_lead(&c, "B");
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1", "state", "working")), c.e);
    for (int i = 2; i < 5; i++)
        EXPECT_OK(try_update(&c, "lead", lead, SET("score", arena_printf(&c.arena, "%d", i))), c.e);
    drain(&c);
    EXPECT_STR("1 1, 2 2, 3 3", tasks(&c));
    EXPECT_OK(try_update(&c, "lead", other, SET("score", "1")), c.e);
    drain(&c);
    EXPECT_STR("1 1, 2 2, 3 3", tasks(&c));
    EXPECT_OK(try_update(&c, "lead", other, SET("score", "2")), c.e);
    drain(&c);
    EXPECT_STR("1 1, 2 2, 3 3, own", tasks(&c));
    company_end(&c);
}

TEST("a wait ends at a time, when a day begins, or at once when that is over") {
    struct company c;
    flow_company(&c,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  sleep(date('1970-01-01')); sleep(time('1970-01-01T00:00:00Z'))\n"
                 "  sleep_until(now() - days(1)); sleep(hours(-1))\n"
                 "  task {title = 'at once'}\n"
                 "  sleep_until(time('2024-03-01T12:30:00Z'))\n"
                 "  sleep(date('2024-03-05'))\n"
                 "  parallel(function() wait_any({a = {'lead.working'}, b = {'lead.deleted'}})\n"
                 "    end, function() sleep(days(1)) end, function()\n"
                 "      parallel(function() sleep(days(9)) end, function() sleep(hours(1))\n"
                 "        task {title = tostring(now())} end) end)\n"
                 "end)\n");
    new_lead(&c, "A");
    EXPECT_STR("at once", tasks(&c));
    EXPECT_STR("2024-03-01T12:30:00.000Z", run_field(&c, "due"));
    advance(&c, 2 * HOUR + HOUR / 2);
    EXPECT_STR("2024-03-04T23:00:00.000Z", run_field(&c, "due"));
    advance(&c, 3 * DAY + 10 * HOUR + HOUR / 2);
    EXPECT_STR("lead.working or lead.deleted; time; time; time", run_field(&c, "waits_for"));
    advance(&c, HOUR);
    EXPECT_STR("at once, 2024-03-05T00:00:00.000Z", tasks(&c));
    EXPECT_STR("lead.working or lead.deleted; time; time", run_field(&c, "waits_for"));
    company_end(&c);
}

TEST("branches draw numbers of their own, begin at one time, and what is drawn goes on behind "
     "them") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local drawn = {math.random(1 << 40)}\n"
                     "  local function branch()\n"
                     "    drawn[#drawn + 1] = math.random(1 << 40)\n"
                     "    return now() == lead.created\n"
                     "  end\n"
                     "  local a, b = parallel(function()\n"
                     "      sleep(hours(1)); return true\n"
                     "    end, branch, branch)\n"
                     "  branch()\n"
                     "  local seen = {}\n"
                     "  for _, n in ipairs(drawn) do seen[n] = true end\n"
                     "  local n = 0\n"
                     "  for _ in pairs(seen) do n = n + 1 end\n"
                     "  return n .. ' ' .. tostring(a) .. ' ' .. tostring(b)\n"
                     "end)\n");
    new_lead(&c, "A");
    advance(&c, HOUR);
    EXPECT_STR("4 true true", run_field(&c, "result"));
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
    create(&c, "lead", SET("name", "E"));
    advance(&c, HOUR);
    reopen(&c);
    advance(&c, 20 * HOUR);
    advance(&c, 20 * HOUR);
    EXPECT_STR("A 4 4, C 4 4, truetrue", tasks(&c));
    company_end(&c);
}

TEST("every call that depends on more than its arguments is recorded, with the line of its file") {
    static const char wanted[] =
        "start:1 today:2 at:2 time:2 business.days:3 business.hours:3 business.between:3"
        " business.open:3 count:4 totals:4 lead:4 get:4 log:4 create:5 update:5 delete:5 task:6"
        " publish:6 sales.double:6 find:6 next:6 task:7 start:8 sleep:9";
    struct company c;
    struct run_step *steps;
    size_t n;
    kith_id run;
    struct buf b = {0};
    company_make(&c);
    company_file(&c, "lib/word.lua", "return function()\n\n\ntask {title = 'lib'} end");
    company_file(
        &c, FLOW,
        "workflow('w', {on = 'lead.created'}, function(lead)\n"
        "local t = today(); local a, x = at(t, '09:00'), time('2024-03-02T12:00')\n"
        "business.days(1); business.hours(1); business.between(a, x); business.open()\n"
        "count('lead'); totals('lead : count() as n'); get('lead', lead.id); log('x')\n"
        "local n = create('note', {about = lead, body = 'x'}); update(n, {body = 'y'}); delete(n)\n"
        "task {title = 't'} publish('lead.scored', lead) action.sales.double {number = 1}"
        " find('lead')()\n"
        "require_word()\n"
        "start('other')\n"
        "local before = now() sleep(days(1)) return tostring(now() - before)\n"
        "end) require_word = require 'word' workflow('other', {}, function() end)\n");
    company_start(&c, NULL);
    new_lead(&c, "A");
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'w'", &run));
    EXPECT_STR("", field(&c, "workflow_run", run, "error"));
    EXPECT_OK(scripts_run_steps(c.s, run, &c.arena, &steps, &n, &c.e), c.e);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%s%s:%u", i ? " " : "", steps[i].name, (unsigned)steps[i].line);
    EXPECT_STR(wanted, b.ptr);
    buf_free(&b);
    advance(&c, DAY);
    EXPECT_STR("1d", field(&c, "workflow_run", run, "result"));
    EXPECT_STR("t, lib", tasks(&c));
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

TEST(
    "the tries of a step lie a second, ten, a minute and ten minutes apart, and end with success") {
    static const int64_t pauses[] = {SECOND, 10 * SECOND, 60 * SECOND, 600 * SECOND};
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  sleep(days(1))\n"
                     "  if not lead.email then error('no address') end\n"
                     "  wait_for('lead.working', {record = lead})\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    EXPECT_STR("time", run_field(&c, "waits_for"));
    advance(&c, DAY);
    for (int i = 0; i < 4; i++) {
        EXPECT_STR(arena_printf(&c.arena, "%d", i + 1), run_field(&c, "attempts"));
        EXPECT_STR("", run_field(&c, "waits_for"));
        advance(&c, pauses[i] - 1);
        EXPECT_STR(arena_printf(&c.arena, "%d", i + 1), run_field(&c, "attempts"));
        if (i == 3)
            EXPECT_OK(try_update(&c, "lead", lead, SET("email", "a@x.org")), c.e);
        advance(&c, 1);
    }
    EXPECT_STR("waiting", run_field(&c, "state"));
    EXPECT_STR("0", run_field(&c, "attempts"));
    EXPECT_STR("", run_field(&c, "error"));
    company_end(&c);
}

TEST("the end of a wait that was not the last one ends no other, and nothing goes before a try") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local one = wait_for('lead.working', {record = lead}, days(1))\n"
                     "  local two = wait_for('lead.updated', {score = 1}, days(3))\n"
                     "  if not lead.email then error('no address') end\n"
                     "  task {title = tostring(one ~= nil) .. ' ' .. tostring(two ~= nil)}\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    EXPECT_OK(try_update(&c, "lead", lead, SET("state", "working")), c.e);
    drain(&c);
    EXPECT_STR("lead.updated", run_field(&c, "waits_for"));
    advance(&c, 2 * DAY);
    EXPECT_STR("lead.updated", run_field(&c, "waits_for"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1")), c.e);
    drain(&c);
    EXPECT_STR("retrying", run_field(&c, "state"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("email", "a@x.org", "score", "2")), c.e);
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1")), c.e);
    drain(&c);
    EXPECT_STR("", tasks(&c));
    advance(&c, 3 * DAY);
    EXPECT_STR("true true", tasks(&c));
    company_end(&c);
}

TEST("an event for another branch waits for the try of the step that failed") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local a, b = parallel(function()\n"
                     "    sleep(days(1))\n"
                     "    if not lead.email then error('no address') end\n"
                     "    return 'a'\n"
                     "  end, function()\n"
                     "    return wait_for('lead.working', {record = lead}).topic\n"
                     "  end)\n"
                     "  return a .. ' ' .. b\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    advance(&c, DAY);
    EXPECT_STR("1", run_field(&c, "attempts"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("state", "working", "email", "a@x.org")), c.e);
    drain(&c);
    EXPECT_STR("retrying", run_field(&c, "state"));
    advance(&c, SECOND);
    EXPECT_STR("a lead.working", run_field(&c, "result"));
    company_end(&c);
}

TEST("an error in a branch that is caught leaves no wait of the others behind") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local ok = pcall(parallel, function() sleep(days(1)) end,\n"
                     "    function() error('oh') end)\n"
                     "  return tostring(ok)\n"
                     "end)\n");
    new_lead(&c, "A");
    EXPECT_STR("done", run_field(&c, "state"));
    EXPECT_STR("false", run_field(&c, "result"));
    company_end(&c);
}

TEST("what a workflow gives is its result, and the events of its begin and end tell of it") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  if lead.company == 'list' then return {a = 1} end\n"
                     "  if lead.company == 'none' then return end\n"
                     "  if lead.company == 'bad' then error('no') end\n"
                     "  sleep(hours(1)); sleep(hours(1))\n"
                     "  return 'well'\n"
                     "end)\n"
                     "on('workflow.started', {name = 's'}, function(lead, event)\n"
                     "  task {title = lead.name .. ' began ' .. event.data.workflow}\n"
                     "end)\n"
                     "on('workflow.ended', {name = 'e'}, function(lead, event)\n"
                     "  local d = event.data\n"
                     "  task {title = table.concat({lead.name, d.workflow, d.state,\n"
                     "    tostring(d.result), tostring(d.error)}, ' ')}\n"
                     "end)\n");
    create(&c, "lead", SET("name", "A", "company", "list"));
    create(&c, "lead", SET("name", "B", "company", "none"));
    new_lead(&c, "C");
    EXPECT_STR("A w done {\"a\":1} nil, B w done nil nil, C began w", tasks(&c));
    EXPECT_INT(1, find(&c, "workflow_run where state = 'done' and result is null", NULL));
    advance(&c, 2 * HOUR);
    create(&c, "lead", SET("name", "D", "company", "bad"));
    for (int i = 0; i < 5; i++)
        advance(&c, HOUR);
    EXPECT_HAS("C began w, C w done well nil, D w failed nil workflows/f.lua:4: no", tasks(&c));
    EXPECT_INT(3, find(&c, "workflow_run where over is not null", NULL));
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

TEST("a run hears what it waits for when no file has a workflow any more") {
    for (int opened = 0; opened < 2; opened++) {
        struct company c;
        flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                         "  sleep(days(1))\n"
                         "  wait_for('lead.updated', {record = lead})\n"
                         "  task {title = wait_for('lead.scored', {record = lead}).topic}\n"
                         "end)\n");
        kith_id lead = new_lead(&c, "A");
        company_file(&c, FLOW,
                     "on('lead.updated', {name = 'p', where = 'score > 0'}, function(lead)\n"
                     "  publish('lead.scored', lead, {points = 1})\n"
                     "end)\n");
        reload(&c);
        advance(&c, DAY);
        EXPECT_STR("lead.updated", run_field(&c, "waits_for"));
        if (opened)
            reopen(&c);
        EXPECT_OK(try_update(&c, "lead", lead, SET("name", "B")), c.e);
        drain(&c);
        EXPECT_STR("lead.scored", run_field(&c, "waits_for"));
        EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1")), c.e);
        drain(&c);
        EXPECT_STR("lead.scored", tasks(&c));
        company_end(&c);
    }
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

static int64_t kept(struct company *c, const char *sql) {
    struct conn *conn;
    int64_t n;
    EXPECT_OK(engine_reader(c->g, &conn, &c->e), c->e);
    EXPECT_OK(conn_int(conn, sql, 0, &n, &c->e), c->e);
    engine_reader_done(c->g, conn);
    return n;
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
    EXPECT_INT(0, kept(&c, "SELECT count(*) FROM kith_flow_log"));
    EXPECT_INT(0, kept(&c, "SELECT count(*) FROM kith_flow_wait"));
    EXPECT_INT(0, kept(&c, "SELECT count(*) FROM kith_timer WHERE subject IS NOT NULL"));
    advance(&c, 2 * DAY);
    EXPECT_STR("", tasks(&c));
    company_end(&c);
}

TEST("a cool-down is over when that long has passed since the last run began") {
    struct company c;
    flow_company(&c,
                 "workflow('w', {on = 'lead.updated', again = days(3)}, function(lead)\n"
                 "  sleep(days(2))\n"
                 "end)\n"
                 "workflow('other', {on = 'lead.updated', again = 'always'}, function() end)\n");
    kith_id lead = new_lead(&c, "A");
    static const int64_t times[] = {0, 3 * DAY - 1, 1, 3 * DAY};
    for (size_t i = 0; i < 4; i++) {
        advance(&c, times[i]);
        EXPECT_OK(try_update(&c, "lead", lead, SET("score", arena_printf(&c.arena, "%zu", i))),
                  c.e);
        drain(&c);
    }
    EXPECT_INT(3, find(&c, "workflow_run where workflow = 'w'", NULL));
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
    expect_problem(
        "workflow('w', {again = days(0)}, function() end)",
        "1: again: there are \"one at a time\", \"once\", \"always\", and a duration such"
        " as days(30) since it began last");
    expect_problem("workflow('w', {record = 'laed'}, function() end)",
                   "1: there is no type 'laed'; did you mean 'lead'?");
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
    expect_failure("wait_for('*')", "workflows/f.lua:2: nobody publishes '*'; a type publishes"
                                    " .created, .updated, .deleted and its states");
    expect_failure("workflow('x', function() end)",
                   "workflows/f.lua:2: workflow() declares one: call it at the top of the file");
    expect_failure(
        "for i = 1, 50 do log(('x'):rep(100000)) end",
        "workflows/f.lua:2: this step reads and writes more than a run can keep: do it in"
        " parts, with a sleep() in between, or leave it to a rule");
    expect_failure("ask_user {title = 'x'}",
                   "workflows/f.lua:2: ask_user: write fields = {decision = {\"yes\", \"no\"},"
                   " reason = \"text?\"}: what is asked");
    expect_failure("start('x', lead)", "workflows/f.lua:2: there is no workflow 'x'");
    expect_failure("for k in pairs({[1.5] = 1}) do end",
                   "workflows/f.lua:2: the keys of this table must be texts or whole numbers, not a"
                   " number: in a workflow they are gone through in their order");
    expect_failure("wait_for('lead.working', {labels = {'a'}})",
                   "workflows/f.lua:2: wait_for: an event is waited for by a text, a number, a"
                   " record or another single value, not by a table");
    expect_failure("local t = {} for i = 1, 33 do t['k' .. i] = {'lead.working'} end wait_any(t)",
                   "workflows/f.lua:2: wait_any: from 1 to 32 events, each as name = {topic, {field"
                   " = value}}");
    expect_failure("wait_all({})", "workflows/f.lua:2: wait_all: from 1 to 32 events, each as name"
                                   " = {topic, {field = value}}");
    expect_failure("wait_any({a = 'lead.working'})",
                   "workflows/f.lua:2: wait_any: write a = {\"some.topic\", {field = value}}");
    expect_failure("wait_all({a = 'lead.working'})",
                   "workflows/f.lua:2: wait_all: write name = {\"some.topic\", {field = value}}");
    expect_failure("parallel(1)", "workflows/f.lua:2: parallel: argument 1 must be a function, and"
                                  " is a number");
    expect_failure("start('w', lead, 3)", "workflows/f.lua:2: start: what is handed over is a"
                                          " table, not a number");
    expect_failure("parallel(function() continue_as_new() end)",
                   "workflows/f.lua:2: continue_as_new() belongs into the function itself, not into"
                   " a branch");
    expect_failure("local function f() end\nlocal function many(n) local t = {} for i = 1, n do"
                   " t[i] = f end parallel(table.unpack(t)) end\nfor i = 1, 6 do many(180) end",
                   "workflows/f.lua:3: parallel: a run has at most 1000 branches: let it begin runs"
                   " of its own by start()");
    expect_failure("on_undo(1)", "workflows/f.lua:2: on_undo: argument 1 must be a function, and is"
                                 " a number");
    expect_failure("local t = {}; t.t = t; log(t)",
                   "workflows/f.lua:2: a table is nested more than 32 deep");
}
