#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the pages for integrators tell to type in works, line by line, in their order; what they say of
# versions is what is tried; and what they name is there.
. "$(dirname "$0")/web.bash"
top=$(realpath "$here/../../..")

# As somebody types it who looks at what is answered: a problem is a failure.
mkdir "$work/bin"
for tool in jq oathtool; do
    command -v $tool >/dev/null || missing="${missing-} $tool"
done
cat >"$work/bin/curl" <<SH
#!/bin/sh
exec $(command -v curl) -sS --fail-with-body "\$@"
SH
chmod +x "$work/bin/curl"
ln -s "$(realpath "$KITH")" "$work/bin/kith"
export PATH=$work/bin:$PATH
unset -f kith # what the pages type in is the program

# Where the pages start a server in the background.
serve_here() {
    cat >conf.d/web.conf <<'CONF'
web: { grant = ["serve:users"]; listen = ["127.0.0.1:0"]; };
CONF
    serve_web
}
blocks() { # FENCE PAGE: the lines of its blocks
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$top/$2" | grep -v '^```'
}
type_in() { # FENCE PAGE: in this shell, so that what a line sets is there in the next
    local line lines
    mapfile -t lines < <(blocks "$1" "$2")
    expect test "${#lines[@]}" -gt 1
    for line in "${lines[@]}"; do
        it "${2##*/} works: $line"
        last=("$line")
        line=${line//127.0.0.1:8080/127.0.0.1:${port-}}
        [ "$line" != "kith serve &" ] || line=serve_here
        eval "set -o pipefail; $line" >"$work/out" 2>"$work/err"
        code=$?
        set +o pipefail
        exits 0
    done
}

if [ -n "${missing-}" ]; then
    it "types in what the pages show"
    if [ -n "${CI-}" ]; then fail "missing:$missing"; else skip "missing:$missing"; fi
else
    cd "$work" || exit 1
    type_in sh modules/web/README.md
    type_in sh docs/guide-integrator-http.md
    it "had the same key write one record"
    curl -G -H "Authorization: Bearer $TOKEN" "$URL/api/v1/query" \
        --data-urlencode "q=contact where name = 'Mary Jackson' : count()" >"$work/out"
    prints '"count":1'
    type_in sh docs/guide-integrator-sign-in.md
    stop_server
    for module in documents commerce sales; do "$KITH" module enable $module >/dev/null; done
    for module in commerce sales; do "$KITH" import role roles/$module.jsonl --key name >/dev/null; done
    "$KITH" create product code=PEN name=Pen price="10 EUR" tax_rate=20 >/dev/null
    serve_here
    type_in sh modules/sales/README.md
    "$KITH" find "invoice where order.contact.email = 'nora@example.org' or order.account.name = 'Nora Ltd'" --csv >"$work/out"
    prints "24.00 EUR"
    expect grep -q "^%PDF" quote.pdf
    expect grep -q "^%PDF" invoice.pdf
    stop_server
    cd "$work" && rm -r acme
    type_in bash docs/guide-integrator.md
    prints '"city":"London"'
    stop_server
fi

it "names the versions that are tried"
for package in typescript openapi-typescript openapi-fetch; do
    tried=$(sed -n "s/.*\"$package\": \"\\([0-9]*\\.[0-9]*\\)\\..*/\\1/p" "$here/openapi/package.json")
    expect grep -q " $package@$tried" "$top/docs/guide-integrator-clients.md"
done

it "names pages and places in them that are there"
cd "$top" || exit 1
anchors() { sed -n 's/^##* //p' "$1" | tr 'A-Z' 'a-z' | sed "s/[^a-z0-9 -]//g; s/ /-/g"; }
for page in modules/web/README.md docs/guide-integrator*.md docs/guide-admin-web.md; do
    while IFS='#' read -r file anchor; do
        [[ $file != http* ]] || continue
        file=${file:+$(dirname "$page")/$file}
        file=${file:-$page}
        [ -e "$file" ] || fail "expected $file, which $page names"
        [ -z "$anchor" ] || anchors "$file" | grep -qx -- "$anchor" || fail "expected #$anchor in $file, which $page names"
    done < <(grep -o '](\([^)]*\))' "$page" | sed 's/^](//; s/)$//')
done

it "names each address"
for word in $(sed -n 's/.*{\(GET\|POST\|PATCH\|DELETE\)("\([a-z._]*\).*/\2/p' "$here/../route.c" | sort -u); do
    grep -q "[ \`]${word}[\`/?.]" "$here/../README.md" || fail "expected $word among the addresses of the README"
done

it "names each tool of agents with its arguments"
new_web_company
printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}' \
    '{"jsonrpc":"2.0","id":2,"method":"tools/list"}' | kith mcp 2>/dev/null | tail -n 1 >"$work/tools.json"
python3 - "$work/tools.json" "$top/docs/guide-integrator-agents.md" >"$work/out" <<'PY'
import json, sys
guide = open(sys.argv[2]).read()
for tool in json.load(open(sys.argv[1]))["result"]["tools"]:
    names = [n for n in tool["inputSchema"]["properties"] if n != "rehearse"]
    shown = f"`{tool['name']}` ({', '.join(f'`{n}`' for n in names)})"
    if "-" not in tool["name"] and shown not in guide:
        print("expected", shown)
PY
prints_exactly ""
cd "$work" || exit 1
finish
