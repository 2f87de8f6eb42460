#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# People sign in by login and password, are known by a cookie, and sign out.
. "$(dirname "$0")/people.bash"

good="correct horse battery"
new_web_company
new_person anna "$good"
"$KITH" create role name=seller rights='{"types": {"contact": {"create": "own", "read": "own", "update": "own"}}}' >/dev/null
"$KITH" update user "$("$KITH" find "user where login = 'anna'" --json | json_text id)" roles="$("$KITH" find "role where name = 'seller'" --json | json_text id)" >/dev/null
new_person boss "$good" --role administrator
serve_web

it "signs in whoever has the password, and says who it is and what they may"
sign_in anna "$good"
answers 201
answers_header 'set-cookie: kith=kiths_[A-Za-z0-9_-]{32}; Path=/; HttpOnly; SameSite=Strict'
prints '"login":"anna"'
prints '"admin":false'
prints '"contact":{"create":"own","read":"own","update":"own"}'
prints '"method":"password"'
prints_not kiths_
in_session GET session
answers 200
prints "\"csrf\":\"$csrf\""
expect test -n "$csrf"

it "does in the session what she may, and writes it down as hers"
in_session POST contact '{"name":"Ada Lovelace"}'
answers 201
kith log --json --limit 1
prints '"actor":"user:anna"'
in_session GET contact
prints "Ada Lovelace"
in_session GET modules
answers 403
prints "is for administrators"

it "sounds the same for a wrong password, a wrong login, and a user without a password"
sign_in anna "wrong"
answers 401
unnamed() { sed 's/"request":"[^"]*"//' "$work/out"; }
unnamed >"$work/wrong"
expect test -z "$cookie"
for login in nobody root; do
    sign_in "$login" "$good"
    answers 401
    expect test "$(unnamed)" = "$(cat "$work/wrong")"
done
prints "the login or the password is wrong"

it "names what there is for a member that there is not"
api POST session '{"login":"anna","pasword":"x"}' "$json"
answers 422
prints '"detail":"there is no such member here; it takes login, password, code"'
prints '"field":"pasword"'

it "lets no page of others write in a session, nor sign anybody in"
sign_in anna "$good"
for method in POST PATCH DELETE; do
    path=contact
    [ "$method" = POST ] || path=contact/0SA818NN40003
    api "$method" "$path" '{"name":"Forged"}' "Cookie: $cookie"
    answers 403
    prints "Kith-CSRF"
    api "$method" "$path" '{"name":"Forged"}' "Cookie: $cookie" "Kith-CSRF: ${csrf%?}"
    answers 403
    api "$method" "$path" '{"name":"Forged"}' "Cookie: $cookie" "Kith-CSRF: ${csrf}x"
    answers 403
done
for site in cross-site same-site; do
    in_session POST contact '{"name":"Forged"}' "Sec-Fetch-Site: $site"
    answers 403
    in_session GET contact '' "Sec-Fetch-Site: $site"
    answers 403
    sign_in_from=("Sec-Fetch-Site: $site")
    api POST session "{\"login\":\"anna\",\"password\":\"$good\"}" "$json" "${sign_in_from[@]}"
    answers 403
done
for origin in https://evil.example null "http://127.0.0.1:$port.evil.example" "http://127.0.0.1"; do
    in_session POST contact '{"name":"Forged"}' "Origin: $origin"
    answers 403
    prints "pages of others"
    api POST session "{\"login\":\"anna\",\"password\":\"$good\"}" "$json" "Origin: $origin"
    answers 403
done
in_session POST contact '{"name":"Own"}' "Origin: http://127.0.0.1:$port"
answers 201
in_session POST contact '{"name":"Own"}' "Origin: https://evil.example" "Sec-Fetch-Site: same-origin"
answers 201
kith find "contact where name = 'Forged' : count()"
prints_exactly 0

it "takes a form that a page of others can send for no sign-in"
for type in application/x-www-form-urlencoded text/plain multipart/form-data; do
    api POST session "{\"login\":\"anna\",\"password\":\"$good\"}" "Content-Type: $type"
    answers 415
done
api POST session "{\"login\":\"anna\",\"password\":\"$good\"}"
answers 415

it "has a token need none of that, and a session none of a token's"
token=$root
api POST contact '{"name":"By token"}' "Origin: https://evil.example"
answers 201
api GET session
prints '"csrf":null'
prints '"session":null'
prints '"admin":true'
token=
api GET contact '' "Authorization: Bearer ${cookie#*=}"
answers 401
api GET contact '' "Cookie: ${cookie%%=*}=$root"
answers 401

it "refuses what is sent that is no login"
for body in '' '[]' '{' '"anna"' '{"login":"anna","login":"anna"}'; do
    api POST session "$body" "$json"
    answers 400
done
api POST session '{"login":"anna","pasword":"x"}' "$json"
answers 422
prints '"field":"pasword"'
api POST session '{"login":7,"password":"x"}' "$json"
answers 422
api POST session "{\"login\":\"$(printf 'x%.0s' $(seq 9000))\"}" "$json"
answers 413
api POST session '{}' "$json"
answers 401

it "gives another session with each sign-in, and ends the one that the browser had"
sign_in anna "$good"
former=$cookie
sign_in anna "$good" "" "Cookie: $former"
answers 201
expect test "$cookie" != "$former"
api GET session '' "Cookie: $former"
answers 401
prints "the session has ended"
answers_header 'set-cookie: kith=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0'
sign_in anna "$good" "" "Cookie: kith=kiths_chosenbysomebodyelse0000000000000"
answers 201
expect test "$cookie" != kith=kiths_chosenbysomebodyelse0000000000000

it "signs out, and the cookie is worth nothing any more"
in_session DELETE session
answers 204
answers_header 'set-cookie: kith=; .*Max-Age=0'
in_session GET contact
answers 401
in_session DELETE session
answers 401

it "lists the sessions of whoever asks, and ends one, or all"
kith session revoke --all
exits 0
sign_in boss "$good"
boss=$cookie
sign_in anna "$good"
other=$cookie
sign_in anna "$good"
in_session GET sessions
expect test "$(grep -o '"number"' "$work/out" | wc -l)" -eq 2
prints '"from":"127.0.0.1"'
prints_not kiths_
first=$(sed -n 's/.*\[{"number":\([0-9]*\).*/\1/p' "$work/out")
in_session DELETE "sessions/$first"
answers 200
api GET session '' "Cookie: $other"
answers 401
in_session DELETE "sessions/$((first - 1))" # another's
answers 404
api GET session '' "Cookie: $boss"
answers 200
api DELETE sessions '' "Authorization: Bearer $(new_token anna --types contact)"
answers 403
in_session GET session
answers 200
in_session DELETE sessions
answers 200
prints '{"revoked":1}'
in_session GET session
answers 401

it "has administrators see and end those of others on the command line"
sign_in anna "$good"
kith session list anna
prints "127.0.0.1"
kith session list
prints_lines 3
kith session revoke --of anna
prints "1 session is over."
in_session GET session
answers 401
kith session revoke
exits 2
complains "say which"
kith session revoke 4711
complains "there is no session 4711"

it "ends the sessions of a user whose password is set, and of one who is deleted"
sign_in anna "$good"
echo "another fine phrase" | "$KITH" user password anna >/dev/null
in_session GET session
answers 401
new_person cy "$good"
sign_in cy "$good"
in_session GET session
answers 200
"$KITH" delete user "$("$KITH" find "user where login = 'cy'" --json | json_text id)" >/dev/null
in_session GET session
answers 401

it "lets people set their own password, who say the one of now, and ends their other sessions"
sign_in boss "$good"
other=$cookie
sign_in boss "$good"
in_session PUT account/password "{\"old\":\"wrong\",\"password\":\"four words put together\"}"
answers 403
prints '"field":"old"'
in_session PUT account/password "{\"old\":\"$good\",\"password\":\"Password123\"}"
answers 422
prints "tried first"
in_session PUT account/password "{\"old\":\"$good\",\"password\":\"boss\"}"
answers 422
prints "at least 10 characters"
prints '"field":"password"'
api PUT account/password "{\"old\":\"$good\",\"password\":\"four words put together\"}" "$json" "Cookie: $cookie"
answers 403
token=$(new_token boss)
api PUT account/password "{\"old\":\"$good\",\"password\":\"four words put together\"}" "$json"
answers 403
prints "in a session alone"
in_session PUT account/password "{\"old\":\"$good\",\"password\":\"four words put together\"}"
answers 204
in_session GET session
answers 200
api GET session '' "Cookie: $other"
answers 401
sign_in boss "$good"
answers 401
sign_in boss "four words put together"
answers 201

it "takes passwords over TLS alone, but from this computer, and has the cookie go over TLS then"
away=('X-Forwarded-For: 203.0.113.7')
sign_in ed "$good" "" "${away[@]}" 'X-Forwarded-Proto: https'
answers 403
prints "web.trusted_proxies"
stop_server
sed -i 's/listen = /trusted_proxies = ["127.0.0.0\/8"]; listen = /' conf.d/web.conf
new_person ed "$good"
serve_web
sign_in ed "$good" "" "${away[@]}" 'X-Forwarded-Proto: http'
answers 403
prints "over TLS alone"
away+=('X-Forwarded-Proto: https' 'X-Forwarded-Host: crm.example.org')
sign_in ed "$good" "" "${away[@]}"
answers 201
answers_header 'set-cookie: __Host-kith=kiths_[A-Za-z0-9_-]{32}; Path=/; HttpOnly; SameSite=Strict; Secure'
in_session GET sessions '' "${away[@]}"
answers 200
prints '"from":"203.0.113.7"'
in_session GET session '' 'X-Forwarded-For: 203.0.113.7' 'X-Forwarded-Proto: http'
answers 401
api GET session '' "Cookie: kith=${cookie#*=}" "${away[@]}"
answers 401
in_session POST contact '{}' "${away[@]}" 'Origin: https://evil.example'
answers 403
prints "pages of others"
in_session DELETE session '' "${away[@]}" 'Origin: https://crm.example.org'
answers 204
answers_header 'set-cookie: __Host-kith=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0'
stop_server
sed -i 's/trusted_proxies = [^;]*; //' conf.d/web.conf
serve_web

it "tells nobody what happens when the session has ended in which they listen"
sign_in ed "$good"
answers 201
python3 "$here/listen.py" "$port" "$cookie" >"$work/listened" &
listener=$!
until_lines "$work/listened" 1 || fail "nobody listens"
in_session DELETE session
answers 204
wait "$listener"
expect grep -q ended "$work/listened"

it "keeps sessions over an end of the server, and over a reload"
sign_in boss "four words put together"
stop_server
serve_web
in_session GET session
answers 200
kith reload
port=$(listening http)
in_session GET session
answers 200
prints "\"csrf\":\"$csrf\""
kept=$cookie kept_csrf=$csrf

it "slows down who fails too often, whether the login exists or not, and says for how long"
new_person dora "$good"
for login in dora phantom; do
    for _ in 1 2 3; do sign_in "$login" wrong; done
    answers 401
    sign_in "$login" "$good"
    answers 429
    answers_header 'retry-after: 1'
    prints "too many attempts failed with this login: try again in 1 s"
done

it "slows down an address that fails with many logins, too, and nobody who is in"
for i in $(seq 40); do
    sign_in "guess$i" wrong
    [ "$code" -eq 401 ] || break
done
answers 429
prints "too many attempts failed from this address"
expect test "$(header Retry-After)" -ge 1
cookie=$kept csrf=$kept_csrf
in_session GET session
answers 200

it "answers each of a flood of sign-ins, most of them at once with: later"
python3 "$here/flood.py" "$port" 60 >"$work/flood"
grep -q " 429 " "$work/flood" || fail "nobody was sent away: $(cat "$work/flood")"
! grep -qE " (5..|0) " "$work/flood" || fail "some were not answered: $(cat "$work/flood")"

it "notes who signed in and out, and keeps no text of a session"
in_session DELETE session
kith access log --json --limit 300
prints '"asked":"password, session '
kith access log --event session
prints "ended session"
stop_server
expect test "$server_code" -eq 0
! grep -aq "${cookie#*=}" kith.db* || fail "the text of a session lies in the database"

finish
