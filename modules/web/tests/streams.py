# SPDX-License-Identifier: Apache-2.0
"""Answers and bodies that are streamed: streams.py PORT TOKEN WHAT [ARGUMENT...]. What each does
stands above it."""
import socket
import sys
import time

port, token, what = int(sys.argv[1]), sys.argv[2], sys.argv[3]
EXPORT = "/api/v1/export?q=interaction"


def ask(path, small=False, method="GET", headers=""):
    s = socket.socket()
    if small:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", port))
    s.settimeout(60)
    s.sendall(("%s %s HTTP/1.1\r\nHost: kith\r\nAuthorization: Bearer %s\r\n%s\r\n" % (method, path, token, headers)).encode())
    return s


def rest(s):
    data, part = b"", b"x"
    while part:
        try:
            part = s.recv(1 << 20)
        except OSError:
            break
        data += part
    return data


def leave(count):
    """As many clients that read the first bytes of an export, and leave; each finds room in time."""
    for _ in range(int(count)):
        for _ in range(100):
            s = ask(EXPORT)
            status = s.recv(12).decode()
            s.close()
            if "503" not in status:
                break
            time.sleep(0.1)
        print(status)


def again(count):
    """Two that export as often as that, one at once after the other; prints the statuses."""
    import threading

    def run():
        for _ in range(int(count)):
            got.append(rest(ask("/api/v1/export?q=contact", headers="Connection: close\r\n"))[:12].decode())
    got = []
    threads = [threading.Thread(target=run) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(len(got), sorted(set(got)))


def hold(count, seconds):
    """As many that read none of it for so long; prints what a further one, and a list, get."""
    held = []
    for _ in range(int(count)):
        s = ask(EXPORT, small=True)
        print(s.recv(12).decode())
        held.append(s)
    s = ask(EXPORT)
    answer = s.recv(4096).decode()
    print("further:", answer[:12], "Retry-After" in answer)
    print("list:", ask("/api/v1/account?limit=1").recv(12).decode(), flush=True)
    time.sleep(float(seconds))


def drip(path):
    """One that reads it in drips, until it is cut off."""
    s = ask(path, small=True)
    begun, got = time.monotonic(), 0
    while time.monotonic() - begun < 30:
        try:
            part = s.recv(64)
        except OSError:
            break
        if not part:
            break
        got += len(part)
        time.sleep(0.05)
        if time.monotonic() - begun > 5:  # what has arrived here is no matter of the server's
            got += len(rest(s))
            break
    print("cut after %d s" % (time.monotonic() - begun), "whole" if got > 9000000 else "not whole")


def lines(first, count):
    return b"".join(b'{"name":"Account %d","phone":"+49 30 %07d"}\n' % (i, i) for i in range(int(first), int(first) + int(count)))


def put(path, headers=""):
    return ask("/api/v1/" + path, method="POST", headers="Content-Type: application/x-ndjson\r\n" + headers)


def cut(path, count, told):
    """Sends so many rows of a body that is longer, and leaves."""
    s = put(path, "Content-Length: %s\r\n" % told)
    s.sendall(lines(0, count))
    time.sleep(1)
    s.close()


def both(count):
    """Two that come at the same time, in turns; prints both answers."""
    ones = [put("import/account?name=%s" % n, "Transfer-Encoding: chunked\r\n") for n in ("a", "b")]
    for at in range(0, int(count), 1000):
        for k, s in enumerate(ones):
            part = lines(at + k * int(count), 1000)
            s.sendall(b"%x\r\n%s\r\n" % (len(part), part))
    for s in ones:
        s.sendall(b"0\r\n\r\n")
    for s in ones:
        print(s.recv(65536).decode().split("\r\n\r\n")[1].strip())


def feed(path, bytes_at_a_time, pause, seconds):
    """Sends a body in drips; prints what came of it."""
    s = put(path, "Content-Length: 100000000\r\n")
    body, at, begun = lines(0, 100000), 0, time.monotonic()
    try:
        while time.monotonic() - begun < float(seconds):
            s.sendall(body[at:at + int(bytes_at_a_time)])
            at += int(bytes_at_a_time)
            time.sleep(float(pause))
    except OSError:
        pass
    print("after %d s" % (time.monotonic() - begun))


{"cut": cut, "both": both, "feed": feed, "again": again, "leave": leave, "hold": hold, "drip": drip}[what](*sys.argv[4:])
