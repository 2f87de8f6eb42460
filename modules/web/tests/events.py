# SPDX-License-Identifier: Apache-2.0
"""Listens to events.

events.py follow PORT TOKEN QUERY COUNT [LAST]    prints "ID TOPIC DATA" of so many events; with LAST
                                                  as the browser that comes back
events.py resume PORTFILE TOKEN QUERY COUNT       the same, and comes back whenever it is cut off
events.py slow PORT TOKEN QUERY COUNT LISTENERS FLAG
                                                  so many, who read nothing before the file FLAG is there;
                                                  prints how many had all, in the right order
events.py place PORT TOKEN                        prints where the journal ends
events.py many PORT TOKEN QUERY COUNT LISTENERS READY
                                                  so many at once; writes READY when all listen, prints
                                                  how many had all, in the right order, and the seconds
                                                  since the first event"""
import os
import selectors
import socket
import sys
import time

WAIT = 120  # seconds, at most


def connect(port, token, query, last=None, receive=None):
    s = socket.socket()
    if receive:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    s.settimeout(WAIT)
    s.connect(("127.0.0.1", int(port)))
    head = "GET /api/v1/events%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n" % (query, token)
    if last is not None:
        head += "Last-Event-ID: %s\r\n" % last
    s.sendall((head + "\r\n").encode())
    return s


class Stream:
    """What comes in, as blocks; the chunks of HTTP are taken off."""

    def __init__(self):
        self.raw, self.text, self.head, self.ended = b"", b"", None, False

    def feed(self, data):
        self.raw += data
        if self.head is None:
            if b"\r\n\r\n" not in self.raw:
                return
            self.head, self.raw = self.raw.split(b"\r\n\r\n", 1)
            if b" 200 " not in self.head.split(b"\r\n")[0]:
                raise SystemExit("not listening: %s %s" % (self.head.decode(), self.raw.decode()))
        while b"\r\n" in self.raw:
            size, rest = self.raw.split(b"\r\n", 1)
            n = int(size, 16)
            if len(rest) < n + 2:
                return
            self.text, self.raw = self.text + rest[:n], rest[n + 2:]
            self.ended |= n == 0

    def blocks(self):
        *whole, self.text = self.text.split(b"\n\n")
        for b in whole:
            fields = dict(line.split(": ", 1) for line in b.decode().split("\n") if ": " in line)
            yield fields.get("id"), fields.get("event"), fields.get("data"), b


def show(id, topic, data):
    print(id, topic, data, flush=True)


def read(s, count, last=None, tell=show):
    """How many events there were, and the last id."""
    stream, n = Stream(), 0
    while n < count and not stream.ended:
        data = s.recv(65536)
        if not data:
            break
        stream.feed(data)
        for id, topic, data, block in stream.blocks():
            last = id or last
            if os.environ.get("BLOCKS"):
                print(block.decode().replace("\n", "|"), flush=True)
            elif topic:
                tell(id, topic, data)
            n += bool(topic)
    return n, last


def resume(portfile, token, query, count):
    last, end = None, time.time() + WAIT
    while count > 0 and time.time() < end:
        try:
            with open(portfile) as f:
                s = connect(f.read().strip(), token, query, last)
            n, last = read(s, count, last)
            count -= n
        except (OSError, ValueError):
            pass
        time.sleep(0.02)


def slow(port, token, query, count, listeners, flag):
    all, good = [connect(port, token, query, receive=65536) for _ in range(listeners)], 0
    while not os.path.exists(flag):
        time.sleep(0.02)
    for s in all:
        ids = []
        read(s, count, tell=lambda id, topic, data: ids.append(int(id)))
        good += len(ids) == count and ids == sorted(set(ids))
    print(good)


def many(port, token, query, count, listeners, ready):
    poll, left, good = selectors.DefaultSelector(), listeners, 0
    for _ in range(listeners):
        s, stream = connect(port, token, query), Stream()
        while stream.head is None:  # one after the other: so many at once are too many of one user
            stream.feed(s.recv(65536))
        s.setblocking(False)
        poll.register(s, selectors.EVENT_READ, [stream, []])
    open(ready, "w").close()
    first, end = None, time.time() + WAIT
    while left > 0 and time.time() < end:
        for key, _ in poll.select(1):
            stream, ids = key.data
            data = key.fileobj.recv(1 << 20)
            stream.feed(data)
            for id, topic, _, _ in stream.blocks():
                if topic:
                    first = first or time.time()
                    ids.append(int(id.split("-")[0]))
            if len(ids) >= count or not data:
                good += len(ids) == count and ids == sorted(ids)
                poll.unregister(key.fileobj)
                key.fileobj.close()
                left -= 1
    print(good, "%.3f" % (time.time() - (first or time.time())))


def place(port, token):
    s, stream = connect(port, token, ""), Stream()
    while True:
        stream.feed(s.recv(65536))
        for id, _, _, _ in stream.blocks():
            return id


mode, port, token, query, count = (sys.argv + ["", ""])[1:6]
if mode == "place":
    print(place(port, token))
elif mode == "follow":
    read(connect(port, token, query, sys.argv[6] if len(sys.argv) > 6 else None), int(count))
elif mode == "resume":
    resume(port, token, query, int(count))
elif mode == "slow":
    slow(port, token, query, int(count), int(sys.argv[6]), sys.argv[7])
else:
    many(port, token, query, int(count), int(sys.argv[6]), sys.argv[7])
