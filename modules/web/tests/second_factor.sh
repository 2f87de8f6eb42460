#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The second factor: set up by a first code, asked for, never taken twice, removed.
. "$(dirname "$0")/people.bash"
command -v oathtool >/dev/null || {
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

good="correct horse battery"
new_web_company
new_person anna "$good"
new_person boss "$good" --role administrator
serve_web
# The code of so many steps from now on. None is taken twice, so a test goes a step on each time.
code_of() { oathtool --totp -b -N "@$(($(date +%s) + 30 * $1))" "$secret"; }
begin_factor() { in_session POST account/second-factor "{\"password\":\"$good\"}"; }
confirm_factor() { in_session POST account/second-factor/confirm "{\"code\":\"$1\"}"; }
wrong_code() { # one that is none of those that are taken now
    for guess in 000000 111111 222222 333333; do
        case "$(code_of -2) $(code_of -1) $(code_of 0) $(code_of 1) $(code_of 2)" in
        *$guess*) ;;
        *) echo "$guess" && return ;;
        esac
    done
}

it "is set up by the password and a first code, and not on before"
sign_in anna "$good"
prints '"second_factor":"off"'
in_session POST account/second-factor '{"password":"wrong"}'
answers 403
prints '"field":"password"'
confirm_factor 123456
answers 409
begin_factor
answers 200
prints 'otpauth://totp/'
prints ':anna?secret='
secret=$(json_text secret <"$work/out")
confirm_factor "$(wrong_code)"
answers 403
prints '"field":"code"'
sign_in anna "$good"
answers 201
former=$secret
begin_factor
secret=$(json_text secret <"$work/out")
expect test "$secret" != "$former"
first=$(code_of 0)
confirm_factor "$first"
answers 200
read -ra recovery <<<"$(tr -d '\n' <"$work/out" | sed 's/.*\[//; s/[]}]//g; s/[",]/ /g')"
expect test "${#recovery[@]}" -eq 10
in_session GET session
prints '"second_factor":"on"'
prints '"method":"password and code"'
begin_factor
answers 409

it "is asked for, and says so when the password is right only"
sign_in anna "$good"
answers 401
prints '"field":"code"'
expect test -z "$cookie"
sign_in anna wrong
answers 401
prints_not '"field":"code"'
sign_in anna "$good" "$(wrong_code)"
answers 401
prints "the code is wrong, or was used already"
used=$(code_of 1)
sign_in anna "$good" "$used"
answers 201
prints '"method":"password and code"'

it "takes no code twice, also after an end of the server, and counts that as a failure"
stop_server
serve_web
sign_in anna "$good" "$used"
answers 401
sign_in anna "$good" "$first"
answers 401
sign_in anna "$good" "$(wrong_code)"
answers 401
sign_in anna "$good" "${recovery[0]}"
answers 429
sleep 1.1

it "takes each recovery code once, as people type it"
sign_in anna "$good" "${recovery[0]}"
answers 201
prints '"method":"password and recovery code"'
sign_in anna "$good" "${recovery[0]}"
answers 401
sign_in anna "$good" "$(tr 'a-z-' 'A-Z ' <<<"${recovery[1]}")"
answers 201
kith user totp anna
prints "A code is asked for. 8 recovery codes are left."
kith user totp anna --json
prints_exactly '{"on":true,"needed":false,"recovery":8}'

it "is asked for on the command line, too"
run_as() { # [OPTION ...]
    last=("$@")
    echo "$good" | "$KITH" session list --user anna "$@" >"$work/out" 2>"$work/err"
    code=$?
}
run_as
exits 4
complains "--code CODE"
run_as --code 000000x
complains "the code is wrong"
run_as --code "${recovery[2]}"
exits 0
run_as --code "${recovery[2]}"
complains "the code is wrong"

it "is removed by password and code, or by an administrator, and then not asked for"
sign_in anna "$good" "${recovery[3]}"
in_session POST account/second-factor/remove "{\"password\":\"$good\"}"
answers 403
in_session POST account/second-factor/remove "{\"password\":\"$good\",\"code\":\"${recovery[3]}\"}"
answers 403
in_session POST account/second-factor/remove "{\"password\":\"$good\",\"code\":\"${recovery[4]}\"}"
answers 204
sign_in anna "$good"
answers 201
begin_factor
secret=$(json_text secret <"$work/out")
confirm_factor "$(code_of 0)"
answers 200
sign_in anna "$good" "${recovery[5]}"
answers 401
kith user totp anna --reset
prints "is removed"
kith user totp anna --reset
complains "there is no second factor"
sign_in anna "$good"
answers 201
kith access log --event second-factor
prints_lines 5
stop_server

it "may be needed by a role: whoever has none yet may set it up, and nothing else"
echo 'access: { second_factor = "administrator"; };' >conf.d/access.conf
serve_web
sign_in anna "$good"
in_session GET contact
answers 200
sign_in boss "$good"
answers 201
prints '"second_factor":"needed"'
prints '"admin":false'
for path in contact types sessions/4711/x query?q=user; do
    in_session GET "$path"
    expect test "$code" -ge 403
done
in_session POST contact '{"name":"Ada"}'
answers 403
prints "your role needs a second factor"
echo "$good" | "$KITH" session list --user boss >"$work/out" 2>"$work/err"
complains "needs a second factor"
begin_factor
secret=$(json_text secret <"$work/out")
confirm_factor "$(code_of 0)"
answers 200
in_session POST contact '{"name":"Ada"}'
answers 201
in_session GET session
prints '"admin":true'
token=$(new_token boss)
api GET contact
answers 200

it "keeps no code and no recovery code as it is"
stop_server
for text in "${recovery[@]}"; do
    ! grep -aqF -e "$text" -e "${text//-/}" kith.db* || fail "a recovery code lies in the database"
done

finish
