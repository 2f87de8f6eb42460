/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of agents: what is written in one is one run, bounded, and undone as a whole, also what
 * has runs of its own; and nothing is written when what was to be so is not so any more. */
#include "engine/agent.h"
#include "engine/bulk.h"
#include "engine_person_fixture.h"

struct agent {
    struct fixture x;
    struct agent_session of;
    struct principal p;
};

static void agent_open(struct agent *w, int64_t budget) {
    memset(w, 0, sizeof *w);
    fixture_open(&w->x);
    fixture_start(&w->x);
    EXPECT_OK(engine_agent_begin(w->x.g, &tester, "unit 1", budget, &w->of.id, &w->x.e), w->x.e);
    w->of.note = "in a session";
    w->p = tester;
    w->p.session = &w->of;
}

static int64_t written(struct agent *w) {
    struct agent_entry s;
    EXPECT_OK(engine_agent(w->x.g, &tester, w->of.id, &w->x.arena, &s, &w->x.e), w->x.e);
    return s.written;
}

static kith_status bulk_by(struct agent *w, const char *text, const char *value,
                           struct bulk_report *r) {
    const struct schema *s = engine_schema(w->x.g);
    struct query *q;
    TRY(query_parse(&q, s, &w->x.arena, str_of(text), &w->x.e));
    struct assign set = {type_field(s, query_type(q), STR("score")), value_str(str_of(value))};
    struct bulk b = {q, &set, 1, false};
    return engine_bulk(w->x.g, &w->p, &b, NULL, NULL, &w->x.arena, r, &w->x.e);
}

static void leads(struct agent *w, int n) {
    for (int i = 0; i < n; i++)
        create(&w->x, w->x.lead, PAIRS(arena_printf(&w->x.arena, "name=L%d", i), "source=web"));
}

static kith_status set_score(struct txn *t, void *arg, kith_error *e) {
    const struct agent *w = arg;
    const struct rfield *f = type_field(engine_schema(w->x.g), w->x.lead, STR("score"));
    struct assign set = {f, value_str(STR("9"))};
    return txn_update(t, w->x.lead, w->of.guards ? w->of.guards[0].id : 0, &set, 1, e);
}

TEST("all transactions of a session are undone by its number, those of a long run with it") {
    struct agent w;
    struct bulk_report r;
    struct undo_report u;
    agent_open(&w, 10000);
    leads(&w, 600); /* three transactions, of which two bear the number of the first */
    EXPECT_OK(bulk_by(&w, "lead where source = 'web'", "7", &r), w.x.e);
    EXPECT_INT(600, r.changed);
    EXPECT_INT(600, written(&w));
    EXPECT_OK(engine_undo(w.x.g, &tester, w.of.id, false, &w.x.arena, &u, &w.x.e), w.x.e);
    EXPECT_INT(600, u.reversed);
    EXPECT_INT(0, u.kept + u.refused);
    EXPECT_INT(0, count(&w.x, "lead where score = 7", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("a session that undoes is undone, too") {
    struct agent w;
    struct undo_report u;
    agent_open(&w, 100);
    kith_id lead = create(&w.x, w.x.lead, PAIRS("name=L"));
    struct agent_guard g = {.type = w.x.lead, .id = lead};
    EXPECT_OK(engine_guard(w.x.g, &g, &w.x.arena, &w.x.e), w.x.e);
    struct write_opts by = {.principal = &tester, .origin = ORIGIN_CLI};
    kith_id tx = 0;
    w.of.guards = &g; /* for set_score */
    EXPECT_OK(engine_write(w.x.g, &by, set_score, &w, &tx, &w.x.e), w.x.e);
    w.of.guards = NULL;
    EXPECT_OK(engine_undo(w.x.g, &w.p, tx, false, &w.x.arena, &u, &w.x.e), w.x.e);
    EXPECT_INT(0, count(&w.x, "lead where score = 9", NULL));
    EXPECT_INT(1, written(&w));
    EXPECT_OK(engine_undo(w.x.g, &tester, w.of.id, false, &w.x.arena, &u, &w.x.e), w.x.e);
    EXPECT_INT(1, count(&w.x, "lead where score = 9", NULL));
    expect_sound(&w.x);
    fixture_close(&w.x);
}

TEST("the transaction that would go beyond the budget is refused as a whole, and others are not") {
    struct agent w;
    struct bulk_report r;
    agent_open(&w, 250);
    leads(&w, 600);
    EXPECT_INT(KITH_E_LIMIT, bulk_by(&w, "lead where source = 'web'", "7", &r));
    int64_t done = written(&w); /* whole parts, which are shorter where they take long */
    EXPECT(done > 0 && done <= 250);
    EXPECT_INT(done, count(&w.x, "lead where score = 7", NULL));
    EXPECT_HAS(arena_printf(&w.x.arena, "may write %lld more of 250", (long long)(250 - done)),
               w.x.e.message);
    fixture_close(&w.x);
}

TEST("nothing is written in a session that has ended, but what a person has allowed") {
    struct agent w;
    struct bulk_report r;
    agent_open(&w, 100);
    leads(&w, 1);
    EXPECT_OK(engine_agent_end(w.x.g, w.of.id, &w.x.e), w.x.e);
    EXPECT_INT(KITH_E_DENIED, bulk_by(&w, "lead", "7", &r));
    EXPECT_INT(0, count(&w.x, "lead where score = 7", NULL));
    w.of.late = true;
    EXPECT_OK(bulk_by(&w, "lead", "7", &r), w.x.e);
    EXPECT_INT(1, written(&w));
    fixture_close(&w.x);
}

TEST("what was to be as it was is looked at in the transaction itself") {
    struct agent w;
    struct agent_guard g;
    agent_open(&w, 100);
    struct write_opts by = {.principal = &w.p, .origin = ORIGIN_CLI};
    g = (struct agent_guard){.type = w.x.lead, .id = create(&w.x, w.x.lead, PAIRS("name=L"))};
    EXPECT_OK(engine_guard(w.x.g, &g, &w.x.arena, &w.x.e), w.x.e);
    w.of.guards = &g;
    w.of.guard_count = 1;
    update(&w.x, w.x.lead, g.id, PAIRS("name=M"));
    EXPECT_INT(KITH_E_CONFLICT, engine_write(w.x.g, &by, set_score, &w, NULL, &w.x.e));
    EXPECT_INT(0, count(&w.x, "lead where score = 9", NULL));
    EXPECT_OK(engine_guard(w.x.g, &g, &w.x.arena, &w.x.e), w.x.e);
    EXPECT_OK(engine_write(w.x.g, &by, set_score, &w, NULL, &w.x.e), w.x.e);
    EXPECT_INT(1, count(&w.x, "lead where score = 9", NULL));
    fixture_close(&w.x);
}

static struct approval asked(struct agent *w) {
    struct approval a = {.session = w->of.id,
                         .tool = str_of("update"),
                         .args = str_of("{\"id\":\"x\"}"),
                         .limit = str_of("{}"),
                         .shown = str_of("{}")};
    EXPECT_OK(engine_approval_add(w->x.g, &a, 0, "Allow it", &w->x.e), w->x.e);
    return a;
}

static struct approval approval_now(struct agent *w, int64_t number) {
    struct approval a;
    struct agent_entry s;
    EXPECT_OK(engine_approval(w->x.g, &tester, number, &w->x.arena, &a, &s, &w->x.e), w->x.e);
    return a;
}

TEST("an approval is decided once, and its task goes with it") {
    struct agent w;
    agent_open(&w, 100);
    struct approval a = asked(&w), b = asked(&w);
    EXPECT_INT(2, count(&w.x, "task where state = 'open'", NULL));
    EXPECT_OK(engine_approval_move(w.x.g, &a, APPROVAL_WAITS, APPROVAL_BEGUN, "ben", (kith_str){0},
                                   &w.x.e),
              w.x.e);
    EXPECT_INT(KITH_E_CONFLICT, engine_approval_move(w.x.g, &a, APPROVAL_WAITS, APPROVAL_BEGUN,
                                                     "eve", (kith_str){0}, &w.x.e));
    EXPECT_OK(engine_approval_move(w.x.g, &a, APPROVAL_BEGUN, APPROVAL_DONE, "ben",
                                   str_of("{\"id\":\"y\"}"), &w.x.e),
              w.x.e);
    EXPECT_OK(engine_approval_move(w.x.g, &b, APPROVAL_WAITS, APPROVAL_REFUSED, "ben",
                                   (kith_str){0}, &w.x.e),
              w.x.e);
    EXPECT_INT(1, count(&w.x, "task where state = 'done'", NULL));
    EXPECT_INT(1, count(&w.x, "task where state = 'cancelled'", NULL));
    EXPECT_INT(0, approval_now(&w, a.number).args.len);
    EXPECT(str_eqz(approval_now(&w, a.number).result, "{\"id\":\"y\"}"));
    fixture_close(&w.x);
}

TEST("what was allowed when the power went is done with its transaction, or waits again") {
    struct agent w;
    struct bulk_report r;
    agent_open(&w, 100);
    leads(&w, 1);
    struct approval wrote = asked(&w), idle = asked(&w), all[] = {wrote, idle};
    for (int i = 0; i < 2; i++)
        EXPECT_OK(engine_approval_move(w.x.g, &all[i], APPROVAL_WAITS, APPROVAL_BEGUN, "ben",
                                       (kith_str){0}, &w.x.e),
                  w.x.e);
    w.of.approval = wrote.number;
    EXPECT_OK(bulk_by(&w, "lead", "7", &r), w.x.e);
    engine_close(w.x.g);
    fixture_reopen(&w.x);
    fixture_start(&w.x);
    wrote = approval_now(&w, wrote.number);
    idle = approval_now(&w, idle.number);
    EXPECT_INT(APPROVAL_DONE, wrote.state);
    EXPECT_STR("ben", wrote.who);
    EXPECT_HAS("{\"transaction\":\"0", arena_str(&w.x.arena, wrote.result).ptr);
    EXPECT_INT(0, wrote.args.len);
    EXPECT_INT(APPROVAL_WAITS, idle.state);
    EXPECT_INT(0, idle.decided);
    EXPECT(idle.args.len > 0 && idle.result.len == 0);
    EXPECT_INT(1, count(&w.x, "task where state = 'done'", NULL));
    EXPECT_INT(1, count(&w.x, "task where state = 'open'", NULL));
    fixture_close(&w.x);
}

TEST("what nobody decides within a week is expired, and what it said is gone") {
    struct agent w;
    agent_open(&w, 100);
    struct approval a = asked(&w), b;
    EXPECT_INT(APPROVAL_WAITS, approval_now(&w, a.number).state);
    clock_set(&w.x.clock, START_MS + APPROVAL_KEEP_MS + 60000);
    EXPECT_INT(APPROVAL_EXPIRED, approval_now(&w, a.number).state);
    b = asked(&w); /* sweeps */
    EXPECT_INT(1, count(&w.x, "task where state = 'cancelled'", NULL));
    EXPECT_INT(1, count(&w.x, "task where state = 'open'", NULL));
    EXPECT_INT(APPROVAL_EXPIRED, approval_now(&w, a.number).state);
    EXPECT_INT(0, approval_now(&w, a.number).args.len);
    EXPECT_INT(APPROVAL_WAITS, approval_now(&w, b.number).state);
    fixture_close(&w.x);
}
