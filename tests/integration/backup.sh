#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A backup is one moment of a company that goes on working; a restore puts a whole company in place or
# nothing; and neither harms the company when it fails or is killed.
. "$(dirname "$0")/lib.bash"
RANDOM=1
new_company
kith module enable sales
printf 'on("contact.created", { name = "met" }, function(c)\n  create("task", { title = c.name, about = c })\nend)\n' >rules/met.lua
anna=$(create contact name="Anna Schmidt" email=anna@example.com)
create lead name="Anna's order" contact="$anna" >/dev/null

count() { "$KITH" find "$1 : count()" --company "$2"; }
nothing_left() { expect test -z "$(find "$work" -name '.*restore-*' -o -name '.copy-*' -o -name '*.part')"; }
pack() { # FILE...: an archive of the working folder's files, as a backup is packed
    tar -c --format=ustar --owner=0 --group=0 "$@"
}

it "puts settings, rules and the database into one file that its user alone can read"
kith backup "$work/first.tar"
exits 0
prints "Backed up 4 records, up to row"
is_silent
expect test "$(stat -c %a "$work/first.tar")" = 600
tar -tf "$work/first.tar" >"$work/out"
for name in manifest.json kith.conf conf.d/modules.conf conf.d/sales.conf rules/met.lua kith.db; do
    prints "$name"
done
nothing_left

it "has digests that sha256sum finds, too"
mkdir "$work/opened"
tar -xf "$work/first.tar" -C "$work/opened"
told=$(sed -n '/"kith.db"/,/sha256/s/.*"sha256": "\([^"]*\)".*/\1/p' "$work/opened/manifest.json")
expect test "$told" = "$(sha256sum "$work/opened/kith.db" | cut -d' ' -f1)"

it "makes a company again, with records, history, rules and modules"
kith restore "$work/first.tar" "$work/again"
exits 0
prints "Restored 4 records"
expect test "$(stat -c %a "$work/again")" = 700
kith get contact "$anna" --company "$work/again"
prints "Anna Schmidt"
kith find lead --company "$work/again"
prints "Anna's order"
kith history contact "$anna" --company "$work/again"
exits 0
kith doctor --company "$work/again"
exits 0
kith rule list --company "$work/again"
prints "met"
nothing_left

it "gives out larger ids, and goes on with its reactions"
cd "$work/again" || exit 1
new=$(create contact name=New)
expect test "$new" \> "$anna"
kith find "task where title = 'New' : count()"
prints_exactly 1
cd "$work/company" || exit 1

it "goes through pipes"
"$KITH" backup - 2>"$work/err" | gzip >"$work/piped.gz"
is_silent
gzip -dc "$work/piped.gz" | "$KITH" restore - "$work/piped" >"$work/out" 2>"$work/err"
code=$?
exits 0
expect test "$(count contact "$work/piped")" = 1

it "writes over nothing and leaves nothing behind"
for target in "$work/first.tar" kith.db "$work" "$work/missing/x.tar"; do
    kith backup "$target"
    expect test "$code" -ne 0
    one_sentence
done
ln -s kith.conf link.tar
kith backup link.tar
complains "name another file"
rm link.tar
nothing_left

it "rehearses a restore, and keeps nothing"
kith restore "$work/first.tar" "$work/looked" --rehearse
expect grep -qE 'at [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\. Nothing' "$work/out"
exits 0
prints "The backup is whole"
kith restore "$work/first.tar" . --rehearse
exits 0
expect test ! -e "$work/looked"
nothing_left

refuses() { # CODE SENTENCE FILE: no restore of it
    kith restore "$3" "$work/never"
    exits "$1"
    complains "$2"
    expect test ! -e "$work/never"
    nothing_left
}

it "refuses what is cut off, damaged, or no backup"
size=$(stat -c %s "$work/first.tar")
for cut in 0 100 512 $((size / 2)) $((size - 2000)); do
    head -c "$cut" "$work/first.tar" >"$work/cut.tar"
    refuses 5 "$([ "$cut" -lt 512 ] && echo "no backup of Kith" || echo "cut off")" "$work/cut.tar"
    one_sentence
done
cp "$work/first.tar" "$work/bad.tar"
printf 'X' | dd of="$work/bad.tar" bs=1 seek=$((size - 200000)) conv=notrunc status=none
refuses 5 "kith.db in the backup" "$work/bad.tar"
refuses 5 "is no backup of Kith; one that was compressed" "$work/piped.gz"
refuses 5 "is no backup of Kith" kith.conf
refuses 3 "No such file" "$work/missing.tar"

it "notices that its manifest says something else"
for change in 's/"made": "20/"made": "21/' 's/"anchor": "\([0-9]*\)/"anchor": "1\1/' 's/"journal": [0-9]/"journal": 7/' \
    's/"contact":1/"contact":9/' 's/"sum": "./"sum": "x/'; do
    tar -xOf "$work/first.tar" manifest.json | sed "$change" >"$work/opened/changed.json"
    expect test "$(tar -xOf "$work/first.tar" manifest.json)" != "$(cat "$work/opened/changed.json")"
    # shellcheck disable=SC2046 # the names are words
    (cd "$work/opened" && pack --transform 's/changed/manifest/' changed.json $(tar -tf "$work/first.tar" | tail -n +2)) >"$work/said.tar"
    kith backup verify "$work/said.tar"
    exits 5
    complains "manifest.json in the backup '$work/said.tar' is damaged"
    refuses 5 "manifest.json in the backup" "$work/said.tar"
done

it "notices a journal that does not end where its manifest says, though all its sums are right"
tar -xOf "$work/first.tar" manifest.json | python3 -c 'import hashlib, re, sys
text = re.sub(r"(\"anchor\": \"\d+:)(.)", lambda m: m[1] + ("0" if m[2] != "0" else "1"), sys.stdin.read())
none = re.sub(r"(\"sum\": \")[0-9a-f]*", lambda m: m[1] + "0" * 64, text)
print(re.sub(r"(\"sum\": \")0*", lambda m: m[1] + hashlib.sha256(none.encode()).hexdigest(), none), end="")' >"$work/opened/changed.json"
# shellcheck disable=SC2046 # the names are words
(cd "$work/opened" && pack --transform 's/changed/manifest/' changed.json $(tar -tf "$work/first.tar" | tail -n +2)) >"$work/said.tar"
kith backup verify "$work/said.tar"
exits 0
refuses 5 "and its manifest says" "$work/said.tar"

it "refuses a backup of another company in a company's place, and those of two together"
"$KITH" init "$work/two" >/dev/null
"$KITH" create contact name="Of Two" --company "$work/two" >/dev/null
kith backup "$work/two.tar" --company "$work/two"
kith restore "$work/two.tar" . --replace
exits 1
complains "'$work/two.tar' is of another company than the one in '.': restore it to a folder of its own, or move"
kith get contact "$anna"
exits 0
for command in "restore $work/first.tar $work/two.tar $work/never" "backup verify $work/first.tar $work/two.tar"; do
    # shellcheck disable=SC2086 # words
    kith $command
    exits 1
    complains "'$work/first.tar' and '$work/two.tar' are backups of two companies: name those of one"
done
expect test ! -e "$work/never"

it "takes no user and no token where there are none"
for command in "restore $work/first.tar $work/never" "backup verify $work/first.tar"; do
    # shellcheck disable=SC2086
    kith $command --as anna
    exits 2
    complains "it takes no user and no token"
    # shellcheck disable=SC2086
    KITH_TOKEN=kith_nonsense kith $command
    exits 2
done
expect test ! -e "$work/never"
KITH_TOKEN=kith_nonsense kith version
exits 0

it "refuses a backup of a newer Kith"
cd "$work/opened" || exit 1
sed 's/"kith_backup": 2/"kith_backup": 3/; s/"kith": "[^"]*"/"kith": "9.1"/' manifest.json >newer.json
sed -i 's/.*"database_format".*/"database_format": 99,/' manifest.json
names=$(sed -n 's/.*"name": "\([^"]*\)".*/\1/p' manifest.json)
# shellcheck disable=SC2086 # the names are words
pack manifest.json $names >"$work/format.tar"
# shellcheck disable=SC2086
pack --transform 's/newer/manifest/' newer.json $names >"$work/newer.tar"
cd "$work/company" || exit 1
refuses 1 "was made by Kith 9.1" "$work/newer.tar"
refuses 1 "install the newer one" "$work/format.tar"

packed() { # TAR FILE ...: a backup with these files, as an early Kith packed them
    local tar=$1 files="" name
    shift
    for name; do
        files="$files,{\"name\":\"$name\",\"size\":$(stat -c %s "$name"),\"sha256\":\"$(sha256sum "$name" | cut -d' ' -f1)\"}"
    done
    printf '{"kith_backup":1,"kith":"0.1.0","database_format":1,"made":"","journal":1,"anchor":"%s","records":{},"files":[%s]}' \
        "$anchor" "${files#,}" >manifest.json
    pack -P manifest.json "$@" >"$tar"
}

it "writes nowhere but into its folder"
mkdir -p "$work/evil/rules"
cd "$work/evil" || exit 1
tar -xf "$work/first.tar" kith.db kith.conf
echo bad | tee "$work/escaped" "$work/evil/rules/inside.lua" >other.txt
anchor="" packed "$work/evil.tar" kith.conf kith.db rules/inside.lua
kith restore "$work/evil.tar" "$work/good" # all that is in it is in order
exits 0
expect test -f "$work/good/rules/inside.lua"
for name in ../escaped "$work/escaped" rules/../../escaped rules/../rules/inside.lua ./rules/inside.lua other.txt; do
    anchor="" packed "$work/evil.tar" kith.conf kith.db "$name"
    refuses 5 "does not hold what its manifest says" "$work/evil.tar"
done
cd "$work/company" || exit 1

it "names the backup, and what can be done, when what is in it cannot be used"
mkdir "$work/odd"
cd "$work/odd" || exit 1
tar -xf "$work/first.tar" kith.db kith.conf
anchor="" packed "$work/bare.tar" kith.db
anchor="9:beef" packed "$work/anchor.tar" kith.conf kith.db
head -c 50000 /dev/zero >kith.db
anchor="" packed "$work/zeros.tar" kith.conf kith.db
echo "contact 0SCJ4N2800000 2026-11-29T07:16:50.123Z" >"$work/list"
cd "$work/company" || exit 1
refuses 5 "the settings in '$work/bare.tar' cannot be read (there is no kith.conf in '$work/bare.tar'): take another" "$work/bare.tar"
refuses 5 "the journal in '$work/anchor.tar' ends with" "$work/anchor.tar"
refuses 5 "the database in '$work/zeros.tar' cannot be read ($work/zeros.tar:kith.db: " "$work/zeros.tar"
complains "take another backup, or --damaged restores what there is"
kith restore "$work/bare.tar" "$work/never" --erasures "$work/list"
exits 5
complains "the settings in '$work/bare.tar' cannot be read"
complains "without them there is no erasing anybody again: take another backup"
kith restore "$work/first.tar" kith.conf
exits 1
complains "'kith.conf' is a file, not a folder: name an empty or a new one"
kith restore "$work/first.tar" ""
exits 2
complains "name the folder to restore to"

it "refuses a database that the doctor finds damaged, unless it is told"
if command -v sqlite3 >/dev/null; then
    cp -a "$work/company" "$work/sick"
    sqlite3 "$work/sick/kith.db" "UPDATE lead SET contact = 99"
    kith backup "$work/sick.tar" --company "$work/sick"
    exits 5
    complains "damaged and no backup was written"
    expect test ! -e "$work/sick.tar"
    kith backup "$work/sick.tar" --damaged --company "$work/sick"
    exits 0
    refuses 5 "links: lead" "$work/sick.tar"
    complains "the database in '$work/sick.tar' is damaged, see above"
    kith restore "$work/sick.tar" "$work/sick2" --damaged
    exits 0
else
    skip "there is no sqlite3 program"
fi

it "restores where a module is not installed, and the records of the module wait for it"
mkdir "$work/bare"
cp "$KITH" "$work/bare/kith"
"$work/bare/kith" restore "$work/first.tar" "$work/home" >"$work/out" 2>"$work/err"
code=$?
exits 0
complains "module 'sales' is out"
kith find lead --company "$work/home"
prints "Anna's order"

it "replaces a company only when told, and keeps the old one aside"
kith create contact name="After the backup"
kith restore "$work/first.tar" .
exits 1
complains "--replace puts the backup in its place"
mkdir "$work/full" && touch "$work/full/file"
kith restore "$work/first.tar" "$work/full"
complains "has other files in it"
kith restore "$work/first.tar" "$work/company" --replace
exits 0
prints "What was there before is in"
aside=$(sed -n "s/.*before is in '\(.*\)'.*/\1/p" "$work/out")
cd "$work/company" || exit 1
expect test "$(count contact "$work/company")" = 1
expect test "$(count contact "$aside")" = 2
kith doctor
exits 0

it "puts nothing in the place of a company that is in use"
serve
kith restore "$work/first.tar" "$work/company" --replace
exits 6
complains "is in use by process $server"
expect test "$(count contact "$work/company")" = 1

it "backs up a company that is served, to the client's side, while others write"
mkdir "$work/elsewhere"
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
until [ "$(wc -l <"$work/acknowledged")" -ge 5 ]; do read -rt 0.02 <> <(:); done
before=$(wc -l <"$work/acknowledged")
(cd "$work/elsewhere" && "$KITH" backup live.tar --company "$work/company" --json) >"$work/out" 2>"$work/err"
code=$?
last=(backup live.tar)
exits 0
touch "$work/stop"
wait $writer
rm "$work/stop"
kith restore "$work/elsewhere/live.tar" "$work/live"
exits 0
expect test "$(count contact "$work/live")" -gt $((2 * before))
kith doctor --company "$work/live"
exits 0
# An import is a transaction: both rows of each, or none.
expect test $(($(count contact "$work/live") % 2)) -eq 1
stop_server

it "leaves the company whole when a backup is killed, and no half of a file under its name"
for i in $(seq 8); do
    "$KITH" backup "$work/killed.tar" >/dev/null 2>&1 &
    pid=$!
    read -rt "0.0$((RANDOM % 10))" <> <(:)
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    if [ -e "$work/killed.tar" ]; then
        kith restore "$work/killed.tar" "$work/x" --rehearse
        exits 0
        rm "$work/killed.tar"
    fi
done
kith doctor
exits 0
rm -f "$work"/*.part
nothing_left

it "mixes no two commands that write the same file"
for command in "backup $work/same.tar" "export contact $work/same.csv"; do
    part="${command##* }.part"
    # shellcheck disable=SC2086
    flock "$part" -c "echo half >'$part'; '$KITH' $command" >"$work/out" 2>"$work/err"
    code=$?
    exits 6
    complains "another command is writing"
    expect test "$(cat "$part")" = half
    # shellcheck disable=SC2086
    kith $command
    exits 0
    nothing_left
done

it "writes through no link that stands where a file is made"
echo mine >"$work/mine"
for link in "ln" "ln -s"; do
    $link "$work/mine" "$work/linked.tar.part"
    kith backup "$work/linked.tar"
    exits 1
    complains "in the way"
    expect test "$(cat "$work/mine")" = mine
    rm "$work/linked.tar.part"
done

it "leaves one whole company when a restore is killed"
cp -a "$work/company" "$work/target"
for i in $(seq 10); do
    "$KITH" restore "$work/first.tar" "$work/target" --replace >/dev/null 2>&1 &
    pid=$!
    read -rt "0.0$((RANDOM % 10))" <> <(:)
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    kith doctor --company "$work/target"
    exits 0
done
rm -rf "$work"/.target.restore-*

it "says that there is no room before it fills the disk"
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    cat >"$work/small.sh" <<'SCRIPT'
mkdir -p "$1/small" && size=$(($(stat -c %s "$1/first.tar") / 1024 + 200))
mount -t tmpfs -o size=${size}k none "$1/small" || exit 99
"$2" backup "$1/small/fits.tar" --company "$1/again" && rm "$1/small/fits.tar" || exit 1
head -c 300k /dev/zero >"$1/small/filler"
"$2" backup "$1/small/full.tar" --company "$1/again" 2>"$1/err.target"; echo "target $?" >&3
"$2" restore "$1/first.tar" "$1/small/acme" 2>"$1/err.restore"; echo "restore $?" >&3
ls -A "$1/small" >&3
rm "$1/small/filler"
"$2" restore "$1/first.tar" "$1/small/acme" && cd "$1/small/acme" || exit 1
"$2" doctor 2>"$1/err.doctor"; echo "doctor $?" >&3
"$2" find "contact : count()" >&3
SCRIPT
    rm -f "$work"/err.*
    (cd "$work/company" && unshare -m bash "$work/small.sh" "$work" "$KITH" 3>"$work/told" >/dev/null 2>&1)
    code=$?
    cp "$work/told" "$work/out"
    cat "$work"/err.* >"$work/err"
    if [ "$code" -eq 99 ]; then
        skip "cannot mount a small disk"
    else
        expect test "$(cat "$work/told")" = $'target 5\nrestore 5\nfiller\ndoctor 5\n1'
        expect grep -q "No space left" "$work/err.target"
        expect grep -q "^kith: the backup needs .* make room there$" "$work/err.restore"
        expect grep -q "^kith: a copy of the database needs .* make room there$" "$work/err.doctor"
    fi
else
    skip "cannot mount a small disk"
fi
finish
