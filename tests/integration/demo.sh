#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demo's story holds: it runs to its end, twice, with the people that come with it.
. "$(dirname "$0")/../test.sh"
export KITH DEMO_PLACE="$work" KITH_DATA="$work/none"

it "runs to its end without real data"
run "$KITH_SOURCE/config/demo/demo.sh"
expect_status 0
expect_has "40 rows in"
expect_has "duplicates   3"
expect_has "Chloé Lefèvre → Chloe Lefevre"
expect_has "1022,Ursula,Meier"
expect_has "Ada Sample   referral     65  hot"
expect_has "Call Ada Sample"
expect_has "rules/lead_follow_up.lua:"
expect_has "Reversed: 2"
expect_has "account_how: created"

it "can be run again"
run "$KITH_SOURCE/config/demo/demo.sh"
expect_status 0
expect_has "created      36"

it "leaves a folder alone that is not its own"
rm -rf "$work/demo" && mkdir "$work/demo" && touch "$work/demo/precious"
run "$KITH_SOURCE/config/demo/demo.sh"
expect_status 1
expect_is "precious" "$(ls "$work/demo")"

finish
