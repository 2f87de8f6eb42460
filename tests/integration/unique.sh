#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What no two records have the same of together.
. "$(dirname "$0")/lib.bash"
new_company
declare_seat() { # INDEXES
    cat >conf.d/types/seat.conf <<CONF
name = "seat";
doc = "Somebody's place at a table.";
title = "event";
indexes = [$1];
fields = (
  { name = "event"; kind = "text"; indexed = true; },
  { name = "place"; kind = "integer"; },
  { name = "account"; kind = "link[account]"; part_of = true; }
);
CONF
}
mkdir -p conf.d/types
declare_seat '"unique event, place", "unique account, event"'

it "lets no two records have the same of several fields, and names the one that has"
one=$("$KITH" create seat event=Gala place=1 --json | json_text id)
kith create seat event=gala place=1
exits 1
complains "place: there is a seat with the same event and place already: $one"
kith create seat event=Gala place=2
exits 0
kith update seat "$one" place=2
exits 1
complains "with the same event and place already"

it "takes a record in which one of them is empty for like no other"
kith create seat event=Gala
exits 0
kith create seat event=Gala
exits 0

it "rejects such rows of an import, and keeps the others"
printf 'event,place\nGala,1\nGala,3\nGALA,3\n' >seats.csv
kith import seat seats.csv
prints "created      1"
prints "rejected     2"
prints "there is a seat with the same event and place already: $one"
kith import seat seats.csv --key event,place
exits 0
prints "row 4 is seat"

it "has two that become the same by a merge joined"
a=$("$KITH" create account name=A --json | json_text id)
b=$("$KITH" create account name=B --json | json_text id)
kith create seat account="$a" event=Fair
kith create seat account="$b" event=Fair place=7
kith merge account "$a" "$b"
exits 0
kith find "seat where event = 'Fair'" --fields account.name,place --json
prints '"account.name":"A","place":7}'

it "does not undo what would make two of them"
gone=$("$KITH" create seat event=Ball place=1 --json | json_text id)
tx=$("$KITH" delete seat "$gone" --json | json_text transaction)
kith create seat event=Ball place=1
kith undo "$tx"
expect test "$code" -ne 0
kith find "seat where event = 'Ball': count()"
prints 1

it "is no rule any more when the index is taken out, and is none again while two are the same"
declare_seat ""
kith create seat event=Gala place=1
exits 0
declare_seat '"unique event, place"'
kith check
expect test "$code" -ne 0
complains 'index "unique event,place": several records have the same event and place, as '
finish
