#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kith retention: rules and the age of the journal, from the settings.
. "$(dirname "$0")/lib.bash"
new_company

it "has a rule for runs of workflows, unless they are kept for ever"
kith retention
exits 0
prints "runs of workflows  workflow_run where over < now() - 90d and remembered = false"
echo 'workflows = { keep = "0s"; };' >conf.d/40-workflows.conf

it "says that nothing is set"
kith retention
exits 0
prints "There are no rules"
prints "kept for ever"

cat >conf.d/50-retention.conf <<'CONF'
retention = { rules = (
    { name = "dormant"; find = "contact where source = 'fair' and updated <= now()"; doc = "Nobody came back."; }
) };
journal = { keep = "400d" };
access = { keep = "100d" };
CONF
for i in 1 2 3; do create contact name="Fair $i" source=fair >/dev/null; done
stays=$(create contact name="Other")

it "shows what would go, and keeps it"
kith retention
exits 0
prints "dormant  contact where source = 'fair'"
prints "Nobody came back."
prints "finds 3 records now, such as"
prints "Fair 1"
prints "The journal is kept for 400 days."
kith find "contact : count()"
prints_exactly 4
kith retention --rehearse --json
prints '"found":3,"tried":3,"stay":0'
prints '"journal_keep_ms":34560000000'

it "deletes it when asked to, as a change that can be taken back"
kith retention --apply
exits 0
prints "3 records deleted; 'kith undo "
run=$(sed -n "s/.*'kith undo \([^']*\)'.*/\1/p" "$work/out")
kith find "contact : count()"
prints_exactly 1
kith log
prints "retention"
expect grep -q "^$run.*dormant" "$work/out"
kith undo "$run"
exits 0
kith find "contact : count()"
prints_exactly 4
kith get contact "$stays"
exits 0
kith doctor
exits 0
kith audit verify
exits 0

it "names a rule that is wrong, and the rest goes on"
sed -i "s/source = 'fair'/sorce = 'fair'/" conf.d/50-retention.conf
kith check
exits 2
prints "conf.d/50-retention.conf:1"
prints "retention rule 'dormant' is off"
prints "source"
kith find contact
exits 0
kith retention
exits 2
complains "dormant is off"

it "refuses an age of less than a day"
sed -i "s/sorce/source/; s/400d/4h/" conf.d/50-retention.conf
kith check
exits 2
prints "journal.keep"
finish
