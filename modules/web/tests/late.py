# SPDX-License-Identifier: Apache-2.0
"""Requests that come when the server has just ceased to take any: late.py PORT TOKEN. Prints READY
before, and what was answered: to one that came whole, and to one whose head was there before."""
import socket
import sys
import time

port, token = int(sys.argv[1]), sys.argv[2]


def connect():
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def head(method, path, length):
    return ("%s /api/v1/%s HTTP/1.1\r\nHost: kith\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n" % (
        method, path, token, length)).encode()


def status(s):
    try:
        return s.recv(65536).split(b"\r\n")[0].decode()
    except OSError as e:
        return str(e)


half, whole, begun, asking = connect(), connect(), connect(), connect()
whole.sendall(head("GET", "account", 0))
print("before:", status(whole), flush=True)
half.sendall(head("POST", "account", 20) + b"{")  # keeps the end waiting for the rest
begun.sendall(head("POST", "actions/record.merge", 2))
time.sleep(0.3)
print("READY", flush=True)
while True:  # one that asks again and again is told when it begins to be too late
    asking.sendall(b"GET /health HTTP/1.1\r\nHost: kith\r\n\r\n")
    if " 503" in status(asking):
        break
    time.sleep(0.01)
whole.sendall(head("GET", "account", 0))
begun.sendall(b"{}")
print("whole:", status(whole))
print("begun:", status(begun))
