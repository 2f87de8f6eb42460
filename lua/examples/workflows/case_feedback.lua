-- Two working days after a case was solved the customer is asked how it went: not at once, when the problem may
-- come back, and not so late that it is forgotten. Who is unhappy gets the case opened again, and a call.
--
-- Only people who agreed to the purpose "survey" are asked, and nobody more than once in three months, however
-- many cases they have. Needs the type of case.conf in conf.d/types. The answer is what is written into the
-- field score of the case, by a person or by a web form.

workflow("feedback on a case", {
  on = "case.solved",
  where = "contact is not null and priority != 'low'",
  doc = "Asks for feedback two working days after a case was solved; opens it again for who is unhappy.",
}, function(case)
  sleep(business.days(2))
  if case.state ~= "solved" then return "opened again meanwhile" end
  local may = count("contact where id = :c and consent('survey')", {c = case.contact})
  local asked = count("interaction where contact = :c and subject = :s and at > now() - 90d",
    {c = case.contact, s = "How did we do?"})
  if may == 0 or asked > 0 then return "not asked" end

  create("interaction", {contact = case.contact, about = case, channel = "email", direction = "out",
    planned = true, subject = "How did we do?", at = now(),
    body = "Was it solved to your satisfaction? " .. case.subject})
  local until_then = now() + days(14)
  repeat -- what was changed may be something else
    if not wait_for("case.updated", {record = case}, until_then) then return "no answer" end
  until case.score

  if case.score <= 2 then
    update(case, {state = "open", priority = "high"})
    task {title = "Call " .. case.contact.name .. ", who is unhappy", about = case, priority = "high",
          assignee = case.contact.owner, due = business.hours(4)}
  end
  return "score " .. case.score
end)

local function solved_case(t, agreed)
  t.at("2025-03-13T10:00") -- a Thursday
  local purpose = t.create("purpose", {name = "survey", description = "We ask how we did"})
  local ann = t.create("contact", {name = "Ann"})
  if agreed then t.create("consent", {contact = ann, purpose = purpose, state = "given"}) end
  local case = t.create("case", {subject = "No light", contact = ann})
  t.transition(case, "solved")
  return case, ann
end

test("asked after two working days, and called when unhappy", function(t)
  local case, ann = solved_case(t, true)
  t.advance(days(3)) -- Sunday
  t.expect_no_effect("create interaction")
  t.advance(days(1))
  t.expect_effect("create interaction", {contact = ann, subject = "How did we do?"})
  t.update(case, {subject = "No light in the hall"})
  t.update(case, {score = 1})
  t.expect_effect("create task", {title = "Call Ann, who is unhappy", about = case, due = business.hours(4)})
  t.expect_equal(case.state, "open")
end)

test("who is content is left in peace", function(t)
  local case = solved_case(t, true)
  t.advance(days(5))
  t.update(case, {score = 3})
  t.expect_equal(t.result("feedback on a case"), "score 3")
  t.expect_equal(case.state, "solved")
end)

test("nobody is asked without consent, or twice in three months", function(t)
  solved_case(t, false)
  t.advance(days(5))
  t.expect_equal(t.result("feedback on a case"), "not asked")
end)

test("not twice in three months", function(t)
  local _, ann = solved_case(t, true)
  t.advance(days(30))
  t.transition(t.create("case", {subject = "No sound", contact = ann}), "solved")
  t.advance(days(10))
  t.expect_equal(t.result("feedback on a case"), "not asked")
  t.expect_equal(t.count("interaction where subject = 'How did we do?'"), 1)
end)

test("a case that comes back is not asked about", function(t)
  local case = solved_case(t, true)
  t.transition(case, "open")
  t.advance(days(5))
  t.expect_equal(t.result("feedback on a case"), "opened again meanwhile")
end)
