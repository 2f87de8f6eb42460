#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A module in C++: what it throws becomes a sentence, wherever Kith calls it, and the process lives.
. "$(dirname "$0")/lib.bash"
include=$KITH_SOURCE/plugins-api/include
printf '{ global: kith_plugin_entry_v1; local: *; };\n' >"$work/exports.map"
build() { # COMPILER STANDARD
    mkdir -p "$work/$2"
    "$1" -std="$2" -O1 -shared -fPIC -fvisibility=hidden -Wl,-z,defs -Wall -Wextra -Wpedantic -Werror \
        -Wl,--version-script="$work/exports.map" -I "$include" -o "$work/$2/throws.so" \
        "$KITH_SOURCE/tests/abi/throws.cpp" >"$work/out" 2>&1 || fail "$1 $2: $(head -5 "$work/out")"
}
plays() { # STANDARD: in a company of its own
    rm -rf "$work/company"
    "$KITH" init "$work/company" >/dev/null 2>&1
    cd "$work/company" || exit 1
    kith module enable "$work/$1/throws.so"
    exits 0
    kith create ball name=rubber
    exits 0
    kith create ball name=lead
    expect test "$code" -eq 1
    complains "a ball of lead bounces badly: take rubber"
    kith create ball name=logic
    complains "module 'throws': hook refuse: an exception: what cannot be"
    kith create ball name=int
    complains "an exception of an unknown type"
    kith create ball name=memory
    complains "no memory"
    kith create ball name=leather
    kith throws.names --json
    prints '"names":"leather,rubber"'
    kith create ball name=stop
    kith throws.names
    complains "an exception: at the ball that stops"
    kith find "ball : count()"
    prints_exactly 3
    serve
    kith create ball name=lead
    kith throws.names
    kith throws.left --json
    prints '"left":0'
    stop_server
}
command -v g++ >/dev/null || { skip "no g++ here" && finish; }
for standard in c++11 c++20; do
    it "works, built by g++ as $standard"
    build g++ "$standard"
    plays "$standard"
done
it "works, built by clang++ as c++17"
if command -v clang++ >/dev/null; then
    build clang++ c++17
    plays c++17
else
    skip "no clang++ here"
fi
finish
