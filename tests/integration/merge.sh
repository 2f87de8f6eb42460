#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Merge: two records become one, old ids lead on, and an undo takes them apart; alone and by a
# server, for people and for programs.
. "$(dirname "$0")/lib.bash"

new_company

two() { # $a and $b, with what belongs to the second
    a=$(create contact name="Ada Lovelace" email=ada@x.example)
    b=$(create contact name="Ada L." email=ADA@x.example phone="+49 228 1")
    task=$(create task title=Call about="contact/$b")
}

all_of_it() {
    it "rehearses a merge: fields, links and what is joined, and keeps nothing ($1)"
    two
    kith merge contact "$a" "$b" --rehearse
    exits 0
    prints "Would merge $b into contact $a Ada Lovelace"
    prints "phone: that of contact $b"
    prints "task.about: 1 moved"
    prints "contact_point.contact: 2 joined"
    prints "would not be kept:"
    prints "contact $b, name: Ada L."
    prints "Rehearsal: nothing was kept."
    kith get contact "$b"
    exits 0
    prints "Ada L."

    it "merges, and says how to take it back ($1)"
    kith merge contact "$a" "$b" name="$b" --json
    exits 0
    prints '"rehearsal":false'
    prints '"task.about":{"moved":1,"joined":0}'
    prints "{\"type\":\"contact\",\"id\":\"$a\",\"field\":\"name\",\"value\":\"Ada Lovelace\"}"
    merged=$(json_text transaction <"$work/out")
    kith log
    prints "merge of contact $b into $a"

    it "leads from the old id to the kept record, and says so ($1)"
    for command in "get contact $b" "view contact $b" "history contact $b" \
        "why contact $b phone" "update contact $b city=Kiel"; do
        kith $command
        exits 0
        complains "contact $b was merged into contact $a"
    done
    kith get contact "$b" --json
    prints "\"merged_from\":\"$b\""
    prints '"city":"Kiel"'
    kith history contact "$a"
    prints "of $b, which was merged into it"
    kith find "task where about = 'contact/$b'"
    prints "$task"
    kith get task "$(create task title=More about="contact/$b")" --json
    prints "\"about\":\"contact/$a\""
    kith delete contact "$b"
    exits 1
    complains "was merged into contact $a"
    printf 'id,city\n%s,Ulm\n' "$b" >people.csv
    kith import contact people.csv --key id
    exits 0
    kith get contact "$a"
    prints "Ulm"

    it "shows the merged record itself before the merge ($1)"
    kith history contact "$a" --json
    made=$(grep "\"record\":\"$b\"" "$work/out" | tail -1 | json_text transaction)
    kith get contact "$b" --as-of "$made"
    exits 0
    prints "contact $b  Ada L."

    it "takes it apart again ($1)"
    kith undo "$merged"
    exits 0
    kith get contact "$b"
    prints "Ada L."
    kith get task "$task" --json
    prints "\"about\":\"contact/$b\""
    kith doctor
    exits 0
}

all_of_it alone
serve
all_of_it "by a server"

it "refuses what cannot be merged, in a sentence"
kith merge contact "$a" "$a"
exits 2
complains "is the kept one"
kith merge contact "$a"
exits 2
kith merge segment "$a" "$b"
complains "records of type segment are not merged"
kith merge contact "$a" "$b" city=here
complains "is no id"

finish
