#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Types and fields of the company's own: by commands and files, over records that are there, while the
# company is served, and when the process is killed in between.
. "$(dirname "$0")/lib.bash"
new_company

it "adds a type and fields, which are there at once"
kith type add visit --title name 'contact:link[contact]' 'size:choice[small,medium,large]' --doc "A visit."
exits 0
prints "The type visit is added."
prints "field visit.contact is new"
prints_not "visit.created"
prints_not "index"
kith field add visit stars:integer --min 1 --max 5 --label Stars
exits 0
prints "field visit.stars is new"
kith create visit name=first size=small stars=4
exits 0
kith create visit name=second stars=6
exits 2
complains "stars: '6' is out of its range: 1 to 5"
kith find "visit where stars >= 4"
prints "first"
kith explain visit.stars
prints "integer (1 to 5)"
prints "conf.d/types/visit.conf:"
kith type list --json
prints '"type":"visit","label":"Visit","module":"company","fields":7,"records":1'

it "refuses what cannot be, and leaves the files as they were"
cp conf.d/types/visit.conf "$work/before"
kith field add visit stars:text
complains "visit has a field stars already (from company)"
kith field add visit x:txt
complains "'txt' is no kind of field; did you mean 'text'?"
kith field add visit lead:link[lead]
complains "field visit.lead links to lead, and there is no such type"
kith field add visit lot:integer --default many
complains "default of lot: 'many' is no whole number"
kith field set visit.size kind=text
complains "a new kind needs a new name"
kith field set visit.size 'kind=choice[medium,large]'
complains "the option 'small' of visit.size cannot be taken away: 1 record has it"
kith field set visit.size lable=x
complains "did you mean 'label'?"
kith field set visit.size options=tiny
complains "'options' is nothing that can be set; 'kith help field set' lists what can be"
kith field add visit price:money[EU]
complains "field visit.price: 'EU' is no ISO 4217 currency"
kith find visit --fields nonsense
complains "no field 'nonsense' in visit; 'kith explain visit' lists them"
kith field rename contact.city town
complains "field contact.city is declared by core"
kith type retire contact
complains "type contact is declared by core"
expect cmp -s conf.d/types/visit.conf "$work/before"

it "shows what would change, and changes nothing"
kith field add visit must:text --required --indexed --rehearse
exits 0
prints "Would be done: The field visit.must is added."
prints "index visit.must is made"
prints "1 record of visit has no must, which new ones need"
expect cmp -s conf.d/types/visit.conf "$work/before"
kith explain visit.must
exits 3

it "binds new records to what is required, and lets older ones be changed"
kith field add visit must:text --required
exits 0
kith create visit name=third
complains "visit needs a must"
id=$("$KITH" find visit --json | json_text id)
kith update visit "$id" stars=5
exits 0
kith update visit "$id" must=
exits 0
kith update visit "$id" must=x
kith update visit "$id" must=
complains "visit needs a must"
kith doctor
exits 0
kith field set visit.must required=
exits 0

it "renames with values and history, finds out who uses the name, and retires"
echo 'local x = "size"' >rules/a.lua
small=$(create saved_query name=small query="visit where size = 'small'")
kith field rename visit.size extent
exits 1
prints "rules/a.lua:1"
prints "its query has the word 'size'"
expect [ "$(grep -c "saved_query $small" "$work/out")" -eq 1 ]
complains "visit.size seems to be in use, as listed above"
kith delete saved_query "$small"
kith field rename visit.size extent --anyway
exits 0
rm rules/a.lua
kith find "visit where extent = 'small'"
prints "first"
kith history visit "$id"
prints "extent: small"
kith field retire visit.name
complains "it is the title"
kith field retire visit.extent
exits 0
kith get visit "$id"
prints_not "extent"
kith history visit "$id"
exits 0
prints "extent"
kith field add visit extent:text
complains "kith field restore visit.extent"
kith field restore visit.extent
kith get visit "$id"
prints "small"
"$KITH" update visit "$id" extent=large --json >tx
kith field retire visit.extent
kith undo "$(json_text transaction <tx)"
prints "a field is retired or of a module that is not enabled"
kith field restore visit.extent
kith undo "$(json_text transaction <tx)"
prints "set back"
kith type rename visit call
exits 0
kith find "call where extent = 'small'"
prints "first"
kith type retire call
kith find call
exits 3
kith type restore call
kith find call
prints "first"
kith doctor
exits 0

it "keeps what a roll-up goes by, until both change in the files"
kith field add contact calls:integer --rollup "count(call where extent = 'small')"
exits 0
for change in "type retire call" "field rename call.extent size"; do
    kith $change
    exits 1
    prints "conf.d/types/contact.conf:3: the roll-up contact.calls: count(call where extent = 'small')"
    complains "retire the roll-ups first, or change both in conf.d/types and say 'kith reload'"
done
ada=$(create contact name=Ada)
create call name=third contact="$ada" extent=small >/dev/null
sed -i 's/^name = "call";/name = "ring";/; s/^was = \[/was = ["call", /' conf.d/types/visit.conf
sed -i 's/count(call /count(ring /' conf.d/types/contact.conf
kith find contact --fields calls --csv
exits 0
prints "1"
kith doctor
exits 0

it "has roll-ups follow the new name of a type"
kith field add contact most:integer --rollup "max( ring.stars via contact where name != 'ring.stars')"
exits 0
kith type rename ring order_call --rehearse
exits 0
prints "conf.d/types/contact.conf is changed"
kith type rename ring order_call
exits 0
expect grep -q "count(order_call where extent = 'small')" conf.d/types/contact.conf
expect grep -q "max( order_call.stars via contact where name != 'ring.stars')" conf.d/types/contact.conf
kith update order_call "$("$KITH" find "order_call where name = 'third'" --json | json_text id)" stars=4
kith find contact --fields calls,most --csv
prints "1,4"
kith doctor
exits 0

it "adds up money in the currency that the record names, as an import brings it"
"$KITH" type add bill --title name currency:text >/dev/null
"$KITH" type add bill_line 'bill:link[bill]' cost:money >/dev/null
kith field add bill total:money --rollup "sum(bill_line.cost via bill where cost is not null) in curency"
complains "did you mean 'currency'?"
old=$(create bill name=old currency=Dollars)
kith field add bill total:money --rollup "sum(bill_line.cost via bill where cost is not null) in currency"
complains "bill $old has another text there: currency: 'Dollars' is no ISO 4217 currency"
kith update bill "$old" currency=USD
kith field add bill total:money --rollup "sum(bill_line.cost via bill where cost is not null) in currency"
exits 0
printf 'bill,cost\n%s,10 USD\n%s,5 EUR\n%s,2.50 USD\n' "$old" "$old" "$old" >"$work/lines.csv"
kith import bill_line "$work/lines.csv"
exits 0
kith find bill --fields total --csv
prints "12.50 USD"
kith update bill "$old" currency=
kith find bill --fields total --csv
prints "5.00 EUR"
kith field rename bill.currency money
exits 1
prints "the roll-up bill.total: sum(bill_line.cost via bill where cost is not null) in currency"
kith doctor
exits 0

it "knows a field from one of the same name that a roll-up goes by"
"$KITH" type add trip --title name 'contact:link[contact]' >/dev/null
kith field retire trip.contact # contact.spent goes by interaction.contact
exits 0
kith field restore trip.contact
kith create trip name=Rome contact="$ada"
kith field retire trip.contact
kith delete contact "$ada"
complains "links to it by trip.contact, which is retired; bring it back first: kith field restore trip.contact"

it "keeps links to records of a type that is retired, or whose module is not enabled"
new_company
"$KITH" module enable sales >/dev/null
"$KITH" type add visit --title name 'contact:link[contact]' >/dev/null
ada=$(create contact name=Ada)
visit=$(create visit name=first contact="$ada")
lead=$(create lead name=L)
create note about="visit/$visit" body=one >/dev/null
note=$(create note about="lead/$lead" body=two)
"$KITH" type retire visit >/dev/null
"$KITH" module disable sales >/dev/null
kith doctor
exits 0
kith backup "$work/absent.tar"
exits 0
kith get note "$note" --json
prints "\"about\":\"lead/$lead\""
kith find "note where about = 'visit/$visit'" --fields body
prints "one"
kith export note notes.jsonl
kith import note notes.jsonl --key id
exits 0
prints "duplicates   2"
kith update note "$note" title=two
exits 0
kith delete note "$note" --json
kith undo "$(json_text transaction <"$work/out")"
exits 0
prints "Reversed: 1"
kith get note "$note" --json
prints "\"about\":\"lead/$lead\""
kith create note about="lead/$lead" body=three
exits 3
complains "about: the type lead is not there now to link to: it is retired, or its module is not enabled"
kith delete contact "$ada"
complains "links to it by visit.contact, which is retired; bring it back first: kith type restore visit"
kith type restore visit
kith delete contact "$ada"
exits 0

it "makes only those indexes anew that a renamed field is in"
"$KITH" field add visit code:text --indexed >/dev/null
kith field rename visit.code number
exits 0
prints "index visit.number is made"
prints_not "index visit.created"
prints_not "index visit.contact"
kith find "visit where number = 'x'" --explain
prints "found by the index on number"

it "says what a new link makes ambiguous"
"$KITH" create segment name=visited query="contact where exists(visit)" >/dev/null
echo 'before("contact.update", {where = "exists(visit)"}, function(c) end)' >rules/visited.lua
kith field add visit second:link[contact]
exits 0
prints "visited: query: at 22: several fields of visit link to contact"
prints "rules/visited.lua:1"
complains "the change is kept, and what is listed above does not work with the types as they are"
kith field retire visit.second
exits 0
prints_not "visited"
kith check
exits 0
rm rules/visited.lua

it "leads to the same names in a database that has the old ones, from the folder alone"
new_company
"$KITH" type add visit --title name size:text >/dev/null
"$KITH" create visit name=one size=big >/dev/null
cp -r . "$work/other"
"$KITH" field rename visit.size extent >/dev/null
"$KITH" type rename visit call >/dev/null
cp conf.d/types/visit.conf "$work/other/conf.d/types/"
cd "$work/other" || exit 1
kith find "call where extent = 'big'"
prints "one"
kith doctor
exits 0
cd "$work/company" || exit 1

it "changes what others declare, but not its kind"
kith field set contact.lifecycle 'states=new>fan|lost,fan>lost,lost>new' default=new
exits 0
kith create contact name=Ada
kith find "contact where lifecycle = 'new'"
prints "Ada"
kith field set account.kind more=club,museum
kith create account name=Kunst kind=museum
exits 0
kith field set contact.city unique=true
complains "unique can be set of fields of your own only"
kith field set contact.lifecycle 'states=' default=
complains "the option 'new' of contact.lifecycle cannot be taken away: 1 record has it"

it "has roles and tokens follow new names, given by a command or in the files"
new_company
kith type add visit --title name size:text
create visit name=one size=secret >/dev/null
kith create role name=guest 'rights={"types": {"*": {"read": "all"}, "visit": {"read": "all", "fields": {"size": "none"}}}}'
kith user add anna --role guest
token=$("$KITH" token add anna --types "contact, visit" --json | json_text token)
kith field rename visit.size extent
exits 0
as_anna() { KITH_TOKEN=$token kith "$@"; }
as_anna find visit
prints one
prints_not secret
as_anna find "visit where extent = 'secret'"
exits 4
kith role check
exits 0
kith log --limit 1
prints "new names of types and fields, in roles"
sed -i 's/^name = "visit";/name = "call";\nwas = ["visit"];/; s/name = "extent"/name = "depth"/; s/was = \["size"\]/was = ["extent", "size"]/' conf.d/types/visit.conf
as_anna find call --json
exits 0
prints one
prints_not secret
echo 'name = "visit"; title = "name"; fields = ({ name = "name"; kind = "text"; });' >conf.d/types/other.conf
create visit name=another >/dev/null
kith find visit
prints another
as_anna find visit
prints_not another
kith find role --fields rights --csv
prints depth
kith doctor
exits 0

it "finds the names in saved queries, segments, roles and the settings of a module"
new_company
kith module enable sales
kith type add visit --title name size:integer
kith field add lead stars:integer
kith create saved_query name=big 'query=visit where size > 3'
kith create segment name=Large 'query=visit where size > 5'
kith create segment name=Rented query=visit kind=rented uses_max=1 'keep=size > 7'
kith create role name=seller 'rights={"types": {"visit": {"read": "all", "fields": {"size": "read"}}}}'
echo 'sales: { score: { rules = ( { when = "stars > 3"; points = 5; } ); }; };' >conf.d/score.conf
kith check
exits 0
prints "No problem found"
kith field retire visit.size
exits 1
prints " big: its query has the word 'size'"
prints " Large: its query has the word 'size'"
prints " Rented: its keep has the word 'size'"
prints " seller: its rights has the word 'size'"
kith field retire lead.stars
exits 1
prints "conf.d/score.conf:1: the setting sales.score.rules has the word 'stars'"

it "tells of what records name and is not there any more"
kith field retire visit.size --anyway
exits 0
kith check
exits 2
prints " big: query: at 13: no field 'size' in visit"
prints "; change its query, or bring back what it names"
prints " Large: query: at 13: no field 'size' in visit"
prints " Rented: keep: at 1: no field 'size' in visit"
prints " seller: rights.types.visit.fields: no field 'size' in visit"
prints ", which opens nothing; change its rights, or bring back what it names"
kith type retire visit --anyway
kith check --json
prints 'segment '
prints ' Rented: query: there is no type'
kith type restore visit
kith field restore visit.size
kith check
exits 0
prints "No problem found"

it "names every mistake in the files at once, and what follows from one only with it"
new_company
mkdir -p conf.d/types
cat >conf.d/types/visit.conf <<'END'
name = "visit";
title = "nothing";
indexes = ["size,-nowhere", "fine,-nowhere", "contact,-fine"];
fields = (
  { name = "Bad"; kind = "text"; },
  { name = "size"; kind = "choice[]"; },
  { name = "amount"; kind = "decimal[12]"; },
  { name = "stars"; kind = "integer"; default = "many"; },
  { name = "state"; kind = "state[new>done,done]"; default = "done"; },
  { name = "contact"; kind = "link[contact]"; },
  { name = "price"; kind = "money[EURO]"; },
  { name = "part"; kind = "text"; part_of = true; },
  { name = "fine"; kind = "integer"; }
);
END
cat >conf.d/types/contact.conf <<'END'
extend = "contact";
indexes = ["city,-elsewhere"];
fields = (
  { name = "visits"; kind = "integer"; rollup = "count(visit)"; },
  { name = "paid"; kind = "money"; rollup = "sum(visit.price)"; },
  { name = "best"; kind = "integer"; rollup = "max(visit.finest)"; },
  { name = "lifecycle"; more = [ "x" ]; },
  { name = "created"; label = "Begun"; }
);
END
kith check
exits 2
prints "conf.d/types/visit.conf: type visit: its title \"nothing\" is no field"
prints 'conf.d/types/visit.conf: type visit: index "fine,-nowhere": no field '
prints 'conf.d/types/visit.conf:5: "Bad" is no field name'
prints "conf.d/types/visit.conf:6: field visit.size: "
prints "conf.d/types/visit.conf:7: field visit.amount: a decimal needs its scale, 0 to 9"
prints "conf.d/types/visit.conf:8: default of stars: 'many' is no whole number"
prints "conf.d/types/visit.conf:9: default of state: a new visit begins as 'new', not 'done'"
prints "conf.d/types/visit.conf:11: field visit.price: 'EURO' is no ISO 4217 currency"
prints "conf.d/types/visit.conf:12: only a link can make a record part of another"
prints "conf.d/types/contact.conf:6: field contact.best: roll-up"
prints "conf.d/types/contact.conf:7: only a choice takes more options"
prints "conf.d/types/contact.conf:8: created is kept by Kith and cannot be changed"
prints_not "contact.paid"
prints_not "size,-nowhere"
prints "conf.d/types/contact.conf: type contact: index \"city,-elsewhere\": no field "
prints_not "contact.conf:4"
kith check --json
prints '"line":12,"problem":"only a link can make a record part of another"'
expect test "$(grep -c problem "$work/out")" = 13
kith find contact
exits 2
sed -i -E '/Bad|size|amount|stars|state|price|part_of/d; /title/d; /indexes/d' conf.d/types/visit.conf
sed -i -E '/paid|best|lifecycle|created|elsewhere/d; s/;( )*},$/; }/' conf.d/types/contact.conf
kith check
exits 0

it "loads every pack into one company"
new_company
for pack in healthcare finance real_estate nonprofit; do
    kith type load $pack
    exits 0
done
kith type load hospital
complains "there is no pack 'hospital'; there are:"
contact=$(create contact name=Ada)
property=$(create property name=Villa use=residential price="500000 EUR" condition=good)
create viewing property="$property" contact="$contact" interest=strong >/dev/null
create holding number=1 contact="$contact" product=savings balance="100 EUR" >/dev/null
create donation donor="$contact" amount="10 EUR" on=2026-01-02 >/dev/null
create appointment reason=Cough patient="$contact" at=2026-01-02T10:00:00Z >/dev/null
kith get property "$property" --json
prints '"viewings":1'
kith get contact "$contact" --json
prints '"given":"10.00 EUR"'
prints '"holdings":0'
kith check
exits 0
kith doctor
exits 0

# The end of a server is not the end of the test.
writes() { # NUMBER: so many records, one by one; those that were acknowledged
    for i in $(seq "$1"); do "$KITH" create visit name="w$i" >/dev/null && echo "w$i"; done
}

it "takes changes over while it serves, and loses no write"
new_company
"$KITH" type add visit --title name >/dev/null
serve
(writes 60 >"$work/acknowledged") 2>"$work/write-errors" &
writer=$!
for i in $(seq 15); do
    kith field add visit "f$i:integer" --indexed
    exits 0
    kith field rename visit.f$i "g$i"
    exits 0
done
wait $writer
expect [ "$(wc -l <"$work/acknowledged")" -eq 60 ]
kith find "visit: count()"
prints "60"
kith create visit name=x g15=3
exits 0
echo "log: { level = 3; };" >conf.d/bad.conf
kith reload
complains "conf.d/bad.conf:1"
kith find "visit where g15 = 3"
prints "x"
rm conf.d/bad.conf
kith reload
prints "The company was opened anew."
descriptors=$(ls /proc/$server/fd | wc -l)
for i in 1 2 3 4 5; do kith reload; done # the last one's connection may be just about to be closed
expect [ "$(ls /proc/$server/fd | wc -l)" -lt "$((descriptors + 5))" ]
kith field add visit "broken:integer" --rollup "count(nothing)"
complains "nothing"
stop_server
expect [ "$server_code" -eq 0 ]
expect [ "$(grep -c 'schema: field visit.f1 is new' "$work/serve.log")" -eq 1 ]
expect [ "$(grep -c 'visit.broken' "$work/serve.log")" -eq 0 ] # what was only tried is not told
kith doctor
exits 0

it "is right after it was killed between the files and the database"
for i in 1 2 3; do
    serve
    ("$KITH" field add visit "k$i:text" --indexed >/dev/null 2>&1) &
    change=$!
    kill -KILL "$server"
    wait "$server" 2>/dev/null
    wait $change
    kith find "visit: count()"
    exits 0
    kith doctor
    exits 0
done
finish
