#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Texts of every kind go in and come out unchanged, and never reach a terminal raw.
. "$(dirname "$0")/lib.bash"
new_company

anna=$(create contact name="Anna")

it "keeps many scripts, directions and emoji"
cat >in.jsonl <<'LINES'
{"title":"scripts","body":"Ελληνικά, Русский, العربية, עברית, हिन्दी, ไทย, 日本語, 한국어"}
{"title":"scripts","body":"👩‍👩‍👧‍👦 🇪🇺 👍🏽 \u202eright to left override\u202c"}
{"title":"scripts","body":"combining: e\u0301 n\u0303; wide: ＡＢＣ; Turkish: ıİ; Vietnamese: Nguyễn"}
{"title":"scripts","body":"zero width: a\u200bb\u200dc\ufeffd"}
LINES
kith import note in.jsonl "about:=contact/$anna"
exits 0
kith find "note where title = 'scripts'" --json
exits 0
prints "Ελληνικά, Русский, العربية, עברית, हिन्दी, ไทย, 日本語, 한국어"
prints "👩‍👩‍👧‍👦 🇪🇺 👍🏽"
prints "combining: é ñ; wide: ＡＢＣ; Turkish: ıİ; Vietnamese: Nguyễn"
"$KITH" find "note where title = 'scripts' : count()" >"$work/out"
prints_exactly 4

it "takes text that looks like SQL, Lua, shell or JSON for text"
texts=("'; drop table contact; --" "\") end os.execute('rm -rf /') --" "\$(touch pwned) \`touch pwned\`"
    '{"a": [1, 2]}' "%s%n%x %%" "../../etc/passwd" "null" "true" "''" '\\' "a=b" "-1" "--limit")
for text in "${texts[@]}"; do
    id=$(create contact "name=$text")
    kith find "contact where id = '$id'" --fields name --csv
    "$KITH" get contact "$id" --json >got.json
    name=$(sed -n 's/.*"name":"\(\([^"\\]\|\\.\)*\)".*/\1/p' got.json | sed 's/\\\(["\\]\)/\1/g')
    expect test "$name" = "$text"
done
expect test ! -e pwned
kith find "contact where name = '''; drop table contact; --'"
exits 0
prints "drop table"

it "takes no NUL in a text"
printf '%s\n' '{"title":"nul","body":"before\u0000after"}' >in.jsonl
kith import note in.jsonl "about:=contact/$anna"
prints "a NUL stands in it"
kith find "note where title = 'nul' : count()"
prints_exactly 0

it "keeps all control characters, and shows none of them raw to people"
printf '%s\n' '{"title":"controls","body":"a\u0001\u001b[31mred\u0007\u007f\u009b2Jb"}' >in.jsonl
kith import note in.jsonl "about:=contact/$anna"
exits 0
kith find "note where title = 'controls'" --json --fields body
expect test -z "$(LC_ALL=C tr -d '[:print:]\200-\377\n' <"$work/out")"
prints '\u001b[31mred\u0007'
note=$("$KITH" find "note where title = 'controls'" --json | json_text id)
for command in "find note --fields title,body" "get note $note" "get contact $anna" "history note $note" \
    "why note $note body"; do
    # shellcheck disable=SC2086 # the words of a command
    kith $command
    exits 0
    expect test -z "$(LC_ALL=C tr -d '[:print:]\200-\377\n' <"$work/out")"
    expect test -z "$(LC_ALL=C grep $'\xc2\x9b' "$work/out")"
done
prints "␛[31mred"

it "keeps line ends and blanks in a long text"
printf '%s\n' '{"title":"lines","body":"  first\n\n\tsecond\r\nthird  "}' >in.jsonl
kith import note in.jsonl "about:=contact/$anna"
exits 0
kith export "note where title = 'lines'" --format jsonl --fields body
prints '{"body":"  first\n\n\tsecond\r\nthird  "}'

it "keeps a text of a megabyte"
{
    printf '{"title":"large","body":"é€😀'
    head -c 800000 /dev/urandom | base64 -w 0 | tr -d '+/='
    printf '"}\n'
} >in.jsonl
kith import note in.jsonl "about:=contact/$anna"
exits 0
kith export "note where title = 'large'" --format jsonl --fields title,body
cp "$work/out" first.jsonl
expect test "$(wc -c <first.jsonl)" -gt 1000000
kith import note first.jsonl "about:=contact/$anna" "title:=large again"
kith export "note where title = 'large'" --format jsonl --fields title,body
expect cmp -s first.jsonl "$work/out"
kith find "note where title = 'large'"
exits 0

it "exports CSV that comes back the same"
cat >in.jsonl <<'LINES'
{"name":"Comma, Quote \" and line\u0085end"}
{"name":"=1+1"}
{"name":"Łukasz Żółć"}
LINES
kith import contact in.jsonl
exits 0
kith export "contact where name like 'Łukasz%' or name like 'comma%'" names.csv --fields name
exits 0
kith import contact names.csv --key name
exits 0
prints "unchanged"

it "imports a broken JSON line by line, and keeps the good ones"
cat >in.jsonl <<'LINES'
{"name":"Good One"}
{"name":"unclosed
{"name":"\ud800 lone surrogate"}
[1,2,3]
{"name":"Good Two"}
LINES
kith import contact in.jsonl --rejects bad.jsonl
exits 0
prints "created      2"
prints "rejected     3"
expect test "$(wc -l <bad.jsonl)" -eq 3

it "refuses bytes that are not UTF-8 in JSON"
printf '{"name":"bad \xff\xfe"}\n' >in.jsonl
kith import contact in.jsonl
prints "rejected     1"

it "cuts a table to the terminal, between characters"
if command -v script >/dev/null; then
    create contact name="$(printf '長い名前%.0s' $(seq 40))" city=Tōkyō >/dev/null
    last=(find contact --limit 5)
    script -qec "stty cols 60; '$KITH' find 'contact where city is not null'" /dev/null >"$work/out" </dev/null
    code=0
    prints "…"
    while IFS= read -r line; do
        plain=$(sed 's/\x1b\[[0-9;]*m//g; s/\r//' <<<"$line")
        expect test "${#plain}" -le 60
    done <"$work/out"
else
    skip "there is no program 'script'"
fi

it "uses no colour where nobody asked for it"
kith find contact
expect test -z "$(grep $'\e' "$work/out")"

finish
