#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sales from the command line: rehearsal, undo, rules, a server with several clients, new settings.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
mkdir -p conf.d
cp "$KITH_SOURCE/config/conf.d/sales.conf" conf.d/
"$KITH" module enable sales >"$work/out" 2>&1 || cat "$work/out"

# All that a customer sees, but when it was last written.
everything() {
    for type in account contact contact_point lead opportunity user task; do
        "$KITH" export "$type" --json 2>/dev/null | sed 's/"updated":"[^"]*"//'
    done
}
qualified() { # FIELD=VALUE ...: a qualified lead
    local id
    id=$(create lead "$@")
    "$KITH" update lead "$id" state=qualified >/dev/null
    echo "$id"
}
newest() { "$KITH" log --limit 1 --json | json_text id; }

it "has reports of what sellers look at, with the rights of who asks"
lead=$(create lead name="Old Lead")
kith report
prints "sales.pipeline"
kith report sales.queue --json --fields name
exits 0
prints '"name":"Old Lead"'
kith report sales.queue
prints "owner.name"
kith report sales.queue --csv
prints "id,name,company,score,rating,state,source,phone,email,owner.name"
kith report sales.queue --json
prints '"created":'
deal=$(create opportunity name=Deal probability=50 amount="100 EUR")
kith report sales.pipeline --csv
exits 0
prints "stage,currency,deals,amount,weighted"
prints "prospecting,EUR,1,100.00 EUR,50.00 EUR"
"$KITH" create role name=seller rights='{"types": {"opportunity": {"read": "own"}, "pipeline_total": {"read": "own"}}}' \
    >/dev/null
"$KITH" user add sam --name Sam --role seller >/dev/null
token=$("$KITH" token add sam --name test --json | json_text token)
sam=$("$KITH" find "user where login = 'sam'" --json | json_text id)
create opportunity name="Of Sam" probability=90 amount="10 EUR" owner="$sam" >/dev/null
KITH_TOKEN=$token kith report sales.pipeline --csv
exits 0
prints "prospecting,EUR,1,10.00 EUR,9.00 EUR"
kith report sales.pipeline --csv
prints "prospecting,EUR,2,110.00 EUR,59.00 EUR"
"$KITH" create role name=quiet rights='{"types": {"lead": {"read": "all", "fields": {"phone": "none"}}}}' >/dev/null
"$KITH" user add quinn --name Quinn --role quiet >/dev/null
KITH_TOKEN=$("$KITH" token add quinn --name test --json | json_text token) kith report sales.queue --csv
prints "id,name,company,score,rating,state,source,email"
prints_not phone
won=$(create opportunity name="Won" amount="7 EUR" opened_at=2026-01-01)
"$KITH" update opportunity "$won" stage=qualification >/dev/null
"$KITH" update opportunity "$won" stage=proposal >/dev/null
"$KITH" update opportunity "$won" stage=won closed_at=2026-02-01 >/dev/null
"$KITH" create role name=analyst rights='{"types": {"opportunity": {"read": "all"}, "lead": {"read": "all"}}, "actions": ["sales.kpis"]}' >/dev/null
"$KITH" user add eve --name Eve --role analyst >/dev/null
KITH_TOKEN=$("$KITH" token add eve --name test --json | json_text token) kith sales.kpis --csv # without the totals
prints ",1,0,100.00,7.00 EUR,7.00 EUR,31d,"
"$KITH" delete opportunity "$won" >/dev/null
kith report sales.won_since
exits 2
complains "since=VALUE"
kith report sales.won_since --param since=2026-01-01 --json
exits 0
"$KITH" user add nobody >/dev/null
kith report sales.queue --as nobody --reason "a test"
exits 4
kith report sales.pipelin
exits 3
complains "there is no report or saved query 'sales.pipelin'; 'kith report' lists them"
"$KITH" delete lead "$lead" >/dev/null
"$KITH" delete opportunity "$deal" >/dev/null

it "rehearses a conversion: every effect is shown and nothing is kept"
lead=$(qualified name="Ada Lovelace" company="Steel Ltd" email=ada@example.com source=referral)
everything >"$work/before"
kith sales.convert lead="$lead" amount="500 EUR" --rehearse
exits 0
prints "would create account"
prints "would create contact "
prints "would create contact_point"
prints "would create opportunity"
prints "would update lead"
prints "qualified → converted"
prints "nothing was kept"
everything >"$work/after"
expect cmp -s "$work/before" "$work/after"

it "undoes a conversion to exactly what was there before"
kith sales.convert lead="$lead" amount="500 EUR"
exits 0
prints "account_how: created"
prints "opportunity: Steel Ltd"
prints "'kith undo $(newest)' takes this back."
everything >"$work/after"
expect test "$(cmp -s "$work/before" "$work/after" && echo same)" = ""
kith undo "$(newest)"
exits 0
everything >"$work/after"
expect cmp -s "$work/before" "$work/after"

it "keeps an opportunity that was edited since, and what it leads to, when a conversion is undone"
lead=$(qualified name="Bea Kept" company="Kept Ltd")
kith sales.convert lead="$lead"
conversion=$(newest)
opportunity=$("$KITH" find "opportunity where name = 'Kept Ltd'" --json | json_text id)
kith update opportunity "$opportunity" stage=qualification
kith undo "$conversion"
exits 1
prints "Kept: 2"
prints "Refused: 3"
complains "the opportunity 'Kept Ltd' came of this lead and stays; delete that, and undo again"
kith find "lead where state = 'converted' and name = 'Bea Kept' : count()"
prints_exactly 1
kith delete opportunity "$opportunity"
exits 0
kith undo "$conversion"
exits 0
kith find "lead where state = 'qualified' and contact is null and name = 'Bea Kept' : count()"
prints_exactly 1
for gone in contact account; do
    kith find "$gone : count()"
    prints_exactly 0
done
kith delete lead "$lead"

it "says which right a role lacks that converts leads"
"$KITH" create role name=converter rights='{"types": {
    "lead": {"read": "all", "update": "all"}, "opportunity": {"create": "own", "read": "all"}},
    "actions": ["sales.convert"]}' >/dev/null
"$KITH" user add cora --name Cora --role converter >/dev/null
lead=$(qualified name="Cy Closed" email=cy@closed.example)
KITH_TOKEN=$("$KITH" token add cora --name test --json | json_text token) kith sales.convert lead="$lead"
complains "which needs the right to read contacts and their contact_points"
kith delete lead "$lead"

it "rehearses and undoes an assignment, turns included"
north=$(create team name=North)
for rep in anna ben carl; do create user login=$rep name=$rep teams="$north" >/dev/null; done
for _ in 1 2 3 4 5; do create lead name="A lead" >/dev/null; done
everything >"$work/before"
kith sales.assign team=North --rehearse
exits 0
prints "Rehearsal: 9 effects" # six leads and three turns
everything >"$work/after"
expect cmp -s "$work/before" "$work/after"
kith sales.assign team=North
exits 0
prints "assigned: 6"
prints "users: 3"
kith find "lead where owner.login = 'carl' : count()"
prints_exactly 2
kith undo "$(newest)"
exits 0
everything >"$work/after"
expect cmp -s "$work/before" "$work/after"

it "computes signals again when the limits were changed"
deal=$(create opportunity name=Boat probability=50)
sed -i 's/green = 70/green = 50/' conf.d/sales.conf
kith sales.rescore
exits 0
prints "signals: 1"
kith find opportunity --fields signal --csv
prints green
"$KITH" delete opportunity "$deal" >/dev/null

it "imports opportunities as they ended elsewhere, and says of each that cannot be why"
cat >deals.csv <<END
name,stage,amount,probability,closed_at,loss_reason
Won,won,1000 EUR,,2025-02-03,
Lost,lost,5 USD,0,,price
Open,proposal,7 EUR,60,,
Silent,lost,5 USD,,,
Odd,closing,7 EUR,15,,
END
kith import opportunity deals.csv --rejects rejects.csv
exits 0
prints "created      3"
prints "row 5, line 5: loss_reason: say why it was lost"
prints "row 6, line 6: probability: 15 is none of 10, 20"
kith find "opportunity where stage = 'won'" --fields probability,signal,closed_at
prints "100"
prints "green"
prints "2025-02-03"
kith undo "$(newest)"
exits 0

it "converts from a rule, which asks a person where several accounts match"
cp "$KITH_SOURCE/lua/examples/lead_to_customer.lua" rules/
create team name="Field sales" >/dev/null
dora=$(create user login=dora name=Dora teams="$("$KITH" find "team where name = 'Field sales'" --fields id --json | json_text id)")
grace=$(create lead name="Grace Hopper" company=Navy source=referral)
kith find "lead where owner = '$dora'" --fields name
prints "Grace Hopper"
kith update lead "$grace" state=qualified
exits 0
kith find "opportunity where lead = '$grace' and account.name = 'Navy' and owner = '$dora' : count()"
prints_exactly 1
kith find task --fields title,assignee
prints "Prepare the first meeting: Navy"
prints "Dora"
"$KITH" create account name=Twice >/dev/null
"$KITH" create account name=twice >/dev/null
twin=$(qualified name="Two Fold" company=Twice)
kith find "task where title like 'Convert%'" --fields title,body
prints "Convert Two Fold by hand"
prints "several accounts"
kith find "lead where id = '$twin'" --fields state --csv
prints qualified
rm rules/lead_to_customer.lua

it "logs each step through the pipeline, and tells rules when a deal is won"
cat >rules/won.lua <<'END'
on("opportunity.won", {name = "thank"}, function(deal) task {title = "Thank " .. deal.contact.name} end)
END
deal=$("$KITH" find "opportunity where lead = '$grace'" --fields id --json | json_text id)
for stage in qualification proposal closing won; do
    kith update opportunity "$deal" stage=$stage
    exits 0
done
kith history opportunity "$deal"
for step in "prospecting → qualification" "qualification → proposal" "proposal → closing" \
    "closing → won" "10 → 30" "30 → 50" "50 → 80" "80 → 100"; do
    prints "$step"
done
kith find task --fields title
prints "Thank Grace Hopper"
rm rules/won.lua

it "tells why the opportunity is there"
deal=$("$KITH" find "opportunity where lead = '$grace'" --fields id --json | json_text id)
kith why opportunity "$deal" name
exits 0
prints "the module sales"
prints "convert qualified leads"

it "lets one of two who convert the same lead at once win, and tells the other"
serve
for i in 1 2 3 4 5; do
    lead=$(qualified name="Racer $i" company="Race $i")
    "$KITH" sales.convert lead="$lead" >"$work/one" 2>&1 &
    one=$!
    "$KITH" sales.convert lead="$lead" >"$work/two" 2>&1 &
    two=$!
    wait $one
    first=$?
    wait $two
    second=$?
    expect test $((first + second)) -eq 1
    expect grep -q "is converted already" "$work/one" "$work/two"
    kith find "opportunity where lead = '$lead' : count()"
    prints_exactly 1
done

it "shares leads out evenly to clients that ask at once"
for i in 1 2 3 4 5 6 7 8 9; do
    lead=$(create lead name="Rush $i")
    "$KITH" sales.assign lead="$lead" team=North >/dev/null 2>"$work/err$i" &
    asked[i]=$!
done
for pid in "${asked[@]}"; do wait "$pid" || fail "an assignment failed"; done
for rep in anna ben carl; do
    kith find "lead where name like 'Rush%' and owner.login = '$rep' : count()"
    prints_exactly 3
done
stop_server

it "leaves each conversion whole or undone when the server is killed in the midst of them"
for i in $(seq 30); do qualified name="Crash $i" company="Crash $i"; done >crash.ids
serve
for lead in $(cat crash.ids); do "$KITH" sales.convert lead="$lead"; done >crash.out 2>/dev/null &
loop=$!
until grep -q "opportunity: Crash" crash.out; do kill -0 $loop || break; done
kill -KILL "$server"
wait "$server" 2>/dev/null
wait $loop
converted=$("$KITH" find "lead where name like 'Crash%' and state = 'converted' : count()")
expect test "$converted" -ge "$(grep -c "opportunity: Crash" crash.out)"
for found in "account where name like 'Crash%'" "contact where name like 'Crash%'" \
    "opportunity where name like 'Crash%' and lead.state = 'converted' and contact.account.name like 'Crash%'"; do
    kith find "$found : count()"
    prints_exactly "$converted"
done

it "leaves a sound database behind"
kith doctor
exits 0
prints "nothing found"

finish
