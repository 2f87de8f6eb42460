# SPDX-License-Identifier: Apache-2.0
"""Creates accounts on several connections until the server is gone, and prints the ids that were
acknowledged: load.py PORT TOKEN CONNECTIONS"""
import http.client
import sys
import threading

port, token, connections = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
lock = threading.Lock()
cut = 0


def work(number):
    global cut
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    n = 0
    while True:
        n += 1
        try:
            c.request("POST", "/api/v1/account", '{"name":"Load %d %d"}' % (number, n), {"Authorization": "Bearer " + token})
            r = c.getresponse()
            location = r.getheader("Location")
            r.read()
        except (OSError, http.client.HTTPException) as e:
            # Nothing was answered: it may be there, or not.
            with lock:
                cut += isinstance(e, http.client.IncompleteRead)
            return
        if r.status == 201:
            with lock:
                print(location.rsplit("/", 1)[1], flush=True)
        elif r.status != 503:
            print("status", r.status, file=sys.stderr)
            return


threads = [threading.Thread(target=work, args=(i,)) for i in range(connections)]
for t in threads:
    t.start()
for t in threads:
    t.join()
if cut:
    print("an answer was cut off", file=sys.stderr)
