#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A module that crashes ends the process, which names it; one that does so twice within ten minutes
# is kept out from then on, and the rest runs.
. "$(dirname "$0")/lib.bash"
crashes=$(realpath "$KITH_BUILD/tests/plugins/crashes.so" 2>/dev/null)
[ -e "$crashes" ] || { skip "the bad modules are not built" && finish; }
"$KITH" init company >/dev/null 2>&1
cd company || exit 1
kith module enable "$crashes"
exits 0
nm "$KITH" 2>/dev/null | grep -q __asan_init &&
    { skip "a sanitizer has the signals" && finish; }

it "names a module that crashes, and what it was doing, however it does"
create contact name="Acknowledged Anna" >/dev/null
create bang loud=very >/dev/null
for action in follow give_up divide recurse leave; do
    rm -f kith.crashes
    kith run "crashes.$action"
    expect test "$code" -gt 128
    complains "kith: the module 'crashes' crashed: action $action; nothing of the transaction is kept"
    expect grep -qE "^[0-9]+ crashes action $action\$" kith.crashes
done
kith run crashes.greet
exits 0
kith find "contact where name = 'Acknowledged Anna' : count()"
prints_exactly 1

it "says of one that crashes when it is enabled how it is taken out again"
kith module enable "$KITH_BUILD/tests/plugins/crashes_in_create.so"
expect test "$code" -gt 128
complains "crashed: create; 'kith module disable crashes_in_create' takes it out"
kith module disable crashes_in_create
exits 0
kith find "contact : count()"
prints_exactly 1

it "keeps one out that crashed twice within ten minutes, says why, and lets it in again"
kith run crashes.follow
kith module list
prints "failed"
prints "it crashed twice within ten minutes, the last time at"
prints "Z in action follow, and is kept out: 'kith module resume crashes' lets it run again"
kith check
prints "kept out"
kith run crashes.greet --json
expect test "$code" -ne 0
complains "\"message\":\"module 'crashes' is out: it crashed twice"
kith find "contact : count()"
prints_exactly 1
kith find "bang where loud = 'very' : count()"
prints_exactly 1
kith create bang loud=less
expect test "$code" -ne 0
complains "module 'crashes' is out"
kith module resume sales
exits 3
complains "no crash of a module 'sales' is known"
kith module resume crashes
exits 0
prints "The module crashes is resumed."
kith run crashes.greet
exits 0

it "forgets what is long ago, and what others wrote into the file"
printf '%s\n' "$(($(date +%s) - 5000)) crashes action follow" "not a line" "" \
    "$(($(date +%s) - 4000)) crashes action follow" >kith.crashes
kith run crashes.greet
exits 0
head -c 3000000 /dev/urandom >kith.crashes
kith run crashes.greet
exits 0
complains "kith.crashes"
rm kith.crashes

it "is served without the module after the second crash"
serve
kith run crashes.follow
wait "$server" 2>/dev/null
expect grep -q "the module 'crashes' crashed: action follow" "$work/serve.log"
serve
kith run crashes.give_up
wait "$server" 2>/dev/null
serve
kith find "contact : count()"
prints_exactly 1
kith run crashes.greet
expect test "$code" -ne 0
kith module resume crashes
exits 0
kith reload
kith run crashes.greet
exits 0
stop_server
finish
