#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# All that is known of a person, as JSON and as a page to read.
here=$(realpath "$(dirname "$0")")
. "$here/lib.bash"
new_company

ben=$(create contact name="Ben Third" email=ben@example.org)
anna=$(create contact name='Anna <b>Berg</b> & "Co"' email=anna@example.org city=Bonn)
account=$(create account name="Acme")
kith update contact "$anna" city=Rome account="$account" --json
note=$(create note about="contact/$anna" body="likes tea")
create interaction contact="$anna" channel=call subject="her order" >/dev/null
create interaction contact="$ben" channel=call subject="not hers" >/dev/null
create relation kind=spouse party="contact/$anna" other="contact/$ben" >/dev/null
create lead contact="$anna" name=x >/dev/null 2>&1
create segment name=romans query="contact where city = 'Rome'" >/dev/null
purpose=$(create purpose name=newsletter description="One letter a month")
kith run consent.give purpose=newsletter contact="$anna" proof="form 7"
head -c 100000 /dev/urandom >"$work/photo.bin"

it "hands out everything as JSON that programs can read"
kith subject export contact "$anna" "$work/anna.json" --for "her request"
exits 0
kith subject export contact "$anna" --for "her request"
exits 0
for part in '"format": "kith.subject"' "$anna" anna@example.org 'likes tea' 'her order' 'form 7' \
    romans newsletter 'One letter a month' 'Bonn -> Rome' '"kind":"spouse"'; do
    prints "$part"
done
expect python3 -c 'import json,sys; d = json.load(open(sys.argv[1])); assert len(d["about"]) == 2, d["about"]; assert len(d["record"]) == 1; assert any(p["type"] == "consent" for p in d["parts"]); assert d["history"] and d["readers"]' "$work/anna.json"
expect [ "$(stat -c %a "$work/anna.json")" = 600 ]

it "names nobody else"
prints_not "Ben Third"
prints_not ben@example.org
prints_not "not hers"
prints "$ben"

it "makes a page to read, without scripts, in which data are only text"
kith subject export contact "$anna" "$work/anna.html" --for "her request"
exits 0
expect grep -qF 'Anna &lt;b&gt;Berg&lt;/b&gt; &amp; &quot;Co&quot;' "$work/anna.html"
expect grep -qF 'likes tea' "$work/anna.html"
expect [ "$(grep -ciE '<script|<b>|http' "$work/anna.html")" = 0 ]

it "hands out all of it, however much, as other companies can import it"
seq 1 12000 | sed "s/^/$anna,call,call /; 1i contact,channel,subject" >"$work/calls.csv"
kith import interaction "$work/calls.csv"
exits 0
kith subject export contact "$anna" "$work/much.json" --for "takes it elsewhere"
exits 0
prints "records written"
expect python3 -c 'import json,sys; d = json.load(open(sys.argv[1])); assert len(d["about"]) == 12002, len(d["about"]); assert len(d["history"]) > 12002' "$work/much.json"
pick() { # PART TYPE FILE: what jq picks in the guide
    python3 -c 'import json,sys
d = json.load(open(sys.argv[1])); names = {p["id"]: p["name"] for p in d["purposes"]}
for r in d[sys.argv[2]]:
    if r["type"] == sys.argv[3]:
        if "purpose" in r: r["purpose"] = names[r["purpose"]]
        print(json.dumps(r))' "$work/much.json" "$1" "$2" >"$3"
}
pick record contact "$work/contact.jsonl"
pick about interaction "$work/interactions.jsonl"
pick parts consent "$work/consents.jsonl"
pick parts contact_point "$work/points.jsonl"
"$KITH" init "$work/other" >/dev/null
kith create purpose name=newsletter --company "$work/other"
kith import contact "$work/contact.jsonl" external_id= id=external_id owner= account= --key external_id --company "$work/other"
exits 0
kith import contact_point "$work/points.jsonl" id= owner= contact=contact.external_id --key contact,kind,value --company "$work/other"
exits 0
kith import interaction "$work/interactions.jsonl" id= owner= account= about= contact=contact.external_id --company "$work/other"
exits 0
kith import consent "$work/consents.jsonl" id= owner= wording= form= contact_points= replaced_by= contact=contact.external_id purpose=purpose.name --company "$work/other"
exits 0
kith find "contact where consent('newsletter') and count(interaction) = 12001: count()" --company "$work/other"
prints_exactly 1

it "is logged with its reason, and needs one"
kith access log --record "$anna"
prints "her request"
prints export
kith subject export contact "$anna"
exits 2
complains "--for"
kith subject export contact "$ben" "$work/ben.json" --for test
expect grep -qF "not hers" "$work/ben.json"
finish
