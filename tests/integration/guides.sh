#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the guides show is so: each document that they name is there, and each answer in JSON has the
# members that the integrator's guide shows. (The vendor's guide: vendor.sh.)
. "$(dirname "$0")/../test.sh"

docs=$KITH_SOURCE/docs
cmake --install "$KITH_BUILD" --prefix "$work/usr" >install.log 2>&1 || cat install.log
PATH=$work/usr/bin:$PATH
export TERM=dumb NO_COLOR=1

# The names of a JSON object's members, of inner ones too, as they come: enough to compare shapes.
members() { grep -o '"[a-z_]*":' <<<"$1" | tr -d '":' | sort -u | tr '\n' ' '; }

it "every document that a guide names is there"
for file in "$docs"/*.md; do
    for link in $(grep -o '](\([^)#:]*\)' "$file" | sed 's/](//'); do
        [ "$link" = https ] || # elsewhere
            [ -e "$docs/$link" ] || fail "expected $link, which ${file##*/} names"
    done
done

kith init company >/dev/null
cd company || exit 1

# What a reader can type at home: not what needs root, nor what goes on for ever.
typed_in() { # typed_in GUIDE: the lines of its blocks of commands
    sed -n '/^```sh$/,/^```$/p' "$docs/guide-$1.md" | grep -v '^```\|^sudo\|^kith serve$'
}

printf 'name,email,Company\nGrace,grace@example.com,\n' >people.csv
printf '{"name":"Ada","email":"ada@example.com"}\n' >people.jsonl
cp workflows/examples/win_back.lua draft.lua
all_work() {
    while IFS= read -r line; do
        [[ $line == "kith init acme"* || $line == "cd "* ]] && continue # done already
        it "the guides' command works: $line"
        run bash -c "${line//\/srv\/acme/$PWD}"
        expect_status 0
    done
}
all_work < <(typed_in admin; typed_in integrator; typed_in admin-workflows)
run kith module enable sales

it "answers have the members that the integrator's guide shows"
printf 'name,email\nGrace,grace@example.com\nAda,nobody\n' >people.csv
shown() { sed -n "/^## $1/,/^## /p" "$docs/guide-integrator.md" | grep "^$2" | head -n 1; }
alike() { # alike SHOWN COMMAND...
    local told=$1
    shift
    run "$@"
    [ -n "$told" ] || fail "expected the guide to show an answer of: $*"
    expect_is "$(members "$told")" "$(members "$(head -n 1 <<<"$out")")"
}
alike "$(shown Import '{"rehearsal"')" kith import contact people.csv --key email --json
alike "$(shown What '{"id"')" kith log --json
run kith find contact --json --limit 1 --fields name
expect_is "$(members "$(shown Records '{"id"')")" "$(members "$(head -n 1 <<<"$out")")"
grace=$(kith find "contact where name = 'Grace'" --json | sed 's/{"id":"\([^"]*\).*/\1/')
alike "$(sed -n '/"transaction":"0SA818R5/p' "$docs/guide-integrator.md" | head -n 1)" \
    kith update contact "$grace" city=Boston --json
alike "$(shown What '{"seq"')" kith history contact "$grace" --json
alike "$(shown What '{"rehearsal"')" \
    kith undo "$(kith log --json | grep people.csv | sed 's/{"id":"\([^"]*\).*/\1/')" --json

it "exit codes are those of the integrator's guide"
kith_status() { # kith_status CODE ARGUMENT...
    local code=$1
    shift
    run kith "$@"
    expect_status "$code"
}
kith_status 1 init .
kith_status 2 find "contact where"
kith_status 3 find nothing
kith_status 4 update contact "$grace" created=2020-01-01
all_work < <(typed_in integrator-agents)
finish
