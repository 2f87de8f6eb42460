#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A module that never comes back holds all writes: the server names it, and can be stopped.
. "$(dirname "$0")/lib.bash"
hangs=$(realpath "$KITH_BUILD/tests/plugins/hangs.so" 2>/dev/null)

logged() { # waits for it
    for _ in $(seq 600); do
        grep -qF -- "$1" "$work/serve.log" && return
        sleep 0.05
    done
    fail "expected in the log: $1"
}

it "names a module that holds all writes"
[ -e "$hangs" ] || { skip "the bad modules are not built" && finish; }
"$KITH" init company >/dev/null 2>&1
cd company || exit 1
kith module enable "$hangs"
exits 0
serve
kith create contact name="Acknowledged Anna"
exits 0
"$KITH" run hangs.act >/dev/null 2>&1 &
logged "module 'hangs' has been in action act for 5 s: writes wait for it"

it "lets a command go that is told to end, though the server cannot"
timeout 1 "$KITH" create contact name="Waiting Willy" >"$work/out" 2>"$work/err"
expect grep -q "the server does not end the command, and may still carry it out" "$work/err"

it "stops at once on the second signal when it cannot stop, and says so"
kill -TERM "$server"
logged "stopping on signal 15"
for _ in $(seq 600); do # signals within a second count as one
    kill -TERM "$server" 2>/dev/null || break
    sleep 0.05
done
wait "$server"
server_code=$?
expect test "$server_code" -eq 130
logged "it was told to stop again: ending at once; what was acknowledged is kept"

it "has what was acknowledged before"
kith find "contact where name = 'Acknowledged Anna' : count()"
prints_exactly 1
kith doctor
exits 0
finish
