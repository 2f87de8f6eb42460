#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kith update and kith delete of all that a condition finds; alone and by a server.
. "$(dirname "$0")/lib.bash"

new_company
{
    echo "name,email,city"
    for i in $(seq 700); do echo "Person $i,p$i@x.example,City $((i % 7))"; done
} >people.csv
kith import contact people.csv --key email

all_of_it() {
    it "rehearses little in place, much on a copy, and keeps nothing ($1)"
    kith update contact --where "name = 'Person 3'" city=Bonn --rehearse
    exits 0
    prints "City 3 → Bonn"
    prints "Would update 1 of 1 records of type contact."
    kith update contact --where "city like 'City%'" city=Bonn --rehearse --json
    exits 0
    prints '"rehearsal":true,"type":"contact","found":700,"updated":700'
    kith find "contact where city = 'Bonn' : count()" --json
    prints "0"

    it "updates all that a condition finds, and one undo takes it back ($1)"
    kith update contact --where "city = 'City 3'" city=Bonn
    exits 0
    prints "Updated 100 of 100 records of type contact."
    kith log
    prints "update of contact: city"
    kith update contact --where "city = 'Bonn'" city=Bonn --json
    prints '"updated":0,"unchanged":100,"refused":0,"passed":0,"transaction":null'
    kith update contact --where "city in ('Bonn', 'City 1')" city=Ulm --json
    run=$(json_text transaction <"$work/out")
    kith undo "$run" --json
    exits 0
    prints '"kept":0,"refused":0'
    kith update contact --where "city = 'Bonn'" "city=City 3"
    exits 0

    it "deletes them, and brings them back ($1)"
    kith delete contact --where "city = 'City 4'" --json
    exits 0
    prints '"found":100,"deleted":100'
    run=$(json_text transaction <"$work/out")
    kith find "contact : count()"
    prints "600"
    kith undo "$run"
    exits 0
    kith find "contact : count()"
    prints "700"
    kith doctor
    exits 0
}

all_of_it alone
serve
all_of_it "by a server"

it "tells what a record refuses, and writes the others"
kith update contact --where "name = 'Person 1' or name = 'Person 2'" lifecycle=partner
exits 0
prints "refused: 2"
prints "'prospect' cannot become 'partner'"

it "refuses what it does not understand, and says where"
kith update contact --where "citty = 'Bonn'" city=Ulm
exits 3
complains "at 1: no field 'citty' in contact"
kith update contact --where " " city=Ulm
exits 2
complains "say which records"
kith delete contact 0000000000001 --where "city = 'Bonn'"
exits 2
complains "not both"
kith update contact 0000000000001
exits 2
complains "something is missing"
kith delete contact
exits 2
complains "something is missing"

finish
