#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The document of the interface and the page that is made from it: of this company and of whoever
# asks; read by a public validator, made into a client by a public generator, and held against what
# the server answers.
. "$(dirname "$0")/web.bash"

new_web_company
"$KITH" module enable sales >/dev/null
"$KITH" type add visit --title name 'contact:link[contact]' on:date 'mood:choice[good,bad]' \
    price:money 'weight:decimal[2]' where:place >/dev/null
cat >workflows/greet.lua <<'LUA'
workflow("greet", { on = "note.created", doc = "Waits, and then fails." }, function(note)
  if note.body == "fail" then error("nothing to greet") end
  sleep(days(3))
end)
LUA
serve_web
api GET openapi.json
document=$work/openapi.json
cp "$work/out" "$document"
etag=$(header ETag)

tool() { # its output is kept, as that of kith
    last=("$@")
    (cd "$tools" && "$@") >"$work/out" 2>"$work/err"
    code=$?
}
with_tools() { with_npm openapi; }

it "tells of this company: its own types, its actions, its states"
prints '"openapi":"3.1.0"'
prints '"/api/v1/visit/{id}"'
prints '"/api/v1/actions/sales.convert"'
prints '"operationId":"createVisit"'
prints '"enum":["good","bad",null]'
prints '"/api/v1/settings/{setting}"'
prints '"/api/v1/deadletters"'
prints '"operationId":"reportSalesPipeline"'
prints '"rows":{"type":"array","maxItems":10000,"items":{"type":"object","properties":{"record":{"type":["string","null"]'
prints '"required":["record","field","value"]'
prints 'A row whose key is known updates that record.'
prints '{"name":"q","in":"query","description":"A whole query, without totals'
prints '"schema":{"type":"array","items":{"type":"string"}}}' # ?map=, again for each column
prints '"410":{"$ref":"#/components/responses/Gone"}'
prints '"first":{"type":"integer"}'
prints '"examples":[{"name":"Visit 1","on":"2026-01-31"'
prints '"examples":[{"id":"0SA818NN40003","type":"visit","created":"2026-01-31T09:00:00Z","name":"Visit 1"'
for word in '"/api/v1/erasure":{"post"' 'listRun"' '"default":"prospect"'; do prints_not "$word"; done
api GET openapi.json '' "If-None-Match: $etag"
answers 304
api GET openapi.json '' "If-None-Match: ${etag%?}-gzip\""
answers 304
prints_exactly ""

it "tells whoever asks of what they may use, and of nothing else"
"$KITH" create role name=seller rights='{"types": {"contact": {"create": "own", "read": "own", "update": "own", "fields": {"birthday": "none", "lifecycle": "read"}}}}' >/dev/null
"$KITH" user add anna --role seller >/dev/null
token=$(new_token anna)
api GET openapi.json
answers 200
prints '"/api/v1/contact/{id}"'
prints '"lifecycle"'
prints '"/api/v1/outbox"'
for word in '"birthday":' '"deleteContact"' '/account"' createVisit sales.convert '/api/v1/settings' \
    '/api/v1/types' '/api/v1/modules' '/api/v1/status' '/api/v1/workflows' '/api/v1/runs/{run}"' '/api/v1/deadletters' \
    '/api/v1/outbox/'; do prints_not "$word"; done
expect test "$(header ETag)" != "$etag"
token=$(new_token root --read-only)
api GET openapi.json
prints listVisit
prints sales.forecast
for word in createVisit sales.convert '/api/v1/import/' '/api/v1/undo/'; do prints_not "$word"; done
token=
api GET openapi.json
answers 401
api GET docs
answers 401
token=$root

it "is a page, too, which needs nothing from elsewhere and runs no scripts"
api GET docs
answers 200
answers_header 'content-type: text/html; charset=utf-8'
nonce=$(sed -n 's/.*<style nonce="\([0-9a-f]*\)".*/\1/p' "$work/out")
answers_header "content-security-policy: default-src 'none'; style-src 'nonce-$nonce'; .*"
prints 'name=viewport'
prints '<code>/api/v1/visit/{id}</code>'
for word in '<script' ' style=' ' onclick' 'src=' 'http://www' 'https://fonts'; do prints_not "$word"; done
first=$nonce
api GET docs
expect test "$(sed -n 's/.*<style nonce="\([0-9a-f]*\)".*/\1/p' "$work/out")" != "$first"

it "shows examples on it that can be called as they stand"
examples() { grep -o '<pre>curl [^<]*' "$work/out" | sed 's/<pre>//; s/&quot;/"/g; s/&amp;/\&/g; s/&gt;/>/g; s/&lt;/</g'; }
examples >"$work/examples"
for line in "curl -H \"Authorization: Bearer \$TOKEN\" \"\$URL/api/v1/query?q=contact%20where%20city%20=%20'Ulm'%20order%20by%20name\"" \
    "curl -H \"Authorization: Bearer \$TOKEN\" \"\$URL/api/v1/import/contact\" -H 'Content-Type: text/csv' --data-binary @FILE" \
    "curl -H \"Authorization: Bearer \$TOKEN\" \"\$URL/api/v1/contact/0SA818NN40003/files?name=contract.txt\" -H 'Content-Type: application/octet-stream' --data-binary @FILE" \
    "curl \"\$URL/api/v1/session\" -H 'Content-Type: application/json' -d '{\"login\":\"anna\",\"password\":\"correct horse battery\"}'"; do
    grep -qFx -- "$line" "$work/examples" || fail "expected the example $line"
done
# Those that read. Ids are of no record here; what a report or an action asks for is the company's to say.
grep -v -e ' -X ' -e ' -d ' -e '@FILE' -e '=[A-Z]' -e '/actions/' -e '/events"' "$work/examples" >"$work/reading"
expect test "$(wc -l <"$work/reading")" -gt 100
TOKEN=$root URL=http://127.0.0.1:$port bash -c 'while read -r line; do
    echo "$(eval "${line/curl /curl -s -o /dev/null -w %\{http_code\} }") $line"
done' <"$work/reading" | grep -v -e '^200 ' -e '^404 .*\(0SA818NN40003\|/1"\)' >"$work/out"
prints_exactly ""

it "follows a type that is changed, and shows its text as text"
kith type add trick --title name --doc "A <script>alert(1)</script> & more"
exits 0
port=$(listening http)
api GET openapi.json
prints '"/api/v1/trick"'
expect test "$(header ETag)" != "$etag"
api GET docs
prints 'A &lt;script&gt;alert(1)&lt;/script&gt; &amp; more'
prints_not '<script'

it "is accepted by a public validator"
if with_tools; then
    tool node lint.mjs "$document"
    exits 0
    prints_exactly ""
fi

it "makes a client that reads, writes and calls actions, and does not compile what is wrong"
if with_tools; then
    tool node_modules/.bin/openapi-typescript "$document" -o kith.d.ts
    exits 0
    { # what the guide shows
        echo 'declare const token: string;'
        sed -n '/^```ts$/,/^```$/p' "$here/../../../docs/guide-integrator-clients.md" | grep -v '^```'
        echo 'const shown: string = data.id; shown;'
    } >"$tools/guide.ts"
    tool node_modules/.bin/tsc --strict --noUncheckedIndexedAccess --target es2022 \
        --module nodenext --moduleResolution nodenext client.ts guide.ts
    exits 0
    prints_exactly ""
    tool node client.js "http://127.0.0.1:$port" "$root"
    exits 0
    prints "the client works"
fi

it "says what is answered, whatever fits it or does not"
if with_tools; then
    tool node properties.mjs "$document" "http://127.0.0.1:$port" "$root" "${SEED:-1}" "${SECONDS_OF_CALLS:-12}"
    exits 0
fi
api GET openapi.json
answers 200

it "keeps the text of the document, and none of what it was made of"
"$KITH" reload >/dev/null
port=$(listening http)
before=$(rss)
api GET openapi.json
api GET docs
below $(($(rss) - before)) 8000

stop_server
expect test "$server_code" -eq 0
finish
