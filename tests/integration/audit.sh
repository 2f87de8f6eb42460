#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kith audit verify: the journal is what was written, or what was changed is named.
. "$(dirname "$0")/lib.bash"
new_company
for i in 1 2 3; do create contact name="Person $i" >/dev/null; done
anchor_of() { "$KITH" audit verify --json | json_text anchor; }

it "says that the journal is what was written, and gives an anchor"
kith audit verify
exits 0
prints "The journal is what was written: "
prints "Write this anchor down"
anchor=$(anchor_of)
prints "$anchor"

it "says the same while the company is served"
serve
kith audit verify --anchor "$anchor"
exits 0
prints "is what it was when that anchor was taken"
create contact name="Person 4" >/dev/null
kith audit verify --anchor "$anchor"
exits 0
stop_server

it "knows an anchor in the new journal, and refuses what is none"
later=$(anchor_of)
expect test "$later" != "$anchor"
kith audit verify --anchor "$later"
exits 0
for wrong in 5 x "$anchor"0 "${anchor%?}"; do
    kith audit verify --anchor "$wrong"
    exits 2
    complains "is not an anchor"
    one_sentence
done

it "finds nothing wrong after a backup was restored, and knows its anchors"
kith backup "$work/b.tar"
exits 0
kith restore "$work/b.tar" "$work/restored"
exits 0
kith audit verify --anchor "$anchor" --company "$work/restored"
exits 0
prints "is what it was when that anchor was taken"

if command -v sqlite3 >/dev/null; then
    cp kith.db good.db
    change() {
        rm -f kith.db kith.db-*
        cp good.db kith.db
        sqlite3 kith.db "$1"
    }

    it "names the row that was changed, and the doctor does, too"
    change "UPDATE kith_journal SET record = record + 1 WHERE seq = 2"
    kith audit verify
    exits 5
    prints "row 2"
    prints "is not what was written"
    prints_not "Write this anchor down"
    complains "the journal is not what was written: 1 finding"
    kith audit verify --json
    prints '"row":2'
    prints '"findings":1'
    kith doctor
    exits 5
    prints "chain"

    it "names the transaction whose author was changed"
    change "UPDATE kith_tx SET at = 0 WHERE first <= 2 AND last >= 2"
    kith audit verify
    exits 5
    prints "its author, time, origin or note"

    it "finds by an anchor what was cut off at the end"
    change "DELETE FROM kith_journal WHERE tx = (SELECT max(id) FROM kith_tx);
            DELETE FROM kith_tx WHERE id = (SELECT max(id) FROM kith_tx)"
    kith audit verify
    exits 0
    kith audit verify --anchor "$later"
    exits 5
    prints "what was behind is gone"
    complains "is not what it was when the anchor was taken"
    kith audit verify --anchor "$anchor"
    exits 0

    it "says where the chain begins in a database of before"
    change "ALTER TABLE kith_journal DROP COLUMN proof; ALTER TABLE kith_tx DROP COLUMN proof;
            ALTER TABLE kith_tx DROP COLUMN digest; ALTER TABLE kith_source DROP COLUMN proof;
            ALTER TABLE kith_topic DROP COLUMN proof; DROP TABLE kith_chain;
            PRAGMA user_version = 2"
    kith audit verify
    exits 0
    prints "were written before Kith chained its journal"
    kith audit verify --anchor "$anchor"
    exits 3
    complains "the chain begins behind row"
    create contact name="Person 5" >/dev/null
    kith doctor
    exits 0
    kith audit verify
    exits 0
else
    skip "there is no sqlite3 program"
fi
finish
