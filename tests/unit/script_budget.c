/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what a file may use up within an hour. */
#include "script_acting_fixture.h"

static void budget_company(struct people *p, const char *file, const char *text, int item,
                           int64_t max) {
    *p = (struct people){0};
    company_make(&p->c);
    company_file(&p->c, file, text);
    settings(p, file);
    p->group[item] = value_int(max);
    people_start(p);
}

TEST("a file that writes more rows within an hour than it may waits, and nothing is lost") {
    struct people p;
    budget_company(&p, "a.lua",
                   "on('lead.created', function(lead)\n"
                   "  task {title = lead.name}\n"
                   "  create('note', {about = lead, body = 'x'})\n"
                   "end)\n",
                   WRITES_AT, 5);
    for (int i = 0; i < 2; i++)
        create(&p.c, "lead", SET("name", i ? "B" : "A"));
    EXPECT_STR("A, B", said(&p));
    create(&p.c, "lead", SET("name", "C"));
    create(&p.c, "lead", SET("name", "D"));
    EXPECT_STR("A, B", said(&p)); /* the call that passed it is taken back */
    EXPECT(file_info(&p.c)->suspended > 0);
    EXPECT_HAS("rules/a.lua: its rule 'lead.created#1' passed the budget of 5 rows written within"
               " an hour",
               file_info(&p.c)->reason);
    EXPECT_INT(2, find(&p.c, "note", NULL));
    EXPECT_OK(scripts_resume(p.c.s, "a.lua", &p.c.e), p.c.e);
    advance(&p.c, HOUR);
    EXPECT_INT(4, find(&p.c, "task", NULL));
    EXPECT_INT(0, file_info(&p.c)->suspended);
    company_end(&p.c);
}

TEST("what was written more than an hour ago counts no more") {
    struct people p;
    budget_company(&p, "a.lua", "on('lead.created', function(lead) task {title = 'x'} end)\n",
                   WRITES_AT, 2);
    for (int i = 0; i < 8; i++) {
        create(&p.c, "lead", SET("name", "A"));
        drain(&p.c);
        advance(&p.c, HOUR / 2);
    }
    EXPECT_INT(0, file_info(&p.c)->suspended);
    EXPECT_INT(8, find(&p.c, "task", NULL));
    company_end(&p.c);
}

TEST("a file that is reloaded has used up what it had, and other files hear of its suspension") {
    struct people p;
    budget_company(&p, "a.lua", "on('lead.created', function(lead) task {title = 'x'} end)\n",
                   WRITES_AT, 2);
    company_file(&p.c, "told.lua",
                 "on('rule.suspended', function(_, event)\n"
                 "  task {title = event.data.file .. ' ' .. event.data.rule}\n"
                 "end)\n");
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(scripts_reload(p.c.s, NULL, NULL, NULL, &p.c.e), p.c.e);
        create(&p.c, "lead", SET("name", "A"));
        drain(&p.c);
    }
    EXPECT_STR("x, x, rules/a.lua lead.created#1", said(&p));
    company_end(&p.c);
}

TEST("actions and events are effects, and a write that passes their budget is refused") {
    struct people p;
    budget_company(&p, "a.lua",
                   "before('lead.create', function(lead)\n"
                   "  action.sales.double {number = 1}\n"
                   "  publish('lead.scored', nil, {points = 1})\n"
                   "end)\n",
                   EFFECTS_AT, 3);
    create(&p.c, "lead", SET("name", "A"));
    EXPECT_INT(KITH_E_LIMIT, try_create(&p.c, "lead", SET("name", "B"), NULL));
    EXPECT_HAS("passed the budget of 3 effects within an hour", p.c.e.message);
    EXPECT_INT(KITH_E_REFUSED, try_create(&p.c, "lead", SET("name", "B"), NULL));
    EXPECT_HAS("rules/a.lua is suspended", p.c.e.message);
    EXPECT_INT(1, find(&p.c, "lead", NULL));
    company_end(&p.c);
}

TEST("effects of calls that failed, and of writes that were refused, have used up nothing") {
    struct people p;
    budget_company(&p, "a.lua",
                   "on('lead.created', function(lead)\n"
                   "  for i = 1, 2 do action.sales.double {number = 1} end\n"
                   "  if lead.company == 'bad' then error('bad') end\n"
                   "  task {title = lead.name}\n"
                   "end)\n"
                   "before('task.create', function(task)\n"
                   "  publish('lead.scored', nil, {points = 1})\n"
                   "  if task.title == 'no' then refuse('no') end\n"
                   "end)\n",
                   EFFECTS_AT, 4);
    create(&p.c, "lead", SET("name", "A", "company", "bad"));
    for (int i = 0; i < 5; i++)
        EXPECT_INT(KITH_E_REFUSED, try_create(&p.c, "task", SET("title", "no"), NULL));
    create(&p.c, "lead", SET("name", "B")); /* two actions and an event */
    EXPECT_STR("B", said(&p));
    EXPECT_OK(try_create(&p.c, "task", SET("title", "C"), NULL), p.c.e);
    EXPECT_INT(0, file_info(&p.c)->suspended);
    EXPECT_INT(KITH_E_LIMIT, try_create(&p.c, "task", SET("title", "D"), NULL));
    company_end(&p.c);
}

TEST("the time of all calls of an hour has a budget of its own") {
    struct people p;
    budget_company(&p, "a.lua",
                   "on('lead.created', function(lead)\n"
                   "  local n = 0\n"
                   "  for i = 1, 900000 do n = n + i end\n"
                   "  task {title = 'x'}\n"
                   "end)\n",
                   TIME_AT, 1);
    create(&p.c, "lead", SET("name", "A"));
    drain(&p.c);
    EXPECT(file_info(&p.c)->suspended > 0);
    EXPECT_HAS("passed the budget of 1 ms within an hour", file_info(&p.c)->reason);
    EXPECT_INT(0, find(&p.c, "task", NULL));
    company_end(&p.c);
}

TEST("a run whose step passes a budget waits, and does the step after the resume") {
    struct people p;
    budget_company(&p, "workflows/w.lua",
                   "workflow('w', {on = 'lead.created'}, function(lead)\n"
                   "  sleep(hours(1))\n"
                   "  for i = 1, 3 do task {title = lead.name .. i} end\n"
                   "end)\n",
                   WRITES_AT, 5);
    create(&p.c, "lead", SET("name", "A"));
    create(&p.c, "lead", SET("name", "B"));
    drain(&p.c);
    advance(&p.c, HOUR);
    EXPECT_STR("A1, A2, A3", said(&p));
    EXPECT(file_info(&p.c)->suspended > 0);
    EXPECT_INT(1, find(&p.c, "workflow_run where state = 'retrying' and attempts = 0", NULL));
    EXPECT_OK(scripts_resume(p.c.s, "workflows/w.lua", &p.c.e), p.c.e);
    advance(&p.c, HOUR);
    EXPECT_STR("A1, A2, A3, B1, B2, B3", said(&p));
    EXPECT_INT(2, find(&p.c, "workflow_run where state = 'done'", NULL));
    company_end(&p.c);
}

TEST("a run in an earlier version of its file spends the budget of the file") {
    struct people p;
    budget_company(&p, "workflows/w.lua",
                   "workflow('w', {on = 'lead.created'}, function(lead)\n"
                   "  sleep(hours(1)) task {title = lead.name}\n"
                   "end)\n",
                   WRITES_AT, 3);
    create(&p.c, "lead", SET("name", "A"));
    create(&p.c, "lead", SET("name", "B"));
    drain(&p.c);
    company_file(&p.c, "workflows/w.lua",
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  task {title = lead.name} task {title = lead.name}\n"
                 "end)\n");
    reload(&p.c);
    advance(&p.c, HOUR);
    EXPECT_STR("A, B", said(&p));
    create(&p.c, "lead", SET("name", "C"));
    EXPECT_STR("A, B", said(&p));
    EXPECT(file_info(&p.c)->suspended > 0);
    company_end(&p.c);
}

TEST("what failed, was rehearsed, or was written before a suspension, has used up nothing") {
    struct people p;
    budget_company(&p, "a.lua",
                   "on('lead.created', function(lead)\n"
                   "  for i = 1, 2 do task {title = lead.name, about = lead} end\n"
                   "  if lead.company == 'bad' then error('bad') end\n"
                   "end)\n"
                   "after('task.create', function(t)\n"
                   "  create('note', {about = t.about, body = 'x'})\n"
                   "end)\n",
                   WRITES_AT, 5);
    create(&p.c, "lead", SET("name", "A", "company", "bad"));
    drain(&p.c);
    advance(&p.c, SECOND);
    struct write_request w = {.c = &p.c, .type = "lead", .set = SET("name", "R")};
    struct rehearsal r;
    for (int i = 0; i < 3; i++)
        EXPECT_OK(engine_rehearse(p.c.g, &by_anna, write_it, &w, &p.c.arena, &r, &p.c.e), p.c.e);
    create(&p.c, "lead", SET("name", "B")); /* two tasks and two notes, each counted once */
    EXPECT_STR("B, B", said(&p));
    EXPECT_INT(0, file_info(&p.c)->suspended);
    create(&p.c, "lead", SET("name", "C"));
    EXPECT_STR("B, B", said(&p));
    EXPECT(file_info(&p.c)->suspended > 0);
    EXPECT_OK(scripts_resume(p.c.s, "a.lua", &p.c.e), p.c.e); /* an hour's worth, and no more */
    advance(&p.c, HOUR / 2);
    EXPECT_STR("B, B, C, C", said(&p));
    advance(&p.c, HOUR / 2 - SECOND);
    create(&p.c, "lead", SET("name", "D"));
    EXPECT_STR("B, B, C, C", said(&p));
    EXPECT(file_info(&p.c)->suspended > 0);
    company_end(&p.c);
}

TEST("a budget for all files is that of a file that has none of its own") {
    struct people p;
    people_with(&p, "a.lua", "on('lead.created', function(lead) task {title = lead.name} end)\n");
    settings(&p, "other.lua");
    p.group[AS_AT] = value_null();
    p.o.budgets[BUDGET_WRITES] = 1;
    company_start_with(&p.c, &p.o);
    lead_of(&p, p.anna, "A");
    lead_of(&p, p.anna, "B");
    EXPECT_STR("A", said(&p));
    EXPECT(file_info(&p.c)->suspended > 0);
    company_end(&p.c);
}

/* -- workflows that keep failing --------------------------------------------------------------- */

TEST("a workflow whose steps fail several times in a row waits with its runs") {
    struct people p = {0};
    company_make(&p.c);
    company_file(&p.c, "workflows/w.lua",
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  if lead.company == 'bad' then error('a bad company') end\n"
                 "  task {title = lead.name}\n"
                 "end)\n");
    p.o = (struct script_options){.limits = {.time_ms = 20000}, .failures = 3};
    people_start(&p);
    for (int i = 0; i < 2; i++)
        create(&p.c, "lead", SET("name", i ? "B" : "A", "company", "bad"));
    drain(&p.c);
    EXPECT_INT(0, file_info(&p.c)->suspended);
    create(&p.c, "lead", SET("name", "C", "company", "bad"));
    drain(&p.c);
    create(&p.c, "lead", SET("name", "D"));
    EXPECT_STR("", said(&p));
    EXPECT(file_info(&p.c)->suspended > 0);
    EXPECT_HAS("workflows/w.lua:2: a bad company", file_info(&p.c)->reason);
    advance(&p.c, DAY);
    EXPECT_INT(3, find(&p.c, "workflow_run where state = 'retrying'", NULL));
    kith_id bad;
    while (find(&p.c, "lead where company = 'bad'", &bad) > 0)
        EXPECT_OK(try_update(&p.c, "lead", bad, SET("company", "mended")), p.c.e);
    EXPECT_OK(scripts_resume(p.c.s, "workflows/w.lua", &p.c.e), p.c.e);
    advance(&p.c, HOUR);
    EXPECT_INT(4, find(&p.c, "workflow_run where state = 'done'", NULL));
    EXPECT_INT(4, find(&p.c, "task", NULL));
    company_end(&p.c);
}

static int begin_by_hand(struct company *c) {
    const struct action *a = engine_action(c->g, STR("workflow.start"));
    kith_value args[8] = {value_str(STR("w"))}, results[8] = {0};
    kith_status st = engine_call(c->g, NULL, &by_anna, a, args, &c->arena, results, NULL, &c->e);
    drain(c);
    return (int)st;
}

TEST("a workflow that only people begin can be suspended, too") {
    struct people p;
    budget_company(&p, "workflows/w.lua", "workflow('w', {}, function() task {title = 'x'} end)\n",
                   WRITES_AT, 2);
    for (int i = 0; i < 3; i++)
        EXPECT_INT(KITH_OK, begin_by_hand(&p.c));
    EXPECT_STR("x, x", said(&p));
    EXPECT(file_info(&p.c)->suspended > 0);
    EXPECT_OK(scripts_resume(p.c.s, "workflows/w.lua", &p.c.e), p.c.e);
    advance(&p.c, HOUR);
    EXPECT_STR("x, x, x", said(&p));
    company_end(&p.c);
}

/* -- what it costs ----------------------------------------------------------------------------- */

TEST("a rule's calls, times, rows, searches and steps are counted, and survive a reload") {
    struct company c;
    struct rule_info info;
    company_with(&c, "a.lua",
                 "on('lead.created', function(lead)\n"
                 "  local n = count('lead') + count('task')\n"
                 "  task {title = 'x'}\n"
                 "  if lead.company == 'bad' then error('bad') end\n"
                 "end)\n");
    for (int i = 0; i < 10; i++)
        create(&c, "lead", SET("name", "A"));
    create(&c, "lead", SET("name", "A", "company", "bad"));
    drain(&c);
    EXPECT_OK(scripts_reload(c.s, NULL, NULL, NULL, &c.e), c.e);
    EXPECT(rule_at(&c, 0, &info));
    EXPECT_INT(11, info.runs);
    EXPECT_INT(1, info.failures);
    EXPECT_INT(11, info.writes);
    EXPECT_INT(22, info.queries);
    EXPECT(info.steps >= 11 * 3 * 1000 && info.steps < 11 * 1000000);
    EXPECT(info.p50_ns > 0 && info.p50_ns <= info.p99_ns);
    EXPECT(info.p99_ns <= info.total_ns);
    company_end(&c);
}

TEST("a rule that refuses has not failed, and a step of a workflow that is refused has") {
    struct company c;
    struct rule_info info;
    company_make(&c);
    company_file(&c, "a.lua",
                 "before('task.create', function(task) refuse('no ' .. task.title) end)\n");
    company_file(&c, FLOW,
                 "workflow('w', {on = 'lead.created'}, function(lead) task {title = 'x'} end)\n");
    company_start(&c, NULL);
    EXPECT_INT(KITH_E_REFUSED, try_create(&c, "task", SET("title", "y"), NULL));
    EXPECT(rule_at(&c, 0, &info));
    EXPECT_INT(1, info.runs);
    EXPECT_INT(0, info.failures);
    create(&c, "lead", SET("name", "A"));
    drain(&c);
    EXPECT(rule_at(&c, 0, &info));
    EXPECT_INT(0, info.failures);
    EXPECT(rule_at(&c, 1, &info));
    EXPECT_STR("w", info.name);
    EXPECT_INT(1, info.runs);
    EXPECT_INT(1, info.failures);
    company_end(&c);
}

/* Rules of which each takes longer than the one before. */
#define RULES 8

TEST("the time of half and of 99 of 100 calls is right to an eighth, and one slow call in 40 "
     "shows") {
    struct company c;
    struct rule_info info;
    struct buf text = {0};
    for (int i = 0; i < RULES; i++)
        buf_printf(&text,
                   "on('lead.created', {name = 'r%d'}, function(lead)\n"
                   "  local n = 0\n"
                   "  for i = 1, lead.company == 'slow' and 3000000 or %d do n = n + i end\n"
                   "end)\n",
                   i, 100 << i);
    company_with(&c, "a.lua", text.ptr);
    buf_free(&text);
    create(&c, "lead", SET("name", "A"));
    drain(&c);
    for (size_t i = 0; i < RULES; i++) { /* of one call the time is known */
        EXPECT(rule_at(&c, i, &info));
        EXPECT_INT(1, info.runs);
        EXPECT(info.p50_ns == info.p99_ns);
        if (info.p50_ns * 8 < info.total_ns * 7 || info.p50_ns * 8 > info.total_ns * 9)
            TEST_FAIL("%llu ns are told as %llu", (unsigned long long)info.total_ns,
                      (unsigned long long)info.p50_ns);
    }
    create(&c, "lead", SET("name", "A", "company", "slow"));
    for (int i = 0; i < 38; i++)
        create(&c, "lead", SET("name", "A"));
    drain(&c);
    EXPECT(rule_at(&c, 0, &info));
    EXPECT_INT(40, info.runs);
    EXPECT(info.p50_ns * 4 < info.p99_ns);
    company_end(&c);
}
