#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files as people have them, given to the wrong type or without a header: told at once and plainly.
. "$(dirname "$0")/lib.bash"
new_company
printf 'Site name,Zip,\nTemple,60614,x\nHarold,60615,y\n' >sites.csv
printf '2\t1.44\tYay. Another good phone interview.\n4\t2.86\tAmazing!\n' >posts.tsv

it "refuses a file whose first row names nothing"
kith import contact posts.tsv
exits 2
one_sentence
complains "names no field of contact"
complains "Yay. Another good phone interview."
kith find "contact : count()"
prints_exactly 0

it "says which required field no column goes to, before anything is imported"
kith import account sites.csv --preview 1
exits 0
prints "No column goes to name, without which no account can be created."
prints "(no name)"
kith import account sites.csv "Site name=name" --preview 1
exits 0
prints_not "No column goes to"

it "fails when every row is rejected, and offers no undo of nothing"
for rehearse in "" --rehearse; do
    # shellcheck disable=SC2086 # an option or none
    kith import account sites.csv $rehearse
    exits 2
    one_sentence
    prints "rejected     2"
    prints_not "takes the whole import back"
done

it "calls a value for every row by that name"
kith import account sites.csv "Site name=name" billing_country:=US
exits 0
prints "(every row)"
prints "takes the whole import back"

it "takes no policy for duplicates without a key to find them by"
kith import account sites.csv "Site name=name" --duplicates skip
exits 2
one_sentence
complains "--duplicates is about rows whose key is known: name the key, too"

it "says that one file is imported at a time, as when a pattern names several"
touch two.csv two.vcf
for file in two.csv two.vcf ./two; do
    kith import account sites.csv $file
    exits 2
    one_sentence
    complains "'$file': one file is imported at a time"
done
kith import account sites.csv "Site name"
complains "write a mapping as"

it "says at once that there can be no file of rejects where it is wanted"
kith import account sites.csv "Site name=name" --rejects rules
exits 2
complains "'rules' is a folder, not a file"
kith import account sites.csv "Site name=name" --rejects sites.csv
exits 1
complains "'sites.csv' is there already"
kith find "account : count()" # those of the import above
prints_exactly 2

it "writes its rejects over no file that came while it ran"
mkfifo rows
last=(import contact rows --rejects late.csv)
"$KITH" "${last[@]}" >"$work/out" 2>"$work/err" &
importer=$!
exec 7>rows # waits until it reads, and so has looked for late.csv
echo mine >late.csv
printf 'name,email\nLate One,late1@example.com\nBad One,bad\n' >&7
exec 7>&-
wait "$importer"
code=$?
exits 1
complains "'late.csv' is there already: name another file"
expect test "$(cat late.csv)" = mine
expect test ! -e late.csv.part
rm rows late.csv

it "is not done before its rejects are in their file"
mkdir "$work/folder"
mkfifo kept.csv
last=(import contact kept.csv --rejects "$work/folder/bad.csv")
"$KITH" "${last[@]}" >"$work/out" 2>"$work/err" &
importer=$!
exec 7>kept.csv
mv "$work/folder" "$work/moved"
printf 'name,email\nKept One,kept1@example.com\nBad One,bad\n' >&7
exec 7>&-
wait "$importer"
code=$?
exits 3
complains "folder/bad.csv"
complains "the import is not complete"
rm kept.csv
printf 'name,email\nKept One,kept1@example.com\nBad One,bad\n' >kept.csv
kith import contact kept.csv --rejects "$work/kept-bad.csv"
exits 0
prints "rejected     1"
expect grep -q 'Bad One' "$work/kept-bad.csv"
kith find "contact where email = 'kept1@example.com' : count()"
prints_exactly 1

it "ends with a line for each reason, however many rows were rejected for it"
printf 'name,email\nA,a@x.org\nB,b\nC,c\nD,d d@x.org\nE\n' >people.csv
kith import contact people.csv
exits 0
prints "CSV in utf-8, commas between columns, lines end in LF, the first row is the header"
prints "    3 rows, first row 3, line 3: email: 'b' is no e-mail address; it has one @ and no blanks"
prints "    row 6, line 6: the row has 1 cell, and there are 2 columns; some are missing"

it "does not import the same file twice without a key, unless asked for"
printf 'name,email\nTwice,twice@x.org\n' >twice.csv
kith import contact twice.csv
exits 0
kith import contact twice.csv
exits 1
one_sentence
complains "twice.csv was imported already, at "
complains "takes that import back, the option 'again' imports the file once more"
kith import contact twice.csv --again
exits 0
kith find "contact where name = 'Twice' : count()"
prints_exactly 2

it "refuses what an option cannot be, with what it can"
# shellcheck disable=SC2089 # two quotes are a value that it cannot be
for option in "--decimal x" "--quote ab" "--delimiter ab" "--skip-lines -1" "--comment ''"; do
    # shellcheck disable=SC2086,SC2090 # an option and its value
    kith import contact people.csv $option
    exits 2
    one_sentence
    complains "${option%% *} takes"
done

it "brings back unchanged what was exported, for every type, from CSV and from JSON"
role=$(create role name=Boss 'rights={"actions":["segment.*","*"]}')
team=$(create team name=Sales)
user=$(create user login=ann name=Ann email=a@x.org "teams=$team" "roles=$role")
west=$(create territory name=West "manager=$user")
account=$(create account 'name=ACME "x", {y}; z' "territory=$west" size=7 "revenue=12.50 USD" \
    'billing_street=a
b' "owner=$user")
contact=$(create contact "name=Ada Love" "account=$account" birthday=1815-12-10 email=ada@x.org \
    "phone=+43 1 222" "tags=a,b c" place=48.2,16.3 'external_id={x}')
create interaction "contact=$contact" channel=call "at=2026-01-02 03:04:05.678" duration=1h30m \
    "amount=1234567.89 USD" "about=contact/$contact" planned=true >/dev/null
create task title=t "about=account/$account" due=2026-03-04 "assignee=$user" >/dev/null
create note "about=contact/$contact" body=b >/dev/null
for type in user team role territory account contact contact_point interaction task note; do
    for format in csv jsonl; do
        kith export "$type" "$type.$format"
        kith import "$type" "$type.$format" --key id --json
        exits 0
        prints '"created":0,"updated":0,'
        prints '"rejected":0,'
        prints_not '"unchanged":0'
    done
done

finish
