# SPDX-License-Identifier: Apache-2.0
"""listen.py PORT COOKIE: follows what happens in a session, and says when it was sent away."""
import http.client
import sys

c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
c.request("GET", "/api/v1/events", None, {"Cookie": sys.argv[2]})
r = c.getresponse()
print(r.status, flush=True)
try:
    while r.read1(4096):
        pass
    print("ended", flush=True)
except OSError as e:
    print("not sent away:", e, flush=True)
