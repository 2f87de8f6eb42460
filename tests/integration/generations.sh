#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A module is built anew and reloaded while the company is served: the new one takes over, a bad one
# does not, nothing that was acknowledged is lost, and nothing is left behind.
# A thousand reloads in the long tests.
. "$(dirname "$0")/lib.bash"
reloads=40
[ -z "${KITH_TEST_LONG-}" ] || reloads=1000
builds=$(realpath "$KITH_BUILD/tests/plugins" 2>/dev/null)
[ -e "$builds/build_1/generation.so" ] || { skip "the bad modules are not built" && finish; }
"$KITH" init company >/dev/null 2>&1
cd company || exit 1
mkdir lib
put() { # BUILD: as a linker or a package manager does, a new file in the place of the old one
    cp "$builds/build_$1/generation.so" lib/generation.new && mv lib/generation.new lib/generation.so
}
runs() { # BUILD
    kith run generation.which --json
    prints "\"build\":$1"
}
put 1
kith module enable lib/generation.so
exits 0
serve
runs 1

it "goes on with the old one while the file changes, and takes the new one when it is told to"
put 2
runs 1
kith reload
exits 0
runs 2
cat "$builds/build_1/generation.so" >lib/generation.so # over it, in place
runs 2
kith reload
exits 0
runs 1

it "keeps the old one when the new one does not work, and says why"
put 0
kith reload
expect test "$code" -ne 0
complains "the module generation would not run any more, so all stays as it is: this build never works"
runs 1
kith check
expect test "$code" -ne 0
prints "module generation: this build never works"
echo "this is no module" >lib/generation.so
kith reload
expect test "$code" -ne 0
complains "the module generation would not run any more"
runs 1
rm lib/generation.so
kith reload
expect test "$code" -ne 0
complains "the module generation would not run any more"
runs 1
put 2
kith reload
exits 0
runs 2

it "loses nothing that was acknowledged while it is reloaded again and again, by two at once"
for w in 1 2 3; do
    (
        n=0
        while [ ! -e "$work/enough" ]; do
            "$KITH" create contact name="Writer $w" >/dev/null 2>&1 && n=$((n + 1))
        done
        echo "$n" >"$work/written.$w"
    ) &
done
for i in 1 2 3 4 5 6; do
    put $((i % 2 + 1))
    "$KITH" reload >/dev/null 2>"$work/reload" &
    kith reload
    wait $!
done
touch "$work/enough"
for w in 1 2 3; do
    while [ ! -e "$work/written.$w" ]; do sleep 0.05; done
    expect test "$("$KITH" find "contact where name = 'Writer $w' : count()")" -eq "$(cat "$work/written.$w")"
    expect test "$(cat "$work/written.$w")" -gt 0
done

it "keeps no descriptor, no thread and no memory of those that are gone"
count() { ls "/proc/$server/$1" | wc -l; }
memory() { sed -n 's/^RssAnon:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$server/status"; }
again() { # TIMES
    for i in $(seq "$1"); do
        put $((i % 2 + 1))
        "$KITH" reload >/dev/null || fail "a reload failed"
    done
}
again 10
descriptors=$(count fd) threads=$(count task) before=$(memory)
again "$reloads"
sleep 0.3
expect test "$(count fd)" -le "$((descriptors + 1))"
expect test "$(count task)" -le "$((threads + 1))"
# The allocator keeps some 20 MB, now more, now less; what is lost each time comes to more.
expect test "$(memory)" -lt "$((before + 30000))"
runs "$((reloads % 2 + 1))"
stop_server

it "tells of one that was out when the server began that it runs by now"
put 0
serve
kith check
expect test "$code" -ne 0
prints_exactly "module generation: this build never works"
put 2
kith check
expect test "$code" -ne 0
prints_exactly "module generation: this build never works; with the files as they are now it runs: 'kith reload'"
kith reload
kith check
exits 0
stop_server
finish
