#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests that stand in the files of rules and workflows: run by hand, by check and before a reload.
guide=$(realpath "$(dirname "$0")/../../docs/guide-admin-workflows.md")
. "$(dirname "$0")/lib.bash"
new_company
"$KITH" module enable sales >/dev/null
rm -r workflows/sales # it has tests of its own

block() { # block WORD: the first example of the guide with this in it
    awk -v word="$1" '/^```lua/ { text = ""; inside = 1; next }
        /^```/ { if (inside && index(text, word)) { printf "%s", text; exit } inside = 0 }
        inside { text = text $0 "\n" }' "$guide"
}

it "says that there are none"
kith workflow test
exits 0
prints "No tests: write test("
prints "0 passed, 0 failed"

it "runs those of the guide, in companies with the modules of this one"
block "unanswered inquiry" >workflows/leads.lua
block "who is called is left alone" >>workflows/leads.lua
kith workflow test
exits 0
prints "passed  workflows/leads.lua: who is not called within four hours is urgent"
prints "2 passed, 0 failed"
kith find "lead : count()"
prints_exactly 0
kith find "task : count()"
prints_exactly 0

it "loads a file that is named alone, and without a name all together"
echo 'on("contact.created", {name = "loud"}, function(c) task {title = c.name} end)' >rules/loud.lua
cat >rules/alone.lua <<'RULE'
test("alone", function(t)
  t.create("contact", {name = "Ann"})
  t.expect_no_effect("create task")
end)
RULE
kith workflow test alone.lua
exits 0
prints_lines 2
kith workflow test
exits 1
prints "2 passed, 1 failed"
rm rules/loud.lua rules/alone.lua

it "tries a workflow that is disabled"
echo 'workflows: { disabled = ["unanswered inquiry"]; };' >conf.d/61-workflows.conf
for which in leads.lua ""; do
    kith workflow test ${which:+"$which"}
    exits 0
    prints "2 passed, 0 failed"
done
rm conf.d/61-workflows.conf

it "goes by the company's own types, working hours and zone"
"$KITH" type add boat --title name 'state:state[in>out,out>in]' >/dev/null
cat >conf.d/50-hours.conf <<'CONF'
company: { hours = [ "monday-friday 07:00-11:00" ]; };
CONF
cat >rules/boats.lua <<'RULE'
on("boat.out", {name = "out"}, function(boat) task {title = boat.name, due = business.hours(2)} end)
test("a boat that is out is looked for", function(t)
  t.transition(t.create("boat", {name = "Ida"}), "out")
  t.expect_effect("create task", {title = "Ida", due = at(today() + days(1), "08:00")})
end)
RULE
kith workflow test boats.lua
exits 0
prints "1 passed, 0 failed"

it "tries a file that acts as a user with the rights of a user that the test makes"
cat >conf.d/60-bot.conf <<'CONF'
rules: { scripts = ( { file = "workflows/bot.lua"; as = "sales-bot"; } ); };
CONF
cat >workflows/bot.lua <<'RULE'
on("lead.created", {name = "calls"}, function(lead)
  task {title = "Call " .. lead.name .. (lead.source or "")}
end)
test("without one it acts for the company", function(t)
  t.create("lead", {name = "Ann", source = "web"})
  t.expect_effect("create task", {title = "Call Annweb"})
end)
test("what the user may not write fails", function(t)
  local seller = t.create("role", {name = "seller", rights = {types = {lead = {read = "all"}}}})
  t.create("user", {login = "sales-bot", name = "Bot", roles = {seller}})
  t.create("lead", {name = "Ann"})
  t.expect_failure("calls", "user:sales-bot may not write task.title")
end)
RULE
block "the bot finds no leads of others" >>workflows/bot.lua
kith workflow test bot.lua
exits 0
prints "3 passed, 0 failed"
rm workflows/bot.lua conf.d/60-bot.conf

it "tells what failed, and ends with 1"
cat >workflows/bad.lua <<'RULE'
on("contact.created", {name = "greet"}, function(c) task {title = "Greet " .. c.name} end)
test("she is greeted", function(t)
  t.create("contact", {name = "Ann"})
  t.expect_effect("create task", {title = "Hello Ann"})
end)
RULE
kith workflow test bad.lua
exits 1
prints "failed  workflows/bad.lua: she is greeted"
prints '  workflows/bad.lua:4: expected the effect "create task" with {title = "Hello Ann"}, there was something else'
prints '    create task {title = "Greet Ann"'
prints "0 passed, 1 failed"
kith workflow test bad.lua --json
exits 1
prints '"test":"she is greeted"'
prints '"line":4,"passed":false'

it "is found by check"
kith check
exits 2
prints 'workflows/bad.lua:4: test "she is greeted": expected the effect'

it "keeps the old rules when a test fails, also in a server that sees changed files"
rm workflows/bad.lua
serve
cat >rules/hello.lua <<'RULE'
on("contact.created", {name = "hello"}, function(c) task {title = "Bye " .. c.name} end)
test("hello", function(t)
  t.create("contact", {name = "Ann"})
  t.expect_effect("create task", {title = "Hello Ann"})
end)
RULE
for _ in $(seq 400); do
    grep -q "the rules stay as they were" "$work/serve.log" && break
    sleep 0.05
done
kith rule reload
exits 2
complains "1 of 4 tests failed: the rules stay as they were"
sed -i s/Bye/Hello/ rules/hello.lua
kith rule reload
exits 0
prints "Reloaded: 3 rules."
stop_server
sed -i 's/Hello/Bye/' rules/hello.lua
sed -i 's/"Hello Ann"/"Hello"/; s/"Bye Ann"/"Hello Ann"/' rules/hello.lua
echo 'rules: { test_on_reload = false; };' >conf.d/90-rules.conf
kith rule reload
exits 0
prints "Reloaded: 3 rules."
rm conf.d/90-rules.conf
sed -i s/Bye/Hello/ rules/hello.lua
serve

it "keeps what fails in a test out of the company's log, where it would be an alarm"
cat >workflows/breaks.lua <<'FLOW'
workflow("breaks", {on = "contact.created", where = "name = 'Zoe'"}, function(c) error("on purpose") end)
test("it breaks", function(t)
  t.create("contact", {name = "Zoe"})
  t.advance(days(1))
  t.expect_failure("breaks")
end)
FLOW
kith rule reload
exits 0
kith workflow test breaks.lua
exits 0
expect test "$(grep -c 'on purpose\|a run failed' "$work/serve.log")" = 0
zoe=$(create contact name=Zoe)
for _ in $(seq 100); do
    grep -q "breaks: a run failed" "$work/serve.log" && break
    sleep 0.05
done
expect grep -q "breaks: a run failed" "$work/serve.log"
rm workflows/breaks.lua
kith rule reload
exits 0
kith delete contact "$zoe"

it "tries a file out that is not in the company, from where the command is given"
mkdir "$work/drafts"
sed s/Hello/Ahoy/ rules/hello.lua >"$work/drafts/ahoy.lua"
(cd "$work/drafts" && "$KITH" workflow test ahoy.lua --company "$work/company") >"$work/out" 2>"$work/err"
code=$?
exits 0
prints "passed  workflows/ahoy.lua: hello"
prints "1 passed, 0 failed"

it "rehearses a run on a record, with its waits skipped, and keeps nothing of it"
ann=$(create lead name=Ann source=phone)
kith workflow rehearse "unanswered inquiry" --on "lead/$ann"
exits 0
prints 'create task   by the workflow unanswered inquiry at workflows/leads.lua:2'
prints '    title: "Call Ann"'
prints 'waits: wait_for("task.done", {record = task/'
prints '    priority: "urgent"'
prints '    body: "Nobody called in time."'
prints 'Rehearsal: 3 effects, nothing was kept.'
kith find "task where title = 'Call Ann' : count()"
prints_exactly 0
kith find "workflow_run : count()"
prints_exactly 0

it "has events happen that are said to, and tells of those that nobody waited for"
kith workflow rehearse "unanswered inquiry" --on "lead/$ann" --event task.done --event lead.working
exits 0
prints 'as was said to happen'
prints 'lead.working did not happen: it was not waited for.'
prints 'Rehearsal: 2 effects, nothing was kept.'
kith workflow rehearse "unanswered inquiry" --on "lead/$ann" --json
exits 0
prints '"effect":"create","of":"task"'
prints '"end":"over","state":"done"'

it "rehearses the workflow of a file that is named in its place"
cp workflows/leads.lua "$work/drafts/leads.lua"
kith workflow rehearse "$work/drafts/leads.lua" --on "lead/$ann"
exits 0
prints 'Rehearsal: 3 effects, nothing was kept.'
kith workflow rehearse leads.lua --on "lead/$ann"
exits 0
prints 'Rehearsal: 3 effects, nothing was kept.'
echo 'workflow("second", {record = "lead"}, function() end)' >>"$work/drafts/leads.lua"
kith workflow rehearse "$work/drafts/leads.lua" --on "lead/$ann"
exits 2
complains "has 2 workflows, 'unanswered inquiry', 'second': write kith workflow rehearse NAME --file $work/drafts"
kith workflow rehearse hello.lua --on "lead/$ann"
exits 3
complains "there is no workflow in hello.lua"

it "leads to the command whoever takes a run for one"
for what in cancel retry migrate; do
    kith run $what 0SA818WY40000
    exits 3
    complains "there is no action '$what'; did you mean 'kith workflow $what RUN'?"
done

it "rehearses the text of a file that is not installed, and tells what is wrong with it"
sed 's/in time/at all/' workflows/leads.lua >"$work/drafts/leads.lua"
kith workflow rehearse "unanswered inquiry" --on "lead/$ann" --file "$work/drafts/leads.lua"
exits 0
prints '    body: "Nobody called at all."'
echo 'workflow("x"' >"$work/drafts/leads.lua"
kith workflow rehearse x --on "lead/$ann" --file "$work/drafts/leads.lua"
exits 2
prints "workflows/leads.lua:"
complains "workflows/leads.lua does not run: mend it first"
kith workflow rehearse "unanswered inquiry" --on lead/0SA818WY40000
exits 3
kith workflow rehearse "unanswered inquiry" --on "$ann"
exits 2
complains "--on: write TYPE/ID"
expect test -z "$(find . -maxdepth 1 -name '.copy-*')"
stop_server
kith check
exits 0
expect test -z "$(find /dev/shm /tmp -maxdepth 1 -name "kith-test-$server-*" 2>/dev/null)"

finish
