# SPDX-License-Identifier: Apache-2.0
"""Requests that no well-behaved program sends: edges.py PORT TOKEN. Prints what was answered
otherwise than it should be, and the count."""
import json
import socket
import sys

port, token = int(sys.argv[1]), sys.argv[2].encode()
head = b"Authorization: Bearer " + token + b"\r\nHost: kith\r\n"
body = b'{"name":"Edge"}'
length = b"Content-Length: %d\r\n" % len(body)
passed = failed = 0


def ask(data, seconds=20):
    """All that is answered until the other end closes, or one answer is there."""
    s = socket.create_connection(("127.0.0.1", port), timeout=seconds)
    out = b""
    try:
        s.sendall(data)
        while True:
            part = s.recv(65536)
            if not part:
                return out, True
            out += part
            top, _, rest = out.partition(b"\r\n\r\n")
            sizes = [int(l.split(b":")[1]) for l in top.split(b"\r\n") if l.lower().startswith(b"content-length:")]
            if sizes and len(rest) >= sizes[0] and b"Connection: close" not in top:
                return out, False
    except OSError:
        return out, True
    finally:
        s.close()


def is_sound(out):
    """What the answer holds is JSON, in UTF-8, whatever was sent; the library's own answers are not."""
    top, _, rest = out.partition(b"\r\n\r\n")
    if b"json" not in top or rest.count(b"HTTP/1.1"):
        return True
    try:
        json.loads(rest.decode())
        return True
    except ValueError:
        return False


def expect(what, data, *statuses, closed=None):
    global passed, failed
    out, ended = ask(data)
    status = int(out.split(b" ")[1]) if out.startswith(b"HTTP/1.1 ") else 0
    if status in statuses and closed in (None, ended) and is_sound(out):
        passed += 1
        return
    failed += 1
    print("FAIL %s: expected %s, got %d %s" % (what, statuses, status, "and the end" if ended else ""))
    print("  ", out[:300])


def post(headers, content=body):
    return b"POST /api/v1/account HTTP/1.1\r\n" + head + headers + b"\r\n" + content


def get(path=b"/api/v1/account", headers=b""):
    return b"GET " + path + b" HTTP/1.1\r\n" + head + headers + b"\r\n"


chunked = b"Transfer-Encoding: chunked\r\n"
chunks = b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"

# Where a request ends is beyond doubt, or it is not answered.
expect("one length", post(length), 201)
expect("a body in chunks", post(chunked, chunks), 201)
expect("two lengths", post(length + b"Content-Length: 3\r\n"), 400, closed=True)
expect("the same length twice", post(length * 2), 400, closed=True)
expect("a list of lengths", post(b"Content-Length: 15, 15\r\n"), 400, closed=True)
expect("a length and chunks", post(length + chunked, chunks), 400, closed=True)
expect("chunks twice", post(chunked * 2, chunks), 400, closed=True)
expect("another coding", post(b"Transfer-Encoding: gzip, chunked\r\n", chunks), 501, closed=True)
expect("a chunk of no size", post(chunked, b"zz\r\n" + body + b"\r\n0\r\n\r\n"), 400, closed=True)
expect("chunks in HTTP 1.0", post(chunked, chunks).replace(b"HTTP/1.1", b"HTTP/1.0"), 400, closed=True)
for folded in (b"Content-Length:\r\n 15\r\n", b"Content-Length: 1\r\n\t5\r\n", b"Transfer-Encoding:\r\n chunked\r\n"):
    expect("a length in two lines", post(folded, get(b"/health")), 400, closed=True)
expect("a negative length", post(b"Content-Length: -1\r\n"), 400, closed=True)
expect("a length with a sign", post(b"Content-Length: +15\r\n"), 400, closed=True)
expect("a length beyond all", post(b"Content-Length: 99999999999999999999\r\n"), 400, 413, closed=True)
expect("two hosts", get(headers=b"Host: other\r\n"), 400, closed=True)
for name in (b"Authorization", b"Content-Type", b"Content-Encoding", b"Origin", b"Kith-CSRF", b"Mcp-Session-Id",
             b"Idempotency-Key", b"Last-Event-ID"):
    said = name + b": a\r\n"
    expect(name.decode() + " twice", get(headers=said + (said.lower() if name != b"Authorization" else b"")), 400, closed=True)
expect("what may be said twice", get(headers=b'If-None-Match: "a"\r\nIf-None-Match: "b"\r\n'), 200)
for name in (b"a b", b"a/b", b"a@b", b"a?b"):
    expect("a host that is none", get().replace(b"Host: kith", b"Host: " + name), 400, closed=True)
expect("a blank in a name", get(headers=b"X : y\r\n"), 400, closed=True)
expect("a length that has a blank", post(b"Content-Length : 15\r\n", get()), 400, closed=True)
expect("no host", b"GET /api/v1/account HTTP/1.1\r\n\r\n", 400, closed=True)

# What is too large.
expect("a large body", post(b"Content-Length: 2000000\r\n", b"x" * 2000000), 413)
expect("a large body in chunks", post(chunked, b"1e8480\r\n" + b"x" * 2000000 + b"\r\n0\r\n\r\n"), 413)
expect("a rather large header", get(headers=b"X: " + b"y" * 12000 + b"\r\n"), 200)
expect("a large header", get(headers=b"X: " + b"y" * 100000 + b"\r\n"), 431, closed=True)
expect("many headers", get(headers=b"".join(b"X%d: y\r\n" % i for i in range(5000))), 431, closed=True)
expect("a long address", get(b"/api/v1/" + b"a" * 100000), 414, closed=True)
expect("a rather long address", get(b"/api/v1/" + b"a" * 9000), 400)
expect("many parts", get(b"/a" * 100), 404)

# Addresses.
expect("a NUL in the address", get(b"/api/v1/account%00x"), 400)
expect("an address as to a proxy", get(b"http://kith/api/v1/account"), 200)
for path in (b"http://", b"https://", b"http://kith", b"http:///"):
    expect("an address as to a proxy that ends there", get(path + b"?x"), 404)
for path in (b"/api/v1/account\0x", b"/api/v1/account\0", b"/api/v1/account?limit=1\0&x=1"):
    expect("a NUL as it is in the address", get(path), 400)
expect("letters that must be coded", get(b"/api/v1/account?q=\xc3\xa9"), 400)
expect("no text in an argument", get(b"/api/v1/account?q=%ff"), 400)
expect("no text in the name of an argument", get(b"/api/v1/account?%ff=1"), 400)
expect("no text in a type", get(b"/api/v1/acc%ffount"), 400)
expect("no text in an id", get(b"/api/v1/account/%c3%28"), 400)
expect("half a pair in a field", get(b"/api/v1/account/0SA818NN40003?fields=%ed%a0%80"), 400)
expect("a name that is cut off in a letter", get(b"/api/v1/account?x" + b"%c3%a9" * 100 + b"=1"), 400)
expect("an id that is cut off in a letter", get(b"/api/v1/account/x" + b"%c3%a9" * 100), 404)
expect("a type that is cut off in a letter", get(b"/api/v1/x" + b"%e2%82%ac" * 300), 404)
expect("a field that is cut off in a letter", post(b"Content-Length: 1011\r\n", b'{"x' + b"\xc3\xa9" * 502 + b'":1}'), 422)
expect("the folder above", get(b"/api/v1/account/../contact"), 404)
expect("the folder above, coded", get(b"/api/v1/%2e%2e%2faccount"), 404)
expect("a slash that parts nothing", get(b"/api%2fv1/account"), 404)
expect("a query for a type", get(b"/api/v1/account%20limit%201"), 404)
expect("a name of a query for a type", get(b"/api/v1/@account"), 404)
expect("a slash in a type", get(b"/api/v1/account%2F0SA818NN40003"), 404)
expect("an empty part", get(b"//api/v1/account"), 404)
expect("a whole address", get(b"http://kith/api/v1/account"), 200)
expect("an argument twice", get(b"/api/v1/account?limit=1&limit=2"), 200, 400)
expect("no number", get(b"/api/v1/account?limit=abc"), 400)
expect("too many at once", get(b"/api/v1/account?limit=99999999999999999999"), 400)

# Methods and versions.
expect("a method of nobody's", b"BREW /api/v1/account HTTP/1.1\r\n" + head + b"\r\n", 405)
expect("HTTP 2", b"GET /api/v1/account HTTP/2.0\r\n" + head + b"\r\n", 505, closed=True)
expect("HTTP 1.0", b"GET /api/v1/account HTTP/1.0\r\n" + head + b"\r\n", 200, closed=True)
expect("several at once", get() * 2, 200)

# Bodies.
expect("a body that is packed", post(length + b"Content-Encoding: gzip\r\n"), 415)
expect("a body in another coding", post(length + b"Content-Encoding: br\r\n"), 415)
expect("a body that is said to be as it is", post(length + b"Content-Encoding: identity\r\n"), 201)
expect("no UTF-8", post(b"Content-Length: 12\r\n", b'{"name":"\xff"}'), 400)
expect("half a pair", post(b"Content-Length: 17\r\n", b'{"name":"\\ud800"}'), 400)
expect("a NUL in a text", post(b"Content-Length: 20\r\n", b'{"name":"a\\u0000bc"}'), 422)
expect("a deep one", post(b"Content-Length: 20000\r\n", b"[" * 20000), 413)
expect("a number beyond all", post(b"Content-Length: 34\r\n", b'{"name":"E","size":99999999999999}'), 201, 422)
expect("a number with a fraction", post(b"Content-Length: 24\r\n", b'{"name":"E","size":1.25}'), 422)
expect("an object for a text", post(b"Content-Length: 17\r\n", b'{"name":{"a":1}} '), 201, 400, 422)
expect("a list for a text", post(b"Content-Length: 14\r\n", b'{"name":["a"]}'), 422)

print("%d passed, %d failed" % (passed, failed))
sys.exit(failed > 0)
