#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Erasing a person: what is told, what is left in the files of the folder, and what a backup that is restored
# afterwards holds.
. "$(dirname "$0")/lib.bash"
new_company
words='quartermain|ada@example|zanzibar|oldtrains|wonderful'

# No file of the folder has any of the words.
clean() { ! grep -rEiaq "$words" "${1:-.}"; }

ada=$(create contact name="Ada Quartermain" email=ada@example.com city=Zanzibar)
grace=$(create contact name="Grace Hopper" email=grace@example.com)
note=$(create note about=contact/"$ada" body="likes oldtrains")
kith delete note "$note"
create note about=contact/"$ada" body="wonderful" >/dev/null
task=$(create task about=contact/"$ada" title="Call Ada Quartermain")
other=$(create note about=contact/"$grace" body="met somebody")
kith backup "$work/before.tar"

it "asks for a reason, and does nothing without one"
kith erase contact "$ada"
exits 2
complains "--reason"
kith get contact "$ada"
prints "Ada Quartermain"

it "rehearses: says what would go, and keeps everything"
kith erase contact "$ada" --reason test --rehearse
prints "would delete contact $ada"
prints "nothing was kept"
kith get contact "$ada"
prints "Ada Quartermain"
kith find erasure
prints "No erasure found."

it "names the segments and saved queries that ask for the person, by address, name or id"
flo=$(create contact name="Flo Nightingale" email=flo@night.example)
create segment name=fans query="contact where email = 'FLO@night.example'" >/dev/null
create segment name=bonners query="contact where city = 'Bonn'" >/dev/null
create saved_query name=byname query="contact where name like 'Flo Nightingale%'" >/dev/null
create saved_query name=byid query="contact where id = '$flo'" >/dev/null
create saved_query name=graces query="contact where name like 'Grace%'" >/dev/null
kith erase contact "$flo" --reason test --rehearse
prints "Named elsewhere"
for one in fans byname byid; do prints " $one"; done
for one in bonners graces; do prints_not " $one"; done

it "erases in records, history, search and files, and says when each was done"
kith erase contact "$ada" --reason "request of 3 May"
exits 0
prints "Swept"
expect clean
kith find erasure --json
prints '"reason":"request of 3 May"'
prints '"swept":"2'
kith get contact "$ada"
exits 3
kith history contact "$ada"
prints "(erased)"
kith search quartermain
prints_not "$task"
kith get task "$task" --json
prints '"title":"erased"'
kith doctor
exits 0
kith audit verify
exits 0
kith get note "$other"
prints "met somebody"

it "erases a user who has left: the record stays, and is nobody"
role=$(create role name=all 'rights={"admin": true}')
anna=$(create user login=anna.unlikely name="Anna Unlikely" email=anna@unlikely.example roles="$role")
create contact name="Hers To Call" owner="$anna" >/dev/null
kith find contact --as anna.unlikely --reason "looks into it"
zoe=$(create user login=zoe.unlikely name="Zoe Unlikely" roles="$role")
merged=$("$KITH" merge user "$anna" "$zoe" --json | json_text transaction)
kith undo "$merged"
exits 0
for how in --rehearse ""; do
    # shellcheck disable=SC2086 # nothing, or a word
    kith erase user "$zoe" --reason "left in April" $how
    exits 0
    prints_not "Named elsewhere"
done
kith update user "$anna" login=nan.q7
kith erase user "$anna" --reason "nan.q7 left in May"
exits 2
complains "reason: it names the person ('nan.q7')"
kith erase user "$anna" --reason "left in May"
exits 0
prints "Swept"
prints_not "Named elsewhere"
words='unlikely|nan\.q7'
expect clean
kith get user "$anna"
prints "erased-$anna"
kith find "contact where owner.login = 'erased-$anna'"
prints "Hers To Call"
kith update contact --where "owner = '$anna'" owner=
exits 0
kith access log --json
prints "as user:$anna"
kith doctor
exits 0
kith audit verify
exits 0
words='quartermain|ada@example|zanzibar|oldtrains|wonderful'

it "lists saved queries and groups that name the person"
tom=$(create contact name="Tom Namesaker" email=tom@namesaker.example)
create saved_query name=toms query="contact where name = 'Tom Namesaker'" >/dev/null
create segment name=friends query="contact where email = 'tom@namesaker.example'" >/dev/null
kith erase contact "$tom" --reason test --rehearse
prints "toms"
prints "friends"
kith erase contact "$tom" --reason test --json
prints '"mentions":[{'
prints '"type":"saved_query"'
prints '"type":"segment"'

it "does so while the company is served, and sweeps when somebody reads"
karl=$(create contact name="Karl Unusualname" email=karl@unusual.example)
serve
kith erase contact "$karl" --reason test
exits 0
prints "Swept"
stop_server
words='unusualname|karl@unusual'
expect clean
words='quartermain|ada@example|zanzibar|oldtrains|wonderful'

it "erases again in an older backup that takes the company's place, by its list"
expect grep -q "^contact $ada 2" kith.db.erased
kith restore "$work/before.tar" . --replace
exits 0
prints "Erased again, since they were erased before: 1."
cd "$PWD" || exit 1
expect clean
kith get contact "$ada"
exits 3
kith get contact "$grace"
prints "Grace Hopper"
kith doctor
exits 0
kith audit verify
exits 0
expect grep -q "^contact $karl 2" kith.db.erased

it "erases again at another place, by the list that is named, and says so when there is none"
kith restore "$work/before.tar" "$work/elsewhere" --erasures kith.db.erased
exits 0
expect clean "$work/elsewhere"
kith restore "$work/before.tar" "$work/bare"
prints "--erasures FILE"
expect grep -qia quartermain "$work/bare/kith.db"
kith restore "$work/before.tar" "$work/none" --erasures "$work/nothing"
exits 3
expect [ ! -e "$work/none" ]

it "names the line of a list that it cannot go by, and restores nothing"
sed 's/^contact/contakt/' kith.db.erased >"$work/wrong"
kith restore "$work/before.tar" "$work/none" --erasures "$work/wrong"
exits 2
complains "$work/wrong:1: "
complains "is no contakt here, but a contact"
{ cat kith.db.erased && echo "Ada Quartermain"; } >"$work/wrong"
kith restore "$work/before.tar" "$work/none" --erasures "$work/wrong"
exits 2
complains "$work/wrong:$(wc -l <"$work/wrong"): "
complains "mend it or take it out"
expect [ ! -e "$work/none" ]

it "goes back to a moment before an erasure, and whoever was erased stays so"
kith create contact name="After All"
moment=$("$KITH" log --json --limit 1 | sed 's/.*"id":"\([^"]*\)".*/\1/')
eve=$(create contact name="Eve Latecomer" email=eve@late.example)
create task about=contact/"$eve" title="Call Eve Latecomer" >/dev/null
kith erase contact "$eve" --reason test
kith backup "$work/after.tar"
kith restore "$work/after.tar" "$work/then" --at "$moment"
exits 0
prints "Not taken back, since whoever is erased stays so:"
kith find contact --company "$work/then"
prints "After All"
prints_not "Latecomer"
words='latecomer'
expect clean "$work/then"

it "tells in 'kith check' that a sweep is held up, until it is not"
rm -f kith.db.erased
mkdir kith.db.erased
zoe=$(create contact name="Zoe Heldup" email=zoe@held.example)
kith erase contact "$zoe" --reason test
expect test "$code" -ne 0
complains "not swept yet"
for by in owner server; do
    kith check
    exits 2
    prints "1 erasure is not swept from the files yet, since the sweep is held up: "
    prints "kith.db.erased"
    [ "$by" = server ] || serve
done
stop_server
rmdir kith.db.erased
kith check
exits 0
prints "No problem found"

finish
