/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of files that act as a user. */
#include "script_acting_fixture.h"

TEST("a rule that acts as a user reads what the user may, and hears of nothing else") {
    struct people p;
    people_with(&p, "a.lua",
                "on('lead.created', function(lead, event)\n"
                "  local names = {}\n"
                "  for l in find('lead order by name') do table.insert(names, l.name) end\n"
                "  local ok = pcall(count, 'lead where score = 7')\n"
                "  task {title = table.concat(names, '+') .. ' ' .. tostring(lead.score) .. ' '\n"
                "    .. tostring(event.after.score) .. ' ' .. tostring(ok)}\n"
                "end)\n");
    people_start(&p);
    lead_of(&p, p.ben, "B");
    lead_of(&p, p.anna, "A");
    EXPECT_STR("A nil nil false", said(&p));
    company_end(&p.c);
}

TEST("a search by a segment that is closed to the user is refused, and does not find nobody") {
    struct people p;
    people_with(&p, "a.lua",
                "on('lead.created', function(lead)\n"
                "  local ok, why = pcall(count, \"lead where in_segment('hot')\")\n"
                "  task {title = tostring(ok) .. ' ' .. tostring(why)}\n"
                "end)\n");
    people_start(&p);
    create(&p.c, "segment", SET("name", "hot", "query", "lead"));
    lead_of(&p, p.anna, "A");
    EXPECT_HAS("false ", said(&p));
    EXPECT_HAS("hot", said(&p));
    company_end(&p.c);
}

TEST("a record out of the user's sight is not found, and neither are its fields") {
    struct people p;
    people_with(&p, "a.lua",
                "on('lead.created', function(lead)\n"
                "  local other = get('lead', lead.company)\n"
                "  task {title = tostring(other)}\n"
                "end)\n");
    people_start(&p);
    char of_ben[ID_TEXT + 1], own[ID_TEXT + 1];
    id_format(lead_of(&p, p.ben, "B"), of_ben);
    id_format(p.anna, own);
    create(&p.c, "lead", SET("name", "A", "owner", own, "company", of_ben));
    EXPECT_STR("nil", said(&p));
    company_end(&p.c);
}

TEST("what a rule creates as a user is the user's, and the journal names both") {
    struct people p;
    kith_id task;
    people_with(&p, "a.lua", "on('lead.created', function(lead) task {title = 'call'} end)\n");
    people_start(&p);
    lead_of(&p, p.anna, "A");
    EXPECT_STR("call", said(&p));
    EXPECT_INT(1, find(&p.c, "task", &task));
    char own[64];
    id_format(p.anna, own);
    EXPECT_HAS(own, field(&p.c, "task", task, "owner"));
    struct conn *conn;
    struct why_step *steps;
    size_t n;
    EXPECT_OK(engine_reader(p.c.g, &conn, &p.c.e), p.c.e);
    const struct rfield *title =
        type_field(engine_schema(p.c.g), engine_schema(p.c.g)->base.task.type, STR("title"));
    EXPECT_OK(journal_why(conn, engine_schema(p.c.g), task, title, &p.c.arena, &steps, &n, &p.c.e),
              p.c.e);
    EXPECT_STR("user:anna", steps[0].actor.name);
    EXPECT_HAS("rules/a.lua", steps[0].source.name);
    engine_reader_done(p.c.g, conn);
    company_end(&p.c);
}

TEST("a rule that acts as a user writes what the user may, and is refused the rest by name") {
    static const struct {
        const char *code, *answer;
    } rows[] = {
        {"update(lead, {company = 'x'})", NULL},
        {"update(lead, {source = 'web'})", "user:anna may not write lead.source"},
        {"update(lead, {score = 1})", "user:anna may not write lead.score"},
        {"delete(lead)", "user:anna may not delete this lead"},
        {"create('note', {about = lead, body = 'x'})", "user:anna may not write note."},
        {"action.sales.double {number = 2}", "user:anna may not call sales.double"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct people p;
        char text[512];
        snprintf(text, sizeof text,
                 "on('lead.created', function(lead)\n"
                 "  local ok, why = pcall(function() %s end)\n"
                 "  task {title = ok and 'ok' or tostring(why)}\n"
                 "end)\n",
                 rows[i].code);
        people_with(&p, "a.lua", text);
        people_start(&p);
        lead_of(&p, p.anna, "A");
        EXPECT_HAS(rows[i].answer ? rows[i].answer : "ok", said(&p));
        company_end(&p.c);
    }
}

TEST("a hook that acts as a user is bounded by the user within everybody's writes") {
    struct people p;
    people_with(&p, "a.lua",
                "before('lead.create', function(lead)\n"
                "  lead.company = tostring(lead.score)\n"
                "end)\n"
                "before('lead.update', {fields = {'name'}}, function(lead) lead.score = 1 end)\n"
                "after('lead.create', function(lead) task {title = lead.name} end)\n");
    people_start(&p);
    kith_id own = lead_of(&p, p.anna, "A"), other = lead_of(&p, p.ben, "B");
    EXPECT_STR("nil", field(&p.c, "lead", own, "company"));
    EXPECT_STR("", field(&p.c, "lead", other, "company")); /* there is none for the rule */
    EXPECT_STR("A", said(&p));
    EXPECT_INT(KITH_E_DENIED, try_update(&p.c, "lead", own, SET("name", "C")));
    EXPECT_HAS("user:anna may not write lead.score", p.c.e.message);
    EXPECT_OK(try_update(&p.c, "lead", other, SET("name", "C")), p.c.e);
    company_end(&p.c);
}

TEST("what follows from a write of the user is the company's, as of every write") {
    struct people p;
    people_with(&p, "a.lua", "on('lead.created', function(lead) task {title = 'x'} end)\n");
    company_file(&p.c, "b.lua",
                 "after('task.create', {where = \"title = 'x'\"}, function(t)\n"
                 "  task {title = tostring(count('lead where score = 7'))}\n"
                 "end)\n");
    people_start(&p);
    lead_of(&p, p.ben, "B");
    lead_of(&p, p.anna, "A");
    EXPECT_STR("x, 2", said(&p));
    company_end(&p.c);
}

TEST("a workflow acts as the user of its file, in every step") {
    struct people p;
    people_with(&p, "workflows/w.lua",
                "workflow('w', {on = 'lead.created'}, function(lead, event)\n"
                "  sleep(hours(1))\n"
                "  local ev = wait_for('lead.updated', {}, days(3))\n"
                "  task {title = ev.record.name .. ' ' .. count('lead') .. ' '\n"
                "    .. tostring(ev.before.score) .. ' ' .. tostring(lead.score)}\n"
                "end)\n");
    people_start(&p);
    kith_id other = lead_of(&p, p.ben, "B"), own = lead_of(&p, p.anna, "A");
    drain(&p.c);
    EXPECT_INT(1, find(&p.c, "workflow_run", NULL));
    advance(&p.c, 2 * HOUR);
    EXPECT_OK(try_update(&p.c, "lead", other, SET("score", "8")), p.c.e);
    EXPECT_STR("", said(&p));
    EXPECT_OK(try_update(&p.c, "lead", own, SET("score", "8")), p.c.e);
    EXPECT_STR("A 1 nil nil", said(&p));
    kith_id task;
    EXPECT_INT(1, find(&p.c, "task", &task));
    char id[ID_TEXT + 1];
    id_format(p.anna, id);
    EXPECT_HAS(id, field(&p.c, "task", task, "owner"));
    company_end(&p.c);
}

TEST("what is closed to the user decides nothing: not whether a rule runs, nor what ends a wait") {
    static const struct {
        const char *file, *text, *said;
    } rows[] = {
        {"a.lua", "on('lead.updated', {where = 'score = 8'}, function() task {title = 'x'} end)",
         ""},
        {"a.lua", "on('lead.updated', {fields = {'score'}}, function() task {title = 'x'} end)",
         ""},
        {"a.lua",
         "on('lead.updated', {where = \"name = 'A'\", fields = {'name', 'company'}},\n"
         "  function() task {title = 'open'} end)",
         "open"},
        {"a.lua",
         "on('lead.updated', function(lead, event)\n"
         "  task {title = tostring(event.changed.score) .. tostring(event.changed.company)}\n"
         "end)",
         "niltrue"},
        {"a.lua",
         "after('lead.update', function(lead, change)\n"
         "  task {title = tostring(change.changed.score) .. tostring(change.changed.company)}\n"
         "end)",
         "niltrue"},
        {FLOW,
         "workflow('w', {on = 'lead.updated', where = 'score = 8'},\n"
         "  function() task {title = 'x'} end)",
         ""},
        {FLOW,
         "workflow('w', {on = 'lead.created'}, function(lead)\n"
         "  wait_for('lead.updated', {record = lead, score = 8}) task {title = 'x'}\n"
         "end)",
         ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct people p;
        people_with(&p, rows[i].file, rows[i].text);
        people_start(&p);
        kith_id lead = lead_of(&p, p.anna, "A");
        drain(&p.c);
        EXPECT_OK(try_update(&p.c, "lead", lead, SET("score", "8", "company", "Acme")), p.c.e);
        if (strcmp(rows[i].said, said(&p)) != 0)
            TEST_FAIL("%s: %s", rows[i].text, said(&p));
        company_end(&p.c);
    }
}

TEST("a run whose file was taken away hears of nothing that its user may not see") {
    struct people p;
    char path[200];
    people_with(&p, FLOW,
                "workflow('w', {on = 'lead.created'}, function(lead)\n"
                "  local e = wait_for('lead.updated', {}, days(1))\n"
                "  task {title = e.before.name}\n"
                "end)\n");
    people_start(&p);
    kith_id of_ben = lead_of(&p, p.ben, "B"), of_anna = lead_of(&p, p.anna, "A");
    drain(&p.c);
    company_stop(&p.c);
    snprintf(path, sizeof path, "%s/" FLOW, p.c.dir);
    EXPECT_INT(0, unlink(path));
    company_start_with(&p.c, &p.o);
    EXPECT_OK(try_update(&p.c, "lead", of_ben, SET("name", "C")), p.c.e);
    EXPECT_STR("", said(&p));
    EXPECT_OK(try_update(&p.c, "lead", of_anna, SET("name", "D")), p.c.e);
    EXPECT_STR("A", said(&p));
    company_end(&p.c);
}

TEST("a file is off whose user is not there when it is loaded") {
    struct people p;
    people_with(&p, "a.lua", "on('lead.created', function(lead) task {title = 'x'} end)\n");
    p.group[AS_AT] = value_str(STR("Anna"));
    company_start_with(&p.c, &p.o);
    EXPECT(problem_at(&p.c, 0));
    EXPECT_STR("rules/a.lua", problem_at(&p.c, 0)->file);
    EXPECT_STR(
        "kith.conf:7: rules.scripts: as: there is no user 'Anna'; the one that is meant is called"
        " 'anna': write as = \"anna\"",
        problem_at(&p.c, 0)->message);
    EXPECT(file_info(&p.c)->off);
    EXPECT_STR("Anna", file_info(&p.c)->as);
    lead_of(&p, p.anna, "A");
    EXPECT_STR("", said(&p));
    EXPECT_INT(KITH_E_INVAL, scripts_check(p.c.s, NULL, NULL, NULL, &p.c.e));
    company_end(&p.c);
}

TEST("a file whose user is renamed waits at once, and goes on when the user is back") {
    struct people p;
    people_with(&p, "a.lua", "on('lead.created', function(lead) task {title = lead.name} end)\n");
    people_start(&p);
    EXPECT_OK(try_update(&p.c, "user", p.anna, SET("login", "ann")), p.c.e);
    lead_of(&p, p.anna, "A");
    EXPECT_STR("", said(&p));
    EXPECT(file_info(&p.c)->suspended > 0);
    EXPECT_HAS("rules/a.lua: rules.scripts: as: there is no user 'anna'; the one that is meant is"
               " called 'ann'",
               file_info(&p.c)->reason);
    EXPECT_OK(try_update(&p.c, "user", p.anna, SET("login", "anna")), p.c.e);
    EXPECT_OK(scripts_resume(p.c.s, "a.lua", &p.c.e), p.c.e);
    advance(&p.c, HOUR);
    EXPECT_STR("A", said(&p));
    company_end(&p.c);
}

TEST("a run whose user is gone keeps what it was told, and goes on when the user is back") {
    struct people p;
    people_with(&p, "workflows/w.lua",
                "workflow('w', {on = 'lead.created', record = 'lead'}, function(lead)\n"
                "  local ev = wait_for('lead.updated', {record = lead})\n"
                "  task {title = ev.record.company .. ' ' .. tostring(ev.before.score)}\n"
                "end)\n");
    people_start(&p);
    kith_id lead = lead_of(&p, p.anna, "A");
    drain(&p.c);
    EXPECT_OK(try_update(&p.c, "user", p.anna, SET("login", "ann")), p.c.e);
    EXPECT_OK(try_update(&p.c, "lead", lead, SET("company", "x", "score", "8")), p.c.e);
    EXPECT_STR("", said(&p));
    EXPECT_HAS("workflows/w.lua is suspended: ", run_field(&p.c, "error"));
    EXPECT(file_info(&p.c)->suspended > 0);
    EXPECT_INT(1, find(&p.c, "workflow_run where state = 'retrying' and attempts = 0", NULL));
    EXPECT_OK(try_update(&p.c, "user", p.anna, SET("login", "anna")), p.c.e);
    EXPECT_OK(scripts_resume(p.c.s, "workflows/w.lua", &p.c.e), p.c.e);
    advance(&p.c, HOUR);
    EXPECT_STR("x nil", said(&p));
    company_end(&p.c);
}

TEST("a file that acts as an administrator reads and writes everything, and owns what it makes") {
    struct people p;
    kith_id task;
    people_with(&p, "a.lua",
                "on('lead.created', function(lead) task {title = tostring(lead.score)} end)\n");
    company_start(&p.c, NULL);
    kith_id role = create(&p.c, "role", SET("name", "boss", "rights", "{\"admin\": true}"));
    kith_id boss = user(&p.c, "boss", role);
    company_stop(&p.c);
    p.group[AS_AT] = value_str(STR("boss"));
    people_start(&p);
    lead_of(&p, p.ben, "B");
    EXPECT_STR("7", said(&p));
    EXPECT_INT(1, find(&p.c, "task", &task));
    char id[ID_TEXT + 1];
    id_format(boss, id);
    EXPECT_HAS(id, field(&p.c, "task", task, "owner"));
    company_end(&p.c);
}

TEST("rights that change hold for the next call") {
    struct people p;
    people_with(&p, "a.lua",
                "on('lead.created', function(lead) task {title = tostring(lead.score)} end)\n");
    people_start(&p);
    lead_of(&p, p.anna, "A");
    EXPECT_STR("nil", said(&p));
    kith_id role;
    EXPECT_INT(1, find(&p.c, "role", &role));
    EXPECT_OK(try_update(&p.c, "role", role,
                         SET("rights", "{\"types\": {\"lead\": {\"read\": \"own\"}, \"task\":"
                                       " {\"create\": \"own\"}}}")),
              p.c.e);
    lead_of(&p, p.anna, "B");
    EXPECT_STR("nil, 7", said(&p));
    company_end(&p.c);
}

TEST("a user leaves the rights of the file as they are, and a group that only names it takes all") {
    struct people p;
    people_with(&p, "a.lua", "on('lead.created', function(lead) task {title = 'x'} end)\n");
    people_start(&p);
    EXPECT_STR("*", file_info(&p.c)->may);
    company_stop(&p.c);
    p.group[AS_AT] = value_null();
    company_start_with(&p.c, &p.o);
    EXPECT_STR("", file_info(&p.c)->may);
    company_end(&p.c);
}

TEST("rights that are taken away hold for a search that went well before") {
    struct people p;
    kith_id role;
    people_with(&p, "a.lua",
                "on('lead.created', function(lead)\n"
                "  local ok, n = pcall(count, 'lead where score = 7')\n"
                "  task {title = tostring(ok)}\n"
                "end)\n");
    people_start(&p);
    EXPECT_INT(1, find(&p.c, "role", &role));
    EXPECT_OK(try_update(&p.c, "role", role,
                         SET("rights", "{\"types\": {\"lead\": {\"read\": \"own\"}, \"task\":"
                                       " {\"create\": \"own\"}}}")),
              p.c.e);
    lead_of(&p, p.anna, "A");
    EXPECT_STR("true", said(&p));
    EXPECT_OK(try_update(&p.c, "role", role, SET("rights", SELLER)), p.c.e);
    lead_of(&p, p.anna, "B");
    EXPECT_STR("true, false", said(&p));
    company_end(&p.c);
}

TEST("what is deleted is seen by a hook as it was, and only what was there for its user") {
    struct people p;
    people_with(&p, "a.lua",
                "after('lead.delete', function(lead) task {title = 'gone ' .. lead.name} end)\n");
    people_start(&p);
    kith_id own = lead_of(&p, p.anna, "A"), other = lead_of(&p, p.ben, "B");
    EXPECT_OK(try_delete(&p.c, "lead", other), p.c.e);
    EXPECT_OK(try_delete(&p.c, "lead", own), p.c.e);
    EXPECT_STR("gone A", said(&p));
    company_end(&p.c);
}

struct several {
    struct company *c;
    kith_id role, owner;
};

/* In one transaction: a lead, on which the rule acts; then what only the company may; then the
 * seller's rights, and another lead. */
static kith_status write_several(struct txn *t, void *arg, kith_error *e) {
    struct several *s = arg;
    char own[ID_TEXT + 1];
    id_format(s->owner, own);
    struct write_request steps[] = {
        {.c = s->c, .type = "lead", .set = SET("name", "A", "owner", own, "score", "7")},
        {.c = s->c, .type = "lead", .set = SET("name", "X", "score", "7")},
        {.c = s->c,
         .type = "role",
         .id = s->role,
         .set = SET("rights", "{\"types\": {\"lead\": {\"read\": \"all\"}, \"task\": {\"create\":"
                              " \"own\"}}}")},
        {.c = s->c, .type = "lead", .set = SET("name", "B", "owner", own, "score", "8")}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        TRY(write_it(t, &steps[i], e));
    return KITH_OK;
}

TEST("behind a hook that acts as a user the transaction is whose it was, and rights are as "
     "written") {
    struct people p;
    kith_id tx, lead;
    people_with(
        &p, "a.lua",
        "after('lead.create', function(lead)\n"
        "  task {title = lead.name .. ' ' .. count('lead') .. ' ' .. tostring(lead.score)}\n"
        "end)\n");
    people_start(&p);
    struct several s = {.c = &p.c, .owner = p.anna};
    EXPECT_INT(1, find(&p.c, "role", &s.role));
    EXPECT_OK(engine_write(p.c.g, &by_anna, write_several, &s, &tx, &p.c.e), p.c.e);
    EXPECT_STR("A 1 nil, B 3 8", said(&p));
    struct conn *conn;
    struct why_step *steps;
    size_t n;
    const struct schema *schema = engine_schema(p.c.g);
    EXPECT_INT(1, find(&p.c, "lead where name = 'X'", &lead));
    EXPECT_STR("", field(&p.c, "lead", lead, "owner"));
    EXPECT_OK(engine_reader(p.c.g, &conn, &p.c.e), p.c.e);
    EXPECT_OK(journal_why(conn, schema, lead,
                          type_field(schema, schema_type(schema, STR("lead")), STR("name")),
                          &p.c.arena, &steps, &n, &p.c.e),
              p.c.e);
    EXPECT_STR("anna", steps[0].actor.name); /* who wrote, not as whom the hook acted */
    engine_reader_done(p.c.g, conn);
    company_end(&p.c);
}

TEST("a run in an earlier version of its file waits for its user, too") {
    struct people p;
    people_with(&p, "workflows/w.lua",
                "workflow('w', {on = 'lead.created'}, function(lead)\n"
                "  sleep(hours(1)) task {title = lead.name}\n"
                "end)\n");
    people_start(&p);
    lead_of(&p, p.anna, "A");
    drain(&p.c);
    company_file(&p.c, "workflows/w.lua",
                 "workflow('w', {on = 'lead.created'}, function(lead) end)\n");
    reload(&p.c);
    EXPECT_OK(try_update(&p.c, "user", p.anna, SET("login", "ann")), p.c.e);
    advance(&p.c, HOUR);
    for (int i = 0; i < 10; i++)
        advance(&p.c, HOUR);
    EXPECT_STR("retrying", run_field(&p.c, "state"));
    EXPECT_STR("0", run_field(&p.c, "attempts"));
    EXPECT_OK(try_update(&p.c, "user", p.anna, SET("login", "anna")), p.c.e);
    EXPECT_OK(scripts_resume(p.c.s, "workflows/w.lua", &p.c.e), p.c.e);
    advance(&p.c, HOUR);
    EXPECT_STR("A", said(&p));
    company_end(&p.c);
}

TEST("a condition on an event goes by no field that is closed to the user") {
    struct people p;
    struct dead_letter *letters;
    size_t n;
    people_with(&p, "a.lua",
                "on('lead.scored', {name = 'open', where = 'event.points > 1'}, function()\n"
                "  task {title = 'open'}\n"
                "end)\n"
                "on('lead.scored', {name = 'closed', where = 'event.points > 1 and score = 7'},\n"
                "  function() task {title = 'closed'} end)\n");
    company_file(&p.c, "b.lua",
                 "after('lead.create', function(l) publish('lead.scored', l, {points = 5}) end)\n");
    people_start(&p);
    lead_of(&p, p.anna, "A");
    EXPECT_STR("open", said(&p));
    EXPECT_OK(engine_letters(p.c.g, false, &p.c.arena, &letters, &n, &p.c.e), p.c.e);
    EXPECT_INT(1, n);
    EXPECT_HAS("where: you may not read lead.score", letters[0].error);
    company_end(&p.c);
}
