/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of suspension: a file whose rule keeps failing waits, visibly, and loses nothing. */
#include "script_fixture.h"

static const struct script_options thrice = {.failures = 3};

static const char fragile[] =
    "on('lead.created', {name = 'f'}, function(lead)\n"
    "  if lead.company == 'bad' then error('a bad company') end\n"
    "  create('note', {about = lead, body = lead.name})\n"
    "end)\n"
    "every('0 * * * *', {name = 'clock'}, function() task {title = 'tick'} end)\n";

static void fragile_company(struct company *c) {
    company_make(c);
    company_file(c, "f.lua", fragile);
    company_file(c, "g.lua",
                 "on('lead.created', function(lead)\n"
                 "  update(lead, {score = 1})\n"
                 "end)\n");
    company_start_with(c, &thrice);
}

static const char *const told =
    "on('rule.suspended', function(_, event)\n"
    "  task {title = event.data.file .. ' ' .. event.data.rule, body = event.data.reason}\n"
    "end)\n";

static const struct script_info *file_at(struct company *c, size_t i) {
    struct scripts_view v;
    EXPECT_OK(scripts_view(c->s, &c->arena, &v, &c->e), c->e);
    EXPECT(i < v.file_count);
    return &v.files[i];
}

static void fail_thrice(struct company *c) {
    for (int i = 0; i < 3; i++)
        create(c, "lead", SET("name", "B", "company", "bad"));
    drain(c);
}

TEST("a file whose rule fails several times in a row waits, and then handles everything") {
    struct company c;
    fragile_company(&c);
    EXPECT_INT(0, file_at(&c, 0)->suspended);
    fail_thrice(&c);
    EXPECT_INT(NOW, file_at(&c, 0)->suspended);
    EXPECT_HAS("rules/f.lua:2: a bad company", file_at(&c, 0)->reason);
    EXPECT_INT(0, file_at(&c, 1)->suspended);
    create(&c, "lead", SET("name", "good"));
    clock_advance(&c.clock, 7200000);
    drain(&c);
    EXPECT_INT(0, find(&c, "note", NULL));
    EXPECT_INT(0, find(&c, "task", NULL));
    EXPECT_INT(4, find(&c, "lead where score = 1", NULL)); /* the other file runs */
    company_stop(&c);
    company_start_with(&c, &thrice);
    clock_advance(&c.clock, 7200000);
    drain(&c);
    EXPECT(file_at(&c, 0)->suspended > 0);
    EXPECT_INT(0, find(&c, "note", NULL));
    kith_id bad;
    while (find(&c, "lead where company = 'bad'", &bad) > 0)
        EXPECT_OK(try_update(&c, "lead", bad, SET("company", "mended")), c.e);
    EXPECT_OK(scripts_resume(c.s, "f.lua", &c.e), c.e);
    drain(&c);
    EXPECT_INT(4, find(&c, "note", NULL));
    EXPECT_INT(1, find(&c, "task", NULL));
    EXPECT_INT(0, file_at(&c, 0)->suspended);
    EXPECT_INT(KITH_E_NOTFOUND, scripts_resume(c.s, "rules/f.lua", &c.e));
    EXPECT_STR("rules/f.lua is not suspended", c.e.message);
    company_end(&c);
}

TEST("a suspension is an event, once") {
    struct company c;
    kith_id task;
    company_make(&c);
    company_file(&c, "a.lua", told);
    company_file(&c, "f.lua", fragile);
    company_start_with(&c, &thrice);
    fail_thrice(&c);
    fail_thrice(&c);
    EXPECT_INT(1, find(&c, "task", &task));
    EXPECT_STR("rules/f.lua f", field(&c, "task", task, "title"));
    EXPECT_STR("rules/f.lua:2: a bad company", field(&c, "task", task, "body"));
    company_end(&c);
}

TEST("a changed file resumes at its reload, an unchanged one does not") {
    struct company c;
    fragile_company(&c);
    fail_thrice(&c);
    create(&c, "lead", SET("name", "good"));
    EXPECT_OK(scripts_reload(c.s, NULL, NULL, NULL, &c.e), c.e);
    drain(&c);
    EXPECT(file_at(&c, 0)->suspended > 0);
    company_file(&c, "f.lua",
                 "on('lead.created', {name = 'f'}, function(lead)\n"
                 "  create('note', {about = lead, body = lead.name})\n"
                 "end)\n");
    EXPECT_OK(scripts_reload(c.s, NULL, NULL, NULL, &c.e), c.e);
    clock_advance(&c.clock, 2000);
    drain(&c);
    EXPECT_INT(4, find(&c, "note", NULL));
    EXPECT_INT(0, file_at(&c, 0)->suspended);
    company_end(&c);
}

TEST("failures between which a call succeeds, or that lie far apart, suspend nothing") {
    struct company c;
    fragile_company(&c);
    for (int i = 0; i < 9; i++)
        create(&c, "lead", SET("name", "B", "company", i % 3 == 2 ? "good" : "bad"));
    drain(&c);
    EXPECT_INT(0, file_at(&c, 0)->suspended);
    EXPECT_INT(3, find(&c, "note", NULL));
    company_end(&c);
    company_make(&c);
    company_file(&c, "b.lua", "before('lead.create', function() error('no') end)\n");
    company_start_with(&c, &thrice);
    for (int i = 0; i < 9; i++) {
        EXPECT(try_create(&c, "lead", SET("name", "A"), NULL) != KITH_OK);
        clock_advance(&c.clock, 301000);
    }
    EXPECT_INT(0, file_at(&c, 0)->suspended);
    company_end(&c);
}

TEST("a write in which a suspended file has a say is refused with the way out") {
    struct company c;
    struct rule_info info;
    company_make(&c);
    company_file(&c, "b.lua",
                 "before('lead.create', {where = 'score = 1'}, function()\n"
                 "  while true do end\n"
                 "end)\n");
    struct script_options o = {.failures = 3, .limits = {.steps = 100000}};
    company_start_with(&c, &o);
    for (int i = 0; i < 3; i++)
        EXPECT_INT(KITH_E_LIMIT, try_create(&c, "lead", SET("name", "A", "score", "1"), NULL));
    EXPECT_INT(KITH_E_REFUSED, try_create(&c, "lead", SET("name", "A", "score", "1"), NULL));
    EXPECT_HAS("rules/b.lua is suspended (", c.e.message);
    EXPECT_HAS("'kith rule resume b.lua'", c.e.message);
    EXPECT(rule_at(&c, 0, &info));
    EXPECT_INT(3, info.runs); /* it costs nothing any more */
    create(&c, "lead", SET("name", "A", "score", "2"));
    company_end(&c);
}

TEST("what fails in a rehearsal is not counted, and what failed before a reload is") {
    struct company c;
    struct rehearsal r;
    company_make(&c);
    company_file(&c, "b.lua", "before('lead.create', function() error('no') end)\n");
    company_start_with(&c, &thrice);
    struct write_request w = {.c = &c, .type = "lead", .set = SET("name", "A")};
    for (int i = 0; i < 2; i++)
        EXPECT(engine_rehearse(c.g, &by_anna, write_it, &w, &c.arena, &r, &c.e) != KITH_OK);
    for (int i = 0; i < 2; i++)
        EXPECT(try_create(&c, "lead", SET("name", "A"), NULL) != KITH_OK);
    EXPECT_INT(0, file_at(&c, 0)->suspended);
    EXPECT_OK(scripts_reload(c.s, NULL, NULL, NULL, &c.e), c.e);
    EXPECT(try_create(&c, "lead", SET("name", "A"), NULL) != KITH_OK);
    drain(&c);
    EXPECT_INT(NOW, file_at(&c, 0)->suspended);
    company_end(&c);
}

TEST("a full disk is no fault of a rule") {
    struct company c;
    company_make(&c);
    company_file(&c, "f.lua",
                 "before('lead.create', function(lead)\n"
                 "  if lead.company == 'act' then action.sales.double {number = 1} end\n"
                 "end)\n");
    company_start_with(&c, &thrice);
    disk_full = true;
    for (int i = 0; i < 4; i++)
        EXPECT_INT(KITH_E_FULL, try_create(&c, "lead", SET("name", "B", "company", "act"), NULL));
    disk_full = false;
    EXPECT_INT(0, file_at(&c, 0)->suspended);
    EXPECT_OK(try_create(&c, "lead", SET("name", "B", "company", "act"), NULL), c.e);
    company_end(&c);
}

TEST("no script catches that the disk is full, and the whole is done when there is room") {
    struct company c;
    static const char catch[] = "  local ok, n = pcall(action.sales.double, {number = 21})\n"
                                "  task {title = ok and 'caught nothing' or n}\n"
                                "end)\n";
    char rule[300], flow[300];
    snprintf(rule, sizeof rule, "after('lead.create', {where = 'score = 1'}, function()\n%s",
             catch);
    snprintf(flow, sizeof flow, "workflow('w', {on = 'lead.created'}, function()\n%s", catch);
    company_make(&c);
    company_file(&c, "f.lua", rule);
    company_file(&c, "workflows/w.lua", flow);
    company_start_with(&c, &thrice);
    disk_full = true;
    EXPECT_INT(KITH_E_FULL, try_create(&c, "lead", SET("name", "A", "score", "1"), NULL));
    create(&c, "lead", SET("name", "A"));
    EXPECT_INT(KITH_E_LIMIT, engine_drain(c.g, 300, &c.e)); /* it is tried again and again */
    EXPECT_INT(0, find(&c, "task", NULL));
    disk_full = false;
    clock_advance(&c.clock, 3600000);
    drain(&c);
    EXPECT_INT(1, find(&c, "task where title = 'caught nothing'", NULL));
    EXPECT_INT(1, find(&c, "task", NULL));
    EXPECT_INT(1, find(&c, "workflow_run where state = 'done'", NULL));
    company_end(&c);
}

TEST("a step that another rule refuses is tried again, and suspends nothing") {
    struct company c;
    company_make(&c);
    company_file(&c, "no.lua", "before('task.create', function(t) refuse('no') end)\n");
    company_file(&c, "workflows/w.lua",
                 "workflow('w', {on = 'lead.created'}, function(lead) task {title = 'x'} end)\n");
    company_start_with(&c, &thrice);
    for (int i = 0; i < 4; i++)
        create(&c, "lead", SET("name", "A"));
    drain(&c);
    EXPECT_INT(4, find(&c, "workflow_run where state = 'retrying' and attempts = 1", NULL));
    for (size_t i = 0; i < 2; i++)
        EXPECT_INT(0, file_at(&c, i)->suspended);
    company_end(&c);
}

TEST("a refusal is no failure, and a rule is not blamed for another one that it set off") {
    struct company c;
    company_make(&c);
    company_file(&c, "a.lua",
                 "on('lead.created', function(lead)\n"
                 "  create('note', {about = lead, body = 'x'})\n"
                 "end)\n"
                 "before('lead.create', {where = 'score = 1'}, function() refuse('no') end)\n");
    company_file(&c, "b.lua", "before('note.create', function() error('broken') end)\n");
    company_start_with(&c, &thrice);
    for (int i = 0; i < 9; i++) {
        EXPECT_INT(KITH_E_REFUSED, try_create(&c, "lead", SET("name", "A", "score", "1"), NULL));
        create(&c, "lead", SET("name", "A"));
    }
    drain(&c);
    EXPECT_INT(0, file_at(&c, 0)->suspended);
    EXPECT(file_at(&c, 1)->suspended > 0);
    company_end(&c);
}
