#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Model Context Protocol with its public client, over HTTP and on standard input, and by hand.
. "$(dirname "$0")/people.bash"

new_web_company
"$KITH" module enable sales >/dev/null
echo 'mcp: { write_budget = 12; };' >conf.d/mcp.conf
"$KITH" token add root --json | json_text token >agent.token
serve_web

message() { # METHOD PARAMS [HEADER ...]
    api POST /mcp "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$1\",\"params\":$2}" "${@:3}"
}
begin() {
    message initialize '{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"hand","version":"2"}}'
    session=$(header Mcp-Session-Id)
}

it "asks who it is"
token=
message initialize '{}'
answers 401
token=$root

it "begins a session, and answers in it"
begin
answers 200
answers_header 'content-type: application/json'
prints '"protocolVersion":"2025-06-18"'
[ -n "$session" ] || fail "no Mcp-Session-Id"
message tools/list '{}' "Mcp-Session-Id: $session"
answers 200
prints '"name":"find"'

it "speaks no other revision of the protocol than those it knows"
message ping '{}' "Mcp-Session-Id: $session" "Mcp-Protocol-Version: 2025-06-18"
answers 200
message ping '{}' "Mcp-Session-Id: $session" "Mcp-Protocol-Version: 1999-01-01"
answers 400
prints "is not spoken here"

it "says nothing to what needs no answer"
api POST /mcp '{"jsonrpc":"2.0","method":"notifications/initialized"}' "Mcp-Session-Id: $session"
answers 202
prints_exactly ""

it "wants a session, and one that there is"
message tools/list '{}'
answers 400
prints "begin with initialize"
message tools/list '{}' "Mcp-Session-Id: 0SA818NN40003"
answers 404
message tools/list '{}' "Mcp-Session-Id: nonsense"
answers 404

it "answers in the form of the protocol what is no message"
api POST /mcp 'no JSON' "Mcp-Session-Id: $session"
answers 200
prints '"code":-32700'
api POST /mcp '[]' "Mcp-Session-Id: $session"
prints '"code":-32600'

it "has no stream, and says so"
api GET /mcp
answers 405
answers_header 'allow: POST, DELETE'

it "does not speak with pages of elsewhere"
message tools/list '{}' "Mcp-Session-Id: $session" "Origin: http://evil.example"
answers 403

it "does not let another user speak in the session"
"$KITH" create role name=reader rights='{"types":{"contact":{"read":"all"}}}' >/dev/null
"$KITH" user add rita --role reader >/dev/null
token=$(new_token rita)
message tools/list '{}' "Mcp-Session-Id: $session"
answers 404
begin
message tools/call '{"name":"create","arguments":{"type":"contact","fields":{"name":"x"}}}' "Mcp-Session-Id: $session"
answers 200
prints '"code":"denied"'
message tools/call '{"name":"create","arguments":{"type":"contact","fields":{"name":"x"}}}' "Mcp-Session-Id: $session"
token=$root

it "ends a session"
begin
api DELETE /mcp '' "Mcp-Session-Id: $session"
answers 204
message ping '{}' "Mcp-Session-Id: $session"
answers 404
api DELETE /mcp
answers 400

# -- the public client ------------------------------------------------------------------------------

packages=$(dirname "$KITH")/npm/mcp
install_client() {
    command -v node >/dev/null && command -v npm >/dev/null || return 1
    mkdir -p "$packages"
    cp "$here"/mcp/{package.json,client.mjs} "$packages/"
    [ -d "$packages/node_modules/@modelcontextprotocol/sdk" ] ||
        (cd "$packages" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund) >"$work/npm.log" 2>&1
}
sdk() { # HOW WHERE SECRET
    last=(client.mjs "$1")
    node "$packages/client.mjs" "$@" >"$work/out" 2>"$work/err"
    code=$?
    grep -E '^(tools/list|find) ' "$work/err"
}

it "works with the public client over HTTP"
if install_client; then
    sdk http "http://127.0.0.1:$port/mcp" "$root"
    exits 0
    prints "ok writes no more than its budget"
    prints "ok ends its session"
else
    skip "the client cannot be installed: node and npm are not here, or no registry"
fi

it "works with the public client on standard input, beside a server"
if install_client; then
    sdk stdio "$KITH" agent.token
    exits 0
    prints "ok writes no more than its budget"
else
    skip "the client cannot be installed"
fi
stop_server

it "works with it without a server"
if install_client; then
    sdk stdio "$KITH" agent.token
    exits 0
else
    skip "the client cannot be installed"
fi

it "has each session in its list, and takes one back as a whole"
if install_client; then
    session=$("$KITH" mcp sessions --json | grep '"client":"sdk 1.32.2"' | json_text session)
    kith undo "$session" --json
    exits 0
    kith find "account : count()" --json
    kith doctor
    exits 0
else
    skip "the client cannot be installed"
fi

it "has a person decide over HTTP, and not the agent"
echo 'mcp: { approval = "all"; };' >conf.d/mcp.conf
role=$("$KITH" find "role where name = 'reader'" --json | json_text id)
"$KITH" update role "$role" rights='{"types":{"contact":{"read":"all","create":"all"}}}' >/dev/null
serve_web
rita=$(new_token rita)
token=$rita
begin
message tools/call '{"name":"create","arguments":{"type":"contact","fields":{"name":"Allowed"}}}' "Mcp-Session-Id: $session"
prints '"state":"waiting"'
api GET approvals
prints '"tool":"create"'
number=$(sed -n 's/.*"approval":\([0-9]*\).*/\1/p' "$work/out" | head -n 1)
api POST "approvals/$number/approve"
answers 403
prints "own user does not do"
token=$root
api GET "approvals/$number"
prints '"state":"waiting"'
api POST "approvals/$number/approve"
answers 200
prints '"state":"done"'
api POST "approvals/$number/refuse"
answers 422
echo "correct horse battery" | "$KITH" user password rita >/dev/null
sign_in rita "correct horse battery"
in_session GET approvals
prints_not '"state":"waiting"'
token=$rita
message tools/call '{"name":"create","arguments":{"type":"contact","fields":{"name":"Signed in"}}}' "Mcp-Session-Id: $session"
number=$(sed -n 's/.*"approval":\([0-9]*\).*/\1/p' "$work/out" | head -n 1)
in_session POST "approvals/$number/approve"
answers 200
token=$root
api GET "contact?q=name='Allowed'"
prints '"name":"Allowed"'
stop_server

finish
