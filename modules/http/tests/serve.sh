#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Webhooks of a served company: killed in the midst of it nothing is lost and the order is kept, and
# a receiver that knows nothing of Kith verifies what it gets.
. "$(dirname "$0")/../../../tests/integration/lib.bash"
command -v openssl >/dev/null && command -v python3 >/dev/null || {
    echo "0 passed, 0 failed"
    exit 0
}

# Answers 500 to every third request, and notes all: "KEY BODY" in got, the last one in its parts.
cat >"$work/receiver.py" <<'PY'
import http.server, sys
work = sys.argv[1]
count = 0
class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        global count
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "webhook-id" not in self.headers: # a request, not a webhook
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        count += 1
        with open(work + "/got", "ab") as f:
            f.write(self.headers["webhook-id"].encode() + b" " + body + b"\n")
        for name in ("id", "timestamp", "signature"):
            with open(work + "/last." + name, "w") as f:
                f.write(self.headers["webhook-" + name])
        with open(work + "/last.body", "wb") as f:
            f.write(body)
        self.send_response(500 if count % 3 == 0 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def do_GET(self):
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
with open(work + "/port.new", "w") as f:
    f.write(str(server.server_address[1]))
import os
os.rename(work + "/port.new", work + "/port")
server.serve_forever()
PY
python3 "$work/receiver.py" "$work" &
servers+=("$!")
until [ -s "$work/port" ]; do sleep 0.02; done
port=$(cat "$work/port")

new_company
kith module enable http
exits 0
cat >conf.d/http.conf <<CONF
http: { key = "$(openssl rand -base64 32)"; allow = [ "127.0.0.1" ]; };
outbox: { backoff = "20ms"; backoff_max = "100ms"; attempts = 100; breaker_pause = "50ms"; };
CONF

it "says what is missing when a webhook is made without saying what it may tell"
kith create webhook name=Shop url="http://127.0.0.1:$port/" topics=account.created
exits 1
complains "say what it may tell"

it "loses nothing and keeps the order though it is killed again and again"
hook=$(create webhook name=Shop url="http://127.0.0.1:$port/" topics=account.created tells=everything)
serve
for i in $(seq 1 60); do
    "$KITH" create account name="Number $i" >/dev/null 2>&1 || sleep 0.1
    if [ $((i % 15)) -eq 0 ]; then
        kill -9 "$server"
        wait "$server" 2>/dev/null
        serve
    fi
done
kith find "account : count()"
made=$(cat "$work/out")
until_sent() {
    for _ in $(seq 600); do
        "$KITH" outbox list --state waiting --json >"$work/left" 2>/dev/null &&
            "$KITH" outbox list --state sending --json >>"$work/left" 2>/dev/null
        [ -s "$work/left" ] || return 0
        sleep 0.05
    done
    return 1
}
until_got() { # TEXT: the receiver has it, and nothing else waits
    for _ in $(seq 600); do
        if grep -qF -- "$1" "$work/got"; then
            until_sent
            return
        fi
        sleep 0.05
    done
    return 1
}
# By the first time each was received. The server may just have begun to look at the events.
in_order() { awk '!seen[$1]++' "$work/got" | sed -n 's/.*"after":"Number \([0-9]*\)".*/\1/p' >"$work/order"; }
for _ in $(seq 600); do
    in_order
    [ "$(wc -l <"$work/order")" -lt "$made" ] || break
    sleep 0.05
done
expect test "$(wc -l <"$work/order")" -eq "$made"
expect until_sent
in_order
expect test "$(wc -l <"$work/order")" -eq "$made"
expect sort -nc "$work/order"

it "sends the same event with the same id"
awk '{ id = $1; sub(/^[^ ]* /, ""); if (id in body && body[id] != $0) bad = 1; body[id] = $0 }
    END { exit bad }' "$work/got" || fail "expected one body for each id"
kith doctor
exits 0

verify() { # SECRET: one of the signatures is by it, says openssl
    local key wanted
    key=$(printf %s "${1#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
    wanted=$({ printf '%s.%s.' "$(cat "$work/last.id")" "$(cat "$work/last.timestamp")"
        cat "$work/last.body"; } |
        openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
    grep -qF "v1,$wanted" "$work/last.signature"
}

it "signs so that openssl verifies it"
secret=$("$KITH" http.secret webhook="$hook" --json | json_text secret)
expect verify "$secret"
expect test "$(cat "$work/last.timestamp")" -gt 1700000000

it "signs with the former secret, too, when it was given a new one"
"$KITH" http.rotate webhook="$hook" --json >"$work/rotated"
new=$(json_text secret <"$work/rotated")
expect test "$new" != "$secret"
"$KITH" create account name="Rotated once" >/dev/null
expect until_got "Rotated once"
expect verify "$new"
expect verify "$secret"
kith http.rotate webhook="$hook" keep=0s
"$KITH" create account name="Rotated again" >/dev/null
expect until_got "Rotated again"
! verify "$secret" || fail "expected the former secret to be over"

it "keeps no secret in the database, the log or what it shows"
stop_server
key=$(sed -n 's/.*key = "\([^"]*\)".*/\1/p' conf.d/http.conf)
! grep -aqF -- "$secret" kith.db* "$work/serve.log" || fail "expected no secret in the files"
kith explain http.key
prints_not "$key"

it "shows what would be sent, and keeps nothing"
kith create account name=Tried --rehearse
exits 0
prints "would send http:webhook to $hook"
kith outbox list --state waiting
prints "There is nothing in the outbox."

send_all() { # without a server, until nothing waits
    for _ in $(seq 100); do
        "$KITH" outbox send >/dev/null
        "$KITH" outbox list --state waiting --json >"$work/left"
        [ -s "$work/left" ] || return 0
    done
    fail "expected everything to be sent in the end"
}

it "takes back a request that was not sent yet, and names one that was"
transaction() { "$KITH" "$@" --json | json_text transaction; }
early=$(transaction http.send url="http://127.0.0.1:$port/" method=GET)
kith undo "$early" --rehearse
exits 0
prints "Would be cancelled, not sent yet: 1"
kith undo "$early"
exits 0
prints "Cancelled, not sent yet: 1"
prints_not "There is nothing to undo"
late=$(transaction http.send url="http://127.0.0.1:$port/" method=GET)
send_all
kith undo "$late"
exits 1
prints "Sent already, and not taken back: 1"
prints "http:send to http://127.0.0.1:$port"
complains "what it told others was sent already"

it "has a rule hear of an answer, and tells why by whom it was asked for"
cat >rules/ask.lua <<RULE
on("contact.created", { name = "ask", where = "name = 'Grace'" }, function(contact)
  action.http.send { url = "http://127.0.0.1:$port/", json = '{"name": "Grace"}', about = contact }
end)
on("http.answered", { name = "heard" }, function(contact, event)
  if event.data.status == 200 then update(contact, { title = "Checked" }) end
end)
RULE
grace=$(create contact name=Grace)
send_all
kith why contact "$grace" title
exits 0
prints "title: Checked"
prints "written by the rule heard"
prints "because http.answered was published about contact $grace Grace by the module http"
prints "because http.requested was published about contact $grace Grace by the module http for the rule ask"
prints "was created by cli:"
rm rules/ask.lua

it "hands out to a person what was told of them, and to whom"
kith create webhook name=People url="http://127.0.0.1:$port/" topics=contact.created tells=everything
person=$(create contact name="Anna Berg")
kith subject export contact "$person" anna.json --for "her request"
exits 0
python3 - "$person" <<'PY' || fail "expected what was sent about the person"
import json, sys
sent = json.load(open("anna.json"))["sent"]
assert len(sent) == 1 and sent[0]["id"] == sys.argv[1], sent
assert sent[0]["by"] == "http:webhook" and "Anna Berg" in sent[0]["payload"], sent
PY
send_all

it "names to whom somebody was told who is erased"
kith erase contact "$person" --reason "request of 3 May" --rehearse
exits 0
prints "These were told of the person, and have to be told of the erasure:"
kith erase contact "$person" --reason "request of 3 May" --json
exits 0
prints '"recipients":["http:webhook '
! grep -q "Anna Berg" <<<"$("$KITH" outbox list --json)" || fail "expected nothing to be said of her"
send_all

it "counts what an import would send, and sends nothing"
printf 'name\nImported one\nImported two\n' >accounts.csv
kith import account accounts.csv --rehearse
exits 0
grep -q 'send  *2' "$work/out" || fail "expected two to be sent"
kith outbox list --state waiting
prints "There is nothing in the outbox."

it "sends without a server when it is told to"
"$KITH" create account name="Without a server" >/dev/null
kith outbox list --state waiting
prints "http:webhook"
kith outbox send --wait 30s
exits 0
tail -n 1 "$work/got" | grep -q "Without a server" || fail "expected it to be sent"

it "shows an endpoint that is left alone and one that is held, and what failed and is tried again"
"$KITH" update webhook "$hook" state=paused >/dev/null
cp conf.d/http.conf "$work/kept.conf"
sed -i 's/breaker_pause = "50ms"/breaker_pause = "1h"/; s/backoff_max = "100ms"/backoff_max = "1h"/' conf.d/http.conf
kith http.send url=http://127.0.0.1:1/ method=GET
for _ in $(seq 100); do
    "$KITH" outbox send --wait 5s >/dev/null 2>&1
    kith outbox queues
    grep -q "open until" "$work/out" && break
    sleep 0.05
done
prints "open until"
prints "held"
effect=$("$KITH" outbox list --state waiting --json | sed -n 's/^{"effect":"\([0-9A-Z]*\)","state":"waiting","delivery":"http:send".*/\1/p')
kith deadletter list
prints "$effect"
kith deadletter list --dead
prints_not "$effect"
kith outbox send --wait soon
exits 2
complains "'soon' is no time to wait"
kith deadletter skip "$effect"
mv "$work/kept.conf" conf.d/http.conf
"$KITH" update webhook "$hook" state=enabled >/dev/null

it "sets aside what cannot be sent, and tries or skips it by hand"
kith http.send url=http://127.0.0.9:1/ method=GET
exits 0
kith outbox send
kith deadletter list --dead
prints "http:send"
prints "is no public one"
effect=$("$KITH" deadletter list --dead --json | sed -n 's/^{"effect":"\([0-9A-Z]*\)".*/\1/p')
kith check
prints "1 effect is set aside"
kith deadletter retry "$effect"
exits 0
prints "is sent by 'kith serve'"
kith outbox send
serve
kith deadletter retry "$effect"
exits 1
prints "failed again: "
complains "1 of 1 effect failed again: mend what is wrong, and retry"
stop_server
kith deadletter skip "$effect"
exits 0
kith deadletter list
prints "Nothing failed to be sent"
kith deadletter skip 0
exits 2
complains "'0' is not the number of an event, nor the id of an effect"
kith outbox show "$effect"
prints "cancelled"

it "shows a credential to nobody who is not to see it by the time of sending, nor a secret without a key"
sed 's/^http: {/& credentials = ({ name = "bank"; host = "127.0.0.1"; value = "Bearer x"; });/' \
    conf.d/http.conf >"$work/http.conf"
key=$(cat conf.d/http.conf)
cp "$work/http.conf" conf.d/http.conf
kith http.send url="http://127.0.0.1:$port/" credential=bank
exits 0
sed -i 's/host = "127.0.0.1"/host = "example.org"/; s/key = "[^"]*";//' conf.d/http.conf
kith outbox send
kith deadletter list --dead
prints "the credential 'bank' is shown to example.org alone"
kith http.secret webhook="$hook"
exits 1
complains "http.key is not set: there are no secrets"

it "says what is wrong in its settings"
echo 'http: { key = "short"; };' >conf.d/http.conf
kith check
prints "it has 5 characters, and needs at least"
for bad in 127.0.0.1/33 a_b 10.0.0.0/x; do
    echo "http: { allow = [ \"$bad\" ]; };" >conf.d/http.conf
    kith check
    prints "'$bad' is no host, address or network"
done
echo "$key" >conf.d/http.conf

finish
