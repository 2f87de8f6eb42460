#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What people said since an older backup was made is said again in the restored company: withdrawals of
# consent, objections and restrictions.
. "$(dirname "$0")/lib.bash"
new_company
company=$PWD
create purpose name=news >/dev/null
create purpose name=surveys >/dev/null
for who in anna ben cleo dora emil gina; do
    id=$(create contact name="$who" email="$who@example.com")
    "$KITH" run consent.give contact="$id" purpose=news >/dev/null
    printf -v "$who" '%s' "$id"
done
# shellcheck disable=SC2154 # anna ... emil are set above
"$KITH" run consent.give contact_point="$("$KITH" find "contact_point where contact = '$emil'" --json | json_text id)" purpose=surveys >/dev/null
kith backup "$work/before.tar"
moment=$("$KITH" log --json --limit 1 | json_text id)
allowed() { "$KITH" run consent.check contact="$1" purpose="${2:-news}" --json | grep -o '"allowed":[a-z]*'; }
restore() {
    kith restore "$@" "$company" --replace
    cd "$company" || exit 1
}

# shellcheck disable=SC2154
{
    kith run consent.withdraw contact="$anna" purpose=news by="a letter"
    exits 0
    kith run consent.withdraw address=emil@example.com purpose=surveys
    kith run consent.withdraw contact="$emil" purpose=surveys
    kith run consent.withdraw contact="$ben" purpose=news
    kith run consent.give contact="$ben" purpose=news # again
    kith run restriction.set contact="$cleo" reason="disputes the address"
    kith run consent.withdraw contact="$dora" purpose=surveys # an objection, without a yes before
    kith merge contact "$anna" "$dora"
    exits 0
    kith run consent.withdraw address=fay@example.com purpose=news # nobody's yet
    kith delete contact "$gina"
    kith run consent.withdraw address=gina@example.com purpose=news
    exits 0
}
kith backup "$work/after.tar"

it "says again what was said since, and nothing else"
restore "$work/before.tar" --json
exits 0
prints '"restricted":1'
expect test "$(allowed "$anna")" = '"allowed":false'
expect test "$(allowed "$ben")" = '"allowed":true'
expect test "$(allowed "$dora")" = '"allowed":false' # as one they had withdrawn
expect test "$(allowed "$emil" surveys)" = '"allowed":false'
expect test "$(allowed "$emil")" = '"allowed":true'
expect test "$(allowed "$gina")" = '"allowed":false' # was deleted when her address said no
kith find "suppression where lifted is null: count()"
prints_exactly 3
kith create contact name=fay email=fay@example.com
kith find "contact where name = 'fay' and withdrawn('news'): count()"
prints_exactly 1
kith find "contact where restricted is not null"
prints cleo
kith find "consent where withdrawn_by = 'a letter' : count()"
expect test "$(cat "$work/out")" -ge 1
kith doctor
exits 0

it "takes no withdrawal and no restriction back that came after a moment, says so, and says again what is not in the backup"
restore "$work/after.tar" --at "$moment"
exits 1
complains "a withdrawal is not taken back"
complains "nothing was restored; --partly restores it as far as it goes"
restore "$work/after.tar" --at "$moment" --partly
exits 0
expect test "$(allowed "$anna")" = '"allowed":false'
kith find "contact where restricted is not null"
prints cleo
restore "$work/before.tar" --at "$moment"
exits 0
prints "Said since in the company that was replaced, and said again: withdrawals of consent"
prints "restrictions 1."
expect test "$(allowed "$anna")" = '"allowed":false'

it "says nothing again that the backup holds already"
kith backup "$work/now.tar"
restore "$work/now.tar" --json
exits 0
prints '"restricted":0'
restore "$work/now.tar"
prints_not "Not said again"

it "knows of nothing in a new folder, nor in a place of which the database cannot be read"
kith restore "$work/before.tar" "$work/new"
exits 0
prints_not "said again"
head -c 100000 /dev/urandom >kith.db
rm -f kith.db-wal
restore "$work/before.tar"
exits 0
complains "the database that is replaced cannot be read"
finish
