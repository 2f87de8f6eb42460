# SPDX-License-Identifier: Apache-2.0
"""An agent asks to create accounts, and an administrator allows each, until the server is gone:
approvals.py PORT AGENT ADMINISTRATOR NAME, two tokens. Prints the numbers that were answered as done."""
import http.client
import json
import queue
import sys
import threading

port, agent, administrator, name = int(sys.argv[1]), *sys.argv[2:5]
asked = queue.Queue()
lock = threading.Lock()


class Gone(Exception):
    pass


class Client:
    def __init__(self, token):
        self.c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}

    def post(self, path, body):
        try:
            self.c.request("POST", path, json.dumps(body), self.headers)
            r = self.c.getresponse()
            return r.status, r.headers, r.read()
        except (OSError, http.client.HTTPException) as e:
            raise Gone from e


def message(client, method, params):
    return client.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


def ask():
    client = Client(agent)
    _, headers, _ = message(client, "initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": name, "version": "1"}})
    client.headers["Mcp-Session-Id"] = headers["Mcp-Session-Id"]
    n = 0
    while True:
        n += 1
        fields = {"name": "%s %d" % (name, n)}
        _, _, body = message(client, "tools/call", {"name": "create", "arguments": {"type": "account", "fields": fields}})
        answer = json.loads(body)["result"]["structuredContent"]
        if "approval" in answer:
            asked.put(answer["approval"])
        elif answer.get("code") != "busy":
            print("asked for an approval:", answer, file=sys.stderr)
            return


def allow():
    client = Client(administrator)
    while (number := asked.get()) is not None:
        status, _, body = client.post("/api/v1/approvals/%d/approve" % number, {})
        with lock:
            print(number if status == 200 else "approval %d: %d %s" % (number, status, body), flush=True)


def until_gone(work):
    try:
        work()
    except Gone:
        pass
    finally:
        asked.put(None)  # for each that may still wait
        asked.put(None)


threads = [threading.Thread(target=until_gone, args=(work,)) for work in (ask, allow, allow)]
for t in threads:
    t.start()
for t in threads:
    t.join()
