#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples of workflows: a company has them, they do what their tests say, and their tests would tell if not.
cookbook=$(realpath "$(dirname "$0")/../../docs/cookbook.md")
. "$(dirname "$0")/lib.bash"
new_company
"$KITH" module enable commerce >/dev/null
"$KITH" module enable sales >/dev/null

it "come with a module, in use, and do what their tests say"
shipped=(workflows/commerce/*.lua workflows/sales/*.lua)
expect test "${shipped[*]#workflows/}" = "$(cd "$KITH_SOURCE/lua/examples/workflows" && echo commerce/*.lua sales/*.lua)"
kith check # which has them do their tests, too
exits 0
prints " $(cat "${shipped[@]}" | grep -c '^test(') tests."
prints_not "warning"
for file in "${shipped[@]}"; do
    expect grep -q "$file)" "$cookbook"
done

it "of a module stay as the company has changed them"
echo "-- ours" >"${shipped[0]}"
rm "${shipped[1]}"
kith module enable commerce
exits 0
expect test "$(cat "${shipped[0]}")" = "-- ours"
expect test -s "${shipped[1]}"

it "of a module are passed over while it is not enabled, whoever asks"
rm -r workflows/commerce
kith module disable sales
kith check
exits 0
prints "workflows/sales: warning: files in a folder below are not read"
kith workflow list
prints "No workflows"
kith module enable sales
rm -r workflows/sales # the others are looked at alone

examples=(workflows/examples/*.lua)
it "are in a new company, where they do nothing"
expect test "${#examples[@]}" -ge 17
kith workflow list
exits 0
prints "No workflows"

it "are each told of in the cookbook, which tells of no others"
told=$(grep -o 'workflows/[a-z_]*\.lua)' "$cookbook" | grep -o '[a-z_]*\.lua' | sort)
expect test "$told" = "$(printf '%s\n' "${examples[@]##*/}" | sort)"

mkdir -p conf.d/types
cp workflows/examples/*.conf conf.d/types/
for purpose in greetings newsletter survey; do create purpose name=$purpose >/dev/null; done

in_zone() { # ZONE
    sed -i "s#zone = .*#zone = \"$1\";#" kith.conf
}

it "do alone what their tests say, also where hours are halved"
in_zone Asia/Kolkata
for example in "${examples[@]}"; do
    kith workflow test "$example"
    exits 0
    prints "$(grep -c '^test(' "$example") passed, 0 failed"
done

it "would be found out if they did nothing"
mkdir "$work/idle"
for example in "${examples[@]}"; do
    idle=$work/idle/${example##*/}
    sed -e 's/^}, function(.*)$/&\n  do return end -- idle/' \
        -e 's/^}, [a-z]*)$/}, function() end) -- idle/' "$example" >"$idle"
    expect test "$(grep -c -- '-- idle' "$idle")" -eq "$(grep -c '^workflow(' "$example")"
    kith workflow test "$idle"
    exits 1
done

it "do the same side by side and elsewhere, and nothing is found in them"
in_zone America/Los_Angeles
cp "${examples[@]}" workflows/
kith check
exits 0
prints " $(cat "${examples[@]}" | grep -c '^test(') tests."
prints_not "warning"

finish
