#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Events that a rule cannot handle: they are shown, tried again or given up, and nothing is lost.
. "$(dirname "$0")/lib.bash"
new_company
echo 'engine: { attempts = 1; };' >conf.d/20-engine.conf
cat >rules/fragile.lua <<'RULE'
on("contact.created", { name = "fragile" }, function(contact)
    if contact.city == "Atlantis" then error("there is no Atlantis") end
    create("task", { title = "Met " .. contact.name, about = contact })
end)
RULE

it "sets an event aside that its rule cannot handle, and handles the others"
create contact name=Good city=Berlin >/dev/null
create contact name=Bad city=Atlantis >/dev/null 2>&1
create contact name=Fine city=Bern >/dev/null
kith find "task : count()"
prints_exactly 2
kith deadletter list
exits 0
prints "contact.created"
prints "Bad"
prints "there is no Atlantis"

it "names the place in the rule"
kith deadletter list --json
exits 0
prints "rules/fragile.lua:2"

it "fails again when nothing was repaired"
number=$(sed -n 's/^{"number":\([0-9]*\).*/\1/p' "$work/out" | head -n 1)
kith deadletter retry "$number"
exits 1
prints "Event $number failed again: rules/fragile.lua:2: there is no Atlantis"
complains "1 of 1 event failed again"
kith deadletter retry "$number" --json
exits 1
complains '"message":"it failed again: rules/fragile.lua:2: there is no Atlantis'
kith deadletter list --dead
prints "Bad"

it "handles the event when the rule was repaired"
sed -i '/Atlantis/d' rules/fragile.lua
number=$("$KITH" deadletter list --json | sed -n 's/^{"number":\([0-9]*\).*/\1/p' | head -n 1)
kith deadletter retry "$number" --json
exits 0
prints_exactly "{\"number\":$number,\"outcome\":\"handled\"}"
kith deadletter list
prints "Every event was handled."
kith find "task where title = 'Met Bad' : count()"
prints_exactly 1

it "gives an event up when told so"
echo 'on("task.created", { name = "never" }, function() error("never") end)' >rules/never.lua
create task title=Anything >/dev/null 2>&1
kith deadletter list
prints "never"
number=$("$KITH" deadletter list --json | sed -n 's/^{"number":\([0-9]*\).*/\1/p' | head -n 1)
kith deadletter skip "$number"
exits 0
kith deadletter list
prints "Every event was handled."
kith deadletter skip "$number"
expect test "$code" -ne 0
one_sentence

it "is well after all this"
rm rules/never.lua
kith doctor
exits 0
prints "nothing found"

it "says once that a rule calls itself without end"
cat >rules/endless.lua <<'RULE'
after("account.create", { name = "endless" }, function(account)
    create("account", { name = account.name .. "+" })
end)
RULE
kith create account name=A
exits 1
complains "kith: rules/endless.lua:2: hooks call each other more than 32 deep"
expect test "$(grep -c 'hooks call each other' "$work/err")" -eq 1 # the log has the traceback alone
rm rules/endless.lua

finish
