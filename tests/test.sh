# SPDX-License-Identifier: Apache-2.0
# The harness for tests in shell, sister of test.h. A script says
#
#     . "$(dirname "$0")/../test.sh"
#     it "says what it cannot find"
#     run "$KITH" get contact NOBODY
#     expect_status 3
#     expect_has "no contact"
#     finish
#
# The first failed expectation of a test prints what was expected and what was found. tests/run gives
# KITH (the program), KITH_BUILD, KITH_MODULES, KITH_SOURCE, KITH_DATA; TMPDIR is removed afterwards.
set -u
KITH_SOURCE=${KITH_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
KITH_BUILD=${KITH_BUILD:-$KITH_SOURCE/build/dev}
KITH=${KITH:-$KITH_BUILD/kith}
KITH_MODULES=${KITH_MODULES:-$KITH_BUILD/modules}
KITH_DATA=${KITH_DATA:-$KITH_SOURCE/../shared/data}
passed=0 failed=0 skipped=0 title= verdict= out= status=
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

close_test() {
    case $verdict in
        passed) passed=$((passed + 1)) ;;
        failed) failed=$((failed + 1)) ;;
        skipped) skipped=$((skipped + 1)) ;;
    esac
}

it() { close_test; title=$1 verdict=passed; }

skip() { verdict=skipped; echo "skip $title: $1"; }

fail() {
    [ "$verdict" = passed ] || return 0
    verdict=failed
    printf 'FAIL %s\n  %s\n' "$title" "$1"
}

# Runs a command; its output and errors are in $out, its exit code in $status.
run() {
    out=$("$@" 2>&1 </dev/null)
    status=$?
}

expect_status() {
    [ "$status" -eq "$1" ] || fail "expected exit code $1, found $status with: $out"
}

expect_has() {
    case $out in
        *"$1"*) ;;
        *) fail "expected text with \"$1\", found: $out" ;;
    esac
}

expect_lacks() {
    case $out in
        *"$1"*) fail "expected no text with \"$1\", found: $out" ;;
    esac
}

expect_is() { [ "$1" = "$2" ] || fail "expected \"$1\", found \"$2\""; }

finish() {
    close_test
    [ "$skipped" -eq 0 ] && tail= || tail=", $skipped skipped"
    echo "$passed passed, $failed failed$tail"
    [ "$failed" -eq 0 ]
    exit
}
