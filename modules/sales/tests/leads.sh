#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What becomes of a lead in a company that has enabled commerce and sales and done nothing else: what it looks at and
# asks moves its score, it is proposed for qualification, and whoever calls a customer is told of what is broken.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
mkdir -p conf.d/types
cp "$KITH_SOURCE"/lua/examples/workflows/case.conf conf.d/types/
for module in commerce sales; do "$KITH" module enable $module >/dev/null 2>"$work/err" || cat "$work/err"; done
it "scores what a lead looks at and asks for, and proposes it when it is hot"
rosa=$(create user login=rosa name=Rosa)
ann=$(create lead name=Ann email=ann@example.org owner="$rosa")
video=$(create material name="It runs" kind=video)
study=$(create material name="How Bea saved time" kind=case_study)
shown=$(create exposure lead="$ann" channel=email material="$video")
read_too=$(create exposure lead="$ann" channel=email material="$study")
kith update exposure "$shown" state=viewed
kith find lead --fields name,score,rating
prints "30"
prints "warm"
create interaction about="lead/$ann" channel=email direction=in subject="What is the price?" >/dev/null
kith find lead --fields name,score,rating,qualifies
prints "Hot, and can be reached"
kith report sales.to_qualify
prints "Ann"
kith find "task where title = 'Qualify Ann'" --fields title,body
prints "Hot, and can be reached"

it "waits for the answer to mail that is imported, and not to history"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ) before=$(date -u -d '3 days ago' +%Y-%m-%dT%H:%M:%SZ)
eve=$(create contact name=Eve)
for at in "$now" "$before"; do
    echo "{\"contact\": \"$eve\", \"channel\": \"email\", \"direction\": \"in\", \"at\": \"$at\"}"
done >mail.jsonl
kith import interaction mail.jsonl
exits 0
kith workflow runs "waits for an answer" --json
expect test "$(grep -o imported "$work/out" | wc -l)" -eq 1

it "calls a nurtured lead that becomes hot by what it looks at, and counts what a form asks for"
bob=$(create lead name=Bob email=bob@example.org source=referral owner="$rosa" cadence=nurture)
shown=$(create exposure lead="$bob" channel=email material="$video")
kith update exposure "$shown" state=viewed
kith find "task where title like 'Call Bob%'" --fields title,priority
prints "Call Bob, who is hot now"
prints "urgent"
create response campaign=Fair name=Cid email=cid@example.org asked_for=price >/dev/null
kith find "lead where name = 'Cid'" --fields score,rating
prints "30"

it "suggests the next step by what was looked at"
kith sales.next_step lead="$ann"
exits 0
prints "Answer what they wrote"
prints "Decide whether it is qualified"
prints_not "webinar"
dan=$(create lead name=Dan)
for one in "$video" "$study"; do
    "$KITH" update exposure "$(create exposure lead="$dan" channel=email material="$one")" state=viewed >/dev/null
done
kith sales.next_step lead="$dan"
prints "Invite them to a webinar, or offer a consultation"
prints_not "Make a deal"
kith sales.next_step
exits 2
complains "opportunity: say of which opportunity, or of which lead"
kith update lead "$ann" state=qualified
deal=$("$KITH" sales.convert lead="$ann" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["opportunity"])')
kith sales.next_step opportunity="${deal#*/}"
exits 0
prints_not "webinar"
kith update exposure "$read_too" state=viewed
kith sales.next_step opportunity="${deal#*/}"
prints "Invite them to a webinar, or offer a consultation"

it "tells of faults and cases before a call"
acme=$(create account name=Acme)
ada=$(create contact name=Ada account="$acme")
pump=$(create product code=pump name=Pump price="10 EUR")
asset=$(create asset contact="$ada" account="$acme" product="$pump")
kith sales.precall contact="$ada"
prints "problems"
prints_not "service"
fault=$(create fault asset="$asset" description="It leaks" severity=critical at="2026-01-01 09:00")
case=$(create case contact="$ada" subject="Nobody came")
kith sales.precall contact="$ada"
prints "fault It leaks"
prints "case Nobody came"
kith sales.precall account="$acme"
prints "fault It leaks"
kith update fault "$fault" fixed_at="2026-01-01 10:00"
kith update case "$case" state=solved
kith sales.precall contact="$ada"
prints_not "service"

it "qualifies a lead by itself where the settings say so, and proposes what a rule of the company refuses"
sed -i '0,/auto = false;/s//auto = true;/' conf.d/sales.conf
cat >rules/qualified.lua <<'END_OF_RULES'
before("lead.save", {name = "for whom", where = "state = 'qualified' and company is null"}, function()
  refuse("company: say for whom they work")
end)
on("lead.qualified", {name = "welcome"}, function(lead) task {title = "Welcome " .. lead.name, about = lead} end)
END_OF_RULES
create lead name=Fay email=fay@example.org phone="+49 30 123456" source=referral interest=all company=Fay >/dev/null
kith find "lead where name = 'Fay'" --fields state
prints "qualified"
kith find "task where title = 'Welcome Fay'"
prints "Welcome Fay"
create lead name=Gil email=gil@example.org phone="+49 30 123457" source=referral interest=all owner="$rosa" >/dev/null
for _ in $(seq 40); do # until it is tried again
    kith find "task where title = 'Qualify Gil'"
    grep -q "Qualify Gil" "$work/out" && break
    sleep 0.5
done
prints "Qualify Gil"
kith find "lead where name = 'Gil'" --fields state
prints "new"

it "starts with a type of another making, and says what it passes over"
sed -i 's/name = "state"; kind = "state\[open>solved,solved.>open\]"/name = "status"; kind = "text"/' conf.d/types/case.conf
kith sales.precall account="$acme"
exits 0
complains "sales.problems, row 5"
sed -i 's/ optional = true;//' conf.d/sales.conf
kith sales.precall account="$acme"
complains "no field 'state' in case"
finish
