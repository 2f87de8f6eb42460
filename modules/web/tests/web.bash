# SPDX-License-Identifier: Apache-2.0
# What tests of the web module share: a served company, and requests to it.
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
. "$here/../../../tests/integration/lib.bash"
command -v python3 >/dev/null || {
    echo "0 passed, 0 failed"
    exit 0
}
export ANSWER=$work/answer

new_web_company() { # [SETTING ...]: settings of the module, besides where it listens
    new_company
    "$KITH" module enable web >/dev/null || exit 1
    echo "web: { grant = [\"serve:users\"]; listen = [\"127.0.0.1:0\"]; $* };" >conf.d/web.conf
    "$KITH" create role name=administrator rights='{"admin": true}' >/dev/null
    "$KITH" user add root --role administrator >/dev/null
    root=$(new_token root)
    token=$root
}
new_token() { # LOGIN [OPTION ...]
    "$KITH" token add "$@" --json | json_text token
}
listening() { # http or https: the port, of the last time that it was opened
    sed -n "s/.*listening on $1:.*:\\([0-9]*\\)\$/\\1/p" "$work/serve.log" | tail -n 1
}
serve_web() {
    serve
    port=$(listening http)
}
# Prints the body of the answer; $ANSWER gets the status and the headers. Of a header that is given
# twice the last one counts; none is sent by itself. curl begins in a tenth of the time of Python.
request() { # PORT TOKEN METHOD PATH [BODY [HEADER ...]]
    local -A headers=()
    local given=(-qsS --noproxy '*' -m 300 -X "$3" --request-target "$4" -D "$ANSWER.raw"
        -H Accept: -H User-Agent: -H Expect: -H Content-Type:) header
    [ -z "$2" ] || headers[Authorization]="Bearer $2"
    for header in "${@:6}"; do headers[${header%%:*}]=${header#*: }; done
    for header in "${!headers[@]}"; do
        given+=(-H "$header${headers[$header]:+: }${headers[$header]:-;}")
    done
    case $3${5:+ with a body} in
    HEAD) given+=(-I -o /dev/null) ;;
    POST* | PUT* | PATCH* | *body) given+=(--data-raw "${5-}") ;;
    esac
    : >"$ANSWER.raw"
    curl "${given[@]}" "http://127.0.0.1:$1/"
    sed -e 's/\r$//; /^$/d; s/^HTTP[^ ]* \([0-9]*\).*/\1/' "$ANSWER.raw" >"$ANSWER"
}
api() { # METHOD PATH [BODY [HEADER ...]]
    last=("$@")
    local path=$2
    [ "${path:0:1}" = / ] || path=/api/v1/$path
    request "$port" "$token" "$1" "$path" "${@:3}" >"$work/out" 2>"$work/err"
    code=$(head -n 1 "$ANSWER")
    code=${code:-0}
}
until_lines() { # FILE COUNT: it has as many
    for _ in $(seq 1500); do
        [ ! -s "$1" ] || [ "$(wc -l <"$1")" -lt "$2" ] || return 0
        sleep 0.02
    done
    return 1
}
# Tools of a test from npm are installed once into the build folder, and stand in $tools then. CI has
# them; elsewhere they may be missing.
install_tools() { # FOLDER: beside the tests, with a package.json
    tools=${KITH_BUILD:-$(dirname "$KITH")}/tests/$1
    command -v node >/dev/null && command -v npm >/dev/null || return 1
    mkdir -p "$tools"
    if ! cmp -s "$here/$1/package.json" "$tools/installed.json"; then
        cp "$here/$1/package.json" "$tools/package.json"
        (cd "$tools" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund) \
            >"$work/npm.log" 2>&1 || { tail -n 5 "$work/npm.log" && return 1; }
        cp "$tools/package.json" "$tools/installed.json"
    fi
    find "$here/$1" \( -name '*.mjs' -o -name '*.ts' \) -exec cp {} "$tools/" \;
}
with_npm() { # FOLDER
    install_tools "$1" && return 0
    if [ -n "${CI-}" ]; then fail "the tools cannot be installed by npm"; else skip "node or npm, or what they should install, is not there"; fi
    return 1
}
answers() { [ "$code" -eq "$1" ] || fail "expected status $1"; }
answers_header() { grep -qiE "^$1\$" "$ANSWER" || fail "expected the header $1; got $(tr '\n' '|' <"$ANSWER")"; }
header() { sed -n "s/^$1: //pI" "$ANSWER" | head -n 1; }
rss() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$server/status"; }
# A sanitizer keeps what was freed: there the memory is no measure.
below() { ldd "$KITH" | grep -qE 'lib[at]san' || expect test "$1" -lt "$2"; }
