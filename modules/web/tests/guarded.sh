#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What one client may not take from the others, nor be believed in.
. "$(dirname "$0")/web.bash"

new_web_company 'idle_timeout = "10s"; streams = 4;'
kith create role name=reader rights='{"types": {"account": {"read": "all"}}}'
kith create role name=seller rights='{"types": {"account": {"create": "own", "read": "all", "update": "all"}}}'
kith user add eve --role reader
kith user add eva --role reader
kith user add sal --role seller
kith user add sam --role seller
eve=$(new_token eve) eva=$(new_token eva) sal=$(new_token sal) sam=$(new_token sam)
steel=$("$KITH" create account name=Steel --json | json_text id)
serve_web
guarded() { # WHAT [ARGUMENT ...]
    last=(guarded "$@")
    python3 "$here/guarded.py" "$port" "$@" >"$work/out" 2>"$work/err"
    code=$?
}

it "reads nothing of who may not write it, so that slow ones take no place"
guarded uploads "account/$steel/files?name=a" "$root" "$eve" "$eve" "$eva" "$eva"
prints "other 200"
guarded uploads import/account "$root" "$eve" "$eve" "$eva" "$eva"
prints "other 200"

it "leaves half of the places to others, however many one user asks for"
guarded uploads "account/$steel/files?name=a" "$sam" "$sal" "$sal" "$sal" "$sal"
prints "other 200"
prints "held nothing nothing 503 503"

stop_server
expect test "$server_code" -eq 0

finish
