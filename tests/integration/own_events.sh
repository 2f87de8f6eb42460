#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Events that a company declares in its settings: published, waited for, checked and told of.
guide=$(realpath "$(dirname "$0")/../../docs/guide-admin-rules.md")
. "$(dirname "$0")/lib.bash"
new_company

block() { # block WORD: the first example of the guide with this in it
    awk -v word="$1" '/^```/ { if (inside && index(text, word)) { printf "%s", text; exit }
                               inside = !inside; text = ""; next }
        inside { text = text $0 "\n" }' "$guide"
}

it "declares them as the guide says, and tells of them everywhere"
block 'events = (' >conf.d/60-events.conf
kith explain feedback.answered
exits 0
prints "Somebody answered a request for feedback."
prints "score      integer: How happy, from 1 to 5."
prints "mood       choice: good, bad"
kith reference events
prints "### feedback.answered"
kith rule stubs
expect grep -q "class data.feedback.answered" rules/library/rules.lua

it "publishes them to rules and workflows, with a condition on what they carry"
block 'unhappy' >rules/feedback.lua
cat >workflows/ask.lua <<'RULE'
workflow("ask", {on = "contact.created"}, function(contact)
  local answer = wait_for("feedback.answered", {record = contact}, days(7))
  return answer and answer.mood
end)
test("who is unhappy is called", function(t)
  local ann = t.create("contact", {name = "Ann"})
  t.publish("feedback.answered", ann, {score = 4, mood = "good"})
  t.expect_no_effect("create task")
  t.expect_equal(t.result("ask"), "good")
  t.publish("feedback.answered", ann, {score = 2})
  t.expect_effect("create task", {title = "Call, score 2", about = ann})
end)
RULE
kith check
exits 0
kith workflow test
exits 0
prints "1 passed, 0 failed"

it "finds what they do not carry, before it is published and when it is"
cat >rules/bad.lua <<'RULE'
on("contact.created", {name = "bad"}, function(contact)
  publish("feedback.answered", contact, {scor = 1, mood = "god"})
end)
on("feedback.answered", {name = "worse", where = "event.scor > 1"}, function() end)
RULE
kith check
exits 2
prints "rules/bad.lua:2: feedback.answered carries no 'scor'; did you mean 'score'?"
prints "rules/bad.lua:2: mood: 'god' is none of good, bad; did you mean 'good'?"
prints "rules/bad.lua:4: where: at 7: feedback.answered carries no 'scor'; did you mean 'score'?"
cat >rules/bad.lua <<'RULE'
test("x", function(t)
  t.publish("feedback.answered", {score = "many"})
end)
RULE
kith workflow test bad.lua
exits 1
prints "rules/bad.lua:2: feedback.answered: score: 'many' is no whole number"
rm rules/bad.lua

it "says where a declaration is wrong"
wrong() { # wrong DECLARATION SENTENCE
    printf 'company: {\n  events = ( %s );\n};\n' "$1" >conf.d/60-events.conf
    kith check
    expect test "$code" -ne 0
    expect grep -qF "conf.d/60-events.conf:2: $2" "$work/out" "$work/err"
}
wrong '{ name = "answered"; }' "'answered' is no name of an event"
wrong '{ name = "a.b"; fields = [ "score:numbr" ]; }' "a.b: score: 'numbr' is no kind of field"
wrong '{ name = "a.b"; fields = [ "at:time" ]; }' "a.b: at is what every event has"
wrong '{ name = "a.b"; fields = [ "Big Score" ]; }' "a.b: 'Big' is no name"
wrong '{ name = "contact.created"; }' "company.events: topic contact.created is one that records publish by themselves"
wrong '{ name = "a.b"; }, { name = "a.b"; }' "company.events: topic a.b is declared by company already"
rm conf.d/60-events.conf workflows/ask.lua rules/feedback.lua

finish
