#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Answers and bodies of any length: exports, imports, and who breaks them off, holds them up, or
# sends and reads them in drips.
. "$(dirname "$0")/web.bash"

new_web_company 'idle_timeout = "2s"; streams = 4;'
if "$KITH" module enable sales >/dev/null 2>&1; then
    kith create segment name=won query="contact where exists(lead.contact where state = 'converted')"
    kith create segment name=near query="contact where in_segment('won') or city = 'Bonn'"
    kith module disable sales
    unsettled=1
fi
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

if [ -n "${unsettled-}" ]; then
    it "says that one is not exact before it begins"
    api GET "export?q=contact%20where%20in_segment('near')"
    answers 200
    answers_header "kith-inexact: segment 'near' is being worked out: the answer may have too few or too many"
    "$KITH" delete segment --where "name in ('near', 'won')" >/dev/null
fi

it "says what is wrong with one before it begins"
api GET export
answers 400
prints '"field":"q"'
prints "?q= is missing"
api GET 'export?q=contacts'
answers 400
prints '"field":"q"'
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
streams again 40
prints "80 ['HTTP/1.1 200']"
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
port=$(listening http)
api GET 'export?q=contact'
answers 200

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
below "$((after - before))" 60000
echo "# imported 100000 rows in $took ms; memory $before kB before, $after kB after"
run=$(json_text run <"$work/out")
begun=$(date +%s%N)
api GET 'export?q=account&fields=name,phone&format=csv'
took=$((($(date +%s%N) - begun) / 1000000))
expect test "$(wc -l <"$work/out")" -eq 100001
echo "# exported them in $took ms; memory $(rss) kB"
below "$(($(rss) - after))" 20000
api POST "undo/$run?rehearse=1"
answers 200

it "packs what is long for those that take it so, and knows its tag again"
raw() { curl -s -o "$work/out" -D "$work/head" -H "Authorization: Bearer $token" "$@" 2>"$work/err"; }
heads() { grep -qiE "^$1" "$work/head" || fail "expected the header $1; got $(tr -d '\r' <"$work/head" | tr '\n' '|')"; }
list="http://127.0.0.1:$port/api/v1/account?limit=50"
raw "$list"
cp "$work/out" "$work/whole"
heads 'vary: accept-encoding'
raw "$list" -H 'Accept-Encoding: br;q=1, gzip;q=0.5'
heads 'content-encoding: gzip'
expect test "$(stat -c %s "$work/out")" -lt "$(($(stat -c %s "$work/whole") / 2))"
gunzip -c <"$work/out" | cmp - "$work/whole" || fail "unpacked it is another"
for no in 'gzip;q=0' 'identity' 'br, *;q=0'; do
    raw "$list" -H "Accept-Encoding: $no"
    cmp "$work/out" "$work/whole" || fail "was packed for $no"
done
kith create note about="account/$(json_text id <"$work/whole")" body="$(head -c 3000 /dev/zero | tr '\0' x)" --json
note=$(json_text id <"$work/out")
raw "http://127.0.0.1:$port/api/v1/note/$note" --compressed
prints '"body":"xxx'
tag=$(sed -n 's/^ETag: \(.*\)\r$/\1/pI' "$work/head")
heads 'etag: "[0-9a-f]*-[0-9a-f]*-gzip"'
api GET "note/$note" "" "If-None-Match: $tag"
answers 304
api PATCH "note/$note" '{"title":"Packed"}' "If-Match: $tag"
answers 200
api PATCH "note/$note" '{"title":"Late"}' "If-Match: $tag"
answers 412
raw "http://127.0.0.1:$port/api/v1/export?q=account&fields=name,phone&format=csv" --compressed
heads 'content-encoding: gzip'
heads 'transfer-encoding: chunked'
expect test "$(wc -l <"$work/out")" -eq 100001

it "takes a body that is packed, and no bomb"
printf '{"name":"Packed one"}\n' | gzip >"$work/one.gz"
printf '{"name":"Packed two"}\n' | gzip >>"$work/one.gz"
post 'import/account?name=packed' "$work/one.gz" -H 'Content-Type: application/x-ndjson' -H 'Content-Encoding: gzip'
answers 200
expect test "$(member created)" -eq 2
head -c 30 "$work/one.gz" >"$work/cut.gz"
post 'import/account?name=cutgz' "$work/cut.gz" -H 'Content-Type: application/x-ndjson' -H 'Content-Encoding: gzip'
expect test "$code" -ge 400
prints "in the midst of its gzip"
post 'import/account?name=nogz' "$work/rows.csv" -H 'Content-Type: text/csv' -H 'Content-Encoding: gzip'
expect test "$code" -ge 400
prints "said to be gzip, and is not"
post 'import/account' "$work/one.gz" -H 'Content-Encoding: br'
answers 415
python3 -c '
import gzip, sys
line = b"{\"name\":\"%s\"}\n" % (b"x" * 50)
sys.stdout.buffer.write(gzip.compress(b" " * (1 << 25), 9) * 60)' >"$work/bomb.gz"
post 'import/account?name=bomb' "$work/bomb.gz" -H 'Content-Type: application/x-ndjson' -H 'Content-Encoding: gzip'
expect test "$code" -ge 400
below "$(rss)" 200000

it "keeps the bytes of a file, and gives them as they are, or a range of them"
ada=$("$KITH" find "contact where last_name = 'Lovelace'" --fields id --csv | tr -d '\r' | tail -n 1)
head -c 500000 /dev/urandom >"$work/bytes"
post "contact/$ada/files?name=Pr%C3%BCfung%20%22x%22%0A.png&kind=photo" "$work/bytes" -H 'Content-Type: image/png'
answers 201
file=$(json_text id <"$work/out")
post "contact/$ada/files?name=again.png&kind=photo" "$work/bytes" -H 'Content-Type: image/png'
answers 200
expect test "$(json_text id <"$work/out")" = "$file"
api GET "file/$file"
prints '"size":500000'
content="http://127.0.0.1:$port/api/v1/file/$file/content"
raw "$content" --compressed
cmp "$work/out" "$work/bytes" || fail "other bytes"
heads 'content-type: image/png'
heads 'content-length: 500000'
heads 'x-content-type-options: nosniff'
heads "content-security-policy: default-src 'none'; sandbox"
heads "content-disposition: inline; filename\*=UTF-8''Pr%C3%BCfung%20%22x%22%0A.png"
tag=$(sed -n 's/^ETag: \(.*\)\r$/\1/pI' "$work/head")
ranged() { # RANGE FROM COUNT CONTENT-RANGE
    raw "$content" -H "Range: bytes=$1" "${@:5}"
    heads 'HTTP/1.1 206'
    heads "content-range: bytes $4"
    tail -c "+$(($2 + 1))" "$work/bytes" | head -c "$3" | cmp - "$work/out" || fail "other bytes in $1"
}
ranged 0-9 0 10 0-9/500000
ranged 196600-196700 196600 101 196600-196700/500000
ranged 499990- 499990 10 499990-499999/500000
ranged -5 499995 5 499995-499999/500000
ranged 100-9999999 100 499900 100-499999/500000 -H "If-Range: $tag"
raw "$content" -H 'Range: bytes=5-9' -H 'If-Range: "other"'
heads 'HTTP/1.1 200'
raw "$content" -H 'Range: bytes=500000-'
heads 'HTTP/1.1 416'
heads 'content-range: bytes \*/500000'
raw "$content" -H 'Range: bytes=9-5'
heads 'HTTP/1.1 200'
raw "$content" -H "If-None-Match: $tag"
heads 'HTTP/1.1 304'
raw "$content" -I
heads 'content-length: 500000'
printf '<script>alert(1)</script>' >"$work/page"
post "contact/$ada/files?name=page.html" "$work/page" -H 'Content-Type: text/html; charset=utf-8'
answers 201
raw "http://127.0.0.1:$port/api/v1/file/$(json_text id <"$work/out")/content"
heads 'content-disposition: attachment'
heads "content-security-policy: default-src 'none'; sandbox"
head -c 11000000 /dev/zero >"$work/large"
post "contact/$ada/files?name=large" "$work/large"
answers 413
prints "it is larger than"
prints "larger than 10485760 bytes"
post "contact/$ada/files" "$work/page"
expect test "$code" -ge 400
prints "?name="
post "contact/$ada/files?name=form" "$work/page" -H 'Content-Type: multipart/form-data; boundary=x'
answers 415
kith create role name=reader rights='{"types": {"account": {"read": "all"}}}'
kith user add eve --role reader
token=$(new_token eve)
raw "$content"
heads 'HTTP/1.1 40[34]'
token=$root

it "refuses what was imported before, and says what is wrong with a body"
post 'import/account?map=Name=name' "$work/rows.csv" -H 'Content-Type: text/csv'
answers 409
for type in multipart/form-data application/x-www-form-urlencoded application/zip; do
    post 'import/account' "$work/rows.csv" -H "Content-Type: $type; boundary=x"
    answers 415
    prints "text/csv, application/x-ndjson or text/vcard"
    prints '"field":"Content-Type"'
done
post 'import/account?format=csv' "$work/rows.csv" -H 'Content-Type: multipart/form-data; boundary=x'
answers 415
printf 'Name,Size\nSteel,many\n,3\n' >"$work/bad.csv"
post 'import/account' "$work/bad.csv" -H 'Content-Type: text/csv'
answers 422
prints '"report":{'
prints '"rejected":2'
post 'import/account?skip_lines=x' "$work/bad.csv" -H 'Content-Type: text/csv'
answers 400
prints '"field":"skip_lines"'
post 'import/account?skip-lines=1' "$work/bad.csv" -H 'Content-Type: text/csv'
answers 400
post 'import/account?key=nothing' "$work/bad.csv" -H 'Content-Type: text/csv'
expect test "$code" -ge 400
prints "nothing"
post 'import/accounts' "$work/bad.csv" -H 'Content-Type: text/csv'
answers 404
post 'import/account?preview=2' "$work/rows.csv" -H 'Content-Type: text/csv'
answers 200
prints '"items":[{"row":2,"name":"Account 0"'
post 'import/account?rehearse=1' "$work/bad.csv" -H 'Content-Type: text/csv'
prints '"rehearsal":true'
printf 'Name,Size\nSteel,7\n' >"$work/good.csv"
post 'import/account?rehearse=1' "$work/good.csv" -H 'Content-Type: text/csv'
answers 200
prints ',"effects":[{"effect":"create","type":"account","count":1,"by":null}]}'
python3 -m json.tool <"$work/out" >"$work/object" || fail "not one JSON value"

it "goes on after the last row that was committed when a body that broke off is sent again"
before=$(count account)
streams cut 'import/account?name=cut' 9000 9000000
rows=$before # until it is seen that it broke off, and no more are written
for _ in $(seq 50); do
    sleep 1
    [ "$rows" -eq "$before" ] || [ "$rows" -ne "$(count account)" ] || break
    rows=$(count account)
done
python3 -c '
for i in range(9000): print("""{"name":"Account %d","phone":"+49 30 %07d"}""" % (i, i))' >"$work/lines"
post 'import/account?name=cut' "$work/lines" -H 'Content-Type: application/x-ndjson'
answers 200
expect test "$(member resumed)" -gt 0
expect test "$(member resumed)" -lt 9000
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
python3 -c '
for i in range(60000): print("""{"name":"Killed %d"}""" % i)' >"$work/lines"
kill_when_begun() {
    for _ in $(seq 300); do [ "$(count "account where name like 'Killed %'")" -eq 0 ] || break; done
    kill -9 "$server"
}
kill_when_begun &
killer=$!
post 'import/account?name=killed' "$work/lines" -H 'Content-Type: application/x-ndjson'
wait "$killer"
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
