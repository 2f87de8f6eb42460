#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Papers are read back by another program: the words, the sums, the pages, the fonts.
. "$(dirname "$0")/../../../tests/integration/lib.bash"
command -v pdftotext >/dev/null || { it "reads papers back" && skip "poppler-utils is not here" && finish; }

new_company
for module in sales commerce documents; do "$KITH" module enable $module >/dev/null; done

id() { "$KITH" "$@" --json | python3 -c 'import json,sys; d=json.load(sys.stdin); print(d.get("id") or d["invoice"])'; }
paper() { # JSON [OPTION ...]
    rm -f paper.pdf
    kith run documents.paper "paper=$1" --output paper.pdf "${@:2}"
}
reads() { # FILE: its text becomes the output
    pdftotext -layout "$1" "$work/out" 2>"$work/err" || fail "pdftotext cannot read $1"
}
line() { # WORD ...: on one line, with blanks between
    local pattern
    pattern=$(printf ' +%s' "$@")
    grep -qE -- "${pattern# +}" "$work/out" || fail "expected a line with: $*"
}
pages() { pdfinfo "$1" | sed -n 's/^Pages: *//p'; }

acme=$(id create account name="Acme Ltd" billing_street="High Street 1" billing_city=London billing_postal_code="W1A 1AA")
ada=$(id create contact name="Ada Byron" account="$acme")
pen=$(id create product code=P-1 name="Pen, blue" price="10 EUR" tax_rate=20)
desk=$(id create product code=D-1 name="Desk" price="1234.50 EUR" tax_rate=10)
order=$(id create order account="$acme" contact="$ada" reference=PO-77)
"$KITH" create order_line order="$order" product="$pen" quantity=3 discount=5 >/dev/null
"$KITH" create order_line order="$order" product="$desk" quantity=1.5 >/dev/null
quote=$(id create quote order="$order" intro="Dear Ada, here is our offer." terms="Net 30 days.")
"$KITH" update quote "$quote" state=sent >/dev/null

it "puts a quote on paper: to whom, what, and what it comes to by rate of tax"
kith run sales.quote_pdf quote="$quote" --output quote.pdf
exits 0
prints "Wrote quote-Q-000001.pdf (application/pdf, "
reads quote.pdf
line Quote Q-000001
line Acme Ltd
line Ada Byron
line W1A 1AA London
line Your reference PO-77
prints "Dear Ada, here is our offer."
line Pen, blue 3 10.00 '5 ?%' '20 ?%' 28.50
line Desk 1.5 1,234.50 '10 ?%' 1,851.75
line Net 1,880.25 EUR
line Tax 20 % on 28.50 5.70 EUR
line Tax 10 % on 1,851.75 185.18 EUR
line Total 2,071.13 EUR
prints "Net 30 days."
line Page 1 of 1

it "is the same, byte for byte, whenever a quote that was sent is asked for"
sleep 1.1
"$KITH" run sales.quote_pdf quote="$quote" --output - >again.pdf
expect cmp quote.pdf again.pdf
expect test "$(pdfinfo quote.pdf | sed -n 's/^CreationDate: *//p' | date -u -f - +%F)" = "$(date -u +%F)"

it "puts invoices and credit notes on paper"
"$KITH" update quote "$quote" state=accepted >/dev/null
invoice=$(id commerce.invoice order="$order")
kith run commerce.invoice_pdf invoice="$invoice" --output invoice.pdf
exits 0
reads invoice.pdf
line Invoice "INV-$(date +%Y)-000001"
line To be paid by
line Order O-000001
line Total 2,071.13 EUR
credit=$(id commerce.credit invoice="$invoice" reason="It came back.")
kith run commerce.invoice_pdf invoice="$credit" --output credit.pdf
reads credit.pdf
line Credit note "INV-$(date +%Y)-000002"
line Corrects "INV-$(date +%Y)-000001"
prints "It came back."
prints_not "To be paid by"

it "goes over many pages, with the head of the table and the number on each"
python3 - >many.json <<'PY'
import json
print(json.dumps({"kind": "quote", "number": "Q-9", "date": "2026-01-31", "currency": "EUR", "lines": [
    {"code": f"P-{i:04}", "text": f"Article {i}", "quantity": "2.000", "price": 1999, "rate": "20.00",
     "net": 3998, "tax": 800, "total": 4798} for i in range(500)]}))
PY
paper "$(cat many.json)"
exits 0
count=$(pages paper.pdf)
expect test "$count" -gt 10
reads paper.pdf
expect test "$(grep -cE 'Item +Quantity' "$work/out")" -eq "$count"
expect test "$(grep -cE '^ *Article [0-9]+ ' "$work/out")" -eq 500
line "Page $count of $count"
line Total 23,990.00 EUR

it "breaks a long name over lines, and one that is longer than a page over pages"
paper "{\"currency\":\"EUR\",\"lines\":[{\"text\":\"$(printf 'word%.0s ' $(seq 3000))end\",\"price\":100,\"net\":100,\"total\":100}]}"
exits 0
expect test "$(pages paper.pdf)" -gt 2
reads paper.pdf
expect test "$(grep -o word "$work/out" | wc -l)" -eq 3000
expect test "$(grep -cE '1\.00 +1\.00' "$work/out")" -eq 1

it "embeds the fonts of all that is written, as Unicode"
paper '{"kind":"letter","to":["Škoda Žluťoučký","שלום"],"intro":"Привет, мир. Ελληνικά. Office affluent."}'
reads paper.pdf
prints "Škoda Žluťoučký"
prints "Привет, мир. Ελληνικά. Office affluent."
pdffonts paper.pdf | tail -n +3 >fonts
expect test -s fonts
expect test "$(awk '{print $(NF-4), $(NF-3), $(NF-2)}' fonts | sort -u)" = "yes yes yes"

it "tells prices that hold the tax from those that do not"
paper '{"currency":"EUR","lines":[{"text":"Book","quantity":"2","price":1200,"rate":"20.00","net":2000,"tax":400,"total":2400}]}'
reads paper.pdf
line Book 2 12.00 '20 ?%' 24.00
line of which tax 20 % on 20.00 4.00 EUR
prints_not "Net "

it "writes in the company's words, numbers and days"
cat >conf.d/documents.conf <<'CONF'
documents: {
    company: { name = "Kith Werke"; bank = [ "IBAN AT61" ]; tax_number = "ATU1"; };
    date = "dots"; decimal = "comma"; paper = "letter";
    labels = ( { name = "quote"; text = "Angebot"; }, { name = "page"; text = "Seite {page}/{pages}"; },
               { name = "tax"; text = "USt {rate} % von {net}"; }, { name = "quote_end"; text = "Danke."; } );
};
CONF
paper "$(cat many.json)"
reads paper.pdf
line Angebot Q-9
line Date 31.01.2026
line USt 20 % von 19.990,00 4.000,00 EUR
prints "Danke."
prints "Seite 1/"
line Tax number ATU1
prints "IBAN AT61"
pdfinfo paper.pdf >"$work/out"
prints "letter"
prints "Author:          Kith Werke"
sed -i 's/name = "page"/name = "pagf"/' conf.d/documents.conf
kith check
prints "there is no label 'pagf'"

it "refuses what is told wrongly, and names the place"
rm conf.d/documents.conf
wrong() { paper "$1" && complains "$2"; }
wrong '[]' "paper: it is no object"
wrong '{"total":1}' "paper: there is no 'total'"
wrong '{"kind":3}' "paper: kind is no text"
wrong '{"to":["a",1]}' "paper: to[1] is no text"
wrong '{"facts":[["a"]]}' "paper: facts[0] is no list of a label and a text"
wrong '{"lines":[{"text":"a","price":1}]}' "paper: currency is no currency"
wrong '{"currency":"XXQ","lines":[{"price":1}]}' "paper: currency is no currency"
wrong '{"currency":"EUR","lines":[{"price":1.5}]}' "paper: lines[0].price is no whole number of minor units"
wrong '{"currency":"EUR","lines":[{"cost":1}]}' "paper: lines[0]: there is no 'cost'"
wrong '{"currency":"EUR","lines":[{"total":9223372036854775807},{"total":1}]}' "too large to add up"
paper '{}'
exits 0
paper "{\"kind\":\"../../$(printf 'x%.0s' $(seq 300))\"}"
exits 0

it "is there for who may call it"
"$KITH" create role name=clerk rights='{"types": {"*": {"read": "all"}}, "actions": ["commerce.invoice_pdf"]}' >/dev/null
"$KITH" user add bea --role clerk >/dev/null
KITH_TOKEN=$("$KITH" token add bea --json | json_text token) kith run commerce.invoice_pdf invoice="$invoice" --output x.pdf
complains "documents.paper"
finish
