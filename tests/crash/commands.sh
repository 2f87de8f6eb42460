#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every command that writes much, or more than the database, with a disk that is full, that fails
# once or for good, and with SIGKILL, at one place after the other: each write, sync, rename, new file
# and new folder is such a place. It tells no success when something was lost; the company opens and
# is sound; its records are those of before or of after; nothing is half there or left behind; and
# giving the command again does the rest. So it is with a small disk that is really full, where one can
# be mounted, and with two of the same commands at once, alone and by a server.
#   commands.sh LIBRARY [PLACES [WORD]]     the library that makes calls fail (tests/vfs/fault_file.c);
#                                           how many places of each command and kind of trouble, or
#                                           all; only commands with that word. KITH_SEED=n takes
#                                           other places.
if [ -z "${KITH_SMALL_DISK:-}" ] && unshare -rm mount -t tmpfs tmpfs /mnt 2>/dev/null; then
    KITH_SMALL_DISK=1 exec unshare -rm "$0" "$@" # where a disk can be mounted, for this test alone
fi
. "$(dirname "$0")/../integration/lib.bash"
library=${1:?names the library that makes calls fail}
places=${2:-2}
only=${3:-}
RANDOM=${KITH_SEED:-1}
[ "$places" != all ] || places=1000000
day=86400
result=$work/disk/result # what the command writes, if anything

at() { # SECONDS COMMAND...: on another day
    local clock=$1
    shift
    LD_PRELOAD=$library KITH_CLOCK=$clock "$KITH" "$@"
}
if ! at 0 version >"$work/out" 2>&1 || grep -q LD_PRELOAD "$work/out"; then
    it "can make calls of this program fail"
    skip "the library cannot be loaded into this program"
    finish
fi

# -- a company with something for each command --------------------------------------------------------

ids() { "$KITH" find "$1" --json --fields id | json_text id; }

mkdir "$work/safe" "$work/disk" && cd "$work/safe" || exit 1
if [ -n "${KITH_SMALL_DISK:-}" ]; then
    mount -t tmpfs -o size=24m tmpfs "$work/disk" || exit 1
    trap '[ "$BASHPID" != "$$" ] || { cd / && umount "$work/disk"; cleanup; }' EXIT
fi
at $((-400 * day)) init "$work/disk/acme" --zone Europe/Berlin >/dev/null
cd "$work/disk/acme" || exit 1
mkdir store
cat >conf.d/50-test.conf <<'CONF'
backup = { dir = "store"; every = "1h"; keep = { last = 1; daily = 0; weekly = 0; monthly = 0; }; };
retention = { rules = ({ name = "dormant"; find = "contact where source = 'fair'"; }) };
journal = { keep = "100d" };
CONF
{
    echo name,email,city,source
    for i in $(seq 150); do echo "Person $i,p$i@example.com,City $((i % 3)),web"; done
    for i in $(seq 20); do echo "Visitor $i,v$i@example.com,Wien,fair"; done
} >"$work/people.csv"
at $((-400 * day)) import contact "$work/people.csv" >/dev/null 2>&1
at $((-300 * day)) update contact --where "city = 'City 2'" city=Old >/dev/null 2>&1
ada=$(create contact name="Ada Quartermain" email=ada@example.com city=Zanzibar)
twin=$(create contact name="A. Q. Main" phone="+43 1 2345678")
eve=$(create contact name="Eve Adams" email=eve@example.com)
eves=$(create contact name="Evelyn Adams" email=eve@example.com city=Ulm)
for who in "$ada" "$twin" "$eves"; do
    create task title="Call $who" about=contact/"$who" >/dev/null
    create note body="About $who" about=contact/"$who" >/dev/null
done
create note body="Quartermain likes oldtrains" about=contact/"$ada" >/dev/null
create purpose name=newsletter >/dev/null
create wording purpose="$(ids purpose)" version=1 language=en text="I agree" >/dev/null
create segment name=wien query="contact where city = 'Wien'" >/dev/null
merged=$("$KITH" merge contact "$eve" "$eves" --json | json_text transaction)
"$KITH" backup "$work/safe/base.tar" >/dev/null
"$KITH" backup key "$work/safe/key" --json >"$work/key.out" </dev/null
key=$(json_text public <"$work/key.out")
import=$({ echo name,city; for i in $(seq 120); do echo "Guest $i,Graz"; done; } |
    "$KITH" import contact - --json 2>/dev/null | json_text run)
"$KITH" backup run >/dev/null 2>&1
"$KITH" backup "$work/safe/later.tar" >/dev/null
cat >workflows/wait.lua <<'LUA'
workflow("wait", {}, function()
    task { title = "First" }
    parallel(function() wait_for("task.done", { title = "First" }) end, function()
        sleep(days(3))
        task { title = "Second" }
    end)
end)
LUA
"$KITH" workflow start wait >/dev/null
"$KITH" workflow runs >/dev/null # its first step is done
waiting=$("$KITH" workflow runs --state waiting --json | json_text id)
for i in 1 2 3; do "$KITH" find purpose >/dev/null; done # timers that are due have run
"$KITH" doctor >"$work/out" 2>&1 || cat "$work/out"
mv "$work/disk/acme" "$work/safe/acme"

# -- what the commands leave --------------------------------------------------------------------------

dump() { # what the records say, but ids and times that are new each time
    sqlite3 -readonly "$work/disk/acme/kith.db" "
        SELECT id, name, email, phone, city, source FROM contact ORDER BY id;
        SELECT contact, kind, value FROM contact_point ORDER BY 1, 2, 3;
        SELECT about, title FROM task ORDER BY id; SELECT about, body FROM note ORDER BY id;
        SELECT DISTINCT contact, state, proof FROM consent ORDER BY 1; SELECT record FROM erasure;
        SELECT gone, kept__type FROM redirect ORDER BY 1;
        SELECT segment, count(*) FROM kith_member GROUP BY 1;
        SELECT state, waits_for FROM workflow_run; SELECT topic, branch FROM kith_flow_wait;
        SELECT payload FROM kith_timer WHERE subject IN (SELECT id FROM workflow_run);" 2>&1
}
stray() {
    find "$work/disk" -name '.copy-*' -o -name '*.part' -o -name '.*.restore-*' -o -name '*-journal'
}
fresh() {
    rm -rf "$work/disk/acme" "$result" "$work"/disk/.result.* "$result".*
    cp -a --reflink=auto "$work/safe/acme" "$work/disk/acme"
    [ "$kind" != replaced ] || cp -a --reflink=auto "$work/safe/acme" "$result"
    cd "$work/disk/acme" || exit 1
}
sound() { # WHAT
    kith doctor
    [ "$code" -eq 0 ] || fail "$1: the doctor finds something"
    kith audit verify
    [ "$code" -eq 0 ] || fail "$1: the chain of the journal does not hold"
}
whole() { # what the command writes is whole, or is not there
    case $kind in
    tar) "$KITH" backup verify "$work/safe/base.tar" "$work/safe/later.tar" "$result" --key "$work/safe/key" ;;
    plan) "$KITH" backup verify store/kith-*.tar ;;
    folder) "$KITH" doctor --company "$result" ;;
    replaced)
        "$KITH" doctor --company "$result" && # and what was there before is not lost
            if [ "$was" -eq 0 ]; then "$KITH" doctor --company "$(printf '%s\n' "$result".before-* | tail -n 1)"; fi
        ;;
    text) [ "$(tail -n 1 "$result")" = "}" ] ;;
    *) true ;;
    esac >"$work/whole" 2>&1
}
there() {
    case $kind in
    tar | folder | replaced | text) [ -e "$result" ] ;;
    *) true ;;
    esac
}

# -- one place ----------------------------------------------------------------------------------------

fill() { # KB: so much is left
    local free
    free=$(df --output=avail -k "$work/disk" | tail -n 1)
    [ "$free" -lt "$1" ] || head -c $(((free - $1) * 1024)) /dev/zero >"$work/disk/filler"
}

one_place() { # CALLS ERRNO NTH TIMES COMMAND...; CALLS fill: a disk with NTH KB
    local fault="$1 $2 $3 /disk/ $4" what="$1 $3 with errno $2 ($4 times)" begun room=
    [ "$1" != fill ] || room=$3
    shift 4
    fresh
    last=("$@")
    [ -z "$room" ] || fill "$room"
    begun=$SECONDS
    (
        LD_PRELOAD=$library KITH_FAULT=$fault "$KITH" "$@" >"$work/out" 2>"$work/err" </dev/null
        exit $?
    ) 2>/dev/null # the shell tells of a kill
    code=$?
    begun=$((SECONDS - begun)) # what cannot be done behind its commit is left
    [ "$begun" -lt 30 ] || fail "$what: it took $begun s"
    rm -f "$work/disk/filler"
    was=$code
    [ "$code" -eq 0 ] || failures=$((failures + 1))
    case $code in
    0) ;;
    137) [ "${fault:0:5}" = "any 0" ] || fail "$what: it was killed" ;;
    *)
        [ "$(grep -c '^kith: ' "$work/err")" -eq 1 ] || fail "$what: expected one sentence"
        grep -qE 'full|MB free|No space|Input/output|failed' "$work/err" || fail "$what: no reason"
        grep -qE "/|'" <(grep '^kith: ' "$work/err") || fail "$what: no place"
        ;;
    esac
    if there; then whole || fail "$what: half a result: $(head -c 300 "$work/whole")"; fi
    [ "$was" -ne 0 ] || there || fail "$what: success was told, and there is nothing"
    cp "$work/out" "$work/first.out" && cp "$work/err" "$work/first.err"
    sound "$what"
    local found
    found=$(dump)
    if [ "$was" -eq 0 ] && [ "$found" != "$after" ]; then
        fail "$what: success was told, and it is not done: $(diff <(echo "$after") <(echo "$found") | head -n 5)"
    elif [ "$kind" != parts ] && [ "$found" != "$before" ] && [ "$found" != "$after" ]; then
        fail "$what: neither before nor after: $(diff <(echo "$after") <(echo "$found") | head -n 5)"
    fi
    if [ "$was" -ne 0 ] && { [ "$found" != "$after" ] || [ "$before" = "$after" ]; } &&
        { [ "$kind" = replaced ] || [ ! -e "$result" ]; }; then
        kith "$@"
        [ "$code" -eq 0 ] || fail "$what: and then it cannot be given again"
        [ "$(dump)" = "$after" ] || fail "$what: given again it leads elsewhere: $(diff <(echo "$after") <(dump) | head -n 5)"
        { whole && there; } || fail "$what: given again its result is not whole: $(head -c 300 "$work/whole")"
    fi
    [ "$gone" = "" ] || [ "$found" != "$after" ] || {
        kith find erasure
        ! grep -rEiaq "$gone" "$work/disk/acme" --include='kith.db*' || { [ -z "${KEEP:-}" ] || cp -a "$work/disk/acme" "$KEEP"; fail "$what: a word is left after the sweep of the next start"; }
    }
    [ -z "$(stray)" ] || fail "$what: left behind: $(stray)"
    cp "$work/first.out" "$work/out" && cp "$work/first.err" "$work/err"
}

every_place() { # COMMAND...: CALLS ERRNO TIMES of each kind of trouble, at each place
    local calls number times count nth step
    while read -r calls number times; do
        fresh
        LD_PRELOAD=$library KITH_FAULT="$calls 5 1000000 /disk/" KITH_FAULT_COUNT=$work/count \
            "$KITH" "$@" >/dev/null 2>&1 </dev/null
        count=$(cat "$work/count")
        step=$((count / places + 1))
        for ((nth = 1 + RANDOM % step; nth <= count; nth += step)); do
            one_place "$calls" "$number" "$nth" "$times" "$@"
            [ -z "$broken" ] || return
        done
    done <<'TROUBLES'
room 28 1000000
any 5 1
any 5 1000000
any 0 1
TROUBLES
    [ -z "${KITH_SMALL_DISK:-}" ] || for nth in 8 400 $([ "$places" -le 2 ] || echo 0 30 100 1200); do
        one_place fill 28 "$nth" 1 "$@"
        [ -z "$broken" ] || return
    done
}

# -- two at once --------------------------------------------------------------------------------------

two_at_once() { # WHERE COMMAND...
    local where=$1 first second found
    shift
    "$KITH" "$@" >"$work/out" 2>"$work/err" </dev/null &
    "$KITH" "$@" >"$work/out2" 2>"$work/err2" </dev/null
    second=$?
    wait $!
    first=$?
    last=("$@") code=$first
    [ "$first" -eq 0 ] || [ "$second" -eq 0 ] || fail "two at once, $where: neither did it"
    for code in "$first" "$second"; do # the other is done, too, or there is nothing left to do, or it is busy
        case $code in 0 | 1 | 2 | 3 | 6) ;; *) fail "two at once, $where: $first and $second" ;; esac
    done
    [ "$first" -eq 0 ] || [ "$(grep -c '^kith: ' "$work/err")" -eq 1 ] || fail "two at once, $where: expected one sentence"
    [ "$second" -eq 0 ] || [ "$(grep -c '^kith: ' "$work/err2")" -eq 1 ] || fail "two at once, $where: expected one sentence"
    [ "$where" = alone ] || stop_server
    was=0
    { there && whole; } || fail "two at once, $where: half a result: $(head -c 300 "$work/whole")"
    sound "two at once, $where"
    found=$(dump)
    [ "$found" = "$after" ] || fail "two at once, $where: it leads elsewhere: $(diff <(echo "$after") <(echo "$found") | head -n 5)"
    [ -z "$(stray)" ] || fail "two at once, $where: left behind: $(stray)"
}

twice() { # COMMAND...
    fresh
    two_at_once alone "$@"
    fresh
    serve
    two_at_once served "$@"
}

# -- the commands -------------------------------------------------------------------------------------
# KIND says what is looked at: whole: the records are those of before or of after; parts: or between
# them, and giving it again goes on; nothing: they stay as they are; tar, folder, text: a backup, a
# company, a file; replaced: a company that was there; plan: backups.

command() { # KIND COMMAND...
    kind=$1 failures=0 gone='' was=0
    shift
    [ -z "$only" ] || [[ " $* " = *" $only"* ]] || return
    it "$(echo "${*//$work\//}" | cut -c 1-70): loses nothing"
    fresh
    before=$(dump)
    ! grep -q Error <<<"$before" || fail "the records cannot be read: $before"
    kith "$@"
    [ "$code" -eq 0 ] || fail "it does not work at all"
    kith find erasure # one more start: sweeps and timers
    after=$(dump)
    [ "$1" != erase ] || gone='quartermain|zanzibar|oldtrains|ada@example'
    [ "$kind" = whole ] || [ "$kind" = parts ] || [ "$before" = "$after" ] || fail "it changes records"
    every_place "$@"
    [ "$failures" -gt 0 ] || fail "nothing failed"
    [ -n "$broken" ] || twice "$@"
}

command whole erase contact "$ada" --reason test
command whole erase contact "$ada" --reason test --no-wait
command whole merge contact "$ada" "$twin"
command whole undo "$merged"
command whole run consent.give purpose=newsletter contact="$ada" wording=1 proof="form 7"
command parts update contact --where "city like 'City%'" city=Linz
command parts delete contact --where "city = 'Graz'"
command parts undo "$import"
command parts retention --apply --sure
command tar backup "$result"
command tar backup "$result" --base "$work/safe/base.tar"
command tar backup "$result" --recipient "$key"
command plan backup run
command plan backup run --full
command folder restore "$work/safe/base.tar" "$work/safe/later.tar" "$result"
command folder restore "$work/safe/later.tar" "$result" --at "$merged"
command replaced restore "$work/safe/base.tar" "$result" --replace
command whole doctor
command whole doctor --repair
# At each place: a disk that fails for good behind the commit holds up what follows, not the command.
places=1000 command whole workflow cancel "$waiting"
command nothing workflow rehearse wait
command text subject export contact "$ada" "$result" --for test --format json
finish
