#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What one client may not take from the others, nor be believed in.
. "$(dirname "$0")/people.bash"

new_web_company 'idle_timeout = "10s"; streams = 4;'
kith create role name=reader rights='{"types": {"account": {"read": "all"}}}'
kith create role name=seller rights='{"types": {"account": {"create": "own", "read": "all", "update": "all"}}}'
kith user add eve --role reader
kith user add eva --role reader
kith user add sal --role seller
kith user add sam --role seller
eve=$(new_token eve) eva=$(new_token eva) sal=$(new_token sal) sam=$(new_token sam)
steel=$("$KITH" create account name=Steel --json | json_text id)
serve_web
guarded() { # WHAT [ARGUMENT ...]
    last=(guarded "$@")
    python3 "$here/guarded.py" "$port" "$@" >"$work/out" 2>"$work/err"
    code=$?
}

it "reads nothing of who may not write it, so that slow ones take no place"
guarded uploads "account/$steel/files?name=a" "$root" "$eve" "$eve" "$eva" "$eva"
prints "other 200"
guarded uploads import/account "$root" "$eve" "$eve" "$eva" "$eva"
prints "other 200"

it "leaves half of the places to others, however many one user asks for"
guarded uploads "account/$steel/files?name=a" "$sam" "$sal" "$sal" "$sal" "$sal"
prints "other 200"
prints "held nothing nothing 503 503"

it "takes nobody for one of this computer who asks by another name, or through somebody"
token=
watches() { # STATUS [HEADER ...]
    api GET /metrics "" "${@:2}"
    answers "$1"
    api POST session '{"login":"sal","password":""}' "$json" "${@:2}"
    if [ "$1" = 200 ]; then expect test "$code" -ne 403; else answers 403; fi
}
watches 200
for host in "localhost:$port" "LOCALHOST" "[::1]:$port" "127.0.0.1"; do watches 200 "Host: $host"; done
for host in "evil.example:$port" "localhost.evil.example" "127.0.0.1.evil.example" "127.1" "[evil.example]" ""; do
    watches 401 "Host: $host"
done
for sign in "Via: 1.1 cache" "X-Real-IP: 203.0.113.9" "X-Forwarded-Proto: https" "X-Forwarded-Host: localhost" \
    "Forwarded: proto=https" "CF-Connecting-IP: 203.0.113.9"; do
    watches 401 "$sign"
done

it "keeps no row of an import that is longer than a record may be"
token=$root
python3 -c 'print("{\"name\": \"%s\"}" % ("x" * 3000000))' >"$work/long"
bring() { # FILE TYPE [ARGUMENTS]
    code=$(curl -s -o "$work/out" -w '%{http_code}' -H "Authorization: Bearer $root" -H "Content-Type: $2" \
        --data-binary "@$1" "http://127.0.0.1:$port/api/v1/import/account?name=${1##*/}${3-}")
}
bring "$work/long" application/x-ndjson
answers 413
prints "line 1 is longer than 1048576 bytes"
(printf '[' && cat "$work/long" && printf ']') >"$work/array"
bring "$work/array" application/json
answers 413
(echo name && tail -c 2000000 "$work/long") >"$work/rows"
bring "$work/rows" text/csv
prints '"rejected":1'
prints "the row is longer than the limit"

it "holds no more of an import at once because its rows are wide, or put together"
peak() { sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$server/status"; }
before=$(peak)
python3 -c 'print("name,city"); print(("," * 1000000 + "\n") * 40, end="")' >"$work/wide"
bring "$work/wide" text/csv
answers 200
python3 -c 'print("name,L"); print("a," + "x" * 900000)' >"$work/rows"
bring "$work/rows" text/csv "&map=website:=$(printf '%%7BL%%7D%.0s' $(seq 1000))"
answers 422
prints "what is put together of cells is longer than the 1048576 bytes"
below "$(peak)" $((before + 200000))

it "reads no more of long records at once than it can answer, and each field once"
python3 -c 'print("name,shipping_street"); [print("l%d,%s" % (i, "a" * 900000)) for i in range(60)]' >"$work/rows"
bring "$work/rows" text/csv
answers 200
run=$(json_text run <"$work/out")
echo 5 >"/proc/$server/clear_refs" # the peak is what it has now
before=$(peak)
api GET "account?limit=200&fields=name&q=shipping_street%20is%20not%20null"
answers 200
expect test "$(grep -o '"l[0-9]*"' "$work/out" | wc -l)" -eq 60
below "$(peak)" $((before + 35000))
for path in "account/$steel?fields=name,name" "account?fields=name,name" "export?q=account&fields=name,name"; do
    api GET "$path"
    answers 400
    prints "'name' is named twice in the list of fields"
done

it "leaves a thread to others, however many slow questions one user asks, and tells of no file"
slow=$(printf 'shipping_street%%20like%%20%%27%%25a%d%%25%%27%%20or%%20' $(seq 100))
guarded slow "account?q=${slow}name=%27x%27" "$eva" "$eve" "$eve" "$eve" "$eve"
prints "other 200 soon"
prints "the query took longer than allowed"
prints_not "kith.db"
api POST "undo/$run" # though the slow ones go on
answers 200

it "has nobody wait for events because the condition of somebody else takes long"
slow=$(printf 'shipping_street%%20like%%20%%27%%25a%d%%25%%27%%20or%%20' $(seq 160))name=%27x%27
guarded listen "$slow" "$sal" "$eva"
prints "told soon"
prints "condition"
token=$sal
api GET "events?topic=account.created&q=name=%27x%27"
answers 429
prints "a condition of yours took too long"
answers_header "Retry-After: 30"
token=$root
for id in $("$KITH" find "account where shipping_street is not null" --fields id --csv | tail -n +2); do kith delete account "$id"; done

it "lets nobody in as a user who is blocked, by whatever they had, and lets them in again"
kith user add anna --role seller
anna=$(new_token anna)
id=$("$KITH" find "user where login = 'anna'" --json | json_text id)
echo "correct horse battery" | "$KITH" user password anna >/dev/null
sign_in anna "correct horse battery"
answers 201
in_session GET account
answers 200
token=$anna
api GET account
answers 200
token=$sal
api PATCH "user/$id" '{"blocked":true}'
expect test "$code" -ge 403
token=$anna
api PATCH "user/$id" '{"blocked":true}'
expect test "$code" -ge 403
token=$root
api PATCH "user/$("$KITH" find "user where login = 'root'" --json | json_text id)" '{"blocked":true}'
answers 422
prints "you cannot block yourself"
kith create task title=Stays assignee="$id"
python3 "$here/guarded.py" "$port" follow "$anna" >"$work/followed" 2>&1 &
follower=$!
until_lines "$work/followed" 1
api PATCH "user/$id" '{"blocked":true}'
answers 200
wait "$follower"
expect grep -qx "ended in time" "$work/followed"
kith session list --of anna
prints_not anna
in_session GET account
answers 401
for path in GET:account GET:events POST:/mcp POST:import/account GET:session; do
    token=$anna
    api "${path%%:*}" "${path#*:}"
    answers 401
    prints "'anna' is blocked"
done
sign_in anna "correct horse battery"
answers 401
prints "'anna' is blocked"
kith find "task where assignee = '$id'"
prints Stays
kith update user "$id" blocked=false
token=$anna
api GET account
answers 200
in_session GET account
answers 401
sign_in anna "correct horse battery"
answers 201

it "goes by where each request of a session comes from"
https='X-Forwarded-Proto: https'
kith update role "$("$KITH" find "role where name = 'seller'" --json | json_text id)" zone=extranet
stop_server
echo 'web: { grant = ["serve:users"]; listen = ["127.0.0.1:0"]; trusted_proxies = ["127.0.0.1"]; max_under_way = 2; address = "https://crm.example.org"; intranet = ["10.0.0.0/8"]; extranet = ["192.0.2.0/24"]; };' >conf.d/web.conf
serve_web
sign_in anna "correct horse battery" "" "$https" "X-Forwarded-For: 10.1.2.3"
answers 201
for from in 10.1.2.3:200 192.0.2.7:200 203.0.113.9:404 10.1.2.3:200; do
    in_session GET "account/$steel" "" "$https" "X-Forwarded-For: ${from%:*}"
    answers "${from#*:}"
done

it "takes no more at once from one address behind a proxy than from others"
for pair in "203.0.113.9 203.0.113.10" "2001:db8::1 2001:db8:0:1::1"; do
    # shellcheck disable=SC2086 # two addresses
    guarded behind $pair "$root"
    prints "third 429"
    prints "other 200"
    prints "later 200"
done
guarded behind 'x", ' 203.0.113.10 "$root"
prints "third 429"

it "counts one behind a proxy on this computer, who asks by its name, as one of it"
token=
api GET /metrics "" "X-Forwarded-For: 127.0.0.1" "Host: crm.example.org"
answers 200
api GET /metrics "" "X-Forwarded-For: 127.0.0.1" "Host: crm.example.com"
answers 401

stop_server
expect test "$server_code" -eq 0

finish
