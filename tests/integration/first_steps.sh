#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first five minutes with Kith, as a new user spends them.
. "$(dirname "$0")/lib.bash"

it "makes a company in a new folder"
kith init "$work/shop" --zone Europe/Berlin --name 'The "Shop"'
exits 0
is_silent
expect test -f "$work/shop/kith.conf"
expect test -d "$work/shop/conf.d"
expect test -d "$work/shop/rules"
expect test -f "$work/shop/README"

it "keeps the database to its owner in a folder that is open to others, too"
mkdir -m 755 "$work/open"
kith init "$work/open"
exits 0
kith find contact --company "$work/open"
exits 0
expect test "$(stat -c %a "$work/open/kith.db")" = 600

it "finds the company from a folder inside it"
cd "$work/shop/rules" || exit 1
kith find contact
exits 0
prints "No contact found."

it "finds the company by --company and by KITH_COMPANY"
cd "$work" || exit 1
kith find contact --company "$work/shop"
exits 0
KITH_COMPANY=$work/shop kith find contact
exits 0

it "checks a new company and finds nothing wrong"
cd "$work/shop" || exit 1
kith check
exits 0
is_silent

it "creates a contact and finds it again"
kith create contact name="Anna Schmidt" email=anna@example.org city=Berlin
exits 0
prints "Created contact"
prints "Anna Schmidt"
kith find "contact where city = 'Berlin'"
exits 0
prints "Anna Schmidt"
prints "anna@example.org"

it "shows a contact's page with what links to it"
anna=$(create contact name="Anna Meier" email=meier@example.org)
create task title="Call Anna" about="contact/$anna" >/dev/null
kith get contact "$anna"
exits 0
prints "Anna Meier"
prints "meier@example.org"
prints "Call Anna"

it "updates a field, and tells its history and why it is as it is"
kith update contact "$anna" city=Hamburg
exits 0
prints "Updated contact $anna"
kith history contact "$anna"
exits 0
prints "city: Hamburg"
prints "create"
kith why contact "$anna" city
exits 0
prints "city: Hamburg"
prints "cli:"

it "tells the values of one field, from when to when and by whom"
kith history contact "$anna" --field city
exits 0
prints " to now"
prints "Hamburg"
prints "cli:"
prints_not "last_name"
kith update contact "$anna" city=Kiel
kith history contact "$anna" --field city --limit 1
prints "Kiel"
prints_not "Hamburg"
complains "--after"
kith update contact "$anna" city=Hamburg
kith history contact "$anna" --field town
complains "no field 'town'"

it "shows a record as it was, deleted since or not"
was=$(create contact name='Iris Past' city=Graz)
kith log --json --limit 1
made=$(grep -oE '"(transaction|id)":"[0-9A-Z]{13}"' "$work/out" | head -n 1 | cut -d '"' -f 4)
kith update contact "$was" city=Linz
kith delete contact "$was"
exits 0
kith get contact "$was" --as-of "$made"
exits 0
prints "Graz"
prints_not "Linz"
kith get contact "$was" --as-of 2020-01-01
complains "did not exist yet at 2020-01-01 23:59:59"
kith get contact "$was" --as-of soon
complains "'soon' is no moment"
kith get contact "$was" --as-of 9000-01-01
complains "still to come"
it "keeps what a contact bought from the interactions, and says so"
kith why contact "$anna" spent
prints_exactly "spent is kept by Kith: sum(interaction.amount via contact where (planned is null or not planned))"
"$KITH" create interaction "contact=$anna" channel=store "amount=12.50 EUR" at=2026-01-02 \
    subject=Shoes --json >bought
"$KITH" create interaction "contact=$anna" channel=store "amount=99 EUR" planned=true >/dev/null
kith find "contact where spent = '12.50 EUR' and purchases = 1 and last_purchase = '2026-01-02'"
prints "Anna"
kith why contact "$anna" spent
prints "of these changed last, on "
prints "Shoes"
kith why contact "$anna" spent --json
prints "\"type\":\"interaction\",\"newest\":\"$(json_text id <bought)\""
hat=$(create interaction "contact=$anna" channel=store "amount=1 EUR" at=2025-01-02 subject=Hat)
kith why contact "$anna" spent
prints "Hat"
prints_not "Shoes"
"$KITH" delete interaction "$hat" >/dev/null
kith update contact "$anna" spent=5
exits 4
complains "contact.spent is kept by Kith, from sum(interaction.amount"
kith doctor --repair
exits 0
prints "nothing found"
kith undo "$(json_text transaction <bought)"
kith find "contact where name = 'Anna Meier' and spent = '0 EUR' and purchases = 0 and last_purchase is null"
prints "Anna"

it "shows all that is known of a contact, and pages through what happened"
page=$(create contact name='Paula Page' email=paula@example.org)
create task title='Ring Paula' about="contact/$page" due=2020-01-01 >/dev/null
create interaction contact="$page" channel=call subject='First call' at=2020-05-01 >/dev/null
kith view contact "$page"
exits 0
prints "paula@example.org, primary"
prints "prospect, since"
prints "overdue"
prints "First call"
prints "the contact was made"
kith view contact "$page" --limit 1 --json
prints '"title":"Ring Paula"'
prints_not "First call"
after=$(grep -oE '"after":"[^"]*"' "$work/out" | cut -d '"' -f 4)
kith view contact "$page" --limit 5 --after "$after"
prints "First call"
prints_not "Ring Paula"
kith view task "$page"
complains "it is a contact: Paula Page"
kith get note "$page"
complains "it is a contact"
kith view contact "$page" --after nonsense
complains "continues no timeline"

it "explains which states are ends"
kith explain task.state
prints "ends: done / cancelled"
kith explain contact.lifecycle
prints_not "ends:"

it "writes nothing when nothing is different"
kith update contact "$anna" city=Hamburg
exits 0
prints "Nothing is different"

it "rehearses an update and keeps nothing"
kith update contact "$anna" city=Rome --rehearse
exits 0
prints "would update contact $anna"
prints "Hamburg → Rome"
prints "nothing was kept"
kith get contact "$anna"
prints "Hamburg"
prints_not "Rome"

it "takes back an update"
"$KITH" update contact "$anna" city=Oslo --json >tx
tx=$(json_text transaction <tx)
kith undo "$tx" --rehearse
exits 0
prints "Would be reversed: 1"
kith undo "$tx"
exits 0
prints "Reversed: 1"
kith find "contact where id = '$anna'" --fields city --csv
prints "Hamburg"

it "keeps what was edited since when it takes back an update"
"$KITH" update contact "$anna" city=Oslo --json >tx
tx=$(json_text transaction <tx)
kith update contact "$anna" city=Bergen
kith undo "$tx"
exits 1
prints "Kept: 1"
complains "nothing can be taken back: "
kith find "contact where id = '$anna'" --fields city --csv
prints "Bergen"

it "brings back what was deleted, with all that was part of it"
kith create contact_point contact="$anna" kind=email value=second@example.org
exits 0
"$KITH" delete contact "$anna" --json >tx
kith get contact "$anna"
exits 3
one_sentence
kith undo "$(json_text transaction <tx)"
exits 0
kith get contact "$anna"
exits 0
prints "Anna Meier"
prints "second@example.org"

it "lists what was written lately, newest first"
kith log --limit 3
exits 0
prints_lines 4
prints "undo"

it "logs what a small transaction was about, so that one finds what to undo"
task=$(create task title="Call Zoe")
kith update task "$task" title="Call Zoe again"
kith delete task "$task"
kith log --limit 3
prints "created task Call Zoe"
prints "updated task Call Zoe again"
prints "deleted task Call Zoe again"
kith log --limit 1 --json
prints '"records":[{"change":"delete","type":"task","record":"'"$task"'","title":"Call Zoe again"}]'

it "logs of a larger transaction how many records of which type it changed"
household=$(create account name="Large Ltd")
for name in Ann Bea Cid Dan; do create contact name="$name Large" account="$household" >/dev/null; done
kith delete account "$household"
kith log --limit 1
prints "updated 4 contact, deleted 1 account"
kith log --limit 1 --json
prints '"records":[]'

it "names what has no title so, and a link by the title of its record"
titleless=$(create interaction channel=call "contact=$anna" body="Asked for a zither.")
kith search zither
prints "interaction $titleless  (no title) (contact Anna Meier)"
kith get contact "$anna"
expect grep -q "$titleless.*(no title)" "$work/out"
team=$(create team name=North)
kith create share "record=contact/$anna" "team=$team" --json
share=$(json_text id <"$work/out")
kith get share "$share"
prints "share $share  North"

it "hands the records of a rented list to a person as a table, to a program as JSON"
kith create segment name=hired kind=rented query=contact uses_max=9
kith run segment.add segment=hired query="contact where id = '$anna'"
kith run segment.use segment=hired
prints "records:"
prints "$anna  Anna"
prints_not '{'
kith run segment.use segment=hired --json
prints '"records":"[{\"id\":\"'"$anna"

it "says how a field is given to whoever takes it for an option"
kith create contact --title Dr
exits 2
complains "kith create has no option '--title'; to set title, write title=VALUE"
kith create contact --reherse
complains "did you mean '--rehearse'?"

it "names the way on in a line of its own when a JSON list has a limit"
kith create contact name="One More"
kith create contact name="And Another"
kith find "contact order by name" --json --limit 1
exits 0
prints_lines 2
after=$(tail -n 1 "$work/out" | json_text after)
first=$(head -n 1 "$work/out")
kith find "contact order by name" --json --limit 1 --after "$after"
exits 0
expect test "$(head -n 1 "$work/out")" != "$first"

it "follows links in the fields of a list, as an export does"
acme=$(create account name=Acme)
create contact name="Works There" account="$acme" >/dev/null
kith find "contact where account is not null" --fields name,account.name,account.id
prints "account.name"
prints "Works There  Acme          $acme"
kith find "contact where account is not null" --fields account.name --json
expect grep -q '"type":"contact","account.name":"Acme"}' "$work/out"
kith find "contact where name = 'One More'" --fields name,account.name --csv
prints "One More,"
kith find contact --fields city.name
exits 2
complains "only links to one type can be followed"

it "imports people from a file and takes the import back"
printf 'Name,E-Mail,City\nJan Kowalski,jan@example.org,Kraków\nEva Novak,eva@example.org,Praha\n' >people.csv
kith import contact people.csv --preview 2
exits 0
prints "Kowalski"
kith find "contact : count()"
before=$(cat "$work/out")
kith import contact people.csv --key email
exits 0
prints "created"
kith find "contact where city = 'Praha'"
prints "Eva Novak"
kith import contact people.csv --key email --restart
exits 0
kith log --json --limit 20
run=$(grep '"origin":"import"' "$work/out" | tail -n 1 | json_text id)
kith undo "$run"
exits 0
kith find "contact : count()"
expect test "$(cat "$work/out")" = "$before"

it "logs an import and its undo as one line each, however many transactions they took"
{ echo name && seq -f 'Person %g' 3000; } >many.csv
kith import contact many.csv --json
run=$(sed -n 's/.*"run":"\([0-9A-Z]*\)".*/\1/p' "$work/out")
kith undo "$run"
exits 0
kith log --json --limit 2
expect test "$(grep -cE '"origin":"undo",.*"transactions":([2-9]|[1-9][0-9]+),' "$work/out")" -eq 1
expect test "$(grep -c '"note":"many.csv"' "$work/out")" -eq 1

it "rehearses an import and keeps nothing"
kith import contact people.csv --key email --rehearse
exits 0
prints "nothing was kept"
prints "Effects"
kith find "contact : count()"
expect test "$(cat "$work/out")" = "$before"
expect test -z "$(find . -name '*rehearsal*')"

it "exports what it imported"
kith import contact people.csv
kith export "contact where city = 'Praha'" --fields name,email
exits 0
prints "Eva Novak,eva@example.org"
kith export contact all.jsonl
exits 0
expect grep -q Kowalski all.jsonl

it "runs a rule that was put into the folder"
cat >rules/welcome.lua <<'RULE'
on("contact.created", { name = "welcome", doc = "Welcome every new contact." }, function(contact)
    create("task", { title = "Welcome " .. contact.name, about = contact })
end)
RULE
kith rule check
exits 0
prints "1 rule"
kith rule list
exits 0
prints "rules/welcome.lua:1"
petra=$(create contact name="Petra Neu")
kith find "task where title = 'Welcome Petra Neu'"
exits 0
prints "Welcome Petra Neu"

it "says which rule wrote a record, and because of what"
task=$("$KITH" find "task where title = 'Welcome Petra Neu'" --json | json_text id)
kith why task "$task" title
exits 0
prints "rules/welcome.lua:1"
prints "because contact $petra Petra Neu was created"

it "shows in a rehearsal what rules would do"
kith create contact name="Only Tried" --rehearse
exits 0
prints "Welcome Only Tried"
prints "rules/welcome.lua:1"
kith find "task where title like 'Welcome Only%' : count()"
prints_exactly 0

it "says which line of a rule is wrong, and runs the other rules"
echo 'on("contact.created", function(' >rules/broken.lua
kith rule check
exits 2
prints "rules/broken.lua:"
kith check
exits 2
prints "rules/broken.lua:"
create contact name="Still Works" >/dev/null
kith find "task where title = 'Welcome Still Works' : count()"
prints_exactly 1
rm rules/broken.lua

it "reads and shows times in the company's zone, and keeps them in UTC"
task=$(create task title="Winter" due="2026-01-15 09:00")
kith get task "$task"
prints "2026-01-15 09:00:00"
kith get task "$task" --json
prints '"due":"2026-01-15T08:00:00.000Z"'
kith update task "$task" due=2026-07-15T09:00:00Z
kith get task "$task"
prints "2026-07-15 11:00:00"

it "says that the examples are missing when the program stands alone"
mkdir "$work/alone"
cp "$KITH" "$work/alone/kith"
if [ -d /usr/local/share/kith ]; then
    skip "a Kith is installed on this machine"
else
    "$work/alone/kith" init "$work/alone/shop" >"$work/out" 2>"$work/err"
    code=$?
    exits 0
    one_sentence
    complains "rules/examples/ and workflows/examples/ stay empty"
fi

it "explains a setting"
kith explain company.zone
exits 0
prints "Europe/Berlin"
prints "kith.conf:"

it "answers in JSON"
for command in "find contact" "log" "rule list" "module list" "deadletter list" "run" "check" "explain" \
    "get contact $petra" "history contact $petra" "why contact $petra name" "version" "help"; do
    # shellcheck disable=SC2086 # the words of a command
    kith $command --json
    exits 0
    [ -s "$work/out" ] || [ "$command" = "deadletter list" ] || [ "$command" = run ] ||
        [ "$command" = "module list" ] || [ "$command" = check ] || fail "expected some JSON"
    expect test -z "$(grep -v '^[[{].*[]}]$' "$work/out")"
done

finish
