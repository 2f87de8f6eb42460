/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of workflows that are disabled: none begins, and what is under way goes on. */
#include "script_flow_fixture.h"

static const char two[] = "workflow('w', {on = 'lead.created'}, function(lead, event)\n"
                          "  sleep(hours(1))\n"
                          "  task {title = lead and lead.name or 'clock'}\n"
                          "  if lead and lead.company == 'again' then\n"
                          "    update(lead, {company = 'once'})\n"
                          "    continue_as_new()\n"
                          "  end\n"
                          "end)\n"
                          "workflow('clock', {every = '0 * * * *'}, function()\n"
                          "  task {title = 'tick ' .. tostring(start('w'))}\n"
                          "end)\n";

static void disable(struct company *c, const char *name, bool off) {
    EXPECT_OK(scripts_disable(c->s, name, off, &c->e), c->e);
}

static bool is_disabled(struct company *c, size_t i) {
    struct rule_info info;
    EXPECT(rule_at(c, i, &info));
    return info.disabled;
}

static kith_status start_by_hand(struct company *c, const char *name) {
    const struct action *a = engine_action(c->g, STR("workflow.start"));
    kith_value args[8] = {value_str(str_of(name))}, results[8] = {0};
    return engine_call(c->g, NULL, &by_anna, a, args, &c->arena, results, NULL, &c->e);
}

TEST("a disabled workflow begins no run, also not later for what happened meanwhile") {
    struct company c;
    flow_company(&c, two);
    disable(&c, "w", true);
    EXPECT(is_disabled(&c, 0) && !is_disabled(&c, 1));
    new_lead(&c, "A");
    EXPECT_INT(KITH_E_CONFLICT, start_by_hand(&c, "w"));
    EXPECT_STR("the workflow 'w' is disabled: 'kith workflow enable' has it begin again",
               c.e.message);
    disable(&c, "w", false);
    advance(&c, HOUR / 2);
    EXPECT_INT(0, find(&c, "workflow_run where workflow = 'w'", NULL));
    new_lead(&c, "B");
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'w'", NULL));
    company_end(&c);
}

TEST("a run that is under way goes on, and anew, when its workflow is disabled") {
    struct company c;
    flow_company(&c, two);
    create(&c, "lead", SET("name", "A", "company", "again"));
    drain(&c);
    disable(&c, "w", true);
    disable(&c, "clock", true);
    advance(&c, HOUR);
    advance(&c, HOUR);
    EXPECT_STR("A, A", tasks(&c));
    EXPECT_INT(2, find(&c, "workflow_run where state = 'done'", NULL));
    company_end(&c);
}

TEST("a time that passes begins no disabled workflow, and start() gives nil for one") {
    struct company c;
    flow_company(&c, two);
    disable(&c, "clock", true);
    advance(&c, 2 * HOUR);
    EXPECT_STR("", tasks(&c));
    disable(&c, "clock", false);
    disable(&c, "w", true);
    advance(&c, HOUR);
    EXPECT_STR("tick nil", tasks(&c));
    company_end(&c);
}

TEST("what is disabled stays so when the files are reloaded, and when the company is opened") {
    struct company c;
    kith_value names[] = {value_str(STR("w")), value_str(STR("gone"))};
    struct setting at = {.path = "workflows.disabled", .file = "conf.d/workflows.conf", .line = 2};
    struct script_options o = {.limits = {.time_ms = 20000}, .disabled = &at};
    at.value = (kith_value){.kind = KITH_LIST, .as.list = {names, 2}};
    company_make(&c);
    company_file(&c, FLOW, two);
    company_start_with(&c, &o);
    EXPECT(is_disabled(&c, 0) && !is_disabled(&c, 1));
    EXPECT_STR("workflows.disabled: there is no workflow 'gone' ('kith workflow enable gone'"
               " forgets it)",
               problem_at(&c, 0)->message);
    disable(&c, "gone", false);
    disable(&c, "clock", true);
    company_file(&c, "workflows/g.lua", "workflow('v', {}, function() end)\n");
    EXPECT_OK(scripts_reload(c.s, NULL, NULL, NULL, &c.e), c.e);
    EXPECT(is_disabled(&c, 0) && is_disabled(&c, 1) && !is_disabled(&c, 2));
    EXPECT(!problem_at(&c, 0));
    EXPECT_INT(KITH_E_NOTFOUND, scripts_disable(c.s, "clok", true, &c.e));
    EXPECT_STR("there is no workflow 'clok'; did you mean 'clock'?", c.e.message);
    company_end(&c);
}

TEST("what is to be tried out begins, though it is disabled") {
    struct company c;
    kith_value names[] = {value_str(STR("w"))};
    struct setting at = {.path = "workflows.disabled", .file = "conf.d/workflows.conf", .line = 2};
    at.value = (kith_value){.kind = KITH_LIST, .as.list = {names, 1}};
    struct script_options o = {
        .limits = {.time_ms = 20000}, .disabled = &at, .focus = {.file = FLOW}};
    company_make(&c);
    company_file(&c, FLOW, two);
    company_start_with(&c, &o);
    new_lead(&c, "A");
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'w'", NULL));
    company_end(&c);
}

TEST("the source that is shown is that of the workflow as it runs") {
    struct company c;
    kith_str text;
    flow_company(&c, two);
    company_file(&c, FLOW, "workflow('other', {}, function() end)\n"); /* not reloaded */
    EXPECT_OK(scripts_source(c.s, "clock", &c.arena, &text, &c.e), c.e);
    EXPECT_STR("workflow('clock', {every = '0 * * * *'}, function()\n"
               "  task {title = 'tick ' .. tostring(start('w'))}\n"
               "end)",
               arena_strndup(&c.arena, text.ptr, text.len));
    company_end(&c);
}
