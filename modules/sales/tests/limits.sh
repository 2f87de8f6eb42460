#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# With the roles that come with the modules nobody who sells sets the limits that they sell within.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
it "has roles of sellers with and without commerce"
"$KITH" module enable sales >/dev/null
kith import role roles/sales.jsonl --key name
prints "created      2"
prints "rejected     5"
"$KITH" module enable commerce >/dev/null
cat >conf.d/zz.conf <<'END'
sales: { quote: { approvers = "North"; }; };
END
kith import role roles/sales.jsonl --key name
kith import role roles/commerce.jsonl --key name
exits 0
create team name=North >/dev/null
"$KITH" user add sam --team North --role seller,quotes >/dev/null
"$KITH" user add max --team North --role "sales manager,quotes of the team" >/dev/null
"$KITH" user add dora --role "order desk" >/dev/null
"$KITH" user add carl --role accounting >/dev/null
as() { # LOGIN: who acts from here on
    unset KITH_TOKEN
    KITH_TOKEN=$("$KITH" token add "$1" --name "$RANDOM" --json | json_text token) && export KITH_TOKEN
}
pen=$(create product code=PEN name=Pen price="100 EUR")
cheap=$(create price_book name=Cheap currency=EUR)
dollars=$(create price_book name=Dollars currency=USD)
create price price_book="$cheap" product="$pen" amount="10 EUR" >/dev/null
create price price_book="$dollars" product="$pen" amount="10 USD" >/dev/null

it "lets a seller keep customers, and not what was agreed with them"
as sam
acme=$(create account name=Acme industry=steel)
ada=$(create contact name=Ada account="$acme" email=ada@example.org)
kith update account "$acme" industry=paper
exits 0
for whom in "account $acme" "contact $ada"; do
    for field in price_book="$cheap" discount=90 payment_days=90 credit_limit="1000000 EUR" \
        expected_value="1000000 EUR" bonus=10 bonus_from="1 EUR"; do
        # shellcheck disable=SC2086 # a type and an id
        kith update $whom "$field"
        exits 4
    done
done
kith create account name=Other price_book="$cheap"
exits 4
kith find account --fields name,credit_limit --csv # what it is may be seen
prints "credit_limit"

it "sends no quote far below the list price without approval, whichever way its price came"
deal=$(create opportunity name=Pens account="$acme" contact="$ada")
kith create order account="$acme" price_book="$cheap"
exits 4
for price in "10 EUR" "10 USD"; do
    order=$(create order account="$acme" contact="$ada")
    create order_line order="$order" product="$pen" unit_price="$price" >/dev/null
    quote=$(create quote opportunity="$deal" order="$order")
    kith update quote "$quote" state=sent
    exits 1
    complains "discount on the list price"
done
kith update order "$order" price_book="$cheap"
exits 4

it "lets a manager agree on prices with a customer, and accounting on money"
as max
kith update account "$acme" discount=5 price_book="$cheap"
exits 0
kith update account "$acme" credit_limit="1000000 EUR"
exits 4
as dora
kith update account "$acme" credit_limit="1000000 EUR"
exits 4
kith update contact "$ada" price_book="$cheap"
exits 4
as carl
kith update account "$acme" credit_limit="5000 EUR" payment_days=30
exits 0

finish
