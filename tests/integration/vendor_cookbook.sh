#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The modules of the vendors' cookbook are built as its page says, and do what it says.
. "$(dirname "$0")/lib.bash"
page=$KITH_SOURCE/docs/cookbook-vendor.md
folder=$KITH_SOURCE/plugins-api/cookbook
flags="-I $KITH_SOURCE/plugins-api/include"
built() { # NAME: by the command of the page
    local line
    line=$(grep -E "^(cc|c\+\+) .* -o $1\.so " "$page") || fail "the page does not say how $1 is built"
    line=${line//\$(pkg-config --cflags kith)/$flags}
    (cd "$work/built" && eval "${line/cc /cc -Wall -Wextra -Werror }") >"$work/out" 2>&1 || fail "$line: $(head -5 "$work/out")"
}
mkdir "$work/built"
cp "$folder"/* "$work/built/"
printf '{ global: kith_plugin_entry_v1; local: *; };\n' >"$work/built/exports.map"
enabled() { # NAME: in a company of its own
    rm -rf "$work/company"
    "$KITH" init "$work/company" --zone UTC >/dev/null 2>&1
    cd "$work/company" || exit 1
    [ -z "${2-}" ] || echo "$2" >conf.d/own.conf
    kith module enable "$work/built/$1.so"
    exits 0
    kith module list
    prints "running"
}

it "names each of them on its page"
for file in "$folder"/*; do
    expect grep -qF "cookbook/${file##*/}" "$page"
done

it "birthdays: a task for the owner each morning"
built birthdays
enabled birthdays
cat >workflows/try.lua <<'LUA'
test("whoever has a birthday is greeted at seven", function(t)
  t.at("2025-03-11T06:00")
  local ada = t.create("contact", {name = "Ada", birthday = "1990-03-11"})
  t.create("contact", {name = "Bob", birthday = "1990-05-05"})
  t.advance(hours(2))
  t.expect_effect("create task", {title = "Birthday of Ada", about = ada})
  t.expect_equal(t.count("task"), 1)
end)
LUA
kith workflow test try.lua
exits 0

it "vat_id: one form, a right check digit, no other record"
built vat_id
enabled vat_id
kith create account name=Right vat_id="de 136-695.976" --json
exits 0
kith find account --fields vat_id --csv
prints "DE136695976"
kith create account name=Wrong vat_id=DE136695977
exits 1
complains "'DE136695977' is not a German VAT id: one of its nine digits is wrong"
kith create account name=Odd vat_id="?!"
complains "is no VAT id: two letters of the country"
kith create account name=Long vat_id="AT12345678901234567890"
complains "is no VAT id"
kith create account name=Twice vat_id=DE136695976
expect test "$code" -ne 0
kith create account name=None
exits 0

it "nps: the score of a month, an event for who is unhappy, and a count at the contact"
built nps
enabled nps
cat >rules/ask.lua <<'LUA'
on("nps_answer.detraction", {name = "ask"}, function(answer)
  task {title = "Ask " .. answer.contact.name .. " why", about = answer.contact}
end)
LUA
ada=$(create contact name=Ada)
for points in 10 9 9 8 3; do
    create nps_answer contact="$ada" at=2026-05-0"$((points % 9 + 1))" points="$points" >/dev/null
done
kith nps.scores since=2026-01-01 --csv
prints "2026-05,5,40"
kith get contact "$ada" --json
prints '"nps_answers":5'
kith find "task where title = 'Ask Ada why'  : count()"
prints_exactly 1
kith create nps_answer contact="$ada" at=2026-05-01 points=11
expect test "$code" -ne 0
kith report nps.points --csv
prints "9,2"

it "spool: a file of each task, and again where it could not be written at first"
built spool
mkdir "$work/spooled"
enabled spool "spool: { folder = \"$work/spooled\"; };"
kith create task title="Call Ada"
serve
for _ in $(seq 100); do
    [ -n "$(ls "$work/spooled")" ] && break
    sleep 0.1
done
expect grep -q "Call Ada" "$work"/spooled/*.txt
stop_server
echo "spool: { folder = \"$work/nowhere\"; };" >conf.d/own.conf
kith create task title="Call Bob"
serve
for _ in $(seq 100); do
    kith outbox list
    grep -q "cannot be written" "$work/out" && break
    sleep 0.1
done
prints "conf.d/own.conf:1"
stop_server

it "nearby: accounts around a place, the nearest first"
command -v c++ >/dev/null || { skip "no c++ here" && finish; }
built nearby
enabled nearby
create account name=Far place="48.30,16.40" >/dev/null
create account name=Near place="48.2083,16.3739" >/dev/null
create account name=Mid place="48.22,16.38" >/dev/null
create account name=Nowhere >/dev/null
kith nearby.around place="48.2082,16.3738" --csv
expect test "$(cut -d, -f2 "$work/out" | tr '\n' ' ')" = "name Near Mid "
kith nearby.around place="48.2082,16.3738" within=0
complains "say how far, in metres"
finish
