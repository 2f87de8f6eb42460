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

new_company
sed -i 's/currency = "EUR"/currency = "GBP"/' kith.conf
mkdir -p conf.d
cp "$KITH_SOURCE/config/conf.d/commerce.conf" conf.d/
"$KITH" module enable commerce >/dev/null

# What the file says, by other means: lines, pence, orders, customers, and orders of nobody.
expected=$(python3 - "$data/retail-orders.csv" <<'END'
import csv, sys
from decimal import Decimal
rows = list(csv.reader(open(sys.argv[1], encoding="latin-1", newline=None)))[1:]
sold = [r for r in rows if len(r) == 8 and int(r[3]) > 0]
pence = sum(int(Decimal(r[3]) * Decimal(r[5]) * 100) for r in sold)
orders = {}
for r in sold:
    orders.setdefault(r[0], r[6])
print(len(rows), len(sold), f"{pence // 100}.{pence % 100:02}", len(orders),
      len(set(orders.values()) - {""}), sum(not c for c in orders.values()))
END
)
read -r rows sold pounds orders customers nobodys <<<"$expected"

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

it "takes all of it back by one undo"
kith undo "$run"
exits 0
answers "order_line: count()" 0
answers "order: count()" 0
answers "product: count()" 0
answers "contact: count()" 0
finish
