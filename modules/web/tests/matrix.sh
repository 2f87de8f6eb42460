#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Who may what: every route, as every kind of caller, on records of theirs and of others.
. "$(dirname "$0")/web.bash"

new_user() { # NAME REACH TEAM: its role reaches as far
    local role
    role=$("$KITH" create role name="$1" --json \
        rights="{\"types\": {\"contact\": {\"create\": \"own\", \"read\": \"$2\", \"update\": \"$2\", \"delete\": \"$2\"}, \"saved_query\": {\"read\": \"all\"}}, \"actions\": [\"record.merge\"]}" | json_text id)
    "$KITH" create user login="$1" name="$1" roles="$role" teams="$3" --json | json_text id
}
tokens_of() { # LOGIN USER-ID
    echo "$1 $(new_token "$1") $2"
}

new_web_company
inner=$("$KITH" create team name=Inner --json | json_text id)
outer=$("$KITH" create team name=Outer --json | json_text id)
own=$(new_user own own "$outer")
page=$(new_user page own "$outer")
team=$(new_user team team "$inner")
mate=$(new_user mate own "$inner")
all=$(new_user all all "$outer")
me=$("$KITH" find user --json | sed -n 's/.*"id":"\([^"]*\)".*"login":"root".*/\1/p')
"$KITH" create saved_query name=everybody shared=true query="contact order by -created limit 100" >/dev/null
{
    echo "admin $root $me"
    echo "reader $(new_token root --read-only) $me"
    echo "typed $(new_token root --types account) $me"
    echo "actor $(new_token root --actions segment.refresh) $me"
    tokens_of own "$own"
    tokens_of page "$page"
    tokens_of team "$team"
    tokens_of mate "$mate"
    tokens_of all "$all"
} >tokens
echo "a long walk in the rain" | "$KITH" user password page >/dev/null
cc -E -P -I "$here/../../../plugins-api/include" "$here/../route.c" >routes 2>/dev/null
serve_web

it "answers each kind of caller on each route as is declared"
python3 "$here/matrix.py" "$port" routes tokens >"$work/out" 2>"$work/err"
code=$? last=(matrix.py)
exits 0
prints " callers"

stop_server
finish
