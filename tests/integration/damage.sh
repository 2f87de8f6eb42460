#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files that are missing, foreign, cut off or not to be written: one sentence, and nothing is made worse.
. "$(dirname "$0")/lib.bash"
new_company
anna=$(create contact name="Anna Schmidt")
for i in $(seq 20); do create contact name="Person $i" >/dev/null; done
cp kith.db good.db

refuses() { # SENTENCE: every command refuses, and does not touch the file
    before=$(sha256sum kith.db 2>/dev/null)
    for command in "find contact" "get contact $anna" "create contact name=B" log check; do
        # shellcheck disable=SC2086 # the words of a command
        kith $command
        expect test "$code" -ne 0
        expect grep -qF -- "$1" "$work/err" "$work/out"
    done
    expect test "$(sha256sum kith.db 2>/dev/null)" = "$before"
}
restore() { rm -rf kith.db kith.db-wal kith.db-shm && cp good.db kith.db; }

it "refuses a database that is text"
rm -f kith.db*
echo "This is not a database, but it is long enough to look at." >kith.db
refuses "kith.db"
restore

it "refuses an empty database file"
rm -f kith.db*
: >kith.db
refuses "kith.db"
restore

it "refuses a database of another program"
if command -v sqlite3 >/dev/null; then
    rm -f kith.db*
    sqlite3 kith.db 'create table customers (name text)'
    refuses "kith.db"
else
    skip "there is no sqlite3 program"
fi
restore

it "refuses a database that was cut off"
rm -f kith.db*
head -c 30000 good.db >kith.db
kith get contact "$anna"
expect test "$code" -ne 0
expect test -s "$work/err"
restore

it "makes no new database where the old one is missing"
rm -f kith.db*
kith find contact
expect test "$code" -ne 0
one_sentence
expect test ! -e kith.db
restore

it "makes no new company where the database was lost, and says to restore a backup"
kith get contact "$anna" # opens it
rm -f kith.db kith.db-*
for command in "find contact" "init ."; do
    kith $command
    expect test "$code" -ne 0
    one_sentence
    complains "kith restore"
done
rm -f kith.db*
echo "contact $anna 2026-01-01T00:00:00Z" >kith.db.erased
kith init .
exits 1
complains "kith.db.erased"
rm kith.db.erased
mkdir "$work/backups"
: >"$work/backups/kith-20260101-000000.tar"
echo "backup: { dir = \"$work/backups\"; };" >conf.d/backup.conf
kith init .
exits 1
complains "backup.dir"
rm -r conf.d/backup.conf "$work/backups"
expect test ! -e kith.db
restore

it "makes the database of a company whose other files came from a backup"
rm -f kith.db*
kith init .
exits 0
kith find contact
exits 0
prints "No contact"
restore

it "acknowledges nothing that would be written into a database which is removed or replaced while it is served"
serve
mv kith.db "$work/aside.db"
for there in no yes; do
    kith create contact name="Into Nothing"
    exits 5
    one_sentence
    complains "was removed, renamed or replaced"
    cp good.db kith.db
done
rm kith.db
mv "$work/aside.db" kith.db
kith create contact name="Back Again"
exits 0
stop_server
kith find "contact where name = 'Into Nothing' : count()"
prints_exactly 0
kith find "contact where name = 'Back Again' : count()"
prints_exactly 1
restore

it "works again when the good file is back"
kith get contact "$anna"
exits 0
prints "Anna Schmidt"

it "says that it may not write here"
if [ "$(id -u)" -ne 0 ]; then
    run_as() { "$KITH" "$@"; }
elif setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
    cp "$KITH" "$work/kith.program" # the build folder may be closed to others
    run_as() { setpriv --reuid=65534 --regid=65534 --clear-groups "$work/kith.program" "$@"; }
    chmod 755 "$work"
    chown -R 65534:65534 "$work/company"
else
    run_as() { return 99; }
fi
chmod -R a-w "$work/company"
chmod a+rx "$work/company"
last=(create contact "name=B")
run_as create contact name=B >"$work/out" 2>"$work/err"
code=$?
if [ "$code" -eq 99 ]; then
    skip "cannot become another user"
else
    expect test "$code" -ge 1 -a "$code" -le 6
    one_sentence
    run_as init "$work/company/inside" >"$work/out" 2>"$work/err"
    code=$?
    exits 4
    one_sentence
    chmod 0 "$work/company"
    last=(find contact --company "$work/company")
    run_as "${last[@]}" >"$work/out" 2>"$work/err"
    code=$?
    exits 4
    complains "cannot open the company"
    chmod 700 "$work/company"
fi
chmod -R u+w "$work/company"
[ "$(id -u)" -eq 0 ] && chown -R 0:0 "$work/company"

it "knows a killed server's socket from one that is served by another user"
theirs=$(mktemp -d /tmp/kith-theirs-XXXXXX) # the folders above $work may be closed to others
cp "$KITH" "$theirs/program"
mkdir "$theirs/company"
chmod 755 "$theirs" "$theirs/program"
as_other() { # in the company of that user
    last=("$@")
    setpriv --reuid=65534 --regid=65534 --clear-groups "$theirs/program" "$@" >"$work/out" 2>"$work/err"
    code=$?
}
if ! chown 65534:65534 "$theirs/company" 2>/dev/null || ! setpriv --reuid=65534 \
    --regid=65534 --clear-groups "$theirs/program" init "$theirs/company" >/dev/null 2>&1; then
    skip "only root becomes another user"
else
    (cd "$theirs/company" && exec "$KITH" serve 2>"$work/serve.log") &
    server=$!
    servers+=("$server")
    until grep -q 'serve: serving' "$work/serve.log"; do kill -0 "$server" || break; done
    as_other find contact --company "$theirs/company"
    exits 4
    one_sentence
    complains "is served by another user"
    kill -KILL "$server"
    wait "$server" 2>/dev/null
    expect test -S "$theirs/company/kith.sock"
    as_other create contact name=Mine --company "$theirs/company"
    exits 0
    chown 0 "$theirs/company/kith.db.lock"
    as_other find contact --company "$theirs/company"
    exits 4
    one_sentence
    complains "kith.sock' and kith.db.lock belong to another user; run kith as that user or as root"
fi
rm -rf "$theirs"

it "works again when it may write"
kith create contact name=Again
exits 0

it "leaves no half of a file behind when the disk is full"
last=(init "$work/full")
mkfifo "$work/err.pipe"
cat "$work/err.pipe" >"$work/err" &
(
    trap '' XFSZ
    ulimit -f 0
    exec "$KITH" init "$work/full" >/dev/null 2>"$work/err.pipe"
)
code=$?
wait $!
exits 5
one_sentence
expect test -z "$(ls -A "$work/full")"
kith init "$work/full"
exits 0

it "makes a whole company or none when init is killed, and goes on from what is left"
for i in $(seq 20); do
    rm -rf "$work/new"
    "$KITH" init "$work/new" >/dev/null 2>&1 &
    pid=$!
    read -rt "0.0$((RANDOM % 10))" <> <(:)
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    if [ -e "$work/new/kith.db" ]; then
        expect test -s "$work/new/kith.db"
    else
        kith init "$work/new"
        exits 0
    fi
    kith doctor --company "$work/new"
    exits 0
    expect test -z "$(find "$work/new" -name 'kith.db.new*')"
done

it "takes over what a killed init left, and no log of another database"
rm "$work/new/kith.db"
: >"$work/new/kith.db.new"
: >"$work/new/kith.db.lock"
: >"$work/new/kith.db-wal"
kith init "$work/new"
exits 1
one_sentence
complains "kith.db-wal' belongs to a database that is not there"
rm "$work/new/kith.db-wal"
echo "1 open" >"$work/new/kith.db.lock"
kith init "$work/new"
exits 1
one_sentence
complains "had a database before"
: >"$work/new/kith.db.lock"
kith init "$work/new"
exits 0
kith doctor --company "$work/new"
exits 0
kith init "$work/new"
complains "is a company already"

it "says once that its output cannot be written"
for serving in no yes; do
    [ $serving = yes ] && serve
    last=(find contact)
    "$KITH" find contact >/dev/full 2>"$work/err"
    code=$?
    exits 5
    expect grep -q "^kith: the output cannot be written" "$work/err"
    [ $serving = yes ] && stop_server
done

it "says nothing when nobody reads on"
mkfifo gone
exec 5<>gone 6>gone 5<&-
for command in "find contact" "export contact -"; do
    # shellcheck disable=SC2086 # the words of a command
    # shellcheck disable=SC2206 # the words of a command
    last=($command)
    # shellcheck disable=SC2086
    "$KITH" $command >&6 2>"$work/err"
    code=$?
    exits 130
    is_silent
done
exec 6>&-
rm gone

it "survives kill -9 between two commands of a stream"
for i in $(seq 5); do
    "$KITH" create contact name="Killed $i" >created.$i 2>/dev/null &
    pid=$!
    [ "$i" -gt 2 ] && kill -9 "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
done
kith check
exits 0
for i in $(seq 5); do
    [ -s "created.$i" ] || continue # what was not acknowledged may be there or not
    kith find "contact where name = 'Killed $i' : count()"
    prints_exactly 1
done

it "misses the log that was taken away after a crash, and goes on when it is back"
new_company
serve
anna=$(create contact name="Anna Schmidt")
kill -KILL "$server"
wait "$server" 2>/dev/null
mv kith.db-wal "$work/taken"
refuses "kith.db-wal is missing"
kith doctor
exits 5
one_sentence
mv "$work/taken" kith.db-wal
kith get contact "$anna"
exits 0
prints "Anna Schmidt"

it "goes on without that log when it is told to"
serve
create contact name="Lost" >/dev/null
kill -KILL "$server"
wait "$server" 2>/dev/null
rm kith.db-wal
kith find contact
exits 5
rm kith.db.lock
kith find contact
exits 0
kith doctor
exits 0

flip() { # FILE BYTE: turns a bit of it
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    # shellcheck disable=SC2059 # the byte is the format
    printf "\\x$(printf %x $((byte ^ 4)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

it "refuses a log that was damaged after a crash, before what was acknowledged is lost"
new_company
serve
for i in $(seq 12); do create contact name="Person $i" >/dev/null; done
kill -KILL "$server"
wait "$server" 2>/dev/null
cp kith.db-wal "$work/whole"
flip kith.db-wal $(($(stat -c %s kith.db-wal) / 2))
refuses "kith.db-wal is damaged at byte"
kith doctor
exits 5
one_sentence
cp "$work/whole" kith.db-wal
kith find "contact : count()"
prints_exactly 12

it "goes on with what is before the damage when it is told to, and remembers none of the rest"
serve
for i in $(seq 12); do create contact name="Later $i" >/dev/null; done
kill -KILL "$server"
wait "$server" 2>/dev/null
flip kith.db-wal $(($(stat -c %s kith.db-wal) / 2))
kith find contact
exits 5
rm kith.db.lock
serve
create contact name="After" >/dev/null
kill -KILL "$server"
wait "$server" 2>/dev/null
kith find "contact where name = 'After' : count()"
prints_exactly 1
kith doctor
exits 0

it "opens a log whose end a crash has torn"
serve
create contact name="Kept" >/dev/null
kept=$(stat -c %s kith.db-wal)
create contact name="Torn" >/dev/null
kill -KILL "$server"
wait "$server" 2>/dev/null
flip kith.db-wal $((kept + 2000))
kith find "contact where name = 'Kept' : count()"
prints_exactly 1

it "finds the log of a database that is a symbolic link"
new_company
anna=$(create contact name="Anna Schmidt")
mkdir "$work/elsewhere"
mv kith.db "$work/elsewhere/"
ln -s "$work/elsewhere/kith.db" kith.db
serve
create contact name="By Link" >/dev/null
kill -KILL "$server"
wait "$server" 2>/dev/null
kith find "contact where name = 'By Link' : count()"
prints_exactly 1
rm kith.db
mv "$work/elsewhere/kith.db" .

it "opens no database that has two names, for each has a log of its own"
ln kith.db "$work/elsewhere/kith.db"
kith create contact name=Lost
exits 1
one_sentence
complains "2 names"
rm "$work/elsewhere/kith.db"
kith find contact
exits 0

it "does not wait for a pipe that stands among the rules"
mkfifo rules/pipe.lua
kith check
exits 2
expect grep -q "pipe.lua' is not a file" "$work/out" "$work/err"
kith find contact
exits 0
rm rules/pipe.lua

it "asks for no log after an orderly end"
create contact name=B >/dev/null
expect test ! -e kith.db-wal
kith find contact
exits 0
serve
stop_server
kith find contact
exits 0

it "names the record and the remedy of what the doctor finds"
if command -v sqlite3 >/dev/null; then
    cp kith.db good.db
    sqlite3 kith.db "UPDATE contact SET lifecycle = 'gone'"
    kith doctor
    exits 5
    prints "options: contact $anna has a lifecycle that is none of its options; set one of them"
    kith doctor --json
    prints '"check":"options"'
    prints '"remedy":"set one of them"'
    cp good.db kith.db
else
    skip "there is no sqlite3 program"
fi

it "repairs what is kept from records, and names what is left"
if command -v sqlite3 >/dev/null; then
    sqlite3 kith.db "UPDATE contact SET purchases = 7"
    kith doctor
    exits 5
    prints "roll-ups: contact $anna: purchases is not"
    prints "'kith doctor --repair' makes it anew"
    sqlite3 kith.db "UPDATE contact SET lifecycle = 'gone'"
    kith doctor --repair
    exits 5
    prints "roll-ups: every roll-up was computed anew from its records."
    prints "options: contact $anna has a lifecycle that is none of its options; set one of them"
    expect test "$(grep -c "purchases is not" "$work/out")" -eq 0
    cp good.db kith.db
    sqlite3 kith.db "UPDATE contact SET purchases = 7"
    kith doctor --repair --json
    exits 0
    prints_exactly '{"check":"roll-ups","repaired":"every roll-up was computed anew from its records"}'
    kith doctor
    exits 0
    sqlite3 kith.db "UPDATE contact SET purchases = 7"
    serve
    kith doctor --repair
    exits 0
    prints "roll-ups: every roll-up was computed anew from its records."
    stop_server
    kith doctor
    exits 0
else
    skip "there is no sqlite3 program"
fi

it "examines a company that is served, for two at once"
serve
"$KITH" doctor >"$work/other" 2>&1 &
other=$!
kith doctor
exits 0
wait $other
expect test $? -eq 0
expect grep -q "nothing found" "$work/other"
stop_server
expect test -z "$(find . -name '.copy-*')"

finish
