#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A full and a failing disk under the files that are not the database: each write, sync and rename of
# a command fails in turn. The command says so in one sentence, no file is half there under its name,
# and one that was there before is as it was.
#   files.sh LIBRARY       the library that makes calls fail (tests/vfs/fault_file.c)
. "$(dirname "$0")/../integration/lib.bash"
library=${1:?names the library that makes calls fail}
new_company
for i in $(seq 300); do printf 'Person %s,p%s@example.com\n' "$i" "$i"; done | sed '1i name,email' >"$work/people.csv"
"$KITH" import contact "$work/people.csv" >/dev/null
printf 'name,email\n,nobody@example.com\nGood,good@example.com\n' >"$work/mixed.csv"
loads() { LD_PRELOAD=$library KITH_FAULT="write 28 1 nowhere" "$KITH" version >/dev/null 2>&1; }

# failing CALL ERRNO NTH WORD COMMAND...: the command, with those calls failing.
failing() {
    local fault="$1 $2 $3 $4"
    shift 4
    last=("$@")
    LD_PRELOAD=$library KITH_FAULT=$fault "$KITH" "$@" >"$work/out" 2>"$work/err" </dev/null
    code=$?
}

# fails_clean WORD FILE COMMAND...: every call about WORD fails in turn, until none is left. FILE is
# what the command writes; $old holds what is to stand in it while it fails (nothing: no file).
fails_clean() {
    local word=$1 file=$2 call number nth failures=0
    shift 2
    for call in write fwrite fsync rename; do
        for number in 28 5; do # ENOSPC, EIO
            for nth in $(seq 40); do
                rm -rf "$file"
                [ -z "$old" ] || echo "$old" >"$file"
                failing "$call" "$number" "$nth" "$word" "$@"
                [ "$code" -eq 0 ] && break
                failures=$((failures + 1))
                local what="$call $nth with errno $number"
                [ "$code" -eq 5 ] || [ "$code" -eq 1 ] || fail "$what: expected exit code 5"
                [ "$(grep -c '^kith: ' "$work/err")" -eq 1 ] || fail "$what: expected one sentence"
                grep -qE 'full|No space|Input/output|failed' "$work/err" || fail "$what: no reason"
                if [ -z "$old" ]; then
                    [ ! -e "$file" ] || fail "$what: $file is half there"
                else
                    [ "$(cat "$file")" = "$old" ] || fail "$what: $file is not as it was"
                fi
                [ ! -e "$file.part" ] || fail "$what: $file.part is left behind"
            done
        done
    done
    [ "$failures" -gt 0 ] || fail "nothing failed"
    rm -rf "$file"
}

it "can make calls of this program fail"
loads || skip "the library cannot be loaded into this program"

if loads; then
    it "leaves no half of an export, nor of one that replaces another"
    old=
    fails_clean all.csv "$work/all.csv" export contact "$work/all.csv"
    old="what was there"
    fails_clean all.jsonl "$work/all.jsonl" export contact "$work/all.jsonl" --replace

    it "leaves no half of a backup"
    old=
    fails_clean acme.tar "$work/acme.tar" backup "$work/acme.tar"

    it "can make a company where an earlier try failed"
    for call in write fsync; do
        for nth in 1 2 3 4 5 6 7 8; do
            failing "$call" 28 "$nth" made init "$work/made"
            kith init "$work/made"
            [ "$code" -eq 0 ] || grep -q 'is a company already' "$work/err" || fail "$call $nth"
            kith doctor --company "$work/made"
            exits 0
            rm -rf "$work/made"
        done
    done

    it "leaves no half of a company that is restored"
    old=
    kith backup "$work/whole.tar"
    exits 0
    fails_clean restored "$work/restored" restore "$work/whole.tar" "$work/restored"

    it "leaves the list of modules as it was"
    kith module enable sales
    exits 0
    before=$(cat conf.d/*.conf)
    for call in write fsync rename; do
        failing "$call" 28 1 conf.d module disable sales
        exits 5
        [ "$(cat conf.d/*.conf)" = "$before" ] || fail "$call: the settings have changed"
        [ -z "$(find conf.d -name '*.part')" ] || fail "$call: a part is left behind"
    done
    kith module list
    exits 0

    it "reads a backup again, and keeps none of which the disk wrote something else than it was given"
    mkdir "$work/store"
    echo "backup = { dir = \"$work/store\"; full_every = \"1s\"; keep = { last = 1; daily = 0; weekly = 0; monthly = 0; }; };" >conf.d/backup.conf
    kith backup run
    exits 0
    before=$(ls "$work/store"/*.tar)
    for nth in 1 4; do
        failing lie 5 "$nth" .tar backup run --full
        exits 5
        one_sentence
        [ "$(ls "$work/store"/*.tar)" = "$before" ] || fail "$nth: $(ls "$work/store")"
    done
    kith backup verify "$before"
    exits 0
    rm conf.d/backup.conf

    it "keeps the rows of an import whose rejects cannot be written, and says so"
    for call in write fsync rename; do
        failing "$call" 28 1 bad.csv import contact "$work/mixed.csv" --rejects "$work/bad.csv"
        exits 5
        grep -q 'bad.csv' "$work/err" || fail "$call: the file is not named"
        grep -q 'kith undo' "$work/out" || fail "$call: the way back is not told"
        [ ! -e "$work/bad.csv" ] || fail "$call: half a file is there"
        [ ! -e "$work/bad.csv.part" ] || fail "$call: a part is left behind"
    done

    it "is sound afterwards"
    kith doctor
    exits 0
fi

it "says that the output cannot be written"
"$KITH" export contact >/dev/full 2>"$work/err"
code=$?
exits 5
grep -qE 'full|No space' "$work/err" || fail "no reason"
finish
