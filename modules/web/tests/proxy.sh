#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Behind nginx, as the guide has it: it speaks TLS, and says from where a request comes.
. "$(dirname "$0")/web.bash"
for tool in nginx openssl curl; do
    PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null || {
        echo "0 passed, 0 failed"
        exit 0
    }
done
PATH=$PATH:/usr/sbin

new_web_company 'trusted_proxies = ["127.0.0.1"]; metrics = ["127.0.0.5"]; access_log = "all"; idle_timeout = "5s";'
serve_web
id=$("$KITH" create contact name=Ada --json | json_text id)
proxy=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$work/nginx"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=proxy.example \
    -addext "subjectAltName=IP:127.0.0.1" -keyout "$work/nginx/key.pem" -out "$work/nginx/cert.pem" 2>/dev/null
{
    echo "daemon off; pid $work/nginx/pid; error_log $work/nginx/error.log; events {} http { access_log off;"
    for part in client_body proxy fastcgi uwsgi scgi; do echo "${part}_temp_path $work/nginx/$part;"; done
    echo "server { listen 127.0.0.1:$proxy ssl; ssl_certificate $work/nginx/cert.pem; ssl_certificate_key $work/nginx/key.pem;"
    # The guide's own lines.
    sed -n '/^nginx:/,/^}/p' "$here/../../../docs/guide-admin-web.md" | sed -n '/^location/,/^}/p' |
        sed "s/127.0.0.1:8080/127.0.0.1:$port/"
    echo "} }"
} >"$work/nginx/nginx.conf"
nginx -p "$work/nginx" -c "$work/nginx/nginx.conf" 2>"$work/nginx/begun.log" &
servers+=($!)
through() { # [OPTION ...] PATH
    last=("$@")
    curl -s -i --max-time 20 --cacert "$work/nginx/cert.pem" ${token:+-H "Authorization: Bearer $token"} "${@:1:$#-1}" \
        "https://127.0.0.1:$proxy${*: -1}" >"$work/out" 2>"$work/err"
    code=$?
}
for _ in $(seq 100); do
    through /health
    [ "$code" -eq 0 ] && break
    sleep 0.05
done

it "answers through it, and knows that the client speaks TLS"
through "/api/v1/contact/$id"
exits 0
prints "200 OK"
prints '"name":"Ada"'
prints "Strict-Transport-Security: max-age="
through -d '{"name":"Grace"}' /api/v1/contact
prints "201 Created"

it "takes the name of a request from it"
name=$(sed -n 's/^X-Request-ID: \([0-9a-f]*\).*/\1/pI' "$work/out" | head -n 1)
expect test "${#name}" -eq 32
expect grep -q "request=$name method=POST route=/api/v1/{type} status=201" "$work/serve.log"

it "believes it, and not what a client adds to it"
token=
through --interface 127.0.0.5 /metrics
prints "kith_up 1"
through --interface 127.0.0.6 /metrics
prints "401 Unauthorized"
through --interface 127.0.0.6 -H 'X-Forwarded-For: 127.0.0.5' /metrics
prints "401 Unauthorized"
through --interface 127.0.0.6 -H 'Forwarded: for=127.0.0.5' /metrics
prints "401 Unauthorized"
token=$root

stop_server
expect test "$server_code" -eq 0

finish
