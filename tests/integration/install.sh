#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is installed is complete: the program runs from there and finds its modules, and a vendor can
# build against the headers.
. "$(dirname "$0")/../test.sh"

it "an installation holds program, headers, modules and documentation"
run cmake --install "$KITH_BUILD" --prefix "$work/usr"
expect_status 0
for part in bin/kith include/kith/plugin.h lib/kith/modules share/doc/kith/README.md; do
    [ -e "usr/$part" ] || fail "expected $part in the installation"
done

it "what the installed README and the table of its guides lead to is installed, but for the headers"
for page in README.md docs/README.md; do
    grep -o '](\([^)#]*\)' "usr/share/doc/kith/$page" | sed 's/^](//' >links
    [ "$(wc -l <links)" -gt 3 ] || fail "expected links in $page"
    while read -r link; do
        case $link in */include/kith/*) continue ;; esac
        [ -e "usr/share/doc/kith/$(dirname "$page")/$link" ] || fail "$page: expected $link to be installed"
    done <links
done

it "every module of the build is installed"
for module in "$KITH_MODULES"/*.so; do
    [ -f "usr/lib/kith/modules/${module##*/}" ] || fail "expected ${module##*/} to be installed"
done

it "the installed program says its version"
run usr/bin/kith version
expect_status 0
expect_has "$(sed -n 's/^project(kith VERSION \([0-9.]*\).*/\1/p' "$KITH_SOURCE/CMakeLists.txt")"

it "the program exports nothing that a plugin could bind to by accident"
run sh -c "nm -D --defined-only usr/bin/kith | grep -E ' [TDB] (kith|sqlite3|lua|json|str)_'"
expect_is "" "$out"

it "a module exports one function"
for module in "$KITH_MODULES"/*.so; do
    run sh -c "nm -D --defined-only '$module' | awk '\$2 ~ /[TDBR]/ { print \$3 }'"
    expect_is kith_plugin_entry_v1 "$out"
done

it "a program of a vendor compiles against the installed headers alone"
printf '#include <kith/plugin.h>\nint main(void) { kith_value v = {0}; return (int)v.kind; }\n' >vendor.c
run cc -std=c99 -Wall -Wextra -Wpedantic -Werror -I usr/include vendor.c -o vendor
expect_status 0
finish
