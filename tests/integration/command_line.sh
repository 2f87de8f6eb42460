#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Command lines with mistakes in them: one clear sentence each, an exit code, and nothing written.
. "$(dirname "$0")/lib.bash"
new_company
anna=$(create contact name="Anna Schmidt")

wrong() { # EXIT-CODE SENTENCE COMMAND...
    local want=$1 sentence=$2
    shift 2
    kith "$@"
    exits "$want"
    complains "$sentence"
    one_sentence
    expect test ! -s "$work/out"
}

it "shows the overview without a command, and with help"
kith
exits 0
prints "create"
kith help
exits 0
prints "kith help COMMAND"
kith --help
exits 0
kith -h
exits 0
kith --version
prints "kith "

it "has help for every command, in two ways"
"$KITH" help --json | sed -n 's/^{"command":"\([^"]*\)".*/\1/p' >commands
expect test "$(wc -l <commands)" -gt 20
while read -r command; do
    # shellcheck disable=SC2086 # the words of a command
    kith help $command
    exits 0
    prints "kith $command"
    prints "--json"
    # shellcheck disable=SC2086
    kith $command --help
    exits 0
    prints "kith $command"
done <commands

it "tells programs about the command that they ask for"
kith help module enable --json
exits 0
prints '{"command":"module enable",'
expect test "$(wc -l <"$work/out")" -eq 1
kith help module --json
prints '{"command":"module inspect",'
prints_not '{"command":"find",'
kith help xyzzy --json
exits 2
complains '{"code":"invalid","field":null,"message":"there is no command'

it "explains the query language"
kith help query
exits 0
prints "today()"

it "names the nearest command"
wrong 2 "did you mean 'kith find'" fnd contact
wrong 2 "did you mean 'kith module list'" module lst
wrong 2 "did you mean 'kith rule check'" workflow check
wrong 2 "there is no command 'xyzzy'" xyzzy

it "lists a group of commands"
kith module
exits 0
prints "module inspect"
prints_not "create"
kith help module
exits 0
prints "module inspect"

it "names the nearest option"
wrong 2 "did you mean '--limit'" find contact --limt 3
wrong 2 "has no option '--xyzzy'" find contact --xyzzy
wrong 2 "takes no value" get contact "$anna" --json=yes
wrong 2 "needs a value" find contact --limit
wrong 2 "whole number" find contact --limit many
wrong 2 "whole number" find contact --limit 0
wrong 2 "whole number" find contact --limit -1
wrong 2 "whole number" find contact --limit 99999999999999999999

it "wants neither too few words nor too many"
wrong 2 "something is missing: kith get TYPE ID" get contact
wrong 2 "something is missing" create
wrong 2 "something is missing" update contact "$anna"
wrong 2 "is too much" get contact "$anna" and more
wrong 2 "is too much" version please

it "names the nearest type and field"
wrong 3 "did you mean 'contact'" get contct "$anna"
wrong 3 "did you mean 'city'" update contact "$anna" citty=Rome
wrong 3 "did you mean 'email'" why contact "$anna" emial
wrong 2 "is not field=value" update contact "$anna" city
wrong 3 "the id of a record is no field" update contact "$anna" id=0
wrong 4 "contact.created is kept by Kith" update contact "$anna" created=2020-01-01
wrong 3 "there is no event 99 that waits" deadletter skip 99

it "takes blanks for no name"
wrong 2 "account needs a name" create account "name=   "

it "refuses what is not an id, and says when there is no such record"
for id in 0 x "$anna$anna" "../../etc/passwd" "' or 1=1 --" "0000000000000" "ZZZZZZZZZZZZZ"; do
    kith get contact "$id"
    expect test "$code" -eq 2 -o "$code" -eq 3
    one_sentence
    kith history contact "$id"
    expect test "$code" -eq 2 -o "$code" -eq 3
    kith why contact "$id" name
    expect test "$code" -eq 2 -o "$code" -eq 3
    kith delete contact "$id"
    expect test "$code" -eq 2 -o "$code" -eq 3
    kith undo "$id"
    expect test "$code" -eq 2 -o "$code" -eq 3
done

it "finds no contact under the id of another type's record"
task=$(create task title="Something")
kith get contact "$task"
exits 3
one_sentence
kith history contact "$task"
exits 3

it "points at the mistake in a query"
wrong 3 "at 15: " find "contact where citty = 'x'"
wrong 2 "at " find "contact where"
wrong 2 "at " find "contact where name = 'unclosed"
kith find "contacts"
complains "did you mean 'contact'"
wrong 2 "parameter :who" find "contact where name = :who"

it "refuses values that do not fit, with the field's name"
wrong 2 "birthday" create contact name=A birthday=tomorrow-ish
wrong 2 "email" create contact name=A email=nobody
wrong 2 "size" create account name=A size=many
wrong 2 "lifecycle" create contact name=A lifecycle=frozen
kith create contact city=Berlin
expect test "$code" -ne 0
complains "name"
one_sentence
wrong 2 "" create task title=A about=contact/0000000000000

it "refuses an impossible change of state"
kith update contact "$anna" lifecycle=ambassador
expect test "$code" -ne 0
one_sentence

it "knows no action of a module that is not enabled"
wrong 3 "no action 'sales.rescore'" run sales.rescore
wrong 3 "no action 'sales.rescore'" sales.rescore

it "knows no event, module or setting of that name"
wrong 2 "is not the number of an event" deadletter retry first
kith deadletter retry 999999
expect test "$code" -ne 0
one_sentence
wrong 3 "not enabled" module disable nothing
wrong 3 "no module 'nothing'" module inspect nothing
kith module enable nothing
expect test "$code" -ne 0
one_sentence
expect grep -qF 'enabled = []' conf.d/modules.conf
kith explain company.zon
exits 3
complains "company.zone"

it "does not take a file that is not a module for one"
echo hello >hello.so
kith module inspect ./hello.so
expect test "$code" -ne 0
one_sentence
kith module inspect .
expect test "$code" -ne 0
one_sentence

it "imports only files that are there, and writes only where it may"
wrong 3 "No such file" import contact missing.csv
wrong 2 "is a folder" import contact conf.d
printf 'name\nA\n' >a.csv
wrong 2 "takes update, skip or reject" import contact a.csv --duplicates maybe
wrong 2 "one character" import contact a.csv --delimiter xy
wrong 2 "csv, jsonl or vcard" export contact --format xml
kith export contact missing/folder/a.csv
expect test "$code" -ne 0
one_sentence

it "names a record by what is its alone, and a linked one by any field"
kith create account name=Links
kith create account name=Twice
kith create account name=Twice
kith user add lena
kith create contact name=Lio account.name=Links email=lio@example.org
exits 0
kith find "contact where account.name = 'Links' : count()"
prints_exactly 1
kith update user login=lena name="Lena L."
prints "Lena L."
wrong 3 "there is no user whose login is 'lone'" view user login=lone
wrong 2 "several records may have the same email" update contact email=lio@example.org city=Rome
wrong 2 "account: there is no account whose name is 'Nobody'" create contact name=X account.name=Nobody
wrong 2 "the name of several account records is 'Twice'; give the id of one" create contact name=X account.name=Twice
wrong 2 "account: 'colour' names no field of account" create contact name=X account.colour=red
wrong 2 "city.name: only a link to one type" create contact name=X city.name=Rome
wrong 2 "write account.name instead of account" create contact name=X account=Links
wrong 2 "write contact.name instead of contact" run consent.check contact=Lio purpose=x
kith delete contact --where "name = 'Lio'"
exits 0

it "calls a field by its name also where an option has the same"
kith create contact name=Ann
kith find "contact where name = 'Ann'" --json
ann=$(sed 's/.*"id":"\([^"]*\)".*/\1/' "$work/out")
wrong 2 "" run restriction.set contact="$ann" reason=
expect test "$(grep -c -e "--reason" "$work/err")" -eq 0
kith delete contact "$ann"
exits 0

it "says when there is no company"
cd / || exit 1
wrong 3 "there is no company here" find contact
wrong 3 "No such file" find contact --company /nowhere/at/all
wrong 3 "is no company" find contact --company /usr
cd "$work/company" || exit 1

it "makes no company where other things are"
mkdir "$work/full" && echo x >"$work/full/file"
wrong 1 "other files" init "$work/full"
echo x >"$work/plain"
wrong 1 "is a file" init "$work/plain"
wrong 1 "is a company already" init "$work/company"
wrong 3 "--zone: there is no time zone 'Mars/Phobos'" init "$work/late" --zone Mars/Phobos
wrong 2 "--currency: 'Euro'" init "$work/late" --currency Euro
kith init "$work/late" --zone Europe/Berlin --currency CHF # what went wrong before is forgotten
exits 0
kith init "$work/no/such/parent"
exits 3
one_sentence

it "stands words that are not UTF-8, and very long ones"
wrong 2 "not UTF-8" find $'contact where name = \'\xff\xfe\''
long=$(head -c 100000 /dev/zero | tr '\0' x)
wrong 2 "" get contact "$long"
wrong 2 "" "$long"
kith create contact name="$long"
expect test "$code" -eq 0 -o "$code" -eq 2

it "never sends a control character of a command line to the terminal"
kith get contact $'\e[31mred\a'
exits 2
expect test -z "$(tr -d '\n' <"$work/err" | LC_ALL=C tr -d '[:print:]\200-\377')"

it "wrote nothing in all this"
kith find "contact where name = 'A' : count()"
prints_exactly 0

finish
