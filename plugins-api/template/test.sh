#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Loads the module into a company of its own and exercises it: ./test.sh build/visit.so
# KITH names the program when it is not in the PATH.
set -u
kith=$(command -v "${KITH:-kith}") || { echo "there is no ${KITH:-kith}: set KITH or PATH"; exit 2; }
module=$(realpath "${1:-build/visit.so}") || exit 2
work=$(mktemp -d) && cd "$work" || exit 2
trap 'rm -rf "$work"' EXIT
failed=0

# expect WHAT TEXT COMMAND...: the command's output has the text in it, whatever its exit code.
expect() {
    what=$1 text=$2
    shift 2
    out=$("$@" 2>&1)
    case $out in
        *"$text"*) echo "ok     $what" ;;
        *) echo "FAILED $what"; echo "  expected: $text"; echo "  found:    $out"; failed=1 ;;
    esac
}
id() { sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | head -n 1; }

expect "it passes the checks" "one export: ok" "$kith" module inspect "$module"
"$kith" init company >/dev/null && cd company || exit 2
expect "it can be enabled" "The module visit is enabled." "$kith" module enable "$module"
anna=$("$kith" create contact name=Anna --json | id)

one=$("$kith" create visit title=First contact="$anna" day=2031-05-05 --json | id)
expect "a record gets its defaults" '"state":"planned"' "$kith" get visit "$one" --json

expect "a series is planned" '"planned":3' "$kith" run visit.plan contact="$anna" title=Next \
    first=2031-06-02 times=3 --json
expect "a report counts what is to come" ",4" "$kith" report visit.planned --csv
expect "a series of nothing is refused" "times: '0' is out of its range: 1 to 100" "$kith" run visit.plan \
    contact="$anna" title=Next first=2031-06-02 times=0
expect "so is one of days and a half" "every is whole days" "$kith" run visit.plan \
    contact="$anna" title=Next first=2031-06-02 every=36h

echo 'visit: { per_day = 1; };' >conf.d/test.conf
expect "a full day is refused, and the message names the setting" \
    "That day is full: 1 are planned for it already, as many as conf.d/test.conf:1: visit.per_day" \
    "$kith" create visit title=Second contact="$anna" day=2031-05-05
expect "a series that meets a full day is refused" "That day is full" "$kith" run visit.plan \
    contact="$anna" title=Other first=2031-04-28
expect "and leaves nothing behind" 0 "$kith" find "visit where title = 'Other' : count()"

tx=$("$kith" update visit "$one" state=done --json | sed -n 's/.*"transaction":"\([^"]*\)".*/\1/p')
expect "what took place is in the contact's history" First "$kith" find \
    "interaction where contact = '$anna'"
"$kith" undo "$tx" >/dev/null
expect "undo takes it out again" 0 "$kith" find "interaction : count()"
[ "$failed" -eq 0 ] && echo "all passed"
exit "$failed"
