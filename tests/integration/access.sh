#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Users on the command line: each sees and does what their roles say, through the server and
# without, and nothing tells of what they may not see.
here=$(realpath "$(dirname "$0")")
. "$here/lib.bash"
unset KITH_TOKEN
new_company

north=$(create team name=North) south=$(create team name=South)
create role name=seller rights='{"types": {
    "contact": {"create": "own", "read": "team", "update": "own", "delete": "own",
                "fields": {"birthday": "none", "lifecycle": "read"}},
    "task": {"create": "own", "read": "own", "update": "own"},
    "user": {"read": "all"}}}' >/dev/null
kith user add anna --name "Anna Schmidt" --team North --role seller
kith user add ben --name "Ben Meyer" --team North,South --role seller
id_of() { "$KITH" find "user where login = '$1'" --json | json_text id; }
anna=$(id_of anna) ben=$(id_of ben)
token_of() { "$KITH" token add "$@" --json | json_text token; }
anna_token=$(token_of anna --name test) ben_token=$(token_of ben --name test)
as() { # LOGIN-TOKEN COMMAND ...: runs it as that user
    local token=$1
    shift
    last=("$@")
    KITH_TOKEN=$token "$KITH" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
}
ours=$(create contact name="Team Mate" birthday=1990-05-05 owner="$ben")
theirs=$(create contact name="Stranger Danger" birthday=1980-01-01)
as "$anna_token" create contact name="My Own" email=own@example.org --json
mine=$(json_text id <"$work/out")

surfaces() { # everything that anna may not learn, by every command
    it "$1: lists, counts and exports hold what the roles reach"
    as "$anna_token" find contact
    exits 0
    prints "My Own"
    prints "Team Mate"
    prints_not "Stranger"
    as "$anna_token" find "contact : count()"
    prints_exactly 2
    as "$anna_token" find contact --csv
    prints_not birthday
    as "$anna_token" find contact --json
    prints_lines 2
    prints_not birthday
    as "$anna_token" export contact
    prints_lines 3
    prints_not Stranger
    prints_not birthday
    as "$anna_token" export contact --format vcard
    prints "FN:My Own"
    prints_not BDAY
    prints_not Stranger

    it "$1: a search finds what may be read"
    as "$anna_token" search Stranger
    prints_not Stranger
    as "$anna_token" search mate --json
    prints "$ours"
    prints_not birthday

    it "$1: the page of a record shows what may be read of it and around it"
    as "$anna_token" view contact "$mine"
    exits 0
    prints "My Own"
    as "$anna_token" view contact "$ours" --json
    exits 0
    prints_not birthday
    prints_not 1990
    as "$anna_token" view contact "$theirs"
    exits 3

    it "$1: a record that may not be seen is like one that never was"
    as "$anna_token" get contact "$theirs"
    exits 3
    cp "$work/err" "$work/hidden"
    as "$anna_token" get contact "${theirs%?}Z"
    expect cmp -s <(sed "s/$theirs/ID/" "$work/hidden") <(sed "s/${theirs%?}Z/ID/" "$work/err")
    for command in "update contact $theirs name=x" "delete contact $theirs" "why contact $theirs name" \
        "history contact $theirs" "create task title=x about=contact/$theirs"; do
        # shellcheck disable=SC2086 # words
        as "$anna_token" $command
        exits 3
        prints_not Stranger
    done

    it "$1: a closed field is absent everywhere and nothing goes by it"
    as "$anna_token" get contact "$ours" --json
    prints "Team Mate"
    prints_not birthday
    as "$anna_token" get contact "$ours"
    prints_not 1990
    as "$anna_token" history contact "$ours"
    prints "name: Team Mate"
    prints_not 1990
    as "$anna_token" why contact "$ours" birthday
    exits 4
    for query in "contact where birthday = '1990-05-05'" "contact order by birthday" \
        "contact group by birthday : count()" "contact : min(birthday)" \
        "task where state = 'open' and exists(contact where birthday is null)"; do
        as "$anna_token" find "$query"
        expect test "$code" -ne 0
        prints_not 1990
    done
    as "$anna_token" find contact --fields name,birthday
    exits 4
    complains "you may not read contact.birthday"
    as "$anna_token" export contact --fields birthday
    exits 4

    it "$1: writes are held to the roles"
    as "$anna_token" update contact "$ours" city=Bonn
    exits 4
    as "$anna_token" update contact "$mine" city=Bonn
    exits 0
    as "$anna_token" update contact "$mine" lifecycle=customer
    exits 4
    complains "may not write contact.lifecycle"
    as "$anna_token" update contact "$mine" owner="$ben"
    exits 4
    as "$anna_token" create contact name=X owner="$ben"
    exits 4
    as "$anna_token" create role name=x
    exits 4
    as "$anna_token" update user "$anna" roles=
    exits 4

    it "$1: an import is held to them, too, and does not find what is hidden"
    printf 'name,city\nStranger Danger,Ulm\nMy Own,Ulm\nNew One,Ulm\n' >"$work/people.csv"
    as "$anna_token" import contact "$work/people.csv" --key name
    exits 0
    prints "created      2"
    prints "updated      1"
    kith find "contact where name = 'Stranger Danger' and city = 'Ulm' : count()"
    prints_exactly 1
    as "$anna_token" log --limit 1 --json
    as "$anna_token" undo "$(json_text id <"$work/out")"
    exits 0

    it "$1: what is for administrators is refused"
    for command in doctor check "deadletter list" "rule list" "module list" "access log" "user add x"; do
        # shellcheck disable=SC2086 # words
        as "$anna_token" $command
        expect test "$code" -ne 0
    done

    it "$1: the log and undo are about one's own transactions"
    as "$anna_token" log
    prints "user:anna"
    prints_not "cli:"
    other=$(kith create task title=t >/dev/null; "$KITH" log --limit 1 --json | json_text id)
    as "$anna_token" undo 0SA818NN40003
    exits 3
    sed "s/0SA818NN40003/$other/" "$work/err" >"$work/nobodys"
    as "$anna_token" undo "$other"
    exits 3
    expect cmp "$work/nobodys" "$work/err"
}

surfaces "alone"
serve
surfaces "served"

it "shows a task to its owner and to whoever is to do it, who may not delete it"
as "$ben_token" create task title="Call them back" assignee="$anna" --json
call=$(json_text id <"$work/out")
as "$anna_token" find task
prints "Call them back"
as "$anna_token" update task "$call" state=done
exits 0
as "$anna_token" delete task "$call"
complains "may not delete this task"
kith access explain anna task "$call"
prints "anna is its assignee"
as "$ben_token" update task "$call" assignee="$ben"
exits 0
as "$anna_token" get task "$call"
complains "there is no task"

it "sharing a record with a team opens it to the team at once"
as "$ben_token" find "contact where name = 'Stranger Danger' : count()"
prints_exactly 0
share=$(create share record="contact/$theirs" team="$south")
as "$ben_token" get contact "$theirs"
exits 0
as "$anna_token" get contact "$theirs"
exits 3
kith delete share "$share"
as "$ben_token" get contact "$theirs"
exits 3

it "a user may share what they may update, and nothing else"
as "$anna_token" create share record="contact/$mine" team="$south"
expect test "$code" -ne 0 # she may not see teams
kith find role --json
kith update role "$(json_text id <"$work/out")" rights='{"types": {"contact": {"create": "own", "read": "team", "update": "own"}, "team": {"read": "all"}}}'
exits 0
as "$anna_token" create share record="contact/$mine" team="$south"
exits 0
as "$anna_token" create share record="contact/$ours" team="$south"
exits 4

it "a page is shown though the time by which it is sorted is closed"
kith find role --json
kith update role "$(json_text id <"$work/out")" rights='{"types": {"contact": {"create": "own", "read": "team", "update": "own"}, "interaction": {"create": "own", "read": "own", "fields": {"at": "none"}}}}'
exits 0
as "$anna_token" create interaction channel=call contact="$mine" subject=Hello
as "$anna_token" get contact "$mine"
exits 0
prints Hello

it "a saved query is for its owner, when it is shared for all who may read saved queries"
kith create saved_query name=secret query="contact where city = 'Ulm'"
as "$anna_token" find @secret
exits 3
complains "there is no report or saved query 'secret'"
kith find role --json
kith update role "$(json_text id <"$work/out")" rights='{"types": {"contact": {"create": "own", "read": "team", "update": "own"}, "saved_query": {"create": "own", "read": "all", "update": "own"}}}'
exits 0
as "$anna_token" create saved_query name=hers query="contact order by name" --json
hers=$(json_text id <"$work/out")
as "$ben_token" find @hers
exits 3
complains "there is no report or saved query 'hers'"
as "$ben_token" export @hers
exits 3
as "$anna_token" find @hers
exits 0
prints "My Own"
as "$anna_token" update saved_query "$hers" shared=true
as "$ben_token" export @hers --fields name # with the rights of who asks
exits 0
prints_not "Stranger"
prints "My Own"
as "$ben_token" update saved_query "$hers" query=contact
exits 4

it "a role that names what is not there is refused with the place"
kith create role name=bad rights='{"types": {"contact": {"reed": "all"}}}'
exits 2
complains "rights.types.contact: there is no 'reed' here; did you mean 'read'?"
kith role check
exits 0

it "signs in with a password from a pipe, and refuses a weak or a wrong one"
kith_stdin user password anna < <(echo "correct horse battery")
exits 0
kith_stdin user password anna < <(echo "password123")
exits 1
kith_stdin find contact --user anna < <(echo "correct horse battery")
exits 0
prints "My Own"
kith_stdin find contact --user anna < <(echo "wrong")
exits 4
complains "the login or the password is wrong"
kith_stdin user password anna --user anna < <(printf 'correct horse battery\nanother fine phrase\n')
exits 0
kith_stdin find contact --user anna < <(echo "another fine phrase")
exits 0
kith_stdin user password ben --user anna < <(printf 'another fine phrase\nanother fine phrase\n')
exits 4

it "a token is narrower than its user, read from a file, and worthless once revoked"
token_of anna --read-only --types task >"$work/token"
kith find "contact : count()" --token-file "$work/token"
prints_exactly 0
kith create task title=x --token-file "$work/token"
exits 4
kith token add --token-file "$work/token"
exits 4
printf 'name\nBo\n' >"$work/names.csv"
kith import task "$work/names.csv" --token-file "$work/token"
exits 4
complains "only reads here"
token_of anna --expires 1h >"$work/short"
kith token add --token-file "$work/short"
exits 4
complains "a token makes no further tokens"
kith token list anna --json
number=$(sed -n 's/.*"number":\([0-9]*\).*"read; task".*/\1/p' "$work/out")
kith token revoke "$number"
exits 0
kith find contact --token-file "$work/token"
exits 4
complains "the token is unknown, was revoked, or has expired"
KITH_TOKEN="" kith find contact
exits 2
as "$anna_token" explain contact.city
exits 0
KITH_TOKEN=$anna_token kith backup "$work/b.tar"
expect test "$code" -ne 0

it "what followed from a write stays when that is not for the caller to take back"
as "$anna_token" create contact name="Points At" email=points@example.org --json
points=$(json_text id <"$work/out")
made=$("$KITH" log --type contact --limit 1 --json 2>/dev/null | json_text id)
last_write() { "$KITH" log --limit 1 --json 2>/dev/null | json_text id; }
token_of anna --types task >"$work/token"
kith undo "$made" --token-file "$work/token"
expect test "$code" -ne 0
expect test "$(last_write)" = "$made"
as "$anna_token" undo "$made" # her role lets her delete nothing any more
expect test "$code" -ne 0
complains "may not delete this contact"
expect test "$(last_write)" = "$made"
kith find "contact_point where contact = '$points' : count()"
prints_exactly 1
kith undo "$made"
exits 0

it "an administrator sees with a user's eyes, for a reason that is logged, and writes nothing"
kith find contact --as anna
exits 2
kith find contact --as anna --reason "ticket 7"
exits 0
prints_not Stranger
kith update contact "$mine" city=Ulm --as anna --reason "ticket 7"
exits 4
complains "only reads here: by a read-only token, or by --as"
as "$(token_of anna --name reader --read-only)" update contact "$mine" city=Ulm
exits 4
complains "user:anna only reads here"
kith create segment name=ulmers query="contact where city = 'Ulm'"
kith update contact "$mine" city=Ulm
kith view contact "$mine"
prints "segment.entered ulmers"
as "$anna_token" view contact "$mine"
prints "segment.entered"
prints_not "ulmers"
as "$anna_token" update contact "$mine" city=Bonn --rehearse
prints_not "ulmers"
kith update contact "$mine" city=
kith token add anna --as anna --reason x
exits 4
kith token revoke 1 --as anna --reason x
exits 4
echo "another fine phrase" | "$KITH" user password anna --as anna --reason x 2>"$work/err"
complains "only reads"
as "$anna_token" find contact --as ben --reason x
exits 4

it "a reason of what is done is one for --as, too, and who may not erase is named"
kith erase contact "$mine" --reason "request 7" --as anna --rehearse
exits 4
complains "as user:anna"
kith access log --event view-as
prints "request 7"
as "$anna_token" erase contact "$mine" --reason x --rehearse
exits 4
complains "user:anna may not call record.erase"
as "$anna_token" erase contact "$mine" --reason x
exits 4
complains "user:anna may not call record.erase"

it "tells who read a record, and why somebody may"
kith access log --record "$ours"
prints "user:anna"
prints "user:anna  read"
kith access log --user anna --limit 1000
prints "ticket 7"
prints "failed"

it "answers what an auditor asks, each by one command"
before=2000-01-01
kith access log --record "$ours" --since "$before" --until 2099-01-01
prints "user:anna  read"
kith access log --record "$ours" --until "$before"
prints "Nothing of this is logged"
kith export contact "$work/all.csv"
exits 0
kith access log --event export --type contact --over 1 --since "$before"
prints "export contact"
prints_not "read"
kith export contact /dev/full
expect [ "$code" != 0 ]
kith access log --event export --type contact --since "$before"
prints "contact, broken off"
kith access log --event export --over 1000000
prints "Nothing of this is logged"
kith find contact --json
exits 0
seq 1 120 | sed 's/^/many /; 1i name' >"$work/many.csv"
kith import contact "$work/many.csv"
exits 0
kith find "contact where name like 'many%' and city is null" --json
exits 0
kith find "contact where name like :n: count()" --param n=many%
kith access log --event export --over 100 --json
prints "\"asked\":\"find contact where name like 'many%' and city is null\""
prints '"count":120'
prints_not ": count()"
kith access log --event failed --since "$before"
prints "somebody  failed  anna"
kith access log --event sign-in --user anna
prints "user:anna  sign-in  password"
prints "user:anna  sign-in  token"
kith log --type role --since "$before"
prints "role seller"
prints_not "contact"
kith backup "$work/all.tar"
exits 0
kith access log --event backup
prints "$work/all.tar"
kith access log --since yesterday
exits 2
complains "--since takes a day, 2026-03-01"

it "logs every way to read personal data, and no way to count or to explain"
printf 'name,city\nMy Own,Ulm\n' >"$work/people.csv"
read_by() { # COMMAND ...: the newest entry of the log is by this command
    as "$anna_token" "$@"
    exits 0
    kith access log --user anna --limit 1 --json
    prints "\"asked\":\"$1 $2"
}
unlogged() { # the newest entry stays what it was
    "$KITH" access log --user anna --event read --limit 1 >"$work/before"
    as "$anna_token" "$@"
    exits 0
    kith access log --user anna --event read --limit 1
    expect cmp -s "$work/out" "$work/before"
}
as "$anna_token" update contact "$mine" city=Ulm --json
change=$(json_text transaction <"$work/out")
as "$anna_token" create saved_query name=people query="contact limit 3"
read_by find "contact limit 7"
read_by get contact "$mine"
read_by find "contact limit 8" --fields id
read_by get contact "$mine" --as-of "$change"
read_by find @people
read_by view contact "$mine"
read_by search own
read_by history contact "$mine"
read_by export contact
read_by why contact "$mine" city
read_by find "contact : min(birthday)"
read_by find "contact group by email"
read_by update contact "$mine" city=Bonn --rehearse
read_by undo "$change" --rehearse
read_by import contact "$work/people.csv" --key name --rehearse
kith create segment name=hired kind=rented query=contact uses_max=9
kith run segment.add segment=hired query="contact where name = 'My Own'"
kith create role name=caller rights='{"types": {"segment": {"read": "all", "update": "all"}}, "actions": ["segment.*"]}' --json
kith update user "$anna" roles="$("$KITH" find "role where name in ('seller', 'caller')" --json | sed -n 's/.*"id":"\([^"]*\)".*/\1/p' | paste -sd,)"
exits 0
read_by run segment.use segment=hired
prints "$mine"
unlogged find "contact where city = 'Ulm' : count()"
unlogged find "contact where city = 'Ulm'" --explain
unlogged explain contact.city
kith access explain anna contact "$ours"
prints "its owner Ben Meyer is in team North"
kith access explain anna contact "$theirs" --json
prints '"read":{"may":false'
stop_server

it "keeps a login that is given out again apart from the one who had it"
kith user add eve --role seller
eve=$(id_of eve) eve_token=$(token_of eve)
as "$eve_token" create contact name="Eve's Own"
exits 0
as "$eve_token" find contact
prints "Eve's Own"
as "$eve_token" log
prints "Eve's Own"
kith delete user "$eve"
exits 0
kith user add eve --role seller
as "$(token_of eve)" log
prints "Nothing was written yet"
kith access log --user eve
prints_not "find contact"
kith access log --user "$eve"
prints "find contact"
kith log --json
prints "\"actor\":\"user:eve\",\"user\":\"$eve\""

it "logs what an administrator is shown of the past, by a token, and without where all is logged"
admin=$(create role name=boss rights='{"admin": true}')
create user login=boss name=Boss roles="$admin" >/dev/null
boss_token=$(token_of boss)
for command in "history contact $mine" "history contact $mine --field city" "why contact $mine city"; do
    # shellcheck disable=SC2086 # words
    as "$boss_token" $command
    exits 0
    kith access log --user boss --limit 1 --json
    prints "\"asked\":\"${command%% --*}\""
    prints "$mine"
done
past=$(create contact name=Past)
kith delete contact "$past"
echo 'access: { log = "all"; };' >conf.d/access.conf
kith history contact "$past"
prints Past
kith access log --limit 1 --json
prints "\"asked\":\"history contact $past\""
rm conf.d/access.conf

it "tells nobody whose data are restricted who may not read the contact"
kith run restriction.set contact="$theirs" reason="disputes it"
create role name=clerk rights='{"types": {"contact": {"read": "all", "update": "all", "delete": "all"}},
    "actions": ["record.merge", "record.erase"]}' >/dev/null
kith user add carl --role clerk
carl_token=$(token_of carl)
for command in "merge contact $theirs $mine" "merge contact $mine $theirs --rehearse" \
    "erase contact $theirs --reason x" "run record.erase record=contact/$theirs reason=x"; do
    # shellcheck disable=SC2086 # words
    as "$carl_token" $command
    exits 3
    complains "there is no contact $theirs"
done
kith merge contact "$mine" "$theirs" --rehearse
complains "the data of contact $theirs are restricted"
kith erase contact "$theirs" --reason x
complains "the data of contact $theirs are restricted"
kith run restriction.lift contact="$theirs" reason="settled"

it "counts what may be seen, and says of the rest that there is some"
kith find role --json
kith update role "$(json_text id <"$work/out")" rights='{"types": {"contact": {"create": "own", "read": "own", "delete": "own"}}}'
as "$anna_token" create contact name=Linked --json
linked=$(json_text id <"$work/out")
for i in 1 2 3 4 5; do create task title="secret $i" about="contact/$linked" >/dev/null; done
as "$anna_token" delete contact "$linked" --rehearse
prints "Rehearsal: 1 effect and others that you may not see, nothing was kept."
as "$anna_token" delete contact "$linked" --rehearse --json
prints '"reactions":null,"others":true'
as "$anna_token" delete contact "$linked" --json
gone=$(json_text transaction <"$work/out")
as "$anna_token" log --limit 1 --json
prints '"changes":1,'
kith log --limit 1 --json
prints '"changes":6,'
as "$anna_token" undo "$gone"
prints "Reversed: 1"
prints "There are others that you may not see."
kith undo "$gone" --rehearse --json
prints '"others":false'
as "$anna_token" create contact name=Lost --json
made=$(json_text transaction <"$work/out")
kith delete contact "$(json_text id <"$work/out")"
as "$anna_token" undo "$made"
exits 1
prints "There are others that you may not see."
complains "nothing that you may see can be taken back"

it "takes the roles that the guide for admins begins with"
sed -n '/^```json$/,/^```$/p' "$here/../../docs/guide-admin.md" |
    grep '^{"name"' >"$work/roles.jsonl"
expect test "$(wc -l <"$work/roles.jsonl")" = 5
"$KITH" module enable sales >/dev/null
kith import role "$work/roles.jsonl" --key name
prints "rights              rights"
prints_not "rights.types"
exits 0
prints "created      5"
kith role check
exits 0
kith user add seller --role sales
as "$(token_of seller)" run
prints "sales.convert"

it "lets nobody but administrators write by what a provider tells who a user is"
create role name=helper rights='{"types": {"user": {"read": "all", "update": "all"}}}' >/dev/null
kith user add helpful --role helper
helper_token=$(token_of helpful)
for user in "$ben" "$("$KITH" find "user where login = 'helpful'" --json | json_text id)"; do
    as "$helper_token" update user "$user" language=de
    exits 0
    as "$helper_token" update user "$user" email=mallory@example.org
    exits 4
    complains "email"
done

finish
