#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Actions whose answer is a file: its bytes reach a file as they are, and never a terminal.
. "$(dirname "$0")/lib.bash"
module=$(realpath "$KITH_BUILD/tests/plugins/every_row.so" 2>/dev/null)
[ -e "$module" ] || { it "answers with a file" && skip "the module for it is not built" && finish; }
new_company
"$KITH" module enable "$module" --grant >/dev/null 2>&1 || "$KITH" module enable "$module" >/dev/null
printf '<svg>\0\377</svg>' >"$work/picture"

it "writes it to a file, and over none"
kith run every_row.picture --output things.svg
exits 0
prints "Wrote things.svg (image/svg+xml, 13 bytes) to 'things.svg'."
expect cmp things.svg "$work/picture"
kith run every_row.picture --output things.svg
complains "'things.svg' is there already"
kith run every_row.picture --json --output second.svg
prints_exactly '{"name":"things.svg","media_type":"image/svg+xml","size":13}'
expect cmp second.svg "$work/picture"

it "gives the bytes to a pipe, and asks at a terminal where they go"
"$KITH" run every_row.picture >piped
expect cmp piped "$work/picture"
"$KITH" run every_row.picture --output - >piped
expect cmp piped "$work/picture"
script -qec "'$KITH' run every_row.picture" /dev/null >"$work/out" 2>"$work/err"
prints "is nothing for a terminal: say where it goes, --output FILE"
prints_not "<svg>"

it "answers in JSON with base64"
kith run every_row.picture --json
prints_exactly '{"name":"things.svg","media_type":"image/svg+xml","size":13,"data":"PHN2Zz4A/zwvc3ZnPg=="}'

it "has no such place for answers that are no files"
kith run every_row.total --output x
complains "--output is for actions that answer with a file, and every_row.total does not"
expect test ! -e x

it "comes through a server"
serve
"$KITH" run every_row.picture >piped
expect cmp piped "$work/picture"
kith run every_row.picture --output served.svg
expect cmp served.svg "$work/picture"

it "is a table of name, media type and bytes in Lua"
mkdir -p rules
cat >rules/draw.lua <<'LUA'
before("contact.save", { name = "draw" }, function(contact)
  local f = action.every_row.picture{}
  contact.city = f.name .. " " .. f.media_type .. " " .. #f.data
end)
LUA
kith reload
kith create contact name=Ada
exits 0
kith find contact --fields city --csv
prints "things.svg image/svg+xml 13"

it "is told of everywhere"
kith schema --json
prints '"file":"image/svg+xml"'
kith explain every_row.picture
prints "gives      name, text: What the file is called."
kith module inspect "$module"
prints "file image/svg+xml"
finish
