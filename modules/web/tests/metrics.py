# SPDX-License-Identifier: Apache-2.0
"""Checks the text format of Prometheus, version 0.0.4, and its conventions: metrics.py < METRICS"""
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(r"(%s)(?:\{(%s(?:,%s)*)\})? (-?(?:[0-9.]+(?:e[+-]?[0-9]+)?|\+Inf|NaN))$" % (NAME, LABEL, LABEL))
kinds, helps, seen, last = {}, {}, set(), None
buckets = {}


def refuse(line, why):
    sys.exit("%s: %s" % (why, line))


def family(name):
    for end in ("_bucket", "_sum", "_count"):
        if name.endswith(end) and kinds.get(name[: -len(end)]) == "histogram":
            return name[: -len(end)]
    return name


text = sys.stdin.read()
if not text.endswith("\n"):
    sys.exit("the last line does not end")
for line in text[:-1].split("\n"):
    if line.startswith("# HELP "):
        name = line.split(" ")[2]
        if name in helps or not line.split(" ", 3)[3].strip():
            refuse(line, "said twice, or nothing")
        helps[name] = True
        continue
    if line.startswith("# TYPE "):
        _, _, name, kind = line.split(" ")
        if name in kinds or kind not in ("counter", "gauge", "histogram"):
            refuse(line, "its type")
        kinds[name] = kind
        if (kind == "counter") != name.endswith("_total"):
            refuse(line, "a counter, and no other, ends in _total")
        last = name
        continue
    m = SAMPLE.match(line)
    if not m:
        refuse(line, "no sample")
    name, labels, value = m.group(1), m.group(2) or "", m.group(m.lastindex)
    of = family(name)
    if of != last or of not in helps:
        refuse(line, "not with its own")
    if (name, labels) in seen:
        refuse(line, "there twice")
    seen.add((name, labels))
    if kinds[of] == "histogram" and name.endswith("_bucket"):
        le = re.search(r'le="([^"]*)"', labels).group(1)
        key = (of, re.sub(r',?le="[^"]*"', "", labels))
        buckets.setdefault(key, []).append((float(le.replace("+Inf", "inf")), float(value)))
    elif kinds[of] == "histogram" and name.endswith("_count"):
        mine = buckets.get((of, labels), [])
        if not mine or mine[-1] != (float("inf"), float(value)) or mine != sorted(mine) or [n for _, n in mine] != sorted(n for _, n in mine):
            refuse(line, "its buckets do not add up")
if not buckets:
    sys.exit("there is no histogram")
