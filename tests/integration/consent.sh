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
kith run consent.withdraw address=" ANNA@example.org" by=link
exits 0
prints "withdrawn: 1"
prints_not "takes this back"
kith log --json --limit 1
tx=$(json_text id <"$work/out")
kith undo "$tx" --rehearse
exits 1
kith find "contact where consent('newsletter'): count()"
prints_exactly 0
kith undo "$tx"
exits 1
complains "nothing can be taken back: state: a withdrawal is not taken back"
prints "only the person can consent anew"
kith undo "$tx" --json
exits 1
prints '"refused":2' # the word, and that the address is suppressed
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

it "takes no yes from elsewhere without its time, nor one of the day of a no"
kith find "contact where consent('newsletter')" --json
cp "$work/out" "$work/before"
printf 'contact,purpose,state\n%s,%s,given\n' "$anna" "$purpose" >"$work/timeless.csv"
kith import consent "$work/timeless.csv"
prints "at: say when it was given, in a column or for every row, at:=2026-05-03"
for order in "given withdrawn" "withdrawn given"; do
    dora=$(create contact name=Dora)
    for state in $order; do
        echo "$dora,$purpose,$state,2024-05-01" | sed '/given/s/[^,]*$//'
    done | sed '1i contact,purpose,state,withdrawn_at' >"$work/day.csv"
    kith import consent "$work/day.csv" at:=2024-05-01
    prints "created      2"
done
kith find "contact where consent('newsletter')" --json
expect cmp -s "$work/out" "$work/before"

it "takes what expired elsewhere as expired, though nobody knows when"
printf 'contact,purpose,state,at\n%s,%s,expired,2020-01-01T10:00:00Z\n' "$(create contact name=Cleo)" "$purpose" \
    >"$work/old.csv"
kith import consent "$work/old.csv"
exits 0
kith consent register --format csv
prints ',expired,yes,2020-01-01T10:00:00.000Z'
kith consent register --json
prints '"state":"expired"'
kith consent register
prints expired

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

it "shows what was said while the clock was ahead, as consent.check has it"
if command -v sqlite3 >/dev/null; then
    early=$(create contact name=Early)
    late=$(create contact name=Late)
    for one in "$early" "$late"; do kith run consent.give purpose=newsletter contact="$one"; done
    kith run consent.withdraw purpose=newsletter contact="$late"
    sqlite3 kith.db "UPDATE consent SET at = at + 86400000000, withdrawn_at = withdrawn_at + 86400000000
        WHERE contact IN (SELECT id FROM contact WHERE name IN ('Early', 'Late'))"
    for one in "$early given true" "$late withdrawn false"; do
        read -r who state allowed <<<"$one"
        kith run consent.check purpose=newsletter contact="$who" --json
        prints "\"allowed\":$allowed"
        kith consent register --contact "$who" --json
        prints "\"state\":\"$state\",\"stands\":\"yes\""
        kith consent register --contact "$who" --as-of "$(date +%F)" --json
        prints_not "\"state\""
        kith delete contact "$who"
    done
else
    skip "there is no sqlite3 program"
fi

it "says which purpose is meant, and names what goes by one that is gone"
for asked in "consent('Newsletter')" "not withdrawn('NEWSLETTER')" "not withdrawn('newsletter ')"; do
    kith find "contact where $asked"
    exits 2
    complains "did you mean 'newsletter'?"
done
kith find "contact where not withdrawn(:p)" --param p=Newsletter
exits 2
kith find "contact where consent('newsleter')"
exits 2
complains "did you mean 'newsletter'?"
survey=$(create purpose name=survey)
create segment name=asked query="contact where not withdrawn('survey')" >/dev/null
for change in "delete purpose $survey" "update purpose $survey name=poll"; do
    # shellcheck disable=SC2086 # words of a command
    kith $change
    complains "segment 'asked' asks for it by its name; change that one first"
done
cat >rules/survey.lua <<'LUA'
on("contact.updated", {where = "consent('survy')"}, function(contact) end)
LUA
kith check
exits 2
prints "rules/survey.lua:1: where: at 9: there is no purpose 'survy'; did you mean 'survey'?"
rm rules/survey.lua

it "lets a web form give and withdraw by an address, and tell of nobody"
form=$(create role name=form rights='{"actions": ["consent.give", "consent.withdraw"]}')
create user login=form name=Form roles="$form" >/dev/null
kith_stdin user password form < <(printf 'correct horse battery\ncorrect horse battery\n')
exits 0
as_form() {
    kith_stdin run "$@" --json --user form < <(echo "correct horse battery")
    exits 0
}
as_form consent.give purpose=survey address="Ben@example.org " ip=2001:db8::7
cp "$work/out" "$work/known"
as_form consent.give purpose=survey address=nobody@example.org ip=2001:db8::7
cmp "$work/out" "$work/known" || fail "it tells an address that is known"
kith find "contact where consent('survey'): count()"
prints_exactly 1
as_form consent.withdraw purpose=survey address=ben@example.org by=link
cp "$work/out" "$work/known"
as_form consent.withdraw purpose=survey address=nobody@example.org by=link
cmp "$work/out" "$work/known" || fail "it tells an address that is known"
kith find "contact where consent('survey'): count()"
prints_exactly 0
kith_stdin consent register --user form < <(echo "correct horse battery")
complains "may not read consents, of which the register is"

it "finds nobody who objected for a user who may not read the purpose, but says so"
kith create purpose name=offers basis=legitimate_interest
kith create contact name=Zoe email=zoe@example.org
kith run consent.withdraw purpose=offers address=zoe@example.org
exits 0
seller=$(create role name=seller rights='{"types": {"*": {"read": "team"}, "contact": {"read": "all"}}}')
create user login=sam name=Sam roles="$seller" >/dev/null
token=$("$KITH" token add sam --name test --json | json_text token)
for asked in "not withdrawn('offers')" "withdrawn('offers')" "consent('offers')" "not withdrawn('nothing')"; do
    KITH_TOKEN=$token kith find "contact where $asked"
    exits 2
    complains "that you may read; an administrator opens them in a role"
done
KITH_TOKEN=$token kith find "contact where not withdrawn(:p)" --param p=offers
exits 2
kith update role "$seller" rights='{"types": {"purpose": {"read": "all"}, "contact": {"read": "all"}}}'
KITH_TOKEN=$token kith find "contact where not withdrawn('offers')"
exits 0
prints Anna
prints_not Zoe

it "is in the log of reads: who asked about a person, and who had the register, in any form"
kith update role "$seller" rights='{"actions": ["consent.check"], "types": {"purpose": {"read": "all"}, "contact": {"read": "all"}}}'
KITH_TOKEN=$token kith run consent.check purpose=offers contact="$anna"
exits 0
prints "it needs no consent"
kith access log --record "$anna" --limit 1
prints "user:sam  read"
prints "run consent.check"
for form in text csv json; do
    kith consent register --purpose offers --format $form
    exits 0
    kith access log --limit 1 --json
    prints '"event":"export"'
    prints 'consent register consent where purpose.name = :purpose order by at (purpose = offers)'
    prints '"count":1,'
done

it "carries consents, with what was agreed to, into another company"
other=$(create purpose name=other)
create wording purpose="$other" version=1 language=en text="Another" >/dev/null
kith update contact "$ben" external_id=7
kith update contact "$anna" external_id=8
kith export purpose "$work/purposes.csv" --fields name,basis,description
kith export wording "$work/wordings.csv" --fields id,purpose.name,version,language,text,valid_from
kith export contact "$work/contacts.csv" --fields external_id,name,email,phone
kith export "consent where contact.external_id is not null" "$work/words.csv" \
    --fields contact.external_id,purpose.name,wording,address,state,at,source,proof,ip,form,expires,withdrawn_at,withdrawn_by
"$KITH" init "$work/other" >/dev/null
for type in purpose "wording --map id=external_id" contact "consent --map wording=wording.external_id"; do
    file=${type%% *}s.csv
    [ "$file" != consents.csv ] || file=words.csv
    # shellcheck disable=SC2086 # a type and options
    kith --company "$work/other" import $type "$work/$file"
    exits 0
    prints_not rejected
done
kith --company "$work/other" consent register --format csv
prints '"I agree, ""really"""'
kith --company "$work/other" find "contact where consent('newsletter')"
prints Ben

it "keeps a no for an address that nobody has, whoever gets it, until the person consents with proof"
kith run consent.withdraw purpose=newsletter address=fay@example.org by=link
exits 0
prints "found: 0"
printf 'name,email\nFay,FAY@example.org\nFäy,fäy@example.org\n' >"$work/late.csv"
kith import contact "$work/late.csv"
prints "created      2"
kith find "contact where withdrawn('newsletter')"
prints Fay
prints_not Fäy
fay=$("$KITH" find "contact where name = 'Fay' and withdrawn('newsletter')" --json | json_text id)
kith consent register --contact "$fay"
prints suppressed
prints_not lifted
kith run consent.give purpose=newsletter address=fay@example.org source=list
exits 1
complains "a yes since then needs what shows it"
as_form consent.give purpose=newsletter address=fay@example.org
kith find "contact where consent('newsletter') and name = 'Fay': count()"
prints_exactly 0
kith run consent.give purpose=newsletter address=fay@example.org proof="confirmed by the link of 3 May"
exits 0
kith find "contact where consent('newsletter') and name = 'Fay': count()"
prints_exactly 1
kith consent register --contact "$fay"
prints lifted
prints_not suppressed

it "restricts data, which are in no list until it is lifted"
kith run restriction.set contact="$ben" reason="disputes it"
exits 0
prints_not "takes this back"
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
