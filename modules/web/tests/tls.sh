#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# TLS with a pair of files that may change, sockets of systemd, and a listening that is never
# interrupted.
. "$(dirname "$0")/web.bash"
for tool in openssl curl; do
    command -v "$tool" >/dev/null || {
        echo "0 passed, 0 failed"
        exit 0
    }
done

make_pair() { # NAME [DAYS]: in cert.pem and key.pem, at once
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "${2:-365}" -subj "/CN=$1" \
        -addext "subjectAltName=DNS:$1,IP:127.0.0.1" -keyout key.new -out cert.new 2>/dev/null
    chmod 600 key.new
    mv cert.new cert.pem
    mv key.new key.pem
}
settings() { echo "web: { grant = [\"serve:users\"]; $* };" >conf.d/web.conf; }
with_tls='listen = ["127.0.0.1:0", "https://127.0.0.1:0"]; tls_certificate = "cert.pem"; tls_key = "key.pem";'
serve_tls() {
    serve_web
    secure=$(listening https)
    plain=$(listening http)
}
get() { # [OPTION ...] URL
    last=("$@")
    curl -s -i --max-time 20 -H "Authorization: Bearer $token" "$@" >"$work/out" 2>"$work/err"
    code=$?
}
subject() { # of the certificate that is shown there
    openssl s_client -connect "127.0.0.1:$secure" </dev/null 2>/dev/null | openssl x509 -noout -subject 2>/dev/null
}
until_logged() { # PATTERN
    for _ in $(seq 300); do
        grep -q "$1" "$work/serve.log" && return
        sleep 0.05
    done
    fail "expected in the log: $1"
}

new_web_company
settings "$with_tls"
make_pair one.example
serve_tls

it "speaks TLS 1.2 and 1.3 beside plain HTTP, and nothing older"
get --cacert cert.pem "https://127.0.0.1:$secure/api/v1/types"
exits 0
prints "200 OK"
prints "Strict-Transport-Security: max-age="
for version in 1.2 1.3; do
    get --cacert cert.pem --tlsv$version --tls-max $version "https://127.0.0.1:$secure/health"
    exits 0
done
get --cacert cert.pem --tlsv1.0 --tls-max 1.1 --ciphers 'DEFAULT:@SECLEVEL=0' "https://127.0.0.1:$secure/health"
expect test "$code" -ne 0
get "http://127.0.0.1:$plain/health"
prints "200 OK"
prints_not "Strict-Transport-Security"

it "writes over TLS as without it"
get --cacert cert.pem "https://127.0.0.1:$secure/api/v1/contact" -d '{"name":"Ada"}'
prints "201 Created"
head -c 900000 /dev/zero | tr '\0' x | sed 's/.*/{"name":"Ada","note":"&"}/' >"$work/big.json"
get --cacert cert.pem "https://127.0.0.1:$secure/api/v1/nothings" --data-binary "@$work/big.json"
prints "404 Not Found"

it "tells when the certificate ends"
get "http://127.0.0.1:$plain/metrics"
ends=$(date -d "$(openssl x509 -in cert.pem -noout -enddate | cut -d= -f2)" +%s)
expect test "$(sed -n 's/^kith_tls_certificate_expiry_time_seconds //p' "$work/out" | tr -d '\r')" = "$ends"

it "takes a new pair while it serves"
make_pair two.example
until_logged "a new certificate is in use"
expect test "$(subject)" = "subject=CN = two.example"

it "keeps the old one when the new one is no good, and says why"
cp key.pem key.kept
openssl ecparam -genkey -name prime256v1 -noout -out key.pem 2>/dev/null
until_logged "web.tls_certificate: '.*cert.pem' cannot be used: .*; the former certificate stays in use"
expect test "$(subject)" = "subject=CN = two.example"
echo nonsense >cert.pem
until_logged "cert.pem' cannot be used: .*; the former certificate stays in use"
expect test "$(subject)" = "subject=CN = two.example"
make_pair three.example
until_logged "a new certificate is in use"
for _ in $(seq 100); do
    [ "$(subject)" = "subject=CN = three.example" ] && break
    sleep 0.05
done
expect test "$(subject)" = "subject=CN = three.example"

it "warns of a key that others may read, and of a certificate that ends soon"
make_pair four.example 3
chmod 644 key.pem
until_logged "web.tls_key: others may read '.*key.pem'"
until_logged "web.tls_certificate: '.*cert.pem' ends within two weeks"

it "refuses nobody while the company is opened anew"
cat >"$work/knock.py" <<'PYTHON'
import http.client, sys, threading, time
port, stop, refused, done = int(sys.argv[1]), threading.Event(), [], [0]
def knock():
    while not stop.is_set():
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            c.connect()
        except ConnectionRefusedError as e:
            refused.append(e)
            continue
        try:
            c.request("GET", "/health")
            done[0] += c.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            pass  # it was taken in, and the server ended: that is no refusal
        c.close()
threads = [threading.Thread(target=knock) for _ in range(4)]
for t in threads: t.start()
while done[0] < 20:
    time.sleep(0.01)
print("going", flush=True)
sys.stdin.read()
stop.set()
for t in threads: t.join()
print(len(refused), done[0] > 40)
PYTHON
mkfifo "$work/until"
python3 "$work/knock.py" "$plain" <"$work/until" >"$work/knocked" &
knocker=$!
exec 8>"$work/until"
before=$plain
until_lines "$work/knocked" 1
for _ in $(seq 10); do
    kith reload
    exits 0
done
exec 8>&-
wait "$knocker"
expect test "$(tail -n 1 "$work/knocked")" = "0 True"
serve_port=$(listening http)
expect test "$serve_port" = "$before"

it "listens no more where it is not told to any more"
settings "listen = [\"127.0.0.1:$((before % 20000 + 30000))\"];"
kith reload
get "http://127.0.0.1:$before/health"
exits 7
get "http://127.0.0.1:$((before % 20000 + 30000))/health"
prints "200 OK"
stop_server
expect test "$server_code" -eq 0
get "http://127.0.0.1:$((before % 20000 + 30000))/health"
exits 7

it "says what is missing for https"
settings 'listen = ["https://127.0.0.1:0"];'
serve
expect grep -q "module 'web' does not serve: web.listen: https:// wants web.tls_certificate and web.tls_key" "$work/serve.log"
stop_server
settings 'listen = ["https://127.0.0.1:0"]; tls_certificate = "cert.pem";'
serve
expect grep -q "set both" "$work/serve.log"
stop_server

it "waits for a good pair when there is none yet"
rm -f cert.pem key.pem
settings "$with_tls"
serve_tls
expect grep -q "nobody gets in by https until there is a good one" "$work/serve.log"
get "http://127.0.0.1:$plain/health"
prints "200 OK"
get -k "https://127.0.0.1:$secure/health"
expect test "$code" -ne 0
make_pair five.example
for _ in $(seq 200); do
    [ "$(subject)" = "subject=CN = five.example" ] && break
    sleep 0.05
done
expect test "$(subject)" = "subject=CN = five.example"
stop_server

# As systemd starts it: sockets 3, 4, ... by names, and somebody who wants a word again and again.
cat >"$work/systemd.py" <<'PYTHON'
import os, socket, sys
names, kith, log, told = sys.argv[1].split(","), sys.argv[2], sys.argv[3], sys.argv[4]
sockets = []
for name in names:
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(16)
    sockets.append(s)
with open(told, "w") as f:
    f.write("\n".join(str(s.getsockname()[1]) for s in sockets) + "\n")
high = [os.dup2(s.fileno(), 100 + i, inheritable=False) for i, s in enumerate(sockets)]
pid = os.fork()
if pid == 0:
    for i, fd in enumerate(high):
        os.dup2(fd, 3 + i, inheritable=True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(names)), LISTEN_FDNAMES=":".join(names))
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(out, 2, inheritable=True)
    os.execv(kith, [kith, "serve"])
with open(told + ".pid", "w") as f:
    f.write("%d\n" % pid)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PYTHON
start_as_systemd() { # NAMES
    : >"$work/serve.log"
    rm -f "$work/ports" "$work/ports.pid"
    python3 "$work/systemd.py" "$1" "$KITH" "$work/serve.log" "$work/ports" &
    manager=$!
    until_logged "serve: serving"
    server=$(cat "$work/ports.pid")
    servers+=("$server")
}

it "serves on the sockets that systemd hands over, by their names"
settings 'listen = ["systemd:web", "https://systemd:secure"]; tls_certificate = "cert.pem"; tls_key = "key.pem";'
start_as_systemd web,secure,web
get "http://127.0.0.1:$(sed -n 1p "$work/ports")/health"
prints "200 OK"
get "http://127.0.0.1:$(sed -n 3p "$work/ports")/health"
prints "200 OK"
get --cacert cert.pem "https://127.0.0.1:$(sed -n 2p "$work/ports")/health"
prints "200 OK"
kith reload
exits 0
get "http://127.0.0.1:$(sed -n 1p "$work/ports")/health"
prints "200 OK"
kill -TERM "$server"
wait "$manager"
expect test $? -eq 0

it "says which socket systemd did not hand over"
settings 'listen = ["systemd:other"];'
start_as_systemd web
expect grep -q "systemd handed over no socket that listens as 'other'" "$work/serve.log"
kill -TERM "$server"
wait "$manager"

it "gives systemd the words that it waits for"
listen_as_systemd
settings 'listen = ["127.0.0.1:0"];'
NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=600000 serve
for _ in $(seq 200); do
    [ "$(grep -c WATCHDOG=1 "$work/words")" -ge 3 ] && break
    sleep 0.05
done
stop_server
wait "$listener"
expect test "$(head -n 1 "$work/words")" = READY=1
expect test "$(grep -c WATCHDOG=1 "$work/words")" -ge 3

finish
