#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the README tells a newcomer to type works, line by line, in an installed Kith.
. "$(dirname "$0")/../test.sh"

cmake --install "$KITH_BUILD" --prefix "$work/usr" >install.log 2>&1 || cat install.log
PATH=$work/usr/bin:$PATH
export TERM=dumb NO_COLOR=1

newest() { # newest TYPE: its id
    kith find "$1 order by -created limit 1" --fields id --json | sed -n 's/.*"id":"\([0-9A-Z]*\)".*/\1/p'
}

# The words in capitals, as the reader fills them in.
filled_in() {
    local line=$1
    [[ $line == *CONTACT* ]] && line=${line//CONTACT/$(newest contact)}
    [[ $line == *LEAD* ]] && line=${line//LEAD/$(newest lead)}
    [[ $line == *TRANSACTION* ]] &&
        line=${line//TRANSACTION/$(kith log --limit 1 --json | sed -n 's/.*"id":"\([0-9A-Z]*\)".*/\1/p')}
    echo "$line"
}

while IFS= read -r line; do
    case $line in
        '' | make* | export*) continue ;;
        cd*)
            eval "$line" || exit 1
            continue
            ;;
    esac
    it "$line"
    line=$(filled_in "$line")
    run bash -c "$line"
    expect_status 0
    case $line in
        "kith undo"*rehearse) expect_has "Would be reversed: 1" ;;
        "kith undo"*) expect_has "Reversed: 1" ;;
        "kith find \"contact"*) expect_has "Ada Lovelace" ;;
        "kith why contact"*) expect_has "Paris" ;;
        "kith why lead"*) expect_has "sales" ;;
        "kith find task"*) expect_has "Ada's order" ;;
        "kith module list"*) expect_has "sales" ;;
        "kith doctor") expect_has "nothing found" ;;
    esac
done < <(sed -n '/^```sh$/,/^```$/p' "$KITH_SOURCE/README.md" | grep -v '^```')

it "every document that the README names is there"
for file in $(grep -o '](\([^)#:]*\))' "$KITH_SOURCE/README.md" | tr -d ']()'); do
    [ -e "$KITH_SOURCE/$file" ] || fail "expected $file"
done

it "every make target that the documentation names exists"
targets=$(make -C "$KITH_SOURCE" help)
for target in $(cat "$KITH_SOURCE"/README.md "$KITH_SOURCE"/CONTRIBUTING.md "$KITH_SOURCE"/docs/*.md |
    grep -oE '(`|^|sudo )make [a-z-]+' | sed 's/.*make //' | sort -u); do
    grep -q "^  $target " <<<"$targets" || fail "expected make to have the target $target"
done
finish
