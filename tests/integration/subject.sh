#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# All that is known of a person, as JSON and as a page to read.
here=$(realpath "$(dirname "$0")")
. "$here/lib.bash"
new_company
cat >conf.d/page.conf <<'END'
company: { name = "Müller & <Sons>"; zone = "Asia/Tokyo"; };
END

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
purpose=$(create purpose name=newsletter description="One letter a month" \
    fields="contact.email, contact.first_name")
wording=$(create wording purpose="$purpose" version=2026-01 language=en text='Write me "news" <monthly>')
kith run consent.give purpose=newsletter contact="$anna" wording=2026-01 language=en proof="form 7"
exits 0
former=$(create contact name="Anna Maiden" phone=030-12345)
kith merge contact "$anna" "$former"
exits 0
head -c 100000 /dev/urandom >"$work/photo.bin"

it "hands out everything as JSON that programs can read"
kith subject export contact "$anna" "$work/anna.json" --for "her request"
exits 0
kith subject export contact "$anna" --for "her request"
exits 0
for part in '"format":"kith.subject"' "$anna" anna@example.org 'likes tea' 'her order' 'form 7' \
    romans newsletter 'One letter a month' '"city":{"before":"Bonn","after":"Rome"}' '"kind":"spouse"'; do
    prints "$part"
done
expect python3 -c 'import json,sys; d = json.load(open(sys.argv[1])); assert len(d["about"]) == 2, d["about"]; assert len(d["record"]) == 1; assert any(p["type"] == "consent" for p in d["parts"]); assert d["history"] and d["readers"]' "$work/anna.json"
expect [ "$(stat -c %a "$work/anna.json")" = 600 ]

it "names nobody else"
prints_not "Ben Third"
prints_not ben@example.org
prints_not "not hers"
prints "$ben"

it "gives programs an id behind every link to what it tells of"
cat >"$work/links.py" <<'END'
import json, sys
d = json.load(open(sys.argv[1])); wording, purpose, former = sys.argv[2:]
consent = next(p for p in d["parts"] if p["type"] == "consent")
of = lambda part: {x["id"]: x for x in d[part]}
text = of("wordings")[consent["wording"]]
assert consent["wording"] == wording and text["text"] == 'Write me "news" <monthly>', text
assert text["purpose"] == consent["purpose"] == purpose
assert of("purposes")[purpose]["name"] == "newsletter"
assert [x["name"] for x in of("segments").values()] == ["romans"]
records = {r["id"] for p in ("record", "parts", "about") for r in d[p]}
gone = {r["gone"] for r in d["parts"] if r["type"] == "redirect"}
assert former in gone and {h["id"] for h in d["history"]} == records | gone
assert {r["id"] for r in d["readers"]} <= {d["record"][0]["id"], former}
assert d["company"] == "Müller & <Sons>"
assert all(h["who"] and h["by"] and h["at"] for h in d["history"])
END
expect python3 "$work/links.py" "$work/anna.json" "$wording" "$purpose" "$former"

it "tells what was done to a record that became the person's"
expect python3 -c 'import json,sys
d = json.load(open(sys.argv[1]))
assert any(h["id"] == sys.argv[2] and h["fields"].get("name", {}).get("after") == "Anna Maiden" for h in d["history"])' \
    "$work/anna.json" "$former"

it "makes a page to read, without scripts, in which data are only text"
kith subject export contact "$anna" "$work/anna.html" --for "her request"
exits 0
expect grep -qF 'Anna &lt;b&gt;Berg&lt;/b&gt; &amp; &quot;Co&quot;' "$work/anna.html"
expect grep -qF 'likes tea' "$work/anna.html"
expect [ "$(grep -ciE '<script|<b>|http' "$work/anna.html")" = 0 ]
cat >"$work/valid.py" <<'END'
import re, sys
from html.parser import HTMLParser
class Page(HTMLParser):
    open, ids, to = [], [], []
    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)
        self.ids += [v for k, v in attrs if k == "id"]
        self.to += [v[1:] for k, v in attrs if k == "href"]
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())
page, text = Page(), open(sys.argv[1], encoding="utf-8").read()
page.feed(text)
page.close()
assert not page.open and len(set(page.ids)) == len(page.ids)
assert page.to == page.ids and len(page.ids) == 10, page.to
assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", text)
END
kith create note about="contact/$anna" body=$'one\x01\ttwo\nthree'
kith subject export contact "$anna" "$work/odd.html" --for "her request"
exits 0
expect python3 "$work/valid.py" "$work/odd.html"
expect grep -qx 'three</td></tr>' "$work/odd.html"
if command -v xmllint >/dev/null; then
    expect [ -z "$(xmllint --html --noout "$work/odd.html" 2>&1)" ]
fi

it "names on the page who hands it out, the zone, and what was agreed to by which text"
row() { # LABEL TEXT
    expect grep -qF "<tr><th scope=\"row\">$1</th><td>$2" "$work/anna.html"
}
expect grep -qF '<h1>What Müller &amp; &lt;Sons&gt; knows of you</h1>' "$work/anna.html"
expect grep -qF 'Times are those of the zone Asia/Tokyo.' "$work/anna.html"
made=$("$KITH" get contact "$anna" --json | json_text created)
row Created "$(TZ=Asia/Tokyo date -d "$made" '+%F %T')</td>"
row "First name" Anna
row Purpose "newsletter</td>"
row Wording "version 2026-01, en:"
expect grep -qF 'Write me &quot;news&quot; &lt;monthly&gt;</td>' "$work/anna.html"
row Fields "Contact: First name, Email</td>"
row City "Bonn → Rome</td>"
row Name "Anna Maiden</td>"
row Other "Contact $ben</td>"
expect [ "$(grep -c "Contact $former, which was merged into another" "$work/anna.html")" -gt 0 ]

it "hands out all of it, however much, as other companies can import it"
seq 1 12000 | sed "s/^/$anna,call,call /; 1i contact,channel,subject" >"$work/calls.csv"
kith import interaction "$work/calls.csv"
exits 0
kith subject export contact "$anna" "$work/much.json" --for "takes it elsewhere"
exits 0
prints "records written"
expect python3 -c 'import json,sys; d = json.load(open(sys.argv[1])); assert len(d["about"]) == 12003, len(d["about"]); assert len(d["history"]) > 12002' "$work/much.json"
pick() { # PART TYPE FILE: what jq picks in the guide
    python3 -c 'import json,sys
d = json.load(open(sys.argv[1])); names = {p["id"]: p["name"] for p in d["purposes"]}
for r in d[sys.argv[2]]:
    if r["type"] == sys.argv[3]:
        if "purpose" in r: r["purpose"] = names[r["purpose"]]
        print(json.dumps(r))' "$work/much.json" "$1" "$2" >"$3"
}
python3 -c 'import json,sys
d = json.load(open(sys.argv[1])); names = {p["id"]: p["name"] for p in d["purposes"]}
for w in d["wordings"]:
    print(json.dumps(w | {"purpose": names[w["purpose"]]}))' "$work/much.json" >"$work/wordings.jsonl"
pick record contact "$work/contact.jsonl"
pick about interaction "$work/interactions.jsonl"
pick parts consent "$work/consents.jsonl"
pick parts contact_point "$work/points.jsonl"
"$KITH" init "$work/other" >/dev/null
kith create purpose name=newsletter --company "$work/other"
kith import wording "$work/wordings.jsonl" id=external_id purpose=purpose.name --key external_id --company "$work/other"
exits 0
kith import contact "$work/contact.jsonl" external_id= id=external_id owner= account= --key external_id --company "$work/other"
exits 0
kith import contact_point "$work/points.jsonl" id= owner= contact=contact.external_id --key contact,kind,value --company "$work/other"
exits 0
kith import interaction "$work/interactions.jsonl" id= owner= account= about= contact=contact.external_id --company "$work/other"
exits 0
kith import consent "$work/consents.jsonl" id= owner= wording=wording.external_id form= contact_points= replaced_by= contact=contact.external_id purpose=purpose.name --company "$work/other"
exits 0
kith find "contact where consent('newsletter') and count(interaction) = 12001: count()" --company "$work/other"
prints_exactly 1
kith find "consent where wording.text like 'Write me%': count()" --company "$work/other"
prints_exactly 1

it "writes a page by the ending of the name, however it is written"
for name in page.HTML page.htm page.Htm; do
    kith subject export contact "$ben" "$work/$name" --for "her request"
    exits 0
    expect grep -q "^<!DOCTYPE html>" "$work/$name"
done
kith subject export contact "$ben" "$work/html" --for "her request"
expect grep -q "^{" "$work/html"

it "is logged with its reason, and needs one"
kith access log --record "$anna"
prints "her request"
prints export
kith subject export contact "$anna"
exits 2
complains "--for"
kith subject export contact "$anna" "$work/blank.json" --for "  "
exits 2
complains "say why it is handed out"
expect [ ! -e "$work/blank.json" ]

it "is logged as handed out when it was, and only then"
kith subject export contact "$ben" "$work/anna.json" --for refused
exits 1
complains "is there already"
kith subject export contact "$ben" /dev/full --for unwritten
expect [ "$code" != 0 ]
kith subject export contact "$ben" "$work/ben.json" --for test
exits 0
kith access log --record "$ben"
prints_not refused
expect grep -q 'unwritten .*broken off' "$work/out"
expect grep -qF "not hers" "$work/ben.json"

it "says where what a change told was erased"
carl=$(create contact name="Carl Leaver" email=carl@leaver.example)
moved=$(create note about="contact/$carl" body="Carl Leaver called")
kith update note "$moved" about="contact/$ben" body="called"
exits 0
kith erase contact "$carl" --reason test --no-wait
exits 0
kith subject export contact "$ben" "$work/after.json" --for test
exits 0
expect python3 -c 'import json,sys
told = json.load(open(sys.argv[1]))["history"]
assert any(h["erased"] for h in told if h["id"] == sys.argv[2])
assert not any(h["erased"] for h in told if h["id"] != sys.argv[2])' "$work/after.json" "$moved"
expect [ "$(grep -c 'Carl' "$work/after.json")" = 0 ]
kith subject export contact "$ben" "$work/after.html" --for test
expect grep -qF '<th scope="row">Some of it was erased</th><td>yes</td>' "$work/after.html"
it "tells what was said for the person's addresses"
kith run consent.withdraw purpose=newsletter address=anna@example.org by="a letter"
exits 0
kith subject export contact "$anna" "$work/no.json" --for "her request"
exits 0
expect python3 -c 'import json,sys
d = json.load(open(sys.argv[1])); x = [p for p in d["parts"] if p["type"] == "suppression"]
assert len(x) == 1 and x[0]["how"] == "a letter" and len(x[0]["address"]) == 32, x' "$work/no.json"

it "tells who read it when it was another record, also when that was often"
kim=$(create contact name="Kim Former")
kith subject export contact "$kim" "$work/kim.json" --for "the first request"
exits 0
kith merge contact "$ben" "$kim"
exits 0
python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
last, = db.execute("SELECT max(number) FROM kith_access").fetchone()
kim, = db.execute("SELECT record FROM kith_access_record WHERE access = ?", (last,)).fetchone()
for n in range(last + 1, last + 1201):
    db.execute("INSERT INTO kith_access(number, at, event, user, actor, surface, asked, type, rows)"
               " SELECT ?, at, event, user, actor, surface, asked, type, rows FROM kith_access WHERE number = ?", (n, last))
    db.execute("INSERT INTO kith_access_record VALUES(?, ?)", (n, kim))
db.execute("UPDATE kith_access_span SET last = ?", (last + 1200,))
db.commit()' kith.db
kith subject export contact "$ben" "$work/read.json" --for test
exits 0
expect python3 -c 'import json, sys
read = [r for r in json.load(open(sys.argv[1]))["readers"] if r["id"] == sys.argv[2]]
assert len(read) == 1201, len(read)
assert all(r["asked"] == "subject export: the first request" for r in read)' "$work/read.json" "$kim"

it "hands out what stands in files to programs, and tells people where it is"
printf zqxbytes | base64 -d | "$KITH" file put contact "$ben" - --name scan.txt >/dev/null
kith subject export contact "$ben" "$work/file.json" --for test
exits 0
expect [ "$(grep -o zqxbytes "$work/file.json" | wc -l)" = 1 ]
expect grep -qF '(bytes)' "$work/file.json"
kith subject export contact "$ben" "$work/file.html" --for test
exits 0
expect [ "$(grep -c zqxbytes "$work/file.html")" = 0 ]
expect grep -qF 'What stands in files is left out here.' "$work/file.html"
expect grep -qF scan.txt "$work/file.html"

it "says of whom was deleted how they come back, or go for good"
gone=$(create contact name="Dora Deleted")
kith delete contact "$gone" --json
deleted=$(json_text transaction <"$work/out")
kith subject export contact "$gone" "$work/gone.json" --for test
exits 3
complains "was deleted, and its history still tells of it"
complains "'kith undo $deleted'"
complains "'kith erase contact $gone'"
expect [ ! -e "$work/gone.json" ]
finish
