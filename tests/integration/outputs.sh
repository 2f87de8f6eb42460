#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that commands write: over no file, unless that is asked for, and never over what the company is made of.
. "$(dirname "$0")/lib.bash"
new_company
create contact name="Ada Lovelace" email=ada@example.com city=London >/dev/null
create contact name="=1+1" >/dev/null

own="kith.conf kith.db kith.db-wal kith.db-shm kith.db.lock kith.db.erased kith.sock conf.d/modules.conf conf.d/new.conf
    rules/new.lua"

# The company is as it was, and answers.
is_well() {
    kith find contact --json
    exits 0
    prints "Ada Lovelace"
    expect [ "$(head -c 15 kith.db)" = "SQLite format 3" ]
}

it "writes no export over a file that is there"
echo mine >mine.csv
kith export contact mine.csv
exits 1
one_sentence
complains "'mine.csv' is there already"
complains "--replace"
expect [ "$(cat mine.csv)" = mine ]
expect [ ! -e mine.csv.part ]
ln -s nowhere.csv dangling.csv
kith export contact dangling.csv
exits 1
expect [ ! -e nowhere.csv ]

it "replaces one when it is asked to, as scripts do every night"
kith export contact mine.csv --replace
exits 0
expect grep -q "Ada Lovelace" mine.csv

it "lets nobody else read what is exported, but keeps the mode of what it replaces"
kith export contact new.csv
exits 0
expect [ "$(stat -c %a new.csv)" = 600 ]
expect [ "$(stat -c %a mine.csv)" = 644 ]

it "writes no file in the place of those that the company is made of, even when asked to"
for file in $own; do
    before=$(cksum "$file" 2>&1)
    for command in "export contact $file" "export contact $file --replace" "export contact $PWD/$file --replace" \
        "export contact conf.d/../$file --replace" "backup $file" "import contact new.csv --rejects $file"; do
        kith $command
        exits 1
        one_sentence
        complains "company"
    done
    case $file in kith.db-* | *.lock) ;; *) expect [ "$(cksum "$file" 2>&1)" = "$before" ] ;; esac
done
ln -s kith.db elsewhere.csv
kith export contact elsewhere.csv --replace
exits 1
expect [ -L elsewhere.csv ]
is_well

it "does so from elsewhere, and while the company is served"
company=$PWD
cd "$work" || exit 1
kith export contact company/kith.db --replace --company company
exits 1
complains "company"
cd "$company" || exit 1
serve
for file in $own; do
    kith export contact "$file" --replace
    exits 1
    one_sentence
done
echo mine >mine.csv
kith export contact mine.csv
exits 1
kith export contact mine.csv --replace
exits 0
expect grep -q "Ada Lovelace" mine.csv
is_well
stop_server
is_well

it "replaces no backup, no database and no key with an export"
kith backup "$work/all.tar"
"$KITH" backup key "$work/backup.key" >/dev/null
cp kith.db "$work/copy.sqlite"
for file in all.tar backup.key copy.sqlite; do
    before=$(cksum "$work/$file")
    kith export contact "$work/$file" --replace
    exits 1
    one_sentence
    expect [ "$(cksum "$work/$file")" = "$before" ]
done

it "writes to standard output nothing but what is exported"
for format in csv jsonl; do
    "$KITH" export contact --format $format >"$work/plain"
    kith export contact - --format $format
    exits 0
    is_silent
    expect cmp "$work/out" "$work/plain"
done
id=$("$KITH" find contact --json | head -n 1 | json_text id)
kith subject export contact "$id" - --for test
exits 0
expect python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$work/out"

it "hands programs for tables no formulas, when they are asked for"
create contact name="Plain" email=plain@example.com phone="+49 30 1234567" >/dev/null
kith export "contact order by name" --fields name,phone
prints "=1+1,"
kith export "contact order by name" --fields name,phone,created --spreadsheet
exits 0
prints "'=1+1,"
prints "Plain,'+49"
prints "Ada Lovelace,,2"
kith export contact --spreadsheet --format jsonl
exits 2
one_sentence

it "logs no hand-out that was refused"
echo mine >"$work/there.json"
kith subject export contact "$id" "$work/there.json" --for "the refused one"
exits 1
kith access log --record "$id"
prints_not "the refused one"

it "finds before an import that rejected rows cannot be written"
printf 'name,email\nNew One,new@example.com\nBad One,bad\n' >"$work/rows.csv"
kith import contact "$work/rows.csv" --rejects "$work/nodir/x.csv"
exits 3
one_sentence
kith find "contact where name = 'New One'"
prints_not "New One"
kith import contact "$work/rows.csv" --rejects "$work/rejects.csv"
exits 0
expect [ "$(stat -c %a "$work/rejects.csv")" = 600 ]

it "makes no file for rejected rows when there are none"
printf 'name,email\nNew Two,two@example.com\n' >"$work/rows.csv"
kith import contact "$work/rows.csv" --rejects "$work/none.csv"
exits 0
expect [ ! -e "$work/none.csv" ]
expect [ ! -e "$work/none.csv.part" ]
finish
