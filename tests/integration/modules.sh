#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Modules on the command line, with the module sales as the example.
. "$(dirname "$0")/lib.bash"
new_company
kith module list
if ! grep -q sales "$work/out"; then
    now="modules" && skip "the module sales is not beside the program"
    finish
fi

it "lists a module that could be enabled"
kith module list
exits 0
prints "available"

it "gives a program the same members for every module"
kith module list --json
exits 0
members() { grep -o '"[a-z]*":' | tr '\n' ' '; }
available=$(grep '"state":"available"' "$work/out" | head -n 1 | members)
expect test -n "$available"
"$KITH" module enable sales >/dev/null
kith module list --json
expect test "$(grep '"module":"sales"' "$work/out" | members)" = "$available"
"$KITH" module disable sales >/dev/null
rm -f conf.d/sales.conf

it "answers 'not found' for a module or a file that is not there"
for name in nosuch ./nosuch.so /no/such/folder/nosuch.so; do
    kith module enable "$name"
    exits 3
    one_sentence
    kith module inspect "$name"
    exits 3
done
expect grep -q 'enabled = \[\]' conf.d/modules.conf

it "tells what an action takes and answers, in a company that has it"
kith sales.convert --help
exits 3
complains "there is no action 'sales.convert'"
kith module enable sales
kith sales.convert --help
exits 0
prints "kith sales.convert lead=link [account=link]"
prints "Parameters"
prints "lead         link to lead (required)"
prints "opportunity  link to opportunity"
kith sales convert --help --json
prints '"parameters":{"lead":"link",'
kith sales --help
prints "sales.rescore"
kith run --help
prints "--once KEY"
"$KITH" module disable sales >/dev/null
rm -f conf.d/sales.conf roles/sales.jsonl

it "tells what a module declares, without loading it into a company"
kith module inspect sales
exits 0
prints "lead"
prints "rescore"
kith module inspect sales --json
exits 0
prints '"permissions"'

it "knows nothing of leads before the module is enabled"
kith find lead
exits 3
one_sentence

it "enables a module, shows what it may, and writes it down"
kith module enable sales
exits 0
is_silent
if [ -e conf.d/sales.conf ]; then # settings that come with it say what it may
    prints "set at conf.d/sales.conf:"
    prints_not "also asks for" # what comes with it has all of it
    echo '# our own, and not overwritten' >conf.d/sales.conf
    kith module enable sales
    exits 0
fi
prints "read:interaction"
expect grep -q 'enabled = \["sales"\]' conf.d/modules.conf
expect grep -q 'grant = \["read:interaction"' conf.d/modules.conf
kith module list
exits 0
prints "running"
kith check
exits 0

it "has the types of the module everywhere"
anna=$(create contact name="Anna Schmidt")
lead=$(create lead name="Big deal" contact="$anna" source=referral)
kith get lead "$lead"
exits 0
prints "Big deal"
kith get contact "$anna"
prints "lead whose contact this is: 1"
kith find "lead where contact.name = 'Anna Schmidt'"
prints "Big deal"

it "says that the module computed the score"
kith why lead "$lead" score
exits 0
prints "the module sales"

it "refuses to write what only the module writes"
kith update lead "$lead" score=99
expect test "$code" -ne 0
one_sentence

it "calls the module's actions, by three names"
kith run
exits 0
prints "sales.rescore"
kith run sales.rescore
exits 0
kith sales.rescore
exits 0
kith sales.rescore --rehearse
exits 0
prints "nothing was kept"
kith sales
exits 0
prints "sales.rescore"
kith sales rescore lead="$lead"
exits 0
prints "checked: 1"
kith help sales rescore
exits 0
prints "kith run ACTION"
kith sales.rescor
exits 3
complains "did you mean 'sales.rescore'"
kith sales rescor
exits 3
complains "did you mean 'sales.rescore'"
kith fnd lead
exits 2
complains "did you mean 'kith find'"
kith sales.rescore leed=x
exits 2
complains "no parameter 'leed'"

it "shows a module whose permission was taken away as out, with the reason"
sed -i '/^sales:/d' conf.d/modules.conf
kith module list
exits 0
prints "failed"
prints "read:contact_point"
kith check
exits 2
prints "read:contact_point"

it "names a permission that nobody knows, and its place, and the module runs"
kith module enable sales
sed -i 's/\(sales: .*\)\]/\1, "wirte:task"]/' conf.d/modules.conf
kith check
exits 2
prints "conf.d/modules.conf:"
prints "'wirte:task' is no right: did you mean 'write:...'?"
kith module list
prints "running"
sed -i '/^sales:/d' conf.d/modules.conf

it "gives the permission again when the module is enabled again"
kith module enable sales
exits 0
kith check
exits 0

it "adds what a new version asks for to the company's own settings, and leaves the rest as it stands"
cp conf.d/modules.conf kept.conf
sed -i '/^sales:/d' conf.d/modules.conf
cp "$KITH_SOURCE/config/conf.d/sales.conf" conf.d/zz-own.conf
sed -i 's/"read:booking", "read:resource"/"publish:lead.created"/; s/"read:contact_point",//; s/hot = 60/hot = 61 /' conf.d/zz-own.conf
chmod 640 conf.d/zz-own.conf
cp conf.d/zz-own.conf older.conf
kith check
exits 2
prints "'kith module enable sales --grants'"
kith module enable sales
exits 1
prints "What it may is set at conf.d/zz-own.conf:"
prints "It also asks for read:contact_point: "
prints "It also asks for read:resource: "
prints "'kith module enable sales --grants' adds them there."
expect cmp -s older.conf conf.d/zz-own.conf
kith module enable sales --grants
exits 0
prints "It may read:contact_point: "
prints_not "adds them there"
expect test "$(stat -c %a conf.d/zz-own.conf)" = 640
expect test "$(diff older.conf conf.d/zz-own.conf | grep -c '^<')" = 1
expect grep -q 'hot = 61 ;' conf.d/zz-own.conf
expect grep -q '"read:contact_point"' conf.d/zz-own.conf
expect test ! -e conf.d/zz-own.conf.part
kith module list
prints "running"
cp conf.d/zz-own.conf older.conf
kith module enable sales --grants
exits 0
expect cmp -s older.conf conf.d/zz-own.conf
rm conf.d/zz-own.conf older.conf
mv kept.conf conf.d/modules.conf

it "tells what settings the module has"
kith explain sales
exits 0
prints "sales.score.hot"
echo 'sales: { score: { hot = "very"; }; };' >conf.d/zz-sales.conf
kith check
exits 2
prints "conf.d/zz-sales.conf:1"
rm conf.d/zz-sales.conf

it "disables a module, and keeps its records for when it is enabled again"
kith module disable sales
exits 0
kith find lead
exits 3
kith check
exits 0
kith history contact "$anna"
exits 0
kith log
exits 0
kith module enable sales
exits 0
kith get lead "$lead"
exits 0
prints "Big deal"

it "takes a module from a file that is named"
kith module disable sales
mkdir lib
cp "$(dirname "$KITH")/modules/sales.so" lib/sales.so
cp lib/sales.so lib/mine.so
kith module enable lib/mine.so
exits 1
complains "its file must be sales.so"
kith module enable lib/sales.so
exits 0
kith get lead "$lead"
exits 0
mkdir newer
mv lib/sales.so newer/
kith module enable newer/sales.so # in place of the one that was there
exits 0
expect test "$(grep -c 'sales\.so' conf.d/modules.conf)" -eq 1
expect grep -q '/newer/sales\.so"' conf.d/modules.conf
kith module enable sales
exits 0
expect grep -q '/newer/sales\.so"' conf.d/modules.conf
kith module disable sales
exits 0

it "disables a module that others can do without"
"$KITH" module enable commerce >/dev/null
"$KITH" module enable sales >/dev/null
kith module disable commerce
exits 0
kith module list
expect grep -q "^sales .*running" "$work/out"
kith module disable sales
exits 0

it "lets one command after the other change the list"
pids=()
for _ in 1 2 3 4 5 6; do
    "$KITH" module enable sales >/dev/null 2>>"$work/together" &
    pids+=($!)
done
for pid in "${pids[@]}"; do expect wait "$pid"; done
expect test ! -s "$work/together"
expect test ! -e conf.d/modules.conf.part
kith module disable sales
exits 0

it "refuses to enable a module whose types cannot be, and names the field"
hostile=$(realpath "$KITH_BUILD/tests/plugins" 2>/dev/null) || hostile=/nowhere
if [ -e "$hostile/bad_type.so" ]; then
    kith module enable "$hostile/bad_type.so"
    expect test "$code" -ne 0
    complains "module bad_type, field lost.to"
    prints_not "enabled"
    kith find contact
    exits 0

    it "runs without a module whose types cannot be"
    kith module enable sales
    cp conf.d/modules.conf kept.conf
    sed -i "s#\[\"sales\"\]#[\"$hostile/bad_type.so\", \"sales\"]#" conf.d/modules.conf
    kith module list
    exits 0
    prints "nowhere"
    kith get lead "$lead"
    exits 0
    kith check
    exits 2
    mv kept.conf conf.d/modules.conf
    kith module disable sales
    exits 0

    it "says of a module that it enabled why it does not start, and how to be rid of it"
    kith module enable "$hostile/fails_create.so"
    exits 1
    prints "The module fails_create is enabled."
    complains "'kith module disable fails_create' takes it out again"
    complains "the moon is not full"
    kith module disable fails_create
    exits 0

    it "keeps what a module prints out of the answer"
    "$KITH" module enable "$hostile/prints.so" >/dev/null 2>&1
    kith find "contact : count()"
    prints_lines 1
    complains "written by a module"
    complains "put by a module"
    kith export contact - --format json
    prints_not "by a module"
    "$KITH" module disable prints >/dev/null 2>&1
else
    skip "the bad modules are not built"
fi

it "lets a server run with the modules of its start, and says so"
serve
kith module enable sales
exits 0
prints "until 'kith reload'"
kith module list
exits 0
stop_server
serve
kith get lead "$lead"
exits 0
kith sales.rescore
exits 0

it "tells what each function of a module has taken since the start"
kith module cost
expect grep -qE '^sales +action rescore +1 +0 +[0-9.]+ [mu]?s +[0-9.]+ [mu]?s +[0-9.]+ [mu]?s +' "$work/out"
prints_not "action convert"
kith module cost --json
prints '"module":"sales","function":"action rescore","calls":1,"failures":0,"p50_ns":'
prints '"module":"sales","function":"action convert","calls":0,"failures":0,"p50_ns":0'
kith rule cost
exits 0
stop_server
kith module cost
prints "No module was called since the company was opened; 'kith serve' keeps it open and counts."

it "lists actions with what they do before what they take, which may be long"
kith run
expect grep -q "^action .* what it does .* parameters" "$work/out"

finish
