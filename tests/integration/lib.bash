# SPDX-License-Identifier: Apache-2.0
# The few words that the scripts here are written in. A script begins with
#
#     . "$(dirname "$0")/lib.bash"
#
# and ends with `finish`. $KITH names the program. In between:
#
#     it "says who it is"          begins a test
#     kith version                 runs the program; its output, errors and exit code are kept
#     exits 0                      expectations about the last run; the first one that does not hold
#     prints "kith "               is shown, and the test has failed
#
# Everything happens in a folder of its own, $work, which is removed at the end.
set -u
: "${KITH:?names the program to test}"
KITH=$(realpath "$KITH")
unset KITH_COMPANY NO_COLOR TZ
export LC_ALL=C.UTF-8
export LSAN_OPTIONS=suppressions=${KITH_SOURCE-}/tests/leaks.txt:print_suppressions=0

work=$(mktemp -d "${TMPDIR:-/tmp}/kith-test-XXXXXX")
servers=()
cleanup() {
    [ "$BASHPID" = "$$" ] || return # a child that was ended before it became another program
    for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null; done
    wait
    chmod -R u+w "$work" 2>/dev/null
    rm -rf "$work"
}
trap cleanup EXIT
cd "$work" || exit 1

passed=0 failed=0 skipped=0 now="" broken="" code=0

# -- tests ------------------------------------------------------------------------------------------

end_test() {
    [ -z "$now" ] && return
    if [ -z "$broken" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    now=""
}

it() {
    end_test
    now=$1 broken=""
}

skip() { # the rest of this test cannot be run here
    echo "skip $now: $1"
    skipped=$((skipped + 1)) now=""
}

finish() {
    end_test
    if [ "$skipped" -gt 0 ]; then
        echo "$passed passed, $failed failed, $skipped skipped"
    else
        echo "$passed passed, $failed failed"
    fi
    [ "$failed" -eq 0 ]
    exit
}

fail() { # the first thing that went wrong is the one to look at
    [ -n "$broken" ] && return
    broken=yes
    echo "FAIL $now"
    echo "  $1"
    echo "  the command was: kith ${last[*]:-}" | head -c 600
    echo
    echo "  exit code $code; output:"
    head -c 2000 "$work/out" | sed 's/^/    | /'
    echo "  errors:"
    head -c 2000 "$work/err" | sed 's/^/    | /'
}

# -- running ----------------------------------------------------------------------------------------

kith() {
    last=("$@")
    "$KITH" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
}

kith_stdin() { # the same, with this script's standard input
    last=("$@")
    "$KITH" "$@" >"$work/out" 2>"$work/err"
    code=$?
}

new_company() { # a company of its own for a test; the working folder is then in it
    rm -rf "$work/company"
    "$KITH" init "$work/company" --zone Europe/Berlin >/dev/null || exit 1
    cd "$work/company" || exit 1
}

create() { # TYPE FIELD=VALUE ...: prints the new id
    "$KITH" create "$@" --json | json_text id
}

checklist() { # README PREFIX COUNT: has each row once, and names files that are there
    local rows file
    rows=$(sed -n '/^## Checklist/,/^## Files/p' "$1")
    for file in $(grep -o '[a-z_]*\.c\b' <<<"$rows" | sort -u); do
        [ -f "$(dirname "$1")/$file" ] || fail "the checklist names $file, which is not in $(dirname "$1")"
    done
    for file in $(grep -o '[a-z_]*\.lua\b' <<<"$rows" | sort -u); do
        [ -n "$(find "$KITH_SOURCE/lua/examples/workflows" -name "$file")" ] ||
            fail "the checklist names $file, which is no workflow that comes with Kith"
    done
    rows=$(grep -o "^| $2-[0-9]* " <<<"$rows" | tr -d '| ')
    [ "$rows" = "$(seq -f "$2-%02g" "$3")" ] || fail "the checklist has not each row from $2-01 to $2-$3 once, in order"
}

serve() { # begins to serve the company of the working folder, and waits until it answers
    : >"$work/serve.log"
    "$KITH" serve 2>>"$work/serve.log" &
    server=$!
    servers+=("$server")
    for _ in $(seq 600); do
        grep -q 'serve: serving' "$work/serve.log" && return
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    echo "the server did not start:" && cat "$work/serve.log"
}

stop_server() {
    kill -TERM "$server"
    wait "$server"
    server_code=$?
}

# Receives the words for systemd, in $work/words, until it is told that the server stops. The server is
# begun with NOTIFY_SOCKET=$work/notify; $listener ends with it.
listen_as_systemd() {
    python3 - "$work/notify" "$work/words" <<'PYTHON' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
with open(sys.argv[2], "w") as out:
    word = ""
    while word != "STOPPING=1":
        word = s.recv(100).decode()
        out.write(word + "\n")
        out.flush()
PYTHON
    listener=$!
    for _ in $(seq 100); do [ -S "$work/notify" ] && return; sleep 0.05; done
}

told_sum() { sed -n 's/.*"sum": "\([0-9a-f]*\)".*/\1/p' "$1"; }
sum_of() { # MANIFEST of a backup: the digest that it should tell
    sed "s/$(told_sum "$1")/$(printf '%064d' 0)/" "$1" | sha256sum | cut -d' ' -f1
}

# -- expectations -------------------------------------------------------------------------------------

exits() { [ "$code" -eq "$1" ] || fail "expected exit code $1"; }
prints() { grep -qF -- "$1" "$work/out" || fail "expected output with: $1"; }
prints_not() { ! grep -qF -- "$1" "$work/out" || fail "expected output without: $1"; }
complains() { grep -qF -- "$1" "$work/err" || fail "expected an error with: $1"; }
is_silent() { [ ! -s "$work/err" ] || fail "expected no errors"; }
prints_lines() { [ "$(wc -l <"$work/out")" -eq "$1" ] || fail "expected $1 lines"; }
prints_exactly() { [ "$(cat "$work/out")" = "$1" ] || fail "expected exactly: $1"; }
one_sentence() { # every error is one line that begins with the program's name
    [ "$(wc -l <"$work/err")" -eq 1 ] && grep -q '^kith: ' "$work/err" || fail "expected one sentence"
}
expect() { "$@" || fail "expected: $*"; }

# The value of a text member of one line of JSON, without its quotes; enough for ids and names.
json_text() {
    sed -n 's/.*"'"$1"'":"\([^"]*\)".*/\1/p' | head -n 1
}
