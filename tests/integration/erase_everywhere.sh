#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Nothing of an erased person is left: every text of every type that can tell about somebody is filled, by what the
# schema says, so that a new type or field is looked at by itself; and so is every other place where Kith keeps
# texts. After the erasure no byte of any of it is in a file: database, write-ahead log, log, and what is restored
# from the backups of before.
#
# Each text begins with zqx, and those that are not personal name the person, by which they are known.
. "$(dirname "$0")/lib.bash"
new_company
name='Zqxáda Zqxmüller' mail=zqxada@example.org phone='+43 5559871000'
words='zqx|5559871'
cat >conf.d/50-erase.conf <<'CONF'
log: { level = "debug"; };
access: { log = "all"; };
engine: { attempts = 1; };
rules: { failures = 3; };
CONF
"$KITH" module enable sales >/dev/null
rm -r workflows/sales # their tests would keep rules that always fail from being reloaded
"$KITH" type add visit --title name >/dev/null # of our own, with a field of every kind that can hold a text
"$KITH" field add visit 'guest:link[contact]' --subject >/dev/null
for kind in text longtext email phone url tags json; do
    "$KITH" field add visit "own_$kind:$kind" --personal >/dev/null
    [ "$kind" = json ] || "$KITH" field add visit "other_$kind:$kind" >/dev/null
done
"$KITH" type add receipt --title name >/dev/null # part of something that only tells about the person
"$KITH" field add receipt 'visit:link[visit]' --part-of --required >/dev/null
"$KITH" field add receipt 'text:longtext' --personal >/dev/null

# -- what a field is, and a value for it --------------------------------------------------------------

# Lines of a type: field, kind, flags. "text (required, personal)" is what `kith explain` says.
fields() {
    "$KITH" explain "$1" --json | jq -r '[(.field | split(".")[1]), .kind] | @tsv' |
        sed -E 's/^([^\t]*)\t([^(]*[^( ]) ?(\(.*)?$/\1\t\2\t\3/'
}
declare -A made=() refused=() has_text=()
number=10
value() { # FIELD KIND FLAGS TAG: sets $value; nothing for what cannot be written or need not be
    value=
    number=$((number + 1))
    case $2 in
        text | longtext) value="zqx-$type-$1-$4 $name" ;;
        email) value="zqx$type$1$4.$mail" ;;
        phone) [[ $3 == *personal* ]] && value="+43 5559871$number" || value=$phone ;;
        url) value="https://zqx.example/$type/$1/$4/$mail" ;;
        tags) value="zqx-$type-$1-$4-$mail" ;;
        json) value="{\"zqx\":\"zqx-$type-$1-$4\"}" ;;
    esac
    text=$value
    [ -n "$value" ] && return
    case $3 in *required*) ;; *) return ;; esac
    case $2 in
        choice:*) value=${2#choice: } value=${value%%,*} ;;
        integer) value=$number ;;
        date) value=2026-01-02 ;;
        "link to any"*) value=contact/$grace ;;
        "link to "*) value=${made[${2#link to }]:-} ;;
    esac
}

# Creates or updates with values for all fields; $1: a tag for the texts; $2: what is written in any case; then the
# command. A field that refuses its text is left out, and known by name afterwards.
fill() {
    local tag=$1 link=$2 field kind flags answer again=yes
    shift 2
    while [ -n "$again" ]; do
        again='' set=("$link") written=()
        while IFS=$'\t' read -r field kind flags; do
            case $flags in *read-only* | *"kept by Kith"*) continue ;; esac
            case " $field ${refused[$type]:-} " in *" $field "*" $field "*) continue ;; esac
            [ "$field" = "${link%%=*}" ] && continue
            value "$field" "$kind" "$flags" "$tag"
            [ -n "$value" ] && set+=("$field=$value")
            [ -n "$text" ] && written+=("$type $field $tag")
        done <<<"$known_fields"
        answer=$("$KITH" "$@" "${set[@]}" --json 2>&1)
        code=$?
        [ "$code" -eq 0 ] && break
        field=$(jq -r '.field // empty' <<<"$answer" 2>/dev/null | head -n 1)
        case " ${refused[$type]:-} " in *" $field "*) break ;; esac # left out, and still at fault
        if [ -n "$field" ] && [ "$field" != "${link%%=*}" ]; then
            refused[$type]+=" $field"
            again=yes
        fi
    done
    id=$(json_text id <<<"$answer")
    [ "$code" -eq 0 ] && for field in "${written[@]}"; do has_text[$field]=yes; done
}

# The link by which a type tells about the person or is part of what does: "guest=ID"; grace: another one's.
link_of() {
    local field kind flags to
    while IFS=$'\t' read -r field kind flags; do
        case $flags in *"part of it"* | *"tells about it"*) ;; *) continue ;; esac
        case $flags in *read-only*) continue ;; esac
        to=${kind#link to }
        case $to in
            "any record") link=$field=contact/$ada other=$field=contact/$grace ;;
            contact) link=$field=$ada other=$field=$grace ;;
            *) [ -n "${made[$to]:-}" ] && [ -n "${told[$to]:-}" ] || continue
               link=$field=${made[$to]} other= ;;
        esac
        return 0
    done <<<"$known_fields"
    return 1
}
declare -A told=()

fill_type() {
    type=$1
    known_fields=$(fields "$type")
    link_of || return 1
    told[$type]=yes
    fill d "$link" create "$type"
    [ "$code" -eq 0 ] || { untold+=" $type"; return 0; }
    "$KITH" delete "$type" "$id" >/dev/null 2>&1 # nothing leads to it any more
    fill a "$link" create "$type"
    made[$type]=$id
    local texts=() key
    for key in "${!has_text[@]}"; do
        case $key in "$type "*" a") texts+=("${key#"$type "}") ;; esac
    done
    for key in "${texts[@]}"; do # written over: it is in history alone
        "$KITH" update "$type" "$id" "${key% a}=" >/dev/null 2>&1
    done
    fill b "$link" update "$type" "$id"
    [ -n "$other" ] || return 0
    fill c "$link" create "$type" # told about the person once, and about somebody else now
    [ "$code" -eq 0 ] || return 0
    for key in "${texts[@]}"; do
        "$KITH" update "$type" "$id" "${key% a}=" >/dev/null 2>&1 ||
            "$KITH" update "$type" "$id" "${key% a}=plain@words.example" >/dev/null 2>&1
    done
    "$KITH" update "$type" "$id" "$other" >/dev/null 2>&1
}

found_in() { grep -rEiaq "$words" "$@"; }
left_in() { ! found_in "$@" || { grep -rEiao ".{0,60}($words).{0,30}" "$@" | tr -c '[:print:]\n' . | head -n 20; false; }; }

# -- filling ------------------------------------------------------------------------------------------

it "fills every text of every type that can tell about a person"
grace=$(create contact name="Grace Hopper" email=grace@example.org city=Graceville)
made[purpose]=$(create purpose name=newsletter)
made[segment]=$(create segment name=list kind=list query=contact)
made[team]=$(create team name=North)
made[account]=$(create account name="Harbour Works")
serve
ada=$(create contact name="$name" email=$mail phone="$phone")
type=contact known_fields=$(fields contact) other=
made[contact]=$ada told[contact]=yes
fill a "name=$name" update contact "$ada"
fill b "name=$name" update contact "$ada"
"$KITH" update contact "$ada" email=$mail phone="$phone" >/dev/null
untold=
for _ in 1 2 3; do # parts of parts are made once those are there
    for one in $("$KITH" type list --json | jq -r .type); do
        case $one in erasure | redirect) continue ;; esac # Kith's own: the merge below makes one
        [ -z "${told[$one]:-}" ] && fill_type "$one"
    done
done
for one in contact_point profile relation life_event interaction task note file lead opportunity visit \
    receipt consent list_member share; do
    expect test -n "${told[$one]:-}"
done
expect test "$untold" = ""

it "could write into every field that is personal"
for one in "${!refused[@]}"; do
    for field in ${refused[$one]}; do
        flags=$(fields "$one" | awk -F'\t' -v f="$field" '$1 == f { print $3 }')
        case "$one.$field $flags" in
            consent.*) ;; # it was written once, and is never changed
            *personal*) fail "no text could be written into $one.$field, which is personal" ;;
        esac
    done
done
left=
for key in "${!has_text[@]}"; do
    read -r one field tag <<<"$key"
    grep -Eiaq "zqx(-|)$one(-|)$field(-|)$tag|zqx.example/$one/$field/$tag" kith.db kith.db-wal && continue
    case $field in *phone | fax) continue ;; esac
    left+=" $one.$field:$tag"
done
expect test "$left" = ""

it "fills the other places in which Kith keeps texts"
second=$(create contact name="Zqxdouble $name" email=zqxdouble@example.org)
"$KITH" merge contact "$ada" "$second" >/dev/null
printf 'name,email\n%s,zqxnot an address\nPlain Name,plain@example.org\n' "$name" >"$work/$name.csv"
kith import contact "$work/$name.csv" --rejects "$work/rows-left.csv"
prints "rejected     1"
rm "$work/$name.csv"
gone=$(printf zqxpartofagonefilezz | base64 -d | "$KITH" file put contact "$ada" - --name zqx.txt --json | json_text id) # with its part, long before
"$KITH" delete file "$gone" >/dev/null
kith find "contact where name = '$name'"
kith find "contact where email = '$mail'" --json
kith search zqxmüller
"$KITH" run consent.give purpose=newsletter contact_point="${made[contact_point]}" proof="zqx form" >/dev/null
"$KITH" run consent.withdraw purpose=newsletter address="ZQX$mail" by="zqx letter of $name, ZQX$mail" >/dev/null
"$KITH" run consent.withdraw purpose=newsletter address=$mail by="zqx letter of $name" >/dev/null
kith subject export contact "$ada" --for "$name asked for it"
cat >rules/greet.lua <<'RULE'
on("contact.updated", { name = "greet" }, function(contact) error("cannot greet " .. contact.name) end)
on("task.created", { name = "look" }, function(task) error("nobody does " .. task.title) end)
before("lead.update", { name = "check" }, function(lead) lead.name = lead.name:sub(1, 70) error(lead.name .. " is wrong") end)
RULE
kith rule reload
for city in Zqxtown Zqxberg Zqxdorf Zqxstadt; do
    "$KITH" update contact "$ada" "city=$city" >/dev/null 2>&1
    "$KITH" update lead "${made[lead]}" "company=$name $city" >/dev/null 2>&1
done
create task title="Ask $name" about=contact/"$ada" >/dev/null
until [ "$("$KITH" rule list --json 2>/dev/null | grep -c suspended.:.20)" -gt 0 ]; do sleep 0.05; done
kith deadletter list
prints "cannot greet $name"
kith rule list
complains "cannot greet $name"
rm rules/greet.lua
kith rule reload

it "writes nothing of it to the log, at its most talkative"
expect grep -q "rules/greet.lua is suspended" "$work/serve.log"
expect left_in "$work/serve.log"

it "backs it up, in a full backup and one that follows"
kith backup "$work/full.tar"
"$KITH" update contact "$ada" city=Zqxlast >/dev/null
kith backup "$work/next.tar" --base "$work/full.tar"
exits 0
expect found_in kith.db kith.db-wal

it "leaves a copy behind when a rehearsal is killed, which the next one to open the company removes"
stop_server
mkfifo "$work/rows"
"$KITH" import contact - --format csv --rehearse <"$work/rows" >/dev/null 2>&1 &
rehearsal=$!
exec 7>"$work/rows"
until [ -s "$(echo .copy-*/kith.db)" ] && grep -Eiaq "$words" .copy-*/kith.db; do kill -0 $rehearsal || break; sleep 0.05; done
kill -9 $rehearsal
wait $rehearsal 2>/dev/null
exec 7>&-
expect found_in .copy-*
kith find contact
expect test "$(echo .copy-*)" = '.copy-*'

# -- erasing ------------------------------------------------------------------------------------------

it "names the file with rejected rows, which it does not change"
serve
kith erase contact "$ada" --reason "request of 3 May" --rehearse
prints "$work/rows-left.csv"
kith erase contact "$ada" --reason "request of 3 May"
exits 0
prints "$work/rows-left.csv"
prints "Swept"
expect found_in "$work/rows-left.csv"
rm "$work/rows-left.csv"

it "leaves no word in any file of the company, while it is served and afterwards"
expect left_in .
stop_server
expect left_in . "$work/serve.log"
kith doctor
exits 0
kith audit verify
exits 0

it "leaves what is told of others"
kith get contact "$grace"
prints "Graceville"
expect grep -q Graceville kith.db
for one in interaction task note lead opportunity visit; do
    kith get "$one" "${made[$one]}"
    case $one in note) exits 3 ;; *) exits 0 ;; esac
done

it "says of the person no more than the day on which that was"
kith get contact "$ada"
exits 3
complains "was erased on 20"
complains "kith get erasure"

it "keeps the no that was said for an address of the person, who cannot be known by it"
kith find "suppression where lifted is null and how is null: count()"
prints_exactly 2

it "names no file that is gone"
other=$(create contact name="Nobody Else")
kith erase contact "$other" --reason test --json
prints '"files":null'

it "leaves no word in what is restored from a backup of before"
kith restore "$work/full.tar" "$work/next.tar" "$work/elsewhere" --erasures kith.db.erased
exits 0
expect left_in "$work/elsewhere"
kith doctor --company "$work/elsewhere"
exits 0
kith restore "$work/full.tar" "$work/bare"
expect found_in "$work/bare"

it "says no for whoever gets the address of the person again"
kith create contact name="Another" email="$mail"
kith find "contact where name = 'Another' and withdrawn('newsletter'): count()"
prints_exactly 1

finish
