#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whoever was erased stays so, whichever backup takes the company's place: also who had been merged, or was
# deleted before, and whatever else knows of the erasure.
. "$(dirname "$0")/lib.bash"

last_tx() { "$KITH" log --json --limit 1 | json_text id; }
# No file of the folder has the word.
clean() { ! grep -rEiaq "$2" "$1"; }
holds() { grep -rEiaq "$2" "$1"; }
is_whole() { # FOLDER
    kith doctor --company "$1"
    exits 0
    kith audit verify --company "$1"
    exits 0
}
fresh() { # a company with nobody in it, at $c
    cd "$work" || exit 1
    rm -rf "$work"/c "$work"/c.* "$work"/*.tar "$work"/new*
    "$KITH" init "$work/c" --zone Europe/Berlin >/dev/null || exit 1
    cd "$work/c" || exit 1
}
restore() { # into the place of the company
    kith restore "$@" "$work/c" --replace
    exits 0
    cd "$work/c" || exit 1
}

it "erases who had been merged into somebody, in a backup in which they are two"
fresh
ann=$(create contact name="Ann Kept" email=ann@kept.example)
mia=$(create contact name="Mia Merged" email=mia@merged.example)
kith backup "$work/before.tar"
kith merge contact "$ann" "$mia"
exits 0
kith erase contact "$ann" --reason test
exits 0
expect grep -q "^contact $mia 2" kith.db.erased
kith find "erasure where swept is not null : count()"
prints 2
restore "$work/before.tar"
prints "Erased again, since they were erased before: 2."
kith get contact "$mia"
exits 3
expect clean . "mia@merged|Mia Merged|ann@kept"
is_whole .

it "keeps the list through one restore after the other"
fresh
kith backup "$work/dec.tar"
p=$(create contact name="Paula Twice" email=paula@twice.example)
kith backup "$work/feb.tar"
kith erase contact "$p" --reason test
restore "$work/dec.tar"
expect grep -q "^contact $p 2" kith.db.erased
restore "$work/feb.tar"
prints "Erased again"
kith get contact "$p"
exits 3
expect clean . "paula@twice"
expect grep -q "^contact $p 2" kith.db.erased

it "knows who was erased from the backup, and from the company that is replaced, without any list"
fresh
p=$(create contact name="Paula Third" email=paula@third.example)
kith backup "$work/feb.tar"
kith erase contact "$p" --reason test
kith backup "$work/mar.tar"
kith restore "$work/mar.tar" "$work/new"
exits 0
expect grep -q "^contact $p 2" "$work/new/kith.db.erased"
rm "$work/new/kith.db.erased"
kith restore "$work/feb.tar" "$work/new" --replace
exits 0
prints "Erased again"
kith get contact "$p" --company "$work/new"
exits 3
expect clean "$work/new" "paula@third"
expect grep -q "^contact $p 2" "$work/new/kith.db.erased"

it "erases who is in the journal of the backup alone, so that no undo brings anybody back"
fresh
dora=$(create contact name="Dora Deleted" email=dora@deleted.example phone="+43 5550199")
note=$(create note about=contact/"$dora" body="likes zeppelins")
kith delete note "$note"
task=$(create task about=contact/"$dora" title="Call Dora Deleted")
kith delete contact "$dora"
exits 0
gone=$(last_tx)
kith backup "$work/deleted.tar"
kith undo "$gone"
exits 0
kith erase contact "$dora" --reason test
exits 0
cp kith.db.erased "$work/list"
kith restore "$work/deleted.tar" "$work/new" --erasures "$work/list"
exits 0
prints "Erased again, since they were erased before: 1."
expect clean "$work/new" "dora@deleted|Dora Deleted|zeppelins|5550199"
kith undo "$gone" --company "$work/new"
kith get contact "$dora" --company "$work/new"
exits 3
kith get task "$task" --company "$work/new" --json
prints '"title":"erased"'
is_whole "$work/new"

it "erases by its id who was deleted, and again who was erased before"
fresh
dora=$(create contact name="Dora Deleted" email=dora@deleted.example)
note=$(create note about=contact/"$dora" body="likes zeppelins")
kith delete note "$note"
kith delete contact "$dora"
gone=$(last_tx)
expect holds . "dora@deleted"
kith subject export contact "$dora" --for test
exits 3
complains "kith undo $gone"
complains "kith erase contact $dora"
kith erase contact "$dora" --reason "request of 3 May" --rehearse
exits 0
expect holds . "dora@deleted"
kith erase contact "$dora" --reason "request of 3 May"
exits 0
prints "Swept"
expect clean . "dora@deleted|Dora Deleted|zeppelins"
kith undo "$gone"
kith get contact "$dora"
exits 3
kith erase contact "$dora" --reason "request of 4 May"
exits 0
prints "Swept"
kith find erasure --json
prints_lines 1
prints "request of 4 May"
kith erase contact 0000000000001 --reason test
exits 3
complains "there is no contact 0000000000001"
is_whole .

it "takes a merge back in which somebody was who was erased alone"
fresh
ann=$(create contact name="Ann Stays" email=ann@stays.example)
bea=$(create contact name="Bea Goes" email=bea@goes.example city=Bonnburg)
kith merge contact "$ann" "$bea"
exits 0
merge=$(last_tx)
kith backup "$work/merged.tar"
kith undo "$merge"
exits 0
kith erase contact "$bea" --reason test
exits 0
cp kith.db.erased "$work/list"
kith restore "$work/merged.tar" "$work/new" --erasures "$work/list"
exits 0
prints "merge"
expect clean "$work/new" "bea@goes|Bea Goes|Bonnburg"
kith get contact "$ann" --company "$work/new"
prints "ann@stays.example"
kith get contact "$bea" --company "$work/new"
exits 3
kith undo "$merge" --company "$work/new"
kith get contact "$bea" --company "$work/new"
exits 3
is_whole "$work/new"

it "takes a merge back into whom somebody was erased alone, and leaves who is not"
fresh
ann=$(create contact name="Ann Goes" email=ann@goes.example)
bea=$(create contact name="Bea Stays" email=bea@stays.example)
call=$(create task title="Call Bea Stays" about=contact/"$bea")
kith merge contact "$ann" "$bea"
exits 0
merge=$(last_tx)
kith backup "$work/merged.tar"
kith undo "$merge"
exits 0
kith erase contact "$ann" --reason test
exits 0
restore "$work/merged.tar"
prints "one of those merged was erased alone: 1."
prints "Erased again, since they were erased before: 1."
kith get contact "$bea"
prints "bea@stays.example"
kith get task "$call"
prints "Call Bea Stays"
prints "$bea"
kith get contact "$ann"
exits 3
expect clean . "ann@goes|Ann Goes"
expect test "$(wc -l <kith.db.erased)" -eq 1
is_whole .

it "leaves who is not erased between two who are, whoever was merged into whom"
fresh
ann=$(create contact name="Ann Goes" email=ann@goes.example)
bea=$(create contact name="Bea Goes" email=bea@goes.example)
cleo=$(create contact name="Cleo Stays" email=cleo@stays.example)
kith merge contact "$bea" "$cleo"
first=$(last_tx)
kith merge contact "$ann" "$bea"
second=$(last_tx)
kith backup "$work/merged.tar"
kith undo "$second"
kith undo "$first"
exits 0
kith erase contact "$bea" --reason test
kith erase contact "$ann" --reason test
exits 0
restore "$work/merged.tar"
kith get contact "$cleo"
prints "cleo@stays.example"
expect clean . "ann@goes|Ann Goes|bea@goes|Bea Goes"
is_whole .

it "knows somebody by an id in small letters, too"
fresh
ann=$(create contact name="Ann Goes" email=ann@goes.example)
bea=$(create contact name="Bea Goes" email=bea@goes.example)
kith merge contact "$ann" "$bea"
kith backup "$work/merged.tar"
for id in "$ann" "$bea"; do echo "contact ${id,,} 2026-01-01T00:00:00.000Z"; done >"$work/list"
kith restore "$work/merged.tar" "$work/new" --erasures "$work/list"
exits 0
prints_not "erased alone"
expect grep -q "^contact $bea 2" "$work/new/kith.db.erased"
expect clean "$work/new" "@goes.example"

it "takes back both merges where the one was merged again, and neither where the whole person was erased"
fresh
ann=$(create contact name="Ann Stays" email=ann@stays.example)
bea=$(create contact name="Bea Goes" email=bea@goes.example)
carl=$(create contact name="Carl Kept" city=Kielhaven)
kith merge contact "$ann" "$bea"
first=$(last_tx)
kith merge contact "$carl" "$ann"
second=$(last_tx)
exits 0
kith backup "$work/merged.tar"
kith undo "$second"
kith undo "$first"
exits 0
kith erase contact "$bea" --reason test
cp kith.db.erased "$work/list"
kith restore "$work/merged.tar" "$work/new" --erasures "$work/list"
exits 0
prints "one of those merged was erased alone: 2."
expect clean "$work/new" "bea@goes|Bea Goes"
kith get contact "$ann" --company "$work/new"
prints "ann@stays.example"
kith get contact "$carl" --company "$work/new"
prints Kielhaven
is_whole "$work/new"
for id in "$carl" "$ann"; do echo "contact $id 2026-01-01T00:00:00.000Z"; done >>"$work/list"
kith restore "$work/merged.tar" "$work/new2" --erasures "$work/list"
exits 0
prints_not "erased alone"
expect clean "$work/new2" "bea@goes|Bea Goes|ann@stays|Kielhaven"
is_whole "$work/new2"

it "erases a user who was deleted, from what the journal calls its authors, too"
fresh
kith user add quentin --name "Quentin Quitter"
user=$("$KITH" find "user where login = 'quentin'" --json | json_text id)
token=$("$KITH" token add quentin --json | json_text token)
KITH_TOKEN=$token kith find contact
kith delete user "$user"
exits 0
expect holds . "Quentin Quitter"
kith erase user "$user" --reason test
exits 0
prints "Swept"
expect clean . "Quentin"
is_whole .

it "erases who was deleted for administrators alone"
fresh
dora=$(create contact name="Dora Deleted" email=dora@deleted.example)
create role name=clerk rights='{"types": {"contact": {"read": "all", "delete": "all"}}, "actions": ["record.erase"]}' >/dev/null
kith user add anna --name Anna --role clerk
token=$("$KITH" token add anna --json | json_text token)
kith delete contact "$dora"
KITH_TOKEN=$token kith erase contact "$dora" --reason test
exits 3
complains "there is no contact $dora"

it "learns of erasures from every backup that is given, whatever the moment"
fresh
p=$(create contact name="Paula Fourth" email=paula@fourth.example)
moment=$(last_tx)
kith create contact name="Somebody Else"
kith backup "$work/pre.tar"
kith erase contact "$p" --reason test
kith backup "$work/now.tar"
kith restore "$work/now.tar" "$work/pre.tar" "$work/new" --at "$moment"
exits 0
kith get contact "$p" --company "$work/new"
exits 3
expect clean "$work/new" "paula@fourth"
kith find contact --company "$work/new"
prints_not "Somebody Else"

it "names who is not erased again since the module of the type is not enabled, and how to do it then"
fresh
kith module enable sales
lead=$(create lead name="Lena Lead" email=lena@lead.example)
kith module disable sales
kith backup "$work/without.tar"
kith module enable sales
kith erase lead "$lead" --reason test
exits 0
kith restore "$work/without.tar" "$work/new" --erasures kith.db.erased --json
prints "\"not_erased\":[{\"type\":\"lead\",\"id\":\"$lead\"}]"
restore "$work/without.tar"
prints "Erased before, and not erased here, since the type is retired or its module is not enabled: 1."
prints "kith erase lead $lead --reason 'erased before'"
expect holds . "lena@lead"
kith module enable sales
kith erase lead "$lead" --reason "erased before"
exits 0
expect clean . "lena@lead|Lena Lead"
is_whole .
kith backup "$work/with.tar"
restore "$work/with.tar"
prints_not "not erased here"

finish
