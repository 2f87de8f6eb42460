#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A walk through a small company: every command is shown before it runs, and can be typed again in the
# company's folder, which stays. Run by `make demo`; KITH is the program, beside which the company is made
# (or in DEMO_PLACE), KITH_DATA a folder with people-febrl2.csv, without which the invented people of
# people.csv beside this script are taken.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
KITH=${KITH:-build/release/kith}
KITH=$(cd "$(dirname "$KITH")" && pwd)/$(basename "$KITH")
place=${DEMO_PLACE:-$(dirname "$KITH")}
[ -w "$place" ] || place=$(mktemp -d)
company=$place/demo
data=${KITH_DATA:-$(dirname "$source")/shared/data}
unset KITH_COMPANY

bold='' plain=''
if [ -t 1 ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# Prints a command as it would be typed, and runs it. Its output is also in $work/out.
show() {
    line='$ kith'
    for word; do
        case $word in
            *[!A-Za-z0-9_./,=:+@-]*) line="$line '$word'" ;;
            *) line="$line $word" ;;
        esac
    done
    printf '\n%s\n' "$line"
    "$KITH" "$@" >"$work/out" || { cat "$work/out"; exit 1; }
    cat "$work/out"
}

# The id of the first record that a query finds.
first() { "$KITH" find "$1" --fields id --csv --limit 1 2>/dev/null | tr -d '\r' | sed -n 2p; }

# What stands behind a word in the last output: the id behind "transaction", ...
behind() { sed -n "s/.*$1 \([0-9A-Z]\{13\}\).*/\1/p" "$work/out" | sed -n 1p; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -e "$company" ] && [ ! -e "$company/kith.conf" ]; then
    echo "demo.sh: $company is there and is no company of Kith; move it away" >&2
    exit 1
fi
rm -rf "$company"

say 'A company is a folder: settings, rules, and one database file.'
cd "$place"
show init demo
cd demo

if [ -r "$data/people-febrl2.csv" ]; then
    file=$data/people-febrl2.csv key=name,birthday
    say 'Real data: 5,000 people with typing errors, many of them twice. First a look at how it would be read.'
else
    file=$here/people.csv key=email
    say 'Forty people, some of them twice, one of them wrong. First a look at how they would be read.'
fi
show import contact "$file" --preview 3

say 'Then the import. Whoever has the same key is the same person.'
show import contact "$file" --key "$key" --rejects rejects.csv
run=$(behind undo)
twice=$(behind 'is contact')

say 'One of the duplicates: what the first row said, and what a later one changed.'
show history contact "$twice"

say 'What was not imported lies in a file, with the reasons, to be repaired and imported again.'
printf '\n$ head -3 rejects.csv\n'
head -3 rejects.csv

say 'Modules are loaded or left out. This one is for sales; its settings and a rule in Lua come with it.'
cp "$source/config/conf.d/sales.conf" conf.d/
cp "$source/lua/examples/lead_follow_up.lua" rules/
show module enable sales
show rule check
show rule list

say 'Three leads. Their score comes from rules in conf.d/sales.conf.'
person=$(first 'contact where birthday is not null order by name')
show create lead "name=Ada Sample" source=referral "contact=$person" email=ada@example.org \
    phone=+43155501 "interest=A boat for two"
hot=$(behind lead)
show create lead "name=Ben Sample" source=giveaway email=ben@example.org
show create lead "name=Cleo Sample" source=form "company=Sample Ltd"
warm=$(behind lead)
show find 'lead order by -score' --fields name,source,score,rating,state

say 'The first one is qualified by hand. The rule sees it and makes a task.'
show update lead "$hot" state=qualified
change=$(behind transaction)
show find task --fields title,due,priority,state
task=$(first task)

say 'Everything about one customer, on one page.'
show get contact "$person"

say 'Why is this lead as hot as it is? Who made this task? Kith knows of every value where it came from.'
show why lead "$hot" rating
show why task "$task" title

say 'A mistake? One undo takes back the change and all that it led to: the task goes, too.'
show undo "$change"
show find 'task : count()'

say 'Another lead becomes a customer: account, contact and opportunity are found or made. First the rehearsal.'
show update lead "$warm" state=qualified
show sales convert "lead=$warm" 'amount=1500 EUR' close_on=2027-03-31 --rehearse
show sales convert "lead=$warm" 'amount=1500 EUR' close_on=2027-03-31
show find 'opportunity order by close_on' --fields name,contact,stage,amount,probability,signal,close_on

say 'The company stays where it is. What to type next:'
cat <<END

  cd $company
  PATH=\$PATH:$(dirname "$KITH")
  kith find "contact where city is not null order by name" --limit 10
  kith find "contact : count()"
  kith export contact contacts.jsonl
  kith undo $run --rehearse        (the whole import)
  kith undo $run
  kith help
END
