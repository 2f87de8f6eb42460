#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples of the guide to events, as they stand there: listening, a webhook that is made, tried,
# listed and told once more, and a receiver that checks what it gets.
. "$(dirname "$0")/web.bash"

guide=$(realpath "$here/../../../docs/guide-integrator-events.md")
block() { # LANGUAGE NUMBER: the text of a block of the guide
    awk -v language="\`\`\`$1" -v wanted="$2" '
        $0 == language { inside = ++n == wanted; next }
        /^```/ { inside = 0 }
        inside { print }' "$guide"
}

block python 1 >"$work/check.py"
cat >"$work/receiver.py" <<'PY'
import http.server, os, sys
work = sys.argv[1]
exec(open(work + "/check.py").read())
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {k.lower(): v for k, v in self.headers.items()}
        with open(work + "/secret") as f:
            secret = f.read().strip()
        good = is_from_kith(secret, headers, body)
        forged = is_from_kith(secret, headers, body + b" ")
        with open(work + "/got", "ab") as f:
            f.write(b"%d %d %s %s\n" % (good, forged, headers["webhook-id"].encode(), body))
        self.send_response(200 if good else 401)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
with open(work + "/receiver.new", "w") as f:
    f.write(str(server.server_address[1]))
os.rename(work + "/receiver.new", work + "/receiver")
server.serve_forever()
PY
: >"$work/secret"
: >"$work/got"
python3 "$work/receiver.py" "$work" &
servers+=("$!")
until [ -s "$work/receiver" ]; do sleep 0.02; done

new_web_company
"$KITH" module enable http >/dev/null
cat >conf.d/http.conf <<CONF
http: { key = "0123456789abcdef0123456789abcdef"; allow = [ "127.0.0.1" ]; };
outbox: { backoff = "20ms"; backoff_max = "100ms"; breaker_pause = "50ms"; };
CONF
serve_web
export TOKEN=$root URL=http://127.0.0.1:$port
run_block() { # NUMBER: of those for a shell, with a receiver that there is
    last=(block "$1")
    block sh "$1" | sed "s|https://shop.example/kith|http://127.0.0.1:$(cat "$work/receiver")/|" >"$work/block.sh"
    bash "$work/block.sh" >"$work/out" 2>"$work/err"
    code=$?
}
until_got() { # TEXT [COUNT]: the receiver has it so often
    for _ in $(seq 1000); do
        [ "$(grep -cF -- "$1" "$work/got")" -lt "${2:-1}" ] || return 0
        sleep 0.02
    done
    return 1
}

it "listens as the guide says"
block sh 1 >"$work/listen.sh"
timeout 60 bash "$work/listen.sh" >"$work/heard" 2>/dev/null &
servers+=("$!")
for _ in $(seq 500); do
    ! grep -q '^id: ' "$work/heard" || break
    sleep 0.02
done
api POST account '{"name":"ACME","size":5}'
id=$(json_text id <"$work/out")
api PATCH "account/$id" '{"size":6}'
for _ in $(seq 500); do
    ! grep -q 'account.updated' "$work/heard" || break
    sleep 0.02
done
cp "$work/heard" "$work/out"
prints "event: account.updated"
prints '"data":{"size":{"before":5,"after":6}}'
prints "retry: 2000"

it "makes a webhook, shows its secret, and tries it out"
run_block 2
exits 0
prints '"type":"webhook"'
hook=$(json_text id <"$work/out")
api POST actions/http.secret "{\"webhook\":\"$hook\"}"
answers 200
json_text secret <"$work/out" >"$work/secret"
expect grep -q '^whsec_' "$work/secret"
token=$(new_token root --read-only)
api POST actions/http.secret "{\"webhook\":\"$hook\"}"
answers 403
token=$root
api POST actions/http.test "{\"webhook\":\"$hook\"}"
answers 200
effect=$(json_text effect <"$work/out")
expect until_got '"type":"http.test"'
cp "$work/got" "$work/out"
prints "1 0 msg_${hook}_test_"
for _ in $(seq 500); do
    api GET "outbox/$effect"
    ! grep -q '"state":"sent"' "$work/out" || break
    sleep 0.02
done
prints '"state":"sent"'
prints '"tries":1'

it "tells it what happens, lists what was sent to it, and tells it once more"
api POST account '{"name":"Told"}'
expect until_got '"after":"Told"'
for _ in $(seq 500); do
    api GET "outbox?to=$hook&state=sent"
    [ "$(grep -o '"effect":' "$work/out" | wc -l)" -lt 2 ] || break
    sleep 0.02
done
expect test "$(grep -o '"effect":' "$work/out" | wc -l)" -eq 2
api GET "outbox?to=$hook&state=dead"
prints '"items":[]'
api GET "outbox?to=nobody"
prints '"items":[]'
api GET outbox/queues
prints "\"endpoint\":\"$hook\",\"waiting\":0,\"dead\":0"
api POST actions/http.replay "{\"webhook\":\"$hook\",\"seq\":1}"
answers 200
expect until_got '"after":"Told"' 2
expect test "$(grep '"after":"Told"' "$work/got" | cut -d' ' -f3 | sort -u | wc -l)" -eq 1

it "signs with both secrets for a while, and says nothing to one that rests"
cp "$work/secret" "$work/former"
api POST actions/http.rotate "{\"webhook\":\"$hook\"}"
answers 200
expect test "$(json_text secret <"$work/out")" != "$(cat "$work/former")"
api POST account '{"name":"By the former secret"}'
expect until_got '"after":"By the former secret"'
expect grep -q '^1 0 .*By the former secret' "$work/got"
api PATCH "webhook/$hook" '{"state":"disabled"}'
api POST actions/http.test "{\"webhook\":\"$hook\"}"
answers 422
prints "the webhook is disabled"
"$KITH" create role name=guest rights='{"types": {"webhook": {"read": "all"}}, "actions": ["http.*"]}' >/dev/null
"$KITH" user add guest --role guest >/dev/null
token=$(new_token guest)
api POST actions/http.test "{\"webhook\":\"$hook\"}"
answers 403
api GET "outbox?to=$hook"
answers 403
prints "whoever owns a webhook"
api GET outbox
answers 403

it "shows its owner what was sent to it, and not what that said"
guest=$("$KITH" find "user where login = 'guest'" --json | json_text id)
token=$root
api PATCH "webhook/$hook" "{\"owner\":\"$guest\",\"tells\":\"owner\"}"
answers 200
token=$(new_token guest)
api GET "outbox?to=$hook&state=sent"
answers 200
prints '"state":"sent"'
prints '"payload":""'
prints_not "Told"
token=$root
api GET "outbox?to=$hook&state=sent"
prints "Told"
api DELETE "webhook/$hook"
answers 204

it "says by its field what is wrong with a webhook"
api POST webhook '{"name":"Bad","url":"https://example.org/","tells":"everything","topics":["contact.*"],"condition":"ctiy = 1"}'
answers 422
prints '"field":"condition"'
prints '"detail":"at 1: no field'
api POST webhook '{"name":"Bad","url":"https://example.org/","tells":"everything","topics":["contcat.*"]}'
answers 422
prints '"field":"topics"'
prints "did you mean 'contact.*'"
finish
