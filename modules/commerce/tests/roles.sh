#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The roles that come with commerce are enough for what they are called, and for no more.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
"$KITH" module enable commerce >/dev/null
as() { # ROLE: who acts from here on has this role alone
    unset KITH_TOKEN
    KITH_TOKEN=$("$KITH" token add "$1" --name "$RANDOM" --json | json_text token) && export KITH_TOKEN
}
it "imports the roles that come with the module"
kith import role roles/commerce.jsonl --key name
exits 0
prints "created      3"
for user in desk money shop; do
    case $user in desk) role="order desk" ;; money) role=accounting ;; shop) role=catalogue ;; esac
    "$KITH" user add $user --role "$role" >/dev/null
done

it "lets the catalogue be kept, and nothing be sold"
as shop
pen=$(create product code=PEN name=Pen price="10 EUR" tax_rate=20)
book=$(create price_book name=Retail currency=EUR standard=true)
kith create price price_book="$book" product="$pen" amount="9 EUR" min_quantity=10
exits 0
stock=$(create stock product="$pen" location=main critical=2)
kith commerce.price product="$pen" quantity=10
exits 0
prints "9.00 EUR"
kith create account name=Acme
exits 4

it "lets the order desk take an order, ship it and take it back"
as desk
kith create stock_movement stock="$stock" kind=receipt quantity=10
exits 0
kith commerce.order items="PEN*2" email=ada@example.org name=Ada place=true --json
exits 0
order=$(json_text order <"$work/out")
kith commerce.ship order="$order" carrier=Post
exits 0
kith update order "$order" state=delivered
exits 0
kith find asset --fields product.code --csv
prints PEN
line=$("$KITH" find "order_line where order = '$order'" --json | json_text id)
kith create return_request order_line="$line" quantity=1 reason=defect
exits 0
kith commerce.invoice order="$order"
exits 4
kith update product "$pen" price="1 EUR"
exits 4

it "calls an action of a script that is started again once"
kith run commerce.order --once cart-1 items="PEN*1" email=ada@example.org
exits 0
number=$(sed -n 's/^number: //p' "$work/out")
kith run commerce.order --once cart-1 items="PEN*1" email=ada@example.org
exits 0
prints "It was done before, with the same key:"
prints "order: $number "
prints_not "created:"
kith run commerce.order --once cart-1 items="PEN*2" email=ada@example.org
exits 1
complains "take a new key"
kith run commerce.order --once cart-2 items="NONE*1" email=ada@example.org
expect test "$code" -ne 0
kith run commerce.order --once cart-2 --rehearse items="PEN*1" email=ada@example.org
exits 0
kith run commerce.order --once cart-2 items="PEN*1" email=ada@example.org
exits 0
prints_not "It was done before"
kith find "order where state = 'cart' : count()"
prints_exactly 2

it "lets accounting invoice, take payments and close the books"
as money
kith commerce.invoice order="$order" --json
exits 0
invoice=$(json_text invoice <"$work/out")
kith commerce.pay invoice="$invoice" amount="24 EUR" reference=T-1
exits 0
prints "open: 0.00 EUR"
for report in open_items trial_balance profit_by_customer; do
    kith report commerce.$report
    exits 0
done
kith commerce.ledger_check
exits 0
prints "balanced: true"
kith commerce.order items="PEN*2" email=eve@example.org name=Eve
exits 4

finish
