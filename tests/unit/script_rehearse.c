/* SPDX-License-Identifier: Apache-2.0 */
/* A workflow is rehearsed on a copy: what is told of it is what the run then does, and nothing is
 * left in the company. */
#include "script_flow_fixture.h"

#include "script/trial.h"

#include "store/store.h"

/* -- a rehearsal, and a run -------------------------------------------------------------------- */

struct job {
    struct company *c;
    struct flow_rehearsal r;
    struct buf told;
};

/* Ids become #1, #2, ... in the order in which they appear. */
static void put_plain(struct buf *out, const char *text) {
    char seen[64][ID_TEXT + 1];
    int count = 0;
    size_t from = 0;
    for (; text[from];) {
        size_t len = strspn(text + from, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
        if (len != ID_TEXT) {
            len = len ? len : 1;
            buf_add(out, text + from, len);
            from += len;
            continue;
        }
        int i = 0;
        while (i < count && memcmp(seen[i], text + from, ID_TEXT) != 0)
            i++;
        if (i == count)
            memcpy(seen[count++], text + from, ID_TEXT);
        buf_printf(out, "#%d", i + 1);
        from += len;
    }
}

static void put_part(void *arg, const char *name, kith_str value) {
    buf_printf(arg, " %s=%.*s", name, (int)value.len, value.ptr);
}

/* What was done since, with its times, by the run. */
static void put_effects(const struct test_bench *b, const struct trial_mark *since, kith_id run,
                        struct buf *out) {
    struct arena a = {0};
    struct trial_effect *items;
    struct buf raw = {0};
    kith_error e = KITH_ERROR_INIT;
    size_t n;
    EXPECT_OK(trial_effects(b, since, &a, &items, &n, &e), e);
    trial_follow(b, items, n, run);
    for (size_t i = 0; i < n; i++) {
        if (!items[i].ours || items[i].inner)
            continue;
        buf_printf(&raw, "%lldh %s", (long long)((items[i].at - NOW) / HOUR),
                   trial_text(&items[i], &a));
        trial_parts(b, &items[i], &a, put_part, &raw);
        buf_printf(&raw, " by %s\n", items[i].own ? "hand" : items[i].source.name);
    }
    put_plain(out, raw.ptr ? raw.ptr : "");
    buf_free(&raw);
    arena_free(&a);
}

/* An engine over the copy, as company_engine makes one. */
static void open_over(struct company *b, const char *path, int64_t now) {
    clock_set(&b->clock, now);
    EXPECT_OK(zone_open(&b->zone, "Europe/Berlin", &b->e), b->e);
    struct engine_options o = {.path = path,
                               .clock = &b->clock,
                               .zone = b->zone,
                               .base_currency = "EUR",
                               .sources = &lead_source,
                               .source_count = 1,
                               .attempts_max = 2};
    EXPECT_OK(engine_open(&b->g, &o, &b->e), b->e);
    EXPECT_OK(engine_add_topic(b->g, "sales", &scored, &b->e), b->e);
}

static kith_status on_copy(void *arg, const char *path, kith_error *e) {
    struct job *j = arg;
    struct company b = {.e = KITH_ERROR_INIT};
    struct script_options o = {.limits = {.time_ms = 20000}};
    open_over(&b, path, clock_now(&j->c->clock));
    EXPECT_OK(scripts_open(&b.s, b.g, j->c->dir, &o, &b.e), b.e);
    const struct test_bench bench = {b.g, b.s, &b.clock, NULL};
    j->r.type = j->r.id ? schema_type(engine_schema(b.g), STR("lead")) : NULL;
    kith_status st = trial_rehearse(&bench, &anna, &j->r, &j->c->arena, e);
    if (st == KITH_OK)
        put_effects(&bench, &j->r.since, j->r.run, &j->told);
    company_stop(&b);
    return st;
}

static kith_status rehearse(struct job *j) {
    return engine_with_copy(j->c->g, on_copy, j, &j->c->e);
}

/* Everything in the database, as text. */
static void dump(struct company *c, struct buf *out) {
    char path[128];
    struct conn *conn;
    sqlite3_stmt *tables, *rows;
    snprintf(path, sizeof path, "%s/dump", c->dir);
    unlink(path);
    EXPECT_OK(engine_copy(c->g, path, &c->e), c->e);
    EXPECT_OK(conn_open(&conn, path, CONN_READER, NULL, &c->e), c->e);
    EXPECT_INT(SQLITE_OK, sqlite3_prepare_v2(conn->db,
                                             "SELECT name FROM sqlite_master WHERE type = 'table'"
                                             " ORDER BY name",
                                             -1, &tables, NULL));
    while (sqlite3_step(tables) == SQLITE_ROW) {
        char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", sqlite3_column_text(tables, 0));
        EXPECT_INT(SQLITE_OK, sqlite3_prepare_v2(conn->db, sql, -1, &rows, NULL));
        buf_printf(out, "%s\n", sql);
        while (sqlite3_step(rows) == SQLITE_ROW)
            for (int i = 0; i < sqlite3_column_count(rows); i++) {
                const void *bytes = sqlite3_column_blob(rows, i);
                buf_add(out, bytes ? bytes : "", (size_t)sqlite3_column_bytes(rows, i));
                buf_putc(out, '\n');
            }
        sqlite3_finalize(rows);
        sqlite3_free(sql);
    }
    sqlite3_finalize(tables);
    conn_close(conn);
}

/* The same by the action, in the company itself. */
static kith_id start_for_real(struct company *c, const char *workflow, kith_id lead) {
    const struct action *start = engine_action(c->g, STR("workflow.start"));
    const struct rtype *type = schema_type(engine_schema(c->g), STR("lead"));
    kith_value args[] = {value_str(str_of(workflow)), value_link(lead, type->id), value_null()};
    kith_value result;
    EXPECT_OK(engine_call(c->g, NULL, &by_anna, start, args, &c->arena, &result, NULL, &c->e),
              c->e);
    drain(c);
    return result.as.link.id;
}

#define NURTURE                                                                                    \
    "workflow('nurture', {record = 'lead'}, function(lead)\n"                                      \
    "  local call = task {title = 'Call ' .. lead.name, about = lead, due = business.hours(4)}\n"  \
    "  local done = wait_for('task.done', {record = call}, days(2))\n"                             \
    "  if not done then update(call, {priority = 'urgent'}) end\n"                                 \
    "  publish('lead.scored', lead, {points = done and 5 or 1})\n"                                 \
    "  sleep(days(30))\n"                                                                          \
    "  update(lead, {rating = 'cold'})\n"                                                          \
    "  return done and 'called' or 'not called'\n"                                                 \
    "end)\n"                                                                                       \
    "workflow('other', {on = 'lead.created'}, function(lead)\n"                                    \
    "  sleep(days(1)); task {title = 'other'}\n"                                                   \
    "end)\n"                                                                                       \
    "on('lead.scored', {name = 'note'}, function(lead, e)\n"                                       \
    "  create('note', {about = lead, body = e.data.points .. ' points'})\n"                        \
    "end)\n"                                                                                       \
    "every('0 3 * * *', function() task {title = 'night'} end)\n"

TEST("what a rehearsal tells is what the run then does, and nothing of it is kept") {
    struct company c;
    struct buf before = {0}, after = {0}, real = {0};
    flow_company(&c, NURTURE);
    kith_id lead = new_lead(&c, "Ann");
    struct job j = {.c = &c, .r = {.workflow = "nurture", .id = lead}};
    dump(&c, &before);
    EXPECT_OK(rehearse(&j), c.e);
    dump(&c, &after);
    EXPECT(before.len > 1000 && str_eq(buf_view(&before), buf_view(&after)));
    EXPECT_INT(REHEARSAL_OVER, j.r.end);
    EXPECT_STR("not called", j.r.result);
    EXPECT_INT(NOW + 32 * DAY, j.r.until);
    EXPECT_STR("0h create task title=\"Call Ann\" about=lead/#1 due=2024-03-01T14:00:00.000Z"
               " priority=\"normal\" state=\"open\" by workflows/f.lua: nurture\n"
               "48h update task #2 priority=\"urgent\" by workflows/f.lua: nurture\n"
               "48h publish lead.scored of lead/#1 points=1 by workflows/f.lua: nurture\n"
               "48h create note about=lead/#1 body=\"1 points\" by workflows/f.lua: note\n"
               "768h update lead #1 rating=\"cold\" by workflows/f.lua: nurture\n",
               j.told.ptr);
    const struct test_bench company = {c.g, c.s, &c.clock, NULL};
    struct trial_mark since;
    EXPECT_OK(trial_mark(&company, &since, &c.e), c.e);
    kith_id run = start_for_real(&c, "nurture", lead);
    EXPECT_OK(
        trial_advance(&company, NOW + 33 * DAY, clock_ticks() + 60 * INT64_C(1000000000), &c.e),
        c.e);
    put_effects(&company, &since, run, &real);
    EXPECT_STR(j.told.ptr, real.ptr);
    EXPECT(strstr(tasks(&c), "night")); /* which was not the run's */
    buf_free(&before);
    buf_free(&after);
    buf_free(&real);
    buf_free(&j.told);
    company_end(&c);
}

TEST("what is said to happen happens once the run waits for it") {
    struct company c;
    flow_company(&c, NURTURE);
    kith_id lead = new_lead(&c, "Ann");
    const struct rehearsed_event done[] = {{"task.done", {NULL, 0}}, {"lead.deleted", {NULL, 0}}};
    struct job j = {.c = &c,
                    .r = {.workflow = "nurture", .id = lead, .events = done, .event_count = 2}};
    EXPECT_OK(rehearse(&j), c.e);
    EXPECT_STR("called", j.r.result);
    EXPECT_INT(1, j.r.happened); /* nobody waits for the other */
    EXPECT(strstr(j.told.ptr, "0h update task #2 state=\"done\" by hand\n"));
    EXPECT(strstr(j.told.ptr, "0h publish lead.scored of lead/#1 points=5 by"));
    EXPECT(!strstr(j.told.ptr, "urgent"));
    buf_free(&j.told);
    company_end(&c);
}

TEST("a published event comes with its data, and about the record of the run") {
    struct company c;
    flow_company(&c, "workflow('w', {record = 'lead'}, function(lead)\n"
                     "  local e = wait_for('lead.scored', {record = lead})\n"
                     "  return 'points ' .. e.points\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "Ann");
    const struct rehearsed_event scored_7 = {"lead.scored", STR("{\"points\": 7}")};
    struct job j = {.c = &c, .r = {.workflow = "w", .id = lead}};
    EXPECT_OK(rehearse(&j), c.e);
    EXPECT_INT(REHEARSAL_WAITS, j.r.end);
    EXPECT_STR("lead.scored", j.r.waits_for);
    j.r =
        (struct flow_rehearsal){.workflow = "w", .id = lead, .events = &scored_7, .event_count = 1};
    EXPECT_OK(rehearse(&j), c.e);
    EXPECT_INT(REHEARSAL_OVER, j.r.end);
    EXPECT_STR("points 7", j.r.result);
    EXPECT_INT(0, find(&c, "workflow_run", NULL));
    buf_free(&j.told);
    company_end(&c);
}

TEST("a rehearsal ends where a step fails, and where a run goes on and on") {
    struct company c;
    flow_company(&c, "workflow('bad', {record = 'lead'}, function(lead)\n"
                     "  sleep(days(1))\n"
                     "  create('lead', {name = 'B', rating = 'mild'})\n"
                     "end)\n"
                     "workflow('round', {record = 'lead'}, function(lead)\n"
                     "  while true do sleep(days(300)) end\n"
                     "end)\n"
                     "workflow('busy', {record = 'lead', again = 'once'}, function(lead)\n"
                     "  sleep(days(1)); return 'over'\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "Ann");
    struct job j = {.c = &c, .r = {.workflow = "bad", .id = lead}};
    EXPECT_OK(rehearse(&j), c.e);
    EXPECT_INT(REHEARSAL_FAILED, j.r.end);
    EXPECT_STR("workflows/f.lua:3: rating: 'mild' is none of cold, warm, hot", j.r.error);
    j.r = (struct flow_rehearsal){.workflow = "round", .id = lead};
    EXPECT_OK(rehearse(&j), c.e);
    EXPECT_INT(REHEARSAL_CUT, j.r.end);
    start_for_real(&c, "busy", lead);
    j.r = (struct flow_rehearsal){.workflow = "busy", .id = lead};
    EXPECT_OK(rehearse(&j), c.e);
    EXPECT_STR("over", j.r.result);
    EXPECT(strstr(j.r.remark, "does not begin again for this record"));
    buf_free(&j.told);
    company_end(&c);
}

TEST("what runs do that it began is told, too, and a change of its own record wakes it") {
    struct company c;
    flow_company(&c, "workflow('child', {record = 'lead'}, function(lead)\n"
                     "  sleep(days(1)); task {title = 'child'}; start('grandchild', lead)\n"
                     "end)\n"
                     "workflow('grandchild', {record = 'lead'}, function(lead)\n"
                     "  sleep(hours(1)); task {title = 'grandchild'}\n"
                     "end)\n"
                     "workflow('parent', {record = 'lead'}, function(lead)\n"
                     "  start('child', lead)\n"
                     "  local e = wait_for('lead.updated', {record = lead}, days(3))\n"
                     "  create('note', {about = lead, body = 'woken'})\n"
                     "  sleep(days(2))\n"
                     "  return e and lead.rating\n"
                     "end)\n"
                     "workflow('by event', {on = 'note.created'}, function()\n"
                     "  sleep(days(1)); task {title = 'by event'}\n"
                     "end)\n");
    kith_id lead = new_lead(&c, "Ann");
    const struct rehearsed_event hot = {"lead.updated", STR("{\"rating\": \"hot\"}")};
    struct job j = {.c = &c,
                    .r = {.workflow = "parent", .id = lead, .events = &hot, .event_count = 1}};
    EXPECT_OK(rehearse(&j), c.e);
    EXPECT_STR("hot", j.r.result);
    EXPECT_HAS("24h create task title=\"child\"", j.told.ptr);
    EXPECT_HAS("25h create task title=\"grandchild\"", j.told.ptr);
    EXPECT_HAS("24h create task title=\"by event\"", j.told.ptr);
    buf_free(&j.told);
    company_end(&c);
}

TEST(
    "a rehearsal ends when the record goes, after a thousand moments, and where an event is open") {
    struct company c;
    flow_company(&c,
                 "workflow('gone', {record = 'lead'}, function(lead) delete(lead) end)\n"
                 "workflow('minutes', {record = 'lead'}, function(lead)\n"
                 "  while true do sleep(minutes(1)) end\n"
                 "end)\n"
                 "workflow('any', {record = 'lead'}, function(lead) wait_for('task.done') end)\n");
    kith_id lead = new_lead(&c, "Ann");
    const struct rehearsed_event done = {"task.done", {NULL, 0}};
    struct job j = {.c = &c, .r = {.workflow = "gone", .id = lead}};
    EXPECT_OK(rehearse(&j), c.e);
    EXPECT_INT(REHEARSAL_OVER, j.r.end);
    EXPECT_STR("cancelled", j.r.state);
    j.r = (struct flow_rehearsal){.workflow = "minutes", .id = lead};
    EXPECT_OK(rehearse(&j), c.e);
    EXPECT_INT(REHEARSAL_CUT, j.r.end);
    EXPECT(j.r.until > NOW + 900 * INT64_C(60000) && j.r.until <= NOW + 1000 * INT64_C(60000));
    j.r = (struct flow_rehearsal){.workflow = "any", .id = lead, .events = &done, .event_count = 1};
    EXPECT(rehearse(&j) != KITH_OK);
    EXPECT_HAS("to which task? write {\"record\": \"task/ID\"} behind the colon", c.e.message);
    buf_free(&j.told);
    company_end(&c);
}

TEST("what cannot be rehearsed is told in a sentence") {
    struct company c;
    flow_company(&c, NURTURE);
    kith_id lead = new_lead(&c, "Ann");
    const struct rehearsed_event rows[] = {{"task.dnoe", {NULL, 0}},
                                           {"task.done", STR("[1]")},
                                           {"task.done", STR("{\"record\": \"nobody\"}")}};
    static const char *const said[] = {
        "nothing ever happens that is called 'task.dnoe'",
        "the event task.done: what comes with it is one JSON object",
        "the event task.done: record: 'nobody' is not written as TYPE/ID"};
    for (size_t i = 0; i < 3; i++) {
        struct job j = {
            .c = &c,
            .r = {.workflow = "nurture", .id = lead, .events = &rows[i], .event_count = 1}};
        EXPECT(rehearse(&j) != KITH_OK);
        EXPECT_STR(said[i], c.e.message);
        buf_free(&j.told);
    }
    struct job j = {.c = &c, .r = {.workflow = "nurtur", .id = lead}};
    EXPECT(rehearse(&j) != KITH_OK);
    EXPECT_STR("there is no workflow 'nurtur'; did you mean 'nurture'?", c.e.message);
    company_end(&c);
}
