#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The reference is up to date, and one that is not is found.
. "$(dirname "$0")/../test.sh"
check=$KITH_SOURCE/tests/checks/reference.sh
export KITH KITH_SOURCE

it "docs/reference is what the program says of itself"
run "$check"
expect_is "" "$out"
expect_status 0

it "a page that drifted is named, with what to run"
mkdir -p old/docs
cp -r "$KITH_SOURCE/docs/reference" old/docs/
cp -r "$KITH_SOURCE/modules" "$KITH_SOURCE/plugins-api" old/
echo "And more." >>old/docs/reference/types.md
out=$(KITH_SOURCE=$PWD/old "$check" 2>&1)
status=$?
expect_status 1
expect_has "types.md"
expect_has "make reference"

it "a header that says something else than its page is found"
cp "$KITH_SOURCE/docs/reference/types.md" old/docs/reference/
sed -i 's/Writes these fields; KITH_NULL empties one/Writes them/' old/plugins-api/include/kith/host.h
out=$(KITH_SOURCE=$PWD/old "$check" 2>&1)
status=$?
expect_status 1
expect_has "contract.md"

it "it is written anew when asked to"
out=$(KITH_SOURCE=$PWD/old "$check" --write 2>&1 && KITH_SOURCE=$PWD/old "$check" 2>&1)
status=$?
expect_status 0
expect_is "" "$out"
finish
