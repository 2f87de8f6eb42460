#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Rules while the company is served: reloaded under load, suspended when they keep failing, and held
# to what they may.
. "$(dirname "$0")/lib.bash"
new_company
cat >conf.d/30-rules.conf <<'CONF'
rules: {
    failures = 3;
    scripts = ( { file = "narrow.lua"; may = [ "read:contact", "write:task" ]; } );
};
CONF

until_prints() { # until_prints TEXT ARGUMENT...: for what the server does by itself
    local text=$1
    shift
    for _ in $(seq 200); do
        kith "$@"
        grep -qF -- "$text" "$work/out" && return
        sleep 0.05
    done
    fail "expected in the end: $text"
}
greet() { # greet TITLE: a task with that title for each contact
    cat >rules/greet.lua <<RULE
on("contact.created", { name = "greet" }, function(contact)
    create("task", { title = "$1 " .. contact.name, about = contact })
end)
RULE
}

it "reloads by itself what was changed and is left alone"
greet first
serve
create contact name=One >/dev/null
until_prints "first One" find task
greet second
for _ in $(seq 200); do
    grep -q "the rules were reloaded: 1 rule" "$work/serve.log" && break
    sleep 0.05
done
create contact name=Two >/dev/null
until_prints "second Two" find task

it "keeps the old rules when a file has a mistake, and says which"
echo 'on("contact.created", { name = "oops" }, function(' >rules/oops.lua
kith rule reload
exits 2
prints "rules/oops.lua:"
complains "the rules stay as they were: mend the files first"
create contact name=Three >/dev/null
until_prints "second Three" find task
rm rules/oops.lua
kith rule reload
exits 0
prints "Reloaded: 1 rule."

it "loses no event and handles none twice over 200 reloads under load"
(for i in $(seq 200); do echo "Load $i"; done | sed '1i name' |
    "$KITH" import contact - --format csv >/dev/null) 2>"$work/client.1" &
clients[1]=$!
(for i in $(seq 150); do "$KITH" create contact "name=Load more $i" >/dev/null; done) 2>"$work/client.2" &
clients[2]=$!
for i in $(seq 200); do
    greet "swap $i"
    "$KITH" rule reload >/dev/null 2>>"$work/reloads" || echo "failed" >>"$work/reloads"
done
wait "${clients[@]}"
cat "$work"/client.* "$work/reloads" >"$work/err"
is_silent
expect test ! -s "$work/client.1" -a ! -s "$work/client.2" -a ! -s "$work/reloads"
kith find "contact where name like 'Load %' : count()"
prints_exactly 350
until_prints 350 find "task where title like '%Load%' : count()"
kith deadletter list
prints "Every event was handled."
kith find "task where title like '%Load%' : count()"
prints_exactly 350

it "says that events may wait for a suspended file, though none failed"
cat >rules/guard.lua <<'RULE'
before("account.create", { name = "guard", where = "name = 'Nowhere'" }, function(account)
    error("it broke")
end)
on("account.created", { name = "wait" }, function() end)
RULE
kith rule reload
for i in 1 2 3; do "$KITH" create account name=Nowhere >/dev/null 2>&1; done
until_prints "suspended since" rule list
create account name=Waits >/dev/null
kith deadletter list
exits 0
prints "No event failed. What rules in suspended files wait for is handled when they go on."
complains "rules/guard.lua is suspended"
kith deadletter list --dead
prints_exactly "Nothing was set aside."
rm rules/guard.lua
kith rule reload
exits 0

it "suspends a file that keeps failing, and shows it everywhere"
cat >rules/broken.lua <<'RULE'
on("note.created", { name = "break" }, function(note) error("it broke") end)
RULE
kith rule reload
exits 0
one=$("$KITH" find "contact where name = 'One'" --json | json_text id)
for i in 1 2 3 4; do create note about="contact/$one" title="Note $i" body=x >/dev/null; done
until_prints "suspended since" rule list
complains "rules/broken.lua is suspended: rules/broken.lua:1: it broke; mend the file, or run 'kith rule resume broken.lua'"
kith check
exits 2
prints "rules/broken.lua: suspended:"
expect test "$(grep -c 'rules/broken.lua is suspended' "$work/serve.log")" -eq 1
kith doctor
exits 0

it "keeps it suspended over a restart, and has it go on when it is mended"
stop_server
serve
kith rule list --json
prints '"file":"rules/broken.lua"'
prints '"may":"*","suspended":"20'
cat >rules/broken.lua <<'RULE'
on("note.created", { name = "break" }, function(note)
    create("task", { title = "Mended " .. note.title, about = note })
end)
RULE
kith rule reload
exits 0
kith rule list
prints_not "suspended"
until_prints 4 find "task where title like 'Mended%' : count()"
prints_exactly 4

it "resumes what it is told to, and nothing else"
kith rule resume broken.lua
exits 3
complains "rules/broken.lua is not suspended"
one_sentence

it "denies what a file may not, and says what to grant where"
cat >rules/narrow.lua <<'RULE'
on("contact.created", { name = "narrow" }, function(contact)
    task { title = "Narrow " .. contact.name }
    update(contact, { city = "Ulm" })
end)
RULE
kith rule reload
exits 2
prints 'rules/narrow.lua:3: rules/narrow.lua may not write records of type contact: add "write:contact" to its list'
cat >rules/narrow.lua <<'RULE'
on("contact.created", { name = "narrow" }, function(contact)
    local which = { contact } -- so that nobody sees it before it runs
    task { title = "Narrow " .. contact.name }
    update(which[1], { city = "Ulm" })
end)
RULE
kith rule reload
exits 0
kith rule list
prints "read:contact write:task"
create contact name=Four >/dev/null
until_prints 'add "write:contact" to its list in rules.scripts in conf.d/30-rules.conf' deadletter list
kith find "task where title like 'Narrow%' : count()"
prints_exactly 0

it "says once that a file needs a module which is off, and runs the others"
stop_server
echo 'on("lead.created", function(lead) end)' >rules/lead.lua
: >rules/narrow.lua # conf.d names it
kith create contact name=Five
exits 0
is_silent
kith check
exits 0
prints "rules/lead.lua:1: there is no type 'lead': the rules of this file are off until a module that has it is enabled"
kith rule list
prints "off"

it "finds what must fail in a rule before it runs, and tells warnings apart"
cat >rules/wrong.lua <<'RULE'
on("contact.created", function(contact)
    task { title = contact.nmae }
    if contact.lifecycle == "custommer" then log("x") end
end)
RULE
kith rule check
exits 2
prints "rules/wrong.lua:2: no field 'nmae' in contact; did you mean 'name'?"
prints "rules/wrong.lua:3: warning: contact.lifecycle is never 'custommer'; did you mean 'customer'?"
complains "1 problem in the rules"
kith rule check --json
prints '{"file":"rules/wrong.lua","line":3,"problem":"contact.lifecycle is never '
prints '"warning":true}'
sed -i 's/nmae/name/' rules/wrong.lua
kith rule check
exits 0
prints "no mistake found, 1 warning."
kith rule list
complains "rules/wrong.lua:3: warning: contact.lifecycle is never"
rm rules/wrong.lua

it "shows what a rule reads and writes, and the rights it needs"
cat >rules/sets.lua <<'RULE'
on("contact.updated", { name = "sets", where = "city is not null" }, function(contact)
    if contact.email then update(contact, { phone = "123" }) end
    task { title = contact.name }
end)
RULE
kith rule show sets
exits 0
prints "  reads      contact contact.city contact.restricted contact.email contact.name"
prints "  creates    task"
prints "  updates    contact.phone"
prints "  needs      write:contact write:task"
kith rule show sets.lua --json
prints '"creates":["task"],"updates":["contact.phone"],"deletes":[],"publishes":[],"calls":[],"needs":["write:contact","write:task"]'
kith rule show stes
exits 3
complains "there is no rule and no file of rules 'stes'; did you mean 'sets'?"
kith rule check
exits 0
prints "rules/sets.lua:2: warning: the rule sets itself off: sets.lua:1 writes contact.phone -> on contact.updated at sets.lua:1; only a condition or an equal value ends it"

it "has a file act as a user within a budget, says so, and counts what rules cost"
kith create role name=greeter 'rights={"types": {"contact": {"read": "own"}, "task": {"create": "own"}}}'
exits 0
kith user add anna --name "Anna Schmidt" --role greeter
exits 0
rm -f rules/*.lua
cat >rules/greet.lua <<'RULE'
after("contact.create", function(contact)
    task { title = "Hello " .. contact.name .. " of " .. count("contact") }
end)
RULE
cat >conf.d/30-rules.conf <<'CONF'
rules: { scripts = ( { file = "greet.lua"; as = "anna"; writes = 500; time = "5m"; } ); };
CONF
kith rule check
exits 0
anna=$("$KITH" find "user where login = 'anna'" --json | json_text id)
create contact name=Six owner="$anna" >/dev/null
create contact name=Seven >/dev/null
kith find "task where title = 'Hello Six of 1' and owner.login = 'anna' : count()"
prints_exactly 1
kith find "task where title like 'Hello Seven%' : count()"
prints_exactly 0
kith rule list
prints "anna"
kith rule show greet.lua
prints "as         anna"
prints "budget     500 rows, 300000 ms within an hour"
kith workflow cost
prints "Nothing has run since the company was opened"
kith workflow cost --json
prints '"p99_ns":0,"total_ns":0,"writes":0'
sed -i 's/anna/anja/' conf.d/30-rules.conf
kith rule check
exits 2
prints "as: there is no user 'anja'"
sed -i 's/anja/anna/' conf.d/30-rules.conf

it "has a workflow begin no more, at once and kept, and ends its runs when it is told to"
mkdir -p workflows
cat >workflows/care.lua <<'FLOW'
workflow("care", {on = "contact.created", doc = "Cares."}, function(contact)
    sleep(days(3))
    task { title = "Care for " .. contact.name }
end)
FLOW
serve
create contact name=Eight >/dev/null
until_prints waiting workflow runs care
kith workflow show care
prints "doc        Cares."
prints "    sleep(days(3))"
kith workflow show care --json
prints '"disabled":false,"source":"workflow('
kith workflow disable care --cancel --rehearse
exits 0
prints "would publish workflow.ended"
kith workflow list
prints "contact.created"
kith workflow disable care --rehearse
exits 2
complains "give both"
kith workflow disable care
exits 0
prints_exactly "The workflow care is disabled."
create contact name=Nine >/dev/null
kith workflow list
prints "disabled"
kith check
prints "the workflow 'care' is disabled"
stop_server
kith workflow list --json
prints '"disabled":true,"under_way":1'
kith workflow disable care --cancel
prints "1 run cancelled."
kith workflow disable caer
exits 3
complains "there is no workflow 'caer'; did you mean 'care'?"
kith workflow enable care
exits 0
kith workflow list --json
prints '"disabled":false,"under_way":0'
echo 'workflows: { disabled = ["care"]; };' >>kith.conf
rm conf.d/workflows.conf
kith workflow enable care
exits 1
complains "workflows.disabled is set at kith.conf:"
kith workflow list --json
prints '"disabled":true'
sed -i '$d' kith.conf
rm workflows/care.lua
finish
