/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rights: what the settings do not grant a file, its rules cannot do, by any way. */
#include "script_fixture.h"

/* Settings as kith.conf would have them: one list for all, and one file's own. */
struct granted {
    kith_value words[8], group[2];
    struct setting may, scripts;
    struct script_options o;
};

static kith_value list_of(kith_value *items, const char *const *texts) {
    uint32_t n = 0;
    for (; texts[n]; n++)
        items[n] = value_str(str_of(texts[n]));
    return (kith_value){.kind = KITH_LIST, .as.list = {items, n}};
}

static void grant_all(struct granted *g, const char *const *may) {
    *g = (struct granted){.may = {.path = "rules.may", .file = "kith.conf", .line = 4}};
    g->may.value = list_of(g->words, may);
    g->o.may = &g->may;
}

static void grant_file(struct granted *g, const char *file, const char *const *may) {
    static kith_value groups[1];
    *g = (struct granted){.scripts = {.path = "rules.scripts", .file = "kith.conf", .line = 7}};
    g->group[0] = value_str(str_of(file));
    g->group[1] = list_of(g->words, may);
    groups[0] = (kith_value){.kind = KITH_LIST, .as.list = {g->group, 2}};
    g->scripts.value = (kith_value){.kind = KITH_LIST, .as.list = {groups, 1}};
    g->o.scripts = &g->scripts;
}

/* What a rule on a new lead answers that runs the code; "ok", or the error. */
static const char *attempt(const char *code, const char *const *may) {
    static char out[1024];
    char text[2048];
    struct company c;
    struct granted g;
    kith_id note;
    company_make(&c);
    grant_file(&g, "s.lua", may);
    snprintf(text, sizeof text, "before('lead.create', function(lead, change) %s end)\n", code);
    company_file(&c, "s.lua", text);
    company_start_with(&c, &g.o);
    const struct script_problem *p = problem_at(&c, 0);
    create(&c, "contact", SET("name", "Ada"));
    if (p)
        snprintf(out, sizeof out, "%s:%u: %s", p->file, p->line, p->message);
    else if (try_create(&c, "lead", SET("name", "Acme"), NULL) == KITH_OK)
        snprintf(out, sizeof out, "ok %s",
                 find(&c, "note", &note) ? field(&c, "note", note, "body") : "");
    else
        snprintf(out, sizeof out, "%s", c.e.message);
    company_end(&c);
    return out;
}

#define MAY(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST("what is not granted is denied with what to write, and where") {
    static const struct {
        const char *code, *missing;
    } rows[] = {
        {"lead.score = 1", "write:lead"},
        {"create('note', {about = lead, body = 'x'})", "write:note"},
        {"task {title = 'x'}", "write:task"},
        {"pcall(create, 'task', {title = 'x'}) create('task', {title = 'x'})", "write:task"},
        {"local c for x in find('lead') do c = x end", NULL},
        {"local n = count('contact')", "read:contact"},
        {"for c in find('contact') do end", "read:contact"},
        {"local n = count(\"lead where contact.name = 'Ada'\")", "read:contact"},
        {"local n = count(\"lead where contact.account.name = 'Ada'\")", "read:contact"},
        {"local n = count('lead order by contact.name limit 1')", "read:contact"},
        {"local t = totals('contact : count(), 1')", "read:contact"},
        {"local t = totals('lead group by contact.name')", "read:contact"},
        {"local t = totals('lead : count(contact.name)')", "read:contact"},
        {"local c = get('contact', lead.id)", "read:contact"},
        {"update(lead, {score = 1})", "write:lead"},
        {"delete(lead)", "write:lead"},
        {"publish('lead.scored', lead, {points = 1})", "publish:lead.scored"},
        {"action.sales.double {number = 2}", "call:sales.double"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *answer = attempt(rows[i].code, MAY("read:lead"));
        char want[128] = "ok";
        if (rows[i].missing)
            snprintf(want, sizeof want, "add \"%s\" to its list in rules.scripts in kith.conf",
                     rows[i].missing);
        EXPECT_HAS(want, answer);
    }
}

TEST("what is granted goes") {
    EXPECT_STR("ok ", attempt("lead.score = 1", MAY("write:lead")));
    EXPECT_STR("ok x", attempt("local who = create('contact', {name = 'Bob'})\n"
                               "create('note', {about = who, body = 'x'})",
                               MAY("read:lead", "write:contact", "write:note")));
    EXPECT_STR("ok ", attempt("local n = count(\"lead where contact.name = 'A'\")",
                              MAY("read:lead", "read:contact")));
    EXPECT_STR("ok ", attempt("publish('lead.scored', lead, {points = 1})",
                              MAY("read:*", "publish:lead.*")));
    EXPECT_STR("ok ", attempt("action.sales.double {number = 2}", MAY("read:*", "call:sales.*")));
    EXPECT_STR("ok ", attempt("lead.score = count('contact')", MAY("*")));
    EXPECT_HAS("may not write records of type task",
               attempt("task {title = 'x'}", MAY("read:*", "call:*", "publish:*")));
}

TEST("a link leads to a record of which nothing can be read without the right") {
    struct company c;
    struct granted g;
    char id[ID_TEXT + 1];
    company_make(&c);
    grant_all(&g, MAY("read:lead"));
    company_file(&c, "s.lua",
                 "before('lead.create', function(lead) local x = lead.contact.name end)\n");
    company_start_with(&c, &g.o);
    id_format(create(&c, "contact", SET("name", "Ada")), id);
    EXPECT_INT(KITH_E_DENIED, try_create(&c, "lead", SET("name", "A", "contact", id), NULL));
    EXPECT_HAS(
        "rules/s.lua may not read records of type contact: add \"read:contact\" to rules.may "
        "in kith.conf",
        c.e.message);
    company_end(&c);
}

TEST("a rule that is handed records, or looks at them in its condition, needs to read them") {
    struct company c;
    struct granted g;
    company_make(&c);
    grant_all(&g, MAY("read:lead"));
    company_file(&c, "a.lua", "on('contact.created', function(contact) end)\n");
    company_file(&c, "b.lua",
                 "before('lead.create', {where = \"contact.name = 'x'\"}, function() end)\n");
    company_file(&c, "c.lua", "on('lead.scored', function(lead, event) end)\n");
    company_start_with(&c, &g.o);
    EXPECT_HAS("may not read records of type contact", problem_at(&c, 0)->message);
    EXPECT_STR("rules/b.lua", problem_at(&c, 1)->file);
    EXPECT_HAS("may not read records of type contact", problem_at(&c, 1)->message);
    EXPECT(!problem_at(&c, 2));
    company_end(&c);
}

TEST("a file's own list holds instead of the one for all") {
    struct company c;
    struct granted all, one;
    struct scripts_view v;
    company_make(&c);
    company_file(&c, "s.lua", "before('lead.create', function(lead) lead.score = 1 end)\n");
    company_file(&c, "t.lua", "before('lead.create', function(lead) lead.company = 'x' end)\n");
    grant_all(&all, MAY("read:lead"));
    grant_file(&one, "rules/s.lua", MAY("write:lead"));
    all.o.scripts = &one.scripts;
    company_start_with(&c, &all.o);
    EXPECT_INT(KITH_E_DENIED, try_create(&c, "lead", SET("name", "A"), NULL));
    EXPECT_HAS("rules/t.lua may not write records of type lead", c.e.message);
    EXPECT_OK(scripts_view(c.s, &c.arena, &v, &c.e), c.e);
    EXPECT_STR("write:lead", v.files[0].may);
    EXPECT_STR("read:lead", v.files[1].may);
    company_end(&c);
}

TEST("a wrong list names its place and the nearest name, and grants nothing") {
    EXPECT_HAS("kith.conf:7: rules.scripts: there is no type 'leda'; did you mean 'lead'?",
               attempt("", MAY("read:lead", "write:leda")));
    EXPECT_HAS("there is no action 'sales.doubel'; did you mean 'sales.double'?",
               attempt("", MAY("*", "call:sales.doubel")));
    EXPECT_HAS("there is no action 'salse.*'", attempt("", MAY("*", "call:salse.*")));
    EXPECT_HAS("nobody declares the topic 'lead.scord'",
               attempt("", MAY("*", "publish:lead.scord")));
    EXPECT_HAS("'wirte:lead' is no right: did you mean 'write:...'?",
               attempt("", MAY("*", "wirte:lead")));
    EXPECT_HAS("'lead' is no right: write read:TYPE", attempt("", MAY("*", "lead")));
}

TEST("a wrong list for all is told once, and keeps every file off that it holds for") {
    struct company c;
    struct granted all, one;
    struct scripts_view v;
    company_make(&c);
    company_file(&c, "a.lua", "local unused\n");
    company_file(&c, "b.lua", "local unused\n");
    company_file(&c, "s.lua", "local unused\n");
    grant_all(&all, MAY("read:leda", "wirte:lead"));
    grant_file(&one, "s.lua", MAY("write:lead"));
    all.o.scripts = &one.scripts;
    company_start_with(&c, &all.o);
    EXPECT_OK(scripts_view(c.s, &c.arena, &v, &c.e), c.e);
    EXPECT_INT(2, v.problem_count);
    EXPECT_STR("kith.conf", v.problems[0].file);
    EXPECT_INT(4, v.problems[0].line);
    EXPECT_STR("rules.may: there is no type 'leda'; did you mean 'lead'?", v.problems[0].message);
    EXPECT(v.files[0].off && v.files[1].off && !v.files[2].off);
    EXPECT_INT(KITH_E_INVAL, scripts_reload(c.s, NULL, NULL, NULL, &c.e));
    company_end(&c);
}

TEST("of two lists for one file the first holds, and the second is shown") {
    struct company c;
    struct granted first, second;
    company_make(&c);
    company_file(&c, "s.lua", "before('lead.create', function(lead) lead.score = 1 end)\n");
    grant_file(&second, "rules/s.lua", MAY("*"));
    kith_value both[2] = {[1] = second.scripts.value.as.list.items[0]};
    grant_file(&first, "s.lua", MAY("read:lead"));
    both[0] = first.scripts.value.as.list.items[0];
    first.scripts.value.as.list.items = both;
    first.scripts.value.as.list.count = 2;
    company_start_with(&c, &first.o);
    EXPECT_STR("rules.scripts: s.lua is named twice; only the first list holds",
               problem_at(&c, 0)->message);
    EXPECT_INT(KITH_E_DENIED, try_create(&c, "lead", SET("name", "A"), NULL));
    EXPECT_INT(KITH_E_INVAL, scripts_check(c.s, NULL, NULL, NULL, &c.e));
    EXPECT_STR("2 problems in the rules", c.e.message); /* that, and what the first denies */
    company_end(&c);
}

TEST("a list for a file that does not exist is shown, and keeps nothing from running") {
    struct company c;
    struct granted g;
    company_make(&c);
    company_file(&c, "score.lua", "before('lead.create', function(lead) lead.score = 1 end)\n");
    grant_file(&g, "scroe.lua", MAY("read:lead"));
    company_start_with(&c, &g.o);
    EXPECT_STR("kith.conf", problem_at(&c, 0)->file);
    EXPECT_INT(7, problem_at(&c, 0)->line);
    EXPECT_HAS("there is no file rules/scroe.lua; did you mean 'score.lua'?",
               problem_at(&c, 0)->message);
    EXPECT_INT(KITH_E_INVAL, scripts_check(c.s, NULL, NULL, NULL, &c.e));
    EXPECT_STR("1 problem in the rules", c.e.message);
    EXPECT_OK(scripts_reload(c.s, NULL, NULL, NULL, &c.e), c.e);
    EXPECT_STR("1", field(&c, "lead", create(&c, "lead", SET("name", "A")), "score"));
    company_end(&c);
}
