#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the program tells about itself: settings, types and fields explained, the reference, the manual
# page, and the words that a shell offers.
. "$(dirname "$0")/lib.bash"
new_company

it "explains a setting with its range, its value and how it is written"
echo 'rules: { time = "500ms"; };' >conf.d/20-rules.conf
kith explain rules.time
exits 0
prints 'a duration from 1ms to 1m'
prints '"500ms", set in conf.d/20-rules.conf:1'
prints 'written    rules: { time = "500ms"; };'
prints 'after a restart'

it "explains a type, a field and an event"
kith explain contact
prints "lifecycle"
kith explain contact.city
prints "Town."
prints "text (personal, indexed)"
kith explain contact.customer
prints "came into this state"
kith explain contact.updated
prints "When the record was last changed."
prints "A record of the type was changed."
kith explain segment.entered
exits 0
prints "A record is in a segment since now. Rules and modules can react to it."
prints "name       text: Its name."
kith explain segment.entered --json
prints_exactly '{"event":"segment.entered","kind":"event","module":"core","doc":"A record is in a segment since now."}'
kith explain task.reminder
prints "When to remind the assignee"
prints "Rules and modules can react to it."
kith explain contact.city --json
prints_exactly '{"field":"contact.city","kind":"text (personal, indexed)","module":"core","doc":"Town.","label":"City","measure":"nominal","operators":"=, !=, in, <, <=, >, >=, like, is null, order by","totals":"count","charts":"bars, pie","min":null,"max":null,"declared_at":null}'

it "names what was meant when there is no such thing"
kith explain rules.tiem
exits 3
complains "did you mean rules.time"
kith explain contact.cty
exits 3
complains "did you mean 'city'"
kith explain contract
complains "did you mean contact"
kith explain xyzzy
exits 3
complains "there is no setting, type, field, event, action or word of rules xyzzy; those of a module are there when it is enabled"

it "explains the words of rules and workflows"
kith explain wait_for
exits 0
prints "wait_for(topic: string, match?: table, how_long?: Duration|Time|Date)"
prints "Waits for the event that fits, and gives it; nil when the time is over."
kith explain business.hours --json
exits 0
prints '{"word":"business.hours","parameters":"n: integer|Duration, from?: Time|Date","gives":"Time"'
kith explain null
exits 0
prints "Empties a field"

it "explains the actions of the core and of modules"
kith explain workflow.cancel
exits 0
prints "Ends a run of a workflow where it stands."
prints "  takes      run, link to workflow_run (required): The run."
prints "  called     kith run workflow.cancel PARAMETER=VALUE ..., or action.workflow.cancel {...} in files"
kith explain http.send
exits 3
complains "the module http is not enabled"
kith module enable http
kith explain http.send
exits 0
prints "http.send"
prints "  takes      url, url (required): Where to."
prints "  gives      "
kith explain http.send --json
prints '{"action":"http.send","kind":"action","module":"http","doc":"'
kith explain http.sned
exits 3
complains "there is no setting and no action http.sned; did you mean http.send"
kith explain http.timeuot
complains "did you mean http.timeout"
kith module disable http

it "keeps the words that an option takes in their cell of the table"
kith reference commands
prints '| `--log-level error\|warn\|info\|debug` |'

it "says that a module is not enabled rather than that its setting does not exist"
kith explain sales.score.hot
exits 3
complains "the module sales is not enabled"

it "explains nothing from the database, and so while another command has it open"
serve
kith explain contact.city
exits 0
prints "Town."
stop_server

it "has a reference page for each part and for a module that is enabled"
"$KITH" module enable sales >/dev/null 2>&1
kith reference
exits 0
for page in $(cut -c 3-14 "$work/out"); do
    kith reference "$page"
    exits 0
    expect test "$(head -c 2 "$work/out")" = "# "
done
kith reference sales
prints '`sales.score.hot`'
prints "### lead"
prints "### sales.rescore"
kith reference comands
exits 3
complains "did you mean 'commands'"

it "tells of every action that can be run, for people and for editors"
kith run --json
actions=$(sed -n 's/^{"action":"\([^"]*\)".*/\1/p' "$work/out")
expect test "$(wc -l <<<"$actions")" -gt 10
kith rule stubs
stubs=$(cat rules/library/actions.lua)
kith reference actions
for action in $actions; do
    prints "### $action"
    stub="action[\"${action%%.*}\"][\"${action#*.}\"] = function"
    case $stubs in *"$stub"*) ;; *) fail "the stubs lack: $stub" ;; esac
done

it "gives the exit code for each word of an error in JSON"
kith reference exit-codes
prints "| 3 | There is no such record, type, field, action, file or company. | not found |"
kith get contact 0000000000001 --json
exits 3
expect test "$(json_text code <"$work/err")" = "not found"
expect test "$(json_text message <"$work/err")" = "there is no contact 0000000000001"
kith create contact name=A email=bad --json
exits 2
expect test "$(json_text field <"$work/err")" = email
kith fnd --json
expect test "$(json_text code <"$work/err")" = invalid

it "has a manual page that a formatter reads without complaint"
kith help --man
exits 0
for name in "kith find" "kith serve" "KITH_COMPANY" "rules/*.lua"; do
    expect grep -qF -- "$name" "$work/out"
done
if command -v mandoc >/dev/null; then
    # A page that is made from the program has no date of its own.
    expect test -z "$(mandoc -T lint -W warning "$work/out" | grep -v 'missing date')"
fi

offers() { # offers WORD... -- EXPECTED...: completing the last word offers each of these
    local words=()
    while [ "$1" != -- ]; do words+=("$1") && shift; done
    shift
    kith complete -- "${words[@]}"
    exits 0
    is_silent
    for word in "$@"; do
        cut -f 1 "$work/out" | grep -qxF -- "$word" || fail "expected the word $word"
    done
}

it "offers commands, options, types, fields, modules, settings and actions"
offers "" -- find module explain
offers "fin" -- find
expect test "$(wc -l <"$work/out")" -eq 1
offers module "" -- list enable inspect
offers find --l -- --limit
offers find con -- contact contact_point
offers --company . find con -- contact
offers create contact ci -- city=
offers update contact ID FIRST=1 ci -- city=
offers why contact ID ci -- city
offers field set contact.ci -- contact.city
offers module enable "" -- sales
offers explain sales.score.h -- sales.score.hot
offers run sales. -- sales.rescore
offers help module "" -- list
offers serve --log-level "" -- debug
offers reference "" -- sales queries
offers find --limit "" --
expect test ! -s "$work/out"

it "offers commands where there is no company"
cd / || exit 1
offers se -- serve
offers find con --
cd "$work/company" || exit 1

it "has scripts that the shells understand"
PATH=$(dirname "$KITH"):$PATH
for shell in bash zsh fish; do
    kith help --completion "$shell"
    exits 0
    cp "$work/out" "$work/completion.$shell"
    command -v "$shell" >/dev/null && expect "$shell" -n "$work/completion.$shell"
done
kith help --completion tcsh
exits 2
complains "--completion takes bash, zsh or fish, not 'tcsh'"

it "completes in bash"
complete_in_bash() { # the words of a line, the last one unfinished
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kith "$1"; printf "%s\n" "${COMPREPLY[@]}"' \
        "$work/completion.bash" "$@"
}
expect test "$(complete_in_bash kith module ena)" = enable
expect test "$(complete_in_bash kith create contact birth)" = birthday=
expect test -z "$(complete_in_bash kith create contact city = B)"

it "completes in fish"
if command -v fish >/dev/null; then
    expect test "$(HOME=$work fish -c "source $work/completion.fish; complete -C 'kith module ena'" |
        cut -f 1)" = enable
else
    skip "fish is not installed"
fi

finish
