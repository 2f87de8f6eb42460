#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Links by which people without an account do one thing: a quote is accepted by one. And what is
# tried with them: replay, guesses, looking by robots, two at once, texts that are no text, kill -9.
. "$(dirname "$0")/web.bash"

stranger() { # METHOD ADDRESS [BODY]: nobody, who has a link or thinks so
    local kept=$token
    token=
    api "$1" "/l/${2##*/}" "${@:3}"
    token=$kept
}
form() { # the form's text of the page in $work/out
    sed -n 's/.*name="form" value="\([^"]*\)".*/\1/p' "$work/out"
}
form_type="Content-Type: application/x-www-form-urlencoded"
send() { # LINK FORM FIELDS
    stranger POST "$1" "form=$2&$3" "$form_type"
}
quoted() { # a quote over three pens; its id in $quote
    order=$("$KITH" create order contact="$ada" --json | json_text id)
    "$KITH" create order_line order="$order" product="$pen" quantity=3 >/dev/null
    quote=$("$KITH" create quote order="$order" terms="Net 30" --json | json_text id)
}
sent() { # and its link, in $link; by the seller
    quoted
    link=$(KITH_TOKEN=$seller "$KITH" sales.send_quote quote="$quote" --json | json_text link)
}
state() { "$KITH" find "quote where id = '$quote'" --json --fields state | json_text state; }

has_task() {
    "$KITH" find "task where about = '$quote' and assignee.login = 'sam' and state = 'open'" --json --fields title,body |
        grep -q 'sales.answer_quote.*Dean Miller'
}
fails() { [ "$code" -ne 0 ] || fail "expected a failure"; }

new_web_company 'address = "https://crm.example.org";'
"$KITH" module enable commerce >/dev/null && "$KITH" module enable sales >/dev/null || exit 1
"$KITH" create role name=seller rights='{"types": {"*": {"read": "all", "create": "all", "update": "all"}}, "actions": ["sales.*", "link.*"]}' >/dev/null
"$KITH" user add sam --role seller >/dev/null
seller=$(new_token sam)
sam=$("$KITH" find "user where login = 'sam'" --json | json_text id)
pen=$("$KITH" create product code=pen name="<script>alert(1)</script> Pen & ink" price="10 EUR" tax_rate=20 --json | json_text id)
ada=$("$KITH" create contact name='"><img src=x onerror=alert(2)>' --json | json_text id)
mkdir -p rules
cat >rules/wait.lua <<'END_OF_RULES'
before("order.update", {where = "state = 'ordered' and note = 'wait'"}, function()
    refuse("Dean Miller has to look at it: kith update order note=ready")
end)
END_OF_RULES
serve_web

it "gives a quote that is sent a link, which tells all of it to whoever has it, and changes nothing"
sent
expect test "${link%/*}" = "https://crm.example.org/l"
expect test "${#link}" -ge 58
stranger GET "$link"
answers 200
answers_header 'content-type: text/html; charset=utf-8'
answers_header 'cache-control: no-store'
answers_header 'referrer-policy: no-referrer'
answers_header "content-security-policy: default-src 'none'; style-src 'self';.*"
prints "<h1>Answer quote</h1>"
prints "30.00 EUR</td><td class=\"number\">36.00 EUR</td></tr>"
prints "<dt>Net</dt><dd>30.00 EUR</dd>"
prints "<dd>20 % of 30.00 EUR: 6.00 EUR</dd>"
prints "<dt>Total with tax</dt><dd>36.00 EUR</dd>"
expect test "$(grep -n '</table>' "$work/out" | cut -d: -f1)" -lt "$(grep -n '<dt>Net</dt>' "$work/out" | cut -d: -f1)"
prints "Net 30"
prints 'name="name" type="text"'
prints '<select name="answer" required><option value=""></option><option>accept</option><option>decline</option></select>'
prints_not "<script"
prints_not "<img"
prints '&lt;script&gt;alert(1)&lt;/script&gt; Pen &amp; ink'
for _ in 1 2 3 4 5; do stranger GET "$link"; done
stranger HEAD "$link"
expect test "$(state)" = sent
kith link.list about="quote/$quote" --json
prints '"used":0'
prints '"state":"holds"'

it "does nothing without a form of its own, and none without its link"
stranger POST "$link" "name=Eve" "$form_type"
answers 409
prints "was not complete"
stranger GET "$link"
mine=$(form)
first=$link
firstquote=$quote
sent
send "$link" "$mine" "answer=accept&name=Eve"
answers 409
stranger POST "$link" '{"name":"Eve"}' "Content-Type: application/json"
answers 400
send "$link" "" "answer=accept&name=Eve&quote=$firstquote"
answers 409
stranger GET "$link"
send "$link" "$(form)" "answer=accept&name=Eve&quote=$firstquote"
answers 422
prints "asks for nothing of the name"
expect test "$(state)" = sent
stranger GET "$link"
send "$link" "$(form)" "remark=%3C%2Ftextarea%3E%3Cscript%3Ealert(3)%3C%2Fscript%3E"
answers 422
prints "&lt;/textarea&gt;&lt;script&gt;alert(3)"
prints_not "<script"
prints 'role="alert"'

it "accepts the quote with a name, a remark and the address, and places the order"
stranger GET "$link"
kept=$(form)
send "$link" "$kept" "answer=accept&name=Ada+L%C3%B6velace&remark=Soon%2C+please"
answers 200
prints "It is done"
prints "Q-000002"
kith get quote "$quote" --json
prints '"state":"accepted"'
prints '"accepted_by":"Ada Lövelace"'
prints '"accepted_from":"127.0.0.1"'
prints '"answer":"Soon, please"'
kith get order "$order" --json
prints '"state":"ordered"'
kith log --type quote --limit 1
prints "as user:sam"
kith access log --json
prints "used link 2: sales.answer_quote"

it "is done once: what is sent again was done, and another form comes too late"
send "$link" "$kept" "answer=accept&name=Ada+L%C3%B6velace"
answers 200
prints "This was sent before"
stranger GET "$link"
answers 410
prints "This link was used already"
send "$link" "" "name=Eve"
answers 410

it "lets one of two at once have it"
sent
stranger GET "$link"
one=$(form)
stranger GET "$link"
two=$(form)
jobs=()
for n in one two; do
    (
        ANSWER=$work/answer.$n
        token=
        request "$port" "" POST "/l/${link##*/}" "form=${!n}&answer=accept&name=$n" "$form_type" >"$work/out.$n"
    ) &
    jobs[${#jobs[@]}]=$!
done
wait "${jobs[@]}"
expect test "$(cat "$work"/out.one "$work"/out.two | grep -c "It is done")" -eq 1
expect test "$(cat "$work"/out.one "$work"/out.two | grep -c "was used already\|was accepted already")" -eq 1
expect test "$(state)" = accepted

it "declines the quote with a reason, and gives its order up"
sent
stranger GET "$link"
send "$link" "$(form)" "answer=decline&name=Ada&remark=Too+dear"
answers 200
prints "It is done"
kith get quote "$quote" --json
prints '"state":"rejected"'
prints '"declined_by":"Ada"'
prints '"accepted_by":null'
prints '"answer":"Too dear"'
kith get order "$order" --json
prints '"state":"cancelled"'
stranger GET "$link"
answers 410

it "takes no answer to what was offered before, however the quote is sent anew"
quoted
KITH_TOKEN=$seller "$KITH" sales.send_quote quote="$quote" --json >"$work/sent"
link=$(json_text link <"$work/sent")
stranger GET "$link"
answers 200
before=$(form)
"$KITH" undo "$(json_text transaction <"$work/sent")" >/dev/null
"$KITH" update order_line "$("$KITH" find "order_line where order = '$order'" --json | json_text id)" unit_price="500 EUR" >/dev/null
"$KITH" update quote "$quote" state=sent >/dev/null
send "$link" "$before" "answer=accept&name=Ada"
answers 410
prints "does not hold any more"
expect test "$(state)" = sent

it "ends the links that were sent before when it is sent again, by whomever"
sent
first=$link
link=$("$KITH" sales.send_quote quote="$quote" --json | json_text link)
stranger GET "$first"
answers 410
prints "does not hold any more"
stranger GET "$link"
answers 200

it "tells a stranger nothing of why it is refused inside, and the seller and the log all of it"
"$KITH" update quote "$quote" owner="$sam" >/dev/null
"$KITH" update order "$order" note=wait >/dev/null
stranger GET "$link"
send "$link" "$(form)" "answer=accept&name=Ada"
answers 409
prints "This cannot be done as things stand: ask whoever sent you the link"
prints_not "Miller"
expect grep -q "link [0-9]*, sales.answer_quote, was used, and refused: .*Dean Miller" "$work/serve.log"
expect test "$(state)" = sent
for _ in $(seq 200); do has_task && break || sleep 0.05; done
expect has_task
kith sales.accept_quote quote="$quote" name=Ada
complains "Dean Miller has to look at it"
"$KITH" update order "$order" note=ready >/dev/null
stranger GET "$link"
send "$link" "$(form)" "answer=accept&name=Ada"
answers 200

it "does not accept what was replaced, withdrawn or has ended, though the link is good"
sent
"$KITH" sales.revise quote="$quote" >/dev/null
stranger GET "$link"
answers 410
prints "was replaced by a newer version"
sent
stranger GET "$link"
kept=$(form)
"$KITH" update quote "$quote" state=withdrawn >/dev/null
send "$link" "$kept" "answer=accept&name=Ada"
answers 410
prints "was withdrawn"
sent
"$KITH" update quote "$quote" state=accepted >/dev/null
stranger GET "$link"
answers 410
prints "accepted already"

it "dies with a revocation, an expiry, the rights of who made it, and that person"
sent
number=$(KITH_TOKEN=$seller "$KITH" link.list about="quote/$quote" --json | sed -n 's/.*"rows":\[{"number":\([0-9]*\).*/\1/p')
KITH_TOKEN=$seller kith link.revoke number="$number"
exits 0
stranger GET "$link"
answers 410
prints "does not hold any more"
short=$(KITH_TOKEN=$seller "$KITH" link.create action=sales.accept_quote args="{\"quote\":\"$quote\"}" ask=name --json | json_text link)
stranger GET "$short"
answers 200
"$KITH" update user "$sam" blocked=true >/dev/null
stranger GET "$short"
answers 410
prints "does not hold any more"
prints_not "sam"
"$KITH" update user "$sam" blocked=false >/dev/null
stranger GET "$short"
answers 200
kept=$(form)
role=$("$KITH" find "role where name = 'seller'" --json | json_text id)
"$KITH" update role "$role" rights='{"types": {"*": {"read": "all"}}}' >/dev/null
send "$short" "$kept" "name=Ada"
answers 410
expect test "$(state)" = sent
"$KITH" update role "$role" rights='{"types": {"*": {"read": "all", "create": "all", "update": "all"}}, "actions": ["sales.*", "link.*"]}' >/dev/null

it "makes no link for more than its maker may, to further links, or without what is needed"
KITH_TOKEN=$seller kith link.create action=contact.erase
fails
KITH_TOKEN=$seller kith link.create action=link.create args='{"action":"sales.offer"}'
fails
complains "a link makes and revokes no links"
KITH_TOKEN=$seller kith link.create action=sales.accept_quote args="{\"quote\":\"$quote\"}"
fails
complains "needs name: fix it, or let whoever has the link be asked for it"
KITH_TOKEN=$seller kith link.create action=sales.accept_quote args='{"quote":"0SA818NN40003"}' ask=name
KITH_TOKEN=$seller kith link.create action=sales.accept_quote args="{\"quote\":\"$quote\"}" ask=name expires_in=9999d
fails
limited=$(new_token sam --actions "link.*")
KITH_TOKEN=$limited kith link.create action=link.list
fails

it "shows others' links to administrators alone"
"$KITH" user add eve --role seller >/dev/null
eve=$(new_token eve)
KITH_TOKEN=$eve kith link.list
exits 0
prints "There are no rows"
KITH_TOKEN=$eve kith link.revoke number=1
fails
complains "there is no such link"
kith link.list
prints "sales.accept_quote"

it "answers what is read with it at once, as often as one likes"
sent
reads=$(KITH_TOKEN=$seller "$KITH" link.create action=sales.offer args="{\"quote\":\"$quote\"}" --json | json_text link)
stranger GET "$reads"
answers 200
prints "30.00 EUR"
prints_not "<form"
send "$reads" "x" "name=Ada"
answers 422

it "is kept by what is durable: killed at any moment, it was used and done, or neither"
sent
stranger GET "$link"
kept=$(form)
send "$link" "$kept" "answer=accept&name=Ada" &
racer=$!
kill -9 "$server"; wait "$server" 2>/dev/null
wait $racer
serve_web
stranger GET "$link"
if [ "$(state)" = accepted ]; then answers 410; else answers 200; fi

it "keeps no secret, but a digest"
expect test -z "$(grep -c "${link##*/}" kith.db kith.db-wal 2>/dev/null | grep -v ':0$')"
expect test -z "$(grep "${link##*/}" "$work/serve.log")"

it "says of one that there is not that there is none, and slows down who guesses"
stranger GET /l/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
answers 404
prints "There is no such link"
for n in $(seq 1 400); do
    stranger GET "/l/guess$n-AAAAAAAAAAAAAAAAAAAAAAAA"
    [ "$code" -ne 429 ] || break
done
answers 429
answers_header "retry-after: [0-9]+"
stop_server

it "sends a quote without a link where nothing serves it, and says why"
"$KITH" module disable web >/dev/null
quoted
kith sales.send_quote quote="$quote" --json
exits 0
prints '"link":null'
prints "links are served by the module web"
expect test "$(state)" = sent
finish
