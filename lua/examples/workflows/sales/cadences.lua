-- Cadences: what a lead is shown, and when it is called, step by step, until it answers, is converted or lost.
--
-- An answer is what it writes, that it calls or comes, and that an appointment is made with it (sales.book). Only what
-- it wrote is still to be answered. A call that we make is a step and no answer, whoever picks up: who has talked so
-- that no more is needed takes the lead out. Calls that are not made when a cadence ends are called off.
--
-- A lead is in the cadence that stands in its field `cadence`; whoever writes it there puts the lead into it, and
-- who empties it takes it out:      kith update lead ID cadence="first contact"
-- A response to a campaign puts its lead into the first cadence whose condition holds (responses.lua).
--
-- Change the tables as you like. What is shown is counted as an exposure; `kith report sales.cadence_steps` and
-- sales.exposures_until_conversion tell what it takes. No lead is shown more than sales.exposures.limit allows:
-- a step waits until there is room.

-- `after`: how long after the step before it. A step by call is a task for the owner; all others are exposures that
-- whoever sends mail for the company sends (`kith report sales.to_send`, or a webhook on exposure.created).
-- `material`: the first of this kind that the lead has not been shown yet, of its campaign and industry.
-- `when`: who gets it from a campaign; the first cadence that holds. `until_hot`: a hot lead is called instead.
local cadences = {
  {name = "fast track", when = "rating = 'hot'", steps = {
    {after = hours(0), channel = "call", subject = "Call %s now"},
    {after = days(1), channel = "email", material = "case_study", subject = "Whom we have helped"},
    {after = days(2), channel = "call", subject = "Call %s again"},
  }},
  {name = "first contact", when = "source in ('form', 'chat', 'phone', 'campaign', 'event')", steps = {
    {after = days(1), channel = "call", subject = "Call %s"},
    {after = days(2), channel = "email", material = "case_study", subject = "Whom we have helped"},
    {after = days(4), channel = "call", subject = "Call %s again"},
    {after = days(7), channel = "email", material = "white_paper", subject = "Five questions to ask first"},
  }},
  {name = "nurture", when = "rating != 'hot'", until_hot = true, steps = {
    {after = days(3), channel = "email", material = "article", subject = "What others do"},
    {after = days(14), channel = "email", material = "case_study", subject = "Whom we have helped"},
    {after = days(14), channel = "email", material = "white_paper", subject = "Five questions to ask first"},
    {after = days(30), channel = "email", material = "video", subject = "What it looks like"},
  }},
}

local function cadence_named(name)
  for _, cadence in ipairs(cadences) do
    if cadence.name == name then return cadence end
  end
end

before("lead.save", {
  name = "known cadences",
  fields = {"cadence"},
  where = "cadence is not null",
  doc = "Refuses a cadence that is not in the table.",
}, function(lead, change)
  if change.origin == "undo" or cadence_named(lead.cadence) then return end
  local names = {}
  for i, cadence in ipairs(cadences) do names[i] = "'" .. cadence.name .. "'" end
  refuse("cadence: there is no '" .. lead.cadence .. "'; there are " .. table.concat(names, ", ")
    .. " (workflows/sales/cadences.lua)")
end)

-- Looking at what was sent is no answer: it is a step towards one.
local talks = {call = true, meeting = true, store = true}
local function answer_of(interaction)
  if interaction.channel == "web" then return end
  if interaction.planned then return interaction.appointment and "appointment" end
  return talks[interaction.channel] and "spoke" or "answered"
end

-- Waits until that time; tells why it ends before, if it does.
local function wait_until(lead, due, cadence, since)
  while true do
    if lead.cadence ~= cadence.name or lead.cadence_at ~= since then return "taken out" end
    if lead.state == "converted" or lead.state == "unqualified" then return lead.state end
    if cadence.until_hot and lead.rating == "hot" then return "hot" end
    if now() >= due then return end
    local events = {
      spoke = {"interaction.created", {about = lead, direction = "in"}},
      booked = {"interaction.created", {about = lead, appointment = true}},
      changed = {"lead.updated", {record = lead}},
    }
    if lead.contact then
      events.wrote = {"interaction.created", {contact = lead.contact, direction = "in"}}
    end
    local why, event = wait_any(events, due)
    local answer = why and why ~= "changed" and answer_of(event.record)
    if answer then return answer end
  end
end

local function material_for(lead, kind)
  local industry = lead.account and lead.account.industry or lead.industry
  for material in find("material where kind = :kind and active and (campaign is null or campaign = :campaign)"
      .. " and (industry is null or industry = :industry) order by position limit 50",
      {kind = kind, campaign = lead.campaign or "", industry = industry or ""}) do
    if count("exposure where lead = :lead and material = :material and state != 'cancelled'",
        {lead = lead, material = material}) == 0 then
      return material
    end
  end
end

local function call(lead, cadence, number, exposure)
  task {
    title = string.format(cadence.steps[number].subject, lead.name), about = lead, assignee = lead.owner,
    exposure = exposure, priority = lead.rating == "hot" and "urgent" or "high", due = business.hours(8),
    body = string.format("Step %d of the cadence %s. %s", number, cadence.name, lead.phone or "No phone number."),
  }
end

local function is_ours(talk)
  return not talk.planned and (talk.direction == "out" or talks[talk.channel])
end

workflow("answer a lead", {
  record = "lead",
  again = "always",
  doc = "A task to answer what a lead in a cadence wrote: done when somebody did, called off when the lead ends.",
}, function(lead)
  local todo = task {
    title = "Answer " .. lead.name, about = lead, assignee = lead.owner, priority = "high", due = business.hours(4),
  }
  local events = {
    talk = {"interaction.created", {about = lead}},
    done = {"task.done", {record = todo}},
    cancelled = {"task.cancelled", {record = todo}},
    converted = {"lead.converted", {record = lead}},
    unqualified = {"lead.unqualified", {record = lead}},
  }
  local why, event
  repeat
    why, event = wait_any(events, days(30))
  until why ~= "talk" or is_ours(event.record)
  if why == "talk" then update(todo, {state = "done"}) end
  if why == "converted" or why == "unqualified" then update(todo, {state = "cancelled"}) end
  return why or "nobody did"
end)

local function answered(lead)
  start("answer a lead", lead)
end

local function call_hot(lead)
  task {
    title = "Call " .. lead.name .. ", who is hot now", about = lead, assignee = lead.owner, priority = "urgent",
    due = business.hours(4),
  }
end

local ends = {answered = answered, hot = call_hot}

-- Shows it, or calls; waits where there is no room yet.
local function take_step(lead, cadence, since, number, planned)
  local step = cadence.steps[number]
  local why = wait_until(lead, now() + step.after, cadence, since)
  while not why do
    local shown = action.sales.expose {
      lead = lead, cadence = cadence.name, step = number, channel = step.channel,
      material = step.material and material_for(lead, step.material),
      subject = string.format(step.subject, lead.name),
    }
    if shown.exposure then
      planned[number] = shown.exposure
      if step.channel == "call" then call(lead, cadence, number, shown.exposure) end
      return
    end
    why = wait_until(lead, shown.next_at, cadence, since)
  end
  return why
end

local function go_through(lead)
  local cadence, since, planned, why = cadence_named(lead.cadence), lead.cadence_at, {}, nil
  if not cadence then return "there is no cadence of this name" end
  for number in ipairs(cadence.steps) do
    why = take_step(lead, cadence, since, number, planned)
    if why then break end
  end
  why = why or wait_until(lead, now() + days(14), cadence, since) or "no answer"
  for _, exposure in ipairs(planned) do
    if exposure.state == "planned" then update(exposure, {state = "cancelled"}) end
    for open in find("task where exposure = :exposure and state = 'open'", {exposure = exposure}) do
      update(open, {state = "cancelled"})
    end
  end
  if why ~= "taken out" then update(lead, {cadence = null}) end
  if ends[why] then ends[why](lead) end
  return why
end

workflow("cadence", {
  on = "lead.updated",
  fields = {"cadence"},
  where = "cadence is not null and state in ('new', 'working', 'qualified')",
  again = "always",
  doc = "Takes a lead through the steps of the cadence that it was put into, until it answers.",
}, function(lead, event)
  -- Who answers leaves it, and a response puts them in again at once: that is two changes, and one beginning.
  if event.before and event.before.cadence and not event.changed.cadence_at then return "it left one" end
  return go_through(lead)
end)

workflow("cadence of a new lead", {
  on = "lead.created",
  where = "cadence is not null and state in ('new', 'working', 'qualified')",
  doc = "The same for a lead that is created with a cadence, as by an import.",
}, go_through)

on("lead.responded", {
  name = "choose a cadence",
  where = "cadence is null and state in ('new', 'working', 'qualified')",
  doc = "Puts the lead of a response into the first cadence whose condition holds.",
}, function(lead)
  for _, cadence in ipairs(cadences) do
    if count("lead where id = :lead and (" .. cadence.when .. ")", {lead = lead}) == 1 then
      update(lead, {cadence = cadence.name})
      return
    end
  end
end)

on("task.done", {
  name = "calls are exposures",
  where = "exposure.state = 'planned'",
  doc = "Counts the call of a cadence when it was made.",
}, function(task)
  update(task.exposure, {state = "sent"})
end)

local function lead_in(t, cadence)
  return t.create("lead", {name = "Ann", source = "other", cadence = cadence})
end

test("a lead is called after a day, written to three days later, and called again", function(t)
  local study = t.create("material", {name = "How Bea saved time", kind = "case_study"})
  local lead = lead_in(t, "first contact")
  t.advance(hours(23))
  t.expect_no_effect("create task", {title = "Call Ann"})
  t.advance(hours(1))
  local call = t.expect_effect("create task", {title = "Call Ann", about = lead})
  t.expect_equal(call.exposure.state, "planned")
  t.transition(call, "done")
  t.expect_equal(call.exposure.state, "sent")
  t.advance(days(2))
  t.expect_effect("create exposure", {lead = lead, step = 2, channel = "email", material = study})
  t.advance(days(4))
  t.expect_effect("create task", {title = "Call Ann again"})
  t.advance(days(40))
  t.expect_equal(t.result("cadence of a new lead"), "no answer")
  t.expect_equal(lead.cadence, nil)
  t.expect_equal(lead.exposures, 1)
end)

test("an answer ends the cadence, and is answered", function(t)
  local lead = lead_in(t, "first contact")
  t.advance(days(1))
  t.create("interaction", {about = lead, channel = "email", direction = "in", subject = "Call me"})
  t.expect_effect("create task", {title = "Answer Ann"})
  t.advance(days(60))
  t.expect_equal(t.result("cadence of a new lead"), "answered")
  t.expect_equal(t.count("exposure where state = 'cancelled'"), 1)
  t.expect_equal(t.count("exposure"), 1)
end)

test("what a lead wrote is answered when somebody wrote back, and need not be when it is given up", function(t)
  for _, answer in ipairs {"done", "cancelled"} do
    local lead = lead_in(t, "first contact")
    t.create("interaction", {about = lead, channel = "email", direction = "in", subject = "How much?"})
    local todo = t.find("task where about = :lead and title = 'Answer Ann'", {lead = lead})()
    t.create("interaction", {about = lead, channel = "email", direction = "in", subject = "Well?"})
    t.expect_equal(todo.state, "open")
    if answer == "done" then t.create("interaction", {about = lead, channel = "call"})
    else t.transition(lead, "unqualified") end
    t.advance(minutes(1))
    t.expect_equal(todo.state, answer)
  end
end)

test("so does its conversion or its loss", function(t)
  for _, state in ipairs {"unqualified", "qualified"} do
    local lead = t.create("lead", {name = state, cadence = "first contact"})
    t.advance(days(1))
    t.expect_equal(t.count("task where about = :lead and exposure is not null and state = 'open'", {lead = lead}), 1)
    t.transition(lead, state)
    if state == "qualified" then t.transition(lead, "converted") end
    t.expect_equal(lead.cadence, nil)
    t.expect_equal(t.count("task where about = :lead and exposure is not null and state = 'open'", {lead = lead}), 0)
  end
  t.advance(days(60))
  t.expect_equal(t.count("exposure where state != 'cancelled'"), 0)
end)

test("an appointment ends it, and a call of the lead: nothing is left to be answered or called", function(t)
  local rosa = t.create("user", {login = "rosa", name = "Rosa"})
  for _, talk in ipairs {{channel = "meeting", planned = true, appointment = true, at = now() + days(9), owner = rosa},
      {channel = "call", direction = "in"}} do
    local lead = lead_in(t, "first contact")
    t.advance(days(1))
    local call = t.find("task where about = :lead and state = 'open'", {lead = lead})()
    talk.about, talk.direction = lead, talk.direction or "in"
    t.create("interaction", talk)
    t.expect_equal(lead.cadence, nil)
    t.expect_equal(call.state, "cancelled")
    t.expect_equal(t.count("task where about = :lead and state = 'open'", {lead = lead}), 0)
  end
end)

test("material goes by the industry that the lead itself says, too", function(t)
  t.create("material", {name = "How mills save", kind = "article", industry = "mills", position = 1})
  local steel = t.create("material", {name = "How steel is made", kind = "article", industry = "steel", position = 2})
  t.create("material", {name = "What all do", kind = "article", position = 3})
  t.create("lead", {name = "Ann", industry = "steel", cadence = "nurture"})
  t.advance(days(3))
  t.expect_effect("create exposure", {cadence = "nurture", step = 1, material = steel})
end)

test("a talk that is planned and a call that we make are no answer", function(t)
  local lead = lead_in(t, "first contact")
  t.create("interaction", {about = lead, channel = "call", direction = "in", planned = true, at = now() + days(9)})
  t.create("interaction", {about = lead, channel = "call", direction = "out", outcome = "answered"})
  t.expect_equal(lead.cadence, "first contact")
end)

test("a cadence that is not in the table is refused, and those are named that are", function(t)
  local ok, why = pcall(t.create, "lead", {name = "Ann", cadence = "nosuch"})
  t.expect(not ok and tostring(why):find("there is no 'nosuch'; there are 'fast track', ", 1, true))
  local lead = lead_in(t, "nurture")
  ok = pcall(t.update, lead, {cadence = "Nurture"})
  t.expect(not ok)
end)

test("looking at what was shown is logged and no answer", function(t)
  local study = t.create("material", {name = "How Bea saved time", kind = "case_study"})
  local lead = lead_in(t, "nurture")
  t.advance(days(17))
  local shown = t.expect_effect("create exposure", {material = study})
  t.update(shown, {state = "viewed"})
  t.expect_equal(lead.viewed, 1)
  t.expect_equal(t.count("interaction where subject = 'How Bea saved time' and direction = 'in'"), 1)
  t.advance(days(14))
  t.expect_effect("create exposure", {step = 3})
end)

test("who is hot is nurtured no more, but called", function(t)
  local lead = lead_in(t, "nurture")
  t.update(lead, {source = "referral", email = "ann@example.org", phone = "+49 30 123456", interest = "a lot",
    company = "Ann Ltd"})
  if lead.rating ~= "hot" then return end -- the company has other rules of scoring
  t.expect_effect("create task", {title = "Call Ann, who is hot now"})
  t.expect_equal(lead.cadence, nil)
end)

test("nobody is shown the same twice, nor more than the limit within its period", function(t)
  t.create("material", {name = "One", kind = "case_study"})
  local lead = lead_in(t, "first contact")
  for _ = 1, 100 do -- up to sales.exposures.limit
    if not pcall(t.create, "exposure", {lead = lead, channel = "social"}) then break end
  end
  t.expect(t.count("exposure") < 100, "sales.exposures.limit is set")
  t.advance(days(25))
  t.expect_no_effect("create exposure", {cadence = "first contact"})
  t.advance(days(10))
  t.expect_effect("create exposure", {cadence = "first contact", step = 1})
  t.advance(days(90))
  t.expect_equal(t.count("exposure where material.name = 'One'"), 1)
end)

test("who responds again begins the cadence anew, and is called once", function(t)
  local who = {name = "Ann", email = "ann@cadence.example", campaign = "Autumn", source = "campaign"}
  t.create("response", who)
  t.advance(hours(1))
  t.create("response", who)
  t.advance(days(1))
  t.expect_equal(t.count("task where title = 'Call Ann'"), 1)
  t.expect_equal(t.count("workflow_run where workflow = 'cadence' and state = 'waiting'"), 1)
end)

test("who is put into another cadence leaves the first one", function(t)
  local lead = lead_in(t, "first contact")
  t.advance(minutes(1))
  t.update(lead, {cadence = "nurture"})
  t.expect_equal(t.result("cadence of a new lead"), "taken out")
  t.advance(days(3))
  t.expect_effect("create exposure", {cadence = "nurture", step = 1})
  t.expect_equal(t.count("exposure where cadence = 'first contact'"), 0)
  t.update(lead, {cadence = null})
  t.advance(days(60))
  t.expect_equal(t.count("exposure where state != 'cancelled'"), 0)
end)
