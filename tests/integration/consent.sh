#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Consents on the command line: given, withdrawn by an address, imported with their proof, and read
# by an auditor as they were on a day.
here=$(realpath "$(dirname "$0")")
. "$here/lib.bash"
new_company

anna=$(create contact name="Anna Berg" email=anna@example.org)
purpose=$(create purpose name=newsletter)
create wording purpose="$purpose" version=1 language=en text='I agree, "really"' >/dev/null

it "says no until somebody consents"
kith run consent.check purpose=newsletter contact="$anna"
exits 0
prints "allowed: false"
kith run consent.give purpose=newsletter contact="$anna" wording=1 at="2025-05-01 12:00" proof="form 7"
exits 0
kith find "contact where consent('newsletter')"
prints "Anna Berg"

it "withdraws by an address, as it is written in a mail, and takes no undo of it"
kith run consent.withdraw address=" ANNA@example.org" by=link --json
exits 0
tx=$(json_text transaction <"$work/out")
kith find "contact where consent('newsletter'): count()"
prints_exactly 0
kith undo "$tx"
prints "only the person can consent anew"
kith find "contact where withdrawn('newsletter'): count()"
prints_exactly 1

it "imports consents with their times and proof, and withdrawn ones as withdrawn"
ben=$(create contact name="Ben" email=ben@example.org)
cat >"$work/consents.csv" <<CSV
contact,purpose,state,at,source,proof,withdrawn_at
$ben,$purpose,given,2024-02-01T10:00:00Z,fair,card 12,
$anna,$purpose,withdrawn,2024-01-01T10:00:00Z,paper,letter,2024-06-01T10:00:00Z
CSV
kith import consent "$work/consents.csv"
exits 0
kith find "contact where consent('newsletter')"
prints Ben
prints_not Anna

it "shows an auditor who said what, with the text, and how it was on a day"
kith consent register --purpose newsletter --format csv
exits 0
prints 'given,yes,2025-05-01T10:00:00.000Z'
prints '"I agree, ""really"""'
prints 'withdrawn,no,2024-01-01T10:00:00.000Z'
prints 'card 12'
kith consent register --contact "$anna" --as-of 2024-03-01 --json
prints '"state":"given"'
prints_not '"state":"withdrawn"'
kith consent register --contact "$anna" --as-of 2023-01-01
prints "Nobody has said anything"
kith consent register --purpose other
exits 3
complains "there is no purpose 'other'"

it "says which purpose is meant, and names what goes by one that is gone"
kith find "contact where consent('newsleter')"
exits 2
complains "did you mean 'newsletter'?"
survey=$(create purpose name=survey)
create segment name=asked query="contact where consent('survey')" >/dev/null
create saved_query name=asked query="contact where not withdrawn('survey')" >/dev/null
cat >rules/survey.lua <<'LUA'
on("contact.updated", {where = "consent('survey')"}, function(contact) end)
LUA
kith check
exits 0
kith delete purpose "$survey"
exits 0
kith check
exits 2
prints "rules/survey.lua:1: where: at 9: there is no purpose 'survey'"
prints "asked: query: at 23: there is no purpose 'survey'"
prints "asked: query: at 29: there is no purpose 'survey'"
rm rules/survey.lua

it "restricts data, which are in no list until it is lifted"
kith run restriction.set contact="$ben" reason="disputes it"
exits 0
kith find contact
prints_not Ben
kith update contact "$ben" city=Rome
complains "restriction.lift contact=$ben"
kith find "contact where restricted is not null"
prints Ben
kith run restriction.lift contact="$ben" reason="settled"
exits 0
kith history contact "$ben"
prints "settled"
kith find contact
prints Ben
finish
