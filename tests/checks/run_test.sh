#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The runner believes no program that does not say what it did.
. "$(dirname "$0")/../test.sh"

# program NAME SHELL-TEXT: a test program in a build folder of its own.
program() {
    mkdir -p b
    printf '#!/bin/sh\n%s\n' "$2" >"b/$1" && chmod +x "b/$1"
    printf 'short\tunit/%s\t%s\t\n' "$1" "$work/b/$1" >>b/tests.list
}
# A second runner; what the first one set does not reach it.
runner() { run env -u KITH_TEST_LONG -u KITH_LIMIT "$KITH_SOURCE/tests/run" "$@"; }
last_line() { echo "$out" | tail -n 1; }

it "the sum is the last line and counts what every program said"
program one 'echo "3 passed, 0 failed"'
program two 'echo "1 passed, 0 failed, 2 skipped"'
runner b
expect_status 0
expect_is "4 passed, 0 failed, 2 skipped" "$(last_line)"

it "words choose programs by name"
runner b two
expect_is "1 passed, 0 failed, 2 skipped" "$(last_line)"

it "what takes long begins first, whatever its place in the list"
sed 's#unit/two#crash/commands#' b/tests.list >b/other && cp b/tests.list b/kept && mv b/other b/tests.list
run env -u KITH_TEST_LONG -u KITH_LIMIT KITH_JOBS=1 "$KITH_SOURCE/tests/run" b
expect_is "ok crash/commands" "$(echo "$out" | awk 'NR == 1 { print $1, $2 }')"
mv b/kept b/tests.list

it "long programs run only when asked for"
printf 'long\tcrash/x\t%s\t\n' "$work/b/one" >>b/tests.list
runner b
expect_is "4 passed, 0 failed, 2 skipped" "$(last_line)"
runner --long b
expect_is "7 passed, 0 failed, 2 skipped" "$(last_line)"

it "a failing program fails the run and its output is shown"
program bad 'echo "expected 3, found 4"; echo "1 passed, 1 failed"; exit 1'
runner b
expect_status 1
expect_has "expected 3, found 4"
expect_is "5 passed, 1 failed, 2 skipped" "$(last_line)"

it "a program that dies without its closing line counts as failed"
rm -r b
program dies 'kill -9 $$'
runner b
expect_status 1
expect_has "died without its closing line"
expect_is "0 passed, 1 failed" "$(last_line)"

it "an exit code that contradicts the closing line counts as failed"
rm -r b
program lies 'echo "2 passed, 0 failed"; exit 7'
runner b
expect_is "2 passed, 1 failed" "$(last_line)"

it "a program that hangs is stopped"
rm -r b
program hangs 'sleep 60'
run env KITH_LIMIT=1 "$KITH_SOURCE/tests/run" b
expect_has "stopped after 1 s"
expect_is "0 passed, 1 failed" "$(last_line)"

it "a program that runs no test fails, and so does a run without programs"
rm -r b
program none 'echo "0 passed, 0 failed"'
runner b
expect_is "0 passed, 1 failed" "$(last_line)"
: >b/tests.list
runner b
expect_status 1
finish
