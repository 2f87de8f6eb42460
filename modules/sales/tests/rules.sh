#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the rules of a company make of quotes, prices, shipments, subscriptions and what is owned is
# checked as what people write: rules run first.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
mkdir -p conf.d rules
cp "$KITH_SOURCE"/config/conf.d/{commerce,sales}.conf conf.d/
"$KITH" module enable commerce >/dev/null && "$KITH" module enable sales >/dev/null || exit 1
id() { # WORDS OF A COMMAND: the id of what it wrote
    "$KITH" "$@" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])'
}

ada=$(id create contact name=Ada)
pen=$(id create product code=pen name=Pen price="10 EUR")
plan=$(id create product code=plan name=Plan kind=subscription price="10 EUR")
book=$(id create price_book name=Retail currency=EUR)
order=$(id create order contact="$ada")
line=$(id create order_line order="$order" product="$pen" quantity=3)
quote=$(id create quote order="$order")
cat >rules/changes.lua <<'END_OF_RULES'
before("quote.update", {where = "terms = 'long'"}, function(q) q.valid_until = "2001-01-01" end)
before("price.create", function(p) p.amount = "9 USD" end)
before("shipment_line.create", function(l) l.quantity = decimal("4") end)
before("subscription.create", function(s) s.period = "year" end)
before("asset.create", function(a) a.purchased_on = "2020-01-31" end)
END_OF_RULES

it "checks the day that a rule gives a quote"
kith update quote "$quote" terms=long state=sent
exits 1
complains "valid_until: it is over; give it a day to come"
kith update quote "$quote" terms=short state=sent
exits 0

it "checks the price that a rule puts into a book"
kith create price price_book="$book" product="$pen" amount="9 EUR"
exits 1
complains "amount: it is in USD, and the prices of 'Retail' are in EUR"

it "checks how much a rule has shipped"
"$KITH" update quote "$quote" state=accepted >/dev/null
shipment=$(id create shipment order="$order")
kith create shipment_line shipment="$shipment" order_line="$line" quantity=1
exits 1
complains "quantity: "

it "reckons a subscription and a warranty by what a rule says"
subscription=$(id create subscription contact="$ada" product="$plan" quantity=2)
kith find "subscription where id = '$subscription' and term_end > today() + 360d" --fields period --json
prints "year"
"$KITH" update product "$pen" warranty_months=12 >/dev/null
asset=$(id create asset contact="$ada" product="$pen" purchased_on=2026-01-31)
kith find "asset where id = '$asset'" --fields warranty_until --json
prints "2021-01-31"
finish
