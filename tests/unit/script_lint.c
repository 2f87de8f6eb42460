/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the static checks: what must fail is found before it runs, with its line and the nearest
 * name; what may be right is left alone. */
#include "script_fixture.h"

/* All that is found in rules/a.lua, one "line: message" after the other; warnings begin with
 * "warning: ", what only a module lacks with "absent: ". */
static char found[16384];
static void add_finding(void *arg, const struct script_problem *p) {
    (void)arg;
    size_t len = strlen(found);
    snprintf(found + len, sizeof found - len, "%s%u: %s%s\n",
             strcmp(p->file, "rules/a.lua") == 0 ? "" : p->file, (unsigned)p->line,
             p->warning  ? "warning: "
             : p->absent ? "absent: "
                         : "",
             p->message);
}

static struct company c;
static kith_status checked;

static void begin(const struct script_options *o) {
    company_make(&c);
    company_engine(&c);
    EXPECT_OK(scripts_open(&c.s, c.g, c.dir, o, &c.e), c.e);
    EXPECT_OK(engine_start(c.g, &c.e), c.e);
}

static const char *check(const char *text) {
    company_file(&c, "a.lua", text);
    found[0] = '\0';
    checked = scripts_check(c.s, add_finding, NULL, NULL, &c.e);
    return found;
}

/* The same, for the body of an on-rule with a lead. */
static const char *body(const char *text) {
    char file[4096];
    snprintf(file, sizeof file, "on('lead.deleted', function(lead, event) %s end)\n", text);
    return check(file);
}

/* -- what is found ----------------------------------------------------------------------------- */

#define GLUED(word)                                                                                \
    "1: warning: " word ": a value within the quotes of a query may itself hold one: write :name " \
    "there, and {name = ...} as the second argument\n"
#define WAITS(call)                                                                                \
    "1: " call                                                                                     \
    " works only inside the function of a workflow: write workflow(\"name\", {on = ...}, "         \
    "function(record) ... end) in a file of the folder 'workflows'\n"
static const struct {
    const char *body, *found;
} cases[] = {
    /* fields of records whose type is known */
    {"log(lead.nmae)", "1: no field 'nmae' in lead; did you mean 'name'?\n"},
    {"log(lead.contact.emial)", "1: no field 'emial' in contact; did you mean 'email'?\n"},
    {"local l = get('lead', lead.id) log(l.scroe)",
     "1: no field 'scroe' in lead; did you mean 'score'?\n"},
    {"for t in find('task') do log(t.titel) end",
     "1: no field 'titel' in task; did you mean 'title'?\n"},
    {"local t = task {title = 'x'} log(t.titel)",
     "1: no field 'titel' in task; did you mean 'title'?\n"},
    {"log(event.before.scroe)", "1: no field 'scroe' in lead; did you mean 'score'?\n"},
    {"log(event.befor)", "1: an event has no part 'befor'; did you mean 'before'?\n"},
    {"if event.changed.scroe then log(1) end",
     "1: warning: no field 'scroe' in lead; did you mean 'score'?\n"},
    /* tables of fields */
    {"create('task', {titel = 'x'})", "1: no field 'titel' in task; did you mean 'title'?\n"},
    {"task {title = 'x', abuot = lead}", "1: no field 'abuot' in task; did you mean 'about'?\n"},
    {"update(lead, {scroe = 1})", "1: no field 'scroe' in lead; did you mean 'score'?\n"},
    {"create('taks', {})", "1: there is no type 'taks'; did you mean 'task'?\n"},
    {"create('spaceship', {})", "1: absent: there is no type 'spaceship'\n"},
    {"create('task', {'x'})", "1: a field of task is named by a text: write {name = value}\n"},
    /* values */
    {"update(lead, {score = 'many'})", "1: score: 'many' is no whole number\n"},
    {"update(lead, {score = 1.5})", "1: score: 1.5 is no exact number: use // to divide, or "
                                    "decimal('...')\n"},
    {"update(lead, {rating = 'warn'})",
     "1: rating: 'warn' is none of cold, warm, hot; did you mean 'warm'?\n"},
    {"update(lead, {locked = 1})", "1: lead.locked is kept by sales and cannot be set\n"},
    {"update(lead, {seen = lead.budget})",
     "1: warning: seen: an amount of money is no value for a field of kind date\n"},
    {"update(lead, {seen = money('1 EUR')})",
     "1: seen: an amount of money is no value for a field of kind date\n"},
    {"update(lead, {contact = lead})", "1: contact: links to a record of type contact, not lead\n"},
    {"update(lead, {place = {lat = 1}})", "1: place: write a place as {lat = 52.5, lon = 13.4}\n"},
    {"update(lead, {labels = {'a', {}}})", "1: labels: a list of lists is no value\n"},
    {"update(lead, {name = log})", "1: name: a function is no value for a field\n"},
    {"create('lead', {name = 'x', state = 'working'})",
     "1: state: a new lead begins as 'new', not 'working', which an update can make it "
     "afterwards, and an import at once\n"},
    {"if lead.state == 'qualifed' then log(1) end",
     "1: warning: lead.state is never 'qualifed'; did you mean 'qualified'?\n"},
    {"lead.score = 1", "1: write update(lead, {score = ...}): only the record of a 'before' "
                       "rule is changed by assigning\n"},
    /* queries */
    {"for l in find('lead where scroe > 1') do log(l) end",
     "1: find: at 12: no field 'scroe' in lead; did you mean 'score'?\n"},
    {"for l in find('lead where ' .. 'score >> 1') do log(l) end",
     "1: find: at 19: expected a field or a value, found >\n"},
    {"count('lead where score > :n')",
     "1: the query's :n is not given: write {n = ...} as the second argument\n"},
    {"count('lead where score > :least', {laest = 1})",
     "1: the query's :least is not given: write {least = ...} as the second argument\n"
     "1: the query has no :laest; did you mean 'least'?\n"},
    {"find('lead where zzz = 1')",
     "1: find: at 12: no field 'zzz' in lead; 'kith explain lead' lists them\n"},
    {"find(\"lead where name = '\" .. lead.name .. \"'\")", GLUED("find")},
    {"count((\"lead where name = '%s'\"):format(lead.name))", GLUED("count")},
    {"find('lead : count()')", "1: find: the query counts: use count()\n"},
    {"find('lead group by state')", "1: find: the query gives totals, not records: use totals()\n"},
    {"totals('lead')", "1: totals: the query gives records, not totals: use find()\n"},
    {"count('lead : count()')", "1: count: leave ': count()' out of the query\n"},
    {"for _, r in ipairs(totals('lead group by state : count() as n')) do log(r.m) end",
     "1: warning: the totals have no column 'm'\n"},
    /* words */
    {"lgo('x')", "1: there is no 'lgo'; did you mean 'log'?\n"},
    {"log(leed)", "1: warning: there is no 'leed'; did you mean 'lead'?\n"},
    {"log(bussiness.days(1))", "1: there is no 'bussiness'; did you mean 'business'?\n"},
    {"business.dayz(1)", "1: there is no business.dayz; did you mean 'days'?\n"},
    {"log(lead.name:uper())", "1: there is no string.uper; did you mean 'upper'?\n"},
    {"lead.name()", "1: a text is no function\n"},
    {"days('x')", "1: days: n must be a whole number, and this is a text\n"},
    {"days()", "1: days needs n: days(n: integer)\n"},
    {"update(lead.name, {})", "1: update: record must be a record, and this is a text\n"},
    {"business.hours(2, 'now')",
     "1: business.hours: from must be a time or a date, and this is a text\n"},
    {"counter = 1", "1: 'counter' cannot be set inside a rule: write 'local counter', and keep "
                    "what must last in records\n"},
    {"string.upper = 1", "1: a library can only be read\n"},
    /* exact values */
    {"money('12 EURO')", "1: money: '12 EURO' is no amount: write it as '12.50 EUR'\n"},
    {"date('2024-02-30')", "1: date: '2024-02-30' is no date: write it as '2024-02-29'\n"},
    {"at(today(), '25:00')", "1: at: '25:00' is no time of day: write it as '09:00'\n"},
    {"log(today() + 7)",
     "1: a whole number cannot be added to a date: write days(n) or hours(n)\n"},
    {"log(lead.budget * 1.19)", "1: 1.19 is no exact number: write decimal('1.19')\n"},
    {"if lead.seen < now() then log(1) end", "1: a date cannot be compared with a time\n"},
    {"log('until ' .. today())", "1: a date cannot be joined to a text: write tostring(...)\n"},
    {"log(lead.budget.curency)",
     "1: an amount of money has no part 'curency'; did you mean 'currency'?\n"},
    {"log(lead.name + 1)", "1: a whole number cannot be added to a text: texts are joined by "
                           "..\n"},
    {"log('Call ' + lead.name)", "1: a text cannot be added to a text: texts are joined by ..\n"},
    /* comparing what is never equal */
    {"if lead.budget == 5 then log(1) end",
     "1: warning: an amount of money is never equal to a whole number: write money('100 EUR')\n"},
    {"if lead.seen ~= '2024-01-01' then log(1) end",
     "1: warning: a date is never equal to a text: write date('2024-02-29')\n"},
    {"if lead.email == null then log(1) end",
     "1: warning: nothing is equal to null: an empty field is nil\n"},
    {"if now() < '2024-01-01' then log(1) end",
     "1: a time cannot be compared with a text: write time('2024-02-29T12:00:00Z')\n"},
    /* names from elsewhere, and from further down */
    {"log(lead.name:contains('x'))",
     "1: there is no string.contains: write text:find(\"word\", 1, true)\n"},
    {"print(1)", "1: there is no 'print': write log(...)\n"},
    {"log(os.time())", "1: there is no 'os': the time is now(), and the day today()\n"},
    {"if lead.email == None then log(1) end", "1: warning: there is no 'None': write nil\n"},
    {"later() end) local function later() log(1) end on('lead.updated', function()",
     "1: 'later' is not to be seen here: declare it further up, and not within another "
     "function\n"},
    {"require 'hours'",
     "1: require works only while the file is loaded: write it at the file's top\n"},
    {"log(business:hours(2))", "1: write a dot, not a colon: business.hours(...)\n"},
    /* a rule does not wait */
    {"sleep(days(3))", WAITS("sleep()")},
    {"wait_for('lead.updated', {record = lead})", WAITS("wait_for()")},
    {"ask_user {title = 'x', fields = {a = 'text'}}", WAITS("ask_user()")},
    /* values of fields */
    {"update(lead, {callback = days(3)})",
     "1: callback: a duration is no value for a field of kind time: write now() + days(3)\n"},
    {"update(lead, {contact = find('contact')})", "1: contact: the search that find() gives is no "
                                                  "value for a field: write find(...)() for its "
                                                  "first record\n"},
    {"update(lead, {owner = 'anna'})",
     "1: owner: 'anna' is no id; an id has 13 characters; a user is found by find(\"user where "
     "login = 'anna'\")()\n"},
    {"find('where score > 1')", "1: find: at 1: a query begins with the type of its records: "
                                "contact where city = 'Bonn'\n"},
    {"find('lead where score ~= 1')", "1: find: at 18: write '!=' for '~='\n"},
    /* actions, topics, templates, ids */
    {"action.sales.double {nubmer = 1}",
     "1: sales.double has no parameter 'nubmer'; did you mean 'number'?\n"
     "1: sales.double needs number: integer\n"},
    {"action.sales.double {number = 'two'}", "1: number: 'two' is no whole number\n"},
    {"action.sales.duoble {number = 1}",
     "1: the module sales has no action 'duoble'; did you mean 'double'?\n"},
    {"action.sale.double {number = 1}", "1: no module 'sale' has actions; did you mean 'sales'?\n"},
    {"action.rocket.start {}",
     "1: absent: no module 'rocket' with actions is enabled: this fails until one is, by 'kith "
     "module enable rocket'\n"},
    {"log(action.sales.double {number = 1}.nubmer)",
     "1: warning: sales.double gives no 'nubmer'; did you mean 'number'?\n"},
    {"publish('lead.scord', lead)", "1: topic 'lead.scord' is declared by no enabled module; "
                                    "did you mean 'lead.scored'?\n"},
    {"render('{{#a}}', {})", "1: render: line 1: {{#a}} ends nowhere: write {{/a}}\n"},
    {"get('lead', '123')", "1: get: '123' is no id: an id has 13 characters\n"},
    /* what pcall catches is only a warning */
    {"pcall(function() log(lead.nmae) end)",
     "1: warning: no field 'nmae' in lead; did you mean 'name'?\n"},
    {"pcall(create, 'lead', {nmae = 'x', name = 'y'})",
     "1: warning: no field 'nmae' in lead; did you mean 'name'?\n"},
    /* once for each line */
    {"log(lead.nmae, lead.nmae)", "1: no field 'nmae' in lead; did you mean 'name'?\n"},
    {"pcall(action.sales.double, {nubmer = 1, number = 2})",
     "1: warning: sales.double has no parameter 'nubmer'; did you mean 'number'?\n"},
};

TEST("a mistake in a rule's function is found before it runs") {
    begin(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(body(cases[i].body), cases[i].found) != 0)
            TEST_FAIL("%s\n  expected: %s  found:    %s", cases[i].body, cases[i].found, found);
        bool fault = !strstr(found, ": warning: ") && !strstr(found, ": absent: ");
        EXPECT_INT(fault ? KITH_E_INVAL : KITH_OK, checked);
    }
    company_end(&c);
}

TEST("what may be right is left alone") {
    static const char *const bodies[] = {
        "local t = lead.score and lead.name or lead.email log(t)",
        "local x = lead x = nil log(x.foo)",
        "local r = get('lead', lead.id) or get('contact', lead.id) log(r.anything)",
        "log(lead.extra.anything.else_)",
        "log(event.data.points, event.data.anything)",
        "local function f(r) return r.anything end log(f(lead.extra), f(lead))",
        "local fields = {score = 1} fields.rating = 'hot' update(lead, fields)",
        "update(lead, {score = '12', budget = '5', seen = '2024-01-01', rating = 'HOT'})",
        "update(lead, {score = lead.email, budget = lead.name, labels = 'a,b'})",
        "update(lead, {score = 3.0, place = {lat = 1, lon = 2}, extra = {a = {1, 2}}})",
        "update(lead, {owner = null, labels = {'a', lead.name}, seen = now()})",
        "log(lead.budget * 3, lead.budget * decimal('1.19'), 2 * lead.share, -lead.budget)",
        "log(now() - days(1) < now(), today() - today() == days(0))",
        "if lead.state ~= 'qualified' and lead.source == 'web' then log(#lead.labels) end",
        "for i, l in ipairs(lead.labels) do log(i, l:upper()) end",
        "for l in find('lead where score > :n', {n = lead.score}) do log(l.name) end",
        "local open = lead.score and 'x' or 'y' find('lead where ' .. open .. \" and name = 'x'\")",
        "for _, row in ipairs(totals('lead : avg(score) as points')) do log(row.points) end",
        "local a, b = lead.name:match('()x(%d*)') log(a + 1, b)",
        "local ok, made = pcall(action.sales.double, {number = 1}) log(ok, made.anything)",
        "log(select('#', 1, 2), math.floor(2.5) // 2, ('x'):rep(3), #'x')",
        "local s = 'x' .. 1 .. lead.score log(s:len(), tostring(today()), tonumber('7') + 1)",
        "goto out do log(1) end ::out:: log(business.days(2, today()).weekday)",
    };
    begin(NULL);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        if (*body(bodies[i]))
            TEST_FAIL("%s\n  found: %s", bodies[i], found);
    company_end(&c);
}

/* The same, for the body of a workflow. */
static const char *flow(const char *text) {
    char file[2048];
    snprintf(file, sizeof file, "workflow('w', {on = 'lead.created'}, function(lead) %s end)\n",
             text);
    company_file(&c, "../workflows/w.lua", file);
    return check("");
}

#define IN_FLOW "workflows/w.lua1: "
#define TOPICS  "there are task.created, .updated, .deleted, its states, and what modules publish\n"
TEST("what a workflow waits for is looked at before it runs") {
    begin(NULL);
    EXPECT_STR("", flow("sleep(days(1)) local e = wait_for('task.done', {record = lead}, days(1)) "
                        "wait_any({a = {'lead.updated', {record = lead}}}) start('w', lead) "
                        "ask_user {title = 'x', fields = {a = 'text?', b = {'x', 'y'}}}"));
    EXPECT_STR(IN_FLOW "there is no topic 'task.finished': " TOPICS,
               flow("wait_for('task.finished', {record = lead})"));
    EXPECT_STR(IN_FLOW "there is no topic 'task.dnoe': did you mean 'task.done'?\n",
               flow("wait_any({a = {'task.dnoe'}})"));
    EXPECT_STR(IN_FLOW "there is no type 'taks'; did you mean 'task'?\n",
               flow("wait_all({a = {'taks.done', {record = lead}}})"));
    EXPECT_STR(IN_FLOW "absent: topic 'rocket.started' is declared by no enabled module\n",
               flow("wait_for('rocket.started', {record = lead})"));
    EXPECT_STR(IN_FLOW "each event has a name: {answered = {\"task.done\", {record = t}}, ...}\n",
               flow("wait_any({'task.done'})"));
    EXPECT_STR(IN_FLOW "ask_user: write fields = {decision = {\"yes\", \"no\"}, reason = "
                       "\"text?\"}: what is asked\n",
               flow("ask_user {title = 'x'}"));
    EXPECT_HAS("ask_user: 'a' asks for \"text\", \"number\"",
               flow("ask_user {title = 'x', fields = {a = 'bool'}}"));
    EXPECT_STR(IN_FLOW "ask_user: how long is said by a duration such as days(3), a time or a "
                       "date, not by a whole number\n",
               flow("ask_user {title = 'x', fields = {a = 'text'}, wait = 5}"));
    company_end(&c);
}

TEST("what a wait gives is known by its topic, and what it waits for is what events have") {
    begin(NULL);
    EXPECT_STR(IN_FLOW "warning: an event has no part 'recrod'; did you mean 'record'?\n",
               flow("local e = wait_for('task.done', {record = lead}, days(1)) log(e.recrod)"));
    EXPECT_STR(IN_FLOW "no field 'titel' in task; did you mean 'title'?\n",
               flow("local e = wait_for('task.done') if e then log(e.record.titel) end"));
    EXPECT_STR(IN_FLOW "no field 'scroe' in lead; did you mean 'score'?\n",
               flow("log(wait_for('lead.updated', {record = lead}).before.scroe)"));
    EXPECT_STR(IN_FLOW "warning: lead.scored carries no 'pionts'; did you mean 'points'?\n",
               flow("local e = wait_for('lead.scored', {record = lead}) log(e.pionts)"));
    EXPECT_STR(IN_FLOW "warning: lead.scored carries no 'pionts'; did you mean 'points'?\n",
               flow("local e = wait_for('lead.scored', {record = lead}) log(e.data.pionts)"));
    EXPECT_STR(IN_FLOW "no field 'scroe' in lead; did you mean 'score'?\n",
               flow("wait_for('lead.updated', {record = lead, scroe = 5})"));
    EXPECT_STR(IN_FLOW "lead.scored carries no 'pionts'; did you mean 'points'?\n",
               flow("wait_all({a = {'lead.scored', {pionts = 5}}}, days(1))"));
    EXPECT_STR(IN_FLOW "feedback.answered carries no 'scroe'; did you mean 'score'?\n",
               flow("wait_any({a = {'feedback.answered', {scroe = 5}}}, days(1))"));
    EXPECT_STR("",
               flow("local e = wait_for('feedback.answered', {record = lead, score = 1}, days(1)) "
                    "if not e then return end "
                    "log(e.score, e.text, e.data.score, e.topic, e.at + days(1), e.origin) "
                    "log(e.record.anything) e.mine = 1 for k in pairs(e) do log(k) end "
                    "create('lead', {name = 'x', extra = e}) start('w', lead, e)"));
    EXPECT_STR("", flow("local t = 'x.' .. lead.name local e = wait_for(t, {a = 1}) log(e.any) "
                        "local e2 = wait_for('lead.scored', {name = 'A', points = 1}) "
                        "log(e2.changed, e2.before) if e2.changed and e2.changed.x then end"));
    company_end(&c);
}

TEST("a file that is not read is told of") {
    char path[128];
    begin(NULL);
    snprintf(path, sizeof path, "%s/rules/old", c.dir);
    EXPECT_INT(0, mkdir(path, 0700));
    company_file(&c, "b.lua.txt", "not a rule");
    company_file(&c, "b.lua~", "what an editor keeps");
    company_file(&c, "old/c.lua", "on(");
    company_file(&c, "lib/d.lua", "return {}");
    check("");
    EXPECT_HAS("rules/b.lua.txt0: warning: the file is not read: its name must end in .lua\n",
               found);
    EXPECT_HAS("rules/old0: warning: files in a folder below are not read: move them up\n", found);
    EXPECT(!strstr(found, "lua~") && !strstr(found, "lib"));
    EXPECT_INT(KITH_OK, checked);
    company_end(&c);
}

TEST("what keeps a file from being loaded is told once") {
    begin(NULL);
    EXPECT_STR("1: there is no 'onn'; did you mean 'on'?\n", check("onn('lead.created')\n"));
    EXPECT_STR("1: unknown option 'when': did you mean 'where'?\n",
               check("on('lead.created', {when = \"name = 'x'\"}, function() end)\n"));
    company_end(&c);
}

TEST("what a rule sets outside of itself is warned of") {
    begin(NULL);
    EXPECT_STR(
        "3: warning: 'n' is declared outside of the rule, and what is set here may be gone at "
        "the next call: keep what must last in records\n",
        check("local n = 0\nlocal m = 1 m = 2\n"
              "on('lead.updated', function(lead) n = n + 1 local x = m x = 2 log(x) end)\n"
              "test('t', function(t) m = 3 end)\n"));
    company_end(&c);
}

TEST("a helper knows the type of what it is always given") {
    begin(NULL);
    EXPECT_STR("2: no field 'nmae' in lead; did you mean 'name'?\n",
               check("local function first(lead) return lead.name end\n"
                     "local function second(lead) return lead.nmae end\n"
                     "on('lead.updated', function(lead) log(first(lead), second(lead)) end)\n"));
    EXPECT_STR("",
               check("local function any(record) return record.nmae end\n"
                     "on('lead.updated', function(lead) log(any(lead), any(lead.extra)) end)\n"));
    EXPECT_STR("", check("local function any(record) return record.nmae end\n"
                         "local all = {any}\n"
                         "on('lead.updated', function(lead) log(any(lead)) all[1](lead) end)\n"));
    EXPECT_STR("5: no field 'nmae' in contact; did you mean 'name'?\n",
               check("local function contact_of(lead)\n"
                     "  return lead.contact\n"
                     "end\n"
                     "on('lead.updated', function(lead)\n"
                     "  log(contact_of(lead).nmae)\n"
                     "end)\n"));
    company_end(&c);
}

TEST("a before-rule may assign, but not what is wrong") {
    begin(NULL);
    EXPECT_STR("",
               check("local function rate(lead) lead.rating = 'hot' end\n"
                     "before('lead.save', function(lead) rate(lead) end)\n"
                     "after('lead.save', function(lead) if lead.extra then rate(lead) end end)\n"));
    EXPECT_STR("", check("before('lead.save', function(lead) lead.score = 1 end)\n"));
    EXPECT_STR("1: score: 'x' is no whole number\n",
               check("before('lead.save', function(lead) lead.score = 'x' end)\n"));
    EXPECT_STR("1: no field 'scroe' in lead; did you mean 'score'?\n",
               check("before 'lead.create' {doc = 'x'} (function(lead) lead.scroe = 1 end)\n"));
    EXPECT_STR("1: write update(lead, {score = ...}): only the record of a 'before' rule is "
               "changed by assigning\n",
               check("before('lead.delete', function(lead) lead.score = 1 end)\n"));
    EXPECT_STR("1: write update(contact, {phone = ...}): only the record of a 'before' rule is "
               "changed by assigning\n",
               check("before('lead.save', function(lead) lead.contact.phone = '1' end)\n"));
    EXPECT_STR("1: a change has no part 'chnaged'; did you mean 'changed'?\n",
               check("after('lead.save', function(lead, change) log(change.chnaged) end)\n"));
    EXPECT_STR("1: a time has no part 'yaer'; did you mean 'year'?\n",
               check("every('0 8 * * *', function(now) log(now.yaer) end)\n"));
    company_end(&c);
}

TEST("a global of the file or of what it requires is known") {
    begin(NULL);
    company_file(&c, "lib/hours.lua", "function shared(x) return x end return {of = shared}\n");
    EXPECT_STR("", check("require 'hours'\nfunction own(x) return x end\n"
                         "on('lead.updated', function(lead) log(shared(lead), own(lead)) end)\n"));
    EXPECT_STR("3: there is no 'shard'; did you mean 'shared'?\n",
               check("require 'hours'\nfunction own(x) return x end\n"
                     "on('lead.updated', function(lead) log(shard(lead), own(lead)) end)\n"));
    company_file(&c, "lib/hours.lua", "return {of = function() return bussiness.open() end}\n");
    EXPECT_STR("rules/lib/hours.lua1: there is no 'bussiness'; did you mean 'business'?\n",
               check("require 'hours'\n"));
    company_end(&c);
}

TEST("what a file may not do is found before it runs") {
    static const kith_value words[] = {{.kind = KITH_TEXT, .as.s = {"read:lead", 9}},
                                       {.kind = KITH_TEXT, .as.s = {"write:task", 10}}};
    static const struct setting may = {
        .path = "rules.may",
        .value = {.kind = KITH_LIST, .as.list = {.items = (kith_value *)(uintptr_t)words, 2}}};
    begin(&(struct script_options){.may = &may});
    EXPECT_STR("", body("task {title = lead.name}"));
    EXPECT_HAS("1: rules/a.lua may not write records of type lead",
               body("create('lead', {name = 'x'})"));
    EXPECT_HAS("1: rules/a.lua may not write records of type lead", body("delete(lead)"));
    EXPECT_HAS("1: rules/a.lua may not write records of type lead", body("update(lead, {})"));
    EXPECT_HAS("1: rules/a.lua may not read records of type contact",
               body("log(lead.contact.name)"));
    EXPECT_HAS("1: rules/a.lua may not read records of type contact",
               body("log(count('lead where contact.email is not null'))"));
    EXPECT_HAS("1: rules/a.lua may not call sales.double",
               body("action.sales.double {number = 1}"));
    EXPECT_HAS("1: rules/a.lua may not publish lead.scored", body("publish('lead.scored', lead)"));
    company_end(&c);
}

/* -- what becomes of it ------------------------------------------------------------------------ */

#define RIGHT "on('lead.created', function(lead) task {title = lead.name} end)\n"
#define WRONG "on('lead.created', function(lead) task {title = lead.nmae} end)\n"

TEST("a fault keeps the rules as they were, a warning does not") {
    company_make(&c);
    company_file(&c, "a.lua", RIGHT);
    company_start(&c, NULL);
    company_file(&c, "a.lua", WRONG);
    found[0] = '\0';
    EXPECT_INT(KITH_E_INVAL, scripts_reload(c.s, add_finding, NULL, NULL, &c.e));
    EXPECT_STR("1: no field 'nmae' in lead; did you mean 'name'?\n", found);
    create(&c, "lead", SET("name", "Ada"));
    drain(&c);
    EXPECT_INT(1, find(&c, "task where title = 'Ada'", NULL));
    company_file(&c, "a.lua", RIGHT "on('lead.updated', function(lead) log(leed) end)\n");
    EXPECT_OK(scripts_reload(c.s, NULL, NULL, NULL, &c.e), c.e);
    struct scripts_view v;
    EXPECT_OK(scripts_view(c.s, &c.arena, &v, &c.e), c.e);
    EXPECT_INT(1, v.finding_count);
    EXPECT(v.findings[0].warning);
    EXPECT_STR("there is no 'leed'; did you mean 'lead'?", v.findings[0].message);
    company_end(&c);
}

TEST("a company that is opened with a fault runs the file: it fails where it is wrong") {
    company_make(&c);
    company_file(&c, "a.lua",
                 "before('lead.create', function(lead)\n"
                 "  if lead.score == 1 then log(lead.nmae) end\n"
                 "  lead.source = 'web'\n"
                 "end)\n");
    company_start(&c, NULL);
    EXPECT(!problem_at(&c, 0));
    kith_id id = create(&c, "lead", SET("name", "Ada"));
    EXPECT_STR("web", field(&c, "lead", id, "source"));
    EXPECT_INT(KITH_E_NOTFOUND, try_create(&c, "lead", SET("name", "Ada", "score", "1"), NULL));
    EXPECT_HAS("rules/a.lua:2: no field 'nmae'", c.e.message);
    struct scripts_view v;
    EXPECT_OK(scripts_view(c.s, &c.arena, &v, &c.e), c.e);
    EXPECT_INT(1, v.finding_count);
    company_end(&c);
}

/* -- sets and circles -------------------------------------------------------------------------- */

static struct rule_info rule;
static void load(const char *text) {
    struct scripts_view v;
    company_file(&c, "a.lua", text);
    found[0] = '\0';
    EXPECT_OK(scripts_reload(c.s, add_finding, NULL, NULL, &c.e), c.e);
    EXPECT_OK(scripts_view(c.s, &c.arena, &v, &c.e), c.e);
    EXPECT(v.rule_count);
    rule = v.rules[v.rule_count - 1];
}

TEST("a rule tells what it reads and writes, with its helpers") {
    begin(NULL);
    load("on('lead.updated', {where = 'score > 1'}, function(lead)\n"
         "  if lead.rating then update(lead, {source = 'web'}) end\n"
         "  for t in find('task where about = :l', {l = lead}) do delete(t) end\n"
         "  create('note', {about = lead, body = 'x'})\n"
         "  publish('lead.scored', lead)\n"
         "  action.sales.double {number = 1}\n"
         "end)\n");
    EXPECT_STR("lead lead.score lead.rating task task.about", rule.reads);
    EXPECT_STR("note", rule.creates);
    EXPECT_STR("lead.source", rule.updates);
    EXPECT_STR("task", rule.deletes);
    EXPECT_STR("lead.scored", rule.publishes);
    EXPECT_STR("sales.double", rule.calls);
    EXPECT_STR("write:lead write:task write:note publish:lead.scored call:sales.double",
               rule.needs);
    company_file(&c, "lib/more.lua",
                 "return {warm = function(lead) update(get('lead', lead.id), "
                 "{rating = 'warm'}) end}\n");
    load("local more = require 'more'\n"
         "local function touch(lead) update(lead, {score = 1}) end\n"
         "local function unused(lead) delete(lead) end\n"
         "local all = {touch = touch}\n"
         "on('contact.updated', function(contact) log(contact.name, unused) end)\n"
         "on('lead.updated', {where = 'score is null'}, function(lead)\n"
         "  all.touch(lead)\n"
         "  more.warm(lead)\n"
         "end)\n");
    EXPECT_STR("lead.rating", rule.updates);
    EXPECT_STR("", rule.deletes);
    load("local function touch(lead) update(lead, {score = 1}) end\n"
         "local function twice(lead) touch(lead) end\n"
         "local function unused(lead) delete(lead) end\n"
         "on('lead.deleted', unused)\n"
         "on('lead.created', function(lead) twice(lead) end)\n");
    EXPECT_STR("lead.score", rule.updates);
    EXPECT_STR("", rule.deletes);
    EXPECT_STR("write:lead", rule.needs);
    company_end(&c);
}

TEST("rules that set each other off are told with the way") {
    begin(NULL);
    EXPECT_STR(
        "2: warning: the rules set each other off: a.lua:1 writes lead.score -> on lead.updated "
        "(score) at a.lua:4 writes lead.rating -> on lead.updated (rating) at a.lua:1; only a "
        "condition or an equal value ends it\n",
        check("on('lead.updated', {name = 'a', fields = {'rating'}}, function(lead)\n"
              "  update(lead, {score = 5})\n"
              "end)\n"
              "on('lead.updated', {name = 'b', fields = {'score'}}, function(lead)\n"
              "  update(lead, {rating = 'hot'})\n"
              "end)\n"));
    EXPECT_INT(KITH_OK, checked);
    EXPECT_STR("1: the rule sets itself off: a.lua:1 creates note -> on note.created at a.lua:1; "
               "nothing ends it\n",
               check("on('note.created', function() create('note', {body = 'x'}) end)\n"));
    EXPECT_INT(KITH_E_INVAL, checked);
    EXPECT_HAS("only a condition or an equal value ends it",
               check("on('note.created', function(n) if n.about then return end\n"
                     "create('note', {body = 'x'}) end)\n"));
    EXPECT_INT(KITH_OK, checked);
    EXPECT_HAS("a.lua:1 writes lead.state -> on lead.working at a.lua:2 writes lead.score -> after "
               "lead.update (score) at a.lua:1",
               check("after('lead.update', {fields = {'score'}}, function(l) update(l, {state = "
                     "'working'}) end)\n"
                     "on('lead.working', function(l) update(l, {score = 1}) end)\n"));
    company_end(&c);
}

TEST("a circle goes by events, states and deletions, and what a condition may end is no fault") {
    static const struct {
        const char *text, *way;
    } ways[] = {
        {"on('lead.scored', function(l) publish('lead.scored', l, {points = 1}) end)\n",
         "1: the rule sets itself off: a.lua:1 publishes lead.scored -> on lead.scored at a.lua:1; "
         "nothing ends it\n"},
        {"on('lead.new', function() create('lead', {name = 'x'}) end)\n",
         "1: the rule sets itself off: a.lua:1 creates lead -> on lead.new at a.lua:1; nothing "
         "ends "
         "it\n"},
        {"on('note.deleted', function() delete(find('note')()) end)\n",
         "a.lua:1 deletes note -> on note.deleted at a.lua:1; only a condition"},
        {"on('note.created', {where = 'title is null'}, function() create('note', {body = 'x'}) "
         "end)\n",
         "1: warning: the rule sets itself off"},
        {"local function make() create('note', {body = 'x'}) end\n"
         "on('note.created', function() make() end)\n",
         "1: warning: the rule sets itself off"},
    };
    begin(NULL);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        EXPECT_HAS(ways[i].way, check(ways[i].text));
    company_end(&c);
}

TEST("a segment may be made later, and a list is looked through") {
    begin(NULL);
    EXPECT_HAS("1: warning: count: ", body("log(count(\"lead where in_segment('hto')\"))"));
    EXPECT_INT(KITH_OK, checked);
    EXPECT_HAS("1: labels: a list of lists is no value", body("update(lead, {labels = {{}}})"));
    EXPECT_HAS("1: labels: ", body("update(lead, {labels = {lead}})"));
    EXPECT_INT(KITH_E_INVAL, checked);
    company_end(&c);
}

TEST("rules that do not set each other off are not told") {
    static const char *const files[] = {
        "on('lead.updated', {fields = {'email'}}, function(l) update(l, {score = 1}) end)\n",
        "on('lead.created', function(l) update(l, {score = 1}) end)\n",
        "before('lead.save', function(l) l.score = 1 end)\n",
        "on('lead.qualified', function(l) update(l, {state = 'converted'}) end)\n",
        "on('lead.created', function(l) task {title = l.name} end)\n"
        "on('task.created', function(t) update(t, {priority = 'high'}) end)\n",
        "before('lead.create', function(l) l.score = 1 end)\n"
        "on('lead.updated', {fields = {'score'}}, function(l) update(l, {rating = 'hot'}) end)\n",
    };
    begin(NULL);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (*check(files[i]))
            TEST_FAIL("%s\n  found: %s", files[i], found);
    company_end(&c);
}
