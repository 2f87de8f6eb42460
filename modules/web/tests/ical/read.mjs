// SPDX-License-Identifier: Apache-2.0
// What a program that subscribes to a calendar makes of it: read.mjs FILE; one line of JSON for each entry.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const bytes = readFileSync(process.argv[2]);
const lines = bytes.toString("utf8").split("\r\n");
if (lines.pop() !== "" || lines.some((l) => /[\r\n]/.test(l))) throw new Error("lines end with CR LF");
for (const line of lines)
    if (Buffer.byteLength(line) > 75) throw new Error("a line has more than 75 bytes: " + line);
if (lines.some((l) => l.includes("\ufffd"))) throw new Error("a character was cut");
const calendar = new ICAL.Component(ICAL.parse(bytes.toString("utf8")));
if (calendar.getFirstPropertyValue("version") !== "2.0") throw new Error("no version");
if (!calendar.getFirstPropertyValue("prodid")) throw new Error("no product");
for (const one of calendar.getAllSubcomponents()) {
    const value = (name) => one.getFirstPropertyValue(name)?.toString();
    for (const name of ["uid", "dtstamp"]) if (!value(name)) throw new Error("no " + name);
    console.log(JSON.stringify({ is: one.name, uid: value("uid"), at: value("dtstart") ?? value("due"), to: value("dtend"),
        changed: value("last-modified"), summary: value("summary"), text: value("description"), place: value("location"),
        state: value("status") }));
}
