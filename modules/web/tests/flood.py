# SPDX-License-Identifier: Apache-2.0
"""flood.py PORT COUNT: so many sign in at the same moment.

Prints " STATUS HOW-OFTEN " for each status of the sign-ins."""
import collections
import http.client
import json
import sys
import threading

port, count = int(sys.argv[1]), int(sys.argv[2])
seen = collections.Counter()
start = threading.Barrier(count)


def sign_in(i):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    start.wait()
    try:
        body = json.dumps({"login": "flood%d" % i, "password": "wrong"})
        c.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})
        seen[c.getresponse().status] += 1
    except OSError:
        seen[0] += 1


threads = [threading.Thread(target=sign_in, args=(i,)) for i in range(count)]
for t in threads:
    t.start()
for t in threads:
    t.join()
for status, n in sorted(seen.items()):
    print(" %d %d " % (status, n))
