#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What it takes to operate the web module: health, metrics, names of requests, what is logged of
# them, headers for browsers, and proxies in front.
. "$(dirname "$0")/web.bash"

asked() { # with no token, as whoever watches
    local kept=$token
    token=
    api "$@"
    token=$kept
}
again() { # [SETTING ...]: served with other settings
    stop_server
    echo "web: { grant = [\"serve:users\"]; listen = [\"127.0.0.1:0\"]; $* };" >conf.d/web.conf
    serve_web
}

new_web_company
serve_web

it "says that it lives, and that it is ready, to everybody"
asked GET /health
answers 200
prints_exactly '{"status":"ok"}'
asked GET /ready
answers 200
prints '"status":"ready"'

it "tells administrators how the company does"
kith status
exits 0
prints "Ready."
prints "rows of the journal"
api GET status
answers 200
prints '"ready":true'
prints '"name":"web","state":"running"'
"$KITH" create role name=reader rights='{"types": {"contact": {"read": "all"}}}' >/dev/null
"$KITH" user add reader --role reader >/dev/null
reader=$(new_token reader)
token=$reader
api GET status
answers 403
token=$root

it "counts requests by the pattern of their address, and how long they took"
id=$("$KITH" create contact name=Ada --json | json_text id)
for _ in 1 2 3; do api GET "contact/$id"; done
api GET contact/0SA818NN40003
api GET /nothing
asked GET /metrics
answers 200
answers_header 'content-type: text/plain; version=0.0.4; charset=utf-8'
prints 'kith_http_requests_total{method="GET",route="/api/v1/{type}/{id}",status="2xx"} 3'
prints 'kith_http_requests_total{method="GET",route="/api/v1/{type}/{id}",status="4xx"} 1'
prints 'kith_http_requests_total{method="other",route="none",status="4xx"} 1'
prints 'kith_http_request_duration_seconds_count{method="GET",route="/api/v1/{type}/{id}"} 4'
prints 'kith_http_connections 1'
prints 'kith_http_requests_in_flight 1'

it "tells what the company does, and nothing of whom"
prints 'kith_up 1'
prints 'kith_ready 1'
prints 'kith_module_running{name="web"} 1'
prints 'process_resident_memory_bytes '
for name in kith_writer_queue_length kith_commit_duration_seconds_count kith_wal_bytes kith_letters_dead \
    kith_outbox_waiting kith_disk_free_bytes kith_transactions_total; do
    expect grep -qE "^$name [0-9]" "$work/out"
done
expect test "$(sed -n 's/^kith_transactions_total //p' "$work/out")" -gt 2
prints_not "$id"
prints_not Ada
prints_not reader

it "is sound for Prometheus"
cp "$work/out" "$work/metrics"
python3 "$here/metrics.py" <"$work/metrics" >"$work/out" 2>"$work/err" || fail "the format is wrong"
if command -v promtool >/dev/null; then
    promtool check metrics <"$work/metrics" >"$work/out" 2>&1 || fail "promtool finds fault"
fi

it "tells metrics to no others than it is told to, and to administrators"
again 'metrics = ["10.0.0.0/8", "fd00::/8"];'
asked GET /metrics
answers 401
prints "web.metrics"
api GET /metrics
answers 200
prints 'kith_up 1'
token=$reader
api GET /metrics
answers 403
token=$root
asked GET /ready
answers 200
asked GET /ready '' 'X-Forwarded-For: 10.0.0.7'
prints '"status":"ready"'
asked GET /metrics '' 'X-Forwarded-For: 10.0.0.7'
answers 401

it "does not take who is behind an unknown proxy for whoever runs it"
again
asked GET /metrics
answers 200
asked GET /metrics '' 'X-Forwarded-For: 192.0.2.7'
answers 401
asked GET /metrics '' 'Forwarded: for=192.0.2.7'
answers 401

it "gives each request a name, in its answer and in its problem"
api GET "contact/$id"
name=$(header X-Request-ID)
expect test "${#name}" -eq 16
api GET contact/0SA818NN40003
expect test "$(header X-Request-ID)" != "$name"
prints "\"request\":\"$(header X-Request-ID)\""
api GET "contact/$id" '' 'X-Request-ID: mine'
expect test "$(header X-Request-ID)" != mine

it "tells browsers to run, frame and guess nothing"
answers_header "content-security-policy: default-src 'none'; frame-ancestors 'none'"
answers_header 'x-content-type-options: nosniff'
answers_header 'cache-control: no-store'
answers_header 'referrer-policy: no-referrer'
answers_header 'cross-origin-resource-policy: same-origin'
expect test -z "$(header Strict-Transport-Security)"
expect test -z "$(header Access-Control-Allow-Origin)"
api OPTIONS contact '' 'Origin: https://app.example.org' 'Access-Control-Request-Method: POST'
answers 405
api GET /account
answers 200
for one in referrer-policy x-frame-options cross-origin-opener-policy content-security-policy; do
    expect test "$(grep -ci "^$one:" "$ANSWER")" = 1
done

it "logs one line for each request, and nothing of what it was about"
again 'access_log = "all";'
api GET "contact?q=name='Ada'"
answers 200
line=$(grep 'route=/api/v1/{type} ' "$work/serve.log")
expect grep -qE "request=$(header X-Request-ID) method=GET route=/api/v1/\{type\} status=200 ms=[0-9]+\.[0-9]{3} bytes=[0-9]+ user=0[0-9A-Z]+" <<<"$line"
expect test "$(grep -c Ada "$work/serve.log")" -eq 0
asked GET /nothing/Ada
expect grep -qE "request=$(header X-Request-ID) method=GET route=none status=404 .* user=-$" "$work/serve.log"
expect test "$(grep -c Ada "$work/serve.log")" -eq 0

it "logs only those that failed, when it is told so"
again 'access_log = "errors";'
api GET "contact/$id"
api GET contact/0SA818NN40003
expect grep -q "request=$(header X-Request-ID) " "$work/serve.log"
expect test "$(grep -c 'request=' "$work/serve.log")" -eq 1

it "lets pages of origins that are named ask, with a token"
again 'allow_origins = ["https://app.example.org"];'
asked OPTIONS contact '' 'Origin: https://app.example.org' 'Access-Control-Request-Method: POST'
answers 204
answers_header 'access-control-allow-origin: https://app.example.org'
answers_header 'access-control-allow-methods: .*PATCH.*'
answers_header 'access-control-allow-headers: .*If-Match.*'
answers_header 'vary: Origin'
api GET "contact/$id" '' 'Origin: https://app.example.org'
answers 200
answers_header 'access-control-allow-origin: https://app.example.org'
answers_header 'access-control-expose-headers: .*Kith-Transaction.*'
expect test -z "$(header Cross-Origin-Resource-Policy)"
api GET "contact/$id" '' 'Origin: https://evil.example.org'
expect test -z "$(header Access-Control-Allow-Origin)"
answers_header 'vary: Origin'
asked OPTIONS contact '' 'Origin: https://evil.example.org' 'Access-Control-Request-Method: POST'
answers 405

it "believes proxies that are trusted: of the last address that is none of them the request is"
again 'trusted_proxies = ["127.0.0.0/8", "10.1.0.0/16"]; metrics = ["192.0.2.7", "2001:db8::/32"];'
sees() { # STATUS HEADER ...: of /metrics
    local status=$1
    shift
    asked GET /metrics '' "$@"
    answers "$status"
}
sees 200 'X-Forwarded-For: 192.0.2.7'
sees 200 'X-Forwarded-For: 203.0.113.9, 192.0.2.7'
sees 200 'X-Forwarded-For: 203.0.113.9, 192.0.2.7, 10.1.2.3'
sees 200 'X-Forwarded-For: 192.0.2.7:4711'
sees 200 'X-Forwarded-For: 2001:db8::1'
sees 200 'X-Forwarded-For: [2001:db8::1]:4711'
sees 401 'X-Forwarded-For: 192.0.2.7, 203.0.113.9'
sees 401 'X-Forwarded-For: 192.0.2.7, unknown'
sees 401 'X-Forwarded-For: 192.0.2.7, '
sees 401 'X-Forwarded-For: 10.2.0.1, 10.1.2.3'
sees 401 'Forwarded: for=192.0.2.7'
sees 401
api GET "contact/$id" '' 'X-Forwarded-For: 192.0.2.7' 'X-Forwarded-Proto: https' 'X-Request-ID: from-the-proxy.1'
answers_header 'x-request-id: from-the-proxy.1'
answers_header 'strict-transport-security: max-age=31536000'
api GET "contact/$id" '' 'X-Forwarded-For: 192.0.2.7' 'X-Forwarded-Proto: http' 'X-Request-ID: no <good>'
expect test -z "$(header Strict-Transport-Security)"
expect test "${#name}" -eq 16

it "reads the Forwarded of RFC 7239, when that is what its proxies write"
again 'trusted_proxies = ["127.0.0.1"]; proxy_header = "Forwarded"; metrics = ["192.0.2.7", "2001:db8::/32"]; hsts = "1h";'
sees 200 'Forwarded: for=192.0.2.7;proto=https;by=203.0.113.43'
answers_header 'strict-transport-security: max-age=3600'
sees 200 'Forwarded: for="203.0.113.9, 1", For="[2001:db8::17]:47011"'
sees 200 'Forwarded: by=_x;for="192.0.2.7:80"'
sees 401 'Forwarded: for=192.0.2.7, for=_hidden'
sees 401 'Forwarded: for=192.0.2.7, for=unknown;proto=https'
sees 401 'Forwarded: for="192.0.2.7, for=\"203.0.113.9"'
sees 401 'Forwarded: for=192.0.2.7;proto=https;x=", for=203.0.113.7;proto=http'
expect test -z "$(header Strict-Transport-Security)"
sees 401 'Forwarded: for=192.0.2.7;x="' 'Forwarded: for="203.0.113.7"'
sees 401 'Forwarded: for=192.0.2.7;x="\' 'Forwarded: for=203.0.113.7'
sees 401 'X-Forwarded-For: 192.0.2.7'

it "takes who asks from outside for somebody outside, whatever the token says"
# A role counts in its zone and nearer: this one in the intranet, as every role does at first.
again 'trusted_proxies = ["127.0.0.1"]; intranet = ["10.0.0.0/8"]; extranet = ["192.0.2.0/24"];'
token=$reader
from() { # STATUS ADDRESS
    api GET "contact/$id" '' "X-Forwarded-For: $2"
    answers "$1"
}
from 200 10.1.2.3
from 404 192.0.2.7
from 404 203.0.113.9
"$KITH" update role "$("$KITH" find "role where name = 'reader'" --json | json_text id)" zone=extranet >/dev/null
from 200 10.1.2.3
from 200 192.0.2.7
from 404 203.0.113.9
token=$(new_token reader --zone internet)
from 404 10.1.2.3
token=$root

it "lets nobody ask more often than it is told, and others as often as they like"
again 'max_rate = 1;'
refused=0 let_in=0
for _ in $(seq 60); do # however slow this computer is today
    api GET "contact/$id"
    case $code in 200) let_in=$((let_in + 1)) ;; 429) refused=$((refused + 1)) ;; esac
    [ "$refused" -eq 0 ] || break
done
expect test "$let_in" -ge 10
expect test "$refused" -ge 1
answers 429
answers_header 'retry-after: [1-9]'
prints "web.max_rate"
token=$reader
api GET "contact/$id"
answers 200
asked GET /health
answers 200
token=$root
stop_server

it "says which setting is no address"
echo 'web: { grant = ["serve:users"]; listen = ["127.0.0.1:0"]; trusted_proxies = ["10.0.0.0/33"]; };' >conf.d/web.conf
serve
expect grep -q "conf.d/web.conf:1: web.trusted_proxies: '10.0.0.0/33' is no address and no network" "$work/serve.log"
stop_server

finish
