#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The backups that the settings ask for: made, read again, rotated and listed; and what is said when
# they fail. A server makes them by itself.
. "$(dirname "$0")/lib.bash"
new_company
store=$work/store
mkdir "$store"
plan() { # LINE...: of the group backup
    mkdir -p conf.d
    printf 'backup = { dir = "%s"; %s };\n' "$store" "$*" >conf.d/backup.conf
}
files() { find "$store" -name '*.tar*' -printf '%f\n' | sort; }
nothing_left() { expect test -z "$(find "$work" -name '.copy-*' -o -name '*.part')"; }
a_second() { read -rt 1.1 <> <(:); } # names of backups have seconds

it "makes none without being asked"
kith backup run
exits 2
complains "the settings name no folder for backups: backup.dir"
kith backup list
exits 2

it "makes the first in full, and then what has changed, reading each again"
plan 'every = "6h";'
kith backup list
exits 0
prints "There is none in '$store'"
prints "The next one is due now"
kith backup run
exits 0
prints "in full, and read it again"
expect test "$(files | grep -c full)" = 1
a_second
kith create contact name="Anna Schmidt"
kith backup run --json
exits 0
prints '"base":"'
expect test "$(files | grep -c changes)" = 1
kith backup list
exits 0
prints_lines 4
prints "The next one is due at"
kith backup list --json
prints_lines 2
expect test "$(grep -c '"verified":"20' "$work/out")" = 2
kith restore "$store"/kith-*.tar "$work/r1"
exits 0
expect test "$("$KITH" find "contact : count()" --company "$work/r1")" = 1
kith backup verify "$store"/kith-*.tar
exits 0
kith check
exits 0

it "makes a full one when the last is too old, when told, and when its base is damaged or gone"
plan 'full_every = "1s";'
a_second
kith backup run
prints "in full"
plan 'full_every = "7d";'
a_second
kith backup run
prints "what has changed"
a_second
kith backup run --full
prints "in full"
newest=$store/$(files | tail -n 1)
block=$(tar -tvRf "$newest" | sed -n 's/^block \([0-9]*\): .*kith.blocks$/\1/p')
printf 'XXXX' | dd of="$newest" bs=1 seek=$(((block + 1) * 512 + 100)) conv=notrunc status=none
a_second
kith backup run
exits 0
prints "in full"
rm -f "$store"/*
kith backup run
prints "in full"

it "looks at what it would be based on, says that it is damaged, and is based on it no more"
plan 'keep = { last = 2; };'
rm -f "$store"/*
kith backup run
full=$store/$(files)
a_second
kith backup run
prints "what has changed"
printf 'XXXX' | dd of="$full" bs=1 seek=400000 conv=notrunc status=none
a_second
kith backup run
exits 0
prints "in full"
kith backup list
prints "damaged"
prints "its base is damaged"
kith backup list --json
prints '"fault":"damaged"'
expect test "$(grep -c '"fault":null' "$work/out")" = 1
kith check
exits 2
prints "2 backups cannot be restored"
for _ in 1 2; do
    a_second
    kith backup run
    prints "what has changed"
done
expect test "$(files | wc -l)" = 5 # a full one and two of changes, and what is broken
kith restore "$store"/*changes.tar "$store"/*full.tar "$work/after"
exits 0
# Bits go without a word, too: once a day all of it is read.
good=$(ls -t "$store"/*full.tar | head -n 1)
touch -r "$good" "$work/then"
printf 'XXXX' | dd of="$good" bs=1 seek=400000 conv=notrunc status=none
touch -r "$work/then" "$good"
a_second
kith backup run
prints "what has changed"
sed -i '/"damaged"/,$!s/"20[0-9-]*T/"2026-01-01T/' "$store/state.json"
a_second
kith backup run
prints "in full"
rm "$full" "$good" "$store"/*changes.tar
kith check
exits 0

it "says which were backups once and are none any more, through the next run"
rm -f "$store"/*
kith backup run
a_second
kith backup run --full
first=$store/$(files | head -n 1)
printf 'XXXX' | dd of="$first" bs=1 seek=600 conv=notrunc status=none
kith backup list
prints "'$(basename "$first")' was a backup once, and is none any more"
kith check
exits 2
prints "1 backup cannot be restored, first '$(basename "$first")'"
a_second
kith backup run
exits 0
kith check
exits 2
rm "$first"
kith check
exits 0

it "removes what is not kept, and nothing that one that is kept is based on"
plan 'keep = { last = 2; daily = 0; weekly = 0; monthly = 0; };'
rm -f "$store"/*
for i in 1 2 3; do
    kith backup run
    exits 0
    a_second
done
expect test "$(files | wc -l)" = 3
kith backup run --full
expect test "$(files | wc -l)" = 4
a_second
kith backup run
prints "3 older ones removed"
expect test "$(files | wc -l)" = 2
kith backup verify "$store"/kith-*.tar
exits 0

it "touches nothing that is not its own"
"$KITH" init "$work/other" >/dev/null
mkdir "$work/other/conf.d" 2>/dev/null
cp conf.d/backup.conf "$work/other/conf.d/"
kith backup run --company "$work/other"
exits 0
touch "$store/kith-notes.tar" "$store/diary.txt"
cp "$store/$(files | head -n 1)" "$store/mine.tar"
a_second
kith backup run --full
a_second
kith backup run --full
exits 0
expect test -e "$store/kith-notes.tar" -a -e "$store/diary.txt" -a -e "$store/mine.tar"
kith backup list --company "$work/other" --json
prints_lines 1
prints '"verified":"2' # one state for both
kith check
exits 0
rm "$store/kith-notes.tar"

it "removes nothing good when it fails, says so, and gets over it"
before=$(files)
mv rules rules.away
ln -s /nowhere rules
cp conf.d/backup.conf conf.d/z.conf && truncate -s 17M conf.d/z.conf.txt
kith backup run
expect test "$code" -ne 0
rm rules conf.d/z.conf.txt conf.d/z.conf
mv rules.away rules
expect test "$(files)" = "$before"
nothing_left
kith backup list
prints "failed:"
kith check
exits 2
prints "the last backup failed"
a_second
kith backup run
exits 0
kith check
exits 0

it "says that the folder is not there, and does not make it"
mv "$store" "$store.away"
kith backup run
exits 3
complains "the folder for backups '$store' is not there: make it, or mount it"
expect test ! -e "$store"
kith check
exits 2
prints "cannot open the folder for backups"
mv "$store.away" "$store"

it "says when the last good one is too old"
plan 'every = "1m"; keep = { last = 9; };'
rm -f "$store"/*
kith backup run
touch "$work/marker"
kith check
exits 0
name=$(files)
# As if it had been made a day ago: its time stands in the manifest.
tar -xOf "$store/$name" manifest.json >"$work/manifest"
old=$(sed -n 's/.*"made": "\([^"]*\)".*/\1/p' "$work/manifest")
sum=$(told_sum "$work/manifest")
sed -i "s/$old/2026-01-01T00:00:00.000Z/" "$work/manifest"
LC_ALL=C sed -i "s/$old/2026-01-01T00:00:00.000Z/; s/$sum/$(sum_of "$work/manifest")/" "$store/$name"
kith check
exits 2
prints "the last backup is of 2026-01-01 01:00:00, though one is asked for every 1m"

it "refuses a time that is none"
for every in soon 3s "61 * * * *"; do
    plan "every = \"$every\";"
    kith check
    exits 2
    prints "'$every' is neither a time of at least a minute"
done
plan 'every = "30 3 * * *";'
kith check
expect grep -qv "neither" "$work/out"

it "says that there is no room before it writes, and keeps what is there"
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    plan 'every = "1m"; keep = { last = 1; };'
    cat >"$work/small.sh" <<'SCRIPT'
mount -t tmpfs -o size=4000k none "$1" || exit 99
"$2" backup run --full || exit 1
read -rt 1.1 <> <(:)
"$2" backup run --full || exit 1
head -c 1800k /dev/zero >"$1/filler"
before=$(ls "$1")
read -rt 1.1 <> <(:)
"$2" backup run --full 2>"$3/err"; echo "run $?"
[ "$before" = "$(ls "$1" | grep -v state.json.part)" ] && echo "nothing lost"
"$2" backup verify "$1"/kith-*.tar >/dev/null && echo "still whole"
"$2" check | grep -c "last backup failed"
rm "$1/filler"
"$2" backup run --full >/dev/null && echo "goes on"
"$2" check >/dev/null && echo "and well"
SCRIPT
    unshare -m bash "$work/small.sh" "$store" "$KITH" "$work" >"$work/out" 2>"$work/err2"
    code=$?
    if [ "$code" -eq 99 ]; then
        skip "cannot mount a small disk"
    else
        expect grep -qxF "run 5" "$work/out"
        for line in "nothing lost" "still whole" "1" "goes on" "and well"; do expect grep -qxF "$line" "$work/out"; done
        complains "the backup needs"
        complains "make room there"
    fi
else
    skip "cannot mount a small disk"
fi

it "is for administrators alone"
plan 'every = "1m"; keep = { last = 3; };'
create role name=clerk rights='{"types": {"contact": {"read": "all"}}}' >/dev/null
kith user add anna --name Anna --role clerk
token=$("$KITH" token add anna --json | json_text token)
KITH_TOKEN=$token kith find contact
exits 0
for command in run list; do
    KITH_TOKEN=$token kith backup $command
    exits 4
done
KITH_TOKEN=$token kith backup "$work/x.tar"
exits 4

it "is restored by the name of its folder and all that is in it"
kith restore "$store"/* "$work/all"
exits 0
kith backup verify "$store"/*
exits 0

it "is made by a server when it is due, and is not disturbed by commands"
rm -f "$store"/*
serve
for _ in $(seq 400); do
    [ -n "$(find "$store" -name '*-full.tar')" ] && break
    kith find contact
    exits 0
    read -rt 0.05 <> <(:)
done
expect test "$(files | wc -l)" = 1
for _ in $(seq 100); do
    grep -q "read again and whole" "$work/serve.log" && break
    read -rt 0.05 <> <(:)
done
expect grep -q "backup: $store/kith-.*records, read again and whole" "$work/serve.log"
kith backup run
exits 0
prints "what has changed"
stop_server
expect test "$server_code" = 0

it "leaves nothing half-written when it is killed, and tidies up with the next"
for i in $(seq 6); do
    "$KITH" backup run --full >/dev/null 2>&1 &
    pid=$!
    read -rt "0.0$((RANDOM % 10))" <> <(:)
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
done
a_second
kith backup run
exits 0
nothing_left
for file in $(files); do
    [[ $file == *changes* ]] || { kith backup verify "$store/$file"; exits 0; }
done

it "seals what it makes without being able to read it, and still bases the next on it"
kith backup key "$work/key" --json
plan "every = \"1h\"; recipient = \"$(json_text public <"$work/out")\";"
rm -f "$store"/*
kith backup run
prints "in full"
a_second
kith backup run
exits 0
prints "what has changed"
kith backup list
prints "changes, sealed"
kith restore "$store"/kith-*.tar "$work/unsealed" --key "$work/key"
exits 0

it "makes a full one when it is sealed to another key, or to none any more"
kith backup key "$work/key2" --json
plan "every = \"1h\"; recipient = \"$(json_text public <"$work/out")\";"
a_second
kith backup run
exits 0
prints "in full"
kith restore "$store/$(files | tail -n 1)" "$work/unsealed2" --key "$work/key2"
exits 0
plan 'every = "1h";'
a_second
kith backup run
exits 0
prints "in full"

it "makes one at a time"
exec {held}<"$store"
flock "$held"
before=$(files)
kith backup run
exits 6
complains "another 'kith backup run' is under way"
expect test "$(files)" = "$before"
exec {held}<&-
a_second
kith backup run
exits 0
finish
