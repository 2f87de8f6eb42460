#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Holds the walls of the house: tests/checks/floors.sh [ROOT]
#   floors   a room of core/ includes only itself and the rooms below it
#   modules  modules and the plugin template include only <kith/...>, their own files and the system's
#   SQL      stays in store, record and journal, and in two files of the engine with tables of their own
#   size     files over 800 lines and functions over 100 are named; over 1000 and 150 they fail
set -u
cd "${1:-$(dirname "$0")/../..}" || exit 2
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

sources() { find "$@" -name '*.[ch]' 2>/dev/null | sort; }

floors() {
    sources core | xargs -r awk '
        BEGIN {
            n = split("base store record journal engine plugin script cli", order, " ")
            for (i = 1; i <= n; i++) floor[order[i]] = i
        }
        FNR == 1 { split(FILENAME, at, "/"); own = at[2] }
        FNR == 1 && !(own in floor) { print FILENAME ": core/" own " is not a room of the house" }
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            split($0, quoted, "\""); path = quoted[2]
            room = path ~ "/" ? substr(path, 1, index(path, "/") - 1) : own
            if (!(room in floor))
                print FILENAME ":" FNR ": \"" path "\" is in no room of core/"
            else if (floor[room] > floor[own])
                print FILENAME ":" FNR ": " own " may not use " room ", which stands above it"
        }'
}

modules() {
    sources modules plugins-api/template plugins-api/cookbook | grep -v '/tests/' | xargs -r awk '
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            split($0, quoted, "\""); path = quoted[2]
            folder = FILENAME; sub("[^/]*$", "", folder)
            if (path ~ /\.\./ || (getline line < (folder path)) < 0)
                print FILENAME ":" FNR ": \"" path "\" is not the module'"'"'s own file"
            close(folder path)
        }
        /^[ \t]*#[ \t]*include[ \t]*<(sqlite3|lua|lauxlib|lualib|libconfig)/ {
            print FILENAME ":" FNR ": a module may not use " $NF
        }'
}

# The engine has two tables of its own (docs/decisions/0011); beyond them it only uses connections.
sql() {
    texts='"[ \t(]*(SELECT|INSERT|UPDATE|DELETE FROM|CREATE (TABLE|INDEX)|ALTER TABLE|DROP|PRAGMA|WITH) '
    sources core modules plugins-api | grep -Ev '^core/(store|record|journal)/|/tests/' | while read -r f; do
        case $f in
            core/engine/bus.c | core/engine/letters.c | core/engine/timers.c | core/engine/pause.c) ;;
            core/engine/*) grep -HnE "$texts" "$f" ;;
            *) grep -HnE "sqlite3_|$texts" "$f" ;;
        esac
    done | sed 's/^\([^:]*:[0-9]*\):.*/\1: SQL belongs in store, record and journal/'
}

sizes() {
    sources core modules plugins-api tests | xargs -r awk '
        function judge(where, what, lines, soft, hard) {
            if (lines > hard) print where ": " what " has " lines " lines, more than " hard
            else if (lines > soft) print "warning: " where ": " what " has " lines " lines" > "/dev/stderr"
        }
        FNR == 1 && NR > 1 { judge(file, "the file", last, 800, 1000) }
        FNR == 1 { inside = 0 }
        { file = FILENAME; last = FNR }
        /^[a-zA-Z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
        !inside && /\{$/ && !/= *\{$/ && !/^(struct|union|enum|typedef|extern)[^(]*\{$/ { inside = FNR }
        inside && /^\}/ { judge(FILENAME ":" inside, name "()", FNR - inside + 1, 100, 150); inside = 0 }
        END { if (NR) judge(file, "the file", last, 800, 1000) }'
}

{ floors; modules; sql; sizes; } >"$findings"
cat "$findings"
[ ! -s "$findings" ]
