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
complains "--fields and --after are for records"
kith export "contact group by city"
exits 2
complains "totals, not records"

finish
