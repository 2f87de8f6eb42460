#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kith as a service: the unit for systemd, its word that it is ready, the log in its forms, and signals.
. "$(dirname "$0")/lib.bash"
new_company

it "installs a unit that systemd finds sound"
: "${KITH_BUILD:?is the build folder}"
cmake --install "$KITH_BUILD" --prefix "$work/usr" >"$work/install.log" 2>&1 || cat "$work/install.log"
unit=$work/usr/lib/systemd/system/kith@.service
expect grep -q "^ExecStart=$work/usr/bin/kith serve --company /var/lib/kith/%i$" "$unit"
if command -v systemd-analyze >/dev/null; then
    cp "$unit" "$work/kith@shop.service"
    # Only what is said about this unit: the machine's own may be at fault, too.
    said=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no "$work/kith@shop.service" 2>&1 |
        grep -F 'kith@shop' | grep -v 'No such process\|user kith')
    expect test -z "$said"
else
    skip "systemd is not installed"
fi

it "installs the manual page and the completions"
for file in man/man1/kith.1 bash-completion/completions/kith zsh/site-functions/_kith \
    fish/vendor_completions.d/kith.fish; do
    expect test -s "$work/usr/share/$file"
done

it "tells systemd when it is ready and when it stops"
if command -v python3 >/dev/null; then
    listen_as_systemd
    NOTIFY_SOCKET=$work/notify serve
    stop_server
    wait "$listener"
    expect test "$server_code" -eq 0
    expect test "$(tr '\n' ' ' <"$work/words")" = "READY=1 STOPPING=1 "
else
    skip "python3 is not installed"
fi

it "logs with priorities to the journal, and with the time elsewhere"
serve
stop_server
expect grep -q '^2[0-9-]*T[0-9:]*Z info  serve: serving' "$work/serve.log"
wait_for() { for _ in $(seq 200); do grep -q "$1" "$2" && return; sleep 0.05; done; fail "expected $1 in $2"; }
: >"$work/journal.log"
stream=$(stat -c %d:%i "$work/journal.log") # the journal's stream is what standard error is
JOURNAL_STREAM=$stream "$KITH" serve 2>>"$work/journal.log" &
server=$!
wait_for 'serving' "$work/journal.log"
stop_server
expect grep -q '^<6>serve: serving' "$work/journal.log"

it "logs as JSON to a file when the settings say so"
echo 'log: { format = "json"; file = "kith.log"; };' >conf.d/30-log.conf
"$KITH" serve 2>/dev/null &
server=$!
wait_for serving kith.log
expect grep -q '^{"at":"2.*Z","level":"info","room":"serve","text":"serving ' kith.log
expect test "$(stat -c %a kith.log)" = 600

it "reads the settings of the log again on SIGHUP, and makes a moved file anew"
mv kith.log old.log
echo 'log: { format = "text"; file = "kith.log"; level = "debug"; };' >conf.d/30-log.conf
kill -HUP "$server"
for _ in $(seq 100); do [ -s kith.log ] && break; sleep 0.05; done
expect grep -q 'info  serve: the settings of the log were read again' kith.log
echo 'log: { level = "loud"; file = "kith.log"; };' >conf.d/30-log.conf
kill -HUP "$server"
wait_for 'the log goes on as it was: conf.d/30-log.conf:1: log.level' kith.log
echo 'log: { file = "kith.db"; };' >conf.d/30-log.conf
kill -HUP "$server"
wait_for "the log goes on as it was: conf.d/30-log.conf:1: 'kith.db' is one of the files" kith.log
kith find contact
exits 0
stop_server
expect test "$server_code" -eq 0
rm conf.d/30-log.conf

it "takes the level of the command line before that of the settings"
kith serve --log-level loud
exits 2
complains "--log-level takes error, warn, info or debug, not 'loud'"
echo 'log: { rooms = [ "bus:loud" ]; };' >conf.d/30-log.conf
kith check
exits 2
prints "conf.d/30-log.conf:1: 'bus:loud' is not ROOM:LEVEL"
echo 'log: { rooms = [ "serve:error" ]; };' >conf.d/30-log.conf
"$KITH" serve --log-level warn 2>"$work/quiet.log" &
server=$!
for _ in $(seq 200); do [ -S kith.sock ] && break; sleep 0.05; done
stop_server
expect test ! -s "$work/quiet.log"
rm conf.d/30-log.conf

it "ends a lone command on SIGTERM with a sentence, and keeps what was whole"
mkfifo "$work/rows"
exec 7<>"$work/rows"
"$KITH" import contact - <"$work/rows" >"$work/out" 2>"$work/err" &
import=$!
printf 'name\n' >&7
for _ in $(seq 200); do [ -e kith.db-wal ] && break; sleep 0.05; done
kill -TERM "$import"
wait "$import"
code=$?
exec 7>&-
exits 130
one_sentence
kith doctor
exits 0

it "finds modules in a folder of the company, wherever the command is typed"
mkdir own
cp "$KITH_MODULES/sales.so" own/seller.so 2>/dev/null
echo 'modules: { folders = [ "own" ]; };' >conf.d/40-folders.conf
mkdir -p deep/down && cd deep/down || exit 1
kith module list
prints "own/seller.so"

it "lists a module once, from the folder that it would be loaded from"
cp "$KITH_MODULES/sales.so" ../../own/sales.so
kith module list
prints "own/sales.so"
expect test "$(grep -c '^sales ' "$work/out")" -eq 1
finish
