#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Searching a company from the command line.
. "$(dirname "$0")/lib.bash"

new_company
anna=$(create contact name="Anna Schmidt" email=anna@example.com city=Köln phone="+49 30 1234567")
karl=$(create contact name="Karl Anders" city=Berlin)
create note about="contact/$karl" title="Call" body="Anna wants a refund for the broken kettle" >/dev/null

it "finds records of all types, the best first, with the words marked"
kith search anna
exits 0
prints "contact $anna  [Anna] Schmidt"
prints " Call (contact Karl Anders)"
prints "    body: [Anna] wants a refund"
expect test "$(head -n 1 "$work/out" | cut -c 1-7)" = contact

it "takes words as one text or several, in any script and case"
for words in "koln schm" "KÖLN schm" "030 1234567" "anna@example.com" '"anna schmidt"'; do
    read -ra parts <<<"$words"
    kith search "${parts[@]}"
    prints "Schmidt"
    kith search "$words"
    prints "Schmidt"
done

it "keeps to a type, and leaves out what is not wanted"
kith search anna --type note
prints "[Anna] wants"
prints_not "Schmidt"
kith search "anna -refund"
prints_not "wants"
kith search anna --type nte
exits 3
complains "did you mean 'note'?"

it "says that nothing is found"
kith search zebra
exits 0
prints "Nothing found."

it "says in a sentence what it cannot search for"
kith search
exits 2
complains "say what to search for"
one_sentence
kith search "?!"
exits 2
complains "there is no word to search for"
one_sentence

it "answers in JSON, page by page"
kith search an --json --limit 1
exits 0
prints '"hit":true'
prints '"found":3,"more_than_found":false,"not_indexed":0,"after":"r-'
after=$(sed -n 's/.*"after":"\([^"]*\)".*/\1/p' "$work/out")
kith search an --json --limit 10 --after "$after"
expect test "$(wc -l <"$work/out")" = 3
prints_not '"after"'
kith search a --after nonsense
exits 2
complains "no place to go on from"

it "is in step behind an undo, a server, and a backup"
serve
kith update contact "$anna" name="Berta Schmidt" --json
tx=$(json_text transaction <"$work/out")
kith search berta
prints "[Berta] Schmidt"
kith undo "$tx"
kith search "anna schmidt"
prints "[Anna] [Schmidt]"
stop_server
kith backup "$work/b.tar"
kith restore "$work/b.tar" "$work/again"
exits 0
kith search "anna schmidt" --company "$work/again"
prints "[Anna] [Schmidt]"

it "makes the index anew when asked to, and the doctor finds nothing"
kith search --rebuild anna
exits 0
prints "[Anna] Schmidt"
kith doctor
exits 0

it "indexes a company of an older version, and says what is missing until then"
archive=$(ls "$(dirname "$0")"/../data/company-*.tar.gz | head -n 1)
tar -xzf "$archive" -C "$work"
kith search lovelace --wait --company "$work/company"
exits 0
prints "Ada [Lovelace]"
kith doctor --company "$work/company"
exits 0
finish
