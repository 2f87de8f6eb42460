#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Invoices and payments on the command line: one order from the cart to the money, and the reports.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
mkdir -p conf.d
cp "$KITH_SOURCE/config/conf.d/commerce.conf" conf.d/
"$KITH" module enable commerce >/dev/null
id() { # WORDS OF A COMMAND: the id of what it wrote
    "$KITH" "$@" --json | python3 -c 'import json, sys
d = json.load(sys.stdin)
print(d.get("id") or d["invoice"])'
}

acme=$(id create account name=Acme)
pen=$(id create product code=pen name=Pen price="10 EUR" cost="4 EUR" tax_rate=20)
order=$(id create order account="$acme" payment_method=transfer)
"$KITH" create order_line order="$order" product="$pen" quantity=5 >/dev/null
"$KITH" update order "$order" state=ordered >/dev/null

it "makes an invoice, and takes a payment for it"
invoice=$(id commerce.invoice order="$order")
kith commerce.pay invoice="$invoice" amount="20 EUR" reference=T-1
exits 0
prints "open: 0.00 EUR"

it "says who owes what"
kith report commerce.open_items
prints "Acme"
prints "40.00 EUR"

it "adds up no prices of one"
kith view order number=O-000001
exits 0
prints "net 50.00 EUR"
prints_not "unit_price"
prints_not "list_price"
kith find "order_line group by product.name : avg(unit_price)"
prints "10.00 EUR"

it "says what was paid"
kith report commerce.payments --param account="$acme"
prints "P-000001"
prints "20.00 EUR"

it "says what was earned, by product, customer and month"
for report in profit_by_product profit_by_customer profit_by_month; do
    kith report "commerce.$report"
    prints "50.00 EUR"
    prints "20.00 EUR"
    prints "30.00 EUR"
done

it "names whom to approach: the customers who leave most, in front"
cheap=$("$KITH" create account name=Cheap --json | json_text id)
kith commerce.order account="$cheap" items="PEN*1" place=true
kith report commerce.profit_by_customer
expect test "$(grep -n "Cheap" "$work/out" | cut -d: -f1)" -gt "$(grep -n "50.00 EUR" "$work/out" | cut -d: -f1)"

it "says by which means orders are paid"
kith report commerce.payment_methods
prints "transfer"

it "shows the books, and that they agree"
kith report commerce.trial_balance
prints "revenue"
prints "10.00 EUR"
kith commerce.ledger_check
prints "balanced: true"

it "says how old what is open is, and whose"
kith commerce.open_by_age currency=EUR
prints "not_due: 40.00 EUR"
prints "Acme"

it "takes over what customers owed elsewhere"
cat >"$work/open.csv" <<'EOF'
No,Customer,Date,Due,Net,Tax
RE-1,Old Co,2026-08-01,2026-08-15,200,19
RE-2,Old Co,2026-08-02,2026-08-16,50,0
EOF
printf 'No,Paid,Amount,Ref\nRE-1,2026-08-10,38,A-1\n' >"$work/paid.csv"
kith import order_line "$work/open.csv" --create-linked order.state:=delivered order.channel:=import \
    No=order.external_id Customer=order.account.name Date=order.placed_at Net=unit_price \
    Tax=tax_rate product.code:=OPENING "product.name:=Opening balance" product.kind:=service \
    "description:=Invoice {No}" Due=
prints "created      2"
kith import invoice "$work/open.csv" No=order.external_id Date=issued_on Due=due_on Customer= Net= Tax=
prints "created      2"
kith import payment "$work/paid.csv" No=order.external_id Paid=at Amount=amount Ref=reference \
    state:=received
prints "created      1"
kith find "account where name = 'Old Co'" --fields balance --json
prints '"balance":"250.00 EUR"'
kith find "invoice where order.external_id = 'RE-1'" --fields open,due_on --json
prints '"open":"200.00 EUR","due_on":"2026-08-15"'
kith commerce.ledger_check
prints "balanced: true"
kith find "asset : count()"
prints_exactly 0

it "keeps the balance when two customers turn out to be one"
twin=$(id create account name="Acme Ltd")
other=$(id create order account="$twin")
"$KITH" create order_line order="$other" product="$pen" quantity=1 >/dev/null
"$KITH" update order "$other" state=ordered >/dev/null
id commerce.invoice order="$other" >/dev/null
"$KITH" commerce.pay account="$twin" amount="2 EUR" >/dev/null
kith merge account "$acme" "$twin"
exits 0
kith find "account where name = 'Acme'" --fields balance --json
prints "50.00 EUR"
kith commerce.ledger_check
prints "balanced: true"

it "keeps invoices and the ledger when who bought is erased"
ada=$(id create contact name="Ada Byron" email=ada@example.org)
hers=$(id create order contact="$ada")
"$KITH" create order_line order="$hers" product="$pen" quantity=1 >/dev/null
"$KITH" update order "$hers" state=ordered >/dev/null
bill=$(id commerce.invoice order="$hers")
kith delete contact "$ada"
exits 1
complains "has invoices or payments, which are kept with it"
kith commerce.pay invoice="$bill" amount="12 EUR"
kith erase contact "$ada" --reason 'request of 3 May'
exits 0
kith get invoice "$bill" --json
prints "12.00 EUR"
kith commerce.ledger_check
prints "balanced: true"

it "refuses a second payment by the same transaction"
kith commerce.pay invoice="$invoice" amount="20 EUR" reference=T-1
exits 1
complains "P-000001 of this payer has it already"
it "works out what rules of the company change, too"
mkdir -p rules
cat >rules/less.lua <<'LUA'
before("order_line.create", {where = "product.code = 'rod'"}, function(line) line.discount = decimal("50") end)
before("payment.create", {where = "reference = 'R-9'"}, function(payment) payment.amount = "7 EUR" end)
LUA
rod=$(id create product code=rod name=Rod price="10 EUR")
half=$(id create order account="$acme")
"$KITH" create order_line order="$half" product="$rod" quantity=2 >/dev/null
kith find "order where id = '$half'" --fields total --json
prints "10.00 EUR"
"$KITH" commerce.pay account="$acme" amount="5 EUR" reference=R-9 >/dev/null
kith find "payment where reference = 'R-9'" --fields amount,open,allocated --json
prints '"amount":"7.00 EUR"'
kith commerce.ledger_check
prints "balanced: true"

finish
