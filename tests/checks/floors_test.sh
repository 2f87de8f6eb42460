#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The walls are watched: each kind of breach, planted in a copy of a small house, is found.
. "$(dirname "$0")/../test.sh"
floors=$KITH_SOURCE/tests/checks/floors.sh

house() {
    rm -rf house
    mkdir -p house/core/base house/core/record house/core/cli house/modules/sales/tests
    echo '#include "base/str.h"' >house/core/base/str.h
    printf '#include "base/str.h"\n#include "near.h"\nchar *q = "SELECT 1";\n' >house/core/record/query.c
    printf '#include <kith/plugin.h>\n#include "own.h"\n#include <string.h>\n' >house/modules/sales/sales.c
    echo '#include "engine/engine.h"' >house/modules/sales/tests/sales.c
    : >house/modules/sales/own.h
}

it "a house in order passes"
house
run "$floors" house
expect_status 0

it "the tree itself is in order"
run "$floors" "$KITH_SOURCE"
expect_status 0

it "a room may not use one above it"
house
echo '#include "record/query.h"' >house/core/base/bad.c
run "$floors" house
expect_status 1
expect_has "core/base/bad.c:1: base may not use record"

it "a folder that is no room is named"
house
mkdir house/core/attic && : >house/core/attic/a.h && echo 'int a;' >house/core/attic/a.c
run "$floors" house
expect_has "core/attic is not a room"

it "a module may not reach behind the public header"
house
echo '#include "../../core/base/str.h"' >house/modules/sales/bad.c
run "$floors" house
expect_status 1
expect_has "bad.c:1: \"../../core/base/str.h\" is not the module's own file"

it "a module may not see the database or Lua"
house
printf '#include <sqlite3.h>\n#include <lua5.4/lua.h>\n' >house/modules/sales/bad.c
run "$floors" house
expect_has "a module may not use <sqlite3.h>"
expect_has "a module may not use <lua5.4/lua.h>"

it "SQL outside its rooms is found"
house
echo 'char *q = "DELETE FROM contact";' >house/core/cli/bad.c
run "$floors" house
expect_has "core/cli/bad.c:1: SQL belongs"
mkdir house/core/engine
echo 'char *q = "SELECT 1 FROM contact";' | tee house/core/engine/bus.c >house/core/engine/bad.c
run "$floors" house
expect_has "core/engine/bad.c:1: SQL belongs"
expect_lacks "core/engine/bus.c"

it "a file over 1000 lines fails and one over 800 is named"
house
seq 1001 | sed 's/.*/int a&;/' >house/core/cli/huge.c
seq 801 | sed 's/.*/int b&;/' >house/core/cli/large.c
run "$floors" house
expect_status 1
expect_has "core/cli/huge.c: the file has 1001 lines, more than 1000"
expect_has "warning: core/cli/large.c: the file has 801 lines"

it "a function over 150 lines fails and one over 100 is named"
house
{ echo 'static int huge(int a,'; echo '                int b) {'; seq 160 | sed 's/.*/    a++;/'; echo '}'
  echo 'static int large(void) {'; seq 110 | sed 's/.*/    a++;/'; echo '}'; } >house/core/cli/f.c
run "$floors" house
expect_status 1
expect_has "core/cli/f.c:2: huge() has 162 lines, more than 150"
expect_has "warning: core/cli/f.c:164: large() has 112 lines"
finish
