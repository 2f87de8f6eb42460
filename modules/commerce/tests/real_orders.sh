#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real orders: one flat file of order lines becomes orders, products and customers. The file lies in
# $KITH_DATA, else in ../shared/data.
. "$(dirname "$0")/../../../tests/integration/lib.bash"
data=${KITH_DATA:-$(dirname "$(realpath "$0")")/../../../../shared/data}
[ -r "$data/retail-orders.csv" ] || {
    it "imports real orders" && skip "there is no $data/retail-orders.csv; KITH_DATA names its folder"
    finish
}
answers() { # QUERY ANSWER
    kith find "$1"
    prints_exactly "$2"
}

new_shop() { # CURRENCY
    new_company
    sed -i "s/currency = \"EUR\"/currency = \"$1\"/" kith.conf
    mkdir -p conf.d
    cp "$KITH_SOURCE/config/conf.d/commerce.conf" conf.d/
    "$KITH" module enable commerce >/dev/null
}
new_shop GBP

# What the file says, by other means: lines, pence, orders, customers, and orders of nobody.
expected=$(python3 - "$data/retail-orders.csv" <<'END'
import csv, sys
from decimal import Decimal


def returned(rows):
    """How many of the rows below zero are of a line that the customer had bought before, and pieces."""
    lines, matched, pieces = {}, 0, 0
    for r in rows:
        if len(r) < 8 or not r[6]:
            continue
        had, n = lines.setdefault((r[6], r[1]), []), int(r[3])
        if n > 0:
            had.append([r[4], n])
            continue
        for line in reversed(had):
            if line[1] >= -n:
                line[1] += n
                matched, pieces = matched + 1, pieces - n
                break
    return matched, pieces


rows = list(csv.reader(open(sys.argv[1], encoding="latin-1", newline=None)))[1:]
sold = [r for r in rows if len(r) == 8 and int(r[3]) > 0]
pence = sum(int(Decimal(r[3]) * Decimal(r[5]) * 100) for r in sold)
orders = {}
for r in sold:
    orders.setdefault(r[0], r[6])
print(len(rows), len(sold), f"{pence // 100}.{pence % 100:02}", len(orders),
      len(set(orders.values()) - {""}), sum(not c for c in orders.values()), *returned(rows))
END
)
read -r rows sold pounds orders customers nobodys matched pieces <<<"$expected"

it "makes orders, products and customers of order lines, and tells of what is no sale"
kith import order_line "$data/retail-orders.csv" --create-linked --rejects rejected.csv --json \
    InvoiceNo=order.external_id InvoiceDate=order.placed_at Country=order.shipping_country \
    order.channel:=import order.state:=delivered \
    CustomerID=order.contact.external_id "order.contact.name:=Customer {CustomerID}" \
    StockCode=product.code Description=product.name "product.name:={StockCode}" \
    Quantity=quantity UnitPrice=unit_price
exits 0
prints "\"rows\":$rows,\"created\":$sold,"
prints "the file ends in the middle of this row, its last: it was cut off after cell 1 of 8"
prints "quantity: '-1.000' is out of its range: 0.001 or more"
run=$(json_text run <"$work/out")

it "adds them up to what the file says"
answers "order_line: count()" "$sold"
kith find "order: sum(total)"
prints "$pounds GBP"
answers "order: count()" "$orders"
answers "order where state = 'delivered' and placed_at < '2010-12-08': count()" "$orders"
answers "contact: count()" "$customers"
answers "order where contact is null: count()" "$nobodys"
kith find "order where external_id = '536365'" --json --fields total,contact.name,shipping_country,lines
prints '"total":"139.12 GBP","contact.name":"Customer 17850","shipping_country":"United Kingdom","lines":7'

it "takes what came back for a return of the order by which it was bought, and tells of what was not"
kith import return_request rejected.csv --rejects unmatched.csv --json state:=received \
    CustomerID=contact.external_id StockCode=product.code Quantity=quantity InvoiceDate=received_at \
    InvoiceNo=note Description= UnitPrice= Country=
exits 0
prints "\"created\":$matched,"
prints "product: no order of this contact has as much of it that could come back"
prints "order_line: say which line of an order comes back, or the product with its order or contact"
back=$(json_text run <"$work/out")
answers "return_request: count()" "$matched"
kith find "return_request: sum(quantity)"
prints "$pieces.000"
answers "order_line where returned > quantity: count()" 0
answers "return_request where received_at < order.placed_at: count()" 0

it "takes all of it back by undo"
kith undo "$back"
exits 0
kith undo "$run"
exits 0
answers "order_line: count()" 0
answers "order: count()" 0
answers "product: count()" 0
answers "contact: count()" 0

it "makes an order of each purchase of a music shop: what is put together of its columns finds it"
new_shop USD
data=$data/purchases-cdnow.txt
read -r lines customers days pennies <<<"$(awk 'NR > 1 { n++; p += $4 * 100; c[$1]; o[$1, $2] }
    END { printf "%d %d %d %.0f", n, length(c), length(o), p }' "$data")"
kith import order_line "$data" --delimiter blanks --create-linked order.channel:=import order.state:=delivered \
    "order.external_id:={customer_id} {date}" date=order.placed_at customer_id=order.contact.external_id \
    "order.contact.name:=Customer {customer_id}" product.code:=CD "product.name:=Compact discs" \
    number_of_cds= dollar_value=unit_price
exits 0
answers "order_line: count()" "$lines"
answers "order: count()" "$days"
answers "contact: count()" "$customers"
answers "order where total > '0 USD': count()" "$(awk 'NR > 1 { o[$1, $2] += $4 } END { for (i in o) n += o[i] > 0; print n }' "$data")"
kith find "order: sum(total)"
prints "$((pennies / 100)).$(printf %02d $((pennies % 100))) USD"
kith find "order where contact.external_id = '00002': count(), sum(total), min(placed_at)"
prints "89.00 USD"
finish
