-- The best customers are known by name: who has spent more than 10,000 EUR is told to the owner, and as long as
-- that holds, whatever such a customer asks becomes an urgent task at once.
--
-- Who they are is said by a segment with the name "vip", a query that Kith keeps up to date:
--     kith create segment name=vip query="contact where spent > '10000 EUR'"
-- A run lasts as long as the customer is in it.

workflow("VIP", {
  on = "segment.entered",
  doc = "As long as a customer is in the segment 'vip', each question becomes an urgent task.",
}, function(contact, event)
  if event.data.name ~= "vip" then return "another segment" end
  if event.topic == "segment.entered" then -- not when the run goes on
    task {title = contact.name .. " is a VIP now: say thank you", about = contact, assignee = contact.owner,
          body = "Spent until now: " .. tostring(contact.spent), due = business.days(1)}
  end
  local what, question = wait_any {
    left = {"segment.left", {record = contact, name = "vip"}},
    asks = {"interaction.created", {contact = contact, direction = "in", planned = false}},
  }
  if what == "left" then return "is none any more" end
  if question.record.amount == nil then -- a purchase is no question
    task {title = "At once: " .. contact.name, about = contact, assignee = contact.owner, priority = "urgent",
          body = question.record.subject, due = business.hours(1)}
  end
  continue_as_new {name = "vip"}
end)

local function vip(t)
  t.create("segment", {name = "vip", query = "contact where spent > '10000 EUR'"})
  local ann = t.create("contact", {name = "Ann"})
  t.create("interaction", {contact = ann, channel = "store", direction = "in", amount = money("9999 EUR")})
  t.expect_no_effect("create task", {about = ann, priority = "normal"})
  local second = t.create("interaction", {contact = ann, channel = "store", direction = "in", amount = money("2 EUR")})
  t.expect_effect("create task", {title = "Ann is a VIP now: say thank you", body = "Spent until now: 10001.00 EUR"})
  return ann, second
end

local function ask(t, ann, subject)
  t.create("interaction", {contact = ann, channel = "chat", direction = "in", subject = subject, planned = false})
end

test("each question becomes an urgent task", function(t)
  local ann = vip(t)
  ask(t, ann, "Where is it?")
  t.expect_effect("create task", {title = "At once: Ann", body = "Where is it?", due = business.hours(1)})
  ask(t, ann, "Is it there?")
  t.expect_effect("create task", {title = "At once: Ann", body = "Is it there?"})
end)

test("a purchase does not", function(t)
  local ann = vip(t)
  t.create("interaction", {contact = ann, channel = "store", direction = "in", amount = money("5 EUR")})
  t.expect_no_effect("create task", {title = "At once: Ann"})
end)

test("it ends when the customer is none any more", function(t)
  local ann, second = vip(t)
  t.delete(second)
  ask(t, ann, "Where is it?")
  t.expect_no_effect("create task", {title = "At once: Ann"})
  t.expect_equal(t.result("VIP"), "is none any more")
end)
