#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The console: Lua on the live company, from a pipe and on a terminal, with and without a server.
. "$(dirname "$0")/lib.bash"
unset KITH_TOKEN
export XDG_STATE_HOME=$work/state
new_company
"$KITH" module enable sales >/dev/null
echo 'rules: { time = "5s"; };' >conf.d/30-rules.conf # a machine may be busy
mkdir -p rules
cat >rules/greet.lua <<'LUA'
on("lead.created", { name = "greet" }, function(lead)
    create("note", { title = "A new lead", body = "x", about = lead })
end)
LUA
lead=$(create lead name=Ada phone=123)

entry() { # entry TEXT [OPTION ...]: what the console makes of it
    local text=$1
    shift
    kith_stdin console "$@" <<<"$text"
}
typed() { # a dialogue on a terminal: [wait for, type]..., and what it all showed
    last=(console)
    /usr/bin/python3 - "$KITH" "$@" >"$work/out" 2>"$work/err" <<'PY'
import os, pty, select, sys, time
program, steps = sys.argv[1], sys.argv[2:]
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "xterm"
    os.execv(program, [program, "console"])
shown, left = b"", b""
def wait_for(text):
    global shown, left
    new, end = left, time.time() + 30
    while text not in new and time.time() < end:
        if select.select([fd], [], [], 1)[0]:
            try:
                part = os.read(fd, 4096)
            except OSError:
                break
            if not part:
                break
            new += part
    if text not in new:
        sys.exit("never shown: %r, but %r" % (text, new))
    end = new.index(text) + len(text)
    shown, left = shown + new[:end], new[end:]
for i in range(0, len(steps), 2):
    wait_for(steps[i].encode().decode("unicode_escape").encode("latin-1"))
    os.write(fd, steps[i + 1].encode().decode("unicode_escape").encode("latin-1"))
shown += left
while True:
    try:
        part = os.read(fd, 4096)
    except OSError:
        break
    if not part:
        break
    shown += part
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
    code=$?
}

dialogue() { # the same with and without a server
    it "$1: shows the value of an expression, and takes a script from a pipe"
    entry 'count("lead")'
    exits 0
    prints_exactly 1
    entry '1 + 1, "two", nil, {a = {1, 2}}, days(2)'
    prints "two"
    prints "{a = {1, 2}}"

    it "$1: shows a record by its fields and what find() gives as a table of at most 20"
    entry "get('lead', '$lead')"
    prints "lead $lead"
    expect grep -q "^  phone  *123$" "$work/out"
    entry 'for i = 1, 30 do create("contact", {name = "C" .. i}) end  print(find("contact order by id"))'
    prints "30 records, the first 20 are shown"
    prints "C20"
    prints_not "C21  "
    entry 'find("lead")' --json
    prints "{\"id\":\"$lead\",\"type\":\"lead\""

    it "$1: keeps nothing of what an entry does, and tells what would follow"
    "$KITH" log >"$work/before"
    entry 'create("lead", {name = "Nobody"})'
    exits 0
    prints "Nobody"
    prints "would create note"
    prints "nothing was kept"
    "$KITH" log >"$work/after"
    expect cmp "$work/before" "$work/after"
    kith find "lead where name = 'Nobody'"
    prints_not "Nobody"

    it "$1: has variables, tables, records and functions in later entries"
    entry "local n = 20
function twice(x)
  return 2 * x
end
half = function(x) return x / 2 end
local lead = get('lead', '$lead')
t = {lead, name = lead.name, due = date('2026-05-01')}
t[1].phone, t.name, t.due
half(twice(n)) + 2"
    exits 0
    prints_exactly "123
Ada
2026-05-01
22.0"
    is_silent

    it "$1: says what cannot be kept"
    entry 'f = function() return 1 end g = 1'
    complains "not kept for the next entry: f ("

    it "$1: holds 256 KiB of variables, and completes what there is"
    entry 'x = ("a"):rep(300000)'
    complains "the variables of this console take more than 256 KiB: set some to nil"
    kith console-entry
    prints "action.sales.rescore"

    it "$1: names the nearest name in a mistake, and a script ends with it"
    entry 'fnd("lead")
"not reached"'
    exits 2
    complains "console:1: nothing here is called 'fnd'; did you mean 'find'?"
    prints_not "reached"
    entry "get('lead', '$lead').phon"
    complains "did you mean 'phone'?"
    entry 'action.sales.nothing {}'
    complains "there is no action of module 'sales' 'nothing': 'kith run' lists them"
    entry 'f('
    exits 2
    complains "the last entry is not whole"

    it "$1: says what to write instead"
    entry 'if 1 = 2 then log(1) end'
    complains "console:1: write == to compare: = sets a value"
    entry 'log("x" .. nil)'
    complains "console:1: something here is empty (nil) and cannot be joined to a text"
    entry 'os.time()'
    complains "nothing here is called 'os': the time is now(), and the day today()"

    it "$1: holds an entry to the limits and the sandbox of a rule"
    entry 'while true do end'
    complains "console:1: stopped, it takes"
    entry 'os.execute("true")'
    complains "nothing here is called 'os'"
    entry '_ENV.x = 1'
    complains "'_ENV' cannot be used here"
    entry 'refuse("not today")'
    complains "kith: not today"

    it "$1: with --write each entry is a transaction that the log names and undo takes back"
    entry 'create("lead", {name = "Kept", phone = "7777"})' --write
    exits 0
    tx=$(sed -n "s/^Kept; 'kith undo \(.*\)' takes it back\.$/\1/p" "$work/out" | head -n 1)
    kith find "lead where name = 'Kept'"
    prints "7777"
    kith log
    prints "in the console"
    kith undo "$tx"
    kith find "lead where name = 'Kept' : count()"
    prints_exactly 0

    it "$1: lets one edit lines, complete names and drop an entry on a terminal"
    typed "kith> " "1 + 41\\r" "42" "" "kith> " "toda\\t() - today()\\r" "0s" "" \
        "kith> " "find('lead')().rati\\t\\r" "cold" "" "kith> " "junk (\\x03" \
        "kith> " "'f\\xc3\\xbcr' == 'f' .. string.char(195, 188) .. 'r'\\r" "true" "" \
        "kith> " "function f()\\r" "   > " "return 'aga' .. 'in'\\r" "   > " "end\\r" \
        "kith> " "f()\\r" "again" "" "kith> " "exit\\r"
    exits 0
    prints "Whatever is written is taken back"
    expect test "$(stat -c %a "$XDG_STATE_HOME/kith/console_history")" = 600
    expect grep -q "1.*41" "$XDG_STATE_HOME/kith/console_history"

    it "$1: writes as the user who signed in, and not with the eyes of another"
    kith_stdin console --write --user boss <<<'a long password
create("lead", {name = "Of the boss"}).name'
    exits 0
    prints "Of the boss"
    tx=$(sed -n "s/^Kept; 'kith undo \(.*\)' takes it back\.$/\1/p" "$work/out")
    kith log --limit 5
    prints "user:boss"
    kith undo "$tx"
    exits 0
    entry '1' --as sam --reason "a test"
    expect test "$code" -ne 0
    complains "is for administrators"

    it "$1: is for administrators"
    token_only=$("$KITH" token add sam --name "t$RANDOM" --json | json_text token)
    export KITH_TOKEN=$token_only
    entry '1'
    unset KITH_TOKEN
    expect test "$code" -ne 0
    complains "is for administrators"
    prints_not 1
}

create role name=chief rights='{"admin": true}' >/dev/null
"$KITH" user add boss --name Boss --role chief >/dev/null
"$KITH" user password boss <<<"a long password" >/dev/null
create role name=reader rights='{"types": {"user": {"read": "all"}}}' >/dev/null
"$KITH" user add sam --name Sam --role reader >/dev/null
dialogue "alone"
serve
dialogue "served"

it "refuses variables that are damaged"
kith console-entry --state=AAAA --entry=1
exits 2
complains "damaged"
kith console-entry "--state=?" --entry=1
complains "--state is not what an entry before has given"

it "holds up no command that must be alone while somebody thinks at the prompt"
mkfifo "$work/keys"
"$KITH" console <"$work/keys" >"$work/session" 2>&1 &
session=$!
exec 5>"$work/keys"
echo 'x = 41' >&5
kith reload
exits 0
prints "opened anew"
echo 'x + 1' >&5
exec 5>&-
wait "$session"
expect test "$(cat "$work/session")" = 42

finish
