#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A segment is a tier: who enters it has its prices and its limit at once, whoever asks.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
"$KITH" module enable commerce >/dev/null
kith import role roles/commerce.jsonl --key name
exits 0

it "says where a condition stands that cannot be read"
cat >conf.d/zz.conf <<'END'
commerce: {
    tiers = ( { name = "gold"; of = "contact"; when = "in_segment('gold')"; discount_limit = 25; } );
};
END
kith module list
prints "commerce.tiers, row 1, when: "
prints "gold"
rm conf.d/zz.conf

it "prices by the segment that somebody is in"
create segment name=gold query="contact where tagged('gold')" >/dev/null
cat >conf.d/zz.conf <<'END'
commerce: {
    discount_limit = 5;
    tiers = ( { name = "gold"; of = "contact"; when = "in_segment('gold')"; discount_limit = 25; } );
};
END
kith check
exits 0
pen=$(create product code=PEN name=Pen price="10 EUR")
book=$(create price_book name="Gold 2026" currency=EUR tier=gold)
create price price_book="$book" product="$pen" amount="8 EUR" >/dev/null
ada=$(create contact name=Ada)
kith commerce.price product="$pen" contact="$ada"
prints "list price: 10.00 EUR"
kith update contact "$ada" tags=gold
exits 0

it "says the same to whoever may not see segments"
"$KITH" user add dora --role "order desk" >/dev/null
KITH_TOKEN=$("$KITH" token add dora --name desk --json | json_text token) && export KITH_TOKEN
kith commerce.price product="$pen" contact="$ada"
exits 0
prints "Gold 2026: 8.00 EUR for tier gold"
order=$(create order contact="$ada")
kith create order_line order="$order" product="$pen" discount=25
exits 0
kith create order_line order="$order" product="$pen" discount=26
exits 1
complains "more than tier 'gold' of commerce.tiers allows (25 %)"

finish
