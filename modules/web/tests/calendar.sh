#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A seller's calendar by a link, as programs subscribe to it: read by one of them (ical.js).
. "$(dirname "$0")/web.bash"

subscribe() { # what the link gives now, in $work/feed, and as it is read, in $work/out
    token=
    api GET "/l/${link##*/}"
    cp "$work/out" "$work/feed"
    [ -z "${tools-}" ] || kith_reads
}
kith_reads() { node "$tools/read.mjs" "$work/feed" >"$work/out" 2>"$work/err" || fail "the calendar cannot be read"; }
day() { date -u -d "$1" +%Y-%m-%dT10:00:00Z; }

new_web_company 'address = "https://crm.example.org";'
"$KITH" module enable commerce >/dev/null && "$KITH" module enable sales >/dev/null || exit 1
"$KITH" create role name=seller rights='{"types": {"*": {"read": "all", "create": "all", "update": "all"}}, "actions": ["sales.*", "link.*"]}' >/dev/null
"$KITH" user add sam --role seller >/dev/null
seller=$(new_token sam)
sam=$("$KITH" find "user where login = 'sam'" --json | json_text id)
serve_web
ada=$(create contact name="Ada; Lövelace, Ltd")
long="Zum Gespräch über das Angebot; zwei, drei Fragen\\ und noch ein sehr langer Satz mit Umlauten äöüäöüäöüäöüäöüäöüäöüäöü"
talk=$(create interaction channel=meeting planned=true owner="$sam" contact="$ada" at="$(day +2days)" duration=45m \
    subject="$long" body="$(printf 'One\nTwo, three; four')")
task=$(create task title="Call back" assignee="$sam" due="$(day +3days)" priority=high)
create task title="Not mine" due="$(day +3days)" >/dev/null
create interaction channel=call planned=true at="$(day +2days)" subject="Nobody's" >/dev/null
create interaction channel=meeting planned=true owner="$sam" at="$(day +900days)" subject="Far away" >/dev/null
room=$(create resource name="Room 12")
booking=$(create booking resource="$room" contact="$ada" owner="$sam" from="$(day +4days)" to="$(day +5days)")

it "is read by a program that others wrote"
with_npm ical || tools=

it "is a file on the command line"
KITH_TOKEN=$seller kith sales.calendar
exits 0
prints "BEGIN:VCALENDAR"

it "is a calendar to whoever has the link, with appointments, tasks that are due and bookings"
link=$(KITH_TOKEN=$seller "$KITH" link.create action=sales.calendar expires_in=3650d --json | json_text link)
subscribe
answers 200
answers_header 'content-type: text/calendar; charset=utf-8'
answers_header 'content-disposition: inline; filename="calendar.ics"'
expect grep -q "^UID:$talk@interaction.kith" "$work/feed"
if [ -n "$tools" ]; then
    prints_lines 3
    prints "\"uid\":\"$talk@interaction.kith\",\"at\":\"$(day +2days)\",\"to\":\"$(day +2days | sed s/10:00/10:45/)\""
    prints "\"summary\":\"${long//\\/\\\\} (Ada; Lövelace, Ltd)\""
    prints '"text":"One\nTwo, three; four"'
    prints "\"is\":\"vevent\",\"uid\":\"$task@task.kith\",\"at\":\"$(day +3days)\""
    prints "\"uid\":\"$booking@booking.kith\",\"at\":\"$(day +4days)\",\"to\":\"$(day +5days)\""
    prints '"place":"Room 12"'
    prints '"state":"TENTATIVE"'
fi

it "is the same for as long as nothing is changed, and tells what was by the same name"
cp "$work/feed" "$work/before"
subscribe
expect cmp -s "$work/feed" "$work/before"
"$KITH" update interaction "$talk" at="$(day +6days)" >/dev/null
subscribe
expect grep -q "^UID:$talk@interaction.kith" "$work/feed"
if [ -n "$tools" ]; then prints "\"uid\":\"$talk@interaction.kith\",\"at\":\"$(day +6days)\""; fi

it "has nothing that was cancelled, done or deleted"
"$KITH" update booking "$booking" state=cancelled >/dev/null
"$KITH" update task "$task" state=done >/dev/null
"$KITH" delete interaction "$talk" >/dev/null
subscribe
answers 200
expect test "$(grep -c '^BEGIN:V[ET]' "$work/feed")" -eq 0
expect grep -q '^END:VCALENDAR' "$work/feed"

it "gives tasks as to-dos to who wants them so"
create task title="Send papers" assignee="$sam" due="$(day +3days)" >/dev/null
link=$(KITH_TOKEN=$seller "$KITH" link.create action=sales.calendar args='{"tasks":"todos"}' --json | json_text link)
subscribe
if [ -n "$tools" ]; then prints '"is":"vtodo"'; fi
expect grep -q '^DUE:' "$work/feed"

it "is nobody's any more when its owner is blocked"
"$KITH" update user "$sam" blocked=true >/dev/null
subscribe_code=$(token= && api GET "/l/${link##*/}" && echo "$code")
expect test "$subscribe_code" -eq 410
stop_server
finish
