/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of workflows as a whole: cancelled, tried again, undone, erased, moved to other code, woken
 * in great numbers; and people who answer. */
#include "script_flow_fixture.h"

#include "engine/flow.h"
#include "engine/retention.h"

/* -- taking back ------------------------------------------------------------------------------- */

TEST("a run that failed goes on when it is told to, one that is cancelled does not") {
    struct company c;
    kith_id run;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  if not lead.email then error('no address') end\n"
                     "  task {title = lead.email}\n"
                     "  sleep(days(1))\n"
                     "  task {title = 'never'}\n"
                     "end)\n"
                     "on('workflow.ended', {name = 'n'}, function(lead, e)\n"
                     "  task {title = lead.name .. ' ' .. e.data.state}\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    for (int i = 0; i < 5; i++)
        advance(&c, HOUR);
    EXPECT_STR("failed", run_field(&c, "state"));
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    EXPECT_OK(act(&c, "workflow.retry", run), c.e); /* which has five tries again */
    drain(&c);
    EXPECT_STR("retrying", run_field(&c, "state"));
    EXPECT_STR("1", run_field(&c, "attempts"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("email", "a@x.org")), c.e);
    EXPECT_OK(act(&c, "workflow.retry", run), c.e);
    drain(&c);
    EXPECT_STR("A failed, a@x.org", tasks(&c));
    EXPECT_STR("waiting", run_field(&c, "state"));
    EXPECT_INT(KITH_E_CONFLICT, act(&c, "workflow.retry", run));
    EXPECT_STR("the run of 'w' is waiting: it cannot be tried again", c.e.message);
    EXPECT_OK(act(&c, "workflow.cancel", run), c.e);
    advance(&c, 2 * DAY);
    EXPECT_STR("A failed, a@x.org, A cancelled", tasks(&c));
    EXPECT_STR("cancelled", run_field(&c, "state"));
    EXPECT_STR("", run_field(&c, "due"));
    EXPECT_INT(KITH_E_CONFLICT, act(&c, "workflow.cancel", run));
    company_end(&c);
}

static kith_status begin(struct company *c, const char *name, const char *type, kith_id id,
                         const char *data) {
    const struct action *a = engine_action(c->g, STR("workflow.start"));
    kith_value args[3] = {value_str(str_of(name))}, results[1];
    if (type)
        args[1] = value_link(id, schema_type(engine_schema(c->g), str_of(type))->id);
    if (data)
        args[2] = value_str(str_of(data));
    kith_status st = engine_call(c->g, NULL, &by_anna, a, args, &c->arena, results, NULL, &c->e);
    drain(c);
    return st;
}

TEST("a workflow that is begun by hand gets its record and data, or it is said why not") {
    struct company c;
    flow_company(&c, "workflow('w', {record = 'lead', again = 'once'}, function(lead, event)\n"
                     "  return lead.name .. ' ' .. event.data.to .. ' ' .. event.topic\n"
                     "end)\n"
                     "workflow('alone', function(record, event)\n"
                     "  return tostring(record) .. ' ' .. tostring(next(event.data)) .. ' '\n"
                     "    .. tostring(event.at) .. ' ' .. tostring(sleep(hours(1)))\n"
                     "end)\n");
    kith_id lead = create(&c, "lead", SET("name", "A"));
    kith_id task = create(&c, "task", SET("title", "x"));
    EXPECT_INT(KITH_E_INVAL, begin(&c, "w", NULL, 0, NULL));
    EXPECT_STR("record: 'w' runs for a lead: say which", c.e.message);
    EXPECT_INT(KITH_E_INVAL, begin(&c, "w", "task", task, NULL));
    EXPECT_STR("record: 'w' runs for a lead, not for a task", c.e.message);
    EXPECT_INT(KITH_E_NOTFOUND, begin(&c, "alnoe", NULL, 0, NULL));
    EXPECT_STR("there is no workflow 'alnoe'; did you mean 'alone'?", c.e.message);
    EXPECT_OK(begin(&c, "w", "lead", lead, "{\"to\": \"ben\"}"), c.e);
    EXPECT_STR("A ben workflow.started", run_field(&c, "result"));
    EXPECT_INT(KITH_E_CONFLICT, begin(&c, "w", "lead", lead, NULL));
    EXPECT_STR("'w' does not begin again for this record: again = \"once\" in workflows/f.lua:1",
               c.e.message);
    EXPECT_OK(begin(&c, "alone", NULL, 0, NULL), c.e);
    advance(&c, HOUR);
    EXPECT_INT(
        1, find(&c, "workflow_run where result = 'nil nil 2024-03-01T10:00:00.000Z nil'", NULL));
    EXPECT_OK(begin(&c, "alone", NULL, 0, NULL), c.e); /* without a record, as often as one likes */
    EXPECT_OK(begin(&c, "alone", NULL, 0, NULL), c.e);
    EXPECT_INT(2, find(&c, "workflow_run where state = 'waiting'", NULL));
    company_end(&c);
}

TEST("what a run that failed waits for in another branch is kept for when it goes on") {
    struct company c;
    kith_id run;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local a, b = parallel(function()\n"
                     "    sleep(days(1))\n"
                     "    return lead.email or error('no address')\n"
                     "  end, function()\n"
                     "    return wait_for('lead.working', {record = lead}).topic\n"
                     "  end)\n"
                     "  return a .. ' ' .. b\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    for (int i = 0; i < 5; i++)
        advance(&c, DAY);
    EXPECT_STR("failed", run_field(&c, "state"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("state", "working")), c.e);
    drain(&c);
    EXPECT_STR("failed", run_field(&c, "state"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("email", "a@x.org")), c.e);
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    EXPECT_OK(act(&c, "workflow.retry", run), c.e);
    drain(&c);
    EXPECT_STR("a@x.org lead.working", run_field(&c, "result"));
    company_end(&c);
}

#define THREE_STEPS                                                                                \
    "workflow('w', {on = 'lead.working'}, function(lead)\n"                                        \
    "  task {title = 'one', about = lead}\n"                                                       \
    "  sleep(days(1))\n"                                                                           \
    "  update(lead, {score = 7})\n"                                                                \
    "  wait_for('lead.scored', {record = lead})\n"                                                 \
    "  task {title = 'two', about = lead}\n"                                                       \
    "  sleep(days(1))\n"                                                                           \
    "  task {title = 'three', about = lead}\n"                                                     \
    "end)\n"                                                                                       \
    "on('lead.updated', {name = 'p', where = 'rating is not null'}, function(lead)\n"              \
    "  publish('lead.scored', lead, {points = 1})\n"                                               \
    "end)\n"

/* A run with a step by an event and others by time; what began it. */
static kith_id three_steps(struct company *c, kith_id *lead) {
    struct write_request w = {.c = c, .type = "lead", .set = SET("state", "working")};
    kith_id tx;
    flow_company(c, THREE_STEPS);
    *lead = w.id = new_lead(c, "A");
    EXPECT_OK(engine_write(c->g, &by_anna, write_it, &w, &tx, &c->e), c->e);
    drain(c);
    advance(c, DAY);
    EXPECT_OK(try_update(c, "lead", *lead, SET("rating", "hot")), c->e);
    drain(c);
    EXPECT_STR("", run_field(c, "error"));
    EXPECT_STR("one, two", tasks(c));
    return tx;
}

TEST("the undo of a run takes back all its steps, and it does not go on") {
    struct company c;
    kith_id lead, run;
    three_steps(&c, &lead);
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    undo(&c, run);
    EXPECT_STR("", tasks(&c));
    EXPECT_STR("", field(&c, "lead", lead, "score"));
    EXPECT_STR("working", field(&c, "lead", lead, "state"));
    EXPECT_STR("cancelled", run_field(&c, "state"));
    advance(&c, 2 * DAY);
    EXPECT_STR("", tasks(&c));
    company_end(&c);
}

TEST("the undo of what began a run takes the run back, its later steps as well") {
    struct company c;
    kith_id lead, tx = three_steps(&c, &lead);
    undo(&c, tx);
    EXPECT_STR("", tasks(&c));
    EXPECT_STR("", field(&c, "lead", lead, "score"));
    EXPECT_STR("new", field(&c, "lead", lead, "state"));
    EXPECT_STR("hot", field(&c, "lead", lead, "rating"));
    EXPECT_STR("cancelled", run_field(&c, "state"));
    advance(&c, 2 * DAY);
    EXPECT_STR("", tasks(&c));
    company_end(&c);
}

TEST("the undo of what began a run takes the runs that it began, and went on in, back as well") {
    struct company c;
    struct write_request w = {.c = &c, .type = "lead", .set = SET("state", "working")};
    kith_id tx;
    flow_company(&c, "workflow('outer', {on = 'lead.working'}, function(lead)\n"
                     "  start('inner', lead, {round = 0})\n"
                     "end)\n"
                     "workflow('inner', {record = 'lead', again = 'once'}, function(lead, event)\n"
                     "  task {title = lead.name .. event.data.round, about = lead}\n"
                     "  sleep(days(1))\n"
                     "  continue_as_new({round = event.data.round + 1})\n"
                     "end)\n");
    w.id = new_lead(&c, "A");
    EXPECT_OK(engine_write(c.g, &by_anna, write_it, &w, &tx, &c.e), c.e);
    drain(&c);
    for (int i = 0; i < 2; i++)
        advance(&c, DAY);
    EXPECT_STR("A0, A1, A2", tasks(&c));
    EXPECT_INT(
        3, find(&c, "workflow_run where workflow = 'inner' and parent.workflow = 'outer'", NULL));
    EXPECT_INT(2, find(&c, "workflow_run where result = 'it went on in a new run'", NULL));
    undo(&c, tx);
    EXPECT_STR("", tasks(&c));
    EXPECT_INT(4, find(&c, "workflow_run where state = 'cancelled'", NULL));
    advance(&c, 2 * DAY);
    EXPECT_STR("", tasks(&c));
    company_end(&c);
}

static kith_status no_finding(void *arg, const char *check, const char *sentence, kith_error *e) {
    (void)arg;
    (void)e;
    if (sentence)
        TEST_FAIL("%s: %s", check, sentence);
    return KITH_OK;
}

TEST("the journal of a company with workflows is sound, and names causes back to who began") {
    struct company c;
    kith_id lead, task;
    size_t findings, n;
    struct why_step *steps;
    struct conn *conn;
    three_steps(&c, &lead);
    advance(&c, DAY);
    EXPECT_STR("one, two, three", tasks(&c));
    EXPECT_OK(engine_doctor(c.g, no_finding, NULL, &findings, &c.e), c.e);
    EXPECT_INT(0, findings);
    EXPECT_INT(1, find(&c, "task where title = 'three'", &task));
    const struct schema *s = engine_schema(c.g);
    EXPECT_OK(engine_reader(c.g, &conn, &c.e), c.e);
    EXPECT_OK(journal_why(conn, s, task, type_field(s, schema_type(s, STR("task")), STR("title")),
                          &c.arena, &steps, &n, &c.e),
              c.e);
    engine_reader_done(c.g, conn);
    EXPECT_INT(2, n);
    EXPECT_STR("workflows/f.lua: w", steps[0].source.name);
    EXPECT_INT(ORIGIN_WORKFLOW, steps[0].tx.origin);
    EXPECT_INT(lead, steps[1].row.record);
    EXPECT_STR("anna", steps[1].actor.name);
    EXPECT_INT(1, find(&c, "task where title = 'two'", &task)); /* by the event that woke it */
    EXPECT_OK(engine_reader(c.g, &conn, &c.e), c.e);
    EXPECT_OK(journal_why(conn, s, task, type_field(s, schema_type(s, STR("task")), STR("title")),
                          &c.arena, &steps, &n, &c.e),
              c.e);
    engine_reader_done(c.g, conn);
    EXPECT_INT(3, n);
    EXPECT_STR("rules/p",
               arena_printf(&c.arena, "rules/%s", strrchr(steps[1].source.name, ' ') + 1));
    company_end(&c);
}

/* -- erasing ----------------------------------------------------------------------------------- */

static kith_status erase_it(struct company *c, kith_id contact) {
    const struct action *a = engine_action(c->g, STR("record.erase"));
    const struct schema *s = engine_schema(c->g);
    kith_value args[2] = {value_link(contact, schema_type(s, STR("contact"))->id),
                          value_str(STR("asked on 1 March"))};
    kith_value results[8];
    EXPECT(a && a->result_count <= 8);
    return engine_call(c->g, NULL, &by_anna, a, args, &c->arena, results, NULL, &c->e);
}

/* Is the text anywhere in the database or its log? */
static bool in_files(struct company *c, const char *text) {
    char command[256];
    snprintf(command, sizeof command, "grep -qa '%s' '%s'/db '%s'/db-wal", text, c->dir, c->dir);
    return system(command) == 0;
}

TEST("of somebody who is erased nothing stays in what runs have recorded, and these end") {
    struct company c;
    kith_id ada, bob, run;
    flow_company(&c, "workflow('about', {on = 'contact.created'}, function(contact)\n"
                     "  local n = contact.name\n"
                     "  wait_for('task.done', {title = n})\n"
                     "end)\n"
                     "workflow('of another', {on = 'lead.created'}, function(lead)\n"
                     "  local n = lead.contact.name\n"
                     "  sleep(days(1))\n"
                     "  return n\n"
                     "end)\n"
                     "workflow('over', {on = 'lead.created'}, function(lead)\n"
                     "  return lead.contact.name\n"
                     "end)\n");
    ada = create(&c, "contact", SET("name", "Ada Quendolyn"));
    bob = create(&c, "contact", SET("name", "Bob Smith"));
    char ada_id[ID_TEXT + 1], bob_id[ID_TEXT + 1];
    id_format(ada, ada_id);
    id_format(bob, bob_id);
    create(&c, "lead", SET("name", "L", "contact", ada_id));
    create(&c, "lead", SET("name", "M", "contact", bob_id));
    drain(&c);
    EXPECT_INT(4, find(&c, "workflow_run where state = 'waiting'", NULL));
    EXPECT(in_files(&c, "Quendolyn"));
    EXPECT_OK(erase_it(&c, ada), c.e);
    drain(&c);
    for (int i = 0; i < 100 && in_files(&c, "Quendolyn"); i++) {
        clock_advance(&c.clock, 60000);
        drain(&c);
    }
    EXPECT(!in_files(&c, "Quendolyn"));
    EXPECT(in_files(&c, "Smith"));
    EXPECT_INT(1, find(&c, "workflow_run where state = 'cancelled'", &run));
    EXPECT_STR("what it had recorded of somebody was erased",
               field(&c, "workflow_run", run, "error"));
    EXPECT_INT(2, find(&c, "workflow_run where state = 'waiting'", NULL));
    undo(&c, run); /* of what it does not know any more */
    EXPECT_STR("what it had recorded of somebody was erased",
               field(&c, "workflow_run", run, "error"));
    advance(&c, DAY);
    EXPECT_INT(2, find(&c, "workflow_run where result = 'Bob Smith'", NULL));
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'over' and result is null", &run));
    EXPECT_STR("done", field(&c, "workflow_run", run, "state"));
    company_end(&c);
}

/* -- people ------------------------------------------------------------------------------------ */

TEST("a workflow asks somebody by a task with a form, and goes on with the answers") {
    struct company c;
    kith_id task, other;
    flow_company(
        &c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
            "  local a = ask_user {title = 'Discount for ' .. lead.name .. '?', about = lead,\n"
            "    fields = {decision = {'yes', 'no'}, percent = 'number', why = 'text?'},\n"
            "    wait = days(3)}\n"
            "  if not a then return 'nobody' end\n"
            "  return a.decision .. ' ' .. a.percent .. ' ' .. tostring(a.why)\n"
            "end)\n");
    new_lead(&c, "A");
    EXPECT_INT(1, find(&c, "task where title = 'Discount for A?'", &task));
    EXPECT_INT(KITH_E_INVAL, try_update(&c, "task", task, SET("state", "done")));
    EXPECT_STR("answers: 'decision' is one of yes, no", c.e.message);
    EXPECT_INT(KITH_E_INVAL, try_update(&c, "task", task,
                                        SET("state", "done", "answers", "{\"decision\":\"yes\"}")));
    EXPECT_STR("answers: 'percent' is a number", c.e.message);
    EXPECT_INT(KITH_E_INVAL, try_update(&c, "task", task, SET("answers", "{\"oh\":1}")));
    EXPECT_STR("answers: nobody asked for 'oh'", c.e.message);
    EXPECT_OK(try_update(&c, "task", task,
                         SET("state", "done", "answers", "{\"decision\":\"yes\",\"percent\":5}")),
              c.e);
    drain(&c);
    EXPECT_STR("yes 5 nil", run_field(&c, "result"));
    new_lead(&c, "B");
    EXPECT_INT(1, find(&c, "task where title = 'Discount for B?'", &other));
    reopen(&c);
    EXPECT_OK(try_update(&c, "task", other, SET("state", "cancelled")), c.e);
    drain(&c);
    EXPECT_INT(1, find(&c, "workflow_run where result = 'nobody'", NULL));
    new_lead(&c, "C");
    advance(&c, 3 * DAY);
    EXPECT_INT(2, find(&c, "workflow_run where result = 'nobody'", NULL));
    EXPECT_INT(KITH_E_INVAL,
               try_create(&c, "task", SET("title", "x", "form", "{\"a\":\"nubmer\"}"), NULL));
    EXPECT_STR("form: 'a' asks for a text, number, boolean or date, each with ? where it need not "
               "be answered, or for one of a list of texts; did you mean 'number'?",
               c.e.message);
    company_end(&c);
}

TEST("who is asked may leave all open, and a task that is deleted is no answer") {
    struct company c;
    kith_id task, run;
    flow_company(&c,
                 "local question = {title = 'Sure?', fields = {why = 'text?'}, wait = days(9)}\n"
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  local a, b = ask_user(question), ask_user(question)\n"
                 "  return type(a) .. tostring(a and next(a)) .. ' ' .. tostring(b)\n"
                 "end)\n"
                 "before('task.update', {where = \"state = 'done'\"}, function(t, change)\n"
                 "  if change.before.priority == 'high' then t.answers = {oh = 1} end\n"
                 "end)\n");
    new_lead(&c, "A");
    EXPECT_INT(1, find(&c, "task", &task));
    EXPECT_OK(try_update(&c, "task", task, SET("priority", "high")), c.e);
    EXPECT_INT(KITH_E_INVAL, try_update(&c, "task", task, SET("state", "done")));
    EXPECT_STR("answers: nobody asked for 'oh'", c.e.message); /* also when a rule says it */
    EXPECT_OK(try_update(&c, "task", task, SET("priority", "low")), c.e);
    EXPECT_OK(try_update(&c, "task", task, SET("state", "done")), c.e);
    drain(&c);
    EXPECT_INT(1, find(&c, "task where state = 'open'", &task));
    EXPECT_STR("2024-03-10T10:00:00.000Z", run_field(&c, "due"));
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    EXPECT_OK(try_delete(&c, "task", task), c.e);
    drain(&c);
    EXPECT_STR("tablenil nil", field(&c, "workflow_run", run, "result"));
    company_end(&c);
}

TEST("a run goes on by other code when that goes the same way, and else stays with its own") {
    struct company c;
    kith_id run;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  task {title = 'one'}\n"
                     "  sleep(days(1))\n"
                     "  task {title = 'old'}\n"
                     "end)\n");
    new_lead(&c, "A");
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    company_file(&c, FLOW,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  task {title = 'another'}\n"
                 "  sleep(days(1))\n"
                 "end)\n");
    reload(&c);
    EXPECT_INT(KITH_E_INVAL, act(&c, "workflow.migrate", run));
    EXPECT_STR("the run stays with its code, since it would not go the same way: workflows/f.lua:2:"
               " the run went another way before: task in workflows/f.lua:2 is called with other"
               " arguments than in workflows/f.lua:2 then",
               c.e.message);
    company_file(&c, FLOW,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "\n"
                 "  log({title = 'one'})\n"
                 "  sleep(days(1))\n"
                 "end)\n");
    reload(&c);
    EXPECT_INT(KITH_E_INVAL, act(&c, "workflow.migrate", run));
    EXPECT_STR("the run stays with its code, since it would not go the same way: workflows/f.lua:3:"
               " the run went another way before: it called task in workflows/f.lua:2 then, and"
               " calls log in workflows/f.lua:3 now",
               c.e.message);
    company_file(&c, FLOW,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "\n"
                 "  task {title = 'two'}\n"
                 "end)\n");
    reload(&c);
    EXPECT_INT(KITH_E_INVAL, act(&c, "workflow.migrate", run));
    EXPECT_HAS("task in workflows/f.lua:3 is called with other arguments than in workflows/f.lua:2"
               " then",
               c.e.message);
    company_file(&c, FLOW,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  -- as it was\n"
                 "  task {title = 'one'}\n"
                 "  sleep(days(1))\n"
                 "  task {title = 'new'}\n"
                 "end)\n");
    reload(&c);
    const char *before = run_field(&c, "version");
    EXPECT_OK(act(&c, "workflow.migrate", run), c.e);
    EXPECT(strcmp(before, run_field(&c, "version")) != 0);
    company_file(&c, FLOW, "workflow('w', {on = 'lead.created'}, function(lead) end)\n");
    reopen(&c);
    advance(&c, DAY);
    EXPECT_STR("one, new", tasks(&c));
    EXPECT_INT(KITH_E_CONFLICT, act(&c, "workflow.migrate", run));
    EXPECT_STR("the run of 'w' is done: it goes on by no code", c.e.message);
    company_end(&c);
}

TEST("a run that failed moves to the mended code in another file, which does each step once") {
    struct company c;
    kith_id run;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  sleep(days(1))\n"
                     "  error('no')\n"
                     "end)\n");
    new_lead(&c, "A");
    for (int i = 0; i < 5; i++)
        advance(&c, DAY);
    EXPECT_STR("failed", run_field(&c, "state"));
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    company_file(&c, FLOW, "");
    company_file(&c, "workflows/g.lua",
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  sleep(days(1))\n"
                 "  task {title = 'new'}\n"
                 "end)\n");
    reload(&c);
    EXPECT_OK(act(&c, "workflow.migrate", run), c.e);
    EXPECT_STR("", tasks(&c));
    EXPECT_STR("workflows/g.lua", run_field(&c, "file"));
    EXPECT_OK(act(&c, "workflow.retry", run), c.e);
    drain(&c);
    EXPECT_STR("new", tasks(&c));
    EXPECT_STR("done", run_field(&c, "state"));
    company_end(&c);
}

/* -- many, and merged -------------------------------------------------------------------------- */

TEST("one event wakes very many runs, each once, while others write") {
    struct company c;
    enum { MANY = 3000 };
    flow_company(&c,
                 "workflow('w', {on = 'lead.created', where = \"name != 'go'\"}, function(lead)\n"
                 "  wait_for('lead.scored', {points = 5})\n"
                 "  update(lead, {score = (lead.score or 0) + 1})\n"
                 "end)\n"
                 "on('lead.created', {name = 'p', where = \"name = 'go'\"}, function(lead)\n"
                 "  publish('lead.scored', lead, {points = 5})\n"
                 "end)\n");
    for (int i = 0; i < MANY; i++)
        create(&c, "lead", SET("name", "A"));
    drain(&c);
    EXPECT_INT(MANY, find(&c, "workflow_run where state = 'waiting'", NULL));
    new_lead(&c, "go");
    EXPECT_INT(MANY, find(&c, "workflow_run where state = 'done'", NULL));
    EXPECT_INT(MANY, find(&c, "lead where score = 1", NULL));
    struct engine_stats s;
    engine_stats(c.g, &s);
    EXPECT_INT(0, s.letters_waiting + s.letters_dead);
    company_end(&c);
}

static void merge_contacts(struct company *c, kith_id kept, kith_id gone) {
    const struct action *a = engine_action(c->g, STR("record.merge"));
    char keep[ID_TEXT + 1], other[ID_TEXT + 1];
    kith_value results[8], args[8] = {{0}};
    EXPECT(a && a->param_count <= 8 && a->result_count <= 8);
    id_format(kept, keep);
    id_format(gone, other);
    args[0] = value_str(STR("contact"));
    args[1] = value_str(str_of(keep));
    args[2] = value_str(str_of(other));
    EXPECT_OK(engine_call(c->g, NULL, &by_anna, a, args, &c->arena, results, NULL, &c->e), c->e);
    drain(c);
}

TEST("who waits for a record hears of the one into which it was merged") {
    struct company c;
    flow_company(
        &c, "workflow('w', {on = 'contact.created', where = \"name = 'Bob Smith'\"},\n"
            "function(contact)\n"
            "  local e = wait_for('contact.updated', {record = contact, city = 'Bonn'}, days(9))\n"
            "  task {title = e and 'moved' or 'no'}\n"
            "  e = wait_for('task.created', {about = contact, title = 'x'}, days(9))\n"
            "  task {title = e and 'told' or 'no'}\n"
            "end)\n");
    kith_id ada = create(&c, "contact", SET("name", "Bob Smyth"));
    kith_id bob = create(&c, "contact", SET("name", "Bob Smith"));
    char id[ID_TEXT + 1];
    drain(&c);
    merge_contacts(&c, ada, bob);
    EXPECT_INT(1, find(&c, "workflow_run where state = 'waiting'", NULL));
    EXPECT_OK(try_update(&c, "contact", ada, SET("city", "Bonn")), c.e);
    drain(&c);
    EXPECT_STR("moved", tasks(&c));
    id_format(ada, id);
    create(&c, "task", SET("title", "x", "about", arena_printf(&c.arena, "contact/%s", id)));
    drain(&c);
    EXPECT_STR("moved, x, told", tasks(&c));
    company_end(&c);
}

/* -- damage ------------------------------------------------------------------------------------ */

static kith_status damage(struct txn *t, void *sql, kith_error *e) {
    return conn_exec(txn_conn(t), sql, e);
}

struct told {
    char text[1000];
};

static kith_status note_finding(void *arg, const char *check, const char *sentence, kith_error *e) {
    struct told *told = arg;
    size_t n = strlen(told->text);
    (void)e;
    if (sentence && strcmp(check, "workflows") == 0)
        snprintf(told->text + n, sizeof told->text - n, "%s\n", sentence);
    return KITH_OK;
}

static void expect_finding(struct company *c, char *sql, const char *wanted) {
    struct told told = {""};
    size_t findings;
    kith_id run;
    char id[ID_TEXT + 1];
    find(c, "workflow_run", &run);
    id_format(run, id);
    EXPECT_OK(engine_write(c->g, &by_anna, damage, sql, NULL, &c->e), c->e);
    EXPECT_OK(engine_doctor(c->g, note_finding, &told, &findings, &c->e), c->e);
    EXPECT_STR(arena_printf(&c->arena, "workflow_run %s %s\n", id, wanted), told.text);
}

TEST("the doctor finds runs that have lost what they go on with") {
    static char texts[][60] = {"UPDATE kith_flow_source SET version = 'x' || version",
                               "DELETE FROM kith_timer WHERE subject IS NOT NULL",
                               "DELETE FROM kith_flow_log"};
    static const char *const wanted[] = {"has no source to go on with",
                                         "is under way, and nothing will wake it",
                                         "has no log to go on with"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct company c;
        flow_company(&c, "workflow('w', {on = 'lead.created'}, function() sleep(days(1)) end)\n");
        new_lead(&c, "A");
        expect_finding(&c, texts[i], wanted[i]);
        company_end(&c);
    }
}

static int64_t runs_of(struct company *c, const char *workflow) {
    char query[100];
    snprintf(query, sizeof query, "workflow_run where workflow = '%s'", workflow);
    return find(c, query, NULL);
}

TEST("runs that were over long ago go, but for those by which a workflow knows that it ran") {
    static const char *const text =
        "workflow('plain', {on = 'lead.created'}, function() return 'x' end)\n"
        "workflow('once', {on = 'lead.created', again = 'once'}, function() end)\n"
        "workflow('long', {on = 'lead.created', again = days(200)}, function() end)\n"
        "workflow('short', {on = 'lead.created', again = days(2)}, function() end)\n"
        "workflow('round', {on = 'lead.created', again = 'once'}, function(lead, event)\n"
        "  if event.data and event.data.second then return end\n"
        "  continue_as_new({second = true})\n"
        "end)\n"
        "workflow('waits', {on = 'lead.created'}, function() sleep(days(100)) end)\n";
    struct script_options o = {.limits = {.time_ms = 20000}, .runs_keep_ms = 90 * DAY};
    struct retention_report x;
    struct company c;
    company_make(&c);
    company_file(&c, FLOW, text);
    company_engine(&c);
    EXPECT_OK(scripts_open(&c.s, c.g, c.dir, &o, &c.e), c.e);
    EXPECT_OK(flow_retention(c.g, o.runs_keep_ms, &c.e), c.e);
    EXPECT_OK(engine_start(c.g, &c.e), c.e);
    const struct retention_rule *rule = engine_retention_rule(c.g, 0);
    EXPECT_STR("workflow_run where over < now() - 90d and remembered = false", rule->find);
    new_lead(&c, "A");
    EXPECT_INT(7, find(&c, "workflow_run", NULL));
    advance(&c, 89 * DAY);
    EXPECT_OK(engine_retention_rehearse(c.g, &anna, rule, &c.arena, &x, &c.e), c.e);
    EXPECT_INT(0, x.found);
    advance(&c, 2 * DAY);
    EXPECT_OK(engine_retention_rehearse(c.g, &anna, rule, &c.arena, &x, &c.e), c.e);
    EXPECT_INT(3, x.found);
    EXPECT_OK(engine_retention_apply(c.g, &anna, rule, &c.arena, &x, &c.e), c.e);
    EXPECT_INT(0, runs_of(&c, "plain"));
    EXPECT_INT(0, runs_of(&c, "short"));
    EXPECT_INT(1, runs_of(&c, "once"));
    EXPECT_INT(1, runs_of(&c, "long"));
    EXPECT_INT(1, runs_of(&c, "round"));
    EXPECT_INT(1, runs_of(&c, "waits"));
    company_end(&c);
}

TEST("a run whose code is lost fails with the reason, and can be cancelled") {
    static char lost[] = "DELETE FROM kith_flow_source",
                other[] = "UPDATE kith_flow_source SET body = CAST('oh' AS BLOB)";
    static const struct {
        char *sql;
        const char *wanted;
    } rows[] = {{lost, "the version"}, {other, "does not run here: "}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct company c;
        kith_id run;
        flow_company(&c, "workflow('w', {on = 'lead.created'}, function() sleep(days(1)) end)\n");
        new_lead(&c, "A");
        EXPECT_OK(engine_write(c.g, &by_anna, damage, rows[i].sql, NULL, &c.e), c.e);
        company_file(&c, FLOW, "");
        reopen(&c);
        advance(&c, DAY);
        EXPECT_STR("retrying", run_field(&c, "state"));
        EXPECT_HAS(rows[i].wanted, run_field(&c, "error"));
        EXPECT_INT(1, find(&c, "workflow_run", &run));
        EXPECT_OK(act(&c, "workflow.cancel", run), c.e);
        EXPECT_STR("cancelled", run_field(&c, "state"));
        company_end(&c);
    }
}
