#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Undo of much: others write meanwhile, and what a power cut ended is finished by the same command.
. "$(dirname "$0")/lib.bash"

contacts() { "$KITH" find "contact: count()" --json | sed 's/[^0-9]//g'; }

new_company
{
    echo "name,email,city"
    for i in $(seq 6000); do echo "Person $i,p$i@x.example,City $((i % 7))"; done
} >people.csv
kith create contact name=Other email=other@x.example
kith import contact people.csv --key email --json
run=$(json_text run <"$work/out")

it "is rehearsed on a copy when it is too large for the company itself, and keeps nothing"
kith undo "$run" --rehearse
exits 0
prints "Would be reversed: 12000"
prints "Rehearsal: nothing was kept."
expect test "$(contacts)" = 6001

it "does an undo in parts, between which others write and read"
serve
"$KITH" undo "$run" >"$work/undone" 2>&1 &
client=$!
for _ in $(seq 2000); do
    left=$(contacts)
    [ "$left" -lt 5000 ] && break
done
kith create contact name=Between
exits 0
[ "$left" -gt 1 ] || skip "the undo was done before it could be cut short"

it "is cut short by a kill, and leaves a sound company"
kill -9 "$server"
wait "$server" 2>/dev/null
wait "$client"
kith doctor
exits 0
left=$(contacts)
expect test "$left" -lt 6000 -a "$left" -gt 2

it "is known as not finished"
kith check
exits 2
prints "undo of $run, begun at "
prints "is not finished: give it again, or undo it with 'kith undo "
kith log
prints "undo of $run (not finished: give it again, or undo it)"
unfinished=$(awk '/not finished/ { print $1 }' "$work/out")

it "is finished when it is given again, and takes nothing it did before for an edit"
kith undo "$run" --json
exits 0
prints '"kept":0,"refused":0'
prints_not '"earlier":0'
prints "\"transaction\":\"$unfinished\""
expect test "$(contacts)" = 2
kith log --json --limit 1
prints '"finished":true'
kith check
exits 0
kith doctor
exits 0

it "does nothing the next time"
kith undo "$run"
exits 0
prints "Reversed by an earlier undo: "
prints_not "Kept"
expect test "$(contacts)" = 2

it "is taken back as a whole, though it was cut short"
kith undo "$unfinished"
exits 0
expect test "$(contacts)" = 6002
kith doctor
exits 0

finish
