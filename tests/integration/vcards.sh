#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# vCards as people have them: in, out, back, and as another program reads them.
. "$(dirname "$0")/lib.bash"
new_company
python=/usr/bin/python3
data=${KITH_DATA:-$(dirname "$0")/../../../shared/data}/vcards
printf 'BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada Lovelace\r\nN:Lovelace;Ada\r\nORG:Engines\r\nUID:a1\r\nEMAIL:ada@x.org\r\nPHOTO;ENCODING=b:/9j/4AAQ\r\nX-ODD:1\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Bad\r\nEMAIL\r\nEND:VCARD\r\n' >two.vcf

it "shows a card as it would be read"
kith import contact two.vcf --preview 2
exits 0
prints "ORG"
prints "account, found by its name"
prints "Ada Lovelace"
prints "line 13 is no property of a card"
kith find "contact : count()"
prints_exactly 0

it "rehearses cards with all that comes with them"
kith import contact two.vcf --rehearse
exits 0
prints "created"
kith find "account : count()"
prints_exactly 0

it "imports cards, tells what has no field and why one was rejected"
kith import contact two.vcf --key external_id --rejects bad.vcf
exits 0
prints "created      1"
prints "rejected     1"
prints "1 property that has no field, in notes: X-ODD"
prints "takes the whole import back"
run=$(sed -n "s/.*'kith undo \([0-9A-Z]*\)'.*/\1/p" "$work/out")
grep -q '^X-KITH-REASON:card 2\\, line 11: line 13 is no property' bad.vcf || fail "no reason in bad.vcf"
kith import contact two.vcf --key external_id
prints "unchanged    1"

it "shows a contact with its photo, and not what stands in it"
id=$("$KITH" find contact --json --fields name | sed -n 's/.*"id":"\([0-9A-Z]*\)".*/\1/p')
kith get contact "$id"
prints "file whose about this is: 1"
prints "photo.jpeg"
prints_not "/9j/4AAQ"
file=$("$KITH" find file --json --fields name | sed -n 's/.*"id":"\([0-9A-Z]*\)".*/\1/p')
kith get file "$file"
prints_not "/9j/4AAQ"
kith find file_part --fields data --json
prints '"data":"/9j/4AAQ"'

it "cuts what is very long for people, and leaves it out of what links to a record"
long=$(head -c 12000 /dev/zero | tr '\0' x)
note=$("$KITH" create note "about=contact/$id" "body=$long" --json | json_text id)
kith get note "$note"
exits 0
prints "(12000 bytes; --json shows all of them)"
prints_not "$long"
kith get note "$note" --json
prints "$long"
kith get contact "$id" --json
prints "$note"
prints_not "$long"
kith delete note "$note"

it "takes the whole import back"
kith undo "$run"
exits 0
for type in contact contact_point account note file file_part; do
    kith find "$type : count()"
    prints_exactly 0
done

it "says what is wrong with a command about cards"
kith import account two.vcf
exits 2
one_sentence
complains "cannot be imported as account"
kith export account cards.vcf
exits 2
one_sentence
complains "only contacts"
kith export contact cards.csv --version 4.0
exits 2
one_sentence
complains "let the format be vcard"
kith export contact cards.vcf --version 5
exits 2
complains "2.1, 3.0 or 4.0"

it "gives cards that another program reads as we do"
if ! "$python" -c 'import vobject' 2>/dev/null; then
    skip "there is no python3-vobject"
elif [ ! -d "$data" ]; then
    skip "there is no $data; KITH_DATA names its parent"
else
    for card in "$data"/*.vcf; do
        kith import contact "$card"
        exits 0
    done
    kith create contact "name=Zoë \"Q\" O'Neil, Jr; x\\y" email=zoe@x.org phone="+49 30 1" \
        "street=Weg 1
Hof; 2" "title=Über, lange Zeile: $(printf 'äöü%.0s' {1..60})"
    exits 0
    for version in 3.0 4.0; do # of 2.1 vobject cannot read quoted-printable
        kith export contact "cards-$version.vcf" --version "$version"
        exits 0
        "$KITH" find contact --json >contacts.jsonl
        "$KITH" find contact_point --json >points.jsonl
        "$python" - "cards-$version.vcf" >"$work/out" 2>"$work/err" <<'PYTHON' || fail "vobject reads $version otherwise"
import json, sys, vobject
contacts = [json.loads(line) for line in open("contacts.jsonl", encoding="utf8")]
points = [json.loads(line) for line in open("points.jsonl", encoding="utf8")]
cards = list(vobject.readComponents(open(sys.argv[1], encoding="utf8", newline="").read()))
assert len(cards) == len(contacts), (len(cards), len(contacts))
for card, contact in zip(cards, contacts):
    name = " ".join(filter(None, [contact["salutation"], contact["name"]]))
    assert card.fn.value == name, (card.fn.value, name)
    assert card.n.value.family == (contact["last_name"] or ""), card.n.value
    assert card.n.value.given == (contact["first_name"] or ""), card.n.value
    for kind, key in (("email", "email"), ("phone", "tel")):
        ours = sorted(p["value"] for p in points if p["contact"] == contact["id"] and p["kind"] == kind)
        theirs = sorted(p.value for p in card.contents.get(key, []))
        assert ours == theirs, (ours, theirs)
    if contact["title"]:
        assert card.title.value == contact["title"], card.title.value
PYTHON
    done
fi

finish
