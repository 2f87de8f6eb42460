/* SPDX-License-Identifier: Apache-2.0 */
/* Tests in the files of rules and workflows are run before a reload, and when somebody asks. */
#include "script_trial_fixture.h"

static void note_problem(void *arg, const struct script_problem *p) {
    buf_printf(arg, "%s:%u: %s\n", p->file, p->line, p->message);
}

#define GREETING(word)                                                                             \
    "on('lead.created', {name = 'g'}, function() task {title = '" word "'} end)\n"                 \
    "test('hello', function(t)\n"                                                                  \
    "  t.create('lead', {name = 'A'})\n"                                                           \
    "  t.expect_effect('create task', {title = 'hello'})\n"                                        \
    "end)\n"

TEST("rules whose tests fail do not take the place of those that run") {
    struct company c;
    struct buf said = {0};
    company_with(&c, "a.lua", GREETING("hello"));
    struct test_host host = host_of(&c);
    scripts_test_with(c.s, &host, true);
    company_file(&c, "a.lua", GREETING("bye"));
    EXPECT_INT(KITH_E_INVAL, scripts_reload(c.s, note_problem, &said, NULL, &c.e));
    EXPECT_STR("1 of 1 tests failed: the rules stay as they were", c.e.message);
    EXPECT_STR("rules/a.lua:4: test \"hello\": expected the effect \"create task\" with {title ="
               " \"hello\"}, there was something else\n",
               said.ptr);
    new_lead(&c, "A");
    EXPECT_STR("hello", tasks(&c));
    scripts_test_with(c.s, &host, false);
    EXPECT_OK(scripts_reload(c.s, note_problem, &said, NULL, &c.e), c.e);
    new_lead(&c, "B");
    EXPECT_STR("hello, bye", tasks(&c));
    EXPECT_INT(0, benches);
    buf_free(&said);
    company_end(&c);
}

TEST("all tests of the files as they are now are run, and none when there are none") {
    struct company c;
    size_t passed = 9;
    company_with(&c, "a.lua", "on('lead.created', {name = 'g'}, function() end)\n");
    struct test_host host = host_of(&c);
    scripts_test_with(c.s, &host, true);
    EXPECT_OK(scripts_test_all(c.s, NULL, NULL, &passed, &c.e), c.e);
    EXPECT_INT(0, passed);
    company_file(&c, "a.lua", GREETING("hello"));
    EXPECT_OK(scripts_test_all(c.s, NULL, NULL, &passed, &c.e), c.e);
    EXPECT_INT(1, passed);
    company_file(&c, "a.lua", GREETING("bye"));
    EXPECT_INT(KITH_E_INVAL, scripts_test_all(c.s, NULL, NULL, &passed, &c.e));
    company_end(&c);
}

TEST("tests that take longer than a reload waits for them keep the rules as they were") {
    struct company c;
    struct script_options o = {.limits = {.time_ms = 20000}, .tests_ms = 1000};
    company_make(&c);
    company_file(&c, "a.lua", GREETING("hello"));
    company_start_with(&c, &o);
    struct test_host host = host_of(&c);
    scripts_test_with(c.s, &host, true);
    company_file(&c, "a.lua",
                 "on('lead.created', {name = 'g'}, function() task {title = 'bye'} end)\n"
                 "test('x', function(t) while true do end end)\n"
                 "test('y', function(t) end)\n");
    EXPECT_INT(KITH_E_INVAL, scripts_reload(c.s, NULL, NULL, NULL, &c.e));
    EXPECT_STR("within 1 s the tests take too long: 1 of 2 ran: the rules stay as they were",
               c.e.message);
    new_lead(&c, "A");
    EXPECT_STR("hello", tasks(&c));
    company_end(&c);
}
