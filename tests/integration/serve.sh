#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A company that is served: every command works as before, through the socket, for several at once.
. "$(dirname "$0")/lib.bash"
new_company
anna=$(create contact name="Anna Schmidt" city=Berlin)
serve

it "makes a socket that only its owner may use"
expect test "$(stat -c %a kith.sock)" = 600
expect grep -q "serving" "$work/serve.log"

it "carries out commands with the same output as without a server"
kith get contact "$anna"
exits 0
prints "Anna Schmidt"
is_silent
kith find "contact where city = 'Berlin'"
exits 0
prints "Anna Schmidt"
kith create contact name="Through the Socket"
exits 0
prints "Created contact"
kith log --limit 1
prints "cli:"

it "gives the same errors and exit codes"
kith get contact 0000000000000
expect test "$code" -eq 2 -o "$code" -eq 3
one_sentence
kith find "contact where citty = 'x'"
exits 3
complains "did you mean 'city'"
kith fnd
exits 2
complains "did you mean"

it "reads and writes files of the client, wherever that is"
mkdir "$work/elsewhere"
printf 'name,city\nJan,Brno\nEva,Praha\n' >"$work/elsewhere/people.csv"
cd "$work/elsewhere" || exit 1
kith import contact people.csv --company "$work/company"
exits 0
prints "created      2"
kith export "contact where city = 'Brno'" out.csv --company "$work/company"
exits 0
expect grep -q "Jan" out.csv
kith import contact missing.csv --company "$work/company"
exits 3
complains "No such file"
cd "$work/company" || exit 1

it "takes standard input through the socket"
printf 'name,city\nUte,Graz\n' | { kith_stdin import contact - && exits 0; exits 0; }
kith find "contact where city = 'Graz'"
prints "Ute"

it "streams a large import and a large export"
{
    echo "name,city"
    for i in $(seq 20000); do echo "Many $i,Wien"; done
} >many.csv
kith import contact many.csv
exits 0
prints "20000"
kith find "contact where city = 'Wien' : count()"
prints_exactly 20000
kith export "contact where city = 'Wien'" --fields name
exits 0
prints_lines 20001

it "stops quietly when nobody reads any more"
"$KITH" find "contact where city = 'Wien'" --csv 2>"$work/err" | head -n 3 >"$work/out"
prints_lines 3
is_silent
kith find "contact : count()"
exits 0

it "rehearses an import on a copy while it serves"
kith import contact many.csv --key name --rehearse
exits 0
prints "nothing was kept"
kith find "contact where city = 'Wien' : count()"
prints_exactly 20000

it "serves several at once, and loses nothing"
for client in 1 2 3 4; do
    (for i in $(seq 15); do "$KITH" create contact "name=Client $client $i" city=Linz >/dev/null || echo failed; done) \
        >"$work/client.$client" 2>&1 &
    clients[client]=$!
done
wait "${clients[@]}"
expect test ! -s "$work/client.1" -a ! -s "$work/client.2" -a ! -s "$work/client.3" -a ! -s "$work/client.4"
kith find "contact where city = 'Linz' : count()"
prints_exactly 60

it "ends a command on Ctrl-C, and goes on serving"
mkfifo slow
"$KITH" import contact slow --format csv --json >"$work/out" 2>"$work/err" &
client=$!
exec 3>slow # opened once the server reads it
printf 'name\nSlow\n' >&3
kill -INT "$client"
wait "$client"
code=$?
exec 3>&-
exits 130
complains '{"code":"interrupted","field":null,"message":'
kith find "contact : count()"
exits 0

it "is not harmed by a client that is killed"
"$KITH" find "contact" --json >/dev/null &
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
kith find "contact : count()"
exits 0

it "lets no second process own the company"
kith serve
exits 6
complains "already"
one_sentence
kith check
exits 0

it "runs rules and reactions while it serves"
stop_server
cat >rules/welcome.lua <<'RULE'
on("contact.created", function(contact) create("task", { title = "Welcome " .. contact.name, about = contact }) end)
RULE
serve
kith create contact name="Ruled In"
exits 0
for _ in $(seq 600); do # reactions follow when they are due, not before the answer
    kith find "task where title = 'Welcome Ruled In' : count()"
    [ "$(cat "$work/out")" = 1 ] && break
    sleep 0.05
done
prints_exactly 1

it "finishes on SIGTERM and leaves no socket behind"
stop_server
expect test "$server_code" -eq 0
expect test ! -e kith.sock
expect grep -q "stopped" "$work/serve.log"
kith find "contact where name = 'Ruled In' : count()"
prints_exactly 1

it "recognises a socket that a killed server left behind"
serve
kill -9 "$server"
{ wait "$server"; } 2>/dev/null
expect test -S kith.sock
kith find "contact where name = 'Ruled In' : count()"
exits 0
prints_exactly 1
serve
kith find "contact where name = 'Ruled In' : count()"
exits 0
stop_server

it "serves a company whose path is long"
deep=$work/$(printf 'a-rather-long-name-of-a-folder/%.0s' 1 2 3 4 5)
mkdir -p "$deep"
"$KITH" init "$deep/company" >/dev/null
cd "$deep/company" || exit 1
serve
kith create contact name="Far Down"
exits 0
expect test -S kith.sock
stop_server
cd "$work/company" || exit 1

it "begins to serve when the command that has the company open ends"
mkfifo held
"$KITH" import contact held --format csv >"$work/out" 2>&1 &
one=$!
exec 3>held
: >"$work/serve.log"
(until grep -q "waiting for its end" "$work/serve.log"; do sleep 0.05; done; exec 3>&-) &
exec 3>&-
serve
expect grep -q "serving" "$work/serve.log"
wait "$one"
stop_server

crowd=$(create contact name=Crowd)
it "lets 150 clients that come at once have their turn"
serve
clients=()
for i in $(seq 150); do
    "$KITH" create note about="contact/$crowd" title="Client $i" body=Hello >/dev/null 2>>"$work/err" &
    clients+=($!)
done
for client in "${clients[@]}"; do wait "$client" || fail "a client was sent away"; done
kith find "note where title like 'Client %' : count()"
prints_exactly 150
stop_server

it "does not let a client that reads nothing hold a change of the types up"
seq 4000 | sed 's/.*/{"name":"Reader &","email":"reader&@example.org","city":"Leipzig"}/' >many.jsonl
"$KITH" import contact many.jsonl >/dev/null
serve
mkfifo unread
exec 4<>unread # open, and nobody reads
"$KITH" find "contact where city = 'Leipzig'" --json --limit 4000 >unread 2>"$work/slow" &
slow=$!
until grep -q . < <(timeout 5 head -c 1 <&4); do :; done # its output has begun
begun=$(date +%s)
kith type add visit --title name
exits 0
prints "The type visit is added."
expect test $(($(date +%s) - begun)) -lt 15
cat <&4 >/dev/null &
drain=$!
wait "$slow"
expect test $? -ne 0
kill "$drain"
exec 4>&-
expect grep -q "cut the command off for another one" "$work/slow"
expect grep -q "reads nothing of what it asked for" "$work/serve.log"
kith find visit
exits 0
stop_server
rm unread many.jsonl

it "works two at a time without a server"
"$KITH" create contact name="First of two" city=Ulm >"$work/one" 2>&1 &
one=$!
"$KITH" create contact name="Second of two" city=Ulm >"$work/two" 2>&1
expect test $? -eq 0
wait "$one"
expect test $? -eq 0
kith find "contact where city = 'Ulm' : count()"
prints_exactly 2

it "has run the reactions when a command without a server ends"
kith create contact name="One Shot"
exits 0
kith find "task where title = 'Welcome One Shot' : count()"
prints_exactly 1

it "goes on answering when its files may grow no more"
new_company
limit=$(($(stat -c %s kith.db) / 512))
(ulimit -f "$limit" && exec "$KITH" serve 2>>"$work/small.log") &
server=$!
servers+=("$server")
for _ in $(seq 600); do [ -S kith.sock ] && break || sleep 0.05; done
yes "Somebody,Berlin" | head -n 20000 | sed '1s/.*/name,city/' >"$work/many.csv"
kith import contact "$work/many.csv"
expect test "$code" -ne 0
kith find "contact : count()"
exits 0
expect kill -0 "$server"
stop_server

finish
