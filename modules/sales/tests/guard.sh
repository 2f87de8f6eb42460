#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the shipped settings make of troubles of a customer: nothing dearer is suggested to whom
# something is broken, who has a case or a complaint open, or is not content.
. "$(dirname "$0")/../../../tests/integration/lib.bash"

new_company
mkdir -p conf.d/types
cp "$KITH_SOURCE/lua/examples/workflows/case.conf" conf.d/types/
"$KITH" module enable commerce >/dev/null && "$KITH" module enable sales >/dev/null || exit 1

ada=$(create contact name=Ada)
pen=$(create product code=pen name=Pen price="10 EUR")
better=$(create product code=better name=Better price="12 EUR")
create product_relation product="$pen" kind=upgrade other="$better" >/dev/null
asset=$(create asset contact="$ada" product="$pen")

it "suggests what is better to who has no trouble"
kith sales.suggest contact="$ada"
exits 0
prints "upgrade of Pen"

it "suggests nothing dearer to whom something is broken, and says so before a call"
fault=$(create fault asset="$asset" severity=critical description="It leaks")
kith sales.suggest contact="$ada"
prints "something that they own is broken"
prints_not "upgrade of Pen"
kith sales.precall contact="$ada"
prints "service"
"$KITH" update fault "$fault" fixed_at="$(date -u -d "+1 minute" +%Y-%m-%dT%H:%M:%SZ)" >/dev/null

it "suggests nothing dearer to who has a case open"
case=$(create case contact="$ada" subject="Reklamation")
kith sales.suggest contact="$ada"
prints "a case is open"
prints_not "upgrade of Pen"
kith sales.suggest contact="$ada" # what was mended before is no trouble any more
prints_not "broken"
"$KITH" update case "$case" state=solved >/dev/null
kith sales.suggest contact="$ada"
prints "upgrade of Pen"

it "suggests nothing dearer to who is not content, or belongs to an account that is not"
"$KITH" update contact "$ada" satisfaction=1 >/dev/null
kith sales.suggest contact="$ada"
prints "They are not content: hear first what is wrong."
prints_not "upgrade of Pen"
acme=$(create account name=Acme satisfaction=2)
"$KITH" update contact "$ada" satisfaction=5 account="$acme" >/dev/null
kith sales.suggest contact="$ada"
prints "They are not content: hear first what is wrong."
"$KITH" update account "$acme" satisfaction=3 >/dev/null
kith sales.suggest contact="$ada"
prints "upgrade of Pen"

it "asks who is content for a referral, and not while something is open"
asks() { "$KITH" find "task where title = 'Ask Zoe whom else we could help'" --fields title; }
zoe=$(create contact name=Zoe)
fault=$(create fault asset="$(create asset contact="$zoe" product="$pen")" severity=critical description="It broke")
"$KITH" update contact "$zoe" satisfaction=4 >/dev/null
asks | grep -q Zoe && fail "asked while something is broken"
"$KITH" delete fault "$fault" >/dev/null
"$KITH" update contact "$zoe" satisfaction=5 >/dev/null
asks | grep -q Zoe || fail "not asked"

it "lists what is launched soon or lately"
create product code=new name=Newest launched="$(date -d '+3 days' +%F)" >/dev/null
create product code=far name=Farther launched="$(date -d '+30 days' +%F)" >/dev/null
kith report sales.launches days=7
prints "Newest"
prints_not "Farther"

it "writes no proposal with a word that nobody knows"
sed -i 's/Dear {contact}/Dear {name}/' conf.d/sales.conf
kith sales.suggest contact="$ada"
complains "sales.quote.proposal: '{name},"
complains "is none of {contact}"
finish
