#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first administrator, by a link that is good once; invitations; the pages for people.
. "$(dirname "$0")/people.bash"

good="correct horse battery"
new_company
"$KITH" module enable web >/dev/null || exit 1
echo 'web: { grant = ["serve:users"]; listen = ["127.0.0.1:0"]; };' >conf.d/web.conf
token=
code_of_log() { sed -n 's/.*\/setup?code=\(kithi_[A-Za-z0-9_-]*\).*/\1/p' "$work/serve.log" | tail -n 1; }
set_up() { # CODE LOGIN PASSWORD
    token=
    api POST setup "{\"code\":\"$1\",\"login\":\"$2\",\"password\":\"$3\"}" "$json"
}

it "shows a link when nobody can sign in, another one each time, and the last is good"
serve_web
expect grep -q "whoever opens http://127.0.0.1:$port/setup?code=kithi_.* becomes the first administrator" "$work/serve.log"
former=$(code_of_log)
kith reload
port=$(listening http)
first=$(code_of_log)
expect test "$first" != "$former"
set_up "$former" boss "$good"
answers 403
prints "unknown, was used, or has expired"
set_up "${first%?}" boss "$good"
answers 403
set_up "" boss "$good"
answers 403

it "has the link be good again when the password is not taken"
set_up "$first" boss short
answers 422
prints "at least 10 characters"
prints '"field":"password"'
set_up "$first" boss "Password1234"
answers 422
set_up "$first" "" "$good"
answers 422
prints '"field":"login"'
kith find "user : count()"
prints_exactly 0

it "refuses it from pages of others, and as a form"
api POST setup "{\"code\":\"$first\",\"login\":\"boss\",\"password\":\"$good\"}" "$json" "Origin: https://evil.example"
answers 403
api POST setup "{\"code\":\"$first\",\"login\":\"boss\",\"password\":\"$good\"}" "Content-Type: text/plain"
answers 415

it "makes whoever has it an administrator, once"
set_up "$first" boss "$good"
answers 204
set_up "$first" other "$good"
answers 403
sign_in boss "$good"
answers 201
prints '"admin":true'
kith find "user : count()"
prints_exactly 1
kith doctor
exits 0

it "shows no link to anybody from then on"
stop_server
serve_web
expect test -z "$(code_of_log)"
kith user invite
exits 1
complains "say whom"
stop_server

it "gives a link on the command line, too, for as long as nobody can sign in"
new_company
"$KITH" module enable web >/dev/null
echo 'web: { grant = ["serve:users"]; listen = ["127.0.0.1:0"]; };' >conf.d/web.conf
serve_web
first=$(code_of_log)
kith user invite --json
link=$(json_text code <"$work/out")
set_up "$first" boss "$good"
answers 403
"$KITH" create role name=administrator rights='{"admin": true}' >/dev/null
"$KITH" user add root --role administrator >/dev/null
set_up "$link" boss "$good"
answers 403
kith find "user where login = 'boss' : count()"
prints_exactly 0

it "invites a user, who sets a password by the link, once"
"$KITH" user add anna >/dev/null
kith user invite nobody
complains "there is no user"
kith user invite anna --json
prints '"url":null'
kith user invite anna
prints "/setup?code=kithi_"
prints "web.address does not say"
link=$(sed -n 's/.*code=//p' "$work/out")
"$KITH" user add ben >/dev/null
set_up "$link" ben "$good"
answers 403
set_up "$link" anna "$good"
answers 204
sign_in anna "$good"
answers 201
prints '"admin":false'
set_up "$link" anna "another fine phrase"
answers 403

it "lets one who has forgotten the password set another, and ends their sessions"
former=$("$KITH" user invite anna --json | json_text code)
link=$("$KITH" user invite anna --expires 2h --json | json_text code)
set_up "$former" anna "another fine phrase"
answers 403
set_up "$link" anna "another fine phrase"
answers 204
in_session GET session
answers 401
sign_in anna "another fine phrase"
answers 201
kith user invite anna --expires 90d
exits 2
complains "from 1m to 30d"
kith access log --event invite
prints "set the password by an invitation"

it "serves pages that run no script but their own, and hold nothing"
for page in sign-in setup "setup?code=$link" account; do
    api GET "/$page"
    answers 200
    answers_header 'content-type: text/html; charset=utf-8'
    answers_header "content-security-policy: default-src 'none'; script-src 'self'; .*frame-ancestors 'none'"
    answers_header 'referrer-policy: no-referrer'
    answers_header 'x-frame-options: DENY'
    prints '<script src="/people.js" defer></script>'
    prints_not "kithi_"
    ! grep -qE ' (style|on[a-z]+)=|<style|<script>' "$work/out" || fail "something in the page that its policy forbids"
done
api GET /people.js
answers 200
answers_header 'content-type: text/javascript; charset=utf-8'
prints_not innerHTML
api GET /people.css
answers_header 'content-type: text/css; charset=utf-8'
api GET /people
answers 404
api POST /sign-in
answers 405

stop_server

it "gives the whole link where it is known by which address people come"
sed -i 's#web: {#web: { address = "https://crm.example.org/";#' conf.d/web.conf
kith user invite anna --json
exits 0
prints '"url":"https://crm.example.org/setup?code=kithi_'
kith user invite anna
prints "https://crm.example.org/setup?code=kithi_"

finish
