#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real files, as other programs wrote them and other people collected them, imported with the
# mappings that docs/guide-integrator.md names. They lie in $KITH_DATA, else in ../shared/data.
. "$(dirname "$0")/lib.bash"
data=${KITH_DATA:-$(dirname "$(realpath "$0")")/../../../shared/data}
[ -r "$data/retail-orders.csv" ] || {
    it "imports real files" && skip "there is no $data/retail-orders.csv; KITH_DATA names its folder"
    finish
}

counts() { # ROWS CREATED UPDATED UNCHANGED SKIPPED REJECTED, of an import with --json
    prints "\"rows\":$1,\"created\":$2,\"updated\":$3,\"unchanged\":$4,\"skipped\":$5,\"rejected\":$6,"
}
has() { grep -qF -- "$1" "$2" || fail "expected in $2: $1"; }
answers() { # QUERY ANSWER
    kith find "$1"
    prints_exactly "$2"
}

new_company

it "imports people with typing errors; those that only seem to have a birthday are rejected"
kith import contact "$data/people-febrl1.csv" rec_id=external_id \
    "street:={street_number} {address_1}" --key external_id --rejects bad1.csv --json
exits 0
counts 1000 997 0 0 0 3
prints '"rows":3,"row":146,"line":146,"field":"birthday","reason":"birthday: '\''19371233'\'' is no date'
kith find "contact where external_id = 'rec-122-org'" --json --fields name,street,birthday,city
prints '"name":"lachlan berry","street":"69 giblin street","birthday":"1999-02-19","city":"bittern"'
has "_row,_line,_reason,_field,rec_id," bad1.csv
has "146,146,birthday: '19371233' is no date; write it as 2024-02-29,birthday,rec-444-dup-0" bad1.csv

it "imports the repaired rejects with the same command"
sed -i 's/, 19371233,/, 19371223,/; s/, 19729518,/, ,/; s/, 19339026,/, ,/' bad1.csv
kith import contact bad1.csv rec_id=external_id "street:={street_number} {address_1}" \
    --key external_id --rejects bad1b.csv --json
counts 3 3 0 0 0 0
expect test ! -e bad1b.csv
answers "contact where external_id = 'rec-444-dup-0' and birthday = '1937-12-23': count()" 1

it "imports the larger list of people, and a second time changes nothing"
for want in "5000 4989 0 0 0 11" "5000 0 0 4989 0 11"; do
    kith import contact "$data/people-febrl2.csv" "external_id:=2-{rec_id}" rec_id= \
        "street:={street_number} {address_1}" --key external_id --json
    # shellcheck disable=SC2086 # six numbers
    counts $want
done

it "imports very messy organisations, whose header names the wrong columns, into accounts"
kith import account "$data/providers-chicago.csv" "Site name=name" "Email Address=" Website= \
    "Purple binder service type=email" "Center Director=website" --key name --rejects bad2.csv --json
exits 0
counts 3337 2079 808 447 0 3
prints '"rows":3,"row":1947,"line":2231,"field":"website","reason":"website: '\''Sharon Holiday'\'' is no web address'
kith find "account where email = 'pmurphy@archchicago.org'" --json --fields name,billing_street,website
prints '"name":"Academy of Saint Benedict the African, Laflin Campus","billing_street":"6020 South Laflin","website":"http://www.academystbenedict.org"'
answers "account where name = 'Children‚Äö√Ñ√¥s Home + Aid
(Delegate)
 Englewood Child and Family Center': count()" 1

it "imports the people of these organisations; a row without one leaves no account behind either"
kith import contact "$data/providers-chicago.csv" "NAEYC Valid Until=name" "Site name=account.name" \
    "Purple binder service type=email" "Email Address=" Website= --key name,account \
    --create-linked --json
exits 0
counts 3337 369 0 0 0 2968
answers "contact where external_id is null and account is not null: count()" 369
answers "account where name like '%st. lucy school': count()" 0

# -- orders: CR as line end, returns, customers that are missing, a last row that is cut off ---------

retail=$data/retail-orders.csv

it "imports each customer of the order lines once; lines without a customer are told"
kith import contact "$retail" "external_id:=r{CustomerID}" "name:=Customer {CustomerID}" \
    --key external_id --rejects bad3.csv --json
exits 0
counts 14595 425 0 9904 0 4266
prints '"format":"CSV in utf-8, commas between columns, lines end in CR, the first row is the header"'
prints '"rows":4265,"row":624,"line":624,"field":"name","reason":"contact needs a name"'

it "imports the order lines as interactions of these customers, all but the one that is cut off"
kith import interaction "$retail" "contact.external_id:=r{CustomerID}" InvoiceDate=at \
    "subject:={Quantity} x {Description}" "amount:={UnitPrice} GBP" "body:=invoice {InvoiceNo}" \
    channel:=store direction:=in --rejects bad4.csv --json
exits 0
counts 14595 14594 0 0 0 1
prints '"reason":"the file ends in the middle of this row, its last: it was cut off after cell 1 of 8"'
answers "interaction where contact.external_id = 'r17850' : count()" 297
answers "interaction where amount is not null and contact is null: count()" 4265
kith find "interaction where body = 'invoice C536383'" --json --fields subject,amount,at,contact.name
prints '"subject":"-1 x SET OF 3 COLOURED  FLYING DUCKS","amount":"4.65 GBP","at":"2010-12-01T08:49:00.000Z","contact.name":"Customer 15311"'

it "keeps the cut-off row as it was, and imports it when it is completed"
expect test "$(sed -n 2p bad4.csv)" = \
    '14596,14596,"the file ends in the middle of this row, its last: it was cut off after cell 1 of 8",,537'
printf '%s,A1,LAST ONE,2,12/7/10 13:01,1.25,13488,United Kingdom\n' "$(sed -n 2p bad4.csv)" >repaired
sed -i '2{r repaired
d}' bad4.csv
kith import interaction bad4.csv "contact.external_id:=r{CustomerID}" InvoiceDate=at \
    "subject:={Quantity} x {Description}" "amount:={UnitPrice} GBP" "body:=invoice {InvoiceNo}" \
    channel:=store direction:=in --json
counts 1 1 0 0 0 0

# -- purchases: lined up with blanks --------------------------------------------------------------

it "imports the customers of the purchases, whose columns are lined up with blanks"
kith import contact "$data/purchases-cdnow.txt" customer_id=external_id \
    "name:=Customer {customer_id}" --key external_id --duplicates skip --json
exits 0
counts 69659 23570 0 0 46089 0
prints '"format":"CSV in utf-8, blanks between columns, lines end in CRLF, the first row is the header"'

it "imports the purchases, linked to their customers"
kith import interaction "$data/purchases-cdnow.txt" customer_id=contact.external_id date=at \
    "subject:={number_of_cds} CDs" "amount:={dollar_value} USD" channel:=store --json
exits 0
counts 69659 69659 0 0 0 0
kith find "interaction where contact.external_id = '00003' order by -at limit 2" --json \
    --fields subject,amount,at
prints '"subject":"1 CDs","amount":"16.99 USD","at":"1998-05-27T22:00:00.000Z"'
prints '"subject":"4 CDs","amount":"20.96 USD","at":"1997-11-24T23:00:00.000Z"'

# -- posts: tabs and no header ------------------------------------------------------------------------

it "imports posts from a file without a header, quotes in the texts included"
kith import interaction "$data/posts-tweets.tsv" --columns id,sentiment,text id=external_id text=body \
    "outcome:=sentiment {sentiment}" channel:=social --key external_id --json
exits 0
counts 2100 2100 0 0 0 0
kith find "interaction where external_id = '50'" --json --fields body,outcome
prints '"body":"Repeat after me \"dcpromo is my friend... dcpromo is my friend\"","outcome":"sentiment 0.489795918"'

it "is sound afterwards"
kith doctor
exits 0

finish
