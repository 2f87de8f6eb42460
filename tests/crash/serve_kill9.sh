#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `kith serve` is killed with SIGKILL while commands write through it: whatever a command reported as
# done is there, the rule that follows has run exactly once for each, and the doctor finds nothing.
#   serve_kill9.sh [TIMES]
. "$(dirname "$0")/../integration/lib.bash"
times=${1:-5}
RANDOM=1
new_company
cat >rules/met.lua <<'RULE'
on("contact.created", { name = "met" }, function(contact)
    create("task", { title = "Met " .. contact.name, about = contact })
end)
RULE

json_texts() { # MEMBER: the values of a text member, one for each line of JSON
    sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p'
}

client() { # NUMBER: creates contacts until told to stop; notes the ids of those that were reported
    local i=0 id
    while [ ! -e "$work/stop" ]; do
        i=$((i + 1))
        id=$(create contact name="Client $1, round $round, contact $i" 2>>"$work/refused")
        [ -n "$id" ] && echo "$id" >>"$work/acknowledged"
    done
}

for round in $(seq "$times"); do
    rm -f "$work/stop"
    serve
    clients=()
    for number in 1 2 3; do
        client "$number" &
        clients+=("$!")
    done
    sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
    kill -KILL "$server"
    touch "$work/stop"
    wait "${clients[@]}" "$server" 2>/dev/null
done
serve
for _ in $(seq 100); do # until the reactions have caught up
    [ "$("$KITH" find "task : count()")" = "$("$KITH" find "contact : count()")" ] && break
    sleep 0.05
done
kith doctor
doctor_code=$code
stop_server
"$KITH" find contact --json | json_texts id | sort >"$work/contacts"
"$KITH" find contact --json | json_texts name | sort >"$work/names"
"$KITH" find task --json | json_texts title | sed 's/^Met //' | sort >"$work/met"

it "has every contact that a command reported as created, after $times kills"
expect test "$(wc -l <"$work/acknowledged")" -gt 0
sort "$work/acknowledged" | comm -23 - "$work/contacts" >"$work/out"
expect test ! -s "$work/out"

it "has run the rule exactly once for each contact"
diff "$work/names" "$work/met" >"$work/out"
expect test ! -s "$work/out"

it "leaves nothing for the doctor to find"
expect test "$doctor_code" -eq 0
echo "$times kills, $(wc -l <"$work/acknowledged") contacts reported of $(wc -l <"$work/contacts")"
finish
