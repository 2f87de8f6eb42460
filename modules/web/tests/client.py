# SPDX-License-Identifier: Apache-2.0
"""One request: client.py PORT TOKEN METHOD PATH [BODY [HEADER: VALUE]...]

Prints the body; writes the status and the headers to the file that $ANSWER names."""
import http.client
import os
import sys

port, token, method, path = sys.argv[1:5]
body = sys.argv[5] if len(sys.argv) > 5 and sys.argv[5] else None
headers = dict(h.split(": ", 1) for h in sys.argv[6:])
if token:
    headers.setdefault("Authorization", "Bearer " + token)
c = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
c.request(method, path, body.encode() if body is not None else None, headers)
r = c.getresponse()
with open(os.environ["ANSWER"], "w") as f:
    f.write("%d\n" % r.status)
    for name, value in r.getheaders():
        f.write("%s: %s\n" % (name, value))
sys.stdout.buffer.write(r.read())
