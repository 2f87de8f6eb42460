/* SPDX-License-Identifier: Apache-2.0 */
/* Backtest: what is told of it, and what is not. */
#include "script_backtest_fixture.h"

TEST("nothing is suspended, neither by what fails here nor by what failed then") {
    struct company c;
    struct tested x;
    static const char fails[] = "on('lead.created', {name = 'bad'}, function() error('bad') end)\n"
                                "before('lead.create', function(lead) lead.rating = 'hot' end)\n";
    company_with(&c, "r.lua", fails);
    for (int i = 0; i < 12; i++) {
        kith_id id;
        if (try_create(&c, "lead", SET("name", "A"), &id) == KITH_OK)
            drain(&c);
    }
    EXPECT_INT(10, find(&c, "lead", NULL)); /* then it was suspended */
    EXPECT_STR("10 set lead.rating; 10 failed: rules/r.lua:1: bad",
               effects(&c, backtest(&x, &c, RULES, NULL, NOW - DAY)));
    EXPECT_STR(
        "; 10 failed: rules/r.lua:1: no",
        effects(&c, backtest(&x, &c, RULES, "before('lead.create', function() error('no') end)",
                             NOW - DAY)));
    company_end(&c);
}

TEST("a file that does not come to an end is told of") {
    struct company c;
    struct tested x = {.c = &c,
                       .file = RULES,
                       .text = "on('task.created', {name = 'a'}, function(t)\n"
                               "  for i = 1, 30 do task {title = t.title .. i} end\n"
                               "end)\n",
                       .since = NOW - DAY};
    company_with(&c, "none.lua", "");
    create(&c, "task", SET("title", "x"));
    EXPECT_INT(KITH_E_LIMIT, engine_with_copy(c.g, on_copy, &x, &c.e));
    EXPECT_HAS("rules/r.lua writes more than 10000 rows because of one", c.e.message);
    company_end(&c);
}

static const struct backtest_conflict *only_conflict(const struct backtest_report *r) {
    EXPECT_INT(1, r->conflict_count);
    return &r->conflicts[0];
}

#define HEAT                                                                                       \
    "on('lead.updated', {name = 'heat', fields = {'phone'}}, function(lead)\n"                     \
    "  update(lead, {rating = 'hot'})\n"                                                           \
    "end)\n"

TEST("what others wrote days before or after, or with the same value, is no conflict") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    kith_id ada = new_lead(&c, "Ada");
    EXPECT_OK(try_update(&c, "lead", ada, SET("rating", "warm")), c.e);
    advance(&c, 2 * DAY);
    EXPECT_OK(try_update(&c, "lead", ada, SET("phone", "+43 1 2")), c.e);
    advance(&c, HOUR);
    EXPECT_OK(try_update(&c, "lead", ada, SET("rating", "hot")), c.e);
    advance(&c, 2 * DAY);
    EXPECT_OK(try_update(&c, "lead", ada, SET("rating", "cold")), c.e);
    const struct backtest_report *r = backtest(&x, &c, RULES, HEAT, NOW - DAY);
    EXPECT_STR("1 update lead.rating", effects(&c, r));
    EXPECT_INT(0, r->conflict_count);
    company_end(&c);
}

TEST("a hook is named as who wrote the field that it set, and a file has no conflict with itself") {
    struct company c;
    struct tested x;
    company_with(
        &c, "r.lua",
        "on('lead.updated', {name = 'add', fields = {'phone'}}, function(lead)\n"
        "  update(lead, {score = (lead.score or 0) + 1})\n"
        "end)\n"
        "before('lead.update', {fields = {'phone'}}, function(l) l.rating = 'cold' end)\n");
    kith_id ada = new_lead(&c, "Ada");
    for (int i = 0; i < 3; i++) {
        advance(&c, HOUR);
        EXPECT_OK(try_update(&c, "lead", ada, SET("phone", i % 2 ? "+43 1 2" : "+43 1 3")), c.e);
        drain(&c);
    }
    const struct backtest_report *r = backtest(&x, &c, RULES, NULL, NOW - DAY);
    EXPECT_INT(6, began(r));
    EXPECT_INT(0, r->conflict_count);
    r = backtest(&x, &c, "rules/draft.lua", HEAT, NOW - DAY);
    EXPECT_STR("lead.rating", arena_printf(&c.arena, "%s.%s", only_conflict(r)->field->type->name,
                                           only_conflict(r)->field->name));
    EXPECT_HAS("rules/r.lua: ", only_conflict(r)->source.name);
    company_end(&c);
}

TEST("each occasion counts once for a record, and on its day") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    new_lead(&c, "Ada");
    advance(&c, DAY);
    new_lead(&c, "Bob");
    const struct backtest_report *r = backtest(&x, &c, RULES,
                                               "on('lead.created', {name = 'a'}, function(lead)\n"
                                               "  update(lead, {score = 1})\n"
                                               "  update(lead, {rating = 'hot'})\n"
                                               "end)\n",
                                               NOW - DAY);
    EXPECT_INT(2, r->hit_records);
    EXPECT_INT(0, r->hit_twice);
    EXPECT_INT(0, r->hit_count);
    EXPECT_INT(1, r->rule_count);
    EXPECT_INT(0, r->rules[0].days[0]);
    EXPECT_INT(1, r->rules[0].days[1]);
    EXPECT_INT(1, r->rules[0].days[2]);
    company_end(&c);
}

TEST("a step that failed at the end of the time, and is to be tried again, is told") {
    struct company c;
    struct tested x;
    company_with(&c, "none.lua", "");
    new_lead(&c, "Ada");
    const struct backtest_report *r =
        backtest(&x, &c, "workflows/w.lua",
                 "workflow('w', {on = 'lead.created'}, function() error('bad') end)\n", NOW - DAY);
    EXPECT_STR("; 1 failed: workflows/w.lua:1: bad", effects(&c, r));
    EXPECT_INT(1, r->rules[0].failed);
    company_end(&c);
}
