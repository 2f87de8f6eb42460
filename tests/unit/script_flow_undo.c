/* SPDX-License-Identifier: Apache-2.0 */
/* What workflows gave to on_undo(), when their runs are undone. */
#include "script_flow_fixture.h"

TEST("when a run is undone, what it gave to on_undo runs, the last first, with its values") {
    struct company c;
    kith_id run;
    flow_company(&c,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  local n = lead.name\n"
                 "  task {title = 'one ' .. n}\n"
                 "  on_undo(function() create('note', {about = lead, body = 'back 1 ' .. n}) end)\n"
                 "  sleep(days(1))\n"
                 "  local r = math.random(1000)\n"
                 "  task {title = 'two ' .. r}\n"
                 "  on_undo(function() create('note', {about = lead, body = 'back 2 ' .. r}) end)\n"
                 "  sleep(days(1))\n"
                 "  on_undo(function() create('note', {about = lead, body = 'never'}) end)\n"
                 "  if lead.score then return 'done' end\n"
                 "end)\n");
    kith_id lead = new_lead(&c, "A");
    advance(&c, DAY);
    kith_id two;
    EXPECT_INT(1, find(&c, "task where title like 'two %'", &two));
    const char *title = field(&c, "task", two, "title");
    EXPECT_OK(try_update(&c, "lead", lead, SET("name", "B")), c.e);
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    undo(&c, run);
    EXPECT_STR("", tasks(&c));
    kith_id first;
    EXPECT_INT(2, find(&c, "note order by id", &first));
    EXPECT_STR(arena_printf(&c.arena, "back 2 %s", title + 4), field(&c, "note", first, "body"));
    EXPECT_INT(1, find(&c, "note where body = 'back 1 A'", NULL));
    EXPECT_STR("cancelled", run_field(&c, "state"));
    advance(&c, 3 * DAY);
    EXPECT_INT(2, find(&c, "note", NULL));
    company_end(&c);
}

TEST("a run that is done is undone with its on_undo, too, and a failing one says so") {
    struct company c;
    kith_id run;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  on_undo(function()\n"
                     "    if not lead.email then error('whom to tell?') end\n"
                     "    task {title = 'tell ' .. lead.email .. ' ' .. tostring(now())}\n"
                     "  end)\n"
                     "  task {title = 'x'}\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    EXPECT_INT(1, find(&c, "workflow_run where state = 'done'", &run));
    undo(&c, run);
    EXPECT_STR("cancelled", run_field(&c, "state"));
    EXPECT_STR("on_undo: workflows/f.lua:3: whom to tell?", run_field(&c, "error"));
    EXPECT_STR("1", run_field(&c, "attempts"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("email", "a@x.org")), c.e);
    advance(&c, HOUR);
    EXPECT_STR("tell a@x.org 2024-03-01T11:00:00.000Z", tasks(&c));
    EXPECT_STR("", run_field(&c, "error"));
    EXPECT_STR("0", run_field(&c, "attempts"));
    struct run_step *steps;
    size_t n;
    EXPECT_OK(scripts_run_steps(c.s, run, &c.arena, &steps, &n, &c.e), c.e);
    EXPECT_STR("task", steps[n - 1].name);
    EXPECT_INT(4, steps[n - 1].line);
    company_end(&c);
}

TEST("what is to be done at an undo knows the time, does not wait, and is given up after five "
     "tries") {
    struct company c;
    kith_id run;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  on_undo(function()\n"
                     "    if lead.email then task {title = tostring(now())} end\n"
                     "    sleep(days(1))\n"
                     "  end)\n"
                     "  sleep(days(1))\n"
                     "  task {title = 'never'}\n"
                     "  error('no')\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "A");
    advance(&c, DAY);
    EXPECT_STR("retrying", run_field(&c, "state"));
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    undo(&c, run);
    EXPECT_STR("on_undo: workflows/f.lua:4: sleep: what on_undo() was given does not wait",
               run_field(&c, "error"));
    for (int i = 0; i < 6; i++)
        advance(&c, HOUR);
    EXPECT_STR("5", run_field(&c, "attempts"));
    EXPECT_STR("cancelled", run_field(&c, "state"));
    EXPECT_OK(try_update(&c, "lead", lead, SET("email", "a@x.org")), c.e);
    advance(&c, DAY);
    EXPECT_STR("", tasks(&c));
    company_end(&c);
}

TEST("a run that was cancelled is undone with its on_undo, once, whatever is undone behind it") {
    struct company c;
    struct write_request w = {.c = &c, .type = "lead", .set = SET("state", "working")};
    kith_id tx, run;
    struct run_step *steps;
    size_t before, after;
    flow_company(&c, "workflow('w', {on = 'lead.working'}, function(lead)\n"
                     "  on_undo(function() create('note', {about = lead, body = 'back'}) end)\n"
                     "  task {title = 'x', about = lead}\n"
                     "  sleep(days(1))\n"
                     "end)\n");
    w.id = new_lead(&c, "A");
    EXPECT_OK(engine_write(c.g, &by_anna, write_it, &w, &tx, &c.e), c.e);
    drain(&c);
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    EXPECT_OK(act(&c, "workflow.cancel", run), c.e);
    EXPECT_STR("x", tasks(&c));
    undo(&c, run);
    EXPECT_STR("", tasks(&c));
    EXPECT_INT(1, find(&c, "note", NULL));
    EXPECT_STR("it was undone", run_field(&c, "result"));
    EXPECT_OK(scripts_run_steps(c.s, run, &c.arena, &steps, &before, &c.e), c.e);
    undo(&c, tx);
    EXPECT_STR("new", field(&c, "lead", w.id, "state"));
    EXPECT_OK(scripts_run_steps(c.s, run, &c.arena, &steps, &after, &c.e), c.e);
    EXPECT_INT(before, after);
    EXPECT_STR("", run_field(&c, "error"));
    company_end(&c);
}

TEST("the undo of what made a record takes it away, whatever runs are about it") {
    struct company c;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local name = lead.name\n"
                     "  on_undo(function() task {title = 'sorry, ' .. name} end)\n"
                     "  task {title = 'hello', about = lead}\n"
                     "  if name ~= 'A' then sleep(days(1)) end\n"
                     "end)\n");
    for (int i = 0; i < 2; i++) {
        kith_id lead, tx;
        struct write_request w = {.c = &c, .type = "lead", .set = SET("name", i ? "B" : "A")};
        EXPECT_OK(engine_write(c.g, &by_anna, write_it, &w, &tx, &c.e), c.e);
        drain(&c);
        EXPECT_INT(1, find(&c, "lead", &lead));
        struct undo_report r = undo(&c, tx);
        EXPECT_INT(0, r.refused);
        EXPECT_INT(0, find(&c, "lead", NULL));
        EXPECT_STR(i ? "sorry, A, sorry, B" : "sorry, A", tasks(&c));
    }
    EXPECT_INT(2, find(&c, "workflow_run where about is null and result = 'it was undone'", NULL));
    EXPECT_INT(0, find(&c, "workflow_run where state = 'waiting'", NULL));
    advance(&c, 2 * DAY);
    EXPECT_STR("sorry, A, sorry, B", tasks(&c));
    company_end(&c);
}

static kith_status keep_tx(void *arg, const struct journal_row *row, kith_error *e) {
    (void)e;
    *(kith_id *)arg = row->tx;
    return KITH_OK;
}

/* The transaction that made the record. */
static kith_id made_by(struct company *c, kith_id record) {
    struct conn *conn;
    kith_id tx = 0;
    EXPECT_OK(engine_reader(c->g, &conn, &c->e), c->e);
    EXPECT_OK(journal_before(conn, record, UINT64_MAX, keep_tx, &tx, &c->e), c->e);
    engine_reader_done(c->g, conn);
    return tx;
}

/* The functions make good for ever what was undone once, whatever is undone again behind them. */
TEST("what on_undo did stays when the same is undone again, and goes with an undo of its own") {
    struct company c;
    struct write_request w = {.c = &c, .type = "lead", .set = SET("state", "working")};
    kith_id tx, run, made;
    struct undo_report r;
    flow_company(&c, "workflow('w', {on = 'lead.working'}, function(lead)\n"
                     "  on_undo(function() task {title = 'sorry', about = lead} end)\n"
                     "  task {title = 'hello', about = lead}\n"
                     "  sleep(days(1))\n"
                     "end)\n"
                     "on('task.created', {name = 'r', where = \"title = 'sorry'\"}, function(t)\n"
                     "  create('note', {about = t, body = 'followed'})\n"
                     "end)\n");
    w.id = new_lead(&c, "A");
    EXPECT_OK(engine_write(c.g, &by_anna, write_it, &w, &tx, &c.e), c.e);
    drain(&c);
    EXPECT_INT(1, find(&c, "workflow_run", &run));
    const kith_id again[] = {tx, tx, run};
    for (size_t i = 0; i < 3; i++) {
        r = undo(&c, again[i]);
        EXPECT_STR("sorry", tasks(&c));
        EXPECT_INT(1, find(&c, "note where body = 'followed'", NULL));
        EXPECT_INT(i == 0 ? 2 : 0, r.reversed);
        EXPECT_INT(i == 1 ? 2 : 0, r.earlier);
    }
    EXPECT_INT(1, find(&c, "task", &made));
    r = undo(&c, made_by(&c, made));
    EXPECT_INT(2, r.reversed); /* and what followed from it */
    EXPECT_STR("", tasks(&c));
    EXPECT_STR("new", field(&c, "lead", w.id, "state"));
    company_end(&c);
}

#define KEEP_IT                                                                                    \
    ": the undo took it away; keep what on_undo() needs of it before, outside of its function, as" \
    " in local name = lead.name, and link to nothing that is gone"

TEST("who needs what the undo took away is told where, and what to write") {
    static const char *const wrong[][2] = {
        {"task {title = 'sorry, ' .. lead.name}",
         "on_undo: workflows/f.lua:3: there is no lead %s"},
        {"task {title = 'sorry', about = lead}",
         "on_undo: workflows/f.lua:3: about: there is no lead %s to link to"},
        {"update(lead, {score = 1})", "on_undo: workflows/f.lua:3: there is no lead %s"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct company c;
        struct write_request w = {.c = &c, .type = "lead", .set = SET("name", "A")};
        kith_id lead, tx;
        char id[ID_TEXT + 1], text[300], says[400];
        snprintf(text, sizeof text,
                 "workflow('w', {on = 'lead.created'}, function(lead)\n"
                 "  on_undo(function()\n    %s\n  end)\n  sleep(days(1))\nend)\n",
                 wrong[i][0]);
        flow_company(&c, text);
        EXPECT_OK(engine_write(c.g, &by_anna, write_it, &w, &tx, &c.e), c.e);
        drain(&c);
        EXPECT_INT(1, find(&c, "lead", &lead));
        undo(&c, tx);
        id_format(lead, id);
        int len = snprintf(says, sizeof says, wrong[i][1], id);
        snprintf(says + len, sizeof says - (size_t)len, KEEP_IT);
        EXPECT_STR(says, run_field(&c, "error"));
        company_end(&c);
    }
}

TEST("the undo of one step takes the whole run, which does not go on") {
    struct company c;
    kith_id made;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  local name = lead.name\n"
                     "  on_undo(function() task {title = 'sorry ' .. name} end)\n"
                     "  task {title = 'one', about = lead}\n"
                     "  sleep(days(1))\n"
                     "  task {title = 'two', about = lead}\n"
                     "  sleep(days(1))\n"
                     "  task {title = 'three', about = lead}\n"
                     "end)\n");
    new_lead(&c, "A");
    advance(&c, DAY);
    EXPECT_INT(1, find(&c, "task where title = 'two'", &made));
    undo(&c, made_by(&c, made));
    EXPECT_STR("sorry A", tasks(&c));
    EXPECT_STR("cancelled", run_field(&c, "state"));
    advance(&c, 2 * DAY);
    EXPECT_STR("sorry A", tasks(&c));
    EXPECT_INT(1, find(&c, "lead", NULL));
    company_end(&c);
}

TEST("the undo of what woke a run ends it, too") {
    struct company c;
    struct write_request w = {.c = &c, .type = "lead", .set = SET("state", "working")};
    kith_id tx;
    flow_company(&c, "workflow('w', {on = 'lead.created'}, function(lead)\n"
                     "  task {title = 'one', about = lead}\n"
                     "  wait_for('lead.working', {record = lead})\n"
                     "  task {title = 'two', about = lead}\n"
                     "  sleep(days(1))\n"
                     "  task {title = 'three', about = lead}\n"
                     "end)\n");
    w.id = new_lead(&c, "A");
    EXPECT_OK(engine_write(c.g, &by_anna, write_it, &w, &tx, &c.e), c.e);
    drain(&c);
    EXPECT_STR("one, two", tasks(&c));
    undo(&c, tx);
    advance(&c, 2 * DAY);
    EXPECT_STR("", tasks(&c));
    EXPECT_STR("cancelled", run_field(&c, "state"));
    EXPECT_STR("new", field(&c, "lead", w.id, "state"));
    company_end(&c);
}
