-- What a customer said is not forgotten: "call back in a week" becomes a task in seven days, "we buy in six months" a
-- call after four, and a meeting or call that is planned is reminded of.
--
-- Write down what was said where you note the talk, or with the lead:
--     kith create interaction about=lead/ID channel=call outcome="not yet" call_back_in=7d
--     kith update lead ID buys_in=6

-- Two thirds of the time: whoever buys in six months is called after four, since then they choose.
local function months_before_buying(months)
  return math.max(months * 2 // 3, 1)
end

-- The same day of a later month; the last days of a month become the 28th.
local function months_later(day, months)
  local month = day.month - 1 + months
  return date(string.format("%04d-%02d-%02d", day.year + month // 12, month % 12 + 1, math.min(day.day, 28)))
end

local function owner_of(record)
  return record.owner or record.contact and record.contact.owner
end

local function call_back(record, about, who, when, why)
  return task {
    title = "Call back " .. who, about = about, assignee = owner_of(record), due = at(business.days(0, when), "10:00"),
    reminder = at(business.days(0, when), "09:00"), body = why,
  }
end

local function later(record)
  if record.call_back_in then return today() + record.call_back_in, "They asked to be called back." end
  return months_later(today(), months_before_buying(record.buys_in)),
    "They said that they would buy in " .. record.buys_in .. " months."
end

on("interaction.created", {
  name = "call back after a talk",
  where = "call_back_in is not null or buys_in is not null",
  doc = "A task to call back when the customer asked for it, or before they buy.",
}, function(talk)
  local about = talk.about or talk.contact or talk.account
  local who = talk.contact and talk.contact.name or about and about.name or "the customer"
  local when, why = later(talk)
  call_back(talk, about, who, when, why)
end)

-- A lead is called back by its latest word: what was agreed before is called off.
local function call_back_lead(lead)
  for old in find("task where about = :lead and state = 'open' and call_back", {lead = lead}) do
    update(old, {state = "cancelled"})
  end
  local when, why = later(lead)
  update(call_back(lead, lead, lead.name, when, why), {call_back = true})
end

on("lead.created", {
  name = "call back a new lead",
  where = "call_back_in is not null or buys_in is not null",
  doc = "The same for a lead whose form said so.",
}, call_back_lead)

on("lead.updated", {
  name = "call back a lead",
  fields = {"call_back_in", "buys_in"},
  where = "call_back_in is not null or buys_in is not null",
  doc = "The same when it is written to the lead later.",
}, call_back_lead)

test("after a week, said on 1 March, is 8 March", function(t)
  t.at("2027-03-01T10:00") -- a Monday
  local rosa = t.create("user", {login = "rosa", name = "Rosa"})
  local ann = t.create("contact", {name = "Ann", owner = rosa})
  local lead = t.create("lead", {name = "Ann", contact = ann, owner = rosa})
  t.create("interaction", {about = lead, contact = ann, channel = "call", call_back_in = days(7)})
  local task = t.expect_effect("create task", {title = "Call back Ann", about = lead, assignee = rosa})
  t.expect_equal(task.due, at(date("2027-03-08"), "10:00"))
end)

test("on a Sunday nobody calls", function(t)
  t.at("2027-03-07T10:00")
  t.create("lead", {name = "Ann", call_back_in = days(7)})
  t.expect_equal(t.expect_effect("create task", {title = "Call back Ann"}).due, at(date("2027-03-15"), "10:00"))
end)

test("who buys in six months is called after four", function(t)
  t.at("2027-03-01T10:00")
  local lead = t.create("lead", {name = "Ann"})
  t.update(lead, {buys_in = 6})
  local task = t.expect_effect("create task", {title = "Call back Ann", about = lead})
  t.expect_equal(task.due, at(date("2027-07-01"), "10:00"))
  t.update(lead, {buys_in = 10})
  t.expect_equal(task.state, "cancelled")
  t.expect_equal(t.expect_effect("create task", {title = "Call back Ann"}).due, at(date("2027-09-01"), "10:00"))
end)

test("at the end of a month and of a year", function(t)
  t.at("2027-12-31T10:00")
  t.create("lead", {name = "Ann", buys_in = 3})
  t.expect_equal(t.expect_effect("create task", {title = "Call back Ann"}).due, at(date("2028-02-28"), "10:00"))
end)
