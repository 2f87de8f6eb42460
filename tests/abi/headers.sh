#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The public headers compile for every vendor: C99 to C17 and C++11 to C++20, gcc and clang, with all
# warnings as errors; each header alone, and a small module that uses the whole contract.
. "$(dirname "$0")/../test.sh"
include=$KITH_SOURCE/plugins-api/include
module=$KITH_SOURCE/tests/abi/every_row.c
warnings='-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror'

# compiles COMPILER LANGUAGE STANDARD FLAG...
compiles() {
    compiler=$1 language=$2 standard=$3
    shift 3
    it "$compiler takes the headers as $standard"
    command -v "$compiler" >/dev/null || { skip "no $compiler here"; return; }
    for header in "$include"/kith/*.h "$include"/kith/*.hpp; do
        case $language$header in c/*.hpp) continue ;; esac
        run "$compiler" $warnings "$@" -std="$standard" -I "$include" -fsyntax-only \
            -include "$header" -x "$language" /dev/null
        expect_status 0
    done
    run "$compiler" $warnings "$@" -std="$standard" -I "$include" -fsyntax-only -x "$language" \
        "$module"
    expect_status 0
}

for compiler in gcc clang; do
    for standard in c99 c11 c17; do
        compiles $compiler c $standard -Wstrict-prototypes -Wmissing-prototypes
    done
done
for compiler in g++ clang++; do
    for standard in c++11 c++14 c++17 c++20; do
        compiles $compiler c++ $standard
    done
done

for compiler in gcc clang; do
    for standard in c99 c11 c17; do
        it "$compiler takes the template and the cookbook as $standard"
        command -v $compiler >/dev/null || { skip "no $compiler here"; continue; }
        for file in "$KITH_SOURCE"/plugins-api/template/visit.c "$KITH_SOURCE"/plugins-api/cookbook/*.c; do
            run $compiler $warnings -Wstrict-prototypes -Wmissing-prototypes -std=$standard \
                -I "$include" -fsyntax-only "$file"
            expect_status 0
        done
    done
done
for compiler in g++ clang++; do
    it "$compiler takes the cookbook as c++20"
    command -v $compiler >/dev/null || { skip "no $compiler here"; continue; }
    run $compiler -Wall -Wpedantic -Wconversion -Wshadow -Werror -std=c++20 -I "$include" \
        -fsyntax-only "$KITH_SOURCE/plugins-api/cookbook/nearby.cpp"
    expect_status 0
done

it "a handle cannot be looked into"
run sh -c "echo '#include <kith/plugin.h>
int f(kith_txn *t); int f(kith_txn *t) { return t->secret; }' | gcc $warnings -I '$include' -fsyntax-only -x c -"
[ "$status" -ne 0 ] || fail "expected the compiler to refuse a look into a handle"

it "a want goes only into a member of its size"
for compiler in gcc g++ clang clang++; do
    command -v $compiler >/dev/null || continue
    for row in TABLE:host TYPE:type NUMBER:number SETTING:value PLACE:place FIELDS:type NUMBER:type TYPE:number \
        SETTING:number PLACE:value; do
        language=c
        case $compiler in *++) language=c++ ;; esac
        run sh -c "echo '#include <stddef.h>
#include <kith/plugin.h>
struct kith_instance { const void *host; uint32_t type; int64_t number; kith_value value; const char *place; };
extern const kith_want want;
const kith_want want = KITH_WANT(${row%:*}, \"x\", ${row#*:});' | $compiler $warnings -I '$include' -fsyntax-only -x $language -"
        case $row in
            NUMBER:type | TYPE:number | SETTING:number | PLACE:value)
                [ "$status" -ne 0 ] || fail "expected $compiler to refuse $row"
                expect_has "negative"
                ;;
            *) expect_status 0 ;;
        esac
    done
done

it "the headers need nothing but stddef.h and stdint.h, apart from the helpers"
run sh -c "grep -h '#include' '$include'/kith/types.h '$include'/kith/declare.h '$include'/kith/host.h '$include'/kith/plugin.h '$include'/kith/serve.h | grep -v '<kith/' | sort -u | tr '\n' ' '"
[ "$out" = "#include <stddef.h> #include <stdint.h> " ] || fail "found: $out"

finish
