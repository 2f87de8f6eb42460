#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What an editor is told of the company: types, events, actions and words, as stubs in Lua.
guide=$(realpath "$(dirname "$0")/../../docs/guide-admin-workflows.md")
. "$(dirname "$0")/lib.bash"
new_company
mkdir -p conf.d/types
cat >conf.d/types/visit.conf <<'CONF'
name = "visit";
title = "name";
doc = "A visit
of somebody.";
fields = (
  { name = "name"; kind = "text"; required = true; doc = "What it is called."; },
  { name = "guide"; kind = "link[contact]"; },
  { name = "about"; kind = "link[*]"; },
  { name = "guests"; kind = "links[contact]"; },
  { name = "state"; kind = "state[new>done]"; },
  { name = "size"; kind = "choice[small,large]"; required = true; default = "small"; },
  { name = "stars"; kind = "integer"; },
  { name = "share"; kind = "decimal[2]"; },
  { name = "price"; kind = "money"; },
  { name = "paid"; kind = "boolean"; },
  { name = "day"; kind = "date"; },
  { name = "begins"; kind = "time"; },
  { name = "lasts"; kind = "duration"; },
  { name = "words"; kind = "tags"; },
  { name = "place"; kind = "place"; },
  { name = "extra"; kind = "json"; }
);
CONF
cat >conf.d/60-events.conf <<'CONF'
company: { events = ( { name = "feedback.answered"; doc = "Somebody answered.";
    fields = [ "score:integer How happy, from 1 to 5.", "mood:choice[good,bad]" ]; } ); };
CONF

block() { # block FILE BEGIN: the lines from this one up to an empty one
    awk -v begin="$2" '$0 == begin { p = 1 } p && $0 == "" { exit } p' "rules/library/$1.lua"
}
is_block() { # is_block FILE BEGIN: it is what stands at the standard input
    expect test "$(block "$1" "$2")" = "$(cat)"
}
has_line() { # has_line FILE LINE
    grep -qxF -- "$2" "rules/library/$1.lua" || fail "library/$1.lua lacks: $2"
}

it "tells the fields of a type with what they are for, as they are read and as they are written"
kith rule stubs
exits 0
prints "Open this folder in an editor with lua-language-server: $work/company/rules"
is_block types "---A visit of somebody." <<'LUA'
---A visit of somebody.
---@class record.visit: record
---When the record was made. time (read-only, indexed)
---@field created Time
---When the record was last changed. time (read-only)
---@field updated Time
---The user who looks after it. link to user
---@field owner record.user
---What it is called. text (required)
---@field name string
---Guide; link to contact
---@field guide record.contact
---About; link to any record
---@field about any
---Guests; links to contact
---@field guests record.contact[]
---State; state: new → done, done; ends: done
---@field state "new"|"done"
---Size; choice: small, large (required, default small)
---@field size "small"|"large"
---Stars; integer
---@field stars integer
---Share; decimal
---@field share Decimal
---Price; money
---@field price Money
---Paid; boolean
---@field paid boolean
---Day; date
---@field day Date
---Begins; time
---@field begins Time
---Lasts; duration
---@field lasts Duration
---Words; tags
---@field words string[]
---Place; place
---@field place {lat: number, lon: number}
---Extra; json
---@field extra any
LUA
block types "---What create and update are given for a visit." | grep '^---@' >"$work/out"
prints_exactly '---@class fields.visit
---@field owner? record.user|string|null
---@field name? string|number|null
---@field guide? record.contact|string|null
---@field about? record|string|null
---@field guests? record.contact[]|null
---@field state? "new"|"done"|null
---@field size? "small"|"large"|null
---@field stars? integer|null
---@field share? Decimal|integer|string|null
---@field price? Money|string|null
---@field paid? boolean|null
---@field day? Date|Time|string|null
---@field begins? Time|Date|string|null
---@field lasts? Duration|string|null
---@field words? string[]|string|null
---@field place? {lat: number, lon: number}|null
---@field extra? any'
has_line types '---@alias field.visit "created"|"updated"|"owner"|"name"|"guide"|"about"|"guests"|"state"|"size"|"stars"|"share"|"price"|"paid"|"day"|"begins"|"lasts"|"words"|"place"|"extra"'
is_block types "---@class change.visit: change" <<'LUA'
---@class change.visit: change
---@field before record.visit|nil
---@field changed table<field.visit, true>
LUA
is_block types "---@class event.visit: event" <<'LUA'
---@class event.visit: event
---@field before record.visit|nil
---@field after record.visit|nil
---@field changed table<field.visit, true>
LUA
is_block types "---@class rule.options.visit: rule.options" <<'LUA'
---@class rule.options.visit: rule.options
---@field fields? field.visit[]
LUA

it "tells what each kind of rule is handed, by its event, with options and without"
for hook in before after; do
    awk -v end="function $hook(event, options, run) end" '/^$/ { text = "" } { text = text $0 "\n" }
        $0 == end { printf "%s", text }' rules/library/rules.lua >"$work/out"
    prints '---@overload fun(event: "visit.create"|"visit.update"|"visit.save"|"visit.delete", options: rule.options.visit, run: fun(record: record.visit, change: change.visit))'
    prints '---@overload fun(event: "visit.create"|"visit.update"|"visit.save"|"visit.delete", run: fun(record: record.visit, change: change.visit))'
done
has_line rules "---A rule that runs while a record is being written, before it is."
has_line rules "---A rule that runs right after a record was written, in the same transaction."
has_line rules "---A rule that runs soon after something has happened, in a transaction of its own."
has_line rules '---@overload fun(event: "visit.created"|"visit.updated"|"visit.deleted"|"visit.new"|"visit.done", options: rule.options.visit, run: fun(record: record.visit, event: event.visit))'
has_line rules '---@overload fun(event: "visit.created"|"visit.updated"|"visit.deleted"|"visit.new"|"visit.done", run: fun(record: record.visit, event: event.visit))'
is_block rules "---A rule that runs at a time, written as cron does: '0 8 * * 1-5'." <<'LUA'
---A rule that runs at a time, written as cron does: '0 8 * * 1-5'.
---@overload fun(event: string, options: rule.options, run: fun(now: Time))
---@overload fun(event: string, run: fun(now: Time))
---@param event string
---@param options? rule.options|function
---@param run? function
---@return function
function every(event, options, run) end
LUA

it "tells what a published event carries"
is_block rules "---Somebody answered." <<'LUA'
---Somebody answered.
---@class data.feedback.answered
---How happy, from 1 to 5. integer
---@field score integer
---Mood; choice: good, bad
---@field mood "good"|"bad"
LUA
is_block rules "---@class event.of.feedback.answered: event" <<'LUA'
---@class event.of.feedback.answered: event
---@field data data.feedback.answered
LUA
has_line rules '---@overload fun(event: "feedback.answered", options: rule.options, run: fun(record: any, event: event.of.feedback.answered))'
has_line rules '---@overload fun(event: "feedback.answered", run: fun(record: any, event: event.of.feedback.answered))'

it "tells the actions of the core and of modules, with what they are given and give"
"$KITH" module enable sales >/dev/null 2>&1
kith rule stubs
exits 0
is_block actions "---@class arguments.segment.add" <<'LUA'
---@class arguments.segment.add
---The name of the list. text (required)
---@field segment string|number|null
---Which records: contact where city = 'Bonn'. text (required)
---@field query string|number|null
LUA
is_block actions "---Puts the records that a query finds into a list." <<'LUA'
---Puts the records that a query finds into a list.
---@param arguments arguments.segment.add
---@return results.segment.add
action["segment"]["add"] = function(arguments) end
LUA
is_block actions "---@class results.segment.add" <<'LUA'
---@class results.segment.add
---How many were not in it before. integer
---@field added integer
---How many there are now. integer
---@field members integer
LUA
is_block actions "---@class actions.sales" <<'LUA'
---@class actions.sales
action["sales"] = {}
LUA
expect test "$(grep -c '^action\["sales"\] = {}$' rules/library/actions.lua)" = 1
kith run --json
sed -n 's/.*"action":"\([^".]*\)\.\([^"]*\)".*/action["\1"]["\2"] = function(arguments) end/p' "$work/out" | sort >"$work/actions"
expect test "$(wc -l <"$work/actions")" -gt 10
grep '^action\[.*function' rules/library/actions.lua | sort >"$work/out"
prints_exactly "$(cat "$work/actions")"

it "tells the words with their parameters, and what they give by the type of the record"
has_line words '---@overload fun(type: "visit", fields: fields.visit): record.visit'
has_line words '---@overload fun(record: record.visit, fields: fields.visit)'
has_line words '---@overload fun(type: "visit", id: string): record.visit|nil'
has_line words '---@overload fun(record: record.visit): record.visit|nil'
is_block words "---Writes a new task: short for create('task', ...)." <<'LUA'
---Writes a new task: short for create('task', ...).
---@param fields fields.task
---@return record.task
function task(fields) end
LUA
is_block words "---When so many hours of working time are over." <<'LUA'
---When so many hours of working time are over.
---@param n integer|Duration
---@param from? Time|Date
---@return Time
function business.hours(n, from) end
LUA
is_block words "---Writes a line into the log." <<'LUA'
---Writes a line into the log.
---@param ... any
function log(...) end
LUA
is_block words "---Waits for the first of several events: its name, and the event; nil when the time is over." <<'LUA'
---Waits for the first of several events: its name, and the event; nil when the time is over.
---@param events table
---@param how_long? Duration|Time|Date
---@return string|nil name
---@return any event
function wait_any(events, how_long) end
LUA
is_block words "---Empties a field: update(lead, {owner = null})." <<'LUA'
---Empties a field: update(lead, {owner = null}).
---@type null
null = nil
LUA
is_block words "---@class businesslib" <<'LUA'
---@class businesslib
business = {}
LUA
has_line words '---@return fun(): any'
for word in create get find wait_for ask_user parallel on_undo test business.open string.trim utf8.offset; do
    expect grep -q "^function $word(" rules/library/words.lua
done

it "tells the kind of every parameter of every word"
awk '/^$/ { said = "" } /^---@param / { name = $2; sub(/\?$/, "", name); said = said " " name " " }
    /^function / { list = $0; sub(/^[^(]*\(/, "", list); sub(/\) end$/, "", list)
        n = split(list, names, ", ")
        for (i = 1; i <= n; i++) if (!index(said, " " names[i] " ")) print $2, names[i] }' \
    rules/library/words.lua >"$work/out"
prints_exactly ""

it "has every part of the t of tests that the guide tells of"
parts=$(grep -oE '\bt\.[a-z_]+' "$guide" | sort -u | sed 's/t\.//')
expect test "$(wc -w <<<"$parts")" -gt 15
block words "---What a test is handed." >"$work/out"
for part in $parts; do prints "---@field $part fun("; done
# A record whose type nobody knows here may have any field; a run is known.
prints "---@field create fun(type: string, fields: table): any"
prints "---@field get fun(type: string|record, id?: string): any"
prints "---@field find fun(query: string, params?: table): fun(): any"
prints "---@field runs fun(workflow: string): record.workflow_run[]"

it "is Lua that Kith compiles, and names no class that it does not declare"
sed 's/"[^"]*"//g' rules/library/*.lua | grep -E '^---@(field|param|return|overload|operator|type|alias)' |
    grep -owE '(record|fields|field|change|event|event\.of|data|arguments|results|row|rule\.options)\.[a-z_.]+[a-z_]|Test|Decimal|Money|Date|Time|Duration|null|record|change|event|rule\.options' |
    sort -u >"$work/named"
grep -ohE '^---@(class|alias) [A-Za-z_.]+' rules/library/*.lua | sed 's/.* //' | sort -u >"$work/declared"
comm -23 "$work/named" "$work/declared" | grep -vxE 'change|event|record|type' >"$work/unknown"
[ ! -s "$work/unknown" ] || fail "no class is declared for: $(cat "$work/unknown")"
for class in Test Decimal Money Date Time Duration null record change event rule.options; do
    expect grep -qx "$class" "$work/declared"
done
for file in rules/library/*.lua; do expect test "$(head -n 1 "$file")" = "---@meta"; done
cp rules/library/*.lua rules/
kith rule check
exits 0
rm rules/words.lua rules/types.lua rules/rules.lua rules/actions.lua

it "writes its files anew each time, and leaves settings alone that somebody changed"
is_silent
echo 'mine' >rules/library/types.lua
kith rule stubs
exits 0
is_silent
has_line types "---@class record.visit: record"
echo '{}' >rules/.luarc.json
kith rule stubs
exits 0
complains "rules/.luarc.json is another one already, and was left as it is"
expect test "$(cat rules/.luarc.json)" = '{}'

it "writes them into another folder, which it makes"
rm -r rules/library rules/.luarc.json
kith rule stubs "$work/elsewhere"
exits 0
prints "$work/elsewhere"
expect test -f "$work/elsewhere/library/words.lua"
expect test ! -e rules/library
for library in basic coroutine debug io math os package string table utf8; do
    expect grep -q "\"$library\": \"disable\"" "$work/elsewhere/.luarc.json"
done
expect grep -q '"workspace.library": \["library"\]' "$work/elsewhere/.luarc.json"
expect grep -q '"runtime.path": \["lib/?.lua", "rules/lib/?.lua"\]' "$work/elsewhere/.luarc.json"
finish
