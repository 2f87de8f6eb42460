# SPDX-License-Identifier: Apache-2.0
"""Reads, lists, writes, mistakes, and clients that leave in the midst of it, on several connections
until the server is gone or SECONDS are over: storm.py PORT TOKEN CONNECTIONS SECONDS. Prints the
statuses that were answered and how often; what is no status of ours, or no JSON, goes to standard
error."""
import collections
import json
import random
import socket
import sys
import threading
import time

port, token, connections, seconds = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
end = time.monotonic() + seconds
lock = threading.Lock()
statuses = collections.Counter()
ids = []


def request(method, path, body=None, extra=""):
    body = body.encode() if body is not None else b""
    return ("%s /api/v1/%s HTTP/1.1\r\nHost: kith\r\nAuthorization: Bearer %s\r\n%sContent-Length: %d\r\n\r\n" % (
        method, path, token, extra, len(body))).encode() + body


def one(r):
    some = r.choice(ids) if ids else "0SA818NN40003"
    return r.choice([
        lambda: request("POST", "account", '{"name":"Storm %d","size":%d}' % (r.randrange(1000), r.randrange(100))),
        lambda: request("POST", "account", '{"name":"Storm","nothing":1}'),
        lambda: request("GET", "account/" + some),
        lambda: request("PATCH", "account/" + some, '{"size":%d}' % r.randrange(100)),
        lambda: request("PATCH", "account/" + some, '{"size":1}', 'If-Match: "0123456789abcdef"\r\n'),
        lambda: request("DELETE", "account/" + some) if r.random() < 0.2 else request("GET", "account/" + some),
        lambda: request("GET", "account?q=size%20%3C%2050&limit=20"),
        lambda: request("GET", "query?q=account%20:%20count()"),
        lambda: request("GET", "search?q=storm"),
        lambda: request("GET", "account/%s/history" % some),
        lambda: request("POST", "actions/nothing.here", '{"a":1}'),
        lambda: request("GET", "account?q=sise%3C4"),
    ])()


def answer(f):
    status = int(f.readline().split(b" ")[1])
    length = 0
    while (line := f.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return status, f.read(length)


def note(sent, status, body):
    with lock:
        statuses[status] += 1
        if status not in (200, 201, 204, 400, 404, 409, 412, 422, 503):
            print("status", status, body, "for", sent, file=sys.stderr)
        if body:
            said = json.loads(body)
            if status == 201:
                ids.append(said["id"])


def work(number):
    r = random.Random(number)
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as s, s.makefile("rb") as f:
                for _ in range(r.randrange(1, 50)):
                    sent = one(r)
                    how = r.random()
                    if how < 0.05:  # it leaves in the midst of the request
                        s.sendall(sent[:r.randrange(len(sent))])
                        break
                    s.sendall(sent)
                    if how < 0.1:  # or before the answer
                        break
                    note(sent, *answer(f))
        except (OSError, IndexError):  # the server ends, or is opened anew
            time.sleep(0.05)


threads = [threading.Thread(target=work, args=(i,)) for i in range(connections)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(" ".join("%d:%d" % pair for pair in sorted(statuses.items())))
