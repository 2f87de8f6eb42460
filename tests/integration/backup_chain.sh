#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Backups that hold only what has changed since another, and such that are sealed: they are restored
# together, each missing or damaged one is named, and nobody without the key reads what is sealed.
. "$(dirname "$0")/lib.bash"
RANDOM=1
new_company
kith module enable sales

dump() { # COMPANY
    "$KITH" export contact --company "$1"
    "$KITH" export contact_point --company "$1"
    "$KITH" export lead --company "$1"
}
people() { # FROM TO: so many more contacts
    { echo name,email; for i in $(seq "$1" "$2"); do echo "Person $i,p$i@example.com"; done; } |
        "$KITH" import contact - >/dev/null
}
same() { # COMPANY DUMP
    dump "$1" >"$work/found"
    expect cmp "$work/found" "$2"
}
nothing_left() { expect test -z "$(find "$work" -name '.*restore-*' -o -name '.copy-*' -o -name '*.part')"; }

people 1 2000
kith backup "$work/full.tar"
people 2001 2050
"$KITH" find "contact where name = 'Person 7'" --json | json_text id >"$work/seventh"
kith delete contact "$(cat "$work/seventh")"
kith backup "$work/one.tar" --base "$work/full.tar"
dump . >"$work/dump.one"
people 2051 2060
echo 'company = { name = "Changed"; currency = "EUR"; zone = "Europe/Berlin"; };' >kith.conf
rm -f rules/examples/contact_names.lua
kith backup "$work/two.tar" --base "$work/one.tar"
dump . >"$work/dump.two"

it "holds only what has changed"
expect test "$(stat -c %s "$work/one.tar")" -lt $(($(stat -c %s "$work/full.tar") / 2))
kith backup "$work/none.tar" --base "$work/two.tar" --json
exits 0
prints '"base":"'
files=$(find . -type f ! -name 'kith.db*' -printf '%s\n' | awk '{ n += $1 + 1024 } END { print n }') # in each of them
expect test "$(stat -c %s "$work/none.tar")" -lt $((files + 60000))

it "is restored with those that it is based on, whatever their order, and as it was then"
kith restore "$work/two.tar" "$work/full.tar" "$work/one.tar" "$work/r2"
exits 0
same "$work/r2" "$work/dump.two"
expect grep -q Changed "$work/r2/kith.conf"
expect test ! -e "$work/r2/rules/examples/contact_names.lua"
kith doctor --company "$work/r2"
exits 0
kith restore "$work/full.tar" "$work/one.tar" "$work/r1"
exits 0
same "$work/r1" "$work/dump.one"
expect test -e "$work/r1/rules/examples/contact_names.lua"
nothing_left

it "goes on from a base that was restored"
cd "$work/r2" || exit 1
kith create contact name="Later"
kith backup "$work/three.tar" --base "$work/two.tar"
exits 0
kith restore "$work/full.tar" "$work/one.tar" "$work/two.tar" "$work/three.tar" "$work/r3"
exits 0
dump "$work/r2" >"$work/dump.three"
same "$work/r3" "$work/dump.three"
cd "$work/company" || exit 1

it "follows a database that has become smaller"
if command -v sqlite3 >/dev/null; then
    cp -a "$work/r1" "$work/small"
    sqlite3 "$work/small/kith.db" "VACUUM"
    head -c 20000000 /dev/zero | tr '\0' x >"$work/filler"
    sqlite3 "$work/small/kith.db" "CREATE TABLE filler(t); INSERT INTO filler VALUES(readfile('$work/filler'))"
    kith backup "$work/large.tar" --damaged --company "$work/small"
    sqlite3 "$work/small/kith.db" "DROP TABLE filler; VACUUM"
    kith backup "$work/smaller.tar" --base "$work/large.tar" --company "$work/small"
    exits 0
    kith restore "$work/large.tar" "$work/smaller.tar" "$work/small2"
    exits 0
    same "$work/small2" "$work/dump.one"
    expect test "$(stat -c %s "$work/small2/kith.db")" -lt 19000000
else
    skip "there is no sqlite3 program"
fi

it "is verified without being restored"
kith backup verify "$work"/{full,one,two}.tar
exits 0
prints "Whole: 4"
kith backup verify "$work"/{full,one}.tar --json
exits 0
prints '"opened":true'
nothing_left

refuses() { # CODE SENTENCE FILE...: neither verified nor restored
    local want=$1 sentence=$2
    shift 2
    kith backup verify "$@"
    exits "$want"
    complains "$sentence"
    one_sentence
    kith restore "$@" "$work/never"
    exits "$want"
    complains "$sentence"
    expect test ! -e "$work/never"
    nothing_left
}

it "names the one that is missing"
refuses 3 "'$work/two.tar' holds only what has changed since 'one.tar': name that one, too" "$work"/{full,two}.tar
refuses 3 "'$work/one.tar' holds only what has changed since 'full.tar'" "$work/one.tar"

it "is based on nothing that is of another company, older than this, or damaged"
"$KITH" init "$work/other" >/dev/null
kith backup "$work/bad.tar" --base "$work/two.tar" --company "$work/other"
exits 1
complains "'$work/two.tar' is no backup of this company, or was changed: make a full backup"
expect test ! -e "$work/bad.tar"
kith backup "$work/bad.tar" --base kith.conf
exits 5
kith backup "$work/bad.tar" --base "$work/missing.tar"
exits 3
nothing_left

it "refuses what is cut off or damaged anywhere in it"
for name in full one; do
    size=$(stat -c %s "$work/$name.tar")
    base=()
    [ $name = one ] && base=("$work/full.tar")
    for i in $(seq 12); do
        cp "$work/$name.tar" "$work/hurt.tar"
        # Not in the headers, whose times and owners mean nothing, nor in what fills up the last block.
        at=$((size * i / 13 / 512 * 512 + 100))
        printf '\377\376\375\374' | dd of="$work/hurt.tar" bs=1 seek=$at conv=notrunc status=none
        cmp -s "$work/$name.tar" "$work/hurt.tar" && continue
        kith backup verify "${base[@]}" "$work/hurt.tar"
        exits 5
        one_sentence
        head -c "$at" "$work/$name.tar" >"$work/hurt.tar"
        kith backup verify "${base[@]}" "$work/hurt.tar"
        exits 5
        complains "cut off"
    done
done

it "notices a base that is whole but another"
mkdir "$work/opened" && tar -xf "$work/full.tar" -C "$work/opened"
names=$(tar -tf "$work/full.tar")
printf 'XXXX' | dd of="$work/opened/kith.db" bs=1 seek=300000 conv=notrunc status=none
sum=$(sha256sum <"$work/opened/kith.db" | cut -d' ' -f1)
awk -v sum="$sum" '/"kith.db"/ { db = 1 } db && /sha256/ { sub(/: "[0-9a-f]*"/, ": \"" sum "\"") } { print }' \
    "$work/opened/manifest.json" >"$work/manifest" && mv "$work/manifest" "$work/opened/manifest.json"
sed -i "s/$(told_sum "$work/opened/manifest.json")/$(sum_of "$work/opened/manifest.json")/" "$work/opened/manifest.json"
# shellcheck disable=SC2086 # the names are words
(cd "$work/opened" && tar -c --format=ustar --owner=0 --group=0 $names) >"$work/forged.tar"
refuses 5 "of the database is not what it was when '$work/forged.tar' was made" "$work/forged.tar"

# -- sealed ----------------------------------------------------------------------------------------

it "makes a pair of keys, of which the secret one is for its user alone"
kith backup key "$work/key" --json
exits 0
public=$(json_text public <"$work/out")
expect test "$(stat -c %a "$work/key")" = 600
kith backup key "$work/key"
exits 1
complains "is there already"
kith_stdin backup key "$work/locked" --locked --json <<<"open sesame"
exits 0
public2=$(json_text public <"$work/out")
expect test "$public" != "$public2"

it "seals a backup so that nothing in it can be read, and opens it with the key alone"
kith backup "$work/s1.tar" --recipient "$public"
exits 0
prints ", sealed."
create contact name="Geheimrat Sealed" email=geheim@example.com >/dev/null
kith backup "$work/s2.tar" --recipient "$public" --base "$work/s1.tar"
exits 0
dump . >"$work/dump.sealed"
for word in "Person 1" example.com Geheimrat Changed SQLite; do
    expect grep -qa "$word" "$work/company/kith.db" "$work/company/kith.conf"
    expect test "$(grep -ca "$word" "$work/s1.tar" "$work/s2.tar" | grep -vc ':0$')" = 0
done
tar -xOf "$work/s1.tar" manifest.json >"$work/open.json"
expect test "$(grep -c '"key"' "$work/open.json")" = 1 # the seal's, and not that of the hashes
expect test "$(grep -cE '"(company|anchor|records)"' "$work/open.json")" = 0
kith restore "$work"/s{1,2}.tar "$work/never"
exits 4
complains "is sealed to $public: give the file with the secret key with --key FILE"
kith restore "$work"/s{1,2}.tar "$work/never" --key "$work/locked" </dev/null
expect test "$code" -ne 0
kith_stdin restore "$work"/s{1,2}.tar "$work/never" --key "$work/locked" <<<"open sesame"
exits 4
complains "which this key does not open"
expect test ! -e "$work/never"
nothing_left
kith restore "$work"/s{1,2}.tar "$work/unsealed" --key "$work/key"
exits 0
same "$work/unsealed" "$work/dump.sealed"
kith doctor --company "$work/unsealed"
exits 0

it "opens with a locked key by its passphrase alone"
kith backup "$work/l.tar" --recipient "$public2"
kith_stdin backup verify "$work/l.tar" --key "$work/locked" <<<"open sesame"
exits 0
kith_stdin backup verify "$work/l.tar" --key "$work/locked" <<<"open parsley"
exits 4
complains "that is not the passphrase of '$work/locked'"

it "finds damage of what is sealed without the key, and says that it was not opened"
kith backup verify "$work"/s{1,2}.tar
exits 0
prints "what is sealed was not opened"
size=$(stat -c %s "$work/s1.tar")
for i in $(seq 12); do
    at=$((size * i / 13 / 512 * 512 + 100))
    cp "$work/s1.tar" "$work/hurt.tar"
    printf '\377\376\375\374' | dd of="$work/hurt.tar" bs=1 seek=$at conv=notrunc status=none
    kith backup verify "$work/hurt.tar"
    exits 5
    one_sentence
    kith backup verify "$work/hurt.tar" --key "$work/key"
    exits 5
    one_sentence
    head -c "$at" "$work/s1.tar" >"$work/hurt.tar"
    kith backup verify "$work/hurt.tar" --key "$work/key"
    exits 5
    complains "cut off"
done

it "finds damage of the hashes, which stand in the open, without the key"
offset=$(tar -tvRf "$work/s1.tar" | sed -n 's/^block \([0-9]*\): .*kith.blocks$/\1/p')
cp "$work/s1.tar" "$work/hurt.tar"
printf '\377\376\375\374' | dd of="$work/hurt.tar" bs=1 seek=$(((offset + 1) * 512 + 32)) conv=notrunc status=none
kith backup verify "$work/hurt.tar"
exits 5
complains "kith.blocks"

it "notices chunks that were put into another order, left out, or taken from another backup"
offset=$(tar -tvRf "$work/s1.tar" | sed -n 's/^block \([0-9]*\): .*backup.sealed$/\1/p')
from=$(((offset + 1) * 512)) chunk=$((65536 + 17))
piece() { tail -c +$((from + $1 * chunk + 1)) "$work/${2:-s1}.tar" | head -c $chunk; }
put_piece() { dd of="$work/hurt.tar" bs=1M oflag=seek_bytes seek=$((from + $1 * chunk)) conv=notrunc status=none; }
swap() {
    cp "$work/s1.tar" "$work/hurt.tar"
    piece 1 | put_piece 2
    piece 2 | put_piece 1
}
swap
kith backup verify "$work/hurt.tar" --key "$work/key"
exits 5
complains "what is sealed in it was changed, cut off or put into another order"
cp "$work/s1.tar" "$work/hurt.tar"
piece 2 | put_piece 1
kith backup verify "$work/hurt.tar" --key "$work/key"
exits 5
kith backup "$work/s1b.tar" --recipient "$public"
cp "$work/s1.tar" "$work/hurt.tar"
piece 1 s1b | put_piece 1
kith backup verify "$work/hurt.tar" --key "$work/key"
exits 5
# What stands in the open is vouched for by what is sealed.
sed 's/"journal": \([0-9]\)/"journal": 9/' "$work/s1.tar" >"$work/hurt.tar"
expect test "$(stat -c %s "$work/hurt.tar")" = "$size"
kith backup verify "$work/hurt.tar" --key "$work/key"
exits 5
one_sentence

it "seals to the key of the settings, unless it is told otherwise"
mkdir -p conf.d
echo "backup = { recipient = \"$public\"; };" >conf.d/backup.conf
kith backup "$work/c1.tar"
exits 0
prints ", sealed."
kith backup "$work/c2.tar" --open
prints_not "sealed"
kith backup "$work/c3.tar" --recipient "${public%?}"
exits 2
complains "is no public key for backups, or not all of it"
flipped=$(echo "$public" | sed 's/.$//')$([ "${public: -1}" = A ] && echo B || echo A)
echo "backup = { recipient = \"$flipped\"; };" >conf.d/backup.conf
kith check
prints "is no public key for backups"
rm conf.d/backup.conf

it "does all that for a company that is served, while others write"
serve
: >"$work/acknowledged"
writer() {
    for i in $(seq 2000); do
        [ -e "$work/stop" ] && break
        printf 'name\nBulk %s a\nBulk %s b\n' "$i" "$i" | "$KITH" import contact - >/dev/null || break
        echo "$i" >>"$work/acknowledged"
    done
}
writer &
writer=$!
until [ "$(wc -l <"$work/acknowledged")" -ge 3 ]; do read -rt 0.02 <> <(:); done
(cd "$work" && "$KITH" backup live1.tar --recipient "$public" --company "$work/company") >"$work/out" 2>"$work/err"
code=$?
exits 0
before=$(wc -l <"$work/acknowledged")
(cd "$work" && "$KITH" backup live2.tar --base live1.tar --company "$work/company") >"$work/out" 2>"$work/err"
code=$?
exits 0
touch "$work/stop"
wait $writer
stop_server
kith restore "$work"/live{1,2}.tar "$work/live" --key "$work/key"
exits 0
count=$("$KITH" find "contact where name like 'Bulk%' : count()" --company "$work/live")
expect test "$count" -ge $((2 * before))
expect test $((count % 2)) -eq 0
kith doctor --company "$work/live"
exits 0

it "leaves no half of a file and the company whole when it is killed"
for i in $(seq 6); do
    "$KITH" backup "$work/killed.tar" --base "$work/s1.tar" --recipient "$public" >/dev/null 2>&1 &
    pid=$!
    read -rt "0.0$((RANDOM % 10))" <> <(:)
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    if [ -e "$work/killed.tar" ]; then
        kith backup verify "$work/s1.tar" "$work/killed.tar" --key "$work/key"
        exits 0
        rm "$work/killed.tar"
    fi
done
kith doctor
exits 0

it "leaves the company that was there when a restore is killed"
cp -a "$work/company" "$work/target"
for i in $(seq 8); do
    "$KITH" restore "$work"/s{1,2}.tar "$work/target" --replace --key "$work/key" >/dev/null 2>&1 &
    pid=$!
    read -rt "0.0$((RANDOM % 10))" <> <(:)
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    kith doctor --company "$work/target"
    exits 0
done
finish
