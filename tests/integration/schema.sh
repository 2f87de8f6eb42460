#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is declared, as one document, as far as whoever asks may know of it.
. "$(dirname "$0")/lib.bash"
command -v python3 >/dev/null || {
    echo "0 passed, 0 failed"
    exit 0
}
told() { # EXPRESSION: of the schema, s, with f(TYPE, FIELD) and t(TYPE)
    python3 -c '
import json, sys
s = json.load(open(sys.argv[1]))
t = lambda name: next((x for x in s["types"] if x["type"] == name), None)
f = lambda type, name: next((x for x in t(type)["fields"] if x["field"] == name), None)
a = lambda name: next((x for x in s["actions"] if x["action"] == name), None)
print(eval(sys.argv[2]))' "$work/out" "$1"
}
is() { # EXPRESSION VALUE
    local found
    found=$(told "$1" 2>&1)
    [ "$found" = "$2" ] || fail "expected $1 to be $2, found $found"
}

new_company
"$KITH" module enable sales >/dev/null
"$KITH" type add visit --title name --label Visit --doc "A visit." 'contact:link[contact]' \
    price:money 'weight:decimal[2]' >/dev/null
"$KITH" field add visit stars:integer --min 1 --max 5 >/dev/null
"$KITH" field add visit 'mood:choice[good,bad]' --default good >/dev/null

it "lists what there is"
kith schema
exits 0
for line in '^visit  *type  *company  *A visit\.' '^sales.convert  *action  *sales ' '^segment.entered  *event  *core '; do
    expect grep -q "$line" "$work/out"
done

it "tells of types, their fields, kinds, states and bounds"
kith schema --json
exits 0
prints_lines 1
is 't("visit")["label"]' Visit
is 't("visit")["title"], t("visit")["module"]' "('name', 'company')"
is 'f("visit", "name")["required"]' True
is 'f("visit", "contact")["target"]' contact
is 'f("visit", "stars")["min"], f("visit", "stars")["max"]' "(1, 5)"
is 'f("visit", "mood")["default"], f("visit", "mood")["options"]' "('good', ['good', 'bad'])"
is 'f("visit", "weight")["scale"]' 2
is 'f("visit", "created")["write"]' False
is 'f("account", "purchases")["computed"][:5], f("account", "purchases")["write"]' "('count', False)"
is 'f("contact", "lifecycle")["transitions"]["prospect"]' "['customer', 'lost']"
is 'f("contact", "email")["personal"]' True
is 't("contact_point")["part_of"]' contact
is '"customer" in t("contact")["events"]' True

it "tells of actions and events"
is 'a("sales.convert")["effect"], a("sales.convert")["undo"], a("sales.convert")["confirm"]' "('write', True, False)"
is '[p["field"] for p in a("sales.convert")["parameters"]][0]' lead
is 'a("record.erase")["undo"], a("record.erase")["confirm"]' "(False, True)"
is 'a("sales.forecast")["effect"]' read
is '[x["parameters"] for x in s["reports"] if x["report"] == "sales.won_since"]' "[['since']]"
is '[x["schema"] for x in s["topics"] if x["topic"] == "segment.entered"]' "[1]"

it "tells nobody of what they have no right to"
"$KITH" create role name=seller rights='{"types": {"contact": {"create": "own", "read": "team", "fields": {"birthday": "none", "lifecycle": "read"}}}, "actions": ["sales.forecast"]}' >/dev/null
"$KITH" user add anna --role seller >/dev/null
KITH_TOKEN=$("$KITH" token add anna --name test --json | json_text token) kith schema --json
exits 0
is 'sorted(x["type"] for x in s["types"] if x["module"] != "core")' "['treatment']" # a part of contacts
is 't("account")' None
is 't("contact")["reach"]' "{'create': 'own', 'read': 'team', 'update': 'none', 'delete': 'none'}"
is 'f("contact", "birthday")' None
is 'f("contact", "lifecycle")["read"]' True
is '[x["action"] for x in s["actions"]]' "['sales.forecast']"
is '[x["topic"] for x in s["topics"] if x["topic"].startswith(("lead.", "segment."))]' "[]"
finish
