#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the README of sales tells to type works, for a seller and a manager with the roles that come with
# the module and with no more.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

readme=$KITH_SOURCE/modules/sales/README.md
new_company
for module in web documents commerce sales; do "$KITH" module enable $module >/dev/null; done
cat >conf.d/zz.conf <<'END'
web: { address = "http://127.0.0.1:1"; };
sales: { learn: { min_endings = 20; least = 2; }; assign: { team = "North"; }; };
END
create team name=North >/dev/null
north=$("$KITH" find team --json | json_text id)
{
    echo name,email,source,state
    for i in $(seq 20); do
        echo "Won $i,won$i@example.org,referral,converted"
        echo "Lost $i,lost$i@example.com,giveaway,unqualified"
    done
} >ended.csv
"$KITH" import lead ended.csv >/dev/null

who="" anna="" max="" account="" contact="" product="" territory="" other=""
as() { # LOGIN: who acts from here on; nobody: the administrator
    [ "$who" = "$1" ] && return
    unset KITH_TOKEN
    who=$1
    [ -z "$who" ] || { KITH_TOKEN=$("$KITH" token add "$who" --name "readme $RANDOM" --json | json_text token) && export KITH_TOKEN; }
}
# shellcheck disable=SC2317 # called by name
make() { # TYPE FIELD=VALUE ...: its id, made by who acts
    "$KITH" create "$@" --json | json_text id
}
cart() {
    local order
    order=$(make order account="$account" contact="$contact")
    make order_line order="$order" product="$product" quantity=2 >/dev/null
    echo "$order"
}
quote() {
    make quote order="$(cart)" opportunity="$(make opportunity name=Deal account="$account" contact="$contact")"
}
sent() {
    local quote
    quote=$(quote)
    "$KITH" sales.send_quote quote="$quote" >/dev/null
    echo "$quote"
}
lead() {
    local lead
    lead=$(make lead name="Lea Lead" company="Lea Ltd $RANDOM$RANDOM" source=referral)
    "$KITH" update lead "$lead" state=qualified >/dev/null
    echo "$lead"
}

# The words in capitals, as the reader fills them in; days lie ahead.
filled_in() {
    local line=$1
    line=${line/ACTION/sales.convert}
    line=${line//2026-12-07/$(date -d 'next monday + 7 days' +%F)}
    [[ $line == *=ORDER* ]] && line=${line//=ORDER/=$(cart)}
    [[ $line == *=OPPORTUNITY* || $line == *opportunity=ID* ]] &&
        line=$(sed "s/=OPPORTUNITY\|=ID/=$(make opportunity name=Deal account="$account")/" <<<"$line")
    [[ $line == *sales.assign*LEAD* ]] && line=${line/LEAD/$(make lead name=Pool owner=)}
    [[ $line == *LEAD* ]] && line=${line/LEAD/$(lead)}
    [[ $line == *send_quote* ]] && line=${line/QUOTE/$(quote)}
    [[ $line == *=QUOTE* ]] && line=${line/QUOTE/$(sent)}
    line=$(sed "s/=ADA\|=CONTACT/=$contact/; s/=IIT\|=ACCOUNT/=$account/; s/=INDIA/=$territory/; s/from=TERRITORY/from=$territory/
        s/to=TERRITORY/to=$other/; s/=USER/=$anna/; s/=OTHER/=$max/; s/=PRODUCT/=$product/" <<<"$line")
    echo "$line"
}

# Indented lines up to what explains them, and what stands in a sentence.
commands() {
    sed -n 's/^    kith /kith /p' "$readme" | sed 's/   *.*//'
    grep -o '`kith [^`]*`' "$readme" | tr -d '`' | grep -v 'kith module\|kith sales.offer$'
}

while IFS= read -r line; do
    it "$line"
    case $line in
        *"import role"* | *"user add"* | *"field set"* | *sales.learn_*) as "" ;;
        *rescore* | *"create material"* | *"create play"* | *"create quota"* | *sales.assign* | *sales.move* | \
            *visit_groups*) as max ;;
        *) as anna ;;
    esac
    line=$(filled_in "$line")
    expect test -n "$line"
    eval "$line"
    exits 0
    case $line in
        *"field set opportunity.stage"*) # and the lines of settings that stand below it
            sed -n '/^    sales: { stages/,/; };$/p' "$readme" >conf.d/zz_stages.conf
            ;;
        *"user add max"*)
            anna=$("$KITH" find "user where login = 'anna'" --json | json_text id)
            max=$("$KITH" find "user where login = 'max'" --json | json_text id)
            as ""
            territory=$(create territory name=India level=zone manager="$max")
            other=$(create territory name=Bengal level=zone)
            product=$(create product code=PEN name=Pen price="10 EUR" tax_rate=20)
            as anna
            account=$(make account name=IIT)
            contact=$(make contact name="Ada Lovelace" account="$account" email=ada@example.org)
            ;;
    esac
done < <(commands)

it "shows a seller the quota that a manager made, and lets nobody else change it"
as max
make quota name="All" team="$north" amount="10 EUR" valid_from=2026-01-01 valid_until=2026-03-31 >/dev/null
as anna
kith find quota --fields name,seller.login --csv
prints "\"Anna, Q1\",anna"
prints_not "All"
kith update quota "$("$KITH" find "quota where seller is not null" --json | json_text id)" amount="1 EUR"
exits 4

it "gives what is made of a seller's order, lead and subscription to the seller"
as anna
order=$(cart)
lead=$(make lead name="Rita" email=rita@example.org)
as ""
"$KITH" update order "$order" state=ordered >/dev/null
"$KITH" create stock_movement stock="$(create stock product="$product" location=main)" kind=receipt quantity=50 >/dev/null
"$KITH" update order "$order" state=shipped >/dev/null
"$KITH" update order "$order" state=delivered >/dev/null
"$KITH" create response campaign=Fair name=Rita email=rita@example.org >/dev/null
plan=$(create product code=PLAN name=Plan kind=subscription price="20 EUR")
subscription=$(create subscription product="$plan" contact="$contact" owner="$anna")
as anna
kith find asset --fields product.name,owner.login --csv
prints "Pen,anna"
kith find "interaction where about = 'lead/$lead'" --fields subject,owner.login --csv
prints "Response to Fair,anna"
kith find "order where subscription = '$subscription'" --fields owner.login --csv
prints "anna"

it "the checklist has every row, and names files that are there"
checklist "$readme" SAL 72

finish
