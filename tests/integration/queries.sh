#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The query language on the command line: totals, and what goes around a query.
. "$(dirname "$0")/lib.bash"

kith init "$work/shop" --zone Europe/Berlin
cd "$work/shop" || exit 1
for city in Berlin Berlin Bonn; do create contact name="Somebody in $city" city=$city >/dev/null; done
contact=$(create contact name="Dora Dahl")
create interaction contact="$contact" channel=call cost="12.50 EUR" at=2026-03-02 >/dev/null
create interaction contact="$contact" channel=mail cost="2.50 EUR" at=2026-04-02 >/dev/null
create interaction contact="$contact" channel=call cost="10 EUR" at=2026-04-03 >/dev/null

it "shows totals by group as a table"
kith find "interaction group by channel order by -sum(cost) : count(), sum(cost) as cost"
exits 0
prints "channel"
prints "22.50 EUR"

it "gives totals as JSON, with money and decimals as text"
kith find "interaction group by month(at) as month : count() as n, avg(cost), count() / 3 as third" --json
exits 0
prints '{"month":3,"n":1,"avg(cost)":"12.50 EUR","third":"0.333333"}'
prints '{"month":4,"n":2,"avg(cost)":"6.25 EUR","third":"0.666667"}'

it "gives totals as CSV, with the names of the columns"
kith find "contact group by city : count() as number" --csv
exits 0
prints "city,number"
prints ",1"
prints "Berlin,2"
prints "Bonn,1"

it "gives one row without group by"
kith find "interaction : sum(cost), count(distinct channel)" --csv
exits 0
prints "25.00 EUR,2"

it "shows so many groups as --limit says, and tells of the rest"
kith find "contact group by city" --limit 1
exits 0
complains "there are 2 more: --limit 3"

it "finds by those who link, on the command line"
kith find "contact where exists(interaction where cost > '11 EUR') : count()"
exits 0
prints "1"

it "refuses totals where records are wanted"
kith find "contact group by city" --fields name
exits 2
complains "--fields is for records; totals have the columns that the query names"
kith export "contact group by city"
exits 2
complains "totals, not records"

it "takes a condition by itself, and counts positions in what was given"
kith find contact --where "city = 'Berlin' : count()"
exits 0
prints_exactly 2
kith find contact --where "order by name limit 1" --csv --fields name
exits 0
prints_lines 2
kith find contact --where "city = 'Berlin' and sity = 'x'"
complains "kith: at 21: no field 'sity' in contact; did you mean 'city'?"
kith find contact --where "city = 'Berlin' and sity = 'x'" --json
complains '"field":"where","message":"at 21:'
kith find contacts --where "city = 'Berlin'"
exits 3
complains "kith: there is no type 'contacts'"
kith find contact --where "city = 'Berlin'" --example city=Bonn
exits 2
kith find contact --limit 0
complains "kith: --limit takes a whole number from 1"
kith find contact --limit 0 --json
complains '"field":"limit","message":"limit takes a whole number from 1'

it "takes the values of parameters from --param, as a list when given again"
kith find "contact where city = :c : count()" --param c=Berlin
exits 0
prints_exactly 2
kith find "contact where city in (:c) : count()" --param c=Berlin --param c=Bonn
prints_exactly 3
kith find "interaction where cost > :least group by channel having count() >= :n" --param n=1 --param least="11 EUR" --csv
exits 0
prints "call,1"
kith find "contact where city = :c"
exits 2
complains "the query has a parameter :c: give its value, c=VALUE"
kith find "contact where city = :c" --param d=Bonn
exits 2
complains "the query has no parameter :d"
many=()
for i in $(seq 20000); do many+=(--param "c=x$i"); done
before=$SECONDS
kith find "contact where city in (:c)" "${many[@]}"
complains "more than 4000 values"
expect [ $((SECONDS - before)) -lt 8 ] # each is copied once; all of them each time took twice that

it "finds by example"
kith find contact --example city=Berlin --csv --fields city
exits 0
prints_lines 3
kith find contact --example city= --example "name=D%" --csv --fields name
prints "Dora Dahl"
prints_lines 2
kith find interaction --example "cost=>11 EUR" --csv --fields cost
prints_lines 2
kith find contact --example "name=O'Hara"
exits 0
prints "No contact found."
kith find "contact where city = 'x'" --example city=Bonn
exits 3

it "saves queries by name, checks them, and asks for them"
kith create saved_query name=late shared=true query="interaction where at < :day and nonsense = 3"
exits 3
complains "query: at 33: no field 'nonsense' in interaction"
create saved_query name=early shared=true query="interaction where at < :day order by at" >/dev/null
kith find @early --param day=2026-04-01 --csv --fields cost
exits 0
prints "12.50 EUR"
prints_lines 2
kith export @early --param day=2027-01-01 --fields cost
exits 0
prints_lines 4
kith find @earlier
exits 3
complains "there is no report or saved query 'earlier'; 'kith report' lists them"
kith find saved_query
prints "early"

it "lists saved queries with what must be given, and carries them out by their names"
kith report
exits 0
prints "early"
kith report --json
prints '{"report":"early","doc":"","query":"interaction where at < :day order by at","parameters":["day"],"saved":true}'
kith report early
exits 2
complains "the query has a parameter :day: give its value, day=VALUE"
kith report early day=2026-04-01 --csv --fields cost
answer=$(cat "$work/out")
kith report early --param day=2026-04-01 --csv --fields cost
expect test "$answer" = "$(cat "$work/out")"
exits 0
prints "12.50 EUR"
prints_lines 2

it "explains how a query is carried out"
kith find "contact where city = 'secret'" --explain
exits 0
prints "query  contact where city = 'secret'"
prints "sql    SELECT t0.id"
prints "plan   contact: found by the index on city"
kith find "contact group by country" --explain --json
prints '"plan":["contact: all 4 records are read"],"index":null}'

it "keeps segments by parts of dates and by distance, and finds nothing wrong with them"
may=$(create contact name="Maja" birthday=1990-05-03 place=48.2,16.37)
create segment name=may query="contact where month(birthday) = 5 and near(place, '48.2,16.4', 9km)" >/dev/null
kith find "contact where in_segment('may') : count()"
prints_exactly 1
kith find "contact where in_segment('may')" --explain
prints "plan   contact: found by the id"
kith update contact "$may" birthday=1990-06-03 --rehearse
prints "would publish segment.left contact $may Maja"
prints "    name: may"
kith update contact "$may" birthday=1990-06-03 --rehearse --json
prints '"topic":"segment.left","data":{"segment":'
kith update contact "$may" birthday=1990-06-03
kith find "contact where in_segment('may') : count()"
prints_exactly 0
kith view contact "$may"
prints "segment.left may"
kith view contact "$may" --json
prints '"event":"segment.left","segment":"may"'
kith doctor
exits 0

it "says that an answer is not exact while a segment that it asks for cannot be worked out"
if "$KITH" module enable sales >/dev/null 2>&1; then
    create segment name=won query="contact where exists(lead.contact where state = 'converted')" >/dev/null
    create segment name=near query="contact where in_segment('won') or city = 'Bonn'" >/dev/null
    kith find "contact where in_segment('near')"
    is_silent
    "$KITH" module disable sales >/dev/null
    doubt="segment 'near' is being worked out: the answer may have too few or too many"
    kith find "contact where in_segment('near')"
    prints "Somebody in Bonn"
    complains "kith: $doubt"
    kith find "contact where in_segment('near') and city = 'Paris'"
    complains "kith: $doubt"
    kith find "contact where in_segment('near')" --json
    expect test -z "$(grep '^kith: ' "$work/err")"
    prints "{ \"inexact\":\"$doubt\"}"
    kith find "contact where not in_segment('near')" --json --limit 1
    prints "\",\"inexact\":\"$doubt\"}"
    kith find "contact where in_segment('near') : count()"
    prints_exactly 1
    complains "kith: $doubt"
    kith find "contact where in_segment('near') : count()" --json
    prints_exactly "{\"count\":1,\"inexact\":\"$doubt\"}"
    kith find "contact where in_segment('near') group by city : count()"
    complains "kith: $doubt"
    kith find "contact where in_segment('near') group by city : count()" --json
    prints "{ \"inexact\":\"$doubt\"}"
    kith find "contact where in_segment('near')" --csv
    complains "kith: $doubt"
    kith export "contact where in_segment('near')"
    complains "kith: $doubt"
    kith export "contact where in_segment('near')" near.csv --json
    prints_exactly "{\"records\":1,\"inexact\":\"$doubt\"}"
    kith find "contact where city = 'Bonn'"
    expect test -z "$(grep '^kith: ' "$work/err")"
    kith find "segment where name = 'won'" --fields name,members
    complains "kith: segment 'won' is being worked out: the number of its members is not exact"
    kith find "segment where name = 'won'" --fields name,problem --json
    prints "lead"
    kith find "segment where name = 'won'" --json --fields name
    prints '{ "inexact":"segment '"'won'"' is being worked out: the number of its members is not exact"}'
else
    skip "the module sales is not beside the program"
fi

it "shows in a table what the query asks about"
kith create contact name="Tim Table" salutation=Mr email=tim@example.org phone=+4930123 city=Rome source=web
kith find "contact where salutation = 'Mr'"
prints "salutation"
kith find "contact where name = 'Tim Table'"
prints_not "salutation"

finish
