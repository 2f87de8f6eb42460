#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The pages for people, the reference page and the example of the guide to events in a browser.
. "$(dirname "$0")/web.bash"

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
with_browser() {
    if [ -n "$browser" ]; then
        with_npm browser
        return
    fi
    if [ -n "${CI-}" ]; then fail "there is no browser"; else skip "there is no browser"; fi
    return 1
}

new_company
"$KITH" module enable web >/dev/null || exit 1
echo 'web: { grant = ["serve:users"]; listen = ["127.0.0.1:0"]; };' >conf.d/web.conf
serve_web

it "leads people from the link of the first start to the second factor, and tells a page what happens"
if with_browser; then
    link=$(sed -n 's/.*whoever opens \(http[^ ]*\) .*/\1/p' "$work/serve.log")
    [ -z "${PICTURES-}" ] || mkdir -p "$PICTURES"
    last=(browser "$link")
    (cd "$tools" && timeout 240 node people.mjs "$browser" "$link" "$here/../../../docs/guide-integrator-events.md" ${PICTURES:+"$PICTURES"}) \
        >"$work/out" 2>"$work/err"
    code=$?
    exits 0
    prints_exactly "the browser works"
fi
stop_server
finish
