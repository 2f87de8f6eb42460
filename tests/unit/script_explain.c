/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of what is said about a text that Lua refuses: what beginners write, and those who come
 * from another language, is answered with what they should have written. */
#include "base/file.h"
#include "random.h"
#include "script_fixture.h"

#include "script/syntax.h"

#include <glob.h>

static const struct {
    const char *text, *said;
} cases[] = {
    /* comparing */
    {"if lead.email = nil then end", "write == to compare: = sets a value"},
    {"while n = 1 do end", "write == to compare: = sets a value"},
    {"if (lead.email = 'a') then end", "write == to compare: = sets a value"},
    {"if a === b then end", "write == to compare, not ==="},
    {"if a != b then end", "unequal is written ~= in Lua, not !="},
    {"if a <> b then end", "unequal is written ~= in Lua, not <>"},
    {"if a => b then end", "write >= for 'at least', not =>"},
    {"if !a then end", "write 'not' for '!'"},
    {"if a && b then end", "write 'and' for &&"},
    {"if a || b then end", "write 'or' for ||"},
    {"local x = a ? 1 : 2", "there is no '? :' in Lua: write 'condition and this or that'"},
    {"local x = if a then 1 end", "'if' is no value: write 'condition and this or that'"},
    /* calculating */
    {"n += 1", "there is no += in Lua: write n = n + ..."},
    {"s ..= 'x'", "there is no ..= in Lua: write s = s .. ..."},
    {"n++", "there is no ++ in Lua: write n = n + 1"},
    {"local d = 3days",
     "'3days' is no number; a duration is written days(3), hours(2) or minutes(30)"},
    {"log(1 + )", "something is missing between '+' and ')'"},
    /* an end too few */
    {"on('x', function(lead)\n  if a then\n    b()\nend)",
     "'end' is missing in front of ')': the 'if' of line 2 has none"},
    {"on('x', function(lead)\n  for a in b do\n    if c then\n      d()\n  end\nend)",
     "'end' is missing in front of ')': the 'if' of line 3 has none"},
    {"on('x', function(lead)\nif a then\nb()\nend)",
     "'end' is missing in front of ')': the 'function' of line 1 has none"},
    {"on('x', function(lead)\n  a()\n)",
     "'end' is missing in front of ')': the 'function' of line 1 has none"},
    {"while a do\n  b()\n", "'end' is missing at the end of the file: the 'while' of line 1 has "
                            "none"},
    {"repeat\n  b()\n", "'until' is missing at the end of the file: the 'repeat' of line 1 has "
                        "none"},
    {"on('x', function(lead)\n  if a then\n    b()\n  else if c then\n    d()\n  end\nend)",
     "'end' is missing in front of ')': write 'elseif' in one word in line 4"},
    {"on('x', function(lead) b() end",
     "')' is missing at the end of the file: the '(' of line 1 is still open"},
    /* and too many */
    {"on('x', function(lead)\n  a()\n  end\nend)",
     "there is one 'end' too many, or a ')' is missing in front of it: the '(' of line 1 is still "
     "open"},
    {"if a then b() end end", "there is one 'end' too many, here or further up"},
    {"a())", "there is one ')' too many"},
    {"on('x', function(lead)\n  return 1\n  a()\nend)",
     "nothing may follow 'return': what stands behind it would never run"},
    /* commas, brackets and quotes */
    {"task {\n  title = 'x'\n  about = lead\n}", "a comma is missing in front of 'about'"},
    {"workflow('w' {on = 'x'})", "a comma is missing in front of '{'"},
    {"workflow('w', {on = 'x'} function() end)", "a comma is missing in front of 'function'"},
    {"task {title = 'x'\nlog()",
     "a comma or '}' is missing in front of 'log': the '{' of line 1 is still open"},
    {"log('x'\nlog()", "a comma or ')' is missing in front of 'log': the '(' of line 1 is still "
                       "open"},
    {"task {title = 'x'", "'}' is missing at the end of the file: the '{' of line 1 is still open"},
    {"task {title = 'It's time'}",
     "the text ends in front of 's': a text that has a ' in it stands in \"...\""},
    {"log(\"hello)", "the text that begins with '\"hello)' has no \" at its end, in the same line"},
    {"log('C:\\data')", "write \\\\ for a \\ in a text: \\ alone has a meaning of its own"},
    {"log([[hello)", "the text that begins with [[ has no ]] at its end"},
    {"--[[ hello", "the comment that begins with --[[ has no ]] at its end"},
    {"log(“hello”)", "“ is a quotation mark of a word processor: write \" around a text"},
    {"log(‘hello’)", "‘ is a quotation mark of a word processor: write ' around a text"},
    {"log(\xC2\xA0'a')", "an invisible character stands here that is no blank, as texts have it "
                         "that were copied from a page: put a blank in its place"},
    {"log(Müller)", "a name has only the letters a-z, digits and _; a text stands in quotes"},
    {"log($a)", "'$' has no meaning here; a text stands in quotes"},
    /* tables */
    {"task {title: 'x'}", "write = behind the name, not a colon: {name = value}"},
    {"task {title: lead.name}", "write = behind the name, not a colon: {name = value}"},
    {"task {a = 1, 'title': lead}", "write = behind the name, not a colon: {name = value}"},
    {"task {lead:name() about = lead}", "a comma is missing in front of 'about'"},
    {"task {'title' = 'x'}", "the name in front of = stands without quotes: {name = value}"},
    {"task(title = 'x')", "named values stand in braces: write task {title = ...}, not "
                          "task(title = ...)"},
    {"task {title = 'x', repeat = 'after 7d'}",
     "'repeat' is a word of Lua: write [\"repeat\"] = ... for it"},
    {"log(contract.end)", "'end' is a word of Lua: write [\"end\"] for .end"},
    /* words */
    {"if a\nlog()\nend", "'then' is missing in front of 'log': the 'if' of line 1 needs it"},
    {"for a in b\nlog()\nend", "'do' is missing in front of 'log': the 'for' of line 1 needs it"},
    {"while a\nlog()\nend", "'do' is missing in front of 'log': the 'while' of line 1 needs it"},
    {"if a Then b() end", "'Then' is written in small letters: 'then'"},
    {"If a then b() end", "'If' is written in small letters: 'if'"},
    {"if a then b()\nelif c then d() end", "'elif' is misspelled: write 'elseif'"},
    {"on('x', fucntion(lead)\n a() end)", "'fucntion' is misspelled: write 'function'"},
    {"on('x', function(lead) { a() })", "a function has no braces: write function(...) ... end"},
    {"on('x', (lead) => a())", "a function is written function(lead) ... end, not (lead) => ..."},
    {"for i = 1 to 3 do end", "write a comma, not 'to': for i = 1, 3 do ... end"},
    {"foreach x in y do end", "write 'for': for _, item in ipairs(list) do ... end"},
    {"var n = 1", "a variable is declared by 'local': local n = ..."},
    {"for a in b do if c then continue end d() end",
     "there is no 'continue' in Lua: put what follows into an if ... then ... end"},
    {"// a comment", "a comment begins with --, not with //"},
    {"# a comment", "a comment begins with --, not with #"},
    {"Dear lead", "this is nothing that Lua could do: 'Dear' stands alone; a line calls something, "
                  "as in task {title = \"...\"}, or sets a variable, as in local n = 1"},
};

static const char *explained(struct arena *a, kith_str text) {
    struct syntax s;
    return syntax_parse(&s, a, text) ? NULL : syntax_explain(&s, a, text);
}

TEST("what beginners write is answered with what they should have written") {
    struct arena a = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = explained(&a, str_of(cases[i].text));
        if (!said || strcmp(said, cases[i].said) != 0)
            TEST_FAIL("%s\n  said %s\n  not  %s", cases[i].text, said ? said : "nothing",
                      cases[i].said);
    }
    arena_free(&a);
}

TEST("a file that Lua refuses is told of with its line and what to write") {
    struct company c;
    company_make(&c);
    company_file(&c, "a.lua",
                 "on('lead.created', function(lead)\n  if lead.name != 'x' then log() end\nend)\n");
    company_start(&c, NULL);
    const struct script_problem *p = problem_at(&c, 0);
    EXPECT(p);
    EXPECT_STR("rules/a.lua", p->file);
    EXPECT_INT(2, p->line);
    EXPECT_STR("unequal is written ~= in Lua, not !=", p->message);
    company_end(&c);
}

TEST("a file is read as an editor on Windows saves it, and UTF-16 is told of") {
    struct company c;
    company_make(&c);
    company_file(&c, "a.lua",
                 "\xEF\xBB\xBFon('lead.created', function(lead)\r\n  log('x')\r\nend)\r\n");
    company_file(&c, "b.lua", "\xFF\xFEo");
    company_start(&c, NULL);
    const struct script_problem *p = problem_at(&c, 0);
    EXPECT(p && !problem_at(&c, 1));
    EXPECT_STR("rules/b.lua", p->file);
    EXPECT_STR("the file is saved as UTF-16: have the editor save it as UTF-8", p->message);
    struct rule_info info;
    EXPECT(rule_at(&c, 0, &info) && !rule_at(&c, 1, &info));
    EXPECT_STR("rules/a.lua", info.file);
    company_end(&c);
}

/* What fails as it runs, in the function of a rule that is given a lead which has but a name. */
static const struct {
    const char *body, *said;
} runs[] = {
    {"log('Call ' .. lead.company)",
     "'company' is empty (nil) and cannot be joined to a text: write (record.company or \"\")"},
    {"local c = lead.company log('Call ' .. c)",
     "'c' is empty (nil) and cannot be joined to a text: write (c or \"\")"},
    {"log('Call ' .. today())", "a date cannot be joined to a text: write tostring(...)"},
    {"log('Call ' .. lead)",
     "a record of type lead cannot be joined to a text: write tostring(...)"},
    {"log('all ' .. {'a'})",
     "a table cannot be joined to a text: table.concat(list, \", \") joins what is in a list"},
    {"local l = {'a'} log('Call ' .. l[0])",
     "there is nothing (nil) at that place of the list, "
     "whose first place is 1: it cannot be joined to a text"},
    {"log(lead.score + 1)",
     "'score' is empty (nil) and cannot be calculated with: write (record.score or 0)"},
    {"log('Call ' + lead.name)", "a text cannot be calculated with: .. joins texts, and "
                                 "tonumber(...) makes a number of one"},
    {"log(today() + 3)", "cannot add a date and a number: write days(n) or hours(n)"},
    {"log(lead.contact.name)",
     "'contact' is empty (nil) and has no parts: ask first, as in 'if record.contact then'"},
    {"log(lead.company:upper())",
     "'company' is empty (nil) and has no parts: ask first, as in 'if record.company then'"},
    {"if lead.score > 3 then log(1) end",
     "something empty (nil) cannot be compared with a number: ask first whether it is there, as in "
     "'if x and x < y then'"},
    {"if lead.callback < now() then log(1) end",
     "something empty (nil) cannot be compared with a time: ask first whether it is there, as in "
     "'if x and x < y then'"},
    {"if 1 > '0' then log(1) end",
     "a text cannot be compared with a number: tonumber(...) makes a number of a text"},
    {"if today() > '2026-01-01' then log(1) end",
     "a text cannot be compared with a date: write date(\"2024-02-29\")"},
    {"if money('1 EUR') > 5 then log(1) end",
     "a number cannot be compared with an amount: write money(\"100 EUR\")"},
    {"for x in {'a'} do log(x) end", "a table is gone through by 'for _, item in ipairs(list) do'"},
    {"log(#find('lead'))", "what find() gives has no length: count(\"...\") counts records"},
    {"print('x')", "there is no 'print': write log(...)"},
    {"log(os.time())", "there is no 'os': the time is now(), and the day today()"},
    {"lgo('x')", "there is no 'lgo'; did you mean 'log'?"},
    {"log(lead.name:contains('x'))", "there is no function 'contains' there"},
    {"log(lead.name.upper())", "upper: argument 1 must be a text, and is empty (nil) or missing"},
    {"update(lead.contact, {city = 'x'})",
     "expected a record, and there is none (nil): ask first whether it is there"},
};

TEST("what fails as it runs is said with what is empty, and what to write") {
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct company c;
        kith_id id;
        char file[512], said[1024];
        snprintf(file, sizeof file, "before('lead.create', function(lead)\n%s\nend)\n",
                 runs[i].body);
        snprintf(said, sizeof said, "rules/a.lua:2: %s", runs[i].said);
        company_make(&c);
        company_file(&c, "a.lua", file);
        company_start(&c, NULL);
        EXPECT_INT(KITH_E_INVAL, try_create(&c, "lead", SET("name", "Ann"), &id));
        if (strcmp(c.e.message, said) != 0)
            TEST_FAIL("%s\n  said %s\n  not  %s", runs[i].body, c.e.message, said);
        company_end(&c);
    }
}

/* Whatever is missing or doubled: something is said, or Lua's own sentence stands, and nothing is
 * read that is not there. */
TEST("any piece of a file may be missing") {
    struct arena a = {0};
    struct buf text = {0}, damaged = {0};
    kith_error e = KITH_ERROR_INIT;
    glob_t files;
    size_t said = 0, wrong = 0;
    uint64_t random = 7;
    EXPECT_INT(0, glob(SOURCE_DIR "/lua/examples/workflows/*.lua", 0, NULL, &files));
    for (size_t i = 0; i < files.gl_pathc; i++) {
        buf_reset(&text);
        EXPECT_OK(file_read(files.gl_pathv[i], 1 << 20, &text, &e), e);
        for (size_t from = 0; from < text.len; from += 1 + random_next(&random) % 40) {
            size_t len = 1 + random_next(&random) % 9;
            len = from + len > text.len ? text.len - from : len;
            buf_reset(&damaged);
            buf_add(&damaged, text.ptr, from);
            buf_add(&damaged, text.ptr + from + len, text.len - from - len);
            char *exact = malloc(damaged.len ? damaged.len : 1); /* a sanitizer sees its end */
            memcpy(exact, damaged.ptr, damaged.len);
            struct syntax s;
            kith_str whole = {exact, damaged.len};
            if (!syntax_parse(&s, &a, whole)) {
                wrong++;
                said += syntax_explain(&s, &a, whole) != NULL;
            }
            free(exact);
            arena_reset(&a);
        }
    }
    if (said * 10 < wrong * 8)
        TEST_FAIL("only %zu of %zu mistakes are explained", said, wrong);
    globfree(&files);
    buf_free(&text);
    buf_free(&damaged);
    arena_free(&a);
}
