#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Records, lists, actions and commands over HTTP, with the rights of whoever asks.
. "$(dirname "$0")/web.bash"

new_web_company
serve_web

it "asks who it is before it says anything"
token=
for request in "GET contact" "POST contact" "GET types"; do
    # shellcheck disable=SC2086 # two words
    api $request
    answers 401
    answers_header 'www-authenticate: Bearer realm="Kith"'
    prints '"detail":"say who you are'
done
token=kith_nonsense
api GET contact
answers 401
prints "the token is unknown"
token=
api GET contact "" "Authorization: bearer $root"
answers 200
api GET contact "" "Authorization: Bearer"
answers 401
prints "Authorization: Bearer TOKEN"
token=$root

it "takes a field of the linked record for its id"
api POST account '{"name":"By Name"}'
answers 201
api POST contact '{"name":"Linked","account.name":"By Name"}'
answers 201
api GET "contact?q=account.name%20=%20'By%20Name'&fields=name"
prints '"name":"Linked"'
api POST contact '{"name":"Linked","account.name":"No One"}'
answers 422
prints "account: there is no account whose name is 'No One'"
api POST contact '{"name":"Linked","account":"By Name"}'
answers 422
prints "write account.name instead of account"
api POST contact '{"name":"Linked","city.name":"Rome"}'
answers 422
api POST actions/consent.check '{"purpose":"x","contact.name":"No One"}'
answers 422
prints "contact: there is no contact whose name is 'No One'"
api DELETE "contact/$(api GET "contact?q=name%20=%20'Linked'&fields=id" && sed 's/.*"id":"\([^"]*\)".*/\1/' "$work/out")"

it "says what there is not, and what an address is for"
for path in / /api /api/v1 /nothing; do
    api GET $path
    answers 404
    prints "/api/v1/docs tells what there is"
done
api GET "contact/0SA818NN40003/nothing"
answers 404
api PUT contact/0SA818NN40003 '{}'
answers 405
answers_header 'allow: GET, PATCH, DELETE'
prints "this address is for GET, PATCH, DELETE alone"
api GET actions/record.merge
answers 405
answers_header 'allow: POST'
api GET nothings
answers 404
prints "no type 'nothings'"
api GET contact/0SA818NN40003
answers 404
prints '"code":"not found"'
prints_not "at 1:"
prints_not '"field"'
api GET contact/nonsense
answers 404
prints "'nonsense' is no id"
prints_not '"field"'
api PATCH contact/nonsense '{"city":"Bonn"}'
answers 404
for path in contact/nonsense/history contact/nonsense/timeline runs/nonsense runs/0SA818NN40003 \
    outbox/nonsense settings/no.such reports/none approvals/7 types/x; do
    api GET "$path"
    answers 404
done
api GET 'contact?lmit=3'
answers 400
prints "takes no argument 'lmit'; it takes q, fields, after, limit"
api GET "account?limit=1&limit=2"
answers 400
prints "an argument of the address is given once"
prints '"field":"limit"'

it "creates a record, and answers with it when it is durable"
api POST contact '{"name":"Ada Lovelace","email":"ada@example.org","tags":["maths","poetry"],"birthday":"1815-12-10"}'
answers 201
prints '"first_name":"Ada"'
prints '"tags":["maths","poetry"]'
id=$(json_text id <"$work/out")
made=$(header Kith-Transaction)
answers_header "location: /api/v1/contact/$id"
kith get contact "$id"
prints "Ada Lovelace"
kith log --json --limit 1
prints '"actor":"user:root"'
prints '"origin":"api"'

it "reads it, whole or some fields, also through links"
api GET "contact/$id"
answers 200
answers_header 'content-type: application/json'
prints '"email":"ada@example.org"'
api GET "contact/$id?fields=name,owner.login"
prints_exactly "{\"id\":\"$id\",\"type\":\"contact\",\"name\":\"Ada Lovelace\",\"owner.login\":\"root\"}"
api GET "contact/$id?fields=name,nothing"
answers 400
prints '"field":"fields"'
prints "no field 'nothing'"

it "has a change refused when somebody else was faster"
api GET "contact/$id"
tag=$(header ETag)
api PATCH "contact/$id" '{"city":"London"}' "If-Match: $tag"
answers 200
prints '"city":"London"'
api PATCH "contact/$id" '{"city":"Paris"}' "If-Match: $tag"
answers 412
prints "somebody changed this contact"
api DELETE "contact/$id" '' "If-Match: $tag"
answers 412
api PATCH "contact/$id" '{"city":"Paris"}' 'If-Match: "other"'
answers 412
kith find "contact where city = 'London'" --json
prints_lines 1
api GET "contact/$id" '' "If-None-Match: $(header ETag)"
api GET "contact/$id"
tag=$(header ETag)
api GET "contact/$id" '' "If-None-Match: \"x\", $tag"
answers 304
prints_exactly ""

it "takes an order's sum for another version to read, and for none to write"
# A roll-up of the account is different, and nobody wrote the account.
api POST account '{"name":"ACME"}'
account=$(json_text id <"$work/out")
tag=$(header ETag)
api POST interaction "{\"account\":\"$account\",\"channel\":\"call\",\"direction\":\"in\",\"subject\":\"Hello\"}"
answers 201
api GET "account/$account" '' "If-None-Match: $tag"
answers 200
expect test "$(header ETag)" != "$tag"
api PATCH "account/$account" '{"size":7}' "If-Match: $tag"
answers 200

it "says what is wrong with what was sent, and keeps nothing of it"
kith find "contact : count()"
before=$(cat "$work/out")
api POST contact '{"name":"Bo","emial":"bo@example.org"}'
answers 422
prints '"field":"emial"'
prints "did you mean 'email'"
api POST contact '{"name":"Bo","email":"no address"}'
answers 422
prints '"field":"email"'
api POST contact '{"name":"Bo","birthday":"1990-02-30"}'
answers 422
for wrong in '"birthday":"3/4/1906"' '"birthday":"4.3.1906"' '"birthday":19060304' '"name":"a\u0000b"' \
    '"name":7' '"tags":"a,b"' '"tags":[7]'; do
    api POST contact "{\"name\":\"Bo\",$wrong}"
    [[ $wrong != *'"name"'* ]] || api POST contact "{$wrong}"
    answers 422
    prints "$(sed 's/"\([a-z]*\)".*/"field":"\1"/' <<<"$wrong")"
done
api POST account '{"name":"Bo","size":"7"}'
answers 422
prints "size: \\\"7\\\" is no integer in JSON; write it as 7"
api POST saved_query '{"name":"bo","query":"contact","shared":"yes"}'
answers 422
prints '"field":"shared"'
api POST interaction '{"channel":"call","direction":"in","subject":"x","at":"3/4/2026 10:00"}'
answers 422
prints '"field":"at"'
api POST contact '{"name":"Bo","account":"0SA818NN40003"}'
answers 422
prints '"field":"account"'
api POST contact '{"id":"0SA818NN40003","name":"Bo"}'
answers 422
prints "Kith gives ids"
for body in '' '[]' '"text"' '{"name":"Bo"' '{"name":"Bo","name":"Bo"}' '{"name":"Bo"} x'; do
    api POST contact "$body"
    answers 400
    prints '"code":"invalid"'
done
api POST segment '{"name":"Same","type":"contact","query":"city is not null"}'
kith find "contact : count()"
prints_exactly "$before"

it "takes a record back as it was read"
api GET "contact/$id?fields=name,city"
api PATCH "contact/$id" "$(cat "$work/out")"
answers 200
expect test -z "$(header Kith-Transaction)"
api PATCH "contact/$account" "{\"id\":\"$account\"}"
answers 404
api PATCH "contact/$id" "{\"id\":\"$account\"}"
answers 422
prints "a record keeps its own"

it "brings a record into another state, by the arrows of its type"
api POST "contact/$id/transition/customer"
answers 200
prints '"lifecycle":"customer"'
api POST "contact/$id/transition/nonsense"
answers 404
prints "is none of prospect"
api POST "contact/$id/transition/partner"
answers 422
prints "cannot become 'partner'"
prints '"field":"lifecycle"'
api POST "account/$account/transition/customer"
kith create task title=Call about="contact/$id" --json
task=$(json_text id <"$work/out")
api POST "task/$task/transition/done"
prints '"state":"done"'

it "lists what meets a condition, page by page"
for i in 1 2 3 4 5; do "$KITH" create account name="Firm $i" size="$i" >/dev/null; done
api GET "account?q=size%20%3C%204%20order%20by%20-size&fields=name&limit=2"
answers 200
prints '"name":"Firm 3"'
prints '"name":"Firm 2"'
prints_not "Firm 1"
next=$(json_text next <"$work/out")
api GET "account?q=size%20%3C%204%20order%20by%20-size&fields=name&limit=2&after=$next"
prints "Firm 1"
prints_not '"next"'
api GET "account?q=order%20by%20name&limit=1&fields=name"
prints "ACME"
api GET "account?q=sise%20%3C%204"
answers 400
prints '"detail":"at 1: '
prints "did you mean 'size'"
prints '"field":"q"'
api GET "account?q=order%20by%20-sise"
prints '"detail":"at 11: '
api GET "account?q=size%20%3C%204&fields=sise"
answers 400
prints '"field":"fields"'
for limit in 0 x ''; do
    api GET "account?limit=$limit"
    answers 400
    prints '"field":"limit"'
    prints '"detail":"limit takes a whole number'
done
api GET "account?after=x"
answers 400
prints '"field":"after"'
api GET "nothings?q=size%20%3C%204"
answers 404
api GET "query?q=account%20where%20size%20%3E%200%20:%20count(),%20sum(size)"
answers 200
prints '"sum(size)":22'
api GET "query?q=account%20where%20size%20%3C"
answers 400
prints '"field":"q"'
prints '"detail":"at 21: '
api GET "query?q=nothings"
answers 400
prints '"field":"q"'
api GET "query?q=account%20where%20size%20%3C%20:most"
answers 400
prints_not "--param"
api GET "query"
answers 400
prints '"field":"q"'
api GET "search?q=lovelace"
prints "$id"
prints '],"found":1,'
api GET "search?q=firm&limit=2"
next=$(json_text next <"$work/out")
api GET "search?q=firm&limit=2&after=$next"
prints '"next":"'
prints_not '"after"'

it "writes many in one transaction, or none of them"
lines=('Content-Type: application/x-ndjson')
api POST account $'{"name":"Many 1"}\n\n{"name":"Many 2","size":2}\n' "${lines[@]}"
answers 201
answers_header 'content-type: application/x-ndjson'
prints_lines 2
prints '"name":"Many 2"'
api POST "undo/$(header Kith-Transaction)"
answers 200
kith find "account where name like 'Many%' : count()"
prints_exactly 0
api POST account $'{"name":"Many 1"}\n{"name":"Many 2","size":2}' "${lines[@]}"
first=$("$KITH" find "account where name = 'Many 1'" --json | json_text id)
second=$("$KITH" find "account where name = 'Many 2'" --json | json_text id)
api PATCH account "{\"id\":\"$first\",\"size\":7}"$'\n'"{\"id\":\"$second\",\"size\":8}" "${lines[@]}"
answers 200
prints '"size":7'
prints '"size":8'
api PATCH account "{\"id\":\"$first\",\"size\":70}"$'\n'"{\"id\":\"$second\",\"size\":-8,\"website\":\"no url\"}" "${lines[@]}"
answers 422
prints "at 2: "
api PATCH account "{\"id\":\"$first\",\"size\":70}"$'\n{"id":"0SA818NN40003","size":1}' "${lines[@]}"
answers 422
prints "at 2: "
prints '"field":"id"'
api PATCH account "{\"id\":\"$first\",\"size\":70}"$'\n{"id":"nonsense","size":1}' "${lines[@]}"
answers 422
prints "at 2: "
prints '"field":"id"'
kith find "account where name like 'Many%' and size in (7, 8) : count()"
prints_exactly 2
for no_json in '{"size":' nonsense; do
    api PATCH account "{\"id\":\"$first\",\"size\":70}"$'\n'"$no_json" "${lines[@]}"
    answers 400
    prints '"detail":"at 2: JSON, line 1'
done
api PATCH account "{\"id\":\"$first\",\"size\":70}"$'\n[1]' "${lines[@]}"
answers 422
prints '"field":"id"'
for body in $'{"name":"X"}\n{"name":' $'{"name":"X"}\n[]' $'{"name":"X"}\n{"nmae":"Y"}'; do
    api POST account "$body" "${lines[@]}"
    expect test "$code" -ge 400
    prints "at 2: "
done
api PATCH account "{\"id\":\"$first\",\"name\":\"Many\\u0000 1\"}" "${lines[@]}"
answers 422
prints '"field":"name"'
api PATCH account "{\"id\":\"$first\",\"size\":70}"$'\n{"size":7}' "${lines[@]}"
answers 422
prints '"detail":"at 2: '
prints '"field":"id"'
api PATCH account '{"size":7}'
answers 415
prints '"code":"unsupported"'
api POST account "$(yes '{"name":"Too many"}' | head -n 1001)" "${lines[@]}"
answers 413
prints '"code":"limit reached"'
prints "1 to 1000"
kith find "account where name in ('X', 'Too many') : count()"
prints_exactly 0
"$KITH" delete account "$first" >/dev/null
"$KITH" delete account "$second" >/dev/null

it "shows what a write of records would do, and keeps nothing of it"
for rehearsal in "POST account {\"name\":\"Tried\"}" "PATCH account/$account {\"name\":\"Tried\"}" \
    "DELETE contact/$id" "POST contact/$id/transition/lost"; do
    read -r method path body <<<"$rehearsal"
    api "$method" "$path?rehearse=1" "${body:-}"
    answers 200
    answers_header 'content-type: application/vnd.kith.rehearsal.json'
    prints '{"rehearsal":true,'
    prints '"effects":[{"effect":"'
    expect test -z "$(header Kith-Transaction)"
done
prints '"after":"lost"'
api POST "account?rehearse=true" $'{"name":"Tried"}\n{"name":"Tried, too"}' "${lines[@]}"
answers 200
prints 'Tried, too'
api PATCH "account?rehearse=1" "{\"id\":\"$account\",\"name\":\"Tried\"}"$'\n{"id":"0SA818NN40003","name":"Tried"}' "${lines[@]}"
answers 422
prints '"detail":"at 2: '
prints '"field":"id"'
api POST "account?rehearse=1" '{"name":"Tried","size":"x"}'
answers 422
prints '"field":"size"'
api PATCH "account/$account?rehearse=1" '{"name":"Tried"}' 'If-Match: "0000000000000000-0000000000000000"'
answers 412
api DELETE "account/0SA818NN40003?rehearse=1"
answers 404
api POST "account?rehearse=maybe" '{"name":"Tried"}'
answers 400
prints '"field":"rehearse"'
kith find "account where name like 'Tried%' : count()"
prints_exactly 0
api POST "account?rehearse=0" '{"name":"Meant"}'
answers 201
api DELETE "account/$(json_text id <"$work/out")?rehearse=0"
answers 204

it "takes no body of another kind for JSON"
for type in multipart/form-data text/csv application/xml; do
    api POST account '{"name":"Odd"}' "Content-Type: $type; boundary=x"
    answers 415
    prints '"field":"Content-Type"'
    api POST actions/record.merge '{"record_type":"contact"}' "Content-Type: $type"
    answers 415
done
api POST account '{"name":"Odd"}' 'Content-Type: application/json; charset=utf-8'
answers 201
api DELETE "account/$(json_text id <"$work/out")"

it "does once what is sent again with its key"
key=('Idempotency-Key: order-7')
api POST account '{"name":"Once"}' "${key[@]}"
answers 201
placed=$(header Location)
api POST account '{"name":"Once"}' "${key[@]}"
answers 201
expect test "$(header Location)" = "$placed"
answers_header 'idempotency-replayed: true'
api POST account '{"name":"Twice"}' "${key[@]}"
answers 409
prints "take a new key"
kith find "account where name in ('Once', 'Twice') : count()"
prints_exactly 1
api POST account '{"name":"Once"}' "Idempotency-Key: $(printf 'x%.0s' $(seq 201))"
answers 400
prints '"field":"Idempotency-Key"'
api POST undo/0SA818NM40000 '' "${key[@]}"
answers 400
prints "leave it out here"
api POST "actions/record.merge" '{"rehearse":true}'
answers 422
prints '"field":"rehearse"'
"$KITH" delete account "${placed##*/}" >/dev/null

it "takes no argument for an option of a command"
for q in --help "--as%20root" "--company%3D/" "@nothing"; do
    api GET "query?q=$q"
    expect test "$code" -ge 400
done

it "calls an action once that is sent again with its key, and answers with the ids that came of it"
keep=$(create account name=Keep) other=$(create account name=Other)
body="{\"record_type\":\"account\",\"keep\":\"$keep\",\"others\":\"$other\"}"
key=('Idempotency-Key: merge-1')
api POST "actions/record.merge" "$body" "Idempotency-Key: $(printf 'x%.0s' $(seq 201))"
answers 422
prints '"field":"Idempotency-Key"'
api POST "actions/record.merge?rehearse=1" "$body" "${key[@]}"
answers 200
api POST "actions/record.merge" "$body" "${key[@]}"
answers 200
prints_not '"repeated"'
first=$(json_text transaction <"$work/out")
api POST "actions/record.merge" "$body" "${key[@]}"
answers 200
answers_header 'idempotency-replayed: true'
prints '"repeated":true'
expect test "$(json_text transaction <"$work/out")" = "$first"
api POST "actions/record.merge" '{"record_type":"account"}' "${key[@]}"
expect test "$code" -ge 409
api POST "actions/segment.refresh" '{}' "${key[@]}"
expect test "$code" -ge 409
kith log --limit 1 --json
prints "$first"
"$KITH" delete account "$keep" >/dev/null

it "names addresses where commands are named on the command line"
api GET reports/nosuch
answers 404
prints "GET /api/v1/reports lists them"
api POST actions/no.thing '{}'
prints "GET /api/v1/actions lists them"
api POST contact '{"no_such_field_at_all":1}'
prints "GET /api/v1/schema lists them"
api POST "actions/consent.check" "{\"purpose\":\"nosuch\",\"contact\":\"$id\"}"
prints "GET /api/v1/purpose lists them"

it "says that there is no such address before it looks for a body"
api POST undo
answers 404
api POST nosuch
answers 404
api POST contact
answers 400
prints "the body is empty"

it "tells what was and why"
api GET "contact/$id/history"
prints '"before":null,"after":"London"'
api GET "contact/$id/why/city"
prints '{"items":[{"seq":'
prints '"actor":"user:root"'
api GET "contact/$id/timeline"
answers 200
prints "Call"

it "shows what there is, with every argument that an address takes"
for path in modules types actions workflows runs 'runs?state=waiting' deadletters outbox \
    'outbox?state=sent' 'transactions?type=contact&since=2026-01-01&limit=5' \
    'search?q=ada&limit=3' 'query?q=contact&fields=name&limit=3' 'contact?q=city%20is%20null&fields=name&limit=3'; do
    api GET "$path"
    answers 200
    prints '{"items":['
done
api GET actions
prints '"action":"record.merge"'
api GET transactions?limit=1
prints '"actor":"cli:'
api GET 'search?q=ada&limit=1&after=nonsense'
expect test "$code" -ge 400

it "shows runs of workflows step by step, ends them, and has them go on"
cat >workflows/greet.lua <<'LUA'
workflow("greet", { on = "note.created", doc = "Waits, and then fails." }, function(note)
  if note.body == "fail" then error("nothing to greet") end
  sleep(days(3))
end)
LUA
kith rule reload
exits 0
for body in wait fail; do api POST note "{\"about\":\"contact/$id\",\"body\":\"$body\"}"; done
for _ in $(seq 100); do
    api GET 'runs?state=retrying'
    ! grep -q '"workflow"' "$work/out" || break
    sleep 0.05
done
run=$(json_text run <"$work/out")
[ -n "$run" ] || run=$(json_text id <"$work/out")
prints greet
api GET "runs/$run"
answers 200
prints "nothing to greet"
api POST "runs/$run/retry"
expect test "$code" -eq 200
api GET 'runs?state=waiting'
run=$(json_text run <"$work/out")
[ -n "$run" ] || run=$(json_text id <"$work/out")
api POST "runs/$run/cancel"
answers 200
api GET 'runs?state=waiting'
prints_exactly '{"items":[]}'
"$KITH" delete note --where "id is not null" >/dev/null
api POST deadletters/12345/retry
answers 404
api POST deadletters/12345/skip
answers 404

it "calls actions, and shows first what they would do"
api POST "actions/record.merge?rehearse=1" "{\"keep\":\"$id\"}"
answers 422
prints '"field":"record_type"'
api POST "actions/record.merge" ''
answers 422
prints '"field":"record_type"'
api POST "actions/record.merge" '{"keeep":"x"}'
answers 422
prints '"field":"keeep"'
prints "did you mean 'keep'"
api POST "actions/record.merge" "{\"record_type\":\"contact\",\"keep\":\"$id\",\"others\":\"0SA818NN40003\"}"
answers 422
"$KITH" create contact name="Ada L." >/dev/null
other=$("$KITH" find "contact where name = 'Ada L.'" --json | json_text id)
api POST "actions/record.merge?rehearse=1" "{\"record_type\":\"contact\",\"keep\":\"$id\",\"others\":\"$other\"}"
answers 200
prints '"rehearsal":true'
kith get contact "$other"
exits 0
api POST "actions/nothing.here" '{}'
answers 404
api POST "actions/core" '{}'
answers 404
prints "/api/v1/actions lists them"
api POST "actions/record.merge" '[]'
answers 400
api POST "actions/record.merge" "{\"record_type\":\"contact\",\"keep=$id\":\"\",\"others\":\"$other\"}"
answers 400
prints "there is a '='"

it "takes back what was done, after it has shown it"
api POST undo/nonsense
answers 404
api POST "undo/$made?rehearse=maybe"
answers 400
prints 'rehearse is 1 or true, or 0 or false'
api POST "undo/$made?rehearse=1" # with all that followed from it, or not at all
answers 422
prints "it was edited since"
api POST contact '{"name":"Taken back","email":"back@example.org"}'
back=$(header Kith-Transaction)
api POST "undo/$back?rehearse=1"
answers 200
kith find "contact where name = 'Taken back' : count()"
prints_exactly 1
api DELETE "contact/$id"
answers 204
gone=$(header Kith-Transaction)
api GET "contact/$id"
answers 404
api POST "undo/$gone"
answers 200
api GET "contact/$id"
answers 200

it "gives whoever asks no more than their rights"
"$KITH" create role name=seller rights='{"types": {"contact": {"create": "own", "read": "own", "update": "own", "fields": {"birthday": "none"}}}}' >/dev/null
"$KITH" user add anna --role seller >/dev/null
token=$(new_token anna)
api GET contact
prints_exactly '{"items":[]}'
api GET "contact/$id"
answers 404
api PATCH "contact/$id" '{"city":"Rome"}'
answers 404
api GET "contact?q=birthday%20is%20not%20null"
expect test "$code" -ge 400
api POST contact '{"name":"Cy","birthday":"1990-01-01"}'
answers 403
prints '"field":"birthday"'
api POST contact '{"name":"Cy"}'
answers 201
prints_not birthday
own=$(json_text id <"$work/out")
api GET "contact/$own?fields=birthday"
answers 403
api DELETE "contact/$own"
answers 403
api GET account
prints_exactly '{"items":[]}'
api GET modules
answers 403
prints "is for administrators"
api POST "undo/$made"
expect test "$code" -ge 400

it "shows nobody what they wrote and may not read but its id, one by one or in lines"
"$KITH" create role name=giver rights='{"types": {"contact": {"create": "all"}}}' >/dev/null
"$KITH" user add gil --role giver >/dev/null
token=$(new_token gil)
only='{"id":"[0-9A-Z]\{13\}","type":"contact"}'
api POST contact '{"name":"Gift"}'
answers 201
answers_header "location: /api/v1/contact/$(json_text id <"$work/out")"
expect grep -qx "$only" "$work/out"
api POST contact '{"name":"Gift"}
{"name":"Gift"}' 'Content-Type: application/x-ndjson'
answers 201
expect test "$(grep -cx "$only" "$work/out")" -eq 2

it "lets a token that only reads write nothing, and one of some types read no others"
api POST contact '{"name":"Di"}'
fresh=$(header Kith-Transaction)
token=$(new_token root --read-only)
api GET "contact/$id"
answers 200
api PATCH "contact/$id" '{"city":"Rome"}'
answers 403
prints "only reads"
api POST "undo/$fresh"
answers 403
token=$(new_token root --types account)
api GET "contact/$id"
answers 404
api GET "account/$account"
answers 200
token=$root

it "has reports and saved queries by their names, with their parameters as arguments"
"$KITH" create saved_query name=in_town shared=true query="contact where city in (:city) order by name" >/dev/null
api GET reports
answers 200
prints '"report":"in_town"'
prints '"parameters":["city"]'
"$KITH" create contact name="Rosa Report" city="Halle & Co" >/dev/null
api GET "reports/in_town?city=Halle%20%26%20Co&city=Nowhere&fields=name"
answers 200
prints '"name":"Rosa Report"'
"$KITH" create saved_query name="Halle / week" shared=true query="contact where city like 'Halle%'" >/dev/null
api GET "reports/Halle%20%2F%20week?fields=name"
answers 200
prints '"name":"Rosa Report"'
api GET "contact%2F$id"
answers 404
prints "there is no type 'contact/$id'"
api GET reports/in_town
answers 400
prints ":city"
prints '"field":"city"'
prints_not "--param"
api GET "reports/in_town?city=Halle&town=x"
answers 400
prints '"field":"town"'
prints "the query has no parameter :town"
api GET "reports/in_town?city=Halle%20%26%20Co&fields=name,city&format=csv"
answers 200
answers_header "content-type: text/csv; charset=utf-8"
printf 'name,city\r\nRosa Report,Halle & Co\r\n' | cmp - "$work/out" || fail "is other CSV"
"$KITH" create contact name="Ruth Report" city="Halle & Co" >/dev/null
api GET "reports/in_town?city=Halle%20%26%20Co&fields=name&format=csv&limit=1"
answers_header "kith-next: .+"
api GET "reports/in_town?city=Halle&format=xlsx"
answers 400
prints '"field":"format"'
api GET reports/no_such
answers 404

it "shows settings to administrators, and nothing that is secret"
api GET settings
answers 200
prints '"company.zone"'
api GET settings/web.max_body
answers 200
prints 1048576
token=$(new_token anna)
api GET settings
answers 403
token=$root

it "takes away at once what is taken away"
token=$(new_token anna)
api GET "contact/$own"
answers 200
"$KITH" token revoke "$("$KITH" token list anna --json | sed -n 's/.*"number":\([0-9]*\).*/\1/p' | tail -n 1)" >/dev/null
api GET "contact/$own"
answers 401
token=$root

it "loses no row of totals whose columns are called as what is told of the whole answer"
kith field add account 'after:text'
kith field add account 'inexact:text'
port=$(listening http)
kith create account name=Odd after=x inexact=y
api GET "query?q=account%20where%20after%3D'x'%20group%20by%20after:count()"
prints_exactly '{"items":[{"after":"x","count()":1}]}'
api GET "query?q=account%20where%20after%3D'x'%20group%20by%20after:count()%20as%20inexact"
prints_exactly '{"items":[{"after":"x","inexact":1}]}'

it "goes on after the company was opened anew"
kith reload
exits 0
port=$(listening http)
api GET "contact/$id"
answers 200

it "notes who read whose data, and by which request"
"$KITH" access log --json --limit 300 >"$work/log"
expect grep -q "GET /api/v1/contact/$id" "$work/log"
stop_server
expect test "$server_code" -eq 0

it "does not serve when it is not granted, and says where"
sed -i 's/"serve:users"//' conf.d/web.conf
serve
expect grep -q "may not serve users: add \"serve:users\" to web.grant" "$work/serve.log"
stop_server

finish
