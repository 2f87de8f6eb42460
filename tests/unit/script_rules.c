/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rules over a real engine: what each kind may do, and what is left when one fails. */
#include "script_fixture.h"

TEST("a before rule changes the record that is written") {
    struct company c;
    company_with(&c, "score.lua",
                 "before(\"lead.create\", {where = \"source = 'web'\"}, function(lead)\n"
                 "  lead.score = (lead.score or 0) + 10\n"
                 "  lead.company = lead.name:upper()\n"
                 "end)\n");
    kith_id web = create(&c, "lead", SET("name", "Acme", "source", "web", "score", "5"));
    kith_id fair = create(&c, "lead", SET("name", "Bolt", "source", "fair"));
    EXPECT_STR("15", field(&c, "lead", web, "score"));
    EXPECT_STR("ACME", field(&c, "lead", web, "company"));
    EXPECT_STR("", field(&c, "lead", fair, "score"));
    company_end(&c);
}

TEST("a before rule's refusal refuses the write with its sentence alone") {
    struct company c;
    company_with(&c, "check.lua",
                 "before('lead.create', function(lead)\n"
                 "  if not lead.email then refuse('A lead needs a mail address.') end\n"
                 "end)\n");
    EXPECT_INT(KITH_E_REFUSED, try_create(&c, "lead", SET("name", "Acme"), NULL));
    EXPECT_STR("A lead needs a mail address.", c.e.message);
    EXPECT_INT(0, find(&c, "lead", NULL));
    create(&c, "lead", SET("name", "Acme", "email", "a@acme.com"));
    struct rule_info info;
    EXPECT(rule_at(&c, 0, &info));
    EXPECT_INT(2, info.runs);
    EXPECT_INT(0, info.failures);
    company_end(&c);
}

TEST("a before rule may be written without parentheses, as the guide does") {
    struct company c;
    company_with(&c, "curry.lua",
                 "before \"lead.create\" (function(lead) lead.score = 1 end)\n"
                 "before \"lead.create\" {where = \"score = 1\"} (function(lead)\n"
                 "  lead.rating = 'hot'\n"
                 "end)\n"
                 "before('lead.create', {doc = 'x'}) (function(lead) lead.company = 'y' end)\n");
    kith_id id = create(&c, "lead", SET("name", "Acme"));
    EXPECT_STR("1", field(&c, "lead", id, "score"));
    EXPECT_STR("hot", field(&c, "lead", id, "rating"));
    EXPECT_STR("y", field(&c, "lead", id, "company"));
    struct rule_info info;
    EXPECT(rule_at(&c, 1, &info));
    EXPECT_STR("lead.create#2", info.name);
    EXPECT_INT(2, info.line);
    company_end(&c);
}

TEST("an after rule sees what was there before and writes other records") {
    struct company c;
    company_with(&c, "after.lua",
                 "after('lead.update', {fields = {'email'}}, function(lead, change)\n"
                 "  create('note', {about = lead,\n"
                 "    body = (change.before.email or 'none') .. ' -> ' .. lead.email})\n"
                 "end)\n");
    kith_id id = create(&c, "lead", SET("name", "Acme", "email", "old@acme.com"));
    EXPECT_OK(try_update(&c, "lead", id, SET("score", "3")), c.e);
    EXPECT_INT(0, find(&c, "note", NULL));
    EXPECT_OK(try_update(&c, "lead", id, SET("email", "new@acme.com")), c.e);
    kith_id note;
    EXPECT_INT(1, find(&c, "note", &note));
    EXPECT_STR("old@acme.com -> new@acme.com", field(&c, "note", note, "body"));
    company_end(&c);
}

TEST("assigning outside a before rule names update()") {
    struct company c;
    company_with(&c, "assign.lua",
                 "after('lead.create', function(lead)\n"
                 "  lead.score = 1\n"
                 "end)\n");
    EXPECT_INT(KITH_E_INVAL, try_create(&c, "lead", SET("name", "Acme"), NULL));
    EXPECT_HAS("rules/assign.lua:2: write update(lead, {score = ...})", c.e.message);
    EXPECT_INT(0, find(&c, "lead", NULL));
    company_end(&c);
}

TEST("a reaction runs once for each event, after the write") {
    struct company c;
    company_with(&c, "react.lua",
                 "on('lead.qualified', {name = 'call'}, function(lead, event)\n"
                 "  task {title = 'Call ' .. lead.name, about = lead, due = today() + days(1)}\n"
                 "  update(lead, {rating = 'hot', company = event.topic})\n"
                 "end)\n");
    kith_id id = create(&c, "lead", SET("name", "Acme"));
    EXPECT_OK(try_update(&c, "lead", id, SET("state", "working")), c.e);
    EXPECT_OK(try_update(&c, "lead", id, SET("state", "qualified")), c.e);
    drain(&c);
    kith_id task;
    EXPECT_INT(1, find(&c, "task", &task));
    EXPECT_STR("Call Acme", field(&c, "task", task, "title"));
    EXPECT_STR("2024-03-01T23:00:00.000Z", field(&c, "task", task, "due")); /* Berlin's midnight */
    EXPECT_STR("hot", field(&c, "lead", id, "rating"));
    EXPECT_STR("lead.qualified", field(&c, "lead", id, "company"));
    company_end(&c);
}

TEST("a failing reaction keeps nothing of its own and everything of others") {
    struct company c;
    company_make(&c);
    company_file(&c, "bad.lua",
                 "on('lead.created', function(lead)\n"
                 "  create('note', {about = lead, body = 'from bad'})\n"
                 "  local x = nil\n"
                 "  x.y = 1\n"
                 "end)\n");
    company_file(&c, "good.lua",
                 "on('lead.created', function(lead)\n"
                 "  create('note', {about = lead, body = 'from good'})\n"
                 "end)\n");
    company_start(&c, NULL);
    create(&c, "lead", SET("name", "Acme"));
    drain(&c);
    clock_advance(&c.clock, 3600000);
    drain(&c);
    kith_id note;
    EXPECT_INT(1, find(&c, "lead", NULL));
    EXPECT_INT(1, find(&c, "note", &note));
    EXPECT_STR("from good", field(&c, "note", note, "body"));
    struct dead_letter *letters;
    size_t count;
    EXPECT_OK(engine_letters(c.g, false, &c.arena, &letters, &count, &c.e), c.e);
    EXPECT_INT(1, count);
    EXPECT_STR("rule:rules/bad.lua:lead.created#1", letters[0].reaction);
    EXPECT_HAS("rules/bad.lua:4: 'x' is empty (nil) and has no parts: ask first, as in 'if x then'",
               letters[0].error);
    struct rule_info info;
    EXPECT(rule_at(&c, 0, &info));
    EXPECT(info.failures >= 1 && info.failures == info.runs);
    company_end(&c);
}

TEST("why names the rule with its file, line and digest") {
    struct company c;
    company_with(&c, "score.lua",
                 "-- scoring\n"
                 "\n"
                 "on('lead.created', {name = 'score it'}, function(lead)\n"
                 "  update(lead, {score = 42})\n"
                 "end)\n");
    kith_id id = create(&c, "lead", SET("name", "Acme"));
    drain(&c);
    const struct schema *s = engine_schema(c.g);
    const struct rfield *score = type_field(s, schema_type(s, STR("lead")), STR("score"));
    struct conn *conn;
    struct why_step *steps;
    size_t count;
    struct rule_info info;
    EXPECT_OK(engine_reader(c.g, &conn, &c.e), c.e);
    EXPECT_OK(journal_why(conn, s, id, score, &c.arena, &steps, &count, &c.e), c.e);
    engine_reader_done(c.g, conn);
    EXPECT(rule_at(&c, 0, &info));
    EXPECT_INT(12, strlen(info.version));
    EXPECT(count >= 2);
    EXPECT_INT(SOURCE_RULE, steps[0].source.kind);
    EXPECT_STR("rules/score.lua: score it", steps[0].source.name);
    EXPECT_STR(info.version, steps[0].source.version);
    EXPECT_INT(3, steps[0].source.line);
    EXPECT_STR("anna", steps[count - 1].actor.name);
    company_end(&c);
}

TEST("a rule by the clock runs at its time in the company's zone") {
    struct company c;
    company_with(&c, "daily.lua",
                 "every('0 8 * * 1-5', {name = 'morning'}, function(now)\n"
                 "  create('note', {about = create('lead', {name = 'x'}),\n"
                 "    body = tostring(now) .. ' ' .. now.hour .. ' ' .. now.weekday})\n"
                 "end)\n");
    drain(&c);
    EXPECT_INT(0, find(&c, "note", NULL));
    clock_set(&c.clock, NOW + INT64_C(3) * 86400000 - 3 * 3600000); /* Monday 7:00 UTC */
    drain(&c);
    kith_id note;
    EXPECT_INT(1, find(&c, "note", &note));
    EXPECT_STR("2024-03-04T07:00:00.000Z 8 1", field(&c, "note", note, "body"));
    company_end(&c);
}

TEST("a rule that writes nothing leaves nothing, and one that deletes deletes") {
    struct company c;
    company_with(&c, "delete.lua",
                 "on('lead.unqualified', function(lead) delete(lead) end)\n"
                 "before('lead.delete', function(lead)\n"
                 "  if lead.rating == 'hot' then refuse(lead.name .. ' is hot.') end\n"
                 "end)\n");
    kith_id id = create(&c, "lead", SET("name", "Acme", "rating", "hot"));
    EXPECT_INT(KITH_E_REFUSED, try_delete(&c, "lead", id));
    EXPECT_STR("Acme is hot.", c.e.message);
    EXPECT_OK(try_update(&c, "lead", id, SET("state", "working", "rating", "cold")), c.e);
    EXPECT_OK(try_update(&c, "lead", id, SET("state", "unqualified")), c.e);
    drain(&c);
    EXPECT_INT(0, find(&c, "lead", NULL));
    company_end(&c);
}

TEST("what pcall caught is not kept") {
    struct company c;
    company_with(&c, "try.lua",
                 "on('lead.created', function(lead)\n"
                 "  local ok, why = pcall(function()\n"
                 "    create('note', {about = lead, body = 'half'})\n"
                 "    create('note', {about = lead})\n"
                 "  end)\n"
                 "  create('note', {about = lead, body = tostring(ok) .. ': ' .. why})\n"
                 "end)\n");
    create(&c, "lead", SET("name", "Acme"));
    drain(&c);
    kith_id note;
    EXPECT_INT(1, find(&c, "note", &note));
    EXPECT_HAS("false: rules/try.lua:4: ", field(&c, "note", note, "body"));
    company_end(&c);
}

TEST("what is published must be what the topic says that it carries") {
    static const struct {
        const char *data, *message;
    } rows[] = {
        {"pionts = 7", "rules/publish.lua:2: lead.scored carries no 'pionts'; did you mean"
                       " 'points'?"},
        {"points = lead.name",
         "rules/publish.lua:2: lead.scored: points: 'Ada' is no whole number"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct company c;
        char text[256];
        snprintf(text, sizeof text,
                 "after('lead.create', function(lead)\n"
                 "  local ok, why = pcall(publish, 'lead.scored', lead, {%s})\n"
                 "  refuse(why)\n"
                 "end)\n",
                 rows[i].data);
        company_with(&c, "publish.lua", text);
        EXPECT_INT(KITH_E_REFUSED, try_create(&c, "lead", SET("name", "Ada"), NULL));
        EXPECT_STR(rows[i].message, c.e.message);
        company_end(&c);
    }
}

TEST("a published event reaches its rule with its data") {
    struct company c;
    company_with(&c, "publish.lua",
                 "after('lead.create', function(lead)\n"
                 "  publish('lead.scored', lead, {points = 7})\n"
                 "end)\n"
                 "on('lead.scored', function(lead, event)\n"
                 "  update(lead, {score = event.data.points, company = event.kind})\n"
                 "end)\n");
    kith_id id = create(&c, "lead", SET("name", "Acme"));
    drain(&c);
    EXPECT_STR("7", field(&c, "lead", id, "score"));
    EXPECT_STR("event", field(&c, "lead", id, "company"));
    company_end(&c);
}

TEST("an update's event knows both sides of it") {
    struct company c;
    company_with(&c, "event.lua",
                 "on('lead.updated', {fields = {'score'}}, function(lead, event)\n"
                 "  update(lead, {company = event.before.score .. '>' .. event.after.score ..\n"
                 "    tostring(event.changed.score) .. tostring(event.changed.name)})\n"
                 "end)\n");
    kith_id id = create(&c, "lead", SET("name", "Acme", "score", "1"));
    EXPECT_OK(try_update(&c, "lead", id, SET("score", "2")), c.e);
    drain(&c);
    EXPECT_STR("1>2truenil", field(&c, "lead", id, "company"));
    company_end(&c);
}

TEST("a change and an event tell what they are, where they come from, when, and how often tried") {
    struct company c;
    kith_id task;
    company_with(&c, "s.lua",
                 "before('lead.save', function(lead, change)\n"
                 "  lead.company = table.concat({change.kind, change.origin,\n"
                 "    tostring(change.changed.name), tostring(change.changed.email)}, ' ')\n"
                 "end)\n"
                 "on('lead.updated', function(lead, event)\n"
                 "  if event.attempt == 1 then error('once more') end\n"
                 "  task {title = table.concat({event.kind, event.origin, tostring(event.at),\n"
                 "    tostring(event.changed.name), tostring(event.changed.email),\n"
                 "    event.before.name, event.after.name, event.attempt}, ' ')}\n"
                 "end)\n");
    kith_id lead = create(&c, "lead", SET("name", "A"));
    EXPECT_STR("create cli true nil", field(&c, "lead", lead, "company"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("name", "B")), c.e);
    EXPECT_STR("update cli true nil", field(&c, "lead", lead, "company"));
    drain(&c);
    clock_advance(&c.clock, 2000);
    drain(&c);
    EXPECT_INT(1, find(&c, "task", &task));
    EXPECT_STR("update cli 2024-03-01T10:00:00.000Z true nil A B 2",
               field(&c, "task", task, "title"));
    company_end(&c);
}

TEST("two rules that hear of the same event draw numbers of their own") {
    struct company c;
    kith_id first;
    company_with(&c, "s.lua",
                 "for _, name in ipairs({'a', 'b'}) do\n"
                 "  on('lead.created', {name = name}, function(lead)\n"
                 "    task {title = tostring(math.random(1 << 40))}\n"
                 "  end)\n"
                 "end\n");
    create(&c, "lead", SET("name", "A"));
    drain(&c);
    EXPECT_INT(2, find(&c, "task order by id", &first));
    EXPECT_INT(1, find(&c,
                       arena_printf(&c.arena, "task where title = '%s'",
                                    field(&c, "task", first, "title")),
                       NULL));
    company_end(&c);
}

TEST("find and count see what the rule has written") {
    struct company c;
    company_with(&c, "find.lua",
                 "on('contact.created', function(contact)\n"
                 "  for i = 1, 3 do create('lead', {name = 'L' .. i, contact = contact}) end\n"
                 "  local names = {}\n"
                 "  for lead in find('lead where contact = :c order by -name', {c = contact}) do\n"
                 "    names[#names + 1] = lead.name\n"
                 "    if lead.name == 'L3' then\n"
                 "      delete(get('lead', lead.id))\n"
                 "    end\n"
                 "  end\n"
                 "  update(contact, {city = table.concat(names, ' ') .. ' '\n"
                 "    .. count('lead where contact = :c', {c = contact})})\n"
                 "end)\n");
    kith_id id = create(&c, "contact", SET("name", "Ada Lovelace"));
    drain(&c);
    EXPECT_STR("L3 L2 L1 2", field(&c, "contact", id, "city"));
    company_end(&c);
}

TEST("totals see what the rule has written, row by row") {
    struct company c;
    company_with(
        &c, "totals.lua",
        "on('contact.created', function(contact)\n"
        "  local p = {c = contact}\n"
        "  for i = 1, 4 do\n"
        "    create('lead', {name = 'L' .. i, contact = contact, score = i,\n"
        "      company = i < 4 and 'Acme' or nil})\n"
        "  end\n"
        "  local out = {}\n"
        "  for _, row in ipairs(totals('lead where contact = :c group by company'\n"
        "      .. ' order by -count() : count() as n, sum(score) as points, avg(score)', p)) do\n"
        "    out[#out + 1] = string.format('%s %d %s %s', row.company, row.n, row.points,\n"
        "      row['avg(score)'])\n"
        "  end\n"
        "  out[#out + 1] = totals('lead group by contact : count()')[1].contact.name\n"
        "  out[#out + 1] = tostring(totals('lead where score > 9 : max(score) as m')[1].m)\n"
        "  out[#out + 1] = #totals('lead where score > 9 group by company')\n"
        "  update(contact, {city = table.concat(out, '; ')})\n"
        "end)\n");
    kith_id id = create(&c, "contact", SET("name", "Ada"));
    drain(&c);
    EXPECT_STR("Acme 3 6 2.000000; nil 1 4 4.000000; Ada; nil; 0",
               field(&c, "contact", id, "city"));
    company_end(&c);
}

TEST("a rule that causes itself ends at the engine's bound") {
    struct company c;
    company_with(&c, "loop.lua",
                 "after('lead.create', function(lead)\n"
                 "  create('lead', {name = lead.name .. 'x'})\n"
                 "end)\n");
    EXPECT(try_create(&c, "lead", SET("name", "Acme"), NULL) != KITH_OK);
    EXPECT_INT(KITH_E_LIMIT, c.e.code);
    EXPECT_INT(0, find(&c, "lead", NULL));
    company_end(&c);
}

TEST("an action runs in the rule's transaction and gives its results") {
    struct company c;
    company_with(&c, "act.lua",
                 "before('lead.create', function(lead)\n"
                 "  lead.score = action.sales.double{number = lead.score}.number\n"
                 "end)\n");
    kith_id id = create(&c, "lead", SET("name", "Acme", "score", "21"));
    EXPECT_STR("42", field(&c, "lead", id, "score"));
    EXPECT(try_create(&c, "lead", SET("name", "Acme", "score", "-1"), NULL) != KITH_OK);
    EXPECT_HAS("rules/act.lua:2: negative numbers are not doubled", c.e.message);
    company_end(&c);
}

/* -- files ------------------------------------------------------------------------------------- */

TEST("a broken file is off, with its reason, and the others run") {
    struct company c;
    company_make(&c);
    company_file(&c, "bad.lua",
                 "before('lead.create', function(lead) lead.score = 1 end)\n"
                 "if then\n");
    company_file(&c, "good.lua", "before('lead.create', function(lead) lead.rating = 'hot' end)\n");
    company_start(&c, NULL);
    const struct script_problem *p = problem_at(&c, 0);
    EXPECT(p && !problem_at(&c, 1));
    EXPECT_STR("rules/bad.lua", p->file);
    EXPECT_INT(2, p->line);
    EXPECT_STR("something is missing between 'if' and 'then'", p->message);
    kith_id id = create(&c, "lead", SET("name", "Acme"));
    EXPECT_STR("", field(&c, "lead", id, "score"));
    EXPECT_STR("hot", field(&c, "lead", id, "rating"));
    struct rule_info info;
    EXPECT(rule_at(&c, 0, &info) && !rule_at(&c, 1, &info));
    company_end(&c);
}

struct reports {
    char text[4096];
};

static void add_report(void *arg, const struct script_problem *p) {
    struct reports *r = arg;
    size_t used = strlen(r->text);
    snprintf(r->text + used, sizeof r->text - used, "%s:%u: %s\n", p->file, p->line, p->message);
}

TEST("check reports every problem of every file at once") {
    struct company c;
    struct reports r = {""};
    company_make(&c);
    company_file(
        &c, "a.lua",
        "before('laed.create', function() end)\n"
        "before('lead.updat', function() end)\n"
        "before('lead.create', {wher = 'x', doc = 3}, function() end)\n"
        "after('lead.update', {where = \"scor > 1\", fields = {'emial'}}, function() end)\n"
        "on('lead.qualifed', function() end)\n"
        "every('61 8 * * *', function() end)\n"
        "before 'lead.create'\n"
        "on('contact.updated', {fields = {'spent'}}, function() end)\n");
    company_file(&c, "b.lua", "error('no ' .. 1)\n");
    company_file(&c, "c.lua",
                 "on('lead.created', {name = 'n'}, function() end)\n"
                 "on('lead.updated', {name = 'n'}, function() end)\n");
    company_start(&c, NULL);
    size_t rules;
    EXPECT_INT(KITH_E_INVAL, scripts_check(c.s, add_report, &r, &rules, &c.e));
    EXPECT_HAS("problems in the rules", c.e.message);
    EXPECT_HAS("rules/a.lua:1: ", r.text);
    EXPECT_HAS("lead", r.text);
    EXPECT_HAS("rules/a.lua:2: 'lead.updat': write lead.update", r.text);
    EXPECT_HAS("rules/a.lua:3: unknown option 'wher': did you mean 'where'?", r.text);
    EXPECT_HAS("rules/a.lua:3: doc: expected a string, not a number", r.text);
    EXPECT_HAS("rules/a.lua:4: where: ", r.text);
    EXPECT_HAS("score", r.text);
    EXPECT_HAS("rules/a.lua:4: fields: ", r.text);
    EXPECT_HAS("email", r.text);
    EXPECT_HAS("rules/a.lua:5: there is no topic 'lead.qualifed': did you mean 'lead.qualified'?",
               r.text);
    EXPECT_HAS("rules/a.lua:6: ", r.text);
    EXPECT_HAS(
        "rules/a.lua:8: fields: contact.spent is a roll-up and changes without an event; wait"
        " for changes of interaction",
        r.text);
    EXPECT_HAS("rules/a.lua:7: this rule has no function", r.text);
    EXPECT_HAS("rules/b.lua:1: no 1", r.text);
    EXPECT_HAS("rules/c.lua:2: the name 'n' is that of the rule in line 1 already", r.text);
    create(&c, "lead", SET("name", "Acme")); /* none of them runs */
    company_end(&c);
}

TEST("a missing folder is no rules") {
    struct company c;
    company_make(&c);
    company_engine(&c);
    EXPECT_OK(scripts_open(&c.s, c.g, "/nonexistent", NULL, &c.e), c.e);
    struct rule_info info;
    EXPECT(!rule_at(&c, 0, &info));
    company_end(&c);
}

TEST("require loads the company's own library and nothing else") {
    struct company c;
    company_make(&c);
    company_file(&c, "lib/points.lua",
                 "local p = {}\n"
                 "function p.of(lead) return lead.email and 5 or 1 end\n"
                 "return p\n");
    company_file(&c, "a.lua",
                 "local points = require 'points'\n"
                 "before('lead.create', function(lead)\n"
                 "  lead.score = points.of(lead)\n"
                 "end)\n");
    company_file(&c, "b.lua", "require '../../etc/passwd'\n");
    company_file(&c, "c.lua", "require 'absent'\n");
    company_file(&c, "lib/loop.lua", "return require 'loop'\n");
    company_file(&c, "d.lua", "require 'loop'\n");
    company_start(&c, NULL);
    EXPECT_HAS("is no name of a file", problem_at(&c, 0)->message);
    EXPECT_HAS("absent.lua", problem_at(&c, 1)->message);
    EXPECT_HAS("requires itself", problem_at(&c, 2)->message);
    kith_id id = create(&c, "lead", SET("name", "Acme", "email", "a@acme.com"));
    EXPECT_STR("5", field(&c, "lead", id, "score"));
    company_end(&c);
}

TEST("the digest of a rule changes with what its file requires") {
    struct company c;
    struct rule_info info;
    char before[16];
    company_make(&c);
    company_file(&c, "lib/one.lua", "return 1\n");
    company_file(&c, "a.lua", "require 'one'\nbefore('lead.create', function() end)\n");
    company_start(&c, NULL);
    EXPECT(rule_at(&c, 0, &info));
    strcpy(before, info.version);
    company_stop(&c);
    company_file(&c, "lib/one.lua", "return 2\n");
    company_start(&c, NULL);
    EXPECT(rule_at(&c, 0, &info));
    EXPECT(strcmp(before, info.version) != 0);
    company_end(&c);
}

/* -- examples ---------------------------------------------------------------------------------- */

static void copy_example(struct company *c, const char *name) {
    char path[512], text[8192];
    snprintf(path, sizeof path, SOURCE_DIR "/lua/examples/%s", name);
    FILE *f = fopen(path, "re");
    EXPECT(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    company_file(c, name, text);
}

static void start_examples(struct company *c) {
    static const char *const names[] = {"contact_names.lua", "lead_follow_up.lua",
                                        "daily_round.lua"};
    company_make(c);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        copy_example(c, names[i]);
    company_start(c, NULL);
    const struct script_problem *p = problem_at(c, 0);
    if (p)
        TEST_FAIL("%s:%u: %s", p->file, p->line, p->message);
}

TEST("the example tidies names and refuses false addresses") {
    struct company c;
    start_examples(&c);
    kith_id ada = create(&c, "contact", SET("name", " ADA   LOVELACE ", "phone", "12345"));
    EXPECT_STR("Ada Lovelace", field(&c, "contact", ada, "name"));
    EXPECT_STR("Ada", field(&c, "contact", ada, "first_name"));
    EXPECT_STR("Lovelace", field(&c, "contact", ada, "last_name"));
    kith_id kept = create(&c, "contact", SET("name", "Ronan O'Brien-MacDonald", "phone", "12345"));
    EXPECT_STR("Ronan O'Brien-MacDonald", field(&c, "contact", kept, "name"));
    kith_id umlaut = create(&c, "contact", SET("name", "ßusi özgür o'brien", "phone", "12345"));
    EXPECT_HAS("Özgür O'Brien", field(&c, "contact", umlaut, "name"));
    EXPECT_INT(KITH_E_REFUSED, try_create(&c, "contact", SET("name", "x", "email", "x@y"), NULL));
    EXPECT_HAS("x@y has no complete domain", c.e.message);
    EXPECT_INT(KITH_E_REFUSED,
               try_create(&c, "contact", SET("name", "x", "email", "Test@Test.com"), NULL));
    create(&c, "contact", SET("name", "x", "email", "x@mail.example.co.uk"));
    company_end(&c);
}

TEST("the example makes a task on the next business day for a qualified lead") {
    struct company c;
    start_examples(&c);
    kith_id id = create(&c, "lead", SET("name", "Acme", "score", "60"));
    EXPECT_OK(try_update(&c, "lead", id, SET("state", "working")), c.e);
    EXPECT_OK(try_update(&c, "lead", id, SET("state", "qualified")), c.e);
    drain(&c);
    kith_id task;
    EXPECT_INT(1, find(&c, "task", &task));
    EXPECT_STR("Call Acme", field(&c, "task", task, "title"));
    EXPECT_STR("urgent", field(&c, "task", task, "priority"));
    EXPECT_STR("2024-03-04T16:00:00.000Z", field(&c, "task", task, "due")); /* Monday, 17:00 */
    company_end(&c);
}

TEST("the example remembers leads that nobody touched, once") {
    struct company c;
    start_examples(&c);
    create(&c, "lead", SET("name", "Acme"));
    create(&c, "contact", SET("name", "Ada Lovelace"));
    drain(&c);
    EXPECT_INT(1, find(&c, "task where priority = 'low'", NULL));
    for (int day = 3; day < 6; day++) {
        clock_set(&c.clock, NOW + INT64_C(86400000) * day);
        drain(&c);
        EXPECT_INT(1, find(&c, "task where title like 'First contact%'", NULL));
    }
    company_end(&c);
}
