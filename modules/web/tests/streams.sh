#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Answers and bodies of any length: exports, imports, and who breaks them off, holds them up, or
# sends and reads them in drips.
. "$(dirname "$0")/web.bash"

new_web_company 'idle_timeout = "2s"; streams = 2;'
serve_web
streams() { # WHAT [ARGUMENT ...]
    last=(streams "$@")
    python3 "$here/streams.py" "$port" "$token" "$@" >"$work/out" 2>"$work/err"
    code=$?
}

it "exports what a query finds, as lines of JSON, CSV or vCards"
kith create contact first_name=Ada last_name=Lovelace email=ada@example.org
kith create contact first_name=Charles last_name=Babbage city=London
api GET 'export?q=contact%20order%20by%20last_name&fields=last_name,city'
answers 200
answers_header 'content-type: application/x-ndjson'
answers_header 'content-disposition: attachment; filename="export.jsonl"'
prints '"last_name":"Babbage","city":"London"'
api GET 'export?q=contact%20order%20by%20last_name&fields=last_name,city&format=csv'
answers_header 'content-type: text/csv; charset=utf-8'
expect test "$(tr -d '\r' <"$work/out" | tr '\n' '|')" = "last_name,city|Babbage,London|Lovelace,|"
api GET 'export?q=contact&format=vcard&version=4.0'
answers_header 'content-type: text/vcard; charset=utf-8'
prints "VERSION:4.0"
api GET "export?q=contact%20where%20city='Nowhere'"
answers 200
prints_exactly ""
kith access log --event export --json
prints "city='Nowhere'"

it "says what is wrong with one before it begins"
api GET export
answers 422
prints "?q= is missing"
api GET 'export?q=contacts'
answers 404
prints "no type 'contacts'"
api GET 'export?q=contact:count()'
answers 400
prints "totals, not records"
api GET 'export?q=contact&format=xml'
answers 400
token=
api GET 'export?q=contact'
answers 401
token=$root

it "exports more than it could hold"
python3 - >"$work/body" <<'PY'
import json
print(json.dumps({"channel": "call", "direction": "in", "subject": "Long", "body": "y" * 900000}))
PY
for _ in $(seq 12); do
    curl -sf -H "Authorization: Bearer $token" --data "@$work/body" "http://127.0.0.1:$port/api/v1/interaction" >"$work/made" || fail "was not made"
done
api GET 'export?q=interaction'
answers 200
expect test "$(wc -l <"$work/out")" -eq 12
expect test "$(stat -c %s "$work/out")" -gt 10800000

it "goes on when who reads it leaves, and has as many at once as it may"
streams leave 6
expect test "$(grep -c 'HTTP/1.1 200' "$work/out")" -eq 6
sleep 0.5
streams hold 2 0
expect test "$(grep -c '^HTTP/1.1 200' "$work/out")" -eq 2
prints "further: HTTP/1.1 503 True"
prints "list: HTTP/1.1 200"

it "sees out who reads in drips, what was made before as what is being made"
streams drip '/api/v1/export?q=interaction'
prints "not whole"
api GET 'interaction?limit=1'
streams drip '/api/v1/interaction?limit=8'
prints "not whole"

it "ends an export that is held up in time when it ends, or is opened anew"
python3 "$here/streams.py" "$port" "$token" hold 2 6 >"$work/held" 2>&1 &
expect until_lines "$work/held" 4
begun=$SECONDS
"$KITH" reload >/dev/null
expect test $? -eq 0
expect test "$((SECONDS - begun))" -lt 14
wait $!
is_silent
port=$(sed -n 's/.*listening on http:.*:\([0-9]*\)$/\1/p' "$work/serve.log" | tail -n 1)
api GET 'export?q=contact'
answers 200

rss() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$server/status"; }
post() { # PATH FILE [CURL OPTION ...]
    last=(post "$@")
    code=$(curl -s -o "$work/out" -w '%{http_code}' -H "Authorization: Bearer $token" --data-binary "@$2" "${@:3}" "http://127.0.0.1:$port/api/v1/$1" 2>"$work/err")
}
member() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$work/out"; }
count() { "$KITH" find "$1 : count()" --csv | tr -d '\r' | tail -n 1; }

it "imports a body of any length, larger than web.max_body, in flat memory, and exports it again"
python3 -c '
print("Name,Phone")
for i in range(100000): print("Account %d,+49 30 %07d" % (i, i))' >"$work/rows.csv"
api GET 'account?limit=1'
before=$(rss)
begun=$(date +%s%N)
post 'import/account?map=Name=name' "$work/rows.csv" -H 'Content-Type: text/csv'
took=$((($(date +%s%N) - begun) / 1000000))
answers 200
expect test "$(member created)" -eq 100000
expect test "$(member rejected)" -eq 0
after=$(rss)
expect test "$((after - before))" -lt 60000
echo "# imported 100000 rows in $took ms; memory $before kB before, $after kB after"
run=$(json_text run <"$work/out")
begun=$(date +%s%N)
api GET 'export?q=account&fields=name,phone&format=csv'
took=$((($(date +%s%N) - begun) / 1000000))
expect test "$(wc -l <"$work/out")" -eq 100001
echo "# exported them in $took ms; memory $(rss) kB"
expect test "$(($(rss) - after))" -lt 20000
api POST "undo/$run?rehearse=1"
answers 200

it "refuses what was imported before, and says what is wrong with a body"
post 'import/account?map=Name=name' "$work/rows.csv" -H 'Content-Type: text/csv'
answers 409
printf 'Name,Size\nSteel,many\n,3\n' >"$work/bad.csv"
post 'import/account' "$work/bad.csv" -H 'Content-Type: text/csv'
answers 400
prints '"report":{'
prints '"rejected":2'
post 'import/account?key=nothing' "$work/bad.csv" -H 'Content-Type: text/csv'
expect test "$code" -ge 400
prints "nothing"
post 'import/accounts' "$work/bad.csv"
answers 404
post 'import/account?preview=2' "$work/rows.csv" -H 'Content-Type: text/csv'
answers 200
prints '"items":[{"row":2,"name":"Account 0"'
post 'import/account?rehearse=1' "$work/bad.csv" -H 'Content-Type: text/csv'
prints '"rehearsal":true'

it "goes on after the last row that was committed when a body that broke off is sent again"
before=$(count account)
streams cut 'import/account?name=cut' 9000 9000000
for _ in $(seq 50); do [ "$(count account)" -eq "$before" ] || break; sleep 0.1; done
sleep 1
now=$(($(count account) - before))
expect test "$now" -gt 0
expect test "$now" -lt 9000
python3 -c '
for i in range(9000): print("""{"name":"Account %d","phone":"+49 30 %07d"}""" % (i, i))' >"$work/lines"
post 'import/account?name=cut' "$work/lines" -H 'Content-Type: application/x-ndjson'
answers 200
expect test "$(member resumed)" -eq "$now"
expect test "$(member created)" -eq 9000
expect test "$(($(count account) - before))" -eq 9000

it "takes two at once, and lets nobody hold one up"
streams both 5000
expect test "$(grep -c '"created":5000' "$work/out")" -eq 2
streams feed 'import/account?name=drips' 10 0.1 20
expect grep -qE 'after [2-9] s' "$work/out"
streams feed 'import/account?name=steadily' 40000 0.4 5
prints "after 5 s"

it "loses no more than an import with Ctrl-C when it is killed"
(sleep 1; kill -9 "$server") &
python3 -c '
for i in range(60000): print("""{"name":"Killed %d"}""" % i)' >"$work/lines"
post 'import/account?name=killed' "$work/lines" -H 'Content-Type: application/x-ndjson'
{ wait "$server"; } 2>/dev/null
serve_web
there=$(count "account where name like 'Killed %'")
expect test "$there" -gt 0
expect test "$there" -lt 60000
post 'import/account?name=killed' "$work/lines" -H 'Content-Type: application/x-ndjson'
answers 200
expect test "$(member created)" -eq 60000
expect test "$(member resumed)" -eq "$there"
expect test "$(count "account where name like 'Killed %'")" -eq 60000

stop_server
expect test "$server_code" -eq 0

finish
