#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the reference of the contract from its headers: plugins-api/reference.py HEADER... > FILE

What stands before a declaration, and behind a member on its line, is its text; a tag such as
[writer] says on which thread a function may be called."""
import re
import sys

THREADS = "create main reader writer sending serving any".split()


def clean(comment):
    """The words of a comment without its stars; lines that are indented stay as they are."""
    text = re.sub(r"^/\*+ ?|\s*\*/$", "", comment.strip())
    lines = [re.sub(r"^\s*\* ?", "", line.rstrip(" \\")) for line in text.split("\n")]
    return "\n".join(lines)


def paragraphs(text):
    out, words, code = [], [], []

    def flush():
        if code:
            out.append("```\n" + "\n".join(code).rstrip() + "\n```")
        if words:
            text = " ".join(" ".join(words).split()).replace("<", "\\<")
            if text.startswith("* ") and out and out[-1].startswith("* "):
                out[-1] += "\n" + text
            else:
                out.append(text)
        code.clear()
        words.clear()

    for line in text.split("\n"):
        if re.match(r"  \S", line):  # a list, each of whose items goes on further in
            flush()
            words.append("* " + line.strip())
        elif line.startswith("   ") and not words:
            code.append(line[4:] if line.startswith("    ") else line)
        elif not line.strip():
            flush()
        else:
            if code:
                flush()
            words.append(line.strip())
    flush()
    return "\n\n".join(out)


def cell(text):
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<")


TOKEN = re.compile(
    r"(?P<comment>/\*.*?\*/)"
    r"|(?P<define>#define[ \t]+\w+(?:\([^)]*\))?(?:[^\n\\]|\\\n|\\)*)"
    r"|(?P<directive>#[^\n]*(?:\\\n[^\n]*)*)"
    r"|(?P<struct>(?:typedef )?struct \w+ \{.*?\n\}[^;]*;)"
    r"|(?P<typedef>typedef [^{;]*;)"
    r"|(?P<function>static inline [^{;]*\{.*?\n\})"
    r"|(?P<other>\S)",
    re.S,
)


def code(text):
    return "`" + " ".join(re.sub(r"/\*.*?\*/", "", text, flags=re.S).split()) + "`"


def thread_of(text):
    tags = [t for t in re.findall(r"\[(\w+)\]", text) if t in THREADS]
    return tags[-1] if tags else ""


MEMBER = re.compile(r"(?P<comment>/\*.*?\*/)|(?P<decl>[^;{}/]+(?:\{.*?\n    \} ?\w*)?;)", re.S)


def members(body):
    """Pairs of a declaration and its text."""
    out, before = [], ""
    position = 0
    for m in MEMBER.finditer(body):
        gap = body[position : m.start()]
        position = m.end()
        if m.group("comment"):
            behind = out and "\n" not in gap
            if behind:
                out[-1][1] += " " + clean(m.group("comment"))
            else:
                before = clean(m.group("comment"))
        else:
            decl = " ".join(re.sub(r"/\*.*?\*/", "", m.group("decl"), flags=re.S).split())
            out.append([decl.rstrip(";"), before])
            before = ""
    return out


def put_struct(text, comment):
    name = re.search(r"struct (\w+) \{", text).group(1)
    body = text[text.index("{") + 1 : text.rindex("}")]
    rows = members(body)
    functions = any("(*" in d for d, _ in rows)
    print(f"### {name}\n")
    if comment:
        print(paragraphs(comment) + "\n")
    print("| function or member | thread | what it is |\n|---|---|---|" if functions
          else "| member | what it is |\n|---|---|")
    for decl, doc in rows:
        thread = thread_of(doc)
        doc = re.sub(r"\s*\[(?:%s)\]" % "|".join(THREADS), "", doc)
        middle = f" {thread} |" if functions else ""
        print(f"| `{cell(decl)}` |{middle} {cell(doc)} |")
    print()


class Constants:
    """Defines that follow one another become one table."""

    def __init__(self):
        self.rows, self.comment, self.each = [], "", False

    def add(self, text, before, behind):
        if not self.rows:
            self.comment, self.each = before, False
            before = ""
        head, value = re.match(r"#define[ \t]+(\w+(?:\([^)]*\))?)(.*)", text, re.S).groups()
        inner = re.search(r"/\*.*?\*/", value, re.S)
        doc = clean(inner.group(0)) if inner else behind
        value = re.sub(r"/\*.*?\*/", "", value, flags=re.S).replace("\\\n", " ")
        value = " ".join(value.split())
        if head.endswith(")") or len(value) > 40:
            value = ""
        if len(self.rows) == 1:
            self.each = bool(before) and not self.rows[0][2]
        self.rows.append((head, value, (before + " " + doc).strip()))

    def put(self):
        if not self.rows:
            return
        if self.comment and self.each:  # as that of each other row, it is the first row's own
            head, value, _ = self.rows[0]
            self.rows[0], self.comment = (head, value, self.comment), ""
        if self.comment:
            print(paragraphs(self.comment) + "\n")
        if all(head.endswith(")") for head, _, _ in self.rows):
            for head, _, doc in self.rows:
                print(f"`{head}`" + (f": {paragraphs(doc)}" if doc else "") + "\n")
            self.rows, self.comment = [], ""
            return
        print("| name | value | what it is |\n|---|---|---|")
        for head, value, doc in self.rows:
            print(f"| `{head}` | {'`' + value + '`' if value else ''} | {cell(doc)} |")
        print()
        self.rows, self.comment = [], ""


def put_header(path):
    source = open(path, encoding="utf-8").read()
    name = path[path.index("kith/") :]
    source = re.sub(r"/\* SPDX[^\n]*\n", "", source)
    print(f"## {name}\n")
    intro, comment, constants, guard = False, "", Constants(), re.compile(r"KITH_\w+_H$")
    tokens = list(TOKEN.finditer(source))
    for i, m in enumerate(tokens):
        kind, text = m.lastgroup, m.group(0)
        if kind == "comment":
            section = re.match(r"/\* -- (.*?) -+\s*\*/", text, re.S)
            between = source[tokens[i - 1].end() : m.start()] if i else "\n"
            if section:
                constants.put()
                print(f"### {name}: {section.group(1)}\n")
                comment = ""
            elif not intro:
                print(paragraphs(clean(text).partition(" - ")[2] or clean(text)) + "\n")
                intro = True
            elif "\n" in between:
                if constants.rows:
                    following = tokens[i + 1] if i + 1 < len(tokens) else None
                    if not (following and following.lastgroup == "define") or "\n\n" in between:
                        constants.put()
                if comment:
                    print(paragraphs(comment) + "\n")
                comment = clean(text)
            continue
        if kind == "define":
            if guard.match(text.split()[1]):
                continue
            after = tokens[i + 1] if i + 1 < len(tokens) else None
            behind = ""
            if after and after.lastgroup == "comment" and "\n" not in source[m.end() : after.start()]:
                behind = clean(after.group(0))
            constants.add(text, comment, behind)
            comment = ""
            continue
        if kind in ("directive", "other"):
            continue
        constants.put()
        if kind == "struct":
            put_struct(text, comment)
        elif kind == "function":
            print(code(text[: text.index("{")]).replace("static inline ", "") + "\n")
            print(paragraphs(comment) + "\n\n" if comment else "", end="")
        else:
            after = tokens[i + 1] if i + 1 < len(tokens) else None
            if after and after.lastgroup == "comment" and "\n" not in source[m.end() : after.start()]:
                comment = (comment + " " + clean(after.group(0))).strip()
            print(code(text.rstrip(";")) + "\n")
            print(paragraphs(comment) + "\n\n" if comment else "", end="")
        comment = ""
    constants.put()


print("# The contract with modules\n")
print("What stands in the headers, made from them by `make reference`. Begin with the"
      " [guide for vendors](../guide-vendor.md). A thread in a table says where a function may be"
      " called: see [kith/host.h](#kithhosth).\n")
for header in sys.argv[1:]:
    put_header(header)
