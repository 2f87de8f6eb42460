#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the README of commerce tells to type works.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

readme=$KITH_SOURCE/modules/commerce/README.md
new_company
for module in documents commerce; do "$KITH" module enable $module >/dev/null; done
product=$(create product code=PEN name=Pen price="10 EUR" tax_rate=20)
create product code=INK name=Ink price="5 EUR" >/dev/null
car=$(create product code=CAR name=Car price="20000 EUR")
plan=$(create product code=PLAN name=Plan kind=subscription price="20 EUR")
larger=$(create product code=LARGE name=Larger kind=subscription price="30 EUR")
account=$(create account name=Acme credit_limit="100000 EUR")
contact=$(create contact name="Ada Byron" email=ada@example.org phone="+49 30 1234567")
category=$(create product_category name=Kitchen)
book="" group="" stock="" resource="" subscription=""

order() { # ITEMS: placed by Ada
    "$KITH" commerce.order items="$1" contact="$contact" place=true --json | json_text "${2-order}"
}
invoice() { "$KITH" commerce.invoice order="$(order "PEN*5")" --json | json_text invoice; }
newest() { "$KITH" find "$1 order by -created limit 1" --json | json_text id; }

# The words in capitals, as the reader fills them in; days of bookings lie ahead.
filled_in() {
    local line=$1 year
    year=$(($(date +%Y) + 1))
    line=${line//2026-05-/$year-05-}
    line=${line/ACTION/commerce.order}
    [[ $line == *O-000* ]] && line=$(sed "s/O-000[0-9]*/$(order "PEN*2" number)/" <<<"$line")
    [[ $line == *PEN*INK* && $line == *=ORDER* ]] && line=${line//=ORDER/=$(order "PEN*3; INK*1")}
    [[ $line == *=ORDER* ]] && line=${line//=ORDER/=$(order "PEN*2")}
    if [[ $line == *lines=LINE* ]]; then
        line=${line//=INVOICE/=$(invoice)}
        line=${line//=LINE/=$(newest invoice_line)}
    fi
    [[ $line == *=INVOICE* ]] && line=${line//=INVOICE/=$(invoice)}
    sed "s/=BOOK\b/=$book/; s/=PRODUCT\b/=$product/; s/=ACCOUNT\b/=$account/; s/=CAR\b/=$car/; s/=ENGINE\b/=$group/
        s/=STOCK\b/=$stock/; s/=CONTACT\b/=$contact/; s/=CATEGORY\b/=$category/; s/=PLAN\b/=$plan/; s/=LARGER\b/=$larger/
        s/=SUBSCRIPTION\b/=$subscription/; s/=RESOURCE\b/=$resource/; s/=SET\b/=$product/" <<<"$line"
}

# Indented lines and what stands in a sentence; imports, whose files are the reader's, are tried in billing.sh.
commands() {
    sed -n 's/^    kith /kith /p' "$readme" | sed 's/   *.*//' | grep -v "^kith import [orip].*\(lines\|rest\|open\|paid\).csv"
    tr '\n' ' ' <"$readme" | grep -o '`kith [^`]*`' | tr -d '`' | grep -v 'kith module\|kith undo$\|kith create invoice'
}

while IFS= read -r line; do
    it "$line"
    filled=$(filled_in "$line")
    eval "$filled"
    exits 0
    case $line in
        "kith create price_book"*) book=$(newest price_book) ;;
        "kith create option_group"*)
            group=$(newest option_group)
            colours=$(create option_group product="$car" code=colour name=Colour)
            create product_option option_group="$colours" code=red name=Red >/dev/null
            create product_option option_group="$colours" code=hook name=Hook >/dev/null
            ;;
        "kith create stock "*) stock=$(newest stock) ;;
        "kith create stock_movement"*)
            create stock_movement stock="$stock" kind=receipt quantity=1000 >/dev/null
            create stock_movement stock="$(create stock product.code=INK location=main)" kind=receipt quantity=1000 >/dev/null
            ;;
        *commerce.subscribe*) subscription=$(newest subscription) ;;
        "kith create resource"*) resource=$(newest resource) ;;
    esac
done < <(commands)

it "the checklist has every row, and names files that are there"
checklist "$readme" COM 40

finish
