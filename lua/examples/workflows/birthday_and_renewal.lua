-- Days in somebody's life: a greeting on the birthday, by the way the person prefers, and a call before
-- something runs out. The days are records of the type life_event.
--
-- Greetings go to those alone who agreed to the purpose "greetings" (kith create purpose name=greetings).
-- render() writes a text out of a template, here with another end for customers.

local greeting = [[
Dear {{contact.first_name}},

all the best for your birthday, the {{day | %d.%m.}}!
{{#customer}}
As a small present there are ten euros off your next order.
{{/customer}}
{{^customer}}
We would be glad to see you again.
{{/customer}}
]]

local by = {email = "email", sms = "sms", mail = "mail", call = "call"} -- all else becomes a mail

workflow("birthday greeting", {
  on = "life_event.due",
  where = "kind = 'birthday'",
  doc = "Greets a contact on its birthday, by the channel that it prefers, if it agreed to greetings.",
}, function(birthday)
  local contact = birthday.about
  if count("contact where id = :who and consent('greetings')", {who = contact}) == 0 then
    return "no consent"
  end
  create("interaction", {
    contact = contact,
    channel = by[contact.preferred_channel] or "email",
    direction = "out",
    planned = true,
    subject = "Happy birthday, " .. contact.first_name,
    body = render(greeting, {
      contact = contact, day = today(), customer = contact.lifecycle ~= "prospect",
    }),
  })
  return "greeted"
end)

workflow("renewal call", {
  on = "life_event.due",
  where = "kind in ('renewal', 'expiry')",
  doc = "Has the owner of a contact call on the day on which something runs out, and once more after a week.",
}, function(day)
  local contact = day.about
  for try = 1, 2 do
    local call = task {
      title = string.format("Call %s: %s (%d)", contact.name, day.body or day.kind, try),
      about = contact,
      assignee = contact.owner,
      due = business.hours(8),
    }
    if wait_for("task.done", {record = call}, days(7)) then return "called" end
  end
  return "not called"
end)

local function person(t, lifecycle, agreed)
  t.at("2025-03-11T08:00")
  local purpose = t.create("purpose", {name = "greetings", description = "Greetings on your birthday"})
  local ann = t.create("contact", {name = "Ann Lee", preferred_channel = "sms"})
  if lifecycle ~= "prospect" then t.transition(ann, lifecycle) end
  if agreed then t.create("consent", {contact = ann, purpose = purpose, state = "given"}) end
  return ann
end

test("a customer is greeted by the channel she prefers, with a present", function(t)
  local ann = person(t, "customer", true)
  t.create("life_event", {about = ann, kind = "birthday", date = date("1990-03-13"), yearly = true})
  t.advance(days(4))
  local mail = t.expect_effect("create interaction", {contact = ann, channel = "sms"})
  t.expect(mail.body:find("the 13.03.!\nAs a small present", 1, true), mail.body)
end)

test("each year anew, and without a present for a prospect", function(t)
  local ann = person(t, "prospect", true)
  t.create("life_event", {about = ann, kind = "birthday", date = date("1990-03-13"), yearly = true})
  t.advance(days(400))
  t.expect_equal(#t.runs("birthday greeting"), 2)
  local mail = t.expect_effect("create interaction", {contact = ann})
  t.expect(mail.body:find("We would be glad", 1, true) and not mail.body:find("present"), mail.body)
end)

test("who did not agree is not greeted", function(t)
  local ann = person(t, "customer", false)
  t.create("life_event", {about = ann, kind = "birthday", date = date("1990-03-13"), yearly = true})
  t.advance(days(4))
  t.expect_no_effect("create interaction")
  t.expect_equal(t.result("birthday greeting"), "no consent")
end)

test("a renewal is called about twice, when nobody did it at first", function(t)
  local ann = person(t, "customer", false)
  t.create("life_event", {about = ann, kind = "renewal", date = date("2025-04-01"), body = "insurance"})
  t.advance(days(22))
  local first = t.expect_effect("create task", {title = "Call Ann Lee: insurance (1)", about = ann})
  t.advance(days(7))
  local second = t.expect_effect("create task", {title = "Call Ann Lee: insurance (2)"})
  t.transition(second, "done")
  t.expect_equal(first.state, "open")
  t.expect_equal(t.result("renewal call"), "called")
end)

test("not a third time", function(t)
  local ann = person(t, "customer", false)
  t.create("life_event", {about = ann, kind = "renewal", date = date("2025-04-01"), body = "insurance"})
  t.advance(at(date("2025-04-15"), "12:00")) -- two weeks later
  t.expect_equal(t.count("task where title like 'Call Ann Lee: insurance%'"), 2)
  t.expect_equal(t.result("renewal call"), "not called")
end)
