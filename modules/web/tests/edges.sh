#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Requests as nobody should send them, those that never end, many at once, and the end of the server
# in the midst of them.
. "$(dirname "$0")/web.bash"

new_web_company 'idle_timeout = "3s"; max_per_address = 40;'
serve_web

it "refuses what is no proper request, and what is larger than it may be"
python3 "$here/edges.py" "$port" "$token" >"$work/out" 2>"$work/err"
code=$?
exits 0

it "bounds an answer that it has to hold as a whole"
python3 - >"$work/body" <<'PY'
import json
print(json.dumps({"channel": "call", "direction": "in", "subject": "Long", "body": "y" * 900000}))
PY
for _ in $(seq 10); do
    curl -sf -H "Authorization: Bearer $token" --data "@$work/body" "http://127.0.0.1:$port/api/v1/interaction" >"$work/made" || fail "was not made"
done
api GET interaction
answers 422
prints "the answer is larger than 8 MiB"
api GET "interaction?limit=5"
answers 200

it "sees out whoever sends a request byte by byte, or none"
python3 - "$port" >"$work/out" 2>"$work/err" <<'PY'
import socket, sys, time
ends = []
silent = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
slow = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
begun = time.monotonic()
try:
    for c in "GET /api/v1/account HTTP/1.1\r\n" + "X: " + "y" * 1000:
        slow.sendall(c.encode())
        time.sleep(0.1)
except OSError:
    pass
print("slow after %d s" % (time.monotonic() - begun))
silent.settimeout(20)
print("silent:", silent.recv(1))
PY
code=$?
exits 0
expect grep -qE "slow after [3-9] s" "$work/out"
prints "silent: b''"

it "lets one address open no more connections than it may"
python3 - "$port" "$token" >"$work/out" 2>"$work/err" <<'PY'
import socket, sys, time
request = ("GET /api/v1/account?limit=1 HTTP/1.1\r\nHost: kith\r\nAuthorization: Bearer %s\r\n\r\n" % sys.argv[2]).encode()
answered = 0
open_ones = []
for i in range(60):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=5)
    open_ones.append(s)
    try:
        s.sendall(request)
        answered += s.recv(12) == b"HTTP/1.1 200"
    except OSError:
        pass
print("answered", answered)
PY
code=$?
prints "answered 40"

acknowledged() { # are all that stand in $work/ids there?
    "$KITH" find account --fields id --csv | tr -d '\r' | sort >"$work/there"
    sort "$work/ids" | comm -23 - "$work/there" >"$work/lost"
    [ -s "$work/ids" ] && [ ! -s "$work/lost" ]
}

it "loses nothing that it has acknowledged when it is killed"
sleep 0.5
python3 "$here/load.py" "$port" "$token" 8 >"$work/ids" 2>"$work/err" &
load=$!
expect until_lines "$work/ids" 200
kill -9 "$server"
wait "$server" 2>/dev/null
wait "$load"
expect acknowledged

it "answers what it took in before it ends, and cuts no answer off"
serve_web
python3 "$here/load.py" "$port" "$token" 8 >"$work/ids" 2>"$work/err" &
load=$!
expect until_lines "$work/ids" 200
stop_server
wait "$load"
expect test "$server_code" -eq 0
expect acknowledged
is_silent
# Whoever was answered has it, and whoever was not has nothing: no more than the last of each.
expect test "$(($(wc -l <"$work/there") - $(wc -l <"$work/lost")))" -ge "$(wc -l <"$work/ids")"

it "is opened anew, and ends, in the midst of requests, and holds nobody up"
sed -i "s/127.0.0.1:0/127.0.0.1:$port/" conf.d/web.conf
serve_web
python3 "$here/late.py" "$port" "$token" >"$work/out" 2>"$work/err" &
late=$!
expect until_lines "$work/out" 2
"$KITH" reload >"$work/reload" 2>&1
expect test $? -eq 0
wait "$late"
prints "whole: HTTP/1.1 503"
prints "begun: HTTP/1.1 503"
is_silent
python3 "$here/storm.py" "$port" "$token" 16 8 >"$work/out" 2>"$work/err" &
storm=$!
for _ in 1 2 3; do
    sleep 1
    begun=$SECONDS
    "$KITH" reload >/dev/null
    expect test "$((SECONDS - begun))" -lt 6
done
"$KITH" reload >"$work/reload" 2>&1 &
reload=$!
sleep 0.2
stop_server
wait "$reload"
expect test "$server_code" -eq 0
wait "$storm"
is_silent
prints "201:"
sed -i "s/127.0.0.1:$port/127.0.0.1:0/" conf.d/web.conf

it "does not come in the way of a server whose port is taken"
python3 -c 'import socket,time,sys
s=socket.socket(); s.bind(("127.0.0.1",0)); s.listen(); print(s.getsockname()[1], flush=True); time.sleep(60)' >"$work/taken" &
servers+=("$!")
expect until_lines "$work/taken" 1
sed -i "s/127.0.0.1:0/127.0.0.1:$(cat "$work/taken")/" conf.d/web.conf
serve
expect grep -q "module 'web' does not serve: cannot listen on 127.0.0.1:$(cat "$work/taken"): Address already in use" "$work/serve.log"
kith find "account : count()"
exits 0
stop_server
sed -i 's/listen = \[.*\];/listen = ["nowhere"];/' conf.d/web.conf
serve
expect grep -q "'nowhere' is no address" "$work/serve.log"
stop_server

finish
