/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of workflows share: a company with one, time that passes, and its runs. */
#ifndef TESTS_UNIT_SCRIPT_FLOW_FIXTURE_H
#define TESTS_UNIT_SCRIPT_FLOW_FIXTURE_H

#include "script_fixture.h"

#define SECOND INT64_C(1000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

#define FLOW "workflows/f.lua"

static inline void flow_company(struct company *c, const char *text) {
    company_with(c, FLOW, text);
}

/* Time passes, and what is due is done. */
static inline void advance(struct company *c, int64_t ms) {
    clock_advance(&c->clock, ms);
    drain(c);
}

/* The company is closed and opened, as after the end of the process. */
static inline void reopen(struct company *c) {
    struct script_options o = {.limits = {.time_ms = 20000}};
    int64_t now = clock_now(&c->clock);
    company_stop(c);
    company_engine(c);
    clock_set(&c->clock, now);
    EXPECT_OK(scripts_open(&c->s, c->g, c->dir, &o, &c->e), c->e);
    EXPECT_OK(engine_start(c->g, &c->e), c->e);
}

static inline void reload(struct company *c) {
    if (scripts_reload(c->s, NULL, NULL, NULL, &c->e) != KITH_OK)
        TEST_FAIL("%s", c->e.message);
}

/* The only run; its fields as text. */
static inline const char *run_field(struct company *c, const char *name) {
    kith_id run;
    EXPECT_INT(1, find(c, "workflow_run", &run));
    return field(c, "workflow_run", run, name);
}

static inline kith_id new_lead(struct company *c, const char *name) {
    kith_id id = create(c, "lead", SET("name", name));
    drain(c);
    return id;
}

/* Titles of all tasks, oldest first: "a, b". */
static inline kith_status add_title(void *arg, kith_id id, const kith_value *values,
                                    kith_error *e) {
    struct buf *b = arg;
    (void)id;
    (void)e;
    for (; values->kind != KITH_TEXT; values++)
        ;
    buf_printf(b, "%s%.*s", b->len ? ", " : "", (int)values->as.s.len, values->as.s.ptr);
    return KITH_OK;
}

static inline const char *tasks(struct company *c) {
    struct query *q;
    struct find_page page = {.limit = 1000};
    struct buf b = {0};
    const struct schema *s = engine_schema(c->g);
    const struct rtype *task = schema_type(s, STR("task"));
    (void)task;
    EXPECT_OK(query_parse(&q, s, &c->arena, STR("task order by id"), &c->e), c->e);
    EXPECT_OK(engine_find(c->g, &anna, q, NULL, &page, &c->arena, add_title, &b, &c->e), c->e);
    const char *out = arena_strdup(&c->arena, b.len ? b.ptr : "");
    buf_free(&b);
    return out;
}

/* Calls an action about the run. */
static inline kith_status act(struct company *c, const char *name, kith_id run) {
    const struct action *a = engine_action(c->g, str_of(name));
    kith_value args[1] = {
        value_link(run, schema_type(engine_schema(c->g), STR("workflow_run"))->id)};
    kith_value results[1];
    EXPECT(a && a->result_count <= 1);
    return engine_call(c->g, NULL, &by_anna, a, args, &c->arena, results, NULL, &c->e);
}

static inline struct undo_report undo(struct company *c, kith_id target) {
    struct undo_report r;
    EXPECT_OK(engine_undo(c->g, &anna, target, false, &c->arena, &r, &c->e), c->e);
    drain(c);
    return r;
}

#endif
