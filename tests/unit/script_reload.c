/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of reloading: the new set takes the old one's place as a whole, or not at all. */
#include "script_fixture.h"

#include <pthread.h>

struct reports {
    char text[4096];
};

static void add_report(void *arg, const struct script_problem *p) {
    struct reports *r = arg;
    size_t n = strlen(r->text);
    snprintf(r->text + n, sizeof r->text - n, "%s:%u: %s\n", p->file, p->line, p->message);
}

static void reload(struct company *c) {
    struct reports r = {""};
    if (scripts_reload(c->s, add_report, &r, NULL, &c->e) != KITH_OK)
        TEST_FAIL("%s\n%s", c->e.message, r.text);
}

static void remove_file(struct company *c, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/rules/%s", c->dir, name);
    EXPECT_INT(0, unlink(path));
}

#define NOTE(text)                                                                                 \
    "on('lead.created', {name = 'n'}, function(lead)\n"                                            \
    "  create('note', {about = lead, body = '" text "'})\n"                                        \
    "end)\n"

TEST("a changed rule runs as it stands in the file after a reload, and keeps its counts") {
    struct company c;
    struct rule_info info;
    company_with(&c, "s.lua", "before('lead.create', function(lead) lead.score = 1 end)\n");
    kith_id one = create(&c, "lead", SET("name", "A"));
    company_file(&c, "s.lua", "before('lead.create', function(lead) lead.score = 2 end)\n");
    company_file(&c, "t.lua", "before('lead.create', function(lead) lead.company = 'x' end)\n");
    kith_id two = create(&c, "lead", SET("name", "B"));
    reload(&c);
    kith_id three = create(&c, "lead", SET("name", "C"));
    EXPECT_STR("1", field(&c, "lead", one, "score"));
    EXPECT_STR("1", field(&c, "lead", two, "score"));
    EXPECT_STR("2", field(&c, "lead", three, "score"));
    EXPECT_STR("x", field(&c, "lead", three, "company"));
    EXPECT(rule_at(&c, 0, &info));
    EXPECT_INT(3, info.runs);
    EXPECT(rule_at(&c, 1, &info));
    EXPECT_INT(1, info.runs);
    company_end(&c);
}

TEST("any mistake keeps the whole old set") {
    struct company c;
    struct reports r = {""};
    company_with(&c, "a.lua", "before('lead.create', function(lead) lead.score = 1 end)\n");
    company_file(&c, "a.lua", "before('lead.create', function(lead) lead.score = 2 end)\n");
    company_file(&c, "b.lua", "before('lead.creat', function(lead) end)\n");
    EXPECT_INT(KITH_E_INVAL, scripts_reload(c.s, add_report, &r, NULL, &c.e));
    EXPECT_HAS("rules/b.lua:1: 'lead.creat': write lead.create", r.text);
    EXPECT_HAS("the rules stay as they were", c.e.message);
    EXPECT_STR("1", field(&c, "lead", create(&c, "lead", SET("name", "A")), "score"));
    EXPECT(!problem_at(&c, 0));
    /* A type that is gone takes a file down at the start, but not one that runs. */
    company_file(&c, "b.lua", "before('voyage.create', function() end)\n");
    reload(&c);
    EXPECT_HAS("until a module that has it is enabled", problem_at(&c, 0)->message);
    company_file(&c, "a.lua", "before('voyage.create', function() end)\n");
    EXPECT_INT(KITH_E_INVAL, scripts_reload(c.s, add_report, &r, NULL, &c.e));
    EXPECT_STR("2", field(&c, "lead", create(&c, "lead", SET("name", "A")), "score"));
    company_end(&c);
}

TEST("a rule goes on where the one of its name stood, wherever it stands in the file") {
    struct company c;
    company_with(&c, "s.lua",
                 "on('lead.created', {name = 'a'}, function(l) update(l, {score = 1}) end)\n"
                 "on('lead.created', {name = 'b'}, function(l) update(l, {company = 'b'}) end)\n");
    create(&c, "lead", SET("name", "A"));
    drain(&c);
    company_file(&c, "s.lua",
                 "on('lead.created', {name = 'b'}, function(l) update(l, {company = 'B'}) end)\n"
                 "on('lead.created', {name = 'new'}, function(l) update(l, {rating = 'hot'}) end)\n"
                 "on('lead.created', {name = 'a'}, function(l) update(l, {score = 2}) end)\n");
    reload(&c);
    kith_id lead = create(&c, "lead", SET("name", "B"));
    drain(&c);
    EXPECT_INT(1, find(&c, "lead where score = 1", NULL));
    EXPECT_INT(1, find(&c, "lead where company = 'b'", NULL));
    EXPECT_INT(1, find(&c, "lead where rating = 'hot'", NULL));
    EXPECT_STR("2", field(&c, "lead", lead, "score"));
    EXPECT_STR("B", field(&c, "lead", lead, "company"));
    company_end(&c);
}

TEST("a rule that is taken out and put back handles what happened meanwhile, once") {
    struct company c;
    company_with(&c, "s.lua", NOTE("x"));
    create(&c, "lead", SET("name", "A"));
    drain(&c);
    remove_file(&c, "s.lua");
    reload(&c);
    create(&c, "lead", SET("name", "B"));
    drain(&c);
    EXPECT_INT(1, find(&c, "note", NULL));
    company_file(&c, "s.lua", NOTE("y"));
    reload(&c);
    drain(&c);
    EXPECT_INT(1, find(&c, "note where body = 'x'", NULL));
    EXPECT_INT(1, find(&c, "note where body = 'y'", NULL));
    company_end(&c);
}

TEST("rules that remember what they have seen need names where there are two") {
    struct company c;
    company_make(&c);
    company_file(&c, "a.lua",
                 "on('lead.created', function() end)\n"
                 "on('lead.created', {name = 'x'}, function() end)\n"
                 "on('lead.created', function() end)\n");
    company_file(&c, "b.lua",
                 "every('0 8 * * *', function() end)\n"
                 "every('0 8 * * *', function() end)\n");
    company_file(&c, "c.lua",
                 "before('lead.create', function() end)\n"
                 "before('lead.create', function() end)\n"
                 "on('lead.created', {name = 'x'}, function() end)\n"
                 "on('lead.created', function() end)\n");
    company_start(&c, NULL);
    EXPECT_INT(3, problem_at(&c, 0)->line);
    EXPECT_HAS("give this rule a name: the one in line 1 goes with 'lead.created' too",
               problem_at(&c, 0)->message);
    EXPECT_INT(2, problem_at(&c, 1)->line);
    EXPECT(!problem_at(&c, 2));
    struct rule_info info;
    EXPECT(rule_at(&c, 3, &info));
    EXPECT_STR("lead.created#1", info.name); /* one with a name before it changes nothing */
    company_end(&c);
}

TEST("a rule by the clock takes its new time at a reload, and keeps an unchanged one") {
    struct company c;
    company_make(&c);
    company_file(&c, "s.lua",
                 "every('0 12 * * *', {name = 'moved'}, function()\n"
                 "  task {title = 'moved'} end)\n"
                 "every('0 13 * * *', {name = 'kept'}, function() task {title = 'kept'} end)\n");
    company_start(&c, NULL); /* 11:00 in Berlin */
    company_file(&c, "s.lua",
                 "every('0 14 * * *', {name = 'moved'}, function()\n"
                 "  task {title = 'moved'} end)\n"
                 "every('0 13 * * *', {name = 'kept'}, function() task {title = 'kept'} end)\n");
    reload(&c);
    clock_advance(&c.clock, INT64_C(150) * 60000); /* 13:30 */
    drain(&c);
    EXPECT_INT(0, find(&c, "task where title = 'moved'", NULL));
    EXPECT_INT(1, find(&c, "task where title = 'kept'", NULL));
    clock_advance(&c.clock, INT64_C(60) * 60000);
    drain(&c);
    EXPECT_INT(1, find(&c, "task where title = 'moved'", NULL));
    EXPECT_INT(1, find(&c, "task where title = 'kept'", NULL));
    company_end(&c);
}

TEST("the watch reloads what was changed and is left alone, and a mistake once") {
    struct company c;
    company_with(&c, "s.lua", "before('lead.create', function(lead) lead.score = 1 end)\n");
    scripts_watch(c.s);
    company_file(&c, "s.lua", "before('lead.create', function(le");
    scripts_watch(c.s); /* just written: perhaps not to its end */
    company_file(&c, "s.lua", "before('lead.create', function(lead) lead.score = 22 end)\n");
    scripts_watch(c.s);
    EXPECT_STR("1", field(&c, "lead", create(&c, "lead", SET("name", "A")), "score"));
    scripts_watch(c.s);
    EXPECT_STR("22", field(&c, "lead", create(&c, "lead", SET("name", "A")), "score"));
    company_file(&c, "s.lua", "before('lead.create', function(lead) lead.score = 333 en\n");
    char path[128];
    snprintf(path, sizeof path, "%s/log", c.dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    log_setup(LOG_INFO, fd);
    for (int i = 0; i < 4; i++)
        scripts_watch(c.s);
    log_setup(LOG_ERROR, open("/dev/null", O_WRONLY | O_CLOEXEC));
    char text[2048] = "";
    EXPECT(pread(fd, text, sizeof text - 1, 0) > 0);
    close(fd);
    const char *first = strstr(text, "rules/s.lua:");
    EXPECT(first && !strstr(first + 1, "rules/s.lua:"));
    EXPECT_HAS("the rules stay as they were", text);
    EXPECT_STR("22", field(&c, "lead", create(&c, "lead", SET("name", "A")), "score"));
    company_file(&c, "lib/points.lua", "return 4\n");
    company_file(&c, "s.lua",
                 "local p = require 'points'\n"
                 "before('lead.create', function(lead) lead.score = p end)\n");
    scripts_watch(c.s);
    scripts_watch(c.s);
    company_file(&c, "lib/points.lua", "return 55\n"); /* only what is required */
    scripts_watch(c.s);
    scripts_watch(c.s);
    EXPECT_STR("55", field(&c, "lead", create(&c, "lead", SET("name", "A")), "score"));
    company_file(&c, "workflows/w.lua",
                 "after('lead.create', function(l) task {title = 'w'} end)\n");
    scripts_watch(c.s);
    scripts_watch(c.s);
    create(&c, "lead", SET("name", "A"));
    EXPECT_INT(1, find(&c, "task where title = 'w'", NULL));
    company_end(&c);
}

/* -- under load -------------------------------------------------------------------------------- */

#define SWAPS 200

struct load {
    struct company *c;
    atomic_bool stop;
    int written;
    kith_error e;
};

static void *write_leads(void *arg) {
    struct load *l = arg;
    while (!atomic_load(&l->stop)) {
        struct write_request w = {.c = l->c, .type = "lead", .set = SET("name", "A")};
        if (engine_write(l->c->g, &by_anna, write_it, &w, NULL, &l->e) != KITH_OK)
            return l;
        l->written++;
    }
    return NULL;
}

TEST("200 reloads under load lose no event and run none twice") {
    struct company c;
    struct load load[2];
    pthread_t threads[2];
    void *failed;
    int written = 0;
    company_with(&c, "s.lua", NOTE("0"));
    for (int i = 0; i < 2; i++) {
        load[i] = (struct load){.c = &c, .e = KITH_ERROR_INIT};
        EXPECT_INT(0, pthread_create(&threads[i], NULL, write_leads, &load[i]));
    }
    for (int i = 0; i < SWAPS; i++) {
        company_file(&c, "s.lua",
                     i % 2 ? NOTE("odd") "every('* * * * *', function() end)\n"
                           : "before('lead.create', function(l) l.score = 1 end)\n" NOTE("even"));
        reload(&c);
    }
    for (int i = 0; i < 2; i++) {
        atomic_store(&load[i].stop, true);
        pthread_join(threads[i], &failed);
        if (failed)
            TEST_FAIL("%s", load[i].e.message);
        written += load[i].written;
    }
    drain(&c);
    EXPECT(written > SWAPS / 4);
    struct query *q;
    struct find_page page = {.limit = 1};
    EXPECT_OK(query_parse(&q, engine_schema(c.g), &c.arena, STR("note: count()"), &c.e), c.e);
    EXPECT_OK(engine_find(c.g, &anna, q, NULL, &page, &c.arena, keep_first, NULL, &c.e), c.e);
    EXPECT_INT(written, page.count);
    EXPECT_OK(query_parse(&q, engine_schema(c.g), &c.arena, STR("lead: count()"), &c.e), c.e);
    page = (struct find_page){.limit = 1};
    EXPECT_OK(engine_find(c.g, &anna, q, NULL, &page, &c.arena, keep_first, NULL, &c.e), c.e);
    EXPECT_INT(written, page.count);
    struct rule_info info;
    EXPECT(rule_at(&c, 0, &info));
    EXPECT_INT(written, info.runs);
    company_end(&c);
}
