-- Nobody waits for an answer: what a lead or a customer writes and nobody answers within four working hours becomes a
-- task of their owner, and after eight the task is urgent.
--
-- business.hours() counts only the hours in which the company works (company.hours in the settings): a mail of
-- Friday evening is not late on Saturday. Who waits is also told by `kith report sales.unanswered` (leads) and
-- sales.unanswered_customers. Where somebody has a task about them since (a cadence that ends by the answer, a
-- response), no other is made. What is imported counts when it is of the last day, as from a gateway for mail, and
-- not when it is history.

local first, late = 4, 8 -- working hours

local function open_task(about, who, since)
  return find("task where state = 'open' and (about = :about or about = :who) and created >= :since limit 1",
    {about = about, who = who, since = since})()
end

-- Answered is who was written to, and whom somebody talked with, whoever called.
local function is_answered(inquiry)
  local condition = " and id != :this and not planned and at >= :since and (direction = 'out' or channel in ('call', 'meeting', 'store'))"
  local values = {this = inquiry.id, since = inquiry.at or inquiry.created}
  values.whom = inquiry.contact
  if inquiry.contact and count("interaction where contact = :whom" .. condition, values) > 0 then return true end
  values.whom = inquiry.about
  return inquiry.about ~= nil and count("interaction where about = :whom" .. condition, values) > 0
end

local function wait_answer(inquiry, due)
  while not is_answered(inquiry) do
    if now() >= due then return false end
    local events = {updated = {"interaction.updated", {record = inquiry}}}
    if inquiry.contact then events.of_contact = {"interaction.created", {contact = inquiry.contact}} end
    if inquiry.about then events.about = {"interaction.created", {about = inquiry.about}} end
    wait_any(events, due)
  end
  return true
end

local function lead_of(inquiry)
  return inquiry.about and find("lead where id = :id", {id = inquiry.about.id})()
end

workflow("waits for an answer", {
  on = "interaction.created",
  where = "direction = 'in' and not planned and channel in ('email', 'form', 'chat', 'sms', 'social', 'mail')"
    .. " and (contact is not null or about is not null) and at > now() - 7d",
  doc = "A task for what a lead or customer wrote and nobody answers in four working hours, urgent after eight.",
}, function(inquiry, event)
  if event.origin == "import" and inquiry.at < now() - days(1) then return "imported" end
  local in_time, too_late = business.hours(first), business.hours(late)
  if wait_answer(inquiry, in_time) then return "answered in time" end

  local lead = lead_of(inquiry)
  if lead and (lead.state == "unqualified" or lead.state == "converted") then return lead.state end
  local who = lead or inquiry.contact or inquiry.about
  if open_task(inquiry.about or who, who, inquiry.created) then return "somebody has a task" end
  local name = who.name or inquiry.subject or "them"
  local answer = task {
    title = "Answer " .. name, body = inquiry.subject, about = who, priority = "high", due = too_late,
    assignee = who.owner or inquiry.contact and inquiry.contact.owner or inquiry.owner,
  }
  if wait_answer(inquiry, too_late) then
    update(answer, {state = "done"})
    return "answered late"
  end
  if answer.state ~= "open" then return "seen to" end
  update(answer, {priority = "urgent", title = "Answer " .. name .. " now"})
  return "not answered"
end)

local function inquiry_of(t, values)
  t.at("2025-03-14T15:00") -- a Friday; the company works from nine to five
  local rosa = t.create("user", {login = "rosa", name = "Rosa"})
  local lead = t.create("lead", {name = "Ann", owner = rosa})
  values.about, values.direction, values.subject = lead, "in", "Please send an offer"
  values.channel = values.channel or "email"
  t.create("interaction", values)
  return lead, rosa
end

test("what a lead writes and nobody answers becomes a task of its owner, urgent later that day", function(t)
  local lead, rosa = inquiry_of(t, {})
  t.advance(days(2)) -- Sunday
  t.expect_no_effect("create task")
  t.advance(at(date("2025-03-17"), "11:00")) -- Monday: two hours after those of Friday
  local answer = t.expect_effect("create task", {title = "Answer Ann", about = lead, priority = "high"})
  t.expect_equal(answer.assignee, rosa)
  t.expect_equal(answer.body, "Please send an offer")
  t.advance(hours(4))
  t.expect_equal(answer.priority, "urgent")
  t.expect_equal(t.result("waits for an answer"), "not answered")
end)

test("so does what a customer writes", function(t)
  t.at("2025-03-17T09:00")
  local ben = t.create("contact", {name = "Ben"})
  t.create("interaction", {contact = ben, channel = "chat", direction = "in"})
  t.advance(hours(4))
  t.expect_effect("create task", {title = "Answer Ben", about = ben})
end)

test("who gets an answer, or is talked with, needs no task", function(t)
  local lead = inquiry_of(t, {})
  t.create("interaction", {about = lead, channel = "email", direction = "out"})
  t.advance(days(10))
  t.expect_no_effect("create task")
  t.expect_equal(t.result("waits for an answer"), "answered in time")
end)

test("a late answer ends the task", function(t)
  local lead = inquiry_of(t, {})
  t.advance(at(date("2025-03-17"), "12:00"))
  local answer = t.expect_effect("create task", {title = "Answer Ann"})
  t.create("interaction", {about = lead, channel = "call", direction = "out"})
  t.expect_equal(answer.state, "done")
end)

test("a click, a talk and what is planned wait for nobody", function(t)
  local lead = inquiry_of(t, {channel = "web"})
  t.create("interaction", {about = lead, channel = "call", direction = "in"})
  t.create("interaction", {about = lead, channel = "email", direction = "in", planned = true, at = now() + days(1)})
  t.advance(days(10))
  t.expect_no_effect("create task")
end)

test("of a lead that somebody has a task about since, there is no other", function(t)
  local lead = inquiry_of(t, {})
  t.create("task", {title = "See to Ann", about = lead})
  t.advance(days(4))
  t.expect_no_effect("create task", {title = "Answer Ann"})
  t.expect_equal(t.result("waits for an answer"), "somebody has a task")
end)

test("nobody answers a lead that is given up", function(t)
  local lead = inquiry_of(t, {})
  t.transition(lead, "unqualified")
  t.advance(days(4))
  t.expect_no_effect("create task")
end)
