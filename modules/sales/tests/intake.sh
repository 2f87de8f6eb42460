#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Leads that come by whatever way, written down by programs and people with rights of their own, and who gets them.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
"$KITH" module enable sales >/dev/null 2>"$work/err" || cat "$work/err"
sed -i 's/auto = false;/auto = true;/; s/# team = "Sales";/team = "Sales";/' conf.d/sales.conf

it "has workflows whose tests pass with assignment switched on, though there is no such team in their companies"
kith check
exits 0
kith rule reload
exits 0

it "keeps a lead for whom there is nobody, and tells of it"
kith create lead name=Early owner=
exits 0
kith report sales.unassigned --csv --fields name
prints Early
kith log --limit 5
prints lead.unassigned
prints_not failed

team=$(create team name=Sales)
anna=$(create user login=anna name=Anna teams="$team")
ben=$(create user login=ben name=Ben teams="$team")
"$KITH" create role name=intake rights='{"types": {"lead": {"create": "own", "read": "own"},
    "response": {"create": "own", "read": "own"}, "user": {"read": "all"}}}' >/dev/null
"$KITH" create role name=manager rights='{"types": {"lead": {"create": "team", "read": "team", "update": "team"},
    "user": {"read": "all"}, "team": {"read": "all"}}, "actions": ["sales.assign"]}' >/dev/null
"$KITH" user add form --name Form --role intake >/dev/null
"$KITH" user add mia --name Mia --role manager --team Sales >/dev/null
"$KITH" update user --where "login = 'mia'" takes_leads=false >/dev/null
form=$("$KITH" token add form --name test --json | json_text token)
mia=$("$KITH" token add mia --name test --json | json_text token)
owner_of() { "$KITH" find "lead where name = '$1'" --fields owner.login --csv | tail -n 1 | tr -d '\r'; }

it "assigns a lead that a program makes, unless it says whose it is"
KITH_TOKEN=$form kith create lead name=Ann
exits 0
expect test "$(owner_of Early)" = anna # since there is somebody
expect test "$(owner_of Ann)" = ben
KITH_TOKEN=$form kith create lead name=Own "owner=$("$KITH" find "user where login = 'form'" --json | json_text id)"
exits 0
expect test "$(owner_of Own)" = form

it "assigns leads of an import, also when their owner is said to be nobody"
printf 'name\nBob\n' >bob.csv
printf 'name\nCem\n' >cem.csv
KITH_TOKEN=$form kith import lead bob.csv
exits 0
expect test "$(owner_of Bob)" = anna
kith import lead cem.csv owner:=
exits 0
expect test "$(owner_of Cem)" = ben

it "empties with an import what is said to be empty"
kith import lead cem.csv company:=Acme --key name
exits 0
kith import lead cem.csv company:= --key name
exits 0
kith find "lead where company is null" --fields name
prints Cem

it "answers a response with its lead, which is assigned like all others"
KITH_TOKEN=$form kith create response campaign=Fair name=Dan email=dan@example.org --json
exits 0
kith find "response where lead.name = 'Dan'" --fields known,name
prints "new"
expect test "$(owner_of Dan)" = anna
KITH_TOKEN=$form kith create response campaign=Fair email=dan@example.org
exits 0
kith find "response where known = 'lead'" --fields lead.name
prints Dan
create contact name=Eve email=eve@example.org owner="$ben" >/dev/null
KITH_TOKEN=$form kith create response campaign=Fair email=eve@example.org
exits 0
expect test "$(owner_of Eve)" = ben

it "lets who leads the team give a lead to somebody else, without the right to change users"
dan=$("$KITH" find "lead where name = 'Dan'" --json | json_text id)
KITH_TOKEN=$mia kith sales.assign lead="$dan" again=true
exits 0
expect test "$(owner_of Dan)" = ben

it "names the rules that made a score, and what each adds, when asked why"
fay=$(create lead name=Fay source=referral email=fay@example.org)
kith why lead "$fay" score
exits 0
prints "score: 40"
prints "source = 'referral'      30  Somebody who knows us"
prints "email is not null        10  We can write."
prints_not "phone is not null"
kith why lead "$fay" score --json
prints '"action":"sales.explain_score"'
prints '"rule":"email is not null","points":10'
kith why lead "$fay" email
prints_not "made of"
kith sales.explain_score lead="$fay"
prints "score: 40"
prints "rating: warm"

it "tells in the log what batches did, and who wrote what a user is not shown"
KITH_TOKEN=$mia kith log --limit 1
prints "done by sales"
kith update lead --where "name is not null" owner=
kith sales.assign
exits 0
kith log --limit 1 --json
prints '"sums":[{"change":"update","type":"lead","count":'
north=$(create territory name=North)
south=$(create territory name=South)
{ echo name,territory; printf 'Firm %d,North\n' {1..501}; } >firms.csv
kith import account firms.csv territory=territory.name
exits 0
kith sales.move from="$north" to="$south"
exits 0
kith log --limit 5
prints "published territory.moving"

finish
