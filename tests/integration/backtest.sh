#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a file of rules would have done over the past, as an admin asks for it.
. "$(dirname "$0")/lib.bash"
new_company
cat >"$work/call.lua" <<'LUA'
workflow("call", {on = "contact.created"}, function(contact)
  task {title = "Call " .. contact.name, about = contact}
  sleep(days(1))
end)
on("contact.updated", {name = "move", fields = {"city"}}, function(contact)
  if contact.city == "Bonn" then update(contact, {city = "Berlin"}) end
end)
on("task.created", {name = "oops"}, function(t) error("oops " .. t.state) end)
LUA
ada=$(create contact name=Ada city=Bonn)
create contact name=Bob >/dev/null
"$KITH" update contact "$ada" city=Wien >/dev/null
"$KITH" update contact "$ada" city=Bonn >/dev/null
dump() { "$KITH" export contact --format jsonl 2>/dev/null; "$KITH" log --json; "$KITH" find task --json; }

it "tells what a draft would have done, and does nothing"
before=$(dump)
kith workflow backtest "$work/call.lua" --since 1d --limit 3
exits 0
prints "workflows/call.lua from"
prints "the workflow call at workflows/call.lua:1"
prints "contact.city"
prints "2 x oops: workflows/call.lua:8: oops open"
prints "2 runs of workflows would wait still."
prints "would create task"
prints "Backtest: nothing was kept, nothing sent."
expect [ "$before" = "$(dump)" ]

it "answers programs with all of it"
kith workflow backtest "$work/call.lua" --json
exits 0
is_silent
prints '"file":"workflows/call.lua"'
prints '"effect":"create","type":"task","count":2'
prints '"effect":"update","type":"contact","field":"city","count":1'
prints '"conflicts":[{"type":"contact","id":"'"$ada"'","field":"city"'
prints '"failures":[{"rule":"oops"'
prints '"without_history":["workflow_run"]'
prints_lines 1

it "counts what would leave the company, and nothing does"
"$KITH" module enable http >/dev/null
cat >"$work/send.lua" <<'LUA'
on("contact.updated", {name = "tell"}, function(contact)
  action.http.send {url = "https://receiver.example/x", json = '{"a": 1}', about = contact}
end)
LUA
kith workflow backtest "$work/send.lua"
exits 0
prints "send"
prints "https://receiver.example"
kith outbox list --json
exits 0
prints_lines 0

it "goes back ninety days where nothing else is said"
if command -v sqlite3 >/dev/null; then
    sqlite3 kith.db "UPDATE kith_tx SET at = at - 200 * 86400000 WHERE id = (SELECT min(id) FROM kith_tx)"
    kith workflow backtest "$work/call.lua"
    exits 0
    prints "workflows/call.lua from $(TZ=Europe/Berlin date -d '-90 day' '+%F %H:')"
    kith workflow backtest "$work/call.lua" --since 300d
    exits 0
    prints "workflows/call.lua from $(TZ=Europe/Berlin date -d '-200 day' '+%F %H:')"
    sqlite3 kith.db "UPDATE kith_tx SET at = at + 200 * 86400000 WHERE id = (SELECT min(id) FROM kith_tx)"
else
    skip "there is no sqlite3 program"
fi

it "takes a draft in a folder rules for a file of rules, and no time that is not there"
mkdir "$work/rules"
cp "$work/send.lua" "$work/rules/send.lua"
kith workflow backtest "$work/rules/send.lua" --since 2019-01-01 --until 2099-01-01
exits 0
prints "rules/send.lua from"
prints_not "2019"
prints_not "2099"

it "takes a path that begins with a dot for a file, as a rehearsal does"
cp "$work/call.lua" draft.lua
kith workflow backtest ./draft.lua
exits 0
prints "workflows/draft.lua from"
rm draft.lua

it "finds a file of the company by the name of a workflow in it, also while it is served"
cp "$work/call.lua" workflows/called.lua
serve
kith workflow backtest call --since 1d
exits 0
prints "workflows/called.lua from"
kith workflow backtest calls
exits 3
complains "did you mean 'call'?"
sed 's/"call"/"other"/' "$work/call.lua" >workflows/second.lua
kith rule reload
kith workflow backtest move
exits 2
complains "'move' stands in workflows/called.lua and in workflows/second.lua: name the file that you mean"
rm workflows/second.lua
kith workflow backtest "$work/call.lua" --until 2019-01-01
exits 2
complains "--since must be before --until"
stop_server

it "refuses a file that does not run, and says what is wrong"
echo 'on("contact.created", {name = "x"}, function(' >"$work/broken.lua"
kith workflow backtest "$work/broken.lua"
exits 2
complains "workflows/broken.lua does not run: mend it first"

it "leaves no copy behind when it is killed in the middle"
rm workflows/called.lua
(echo name && seq 20000) | "$KITH" import contact - --format csv >/dev/null 2>&1
"$KITH" workflow backtest "$work/call.lua" >/dev/null 2>&1 &
pid=$!
until compgen -G '.copy-*/kith.db' >/dev/null; do kill -0 "$pid" 2>/dev/null || break; done
kill -KILL "$pid"
wait "$pid" 2>/dev/null
expect compgen -G '.copy-*' >/dev/null
kith find contact --limit 1
exits 0
expect [ -z "$(compgen -G '.copy-*')" ]
finish
