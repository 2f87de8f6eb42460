#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Number series of the company's own types, on each surface.
. "$(dirname "$0")/lib.bash"
new_company
year=$(date -u +%Y)

mkdir -p conf.d/types
cat >conf.d/types/invoice.conf <<END
name = "invoice";
title = "number";
fields = (
  { name = "number"; kind = "series[INV-{year}-0000]"; searched = true; },
  { name = "customer"; kind = "text"; required = true; }
);
END

it "numbers what is created, and shows the number everywhere"
kith create invoice customer=Ada
exits 0
kith find invoice --fields number,customer --csv
prints "INV-$year-0001,Ada"
kith find "invoice where number = 'INV-$year-0001'" --json
prints "\"number\":\"INV-$year-0001\""
kith search "INV-$year-0001"
prints "INV-$year-0001"
kith explain invoice.number
prints "series INV-{year}-0000 (unique, indexed)"
kith schema --json
prints '"series":"INV-{year}-0000"'

it "shows in a rehearsal the number that it would be, and gives it afterwards"
kith create invoice customer=Bea --rehearse
prints "INV-$year-0002"
kith create invoice customer=Bea
kith find "invoice where customer = 'Bea'" --fields number --csv
prints "INV-$year-0002"

it "never changes a number"
id=$("$KITH" find "invoice where customer = 'Ada'" --json | json_text id)
kith update invoice "$id" number=X
exits 4
complains "number: the invoice got the number 'INV-$year-0001' when it was created, and keeps it"

it "imports with the numbers that there were, and gives those that are missing"
printf 'customer,number\nCy,INV-%s-0070\nDi,\n' "$year" >"$work/old.csv"
kith import invoice "$work/old.csv"
exits 0
printf 'customer\nEd\n' >"$work/new.csv"
kith import invoice "$work/new.csv"
exits 0
kith find invoice --fields customer,number --csv
prints "Cy,INV-$year-0070"
prints "Di,INV-$year-0071"
prints "Ed,INV-$year-0072"
printf 'customer,number\nFi,INV-%s-0002\n' "$year" >"$work/twice.csv"
kith import invoice "$work/twice.csv"
prints "belongs to invoice"
kith doctor
exits 0

it "lets nobody but administrators give a number that all later ones would be as long as"
kith create role name=clerk rights='{"types": {"invoice": {"create": "all", "read": "all"}}}'
kith user add cleo --role clerk
"$KITH" token add cleo --json | json_text token >"$work/cleo"
kith create invoice customer=Gi number="INV-$year-999999999999999" --token-file "$work/cleo"
exits 4
complains "number: 'INV-$year-999999999999999' has more digits than the numbers of the series"
printf 'customer,number\nGi,INV-%s-0099\nHu,INV-%s-10000\n' "$year" "$year" >"$work/long.csv"
kith import invoice "$work/long.csv" --token-file "$work/cleo"
prints "created      1"
kith create invoice customer=Io
kith find "invoice where customer = 'Io'" --fields number --csv
prints "INV-$year-0100"
kith import invoice "$work/long.csv" --key number --duplicates skip
exits 0
kith create invoice customer=Jo number="INV-$year-10001" --token-file "$work/cleo"
exits 4
kith create invoice customer=Jo --token-file "$work/cleo"
kith find "invoice where customer = 'Jo'" --fields number --csv
prints "INV-$year-10001"

it "tells editors and programs that it may be left out"
kith rule stubs "$work/stubs"
kith schema --json
prints '"write":true'
expect grep -rq '^---@field number? string|null' "$work/stubs"

it "refuses a pattern that numbers nothing, with the line"
kith field add invoice other:series[INV]
complains "the series \"INV\" has no zeros"
kith field add invoice other:series[00] --required
complains "a series gives each new record its number: it is neither required nor has a default"
finish
