#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs of workflows: how they are listed, gone through step by step, and what they cost.
. "$(dirname "$0")/lib.bash"
new_company
cat >workflows/rounds.lua <<'LUA'
workflow("rounds", {record = "contact"}, function(contact)
    local n = #contact.city
    for other in find("contact order by name") do
        n = n + #other.name
    end
    task {title = "Look at " .. contact.city}
    wait_for("contact.updated", {record = contact}, days(3))
    task {title = "Look at " .. contact.city .. n}
    parallel(function() sleep(days(1)) end, function()
        if contact.city == "Rome" then error("nobody goes to Rome") end
    end)
end)
workflow("other", {record = "contact", again = "always"}, function(contact)
    update(task {title = "Other"}, {priority = "high"})
    return contact.name
end)
LUA
start() { # WORKFLOW CONTACT: begins a run, and prints its id
    "$KITH" workflow start "$1" "contact/$2" --json | json_text run
}
runs() { # of these arguments, as ids on one line
    "$KITH" workflow runs "$@" --json | sed -n 's/^{"id":"\([^"]*\)".*/\1/p' | tr '\n' ' '
}
of_step() { sed -n "s/^ *$1  [0-9-]* [0-9:]*  *//p" "$work/out"; } # what stands in its line
known() { sed -n '/^what it had read or done/,$p' "$work/out" | sed 's/  */ /g'; }

it "says that there is none"
kith workflow runs
exits 0
prints_exactly "No run."
kith workflow runs --json
exits 0
prints_lines 0

ada=$(create contact name=Ada city=Wien)
bob=$(create contact name=Bob city=Graz)
of_ada=$(start rounds "$ada")
of_bob=$(start rounds "$bob")
other=$(start other "$ada")

it "lists them, the newest first, by workflow, by how they stand, and by both"
expect test "$(runs)" = "$other $of_bob $of_ada "
expect test "$(runs rounds)" = "$of_bob $of_ada "
expect test "$(runs other)" = "$other "
expect test "$(runs 'o%')" = ""
expect test "$(runs --state waiting)" = "$of_bob $of_ada "
expect test "$(runs --state "done")" = "$other "
expect test "$(runs rounds --state waiting)" = "$of_bob $of_ada "
expect test "$(runs rounds --state "done")" = ""
expect test "$(runs other --state waiting)" = ""
expect test "$(runs other --state "done")" = "$other "
kith workflow runs rounds --state waiting
exits 0
prints_lines 3
prints "waiting  contact.updated  20"
prints "Ada (contact/$ada)"
kith workflow runs --state wating
exits 2
complains "--state takes waiting, retrying, failed, done or cancelled, not 'wating'"

"$KITH" update contact "$ada" city=Bonn >/dev/null
"$KITH" update contact "$bob" city=Rome >/dev/null 2>&1

it "shows what went wrong, and counts by how they stand"
kith workflow runs --state retrying
prints_lines 2
prints "workflows/rounds.lua:10: nobody goes to Rome"
kith workflow list --json
prints '"under_way":2,"failed":0,"runs":2'
prints '"under_way":0,"failed":0,"runs":1'
kith workflow cancel "$of_bob"
expect test "$(runs --state cancelled)" = "$of_bob "
expect test "$(runs --state retrying)" = ""
kith workflow list --json
prints '"under_way":1,"failed":0,"runs":2'

it "shows a run step by step, with the branch of each where there are several"
kith workflow run "$of_ada"
exits 0
prints "  state      waiting"
prints "step  at                   line  branch  what"
expect test "$(of_step 5)" = "4       0  contact/$bob.name = \"Bob\""
expect test "$(of_step 6)" = "6       0  contact/$ada.city = \"Wien\""
expect test "$(of_step 14)" = "10       2  contact/$ada.city = \"Bonn\""
expect test "$(of_step 15)" = ""
prints_not "what it had read or done"

it "shows it as it was behind a step: steps as they are counted there, each by its newest value"
kith workflow run "$of_ada" --at 9
exits 0
prints_not "branch"
expect test "$(of_step 9 | cut -c 1-5)" = "woken"
expect test "$(of_step 10)" = ""
expect test "$(known | tail -n 5)" = "find(\"contact order by name\") contact/$ada, contact/$bob
contact/$ada.name \"Ada\"
contact/$bob.name \"Bob\"
contact/$ada.city \"Wien\"
task({title = \"Look at Wien\"}) task/$("$KITH" find "task where title = 'Look at Wien'" --json | json_text id)"
expect test "$(known | wc -l)" = 6
prints "  workflow   rounds"
prints "  about      Ada (contact/$ada)"
for now in state waits_for due; do prints_not "  $now "; done # that is how it stands, and not how it stood
kith workflow run "$of_ada" --at 10
expect test "$(known | tail -n 1)" = "contact/$ada.city \"Bonn\""
expect test "$(known | grep -c city)" = 1
kith workflow run "$of_ada" --at 1
exits 0
expect test "$(of_step 2)" = ""
prints_not "Wien"
kith workflow run "$of_ada" --at 99
exits 0
expect test "$(of_step 14)" = "10       2  contact/$ada.city = \"Bonn\""
kith workflow run "$of_ada" --at 0
exits 2
complains "--at takes a whole number from 1"
kith workflow run "$of_ada" --at 6 --json
exits 0
prints_lines 9 # with what the loop asked for
prints_not "Look at"

it "lists of what a run did only what gave something, and tells what its function gave"
kith workflow run "$other" --at 99
prints "update(task/"
expect test "$(known | sed 's/(.*//; s/.*[.]//')" = 'what it had read or done value
task
name "Ada"'
prints_not "  result "
kith workflow run "$other"
prints "  state      done"
prints "  result     Ada"

it "says where a run failed, but not of what was before that"
kith workflow run "$of_bob" --at 99
prints "wait_for("
prints_not "failed"
carl=$(create contact name=Carl city=Graz)
of_carl=$(start rounds "$carl")
"$KITH" update contact "$carl" city=Rome >/dev/null 2>&1
kith workflow run "$of_carl"
prints "failed, and was taken back: workflows/rounds.lua:10: nobody goes to Rome"
kith workflow run "$of_carl" --at 99
prints_not "nobody goes to Rome"

it "shows the newest fifty, and says that there are more; programs get all"
serve
(echo name && seq -f 'N%g' 520) >"$work/many.csv"
cat >>workflows/rounds.lua <<'LUA'
workflow("many", {on = "contact.created"}, function(contact) return contact.name end)
LUA
kith rule reload
exits 0
"$KITH" import contact "$work/many.csv" >/dev/null 2>&1
for _ in $(seq 200); do
    [ "$(runs many --state "done" | wc -w)" = 520 ] && break
    sleep 0.05
done
kith workflow runs many
exits 0
prints_lines 52
prints "There are more: 'kith find workflow_run' shows them all."
kith workflow runs many --json
prints_lines 520
kith workflow runs rounds
prints_not "There are more"

it "tells what rules and workflows cost, the dearest first, and of those that never ran nothing"
cat >rules/cost.lua <<'LUA'
on("contact.updated", {name = "busy", where = "city = 'Ulm'"}, function(contact)
    for i = 1, 20 do count("contact") end
    task {title = "busy"}
    task {title = "busy"}
end)
on("contact.updated", {name = "lazy", where = "city = 'Ulm'"}, function(contact) end)
on("contact.updated", {name = "wrong", where = "city = 'Ulm'"}, function(contact) error("wrong") end)
on("contact.deleted", {name = "never"}, function() end)
LUA
kith rule reload
exits 0
"$KITH" update contact "$ada" city=Ulm >/dev/null
for _ in $(seq 200); do
    kith workflow cost
    grep -q '^busy ' "$work/out" && grep -q '^lazy ' "$work/out" && grep -q '^wrong ' "$work/out" && break
    sleep 0.05
done
prints_not "never"
expect test "$(grep -nE '^(busy|lazy) ' "$work/out" | cut -d ' ' -f 1 | sed 's/.*://' | tr '\n' ' ')" = "busy lazy "
expect grep -qE '^busy +rules/cost.lua:1 +1 +0 +[0-9.]+ [mu]?s +[0-9.]+ [mu]?s +[0-9.]+ [mu]?s +2 +20 +[0-9]+$' "$work/out"
expect grep -qE '^wrong +rules/cost.lua:7 +[1-9] +[1-9] ' "$work/out"
expect grep -qE '^many +workflows/rounds.lua:[0-9]+ +520 +0 ' "$work/out"
# Of hundreds of runs all together take longer than half of them each.
expect grep -qE '^many +[^ ]+ +520 +0 +([0-9.]+ [mnu]?s) +' "$work/out"
span=$(sed -n 's/^many  *[^ ]*  *520  *0  *//p' "$work/out")
expect test "$(awk '{ print $1 $2 }' <<<"$span")" != "$(awk '{ print $5 $6 }' <<<"$span")"
kith workflow cost --json
many=$(grep '"rule":"many"' "$work/out")
part() { sed -n 's/.*"'"$1"'":\([0-9]*\).*/\1/p' <<<"$many"; }
expect test "$(part p50_ns)" -gt 0
expect test "$(part p50_ns)" -le "$(part p99_ns)"
expect test "$(part p99_ns)" -lt "$(part total_ns)"
prints '"rule":"never","kind":"on","file":"rules/cost.lua","line":8,"runs":0,"failures":0,"p50_ns":0,"p99_ns":0,"total_ns":0,"writes":0,"queries":0,"steps":0'
grep '"rule":"busy"' "$work/out" >"$work/busy"
expect grep -q '"runs":1,"failures":0,.*"writes":2,"queries":20,' "$work/busy"
stop_server
kith workflow cost
prints "Nothing has run since the company was opened; 'kith serve' keeps it open and counts."
finish
