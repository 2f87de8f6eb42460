#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the workflows of sales make of responses, cadences and appointments over days, in a company that has enabled
# the module and done nothing else.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
"$KITH" module enable sales >/dev/null 2>"$work/err" || cat "$work/err"

it "come with the module, and do what their tests say"
kith workflow list
exits 0
for name in "cadence " "cadence of a new lead" response "appointment reminder"; do prints "$name"; done
kith rule list
for name in "call back a lead" "re-engaged lead" "find prospects"; do prints "$name"; done
kith workflow test
exits 0
prints "$(cat workflows/sales/*.lua | grep -c '^test(') passed, 0 failed"
kith workflow test sales/cadences.lua
exits 0
prints "$(grep -c '^test(' workflows/sales/cadences.lua) passed, 0 failed"

it "would be found out if the cadence did nothing"
sed 's/^local function go_through(lead)/&\n  do return end/' workflows/sales/cadences.lua >idle.lua
kith workflow test idle.lua
exits 1
rm idle.lua

it "play a whole cadence, with its calls and letters, to its end"
study=$(create material name="How Bea saved time" kind=case_study)
create material name="How Cem saved time" kind=case_study industry=steel >/dev/null
ann=$(create lead name=Ann source=event)
kith update lead "$ann" cadence="first contact"
exits 0
kith workflow rehearse cadence --on "lead/$ann"
exits 0
expect test "$(grep -c 'title: "Call Ann' "$work/out")" -eq 2
expect test "$(grep -c 'create exposure' "$work/out")" -eq 4
prints "material: $study"
prints 'subject: "Five questions to ask first"'

it "end with an answer"
kith workflow rehearse cadence --on "lead/$ann" --event 'interaction.created:{"about": "lead/'"$ann"'", "direction": "in", "channel": "email"}'
exits 0
prints "Answer Ann"
prints_not "Five questions"

it "count what a lead was shown, until it was converted, by cadence and step"
exposed() { # LEAD STEP CHANNEL STATE
    local id
    id=$(create exposure lead="$1" cadence="first contact" step="$2" channel="$3")
    "$KITH" update exposure "$id" state="$4" >/dev/null
}
exposed "$ann" 1 call sent
exposed "$ann" 2 email viewed
exposed "$ann" 3 call sent
ben=$(create lead name=Ben)
exposed "$ben" 1 call sent
for state in qualified converted; do "$KITH" update lead "$ann" state=$state >/dev/null; done
kith report sales.cadence_steps --param since=2020-01-01 --csv
exits 0
prints "first contact,1,2,0,0.000000,2"
prints "first contact,2,1,1,100.000000,1"
kith report sales.exposures_until_conversion --param since=2020-01-01 --csv
prints "first contact,3,1,1,3.000000"
kith report sales.conversion_by_exposures --csv
prints "3,converted,1"
kith report sales.to_send
exits 0

it "refuse more than the limit, whoever asks"
for _ in 1 2 3 4; do exposed "$ben" 2 email sent; done
kith create exposure lead="$ben" channel=email
exits 1
complains "sales.exposures.limit"
kith sales.expose lead="$ben" --json
exits 0
prints '"next_at":"'

it "make a lead of each response of an import, and tell sellers; leads that are imported begin nothing"
printf 'campaign,name,email\nFair,Dora,dora@example.org\nFair,Emil,emil@example.org\nFair,Dora,DORA@example.org\n' >r.csv
printf 'name,campaign,source\nOld,Fair,campaign\n' >l.csv
serve
kith import response r.csv
exits 0
prints "created      3"
kith import lead l.csv
exits 0
for _ in $(seq 100); do
    [ "$("$KITH" find "task where title like 'Contact %' : count()")" = 0 ] || break
    sleep 0.1
done
kith find "lead where campaign = 'Fair' and email is not null" --fields name,cadence --csv
prints "Dora,first contact"
prints "Emil,first contact"
expect test "$("$KITH" find "lead where email is not null : count()")" = 2
kith workflow runs
prints_not Old
stop_server

it "book an appointment in a free slot, for seller and lead, and of two at once only one"
rosa=$(create user login=rosa name=Rosa works="mon-sun 00:00-24:00")
fay=$(create lead name=Fay owner="$rosa")
kith sales.slots seller="$rosa" duration=1h limit=3 --csv
exits 0
slot=$(sed -n '2s/,.*//p' "$work/out")
expect test -n "$slot"
serve
for i in 1 2 3 4; do
    "$KITH" sales.book lead="$fay" at="$slot" duration=1h >"$work/book$i" 2>&1 &
    asked[i]=$!
done
told=0
for pid in "${asked[@]}"; do wait "$pid" || told=$((told + 1)); done
expect test "$told" -eq 3
expect test "$(cat "$work"/book? | grep -c "there is another appointment at that time")" -eq 3
kith find "interaction where appointment and planned and owner = '$rosa' and about = 'lead/$fay' : count()"
prints_exactly 1
kith sales.slots seller="$rosa" duration=1h limit=3 --csv
prints_not "$slot,"
stop_server

it "leave a sound database behind"
kith doctor
exits 0
prints "nothing found"

finish
