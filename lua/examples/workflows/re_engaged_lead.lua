-- A lead that was silent for two months and then clicks, writes or calls is worth more than a new one: its owner
-- is told to call, and it gets our story in three letters, unless it got them lately.
--
-- One workflow begins another by start(), and waits for its end: the event workflow.ended says what it gave.
-- again = days(90) belongs to the letters, so that a second click within three months starts no second series.
-- Needs the module sales.

workflow("re-engaged lead", {
  on = "interaction.created",
  where = "direction = 'in' and contact is not null",
  doc = "A call and our story for a lead that comes back after two months of silence.",
}, function(click)
  local lead = find("lead where contact = :c and state in ('new', 'working') order by -created limit 1",
    {c = click.contact})()
  if not lead or lead.created > now() - days(60) then return "no old lead" end
  local lately = count("interaction where contact = :c and at > now() - 60d and id != :this and not planned",
    {c = click.contact, this = click})
  if lately > 0 then return "was not silent" end

  local call = task {
    title = "Call " .. lead.name .. ", who is back", about = lead, assignee = lead.owner, priority = "high",
    body = click.subject, due = business.hours(8),
  }
  local story = start("our story", lead)
  if not story then return "has read our story" end
  local ended = wait_for("workflow.ended", {run = story})
  if ended.result == "silent" and call.state == "open" then update(call, {priority = "low"}) end
  return ended.result
end)

workflow("our story", {
  record = "lead",
  again = days(90),
  doc = "Three letters, a week between them, until the lead answers.",
}, function(lead)
  for _, subject in ipairs {"How we began", "Whom we have helped", "What we can do for you"} do
    create("interaction", {contact = lead.contact, about = lead, channel = "email", direction = "out",
      planned = true, subject = subject})
    local answer = wait_for("interaction.created", {contact = lead.contact, direction = "in"}, days(7))
    if answer then return "answered: " .. subject end
  end
  return "silent"
end)

local function old_lead(t)
  local ann = t.create("contact", {name = "Ann"})
  local lead = t.create("lead", {name = "Ann", contact = ann, source = "web"})
  t.advance(days(100))
  return lead, ann
end

local function click(t, ann)
  return t.create("interaction", {contact = ann, channel = "web", direction = "in", at = now(),
    subject = "Spring offer"})
end

test("a click after a hundred days leads to a call and to three letters", function(t)
  local lead, ann = old_lead(t)
  click(t, ann)
  local call = t.expect_effect("create task", {title = "Call Ann, who is back", body = "Spring offer"})
  t.expect_effect("create interaction", {subject = "How we began", about = lead})
  t.advance(days(22))
  t.expect_effect("create interaction", {subject = "What we can do for you"})
  t.expect_equal(call.priority, "low")
  t.expect_equal(t.result("re-engaged lead"), "silent")
end)

test("an answer ends the letters", function(t)
  local _, ann = old_lead(t)
  click(t, ann)
  t.advance(days(8))
  click(t, ann)
  t.expect_equal(t.runs("re-engaged lead")[1].result, "answered: Whom we have helped")
  t.advance(days(30))
  t.expect_no_effect("create interaction")
end)

test("a new lead is not told our story", function(t)
  local ann = t.create("contact", {name = "Ann"})
  t.create("lead", {name = "Ann", contact = ann, source = "web"})
  click(t, ann)
  t.expect_no_effect("create task", {title = "Call Ann, who is back"})
  t.expect_equal(t.result("re-engaged lead"), "no old lead")
end)

test("a lead that was in touch lately is not told our story either", function(t)
  local _, ann = old_lead(t)
  t.create("interaction", {contact = ann, channel = "call", direction = "out", at = now() - days(30)})
  click(t, ann)
  t.expect_equal(t.result("re-engaged lead"), "was not silent")
end)

test("nobody gets the story twice in three months", function(t)
  local _, ann = old_lead(t)
  click(t, ann)
  t.advance(days(75))
  click(t, ann)
  t.expect_equal(t.result("re-engaged lead"), "has read our story")
  t.expect_equal(#t.runs("our story"), 1)
end)
