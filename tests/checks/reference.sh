#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The reference in docs/reference is what the program and the headers say of themselves: tests/checks/reference.sh [--write]
#   without --write it names the pages that differ; KITH names the program, KITH_SOURCE the sources
set -u
source=${KITH_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
kith=$(realpath "${KITH:-$source/build/dev/kith}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TERM=dumb NO_COLOR=1
unset KITH_COMPANY

page() { # page FILE ARGUMENT...: one page, into the folder of those made now
    file=$work/made/$1
    shift
    mkdir -p "${file%/*}"
    "$kith" --company "$work/company" "$@" >"$file" || exit 2
}

"$kith" init "$work/company" --zone UTC >/dev/null || exit 2
for name in commands settings queries types events actions exit-codes; do
    page "$name.md" reference "$name"
done
for folder in "$source"/modules/*/; do
    name=$(basename "$folder")
    "$kith" --company "$work/company" module enable "$name" >/dev/null || exit 2
done
page parts.md reference parts
for folder in "$source"/modules/*/; do
    name=$(basename "$folder")
    page "modules/$name.md" reference "$name"
done

include=$source/plugins-api/include/kith
"$source/plugins-api/reference.py" "$include/types.h" "$include/declare.h" "$include/plugin.h" \
    "$include/host.h" "$include/serve.h" "$include/easy.h" >"$work/made/contract.md" || exit 2

if [ "${1-}" = --write ]; then
    rm -rf "$source/docs/reference"
    cp -r "$work/made" "$source/docs/reference"
elif ! diff -r -q "$source/docs/reference" "$work/made" >"$work/differ"; then
    sed "s|$work/made|the program|; s|$source/||" "$work/differ"
    diff -r "$source/docs/reference" "$work/made" | grep '^[<>]' | head -n 10
    echo "docs/reference is not what the program and the headers say of themselves; 'make reference' mends it"
    exit 1
fi
