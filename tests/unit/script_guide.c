/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the guides for admins: every Lua block in them is a file in which nothing is found, and
 * what it says about values is so. */
#include "script_fixture.h"

static char *read_guide(const char *name) {
    static char text[65536];
    char path[512];
    snprintf(path, sizeof path, SOURCE_DIR "/docs/%s", name);
    FILE *f = fopen(path, "re");
    EXPECT(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    return text;
}

/* Writes each block of a guide to a file of its own in that folder; returns how many. */
static int write_blocks_of(struct company *c, const char *guide, const char *folder) {
    int count = 0;
    char *at = read_guide(guide), *end;
    while ((at = strstr(at, "```lua\n")) && (end = strstr(at + 7, "```\n"))) {
        char name[64];
        *end = '\0';
        snprintf(name, sizeof name, "%sblock%02d.lua", folder, ++count);
        company_file(c, name, at + 7);
        at = end + 4;
    }
    return count;
}

static int write_blocks(struct company *c) {
    return write_blocks_of(c, "guide-admin-rules.md", "");
}

TEST("every block of the guide is a rule file in which nothing is found") {
    struct company c;
    company_make(&c);
    EXPECT(write_blocks(&c) >= 8);
    company_start(&c, NULL);
    const struct script_problem *p = problem_at(&c, 0);
    if (p)
        TEST_FAIL("%s:%u: %s", p->file, p->line, p->message);
    struct scripts_view v;
    EXPECT_OK(scripts_view(c.s, &c.arena, &v, &c.e), c.e);
    for (size_t i = 0; i < v.finding_count; i++)
        TEST_FAIL("%s:%u: %s", v.findings[i].file, v.findings[i].line, v.findings[i].message);
    company_end(&c);
}

TEST("every block of the page on Lua is a file in which nothing is found, and runs") {
    struct company c;
    struct scripts_view v;
    struct rule_info r;
    company_make(&c);
    EXPECT(write_blocks_of(&c, "lua.md", "workflows/") >= 6);
    company_start(&c, NULL);
    const struct script_problem *p = problem_at(&c, 0);
    if (p)
        TEST_FAIL("%s:%u: %s", p->file, p->line, p->message);
    EXPECT_OK(scripts_view(c.s, &c.arena, &v, &c.e), c.e);
    for (size_t i = 0; i < v.finding_count; i++)
        TEST_FAIL("%s:%u: %s", v.findings[i].file, v.findings[i].line, v.findings[i].message);
    kith_id lead = create(&c, "lead", SET("name", "Ann", "source", "web", "rating", "cold"));
    drain(&c);
    EXPECT_OK(try_update(&c, "lead", lead, SET("rating", "warm", "state", "working")), c.e);
    EXPECT_OK(try_update(&c, "lead", lead, SET("rating", "cold", "state", "qualified")), c.e);
    create(&c, "lead", SET("name", "Ben"));
    drain(&c);
    EXPECT_INT(1, find(&c, "task where title = 'Who looks at Ann?'", NULL));
    EXPECT_INT(1, find(&c, "task where title = 'Call Ann by 2024-03-03'", NULL));
    clock_advance(&c.clock, INT64_C(86400000) * 3);
    drain(&c);
    EXPECT_INT(1, find(&c, "task where title = 'Call back Ann' and priority = 'urgent'", NULL));
    EXPECT_INT(1, find(&c, "task where title = '2. Look after the post'", NULL));
    EXPECT_INT(1, find(&c, "task where title = 'Report 3' and due = '2024-03-25'", NULL));
    for (size_t i = 0; rule_at(&c, i, &r); i++) {
        if (r.failures || !r.runs)
            TEST_FAIL("%s:%u %s", r.file, r.line, r.failures ? "failed" : "did not run");
    }
    company_end(&c);
}

TEST("the guide's rules do what it says") {
    struct company c;
    company_make(&c);
    write_blocks(&c);
    company_start(&c, NULL);
    kith_id lead = create(&c, "lead", SET("name", "Acme", "email", "a@acme.com"));
    EXPECT_STR("other", field(&c, "lead", lead, "source"));
    kith_id account = create(&c, "account", SET("name", "Acme", "kind", "customer"));
    char id[ID_TEXT + 1];
    id_format(account, id);
    kith_id ada = create(&c, "contact", SET("name", "Ada", "email", "ADA@Acme.com", "account", id));
    EXPECT_STR("ada@acme.com", field(&c, "contact", ada, "email"));
    EXPECT_INT(KITH_E_REFUSED, try_delete(&c, "account", account));
    EXPECT_STR("Acme is a customer. Say so if it is none any more, then delete it.", c.e.message);
    EXPECT_OK(try_update(&c, "contact", ada, SET("email", "ada@example.com")), c.e);
    kith_id note, task;
    EXPECT_INT(1, find(&c, "note", &note));
    EXPECT_STR("Mail address was ada@acme.com.", field(&c, "note", note, "body"));
    task = create(&c, "task", SET("title", "x", "priority", "urgent"));
    EXPECT_STR("2024-03-08T16:00:00.000Z", field(&c, "task", task, "due"));
    /* Friday, 11 o'clock in Berlin, and an hour later. */
    EXPECT_STR("2024-03-01T11:00:00.000Z", field(&c, "task", task, "reminder"));
    drain(&c);
    EXPECT_INT(1, find(&c, "interaction where planned", NULL));
    clock_set(&c.clock, NOW + INT64_C(86400000) * 40);
    drain(&c);
    EXPECT_INT(1, find(&c, "task where title = 'Read this week''s numbers'", &task));
    EXPECT_STR("prospect: 1, 0.00 EUR", field(&c, "task", task, "body"));
    EXPECT_INT(1, find(&c, "task where title = 'Look through what is urgent'", &task));
    EXPECT_STR("On 10.04.2024 there was open:\n- x, until 08.03. 17:00\n",
               field(&c, "task", task, "body"));
    struct rule_info r;
    for (size_t i = 0; rule_at(&c, i, &r); i++) {
        if (r.failures)
            TEST_FAIL("%s:%u failed", r.file, r.line);
        if (r.kind == RULE_EVERY && !r.runs)
            TEST_FAIL("%s:%u did not run", r.file, r.line);
    }
    company_end(&c);
}

TEST("the values that the guide shows are what Lua gives") {
    struct company c;
    company_with(
        &c, "v.lua",
        "before('lead.create', function(lead)\n"
        "  local price = money('99.90 EUR')\n"
        "  lead.company = table.concat({tostring(price * 3), price.amount,\n"
        "    tostring(price * decimal('1.19')), tostring(decimal('0.1') + decimal('0.2')),\n"
        "    (date('2024-03-01') - date('2024-02-01')).days}, ' ')\n"
        "end)\n");
    kith_id id = create(&c, "lead", SET("name", "x"));
    EXPECT_STR("299.70 EUR 99.90 118.88 EUR 0.3 29", field(&c, "lead", id, "company"));
    company_end(&c);
}

TEST("the workflows of their guide do what it says") {
    struct company c;
    kith_id lead, run;
    company_make(&c);
    EXPECT(write_blocks_of(&c, "guide-admin-workflows.md", "workflows/") >= 3);
    company_start(&c, NULL);
    const struct script_problem *p = problem_at(&c, 0);
    if (p)
        TEST_FAIL("%s:%u: %s", p->file, p->line, p->message);
    lead = create(&c, "lead", SET("name", "Ann", "source", "web", "rating", "cold"));
    drain(&c);
    EXPECT_INT(1, find(&c, "task where title = 'Call Ann' and due = '2024-03-01T14:00:00Z'", NULL));
    EXPECT_INT(2, find(&c, "workflow_run where state = 'waiting'", NULL));
    clock_advance(&c.clock, INT64_C(86400000));
    drain(&c);
    EXPECT_INT(1, find(&c, "task where priority = 'urgent'", NULL));
    clock_advance(&c.clock, INT64_C(86400000) * 14);
    drain(&c);
    EXPECT_INT(1, find(&c, "interaction where subject = 'News 2 for Ann'", NULL));
    EXPECT_OK(try_update(&c, "lead", lead, SET("state", "working")), c.e);
    drain(&c);
    EXPECT_INT(1, find(&c, "workflow_run where workflow = 'nurture'", &run));
    EXPECT_STR("moved after 2", field(&c, "workflow_run", run, "result"));
    EXPECT_INT(0, find(&c, "workflow_run where state != 'done'", NULL));
    company_end(&c);
}
