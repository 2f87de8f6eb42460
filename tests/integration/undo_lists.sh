#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What an undo takes back, and its three lists: of an import, a bulk update, a rule's cascade and a
# merge; rehearsed first, for people and for programs.
. "$(dirname "$0")/lib.bash"

new_company
cat >rules/greet.lua <<'RULE'
on("contact.created", { name = "greet" }, function(contact)
    create("task", { title = "Greet " .. contact.name, about = contact })
end)
RULE
state() { # every record of these types, but for when it was written
    for type in contact contact_point task note redirect; do
        "$KITH" export "$type" --format jsonl - 2>/dev/null | sed 's/"updated":"[^"]*",\{0,1\}//'
    done | grep '^{' | sort
}
tx() { json_text transaction <"$work/out"; }

ada=$(create contact name="Ada Lovelace" email=ada@x.example city=London external_id=1)
bea=$(create contact name="Bea Weber" email=bea@x.example external_id=2)
state >before

it "tells of an import what it would take back, what was edited since and what is in the way"
printf 'external_id,name,city,email\n1,Ada King,Paris,ada@x.example\n3,Cy Three,Rome,cy@x.example\n4,Di Four,Oslo,di@x.example\n' >people.csv
kith import contact people.csv --key external_id --json
exits 0
run=$(json_text run <"$work/out")
cy=$("$KITH" find "contact where external_id = '3'" --json | json_text id)
di=$("$KITH" find "contact where external_id = '4'" --json | json_text id)
kith update contact "$ada" city=Berlin --json
edit=$(tx)
note=$(create note body=Hello about="contact/$di")
kith undo "$run" --rehearse
exits 0
prints "Would be reversed: "
prints "contact $ada Ada King: set back"
prints "contact $cy Cy Three: deleted again"
prints "Would be kept: 1"
prints "contact $ada Ada King, city: it was edited since (transaction $edit)"
prints "Would be refused: 1"
prints "contact $di Di Four, about: note $note links to it"
prints "Rehearsal: nothing was kept."
kith get contact "$cy"
exits 0

it "does what was rehearsed, and says so to programs"
kith undo "$run" --json
exits 0
prints '"rehearsal":false'
prints '"kept":1,"refused":1'
prints "\"outcome\":\"kept\",\"change\":\"update\",\"type\":\"contact\",\"id\":\"$ada\",\"field\":\"city\",\"reason\":\"it was edited since\",\"by\":\"$edit\""
prints "\"outcome\":\"refused\",\"change\":\"create\",\"type\":\"contact\",\"id\":\"$di\",\"field\":\"about\""
kith get contact "$ada" --json
prints '"name":"Ada Lovelace"'
prints '"city":"Berlin"'
kith get contact "$cy"
exits 3

it "takes back the rest once nothing is in the way, and all of it with the edits"
kith delete note "$note"
kith undo "$run"
exits 0
prints "contact $di"
prints "Reversed by an earlier undo: "
kith undo "$edit"
exits 0
kith update contact "$ada" city=London
state | diff before - >differs || fail "$(head -5 differs)"

it "takes back a bulk update, and lists who was edited since"
kith update contact --where "external_id is not null" city=Ulm --json
exits 0
bulk=$(tx)
kith update contact "$bea" city=Bonn
kith undo "$bulk"
prints "Reversed: 1"
prints "Kept: 1"
prints "contact $bea Bea Weber, city: it was edited since"
kith update contact "$bea" city=
state | diff before - >differs || fail "$(head -5 differs)"

it "fails when nothing is taken back, as all of it was edited or deleted since"
kith create tag name=gone --json
exits 0
made=$(tx)
kith delete tag "$(json_text id <"$work/out")"
kith undo "$made" --rehearse
exits 1
prints "Would be kept: 1"
complains "nothing can be taken back: it was deleted since"
kith undo "$made" --json
exits 1
prints '"reversed":0,"kept":1'
complains "nothing can be taken back: it was deleted since"

it "takes back what a rule did because of it"
kith create contact name=New --json
exits 0
made=$(tx)
kith find "task where title = 'Greet New'"
prints "Greet New"
kith undo "$made"
prints "Reversed: 2"
prints ": deleted again"
prints_not "Kept"
state | diff before - >differs || fail "$(head -5 differs)"

it "takes a merge apart again, key by which others know the merged one included"
kith merge contact "$ada" "$bea" --json
exits 0
merged=$(tx)
kith find "redirect where gone = 'contact.external_id=2'"
prints "contact/$ada"
printf 'external_id,source\n2,fair\n' >sync.csv
kith import contact sync.csv --key external_id --json
prints '"created":0'
prints '"updated":1'
synced=$(json_text run <"$work/out")
kith undo "$synced"
kith undo "$merged"
exits 0
prints_not "Kept"
prints_not "Refused"
state | diff before - >differs || fail "$(head -5 differs)"
kith undo "$merged"
prints "Reversed by an earlier undo: "
kith doctor
exits 0
kith audit verify
exits 0

finish
