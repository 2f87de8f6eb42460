#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes a small company with something of everything that a database keeps, by the program of a
# released version, for tests/integration/upgrade.sh: once for each release, never again.
#   KITH=.../kith make_company.sh VERSION     writes company-VERSION.tar.gz beside this script
set -euo pipefail
: "${KITH:?names the program of that version}"
out=$(cd "$(dirname "$0")" && pwd)/company-$1.tar.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
cd "$work"
kith() { "$KITH" "$@"; }
id() { sed -n "s/.*\"id\":\"\([^\"]*\)\".*/\1/p" | sed -n 1p; }
create() { kith create "$@" --json | id; }

kith init company --name "Old & Sons" --currency EUR --zone Europe/Berlin >/dev/null
cd company
kith module enable sales >/dev/null
cat >rules/keep.lua <<'RULE'
on("contact.created", { name = "greet" }, function(contact)
    create("task", { title = "Greet " .. contact.name, about = contact })
end)
on("contact.updated", { name = "stumble", fields = { "city" } }, function(contact)
    error("nobody knows " .. tostring(contact.city))
end)
every("0 7 * * 1", { name = "monday" }, function() end)
RULE

region=$(create territory name=Europe)
germany=$(create territory name=Germany parent="$region")
steel=$(create account name="Stahl AG" industry=steel revenue="1200000 EUR" territory="$germany")
create account name="Stahl Werk 2" parent="$steel" >/dev/null
team=$(create team name=Sales)
user=$(create user login=anna name="Anna Österreich" teams="$team")
ada=$(create contact name="Ada Lovelace" email=ada@example.com phone="+44 20 1234" account="$steel" owner="$user")
create contact_point contact="$ada" kind=email value=ada@home.example >/dev/null
lead=$(create lead name="Ada's order" contact="$ada" source=referral)
kith update lead "$lead" state=qualified >/dev/null
create interaction contact="$ada" channel=call subject="First call" cost="12.50 USD" about="lead/$lead" >/dev/null
create note about="contact/$ada" body=$'Two\nlines' >/dev/null
printf 'name,email,city\nGrace,grace@example.com,New York\nEdsger,edsger@example.com,Austin\n,broken,x\n' >"$work/people.csv"
kith import contact "$work/people.csv" --key email --rejects "$work/bad.csv" >/dev/null
grace=$(kith find "contact where name = 'Grace'" --json | id)
kith update contact "$grace" city=Boston >/dev/null 2>&1 # is held: the rule fails
gone=$(create contact name="Gone Tomorrow" email=gone@example.com)
kith delete contact "$gone" >/dev/null
create contact name="Undone" birthday=1906-12-09 >/dev/null
kith undo "$(kith log --json | grep '"origin":"cli"' | head -n 1 | id)" >/dev/null
kith doctor >/dev/null
rm -f README
cd ..
tar -c --sort=name --owner=0 --group=0 --numeric-owner company | gzip -9n >"$out"
ls -l "$out"
