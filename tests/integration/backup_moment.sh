#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Restoring to a moment: whatever was written since, the records are those of then, field by field, and
# so is what follows from them.
. "$(dirname "$0")/lib.bash"
RANDOM=${KITH_SEED:-7}
new_company
kith module enable sales
printf 'on("contact.created", { name = "met" }, function(c)\n  create("task", { title = "call " .. (c.name or "?"), about = c })\nend)\n' >rules/met.lua
types=(contact contact_point account task lead opportunity segment list_member role user)

# All that records say, but when they were last written; and what is kept from them.
dump() { # COMPANY
    for type in "${types[@]}"; do
        "$KITH" find "$type order by id limit 100000" --json --company "$1"
    done | sed 's/"updated":"[^"]*",//; s/"refreshed":[^,}]*//'
    "$KITH" find "contact where in_segment('berliners') order by id" --json --fields id --company "$1"
    "$KITH" find "lead where in_segment('warm') order by id" --json --fields id --company "$1"
    "$KITH" search Berlin --json --company "$1" | sed 's/"score":[^,}]*//' | sort
}
ids() { "$KITH" find "$1 limit 100000" --json --fields id 2>/dev/null | json_id; }
json_id() { sed 's/.*"id":"\([^"]*\)".*/\1/'; }
one_of() { ids "$1" | shuf -n 1 --random-source=<(yes $RANDOM); }
pick() { local list=("$@"); echo "${list[RANDOM % $#]}"; }

write_something() {
    case $((RANDOM % 12)) in
    0 | 1) "$KITH" create contact name="$(pick Anna Berta Zoë) $RANDOM" city="$(pick Berlin Bonn)" email="p$RANDOM@example.com" ;;
    2) "$KITH" update contact "$(one_of contact)" city="$(pick Berlin Ulm '')" tags=a,b ;;
    3) "$KITH" delete contact "$(one_of contact)" ;;
    4) "$KITH" create lead name="Lead $RANDOM" contact="$(one_of contact)" source="$(pick web event)" ;;
    5) "$KITH" update lead "$(one_of lead)" source="$(pick web form)" state="$(pick working qualified)" ;;
    6) { echo name,email,city; for i in $(seq 20); do echo "Row $i $RANDOM,r$RANDOM@example.com,Berlin"; done; } | "$KITH" import contact - ;;
    7) "$KITH" create account name="Firm $RANDOM" parent="$(one_of account)" ;;
    8) "$KITH" update contact "$(one_of contact)" account="$(one_of account)" ;;
    9) "$KITH" delete account "$(one_of account)" ;;
    10) "$KITH" undo "$("$KITH" log --json --limit 1 | json_id)" ;;
    11) "$KITH" merge contact "$(one_of contact)" "$(one_of contact)" ;;
    esac >/dev/null 2>&1 </dev/null
}

"$KITH" create account name=Root >/dev/null
"$KITH" create segment name=berliners query="contact where city = 'Berlin'" >/dev/null
"$KITH" create segment name=warm query="lead where source = 'web' or contact.city = 'Ulm'" >/dev/null
kith backup "$work/first.tar"
for _ in 1 2 3 4 5; do "$KITH" create contact name="Person $_" city=Berlin >/dev/null; done
moments=0
for step in $(seq 60); do
    write_something
    if [ $((step % 10)) = 0 ]; then
        moments=$((moments + 1))
        "$KITH" log --json --limit 1 | json_id >"$work/tx.$moments"
        dump . >"$work/dump.$moments"
        [ $moments = 3 ] && "$KITH" backup "$work/middle.tar" --base "$work/first.tar" >/dev/null
    fi
done
kith backup "$work/last.tar" --base "$work/middle.tar"

it "has the records of any transaction since, from the backup that follows it"
for i in $(seq $moments); do
    kith restore "$work"/{first,middle,last}.tar "$work/m$i" --at "$(cat "$work/tx.$i")"
    exits 0
    prints "Its records are those of"
    dump "$work/m$i" >"$work/found"
    diff "$work/dump.$i" "$work/found" >"$work/out" || fail "expected moment $i as it was"
    kith doctor --company "$work/m$i"
    exits 0
    kith audit verify --company "$work/m$i"
    exits 0
    rm -rf "$work/m$i"
done

it "comes from the first backup behind the moment"
kith restore "$work"/{last,first,middle}.tar "$work/early" --at "$(cat "$work/tx.2")" --json
exits 0
expect test "$(json_number() { sed -n 's/.*"journal":\([0-9]*\).*/\1/p'; }; json_number <"$work/out")" -lt \
    "$("$KITH" backup verify "$work"/{first,middle,last}.tar --json | sed -n 's/.*"journal":\([0-9]*\).*/\1/p')"

it "goes back before everything, and forward again: it is an undo like any other"
before=$("$KITH" log --json --limit 100000 | tail -n 1 | json_id)
kith restore "$work"/{first,middle,last}.tar "$work/begin" --at "$before"
exits 0
expect test "$("$KITH" find "contact : count()" --company "$work/begin")" = 0
kith restore "$work"/{first,middle,last}.tar "$work/there" --at "$(cat "$work/tx.1")"
run=$("$KITH" log --json --limit 1 --company "$work/there" | json_id)
"$KITH" log --limit 1 --company "$work/there" >"$work/out"
prints "back to row"
kith undo "$run" --company "$work/there"
exits 0
dump "$work/there" >"$work/found"
kith restore "$work"/{first,middle}.tar "$work/mid"
dump "$work/mid" >"$work/wanted"
diff "$work/wanted" "$work/found" >"$work/out" || fail "expected what was there at the backup"

it "takes a day and a time by the company's clocks"
kith restore "$work"/{first,middle,last}.tar "$work/now" --at "$(TZ=Europe/Berlin date -d '-1 day' +%F)"
exits 0
expect test "$("$KITH" find "account : count()" --company "$work/now")" = 0
kith restore "$work"/{first,middle,last}.tar "$work/then" --at "$(TZ=Europe/Berlin date -d '-10 min' '+%F %T')"
exits 0
expect test "$("$KITH" find "account : count()" --company "$work/then")" = 0
kith restore "$work"/{first,middle,last}.tar "$work/never" --at "$(TZ=Europe/Berlin date -d '+1 min' +%F)"
exits 3 # a day is reached at its end, and today has not ended
complains "was made before"
kith restore "$work"/{first,middle,last}.tar "$work/never" --at 2031-01-01
exits 3
complains "a moment is reached from the backup that follows it"
kith restore "$work"/{first,middle,last}.tar "$work/never" --at soonish
exits 2
complains "'soonish' is no moment"
kith restore "$work"/{first,middle,last}.tar "$work/never" --at 0SA818WY40000
exits 3
expect test ! -e "$work/never"

it "says what cannot be taken back since types were changed, and restores nothing, or partly"
kith field add contact shoe:integer
exits 0
contact=$(create contact name=Shod shoe=42)
tx=$("$KITH" log --json --limit 1 | json_id)
kith update contact "$contact" shoe=43 city=Kiel
kith field retire contact.shoe
exits 0
kith backup "$work/retired.tar"
kith restore "$work/retired.tar" "$work/never" --at "$tx"
exits 1
complains "a field is retired or of a module that is not enabled"
complains "1 of the changes since"
complains "nothing was restored; --partly restores it as far as it goes"
expect test ! -e "$work/never"
kith restore "$work/retired.tar" "$work/partly" --at "$tx" --partly
exits 0
kith get contact "$contact" --company "$work/partly"
prints_not Kiel
kith doctor --company "$work/partly"
exits 0

it "needs the modules of what was changed"
mkdir "$work/bare"
cp "$KITH" "$work/bare/kith"
"$work/bare/kith" restore "$work"/{first,middle,last}.tar "$work/never" --at "$(cat "$work/tx.1")" >"$work/out" 2>"$work/err"
code=$?
exits 1
complains "its module is not enabled"
expect test ! -e "$work/never"
expect test -z "$(find "$work" -name '.*restore-*')"
finish
