# SPDX-License-Identifier: Apache-2.0
"""A small browser: browser.py JAR URL LOGIN [last|before]

Goes where it is led, keeps cookies in the file JAR, and fills in forms as LOGIN. Prints the page it
ends at; its status and headers, and the address, are written to the file that $ANSWER names. `before`:
it stops before it comes back from the provider, and prints the address of that."""
import html.parser
import http.client
import json
import os
import sys
import urllib.parse

jar_file, url, login = sys.argv[1:4]
stops = sys.argv[4:] == ["before"]
jar = json.load(open(jar_file)) if os.path.exists(jar_file) else {}


class Form(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.action, self.fields = None, {}

    def handle_starttag(self, tag, attributes):
        a = dict(attributes)
        if tag == "form" and self.action is None:
            self.action = a.get("action")  # a form without one is a script's
        if tag in ("input", "button") and a.get("name"):
            self.fields[a["name"]] = a.get("value") or ""


def keep(answer, host):
    for line in answer.headers.get_all("Set-Cookie") or []:
        name, value = line.split(";")[0].split("=", 1)
        gone = "max-age=0" in line.lower() or "1970" in line
        jar.setdefault(host, {})[name] = None if gone else value


def ask(url, form=None):
    u = urllib.parse.urlsplit(url)
    cookies = "; ".join(f"{k}={v}" for k, v in jar.get(u.netloc, {}).items() if v)
    headers = {"Cookie": cookies} if cookies else {}
    body = None
    if form is not None:
        body = urllib.parse.urlencode(form)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    c = http.client.HTTPConnection(u.netloc, timeout=30)
    c.request("GET" if form is None else "POST", u.path + ("?" + u.query if u.query else ""), body, headers)
    answer = c.getresponse()
    keep(answer, u.netloc)
    return answer, answer.read().decode()


def travel(url):
    form = None
    for _ in range(20):
        if stops and "/callback?" in url:
            return None, url
        answer, text = ask(url, form)
        form = None
        if answer.status in (302, 303):
            url = urllib.parse.urljoin(url, answer.headers["Location"])
            continue
        page = Form()
        page.feed(text)
        if page.action is None:
            return answer, text
        url = urllib.parse.urljoin(url, page.action)
        form = {k: {"login": login, "password": "x"}.get(k, v) for k, v in page.fields.items()}
    sys.exit("it goes round and round")


answer, text = travel(url)
json.dump(jar, open(jar_file, "w"))
print(text)
if answer:
    with open(os.environ["ANSWER"], "w") as f:
        f.write("%d\n" % answer.status)
        for name, value in answer.getheaders():
            f.write("%s: %s\n" % (name, value))
