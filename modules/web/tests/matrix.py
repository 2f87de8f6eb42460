# SPDX-License-Identifier: Apache-2.0
"""Every route as every kind of caller, on records of theirs and of others: matrix.py PORT ROUTES TOKENS

ROUTES is route.c behind the preprocessor, TOKENS has lines NAME TOKEN USER-ID. What is expected stands in
RULES: a route without a row there is a mistake, and so is an answer that its row does not say. Whoever may
not read a record finds nothing of it in any answer, and what is refused writes nothing."""
import http.client
import json
import re
import sys
from urllib.parse import quote

port, source, tokens_file = sys.argv[1:4]
NEVER = "0SA818NN40003"  # an id that never was
MARK = "Zyxwvut"  # stands in each record that is looked for
PERSON = {"name": MARK + " Person", "email": None, "city": MARK + "ville"}
wrong = []
tried = 0


def read_routes():
    """[(METHOD, PATTERN)] of the table, as the preprocessor leaves it: each row has a doc."""
    table = open(source).read().split("const struct route routes[] = {", 1)[1].split("};", 1)[0]
    found = re.findall(r'\.method = METHOD_(\w+),\s*\.pattern = ((?:"[^"]*"\s*)+)', table)
    assert len(found) == table.count(".doc ="), "the table of routes is written in a way that this test does not read"
    return [(method, "".join(re.findall(r'"([^"]*)"', pattern))) for method, pattern in found]


class Caller:
    def __init__(self, name, token, user):
        self.name, self.token, self.user, self.cookie = name, token, user, None


connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)


def ask(caller, method, path, body=None, headers=None):
    headers = dict(headers or {})
    if caller.token:
        headers["Authorization"] = "Bearer " + caller.token
    if caller.cookie:
        headers["Cookie"] = caller.cookie
    if body is not None and "Content-Type" not in headers:
        headers["Content-Type"] = "application/json"
    for attempt in range(2):  # what was refused before its body ends the connection
        try:
            connection.request(method, path, body, headers)
            r = connection.getresponse()
            return r.status, r.read().decode(errors="replace"), r.headers
        except (http.client.HTTPException, OSError):
            connection.close()
            if attempt:
                raise


def listen(caller, path, until):
    """What a stream of events tells until it is silent, or has told of this record."""
    c = http.client.HTTPConnection("127.0.0.1", int(port), timeout=1)
    headers = {"Authorization": "Bearer " + caller.token} if caller.token else {}
    c.request("GET", path, headers=dict(headers, Cookie=caller.cookie) if caller.cookie else headers)
    r = c.getresponse()
    text = b"" if r.status == 200 else r.read()
    try:
        while r.status == 200 and until.encode() not in text:
            text += r.read1(65536)
    except TimeoutError:
        pass
    c.close()
    return r.status, text.decode(errors="replace"), r.headers


callers = {"nobody": Caller("nobody", None, None), "bad": Caller("bad", "kith_" + "x" * 32, None)}
for line in open(tokens_file):
    name, token, user = line.split()
    callers[name] = Caller(name, token, user)
admin = callers["admin"]
counter = 0


def sign_in(login, password):
    """A page of somebody else's may send the cookie, but not what proves that it is ours."""
    caller = Caller(login, None, callers[login].user)
    status, text, headers = ask(caller, "POST", "/api/v1/session", json.dumps({"login": login, "password": password}))
    assert status == 201, text
    caller.cookie = headers["Set-Cookie"].split(";")[0]
    return caller


callers["page"] = sign_in("page", "a long walk in the rain")


def create(type_name, fields):
    status, text, headers = ask(admin, "POST", "/api/v1/" + type_name, json.dumps(fields))
    assert status == 201, (type_name, fields, status, text)
    return json.loads(text)["id"], headers["Kith-Transaction"]


def new_contact(owner):
    global counter
    counter += 1
    email = "%s%d@example.org" % (MARK.lower(), counter)
    return create("contact", dict(PERSON, email=email, owner=owner))


def last_write():
    status, text, _ = ask(admin, "GET", "/api/v1/transactions?limit=1")
    assert status == 200, text
    return text



# -- what is expected ---------------------------------------------------------------------------------

# Who may read the record, by whose it is. A token of the administrator's may what its limits leave.
SEES = {
    "nobody": (), "bad": (), "typed": (),
    "own": ("own",), "page": ("own",), "team": ("own", "team"), "all": ("own", "team", "other"),
    "reader": ("other",), "actor": ("other",), "admin": ("other",),
}


class Case:
    """A record of somebody's, and what a request about it may name."""

    def __init__(self, caller, owner):
        self.caller, self.owner = caller, owner
        user = {"own": caller.user, "team": callers["mate"].user}.get(owner, admin.user)
        self.id, self.made = new_contact(user or admin.user)
        self.second = new_contact(user or admin.user)[0]
        self.email = "%s%d@example.org" % (MARK.lower(), counter - 1)

    def sees(self):
        return self.owner in SEES[self.caller.name]


def signed_in(status):
    """As many as there are: each finds what is theirs."""
    return lambda c: status


def administrator(status):
    return lambda c: status if c.caller.name == "admin" else 403


def reader(status):
    return lambda c: status if c.sees() else 404


def writer(status, hidden=404, typed=None):
    """typed: for the token of another type, where more than the record is refused to it."""
    def who(c):
        if c.caller.name == "reader":
            return 403
        if c.caller.name == "typed" and typed:
            return typed
        return status if c.sees() else hidden
    return who


def by_name(otherwise, **statuses):
    return lambda c: statuses.get(c.caller.name, otherwise)


def members(**fields):
    return lambda c: json.dumps({k: v(c) if callable(v) else v for k, v in fields.items()})


def file_of(c):
    """A file of the record, which tells of it."""
    status, text, _ = ask(admin, "POST", "/api/v1/contact/%s/files?name=a.txt" % c.id, MARK,
                          {"Content-Type": "text/plain"})
    assert status == 201, text
    return json.loads(text)["id"]


NDJSON = "application/x-ndjson"
# who: what is answered to whoever is signed in; nobody else gets anything but 401, unless it is open.
# shows: the record is in the answer to whoever may read it. body, type, args, parts: of the request.
RULES = {
    "GET search": dict(who=signed_in(200), args="q=" + MARK, shows=True),
    "GET query": dict(who=signed_in(200), args="q=" + quote("contact order by -created limit 100"), shows=True),
    "GET export": dict(who=signed_in(200), args="q=contact", shows=True),
    "POST import/{type}": dict(who=writer(200, hidden=422, typed=403), args="key=email", type="text/csv",
                               body=lambda c: "Email,City\n%s,Nowhere\n" % c.email),
    "GET reports": dict(who=signed_in(200)),
    "GET reports/{report}": dict(who=by_name(200, typed=404), shows=True),
    "GET events": dict(who=signed_in(200), args="after=0&topic=contact.*", stream=True, shows=True),
    "GET settings": dict(who=administrator(200)),
    "GET settings/{setting}": dict(who=administrator(200)),
    "GET session": dict(who=signed_in(200)),
    "POST session": dict(open=True, who=signed_in((401, 429)), body=members(login="root", password="not the password")),
    "DELETE session": dict(who=signed_in(400)),  # a token is no session
    "GET sessions": dict(who=signed_in(200)),
    "DELETE sessions": dict(who=by_name(200, reader=403, typed=403, actor=403)),  # their own
    "DELETE sessions/{number}": dict(who=by_name(404, reader=403, typed=403, actor=403)),
    "GET modules": dict(who=administrator(200)),
    "GET types": dict(who=administrator(200)),
    "GET actions": dict(who=signed_in(200)),
    "GET transactions": dict(who=signed_in(200)),
    "GET workflows": dict(who=administrator(200)),
    "GET runs": dict(who=signed_in(200)),
    "GET runs/{run}": dict(who=administrator(404)),  # a contact is no run
    "POST runs/{run}/cancel": dict(who=by_name(403, admin=404, typed=404)),
    "POST runs/{run}/retry": dict(who=by_name(403, admin=404, typed=404)),
    "GET deadletters": dict(who=administrator(200)),
    "POST deadletters/{number}/retry": dict(who=administrator(404)),
    "POST deadletters/{number}/skip": dict(who=administrator(404)),
    "GET outbox": dict(who=administrator(200)),
    "GET outbox/queues": dict(who=administrator(200)),
    "GET outbox/{effect}": dict(who=administrator(404), parts=lambda c: {"effect": NEVER}),
    # It was the administrator's: it is there for nobody else.
    "POST undo/{transaction}": dict(who=by_name(404, admin=200, actor=200, reader=403, typed=422)),
    # What it calls is no file; whether it may be called is not looked at before.
    "GET actions/{action}": dict(who=signed_in(405)),
    "POST actions/{action}": dict(who=lambda c: 403 if c.caller.name in ("actor", "reader") else 200 if c.sees() else 422,
                                  body=members(record_type="contact", keep=lambda c: c.id, others=lambda c: c.second)),
    "POST /mcp": dict(who=signed_in(200), body=members(jsonrpc="2.0", id=1, method="initialize", params={
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "matrix", "version": "1"}})),
    "DELETE /mcp": dict(who=signed_in(400)),
    "GET /health": dict(open=True, who=signed_in(200)),
    "GET /ready": dict(open=True, who=signed_in(200)),
    "GET /metrics": dict(open=True, who=by_name(403, nobody=200, page=200, bad=401, admin=200)),  # nobody of this computer
    "GET status": dict(who=administrator(200)),
    "GET agents": dict(who=signed_in(200)),
    "GET approvals": dict(who=signed_in(200)),
    "GET approvals/{number}": dict(who=signed_in(404)),
    "POST approvals/{number}/approve": dict(who=signed_in(404)),
    "POST approvals/{number}/refuse": dict(who=signed_in(404)),
    "GET openapi.json": dict(who=signed_in(200)),
    "GET docs": dict(who=signed_in(200)),
    "GET schema": dict(who=signed_in(200)),
    "POST setup": dict(open=True, who=signed_in((403, 429)), body=members(code="none", password="a long way home")),
    "PUT account/password": dict(who=signed_in(403), body=members(old="not the password", password="a long way home")),
    # By a session alone, and a page of others cannot use that.
    "POST account/second-factor": dict(who=signed_in(403), body=members(password="not the password")),
    "POST account/untie": dict(who=signed_in(403), body=members(password="not the password")),
    "POST account/second-factor/remove": dict(who=signed_in(403), body=members(password="not the password")),
    "POST account/second-factor/confirm": dict(who=signed_in(403), body=members(code="000000")),
    "GET /sign-in": dict(open=True, who=signed_in(200)),
    "GET /setup": dict(open=True, who=signed_in(200)),
    "GET /account": dict(open=True, who=signed_in(200)),
    "GET /sign-in/oidc": dict(open=True, who=signed_in(200)),
    "GET /sign-in/oidc/{provider}": dict(open=True, who=signed_in(404), parts=lambda c: {"provider": "none"}),
    "GET /sign-in/oidc/{provider}/sign-out": dict(open=True, who=signed_in(404), parts=lambda c: {"provider": "none"}),
    "GET /sign-in/oidc/{provider}/callback": dict(open=True, who=signed_in((400, 403, 404)), parts=lambda c: {"provider": "none"}),
    "GET /people.js": dict(open=True, who=signed_in(200)),
    "GET /people.css": dict(open=True, who=signed_in(200)),
    "GET /link.css": dict(open=True, who=signed_in(200)),
    "GET /l/{secret}": dict(open=True, who=signed_in((404, 429)), parts=lambda c: {"secret": "none"}),
    "POST /l/{secret}": dict(open=True, who=signed_in((400, 429)), parts=lambda c: {"secret": "none"}),
    "GET {type}": dict(who=signed_in(200), args="limit=100&q=" + quote("order by -created"), shows=True),
    "POST {type}": dict(who=by_name(201, reader=403, typed=403), body=members(name="New One")),
    "PATCH {type}": dict(who=writer(200, hidden=422), type=NDJSON, body=members(id=lambda c: c.id, city="Rome"), shows=True),
    "GET {type}/{id}": dict(who=reader(200), shows=True),
    "PATCH {type}/{id}": dict(who=writer(200), body=members(city="Rome"), shows=True),
    "DELETE {type}/{id}": dict(who=writer(204)),
    "GET file/{id}/content": dict(who=reader(200), parts=lambda c: {"id": file_of(c)}, shows=True),
    "POST {type}/{id}/files": dict(who=writer(201), args="name=a.txt", type="text/plain", body=lambda c: "bytes"),
    "GET {type}/{id}/timeline": dict(who=reader(200), shows=True),
    "GET {type}/{id}/history": dict(who=reader(200), shows=True),
    "GET {type}/{id}/why/{field}": dict(who=reader(200)),
    "POST {type}/{id}/transition/{state}": dict(who=writer(200), shows=True),
}


# -- trying it ----------------------------------------------------------------------------------------

def address(pattern, rule, case):
    parts = {"type": "contact", "id": case.id, "field": "email", "state": "customer", "report": "everybody",
             "setting": "web.max_body", "number": "999999", "run": case.id, "transaction": case.made,
             "action": "record.merge"}
    if "parts" in rule:
        parts.update(rule["parts"](case))
    path = re.sub(r"\{(\w+)\}", lambda m: str(parts[m.group(1)]), pattern)
    return path + ("?" + rule["args"] if "args" in rule else ""), parts["id"]


def send(method, path, rule, case, given=None):
    if rule.get("stream"):
        return listen(case.caller, path, case.id)
    body = rule["body"](case) if "body" in rule else None
    if given and body:
        body = body.replace(given, NEVER)
    return ask(case.caller, method, path, body, {"Content-Type": rule["type"]} if "type" in rule else None)


def is_expected(method, rule, case, status):
    if case.caller.user is None and not rule.get("open"):
        return status == 401
    if case.caller.cookie and method != "GET" and not rule.get("open"):
        return status == 403
    expected = rule["who"](case)
    return status in (expected if isinstance(expected, tuple) else (expected,))


def try_one(method, pattern, rule, case):
    global tried
    path, given = address(pattern, rule, case)
    before = last_write()
    status, text, _ = send(method, path, rule, case)
    after = last_write()
    tried += 1

    def complain(what):
        wrong.append("%s %s as %s, a record of %s: %s: %d %s" %
                     (method, path, case.caller.name, case.owner, what, status, text[:300].replace("\n", " ")))

    if not is_expected(method, rule, case, status):
        complain("not what is expected")
    if not case.sees() and (case.id in text.replace(given, "") or case.email in text):
        complain("it tells of the record")
    if not case.sees() and status >= 400 and MARK.lower() in text.lower():
        complain("it tells what stands in a record")
    if rule.get("shows") and status < 300 and case.sees() and MARK not in text and case.id not in text:
        complain("the record is missing")
    if before != after and (status >= 300 or method == "GET"):
        complain("something was written")
    if not case.sees() and status >= 400 and given in path:
        never = send(method, path.replace(given, NEVER), rule, case, given)
        if (never[0], of_any(never[1])) != (status, of_any(text.replace(given, NEVER))):
            complain("an id that never was is answered in another way: %d %s" % never[:2])


def of_any(text):
    return re.sub(r'"request":"\w*"', "", text)


def owners(caller):
    return ("own", "team", "other") if caller.name in ("own", "page", "team", "all") else ("other",)


def try_all():
    routes = read_routes()
    assert len(routes) > 40, "the routes were not read"
    for method, pattern in routes:
        name = method + " " + pattern.replace("/api/v1/", "")
        if name not in RULES:
            wrong.append(name + ": nothing is expected of it: give it a row in RULES of matrix.py")
            continue
        for caller in callers.values():
            for owner in owners(caller) if caller.name != "mate" else ():
                try_one(method, pattern, RULES[name], Case(caller, owner))


try_all()
print("\n".join(wrong) if wrong else "%d requests of %d callers" % (tried, len(callers) - 1))
sys.exit(bool(wrong))
