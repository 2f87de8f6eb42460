#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The company's settings: mistakes are all shown at once, with file and line, before anything runs.
. "$(dirname "$0")/lib.bash"
new_company
cp kith.conf kith.conf.good
restore() { cp kith.conf.good kith.conf && rm -f conf.d/20-*.conf conf.d/zz-*.conf; }

it "shows every mistake at once, with file and line"
cat >conf.d/20-mistakes.conf <<'CONF'
company: {
    zoone = "Europe/Berlin";
};
engine: {
    readers = 5000;
    queue = "many";
};
CONF
kith check
exits 2
prints "conf.d/20-mistakes.conf:2: "
prints 'did you mean "zone"'
prints "conf.d/20-mistakes.conf:5: "
prints "conf.d/20-mistakes.conf:6: "

it "runs no command with settings that are wrong"
kith find contact
exits 2
complains "conf.d/20-mistakes.conf:2: "
complains "conf.d/20-mistakes.conf:6: "
expect test "$(wc -l <"$work/err")" -eq 3 # each once

it "does not serve with settings that are wrong"
kith serve
exits 2
complains "conf.d/20-mistakes.conf:5: "
restore

it "says the first of many mistakes, and how many more there are"
for i in $(seq 300); do echo "wrong$i = 1;"; done >conf.d/20-many.conf
kith find contact
exits 2
complains "conf.d/20-many.conf:1: wrong1 is neither"
complains "... and 290 more; 'kith check' lists them"
expect test "$(wc -l <"$work/err")" -eq 11
restore

it "points at a mistake in the writing"
printf 'company: { name = "unclosed; };\n' >kith.conf
kith check
exits 2
prints "kith.conf:"
restore

it "knows zones and currencies"
sed -i 's|Europe/Berlin|Europe/Berlinn|' kith.conf
kith check
exits 2
prints "kith.conf:"
prints "Berlinn"
restore
sed -i 's|"EUR"|"EURO"|' kith.conf
kith check
exits 2
prints "EURO"
restore

it "lets no setting name a file or folder that the company is made of"
create contact name="Ada" >/dev/null
mkdir backups
ln -s kith.db link
for value in kith.db kith.db-wal ./rules/../kith.conf conf.d/x.log "$PWD/kith.db.erased" link; do
    echo "log: { file = \"$value\"; };" >conf.d/20-log.conf
    for command in check "find contact" serve; do
        kith $command
        exits 2
        expect grep -qF "conf.d/20-log.conf:1: " "$work/out" "$work/err"
        expect grep -qF "is made of" "$work/out" "$work/err"
    done
done
rm link conf.d/20-log.conf
expect [ ! -e conf.d/x.log ]
for value in conf.d rules kith.db; do
    echo "backup: { dir = \"$value\"; };" >conf.d/20-backup.conf
    kith check
    exits 2
    prints "is made of"
done
echo 'backup: { dir = "backups"; }; log: { file = "kith.log"; };' >conf.d/20-backup.conf
kith check
exits 0
kith find contact
prints "Ada"
restore

it "reads a whole number as it stands, however large"
echo 'engine: { queue = 5000000000; };' >conf.d/20-large.conf
kith check
exits 2
prints "conf.d/20-large.conf:1: "
restore

it "lets a later file override an earlier one"
echo 'company: { name = "Later"; };' >conf.d/20-later.conf
kith explain company.name
exits 0
prints "Later"
prints "conf.d/20-later.conf:1"
restore

it "explains settings also while others are wrong"
echo 'engine: { readers = "few"; };' >conf.d/20-wrong.conf
kith explain company.zone
exits 0
prints "Europe/Berlin"
restore

it "lists all settings"
kith explain
exits 0
prints "company.zone"
prints "rules.time"

it "does not change an enabled list that a person wrote elsewhere"
echo 'modules: { enabled = []; };' >conf.d/zz-modules.conf
kith module enable sales
exits 1
complains "conf.d/zz-modules.conf:1"
one_sentence
restore

it "shows a missing module as out, with the reason, and runs"
echo 'modules: { enabled = ["nosuch"]; };' >conf.d/zz-modules.conf
kith find contact
exits 0
kith module list
exits 0
prints "nosuch"
prints "failed"
kith check
exits 2
prints "nosuch"
restore

it "accepts an empty file of settings, and one with only comments"
: >conf.d/20-empty.conf
kith check
exits 0
echo '# nothing' >conf.d/20-empty.conf
kith check
exits 0
restore

it "stands binary rubbish as settings"
head -c 5000 /dev/urandom >conf.d/20-rubbish.conf
kith check
exits 2
restore
kith check
exits 0

finish
