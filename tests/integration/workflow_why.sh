#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Why a workflow wrote something: the call, what woke it, what had begun its run, and who did that.
. "$(dirname "$0")/lib.bash"
new_company
"$KITH" module enable sales >/dev/null
mkdir -p rules/lib workflows
cat >rules/hops.lua <<'LUA'
on("lead.created", { name = "greet" }, function(lead)
    create("note", { title = "A new lead", body = lead.name, about = lead })
end)
on("task.created", { name = "mark", where = "title = 'Call'" }, function(task)
    update(task.about, { interest = "called" })
end)
after("lead.update", { fields = { "campaign" } }, function(lead)
    create("note", { title = "Campaign", body = "x", about = lead })
end)
LUA
cat >rules/lib/helper.lua <<'LUA'
return { call = function(lead)
    return task { title = "Call", about = lead }
end }
LUA
cat >workflows/chase.lua <<'LUA'
local helper = require("helper")
workflow("chase", { on = "note.created" }, function(note)
    local lead = note.about
    local name = lead.name
    wait_for("lead.updated", { record = lead }, days(7))
    if name == "Bad" then
        error("nobody chases Bad")
    end
    update(lead, { campaign = "spring" })
    helper.call(
        lead)
end)
workflow("by-hand", { record = "lead" }, function(lead)
    create("note", { title = "By hand", body = "x", about = lead })
end)
workflow("both", { record = "lead" }, function(lead)
    parallel(function()
        wait_for("lead.working", { record = lead })
        update(lead, { source = "other" })
    end, function() sleep(days(7)) end)
end)
LUA
sed -i 's/on = "note.created"/on = "note.created", where = "title = '"'A new lead'"'"/' workflows/chase.lua

lead=$(create lead name=Ada)
run=$("$KITH" workflow runs chase --json | json_text id)
"$KITH" update lead "$lead" phone=123 >/dev/null
task=$("$KITH" find "task where title = 'Call'" --json | json_text id)

it "explains a value over a rule, a step of a workflow, the event that woke it, and a person"
kith why lead "$lead" interest
exits 0
prints "interest: called"
prints "written by the rule mark at rules/hops.lua:4"
prints "because task $task Call was created by the workflow chase at workflows/chase.lua:10 on"
prints "in run $run of chase, version "
prints "by task({about = lead/$lead, title = \"Call\"}) = task/$task"
prints "woken from wait_for(\"lead.updated\", {record = lead/$lead}, 7d) until "
prints " at workflows/chase.lua:5 on "
prints "the run began on "
prints "A new lead was created by the rule greet at rules/hops.lua:1"
prints "which goes back to this: lead $lead Ada was created by cli:"
prints "because lead $lead Ada was updated by cli:"
prints_lines 8

it "names the line of the very call, and no other call of the same step"
kith why lead "$lead" campaign
prints "written by the workflow chase at workflows/chase.lua:9 on"
prints "by update(lead/$lead, {campaign = \"spring\"})"
prints_not "workflows/chase.lua:10"

it "names the rule that wrote within a step, and the call of the step that led to it"
kith why note "$("$KITH" find "note where title = 'Campaign'" --json | json_text id)" body
prints "at rules/hops.lua:7 on"
prints "by update(lead/$lead, {campaign = \"spring\"}) at workflows/chase.lua:9"

it "names the wait of the branch that went on, and no other one"
"$KITH" workflow start both "lead/$lead" >/dev/null
for _ in $(seq 100); do
    [ -n "$("$KITH" workflow runs both --state waiting --json)" ] && break
    sleep 0.05
done
"$KITH" update lead "$lead" state=working >/dev/null
kith why lead "$lead" source
prints "woken from wait_for(\"lead.working\""

it "tells programs all of it"
kith why lead "$lead" interest --json
for part in "\"run\":null" "\"run\":{\"id\":\"$run\",\"workflow\":\"chase\",\"file\":\"workflows/chase.lua\"" \
    "\"line\":10,\"call\":\"task\"" "\"woken\":{" "\"from\":\"wait_for\"" "\"began\":{\"seq\":" \
    "\"root\":{\"seq\":"; do
    prints "$part"
done

it "explains what the first step of a run wrote by what began it"
"$KITH" workflow start by-hand "lead/$lead" >/dev/null
for _ in $(seq 100); do
    kith find "note where title = 'By hand'" --json
    [ -s "$work/out" ] && break
    sleep 0.05
done
note=$(json_text id <"$work/out")
kith why note "$note" body
prints "written by the workflow by-hand at workflows/chase.lua:14"
prints "because the workflow was begun for lead $lead Ada by cli:"
prints "(action) on "

it "says who began a run by hand"
by_hand=$("$KITH" workflow runs by-hand --json | json_text id)
kith workflow run "$by_hand"
prints "the run began on "
prints "because the workflow was begun for lead $lead Ada by cli:$(id -un) (action)"
kith workflow run "$by_hand" --json
prints "\"by\":\"cli:$(id -un)\""
kith log
prints "published workflow.requested about lead Ada"

it "says what began another one"
kith workflow run "$run"
prints "A new lead was created by the rule greet at rules/hops.lua:1"
prints "which goes back to this: lead $lead Ada was created by cli:"

it "still says which run it was when that was deleted"
begun=$("$KITH" workflow runs by-hand --json | json_text id)
"$KITH" delete workflow_run "$begun" >/dev/null
kith why note "$note" body
exits 0
prints "in run $begun, which is not kept any more"

it "names the run in the history, the log and on the page of a record"
kith history lead "$lead" --field campaign
prints "in run $run"
kith log
prints "run of chase: "
kith view lead "$lead"
prints "the workflow chase at workflows/chase.lua:2, run $run"
kith history lead "$lead" --json
prints "\"run\":\"$run\""

it "shows a run as it was behind one of its steps, with what it knew there"
kith workflow run "$run" --at 3
exits 0
prints "lead/$lead.name = \"Ada\""
prints_not "wait_for"
prints "what it had read or done"
prints "lead/$lead.name "
kith workflow run "$run" --at 2
prints_not 'name = "Ada"'

it "shows where a step failed, though all that it did was taken back"
bad=$(create lead name=Bad)
run=$("$KITH" workflow runs chase --state waiting --json | json_text id)
"$KITH" update lead "$bad" phone=456 >/dev/null 2>&1
kith workflow run "$run"
prints "lead/$bad.name = \"Bad\""
prints "     7  failed, and was taken back: workflows/chase.lua:7: nobody chases Bad"
tail -n 1 "$work/out" >"$work/line" && mv "$work/line" "$work/out"
prints "nobody chases Bad"
kith workflow run "$run" --json
prints "\"step\":\"failed\",\"branch\":0,\"line\":7"

it "says of a run that is tried again that its file was mended since, and how it goes on by that"
kith workflow retry "$run"
exits 0
expect test "$(grep -c "^kith: " "$work/err")" = 0
sed -i 's/error("nobody chases Bad")/return "mended"/' workflows/chase.lua
kith workflow retry "$run"
exits 0
complains "kith: workflows/chase.lua has changed since the run began, and the run goes on by what stood there then: 'kith workflow migrate $run' has it go on by what stands there now"
expect test "$(grep -c "^kith: " "$work/err")" = 1
kith workflow migrate "$run"
exits 0
kith workflow retry "$run" # unless it has tried again by itself
grep -q "is done: it cannot be tried again" "$work/err" || is_silent
kith workflow run "$run"
prints "result     mended"

it "tells whoever may not see runs the workflow and nothing that it read"
create role name=reader rights='{"types": {"lead": {"read": "all"}, "user": {"read": "all"}}}' >/dev/null
"$KITH" user add sam --name Sam --role reader >/dev/null
token=$("$KITH" token add sam --name test --json | json_text token)
KITH_TOKEN=$token "$KITH" why lead "$lead" campaign >"$work/out" 2>"$work/err"
code=$?
exits 0
prints "written by the workflow chase at workflows/chase.lua:2"
prints_not "in run"
prints_not "update(lead"
KITH_TOKEN=$token "$KITH" why lead "$lead" interest >"$work/out"
prints "because a record that you may not see was created by"
prints_not "$task"

it "has what on_undo did as a line of its own in the log, which is taken back by itself"
cat >workflows/sorry.lua <<'LUA'
workflow("promise", { record = "lead" }, function(lead)
    on_undo(function()
        task { title = "Sorry", about = lead }
    end)
    task { title = "Promised", about = lead }
end)
LUA
"$KITH" workflow start promise "lead/$lead" >/dev/null
promise=$("$KITH" workflow runs promise --json | json_text id)
kith undo "$promise"
for _ in $(seq 100); do
    kith find "task where title = 'Sorry'" --json
    [ -s "$work/out" ] && break
    sleep 0.05
done
kith why task "$(json_text id <"$work/out")" title
prints "written by the workflow promise at workflows/sorry.lua:3"
prints "in run $promise"
kith undo "$promise"
kith find "task where title = 'Sorry' : count()"
prints_exactly 1
kith log
prints "on_undo of the run $promise"
prints "undo of $promise"
kith undo "$(sed -n 's/ .*on_undo of the run.*//p' "$work/out")"
exits 0
kith find "task where title = 'Sorry' : count()"
prints_exactly 0

it "answers who may not undo a run as if there were none of that id"
KITH_TOKEN=$token "$KITH" undo 0SA818NN40003 >"$work/out" 2>"$work/nobodys"
KITH_TOKEN=$token "$KITH" undo "$run" >"$work/out" 2>"$work/err"
code=$?
exits 3
expect cmp <(sed "s/0SA818NN40003/$run/" "$work/nobodys") "$work/err"

it "says what is not known any more, where the journal has lost its beginning"
if command -v sqlite3 >/dev/null; then
    new_company
    cat >rules/greet.lua <<'LUA'
on("contact.created", { name = "greet" }, function(contact)
    task { title = "Greet " .. contact.name }
end)
LUA
    cat >workflows/care.lua <<'LUA'
workflow("care", { on = "contact.created" }, function(contact)
    wait_for("contact.updated", { record = contact })
    task { title = "Care for " .. contact.name }
end)
LUA
    ada=$(create contact name=Ada city=Wien)
    kith find "task where title = 'Greet Ada'" --json
    greet=$(json_text id <"$work/out")
    # A month ago: ids begin with the time, above 22 bits.
    sqlite3 kith.db "UPDATE kith_journal SET tx = tx - ((30 * 86400000) << 22) WHERE seq = 1;
        UPDATE kith_tx SET at = at - 30 * 86400000, id = id - ((30 * 86400000) << 22) WHERE first = 1"
    kith why contact "$ada" city
    prints "city: Wien"
    kith why contact "$ada" email
    prints_exactly "email was never written."
    echo 'journal: { keep = "1d"; };' >conf.d/40-journal.conf
    kith retention --apply --sure
    exits 0
    kith why contact "$ada" city
    exits 0
    prints "city was not written since "
    prints "; the journal of before is not kept."
    kith why task "$greet" title
    exits 0
    prints "written by the rule greet at rules/greet.lua:1"
    prints "  because of something that is not kept any more"
    "$KITH" update contact "$ada" phone=123 >/dev/null
    kith find "task where title = 'Care for Ada'" --json
    kith why task "$(json_text id <"$work/out")" title
    exits 0
    prints "written by the workflow care at workflows/care.lua:3"
    prints ", because of something that is not kept any more"
    prints "because contact $ada Ada was updated by cli:"
    prints_not "created by"
    kith workflow run "$("$KITH" workflow runs care --json | json_text id)"
    exits 0
    prints ", because of something that is not kept any more"
else
    skip "there is no sqlite3 program"
fi

finish
