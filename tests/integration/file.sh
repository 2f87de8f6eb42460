#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kith file: bytes that belong to a record, put and got out again.
. "$(dirname "$0")/lib.bash"

new_company
kith create contact first_name=Ada last_name=Lovelace --json
ada=$(json_text id <"$work/out")

it "keeps a file with what it is, once"
head -c 500000 /dev/urandom >"$work/plan.pdf"
kith file put contact "$ada" "$work/plan.pdf" --kind document --media application/pdf
exits 0
prints "500000 bytes"
kith file put contact "$ada" "$work/plan.pdf" --kind document
exits 0
prints "there already"
kith find "file where about = 'contact/$ada'" --json
prints_lines 1
prints '"name":"plan.pdf"'
prints '"kind":"document"'
prints '"media_type":"application/pdf"'
prints '"size":500000'
file=$(json_text id <"$work/out")

it "gives its bytes, all or some of them"
kith file get "$file" "$work/back"
exits 0
expect cmp "$work/plan.pdf" "$work/back"
"$KITH" file get "$file" >"$work/piped"
expect cmp "$work/plan.pdf" "$work/piped"
"$KITH" file get "$file" --from 196000 --bytes 1000 | cmp - <(tail -c +196001 "$work/plan.pdf" | head -c 1000) || fail "other bytes"
"$KITH" file get "$file" --from 499999 | cmp - <(tail -c 1 "$work/plan.pdf") || fail "other bytes"
"$KITH" file get "$file" --from 500000 >"$work/piped"
expect test ! -s "$work/piped"
kith file get "$file" "$work/back"
exits 1
one_sentence

it "takes what comes from standard input, by a name, and no more than fits"
printf 'seven\n' | "$KITH" file put contact "$ada" - --name seven.txt --json >"$work/out"
"$KITH" file get "$(json_text id <"$work/out")" | cmp - <(printf 'seven\n') || fail "other bytes"
: >"$work/empty"
kith file put contact "$ada" "$work/empty" --json
kith file get "$(json_text id <"$work/out")"
prints_exactly ""
printf 'seven\n' | "$KITH" file put contact "$ada" - >"$work/out" 2>"$work/err"
one_sentence
complains "named by --name"
head -c 10485761 /dev/zero >"$work/large"
kith file put contact "$ada" "$work/large"
complains "larger than 10485760 bytes"
kith file put contact 0SA818NN40003 "$work/empty"
one_sentence
kith file get 0SA818NN40003
one_sentence

it "lets nobody say themselves what stands in it"
for field in size=1 media_type=text/html digest=0; do
    kith update file "$file" "$field"
    one_sentence
    complains "is kept by Kith"
done
kith create file about="contact/$ada" name=forged size=5
complains "is kept by Kith"
part=$("$KITH" find "file_part where file = '$file' and number = 1" --json | json_text id)
kith update file_part "$part" data=AAAA
complains "is kept by Kith"
kith create file_part file="$file" number=9 data=AAAA
complains "is kept by Kith"
"$KITH" file get "$file" | cmp "$work/plan.pdf" - || fail "other bytes"

it "tells of a record that is out of reach no more than of one that is not there"
kith create role name=seller rights='{"types": {"contact": {"create": "own", "read": "own", "update": "own"}, "note": {"read": "all"}}}'
kith user add eve --role seller
as_eve() {
    last=("$@")
    KITH_TOKEN=$eve "$KITH" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
}
eve=$("$KITH" token add eve --json | json_text token)
as_eve file put contact "$ada" "$work/plan.pdf" --kind document
exits 3
one_sentence
there=$(sed "s/$ada/ID/" "$work/err")
as_eve file put contact "$ada" "$work/back" --kind document
exits 3
expect test "$(sed "s/$ada/ID/" "$work/err")" = "$there"
as_eve file put contact 0SA818NN40003 "$work/plan.pdf" --kind document
exits 3
expect test "$(sed "s/0SA818NN40003/ID/" "$work/err")" = "$there"
as_eve import note "$work/back"
one_sentence
complains "may not read and write records of type note"

it "takes one back, and lets it go with its record"
head -c 300000 /dev/urandom >"$work/other"
kith file put contact "$ada" "$work/other" --json
file=$(json_text id <"$work/out")
kith undo "$(json_text transaction <"$work/out")"
exits 0
kith file get "$file"
one_sentence
kith delete contact "$ada"
kith find "file : count()" --json
prints '"count":0'

finish
