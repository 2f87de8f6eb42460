#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# An action that lists answers with rows, which are the same on every surface: here one of Kith's own,
# record.merge, whose rows are the values that it did not keep.
. "$(dirname "$0")/lib.bash"
new_company

pair() { # $keep and $other are two contacts of the same person
    keep=$("$KITH" create contact "name=Ada Lovelace" city=Bonn language=en --json | json_text id)
    other=$("$KITH" create contact "name=Ada L." city=Köln language=de --json | json_text id)
}

it "prints them as a table, below its results"
pair
kith run record.merge record_type=contact "keep=$keep" "others=$other"
exits 0
prints "kept: $keep"
prints "record "
prints "city      Köln"
prints "language  de"

it "answers in JSON with a list of objects"
pair
kith run record.merge record_type=contact "keep=$keep" "others=$other" --json
exits 0
prints "\"rows\":[{\"record\":\"contact/$other\",\"field\":"
prints "\"field\":\"city\",\"value\":\"Köln\"}"
prints '],"transaction":"'

it "answers in CSV with the rows alone"
pair
kith run record.merge record_type=contact "keep=$keep" "others=$other" --csv
exits 0
prints_lines 4
prints "record,field,value"
prints "contact/$other,language,de"
kith run dates.refresh --csv
exits 3
kith run segment.refresh segment=x --csv
complains "--csv is for actions that answer with rows, and segment.refresh has none"

it "shows them in a rehearsal, which keeps nothing"
pair
kith run record.merge record_type=contact "keep=$keep" "others=$other" --rehearse
exits 0
prints "nothing was kept."
prints "language  de"
kith run record.merge record_type=contact "keep=$keep" "others=$other" --rehearse --json
prints '"rehearsal":true'
prints "\"rows\":[{\"record\":\"contact/$other\","
kith run record.merge record_type=contact "keep=$keep" "others=$other" --rehearse --csv
complains "--csv shows rows, and not what a rehearsal would do"
kith get contact "$other"
exits 0

it "says that there are none"
keep=$("$KITH" create contact name=Bea --json | json_text id)
other=$("$KITH" create contact name=Bea --json | json_text id)
kith run record.merge record_type=contact "keep=$keep" "others=$other"
prints "There are no rows."

it "tells everywhere of which columns they are"
kith explain record.merge
prints "rows of    record, link to any record: One that was merged."
kith schema --json
prints '"columns":[{"field":"record","label":"Record","doc":"One that was merged.","kind":"link","required":false,'
kith rule stubs "$work/stubs"
expect grep -rqx -- '---@class row.record.merge' "$work/stubs"
expect grep -rqx -- '---@field rows row.record.merge\[\]' "$work/stubs"
cat >"$work/in" <<'JSON'
{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"tester","version":"1.0"}}}
{"jsonrpc":"2.0","id":1,"method":"tools/list"}
JSON
kith_stdin mcp <"$work/in"
prints '"outputSchema":{"type":"object","properties":{"kept":{"anyOf":[{"type":"string"},{"type":"null"}]'
prints '"rows":{"type":"array","items":{"type":"object","properties":{"record":{"anyOf":[{"type":"string","pattern":'

it "gives them to rules"
cat >rules/join.lua <<'RULE'
on("note.created", function(note)
  local done = action.record.merge{record_type = "contact", keep = note.about.id, others = note.body}
  for _, row in ipairs(done.rows) do
    if row.field == "language" then
      create("note", {about = note.about, title = row.field .. ": " .. row.value, body = "told"})
    end
  end
end)
RULE
sed -i 's/function(note)/function(note)\n  if note.body == "told" then return end/' rules/join.lua
pair
kith create note "about=contact/$keep" "body=$other"
exits 0
kith find "note where title = 'language: de'" --fields body --csv
prints "told"
sed -i 's/row.field == "language"/row.fields == "language"/' rules/join.lua
kith rule check
prints "record.merge gives no 'fields' in its rows; did you mean 'field'?"
finish
