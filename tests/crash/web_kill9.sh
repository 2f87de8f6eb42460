#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `kith serve` is killed with SIGKILL while records are created over HTTP, and what agents ask for is
# allowed: whatever was answered is there, and what was allowed is done once, or waits as before.
#   web_kill9.sh [TIMES]
. "$(dirname "$0")/../../modules/web/tests/web.bash"
times=${1:-4}
RANDOM=1
new_web_company
echo 'mcp: { approval = "all"; write_budget = 100000; };' >conf.d/mcp.conf
"$KITH" user add anna --role administrator >/dev/null
agent=$(new_token anna)

touch "$work/answered" "$work/done"
for round in $(seq "$times"); do
    serve_web
    python3 "$here/load.py" "$port" "$root" 4 >>"$work/answered" 2>>"$work/load.err" &
    load=$!
    python3 "$here/approvals.py" "$port" "$agent" "$root" "Asked $round," >>"$work/done" 2>>"$work/ask.err" &
    ask=$!
    until_lines "$work/done" "$(($(wc -l <"$work/done") + 10))"
    sleep "0.0$((RANDOM % 100))"
    kill -KILL "$server"
    wait "$load" "$ask" "$server" 2>/dev/null
done
serve_web

it "has every record that was answered as created, after $times kills"
"$KITH" find account --json --fields id | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | sort >"$work/ids"
expect test "$(wc -l <"$work/answered")" -gt 100
expect test ! -s "$work/load.err"
sort "$work/answered" | comm -23 - "$work/ids" >"$work/out"
expect test ! -s "$work/out"

approvals() { # STATE: their numbers
    "$KITH" mcp approvals --all --json | grep -F "\"state\":\"$1\"" | sed 's/{"approval":\([0-9]*\),.*/\1/' | sort
}
asked_for() { "$KITH" find account --json --fields name | grep -c '"name":"Asked '; }

it "has done what was answered as allowed, and once"
approvals "done" >"$work/are_done"
expect test ! -s "$work/ask.err"
sort "$work/done" | comm -23 - "$work/are_done" >"$work/out" # also what was answered otherwise
expect test ! -s "$work/out"
expect test "$(asked_for)" -eq "$(wc -l <"$work/are_done")"

it "lets be decided what was not: nothing is left in between"
approvals begun >"$work/out"
expect test ! -s "$work/out"
for number in $(approvals waiting); do
    kith mcp approve "$number"
    exits 0
done
expect test "$(asked_for)" -eq "$("$KITH" mcp approvals --all --json | wc -l)"

it "leaves nothing for the doctor to find"
kith doctor
exits 0
echo "$times kills, $(wc -l <"$work/answered") records and $(wc -l <"$work/done") approvals answered"
finish
