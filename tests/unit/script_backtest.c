/* SPDX-License-Identifier: Apache-2.0 */
/* Backtest: what a file of rules and workflows would have done over the past. */
#include "script_backtest_fixture.h"

#include "engine/merge.h"

#include <dirent.h>

/* -- a rule that ran ----------------------------------------------------------------------------
 */

static const char scoring[] =
    "before('lead.create', function(lead)\n"
    "  if lead.source == 'web' then lead.rating = 'warm' end\n"
    "end)\n"
    "after('lead.update', {fields = {'phone'}}, function(lead)\n"
    "  create('task', {title = 'phone ' .. lead.name})\n"
    "end)\n"
    "on('lead.created', {name = 'score', where = \"source = 'web'\"}, function(lead)\n"
    "  update(lead, {score = 10 * count('lead')})\n"
    "  if lead.score > 50 then task {title = 'Call ' .. lead.name, about = lead} end\n"
    "end)\n"
    "on('task.done', {name = 'done'}, function(t)\n"
    "  if t.about then update(t.about, {rating = 'hot'}) end\n"
    "end)\n"
    "on('lead.updated', {name = 'high', where = 'score > 50', fields = {'score'}}, function(lead)\n"
    "  task {title = 'high ' .. lead.name}\n"
    "end)\n"
    "on('lead.working', {name = 'works'}, function(lead) publish('lead.scored', lead, {points = "
    "1}) "
    "end)\n";

/* A few hundred transactions of somebody's, and what the rules made of them. */
static void live(struct company *c) {
    static const char *const sources[] = {"web", "fair", "phone"};
    kith_id leads[120] = {0};
    for (int i = 0; i < 120; i++) {
        char name[32];
        snprintf(name, sizeof name, "Lead %d", i);
        leads[i] = create(c, "lead", SET("name", name, "source", sources[i % 3]));
        drain(c);
        advance(c, HOUR);
        if (i % 4 == 0)
            EXPECT_OK(try_update(c, "lead", leads[i], SET("phone", "+43 1 555")), c->e);
        if (i % 5 == 1)
            EXPECT_OK(try_update(c, "lead", leads[i], SET("state", "working")), c->e);
        drain(c);
        if (i >= 10 && i % 7 == 3)
            EXPECT_OK(try_delete(c, "lead", leads[i - 10]), c->e);
        if (i % 6 == 5) {
            kith_id task;
            if (find(c, "task where state = 'open'", &task) > 0)
                EXPECT_OK(try_update(c, "task", task, SET("state", "done")), c->e);
            drain(c);
        }
        advance(c, HOUR);
    }
}

struct journal_sum {
    struct company *c;
    struct buf text;
    uint64_t sums[5][64];
};

static kith_status sum_row(void *arg, const struct journal_row *row, kith_error *e) {
    struct journal_sum *s = arg;
    struct image_field *fields;
    struct source source = {.name = ""};
    size_t n;
    struct arena a = {0};
    struct conn *conn;
    EXPECT_OK(engine_reader(s->c->g, &conn, e), *e);
    if (row->source)
        EXPECT_OK(journal_source(conn, row->source, &a, &source, e), *e);
    bool rule = source.kind == SOURCE_RULE;
    if (row->kind == ROW_EVENT || row->kind == ROW_CREATE || row->kind == ROW_DELETE)
        s->sums[row->kind][row->type] += rule;
    if (row->kind != ROW_EVENT) {
        EXPECT_OK(image_decode(engine_schema(s->c->g), row, &a, &fields, &n, e), *e);
        for (size_t i = 0; i < n; i++) {
            struct source hook = {.name = ""};
            if (fields[i].source)
                EXPECT_OK(journal_source(conn, fields[i].source, &a, &hook, e), *e);
            s->sums[ROW_UPDATE][row->type] += rule && row->kind == ROW_UPDATE;
            s->sums[0][row->type] += hook.kind == SOURCE_RULE;
        }
    }
    engine_reader_done(s->c->g, conn);
    arena_free(&a);
    return KITH_OK;
}

/* The effects of rules that the journal has, by kind and type. */
static void sum_journal(struct company *c, struct journal_sum *s) {
    struct conn *conn;
    *s = (struct journal_sum){.c = c};
    EXPECT_OK(engine_reader(c->g, &conn, &c->e), c->e);
    EXPECT_OK(journal_walk(conn, 0, UINT64_MAX, sum_row, s, &c->e), c->e);
    engine_reader_done(c->g, conn);
}

static void expect_same_sums(struct company *c, const struct backtest_report *r) {
    struct journal_sum s;
    uint64_t all = 0;
    sum_journal(c, &s);
    for (size_t i = 0; i < r->effect_count; i++) {
        const struct backtest_effect *x = &r->effects[i];
        if (x->source.kind == SOURCE_RULE)
            s.sums[x->kind][x->type->id] -= x->count;
        all += x->count;
    }
    for (int kind = 0; kind < 5; kind++)
        for (int type = 0; type < 64; type++)
            if (s.sums[kind][type])
                TEST_FAIL("kind %d, type %d: %lld more in the journal; of the backtest: %s", kind,
                          type, (long long)s.sums[kind][type], effects(c, r));
    EXPECT(all > 100);
}

TEST("a file that ran would have done what it did") {
    struct company c;
    struct tested x;
    company_with(&c, "r.lua", scoring);
    live(&c);
    const struct backtest_report *r = backtest(&x, &c, RULES, NULL, NOW - DAY);
    if (r->transactions < 200 || r->own < 100)
        TEST_FAIL("%d transactions, %d rows of the file, %d began: %s", (int)r->transactions,
                  (int)r->own, (int)began(r), effects(&c, r));
    EXPECT_INT(0, r->failure_count);
    expect_same_sums(&c, r);
    company_end(&c);
}

/* -- the values of then -------------------------------------------------------------------------
 */

TEST("a rule sees the values of then") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    kith_id ada = create(&c, "lead", SET("name", "Ada", "score", "1"));
    kith_id bob = create(&c, "lead", SET("name", "Bob", "score", "2"));
    advance(&c, DAY);
    kith_id note = create(&c, "task", SET("title", "look")); /* Ada 1, Bob 2 */
    advance(&c, DAY);
    EXPECT_OK(try_update(&c, "lead", ada, SET("score", "7")), c.e);
    EXPECT_OK(try_delete(&c, "lead", bob), c.e);
    advance(&c, DAY);
    EXPECT_OK(try_update(&c, "task", note, SET("title", "look again")), c.e); /* Ada 7 */
    const struct backtest_report *r =
        backtest(&x, &c, RULES,
                 "local function look()\n"
                 "  local text = ''\n"
                 "  for l in find('lead order by name') do\n"
                 "    text = text .. l.name .. ' ' .. l.score .. ';'\n"
                 "  end\n"
                 "  error(text .. ' ' .. tostring(today()))\n"
                 "end\n"
                 "on('task.created', {name = 'a'}, look)\n"
                 "on('task.updated', {name = 'b'}, look)\n",
                 NOW - DAY);
    EXPECT_INT(2, r->failure_count);
    EXPECT_HAS("r.lua:6: Ada 1;Bob 2; 2024-03-02", r->failures[0].message);
    EXPECT_HAS("r.lua:6: Ada 7; 2024-03-04", r->failures[1].message);
    EXPECT_INT(NOW + DAY, r->failures[0].at);
    EXPECT_INT(NOW + 3 * DAY, r->failures[1].at);
    EXPECT_INT(2, began(r));
    company_end(&c);
}

TEST("the past stays as it was: the next event finds nothing of what the file would have written") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    kith_id ada = create(&c, "lead", SET("name", "Ada", "score", "1"));
    advance(&c, DAY);
    EXPECT_OK(try_update(&c, "lead", ada, SET("phone", "+43 1 2")), c.e);
    const struct backtest_report *r =
        backtest(&x, &c, RULES,
                 "on('lead.created', {name = 'a'}, function(l) update(l, {score = 99}) end)\n"
                 "on('lead.updated', {name = 'b', fields = {'phone'}}, function(l)\n"
                 "  error('score ' .. l.score)\n"
                 "end)\n",
                 NOW - DAY);
    EXPECT_STR("1 update lead.score; 1 failed: rules/r.lua:3: score 1", effects(&c, r));
    company_end(&c);
}

TEST("records were made and changed when they were") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    kith_id ada = create(&c, "lead", SET("name", "Ada")), bob;
    advance(&c, HOUR);
    bob = create(&c, "lead", SET("name", "Bob"));
    advance(&c, DAY);
    create(&c, "task", SET("title", "look"));
    advance(&c, DAY);
    EXPECT_OK(try_update(&c, "lead", ada, SET("score", "7")), c.e);
    EXPECT_OK(try_delete(&c, "lead", bob), c.e);
    const struct backtest_report *r =
        backtest(&x, &c, RULES,
                 "on('task.created', {name = 'a'}, function()\n"
                 "  local text = ''\n"
                 "  for l in find('lead order by name') do\n"
                 "    text = text .. tostring(l.created) .. ' ' .. tostring(l.updated) .. ';'\n"
                 "  end\n"
                 "  error(text)\n"
                 "end)\n",
                 NOW - DAY);
    EXPECT_INT(1, r->failure_count);
    EXPECT_HAS("2024-03-01T10:00:00.000Z 2024-03-01T10:00:00.000Z;2024-03-01T11:00:00.000Z "
               "2024-03-01T11:00:00.000Z;",
               r->failures[0].message);
    company_end(&c);
}

TEST("what was there before the time begins was made and changed when it was, too") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    kith_id ada = create(&c, "lead", SET("name", "Ada"));
    kith_id carl = create(&c, "lead", SET("name", "Carl")), bob;
    advance(&c, HOUR);
    bob = create(&c, "lead", SET("name", "Bob"));
    EXPECT_OK(try_update(&c, "lead", ada, SET("company", "Acme")), c.e);
    advance(&c, HOUR);
    EXPECT_OK(try_update(&c, "lead", bob, SET("company", "Acme")), c.e);
    advance(&c, DAY);
    create(&c, "task", SET("title", "look"));
    advance(&c, DAY);
    EXPECT_OK(try_update(&c, "lead", ada, SET("score", "7")), c.e);
    EXPECT_OK(try_update(&c, "lead", carl, SET("score", "7")), c.e);
    EXPECT_OK(try_delete(&c, "lead", bob), c.e);
    const struct backtest_report *r = backtest(
        &x, &c, RULES,
        "on('task.created', {name = 'a'}, function()\n"
        "  local text = ''\n"
        "  for l in find('lead order by name') do\n"
        "    text = text .. l.name .. ' ' .. l.created.hour .. ' ' .. l.updated.day .. ' '\n"
        "      .. l.updated.hour .. ';'\n"
        "  end\n"
        "  error(text)\n"
        "end)\n",
        NOW + 3 * HOUR);
    EXPECT_INT(1, r->failure_count);
    EXPECT_HAS("Ada 11 1 12;Bob 12 1 13;Carl 11 1 11;", r->failures[0].message);
    company_end(&c);
}

TEST("a record of the past gets its unique name though the file had taken it") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    new_lead(&c, "Ada");
    advance(&c, DAY);
    create(&c, "segment", SET("name", "hot", "query", "lead"));
    const struct backtest_report *r =
        backtest(&x, &c, RULES,
                 "on('lead.created', {name = 'a'}, function(l)\n"
                 "  create('segment', {name = 'hot', query = 'lead'})\n"
                 "end)\n",
                 NOW - DAY);
    EXPECT_STR("1 create segment, 1 event segment.segment.built", effects(&c, r));
    company_end(&c);
}

TEST("a record that was merged is by itself before, and gone after") {
    struct company c;
    struct tested x;
    struct merge m;
    struct merge_report merged;
    kith_id tx;
    char keep[ID_TEXT + 1], other[ID_TEXT + 1];
    company_with(&c, "none.lua", "");
    id_format(create(&c, "contact", SET("name", "Ada One", "city", "Bonn")), keep);
    id_format(create(&c, "contact", SET("name", "Ada Two", "phone", "+43 1 2")), other);
    create(&c, "task", SET("title", "before"));
    advance(&c, DAY);
    EXPECT_OK(merge_read(engine_schema(c.g), STR("contact"), str_of(keep), str_of(other), STR(""),
                         &c.arena, &m, &c.e),
              c.e);
    EXPECT_OK(engine_merge(c.g, &anna, &m, &c.arena, &merged, &tx, &c.e), c.e);
    create(&c, "task", SET("title", "after"));
    const struct backtest_report *r =
        backtest(&x, &c, RULES,
                 "on('task.created', {name = 'look'}, function(t)\n"
                 "  local text = t.title\n"
                 "  for a in find('contact order by name') do\n"
                 "    text = text .. ';' .. a.name .. ' ' .. tostring(a.phone)\n"
                 "  end\n"
                 "  error(text)\n"
                 "end)\n",
                 NOW - DAY);
    EXPECT_INT(2, r->failure_count);
    EXPECT_HAS("before;Ada One nil;Ada Two +43 1 2", r->failures[0].message);
    EXPECT_HAS("after;Ada One +43 1 2", r->failures[1].message);
    EXPECT(!strstr(r->failures[1].message, "Two"));
    company_end(&c);
}

TEST("segments, words and links are those of then") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    create(&c, "segment", SET("name", "hot", "query", "lead where score >= 50"));
    create(&c, "segment",
           SET("name", "seen", "query", "lead where seen is not null and seen < today() - 1d"));
    kith_id contact = create(&c, "contact", SET("name", "Grace Hopper"));
    char id[ID_TEXT + 1];
    id_format(contact, id);
    kith_id lead =
        create(&c, "lead", SET("name", "L", "score", "60", "contact", id, "seen", "2024-03-01"));
    create(&c, "task", SET("title", "one"));
    advance(&c, 5 * DAY);
    create(&c, "task", SET("title", "two")); /* it entered 'seen' for the time that passed */
    EXPECT_OK(try_update(&c, "lead", lead, SET("score", "1", "contact", "")), c.e);
    EXPECT_OK(try_update(&c, "contact", contact, SET("name", "Ada Lovelace")), c.e);
    advance(&c, DAY);
    create(&c, "task", SET("title", "three"));
    const struct backtest_report *r =
        backtest(&x, &c, RULES,
                 "on('task.created', {name = 'look'}, function(t)\n"
                 "  error(t.title .. ' ' .. count(\"lead where in_segment('hot')\")\n"
                 "    .. count(\"lead where in_segment('seen')\")\n"
                 "    .. count(\"contact where matches('grace')\")\n"
                 "    .. count(\"lead where contact.name like 'Grace%'\"))\n"
                 "end)\n",
                 NOW - DAY);
    if (r->failure_count != 3)
        TEST_FAIL("%s", effects(&c, r));
    EXPECT_HAS("one 1011", r->failures[0].message);
    EXPECT_HAS("two 1111", r->failures[1].message);
    EXPECT_HAS("three 0100", r->failures[2].message);
    company_end(&c);
}

/* -- workflows ----------------------------------------------------------------------------------
 */

static const struct backtest_sample *sample_with(const struct backtest_report *r,
                                                 const char *title) {
    for (size_t i = 0; i < r->sample_count; i++)
        for (size_t k = 0; k < r->samples[i].count; k++) {
            const struct effect *x = &r->samples[i].effects[k];
            for (size_t f = 0; f < x->field_count; f++)
                if (x->fields[f].after.kind == KITH_TEXT && str_eqz(x->fields[f].after.as.s, title))
                    return &r->samples[i];
        }
    TEST_FAIL("no occasion with '%s'", title);
    return NULL;
}

static const char care[] =
    "workflow('care', {on = 'lead.created'}, function(lead)\n"
    "  sleep(days(2))\n"
    "  local call = task {title = 'call ' .. lead.name .. ' ' .. tostring(lead.score),\n"
    "    about = lead}\n"
    "  local moved = wait_for('lead.working', {record = lead}, days(3))\n"
    "  if moved then task {title = 'moved ' .. lead.name, about = lead}\n"
    "  else task {title = 'late ' .. lead.name .. ' ' .. call.state, about = lead} end\n"
    "end)\n";

TEST("sleeps end and waits are over at their times of the past") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    kith_id ada = new_lead(&c, "Ada");
    advance(&c, DAY);
    new_lead(&c, "Bob");
    advance(&c, 12 * HOUR);
    EXPECT_OK(try_update(&c, "lead", ada, SET("score", "5")), c.e);
    advance(&c, 36 * HOUR);
    EXPECT_OK(try_update(&c, "lead", ada, SET("state", "working", "score", "6")), c.e);
    advance(&c, 20 * DAY);
    const struct backtest_report *r = backtest(&x, &c, "workflows/w.lua", care, NOW - DAY);
    EXPECT_STR("4 create task", effects(&c, r));
    EXPECT_INT(2, began(r));
    EXPECT_INT(0, r->waiting);
    EXPECT_INT(NOW + 2 * DAY, sample_with(r, "call Ada 5")->at);
    EXPECT_INT(NOW + 3 * DAY, sample_with(r, "call Bob nil")->at);
    EXPECT_INT(NOW + 3 * DAY, sample_with(r, "moved Ada")->at);
    EXPECT_INT(NOW + 6 * DAY, sample_with(r, "late Bob open")->at);
    company_end(&c);
}

TEST("a workflow that ran goes the way that it went, by what people did with its tasks") {
    struct company c;
    struct tested x;
    kith_id task;
    flow_company(&c, "workflow('ask', {on = 'lead.created'}, function(lead)\n"
                     "  local t = task {title = 'ask ' .. lead.name, about = lead}\n"
                     "  local done = wait_for('task.done', {record = t}, days(2))\n"
                     "  update(lead, {rating = done and 'hot' or 'cold'})\n"
                     "end)\n");
    new_lead(&c, "Ada");
    advance(&c, HOUR);
    EXPECT_INT(1, find(&c, "task", &task));
    EXPECT_OK(try_update(&c, "task", task, SET("state", "done")), c.e);
    drain(&c);
    kith_id bob = new_lead(&c, "Bob");
    advance(&c, 3 * DAY);
    EXPECT_STR("cold", field(&c, "lead", bob, "rating"));
    const struct backtest_report *r = backtest(&x, &c, FLOW, NULL, NOW - DAY);
    EXPECT_STR("2 create task, 2 update lead.rating", effects(&c, r));
    EXPECT_INT(NOW + HOUR, sample_with(r, "hot")->at);
    EXPECT_INT(NOW + HOUR + 2 * DAY, sample_with(r, "cold")->at);
    company_end(&c);
}

TEST("a run ends with its record, and one that does not come to its end waits") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    kith_id ada = new_lead(&c, "Ada");
    new_lead(&c, "Bob");
    advance(&c, DAY);
    EXPECT_OK(try_delete(&c, "lead", ada), c.e);
    advance(&c, 2 * DAY);
    const struct backtest_report *r = backtest(&x, &c, "workflows/w.lua", care, NOW - DAY);
    EXPECT_STR("1 create task", effects(&c, r));
    EXPECT_INT(1, r->waiting);
    company_end(&c);
}

TEST("runs of then are not there: one that may run once begins, and earlier ones do not go on") {
    struct company c;
    struct tested x;
    flow_company(&c, "workflow('first', {on = 'lead.created', again = 'once'}, function(lead)\n"
                     "  sleep(days(2)); task {title = 'slept'}\n"
                     "end)\n"
                     "workflow('second', {on = 'lead.created'}, function(lead)\n"
                     "  wait_for('lead.working', {record = lead}); task {title = 'woken'}\n"
                     "end)\n");
    kith_id ada = new_lead(&c, "Ada");
    advance(&c, 3 * DAY);
    EXPECT_OK(try_update(&c, "lead", ada, SET("state", "working")), c.e);
    drain(&c);
    EXPECT_STR("1 create task, 1 create task",
               effects(&c, backtest(&x, &c, FLOW, NULL, NOW - DAY)));
    EXPECT_INT(2, began(&x.report));
    EXPECT_STR("", effects(&c, backtest(&x, &c, FLOW, NULL, NOW + DAY)));
    company_end(&c);
}

TEST("runs that were under way when the time begins do not go on, though they wait still") {
    struct company c;
    struct tested x;
    flow_company(&c, "workflow('first', {on = 'lead.created'}, function(lead)\n"
                     "  sleep(days(2)); task {title = 'slept'}\n"
                     "end)\n");
    company_file(&c, "workflows/g.lua",
                 "workflow('second', {on = 'lead.created'}, function(lead)\n"
                 "  wait_for('lead.working', {record = lead}); task {title = 'woken'}\n"
                 "end)\n");
    EXPECT_OK(scripts_reload(c.s, NULL, NULL, NULL, &c.e), c.e);
    kith_id ada = new_lead(&c, "Ada");
    advance(&c, DAY);
    EXPECT_STR("", effects(&c, backtest(&x, &c, FLOW, NULL, NOW + HOUR)));
    clock_advance(&c.clock, 3 * DAY); /* nothing happens by itself meanwhile */
    EXPECT_STR("", effects(&c, backtest(&x, &c, FLOW, NULL, NOW + HOUR)));
    (void)ada;
    company_end(&c);
}

TEST("a workflow that may begin once counts once") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    kith_id ada = new_lead(&c, "Ada");
    for (int i = 0; i < 2; i++) {
        advance(&c, HOUR);
        EXPECT_OK(try_update(&c, "lead", ada, SET("phone", i ? "+43 1 2" : "+43 1 3")), c.e);
    }
    backtest(&x, &c, "workflows/w.lua",
             "workflow('w', {on = 'lead.updated', again = 'once'}, function(lead)\n"
             "  task {title = 'once'}\n"
             "end)\n",
             NOW - DAY);
    EXPECT_STR("1 create task", effects(&c, &x.report));
    EXPECT_INT(1, began(&x.report));
    company_end(&c);
}

TEST("rules for times run at each of them, and see what was there") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    new_lead(&c, "Ada");
    advance(&c, 2 * DAY);
    new_lead(&c, "Bob");
    advance(&c, DAY);
    const struct backtest_report *r = backtest(
        &x, &c, RULES,
        "every('0 12 * * *', {name = 'noon'}, function() task {title = 'n ' .. count('lead')} "
        "end)\n",
        NOW);
    EXPECT_STR("3 create task", effects(&c, r));
    EXPECT_INT(NOW + HOUR, sample_with(r, "n 1")->at); /* noon in Berlin */
    EXPECT_INT(NOW + 2 * DAY + HOUR, sample_with(r, "n 2")->at);
    company_end(&c);
}

/* -- what is told -------------------------------------------------------------------------------
 */

TEST("it tells which writes of others it would have refused, and which of its own fail") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    kith_id ada = create(&c, "lead", SET("name", "Ada"));
    EXPECT_OK(try_update(&c, "lead", ada, SET("phone", "+43 1 2")), c.e);
    EXPECT_OK(try_update(&c, "lead", ada, SET("state", "working")), c.e);
    drain(&c);
    const struct backtest_report *r = backtest(
        &x, &c, RULES,
        "before('lead.update', {fields = {'phone'}}, function() refuse('no phones') end)\n"
        "on('lead.working', {name = 'jump'}, function(lead) update(lead, {state = 'converted'}) "
        "end)\n",
        NOW - DAY);
    EXPECT_INT(2, r->failure_count);
    EXPECT(r->failures[0].refused && !r->failures[1].refused);
    EXPECT_HAS("no phones", r->failures[0].message);
    EXPECT_HAS("rules/r.lua:2", r->failures[1].message);
    EXPECT_INT(0, r->effect_count);
    company_end(&c);
}

TEST("it tells who wrote the same fields with other values, and whom it would have hit twice") {
    struct company c;
    struct tested x;
    company_with(&c, "other.lua",
                 "on('lead.created', {name = 'cool'}, function(lead) update(lead, {rating = "
                 "'cold'}) end)\n");
    kith_id ada = new_lead(&c, "Ada");
    new_lead(&c, "Bob");
    advance(&c, HOUR);
    EXPECT_OK(try_update(&c, "lead", ada, SET("rating", "warm")), c.e);
    advance(&c, 5 * DAY);
    EXPECT_OK(try_update(&c, "lead", ada, SET("rating", "cold")), c.e);
    drain(&c);
    const struct backtest_report *r =
        backtest(&x, &c, RULES,
                 "local function heat(lead) update(lead, {rating = 'hot'}) end\n"
                 "on('lead.created', {name = 'a'}, heat)\n"
                 "on('lead.updated', {name = 'b', fields = {'rating'}, where = \"rating = "
                 "'warm'\"}, heat)\n",
                 NOW - DAY);
    EXPECT_STR("2 update lead.rating, 1 update lead.rating", effects(&c, r));
    EXPECT_INT(2, r->hit_records);
    EXPECT_INT(1, r->hit_twice);
    EXPECT_INT(1, r->hit_count);
    EXPECT_INT(ada, r->hits[0].id);
    EXPECT_INT(2, r->hits[0].count);
    EXPECT_INT(2, r->conflict_count); /* the rule 'cool' and anna, but not five days later */
    EXPECT_HAS("rules/other.lua: cool", r->conflicts[0].source.name);
    EXPECT_INT(3, r->conflicts[0].count);
    EXPECT_STR("anna", r->conflicts[1].source.name);
    EXPECT_INT(2, r->conflicts[1].count);
    EXPECT(r->conflicts[1].before && r->conflicts[1].after);
    company_end(&c);
}

/* -- what is not kept any more ------------------------------------------------------------------
 */

TEST("of what the journal does not have any more it says so, and begins behind it") {
    struct company c;
    struct tested x;
    company_make(&c);
    c.journal_keep_ms = 10 * DAY;
    company_start(&c, NULL);
    kith_id old = new_lead(&c, "Zoe");
    for (int i = 0; i < 20; i++) {
        new_lead(&c, "Ada");
        if (i == 19)
            EXPECT_OK(try_update(&c, "lead", old, SET("score", "7")), c.e);
        advance(&c, DAY);
    }
    advance(&c, 2 * HOUR); /* of the nights some were short */
    const struct backtest_report *r =
        backtest(&x, &c, RULES,
                 "on('lead.created', {name = 'c'}, function()\n"
                 "  local zoe = find(\"lead where name = 'Zoe'\")()\n"
                 "  error(count('lead') .. ', Zoe ' .. tostring(zoe.score) .. ' ' .. "
                 "tostring(zoe.updated))\n"
                 "end)\n",
                 NOW - DAY);
    EXPECT(r->cut);
    EXPECT(r->since > NOW && began(r) >= 5 && began(r) < 20);
    EXPECT_INT(began(r), r->failure_count);
    char first[64];
    /* What is known of Zoe then is that she was there: when she was changed before is not. */
    snprintf(first, sizeof first, "r.lua:3: %d, Zoe nil 2024-03-01T10:00:00",
             (int)(21 - began(r) + 1));
    EXPECT_HAS(first, r->failures[0].message);
    company_end(&c);
}

static void erase(struct company *c, kith_id contact) {
    const struct action *a = engine_action(c->g, STR("record.erase"));
    const struct write_opts o = {.principal = &anna, .origin = ORIGIN_ACTION};
    const struct rtype *type = schema_type(engine_schema(c->g), STR("contact"));
    kith_value results[8], args[] = {value_link(contact, type->id), value_str(STR("asked"))};
    EXPECT_OK(engine_call(c->g, NULL, &o, a, args, &c->arena, results, NULL, &c->e), c->e);
}

TEST("of what was erased it says so, and goes through the rest") {
    struct company c;
    struct tested x = {.c = &c, .file = RULES, .since = NOW - DAY};
    x.text = "on('contact.created', {name = 'c'}, function(p) error(tostring(p.name)) end)\n";
    company_with(&c, "none.lua", "");
    kith_id ada = create(&c, "contact", SET("name", "Ada"));
    create(&c, "contact", SET("name", "Bob"));
    drain(&c);
    erase(&c, ada);
    advance(&c, HOUR);
    EXPECT_OK(engine_with_copy(c.g, on_copy, &x, &c.e), c.e);
    EXPECT(x.report.erased > 0);
    EXPECT_HAS("Bob", effects(&c, &x.report));
    EXPECT(!strstr(effects(&c, &x.report), "Ada"));
    company_end(&c);
}

/* -- nothing is kept ----------------------------------------------------------------------------
 */

/* Every table of the database, whatever is in it. */
static char *dump_tables(struct company *c) {
    struct conn *conn;
    struct buf b = {0};
    sqlite3_stmt *names, *rows;
    bool more;
    EXPECT_OK(engine_reader(c->g, &conn, &c->e), c->e);
    EXPECT_OK(conn_prepare_once(conn,
                                "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT"
                                " LIKE '%VIRTUAL%' ORDER BY name",
                                &names, &c->e),
              c->e);
    while (conn_step(conn, names, &more, &c->e) == KITH_OK && more) {
        kith_str name = column_str(names, 0);
        const char *sql =
            arena_printf(&c->arena, "SELECT * FROM \"%.*s\"", (int)name.len, name.ptr);
        EXPECT_OK(conn_prepare_once(conn, sql, &rows, &c->e), c->e);
        while (conn_step(conn, rows, &more, &c->e) == KITH_OK && more)
            for (int i = 0; i < sqlite3_column_count(rows); i++) {
                buf_add(&b, sqlite3_column_blob(rows, i), (size_t)sqlite3_column_bytes(rows, i));
                buf_puts(&b, "|");
            }
        sqlite3_finalize(rows);
    }
    sqlite3_finalize(names);
    engine_reader_done(c->g, conn);
    buf_puts(&b, "end");
    buf_add(&b, "", 1);
    return b.ptr;
}

static bool has_copy(struct company *c) {
    const struct dirent *entry;
    bool found = false;
    DIR *d = opendir(c->dir);
    while (d && (entry = readdir(d)))
        found |= strncmp(entry->d_name, ".copy-", 6) == 0;
    closedir(d);
    return found;
}

static kith_status stop_soon(void *arg, uint64_t done, uint64_t all, kith_error *e) {
    struct company *c = arg;
    EXPECT(has_copy(c));
    EXPECT(done <= all);
    return err_set(e, KITH_E_LIMIT, NULL, "interrupted");
}

TEST("nothing of the company changes, and no copy is left, also of one that is interrupted") {
    struct company c;
    struct tested x;
    company_with(&c, "r.lua", scoring);
    live(&c);
    char *before = dump_tables(&c);
    backtest(&x, &c, RULES, NULL, NOW - DAY);
    EXPECT(!has_copy(&c));
    x.watch = stop_soon;
    EXPECT_INT(KITH_E_LIMIT, engine_with_copy(c.g, on_copy, &x, &c.e));
    EXPECT_STR("interrupted", c.e.message);
    EXPECT(!has_copy(&c));
    char *after = dump_tables(&c);
    EXPECT_STR(before, after);
    free(before);
    free(after);
    company_end(&c);
}

/* Not at the beginning, nor between two transactions of the past. */
static kith_status stop_late(void *arg, uint64_t done, uint64_t all, kith_error *e) {
    static int calls;
    (void)done;
    (void)all;
    return ++calls < 10 ? KITH_OK : stop_soon(arg, 0, 0, e);
}

TEST("a workflow that goes round without a pause does so once a second, until it is interrupted") {
    struct company c;
    struct tested x = {.c = &c, .file = FLOW, .since = NOW - DAY};
    company_with(&c, "r.lua", "");
    create(&c, "lead", SET("name", "A"));
    clock_advance(&c.clock, HOUR);
    x.text = "workflow('round', {on = 'lead.created', again = 'always'}, function(lead)\n"
             "  continue_as_new({})\n"
             "end)\n";
    EXPECT_OK(engine_with_copy(c.g, on_copy, &x, &c.e), c.e);
    x.watch = stop_late;
    EXPECT_INT(KITH_E_LIMIT, engine_with_copy(c.g, on_copy, &x, &c.e));
    EXPECT_STR("interrupted", c.e.message);
    EXPECT(!has_copy(&c));
    company_end(&c);
}
