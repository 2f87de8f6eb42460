#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The event stream: everything in order and once, from any place, by the rights of now; who is slow or
# comes back loses nothing, and costs nobody else anything.
. "$(dirname "$0")/web.bash"

ulimit -n 4096 2>/dev/null # a listener is a descriptor, at either end
new_web_company 'max_listeners = 1100; max_listeners_per_user = 1050; max_connections = 1300; max_per_address = 1200; heartbeat = "1s"; idle_timeout = "600s";'
"$KITH" create role name=seller rights='{"types": {"account": {"read": "own"}}}' >"$work/role"
role=$("$KITH" find "role where name = 'seller'" --json | json_text id)
"$KITH" user add sue --role seller >/dev/null
serve_web
hers=$(new_token sue)

follow() { # NAME TOKEN QUERY COUNT [LAST]: in the background
    last=(follow "$@")
    python3 "$here/events.py" follow "$port" "${@:2}" >"$work/$1.out" 2>"$work/$1.err" &
    follower=$!
}
place() { python3 "$here/events.py" place "$port" "$root"; }
until_has() { # FILE TEXT
    for _ in $(seq 1500); do
        ! grep -qF -- "$2" "$1" 2>/dev/null || return 0
        sleep 0.02
    done
    return 1
}
ended() { # PID: within a few seconds
    for _ in $(seq 400); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.02
    done
    return 1
}
began() { until_has "$work/$1.out" "retry: "; }
# One that lasts as long as this script: nothing happens for it but what shows that it is alive.
BLOCKS=1 follow idle "$root" '?topic=territory.*' 1
servers+=("$follower")
began idle || exit 1

it "tells what happens as it happens, in order, with the place of each event"
BLOCKS=1 follow first "$root" '?topic=account.*' 4
expect began first
api POST account '{"name":"ACME","size":5}'
id=$(json_text id <"$work/out")
api PATCH "account/$id" '{"size":6}'
api POST contact '{"name":"Ada"}'
api DELETE "account/$id"
api POST account '{"name":"Other"}'
wait "$follower"
cp "$work/first.out" "$work/out"
prints "event: account.created|data: {\"type\":\"account.created\","
prints '"size":{"before":5,"after":6}'
prints "event: account.deleted|"
prints_not contact
sed -n 's/^id: \([0-9]*\)|event: \([a-z.]*\).*/\1 \2/p' "$work/first.out" >"$work/out"
prints_lines 4
expect sort -nuc "$work/out"
middle=$(sed -n 's/ account.updated$//p' "$work/out")

it "goes on from any place that it is told, by the header or by the address"
follow again "$root" '?topic=account.*' 2 "$middle"
wait "$follower"
cp "$work/again.out" "$work/out"
prints "account.deleted"
prints_lines 2
follow again "$root" "?topic=account.*&after=$middle" 2
wait "$follower"
expect cmp "$work/out" "$work/again.out"
follow again "$root" '?after=0' 1
wait "$follower"
expect grep -q '^1 ' "$work/again.out"

it "has a row with several topics be gone on with in its midst"
contact=$("$KITH" find "contact where name = 'Ada'" --json | json_text id)
follow both "$root" "?topic=contact.*&after=$(place)" 2
api POST "contact/$contact/transition/customer"
wait "$follower"
place=$(sed -n 's/ contact.updated .*//p' "$work/both.out")
expect test "${place%-1}" != "$place"
follow rest "$root" '?topic=contact.*' 1 "$place"
wait "$follower"
expect grep -q "^${place%-1} contact.customer " "$work/rest.out"

it "filters by topics and by a condition on the record"
follow filtered "$root" "?topic=account.created,account.deleted&q=size%20%3E%2010&after=$(place)" 1
api POST account '{"name":"Small","size":3}'
api POST account '{"name":"Large","size":30}'
wait "$follower"
expect grep -q Large "$work/filtered.out"
api GET 'events?topic=acount.created'
answers 400
prints "did you mean 'account.created'"
for topic in 'acount.*' 'account.creatd' 'account.*ing' 'sales.*'; do
    api GET "events?topic=$topic"
    answers 400
    prints '"field":"topic"'
done
prints '"field":"topic"'
api GET 'events?topic=account.*&q=sise%3E3'
answers 400
prints "at 1: no field 'sise' in account; did you mean 'size'"
prints '"field":"q"'
api GET 'events?q=size%3E3'
answers 400
prints "a condition needs topics of one type"
api GET 'events?after=yesterday'
answers 400
api GET 'events?topics=x'
answers 400
token=
api GET events
answers 401
token=$root

it "shows signs of life, and moves the place of who hears nothing"
expect until_has "$work/idle.out" ":|id: "
api POST account '{"name":"Not for it"}'
at=$(place)
expect until_has "$work/idle.out" ":|id: $at"
expect test "$(grep -c '^:' "$work/idle.out")" -ge 2

it "is counted"
curl -s "http://127.0.0.1:$port/metrics" >"$work/out"
expect grep -q '^kith_http_listeners [1-9]' "$work/out"
expect grep -q '^kith_http_listener_lag_rows [0-9]' "$work/out"
expect test "$(sed -n 's/^kith_http_events_total //p' "$work/out")" -ge 8

it "says so when there is no such place any more, or not yet"
api GET 'events?after=1000000'
answers 410
prints '"field":"after"'
prints '"last":'

it "tells nobody what they may not read, and follows the rights as they change"
BLOCKS=1 follow sue "$hers" '?topic=account.*' 100
sue=$follower
expect began sue
sue_id=$("$KITH" find "user where login = 'sue'" --json | json_text id)
api POST account '{"name":"Secret"}'
api POST account "{\"name\":\"Hers\",\"owner\":\"$sue_id\"}"
expect until_has "$work/sue.out" Hers
"$KITH" update role "$role" rights='{"types": {"account": {"read": "all", "fields": {"size": "none"}}}}' >/dev/null
api POST account '{"name":"Open","size":770077}'
expect until_has "$work/sue.out" Open
cp "$work/sue.out" "$work/out"
prints_not Secret
prints_not 770077
number=$("$KITH" token list sue --json | sed -n 's/.*"number":\([0-9]*\).*/\1/p' | head -n 1)
kith token revoke "$number"
exits 0
expect ended "$sue"

it "sends nothing of who was erased"
api POST contact '{"name":"Grace Hopper","email":"grace@example.org"}'
grace=$(json_text id <"$work/out")
api POST contact '{"name":"Bo"}'
"$KITH" erase contact "$grace" --reason "asked for" >"$work/out" 2>"$work/err"
code=$?
exits 0
follow erased "$root" "?after=0&topic=contact.created" 2
expect until_has "$work/erased.out" '"after":"Bo"'
kill "$follower" 2>/dev/null
cp "$work/erased.out" "$work/out"
prints_not Hopper
prints_not grace@

it "has a thousand listen, and all of them hear everything in order"
python3 "$here/events.py" many "$port" "$root" '?topic=account.created' 50 1000 "$work/ready" >"$work/many.out" 2>"$work/many.err" &
many=$!
for _ in $(seq 1500); do [ -e "$work/ready" ] || sleep 0.02; done
yes '{"name":"Burst"}' | head -n 50 >"$work/burst"
expect curl -sf -o /dev/null -H "Authorization: Bearer $root" -H 'Content-Type: application/x-ndjson' --data-binary "@$work/burst" "http://127.0.0.1:$port/api/v1/account"
wait "$many"
expect grep -q '^1000 ' "$work/many.out"
echo "# 50 events to 1000 listeners in $(cut -d' ' -f2 "$work/many.out") s after the first"

it "bounds how many listen for one user"
python3 "$here/events.py" many "$port" "$root" '?topic=account.created' 1 1051 "$work/never" >"$work/out" 2>"$work/err"
complains "429"
complains "web.max_listeners_per_user"
for _ in $(seq 400); do # it is noticed that those have left
    api GET 'events?after=1000000'
    [ "$code" -eq 429 ] || break
    sleep 0.02
done
answers 410

it "does not keep what a slow listener has not read, and tells it all when it reads again"
python3 - >"$work/large" <<'PY'
import json
for i in range(400):
    print(json.dumps({"name": "Large %d" % i, "industry": "x" * 200, "website": "https://example.org/" + "y" * 2000}))
PY
write_large() {
    for _ in 1 2 3 4 5; do
        expect curl -sf -o /dev/null -H "Authorization: Bearer $root" -H 'Content-Type: application/x-ndjson' --data-binary "@$work/large" "http://127.0.0.1:$port/api/v1/account"
    done
}
write_large # what writing them takes is not what is asked for
from=$(place)
before=$(rss)
python3 "$here/events.py" slow "$port" "$root" "?topic=account.created&after=$from" 2000 60 "$work/go" >"$work/slow.out" 2>"$work/slow.err" &
slow=$!
write_large
sleep 1
after=$(rss)
: >"$work/go"
wait "$slow"
echo "# memory $before kB before, $after kB with 60 who do not read 300 MB"
below "$((after - before))" 60000
expect test "$(cat "$work/slow.out")" = 60

it "is no reason to wait: a reload ends every stream, and whoever comes back has missed nothing"
echo "$port" >"$work/port"
from=$(place) # here, and not in the background
python3 "$here/events.py" resume "$work/port" "$root" "?topic=account.created&after=$from" 3 >"$work/resume.out" 2>"$work/resume.err" &
resume=$!
sleep 0.5
api POST account '{"name":"Before"}'
expect until_has "$work/resume.out" Before
begun=$(date +%s%N)
"$KITH" reload >/dev/null
until [ "$(grep -c 'listening on http' "$work/serve.log")" -ge 2 ]; do sleep 0.02; done
took=$((($(date +%s%N) - begun) / 1000000))
port=$(listening http)
"$KITH" create account name=Between >/dev/null
echo "$port" >"$work/port"
expect until_has "$work/resume.out" Between
"$KITH" create account name=After >/dev/null
wait "$resume"
cut -d' ' -f1 "$work/resume.out" >"$work/out"
prints_lines 3
expect sort -nuc "$work/out"
echo "# reloaded in $took ms with listeners"
expect test "$took" -lt 4000

it "loses nothing and tells nothing twice though the server is killed again and again"
from=$(place)
python3 "$here/events.py" resume "$work/port" "$root" "?topic=account.created&after=$from" 120 >"$work/killed.out" 2>"$work/killed.err" &
resume=$!
made=0
while [ "$made" -lt 120 ]; do
    if "$KITH" create account name="Number $made" >/dev/null 2>&1; then
        made=$((made + 1))
    fi
    if [ $((made % 40)) -eq 20 ]; then
        kill -9 "$server"
        wait "$server" 2>/dev/null
        serve_web
        echo "$port" >"$work/port"
        made_at=$made
        "$KITH" create account name="Number $made" >/dev/null 2>&1 && made=$((made_at + 1))
    fi
done
wait "$resume"
cut -d' ' -f1 "$work/killed.out" >"$work/out"
prints_lines 120
expect sort -nuc "$work/out"
sed -n 's/.*"after":"Number \([0-9]*\)".*/\1/p' "$work/killed.out" >"$work/out"
expect sort -nuc "$work/out"
prints_lines 120

if command -v sqlite3 >/dev/null; then
    it "says where the journal begins when what was asked for is not kept any more"
    stop_server
    # A month ago: ids begin with the time, above 22 bits.
    sqlite3 kith.db "UPDATE kith_journal SET tx = tx - ((30 * 86400000) << 22) WHERE seq <= 2;
        UPDATE kith_tx SET at = at - 30 * 86400000, id = id - ((30 * 86400000) << 22) WHERE last <= 2"
    echo 'journal: { keep = "1d"; };' >conf.d/40-journal.conf
    kith retention --apply --sure
    exits 0
    serve_web
    api GET 'events?after=0'
    answers 410
    first=$(sed -n 's/.*"first":\([0-9]*\).*/\1/p' "$work/out")
    expect test "$first" -ge 1
    follow kept "$root" "?after=$first" 1
    wait "$follower"
    expect grep -q "^$((first + 1))" "$work/kept.out"

    it "ends the stream at a row that is damaged, says so, and goes on for all others"
    api POST account '{"name":"Damaged"}'
    at=$(place)
    stop_server
    sqlite3 kith.db "UPDATE kith_journal SET image = x'99' WHERE seq = $at"
    serve_web
    BLOCKS=1 follow damaged "$root" "?after=$((at - 1))" 1
    expect ended "$follower"
    expect grep -q '^retry: 30000|: .*[0-9]' "$work/damaged.out"
    follow beyond "$root" "?after=$at" 1
    api POST account '{"name":"Beyond"}'
    expect until_has "$work/beyond.out" Beyond
fi

finish
