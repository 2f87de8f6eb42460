#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A company of each released version opens as if it had always been one of today's; one of a newer
# version is left alone. tests/data/make_company.sh made the old ones.
. "$(dirname "$0")/lib.bash"
RANDOM=1
root=$(cd "$(dirname "$0")/../.." && pwd)

it_with() { it "$1 ($version)"; }
id_where() { "$KITH" find "$1" --json | json_text id; }

for archive in "$root"/tests/data/company-*.tar.gz; do
    version=${archive##*company-} version=${version%.tar.gz}
    cd "$work" || exit 1
    rm -rf company
    tar -xzf "$archive" || exit 1
    cp -a company old
    cd company || exit 1
    # A module that asks for more than it did then is granted what it says.
    for module in sales commerce; do
        "$KITH" module list | grep -q "^$module .*failed" && "$KITH" module enable $module --grants >/dev/null
    done

    it_with "finds every record of an older version"
    kith find "contact where name = 'Ada Lovelace'"
    exits 0
    prints "ada@example.com"
    for expected in "account 2" "territory 2" "contact 3" "contact_point 5" "lead 1" "task 4" \
        "interaction 1" "note 1" "user 1" "team 1"; do
        kith find "${expected% *} : count()"
        [ "${expected% *}" = task ] || prints_exactly "${expected#* }"
    done

    it_with "leaves nothing for the doctor to find"
    kith doctor
    exits 0
    kith check
    exits 0

    it_with "knows the history and the causes of what was written before"
    ada=$(id_where "contact where name = 'Ada Lovelace'")
    lead=$(id_where "lead where name = 'Ada''s order'")
    [ -n "$lead" ] || lead=$(id_where lead)
    kith history contact "$ada"
    prints "create  cli:"
    kith why lead "$lead" state
    exits 0
    prints "cli:"

    it_with "has the event that was held back then, and tries it again"
    kith deadletter list
    prints "contact.updated"
    number=$(sed -n 's/^ *\([0-9]\{1,\}\) .*/\1/p' "$work/out" | head -n 1)
    sed -i 's/error(.*/return/' rules/keep.lua
    kith deadletter retry "$number"
    exits 0
    kith deadletter list
    prints_not "contact.updated"

    it_with "takes an old import back, and that back again"
    import=$("$KITH" log --json --limit 1000 | grep people.csv | json_text id)
    kith undo "$import"
    exits 0
    kith find "contact : count()"
    prints_exactly 2 # Grace was edited since
    again=$(sed -n "s/.*'kith undo \([^']*\)'.*/\1/p" "$work/out" | tail -n 1)
    [ -n "$again" ] || again=$("$KITH" log --json --limit 1 | json_text id)
    kith undo "$again"
    exits 0

    it_with "writes on where it stood"
    new=$(create contact name="New since" email=new@example.com)
    expect test "$new" \> "$ada"
    kith update contact "$ada" city=London
    exits 0
    kith doctor
    exits 0

    it_with "goes through a backup"
    kith backup "$work/$version.tar" --company "$work/old"
    exits 0
    kith restore "$work/$version.tar" "$work/restored-$version"
    exits 0

    it_with "opens as well after an upgrade that was killed"
    cd "$work" || exit 1
    for i in $(seq 12); do
        rm -rf killed
        tar -xzf "$archive" --transform 's/^company/killed/'
        "$KITH" find contact --company killed >/dev/null 2>&1 &
        pid=$!
        read -rt "0.00$((RANDOM % 10))$((RANDOM % 10))" <> <(:)
        kill -KILL $pid 2>/dev/null
        wait $pid 2>/dev/null
        kith find "contact : count()" --company killed
        exits 0
        prints_exactly 3
    done
    kith doctor --company killed
    exits 0

    it_with "says in the log what was upgraded"
    rm -rf killed
    tar -xzf "$archive" --transform 's/^company/killed/'
    cd killed || exit 1
    serve
    stop_server
    expect grep -q "schema: field\|schema: type\|: format 0 becomes" "$work/serve.log"
done

it "leaves a database of a newer version alone"
new_company
create contact name=Anna >/dev/null
if command -v sqlite3 >/dev/null; then
    sqlite3 kith.db "PRAGMA user_version=99"
    before=$(sha256sum kith.db)
    for command in "find contact" doctor "create contact name=B" serve "backup $work/x.tar"; do
        # shellcheck disable=SC2086 # the words of a command
        kith $command
        exits 1
        complains "was written by a newer Kith: it has format 99"
        one_sentence
    done
    expect test "$(sha256sum kith.db)" = "$before"
else
    skip "there is no sqlite3 program"
fi

it "keeps the log of a newer version, too"
if command -v sqlite3 >/dev/null; then
    new_company
    sqlite3 kith.db "PRAGMA user_version=98"
    printf 'PRAGMA wal_autocheckpoint=0;\nPRAGMA user_version=99;\n.shell kill -9 $PPID\n' >newer.sql
    bash -c 'sqlite3 kith.db <newer.sql; true' >/dev/null 2>&1
    before=$(cat kith.db kith.db-wal | sha256sum)
    kith find contact
    exits 1
    complains "it has format 99"
    expect test "$(cat kith.db kith.db-wal | sha256sum)" = "$before"
else
    skip "there is no sqlite3 program"
fi

it "leaves a module out that is older than what its records were written by"
if command -v sqlite3 >/dev/null; then
    new_company
    kith module enable sales
    kith find lead
    sqlite3 kith.db "UPDATE kith_module SET version = 99 WHERE name = 'sales'"
    kith find contact
    exits 0
    complains "module sales is older (version"
    kith check
    exits 2
    prints "install the newer one"
    expect test "$(sqlite3 kith.db "SELECT version FROM kith_module WHERE name = 'sales'")" = 99
else
    skip "there is no sqlite3 program"
fi
finish
