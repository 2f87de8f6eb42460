#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A clock that is wrong, by a year ahead or at its beginning, and set right again: no backup is removed
# or taken for another, and nothing goes for its age.
#   clock.sh LIBRARY       the library that sets the clock (tests/vfs/fault_file.c)
. "$(dirname "$0")/../integration/lib.bash"
library=${1:?names the library that sets the clock}
day=86400 year=$((366 * 86400))
wrong=0
kith() { # by a clock that is wrong by so many seconds
    last=("$@")
    LD_PRELOAD=$library KITH_CLOCK=$wrong "$KITH" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
}
kith version
if [ "$code" -ne 0 ] || grep -q LD_PRELOAD "$work/err"; then
    it "can set the clock of this program"
    skip "the library cannot be loaded into this program"
    finish
fi
mkdir "$work/store"
kith init "$work/company" --zone Europe/Berlin
cd "$work/company" || exit 1
cat >conf.d/50-test.conf <<CONF
backup = { dir = "$work/store"; every = "24h"; full_every = "1s"; keep = { last = 2; daily = 0; weekly = 0; monthly = 0; }; };
retention = { rules = ({ name = "dormant"; find = "contact where updated < now() - 180d"; }) };
journal = { keep = "100d" };
CONF
count() { find "$work/store" -name '*.tar' | wc -l; }
contacts() {
    kith find "contact : count()"
    cat "$work/out"
}

it "keeps the backups of today beside those of a clock that runs a year ahead"
for wrong in $((-3 * day)) $((-2 * day)) $((-1 * day)); do
    kith create contact name="On day $wrong"
    kith backup run
    exits 0
done
expect test "$(count)" = 2
wrong=$year
kith create contact name=Ahead
kith backup run
exits 0
wrong=$((year + day))
kith backup run
exits 0
wrong=0
kith create contact name=Today
kith backup list
prints "The next one is due now"
kith backup run
exits 0
expect test "$(count)" = 3
kith backup list
prints_not "due now"

it "removes none of them when the next ones are made, and not the one that was just made"
wrong=$day
kith create contact name=Tomorrow
kith backup run
exits 0
expect test -e "$(sed -n "s/.* in '\(.*\)'; .*/\1/p" "$work/out")"
expect test "$(count)" = 4
wrong=-500000000 # a clock that stands near its beginning
kith backup run
exits 0
expect test "$(count)" = 5
wrong=$day

it "restores the newest, and not the one from a time that has not come"
kith restore "$work"/store/*.tar "$work/newest"
exits 0
kith find "contact where name = 'Tomorrow' : count()" --company "$work/newest"
prints_exactly 1

it "deletes nothing by a clock that leapt ahead, and says so"
wrong=$year
before=$(contacts)
kith find contact
kith find contact
expect test "$(contacts)" = "$before"
kith retention
exits 0
prints "Nothing goes by night before"
kith retention --apply
exits 1
complains "leapt ahead"
expect test "$(contacts)" = "$before"
wrong=$((year + 3 * day))
kith find contact
expect test "$(contacts)" = "$before"

it "goes on as if nothing had been when it is set right"
wrong=$((2 * day))
kith retention
prints_not "Nothing goes by night"
kith retention --apply
exits 0
expect test "$(contacts)" = "$before"
kith doctor
exits 0
kith audit verify
exits 0

it "takes the word of whoever is sure"
wrong=$year
kith retention --apply
exits 1
kith retention --apply --sure
exits 0
expect test "$(contacts)" = 1 # the one that was made ahead

it "says to a person since when there is a history, once its beginning is gone"
ahead=$("$KITH" find contact --fields id --csv | tail -n 1 | tr -d '\r')
kith subject export contact "$ahead" --for "a request"
exits 0
prints '"history_since":"20'
"$KITH" init "$work/new" >/dev/null
new=$("$KITH" create contact name=New --company "$work/new" --json | json_text id)
kith subject export contact "$new" --for "a request" --company "$work/new"
exits 0
prints_not '"history_since"'
finish
