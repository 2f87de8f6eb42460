#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# People sign in by OpenID Connect: at a certified provider, and not by what a forger says.
. "$(dirname "$0")/people.bash"

secret="a secret & with %signs"
good="correct horse battery" csrf=

# The provider is installed once into the build folder.
tools=${KITH_BUILD:-$(dirname "$KITH")}/tests/oidc
tools() {
    command -v node >/dev/null && command -v npm >/dev/null || return 1
    mkdir -p "$tools"
    if ! cmp -s "$here/oidc/package.json" "$tools/installed.json"; then
        cp "$here/oidc/package.json" "$tools/package.json"
        (cd "$tools" && npm install --no-package-lock --ignore-scripts --no-audit --no-fund) \
            >"$work/npm.log" 2>&1 || { tail -n 5 "$work/npm.log" && return 1; }
        cp "$tools/package.json" "$tools/installed.json"
    fi
    cp "$here"/oidc/*.mjs "$tools/"
}
begin_provider() { # NAME PORT: $provider is its process, $at its port
    : >"$work/$1.log"
    node "$tools/$1.mjs" "$2" >"$work/$1.log" 2>&1 &
    provider=$!
    servers+=("$provider")
    for _ in $(seq 400); do
        at=$(sed -n 's/^port //p' "$work/$1.log")
        [ -z "$at" ] || return 0
        kill -0 "$provider" 2>/dev/null || break
        sleep 0.05
    done
    cat "$work/$1.log" && exit 1
}
end_provider() { kill "$1" && wait "$1" 2>/dev/null; }
row() { # NAME ISSUER CLIENT [SETTING ...]
    echo "{ name = \"$1\"; issuer = \"$2\"; client_id = \"$3\"; ${*:4} }"
}
visit() { # PROVIDER LOGIN [ARGUMENTS [before]]: what a browser without cookies ends at
    last=("$@")
    rm -f "$work/jar"
    browse "http://127.0.0.1:$port/sign-in/oidc/$1${3:+?$3}" "$2" "${@:4}"
}
browse() { # URL LOGIN: the same with those that it has
    : >"$ANSWER"
    python3 "$here/oidc/browser.py" "$work/jar" "$@" >"$work/out" 2>"$work/err"
    code=$(head -n 1 "$ANSWER")
    code=${code:-0}
}
mode() { request "$forged_at" "" GET "/mode?$1" >/dev/null; }
asked() { request "$forged_at" "" GET /asked | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
lie() { # TOKEN SENTENCE: a token like that signs in nobody
    mode "token=$1"
    visit forged -
    [ "$code" -eq 403 ] || fail "a token that is '$1' was answered with $code"
    prints "$2"
    answers_no_session "$1"
}
answers_no_session() { ! grep -qi '^set-cookie: kith=' "$ANSWER" || fail "a session was given for $1"; }
who() { # LOGIN: it is the session's
    cookie=kith=$(sed -n 's/.*"kith": "\([^"]*\)".*/\1/p' "$work/jar")
    token=
    api GET session '' "Cookie: $cookie"
    answers 200
    prints "\"login\":\"$1\""
}

it "has a provider to be tried against"
if ! tools; then
    if [ -n "${CI-}" ]; then fail "oidc-provider cannot be installed by npm"; else skip "node or npm, or what they should install, is not there"; fi
    finish
fi
begin_provider provider 0
real=$provider real_at=$at
begin_provider forged 0
forged=$provider forged_at=$at
base=http://127.0.0.1:$forged_at
(umask 077 && echo "$secret" >"$work/secret")
rows=$(row real "http://127.0.0.1:$real_at" real "client_secret = \"$secret\";")
for name in elliptic posts; do
    rows+=", $(row $name "http://127.0.0.1:$real_at" $name "client_secret_file = \"$work/secret\";")"
done
rows+=", $(row grouped "http://127.0.0.1:$real_at" grouped "client_secret = \"$secret\"; sign_out = true;
    scopes = \"openid email groups\"; groups = [\"sales = seller\", \"chiefs = boss\"];")"
rows+=", $(row public "http://127.0.0.1:$real_at" public 'claim = "preferred_username";')"
rows+=", $(row forged "$base/forged" kith "client_secret = \"$secret\"; role = \"guest\"; domains = [\"example.org\"];")"
for name in liar inside metadata plain script single; do
    rows+=", $(row $name "$base/$name" kith "client_secret = \"$secret\";")"
done
new_web_company "oidc = ( $rows );"
"$KITH" create role name=guest rights='{"types": {"contact": {"read": "all"}}}' >/dev/null
anna=$(create user login=anna name=Anna email=Anna@example.org)
"$KITH" user add ben >/dev/null
new_person eve "$good" --name Eve
serve_web
expect test "$(grep -c 'listening on' "$work/serve.log")" -eq 1

it "signs in whoever the provider knows by a verified mail address"
visit real anna
answers 200
prints "You are signed in"
answers_header 'set-cookie: kith=kiths_[A-Za-z0-9_-]{32}; Path=/; HttpOnly; SameSite=Strict'
answers_header 'set-cookie: kith-oidc=; .*Max-Age=0'
answers_header "content-security-policy: default-src 'none'.*"
answers_header 'referrer-policy: no-referrer'
who anna
prints '"method":"openid real"'
in_session GET session
csrf=$(json_text csrf <"$work/out")
in_session GET contact
answers 200

it "shows people by which accounts they sign in, and lets go of them for who has a password"
"$KITH" update user --where "login = 'eve'" email=eve@example.org >/dev/null
mode "sub=77&email=eve@example.org"
visit forged -
who eve
prints "\"providers\":[\"$base/forged\"]"
csrf=$(json_text csrf <"$work/out")
in_session POST account/untie '{"password":"not hers at all"}'
answers 403
in_session POST account/untie "{\"password\":\"$good\"}"
answers 204
in_session GET session
answers 200
prints '"providers":[]'
"$KITH" access log --json | grep -qF "untied from providers, and ended other sessions" || fail "it is not in the log"
visit real anna
who anna
csrf=$(json_text csrf <"$work/out")
in_session POST account/untie '{"password":""}'
answers 422
prints "there is no password"
mode ""

it "tells which providers there are, and no more of them"
token=
api GET /sign-in/oidc
answers 200
prints '{"items":[{"name":"real","path":"/sign-in/oidc/real"},{"name":"elliptic",'
prints_not issuer
prints_not secret
api GET /sign-in
prints 'id="providers"'
api GET /people.js
prints 'fetch("/sign-in/oidc")'

it "sends to the provider all that is to come back"
rm -f "$work/jar"
token=
api GET "/sign-in/oidc/real?to=/app"
answers 302
for part in response_type=code client_id=real scope=openid%20email%20profile code_challenge_method=S256 \
    "redirect_uri=http%3A%2F%2F127.0.0.1%3A$port%2Fsign-in%2Foidc%2Freal%2Fcallback"; do
    header Location | grep -q "[?&]$part\(&\|$\)" || fail "$part is not in $(header Location)"
done
for part in state nonce code_challenge; do
    header Location | grep -qE "[?&]$part=[A-Za-z0-9_-]{43}(&|$)" || fail "no $part"
done
first=$(header Location)
answers_header 'set-cookie: kith-oidc=[A-Za-z0-9_-]{400,700}; Path=/; HttpOnly; SameSite=Lax; Max-Age=600'
api GET "/sign-in/oidc/real"
expect test "$(header Location)" != "$first"

it "gives the roles that the provider's groups say, and takes them away"
"$KITH" create role name=boss rights='{"admin": true}' >/dev/null
"$KITH" create role name=seller rights='{"types": {"account": {"read": "all"}}}' >/dev/null
visit grouped gina # of no group that counts
answers 403
prints "there is no user 'gina@example.org'"
visit grouped gina.staff.sales
answers 200
who gina@example.org
prints '"account":{"read":"all"}'
"$KITH" update user "$("$KITH" find "user where login = 'gina@example.org'" --json | json_text id)" \
    roles="$("$KITH" find "role where name in ('seller', 'guest')" --json --fields id | sed 's/.*"id":"\([^"]*\)".*/\1/' | paste -sd,)" >/dev/null
visit grouped gina.chiefs
answers 200
prints "You are signed in"
who gina@example.org
prints '"admin":true'
visit grouped gina
answers 200
who gina@example.org
prints '"admin":false'
prints '"contact":{"read":"all"}' # what was given here stays
prints_not '"account"'
kith history user "$("$KITH" find "user where login = 'gina@example.org'" --json | json_text id)"
prints "boss"

it "leads who signs out here to the provider, and back"
visit grouped anna
answers 200
who anna
in_session GET session
csrf=$(json_text csrf <"$work/out")
in_session DELETE session
answers 204
browse "http://127.0.0.1:$port/sign-in/oidc/grouped/sign-out" nobody # says yes there
answers 200
grep -q 'id="providers"' "$work/out" || fail "it does not end at the page to sign in"
browse "http://127.0.0.1:$port/sign-in/oidc/public" ben # another may sign in now: nobody is known there
answers 200
who ben
token=
api GET /sign-in/oidc/real/sign-out # whose row does not say so
answers 303
answers_header 'location: /sign-in'
api GET /sign-in/oidc/grouped/sign-out
answers_header "location: http://127.0.0.1:$real_at/session/end\?client_id=grouped&post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A$port%2Fsign-in"
api GET /people.js
prints '"/sign-in/oidc/" + name + "/sign-out"'

it "takes keys of the other kind, a secret in the form or none, and a login instead of an address"
visit elliptic anna
answers 200
who anna
visit posts anna
answers 200
visit public ben
answers 200
who ben

it "goes on to a path of this server, and to nowhere else"
visit real anna to=/api/v1/session?x=1 before
to=$(cat "$work/out")
jar=$(cat "$work/jar")
answer=$(sed -n 's/.*"kith-oidc": "\([^"]*\)".*/\1/p' "$work/jar")
api GET "${to#http://127.0.0.1:"$port"}" '' "Cookie: kith-oidc=$answer"
answers 303
answers_header 'location: /api/v1/session\?x=1'
for to in //evil.example https://evil.example '/\evil.example' evil /%09/evil "/$(printf 'x%.0s' $(seq 200))"; do
    api GET "/sign-in/oidc/real?to=$to"
    answers 400
done

it "takes an answer once, in the browser that asked, and within its time"
echo "$jar" >"$work/jar"
visit real anna '' before
back=$(cat "$work/out")
path=${back#http://127.0.0.1:"$port"}
sealed=$(sed -n 's/.*"kith-oidc": "\([^"]*\)".*/\1/p' "$work/jar")
token=
api GET "$path" # another browser
answers 400
prints "not begun in this browser"
api GET "$path" '' "Cookie: kith-oidc=${sealed%????}AAAA"
answers 400
api GET "$path" '' "Cookie: kith-oidc=x"
answers 400
wrong=$(echo "$path" | sed 's/state=[^&]*/state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/')
api GET "$wrong" '' "Cookie: kith-oidc=$sealed"
answers 400
api GET "${path/oidc\/real/oidc/elliptic}" '' "Cookie: kith-oidc=$sealed"
answers 400
api GET "$path" '' "Cookie: kith-oidc=$sealed"
answers 200
api GET "$path" '' "Cookie: kith-oidc=$sealed"
answers 403
prints "real does not take the code: invalid_grant"
answers_no_session "a code that was used"
visit real anna '' before
back=$(cat "$work/out")
browse "$(echo "$back" | sed 's/code=[^&]*/code=x/')" anna
answers 403

it "keeps to the account at the provider, whatever becomes of the login or the address"
"$KITH" update user "$anna" login=anna.schmidt email=anna.schmidt@example.org >/dev/null
create user login=anna@example.org name=Other >/dev/null
visit real anna
answers 200
who anna.schmidt

it "lets an administrator make room for a new account"
mode "sub=first&email=eve@example.org"
"$KITH" update user "$("$KITH" find "user where login = 'eve'" --json | json_text id)" email=eve@example.org >/dev/null
visit forged -
answers 200
who eve
mode "sub=second&email=EVE@example.org"
visit forged -
answers 403
prints "kith user untie"
kith user untie eve
exits 0
prints "is this user"
api GET session '' "Cookie: $cookie"
answers 401
visit forged -
answers 200
who eve
mode "sub=first&email=eve@example.org"
visit forged -
answers 403
kith user untie nobody
exits 3
complains "there is no user"

it "creates users where the settings say so, in their domain alone, and nowhere else"
mode "sub=new&email=new@example.org"
visit forged -
answers 200
who new@example.org
prints '"contact":{"read":"all"}'
mode "sub=far&email=far@example.com"
visit forged -
answers 403
prints "the domain of your account"
mode "sub=far&email=far@evil.example.org"
visit forged -
answers 403
visit real nobody
answers 403
prints "there is no user 'nobody@example.org' here"
mode "sub=odd&email=%3Cb%3E%26@example.org"
visit single -
answers 403
prints "there is no user '&lt;b&gt;&amp;@example.org' here"
mode "sub=new&email=root@example.org" # the subject counts
visit forged -
answers 200
who new@example.org

it "takes nobody for somebody whose address looks alike, or who is one of two"
create user login=alike name=Alike email=admin@example.org >/dev/null
mode "sub=alike&email=%C3%A4dmin@example.org"
visit forged -
answers 200
who ädmin@example.org
create user login=two@example.org name=Two >/dev/null
create user login=twin name=Twin email=two@example.org >/dev/null
mode "sub=two&email=two@example.org"
visit forged -
answers 403
prints "more than one user"

it "believes no token that is not the provider's, or is not for this sign-in"
for token in bound pss ec late several_ours; do
    mode "token=$token&sub=new&email=new@example.org"
    visit forged -
    [ "$code" -eq 200 ] || fail "a token that is '$token' was answered with $code"
done
for token in none none_unnamed hs256 hs256_secret rs512; do lie "$token" "signed in a way that is not taken"; done
for token in stranger changed; do lie "$token" "its signature is wrong"; done
for token in rebound sealing crossed twin unnamed; do lie "$token" "its key is not for how it is signed"; done
for token in weak p384; do lie "$token" "its key is of no use"; done
lie garbage "it is no signed token"
lie crit "it asks for something"
lie issuer "it is by another issuer"
for token in audience several azp; do lie "$token" "it is for somebody else"; done
for token in nonce no_nonce; do lie "$token" "it is of another sign-in"; done
lie expired "it has expired"
lie no_expiry "it does not say of when it is"
for token in future unripe; do lie "$token" "it is of the future"; done
lie old "it is older than this sign-in"
for token in nobody number; do lie "$token" "it does not say of whom it is"; done
for token in unverified unsaid; do lie "$token" "it has not verified your mail address"; done
mode "sub=new&email=new@example.org"
visit single -
answers 200

it "asks once in a minute for keys that it does not know"
jwks=$(asked jwks)
for _ in 1 2 3; do lie unknown "signed by a key that the provider does not have"; done
expect test "$(asked jwks)" -eq $((jwks + 1))

it "believes no answer that is another's, none that is too long, and goes nowhere else with a code"
mode "iss=https://accounts.example.com"
visit forged -
answers 400
prints "another provider"
mode "refuses=access_denied<script>"
visit forged -
answers 403
prints "forged did not sign you in: access_denied."
prints_not "<script"
mode "answer=elsewhere"
tokens=$(asked token)
visit forged -
answers 502
prints "it leads elsewhere"
expect test "$(asked token)" -eq $((tokens + 1))
mode "answer=long"
visit forged -
answers 502
prints "too long"
mode "answer=nothing"
visit forged -
answers 403
mode "answer=defect"
visit forged -
answers 502
api GET "/sign-in/oidc/nobody"
answers 404
prints "web.oidc names them"

it "is led by no provider into the company's own network, nor away from TLS"
mode ""
visit liar -
answers 502
prints "another issuer"
for name in plain script; do
    visit $name -
    answers 502
    prints "without TLS"
done
for name in inside metadata; do
    visit $name -
    answers 502
    prints "in a private network"
done

it "takes keys that are new at the provider"
end_provider "$real"
begin_provider provider "$real_at"
real=$provider
visit real anna
answers 200
who anna.schmidt

it "says so when the provider is down, and takes passwords as ever"
end_provider "$real"
visit real anna '' before
browse "http://127.0.0.1:$port/sign-in/oidc/real/callback?code=x&state=y" anna
answers 400
visit real anna # what it said of itself is still known: so the browser is sent there, and back
expect test "$code" -eq 0
kith reload
port=$(listening http)
token=
api GET "/sign-in/oidc/real"
answers 502
prints "real cannot be asked"
prints "with a login and a password you can sign in as ever"
sign_in eve "$good"
answers 201

it "signs in nobody who is no user any more"
begin_provider provider "$real_at"
visit real anna
answers 200
who anna.schmidt
kith delete user "$anna"
exits 0
api GET session '' "Cookie: $cookie"
answers 401
create user login=annas-successor name=Next email=anna.s@example.org >/dev/null
"$KITH" delete user "$("$KITH" find "user where login = 'anna@example.org'" --json | json_text id)" >/dev/null
visit real anna
answers 403
prints "there is no user"

it "has nobody else wait for a provider that does not answer, and ends without it"
mode "answer=never"
for _ in 1 2 3 4 5; do
    ANSWER=$work/never python3 "$here/oidc/browser.py" "$work/jar.$RANDOM" \
        "http://127.0.0.1:$port/sign-in/oidc/forged" - >/dev/null 2>&1 &
    servers+=("$!")
done
silent() { [ "$(asked silent)" -ge 2 ]; }
for _ in $(seq 200); do silent && break || sleep 0.05; done
expect silent
began=$SECONDS
sign_in eve "$good"
answers 201
token=$root
api GET contact
answers 200
api GET settings
answers 200
token=
api GET /sign-in/oidc/real # others have room
answers 302
expect test $((SECONDS - began)) -lt 6
expect test "$(asked silent)" -eq 2
began=$SECONDS
kith reload
port=$(listening http)
expect test $((SECONDS - began)) -lt 7
before=$(asked silent)
waits=()
for _ in 1 2 3 4 5; do
    ANSWER=$work/never python3 "$here/oidc/browser.py" "$work/jar.$RANDOM" \
        "http://127.0.0.1:$port/sign-in/oidc/forged" - >/dev/null 2>&1 &
    waits+=("$!")
done
wait "${waits[@]}"
visit forged -
answers 502
prints "forged cannot be asked"
expect test "$(asked silent)" -eq $((before + 2)) # those who waited, and came later, were told at once
mode ""

it "notes who came in and who did not, and logs nobody's address"
kith access log --json --limit 300
prints "openid real, session"
prints "from now on as a subject of http://127.0.0.1:$real_at"
kith access log --event failed --json
prints "nobody@example.org of http://127.0.0.1:$real_at"
kith history user "$("$KITH" find "user where login = 'new@example.org'" --json | json_text id)"
exits 0
stop_server
expect test "$server_code" -eq 0
! grep -q "example.org" "$work/serve.log" || fail "an address stands in the log"
! grep -aqF "$secret" "$work/serve.log" kith.db* || fail "the secret stands where it should not"
! grep -aq "ERROR: .*Sanitizer" "$work/serve.log" || fail "$(grep -a -A5 Sanitizer "$work/serve.log")"

it "refuses settings that would let in more than they seem to"
check() { # ROW SENTENCE
    echo "web: { grant = [\"serve:users\"]; listen = [\"127.0.0.1:0\"]; oidc = ( $1 ); };" >conf.d/web.conf
    kith check
    cat "$work/err" >>"$work/out"
    prints "$2"
}
check "$(row x http://idp.example.org kith)" "begins with https://"
check "$(row x 'https://idp.example.org?x' kith)" "its issuer is an address"
check "$(row x https://idp.example.org kith 'groups = ["sales: seller"];')" "a group, and a role"
check "$(row 'a/b' https://idp.example.org kith)" "a name is of small letters"
check "$(row x https://idp.example.org kith), $(row x https://idp.example.org kith)" "two of this name"
check "$(row x https://idp.example.org kith 'role = "guest";')" "say in whose domains"
chmod 644 "$work/secret"
check "$(row x https://idp.example.org kith "client_secret_file = \"$work/secret\";")" "chmod o-rw"
check "$(row x https://idp.example.org kith "client_secret_file = \"$work/none\";")" "cannot be read"
echo "web: { grant = [\"serve:users\"]; address = \"https://x.example/y\"; oidc = ( $(row x https://idp.example.org kith) ); };" >conf.d/web.conf
kith check
cat "$work/err" >>"$work/out"
prints "web.address is what stands before the first /"

finish
