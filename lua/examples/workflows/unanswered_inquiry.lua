-- Nobody waits for an answer: an inquiry that is not answered within four working hours becomes a task, and
-- after eight hours of working time the task is urgent.
--
-- business.hours() counts only the hours in which the company works (company.hours in the settings): a mail of
-- Friday evening is not late on Saturday. The module sales comes with one that looks at leads, too: unanswered.lua.

workflow("unanswered inquiry", {
  on = "interaction.created",
  where = "direction = 'in' and channel in ('email', 'form', 'chat') and contact is not null",
  doc = "Makes a task of an inquiry that nobody answers within four working hours, an urgent one after eight.",
}, function(inquiry)
  local answer = {contact = inquiry.contact, direction = "out"}
  local in_time, late = business.hours(4), business.hours(8)

  if wait_for("interaction.created", answer, in_time) then return "answered in time" end
  local call = task {
    title = "Answer " .. inquiry.contact.name,
    body = inquiry.subject,
    about = inquiry.contact,
    assignee = inquiry.contact.owner,
    due = late,
    priority = "high",
  }

  if wait_for("interaction.created", answer, late) then
    update(call, {state = "done"})
    return "answered late"
  end
  update(call, {priority = "urgent", title = "Answer " .. inquiry.contact.name .. " now"})
  return "not answered"
end)

local function inquiry_of(t)
  t.at("2025-03-14T15:00") -- a Friday; the company works from nine to five
  local ann = t.create("contact", {name = "Ann"})
  t.create("interaction", {contact = ann, channel = "email", direction = "in", subject = "How much is it?"})
  return ann
end

test("an inquiry of Friday afternoon is due on Monday, and urgent later that day", function(t)
  local ann = inquiry_of(t)
  t.advance(days(2)) -- Sunday
  t.expect_no_effect("create task")
  t.advance(at(date("2025-03-17"), "11:00")) -- Monday: two hours after those of Friday
  local call = t.expect_effect("create task", {title = "Answer Ann", about = ann, priority = "high"})
  t.advance(hours(4))
  t.expect_equal(call.priority, "urgent")
  t.expect_equal(t.result("unanswered inquiry"), "not answered")
end)

test("who gets an answer needs no task", function(t)
  local ann = inquiry_of(t)
  t.create("interaction", {contact = ann, channel = "email", direction = "out", subject = "Ten euros"})
  t.advance(days(30))
  t.expect_no_effect("create task")
  t.expect_equal(t.result("unanswered inquiry"), "answered in time")
end)

test("a late answer ends the task", function(t)
  local ann = inquiry_of(t)
  t.advance(at(date("2025-03-17"), "12:00"))
  local call = t.expect_effect("create task")
  t.create("interaction", {contact = ann, channel = "call", direction = "out"})
  t.expect_equal(call.state, "done")
end)
