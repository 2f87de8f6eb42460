#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An action whose answer is a file: it is the body, with a name, a tag and parts; for agents it is a
# resource; and the document says so.
. "$(dirname "$0")/web.bash"
module=$(realpath "$KITH_BUILD/tests/plugins/every_row.so" 2>/dev/null)
[ -e "$module" ] || { it "answers with a file" && skip "the module for it is not built" && finish; }

new_web_company
"$KITH" module enable "$module" >/dev/null
"$KITH" token add root --json | json_text token >agent.token
serve_web
printf '<svg>\0\377</svg>' >"$work/picture"
picture=actions/every_row.picture

it "sends the bytes as they are, and what they are called"
api GET $picture
answers 200
answers_header 'content-type: image/svg\+xml'
answers_header "content-disposition: attachment; filename\*=UTF-8''things.svg"
answers_header 'accept-ranges: bytes'
answers_header 'content-security-policy: .*sandbox.*'
expect cmp "$work/out" "$work/picture"
api POST $picture '{}'
answers 200
answers_header 'content-type: image/svg\+xml'
expect cmp "$work/out" "$work/picture"

it "sends it once, and in parts"
api GET $picture
etag=$(header ETag)
api GET $picture '' "If-None-Match: $etag"
answers 304
prints_exactly ""
api GET $picture '' "Range: bytes=1-3"
answers 206
answers_header 'content-range: bytes 1-3/13'
prints_exactly svg
api GET $picture '' "Range: bytes=99-"
answers 416
api GET $picture '' "Range: bytes=1-3" 'If-Range: "another"'
answers 200
expect cmp "$work/out" "$work/picture"

it "takes parameters in the address, and only those that there are"
api GET "$picture?least=3"
answers 200
api GET "$picture?least=x"
answers 400
prints '"field":"least"'
api GET "$picture?nothing=3"
answers 400
prints "every_row.picture has no parameter 'nothing'"
api GET actions/every_row.none
answers 404

it "does nothing by GET that is no file"
api GET "actions/every_row.make?name=a"
answers 405
answers_header 'allow: POST'
api GET thing
prints_exactly '{"items":[]}'

it "is in the document by both ways"
api GET openapi.json
prints '"/api/v1/actions/every_row.picture":{"get":{"operationId":"getEveryRowPicture"'
prints '"content":{"image/svg+xml":{}}'
prints '"name":"least","in":"query","required":false'
prints_not '"result.every_row.picture"'
prints_not '"getEveryRowTotal"'

it "is a resource for agents"
cat >"$work/in" <<'JSON'
{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"tester","version":"1.0"}}}
{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"every_row-picture","arguments":{}}}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"every_row-total","arguments":{}}}
JSON
KITH_TOKEN=$(cat agent.token) kith_stdin mcp <"$work/in"
prints '{"type":"resource","resource":{"uri":"kith://action/every_row-picture/things.svg","mimeType":"image/svg+xml","blob":"PHN2Zz4A/zwvc3ZnPg=="}}]'
prints '"structuredContent":{"name":"things.svg","media_type":"image/svg+xml","size":13}'
expect test "$(grep -c '"resource"' "$work/out")" -eq 1
finish
