/* SPDX-License-Identifier: Apache-2.0 */
/* Tests in the files of rules and workflows: each has a company of its own and a clock that it
 * sets, sees what followed from what it did, and says what it found instead. */
#include "script_trial_fixture.h"

#define CARE                                                                                       \
    "workflow('care', {on = 'lead.created'}, function(lead)\n"                                     \
    "  task {title = 'Greet ' .. lead.name, due = business.hours(4)}\n"                            \
    "  sleep(days(3))\n"                                                                           \
    "  local call = task {title = 'Call ' .. lead.name}\n"                                         \
    "  local done = wait_for('task.done', {record = call}, days(7))\n"                             \
    "  return done and 'called' or 'no call'\n"                                                    \
    "end)\n"

TEST("a test sees what follows from what it does, and the time goes as it says") {
    expect_passing(FLOW,
                   CARE "test('greeted and called', function(t)\n"
                        "  local ann = t.create('lead', {name = 'Ann'})\n"
                        "  t.expect_effect('create task', {title = 'Greet Ann',\n"
                        "    due = business.hours(4)})\n"
                        "  t.expect_no_effect('create task', {title = 'Call Ann'})\n"
                        "  t.update(ann, {name = 'Beth'})\n"
                        "  t.expect_equal(ann.name, 'Beth')\n"
                        "  t.advance(days(3))\n"
                        "  local call = t.expect_effect('create task', {title = 'Call Beth'})\n"
                        "  t.expect_no_effect('create task', {title = 'Greet Ann'})\n"
                        "  t.expect_equal(t.runs('care')[1].state, 'waiting')\n"
                        "  t.transition(call, 'done')\n"
                        "  t.expect_equal(t.result('care'), 'called')\n"
                        "  t.expect(call.state == 'done')\n"
                        "end)\n"
                        "test('nobody calls', function(t)\n"
                        "  t.at('2024-12-23T09:00')\n"
                        "  t.create('lead', {name = 'Ann'})\n"
                        "  t.advance(days(9))\n"
                        "  t.expect_equal(t.result('care'), nil)\n"
                        "  t.advance(time('2025-01-02T09:00'))\n"
                        "  t.expect_equal(t.result('care'), 'no call')\n"
                        "  t.expect_equal(t.count('task'), 2)\n"
                        "end)\n",
                   2);
}

TEST("what falls due on the way happens at its time, in its order") {
    expect_passing(FLOW,
                   "workflow('a', {on = 'lead.created'}, function()\n"
                   "  sleep(days(2)); task {title = 'a', due = now()}\n"
                   "  sleep(days(2)); task {title = 'c', due = now()}\n"
                   "end)\n"
                   "workflow('b', {on = 'lead.created'}, function(lead)\n"
                   "  sleep(days(3)); task {title = 'b' .. count('task'), due = now()}\n"
                   "end)\n"
                   "every('0 12 * * *', function() create('interaction', {channel = 'call', "
                   "subject = 'noon'}) end)\n"
                   "test('order', function(t)\n"
                   "  t.create('lead', {name = 'A'})\n"
                   "  local begin, all = now(), ''\n"
                   "  t.advance(days(10))\n"
                   "  for task in t.find('task order by id') do\n"
                   "    all = all .. task.title .. (task.due - begin).days .. ' '\n"
                   "  end\n"
                   "  t.expect_equal(all, 'a2 b13 c4 ')\n"
                   "  t.expect_equal(t.count('interaction'), 10)\n"
                   "  t.expect_equal(now(), begin + days(10))\n"
                   "end)\n",
                   1);
}

TEST("events, actions with what they gave, and what would be sent are effects") {
    expect_passing(
        FLOW,
        "workflow('w', {on = 'lead.created'}, function(lead)\n"
        "  local twice = action.sales.double{lead = lead, number = 21}\n"
        "  publish('lead.scored', lead, {points = twice.number})\n"
        "  action.mail.send{lead = lead, number = 1}\n"
        "  local e = wait_for('lead.scored', {record = lead, points = 5})\n"
        "  return 'heard ' .. e.points\n"
        "end)\n"
        "test('effects', function(t)\n"
        "  local ann = t.create('lead', {name = 'Ann'})\n"
        "  local other = t.create('lead', {name = 'Other'})\n"
        "  local e = t.expect_effect('publish lead.scored', {record = ann, points = 42})\n"
        "  t.expect_equal(e.record, ann)\n"
        "  t.expect_no_effect('publish lead.scored', {record = ann, points = 41})\n"
        "  local call = t.expect_effect('sales.double', {lead = ann, number = 21})\n"
        "  t.expect_equal(t.last_effect().number, 42)\n"
        "  t.expect_equal(call.lead, ann)\n"
        "  t.expect_effect('call mail.send', {lead = other, number = 1})\n"
        "  t.expect_equal(t.last_effect().number, 7)\n"
        "  local sent = t.expect_effect('send mail:smtp', {endpoint = 'ann@x.org', lines = 3})\n"
        "  t.expect_equal(sent.subject, 'Hello')\n"
        "  t.publish('lead.scored', ann, {points = 5})\n"
        "  t.expect_no_effect('publish lead.scored')\n"
        "  t.expect_equal(t.runs('w')[1].result, 'heard 5')\n"
        "  t.expect_equal(t.runs('w')[2].result, nil)\n"
        "end)\n",
        1);
}

TEST("a call that was taken back is no effect, and a refusal can be caught") {
    expect_passing("a.lua",
                   "before('lead.create', {name = 'no'}, function(lead)\n"
                   "  action.sales.double{number = 4}\n"
                   "  if lead.score == 9 then refuse('nine is none') end\n"
                   "end)\n"
                   "on('lead.created', {name = 'later'}, function(lead)\n"
                   "  pcall(create, 'lead', {name = 'B', score = 9})\n"
                   "end)\n"
                   "test('refused', function(t)\n"
                   "  local ok, why = pcall(t.create, 'lead', {name = 'A', score = 9})\n"
                   "  t.expect_equal(ok, false)\n"
                   "  t.expect_equal(tostring(why), 'nine is none')\n"
                   "  t.expect_no_effect('sales.double')\n"
                   "  t.expect(not pcall(t.create, 'lead', {score = 1}))\n"
                   "  t.expect_no_effect('sales.double')\n"
                   "  local a = t.create('lead', {name = 'A'})\n"
                   "  t.expect_effect('sales.double', {number = 8 / 2})\n"
                   "  t.expect_equal(t.count('lead'), 1)\n"
                   "  t.delete(a)\n"
                   "  t.expect_equal(t.get(a), nil)\n"
                   "end)\n",
                   1);
}

TEST("a failure names the line, what was expected and found, and what there was instead") {
    expect_failing(CARE "test('x', function(t)\n"
                        "  local a = t.create('lead', {name = 'Ann'})\n"
                        "  t.expect_equal(a.name, 'Beth', 'her name')\n"
                        "end)\n",
                   "x|workflows/f.lua:10: her name: expected \"Beth\", found \"Ann\"|create task"
                   " {title = \"Greet Ann\", due = 2025-03-11T13:00:00.000Z, priority ="
                   " \"normal\", state = \"open\"} by workflows/f.lua: care\n");
    expect_failing("on('lead.created', {name = 'r'}, function(lead)\n"
                   "  local s = lead.source\n"
                   "  task {title = 'for ' .. s}\n"
                   "end)\n"
                   "test('x', function(t)\n"
                   "  t.create('lead', {name = 'Ann'})\n"
                   "  t.expect_effect('create task', {title = 'for web'})\n"
                   "end)\n",
                   "x|workflows/f.lua:7: expected the effect \"create task\" with {title = \"for"
                   " web\"}, there was something else|failed: the rule \"r\":"
                   " workflows/f.lua:3: 's' is empty (nil) and cannot be joined to a text: write"
                   " (s or \"\")\n");
    expect_failing("every('0 12 * * *', function()\n"
                   "  create('lead', {name = 'A', rating = 'mild'})\n"
                   "end)\n"
                   "test('x', function(t)\n"
                   "  t.advance(hours(3))\n"
                   "  t.expect_equal(t.count('lead'), 1)\n"
                   "end)\n",
                   "x|workflows/f.lua:6: expected 1, found 0|failed: the rule \"0 12 * * *#1\":"
                   " workflows/f.lua:2: rating: 'mild' is none of cold, warm, hot\n");
    expect_failing("test('x', function(t)\n"
                   "  t.expect_effect('create task')\n"
                   "end)\n",
                   "x|workflows/f.lua:2: expected the effect \"create task\", there was none at"
                   " all|");
    expect_failing("before('lead.create', function() refuse('not today') end)\n"
                   "test('x', function(t)\n"
                   "  t.create('lead', {name = 'Ann'})\n"
                   "end)\n",
                   "x|workflows/f.lua:3: not today|");
}

#define BREAKS                                                                                     \
    "workflow('care', {on = 'lead.created'}, function(lead)\n"                                     \
    "  sleep(days(1))\n"                                                                           \
    "  update(lead, {source = lead.source .. '!'})\n"                                              \
    "end)\n"                                                                                       \
    "on('lead.updated', {name = 'spoils'}, function(lead)\n"                                       \
    "  create('lead', {name = 'A', rating = 'mild'})\n"                                            \
    "end)\n"

TEST("what fails in a test that looks elsewhere fails the test") {
    expect_failing(BREAKS "test('x', function(t)\n"
                          "  t.create('lead', {name = 'Ann'})\n"
                          "  t.advance(days(2))\n"
                          "end)\n",
                   "x|workflows/f.lua:8: the workflow \"care\" failed, and the test did not expect"
                   " it: workflows/f.lua:3: 'source' is empty (nil) and cannot be joined to a text:"
                   " write (record.source or \"\"); a test that wants it says"
                   " t.expect_failure(\"care\")|failed: the workflow \"care\":"
                   " workflows/f.lua:3: 'source' is empty (nil) and cannot be joined to a text:"
                   " write (record.source or \"\")\n");
    expect_failing(BREAKS "test('x', function(t)\n"
                          "  local ann = t.create('lead', {name = 'Ann', source = 'web'})\n"
                          "  t.update(ann, {name = 'Beth'})\n"
                          "  t.expect_failure('spoils', 'another reason')\n"
                          "end)\n",
                   "x|workflows/f.lua:11: expected a failure of \"spoils\" with \"another reason\","
                   " there was something else|failed: the rule \"spoils\": workflows/f.lua:6:"
                   " rating: 'mild' is none of cold, warm, hot\n");
    expect_failing("on('lead.created', {name = 'r'}, function() error('no') end)\n"
                   "test('x', function(t)\n"
                   "  for i = 1, 10 do t.create('lead', {name = 'Ann'}) end\n"
                   "  t.expect_failure('r')\n"
                   "end)\n",
                   "x|workflows/f.lua:2: the file \"workflows/f.lua\" failed, and the test did not"
                   " expect it: it was suspended: workflows/f.lua:1: no; a test that wants it says"
                   " t.expect_failure(\"workflows/f.lua\")|failed: the rule \"r\":"
                   " workflows/f.lua:1: no\nfailed: the file \"workflows/f.lua\": it was"
                   " suspended: workflows/f.lua:1: no\n");
    expect_failing(
        "test('x', function(t)\n"
        "  t.expect_failure('care')\n"
        "end)\n",
        "x|workflows/f.lua:2: expected a failure of \"care\", there was nothing at all|");
}

TEST("a test that wants a failure says so") {
    expect_passing(FLOW,
                   BREAKS "test('both', function(t)\n"
                          "  local ann = t.create('lead', {name = 'Ann'})\n"
                          "  t.update(ann, {name = 'Beth'})\n"
                          "  t.expect_failure('spoils', 'mild')\n"
                          "  t.advance(days(2))\n"
                          "  local why = t.expect_failure('care')\n"
                          "  t.expect(string.find(why, 'f.lua:3', 1, true), why)\n"
                          "end)\n"
                          "test('the file', function(t)\n"
                          "  local ann = t.create('lead', {name = 'Ann'})\n"
                          "  t.update(ann, {name = 'Beth'})\n"
                          "  t.advance(days(2))\n"
                          "  t.expect_failure('workflows/f.lua')\n"
                          "end)\n",
                   2);
}

TEST("what another file does fails a test when it follows from it, and not by the clock") {
    struct company c;
    company_with(&c, FLOW,
                 "test('x', function(t) t.advance(days(3)) end)\n"
                 "test('y', function(t) t.create('lead', {name = 'Ann'}) end)\n"
                 "test('z', function(t) t.publish('feedback.answered', {score = 1}) end)\n");
    company_file(&c, "workflows/other.lua",
                 "workflow('by the clock', {every = '0 * * * *'}, function() error('no') end)\n"
                 "workflow('asked', {on = 'feedback.answered'}, function() error('no') end)\n");
    company_file(&c, "other.lua",
                 "every('0 * * * *', {name = 'hourly'}, function() error('no purpose') end)\n"
                 "on('lead.created', {name = 'caused'}, function() error('no') end)\n");
    struct told t = run_focused(&c, NULL, 0);
    EXPECT_STR("x|passed\n"
               "y|workflows/f.lua:2: the rule \"caused\" failed, and the test did not expect it:"
               " rules/other.lua:2: no; a test that wants it says t.expect_failure(\"caused\")"
               "|failed: the rule \"caused\": rules/other.lua:2: no\n"
               "z|workflows/f.lua:3: the workflow \"asked\" failed, and the test did not expect it:"
               " workflows/other.lua:2: no; a test that wants it says t.expect_failure(\"asked\")"
               "|failed: the workflow \"asked\": workflows/other.lua:2: no\n",
               t.text.ptr);
    buf_free(&t.text);
    company_end(&c);
}

TEST("expectations that follow one upon the other look at the same, and what is done then begins "
     "anew") {
    static const char *const looks[] = {"t.expect_effect('create task')",
                                        "t.expect_no_effect('create note')", "t.expect(true)",
                                        "t.expect_equal(1, 1)", "t.expect_failure('bad')"};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        char text[1200];
        snprintf(text, sizeof text,
                 "on('lead.created', {name = 'r'}, function(l) task {title = l.name} end)\n"
                 "on('lead.created', {name = 'bad', where = \"name = 'A'\"}, function()\n"
                 "  error('bad')\n"
                 "end)\n"
                 "test('x', function(t)\n"
                 "  t.create('lead', {name = 'A'})\n"
                 "  t.create('lead', {name = 'B'})\n"
                 "  %s\n"
                 "  for lead in t.find('lead') do t.get(lead) end\n"
                 "  t.totals('lead : sum(score) as s')\n"
                 "  t.expect_equal(t.count('lead'), 2)\n"
                 "  t.expect_effect('create task', {title = 'A'})\n"
                 "  t.expect_effect('create task', {title = 'B'})\n"
                 "  t.expect_failure('bad')\n"
                 "end)\n"
                 "test('y', function(t)\n"
                 "  t.create('lead', {name = 'A'})\n"
                 "  %s\n"
                 "  t.create('lead', {name = 'B'})\n"
                 "  t.expect_effect('create task', {title = 'B'})\n"
                 "  t.expect_no_effect('create task', {title = 'A'})\n"
                 "  t.expect_failure('bad')\n"
                 "end)\n",
                 looks[i], looks[i]);
        expect_passing(FLOW, text, 2);
    }
}

TEST("whatever a test does, what follows from it has happened, and is looked at by itself") {
    expect_passing(FLOW,
                   "workflow('w', {record = 'lead'}, function(lead)\n"
                   "  task {title = 'began'} sleep(days(1)) task {title = 'later'}\n"
                   "end)\n"
                   "on('lead.working', {name = 'm'}, function() task {title = 'moved'} end)\n"
                   "on('feedback.answered', {name = 'h'}, function() task {title = 'heard'} end)\n"
                   "on('lead.deleted', {name = 'g'}, function() task {title = 'gone'} end)\n"
                   "test('x', function(t)\n"
                   "  local a, before = t.create('lead', {name = 'A'}), 'none'\n"
                   "  local function follows(title)\n"
                   "    t.expect_no_effect('create task', {title = before})\n"
                   "    if title ~= 'moved' and title ~= 'gone' then t.result('w') end\n"
                   "    t.expect_effect('create task', {title = title})\n"
                   "    before = title\n"
                   "  end\n"
                   "  t.expect_no_effect('create task')\n"
                   "  t.transition(a, 'working') follows('moved')\n"
                   "  t.start('w', a) follows('began')\n"
                   "  t.advance(days(1)) follows('later')\n"
                   "  t.publish('feedback.answered', a, {score = 1}) follows('heard')\n"
                   "  t.delete(a) follows('gone')\n"
                   "end)\n",
                   1);
}

TEST("an effect is what rules did, with what a record had, and not what the test did itself") {
    expect_passing(FLOW,
                   "on('lead.working', {name = 'r'}, function(lead)\n"
                   "  update(lead, {score = 5, source = 'web'})\n"
                   "  for n in find('note') do delete(n) end\n"
                   "end)\n"
                   "test('x', function(t)\n"
                   "  local a = t.create('lead', {name = 'A', rating = 'hot'})\n"
                   "  t.create('note', {title = 'N', body = 'x', about = a})\n"
                   "  t.expect_no_effect('create lead')\n"
                   "  t.update(a, {score = 1})\n"
                   "  t.expect_no_effect('update lead')\n"
                   "  t.transition(a, 'working')\n"
                   "  t.expect_equal(t.expect_effect('update lead', {score = 5, record = a}), a)\n"
                   "  t.expect_no_effect('update lead', {score = 5, source = 'fair'})\n"
                   "  t.expect_no_effect('update lead', {rating = 'hot'})\n"
                   "  t.expect_no_effect('update lead', {rating = null})\n"
                   "  t.expect_no_effect('update task')\n"
                   "  t.expect_no_effect('create lead')\n"
                   "  t.expect_effect('delete note', {title = 'N'})\n"
                   "  t.expect_no_effect('delete note', {title = 'M'})\n"
                   "end)\n",
                   1);
    expect_passing(
        FLOW,
        "on('lead.created', {name = 'r'}, function(lead)\n"
        "  task {title = 'x'}\n"
        "  publish('lead.scored', lead, {points = 5})\n"
        "  publish('feedback.answered', nil, {text = 'no'})\n"
        "  action.sales.double{number = 21}\n"
        "  action.mail.send{number = 1}\n"
        "  action.workflow.start{workflow = 'v', record = lead}\n"
        "end)\n"
        "workflow('v', {record = 'lead'}, function() end)\n"
        "test('x', function(t)\n"
        "  local a = t.create('lead', {name = 'A'})\n"
        "  t.expect_effect('create task', {due = null, title = 'x'})\n"
        "  t.expect_no_effect('create task', {due = now()})\n"
        "  t.expect_no_effect('create task', {title = 'x', due = now()})\n"
        "  t.expect_no_effect('publish lead.scored', {points = decimal('5.5')})\n"
        "  t.expect_effect('publish lead.scored', {points = 10 / 2})\n"
        "  t.expect_no_effect('publish lead.scored', {points = 11 / 2})\n"
        "  t.expect_effect('workflow.start', {record = a, run = t.runs('v')[1]})\n"
        "  t.expect_no_effect('workflow.start', {record = a, run = null})\n"
        "  local ok, why = pcall(t.expect_effect, 'sales.double', {nmber = 1})\n"
        "  t.expect(tostring(why):find(\"did you mean 'number'?\", 1, true), why)\n"
        "  ok, why = pcall(t.expect_no_effect, 'create task', {title = 'x'})\n"
        "  t.expect(tostring(why):find('and there was one', 1, true), why)\n"
        "  local e = t.expect_effect('publish feedback.answered', {score = null})\n"
        "  t.expect_equal(e.record, nil)\n"
        "  t.expect_no_effect('publish feedback.answered', {text = 'yes'})\n"
        "  t.expect_no_effect('publish feedback.answered', {record = a})\n"
        "  t.expect_no_effect('sales.double', {number = 20})\n"
        "  t.expect_equal(t.expect_effect('sales.double', {number = 21}).number, 42)\n"
        "  t.expect_no_effect('mail.send', {number = 2})\n"
        "  local sent = t.expect_effect('send mail:smtp')\n"
        "  t.expect_equal(sent.endpoint, 'ann@x.org')\n"
        "  t.expect_effect('send mail:smtp', {share = 3 / 2, lines = 3})\n"
        "  t.expect_no_effect('send mail:smtp', {share = 7 / 5})\n"
        "  t.expect_effect('send mail:smtp', {key = sent.key, endpoint = sent.endpoint})\n"
        "  t.expect_no_effect('send mail:smtp', {key = sent.key .. 'x'})\n"
        "  t.expect_no_effect('send mail:smtp', {endpoint = 'ben@x.org'})\n"
        "end)\n",
        1);
}

TEST("what is written differently may be the same, and what is not the same is told") {
    expect_passing(FLOW,
                   "test('x', function(t)\n"
                   "  t.expect_equal(decimal('5'), 5)\n"
                   "  t.expect_equal('5', decimal('5'))\n"
                   "  t.expect_equal({a = 1, b = {2, 'x'}}, {b = {2, 'x'}, a = 1})\n"
                   "  t.expect_equal(money('1 EUR'), money('1.00 EUR'))\n"
                   "  local a = t.create('lead', {name = 'A'})\n"
                   "  t.expect_equal(t.get('lead', a.id), a)\n"
                   "  t.expect(not pcall(t.expect_equal, '5', 5))\n"
                   "  t.expect(not pcall(t.expect_equal, decimal('5'), decimal('6')))\n"
                   "  t.expect(not pcall(t.expect_equal, {a = 1}, {a = 2}))\n"
                   "  t.expect(not pcall(t.expect_equal, a, t.create('lead', {name = 'A'})))\n"
                   "end)\n",
                   1);
}

TEST("an event needs no record, and a run is told of as it stands") {
    expect_passing(
        FLOW,
        "on('feedback.answered', {name = 'r'}, function(record, event)\n"
        "  task {title = tostring(record) .. event.data.score}\n"
        "end)\n"
        "workflow('w', {on = 'lead.created'}, function(lead)\n"
        "  if lead.score == 1 then error('one is bad') end\n"
        "  sleep(days(1))\n"
        "  return lead.name\n"
        "end)\n"
        "workflow('other', {on = 'lead.created'}, function(lead) return 'other' end)\n"
        "test('x', function(t)\n"
        "  t.publish('feedback.answered', {score = 3})\n"
        "  t.expect_effect('create task', {title = 'nil3'})\n"
        "  local ok, why = pcall(t.result, 'w')\n"
        "  t.expect(tostring(why):find(\"the workflow 'w' did not run\", 1, true), why)\n"
        "  ok, why = pcall(t.runs, 'v')\n"
        "  t.expect(tostring(why):find(\"there is no workflow 'v'\", 1, true), why)\n"
        "  t.expect_equal(#t.runs('w'), 0)\n"
        "  t.create('lead', {name = 'A'})\n"
        "  t.create('lead', {name = 'B'})\n"
        "  t.advance(now() + days(1) - minutes(1))\n"
        "  t.expect_equal(t.result('w'), nil)\n"
        "  t.advance(now() + minutes(1))\n"
        "  t.expect_equal(t.result('w'), 'B')\n"
        "  t.expect_equal(#t.runs('w'), 2)\n"
        "  t.expect_equal(t.runs('w')[1].result, 'A')\n"
        "  t.create('lead', {name = 'C', score = 1})\n"
        "  ok, why = pcall(t.result, 'w')\n"
        "  t.expect(tostring(why):find(\"the run of the workflow 'w' failed: \", 1, true), why)\n"
        "  t.expect_failure('w', 'one is bad')\n"
        "end)\n",
        1);
}

TEST("the clock stands where it was set, to a time or to the beginning of a day") {
    expect_passing(FLOW,
                   "test('none', function(t) t.expect_equal(now(), time('2025-03-11T09:00:00Z')) "
                   "end)\n"
                   "test('date', function(t)\n"
                   "  t.at(date('2025-06-01'))\n"
                   "  t.expect_equal(now(), time('2025-05-31T22:00:00Z'))\n"
                   "  t.create('lead', {name = 'A'})\n"
                   "  t.expect_equal(now(), time('2025-05-31T22:00:00Z'))\n"
                   "end)\n"
                   "test('time', function(t)\n"
                   "  t.at(time('2025-06-01T10:00:00Z'))\n"
                   "  t.expect_equal(now(), time('2025-06-01T10:00:00Z'))\n"
                   "  t.advance(time('2025-06-01T10:00:01Z'))\n"
                   "  t.expect_equal(now(), time('2025-06-01T10:00:01Z'))\n"
                   "end)\n",
                   3);
}

TEST("a run that failed and came through when it was tried again did not fail") {
    expect_passing(FLOW,
                   "workflow('w', {on = 'lead.created'}, function(lead)\n"
                   "  if not lead.score then error('no score') end\n"
                   "end)\n"
                   "test('x', function(t)\n"
                   "  local a = t.create('lead', {name = 'A'})\n"
                   "  t.expect_failure('w')\n"
                   "end)\n"
                   "test('y', function(t)\n"
                   "  local a = t.create('lead', {name = 'A'})\n"
                   "  t.update(a, {score = 1})\n"
                   "  t.advance(days(1))\n"
                   "  t.expect_equal(t.runs('w')[1].state, 'done')\n"
                   "end)\n",
                   2);
}

TEST("what a test writes wrong is told in a sentence with its line") {
    static const struct {
        const char *body, *message;
    } rows[] = {
        {"t.create('leed', {})", "there is no type 'leed'; did you mean 'lead'?"},
        {"t.create('lead', {nme = 'A'})", "no field 'nme' in lead; did you mean 'name'?"},
        {"t.create('task', {title = 'A', state = 'done'})",
         "a new task begins as 'open', and not as 'done': leave state out, and write"
         " t.transition(record, \"done\") behind it"},
        {"t.create('task', {title = 'A', state = 'dune'})",
         "state: 'dune' is none of open, done, cancelled; did you mean 'done'?"},
        {"t.exect(true)", "t has no 'exect'; did you mean 'expect'?"},
        {"t.expect(1 == 2, 'numbers')", "numbers"},
        {"t.expect(nil)", "this was expected to be true"},
        {"t.expect_effect('make task')",
         "'make task': an effect is \"create TYPE\", \"update TYPE\", \"delete TYPE\", \"publish"
         " TOPIC\", \"call ACTION\" or \"send DELIVERY\""},
        {"t.expect_effect('sales.dobule')",
         "there is no action 'sales.dobule'; did you mean 'sales.double'?"},
        {"t.result('w')", "there is no workflow 'w'"},
        {"t.advance(days(-1))",
         "t.advance: how far? t.advance(days(3)), or to a time that is still to come, such as"
         " business.hours(4)"},
        {"t.create('lead', {name = 'A'}) t.at('2025-05-01T09:00')",
         "t.at: the clock is set before anything else is done; later it goes on by t.advance()"},
        {"create('lead', {name = 'A'})",
         "create(): in a test this is done by what is handed to it, as in t.create(...)"},
        {"t.last_effect()",
         "t.last_effect() is what t.expect_effect() found last: none was looked for"},
        {"local s = t.create('team', {name = 'A'}) t.transition(s, 'done')",
         "team has no state: write t.update(record, {field = value})"},
        {"t.at(days(3))", "t.at: a time such as \"2025-03-11T09:00\", or a date, not a duration"},
        {"t.at('2019-12-31T09:00')", "t.at: not before the year 2020"},
        {"t.expect_effect('publish lead.scord')", "nobody publishes 'lead.scord'"},
        {"t.expect_effect('create leed')", "there is no type 'leed'; did you mean 'lead'?"},
        {"test('y', function() end)", "test() declares a test: call it at the top of the file"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512], wanted[512];
        snprintf(text, sizeof text, "test('x', function(t)\n  %s\nend)\n", rows[i].body);
        snprintf(wanted, sizeof wanted, "x|workflows/f.lua:2: %s|", rows[i].message);
        expect_failing(text, wanted);
    }
}

TEST("a test that does not end is stopped") {
    struct company c;
    company_with(&c, FLOW, "test('x', function(t) while true do end end)\n");
    struct told t = run_focused(&c, NULL, 1500);
    EXPECT_INT(1, t.n.failed);
    EXPECT(strstr(t.text.ptr, "workflows/f.lua:1: stopped, a test takes at most 20 s"));
    buf_free(&t.text);
    company_end(&c);
}

TEST("what fails in a helper of another file is told with the test's line, and with its own") {
    struct company c;
    company_make(&c);
    company_file(&c, "lib/h.lua", "return {f = function(t)\n  t.expect(false, 'oh')\nend}\n");
    company_file(&c, FLOW,
                 "local h = require 'h'\n"
                 "test('x', function(t)\n"
                 "  t.expect(true)\n"
                 "  h.f(t)\n"
                 "end)\n");
    company_start(&c, NULL);
    struct told t = run_focused(&c, NULL, 0);
    EXPECT_STR("x|workflows/f.lua:2: rules/lib/h.lua:2: oh|", t.text.ptr);
    buf_free(&t.text);
    company_end(&c);
}

TEST("tests that take too long together are not all run") {
    struct company c;
    struct told t = {0};
    unsigned ran = 99, all = 0;
    company_with(&c, FLOW,
                 "for i = 1, 40 do test('x' .. i, function(t) while true do end end) end\n");
    struct test_host host = host_of(&c);
    EXPECT_INT(KITH_E_LIMIT, scripts_test(&host, NULL, 100, tell, &t, &t.n, &c.e));
    EXPECT_INT(2, sscanf(c.e.message, "the tests take too long: %u of %u ran", &ran, &all));
    EXPECT(ran < all && all == 40);
    buf_free(&t.text);
    company_end(&c);
}

TEST("with one file in focus others are not loaded, and its text may stand elsewhere") {
    struct company c;
    company_make(&c);
    company_file(&c, "a.lua",
                 "on('lead.created', {name = 'a'}, function() task {title = 'a'} end)\n"
                 "test('of a', function(t) t.expect(false) end)\n");
    company_file(&c, FLOW,
                 "test('f', function(t)\n"
                 "  t.create('lead', {name = 'A'})\n"
                 "  t.expect_equal(t.count('task'), 0)\n"
                 "end)\n");
    company_start(&c, NULL);
    struct script_focus focus = {.file = FLOW, .alone = true};
    struct told t = run_focused(&c, &focus, 0);
    EXPECT_STR("f|passed\n", t.text.ptr);
    buf_free(&t.text);
    focus = (struct script_focus){.file = "workflows/new.lua",
                                  .text = STR("workflow('n', {on = 'lead.created'}, function()\n"
                                              "  task {title = 'n'}\nend)\n"
                                              "test('n', function(t)\n"
                                              "  t.create('lead', {name = 'A'})\n"
                                              "  t.expect_equal(t.count('task'), 2)\n"
                                              "end)\n")};
    t = run_focused(&c, &focus, 0);
    EXPECT_STR("n|passed\n", t.text.ptr);
    buf_free(&t.text);
    company_end(&c);
}

TEST("a test begins a workflow that nothing else begins, with a record and data") {
    expect_passing(
        FLOW,
        "workflow('hand over', {record = 'lead', again = 'once'}, function(lead, event)\n"
        "  sleep(days(1))\n"
        "  return lead.name .. ' to ' .. event.data.to\n"
        "end)\n"
        "test('it is begun', function(t)\n"
        "  local lead = t.create('lead', {name = 'Ann'})\n"
        "  local run = t.start('hand over', lead, {to = 'ben'})\n"
        "  t.expect_equal(run.state, 'waiting')\n"
        "  t.advance(days(1))\n"
        "  t.expect_equal(run.result, 'Ann to ben')\n"
        "  local ok, why = pcall(t.start, 'hand over', lead, {to = 'ben'})\n"
        "  t.expect(not ok and tostring(why):find('does not begin again', 1, true), why)\n"
        "  ok, why = pcall(t.start, 'hand ovr', lead)\n"
        "  t.expect(tostring(why):find(\"did you mean 'hand over'?\", 1, true), why)\n"
        "end)\n",
        1);
}

TEST("a workflow that would go another way after a restart is found by its test") {
    static const struct {
        const char *code, *says;
    } cases[] = {
        {"task {title = 'Call ' .. n}",
         "workflows/f.lua:4: the run went another way before: task in workflows/f.lua:4 is called"
         " with other arguments than in workflows/f.lua:4 then (in a test each step"},
        {"if n > 1 then task {title = 'Call'} end",
         "workflows/f.lua:4: the run went another way before: it did not call task in"
         " workflows/f.lua:4 (in a test"},
        {"if n < 2 then task {title = 'Call'} end", "the function is over, and task"},
        {"return n", "workflows/f.lua:2: the run went another way before: its function gave"},
        {"continue_as_new {n = n}",
         "workflows/f.lua:2: the run went another way before: it waited"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        struct company c;
        snprintf(text, sizeof text,
                 "local n = 0\n"
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  n = n + 1\n"
                 "  %s\n"
                 "end)\n"
                 "test('x', function(t)\n"
                 "  t.create('lead', {name = 'Ann'})\n"
                 "  t.result('w')\n"
                 "end)\n",
                 cases[i].code);
        company_with(&c, FLOW, text);
        struct told t = run_focused(&c, NULL, 0);
        EXPECT_INT(1, t.n.failed);
        if (!strstr(t.text.ptr, cases[i].says))
            TEST_FAIL("%s: %s", cases[i].code, t.text.ptr);
        buf_free(&t.text);
        company_end(&c);
    }
}

TEST("a file that does not load has no tests, and says so itself") {
    struct company c;
    company_make(&c);
    company_file(&c, FLOW, "test('x', function(t)\n");
    company_start(&c, NULL);
    struct told t = run_focused(&c, NULL, 0);
    EXPECT_INT(1, t.n.failed);
    EXPECT_INT(0, t.n.passed);
    EXPECT(strstr(t.text.ptr, "the file is loaded|workflows/f.lua:"));
    buf_free(&t.text);
    company_end(&c);
}

TEST("a file that waits for a module has no tests, and says so to whoever asks for it") {
    struct company c;
    struct script_focus focus = {.file = FLOW, .alone = true};
    company_make(&c);
    company_file(&c, FLOW,
                 "workflow('x', {on = 'boat.created'}, function() end)\n"
                 "test('x', function(t) end)\n");
    company_start(&c, NULL);
    struct told all = run_focused(&c, NULL, 0), alone = run_focused(&c, &focus, 0);
    EXPECT_INT(0, all.n.failed + all.n.passed);
    EXPECT_INT(1, alone.n.failed);
    EXPECT(strstr(alone.text.ptr, "there is no type 'boat'"));
    buf_free(&all.text);
    buf_free(&alone.text);
    company_end(&c);
}

TEST("a test is declared at the top of a file, with a name and a function") {
    struct company c;
    company_make(&c);
    company_file(&c, "a.lua", "test('x')\n");
    company_file(&c, "b.lua", "before('lead.create', function() test('y', print) end)\n");
    company_start(&c, NULL);
    EXPECT_STR("write test(\"what happens\", function(t) ... end)", problem_at(&c, 0)->message);
    EXPECT(try_create(&c, "lead", SET("name", "A"), NULL) != KITH_OK);
    EXPECT_STR("rules/b.lua:1: test() declares a test: call it at the top of the file",
               c.e.message);
    company_end(&c);
}
