# SPDX-License-Identifier: Apache-2.0
"""Who takes what others need: guarded.py PORT WHAT [ARGUMENT...]. What each does stands above it."""
import socket
import sys
import time

port, what = int(sys.argv[1]), sys.argv[2]


def send(text):
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(20)
    s.sendall(text.encode())
    return s


def status(s):
    try:
        return s.recv(12).decode()[9:] or "closed"
    except OSError:
        return "nothing"


def uploads(path, other, *tokens):
    """Begins an upload by each of the tokens, and ends none; prints what whoever has the token
    `other` is answered then, and in the end what those are who held on."""
    held = []
    for token in tokens:
        held.append(send("POST /api/v1/%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                         "Content-Type: text/csv\r\nContent-Length: 100000\r\n\r\nname\n" % (path, token)))
        time.sleep(0.2)
    s = send("GET /api/v1/export?q=account HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n" % other)
    print("other", status(s))
    for s in held:
        s.settimeout(0.2)
    print("held", *(status(s) for s in held), flush=True)


def behind(address, other, token):
    """Two requests from behind a proxy that do not end, and a third; and one of somebody else there."""
    head = ("POST /api/v1/account HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Length: 10\r\n"
            "Content-Type: application/json\r\nX-Forwarded-For: %s\r\n\r\n{")
    held = [send(head % (token, address)) for _ in range(2)]
    time.sleep(0.3)
    print("third", status(send(head % (token, address))))
    print("other", status(send(head.replace("POST", "GET").replace("10", "0").replace("{", "") % (token, other))))
    for s in held:
        s.close()
    time.sleep(0.3)
    print("later", status(send(head.replace("POST", "GET").replace("10", "0").replace("{", "") % (token, address))))


def slow(path, other, *tokens):
    """Asks what takes long by each of the tokens, and prints whether whoever has the token `other` is
    answered soon, and the first of the slow answers."""
    ask = "GET /api/v1/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n"
    held = [send(ask % (path, token)) for token in tokens]
    time.sleep(0.5)
    begun = time.monotonic()
    answer = status(send(ask % ("account?limit=1&fields=name", other)))
    held[0].settimeout(60)
    print("other", answer, "soon" if time.monotonic() - begun < 2 else "late")
    print(b"".join(iter(lambda: held[0].recv(65536), b"")).decode())


def listen(query, token, other):
    """Listens by the token six times for what meets a condition that takes long, and creates what it
    takes long with; prints whether `other`, who listens too, is told of it soon."""
    ask = "GET /api/v1/events?topic=account.created%s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n"
    held = [send(ask % ("&q=" + query, token)) for _ in range(6)]
    mine = send(ask % ("", other))
    for s in held + [mine]:
        status(s)
    for name in ("long", "long", "long", "last"):
        body = '{"name":"%s","shipping_street":"%s"}' % (name, "a" * 900000)
        status(send("POST /api/v1/account HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
                    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (token, len(body), body)))
    mine.settimeout(60)
    begun, told = time.monotonic(), b""
    while told.count(b"event: account.created") < 4 and time.monotonic() - begun < 60:
        told += mine.recv(65536)
    print("told", "soon" if time.monotonic() - begun < 20 else "late")
    print(b"".join(iter(lambda: held[0].recv(65536), b"")).decode())


def follow(token):
    """Follows events, says so, and prints how long it is until that is ended."""
    s = send("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n" % token)
    print(status(s), flush=True)
    begun = time.monotonic()
    try:
        while s.recv(4096):
            pass
        print("ended", "in time" if time.monotonic() - begun < 15 else "late")
    except OSError:
        print("goes on")


{"uploads": uploads, "follow": follow, "behind": behind, "slow": slow, "listen": listen}[what](*sys.argv[3:])
