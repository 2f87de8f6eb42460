#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A vendor's way, from nothing to a module that runs, against an installed Kith: 'kith module new',
# a build with CMake and one with pkg-config alone, inspect, enable, use, undo, disable.
. "$(dirname "$0")/../test.sh"
export TERM=dumb NO_COLOR=1
unset KITH_COMPANY
id_of() { sed -n 's/.*"id":"\([0-9A-Z]*\)".*/\1/p' <<<"$out" | head -n 1; }
tx_of() { sed -n 's/.*"transaction":"\([0-9A-Z]*\)".*/\1/p' <<<"$out" | head -n 1; }

cmake --install "$KITH_BUILD" --prefix "$work/usr" >install.log 2>&1 || cat install.log
PATH=$work/usr/bin:$PATH
export PKG_CONFIG_PATH=$work/usr/share/pkgconfig KITH=$work/usr/bin/kith

it "a new module is made from what is installed"
run kith module new delivery
expect_status 0
expect_has "cd delivery && cmake -B build"
run ls -A delivery
expect_is ".gitignore CMakeLists.txt Makefile README.md delivery.c test.sh" "$(echo $out)"
run grep -ril visit delivery
expect_is "" "$out"

it "a new module is made from a build folder, too, and is the same"
run "$KITH_BUILD/kith" module new delivery --dir "$(mkdir other && echo other)" --json
expect_is '{"module":"delivery","folder":"other/delivery"}' "$out"
run diff -r delivery other/delivery
expect_is "" "$out"

it "a folder that is there stays as it is"
echo mine >delivery/mine
run kith module new delivery
expect_status 1
expect_has "'delivery' is there already"
expect_is mine "$(cat delivery/mine)"
rm delivery/mine
touch file
run kith module new file
expect_status 1

it "a name that cannot be a module's is refused, and nothing is made"
for name in Delivery 9lives a-b ../up "" a.b contact sales core true; do
    run kith module new "$name"
    expect_lacks "The module is in"
done
run kith module new fine --dir /proc/nowhere
expect_status 3
expect_is "delivery file install.log other usr" "$(find . -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)"

it "a program that was copied without its template says what is missing"
mkdir alone && cp usr/bin/kith alone/
if [ -d /usr/local/share/kith ]; then
    skip "another Kith is installed here"
else
    run alone/kith module new fine
    expect_status 3
    expect_has "there is no template: it is in the folder share/kith"
    [ ! -e fine ] || fail "expected no folder"
fi
rm -r alone

for compiler in gcc clang; do
    it "$compiler builds it with CMake without a warning"
    command -v $compiler >/dev/null || { skip "no $compiler here"; continue; }
    run cmake -S delivery -B build-$compiler -DCMAKE_PREFIX_PATH="$work/usr" \
        -DCMAKE_C_COMPILER=$compiler -DCMAKE_C_FLAGS=-Werror
    expect_status 0
    run cmake --build build-$compiler
    expect_status 0
done

it "its own test passes"
run ctest --test-dir build-gcc --output-on-failure
expect_has "100% tests passed"

it "its own test fails when the module does something else"
sed 's/planned.as.i >= self->per_day/planned.as.i > self->per_day/' delivery/delivery.c >other/delivery.c
mkdir broken && cp delivery/[!d]* broken/ && mv other/delivery.c broken/
run make -C broken test
[ "$status" -ne 0 ] || fail "expected the test of the broken module to fail, found: $out"
expect_has "FAILED a full day is refused"

it "it is built with pkg-config alone"
run make -C delivery CC=gcc CFLAGS=-Werror test
expect_status 0
expect_has "all passed"

it "it is built against an installation in a DESTDIR, wherever that is moved"
run env DESTDIR="$work/stage" cmake --install "$KITH_BUILD"
expect_status 0
mv stage moved
headers=$(dirname "$(find moved -name plugin.h)")
run cmake -S delivery -B build-moved -DCMAKE_PREFIX_PATH="$work/${headers%/include/kith}"
expect_status 0
expect_has "Build files have been written"
run cmake --build build-moved
expect_status 0

it "the headers alone are enough to build it"
run cmake -S "$KITH_SOURCE/plugins-api" -B api -DCMAKE_INSTALL_PREFIX="$work/headers"
expect_status 0
run cmake --install api
run cmake -S delivery -B build-headers -DCMAKE_PREFIX_PATH="$work/headers"
run cmake --build build-headers
expect_status 0

it "a program that asks for a later contract than is installed is told so"
mkdir later && sed 's/find_package(kith 1 /find_package(kith 2 /' delivery/CMakeLists.txt >later/CMakeLists.txt
run cmake -S later -B later/build -DCMAKE_PREFIX_PATH="$work/usr"
[ "$status" -ne 0 ] || fail "expected find_package(kith 2) to fail"

it "it is inspected: what it declares"
module=$work/delivery/delivery.so
run kith module inspect "$module"
expect_status 0
for row in "type delivery" "hook check_day" "reaction keep_in_history" "action plan" "setting per_day" \
    "permission write:interaction"; do
    expect_has "$row"
done
expect_lacks FAILED
expect_has "check no executable stack: ok"

it "what it would be refused for is found: a copy of SQLite, a symbol too many, a missing library"
flags="-std=c11 -shared -fPIC $(pkg-config --cflags kith)"
cp -r delivery bad && cd bad || exit 1
sed 's/Plans what takes/SQLite format 3\\0 &/' delivery.c >carries.c
run cc $flags -fvisibility=hidden -o delivery.so carries.c
run kith module inspect ./delivery.so
expect_status 4
expect_has "check no copy of sqlite or lua: FAILED: it carries a copy of SQLite"
expect_has "type delivery"
printf '\nKITH_EXPORT int helper(void);\nint helper(void) { return 1; }\n' | cat delivery.c - >exports.c
run cc $flags -fvisibility=hidden -o delivery.so exports.c
run kith module inspect ./delivery.so --json
expect_has "it exports 'helper'"
printf '\nextern int crc32(void);\nint helper(void) { return crc32(); }\n' | cat delivery.c - >undefined.c
run cc $flags -fvisibility=hidden -o delivery.so undefined.c
run kith module inspect ./delivery.so
expect_has "check all symbols found: FAILED: it uses 'crc32'"
cd "$work" || exit 1

kith init company >/dev/null && cd company || exit 1
it "it is enabled, with what it may"
run kith module enable "$module"
expect_status 0
expect_has "It may write:interaction: Puts what took place into the contact's history."
expect_has "The module delivery is enabled."
run kith check
expect_status 0

it "its type has its defaults, its history and its reason"
run kith create contact name=Anna --json
anna=$(id_of)
run kith create delivery title=Sofa contact="$anna" day=2031-05-05 --json
sofa=$(id_of)
run kith get delivery "$sofa" --json
expect_has '"state":"planned"'
expect_has '"duration":"1h"'

it "its hook refuses with its sentence, and nothing is written"
echo 'delivery: { per_day = 2; };' >conf.d/test.conf
run kith create delivery title=Bed contact="$anna" day=2031-05-05 --json
run kith create delivery title=Lamp contact="$anna" day=2031-05-05 --json
expect_status 1
expect_has "That day is full: 2 are planned for it already, as many as conf.d/test.conf:1: delivery.per_day allows."
run kith find "delivery : count()"
expect_is 2 "$out"

it "its reaction writes, and why says so"
run kith update delivery "$sofa" state=done --json
tx=$(tx_of)
run kith find interaction --json
interaction=$(id_of)
expect_has '"subject":"Sofa"'
run kith why interaction "$interaction" subject
expect_has "the module delivery"

it "undo takes back the write and what the reaction made of it"
run kith undo "$tx"
expect_status 0
run kith find "interaction : count()"
expect_is 0 "$out"
run kith get delivery "$sofa" --json
expect_has '"state":"planned"'

it "its action answers with JSON, and one undo takes the series back"
run kith delivery.plan contact="$anna" title=Paper first=2031-06-02 times=3 --json
expect_has '"planned":3'
expect_has '"last":"2031-06-16"'
run kith undo "$(tx_of)"
run kith find "delivery where title = 'Paper' : count()"
expect_is 0 "$out"

it "its action is rehearsed, and refuses what makes no sense"
run kith delivery.plan contact="$anna" title=Paper first=2031-06-02 --rehearse
expect_has "nothing was kept"
run kith delivery.plan contact="$anna" title=Paper first=2031-06-02 every=36h
expect_status 2
expect_has "whole days"

it "a rule calls its action"
cat >rules/welcome.lua <<'LUA'
on("contact.customer", function(contact)
  local done = action.delivery.plan {contact = contact, title = "Welcome", first = "2031-07-01", times = 2}
  update(contact, {title = "expects " .. done.planned})
end)
LUA
run kith rule check
expect_status 0
run kith update contact "$anna" lifecycle=customer
run kith find "delivery where title = 'Welcome' : count()"
expect_is 2 "$out"
run kith get contact "$anna" --json
expect_has '"title":"expects 2"'
rm rules/welcome.lua

it "a module that is built again is taken when the company is opened the next time"
sed -i 's/That day is full/No room/' "$work/delivery/delivery.c"
run make -C "$work/delivery" CFLAGS=-Werror
run kith create delivery title=Lamp contact="$anna" day=2031-07-01
run kith create delivery title=Lamp contact="$anna" day=2031-07-01
expect_has "No room: 2 are planned"

it "it is not disabled while settings that only it knows are in the way"
run kith module disable delivery
expect_status 1
expect_has "conf.d/test.conf:1 sets delivery.per_day"
run kith check
expect_status 0
rm conf.d/test.conf

it "the company goes on when its file is gone, and says what is missing"
mv "$module" "$module.away"
run kith find contact
expect_status 0
run kith module list
expect_has "failed"
expect_has "delivery.so"
mv "$module.away" "$module"

it "its records stay when it is disabled, and are there again afterwards"
run kith module disable delivery
expect_status 0
run kith find delivery
expect_status 3
run kith doctor
expect_status 0
run kith module enable "$module"
run kith get delivery "$sofa" --json
expect_has '"title":"Sofa"'
run kith history delivery "$sofa"
expect_status 0

# -- the guide: what it shows is so -------------------------------------------------------------------

guide=$KITH_SOURCE/docs/guide-vendor.md
block() { # block LANGUAGE NUMBER
    awk -v want="$1" -v number="$2" '
        /^```/ { on = !open && $0 == "```" want && ++count == number; open = !open; next }
        on' "$guide"
}
export CMAKE_PREFIX_PATH=$work/usr
mkdir "$work/guide" && cd "$work/guide" || exit 1

it "the guide's first commands make, build, test and inspect a module"
block sh 1 >first.sh
run bash -e first.sh
expect_status 0
expect_has "100% tests passed"
expect_has "check declaration: ok"

it "the guide's next commands load it and use it"
CONTACT='' VISIT='' TRANSACTION=''
cd visit || exit 1
while read -r line; do
    line=$(sed "s/CONTACT/$CONTACT/g; s/VISIT/$VISIT/g; s/TRANSACTION/$TRANSACTION/g" <<<"$line")
    case $line in
        *" && cd "*) eval "$line" >/dev/null ;;
        *) run bash -c "$line" ;;
    esac
    [ "$status" -eq 0 ] || fail "expected this line of the guide to succeed: $line; found: $out"
    case $line in
        "kith create contact"*) CONTACT=$(sed -n 's/Created contact \([0-9A-Z]*\).*/\1/p' <<<"$out") ;;
        "kith create visit"*) VISIT=$(sed -n 's/Created visit \([0-9A-Z]*\).*/\1/p' <<<"$out") ;;
        "kith update visit"*) TRANSACTION=$(sed -n 's/.*(transaction \([0-9A-Z]*\)).*/\1/p' <<<"$out") ;;
        "kith find interaction") expect_has "Show the sofa" ;;
        "kith visit.plan"*) expect_has "planned: 3" ;;
    esac
done < <(block sh 2)
run kith find "interaction : count()"
expect_is 0 "$out"

it "the guide's one line builds it"
cd "$work/guide/visit" || exit 1
run bash -c "$(block "" 1)"
expect_status 0
run kith module inspect ./visit.so
expect_status 0

it "the guide's code is that of the template"
while read -r line; do
    grep -qF -- "$line" visit.c || fail "expected the template to have: $line"
done < <(for i in 1 2 3 4 5 6 7 8; do block c $i; done)
[ -n "$(block c 8)" ] || fail "expected eight blocks of code"

it "the guide names every check"
kith module inspect ./visit.so --json | sed -n '/"checks"/,$s/.*"name": "\([a-z_]*\)".*/\1/p' | tr _ ' ' >checks
[ -s checks ] || fail "expected inspect to name its checks"
while read -r check; do
    grep -q "^| $check |" "$guide" || fail "expected the guide to name the check: $check"
done <checks
finish
