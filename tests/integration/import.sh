#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Files as people have them, given to the wrong type or without a header: told at once and plainly.
. "$(dirname "$0")/lib.bash"
new_company
printf 'Site name,Zip,\nTemple,60614,x\nHarold,60615,y\n' >sites.csv
printf '2\t1.44\tYay. Another good phone interview.\n4\t2.86\tAmazing!\n' >posts.tsv

it "refuses a file whose first row names nothing"
kith import contact posts.tsv
exits 2
one_sentence
complains "names no field of contact"
complains "Yay. Another good phone interview."
kith find "contact : count()"
prints_exactly 0

it "says which required field no column goes to, before anything is imported"
kith import account sites.csv --preview 1
exits 0
prints "No column goes to name, without which no account can be created."
prints "(no name)"
kith import account sites.csv "Site name=name" --preview 1
exits 0
prints_not "No column goes to"

it "fails when every row is rejected, and offers no undo of nothing"
for rehearse in "" --rehearse; do
    # shellcheck disable=SC2086 # an option or none
    kith import account sites.csv $rehearse
    exits 2
    one_sentence
    prints "rejected     2"
    prints_not "takes the whole import back"
done

it "calls a value for every row by that name"
kith import account sites.csv "Site name=name" billing_country:=US
exits 0
prints "(every row)"
prints "takes the whole import back"

it "takes no policy for duplicates without a key to find them by"
kith import account sites.csv "Site name=name" --duplicates skip
exits 2
one_sentence
complains "--key"

finish
